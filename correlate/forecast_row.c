/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which row of the decision table a proposed write falls under. The order of questions: is the
 * object deleted, is the value there already, who masters the object, what kind of property is it,
 * what does AD imply. Health and engine come later: they choose the column, not the row.
 */
#include "correlate/forecast_private.h"

#include "correlate/identity.h"
#include "correlate/semantic.h"
#include "correlate/time.h"

#include <string.h>

#define UAC_DISABLED 2

/* --- facts about the situation --------------------------------------------------------------- */

gboolean cor_forecast_ad_in_scope(const struct cor_situation *situation,
                                  const struct cor_record *ad)
{
    const char *why = NULL;
    return ad && ad->life == COR_LIVE && cor_flow_in_scope(ad, situation->flow, &why);
}

gboolean cor_forecast_is_disabled(const struct cor_record *ad)
{
    gint64 control = 0;
    return ad && cor_record_int(ad, "userAccountControl", &control) && (control & UAC_DISABLED);
}

void cor_forecast_implied(const struct cor_write *write, const struct cor_situation *situation,
                          struct cor_flow_value *ret)
{
    const struct cor_flow_rule *rule =
        cor_flow_rule_for(situation->flow, write->type, write->attribute);
    const struct cor_record *ad = situation->ad ? situation->ad : situation->ad_twin;
    *ret = (struct cor_flow_value){.result = COR_FLOW_LEAVE, .rule = rule};
    if (rule && ad && ad->life == COR_LIVE)
        cor_flow_evaluate(rule, ad, situation->flow, ret);
}

gboolean cor_forecast_agrees(const struct cor_write *write, const struct cor_situation *situation,
                             gboolean *ret_left)
{
    struct cor_flow_value implied;
    cor_forecast_implied(write, situation, &implied);
    *ret_left = implied.result == COR_FLOW_LEAVE || implied.result == COR_FLOW_ERROR;
    gboolean agrees = !*ret_left && cor_flow_agrees(&implied, write->target);
    cor_flow_value_clear(&implied);
    return agrees;
}

gboolean cor_forecast_is_extension(const char *attribute)
{
    return g_str_has_prefix(attribute, "onPremisesExtensionAttributes");
}

gboolean cor_forecast_is_read_only(const char *type, const char *attribute)
{
    if (cor_forecast_is_extension(attribute))
        return FALSE;
    return cor_owner_of(NULL, COR_SOA_CLOUD, type, attribute) == COR_OWNER_SYSTEM;
}

static gboolean has_group_type(const struct cor_record *entra, const char *kind)
{
    const struct cor_json *kinds = cor_record_get(entra, "groupTypes");
    for (const struct cor_json *n = cor_json_first(kinds); n; n = cor_json_next(n))
        if (g_strcmp0(cor_json_string(n), kind) == 0)
            return TRUE;
    return FALSE;
}

gboolean cor_forecast_is_mail_enabled(const struct cor_record *entra)
{
    return cor_json_bool(cor_record_get(entra, "mailEnabled")) && !has_group_type(entra, "Unified");
}

gboolean cor_forecast_is_held(const struct cor_situation *situation)
{
    gint64 threshold = situation->tenant->deletion_threshold;
    return threshold > 0 && situation->pending_deletions > (guint64)threshold;
}

gboolean cor_forecast_is_stalled(const struct cor_situation *situation)
{
    return cor_tenant_health(situation->tenant, situation->now_us) == COR_SYNC_STALLED ||
           cor_forecast_is_held(situation);
}

gboolean cor_forecast_is_enforced(const struct cor_record *ad)
{
    return ad && g_strcmp0(cor_record_first(ad, "msDS-ObjectSoa"), "Cloud") == 0;
}

void cor_forecast_settle(struct cor_judgement *ret, enum cor_verdict verdict, const char *remark)
{
    ret->settled = TRUE;
    ret->verdict = verdict;
    ret->remark = remark;
}

const char *cor_forecast_unread(struct cor_judgement *ret)
{
    ret->remark = "The AD half was not read completely, so the missing AD object proves nothing.";
    return "E1";
}

