/* SPDX-License-Identifier: Apache-2.0 */
/* Values of sync rules and the arena they live in. */
#include "correlate/rules/value.h"

#include "correlate/time.h"

#include <string.h>

#define BLOCK_BYTES ((gsize)64 * 1024)
#define ALIGN       ((gsize)16)
#define SID_PARTS   15 /* sub-authorities, MS-DTYP 2.4.2 */

/* --- arena ------------------------------------------------------------------------------------ */

struct block {
    struct block *next;
    gsize size, used;
    guint8 *data;
};

struct cor_arena {
    struct block *first, *current;
    gsize used, ceiling;
};

struct cor_arena *cor_arena_new(gsize ceiling)
{
    struct cor_arena *arena = g_new0(struct cor_arena, 1);
    arena->ceiling = ceiling;
    return arena;
}

void cor_arena_free(struct cor_arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->first, *next; block; block = next) {
        next = block->next;
        g_free(block->data);
        g_free(block);
    }
    g_free(arena);
}

void cor_arena_reset(struct cor_arena *arena)
{
    for (struct block *block = arena->first; block; block = block->next)
        block->used = 0;
    arena->current = arena->first;
    arena->used = 0;
}

gsize cor_arena_used(const struct cor_arena *arena)
{
    return arena->used;
}

static struct block *block_for(struct cor_arena *arena, gsize size)
{
    struct block *block = arena->current;
    while (block && block->size - block->used < size && block->next)
        block = block->next;
    if (block && block->size - block->used >= size)
        return block;
    struct block *fresh = g_new0(struct block, 1);
    fresh->size = MAX(size, BLOCK_BYTES);
    fresh->data = g_malloc(fresh->size);
    if (block)
        block->next = fresh;
    else
        arena->first = fresh;
    return fresh;
}

