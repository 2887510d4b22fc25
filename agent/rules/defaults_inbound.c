/* SPDX-License-Identifier: Apache-2.0 */
/* Standard rules from Active Directory to the metaverse. */
#include "agent/rules/defaults_private.h"

/* An expression that is True when any of its conditions holds, else empty: cloudFiltered is only
 * ever True or NULL (default configuration). */
#define WHEN(condition, otherwise) "IIF(" condition ",True," otherwise ")"

#define CONFLICT_COPY "InStr(DNComponent(CRef([dn]),1),\"\\\\0ACNF:\")>0"
#define EXCHANGE_KIND(bits)                                                                        \
    "IIF(IsPresent([msExchRecipientTypeDetails]),BitAnd([msExchRecipientTypeDetails]," bits ")>0," \
    "False)"
#define CAS_NAME(attribute) "(Left([" attribute "],4)=\"CAS_\")&&(InStr([" attribute "],\"}\")>0)"

#define USER_FILTERED                                                                              \
    WHEN("IsPresent([isCriticalSystemObject])",                                                    \
         WHEN("IsNullOrEmpty([sAMAccountName])",                                                   \
              WHEN("[sAMAccountName]=\"SUPPORT_388945a0\"",                                        \
                   WHEN("Left([mailNickname],14)=\"SystemMailbox{\"",                              \
                        WHEN("Left([sAMAccountName],4)=\"AAD_\"",                                  \
                             WHEN("Left([sAMAccountName],5)=\"MSOL_\"",                            \
                                  WHEN(CAS_NAME("mailNickname"),                                   \
                                       WHEN(CAS_NAME("sAMAccountName"),                            \
                                            WHEN(EXCHANGE_KIND("&H21C07000"),                      \
                                                 WHEN(CONFLICT_COPY, "NULL"))))))))))
#define GROUP_FILTERED                                                                             \
    WHEN("IsPresent([isCriticalSystemObject])",                                                    \
         WHEN("[sAMAccountName]=\"MSOL_AD_Sync_RichCoexistence\"",                                 \
              WHEN(EXCHANGE_KIND("&H40000000"), WHEN(CONFLICT_COPY, "NULL"))))
#define CONTACT_FILTERED                                                                           \
    WHEN("IsPresent([isCriticalSystemObject])",                                                    \
         WHEN("(InStr([displayName],\"(MSOL)\")>0)&&CBool([msExchHideFromAddressLists])",          \
              WHEN(CAS_NAME("mailNickname"), WHEN(CONFLICT_COPY, "NULL"))))
/* A primary address, or mail, with an @. */
#define MAIL_ENABLED                                                                               \
    "IIF(IsPresent([proxyAddresses])&&(Contains([proxyAddresses],\"SMTP:\")>0)&&"                  \
    "(InStr(Item([proxyAddresses],Contains([proxyAddresses],\"SMTP:\")),\"@\")>0),True,"           \
    "IIF(IsPresent([mail])&&(InStr([mail],\"@\")>0),True,False))"

/* The linked half of a resource forest (2) gives neither anchor nor type. */
#define NOT_LINKED(value)                                                                          \
    "IIF(IsPresent([msExchRecipientTypeDetails]),IIF([msExchRecipientTypeDetails]=2,NULL," value   \
    ")," value ")"
#define ANCHOR                                                                                     \
    "IIF(IsPresent([mS-DS-ConsistencyGuid]),ConvertToBase64([mS-DS-ConsistencyGuid]),"             \
    "ConvertToBase64([objectGUID]))"
#define NAME_OR_CN "IIF(IsNullOrEmpty([displayName]),[cn],[displayName])"
#define ADDRESSES  "RemoveDuplicates(Trim(ImportedValue(\"proxyAddresses\")))"
#define PASSWORD_SET                                                                               \
    "IIF(IsPresent([pwdLastSet]),CStr(FormatDateTime(DateFromNum([pwdLastSet]),"                   \
    "\"yyyyMMddHHmmss.0Z\")),NULL)"
#define PRINCIPAL_NAME                                                                             \
    "IIF(IsPresent([userPrincipalName]),[userPrincipalName],IIF(IsPresent([sAMAccountName]),"      \
    "[sAMAccountName]&\"@\"&%Domain.FQDN%,Error(\"neither userPrincipalName nor "                  \
    "sAMAccountName\")))"

static const struct rules_default_part user_join[] = {
    {RULES_DEFAULT_EXPRESSION, "cloudFiltered", USER_FILTERED},
    {RULES_DEFAULT_END, NULL, NULL},
};

