# SPDX-License-Identifier: Apache-2.0
"""Self test: the collections of catalog.py: read, refused, selected, expanded, written, audited."""

import catalog
import holders
from selftest_read import grant_agent

NEEDED = "?$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'"


def url(one):
    return one.path + (NEEDED if one.path in catalog.NEEDED_FILTER else '')


def more(address, option):
    return address + ('&' if '?' in address else '?') + option


def reading(lab):
    filled = 0
    for one in catalog.COLLECTIONS:
        answer = lab.get(url(one))
        lab.same(one.path, answer.status, 200)
        filled += bool(answer.value)
        for doc in answer.value:
            lab.check(one.path + ' hides navigation', not any(n.startswith('+') for n in doc), doc)
            key = doc.get('id') or doc['tenantId']
            lab.same(one.path + ' by key', lab.get('%s/%s' % (one.path, key)).status, 200)
            name = sorted(n for n in doc if not n.startswith('@'))[0]
            if one.path not in catalog.NEEDED_FILTER:
                found = lab.get(more(url(one), '$select=' + name)).value[0]
                lab.same(one.path + ' selects', sorted(found), [name])
            for relation in one.navigation:
                lab.check('%s/%s' % (one.path, relation),
                          lab.get('%s/%s/%s' % (one.path, key, relation)).status in (200, 404))
        lab.same(one.path + ' unknown property',
                 lab.get(more(url(one), '$select=nothingLikeIt')).status, 400 if answer.value else 200)
        lab.same(one.path + ' unknown option', lab.get(more(url(one), '$search=x')).status, 400)
        lab.same(one.path + ' unknown key', lab.get(one.path + '/00000000-aaaa').status, 404)
    lab.check('most collections hold something', filled >= len(catalog.COLLECTIONS) - 2, filled)
    for one in catalog.SINGLETONS:
        answer = lab.get(one.path)
        lab.check(one.path, answer.status == (404 if 'ownerless' in one.path else 200), answer)
        lab.same(one.path + ' is no list', lab.get(one.path + '?$top=1').status, 400)
    for path in catalog.NEEDED_FILTER:
        lab.same(path + ' without filter', lab.get(path).status, 400)
    rules = lab.get('policies/roleManagementPolicies' + NEEDED + '&$expand=rules').value[0]['rules']
    lab.same('rules expanded', rules[0]['maximumDuration'], 'PT8H')
    partner = lab.get('policies/crossTenantAccessPolicy/partners').value[0]['tenantId']
    sync = lab.get('policies/crossTenantAccessPolicy/partners/%s/identitySynchronization' % partner)
    lab.same('identity synchronization', sync['userSyncInbound'], {'isSyncAllowed': True})


def refusals(lab):
    rows = [(url(one), one.read) for one in catalog.COLLECTIONS] + \
        [(one.path, one.read) for one in catalog.SINGLETONS if 'ownerless' not in one.path]
    grant_agent(lab, ['User.ReadBasic.All'])
    for path, permission in rows:
        lab.same(path + ' refused without ' + permission, lab.get(path, who='agent').status, 403)
    secret = 'users?$select=id,customSecurityAttributes'
    lab.same('values refused', lab.get(secret, who='agent').status, 403)
    grant_agent(lab, ['User.Read.All', 'CustomSecAttributeAssignment.Read.All'])
    values = [u['customSecurityAttributes'] for u in lab.get(secret, who='agent').value]
    lab.check('values of custom security attributes', [v for v in values if v] == [{'Projects': {
        '@odata.type': '#microsoft.graph.customSecurityAttributeValue', 'Clearance': 'Low'}}], values)
    lab.check('not by default', 'customSecurityAttributes' not in lab.get('users').value[0])


