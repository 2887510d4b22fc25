/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows for a write on a synchronized object. Mastership refuses most of them; what Graph
 * accepts is weighed against what AD gives by the rules, and against the fate of the AD half.
 */
#include "correlate/forecast_private.h"

#include "correlate/identity.h"

#include <string.h>

static const char *row_if(gboolean condition, const char *row)
{
    return condition ? row : NULL;
}

static gboolean is_exchange_owned(const char *attribute)
{
    return cor_forecast_is_extension(attribute) || strcmp(attribute, "mail") == 0 ||
           strcmp(attribute, "proxyAddresses") == 0;
}

static const char *judge_exchange(const struct cor_write *write, const struct cor_situation *s)
{
    if (g_str_has_prefix(write->attribute, "msExch") ||
        strcmp(write->attribute, "publicDelegates") == 0)
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
        cor_forecast_settle(
            ret, COR_VERDICT_DURABLE,
            "The deletion in AD is held by the deletion guard, and the cloud object with it.");
        return "D13";
    }
    if (s->ad->life != COR_LIVE) {
        cor_forecast_settle(
            ret, COR_VERDICT_OVERWRITTEN,
            "The AD object is deleted and the deletion guard lets it pass: the next cycle "
            "deletes the cloud object, and the write with it.");
        return "D13";
    }
    if (cor_forecast_ad_in_scope(s, s->ad))
        return NULL;
    cor_forecast_settle(
        ret, COR_VERDICT_OVERWRITTEN,
        "The AD object has left the scope of synchronization: the next cycle deletes the cloud "
        "object, and the write with it.");
    return "D6";
}

static const char *judge_shared(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    gboolean left, agrees = cor_forecast_agrees(write, s, &left);
    if (!s->ad && !s->ad_complete)
        return cor_forecast_unread(ret);
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
           !cor_forecast_agrees(&as_is, s, &left) && !left;
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
    if (g_str_has_prefix(attribute, "extension_")) {
        cor_forecast_settle(
            ret, COR_VERDICT_UNKNOWN,
            "Whether the sync engine feeds this directory extension is not known here.");
        return "A14";
    }
    if (g_strv_contains(cloud_only, attribute))
        return "A12";
    if (g_str_has_prefix(attribute, "employeeHireDate") ||
        g_str_has_prefix(attribute, "employeeLeaveDateTime") ||
        g_str_has_prefix(attribute, "employeeOrgData"))
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
    const struct cor_flow_rule *rule = cor_flow_rule_for(s->flow, write->type, write->attribute);
    if (cor_forecast_is_read_only(write->type, write->attribute))
        return "A16";
    if (!rule)
        return "A13";
    if (rule->flags & COR_FLOW_WRITABLE)
        return source_present(rule, s->ad) ? "A14" : "A13";
    if (cor_flow_is_suppressed(s->flow, write->type, write->attribute))
        return "A3";
    return rule->kind == COR_FLOW_EXPRESSION ? "A2" : "A1";
}

static const char *judge_synced_user(const struct cor_write *write, const struct cor_situation *s,
                                     struct cor_judgement *ret)
{
    const char *row = judge_exchange(write, s);
    gboolean fed = cor_flow_rule_for(s->flow, write->type, write->attribute) != NULL;
    if (!row && in_quarantine(s, write->attribute))
        row = "A22";
    if (!row)
        row = judge_special(write, s, ret);
    if (!row && fed && s->backup && cor_soa_of(s->backup, NULL) == COR_SOA_CONVERTED)
        row = "C6";
    return row ? row : judge_by_rule(write, s);
}

static const char *judge_synced_group(const struct cor_write *write, const struct cor_situation *s,
                                      struct cor_judgement *ret)
{
    if (strcmp(write->attribute, "isAssignableToRole") == 0)
        return "B13";
    if (strcmp(write->attribute, "assignedLicenses") == 0 ||
        strcmp(write->attribute, "appRoleAssignments") == 0)
        return "B4";
    gboolean fed = cor_flow_rule_for(s->flow, write->type, write->attribute) != NULL;
    if (!fed && cor_forecast_is_read_only(write->type, write->attribute))
        return "A16";
    ret->doubtful = !fed; /* only what flows is reported as refused */
    return "B1";
}

static const char *judge_synced_device(const struct cor_write *write, const struct cor_situation *s,
                                       struct cor_judgement *ret)
{
    gboolean left;
    if (strcmp(write->attribute, "accountEnabled") != 0)
        return cor_flow_rule_for(s->flow, write->type, write->attribute) ||
                       cor_forecast_is_read_only(write->type, write->attribute)
                   ? "A16"
                   : "A13";
    if (!s->ad && !s->ad_complete)
        return cor_forecast_unread(ret);
    ret->agrees = cor_forecast_agrees(write, s, &left) || left;
    return "B12";
}

static const char *judge_by_type(const struct cor_write *write, const struct cor_situation *s,
                                 struct cor_judgement *ret)
{
    if (strcmp(write->type, COR_TYPE_GROUP) == 0)
        return judge_synced_group(write, s, ret);
    if (strcmp(write->type, COR_TYPE_DEVICE) == 0)
        return judge_synced_device(write, s, ret);
    if (strcmp(write->type, COR_TYPE_CONTACT) == 0)
        return "B9";
    return judge_synced_user(write, s, ret);
}

const char *cor_forecast_synced(const struct cor_write *write, const struct cor_situation *s,
                                struct cor_judgement *ret)
{
    const char *row = judge_by_type(write, s, ret);
    /* refusal is decided by mastership, whatever becomes of the AD half */
    if (cor_forecast_row(row)->running == COR_VERDICT_REFUSED || strcmp(row, "E1") == 0)
        return row;
    const char *lost = judge_lost_half(s, ret);
    return lost ? lost : row;
}
