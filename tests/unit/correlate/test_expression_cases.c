/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of expression_cases.txt: what Microsoft's pages say that an expression is worth. The file
 * tells its own form. Each function of the table needs a case of its own; parse errors are compared
 * by position and words; the limits are met at, below and above.
 */
#include "correlate/error.h"
#include "correlate/rules/expression.h"
#include "correlate/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CASES_FILE    AW_SOURCE_DIR "/tests/unit/correlate/expression_cases.txt"
#define MINIMUM_CASES 300

struct scene {
    struct cor_arena *arena;
    struct cor_json *input;
    const GPtrArray *attributes;
};

struct tally {
    guint cases, failures;
    GHashTable *calls;  /* "dialect function" -> count */
    const char *shared; /* the input that "$" stands for */
};

/* --- values as the file writes them ------------------------------------------------------------
 */

static struct cor_value hex_value(const char *text, struct cor_arena *arena)
{
    gsize len = strlen(text) / 2;
    guint8 *bytes = cor_arena_alloc(arena, len + 1);
    for (gsize i = 0; i < len; i++)
        bytes[i] = (guint8)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                            g_ascii_xdigit_value(text[2 * i + 1]));
    return (struct cor_value){.type = COR_VALUE_BYTES, .len = len, .bytes = bytes};
}

/* "hex:", "dn:" and "time:" before a text make it one of those. */
static struct cor_value value_of(const struct cor_json *node, struct cor_arena *arena)
{
    const char *text = cor_json_type(node) == COR_JSON_STRING ? cor_json_string(node) : NULL;
    if (text && g_str_has_prefix(text, "hex:"))
        return hex_value(text + 4, arena);
    if (text && g_str_has_prefix(text, "time:"))
        return (struct cor_value){.type = COR_VALUE_TIME, .number = cor_time_parse(text + 5)};
    if (text && g_str_has_prefix(text, "dn:"))
        return (struct cor_value){.type = COR_VALUE_DN, .len = strlen(text + 3), .text = text + 3};
    if (cor_json_type(node) != COR_JSON_ARRAY)
        return cor_value_from_json(node, NULL, arena);
    gsize n = 0;
    struct cor_value *items = cor_arena_alloc(arena, (cor_json_size(node) + 1) * sizeof *items);
    for (const struct cor_json *c = cor_json_first(node); c; c = cor_json_next(c))
        items[n++] = value_of(c, arena);
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = n, .items = items};
}

static struct cor_value input_value(const struct scene *scene, const char *name)
{
    const struct cor_json *node = scene->input ? cor_json_get(scene->input, name) : NULL;
    return node ? value_of(node, scene->arena) : (struct cor_value){.type = COR_VALUE_NULL};
}

static struct cor_value attribute(const struct cor_expression_env *env, guint slot)
{
    const struct scene *scene = env->data;
    return input_value(scene, scene->attributes->pdata[slot]);
}

static gboolean parameter(const struct cor_expression_env *env, const char *name,
                          struct cor_value *ret)
{
    g_autofree char *key = g_strconcat("%", name, NULL);
    *ret = input_value(env->data, key);
    return !cor_value_is_null(ret);
}

static struct cor_value imported(const struct cor_expression_env *env, const char *name)
{
    g_autofree char *key = g_strconcat("@", name, NULL);
    return input_value(env->data, key);
}

static char *shown(const struct cor_value *value)
{
    COR_JSON_AUTO *json = cor_value_to_json(value);
    g_autofree char *text = json ? cor_json_to_text(json) : NULL;
    return g_strdup_printf("%s %s", cor_value_type_name(value->type),
                           text                             ? text
                           : value->type == COR_VALUE_ERROR ? value->text
                                                            : "");
}

/* As cor_value_same, but the type and the order of values count. */
static gboolean identical(const struct cor_value *a, const struct cor_value *b)
{
    if (a->type != b->type)
        return FALSE;
    if (a->type != COR_VALUE_MULTI)
        return cor_value_same(a, b, FALSE);
    if (a->len != b->len)
        return FALSE;
    for (gsize i = 0; i < a->len; i++)
        if (!identical(&a->items[i], &b->items[i]))
            return FALSE;
    return TRUE;
}

