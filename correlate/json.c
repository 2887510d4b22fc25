/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cJSON behind a strict gate (json_scan.c) and with our own writer. A struct cor_json is a cJSON
 * node. An integer of 2^53 or more, which cJSON would round, keeps its exact text in the node's
 * valuestring; every reader and writer here looks there first.
 *
 * Canonical form: object keys in byte order, no white space, text with the shortest escape that is
 * valid (quote, backslash, \b \f \n \r \t, other controls \u00xx, everything else raw UTF-8),
 * integers in decimal, other numbers in the shortest form that reads back the same.
 */
#include "correlate/json.h"

#include "correlate/error.h"
#include "correlate/json_scan.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define EXACT_LIMIT 9007199254740992.0 /* 2^53 */

static inline cJSON *raw(struct cor_json *node)
{
    return (cJSON *)node;
}

static inline const cJSON *raw_const(const struct cor_json *node)
{
    return (const cJSON *)node;
}

static inline struct cor_json *wrap(cJSON *node)
{
    return (struct cor_json *)node;
}

/* cJSON answers NULL only when memory is gone, and GLib gives up there as well. */
static struct cor_json *made(cJSON *node)
{
    if (!node)
        g_error("out of memory");
    return wrap(node);
}

/* --- parsing -------------------------------------------------------------------------------- */

static void set_exact(cJSON *node, gint64 value)
{
    char text[24];
    int n = g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, value);
    node->valuestring = cJSON_malloc((size_t)n + 1);
    if (!node->valuestring)
        g_error("out of memory");
    memcpy(node->valuestring, text, (size_t)n + 1);
}

/* Put the exact values back, in document order; depth is bounded by the scan. */
static void restore_exact(cJSON *node, const GArray *big, guint *next)
{
    for (cJSON *child = node->child; child && *next < big->len; child = child->next)
        restore_exact(child, big, next);
    if (cJSON_IsNumber(node) && fabs(node->valuedouble) >= EXACT_LIMIT && *next < big->len)
        set_exact(node, g_array_index(big, gint64, (*next)++));
}

struct cor_json *cor_json_parse(const char *data, gsize len, gsize max_bytes, GError **error)
{
    gsize limit = max_bytes ? max_bytes : COR_JSON_MAX_BYTES;
    if (len > limit) {
        g_set_error(error, COR_ERROR, COR_E_LIMIT,
                    "JSON of %" G_GSIZE_FORMAT " bytes, at most %" G_GSIZE_FORMAT " are read", len,
                    limit);
        return NULL;
    }
    g_autoptr(GArray) big = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!cor_json_scan(data, len, COR_JSON_MAX_DEPTH, big, error))
        return NULL;
    cJSON *root = cJSON_ParseWithLength(data, len);
    if (!root) {
        g_set_error(error, COR_ERROR, COR_E_INPUT, "invalid JSON");
        return NULL;
    }
    guint next = 0;
    if (big->len)
        restore_exact(root, big, &next);
    return wrap(root);
}

void cor_json_free(struct cor_json *root)
{
    cJSON_Delete(raw(root));
}

/* --- building ------------------------------------------------------------------------------- */

struct cor_json *cor_json_new_null(void)
{
    return made(cJSON_CreateNull());
}

struct cor_json *cor_json_new_bool(gboolean value)
{
    return made(cJSON_CreateBool(value));
}

struct cor_json *cor_json_new_int(gint64 value)
{
    struct cor_json *node = made(cJSON_CreateNumber((double)value));
    if (fabs((double)value) >= EXACT_LIMIT)
        set_exact(raw(node), value);
    return node;
}

