/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree: a struct cor_json is a cJSON node and this file alone knows it. Parsing is scan (what
 * cJSON gets wrong), cJSON (the tree), settle (what only the tree can show: duplicate keys; what
 * only the scan knew: large integers). Invariant: a number at or beyond 2^53 keeps in valueint the
 * distance between its integer and the nearest double, which is never more than 1024; so all 64
 * bits survive without a second representation.
 */
#include "correlate/json.h"

#include "correlate/error.h"
#include "correlate/json_private.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define TWO_63 9223372036854775808.0

static cJSON *raw(const struct cor_json *node)
{
    return (cJSON *)(void *)node;
}

/* cJSON answers NULL only when memory is gone, which ends the program as everywhere in GLib. */
static struct cor_json *made(cJSON *item)
{
    if (!item)
        g_error("out of memory");
    return (struct cor_json *)(void *)item;
}

/* --- parsing ---------------------------------------------------------------------------- */

struct settle {
    GArray *stack; /* struct cor_json_member, scratch */
    const GArray *bigs;
    guint next_big;
};

static gboolean has_duplicate(struct settle *settle, const cJSON *object, const char **ret_key)
{
    const struct cor_json *node = (const struct cor_json *)(const void *)object;
    if (cor_json_is_sorted(node))
        return FALSE;
    g_array_set_size(settle->stack, 0);
    cor_json_push_sorted(settle->stack, node);
    const struct cor_json_member *members = (const void *)settle->stack->data;
    for (guint i = 1; i < settle->stack->len; i++)
        if (members[i - 1].head == members[i].head &&
            strcmp(members[i - 1].key, members[i].key) == 0) {
            *ret_key = members[i].key;
            return TRUE;
        }
    return FALSE;
}

/* The rounded integer plus its distance, without leaving the range of either type. */
static int distance(gint64 value)
{
    double nearest = (double)value;
    if (nearest >= TWO_63)
        return (int)(value - G_MAXINT64) - 1;
    return (int)(value - (gint64)nearest);
}

static gboolean settle_node(struct settle *settle, cJSON *node, GError **error)
{
    const char *key = NULL;
    if (cJSON_IsNumber(node) && fabs(node->valuedouble) >= COR_JSON_EXACT) {
        g_assert(settle->next_big < settle->bigs->len);
        const struct cor_json_big *big =
            &g_array_index(settle->bigs, struct cor_json_big, settle->next_big++);
        node->valueint = big->is_int ? distance(big->value) : 0;
    } else if (cJSON_IsObject(node) && has_duplicate(settle, node, &key)) {
        g_autofree char *quoted = g_strescape(key, NULL);
        g_set_error(error, COR_ERROR, COR_E_INPUT, "JSON: duplicate key '%.64s'", quoted);
        return FALSE;
    }
    for (cJSON *n = node->child; n; n = n->next)
        if (!settle_node(settle, n, error))
            return FALSE;
    return TRUE;
}

static cJSON *build(const char *data, gsize len, GError **error)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(data, len, &end, FALSE);
    while (end && end < data + len && g_ascii_isspace(*end))
        end++;
    if (root && end == data + len)
        return root;
    g_set_error(error, COR_ERROR, COR_E_INPUT, "JSON: %s at byte %zu",
                root ? "more text after the document" : "not a complete document",
                end ? (gsize)(end - data) : 0);
    cJSON_Delete(root);
    return NULL;
}

struct cor_json *cor_json_parse(const char *data, gsize len, gsize max_bytes, GError **error)
{
    gsize limit = max_bytes ? max_bytes : COR_JSON_MAX_BYTES;
    if (len > limit) {
        g_set_error(error, COR_ERROR, COR_E_LIMIT, "JSON: longer than %zu bytes", limit);
        return NULL;
    }
    g_autoptr(GArray) bigs = g_array_new(FALSE, FALSE, sizeof(struct cor_json_big));
    if (!cor_json_scan(data, len, bigs, error))
        return NULL;
    cJSON *root = build(data, len, error);
    if (!root)
        return NULL;
    g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(struct cor_json_member));
    struct settle settle = {.stack = stack, .bigs = bigs};
    if (!settle_node(&settle, root, error)) {
        cJSON_Delete(root);
        return NULL;
    }
    return made(root);
}

void cor_json_free(struct cor_json *root)
{
    cJSON_Delete(raw(root));
}

/* --- building --------------------------------------------------------------------------- */

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
    if (fabs(raw(node)->valuedouble) >= COR_JSON_EXACT)
        raw(node)->valueint = distance(value);
    return node;
}

struct cor_json *cor_json_new_real(double value)
{
    g_return_val_if_fail(isfinite(value), cor_json_new_null());
    struct cor_json *node = made(cJSON_CreateNumber(value));
    if (fabs(value) >= COR_JSON_EXACT)
        raw(node)->valueint = 0;
    return node;
}

struct cor_json *cor_json_new_string(const char *value)
{
    return cor_json_new_string_len(value, strlen(value));
}

