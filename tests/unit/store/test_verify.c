/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is altered or removed by hand is noticed. */
#include "fixture.h"

/* Change the file behind the program's back; a tampering that changes no row tests nothing. */
static void tamper(struct store *store, const char *sql)
{
    char *text = NULL;
    int before = sqlite3_total_changes(store->db);
    sqlite3_exec(store->db, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
    sqlite3_exec(store->db, sql, NULL, NULL, &text);
    if (text || sqlite3_total_changes(store->db) == before)
        print_error("%s: %s\n", sql, text ? text : "changed nothing");
    assert_null(text);
    assert_true(sqlite3_total_changes(store->db) > before);
}

/* Five points: change, no change, change, pinned; optionally the second pruned. */
static struct fixture *build(gboolean pruned)
{
    struct fixture *f = fixture_new();
    fixture_open(f);
    capture_world(f->store, 1, "engineer");
    capture_world(f->store, 2, "manager");
    struct store_run *run = begin(f->store, 3);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "group", STAFF, "staff", NULL);
    tie(run, COR_AD, STAFF, "member", ALICE);
    log_event(run, "audit-2", 3, ALICE, CLOUD);
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    commit(run, 3);
    capture_world(f->store, 4, "director");
    capture_world(f->store, 5, "director");
    OK(store_point_pin(f->store, 1, TRUE, &error));
    if (pruned) {
        g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
        const struct store_retention retention = {.keep_last = 3};
        OK(store_prune(f->store, &retention, MINUTE(6), FALSE, removed, &error));
        assert_int_equal(removed->len, 1);
        assert_int_equal(g_array_index(removed, gint64, 0), 2);
    }
    ASSERT_VERIFIES(f->store);
    return f;
}

static const char *const tamperings[] = {
    /* objects */
    "UPDATE version SET document = (SELECT document FROM version WHERE name = 'bob') "
    "WHERE name = 'alice' AND from_point = 1",
    "UPDATE version SET document = x'00' WHERE name = 'alice' AND from_point = 1",
    "UPDATE version SET document = substr(document, 1, 20) WHERE name = 'alice'",
    "UPDATE version SET hash = zeroblob(32) WHERE name = 'bob'",
    "UPDATE version SET document = (SELECT document FROM version WHERE name = 'bob'), "
    "hash = (SELECT hash FROM version WHERE name = 'bob'), name = 'bob' WHERE name = 'alice'",
    "UPDATE version SET name = 'mallory' WHERE name = 'bob'",
    "UPDATE version SET type = 'computer' WHERE name = 'bob'",
    "UPDATE version SET life = 1 WHERE name = 'bob'",
    "DELETE FROM version WHERE name = 'alice' AND from_point = 1",
    "DELETE FROM version WHERE name = 'staff'",
    "UPDATE version SET until_point = NULL WHERE until_point IS NOT NULL",
    "UPDATE version SET until_point = 5 WHERE until_point IS NULL AND name = 'staff'",
    "UPDATE version SET from_point = 3 WHERE name = 'staff'",
    "INSERT INTO version (object, from_point, type, name, life, hash, document) "
    "SELECT object, 5, type, name, life, hash, document FROM version WHERE name = 'staff'",
    "UPDATE object SET key = 'other' WHERE key = '" ALICE "'",
    "UPDATE object SET directory = 1 WHERE key = '" BOB "'",
    "DELETE FROM identifier WHERE object = (SELECT id FROM object WHERE key = '" BOB "')",
    "UPDATE identifier SET object = 99 WHERE hash = (SELECT max(i.hash) FROM identifier i"
    " JOIN object o ON o.id = i.object WHERE o.key = '" ALICE "')",
    "DELETE FROM object_type WHERE key = '" BOB "'",
    /* links */
    "DELETE FROM link WHERE until_point IS NULL",
    "DELETE FROM link WHERE until_point IS NOT NULL",
    "UPDATE link SET until_point = 5 WHERE until_point IS NULL",
    "UPDATE link SET until_point = NULL WHERE until_point IS NOT NULL",
    "UPDATE link SET from_point = 3 WHERE until_point IS NULL AND from_point = 1",
    "UPDATE link SET kind = 'owner'",
    "INSERT INTO link (source, kind, target, from_point) SELECT target, kind, source, from_point "
    "FROM link WHERE until_point IS NULL",
    /* audit records */
    "DELETE FROM event_key; DELETE FROM event WHERE event = 'audit-1'",
    "UPDATE event SET time_us = time_us + 1 WHERE event = 'audit-1'",
    "UPDATE event SET event = 'audit-9' WHERE event = 'audit-1'",
    "UPDATE event SET point = 4 WHERE event = 'audit-1'",
    "UPDATE event SET document = x'00' WHERE event = 'audit-1'",
    "DELETE FROM event_key WHERE key = '" ALICE "'",
    /* points and the ledger */
    "UPDATE point SET finished_us = finished_us + 1 WHERE number = 4",
    "UPDATE point SET state = 'partial' WHERE number = 4",
    "UPDATE point SET pinned = 1 WHERE number = 4",
    "UPDATE point SET pinned = 0 WHERE number = 1",
    "UPDATE point SET content = zeroblob(32) WHERE number = 4",
    "DELETE FROM point WHERE number = 5",
    "DELETE FROM point WHERE number = 3",
    "DELETE FROM point WHERE number = 5; DELETE FROM ledger WHERE point = 5",
    "UPDATE ledger SET body = replace(body, '\"complete\"', '\"partial\"') WHERE entry = 4",
    "UPDATE ledger SET hash = zeroblob(32) WHERE entry = 3",
    "UPDATE ledger SET point = 9 WHERE entry = 5 AND kind = 'point'",
    "DELETE FROM ledger WHERE entry = (SELECT max(entry) FROM ledger)",
    "DELETE FROM ledger WHERE entry = 3",
    "DELETE FROM head",
    "UPDATE head SET entry = entry - 1",
};

