# SPDX-License-Identifier: Apache-2.0
"""Self test: token endpoint, permissions, property sets, filters, paging, every read route."""

import base64
import email.utils
import re
import time
import urllib.parse

from selftest_credentials import JWT_BEARER
from selftest import DOMAIN, INITIAL

USER_DEFAULT = {'businessPhones', 'displayName', 'givenName', 'id', 'jobTitle', 'mail',
                'mobilePhone', 'officeLocation', 'preferredLanguage', 'surname',
                'userPrincipalName'}
EVENTUAL = {'ConsistencyLevel': 'eventual'}


def aadsts(answer):
    return answer.status, answer['error'], answer['error_codes'][0]


def tokens(lab):
    good = lab.token_call(lab.form())
    lab.same('lifetime', (good.status, good['expires_in'], good['token_type']),
             (200, 3599, 'Bearer'))
    lab.check('no refresh token', 'refresh_token' not in good.json)
    lab.check('long opaque token', len(good['access_token']) > 1000)
    pair = lab.credentials['admin']
    basic = base64.b64encode(('%s:%s' % (pair['client_id'], urllib.parse.quote(
        pair['client_secret'], safe=''))).encode()).decode()
    answer = lab.token_call(lab.form(client_id=None, client_secret=None),
                            {'Authorization': 'Basic ' + basic})
    lab.same('HTTP Basic', answer.status, 200)
    for what, form, wanted in (
            ('wrong secret', {'client_secret': 'x'}, (401, 'invalid_client', 7000215)),
            ('no secret', {'client_secret': None}, (401, 'invalid_client', 7000218)),
            ('unknown app', {'client_id': '0' * 8}, (400, 'unauthorized_client', 700016)),
            ('wrong grant', {'grant_type': 'password'}, (400, 'unsupported_grant_type', 70003)),
            ('bad scope', {'scope': 'https://graph.microsoft.com/User.Read.All'},
             (400, 'invalid_scope', 70011)),
            ('two resources', {'scope': 'https://a/.default https://b/.default'},
             (400, 'invalid_scope', 700022)),
            ('other resource', {'scope': 'https://other.example.test/.default'},
             (400, 'invalid_resource', 500011)),
            ('assertion', {'client_secret': None, 'client_assertion': 'a.b.c',
                           'client_assertion_type': JWT_BEARER},
             (401, 'invalid_client', 50027))):
        answer = lab.token_call(lab.form(**form))
        lab.same(what, aadsts(answer), wanted)
        lab.check(what + ': text', answer['error_description'].startswith(
            'AADSTS%d: ' % wanted[2]) and {'timestamp', 'trace_id', 'correlation_id'} <=
            set(answer.json))
    lab.same('unknown tenant', aadsts(lab.token_call(lab.form(), tenant='nowhere.test'))[2], 90002)
    lab.same('common', aadsts(lab.token_call(lab.form(), tenant='common'))[2], 9001023)
    lab.same('tenant by domain', lab.token_call(lab.form(), tenant=DOMAIN).status, 200)
    json_body = lab.raw('POST', '/%s/oauth2/v2.0/token' % lab.credentials['tenant_id'],
                        {'grant_type': 'client_credentials'})
    lab.same('JSON is not a form', json_body.json['error'], 'invalid_request')
    lab.same('GET', lab.raw('GET', '/%s/oauth2/v2.0/token' % DOMAIN).status, 405)


