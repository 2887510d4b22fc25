/* SPDX-License-Identifier: Apache-2.0 */
/* Wire values against forms taken down from a real directory. */
#include "correlate/record.h"
#include "ldap/decode.h"
#include "ldap/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static gsize unhex(const char *hex, guint8 *out)
{
    gsize len = strlen(hex) / 2;
    for (gsize i = 0; i < len; i++)
        out[i] =
            (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
    return len;
}

static struct berval bv(const char *text)
{
    return (struct berval){strlen(text), (char *)text};
}

static void test_guid(void **state)
{
    guint8 bytes[16], back[16];
    char text[AD_GUID_TEXT];
    (void)state;
    unhex("9f15b68a3db01b4493afc89cc37beed3", bytes);
    ad_guid_text(bytes, text);
    assert_string_equal(text, "8ab6159f-b03d-441b-93af-c89cc37beed3");
    assert_true(ad_guid_parse("8AB6159F-b03d-441b-93af-c89cc37beed3", 36, back));
    assert_memory_equal(bytes, back, 16);
    assert_false(ad_guid_parse("8ab6159f-b03d-441b-93af-c89cc37beed", 35, back));
    assert_false(ad_guid_parse("8ab6159f0b03d-441b-93af-c89cc37beed3", 36, back));
    assert_false(ad_guid_parse("8ab6159f-b03d-441b-93af-c89cc37beeg3", 36, back));
}

static void test_sid(void **state)
{
    guint8 bytes[64] = {0};
    (void)state;
    gsize len = unhex("010500000000000515000000dcf4dc3b833d2b46828ba62850040000", bytes);
    g_autofree char *text = ad_sid_text(bytes, len);
    assert_string_equal(text, "S-1-5-21-1004336348-1177238915-682003330-1104");
    for (gsize cut = 0; cut < len; cut++)
        assert_null(ad_sid_text(bytes, cut));
    assert_null(ad_sid_text(bytes, len + 1));
    bytes[0] = 2;
    assert_null(ad_sid_text(bytes, len));
    len = unhex("010100000000000512000000", bytes);
    g_autofree char *system = ad_sid_text(bytes, len);
    assert_string_equal(system, "S-1-5-18");
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        gboolean ok;
        gint64 value;
    } cases[] = {
        {"0", TRUE, 0},
        {"-2147483646", TRUE, -2147483646},
        {"9223372036854775807", TRUE, G_MAXINT64},
        {"-9223372036854775808", TRUE, G_MININT64},
        {"9223372036854775808", FALSE, 0},
        {"-9223372036854775809", FALSE, 0},
        {"18446744073709551616", FALSE, 0},
        {"", FALSE, 0},
        {"-", FALSE, 0},
        {"+1", FALSE, 0},
        {" 1", FALSE, 0},
        {"1x", FALSE, 0},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 value = 0;
        gboolean ok = ad_int_parse(cases[i].text, strlen(cases[i].text), &value);
        if (ok != cases[i].ok || value != cases[i].value)
            fail_msg("'%s'", cases[i].text);
    }
}

static void test_extended_dn(void **state)
{
    static const char full[] = "<GUID=6bae2781-dec5-4555-8d81-d979866ef2ba>;<SID=S-1-5-21-1-2-3-"
                               "6105>;CN=Grp001,OU=Teams,DC=lab,DC=example,DC=test";
    struct ad_dn dn;
    char text[AD_GUID_TEXT];
    (void)state;
    assert_true(ad_dn_parse(full, strlen(full), &dn));
    assert_true(dn.has_guid);
    ad_guid_text(dn.guid, text);
    assert_string_equal(text, "6bae2781-dec5-4555-8d81-d979866ef2ba");
    assert_int_equal(strncmp(dn.dn, "CN=Grp001,OU=Teams", 18), 0);
    assert_true(ad_dn_parse("CN=plain", 8, &dn));
    assert_false(dn.has_guid);
    /* escaped angle brackets and semicolons belong to the name */
    assert_true(ad_dn_parse("CN=a\\<GUID=b\\>\\;c", 18, &dn));
    assert_int_equal(dn.dn_len, 18);
    assert_false(ad_dn_parse("<GUID=6bae2781", 14, &dn));
    assert_false(ad_dn_parse("<GUID=xyz>;CN=a", 15, &dn));
    assert_true(ad_dn_parse("", 0, &dn));
}

static char *decode(enum ad_syntax syntax, const void *data, gsize len)
{
    struct berval value = {len, (char *)data};
    COR_JSON_AUTO *node = ad_value(syntax, &value);
    return cor_json_to_text(node);
}

