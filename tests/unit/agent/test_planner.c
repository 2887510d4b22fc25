/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan may conclude from backup points of each completeness, and what it must pass on. */
#include "agent/planner.h"
#include "tests/unit/store/fixture.h"

struct seen {
    guint updates, deletions, unlinks, others;
};

static gboolean count(const struct plan_item *item, void *data, GError **error)
{
    (void)error;
    struct seen *seen = data;
    switch (item->action) {
    case COR_ACTION_UPDATE:
        seen->updates++;
        break;
    case COR_ACTION_SOFT_DELETE:
        seen->deletions++;
        break;
    case COR_ACTION_UNLINK:
        seen->unlinks++;
        break;
    default:
        seen->others++;
    }
    return TRUE;
}

/* Two cloud groups; the second capture has a user and a membership more, and another title. */
static gint64 capture(struct store *store, int minute, gboolean later, gboolean proven)
{
    struct store_run *run = begin(store, minute);
    put(run, COR_ENTRA, "group", STAFF, "staff", later ? "new" : "old");
    put(run, COR_ENTRA, "user", ALICE, "alice@example.test", NULL);
    if (later) {
        put(run, COR_ENTRA, "user", BOB, "bob@example.test", NULL);
        tie(run, COR_ENTRA, STAFF, "member", ALICE);
    }
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, proven);
    return commit(run, minute);
}

static gboolean plan_between(struct store *store, gint64 from, gint64 to,
                             const char *const *objects, struct seen *seen, GError **error)
{
    struct config config = {0};
    struct plan_request request = {.objects = objects, .now_us = MINUTE(60)};
    POINT_AUTO *backup = point_open(&config, store, from, error);
    POINT_AUTO *live = backup ? point_open(&config, store, to, error) : NULL;
    return live && plan_make(backup, live, &request, count, seen, error);
}

static void test_complete_point_deletes_what_it_did_not_have(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {0};
    gint64 from = capture(fixture->store, 1, FALSE, TRUE);
    gint64 to = capture(fixture->store, 2, TRUE, TRUE);
    OK(plan_between(fixture->store, from, to, NULL, &seen, &error));
    assert_int_equal(seen.updates, 1);
    assert_int_equal(seen.deletions, 1);
    assert_int_equal(seen.unlinks, 1);
    assert_int_equal(seen.others, 0);
}

/* What a partial backup point did not see may well have been there. */
static void test_partial_point_deletes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {0};
    gint64 from = capture(fixture->store, 1, FALSE, FALSE);
    gint64 to = capture(fixture->store, 2, TRUE, TRUE);
    OK(plan_between(fixture->store, from, to, NULL, &seen, &error));
    assert_int_equal(seen.updates, 1);
    assert_int_equal(seen.deletions, 0);
    assert_int_equal(seen.unlinks, 0);
}

static void test_ambiguous_name_is_passed_on(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {0};
    struct store_run *run = begin(fixture->store, 1);
    put(run, COR_ENTRA, "user", ALICE, "twin@example.test", NULL);
    put(run, COR_ENTRA, "user", BOB, "twin@example.test", NULL);
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    gint64 point = commit(run, 1);
    const char *const names[] = {"twin@example.test", NULL};
    g_autoptr(GError) error = NULL;
    assert_false(plan_between(fixture->store, point, point, names, &seen, &error));
    assert_true(g_error_matches(error, AGENT_ERROR, COR_E_AMBIGUOUS));
    assert_non_null(strstr(error->message, ALICE));
    assert_non_null(strstr(error->message, BOB));
}

/* A document that cannot be read is an error of the store, not an object that is not there. */
static void test_store_error_is_passed_on(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {0};
    gint64 from = capture(fixture->store, 1, FALSE, TRUE);
    gint64 to = capture(fixture->store, 2, TRUE, TRUE);
    assert_int_equal(sqlite3_exec(fixture->store->db,
                                  "UPDATE version SET document = x'00' WHERE until_point IS NULL",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    g_autoptr(GError) error = NULL;
    assert_false(plan_between(fixture->store, from, to, NULL, &seen, &error));
    assert_true(g_error_matches(error, STORE_ERROR, COR_E_STORE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_complete_point_deletes_what_it_did_not_have,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_partial_point_deletes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_ambiguous_name_is_passed_on, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_store_error_is_passed_on, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
