/* SPDX-License-Identifier: Apache-2.0 */
/* The strict JSON parser: each trap of lenient ones, exact integers, canonical text. */
#include "correlate/error.h"
#include "correlate/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char *canonical_of(const char *text, gsize len)
{
    g_autoptr(GError) error = NULL;
    COR_JSON_AUTO *doc = cor_json_parse(text, len, 0, &error);
    if (!doc)
        fail_msg("'%s': %s", text, error->message);
    return cor_json_to_text(doc);
}

static void test_canonical(void **state)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {" {\"b\" : 1 , \"a\":[ true,false,null ]} \n", "{\"a\":[true,false,null],\"b\":1}"},
        {"{\"\\u0062\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
        {"{\"abcdefghi\":1,\"abcdefgh\":2,\"B\":3,\"\":4}",
         "{\"\":4,\"B\":3,\"abcdefgh\":2,\"abcdefghi\":1}"},
        {"{\"\\u00e4\":1,\"z\":2}", "{\"z\":2,\"\xc3\xa4\":1}"},
        {"\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"\"\\/\\b\\f\\n\\r\\t\\u0001\\u001F\\\"\\\\\"",
         "\"/\\b\\f\\n\\r\\t\\u0001\\u001f\\\"\\\\\""},
        {"9007199254740993", "9007199254740993"},
        {"-9007199254740993", "-9007199254740993"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854774785", "9223372036854774785"},
        {"[9007199254740993,1,1e300,134168208000000001,-9223372036854775807]",
         "[9007199254740993,1,1e+300,134168208000000001,-9223372036854775807]"},
        {"9223372036854775808", "9.223372036854776e+18"},
        {"18446744073709551616", "1.8446744073709552e+19"},
        {"1e15", "1000000000000000"},
        {"1e16", "10000000000000000"},
        {"1.0", "1"},
        {"-0", "0"},
        {"-0.0", "0"},
        {"0.1", "0.1"},
        {"1.50", "1.5"},
        {"-2.5e-3", "-0.0025"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[1,0,\"\"]", "[1,0,\"\"]"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = canonical_of(cases[i].text, strlen(cases[i].text));
        assert_string_equal(text, cases[i].canonical);
        g_autofree char *again = canonical_of(text, strlen(text));
        assert_string_equal(again, text);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *text;
        gsize len; /* 0: strlen */
        const char *message;
    } cases[] = {
        {"", 0, "not a complete document at byte 0"},
        {"  ", 0, "not a complete document"},
        {"{\"a\":1} x", 0, "unexpected character at byte 8"},
        {"{\"a\":1} {}", 0, "more text after the document at byte 8"},
        {"1 2", 0, "more text after the document at byte 2"},
        {"{\"a\":1,\"a\":2}", 0, "duplicate key 'a'"},
        {"{\"a\":1,\"\\u0061\":2}", 0, "duplicate key 'a'"},
        {"[{\"x\":{\"b\":1,\"c\":1,\"b\":1}}]", 0, "duplicate key 'b'"},
        {"\"a\\u0000b\"", 0, "embedded NUL at byte 8"},
        {"\"a\0b\"", 5, "embedded NUL at byte 2"},
        {"\"a\xff\"", 0, "invalid UTF-8 at byte 2"},
        {"\"\xed\xa0\x80\"", 0, "invalid UTF-8 at byte 1"},
        {"\"\xc3", 0, "invalid UTF-8 at byte 1"},
        {"\"\\ud800\"", 0, "lone surrogate"},
        {"\"\\ud800\\u0041\"", 0, "lone surrogate"},
        {"\"\\udc00\"", 0, "lone surrogate"},
        {"\"\\ud800\\ud800\"", 0, "lone surrogate"},
        {"\"\\x\"", 0, "invalid escape at byte 2"},
        {"\"\\u12g4\"", 0, "invalid \\u escape"},
        {"\"\\u12", 0, "invalid \\u escape"},
        {"\"abc", 0, "text ends within a string"},
        {"\"abc\\", 0, "text ends within a string"},
        {"\"a\nb\"", 0, "control character in a string at byte 2"},
        {"[1,\v2]", 0, "unexpected character at byte 3"},
        {"\xef\xbb\xbf{}", 0, "unexpected character at byte 0"},
        {"01", 0, "invalid number"},
        {"1.", 0, "invalid number"},
        {".5", 0, "unexpected character"},
        {"-", 0, "invalid number"},
        {"1e", 0, "invalid number"},
        {"+1", 0, "unexpected character"},
        {"NaN", 0, "unexpected character"},
        {"Infinity", 0, "unexpected character"},
        {"1e400", 0, "number out of range"},
        {"9223372036854775809", 0, "integer does not fit 64 bits"},
        {"-9223372036854775809", 0, "integer does not fit 64 bits"},
        {"1111111111111111111111111111111111111111111111111111111111111111", 0, "too long"},
        {"[1,]", 0, "not a complete document"},
        {"[1 2]", 0, "not a complete document"},
        {"{\"a\"}", 0, "not a complete document"},
        {"{a:1}", 0, "unexpected character at byte 1"},
        {"[1", 0, "not a complete document"},
        {"]", 0, "unexpected character at byte 0"},
        {"{1:2}", 0, "not a complete document"},
        {"tru", 0, "unexpected character"},
        {"// x\n1", 0, "unexpected character"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gsize len = cases[i].len ? cases[i].len : strlen(cases[i].text);
        COR_JSON_AUTO *doc = cor_json_parse(cases[i].text, len, 0, &error);
        if (doc)
            fail_msg("accepted: %s", cases[i].text);
        assert_true(g_error_matches(error, COR_ERROR, COR_E_INPUT));
        if (!strstr(error->message, cases[i].message))
            fail_msg("'%s': '%s' lacks '%s'", cases[i].text, error->message, cases[i].message);
    }
}

static void test_limits(void **state)
{
    (void)state;
    for (int depth = COR_JSON_MAX_DEPTH - 1; depth <= COR_JSON_MAX_DEPTH + 1; depth++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int i = 0; i < depth; i++)
            g_string_append_c(text, '[');
        for (int i = 0; i < depth; i++)
            g_string_append_c(text, ']');
        g_autoptr(GError) error = NULL;
        COR_JSON_AUTO *doc = cor_json_parse(text->str, text->len, 0, &error);
        assert_int_equal(doc != NULL, depth <= COR_JSON_MAX_DEPTH);
        assert_int_equal(g_error_matches(error, COR_ERROR, COR_E_LIMIT), doc == NULL);
    }
    for (gsize limit = 3; limit <= 5; limit++) {
        g_autoptr(GError) error = NULL;
        COR_JSON_AUTO *doc = cor_json_parse("true", 4, limit, &error);
        assert_int_equal(doc != NULL, limit >= 4);
        assert_int_equal(g_error_matches(error, COR_ERROR, COR_E_LIMIT), doc == NULL);
    }
}

/* Large objects must be checked for duplicates in reasonable time, and correctly. */
static void test_large_object(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("{");
    for (int i = 0; i < 200000; i++)
        g_string_append_printf(text, "\"key-%d\":%d,", (i * 7919) % 200000, i);
    gsize without = text->len;
    g_string_append(text, "\"last\":0}");
    COR_JSON_AUTO *doc = cor_json_parse(text->str, text->len, 0, NULL);
    assert_non_null(doc);
    assert_int_equal(cor_json_size(doc), 200001);
    g_string_truncate(text, without);
    g_string_append(text, "\"key-123456\":0}");
    g_autoptr(GError) error = NULL;
    assert_null(cor_json_parse(text->str, text->len, 0, &error));
    assert_non_null(strstr(error->message, "duplicate key 'key-123456'"));
}

static void test_build_and_read(void **state)
{
    (void)state;
    COR_JSON_AUTO *doc = cor_json_new_object();
    cor_json_add_int(doc, "n", G_MAXINT64);
    cor_json_add_int(doc, "m", G_MININT64);
    cor_json_add_bool(doc, "t", TRUE);
    cor_json_add_string(doc, "s", "x");
    cor_json_add_string(doc, "absent", NULL);
    cor_json_add(doc, "none", cor_json_new_null());
    struct cor_json *inner = cor_json_new_object();
    struct cor_json *list = cor_json_new_array();
    cor_json_append(list, cor_json_new_real(0.5));
    cor_json_append(list, cor_json_new_string_len("abc", 2));
    cor_json_add(inner, "list", list);
    cor_json_add(doc, "inner", inner);
    g_autofree char *text = cor_json_to_text(doc);
    assert_string_equal(text, "{\"inner\":{\"list\":[0.5,\"ab\"]},\"m\":-9223372036854775808,"
                              "\"n\":9223372036854775807,\"none\":null,\"s\":\"x\",\"t\":true}");
    gint64 value = 0;
    assert_true(cor_json_int(cor_json_get(doc, "n"), &value));
    assert_true(value == G_MAXINT64);
    assert_false(cor_json_int(cor_json_get(doc, "s"), &value));
    assert_null(cor_json_get(doc, "N")); /* keys compare by case */
    assert_string_equal(cor_json_get_string(doc, "s"), "x");
    assert_null(cor_json_get_string(doc, "n"));
    assert_int_equal(cor_json_size(cor_json_path(doc, "inner.list")), 2);
    assert_null(cor_json_path(doc, "inner.list.x"));
    assert_true(cor_json_get_bool(doc, "t"));
    assert_true(cor_json_is_null(cor_json_get(doc, "none")));
    assert_int_equal(cor_json_type(NULL), COR_JSON_NULL);

    COR_JSON_AUTO *copy = cor_json_copy(cor_json_get(doc, "inner"));
    assert_null(cor_json_key(copy));
    assert_true(cor_json_equal(copy, cor_json_get(doc, "inner")));
    cor_json_set(doc, "s", cor_json_new_int(1));
    cor_json_set(doc, "new", cor_json_new_null());
    cor_json_remove(doc, "inner");
    cor_json_remove(doc, "inner");
    COR_JSON_AUTO *stolen = cor_json_steal(doc, "t");
    assert_true(cor_json_bool(stolen));
    assert_null(cor_json_key(stolen));
    assert_null(cor_json_steal(doc, "t"));
    g_autoptr(GString) pretty = g_string_new(NULL);
    cor_json_remove(doc, "n");
    cor_json_pretty(doc, pretty);
    assert_string_equal(pretty->str, "{\n  \"m\": -9223372036854775808,\n  \"s\": 1,\n"
                                     "  \"none\": null,\n  \"new\": null\n}");
}

/* What was stolen, moved and copied outlives the root it came from. */
static void test_lifetimes(void **state)
{
    static const char text[] =
        "{\"a\":{\"deep\":[1,\"two\",{\"three\":3}]},\"b\":\"text\",\"c\":null}";
    (void)state;
    struct cor_json *doc = cor_json_parse(text, strlen(text), 0, NULL);
    assert_non_null(doc);
    COR_JSON_AUTO *stolen = cor_json_steal(doc, "a");
    COR_JSON_AUTO *other = cor_json_new_object();
    cor_json_add(other, "b", cor_json_steal(doc, "b"));
    cor_json_put_copy(other, "again", stolen);
    cor_json_add_int(cor_json_put_object(other, "object"), "n", 1);
    cor_json_append(cor_json_put_array(other, "array"), cor_json_new_string("x"));
    assert_int_equal(cor_json_size(doc), 1);
    cor_json_free(doc);
    cor_json_add_string(stolen, "late", "addition");
    g_autofree char *left = cor_json_to_text(stolen), *right = cor_json_to_text(other);
    assert_string_equal(left, "{\"deep\":[1,\"two\",{\"three\":3}],\"late\":\"addition\"}");
    assert_string_equal(right, "{\"again\":{\"deep\":[1,\"two\",{\"three\":3}]},\"array\":[\"x\"],"
                               "\"b\":\"text\",\"object\":{\"n\":1}}");
    /* taken out and put back, in one arena */
    struct cor_json *back = cor_json_steal(other, "array");
    cor_json_set(other, "array", back);
    assert_int_equal(cor_json_size(cor_json_get(other, "array")), 1);
}

/* Sorted whatever the order before was, and however many members there are. */
static void test_order(void **state)
{
    (void)state;
    for (int count = 2; count <= 130; count += 16) {
        for (int step = 1; step <= 3; step++) {
            COR_JSON_AUTO *doc = cor_json_new_object();
            g_autoptr(GString) expected = g_string_new("{");
            for (int i = 0; i < count; i++) {
                int n = (i * (2 * step + 1) * 7 + step) % count;
                char key[16];
                g_snprintf(key, sizeof key, "key%08d", n);
                if (!cor_json_get(doc, key))
                    cor_json_add_int(doc, key, n);
            }
            for (int n = 0; n < count; n++) {
                char key[16];
                g_snprintf(key, sizeof key, "key%08d", n);
                if (cor_json_get(doc, key))
                    g_string_append_printf(expected, "%s\"%s\":%d", expected->len > 1 ? "," : "",
                                           key, n);
            }
            g_string_append_c(expected, '}');
            g_autofree char *text = cor_json_to_text(doc);
            assert_string_equal(text, expected->str);
        }
    }
}

/* Every power of two and its neighbours survives building, text and parsing. */
static void test_integers_exact(void **state)
{
    (void)state;
    for (int bit = 0; bit < 63; bit++)
        for (int delta = -1; delta <= 1; delta++)
            for (int sign = -1; sign <= 1; sign += 2) {
                gint64 value = sign * ((G_GINT64_CONSTANT(1) << bit) + delta), read = 0;
                g_autofree char *expected = g_strdup_printf("%" G_GINT64_FORMAT, value);
                COR_JSON_AUTO *built = cor_json_new_int(value);
                g_autofree char *text = cor_json_to_text(built);
                assert_string_equal(text, expected);
                COR_JSON_AUTO *parsed = cor_json_parse(text, strlen(text), 0, NULL);
                assert_true(cor_json_int(parsed, &read));
                assert_true(read == value);
                COR_JSON_AUTO *copy = cor_json_copy(parsed);
                assert_true(cor_json_int(copy, &read) && read == value);
            }
}

static void test_equal(void **state)
{
    static const struct {
        const char *a, *b;
        gboolean equal;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", TRUE},
        {"[1,2]", "[2,1]", FALSE},
        {"1", "1.0", TRUE},
        {"1", "true", FALSE},
        {"\"1\"", "1", FALSE},
        {"9007199254740992", "9007199254740993", FALSE},
        {"{\"a\":1}", "{\"a\":1,\"b\":null}", FALSE},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        COR_JSON_AUTO *a = cor_json_parse(cases[i].a, strlen(cases[i].a), 0, NULL);
        COR_JSON_AUTO *b = cor_json_parse(cases[i].b, strlen(cases[i].b), 0, NULL);
        assert_int_equal(cor_json_equal(a, b), cases[i].equal);
    }
    assert_true(cor_json_equal(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),      cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_large_object),
        cmocka_unit_test(test_build_and_read), cmocka_unit_test(test_integers_exact),
        cmocka_unit_test(test_equal),          cmocka_unit_test(test_lifetimes),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