static gboolean as_expected(const struct cor_value *value, const char *expected,
                            struct cor_arena *arena)
{
    static const struct {
        const char *word;
        enum cor_value_type type;
    } words[] = {{"null", COR_VALUE_NULL},
                 {"ignore", COR_VALUE_IGNORE},
                 {"authoritative-null", COR_VALUE_AUTHORITATIVE_NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(expected, words[i].word))
            return value->type == words[i].type;
    if (g_str_has_prefix(expected, "error: "))
        return value->type == COR_VALUE_ERROR && strstr(value->text, expected + 7);
    g_autofree char *list = g_strdup_printf("[%s]", expected);
    COR_JSON_AUTO *json = cor_json_parse(list, strlen(list), 0, NULL);
    if (!json)
        fail_msg("no expectation: %s", expected);
    struct cor_value wanted = value_of(cor_json_first(json), arena);
    return identical(value, &wanted);
}

/* --- one case ----------------------------------------------------------------------------------
 */

static gboolean complain(const char *text, const char *expected, const char *found)
{
    print_message("%s\n  expected %s\n  found    %s\n", text, expected, found);
    return FALSE;
}

static void count_calls(const struct cor_expression *expression, enum cor_dialect dialect,
                        GHashTable *calls)
{
    const GPtrArray *functions = cor_expression_functions(expression);
    for (guint i = 0; i < functions->len; i++) {
        char *key = g_strdup_printf("%s %s", dialect == COR_DIALECT_CONNECT ? "connect" : "cloud",
                                    (char *)functions->pdata[i]);
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(calls, key));
        g_hash_table_insert(calls, key, GUINT_TO_POINTER(count + 1));
    }
}

static gboolean evaluates(const struct cor_expression *expression, const char *text,
                          const char *expected, struct cor_json *input)
{
    struct scene scene = {cor_arena_new(COR_EXPRESSION_MAX_VALUE), input,
                          cor_expression_attributes(expression)};
    struct cor_expression_env env = {.attribute = attribute,
                                     .parameter = parameter,
                                     .imported = imported,
                                     .data = &scene,
                                     .arena = scene.arena,
                                     .now_us = cor_time_parse("2026-03-04T05:06:07Z"),
                                     .seed = 1};
    struct cor_value value = cor_expression_evaluate(expression, &env);
    gboolean good = as_expected(&value, expected, scene.arena);
    if (!good) {
        g_autofree char *found = shown(&value);
        complain(text, expected, found);
    }
    cor_arena_free(scene.arena);
    return good;
}

static gboolean run_case(const char *text, const char *expected, const char *input,
                         enum cor_dialect dialect, GHashTable *calls)
{
    g_autoptr(GError) error = NULL;
    COR_JSON_AUTO *json = input ? cor_json_parse(input, strlen(input), 0, NULL) : NULL;
    if (input && !json)
        fail_msg("no input: %s", input);
    struct cor_expression *expression = cor_expression_parse(text, strlen(text), dialect, &error);
    if (g_str_has_prefix(expected, "parse: ")) {
        gboolean good = !expression && strstr(error->message, expected + 7);
        if (!good)
            complain(text, expected, expression ? "it parses" : error->message);
        cor_expression_free(expression);
        return good;
    }
    if (!expression)
        return complain(text, expected, error->message);
    count_calls(expression, dialect, calls);
    gboolean good = evaluates(expression, text, expected, json);
    cor_expression_free(expression);
    return good;
}

/* EXPRESSION => EXPECTED [ :: INPUT] */
static void run_line(const char *line, enum cor_dialect dialect, struct tally *tally)
{
    g_auto(GStrv) halves = g_strsplit(line, " => ", 2);
    if (g_strv_length(halves) != 2)
        fail_msg("no case: %s", line);
    g_auto(GStrv) rest = g_strsplit(halves[1], " :: ", 2);
    const char *input = g_strcmp0(rest[1], "$") == 0 ? tally->shared : rest[1];
    tally->cases++;
    if (!run_case(halves[0], g_strstrip(rest[0]), input, dialect, tally->calls))
        tally->failures++;
}

static void every_function_has_a_case(struct tally *tally)
{
    gsize n;
    const struct cor_function_info *table = cor_function_table(&n);
    for (gsize i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf(
            "%s %s", table[i].dialect == COR_DIALECT_CONNECT ? "connect" : "cloud", table[i].name);
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(tally->calls, key));
        print_message("%5u %s\n", count, key);
        if (count == 0)
            tally->failures++;
    }
}

static void test_cases(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    enum cor_dialect dialect = COR_DIALECT_CONNECT;
    g_autoptr(GHashTable) calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct tally tally = {.calls = calls};
    assert_true(g_file_get_contents(CASES_FILE, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "@ "))
            dialect = g_str_has_prefix(lines[i], "@ cloud ") ? COR_DIALECT_CLOUD_SYNC
                                                             : COR_DIALECT_CONNECT;
        else if (g_str_has_prefix(lines[i], "$ "))
            tally.shared = lines[i] + 2;
        else if (lines[i][0] && lines[i][0] != '#')
            run_line(lines[i], dialect, &tally);
    }
    every_function_has_a_case(&tally);
    print_message("%u cases\n", tally.cases);
    assert_int_equal(tally.failures, 0);
    assert_true(tally.cases >= MINIMUM_CASES);
}

/* --- limits ------------------------------------------------------------------------------------
 */

static struct cor_value no_attribute(const struct cor_expression_env *env, guint slot)
{
    (void)env, (void)slot;
    return (struct cor_value){.type = COR_VALUE_NULL};
}

