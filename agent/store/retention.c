/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letting go of backup points. What a removed point began or ended moves to the next kept point,
 * and what lived only in removed points goes. Invariant: every kept point shows exactly the same
 * objects and links as before, and the ledger records what was removed and the new digests of the
 * points that took over, so that verification still covers every row. Audit records are kept.
 */
#include "agent/store/retention.h"

#include "agent/store/chain.h"
#include "correlate/error.h"
#include "correlate/time.h"

/* --- the decision ---------------------------------------------------------------------------- */

static gboolean younger(const struct store_point *point, gint64 now_us, guint days)
{
    return days > 0 && now_us - point->finished_us <= (gint64)days * COR_DAY_US;
}

void store_retention_decide(const GPtrArray *points, const struct store_retention *retention,
                            gint64 now_us, gboolean *keep)
{
    gboolean complete_seen = FALSE;
    gint64 day_seen = G_MAXINT64;
    for (guint i = points->len; i-- > 0;) {
        const struct store_point *point = g_ptr_array_index(points, i);
        guint rank = points->len - i;
        keep[i] = point->pinned || rank == 1 || rank <= retention->keep_last ||
                  younger(point, now_us, retention->keep_all_days);
        if (point->state != STORE_HALF_COMPLETE)
            continue;
        gint64 day = point->finished_us / COR_DAY_US;
        keep[i] = keep[i] || !complete_seen ||
                  (day != day_seen && younger(point, now_us, retention->keep_daily_days));
        complete_seen = TRUE;
        day_seen = day;
    }
}

/* --- merging --------------------------------------------------------------------------------- */

struct twin {
    gint64 first, second; /* version ids */
    gint64 until;         /* of the second; 0 open */
};

static void bind_until(struct store_query *query, gint64 until)
{
    if (until)
        store_query_int(query, until);
    else
        store_query_text(query, NULL);
}

static gboolean join_version(struct store *store, const struct twin *twin, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_VERSION_EXTEND);
    store_query_int(&query, twin->first);
    bind_until(&query, twin->until);
    return store_exec(store, Q_VERSION_REMOVE, 1, &twin->second, error) &&
           store_query_run(&query, error);
}

/* An object that went back to what it was in a removed point has two equal versions in a row. */
static gboolean join_versions(struct store *store, gint64 point, GError **error)
{
    g_autoptr(GArray) twins = g_array_new(FALSE, FALSE, sizeof(struct twin));
    STORE_QUERY_AUTO query = store_query_begin(store, Q_TWIN_VERSIONS);
    store_query_int(&query, point);
    gboolean row;
    do {
        if (!store_query_step(&query, &row, error))
            return FALSE;
        const struct twin twin = {store_column_int(&query, 0), store_column_int(&query, 1),
                                  store_column_int(&query, 2)};
        if (row)
            g_array_append_val(twins, twin);
    } while (row);
    for (guint i = 0; i < twins->len; i++) {
        if (!join_version(store, &g_array_index(twins, struct twin, i), error))
            return FALSE;
    }
    return TRUE;
}

struct link_twin {
    gint64 source, target, from, until;
    char *kind;
};

static void clear_link_twin(void *data)
{
    g_free(((struct link_twin *)data)->kind);
}

static void bind_link(struct store_query *query, const struct link_twin *twin, gint64 from)
{
    store_query_int(query, twin->source);
    store_query_text(query, twin->kind);
    store_query_int(query, twin->target);
    store_query_int(query, from);
}

static gboolean join_link(struct store *store, const struct link_twin *twin, gint64 point,
                          GError **error)
{
    STORE_QUERY_AUTO removal = store_query_begin(store, Q_LINK_REMOVE);
    bind_link(&removal, twin, point);
    STORE_QUERY_AUTO extension = store_query_begin(store, Q_LINK_EXTEND);
    bind_link(&extension, twin, twin->from);
    bind_until(&extension, twin->until);
    return store_query_run(&removal, error) && store_query_run(&extension, error);
}

static gboolean join_links(struct store *store, gint64 point, GError **error)
{
    g_autoptr(GArray) twins = g_array_new(FALSE, FALSE, sizeof(struct link_twin));
    g_array_set_clear_func(twins, clear_link_twin);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_TWIN_LINKS);
    store_query_int(&query, point);
    gboolean row = TRUE;
    while (row) {
        if (!store_query_step(&query, &row, error))
            return FALSE;
        if (!row)
            break;
        const struct link_twin twin = {.source = store_column_int(&query, 0),
                                       .kind = g_strdup(store_column_text(&query, 1)),
                                       .target = store_column_int(&query, 2),
                                       .from = store_column_int(&query, 3),
                                       .until = store_column_int(&query, 4)};
        g_array_append_val(twins, twin);
    }
    for (guint i = 0; i < twins->len; i++) {
        if (!join_link(store, &g_array_index(twins, struct link_twin, i), point, error))
            return FALSE;
    }
    return TRUE;
}

