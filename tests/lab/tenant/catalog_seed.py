# SPDX-License-Identifier: Apache-2.0
"""What the collections and single documents of catalog.py hold in a new tenant: one or two of each,
as a small organization has them.
"""

import uuid

ALL_USERS = {'usersAndGroups': {'accessType': 'allowed', 'targets': [
    {'target': 'AllUsers', 'targetType': 'user'}]}, 'applications': {
        'accessType': 'allowed', 'targets': [{'target': 'AllApplications',
                                              'targetType': 'application'}]}}
READER = '88d8e3e3-8f55-4a1e-953a-9b9898b8876b'  # Directory Readers
PARTNER = '9d5f5ad1-8a0e-4a44-9b5e-2f2d7a3c1f10'


def new_id(name):
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, 'catalog.' + name))


def policy(kind, name, definition, **more):
    return {'id': new_id(name), 'deletedDateTime': None, 'description': None, 'displayName': name,
            'definition': [definition], 'isOrganizationDefault': False, '+appliesTo': [], **more}


def cross_tenant(**more):
    """A fresh set of settings: default and partners share their shape."""
    def both():
        return {'usersAndGroups': dict(ALL_USERS['usersAndGroups']),
                'applications': dict(ALL_USERS['applications'])}
    return {'appServiceConnectInbound': None,
            'automaticUserConsentSettings': {'inboundAllowed': False, 'outboundAllowed': False},
            'b2bCollaborationInbound': both(), 'b2bCollaborationOutbound': both(),
            'b2bDirectConnectInbound': None, 'b2bDirectConnectOutbound': None,
            'inboundTrust': {'isMfaAccepted': False, 'isCompliantDeviceAccepted': False,
                             'isHybridAzureADJoinedDeviceAccepted': False},
            'm365CollaborationInbound': None, 'm365CollaborationOutbound': None,
            'tenantRestrictions': None, **more}


def schedule(tenant, kind, principal, **more):
    stamp = tenant.timestamp()
    return {'id': new_id(kind), 'appScopeId': None, 'createdDateTime': stamp,
            'createdUsing': new_id('request'), 'directoryScopeId': '/', 'modifiedDateTime': None,
            'principalId': principal.id, 'roleDefinitionId': READER, 'status': 'Provisioned',
            'memberType': 'Direct', 'scheduleInfo': {
                'startDateTime': stamp, 'recurrence': None, 'expiration': {
                    'type': 'noExpiration', 'endDateTime': None, 'duration': None}}, **more}


def instance(tenant, kind, principal, **more):
    return {'id': new_id(kind), 'appScopeId': None, 'directoryScopeId': '/',
            'principalId': principal.id, 'roleDefinitionId': READER, 'endDateTime': None,
            'memberType': 'Direct', 'startDateTime': tenant.timestamp(), **more}


def role_policy(tenant):
    rule = {'@odata.type': '#microsoft.graph.unifiedRoleManagementPolicyExpirationRule',
            'id': 'Expiration_EndUser_Assignment', 'isExpirationRequired': True,
            'maximumDuration': 'PT8H', 'target': {
                'caller': 'EndUser', 'operations': ['all'], 'level': 'Assignment',
                'inheritableSettings': [], 'enforcedSettings': []}}
    key = 'DirectoryRole_%s_%s' % (tenant.tenant_id, new_id('role policy'))
    return {'id': key, 'description': 'DirectoryRole', 'displayName': 'DirectoryRole',
            'isOrganizationDefault': False, 'lastModifiedBy': {'displayName': None, 'id': None},
            'lastModifiedDateTime': None, 'scopeId': '/', 'scopeType': 'DirectoryRole',
            '+rules': [rule], '+effectiveRules': [dict(rule)]}


