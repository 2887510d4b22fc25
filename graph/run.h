/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_RUN_H
#define ANCHORWATCH_GRAPH_RUN_H

/* One running capture, shared by its parts. Private to graph/. */

#include "graph/client.h"
#include "graph/page.h"
#include "graph/resource.h"

struct entra_track;
struct entra_parents;
struct entra_compare;

enum { ENTRA_MAX_FAILURES = 2 }; /* in a row, of a service that does not answer */

struct entra_run {
    const struct entra_options *options;
    struct entra_client *client;
    struct cor_sink *sink;
    struct cor_proof *proof;
    struct cor_half_stats stats;
    entra_progress_func progress;
    void *progress_data;
    gboolean sink_failed;      /* the sink said stop: the capture cannot go on */
    gboolean finished;         /* the sink's finish was called and failed */
    GHashTable *told;          /* remarks made, each once */
    char *sync_resource_id;    /* service principal of the synchronization service, or NULL */
    char *sync_role_id;        /* its app role ADSynchronization.ReadWrite.All, or NULL */
    gboolean incremental;      /* the sink was told so: links must be announced */
    gboolean recovered;        /* the audit log tells of a recovery job since the last full read */
    gboolean audited;          /* the audit log was read already */
    gboolean unaudited;        /* and could not be read to its end */
    GHashTable *hints;         /* set: ids that audit records name */
    gboolean policies_named;   /* audit records name policies */
    gboolean returned;         /* something deleted is back: what points to it is not told */
    struct entra_track *track; /* what the next capture starts from; NULL: nothing is kept */
    struct entra_compare *compare; /* what was read, for the reconciliation; NULL: none */
};

/* To the sink; failures are remembered. */
gboolean entra_run_record(struct entra_run *run, const struct cor_record *record, GError **error);
gboolean entra_run_link(struct entra_run *run, const char *kind, const char *source,
                        const char *target, GError **error);
/* That link is gone, in an incremental capture. */
gboolean entra_run_unlink(struct entra_run *run, const char *kind, const char *source,
                          const char *target, GError **error);
/* All links of that kind from source come next; a full read need not say so. */
gboolean entra_run_links_follow(struct entra_run *run, const char *source, const char *kind,
                                GError **error);
gboolean entra_run_event(struct entra_run *run, const struct cor_event *event, GError **error);
/* Would everything after this fail the same way? */
gboolean entra_run_is_fatal(const struct entra_run *run, const GError *error);
/* The object is proven to be gone. */
gboolean entra_run_gone(struct entra_run *run, const char *key, GError **error);
/* A remark that is made once. Takes text. */
void entra_run_remark(struct entra_run *run, char *text_taken);
void entra_run_report(const struct entra_run *run, const char *phase);
/* The tenant's clock, as far as it told; else ours. */
gint64 entra_run_peer_now(const struct entra_run *run);
/* Page size to ask for. */
guint entra_run_top(const struct entra_run *run);

/* objects.c: objects of one resource on their way to the sink. */
struct entra_reading {
    struct entra_run *run;
    const struct entra_resource *resource;
    GHashTable *shown;             /* borrowed; gets the key of each readable object; may be NULL */
    struct entra_parents *parents; /* what has relations, as far as read; NULL: no relations */
    GPtrArray *open;               /* struct cor_record *, authority not known yet */
    gboolean denied;               /* reading the authority was refused */
    gboolean refused;              /* the resource itself */
    guint64 limited;               /* objects that came without their properties */
};
void entra_reading_init(struct entra_reading *reading, struct entra_run *run,
                        const struct entra_resource *resource, GHashTable *shown_or_null);
void entra_reading_clear(struct entra_reading *reading);
/* One object, or all of a page; those whose authority must be asked wait for settle, which needs
 * the client to be idle. */
gboolean entra_reading_take(struct entra_reading *reading, const struct cor_json *object,
                            GError **error);
gboolean entra_reading_page(struct entra_reading *reading, const struct cor_json *page,
                            GError **error);
gboolean entra_reading_settle(struct entra_reading *reading, GError **error);
/* All pages from url on, to the end. A refusal (403) is told, makes refused TRUE, and is TRUE. */
gboolean entra_reading_follow(struct entra_reading *reading, const char *url, GError **error);
/* After the last page: rights that were short, and the proof. */
void entra_reading_end(struct entra_reading *reading, long status);
/* Is the error a refusal that only leaves a hole? Then it is told and cleared. */
gboolean entra_reading_refusal(struct entra_reading *reading, long status, GError **error);
/* Relations of what was just listed in full. */
gboolean entra_reading_attached(struct entra_reading *reading, GError **error);
/* A whole resource. shown gets the keys (char *, owned by it) of what was listed. */
gboolean entra_objects_read(struct entra_run *run, const struct entra_resource *resource,
                            GHashTable *shown_or_null, GError **error);
/* Not seeing what may be refused is no sign that it is gone. */
void entra_objects_unread(struct entra_run *run, const struct entra_resource *resource,
                          const char *why);

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
