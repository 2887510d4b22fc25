/* SPDX-License-Identifier: Apache-2.0 */
/* The ceilings of parsing and evaluating, one below, at and one above each, and where errors of
 * parsing say they are; and what a trace holds. */
#include "correlate/error.h"
#include "correlate/rules/expression.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct cor_value attribute(const struct cor_expression_env *env, guint slot)
{
    const struct cor_value *values = env->data;
    return values[slot];
}

/* Result type, and in *ret_text what an error says. Caller frees. */
static enum cor_value_type evaluate(const char *text, const struct cor_value *values, gsize ceiling,
                                    char **ret_text)
{
    g_autoptr(GError) error = NULL;
    struct cor_expression *expression =
        cor_expression_parse(text, strlen(text), COR_DIALECT_CONNECT, &error);
    assert_null(error);
    struct cor_arena *arena = cor_arena_new(ceiling);
    const struct cor_expression_env env = {
        .attribute = attribute, .data = (gpointer)values, .arena = arena};
    struct cor_value value = cor_expression_evaluate(expression, &env);
    *ret_text = value.type == COR_VALUE_ERROR ? g_strndup(value.text, value.len) : NULL;
    cor_arena_free(arena);
    cor_expression_free(expression);
    return value.type;
}

/* 0 when it parses, else the code; *ret_message is freed by the caller. */
static int parse_code(const char *text, gsize len, char **ret_message)
{
    g_autoptr(GError) error = NULL;
    struct cor_expression *expression =
        cor_expression_parse(text, len, COR_DIALECT_CONNECT, &error);
    assert_true((expression == NULL) == (error != NULL));
    cor_expression_free(expression);
    *ret_message = error ? g_strdup(error->message) : NULL;
    return error ? error->code : 0;
}

static void expect_size(gsize len, int code)
{
    g_autofree char *message = NULL, *text = g_strnfill(len, ' ');
    text[0] = '1';
    assert_int_equal(parse_code(text, len, &message), code);
}

static void test_size(void **state)
{
    (void)state;
    expect_size(COR_EXPRESSION_MAX_BYTES - 1, 0);
    expect_size(COR_EXPRESSION_MAX_BYTES, 0);
    expect_size(COR_EXPRESSION_MAX_BYTES + 1, COR_E_LIMIT);
}

/* The expression itself is the first level. */
static void expect_depth(const char *open, guint levels, int code)
{
    g_autofree char *message = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 1; i < levels; i++)
        g_string_append(text, open);
    g_string_append(text, "1");
    for (guint i = 1; i < levels; i++)
        g_string_append_c(text, ')');
    assert_int_equal(parse_code(text->str, text->len, &message), code);
}

static void test_depth(void **state)
{
    (void)state;
    static const char *const opens[] = {"(", "Trim(", "IIF(True,False,", "1 & ("};
    for (gsize i = 0; i < G_N_ELEMENTS(opens); i++) {
        expect_depth(opens[i], COR_EXPRESSION_MAX_DEPTH - 1, 0);
        expect_depth(opens[i], COR_EXPRESSION_MAX_DEPTH, 0);
        expect_depth(opens[i], COR_EXPRESSION_MAX_DEPTH + 1, COR_E_LIMIT);
    }
}

/* Trim of n values takes a step for itself, one for its argument and one for each value. */
static void expect_steps(gsize n, gboolean fits)
{
    g_autofree char *why = NULL;
    g_autofree struct cor_value *items = g_new0(struct cor_value, n);
    for (gsize i = 0; i < n; i++)
        items[i] = cor_value_string("x");
    const struct cor_value many = {.type = COR_VALUE_MULTI, .len = n, .items = items};
    enum cor_value_type type = evaluate("Trim([a])", &many, COR_EXPRESSION_MAX_VALUE, &why);
    assert_int_equal(type, fits ? COR_VALUE_MULTI : COR_VALUE_ERROR);
    assert_true(fits || strstr(why, "steps"));
}

static void test_steps(void **state)
{
    (void)state;
    expect_steps(COR_EXPRESSION_MAX_STEPS - 3, TRUE);
    expect_steps(COR_EXPRESSION_MAX_STEPS - 2, TRUE);
    expect_steps(COR_EXPRESSION_MAX_STEPS - 1, FALSE);
}

/* An arena of 4096 bytes holds a text of 4095 and its NUL. */
static void expect_bytes(gsize len, gboolean fits)
{
    g_autofree char *why = NULL, *text = g_strnfill(len - 1, 'x');
    const struct cor_value values[] = {cor_value_string(text), cor_value_string("y")};
    enum cor_value_type type = evaluate("[a] & [b]", values, 4096, &why);
    assert_int_equal(type, fits ? COR_VALUE_STRING : COR_VALUE_ERROR);
    assert_true(fits || why);
}

