# SPDX-License-Identifier: Apache-2.0
"""Self test: writes, their refusals, source of authority, soft delete, restore, audit records."""

import json

from selftest import DOMAIN, INITIAL

MASTERED = 'on-premises mastered Directory Sync objects or objects currently undergoing migration'
BAD = 'Request_BadRequest'
EVENTUAL = {'ConsistencyLevel': 'eventual'}
DAY = 86400


def ref(oid):
    return {'@odata.id': 'https://graph.microsoft.com/v1.0/directoryObjects/' + oid}


def people(lab):
    return {u['displayName']: u['id'] for u in lab.all('users?$top=999')}


def groups(lab):
    return {g['displayName']: g['id'] for g in lab.all('groups')}


def changes(record):
    return {m['displayName']: (m['oldValue'], m['newValue'])
            for m in record['targetResources'][0]['modifiedProperties']}


def create_user(lab):
    base = {'accountEnabled': True, 'displayName': 'New', 'mailNickname': 'new',
            'userPrincipalName': 'new@' + DOMAIN,
            'passwordProfile': {'password': 'Correct-Horse-7'}}
    for name in base:
        body = {k: v for k, v in base.items() if k != name}
        lab.refused('POST without ' + name, lab.call('POST', 'users', body), 400, BAD, name)
    for what, change in (('unverified domain', {'userPrincipalName': 'new@other.test'}),
                         ('no domain', {'userPrincipalName': 'new'}),
                         ('blank in UPN', {'userPrincipalName': 'n w@' + DOMAIN}),
                         ('taken UPN', {'userPrincipalName': 'CLOUD.INES@' + DOMAIN}),
                         ('weak password', {'passwordProfile': {'password': 'abc'}}),
                         ('unknown', {'shoeSize': 44}), ('long', {'city': 'x' * 129}),
                         ('type', {'accountEnabled': 'yes'}), ('list', {'otherMails': 'a@b.c'}),
                         ('country', {'usageLocation': 'Germany'}),
                         ('read-only', {'proxyAddresses': ['SMTP:a@b.c']}),
                         ('date', {'employeeHireDate': 'yesterday'}),
                         ('complex', {'employeeOrgData': {'shoe': 'x'}}),
                         ('user type', {'userType': 'Robot'}),
                         ('mail of another', {'mail': 'cloud.ines@' + DOMAIN})):
        lab.refused('POST ' + what, lab.call('POST', 'users', {**base, **change}), 400, BAD)
    made = lab.call('POST', 'users', {**base, 'city': 'x' * 128})
    lab.check('201', made.status == 201 and made['displayName'] == 'New' and
              made.headers['Location'].endswith('/v1.0/users/' + made['id']), made)
    lab.refused('again', lab.call('POST', 'users', base), 400, BAD, 'userPrincipalName')
    record = lab.audits(made['id'])[0]
    lab.same('audit', (record['activityDisplayName'], record['category'], record['operationType'],
                       record['loggedByService'], record['result']),
             ('Add user', 'UserManagement', 'Add', 'Core Directory', 'success'))
    lab.check('initiator', record['initiatedBy']['user'] is None and
              record['initiatedBy']['app']['displayName'] == 'Lab Administration')
    lab.refused('no JSON', lab.call('POST', 'users', b'{"a"', Content_Type='application/json'), 400)
    lab.refused('no content type', lab.call('POST', 'users', b'{}', Content_Type='text/plain'), 400)
    lab.call('DELETE', 'users/' + made['id'])


