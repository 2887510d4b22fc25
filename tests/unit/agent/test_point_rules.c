/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules a backup point is judged by. */
#include "agent/point.h"
#include "agent/store/rules.h"
#include "correlate/rules/engine.h"
#include "tests/unit/store/fixture.h"

static void import(struct fixture *fixture, const char *partition, const char *version)
{
    struct cor_rule_set *set = cor_rule_set_new(COR_RULES_CONNECT_EXPORT);
    struct cor_connector *forest = cor_connector_new("{1}", "forest");
    struct cor_partition *root = cor_partition_new(partition);
    root->selected = TRUE;
    g_ptr_array_add(forest->partitions, root);
    g_ptr_array_add(set->connectors, forest);
    set->version = g_strdup(version);
    COR_JSON_AUTO *document = cor_rule_set_to_json(set);
    gint64 number = 0;
    gboolean added = FALSE;
    OK(store_rules_add(fixture->store, document, "connect-export", "/export", MINUTE(5), &number,
                       &added, &error));
    assert_true(added);
    cor_rule_set_free(set);
}

static gint64 capture(struct fixture *fixture, int minute)
{
    struct store_run *run = begin(fixture->store, minute);
    struct cor_record *domain = make_record(COR_AD, COR_TYPE_DOMAIN, CAROL, "lab", NULL);
    cor_json_add_string(domain->attributes, "distinguishedName", "DC=corp,DC=example,DC=test");
    cor_json_add_string(domain->attributes, "dnsRoot", "corp.example.test");
    struct cor_sink *sink = sink_of(run, COR_AD);
    OK(sink->record(sink, domain, &error));
    cor_record_free(domain);
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    return commit(run, minute);
}

static void expect(struct fixture *fixture, gint64 number, const char *name, gboolean own)
{
    struct config config = {0};
    POINT_AUTO *point = NULL;
    OK((point = point_open(&config, fixture->store, number, &error)));
    assert_string_equal(point->flow.rules_name, name);
    assert_int_equal(point->flow.program != NULL, own);
}

static void test_choice(void **state)
{
    struct fixture *fixture = *state;
    gint64 number = capture(fixture, 1);
    expect(fixture, number, "default rules", FALSE);
    import(fixture, "dc=corp,DC=example,DC=test", "1");
    expect(fixture, number, "imported rules 1 (2026-01-01)", TRUE);
    import(fixture, "DC=other,DC=test", "2");
    expect(fixture, number, "default rules (imported rules 2 are of another forest)", FALSE);
    /* with a point after the imports the older one goes back to what held then */
    gint64 later = capture(fixture, 6);
    expect(fixture, number, "imported rules 1 (2026-01-01)", TRUE);
    expect(fixture, later, "default rules (imported rules 2 are of another forest)", FALSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_choice, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
