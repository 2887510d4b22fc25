/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, migrating and locking the file, and the one place that turns SQLite's answers into
 * errors. Invariant: a store is never used unless its application_id and user_version say that
 * this program knows it, and a migration either happened completely or not at all. Says nothing
 * about the content of tables.
 */
#include "agent/store/database.h"

#include "agent/store/index.h"

#include "correlate/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000

static const struct {
    int code;
    const char *meaning;
} meanings[] = {
    {SQLITE_FULL, "the disk is full or a size limit was reached; nothing was lost, free some "
                  "space and try again"},
    {SQLITE_NOTADB, "this file is not an Anchorwatch store"},
    {SQLITE_CORRUPT, "the file is damaged; restore it from a copy"},
    {SQLITE_CANTOPEN, "it cannot be opened"},
    {SQLITE_READONLY, "it cannot be written"},
    {SQLITE_PERM, "access is denied"},
    {SQLITE_BUSY, "another process is using it; try again"},
    {SQLITE_LOCKED, "another process is using it; try again"},
    {SQLITE_IOERR, "reading or writing failed"},
    {SQLITE_NOMEM, "out of memory"},
    {SQLITE_CONSTRAINT, "its content contradicts the schema"},
};

gboolean store_fail(struct store *store, int rc, GError **error)
{
    const char *meaning = "SQLite failed";
    for (guint i = 0; i < G_N_ELEMENTS(meanings); i++) {
        if (meanings[i].code == (rc & 0xff))
            meaning = meanings[i].meaning;
    }
    int system_errno = store->db ? sqlite3_system_errno(store->db) : 0;
    const char *native = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc);
    g_set_error(error, STORE_ERROR, COR_E_STORE, "store '%s': %s (SQLite %d: %s%s%s)", store->path,
                meaning, rc, native, system_errno ? ": " : "",
                system_errno ? g_strerror(system_errno) : "");
    return FALSE;
}

gboolean store_damaged(struct store *store, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, STORE_ERROR, COR_E_STORE, "store '%s' is damaged: %s", store->path, text);
    return FALSE;
}

/* --- transactions ---------------------------------------------------------------------------- */

gboolean store_begin(struct store *store, GError **error)
{
    if (!sqlite3_get_autocommit(store->db)) {
        g_set_error(error, STORE_ERROR, COR_E_BUG,
                    "store '%s': a write was begun while a view or another write was open",
                    store->path);
        return FALSE;
    }
    return store_exec(store, Q_BEGIN, 0, NULL, error);
}

gboolean store_commit(struct store *store, GError **error)
{
    if (store_exec(store, Q_COMMIT, 0, NULL, error))
        return TRUE;
    store_rollback(store);
    return FALSE;
}

void store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        (void)store_exec(store, Q_ROLLBACK, 0, NULL, NULL);
}

void store_trim(struct store *store)
{
    gint64 pages, unused;
    if (store_exec_value(store, Q_PAGE_COUNT, 0, NULL, 0, &pages, NULL) &&
        store_exec_value(store, Q_FREE_PAGES, 0, NULL, 0, &unused, NULL) && unused > pages / 4)
        (void)store_exec(store, Q_VACUUM, 0, NULL, NULL);
}

void store_shorten_log(struct store *store)
{
    sqlite3_busy_timeout(store->db, 0); /* a view that is open must not hold this up */
    STORE_QUERY_AUTO query = store_query_begin(store, Q_CHECKPOINT_LOG);
    (void)store_query_run(&query, NULL);
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
}

gboolean store_read_begin(struct store *store, GError **error)
{
    if (store->readers == 0) {
        store->own_read = sqlite3_get_autocommit(store->db) != 0;
        if (store->own_read && !store_exec(store, Q_BEGIN_READ, 0, NULL, error))
            return FALSE;
    }
    store->readers++;
    return TRUE;
}

void store_read_end(struct store *store)
{
    if (--store->readers == 0 && store->own_read)
        store_rollback(store);
}

/* --- lock ------------------------------------------------------------------------------------ */

static void refuse_lock(const char *path, int fd, GError **error)
{
    char holder[32] = "";
    ssize_t len = pread(fd, holder, sizeof holder - 1, 0);
    holder[len > 0 ? len : 0] = '\0';
    g_set_error(error, STORE_ERROR, COR_E_STORE,
                "store '%s': process %s is capturing or pruning; wait for it to finish", path,
                holder[0] ? g_strchomp(holder) : "(unknown)");
}

int store_lock(const char *path, GError **error)
{
    g_autofree char *name = g_strconcat(path, ".lock", NULL);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        g_set_error(error, STORE_ERROR, COR_E_STORE, "store '%s': cannot open '%s': %s", path, name,
                    g_strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        refuse_lock(path, fd, error);
        close(fd);
        return -1;
    }
    char pid[32];
    int len = g_snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    /* only a courtesy to whoever is refused: the lock itself does not depend on it */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len)
        errno = 0;
    return fd;
}

void store_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* --- schema ---------------------------------------------------------------------------------- */

static gboolean run_script(struct store *store, const char *sql, GError **error)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || store_fail(store, rc, error);
}

static gboolean migrate_step(struct store *store, const struct store_schema *schema,
                             gboolean *ret_done, GError **error)
{
    gint64 version;
    if (!store_begin(store, error))
        return FALSE;
    /* read again: another process may have migrated while we waited */
    if (!store_exec_value(store, Q_USER_VERSION, 0, NULL, 0, &version, error) ||
        (version < schema->version && !run_script(store, schema->steps[version], error))) {
        store_rollback(store);
        return FALSE;
    }
    *ret_done = version + 1 >= schema->version;
    return store_commit(store, error);
}

