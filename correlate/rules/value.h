/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_VALUE_H
#define ANCHORWATCH_CORRELATE_RULES_VALUE_H

/*
 * Values while sync rules are evaluated, and the arena they live in. A value is small and copied
 * by assignment; what it points to belongs to the arena, or to an input that outlives the
 * evaluation. An arena is reset, not freed, between objects, so that evaluating a million of them
 * costs no allocation each.
 */

#include "correlate/json.h"

enum cor_value_type {
    COR_VALUE_NULL,   /* no value: an attribute that is not there, NULL */
    COR_VALUE_STRING, /* UTF-8 */
    COR_VALUE_INT,
    COR_VALUE_BOOL,
    COR_VALUE_BYTES,
    COR_VALUE_DN,                 /* a reference */
    COR_VALUE_TIME,               /* number: us since 1970 UTC */
    COR_VALUE_MULTI,              /* items, len of them; never MULTI, NULL or a signal inside */
    COR_VALUE_AUTHORITATIVE_NULL, /* contributes "no value", and no lower precedence is asked */
    COR_VALUE_IGNORE,             /* IgnoreThisFlow: contributes nothing, as if not there */
    COR_VALUE_ERROR,              /* text: why; Error() or a failed function */
};
const char *cor_value_type_name(enum cor_value_type type);

struct cor_value {
    enum cor_value_type type;
    gsize len; /* bytes of text or bytes, number of items */
    union {
        const char *text; /* STRING, DN, ERROR; NUL-terminated besides */
        const guint8 *bytes;
        gint64 number; /* INT, TIME; BOOL 0 or 1 */
        const struct cor_value *items;
    };
};

/* A bump allocator with a ceiling (bytes). */
struct cor_arena;
struct cor_arena *cor_arena_new(gsize ceiling);
void cor_arena_free(struct cor_arena *arena);
void cor_arena_reset(struct cor_arena *arena); /* keeps the memory */
/* 16-byte aligned; NULL when the ceiling is reached. */
void *cor_arena_alloc(struct cor_arena *arena, gsize size);
/* A mark and a way back to it, for a scratch area within an evaluation. */
gsize cor_arena_used(const struct cor_arena *arena);

struct cor_value cor_value_string(const char *text); /* borrowed; NULL gives COR_VALUE_NULL */
struct cor_value cor_value_string_len(const char *text, gsize len);
struct cor_value cor_value_int(gint64 number);
struct cor_value cor_value_bool(gboolean truth);
/* Printf into the arena; of type ERROR. */
struct cor_value cor_value_error(struct cor_arena *arena, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* Not there, AUTHORITATIVE_NULL, IGNORE, or an empty MULTI. */
gboolean cor_value_is_null(const struct cor_value *value);
/* Semantic equality; MULTI as sets; text by case unless fold. */
gboolean cor_value_same(const struct cor_value *a, const struct cor_value *b, gboolean fold);

/* A JSON attribute of a record as a value, text borrowed from the node. kind: the schema type of
 * struct cor_connector.syntaxes ("string", "binary[]", ...) or NULL to take the JSON type; binary
 * is base64 in records and decoded here, SIDs ("sid") and GUIDs ("guid") to their bytes. */
struct cor_value cor_value_from_json(const struct cor_json *node, const char *kind,
                                     struct cor_arena *arena);
/* The other way: BYTES as base64, TIME as RFC 3339, ERROR and IGNORE give NULL. Caller frees. */
struct cor_json *cor_value_to_json(const struct cor_value *value);

#endif
