/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows for objects that are deleted, missing or to be deleted. What counts is whether the AD
 * half is alive and in scope, since sync then brings the object back; that a half is missing counts
 * only when it was read completely.
 */
#include "correlate/forecast_private.h"

#include <string.h>

static gboolean was_synchronized(const struct cor_record *record)
{
    return record && (cor_json_bool(cor_record_get(record, "onPremisesSyncEnabled")) ||
                      cor_record_get(record, "onPremisesImmutableId") ||
                      cor_record_get(record, "onPremisesSecurityIdentifier"));
}

static const char *restore_user(const struct cor_situation *s, struct cor_judgement *ret)
{
    if (!s->ad)
        return s->ad_complete ? "D5" : cor_forecast_unread(ret);
    if (s->ad->life == COR_DELETED)
        return "D3";
    if (s->ad->life == COR_RECYCLED)
        return "D5";
    if (!cor_forecast_ad_in_scope(s, s->ad))
        return "D6";
    if (s->privileged && s->now_us >= HARD_MATCH_HARDENED_US)
        return "D8";
    if (cor_forecast_is_disabled(s->ad))
        return "D7";
    /* only a running Connect brings it back by itself */
    gboolean waits = !cor_forecast_is_stalled(s) && s->tenant->engine != COR_ENGINE_CLOUDSYNC;
    return waits ? "D1" : "D2";
}

/* Objects without a restorable half in the cloud: only sync can bring them back. */
static const char *restore_by_sync(const struct cor_situation *s, const char *row,
                                   struct cor_judgement *ret)
{
    if (cor_forecast_ad_in_scope(s, s->ad))
        return row;
    return s->ad || s->ad_complete ? "D10" : cor_forecast_unread(ret);
}

const char *cor_forecast_restore(const struct cor_write *write, const struct cor_situation *s,
                                 struct cor_judgement *ret)
{
    gboolean held = s->ad && s->ad->life != COR_LIVE && cor_forecast_is_held(s);
    if (s->entra && s->entra->life == COR_LIVE)
        return held ? "D13" : "E5";
    if (!was_synchronized(s->backup) && !was_synchronized(s->entra))
        return "D15";
    if (cor_soa_of(s->backup ? s->backup : s->entra, s->ad) == COR_SOA_CONVERTED)
        return "D15";
    if (strcmp(write->type, COR_TYPE_DEVICE) == 0)
        return restore_by_sync(s, "D16", ret);
    if (strcmp(write->type, COR_TYPE_CONTACT) == 0)
        return restore_by_sync(s, "D17", ret);
    return restore_user(s, ret);
}

/* A group that was deleted and came back keeps the trace in its metadata. */
static gboolean was_restored_in_ad(const struct cor_record *ad)
{
    return ad && cor_json_get(ad->metadata, "isDeleted");
}

const char *cor_forecast_create(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    gboolean group = strcmp(write->type, COR_TYPE_GROUP) == 0;
    gboolean contact = strcmp(write->type, COR_TYPE_CONTACT) == 0;
    if (!was_synchronized(s->backup) && !contact)
        return "D10";
    if (!s->ad && !s->ad_complete)
        return cor_forecast_unread(ret);
    if (!cor_forecast_ad_in_scope(s, s->ad))
        return group ? "B8" : "D10";
    if (group)
        return was_restored_in_ad(s->ad) ? "D14" : "B7";
    if (contact)
        return "B10";
    /* documented for an AD object that came back; after a purge in the cloud it is inferred */
    ret->doubtful = !was_restored_in_ad(s->ad);
    return strcmp(write->type, COR_TYPE_DEVICE) == 0 ? "B11" : "D9";
}

const char *cor_forecast_delete(const struct cor_write *write, const struct cor_situation *s,
                                enum cor_soa soa, struct cor_judgement *ret)
{
    gboolean group = strcmp(write->type, COR_TYPE_GROUP) == 0;
    gboolean contact = strcmp(write->type, COR_TYPE_CONTACT) == 0;
    if (soa != COR_SOA_ONPREM && (contact || (group && cor_forecast_is_mail_enabled(s->entra))))
        return "C2";
    if (soa != COR_SOA_ONPREM)
        return soa == COR_SOA_CONVERTED ? "C1" : "C9";
    ret->doubtful = TRUE; /* public reports on deleting synchronized objects vary */
    if (group)
        return "B1";
    if (contact)
        return "B9";
    if (!s->ad && !s->ad_complete)
        return cor_forecast_unread(ret);
    ret->agrees = !cor_forecast_ad_in_scope(s, s->ad);
    return strcmp(write->type, COR_TYPE_DEVICE) == 0 ? "B11" : "A24";
}
