/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who owns an object (Microsoft: source of authority overview, the table of isCloudManaged and
 * onPremisesSyncEnabled) and who owns one of its attributes.
 */
#include "correlate/authority.h"

#include <string.h>

const char *cor_soa_name(enum cor_soa soa)
{
    static const char *const names[] = {
        [COR_SOA_ONPREM] = "on-premises (synchronized)",
        [COR_SOA_CONVERTED] = "cloud (converted)",
        [COR_SOA_ROLLBACK_PENDING] = "returning on-premises at the next cycle",
        [COR_SOA_UNLINKED] = "cloud (formerly synchronized)",
        [COR_SOA_CLOUD] = "cloud",
        [COR_SOA_AD_ONLY] = "on-premises (no cloud half)",
        [COR_SOA_UNKNOWN] = "unknown",
    };
    return names[soa];
}

const char *cor_owner_name(enum cor_owner owner)
{
    static const char *const names[] = {
        [COR_OWNER_ONPREM] = "onprem",   [COR_OWNER_CLOUD] = "cloud",
        [COR_OWNER_SHARED] = "shared",   [COR_OWNER_SYSTEM] = "system",
        [COR_OWNER_UNKNOWN] = "unknown",
    };
    return names[owner];
}

/* What stays on a cloud object that was synchronized once. */
static gboolean has_leftovers(const struct cor_record *entra)
{
    static const char *const names[] = {"onPremisesSecurityIdentifier", "onPremisesSamAccountName",
                                        "onPremisesDistinguishedName",
                                        "onPremisesLastSyncDateTime"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (cor_record_get(entra, names[i]))
            return TRUE;
    return FALSE;
}

enum cor_soa cor_soa_of(const struct cor_record *entra, const struct cor_record *ad)
{
    if (!entra)
        return COR_SOA_AD_ONLY;
    const struct cor_json *behavior = cor_record_get(entra, "onPremisesSyncBehavior");
    const struct cor_json *enabled = cor_record_get(entra, "onPremisesSyncEnabled");
    if (cor_json_get_bool(behavior, "isCloudManaged"))
        return COR_SOA_CONVERTED;
    if (cor_json_type(enabled) == COR_JSON_BOOL)
        return cor_json_bool(enabled) ? COR_SOA_ONPREM : COR_SOA_UNLINKED;
    if (!has_leftovers(entra))
        return COR_SOA_CLOUD;
    /* null with identifiers left: converted or rolled back, and only isCloudManaged tells which */
    if (!behavior)
        return COR_SOA_UNKNOWN;
    return ad && ad->life == COR_LIVE ? COR_SOA_ROLLBACK_PENDING : COR_SOA_CLOUD;
}

/* Written by the service or the sync engine only. */
static gboolean is_system(const char *property)
{
    static const char *const names[] = {
        "id",
        "createdDateTime",
        "deletedDateTime",
        "lastPasswordChangeDateTime",
        "creationType",
        "assignedPlans",
        "provisionedPlans",
        "imAddresses",
        "securityIdentifier",
        "serviceProvisioningErrors",
        "refreshTokensValidFromDateTime",
        "signInSessionsValidFromDateTime",
        "licenseAssignmentStates",
        "isManagementRestricted",
        "renewedDateTime",
        "expirationDateTime",
        "registrationDateTime",
        "approximateLastSignInDateTime",
        "deviceId",
        "trustType",
        "physicalIds",
        "alternativeSecurityIds",
        NULL,
    };
    /* extension attributes are AD's, and the SOA switch is the cloud's */
    if (g_str_has_prefix(property, "onPremisesExtensionAttributes") ||
        g_str_has_prefix(property, "onPremisesSyncBehavior"))
        return FALSE;
    return g_str_has_prefix(property, "onPremises") || g_strv_contains(names, property);
}

enum cor_owner cor_owner_of(enum cor_soa soa, const char *entra_type, const char *property)
{
    const struct cor_flow_rule *rule = cor_flow_rule_for(entra_type, property);
    if (soa == COR_SOA_UNKNOWN)
        return COR_OWNER_UNKNOWN;
    if (is_system(property) || (rule && rule->kind == COR_FLOW_SYSTEM))
        return COR_OWNER_SYSTEM;
    if (soa != COR_SOA_ONPREM && soa != COR_SOA_ROLLBACK_PENDING)
        return COR_OWNER_CLOUD;
    if (!rule)
        return COR_OWNER_CLOUD;
    return (rule->flags & COR_FLOW_WRITABLE) ? COR_OWNER_SHARED : COR_OWNER_ONPREM;
}
