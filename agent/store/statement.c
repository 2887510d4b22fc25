/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running statements from the table in sql.c. Invariant: whatever a step answers other than a row
 * or done becomes an error with SQLite's extended code, and a statement is reset with its bindings
 * cleared when its user is done. No SQL is put together at run time anywhere.
 */
#include "agent/store/statement.h"

#include "agent/store/database.h"

#include <string.h>

static int prepare(struct store *store, enum store_statement id, sqlite3_stmt **ret)
{
    return sqlite3_prepare_v3(store->db, store_statement_sql(id), -1, SQLITE_PREPARE_PERSISTENT,
                              ret, NULL);
}

struct store_query store_query_begin(struct store *store, enum store_statement id)
{
    struct store_query query = {.store = store, .id = id, .rc = SQLITE_OK};
    query.own = store->in_use[id];
    if (query.own) {
        query.rc = prepare(store, id, &query.stmt);
        return query;
    }
    if (!store->statements[id])
        query.rc = prepare(store, id, &store->statements[id]);
    query.stmt = store->statements[id];
    store->in_use[id] = TRUE;
    return query;
}

void store_query_end(struct store_query *query)
{
    if (!query->store)
        return;
    if (query->own) {
        sqlite3_finalize(query->stmt);
    } else {
        sqlite3_reset(query->stmt);
        sqlite3_clear_bindings(query->stmt);
        query->store->in_use[query->id] = FALSE;
    }
    query->store = NULL;
}

static void remember(struct store_query *query, int rc)
{
    if (query->rc == SQLITE_OK)
        query->rc = rc;
}

void store_query_int(struct store_query *query, gint64 value)
{
    remember(query, sqlite3_bind_int64(query->stmt, ++query->bound, value));
}

void store_query_text(struct store_query *query, const char *text_or_null)
{
    query->bound++;
    if (text_or_null)
        remember(query, sqlite3_bind_text64(query->stmt, query->bound, text_or_null,
                                            strlen(text_or_null), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void store_query_part(struct store_query *query, const char *text, gsize len)
{
    remember(query, sqlite3_bind_text64(query->stmt, ++query->bound, text, len, SQLITE_STATIC,
                                        SQLITE_UTF8));
}

void store_query_bytes(struct store_query *query, const void *data_or_null, gsize len)
{
    query->bound++;
    if (data_or_null)
        remember(query,
                 sqlite3_bind_blob64(query->stmt, query->bound, data_or_null, len, SQLITE_STATIC));
}

void store_query_again(struct store_query *query)
{
    sqlite3_reset(query->stmt);
    sqlite3_clear_bindings(query->stmt);
    query->bound = 0;
}

gboolean store_query_step(struct store_query *query, gboolean *ret_row, GError **error)
{
    if (query->rc != SQLITE_OK)
        return store_fail(query->store, query->rc, error);
    int rc = sqlite3_step(query->stmt);
    *ret_row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return TRUE;
    return store_fail(query->store, rc, error);
}

gboolean store_query_run(struct store_query *query, GError **error)
{
    gboolean row = TRUE;
    while (row) {
        if (!store_query_step(query, &row, error))
            return FALSE;
    }
    return TRUE;
}

gint64 store_column_int(const struct store_query *query, int column)
{
    return sqlite3_column_int64(query->stmt, column);
}

const char *store_column_text(const struct store_query *query, int column)
{
    const char *text = (const char *)sqlite3_column_text(query->stmt, column);
    return text ? text : "";
}

const guint8 *store_column_bytes(const struct store_query *query, int column, gsize *ret_len)
{
    const guint8 *data = sqlite3_column_blob(query->stmt, column);
    *ret_len = (gsize)sqlite3_column_bytes(query->stmt, column);
    return data;
}

void store_column_hash(const struct store_query *query, int column, guint8 ret[32])
{
    gsize len;
    const guint8 *data = store_column_bytes(query, column, &len);
    if (data && len == 32)
        memcpy(ret, data, 32);
    else
        memset(ret, 0, 32);
}

gboolean store_exec(struct store *store, enum store_statement id, guint count, const gint64 *values,
                    GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, id);
    for (guint i = 0; i < count; i++)
        store_query_int(&query, values[i]);
    return store_query_run(&query, error);
}

gboolean store_exec_value(struct store *store, enum store_statement id, guint count,
                          const gint64 *values, gint64 absent, gint64 *ret, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, id);
    for (guint i = 0; i < count; i++)
        store_query_int(&query, values[i]);
    gboolean row = FALSE;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    gboolean present = row && sqlite3_column_type(query.stmt, 0) != SQLITE_NULL;
    *ret = present ? store_column_int(&query, 0) : absent;
    return TRUE;
}
