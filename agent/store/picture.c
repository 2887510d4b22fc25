/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the coming backup point. Invariant at any time: for each object and each link at most one
 * row is open; a row that begins with this point is open, and a row that ends with it began before.
 * So what this run did can be read from the rows alone, and taken back. A bit for each object tells
 * whether this run has spoken of it: if not, its open version is as the last point left it, which
 * is the fast path of nearly every record. Nothing here is visible before the commit.
 */
#include "agent/store/picture.h"

#include "agent/store/index.h"

#include <string.h>

gboolean store_picture_begin(struct store_picture *picture, struct store *store, gint64 point,
                             GError **error)
{
    *picture = (struct store_picture){.store = store, .point = point};
    picture->touched = g_byte_array_new();
    store_index_begin(picture);
    picture->last_key = g_string_new(NULL);
    gint64 links;
    if (!store_exec_value(store, Q_OBJECT_NEXT_ID, 0, NULL, 1, &picture->first_object, error) ||
        !store_exec_value(store, Q_LINK_ANY, 0, NULL, 0, &links, error))
        return FALSE;
    picture->first_links = links == 0;
    return TRUE;
}

void store_picture_clear(struct store_picture *picture)
{
    if (!picture->touched)
        return;
    g_byte_array_unref(picture->touched);
    store_index_end(picture);
    g_string_free(picture->last_key, TRUE);
    memset(picture, 0, sizeof *picture);
}

/* --- objects ---------------------------------------------------------------------------------- */

static gboolean is_touched(const struct store_picture *picture, gint64 object)
{
    gsize byte = (gsize)object / 8;
    return byte < picture->touched->len && picture->touched->data[byte] & 1 << object % 8;
}

static void touch(struct store_picture *picture, gint64 object)
{
    gsize byte = (gsize)object / 8, len = picture->touched->len;
    if (byte >= len) {
        g_byte_array_set_size(picture->touched, (guint)byte + 1);
        memset(picture->touched->data + len, 0, byte + 1 - len);
    }
    picture->touched->data[byte] |= (guint8)(1 << object % 8);
}

static gboolean add_object(struct store *store, enum cor_directory directory,
                           const struct store_part *key, gint64 *ret_id, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_OBJECT_ADD);
    store_query_int(&query, directory);
    store_query_part(&query, key->data, key->len);
    if (!store_query_run(&query, error))
        return FALSE;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return TRUE;
}

/* *ret_id 0: no such object. */
static gboolean find_object(struct store *store, enum cor_directory directory,
                            const struct store_part *key, gint64 *ret_id, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_OBJECT_ID);
    store_query_int(&query, directory);
    store_query_part(&query, key->data, key->len);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    *ret_id = row ? store_column_int(&query, 0) : 0;
    return TRUE;
}

static gboolean need_object(struct store *store, enum cor_directory directory,
                            const struct store_part *key, gint64 *ret_id, GError **error)
{
    return find_object(store, directory, key, ret_id, error) &&
           (*ret_id || add_object(store, directory, key, ret_id, error));
}

static gboolean find_source(struct store_picture *picture, const struct store_op *op,
                            gboolean needed, gint64 *ret_id, GError **error)
{
    const struct store_part *key = &op->parts[0];
    GString *last = picture->last_key;
    if (last->len != key->len || picture->last_directory != op->directory ||
        memcmp(last->str, key->data, key->len) != 0) {
        g_string_truncate(last, 0);
        if (!(needed ? need_object : find_object)(picture->store, op->directory, key,
                                                  &picture->last_id, error))
            return FALSE;
        if (picture->last_id)
            g_string_append_len(last, key->data, (gssize)key->len);
        picture->last_directory = op->directory;
    }
    *ret_id = picture->last_id;
    return TRUE;
}

/* --- versions --------------------------------------------------------------------------------- */

struct row {
    gint64 id; /* 0: none */
    guint8 hash[STORE_HASH_LEN];
};

/* The open version of an object. */
static gboolean open_version(struct store *store, gint64 object, struct row *ret, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_VERSION_OPEN);
    store_query_int(&query, object);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    if (row) {
        ret->id = store_column_int(&query, 0);
        store_column_hash(&query, 1, ret->hash);
    }
    return TRUE;
}

static gboolean end_version(struct store_picture *picture, gint64 id, GError **error)
{
    return store_exec(picture->store, Q_VERSION_EXTEND, 2, (gint64[]){id, picture->point}, error);
}

static gboolean go_on_version(struct store_picture *picture, gint64 id, GError **error)
{
    return store_exec(picture->store, Q_VERSION_EXTEND, 1, &id, error);
}

static gboolean remove_version(struct store_picture *picture, gint64 id, GError **error)
{
    return store_exec(picture->store, Q_VERSION_REMOVE, 1, &id, error);
}

