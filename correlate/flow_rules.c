/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default rules as one table per Entra type: which property comes from which AD attributes, by
 * which shipped rule. Facts: Microsoft's pages on attributes synchronized and default
 * configuration, and the rules as Entra Connect ships them. Properties that Graph does not show are
 * left out: nobody can see drift in them.
 */
#include "correlate/flow_rules.h"

#include <string.h>

#define USER_JOIN   "In from AD - User Join"
#define USER_COMMON "In from AD - User Common"
#define USER_STATE  "In from AD - User AccountEnabled"
#define USER_EXCH   "In from AD - User Exchange"
#define USER_OUT    "Out to AAD - User Join"
#define GROUP_JOIN  "In from AD - Group Join"
#define GROUP_ALL   "In from AD - Group Common"
#define GROUP_EXCH  "In from AD - Group Exchange"
#define CONTACT_ALL "In from AD - Contact Common"
#define DEVICE_JOIN "In from AD - Computer Join"
#define PHS         "password hash synchronization"
#define CUSTOM      "no default rule; a customer's own"

#define DIRECT     COR_FLOW_DIRECT
#define EXPRESSION COR_FLOW_EXPRESSION
#define SYSTEM     COR_FLOW_SYSTEM
#define REFERENCE  COR_FLOW_REFERENCE
#define SHADOW     COR_FLOW_SHADOW
#define WRITABLE   COR_FLOW_WRITABLE
#define DOUBTFUL   COR_FLOW_UNCONFIRMED
#define ONCE       COR_FLOW_ONCE

#define EXT(n, rule)                                                                               \
    {                                                                                              \
        "onPremisesExtensionAttributes.extensionAttribute" #n, "extensionAttribute" #n,            \
            EXPRESSION, 0, rule, cor_flow_trim                                                     \
    }
#define EXTENSIONS(rule)                                                                           \
    EXT(1, rule), EXT(2, rule), EXT(3, rule), EXT(4, rule), EXT(5, rule), EXT(6, rule),            \
        EXT(7, rule), EXT(8, rule), EXT(9, rule), EXT(10, rule), EXT(11, rule), EXT(12, rule),     \
        EXT(13, rule), EXT(14, rule), EXT(15, rule)

static const struct cor_flow_rule user_rules[] = {
    {"accountEnabled", "userAccountControl", EXPRESSION, WRITABLE, USER_STATE, cor_flow_enabled},
    {"displayName", "displayName cn", EXPRESSION, 0, USER_COMMON, cor_flow_first_present},
    {"givenName", "givenName", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"surname", "sn", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"jobTitle", "title", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"department", "department", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"companyName", "company", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"officeLocation", "physicalDeliveryOfficeName", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"businessPhones", "telephoneNumber", EXPRESSION, 0, USER_COMMON, cor_flow_trim_list},
    {"mobilePhone", "mobile", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"faxNumber", "facsimileTelephoneNumber", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"streetAddress", "streetAddress", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"city", "l", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"state", "st", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"postalCode", "postalCode", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"country", "co", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"preferredLanguage", "preferredLanguage", EXPRESSION, 0, USER_COMMON, cor_flow_trim},
    {"mail", "mail", EXPRESSION, SHADOW, USER_COMMON, cor_flow_trim},
    {"mailNickname", "mailNickname", DIRECT, SHADOW, USER_EXCH, cor_flow_copy},
    {"proxyAddresses", "proxyAddresses", EXPRESSION, SHADOW, USER_COMMON, cor_flow_proxies},
    {"userPrincipalName", "userPrincipalName sAMAccountName", EXPRESSION, SHADOW, USER_STATE,
     cor_flow_upn},
    {"employeeId", "employeeID", DIRECT, 0, USER_COMMON, cor_flow_copy},
    {"employeeType", "employeeType", DIRECT, 0, USER_COMMON, cor_flow_copy},
    {"manager", "manager", REFERENCE, 0, USER_COMMON, cor_flow_untouched},
    {"usageLocation", "msExchUsageLocation", EXPRESSION, WRITABLE, USER_EXCH,
     cor_flow_usage_location},
    {"showInAddressList", "msExchHideFromAddressLists", DIRECT, WRITABLE | DOUBTFUL, USER_EXCH,
     cor_flow_untouched},
    {"imAddresses", "msRTCSIP-PrimaryUserAddress", SYSTEM, DOUBTFUL, "In from AD - User Lync",
     cor_flow_untouched},
    {"employeeHireDate", "", EXPRESSION, 0, CUSTOM, cor_flow_untouched},
    {"employeeLeaveDateTime", "", EXPRESSION, 0, CUSTOM, cor_flow_untouched},
    {"employeeOrgData", "", DIRECT, 0, CUSTOM, cor_flow_untouched},
    EXTENSIONS(USER_COMMON),
    {"passwordPolicies", "unicodePwd", EXPRESSION, WRITABLE | DOUBTFUL, PHS, cor_flow_untouched},
    {"lastPasswordChangeDateTime", "pwdLastSet", SYSTEM, SHADOW, USER_JOIN, cor_flow_password_time},
    {"onPremisesSecurityIdentifier", "objectSid", SYSTEM, 0, USER_STATE, cor_flow_copy},
    {"onPremisesSamAccountName", "sAMAccountName", SYSTEM, 0, USER_STATE, cor_flow_copy},
    {"onPremisesDistinguishedName", "distinguishedName", SYSTEM, 0, USER_JOIN, cor_flow_copy},
    {"onPremisesDomainName", "", SYSTEM, 0, USER_JOIN, cor_flow_domain_fqdn},
    {"onPremisesUserPrincipalName", "userPrincipalName", SYSTEM, 0, USER_JOIN, cor_flow_copy},
    {"onPremisesImmutableId", "mS-DS-ConsistencyGuid objectGUID", SYSTEM, 0, USER_OUT,
     cor_flow_anchor},
    {"onPremisesObjectIdentifier", "objectGUID", SYSTEM, 0, USER_OUT, cor_flow_copy},
};