def parts(lab):
    app = next(a for a in lab.all('applications')
               if lab.get('applications/%s/federatedIdentityCredentials' % a['id']).value)
    base = 'applications/%s/federatedIdentityCredentials' % app['id']
    lab.refused('name is needed', lab.call('POST', base, {'issuer': 'https://x.example.test'}), 400,
                'Request_BadRequest')
    made = lab.call('POST', base, {'name': 'more', 'issuer': 'https://x.example.test',
                                   'subject': 's', 'audiences': ['a']})
    lab.same('credential', (made.status, made['name']), (201, 'more'))
    lab.check('credential audited', lab.audits(app['id'])[0]['activityDisplayName'] ==
              'Update application', lab.audits(app['id'])[:1])
    lab.same('credential gone', lab.call('DELETE', '%s/%s' % (base, made['id'])).status, 204)
    lab.same('listed', len(lab.get(base).value), 1)
    extension = lab.call('POST', 'applications/%s/extensionProperties' % app['id'],
                         {'name': 'floor', 'dataType': 'String', 'targetObjects': ['User']})
    lab.same('extension name', extension['name'],
             'extension_%s_floor' % app['appId'].replace('-', ''))
    lab.same('settings of a group without any', lab.get(
        'groups/%s/settings' % lab.get('groups?$top=1').value[0]['id']).value, [])
    lab.same('a managed domain has no federation', lab.get(
        'domains/%s/federationConfiguration' % lab.get('domains').value[0]['id']).value, [])


def writing(lab):
    base = 'directory/administrativeUnits'
    unit = lab.call('POST', base, {'displayName': 'Hamburg'})
    lab.same('unit', (unit.status, unit['isMemberManagementRestricted']), (201, False))
    path = '%s/%s' % (base, unit['id'])
    lab.same('unit changed', lab.call('PATCH', path, {'description': 'Port'}).status, 204)
    lab.same('unknown property', lab.call('PATCH', path, {'harbour': 1}).status, 400)
    user = lab.user('unit-member')
    body = {'@odata.id': 'https://graph.microsoft.com/v1.0/users/' + user}
    lab.same('member added', lab.call('POST', path + '/members/$ref', body).status, 204)
    lab.same('member again', lab.call('POST', path + '/members/$ref', body).status, 400)
    lab.same('members', [m['id'] for m in lab.get(path + '/members').value], [user])
    lab.same('member removed', lab.call('DELETE', '%s/members/%s/$ref' % (path, user)).status, 204)
    lab.same('unit deleted', lab.call('DELETE', path).status, 204)
    lab.same('unit is gone', lab.get(path).status, 404)
    names = [a['activityDisplayName'] for a in lab.audits(unit['id'])]
    lab.same('unit audited', names, [
        'Delete administrative unit', 'Remove member from administrative unit',
        'Add member to administrative unit', 'Update administrative unit', 'Add administrative unit'])
    defaults = 'policies/identitySecurityDefaultsEnforcementPolicy'
    lab.same('security defaults', lab.call('PATCH', defaults, {'isEnabled': True}).status, 204)
    lab.same('... are on', lab.get(defaults)['isEnabled'], True)
    lab.call('PATCH', defaults, {'isEnabled': False})
    claims = 'policies/claimsMappingPolicies/' + lab.get('policies/claimsMappingPolicies').value[0]['id']
    lab.same('applied to', len(lab.get(claims + '/appliesTo').value), 1)


