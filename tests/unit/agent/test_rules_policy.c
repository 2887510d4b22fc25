/* SPDX-License-Identifier: Apache-2.0 */
/* The policy export of Entra Connect, made up after the members that are known of it, and the
 * library of standard rules that it needs; the library is held against a real export where that is
 * there. */
#include "agent/rules/defaults.h"
#include "agent/rules/import.h"
#include "correlate/error.h"
#include "correlate/rules/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define SAMPLE AW_SOURCE_DIR "/../shared/data/connect-contoso"
#define FOREST "11111111-2222-4333-8444-555555555555"
#define STANDARD(id, tag, precedence)                                                              \
    "{'name':'" tag "','uniqueIdentifier':'aaaaaaaa-bbbb-4ccc-8ddd-0000000000" id                  \
    "','immutableTag':'Microsoft." tag "','precedence':" precedence "}"
#define HEAD                                                                                       \
    "{'onpremisesDirectoryPolicy':[{'uniqueIdentifier':'" FOREST "','friendlyName':'Lab',"         \
    "'fullyQualifiedDomainName':'example.test','partitionFilters':[{'distinguishedName':"          \
    "'DC=lab,DC=example,DC=test','containerInclusions':['OU=Staff,DC=lab,DC=example,DC=test'],"    \
    "'containerExclusions':['DC=lab,DC=example,DC=test']}],'customSynchronizationRules':["
#define CUSTOM                                                                                     \
    "{'name':'In from AD - title','description':'d','source':'user','target':'person',"            \
    "'linkType':'Join','precedence':50,'direction':'Inbound','internalIdentifier':'x',"            \
    "'uniqueIdentifier':'{AAAAAAAA-BBBB-4CCC-8DDD-000000000099}','scopeFilters':[{'attribute':"    \
    "'mail','condition':'EndsWith','value':'example.test'},{'attribute':'cn','condition':"         \
    "'ISNOTNULL'}],'attributeMappings':[{'destination':'title','source':'UCase([title])'},"        \
    "{'destination':'company','source':'division'}]}"
#define MIDDLE "],'standardSynchronizationRules':["
#define CLOUD                                                                                      \
    "]}],'azureDirectoryPolicy':{'customSynchronizationRules':[],"                                 \
    "'standardSynchronizationRules':["
#define TAIL "]}}"
static const char whole[] =
    HEAD CUSTOM MIDDLE STANDARD("01", "InfromADUserJoin.003", "100") "," STANDARD(
        "02", "InfromADUserAccountEnabled.004",
        "102") "," STANDARD("03", "InfromADUserCommon.009",
                            "106") "," STANDARD("04", "InfromADUserNovelty.001", "107")
        CLOUD STANDARD("05", "OuttoAADUserJoin.006", "123") "," STANDARD(
            "06", "OuttoAADUserIdentity.005",
            "124") "," STANDARD("07", "OuttoAADUserExchangeOnline.004", "125") TAIL;

static gboolean import(const char *quoted, struct rules_import *ret, GError **error)
{
    g_autofree char *text = g_strdelimit(g_strdup(quoted), "'", '"');
    *ret = (struct rules_import){cor_rule_set_new(COR_RULES_CONNECT_EXPORT),
                                 g_ptr_array_new_with_free_func(g_free)};
    return rules_import_file("p.json", text, strlen(text), ret->set, ret->findings, error);
}

static void assert_import(const char *quoted, struct rules_import *ret)
{
    g_autoptr(GError) error = NULL;
    if (!import(quoted, ret, &error))
        fail_msg("%s", error->message);
}

static void policy_is_read(void **state)
{
    (void)state;
    struct rules_import got;
    assert_import(whole, &got);
    assert_int_equal(got.set->source, COR_RULES_CONNECT_POLICY);
    assert_int_equal(got.set->unknown->len, 0);
    assert_int_equal(got.set->rules->len, 8);
    const struct cor_rule *custom = got.set->rules->pdata[0];
    assert_string_equal(custom->id, "{aaaaaaaa-bbbb-4ccc-8ddd-000000000099}");
    assert_string_equal(custom->connector, "{" FOREST "}");
    assert_int_equal(custom->scope->len, 1);
    assert_int_equal(((GPtrArray *)custom->scope->pdata[0])->len, 2);
    const struct cor_rule_mapping *first = custom->mappings->pdata[0];
    const struct cor_rule_mapping *second = custom->mappings->pdata[1];
    assert_string_equal(first->expression, "UCase([title])");
    assert_string_equal(second->sources->pdata[0], "division");
    const struct cor_connector *lab = cor_rule_set_connector(got.set, "{" FOREST "}");
    const struct cor_partition *partition = lab->partitions->pdata[0];
    assert_string_equal(g_hash_table_lookup(partition->parameters, "Domain.FQDN"),
                        "lab.example.test");
    assert_string_equal(lab->domain, "lab.example.test");
    rules_import_clear(&got);
}