static const struct cor_flow_rule group_rules[] = {
    {"displayName", "displayName cn", EXPRESSION, 0, GROUP_ALL, cor_flow_first_present},
    {"description", "description", EXPRESSION, 0, GROUP_ALL, cor_flow_first_448},
    {"mail", "mail", EXPRESSION, SHADOW, GROUP_ALL, cor_flow_trim},
    {"mailNickname", "mailNickname", DIRECT, SHADOW, GROUP_EXCH, cor_flow_copy},
    {"proxyAddresses", "proxyAddresses", EXPRESSION, SHADOW, GROUP_ALL, cor_flow_proxies},
    {"securityEnabled", "groupType", EXPRESSION, 0, GROUP_ALL, cor_flow_security_enabled},
    {"mailEnabled", "mail proxyAddresses", EXPRESSION, SHADOW, GROUP_JOIN, cor_flow_mail_enabled},
    {"member", "member", REFERENCE, 0, GROUP_ALL, cor_flow_untouched},
    EXTENSIONS(GROUP_EXCH),
    {"onPremisesSecurityIdentifier", "objectSid", SYSTEM, 0, GROUP_JOIN, cor_flow_copy},
    {"onPremisesSamAccountName", "sAMAccountName", SYSTEM, 0, GROUP_JOIN, cor_flow_copy},
    {"onPremisesDomainName", "", SYSTEM, 0, GROUP_JOIN, cor_flow_domain_fqdn},
    {"onPremisesNetBiosName", "", SYSTEM, 0, GROUP_JOIN, cor_flow_domain_netbios},
};

static const struct cor_flow_rule contact_rules[] = {
    {"displayName", "displayName cn", EXPRESSION, 0, CONTACT_ALL, cor_flow_first_present},
    {"givenName", "givenName", EXPRESSION, 0, CONTACT_ALL, cor_flow_trim},
    {"surname", "sn", EXPRESSION, 0, CONTACT_ALL, cor_flow_trim},
    {"companyName", "company", EXPRESSION, 0, CONTACT_ALL, cor_flow_trim},
    {"department", "department", EXPRESSION, 0, CONTACT_ALL, cor_flow_trim},
    {"jobTitle", "title", EXPRESSION, 0, CONTACT_ALL, cor_flow_trim},
    {"mail", "mail", EXPRESSION, SHADOW, CONTACT_ALL, cor_flow_trim},
    {"mailNickname", "mailNickname cn", EXPRESSION, SHADOW, CONTACT_ALL, cor_flow_first_present},
    {"proxyAddresses", "proxyAddresses", EXPRESSION, SHADOW, CONTACT_ALL, cor_flow_proxies},
    {"addresses", "streetAddress l st postalCode co physicalDeliveryOfficeName", EXPRESSION,
     DOUBTFUL, CONTACT_ALL, cor_flow_addresses},
    {"phones", "telephoneNumber mobile facsimileTelephoneNumber", EXPRESSION, 0, CONTACT_ALL,
     cor_flow_phones},
    {"manager", "manager", REFERENCE, 0, CONTACT_ALL, cor_flow_untouched},
};