def update_user(lab):
    user = lab.user('writer', jobTitle='Old', department='D1')
    url = 'users/' + user
    answer = lab.call('PATCH', url, {'jobTitle': 'New', 'mobilePhone': '+1 555 0100',
                                     'businessPhones': ['+1 555 0101'], 'department': None})
    lab.same('204 without body', (answer.status, answer.data), (204, b''))
    seen = lab.get(url + '?$select=jobTitle,mobilePhone,businessPhones,department')
    lab.same('values', [seen[k] for k in ('jobTitle', 'mobilePhone', 'businessPhones',
                                          'department')],
             ['New', '+1 555 0100', ['+1 555 0101'], None])
    record = lab.audits(user)[0]
    rows = changes(record)
    lab.same('one record', record['activityDisplayName'], 'Update user')
    lab.same('schema names and encodings', (rows['JobTitle'], rows['Mobile'],
                                            rows['TelephoneNumber'], rows['Department']),
             (('["Old"]', '["New"]'), ('[]', '["+1 555 0100"]'), ('[]', '["+1 555 0101"]'),
              ('["D1"]', '[]')))
    lab.same('included', set(json.loads(rows['Included Updated Properties'][1]).split(', ')),
             {'JobTitle', 'Mobile', 'TelephoneNumber', 'Department'})
    lab.same('user type', rows['TargetId.UserType'], (None, '"Member"'))
    before = len(lab.audits(user))
    lab.call('PATCH', url, {'jobTitle': 'New'})
    lab.same('no change, no record', len(lab.audits(user)), before)
    lab.same('usageLocation', lab.call('PATCH', url, {'usageLocation': 'FR'}).status, 204)
    lab.same('usageLocation is not recorded', len(lab.audits(user)), before)
    lab.control('POST', 'settings', {'audit_usage_location': True})
    lab.call('PATCH', url, {'usageLocation': 'DE'})
    lab.same('unless set', changes(lab.audits(user)[0])['UsageLocation'], ('["FR"]', '["DE"]'))
    lab.call('PATCH', url, {'accountEnabled': False})
    names = [r['activityDisplayName'] for r in lab.audits(user)[:2]]
    lab.same('disable', set(names), {'Disable account', 'Update user'})
    for what, body in (('displayName null', {'displayName': None}),
                       ('usageLocation null', {'usageLocation': None}),
                       ('unknown', {'jobTitle': 'x', 'shoeSize': 1}),
                       ('null list', {'otherMails': None}), ('two phones',
                                                             {'businessPhones': ['1', '2']}),
                       ('empty text', {'jobTitle': ''}),
                       ('taken UPN', {'userPrincipalName': 'cloud.omar@' + DOMAIN})):
        lab.refused(what, lab.call('PATCH', url, body), 400, BAD)
    lab.same('refusal changed nothing', lab.get(url)['jobTitle'], 'New')
    for name, value in (('onPremisesSyncEnabled', None), ('proxyAddresses', []),
                        ('createdDateTime', '2026-01-01T00:00:00Z'), ('id', user),
                        ('onPremisesSamAccountName', 'x'), ('assignedLicenses', [])):
        lab.refused('read-only ' + name, lab.call('PATCH', url, {name: value}), 400, BAD,
                    "Property '%s' is read-only and cannot be set." % name)
    lab.same('anchor', lab.call('PATCH', url, {'onPremisesImmutableId': 'abc'}).status, 204)
    lab.same('anchor read', lab.get(url + '?$select=onPremisesImmutableId')
             ['onPremisesImmutableId'], 'abc')
    other = lab.user('writer2')
    lab.refused('anchor twice', lab.call('PATCH', 'users/' + other,
                                         {'onPremisesImmutableId': 'abc'}), 400, BAD)
    lab.call('PATCH', url, {'onPremisesExtensionAttributes': {'extensionAttribute1': 'a'}})
    lab.call('PATCH', url, {'onPremisesExtensionAttributes': {'extensionAttribute2': 'b'}})
    ext = lab.get(url + '?$select=onPremisesExtensionAttributes')['onPremisesExtensionAttributes']
    lab.same('extension attributes merge', (ext['extensionAttribute1'], ext['extensionAttribute2'],
                                            ext['extensionAttribute15']), ('a', 'b', None))
    lab.call('PATCH', url, {'mail': 'writer.mail@' + DOMAIN})
    lab.same('mail is an address', lab.get(url + '?$select=proxyAddresses')['proxyAddresses'],
             ['SMTP:writer.mail@' + DOMAIN])
    lab.same('password', lab.call('PATCH', url, {'passwordProfile': {
        'password': 'Another-Horse-8'}}).status, 204)
    lab.same('password audit', lab.audits(user)[0]['activityDisplayName'], 'Reset password')
    as_admin = lab.call('PATCH', url, {'jobTitle': 'By admin'}, as_user='admin@' + INITIAL)
    who = lab.audits(user)[0]['initiatedBy']
    lab.check('acting user', as_admin.status == 204 and who['app'] is None and
              who['user']['userPrincipalName'] == 'admin@' + INITIAL, who)
    for one in (user, other):
        lab.call('DELETE', 'users/' + one)


def narrow_rights(lab):
    from selftest_read import grant_agent
    user = lab.user('narrow')
    grant_agent(lab, ['User.Read.All', 'User.EnableDisableAccount.All'])
    url = 'users/' + user
    lab.same('enable only', lab.call('PATCH', url, {'accountEnabled': False}, who='agent').status,
             204)
    lab.refused('more', lab.call('PATCH', url, {'accountEnabled': True, 'city': 'x'}, who='agent'),
                403)
    grant_agent(lab, ['User.ReadWrite.All'])
    lab.refused('password', lab.call('PATCH', url, {'passwordProfile': {
        'password': 'Another-Horse-8'}}, who='agent'), 403)
    admin = lab.get('users/admin@' + INITIAL)['id']
    lab.refused('administrator', lab.call('PATCH', 'users/' + admin, {'accountEnabled': False},
                                          who='agent'), 403, 'Authorization_RequestDenied')
    lab.refused('delete administrator', lab.call('DELETE', 'users/' + admin, who='agent'), 403)
    lab.same('plain property of one', lab.call('PATCH', 'users/' + admin, {'city': 'Berlin'},
                                               who='agent').status, 204)
    import permissions as table
    grant_agent(lab, list(table.AGENT))
    lab.call('DELETE', url)


USER_MASTERED = {
    'displayName': 'x', 'givenName': 'x', 'surname': 'x', 'jobTitle': 'x', 'department': 'x',
    'companyName': 'x', 'officeLocation': 'x', 'city': 'x', 'state': 'x', 'country': 'x',
    'postalCode': 'x', 'streetAddress': 'x', 'faxNumber': 'x', 'employeeId': 'x',
    'employeeType': 'x', 'employeeHireDate': '2026-01-01T00:00:00Z',
    'employeeLeaveDateTime': '2026-01-01T00:00:00Z', 'employeeOrgData': {'division': 'x'},
    'preferredLanguage': 'de', 'mail': 'x@' + DOMAIN, 'mailNickname': 'x',
    'userPrincipalName': 'x@' + DOMAIN, 'mobilePhone': '1', 'businessPhones': ['1'],
    'onPremisesExtensionAttributes': {'extensionAttribute1': 'x'}, 'onPremisesImmutableId': 'x'}
