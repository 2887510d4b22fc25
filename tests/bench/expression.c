/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions a second of one core: those of an exported configuration, each parsed once and then
 * evaluated on an object that has its attributes and on one that has none.
 *
 *     bench_expression FOLDER-OF-RULES [SECONDS]
 *
 * Use a release build. Time of the processor, not of the wall.
 */
#include "correlate/rules/expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct cor_value full(const struct cor_expression_env *env, guint slot)
{
    static const struct cor_value values[] = {
        {.type = COR_VALUE_STRING, .len = 16, .text = "Ann Example Mill"},
        {.type = COR_VALUE_STRING, .len = 16, .text = "ann@example.test"},
    };
    (void)env;
    return slot % 3 == 2 ? cor_value_int(512) : values[slot % 2];
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

static char *unescape(const char *xml, gsize len)
{
    g_autofree char *raw = g_strndup(xml, len);
    g_autoptr(GString) out = g_string_new(raw);
    g_string_replace(out, "&lt;", "<", 0);
    g_string_replace(out, "&gt;", ">", 0);
    g_string_replace(out, "&quot;", "\"", 0);
    g_string_replace(out, "&amp;", "&", 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void read_file(const char *path, GPtrArray *into)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    for (char *at = text; (at = strstr(at, "<expression>"));) {
        at += strlen("<expression>");
        char *end = strstr(at, "</expression>");
        if (!end)
            return;
        g_autofree char *plain = unescape(at, (gsize)(end - at));
        g_autoptr(GError) error = NULL;
        struct cor_expression *one =
            cor_expression_parse(plain, strlen(plain), COR_DIALECT_CONNECT, &error);
        if (one)
            g_ptr_array_add(into, one);
        else
            fprintf(stderr, "%s: %s\n", path, error->message);
    }
}

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void measure(const GPtrArray *expressions, const char *what, double until,
                    struct cor_value (*attribute)(const struct cor_expression_env *, guint))
{
    struct cor_arena *arena = cor_arena_new(COR_EXPRESSION_MAX_VALUE);
    const struct cor_expression_env env = {
        .attribute = attribute, .parameter = parameter, .arena = arena, .seed = 1};
    guint64 n = 0, errors = 0;
    double start = seconds(), now = start;
    for (; now - start < until; now = seconds()) {
        for (guint round = 0; round < 20; round++) {
            for (guint i = 0; i < expressions->len; i++)
                errors +=
                    cor_expression_evaluate(expressions->pdata[i], &env).type == COR_VALUE_ERROR;
            cor_arena_reset(arena);
        }
        n += 20 * (guint64)expressions->len;
    }
    printf("%-6s %9.0f expressions/s, %5.0f ns each, %.1f %% end in an error\n", what,
           (double)n / (now - start), (now - start) * 1e9 / (double)n,
           100.0 * (double)errors / (double)n);
    cor_arena_free(arena);
}

int main(int argc, char **argv)
{
    const char *name;
    g_autoptr(GDir) dir = argc > 1 ? g_dir_open(argv[1], 0, NULL) : NULL;
    g_autoptr(GPtrArray) expressions =
        g_ptr_array_new_with_free_func((GDestroyNotify)cor_expression_free);
    double until = argc > 2 ? g_ascii_strtod(argv[2], NULL) : 2;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        read_file(path, expressions);
    }
    if (!expressions->len) {
        fprintf(stderr, "usage: %s FOLDER-OF-RULES [SECONDS]\n", argv[0]);
        return 2;
    }
    printf("%u expressions\n", expressions->len);
    measure(expressions, "full", until, full);
    measure(expressions, "empty", until, empty);
    return 0;
}
