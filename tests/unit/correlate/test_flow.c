/* SPDX-License-Identifier: Apache-2.0 */
/* The default flow rules: what an AD object gives in the cloud, and what counts as agreement. */
#include "correlate/flow.h"
#include "halves.h"

#define KEY    "00112233-4455-6677-8899-aabbccddeeff"
#define ANCHOR "MyIRAFVEd2aImaq7zN3u/w=="

static struct cor_tenant tenant;
static struct cor_flow_context context = {
    .domain_fqdn = "lab.example.test",
    .domain_netbios = "LAB",
    .tenant = &tenant,
    .rules_name = "default rules",
};

static const char *const results[] = {"value", "remove", "leave", "error"};

/* The value of one rule as JSON text, or the word for any other result. */
static char *given(const char *ad_type, const char *property, const char *attributes)
{
    COR_RECORD_AUTO *ad = halves_record(COR_AD, ad_type, KEY, attributes);
    const char *type = cor_flow_peer_type(COR_AD, ad_type);
    const struct cor_flow_rule *rule = cor_flow_rule_for(NULL, type, property);
    if (!rule)
        fail_msg("no rule feeds %s.%s", type, property);
    struct cor_flow_value value;
    cor_flow_evaluate(rule, ad, &context, &value);
    assert_true((value.result == COR_FLOW_VALUE) == (value.value != NULL));
    char *text = value.value ? cor_json_to_text(value.value) : g_strdup(results[value.result]);
    g_strdelimit(text, "\"", '\'');
    cor_flow_value_clear(&value);
    return text;
}

/* Each case was worked out by hand from the published expressions. */
static const struct {
    const char *type, *property, *attributes, *expected;
} expressions[] = {
    {"user", "accountEnabled", "{'userAccountControl':512}", "true"},
    {"user", "accountEnabled", "{'userAccountControl':514}", "false"},
    {"user", "accountEnabled", "{'userAccountControl':66050}", "false"},
    {"user", "displayName", "{'displayName':'Ada L','cn':'ada'}", "'Ada L'"},
    {"user", "displayName", "{'cn':'ada'}", "'ada'"},
    {"user", "displayName", "{'displayName':'','cn':'ada'}", "'ada'"},
    {"user", "givenName", "{'givenName':'  Ada '}", "'Ada'"},
    {"user", "surname", "{'sn':'L'}", "'L'"},
    {"user", "jobTitle", "{'title':'Chief'}", "'Chief'"},
    {"user", "department", "{'department':'   '}", "remove"},
    {"user", "department", "{}", "remove"},
    {"user", "companyName", "{'company':'Example'}", "'Example'"},
    {"user", "officeLocation", "{'physicalDeliveryOfficeName':'R1'}", "'R1'"},
    {"user", "businessPhones", "{'telephoneNumber':' +1 555 0100'}", "['+1 555 0100']"},
    {"user", "mobilePhone", "{'mobile':'+1 555 0101'}", "'+1 555 0101'"},
    {"user", "faxNumber", "{'facsimileTelephoneNumber':'9'}", "'9'"},
    {"user", "streetAddress", "{'streetAddress':'S'}", "'S'"},
    {"user", "city", "{'l':'Turin'}", "'Turin'"},
    {"user", "state", "{'st':'TO'}", "'TO'"},
    {"user", "postalCode", "{'postalCode':'10100'}", "'10100'"},
    {"user", "country", "{'co':'Italy','c':'IT'}", "'Italy'"},
    {"user", "preferredLanguage", "{'preferredLanguage':'it-IT'}", "'it-IT'"},
    {"user", "employeeId", "{'employeeID':'0042'}", "'0042'"},
    {"user", "employeeType", "{'employeeType':'staff'}", "'staff'"},
    {"user", "mail", "{'mail':'ada@example.test '}", "'ada@example.test'"},
    {"user", "mailNickname", "{'mailNickname':'ada'}", "'ada'"},
    {"user", "proxyAddresses",
     "{'proxyAddresses':['SMTP:ada@example.test',' smtp:al@example.test','smtp:al@example.test']}",
     "['SMTP:ada@example.test','smtp:al@example.test']"},
    {"user", "usageLocation", "{'msExchUsageLocation':'IT','mailNickname':'ada'}", "'IT'"},
    {"user", "usageLocation", "{'msExchUsageLocation':'IT'}", "leave"},
    {"user", "usageLocation", "{'mailNickname':'ada'}", "leave"},
    {"user", "onPremisesExtensionAttributes.extensionAttribute15", "{'extensionAttribute15':' x'}",
     "'x'"},
    {"user", "onPremisesImmutableId", "{}", "'" ANCHOR "'"},
    {"user", "onPremisesImmutableId", "{'mS-DS-ConsistencyGuid':'x4V0iaeB60KXxjftcwd7Hw=='}",
     "'x4V0iaeB60KXxjftcwd7Hw=='"},
    {"user", "onPremisesImmutableId", "{'msExchRecipientTypeDetails':2}", "remove"},
    {"user", "onPremisesDomainName", "{}", "'lab.example.test'"},
    {"user", "onPremisesSamAccountName", "{'sAMAccountName':'ada'}", "'ada'"},
    {"user", "onPremisesSecurityIdentifier", "{'objectSid':'S-1-5-21-1-2-3-1104'}",
     "'S-1-5-21-1-2-3-1104'"},
    {"user", "onPremisesDistinguishedName", "{'distinguishedName':'CN=a,DC=lab'}", "'CN=a,DC=lab'"},
    {"user", "lastPasswordChangeDateTime", "{'pwdLastSet':133485408000000000}",
     "'2024-01-01T00:00:00Z'"},
    {"user", "lastPasswordChangeDateTime", "{'pwdLastSet':0}", "remove"},
    {"user", "manager", "{}", "leave"},
    {"user", "employeeHireDate", "{}", "leave"},
    {"user", "userPrincipalName", "{'userPrincipalName':'ada@example.test'}", "'ada@example.test'"},
    {"user", "userPrincipalName", "{'sAMAccountName':'ada'}", "'ada@lab.example.test'"},
    {"user", "userPrincipalName", "{}", "error"},
    {"inetOrgPerson", "givenName", "{'givenName':'I'}", "'I'"},
    {"group", "displayName", "{'cn':'staff'}", "'staff'"},
    {"group", "description", "{'description':[' first ','second']}", "'first'"},
    {"group", "securityEnabled", "{'groupType':-2147483646}", "true"},
    {"group", "securityEnabled", "{'groupType':2}", "false"},
    {"group", "mailEnabled", "{'proxyAddresses':['smtp:x@example.test']}", "false"},
    {"group", "mailEnabled", "{'proxyAddresses':['SMTP:x@example.test']}", "true"},
    {"group", "mailEnabled", "{'mail':'x@example.test'}", "true"},
    {"group", "onPremisesNetBiosName", "{}", "'LAB'"},
    {"group", "onPremisesExtensionAttributes.extensionAttribute1", "{'extensionAttribute1':'g'}",
     "'g'"},
    {"group", "member", "{}", "leave"},
    {"contact", "mailNickname", "{'cn':'out'}", "'out'"},
    {"contact", "addresses", "{'l':'Turin','co':'Italy'}",
     "[{'city':'Turin','countryOrRegion':'Italy'}]"},
    {"contact", "phones", "{'mobile':'1','telephoneNumber':'2'}",
     "[{'number':'2','type':'business'},{'number':'1','type':'mobile'}]"},
    {"contact", "phones", "{}", "remove"},
    {"computer", "accountEnabled", "{'userAccountControl':4096}", "true"},
    {"computer", "displayName", "{'cn':'PC1'}", "'PC1'"},
    {"computer", "trustType", "{}", "'ServerAd'"},
    {"computer", "operatingSystem", "{'operatingSystem':'Windows'}", "'Windows'"},
};

