/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_JOBS_H
#define ANCHORWATCH_GRAPH_JOBS_H

/*
 * The synchronization jobs of Cloud Sync and their schemas (Graph pages "synchronization-
 * serviceprincipal-list" and "synchronization-schema-get"; cloud-sync/how-to-inbound-synch-ms-graph
 * for the application template). Reads only.
 */

#include "correlate/json.h"
#include "graph/capture.h"

#define ENTRA_JOBS_PERMISSION "Synchronization.Read.All"

struct entra_job {
    char *principal, *principal_name; /* id and display name of the service principal */
    char *id, *template_id;           /* template_id: NULL when not told */
    struct cor_json *settings;        /* synchronizationJobSettings: name and value; may be NULL */
    struct cor_json *schema;          /* NULL: not asked for, the job writes no objects to Entra */
};
void entra_job_free(struct entra_job *job);

/* struct entra_job *, of every service principal made from the Cloud Sync template. NULL with
 * error: COR_E_AUTH names the permission; otherwise as entra_client_wait. */
GPtrArray *entra_jobs_read(const struct entra_options *options, GCancellable *cancellable,
                           GError **error);

#endif
