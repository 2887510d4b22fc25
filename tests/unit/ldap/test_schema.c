/* SPDX-License-Identifier: Apache-2.0 */
/* What happens with an attribute, and replication metadata, against values of a real directory. */
#include "ldap/metadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* An organizational unit whose description was replaced twice and whose own attribute was cleared.
 */
static const char vector_hex[] =
    "0100000000000000090000000000000000000000010000004a5b14210300000068819ba29fbfd046845ea0449d73fa"
    "2c222400000000000022240000000000000b000000010000004a5b14210300000068819ba29fbfd046845ea0449d73"
    "fa2c222400000000000022240000000000000d000000030000004a5b14210300000068819ba29fbfd046845ea0449d"
    "73fa2c2424000000000000242400000000000001000200010000004a5b14210300000068819ba29fbfd046845ea044"
    "9d73fa2c2224000000000000222400000000000002000200010000004a5b14210300000068819ba29fbfd046845ea0"
    "449d73fa2c2224000000000000222400000000000019010200010000004a5b14210300000068819ba29fbfd046845e"
    "a0449d73fa2c2224000000000000222400000000000001000900010000004a5b14210300000068819ba29fbfd04684"
    "5ea0449d73fa2c222400000000000022240000000000000e030900010000004a5b14210300000068819ba29fbfd046"
    "845ea0449d73fa2c222400000000000022240000000000005c523f9f020000004a5b14210300000068819ba29fbfd0"
    "46845ea0449d73fa2c25240000000000002524000000000000";

static guint8 vector[448];

static gsize load_vector(void)
{
    gsize len = strlen(vector_hex) / 2;
    assert_int_equal(len, sizeof vector);
    for (gsize i = 0; i < len; i++)
        vector[i] = (guint8)(g_ascii_xdigit_value(vector_hex[2 * i]) << 4 |
                             g_ascii_xdigit_value(vector_hex[2 * i + 1]));
    return len;
}

static void test_stamps(void **state)
{
    (void)state;
    gsize len = load_vector();
    assert_int_equal(ad_stamps_count(vector, len), 9);
    struct ad_stamp stamp = ad_stamp_at(vector, 2);
    assert_int_equal(stamp.attrtyp, 0xd);
    assert_int_equal(stamp.version, 3);
    assert_true(stamp.time_us == G_GINT64_CONSTANT(1795410506000000));
    assert_true(stamp.usn == 9252);
    stamp = ad_stamp_at(vector, 8);
    assert_true(stamp.attrtyp == 0x9f3f525c);
    assert_true(stamp.usn == 9253);
}

static void test_stamps_malformed(void **state)
{
    (void)state;
    gsize len = load_vector();
    for (gsize cut = 0; cut < len; cut++)
        assert_int_equal(ad_stamps_count(vector, cut), -1);
    vector[0] = 2;
    assert_int_equal(ad_stamps_count(vector, len), -1);
    load_vector();
    memset(vector + 8, 0xff, 4);
    assert_int_equal(ad_stamps_count(vector, len), -1);
    load_vector();
    vector[8] = 10;
    assert_int_equal(ad_stamps_count(vector, len), -1);
}

static struct ad_schema *sample_schema(void)
{
    static const struct ad_schema_row rows[] = {
        {.name = "objectClass", .attribute_id = "2.5.4.0", .syntax = "2.5.5.2"},
        {.name = "ou", .attribute_id = "2.5.4.11", .syntax = "2.5.5.12"},
        {.name = "description", .attribute_id = "2.5.4.13", .syntax = "2.5.5.12"},
        {.name = "whenCreated", .attribute_id = "1.2.840.113556.1.2.2", .syntax = "2.5.5.11"},
        {.name = "nTSecurityDescriptor",
         .attribute_id = "1.2.840.113556.1.2.281",
         .syntax = "2.5.5.15"},
        {.name = "labCostCentre",
         .attribute_id = "1.3.6.1.4.1.99999.20000",
         .syntax = "2.5.5.12",
         .has_int_id = TRUE,
         .int_id = -1623240100},
    };
    struct ad_schema *schema = ad_schema_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        ad_schema_add(schema, &rows[i]);
    return schema;
}

static void test_metadata_json(void **state)
{
    (void)state;
    gsize len = load_vector();
    AD_SCHEMA_AUTO *schema = sample_schema();
    COR_JSON_AUTO *metadata = ad_metadata_json(schema, NULL, vector, len);
    assert_non_null(metadata);
    assert_int_equal(cor_json_size(metadata), 8);
    g_autofree char *cleared = cor_json_to_text(cor_json_get(metadata, "labCostCentre"));
    assert_string_equal(cleared, "{\"dsa\":\"a29b8168-bf9f-46d0-845e-a0449d73fa2c\","
                                 "\"time\":\"2026-11-23T05:08:26Z\",\"usn\":9253,\"version\":2}");
    assert_non_null(cor_json_get(metadata, "0x0009030e"));
    assert_null(cor_json_get(metadata, "nTSecurityDescriptor"));
    /* a repeated attribute makes the whole blob untrustworthy */
    memcpy(vector + 16 + 48, vector + 16, 4);
    assert_null(ad_metadata_json(schema, NULL, vector, len));
}