/* --- links ----------------------------------------------------------------------------------- */

static const char *judge_group_link(const struct cor_write *write, const struct cor_situation *s,
                                    enum cor_soa soa, struct cor_judgement *ret)
{
    gboolean member = strcmp(write->attribute, "member") == 0;
    if (soa == COR_SOA_ONPREM) {
        ret->doubtful = !member;
        return !member ? "B1" : cor_forecast_is_mail_enabled(s->entra) ? "B3" : "B2";
    }
    if (cor_forecast_is_mail_enabled(s->entra))
        return "C2";
    if (member && has_group_type(s->entra, "DynamicMembership")) {
        ret->remark = "The service computes the members of a dynamic group from its rule.";
        return "A16";
    }
    if (soa == COR_SOA_CONVERTED)
        return "C1";
    if (soa == COR_SOA_ROLLBACK_PENDING)
        return "C5";
    if (s->target && cor_soa_of(s->target, NULL) == COR_SOA_ONPREM)
        return strcmp(s->target->type, COR_TYPE_GROUP) == 0 ? "B5" : "B6";
    return "C9";
}

static const char *judge_user_link(const struct cor_write *write, const struct cor_situation *s,
                                   enum cor_soa soa)
{
    gboolean fed = cor_flow_rule_for(s->flow, write->type, write->attribute) != NULL;
    gboolean contact = strcmp(write->type, COR_TYPE_CONTACT) == 0;
    if (soa == COR_SOA_ONPREM && fed)
        return contact ? "B9" : "A1";
    if (contact)
        return "C2";
    if (soa == COR_SOA_ONPREM)
        return "A12";
    if (soa == COR_SOA_ROLLBACK_PENDING && fed)
        return "C5";
    return soa == COR_SOA_CONVERTED ? "C1" : "C9";
}

static const char *judge_link(const struct cor_write *write, const struct cor_situation *s,
                              enum cor_soa soa, struct cor_judgement *ret)
{
    const char *row = strcmp(write->type, COR_TYPE_GROUP) == 0
                          ? judge_group_link(write, s, soa, ret)
                          : judge_user_link(write, s, soa);
    if (write->action != COR_ACTION_LINK || cor_forecast_row(row)->running == COR_VERDICT_REFUSED)
        return row;
    if (!s->target) {
        ret->remark = "What is linked to does not exist any more, or could not be read.";
        ret->doubtful = TRUE;
        return "D10";
    }
    if (s->target->life != COR_LIVE)
        ret->remark = "What is linked to is among the deleted items: restore it first; its links "
                      "come back with it.";
    return row;
}

/* --- cloud-owned objects --------------------------------------------------------------------- */

static const char *judge_converted(const struct cor_write *write, const struct cor_situation *s)
{
    gboolean group = strcmp(write->type, COR_TYPE_GROUP) == 0;
    static const char *const identity[] = {
        "onPremisesDistinguishedName",  "onPremisesDomainName",
        "onPremisesImmutableId",        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName",
        "onPremisesObjectIdentifier",   NULL};
    if (group && cor_forecast_is_extension(write->attribute))
        return "C3";
    if (strcmp(write->type, COR_TYPE_USER) == 0 && g_strv_contains(identity, write->attribute))
        return "C4";
    if (cor_forecast_is_read_only(write->type, write->attribute))
        return "A16";
    return s->ad && (s->ad->life != COR_LIVE || cor_forecast_is_disabled(s->ad)) ? "C8" : "C1";
}

/* Would the service tie an AD object that arrives as new to this cloud object? The reason when it
 * would not (Connect: install-existing-tenant). */
static const char *why_no_match(const struct cor_situation *s, const struct cor_record *ad,
                                gboolean hard)
{
    g_autofree char *anchor = cor_anchor_of(ad);
    const char *immutable = cor_record_text(s->entra, "onPremisesImmutableId");
    if (hard)
        return NULL;
    if (s->tenant->block_soft_match == COR_YES)
        return "The tenant blocks soft match, so the AD object does not take it over.";
    if (immutable && g_strcmp0(anchor, immutable) != 0)
        return "It carries another immutable ID, so a soft match ends in InvalidSoftMatch.";
    return NULL;
}