def assigned(lab):
    claims = lab.get('policies/claimsMappingPolicies').value[0]
    holder = lab.get('policies/claimsMappingPolicies/%s/appliesTo' % claims['id']).value[0]
    lab.same('a principal has it', holder['@odata.type'], '#microsoft.graph.servicePrincipal')
    base = 'servicePrincipals/%s/claimsMappingPolicies' % holder['id']
    lab.same('its policies', [p['id'] for p in lab.get(base).value], [claims['id']])
    body = {'@odata.id': 'https://graph.microsoft.com/v1.0/policies/claimsMappingPolicies/' +
            claims['id']}
    lab.refused('a second one', lab.call('POST', base + '/$ref', body), 400)
    gone = '%s/%s/$ref' % (base, claims['id'])
    lab.same('taken away', lab.call('DELETE', gone).status, 204)
    lab.same('... and no more there', (lab.get(base).value, lab.call('DELETE', gone).status),
             ([], 404))
    lab.same('given back', lab.call('POST', base + '/$ref', body).status, 204)
    names = [a['activityDisplayName'] for a in lab.audits(holder['id'])][:2]
    lab.same('audited', names, ['Add policy to service principal',
                                'Remove policy from service principal'])
    lab.refused('not from the other side', lab.call(
        'POST', 'policies/claimsMappingPolicies/%s/appliesTo/$ref' % claims['id'], body), 400)
    for segment in ('applications', 'servicePrincipals'):
        for name in holders.POLICIES[segment].split('|'):
            one = lab.all(segment)[0]['id']
            lab.same(name, lab.get('%s/%s/%s' % (segment, one, name)).status, 200)
    grant = lab.get('oauth2PermissionGrants').value[0]
    lab.same('grants of a client', lab.get('servicePrincipals/%s/oauth2PermissionGrants'
                                           % grant['clientId']).value, [grant])
    lab.same('grants of a user', lab.get('users/%s/oauth2PermissionGrants'
                                         % lab.user('ungranted')).value, [])


def strict(lab):
    lab.refused('unknown property', lab.call('POST', 'directory/administrativeUnits', {
        'displayName': 'X', 'harbour': 1}), 400, 'Request_BadRequest', 'harbour')
    lab.refused('own id', lab.call('POST', 'directory/administrativeUnits', {
        'displayName': 'X', 'id': 'x'}), 400)
    lab.refused('without definition', lab.call('POST', 'policies/tokenLifetimePolicies', {
        'displayName': 'X'}), 400)
    lab.refused('schedules are not posted', lab.call(
        'POST', 'roleManagement/directory/roleEligibilitySchedules', {}), 405)
    made = lab.call('POST', 'policies/tokenLifetimePolicies', {
        'displayName': 'X', 'definition': ['{}']})
    lab.same('policy', (made.status, made['isOrganizationDefault']), (201, False))
    path = 'roleManagement/directory/roleEligibilityScheduleInstances'
    before = lab.get(path).value
    lab.same('a scenario may', lab.control('POST', 'catalog', {
        'path': path, 'documents': []}).status, 200)
    lab.same('... change them', lab.get(path).value, [])
    lab.control('POST', 'catalog', {'path': path, 'documents': before})
    lab.same('... all that is there', lab.control('POST', 'catalog', {
        'path': 'users', 'documents': []}).status, 400)


def recycled(lab):
    unit = lab.call('POST', 'directory/administrativeUnits', {'displayName': 'Kiel'})['id']
    path, bin_path = 'directory/administrativeUnits/' + unit, 'directory/deletedItems/'
    member = lab.user('kiel-member')
    lab.call('POST', path + '/members/$ref', {
        '@odata.id': 'https://graph.microsoft.com/v1.0/users/' + member})
    lab.call('DELETE', path)
    found = [u for u in lab.get(bin_path + 'microsoft.graph.administrativeUnit').value
             if u['id'] == unit]
    page = lab.get(bin_path + 'microsoft.graph.administrativeUnit?$top=1')
    lab.same('a page of the bin', (page.status, len(page.value)), (200, 1))
    lab.check('in the bin', found and found[0]['deletedDateTime'], found)
    lab.same('by key', lab.get(bin_path + unit)['displayName'], 'Kiel')
    lab.refused('not to be purged', lab.call('DELETE', bin_path + unit), 400)
    lab.same('restored', lab.call('POST', bin_path + unit + '/restore').status, 200)
    lab.same('with its members', [m['id'] for m in lab.get(path + '/members').value], [member])
    lab.same('and no date', lab.get(path)['deletedDateTime'], None)
    lab.call('DELETE', path)
    lab.control('POST', 'clock', {'advance_seconds': 31 * 86400})
    lab.tokens.clear()
    lab.same('gone after its time', lab.get(bin_path + unit).status, 404)
    lab.same('audited', [a['activityDisplayName'] for a in lab.audits(unit)],
             ['Hard Delete administrative unit'])
    lab.control('DELETE', 'clock')
    lab.tokens.clear()
    lab.same('audited before', [a['activityDisplayName'] for a in lab.audits(unit)][:3],
             ['Delete administrative unit', 'Restore administrative unit',
              'Delete administrative unit'])


