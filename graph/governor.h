/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_GOVERNOR_H
#define ANCHORWATCH_GRAPH_GOVERNOR_H

/*
 * How fast the service may be asked (Graph pages "throttling" and "throttling-limits"): resource
 * units and writes of one app in one tenant, and the limits of Conditional Access and of reports.
 * Pure: the present is handed in. A window holds what was spent when the answer came, which is not
 * before the service counted it, so whoever stays within ours stays within the service's.
 */

#include <glib.h>

enum entra_meter {
    ENTRA_UNITS,   /* identity and access: 3,500, 5,000 or 8,000 in 10 s by size of the tenant */
    ENTRA_WRITES,  /* 3,000 in 150 s */
    ENTRA_ACCESS,  /* Conditional Access: one a second for the tenant and all its apps */
    ENTRA_REPORTS, /* 5 in 10 s */
    ENTRA_METERS,
};

/* What one request costs on each meter. */
struct entra_cost {
    guint of[ENTRA_METERS];
};
/* Of a request by its URL (whole, or relative to the version) and, for a POST, its body; of a
 * $batch the sum of its steps. */
struct entra_cost entra_cost_of(const char *url, const char *json_or_null);

#define ENTRA_SLOTS 128
struct entra_window {
    struct {
        gint64 at_us;
        guint spent;
    } slots[ENTRA_SLOTS];
    guint first, used, total;
};
struct entra_governor {
    guint share;         /* percent of each quota that is ours */
    guint size;          /* of the tenant, as far as it showed: S, M, L */
    gboolean size_known; /* the service refused what the next one allows */
    guint others;        /* units that others with our app spent, as told */
    gint64 others_at_us;
    struct entra_window windows[ENTRA_METERS];
};

/* share: percent of each quota, 0: never wait. */
void entra_governor_init(struct entra_governor *governor, guint share);
/* Microseconds until a request of that cost may go; ask again after waiting. */
gint64 entra_governor_wait(struct entra_governor *governor, const struct entra_cost *cost,
                           gint64 now_us);
/* Its answer came. units: what the service said it cost, 0 when it did not say. */
void entra_governor_spend(struct entra_governor *governor, const struct entra_cost *cost,
                          guint units, gint64 now_us);
/* The answer's x-ms-throttle-limit-percentage (1.0 is the whole quota), 0 when it had none, which
 * means less than 0.8. */
void entra_governor_told(struct entra_governor *governor, double percentage, gint64 now_us);
/* 429 for a request that spends units. */
void entra_governor_refused(struct entra_governor *governor, gint64 now_us);

#endif