static gboolean insert_version(struct store_picture *picture, const struct store_op *op,
                               gint64 object, GError **error)
{
    struct store *store = picture->store;
    const struct store_part *document = &op->parts[3];
    if (!store_codec_pack(&store->codec, document->data, document->len, error))
        return FALSE;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_VERSION_ADD);
    store_query_int(&query, object);
    store_query_int(&query, picture->point);
    store_query_part(&query, op->parts[1].data, op->parts[1].len);
    store_query_part(&query, op->parts[2].data, op->parts[2].len);
    store_query_int(&query, op->life);
    store_query_bytes(&query, op->hash, STORE_HASH_LEN);
    store_query_bytes(&query, store->codec.packed->data, store->codec.packed->len);
    if (!store_query_run(&query, error))
        return FALSE;
    STORE_QUERY_AUTO type = store_query_begin(store, Q_TYPE_ADD);
    store_query_int(&type, op->directory);
    store_query_part(&type, op->parts[1].data, op->parts[1].len);
    store_query_part(&type, op->parts[0].data, op->parts[0].len);
    store_query_int(&type, object);
    return store_query_run(&type, error) &&
           store_index_identifiers(picture, object, &op->parts[4], error) &&
           store_index_place(picture, object, &op->parts[5], error);
}

/* The rows of an object that this run has spoken of: the one it began, and the one before that is
 * open or ended by this run. */
static gboolean touched_versions(struct store_picture *picture, gint64 object, struct row *ret_own,
                                 struct row *ret_before, gboolean *ret_ended, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_VERSION_TOUCHED);
    store_query_int(&query, object);
    store_query_int(&query, picture->point);
    *ret_own = *ret_before = (struct row){0};
    *ret_ended = FALSE;
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return TRUE;
        gboolean own = store_column_int(&query, 1) == picture->point;
        struct row *found = own ? ret_own : ret_before;
        found->id = store_column_int(&query, 0);
        store_column_hash(&query, 3, found->hash);
        if (!own)
            *ret_ended = store_column_int(&query, 2) != 0;
    }
    return FALSE;
}

static gboolean same_hash(const struct row *row, const struct store_op *op)
{
    return row->id && memcmp(row->hash, op->hash, STORE_HASH_LEN) == 0;
}

/* An object that this run has spoken of before: what it says now replaces that. */
static gboolean put_again(struct store_picture *picture, const struct store_op *op, gint64 object,
                          GError **error)
{
    struct row own, before;
    gboolean ended;
    if (!touched_versions(picture, object, &own, &before, &ended, error))
        return FALSE;
    if (same_hash(&own, op))
        return TRUE;
    if (own.id && !remove_version(picture, own.id, error))
        return FALSE;
    if (same_hash(&before, op))
        return !ended || go_on_version(picture, before.id, error);
    return (!before.id || ended || end_version(picture, before.id, error)) &&
           insert_version(picture, op, object, error);
}

static gboolean put_record(struct store_picture *picture, const struct store_op *op, GError **error)
{
    gint64 object;
    struct row open = {0};
    if (!need_object(picture->store, op->directory, &op->parts[0], &object, error))
        return FALSE;
    if (is_touched(picture, object))
        return put_again(picture, op, object, error);
    touch(picture, object);
    /* one that this run entered has no version yet */
    if (object < picture->first_object && !open_version(picture->store, object, &open, error))
        return FALSE;
    if (same_hash(&open, op))
        return TRUE;
    return (!open.id || end_version(picture, open.id, error)) &&
           insert_version(picture, op, object, error);
}

/* --- links ------------------------------------------------------------------------------------ */

static void bind_link(struct store_query *query, gint64 source, const struct store_part *kind,
                      gint64 target)
{
    store_query_int(query, source);
    store_query_part(query, kind->data, kind->len);
    store_query_int(query, target);
}

struct span {
    gboolean found;
    gint64 from, until; /* until 0: open */
};

/* The newest interval of a link. */
static gboolean newest_span(struct store_picture *picture, gint64 source,
                            const struct store_part *kind, gint64 target, struct span *ret,
                            GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_LINK_NEWEST);
    bind_link(&query, source, kind, target);
    *ret = (struct span){0};
    if (!store_query_step(&query, &ret->found, error))
        return FALSE;
    if (ret->found) {
        ret->from = store_column_int(&query, 0);
        ret->until = store_column_int(&query, 1);
    }
    return TRUE;
}

/* until 0: it goes on. */
static gboolean set_until(struct store_picture *picture, gint64 source,
                          const struct store_part *kind, gint64 target, gint64 from, gint64 until,
                          GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_LINK_EXTEND);
    bind_link(&query, source, kind, target);
    store_query_int(&query, from);
    if (until)
        store_query_int(&query, until);
    return store_query_run(&query, error);
}

