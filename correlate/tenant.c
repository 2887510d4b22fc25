/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the tenant's synchronization, each unknown until something says it. */
#include "correlate/tenant.h"

#include "correlate/time.h"

#include <string.h>

/* Decision row E6: three hours for Connect, which is six of its cycles; Cloud Sync in proportion,
 * six of its cycles. Its two minutes are too short for a verdict, because agents read their
 * configuration every ten minutes only: half an hour is the least. */
#define STALL_CYCLES          6
#define STALL_LEAST_US        (30 * COR_MINUTE_US)
#define CONNECT_INTERVAL_US   (30 * COR_MINUTE_US)
#define CLOUDSYNC_INTERVAL_US (2 * COR_MINUTE_US)
#define DEFAULT_THRESHOLD     500

const char *cor_engine_name(enum cor_engine engine)
{
    static const char *const names[] = {
        [COR_ENGINE_UNKNOWN] = "unknown",
        [COR_ENGINE_CONNECT] = "Entra Connect",
        [COR_ENGINE_CLOUDSYNC] = "Entra Cloud Sync",
    };
    return names[engine];
}

static enum cor_tristate tristate(const struct cor_json *node)
{
    if (cor_json_type(node) != COR_JSON_BOOL)
        return COR_UNKNOWN;
    return cor_json_bool(node) ? COR_YES : COR_NO;
}

/* "PT30M", "PT2M", "PT1H": what the service uses; 0 for anything else. */
static gint64 duration_us(const char *text)
{
    gint64 total = 0, number = 0;
    if (!text || !g_str_has_prefix(text, "PT"))
        return 0;
    for (const char *p = text + 2; *p; p++) {
        if (g_ascii_isdigit(*p) && number < 100000)
            number = number * 10 + (*p - '0');
        else if (*p == 'H' || *p == 'M' || *p == 'S') {
            total += number * (*p == 'H' ? COR_HOUR_US : *p == 'M' ? COR_MINUTE_US : COR_SECOND_US);
            number = 0;
        } else
            return 0;
    }
    return total;
}

static const struct {
    const char *feature;
    gsize offset;
} features[] = {
    {"passwordSyncEnabled", G_STRUCT_OFFSET(struct cor_tenant, password_hash_sync)},
    {"passwordWritebackEnabled", G_STRUCT_OFFSET(struct cor_tenant, password_writeback)},
    {"cloudPasswordPolicyForPasswordSyncedUsersEnabled",
     G_STRUCT_OFFSET(struct cor_tenant, cloud_password_policy)},
    {"blockSoftMatchEnabled", G_STRUCT_OFFSET(struct cor_tenant, block_soft_match)},
    {"blockCloudObjectTakeoverThroughHardMatchEnabled",
     G_STRUCT_OFFSET(struct cor_tenant, block_hard_match)},
    {"softMatchOnUpnEnabled", G_STRUCT_OFFSET(struct cor_tenant, soft_match_upn)},
    {"allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
     G_STRUCT_OFFSET(struct cor_tenant, move_identifier)},
    {"bypassDirSyncOverridesEnabled", G_STRUCT_OFFSET(struct cor_tenant, bypass_overrides)},
};

static void forget(struct cor_tenant *tenant)
{
    *tenant = (struct cor_tenant){
        .engine_evidence = "assumed",
        .sync_enabled = COR_UNKNOWN,
        .staging = COR_UNKNOWN,
        .suspended = COR_UNKNOWN,
        .exchange_hybrid = COR_UNKNOWN,
        .deletion_threshold = DEFAULT_THRESHOLD,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(features); i++)
        *(enum cor_tristate *)((char *)tenant + features[i].offset) = COR_UNKNOWN;
}

static void read_domains(struct cor_tenant *tenant, const struct cor_json *domains)
{
    tenant->verified_domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const struct cor_json *n = cor_json_first(domains); n; n = cor_json_next(n)) {
        const char *name = cor_json_get_string(n, "name");
        if (!name)
            continue;
        g_hash_table_add(tenant->verified_domains, g_ascii_strdown(name, -1));
        if (cor_json_get_bool(n, "isInitial") && !tenant->initial_domain)
            tenant->initial_domain = g_ascii_strdown(name, -1);
    }
}

/* Without the right to read it, the service shows these members only (Graph: organization-get). */
static gboolean readable(const struct cor_record *organization)
{
    static const char *const always[] = {"id", "displayName", "verifiedDomains", NULL};
    for (const struct cor_json *n = cor_json_first(organization->attributes); n;
         n = cor_json_next(n))
        if (*cor_json_key(n) != '@' && !g_strv_contains(always, cor_json_key(n)))
            return TRUE;
    return FALSE;
}

