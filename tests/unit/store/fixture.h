/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_TESTS_UNIT_STORE_FIXTURE_H
#define ANCHORWATCH_TESTS_UNIT_STORE_FIXTURE_H

/*
 * A store in a folder of its own and a short way to write captures. Everything aborts the test on
 * failure with the whole error text. Times are minutes after START_US.
 */

#include "agent/store/database.h"
#include "agent/store/store.h"
#include "correlate/error.h"
#include "correlate/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#define START_US  G_GINT64_CONSTANT(1767225600000000) /* 2026-01-01T00:00:00Z */
#define MINUTE(n) (START_US + (gint64)(n)*60 * 1000000)
#define ALICE     "11111111-0000-4000-8000-000000000001"
#define BOB       "22222222-0000-4000-8000-000000000002"
#define CAROL     "33333333-0000-4000-8000-000000000003"
#define STAFF     "44444444-0000-4000-8000-000000000004"
#define CLOUD     "55555555-0000-4000-8000-000000000005"

struct fixture {
    char *folder, *path;
    struct store *store;
};

static inline void expect_ok(gboolean ok, GError *error, const char *file, int line)
{
    if (!ok || error) {
        print_error("%s:%d: %s\n", file, line, error ? error->message : "failed without an error");
        fail();
    }
}
#define OK(call)                                                                                   \
    do {                                                                                           \
        GError *error = NULL;                                                                      \
        gboolean ok_ = (call) ? TRUE : FALSE;                                                      \
        expect_ok(ok_, error, __FILE__, __LINE__);                                                 \
    } while (0)

/* The call fails with this code and says all of these texts (NULL-terminated). */
static inline void expect_error(GError *error, int code, const char *const *texts)
{
    assert_non_null(error);
    assert_int_equal(error->domain, STORE_ERROR);
    if (error->code != code)
        print_error("%s\n", error->message);
    assert_int_equal(error->code, code);
    for (; *texts; texts++) {
        if (!strstr(error->message, *texts)) {
            print_error("'%s' is not in: %s\n", *texts, error->message);
            fail();
        }
    }
    g_error_free(error);
}
#define FAILS(call, code, ...)                                                                     \
    do {                                                                                           \
        GError *error = NULL;                                                                      \
        assert_false((call) ? TRUE : FALSE);                                                       \
        expect_error(error, code, (const char *const[]){__VA_ARGS__, NULL});                       \
    } while (0)

static inline struct fixture *fixture_new(void)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->folder = g_dir_make_tmp("anchorwatch-store-XXXXXX", NULL);
    assert_non_null(fixture->folder);
    fixture->path = g_build_filename(fixture->folder, "store.db", NULL);
    return fixture;
}

static inline void fixture_open(struct fixture *fixture)
{
    OK((fixture->store = store_open(fixture->path, STORE_WRITE, &error)));
}

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = fixture_new();
    fixture_open(fixture);
    *state = fixture;
    return 0;
}

static inline void empty_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    empty_folder(fixture->folder);
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->path);
    g_free(fixture);
    return 0;
}

/* --- captures -------------------------------------------------------------------------------- */

static inline struct store_run *begin(struct store *store, int minute)
{
    struct store_run *run = NULL;
    OK((run = store_run_begin(store, MINUTE(minute), &error)));
    return run;
}

static inline struct cor_sink *sink_of(struct store_run *run, enum cor_directory directory)
{
    return store_run_sink(run, directory, directory == COR_AD ? "corp.example.test" : "tenant");
}

static inline struct cor_record *make_record(enum cor_directory directory, const char *type,
                                             const char *key, const char *name, const char *title)
{
    struct cor_record *record = cor_record_new(directory, type, key);
    g_free(record->name);
    record->name = g_strdup(name);
    cor_json_add_string(record->attributes,
                        directory == COR_AD ? "sAMAccountName" : "userPrincipalName", name);
    cor_json_add_string(record->attributes, "title", title);
    return record;
}

static inline void put(struct store_run *run, enum cor_directory directory, const char *type,
                       const char *key, const char *name, const char *title)
{
    COR_RECORD_AUTO *record = make_record(directory, type, key, name, title);
    struct cor_sink *sink = sink_of(run, directory);
    OK(sink->record(sink, record, &error));
}

static inline void tie(struct store_run *run, enum cor_directory directory, const char *source,
                       const char *kind, const char *target)
{
    const struct cor_link link = {directory, kind, source, target};
    struct cor_sink *sink = sink_of(run, directory);
    OK(sink->link(sink, &link, &error));
}

