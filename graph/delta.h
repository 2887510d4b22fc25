/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_DELTA_H
#define ANCHORWATCH_GRAPH_DELTA_H

/* What changed since the last capture. Private to graph/. */

#include "graph/run.h"
#include "graph/track.h"

/* One item of a round: its key with flags into changes. FALSE: COR_E_INPUT, nothing is added.
 * Pure. */
gboolean entra_delta_item(const struct entra_resource *resource, const struct cor_json *item,
                          GHashTable *changes, GError **error);

/* The rounds of all streams that have a link; keys and flags go into their changes. *ret_lost: a
 * link is refused, track->why tells which. A stream that fails otherwise says so in its trouble,
 * which only matters where nothing but its changes is read. FALSE: going on makes no sense. */
gboolean entra_delta_read(struct entra_run *run, gboolean *ret_lost, GError **error);

/* A link from now on for each stream that could have one and has none. It must be taken before the
 * full read, so that what changes during that read is told to the next capture. */
gboolean entra_delta_start(struct entra_run *run, GError **error);

#endif
