/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_DRIFT_H
#define ANCHORWATCH_CORRELATE_DRIFT_H

/* Drift: the two halves of one object disagree with the rules. Pure given a view. */

#include "correlate/authority.h"
#include "correlate/change.h"
#include "correlate/flow.h"
#include "correlate/identity.h"

/* One finding. kind (contract words): pending (AD is newer than the last sync: the next cycle will
 * carry it), diverged, orphaned (cloud half without AD half), missing (AD object in scope without
 * cloud half), anchor-mismatch, duplicate-anchor, ambiguous, quarantined, provisioning-error,
 * stalled, deleted-in-cloud, deleted-in-ad, out-of-scope. */
struct cor_drift {
    char *kind;
    struct cor_object_ref object, peer;
    char *attribute;                            /* NULL for the object itself */
    struct cor_json *onprem, *cloud, *expected; /* owned, may be NULL */
    char *rule;                                 /* rule or decision row, may be NULL */
    gint64 since_us;                            /* 0 unknown */
    char *text;                                 /* one sentence */
};
void cor_drift_free(struct cor_drift *drift);

typedef gboolean (*cor_drift_func)(const struct cor_drift *drift, void *data, GError **error);

/* Walk every object of both directories at one point and report findings in key order, AD first.
 * halves_complete: with a partial half, absence of the other half is not reported. */
gboolean cor_drift_walk(struct cor_view *view, const struct cor_flow_context *flow,
                        const struct cor_tenant *tenant, gboolean ad_complete,
                        gboolean entra_complete, gint64 now_us, cor_drift_func found, void *data,
                        GError **error);
/* The same for one pair (either half may be NULL). */
gboolean cor_drift_pair(struct cor_view *view, const struct cor_record *ad,
                        const struct cor_record *entra, const struct cor_flow_context *flow,
                        const struct cor_tenant *tenant, gint64 now_us, cor_drift_func found,
                        void *data, GError **error);

#endif
