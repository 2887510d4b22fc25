/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_ANALYSIS_H
#define ANCHORWATCH_AGENT_ANALYSIS_H

/*
 * The difference between two backup points with the origin of each change: the store says which
 * objects differ, the heart says what changed and where it came from.
 */

#include "agent/point.h"
#include "correlate/change.h"

struct analysis;

/* from may be newer than to; origins are then still those of the real course of time. The points
 * are borrowed and must live as long as the analysis. */
struct analysis *analysis_new(struct point *from, struct point *to);
void analysis_free(struct analysis *analysis);
#define ANALYSIS_AUTO __attribute__((cleanup(analysis_cleanup))) struct analysis
static inline void analysis_cleanup(struct analysis **analysis)
{
    analysis_free(*analysis);
}

typedef gboolean (*analysis_func)(const struct cor_change *change, void *data, GError **error);

/* Every change, in directory and key order. */
gboolean analysis_walk(struct analysis *analysis, analysis_func func, void *data, GError **error);
/* The changes of one object only. The pair is the object at the newer point (or the older, when it
 * is gone). */
gboolean analysis_object(struct analysis *analysis, const struct pair *pair, analysis_func func,
                         void *data, GError **error);

#endif
