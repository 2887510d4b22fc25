/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_DOCUMENT_H
#define ANCHORWATCH_GRAPH_DOCUMENT_H

/*
 * Objects as Graph sends them, turned into records and audit documents (correlate/record.h). Pure.
 */

#include "graph/resource.h"

/* Copy without null members and OData annotations. "@odata.type" stays in nested objects, where the
 * service sends it only to tell one kind from another, and at the top of a named location. Secrets,
 * which the service should not send, are never in it. */
struct cor_json *entra_document(const struct cor_json *object, const char *type);

/* A part of the object with the key parent as a record of its own, named by anchorwatchParent
 * (graph/capture.h). NULL: it has no usable id. Caller frees. */
struct cor_record *entra_part(const struct entra_relation *relation, const char *parent,
                              const struct cor_json *object);

enum entra_readable {
    ENTRA_READABLE,
    ENTRA_LIMITED, /* nulls where the caller's rights are short: not an object, never stored */
    ENTRA_INVALID, /* no usable id */
};
/* Turn one object of a resource into a record; *ret only with ENTRA_READABLE. The expanded manager
 * is not in the document; its id is borrowed from object in ret_manager, NULL without one. */
enum entra_readable entra_record(const struct entra_resource *resource,
                                 const struct cor_json *object, struct cor_record **ret,
                                 const char **ret_manager);

/* Must onPremisesSyncBehavior be asked for this object? Only where onPremisesSyncEnabled is null
 * and something on-premises is left, or the type (contact) shows nothing that could be left. */
gboolean entra_wants_behavior(const struct cor_record *record);

/* Is text usable as a key and inside a path? */
gboolean entra_id_ok(const char *text);

#endif
