/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the tenant's sync, each unknown until something says it, and its health. */
#include "correlate/tenant.h"
#include "correlate/time.h"
#include "halves.h"

#define LAST ((gint64)1700000000 * COR_SECOND_US) /* 2023-11-14T22:13:20Z */

static void init(struct cor_tenant *tenant, const char *organization, const char *config,
                 const struct cor_tenant_hints *hints)
{
    COR_RECORD_AUTO *org =
        organization ? halves_record(COR_ENTRA, COR_TYPE_ORGANIZATION, "o", organization) : NULL;
    COR_RECORD_AUTO *sync =
        config ? halves_record(COR_ENTRA, COR_TYPE_SYNC_CONFIG, "s", config) : NULL;
    cor_tenant_init(tenant, org, sync, hints);
}

static void test_nothing_known(void **state)
{
    (void)state;
    struct cor_tenant tenant;
    init(&tenant, NULL, NULL, NULL);
    assert_int_equal(tenant.sync_enabled, COR_UNKNOWN);
    assert_int_equal(tenant.engine, COR_ENGINE_UNKNOWN);
    assert_int_equal(tenant.password_hash_sync, COR_UNKNOWN);
    assert_int_equal(tenant.block_soft_match, COR_UNKNOWN);
    assert_int_equal(tenant.deletion_threshold, 500);
    assert_int_equal(tenant.interval_us, 30 * COR_MINUTE_US);
    assert_int_equal(cor_tenant_health(&tenant, LAST), COR_SYNC_UNKNOWN);
    assert_int_equal(cor_tenant_next_cycle(&tenant, LAST), 0);
    cor_tenant_clear(&tenant);
}

static void test_enabled(void **state)
{
    (void)state;
    static const struct {
        const char *organization;
        enum cor_tristate enabled;
        enum cor_health health;
    } cases[] = {
        {"{'onPremisesSyncEnabled':true,'onPremisesLastSyncDateTime':'2023-11-14T22:13:20Z'}",
         COR_YES, COR_SYNC_RUNNING},
        {"{'onPremisesSyncEnabled':true}", COR_YES, COR_SYNC_UNKNOWN},
        {"{'onPremisesSyncEnabled':true,'onPremisesLastSyncDateTime':'yesterday'}", COR_YES,
         COR_SYNC_UNKNOWN},
        {"{'onPremisesSyncEnabled':false}", COR_NO, COR_SYNC_OFF},
        {"{'onPremisesSyncEnabled':'true','tenantType':'AAD'}", COR_UNKNOWN, COR_SYNC_UNKNOWN},
        {"{'displayName':'X','tenantType':'AAD'}", COR_NO, COR_SYNC_OFF},
        /* what the service shows without the right to read: nothing follows */
        {"{'displayName':'X','verifiedDomains':[{'name':'example.test'}]}", COR_UNKNOWN,
         COR_SYNC_UNKNOWN},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_tenant tenant;
        init(&tenant, cases[i].organization, NULL, NULL);
        assert_int_equal(tenant.sync_enabled, cases[i].enabled);
        assert_int_equal(cor_tenant_health(&tenant, LAST), cases[i].health);
        cor_tenant_clear(&tenant);
    }
}

static void test_domains(void **state)
{
    (void)state;
    struct cor_tenant tenant;
    init(&tenant,
         "{'verifiedDomains':[{'name':'Example.test','isDefault':true},"
         "{'name':'Tenant.onmicrosoft.com','isInitial':true},{'isInitial':true}]}",
         NULL, NULL);
    assert_string_equal(tenant.initial_domain, "tenant.onmicrosoft.com");
    assert_true(g_hash_table_contains(tenant.verified_domains, "example.test"));
    assert_int_equal(g_hash_table_size(tenant.verified_domains), 2);
    cor_tenant_clear(&tenant);
}

static void test_features(void **state)
{
    (void)state;
    struct cor_tenant tenant;
    init(&tenant, NULL,
         "{'features':{'passwordSyncEnabled':true,'blockSoftMatchEnabled':false,"
         "'softMatchOnUpnEnabled':true,'bypassDirSyncOverridesEnabled':false,"
         "'blockCloudObjectTakeoverThroughHardMatchEnabled':true,"
         "'cloudPasswordPolicyForPasswordSyncedUsersEnabled':true}}",
         NULL);
    assert_int_equal(tenant.password_hash_sync, COR_YES);
    assert_int_equal(tenant.block_soft_match, COR_NO);
    assert_int_equal(tenant.block_hard_match, COR_YES);
    assert_int_equal(tenant.soft_match_upn, COR_YES);
    assert_int_equal(tenant.bypass_overrides, COR_NO);
    assert_int_equal(tenant.cloud_password_policy, COR_YES);
    assert_int_equal(tenant.password_writeback, COR_UNKNOWN);
    cor_tenant_clear(&tenant);
}

