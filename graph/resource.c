/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read. Users, groups, contacts and devices name every property, because the service's
 * default set leaves most out; applications and service principals come whole without $select.
 * Left out on purpose: what moves by itself and cannot be restored (sign-in activity, plans), what
 * the service only gives for a single object, and what needs a permission of its own (custom
 * security attributes).
 *
 * Applications and service principals are listed each time although they have a delta query: no
 * page says that it tells changes of their owners, and the lists of owners need all their ids.
 */
#include "graph/resource.h"

#include "correlate/time.h"

#define USER_SELECT                                                                                \
    "id,deletedDateTime,accountEnabled,ageGroup,assignedLicenses,authorizationInfo,"               \
    "businessPhones,city,companyName,consentProvidedForMinor,country,createdDateTime,"             \
    "creationType,department,displayName,employeeHireDate,employeeId,employeeLeaveDateTime,"       \
    "employeeOrgData,employeeType,externalUserState,externalUserStateChangeDateTime,faxNumber,"    \
    "givenName,identities,imAddresses,isResourceAccount,jobTitle,lastPasswordChangeDateTime,"      \
    "legalAgeGroupClassification,licenseAssignmentStates,mail,mailNickname,mobilePhone,"           \
    "officeLocation,onPremisesDistinguishedName,onPremisesDomainName,"                             \
    "onPremisesExtensionAttributes,onPremisesImmutableId,onPremisesLastSyncDateTime,"              \
    "onPremisesProvisioningErrors,onPremisesSamAccountName,onPremisesSecurityIdentifier,"          \
    "onPremisesSyncEnabled,onPremisesUserPrincipalName,otherMails,passwordPolicies,postalCode,"    \
    "preferredDataLocation,preferredLanguage,proxyAddresses,securityIdentifier,"                   \
    "serviceProvisioningErrors,showInAddressList,state,streetAddress,surname,usageLocation,"       \
    "userPrincipalName,userType"
#define GROUP_SELECT                                                                               \
    "id,deletedDateTime,assignedLabels,assignedLicenses,classification,createdDateTime,"           \
    "description,displayName,expirationDateTime,groupTypes,isAssignableToRole,"                    \
    "licenseProcessingState,mail,mailEnabled,mailNickname,membershipRule,"                         \
    "membershipRuleProcessingState,onPremisesDomainName,onPremisesExtensionAttributes,"            \
    "onPremisesLastSyncDateTime,onPremisesNetBiosName,onPremisesProvisioningErrors,"               \
    "onPremisesSamAccountName,onPremisesSecurityIdentifier,onPremisesSyncEnabled,"                 \
    "preferredDataLocation,preferredLanguage,proxyAddresses,renewedDateTime,"                      \
    "resourceBehaviorOptions,resourceProvisioningOptions,securityEnabled,securityIdentifier,"      \
    "serviceProvisioningErrors,theme,uniqueName,visibility"
#define CONTACT_SELECT                                                                             \
    "id,deletedDateTime,addresses,companyName,department,displayName,givenName,jobTitle,mail,"     \
    "mailNickname,onPremisesLastSyncDateTime,onPremisesProvisioningErrors,onPremisesSyncEnabled,"  \
    "phones,proxyAddresses,serviceProvisioningErrors,surname"
#define DEVICE_SELECT                                                                              \
    "id,deletedDateTime,accountEnabled,alternativeSecurityIds,complianceExpirationDateTime,"       \
    "deviceCategory,deviceId,deviceMetadata,deviceOwnership,deviceVersion,displayName,"            \
    "enrollmentProfileName,enrollmentType,isCompliant,isManaged,isRooted,managementType,"          \
    "manufacturer,mdmAppId,model,onPremisesLastSyncDateTime,onPremisesSecurityIdentifier,"         \
    "onPremisesSyncEnabled,operatingSystem,operatingSystemVersion,physicalIds,profileType,"        \
    "registrationDateTime,systemLabels,trustType"

#define MANAGER "manager($select=id)"

