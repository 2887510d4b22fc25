/* SPDX-License-Identifier: Apache-2.0 */
/* Everything below a container, as the directory names it at one point. */
#include "tests/unit/store/fixture.h"

static void put_at(struct store_run *run, const char *key, const char *dn, enum cor_life life)
{
    COR_RECORD_AUTO *record = make_record(COR_AD, "user", key, key, NULL);
    struct cor_sink *sink = sink_of(run, COR_AD);
    cor_json_set(record->attributes, "distinguishedName", cor_json_new_string(dn));
    record->life = life;
    OK(sink->record(sink, record, &error));
}

static gint64 capture(struct store *store, int minute, const char *alice_dn)
{
    struct store_run *run = begin(store, minute);
    put_at(run, ALICE, alice_dn, COR_LIVE);
    put_at(run, BOB, "CN=Bob,OU=Deep,OU=Sales,DC=x", COR_LIVE);
    put_at(run, CAROL, "CN=Carol,OU=Presales,DC=x", COR_LIVE);
    put_at(run, STAFF, "CN=Gone,OU=Sales,DC=x", COR_DELETED);
    put_at(run, CLOUD, "OU=Sales,DC=x", COR_LIVE);
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    return commit(run, minute);
}

/* Keys in the tree, a space after each; caller frees. */
static char *tree(struct store *store, gint64 point, const char *dn)
{
    GString *keys = g_string_new(NULL);
    struct cor_view *view = NULL;
    struct cor_reader *reader = NULL;
    const struct cor_record *record = NULL;
    OK((view = store_view_open(store, point, &error)));
    OK((reader = store_view_read_tree(view, dn, &error)));
    for (;;) {
        OK(reader->next(reader, &record, &error));
        if (!record)
            break;
        g_string_append_printf(keys, "%s ", record->key);
    }
    reader->close(reader);
    store_view_close(view);
    return g_string_free(keys, FALSE);
}

static void test_tree_is_what_lies_below_now(void **state)
{
    struct fixture *fixture = *state;
    gint64 first = capture(fixture->store, 1, "CN=Alice,OU=Sales,DC=x");
    gint64 second = capture(fixture->store, 2, "CN=Alice,OU=Other,DC=x");
    g_autofree char *then = tree(fixture->store, first, "ou=sales,dc=X");
    g_autofree char *now = tree(fixture->store, second, "OU=Sales,DC=x");
    g_autofree char *none = tree(fixture->store, second, "OU=No_e,DC=x");
    assert_string_equal(then, ALICE " " BOB " " CLOUD " ");
    assert_string_equal(now, BOB " " CLOUD " ");
    assert_string_equal(none, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tree_is_what_lies_below_now, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