static gboolean is_hard(const struct cor_situation *s, const struct cor_record *ad)
{
    g_autofree char *anchor = cor_anchor_of(ad);
    return anchor && g_strcmp0(anchor, cor_record_text(s->entra, "onPremisesImmutableId")) == 0;
}

/* What AD would make of the property once it has taken the object over; what has no AD value
 * keeps the cloud value. */
static gboolean survives_takeover(const struct cor_write *write, const struct cor_situation *s)
{
    struct cor_flow_value implied;
    gboolean left, agrees = cor_forecast_agrees(write, s, &left);
    cor_forecast_implied(write, s, &implied);
    gboolean empty = implied.result != COR_FLOW_VALUE;
    cor_flow_value_clear(&implied);
    return agrees || left || empty;
}

/* A cloud-owned object that an AD object would take over; NULL when none is in scope. */
static const char *judge_takeover(const struct cor_write *write, const struct cor_situation *s,
                                  const struct cor_record *ad, struct cor_judgement *ret)
{
    if (!ad || !cor_forecast_ad_in_scope(s, ad))
        return NULL;
    gboolean hard = is_hard(s, ad);
    if (s->privileged && (!hard || s->now_us >= HARD_MATCH_HARDENED_US))
        return "C12";
    ret->agrees = survives_takeover(write, s);
    ret->remark = why_no_match(s, ad, hard);
    if (ret->remark)
        ret->agrees = TRUE;
    if (hard && s->tenant->block_hard_match == COR_YES)
        cor_forecast_settle(
            ret, COR_VERDICT_CONFLICT,
            "The tenant blocks takeover by hard match: the write stays, and the AD object ends "
            "in InvalidHardMatch.");
    return hard ? "C11" : "C10";
}

static const char *judge_cloud(const struct cor_write *write, const struct cor_situation *s,
                               enum cor_soa soa, struct cor_judgement *ret)
{
    if (cor_forecast_is_read_only(write->type, write->attribute) &&
        strcmp(write->attribute, "onPremisesImmutableId") != 0)
        return "A16";
    const char *row = judge_takeover(write, s, s->ad ? s->ad : s->ad_twin, ret);
    if (row)
        return row;
    return soa == COR_SOA_UNLINKED ? "C13" : "C9";
}

static const char *judge_rollback(const struct cor_write *write, const struct cor_situation *s,
                                  struct cor_judgement *ret)
{
    gboolean left;
    if (cor_forecast_is_read_only(write->type, write->attribute))
        return "A16";
    if (!cor_flow_rule_for(s->flow, write->type, write->attribute))
        return "C9";
    ret->agrees = cor_forecast_agrees(write, s, &left);
    return "C5";
}

/* Graph has no write for these at all; Exchange Online has. */
static gboolean is_exchange_only(const struct cor_write *write, const struct cor_situation *s)
{
    return strcmp(write->type, COR_TYPE_CONTACT) == 0 ||
           (strcmp(write->type, COR_TYPE_GROUP) == 0 && cor_forecast_is_mail_enabled(s->entra));
}

static const char *judge_update(const struct cor_write *write, const struct cor_situation *s,
                                enum cor_soa soa, struct cor_judgement *ret)
{
    if (g_str_has_prefix(write->attribute, "onPremisesSyncBehavior"))
        return cor_json_bool(write->target) || cor_json_get_bool(write->target, "isCloudManaged")
                   ? "C7"
                   : "E8";
    if (soa != COR_SOA_ONPREM && soa != COR_SOA_UNKNOWN && is_exchange_only(write, s))
        return "C2";
    switch (soa) {
    case COR_SOA_ONPREM:
        return cor_forecast_synced(write, s, ret);
    case COR_SOA_CONVERTED:
        return judge_converted(write, s);
    case COR_SOA_ROLLBACK_PENDING:
        return judge_rollback(write, s, ret);
    case COR_SOA_UNLINKED:
    case COR_SOA_CLOUD:
    case COR_SOA_AD_ONLY:
        return judge_cloud(write, s, soa, ret);
    case COR_SOA_UNKNOWN:
        break;
    }
    return "E1";
}

