/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers come in no order, and entering them one by one would touch a page of the index for
 * each. They wait until a few ten thousand are together and go in sorted, so that neighbours share
 * a page; memory stays the same however many there are.
 */
#include "agent/store/index.h"

#include <string.h>

#define PENDING_BYTES ((gsize)2 * 1024 * 1024)

/* An identifier that waits; its value follows, with a NUL byte. */
struct pending {
    gint64 object;
    guint32 len;
    guint8 kind;
};

static struct pending pending_at(const GByteArray *bytes, guint32 offset, const char **ret_value)
{
    struct pending entry;
    memcpy(&entry, bytes->data + offset, sizeof entry);
    *ret_value = (const char *)bytes->data + offset + sizeof entry;
    return entry;
}

/* In the order of the index. */
static gint compare_pending(gconstpointer a, gconstpointer b, gpointer bytes)
{
    const char *x_value, *y_value;
    struct pending x = pending_at(bytes, *(const guint32 *)a, &x_value);
    struct pending y = pending_at(bytes, *(const guint32 *)b, &y_value);
    if (x.kind != y.kind)
        return x.kind < y.kind ? -1 : 1;
    int order = strcmp(x_value, y_value);
    if (order)
        return order;
    return x.object < y.object ? -1 : x.object > y.object;
}

gboolean store_picture_flush(struct store_picture *picture, GError **error)
{
    GByteArray *bytes = picture->pending;
    GArray *offsets = picture->pending_at;
    g_array_sort_with_data(offsets, compare_pending, bytes);
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_IDENTIFIER_ADD);
    for (guint i = 0; i < offsets->len; i++) {
        const char *value;
        struct pending entry = pending_at(bytes, g_array_index(offsets, guint32, i), &value);
        store_query_int(&query, entry.kind);
        store_query_part(&query, value, entry.len);
        store_query_int(&query, entry.object);
        if (!store_query_run(&query, error))
            return FALSE;
        store_query_again(&query);
    }
    g_array_set_size(offsets, 0);
    g_byte_array_set_size(bytes, 0);
    return TRUE;
}

gboolean store_index_identifiers(struct store_picture *picture, gint64 object,
                                 const struct store_part *identifiers, GError **error)
{
    const char *at = identifiers->data, *end = at + identifiers->len;
    while (at < end) {
        struct pending entry = {.object = object, .kind = (guint8)*at++};
        entry.len = (guint32)strlen(at);
        guint32 offset = picture->pending->len;
        g_array_append_val(picture->pending_at, offset);
        g_byte_array_append(picture->pending, (const guint8 *)&entry, sizeof entry);
        g_byte_array_append(picture->pending, (const guint8 *)at, entry.len + 1);
        at += entry.len + 1;
    }
    return picture->pending->len < PENDING_BYTES || store_picture_flush(picture, error);
}

/* --- audit records ---------------------------------------------------------------------------- */

static gboolean event_known(struct store *store, const struct store_op *op, gboolean *ret_known,
                            GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_EVENT_KNOWN);
    store_query_part(&query, op->parts[0].data, op->parts[0].len);
    store_query_part(&query, op->parts[1].data, op->parts[1].len);
    return store_query_step(&query, ret_known, error);
}

static gboolean add_event(struct store_picture *picture, const struct store_op *op, GError **error)
{
    struct store *store = picture->store;
    if (!store_codec_pack(&store->codec, op->parts[2].data, op->parts[2].len, error))
        return FALSE;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_EVENT_ADD);
    store_query_part(&query, op->parts[0].data, op->parts[0].len);
    store_query_part(&query, op->parts[1].data, op->parts[1].len);
    store_query_int(&query, op->time_us);
    store_query_int(&query, picture->point);
    store_query_bytes(&query, op->hash, STORE_HASH_LEN);
    store_query_bytes(&query, store->codec.packed->data, store->codec.packed->len);
    return store_query_run(&query, error);
}

static gboolean add_event_keys(struct store *store, const struct store_op *op, GError **error)
{
    gint64 event = sqlite3_last_insert_rowid(store->db);
    const char *end = op->parts[3].data + op->parts[3].len;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_EVENT_KEY_ADD);
    for (const char *key = op->parts[3].data; key < end; key += strlen(key) + 1) {
        store_query_text(&query, key);
        store_query_int(&query, op->time_us);
        store_query_int(&query, event);
        if (!store_query_run(&query, error))
            return FALSE;
        store_query_again(&query);
    }
    return TRUE;
}

gboolean store_index_event(struct store_picture *picture, const struct store_op *op, GError **error)
{
    gboolean known;
    if (!event_known(picture->store, op, &known, error))
        return FALSE;
    return known || (add_event(picture, op, error) && add_event_keys(picture->store, op, error));
}
