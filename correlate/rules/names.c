/* SPDX-License-Identifier: Apache-2.0 */
/* The table of names, by type first: the first row that fits is the row. */
#include "correlate/rules/names.h"

#include "correlate/record.h"

#include <string.h>

#define ALL     NULL
#define USER    COR_TYPE_USER
#define GROUP   COR_TYPE_GROUP
#define CONTACT COR_TYPE_CONTACT
#define DEVICE  COR_TYPE_DEVICE
#define SHOWN(type, cs, graph, shape)                                                              \
    {                                                                                              \
        type, cs, graph, COR_NAME_##shape, NULL, FALSE                                             \
    }
#define DOUBT(type, cs, graph, shape)                                                              \
    {                                                                                              \
        type, cs, graph, COR_NAME_##shape, NULL, TRUE                                              \
    }
#define PART(type, cs, graph, shape, member)                                                       \
    {                                                                                              \
        type, cs, graph, COR_NAME_##shape, member, TRUE                                            \
    }
#define HIDDEN(type, cs)                                                                           \
    {                                                                                              \
        type, cs, NULL, COR_NAME_SAME, NULL, FALSE                                                 \
    }

static const struct cor_name table[] = {
    SHOWN(ALL, "accountEnabled", "accountEnabled", SAME),
    SHOWN(ALL, "displayName", "displayName", SAME),
    SHOWN(ALL, "mail", "mail", SAME),
    SHOWN(ALL, "proxyAddresses", "proxyAddresses", SAME),
    SHOWN(ALL, "onPremiseSecurityIdentifier", "onPremisesSecurityIdentifier", SID),
    SHOWN(ALL, "alias", "mailNickname", SAME),
    SHOWN(ALL, "mailNickname", "mailNickname", SAME),
    SHOWN(ALL, "company", "companyName", SAME),
    SHOWN(ALL, "department", "department", SAME),
    SHOWN(ALL, "givenName", "givenName", SAME),
    SHOWN(ALL, "surname", "surname", SAME),
    SHOWN(ALL, "sn", "surname", SAME),
    SHOWN(ALL, "title", "jobTitle", SAME),
    SHOWN(ALL, "manager", "manager", LINK),
    DOUBT(ALL, "thumbnailPhoto", "photo", SAME),
    SHOWN(USER, "city", "city", SAME),
    SHOWN(USER, "country", "country", SAME),
    SHOWN(USER, "physicalDeliveryOfficeName", "officeLocation", SAME),
    SHOWN(USER, "postalCode", "postalCode", SAME),
    SHOWN(USER, "state", "state", SAME),
    SHOWN(USER, "streetAddress", "streetAddress", SAME),
    SHOWN(USER, "mobile", "mobilePhone", SAME),
    SHOWN(USER, "facsimileTelephoneNumber", "faxNumber", SAME),
    SHOWN(USER, "preferredLanguage", "preferredLanguage", SAME),
    SHOWN(USER, "usageLocation", "usageLocation", SAME),
    SHOWN(USER, "userPrincipalName", "userPrincipalName", SAME),
    SHOWN(USER, "employeeId", "employeeId", SAME),
    SHOWN(USER, "employeeID", "employeeId", SAME),
    SHOWN(USER, "employeeType", "employeeType", SAME),
    SHOWN(USER, "employeeHireDate", "employeeHireDate", SAME),
    SHOWN(USER, "employeeLeaveDateTime", "employeeLeaveDateTime", SAME),
    SHOWN(USER, "preferredDataLocation", "preferredDataLocation", SAME),
    SHOWN(USER, "userType", "userType", SAME),
    SHOWN(USER, "otherMails", "otherMails", SAME),
    SHOWN(USER, "passwordPolicies", "passwordPolicies", SAME),
    DOUBT(USER, "employeeOrgDataCostCenter", "employeeOrgData.costCenter", SAME),
    DOUBT(USER, "employeeOrgDataDivision", "employeeOrgData.division", SAME),
    DOUBT(USER, "certificateUserIds", "authorizationInfo.certificateUserIds", SAME),
    SHOWN(USER, "telephoneNumber", "businessPhones", LIST),
    SHOWN(USER, "lastPasswordChangeTimestamp", "lastPasswordChangeDateTime", TIME),
    SHOWN(USER, "sourceAnchor", "onPremisesImmutableId", SAME),
    SHOWN(USER, "dnsDomainName", "onPremisesDomainName", SAME),
    SHOWN(GROUP, "dnsDomainName", "onPremisesDomainName", SAME),
    SHOWN(GROUP, "netBiosName", "onPremisesNetBiosName", SAME),
    SHOWN(USER, "onPremisesSamAccountName", "onPremisesSamAccountName", SAME),
    SHOWN(GROUP, "onPremisesSamAccountName", "onPremisesSamAccountName", SAME),
    SHOWN(USER, "onPremisesUserPrincipalName", "onPremisesUserPrincipalName", SAME),
    SHOWN(USER, "onPremisesDistinguishedName", "onPremisesDistinguishedName", SAME),
    DOUBT(USER, "distinguishedName", "onPremisesDistinguishedName", SAME),
    DOUBT(USER, "onPremisesObjectIdentifier", "onPremisesObjectIdentifier", SAME),
    DOUBT(USER, "msExchHideFromAddressLists", "showInAddressList", NOT),
    DOUBT(USER, "msRtcSipPrimaryUserAddress", "imAddresses", LIST),
    SHOWN(USER, "extensionAttribute1", "onPremisesExtensionAttributes.extensionAttribute1", SAME),
    DOUBT(GROUP, "extensionAttribute1", "onPremisesExtensionAttributes.extensionAttribute1", SAME),
    SHOWN(USER, "extensionAttribute2", "onPremisesExtensionAttributes.extensionAttribute2", SAME),
    DOUBT(GROUP, "extensionAttribute2", "onPremisesExtensionAttributes.extensionAttribute2", SAME),
    SHOWN(USER, "extensionAttribute3", "onPremisesExtensionAttributes.extensionAttribute3", SAME),
    DOUBT(GROUP, "extensionAttribute3", "onPremisesExtensionAttributes.extensionAttribute3", SAME),
    SHOWN(USER, "extensionAttribute4", "onPremisesExtensionAttributes.extensionAttribute4", SAME),
    DOUBT(GROUP, "extensionAttribute4", "onPremisesExtensionAttributes.extensionAttribute4", SAME),
    SHOWN(USER, "extensionAttribute5", "onPremisesExtensionAttributes.extensionAttribute5", SAME),
    DOUBT(GROUP, "extensionAttribute5", "onPremisesExtensionAttributes.extensionAttribute5", SAME),
    SHOWN(USER, "extensionAttribute6", "onPremisesExtensionAttributes.extensionAttribute6", SAME),
    DOUBT(GROUP, "extensionAttribute6", "onPremisesExtensionAttributes.extensionAttribute6", SAME),
    SHOWN(USER, "extensionAttribute7", "onPremisesExtensionAttributes.extensionAttribute7", SAME),
    DOUBT(GROUP, "extensionAttribute7", "onPremisesExtensionAttributes.extensionAttribute7", SAME),
    SHOWN(USER, "extensionAttribute8", "onPremisesExtensionAttributes.extensionAttribute8", SAME),
    DOUBT(GROUP, "extensionAttribute8", "onPremisesExtensionAttributes.extensionAttribute8", SAME),
    SHOWN(USER, "extensionAttribute9", "onPremisesExtensionAttributes.extensionAttribute9", SAME),
    DOUBT(GROUP, "extensionAttribute9", "onPremisesExtensionAttributes.extensionAttribute9", SAME),
    SHOWN(USER, "extensionAttribute10", "onPremisesExtensionAttributes.extensionAttribute10", SAME),
    DOUBT(GROUP, "extensionAttribute10", "onPremisesExtensionAttributes.extensionAttribute10",
          SAME),
    SHOWN(USER, "extensionAttribute11", "onPremisesExtensionAttributes.extensionAttribute11", SAME),
    DOUBT(GROUP, "extensionAttribute11", "onPremisesExtensionAttributes.extensionAttribute11",
          SAME),
    SHOWN(USER, "extensionAttribute12", "onPremisesExtensionAttributes.extensionAttribute12", SAME),
    DOUBT(GROUP, "extensionAttribute12", "onPremisesExtensionAttributes.extensionAttribute12",
          SAME),
    SHOWN(USER, "extensionAttribute13", "onPremisesExtensionAttributes.extensionAttribute13", SAME),
    DOUBT(GROUP, "extensionAttribute13", "onPremisesExtensionAttributes.extensionAttribute13",
          SAME),
    SHOWN(USER, "extensionAttribute14", "onPremisesExtensionAttributes.extensionAttribute14", SAME),
    DOUBT(GROUP, "extensionAttribute14", "onPremisesExtensionAttributes.extensionAttribute14",
          SAME),
    SHOWN(USER, "extensionAttribute15", "onPremisesExtensionAttributes.extensionAttribute15", SAME),
    DOUBT(GROUP, "extensionAttribute15", "onPremisesExtensionAttributes.extensionAttribute15",
          SAME),
    SHOWN(GROUP, "description", "description", SAME),
    SHOWN(GROUP, "securityEnabled", "securityEnabled", SAME),
    SHOWN(GROUP, "mailEnabled", "mailEnabled", SAME),
    SHOWN(GROUP, "member", "member", LINK),
    PART(CONTACT, "city", "addresses", ADDRESS, "city"),
    PART(CONTACT, "country", "addresses", ADDRESS, "countryOrRegion"),
    PART(CONTACT, "physicalDeliveryOfficeName", "addresses", ADDRESS, "officeLocation"),
    PART(CONTACT, "postalCode", "addresses", ADDRESS, "postalCode"),
    PART(CONTACT, "state", "addresses", ADDRESS, "state"),
    PART(CONTACT, "streetAddress", "addresses", ADDRESS, "street"),
    PART(CONTACT, "telephoneNumber", "phones", PHONE, "business"),
    PART(CONTACT, "mobile", "phones", PHONE, "mobile"),
    PART(CONTACT, "facsimileTelephoneNumber", "phones", PHONE, "businessFax"),
    SHOWN(DEVICE, "deviceId", "deviceId", SAME),
    SHOWN(DEVICE, "deviceOSType", "operatingSystem", SAME),
    SHOWN(DEVICE, "deviceOSVersion", "operatingSystemVersion", SAME),
    SHOWN(DEVICE, "deviceTrustType", "trustType", SAME),
    SHOWN(DEVICE, "registeredOwnerReference", "registeredOwners", LINK),
    DOUBT(DEVICE, "userCertificate", "alternativeSecurityIds", SAME),
    HIDDEN(CONTACT, "extensionAttribute1"),
    HIDDEN(CONTACT, "extensionAttribute2"),
    HIDDEN(CONTACT, "extensionAttribute3"),
    HIDDEN(CONTACT, "extensionAttribute4"),
    HIDDEN(CONTACT, "extensionAttribute5"),
    HIDDEN(CONTACT, "extensionAttribute6"),
    HIDDEN(CONTACT, "extensionAttribute7"),
    HIDDEN(CONTACT, "extensionAttribute8"),
    HIDDEN(CONTACT, "extensionAttribute9"),
    HIDDEN(CONTACT, "extensionAttribute10"),
    HIDDEN(CONTACT, "extensionAttribute11"),
    HIDDEN(CONTACT, "extensionAttribute12"),
    HIDDEN(CONTACT, "extensionAttribute13"),
    HIDDEN(CONTACT, "extensionAttribute14"),
    HIDDEN(CONTACT, "extensionAttribute15"),
    HIDDEN(USER, "description"),
    HIDDEN(CONTACT, "description"),
    HIDDEN(GROUP, "sourceAnchor"),
    HIDDEN(CONTACT, "sourceAnchor"),
    HIDDEN(DEVICE, "sourceAnchor"),
    HIDDEN(ALL, "altRecipient"),
    HIDDEN(ALL, "assistant"),
    HIDDEN(ALL, "authOrig"),
    HIDDEN(ALL, "cloudMastered"),
    HIDDEN(ALL, "commonName"),
    HIDDEN(ALL, "countryCode"),
    HIDDEN(ALL, "countryLetterCode"),
    HIDDEN(ALL, "dLMemRejectPerms"),
    HIDDEN(ALL, "dLMemSubmitPerms"),
    HIDDEN(ALL, "dn"),
    HIDDEN(ALL, "hideDLMembership"),
    HIDDEN(ALL, "homePhone"),
    HIDDEN(ALL, "info"),
    HIDDEN(ALL, "initials"),
    HIDDEN(ALL, "ipPhone"),
    HIDDEN(ALL, "legacyExchangeDN"),
    HIDDEN(ALL, "managedBy"),
    HIDDEN(ALL, "middleName"),
    HIDDEN(ALL, "msDsHabSeniorityIndex"),
    HIDDEN(ALL, "msDsPhoneticDisplayName"),
    HIDDEN(ALL, "msExchArchiveGuid"),
    HIDDEN(ALL, "msExchArchiveName"),
    HIDDEN(ALL, "msExchAssistantName"),
    HIDDEN(ALL, "msExchAuditAdmin"),
    HIDDEN(ALL, "msExchAuditDelegate"),
    HIDDEN(ALL, "msExchAuditDelegateAdmin"),
    HIDDEN(ALL, "msExchAuditOwner"),
    HIDDEN(ALL, "msExchBlockedSendersHash"),
    HIDDEN(ALL, "msExchBypassAudit"),
    HIDDEN(ALL, "msExchCoManagedByLink"),
    HIDDEN(ALL, "msExchDelegateListLink"),
    HIDDEN(ALL, "msExchElcExpirySuspensionEnd"),
    HIDDEN(ALL, "msExchElcExpirySuspensionStart"),
    HIDDEN(ALL, "msExchElcMailboxFlags"),
    HIDDEN(ALL, "msExchEnableModeration"),
    HIDDEN(ALL, "msExchExtensionCustomAttribute1"),
    HIDDEN(ALL, "msExchExtensionCustomAttribute2"),
    HIDDEN(ALL, "msExchExtensionCustomAttribute3"),
    HIDDEN(ALL, "msExchExtensionCustomAttribute4"),
    HIDDEN(ALL, "msExchExtensionCustomAttribute5"),
    HIDDEN(ALL, "msExchImmutableId"),
    HIDDEN(ALL, "msExchLitigationHoldDate"),
    HIDDEN(ALL, "msExchLitigationHoldOwner"),
    HIDDEN(ALL, "msExchMailboxAuditEnable"),
    HIDDEN(ALL, "msExchMailboxAuditLogAgeLimit"),
    HIDDEN(ALL, "msExchMailboxGuid"),
    HIDDEN(ALL, "msExchModeratedByLink"),
    HIDDEN(ALL, "msExchModerationFlags"),
    HIDDEN(ALL, "msExchRecipientDisplayType"),
    HIDDEN(ALL, "msExchRecipientTypeDetails"),
    HIDDEN(ALL, "msExchRemoteRecipientType"),
    HIDDEN(ALL, "msExchRequireAuthToSendTo"),
    HIDDEN(ALL, "msExchResourceCapacity"),
    HIDDEN(ALL, "msExchResourceDisplay"),
    HIDDEN(ALL, "msExchResourceMetadata"),
    HIDDEN(ALL, "msExchResourceSearchProperties"),
    HIDDEN(ALL, "msExchRetentionComment"),
    HIDDEN(ALL, "msExchRetentionUrl"),
    HIDDEN(ALL, "msExchSafeRecipientsHash"),
    HIDDEN(ALL, "msExchSafeSendersHash"),
    HIDDEN(ALL, "msExchSenderHintTranslations"),
    HIDDEN(ALL, "msExchTeamMailboxExpiration"),
    HIDDEN(ALL, "msExchTeamMailboxOwners"),
    HIDDEN(ALL, "msExchTeamMailboxSharePointLinkedBy"),
    HIDDEN(ALL, "msExchTeamMailboxSharePointUrl"),
    HIDDEN(ALL, "msExchUserHoldPolicies"),
    HIDDEN(ALL, "msOrgIsOrganizational"),
    HIDDEN(ALL, "msRtcSipApplicationOptions"),
    HIDDEN(ALL, "msRtcSipDeploymentLocator"),
    HIDDEN(ALL, "msRtcSipLine"),
    HIDDEN(ALL, "msRtcSipOptionFlags"),
    HIDDEN(ALL, "msRtcSipOwnerUrn"),
    HIDDEN(ALL, "msRtcSipUserEnabled"),
    HIDDEN(ALL, "netBiosName"),
    HIDDEN(ALL, "oOFReplyToOriginator"),
    HIDDEN(ALL, "otherFacsimileTelephoneNumber"),
    HIDDEN(ALL, "otherHomePhone"),
    HIDDEN(ALL, "otherIpPhone"),
    HIDDEN(ALL, "otherMobile"),
    HIDDEN(ALL, "otherPager"),
    HIDDEN(ALL, "otherTelephone"),
    HIDDEN(ALL, "pager"),
    HIDDEN(ALL, "postOfficeBox"),
    HIDDEN(ALL, "publicDelegates"),
    HIDDEN(ALL, "reportToOriginator"),
    HIDDEN(ALL, "reportToOwner"),
    HIDDEN(ALL, "sourceAnchorBinary"),
    HIDDEN(ALL, "targetAddress"),
    HIDDEN(ALL, "telephoneAssistant"),
    HIDDEN(ALL, "unauthOrig"),
    HIDDEN(ALL, "url"),
    HIDDEN(ALL, "userCertificate"),
    HIDDEN(ALL, "userSMIMECertificate"),
    HIDDEN(ALL, "wWWHomePage"),
};

