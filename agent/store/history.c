/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between two points, and everything one object ever was. Invariant: the work follows
 * the versions and links that begin or end between the points, never the number of objects; an
 * object that changed and changed back is no difference.
 */
#include "agent/store/database.h"
#include "agent/store/point.h"
#include "correlate/error.h"

#include <string.h>

struct walk {
    struct store *store;
    gint64 low, high;
    gboolean reversed;
    store_delta_func func;
    void *data;
    struct store_query objects, links; /* rows begin with (directory, key) of the object */
    gboolean object_row, link_row;
};

/* An object at one of the points, NULL when not there. */
static gboolean version_at(struct walk *walk, gint64 point, struct cor_record **ret,
                           guint8 ret_hash[STORE_HASH_LEN], GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(walk->store, Q_VERSION_AT);
    store_query_int(&query, store_column_int(&walk->objects, 2));
    store_query_int(&query, point);
    gboolean row;
    memset(ret_hash, 0, STORE_HASH_LEN);
    *ret = NULL;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    if (!row)
        return TRUE;
    gsize len;
    store_column_hash(&query, 0, ret_hash);
    const guint8 *data = store_column_bytes(&query, 1, &len);
    *ret = store_codec_load(&walk->store->codec,
                            (enum cor_directory)store_column_int(&walk->objects, 0),
                            store_column_text(&walk->objects, 1), data, len, error);
    return *ret != NULL;
}

static gboolean tell_object(struct walk *walk, GError **error)
{
    COR_RECORD_AUTO *low = NULL;
    COR_RECORD_AUTO *high = NULL;
    guint8 low_hash[STORE_HASH_LEN], high_hash[STORE_HASH_LEN];
    if (!version_at(walk, walk->low, &low, low_hash, error) ||
        !version_at(walk, walk->high, &high, high_hash, error))
        return FALSE;
    if (memcmp(low_hash, high_hash, STORE_HASH_LEN) == 0)
        return TRUE;
    const struct store_delta delta = {.older = walk->reversed ? high : low,
                                      .newer = walk->reversed ? low : high};
    return walk->func(&delta, walk->data, error);
}

static gboolean tell_link(struct walk *walk, GError **error)
{
    gboolean low = store_column_int(&walk->links, 4) != 0;
    gboolean high = store_column_int(&walk->links, 5) != 0;
    if (low == high)
        return TRUE;
    const struct cor_link link = {
        .directory = (enum cor_directory)store_column_int(&walk->links, 0),
        .source_key = store_column_text(&walk->links, 1),
        .kind = store_column_text(&walk->links, 2),
        .target_key = store_column_text(&walk->links, 3),
    };
    const struct store_delta delta = {.link = &link, .link_added = high != walk->reversed};
    return walk->func(&delta, walk->data, error);
}

/* Is the object row to be told before the link row? An object comes before its links. */
static gboolean object_first(const struct walk *walk)
{
    if (!walk->object_row || !walk->link_row)
        return walk->object_row;
    gint64 a = store_column_int(&walk->objects, 0), b = store_column_int(&walk->links, 0);
    if (a != b)
        return a < b;
    return strcmp(store_column_text(&walk->objects, 1), store_column_text(&walk->links, 1)) <= 0;
}

static gboolean walk_both(struct walk *walk, GError **error)
{
    if (!store_query_step(&walk->objects, &walk->object_row, error) ||
        !store_query_step(&walk->links, &walk->link_row, error))
        return FALSE;
    while (walk->object_row || walk->link_row) {
        gboolean ok =
            object_first(walk)
                ? tell_object(walk, error) &&
                      store_query_step(&walk->objects, &walk->object_row, error)
                : tell_link(walk, error) && store_query_step(&walk->links, &walk->link_row, error);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

static gboolean point_exists(struct store *store, gint64 number, GError **error)
{
    struct store_point *point = store_point_load(store, number, error);
    store_point_free(point);
    return point != NULL;
}

gboolean store_changes(struct store *store, gint64 from, gint64 to, store_delta_func func,
                       void *data, GError **error)
{
    if (!store_read_begin(store, error))
        return FALSE;
    STORE_READ_AUTO reading = store;
    if (!point_exists(store, from, error) || !point_exists(store, to, error))
        return FALSE;
    struct walk walk = {.store = store,
                        .low = MIN(from, to),
                        .high = MAX(from, to),
                        .reversed = from > to,
                        .func = func,
                        .data = data};
    walk.objects = store_query_begin(store, Q_CHANGED_OBJECTS);
    walk.links = store_query_begin(store, Q_CHANGED_LINKS);
    for (guint i = 0; i < 2; i++) {
        struct store_query *query = i ? &walk.links : &walk.objects;
        store_query_int(query, walk.low);
        store_query_int(query, walk.high);
    }
    gboolean ok = walk_both(&walk, error);
    store_query_end(&walk.objects);
    store_query_end(&walk.links);
    return ok;
}

/* --- one object ------------------------------------------------------------------------------ */

void store_version_free(struct store_version *version)
{
    if (!version)
        return;
    cor_record_free(version->record);
    g_free(version);
}

GPtrArray *store_history(struct store *store, enum cor_directory directory, const char *key,
                         GError **error)
{
    g_autoptr(GPtrArray) versions =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_version_free);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_HISTORY);
    store_query_int(&query, directory);
    store_query_text(&query, key);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return g_steal_pointer(&versions);
        gsize len;
        const guint8 *data = store_column_bytes(&query, 2, &len);
        struct cor_record *record =
            store_codec_load(&store->codec, directory, key, data, len, error);
        if (!record)
            return NULL;
        struct store_version *version = g_new0(struct store_version, 1);
        version->from = store_column_int(&query, 0);
        version->until = store_column_int(&query, 1);
        version->record = record;
        g_ptr_array_add(versions, version);
    }
    return NULL;
}

void store_link_span_free(struct store_link_span *span)
{
    if (!span)
        return;
    g_free(span->kind);
    g_free(span->target_key);
    g_free(span);
}

GPtrArray *store_link_history(struct store *store, enum cor_directory directory, const char *key,
                              GError **error)
{
    g_autoptr(GPtrArray) spans =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_link_span_free);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_LINK_HISTORY);
    store_query_int(&query, directory);
    store_query_text(&query, key);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return g_steal_pointer(&spans);
        struct store_link_span *span = g_new0(struct store_link_span, 1);
        span->kind = g_strdup(store_column_text(&query, 0));
        span->target_key = g_strdup(store_column_text(&query, 1));
        span->from = store_column_int(&query, 2);
        span->until = store_column_int(&query, 3);
        g_ptr_array_add(spans, span);
    }
    return NULL;
}
