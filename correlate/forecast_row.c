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
/* From 2026-07-01 the service refuses a hard match onto a privileged user (Connect:
 * install-existing-tenant). */
#define HARD_MATCH_HARDENED_US ((gint64)1782864000 * COR_SECOND_US)

/* --- facts about the situation --------------------------------------------------------------- */

gboolean cor_forecast_ad_in_scope(const struct cor_situation *situation,
                                  const struct cor_record *ad)
{
    const char *why = NULL;
    return ad && ad->life == COR_LIVE && cor_flow_in_scope(ad, situation->flow, &why);
}

static gboolean ad_is_disabled(const struct cor_record *ad)
{
    gint64 control = 0;
    return ad && cor_record_int(ad, "userAccountControl", &control) && (control & UAC_DISABLED);
}

void cor_forecast_implied(const struct cor_write *write, const struct cor_situation *situation,
                          struct cor_flow_value *ret)
{
    const struct cor_flow_rule *rule = cor_flow_rule_for(write->type, write->attribute);
    const struct cor_record *ad = situation->ad ? situation->ad : situation->ad_twin;
    *ret = (struct cor_flow_value){.result = COR_FLOW_LEAVE, .rule = rule};
    if (rule && ad && ad->life == COR_LIVE)
        cor_flow_evaluate(rule, ad, situation->flow, ret);
}

/* Does AD, by the rules, give what is to be written (or leave it alone)? */
static gboolean implied_agrees(const struct cor_write *write, const struct cor_situation *situation,
                               gboolean *ret_left)
{
    struct cor_flow_value implied;
    cor_forecast_implied(write, situation, &implied);
    *ret_left = implied.result == COR_FLOW_LEAVE || implied.result == COR_FLOW_ERROR;
    gboolean agrees = !*ret_left && cor_flow_agrees(&implied, write->target);
    cor_flow_value_clear(&implied);
    return agrees;
}

static gboolean has_prefix(const char *text, const char *prefix)
{
    return text && g_str_has_prefix(text, prefix);
}

static gboolean is_extension(const char *attribute)
{
    return has_prefix(attribute, "onPremisesExtensionAttributes");
}

/* Nobody can write it through Graph. */
static gboolean is_read_only(const char *type, const char *attribute)
{
    if (is_extension(attribute))
        return FALSE;
    return cor_owner_of(COR_SOA_CLOUD, type, attribute) == COR_OWNER_SYSTEM;
}

static gboolean has_group_type(const struct cor_record *entra, const char *kind)
{
    const struct cor_json *kinds = cor_record_get(entra, "groupTypes");
    for (const struct cor_json *n = cor_json_first(kinds); n; n = cor_json_next(n))
        if (g_strcmp0(cor_json_string(n), kind) == 0)
            return TRUE;
    return FALSE;
}

/* A distribution list or mail-enabled security group: not writable through Graph, whoever owns it.
 * Microsoft 365 groups are mail-enabled too, but Graph's own. */
static gboolean is_mail_enabled(const struct cor_record *entra)
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

static void settle(struct cor_judgement *ret, enum cor_verdict verdict, const char *remark)
{
    ret->settled = TRUE;
    ret->verdict = verdict;
    ret->remark = remark;
}

/* The AD half may exist, but the half of the backup point is partial: nothing follows. */
static const char *unread_half(struct cor_judgement *ret)
{
    ret->remark = "The AD half was not read completely, so the missing AD object proves nothing.";
    return "E1";
}

static gboolean was_synchronized(const struct cor_record *record)
{
    return record && (cor_json_bool(cor_record_get(record, "onPremisesSyncEnabled")) ||
                      cor_record_get(record, "onPremisesImmutableId") ||
                      cor_record_get(record, "onPremisesSecurityIdentifier"));
}

static const char *row_if(gboolean condition, const char *row)
{
    return condition ? row : NULL;
}

/* --- deleted and missing objects ------------------------------------------------------------- */

