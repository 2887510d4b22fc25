/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_CHAIN_H
#define ANCHORWATCH_AGENT_STORE_CHAIN_H

/*
 * The ledger: one row per backup point, pin and prune, never changed. hash = SHA-256(hash of the
 * entry before (32 zero bytes for the first), then the bytes of body). body is canonical JSON and
 * carries its own entry number; the body of a point carries the digest of all the point added and
 * closed, the body of a prune the new digests of the points that took over.
 */

#include "agent/store/database.h"

/* Number of the next entry. */
gboolean store_chain_next(struct store *store, gint64 *ret_entry, GError **error);
/* Append an entry; adds "entry" and "kind" to body. point 0: not about one. Within a write. */
gboolean store_chain_append(struct store *store, const char *kind, gint64 point,
                            struct cor_json *body, GError **error);
/* hash of an entry from the one before and its body. */
void store_chain_hash(const guint8 previous[STORE_HASH_LEN], const char *body,
                      guint8 ret[STORE_HASH_LEN]);
/* How many rows a point opened and closed, by enum cor_directory. */
struct store_tally {
    gint64 opened[2], closed[2], linked[2], unlinked[2];
};
/* Digest of the rows a point opened and closed: versions, links, audit records. */
gboolean store_chain_content(struct store *store, gint64 point, guint8 ret[STORE_HASH_LEN],
                             struct store_tally *ret_tally_or_null, GError **error);

/* Remember it with the point. */
gboolean store_chain_set_content(struct store *store, gint64 point,
                                 const guint8 content[STORE_HASH_LEN], GError **error);

char *store_hex(const guint8 hash[STORE_HASH_LEN]); /* lower case; caller frees */

#endif
