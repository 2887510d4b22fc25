/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_RETENTION_H
#define ANCHORWATCH_AGENT_STORE_RETENTION_H

#include "agent/store/store.h"

/* Which points retention keeps. Pure: points (struct store_point *, ascending), keep has one
 * element for each. Always kept: pinned points, the newest complete one, the newest of all. Days
 * are UTC days. */
void store_retention_decide(const GPtrArray *points, const struct store_retention *retention,
                            gint64 now_us, gboolean *keep);

/* Remove keys from the id first on of which nothing is known, if there are any. Within a write. */
gboolean store_forget_unused(struct store *store, gint64 first, GError **error);

#endif
