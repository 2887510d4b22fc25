/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_FORECAST_PRIVATE_H
#define ANCHORWATCH_CORRELATE_FORECAST_PRIVATE_H

/* Between forecast.c (how a row becomes an answer), forecast_row.c (which row) and forecast_offer.c
 * (what to do instead). */

#include "correlate/forecast.h"

struct cor_judgement {
    const char *row;    /* id of the decision table */
    gboolean agrees;    /* AD gives what is to be written, or nothing: nothing overwrites it */
    const char *remark; /* static text added to the reason, or NULL */
    gboolean doubtful;  /* the row is known, but not for this case: confidence is inferred */
    gboolean settled;   /* verdict below holds instead of the row's column */
    enum cor_verdict verdict;
};
void cor_forecast_judge(const struct cor_write *write, const struct cor_situation *situation,
                        struct cor_judgement *ret);

/* What AD implies for the attribute; result COR_FLOW_LEAVE when nothing feeds it. */
void cor_forecast_implied(const struct cor_write *write, const struct cor_situation *situation,
                          struct cor_flow_value *ret);

gboolean cor_forecast_ad_in_scope(const struct cor_situation *situation,
                                  const struct cor_record *ad);

/* Deletions wait in AD, and more of them than the deletion guard lets pass (Connect:
 * prevent-accidental-deletes): the export stands still. */
gboolean cor_forecast_is_held(const struct cor_situation *situation);
/* The sync engine does not export now: stalled, staged, suspended or held by the guard. */
gboolean cor_forecast_is_stalled(const struct cor_situation *situation);
/* AD object enforcement keeps everybody but the cloud from changing it (msDS-ObjectSoa). */
gboolean cor_forecast_is_enforced(const struct cor_record *ad);

/* An empty list of struct cor_step *, which it owns. */
GPtrArray *cor_forecast_steps(void);

/* Ordered steps that reach the same result, NULL when the write itself does. */
GPtrArray *cor_forecast_offer(const struct cor_write *write, const struct cor_situation *situation,
                              const struct cor_forecast *forecast);

#endif