def token_use(lab):
    for what, headers in (('none', {}), ('garbage', {'Authorization': 'Bearer nonsense'}),
                          ('altered', {'Authorization': 'Bearer ' + lab.token()[:-9] + 9 * 'A'}),
                          ('basic', {'Authorization': 'Basic YTpi'})):
        answer = lab.raw('GET', '/v1.0/users', headers=headers)
        lab.refused('token ' + what, answer, 401, 'InvalidAuthenticationToken')
        lab.check('challenge', answer.headers['WWW-Authenticate'].startswith('Bearer'))
    lab.control('POST', 'settings', {'token_lifetime_seconds': 60})
    lab.same('short lifetime', lab.token_call(lab.form())['expires_in'], 60)
    short = lab.token_call(lab.form())['access_token']
    lab.control('POST', 'clock', {'advance_seconds': 61})
    answer = lab.raw('GET', '/v1.0/users', headers={'Authorization': 'Bearer ' + short})
    lab.refused('expired', answer, 401, 'InvalidAuthenticationToken', 'expired')
    lab.control('DELETE', 'clock')
    # Permissions are frozen into the token, as in the service.
    lab.control('POST', 'grants', {'client_id': lab.credentials['agent']['client_id'],
                                   'permissions': ['Group.Read.All']})
    old = lab.get('users', who='agent')
    lab.tokens.pop('agent', None)
    new_token = lab.get('users', who='agent')
    lab.same('grant taken away', (old.status, new_token.status), (403, 403))
    lab.same('what is left', lab.get('groups', who='agent').status, 200)


def grant_agent(lab, permissions):
    lab.control('POST', 'grants', {'client_id': lab.credentials['agent']['client_id'],
                                   'permissions': permissions})
    lab.tokens.pop('agent', None)


READS = {  # path -> least permission
    'users': 'User.Read.All', 'groups': 'GroupMember.Read.All', 'contacts': 'OrgContact.Read.All',
    'devices': 'Device.Read.All', 'applications': 'Application.Read.All',
    'servicePrincipals': 'Application.Read.All',
    'identity/conditionalAccess/policies': 'Policy.Read.All',
    'identity/conditionalAccess/namedLocations': 'Policy.Read.All',
    'identity/conditionalAccess/deletedItems/policies': 'Policy.Read.All',
    'identity/conditionalAccess/deletedItems/namedLocations': 'Policy.Read.All',
    'policies/authenticationMethodsPolicy': 'Policy.Read.All',
    'policies/authenticationMethodsPolicy/authenticationMethodConfigurations': 'Policy.Read.All',
    'policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2':
        'Policy.Read.All',
    'policies/authorizationPolicy': 'Policy.Read.All', 'organization': 'Organization.Read.All',
    'domains': 'Domain.Read.All', 'domains/' + DOMAIN: 'Domain.Read.All',
    'directory/deletedItems/microsoft.graph.user': 'User.Read.All',
    'directory/deletedItems/microsoft.graph.group': 'Group.Read.All',
    'directory/deletedItems/microsoft.graph.application': 'Application.Read.All',
    'directory/deletedItems/microsoft.graph.servicePrincipal': 'Application.Read.All',
    'auditLogs/directoryAudits': 'AuditLog.Read.All',
    'directoryRoles': 'RoleManagement.Read.Directory',
    'roleManagement/directory/roleDefinitions': 'RoleManagement.Read.Directory',
    'roleManagement/directory/roleAssignments': 'RoleManagement.Read.Directory',
    'roleManagement/directory/roleAssignments?$expand=principal': 'RoleManagement.Read.Directory',
    'subscribedSkus': 'LicenseAssignment.Read.All',
}


# Permissions of other families never open a path; these families also do.
FAMILIES = {'groups': ('GroupMember',), 'subscribedSkus': ('User', 'Organization'),
            'directory/deletedItems/microsoft.graph.group': ('GroupMember',),
            'organization': ('User',)}


