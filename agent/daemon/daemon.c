/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon. The main thread owns the loop: signals, timer, watchdog. A capture runs on one worker
 * thread with its own store handle, so that a stop request is heard at once; there is never more
 * than one. A stop in the middle of a capture abandons it: the previous backup point is untouched.
 * The daemon only reads the directories.
 */
#include "agent/daemon/daemon.h"

#include "agent/capture.h"
#include "agent/daemon/events.h"
#include "agent/daemon/schedule.h"
#include "correlate/error.h"
#include "correlate/time.h"

#include <glib-unix.h>
#include <systemd/sd-daemon.h>

struct daemon {
    struct config *config;
    GMainLoop *loop;
    GCancellable *cancellable;
    GThread *worker; /* NULL between captures */
    guint timer;     /* source of the next capture, 0 while one runs */
    gint64 last_start_us;
    guint failures;
    gboolean stopping, reload_wanted;
};

/* What a worker hands back to the main loop. */
struct outcome {
    struct daemon *daemon;
    gboolean complete;
};

static void plan_next(struct daemon *daemon);

static void log_half(const struct store_half *half, gint64 point)
{
    g_autofree char *source = event_quote(half->source);
    event_log(
        half->state == STORE_HALF_COMPLETE ? EVENT_INFO : EVENT_WARNING, "capture.half",
        "point=%" G_GINT64_FORMAT " directory=%s source=%s state=%s objects=%" G_GUINT64_FORMAT
        " versions=%" G_GUINT64_FORMAT " requests=%" G_GUINT64_FORMAT
        " throttled=%" G_GUINT64_FORMAT " seconds=%.1f",
        point, cor_directory_name(half->directory), source, store_half_state_name(half->state),
        half->stats.objects, half->versions_added, half->stats.requests, half->stats.throttled,
        (double)(half->stats.finished_us - half->stats.started_us) / 1e6);
    for (guint i = 0; i < half->problems->len; i++) {
        g_autofree char *problem = event_quote(half->problems->pdata[i]);
        event_log(EVENT_WARNING, "capture.problem",
                  "point=%" G_GINT64_FORMAT " directory=%s text=%s", point,
                  cor_directory_name(half->directory), problem);
    }
}

static gboolean log_point(struct store *store, gint64 number, GError **error)
{
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT, number);
    struct store_point *point = store_point_named(store, name, error);
    if (!point)
        return FALSE;
    for (guint i = 0; i < point->halves->len; i++)
        log_half(point->halves->pdata[i], number);
    event_log(EVENT_NOTICE, "capture.done", "point=%" G_GINT64_FORMAT " state=%s hash=%s", number,
              store_half_state_name(point->state), point->hash);
    gboolean complete = point->state == STORE_HALF_COMPLETE;
    store_point_free(point);
    return complete;
}

static void log_failure(const char *directory, const GError *failure)
{
    if (!failure)
        return;
    g_autofree char *text = event_quote(failure->message);
    event_log(EVENT_ERROR, "capture.failed", "directory=%s text=%s", directory, text);
}

static gboolean retain(const struct config *config, struct store *store, GError **error)
{
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!store_prune(store, &config->retention, g_get_real_time(), FALSE, removed, error))
        return FALSE;
    if (removed->len)
        event_log(EVENT_INFO, "retention.done", "removed=%u", removed->len);
    return TRUE;
}

static gboolean capture_once(struct daemon *daemon, GError **error)
{
    STORE_AUTO *store = store_open(daemon->config->store_path, STORE_WRITE, error);
    struct capture capture;
    gint64 number = 0;
    if (!store || !capture_read(daemon->config, store, FALSE, daemon->cancellable, &capture, error))
        return FALSE;
    gboolean ok =
        store_run_commit(g_steal_pointer(&capture.run), g_get_real_time(), &number, error);
    log_failure("ad", capture.ad_error);
    log_failure("entra", capture.entra_error);
    capture_clear(&capture);
    gboolean complete = ok && log_point(store, number, error);
    return ok && retain(daemon->config, store, error) && complete;
}

static void reload(struct daemon *daemon)
{
    g_autoptr(GError) error = NULL;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    struct config *fresh = config_load(daemon->config->path, &error);
    daemon->reload_wanted = FALSE;
    if (fresh) {
        config_free(daemon->config);
        daemon->config = fresh;
        event_log(EVENT_NOTICE, "config.reloaded", "%s", "");
    } else {
        g_autofree char *text = event_quote(error->message);
        event_log(EVENT_ERROR, "config.rejected", "text=%s", text);
    }
    sd_notify(0, "READY=1");
}