USER_CLOUD = {
    'accountEnabled': False, 'usageLocation': 'FR', 'passwordPolicies': 'DisablePasswordExpiration',
    'passwordProfile': {'password': 'Another-Horse-8'}, 'otherMails': ['a@example.test'],
    'userType': 'Guest', 'ageGroup': 'Adult', 'consentProvidedForMinor': 'NotRequired',
    'showInAddressList': False, 'preferredDataLocation': 'EUR', 'aboutMe': 'x', 'skills': ['x']}


def synced_user(lab):
    user = lab.synced_user('synced', mobilePhone='+1 555 0100')
    url = 'users/' + user
    for name, value in USER_MASTERED.items():
        lab.refused('mastered ' + name, lab.call('PATCH', url, {name: value}), 400, BAD, MASTERED)
    for name, value in USER_CLOUD.items():
        lab.same('accepted ' + name, lab.call('PATCH', url, {name: value}).status, 204)
    lab.refused('mixed', lab.call('PATCH', url, {'usageLocation': 'US', 'city': 'x'}), 400, BAD,
                MASTERED)
    lab.same('nothing of a mixed PATCH', lab.get(url + '?$select=usageLocation')['usageLocation'],
             'FR')
    lab.refused('manager', lab.call('PUT', url + '/manager/$ref', ref(people(lab)['Ines Cloud'])),
                400, BAD, MASTERED)
    lab.same('sponsor', lab.call('POST', url + '/sponsors/$ref',
                                 ref(people(lab)['Ines Cloud'])).status, 204)
    lab.refused('read-only', lab.call('PATCH', url, {'onPremisesSyncEnabled': False}), 400, BAD,
                "Property 'onPremisesSyncEnabled' is read-only and cannot be set.")
    lab.refused('beta identity', lab.call('PATCH', '/beta/' + url,
                                          {'onPremisesSamAccountName': None}), 400, BAD, MASTERED)
    lab.refused('licence without location', lab.call(
        'POST', 'users/%s/assignLicense' % lab.synced_user('nolocation'),
        {'addLicenses': [{'skuId': lab.get('subscribedSkus').value[0]['skuId']}],
         'removeLicenses': []}), 400, BAD, 'usage location')
    group = groups(lab)['Cloud Operators']
    lab.same('cloud group', lab.call('POST', 'groups/%s/members/$ref' % group, ref(user)).status,
             204)
    sku = lab.get('subscribedSkus').value[0]['skuId']
    add = lab.call('POST', url + '/assignLicense', {
        'addLicenses': [{'skuId': sku, 'disabledPlans': []}], 'removeLicenses': []})
    lab.same('licence', add.status, 200)
    lab.same('consumed', lab.get('subscribedSkus').value[0]['consumedUnits'], 1)
    lab.same('licence audit', lab.audits(user)[0]['activityDisplayName'], 'Change user license')
    lab.same('removed', lab.call('POST', url + '/assignLicense', {
        'addLicenses': [], 'removeLicenses': [sku]}).status, 200)
    lab.same('sessions', lab.call('POST', url + '/revokeSignInSessions').json['value'], True)
    lab.control('POST', 'objects/' + user, {'sync': {'object_identifier': 'guid-1'}})
    lab.same('object identifier', lab.get('/beta/%s?$select=onPremisesObjectIdentifier' % url)
             ['onPremisesObjectIdentifier'], 'guid-1')
    lab.refused('identifier value', lab.call('PATCH', '/beta/' + url,
                                             {'onPremisesObjectIdentifier': 'y'}), 400, BAD)
    lab.same('identifier null', lab.call('PATCH', '/beta/' + url,
                                         {'onPremisesObjectIdentifier': None}).status, 204)
    lab.same('cleared', lab.get('/beta/%s?$select=onPremisesObjectIdentifier' % url)
             ['onPremisesObjectIdentifier'], None)