static void test_expressions(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(expressions); i++) {
        g_autofree char *got =
            given(expressions[i].type, expressions[i].property, expressions[i].attributes);
        if (strcmp(got, expressions[i].expected) != 0)
            fail_msg("%s.%s of %s: %s, not %s", expressions[i].type, expressions[i].property,
                     expressions[i].attributes, got, expressions[i].expected);
    }
}

static void test_description_is_cut(void **state)
{
    (void)state;
    for (int length = 447; length <= 449; length++) {
        g_autofree char *text = g_strnfill((gsize)length, 'd');
        g_autofree char *json = g_strdup_printf("{'description':['%s']}", text);
        g_autofree char *got = given("group", "description", json);
        assert_int_equal(strlen(got) - 2, MIN(length, 448));
    }
    /* characters, not bytes */
    GString *wide = g_string_new("{'description':['");
    for (int i = 0; i < 449; i++)
        g_string_append(wide, "\xc3\xa9");
    g_string_append(wide, "']}");
    g_autofree char *got = given("group", "description", wide->str);
    assert_int_equal(g_utf8_strlen(got, -1) - 2, 448);
    g_string_free(wide, TRUE);
}

static void test_unverified_suffix(void **state)
{
    (void)state;
    static const struct {
        const char *attributes, *expected;
    } cases[] = {
        {"{'userPrincipalName':'ada@example.test'}", "'ada@example.test'"},
        {"{'userPrincipalName':'ada@EXAMPLE.test'}", "'ada@EXAMPLE.test'"},
        {"{'userPrincipalName':'ada@lab.local'}", "'ada@tenant.onmicrosoft.com'"},
        {"{'userPrincipalName':'ada@lab.local','mailNickname':'lovelace'}",
         "'lovelace@tenant.onmicrosoft.com'"},
        {"{'userPrincipalName':'ada@lab.local','mail':'m@example.test',"
         "'proxyAddresses':['smtp:s@example.test','SMTP:p@example.test']}",
         "'p@tenant.onmicrosoft.com'"},
        {"{'userPrincipalName':'ada@lab.local','mail':'m@example.test'}",
         "'m@tenant.onmicrosoft.com'"},
    };
    COR_RECORD_AUTO *organization =
        halves_record(COR_ENTRA, COR_TYPE_ORGANIZATION, "o",
                      "{'verifiedDomains':[{'name':'example.test'},"
                      "{'name':'tenant.onmicrosoft.com','isInitial':true}]}");
    cor_tenant_init(&tenant, organization, NULL, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = given("user", "userPrincipalName", cases[i].attributes);
        assert_string_equal(got, cases[i].expected);
    }
    cor_tenant_clear(&tenant);
    tenant = (struct cor_tenant){0};
}

