/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_RUN_H
#define ANCHORWATCH_GRAPH_RUN_H

/* One running capture, shared by its parts. Private to graph/. */

#include "graph/client.h"
#include "graph/page.h"
#include "graph/resource.h"

struct entra_run {
    const struct entra_options *options;
    struct entra_client *client;
    struct cor_sink *sink;
    struct cor_proof *proof;
    struct cor_half_stats stats;
    entra_progress_func progress;
    void *progress_data;
    gboolean sink_failed;   /* the sink said stop: the capture cannot go on */
    gboolean finished;      /* the sink's finish was called and failed */
    GHashTable *told;       /* remarks made, each once */
    char *sync_resource_id; /* service principal of the synchronization service, or NULL */
    char *sync_role_id;     /* its app role ADSynchronization.ReadWrite.All, or NULL */
};

/* To the sink; failures are remembered. */
gboolean entra_run_record(struct entra_run *run, const struct cor_record *record, GError **error);
gboolean entra_run_link(struct entra_run *run, const char *kind, const char *source,
                        const char *target, GError **error);
gboolean entra_run_event(struct entra_run *run, const struct cor_event *event, GError **error);
/* A remark that is made once. Takes text. */
void entra_run_remark(struct entra_run *run, char *text_taken);
/* Page size to ask for. */
guint entra_run_top(const struct entra_run *run);

/* links.c: all links of one kind from the objects whose ids (NUL-terminated) follow each other in
 * ids. The segment is proven, or has a problem (a missing permission), or an error comes back. */
gboolean entra_links_read(struct entra_run *run, const struct entra_resource *resource,
                          const struct entra_link_kind *kind, const GString *ids, GError **error);

/* behavior.c: give each record its onPremisesSyncBehavior where it can be read, then to the sink. A
 * missing permission is remarked and makes *denied TRUE. */
gboolean entra_behavior_read(struct entra_run *run, const struct entra_resource *resource,
                             GPtrArray *records, gboolean *denied, GError **error);

/* syncrole.c: notice the service principal of the synchronization service; after all were seen,
 * mark those that hold its role. */
void entra_syncrole_notice(struct entra_run *run, const struct cor_record *principal);
gboolean entra_syncrole_read(struct entra_run *run, const struct entra_resource *resource,
                             GError **error);

#endif
