# SPDX-License-Identifier: Apache-2.0
"""What a new tenant holds: organization, domains, roles, policies, a few cloud-only objects."""

import base64
import secrets
import uuid

import oauth
import catalog_seed
import permissions
import policies
import state

SYNC_RESOURCE_APP = '6bf85cfa-ac8a-4be5-b5de-425a0d0dc016'
SYNC_ROLE = 'ADSynchronization.ReadWrite.All'
SYNC_SERVER = 'LABSYNC'
CLASSIC_NAME = 'On-Premises Directory Synchronization Service Account'
ROLES = {  # template id -> name
    '62e90394-69f5-4237-9190-012177145e10': 'Global Administrator',
    'fe930be7-5e62-47db-91af-98c3a49a38b1': 'User Administrator',
    '8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2': 'Hybrid Identity Administrator',
    'd29b2b05-8046-44ba-8758-1e26182fcf32': 'Directory Synchronization Accounts',
}
GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10'
SYNC_ACCOUNTS = 'd29b2b05-8046-44ba-8758-1e26182fcf32'
SKU = {'skuId': 'c7df2760-2c81-4ef7-b578-5b5392b571df', 'skuPartNumber': 'ENTERPRISEPREMIUM',
       'units': 25}
METHODS = {  # id -> (type, state, own properties)
    'Fido2': ('fido2', 'enabled', {'isSelfServiceRegistrationAllowed': True,
                                   'isAttestationEnforced': False, 'keyRestrictions': {
                                       'isEnforced': False, 'enforcementType': 'block',
                                       'aaGuids': []}}),
    'MicrosoftAuthenticator': ('microsoftAuthenticator', 'enabled', {
        'isSoftwareOathEnabled': False, 'featureSettings': {
            'displayAppInformationRequiredState': {
                'state': 'default',
                'includeTarget': {'targetType': 'group', 'id': 'all_users'},
                'excludeTarget': {'targetType': 'group',
                                  'id': '00000000-0000-0000-0000-000000000000'}}}}),
    'Sms': ('sms', 'disabled', {}),
    'TemporaryAccessPass': ('temporaryAccessPass', 'enabled', {
        'defaultLifetimeInMinutes': 60, 'defaultLength': 8, 'minimumLifetimeInMinutes': 60,
        'maximumLifetimeInMinutes': 480, 'isUsableOnce': False}),
    'SoftwareOath': ('softwareOath', 'disabled', {}),
    'Voice': ('voice', 'disabled', {'isOfficePhoneAllowed': False}),
    'Email': ('email', 'enabled', {'allowExternalIdToUseEmailOtp': 'default'}),
}
CLOUD_USERS = (  # UPN prefix, display name, given name, surname, title
    ('cloud.ines', 'Ines Cloud', 'Ines', 'Cloud', 'Cloud engineer'),
    ('cloud.omar', 'Omar Cloud', 'Omar', 'Cloud', 'Analyst'),
    ('cloud.petra', 'Petra Cloud', 'Petra', 'Cloud', 'Service owner'),
    ('cloud.quinn', "Quinn O'Cloud", 'Quinn', "O'Cloud", None),
)


def new_tenant(domain, initial_domain):
    tenant = state.Tenant(domain, initial_domain)
    tenant.extra['page_key'] = secrets.token_hex(16)
    tenant.extra['token_key'] = secrets.token_hex(32)
    maker = Maker(tenant)
    maker.organization()
    maker.roles()
    maker.service_apps()
    maker.people()
    maker.groups()
    maker.policies()
    catalog_seed.fill(tenant)
    return tenant


def credentials(tenant):
    """Content of credentials.json."""
    def one(name):
        app_id = tenant.extra[name]
        return {'client_id': app_id, 'client_secret': tenant.secrets[app_id][0]['value']}
    return {'tenant_id': tenant.tenant_id, 'admin': one('admin_app'), 'agent': one('agent_app')}