static inline void log_event(struct store_run *run, const char *id, int minute, const char *actor,
                             const char *target)
{
    g_autofree char *text =
        g_strdup_printf("{\"activity\":\"Update user\",\"actor\":{\"kind\":\"user\",\"id\":\"%s\"},"
                        "\"targets\":[{\"id\":\"%s\",\"type\":\"User\"}]}",
                        actor, target);
    COR_JSON_AUTO *doc = cor_json_parse(text, strlen(text), 0, NULL);
    const struct cor_event event = {id, MINUTE(minute), doc};
    struct cor_sink *sink = sink_of(run, COR_ENTRA);
    OK(sink->event(sink, &event, &error));
}

/* End a half with (or without) proof. */
static inline void finish(struct store_run *run, enum cor_directory directory, gboolean proven)
{
    struct cor_proof *proof = cor_proof_new(directory);
    const struct cor_half_stats stats = {.objects = 3, .requests = 2, .bytes = 1000};
    struct cor_sink *sink = sink_of(run, directory);
    cor_proof_require(proof, "everything");
    if (directory == COR_AD)
        cor_proof_ldap(proof, "everything", 0, proven ? 0 : 5, 0, 0);
    else
        cor_proof_graph(proof, "everything", 200, !proven);
    OK(sink->finish(sink, proof, &stats, &error));
    cor_proof_free(proof);
}

static inline gint64 commit(struct store_run *run, int minute)
{
    gint64 point = 0;
    OK(store_run_commit(run, MINUTE(minute), &point, &error));
    return point;
}

/* The world most tests start from: two users in a group, a cloud user, one audit record. */
static inline void put_world(struct store_run *run, const char *alice_title)
{
    put(run, COR_AD, "user", ALICE, "alice", alice_title);
    put(run, COR_AD, "user", BOB, "bob", "clerk");
    put(run, COR_AD, "group", STAFF, "staff", NULL);
    tie(run, COR_AD, STAFF, "member", ALICE);
    tie(run, COR_AD, STAFF, "member", BOB);
    put(run, COR_ENTRA, "user", CLOUD, "alice@example.test", alice_title);
    log_event(run, "audit-1", 1, BOB, CLOUD);
}

static inline gint64 capture_world(struct store *store, int minute, const char *alice_title)
{
    struct store_run *run = begin(store, minute);
    put_world(run, alice_title);
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    return commit(run, minute);
}

/* --- looking --------------------------------------------------------------------------------- */

/* First column of a query as an integer; the tests' own SQL. */
static inline gint64 number_of(struct store *store, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    gint64 value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

/* The same as text; caller frees. */
static inline char *text_of(struct store *store, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    char *text = g_strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return text;
}

/* Every object and link of a point as text, one a line, read through the view alone. */
static inline void describe_directory(struct cor_view *view, enum cor_directory directory,
                                      GString *out)
{
    struct cor_reader *reader = NULL;
    const struct cor_record *record = NULL;
    OK((reader = view->read(view, directory, NULL, &error)));
    for (;;) {
        OK(reader->next(reader, &record, &error));
        if (!record)
            break;
        g_string_append_printf(out, "%s %s %s %s %s", cor_directory_name(directory), record->key,
                               record->type, record->name, cor_life_name(record->life));
        cor_json_canonical(record->attributes, out);
        g_autoptr(GPtrArray) targets = NULL;
        OK((targets = view->links(view, directory, "member", record->key, FALSE, &error)));
        for (guint i = 0; i < targets->len; i++)
            g_string_append_printf(out, " >%s", (char *)g_ptr_array_index(targets, i));
        g_string_append_c(out, '\n');
    }
    reader->close(reader);
}

static inline char *describe_point(struct store *store, gint64 point)
{
    GString *out = g_string_new(NULL);
    struct cor_view *view = NULL;
    OK((view = store_view_open(store, point, &error)));
    describe_directory(view, COR_AD, out);
    describe_directory(view, COR_ENTRA, out);
    store_view_close(view);
    return g_string_free(out, FALSE);
}

/* Title of one object at a point; "-" when the object is not there. Caller frees. */
static inline char *title_at(struct store *store, gint64 point, enum cor_directory directory,
                             const char *key)
{
    struct cor_view *view = NULL;
    OK((view = store_view_open(store, point, &error)));
    GError *error = NULL;
    COR_RECORD_AUTO *record = view->get(view, directory, key, &error);
    assert_null(error);
    char *title = g_strdup(record ? cor_record_text(record, "title") : "-");
    store_view_close(view);
    return title;
}
#define ASSERT_TITLE(store, point, directory, key, title)                                          \
    do {                                                                                           \
        g_autofree char *title_ = title_at(store, point, directory, key);                          \
        assert_string_equal(title_, title);                                                        \
    } while (0)

static inline guint link_count(struct store *store, gint64 point, const char *key,
                               gboolean incoming)
{
    struct cor_view *view = NULL;
    g_autoptr(GPtrArray) keys = NULL;
    OK((view = store_view_open(store, point, &error)));
    OK((keys = view->links(view, COR_AD, "member", key, incoming, &error)));
    store_view_close(view);
    return keys->len;
}

/* Number of problems that verification finds; they are printed when expected is 0. */
static inline guint problem_count(struct store *store, gboolean print)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *head = NULL;
    OK(store_verify(store, problems, &head, &error));
    assert_int_equal(strlen(head), 64);
    for (guint i = 0; print && i < problems->len; i++)
        print_error("%s\n", (char *)g_ptr_array_index(problems, i));
    return problems->len;
}
#define ASSERT_VERIFIES(store) assert_int_equal(problem_count(store, TRUE), 0)

