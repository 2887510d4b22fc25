/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue between collector and writer. Invariant: operations are carried out in the order they
 * were put, by one thread; after the first failure none is, and every later call reports it. A
 * block belongs to exactly one of: the collector (filling), the queue, the writer, the free list.
 */
#include "agent/store/feed.h"

#include <string.h>

enum {
    BLOCKS = 6,
    BLOCK_BYTES = 192 * 1024,       /* a block that is so full is handed over */
    BLOCK_KEEP_BYTES = 1024 * 1024, /* one that grew beyond it for a huge document is not kept */
};

/* As it stands in a block, followed by its parts. */
struct packed {
    struct store_op op; /* data pointers are not valid */
    gsize size;         /* of the whole, padded */
};

struct store_feed {
    store_feed_func func;
    void *data;
    GThread *thread;
    GMutex mutex;
    GCond changed;
    GQueue full, empty; /* GByteArray * */
    gboolean closing, busy;
    GError *failure;     /* first one */
    GByteArray *filling; /* the collector's */
};

/* --- packing ---------------------------------------------------------------------------------- */

static void pack(GByteArray *block, const struct store_op *op)
{
    static const guint8 padding[sizeof(gint64)] = {0};
    struct packed packed = {.op = *op, .size = sizeof packed};
    for (guint i = 0; i < STORE_OP_PARTS; i++)
        packed.size += op->parts[i].len + 1;
    gsize rest = (sizeof padding - packed.size % sizeof padding) % sizeof padding;
    packed.size += rest;
    g_byte_array_append(block, (const guint8 *)&packed, sizeof packed);
    for (guint i = 0; i < STORE_OP_PARTS; i++) {
        if (op->parts[i].len > 0)
            g_byte_array_append(block, (const guint8 *)op->parts[i].data, (guint)op->parts[i].len);
        g_byte_array_append(block, padding, 1);
    }
    g_byte_array_append(block, padding, (guint)rest);
}

/* The operation at an offset; the offset moves behind it. */
static struct store_op unpack(const GByteArray *block, gsize *offset)
{
    struct packed packed;
    memcpy(&packed, block->data + *offset, sizeof packed);
    const char *at = (const char *)block->data + *offset + sizeof packed;
    for (guint i = 0; i < STORE_OP_PARTS; i++) {
        packed.op.parts[i].data = at;
        at += packed.op.parts[i].len + 1;
    }
    *offset += packed.size;
    return packed.op;
}

/* --- the writing thread ----------------------------------------------------------------------- */

static void carry_out(struct store_feed *feed, const GByteArray *block, GError **error)
{
    gsize offset = 0;
    while (offset < block->len) {
        struct store_op op = unpack(block, &offset);
        if (!feed->func(feed->data, &op, error))
            return;
    }
}

static GByteArray *next_block(struct store_feed *feed)
{
    while (g_queue_is_empty(&feed->full) && !feed->closing)
        g_cond_wait(&feed->changed, &feed->mutex);
    return feed->closing ? NULL : g_queue_pop_head(&feed->full);
}

static void give_back(struct store_feed *feed, GByteArray *block)
{
    if (block->len > BLOCK_KEEP_BYTES) {
        g_byte_array_unref(block);
        block = g_byte_array_new();
    }
    g_byte_array_set_size(block, 0);
    g_queue_push_tail(&feed->empty, block);
}

static gpointer work(gpointer data)
{
    struct store_feed *feed = data;
    GByteArray *block;
    g_mutex_lock(&feed->mutex);
    while ((block = next_block(feed))) {
        gboolean skip = feed->failure != NULL;
        feed->busy = TRUE;
        g_mutex_unlock(&feed->mutex);
        GError *error = NULL;
        if (!skip)
            carry_out(feed, block, &error);
        g_mutex_lock(&feed->mutex);
        if (error)
            feed->failure = error;
        feed->busy = FALSE;
        give_back(feed, block);
        g_cond_broadcast(&feed->changed);
    }
    g_mutex_unlock(&feed->mutex);
    return NULL;
}

/* --- the collector's thread ------------------------------------------------------------------- */

struct store_feed *store_feed_new(store_feed_func func, void *data)
{
    struct store_feed *feed = g_new0(struct store_feed, 1);
    feed->func = func;
    feed->data = data;
    g_mutex_init(&feed->mutex);
    g_cond_init(&feed->changed);
    for (guint i = 0; i < BLOCKS; i++)
        g_queue_push_tail(&feed->empty, g_byte_array_new());
    feed->filling = g_queue_pop_head(&feed->empty);
    feed->thread = g_thread_new("store", work, feed);
    return feed;
}

void store_feed_free(struct store_feed *feed)
{
    if (!feed)
        return;
    g_mutex_lock(&feed->mutex);
    feed->closing = TRUE;
    g_cond_broadcast(&feed->changed);
    g_mutex_unlock(&feed->mutex);
    g_thread_join(feed->thread);
    g_queue_clear_full(&feed->full, (GDestroyNotify)g_byte_array_unref);
    g_queue_clear_full(&feed->empty, (GDestroyNotify)g_byte_array_unref);
    g_byte_array_unref(feed->filling);
    g_clear_error(&feed->failure);
    g_mutex_clear(&feed->mutex);
    g_cond_clear(&feed->changed);
    g_free(feed);
}

static gboolean report(const struct store_feed *feed, GError **error)
{
    if (!feed->failure)
        return TRUE;
    if (error)
        *error = g_error_copy(feed->failure);
    return FALSE;
}

static gboolean hand_over(struct store_feed *feed, GError **error)
{
    g_mutex_lock(&feed->mutex);
    g_queue_push_tail(&feed->full, feed->filling);
    g_cond_broadcast(&feed->changed);
    while (g_queue_is_empty(&feed->empty))
        g_cond_wait(&feed->changed, &feed->mutex);
    feed->filling = g_queue_pop_head(&feed->empty);
    gboolean ok = report(feed, error);
    g_mutex_unlock(&feed->mutex);
    return ok;
}

gboolean store_feed_put(struct store_feed *feed, const struct store_op *op, GError **error)
{
    pack(feed->filling, op);
    return feed->filling->len < BLOCK_BYTES || hand_over(feed, error);
}

gboolean store_feed_drain(struct store_feed *feed, GError **error)
{
    if (feed->filling->len > 0)
        (void)hand_over(feed, NULL);
    g_mutex_lock(&feed->mutex);
    while (feed->busy || !g_queue_is_empty(&feed->full))
        g_cond_wait(&feed->changed, &feed->mutex);
    gboolean ok = report(feed, error);
    g_mutex_unlock(&feed->mutex);
    return ok;
}
