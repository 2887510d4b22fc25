/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of a Cloud Sync job, made up after the names of the Graph CSDL: what is read, what the
 * engine makes of it, what is kept, and what is refused. */
#include "agent/rules/import.h"
#include "correlate/error.h"
#include "correlate/rules/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define RULE_HEAD                                                                                  \
    "{'@odata.context':'x','id':'j','version':'v7','synchronizationRules':[{'id':'R1',"            \
    "'name':'users','priority':1,'sourceDirectoryName':'lab.example.test',"                        \
    "'targetDirectoryName':'Azure Active Directory','containerFilter':{'includedContainers':"      \
    "['OU=Staff,DC=lab,DC=example,DC=test']},'groupFilter':null,'objectMappings':[{"               \
    "'enabled':true,'flowTypes':'Add, Update, Delete','name':'user','sourceObjectName':'user',"    \
    "'targetObjectName':'User',"
#define SOURCE(type, name, expression)                                                             \
    "'source':{'type':'" type "','name':'" name "','expression':" expression ",'parameters':[]}"
#define RULE_TAIL "}]}]}"

static const char whole[] = RULE_HEAD
    "'scope':{'groups':[{'name':'g','clauses':["
    "{'operatorName':'IS "
    "FALSE','sourceOperandName':'isCriticalSystemObject','targetOperand':"
    "{'values':[]}},"
    "{'operatorName':'NOT REGEX "
    "MATCH','sourceOperandName':'mailNickname','targetOperand':"
    "{'values':['^CAS_']}},"
    "{'operatorName':'EQUALS','sourceOperandName':'company','targetOperand':{'values':['"
    "Lab']}}"
    "]}]},'attributeMappings':["
    "{'targetAttributeName':'displayName','flowType':'Always','flowBehavior':'"
    "FlowWhenChanged',"
    "'matchingPriority':0,'defaultValue':'','exportMissingReferences':false," SOURCE(
        "Attribute", "displayName",
        "'[displayName]'") "},"
                           "{'targetAttributeName':'userPrincipalName','matchingPriority'"
                           ":2," SOURCE("Attribute", "userPrincipalName",
                                        "null") "},"
                                                "{'targetAttributeName':'sourceAnchorBinary','"
                                                "matchingPriority':1," SOURCE(
                                                    "Attribute", "objectGUID",
                                                    "null") "},"
                                                            "{'targetAttributeName':'"
                                                            "usageLocation','flowType':1," SOURCE(
                                                                "Constant", "AT",
                                                                "null") "},"
                                                                        "{'targetAttributeName':'"
                                                                        "givenName'," SOURCE(
                                                                            "Function", "Trim",
                                                                            "'ToUpper([givenName])"
                                                                            "'") "},"
                                                                                 "{'"
                                                                                 "targetAttributeN"
                                                                                 "ame':'surname','"
                                                                                 "source':{'type':"
                                                                                 "'Function','"
                                                                                 "name':'Append','"
                                                                                 "expression':"
                                                                                 "null,'"
                                                                                 "parameters':[{'"
                                                                                 "key':'source','"
                                                                                 "value':{'type':'"
                                                                                 "Attribute','"
                                                                                 "name':'sn'}},{'"
                                                                                 "key':'suffix',"
                                                                                 "'value':{'type':"
                                                                                 "'Constant','"
                                                                                 "name':' x'}}]}}"
                                                                                 "]" RULE_TAIL;

static gboolean import(const char *quoted, struct rules_import *ret, GError **error)
{
    g_autofree char *text = g_strdelimit(g_strdup(quoted), "'", '"');
    *ret = (struct rules_import){cor_rule_set_new(COR_RULES_CONNECT_EXPORT),
                                 g_ptr_array_new_with_free_func(g_free)};
    return rules_import_file("s.json", text, strlen(text), ret->set, ret->findings, error);
}