void *cor_arena_alloc(struct cor_arena *arena, gsize size)
{
    gsize rounded = (size + ALIGN - 1) & ~(ALIGN - 1);
    if (rounded < size || rounded > arena->ceiling - arena->used)
        return NULL;
    struct block *block = block_for(arena, rounded);
    void *memory = block->data + block->used;
    arena->current = block;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

/* --- making ----------------------------------------------------------------------------------- */

const char *cor_value_type_name(enum cor_value_type type)
{
    static const char *const names[] = {
        [COR_VALUE_NULL] = "null",
        [COR_VALUE_STRING] = "string",
        [COR_VALUE_INT] = "integer",
        [COR_VALUE_BOOL] = "boolean",
        [COR_VALUE_BYTES] = "binary",
        [COR_VALUE_DN] = "reference",
        [COR_VALUE_TIME] = "time",
        [COR_VALUE_MULTI] = "multi-valued",
        [COR_VALUE_AUTHORITATIVE_NULL] = "authoritative null",
        [COR_VALUE_IGNORE] = "ignore this flow",
        [COR_VALUE_ERROR] = "error",
    };
    return names[type];
}

struct cor_value cor_value_string_len(const char *text, gsize len)
{
    return (struct cor_value){.type = COR_VALUE_STRING, .len = len, .text = text};
}

struct cor_value cor_value_string(const char *text)
{
    return text ? cor_value_string_len(text, strlen(text))
                : (struct cor_value){.type = COR_VALUE_NULL};
}

struct cor_value cor_value_int(gint64 number)
{
    return (struct cor_value){.type = COR_VALUE_INT, .number = number};
}

struct cor_value cor_value_bool(gboolean truth)
{
    return (struct cor_value){.type = COR_VALUE_BOOL, .number = truth ? 1 : 0};
}

struct cor_value cor_value_error(struct cor_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    gsize len = strlen(text);
    char *kept = cor_arena_alloc(arena, len + 1);
    struct cor_value value = {.type = COR_VALUE_ERROR};
    if (kept)
        memcpy(kept, text, len + 1);
    value.text = kept ? kept : "the values grow beyond their limit";
    value.len = strlen(value.text);
    return value;
}

gboolean cor_value_is_null(const struct cor_value *value)
{
    return value->type == COR_VALUE_NULL || value->type == COR_VALUE_AUTHORITATIVE_NULL ||
           value->type == COR_VALUE_IGNORE || (value->type == COR_VALUE_MULTI && value->len == 0);
}

/* --- equality --------------------------------------------------------------------------------- */

static gboolean is_text(const struct cor_value *value)
{
    return value->type == COR_VALUE_STRING || value->type == COR_VALUE_DN;
}

static gboolean same_text(const struct cor_value *a, const struct cor_value *b, gboolean fold)
{
    if (a->len == b->len && memcmp(a->text, b->text, a->len) == 0)
        return TRUE;
    if (!fold)
        return FALSE;
    g_autofree char *left = g_utf8_casefold(a->text, (gssize)a->len);
    g_autofree char *right = g_utf8_casefold(b->text, (gssize)b->len);
    return strcmp(left, right) == 0;
}

static gboolean all_in(const struct cor_value *a, const struct cor_value *b, gboolean fold)
{
    for (gsize i = 0; i < a->len; i++) {
        gboolean found = FALSE;
        for (gsize k = 0; k < b->len && !found; k++)
            found = cor_value_same(&a->items[i], &b->items[k], fold);
        if (!found)
            return FALSE;
    }
    return TRUE;
}

gboolean cor_value_same(const struct cor_value *a, const struct cor_value *b, gboolean fold)
{
    if (cor_value_is_null(a) || cor_value_is_null(b))
        return cor_value_is_null(a) && cor_value_is_null(b);
    if (a->type == COR_VALUE_MULTI && b->type == COR_VALUE_MULTI)
        return all_in(a, b, fold) && all_in(b, a, fold);
    if (a->type == COR_VALUE_MULTI)
        return a->len == 1 && cor_value_same(&a->items[0], b, fold);
    if (b->type == COR_VALUE_MULTI)
        return b->len == 1 && cor_value_same(a, &b->items[0], fold);
    if (is_text(a) && is_text(b))
        return same_text(a, b, fold);
    if (a->type != b->type)
        return FALSE;
    if (a->type == COR_VALUE_BYTES)
        return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
    if (a->type == COR_VALUE_ERROR)
        return same_text(a, b, FALSE);
    return a->number == b->number;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct cor_value bytes_in(struct cor_arena *arena, const guint8 *data, gsize len)
{
    guint8 *kept = cor_arena_alloc(arena, len + 1);
    if (!kept)
        return cor_value_error(arena, "a value is too large");
    memcpy(kept, data, len);
    return (struct cor_value){.type = COR_VALUE_BYTES, .len = len, .bytes = kept};
}

/* "S-1-5-21-..." to its bytes (MS-DTYP 2.4.2.2); text that is no SID stays text. */
static struct cor_value from_sid(const char *text, struct cor_arena *arena)
{
    guint8 bytes[8 + 4 * SID_PARTS] = {1};
    g_auto(GStrv) parts = g_strsplit(text, "-", -1);
    guint n = g_strv_length(parts);
    if (n < 3 || n > 3 + SID_PARTS || strcmp(parts[0], "S") != 0 || strcmp(parts[1], "1") != 0)
        return cor_value_string(text);
    guint64 authority = g_ascii_strtoull(parts[2], NULL, 0);
    bytes[1] = (guint8)(n - 3);
    for (int i = 0; i < 6; i++)
        bytes[2 + i] = (guint8)(authority >> (8 * (5 - i)));
    for (guint p = 3; p < n; p++) {
        guint64 number = g_ascii_strtoull(parts[p], NULL, 10);
        for (guint i = 0; i < 4; i++)
            bytes[8 + 4 * (p - 3) + i] = (guint8)(number >> (8 * i));
    }
    return bytes_in(arena, bytes, 8 + 4 * (gsize)(n - 3));
}

/* The first three fields of a GUID are little-endian in its stored form (MS-DTYP 2.3.4.2). */
static struct cor_value from_guid(const char *text, struct cor_arena *arena)
{
    static const guint8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    guint8 bytes[16];
    const char *at = text;
    if (!g_uuid_string_is_valid(text))
        return cor_value_string(text);
    for (int i = 0; i < 16; i++) {
        at += *at == '-';
        bytes[order[i]] = (guint8)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
        at += 2;
    }
    return bytes_in(arena, bytes, sizeof bytes);
}

static struct cor_value from_base64(const char *text, struct cor_arena *arena)
{
    gsize len = 0;
    if (g_uuid_string_is_valid(text)) /* no base64: octets that are read as a GUID */
        return from_guid(text, arena);
    g_autofree guchar *data = g_base64_decode(text, &len);
    return bytes_in(arena, data, len);
}

static struct cor_value from_time(const char *text, struct cor_arena *arena)
{
    gint64 time_us = cor_time_parse(text);
    g_autoptr(GDateTime) date =
        time_us ? g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC) : NULL;
    g_autofree char *form = date ? g_date_time_format(date, "%Y%m%d%H%M%S.0Z") : NULL;
    struct cor_value value =
        form ? bytes_in(arena, (const guint8 *)form, strlen(form) + 1) : cor_value_string(text);
    return form && value.type == COR_VALUE_BYTES ? cor_value_string((const char *)value.bytes)
                                                 : value;
}

char *cor_value_sid_text(const guint8 *sid, gsize len)
{
    guint64 authority = 0;
    if (len < 8 || sid[0] != 1 || sid[1] > SID_PARTS || len != 8 + 4 * (gsize)sid[1])
        return NULL;
    for (int i = 0; i < 6; i++)
        authority = authority << 8 | sid[2 + i];
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "S-1-%" G_GUINT64_FORMAT, authority);
    for (guint p = 0; p < sid[1]; p++) {
        const guint8 *part = sid + 8 + 4 * p;
        g_string_append_printf(text, "-%u",
                               (guint)part[0] | (guint)part[1] << 8 | (guint)part[2] << 16 |
                                   (guint)part[3] << 24);
    }
    return g_string_free(text, FALSE);
}