static gboolean add_link(struct store_picture *picture, enum store_statement id, gint64 source,
                         const struct store_part *kind, gint64 target, gint64 from, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, id);
    bind_link(&query, source, kind, target);
    if (from)
        store_query_int(&query, from);
    return store_query_run(&query, error);
}

/* Only what was there before must be marked, and only where silence will mean something. */
static gboolean mark_seen(struct store_picture *picture, const struct store_op *op, gint64 source,
                          gint64 target, GError **error)
{
    return op->incremental ||
           add_link(picture, Q_LINK_SEEN, source, &op->parts[1], target, 0, error);
}

static gboolean put_link(struct store_picture *picture, const struct store_op *op, GError **error)
{
    const struct store_part *kind = &op->parts[1];
    gint64 source, target;
    struct span span = {0};
    if (!find_source(picture, op, TRUE, &source, error) ||
        !need_object(picture->store, op->directory, &op->parts[2], &target, error))
        return FALSE;
    if (picture->first_links)
        return store_index_link(picture, source, kind, target, error);
    if (!newest_span(picture, source, kind, target, &span, error))
        return FALSE;
    if (!span.found || (span.until && span.until < picture->point))
        return add_link(picture, Q_LINK_ADD, source, kind, target, picture->point, error);
    if (span.from == picture->point)
        return TRUE;
    return (!span.until || set_until(picture, source, kind, target, span.from, 0, error)) &&
           mark_seen(picture, op, source, target, error);
}

static gboolean drop_link(struct store_picture *picture, const struct store_op *op, GError **error)
{
    const struct store_part *kind = &op->parts[1];
    gint64 source, target;
    struct span span;
    if (!find_source(picture, op, FALSE, &source, error) ||
        !find_object(picture->store, op->directory, &op->parts[2], &target, error))
        return FALSE;
    if (!source || !target)
        return TRUE;
    if (!newest_span(picture, source, kind, target, &span, error))
        return FALSE;
    if (!span.found || span.until)
        return TRUE;
    return span.from == picture->point
               ? add_link(picture, Q_LINK_REMOVE, source, kind, target, span.from, error)
               : set_until(picture, source, kind, target, span.from, picture->point, error);
}

/* None of these links is there until it is named again. */
static gboolean expect_links(struct store_picture *picture, const struct store_op *op,
                             GError **error)
{
    static const enum store_statement steps[] = {Q_LINKS_OF_KIND_REMOVE, Q_LINKS_OF_KIND_END};
    gint64 source;
    if (!find_source(picture, op, FALSE, &source, error))
        return FALSE;
    for (guint i = 0; source && i < G_N_ELEMENTS(steps); i++) {
        STORE_QUERY_AUTO query = store_query_begin(picture->store, steps[i]);
        store_query_int(&query, source);
        store_query_part(&query, op->parts[1].data, op->parts[1].len);
        store_query_int(&query, picture->point);
        if (!store_query_run(&query, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean forget_object(struct store_picture *picture, const struct store_op *op,
                              GError **error)
{
    static const enum store_statement steps[] = {
        Q_VERSION_OF_REMOVE, Q_VERSION_OF_END,  Q_LINKS_OF_REMOVE,
        Q_LINKS_OF_END,      Q_LINKS_TO_REMOVE, Q_LINKS_TO_END,
    };
    gint64 object;
    if (!find_object(picture->store, op->directory, &op->parts[0], &object, error))
        return FALSE;
    if (!object)
        return TRUE;
    touch(picture, object);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (!store_exec(picture->store, steps[i], 2, (gint64[]){object, picture->point}, error))
            return FALSE;
    }
    return TRUE;
}

gboolean store_picture_apply(struct store_picture *picture, const struct store_op *op,
                             GError **error)
{
    static gboolean (*const actions[])(struct store_picture *, const struct store_op *,
                                       GError **) = {
        [STORE_OP_RECORD] = put_record,  [STORE_OP_LINK] = put_link,
        [STORE_OP_UNLINK] = drop_link,   [STORE_OP_FOLLOW] = expect_links,
        [STORE_OP_GONE] = forget_object, [STORE_OP_EVENT] = store_index_event,
    };
    gboolean takes_back =
        op->kind == STORE_OP_UNLINK || op->kind == STORE_OP_FOLLOW || op->kind == STORE_OP_GONE;
    picture->loosened = picture->loosened || takes_back;
    if (takes_back && picture->links->len && !store_picture_flush(picture, error))
        return FALSE;
    return actions[op->kind](picture, op, error);
}

/* --- the end of a half ------------------------------------------------------------------------ */

/* What an optional read did not deliver counts as heard of: its absence says nothing. */
static gboolean keep_unread(struct store_picture *picture, enum cor_directory directory,
                            const struct cor_unread *unread, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_TYPE_OBJECTS);
    store_query_int(&query, directory);
    store_query_text(&query, unread->type);
    store_query_int(&query, unread->life);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return TRUE;
        touch(picture, store_column_int(&query, 0));
    }
    return FALSE;
}

/* Links of what is still there, once it is known what is. */
static gboolean keep_links(struct store_picture *picture, enum cor_directory directory,
                           const struct cor_unread *unread, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_LINKS_KEEP);
    store_query_int(&query, directory);
    store_query_text(&query, unread->type);
    store_query_text(&query, unread->kind);
    return store_query_run(&query, error);
}

