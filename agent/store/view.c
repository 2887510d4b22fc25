/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One backup point as the heart asks about it. Every question is a walk over an index; identifier
 * rows are only candidates and the document decides. Invariant: a view sees one consistent picture
 * until it is closed, even when another process prunes meanwhile.
 */
#include "agent/store/index.h"
#include "agent/store/point.h"
#include "correlate/error.h"
#include "correlate/identity.h"

#include <string.h>

struct store_view {
    struct cor_view view; /* first member: the view is cast back */
    struct store *store;
    gint64 point;
};

struct store_reader {
    struct cor_reader reader; /* first member */
    struct store_query query;
    struct cor_record *current;
    char *tree; /* folded DN that records must lie in; NULL: any */
};

/* The record of a row (directory, key, document). */
static struct cor_record *row_record(const struct store_query *query, GError **error)
{
    gsize len;
    const guint8 *data = store_column_bytes(query, 2, &len);
    struct cor_record *record =
        store_codec_load(&query->store->codec, (enum cor_directory)store_column_int(query, 0),
                         store_column_text(query, 1), data, len, error);
    if (!record)
        g_prefix_error(error, "store '%s' is damaged: ", query->store->path);
    return record;
}

static struct cor_record *view_get(struct cor_view *self, enum cor_directory directory,
                                   const char *key, GError **error)
{
    struct store_view *view = (struct store_view *)self;
    STORE_QUERY_AUTO query = store_query_begin(view->store, Q_VIEW_GET);
    store_query_int(&query, view->point);
    store_query_int(&query, directory);
    store_query_text(&query, key);
    gboolean row;
    if (!store_query_step(&query, &row, error) || !row)
        return NULL;
    return row_record(&query, error);
}

static gboolean carries(const struct cor_record *record, int kind, const char *folded)
{
    g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
    for (guint i = 0; i < identifiers->len; i++) {
        const struct cor_identifier *identifier = g_ptr_array_index(identifiers, i);
        if (identifier->kind == kind && strcmp(identifier->value, folded) == 0)
            return TRUE;
    }
    return FALSE;
}

static GPtrArray *view_find(struct cor_view *self, enum cor_directory directory,
                            int identifier_kind, const char *value, GError **error)
{
    struct store_view *view = (struct store_view *)self;
    g_autofree char *folded = cor_identifier_fold(identifier_kind, value);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
    STORE_QUERY_AUTO query = store_query_begin(view->store, Q_VIEW_FIND);
    store_query_int(&query, view->point);
    store_query_int(&query, directory);
    store_query_int(&query, store_identifier_hash(folded));
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return g_steal_pointer(&found);
        COR_RECORD_AUTO *record = row_record(&query, error);
        if (!record)
            return NULL;
        if (carries(record, identifier_kind, folded))
            g_ptr_array_add(found, g_steal_pointer(&record));
    }
    return NULL;
}

static GPtrArray *view_links(struct cor_view *self, enum cor_directory directory, const char *kind,
                             const char *key, gboolean incoming, GError **error)
{
    struct store_view *view = (struct store_view *)self;
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    STORE_QUERY_AUTO query =
        store_query_begin(view->store, incoming ? Q_VIEW_LINKS_IN : Q_VIEW_LINKS_OUT);
    store_query_int(&query, view->point);
    store_query_int(&query, directory);
    store_query_text(&query, key);
    store_query_text(&query, kind);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return g_steal_pointer(&keys);
        g_ptr_array_add(keys, g_strdup(store_column_text(&query, 0)));
    }
    return NULL;
}

/* --- reader ---------------------------------------------------------------------------------- */

/* The index also knows names of the past: the document decides. */
static gboolean fits(const struct store_reader *reader)
{
    const struct cor_record *record = reader->current;
    const char *dn = cor_record_text(record, "distinguishedName");
    return !reader->tree || (dn && record->life == COR_LIVE && cor_dn_lies_in(dn, reader->tree));
}

static gboolean reader_next(struct cor_reader *self, const struct cor_record **ret_record,
                            GError **error)
{
    struct store_reader *reader = (struct store_reader *)self;
    gboolean row;
    g_clear_pointer(&reader->current, cor_record_free);
    *ret_record = NULL;
    do {
        g_clear_pointer(&reader->current, cor_record_free);
        if (!store_query_step(&reader->query, &row, error))
            return FALSE;
        if (!row)
            return TRUE;
        reader->current = row_record(&reader->query, error);
        if (!reader->current)
            return FALSE;
    } while (!fits(reader));
    *ret_record = reader->current;
    return TRUE;
}

static void reader_close(struct cor_reader *self)
{
    struct store_reader *reader = (struct store_reader *)self;
    if (!reader)
        return;
    store_query_end(&reader->query);
    cor_record_free(reader->current);
    g_free(reader->tree);
    g_free(reader);
}

static struct store_reader *reader_new(const struct store_view *view, enum store_statement id,
                                       enum cor_directory directory)
{
    struct store_reader *reader = g_new0(struct store_reader, 1);
    reader->reader = (struct cor_reader){.next = reader_next, .close = reader_close};
    reader->query = store_query_begin(view->store, id);
    store_query_int(&reader->query, view->point);
    store_query_int(&reader->query, directory);
    return reader;
}

static struct cor_reader *reader_ready(const struct store_view *view, struct store_reader *reader,
                                       GError **error)
{
    if (reader->query.rc == SQLITE_OK)
        return &reader->reader;
    store_fail(view->store, reader->query.rc, error);
    reader_close(&reader->reader);
    return NULL;
}

static struct cor_reader *view_read(struct cor_view *self, enum cor_directory directory,
                                    const char *type_or_null, GError **error)
{
    struct store_view *view = (struct store_view *)self;
    struct store_reader *reader =
        reader_new(view, type_or_null ? Q_VIEW_READ_TYPE : Q_VIEW_READ, directory);
    if (type_or_null)
        store_query_text(&reader->query, type_or_null);
    return reader_ready(view, reader, error);
}

struct cor_reader *store_view_read_tree(struct cor_view *self, const char *dn, GError **error)
{
    struct store_view *view = (struct store_view *)self;
    struct store_reader *reader = reader_new(view, Q_VIEW_READ_TREE, COR_AD);
    reader->tree = cor_identifier_fold(COR_ID_DN, dn);
    store_query_text(&reader->query, reader->tree);
    return reader_ready(view, reader, error);
}

/* --- life ------------------------------------------------------------------------------------ */

struct cor_view *store_view_open(struct store *store, gint64 point, GError **error)
{
    if (!store_read_begin(store, error))
        return NULL;
    struct store_point *found = store_point_load(store, point, error);
    if (!found) {
        store_read_end(store);
        return NULL;
    }
    struct store_view *view = g_new0(struct store_view, 1);
    view->view = (struct cor_view){.get = view_get,
                                   .find = view_find,
                                   .links = view_links,
                                   .read = view_read,
                                   .taken_us = found->finished_us};
    view->store = store;
    view->point = point;
    store_point_free(found);
    return &view->view;
}

void store_view_close(struct cor_view *view)
{
    if (!view)
        return;
    store_read_end(((struct store_view *)view)->store);
    g_free(view);
}
