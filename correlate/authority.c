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

/* What nobody can write through Graph: the service or the sync engine keeps it (Graph resource
 * pages). Without a type: of any object. */
static const struct {
    const char *type, *property;
} system_properties[] = {
    {NULL, "id"},
    {NULL, "appId"},
    {NULL, "createdDateTime"},
    {NULL, "deletedDateTime"},
    {NULL, "modifiedDateTime"},
    {NULL, "renewedDateTime"},
    {NULL, "expirationDateTime"},
    {NULL, "isManagementRestricted"},
    {NULL, "licenseProcessingState"},
    {NULL, "proxyAddresses"},
    {NULL, "publisherDomain"},
    {NULL, "securityIdentifier"},
    {NULL, "serviceProvisioningErrors"},
    {NULL, "templateId"},
    {NULL, "verifiedPublisher"},
    {COR_TYPE_USER, "assignedPlans"},
    {COR_TYPE_USER, "creationType"},
    {COR_TYPE_USER, "imAddresses"},
    {COR_TYPE_USER, "lastPasswordChangeDateTime"},
    {COR_TYPE_USER, "legalAgeGroupClassification"},
    {COR_TYPE_USER, "licenseAssignmentStates"},
    {COR_TYPE_USER, "provisionedPlans"},
    {COR_TYPE_USER, "refreshTokensValidFromDateTime"},
    {COR_TYPE_USER, "signInActivity"},
    {COR_TYPE_USER, "signInSessionsValidFromDateTime"},
    {COR_TYPE_GROUP, "mail"},
    {COR_TYPE_DEVICE, "alternativeSecurityIds"},
    {COR_TYPE_DEVICE, "approximateLastSignInDateTime"},
    {COR_TYPE_DEVICE, "deviceId"},
    {COR_TYPE_DEVICE, "physicalIds"},
    {COR_TYPE_DEVICE, "registrationDateTime"},
    {COR_TYPE_DEVICE, "trustType"},
};

static gboolean is_system(const char *type, const char *property)
{
    /* extension attributes are AD's, and the SOA switch is the cloud's */
    if (g_str_has_prefix(property, "onPremisesExtensionAttributes") ||
        g_str_has_prefix(property, "onPremisesSyncBehavior"))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(system_properties); i++)
        if (strcmp(system_properties[i].property, property) == 0 &&
            (!system_properties[i].type || strcmp(system_properties[i].type, type) == 0))
            return TRUE;
    return g_str_has_prefix(property, "onPremises");
}

/* Fed by AD, although nobody can write it in the cloud either. */
static gboolean is_fed(const struct cor_flow_rule *rule)
{
    return rule && rule->kind != COR_FLOW_SYSTEM;
}

enum cor_owner cor_owner_of(const struct cor_flow_context *context, enum cor_soa soa,
                            const char *entra_type, const char *property)
{
    const struct cor_flow_rule *rule = cor_flow_rule_for(context, entra_type, property);
    if (soa == COR_SOA_UNKNOWN)
        return COR_OWNER_UNKNOWN;
    gboolean onprem = soa == COR_SOA_ONPREM || soa == COR_SOA_ROLLBACK_PENDING;
    if (onprem && is_fed(rule))
        return (rule->flags & COR_FLOW_WRITABLE) ? COR_OWNER_SHARED : COR_OWNER_ONPREM;
    if (is_system(entra_type, property) || (rule && rule->kind == COR_FLOW_SYSTEM))
        return COR_OWNER_SYSTEM;
    return COR_OWNER_CLOUD;
}
