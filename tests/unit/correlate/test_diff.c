/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic equality and what counts as a change of one object. */
#include "correlate/diff.h"
#include "correlate/semantic.h"
#include "halves.h"

#define GUID "00112233-4455-6677-8899-aabbccddeeff"

static void test_equality(void **state)
{
    static const struct {
        guint traits;
        const char *a, *b; /* NULL: absent */
        gboolean equal;
    } cases[] = {
        {0, NULL, "[]", TRUE},
        {0, "null", "[]", TRUE},
        {0, NULL, "''", FALSE},
        {0, NULL, "false", FALSE},
        {0, NULL, "0", FALSE},
        {0, "['a','b']", "['b','a']", TRUE},
        {0, "['a','b','a']", "['b','a']", TRUE},
        {0, "['a','b']", "['a']", FALSE},
        {0, "['a']", "'a'", TRUE},
        {0, "'1'", "1", FALSE},
        {0, "'a'", "'A'", FALSE},
        {COR_TRAIT_NOCASE, "'\xc3\x84'", "'\xc3\xa4'", TRUE},
        {COR_TRAIT_NOCASE, "['A','b']", "['B','a']", TRUE},
        {0, "{'x':{'y':['1','2']}}", "{'x':{'y':['2','1']}}", TRUE},
        {0, "{'x':1,'y':null,'z':[]}", "{'x':1}", TRUE},
        {0, "{'x':1}", "{'x':2}", FALSE},
        {0, "{'a':'b:c'}", "{'a:b':'c'}", FALSE},
        {COR_TRAIT_PROXY, "['SMTP:A@x.test']", "['SMTP:a@X.test']", TRUE},
        {COR_TRAIT_PROXY, "['SMTP:a@x.test']", "['smtp:a@x.test']", FALSE},
        {COR_TRAIT_PROXY, "['smtp:a@x.test','smtp:A@x.test']", "['smtp:a@x.test']", TRUE},
        {COR_TRAIT_PROXY, "['a@x.test']", "['smtp:a@x.test']", TRUE},
        {COR_TRAIT_NOTIMES, "[{'plan':'p','assignedDateTime':'1'}]",
         "[{'plan':'p','assignedDateTime':'2'}]", TRUE},
        {0, "[{'plan':'p','assignedDateTime':'1'}]", "[{'plan':'p','assignedDateTime':'2'}]",
         FALSE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        COR_JSON_AUTO *a = cases[i].a ? halves_json(cases[i].a) : NULL;
        COR_JSON_AUTO *b = cases[i].b ? halves_json(cases[i].b) : NULL;
        if (cor_value_equal(cases[i].traits, a, b) != cases[i].equal ||
            cor_value_equal(cases[i].traits, b, a) != cases[i].equal)
            fail_msg("%s and %s", cases[i].a ? cases[i].a : "-", cases[i].b);
    }
}

static void test_traits(void **state)
{
    static const struct {
        enum cor_directory directory;
        const char *type, *attribute;
        guint traits;
    } cases[] = {
        {COR_AD, "user", "lastLogonTimestamp", COR_TRAIT_VOLATILE},
        {COR_AD, "user", "whenChanged", COR_TRAIT_VOLATILE},
        {COR_AD, "user", "title", 0},
        {COR_AD, "user", "pwdLastSet", 0}, /* a password change is a change */
        {COR_AD, "domain", "creationTime", COR_TRAIT_VOLATILE},
        {COR_AD, "user", "creationTime", 0},
        {COR_ENTRA, "user", "title", 0},
        {COR_ENTRA, "user", "signInActivity", COR_TRAIT_VOLATILE},
        {COR_ENTRA, "user", "lastPasswordChangeDateTime", 0},
        {COR_ENTRA, "user", "proxyAddresses", COR_TRAIT_PROXY | COR_TRAIT_SHADOW},
        {COR_ENTRA, "user", "userPrincipalName", COR_TRAIT_NOCASE | COR_TRAIT_SHADOW},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_int_equal(cor_traits(cases[i].directory, cases[i].type, cases[i].attribute),
                         cases[i].traits);
}

static void test_value_text(void **state)
{
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"null", "(none)"}, {"[]", "(none)"},           {"'a'", "a"},
        {"7", "7"},         {"['a','b',3]", "a; b; 3"}, {"{'b':1,'a':2}", "{\"a\":2,\"b\":1}"},
        {"true", "true"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        COR_JSON_AUTO *value = halves_json(cases[i].value);
        g_autofree char *text = cor_value_text(value);
        assert_string_equal(text, cases[i].text);
    }
}

/* "kind attribute old -> new; ..." of what changed. life -1: the object is not there. */
static char *changes_between(enum cor_directory directory, int life_a, const char *a, int life_b,
                             const char *b, gboolean complete)
{
    COR_RECORD_AUTO *older = life_a < 0 ? NULL : halves_record(directory, "user", GUID, a);
    COR_RECORD_AUTO *newer = life_b < 0 ? NULL : halves_record(directory, "user", GUID, b);
    if (older)
        older->life = (enum cor_life)life_a;
    if (newer)
        newer->life = (enum cor_life)life_b;
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
    cor_diff_records(older, newer, complete, changes);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < changes->len; i++) {
        const struct cor_change *change = changes->pdata[i];
        assert_string_equal(change->object.key, GUID);
        g_string_append_printf(out, "%s%s", i ? "; " : "", cor_change_kind_name(change->kind));
        if (!change->attribute)
            continue;
        g_autofree char *from = cor_value_text(change->old_value);
        g_autofree char *to = cor_value_text(change->new_value);
        g_string_append_printf(out, " %s %s -> %s", change->attribute, from, to);
    }
    return g_string_free(out, FALSE);
}

