/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical writer, and the readable one. Canonical form:
 *   - no white space; members by ascending bytes of their UTF-8 keys; arrays keep their order
 *   - strings: \" \\ \b \f \n \r \t, other controls below U+0020 as \u00xx in lower case,
 *     everything else as it is
 *   - numbers by value, not by spelling: whole numbers within 64 bits in plain decimal, others as
 *     the shortest %g form that reads back the same
 * so that equal bytes mean equal values and the text can be hashed. A document that is read back
 * from canonical text is found already sorted, which makes rewriting it linear.
 */
#include "correlate/json_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static guint64 key_head(const char *key)
{
    guint64 head = 0;
    for (int shift = 56; shift >= 0 && *key; shift -= 8)
        head |= (guint64)(unsigned char)*key++ << shift;
    return head;
}

static int compare_members(const void *a, const void *b)
{
    const struct cor_json_member *x = a, *y = b;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return strcmp(x->key, y->key);
}

void cor_json_push_sorted(GArray *stack, const struct cor_json *object)
{
    guint from = stack->len;
    for (const struct cor_json *n = cor_json_first(object); n; n = cor_json_next(n)) {
        const char *key = cor_json_key(n);
        struct cor_json_member member = {.head = key_head(key), .key = key, .value = n};
        g_array_append_val(stack, member);
    }
    if (stack->len > from)
        qsort(&g_array_index(stack, struct cor_json_member, from), stack->len - from,
              sizeof(struct cor_json_member), compare_members);
}

gboolean cor_json_is_sorted(const struct cor_json *object)
{
    const char *before = NULL;
    for (const struct cor_json *n = cor_json_first(object); n; n = cor_json_next(n)) {
        const char *key = cor_json_key(n);
        if (before && strcmp(before, key) >= 0)
            return FALSE;
        before = key;
    }
    return TRUE;
}

static void write_escaped(unsigned char c, GString *out)
{
    static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = strchr(names, c);
    if (c && found) {
        char pair[] = {'\\', letters[found - names]};
        g_string_append_len(out, pair, sizeof pair);
    } else {
        g_string_append_printf(out, "\\u%04x", c);
    }
}

static void write_string(const char *text, GString *out)
{
    g_string_append_c(out, '"');
    const char *run = text, *at = text;
    for (; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        g_string_append_len(out, run, at - run);
        write_escaped(c, out);
        run = at + 1;
    }
    g_string_append_len(out, run, at - run);
    g_string_append_c(out, '"');
}

static void write_int(gint64 value, GString *out)
{
    char digits[24];
    char *at = digits + sizeof digits;
    guint64 rest = value < 0 ? 0 - (guint64)value : (guint64)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--at = '-';
    g_string_append_len(out, at, digits + sizeof digits - at);
}

static void write_real(double value, GString *out)
{
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(text, sizeof text, formats[i], value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    g_string_append(out, text);
}

static void write_scalar(const struct cor_json *node, GString *out)
{
    gint64 integer = 0;
    switch (cor_json_type(node)) {
    case COR_JSON_BOOL:
        g_string_append(out, cor_json_bool(node) ? "true" : "false");
        break;
    case COR_JSON_INT:
        cor_json_int(node, &integer);
        write_int(integer, out);
        break;
    case COR_JSON_REAL:
        write_real(cor_json_real(node), out);
        break;
    case COR_JSON_STRING:
        write_string(cor_json_string(node), out);
        break;
    default:
        g_string_append(out, "null");
    }
}

static void write_canonical(const struct cor_json *node, GArray *stack, GString *out);

/* What stands in a container, as it stands: arrays, and objects that are sorted already. */
static void write_in_order(const struct cor_json *first, GArray *stack, GString *out)
{
    for (const struct cor_json *n = first; n; n = cor_json_next(n)) {
        const char *key = cor_json_key(n);
        if (n != first)
            g_string_append_c(out, ',');
        if (key) {
            write_string(key, out);
            g_string_append_c(out, ':');
        }
        write_canonical(n, stack, out);
    }
}

static void write_sorted(const struct cor_json *object, GArray *stack, GString *out)
{
    guint from = stack->len;
    cor_json_push_sorted(stack, object);
    guint end = stack->len;
    for (guint i = from; i < end; i++) {
        /* by value: the stack may move while a member is written */
        struct cor_json_member member = g_array_index(stack, struct cor_json_member, i);
        if (i > from)
            g_string_append_c(out, ',');
        write_string(member.key, out);
        g_string_append_c(out, ':');
        write_canonical(member.value, stack, out);
    }
    g_array_set_size(stack, from);
}

static void write_canonical(const struct cor_json *node, GArray *stack, GString *out)
{
    enum cor_json_type type = cor_json_type(node);
    gboolean object = type == COR_JSON_OBJECT;
    if (!object && type != COR_JSON_ARRAY) {
        write_scalar(node, out);
        return;
    }
    g_string_append_c(out, object ? '{' : '[');
    if (object && !cor_json_is_sorted(node))
        write_sorted(node, stack, out);
    else
        write_in_order(cor_json_first(node), stack, out);
    g_string_append_c(out, object ? '}' : ']');
}

void cor_json_canonical(const struct cor_json *node, GString *out)
{
    g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(struct cor_json_member));
    write_canonical(node, stack, out);
}

char *cor_json_to_text(const struct cor_json *node)
{
    GString *out = g_string_new(NULL);
    cor_json_canonical(node, out);
    return g_string_free(out, FALSE);
}

static void new_line(guint depth, GString *out)
{
    g_string_append_c(out, '\n');
    for (guint i = 0; i < depth; i++)
        g_string_append(out, "  ");
}

static void write_pretty(const struct cor_json *node, guint depth, GString *out)
{
    enum cor_json_type type = cor_json_type(node);
    gboolean object = type == COR_JSON_OBJECT;
    if (!object && type != COR_JSON_ARRAY) {
        write_scalar(node, out);
        return;
    }
    g_string_append_c(out, object ? '{' : '[');
    for (const struct cor_json *n = cor_json_first(node); n; n = cor_json_next(n)) {
        new_line(depth + 1, out);
        if (object) {
            write_string(cor_json_key(n), out);
            g_string_append(out, ": ");
        }
        write_pretty(n, depth + 1, out);
        if (cor_json_next(n))
            g_string_append_c(out, ',');
    }
    if (cor_json_first(node))
        new_line(depth, out);
    g_string_append_c(out, object ? '}' : ']');
}

void cor_json_pretty(const struct cor_json *node, GString *out)
{
    write_pretty(node, 0, out);
}