def synced_group(lab):
    user, group = lab.synced_user('sgmember'), lab.synced_group('syncedgroup')
    url = 'groups/' + group
    for body in ({'displayName': 'x'}, {'description': 'x'}, {'mailNickname': 'x'},
                 {'groupTypes': []}, {'membershipRule': 'x'},
                 {'members@odata.bind': [ref(user)['@odata.id']]}):
        answer = lab.call('PATCH', url, body)
        lab.refused('synced group %s' % list(body)[0], answer, 400, BAD, MASTERED)
    lab.refused('member', lab.call('POST', url + '/members/$ref', ref(user)), 400, BAD, MASTERED)
    lab.refused('member removal', lab.call('DELETE', '%s/members/%s/$ref' % (url, user)), 400, BAD,
                MASTERED)
    lab.refused('owner', lab.call('POST', url + '/owners/$ref', ref(user)), 400, BAD, MASTERED)
    lab.refused('delete', lab.call('DELETE', url), 400, BAD, MASTERED)
    lab.same('nested in a cloud group', lab.call(
        'POST', 'groups/%s/members/$ref' % groups(lab)['CA Exclusions'], ref(group)).status, 204)
    mail = lab.synced_group('mailgroup', mailEnabled=True)
    for answer in (lab.call('PATCH', 'groups/' + mail, {'description': 'x'}),
                   lab.call('POST', 'groups/%s/members/$ref' % mail, ref(user)),
                   lab.call('DELETE', 'groups/' + mail)):
        lab.refused('mail-enabled', answer, 400, BAD,
                    'Cannot Update a mail-enabled security groups and or distribution list.')
    contact = lab.store('orgContact', {'displayName': 'Contact', 'onPremisesSyncEnabled': True,
                                       'mail': 'c@partner.example.test'})
    lab.refused('contact', lab.call('PATCH', 'contacts/' + contact, {'displayName': 'x'}), 400, BAD,
                MASTERED)
    lab.same('contact read', lab.get('contacts/' + contact)['displayName'], 'Contact')
    device = lab.store('device', {
        'displayName': 'PC1', 'deviceId': '00112233-4455-6677-8899-aabbccddeeff',
        'accountEnabled': True, 'operatingSystem': 'Windows', 'trustType': 'ServerAd',
        'onPremisesSyncEnabled': True})
    lab.refused('device name', lab.call('PATCH', 'devices/' + device, {'displayName': 'x'}), 400,
                BAD, MASTERED)
    lab.same('device enable', lab.call('PATCH', 'devices/' + device,
                                       {'accountEnabled': False}).status, 204)
    lab.same('device audit', lab.audits(device)[0]['activityDisplayName'], 'Update device')
    lab.same('device by deviceId', lab.get(
        "devices(deviceId='00112233-4455-6677-8899-aabbccddeeff')")['id'], device)
    lab.same('device delete', lab.call('DELETE', 'devices/' + device).status, 204)
    lab.refused('device is gone', lab.get('devices/' + device), 404)


def source_of_authority(lab):
    table = {'users': lab.synced_user('soa'), 'groups': lab.synced_group('soagroup'),
             'contacts': lab.store('orgContact', {'displayName': 'SOA contact',
                                                  'onPremisesSyncEnabled': True})}
    for segment, oid in table.items():
        url = '%s/%s/onPremisesSyncBehavior' % (segment, oid)

        def state():
            return (lab.get(url + '?$select=id,isCloudManaged')['isCloudManaged'],
                    lab.get('%s/%s?$select=onPremisesSyncEnabled' % (segment, oid))
                    ['onPremisesSyncEnabled'])
        lab.same(segment + ' synced', state(), (False, True))
        answer = lab.call('PATCH', url, {'isCloudManaged': True})
        lab.same(segment + ' 200 with body', (answer.status, answer['isCloudManaged']),
                 (200, True))
        lab.same(segment + ' converted', state(), (True, None))
        lab.same(segment + ' audit', lab.audits(oid)[0]['activityDisplayName'],
                 'Change Source of Authority from AD to cloud')
        lab.same(segment + ' beta', lab.get('/beta/' + url)['isCloudManaged'], True)
        if segment == 'contacts':
            lab.refused('converted contact', lab.call('PATCH', 'contacts/' + oid,
                                                      {'displayName': 'y'}), 400, BAD,
                        'originated within an external service')
        else:
            lab.same(segment + ' writable', lab.call('PATCH', '%s/%s' % (segment, oid),
                                                     {'displayName': 'Mine'}).status, 204)
        lab.same(segment + ' undo', lab.call('PATCH', url, {'isCloudManaged': False}).status, 200)
        lab.same(segment + ' rolled back', state(), (False, None))
        lab.same(segment + ' undo audit', lab.audits(oid)[0]['activityDisplayName'],
                 'Undo changes to Source of Authority from AD DS to cloud')
    lab.same('editable until the next cycle', lab.call('PATCH', 'users/' + table['users'],
                                                       {'city': 'x'}).status, 204)
    lab.same('identity stays', lab.get('users/%s?$select=onPremisesSamAccountName'
                                       % table['users'])['onPremisesSamAccountName'], 'soa')
    url = '/beta/users/' + table['users']
    lab.same('beta clears identity', lab.call('PATCH', url, {'onPremisesSamAccountName': None,
                                                             'onPremisesDomainName': None}).status,
             204)
    cloud = 'users/%s/onPremisesSyncBehavior' % people(lab)['Ines Cloud']
    lab.refused('cloud user', lab.call('PATCH', cloud, {'isCloudManaged': True}), 400, BAD)
    lab.refused('type', lab.call('PATCH', cloud, {'isCloudManaged': 'true'}), 400, BAD)