/* E5: what a rule does to a value never makes a difference. */
static const struct {
    const char *property, *attributes, *cloud;
    gboolean agrees;
} agreements[] = {
    {"department", "{'department':' Sales '}", "'Sales'", TRUE},
    {"department", "{'department':'Sales'}", "'Sales '", TRUE},
    {"department", "{'department':'Sales'}", "'sales'", FALSE},
    {"department", "{'department':'Sales'}", "null", FALSE},
    {"department", "{}", "null", TRUE},
    {"department", "{}", "'Sales'", FALSE},
    {"businessPhones", "{'telephoneNumber':'1'}", "['1']", TRUE},
    {"businessPhones", "{'telephoneNumber':'1'}", "['2']", FALSE},
    {"businessPhones", "{}", "[]", TRUE},
    {"accountEnabled", "{'userAccountControl':512}", "true", TRUE},
    {"accountEnabled", "{'userAccountControl':514}", "true", FALSE},
    {"mail", "{'mail':'Ada@Example.test'}", "'ada@example.test'", TRUE},
    {"usageLocation", "{}", "'IT'", TRUE},
    {"usageLocation", "{'msExchUsageLocation':'IT','mailNickname':'a'}", "'DE'", FALSE},
    {"userPrincipalName", "{}", "'anything@example.test'", TRUE},
    {"proxyAddresses", "{'proxyAddresses':['SMTP:a@example.test','smtp:a@example.test ']}",
     "['SMTP:A@example.test']", TRUE},
    {"proxyAddresses", "{'proxyAddresses':['SMTP:a@example.test']}",
     "['SMTP:a@example.test','smtp:a@tenant.onmicrosoft.com','SIP:a@example.test',"
     "'x500:/o=Example/cn=a']",
     TRUE},
    {"proxyAddresses", "{'proxyAddresses':['SMTP:a@example.test']}",
     "['SMTP:a@example.test','smtp:b@example.test']", FALSE},
    {"proxyAddresses", "{'proxyAddresses':['SMTP:a@example.test','smtp:b@example.test']}",
     "['SMTP:a@example.test']", FALSE},
    {"proxyAddresses", "{'proxyAddresses':['SMTP:a@example.test']}", "['smtp:a@example.test']",
     FALSE},
};

static void test_agreement(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(agreements); i++) {
        COR_RECORD_AUTO *ad = halves_record(COR_AD, "user", KEY, agreements[i].attributes);
        COR_JSON_AUTO *cloud = halves_json(agreements[i].cloud);
        struct cor_flow_value value;
        cor_flow_evaluate(cor_flow_rule_for(NULL, "user", agreements[i].property), ad, &context,
                          &value);
        if (cor_flow_agrees(&value, cloud) != agreements[i].agrees)
            fail_msg("%s %s and %s", agreements[i].property, agreements[i].attributes,
                     agreements[i].cloud);
        cor_flow_value_clear(&value);
    }
}