static gboolean fits(const struct cor_name *row, const char *cloud_type)
{
    return !row->type || (cloud_type && g_ascii_strcasecmp(row->type, cloud_type) == 0);
}

const struct cor_name *cor_name_table(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(table);
    return table;
}

const struct cor_name *cor_name_of_cs(const char *cloud_type, const char *cs)
{
    static _Thread_local struct cor_name extension;
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (fits(&table[i], cloud_type) && g_ascii_strcasecmp(table[i].cs, cs) == 0)
            return &table[i];
    if (!g_str_has_prefix(cs, "extension_"))
        return NULL;
    extension = (struct cor_name){.cs = cs, .graph = cs};
    return &extension;
}

GPtrArray *cor_names_of_graph(const char *cloud_type, const char *graph)
{
    GPtrArray *rows = g_ptr_array_new();
    gsize len = strlen(graph);
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const struct cor_name *row = &table[i];
        if (!row->graph || !fits(row, cloud_type))
            continue;
        if (strcmp(row->graph, graph) == 0 ||
            (strncmp(row->graph, graph, len) == 0 && row->graph[len] == '.'))
            g_ptr_array_add(rows, (void *)row);
    }
    if (rows->len == 0 && g_str_has_prefix(graph, "extension_"))
        g_ptr_array_add(rows, (void *)cor_name_of_cs(cloud_type, graph));
    return rows;
}
