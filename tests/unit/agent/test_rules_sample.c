/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that Entra Connect ships, from a real export, over objects for which Microsoft's page
 * on the default configuration says what happens. Skips visibly where the export is not there.
 */
#include "agent/rules/import.h"
#include "correlate/rules/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE AW_SOURCE_DIR "/../shared/data/connect-contoso"
#define BASE   ",OU=CORP,DC=contoso,DC=com"

static struct cor_program *program;
static struct cor_program_run *run;

struct thing {
    struct cor_json *json;
    struct cor_program_object object;
};

static const struct cor_program_result *evaluate(struct thing *thing, const char *type,
                                                 const char *rdn, const char *attributes)
{
    g_autofree char *text = g_strdelimit(g_strdup(attributes), "'", '"');
    g_autofree char *dn = g_strconcat(rdn, BASE, NULL);
    cor_json_free(thing->json);
    thing->json = cor_json_parse(text, strlen(text), 0, NULL);
    assert_non_null(thing->json);
    thing->object =
        (struct cor_program_object){.id = "1", .type = type, .attributes = thing->json, .dn = dn};
    const struct cor_program_object *object = &thing->object;
    return cor_program_evaluate(run, &object, 1);
}

#define GUID "'objectGUID':'00112233-4455-6677-8899-aabbccddeeff'"
#define USER "'userAccountControl':512,'cn':'ada'," GUID
#define MAIL "'mail':'a@example.test'"

/* What is filtered and what is not, and as what it comes to the cloud. */
static void test_default_scope(void **state)
{
    (void)state;
    static const struct {
        const char *type, *rdn, *attributes;
        gboolean filtered;
        const char *cloud_type;
    } cases[] = {
        {"user", "CN=ada", "{'sAMAccountName':'ada'," USER "}", FALSE, "user"},
        {"user", "CN=ada", "{'sAMAccountName':'ada','userAccountControl':514,'cn':'ada'," GUID "}",
         FALSE, "user"},
        {"inetOrgPerson", "CN=ada", "{'sAMAccountName':'ada'," USER "}", FALSE, "user"},
        {"user", "CN=ada", "{" USER "}", TRUE, NULL},
        {"user", "CN=ada", "{'sAMAccountName':'ada','isCriticalSystemObject':false," USER "}", TRUE,
         NULL},
        {"user", "CN=ada", "{'sAMAccountName':'SUPPORT_388945a0'," USER "}", TRUE, NULL},
        {"user", "CN=ada", "{'sAMAccountName':'AAD_1234'," USER "}", TRUE, NULL},
        {"user", "CN=ada", "{'sAMAccountName':'MSOL_1234'," USER "}", TRUE, NULL},
        {"user", "CN=ada", "{'sAMAccountName':'CAS_{1}'," USER "}", TRUE, NULL},
        {"user", "CN=ada", "{'sAMAccountName':'CAS_1'," USER "}", FALSE, "user"},
        {"user", "CN=ada",
         "{'sAMAccountName':'x','mailNickname':'SystemMailbox{1}'," MAIL "," USER "}", TRUE, NULL},
        {"user", "CN=ada", "{'sAMAccountName':'x','msExchRecipientTypeDetails':4096," USER "}",
         TRUE, NULL},
        {"user", "CN=ada", "{'sAMAccountName':'x','msExchRecipientTypeDetails':1," USER "}", FALSE,
         "user"},
        /* a linked mailbox brings no anchor: the account forest's object must be joined */
        {"user", "CN=ada", "{'sAMAccountName':'x','msExchRecipientTypeDetails':2," USER "}", FALSE,
         NULL},
        {"user", "CN=ada\\0ACNF:00112233-4455-6677-8899-aabbccddeeff",
         "{'sAMAccountName':'ada'," USER "}", TRUE, NULL},
        {"group", "CN=g", "{'sAMAccountName':'g','groupType':-2147483646," GUID "}", FALSE,
         "group"},
        {"group", "CN=g",
         "{'sAMAccountName':'g','groupType':-2147483646,'member':['CN=a" BASE "','CN=b" BASE
         "']," GUID "}",
         FALSE, "group"},
        /* neither security- nor mail-enabled */
        {"group", "CN=g", "{'sAMAccountName':'g','groupType':2," GUID "}", FALSE, NULL},
        {"group", "CN=g", "{'sAMAccountName':'g','groupType':2," MAIL "," GUID "}", FALSE, "group"},
        {"group", "CN=g",
         "{'sAMAccountName':'MSOL_AD_Sync_RichCoexistence','groupType':-2147483646," GUID "}", TRUE,
         NULL},
        {"group", "CN=g",
         "{'sAMAccountName':'g','groupType':-2147483646,"
         "'msExchRecipientTypeDetails':1073741824," GUID "}",
         TRUE, NULL},
        {"contact", "CN=c", "{'displayName':'C'," MAIL "," GUID "}", FALSE, "contact"},
        {"contact", "CN=c", "{'displayName':'C'," GUID "}", FALSE, NULL},
        {"contact", "CN=c",
         "{'displayName':'C (MSOL)','msExchHideFromAddressLists':true," MAIL "," GUID "}", TRUE,
         NULL},
        {"computer", "CN=pc", "{'userAccountControl':4096,'userCertificate':['AAEC']," GUID "}",
         FALSE, "device"},
        {"computer", "CN=pc", "{'userAccountControl':4096," GUID "}", TRUE, NULL},
    };
    struct thing thing = {0};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct cor_program_result *result =
            evaluate(&thing, cases[i].type, cases[i].rdn, cases[i].attributes);
        if (!result->in_scope || result->cloud_filtered != cases[i].filtered ||
            g_strcmp0(result->cloud_type, cases[i].cloud_type) != 0)
            fail_msg("%s %s: filtered %d, as %s", cases[i].rdn, cases[i].attributes,
                     result->cloud_filtered, result->cloud_type ? result->cloud_type : "nothing");
    }
    cor_json_free(thing.json);
}

