/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_TESTS_UNIT_CORRELATE_SITUATION_H
#define ANCHORWATCH_TESTS_UNIT_CORRELATE_SITUATION_H

/* A proposed write and what is known about its object, written down in a few words of JSON, and the
 * forecast of it. */

#include "correlate/forecast.h"
#include "correlate/time.h"
#include "halves.h"

#define KEY     "00112233-4455-6677-8899-aabbccddeeff"
#define ANCHOR  "MyIRAFVEd2aImaq7zN3u/w=="
#define NEW_KEY "897485c7-81a7-42eb-97c6-37ed73077b1f"
#define NOW     ((gint64)1785000000 * COR_SECOND_US) /* 2026-07-25T17:20:00Z */
#define EARLIER ((gint64)1780000000 * COR_SECOND_US) /* before hard match was hardened */

#define SYNCED           "'onPremisesSyncEnabled':true,'onPremisesImmutableId':'" ANCHOR "'"
#define SYNCED_NO_ANCHOR "'onPremisesSyncEnabled':true,'onPremisesSecurityIdentifier':'S-1-5-21-9'"
#define BEHAVIOR(value)  "'onPremisesSyncBehavior':{'isCloudManaged':" value "}"
#define LEFT             "'onPremisesSecurityIdentifier':'S-1-5-21-9'"
#define CONVERTED        BEHAVIOR("true") "," LEFT ",'onPremisesImmutableId':'" ANCHOR "'"
#define ROLLED_BACK      BEHAVIOR("false") "," LEFT ",'onPremisesImmutableId':'" ANCHOR "'"
#define UNLINKED         "'onPremisesSyncEnabled':false,'onPremisesImmutableId':'" ANCHOR "'"

#define AD_USER                                                                                    \
    "'sAMAccountName':'ada','distinguishedName':'CN=Ada,OU=People,DC=lab,DC=example,DC=test',"     \
    "'userPrincipalName':'ada@example.test'"
#define ENABLED     "'userAccountControl':512"
#define DISABLED    "'userAccountControl':514"
#define AD_GROUP    "'groupType':-2147483646,'distinguishedName':'CN=Crew,DC=lab'"
#define AD_CONTACT  "'mail':'out@partner.test','distinguishedName':'CN=Out,DC=lab'"
#define AD_COMPUTER "'userCertificate':['AAAA'],'distinguishedName':'CN=PC,DC=lab'"

struct situation {
    const char *row;
    const char *verdict;
    const char *type, *attribute, *live, *target;
    const char *entra, *ad; /* JSON, NULL: none */
    enum cor_life entra_life, ad_life;
    enum cor_action action;
    enum cor_engine engine;
    const char *backup, *twin, *holder, *linked, *linked_type;
    const char *metadata; /* of the AD record */
    const char *features;
    const char *suppressed;
    gint64 now_us; /* 0: NOW */
    guint64 pending;
    const char *exchange; /* IsExchangeCloudManaged: "yes", "no", NULL unknown */
    gboolean privileged, incomplete, stalled, sync_off, in_ad;
    gboolean plain_twin; /* the twin has another objectGUID and no copied anchor */
};

#define UPDATE(name, from, to)                                                                     \
    .action = COR_ACTION_UPDATE, .attribute = (name), .live = (from), .target = (to)
#define USER   .type = "user"
#define GROUP  .type = "group"
#define DEVICE .type = "device"

static inline struct cor_record *situation_record(enum cor_directory directory, const char *type,
                                                  const char *key, const char *attributes)
{
    return attributes ? halves_record(directory, type, key, attributes) : NULL;
}

static inline void situation_tenant(const struct situation *s, gint64 now_us,
                                    struct cor_tenant *tenant)
{
    struct cor_tenant_hints hints = {
        s->engine ? s->engine : COR_ENGINE_CONNECT,
        0,
        COR_UNKNOWN,
        COR_UNKNOWN,
        COR_UNKNOWN,
        COR_UNKNOWN,
    };
    g_autofree char *last =
        cor_time_text(now_us - (s->stalled ? 4 * COR_HOUR_US : 10 * COR_MINUTE_US));
    g_autofree char *json =
        g_strdup_printf("{'onPremisesSyncEnabled':%s,'onPremisesLastSyncDateTime':'%s'}",
                        s->sync_off ? "false" : "true", last);
    g_autofree char *config = g_strdup_printf("{'features':%s}", s->features ? s->features : "{}");
    COR_RECORD_AUTO *organization = halves_record(COR_ENTRA, COR_TYPE_ORGANIZATION, "o", json);
    COR_RECORD_AUTO *sync = halves_record(COR_ENTRA, COR_TYPE_SYNC_CONFIG, "c", config);
    if (s->engine == COR_ENGINE_CLOUDSYNC)
        hints.interval_us = 30 * COR_MINUTE_US;
    cor_tenant_init(tenant, organization, sync, &hints);
}

/* Runs one situation; the caller clears the forecast. */
static inline void foresee(const struct situation *s, struct cor_forecast *ret)
{
    const char *ad_type = cor_flow_peer_type(COR_ENTRA, s->type);
    COR_RECORD_AUTO *entra = situation_record(COR_ENTRA, s->type, "e1", s->entra);
    COR_RECORD_AUTO *backup = situation_record(COR_ENTRA, s->type, "e1", s->backup);
    COR_RECORD_AUTO *ad = situation_record(COR_AD, ad_type, KEY, s->ad);
    COR_RECORD_AUTO *twin =
        situation_record(COR_AD, ad_type, s->plain_twin ? NEW_KEY : KEY, s->twin);
    COR_RECORD_AUTO *holder = situation_record(COR_ENTRA, "user", "e2", s->holder);
    COR_RECORD_AUTO *linked =
        situation_record(COR_ENTRA, s->linked_type ? s->linked_type : "user", "e3", s->linked);
    COR_JSON_AUTO *live = s->live ? halves_json(s->live) : NULL;
    COR_JSON_AUTO *target = s->target ? halves_json(s->target) : NULL;
    g_autoptr(GHashTable) suppressed = g_hash_table_new(g_str_hash, g_str_equal);
    struct cor_tenant tenant;
    gint64 now_us = s->now_us ? s->now_us : NOW;
    situation_tenant(s, now_us, &tenant);
    if (entra)
        entra->life = s->entra_life;
    if (ad)
        ad->life = s->ad_life;
    if (s->metadata)
        halves_metadata(ad, s->metadata);
    if (s->suppressed)
        g_hash_table_add(suppressed, (void *)s->suppressed);
    struct cor_flow_context flow = {
        .domain_fqdn = "lab.example.test",
        .tenant = &tenant,
        .rules_name = "default rules",
        .suppressed = suppressed,
    };
    struct cor_write write = {.action = s->action,
                              .in_ad = s->in_ad,
                              .type = s->type,
                              .attribute = s->attribute,
                              .live = live,
                              .target = target};
    struct cor_situation situation = {
        .entra = entra,
        .backup = backup,
        .ad = ad,
        .ad_twin = twin,
        .holder = holder,
        .target = linked,
        .ad_complete = !s->incomplete,
        .privileged = s->privileged,
        .exchange_cloud_managed = !s->exchange                      ? COR_UNKNOWN
                                  : strcmp(s->exchange, "yes") == 0 ? COR_YES
                                                                    : COR_NO,
        .pending_deletions = s->pending,
        .flow = &flow,
        .tenant = &tenant,
        .now_us = now_us,
    };
    cor_forecast(&write, &situation, ret);
    cor_tenant_clear(&tenant);
}

#endif
