/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From staged rows to a backup point, in one transaction. Invariant: only a half with proof ends
 * what it did not see; a partial half may add and replace, a failed half does nothing. The point's
 * entry in the ledger is written last and vouches for all of it.
 */
#include "agent/store/chain.h"
#include "agent/store/run.h"

static gboolean drop_half(struct store *store, gint64 directory, GError **error)
{
    return store_exec(store, Q_DROP_RECORDS, 1, &directory, error) &&
           store_exec(store, Q_DROP_LINKS, 1, &directory, error) &&
           store_exec(store, Q_DROP_EVENTS, 1, &directory, error);
}

static gboolean close_unseen(struct store *store, gint64 point, gint64 directory, GError **error)
{
    const gint64 values[] = {point, directory};
    return store_exec(store, Q_CLOSE_UNSEEN, 2, values, error) &&
           store_exec(store, Q_CLOSE_LINKS, 2, values, error);
}

/* What an optional read did not deliver counts as seen: its absence says nothing. */
static gboolean keep_unread(struct store *store, const struct store_sink *half, GError **error)
{
    for (guint i = 0; i < half->unread->len; i++) {
        STORE_QUERY_AUTO query = store_query_begin(store, Q_KEEP_TYPE);
        store_query_int(&query, half->directory);
        store_query_text(&query, g_ptr_array_index(half->unread, i));
        if (!store_query_run(&query, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean publish_half(struct store *store, const struct store_sink *half, gint64 point,
                             GError **error)
{
    switch (half->state) {
    case STORE_HALF_COMPLETE:
        return keep_unread(store, half, error) &&
               close_unseen(store, point, half->directory, error);
    case STORE_HALF_PARTIAL:
        return TRUE;
    case STORE_HALF_FAILED:
        return drop_half(store, half->directory, error);
    }
    return TRUE;
}

static gboolean publish_rows(struct store *store, gint64 point, GError **error)
{
    return store_exec(store, Q_CLOSE_CHANGED, 1, &point, error) &&
           store_exec(store, Q_OPEN_VERSIONS, 1, &point, error) &&
           store_exec(store, Q_INDEX_TYPES, 0, NULL, error) &&
           store_exec(store, Q_INDEX_IDENTIFIERS, 0, NULL, error) &&
           store_exec(store, Q_OPEN_LINKS, 1, &point, error) &&
           store_exec(store, Q_ADD_EVENTS, 1, &point, error) &&
           store_exec(store, Q_INDEX_EVENTS, 1, &point, error);
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

static gboolean add_count(struct store *store, struct cor_json *out, const char *member,
                          enum store_statement id, const gint64 values[2], GError **error)
{
    gint64 count;
    if (!store_exec_value(store, id, 2, values, 0, &count, error))
        return FALSE;
    cor_json_add_int(out, member, count);
    return TRUE;
}

static struct cor_json *describe_half(struct store *store, const struct store_sink *half,
                                      gint64 point, GError **error)
{
    struct cor_json *out = cor_json_new_object();
    cor_json_add_string(out, "directory", cor_directory_name(half->directory));
    cor_json_add_string(out, "source", half->source);
    cor_json_add_string(out, "state", store_half_state_name(half->state));
    cor_json_add_string(out, "mode", "full");
    cor_json_add_string(out, "proof", half->proof ? half->proof : "none");
    cor_json_add_int(out, "objectsRead", (gint64)half->stats.objects);
    cor_json_add_int(out, "requests", (gint64)half->stats.requests);
    cor_json_add_int(out, "bytes", (gint64)half->stats.bytes);
    cor_json_add_int(out, "throttled", (gint64)half->stats.throttled);
    cor_json_add_int(out, "startedUs", half->stats.started_us);
    cor_json_add_int(out, "finishedUs", half->stats.finished_us);
    cor_json_add_int(out, "peerClockUs", half->stats.peer_clock_us);
    struct cor_json *problems = cor_json_new_array();
    for (guint i = 0; i < half->problems->len; i++)
        cor_json_append(problems, cor_json_new_string(g_ptr_array_index(half->problems, i)));
    cor_json_add(out, "problems", problems);
    const gint64 values[] = {point, half->directory};
    if (add_count(store, out, "versionsAdded", Q_COUNT_VERSIONS, values, error) &&
        add_count(store, out, "linksAdded", Q_COUNT_LINKS_ADDED, values, error) &&
        add_count(store, out, "linksRemoved", Q_COUNT_LINKS_REMOVED, values, error))
        return out;
    cor_json_free(out);
    return NULL;
}

static gboolean add_point(struct store *store, gint64 point, gint64 now_us,
                          enum store_half_state state, GError **error)
{
    gint64 entry;
    if (!store_chain_next(store, &entry, error))
        return FALSE;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_POINT_ADD);
    store_query_int(&query, point);
    store_query_int(&query, entry);
    store_query_int(&query, now_us);
    store_query_text(&query, store_half_state_name(state));
    return store_query_run(&query, error);
}

static gboolean seal_point(const struct store_run *run, gint64 point, gint64 now_us, GError **error)
{
    struct store *store = run->store;
    guint8 content[STORE_HASH_LEN];
    if (!store_chain_content(store, point, content, error) ||
        !store_chain_set_content(store, point, content, error))
        return FALSE;
    COR_JSON_AUTO *body = cor_json_new_object();
    g_autofree char *hex = store_hex(content);
    cor_json_add_int(body, "point", point);
    cor_json_add_int(body, "startedUs", run->started_us);
    cor_json_add_int(body, "finishedUs", now_us);
    cor_json_add_string(body, "state", store_half_state_name(state_of(run)));
    cor_json_add_string(body, "content", hex);
    struct cor_json *halves = cor_json_new_array();
    cor_json_add(body, "halves", halves);
    for (guint i = 0; i < G_N_ELEMENTS(run->sinks); i++) {
        if (!run->sinks[i])
            continue;
        struct cor_json *half = describe_half(store, run->sinks[i], point, error);
        if (!half)
            return FALSE;
        cor_json_append(halves, half);
    }
    return store_chain_append(store, "point", point, body, error);
}

gboolean store_publish(struct store_run *run, gint64 now_us, gint64 *ret_point, GError **error)
{
    struct store *store = run->store;
    gint64 point;
    if (!store_exec_value(store, Q_POINT_NEXT, 0, NULL, 1, &point, error) ||
        !add_point(store, point, now_us, state_of(run), error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(run->sinks); i++) {
        struct store_sink *half = run->sinks[i];
        if (half && !half->ended)
            g_ptr_array_add(half->problems, g_strdup("the capture ended without finishing"));
        if (half && !publish_half(store, half, point, error))
            return FALSE;
    }
    if (!publish_rows(store, point, error) || !seal_point(run, point, now_us, error))
        return FALSE;
    *ret_point = point;
    return TRUE;
}