struct cor_json *cor_json_new_real(double value)
{
    return made(isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

struct cor_json *cor_json_new_string(const char *value)
{
    return made(cJSON_CreateString(value));
}

struct cor_json *cor_json_new_string_len(const char *value, gsize len)
{
    g_autofree char *text = g_strndup(value, len);
    return made(cJSON_CreateString(text));
}

struct cor_json *cor_json_new_array(void)
{
    return made(cJSON_CreateArray());
}

struct cor_json *cor_json_new_object(void)
{
    return made(cJSON_CreateObject());
}

struct cor_json *cor_json_copy(const struct cor_json *node)
{
    return node ? made(cJSON_Duplicate(raw_const(node), 1)) : NULL;
}

void cor_json_add(struct cor_json *object, const char *key, struct cor_json *value)
{
    if (!cJSON_AddItemToObject(raw(object), key, raw(value)))
        g_error("out of memory");
}

void cor_json_add_string(struct cor_json *object, const char *key, const char *value_or_null)
{
    if (value_or_null)
        cor_json_add(object, key, cor_json_new_string(value_or_null));
}

void cor_json_add_int(struct cor_json *object, const char *key, gint64 value)
{
    cor_json_add(object, key, cor_json_new_int(value));
}

void cor_json_add_bool(struct cor_json *object, const char *key, gboolean value)
{
    cor_json_add(object, key, cor_json_new_bool(value));
}

void cor_json_append(struct cor_json *array, struct cor_json *value)
{
    cJSON_AddItemToArray(raw(array), raw(value));
}

static cJSON *member(const struct cor_json *object, const char *key)
{
    if (!object || !cJSON_IsObject(raw_const(object)))
        return NULL;
    return cJSON_GetObjectItemCaseSensitive(raw_const(object), key);
}

void cor_json_set(struct cor_json *object, const char *key, struct cor_json *value)
{
    if (member(object, key))
        cJSON_ReplaceItemInObjectCaseSensitive(raw(object), key, raw(value));
    else
        cor_json_add(object, key, value);
}

void cor_json_remove(struct cor_json *object, const char *key)
{
    cJSON_DeleteItemFromObjectCaseSensitive(raw(object), key);
}

struct cor_json *cor_json_steal(struct cor_json *object, const char *key)
{
    return wrap(cJSON_DetachItemFromObjectCaseSensitive(raw(object), key));
}

/* --- reading -------------------------------------------------------------------------------- */

static gboolean whole_number(const cJSON *node, gint64 *ret)
{
    if (node->valuestring) {
        *ret = g_ascii_strtoll(node->valuestring, NULL, 10);
        return TRUE;
    }
    double value = node->valuedouble;
    if (fabs(value) >= EXACT_LIMIT || value != floor(value))
        return FALSE;
    *ret = (gint64)value;
    return TRUE;
}

enum cor_json_type cor_json_type(const struct cor_json *node)
{
    gint64 whole;
    const cJSON *item = raw_const(node);
    if (cJSON_IsBool(item))
        return COR_JSON_BOOL;
    if (cJSON_IsNumber(item))
        return whole_number(item, &whole) ? COR_JSON_INT : COR_JSON_REAL;
    if (cJSON_IsString(item))
        return COR_JSON_STRING;
    if (cJSON_IsArray(item))
        return COR_JSON_ARRAY;
    return cJSON_IsObject(item) ? COR_JSON_OBJECT : COR_JSON_NULL;
}

gboolean cor_json_is_null(const struct cor_json *node)
{
    return cor_json_type(node) == COR_JSON_NULL;
}

const struct cor_json *cor_json_get(const struct cor_json *object, const char *key)
{
    return wrap(member(object, key));
}

const struct cor_json *cor_json_path(const struct cor_json *object, const char *path)
{
    g_auto(GStrv) keys = g_strsplit(path, ".", 0);
    for (guint i = 0; keys[i] && object; i++)
        object = cor_json_get(object, keys[i]);
    return object;
}

const char *cor_json_string(const struct cor_json *node)
{
    return cJSON_IsString(raw_const(node)) ? raw_const(node)->valuestring : NULL;
}

const char *cor_json_get_string(const struct cor_json *object, const char *key)
{
    return cor_json_string(cor_json_get(object, key));
}

gboolean cor_json_int(const struct cor_json *node, gint64 *ret)
{
    return cJSON_IsNumber(raw_const(node)) && whole_number(raw_const(node), ret);
}

gboolean cor_json_bool(const struct cor_json *node)
{
    return cJSON_IsTrue(raw_const(node));
}

gboolean cor_json_get_bool(const struct cor_json *object, const char *key)
{
    return cor_json_bool(cor_json_get(object, key));
}

double cor_json_real(const struct cor_json *node)
{
    return cJSON_IsNumber(raw_const(node)) ? raw_const(node)->valuedouble : 0;
}

guint cor_json_size(const struct cor_json *container)
{
    return container ? (guint)cJSON_GetArraySize(raw_const(container)) : 0;
}

const struct cor_json *cor_json_first(const struct cor_json *container)
{
    return container ? wrap(raw_const(container)->child) : NULL;
}

const struct cor_json *cor_json_next(const struct cor_json *node)
{
    return wrap(raw_const(node)->next);
}

const char *cor_json_key(const struct cor_json *member_node)
{
    return member_node ? raw_const(member_node)->string : NULL;
}

/* --- writing -------------------------------------------------------------------------------- */

static void write_text(const char *text, GString *out)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    g_string_append_c(out, '"');
    for (const char *p = text, *plain = text;; p++) {
        guchar c = (guchar)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        g_string_append_len(out, plain, p - plain);
        if (c == 0)
            break;
        const char *hit = strchr(from, c);
        if (hit) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, to[hit - from]);
        } else {
            g_string_append_printf(out, "\\u%04x", c);
        }
        plain = p + 1;
    }
    g_string_append_c(out, '"');
}

