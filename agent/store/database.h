/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_DATABASE_H
#define ANCHORWATCH_AGENT_STORE_DATABASE_H

/* The open file: connection, schema, transactions, the lock of the one capture, errors. */

#include "agent/store/codec.h"
#include "agent/store/schema.h"
#include "agent/store/statement.h"

struct store {
    sqlite3 *db;
    char *path;
    enum store_mode mode;
    sqlite3_stmt *statements[STORE_STATEMENTS];
    gboolean in_use[STORE_STATEMENTS];
    struct store_codec codec;
    guint readers;     /* nested store_read_begin calls */
    gboolean own_read; /* the outermost of them started a transaction */
};

/* store_open with another row of migrations; the tests drive upgrades with it. */
struct store *store_open_schema(const char *path, enum store_mode mode,
                                const struct store_schema *schema, GError **error);

/* The one translation of SQLite results: sets COR_E_STORE with path, meaning, extended code and
 * native text, and answers FALSE. */
gboolean store_fail(struct store *store, int rc, GError **error);
/* A store whose content cannot be right: COR_E_STORE, FALSE. */
gboolean store_damaged(struct store *store, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Write transaction. A begin while views are open or in another write is COR_E_BUG. Rollback
 * keeps quiet: it follows a failure that was reported. */
gboolean store_begin(struct store *store, GError **error);
gboolean store_commit(struct store *store, GError **error);
void store_rollback(struct store *store);

/* Give unused pages back to the file system when they are more than a quarter of the file. A
 * convenience outside any transaction: failure is no loss and not reported. */
void store_trim(struct store *store);

/* Write the log into the file and cut it off, as far as readers let go of it. A convenience like
 * store_trim, at the end of a connection's use. */
void store_shorten_log(struct store *store);

/* One consistent picture for several reads; nests, and inside a write transaction it is that. */
gboolean store_read_begin(struct store *store, GError **error);
void store_read_end(struct store *store);
static inline void store_read_cleanup(struct store **store)
{
    if (*store)
        store_read_end(*store);
}
/* STORE_READ_AUTO reading = store after a successful store_read_begin(store). */
#define STORE_READ_AUTO __attribute__((cleanup(store_read_cleanup), unused)) struct store *

/* The lock that a capture, a prune and a migration hold: flock on "<path>.lock", so that it ends
 * with its process however that ends. -1 with COR_E_STORE naming the holder. */
int store_lock(const char *path, GError **error);
void store_unlock(int lock);
#define STORE_LOCK_AUTO __attribute__((cleanup(store_lock_cleanup))) int
static inline void store_lock_cleanup(int *lock)
{
    store_unlock(*lock);
}

#endif
