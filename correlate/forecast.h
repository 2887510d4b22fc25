/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_FORECAST_H
#define ANCHORWATCH_CORRELATE_FORECAST_H

/*
 * What would happen to one proposed write in the cloud: refused, durable, overwritten by the next
 * cycle, and so on, with the row of the decision table (docs/forecast.md) that says so and the
 * counter-offer. Pure.
 */

#include "correlate/authority.h"
#include "correlate/flow.h"
#include "correlate/record.h"

enum cor_action {
    COR_ACTION_UPDATE,
    COR_ACTION_RESTORE,     /* from the cloud's deleted items */
    COR_ACTION_SOFT_DELETE, /* undo of an addition */
    COR_ACTION_CREATE,      /* gone for good: a new object */
    COR_ACTION_LINK,
    COR_ACTION_UNLINK,
};
const char *cor_action_name(enum cor_action action); /* contract words */

enum cor_verdict {
    COR_VERDICT_UNKNOWN,
    COR_VERDICT_REFUSED,
    COR_VERDICT_OVERWRITTEN,       /* by the next delta cycle */
    COR_VERDICT_OVERWRITTEN_LATER, /* by the next AD change or full sync */
    COR_VERDICT_DURABLE,
    COR_VERDICT_CONFLICT,
    COR_VERDICT_RECREATED, /* sync brings the object back itself */
    COR_VERDICT_NO_OP,     /* already so */
    COR_VERDICT_UNRECOVERABLE,
};
const char *cor_verdict_name(enum cor_verdict verdict);

enum cor_confidence { COR_INFERRED, COR_REPORTED, COR_DOCUMENTED };
const char *cor_confidence_name(enum cor_confidence confidence);

/* One row of the published table. Static storage. */
struct cor_forecast_row {
    const char *id;        /* "A5" */
    const char *object;    /* which objects the row speaks of */
    const char *condition; /* in words */
    enum cor_verdict running, stalled, cloudsync;
    enum cor_confidence confidence;
    const char *source; /* the public page or report that says so */
};
const struct cor_forecast_row *cor_forecast_rows(gsize *ret_n);
const struct cor_forecast_row *cor_forecast_row(const char *id);

/* Does the table speak of objects of this Entra type at all? Of others nothing is known. */
gboolean cor_forecast_knows(const char *type);

/* The proposed write. */
struct cor_write {
    enum cor_action action;
    gboolean in_ad;                /* made in AD instead of the cloud (a counter-offer judged) */
    const char *type;              /* Entra type */
    const char *attribute;         /* Graph property; link kind for links; NULL for the object */
    const struct cor_json *live;   /* present value, NULL absent */
    const struct cor_json *target; /* value to be written, NULL clears */
};

/* What is known about the object. */
struct cor_situation {
    const struct cor_record *entra;   /* as it is now, live or soft-deleted; NULL: hard-deleted */
    const struct cor_record *backup;  /* as it was at the backup point; may be NULL */
    const struct cor_record *ad;      /* the AD half now, in any state; NULL: none */
    const struct cor_record *ad_twin; /* an AD object that would soft- or hard-match, not linked */
    const struct cor_record *holder;  /* another cloud object that owns the value now (E2) */
    const struct cor_record *target;  /* links: the object linked to, as it is now */
    gboolean ad_complete;             /* the AD half was complete: absence means absence */
    gboolean privileged;              /* the cloud object holds an admin role */
    enum cor_tristate exchange_cloud_managed; /* IsExchangeCloudManaged; Graph does not show it */
    guint64 pending_deletions;                /* AD deletions waiting for the next cycle */
    const struct cor_flow_context *flow;
    const struct cor_tenant *tenant;
    gint64 now_us;
};

struct cor_step {
    char *where;   /* "ad", "entra", "sync" */
    char *text;    /* for people, imperative */
    char *command; /* ready to copy, or NULL */
};

struct cor_forecast {
    enum cor_verdict verdict;
    const struct cor_forecast_row *row;
    enum cor_confidence confidence;
    char *why;            /* owned; one or two sentences */
    char *overwritten_by; /* owned; the value that will win, for people; "(empty)"; or NULL */
    gint64 at_us;         /* when it will be overwritten or recreated; 0 = null */
    char *holds_until;    /* owned; words: "sync resumes", "next AD password change", or NULL */
    char *source_dn, *source_attributes, *source_rule; /* owned; may be NULL */
    GPtrArray *instead; /* owned; struct cor_step *, ordered; NULL when nothing is needed */
};
void cor_forecast(const struct cor_write *write, const struct cor_situation *situation,
                  struct cor_forecast *ret);
void cor_forecast_clear(struct cor_forecast *forecast);
/* Would a person have to do something else? TRUE for everything but durable and no-op. */
gboolean cor_verdict_doomed(enum cor_verdict verdict);

#endif
