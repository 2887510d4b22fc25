/* SPDX-License-Identifier: Apache-2.0 */
/* The questions of correlate/flow.h, answered by the tenant's own rules and by the default ones. */
#include "correlate/flow.h"
#include "correlate/rules/names.h"
#include "halves.h"
#include "rules_fixture.h"

#define KEY "00112233-4455-6677-8899-aabbccddeeff"

static struct cor_rule_set *tenant_rules(void)
{
    struct cor_rule_set *set = new_set();
    struct cor_rule *in = add_rule(set, "In - User", AD, "user", "person", COR_RULE_PROVISION);
    struct cor_rule *out = add_rule(set, "Out - User", CLOUD, "person", "user", COR_RULE_PROVISION);
    struct cor_rule *contact =
        add_rule(set, "In - Contact", AD, "contact", "contact", COR_RULE_PROVISION);
    struct cor_rule *contact_out =
        add_rule(set, "Out - Contact", CLOUD, "contact", "contact", COR_RULE_PROVISION);
    scope(in, TRUE, "employeeType", COR_RULE_NOT_EQUAL, "Robot");
    direct(in, "department", "division"); /* the tenant's own choice */
    direct(in, "phone", "telephoneNumber");
    direct(in, "sid", "objectSid");
    direct(in, "userPrincipalName", "mail");
    direct(in, "manager", "manager");
    direct(out, "department", "department");
    direct(out, "telephoneNumber", "phone");
    direct(out, "onPremiseSecurityIdentifier", "sid");
    direct(out, "userPrincipalName", "userPrincipalName");
    direct(out, "manager", "manager");
    direct(out, "assistant", "department");
    direct(out, "madeUpName", "department");
    scope(out, TRUE, "phone", COR_RULE_NOT_EQUAL, "000");
    direct(contact, "l", "l");
    direct(contact, "co", "co");
    direct(contact, "mobile", "mobile");
    direct(contact_out, "city", "l");
    direct(contact_out, "country", "co");
    direct(contact_out, "mobile", "mobile");
    cor_rule_set_sort(set);
    return set;
}

static struct cor_tenant tenant;

static struct cor_flow_context tenant_context(void)
{
    return (struct cor_flow_context){
        .tenant = &tenant,
        .rules_name = "rules 3",
        .program = cor_flow_program_new(cor_program_new(tenant_rules()), 0),
    };
}

static void expect(const struct cor_flow_context *context, const char *ad_type,
                   const char *attributes, const char *property, const char *expected)
{
    static const char *const results[] = {"value", "remove", "leave", "error"};
    COR_RECORD_AUTO *ad = halves_record(COR_AD, ad_type, KEY, attributes);
    const struct cor_flow_rule *rule =
        cor_flow_rule_for(context, cor_flow_peer_type(COR_AD, ad_type), property);
    assert_non_null(rule);
    struct cor_flow_value value;
    cor_flow_evaluate(rule, ad, context, &value);
    g_autofree char *text =
        value.value ? cor_json_to_text(value.value) : g_strdup(results[value.result]);
    g_strdelimit(text, "\"", '\'');
    if (strcmp(text, expected) != 0)
        fail_msg("%s %s is %s, expected %s", attributes, property, text, expected);
    cor_flow_value_clear(&value);
}

static void test_values(void **state)
{
    (void)state;
    struct cor_flow_context context = tenant_context();
    const struct cor_flow_context defaults = {.tenant = &tenant, .rules_name = "default rules"};
    expect(&context, "user", "{'department':'a','division':'b'}", "department", "'b'");
    expect(&defaults, "user", "{'department':'a','division':'b'}", "department", "'a'");
    expect(&context, "user", "{'department':'a'}", "department", "remove");
    expect(&context, "user", "{'telephoneNumber':'1'}", "businessPhones", "['1']");
    expect(&context, "user", "{'objectSid':'S-1-5-21-1-2-3-1001'}", "onPremisesSecurityIdentifier",
           "'S-1-5-21-1-2-3-1001'");
    expect(&context, "user", "{'mail':'a@example.test'}", "userPrincipalName", "'a@example.test'");
    /* a default flow that these rules leave out is not touched */
    expect(&context, "user", "{'title':'Chief'}", "jobTitle", "leave");
    expect(&defaults, "user", "{'title':'Chief'}", "jobTitle", "'Chief'");
    expect(&context, "user", "{'manager':'x'}", "manager", "leave");
    expect(&context, "contact", "{'l':'Oslo','co':'Norway'}", "addresses",
           "[{'city':'Oslo','countryOrRegion':'Norway'}]");
    expect(&context, "contact", "{'mobile':'7'}", "phones", "[{'number':'7','type':'mobile'}]");
    expect(&context, "contact", "{}", "phones", "remove");
    cor_flow_program_free(context.program);
}