static const struct entra_link_kind group_links[] = {
    {"member", "members", "group members"},
    {"owner", "owners", "group owners"},
    {NULL, NULL, NULL},
};
static const struct entra_link_kind application_links[] = {
    {"owner", "owners", "application owners"},
    {NULL, NULL, NULL},
};
static const struct entra_link_kind principal_links[] = {
    {"owner", "owners", "service principal owners"},
    {NULL, NULL, NULL},
};

#define DELETED(NAME, TYPE, CAST, SELECT, PERMISSION, MUST)                                        \
    {                                                                                              \
        .segment = "deleted " NAME, .type = TYPE, .version = "v1.0",                               \
        .path = "/directory/deletedItems/microsoft.graph." CAST, .select = SELECT,                 \
        .permission = PERMISSION, .must = MUST, .life = COR_DELETED, .sized = TRUE,                \
    }

const struct entra_resource entra_resources[] = {
    {.segment = "organization",
     .type = COR_TYPE_ORGANIZATION,
     .version = "v1.0",
     .path = "/organization",
     .permission = "Organization.Read.All",
     .must = "createdDateTime"}, /* without rights only id, name and domains are told */
    {.segment = "on-premises synchronization",
     .type = COR_TYPE_SYNC_CONFIG,
     .version = "v1.0",
     .path = "/directory/onPremisesSynchronization",
     .permission = "OnPremDirectorySynchronization.Read.All",
     .doubt = "; newer services give this to signed-in administrators only",
     .must = "features",
     .optional = TRUE},
    {.segment = "users",
     .type = COR_TYPE_USER,
     .version = "v1.0",
     .path = "/users",
     .select = USER_SELECT,
     .expand = MANAGER,
     .permission = "User.Read.All",
     .must = "userPrincipalName",
     .behavior = "/users",
     .behavior_permission = "User-OnPremisesSyncBehavior.ReadWrite.All",
     .delta = "manager",
     .sized = TRUE},
    {.segment = "groups",
     .type = COR_TYPE_GROUP,
     .version = "v1.0",
     .path = "/groups",
     .select = GROUP_SELECT,
     .permission = "Group.Read.All",
     .must = "displayName",
     .behavior = "/groups",
     .behavior_permission = "Group-OnPremisesSyncBehavior.ReadWrite.All",
     .links = group_links,
     .delta = "members,owners",
     .sized = TRUE},
    {.segment = "contacts",
     .type = COR_TYPE_CONTACT,
     .version = "v1.0",
     .path = "/contacts",
     .select = CONTACT_SELECT,
     .expand = MANAGER,
     .permission = "OrgContact.Read.All",
     .must = "displayName",
     .behavior = "/contacts",
     .behavior_permission = "Contacts-OnPremisesSyncBehavior.ReadWrite.All",
     .delta = "manager",
     .sized = TRUE},
    {.segment = "devices",
     .type = COR_TYPE_DEVICE,
     .version = "v1.0",
     .path = "/devices",
     .select = DEVICE_SELECT,
     .permission = "Device.Read.All",
     .must = "deviceId",
     .delta = "",
     .sized = TRUE},
    {.segment = "applications",
     .type = COR_TYPE_APPLICATION,
     .version = "v1.0",
     .path = "/applications",
     .permission = "Application.Read.All",
     .must = "appId",
     .links = application_links,
     .sized = TRUE},
    {.segment = "service principals",
     .type = COR_TYPE_SERVICE_PRINCIPAL,
     .version = "v1.0",
     .path = "/servicePrincipals",
     .permission = "Application.Read.All",
     .must = "appId",
     .links = principal_links,
     .sized = TRUE},
    {.segment = "conditional access policies",
     .type = COR_TYPE_CA_POLICY,
     .version = "v1.0",
     .path = "/identity/conditionalAccess/policies",
     .permission = "Policy.Read.All",
     .must = "state",
     .slow = TRUE},
    {.segment = "named locations",
     .type = COR_TYPE_NAMED_LOCATION,
     .version = "v1.0",
     .path = "/identity/conditionalAccess/namedLocations",
     .permission = "Policy.Read.All",
     .must = "displayName",
     .slow = TRUE},
    {.segment = "authentication methods policy",
     .type = COR_TYPE_AUTH_METHODS,
     .version = "v1.0",
     .path = "/policies/authenticationMethodsPolicy",
     .permission = "Policy.Read.All",
     .must = "authenticationMethodConfigurations",
     .singleton = TRUE},
    {.segment = "authorization policy",
     .type = COR_TYPE_AUTHORIZATION,
     .version = "v1.0",
     .path = "/policies/authorizationPolicy",
     .permission = "Policy.Read.All",
     .must = "defaultUserRolePermissions",
     .singleton = TRUE},
    {.segment = "role assignments",
     .type = COR_TYPE_ROLE_ASSIGNMENT,
     .version = "v1.0",
     .path = "/roleManagement/directory/roleAssignments",
     .permission = "RoleManagement.Read.Directory",
     .must = "principalId",
     .optional = TRUE},
    DELETED("users", COR_TYPE_USER, "user", USER_SELECT, "User.Read.All", "userPrincipalName"),
    DELETED("groups", COR_TYPE_GROUP, "group", GROUP_SELECT, "Group.Read.All", "displayName"),
    DELETED("applications", COR_TYPE_APPLICATION, "application", NULL, "Application.Read.All",
            "appId"),
    DELETED("service principals", COR_TYPE_SERVICE_PRINCIPAL, "servicePrincipal", NULL,
            "Application.Read.All", "appId"),
};
const guint entra_resources_len = G_N_ELEMENTS(entra_resources);