static const char *restore_user(const struct cor_situation *s, struct cor_judgement *ret)
{
    if (!s->ad)
        return s->ad_complete ? "D5" : unread_half(ret);
    if (s->ad->life == COR_DELETED)
        return "D3";
    if (s->ad->life == COR_RECYCLED)
        return "D5";
    if (!cor_forecast_ad_in_scope(s, s->ad))
        return "D6";
    if (s->privileged && s->now_us >= HARD_MATCH_HARDENED_US)
        return "D8";
    if (ad_is_disabled(s->ad))
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
    return s->ad || s->ad_complete ? "D10" : unread_half(ret);
}

static const char *judge_restore(const struct cor_write *write, const struct cor_situation *s,
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

static const char *judge_create(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    gboolean group = strcmp(write->type, COR_TYPE_GROUP) == 0;
    gboolean contact = strcmp(write->type, COR_TYPE_CONTACT) == 0;
    if (!was_synchronized(s->backup) && !contact)
        return "D10";
    if (!s->ad && !s->ad_complete)
        return unread_half(ret);
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

static const char *judge_soft_delete(const struct cor_write *write, const struct cor_situation *s,
                                     enum cor_soa soa, struct cor_judgement *ret)
{
    gboolean group = strcmp(write->type, COR_TYPE_GROUP) == 0;
    gboolean contact = strcmp(write->type, COR_TYPE_CONTACT) == 0;
    if (soa != COR_SOA_ONPREM && (contact || (group && is_mail_enabled(s->entra))))
        return "C2";
    if (soa != COR_SOA_ONPREM)
        return soa == COR_SOA_CONVERTED ? "C1" : "C9";
    ret->doubtful = TRUE; /* public reports on deleting synchronized objects vary */
    if (group)
        return "B1";
    if (contact)
        return "B9";
    if (!s->ad && !s->ad_complete)
        return unread_half(ret);
    ret->agrees = !cor_forecast_ad_in_scope(s, s->ad);
    return strcmp(write->type, COR_TYPE_DEVICE) == 0 ? "B11" : "A24";
}

/* --- links ----------------------------------------------------------------------------------- */

static const char *judge_group_link(const struct cor_write *write, const struct cor_situation *s,
                                    enum cor_soa soa, struct cor_judgement *ret)
{
    gboolean member = strcmp(write->attribute, "member") == 0;
    if (soa == COR_SOA_ONPREM) {
        ret->doubtful = !member;
        return !member ? "B1" : is_mail_enabled(s->entra) ? "B3" : "B2";
    }
    if (is_mail_enabled(s->entra))
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

static const char *judge_user_link(const struct cor_write *write, enum cor_soa soa)
{
    gboolean fed = cor_flow_rule_for(write->type, write->attribute) != NULL;
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
                          : judge_user_link(write, soa);
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

/* --- synchronized objects -------------------------------------------------------------------- */

static gboolean is_exchange_owned(const char *attribute)
{
    return is_extension(attribute) || strcmp(attribute, "mail") == 0 ||
           strcmp(attribute, "proxyAddresses") == 0;
}

static const char *judge_exchange(const struct cor_write *write, const struct cor_situation *s)
{
    if (has_prefix(write->attribute, "msExch") || strcmp(write->attribute, "publicDelegates") == 0)
        return "A18";
    if (!is_exchange_owned(write->attribute) || s->exchange_cloud_managed == COR_UNKNOWN)
        return NULL;
    return s->exchange_cloud_managed == COR_YES ? "A19" : "A20";
}

static gboolean in_quarantine(const struct cor_situation *s, const char *attribute)
{
    const struct cor_json *errors = cor_record_get(s->entra, "onPremisesProvisioningErrors");
    for (const struct cor_json *n = cor_json_first(errors); n; n = cor_json_next(n)) {
        const char *cause = cor_json_get_string(n, "propertyCausingError");
        gboolean proxy =
            g_strcmp0(cause, "ProxyAddress") == 0 && strcmp(attribute, "proxyAddresses") == 0;
        if (proxy || (cause && g_ascii_strcasecmp(cause, attribute) == 0))
            return TRUE;
    }
    return FALSE;
}

/* An AD object that was made anew in place of the one the cloud object is tied to. */
static const char *judge_twin(const struct cor_situation *s)
{
    const char *known = cor_record_text(s->entra, "onPremisesObjectIdentifier");
    const char *immutable = cor_record_text(s->entra, "onPremisesImmutableId");
    gboolean alive = s->ad && s->ad->life == COR_LIVE;
    if (alive && known && g_ascii_strcasecmp(known, s->ad->key) != 0)
        return "D12";
    if (alive || !s->ad_twin)
        return NULL;
    g_autofree char *anchor = cor_anchor_of(s->ad_twin);
    return anchor && g_strcmp0(anchor, immutable) == 0 ? "D12" : "D11";
}

/* A write that Graph accepts on a synchronized object whose AD half is going or gone: the object
 * itself will not stay as it is. NULL: the AD half is well, or nothing is known against it. */
static const char *judge_lost_half(const struct cor_situation *s, struct cor_judgement *ret)
{
    const char *twin = judge_twin(s);
    if (twin || !s->ad)
        return twin;
    if (s->ad->life != COR_LIVE && cor_forecast_is_held(s)) {
        settle(ret, COR_VERDICT_DURABLE,
               "The deletion in AD is held by the deletion guard, and the cloud object with it.");
        return "D13";
    }
    if (s->ad->life != COR_LIVE) {
        settle(ret, COR_VERDICT_OVERWRITTEN,
               "The AD object is deleted and the deletion guard lets it pass: the next cycle "
               "deletes the cloud object, and the write with it.");
        return "D13";
    }
    if (cor_forecast_ad_in_scope(s, s->ad))
        return NULL;
    settle(ret, COR_VERDICT_OVERWRITTEN,
           "The AD object has left the scope of synchronization: the next cycle deletes the cloud "
           "object, and the write with it.");
    return "D6";
}

static const char *judge_shared(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    gboolean left, agrees = implied_agrees(write, s, &left);
    if (!s->ad && !s->ad_complete)
        return unread_half(ret);
    ret->agrees = agrees;
    if (strcmp(write->attribute, "accountEnabled") == 0)
        return agrees || left ? "A6" : "A5";
    return left ? "A7" : "A8";
}

static const char *judge_password(const struct cor_write *write, const struct cor_situation *s,
                                  struct cor_judgement *ret)
{
    const struct cor_tenant *tenant = s->tenant;
    ret->doubtful = tenant->password_hash_sync == COR_UNKNOWN;
    ret->agrees = tenant->password_hash_sync == COR_NO;
    if (strcmp(write->attribute, "passwordProfile") == 0)
        return tenant->password_writeback == COR_YES ? "A10" : "A9";
    gboolean restamped =
        tenant->password_hash_sync != COR_NO && tenant->cloud_password_policy != COR_YES;
    return restamped ? "A11" : "A13";
}

static gboolean has_override(const struct cor_write *write, const struct cor_situation *s)
{
    struct cor_write as_is = *write;
    gboolean left;
    as_is.target = write->live;
    return strcmp(write->attribute, "mobilePhone") == 0 && s->tenant->bypass_overrides == COR_NO &&
           !implied_agrees(&as_is, s, &left) && !left;
}

/* Properties with a row of their own; anything else goes by its rule. */
static const char *judge_special(const struct cor_write *write, const struct cor_situation *s,
                                 struct cor_judgement *ret)
{
    static const char *const shared[] = {"accountEnabled", "usageLocation", NULL};
    static const char *const password[] = {"passwordProfile", "passwordPolicies", NULL};
    static const char *const cloud_only[] = {"assignedLicenses",
                                             "appRoleAssignments",
                                             "customSecurityAttributes",
                                             "extensions",
                                             "aboutMe",
                                             "birthday",
                                             "hireDate",
                                             "interests",
                                             "mySite",
                                             "pastProjects",
                                             "preferredName",
                                             "responsibilities",
                                             "schools",
                                             "skills",
                                             NULL};
    const char *attribute = write->attribute;
    if (strcmp(attribute, "onPremisesImmutableId") == 0 ||
        strcmp(attribute, "onPremisesObjectIdentifier") == 0)
        return "A17";
    if (g_strv_contains(shared, attribute))
        return judge_shared(write, s, ret);
    if (g_strv_contains(password, attribute))
        return judge_password(write, s, ret);
    if (strcmp(attribute, "preferredDataLocation") == 0)
        return s->ad && cor_record_get(s->ad, "msDS-preferredDataLocation") ? "A15" : "A13";
    if (has_prefix(attribute, "extension_")) {
        settle(ret, COR_VERDICT_UNKNOWN,
               "Whether the sync engine feeds this directory extension is not known here.");
        return "A14";
    }
    if (g_strv_contains(cloud_only, attribute))
        return "A12";
    if (has_prefix(attribute, "employeeHireDate") ||
        has_prefix(attribute, "employeeLeaveDateTime") || has_prefix(attribute, "employeeOrgData"))
        return "A4";
    return row_if(has_override(write, s), "A21");
}

static gboolean source_present(const struct cor_flow_rule *rule, const struct cor_record *ad)
{
    g_auto(GStrv) names = g_strsplit(rule->sources, " ", 0);
    for (guint i = 0; ad && names[i]; i++)
        if (cor_record_get(ad, names[i]))
            return TRUE;
    return FALSE;
}

static const char *judge_by_rule(const struct cor_write *write, const struct cor_situation *s)
{
    const struct cor_flow_rule *rule = cor_flow_rule_for(write->type, write->attribute);
    GHashTable *suppressed = s->flow->suppressed;
    if (is_read_only(write->type, write->attribute))
        return "A16";
    if (!rule)
        return "A13";
    if (rule->flags & COR_FLOW_WRITABLE)
        return source_present(rule, s->ad) ? "A14" : "A13";
    if (suppressed && g_hash_table_contains(suppressed, write->attribute))
        return "A3";
    return rule->kind == COR_FLOW_EXPRESSION ? "A2" : "A1";
}

static const char *judge_synced_user(const struct cor_write *write, const struct cor_situation *s,
                                     struct cor_judgement *ret)
{
    const char *row = judge_exchange(write, s);
    gboolean fed = cor_flow_rule_for(write->type, write->attribute) != NULL;
    if (!row && in_quarantine(s, write->attribute))
        row = "A22";
    if (!row)
        row = judge_special(write, s, ret);
    if (!row && fed && s->backup && cor_soa_of(s->backup, NULL) == COR_SOA_CONVERTED)
        row = "C6";
    return row ? row : judge_by_rule(write, s);
}

static const char *judge_synced_group(const struct cor_write *write, struct cor_judgement *ret)
{
    if (strcmp(write->attribute, "isAssignableToRole") == 0)
        return "B13";
    if (strcmp(write->attribute, "assignedLicenses") == 0 ||
        strcmp(write->attribute, "appRoleAssignments") == 0)
        return "B4";
    gboolean fed = cor_flow_rule_for(write->type, write->attribute) != NULL;
    if (!fed && is_read_only(write->type, write->attribute))
        return "A16";
    ret->doubtful = !fed; /* only what flows is reported as refused */
    return "B1";
}

static const char *judge_synced_device(const struct cor_write *write, const struct cor_situation *s,
                                       struct cor_judgement *ret)
{
    gboolean left;
    if (strcmp(write->attribute, "accountEnabled") != 0)
        return cor_flow_rule_for(write->type, write->attribute) ||
                       is_read_only(write->type, write->attribute)
                   ? "A16"
                   : "A13";
    if (!s->ad && !s->ad_complete)
        return unread_half(ret);
    ret->agrees = implied_agrees(write, s, &left) || left;
    return "B12";
}

static const char *judge_by_type(const struct cor_write *write, const struct cor_situation *s,
                                 struct cor_judgement *ret)
{
    if (strcmp(write->type, COR_TYPE_GROUP) == 0)
        return judge_synced_group(write, ret);
    if (strcmp(write->type, COR_TYPE_DEVICE) == 0)
        return judge_synced_device(write, s, ret);
    if (strcmp(write->type, COR_TYPE_CONTACT) == 0)
        return "B9";
    return judge_synced_user(write, s, ret);
}

static const char *judge_synced(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    const char *row = judge_by_type(write, s, ret);
    /* refusal is decided by mastership, whatever becomes of the AD half */
    if (cor_forecast_row(row)->running == COR_VERDICT_REFUSED || strcmp(row, "E1") == 0)
        return row;
    const char *lost = judge_lost_half(s, ret);
    return lost ? lost : row;
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
    if (group && is_extension(write->attribute))
        return "C3";
    if (strcmp(write->type, COR_TYPE_USER) == 0 && g_strv_contains(identity, write->attribute))
        return "C4";
    if (is_read_only(write->type, write->attribute))
        return "A16";
    return s->ad && (s->ad->life != COR_LIVE || ad_is_disabled(s->ad)) ? "C8" : "C1";
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
    gboolean left, agrees = implied_agrees(write, s, &left);
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
        settle(ret, COR_VERDICT_CONFLICT,
               "The tenant blocks takeover by hard match: the write stays, and the AD object ends "
               "in InvalidHardMatch.");
    return hard ? "C11" : "C10";
}

static const char *judge_cloud(const struct cor_write *write, const struct cor_situation *s,
                               enum cor_soa soa, struct cor_judgement *ret)
{
    if (is_read_only(write->type, write->attribute) &&
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
    if (is_read_only(write->type, write->attribute))
        return "A16";
    if (!cor_flow_rule_for(write->type, write->attribute))
        return "C9";
    ret->agrees = implied_agrees(write, s, &left);
    return "C5";
}

/* Graph has no write for these at all; Exchange Online has. */
static gboolean is_exchange_only(const struct cor_write *write, const struct cor_situation *s)
{
    return strcmp(write->type, COR_TYPE_CONTACT) == 0 ||
           (strcmp(write->type, COR_TYPE_GROUP) == 0 && is_mail_enabled(s->entra));
}

static const char *judge_update(const struct cor_write *write, const struct cor_situation *s,
                                enum cor_soa soa, struct cor_judgement *ret)
{
    if (has_prefix(write->attribute, "onPremisesSyncBehavior"))
        return cor_json_bool(write->target) || cor_json_get_bool(write->target, "isCloudManaged")
                   ? "C7"
                   : "E8";
    if (soa != COR_SOA_ONPREM && soa != COR_SOA_UNKNOWN && is_exchange_only(write, s))
        return "C2";
    switch (soa) {
    case COR_SOA_ONPREM:
        return judge_synced(write, s, ret);
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
    gboolean fed = write->attribute && cor_flow_rule_for(write->type, write->attribute);
    if (s->tenant->sync_enabled != COR_NO || write->action != COR_ACTION_UPDATE || !fed)
        return NULL;
    if (cor_soa_of(s->entra, s->ad) == COR_SOA_ONPREM ||
        is_read_only(write->type, write->attribute))
        return NULL;
    return s->ad && is_hard(s, s->ad) && s->ad->life == COR_LIVE ? "C15" : "C14";
}

static gboolean is_no_op(const struct cor_write *write)
{
    return write->action == COR_ACTION_UPDATE && write->attribute &&
           cor_value_equal(cor_traits(COR_ENTRA, write->type, write->attribute), write->live,
                           write->target);
}

void cor_forecast_judge(const struct cor_write *write, const struct cor_situation *situation,
                        struct cor_judgement *ret)
{
    const struct cor_situation *s = situation;
    enum cor_soa soa = s->entra ? cor_soa_of(s->entra, s->ad) : COR_SOA_CLOUD;
    *ret = (struct cor_judgement){0};
    if (write->in_ad)
        ret->row = judge_in_ad(write, s);
    else if (write->action == COR_ACTION_RESTORE)
        ret->row = s->holder ? "E2" : judge_restore(write, s, ret);
    else if (write->action == COR_ACTION_CREATE || !s->entra)
        ret->row = judge_create(write, s, ret);
    else if (is_no_op(write))
        ret->row = "E5";
    else if (judge_sync_off(write, s))
        ret->row = judge_sync_off(write, s);
    else if (soa == COR_SOA_UNKNOWN)
        ret->row = "E1";
    else if (write->action == COR_ACTION_SOFT_DELETE)
        ret->row = judge_soft_delete(write, s, soa, ret);
    else if (write->action == COR_ACTION_LINK || write->action == COR_ACTION_UNLINK)
        ret->row = judge_link(write, s, soa, ret);
    else if (s->holder && soa != COR_SOA_ONPREM)
        ret->row = "E2";
    else
        ret->row = judge_update(write, s, soa, ret);
}