#define CLOSE_AT_ONCE                                                                              \
    4096 /* versions found before they are ended: rows must not change in a walk */

/* Versions of up to CLOSE_AT_ONCE unseen objects behind *at, which moves on; 0 at the end. */
static gboolean find_unseen(struct store_picture *picture, enum cor_directory directory, gint64 *at,
                            GArray *versions, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(picture->store, Q_VERSION_OPEN_WALK);
    store_query_int(&query, *at);
    g_array_set_size(versions, 0);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        *at = row ? store_column_int(&query, 0) : 0;
        if (!row || versions->len == CLOSE_AT_ONCE)
            return TRUE;
        gint64 of, version = store_column_int(&query, 1);
        if (is_touched(picture, *at))
            continue;
        if (!store_exec_value(picture->store, Q_OBJECT_DIRECTORY, 1, at, -1, &of, error))
            return FALSE;
        if (of == (gint64)directory)
            g_array_append_val(versions, version);
    }
    return FALSE;
}

static gboolean close_versions(struct store_picture *picture, enum cor_directory directory,
                               GError **error)
{
    g_autoptr(GArray) versions = g_array_new(FALSE, FALSE, sizeof(gint64));
    gint64 at = 0;
    do {
        /* the object at which a full list stopped is looked at again */
        gint64 from = at > 0 ? at - 1 : 0;
        if (!find_unseen(picture, directory, &from, versions, error))
            return FALSE;
        at = from;
        for (guint i = 0; i < versions->len; i++) {
            if (!end_version(picture, g_array_index(versions, gint64, i), error))
                return FALSE;
        }
    } while (at > 0);
    return TRUE;
}

gboolean store_picture_close_unseen(struct store_picture *picture, enum cor_directory directory,
                                    const GPtrArray *unread, GError **error)
{
    for (guint i = 0; i < unread->len; i++) {
        const struct cor_unread *one = unread->pdata[i];
        if (!one->kind && !keep_unread(picture, directory, one, error))
            return FALSE;
    }
    if (!close_versions(picture, directory, error))
        return FALSE;
    for (guint i = 0; i < unread->len; i++) {
        const struct cor_unread *one = unread->pdata[i];
        if (one->life == COR_LIVE && !keep_links(picture, directory, one, error))
            return FALSE;
    }
    return store_exec(picture->store, Q_LINKS_CLOSE_UNSEEN, 2,
                      (gint64[]){picture->point, directory}, error);
}

static gboolean run_steps(struct store_picture *picture, const enum store_statement *steps,
                          guint count, enum cor_directory directory, GError **error)
{
    for (guint i = 0; i < count; i++) {
        if (!store_exec(picture->store, steps[i], 2, (gint64[]){picture->point, directory}, error))
            return FALSE;
    }
    return TRUE;
}

gboolean store_picture_reopen(struct store_picture *picture, enum cor_directory directory,
                              GError **error)
{
    static const enum store_statement steps[] = {Q_REOPEN_VERSIONS, Q_REOPEN_LINKS};
    return run_steps(picture, steps, G_N_ELEMENTS(steps), directory, error);
}

static gboolean undo_events(struct store_picture *picture, const char *source, GError **error)
{
    static const enum store_statement steps[] = {Q_UNDO_EVENT_KEYS, Q_UNDO_EVENTS};
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        STORE_QUERY_AUTO query = store_query_begin(picture->store, steps[i]);
        store_query_int(&query, picture->point);
        store_query_text(&query, source);
        if (!store_query_run(&query, error))
            return FALSE;
    }
    return TRUE;
}

gboolean store_picture_undo(struct store_picture *picture, enum cor_directory directory,
                            const char *source_or_null, GError **error)
{
    static const enum store_statement steps[] = {Q_UNDO_LINKS, Q_UNDO_VERSIONS};
    picture->loosened = TRUE;
    return run_steps(picture, steps, G_N_ELEMENTS(steps), directory, error) &&
           store_picture_reopen(picture, directory, error) &&
           (!source_or_null || undo_events(picture, source_or_null, error));
}