static void doubts_are_told(void **state)
{
    (void)state;
    struct rules_import got;
    assert_import(whole, &got);
    static const char *const findings[] = {
        "1 mappings of \"In from AD - title\" name a source that is taken for an attribute",
        "InfromADUserCommon.009) is taken for a revision that is known here",
        "InfromADUserNovelty.001) does is not in the export and not known here",
        "the anchor is taken to be mS-DS-ConsistencyGuid",
    };
    assert_int_equal(got.findings->len, G_N_ELEMENTS(findings));
    for (guint i = 0; i < G_N_ELEMENTS(findings); i++)
        if (!strstr(got.findings->pdata[i], findings[i]))
            fail_msg("%s", (char *)got.findings->pdata[i]);
    const struct cor_rule *novelty = got.set->rules->pdata[4];
    assert_false(novelty->has_body);
    assert_int_equal(novelty->direction, COR_RULE_INBOUND);
    rules_import_clear(&got);
}

static void assert_value(struct cor_program_run *run, const char *name, const char *value)
{
    struct cor_program_property property;
    assert_true(cor_program_property(run, name, &property));
    assert_int_equal(property.outcome, COR_PROGRAM_VALUE);
    assert_string_equal(property.value.text, value);
}

static void evaluate(struct cor_program_run *run)
{
    static const char text[] =
        "{\"cn\":\"Ada B\",\"givenName\":\" Ada \",\"title\":\"head\",\"mail\":\"a@example.test\","
        "\"sAMAccountName\":\"ada\",\"userAccountControl\":512,\"division\":\"Lab\","
        "\"objectSid\":\"S-1-5-21-1-2-3-1104\","
        "\"objectGUID\":\"00112233-4455-6677-8899-aabbccddeeff\"}";
    COR_JSON_AUTO *json = cor_json_parse(text, strlen(text), 0, NULL);
    const struct cor_program_object object = {.id = "1",
                                              .type = "user",
                                              .dn = "CN=Ada B,OU=Staff,DC=lab,DC=example,DC=test",
                                              .attributes = json};
    const struct cor_program_object *list = &object;
    const struct cor_program_result *result = cor_program_evaluate(run, &list, 1);
    assert_true(result->in_scope);
    assert_false(result->cloud_filtered);
    assert_string_equal(result->cloud_type, "user");
    assert_value(run, "displayName", "Ada B");
    assert_value(run, "givenName", "Ada");
    assert_value(run, "title", "HEAD");
    assert_value(run, "company", "Lab");
    assert_value(run, "userPrincipalName", "ada@lab.example.test");
}

static void engine_takes_it(void **state)
{
    (void)state;
    struct rules_import got;
    struct cor_program_options options = {0};
    assert_import(whole, &got);
    cor_rule_set_sort(got.set);
    struct cor_program *program = cor_program_new(g_steal_pointer(&got.set));
    const GPtrArray *problems = cor_program_problems(program);
    assert_int_equal(problems->len, 1); /* the rule without a body */
    struct cor_program_run *run = cor_program_run_new(program, &options);
    evaluate(run);
    cor_program_run_free(run);
    cor_program_free(program);
    rules_import_clear(&got);
}

static void malformed_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{'onpremisesDirectoryPolicy':[]}",
         "p.json: azureDirectoryPolicy: expected a value, found none"},
        {"{'onpremisesDirectoryPolicy':[{}],'azureDirectoryPolicy':{}}",
         "p.json: onpremisesDirectoryPolicy[0]: expected a directory with the GUID "
         "uniqueIdentifier, found {}"},
        {HEAD MIDDLE STANDARD("01", "InfromADUserJoin.003", "-1") CLOUD TAIL,
         "p.json: onpremisesDirectoryPolicy[0].standardSynchronizationRules[0].precedence: "
         "expected a number from 0 on as precedence, found -1"},
        {HEAD MIDDLE STANDARD("01", "InfromADUserJoin.003", "1")
             CLOUD STANDARD("01", "OuttoAADUserJoin.006", "2") TAIL,
         "p.json: azureDirectoryPolicy.standardSynchronizationRules[0].uniqueIdentifier: expected "
         "an id of its own, found \"aaaaaaaa-bbbb-4ccc-8ddd-000000000001\""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct rules_import got;
        g_autoptr(GError) error = NULL;
        assert_false(import(cases[i].text, &got, &error));
        assert_int_equal(error->code, COR_E_INPUT);
        assert_string_equal(error->message, cases[i].message);
        rules_import_clear(&got);
    }
}

