/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: new, old, newer, foreign, damaged and unreachable files; migrations. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int setup_folder(void **state)
{
    *state = fixture_new();
    return 0;
}

/* Every table, index and view as SQL. */
static char *schema_of(struct store *store)
{
    return text_of(store, "SELECT group_concat(sql, char(10)) FROM "
                          "(SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name)");
}

static void write_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_new_store(void **state)
{
    struct fixture *f = *state;
    mode_t old = umask(0);
    fixture_open(f);
    umask(old);
    struct stat info;
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    g_autofree char *wal = g_strconcat(f->path, "-wal", NULL);
    assert_int_equal(stat(wal, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    g_autofree char *journal = text_of(f->store, "PRAGMA journal_mode");
    assert_string_equal(journal, "wal");
    assert_int_equal(number_of(f->store, "PRAGMA synchronous"), 2);
    assert_int_equal(number_of(f->store, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number_of(f->store, "PRAGMA trusted_schema"), 0);
    assert_int_equal(number_of(f->store, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(number_of(f->store, "PRAGMA application_id"), STORE_APPLICATION_ID);
    assert_int_equal(number_of(f->store, "PRAGMA user_version"), store_schema.version);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM pragma_table_list WHERE "
                                         "schema = 'main' AND type = 'table' AND strict = 0 "
                                         "AND name NOT LIKE 'sqlite_%'"),
                     0);
}

static void test_views_for_the_shell(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    capture_world(f->store, 1, "a");
    capture_world(f->store, 2, "b");
    store_close(f->store);
    f->store = NULL;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    struct store shell = {.db = db};
    g_autofree char *started = text_of(&shell, "SELECT started FROM backup_points WHERE point = 2");
    assert_string_equal(started, "2026-01-01T00:02:00Z");
    assert_int_equal(number_of(&shell, "SELECT count(*) FROM backup_points"), 2);
    assert_int_equal(number_of(&shell, "SELECT count(*) FROM objects_now WHERE directory = 'ad'"),
                     3);
    assert_int_equal(number_of(&shell, "SELECT count(*) FROM object_history"), 6);
    g_autofree char *member = text_of(&shell, "SELECT source_name || ' ' || target_name FROM "
                                              "links_now WHERE target_key = '" BOB "'");
    assert_string_equal(member, "staff bob");
    g_autofree char *when = text_of(&shell, "SELECT time FROM audit_events");
    assert_string_equal(when, "2026-01-01T00:01:00Z");
    sqlite3_close(db);
}

static void test_reading_needs_a_store(void **state)
{
    struct fixture *f = *state;
    FAILS(store_open(f->path, STORE_READ, &error), COR_E_STORE, f->path, "No such file");
    assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
    OK(g_file_set_contents(f->path, "", 0, &error));
    FAILS(store_open(f->path, STORE_READ, &error), COR_E_STORE, f->path, "empty");
}

static void test_reading_an_existing_store(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    capture_world(f->store, 1, "a");
    struct store *reader = NULL;
    OK((reader = store_open(f->path, STORE_READ, &error)));
    ASSERT_TITLE(reader, 1, COR_AD, ALICE, "a");
    capture_world(f->store, 2, "b"); /* a reader sees what was published since */
    ASSERT_TITLE(reader, 2, COR_AD, ALICE, "b");
    FAILS(store_point_pin(reader, 1, TRUE, &error), COR_E_STORE, f->path, "SQLite 8");
    store_close(reader);
}

static void test_newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    capture_world(f->store, 1, "a");
    store_close(f->store);
    f->store = NULL;
    g_autofree char *known = g_strdup_printf("up to %u", store_schema.version);
    write_sql(f->path, "PRAGMA user_version = 77");
    for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++)
        FAILS(store_open(f->path, mode, &error), COR_E_CONFIG, f->path, "version 77", known,
              "newer anchorwatch");
}

static void test_foreign_files_are_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    static const char letter[] = "Dear diary, this is a letter and has nothing to do with it. ";
    g_autoptr(GString) long_letter = g_string_new(NULL);
    while (long_letter->len < 4096)
        g_string_append(long_letter, letter);
    OK(g_file_set_contents(f->path, long_letter->str, -1, &error));
    FAILS(store_open(f->path, STORE_WRITE, &error), COR_E_STORE, f->path, "SQLite 26");
    g_autofree char *after = NULL;
    OK(g_file_get_contents(f->path, &after, NULL, &error));
    assert_string_equal(after, long_letter->str);

    g_unlink(f->path);
    write_sql(f->path, "CREATE TABLE diary (day TEXT)");
    FAILS(store_open(f->path, STORE_WRITE, &error), COR_E_STORE, f->path,
          "not an Anchorwatch store");
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    struct store other = {.db = db};
    g_autofree char *journal = text_of(&other, "PRAGMA journal_mode");
    assert_string_equal(journal, "delete");
    assert_int_equal(number_of(&other, "SELECT count(*) FROM sqlite_schema"), 1);
    sqlite3_close(db);
}

static void test_unreachable_paths(void **state)
{
    struct fixture *f = *state;
    g_autofree char *deep = g_build_filename(f->folder, "missing", "store.db", NULL);
    FAILS(store_open(deep, STORE_WRITE, &error), COR_E_STORE, deep, "No such file");
    FAILS(store_open(f->folder, STORE_WRITE, &error), COR_E_STORE, f->folder, "SQLite");
    if (geteuid() == 0)
        return; /* root reads everything; the rest is for everybody else */
    fixture_open(f);
    store_close(f->store);
    f->store = NULL;
    g_chmod(f->path, 0);
    FAILS(store_open(f->path, STORE_WRITE, &error), COR_E_STORE, f->path, "denied");
}

