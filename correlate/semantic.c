/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When two values mean the same. Both are brought to a normal form and compared as text:
 * collections are sets at every depth, members without a value are absent, case goes where the
 * attribute has none. Which attribute has which trait stands in semantic_table.c alone.
 */
#include "correlate/semantic.h"

#include "correlate/semantic_table.h"

#include <string.h>

static gboolean row_fits(const struct cor_semantic_row *row, enum cor_directory directory,
                         const char *type, const char *attribute)
{
    return row->directory == directory && g_str_equal(row->attribute, attribute) &&
           (!row->type || (type && g_str_equal(row->type, type)));
}

guint cor_traits(enum cor_directory directory, const char *type, const char *attribute)
{
    gsize n = 0;
    const struct cor_semantic_row *rows = cor_semantic_rows(&n);
    guint traits = 0;
    for (gsize i = 0; i < n; i++)
        if (row_fits(&rows[i], directory, type, attribute))
            traits |= rows[i].traits;
    return traits;
}

static gboolean is_empty(const struct cor_json *value)
{
    return cor_json_is_null(value) ||
           (cor_json_type(value) == COR_JSON_ARRAY && !cor_json_first(value));
}

static char *fold_text(guint traits, const char *text)
{
    if (traits & COR_TRAIT_NOCASE)
        return g_utf8_casefold(text, -1);
    if (!(traits & COR_TRAIT_PROXY))
        return g_strdup(text);
    /* the case of the type tells the primary address, that of the address nothing */
    const char *colon = strchr(text, ':');
    g_autofree char *address = g_utf8_casefold(colon ? colon + 1 : text, -1);
    g_autofree char *type = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup("smtp");
    return g_strconcat(type, ":", address, NULL);
}

static char *normal_form(guint traits, const struct cor_json *value);

static gint compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, without repetitions. */
static char *join_set(GPtrArray *texts, char open, char close)
{
    g_ptr_array_sort(texts, compare_texts);
    GString *out = g_string_new(NULL);
    g_string_append_c(out, open);
    for (guint i = 0; i < texts->len; i++) {
        if (i && g_str_equal(texts->pdata[i], texts->pdata[i - 1]))
            continue;
        g_string_append(out, texts->pdata[i]);
        g_string_append_c(out, ',');
    }
    g_string_append_c(out, close);
    return g_string_free(out, FALSE);
}

static gboolean is_ignored(guint traits, const struct cor_json *member)
{
    return is_empty(member) ||
           ((traits & COR_TRAIT_NOTIMES) && g_str_has_suffix(cor_json_key(member), "DateTime"));
}

static char *normal_container(guint traits, const struct cor_json *value)
{
    gboolean object = cor_json_type(value) == COR_JSON_OBJECT;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (const struct cor_json *n = cor_json_first(value); n; n = cor_json_next(n)) {
        if (object && is_ignored(traits, n))
            continue;
        char *text = normal_form(traits, n);
        if (object) {
            /* the key as JSON text, so that no key can pass for key and value */
            COR_JSON_AUTO *key = cor_json_new_string(cor_json_key(n));
            g_autofree char *quoted = cor_json_to_text(key);
            char *pair = g_strconcat(quoted, ":", text, NULL);
            g_free(text);
            text = pair;
        }
        g_ptr_array_add(texts, text);
    }
    return object ? join_set(texts, '{', '}') : join_set(texts, '[', ']');
}

static char *normal_form(guint traits, const struct cor_json *value)
{
    enum cor_json_type type = cor_json_type(value);
    if (type == COR_JSON_ARRAY || type == COR_JSON_OBJECT)
        return normal_container(traits, value);
    if (type != COR_JSON_STRING)
        return cor_json_to_text(value);
    g_autofree char *folded = fold_text(traits, cor_json_string(value));
    COR_JSON_AUTO *text = cor_json_new_string(folded);
    return cor_json_to_text(text);
}

/* A set of one and its only value are the same, so everything is a set at the top. */
static char *set_form(guint traits, const struct cor_json *value)
{
    if (cor_json_type(value) == COR_JSON_ARRAY)
        return normal_form(traits, value);
    g_autoptr(GPtrArray) single = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(single, normal_form(traits, value));
    return join_set(single, '[', ']');
}

gboolean cor_value_equal(guint traits, const struct cor_json *a, const struct cor_json *b)
{
    if (is_empty(a) || is_empty(b))
        return is_empty(a) && is_empty(b);
    if (cor_json_equal(a, b))
        return TRUE;
    g_autofree char *normal_a = set_form(traits, a);
    g_autofree char *normal_b = set_form(traits, b);
    return strcmp(normal_a, normal_b) == 0;
}

char *cor_value_text(const struct cor_json *value)
{
    if (is_empty(value))
        return g_strdup("(none)");
    if (cor_json_type(value) == COR_JSON_STRING)
        return g_strdup(cor_json_string(value));
    if (cor_json_type(value) != COR_JSON_ARRAY)
        return cor_json_to_text(value);
    GString *out = g_string_new(NULL);
    for (const struct cor_json *n = cor_json_first(value); n; n = cor_json_next(n)) {
        g_autofree char *text =
            cor_json_string(n) ? g_strdup(cor_json_string(n)) : cor_json_to_text(n);
        if (n != cor_json_first(value))
            g_string_append(out, "; ");
        g_string_append(out, text);
    }
    return g_string_free(out, FALSE);
}
