/* SPDX-License-Identifier: Apache-2.0 */
/* Origin, grade and evidence of single changes, each with a truth that the test states by hand. */
#include "correlate/attribute.h"
#include "correlate/time.h"
#include "tests/unit/correlate/halves.h"

#define AD_OLD                                                                                     \
    "{'title':{'version':1,'time':'2026-11-20T08:00:00Z','dsa':'dc-1','usn':1},"                   \
    "'userAccountControl':{'version':1,'time':'2026-11-20T08:00:00Z','dsa':'dc-1','usn':2}}"
#define AD_NEW                                                                                     \
    "{'title':{'version':4,'time':'2026-11-23T10:00:00Z','dsa':'dc-1','usn':9},"                   \
    "'userAccountControl':{'version':1,'time':'2026-11-20T08:00:00Z','dsa':'dc-1','usn':2}}"
#define PERSON "{'kind':'user','upn':'helga@example.test','id':'h1'}"
#define SYNC   "{'kind':'app','name':'ConnectSyncProvisioning_SRV_0123456789ab','appId':'s1'}"

struct stage {
    struct cor_change *change;
    struct cor_attribution input;
    struct cor_sync_identities identities;
    struct cor_tenant tenant;
    struct cor_flow_context flow;
    GPtrArray *events;
    struct cor_record *records[4];
};

static const char *dc_name(void *data, const char *invocation_id)
{
    (void)data;
    return strcmp(invocation_id, "dc-1") == 0 ? "dc1.example.test" : NULL;
}

static void stage_begin(struct stage *stage, enum cor_directory directory, const char *attribute,
                        const char *older, const char *newer)
{
    *stage = (struct stage){.change = cor_change_new(COR_CHANGE_MODIFIED)};
    cor_sync_identities_init(&stage->identities);
    cor_tenant_init(&stage->tenant, NULL, NULL, NULL);
    stage->flow = (struct cor_flow_context){
        .domain_fqdn = "example.test", .tenant = &stage->tenant, .rules_name = "default rules"};
    stage->events = g_ptr_array_new_with_free_func((GDestroyNotify)cor_event_row_free);
    stage->change->object.directory = directory;
    stage->change->object.type = g_strdup("user");
    stage->change->object.key = g_strdup(directory == COR_AD ? "a1" : "e1");
    stage->change->attribute = g_strdup(attribute);
    stage->change->old_value = older ? halves_json(older) : NULL;
    stage->change->new_value = newer ? halves_json(newer) : NULL;
    stage->input = (struct cor_attribution){
        .events = stage->events,
        .identities = &stage->identities,
        .flow = &stage->flow,
        .tenant = &stage->tenant,
        .dc_name = dc_name,
        .audit_readable = TRUE,
    };
}

static struct cor_record *ad_record(const char *attributes, const char *metadata)
{
    struct cor_record *record = halves_record(COR_AD, "user", "a1", attributes);
    halves_metadata(record, metadata);
    return record;
}

static void stage_records(struct stage *stage, struct cor_record *ad_older,
                          struct cor_record *ad_newer, const char *entra_older,
                          const char *entra_newer)
{
    gboolean ad = stage->change->object.directory == COR_AD;
    struct cor_record *older =
        entra_older ? halves_record(COR_ENTRA, "user", "e1", entra_older) : NULL;
    struct cor_record *newer =
        entra_newer ? halves_record(COR_ENTRA, "user", "e1", entra_newer) : NULL;
    struct cor_record *all[] = {ad_older, ad_newer, older, newer};
    memcpy(stage->records, all, sizeof all);
    stage->input.older = ad ? ad_older : older;
    stage->input.newer = ad ? ad_newer : newer;
    stage->input.peer_older = ad ? older : ad_older;
    stage->input.peer_newer = ad ? newer : ad_newer;
}

static void stage_event(struct stage *stage, const char *activity, const char *actor,
                        const char *modified, const char *result)
{
    struct cor_event_row *row = g_new0(struct cor_event_row, 1);
    g_autofree char *text = g_strdup_printf(
        "{'activity':'%s','result':'%s','actor':%s,'targets':[{'id':'e1','modified':%s}]}",
        activity, result, actor, modified);
    row->id = g_strdup("Directory_1");
    row->time_us = cor_time_parse("2026-11-23T10:30:00Z");
    row->doc = halves_json(text);
    g_ptr_array_add(stage->events, row);
}

