/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree: building, reading and changing it. Invariant: every node of a tree lies in the arena of
 * its root or in one that was joined to it; a number that is whole and fits 64 bits is always an
 * integer, however it came.
 */
#include "correlate/json.h"

#include "correlate/json_private.h"

#include <math.h>

#define TWO_63 9223372036854775808.0

enum { CONTAINER_ROOM = 512 };

void cor_json_free(struct cor_json *root)
{
    if (root)
        cor_json_arena_drop(root->arena);
}

/* --- nodes ------------------------------------------------------------------------------- */

struct cor_json *cor_json_node(struct cor_json_arena *arena, enum cor_json_type type)
{
    struct cor_json *node = cor_json_arena_take(arena, sizeof *node);
    *node = (struct cor_json){.type = type, .sorted = TRUE, .arena = arena};
    return node;
}

static struct cor_json *root_new(enum cor_json_type type, gsize room)
{
    return cor_json_node(cor_json_arena_new(sizeof(struct cor_json) + room), type);
}

static const char *keep_text(struct cor_json_arena *arena, const char *text, gsize len)
{
    char *copy = cor_json_arena_take(arena, len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static guint64 key_head(const char *key)
{
    guint64 head = 0;
    for (int shift = 56; shift >= 0 && *key; shift -= 8)
        head |= (guint64)(unsigned char)*key++ << shift;
    return head;
}

/* The same of a key in an arena, where eight bytes can be read whatever its length. */
static guint64 kept_head(const char *key)
{
    const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101);
    guint64 word;
    memcpy(&word, key, sizeof word);
    word = GUINT64_FROM_LE(word);
    guint64 ends = (word - ones) & ~word & (ones << 7);
    if (ends)
        word &= ((ends & (0 - ends)) >> 7) - 1;
    return GUINT64_SWAP_LE_BE(word);
}

void cor_json_attach(struct cor_json *container, struct cor_json *node, const char *key)
{
    struct cor_json *last = container->is.list.last;
    node->key = key;
    node->head = key ? kept_head(key) : 0;
    node->next = NULL;
    if (last)
        last->next = node;
    else
        container->is.list.first = node;
    if (key && last)
        container->sorted = container->sorted && cor_json_compare(last, node) < 0;
    container->is.list.last = node;
    container->count++;
}

/* A new node at the end of a container, in its arena. key NULL: of an array. */
static struct cor_json *put(struct cor_json *container, const char *key, enum cor_json_type type)
{
    struct cor_json *node = cor_json_node(container->arena, type);
    cor_json_attach(container, node, key ? keep_text(container->arena, key, strlen(key)) : NULL);
    return node;
}

void cor_json_set_real(struct cor_json *node, double value)
{
    gboolean whole = value >= -TWO_63 && value < TWO_63 && value == trunc(value);
    node->type = whole ? COR_JSON_INT : COR_JSON_REAL;
    if (whole)
        node->is.integer = (gint64)value;
    else
        node->is.real = value;
}

/* A caller's slip must not put invalid text into a document. */
static void set_text(struct cor_json *node, const char *value, gsize len)
{
    if (cor_json_is_ascii(value, len) || g_utf8_validate_len(value, len, NULL)) {
        node->is.text = keep_text(node->arena, value, len);
        return;
    }
    g_autofree char *mended = g_utf8_make_valid(value, (gssize)len);
    node->is.text = keep_text(node->arena, mended, strlen(mended));
}

/* --- building --------------------------------------------------------------------------- */

struct cor_json *cor_json_new_null(void)
{
    return root_new(COR_JSON_NULL, 0);
}

struct cor_json *cor_json_new_bool(gboolean value)
{
    struct cor_json *node = root_new(COR_JSON_BOOL, 0);
    node->is.integer = value != FALSE;
    return node;
}

struct cor_json *cor_json_new_int(gint64 value)
{
    struct cor_json *node = root_new(COR_JSON_INT, 0);
    node->is.integer = value;
    return node;
}

struct cor_json *cor_json_new_real(double value)
{
    g_return_val_if_fail(isfinite(value), cor_json_new_null());
    struct cor_json *node = root_new(COR_JSON_REAL, 0);
    cor_json_set_real(node, value);
    return node;
}

struct cor_json *cor_json_new_string(const char *value)
{
    return cor_json_new_string_len(value, strlen(value));
}

struct cor_json *cor_json_new_string_len(const char *value, gsize len)
{
    struct cor_json *node = root_new(COR_JSON_STRING, len + 1);
    set_text(node, value, len);
    return node;
}

struct cor_json *cor_json_new_array(void)
{
    return root_new(COR_JSON_ARRAY, CONTAINER_ROOM);
}

struct cor_json *cor_json_new_object(void)
{
    return root_new(COR_JSON_OBJECT, CONTAINER_ROOM);
}

static void copy_content(struct cor_json *copy, const struct cor_json *node)
{
    if (node->type == COR_JSON_STRING) {
        copy->is.text = keep_text(copy->arena, node->is.text, strlen(node->is.text));
    } else if (node->type == COR_JSON_ARRAY || node->type == COR_JSON_OBJECT) {
        for (const struct cor_json *n = node->is.list.first; n; n = n->next)
            cor_json_put_copy(copy, n->key, n);
    } else {
        copy->is = node->is;
    }
}

struct cor_json *cor_json_copy(const struct cor_json *node)
{
    if (!node)
        return NULL;
    struct cor_json *copy = root_new(node->type, node->count ? CONTAINER_ROOM : 0);
    copy_content(copy, node);
    return copy;
}

void cor_json_put_copy(struct cor_json *container, const char *key_or_null,
                       const struct cor_json *node)
{
    copy_content(put(container, key_or_null, node->type), node);
}

struct cor_json *cor_json_put_object(struct cor_json *container, const char *key_or_null)
{
    return put(container, key_or_null, COR_JSON_OBJECT);
}

struct cor_json *cor_json_put_array(struct cor_json *container, const char *key_or_null)
{
    return put(container, key_or_null, COR_JSON_ARRAY);
}

void cor_json_add(struct cor_json *object, const char *key, struct cor_json *value)
{
    cor_json_arena_join(object->arena, value->arena);
    cor_json_attach(object, value, keep_text(object->arena, key, strlen(key)));
}

void cor_json_add_string(struct cor_json *object, const char *key, const char *value_or_null)
{
    if (value_or_null)
        set_text(put(object, key, COR_JSON_STRING), value_or_null, strlen(value_or_null));
}

void cor_json_add_int(struct cor_json *object, const char *key, gint64 value)
{
    put(object, key, COR_JSON_INT)->is.integer = value;
}

void cor_json_add_bool(struct cor_json *object, const char *key, gboolean value)
{
    put(object, key, COR_JSON_BOOL)->is.integer = value != FALSE;
}

void cor_json_append(struct cor_json *array, struct cor_json *value)
{
    cor_json_arena_join(array->arena, value->arena);
    cor_json_attach(array, value, NULL);
}

/* --- changing --------------------------------------------------------------------------- */

/* The pointer that leads to a member, or to NULL; *ret_before is the member before it. */
static struct cor_json **find_slot(struct cor_json *object, const char *key,
                                   struct cor_json **ret_before)
{
    struct cor_json **slot = &object->is.list.first;
    guint64 head = key_head(key);
    *ret_before = NULL;
    for (; *slot; slot = &(*slot)->next) {
        if ((*slot)->head == head && strcmp((*slot)->key, key) == 0)
            break;
        *ret_before = *slot;
    }
    return slot;
}

void cor_json_set(struct cor_json *object, const char *key, struct cor_json *value)
{
    struct cor_json *before, **slot = find_slot(object, key, &before), *old = *slot;
    if (!old) {
        cor_json_add(object, key, value);
        return;
    }
    cor_json_arena_join(object->arena, value->arena);
    value->key = old->key;
    value->head = old->head;
    value->next = old->next;
    *slot = value;
    if (object->is.list.last == old)
        object->is.list.last = value;
}

static struct cor_json *detach(struct cor_json *object, const char *key)
{
    struct cor_json *before, **slot = find_slot(object, key, &before), *old = *slot;
    if (!old)
        return NULL;
    *slot = old->next;
    if (object->is.list.last == old)
        object->is.list.last = before;
    object->count--;
    old->next = NULL;
    old->key = NULL;
    return old;
}

void cor_json_remove(struct cor_json *object, const char *key)
{
    if (cor_json_type(object) == COR_JSON_OBJECT)
        detach(object, key);
}

struct cor_json *cor_json_steal(struct cor_json *object, const char *key)
{
    struct cor_json *node = cor_json_type(object) == COR_JSON_OBJECT ? detach(object, key) : NULL;
    if (node)
        cor_json_arena_share(node->arena);
    return node;
}

/* --- reading ---------------------------------------------------------------------------- */

enum cor_json_type cor_json_type(const struct cor_json *node)
{
    return node ? node->type : COR_JSON_NULL;
}

gboolean cor_json_is_null(const struct cor_json *node)
{
    return cor_json_type(node) == COR_JSON_NULL;
}

const struct cor_json *cor_json_get(const struct cor_json *object, const char *key)
{
    if (cor_json_type(object) != COR_JSON_OBJECT)
        return NULL;
    guint64 head = key_head(key);
    for (const struct cor_json *n = object->is.list.first; n; n = n->next)
        if (n->head == head && strcmp(n->key, key) == 0)
            return n;
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
    return cor_json_type(node) == COR_JSON_STRING ? node->is.text : NULL;
}

const char *cor_json_get_string(const struct cor_json *object, const char *key)
{
    return cor_json_string(cor_json_get(object, key));
}

gboolean cor_json_int(const struct cor_json *node, gint64 *ret)
{
    if (cor_json_type(node) != COR_JSON_INT)
        return FALSE;
    *ret = node->is.integer;
    return TRUE;
}

gboolean cor_json_bool(const struct cor_json *node)
{
    return cor_json_type(node) == COR_JSON_BOOL && node->is.integer;
}

gboolean cor_json_get_bool(const struct cor_json *object, const char *key)
{
    return cor_json_bool(cor_json_get(object, key));
}

double cor_json_real(const struct cor_json *node)
{
    enum cor_json_type type = cor_json_type(node);
    return type == COR_JSON_INT    ? (double)node->is.integer
           : type == COR_JSON_REAL ? node->is.real
                                   : 0;
}

guint cor_json_size(const struct cor_json *container)
{
    return container ? container->count : 0;
}

const struct cor_json *cor_json_first(const struct cor_json *container)
{
    enum cor_json_type type = cor_json_type(container);
    return type == COR_JSON_ARRAY || type == COR_JSON_OBJECT ? container->is.list.first : NULL;
}

const struct cor_json *cor_json_next(const struct cor_json *node)
{
    return node ? node->next : NULL;
}

const char *cor_json_key(const struct cor_json *member)
{
    return member ? member->key : NULL;
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