def permissions(lab):
    import permissions as table
    for path, permission in READS.items():
        own = {permission.split('.')[0], 'Group' if 'Group' in permission else '', 'Directory',
               *FAMILIES.get(path, ())}
        grant_agent(lab, [p for p in table.ADMIN if p.split('.')[0] not in own])
        lab.refused(path + ' without', lab.get(path, who='agent'), 403,
                    'Authorization_RequestDenied', 'Insufficient privileges')
        grant_agent(lab, [permission])
        lab.same(path + ' with ' + permission, lab.get(path, who='agent').status, 200)
    user = lab.get('users').value[0]['id']
    grant_agent(lab, ['User.Read.All'])
    lab.refused('source of authority', lab.get('users/%s/onPremisesSyncBehavior' % user,
                                               who='agent'), 403)
    grant_agent(lab, ['User-OnPremisesSyncBehavior.ReadWrite.All'])
    lab.same('source of authority', lab.get('users/%s/onPremisesSyncBehavior' % user,
                                            who='agent').status, 200)
    for path in ('users/' + user, 'groups'):
        lab.refused('write ' + path, lab.call('PATCH' if '/' in path else 'POST', path, {},
                                              who='agent'), 403)
    sync = 'directory/onPremisesSynchronization'
    lab.refused('app-only', lab.get(sync), 403, 'Authorization_RequestDenied')
    lab.same('delegated', lab.get(sync, as_user='admin@' + INITIAL).status, 200)
    lab.control('POST', 'settings', {'onprem_sync_app_only': True})
    answer = lab.get(sync)
    lab.same('older service', (answer.status, answer.value[0]['id']),
             (200, lab.credentials['tenant_id']))
    lab.check('no beta parts', 'synchronizationInterval' not in answer.value[0]['configuration'])
    beta = lab.get('/beta/' + sync).value[0]['configuration']
    lab.same('beta parts', beta['synchronizationInterval'], 'PT30M')
    lab.check('beta app identity', beta['applicationId'] is not None)


def short_rights(lab):
    grant_agent(lab, ['User.Read.All'])
    org = lab.get('organization', who='agent').value[0]
    lab.check('organization nulls', org['displayName'] == 'Lab Example' and org['verifiedDomains']
              and org['onPremisesSyncEnabled'] is None and org['city'] is None, org)
    grant_agent(lab, ['GroupMember.Read.All'])
    group = next(g for g in lab.get('groups', who='agent').value
                 if g['displayName'] == 'Cloud Operators')
    member = lab.get('groups/%s/members' % group['id'], who='agent').value[0]
    lab.check('limited information', member['id'] and member['@odata.type'] ==
              '#microsoft.graph.user' and member['displayName'] is None, member)
    member = lab.get('groups/%s/members' % group['id']).value[0]
    lab.check('full information', member['displayName'] is not None)
    import permissions as table
    grant_agent(lab, list(table.AGENT))


def property_sets(lab):
    user = lab.get('users').value[0]
    lab.same('default set', set(user), USER_DEFAULT)
    one = lab.get('users/%s' % user['id'])
    lab.same('default set of one', {k for k in one.json if not k.startswith('@')}, USER_DEFAULT)
    lab.check('context', one['@odata.context'].endswith('$metadata#users/$entity'))
    answer = lab.get('users?$select=accountEnabled,onPremisesSyncEnabled,proxyAddresses')
    lab.same('$select', set(answer.value[0]),
             {'accountEnabled', 'onPremisesSyncEnabled', 'proxyAddresses'})
    lab.check('context of $select', answer['@odata.context'].endswith(
        '#users(accountEnabled,onPremisesSyncEnabled,proxyAddresses)'))
    lab.refused('unknown property', lab.get('users?$select=shoeSize'), 400, 'Request_BadRequest')
    lab.refused('collection only', lab.get('users?$select=aboutMe'), 501, 'NotImplemented',
                'not yet supported')
    lab.same('single', lab.get('users/%s?$select=aboutMe,skills' % user['id']).status, 200)
    lab.refused('group single', lab.get('groups?$select=allowExternalSenders'), 501)
    lab.check('never returned', 'hasMembersWithLicenseErrors' not in
              lab.get('groups?$select=id,hasMembersWithLicenseErrors').value[0])
    groups = lab.get('groups').value[0]
    lab.check('group defaults', 'membershipRule' in groups and 'assignedLicenses' not in groups and
              'onPremisesNetBiosName' in groups)
    lab.refused('unknown id', lab.get('users/00000000-0000-0000-0000-000000000000'), 404,
                'Request_ResourceNotFound')
    lab.same('by UPN', lab.get('users/' + user['userPrincipalName'].replace('#', '%23')).status,
             200)
    lab.refused('beta property on v1.0', lab.get('users?$select=onPremisesObjectIdentifier'), 400)
    lab.same('beta property', lab.get('/beta/users?$select=onPremisesObjectIdentifier').status, 200)
    lab.check('password is never shown', lab.get('users/%s?$select=passwordProfile' % user['id'])
              ['passwordProfile'] is None)


