/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens a backup point: reads its few single records (organization, domain, domain controllers,
 * sync configuration) once, so that the heart's pure functions get them handed in.
 */
#include "agent/point.h"

#include "correlate/error.h"
#include "correlate/time.h"

#include <string.h>

/* Two clocks closer than this are the same clock. */
#define CLOCK_TOLERANCE_US (5 * COR_SECOND_US)

typedef void (*record_func)(struct point *point, const struct cor_record *record);

static gboolean each(struct point *point, enum cor_directory directory, const char *type,
                     record_func func, GError **error)
{
    struct cor_reader *reader = point->view->read(point->view, directory, type, error);
    if (!reader)
        return FALSE;
    const struct cor_record *record = NULL;
    gboolean ok;
    while ((ok = reader->next(reader, &record, error)) && record)
        if (record->life == COR_LIVE)
            func(point, record);
    reader->close(reader);
    return ok;
}

static struct cor_record *first(struct point *point, enum cor_directory directory, const char *type,
                                GError **error)
{
    struct cor_reader *reader = point->view->read(point->view, directory, type, error);
    const struct cor_record *record = NULL;
    struct cor_record *found = NULL;
    if (reader && reader->next(reader, &record, error) && record)
        found = point->view->get(point->view, directory, record->key, error);
    if (reader)
        reader->close(reader);
    return found;
}

static void learn_dc(struct point *point, const struct cor_record *record)
{
    const char *id = cor_record_text(record, "invocationId");
    const char *name = cor_record_text(record, "dNSHostName");
    if (id && name)
        g_hash_table_insert(point->dc_names, g_strdup(id), g_strdup(name));
}

static void learn_domain(struct point *point, const struct cor_record *record)
{
    if (point->domain_fqdn)
        return;
    point->domain_fqdn = g_strdup(cor_record_text(record, "dnsRoot"));
    point->domain_netbios = g_strdup(cor_record_text(record, "nETBIOSName"));
    point->domain_dn = g_strdup(cor_record_text(record, "distinguishedName"));
    point->recycle_bin = cor_json_bool(cor_record_get(record, "recycleBinEnabled"));
}

static void learn_identity(struct point *point, const struct cor_record *record)
{
    cor_sync_identities_learn(&point->identities, record);
}

static gboolean learn_tenant(struct point *point, const struct config *config, GError **error)
{
    g_autoptr(GError) failed = NULL;
    COR_RECORD_AUTO *organization = first(point, COR_ENTRA, COR_TYPE_ORGANIZATION, &failed);
    COR_RECORD_AUTO *sync = failed ? NULL : first(point, COR_ENTRA, COR_TYPE_SYNC_CONFIG, &failed);
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    cor_tenant_init(&point->tenant, organization, sync, &config->hints);
    return TRUE;
}

static void learn_halves(struct point *point)
{
    const struct store_half *ad = store_point_half(point->info, COR_AD);
    const struct store_half *entra = store_point_half(point->info, COR_ENTRA);
    point->ad_complete = ad && ad->state == STORE_HALF_COMPLETE;
    point->entra_complete = entra && entra->state == STORE_HALF_COMPLETE;
    point->audit_readable = entra && entra->state != STORE_HALF_FAILED;
    for (guint i = 0; entra && i < entra->problems->len; i++)
        if (strstr(entra->problems->pdata[i], "directory audits"))
            point->audit_readable = FALSE;
    if (entra && entra->stats.peer_clock_us) {
        gint64 offset = entra->stats.peer_clock_us - entra->stats.finished_us;
        if (ABS(offset) > CLOCK_TOLERANCE_US)
            point->entra_clock_offset_us = offset;
    }
}

static gboolean learn(struct point *point, const struct config *config, GError **error)
{
    learn_halves(point);
    if (!learn_tenant(point, config, error) || !each(point, COR_AD, COR_TYPE_DC, learn_dc, error) ||
        !each(point, COR_AD, COR_TYPE_DOMAIN, learn_domain, error) ||
        !each(point, COR_ENTRA, COR_TYPE_SERVICE_PRINCIPAL, learn_identity, error))
        return FALSE;
    if (!point_learn_rules(point, error))
        return FALSE;
    point->flow = (struct cor_flow_context){
        .domain_fqdn = point->domain_fqdn,
        .domain_netbios = point->domain_netbios,
        .tenant = &point->tenant,
        .rules_name = point->rules_name,
        .program = point->rules,
    };
    return TRUE;
}

static struct store_point *find_point(struct store *store, gint64 number, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    return store_point_named(store, text, error);
}

struct point *point_open(const struct config *config, struct store *store, gint64 number,
                         GError **error)
{
    POINT_AUTO *point = g_new0(struct point, 1);
    point->store = store;
    point->dc_names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    cor_sync_identities_init(&point->identities);
    point->info = find_point(store, number, error);
    if (!point->info)
        return NULL;
    point->view = store_view_open(store, number, error);
    if (!point->view || !learn(point, config, error))
        return NULL;
    return g_steal_pointer(&point);
}

void point_close(struct point *point)
{
    if (!point)
        return;
    if (point->view)
        store_view_close(point->view);
    store_point_free(point->info);
    cor_tenant_clear(&point->tenant);
    cor_sync_identities_clear(&point->identities);
    g_hash_table_unref(point->dc_names);
    cor_flow_program_free(point->rules);
    g_free(point->rules_name);
    g_free(point->domain_fqdn);
    g_free(point->domain_netbios);
    g_free(point->domain_dn);
    g_free(point);
}

const char *point_dc_name(void *point, const char *invocation_id)
{
    return g_hash_table_lookup(((struct point *)point)->dc_names, invocation_id);
}

gint64 point_tenant_now(const struct point *point, gint64 now_us)
{
    return now_us + point->entra_clock_offset_us;
}