static struct cor_value from_text(const char *text, const char *kind, struct cor_arena *arena)
{
    struct cor_value value = cor_value_string(text);
    if (!kind)
        return value;
    if (strcmp(kind, "binary") == 0)
        return from_base64(text, arena);
    if (strcmp(kind, "sid") == 0)
        return from_sid(text, arena);
    if (strcmp(kind, "guid") == 0)
        return from_guid(text, arena);
    if (strcmp(kind, "time") == 0)
        return from_time(text, arena);
    if (strcmp(kind, "dn") == 0)
        value.type = COR_VALUE_DN;
    if (strcmp(kind, "integer") == 0) {
        char *end = NULL;
        gint64 number = g_ascii_strtoll(text, &end, 10);
        if (end != text && !*end)
            return cor_value_int(number);
    }
    if (strcmp(kind, "boolean") == 0)
        return cor_value_bool(g_ascii_strcasecmp(text, "true") == 0);
    return value;
}

static struct cor_value from_array(const struct cor_json *node, const char *kind,
                                   struct cor_arena *arena)
{
    gsize n = cor_json_size(node), used = 0;
    struct cor_value *items = cor_arena_alloc(arena, MAX(n, 1) * sizeof *items);
    if (!items)
        return cor_value_error(arena, "a value is too large");
    for (const struct cor_json *c = cor_json_first(node); c; c = cor_json_next(c)) {
        struct cor_value value = cor_value_from_json(c, kind, arena);
        if (value.type == COR_VALUE_ERROR)
            return value;
        if (!cor_value_is_null(&value) && value.type != COR_VALUE_MULTI)
            items[used++] = value;
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = used, .items = items};
}

struct cor_value cor_value_from_json(const struct cor_json *node, const char *kind,
                                     struct cor_arena *arena)
{
    char single[16];
    gint64 number = 0;
    if (kind && g_str_has_suffix(kind, "[]")) {
        g_strlcpy(single, kind, MIN(sizeof single, strlen(kind) - 1));
        kind = single;
    }
    switch (cor_json_type(node)) {
    case COR_JSON_STRING:
        return from_text(cor_json_string(node), kind, arena);
    case COR_JSON_INT:
        cor_json_int(node, &number);
        return cor_value_int(number);
    case COR_JSON_BOOL:
        return cor_value_bool(cor_json_bool(node));
    case COR_JSON_ARRAY:
        return from_array(node, kind, arena);
    case COR_JSON_REAL:
        return cor_value_int((gint64)cor_json_real(node));
    case COR_JSON_NULL:
    case COR_JSON_OBJECT:
        break;
    }
    return (struct cor_value){.type = COR_VALUE_NULL};
}

struct cor_json *cor_value_to_json(const struct cor_value *value)
{
    switch (value->type) {
    case COR_VALUE_STRING:
    case COR_VALUE_DN:
        return cor_json_new_string_len(value->text, value->len);
    case COR_VALUE_INT:
        return cor_json_new_int(value->number);
    case COR_VALUE_BOOL:
        return cor_json_new_bool(value->number != 0);
    case COR_VALUE_BYTES: {
        g_autofree char *text = g_base64_encode(value->bytes, value->len);
        return cor_json_new_string(text);
    }
    case COR_VALUE_TIME: {
        g_autofree char *text = cor_time_text(value->number);
        return cor_json_new_string(text);
    }
    case COR_VALUE_MULTI: {
        struct cor_json *list = cor_json_new_array();
        for (gsize i = 0; i < value->len; i++)
            cor_json_append(list, cor_value_to_json(&value->items[i]));
        return list;
    }
    case COR_VALUE_NULL:
    case COR_VALUE_AUTHORITATIVE_NULL:
    case COR_VALUE_IGNORE:
    case COR_VALUE_ERROR:
        break;
    }
    return NULL;
}