def group_writes(lab):
    ids = people(lab)
    base = {'displayName': 'G', 'mailEnabled': False, 'mailNickname': 'g-new',
            'securityEnabled': True}
    for name in base:
        lab.refused('POST without ' + name, lab.call(
            'POST', 'groups', {k: v for k, v in base.items() if k != name}), 400, BAD, name)
    for what, change in (('mail-enabled security', {'mailEnabled': True}),
                         ('neither', {'securityEnabled': False}),
                         ('rule without type', {'membershipRule': 'user.city -eq "x"'}),
                         ('type without rule', {'groupTypes': ['DynamicMembership']}),
                         ('bad nickname', {'mailNickname': 'a b'}),
                         ('bad type', {'groupTypes': ['Fancy']})):
        lab.refused(what, lab.call('POST', 'groups', {**base, **change}), 400, BAD)
    made = lab.call('POST', 'groups', {**base, 'members@odata.bind': [
        'https://graph.microsoft.com/v1.0/users/' + ids['Ines Cloud']]})
    lab.same('created with members', (made.status, len(lab.get('groups/%s/members' % made['id'])
                                                       .value)), (201, 1))
    url = 'groups/' + made['id']
    lab.same('add', lab.call('POST', url + '/members/$ref', ref(ids['Omar Cloud'])).status, 204)
    record = lab.audits(ids['Omar Cloud'])[0]
    lab.check('audit of a member', record['activityDisplayName'] == 'Add member to group' and
              [t['id'] for t in record['targetResources']] == [ids['Omar Cloud'], made['id']] and
              changes(record)['Group.ObjectID'] == (None, json.dumps(made['id'])), record)
    lab.refused('twice', lab.call('POST', url + '/members/$ref', ref(ids['Omar Cloud'])), 400, BAD,
                "already exist for the following modified properties: 'members'")
    lab.refused('missing', lab.call('POST', url + '/members/$ref',
                                    ref('00000000-0000-0000-0000-000000000000')), 404,
                'Request_ResourceNotFound')
    lab.refused('itself', lab.call('POST', url + '/members/$ref', ref(made['id'])), 400, BAD)
    lab.refused('bad reference', lab.call('POST', url + '/members/$ref', {'@odata.id': 'x'}), 400)
    bind = {'members@odata.bind': [ref(ids['Petra Cloud'])['@odata.id'],
                                   ref(ids['Omar Cloud'])['@odata.id']]}
    lab.refused('bind is all or nothing', lab.call('PATCH', url, bind), 400, BAD)
    lab.same('nothing bound', len(lab.get(url + '/members').value), 2)
    bind['members@odata.bind'].pop()
    lab.same('bind', lab.call('PATCH', url, bind).status, 204)
    lab.same('bound', len(lab.get(url + '/members').value), 3)
    lab.refused('21 references', lab.call('PATCH', url, {'members@odata.bind': [
        ref(ids['Ines Cloud'])['@odata.id']] * 21}), 400, BAD)
    one = '%s/members/%s/$ref' % (url, ids['Omar Cloud'])
    lab.same('remove', lab.call('DELETE', one).status, 204)
    lab.same('remove audit', lab.audits(ids['Omar Cloud'])[0]['activityDisplayName'],
             'Remove member from group')
    lab.refused('remove twice', lab.call('DELETE', one), 404)
    victim = lab.user('victim')
    lab.call('POST', url + '/members/$ref', ref(victim))
    lab.same('DELETE without $ref', lab.call('DELETE', '%s/members/%s' % (url, victim)).status, 204)
    lab.refused('deletes the object', lab.get('users/' + victim), 404)
    dynamic = groups(lab)['All Cloud Department']
    lab.refused('dynamic', lab.call('POST', 'groups/%s/members/$ref' % dynamic,
                                    ref(ids['Lab Administrator'])), 400, BAD)
    project = 'groups/' + groups(lab)['Cloud Project']
    lab.refused('group in a Microsoft 365 group', lab.call('POST', project + '/members/$ref',
                                                           ref(made['id'])), 400, BAD)
    lab.refused('last owner', lab.call('DELETE', '%s/owners/%s/$ref' % (project,
                                                                        ids['Petra Cloud'])),
                400, BAD, 'at least one owner')
    lab.same('second owner', lab.call('POST', project + '/owners/$ref',
                                      ref(ids['Omar Cloud'])).status, 204)
    lab.same('then', lab.call('DELETE', '%s/owners/%s/$ref' % (project,
                                                               ids['Petra Cloud'])).status, 204)
    for body in ({'mail': 'x@' + DOMAIN}, {'isAssignableToRole': True}, {'proxyAddresses': []}):
        lab.refused('read-only', lab.call('PATCH', url, body), 400, BAD, 'read-only')
    lab.refused('mailEnabled', lab.call('PATCH', url, {'mailEnabled': True}), 400, BAD)
    lab.same('manager', lab.call('PUT', 'users/%s/manager/$ref' % ids['Omar Cloud'],
                                 ref(ids['Petra Cloud'])).status, 204)
    lab.same('manager audit', lab.audits(ids['Omar Cloud'])[0]['activityDisplayName'],
             'Set user manager')
    lab.same('no manager', lab.call('DELETE', 'users/%s/manager/$ref' % ids['Omar Cloud']).status,
             204)
    lab.refused('manager removed', lab.get('users/%s/manager' % ids['Omar Cloud']), 404)
    lab.call('DELETE', url)


