/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backup points as the ledger describes them, and the names people give them. Invariant: relative
 * names (latest, previous, -N, a time) only ever mean points that hold something; a failed attempt
 * can be named by its number alone.
 */
#include "agent/store/point.h"

#include "agent/store/chain.h"
#include "correlate/error.h"
#include "correlate/time.h"

#include <string.h>

static const char *const state_names[] = {
    [STORE_HALF_COMPLETE] = "complete",
    [STORE_HALF_PARTIAL] = "partial",
    [STORE_HALF_FAILED] = "failed",
};

const char *store_half_state_name(enum store_half_state state)
{
    return state_names[state];
}

static gboolean parse_state(const char *text, enum store_half_state *ret)
{
    for (guint i = 0; text && i < G_N_ELEMENTS(state_names); i++) {
        if (strcmp(text, state_names[i]) == 0) {
            *ret = (enum store_half_state)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* --- from the ledger ------------------------------------------------------------------------- */

static void free_half(void *data)
{
    struct store_half *half = data;
    g_free(half->source);
    g_free(half->mode);
    g_free(half->proof);
    g_ptr_array_unref(half->problems);
    g_free(half);
}

void store_point_free(struct store_point *point)
{
    if (!point)
        return;
    g_free(point->hash);
    g_ptr_array_unref(point->halves);
    g_free(point);
}

static gint64 get_int(const struct cor_json *object, const char *member)
{
    gint64 value = 0;
    return cor_json_int(cor_json_get(object, member), &value) ? value : 0;
}

static struct store_half *parse_half(const struct cor_json *doc)
{
    enum store_half_state state;
    const char *directory = cor_json_get_string(doc, "directory");
    if (!directory || !parse_state(cor_json_get_string(doc, "state"), &state))
        return NULL;
    struct store_half *half = g_new0(struct store_half, 1);
    half->directory = strcmp(directory, cor_directory_name(COR_AD)) == 0 ? COR_AD : COR_ENTRA;
    half->state = state;
    half->source = g_strdup(cor_json_get_string(doc, "source"));
    half->mode = g_strdup(cor_json_get_string(doc, "mode"));
    half->proof = g_strdup(cor_json_get_string(doc, "proof"));
    half->stats = (struct cor_half_stats){
        .objects = (guint64)get_int(doc, "objectsRead"),
        .requests = (guint64)get_int(doc, "requests"),
        .bytes = (guint64)get_int(doc, "bytes"),
        .throttled = (guint64)get_int(doc, "throttled"),
        .units = (guint64)get_int(doc, "units"),
        .waited_ms = (guint64)get_int(doc, "waitedMs"),
        .started_us = get_int(doc, "startedUs"),
        .finished_us = get_int(doc, "finishedUs"),
        .peer_clock_us = get_int(doc, "peerClockUs"),
    };
    half->versions_added = (guint64)get_int(doc, "versionsAdded");
    half->links_added = (guint64)get_int(doc, "linksAdded");
    half->links_removed = (guint64)get_int(doc, "linksRemoved");
    half->problems = g_ptr_array_new_with_free_func(g_free);
    const struct cor_json *problems = cor_json_get(doc, "problems");
    for (const struct cor_json *n = cor_json_first(problems); n; n = cor_json_next(n))
        g_ptr_array_add(half->problems, g_strdup(cor_json_string(n)));
    return half;
}

struct store_point *store_point_parse(const struct cor_json *body)
{
    enum store_half_state state;
    if (!parse_state(cor_json_get_string(body, "state"), &state))
        return NULL;
    struct store_point *point = g_new0(struct store_point, 1);
    point->number = get_int(body, "point");
    point->started_us = get_int(body, "startedUs");
    point->finished_us = get_int(body, "finishedUs");
    point->state = state;
    point->halves = g_ptr_array_new_with_free_func(free_half);
    const struct cor_json *halves = cor_json_get(body, "halves");
    for (const struct cor_json *n = cor_json_first(halves); n; n = cor_json_next(n)) {
        struct store_half *half = parse_half(n);
        if (half)
            g_ptr_array_add(point->halves, half);
    }
    return point;
}

/* The current row of Q_POINT_GET or Q_POINT_LIST. */
static struct store_point *load_point(const struct store_query *query, GError **error)
{
    const char *text = store_column_text(query, 2);
    COR_JSON_AUTO *body = cor_json_parse(text, strlen(text), 0, NULL);
    struct store_point *point = store_point_parse(body);
    if (!point || point->number != store_column_int(query, 0)) {
        store_point_free(point);
        store_damaged(query->store, error,
                      "backup point %" G_GINT64_FORMAT " is not described by its ledger entry",
                      store_column_int(query, 0));
        return NULL;
    }
    guint8 hash[STORE_HASH_LEN];
    store_column_hash(query, 3, hash);
    point->hash = store_hex(hash);
    point->pinned = store_column_int(query, 1) != 0;
    return point;
}

struct store_point *store_point_load(struct store *store, gint64 number, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_POINT_GET);
    store_query_int(&query, number);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return NULL;
    if (row)
        return load_point(&query, error);
    g_set_error(error, STORE_ERROR, COR_E_NOT_FOUND, "there is no backup point %" G_GINT64_FORMAT,
                number);
    return NULL;
}

GPtrArray *store_points(struct store *store, GError **error)
{
    g_autoptr(GPtrArray) points = g_ptr_array_new_with_free_func((GDestroyNotify)store_point_free);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_POINT_LIST);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return g_steal_pointer(&points);
        struct store_point *point = load_point(&query, error);
        if (!point)
            return NULL;
        g_ptr_array_add(points, point);
    }
    return NULL;
}

