/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_PLANNER_H
#define ANCHORWATCH_AGENT_PLANNER_H

/*
 * Which writes would bring the tenant back to a backup point, and what each of them would meet.
 * Nothing here writes anywhere.
 */

#include "agent/point.h"
#include "correlate/change.h"
#include "correlate/forecast.h"

struct plan_item {
    struct cor_object_ref object, peer; /* peer.key NULL: none */
    enum cor_action action;
    char *attribute;                /* owned; NULL for the whole object */
    struct cor_json *live, *target; /* owned; NULL absent. Links: name of the target */
    char *link_target;              /* owned; key, for links */
    struct cor_forecast forecast;
};

struct plan_request {
    const char *const *objects;    /* names, NULL-terminated or NULL for all */
    const char *const *attributes; /* Graph names, NULL-terminated or NULL for all */
    const char *type;              /* Entra type, or NULL for all */
    gint64 now_us;
};

typedef gboolean (*plan_func)(const struct plan_item *item, void *data, GError **error);

/* backup: the point to go back to; live: the tenant as it is (a preview or the newest point). */
gboolean plan_make(struct point *backup, struct point *live, const struct plan_request *request,
                   plan_func func, void *data, GError **error);

#endif
