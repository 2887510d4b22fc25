/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors (published sample values), folding, and which identifiers a record carries. */
#include "correlate/identity.h"
#include "halves.h"

static const struct {
    const char *guid, *anchor, *big_endian;
} anchors[] = {
    {"00112233-4455-6677-8899-aabbccddeeff",
     "MyIRAFVEd2aImaq7zN3u/w==", "ABEiM0RVZneImaq7zN3u/w=="},
    {"897485c7-81a7-42eb-97c6-37ed73077b1f",
     "x4V0iaeB60KXxjftcwd7Hw==", "iXSFx4GnQuuXxjftcwd7Hw=="},
    {"25c2879e-20ed-4e66-83f0-9e20460aedf8",
     "nofCJe0gZk6D8J4gRgrt+A==", "JcKHniDtTmaD8J4gRgrt+A=="},
};

static void test_anchor_of_guid(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(anchors); i++) {
        g_autofree char *anchor = cor_anchor_from_guid(anchors[i].guid);
        assert_string_equal(anchor, anchors[i].anchor);
        g_autofree char *guid = cor_anchor_to_guid(anchor);
        assert_string_equal(guid, anchors[i].guid);
        g_autofree char *other = cor_anchor_to_guid(anchors[i].big_endian);
        assert_string_not_equal(other, anchors[i].guid);
        g_autofree char *upper = g_ascii_strup(anchors[i].guid, -1);
        g_autofree char *same = cor_anchor_from_guid(upper);
        assert_string_equal(same, anchors[i].anchor);
    }
}