const struct store_half *store_point_half(const struct store_point *point,
                                          enum cor_directory directory)
{
    for (guint i = 0; i < point->halves->len; i++) {
        const struct store_half *half = g_ptr_array_index(point->halves, i);
        if (half->directory == directory)
            return half;
    }
    return NULL;
}

/* --- names ----------------------------------------------------------------------------------- */

static gboolean parse_number(const char *text, gint64 *ret)
{
    char *end;
    if (!g_ascii_isdigit(*text))
        return FALSE;
    *ret = g_ascii_strtoll(text, &end, 10);
    return *end == '\0' && *ret >= 0 && *ret < G_MAXINT64;
}

/* A date alone means its whole day in UTC. */
static gboolean parse_when(const char *text, gint64 *ret)
{
    if (strlen(text) != strlen("2026-01-31")) {
        *ret = cor_time_parse(text);
        return *ret != 0;
    }
    g_autofree char *midnight = g_strconcat(text, "T00:00:00Z", NULL);
    *ret = cor_time_parse(midnight);
    if (*ret == 0)
        return FALSE;
    *ret += COR_DAY_US - 1;
    return TRUE;
}

enum store_name store_name_parse(const char *text, gint64 *ret_value)
{
    *ret_value = 0;
    if (strcmp(text, "latest") == 0)
        return STORE_NAME_BACK;
    if (strcmp(text, "previous") == 0) {
        *ret_value = 1;
        return STORE_NAME_BACK;
    }
    if (text[0] == '-' && parse_number(text + 1, ret_value))
        return STORE_NAME_BACK;
    if (parse_number(text, ret_value))
        return STORE_NAME_NUMBER;
    return parse_when(text, ret_value) ? STORE_NAME_TIME : STORE_NAME_INVALID;
}

struct store_point *store_point_named(struct store *store, const char *text, GError **error)
{
    gint64 value, number = 0;
    switch (store_name_parse(text, &value)) {
    case STORE_NAME_INVALID:
        g_set_error(error, STORE_ERROR, COR_E_CONFIG,
                    "'%s' does not name a backup point: give a number, latest, previous, -N, a "
                    "date or a time such as 2026-01-31T12:00:00Z",
                    text);
        return NULL;
    case STORE_NAME_NUMBER:
        return store_point_load(store, value, error);
    case STORE_NAME_BACK:
        if (!store_exec_value(store, Q_POINT_BACK, 1, &value, 0, &number, error))
            return NULL;
        break;
    case STORE_NAME_TIME:
        if (!store_exec_value(store, Q_POINT_BEFORE_TIME, 1, &value, 0, &number, error))
            return NULL;
        break;
    }
    if (number)
        return store_point_load(store, number, error);
    g_set_error(error, STORE_ERROR, COR_E_NOT_FOUND, "there is no backup point '%s'", text);
    return NULL;
}

/* --- pins ------------------------------------------------------------------------------------ */

static gboolean write_pin(struct store *store, gint64 point, gboolean pinned, GError **error)
{
    COR_JSON_AUTO *body = cor_json_new_object();
    cor_json_add_int(body, "point", point);
    cor_json_add_bool(body, "pinned", pinned);
    return store_exec(store, Q_POINT_SET_PINNED, 2, (gint64[]){point, pinned}, error) &&
           store_chain_append(store, "pin", point, body, error);
}

gboolean store_point_pin(struct store *store, gint64 point, gboolean pinned, GError **error)
{
    STORE_LOCK_AUTO lock = store_lock(store->path, error);
    if (lock < 0 || !store_begin(store, error))
        return FALSE;
    struct store_point *found = store_point_load(store, point, error);
    gboolean same = found && found->pinned == !!pinned;
    gboolean ok = found && (same || write_pin(store, point, !!pinned, error));
    store_point_free(found);
    if (ok)
        return store_commit(store, error);
    store_rollback(store);
    return FALSE;
}