def deletion(lab):
    user, group = lab.user('mortal', city='Kept'), None
    url, item = 'users/' + user, 'directory/deletedItems/' + user
    group = groups(lab)['Cloud Operators']
    lab.call('POST', 'groups/%s/members/$ref' % group, ref(user))
    lab.same('delete', lab.call('DELETE', url).status, 204)
    lab.same('audit', lab.audits(user)[0]['activityDisplayName'], 'Delete user')
    lab.refused('gone', lab.get(url), 404, 'Request_ResourceNotFound')
    lab.check('no longer a member', user not in
              [m['id'] for m in lab.all('groups/%s/members' % group)])
    listed = lab.all('directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,'
                     'deletedDateTime')
    seen = next(u for u in listed if u['id'] == user)
    lab.check('renamed', seen['userPrincipalName'] == user.replace('-', '') + 'mortal@' + DOMAIN and
              seen['deletedDateTime'], seen)
    lab.same('one item', lab.get(item)['@odata.type'], '#microsoft.graph.user')
    lab.refused('order needs advanced', lab.get(
        'directory/deletedItems/microsoft.graph.user?$orderby=deletedDateTime'), 400,
        'Request_UnsupportedQuery')
    lab.same('order', lab.get('directory/deletedItems/microsoft.graph.user?$orderby='
                              'deletedDateTime desc&$count=true', **EVENTUAL).status, 200)
    taker = lab.user('mortal', mail='mortal@' + DOMAIN)
    lab.refused('UPN taken', lab.call('POST', item + '/restore'), 400, BAD, 'userPrincipalName')
    back = lab.call('POST', item + '/restore', {'newUserPrincipalName': 'risen@' + DOMAIN})
    lab.same('restore', (back.status, back['id'], back['userPrincipalName'],
                         back['@odata.type']),
             (200, user, 'risen@' + DOMAIN, '#microsoft.graph.user'))
    lab.same('kept', lab.get(url + '?$select=city')['city'], 'Kept')
    lab.check('member again', user in [m['id'] for m in lab.all('groups/%s/members' % group)])
    lab.same('restore audit', lab.audits(user)[0]['activityDisplayName'], 'Restore user')
    lab.refused('restore twice', lab.call('POST', item + '/restore'), 404)
    lab.call('PATCH', url, {'mail': 'shared@' + DOMAIN})
    lab.call('DELETE', url)
    lab.call('PATCH', 'users/' + taker, {'mail': 'shared@' + DOMAIN})
    lab.refused('proxy taken', lab.call('POST', item + '/restore'), 400, BAD, 'proxyAddresses')
    lab.same('reconciled', lab.call('POST', item + '/restore',
                                    {'autoReconcileProxyConflict': True}).status, 200)
    lab.same('dropped', lab.get(url + '?$select=proxyAddresses')['proxyAddresses'], [])
    lab.call('DELETE', url)
    lab.same('purge', lab.call('DELETE', item).status, 204)
    lab.same('purge audit', lab.audits(user)[0]['activityDisplayName'], 'Hard Delete user')
    lab.refused('purged', lab.call('POST', item + '/restore'), 404)
    synced = lab.synced_user('unlinked')
    lab.call('DELETE', 'users/' + synced)
    lab.same('restore synced', lab.call('POST', 'directory/deletedItems/%s/restore'
                                        % synced).status, 200)
    seen = lab.get('users/%s?$select=onPremisesSyncEnabled,onPremisesImmutableId' % synced)
    lab.same('unlinked copy', (seen['onPremisesSyncEnabled'], seen['onPremisesImmutableId']),
             (False, 'anchor-unlinked'))
    lab.same('editable', lab.call('PATCH', 'users/' + synced, {'city': 'x'}).status, 204)
    lab.control('POST', 'settings', {'unlinked_editable': False})
    lab.refused('or not', lab.call('PATCH', 'users/' + synced, {'city': 'y'}), 400, BAD, MASTERED)


def retention(lab):
    user = lab.user('short-lived')
    group = lab.call('POST', 'groups', {'displayName': 'Short', 'mailEnabled': False,
                                        'mailNickname': 'short', 'securityEnabled': True})['id']
    for path in ('users/' + user, 'groups/' + group):
        lab.call('DELETE', path)
    lab.same('cloud security group is soft-deleted', lab.get(
        'directory/deletedItems/' + group)['@odata.type'], '#microsoft.graph.group')
    lab.control('POST', 'settings', {'token_lifetime_seconds': 90 * DAY})
    lab.tokens.clear()
    lab.token()
    lab.control('POST', 'clock', {'advance_seconds': 30 * DAY - 60})
    lab.same('29 days', lab.get('directory/deletedItems/' + user).status, 200)
    lab.control('POST', 'clock', {'advance_seconds': 61})
    for oid in (user, group):
        lab.refused('30 days', lab.get('directory/deletedItems/' + oid), 404)
    lab.same('system record', lab.audits(user)[0]['activityDisplayName'], 'Hard Delete user')
    lab.control('DELETE', 'clock')
    lab.tokens.clear()


