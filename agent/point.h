/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_POINT_H
#define ANCHORWATCH_AGENT_POINT_H

/*
 * One backup point opened for questions: its view, and what the heart needs to judge with it
 * (tenant facts, flow context, sync identities, names of domain controllers).
 */

#include "agent/config.h"
#include "correlate/attribute.h"
#include "correlate/identity.h"

struct point {
    struct store *store;      /* borrowed */
    struct store_point *info; /* owned */
    struct cor_view *view;    /* owned */
    struct cor_tenant tenant;
    struct cor_flow_context flow;
    struct cor_flow_program *rules; /* owned; NULL: default rules */
    char *rules_name;
    struct cor_sync_identities identities;
    GHashTable *dc_names; /* invocationId -> DNS name */
    char *domain_fqdn, *domain_netbios, *domain_dn;
    gboolean ad_complete, entra_complete, audit_readable, recycle_bin;
    gint64 entra_clock_offset_us; /* the tenant's clock minus ours */
};

/* Part of opening: chooses the rules of point->flow. */
gboolean point_learn_rules(struct point *point, GError **error);
struct point *point_open(const struct config *config, struct store *store, gint64 number,
                         GError **error);
void point_close(struct point *point);
#define POINT_AUTO __attribute__((cleanup(point_cleanup))) struct point
static inline void point_cleanup(struct point **point)
{
    point_close(*point);
}
/* struct cor_attribution's dc_name; data is the struct point. */
const char *point_dc_name(void *point, const char *invocation_id);
/* What the tenant's clock shows when ours shows now_us. */
gint64 point_tenant_now(const struct point *point, gint64 now_us);

/* Both halves of one object at one point. */
struct pair {
    struct cor_record *ad, *entra; /* owned; either may be NULL */
    enum cor_match_outcome outcome;
    int by;                /* identifier kind that tied them */
    GPtrArray *candidates; /* when the tie is ambiguous or contradicted */
};
/* record is taken. A soft match is no tie: its peer becomes a candidate only. */
gboolean pair_of(struct cor_view *view, struct cor_record *record_taken, struct pair *ret,
                 GError **error);
void pair_clear(struct pair *pair);

/* The object a person named. Errors: COR_E_NOT_FOUND; COR_E_AMBIGUOUS lists the candidates. */
gboolean pair_named(struct cor_view *view, const char *text, struct pair *ret, GError **error);

#endif
