/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_STATEMENT_H
#define ANCHORWATCH_AGENT_STORE_STATEMENT_H

/*
 * Every SQL statement of the store, and how to run one. Statements are prepared when first used
 * and kept; a second use while the first is still open gets a copy of its own. Bind errors are
 * remembered and reported by the next step, so binds need no checks.
 */

#include "agent/store/store.h"

#include <sqlite3.h>

enum store_statement {
    Q_BEGIN,
    Q_BEGIN_READ,
    Q_TRUST_KEYS,
    Q_TRUST_VALUES,
    Q_COMMIT,
    Q_ROLLBACK,
    Q_APPLICATION_ID,
    Q_USER_VERSION,
    Q_PAGE_COUNT,
    Q_CHECKPOINT_LOG,
    Q_SET_AUTO_VACUUM,
    Q_SET_WAL,
    Q_FREE_PAGES,
    Q_SCHEMA_SIZE,

    Q_OBJECT_ID,
    Q_VERSION_OPEN,
    Q_OBJECT_DIRECTORY,
    Q_OBJECT_ADD,
    Q_OBJECT_NEXT_ID,
    Q_OBJECTS_UNUSED,
    Q_VERSION_ADD,
    Q_VERSION_TOUCHED,
    Q_VERSION_OPEN_WALK,
    Q_VERSION_OF_REMOVE,
    Q_VERSION_OF_END,
    Q_TYPE_ADD,
    Q_TYPE_OBJECTS,
    Q_IDENTIFIER_ADD,
    Q_IDENTIFIER_ADD_MANY,
    Q_PLACE_ADD,
    Q_LINK_ANY,
    Q_LINK_ADD,
    Q_LINK_ADD_MANY,
    Q_LINK_NEWEST,
    Q_LINK_SEEN,
    Q_LINKS_KEEP,
    Q_LINKS_OF_KIND_REMOVE,
    Q_LINKS_OF_KIND_END,
    Q_LINKS_OF_REMOVE,
    Q_LINKS_OF_END,
    Q_LINKS_TO_REMOVE,
    Q_LINKS_TO_END,
    Q_LINKS_CLOSE_UNSEEN,
    Q_EVENT_KNOWN,
    Q_EVENT_ADD,
    Q_EVENT_KEY_ADD,
    Q_REOPEN_VERSIONS,
    Q_REOPEN_LINKS,
    Q_UNDO_VERSIONS,
    Q_UNDO_LINKS,
    Q_UNDO_EVENT_KEYS,
    Q_UNDO_EVENTS,

    Q_CHECKPOINT_WALK,
    Q_CHECKPOINT_GET,
    Q_CHECKPOINT_LIST,
    Q_CHECKPOINT_SET,
    Q_CHECKPOINT_REMOVE,
    Q_CHECKPOINT_REMOVE_ALL,

    Q_POINT_OPENED,
    Q_POINT_CLOSED,
    Q_POINT_LINKED,
    Q_POINT_UNLINKED,
    Q_POINT_EVENTS,
    Q_POINT_ADD,
    Q_POINT_FINISH,
    Q_POINT_NEXT,
    Q_POINT_SET_CONTENT,
    Q_POINT_SET_PINNED,
    Q_POINT_REMOVE,
    Q_POINT_GET,
    Q_POINT_LIST,
    Q_POINT_BEFORE_TIME,
    Q_POINT_BACK,
    Q_LEDGER_ADD,
    Q_LEDGER_WALK,
    Q_HEAD_GET,
    Q_HEAD_SET,

    Q_VIEW_GET,
    Q_VIEW_FIND,
    Q_VIEW_READ,
    Q_VIEW_READ_TYPE,
    Q_VIEW_READ_TREE,
    Q_VIEW_LINKS_OUT,
    Q_VIEW_LINKS_IN,
    Q_VERSION_AT,
    Q_CHANGED_OBJECTS,
    Q_CHANGED_LINKS,
    Q_HISTORY,
    Q_LINK_HISTORY,
    Q_EVENTS_OF_KEY,
    Q_EVENT_NEWEST,