static void test_values(void **state)
{
    static const struct {
        enum ad_syntax syntax;
        const char *wire, *canonical;
    } cases[] = {
        {AD_SYNTAX_TEXT, "Ünal", "\"Ünal\""},
        {AD_SYNTAX_TEXT, "\xff", "{\"base64\":\"/w==\"}"},
        {AD_SYNTAX_BOOLEAN, "TRUE", "true"},
        {AD_SYNTAX_BOOLEAN, "FALSE", "false"},
        {AD_SYNTAX_BOOLEAN, "true", "\"true\""},
        {AD_SYNTAX_INTEGER, "-36288000000000", "-36288000000000"},
        {AD_SYNTAX_INTEGER, "12a", "\"12a\""},
        {AD_SYNTAX_TIME, "20261123050826.0Z", "\"2026-11-23T05:08:26Z\""},
        {AD_SYNTAX_TIME, "yesterday", "\"yesterday\""},
        {AD_SYNTAX_SID, "nonsense", "\"nonsense\""},
        {AD_SYNTAX_OCTETS, "abc", "\"YWJj\""},
        {AD_SYNTAX_DN, "<GUID=6bae2781-dec5-4555-8d81-d979866ef2ba>;CN=a", "\"CN=a\""},
        {AD_SYNTAX_DN_DATA, "B:8:DEADBEEF:<GUID=6bae2781-dec5-4555-8d81-d979866ef2ba>;CN=a",
         "\"DEADBEEF:6bae2781-dec5-4555-8d81-d979866ef2ba\""},
        {AD_SYNTAX_DN_DATA, "S:3:a:b:CN=a", "\"a:b:CN=a\""},
        {AD_SYNTAX_DN_DATA, "B:99:DEADBEEF:CN=a", "\"B:99:DEADBEEF:CN=a\""},
        {AD_SYNTAX_DN_DATA, "B:-1:DEADBEEF:CN=a", "\"B:-1:DEADBEEF:CN=a\""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = decode(cases[i].syntax, cases[i].wire, strlen(cases[i].wire));
        assert_string_equal(text, cases[i].canonical);
    }
    g_autofree char *nul = decode(AD_SYNTAX_TEXT, "a\0b", 3);
    assert_string_equal(nul, "{\"base64\":\"YQBi\"}");
}

static void test_sets_are_sorted(void **state)
{
    struct berval forward[] = {bv("b"), bv("a"), bv("ab")};
    struct berval backward[] = {bv("ab"), bv("b"), bv("a")};
    (void)state;
    COR_JSON_AUTO *one = ad_values(AD_SYNTAX_TEXT, forward, 3);
    COR_JSON_AUTO *two = ad_values(AD_SYNTAX_TEXT, backward, 3);
    g_autofree char *text = cor_json_to_text(one);
    assert_true(cor_json_equal(one, two));
    assert_string_equal(text, "[\"a\",\"ab\",\"b\"]");
    COR_JSON_AUTO *digest_one = ad_values_digest(forward, 3);
    COR_JSON_AUTO *digest_two = ad_values_digest(backward, 3);
    assert_true(cor_json_equal(digest_one, digest_two));
    struct berval shifted[] = {bv("aa"), bv("b"), bv("b")};
    COR_JSON_AUTO *digest_three = ad_values_digest(shifted, 3);
    assert_false(cor_json_equal(digest_one, digest_three));
}

static void test_range_names(void **state)
{
    static const struct {
        const char *name;
        gboolean ok;
        gsize len;
        guint64 next;
    } cases[] = {
        {"member", TRUE, 6, 0},
        {"member;range=0-1499", TRUE, 6, 1500},
        {"member;Range=1500-*", TRUE, 6, 0},
        {"member;binary", TRUE, 6, 0},
        {"member;binary;range=0-9", TRUE, 6, 10},
        {"member;range=0-9;binary", TRUE, 6, 10},
        {"member;binary;range=9", FALSE, 6, 0},
        {"member;range=", FALSE, 6, 0},
        {"member;range=9-1", FALSE, 6, 0},
        {"member;range=0-99999999999999999999", FALSE, 6, 0},
        {"member;range=a-b", FALSE, 6, 0},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize len;
        guint64 next;
        gboolean ok = ad_range_parse(cases[i].name, strlen(cases[i].name), &len, &next);
        if (ok != cases[i].ok || len != cases[i].len || next != cases[i].next)
            fail_msg("'%s'", cases[i].name);
    }
}

static struct cor_record *entry_with(struct ad_schema *schema, struct ad_entry *entry,
                                     const char *class_name, const char *extra, const char *value,
                                     gboolean recycle_bin)
{
    struct berval classes[] = {bv("user"), bv(class_name)};
    struct berval guid = bv("0123456789abcdef");
    struct berval values = bv(value);
    struct berval class_attribute = bv("objectClass"), guid_attribute = bv("objectGUID");
    struct berval extra_attribute = bv(extra);
    ad_entry_add(entry, schema, &class_attribute, classes, 2);
    ad_entry_add(entry, schema, &guid_attribute, &guid, 1);
    ad_entry_add(entry, schema, &extra_attribute, &values, 1);
    return ad_entry_record(entry, recycle_bin);
}

static void test_type_and_life(void **state)
{
    static const struct {
        const char *class_name, *extra, *value;
        gboolean recycle_bin;
        const char *type;
        enum cor_life life;
    } cases[] = {
        {"user", "x", "1", TRUE, "user", COR_LIVE},
        {"computer", "x", "1", TRUE, "computer", COR_LIVE},
        {"inetOrgPerson", "x", "1", TRUE, "inetOrgPerson", COR_LIVE},
        {"user", "isDeleted", "TRUE", TRUE, "user", COR_DELETED},
        {"user", "isDeleted", "TRUE", FALSE, "user", COR_RECYCLED},
        {"user", "isDeleted", "FALSE", TRUE, "user", COR_LIVE},
        {"user", "isRecycled", "TRUE", TRUE, "user", COR_RECYCLED},
    };
    (void)state;
    AD_SCHEMA_AUTO *schema = ad_schema_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        AD_ENTRY_AUTO *entry = ad_entry_new();
        COR_RECORD_AUTO *record = entry_with(schema, entry, cases[i].class_name, cases[i].extra,
                                             cases[i].value, cases[i].recycle_bin);
        assert_non_null(record);
        assert_string_equal(record->type, cases[i].type);
        assert_int_equal(record->life, cases[i].life);
        assert_string_equal(record->key, "33323130-3534-3736-3839-616263646566");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guid),        cmocka_unit_test(test_sid),
        cmocka_unit_test(test_integers),    cmocka_unit_test(test_extended_dn),
        cmocka_unit_test(test_values),      cmocka_unit_test(test_sets_are_sorted),
        cmocka_unit_test(test_range_names), cmocka_unit_test(test_type_and_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
