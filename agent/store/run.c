/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a capture: begin, publish or take back. Invariant: a run is one write transaction of
 * its own connection from begin to end, so whatever happens between two lines, readers see the
 * backup points of before or one more whole point, and a dead run leaves nothing to clean up.
 */
#include "agent/store/run.h"

#include "correlate/error.h"

static void free_run(struct store_run *run)
{
    if (!run)
        return;
    store_feed_free(run->feed);
    store_sink_free(run->sinks[COR_AD]);
    store_sink_free(run->sinks[COR_ENTRA]);
    store_picture_clear(&run->picture);
    store_close(run->store);
    store_unlock(run->lock);
    g_free(run);
}

static gboolean apply(void *data, const struct store_op *op, GError **error)
{
    struct store_run *run = data;
    return store_picture_apply(&run->picture, op, error);
}

static gboolean start_run(struct store_run *run, GError **error)
{
    gint64 point;
    /* each key is looked up or entered here anyway, and each value comes from an enumeration or has
     * one length; SQLite need not look again for every row. store_verify checks both. */
    return store_exec(run->store, Q_TRUST_KEYS, 0, NULL, error) &&
           store_exec(run->store, Q_TRUST_VALUES, 0, NULL, error) &&
           store_begin(run->store, error) &&
           store_publish_begin(run->store, run->started_us, &point, error) &&
           store_picture_begin(&run->picture, run->store, point, error);
}

struct store_run *store_run_begin(struct store *store, gint64 now_us, GError **error)
{
    struct store_run *run = g_new0(struct store_run, 1);
    run->started_us = now_us;
    run->lock = store_lock(store->path, error);
    if (run->lock >= 0)
        run->store = store_open(store->path, STORE_WRITE, error);
    if (run->store && start_run(run, error)) {
        run->feed = store_feed_new(apply, run);
        return run;
    }
    if (run->store)
        store_rollback(run->store);
    free_run(run);
    return NULL;
}

/* All that was told is in the picture, and its point is sealed. */
static gboolean publish(struct store_run *run, gint64 now_us, GError **error)
{
    return store_feed_drain(run->feed, error) && store_publish(run, now_us, error);
}

/* The end of the writing thread comes first: it may still be at work. */
static void take_back(struct store_run *run)
{
    g_clear_pointer(&run->feed, store_feed_free);
    store_rollback(run->store);
    store_shorten_log(run->store);
    free_run(run);
}

gboolean store_run_commit(struct store_run *run, gint64 now_us, gint64 *ret_point, GError **error)
{
    if (!publish(run, now_us, error) || !store_commit(run->store, error)) {
        take_back(run);
        return FALSE;
    }
    if (ret_point)
        *ret_point = run->picture.point;
    store_shorten_log(run->store);
    store_trim(run->store);
    free_run(run);
    return TRUE;
}

gboolean store_run_preview(struct store_run *run, gint64 now_us, store_preview_func func,
                           void *data, GError **error)
{
    gboolean ok = publish(run, now_us, error) && func(run->store, run->picture.point, data, error);
    take_back(run);
    return ok;
}

void store_run_abandon(struct store_run *run)
{
    if (run)
        take_back(run);
}
