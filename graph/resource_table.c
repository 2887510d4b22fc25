/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read. Users, groups, contacts and devices name every property, because the service's
 * default set leaves most out; what has no select comes whole. Left out on purpose: what moves by
 * itself and cannot be restored (sign-in activity, plans), and what the service only gives for a
 * single object. App role assignments are read from the service principal that gives the role, and
 * policies tell themselves what they apply to, since there are fewer of these than of the others.
 *
 * Applications and service principals are listed each time although they have a delta query: no
 * page says that it tells changes of their owners, and the lists of owners need all their ids.
 */
#include "graph/resource.h"

#include <string.h>

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

#define APPLICATIONS   "Application.Read.All"
#define POLICIES       "Policy.Read.All"
#define ROLES          "RoleManagement.Read.Directory"
#define ROLE_POLICIES  "RoleManagementPolicy.Read.Directory"
#define SECURITY_VALUE "CustomSecAttributeAssignment.Read.All"
#define SECURITY_NAMES "CustomSecAttributeDefinition.Read.All"
#define P1             "Entra ID P1"
#define P2             "Entra ID P2"
#define OF_ROLES       "scopeId eq '/' and scopeType eq 'DirectoryRole'"

/* --- relations -------------------------------------------------------------------------------- */

/* Only Microsoft 365 groups have settings of their own. */
static gboolean is_unified(const struct cor_record *group)
{
    const struct cor_json *types = cor_record_get(group, "groupTypes");
    for (const struct cor_json *at = cor_json_first(types); at; at = cor_json_next(at))
        if (g_strcmp0(cor_json_string(at), "Unified") == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_federated(const struct cor_record *domain)
{
    return g_strcmp0(cor_record_text(domain, "authenticationType"), "Federated") == 0;
}

#define SECURITY_ATTRIBUTES(SEGMENT)                                                               \
    {                                                                                              \
        .kind = "customSecurityAttributes", .relation = "customSecurityAttributes",                \
        .segment = SEGMENT, .form = ENTRA_PROPERTY, .when = ENTRA_HINTED,                          \
        .type = COR_TYPE_SECURITY_ATTRIBUTES, .permission = SECURITY_VALUE, .licence = P1,         \
        .loses = "the values of custom security attributes", .ours = "all of it", .bulk = TRUE,    \
        .optional = TRUE,                                                                          \
    }
#define APPLIES_TO(SEGMENT)                                                                        \
    {                                                                                              \
        .kind = "appliesTo", .relation = "appliesTo", .segment = SEGMENT, .form = ENTRA_TARGETS,   \
        .when = ENTRA_ALWAYS, .loses = "what the policy is assigned to", .ours = "all of it",      \
        .optional = TRUE,                                                                          \
    }
#define END                                                                                        \
    {                                                                                              \
        .kind = NULL                                                                               \
    }

static const struct entra_relation user_relations[] = {
    {.kind = "sponsor",
     .relation = "sponsors",
     .segment = "sponsors of users",
     .form = ENTRA_TARGETS,
     .when = ENTRA_HINTED,
     .loses = "who answers for a guest",
     .ours = "all of it",
     .bulk = TRUE,
     .optional = TRUE},
    SECURITY_ATTRIBUTES("custom security attributes of users"),
    END,
};
static const struct entra_relation group_relations[] = {
    {.kind = "member",
     .relation = "members",
     .segment = "group members",
     .form = ENTRA_TARGETS,
     .when = ENTRA_TRACKED,
     .sized = TRUE},
    {.kind = "owner",
     .relation = "owners",
     .segment = "group owners",
     .form = ENTRA_TARGETS,
     .when = ENTRA_TRACKED,
     .ours = "all of it",
     .sized = TRUE},
    {.kind = "groupSetting",
     .relation = "settings",
     .segment = "settings of groups",
     .form = ENTRA_PARTS,
     .when = ENTRA_HINTED,
     .type = COR_TYPE_GROUP_SETTING,
     .permission = "GroupSettings.Read.All",
     .loses = "settings of single Microsoft 365 groups, such as whether guests may join",
     .ours = "all of it",
     .has = is_unified,
     .optional = TRUE},
    END,
};
static const struct entra_relation device_relations[] = {
    {.kind = "registeredOwner",
     .relation = "registeredOwners",
     .segment = "registered owners of devices",
     .form = ENTRA_TARGETS,
     .when = ENTRA_HINTED,
     .loses = "whose device it is",
     .ours = "all of it",
     .bulk = TRUE,
     .optional = TRUE},
    {.kind = "registeredUser",
     .relation = "registeredUsers",
     .segment = "registered users of devices",
     .form = ENTRA_TARGETS,
     .when = ENTRA_HINTED,
     .loses = "who uses the device",
     .ours = "all of it",
     .bulk = TRUE,
     .optional = TRUE},
    END,
};
static const struct entra_relation unit_relations[] = {
    {.kind = "member",
     .relation = "members",
     .segment = "administrative unit members",
     .form = ENTRA_TARGETS,
     .when = ENTRA_ALWAYS,
     .loses = "what the unit holds",
     .ours = "all of it",
     .sized = TRUE,
     .optional = TRUE},
    {.kind = "scopedRoleMember",
     .relation = "scopedRoleMembers",
     .segment = "scoped role members",
     .form = ENTRA_PARTS,
     .when = ENTRA_ALWAYS,
     .type = COR_TYPE_SCOPED_ROLE,
     .permission = ROLES,
     .loses = "who administers the unit",
     .ours = "all of it",
     .optional = TRUE},
    END,
};
static const struct entra_relation application_relations[] = {
    {.kind = "owner",
     .relation = "owners",
     .segment = "application owners",
     .form = ENTRA_TARGETS,
     .when = ENTRA_ALWAYS,
     .ours = "all of it",
     .sized = TRUE},
    {.kind = "federatedIdentityCredential",
     .relation = "federatedIdentityCredentials",
     .segment = "federated identity credentials",
     .form = ENTRA_PARTS,
     .when = ENTRA_HINTED,
     .type = COR_TYPE_FEDERATED_CREDENTIAL,
     .loses = "which outside workload may sign in as the application",
     .ours = "all of it",
     .optional = TRUE},
    {.kind = "extensionProperty",
     .relation = "extensionProperties",
     .segment = "directory extensions",
     .form = ENTRA_PARTS,
     .when = ENTRA_HINTED,
     .type = COR_TYPE_EXTENSION_PROPERTY,
     .loses = "which directory extensions exist",
     .ours = "all of it",
     .optional = TRUE},
    END,
};
static const struct entra_relation principal_relations[] = {
    {.kind = "owner",
     .relation = "owners",
     .segment = "service principal owners",
     .form = ENTRA_TARGETS,
     .when = ENTRA_ALWAYS,
     .ours = "all of it",
     .sized = TRUE},
    {.kind = "appRoleAssignedTo",
     .relation = "appRoleAssignedTo",
     .segment = "app role assignments",
     .form = ENTRA_PARTS,
     .when = ENTRA_HINTED,
     .type = COR_TYPE_APP_ROLE_ASSIGNMENT,
     .loses = "who was assigned to which application with which role, and which application "
              "permissions were granted",
     .ours = "single assignments: the service recovers them along with their service principal "
             "only",
     .optional = TRUE},
    {.kind = "delegatedPermissionClassification",
     .relation = "delegatedPermissionClassifications",
     .segment = "delegated permission classifications",
     .form = ENTRA_PARTS,
     .when = ENTRA_HINTED,
     .type = COR_TYPE_PERMISSION_CLASS,
     .permission = "Policy.Read.PermissionGrant",
     .loses = "which permissions users may consent to as low risk",
     .ours = "all of it",
     .scoped = TRUE,
     .optional = TRUE},
    SECURITY_ATTRIBUTES("custom security attributes of service principals"),
    END,
};
static const struct entra_relation domain_relations[] = {
    {.kind = "federationConfiguration",
     .relation = "federationConfiguration",
     .segment = "federation of domains",
     .form = ENTRA_PARTS,
     .when = ENTRA_ALWAYS,
     .type = COR_TYPE_FEDERATION,
     .loses = "which identity provider signs users in, and with which certificate",
     .ours = "all of it",
     .has = is_federated,
     .optional = TRUE},
    END,
};
static const struct entra_relation partner_relations[] = {
    {.kind = "identitySynchronization",
     .relation = "identitySynchronization",
     .segment = "cross-tenant synchronization",
     .form = ENTRA_PART,
     .when = ENTRA_ALWAYS,
     .type = COR_TYPE_CROSS_TENANT_SYNC,
     .loses = "from which tenants users may be synchronized",
     .ours = "all of it",
     .optional = TRUE},
    END,
};
static const struct entra_relation claims_relations[] = {APPLIES_TO("use of claims mappings"), END};
static const struct entra_relation realm_relations[] = {APPLIES_TO("use of realm discovery"), END};
static const struct entra_relation issuance_relations[] = {APPLIES_TO("use of token issuance"),
                                                           END};
static const struct entra_relation lifetime_relations[] = {APPLIES_TO("use of token lifetimes"),
                                                           END};
static const struct entra_relation management_relations[] = {APPLIES_TO("use of app management"),
                                                             END};
static const struct entra_relation rollout_relations[] = {APPLIES_TO("use of staged rollout"), END};

/* --- resources -------------------------------------------------------------------------------- */

#define DELETED(NAME, TYPE, CAST, SELECT, PERMISSION, MUST)                                        \
    {                                                                                              \
        .segment = "deleted " NAME, .type = TYPE, .version = "v1.0",                               \
        .path = "/directory/deletedItems/microsoft.graph." CAST, .select = SELECT,                 \
        .permission = PERMISSION, .must = MUST, .life = COR_DELETED, .sized = TRUE,                \
        .loses = "what can be brought back", .restorable = "brought back for 30 days",             \
    }
#define DELETED_OURS(NAME, TYPE, CAST, SELECT, PERMISSION, MUST)                                   \
    {                                                                                              \
        .segment = "deleted " NAME, .type = TYPE, .version = "v1.0",                               \
        .path = "/directory/deletedItems/microsoft.graph." CAST, .select = SELECT,                 \
        .permission = PERMISSION, .must = MUST, .life = COR_DELETED, .sized = TRUE,                \
        .loses = "what can be brought back", .ours = "all of it", .optional = TRUE,                \
    }
#define DELETED_CA(NAME, TYPE, PATH)                                                               \
    {                                                                                              \
        .segment = "deleted " NAME, .type = TYPE, .version = "v1.0",                               \
        .path = "/identity/conditionalAccess/deletedItems/" PATH, .permission = POLICIES,          \
        .doubt = "; no page names the least permission for certain", .licence = P1,                \
        .must = "displayName", .life = COR_DELETED, .slow = TRUE, .optional = TRUE,                \
        .loses = "what can be brought back", .restorable = "brought back for 30 days",             \
    }
/* What the service's own backup leaves out. */
#define OURS(SEGMENT, TYPE, PATH, PERMISSION, MUST, LOSES)                                         \
    .segment = SEGMENT, .type = TYPE, .version = "v1.0", .path = PATH, .permission = PERMISSION,   \
    .must = MUST, .loses = LOSES, .ours = "all of it", .optional = TRUE
#define STS_POLICY(SEGMENT, TYPE, PATH, RELATIONS, LOSES)                                          \
    {                                                                                              \
        OURS(SEGMENT, TYPE, PATH, POLICIES, "definition", LOSES), .relations = RELATIONS,          \
    }

const struct entra_resource entra_resources[] = {
    {.segment = "organization",
     .type = COR_TYPE_ORGANIZATION,
     .version = "v1.0",
     .path = "/organization",
     .permission = "Organization.Read.All",
     .loses = "whether the tenant is synchronized, and its domains",
     .ours = "all but the settings of per-user multi-factor authentication",
     .restorable = "contact and notification properties",
     .transient = "directorySizeQuota",
     .must = "createdDateTime"}, /* without rights only id, name and domains are told */
    {.segment = "on-premises synchronization",
     .type = COR_TYPE_SYNC_CONFIG,
     .version = "v1.0",
     .path = "/directory/onPremisesSynchronization",
     .permission = "OnPremDirectorySynchronization.Read.All",
     .doubt = "; newer services give this to signed-in administrators only",
     .loses = "how the tenant is synchronized; the defaults are assumed",
     .ours = "all of it",
     .restorable = "features and deletion threshold",
     .must = "features",
     .optional = TRUE},
    {.segment = "users",
     .type = COR_TYPE_USER,
     .version = "v1.0",
     .path = "/users",
     .select = USER_SELECT,
     .expand = MANAGER,
     .permission = "User.Read.All",
     .loses = "every user and whom they report to",
     .ours = "manager, licences, identities, proxyAddresses, extension attributes, "
             "showInAddressList",
     .restorable = "docs/forecast.md says which property can be written, and when",
     .must = "userPrincipalName",
     .behavior = "/users",
     .behavior_permission = "User-OnPremisesSyncBehavior.ReadWrite.All",
     .relations = user_relations,
     .delta = "manager",
     .sized = TRUE},
    {.segment = "groups",
     .type = COR_TYPE_GROUP,
     .version = "v1.0",
     .path = "/groups",
     .select = GROUP_SELECT,
     .permission = "Group.Read.All",
     .loses = "every group and who is in it",
     .ours = "rules of dynamic groups, licences, labels, extension attributes",
     .restorable = "docs/forecast.md says which property can be written, and when",
     .must = "displayName",
     .behavior = "/groups",
     .behavior_permission = "Group-OnPremisesSyncBehavior.ReadWrite.All",
     .relations = group_relations,
     .delta = "members,owners",
     .sized = TRUE},
    {.segment = "contacts",
     .type = COR_TYPE_CONTACT,
     .version = "v1.0",
     .path = "/contacts",
     .select = CONTACT_SELECT,
     .expand = MANAGER,
     .permission = "OrgContact.Read.All",
     .loses = "mail contacts",
     .ours = "all of it",
     .restorable = "nothing through Graph; Exchange Online writes them",
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
     .loses = "registered and joined devices",
     .ours = "all of it",
     .restorable = "docs/forecast.md says which property can be written, and when",
     .must = "deviceId",
     .relations = device_relations,
     .delta = "",
     .sized = TRUE},
    {.segment = "applications",
     .type = COR_TYPE_APPLICATION,
     .version = "v1.0",
     .path = "/applications",
     .permission = APPLICATIONS,
     .loses = "app registrations",
     .ours = "redirect URIs, app roles, exposed scopes, credentials (without their secrets)",
     .restorable = "all but appId, publisherDomain, verifiedPublisher and secrets",
     .must = "appId",
     .relations = application_relations,
     .sized = TRUE},
    {.segment = "service principals",
     .type = COR_TYPE_SERVICE_PRINCIPAL,
     .version = "v1.0",
     .path = "/servicePrincipals",
     .permission = APPLICATIONS,
     .loses = "enterprise applications and managed identities",
     .ours = "app roles, scopes, reply URLs, credentials (without their secrets)",
     .restorable = "all but appId and secrets",
     .must = "appId",
     .relations = principal_relations,
     .sized = TRUE},
    {.segment = "conditional access policies",
     .type = COR_TYPE_CA_POLICY,
     .version = "v1.0",
     .path = "/identity/conditionalAccess/policies",
     .permission = POLICIES,
     .licence = P1,
     .loses = "who must do what to sign in",
     .restorable = "all but id and times",
     .must = "state",
     .slow = TRUE},
    {.segment = "named locations",
     .type = COR_TYPE_NAMED_LOCATION,
     .version = "v1.0",
     .path = "/identity/conditionalAccess/namedLocations",
     .permission = POLICIES,
     .licence = P1,
     .loses = "the places that policies speak of",
     .restorable = "all but id and times",
     .must = "displayName",
     .slow = TRUE},
    {.segment = "authentication methods policy",
     .type = COR_TYPE_AUTH_METHODS,
     .version = "v1.0",
     .path = "/policies/authenticationMethodsPolicy",
     .permission = POLICIES,
     .loses = "which authentication methods are allowed to whom",
     .restorable = "all but times",
     .must = "authenticationMethodConfigurations",
     .singleton = TRUE},
    {.segment = "authorization policy",
     .type = COR_TYPE_AUTHORIZATION,
     .version = "v1.0",
     .path = "/policies/authorizationPolicy",
     .permission = POLICIES,
     .loses = "what users and guests may do by default",
     .ours = "all but blockMsolPowerShell and guestUserRoleId",
     .restorable = "all",
     .must = "defaultUserRolePermissions",
     .singleton = TRUE},
    {OURS("authentication contexts", COR_TYPE_AUTH_CONTEXT,
          "/identity/conditionalAccess/authenticationContextClassReferences", POLICIES, NULL,
          "the contexts that policies and resources demand"),
     .licence = P1, .scoped = TRUE, .slow = TRUE},
    {OURS("authentication strengths", COR_TYPE_AUTH_STRENGTH,
          "/policies/authenticationStrengthPolicies", POLICIES, "allowedCombinations",
          "which methods a policy's strength stands for"),
     .licence = P1},
    {OURS("administrative units", COR_TYPE_ADMINISTRATIVE_UNIT, "/directory/administrativeUnits",
          "AdministrativeUnit.Read.All", NULL, "administrative units"),
     .licence = P1, .relations = unit_relations},
    {OURS("directory roles", COR_TYPE_DIRECTORY_ROLE, "/directoryRoles", ROLES, "roleTemplateId",
          "the names of roles in scoped assignments")},
    {OURS("role definitions", COR_TYPE_ROLE_DEFINITION, "/roleManagement/directory/roleDefinitions",
          ROLES, "rolePermissions", "what a directory role may do")},
    {OURS("role assignments", COR_TYPE_ROLE_ASSIGNMENT, "/roleManagement/directory/roleAssignments",
          ROLES, "principalId",
          "who holds a directory role: whom the rules about privileged users block is unknown")},
    {OURS("role assignment schedules", COR_TYPE_ROLE_SCHEDULE,
          "/roleManagement/directory/roleAssignmentSchedules", ROLES, "principalId",
          "until when somebody holds a directory role"),
     .licence = P2, .scoped = TRUE},
    {OURS("role eligibility schedules", COR_TYPE_ROLE_ELIGIBILITY,
          "/roleManagement/directory/roleEligibilitySchedules", ROLES, "principalId",
          "who may activate a directory role"),
     .licence = P2, .scoped = TRUE},
    {OURS("role management policies", COR_TYPE_ROLE_POLICY, "/policies/roleManagementPolicies",
          ROLE_POLICIES, "scopeType", "what activating a role demands"),
     .licence = P2, .filter = OF_ROLES, .inlined = "rules"},
    {OURS("role management policy assignments", COR_TYPE_ROLE_POLICY_USE,
          "/policies/roleManagementPolicyAssignments", ROLE_POLICIES, "policyId",
          "which of these policies a role has"),
     .licence = P2, .filter = OF_ROLES},
    {OURS("delegated permission grants", COR_TYPE_PERMISSION_GRANT, "/oauth2PermissionGrants",
          "Directory.Read.All", "clientId", "what applications may do in the name of users"),
     .sized = TRUE},
    {OURS("cross-tenant access policy", COR_TYPE_CROSS_TENANT, "/policies/crossTenantAccessPolicy",
          POLICIES, NULL, "to which clouds the tenant is open"),
     .scoped = TRUE, .singleton = TRUE},
    {OURS("cross-tenant defaults", COR_TYPE_CROSS_TENANT_DEFAULT,
          "/policies/crossTenantAccessPolicy/default", POLICIES, "isServiceDefault",
          "how open the tenant is to all others"),
     .scoped = TRUE, .singleton = TRUE},
    {OURS("cross-tenant partners", COR_TYPE_CROSS_TENANT_PARTNER,
          "/policies/crossTenantAccessPolicy/partners", POLICIES, NULL,
          "how open the tenant is to single others"),
     .id = "tenantId", .scoped = TRUE, .relations = partner_relations},
    {OURS("activity based timeouts", "activityBasedTimeoutPolicy",
          "/policies/activityBasedTimeoutPolicies", POLICIES, "definition",
          "when idle sessions end")},
    {OURS("admin consent requests", "adminConsentRequestPolicy",
          "/policies/adminConsentRequestPolicy", POLICIES, "isEnabled",
          "who decides on requests for consent"),
     .scoped = TRUE, .singleton = TRUE},
    {OURS("app management policies", "appManagementPolicy", "/policies/appManagementPolicies",
          POLICIES, NULL, "which credentials single applications may have"),
     .relations = management_relations},
    {OURS("default app management policy", "tenantAppManagementPolicy",
          "/policies/defaultAppManagementPolicy", POLICIES, "isEnabled",
          "which credentials applications may have"),
     .scoped = TRUE, .singleton = TRUE},
    {OURS("authentication flows policy", "authenticationFlowsPolicy",
          "/policies/authenticationFlowsPolicy", POLICIES, "selfServiceSignUp",
          "whether people may sign up by themselves"),
     .scoped = TRUE, .singleton = TRUE},
    STS_POLICY("claims mapping policies", "claimsMappingPolicy", "/policies/claimsMappingPolicies",
               claims_relations, "which claims applications are sent"),
    {OURS("device registration policy", "deviceRegistrationPolicy",
          "/policies/deviceRegistrationPolicy", "Policy.Read.DeviceConfiguration",
          "userDeviceQuota", "who may join devices"),
     .scoped = TRUE, .singleton = TRUE},
    {OURS("staged rollout policies", "featureRolloutPolicy", "/policies/featureRolloutPolicies",
          "Directory.Read.All", "feature", "for whom a way to sign in is tried out"),
     .relations = rollout_relations},
    {OURS("federated token validation policy", "federatedTokenValidationPolicy",
          "/policies/federatedTokenValidationPolicy", POLICIES, NULL,
          "of which domains federated tokens are checked"),
     .scoped = TRUE, .singleton = TRUE},
    STS_POLICY("home realm discovery policies", "homeRealmDiscoveryPolicy",
               "/policies/homeRealmDiscoveryPolicies", realm_relations,
               "where users are sent to sign in"),
    {OURS("security defaults", "identitySecurityDefaultsEnforcementPolicy",
          "/policies/identitySecurityDefaultsEnforcementPolicy", POLICIES, "isEnabled",
          "whether security defaults are on"),
     .scoped = TRUE, .singleton = TRUE},
    {OURS("ownerless groups policy", "ownerlessGroupPolicy", "/policies/ownerlessGroupPolicy",
          POLICIES, "isEnabled", "what happens to groups without owner"),
     .scoped = TRUE, .singleton = TRUE},
    {OURS("permission grant policies", "permissionGrantPolicy", "/policies/permissionGrantPolicies",
          "Policy.Read.PermissionGrant", NULL, "to what users may consent")},
    STS_POLICY("token issuance policies", "tokenIssuancePolicy", "/policies/tokenIssuancePolicies",
               issuance_relations, "how SAML tokens are signed"),
    STS_POLICY("token lifetime policies", "tokenLifetimePolicy", "/policies/tokenLifetimePolicies",
               lifetime_relations, "how long tokens live"),
    {OURS("domains", COR_TYPE_ENTRA_DOMAIN, "/domains", "Domain.Read.All", "authenticationType",
          "which domains are verified, and which are federated"),
     .scoped = TRUE, .relations = domain_relations},
    {OURS("group settings", COR_TYPE_GROUP_SETTING, "/groupSettings", "GroupSettings.Read.All",
          "values", "who may create groups, and what they are called")},
    {OURS("group lifecycle policies", "groupLifecyclePolicy", "/groupLifecyclePolicies",
          "Directory.Read.All", "groupLifetimeInDays", "which groups expire"),
     .licence = P1},
    {OURS("licences", "subscribedSku", "/subscribedSkus", "LicenseAssignment.Read.All", "skuId",
          "which licences the tenant has"),
     .scoped = TRUE, .transient = "consumedUnits"},
    {OURS("schema extensions", "schemaExtension", "/schemaExtensions", APPLICATIONS, "targetTypes",
          "which schema extensions exist"),
     .scoped = TRUE},
    {OURS("attribute sets", "attributeSet", "/directory/attributeSets", SECURITY_NAMES, NULL,
          "which sets of custom security attributes exist"),
     .licence = P1, .scoped = TRUE},
    {OURS("custom security attribute definitions", "customSecurityAttributeDefinition",
          "/directory/customSecurityAttributeDefinitions", SECURITY_NAMES, "attributeSet",
          "which custom security attributes exist"),
     .licence = P1, .inlined = "allowedValues", .scoped = TRUE},
    DELETED("users", COR_TYPE_USER, "user", USER_SELECT, "User.Read.All", "userPrincipalName"),
    DELETED("groups", COR_TYPE_GROUP, "group", GROUP_SELECT, "Group.Read.All", "displayName"),
    DELETED("applications", COR_TYPE_APPLICATION, "application", NULL, APPLICATIONS, "appId"),
    DELETED("service principals", COR_TYPE_SERVICE_PRINCIPAL, "servicePrincipal", NULL,
            APPLICATIONS, "appId"),
    DELETED_OURS("administrative units", COR_TYPE_ADMINISTRATIVE_UNIT, "administrativeUnit", NULL,
                 "AdministrativeUnit.Read.All", NULL),
    DELETED_OURS("devices", COR_TYPE_DEVICE, "device", DEVICE_SELECT, "Device.Read.All",
                 "deviceId"),
    DELETED_CA("conditional access policies", COR_TYPE_CA_POLICY, "policies"),
    DELETED_CA("named locations", COR_TYPE_NAMED_LOCATION, "namedLocations"),
};
const guint entra_resources_len = G_N_ELEMENTS(entra_resources);