static void assert_import(const char *quoted, struct rules_import *ret)
{
    g_autoptr(GError) error = NULL;
    if (!import(quoted, ret, &error))
        fail_msg("%s", error->message);
}

static void assert_refused(const char *quoted, const char *message)
{
    struct rules_import got;
    g_autoptr(GError) error = NULL;
    assert_false(import(quoted, &got, &error));
    assert_int_equal(error->code, COR_E_INPUT);
    assert_string_equal(error->message, message);
    rules_import_clear(&got);
}

static void assert_clause(const GPtrArray *group, guint index, const char *attribute,
                          enum cor_rule_operator op, const char *value)
{
    const struct cor_rule_clause *clause = group->pdata[index];
    assert_string_equal(clause->attribute, attribute);
    assert_int_equal(clause->op, op);
    assert_string_equal(clause->value, value);
}

static void rule_is_read(void **state)
{
    (void)state;
    struct rules_import got;
    assert_import(whole, &got);
    assert_int_equal(got.set->source, COR_RULES_CLOUD_SYNC);
    assert_int_equal(got.set->unknown->len, 0);
    assert_int_equal(got.findings->len, 0);
    assert_string_equal(got.set->version, "v7");
    assert_int_equal(got.set->rules->len, 1);
    const struct cor_rule *rule = got.set->rules->pdata[0];
    assert_string_equal(rule->id, "{r1/user}");
    assert_string_equal(rule->target_type, "user");
    assert_int_equal(rule->link, COR_RULE_PROVISION);
    assert_int_equal(rule->scope->len, 1);
    assert_clause(rule->scope->pdata[0], 0, "isCriticalSystemObject", COR_RULE_NOT_EQUAL, "True");
    assert_clause(rule->scope->pdata[0], 1, "mailNickname", COR_RULE_NOT_STARTS_WITH, "CAS_");
    assert_clause(rule->scope->pdata[0], 2, "company", COR_RULE_EQUAL, "Lab");
    const struct cor_rule_join *first = g_ptr_array_index((GPtrArray *)rule->join->pdata[0], 0);
    const struct cor_rule_join *second = g_ptr_array_index((GPtrArray *)rule->join->pdata[1], 0);
    assert_string_equal(first->mv_attribute, "objectGUID");
    assert_string_equal(second->cs_attribute, "userPrincipalName");
    rules_import_clear(&got);
}

static void mappings_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *target, *source, *constant, *expression;
        gboolean once;
    } want[] = {
        {"displayName", "displayName", NULL, NULL, FALSE},
        {"userPrincipalName", "userPrincipalName", NULL, NULL, FALSE},
        {"sourceAnchorBinary", "objectGUID", NULL, NULL, FALSE},
        {"usageLocation", NULL, "AT", NULL, TRUE},
        {"givenName", NULL, NULL, "ToUpper([givenName])", FALSE},
        {"surname", NULL, NULL, "Append([sn], \" x\")", FALSE},
    };
    struct rules_import got;
    assert_import(whole, &got);
    const struct cor_rule *rule = got.set->rules->pdata[0];
    assert_int_equal(rule->mappings->len, G_N_ELEMENTS(want));
    for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
        const struct cor_rule_mapping *mapping = rule->mappings->pdata[i];
        assert_string_equal(mapping->target, want[i].target);
        assert_int_equal(mapping->sources->len, want[i].source ? 1 : 0);
        if (want[i].source)
            assert_string_equal(mapping->sources->pdata[0], want[i].source);
        assert_true(g_strcmp0(mapping->constant, want[i].constant) == 0);
        assert_true(g_strcmp0(mapping->expression, want[i].expression) == 0);
        assert_int_equal(mapping->execute_once, want[i].once);
    }
    rules_import_clear(&got);
}