static void check_tamperings(gboolean pruned)
{
    for (guint i = 0; i < G_N_ELEMENTS(tamperings); i++) {
        struct fixture *f = build(pruned);
        tamper(f->store, tamperings[i]);
        guint found = problem_count(f->store, FALSE);
        if (found == 0)
            print_error("not noticed: %s\n", tamperings[i]);
        assert_true(found > 0);
        void *state = f;
        fixture_teardown(&state);
    }
}

static void test_tampering_is_noticed(void **state)
{
    (void)state;
    check_tamperings(FALSE);
}

static void test_tampering_after_a_prune_is_noticed(void **state)
{
    (void)state;
    check_tamperings(TRUE);
}

static void test_the_last_point_taken_out_whole(void **state)
{
    (void)state;
    struct fixture *f = build(FALSE);
    /* point 5 changed nothing, so no other row refers to it; the pin is the last entry */
    tamper(f->store, "DELETE FROM ledger WHERE entry >= 5; DELETE FROM point WHERE number = 5;"
                     "UPDATE point SET pinned = 0");
    assert_true(problem_count(f->store, FALSE) > 0);
    void *whole = f;
    fixture_teardown(&whole);
}

/* A bit that flipped inside a stored document. */
static void test_damage_on_disk(void **state)
{
    (void)state;
    struct fixture *f = build(FALSE);
    g_autofree char *copy = g_build_filename(f->folder, "copy.db", NULL);
    assert_int_equal(sqlite3_exec(f->store->db, "PRAGMA wal_checkpoint(TRUNCATE)", 0, 0, 0), 0);
    g_autofree char *data = NULL;
    gsize len;
    OK(g_file_get_contents(f->path, &data, &len, &error));
    char *document = NULL;
    for (gsize i = 0; i + 4 < len && !document; i++) {
        if (memcmp(data + i, "\x28\xb5\x2f\xfd", 4) == 0)
            document = data + i;
    }
    assert_non_null(document);
    document[12] ^= 0x40;
    OK(g_file_set_contents(copy, data, (gssize)len, &error));
    struct store *damaged = NULL;
    OK((damaged = store_open(copy, STORE_READ, &error)));
    assert_true(problem_count(damaged, FALSE) > 0);
    store_close(damaged);
    void *whole = f;
    fixture_teardown(&whole);
}

/* An open version that another connection damaged: reading says so instead of inventing. */
static void test_reading_damage_is_an_error(void **state)
{
    (void)state;
    struct fixture *f = build(FALSE);
    tamper(f->store, "UPDATE version SET document = x'28b52ffd2005010203' WHERE name = 'alice'");
    struct cor_view *view = NULL;
    OK((view = store_view_open(f->store, 1, &error)));
    FAILS(view->get(view, COR_AD, ALICE, &error), COR_E_STORE, f->path, ALICE);
    store_view_close(view);
    void *whole = f;
    fixture_teardown(&whole);
}