def filters(lab):
    def names(text, **headers):
        answer = lab.get('users?$select=displayName&$top=999&' + text, **headers)
        return ({u['displayName'] for u in answer.value} if answer.status == 200
                else (answer.status, answer.code))
    lab.same('eq', names("$filter=displayName eq 'ines cloud'"), {'Ines Cloud'})
    lab.same('doubled quote', names("$filter=displayName eq 'Quinn O''Cloud'"), {"Quinn O'Cloud"})
    lab.same('startsWith', names("$filter=startsWith(displayName,'Om')"), {'Omar Cloud'})
    lab.same('in', names("$filter=givenName in ('Ines','Petra')"), {'Ines Cloud', 'Petra Cloud'})
    lab.same('and or', names("$filter=department eq 'Cloud' and (givenName eq 'Ines' or "
                             "givenName eq 'Omar')"), {'Ines Cloud', 'Omar Cloud'})
    lab.same('null', 'Ines Cloud' in names('$filter=onPremisesSyncEnabled eq null'), True)
    lab.same('true', names('$filter=onPremisesSyncEnabled eq true'), set())
    lab.same('lambda', names("$filter=proxyAddresses/any(p:p eq 'smtp:cloud.ines@%s')" % DOMAIN),
             {'Ines Cloud'})
    lab.check('date', 'Ines Cloud' in names('$filter=createdDateTime ge 2020-01-01T00:00:00Z'))
    lab.same('date after', names('$filter=createdDateTime ge 2099-01-01T00:00:00Z'), set())
    unsupported = (400, 'Request_UnsupportedQuery')
    advanced = "$filter=department ne 'Cloud'"
    lab.same('ne', names(advanced), unsupported)
    lab.same('ne with header only', names(advanced, **EVENTUAL), unsupported)
    lab.check('ne advanced', 'Emergency Access' in names(advanced + '&$count=true', **EVENTUAL))
    lab.same('endsWith', names("$filter=endsWith(mail,'x')"), unsupported)
    lab.same('not', names("$filter=not startsWith(displayName,'I')"), unsupported)
    lab.same('advanced property', names("$filter=officeLocation eq 'x'"), unsupported)
    lab.same('order by with filter', names("$filter=department eq 'Cloud'&$orderby=displayName"),
             unsupported)
    lab.same('not filterable', names("$filter=aboutMe eq 'x'")[0], 400)
    lab.same('unknown', names("$filter=shoeSize eq 'x'"), (400, 'Request_BadRequest'))
    for text in ("displayName eq", "displayName eq 'x", "(displayName eq 'x'", "displayName ~ 'x'",
                 "displayName eq 'x' and"):
        lab.same('syntax ' + text, names('$filter=' + text), (400, 'Request_BadRequest'))
    order = [u['displayName'] for u in lab.get('users?$orderby=displayName desc').value]
    lab.same('order', order, sorted(order, key=str.lower, reverse=True))
    lab.same('count needs header', names('$count=true'), unsupported)
    lab.refused('$skip', lab.get('users?$skip=2'), 400)
    lab.refused('option twice', lab.get('users?$top=2&$top=3'), 400)
    lab.refused('unknown option', lab.get('users?$foo=2'), 400)
    text = lab.get('users/$count', **EVENTUAL)
    lab.check('$count segment', text.headers['Content-Type'] == 'text/plain' and
              int(text.data) == len(lab.all('users')), text)
    lab.refused('$count segment plain', lab.get('users/$count'), 400, 'Request_UnsupportedQuery')
    found = lab.get('users?$search="displayName:omar"', **EVENTUAL)
    lab.same('search', [u['displayName'] for u in found.value], ['Omar Cloud'])
    lab.refused('search plain', lab.get('users?$search="displayName:omar"'), 400)