/* The set is taken by the engine as it is: no problem, and the values that the mappings say. */
static void assert_evaluates(struct cor_program_run *run, const char *dn, gboolean in_scope)
{
    static const char text[] = "{\"displayName\":\"Ada\",\"givenName\":\"ada\",\"sn\":\"B\","
                               "\"company\":\"lab\",\"userPrincipalName\":\"a@lab.example.test\"}";
    COR_JSON_AUTO *json = cor_json_parse(text, strlen(text), 0, NULL);
    const struct cor_program_object object = {
        .id = "1", .type = "user", .dn = dn, .attributes = json};
    const struct cor_program_object *list = &object;
    assert_int_equal(cor_program_evaluate(run, &list, 1)->in_scope, in_scope);
    struct cor_program_property property;
    if (!in_scope)
        return;
    assert_true(cor_program_property(run, "surname", &property));
    assert_int_equal(property.outcome, COR_PROGRAM_VALUE);
    assert_string_equal(property.value.text, "B x");
}

static void engine_takes_it(void **state)
{
    (void)state;
    struct rules_import got;
    struct cor_program_options options = {0};
    assert_import(whole, &got);
    cor_rule_set_sort(got.set);
    struct cor_program *program = cor_program_new(g_steal_pointer(&got.set));
    assert_int_equal(cor_program_problems(program)->len, 0);
    struct cor_program_run *run = cor_program_run_new(program, &options);
    assert_evaluates(run, "CN=Ada,OU=Staff,DC=lab,DC=example,DC=test", TRUE);
    assert_evaluates(run, "CN=Ada,OU=Other,DC=lab,DC=example,DC=test", FALSE);
    cor_program_run_free(run);
    cor_program_free(program);
    rules_import_clear(&got);
}

static void unknown_is_kept(void **state)
{
    (void)state;
    struct rules_import got;
    assert_import(RULE_HEAD
                  "'novelty':{'a':1},'scope':{'inputFilterGroups':[{'name':'n'}],"
                  "'groups':[{'clauses':[{'operatorName':'REGEX MATCH',"
                  "'sourceOperandName':'cn','targetOperand':{'values':['a|b']}}]}]},"
                  "'attributeMappings':[{'targetAttributeName':'city','defaultValue':'W',"
                  "'flowType':'ValueAddOnly'," SOURCE("Attribute", "l", "null") "}]" RULE_TAIL,
                  &got);
#define AT "s.json: synchronizationRules[0].objectMappings[0]."
    static const char *const unknown[] = {
        AT "novelty",
        AT "scope.inputFilterGroups",
        AT "scope.groups[0].clauses[0]",
        AT "attributeMappings[0].defaultValue",
    };
    assert_int_equal(got.set->unknown->len, G_N_ELEMENTS(unknown));
    for (guint i = 0; i < G_N_ELEMENTS(unknown); i++)
        assert_string_equal(got.set->unknown->pdata[i], unknown[i]);
    assert_int_equal(got.findings->len, 2);
    assert_string_equal(got.findings->pdata[0],
                        AT "scope.groups[0].clauses[0]: cn REGEX MATCH cannot be computed and "
                           "counts as fulfilled");
    const struct cor_json *kept = cor_json_get(got.set->extra, "s.json");
    const struct cor_json *list =
        cor_json_get(kept, "synchronizationRules[0].objectMappings[0].novelty");
    assert_string_equal(cor_json_string(cor_json_first(list)), "{\"a\":1}");
    rules_import_clear(&got);
}

