/* SPDX-License-Identifier: Apache-2.0 */
/* Imported rules: versions that are added once, kept, and vouched for by the ledger. */
#include "agent/store/rules.h"
#include "fixture.h"

static struct cor_json *document(const char *word)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "source", word);
    return json;
}

static gint64 add(struct store *store, const char *word, int minute, gboolean expect_added)
{
    gint64 number = 0;
    gboolean added = !expect_added;
    COR_JSON_AUTO *json = document(word);
    OK(store_rules_add(store, json, "connect-export", "/exports/one", MINUTE(minute), &number,
                       &added, &error));
    assert_int_equal(added, expect_added);
    return number;
}

static void test_versions(void **state)
{
    struct fixture *f = *state;
    FAILS(store_rules_load(f->store, 0, &error), COR_E_NOT_FOUND, "imported");
    assert_int_equal(add(f->store, "a", 1, TRUE), 1);
    assert_int_equal(add(f->store, "a", 2, FALSE), 1);
    assert_int_equal(add(f->store, "b", 3, TRUE), 2);
    assert_int_equal(add(f->store, "a", 4, TRUE), 3); /* back to what was: a change again */
    g_autoptr(GPtrArray) list = NULL;
    OK((list = store_rules_list(f->store, &error)));
    assert_int_equal(list->len, 3);
    const struct store_rule_set *first = list->pdata[0], *third = list->pdata[2];
    assert_string_equal(first->hash, third->hash);
    assert_int_equal(first->imported_us, MINUTE(1));
    assert_null(first->document);
    struct store_rule_set *set = NULL;
    OK((set = store_rules_load(f->store, 2, &error)));
    assert_string_equal(cor_json_get_string(set->document, "source"), "b");
    assert_string_equal(set->origin, "/exports/one");
    store_rule_set_free(set);
    OK((set = store_rules_load(f->store, 0, &error)));
    assert_int_equal(set->number, 3);
    store_rule_set_free(set);
    FAILS(store_rules_load(f->store, 9, &error), COR_E_NOT_FOUND, "version 9");
    ASSERT_VERIFIES(f->store);
}

static void test_tampering_is_noticed(void **state)
{
    static const char *const tamperings[] = {
        "UPDATE rule_set SET document = (SELECT document FROM rule_set WHERE number = 2) "
        "WHERE number = 1",
        "UPDATE rule_set SET document = x'00' WHERE number = 1",
        "UPDATE rule_set SET hash = (SELECT hash FROM rule_set WHERE number = 2), "
        "document = (SELECT document FROM rule_set WHERE number = 2) WHERE number = 1",
        "UPDATE rule_set SET origin = '/exports/other' WHERE number = 1",
        "UPDATE rule_set SET source = 'cloud-sync' WHERE number = 1",
        "UPDATE rule_set SET imported_us = imported_us + 1 WHERE number = 1",
        "DELETE FROM rule_set WHERE number = 1",
        "DELETE FROM rule_set WHERE number = 2",
        "INSERT INTO rule_set SELECT 3, 999, imported_us, source, origin, hash, document "
        "FROM rule_set WHERE number = 1",
        "DELETE FROM ledger WHERE kind = 'rules'",
    };
    struct fixture *f = *state;
    capture_world(f->store, 1, "engineer");
    add(f->store, "a", 2, TRUE);
    add(f->store, "b", 3, TRUE);
    ASSERT_VERIFIES(f->store);
    sqlite3_exec(f->store->db, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tamperings); i++) {
        int before = sqlite3_total_changes(f->store->db);
        sqlite3_exec(f->store->db, "BEGIN", NULL, NULL, NULL);
        assert_int_equal(sqlite3_exec(f->store->db, tamperings[i], NULL, NULL, NULL), SQLITE_OK);
        assert_true(sqlite3_total_changes(f->store->db) > before);
        if (problem_count(f->store, FALSE) == 0)
            fail_msg("not noticed: %s", tamperings[i]);
        sqlite3_exec(f->store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    ASSERT_VERIFIES(f->store);
}

/* A store that the first version's SQL made, with every kind of ledger entry it knew. */
static void test_migration_keeps_everything(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= 4; i++)
        capture_world(f->store, i, i % 2 ? "engineer" : "manager");
    OK(store_point_pin(f->store, 1, TRUE, &error));
    static const char everything[] =
        "SELECT group_concat(entry || kind || ifnull(point, '-') || body || hex(hash)) FROM ledger";
    g_autofree char *ledger = text_of(f->store, everything);
    g_autofree char *point = describe_point(f->store, 4);
    store_close(f->store);
    make_version_1(f->path);
    OK((f->store = store_open(f->path, STORE_WRITE, &error)));
    assert_int_equal(number_of(f->store, "PRAGMA user_version"), store_schema.version);
    g_autofree char *ledger_after = text_of(f->store, everything);
    g_autofree char *point_after = describe_point(f->store, 4);
    assert_string_equal(ledger, ledger_after);
    assert_string_equal(point, point_after);
    ASSERT_VERIFIES(f->store);
    assert_int_equal(add(f->store, "a", 5, TRUE), 1);
    capture_world(f->store, 6, "director");
    ASSERT_VERIFIES(f->store);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_versions),
        T(test_tampering_is_noticed),
        T(test_migration_keeps_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
