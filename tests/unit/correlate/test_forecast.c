/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside the verdict of a forecast: the winner, the time, the source, the counter-offer
 * and how surely it is known. */
#include "situation.h"

static void test_overwritten(void **state)
{
    (void)state;
    static const struct situation s = {"A8",
                                       "overwritten",
                                       USER,
                                       UPDATE("usageLocation", "'FR'", "'IT'"),
                                       .entra = "{" SYNCED "}",
                                       .ad = "{" AD_USER "," ENABLED
                                             ",'mailNickname':'ada','msExchUsageLocation':'FR'}"};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    assert_string_equal(forecast.overwritten_by, "FR");
    assert_int_equal(forecast.at_us, NOW + 20 * COR_MINUTE_US);
    assert_null(forecast.holds_until);
    assert_string_equal(forecast.source_dn, "CN=Ada,OU=People,DC=lab,DC=example,DC=test");
    assert_string_equal(forecast.source_attributes, "msExchUsageLocation");
    assert_string_equal(forecast.source_rule, "In from AD - User Exchange");
    assert_int_equal(forecast.instead->len, 2);
    const struct cor_step *step = forecast.instead->pdata[0];
    assert_string_equal(step->where, "ad");
    assert_string_equal(step->command, "ldapmodify -Q -Y GSSAPI <<'END'\n"
                                       "dn: CN=Ada,OU=People,DC=lab,DC=example,DC=test\n"
                                       "changetype: modify\n"
                                       "replace: msExchUsageLocation\n"
                                       "msExchUsageLocation: IT\n"
                                       "END");
    step = forecast.instead->pdata[1];
    assert_string_equal(step->where, "sync");
    assert_string_equal(step->command, "Start-ADSyncSyncCycle -PolicyType Delta");
    cor_forecast_clear(&forecast);
}

static void test_stalled_names_no_time(void **state)
{
    (void)state;
    struct situation s = {"A5",
                          "overwritten",
                          USER,
                          UPDATE("accountEnabled", "false", "true"),
                          .entra = "{" SYNCED "}",
                          .ad = "{" AD_USER "," DISABLED "}",
                          .stalled = TRUE};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    assert_int_equal(forecast.at_us, 0);
    assert_string_equal(forecast.holds_until, "synchronization resumes");
    assert_string_equal(forecast.overwritten_by, "false");
    cor_forecast_clear(&forecast);
    /* the deletion guard stops the whole export */
    s.stalled = FALSE;
    s.pending = 501;
    foresee(&s, &forecast);
    assert_int_equal(forecast.at_us, 0);
    assert_non_null(forecast.holds_until);
    cor_forecast_clear(&forecast);
    s.pending = 500;
    foresee(&s, &forecast);
    assert_int_equal(forecast.at_us, NOW + 20 * COR_MINUTE_US);
    cor_forecast_clear(&forecast);
}

/* The first command of the counter-offer for a write on a synchronized user or group. */
static char *first_command(const char *type, const char *attribute, const char *target,
                           const char *ad)
{
    struct situation s = {.type = type,
                          .action = COR_ACTION_UPDATE,
                          .attribute = attribute,
                          .live = "'before'",
                          .target = target,
                          .entra = "{" SYNCED "}",
                          .ad = ad};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    assert_non_null(forecast.instead);
    char *command = g_strdup(((struct cor_step *)forecast.instead->pdata[0])->command);
    cor_forecast_clear(&forecast);
    return command;
}

