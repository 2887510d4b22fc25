/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_JSON_PRIVATE_H
#define ANCHORWATCH_CORRELATE_JSON_PRIVATE_H

/* What the parts of the JSON tree share: memory before, parser, tree, and writer after. */

#include "correlate/json.h"

#include <string.h>

/*
 * Memory of trees. A root has an arena and everything below it lies in that: no allocation for each
 * node, and one for all is freed. A tree that is added to another brings its arena along; one that
 * is taken out shares the arena, which lives until the last of its roots is freed.
 */
struct cor_json_arena;
struct cor_json_arena *cor_json_arena_new(gsize room);
/* Aligned for a node and rounded up to whole words; never NULL. */
void *cor_json_arena_take(struct cor_json_arena *arena, gsize size);
/* The root of from becomes part of a tree in arena. */
void cor_json_arena_join(struct cor_json_arena *arena, struct cor_json_arena *from);
void cor_json_arena_share(struct cor_json_arena *arena);
void cor_json_arena_drop(struct cor_json_arena *arena);

struct cor_json {
    enum cor_json_type type;
    guint count;     /* of a container */
    gboolean sorted; /* an object's keys ascend strictly by their bytes, so none occurs twice */
    guint64 head;    /* of the key: its first eight bytes, big-endian; most comparisons end here */
    const char *key; /* NULL: an element or a root */
    struct cor_json *next;
    struct cor_json_arena *arena;
    union {
        gint64 integer; /* of a bool as well */
        double real;
        const char *text;
        struct {
            struct cor_json *first, *last;
        } list;
    } is;
};

struct cor_json *cor_json_node(struct cor_json_arena *arena, enum cor_json_type type);
/* Put a node at the end of a container; key lies in its arena, NULL in an array. */
void cor_json_attach(struct cor_json *container, struct cor_json *node, const char *key);
/* A double as the kind of number it is: whole and within 64 bits is an integer. */
void cor_json_set_real(struct cor_json *node, double value);

/* Behind the bytes that stand for themselves in a string: at a quote, a backslash, a control
 * character, or the end. */
const char *cor_json_plain_end(const char *at, const char *end);

/* ASCII without NUL? */
gboolean cor_json_is_ascii(const char *text, gsize len);

/* By the bytes of their keys. */
static inline int cor_json_compare(const struct cor_json *a, const struct cor_json *b)
{
    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    return g_strcmp0(a->key, b->key);
}
/* The members of an object in that order, appended to stack, an array of const struct cor_json *
 * that the caller cuts back to its former length. */
void cor_json_push_sorted(GArray *stack, const struct cor_json *object);

#endif