def roles(tenant, user):
    rules = role_policy(tenant)
    eligible = schedule(tenant, 'eligibility', user)
    assigned = schedule(tenant, 'assignment', user, assignmentType='Assigned')
    return {
        'roleManagement/directory/roleEligibilitySchedules': [eligible],
        'roleManagement/directory/roleAssignmentSchedules': [assigned],
        'roleManagement/directory/roleEligibilityScheduleInstances': [
            instance(tenant, 'eligibility instance', user,
                     roleEligibilityScheduleId=eligible['id'])],
        'roleManagement/directory/roleAssignmentScheduleInstances': [
            instance(tenant, 'assignment instance', user, assignmentType='Assigned',
                     roleAssignmentOriginId=None, roleAssignmentScheduleId=assigned['id'])],
        'policies/roleManagementPolicies': [rules],
        'policies/roleManagementPolicyAssignments': [{
            'id': '%s_%s' % (rules['id'], READER), 'policyId': rules['id'],
            'roleDefinitionId': READER, 'scopeId': '/', 'scopeType': 'DirectoryRole'}]}


def strengths(tenant):
    stamp = tenant.timestamp()
    def one(key, name, kind, combinations):
        return {'id': key, 'allowedCombinations': combinations, 'createdDateTime': stamp,
                'description': name, 'displayName': name, 'modifiedDateTime': stamp,
                'policyType': kind, 'requirementsSatisfied': 'mfa', '+combinationConfigurations': []}
    return [one('00000000-0000-0000-0000-000000000002', 'Multifactor authentication', 'builtIn',
                ['fido2', 'password,microsoftAuthenticatorPush']),
            one(new_id('keys only'), 'Keys only', 'custom', ['fido2'])]