static void test_commands(void **state)
{
    (void)state;
    static const struct {
        const char *type, *attribute, *target, *ad, *lines;
    } cases[] = {
        {"user", "department", "'Ops'", "{" AD_USER "," ENABLED "}",
         "replace: department\ndepartment: Ops\nEND"},
        {"user", "department", "null", "{" AD_USER "," ENABLED "}", "replace: department\nEND"},
        {"user", "displayName", "' x'", "{" AD_USER "," ENABLED "}",
         "replace: displayName\ndisplayName:: IHg=\nEND"},
        {"user", "jobTitle", "'x\\nEND'", "{" AD_USER "," ENABLED "}",
         "replace: title\ntitle:: eApFTkQ=\nEND"},
        {"user", "businessPhones", "['1']", "{" AD_USER "," ENABLED "}",
         "replace: telephoneNumber\ntelephoneNumber: 1\nEND"},
        {"user", "businessPhones", "[]", "{" AD_USER "," ENABLED "}",
         "replace: telephoneNumber\nEND"},
        {"user", "proxyAddresses", "['SMTP:a@x.test','smtp:b@x.test']", "{" AD_USER "," ENABLED "}",
         "replace: proxyAddresses\nproxyAddresses: SMTP:a@x.test\n"
         "proxyAddresses: smtp:b@x.test\nEND"},
        {"user", "accountEnabled", "true", "{" AD_USER ",'userAccountControl':66050}",
         "replace: userAccountControl\nuserAccountControl: 66048\nEND"},
        {"user", "accountEnabled", "false", "{" AD_USER "," ENABLED "}",
         "replace: userAccountControl\nuserAccountControl: 514\nEND"},
        {"group", "securityEnabled", "true",
         "{'groupType':2,'mail':'g@x.test',"
         "'distinguishedName':'CN=G,DC=lab'}",
         "replace: groupType\ngroupType: -2147483646\nEND"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *command =
            first_command(cases[i].type, cases[i].attribute, cases[i].target, cases[i].ad);
        if (!command || !g_str_has_suffix(command, cases[i].lines))
            fail_msg("%s: %s", cases[i].attribute, command ? command : "no command");
    }
    /* what cannot be said in one change has words only, never a wrong command */
    g_autofree char *composed =
        first_command("user", "showInAddressList", "true",
                      "{" AD_USER "," ENABLED ",'msExchHideFromAddressLists':true}");
    assert_null(composed);
    g_autofree char *policy =
        first_command("user", "passwordPolicies", "'None'", "{" AD_USER "," ENABLED "}");
    assert_null(policy);
}

static void test_enforced_object_is_not_sent_to_ad(void **state)
{
    (void)state;
    static const struct situation s = {"A5",
                                       "overwritten",
                                       USER,
                                       UPDATE("accountEnabled", "false", "true"),
                                       .entra = "{" SYNCED "}",
                                       .ad = "{" AD_USER "," DISABLED ",'msDS-ObjectSoa':'Cloud'}"};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    const struct cor_step *step = forecast.instead->pdata[0];
    assert_string_equal(step->where, "entra");
    assert_non_null(strstr(step->text, "A23"));
    cor_forecast_clear(&forecast);
}

static void test_restore_offers_the_recycle_bin(void **state)
{
    (void)state;
    static const struct situation cases[] = {
        {"D3", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
         .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED},
        {"D10", "unrecoverable", USER, .action = COR_ACTION_CREATE, .backup = "{" SYNCED "}",
         .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED},
        {"B8", "unrecoverable", GROUP, .action = COR_ACTION_CREATE,
         .backup = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}", .ad_life = COR_DELETED},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_forecast forecast;
        foresee(&cases[i], &forecast);
        const struct cor_step *step = forecast.instead->pdata[0];
        assert_string_equal(step->where, "ad");
        assert_string_equal(step->command, "Restore-ADObject -Identity " KEY);
        cor_forecast_clear(&forecast);
    }
}

/* A synchronization step that follows from the state of the engine closes every offer. */
static const struct cor_step *last_step(const struct cor_forecast *forecast)
{
    assert_non_null(forecast->instead);
    assert_true(forecast->instead->len > 1);
    return forecast->instead->pdata[forecast->instead->len - 1];
}

static void test_steps_in_order(void **state)
{
    (void)state;
    static const struct situation cases[] = {
        {"A2", "refused", USER, UPDATE("jobTitle", "'Chief'", "'Clerk'"), .entra = "{" SYNCED "}",
         .ad = "{" AD_USER "," ENABLED ",'title':'Chief'}"},
        {"D3", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
         .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED},
        {"D5", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
         .entra_life = COR_DELETED, .ad = "{" AD_USER "}", .ad_life = COR_RECYCLED},
        {"D6", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
         .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED ",'adminDescription':'User_1'}"},
        {"A24", "recreated", USER, .action = COR_ACTION_SOFT_DELETE, .entra = "{" SYNCED "}",
         .ad = "{" AD_USER "," ENABLED "}"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_forecast forecast;
        foresee(&cases[i], &forecast);
        assert_string_equal(forecast.row->id, cases[i].row);
        assert_string_equal(((struct cor_step *)forecast.instead->pdata[0])->where, "ad");
        assert_string_equal(last_step(&forecast)->where, "sync");
        cor_forecast_clear(&forecast);
    }
}

static void test_sync_step_follows_the_engine(void **state)
{
    (void)state;
    struct situation s = {"A2",
                          "refused",
                          USER,
                          UPDATE("jobTitle", "'Chief'", "'Clerk'"),
                          .entra = "{" SYNCED "}",
                          .ad = "{" AD_USER "," ENABLED ",'title':'Chief'}"};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    const struct cor_step *ad = forecast.instead->pdata[0];
    assert_string_equal(ad->command, "ldapmodify -Q -Y GSSAPI <<'END'\n"
                                     "dn: CN=Ada,OU=People,DC=lab,DC=example,DC=test\n"
                                     "changetype: modify\n"
                                     "replace: title\n"
                                     "title: Clerk\n"
                                     "END");
    assert_string_equal(last_step(&forecast)->command, "Start-ADSyncSyncCycle -PolicyType Delta");
    assert_non_null(strstr(last_step(&forecast)->text, "2026-07-25T17:40:00Z"));
    cor_forecast_clear(&forecast);
    /* what stands still is not awaited: it must be set going first */
    s.stalled = TRUE;
    foresee(&s, &forecast);
    assert_non_null(strstr(last_step(&forecast)->text, "resume"));
    assert_null(last_step(&forecast)->command);
    cor_forecast_clear(&forecast);
    /* Cloud Sync has no such cmdlet */
    s.stalled = FALSE;
    s.engine = COR_ENGINE_CLOUDSYNC;
    foresee(&s, &forecast);
    assert_non_null(strstr(last_step(&forecast)->text, "Cloud Sync"));
    assert_null(last_step(&forecast)->command);
    cor_forecast_clear(&forecast);
}

static void test_later_names_the_occasion(void **state)
{
    (void)state;
    static const struct {
        struct situation situation;
        const char *until;
    } cases[] = {
        {{"A9", "overwritten-later", USER, UPDATE("passwordProfile", "null", "{'password':'x'}"),
          .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
          .features = "{'passwordSyncEnabled':true}"},
         "password change"},
        {{"A11", "overwritten-later", USER,
          UPDATE("passwordPolicies", "'DisablePasswordExpiration'", "'None'"),
          .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
          .features = "{'passwordSyncEnabled':true}"},
         "hash synchronization"},
        {{"C15", "overwritten-later", USER, UPDATE("department", "'a'", "'b'"),
          .entra = "{" LEFT ",'onPremisesImmutableId':'" ANCHOR "'}",
          .ad = "{" AD_USER "," ENABLED ",'department':'c'}", .sync_off = TRUE},
         "turned on again"},
        {{"A5", "overwritten-later", USER, UPDATE("accountEnabled", "false", "true"),
          .entra = "{" SYNCED "}", .ad = "{" AD_USER "," DISABLED "}",
          .engine = COR_ENGINE_CLOUDSYNC},
         "the AD object changes"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_forecast forecast;
        foresee(&cases[i].situation, &forecast);
        assert_string_equal(forecast.row->id, cases[i].situation.row);
        assert_non_null(forecast.holds_until);
        assert_non_null(strstr(forecast.holds_until, cases[i].until));
        cor_forecast_clear(&forecast);
    }
}

/* --- confidence --------------------------------------------------------------------------------
 */

static void test_confidence(void **state)
{
    (void)state;
    static const struct {
        struct situation situation;
        const char *confidence;
    } cases[] = {
        {{"C9", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}"}, "documented"},
        {{"A12", "durable", USER, UPDATE("assignedLicenses", "[]", "[1]"), .entra = "{" SYNCED "}",
          .ad = "{" AD_USER "," ENABLED "}"},
         "documented"},
        {{"A2", "refused", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" SYNCED "}",
          .ad = "{" AD_USER "," ENABLED "}"},
         "reported"},
        {{"A13", "durable", USER, UPDATE("userType", "'a'", "'b'"), .entra = "{" SYNCED "}",
          .ad = "{" AD_USER "," ENABLED "}"},
         "inferred"},
        /* the default rules may not be the tenant's */
        {{"C10", "overwritten", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}",
          .twin = "{" AD_USER "," ENABLED ",'department':'c'}"},
         "reported"},
        /* deleting a synchronized group: reports vary */
        {{"B1", "refused", GROUP, .action = COR_ACTION_SOFT_DELETE,
          .entra = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}"},
         "inferred"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_forecast forecast;
        foresee(&cases[i].situation, &forecast);
        assert_string_equal(forecast.row->id, cases[i].situation.row);
        assert_string_equal(cor_confidence_name(forecast.confidence), cases[i].confidence);
        cor_forecast_clear(&forecast);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(cor_action_name(COR_ACTION_SOFT_DELETE), "softDelete");
    assert_string_equal(cor_verdict_name(COR_VERDICT_OVERWRITTEN_LATER), "overwritten-later");
    assert_string_equal(cor_verdict_name(COR_VERDICT_NO_OP), "no-op");
    assert_false(cor_verdict_doomed(COR_VERDICT_DURABLE));
    assert_false(cor_verdict_doomed(COR_VERDICT_NO_OP));
    assert_true(cor_verdict_doomed(COR_VERDICT_UNKNOWN));
    assert_true(cor_verdict_doomed(COR_VERDICT_RECREATED));
}

/* An export that the deletion guard holds does not run by itself, nor by a forced cycle. */
static void test_held_export_is_confirmed_first(void **state)
{
    (void)state;
    static const struct situation s = {"A5",
                                       "overwritten",
                                       USER,
                                       UPDATE("accountEnabled", "false", "true"),
                                       .entra = "{" SYNCED "}",
                                       .ad = "{" AD_USER "," DISABLED "}",
                                       .pending = 501};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    assert_null(strstr(last_step(&forecast)->text, "2026-07-25T17:40:00Z"));
    assert_non_null(strstr(last_step(&forecast)->text, "deletion"));
    cor_forecast_clear(&forecast);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_export_is_confirmed_first),
        cmocka_unit_test(test_overwritten),
        cmocka_unit_test(test_stalled_names_no_time),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_enforced_object_is_not_sent_to_ad),
        cmocka_unit_test(test_restore_offers_the_recycle_bin),
        cmocka_unit_test(test_steps_in_order),
        cmocka_unit_test(test_sync_step_follows_the_engine),
        cmocka_unit_test(test_later_names_the_occasion),
        cmocka_unit_test(test_confidence),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