def paging(lab):
    lab.control('POST', 'bulk', {'users': 1150, 'groups': 1, 'members': 230})
    answer = lab.get('users')
    lab.same('default page', len(answer.value), 100)
    lab.same('clamp', len(lab.get('users?$top=5000').value), 999)
    lab.same('members clamp', lab.get('users?$top=500&$select=id,signInActivity').status, 200)
    lab.same('signInActivity clamp', len(lab.get('users?$top=999&$select=id,signInActivity').value),
             500)
    for top in ('0', '-1', 'x'):
        lab.refused('$top=' + top, lab.get('users?$top=' + top), 400)
    whole = lab.all('users?$top=999&$select=id')
    lab.same('no object twice', len({u['id'] for u in whole}), len(whole))
    lab.check('all', len(whole) >= 1158)
    link = answer['@odata.nextLink']
    lab.check('the link holds the token only', re.fullmatch(
        re.escape(lab.base) + r'/v1\.0/users\?\$skiptoken=[A-Za-z0-9%~._-]+', link), link)
    lab.check('percent escapes', all(e in link for e in ('%27', '%2B', '%20', '%25')))
    lab.refused('token with options', lab.get(link + '&$top=3'), 400)
    lab.refused('altered token', lab.get(link.replace('AQAnO', 'AQBnO')), 400)
    lab.refused('token of another list', lab.get(link.replace('/users', '/groups')), 400)
    unescaped = urllib.parse.unquote(link.partition('=')[2]).replace(' ', '%20')
    lab.refused('token decoded by the client', lab.get(link.partition('=')[0] + '=' + unescaped),
                400)
    first = lab.get('users?$top=2&$count=true&$select=id', **EVENTUAL)
    second = lab.get(first['@odata.nextLink'], **EVENTUAL)
    lab.check('count on the first page only', first['@odata.count'] >= 1158 and
              '@odata.count' not in second.json)
    lab.same('options travel in the token', (len(second.value), set(second.value[0])),
             (2, {'id'}))
    lab.refused('header must be sent again', lab.get(first['@odata.nextLink']), 400,
                'Request_UnsupportedQuery')
    lab.control('POST', 'settings', {'page_token_lifetime_seconds': 1})
    time.sleep(1.2)
    lab.refused('expired', lab.get(link), 400, 'Directory_ExpiredPageToken')
    lab.control('DELETE', 'settings')
    walk, answer = [], lab.get('users?$top=400&$select=id')
    walk += [u['id'] for u in answer.value]
    lab.call('DELETE', 'users/' + walk[350])
    new = lab.user('paging-newcomer')
    while '@odata.nextLink' in answer.json:
        answer = lab.get(answer['@odata.nextLink'])
        walk += [u['id'] for u in answer.value]
    lab.check('walk over changes', len(walk) == len(set(walk)) and new in walk and
              {u['id'] for u in whole} <= set(walk))
    group = next(g for g in lab.all('groups') if g['displayName'].startswith('Bulk Group'))
    members = lab.get('groups/%s/members?$select=id' % group['id'])
    lab.same('members default page', len(members.value), 100)
    lab.same('members', len(lab.all('groups/%s/members?$top=999' % group['id'])), 230)
    expanded = lab.get('groups/%s?$expand=members' % group['id'])
    lab.check('expand is cut silently', len(expanded['members']) == 20 and
              'members@odata.nextLink' not in expanded.json)


