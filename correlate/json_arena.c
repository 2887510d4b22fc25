/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of JSON trees. Invariant: each chunk hangs in the chain of exactly one arena, and an arena
 * whose tree became part of another one leads there; roots counts the trees that still need the
 * chain. Nothing is given back before the last of them.
 */
#include "correlate/json_private.h"

enum { ALIGN = sizeof(guint64), CHUNK_MAX = 32 * 1024 };

struct chunk {
    struct chunk *next;
};
struct cor_json_arena {
    struct chunk chunk; /* first member: an arena is the first chunk of its chain */
    struct chunk *last;
    struct cor_json_arena *joined; /* NULL: none, it stands for itself */
    char *at, *end;                /* free bytes */
    gsize next_size;
    guint roots;
};

struct cor_json_arena *cor_json_arena_new(gsize room)
{
    room = (room + ALIGN - 1) / ALIGN * ALIGN;
    struct cor_json_arena *arena = g_malloc(sizeof *arena + room);
    char *start = (char *)(arena + 1);
    *arena = (struct cor_json_arena){
        .last = &arena->chunk,
        .at = start,
        .end = start + room,
        .next_size = CLAMP(room * 2, 512, (gsize)CHUNK_MAX),
        .roots = 1,
    };
    return arena;
}

/* Where the chain is; ways that were long become short. */
static struct cor_json_arena *holder_of(struct cor_json_arena *arena)
{
    while (arena->joined) {
        if (arena->joined->joined)
            arena->joined = arena->joined->joined;
        arena = arena->joined;
    }
    return arena;
}

static void add_chunk(struct cor_json_arena *arena, gsize size)
{
    gsize bytes = MAX(size, arena->next_size);
    struct chunk *chunk = g_malloc(sizeof *chunk + bytes);
    chunk->next = NULL;
    arena->last->next = chunk;
    arena->last = chunk;
    arena->at = (char *)(chunk + 1);
    arena->end = arena->at + bytes;
    arena->next_size = MIN(arena->next_size * 2, (gsize)CHUNK_MAX);
}

void *cor_json_arena_take(struct cor_json_arena *arena, gsize size)
{
    arena = holder_of(arena);
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if ((gsize)(arena->end - arena->at) < size)
        add_chunk(arena, size);
    void *taken = arena->at;
    arena->at += size;
    return taken;
}

void cor_json_arena_join(struct cor_json_arena *arena, struct cor_json_arena *from)
{
    arena = holder_of(arena);
    from = holder_of(from);
    arena->roots--;
    if (arena == from)
        return;
    arena->roots += from->roots;
    arena->last->next = &from->chunk;
    arena->last = from->last;
    from->joined = arena;
}

void cor_json_arena_share(struct cor_json_arena *arena)
{
    holder_of(arena)->roots++;
}

void cor_json_arena_drop(struct cor_json_arena *arena)
{
    arena = holder_of(arena);
    if (--arena->roots > 0)
        return;
    struct chunk *next;
    for (struct chunk *chunk = &arena->chunk; chunk; chunk = next) {
        next = chunk->next;
        g_free(chunk);
    }
}