static void write_number(const cJSON *node, GString *out)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    gint64 whole;
    if (whole_number(node, &whole)) {
        g_string_append_printf(out, "%" G_GINT64_FORMAT, whole);
        return;
    }
    /* the shortest precision that reads back as the same double */
    for (int precision = 15; precision <= 17; precision++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", precision);
        g_ascii_formatd(text, sizeof text, format, node->valuedouble);
        if (g_ascii_strtod(text, NULL) == node->valuedouble)
            break;
    }
    g_string_append(out, text);
}

static gboolean write_scalar(const cJSON *node, GString *out)
{
    if (cJSON_IsString(node))
        write_text(node->valuestring, out);
    else if (cJSON_IsNumber(node))
        write_number(node, out);
    else if (cJSON_IsBool(node))
        g_string_append(out, cJSON_IsTrue(node) ? "true" : "false");
    else if (!cJSON_IsArray(node) && !cJSON_IsObject(node))
        g_string_append(out, "null");
    else
        return FALSE;
    return TRUE;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static gboolean keys_sorted(const cJSON *object)
{
    for (const cJSON *n = object->child; n && n->next; n = n->next)
        if (strcmp(n->string, n->next->string) > 0)
            return FALSE;
    return TRUE;
}

static void write_canonical(const cJSON *node, GString *out);

static void write_member(const cJSON *member_node, GString *out)
{
    write_text(member_node->string, out);
    g_string_append_c(out, ':');
    write_canonical(member_node, out);
}

static void write_sorted(const cJSON *object, GString *out)
{
    g_autoptr(GPtrArray) members = g_ptr_array_new();
    for (const cJSON *n = object->child; n; n = n->next)
        g_ptr_array_add(members, (void *)n);
    qsort(members->pdata, members->len, sizeof(gpointer), by_key);
    for (guint i = 0; i < members->len; i++) {
        if (i)
            g_string_append_c(out, ',');
        write_member(members->pdata[i], out);
    }
}

static void write_canonical(const cJSON *node, GString *out)
{
    if (write_scalar(node, out))
        return;
    gboolean object = cJSON_IsObject(node);
    g_string_append_c(out, object ? '{' : '[');
    if (object && !keys_sorted(node)) {
        write_sorted(node, out);
    } else {
        for (const cJSON *n = node->child; n; n = n->next) {
            if (n != node->child)
                g_string_append_c(out, ',');
            if (object)
                write_member(n, out);
            else
                write_canonical(n, out);
        }
    }
    g_string_append_c(out, object ? '}' : ']');
}

void cor_json_canonical(const struct cor_json *node, GString *out)
{
    if (node)
        write_canonical(raw_const(node), out);
    else
        g_string_append(out, "null");
}

char *cor_json_to_text(const struct cor_json *node)
{
    GString *out = g_string_new(NULL);
    cor_json_canonical(node, out);
    return g_string_free(out, FALSE);
}

static void write_pretty(const cJSON *node, guint indent, GString *out)
{
    if (write_scalar(node, out))
        return;
    gboolean object = cJSON_IsObject(node);
    g_string_append_c(out, object ? '{' : '[');
    for (const cJSON *n = node->child; n; n = n->next) {
        g_string_append_printf(out, "%s\n%*s", n == node->child ? "" : ",", (int)indent + 2, "");
        if (object) {
            write_text(n->string, out);
            g_string_append(out, ": ");
        }
        write_pretty(n, indent + 2, out);
    }
    if (node->child)
        g_string_append_printf(out, "\n%*s", (int)indent, "");
    g_string_append_c(out, object ? '}' : ']');
}

void cor_json_pretty(const struct cor_json *node, GString *out)
{
    if (node)
        write_pretty(raw_const(node), 0, out);
    else
        g_string_append(out, "null");
}

gboolean cor_json_equal(const struct cor_json *a, const struct cor_json *b)
{
    g_autofree char *x = cor_json_to_text(a);
    g_autofree char *y = cor_json_to_text(b);
    return strcmp(x, y) == 0;
}
