/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes that are not compared byte by byte (design rule 8). Sources: MS-ADA1..3 for what
 * a DC counts up by itself; Graph resource pages for report-only properties; the page on shadow
 * attributes of Microsoft Entra Connect. An attribute without a row is compared as it is.
 */
#include "correlate/semantic_table.h"

#define VOLATILE COR_TRAIT_VOLATILE
#define NOCASE   COR_TRAIT_NOCASE
#define SHADOW   COR_TRAIT_SHADOW
#define PROXY    COR_TRAIT_PROXY
#define NOTIMES  COR_TRAIT_NOTIMES

static const struct cor_semantic_row rows[] = {
    /* kept by the DC itself, or told by the life of the object */
    {COR_AD, NULL, "badPasswordTime", VOLATILE},
    {COR_AD, NULL, "badPwdCount", VOLATILE},
    {COR_AD, NULL, "dSCorePropagationData", VOLATILE},
    {COR_AD, NULL, "isDeleted", VOLATILE},
    {COR_AD, NULL, "isRecycled", VOLATILE},
    {COR_AD, NULL, "lastKnownParent", VOLATILE},
    {COR_AD, NULL, "lastLogoff", VOLATILE},
    {COR_AD, NULL, "lastLogon", VOLATILE},
    {COR_AD, NULL, "lastLogonTimestamp", VOLATILE},
    {COR_AD, NULL, "logonCount", VOLATILE},
    {COR_AD, NULL, "modifyTimeStamp", VOLATILE},
    {COR_AD, NULL, "msDS-LastKnownRDN", VOLATILE},
    {COR_AD, NULL, "msDS-FailedInteractiveLogonCount", VOLATILE},
    {COR_AD, NULL, "msDS-FailedInteractiveLogonCountAtLastSuccessfulLogon", VOLATILE},
    {COR_AD, NULL, "msDS-LastFailedInteractiveLogonTime", VOLATILE},
    {COR_AD, NULL, "msDS-LastSuccessfulInteractiveLogonTime", VOLATILE},
    {COR_AD, NULL, "name", VOLATILE}, /* the RDN again: a rename is told by distinguishedName */
    {COR_AD, NULL, "uSNChanged", VOLATILE},
    {COR_AD, NULL, "uSNCreated", VOLATILE},
    {COR_AD, NULL, "whenChanged", VOLATILE},
    {COR_AD, COR_TYPE_DOMAIN, "creationTime", VOLATILE},

    {COR_AD, NULL, "distinguishedName", NOCASE},
    {COR_AD, NULL, "dNSHostName", NOCASE},
    {COR_AD, NULL, "legacyExchangeDN", NOCASE},
    {COR_AD, NULL, "mail", NOCASE},
    {COR_AD, NULL, "mailNickname", NOCASE},
    {COR_AD, NULL, "objectClass", NOCASE},
    {COR_AD, NULL, "proxyAddresses", PROXY},
    {COR_AD, NULL, "sAMAccountName", NOCASE},
    {COR_AD, NULL, "servicePrincipalName", NOCASE},
    {COR_AD, NULL, "targetAddress", PROXY},
    {COR_AD, NULL, "userPrincipalName", NOCASE},

    {COR_ENTRA, NULL, "approximateLastSignInDateTime", VOLATILE},
    {COR_ENTRA, NULL, "deletedDateTime", VOLATILE},
    {COR_ENTRA, NULL, "modifiedDateTime", VOLATILE},
    {COR_ENTRA, NULL, "lastModifiedDateTime", VOLATILE},
    {COR_ENTRA, NULL, "onPremisesLastPasswordSyncDateTime", VOLATILE},
    {COR_ENTRA, NULL, "onPremisesLastSyncDateTime", VOLATILE},
    {COR_ENTRA, NULL, "renewedDateTime", VOLATILE},
    {COR_ENTRA, NULL, "signInActivity", VOLATILE},
    {COR_ENTRA, NULL, "unseenConversationsCount", VOLATILE},
    {COR_ENTRA, NULL, "unseenCount", VOLATILE},
    {COR_ENTRA, NULL, "unseenMessagesCount", VOLATILE},
    {COR_ENTRA, COR_TYPE_ORGANIZATION, "directorySizeQuota", VOLATILE},

    {COR_ENTRA, NULL, "assignedPlans", NOTIMES},
    {COR_ENTRA, NULL, "licenseAssignmentStates", NOTIMES},
    {COR_ENTRA, NULL, "onPremisesProvisioningErrors", NOTIMES},
    {COR_ENTRA, NULL, "provisionedPlans", NOTIMES},
    {COR_ENTRA, NULL, "serviceProvisioningErrors", NOTIMES},

    {COR_ENTRA, NULL, "mail", NOCASE},
    {COR_ENTRA, NULL, "mailNickname", NOCASE | SHADOW},
    {COR_ENTRA, NULL, "onPremisesDistinguishedName", NOCASE},
    {COR_ENTRA, NULL, "onPremisesDomainName", NOCASE},
    {COR_ENTRA, NULL, "onPremisesNetBiosName", NOCASE},
    {COR_ENTRA, NULL, "onPremisesSamAccountName", NOCASE},
    {COR_ENTRA, NULL, "onPremisesUserPrincipalName", NOCASE},
    {COR_ENTRA, NULL, "otherMails", NOCASE},
    {COR_ENTRA, NULL, "preferredLanguage", NOCASE},
    {COR_ENTRA, NULL, "proxyAddresses", PROXY | SHADOW},
    {COR_ENTRA, NULL, "usageLocation", NOCASE},
    {COR_ENTRA, NULL, "userPrincipalName", NOCASE | SHADOW},
};

const struct cor_semantic_row *cor_semantic_rows(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(rows);
    return rows;
}
