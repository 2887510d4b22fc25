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

/* --- facts about the situation ------------------------------------------------------------------
 */

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

static gboolean is_mail_enabled(const struct cor_record *entra)
{
    return cor_json_bool(cor_record_get(entra, "mailEnabled"));
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

/* --- deleted and missing objects (9.4) ----------------------------------------------------------
 */

static const char *restore_user(const struct cor_situation *s)
{
    if (s->privileged)
        return "D8";
    if (!s->ad)
        return s->ad_complete ? "D5" : "E1";
    if (s->ad->life == COR_DELETED)
        return "D3";
    if (s->ad->life == COR_RECYCLED)
        return "D5";
    if (!cor_forecast_ad_in_scope(s, s->ad))
        return "D6";
    if (ad_is_disabled(s->ad))
        return "D7";
    /* only a running Connect brings it back by itself */
    gboolean waits = cor_tenant_health(s->tenant, s->now_us) == COR_SYNC_RUNNING &&
                     s->tenant->engine != COR_ENGINE_CLOUDSYNC;
    return waits ? "D1" : "D2";
}

static const char *judge_restore(const struct cor_write *write, const struct cor_situation *s)
{
    gboolean held = s->ad && s->ad->life != COR_LIVE && s->tenant->deletion_threshold > 0 &&
                    s->pending_deletions > (guint64)s->tenant->deletion_threshold;
    if (s->entra && s->entra->life == COR_LIVE)
        return held ? "D13" : "E5";
    if (strcmp(write->type, COR_TYPE_DEVICE) == 0)
        return "D16";
    if (strcmp(write->type, COR_TYPE_CONTACT) == 0)
        return "D17";
    if (!was_synchronized(s->backup) && !was_synchronized(s->entra))
        return "D15";
    if (cor_soa_of(s->backup ? s->backup : s->entra, s->ad) == COR_SOA_CONVERTED)
        return "D15";
    return restore_user(s);
}

/* A group that was deleted and came back keeps the trace in its metadata. */
static gboolean was_restored_in_ad(const struct cor_record *ad)
{
    return ad && cor_json_get(ad->metadata, "isDeleted");
}

static const char *judge_create(const struct cor_write *write, const struct cor_situation *s)
{
    gboolean alive = cor_forecast_ad_in_scope(s, s->ad);
    gboolean group = strcmp(write->type, COR_TYPE_GROUP) == 0;
    if (!was_synchronized(s->backup) && strcmp(write->type, COR_TYPE_CONTACT) != 0)
        return "D10";
    if (!alive)
        return group ? "B8" : "D10";
    if (group)
        return was_restored_in_ad(s->ad) ? "D14" : "B7";
    if (strcmp(write->type, COR_TYPE_CONTACT) == 0)
        return "B10";
    return strcmp(write->type, COR_TYPE_DEVICE) == 0 ? "B11" : "D9";
}

static const char *judge_soft_delete(const struct cor_write *write, const struct cor_situation *s,
                                     enum cor_soa soa)
{
    if (soa == COR_SOA_CONVERTED)
        return is_mail_enabled(s->entra) ? "C2" : "C1";
    if (soa != COR_SOA_ONPREM)
        return "C9";
    if (strcmp(write->type, COR_TYPE_GROUP) == 0)
        return "B1";
    if (strcmp(write->type, COR_TYPE_CONTACT) == 0)
        return "B9";
    if (strcmp(write->type, COR_TYPE_DEVICE) == 0)
        return "B11";
    return cor_forecast_ad_in_scope(s, s->ad) ? "A24" : "C9";
}

/* --- links --------------------------------------------------------------------------------------
 */

static const char *judge_group_link(const struct cor_write *write, const struct cor_situation *s,
                                    enum cor_soa soa)
{
    if (soa == COR_SOA_CONVERTED)
        return is_mail_enabled(s->entra) ? "C2" : "C1";
    if (soa == COR_SOA_ROLLBACK_PENDING)
        return "C5";
    if (soa == COR_SOA_ONPREM) {
        if (strcmp(write->attribute, "member") != 0)
            return "B1";
        return is_mail_enabled(s->entra) ? "B3" : "B2";
    }
    if (s->target && cor_soa_of(s->target, NULL) == COR_SOA_ONPREM)
        return strcmp(s->target->type, COR_TYPE_GROUP) == 0 ? "B5" : "B6";
    return "C9";
}

static const char *judge_link(const struct cor_write *write, const struct cor_situation *s,
                              enum cor_soa soa)
{
    if (strcmp(write->type, COR_TYPE_GROUP) == 0)
        return judge_group_link(write, s, soa);
    gboolean fed = cor_flow_rule_for(write->type, write->attribute) != NULL;
    if (soa == COR_SOA_ONPREM)
        return fed ? (strcmp(write->type, COR_TYPE_CONTACT) == 0 ? "B9" : "A1") : "A12";
    if (soa == COR_SOA_ROLLBACK_PENDING && fed)
        return "C5";
    return soa == COR_SOA_CONVERTED ? "C1" : "C9";
}

/* --- synchronized objects (9.1, 9.2) -------------------------------------------------------------
 */

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

/* onPremisesImmutableId and onPremisesObjectIdentifier of a synchronized user */
static const char *judge_anchor(const struct cor_situation *s)
{
    const char *known = cor_record_text(s->entra, "onPremisesObjectIdentifier");
    gboolean alive = s->ad && s->ad->life == COR_LIVE;
    if (!alive && s->ad_twin)
        return "D11";
    if (alive && known && g_ascii_strcasecmp(known, s->ad->key) != 0)
        return "D12";
    return "A17";
}

static const char *judge_shared(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    gboolean left, agrees = implied_agrees(write, s, &left);
    if (strcmp(write->attribute, "accountEnabled") == 0) {
        ret->agrees = agrees || !cor_forecast_ad_in_scope(s, s->ad);
        return ret->agrees ? "A6" : "A5";
    }
    ret->agrees = agrees;
    return left ? "A7" : "A8";
}

static const char *judge_password(const struct cor_write *write, const struct cor_situation *s)
{
    const struct cor_tenant *tenant = s->tenant;
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
    static const char *const plain[] = {
        "sponsors", "userType", "otherMails", "ageGroup", "consentProvidedForMinor", NULL};
    const char *attribute = write->attribute;
    if (strcmp(attribute, "onPremisesImmutableId") == 0 ||
        strcmp(attribute, "onPremisesObjectIdentifier") == 0)
        return judge_anchor(s);
    if (g_strv_contains(shared, attribute))
        return judge_shared(write, s, ret);
    if (g_strv_contains(password, attribute))
        return judge_password(write, s);
    if (strcmp(attribute, "preferredDataLocation") == 0)
        return s->ad && cor_record_get(s->ad, "msDS-preferredDataLocation") ? "A15" : "A13";
    if (g_strv_contains(plain, attribute))
        return "A13";
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
        return "A12";
    if (rule->flags & COR_FLOW_WRITABLE)
        return source_present(rule, s->ad) ? "A14" : "A13";
    if (suppressed && g_hash_table_contains(suppressed, write->attribute))
        return "A3";
    return rule->kind == COR_FLOW_EXPRESSION ? "A2" : "A1";
}

static gboolean is_enforced(const struct cor_record *ad)
{
    return g_strcmp0(cor_record_first(ad, "msDS-ObjectSoa"), "Cloud") == 0;
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

static const char *judge_synced_group(const struct cor_write *write)
{
    if (strcmp(write->attribute, "isAssignableToRole") == 0)
        return "B13";
    if (strcmp(write->attribute, "assignedLicenses") == 0 ||
        strcmp(write->attribute, "appRoleAssignments") == 0)
        return "B4";
    return is_read_only(write->type, write->attribute) ? "A16" : "B1";
}

static const char *judge_synced_device(const struct cor_write *write, const struct cor_situation *s,
                                       struct cor_judgement *ret)
{
    gboolean left;
    if (strcmp(write->attribute, "accountEnabled") != 0)
        return "A16";
    ret->agrees = implied_agrees(write, s, &left);
    return "B12";
}

static const char *judge_synced(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    if (strcmp(write->type, COR_TYPE_GROUP) == 0)
        return judge_synced_group(write);
    if (strcmp(write->type, COR_TYPE_DEVICE) == 0)
        return judge_synced_device(write, s, ret);
    if (strcmp(write->type, COR_TYPE_CONTACT) == 0)
        return is_read_only(write->type, write->attribute) ? "A16" : "B9";
    return judge_synced_user(write, s, ret);
}

/* --- cloud-owned objects (9.3) -------------------------------------------------------------------
 */

static const char *judge_converted(const struct cor_write *write, const struct cor_situation *s)
{
    gboolean group = strcmp(write->type, COR_TYPE_GROUP) == 0;
    static const char *const identity[] = {
        "onPremisesDistinguishedName",  "onPremisesDomainName",
        "onPremisesImmutableId",        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName",
        "onPremisesObjectIdentifier",   NULL};
    if (group && is_mail_enabled(s->entra))
        return "C2";
    if (group && is_extension(write->attribute))
        return "C3";
    if (strcmp(write->type, COR_TYPE_USER) == 0 && g_strv_contains(identity, write->attribute))
        return "C4";
    if (is_read_only(write->type, write->attribute))
        return "A16";
    return s->ad && (s->ad->life != COR_LIVE || ad_is_disabled(s->ad)) ? "C8" : "C1";
}

/* A cloud-owned object that an AD object would take over. */
static const char *judge_takeover(const struct cor_write *write, const struct cor_situation *s,
                                  const struct cor_record *ad, const char *row,
                                  struct cor_judgement *ret)
{
    gboolean left, agrees = implied_agrees(write, s, &left);
    struct cor_flow_value implied;
    if (!cor_forecast_ad_in_scope(s, ad))
        return NULL;
    if (s->privileged)
        return "C12";
    cor_forecast_implied(write, s, &implied);
    gboolean empty = implied.result != COR_FLOW_VALUE;
    cor_flow_value_clear(&implied);
    /* what has no AD value keeps the cloud value */
    ret->agrees = agrees || left || empty;
    if (s->tenant->block_hard_match == COR_YES)
        ret->remark = "The tenant blocks takeover by hard match: the sync engine will report "
                      "InvalidHardMatch instead.";
    return row;
}

static const char *judge_cloud(const struct cor_write *write, const struct cor_situation *s,
                               enum cor_soa soa, struct cor_judgement *ret)
{
    const char *row = NULL;
    if (is_read_only(write->type, write->attribute) &&
        strcmp(write->attribute, "onPremisesImmutableId") != 0)
        return "A16";
    if (s->ad)
        row = judge_takeover(write, s, s->ad, "C11", ret);
    if (!row && soa == COR_SOA_UNLINKED)
        return "C13";
    if (!row && s->ad_twin)
        row = judge_takeover(write, s, s->ad_twin, "C10", ret);
    return row ? row : "C9";
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

static const char *judge_update(const struct cor_write *write, const struct cor_situation *s,
                                enum cor_soa soa, struct cor_judgement *ret)
{
    if (has_prefix(write->attribute, "onPremisesSyncBehavior"))
        return cor_json_bool(write->target) || cor_json_get_bool(write->target, "isCloudManaged")
                   ? "C7"
                   : "E8";
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

/* --- all together
 * --------------------------------------------------------------------------------- */

static const char *judge_in_ad(const struct cor_write *write, const struct cor_situation *s)
{
    if (is_enforced(s->ad))
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
    gboolean anchored =
        cor_record_get(s->entra, "onPremisesImmutableId") && s->ad && s->ad->life == COR_LIVE;
    return anchored ? "C15" : "C14";
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
        ret->row = s->holder ? "E2" : judge_restore(write, s);
    else if (write->action == COR_ACTION_CREATE || !s->entra)
        ret->row = judge_create(write, s);
    else if (is_no_op(write))
        ret->row = "E5";
    else if (soa == COR_SOA_UNKNOWN)
        ret->row = "E1";
    else if (judge_sync_off(write, s))
        ret->row = judge_sync_off(write, s);
    else if (write->action == COR_ACTION_SOFT_DELETE)
        ret->row = judge_soft_delete(write, s, soa);
    else if (write->action == COR_ACTION_LINK || write->action == COR_ACTION_UNLINK)
        ret->row = judge_link(write, s, soa);
    else if (s->holder && soa != COR_SOA_ONPREM)
        ret->row = "E2";
    else
        ret->row = judge_update(write, s, soa, ret);
}