def rounds(lab):
    base = 'directory/administrativeUnits'
    first = lab.get(base + '/delta')
    known = lab.get(base).value
    live = [u for u in first.value if '@removed' not in u]
    lab.same('initial round', [u['id'] for u in live], [u['id'] for u in known])
    lab.check('never set is absent', 'visibility' not in live[0] and live[0]['members@delta'], live)
    link = first['@odata.deltaLink']
    lab.same('nothing new', lab.get(link).value, [])
    unit = lab.call('POST', base, {'displayName': 'Bremen', 'description': 'Port'})['id']
    member = lab.user('bremen-member')
    lab.call('POST', '%s/%s/members/$ref' % (base, unit), {
        '@odata.id': 'https://graph.microsoft.com/v1.0/users/' + member})
    answer = lab.get(link)
    lab.same('a new unit', answer.value, [{
        'id': unit, 'description': 'Port', 'displayName': 'Bremen',
        'isMemberManagementRestricted': False,
        'members@delta': [{'@odata.type': '#microsoft.graph.user', 'id': member}]}])
    lab.same('told again', lab.get(link).value, answer.value)
    link = answer['@odata.deltaLink']
    lab.call('PATCH', '%s/%s' % (base, unit), {'description': None})
    lab.call('DELETE', '%s/%s/members/%s/$ref' % (base, unit, member))
    answer = lab.get(link, Prefer='return=minimal')
    lab.same('cleared and left', answer.value, [{
        'id': unit, 'description': None, 'members@delta': [{
            '@odata.type': '#microsoft.graph.user', 'id': member,
            '@removed': {'reason': 'deleted'}}]}])
    link = answer['@odata.deltaLink']
    lab.call('DELETE', '%s/%s' % (base, unit))
    answer = lab.get(link)
    lab.same('removed', answer.value, [{'id': unit, '@removed': {'reason': 'changed'}}])
    lab.call('POST', 'directory/deletedItems/%s/restore' % unit)
    again = lab.get(answer['@odata.deltaLink']).value
    lab.same('an ordinary item again', [u['displayName'] for u in again], ['Bremen'])
    names = lab.get(base + '/delta?$select=displayName')
    lab.check('selected', all(set(u) <= {'id', 'displayName', '@removed'} for u in names.value))
    lab.refused('unknown property', lab.get(base + '/delta?$select=harbour'), 400)
    lab.refused('no $top', lab.get(base + '/delta?$top=3'), 400)
    lab.control('POST', 'faults', {'match': 'delta', 'kind': 'delta_gone', 'count': 1})
    lab.same('gone', lab.get(link).status, 410)
    latest = lab.get('oauth2PermissionGrants/delta?$deltatoken=latest')
    lab.same('from now', latest.value, [])
    grant = lab.get('oauth2PermissionGrants').value[0]
    lab.call('PATCH', 'oauth2PermissionGrants/' + grant['id'], {'scope': 'User.Read'})
    seen = lab.get(latest['@odata.deltaLink']).value
    lab.same('a grant changes', [(g['id'], g['scope']) for g in seen], [(grant['id'], 'User.Read')])
    lab.call('PATCH', 'oauth2PermissionGrants/' + grant['id'], {'scope': grant['scope']})


SECTIONS = (reading, refusals, parts, writing, assigned, strict, recycled, rounds)
