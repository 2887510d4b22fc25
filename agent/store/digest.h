/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_DIGEST_H
#define ANCHORWATCH_AGENT_STORE_DIGEST_H

/* SHA-256 with the processor's help: every document of a capture is hashed, so GLib's portable
 * code is too slow for it. A digest is used again for one text after the other. */

#include <glib.h>

#define STORE_HASH_LEN 32

struct store_digest;
struct store_digest *store_digest_new(void);
void store_digest_free(struct store_digest *digest);
#define STORE_DIGEST_AUTO __attribute__((cleanup(store_digest_cleanup))) struct store_digest
static inline void store_digest_cleanup(struct store_digest **digest)
{
    store_digest_free(*digest);
}
void store_digest_add(struct store_digest *digest, const void *data, gsize len);
/* What was added since the last end; the digest is empty again. */
void store_digest_end(struct store_digest *digest, guint8 ret[STORE_HASH_LEN]);

#endif
