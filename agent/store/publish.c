/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the halves told to a backup point. Invariant: only a full half with proof ends what it
 * did not see; a partial half may add and replace and ends nothing, a failed half does nothing. The
 * point's entry in the ledger is written last and vouches for all of it.
 */
#include "agent/store/chain.h"
#include "agent/store/checkpoint.h"
#include "agent/store/retention.h"
#include "agent/store/run.h"

static gboolean end_half(struct store_picture *picture, const struct store_sink *half,
                         GError **error)
{
    switch (half->state) {
    case STORE_HALF_COMPLETE:
        return half->incremental ||
               store_picture_close_unseen(picture, half->directory, half->unread, error);
    case STORE_HALF_PARTIAL:
        return store_picture_reopen(picture, half->directory, error);
    case STORE_HALF_FAILED:
        return store_picture_undo(picture, half->directory, half->has_events ? half->source : NULL,
                                  error);
    }
    return TRUE;
}

/* Keys that were entered for what was taken back, or proven gone within the run, mean nothing. */
static gboolean end_halves(struct store_run *run, GError **error)
{
    if (!store_picture_flush(&run->picture, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(run->sinks); i++) {
        struct store_sink *half = run->sinks[i];
        if (!half)
            continue;
        if (!half->ended)
            g_ptr_array_add(half->problems, g_strdup("the capture ended without finishing"));
        if (!end_half(&run->picture, half, error))
            return FALSE;
    }
    return !run->picture.loosened ||
           store_forget_unused(run->store, run->picture.first_object, error);
}

static enum store_half_state state_of(const struct store_run *run)
{
    guint complete = 0, partial = 0;
    for (guint i = 0; i < G_N_ELEMENTS(run->sinks); i++) {
        const struct store_sink *half = run->sinks[i];
        complete += half && half->state == STORE_HALF_COMPLETE;
        partial += half && half->state == STORE_HALF_PARTIAL;
    }
    if (complete == G_N_ELEMENTS(run->sinks))
        return STORE_HALF_COMPLETE;
    return complete + partial ? STORE_HALF_PARTIAL : STORE_HALF_FAILED;
}

/* --- the entry ------------------------------------------------------------------------------- */

static void describe_problems(const struct store_sink *half, struct cor_json *out)
{
    struct cor_json *problems = cor_json_new_array();
    for (guint i = 0; i < half->problems->len; i++)
        cor_json_append(problems, cor_json_new_string(g_ptr_array_index(half->problems, i)));
    cor_json_add(out, "problems", problems);
}

static struct cor_json *describe_half(struct store *store, const struct store_sink *half,
                                      const struct store_tally *tally, GError **error)
{
    struct cor_json *out = cor_json_new_object();
    cor_json_add_string(out, "directory", cor_directory_name(half->directory));
    cor_json_add_string(out, "source", half->source);
    cor_json_add_string(out, "state", store_half_state_name(half->state));
    cor_json_add_string(out, "mode", half->incremental ? "incremental" : "full");
    cor_json_add_string(out, "proof", half->proof ? half->proof : "none");
    cor_json_add_int(out, "objectsRead", (gint64)half->stats.objects);
    cor_json_add_int(out, "requests", (gint64)half->stats.requests);
    cor_json_add_int(out, "bytes", (gint64)half->stats.bytes);
    cor_json_add_int(out, "throttled", (gint64)half->stats.throttled);
    cor_json_add_int(out, "units", (gint64)half->stats.units);
    cor_json_add_int(out, "waitedMs", (gint64)half->stats.waited_ms);
    cor_json_add_int(out, "startedUs", half->stats.started_us);
    cor_json_add_int(out, "finishedUs", half->stats.finished_us);
    cor_json_add_int(out, "peerClockUs", half->stats.peer_clock_us);
    cor_json_add_int(out, "versionsAdded", tally->opened[half->directory]);
    cor_json_add_int(out, "linksAdded", tally->linked[half->directory]);
    cor_json_add_int(out, "linksRemoved", tally->unlinked[half->directory]);
    describe_problems(half, out);
    if (store_checkpoint_describe(store, half->directory, half->source, out, error))
        return out;
    cor_json_free(out);
    return NULL;
}

gboolean store_publish_begin(struct store *store, gint64 now_us, gint64 *ret_point, GError **error)
{
    gint64 entry;
    if (!store_exec_value(store, Q_POINT_NEXT, 0, NULL, 1, ret_point, error) ||
        !store_chain_next(store, &entry, error))
        return FALSE;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_POINT_ADD);
    store_query_int(&query, *ret_point);
    store_query_int(&query, entry);
    store_query_int(&query, now_us);
    store_query_text(&query, store_half_state_name(STORE_HALF_FAILED));
    return store_query_run(&query, error);
}

static gboolean finish_point(struct store *store, gint64 point, gint64 now_us,
                             enum store_half_state state, const guint8 content[STORE_HASH_LEN],
                             GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_POINT_FINISH);
    store_query_int(&query, point);
    store_query_int(&query, now_us);
    store_query_text(&query, store_half_state_name(state));
    return store_query_run(&query, error) && store_chain_set_content(store, point, content, error);
}

static gboolean add_halves(const struct store_run *run, const struct store_tally *tally,
                           struct cor_json *body, GError **error)
{
    struct cor_json *halves = cor_json_new_array();
    cor_json_add(body, "halves", halves);
    for (guint i = 0; i < G_N_ELEMENTS(run->sinks); i++) {
        if (!run->sinks[i])
            continue;
        struct cor_json *half = describe_half(run->store, run->sinks[i], tally, error);
        if (!half)
            return FALSE;
        cor_json_append(halves, half);
    }
    return TRUE;
}

static gboolean seal_point(const struct store_run *run, gint64 now_us, GError **error)
{
    struct store *store = run->store;
    gint64 point = run->picture.point;
    enum store_half_state state = state_of(run);
    guint8 content[STORE_HASH_LEN];
    struct store_tally tally;
    if (!store_chain_content(store, point, content, &tally, error) ||
        !finish_point(store, point, now_us, state, content, error))
        return FALSE;
    COR_JSON_AUTO *body = cor_json_new_object();
    g_autofree char *hex = store_hex(content);
    cor_json_add_int(body, "point", point);
    cor_json_add_int(body, "startedUs", run->started_us);
    cor_json_add_int(body, "finishedUs", now_us);
    cor_json_add_string(body, "state", store_half_state_name(state));
    cor_json_add_string(body, "content", hex);
    return add_halves(run, &tally, body, error) &&
           store_chain_append(store, "point", point, body, error);
}

static gboolean keep_checkpoints(const struct store_run *run, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(run->sinks); i++) {
        const struct store_sink *half = run->sinks[i];
        if (half && half->state == STORE_HALF_COMPLETE &&
            !store_checkpoint_publish(run->store, half, error))
            return FALSE;
    }
    return TRUE;
}

gboolean store_publish(struct store_run *run, gint64 now_us, GError **error)
{
    return end_halves(run, error) && keep_checkpoints(run, error) && seal_point(run, now_us, error);
}