    Q_PRUNE_VERSIONS,
    Q_PRUNE_VERSIONS_FROM,
    Q_PRUNE_VERSIONS_UNTIL,
    Q_PRUNE_LINKS,
    Q_PRUNE_LINKS_FROM,
    Q_PRUNE_LINKS_UNTIL,
    Q_PRUNE_EVENTS,
    Q_TWIN_VERSIONS,
    Q_VERSION_REMOVE,
    Q_VERSION_EXTEND,
    Q_TWIN_LINKS,
    Q_LINK_REMOVE,
    Q_LINK_EXTEND,
    Q_PRUNE_OBJECTS,
    Q_PRUNE_IDENTIFIERS,
    Q_PRUNE_PLACES,
    Q_PRUNE_TYPES,
    Q_VACUUM,

    Q_RULES_ADD,
    Q_RULES_NEWEST,
    Q_RULES_LIST,
    Q_RULES_GET,
    Q_RULES_LAST,

    Q_VERIFY_INTEGRITY,
    Q_VERIFY_FOREIGN_KEYS,
    Q_VERIFY_POINTS,
    Q_VERIFY_VERSIONS,
    Q_VERIFY_LINKS,
    Q_VERIFY_EVENTS,
    Q_VERIFY_RULES,
    Q_VERIFY_IDENTIFIER,
    Q_VERIFY_PLACE,
    Q_VERIFY_TYPE,
    Q_VERIFY_EVENT_KEY,

    STORE_STATEMENTS,
};

/* Rows that a statement "…_MANY" enters at once, which costs half as much as one by one. */
#define STORE_ROWS 64

/* The SQL of a statement; scans tells that it deliberately walks a whole table. For the tests. */
const char *store_statement_sql(enum store_statement id);
gboolean store_statement_scans(enum store_statement id);

/* One use of a statement. Parameters are bound in order; text is copied, bytes and parts of text
 * must live until the statement was stepped or ended. */
struct store_query {
    struct store *store;
    sqlite3_stmt *stmt;
    enum store_statement id;
    int bound; /* parameters bound so far */
    int rc;    /* first failure of preparing or binding */
    gboolean own;
};
#define STORE_QUERY_AUTO __attribute__((cleanup(store_query_end))) struct store_query
struct store_query store_query_begin(struct store *store, enum store_statement id);
void store_query_end(struct store_query *query);
void store_query_int(struct store_query *query, gint64 value);
void store_query_text(struct store_query *query, const char *text_or_null);
void store_query_part(struct store_query *query, const char *text, gsize len);
void store_query_bytes(struct store_query *query, const void *data_or_null, gsize len);
/* Bind again from the first parameter; for loops over one statement. */
void store_query_again(struct store_query *query);
/* TRUE with *ret_row telling whether there is a row. Errors: COR_E_STORE. */
gboolean store_query_step(struct store_query *query, gboolean *ret_row, GError **error);
/* Run to the end, ignoring rows. */
gboolean store_query_run(struct store_query *query, GError **error);

/* Columns of the current row; borrowed until the next step. Text is never NULL. */
gint64 store_column_int(const struct store_query *query, int column);
const char *store_column_text(const struct store_query *query, int column);
const guint8 *store_column_bytes(const struct store_query *query, int column, gsize *ret_len);
/* A 32 byte hash; all zero when the column is anything else. */
void store_column_hash(const struct store_query *query, int column, guint8 ret[32]);

/* Short forms: run a statement with integer parameters; read its first column as an integer
 * (absent when there is no row or it is NULL). */
gboolean store_exec(struct store *store, enum store_statement id, guint count, const gint64 *values,
                    GError **error);
gboolean store_exec_value(struct store *store, enum store_statement id, guint count,
                          const gint64 *values, gint64 absent, gint64 *ret, GError **error);

#endif