struct cor_json *cor_json_new_string_len(const char *value, gsize len)
{
    if (!g_utf8_validate_len(value, len, NULL)) {
        /* a caller's slip must not put invalid text into a document */
        g_autofree char *mended = g_utf8_make_valid(value, (gssize)len);
        return made(cJSON_CreateString(mended));
    }
    cJSON *item = cJSON_CreateNull();
    char *copy = cJSON_malloc(len + 1);
    if (!item || !copy)
        g_error("out of memory");
    memcpy(copy, value, len);
    copy[len] = '\0';
    item->type = cJSON_String;
    item->valuestring = copy;
    return made(item);
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
    if (!node)
        return NULL;
    struct cor_json *copy = made(cJSON_Duplicate(raw(node), TRUE));
    /* a copied member is a root: it must not keep its key */
    cJSON_free(raw(copy)->string);
    raw(copy)->string = NULL;
    return copy;
}

void cor_json_add(struct cor_json *object, const char *key, struct cor_json *value)
{
    if (!cJSON_AddItemToObject(raw(object), key, raw(value)))
        g_error("a JSON member could not be added");
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
    if (!cJSON_AddItemToArray(raw(array), raw(value)))
        g_error("a JSON element could not be added");
}

void cor_json_set(struct cor_json *object, const char *key, struct cor_json *value)
{
    if (!cJSON_ReplaceItemInObjectCaseSensitive(raw(object), key, raw(value)))
        cor_json_add(object, key, value);
}

void cor_json_remove(struct cor_json *object, const char *key)
{
    cJSON_DeleteItemFromObjectCaseSensitive(raw(object), key);
}

struct cor_json *cor_json_steal(struct cor_json *object, const char *key)
{
    cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(raw(object), key);
    if (item) {
        cJSON_free(item->string);
        item->string = NULL;
    }
    return (struct cor_json *)(void *)item;
}

/* --- reading ---------------------------------------------------------------------------- */

static gboolean is_integer(const cJSON *item)
{
    double value = item->valuedouble;
    if (value == TWO_63)
        return item->valueint < 0;
    return value >= -TWO_63 && value < TWO_63 && value == trunc(value);
}

enum cor_json_type cor_json_type(const struct cor_json *node)
{
    switch (node ? raw(node)->type & 0xFF : cJSON_NULL) {
    case cJSON_True:
    case cJSON_False:
        return COR_JSON_BOOL;
    case cJSON_Number:
        return is_integer(raw(node)) ? COR_JSON_INT : COR_JSON_REAL;
    case cJSON_String:
        return COR_JSON_STRING;
    case cJSON_Array:
        return COR_JSON_ARRAY;
    case cJSON_Object:
        return COR_JSON_OBJECT;
    default:
        return COR_JSON_NULL;
    }
}

gboolean cor_json_is_null(const struct cor_json *node)
{
    return cor_json_type(node) == COR_JSON_NULL;
}

const struct cor_json *cor_json_get(const struct cor_json *object, const char *key)
{
    if (!cJSON_IsObject(raw(object)))
        return NULL;
    for (const cJSON *n = raw(object)->child; n; n = n->next)
        if (strcmp(n->string, key) == 0)
            return (const struct cor_json *)(const void *)n;
    return NULL;
}

const struct cor_json *cor_json_path(const struct cor_json *object, const char *path)
{
    g_auto(GStrv) keys = g_strsplit(path, ".", -1);
    for (char **key = keys; *key; key++)
        object = cor_json_get(object, *key);
    return object;
}

const char *cor_json_string(const struct cor_json *node)
{
    return cJSON_IsString(raw(node)) ? raw(node)->valuestring : NULL;
}

const char *cor_json_get_string(const struct cor_json *object, const char *key)
{
    return cor_json_string(cor_json_get(object, key));
}

gboolean cor_json_int(const struct cor_json *node, gint64 *ret)
{
    if (cor_json_type(node) != COR_JSON_INT)
        return FALSE;
    double value = raw(node)->valuedouble;
    if (value == TWO_63)
        *ret = G_MAXINT64 + (raw(node)->valueint + 1);
    else if (fabs(value) >= COR_JSON_EXACT)
        *ret = (gint64)value + raw(node)->valueint;
    else
        *ret = (gint64)value;
    return TRUE;
}

gboolean cor_json_bool(const struct cor_json *node)
{
    return cJSON_IsTrue(raw(node));
}

gboolean cor_json_get_bool(const struct cor_json *object, const char *key)
{
    return cor_json_bool(cor_json_get(object, key));
}

double cor_json_real(const struct cor_json *node)
{
    return cJSON_IsNumber(raw(node)) ? raw(node)->valuedouble : 0;
}

guint cor_json_size(const struct cor_json *container)
{
    return (guint)cJSON_GetArraySize(raw(container));
}

const struct cor_json *cor_json_first(const struct cor_json *container)
{
    return container ? (const struct cor_json *)(const void *)raw(container)->child : NULL;
}

const struct cor_json *cor_json_next(const struct cor_json *node)
{
    return node ? (const struct cor_json *)(const void *)raw(node)->next : NULL;
}

const char *cor_json_key(const struct cor_json *member)
{
    return member ? raw(member)->string : NULL;
}

gboolean cor_json_equal(const struct cor_json *a, const struct cor_json *b)
{
    enum cor_json_type type = cor_json_type(a);
    if (type != cor_json_type(b))
        return FALSE;
    if (type == COR_JSON_STRING)
        return strcmp(cor_json_string(a), cor_json_string(b)) == 0;
    g_autofree char *text_a = cor_json_to_text(a), *text_b = cor_json_to_text(b);
    return strcmp(text_a, text_b) == 0;
}
