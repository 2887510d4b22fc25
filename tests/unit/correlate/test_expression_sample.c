/* SPDX-License-Identifier: Apache-2.0 */
/* Every expression of a real exported configuration parses and evaluates, on an object that has
 * everything and on one that has nothing. Skipped without ../shared/data. */
#include "correlate/rules/expression.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE AW_SOURCE_DIR "/../shared/data/connect-contoso/SynchronizationRules"

static struct cor_value full(const struct cor_expression_env *env, guint slot)
{
    (void)env;
    static const struct cor_value numbers = {.type = COR_VALUE_INT, .number = 512};
    return slot % 3 == 2 ? numbers : cor_value_string(" Some value@example.test ");
}

static struct cor_value empty(const struct cor_expression_env *env, guint slot)
{
    (void)env, (void)slot;
    return (struct cor_value){.type = COR_VALUE_NULL};
}

static gboolean parameter(const struct cor_expression_env *env, const char *name,
                          struct cor_value *ret)
{
    (void)env, (void)name;
    *ret = cor_value_string("lab.example.test");
    return TRUE;
}

static void run(const struct cor_expression *expression, struct cor_arena *arena)
{
    struct cor_expression_env env = {
        .attribute = full, .parameter = parameter, .arena = arena, .now_us = 1, .seed = 1};
    cor_expression_evaluate(expression, &env);
    cor_arena_reset(arena);
    env.attribute = empty;
    struct cor_value value = cor_expression_evaluate(expression, &env);
    /* an object with nothing is no reason for anything but the rules' own Error() */
    if (value.type == COR_VALUE_ERROR && cor_expression_calls(expression, "Error") == 0)
        fail_msg("an empty object gives the error: %s", value.text);
    cor_arena_reset(arena);
}

static void count_calls(const struct cor_expression *expression, GHashTable *calls)
{
    const GPtrArray *functions = cor_expression_functions(expression);
    for (guint i = 0; i < functions->len; i++) {
        const char *name = functions->pdata[i];
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(calls, name)) +
                      cor_expression_calls(expression, name);
        g_hash_table_insert(calls, g_strdup(name), GUINT_TO_POINTER(count));
    }
}

static char *unescape(const char *xml)
{
    g_autoptr(GString) out = g_string_new(xml);
    g_string_replace(out, "&lt;", "<", 0);
    g_string_replace(out, "&gt;", ">", 0);
    g_string_replace(out, "&quot;", "\"", 0);
    g_string_replace(out, "&amp;", "&", 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static guint file_expressions(const char *path, struct cor_arena *arena, GHashTable *calls)
{
    g_autofree char *text = NULL;
    guint n = 0;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (char *at = strstr(text, "<expression>"); at; at = strstr(at, "<expression>")) {
        at += strlen("<expression>");
        char *end = strstr(at, "</expression>");
        g_autofree char *raw = g_strndup(at, (gsize)(end - at));
        g_autofree char *plain = unescape(raw);
        g_autoptr(GError) error = NULL;
        struct cor_expression *expression =
            cor_expression_parse(plain, strlen(plain), COR_DIALECT_CONNECT, &error);
        if (!expression)
            fail_msg("%s: %s", plain, error->message);
        run(expression, arena);
        count_calls(expression, calls);
        cor_expression_free(expression);
        n++;
    }
    return n;
}

static void test_sample(void **state)
{
    (void)state;
    guint total = 0;
    const char *name;
    g_autoptr(GDir) dir = g_dir_open(SAMPLE, 0, NULL);
    g_autoptr(GHashTable) calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct cor_arena *arena = cor_arena_new(COR_EXPRESSION_MAX_VALUE);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(SAMPLE, name, NULL);
        total += file_expressions(path, arena, calls);
    }
    cor_arena_free(arena);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(calls), (GCompareFunc)strcmp);
    for (GList *n = names; n; n = n->next)
        print_message("%5u %s\n", GPOINTER_TO_UINT(g_hash_table_lookup(calls, n->data)),
                      (char *)n->data);
    print_message("%u expressions\n", total);
    assert_int_equal(total, 391);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sample)};
    if (!g_file_test(SAMPLE, G_FILE_TEST_IS_DIR)) {
        print_message("skipped: no sample configuration in %s\n", SAMPLE);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