def policies(tenant, app, group):
    held = strengths(tenant)
    return {
        'policies/authenticationStrengthPolicies': held,
        'identity/conditionalAccess/authenticationStrength/policies': [dict(d) for d in held],
        'identity/conditionalAccess/authenticationContextClassReferences': [
            {'id': 'c1', 'displayName': 'Finance', 'description': 'Money moves', 'isAvailable': True}],
        'identity/conditionalAccess/templates': [],
        'policies/activityBasedTimeoutPolicies': [policy(
            'activity', 'Idle sessions', '{"ActivityBasedTimeoutPolicy":{"Version":1,'
            '"ApplicationPolicies":[{"ApplicationId":"default","WebSessionIdleTimeout":"01:00:00"}]}}',
            isOrganizationDefault=True)],
        'policies/claimsMappingPolicies': [policy(
            'claims', 'Payroll claims', '{"ClaimsMappingPolicy":{"Version":1,'
            '"IncludeBasicClaimSet":"true"}}', **{'+appliesTo': [app.id]})],
        'policies/homeRealmDiscoveryPolicies': [policy(
            'realm', 'Straight to the domain', '{"HomeRealmDiscoveryPolicy":{"AccelerateToFederated'
            'Domain":false}}')],
        'policies/tokenIssuancePolicies': [policy(
            'issuance', 'Signed answers', '{"TokenIssuancePolicy":{"Version":1,'
            '"SigningAlgorithm":"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}}')],
        'policies/tokenLifetimePolicies': [policy(
            'lifetime', 'Short tokens', '{"TokenLifetimePolicy":{"Version":1,'
            '"AccessTokenLifetime":"0:30:00"}}')],
        'policies/appManagementPolicies': [{
            'id': new_id('app management'), 'deletedDateTime': None, 'description': None,
            'displayName': 'No new secrets', 'isEnabled': True, 'restrictions': {
                'keyCredentials': [], 'passwordCredentials': [], 'applicationRestrictions': None},
            '+appliesTo': []}],
        'policies/featureRolloutPolicies': [{
            'id': new_id('rollout'), 'description': 'Try it', 'displayName': 'Staged rollout',
            'feature': 'passwordHashSync', 'isAppliedToOrganization': False, 'isEnabled': True,
            '+appliesTo': [group.id]}],
        'policies/permissionGrantPolicies': [{
            'id': 'microsoft-user-default-low', 'deletedDateTime': None,
            'description': 'Low risk permissions', 'displayName': 'Default user low risk policy',
            '+includes': [{
                'id': new_id('grant set'), 'clientApplicationIds': ['all'],
                'clientApplicationPublisherIds': ['all'], 'clientApplicationTenantIds': ['all'],
                'clientApplicationsFromVerifiedPublisherOnly': True, 'permissionClassification': 'low',
                'permissionType': 'delegated', 'permissions': ['all'],
                'resourceApplication': 'any'}], '+excludes': []}],
        'policies/authenticationFlowsPolicy': [{
            'id': 'authenticationFlowsPolicy', 'displayName': 'Authentication flows policy',
            'description': 'Self-service sign-up', 'selfServiceSignUp': {'isEnabled': False}}],
        'policies/adminConsentRequestPolicy': [{
            'id': '', 'isEnabled': True, 'notifyReviewers': True, 'remindersEnabled': True,
            'requestDurationInDays': 30, 'version': 0, 'reviewers': [
                {'query': '/v1.0/groups/%s/transitiveMembers/microsoft.graph.user' % group.id,
                 'queryRoot': None, 'queryType': 'MicrosoftGraph'}]}],
        'policies/defaultAppManagementPolicy': [{
            'id': '00000000-0000-0000-0000-000000000000', 'deletedDateTime': None,
            'displayName': 'Default app management tenant policy', 'description': 'Default',
            'isEnabled': False, 'applicationRestrictions': {
                'passwordCredentials': [], 'keyCredentials': [], 'identifierUris': None},
            'servicePrincipalRestrictions': {'passwordCredentials': [], 'keyCredentials': []}}],
        'policies/deviceRegistrationPolicy': [{
            'id': 'deviceRegistrationPolicy', 'displayName': 'Device Registration Policy',
            'description': 'Who may join devices', 'userDeviceQuota': 50,
            'multiFactorAuthConfiguration': 'notRequired',
            'azureADRegistration': {'isAdminConfigurable': False, 'allowedToRegister': {
                '@odata.type': '#microsoft.graph.allDeviceRegistrationMembership'}},
            'azureADJoin': {'isAdminConfigurable': True, 'allowedToJoin': {
                '@odata.type': '#microsoft.graph.allDeviceRegistrationMembership'},
                            'localAdmins': {'enableGlobalAdmins': True, 'registeringUsers': {
                                '@odata.type': '#microsoft.graph.noDeviceRegistrationMembership'}}},
            'localAdminPassword': {'isEnabled': False}}],
        'policies/federatedTokenValidationPolicy': [{
            'id': 'federatedTokenValidationPolicy', 'deletedDateTime': None, 'validatingDomains': {
                '@odata.type': '#microsoft.graph.allDomains', 'rootDomains': 'none'}}],
        'policies/identitySecurityDefaultsEnforcementPolicy': [{
            'id': '00000000-0000-0000-0000-000000000005', 'deletedDateTime': None,
            'description': 'A set of basic identity security mechanisms.',
            'displayName': 'Security Defaults', 'isEnabled': False}],
        'policies/ownerlessGroupPolicy': [],
        'policies/crossTenantAccessPolicy': [{
            'id': new_id('cross-tenant'), 'deletedDateTime': None, 'description': None,
            'displayName': 'CrossTenantAccessPolicy', 'allowedCloudEndpoints': []}],
        'policies/crossTenantAccessPolicy/default': [cross_tenant(
            id=new_id('cross-tenant default'), isServiceDefault=True,
            invitationRedemptionIdentityProviderConfiguration=None)],
        'policies/crossTenantAccessPolicy/partners': [cross_tenant(
            tenantId=PARTNER, isInMultiTenantOrganization=False, isServiceProvider=False,
            **{'+identitySynchronization': {
                'tenantId': PARTNER, 'displayName': 'Sister company',
                'userSyncInbound': {'isSyncAllowed': True}}})]}


