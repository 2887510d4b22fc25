/* SPDX-License-Identifier: Apache-2.0 */
/* Standard rules from the metaverse to Microsoft Entra ID. */
#include "agent/rules/defaults_private.h"

#define ANCHOR_DN "\"CN={\"&ConvertToUTF8Hex([sourceAnchor])&\"}\""
#define UNCHANGED                                                                                  \
    "IIF([cloudSourceAnchor]=[sourceAnchor],[sourceAnchor],Error(\"the anchor has changed\"))"
/* Held against the cloud's anchor only where the cloud object is of the same type. */
#define PERSON_ANCHOR                                                                              \
    "IIF(IsPresent([cloudSourceAnchor]),IIF(Word([cloudAnchor],1,\"_\")=[sourceObjectType]"        \
    "," UNCHANGED ",[sourceAnchor]),[sourceAnchor])"
#define GROUP_ANCHOR        "IIF(IsPresent([cloudSourceAnchor])," UNCHANGED ",[sourceAnchor])"
#define KEEP_IF_EMPTY(name) "IIF(IsNullOrEmpty([" name "]),IgnoreThisFlow,[" name "])"
#define MEMBER_GUARD        "IIF([memberCount]>50000,Error(\"too many members\"),IgnoreThisFlow)"

static const struct rules_default_part user_join[] = {
    {RULES_DEFAULT_DIRECT,
     "accountEnabled commonName<cn dnsDomainName<domainFQDN "
     "lastPasswordChangeTimestamp<pwdLastSet netBiosName<domainNetBios "
     "onPremisesSamAccountName<accountName onPremiseSecurityIdentifier<objectSid",
     NULL},
    {RULES_DEFAULT_EXPRESSION, "dn", ANCHOR_DN},
    {RULES_DEFAULT_EXPRESSION, "sourceAnchor", PERSON_ANCHOR},
    {RULES_DEFAULT_EXPRESSION, "usageLocation", KEEP_IF_EMPTY("usageLocation")},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part user_identity[] = {
    {RULES_DEFAULT_DIRECT,
     "accountEnabled alias<mailNickname displayName givenName mail onPremisesUserPrincipalName "
     "proxyAddresses surname<sn userPrincipalName",
     NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

/* What users and contacts have in common in Exchange Online. */
static const struct rules_default_part person_exchange[] = {
    {RULES_DEFAULT_DIRECT, RULES_DEFAULT_EXTENSIONS, NULL},
    {RULES_DEFAULT_DIRECT,
     "alias<mailNickname assistant authOrig city<l company country<co countryLetterCode<c "
     "department description displayName dLMemRejectPerms dLMemSubmitPerms "
     "facsimileTelephoneNumber givenName homePhone info initials legacyExchangeDN manager "
     "mobile msDsHabSeniorityIndex<msDS-HABSeniorityIndex msDsPhoneticDisplayName<"
     "msDS-PhoneticDisplayName msExchAssistantName msExchBlockedSendersHash "
     "msExchHideFromAddressLists msExchModeratedByLink msExchModerationFlags "
     "msExchRecipientDisplayType msExchRecipientTypeDetails msExchRequireAuthToSendTo "
     "msExchRetentionComment msExchRetentionUrl<msExchRetentionURL msExchSafeRecipientsHash "
     "msExchSafeSendersHash msExchSenderHintTranslations otherFacsimileTelephoneNumber "
     "otherHomePhone otherTelephone pager physicalDeliveryOfficeName postalCode proxyAddresses "
     "publicDelegates state<st streetAddress surname<sn targetAddress telephoneAssistant "
     "telephoneNumber thumbnailPhoto title unauthOrig userCertificate userSMIMECertificate "
     "wWWHomePage",
     NULL},
    {RULES_DEFAULT_DIRECT,
     "msExchExtensionCustomAttribute1 msExchExtensionCustomAttribute2 "
     "msExchExtensionCustomAttribute3 msExchExtensionCustomAttribute4 "
     "msExchExtensionCustomAttribute5 msExchLitigationHoldDate msExchLitigationHoldOwner",
     NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part user_exchange[] = {
    {RULES_DEFAULT_DIRECT,
     "accountEnabled msExchArchiveGuid<msExchArchiveGUID msExchArchiveName msExchAuditAdmin "
     "msExchAuditDelegate msExchAuditDelegateAdmin msExchAuditOwner msExchBypassAudit "
     "msExchDelegateListLink msExchElcExpirySuspensionEnd<msExchELCExpirySuspensionEnd "
     "msExchElcExpirySuspensionStart<msExchELCExpirySuspensionStart "
     "msExchElcMailboxFlags<msExchELCMailboxFlags msExchEnableModeration msExchImmutableId "
     "msExchMailboxAuditEnable msExchMailboxAuditLogAgeLimit msExchMailboxGuid "
     "msExchRemoteRecipientType msExchResourceCapacity msExchResourceDisplay "
     "msExchResourceMetadata<msExchResourceMetaData msExchResourceSearchProperties "
     "msExchTeamMailboxExpiration msExchTeamMailboxOwners msExchTeamMailboxSharePointUrl "
     "msExchUserHoldPolicies onPremisesUserPrincipalName userPrincipalName",
     NULL},
    {RULES_DEFAULT_EXPRESSION, "countryCode", KEEP_IF_EMPTY("countryCode")},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part contact_join[] = {
    {RULES_DEFAULT_EXPRESSION, "dn", ANCHOR_DN},
    {RULES_DEFAULT_EXPRESSION, "sourceAnchor", PERSON_ANCHOR},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part contact_identity[] = {
    {RULES_DEFAULT_DIRECT, "alias<mailNickname displayName givenName proxyAddresses surname<sn",
     NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part contact_exchange[] = {
    {RULES_DEFAULT_DIRECT, "countryCode", NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part group_join[] = {
    {RULES_DEFAULT_DIRECT, "commonName<cn onPremiseSecurityIdentifier<objectSid securityEnabled",
     NULL},
    {RULES_DEFAULT_EXPRESSION, "dn", ANCHOR_DN},
    {RULES_DEFAULT_EXPRESSION, "member", MEMBER_GUARD},
    {RULES_DEFAULT_EXPRESSION, "sourceAnchor", GROUP_ANCHOR},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part group_identity[] = {
    {RULES_DEFAULT_DIRECT, "alias<mailNickname displayName mail managedBy member proxyAddresses",
     NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part group_exchange[] = {
    {RULES_DEFAULT_DIRECT, RULES_DEFAULT_EXTENSIONS, NULL},
    {RULES_DEFAULT_DIRECT,
     "alias<mailNickname authOrig description displayName dLMemRejectPerms dLMemSubmitPerms "
     "info legacyExchangeDN managedBy member msDsHabSeniorityIndex<msDS-HABSeniorityIndex "
     "msDsPhoneticDisplayName<msDS-PhoneticDisplayName msExchCoManagedByLink "
     "msExchEnableModeration msExchHideFromAddressLists msExchModeratedByLink "
     "msExchModerationFlags msExchRecipientDisplayType msExchRecipientTypeDetails "
     "msExchRequireAuthToSendTo msExchRetentionComment msExchRetentionUrl<msExchRetentionURL "
     "msExchSenderHintTranslations msOrgIsOrganizational<msOrg-IsOrganizational "
     "oOFReplyToOriginator proxyAddresses publicDelegates reportToOriginator reportToOwner "
     "unauthOrig",
     NULL},
    {RULES_DEFAULT_DIRECT,
     "msExchExtensionCustomAttribute1 msExchExtensionCustomAttribute2 "
     "msExchExtensionCustomAttribute3 msExchExtensionCustomAttribute4 "
     "msExchExtensionCustomAttribute5 msExchLitigationHoldDate msExchLitigationHoldOwner",
     NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

/* What both kinds of group need. */
#define LIVE "cloudFiltered NOTEQUAL True;sourceAnchor ISNOTNULL;cloudMastered NOTEQUAL True;"

#define OLD_GROUP   ";cloudAnchor ISNOTNULL"
#define NEW_GROUP   ";memberCount LESSTHAN 50000"
#define SECURITY    LIVE "securityEnabled EQUAL True"
#define MAIL        LIVE "mailEnabled EQUAL True"
#define GROUP_SCOPE SECURITY OLD_GROUP "|" SECURITY NEW_GROUP "|" MAIL OLD_GROUP "|" MAIL NEW_GROUP

const struct rules_default_row rules_default_outbound[] = {
    {"OuttoAADUserJoin", "006", COR_RULE_OUTBOUND, COR_RULE_PROVISION, "person", "user", TRUE,
     "sourceObjectType EQUAL User;cloudMastered NOTEQUAL True;cloudFiltered NOTEQUAL "
     "True;sourceAnchor ISNOTNULL;accountEnabled ISNOTNULL",
     "sourceAnchor=sourceAnchor", (const struct rules_default_part *const[]){user_join, NULL}},
    {"OuttoAADUserIdentity", "005", COR_RULE_OUTBOUND, COR_RULE_JOIN, "person", "user", FALSE,
     "sourceObjectType EQUAL User;cloudMastered NOTEQUAL True", NULL,
     (const struct rules_default_part *const[]){user_identity, NULL}},
    {"OuttoAADUserExchangeOnline", "004", COR_RULE_OUTBOUND, COR_RULE_JOIN, "person", "user", FALSE,
     "sourceObjectType EQUAL User;cloudMastered NOTEQUAL True", NULL,
     (const struct rules_default_part *const[]){person_exchange, user_exchange, NULL}},
    {"OuttoAADContactJoin", "003", COR_RULE_OUTBOUND, COR_RULE_PROVISION, "person", "contact",
     FALSE, "sourceObjectType EQUAL Contact;cloudFiltered NOTEQUAL True;mailEnabled EQUAL True",
     "sourceAnchor=sourceAnchor", (const struct rules_default_part *const[]){contact_join, NULL}},
    {"OuttoAADContactIdentity", "003", COR_RULE_OUTBOUND, COR_RULE_JOIN, "person", "contact", FALSE,
     "sourceObjectType EQUAL Contact", NULL,
     (const struct rules_default_part *const[]){contact_identity, NULL}},
    {"OuttoAADContactExchangeOnline", "003", COR_RULE_OUTBOUND, COR_RULE_JOIN, "person", "contact",
     FALSE, "sourceObjectType EQUAL Contact", NULL,
     (const struct rules_default_part *const[]){person_exchange, contact_exchange, NULL}},
    {"OuttoAADGroupJoin", "006", COR_RULE_OUTBOUND, COR_RULE_PROVISION, "group", "group", FALSE,
     GROUP_SCOPE, "sourceAnchor=sourceAnchor",
     (const struct rules_default_part *const[]){group_join, NULL}},
    {"OuttoAADGroupIdentity", "004", COR_RULE_OUTBOUND, COR_RULE_JOIN, "group", "group", FALSE,
     "sourceAnchor ISNOTNULL;cloudMastered NOTEQUAL True", "sourceAnchor=sourceAnchor",
     (const struct rules_default_part *const[]){group_identity, NULL}},
    {"OuttoAADGroupExchangeOnline", "005", COR_RULE_OUTBOUND, COR_RULE_JOIN, "group", "group",
     FALSE, "sourceAnchor ISNOTNULL;cloudMastered NOTEQUAL True", "sourceAnchor=sourceAnchor",
     (const struct rules_default_part *const[]){group_exchange, NULL}},
};
const guint rules_default_outbound_len = G_N_ELEMENTS(rules_default_outbound);