static const struct cor_flow_rule device_rules[] = {
    {"accountEnabled", "userAccountControl", EXPRESSION, WRITABLE, DEVICE_JOIN, cor_flow_enabled},
    {"displayName", "displayName cn", EXPRESSION, 0, DEVICE_JOIN, cor_flow_first_present},
    /* a registered device reports its own system and version too */
    {"operatingSystem", "operatingSystem", DIRECT, SHADOW, DEVICE_JOIN, cor_flow_copy},
    {"operatingSystemVersion", "operatingSystemVersion", DIRECT, SHADOW, DEVICE_JOIN,
     cor_flow_copy},
    {"registeredOwners", "mS-DS-CreatorSID", REFERENCE, ONCE, DEVICE_JOIN, cor_flow_untouched},
    {"deviceId", "objectGUID", SYSTEM, 0, DEVICE_JOIN, cor_flow_copy},
    {"trustType", "", SYSTEM, 0, DEVICE_JOIN, cor_flow_server_ad},
    {"onPremisesSecurityIdentifier", "objectSid", SYSTEM, 0, DEVICE_JOIN, cor_flow_copy},
    {"alternativeSecurityIds", "userCertificate", SYSTEM, DOUBTFUL, DEVICE_JOIN,
     cor_flow_untouched},
};

static const struct {
    const char *entra_type, *ad_type;
    const struct cor_flow_rule *rules;
    gsize count;
} tables[] = {
    {COR_TYPE_USER, COR_TYPE_USER, user_rules, G_N_ELEMENTS(user_rules)},
    {COR_TYPE_USER, COR_TYPE_INETORGPERSON, user_rules, G_N_ELEMENTS(user_rules)},
    {COR_TYPE_GROUP, COR_TYPE_GROUP, group_rules, G_N_ELEMENTS(group_rules)},
    {COR_TYPE_CONTACT, COR_TYPE_CONTACT, contact_rules, G_N_ELEMENTS(contact_rules)},
    {COR_TYPE_DEVICE, COR_TYPE_COMPUTER, device_rules, G_N_ELEMENTS(device_rules)},
};

const struct cor_flow_rule *cor_flow_default_rules(const char *entra_type, gsize *ret_n)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tables) && entra_type; i++)
        if (strcmp(tables[i].entra_type, entra_type) == 0) {
            *ret_n = tables[i].count;
            return tables[i].rules;
        }
    *ret_n = 0;
    return NULL;
}

const struct cor_flow_rule *cor_flow_rules(const struct cor_flow_context *context,
                                           const char *entra_type, gsize *ret_n)
{
    if (context && context->program)
        return cor_flow_program_rules(context->program, entra_type, ret_n);
    return cor_flow_default_rules(entra_type, ret_n);
}

const struct cor_flow_rule *cor_flow_rule_for(const struct cor_flow_context *context,
                                              const char *entra_type, const char *property)
{
    gsize n = 0;
    const struct cor_flow_rule *rules = cor_flow_rules(context, entra_type, &n);
    for (gsize i = 0; i < n && property; i++) {
        gsize len = strlen(rules[i].property);
        /* a member of a container is fed with it: employeeOrgData.division */
        if (strncmp(rules[i].property, property, len) == 0 &&
            (property[len] == 0 || property[len] == '.'))
            return &rules[i];
    }
    return NULL;
}

const char *cor_flow_peer_type(enum cor_directory directory, const char *type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        const char *own = directory == COR_AD ? tables[i].ad_type : tables[i].entra_type;
        if (strcmp(own, type) == 0)
            return directory == COR_AD ? tables[i].entra_type : tables[i].ad_type;
    }
    return NULL;
}
