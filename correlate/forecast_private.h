/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_FORECAST_PRIVATE_H
#define ANCHORWATCH_CORRELATE_FORECAST_PRIVATE_H

/* Between forecast.c (how a row becomes an answer), forecast_row.c with forecast_gone.c and
 * forecast_synced.c (which row) and forecast_offer.c (what to do instead). */

#include "correlate/forecast.h"
#include "correlate/time.h"

/* From 2026-07-01 the service refuses a hard match onto a privileged user (Connect:
 * install-existing-tenant). */
#define HARD_MATCH_HARDENED_US ((gint64)1782864000 * COR_SECOND_US)

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

/* Rows are given by id, static text. These: for an object that is deleted, missing, to be deleted.
 */
const char *cor_forecast_restore(const struct cor_write *write, const struct cor_situation *s,
                                 struct cor_judgement *ret);
const char *cor_forecast_create(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret);
const char *cor_forecast_delete(const struct cor_write *write, const struct cor_situation *s,
                                enum cor_soa soa, struct cor_judgement *ret);
/* An update of a synchronized object. */
const char *cor_forecast_synced(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret);
/* The row for what rests on an AD object that is missing from a half that was not read
 * completely. */
const char *cor_forecast_unread(struct cor_judgement *ret);
void cor_forecast_settle(struct cor_judgement *ret, enum cor_verdict verdict, const char *remark);

/* Does AD, by the rules, give what is to be written? *ret_left: it leaves the property alone. */
gboolean cor_forecast_agrees(const struct cor_write *write, const struct cor_situation *s,
                             gboolean *ret_left);
/* Nobody can write it through Graph, whoever masters the object. */
gboolean cor_forecast_is_read_only(const char *type, const char *attribute);
gboolean cor_forecast_is_extension(const char *attribute);
/* A distribution list or mail-enabled security group: Graph does not write it, whoever owns it.
 * Microsoft 365 groups are mail-enabled too, but Graph's own. */
gboolean cor_forecast_is_mail_enabled(const struct cor_record *entra);
/* userAccountControl of an AD account says disabled. */
gboolean cor_forecast_is_disabled(const struct cor_record *ad);

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
