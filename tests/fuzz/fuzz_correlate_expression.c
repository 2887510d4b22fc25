/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as an expression of either dialect (the first byte chooses), evaluated on objects that
 * have text, several values, binary values or nothing. What parses ends in a value within its
 * bounds, the same one each time.
 */
#include "correlate/rules/expression.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CEILING ((gsize)256 * 1024)

static struct cor_value attribute(const struct cor_expression_env *env, guint slot)
{
    static const guint8 binary[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0};
    static const struct cor_value items[] = {
        {.type = COR_VALUE_STRING, .len = 11, .text = "SMTP:a@b.de"},
        {.type = COR_VALUE_DN, .len = 9, .text = "CN=a,DC=b"},
        {.type = COR_VALUE_INT, .number = 512},
    };
    const struct cor_value all[] = {
        {.type = COR_VALUE_NULL},
        {.type = COR_VALUE_STRING, .len = 7, .text = " \xc3\xa4 b-c"},
        {.type = COR_VALUE_BYTES, .len = sizeof binary, .bytes = binary},
        {.type = COR_VALUE_MULTI, .len = G_N_ELEMENTS(items), .items = items},
        {.type = COR_VALUE_INT, .number = G_MININT64},
        {.type = COR_VALUE_BOOL, .number = 1},
        {.type = COR_VALUE_TIME, .number = G_GINT64_CONSTANT(1700000000000000)},
        {.type = COR_VALUE_MULTI},
    };
    return all[(slot + (guint)env->seed) % G_N_ELEMENTS(all)];
}

static gboolean parameter(const struct cor_expression_env *env, const char *name,
                          struct cor_value *ret)
{
    (void)env;
    *ret = cor_value_string("example.test");
    return *name != 'x';
}

static struct cor_value imported(const struct cor_expression_env *env, const char *name)
{
    return attribute(env, (guint)strlen(name));
}

static struct cor_json *evaluate(const struct cor_expression *expression, guint64 seed)
{
    struct cor_arena *arena = cor_arena_new(CEILING);
    g_autoptr(GArray) trace = g_array_new(FALSE, FALSE, sizeof(struct cor_expression_step));
    const struct cor_expression_env env = {.attribute = attribute,
                                           .parameter = parameter,
                                           .imported = imported,
                                           .arena = arena,
                                           .now_us = G_GINT64_CONSTANT(1700000000000000),
                                           .seed = seed,
                                           .trace = trace};
    struct cor_value value = cor_expression_evaluate(expression, &env);
    g_assert(cor_value_type_name(value.type));
    g_assert(cor_arena_used(arena) <= CEILING);
    if (value.type == COR_VALUE_ERROR)
        g_assert(g_utf8_validate(value.text, -1, NULL));
    struct cor_json *json = cor_value_to_json(&value);
    cor_arena_free(arena);
    return json;
}

static gboolean same(const struct cor_json *a, const struct cor_json *b)
{
    return a && b ? cor_json_equal(a, b) : a == b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    if (size < 1)
        return 0;
    enum cor_dialect dialect = *data == 'c' ? COR_DIALECT_CLOUD_SYNC : COR_DIALECT_CONNECT;
    struct cor_expression *expression =
        cor_expression_parse((const char *)data + 1, size - 1, dialect, &error);
    if (!expression) {
        g_assert(error && g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    for (guint64 seed = 0; seed < 8; seed++) {
        COR_JSON_AUTO *once = evaluate(expression, seed);
        COR_JSON_AUTO *again = evaluate(expression, seed);
        g_assert(same(once, again));
    }
    cor_expression_free(expression);
    return 0;
}
