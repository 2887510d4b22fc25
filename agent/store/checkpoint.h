/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_CHECKPOINT_H
#define ANCHORWATCH_AGENT_STORE_CHECKPOINT_H

/* Where the next incremental read of each stream starts. A checkpoint that somebody moved forward
 * would hide changes for good, so the ledger entry of the point that left it has its hash. */

#include "agent/store/run.h"

/* A half that is published complete: what it left replaces what was there, and what a full half did
 * not leave is forgotten. */
gboolean store_checkpoint_publish(struct store *store, const struct store_sink *half,
                                  GError **error);
/* Add "checkpoints" to the description of a half: stream -> hex SHA-256 of the document, of all
 * that its source has. */
gboolean store_checkpoint_describe(struct store *store, enum cor_directory directory,
                                   const char *source, struct cor_json *half, GError **error);

#endif
