/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of single links: both forms, what is refused, and the ceiling. */
#include "ldap/metadata_links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define XML(target, deleted, version)                                                              \
    "<DS_REPL_VALUE_META_DATA><pszAttributeName>member</pszAttributeName>"                         \
    "<pszObjectDn>" target "</pszObjectDn><cbData>0</cbData><pbData></pbData>"                     \
    "<ftimeDeleted>" deleted "</ftimeDeleted><ftimeCreated>2026-01-01T10:00:00Z</ftimeCreated>"    \
    "<dwVersion>" version "</dwVersion>"                                                           \
    "<ftimeLastOriginatingChange>2026-01-01T11:00:00Z</ftimeLastOriginatingChange>"                \
    "<uuidLastOriginatingDsaInvocationID>a29b8168-bf9f-46d0-845e-a0449d73fa2c"                     \
    "</uuidLastOriginatingDsaInvocationID><usnOriginatingChange>9161</usnOriginatingChange>"       \
    "<usnLocalChange>1</usnLocalChange></DS_REPL_VALUE_META_DATA>"
#define NEVER "1601-01-01T00:00:00Z"
#define LATER "2026-01-01T11:00:00Z"

static char *json_of(const char *const *values)
{
    struct ad_link_stamps stamps;
    ad_link_stamps_init(&stamps);
    for (guint i = 0; values[i]; i++) {
        struct berval value = {strlen(values[i]), (char *)(uintptr_t)values[i]};
        ad_link_stamps_add(&stamps, &value);
    }
    assert_int_equal(stamps.broken, 0);
    COR_JSON_AUTO *metadata = cor_json_new_object();
    ad_link_stamps_store(&stamps, metadata);
    ad_link_stamps_clear(&stamps);
    return cor_json_to_text(metadata);
}

static void test_xml(void **state)
{
    const char *const values[] = {XML("CN=B &amp; C", NEVER, "1") "\n", XML("CN=A", LATER, "2"),
                                  NULL};
    (void)state;
    g_autofree char *text = json_of(values);
    assert_string_equal(text, "{\"member\":{\"values\":{"
                              "\"CN=A\":{\"created\":\"2026-01-01T10:00:00Z\","
                              "\"deleted\":\"2026-01-01T11:00:00Z\","
                              "\"dsa\":\"a29b8168-bf9f-46d0-845e-a0449d73fa2c\","
                              "\"time\":\"2026-01-01T11:00:00Z\",\"usn\":9161,\"version\":2},"
                              "\"CN=B & C\":{\"created\":\"2026-01-01T10:00:00Z\","
                              "\"dsa\":\"a29b8168-bf9f-46d0-845e-a0449d73fa2c\","
                              "\"time\":\"2026-01-01T11:00:00Z\",\"usn\":9161,\"version\":1}}}}");
}

/* A link told twice, by both forms or twice in a range that moved, is told by its newest state. */
static void test_told_twice(void **state)
{
    const char *const values[] = {XML("CN=A", LATER, "2"), XML("CN=A", NEVER, "3"), NULL};
    (void)state;
    g_autofree char *text = json_of(values);
    assert_non_null(strstr(text, "\"version\":3"));
    assert_null(strstr(text, "deleted"));
}

static void test_bad_xml(void **state)
{
    static const char *const bad[] = {
        "",
        "<DS_REPL_VALUE_META_DATA>",
        "<DS_REPL_ATTR_META_DATA></DS_REPL_ATTR_META_DATA>",
        XML("", NEVER, "1"),
        XML("CN=A", NEVER, "-1"),
        XML("CN=A", NEVER, "4294967296"),
        XML("CN=A", "yesterday", "1"),
        XML("CN=A<x></x>", NEVER, "1"),
        XML("CN=A</pszObjectDn><pszObjectDn>CN=B", NEVER, "1"),
        XML("CN=\xff", NEVER, "1"),
        XML("CN=A", NEVER, "1") XML("CN=A", NEVER, "1"),
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct ad_link_stamp stamp;
        if (ad_link_stamp_xml(bad[i], strlen(bad[i]), &stamp))
            fail_msg("accepted: %s", bad[i]);
        assert_null(stamp.target);
    }
}

static gsize make_blob(guint8 *blob, guint64 deleted, guint32 version)
{
    static const guint8 dsa[16] = {0x68, 0x81, 0x9b, 0xa2};
    static const char texts[] = "m\0\0\0C\0N\0=\0A\0\0";
    const guint64 filetime = GUINT64_TO_LE(G_GUINT64_CONSTANT(134398828430000000));
    const guint32 offsets[] = {GUINT32_TO_LE(88), GUINT32_TO_LE(92)};
    memset(blob, 0, 88);
    memcpy(blob, offsets, sizeof offsets);
    deleted = GUINT64_TO_LE(deleted);
    version = GUINT32_TO_LE(version);
    memcpy(blob + 16, &deleted, 8);
    memcpy(blob + 24, &filetime, 8);
    memcpy(blob + 32, &version, 4);
    memcpy(blob + 36, &filetime, 8);
    memcpy(blob + 44, dsa, 16);
    memcpy(blob + 88, texts, sizeof texts);
    return 88 + sizeof texts;
}

static void test_blob(void **state)
{
    guint8 blob[128];
    struct ad_link_stamp stamp;
    gsize len = make_blob(blob, 0, 7);
    (void)state;
    assert_true(ad_link_stamp_blob(blob, len, &stamp));
    assert_string_equal(stamp.attribute, "m");
    assert_string_equal(stamp.target, "CN=A");
    assert_int_equal(stamp.deleted_us, 0);
    assert_int_equal(stamp.created_us / 1000000, 1795409243);
    assert_int_equal(stamp.version, 7);
    ad_link_stamp_clear(&stamp);
    for (gsize cut = 0; cut < len - 1; cut++)
        assert_false(ad_link_stamp_blob(blob, cut, &stamp));
    blob[0] = 3; /* a name inside the fixed part */
    assert_false(ad_link_stamp_blob(blob, len, &stamp));
    memset(blob, 0xff, 8);
    assert_false(ad_link_stamp_blob(blob, len, &stamp));
}

static void fill(struct ad_link_stamps *stamps, guint count)
{
    ad_link_stamps_init(stamps);
    for (guint i = 0; i < count; i++) {
        g_autofree char *text =
            g_strdup_printf(XML("CN=%06u", NEVER, "%u"), i, (i * 7919u) % 1000u + 1u);
        struct berval value = {strlen(text), text};
        ad_link_stamps_add(stamps, &value);
        assert_true(stamps->list->len < 2 * AD_LINK_STAMPS_MAX);
    }
}

static void test_ceiling(void **state)
{
    static const struct {
        guint count;
        gint64 omitted;
    } cases[] = {{AD_LINK_STAMPS_MAX, 0}, {AD_LINK_STAMPS_MAX + 1, 1}, {9000, 7000}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ad_link_stamps stamps;
        COR_JSON_AUTO *metadata = cor_json_new_object();
        gint64 omitted = 0;
        fill(&stamps, cases[i].count);
        ad_link_stamps_store(&stamps, metadata);
        ad_link_stamps_clear(&stamps);
        const struct cor_json *node = cor_json_get(metadata, "member");
        cor_json_int(cor_json_get(node, "omitted"), &omitted);
        assert_int_equal(omitted, cases[i].omitted);
        assert_int_equal(cor_json_size(cor_json_get(node, "values")), AD_LINK_STAMPS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml),     cmocka_unit_test(test_told_twice),
        cmocka_unit_test(test_bad_xml), cmocka_unit_test(test_blob),
        cmocka_unit_test(test_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
