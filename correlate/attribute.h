/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ATTRIBUTE_H
#define ANCHORWATCH_CORRELATE_ATTRIBUTE_H

/*
 * Where a change came from, and how surely (design section 6). Given the change, both halves of
 * its object at both points, and the audit records of the window, decide origin, grade, actor and
 * evidence. Pure: everything is handed in.
 */

#include "correlate/authority.h"
#include "correlate/change.h"
#include "correlate/flow.h"
#include "correlate/time.h"

/* Identities of the sync engine, so that they are never reported as a person. */
struct cor_sync_identities {
    GHashTable *entra_ids; /* set of Entra object ids and appIds known to be sync engines */
    GHashTable *ad_sids;   /* set of SIDs of connector accounts (writeback), may be empty */
};
void cor_sync_identities_init(struct cor_sync_identities *identities);
void cor_sync_identities_clear(struct cor_sync_identities *identities);
/* Add what a service principal or user record proves (name pattern Sync_*, ADToAADSyncService
 * Account, ConnectSyncProvisioning_*, or role ADSynchronization.ReadWrite.All). */
void cor_sync_identities_learn(struct cor_sync_identities *identities,
                               const struct cor_record *record);
/* Is the actor of a normalised audit document the sync engine? */
gboolean cor_actor_is_sync(const struct cor_sync_identities *identities,
                           const struct cor_json *actor);

/* How far the clocks of two members of a domain may lie apart (what Kerberos tolerates). */
#define COR_CLOCK_SKEW_US (5 * COR_MINUTE_US)

struct cor_attribution {
    /* The changed object and its other half at the older and newer point; any may be NULL. */
    const struct cor_record *older, *newer, *peer_older, *peer_newer;
    /* The AD side of a link change: target record, to tell a member's deletion. May be NULL. */
    const struct cor_record *target_older, *target_newer;
    const GPtrArray *events; /* struct cor_event_row *, of both object and target, each
                              * directory's by time; those of AD reach COR_CLOCK_SKEW_US
                              * beyond the window */
    const struct cor_sync_identities *identities;
    const struct cor_flow_context *flow;
    /* The rules at the older point; NULL: the same. */
    const struct cor_flow_context *flow_before;
    const struct cor_tenant *tenant;
    const char *(*dc_name)(void *data, const char *invocation_id); /* NULL name: unknown DC */
    void *dc_name_data;
    gboolean audit_readable; /* FALSE: the audit log could not be read, absence says nothing */
};
/* An owned audit record as the store gives it back. */
struct cor_event_row {
    char *id;
    gint64 time_us;
    struct cor_json *doc;
};
void cor_event_row_free(struct cor_event_row *row);

/* Fills origin, grade, actor, when_us and evidence of the change. */
void cor_attribute(struct cor_change *change, const struct cor_attribution *input);

#endif
