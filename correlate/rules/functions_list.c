/* SPDX-License-Identifier: Apache-2.0 */
/* Functions over multi-valued attributes. */
#include "correlate/rules/expression_private.h"

#include <string.h>

#define CONNECT "connect/reference-connect-sync-functions-reference"
#define SHIPPED "shipped, not documented"

static struct cor_value too_many(struct cor_evaluation *e)
{
    return cor_value_error(cor_arena_of(e), "the values grow beyond their limit");
}

/* A reference must be the text, another value contain it. */
static gboolean holds(const struct cor_value *value, const char *text, const char *search,
                      gboolean fold)
{
    g_autofree char *in = fold ? g_utf8_strdown(text, -1) : NULL;
    const char *whole = fold ? in : text;
    return value->type == COR_VALUE_DN ? strcmp(whole, search) == 0 : strstr(whole, search) != NULL;
}

/* Contains(attribute, search, case): index of the first value that contains the text, 0 none. */
static struct cor_value f_contains(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value search, list = cor_as_list(e, &args[0]), mode = cor_value_string("");
    if (list.type == COR_VALUE_ERROR)
        return list;
    if (!cor_to_text(e, &args[1], &search))
        return search;
    if (n > 2 && !cor_to_text(e, &args[2], &mode))
        return mode;
    gboolean fold = g_ascii_strcasecmp(mode.text, "CaseInsensitive") == 0;
    g_autofree char *folded = fold ? g_utf8_strdown(search.text, -1) : NULL;
    const char *what = fold ? folded : search.text;
    for (gsize i = 0; i < list.len; i++) {
        struct cor_value text;
        if (!cor_to_text(e, &list.items[i], &text))
            return text;
        if (holds(&list.items[i], text.text, what, fold))
            return cor_value_int((gint64)i + 1);
    }
    return cor_value_int(0);
}

static struct cor_value f_count(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value list = cor_as_list(e, &args[0]);
    (void)n;
    return list.type == COR_VALUE_ERROR ? list : cor_value_int((gint64)list.len);
}

/* ValueCount("member"): how many values the attribute of that name has on the source. */
static struct cor_value f_value_count(struct cor_evaluation *e, const struct cor_value *args,
                                      guint n)
{
    struct cor_value name;
    (void)n;
    if (args[0].type != COR_VALUE_STRING || !e->env->imported)
        return f_count(e, args, n);
    if (!cor_to_text(e, &args[0], &name))
        return name;
    struct cor_value value = e->env->imported(e->env, name.text);
    return f_count(e, &value, 1);
}

static struct cor_value item(struct cor_evaluation *e, const struct cor_value *args,
                             gboolean or_null)
{
    struct cor_value list = cor_as_list(e, &args[0]);
    gint64 index;
    if (list.type == COR_VALUE_ERROR)
        return list;
    if (!cor_to_int(e, &args[1], &index))
        return cor_value_error(cor_arena_of(e), "an index is needed");
    if (index >= 1 && (guint64)index <= list.len)
        return list.items[index - 1];
    if (or_null)
        return cor_null();
    return cor_value_error(cor_arena_of(e), "there is no item %" G_GINT64_FORMAT " among %zu",
                           index, list.len);
}

static struct cor_value f_item(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return item(e, args, FALSE);
}

static struct cor_value f_item_or_null(struct cor_evaluation *e, const struct cor_value *args,
                                       guint n)
{
    (void)n;
    return item(e, args, TRUE);
}

static struct cor_value f_join(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value list = cor_as_list(e, &args[0]), delimiter = cor_value_string(" ");
    g_autoptr(GString) out = g_string_new(NULL);
    if (list.type == COR_VALUE_ERROR)
        return list;
    if (n > 1 && !cor_to_text(e, &args[1], &delimiter))
        return delimiter;
    for (gsize i = 0; i < list.len; i++) {
        struct cor_value text;
        if (!cor_to_text(e, &list.items[i], &text))
            return text;
        if (i)
            g_string_append(out, delimiter.text);
        g_string_append(out, text.text);
    }
    return cor_text_copy(e, out->str, out->len);
}

/* g_strsplit reserves what it is told: no more than the text can have. */
static gint parts_max(gint64 most, gsize len)
{
    return most > 0 && (guint64)most <= len ? (gint)most : -1;
}

