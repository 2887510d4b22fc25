/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_COMPARE_H
#define ANCHORWATCH_GRAPH_COMPARE_H

/*
 * Reconciliation: what a full read shows, compared with the point before it. A difference that no
 * delta round told is silent divergence. Private to graph/.
 */

#include "graph/run.h"

struct entra_compare;
/* before is borrowed. */
struct entra_compare *entra_compare_new(struct cor_view *before);
void entra_compare_free(struct entra_compare *compare);
void entra_compare_record(struct entra_compare *compare, const struct cor_record *record);
void entra_compare_link(struct entra_compare *compare, const struct cor_link *link);
/* Compare with the point before, leave out what this capture's rounds told, and remark how many
 * objects diverged and the first of their names. Volatile attributes do not count. Only tracked
 * resources are compared. FALSE: the view failed. */
gboolean entra_compare_tell(struct entra_compare *compare, struct entra_run *run, GError **error);

#endif