/* --- all together ---------------------------------------------------------------------------- */

static const char *judge_in_ad(const struct cor_write *write, const struct cor_situation *s)
{
    if (cor_forecast_is_enforced(s->ad))
        return "A23";
    if (write->action == COR_ACTION_RESTORE)
        return s->ad && s->ad->life == COR_DELETED ? "D4" : "D5";
    return "E4";
}

/* With sync off for the tenant nothing overwrites; it may be turned on again. */
static const char *judge_sync_off(const struct cor_write *write, const struct cor_situation *s)
{
    gboolean fed = write->attribute && cor_flow_rule_for(s->flow, write->type, write->attribute);
    if (s->tenant->sync_enabled != COR_NO || write->action != COR_ACTION_UPDATE || !fed)
        return NULL;
    if (cor_soa_of(s->entra, s->ad) == COR_SOA_ONPREM ||
        cor_forecast_is_read_only(write->type, write->attribute))
        return NULL;
    return s->ad && is_hard(s, s->ad) && s->ad->life == COR_LIVE ? "C15" : "C14";
}

static gboolean is_no_op(const struct cor_write *write)
{
    return write->action == COR_ACTION_UPDATE && write->attribute &&
           cor_value_equal(cor_traits(COR_ENTRA, write->type, write->attribute), write->live,
                           write->target);
}

gboolean cor_forecast_knows(const char *type)
{
    static const char *const known[] = {COR_TYPE_USER,
                                        COR_TYPE_GROUP,
                                        COR_TYPE_CONTACT,
                                        COR_TYPE_DEVICE,
                                        COR_TYPE_APPLICATION,
                                        COR_TYPE_SERVICE_PRINCIPAL,
                                        COR_TYPE_CA_POLICY,
                                        COR_TYPE_NAMED_LOCATION,
                                        COR_TYPE_AUTH_METHODS,
                                        COR_TYPE_AUTHORIZATION,
                                        COR_TYPE_ORGANIZATION,
                                        COR_TYPE_SYNC_CONFIG,
                                        NULL};
    return type && g_strv_contains(known, type);
}

/* Links that a row of the table speaks of. */
static gboolean knows_link(const char *kind)
{
    static const char *const known[] = {"member", "owner", "manager", "sponsor", NULL};
    return g_strv_contains(known, kind);
}

static gboolean is_outside(const struct cor_write *write)
{
    gboolean link = write->action == COR_ACTION_LINK || write->action == COR_ACTION_UNLINK;
    return !cor_forecast_knows(write->type) ||
           (link && write->attribute && !knows_link(write->attribute));
}

void cor_forecast_judge(const struct cor_write *write, const struct cor_situation *situation,
                        struct cor_judgement *ret)
{
    const struct cor_situation *s = situation;
    enum cor_soa soa = s->entra ? cor_soa_of(s->entra, s->ad) : COR_SOA_CLOUD;
    *ret = (struct cor_judgement){0};
    if (write->in_ad)
        ret->row = judge_in_ad(write, s);
    else if (is_outside(write))
        ret->row = is_no_op(write) ? "E5" : "E9";
    else if (write->action == COR_ACTION_RESTORE)
        ret->row = s->holder ? "E2" : cor_forecast_restore(write, s, ret);
    else if (write->action == COR_ACTION_CREATE || !s->entra)
        ret->row = cor_forecast_create(write, s, ret);
    else if (is_no_op(write))
        ret->row = "E5";
    else if (judge_sync_off(write, s))
        ret->row = judge_sync_off(write, s);
    else if (soa == COR_SOA_UNKNOWN)
        ret->row = "E1";
    else if (write->action == COR_ACTION_SOFT_DELETE)
        ret->row = cor_forecast_delete(write, s, soa, ret);
    else if (write->action == COR_ACTION_LINK || write->action == COR_ACTION_UNLINK)
        ret->row = judge_link(write, s, soa, ret);
    else if (s->holder && soa != COR_SOA_ONPREM)
        ret->row = "E2";
    else
        ret->row = judge_update(write, s, soa, ret);
}