static struct cor_value f_split(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, delimiter;
    gint64 most = -1;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (!cor_to_text(e, &args[1], &delimiter))
        return delimiter;
    if (n > 2 && !cor_to_int(e, &args[2], &most))
        return cor_value_error(cor_arena_of(e), "a number is needed");
    if (delimiter.len == 0)
        return cor_as_list(e, &text);
    g_auto(GStrv) parts = g_strsplit(text.text, delimiter.text, parts_max(most, text.len));
    gsize count = g_strv_length(parts);
    struct cor_value *items = cor_arena_alloc(cor_arena_of(e), MAX(count, 1) * sizeof *items);
    if (!items)
        return too_many(e);
    for (gsize i = 0; i < count; i++) {
        items[i] = cor_text_copy(e, parts[i], strlen(parts[i]));
        if (items[i].type == COR_VALUE_ERROR)
            return items[i];
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = count, .items = items};
}

/* The first of equal values stays; texts are compared without case. */
static struct cor_value f_distinct(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    const struct cor_value *list = &args[0];
    gsize used = 0;
    (void)n;
    if (list->type != COR_VALUE_MULTI)
        return *list;
    struct cor_value *items = cor_arena_alloc(cor_arena_of(e), MAX(list->len, 1) * sizeof *items);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!items)
        return too_many(e);
    for (gsize i = 0; i < list->len; i++) {
        struct cor_value text;
        if (list->items[i].type == COR_VALUE_BYTES) {
            g_autofree char *base64 = g_base64_encode(list->items[i].bytes, list->items[i].len);
            if (g_hash_table_add(seen, g_strconcat("binary ", base64, NULL)))
                items[used++] = list->items[i];
            continue;
        }
        if (!cor_to_text(e, &list->items[i], &text))
            return text;
        if (g_hash_table_add(seen, g_utf8_casefold(text.text, (gssize)text.len)))
            items[used++] = list->items[i];
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = used, .items = items};
}

/* Each value as the variable of the expression; keep: those for which it is true. */
static struct cor_value for_each(struct cor_evaluation *e, const struct cor_node *node,
                                 gboolean keep)
{
    struct cor_value source = cor_node_evaluate(e, node->operands[1]);
    struct cor_value list = cor_as_list(e, &source);
    gsize used = 0;
    if (list.type == COR_VALUE_ERROR)
        return list;
    struct cor_value *items = cor_arena_alloc(cor_arena_of(e), MAX(list.len, 1) * sizeof *items);
    if (!items)
        return too_many(e);
    for (gsize i = 0; i < list.len; i++) {
        e->variables[node->operands[0]->slot] = list.items[i];
        struct cor_value one = cor_node_evaluate(e, node->operands[2]);
        if (one.type == COR_VALUE_ERROR)
            return one;
        if (keep ? cor_to_bool(&one) : !cor_value_is_null(&one) && one.type != COR_VALUE_MULTI)
            items[used++] = keep ? list.items[i] : one;
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = used, .items = items};
}

static struct cor_value f_select(struct cor_evaluation *e, const struct cor_node *node)
{
    return for_each(e, node, FALSE);
}

static struct cor_value f_where(struct cor_evaluation *e, const struct cor_node *node)
{
    return for_each(e, node, TRUE);
}

#define F(name, least, most, page, flags, call)                                                    \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, least, most, page}, flags, call, NULL                          \
    }

static const struct cor_function functions[] = {
    F("Contains", 2, 3, CONNECT, 0, f_contains),
    F("Count", 1, 1, CONNECT, 0, f_count),
    F("ValueCount", 1, 1, SHIPPED, 0, f_value_count),
    F("Item", 2, 2, CONNECT, 0, f_item),
    F("ItemOrNull", 2, 2, CONNECT, 0, f_item_or_null),
    F("Join", 1, 2, CONNECT, COR_FUNCTION_NULL, f_join),
    F("Split", 2, 3, CONNECT, COR_FUNCTION_NULL, f_split),
    F("RemoveDuplicates", 1, 1, CONNECT, 0, f_distinct),
    {{"Select", COR_DIALECT_CONNECT, 3, 3, CONNECT}, COR_FUNCTION_VARIABLE, NULL, f_select},
    {{"Where", COR_DIALECT_CONNECT, 3, 3, CONNECT}, COR_FUNCTION_VARIABLE, NULL, f_where},
};
const struct cor_function_group cor_functions_list = {functions, G_N_ELEMENTS(functions)};
