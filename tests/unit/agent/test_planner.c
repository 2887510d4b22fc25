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

/* --- who is privileged ------------------------------------------------------------------------ */

static void put_text(struct store_run *run, enum cor_directory directory, const char *type,
                     const char *key, const char *text)
{
    COR_RECORD_AUTO *record = cor_record_new(directory, type, key);
    cor_json_free(record->attributes);
    record->attributes = cor_json_parse(text, strlen(text), 0, NULL);
    record->name = g_strdup(key);
    struct cor_sink *sink = sink_of(run, directory);
    OK(sink->record(sink, record, &error));
}

/* A cloud user that an AD user with the same name would take over; holder has the role. */
static gint64 capture_admin(struct store *store, int minute, const char *title, const char *holder)
{
    struct store_run *run = begin(store, minute);
    g_autofree char *cloud = g_strdup_printf(
        "{\"userPrincipalName\":\"alice@example.test\",\"jobTitle\":\"%s\"}", title);
    g_autofree char *role = g_strdup_printf(
        "{\"principalId\":\"%s\",\"roleDefinitionId\":\"r\",\"directoryScopeId\":\"/\"}",
        holder ? holder : BOB);
    put_text(run, COR_AD, "user", ALICE,
             "{\"objectGUID\":\"" ALICE "\",\"userPrincipalName\":\"alice@example.test\","
             "\"userAccountControl\":512,\"sAMAccountName\":\"alice\",\"title\":\"ad\"}");
    put_text(run, COR_ENTRA, "user", CLOUD, cloud);
    put_text(run, COR_ENTRA, "group", STAFF, "{\"isAssignableToRole\":true}");
    put_text(run, COR_ENTRA, "roleAssignment", "assignment", role);
    tie(run, COR_ENTRA, STAFF, "member", CLOUD);
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    return commit(run, minute);
}

static gboolean note_row(const struct plan_item *item, void *data, GError **error)
{
    (void)error;
    if (g_strcmp0(item->attribute, "jobTitle") == 0)
        *(const char **)data = item->forecast.row->id;
    return TRUE;
}

static const char *row_with(struct store *store, int minute, const char *holder)
{
    const char *row = NULL;
    struct config config = {0};
    struct plan_request request = {.now_us = MINUTE(60)};
    gint64 from = capture_admin(store, minute, "old", holder);
    gint64 to = capture_admin(store, minute + 1, "new", holder);
    g_autoptr(GError) error = NULL;
    POINT_AUTO *backup = point_open(&config, store, from, &error);
    POINT_AUTO *live = point_open(&config, store, to, &error);
    assert_true(plan_make(backup, live, &request, note_row, &row, &error));
    return row;
}

/* Decision rows C10 and C12: the takeover that a directory role prevents. */
static void test_role_holders_are_privileged(void **state)
{
    struct fixture *fixture = *state;
    assert_string_equal(row_with(fixture->store, 1, NULL), "C10");
    assert_string_equal(row_with(fixture->store, 11, CLOUD), "C12");
    assert_string_equal(row_with(fixture->store, 21, STAFF), "C12");
}

/* What the table of decisions does not speak of is unknown, and called by names. */
static gboolean note_unknown(const struct plan_item *item, void *data, GError **error)
{
    (void)error;
    if (g_strcmp0(item->object.type, "roleAssignment") == 0) {
        assert_string_equal(item->forecast.row->id, "E9");
        assert_int_equal(item->forecast.verdict, COR_VERDICT_UNKNOWN);
        *(char **)data = g_strdup(item->object.name);
    }
    return TRUE;
}

static void test_roles_are_outside_the_table(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *name = NULL;
    struct config config = {0};
    struct plan_request request = {.now_us = MINUTE(60)};
    gint64 from = capture(fixture->store, 1, FALSE, TRUE);
    gint64 to = capture_admin(fixture->store, 2, "new", CLOUD);
    g_autoptr(GError) error = NULL;
    POINT_AUTO *backup = point_open(&config, fixture->store, from, &error);
    POINT_AUTO *live = point_open(&config, fixture->store, to, &error);
    assert_true(plan_make(backup, live, &request, note_unknown, &name, &error));
    assert_string_equal(name, "r to " CLOUD " at /");
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
        cmocka_unit_test_setup_teardown(test_role_holders_are_privileged, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_roles_are_outside_the_table, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