#define USER "'sAMAccountName':'ada','userAccountControl':512"
static const struct {
    const char *type, *attributes;
    const char *out; /* part of the reason; NULL: in scope */
} scopes[] = {
    {"user", "{" USER "}", NULL},
    {"user", "{'sAMAccountName':'ada','userAccountControl':514}", NULL},
    {"inetOrgPerson", "{" USER "}", NULL},
    {"user", "{" USER ",'isCriticalSystemObject':false}", "isCriticalSystemObject"},
    {"user", "{'userAccountControl':512}", "sAMAccountName"},
    {"user", "{'sAMAccountName':'ada'}", "userAccountControl"},
    {"user", "{'sAMAccountName':'SUPPORT_388945a0','userAccountControl':512}", "support"},
    {"user", "{'sAMAccountName':'MSOL_0123456789ab','userAccountControl':512}", "sync engine"},
    {"user", "{'sAMAccountName':'AAD_0123456789ab','userAccountControl':512}", "sync engine"},
    {"user", "{'sAMAccountName':'CAS_{1}','userAccountControl':512}", "CAS_"},
    {"user", "{'sAMAccountName':'CAS_1','userAccountControl':512}", NULL},
    {"user", "{" USER ",'mailNickname':'SystemMailbox{1}'}", "system mailbox"},
    {"user", "{" USER ",'msExchRecipientTypeDetails':4096}", "recipient"},
    {"user", "{" USER ",'msExchRecipientTypeDetails':536870912}", "recipient"},
    {"user", "{" USER ",'msExchRecipientTypeDetails':1}", NULL},
    {"user", "{" USER ",'msExchRecipientTypeDetails':2}", "anchor"},
    {"user", "{" USER ",'distinguishedName':'CN=a\\\\0ACNF:1,DC=x'}", "conflict"},
    {"user", "{" USER ",'distinguishedName':'CN=a,OU=b\\\\0ACNF:1,DC=x'}", NULL},
    {"user", "{" USER ",'adminDescription':'User_1234'}", "cloud"},
    {"user", "{" USER ",'adminDescription':'admin'}", NULL},
    {"group", "{'groupType':-2147483646}", NULL},
    {"group", "{'groupType':2}", "neither"},
    {"group", "{'groupType':2,'mail':'g@example.test'}", NULL},
    {"group", "{'groupType':-2147483646,'isCriticalSystemObject':true}", "isCritical"},
    {"group", "{'groupType':-2147483646,'sAMAccountName':'MSOL_AD_Sync_RichCoexistence'}",
     "coexistence"},
    {"group", "{'groupType':-2147483646,'adminDescription':'Group_1'}", "cloud"},
    {"group", "{'groupType':-2147483646,'msExchRecipientTypeDetails':1073741824}", "recipient"},
    {"contact", "{'mail':'c@example.test'}", NULL},
    {"contact", "{'cn':'c'}", "mail-enabled"},
    {"contact",
     "{'mail':'c@example.test','displayName':'x (MSOL)','msExchHideFromAddressLists':true}",
     "hidden"},
    {"contact",
     "{'mail':'c@example.test','displayName':'x (MSOL)','msExchHideFromAddressLists':false}", NULL},
    {"computer", "{'userCertificate':['AAAA']}", NULL},
    {"computer", "{'userCertificate':[]}", "userCertificate"},
    {"computer", "{}", "userCertificate"},
    {"organizationalUnit", "{}", "type"},
};

static void test_scope(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(scopes); i++) {
        COR_RECORD_AUTO *ad = halves_record(COR_AD, scopes[i].type, KEY, scopes[i].attributes);
        const char *why = NULL;
        gboolean in = cor_flow_in_scope(ad, &context, &why);
        if (in != !scopes[i].out || (scopes[i].out && !strstr(why, scopes[i].out)))
            fail_msg("%s %s: %s", scopes[i].type, scopes[i].attributes, in ? "in scope" : why);
        ad->life = COR_DELETED;
        assert_false(cor_flow_in_scope(ad, &context, &why));
    }
}

static void test_table(void **state)
{
    (void)state;
    static const char *const types[] = {"user", "group", "contact", "device"};
    for (gsize t = 0; t < G_N_ELEMENTS(types); t++) {
        gsize n = 0;
        const struct cor_flow_rule *rules = cor_flow_rules(NULL, types[t], &n);
        assert_true(n > 5);
        for (gsize i = 0; i < n; i++)
            /* a property has one rule, and is found by its own name */
            assert_ptr_equal(cor_flow_rule_for(NULL, types[t], rules[i].property), &rules[i]);
    }
    gsize none = 7;
    assert_null(cor_flow_rules(NULL, "application", &none));
    assert_int_equal(none, 0);
    assert_null(cor_flow_rule_for(NULL, "user", "sponsors"));
    assert_null(cor_flow_rule_for(NULL, "user", "displayNam"));
    assert_null(cor_flow_rule_for(NULL, "application", "displayName"));
    assert_string_equal(cor_flow_peer_type(COR_AD, "inetOrgPerson"), "user");
    assert_string_equal(cor_flow_peer_type(COR_ENTRA, "user"), "user");
    assert_string_equal(cor_flow_peer_type(COR_ENTRA, "device"), "computer");
    assert_null(cor_flow_peer_type(COR_ENTRA, "application"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_description_is_cut),
        cmocka_unit_test(test_unverified_suffix),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