def assignment_id():
    """Opaque base64url text, as appRoleAssignment ids are."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip('=')


def assign_role(tenant, principal, resource, role_id):
    """Create the appRoleAssignment object and its two links."""
    kinds = {'user': 'User', 'group': 'Group', 'servicePrincipal': 'ServicePrincipal'}
    return tenant.create(tenant.system_actor(), 'appRoleAssignment', {
        'appRoleId': role_id, 'principalId': principal.id, 'resourceId': resource.id,
        'principalType': kinds[principal.type],
        'principalDisplayName': principal.props['displayName'],
        'resourceDisplayName': resource.props['displayName']}, id=assignment_id(),
        links={'principal': [principal.id], 'resource': [resource.id]}, audit=False)


def set_grants(tenant, principal, names):
    """Exactly these application permissions on Microsoft Graph."""
    graph = tenant.find_app(oauth.GRAPH_APP, 'servicePrincipal')
    for one in tenant.parents(principal, 'principal'):
        if one.props['resourceId'] == graph.id:
            tenant.hard_delete(tenant.system_actor(), one)
    for name in names:
        assign_role(tenant, principal, graph, permissions.role_id(name))


def bulk(tenant, users, groups, members):
    """Many cloud-only objects at once, without audit records, for measurements."""
    actor, made = tenant.system_actor(), []
    start = tenant.seq
    for number in range(start, start + users):
        name = 'bulk%06d' % number
        made.append(tenant.create(actor, 'user', {
            'displayName': 'Bulk User %06d' % number, 'givenName': 'Bulk', 'surname': str(number),
            'userPrincipalName': '%s@%s' % (name, tenant.domain), 'mailNickname': name,
            'mail': '%s@%s' % (name, tenant.domain), 'accountEnabled': True,
            'proxyAddresses': ['SMTP:%s@%s' % (name, tenant.domain)], 'userType': 'Member',
            'jobTitle': 'Tester %d' % (number % 40), 'department': 'Department %d' % (number % 12),
            'city': 'Sample City', 'usageLocation': 'DE', 'businessPhones': ['+49 30 5550100'],
            'companyName': 'Lab Example', 'country': 'Germany', 'postalCode': '10115',
            'streetAddress': '1 Example Street'}, audit=False))
    for number in range(groups):
        chosen = [made[(number * 7 + i) % len(made)].id for i in range(members)] if made else []
        tenant.create(actor, 'group', {
            'displayName': 'Bulk Group %06d' % number, 'mailEnabled': False, 'groupTypes': [],
            'securityEnabled': True, 'mailNickname': 'bulkgroup%d-%d' % (start, number)},
            links={'members': dict.fromkeys(chosen)}, audit=False)
    return {'users': users, 'groups': groups}


class Maker:
    """Builds the parts in dependency order; nothing here writes audit records."""

    def __init__(self, tenant):
        self.tenant, self.made = tenant, {}

    def create(self, obj_type, props, **more):
        return self.tenant.create(self.tenant.system_actor(), obj_type, props, audit=False, **more)

    def organization(self):
        tenant = self.tenant
        self.create('organization', {
            'displayName': 'Lab Example', 'countryLetterCode': 'DE', 'tenantType': 'AAD',
            'preferredLanguage': 'en', 'city': 'Berlin', 'postalCode': '10115',
            'street': '1 Example Street', 'technicalNotificationMails':
            ['hostmaster@' + tenant.domain]}, id=tenant.tenant_id)
        for name, initial in ((tenant.domain, False), (tenant.initial_domain, True)):
            self.create('domain', {
                'authenticationType': 'Managed', 'isAdminManaged': True, 'isDefault': not initial,
                'isInitial': initial, 'isRoot': True, 'isVerified': True,
                'passwordNotificationWindowInDays': 14, 'passwordValidityPeriodInDays': 2147483647,
                'supportedServices': ['Email', 'OfficeCommunicationsOnline']}, id=name)
        self.create('subscribedSku', {
            'accountId': tenant.tenant_id, 'accountName': 'labexample', 'appliesTo': 'User',
            'capabilityStatus': 'Enabled', 'consumedUnits': 0, 'skuId': SKU['skuId'],
            'skuPartNumber': SKU['skuPartNumber'], 'subscriptionIds': [str(uuid.uuid4())],
            'prepaidUnits': {'enabled': SKU['units'], 'suspended': 0, 'warning': 0,
                             'lockedOut': 0},
            'servicePlans': [{'servicePlanId': '113feb6c-3fe4-4440-bddc-54d774bf0318',
                              'servicePlanName': 'EXCHANGE_S_FOUNDATION',
                              'provisioningStatus': 'Success', 'appliesTo': 'Company'}]},
            id='%s_%s' % (tenant.tenant_id, SKU['skuId']))

    def roles(self):
        for template, name in ROLES.items():
            self.create('unifiedRoleDefinition', {
                'displayName': name, 'description': 'Built-in role ' + name, 'isBuiltIn': True,
                'isEnabled': True, 'resourceScopes': ['/'], 'templateId': template,
                'version': '1', 'rolePermissions': [{
                    'allowedResourceActions': ['microsoft.directory/users/standard/read'],
                    'condition': None}]}, id=template)
            self.made[template] = self.create('directoryRole', {
                'displayName': name, 'description': 'Built-in role ' + name,
                'roleTemplateId': template})

    def app(self, name, secret=False, grants=(), **props):
        """An application with its service principal."""
        tenant, app_id = self.tenant, str(uuid.uuid4())
        data = {'displayName': name, 'appId': app_id, 'signInAudience': 'AzureADMyOrg',
                'publisherDomain': tenant.domain, **props}
        if secret:
            value = secrets.token_urlsafe(30)
            expires = tenant.now().timestamp() + 2 * 365 * 86400
            tenant.secrets[app_id] = [{'value': value, 'expires': expires}]
            data['passwordCredentials'] = [{
                'keyId': str(uuid.uuid4()), 'displayName': 'lab', 'hint': value[:3],
                'startDateTime': tenant.timestamp(), 'secretText': None,
                'customKeyIdentifier': None, 'endDateTime': '2030-01-01T00:00:00Z'}]
        application = self.create('application', data)
        principal = self.principal(name, app_id)
        set_grants(tenant, principal, grants)
        return application, principal

    def principal(self, name, app_id, **props):
        return self.create('servicePrincipal', {
            'displayName': name, 'appDisplayName': name, 'appId': app_id, 'accountEnabled': True,
            'servicePrincipalType': 'Application', 'signInAudience': 'AzureADMyOrg',
            'appOwnerOrganizationId': self.tenant.tenant_id, 'servicePrincipalNames': [app_id],
            'appRoleAssignmentRequired': False, **props})

    def service_apps(self):
        tenant = self.tenant
        self.principal('Microsoft Graph', oauth.GRAPH_APP, appRoles=oauth.known_roles(),
                       servicePrincipalNames=[oauth.GRAPH_APP, 'https://graph.microsoft.com'])
        role = {'allowedMemberTypes': ['Application'], 'description': SYNC_ROLE,
                'displayName': SYNC_ROLE, 'id': permissions.role_id(SYNC_ROLE), 'isEnabled': True,
                'origin': 'Application', 'value': SYNC_ROLE}
        resource = self.principal('Microsoft Entra AD Synchronization Service', SYNC_RESOURCE_APP,
                                  appRoles=[role])
        suffix = secrets.token_hex(6)
        _, sync = self.app('ConnectSyncProvisioning_%s_%s' % (SYNC_SERVER, suffix))
        assign_role(tenant, sync, resource, role['id'])
        tenant.extra['sync_sp'] = sync.id
        tenant.sync_configuration.update({
            'applicationId': sync.props['appId'], 'anchorAttribute': 'mS-DS-ConsistencyGuid',
            'synchronizationClientVersion': '2.5.76.0', 'synchronizationInterval': 'PT30M',
            'customerRequestedSynchronizationInterval': None,
            'clientMachineName': SYNC_SERVER, 'writebackConfiguration': {
                'unifiedGroupContainer': None, 'userContainer': None}})
        admin_app, admin_sp = self.app('Lab Administration', True, permissions.ADMIN)
        self.member(self.made[GLOBAL_ADMINISTRATOR], admin_sp)
        agent_app, _ = self.app('Anchorwatch Agent', True, permissions.AGENT)
        tenant.extra.update(admin_app=admin_app.props['appId'], agent_app=agent_app.props['appId'])
        account = 'Sync_%s_%s' % (SYNC_SERVER, suffix)
        tenant.extra['sync_user'] = self.user(account, CLASSIC_NAME,
                                              domain=tenant.initial_domain).id
        self.member(self.made[SYNC_ACCOUNTS], tenant.objects[tenant.extra['sync_user']])

    def member(self, holder, target, link='members'):
        self.tenant.add_link(self.tenant.system_actor(), holder, link, target, audit=False)

    def user(self, prefix, name, domain=None, **props):
        return self.create('user', {
            'userPrincipalName': '%s@%s' % (prefix, domain or self.tenant.domain),
            'displayName': name, 'mailNickname': prefix, 'accountEnabled': True,
            'userType': 'Member', 'passwordPolicies': 'None',
            'identities': [{'signInType': 'userPrincipalName', 'issuer': self.tenant.initial_domain,
                            'issuerAssignedId': '%s@%s' % (prefix, domain or self.tenant.domain)}],
            **props})

    def people(self):
        tenant = self.tenant
        admin = self.user('admin', 'Lab Administrator', domain=tenant.initial_domain,
                          givenName='Lab', surname='Administrator')
        rescue = self.user('emergency', 'Emergency Access', domain=tenant.initial_domain)
        for one in (admin, rescue):
            self.member(self.made[GLOBAL_ADMINISTRATOR], one)
        tenant.extra['admin_user'] = admin.id
        self.cloud = []
        for prefix, name, given, surname, title in CLOUD_USERS:
            mail = '%s@%s' % (prefix, tenant.domain)
            self.cloud.append(self.user(prefix, name, givenName=given, surname=surname,
                                        jobTitle=title, mail=mail, usageLocation='DE',
                                        proxyAddresses=['SMTP:' + mail],
                                        department='Cloud', companyName='Lab Example'))
        self.member(self.cloud[0], self.cloud[2], 'manager')
        guest = 'guest.rita_partner.example.test#EXT#'
        self.user(guest, 'Rita Guest', domain=tenant.initial_domain, mailNickname=guest,
                  userType='Guest', mail='guest.rita@partner.example.test',
                  externalUserState='Accepted', creationType='Invitation')

    def group(self, name, nickname, members=(), **props):
        return self.create('group', {
            'displayName': name, 'mailNickname': nickname, 'mailEnabled': False,
            'securityEnabled': True, **props}, links={'members': [m.id for m in members]})

    def groups(self):
        tenant = self.tenant
        assigned = self.group('Cloud Operators', 'cloud-operators', self.cloud[:3],
                              description='Assigned cloud security group')
        self.member(assigned, self.cloud[2], 'owners')
        self.group('All Cloud Department', 'all-cloud-department', self.cloud,
                   groupTypes=['DynamicMembership'], membershipRuleProcessingState='On',
                   membershipRule='user.department -eq "Cloud"')
        unified = self.group('Cloud Project', 'cloud-project', self.cloud[1:3],
                             groupTypes=['Unified'], mailEnabled=True, securityEnabled=False,
                             visibility='Private', mail='cloud-project@' + tenant.domain,
                             proxyAddresses=['SMTP:cloud-project@' + tenant.domain],
                             renewedDateTime=tenant.timestamp())
        self.member(unified, self.cloud[2], 'owners')
        self.excluded = self.group('CA Exclusions', 'ca-exclusions',
                                   [tenant.objects[tenant.extra['admin_user']]])

    def policies(self):
        tenant = self.tenant
        for name, tags in (('Lab Portal', ['WindowsAzureActiveDirectoryIntegratedApp']),
                           ('Lab Payroll', ['HideApp']), ('Lab Reports', [])):
            application, principal = self.app(
                name, tags=tags, identifierUris=['api://' + name.lower().replace(' ', '-')],
                web={'redirectUris': ['https://%s.%s/cb' % (name.split()[1].lower(),
                                                            tenant.domain)],
                     'homePageUrl': None, 'logoutUrl': None, 'redirectUriSettings': [],
                     'implicitGrantSettings': {'enableAccessTokenIssuance': False,
                                               'enableIdTokenIssuance': False}})
            self.member(application, self.cloud[2], 'owners')
            self.member(principal, self.cloud[2], 'owners')
        office = self.create('namedLocation', {
            '@odata.type': '#microsoft.graph.ipNamedLocation', 'displayName': 'Head office',
            'isTrusted': True, 'ipRanges': [
                {'@odata.type': '#microsoft.graph.iPv4CidrRange', 'cidrAddress': '192.0.2.0/24'},
                {'@odata.type': '#microsoft.graph.iPv6CidrRange',
                 'cidrAddress': '2001:db8::/32'}]})
        self.create('namedLocation', {
            '@odata.type': '#microsoft.graph.countryNamedLocation', 'displayName': 'Our countries',
            'countriesAndRegions': ['DE', 'FR'], 'includeUnknownCountriesAndRegions': False,
            'countryLookupMethod': 'clientIpAddress'})
        self.create('conditionalAccessPolicy', policies.complete({
            'displayName': 'Require MFA for everyone', 'state': 'enabled', 'conditions': {
                'clientAppTypes': ['all'], 'applications': {'includeApplications': ['All']},
                'users': {'includeUsers': ['All'], 'excludeGroups': [self.excluded.id]}},
            'grantControls': {'operator': 'OR', 'builtInControls': ['mfa']}}))
        self.create('conditionalAccessPolicy', policies.complete({
            'displayName': 'Block outside the office',
            'state': 'enabledForReportingButNotEnforced', 'conditions': {
                'clientAppTypes': ['browser', 'mobileAppsAndDesktopClients'],
                'applications': {'includeApplications': ['All']},
                'users': {'includeUsers': ['All'], 'excludeGroups': [self.excluded.id]},
                'locations': {'includeLocations': ['All'], 'excludeLocations': [office.id]}},
            'grantControls': {'operator': 'OR', 'builtInControls': ['block']}}))
        self.create('authorizationPolicy', policies.AUTHORIZATION, id='authorizationPolicy')
        self.create('authenticationMethodsPolicy', dict(policies.METHODS_POLICY),
                    id='authenticationMethodsPolicy')
        for name, (kind, status, props) in METHODS.items():
            self.create('authenticationMethodConfiguration', {
                '@odata.type': '#microsoft.graph.%sAuthenticationMethodConfiguration' % kind,
                'state': status, 'excludeTargets': [], **props, 'includeTargets': [
                    {'targetType': 'group', 'id': 'all_users', 'isRegistrationRequired': False}]},
                id=name)