/* The index of identifiers as it was before version 4: from the documents. */
static inline void fill_old_identifiers(struct store *store)
{
    sqlite3_stmt *walk = NULL, *add = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db,
                                        "SELECT o.directory, o.key, v.document, o.id FROM version v"
                                        " JOIN object o ON o.id = v.object",
                                        -1, &walk, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(store->db,
                                        "INSERT OR IGNORE INTO identifier VALUES (?1, ?2, ?3)", -1,
                                        &add, NULL),
                     SQLITE_OK);
    while (sqlite3_step(walk) == SQLITE_ROW) {
        COR_RECORD_AUTO *record = NULL;
        OK((record = store_codec_load(
                &store->codec, (enum cor_directory)sqlite3_column_int(walk, 0),
                (const char *)sqlite3_column_text(walk, 1), sqlite3_column_blob(walk, 2),
                (gsize)sqlite3_column_bytes(walk, 2), &error)));
        g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
        for (guint i = 0; i < identifiers->len; i++) {
            const struct cor_identifier *identifier = identifiers->pdata[i];
            sqlite3_bind_int(add, 1, identifier->kind);
            sqlite3_bind_text(add, 2, identifier->value, -1, SQLITE_STATIC);
            sqlite3_bind_int64(add, 3, sqlite3_column_int64(walk, 3));
            assert_int_equal(sqlite3_step(add), SQLITE_DONE);
            sqlite3_reset(add);
        }
    }
    sqlite3_finalize(walk);
    sqlite3_finalize(add);
}

/* Turn the closed store at path into one of schema version 1: its SQL, with the rows moved over. */
static inline void make_version_1(const char *path)
{
    static const char *const tables[] = {"ledger", "head",  "point",       "object",   "version",
                                         "link",   "event", "object_type", "event_key"};
    const struct store_schema first = {store_schema.steps, 1};
    g_autofree char *newer = g_strconcat(path, ".newer", NULL);
    g_unlink(newer);
    assert_int_equal(g_rename(path, newer), 0);
    struct store *store = NULL;
    OK((store = store_open_schema(path, STORE_WRITE, &first, &error)));
    g_autofree char *attach =
        g_strdup_printf("PRAGMA foreign_keys = OFF; ATTACH '%s' AS newer", newer);
    assert_int_equal(sqlite3_exec(store->db, attach, NULL, NULL, NULL), SQLITE_OK);
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *sql =
            g_strdup_printf("INSERT INTO main.%s SELECT * FROM newer.%s", tables[i], tables[i]);
        assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    fill_old_identifiers(store);
    store_close(store);
    assert_int_equal(g_unlink(newer), 0);
}

/* Keys of which nothing is known are left by no run. */
#define ASSERT_NO_LOOSE_KEYS(store)                                                                \
    assert_int_equal(number_of(store,                                                              \
                               "SELECT count(*) FROM object o WHERE NOT EXISTS "                   \
                               "(SELECT 1 FROM version WHERE object = o.id) AND NOT EXISTS "       \
                               "(SELECT 1 FROM link WHERE source = o.id OR target = o.id)"),       \
                     0)

#endif
