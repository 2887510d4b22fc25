/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a capture: begin, publish or take back, clean up. Invariant: whatever happens between
 * two lines, readers see the backup points of before or one more whole point. What a run staged
 * ends with its connection; the keys that a dead run entered are removed by the next one.
 */
#include "agent/store/run.h"

#include "correlate/error.h"

#include <unistd.h>

static void free_half(struct store_sink *half)
{
    if (!half)
        return;
    g_free(half->source);
    g_free(half->proof);
    g_ptr_array_unref(half->problems);
    g_ptr_array_unref(half->unread);
    g_free(half);
}

static void free_run(struct store_run *run)
{
    if (!run)
        return;
    free_half(run->sinks[COR_AD]);
    free_half(run->sinks[COR_ENTRA]);
    g_clear_error(&run->broken);
    g_free(run->last_key);
    store_close(run->store);
    store_unlock(run->lock);
    g_free(run);
}

gboolean store_stage_clear(struct store *store, GError **error)
{
    gint64 first;
    return store_exec_value(store, Q_RUN_READ, 0, NULL, G_MAXINT64, &first, error) &&
           store_exec(store, Q_CLEAR_OBJECTS, 1, &first, error) &&
           store_exec(store, Q_CLEAR_RUN, 0, NULL, error);
}

static gboolean start_run(struct store *store, gint64 now_us, GError **error)
{
    gint64 first;
    return store_stage_clear(store, error) &&
           store_exec_value(store, Q_OBJECT_NEXT_ID, 0, NULL, 1, &first, error) &&
           store_exec(store, Q_RUN_START, 3, (gint64[]){getpid(), now_us, first}, error);
}

/* Commit when ok, else take back. */
static gboolean end_write(struct store *store, gboolean ok, GError **error)
{
    if (ok)
        return store_commit(store, error);
    store_rollback(store);
    return FALSE;
}

struct store_run *store_run_begin(struct store *store, gint64 now_us, GError **error)
{
    struct store_run *run = g_new0(struct store_run, 1);
    run->started_us = now_us;
    run->lock = store_lock(store->path, error);
    if (run->lock >= 0)
        run->store = store_open(store->path, STORE_WRITE, error);
    if (run->store && store_begin(run->store, error) &&
        end_write(run->store, start_run(run->store, now_us, error), error))
        return run;
    free_run(run);
    return NULL;
}

/* Leftovers are harmless and removed by the next run, so a failure here is nobody's problem. */
static void forget_staged(struct store *store)
{
    store_rollback(store);
    if (store_begin(store, NULL))
        (void)end_write(store, store_stage_clear(store, NULL), NULL);
}

/* Open the transaction in which a run is published. */
static gboolean open_publication(struct store_run *run, GError **error)
{
    if (run->broken) {
        g_propagate_error(error, g_steal_pointer(&run->broken));
        return FALSE;
    }
    return store_run_flush(run, error) && store_begin(run->store, error);
}

gboolean store_run_commit(struct store_run *run, gint64 now_us, gint64 *ret_point, GError **error)
{
    gint64 point = 0;
    gboolean ok =
        open_publication(run, error) &&
        end_write(run->store,
                  store_publish(run, now_us, &point, error) && store_stage_clear(run->store, error),
                  error);
    if (ok && ret_point)
        *ret_point = point;
    if (ok)
        store_trim(run->store);
    else
        forget_staged(run->store);
    free_run(run);
    return ok;
}

gboolean store_run_preview(struct store_run *run, gint64 now_us, store_preview_func func,
                           void *data, GError **error)
{
    gint64 point = 0;
    gboolean ok = open_publication(run, error) && store_publish(run, now_us, &point, error) &&
                  func(run->store, point, data, error);
    forget_staged(run->store);
    free_run(run);
    return ok;
}

void store_run_abandon(struct store_run *run)
{
    if (!run)
        return;
    forget_staged(run->store);
    free_run(run);
}