static gboolean on_outcome(gpointer data)
{
    struct outcome *outcome = data;
    struct daemon *daemon = outcome->daemon;
    g_thread_join(g_steal_pointer(&daemon->worker));
    daemon->failures = outcome->complete ? 0 : daemon->failures + 1;
    g_free(outcome);
    if (daemon->stopping) {
        g_main_loop_quit(daemon->loop);
        return G_SOURCE_REMOVE;
    }
    if (daemon->reload_wanted)
        reload(daemon);
    plan_next(daemon);
    return G_SOURCE_REMOVE;
}

static gpointer work(gpointer data)
{
    struct outcome *outcome = data;
    g_autoptr(GError) error = NULL;
    outcome->complete = capture_once(outcome->daemon, &error);
    if (error && error->code != COR_E_CANCELLED) {
        g_autofree char *text = event_quote(error->message);
        event_log(EVENT_ERROR, "capture.failed", "text=%s", text);
    }
    g_main_context_invoke(NULL, on_outcome, outcome);
    return NULL;
}

static gboolean on_timer(gpointer data)
{
    struct daemon *daemon = data;
    struct outcome *outcome = g_new0(struct outcome, 1);
    outcome->daemon = daemon;
    daemon->timer = 0;
    daemon->last_start_us = g_get_real_time();
    event_log(EVENT_INFO, "capture.begin", "%s", "");
    sd_notify(0, "STATUS=capturing");
    daemon->worker = g_thread_new("capture", work, outcome);
    return G_SOURCE_REMOVE;
}

static void plan_next(struct daemon *daemon)
{
    gint64 now = g_get_real_time();
    gint64 next = schedule_next(now, daemon->last_start_us, daemon->config->agent_interval_us,
                                daemon->failures);
    g_autofree char *text = cor_time_text(next - next % COR_SECOND_US);
    event_log(EVENT_INFO, "capture.planned", "at=%s", text);
    sd_notifyf(0, "STATUS=next capture at %s", text);
    /* seconds, rounded up, so that a timer never fires before its time */
    guint seconds = (guint)((next - now + COR_SECOND_US - 1) / COR_SECOND_US);
    daemon->timer = g_timeout_add_seconds(seconds, on_timer, daemon);
}

static gboolean on_stop(gpointer data)
{
    struct daemon *daemon = data;
    event_log(EVENT_NOTICE, "daemon.stopping", "%s", "");
    sd_notify(0, "STOPPING=1");
    daemon->stopping = TRUE;
    g_cancellable_cancel(daemon->cancellable);
    if (!daemon->worker)
        g_main_loop_quit(daemon->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer data)
{
    struct daemon *daemon = data;
    /* a running capture uses the present configuration: swap when it is done */
    daemon->reload_wanted = TRUE;
    if (daemon->worker)
        return G_SOURCE_CONTINUE;
    reload(daemon);
    if (daemon->timer)
        g_source_remove(daemon->timer);
    plan_next(daemon);
    return G_SOURCE_CONTINUE;
}

static gboolean on_watchdog(gpointer data)
{
    (void)data;
    sd_notify(0, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static gboolean find_last(struct daemon *daemon, GError **error)
{
    STORE_AUTO *store = store_open(daemon->config->store_path, STORE_WRITE, error);
    g_autoptr(GPtrArray) points = store ? store_points(store, error) : NULL;
    if (!points)
        return FALSE;
    if (points->len)
        daemon->last_start_us = ((struct store_point *)points->pdata[points->len - 1])->started_us;
    return TRUE;
}

gboolean daemon_run(struct config *config_taken, GError **error)
{
    struct daemon daemon = {.config = config_taken};
    if (!find_last(&daemon, error)) {
        config_free(daemon.config);
        return FALSE;
    }
    daemon.cancellable = g_cancellable_new();
    daemon.loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGTERM, on_stop, &daemon);
    g_unix_signal_add(SIGINT, on_stop, &daemon);
    g_unix_signal_add(SIGHUP, on_reload, &daemon);
    guint64 watchdog_us = 0;
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        g_timeout_add((guint)(watchdog_us / 2000), on_watchdog, NULL);
    event_log(EVENT_NOTICE, "daemon.started", "version=%s", ANCHORWATCH_VERSION);
    sd_notify(0, "READY=1");
    plan_next(&daemon);
    g_main_loop_run(daemon.loop);
    event_log(EVENT_NOTICE, "daemon.stopped", "%s", "");
    g_main_loop_unref(daemon.loop);
    g_object_unref(daemon.cancellable);
    config_free(daemon.config);
    return TRUE;
}