/* auto_vacuum only takes effect before the first page is written. */
static gboolean prepare_file(struct store *store, GError **error)
{
    if (!store_exec(store, Q_SET_AUTO_VACUUM, 0, NULL, error))
        return FALSE;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_SET_WAL);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    if (row && strcmp(store_column_text(&query, 0), "wal") == 0)
        return TRUE;
    g_set_error(error, STORE_ERROR, COR_E_STORE,
                "store '%s': its file system cannot do write-ahead logging; use a local disk",
                store->path);
    return FALSE;
}

static gboolean migrate(struct store *store, const struct store_schema *schema, gboolean empty,
                        GError **error)
{
    STORE_LOCK_AUTO lock = store_lock(store->path, error);
    if (lock < 0 || (empty && !prepare_file(store, error)))
        return FALSE;
    gboolean done = FALSE;
    while (!done) {
        if (!migrate_step(store, schema, &done, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean refuse_newer(struct store *store, gint64 found, guint known, GError **error)
{
    g_set_error(error, STORE_ERROR, COR_E_CONFIG,
                "store '%s' has schema version %" G_GINT64_FORMAT
                ", this program knows up to %u: use the newer anchorwatch that wrote it, or "
                "configure another store file",
                store->path, found, known);
    return FALSE;
}

static gboolean refuse_older(struct store *store, gint64 found, guint known, GError **error)
{
    if (found == 0)
        g_set_error(error, STORE_ERROR, COR_E_STORE, "store '%s' is empty: take a snapshot first",
                    store->path);
    else
        g_set_error(error, STORE_ERROR, COR_E_STORE,
                    "store '%s' has schema version %" G_GINT64_FORMAT
                    ", this program reads version %u: take a snapshot once to migrate it",
                    store->path, found, known);
    return FALSE;
}

static gboolean check_schema(struct store *store, const struct store_schema *schema, GError **error)
{
    gint64 size, application, version;
    if (!store_exec_value(store, Q_SCHEMA_SIZE, 0, NULL, 0, &size, error) ||
        !store_exec_value(store, Q_APPLICATION_ID, 0, NULL, 0, &application, error) ||
        !store_exec_value(store, Q_USER_VERSION, 0, NULL, 0, &version, error))
        return FALSE;
    if (size > 0 && application != STORE_APPLICATION_ID) {
        g_set_error(error, STORE_ERROR, COR_E_STORE,
                    "'%s' is an SQLite database but not an Anchorwatch store", store->path);
        return FALSE;
    }
    if (version < 0)
        return store_damaged(store, error, "its schema version is negative");
    if (version > schema->version)
        return refuse_newer(store, version, schema->version, error);
    if (version == schema->version)
        return TRUE;
    if (store->mode == STORE_READ)
        return refuse_older(store, version, schema->version, error);
    return migrate(store, schema, size == 0, error);
}

/* --- open ------------------------------------------------------------------------------------ */

static const char connection_settings[] = "PRAGMA trusted_schema = OFF;"
                                          "PRAGMA foreign_keys = ON;"
                                          "PRAGMA cache_size = -8192;"
                                          "PRAGMA temp_store = FILE;"
                                          "PRAGMA journal_size_limit = 16777216;"
                                          "PRAGMA synchronous = FULL;";

/* SQLite would create the file with the umask alone; the directory's secrets want 0600. Not done
 * for an existing file, because closing any descriptor drops this process's locks on it. */
static gboolean create_private(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        return close(fd) == 0;
    if (errno == EEXIST)
        return TRUE;
    g_set_error(error, STORE_ERROR, COR_E_STORE, "store '%s' cannot be created: %s", path,
                g_strerror(errno));
    return FALSE;
}

static gboolean check_present(const char *path, enum store_mode mode, GError **error)
{
    if (mode == STORE_WRITE)
        return create_private(path, error);
    GStatBuf info;
    if (g_stat(path, &info) == 0)
        return TRUE;
    g_set_error(error, STORE_ERROR, COR_E_STORE, "store '%s' cannot be opened: %s", path,
                g_strerror(errno));
    return FALSE;
}

/* identifier_hash(value), for the migration that needs it. */
static void sql_identifier_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *value = (const char *)sqlite3_value_text(values[0]);
    sqlite3_result_int64(context, value ? store_identifier_hash(value) : 0);
}

static gboolean configure(struct store *store, GError **error)
{
    sqlite3_create_function_v2(store->db, "identifier_hash", 1,
                               SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                               sql_identifier_hash, NULL, NULL, NULL);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    return run_script(store, connection_settings, error);
}

/* A connection is used by one thread at a time, so SQLite's own locks guard nothing. */
static gpointer set_up_library(gpointer unused)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return unused;
}

struct store *store_open_schema(const char *path, enum store_mode mode,
                                const struct store_schema *schema, GError **error)
{
    static GOnce library = G_ONCE_INIT;
    g_once(&library, set_up_library, NULL);
    if (!check_present(path, mode, error))
        return NULL;
    STORE_AUTO *store = g_new0(struct store, 1);
    store->path = g_strdup(path);
    store->mode = mode;
    int flags = mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK) {
        store_fail(store, rc, error);
        return NULL;
    }
    if (!configure(store, error) || !check_schema(store, schema, error) ||
        (mode == STORE_WRITE && !run_script(store, store_scratch, error)))
        return NULL;
    return g_steal_pointer(&store);
}

struct store *store_open(const char *path, enum store_mode mode, GError **error)
{
    return store_open_schema(path, mode, &store_schema, error);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (guint i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close_v2(store->db);
    store_codec_release(&store->codec);
    g_free(store->path);
    g_free(store);
}
