/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit records that name given objects in a window of time. They are kept whole and never changed;
 * the first copy of an id wins. What names an object is decided in event_keys.c when one is staged.
 */
#include "agent/store/database.h"
#include "correlate/error.h"

#include <string.h>

/* The current row (…, event, time_us, document). */
static struct cor_event_row *row_event(const struct store_query *query, GError **error)
{
    gsize len;
    const guint8 *data = store_column_bytes(query, 3, &len);
    struct store_codec *codec = &query->store->codec;
    struct cor_json *doc = NULL;
    if (store_codec_unpack(codec, data, len, NULL))
        doc = cor_json_parse(codec->text->str, codec->text->len, 0, NULL);
    if (!doc) {
        store_damaged(query->store, error, "audit record '%s' cannot be read",
                      store_column_text(query, 1));
        return NULL;
    }
    struct cor_event_row *event = g_new0(struct cor_event_row, 1);
    event->id = g_strdup(store_column_text(query, 1));
    event->time_us = store_column_int(query, 2);
    event->doc = doc;
    return event;
}

static gboolean collect(struct store_query *query, GHashTable *seen, GPtrArray *events,
                        GError **error)
{
    gboolean row;
    while (store_query_step(query, &row, error)) {
        if (!row)
            return TRUE;
        gint64 id = store_column_int(query, 0);
        if (!g_hash_table_add(seen, g_memdup2(&id, sizeof id)))
            continue;
        struct cor_event_row *event = row_event(query, error);
        if (!event)
            return FALSE;
        g_ptr_array_add(events, event);
    }
    return FALSE;
}

static gint compare_events(gconstpointer a, gconstpointer b)
{
    const struct cor_event_row *x = *(const struct cor_event_row *const *)a;
    const struct cor_event_row *y = *(const struct cor_event_row *const *)b;
    if (x->time_us != y->time_us)
        return x->time_us < y->time_us ? -1 : 1;
    return strcmp(x->id, y->id);
}

GPtrArray *store_events(struct store *store, const char *const *keys, gint64 from_us, gint64 to_us,
                        GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GPtrArray) events =
        g_ptr_array_new_with_free_func((GDestroyNotify)cor_event_row_free);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_EVENTS_OF_KEY);
    for (; *keys; keys++) {
        store_query_text(&query, *keys);
        store_query_int(&query, from_us);
        store_query_int(&query, to_us);
        if (!collect(&query, seen, events, error))
            return NULL;
        store_query_again(&query);
    }
    g_ptr_array_sort(events, compare_events);
    return g_steal_pointer(&events);
}

gint64 store_newest_event(struct store *store, const char *source)
{
    gboolean row;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_EVENT_NEWEST);
    store_query_text(&query, source);
    return store_query_step(&query, &row, NULL) && row ? store_column_int(&query, 0) : 0;
}
