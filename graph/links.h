/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_LINKS_H
#define ANCHORWATCH_GRAPH_LINKS_H

/* Relations of the objects of one resource. Private to graph/. */

#include "graph/run.h"

/* The objects whose relations are to be read, noted as they come by. resource is borrowed. */
struct entra_parents;
struct entra_parents *entra_parents_new(const struct entra_run *run,
                                        const struct entra_resource *resource);
void entra_parents_free(struct entra_parents *parents);
void entra_parents_add(struct entra_parents *parents, const struct cor_record *record);
void entra_parents_clear(struct entra_parents *parents);

/* Is relation number index of the object to be read? */
typedef gboolean (*entra_parents_filter)(void *data, guint index, const char *key);
/* What is to be read; all borrowed. filter NULL: all of it. */
struct entra_wish {
    const struct entra_parents *parents;
    entra_parents_filter filter;
    void *data;
};
/* Read each relation that the wishes name, together in as few requests as possible. A segment is
 * proven, or told to be refused, or an error comes back. */
gboolean entra_relations_read(struct entra_run *run, const struct entra_wish *wishes, guint count,
                              GError **error);
/* The object is gone or deleted: nobody sees links and parts of it any more. Tells the sink so in
 * an incremental capture; a full one need not. */
gboolean entra_relations_forget(struct entra_run *run, const struct entra_resource *resource,
                                const char *key, GError **error);
/* In an incremental capture: links of many objects at once, because something that they may point
 * to has come back; and those that point to what was deleted, which nobody sees any more. */
gboolean entra_relations_reread(struct entra_run *run, const struct entra_resource *resource,
                                GError **error);
gboolean entra_relations_unlink(struct entra_run *run, const struct entra_resource *resource,
                                const char *target, GError **error);
/* Absence of these says nothing. */
void entra_relation_unread(struct entra_run *run, const struct entra_resource *resource,
                           const struct entra_relation *relation);

#endif