static gboolean has_evidence(const struct cor_change *change, const char *kind)
{
    for (guint i = 0; change->evidence && i < change->evidence->len; i++)
        if (strcmp(((struct cor_evidence *)change->evidence->pdata[i])->kind, kind) == 0)
            return TRUE;
    return FALSE;
}

static void stage_judge(struct stage *stage, enum cor_origin origin, enum cor_grade grade,
                        const char *actor, const char *evidence)
{
    const struct cor_change *change = stage->change;
    cor_attribute(stage->change, &stage->input);
    assert_string_equal(cor_origin_name(change->origin), cor_origin_name(origin));
    assert_string_equal(cor_grade_name(change->grade), cor_grade_name(grade));
    if (actor)
        assert_string_equal(change->actor, actor);
    else
        assert_null(change->actor);
    assert_true(change->evidence && change->evidence->len > 0);
    assert_true(has_evidence(change, evidence));
    cor_change_free(stage->change);
    cor_sync_identities_clear(&stage->identities);
    cor_tenant_clear(&stage->tenant);
    g_ptr_array_unref(stage->events);
    for (gsize i = 0; i < G_N_ELEMENTS(stage->records); i++)
        cor_record_free(stage->records[i]);
}

#define SYNCED         "{'onPremisesSyncEnabled':true,'accountEnabled':true}"
#define AD_USER(title) "{'title':'" title "','userAccountControl':512}"

static void test_ad_write_with_unseen_ones(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_AD, "title", "'Clerk'", "'Officer'");
    stage_records(&stage, ad_record(AD_USER("Clerk"), AD_OLD),
                  ad_record(AD_USER("Officer"), AD_NEW), NULL, NULL);
    stage_judge(&stage, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED, NULL, "version-gap");
}

static void test_ad_value_without_a_write_is_a_contradiction(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_AD, "title", "'Clerk'", "'Officer'");
    stage_records(&stage, ad_record(AD_USER("Clerk"), AD_OLD),
                  ad_record(AD_USER("Officer"), AD_OLD), NULL, NULL);
    stage_judge(&stage, COR_ORIGIN_ONPREM, COR_GRADE_CONTRADICTED, NULL, "contradiction");
}

static void test_sync_carries_an_ad_write(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_ENTRA, "jobTitle", "'Clerk'", "'Officer'");
    stage_records(&stage, ad_record(AD_USER("Clerk"), AD_OLD),
                  ad_record(AD_USER("Officer"), AD_NEW), SYNCED, SYNCED);
    stage_event(&stage, "Update user", SYNC, "[{'property':'JobTitle'}]", "success");
    stage_judge(&stage, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED, NULL, "sync-actor");
}

static void test_person_in_the_cloud(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_ENTRA, "mobilePhone", "'1'", "'2'");
    stage_records(&stage, NULL, NULL, "{'accountEnabled':true}", "{'accountEnabled':true}");
    stage_event(&stage, "Update user", PERSON, "[{'property':'Mobile'}]", "success");
    stage_judge(&stage, COR_ORIGIN_CLOUD, COR_GRADE_MEASURED, "helga@example.test", "audit-event");
}

static void test_log_that_names_somebody_who_cannot_have(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_ENTRA, "jobTitle", "'Clerk'", "'Officer'");
    stage_records(&stage, ad_record(AD_USER("Officer"), AD_OLD),
                  ad_record(AD_USER("Officer"), AD_OLD), SYNCED, SYNCED);
    stage_event(&stage, "Update user", PERSON, "[{'property':'JobTitle'}]", "success");
    stage_judge(&stage, COR_ORIGIN_ONPREM, COR_GRADE_CONTRADICTED, "helga@example.test",
                "contradiction");
}

