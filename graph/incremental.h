/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_INCREMENTAL_H
#define ANCHORWATCH_GRAPH_INCREMENTAL_H

/* What changed, read and told to an incremental sink. Private to graph/. */

#include "graph/run.h"
#include "graph/track.h"

/* After entra_delta_read: read what changed of tracked resources, list the others, and conclude
 * what is gone. What fails leaves its segment unproven. FALSE: going on makes no sense. */
gboolean entra_incremental_read(struct entra_run *run, GError **error);

#endif