static void test_rows(void **state)
{
    (void)state;
    struct cor_flow_context context = tenant_context();
    const struct cor_flow_rule *department = cor_flow_rule_for(&context, "user", "department");
    assert_string_equal(department->sources, "division");
    assert_string_equal(department->rule, "In - User");
    assert_int_equal(cor_flow_rule_for(&context, "user", "manager")->kind, COR_FLOW_REFERENCE);
    assert_true(cor_flow_rule_for(&context, "user", "accountEnabled")->flags & COR_FLOW_WRITABLE);
    assert_true(cor_flow_is_suppressed(&context, "user", "jobTitle"));
    assert_false(cor_flow_is_suppressed(&context, "user", "department"));
    assert_false(cor_flow_is_suppressed(&context, "user", "onPremisesImmutableId"));
    assert_false(cor_flow_is_suppressed(NULL, "user", "jobTitle"));
    const GPtrArray *unnamed = cor_flow_program_unnamed(context.program);
    assert_int_equal(unnamed->len, 1);
    assert_string_equal(unnamed->pdata[0], "madeUpName");
    assert_null(cor_flow_rule_for(&context, "application", "displayName"));
    cor_flow_program_free(context.program);
}

static void test_scope(void **state)
{
    (void)state;
    static const struct {
        const char *type, *attributes, *why;
    } cases[] = {
        {"user", "{'division':'x'}", NULL},
        {"user", "{'employeeType':'Robot'}", "no inbound rule takes it"},
        {"user", "{'telephoneNumber':'000'}",
         "Out - User does not provision it: its scope asks for phone NOTEQUAL 000 (it is 000)"},
        {"group", "{}", "no inbound rule takes it"},
        {"printer", "{}", "objects of this type are not synchronized"},
    };
    struct cor_flow_context context = tenant_context();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *why = NULL;
        COR_RECORD_AUTO *ad = halves_record(COR_AD, cases[i].type, KEY, cases[i].attributes);
        assert_int_equal(cor_flow_in_scope(ad, &context, &why), cases[i].why == NULL);
        if (cases[i].why)
            assert_string_equal(why, cases[i].why);
    }
    cor_flow_program_free(context.program);
}

/* The same address and key, another object: nothing of the first may be seen. */
static void test_objects_do_not_mix(void **state)
{
    (void)state;
    struct cor_flow_context context = tenant_context();
    for (int i = 0; i < 50; i++) {
        g_autofree char *attributes = g_strdup_printf("{'division':'%d'}", i);
        g_autofree char *expected = g_strdup_printf("'%d'", i);
        expect(&context, "user", attributes, "department", expected);
    }
    cor_flow_program_free(context.program);
}

static void test_words(void **state)
{
    (void)state;
    struct cor_flow_context context = tenant_context();
    COR_RECORD_AUTO *ad = halves_record(COR_AD, "user", KEY, "{'division':'b'}");
    struct cor_flow_value value;
    cor_flow_evaluate(cor_flow_rule_for(&context, "user", "department"), ad, &context, &value);
    assert_string_equal(value.by, "In - User");
    assert_string_equal(value.why,
                        "In - User, then Out - User (rules 3) writes the value of division");
    cor_flow_value_clear(&value);
    cor_flow_program_free(context.program);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *type, *cs, *graph;
    } cases[] = {
        {"user", "telephoneNumber", "businessPhones"},
        {"contact", "telephoneNumber", "phones"},
        {"user", "physicalDeliveryOfficeName", "officeLocation"},
        {"user", "sn", "surname"},
        {"user", "sourceAnchor", "onPremisesImmutableId"},
        {"group", "sourceAnchor", NULL},
        {"user", "wWWHomePage", NULL},
        {"user", "extensionAttribute7", "onPremisesExtensionAttributes.extensionAttribute7"},
        {"contact", "extensionAttribute7", NULL},
        {"user", "ExtensionAttribute3", "onPremisesExtensionAttributes.extensionAttribute3"},
        {"User", "accountEnabled", "accountEnabled"},
        {"device", "deviceOSType", "operatingSystem"},
        {"user", "extension_0011_skill", "extension_0011_skill"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct cor_name *name = cor_name_of_cs(cases[i].type, cases[i].cs);
        assert_non_null(name);
        if (!cases[i].graph) {
            assert_null(name->graph);
            continue;
        }
        assert_string_equal(name->graph, cases[i].graph);
        g_autoptr(GPtrArray) back = cor_names_of_graph(cases[i].type, cases[i].graph);
        assert_true(back->len > 0);
    }
    assert_null(cor_name_of_cs("user", "nobodyKnows"));
    g_autoptr(GPtrArray) addresses = cor_names_of_graph("contact", "addresses");
    assert_int_equal(addresses->len, 6);
    g_autoptr(GPtrArray) extensions = cor_names_of_graph("user", "onPremisesExtensionAttributes");
    assert_int_equal(extensions->len, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_scope),  cmocka_unit_test(test_objects_do_not_mix),
        cmocka_unit_test(test_words),  cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