static void read_organization(struct cor_tenant *tenant, const struct cor_record *organization)
{
    const char *last = cor_record_text(organization, "onPremisesLastSyncDateTime");
    const struct cor_json *enabled = cor_record_get(organization, "onPremisesSyncEnabled");
    const struct cor_json *domains = cor_record_get(organization, "verifiedDomains");
    tenant->last_sync_us = last ? cor_time_parse(last) : 0;
    /* null on a readable organization means that sync was never on, or is off again */
    tenant->sync_enabled = enabled                  ? tristate(enabled)
                           : readable(organization) ? COR_NO
                                                    : COR_UNKNOWN;
    if (domains)
        read_domains(tenant, domains);
}

/* A share of all objects is a number that only the sync engine knows. */
static gint64 threshold_of(const struct cor_json *guard)
{
    gint64 count = 0;
    const char *type = cor_json_get_string(guard, "synchronizationPreventionType");
    if (type && strcmp(type, "disabled") == 0)
        return 0;
    if (type && strcmp(type, "enabledForPercentage") == 0)
        return -1;
    return cor_json_int(cor_json_get(guard, "alertThreshold"), &count) ? count : DEFAULT_THRESHOLD;
}

/* The interval asked for, unless the service allows none as short. */
static gint64 interval_of(const struct cor_json *configuration)
{
    gint64 allowed = duration_us(cor_json_get_string(configuration, "synchronizationInterval"));
    gint64 asked =
        duration_us(cor_json_get_string(configuration, "customerRequestedSynchronizationInterval"));
    return MAX(allowed, asked);
}

static void read_config(struct cor_tenant *tenant, const struct cor_record *config)
{
    const struct cor_json *configuration = cor_record_get(config, "configuration");
    const struct cor_json *chosen = cor_record_get(config, "features");
    for (gsize i = 0; i < G_N_ELEMENTS(features); i++)
        *(enum cor_tristate *)((char *)tenant + features[i].offset) =
            tristate(cor_json_get(chosen, features[i].feature));
    tenant->deletion_threshold =
        threshold_of(cor_json_get(configuration, "accidentalDeletionPrevention"));
    tenant->interval_us = interval_of(configuration);
}

static void override(enum cor_tristate *value, enum cor_tristate hint)
{
    if (hint != COR_UNKNOWN)
        *value = hint;
}

static void apply_hints(struct cor_tenant *tenant, const struct cor_tenant_hints *hints)
{
    if (hints->engine != COR_ENGINE_UNKNOWN) {
        tenant->engine = hints->engine;
        tenant->engine_evidence = "configuration";
    }
    if (hints->interval_us)
        tenant->interval_us = hints->interval_us;
    override(&tenant->staging, hints->staging);
    override(&tenant->suspended, hints->suspended);
    override(&tenant->password_hash_sync, hints->password_hash_sync);
    override(&tenant->password_writeback, hints->password_writeback);
}

void cor_tenant_init(struct cor_tenant *tenant, const struct cor_record *organization,
                     const struct cor_record *sync_config, const struct cor_tenant_hints *hints)
{
    forget(tenant);
    if (organization)
        read_organization(tenant, organization);
    if (sync_config)
        read_config(tenant, sync_config);
    if (hints)
        apply_hints(tenant, hints);
    if (!tenant->interval_us)
        tenant->interval_us =
            tenant->engine == COR_ENGINE_CLOUDSYNC ? CLOUDSYNC_INTERVAL_US : CONNECT_INTERVAL_US;
}

void cor_tenant_clear(struct cor_tenant *tenant)
{
    g_clear_pointer(&tenant->initial_domain, g_free);
    g_clear_pointer(&tenant->verified_domains, g_hash_table_unref);
}

enum cor_health cor_tenant_health(const struct cor_tenant *tenant, gint64 now_us)
{
    if (tenant->sync_enabled == COR_NO)
        return COR_SYNC_OFF;
    if (tenant->staging == COR_YES || tenant->suspended == COR_YES)
        return COR_SYNC_STALLED;
    if (tenant->last_sync_us == 0)
        return COR_SYNC_UNKNOWN;
    gint64 limit = MAX(STALL_CYCLES * tenant->interval_us, STALL_LEAST_US);
    return now_us - tenant->last_sync_us > limit ? COR_SYNC_STALLED : COR_SYNC_RUNNING;
}

gint64 cor_tenant_next_cycle(const struct cor_tenant *tenant, gint64 now_us)
{
    if (cor_tenant_health(tenant, now_us) != COR_SYNC_RUNNING)
        return 0;
    gint64 next = tenant->last_sync_us + tenant->interval_us;
    /* a cycle that is late is expected at any moment */
    return MAX(next, now_us);
}