/* Who the user is, for whichever rule speaks first. */
static const struct rules_default_part identity[] = {
    {RULES_DEFAULT_EXPRESSION, "domainFQDN", "%Domain.FQDN%"},
    {RULES_DEFAULT_EXPRESSION, "domainNetBios", "%Domain.Netbios%"},
    {RULES_DEFAULT_EXPRESSION, "forestFQDN", "%Forest.FQDN%"},
    {RULES_DEFAULT_EXPRESSION, "forestNetBios", "%Forest.Netbios%"},
    {RULES_DEFAULT_EXPRESSION, "objectSidString", "StringFromSid([objectSid])"},
    {RULES_DEFAULT_EXPRESSION, "pwdLastSet", PASSWORD_SET},
    {RULES_DEFAULT_EXPRESSION, "sourceAnchor", NOT_LINKED(ANCHOR)},
    {RULES_DEFAULT_EXPRESSION, "userPrincipalName", PRINCIPAL_NAME},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part enabled[] = {
    {RULES_DEFAULT_DIRECT, "cn objectSid", NULL},
    {RULES_DEFAULT_CONSTANT, "accountEnabled", "True"},
    {RULES_DEFAULT_EXPRESSION, "contributingConnectorUser", "%Connector.ID%"},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part person[] = {
    {RULES_DEFAULT_TRIM,
     "c co company department facsimileTelephoneNumber givenName homePhone initials ipPhone l "
     "mail middleName mobile otherFacsimileTelephoneNumber otherHomePhone otherIpPhone "
     "otherMobile otherPager otherTelephone pager physicalDeliveryOfficeName postalCode sn st "
     "streetAddress telephoneNumber title wWWHomePage preferredLanguage",
     NULL},
    {RULES_DEFAULT_TRIM, RULES_DEFAULT_EXTENSIONS, NULL},
    {RULES_DEFAULT_DIRECT,
     "assistant cn countryCode manager photo thumbnailPhoto accountName<sAMAccountName", NULL},
    {RULES_DEFAULT_CUT, "info", NULL},
    {RULES_DEFAULT_FIRST, "description postOfficeBox url", NULL},
    {RULES_DEFAULT_EXPRESSION, "accountEnabled",
     "IIF(BitAnd([userAccountControl],2)=0,True,False)"},
    {RULES_DEFAULT_EXPRESSION, "displayName", NAME_OR_CN},
    {RULES_DEFAULT_EXPRESSION, "sourceObjectType", NOT_LINKED("\"User\"")},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part addresses[] = {
    {RULES_DEFAULT_EXPRESSION, "proxyAddresses", ADDRESSES},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part sid[] = {
    {RULES_DEFAULT_DIRECT, "objectSid", NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part exchange[] = {
    {RULES_DEFAULT_TRIM, "telephoneAssistant", NULL},
    {RULES_DEFAULT_TRIM, RULES_DEFAULT_EXTENSIONS, NULL},
    {RULES_DEFAULT_DIRECT,
     "authOrig dLMemRejectPerms dLMemSubmitPerms legacyExchangeDN mailNickname "
     "msDS-HABSeniorityIndex msDS-PhoneticDisplayName msExchArchiveGUID msExchArchiveName "
     "msExchAssistantName msExchBlockedSendersHash "
     "msExchBypassModerationFromDLMembersLink<msExchBypassModerationFromDLMembersBL "
     "msExchBypassModerationLink msExchDelegateListLink msExchELCExpirySuspensionEnd "
     "msExchELCExpirySuspensionStart msExchELCMailboxFlags msExchEnableModeration "
     "msExchHideFromAddressLists msExchImmutableId msExchMailboxGuid msExchMasterAccountSid "
     "msExchModeratedByLink msExchModerationFlags msExchRecipientDisplayType "
     "msExchRecipientTypeDetails msExchRequireAuthToSendTo msExchResourceCapacity "
     "msExchResourceDisplay msExchResourceMetaData msExchResourceSearchProperties "
     "msExchRetentionComment msExchRetentionURL msExchSafeRecipientsHash msExchSafeSendersHash "
     "msExchSenderHintTranslations msExchUserHoldPolicies publicDelegates targetAddress "
     "unauthOrig userCertificate userSMIMECertificate",
     NULL},
    {RULES_DEFAULT_EXPRESSION, "contributingConnectorExchange", "%Connector.ID%"},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part group_join[] = {
    {RULES_DEFAULT_EXPRESSION, "cloudFiltered", GROUP_FILTERED},
    {RULES_DEFAULT_EXPRESSION, "mailEnabled", MAIL_ENABLED},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part group_exchange[] = {
    {RULES_DEFAULT_TRIM, RULES_DEFAULT_EXTENSIONS, NULL},
    {RULES_DEFAULT_DIRECT,
     "authOrig dLMemRejectPerms dLMemSubmitPerms hideDLMembership legacyExchangeDN "
     "mailNickname msDS-PhoneticDisplayName msExchBypassModerationFromDLMembersLink "
     "msExchBypassModerationLink msExchCoManagedByLink msExchEnableModeration "
     "msExchGroupDepartRestriction msExchGroupJoinRestriction msExchHideFromAddressLists "
     "msExchModeratedByLink msExchModerationFlags msExchRecipientDisplayType "
     "msExchRecipientTypeDetails msExchRequireAuthToSendTo msExchRetentionComment "
     "msExchRetentionURL msExchSenderHintTranslations oOFReplyToOriginator publicDelegates "
     "reportToOriginator reportToOwner unauthOrig",
     NULL},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part group_common[] = {
    {RULES_DEFAULT_TRIM, "mail", NULL},
    {RULES_DEFAULT_DIRECT, "cn managedBy member objectSid sourceAnchorBinary<objectGUID", NULL},
    {RULES_DEFAULT_CUT, "info", NULL},
    {RULES_DEFAULT_FIRST, "description", NULL},
    {RULES_DEFAULT_EXPRESSION, "displayName", NAME_OR_CN},
    {RULES_DEFAULT_EXPRESSION, "memberCount", "ValueCount(\"member\")"},
    {RULES_DEFAULT_EXPRESSION, "objectSidString", "StringFromSid([objectSid])"},
    {RULES_DEFAULT_EXPRESSION, "proxyAddresses", ADDRESSES},
    {RULES_DEFAULT_EXPRESSION, "securityEnabled", "CBool(BitAnd([groupType],-2147483648))"},
    {RULES_DEFAULT_EXPRESSION, "sourceAnchor", "ConvertToBase64([objectGUID])"},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part contact_join[] = {
    {RULES_DEFAULT_EXPRESSION, "cloudFiltered", CONTACT_FILTERED},
    {RULES_DEFAULT_EXPRESSION, "mailEnabled", MAIL_ENABLED},
    {RULES_DEFAULT_END, NULL, NULL},
};

static const struct rules_default_part contact_common[] = {
    {RULES_DEFAULT_TRIM,
     "c co company department facsimileTelephoneNumber givenName homePhone initials ipPhone l "
     "mail middleName mobile otherFacsimileTelephoneNumber otherHomePhone otherIpPhone "
     "otherMobile otherPager otherTelephone pager physicalDeliveryOfficeName postalCode sn st "
     "streetAddress telephoneNumber title wWWHomePage telephoneAssistant",
     NULL},
    {RULES_DEFAULT_TRIM, RULES_DEFAULT_EXTENSIONS, NULL},
    {RULES_DEFAULT_DIRECT,
     "assistant authOrig cn countryCode dLMemRejectPerms dLMemSubmitPerms "
     "manager msDS-HABSeniorityIndex msDS-PhoneticDisplayName msExchAssistantName "
     "msExchBlockedSendersHash msExchBypassModerationFromDLMembersLink "
     "msExchBypassModerationLink msExchHideFromAddressLists msExchModeratedByLink "
     "msExchModerationFlags msExchRecipientDisplayType msExchRecipientTypeDetails "
     "msExchRequireAuthToSendTo msExchRetentionComment msExchRetentionURL "
     "msExchSafeRecipientsHash msExchSafeSendersHash msExchSenderHintTranslations "
     "publicDelegates sourceAnchorBinary<objectGUID targetAddress thumbnailPhoto unauthOrig "
     "userCertificate userSMIMECertificate",
     NULL},
    {RULES_DEFAULT_CUT, "info", NULL},
    {RULES_DEFAULT_FIRST, "description postOfficeBox url", NULL},
    {RULES_DEFAULT_EXPRESSION, "legacyExchangeDN",
     "IIF(IsPresent([legacyExchangeDN]),[legacyExchangeDN],NULL)"},
    {RULES_DEFAULT_EXPRESSION, "displayName", NAME_OR_CN},
    {RULES_DEFAULT_EXPRESSION, "mailNickname",
     "IIF(IsPresent([mailNickname]),[mailNickname],[cn])"},
    {RULES_DEFAULT_EXPRESSION, "proxyAddresses", ADDRESSES},
    {RULES_DEFAULT_EXPRESSION, "sourceAnchor", "ConvertToBase64([objectGUID])"},
    {RULES_DEFAULT_CONSTANT, "sourceObjectType", "Contact"},
    {RULES_DEFAULT_END, NULL, NULL},
};

const struct rules_default_row rules_default_inbound[] = {
    {"InfromADUserJoin", "003", COR_RULE_INBOUND, COR_RULE_PROVISION, "user", "person", FALSE,
     "isCriticalSystemObject NOTEQUAL True;adminDescription NOTSTARTSWITH User_",
     "objectSid=objectSid|msExchMasterAccountSid=objectSid|objectSid=msExchMasterAccountSid|"
     "msRTCSIP-OriginatorSid=objectSid|objectSid=msRTCSIP-OriginatorSid",
     (const struct rules_default_part *const[]){user_join, NULL}},
    {"InfromADUserAccountEnabled", "004", COR_RULE_INBOUND, COR_RULE_JOIN, "user", "person", TRUE,
     "userAccountControl ISBITNOTSET 2", NULL,
     (const struct rules_default_part *const[]){enabled, identity, NULL}},
    {"InfromADUserCommonfromExchange", "004", COR_RULE_INBOUND, COR_RULE_JOIN, "user", "person",
     FALSE, "mailNickname ISNOTNULL;adminDescription NOTSTARTSWITH User_", NULL,
     (const struct rules_default_part *const[]){person, addresses, NULL}},
    {"InfromADUserCommon", "004", COR_RULE_INBOUND, COR_RULE_JOIN, "user", "person", FALSE,
     "adminDescription NOTSTARTSWITH User_", NULL,
     (const struct rules_default_part *const[]){person, identity, sid, addresses, NULL}},
    {"InfromADUserExchange", "003", COR_RULE_INBOUND, COR_RULE_JOIN, "user", "person", FALSE,
     "mailNickname ISNOTNULL", NULL, (const struct rules_default_part *const[]){exchange, NULL}},
    {"InfromADInetOrgPersonJoin", "003", COR_RULE_INBOUND, COR_RULE_PROVISION, "inetOrgPerson",
     "person", FALSE, "isCriticalSystemObject NOTEQUAL True",
     "objectSid=objectSid|msExchMasterAccountSid=objectSid|objectSid=msExchMasterAccountSid|"
     "msRTCSIP-OriginatorSid=objectSid|objectSid=msRTCSIP-OriginatorSid",
     (const struct rules_default_part *const[]){user_join, NULL}},
    {"InfromADInetOrgPersonAccountEnabled", "003", COR_RULE_INBOUND, COR_RULE_JOIN, "inetOrgPerson",
     "person", FALSE, "userAccountControl ISBITNOTSET 2", NULL,
     (const struct rules_default_part *const[]){enabled, identity, NULL}},
    {"InfromADInetOrgPersonCommonfromExchange", "004", COR_RULE_INBOUND, COR_RULE_JOIN,
     "inetOrgPerson", "person", FALSE, "mailNickname ISNOTNULL", NULL,
     (const struct rules_default_part *const[]){person, addresses, NULL}},
    {"InfromADInetOrgPersonCommon", "004", COR_RULE_INBOUND, COR_RULE_JOIN, "inetOrgPerson",
     "person", FALSE, NULL, NULL,
     (const struct rules_default_part *const[]){person, identity, sid, NULL}},
    {"InfromADInetOrgPersonExchange", "003", COR_RULE_INBOUND, COR_RULE_JOIN, "inetOrgPerson",
     "person", FALSE, "mailNickname ISNOTNULL", NULL,
     (const struct rules_default_part *const[]){exchange, NULL}},
    {"InfromADGroupJoin", "003", COR_RULE_INBOUND, COR_RULE_PROVISION, "group", "group", FALSE,
     "isCriticalSystemObject NOTEQUAL True;adminDescription NOTSTARTSWITH Group_",
     "objectGUID=sourceAnchorBinary", (const struct rules_default_part *const[]){group_join, NULL}},
    {"InfromADGroupExchange", "004", COR_RULE_INBOUND, COR_RULE_JOIN, "group", "group", FALSE,
     "isCriticalSystemObject NOTEQUAL True;adminDescription NOTSTARTSWITH Group_", NULL,
     (const struct rules_default_part *const[]){group_exchange, NULL}},
    {"InfromADGroupCommon", "004", COR_RULE_INBOUND, COR_RULE_JOIN, "group", "group", FALSE,
     "isCriticalSystemObject NOTEQUAL True;adminDescription NOTSTARTSWITH Group_", NULL,
     (const struct rules_default_part *const[]){group_common, NULL}},
    {"InfromADContactJoin", "003", COR_RULE_INBOUND, COR_RULE_PROVISION, "contact", "person", FALSE,
     NULL, "mail=mail", (const struct rules_default_part *const[]){contact_join, NULL}},
    {"InfromADContactCommon", "004", COR_RULE_INBOUND, COR_RULE_JOIN, "contact", "person", FALSE,
     NULL, NULL, (const struct rules_default_part *const[]){contact_common, NULL}},
};
const guint rules_default_inbound_len = G_N_ELEMENTS(rules_default_inbound);
