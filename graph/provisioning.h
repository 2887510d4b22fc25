/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_PROVISIONING_H
#define ANCHORWATCH_GRAPH_PROVISIONING_H

/*
 * Records of the provisioning logs (Graph resource provisioningObjectSummary) as events of
 * correlate/record.h. Pure.
 */

#include "correlate/record.h"

/* Normalise one record into the keys of a directory audit record, with category "provisioning",
 * activity the provisioning action (create, update, delete, disable, stagedDelete, other), result
 * success, failure, skipped or warning, the object written as first target and its source as
 * second, and details {job, cycle, change, source, target, error, advice}. Ownership as
 * entra_audit_event. FALSE: no id or no time, nothing is set. */
gboolean entra_provisioning_event(const struct cor_json *object, struct cor_event *event,
                                  struct cor_json **ret_doc);

#endif
