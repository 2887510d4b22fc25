/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers come in no order, and entering them one by one would touch a page of the index for
 * each. They wait until a hundred thousand are together and go in sorted, so that neighbours share
 * a page; memory stays the same however many there are.
 */
#include "agent/store/index.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_MAX = 128 * 1024 };

/* An identifier that waits. */
struct pending {
    gint64 hash, object;
};

gint64 store_identifier_hash(const char *folded)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
    for (; *folded; folded++)
        hash = (hash ^ (guchar)*folded) * G_GUINT64_CONSTANT(0x100000001b3);
    return (gint64)hash;
}

/* In the order of the index. */
static int compare_pending(const void *a, const void *b)
{
    const struct pending *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->object < y->object ? -1 : x->object > y->object;
}

gboolean store_picture_flush(struct store_picture *picture, GError **error)
{
    GArray *pending = picture->pending;
    if (pending->len)
        qsort(pending->data, pending->len, sizeof(struct pending), compare_pending);
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_IDENTIFIER_ADD);
    for (guint i = 0; i < pending->len; i++) {
        const struct pending *entry = &g_array_index(pending, struct pending, i);
        store_query_int(&query, entry->hash);
        store_query_int(&query, entry->object);
        if (!store_query_run(&query, error))
            return FALSE;
        store_query_again(&query);
    }
    g_array_set_size(pending, 0);
    return TRUE;
}

gboolean store_index_identifiers(struct store_picture *picture, gint64 object,
                                 const struct store_part *identifiers, GError **error)
{
    for (gsize at = 0; at < identifiers->len; at += sizeof(gint64)) {
        struct pending entry = {.object = object};
        memcpy(&entry.hash, identifiers->data + at, sizeof entry.hash);
        g_array_append_val(picture->pending, entry);
    }
    return picture->pending->len < PENDING_MAX || store_picture_flush(picture, error);
}

gboolean store_index_place(struct store_picture *picture, gint64 object,
                           const struct store_part *name, GError **error)
{
    if (!name->len)
        return TRUE;
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_PLACE_ADD);
    store_query_int(&query, object);
    store_query_part(&query, name->data, name->len);
    return store_query_run(&query, error);
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