/* The stamp of the naming attribute is each server's own; that of name is the true one. */
static void test_metadata_naming(void **state)
{
    enum { ENTRY = 48, HEADER = 16, OU = 1, NAME = 6 };
    (void)state;
    gsize len = load_vector();
    guint8 *ou = vector + HEADER + OU * ENTRY;
    AD_SCHEMA_AUTO *schema = sample_schema();
    const struct ad_attribute *naming = ad_schema_by_name(schema, "OU", 2);
    assert_non_null(naming);
    memset(ou + 16, 0xab, 16); /* another DSA */
    ou[32]++;                  /* another USN */
    COR_JSON_AUTO *own = ad_metadata_json(schema, NULL, vector, len);
    COR_JSON_AUTO *named = ad_metadata_json(schema, naming, vector, len);
    const struct cor_json *name = cor_json_get(named, "0x00090001");
    assert_non_null(name);
    assert_true(cor_json_equal(cor_json_get(named, "ou"), name));
    assert_false(cor_json_equal(cor_json_get(own, "ou"), name));
    /* without a stamp of name it keeps its own */
    memset(vector + HEADER + NAME * ENTRY, 0x02, 1);
    COR_JSON_AUTO *nameless = ad_metadata_json(schema, naming, vector, len);
    assert_true(cor_json_equal(cor_json_get(nameless, "ou"), cor_json_get(own, "ou")));
}

static void test_attrtyp(void **state)
{
    static const struct {
        const char *oid;
        gboolean ok;
        guint32 attrtyp;
    } cases[] = {
        {"2.5.4.3", TRUE, 0x3},
        {"1.2.840.113556.1.2.13", TRUE, 0x2000d},
        {"1.2.840.113556.1.4.782", TRUE, 0x9030e},
        {"1.2.840.113556.1.4.2058", TRUE, 0x9080a},
        {"0.9.2342.19200300.100.1.3", TRUE, 0x150003},
        {"1.3.6.1.1.1.1.0", FALSE, 0},
        {"2.5.4.16384", FALSE, 0},
        {"2.5.4.", FALSE, 0},
        {"2", FALSE, 0},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ad_schema_row row = {.name = "x", .attribute_id = cases[i].oid};
        guint32 attrtyp = 0;
        gboolean ok = ad_attrtyp_of(&row, &attrtyp);
        if (ok != cases[i].ok || attrtyp != cases[i].attrtyp)
            fail_msg("%s: 0x%x", cases[i].oid, attrtyp);
    }
}

static void test_handling(void **state)
{
    static const struct {
        struct ad_schema_row row;
        enum ad_handling handling;
    } cases[] = {
        {{.name = "title", .syntax = "2.5.5.12"}, AD_STORE},
        {{.name = "member", .syntax = "2.5.5.1", .link_id = 2}, AD_LINK},
        {{.name = "memberOf", .syntax = "2.5.5.1", .link_id = 3}, AD_VOLATILE},
        {{.name = "msDS-KeyCredentialLink", .syntax = "2.5.5.7", .link_id = 2220}, AD_STORE},
        {{.name = "lastLogon", .syntax = "2.5.5.16", .system_flags = 17}, AD_VOLATILE},
        {{.name = "LASTLOGONTIMESTAMP", .syntax = "2.5.5.16"}, AD_VOLATILE},
        {{.name = "canonicalName", .syntax = "2.5.5.12", .system_flags = 20}, AD_VOLATILE},
        {{.name = "whenCreated", .syntax = "2.5.5.11", .system_flags = 18}, AD_STORE},
        {{.name = "objectGUID", .syntax = "2.5.5.10", .system_flags = 19}, AD_STORE},
        {{.name = "unicodePwd", .syntax = "2.5.5.10"}, AD_SECRET},
        {{.name = "msLAPS-Password", .syntax = "2.5.5.12"}, AD_SECRET},
        {{.name = "labHidden", .syntax = "2.5.5.12", .search_flags = 128}, AD_SECRET},
    };
    (void)state;
    AD_SCHEMA_AUTO *schema = ad_schema_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        ad_schema_add(schema, &cases[i].row);
        const char *name = cases[i].row.name;
        const struct ad_attribute *attribute = ad_schema_by_name(schema, name, strlen(name));
        if (!attribute || attribute->handling != cases[i].handling)
            fail_msg("%s", name);
    }
    assert_non_null(ad_schema_by_name(schema, "TITLEx", 5));
    assert_null(ad_schema_by_name(schema, "titl", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamps),        cmocka_unit_test(test_stamps_malformed),
        cmocka_unit_test(test_metadata_json), cmocka_unit_test(test_metadata_naming),
        cmocka_unit_test(test_attrtyp),       cmocka_unit_test(test_handling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
