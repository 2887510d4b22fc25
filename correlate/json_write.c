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

/* --- the order of members ------------------------------------------------------------------- */

/* Objects of one kind come with their members in one order, so what sorted the last object of that
 * many members is tried first. */
enum { ORDER_MAX = 64 };
static _Thread_local guint8 orders[ORDER_MAX + 1][ORDER_MAX];

static gboolean try_order(const struct cor_json **members, guint count)
{
    const struct cor_json *sorted[ORDER_MAX];
    for (guint i = 0; i < count; i++) {
        sorted[i] = members[orders[count][i]];
        if (i && cor_json_compare(sorted[i - 1], sorted[i]) >= 0)
            return FALSE;
    }
    memcpy(members, sorted, count * sizeof *sorted);
    return TRUE;
}

static void find_order(const struct cor_json **members, guint count)
{
    guint8 *order = orders[count];
    for (guint i = 0; i < count; i++) {
        const struct cor_json *member = members[i];
        guint at = i;
        for (; at && cor_json_compare(members[at - 1], member) > 0; at--) {
            members[at] = members[at - 1];
            order[at] = order[at - 1];
        }
        members[at] = member;
        order[at] = (guint8)i;
    }
}

static int compare_members(const void *a, const void *b)
{
    return cor_json_compare(*(const struct cor_json *const *)a, *(const struct cor_json *const *)b);
}

void cor_json_push_sorted(GArray *stack, const struct cor_json *object)
{
    guint from = stack->len;
    for (const struct cor_json *n = cor_json_first(object); n; n = n->next)
        g_array_append_val(stack, n);
    if (object->sorted || stack->len == from)
        return;
    const struct cor_json **members = &g_array_index(stack, const struct cor_json *, from);
    guint count = stack->len - from;
    if (count > ORDER_MAX)
        qsort(members, count, sizeof *members, compare_members);
    else if (!try_order(members, count))
        find_order(members, count);
}

/* --- text ----------------------------------------------------------------------------------- */

/* Inline while there is room, which is nearly always. */
static inline void append(GString *out, const char *text, gsize len)
{
    if (len < out->allocated_len - out->len) {
        memcpy(out->str + out->len, text, len);
        out->len += len;
        out->str[out->len] = '\0';
    } else {
        g_string_append_len(out, text, (gssize)len);
    }
}

static void write_escaped(unsigned char c, GString *out)
{
    static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = strchr(names, c);
    if (c && found) {
        char pair[] = {'\\', letters[found - names]};
        append(out, pair, sizeof pair);
    } else {
        g_string_append_printf(out, "\\u%04x", c);
    }
}

static void write_string(const char *text, GString *out)
{
    const char *end = text + strlen(text);
    g_string_append_c(out, '"');
    for (;;) {
        const char *stop = cor_json_plain_end(text, end);
        append(out, text, (gsize)(stop - text));
        if (stop == end)
            break;
        write_escaped((unsigned char)*stop, out);
        text = stop + 1;
    }
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
    append(out, at, (gsize)(digits + sizeof digits - at));
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
        const struct cor_json *member = g_array_index(stack, const struct cor_json *, i);
        if (i > from)
            g_string_append_c(out, ',');
        write_string(member->key, out);
        g_string_append_c(out, ':');
        write_canonical(member, stack, out);
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
    if (object && !node->sorted)
        write_sorted(node, stack, out);
    else
        write_in_order(cor_json_first(node), stack, out);
    g_string_append_c(out, object ? '}' : ']');
}

void cor_json_canonical(const struct cor_json *node, GString *out)
{
    g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(const struct cor_json *));
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