/* --- the library against a real export ------------------------------------------------------- */

static struct cor_rule *library_rule(const char *tag)
{
    struct cor_rule *rule = cor_rule_new();
    rule->tag = g_strdup(tag);
    assert_int_equal(rules_default_fill(rule), RULES_DEFAULT_KNOWN);
    return rule;
}

static char *clauses(const GPtrArray *scope)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < scope->len; i++) {
        const GPtrArray *group = scope->pdata[i];
        for (guint j = 0; j < group->len; j++) {
            const struct cor_rule_clause *clause = group->pdata[j];
            g_autofree char *value = clause->value ? g_ascii_strdown(clause->value, -1) : NULL;
            g_string_append_printf(out, "%s %d %s;", clause->attribute, (int)clause->op,
                                   value ? value : "");
        }
        g_string_append_c(out, '|');
    }
    return g_string_free(out, FALSE);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Targets, and the source of direct ones, in one order. */
static char *flows(const struct cor_rule *rule)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < rule->mappings->len; i++) {
        const struct cor_rule_mapping *mapping = rule->mappings->pdata[i];
        gboolean direct = !mapping->expression && mapping->sources->len;
        g_ptr_array_add(lines, g_strdup_printf("%s<%s%s", mapping->target,
                                               direct ? (char *)mapping->sources->pdata[0] : "",
                                               mapping->constant ? mapping->constant : ""));
    }
    g_ptr_array_sort(lines, by_text);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static void assert_like(const struct cor_rule *real)
{
    struct cor_rule *ours = library_rule(real->tag);
    assert_int_equal(ours->direction, real->direction);
    assert_int_equal(ours->link, real->link);
    assert_int_equal(ours->password_sync, real->password_sync);
    assert_string_equal(ours->source_type, real->source_type);
    assert_string_equal(ours->target_type, real->target_type);
    assert_int_equal(ours->join->len, real->join->len);
    g_autofree char *a = clauses(ours->scope), *b = clauses(real->scope);
    assert_string_equal(a, b);
    g_autofree char *c = flows(ours), *d = flows(real);
    assert_string_equal(c, d);
    cor_rule_free(ours);
}

static void library_is_like_the_sample(void **state)
{
    (void)state;
    if (!g_file_test(SAMPLE, G_FILE_TEST_IS_DIR)) {
        print_message("skipped: %s is not there\n", SAMPLE);
        skip();
    }
    struct rules_import got;
    guint compared = 0;
    assert_true(rules_import_path(SAMPLE, &got, NULL));
    for (guint i = 0; i < rules_default_count(); i++) {
        g_autofree char *tag = rules_default_tag(i);
        for (guint j = 0; j < got.set->rules->len; j++) {
            const struct cor_rule *real = got.set->rules->pdata[j];
            if (g_strcmp0(real->tag, tag) != 0)
                continue;
            assert_like(real);
            compared++;
        }
    }
    assert_int_equal(compared, rules_default_count());
    rules_import_clear(&got);
}

/* What the library makes of an object must be what the real bodies make of it. */
static struct cor_rule_set *sample(gboolean ours)
{
    struct rules_import got;
    assert_true(rules_import_path(SAMPLE, &got, NULL));
    struct cor_rule_set *set = g_steal_pointer(&got.set);
    for (guint i = 0; ours && i < set->rules->len; i++) {
        struct cor_rule *rule = set->rules->pdata[i];
        struct cor_rule *known = cor_rule_new();
        known->tag = g_strdup(rule->tag);
        if (rules_default_fill(known) == RULES_DEFAULT_KNOWN) {
            known->id = g_strdup(rule->id);
            known->name = g_strdup(rule->name);
            known->connector = g_strdup(rule->connector);
            known->precedence = rule->precedence;
            set->rules->pdata[i] = known;
            known = rule;
        }
        cor_rule_free(known);
    }
    rules_import_clear(&got);
    return set;
}