static void test_truncated_store(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    capture_world(f->store, 1, "a");
    assert_int_equal(sqlite3_exec(f->store->db, "PRAGMA wal_checkpoint(TRUNCATE)", 0, 0, 0), 0);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(truncate(f->path, 4096 * 5), 0);
    GError *error = NULL;
    f->store = store_open(f->path, STORE_READ, &error);
    if (!f->store) {
        expect_error(error, COR_E_STORE, (const char *const[]){f->path, "damaged", NULL});
        return;
    }
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    if (!store_verify(f->store, problems, NULL, &error))
        expect_error(error, COR_E_STORE, (const char *const[]){f->path, "damaged", NULL});
    else
        assert_true(problems->len > 0);
}

/* --- migrations ------------------------------------------------------------------------------ */

/* A program of the future: the real steps and one more. */
struct future {
    const char *steps[16];
    struct store_schema schema;
    char *step, *now, *then; /* the last step; "version N" of today and of then */
};

static struct future *future_new(const char *sql)
{
    struct future *future = g_new0(struct future, 1);
    guint version = store_schema.version;
    assert_true(version < G_N_ELEMENTS(future->steps));
    future->step = g_strdup_printf("%s PRAGMA user_version = %u;", sql, version + 1);
    memcpy(future->steps, store_schema.steps, version * sizeof *future->steps);
    future->steps[version] = future->step;
    future->schema = (struct store_schema){future->steps, version + 1};
    future->now = g_strdup_printf("version %u", version);
    future->then = g_strdup_printf("version %u", version + 1);
    return future;
}

static void future_free(struct future *future)
{
    g_free(future->step);
    g_free(future->now);
    g_free(future->then);
    g_free(future);
}

static const char future_step[] =
    "CREATE TABLE future (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;"
    "INSERT INTO future (note) SELECT name FROM version;"
    "ALTER TABLE point ADD COLUMN label TEXT;";

static void test_migration(void **state)
{
    struct fixture *f = *state;
    struct future *future = future_new(future_step);
    fixture_open(f);
    capture_world(f->store, 1, "a");
    store_close(f->store);
    FAILS(store_open_schema(f->path, STORE_READ, &future->schema, &error), COR_E_STORE, f->path,
          future->now, future->then);
    OK((f->store = store_open_schema(f->path, STORE_WRITE, &future->schema, &error)));
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM future"), 4);
    ASSERT_TITLE(f->store, 1, COR_AD, ALICE, "a");
    ASSERT_VERIFIES(f->store);
    g_autofree char *migrated = schema_of(f->store);
    store_close(f->store);
    FAILS((f->store = store_open(f->path, STORE_WRITE, &error)), COR_E_CONFIG, future->then,
          "newer anchorwatch");
    g_autofree char *fresh_path = g_build_filename(f->folder, "fresh.db", NULL);
    OK((f->store = store_open_schema(fresh_path, STORE_WRITE, &future->schema, &error)));
    g_autofree char *fresh = schema_of(f->store);
    assert_string_equal(migrated, fresh);
    future_free(future);
}

static void test_failed_migration_leaves_the_old_version(void **state)
{
    struct fixture *f = *state;
    struct future *broken = future_new("CREATE TABLE future (id INTEGER PRIMARY KEY) STRICT;"
                                       "INSERT INTO missing VALUES (1);");
    fixture_open(f);
    capture_world(f->store, 1, "a");
    g_autofree char *before = schema_of(f->store);
    store_close(f->store);
    FAILS((f->store = store_open_schema(f->path, STORE_WRITE, &broken->schema, &error)),
          COR_E_STORE, f->path, "missing");
    fixture_open(f);
    g_autofree char *after = schema_of(f->store);
    assert_string_equal(before, after);
    ASSERT_VERIFIES(f->store);
    capture_world(f->store, 2, "b");
    future_free(broken);
}

static void test_migration_waits_for_no_run(void **state)
{
    struct fixture *f = *state;
    struct future *future = future_new(future_step);
    fixture_open(f);
    struct store_run *run = begin(f->store, 1);
    FAILS(store_open_schema(f->path, STORE_WRITE, &future->schema, &error), COR_E_STORE,
          "capturing");
    store_run_abandon(run);
    future_free(future);
}

/* A store of the first version, with what a run that was killed had entered. */
static void test_first_version_is_migrated(void **state)
{
    struct fixture *f = *state;
    const struct store_schema first = {store_schema.steps, 1};
    OK((f->store = store_open_schema(f->path, STORE_WRITE, &first, &error)));
    store_close(f->store);
    f->store = NULL;
    write_sql(f->path, "INSERT INTO staged_run VALUES (1, 99, 1, 1)");
    write_sql(f->path, "INSERT INTO object (directory, key) VALUES (0, 'of a dead run')");
    fixture_open(f);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object"), 0);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM sqlite_schema"
                                         " WHERE name = 'staged_run'"),
                     0);
    g_autofree char *migrated = schema_of(f->store);
    store_close(f->store);
    g_autofree char *fresh_path = g_build_filename(f->folder, "fresh.db", NULL);
    OK((f->store = store_open(fresh_path, STORE_WRITE, &error)));
    g_autofree char *fresh = schema_of(f->store);
    assert_string_equal(migrated, fresh);
    capture_world(f->store, 1, "a");
    ASSERT_VERIFIES(f->store);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup_folder, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_new_store),
        T(test_views_for_the_shell),
        T(test_reading_needs_a_store),
        T(test_reading_an_existing_store),
        T(test_newer_schema_is_refused),
        T(test_foreign_files_are_refused_and_left_alone),
        T(test_unreachable_paths),
        T(test_truncated_store),
        T(test_migration),
        T(test_first_version_is_migrated),
        T(test_failed_migration_leaves_the_old_version),
        T(test_migration_waits_for_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