def applications(lab):
    made = lab.call('POST', 'applications', {'displayName': 'App', 'appRoles': [
        {'id': '11111111-1111-1111-1111-111111111111', 'value': 'R', 'displayName': 'R',
         'description': 'R', 'allowedMemberTypes': ['User', 'Application'], 'isEnabled': True}]})
    lab.same('created', made.status, 201)
    url = 'applications/' + made['id']
    lab.same('audit', lab.audits(made['id'])[0]['activityDisplayName'], 'Add application')
    lab.same('update', lab.call('PATCH', url, {'notes': 'n'}).status, 204)
    lab.refused('appId', lab.call('PATCH', url, {'appId': 'x'}), 400, BAD, 'read-only')
    lab.refused('enabled role', lab.call('PATCH', url, {'appRoles': []}), 400,
                'CannotDeleteOrUpdateEnabledEntitlement')
    secret = lab.call('POST', url + '/addPassword', {'passwordCredential': {
        'displayName': 's', 'endDateTime': '2026-01-01T00:00:00Z'}})
    lab.check('secret shown once', secret['secretText'] and lab.get(url)['passwordCredentials'][0]
              ['secretText'] is None)
    lab.same('unknown principal', lab.token_call(lab.form(
        client_id=made['appId'], client_secret=secret['secretText']))['error_codes'], [700016])
    principal = lab.call('POST', 'servicePrincipals', {'appId': made['appId']})
    lab.same('principal', (principal.status, principal['displayName']), (201, 'App'))
    lab.same('expired secret', lab.token_call(lab.form(
        client_id=made['appId'], client_secret=secret['secretText']))['error_codes'], [7000222])
    second = lab.call('POST', url + '/addPassword', {})
    form = lab.form(client_id=made['appId'], client_secret=second['secretText'])
    lab.same('valid secret', lab.token_call(form).status, 200)
    lab.call('PATCH', 'servicePrincipals/' + principal['id'], {'accountEnabled': False})
    lab.same('disabled', lab.token_call(form)['error_codes'], [7000112])
    lab.same('removed secret', lab.call('POST', url + '/removePassword',
                                        {'keyId': second['keyId']}).status, 204)
    lab.refused('twice', lab.call('POST', 'servicePrincipals', {'appId': made['appId']}), 409,
                'Request_MultipleObjectsWithSameKeyValue')
    ines = people(lab)['Ines Cloud']
    body = {'principalId': ines, 'resourceId': principal['id'],
            'appRoleId': '11111111-1111-1111-1111-111111111111'}
    to = 'servicePrincipals/%s/appRoleAssignedTo' % principal['id']
    assigned = lab.call('POST', to, body)
    lab.same('assigned', (assigned.status, assigned['principalDisplayName']), (201, 'Ines Cloud'))
    lab.refused('again', lab.call('POST', to, body), 400, BAD, 'already exists')
    lab.refused('unknown role', lab.call('POST', to, {**body, 'appRoleId':
                                                      '22222222-1111-1111-1111-111111111111'}),
                400, BAD, 'not found on application')
    lab.same('seen from the user', [a['id'] for a in lab.get(
        'users/%s/appRoleAssignments' % ines).value], [assigned['id']])
    lab.same('unassigned', lab.call('DELETE', '%s/%s' % (to, assigned['id'])).status, 204)
    lab.same('assignment audit', lab.audits(principal['id'])[0]['activityDisplayName'],
             'Remove app role assignment grant from user')
    lab.same('owner', lab.call('POST', url + '/owners/$ref', ref(ines)).status, 204)
    lab.same('owner audit', lab.audits(made['id'])[0]['activityDisplayName'],
             'Add owner to application')
    lab.call('DELETE', url)
    for oid, kind in ((made['id'], 'application'), (principal['id'], 'servicePrincipal')):
        listed = lab.all('directory/deletedItems/microsoft.graph.%s?$select=id' % kind)
        lab.check(kind + ' is a deleted item', oid in [o['id'] for o in listed])
        lab.same(kind + ' restored', lab.call('POST', 'directory/deletedItems/%s/restore'
                                              % oid).status, 200)
    lab.same('removal of a principal', lab.call('DELETE', 'servicePrincipals/'
                                                + principal['id']).status, 204)
    lab.same('its audit', lab.audits(principal['id'])[0]['activityDisplayName'],
             'Remove service principal')