static void add_option(GString *url, const char *name, const char *value)
{
    if (!value)
        return;
    g_string_append_c(url, strchr(url->str, '?') ? '&' : '?');
    g_string_append(url, name);
    g_string_append_c(url, '=');
    g_string_append_uri_escaped(url, value, "$,()=:", FALSE);
}

static void add_top(GString *url, guint top)
{
    g_autofree char *text = top ? g_strdup_printf("%u", top) : NULL;
    add_option(url, "$top", text);
}

char *entra_resource_url(const char *base, const struct entra_resource *resource, guint top)
{
    GString *url = g_string_new(base);
    g_string_append_printf(url, "/%s%s", resource->version, resource->path);
    add_option(url, "$select", resource->select);
    add_option(url, "$expand", resource->expand);
    add_top(url, resource->sized ? top : 0);
    return g_string_free(url, FALSE);
}

char *entra_delta_url(const char *base, const struct entra_resource *resource)
{
    GString *url = g_string_new(base);
    g_autofree char *select = *resource->delta
                                  ? g_strdup_printf("%s,%s", resource->select, resource->delta)
                                  : g_strdup(resource->select);
    g_string_append_printf(url, "/%s%s/delta", resource->version, resource->path);
    add_option(url, "$select", select);
    add_option(url, "$deltatoken", "latest");
    return g_string_free(url, FALSE);
}

char *entra_object_path(const struct entra_resource *resource, const char *key)
{
    g_autofree char *escaped = g_uri_escape_string(key, NULL, FALSE);
    GString *path = g_string_new(NULL);
    g_string_append_printf(path, "%s/%s", resource->path, escaped);
    add_option(path, "$select", resource->select);
    add_option(path, "$expand", resource->expand);
    return g_string_free(path, FALSE);
}

char *entra_audit_url(const char *base, gint64 since_us, guint top)
{
    g_autofree char *since = cor_time_text(since_us - since_us % COR_SECOND_US);
    g_autofree char *filter = g_strdup_printf("activityDateTime ge %s", since);
    GString *url = g_string_new(base);
    g_string_append(url, "/v1.0/auditLogs/directoryAudits");
    add_option(url, "$filter", filter);
    add_top(url, top);
    return g_string_free(url, FALSE);
}