static void flow_types_decide(void **state)
{
    (void)state;
    static const struct {
        const char *types;
        gboolean disabled, once;
        enum cor_rule_link link;
    } cases[] = {
        {"'Add,Update,Delete'", FALSE, FALSE, COR_RULE_PROVISION},
        {"7", FALSE, FALSE, COR_RULE_PROVISION},
        {"'Update, Delete'", FALSE, FALSE, COR_RULE_JOIN},
        {"'Add, Delete'", FALSE, TRUE, COR_RULE_PROVISION},
        {"'None'", TRUE, TRUE, COR_RULE_JOIN},
        {"4", TRUE, TRUE, COR_RULE_JOIN},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "{'synchronizationRules':[{'sourceDirectoryName':'lab','targetDirectoryName':"
            "'azure active directory','objectMappings':[{'sourceObjectName':'user',"
            "'targetObjectName':'User','flowTypes':%s,'attributeMappings':[{'targetAttributeName':"
            "'city'," SOURCE("Attribute", "l", "null") "}]}]}]}",
            cases[i].types);
        struct rules_import got;
        assert_import(text, &got);
        const struct cor_rule *rule = got.set->rules->pdata[0];
        const struct cor_rule_mapping *mapping = rule->mappings->pdata[0];
        assert_int_equal(rule->disabled, cases[i].disabled);
        assert_int_equal(rule->link, cases[i].link);
        assert_int_equal(mapping->execute_once, cases[i].once);
        rules_import_clear(&got);
    }
}

#define LEG(id, priority, target, more)                                                            \
    "{'id':'" id "','priority':" priority                                                          \
    ",'sourceDirectoryName':'lab','targetDirectoryName':'" target "'," more                        \
    "'objectMappings':[{'name':'m','sourceObjectName':'user',"                                     \
    "'targetObjectName':'User'}]}"

static void legs_are_ordered(void **state)
{
    (void)state;
    struct rules_import got;
    assert_import("{'synchronizationRules':[" LEG("low", "1", "Azure Active Directory", "") "," LEG(
                      "high", "9", "Azure Active Directory",
                      "'groupFilter':{'includedGroups':["
                      "'CN=a,DC=lab','CN=b,DC=lab']},") "," LEG("back", "5", "lab2", "") "]}",
                  &got);
    assert_int_equal(got.set->rules->len, 2);
    const struct cor_rule *first = got.set->rules->pdata[0];
    assert_string_equal(first->id, "{high/m}");
    assert_int_equal(first->scope->len, 2);
    assert_clause(first->scope->pdata[1], 0, "dn", COR_RULE_IS_MEMBER_OF, "CN=b,DC=lab");
    assert_string_equal(((struct cor_rule *)got.set->rules->pdata[1])->id, "{low/m}");
    assert_string_equal(got.set->unknown->pdata[0], "s.json: synchronizationRules[2]");
    rules_import_clear(&got);
}

static void malformed_is_refused(void **state)
{
    (void)state;
    assert_refused(
        "{'other':1}",
        "s.json: the document: expected synchronizationRules or onpremisesDirectoryPolicy, "
        "found {\"other\":1}");
    assert_refused("{'synchronizationRules':{}}",
                   "s.json: synchronizationRules: expected a list, found {}");
    assert_refused("{'synchronizationRules':[{'sourceDirectoryName':'a'}]}",
                   "s.json: synchronizationRules[0].targetDirectoryName: expected a value, found "
                   "none");
    assert_refused(RULE_HEAD "'flowtypes':3" RULE_TAIL,
                   "s.json: synchronizationRules[0].objectMappings[0].flowtypes: expected one "
                   "member of this name, found 3");
    assert_refused(RULE_HEAD "'attributeMappings':[{'targetAttributeName':'city','flowType':"
                             "'Sometimes'}]" RULE_TAIL,
                   AT "attributeMappings[0].flowType: expected one of Always, ObjectAddOnly, "
                      "MultiValueAddOnly, ValueAddOnly, AttributeAddOnly, found \"Sometimes\"");
    assert_refused(RULE_HEAD "'attributeMappings':[{'targetAttributeName':'city','source':"
                             "{'type':'Attribute'}}]" RULE_TAIL,
                   AT "attributeMappings[0].source: expected the name of an attribute or a "
                      "function, found {\"type\":\"Attribute\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_is_read),         cmocka_unit_test(mappings_are_read),
        cmocka_unit_test(engine_takes_it),      cmocka_unit_test(unknown_is_kept),
        cmocka_unit_test(flow_types_decide),    cmocka_unit_test(legs_are_ordered),
        cmocka_unit_test(malformed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