static void test_not_an_anchor(void **state)
{
    static const char *const texts[] = {
        "",
        "E12345",                       /* custom string anchor */
        "MyIRAFVEd2aImaq7zN3u/w=",      /* too short */
        "MyIRAFVEd2aImaq7zN3u/w==\n",   /* too long */
        "MyIRAFVEd2aImaq7zN3u/x==",     /* bits beyond the last octet */
        "MyIRAFVEd2aImaq7zN3u_w==",     /* another alphabet */
        "MyIRAFVEd2aImaq7zN3u/wAA",     /* 18 octets */
        "\n\nIRAFVEd2aImaq7zN3u/w==\n", /* what a lax decoder skips */
    };
    static const char *const guids[] = {"",
                                        "0011223344556677889aabbccddeeff00112",
                                        "00112233-4455-6677-8899-aabbccddeef",
                                        "00112233-4455-6677-8899-aabbccddeefg",
                                        "{0112233-4455-6677-8899-aabbccddeef}",
                                        "00112233x4455-6677-8899-aabbccddeeff"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_null(cor_anchor_to_guid(texts[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(guids); i++)
        assert_null(cor_anchor_from_guid(guids[i]));
    assert_null(cor_anchor_to_guid(NULL));
    assert_null(cor_anchor_from_guid(NULL));
}

static void test_anchor_of_record(void **state)
{
    static const struct {
        const char *type, *attributes, *anchor;
    } cases[] = {
        {"user", "{}", "MyIRAFVEd2aImaq7zN3u/w=="},
        {"user", "{'mS-DS-ConsistencyGuid':'x4V0iaeB60KXxjftcwd7Hw=='}",
         "x4V0iaeB60KXxjftcwd7Hw=="},
        {"inetOrgPerson", "{'mS-DS-ConsistencyGuid':'x4V0iaeB60KXxjftcwd7Hw=='}",
         "x4V0iaeB60KXxjftcwd7Hw=="},
        /* only users have another anchor than their objectGUID */
        {"group", "{'mS-DS-ConsistencyGuid':'x4V0iaeB60KXxjftcwd7Hw=='}",
         "MyIRAFVEd2aImaq7zN3u/w=="},
        {"user", "{'msExchRecipientTypeDetails':2}", NULL},
        {"user", "{'msExchRecipientTypeDetails':1}", "MyIRAFVEd2aImaq7zN3u/w=="},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        COR_RECORD_AUTO *record =
            halves_record(COR_AD, cases[i].type, anchors[0].guid, cases[i].attributes);
        g_autofree char *anchor = cor_anchor_of(record);
        if (cases[i].anchor)
            assert_string_equal(anchor, cases[i].anchor);
        else
            assert_null(anchor);
    }
}

static void test_fold(void **state)
{
    static const struct {
        int kind;
        const char *value, *folded;
    } cases[] = {
        {COR_ID_UPN, "Ada@Example.Test", "ada@example.test"},
        {COR_ID_ANCHOR, "MyIRAFVEd2aImaq7zN3u/w==", "MyIRAFVEd2aImaq7zN3u/w=="},
        {COR_ID_NAME, "\xc3\x84NNE", "\xc3\xa4nne"},
        {COR_ID_NAME, "A\xcc\x88nne", "\xc3\xa4nne"}, /* the same letter in two parts */
        {COR_ID_SID, "S-1-5-21-1", "s-1-5-21-1"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *folded = cor_identifier_fold(cases[i].kind, cases[i].value);
        assert_string_equal(folded, cases[i].folded);
    }
    assert_string_equal(cor_identifier_name(COR_ID_PRIMARY_SMTP), "primary SMTP address");
    for (int kind = COR_ID_KEY; kind <= COR_ID_NICKNAME; kind++)
        assert_string_not_equal(cor_identifier_name(kind), "identifier");
    assert_string_equal(cor_identifier_name(0), "identifier");
    assert_string_equal(cor_identifier_name(99), "identifier");
}

/* "kind=value kind=value ..." in ascending order of kinds, as they were added within a kind. */
static char *listed(const struct cor_record *record)
{
    g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
    GString *out = g_string_new(NULL);
    for (int kind = COR_ID_KEY; kind <= COR_ID_NICKNAME; kind++)
        for (guint i = 0; i < identifiers->len; i++) {
            const struct cor_identifier *one = identifiers->pdata[i];
            if (one->kind == kind)
                g_string_append_printf(out, "%s%d=%s", out->len ? " " : "", kind, one->value);
        }
    return g_string_free(out, FALSE);
}

static void test_identifiers(void **state)
{
    static const struct {
        enum cor_directory directory;
        const char *type, *key, *attributes, *expected;
    } cases[] = {
        {COR_AD, "user", "00112233-4455-6677-8899-aabbccddeeff",
         "{'mS-DS-ConsistencyGuid':'x4V0iaeB60KXxjftcwd7Hw==','objectSid':'S-1-5-21-7',"
         "'userPrincipalName':'Ada@Example.Test','sAMAccountName':'ada','mail':'ada@example.test',"
         "'distinguishedName':'CN=Ada,DC=example,DC=test','cn':'Ada','displayName':'Ada',"
         "'mailNickname':'ada','proxyAddresses':['SMTP:ada@example.test','smtp:A2@example.test',"
         "'X500:/o=x']}",
         "1=00112233-4455-6677-8899-aabbccddeeff 2=x4V0iaeB60KXxjftcwd7Hw== "
         "2=MyIRAFVEd2aImaq7zN3u/w== 3=s-1-5-21-7 4=ada@example.test 5=ada "
         "6=cn=ada,dc=example,dc=test 7=ada@example.test 8=ada@example.test 8=a2@example.test "
         "9=ada@example.test 11=ada 13=ada"},
        {COR_AD, "computer", "00112233-4455-6677-8899-aabbccddeeff", "{}",
         "1=00112233-4455-6677-8899-aabbccddeeff 2=MyIRAFVEd2aImaq7zN3u/w== "
         "10=00112233-4455-6677-8899-aabbccddeeff"},
        /* a contact without mail nickname is known by its cn in the cloud */
        {COR_AD, "contact", "00112233-4455-6677-8899-aabbccddeeff", "{'cn':'Pilot'}",
         "1=00112233-4455-6677-8899-aabbccddeeff 2=MyIRAFVEd2aImaq7zN3u/w== 11=pilot 13=pilot"},
        {COR_ENTRA, "user", "e1",
         "{'onPremisesImmutableId':'E1234','onPremisesSecurityIdentifier':'S-1-5-21-7',"
         "'userPrincipalName':'Ada@Example.Test','onPremisesSamAccountName':'ADA'}",
         "1=e1 2=E1234 3=s-1-5-21-7 4=ada@example.test 5=ada"},
        {COR_ENTRA, "servicePrincipal", "e2", "{'appId':'A-1','displayName':'App'}",
         "1=e2 11=app 12=a-1"},
        {COR_ENTRA, "device", "e3", "{'deviceId':'D-1'}", "1=e3 10=d-1"},
        {COR_ENTRA, "user", "e4", "{'mail':'','proxyAddresses':[],'displayName':null}", "1=e4"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        COR_RECORD_AUTO *record =
            halves_record(cases[i].directory, cases[i].type, cases[i].key, cases[i].attributes);
        g_autofree char *text = listed(record);
        assert_string_equal(text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor_of_guid),   cmocka_unit_test(test_not_an_anchor),
        cmocka_unit_test(test_anchor_of_record), cmocka_unit_test(test_fold),
        cmocka_unit_test(test_identifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