static void test_bytes(void **state)
{
    (void)state;
    expect_bytes(4094, TRUE);
    expect_bytes(4095, TRUE);
    expect_bytes(4096, FALSE);
}

static const struct {
    const char *text;
    guint column;
    const char *words;
} wrong[] = {
    {"", 1, "the end"},
    {"(", 2, "the end"},
    {"((1", 4, "expected )"},
    {"\"\xc3\xa9\" )", 5, "an operator or the end"},
    {"Trim([\xc3\xa9\xc3\xa9\xc3\xa9]", 11, ", or )"},
    {"\"\xf0\x9f\x98\x80\" & ?", 7, "?"},
    {"Trim()", 1, "1 argument for Trim"},
    {"1 + Triim([a])", 5, "Triim"},
    {"[a", 2, "]"},
    {"%a", 2, "%"},
    {"\"a", 3, "quotation"},
    {"1 +", 4, "the end"},
    {"1 2", 3, "an operator or the end"},
};

static void test_columns(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *message = NULL;
        g_autofree char *column = g_strdup_printf("column %u: ", wrong[i].column);
        int code = parse_code(wrong[i].text, strlen(wrong[i].text), &message);
        if (code != COR_E_INPUT || !g_str_has_prefix(message, column) ||
            !strstr(message, wrong[i].words))
            fail_msg("'%s': %d, %s", wrong[i].text, code, message ? message : "parsed");
    }
}

static void test_bytes_of_text(void **state)
{
    (void)state;
    g_autofree char *not_utf8 = NULL, *nul = NULL;
    assert_int_equal(parse_code("Trim(\xff)", 7, &not_utf8), COR_E_INPUT);
    assert_int_equal(parse_code("1\0", 2, &nul), COR_E_INPUT);
}

/* Intervals that no calendar holds are errors, not wrapped numbers. */
static void test_far_times(void **state)
{
    (void)state;
    static const char *const far[] = {
        "DateAdd(\"ww\",-178956970,Now())",
        "DateAdd(\"d\",-9223372036854775808,Now())",
        "DateAdd(\"yyyy\",178956970,Now())",
        "DateAdd(\"yyyy\",1,DateFromNum(9223372036854775807))",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(far); i++) {
        g_autofree char *why = NULL;
        assert_int_equal(evaluate(far[i], NULL, 1 << 20, &why), COR_VALUE_ERROR);
    }
}

/* --- trace ------------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    const char *steps[6]; /* the parts of the text, in the order in which values became known */
} traced[] = {
    {"[a]", {"[a]"}},
    {"Trim([a])", {"[a]", "Trim([a])"}},
    {"\"\xc3\xa9\" & [a]", {"[a]", "\"\xc3\xa9\" & [a]"}},
    {"IIF([a] = \"x\", Len([b]), [a])",
     {"[a]", "[a] = \"x\"", "[b]", "Len([b])", "IIF([a] = \"x\", Len([b]), [a])"}},
    {"IIF([a] = \"y\", Error([b]), [b])",
     {"[a]", "[a] = \"y\"", "[b]", "IIF([a] = \"y\", Error([b]), [b])"}},
};

static void expect_trace(const char *text, const char *const *expected)
{
    static const struct cor_value values[] = {
        {.type = COR_VALUE_STRING, .len = 1, .text = "x"},
        {.type = COR_VALUE_STRING, .len = 1, .text = "b"},
    };
    g_autoptr(GArray) trace = g_array_new(FALSE, FALSE, sizeof(struct cor_expression_step));
    struct cor_expression *expression =
        cor_expression_parse(text, strlen(text), COR_DIALECT_CONNECT, NULL);
    struct cor_arena *arena = cor_arena_new(4096);
    const struct cor_expression_env env = {
        .attribute = attribute, .data = (gpointer)values, .arena = arena, .trace = trace};
    assert_non_null(expression);
    struct cor_value value = cor_expression_evaluate(expression, &env);
    for (guint i = 0; i < trace->len; i++) {
        const struct cor_expression_step *step =
            &g_array_index(trace, struct cor_expression_step, i);
        g_autofree char *part =
            g_utf8_substring(text, step->column - 1, step->column - 1 + step->length);
        assert_non_null(expected[i]);
        assert_string_equal(part, expected[i]);
        assert_true(i + 1 < trace->len || cor_value_same(&step->value, &value, FALSE));
    }
    assert_null(expected[trace->len]);
    cor_arena_free(arena);
    cor_expression_free(expression);
}

/* Each step is the part of the text whose value it is; the branch not taken leaves none. */
static void test_trace(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(traced); i++)
        expect_trace(traced[i].text, traced[i].steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),      cmocka_unit_test(test_depth),
        cmocka_unit_test(test_steps),     cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_columns),   cmocka_unit_test(test_bytes_of_text),
        cmocka_unit_test(test_far_times), cmocka_unit_test(test_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
