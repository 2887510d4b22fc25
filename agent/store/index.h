/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_INDEX_H
#define ANCHORWATCH_AGENT_STORE_INDEX_H

/* Entering what can be found by something else than its key: identifiers of objects, and audit
 * records by the objects they name. */

#include "agent/store/picture.h"

void store_index_begin(struct store_picture *picture);
void store_index_end(struct store_picture *picture);
/* Of an identifier's folded value (FNV-1a, 64 bits). What has the same hash is still compared. */
gint64 store_identifier_hash(const char *folded);
/* identifiers as in a STORE_OP_RECORD. Kept back, and entered in order when there are many. */
gboolean store_index_identifiers(struct store_picture *picture, gint64 object,
                                 const struct store_part *identifiers, GError **error);
/* A link of this point, where there were none before it. Kept back in the same way. */
gboolean store_index_link(struct store_picture *picture, gint64 source,
                          const struct store_part *kind, gint64 target, GError **error);
/* Enter where an AD object is: its distinguished name, folded; nothing where there is none. */
gboolean store_index_place(struct store_picture *picture, gint64 object,
                           const struct store_part *name, GError **error);
/* Add an audit record, once for each id of its source. */
gboolean store_index_event(struct store_picture *picture, const struct store_op *op,
                           GError **error);

#endif
