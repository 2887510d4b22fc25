/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers come in no order, and entering them one by one would touch a page of the index for
 * each. They wait until many are together and go in sorted, so that neighbours share a page; the
 * more are there already, the more wait, up to a bound. Links of a first capture wait likewise.
 */
#include "agent/store/index.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_MIN = 16 * 1024, PENDING_MAX = 128 * 1024, LINKS_MAX = 16 * 1024 };

/* An identifier that waits. */
struct pending {
    gint64 hash, object;
};
struct pending_link {
    gint64 source, target;
    const char *kind; /* interned by the picture */
};

gint64 store_identifier_hash(const char *folded)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
    for (; *folded; folded++)
        hash = (hash ^ (guchar)*folded) * G_GUINT64_CONSTANT(0x100000001b3);
    return (gint64)hash;
}

void store_index_begin(struct store_picture *picture)
{
    picture->pending = g_array_new(FALSE, FALSE, sizeof(struct pending));
    picture->links = g_array_new(FALSE, FALSE, sizeof(struct pending_link));
    picture->kinds = g_string_chunk_new(256);
}

void store_index_end(struct store_picture *picture)
{
    g_array_unref(picture->pending);
    g_array_unref(picture->links);
    g_string_chunk_free(picture->kinds);
}

/* In the order of the index. */
static int compare_pending(const void *a, const void *b)
{
    const struct pending *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->object < y->object ? -1 : x->object > y->object;
}

static void bind_identifier(struct store_query *query, const struct store_picture *picture,
                            guint at)
{
    const struct pending *entry = &g_array_index(picture->pending, struct pending, at);
    store_query_int(query, entry->hash);
    store_query_int(query, entry->object);
}

/* In the order of the table. */
static int compare_links(const void *a, const void *b)
{
    const struct pending_link *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->kind != y->kind)
        return strcmp(x->kind, y->kind);
    return x->target < y->target ? -1 : x->target > y->target;
}

static void bind_link(struct store_query *query, const struct store_picture *picture, guint at)
{
    const struct pending_link *link = &g_array_index(picture->links, struct pending_link, at);
    store_query_int(query, link->source);
    store_query_part(query, link->kind, strlen(link->kind));
    store_query_int(query, link->target);
    store_query_int(query, picture->point);
}

typedef void (*bind_func)(struct store_query *query, const struct store_picture *picture, guint at);

/* Rows from first on, so many with each run of the statement; what is left over stays. */
static gboolean enter(const struct store_picture *picture, enum store_statement id, guint rows,
                      guint *first, guint end, bind_func bind, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, id);
    for (; *first + rows <= end; *first += rows) {
        for (guint i = 0; i < rows; i++)
            bind(&query, picture, *first + i);
        if (!store_query_run(&query, error))
            return FALSE;
        store_query_again(&query);
    }
    return TRUE;
}

gboolean store_picture_flush(struct store_picture *picture, GError **error)
{
    GArray *ids = picture->pending, *links = picture->links;
    guint id = 0, link = 0;
    if (ids->len)
        qsort(ids->data, ids->len, sizeof(struct pending), compare_pending);
    if (links->len)
        qsort(links->data, links->len, sizeof(struct pending_link), compare_links);
    gboolean ok =
        enter(picture, Q_IDENTIFIER_ADD_MANY, STORE_ROWS, &id, ids->len, bind_identifier, error) &&
        enter(picture, Q_IDENTIFIER_ADD, 1, &id, ids->len, bind_identifier, error) &&
        enter(picture, Q_LINK_ADD_MANY, STORE_ROWS, &link, links->len, bind_link, error) &&
        enter(picture, Q_LINK_ADD, 1, &link, links->len, bind_link, error);
    picture->entered += ids->len;
    g_array_set_size(ids, 0);
    g_array_set_size(links, 0);
    return ok;
}

gboolean store_index_identifiers(struct store_picture *picture, gint64 object,
                                 const struct store_part *identifiers, GError **error)
{
    for (gsize at = 0; at < identifiers->len; at += sizeof(gint64)) {
        struct pending entry = {.object = object};
        memcpy(&entry.hash, identifiers->data + at, sizeof entry.hash);
        g_array_append_val(picture->pending, entry);
    }
    return picture->pending->len < CLAMP(picture->entered / 8, PENDING_MIN, PENDING_MAX) ||
           store_picture_flush(picture, error);
}

gboolean store_index_link(struct store_picture *picture, gint64 source,
                          const struct store_part *kind, gint64 target, GError **error)
{
    struct pending_link link = {source, target, picture->last_kind};
    if (!link.kind || strcmp(link.kind, kind->data) != 0)
        picture->last_kind = link.kind = g_string_chunk_insert_const(picture->kinds, kind->data);
    g_array_append_val(picture->links, link);
    return picture->links->len < LINKS_MAX || store_picture_flush(picture, error);
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
