/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_FEED_H
#define ANCHORWATCH_AGENT_STORE_FEED_H

/*
 * From the collector's thread to the thread that writes the store. What a sink is told becomes an
 * operation, operations are packed into blocks, and a fixed number of blocks goes round; so memory
 * is bounded and a collector that is faster waits.
 */

#include "agent/store/digest.h"
#include "correlate/record.h"

enum store_op_kind {
    STORE_OP_RECORD, /* key, type, name, document (canonical text), identifiers, folded name in AD
                      */
    STORE_OP_LINK,   /* source key, kind, target key */
    STORE_OP_UNLINK, /* the same */
    STORE_OP_FOLLOW, /* source key, kind */
    STORE_OP_GONE,   /* key */
    STORE_OP_EVENT,  /* source, id, document, keys */
};

/* Part of an operation; followed by a NUL byte that does not count. Identifiers are
 * their hashes, a gint64 each; keys of an audit record are NUL-terminated. */
struct store_part {
    const char *data;
    gsize len;
};
#define STORE_OP_PARTS 6

struct store_op {
    enum store_op_kind kind;
    enum cor_directory directory;
    enum cor_life life;
    gboolean incremental;
    gint64 time_us;
    guint8 hash[STORE_HASH_LEN];
    struct store_part parts[STORE_OP_PARTS];
};

/* Carries out one operation, in the writing thread; op is borrowed for the call. */
typedef gboolean (*store_feed_func)(void *data, const struct store_op *op, GError **error);

struct store_feed;
struct store_feed *store_feed_new(store_feed_func func, void *data);
/* Ends the thread; what it has not carried out is dropped. */
void store_feed_free(struct store_feed *feed);
/* Copies op. FALSE with the error of the first operation that failed, which is the end of all. */
gboolean store_feed_put(struct store_feed *feed, const struct store_op *op, GError **error);
/* Wait until everything put so far is carried out; errors as above. From here until the next put
 * the writing thread touches nothing. */
gboolean store_feed_drain(struct store_feed *feed, GError **error);

#endif