static void test_life(void **state)
{
    static const struct {
        int a, b; /* enum cor_life, -1 not there */
        gboolean complete;
        const char *expected;
    } cases[] = {
        {-1, COR_LIVE, TRUE, "added"},
        {-1, COR_LIVE, FALSE, "added"},
        {COR_LIVE, -1, TRUE, "removed"},
        {COR_LIVE, -1, FALSE, ""}, /* a partial half proves no absence */
        {COR_LIVE, COR_DELETED, TRUE, "deleted"},
        {COR_LIVE, COR_RECYCLED, TRUE, "deleted"},
        {COR_DELETED, COR_LIVE, TRUE, "restored"},
        {COR_RECYCLED, COR_LIVE, TRUE, "restored"},
        {COR_DELETED, COR_RECYCLED, TRUE, ""}, /* ageing */
        {COR_DELETED, -1, TRUE, "removed"},
        {COR_DELETED, -1, FALSE, ""},
        {-1, COR_DELETED, TRUE, "deleted"}, /* came and went in between */
        {-1, -1, TRUE, ""},
        {COR_LIVE, COR_LIVE, TRUE, "modified title A -> B"},
        {COR_DELETED, COR_DELETED, TRUE, ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = changes_between(COR_AD, cases[i].a, "{'title':'A'}", cases[i].b,
                                                "{'title':'B'}", cases[i].complete);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_ad_attributes(void **state)
{
    static const struct {
        const char *a, *b, *expected;
    } cases[] = {
        {"{'title':'A','whenChanged':'1'}", "{'title':'A','whenChanged':'2'}", ""},
        {"{'title':'A'}", "{}", "modified title A -> (none)"},
        {"{}", "{'title':'A'}", "modified title (none) -> A"},
        {"{'otherTelephone':['1','2']}", "{'otherTelephone':['2','1']}", ""},
        {"{'mail':'A@x.test'}", "{'mail':'a@x.test'}", ""},
        {"{'displayName':'a'}", "{'displayName':'A'}", "modified displayName a -> A"},
        {"{'distinguishedName':'CN=a,OU=x','name':'a','cn':'a'}",
         "{'distinguishedName':'CN=a,OU=y','name':'a','cn':'a'}",
         "moved distinguishedName CN=a,OU=x -> CN=a,OU=y"},
        /* a rename is one change, not three */
        {"{'distinguishedName':'CN=a,OU=x','name':'a','cn':'a'}",
         "{'distinguishedName':'CN=b,OU=x','name':'b','cn':'b'}",
         "moved distinguishedName CN=a,OU=x -> CN=b,OU=x"},
        {"{'distinguishedName':'CN=a,OU=x'}", "{'distinguishedName':'cn=A,ou=X'}", ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            changes_between(COR_AD, COR_LIVE, cases[i].a, COR_LIVE, cases[i].b, TRUE);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_entra_attributes(void **state)
{
    static const struct {
        const char *a, *b, *expected;
    } cases[] = {
        {"{'onPremisesLastSyncDateTime':'1','@odata.id':'1'}",
         "{'onPremisesLastSyncDateTime':'2','@odata.id':'2'}", ""},
        {"{'onPremisesExtensionAttributes':{'extensionAttribute3':'a','extensionAttribute4':'c'}}",
         "{'onPremisesExtensionAttributes':{'extensionAttribute3':'b','extensionAttribute4':'c'}}",
         "modified onPremisesExtensionAttributes.extensionAttribute3 a -> b"},
        {"{}", "{'onPremisesExtensionAttributes':{'extensionAttribute3':'b'}}",
         "modified onPremisesExtensionAttributes.extensionAttribute3 (none) -> b"},
        {"{'onPremisesExtensionAttributes':{'extensionAttribute3':'b'}}", "{}",
         "modified onPremisesExtensionAttributes.extensionAttribute3 b -> (none)"},
        {"{'onPremisesSyncBehavior':{'isCloudManaged':false}}",
         "{'onPremisesSyncBehavior':{'isCloudManaged':true}}",
         "modified onPremisesSyncBehavior.isCloudManaged false -> true"},
        /* not readable at one of the points: nothing is known to have changed */
        {"{}", "{'onPremisesSyncBehavior':{'isCloudManaged':true}}", ""},
        {"{'employeeOrgData':{'division':'a','costCenter':'1'}}",
         "{'employeeOrgData':{'division':'b','costCenter':'1'}}",
         "modified employeeOrgData {\"costCenter\":\"1\",\"division\":\"a\"} -> "
         "{\"costCenter\":\"1\",\"division\":\"b\"}"},
        {"{'distinguishedName':'a'}", "{'distinguishedName':'b'}",
         "modified distinguishedName a -> b"},
        {"{'conditions':{'users':{'includeUsers':['1','2'],'excludeUsers':[]}}}",
         "{'conditions':{'users':{'includeUsers':['2','1']}}}", ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            changes_between(COR_ENTRA, COR_LIVE, cases[i].a, COR_LIVE, cases[i].b, TRUE);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_links(void **state)
{
    (void)state;
    const struct cor_link link = {COR_ENTRA, "member", "g1", "u1"};
    COR_RECORD_AUTO *group = halves_record(COR_ENTRA, "group", "g1", "{}");
    COR_RECORD_AUTO *user = halves_record(COR_ENTRA, "user", "u1", "{}");
    g_free(user->name);
    user->name = g_strdup("ada@example.test");
    struct cor_change *added = cor_diff_link(TRUE, &link, group, user);
    assert_int_equal(added->kind, COR_CHANGE_LINKED);
    assert_string_equal(added->object.type, "group");
    assert_string_equal(added->attribute, "member");
    assert_string_equal(added->link_target, "u1");
    assert_string_equal(cor_json_string(added->new_value), "ada@example.test");
    assert_null(added->old_value);
    cor_change_free(added);
    /* nothing is known but the keys */
    struct cor_change *removed = cor_diff_link(FALSE, &link, NULL, NULL);
    assert_int_equal(removed->kind, COR_CHANGE_UNLINKED);
    assert_int_equal(removed->object.directory, COR_ENTRA);
    assert_string_equal(removed->object.key, "g1");
    assert_string_equal(cor_json_string(removed->old_value), "u1");
    cor_change_free(removed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality),      cmocka_unit_test(test_traits),
        cmocka_unit_test(test_value_text),    cmocka_unit_test(test_life),
        cmocka_unit_test(test_ad_attributes), cmocka_unit_test(test_entra_attributes),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
