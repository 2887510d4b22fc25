/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_LOGS_H
#define ANCHORWATCH_GRAPH_LOGS_H

/*
 * The logs of the tenant, from their overlap with what was read before to their end. They tell who
 * and how, not what: a log that cannot be read is remarked, and the objects are still complete.
 * Private to graph/.
 */

#include "graph/run.h"

#define ENTRA_AUDITS                  "directory audits"
#define ENTRA_PROVISIONING            "provisioning logs"
#define ENTRA_AUDIT_PERMISSION        "AuditLog.Read.All"
#define ENTRA_PROVISIONING_PERMISSION "ProvisioningLog.Read.All"

/* Once in a capture, whoever asks first. Notices recovery jobs and what the records name. FALSE:
 * the sink or everything fails. */
gboolean entra_logs_audits(struct entra_run *run, GError **error);
/* What Cloud Sync and other provisioning wrote, object by object (Graph page
 * "provisioningobjectsummary-list"). */
gboolean entra_logs_provisioning(struct entra_run *run, GError **error);

/* URL of the first page since a time, for either log. Caller frees. */
char *entra_logs_audit_url(const char *base, gint64 since_us, guint top);
char *entra_logs_provisioning_url(const char *base, gint64 since_us, guint top);

#endif