def settings(tenant, app, principal, user):
    graph = next(o for o in tenant.by_type('servicePrincipal')
                 if o.props['displayName'] == 'Microsoft Graph')
    return {
        'directory/administrativeUnits': [{
            'id': new_id('unit'), 'deletedDateTime': None, 'displayName': 'Berlin',
            'description': 'The office in Berlin', 'isMemberManagementRestricted': False,
            'membershipRule': None, 'membershipRuleProcessingState': None, 'membershipType': None,
            'visibility': None, '+members': [user.id], '+scopedRoleMembers': [{
                'id': new_id('scoped'), 'administrativeUnitId': new_id('unit'),
                'roleId': tenant.by_type('directoryRole')[0].id, 'roleMemberInfo': {
                    'id': user.id, 'displayName': user.props['displayName']}}]}],
        'oauth2PermissionGrants': [{
            'id': 'grant-' + new_id('grant'), 'clientId': principal.id, 'consentType': 'AllPrincipals',
            'principalId': None, 'resourceId': graph.id, 'scope': 'User.Read openid'}],
        'groupSettings': [{
            'id': new_id('group settings'), 'displayName': 'Group.Unified',
            'templateId': '62375ab9-6b52-47ed-826b-58e47e0e304b',
            'values': [{'name': 'EnableGroupCreation', 'value': 'false'},
                       {'name': 'AllowGuestsToBeGroupOwner', 'value': 'false'}]}],
        'groupLifecyclePolicies': [{
            'id': new_id('lifecycle'), 'alternateNotificationEmails': 'groups@' + tenant.domain,
            'groupLifetimeInDays': 365, 'managedGroupTypes': 'Selected'}],
        'schemaExtensions': [{
            'id': 'extlab_course', 'description': 'Courses', 'owner': app.props['appId'],
            'status': 'InDevelopment', 'targetTypes': ['Group'],
            'properties': [{'name': 'courseId', 'type': 'Integer'}]}],
        'directory/attributeSets': [{
            'id': 'Projects', 'description': 'What somebody works on', 'maxAttributesPerSet': 25}],
        'directory/customSecurityAttributeDefinitions': [{
            'id': 'Projects_Clearance', 'attributeSet': 'Projects', 'description': 'Clearance',
            'isCollection': False, 'isSearchable': True, 'name': 'Clearance', 'status': 'Available',
            'type': 'String', 'usePreDefinedValuesOnly': True, '+allowedValues': [
                {'id': 'High', 'isActive': True}, {'id': 'Low', 'isActive': True}]}],
        'applications/%s/federatedIdentityCredentials' % app.id: [{
            'id': new_id('federated'), 'audiences': ['api://AzureADTokenExchange'],
            'description': 'Deployments', 'issuer': 'https://tokens.example.test', 'name': 'deploy',
            'subject': 'repo:example/payroll:ref:refs/heads/main'}],
        'applications/%s/extensionProperties' % app.id: [{
            'id': new_id('extension'), 'deletedDateTime': None, 'appDisplayName':
            app.props['displayName'], 'dataType': 'String', 'isMultiValued': False,
            'isSyncedFromOnPremises': False, 'targetObjects': ['User'],
            'name': 'extension_%s_costCenter' % app.props['appId'].replace('-', '')}],
        'servicePrincipals/%s/delegatedPermissionClassifications' % graph.id: [{
            'id': 'classification-1', 'classification': 'low',
            'permissionId': 'e1fe6dd8-ba31-4d61-89e7-88639da4683d', 'permissionName': 'User.Read'}]}


def fill(tenant):
    """Called once, when everything these documents refer to is there."""
    user = min(tenant.by_type('user'), key=lambda o: o.seq)
    group = min(tenant.by_type('group'), key=lambda o: o.seq)
    app = min((o for o in tenant.by_type('application')), key=lambda o: o.seq)
    principal = tenant.find_app(app.props['appId'], 'servicePrincipal')
    user.props['customSecurityAttributes'] = {'Projects': {
        '@odata.type': '#microsoft.graph.customSecurityAttributeValue', 'Clearance': 'Low'}}
    tenant.extra['catalog'] = {**roles(tenant, user), **policies(tenant, principal, group),
                               **settings(tenant, app, principal, user)}