/* --- the formulas of docs/store.md, written a second time ------------------------------------- */

static void add_field(GByteArray *out, const char *text)
{
    g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text) + 1);
}

static void add_hash(GByteArray *out, const char *document)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 hash[32];
    gsize len = sizeof hash;
    g_checksum_update(sum, (const guchar *)document, -1);
    g_checksum_get_digest(sum, hash, &len);
    g_byte_array_append(out, hash, sizeof hash);
    add_field(out, "");
}

static void add_version(GByteArray *out, const char *directory, const char *key,
                        const char *document)
{
    add_field(out, "open");
    add_field(out, directory);
    add_field(out, key);
    add_hash(out, document);
}

static void add_member(GByteArray *out, const char *target)
{
    static const char *const fields[] = {"link", "0", STAFF, "member"};
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        add_field(out, fields[i]);
    add_field(out, target);
}

static void test_content_as_documented(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    fixture_open(f);
    capture_world(f->store, 1, "engineer");
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    add_version(bytes, "0", ALICE,
                "{\"attributes\":{\"sAMAccountName\":\"alice\",\"title\":\"engineer\"},"
                "\"life\":\"live\",\"metadata\":null,\"name\":\"alice\",\"type\":\"user\"}");
    add_version(bytes, "0", BOB,
                "{\"attributes\":{\"sAMAccountName\":\"bob\",\"title\":\"clerk\"},"
                "\"life\":\"live\",\"metadata\":null,\"name\":\"bob\",\"type\":\"user\"}");
    add_version(bytes, "0", STAFF,
                "{\"attributes\":{\"sAMAccountName\":\"staff\"},"
                "\"life\":\"live\",\"metadata\":null,\"name\":\"staff\",\"type\":\"group\"}");
    add_version(bytes, "1", CLOUD,
                "{\"attributes\":{\"title\":\"engineer\","
                "\"userPrincipalName\":\"alice@example.test\"},\"life\":\"live\",\"metadata\":null,"
                "\"name\":\"alice@example.test\",\"type\":\"user\"}");
    add_member(bytes, ALICE);
    add_member(bytes, BOB);
    add_field(bytes, "event");
    add_field(bytes, "tenant");
    add_field(bytes, "audit-1");
    add_field(bytes, "1767225660000000");
    add_hash(bytes,
             "{\"activity\":\"Update user\",\"actor\":{\"id\":\"" BOB
             "\",\"kind\":\"user\"},\"targets\":[{\"id\":\"" CLOUD "\",\"type\":\"User\"}]}");
    g_autofree char *digest =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
    g_autofree char *stored = text_of(f->store, "SELECT lower(hex(content)) FROM point");
    assert_string_equal(stored, digest);
    g_autofree char *body = text_of(f->store, "SELECT json_extract(body, '$.content') FROM ledger");
    assert_string_equal(body, digest);
    void *whole = f;
    fixture_teardown(&whole);
}

static void test_chain_as_documented(void **state)
{
    (void)state;
    struct fixture *f = build(TRUE);
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->store->db,
                                        "SELECT body, hash, entry FROM ledger ORDER BY entry", -1,
                                        &stmt, NULL),
                     SQLITE_OK);
    guint8 previous[32] = {0};
    int entries = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        gsize len = sizeof previous;
        g_checksum_update(sum, previous, sizeof previous);
        g_checksum_update(sum, sqlite3_column_text(stmt, 0), -1);
        g_checksum_get_digest(sum, previous, &len);
        assert_memory_equal(previous, sqlite3_column_blob(stmt, 1), sizeof previous);
        assert_int_equal(sqlite3_column_int(stmt, 2), ++entries);
    }
    sqlite3_finalize(stmt);
    assert_int_equal(entries, 7); /* five points, a pin, a prune */
    void *whole = f;
    fixture_teardown(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tampering_is_noticed),
        cmocka_unit_test(test_tampering_after_a_prune_is_noticed),
        cmocka_unit_test(test_the_last_point_taken_out_whole),
        cmocka_unit_test(test_damage_on_disk),
        cmocka_unit_test(test_reading_damage_is_an_error),
        cmocka_unit_test(test_content_as_documented),
        cmocka_unit_test(test_chain_as_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
