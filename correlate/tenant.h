/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_TENANT_H
#define ANCHORWATCH_CORRELATE_TENANT_H

/*
 * Facts about the tenant's synchronization that authority, attribution and forecast need, read
 * from the organization and onPremisesSynchronization records, the directory audits and the
 * configuration. Everything unknown stays visibly unknown.
 */

#include "correlate/record.h"

enum cor_engine {
    COR_ENGINE_UNKNOWN,
    COR_ENGINE_CONNECT,
    COR_ENGINE_CLOUDSYNC,
};
const char *cor_engine_name(enum cor_engine engine);

enum cor_tristate { COR_UNKNOWN = -1, COR_NO = 0, COR_YES = 1 };

enum cor_health {
    COR_SYNC_RUNNING,
    COR_SYNC_STALLED, /* six cycles missed (E6: 3 hours for Connect), staged or suspended */
    COR_SYNC_OFF,     /* the tenant is not synchronized */
    COR_SYNC_UNKNOWN,
};

struct cor_tenant {
    enum cor_engine engine;
    const char *engine_evidence; /* static text: configuration, audit, assumed */
    enum cor_tristate sync_enabled;
    gint64 last_sync_us;
    gint64 interval_us;          /* default 30 min Connect, 2 min Cloud Sync */
    enum cor_tristate staging;   /* configuration only */
    enum cor_tristate suspended; /* configuration only */
    enum cor_tristate password_hash_sync, password_writeback, cloud_password_policy;
    enum cor_tristate block_soft_match, block_hard_match, soft_match_upn, bypass_overrides;
    enum cor_tristate move_identifier; /* onPremisesObjectIdentifier may be moved by sync */
    enum cor_tristate exchange_hybrid; /* Exchange attributes reach the cloud */
    gint64 deletion_threshold;         /* 0 off, -1 unknown; default 500 */
    char *initial_domain;              /* x.onmicrosoft.com, owned, may be NULL */
    GHashTable *verified_domains;      /* owned set of lower-case names, may be NULL */
};
/* Overrides from the configuration; unknown fields leave what the records say. */
struct cor_tenant_hints {
    enum cor_engine engine;
    gint64 interval_us;
    enum cor_tristate staging, suspended, password_hash_sync, password_writeback;
};
void cor_tenant_init(struct cor_tenant *tenant, const struct cor_record *organization,
                     const struct cor_record *sync_config, const struct cor_tenant_hints *hints);
void cor_tenant_clear(struct cor_tenant *tenant);
/* health at a time; since is set to the last sync when stalled. */
enum cor_health cor_tenant_health(const struct cor_tenant *tenant, gint64 now_us);
/* When the next delta cycle is expected after now; 0 when stalled, off or unknown. */
gint64 cor_tenant_next_cycle(const struct cor_tenant *tenant, gint64 now_us);

#endif
