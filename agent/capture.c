/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives both collectors into one run. A half that fails does not stop the other: half a backup
 * point on the worst day is better than none, and the store marks it as what it is.
 */
#include "agent/capture.h"
#include "agent/security_log.h"

#include "correlate/error.h"
#include "correlate/time.h"

#include <stdio.h>

/* Directory audits arrive late, so each read begins this long before the newest one kept. */
#define AUDIT_OVERLAP_US (6 * COR_HOUR_US)

struct progress {
    gboolean wanted;
    const char *directory;
    gint64 started_us, printed_us;
};

static void show_progress(void *data, const char *phase, guint64 objects)
{
    struct progress *progress = data;
    gint64 now = g_get_monotonic_time();
    if (!progress->wanted || now - progress->printed_us < 200000)
        return;
    progress->printed_us = now;
    double seconds = (double)(now - progress->started_us) / 1e6;
    fprintf(stderr, "\r\033[K%s: %" G_GUINT64_FORMAT " objects, %.0f/s, %s", progress->directory,
            objects, seconds > 0 ? (double)objects / seconds : 0, phase);
}

static void end_progress(const struct progress *progress)
{
    if (progress->wanted)
        fputs("\r\033[K", stderr);
}

/* What the store knows of the domain before a capture, so that it need not be read again. */
struct before {
    struct cor_json *checkpoint;
    struct cor_view *view;
    const char *full_because; /* static */
};

static void before_clear(struct before *before)
{
    cor_json_free(before->checkpoint);
    if (before->view)
        store_view_close(before->view);
}

/* The newest point that shows anything, and how the domain was read last; both may be missing. */
static void find_newest(const GPtrArray *points, const struct store_point **ret_point,
                        const struct store_half **ret_half)
{
    *ret_point = NULL;
    *ret_half = NULL;
    for (guint i = points->len; i > 0 && !(*ret_point && *ret_half); i--) {
        const struct store_point *point = points->pdata[i - 1];
        const struct store_half *half = store_point_half(point, COR_AD);
        if (!*ret_point && point->state != STORE_HALF_FAILED)
            *ret_point = point;
        if (!*ret_half && half && half->state != STORE_HALF_FAILED)
            *ret_half = half;
    }
}

/* What a partial full read added may come from another domain controller than the checkpoint, and
 * no change would ever put it right. */
static gboolean look_back(const struct config *config, struct store *store, struct before *before,
                          GError **error)
{
    const struct store_point *point;
    const struct store_half *half;
    g_autoptr(GPtrArray) points = store_points(store, error);
    if (!points)
        return FALSE;
    find_newest(points, &point, &half);
    if (!point || !half || !config->ad.full_every_hours)
        return TRUE;
    before->view = store_view_open(store, point->number, error);
    if (!before->view)
        return FALSE;
    if (half->state != STORE_HALF_COMPLETE && g_strcmp0(half->mode, "incremental") != 0) {
        before->full_because = "the last read was not complete";
        return TRUE;
    }
    GError *failure = NULL;
    before->checkpoint = store_checkpoint(store, COR_AD, config->ad.source, AD_STREAM, &failure);
    if (!failure)
        return TRUE;
    g_propagate_error(error, failure);
    return FALSE;
}

/* A domain controller that was lost while it was read, and why. */
struct lost {
    char *server, *why;
};

static gboolean read_ad(const struct config *config, struct store *store, struct capture *capture,
                        gboolean wanted, GCancellable *cancellable, struct lost *lost,
                        GError **error)
{
    struct progress progress = {wanted, "Active Directory", g_get_monotonic_time(), 0};
    struct cor_sink *sink = store_run_sink(capture->run, COR_AD, config->ad.source);
    struct ad_options options = config->ad;
    struct before before = {0};
    gboolean ok = (!config->security_logs ||
                   security_log_read(config->security_logs, store, sink, &capture->who, error)) &&
                  look_back(config, store, &before, error);
    options.checkpoint = before.checkpoint;
    options.stored = before.view;
    options.full_because = before.full_because;
    if (lost->server) {
        options.avoid = lost->server;
        options.remark = lost->why;
    } else {
        options.ret_lost = &lost->server;
    }
    if (ok)
        ad_capture(&options, sink, cancellable, show_progress, &progress, &capture->ad_error);
    end_progress(&progress);
    before_clear(&before);
    return ok;
}

/* What a domain controller told before it was lost goes with the run, of which nothing was
 * published: the next one is read from the beginning, and USNs of two are never mixed. It must have
 * what the store has, which the checkpoint lets it judge. */