static void test_default_values(void **state)
{
    (void)state;
    static const struct {
        const char *type, *attributes, *property, *expected;
    } cases[] = {
        {"user", "{'sAMAccountName':'ada'," USER "}", "displayName", "'ada'"},
        {"user", "{'sAMAccountName':'ada'," USER "}", "userPrincipalName", "'ada@contoso.com'"},
        {"user", "{'sAMAccountName':'ada'," USER "}", "sourceAnchor", "'MyIRAFVEd2aImaq7zN3u/w=='"},
        {"user", "{'sAMAccountName':'ada'," USER "}", "usageLocation", "leave"},
        {"user", "{'sAMAccountName':'ada','givenName':' Ada '," USER "}", "givenName", "'Ada'"},
        {"user", "{'sAMAccountName':'ada','givenName':'  '," USER "}", "givenName", "remove"},
        {"user", "{'sAMAccountName':'ada'," USER "}", "info", "remove"},
        {"user", "{'sAMAccountName':'ada','description':['  one  ']," USER "}", "description",
         "'one'"},
        {"user", "{'sAMAccountName':'ada','userAccountControl':514,'cn':'ada'," GUID "}",
         "accountEnabled", "false"},
        {"user", "{'sAMAccountName':'ada'," USER "}", "accountEnabled", "true"},
        {"user",
         "{'sAMAccountName':'ada','mailNickname':'n',"
         "'proxyAddresses':['smtp:b@example.test',' SMTP:a@example.test']," USER "}",
         "proxyAddresses", "['smtp:b@example.test','SMTP:a@example.test']"},
        {"contact", "{'cn':'c'," MAIL "," GUID "}", "alias", "'c'"},
        {"computer", "{'operatingSystem':'W','userCertificate':['AAEC']," GUID "}", "deviceOSType",
         "'W'"},
    };
    struct thing thing = {0};
    static const char *const words[] = {"leave", "value", "remove", "error"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_program_property got;
        evaluate(&thing, cases[i].type, "CN=x", cases[i].attributes);
        assert_true(cor_program_property(run, cases[i].property, &got));
        COR_JSON_AUTO *json = cor_value_to_json(&got.value);
        g_autofree char *text = got.outcome == COR_PROGRAM_VALUE ? cor_json_to_text(json)
                                                                 : g_strdup(words[got.outcome]);
        g_strdelimit(text, "\"", '\'');
        if (strcmp(text, cases[i].expected) != 0)
            fail_msg("%s %s is %s, expected %s", cases[i].attributes, cases[i].property, text,
                     cases[i].expected);
    }
    cor_json_free(thing.json);
}

static void test_nothing_unused(void **state)
{
    (void)state;
    assert_int_equal(cor_program_problems(program)->len, 0);
    const GPtrArray *targets = cor_program_targets(program, "user");
    assert_true(targets->len > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_unused),
        cmocka_unit_test(test_default_scope),
        cmocka_unit_test(test_default_values),
    };
    struct rules_import import = {0};
    const struct cor_program_options options = {.initial = TRUE};
    if (!g_file_test(SAMPLE, G_FILE_TEST_IS_DIR)) {
        print_message("skipped: no %s\n", SAMPLE);
        return 77;
    }
    if (!rules_import_path(SAMPLE, &import, NULL))
        return 1;
    program = cor_program_new(g_steal_pointer(&import.set));
    rules_import_clear(&import);
    run = cor_program_run_new(program, &options);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cor_program_run_free(run);
    cor_program_free(program);
    return failed;
}