def relations(lab):
    users = {u['displayName']: u['id'] for u in lab.all('users?$top=999')}
    groups = {g['displayName']: g['id'] for g in lab.all('groups')}
    ines, petra = users['Ines Cloud'], users['Petra Cloud']
    manager = lab.get('users/%s/manager' % ines)
    lab.same('manager', (manager['id'], manager['@odata.type']), (petra, '#microsoft.graph.user'))
    lab.refused('no manager', lab.get('users/%s/manager' % petra), 404,
                'Request_ResourceNotFound')
    lab.same('expand manager', lab.get('users/%s?$expand=manager($select=id)' % ines)['manager'],
             {'@odata.type': '#microsoft.graph.user', 'id': petra})
    listed = lab.get("users?$filter=givenName eq 'Ines'&$expand=manager").value[0]
    lab.same('expand in a list', listed['manager']['id'], petra)
    lab.refused('two expands', lab.get('users?$expand=manager,memberOf'), 400)
    lab.refused('unknown expand', lab.get('users?$expand=shoes'), 400)
    lab.same('reports', [u['id'] for u in lab.get('users/%s/directReports' % petra).value], [ines])
    found = {g['displayName'] for g in lab.get('users/%s/memberOf' % ines).value}
    lab.same('memberOf', found, {'Cloud Operators', 'All Cloud Department'})
    group = groups['Cloud Operators']
    lab.same('owners', [u['id'] for u in lab.get('groups/%s/owners' % group).value], [petra])
    members = lab.get('groups/%s/members?$select=id,displayName' % group).value
    lab.same('members $select', set(members[0]), {'@odata.type', 'id', 'displayName'})
    refs = lab.get('groups/%s/members/$ref' % group).value
    lab.check('$ref', len(refs) == 3 and ines in refs[0]['@odata.id'])
    cast = 'groups/%s/members/microsoft.graph.user' % group
    lab.refused('cast plain', lab.get(cast), 400, 'Request_UnsupportedQuery')
    lab.same('cast', len(lab.get(cast + '?$count=true', **EVENTUAL).value), 3)
    lab.same('empty cast', lab.get('groups/%s/members/microsoft.graph.group?$count=true' % group,
                                   **EVENTUAL).value, [])
    apps = lab.get('applications').value
    lab.same('owner of an app', lab.get('applications/%s/owners' % next(
        a['id'] for a in apps if a['displayName'] == 'Lab Payroll')).value[0]['id'], petra)
    lab.same('app by appId', lab.get("applications(appId='%s')" % apps[0]['appId'])['id'],
             apps[0]['id'])
    ids = lab.call('POST', 'directoryObjects/getByIds', {'ids': [ines, group, 'nothing'],
                                                         'types': ['user']})
    lab.same('getByIds', [o['id'] for o in ids.value], [ines])
    lab.same('directoryObject', lab.get('directoryObjects/' + group)['@odata.type'],
             '#microsoft.graph.group')
    lab.refused('no such relation', lab.get('applications/%s/members' % apps[0]['id']), 400)


def sync_identity(lab):
    principals = lab.all('servicePrincipals')
    resource = next(p for p in principals
                    if p['appId'] == '6bf85cfa-ac8a-4be5-b5de-425a0d0dc016')
    role = next(r['id'] for r in resource['appRoles']
                if r['value'] == 'ADSynchronization.ReadWrite.All')
    holders = lab.get('servicePrincipals/%s/appRoleAssignedTo' % resource['id']).value
    lab.check('sync principal', len(holders) == 1 and holders[0]['appRoleId'] == role and
              re.match(r'ConnectSyncProvisioning_\w+_[0-9a-f]{12}$',
                       holders[0]['principalDisplayName']), holders)
    lab.same('other side', lab.get('servicePrincipals/%s/appRoleAssignments'
                                   % holders[0]['principalId']).value, holders)
    app_made = lab.synced_user('identity-app')
    record = lab.audits(app_made)[0]['initiatedBy']
    lab.check('app identity', record['user'] is None and
              record['app']['displayName'] == holders[0]['principalDisplayName'])
    lab.control('POST', 'settings', {'sync_identity': 'classic'})
    made = lab.synced_user('identity-classic')
    record = lab.audits(made)[0]['initiatedBy']
    lab.check('classic identity', record['app'] is None and record['user']['displayName'] ==
              'On-Premises Directory Synchronization Service Account' and
              re.match(r'Sync_\w+_[0-9a-f]{12}@' + INITIAL, record['user']['userPrincipalName']))
    for one in (app_made, made):
        lab.call('DELETE', 'users/' + one)


