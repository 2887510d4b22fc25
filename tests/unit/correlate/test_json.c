/* SPDX-License-Identifier: Apache-2.0 */
#include "correlate/error.h"
#include "correlate/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void accepts(const char *text, const char *canonical)
{
    g_autoptr(GError) error = NULL;
    COR_JSON_AUTO *doc = cor_json_parse(text, strlen(text), 0, &error);
    if (!doc)
        fail_msg("'%s' was refused: %s", text, error->message);
    g_autofree char *out = cor_json_to_text(doc);
    assert_string_equal(out, canonical);
}

static void refuses_len(const char *text, gsize len, int code)
{
    g_autoptr(GError) error = NULL;
    COR_JSON_AUTO *doc = cor_json_parse(text, len, 0, &error);
    if (doc)
        fail_msg("'%s' was accepted", text);
    assert_int_equal(error->code, code);
}

static void refuses(const char *text)
{
    refuses_len(text, strlen(text), COR_E_INPUT);
}

static void test_values_become_canonical(void **state)
{
    (void)state;
    accepts(" {\"b\" : 1, \"a\":[true , false,null ]} ", "{\"a\":[true,false,null],\"b\":1}");
    accepts("[]", "[]");
    accepts("{}", "{}");
    accepts("[{},[[]]]", "[{},[[]]]");
    accepts("\"\\u00e4\\/\\n\\u0001\\ud83d\\ude00\"", "\"ä/\\n\\u0001😀\"");
    accepts("[0.5,-0,1e2,1.0,0.1]", "[0.5,0,100,1,0.1]");
}

static void test_integers_stay_exact(void **state)
{
    (void)state;
    accepts("[9007199254740993,-9007199254740993,9223372036854775807,-9223372036854775808]",
            "[9007199254740993,-9007199254740993,9223372036854775807,-9223372036854775808]");
    accepts("{\"b\":9007199254740993,\"a\":{\"c\":[9007199254740995]}}",
            "{\"a\":{\"c\":[9007199254740995]},\"b\":9007199254740993}");
    COR_JSON_AUTO *made = cor_json_new_int(G_MAXINT64);
    COR_JSON_AUTO *copy = cor_json_copy(made);
    gint64 value = 0;
    assert_true(cor_json_int(copy, &value));
    assert_true(value == G_MAXINT64);
    refuses("9223372036854775808");
    refuses("1e400");
    refuses("123456789012345678901234567890123456789");
}

static void test_traps_of_cjson(void **state)
{
    (void)state;
    refuses("{} x");
    refuses("{\"a\":1,\"a\":2}");
    refuses("{\"a\":1,\"\\u0061\":2}");
    refuses("\"\\u0000\"");
    refuses("\"\xff\"");
    refuses("\"\\ud800\"");
    refuses("\"\\udc00\"");
    refuses("\"\\ud800\\u0041\"");
    refuses("\"a\nb\"");
    refuses_len("\"a\0b\"", 5, COR_E_INPUT);
    refuses("01");
    refuses("1.");
    refuses("-");
    refuses("[1,]");
    refuses("{\"a\":1,}");
    refuses("{a:1}");
    refuses("[1 2]");
    refuses("[}");
    refuses("tru");
    refuses("");
    refuses("\"\\x\"");
    refuses("<html>");
}

static void test_keys_compare_by_case(void **state)
{
    (void)state;
    const char *text = "{\"Key\":1,\"key\":2}";
    COR_JSON_AUTO *doc = cor_json_parse(text, strlen(text), 0, NULL);
    gint64 value = 0;
    assert_true(cor_json_int(cor_json_get(doc, "key"), &value));
    assert_int_equal(value, 2);
    assert_null(cor_json_get(doc, "KEY"));
}

static char *nested(guint depth)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < depth; i++)
        g_string_append_c(out, '[');
    for (guint i = 0; i < depth; i++)
        g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static void test_depth_and_size_ceilings(void **state)
{
    (void)state;
    g_autofree char *allowed = nested(COR_JSON_MAX_DEPTH);
    g_autofree char *deep = nested(COR_JSON_MAX_DEPTH + 1);
    accepts(allowed, allowed);
    refuses_len(deep, strlen(deep), COR_E_LIMIT);
    COR_JSON_AUTO *fits = cor_json_parse("[1]", 3, 3, NULL);
    assert_non_null(fits);
    g_autoptr(GError) error = NULL;
    assert_null(cor_json_parse("[1]", 3, 2, &error));
    assert_int_equal(error->code, COR_E_LIMIT);
}

/* Large objects switch to a hash: the last of many keys must still be caught. */
static void test_duplicate_in_a_large_object(void **state)
{
    (void)state;
    for (guint n = 20; n < 30; n++) {
        g_autoptr(GString) text = g_string_new("{");
        for (guint i = 0; i < n; i++)
            g_string_append_printf(text, "\"k%u\":%u,", i, i);
        g_autofree char *good = g_strconcat(text->str, "\"last\":1}", NULL);
        g_autofree char *bad = g_strconcat(text->str, "\"k0\":1}", NULL);
        COR_JSON_AUTO *doc = cor_json_parse(good, strlen(good), 0, NULL);
        assert_non_null(doc);
        refuses(bad);
    }
}

static void test_error_names_the_byte(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(cor_json_parse("[1, x]", 6, 0, &error));
    assert_non_null(strstr(error->message, "byte 4"));
}

static void test_paths_and_iteration(void **state)
{
    (void)state;
    const char *text = "{\"a\":{\"b\":{\"c\":\"deep\"}},\"list\":[1,2,3]}";
    COR_JSON_AUTO *doc = cor_json_parse(text, strlen(text), 0, NULL);
    assert_string_equal(cor_json_string(cor_json_path(doc, "a.b.c")), "deep");
    assert_null(cor_json_path(doc, "a.x.c"));
    gint64 sum = 0, value = 0;
    const struct cor_json *list = cor_json_get(doc, "list");
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n))
        sum += cor_json_int(n, &value) ? value : 100;
    assert_int_equal(sum, 6);
    assert_int_equal(cor_json_size(list), 3);
    assert_int_equal(cor_json_type(NULL), COR_JSON_NULL);
}

static void test_building_and_changing(void **state)
{
    (void)state;
    COR_JSON_AUTO *doc = cor_json_new_object();
    cor_json_add_string(doc, "s", "text");
    cor_json_add_string(doc, "none", NULL);
    cor_json_add_int(doc, "i", 7);
    cor_json_set(doc, "i", cor_json_new_int(8));
    cor_json_set(doc, "new", cor_json_new_bool(TRUE));
    COR_JSON_AUTO *stolen = cor_json_steal(doc, "s");
    assert_string_equal(cor_json_string(stolen), "text");
    g_autofree char *out = cor_json_to_text(doc);
    assert_string_equal(out, "{\"i\":8,\"new\":true}");
    cor_json_remove(doc, "i");
    assert_null(cor_json_get(doc, "i"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_become_canonical),
        cmocka_unit_test(test_integers_stay_exact),
        cmocka_unit_test(test_traps_of_cjson),
        cmocka_unit_test(test_keys_compare_by_case),
        cmocka_unit_test(test_depth_and_size_ceilings),
        cmocka_unit_test(test_duplicate_in_a_large_object),
        cmocka_unit_test(test_error_names_the_byte),
        cmocka_unit_test(test_paths_and_iteration),
        cmocka_unit_test(test_building_and_changing),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