/* "" when it parses and evaluates without error, else the message. Caller frees. */
static char *outcome(const char *text, enum cor_dialect dialect, gsize ceiling)
{
    g_autoptr(GError) error = NULL;
    struct cor_expression *expression = cor_expression_parse(text, strlen(text), dialect, &error);
    if (!expression)
        return g_strdup_printf("%s: %s", error->code == COR_E_LIMIT ? "limit" : "input",
                               error->message);
    struct cor_arena *arena = cor_arena_new(ceiling);
    struct cor_expression_env env = {.attribute = no_attribute, .arena = arena};
    struct cor_value value = cor_expression_evaluate(expression, &env);
    char *found = g_strdup(value.type == COR_VALUE_ERROR ? value.text : "");
    cor_arena_free(arena);
    cor_expression_free(expression);
    return found;
}

static void assert_outcome(const char *text, const char *expected)
{
    g_autofree char *found = outcome(text, COR_DIALECT_CONNECT, COR_EXPRESSION_MAX_VALUE);
    if (*expected ? !strstr(found, expected) : *found != '\0')
        fail_msg("expected '%s', found '%s'", expected, found);
}

static void test_limit_bytes(void **state)
{
    (void)state;
    for (int over = -1; over <= 1; over++) {
        g_autofree char *blanks = g_strnfill((gsize)(COR_EXPRESSION_MAX_BYTES + over - 1), ' ');
        g_autofree char *text = g_strconcat(blanks, "1", NULL);
        assert_outcome(text, over > 0 ? "limit: longer than" : "");
    }
}

/* An expression is the first level, each parenthesis or call one more. */
static void test_limit_depth(void **state)
{
    (void)state;
    static const char *const opening[] = {"(", "LCase("};
    for (gsize kind = 0; kind < G_N_ELEMENTS(opening); kind++)
        for (int over = -1; over <= 1; over++) {
            g_autoptr(GString) text = g_string_new(NULL);
            for (int i = 1; i < COR_EXPRESSION_MAX_DEPTH + over; i++)
                g_string_append(text, opening[kind]);
            g_string_append(text, "\"x\"");
            for (int i = 1; i < COR_EXPRESSION_MAX_DEPTH + over; i++)
                g_string_append_c(text, ')');
            assert_outcome(text->str, over > 0 ? "nested deeper than 64 levels" : "");
        }
}

/* Nested Select multiplies what a short text can ask for: 1 + 1 + 4 + values, each a step. */
static void test_limit_steps(void **state)
{
    (void)state;
    g_autoptr(GString) list = g_string_new("\"");
    for (int i = 0; i < 400; i++)
        g_string_append(list, i ? ",1" : "1");
    g_string_append_c(list, '"');
    g_autofree char *deep =
        g_strdup_printf("Count(Select($a, Split(%s, \",\"), Count(Select($b, Split(%s, \",\"), "
                        "$b))))",
                        list->str, list->str);
    assert_outcome(deep, "more than 100000 steps");
    g_autofree char *flat = g_strdup_printf("Count(Select($a, Split(%s, \",\"), $a))", list->str);
    assert_outcome(flat, "");
}

/* A chain of n operands takes n + 1 steps. */
static void test_limit_steps_exactly(void **state)
{
    (void)state;
    for (int over = -1; over <= 1; over++) {
        /* Select: itself, the list of 2 and each value's chain; the text stays below its limit */
        guint operands = 9998, lists = 9;
        guint steps = 1 + 3 + lists * (operands + 1);
        g_autoptr(GString) text = g_string_new("Select($a,Split(\"1,1,1,1,1,1,1,1,1\",\",\"),$a");
        for (guint i = 1; i < operands; i++)
            g_string_append(text, "+0");
        g_string_append_c(text, ')');
        /* the rest as operands outside, one step each, and one for the chain around */
        guint rest = (guint)(COR_EXPRESSION_MAX_STEPS + over) - steps - 1;
        g_autoptr(GString) whole = g_string_new(NULL);
        for (guint i = 0; i < rest; i++)
            g_string_append(whole, "1+");
        g_string_append_printf(whole, "Count(%s)", text->str);
        /* Count is one step more: leave out one operand */
        g_autofree char *exact = g_strdup(whole->str + 2);
        assert_outcome(exact, over > 0 ? "more than 100000 steps" : "");
    }
}

static void test_limit_value(void **state)
{
    (void)state;
    for (int over = -1; over <= 1; over++) {
        /* the arena hands out 16 bytes at a time: PadRight of n characters takes n + 1 bytes */
        g_autofree char *found =
            outcome("PadRight(\"x\", 31, \"y\")", COR_DIALECT_CONNECT, (gsize)(32 + over));
        assert_int_equal(*found == '\0', over >= 0);
    }
    assert_outcome("PadRight(\"x\", 100001, \"y\")", "");
    assert_outcome("PadRight(\"x\", 100002, \"y\")", "more than 100000 characters of padding");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limit_bytes),
        cmocka_unit_test(test_limit_depth),
        cmocka_unit_test(test_limit_steps),
        cmocka_unit_test(test_limit_steps_exactly),
        cmocka_unit_test(test_limit_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