static gboolean read_ad_somewhere(const struct config *config, struct store *store,
                                  struct capture *capture, gboolean wanted,
                                  GCancellable *cancellable, GError **error)
{
    struct lost lost = {0};
    gboolean ok = read_ad(config, store, capture, wanted, cancellable, &lost, error);
    if (ok && lost.server && !g_cancellable_is_cancelled(cancellable)) {
        lost.why = g_strdup_printf("%s was lost while it was read (%s); another one was read",
                                   lost.server, capture->ad_error->message);
        g_clear_error(&capture->ad_error);
        store_run_abandon(g_steal_pointer(&capture->run));
        capture->run = store_run_begin(store, g_get_real_time(), error);
        ok = capture->run && read_ad(config, store, capture, wanted, cancellable, &lost, error);
    }
    g_free(lost.server);
    g_free(lost.why);
    return ok;
}

/* The number of the newest point, if what it shows of Entra ID is what a complete capture left: a
 * partial half may show objects that no checkpoint knows of. 0: there is none. */
static gint64 known_point(struct store *store)
{
    g_autoptr(GError) ignored = NULL;
    g_autoptr(GPtrArray) points = store_points(store, &ignored);
    for (guint i = points ? points->len : 0; i-- > 0;) {
        const struct store_point *point = points->pdata[i];
        const struct store_half *half = store_point_half(point, COR_ENTRA);
        if (half && half->state != STORE_HALF_FAILED)
            return half->state == STORE_HALF_COMPLETE ? point->number : 0;
    }
    return 0;
}

/* A checkpoint that cannot be read costs a full read, nothing else. */
static struct cor_json *last_checkpoint(const struct config *config, struct store *store,
                                        struct cor_view **ret_before)
{
    g_autoptr(GError) ignored = NULL;
    gint64 number = known_point(store);
    struct cor_json *doc = number ? store_checkpoint(store, COR_ENTRA, config->entra.source,
                                                     ENTRA_CHECKPOINT, &ignored)
                                  : NULL;
    *ret_before = doc ? store_view_open(store, number, NULL) : NULL;
    return doc;
}

static void read_entra(const struct config *config, struct store *store, struct capture *capture,
                       gboolean wanted, GCancellable *cancellable)
{
    struct cor_view *before = NULL;
    COR_JSON_AUTO *checkpoint = last_checkpoint(config, store, &before);
    struct progress progress = {wanted, "Entra ID", g_get_monotonic_time(), 0};
    struct cor_sink *sink = store_run_sink(capture->run, COR_ENTRA, config->entra.source);
    struct entra_options options = config->entra;
    gint64 newest = store_newest_event(store, config->entra.source);
    options.audit_since_us = newest > AUDIT_OVERLAP_US ? newest - AUDIT_OVERLAP_US : 0;
    options.checkpoint = checkpoint;
    options.before = before;
    entra_capture(&options, sink, cancellable, show_progress, &progress, &capture->entra_error);
    if (before)
        store_view_close(before);
    end_progress(&progress);
}

gboolean capture_read(const struct config *config, struct store *store, gboolean progress,
                      GCancellable *cancellable, struct capture *ret, GError **error)
{
    *ret = (struct capture){0};
    ret->run = store_run_begin(store, g_get_real_time(), error);
    if (!ret->run)
        return FALSE;
    if (config->has_ad && !read_ad_somewhere(config, store, ret, progress, cancellable, error)) {
        capture_clear(ret);
        return FALSE;
    }
    if (config->has_entra && !g_cancellable_is_cancelled(cancellable))
        read_entra(config, store, ret, progress, cancellable);
    if (g_cancellable_is_cancelled(cancellable)) {
        store_run_abandon(g_steal_pointer(&ret->run));
        capture_clear(ret);
        g_set_error(error, AGENT_ERROR, COR_E_CANCELLED,
                    "stopped on request; nothing was kept of this capture");
        return FALSE;
    }
    return TRUE;
}

void capture_clear(struct capture *capture)
{
    if (capture->run)
        store_run_abandon(capture->run);
    capture->run = NULL;
    g_clear_error(&capture->ad_error);
    g_clear_error(&capture->entra_error);
}

/* What the administrator must mend first comes first. */
static int rank(const GError *error)
{
    if (!error)
        return 0;
    return error->code == COR_E_AUTH ? 3 : error->code == COR_E_CONFIG ? 2 : 1;
}

const GError *capture_worst(const struct capture *capture)
{
    return rank(capture->entra_error) > rank(capture->ad_error) ? capture->entra_error
                                                                : capture->ad_error;
}
