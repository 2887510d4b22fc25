/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_TITLE_H
#define ANCHORWATCH_CORRELATE_TITLE_H

/*
 * Words for Entra objects that have no name of their own but tie others together: an assignment is
 * "Global Reader to ann@example.test at /". Pure: names come from the views.
 */

#include "correlate/record.h"

/* The title of a record, or NULL: its name is the title. What other objects are called is looked up
 * in view, then in other_view (may be NULL). Caller frees. */
char *cor_title(struct cor_view *view, struct cor_view *other_view,
                const struct cor_record *record);

/* Make the title of an Entra record its name, where it has one. NULL is left alone. */
void cor_title_apply(struct cor_view *view, struct cor_view *other_view, struct cor_record *record);

/* Name of the object that an attribute refers to by its id, or NULL: it is no reference, or nobody
 * knows that object. Caller frees. */
char *cor_title_reference(struct cor_view *view, struct cor_view *other_view,
                          const struct cor_record *record, const char *attribute);

/* Is target a part of the object with the key source (graph/resource.h), so that the link between
 * them tells nothing beside it? target may be NULL. */
gboolean cor_title_is_part(const struct cor_record *target, const char *source);

#endif