static void test_threshold_and_interval(void **state)
{
    (void)state;
    static const struct {
        const char *configuration;
        gint64 threshold, minutes;
    } cases[] = {
        {"{}", 500, 30},
        {"{'accidentalDeletionPrevention':{'synchronizationPreventionType':'enabledForCount',"
         "'alertThreshold':20}}",
         20, 30},
        {"{'accidentalDeletionPrevention':{'synchronizationPreventionType':'disabled',"
         "'alertThreshold':20}}",
         0, 30},
        {"{'accidentalDeletionPrevention':{'synchronizationPreventionType':"
         "'enabledForPercentage','alertThreshold':20}}",
         -1, 30},
        {"{'synchronizationInterval':'PT1H'}", 500, 60},
        {"{'synchronizationInterval':'PT30M',"
         "'customerRequestedSynchronizationInterval':'PT2H30M'}",
         500, 150},
        {"{'synchronizationInterval':'P1D'}", 500, 30},
        {"{'synchronizationInterval':'PT'}", 500, 30},
        {"{'synchronizationInterval':'PT45'}", 500, 30},
        {"{'synchronizationInterval':'-PT1H'}", 500, 30},
        {"{'synchronizationInterval':'PT1000000M'}", 500, 30},
        {"{'synchronizationInterval':3600}", 500, 30},
        {"{'synchronizationInterval':'PT120S'}", 500, 2},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *config = g_strdup_printf("{'configuration':%s}", cases[i].configuration);
        struct cor_tenant tenant;
        init(&tenant, NULL, config, NULL);
        assert_int_equal(tenant.deletion_threshold, cases[i].threshold);
        assert_int_equal(tenant.interval_us, cases[i].minutes * COR_MINUTE_US);
        cor_tenant_clear(&tenant);
    }
}

static const struct cor_tenant_hints no_hints = {
    COR_ENGINE_UNKNOWN, 0, COR_UNKNOWN, COR_UNKNOWN, COR_UNKNOWN, COR_UNKNOWN,
};

static void test_hints_win(void **state)
{
    (void)state;
    struct cor_tenant tenant;
    struct cor_tenant_hints hints = no_hints;
    hints.engine = COR_ENGINE_CLOUDSYNC;
    hints.password_hash_sync = COR_NO;
    init(&tenant, NULL, "{'features':{'passwordSyncEnabled':true,'blockSoftMatchEnabled':true}}",
         &hints);
    assert_int_equal(tenant.engine, COR_ENGINE_CLOUDSYNC);
    assert_string_equal(tenant.engine_evidence, "configuration");
    assert_int_equal(tenant.interval_us, 2 * COR_MINUTE_US);
    assert_int_equal(tenant.password_hash_sync, COR_NO);
    assert_int_equal(tenant.block_soft_match, COR_YES);
    cor_tenant_clear(&tenant);
}

/* E6: three hours for Connect; six cycles, but half an hour at least, for Cloud Sync. */
static void test_stall(void **state)
{
    (void)state;
    static const struct {
        enum cor_engine engine;
        gint64 interval_minutes, limit_minutes;
    } cases[] = {
        {COR_ENGINE_CONNECT, 0, 180},    {COR_ENGINE_UNKNOWN, 0, 180},
        {COR_ENGINE_CONNECT, 60, 360},   {COR_ENGINE_CLOUDSYNC, 0, 30},
        {COR_ENGINE_CLOUDSYNC, 20, 120},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_tenant_hints hints = no_hints;
        struct cor_tenant tenant;
        hints.engine = cases[i].engine;
        hints.interval_us = cases[i].interval_minutes * COR_MINUTE_US;
        init(&tenant,
             "{'onPremisesSyncEnabled':true,'onPremisesLastSyncDateTime':'2023-11-14T22:13:20Z'}",
             NULL, &hints);
        gint64 limit = LAST + cases[i].limit_minutes * COR_MINUTE_US;
        assert_int_equal(cor_tenant_health(&tenant, limit), COR_SYNC_RUNNING);
        assert_int_equal(cor_tenant_health(&tenant, limit + COR_SECOND_US), COR_SYNC_STALLED);
        cor_tenant_clear(&tenant);
    }
}

static void test_staging_and_suspension(void **state)
{
    (void)state;
    for (int staged = 0; staged < 2; staged++) {
        struct cor_tenant_hints hints = no_hints;
        struct cor_tenant tenant;
        *(staged ? &hints.staging : &hints.suspended) = COR_YES;
        init(&tenant,
             "{'onPremisesSyncEnabled':true,'onPremisesLastSyncDateTime':'2023-11-14T22:13:20Z'}",
             NULL, &hints);
        assert_int_equal(cor_tenant_health(&tenant, LAST), COR_SYNC_STALLED);
        assert_int_equal(cor_tenant_next_cycle(&tenant, LAST), 0);
        cor_tenant_clear(&tenant);
    }
}

static void test_next_cycle(void **state)
{
    (void)state;
    struct cor_tenant tenant;
    init(&tenant,
         "{'onPremisesSyncEnabled':true,'onPremisesLastSyncDateTime':'2023-11-14T22:13:20Z'}", NULL,
         NULL);
    gint64 due = LAST + 30 * COR_MINUTE_US;
    assert_int_equal(cor_tenant_next_cycle(&tenant, LAST + COR_MINUTE_US), due);
    assert_int_equal(cor_tenant_next_cycle(&tenant, due), due);
    /* our clock is behind theirs */
    assert_int_equal(cor_tenant_next_cycle(&tenant, LAST - COR_MINUTE_US), due);
    /* late: it may come at any moment */
    assert_int_equal(cor_tenant_next_cycle(&tenant, due + COR_MINUTE_US), due + COR_MINUTE_US);
    assert_int_equal(cor_tenant_next_cycle(&tenant, LAST + 4 * COR_HOUR_US), 0);
    cor_tenant_clear(&tenant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_enabled),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_threshold_and_interval),
        cmocka_unit_test(test_hints_win),
        cmocka_unit_test(test_stall),
        cmocka_unit_test(test_staging_and_suspension),
        cmocka_unit_test(test_next_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