def details(lab):
    """Remaining read routes and shapes."""
    policies = lab.get('identity/conditionalAccess/policies')
    lab.same('CA policies', len(policies.value), 2)
    one = policies.value[0]
    lab.check('absent section is null, list is []', one['sessionControls'] is None and
              one['conditions']['users']['excludeUsers'] == [] and
              one['conditions']['platforms'] is None)
    lab.same('CA skip top', len(lab.get('identity/conditionalAccess/policies?$top=1&$skip=1')
                                .value), 1)
    page = lab.get('identity/conditionalAccess/policies?$top=1')
    lab.same('CA next', len(lab.get(page['@odata.nextLink']).value), 1)
    kinds = {n['@odata.type'] for n in lab.get('identity/conditionalAccess/namedLocations').value}
    lab.same('location types', kinds, {'#microsoft.graph.ipNamedLocation',
                                       '#microsoft.graph.countryNamedLocation'})
    methods = lab.get('policies/authenticationMethodsPolicy')
    lab.same('methods inline', {m['id'] for m in methods['authenticationMethodConfigurations']},
             {'Fido2', 'MicrosoftAuthenticator', 'Sms', 'TemporaryAccessPass', 'SoftwareOath',
              'Voice', 'Email'})
    lab.same('authorization singleton', lab.get('policies/authorizationPolicy')['id'],
             'authorizationPolicy')
    org = lab.get('organization').value[0]
    lab.check('organization', {d['name'] for d in org['verifiedDomains']} == {DOMAIN, INITIAL} and
              org['directorySizeQuota']['used'] > 10)
    lab.same('organization by id', lab.get('organization/' + org['id'])['displayName'],
             'Lab Example')
    domain = lab.get('domains/' + DOMAIN)
    lab.check('domain', domain['isDefault'] and domain['isVerified'])
    role = next(r for r in lab.get('directoryRoles').value
                if r['displayName'] == 'Global Administrator')
    lab.same('role members', len(lab.get('directoryRoles/%s/members' % role['id']).value), 3)
    mine = lab.get("roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq '%s'"
                   % role['roleTemplateId'])
    lab.same('role assignments', len(mine.value), 3)
    lab.same('one assignment', lab.get('roleManagement/directory/roleAssignments/'
                                       + mine.value[0]['id'])['id'], mine.value[0]['id'])
    lab.refused('cast is mandatory', lab.get('directory/deletedItems'), 400)
    lab.refused('unknown path', lab.get('nonsense'), 400, 'BadRequest', 'nonsense')
    lab.refused('unknown version', lab.get('/v3.0/users'), 400)
    lab.refused('method', lab.call('PUT', 'users', {}), 405)
    answer = lab.get('users?$top=1', client_request_id='11111111-2222-3333-4444-555555555555')
    lab.same('client-request-id', answer.headers['client-request-id'],
             '11111111-2222-3333-4444-555555555555')
    lab.check('request-id', re.match(r'[0-9a-f-]{36}$', answer.headers['request-id']))
    lab.same('content type', answer.headers['Content-Type'],
             'application/json;odata.metadata=minimal;odata.streaming=true;'
             'IEEE754Compatible=false;charset=utf-8')
    lab.same('OData-Version', answer.headers['OData-Version'], '4.0')
    lab.control('POST', 'clock', {'now': '2031-05-06T07:08:09Z', 'frozen': True})
    date = email.utils.parsedate_to_datetime(lab.raw('GET', '/v1.0/users').headers['Date'])
    lab.same('Date follows the clock', date.isoformat(), '2031-05-06T07:08:09+00:00')
    lab.control('DELETE', 'clock')


SECTIONS = (tokens, token_use, permissions, short_rights, property_sets, filters, relations,
            sync_identity, details, paging)