def policy_writes(lab):
    root = 'identity/conditionalAccess/'
    body = {'displayName': 'P', 'state': 'disabled', 'conditions': {
        'clientAppTypes': ['all'], 'applications': {'includeApplications': ['All']},
        'users': {'includeUsers': ['None']}}, 'grantControls': {'operator': 'OR',
                                                                'builtInControls': ['block']}}
    for what, change in (('no controls', {'grantControls': None}), ('state', {'state': 'maybe'}),
                         ('enum', {'conditions': {'clientAppTypes': ['fax']}}),
                         ('no such user', {'conditions': {'users': {'includeUsers': [
                             '00000000-0000-0000-0000-000000000001']}}}),
                         ('no such place', {'conditions': {'locations': {
                             'includeLocations': ['00000000-0000-0000-0000-000000000001']}}}),
                         ('unknown', {'colour': 'red'}), ('read-only', {'templateId': 'x'})):
        lab.refused(what, lab.call('POST', root + 'policies', {**body, **change}), 400)
    made = lab.call('POST', root + 'policies', body)
    lab.same('created', (made.status, made['sessionControls']), (201, None))
    url = root + 'policies/' + made['id']
    record = lab.audits(made['id'])[0]
    lab.same('audit', (record['activityDisplayName'], record['category']),
             ('Add Conditional Access policy', 'Policy'))
    report = lab.call('PATCH', url, {'state': 'enabledForReportingButNotEnforced'})
    lab.same('update', report.status, 204)
    old, new = changes(lab.audits(made['id'])[0])['ConditionalAccessPolicy']
    lab.same('whole documents', (json.loads(old)['state'], json.loads(new)['state']),
             ('disabled', 'enabledForReportingButNotEnforced'))
    lab.check('modified', lab.get(url)['modifiedDateTime'] is not None)
    lab.same('delete', lab.call('DELETE', url).status, 204)
    lab.refused('deleted', lab.get(url), 404)
    item = root + 'deletedItems/policies/' + made['id']
    lab.check('deleted item', lab.get(item)['deletedDateTime'] is not None)
    back = lab.call('POST', item + '/restore')
    lab.same('restored', (back.status, back['value']['id']), (200, made['id']))
    lab.call('DELETE', url)
    lab.same('purged', lab.call('DELETE', item).status, 204)
    place = {'@odata.type': '#microsoft.graph.ipNamedLocation', 'displayName': 'L',
             'isTrusted': True, 'ipRanges': [{'@odata.type': '#microsoft.graph.iPv4CidrRange',
                                              'cidrAddress': '198.51.100.0/24'}]}
    made = lab.call('POST', root + 'namedLocations', place)
    url = root + 'namedLocations/' + made['id']
    lab.same('location', made.status, 201)
    lab.refused('type needed', lab.call('PATCH', url, {'displayName': 'M'}), 400)
    lab.refused('bad range', lab.call('POST', root + 'namedLocations', {**place, 'ipRanges': [
        {'@odata.type': '#microsoft.graph.iPv4CidrRange', 'cidrAddress': '999.0.0.0/8'}]}), 400)
    lab.refused('trusted', lab.call('DELETE', url), 400)
    lab.same('untrusted', lab.call('PATCH', url, {'@odata.type': place['@odata.type'],
                                                  'isTrusted': False}).status, 204)
    lab.same('location audit', lab.audits(made['id'])[0]['activityDisplayName'],
             'Update named location')
    lab.same('location delete', lab.call('DELETE', url).status, 204)
    lab.same('location restore', lab.call('POST', '%sdeletedItems/namedLocations/%s/restore'
                                          % (root, made['id'])).status, 200)
    base = 'policies/authenticationMethodsPolicy'
    method = base + '/authenticationMethodConfigurations/Sms'
    kind = {'@odata.type': '#microsoft.graph.smsAuthenticationMethodConfiguration'}
    lab.same('method', lab.call('PATCH', method, {**kind, 'state': 'enabled'}).status, 204)
    lab.same('method read', lab.get(method)['state'], 'enabled')
    lab.refused('method type', lab.call('PATCH', method, {'state': 'disabled'}), 400)
    lab.same('method audit', lab.audits('Sms')[0]['activityDisplayName'],
             'Authentication Methods Policy Update')
    lab.same('authorization', lab.call('PATCH', 'policies/authorizationPolicy', {
        'defaultUserRolePermissions': {'allowedToCreateApps': False}}).status, 204)
    seen = lab.get('policies/authorizationPolicy')['defaultUserRolePermissions']
    lab.same('merged', (seen['allowedToCreateApps'], seen['allowedToReadOtherUsers']),
             (False, True))
    lab.same('authorization audit', lab.audits('authorizationPolicy')[0]['activityDisplayName'],
             'Update authorization policy')
    lab.refused('guest role', lab.call('PATCH', 'policies/authorizationPolicy', {
        'guestUserRoleId': '62e90394-69f5-4237-9190-012177145e10'}), 400)


def tenant_writes(lab):
    admin = {'as_user': 'admin@' + INITIAL}
    url = 'directory/onPremisesSynchronization/' + lab.credentials['tenant_id']
    lab.refused('app-only', lab.call('PATCH', url, {'features': {}}), 403)
    lab.same('feature', lab.call('PATCH', url, {'features': {'blockSoftMatchEnabled': True}},
                                 **admin).status, 204)
    lab.same('feature read', lab.get(url, **admin)['features']['blockSoftMatchEnabled'], True)
    lab.same('feature audit', lab.audits(lab.credentials['tenant_id'])[0]['activityDisplayName'],
             'Set DirSync feature')
    lab.refused('soft match on UPN stays on', lab.call('PATCH', url, {
        'features': {'softMatchOnUpnEnabled': False}}, **admin), 400)
    lab.refused('unknown feature', lab.call('PATCH', url, {'features': {'x': True}}, **admin), 400)
    lab.same('threshold', lab.call('PATCH', url, {'configuration': {
        'accidentalDeletionPrevention': {'synchronizationPreventionType': 'enabledForCount',
                                         'alertThreshold': 3}}}, **admin).status, 204)
    lab.same('threshold audit', lab.audits(lab.credentials['tenant_id'])[0]['activityDisplayName'],
             'Set accidental deletion threshold')
    user = lab.user('elevated')
    role = next(r for r in lab.get('directoryRoles').value
                if r['displayName'] == 'User Administrator')
    body = {'principalId': user, 'roleDefinitionId': role['roleTemplateId'],
            'directoryScopeId': '/'}
    made = lab.call('POST', 'roleManagement/directory/roleAssignments', body)
    lab.same('role', made.status, 201)
    lab.same('role audit', lab.audits(user)[0]['activityDisplayName'], 'Add member to role')
    lab.refused('role twice', lab.call('POST', 'roleManagement/directory/roleAssignments', body),
                400)
    lab.same('role removed', lab.call('DELETE', 'roleManagement/directory/roleAssignments/'
                                      + made['id']).status, 204)
    lab.call('DELETE', 'users/' + user)


SECTIONS = (create_user, update_user, narrow_rights, synced_user, synced_group,
            source_of_authority, group_writes, deletion, retention, applications, policy_writes,
            tenant_writes)