/* Give all that the points between low and high began or ended to high. */
static gboolean merge_into(struct store *store, gint64 low, gint64 high, GError **error)
{
    static const enum store_statement steps[] = {
        Q_PRUNE_VERSIONS,   Q_PRUNE_VERSIONS_FROM, Q_PRUNE_VERSIONS_UNTIL, Q_PRUNE_LINKS,
        Q_PRUNE_LINKS_FROM, Q_PRUNE_LINKS_UNTIL,   Q_PRUNE_EVENTS,
    };
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (!store_exec(store, steps[i], 2, (gint64[]){low, high}, error))
            return FALSE;
    }
    return join_versions(store, high, error) && join_links(store, high, error);
}

/* --- pruning --------------------------------------------------------------------------------- */

static gboolean note_content(struct store *store, gint64 point, struct cor_json *contents,
                             GError **error)
{
    guint8 content[STORE_HASH_LEN];
    if (!store_chain_content(store, point, content, NULL, error))
        return FALSE;
    g_autofree char *hex = store_hex(content);
    char number[24];
    g_snprintf(number, sizeof number, "%" G_GINT64_FORMAT, point);
    cor_json_add_string(contents, number, hex);
    return store_chain_set_content(store, point, content, error);
}

/* Merge every run of removed points into the kept one after it. */
static gboolean merge_all(struct store *store, const GPtrArray *points, const gboolean *keep,
                          struct cor_json *body, GError **error)
{
    struct cor_json *contents = cor_json_new_object();
    struct cor_json *removed = cor_json_new_array();
    cor_json_add(body, "content", contents);
    cor_json_add(body, "removed", removed);
    gint64 low = 0;
    gboolean gap = FALSE;
    for (guint i = 0; i < points->len; i++) {
        gint64 number = ((const struct store_point *)g_ptr_array_index(points, i))->number;
        if (!keep[i]) {
            cor_json_append(removed, cor_json_new_int(number));
            gap = TRUE;
            continue;
        }
        if (gap && (!merge_into(store, low, number, error) ||
                    !note_content(store, number, contents, error)))
            return FALSE;
        gap = FALSE;
        low = number;
    }
    return TRUE;
}

/* Keys of which nothing is known any more, and what led to them. */
static gboolean forget_objects(struct store *store, GError **error)
{
    return store_exec(store, Q_PRUNE_IDENTIFIERS, 0, NULL, error) &&
           store_exec(store, Q_PRUNE_PLACES, 0, NULL, error) &&
           store_exec(store, Q_PRUNE_TYPES, 0, NULL, error) &&
           store_exec(store, Q_PRUNE_OBJECTS, 0, NULL, error);
}

gboolean store_forget_unused(struct store *store, gint64 first, GError **error)
{
    gint64 loose;
    return store_exec_value(store, Q_OBJECTS_UNUSED, 1, &first, 0, &loose, error) &&
           (!loose || forget_objects(store, error));
}

static gboolean remove_points(struct store *store, const GArray *numbers, GError **error)
{
    for (guint i = 0; i < numbers->len; i++) {
        if (!store_exec(store, Q_POINT_REMOVE, 1, &g_array_index(numbers, gint64, i), error))
            return FALSE;
    }
    return forget_objects(store, error);
}

static gboolean prune_now(struct store *store, const struct store_retention *retention,
                          gint64 now_us, gboolean dry_run, GArray *numbers, GError **error)
{
    g_autoptr(GPtrArray) points = store_points(store, error);
    if (!points)
        return FALSE;
    g_autoptr(GArray) decisions = g_array_new(FALSE, TRUE, sizeof(gboolean));
    gboolean *keep = (gboolean *)(void *)g_array_set_size(decisions, points->len)->data;
    store_retention_decide(points, retention, now_us, keep);
    for (guint i = 0; i < points->len; i++) {
        const struct store_point *point = g_ptr_array_index(points, i);
        if (!keep[i])
            g_array_append_val(numbers, point->number);
    }
    if (dry_run || numbers->len == 0)
        return TRUE;
    COR_JSON_AUTO *body = cor_json_new_object();
    cor_json_add_int(body, "timeUs", now_us);
    return merge_all(store, points, keep, body, error) && remove_points(store, numbers, error) &&
           store_chain_append(store, "prune", 0, body, error);
}

static gboolean prune_locked(struct store *store, const struct store_retention *retention,
                             gint64 now_us, gboolean dry_run, GArray *numbers, GError **error)
{
    STORE_LOCK_AUTO lock = store_lock(store->path, error);
    if (lock < 0 || !store_begin(store, error))
        return FALSE;
    gboolean ok = prune_now(store, retention, now_us, dry_run, numbers, error);
    if (ok && !dry_run)
        return store_commit(store, error);
    store_rollback(store);
    return ok;
}

gboolean store_prune(struct store *store, const struct store_retention *retention, gint64 now_us,
                     gboolean dry_run, GArray *removed, GError **error)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!prune_locked(store, retention, now_us, dry_run, numbers, error))
        return FALSE;
    if (numbers->len)
        g_array_append_vals(removed, numbers->data, numbers->len);
    if (!dry_run)
        store_trim(store);
    return TRUE;
}