/* Every property that the rules write, one a line. */
static char *properties(struct cor_program_run *run, const char *type, const char *quoted)
{
    g_autofree char *text = g_strdelimit(g_strdup(quoted), "'", '"');
    COR_JSON_AUTO *json = cor_json_parse(text, strlen(text), 0, NULL);
    const struct cor_program_object object = {
        .id = "1", .type = type, .dn = "CN=x,OU=CORP,DC=contoso,DC=com", .attributes = json};
    const struct cor_program_object *list = &object;
    const struct cor_program_result *result = cor_program_evaluate(run, &list, 1);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%d %d %s\n", result->in_scope, result->cloud_filtered,
                           result->cloud_type ? result->cloud_type : "-");
    gsize n = 0;
    const struct cor_program_property *property =
        result->cloud_type ? cor_program_properties(run, &n) : NULL;
    for (gsize i = 0; i < n; i++) {
        COR_JSON_AUTO *value = cor_value_to_json(&property[i].value);
        g_autofree char *shown = value ? cor_json_to_text(value) : g_strdup("-");
        g_string_append_printf(out, "%s %d %s\n", property[i].name, (int)property[i].outcome,
                               property[i].outcome == COR_PROGRAM_ERROR ? "" : shown);
    }
    return g_string_free(out, FALSE);
}

#define GUID "'objectGUID':'00112233-4455-6677-8899-aabbccddeeff',"
#define SID  "'objectSid':'S-1-5-21-1-2-3-1104',"
#define USER GUID SID "'userAccountControl':512,'cn':'Ada','sAMAccountName':'ada',"

static void library_computes_like_the_sample(void **state)
{
    (void)state;
    static const struct {
        const char *type, *attributes;
    } cases[] = {
        {"user", "{" USER "'mail':'a@example.test'}"},
        {"user", "{" USER "'displayName':' A B ','userPrincipalName':'ada@contoso.com'}"},
        {"user", "{" USER "'mailNickname':'ada','proxyAddresses':['SMTP:a@example.test'],"
                 "'extensionAttribute3':' x ','info':' y ','description':['one'],'l':'Graz'}"},
        {"user", "{" USER "'mailNickname':'CAS_{1}'}"},
        {"user", "{" USER "'mailNickname':'CAS_1'}"},
        {"user", "{" USER "'mailNickname':'SystemMailbox{1}'}"},
        {"user", "{" USER "'msExchRecipientTypeDetails':'4096'}"},
        {"user", "{" USER "'msExchRecipientTypeDetails':'1'}"},
        {"user", "{" USER "'msExchRecipientTypeDetails':'2'}"},
        {"user", "{" USER "'isCriticalSystemObject':true}"},
        {"user", "{" USER "'adminDescription':'User_x'}"},
        {"user", "{" GUID SID "'userAccountControl':514,'cn':'b','sAMAccountName':'MSOL_b'}"},
        {"user", "{" GUID SID "'userAccountControl':514,'cn':'b','sAMAccountName':'b'}"},
        {"user", "{" GUID SID "'cn':'b'}"},
        {"inetOrgPerson", "{" USER "'telephoneNumber':' 1 ','countryCode':40}"},
        {"group", "{" GUID SID "'cn':'g','groupType':-2147483646,'description':['d']}"},
        {"group", "{" GUID SID "'cn':'g','groupType':2,'mail':'g@example.test'}"},
        {"group", "{" GUID SID "'cn':'g','groupType':2}"},
        {"group", "{" GUID SID "'cn':'g','sAMAccountName':'MSOL_AD_Sync_RichCoexistence',"
                  "'groupType':-2147483646}"},
        {"contact", "{" GUID "'cn':'c','mail':'c@example.test','sn':' S ','wWWHomePage':'w'}"},
        {"contact", "{" GUID "'cn':'c','proxyAddresses':['smtp:x','SMTP:c@example.test']}"},
        {"contact", "{" GUID "'cn':'c'}"},
        {"contact", "{" GUID "'cn':'c','mail':'c@example.test','displayName':'c (MSOL)',"
                    "'msExchHideFromAddressLists':true}"},
    };
    if (!g_file_test(SAMPLE, G_FILE_TEST_IS_DIR)) {
        print_message("skipped: %s is not there\n", SAMPLE);
        skip();
    }
    struct cor_program_options options = {0};
    struct cor_program *programs[2];
    struct cor_program_run *runs[2];
    for (guint i = 0; i < 2; i++) {
        programs[i] = cor_program_new(sample(i == 1));
        runs[i] = cor_program_run_new(programs[i], &options);
    }
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *real = properties(runs[0], cases[i].type, cases[i].attributes);
        g_autofree char *ours = properties(runs[1], cases[i].type, cases[i].attributes);
        if (strcmp(real, ours) != 0)
            fail_msg("%s: real\n%s\nours\n%s", cases[i].attributes, real, ours);
    }
    for (guint i = 0; i < 2; i++) {
        cor_program_run_free(runs[i]);
        cor_program_free(programs[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_is_read),
        cmocka_unit_test(doubts_are_told),
        cmocka_unit_test(engine_takes_it),
        cmocka_unit_test(malformed_is_refused),
        cmocka_unit_test(library_is_like_the_sample),
        cmocka_unit_test(library_computes_like_the_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
