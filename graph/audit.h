/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_AUDIT_H
#define ANCHORWATCH_GRAPH_AUDIT_H

/*
 * Directory audit records (Graph resource directoryAudit) as events of correlate/record.h. Pure.
 */

#include "correlate/record.h"

/* Normalise one record. *ret_doc is the document of struct cor_event, owned by the caller, and
 * event points into it and into object. old and new are decoded where their text is JSON, else kept
 * as text; a decoded list of one stays a list. FALSE: no id or no time, nothing is set. */
gboolean entra_audit_event(const struct cor_json *object, struct cor_event *event,
                           struct cor_json **ret_doc);

/* [{property, old, new}] of a list of modifiedProperties, which both logs have. Caller frees. */
struct cor_json *entra_audit_modified(const struct cor_json *properties);

#endif