static void test_sync_puts_the_ad_value_back(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_ENTRA, "accountEnabled", "false", "true");
    stage_records(&stage, ad_record(AD_USER("Clerk"), AD_OLD), ad_record(AD_USER("Clerk"), AD_OLD),
                  SYNCED, SYNCED);
    stage_event(&stage, "Update user", SYNC, "[{'property':'AccountEnabled'}]", "success");
    stage_judge(&stage, COR_ORIGIN_SYNC, COR_GRADE_DERIVED, NULL, "sync-actor");
}

static void test_unlogged_change_of_the_cloud(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_ENTRA, "usageLocation", "'DE'", "'NL'");
    stage_records(&stage, NULL, NULL, "{'accountEnabled':true}", "{'accountEnabled':true}");
    /* neither a failed attempt nor a record of another property counts */
    stage_event(&stage, "Update user", PERSON, "[{'property':'UsageLocation'}]", "failure");
    stage_event(&stage, "Update user", PERSON, "[{'property':'City'}]", "success");
    stage_judge(&stage, COR_ORIGIN_CLOUD, COR_GRADE_ABSENT, NULL, "unlogged");
}

static void test_unreadable_log_proves_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_ENTRA, "city", "'Kiel'", "'Bonn'");
    stage_records(&stage, NULL, NULL, "{'accountEnabled':true}", "{'accountEnabled':true}");
    stage.input.audit_readable = FALSE;
    stage_judge(&stage, COR_ORIGIN_UNKNOWN, COR_GRADE_ABSENT, NULL, "audit-unreadable");
}

static void test_names_in_the_pseudo_property(void **state)
{
    (void)state;
    struct stage stage;
    stage_begin(&stage, COR_ENTRA, "officeLocation", "'1'", "'2'");
    stage_records(&stage, NULL, NULL, "{'accountEnabled':true}", "{'accountEnabled':true}");
    stage_event(&stage, "Update user", PERSON,
                "[{'property':'Included Updated Properties',"
                "'new':'City, PhysicalDeliveryOfficeName'}]",
                "success");
    stage_judge(&stage, COR_ORIGIN_CLOUD, COR_GRADE_MEASURED, "helga@example.test", "audit-event");
}

static void test_sync_identities(void **state)
{
    (void)state;
    static const struct {
        const char *actor;
        gboolean sync;
    } actors[] = {
        {SYNC, TRUE},
        {PERSON, FALSE},
        {"{'kind':'user','upn':'Sync_SRV_0123456789ab@t.onmicrosoft.com'}", TRUE},
        {"{'kind':'user','upn':'ADToAADSyncServiceAccount@t.onmicrosoft.com'}", TRUE},
        {"{'kind':'user','upn':'sync_team_lead'}", FALSE},
        {"{'kind':'app','name':'Custom sync app','appId':'LEARNED'}", TRUE},
        {"{'kind':'none'}", FALSE},
    };
    struct cor_sync_identities identities;
    cor_sync_identities_init(&identities);
    COR_RECORD_AUTO *app = halves_record(COR_ENTRA, "servicePrincipal", "sp1",
                                         "{'appId':'learned','anchorwatchSyncRole':true}");
    cor_sync_identities_learn(&identities, app);
    for (gsize i = 0; i < G_N_ELEMENTS(actors); i++) {
        COR_JSON_AUTO *actor = halves_json(actors[i].actor);
        assert_int_equal(cor_actor_is_sync(&identities, actor) != 0, actors[i].sync);
    }
    cor_sync_identities_clear(&identities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ad_write_with_unseen_ones),
        cmocka_unit_test(test_ad_value_without_a_write_is_a_contradiction),
        cmocka_unit_test(test_sync_carries_an_ad_write),
        cmocka_unit_test(test_person_in_the_cloud),
        cmocka_unit_test(test_log_that_names_somebody_who_cannot_have),
        cmocka_unit_test(test_sync_puts_the_ad_value_back),
        cmocka_unit_test(test_unlogged_change_of_the_cloud),
        cmocka_unit_test(test_unreadable_log_proves_nothing),
        cmocka_unit_test(test_names_in_the_pseudo_property),
        cmocka_unit_test(test_sync_identities),
    };
    return cmocka_run_group_tests_name("attribute", tests, NULL, NULL);
}
