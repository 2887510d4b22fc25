/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_TENANT_RULES_H
#define ANCHORWATCH_AGENT_TENANT_RULES_H

/* The sync rules that the tenant itself holds: those of its Cloud Sync jobs. */

#include "agent/rules/import.h"
#include "graph/capture.h"

/* *ret is filled on success only; rules_import_clear() it. Errors: those of entra_jobs_read;
 * COR_E_INPUT for a schema that cannot be read; COR_E_NOT_FOUND when there is no job. */
gboolean rules_import_tenant(const struct entra_options *options, GCancellable *cancellable,
                             struct rules_import *ret, GError **error);
/* The part without the network. jobs: struct entra_job *. */
gboolean rules_import_jobs(const GPtrArray *jobs, struct rules_import *ret, GError **error);

#endif
