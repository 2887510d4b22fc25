/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture of one tenant: the table of resources from top to bottom, then the audit records. Each
 * part must be proven by how its pages ended. A part that fails makes the half partial and the rest
 * goes on, because half a picture with its holes marked is worth more than none; only what would
 * fail everywhere (token, configuration, the sink, a stop) ends the capture.
 */
#include "graph/capture.h"

#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/compare.h"
#include "graph/delta.h"
#include "graph/document.h"
#include "graph/incremental.h"
#include "graph/logs.h"
#include "graph/run.h"
#include "graph/track.h"

enum {
    DEFAULT_PAGE = 999,
};

/* --- shared by the parts ---------------------------------------------------------------------- */

/* Nothing tells when the source of authority goes back on-premises, so what is managed in the cloud
 * is looked at by each capture. */
static void watch_managed(struct entra_run *run, const struct cor_record *record)
{
    struct entra_stream *stream =
        run->track ? entra_track_find(run->track, record->type, record->life) : NULL;
    const struct cor_json *behavior = cor_record_get(record, "onPremisesSyncBehavior");
    if (stream && cor_json_get_bool(behavior, "isCloudManaged"))
        entra_flags_add(stream->again, record->key, 0);
}

gboolean entra_run_record(struct entra_run *run, const struct cor_record *record, GError **error)
{
    run->stats.objects++;
    watch_managed(run, record);
    if (run->compare)
        entra_compare_record(run->compare, record);
    if (run->sink->record(run->sink, record, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

gboolean entra_run_link(struct entra_run *run, const char *kind, const char *source,
                        const char *target, GError **error)
{
    struct cor_link link = {COR_ENTRA, kind, source, target};
    if (run->compare)
        entra_compare_link(run->compare, &link);
    if (run->sink->link(run->sink, &link, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

gboolean entra_run_unlink(struct entra_run *run, const char *kind, const char *source,
                          const char *target, GError **error)
{
    struct cor_link link = {COR_ENTRA, kind, source, target};
    if (run->sink->unlink(run->sink, &link, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

gboolean entra_run_gone(struct entra_run *run, const char *key, GError **error)
{
    if (run->sink->gone(run->sink, key, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

gboolean entra_run_links_follow(struct entra_run *run, const char *source, const char *kind,
                                GError **error)
{
    if (!run->incremental || run->sink->links_follow(run->sink, source, kind, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

gboolean entra_run_event(struct entra_run *run, const struct cor_event *event, GError **error)
{
    if (run->sink->event(run->sink, event, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

void entra_run_remark(struct entra_run *run, char *text_taken)
{
    if (!g_hash_table_contains(run->told, text_taken)) {
        cor_proof_remark(run->proof, text_taken);
        g_hash_table_add(run->told, text_taken);
    } else {
        g_free(text_taken);
    }
}

guint entra_run_top(const struct entra_run *run)
{
    return run->options->page_size ? run->options->page_size : DEFAULT_PAGE;
}

gint64 entra_run_peer_now(const struct entra_run *run)
{
    return run->stats.peer_clock_us ? run->stats.peer_clock_us : g_get_real_time();
}

void entra_run_report(const struct entra_run *run, const char *phase)
{
    if (run->progress)
        run->progress(run->progress_data, phase, run->stats.objects);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Would everything after this fail the same way? */
gboolean entra_run_is_fatal(const struct entra_run *run, const GError *error)
{
    return run->sink_failed || error->code == COR_E_CANCELLED || error->code == COR_E_AUTH ||
           error->code == COR_E_CONFIG;
}

static void require_all(struct cor_proof *proof)
{
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = &entra_resources[i];
        if (!resource->optional)
            cor_proof_require(proof, resource->segment);
        for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
            if (!at->optional)
                cor_proof_require(proof, at->segment);
    }
}

static void tell_failure(struct entra_run *run, const struct entra_resource *resource,
                         const GError *failure)
{
    if (resource->optional)
        entra_objects_unread(run, resource, failure->message);
    else
        cor_proof_problem(run->proof, resource->segment, failure->message);
}

/* Only a listed resource remembers what it showed. */
static GHashTable *shown_of(struct entra_run *run, guint resource)
{
    struct entra_stream *stream = run->track ? &run->track->streams[resource] : NULL;
    return stream && !stream->next_link ? stream->shown : NULL;
}

/* FALSE: fatal. An unreachable service is not asked for every resource: *first_failure keeps the
 * first of the failures that were only noted. */
static gboolean read_all(struct entra_run *run, GError **first_failure, GError **error)
{
    guint in_a_row = 0;
    for (guint i = 0; i < entra_resources_len && in_a_row < ENTRA_MAX_FAILURES; i++) {
        GError *failure = NULL;
        if (entra_objects_read(run, &entra_resources[i], shown_of(run, i), &failure)) {
            in_a_row = 0;
            continue;
        }
        if (entra_run_is_fatal(run, failure)) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        in_a_row = failure->code == COR_E_RETRY ? in_a_row + 1 : 0;
        tell_failure(run, &entra_resources[i], failure);
        if (!*first_failure)
            *first_failure = g_steal_pointer(&failure);
        g_clear_error(&failure);
    }
    if (in_a_row == ENTRA_MAX_FAILURES)
        entra_run_remark(run,
                         g_strdup("the service stopped answering; the rest, with the " ENTRA_AUDITS
                                  ", was not asked for"));
    return in_a_row == ENTRA_MAX_FAILURES || entra_logs_audits(run, error);
}

static gboolean nothing_usable(const struct entra_run *run, GError **first_failure, GError **error)
{
    if (run->stats.objects > 0)
        return FALSE;
    if (*first_failure) {
        g_propagate_error(error, g_steal_pointer(first_failure));
        return TRUE;
    }
    if (cor_proof_complete(run->proof))
        return FALSE;
    g_autoptr(GPtrArray) problems = cor_proof_problems(run->proof);
    g_set_error(error, ENTRA_ERROR, COR_E_AUTH, "nothing could be read: %s",
                problems->len ? (const char *)problems->pdata[0] : "no object at all");
    return TRUE;
}

/* --- in full, or only what changed ------------------------------------------------------------ */

/* Why everything must be read although the changes could be asked for; NULL: it need not. */
static char *why_full(const struct entra_run *run)
{
    if (run->track->why)
        return g_strdup(run->track->why);
    if (run->recovered)
        return g_strdup("a recovery job of the service ran, which leaves no trace in the changes");
    return run->track->due ? g_strdup("the periodic reconciliation is due") : NULL;
}

/* Ask for the changes where a checkpoint allows it. Nothing but audit records reaches the sink. */
static gboolean decide(struct entra_run *run, gboolean *ret_incremental, GError **error)
{
    gboolean lost = FALSE;
    if (!run->sink->checkpoint)
        return TRUE;
    run->track = entra_track_new();
    entra_client_stats(run->client, &run->stats);
    run->track->this_peer_us = entra_run_peer_now(run);
    gboolean fits = entra_track_load(run->track, run->options, g_get_real_time());
    if (fits && !run->options->before) {
        run->track->why = g_strdup("what was stored before cannot be read");
        fits = FALSE;
    }
    if (fits && (!entra_delta_read(run, &lost, error) || !entra_logs_audits(run, error)))
        return FALSE;
    g_autofree char *why = why_full(run);
    if (why)
        entra_run_remark(run, g_strdup_printf("everything was read: %s", why));
    else
        *ret_incremental = fits;
    if (fits && why && !lost && run->options->before)
        run->compare = entra_compare_new(run->options->before);
    return TRUE;
}

static gboolean read_changes(struct entra_run *run, GError **error)
{
    run->incremental = TRUE;
    if (run->sink->incremental(run->sink, error))
        return entra_incremental_read(run, error);
    run->sink_failed = TRUE;
    return FALSE;
}

static gboolean read_full(struct entra_run *run, GError **error)
{
    g_autoptr(GError) first_failure = NULL;
    entra_client_stats(run->client, &run->stats);
    if (run->track) {
        run->track->full_us = g_get_real_time();
        run->track->full_peer_us = entra_run_peer_now(run);
        if (!entra_delta_start(run, error))
            return FALSE;
    }
    if (!read_all(run, &first_failure, error) || nothing_usable(run, &first_failure, error))
        return FALSE;
    return !run->compare || !cor_proof_complete(run->proof) ||
           entra_compare_tell(run->compare, run, error);
}

/* The sink keeps it only if the half turns out to be complete. */
static gboolean leave_checkpoint(struct entra_run *run, GError **error)
{
    if (!run->track)
        return TRUE;
    COR_JSON_AUTO *doc = run->track->usable ? entra_track_save(run->track, run->options) : NULL;
    if (run->sink->checkpoint(run->sink, ENTRA_CHECKPOINT, doc, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

static gboolean run_capture(struct entra_run *run, GError **error)
{
    gboolean incremental = FALSE;
    if (!entra_client_login(run->client, error))
        return FALSE;
    require_all(run->proof);
    if (!decide(run, &incremental, error) ||
        !(incremental ? read_changes(run, error) : read_full(run, error)) ||
        !entra_logs_provisioning(run, error) || !leave_checkpoint(run, error))
        return FALSE;
    entra_client_stats(run->client, &run->stats);
    run->stats.finished_us = g_get_real_time();
    if (run->sink->finish(run->sink, run->proof, &run->stats, error))
        return TRUE;
    run->finished = TRUE;
    return FALSE;
}

gboolean entra_capture(const struct entra_options *options, struct cor_sink *sink,
                       GCancellable *cancellable, entra_progress_func progress, void *progress_data,
                       GError **error)
{
    struct entra_run run = {
        .options = options,
        .sink = sink,
        .proof = cor_proof_new(COR_ENTRA),
        .stats.started_us = g_get_real_time(),
        .progress = progress,
        .progress_data = progress_data,
        .told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .hints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    GError *failure = NULL;
    run.client = entra_client_new(options, cancellable, &failure);
    gboolean ok = run.client && run_capture(&run, &failure);
    if (!ok && !run.finished) {
        run.stats.finished_us = g_get_real_time();
        if (run.client)
            entra_client_stats(run.client, &run.stats);
        sink->abandon(sink, &run.stats, failure);
    }
    entra_client_free(run.client);
    cor_proof_free(run.proof);
    entra_track_free(run.track);
    entra_compare_free(run.compare);
    g_hash_table_unref(run.told);
    g_hash_table_unref(run.hints);
    g_free(run.sync_resource_id);
    g_free(run.sync_role_id);
    if (!ok)
        g_propagate_error(error, failure);
    return ok;
}
