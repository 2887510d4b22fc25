# SPDX-License-Identifier: Apache-2.0
"""Checks of the service side on a tenant in memory: matching, refusals, computed attributes."""

import anchors
import provisioning
import seed
import state

INITIAL, DOMAIN = 'labexample.onmicrosoft.com', 'lab.example.test'
ADA, BOB, CAT = ('%08d-0000-4000-8000-000000000000' % i for i in (1, 2, 3))


def anchor(guid):
    return anchors.encode(anchors.guid_octets(guid))


class World:
    """A tenant and the calls that the checks need."""

    def __init__(self, when='2026-11-01T00:00:00Z'):
        self.tenant = seed.new_tenant(DOMAIN, INITIAL)
        self.tenant.set_clock(now=when, frozen=True)
        self.admin = self.tenant.system_actor()

    def call(self, name, body=None, method='POST'):
        return provisioning.handle(self.tenant, method, '/' + name, body)

    def one(self, **operation):
        return self.call('export', {'engine': 'connect', 'operations': [operation]})[1][
            'results'][0]

    def add(self, guid, kind='User', **attributes):
        if kind == 'User':
            base = {'userPrincipalName': 'ada@' + DOMAIN, 'displayName': 'Ada',
                    'accountEnabled': True, 'onPremisesObjectIdentifier': guid,
                    'onPremiseSecurityIdentifier': 'S-1-5-21-1-2-3-' + str(int(guid[:8]))}
        else:
            base = {'displayName': 'Ada'}
        base.update(attributes)
        return self.one(op='add', type=kind, anchor=anchor(guid),
                        attributes={k: v for k, v in base.items() if v is not None})

    def cloud_user(self, name='ada', **props):
        return self.tenant.create(self.admin, 'user', {
            'userPrincipalName': '%s@%s' % (name, DOMAIN), 'displayName': 'Cloud ' + name,
            'mailNickname': name, 'accountEnabled': True, 'userType': 'Member', **props})

    def rows(self):
        return {r['id']: r for r in self.call('import')[1]['rows']}

    def obj(self, result):
        return self.tenant.objects[result['id']]

    def make_admin(self, obj):
        role = next(o for o in self.tenant.by_type('directoryRole')
                    if o.props['displayName'] == 'Global Administrator')
        self.tenant.add_link(self.admin, role, 'members', obj)

    def features(self, **values):
        self.tenant.features.update(values)


def errors(result):
    return result['status'], result.get('error'), result.get('code')


def created(checks):
    world = World()
    result = world.add(ADA, givenName='Ada', telephoneNumber='+1 555', extensionAttribute3='x',
                       onPremisesSamAccountName='ada', dnsDomainName=DOMAIN, netBiosName='LAB',
                       onPremisesDistinguishedName='CN=Ada,DC=x', homePhone='+1 556',
                       lastPasswordChangeTimestamp='20200101000000.0Z', countryCode='276')
    checks.same('created', (result['status'], result['action']), ('success', 'added'))
    props = world.obj(result).props
    wanted = {'userPrincipalName': 'ada@' + DOMAIN, 'givenName': 'Ada',
              'businessPhones': ['+1 555'], 'mailNickname': 'ada', 'onPremisesSyncEnabled': True,
              'onPremisesExtensionAttributes': {'extensionAttribute3': 'x'},
              'onPremisesImmutableId': anchor(ADA), 'onPremisesSamAccountName': 'ada',
              'onPremisesDomainName': DOMAIN, 'onPremisesDistinguishedName': 'CN=Ada,DC=x',
              'onPremisesSecurityIdentifier': 'S-1-5-21-1-2-3-1', 'userType': 'Member',
              'onPremisesLastSyncDateTime': '2026-11-01T00:00:00Z',
              'lastPasswordChangeDateTime': '2020-01-01T00:00:00Z'}
    for name, value in wanted.items():
        checks.same('created ' + name, props.get(name), value)
    checks.same('hidden attributes are not shown', [n for n in props if 'ome' in n and
                                                    'hone' in n or n == 'countryCode'], [])
    checks.same('object identifier', world.obj(result).sync['object_identifier'], ADA)
    back = world.rows()[result['id']]
    checks.same('read back', (back['anchor'], back['attributes']['homePhone'],
                              back['attributes']['telephoneNumber'], back['cloudAnchor']),
                (anchor(ADA), '+1 556', '+1 555', 'User_' + result['id']))
    record = world.tenant.audits[-1][0]
    checks.same('audit', (record['activityDisplayName'],
                          record['initiatedBy']['app']['displayName'][:24]),
                ('Add user', 'ConnectSyncProvisioning_'))
    again = world.add(ADA)
    checks.same('a second addition is the same object', (again['id'], again['action']),
                (result['id'], 'matched-hard'))
    world.tenant.settings['sync_identity'] = 'classic'
    world.one(op='update', id=result['id'], attributes={'givenName': 'Eda'})
    record = world.tenant.audits[-1][0]
    checks.same('classic identity', (record['activityDisplayName'],
                                     record['initiatedBy']['user']['userPrincipalName'][:5]),
                ('Update user', 'Sync_'))
    names = [m['displayName'] for m in record['targetResources'][0]['modifiedProperties']]
    checks.true('directory-schema names', 'GivenName' in names)


def other_types(checks):
    world = World()
    group = world.obj(world.add(ADA, 'Group', securityEnabled=True, netBiosName='LAB'))
    checks.same('security group', (group.props['securityEnabled'], group.props['mailEnabled'],
                                   group.props['onPremisesNetBiosName'],
                                   group.props.get('onPremisesImmutableId')),
                (True, False, 'LAB', None))
    mailed = world.obj(world.add(BOB, 'Group', securityEnabled=False,
                                 proxyAddresses=['SMTP:list@' + DOMAIN]))
    checks.same('distribution list', (mailed.props['mailEnabled'], mailed.props['mail'],
                                      mailed.props['mailNickname']), (True, 'list@' + DOMAIN,
                                                                      'list'))
    contact = world.obj(world.add(CAT, 'Contact', alias='c', city='Town', streetAddress='S',
                                  mobile='1', telephoneNumber='2', company='X',
                                  proxyAddresses=['SMTP:c@partner.example.test']))
    checks.same('contact', {n: contact.props.get(n) for n in ('addresses', 'phones', 'mail',
                                                              'companyName', 'mailNickname')},
                {'addresses': [{'city': 'Town', 'street': 'S'}], 'companyName': 'X',
                 'phones': [{'type': 'business', 'number': '2'}, {'type': 'mobile', 'number': '1'}],
                 'mail': 'c@partner.example.test', 'mailNickname': 'c'})
    world.one(op='update', id=contact.id, attributes={'city': None, 'mobile': None})
    checks.same('contact parts are removed', (contact.props['addresses'], contact.props['phones']),
                ([{'street': 'S'}], [{'type': 'business', 'number': '2'}]))
    device = world.obj(world.add('00000009-0000-4000-8000-000000000000', 'Device', deviceId=ADA,
                                 deviceTrustType='ServerAd', deviceOSType='Windows',
                                 userCertificate=['YQ==']))
    checks.same('device', (device.props['deviceId'], device.props['trustType'],
                           device.props['operatingSystem'], device.props['accountEnabled']),
                (ADA, 'ServerAd', 'Windows', True))
    for one, name in ((group, 'group'), (mailed, 'list'), (contact, 'contact'), (device, 'device')):
        world.one(op='delete', id=one.id)
        checks.same('%s is deleted for good' % name, one.id in world.tenant.objects, False)


def soft_match(checks):
    world = World()
    target = world.cloud_user(jobTitle='Old', department='Kept')
    result = world.add(ADA, title='New')
    checks.same('soft match by UPN', (result['id'], result['action']),
                (target.id, 'matched-soft'))
    checks.same('AD values overwrite, absent ones keep',
                (target.props['jobTitle'], target.props['department'],
                 target.props['onPremisesSyncEnabled']), ('New', 'Kept', True))
    checks.same('a kept value is not imported',
                'department' in world.rows()[target.id]['attributes'], False)
    world = World()
    target = world.cloud_user('other', proxyAddresses=['SMTP:ada@' + DOMAIN])
    result = world.add(ADA, userPrincipalName='x@' + DOMAIN, proxyAddresses=['SMTP:Ada@' + DOMAIN])
    checks.same('soft match by primary SMTP', result['id'], target.id)
    world = World()
    world.features(softMatchOnUpnEnabled=False)
    target = world.cloud_user()
    result = world.add(ADA)
    checks.same('UPN match switched off: duplicate, quarantined',
                (result['id'] == target.id, len(result['quarantined'])), (False, 1))
    world = World()
    alias = world.cloud_user('other', proxyAddresses=['SMTP:o@' + DOMAIN, 'smtp:ada@' + DOMAIN])
    result = world.add(ADA, userPrincipalName='x@' + DOMAIN, proxyAddresses=['SMTP:ada@' + DOMAIN])
    checks.same('an alias is no match key; the address is quarantined',
                (result['id'] == alias.id, result['action'],
                 world.obj(result).props.get('proxyAddresses')), (False, 'added', None))
    world = World()
    world.features(blockSoftMatchEnabled=True)
    world.cloud_user()
    checks.same('soft match blocked', errors(world.add(ADA)), ('error', 'InvalidSoftMatch', None))
    checks.same('... and new devices too', errors(world.add(BOB, 'Device', deviceId=BOB))[1],
                'InvalidSoftMatch')
    world = World()
    admin = world.cloud_user()
    world.make_admin(admin)
    result = world.add(ADA)
    made = world.tenant.objects[result['id']]
    checks.same('admin role holder is no match', errors(result)[1], 'ExistingAdminRoleConflict')
    checks.true('... a duplicate with placeholder name is made', made is not admin and
                made.props['userPrincipalName'].startswith('ada+') and
                made.props['userPrincipalName'].endswith('@' + INITIAL))


def soft_match_of_other_types(checks):
    world = World()
    group = world.tenant.create(world.admin, 'group', {
        'displayName': 'List', 'mailNickname': 'list', 'mailEnabled': True,
        'securityEnabled': False, 'proxyAddresses': ['SMTP:list@' + DOMAIN]})
    result = world.add(ADA, 'Group', securityEnabled=False,
                       proxyAddresses=['SMTP:list@' + DOMAIN])
    checks.same('mail-enabled group matches by address', result['id'], group.id)
    plain = world.tenant.create(world.admin, 'group', {
        'displayName': 'Ada', 'mailNickname': 'ada', 'mailEnabled': False,
        'securityEnabled': True})
    result = world.add(BOB, 'Group', securityEnabled=True)
    checks.same('security group is always new', result['id'] == plain.id, False)
    checks.same('address of a group', errors(world.add(
        CAT, proxyAddresses=['SMTP:list@' + DOMAIN]))[1], 'ObjectTypeMismatch')
    world.tenant.create(world.admin, 'group', {
        'displayName': 'M365', 'mailNickname': 'm', 'mailEnabled': True, 'securityEnabled': False,
        'groupTypes': ['Unified'], 'proxyAddresses': ['SMTP:m@' + DOMAIN]})
    checks.same('Microsoft 365 group is another type', errors(world.add(
        CAT, 'Group', securityEnabled=True, proxyAddresses=['SMTP:m@' + DOMAIN]))[1],
        'ObjectTypeMismatch')


def hard_match(checks):
    world = World()
    target = world.cloud_user('other', onPremisesImmutableId=anchor(ADA))
    result = world.add(ADA)
    checks.same('hard match of a prepared cloud user', (result['id'], result['action']),
                (target.id, 'matched-hard'))
    world = World()
    world.features(blockCloudObjectTakeoverThroughHardMatchEnabled=True)
    world.cloud_user('other', onPremisesImmutableId=anchor(ADA))
    checks.same('takeover blocked', errors(world.add(ADA)), ('error', 'InvalidHardMatch', 103))
    for when, wanted in (('2026-06-30T23:59:59Z', None), ('2026-07-01T00:00:00Z',
                                                          'InvalidHardMatch')):
        world = World(when)
        admin = world.cloud_user('other', onPremisesImmutableId=anchor(ADA))
        world.make_admin(admin)
        checks.same('privileged target ' + when, world.add(ADA).get('error'), wanted)
        world = World(when)
        world.add(ADA)
        checks.same('other object identifier ' + when, world.add(
            ADA, onPremisesObjectIdentifier=BOB).get('error'), wanted)
    world.features(allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled=True)
    checks.same('bypass switch', world.add(ADA, onPremisesObjectIdentifier=BOB)['status'],
                'success')
    world = World()
    first = world.add(ADA)
    moved = world.one(op='update', id=first['id'], attributes={'onPremisesObjectIdentifier': BOB})
    checks.same('ongoing update to another identifier', errors(moved),
                ('error', 'AttributeUpdateNotAllowed', 96))
    world.make_admin(world.obj(first))
    checks.same('ongoing synchronization of an admin goes on', world.add(ADA)['status'], 'success')
    world.tenant.set_sync(world.obj(first), object_identifier=None)
    checks.same('cleared identifier is not imported',
                'onPremisesObjectIdentifier' in world.rows()[first['id']]['attributes'], False)
    world.tenant.set_sync(world.obj(first), cloud_managed=True)
    checks.same('converted object', errors(world.add(ADA))[1], 'InvalidHardMatch')


def deletion_and_undelete(checks):
    world = World()
    result = world.add(ADA, title='A')
    user = world.obj(result)
    world.one(op='update', id=user.id, attributes={'department': 'D'})
    world.one(op='delete', id=user.id)
    checks.same('soft-deleted', (user.deleted_at is not None,
                                 user.props['onPremisesSyncEnabled'],
                                 user.props['onPremisesImmutableId']), (True, False, anchor(ADA)))
    checks.same('not imported, but listed with its anchor',
                ([r['id'] for r in world.call('import')[1]['rows']],
                 world.call('import')[1]['deleted'][0]['anchor']), ([], anchor(ADA)))
    world.features(blockCloudObjectTakeoverThroughHardMatchEnabled=True)
    back = world.add(ADA, title='B')
    checks.same('undelete is no takeover', (back['id'], back.get('action')),
                (user.id, 'undeleted'))
    checks.same('undeleted', (user.deleted_at, user.props['onPremisesSyncEnabled'],
                              user.props['jobTitle'], user.props['userPrincipalName']),
                (None, True, 'B', 'ada@' + DOMAIN))
    world.one(op='delete', id=user.id)
    world.tenant.restore(world.admin, user)
    checks.same('restored in the cloud: unlinked', (user.props['onPremisesSyncEnabled'],
                                                    list(world.rows())), (False, []))
    checks.same('deleting it is refused', errors(world.one(op='delete', id=user.id)),
                ('error', 'DeletingCloudOnlyObjectNotAllowed', 114))
    checks.same('taking it over is blocked', errors(world.add(ADA))[1], 'InvalidHardMatch')
    world.features(blockCloudObjectTakeoverThroughHardMatchEnabled=False)
    world.tenant.update(world.admin, user, {'department': 'Cloud'})
    checks.same('hard match takes it over', world.add(ADA)['action'], 'matched-hard')
    checks.same('a cloud value without AD value is kept and not owned', (
        user.props['department'], 'department' in world.rows()[user.id]['attributes']),
        ('Cloud', False))
    checks.same('linked again', user.props['onPremisesSyncEnabled'], True)
    world.make_admin(user)
    world.one(op='delete', id=user.id)
    checks.same('privileged soft-deleted user', errors(world.add(ADA))[1], 'InvalidHardMatch')
    world.tenant.set_clock(advance_seconds=31 * 86400)
    new = world.add(ADA)
    checks.same('after 30 days it is a new object', (new['action'], new['id'] != user.id),
                ('added', True))


def name_taken_while_deleted(checks):
    world = World()
    user = world.obj(world.add(ADA))
    world.one(op='delete', id=user.id)
    other = world.cloud_user()
    result = world.add(ADA)
    checks.same('undeleted with a placeholder name',
                (result['action'], user.props['userPrincipalName'].startswith('ada+'),
                 other.props['userPrincipalName']), ('undeleted', True, 'ada@' + DOMAIN))


def authority(checks):
    world = World()
    user = world.obj(world.add(ADA, title='A'))
    world.tenant.set_sync(user, cloud_managed=True)
    world.tenant.update(world.admin, user, {'onPremisesSyncEnabled': None})
    row = world.rows()[user.id]
    checks.same('block flag is imported', (row['blockOnPremisesSync'], row['dirSyncEnabled']),
                (True, None))
    for name, operation in (('update', {'attributes': {'title': 'B'}}), ('delete', {}),
                            ('references', {'set': {}})):
        checks.same('converted: %s skipped' % name,
                    world.one(op=name, id=user.id, **operation)['status'], 'skipped')
    world.tenant.update(world.admin, user, {'jobTitle': 'Cloud', 'department': 'Cloud'})
    world.tenant.set_sync(user, cloud_managed=False)
    row = world.rows()[user.id]
    checks.same('rolled back: every value is imported',
                (row['blockOnPremisesSync'], row['attributes']['title'],
                 row['attributes']['department']), (False, 'Cloud', 'Cloud'))
    world.one(op='update', id=user.id, attributes={'title': 'A', 'department': None})
    checks.same('taken over', (user.props['onPremisesSyncEnabled'], user.props['jobTitle'],
                               user.props.get('department')), (True, 'A', None))


def quarantine(checks):
    world = World()
    first = world.obj(world.add(ADA, proxyAddresses=['SMTP:ada@' + DOMAIN, 'smtp:a2@' + DOMAIN]))
    result = world.add(BOB, proxyAddresses=['SMTP:bob@' + DOMAIN, 'smtp:A2@' + DOMAIN])
    second = world.obj(result)
    checks.true('placeholder name', second.props['userPrincipalName'].startswith('ada+') and
                len(second.props['userPrincipalName'].split('@')[0]) == len('ada+0000') and
                second.props['userPrincipalName'].endswith('@' + INITIAL))
    checks.same('conflicting address is dropped', second.props['proxyAddresses'],
                ['SMTP:bob@' + DOMAIN])
    checks.same('provisioning errors', sorted(
        (e['category'], e['propertyCausingError'], e['value'])
        for e in second.props['onPremisesProvisioningErrors']),
        [('PropertyConflict', 'ProxyAddress', 'A2@' + DOMAIN),
         ('PropertyConflict', 'UserPrincipalName', 'ada@' + DOMAIN)])
    back = world.rows()[second.id]['attributes']
    checks.same('the shadow side shows what was sent',
                (back['userPrincipalName'], back['proxyAddresses']),
                ('ada@' + DOMAIN, ['SMTP:bob@' + DOMAIN, 'smtp:A2@' + DOMAIN]))
    world.one(op='update', id=first.id, attributes={'userPrincipalName': 'new@' + DOMAIN,
                                                    'proxyAddresses': ['SMTP:ada@' + DOMAIN]})
    world.rows()
    checks.true('not released at once', second.props['userPrincipalName'].startswith('ada+'))
    world.tenant.set_clock(advance_seconds=3700)
    world.rows()
    checks.same('released by the hourly timer',
                (second.props['userPrincipalName'], second.props['proxyAddresses'],
                 second.props.get('onPremisesProvisioningErrors')),
                ('ada@' + DOMAIN, ['SMTP:bob@' + DOMAIN, 'smtp:A2@' + DOMAIN], None))
    checks.same('SID collision is an error', errors(world.add(
        CAT, userPrincipalName='cat@' + DOMAIN, onPremiseSecurityIdentifier='S-1-5-21-1-2-3-1'))[1],
        'AttributeValueMustBeUnique')
    world.add('00000005-0000-4000-8000-000000000000', 'Group', securityEnabled=True,
              proxyAddresses=['SMTP:g@' + DOMAIN])
    checks.same('two groups with one address', errors(world.add(
        '00000006-0000-4000-8000-000000000000', 'Group', securityEnabled=True,
        proxyAddresses=['SMTP:g@' + DOMAIN]))[1], 'AttributeValueMustBeUnique')
    world.features(quarantineUponUpnConflictEnabled=False)
    checks.same('without quarantine', errors(world.add(CAT))[1], 'InvalidSoftMatch')


def names(checks):
    rows = (  # attributes, visible UPN, mailNickname
        ({'userPrincipalName': 'ada@' + DOMAIN}, 'ada@' + DOMAIN, 'ada'),
        ({'userPrincipalName': 'ada@corp.local'}, 'ada@' + INITIAL, 'ada'),
        ({'userPrincipalName': 'ada@corp.local', 'mail': 'mm@x.test'}, 'mm@' + INITIAL, 'mm'),
        ({'userPrincipalName': 'ada@corp.local', 'mail': 'mm@x.test',
          'proxyAddresses': ['smtp:sec@x.test', 'SMTP:pri@x.test']}, 'pri@' + INITIAL, 'pri'),
        ({'userPrincipalName': 'ada@corp.local', 'alias': 'al', 'mail': 'mm@x.test'},
         'al@' + INITIAL, 'al'),
        ({'userPrincipalName': 'a d a@' + DOMAIN}, None, None),
        ({'userPrincipalName': 'ada'}, None, None),
        ({'userPrincipalName': 'a%da@' + DOMAIN, 'alias': 'al'}, 'al@' + INITIAL, 'al'))
    for attributes, upn, nick in rows:
        world = World()
        result = world.add(ADA, **attributes)
        if upn is None:
            checks.same('refused name %s' % attributes, result.get('error'),
                        'IdentityDataValidationFailed')
            continue
        props = world.obj(result).props
        checks.same('names %s' % attributes, (props['userPrincipalName'], props['mailNickname']),
                    (upn, nick))
    world = World()
    user = world.obj(world.add(ADA))
    world.one(op='update', id=user.id, attributes={'mail': 'changed@' + DOMAIN})
    checks.same('mailNickname stays', user.props['mailNickname'], 'ada')
    world.one(op='update', id=user.id, attributes={'alias': 'al'})
    checks.same('mailNickname follows AD', user.props['mailNickname'], 'al')
    world.features(synchronizeUpnForManagedUsersEnabled=False)
    world.tenant.update(world.admin, user, {'assignedLicenses': [{'skuId': ADA}]})
    result = world.one(op='update', id=user.id, attributes={'userPrincipalName': 'b@' + DOMAIN})
    checks.same('UPN of a licensed user is ignored silently',
                (result['status'], user.props['userPrincipalName']), ('success', 'ada@' + DOMAIN))
    world = World()
    user = world.obj(world.add(ADA, userPrincipalName='ada@later.example.test'))
    world.rows()
    world.tenant.create(world.admin, 'domain', {'isVerified': True}, id='later.example.test')
    world.rows()
    checks.same('verified later: recalculated', user.props['userPrincipalName'],
                'ada@later.example.test')


def limits(checks):
    rows = (({'department': 'd' * 64}, None), ({'department': 'd' * 65}, 'ExceededAllowedLength'),
            ({'userCertificate': ['c%d' % i for i in range(15)]}, None),
            ({'userCertificate': ['c%d' % i for i in range(16)]}, 'LargeObject'),
            ({'thumbnailPhoto': 'A' * 136532}, None),
            ({'thumbnailPhoto': 'A' * 136540}, 'LargeObject'))
    for attributes, wanted in rows:
        checks.same('limit %s' % list(attributes), World().add(ADA, **attributes).get('error'),
                    wanted)


def proxies(checks):
    sent = ['SMTP:ada@' + DOMAIN, 'smtp:ada@corp.local', 'x500:/o=x']
    world = World()
    user = world.obj(world.add(ADA, proxyAddresses=sent))
    checks.same('no mailbox: all addresses are published', user.props['proxyAddresses'], sent)
    world = World()
    user = world.obj(world.add(ADA, proxyAddresses=sent, msExchRecipientDisplayType='7'))
    checks.same('mailbox: unverified dropped, own address added', user.props['proxyAddresses'],
                ['SMTP:ada@' + DOMAIN, 'x500:/o=x', 'smtp:ada@' + INITIAL])
    checks.same('... and read back as sent', world.rows()[user.id]['attributes']['proxyAddresses'],
                sent)


def drift_is_visible(checks):
    world = World()
    user = world.obj(world.add(ADA, usageLocation='DE'))
    world.tenant.update(world.admin, user, {'accountEnabled': False, 'usageLocation': 'FR'})
    back = world.rows()[user.id]['attributes']
    checks.same('cloud edits are imported', (back['accountEnabled'], back['usageLocation']),
                (False, 'FR'))


def references(checks):
    world = World()
    ada = world.obj(world.add(ADA))
    bob = world.obj(world.add(BOB, userPrincipalName='bob@' + DOMAIN))
    group = world.obj(world.add(CAT, 'Group', securityEnabled=True))
    outsider = world.cloud_user('outsider')
    world.tenant.add_link(world.admin, group, 'members', outsider)
    world.one(op='references', id=ada.id, set={'manager': bob.id})
    world.one(op='references', id=group.id, add=[ada.id, bob.id, 'no-such-id'])
    rows = world.rows()
    checks.same('manager and members', (rows[ada.id]['references']['manager'],
                                        sorted(rows[group.id]['references']['member'])),
                (bob.id, sorted([ada.id, bob.id])))
    world.one(op='references', id=group.id, remove=[bob.id])
    world.one(op='references', id=ada.id, set={'manager': None})
    rows = world.rows()
    checks.same('removed', (rows[ada.id]['references'], rows[group.id]['references']['member']),
                ({}, [ada.id]))
    checks.true('a cloud member is left alone', outsider.id in group.links['members'])


def switched_off(checks):
    world = World()
    user = world.obj(world.add(ADA))
    world.call('complete', {'engine': 'connect'})
    org = world.tenant.objects[world.tenant.tenant_id]
    checks.same('organization', (org.props['onPremisesSyncEnabled'],
                                 org.props['onPremisesLastSyncDateTime']),
                (True, '2026-11-01T00:00:00Z'))
    world.tenant.update(world.admin, org, {'onPremisesSyncEnabled': False})
    checks.same('refused while off', world.call('import')[0], 403)
    checks.same('status tells', world.call('status', method='GET')[1]['enabled'], False)
    world.tenant.update(world.admin, user, {'onPremisesSyncEnabled': None})
    world.tenant.update(world.admin, org, {'onPremisesSyncEnabled': True})
    checks.same('not linked after it came back', world.rows(), {})
    checks.same('matched by anchor', (world.add(ADA)['id'], user.props['onPremisesSyncEnabled']),
                (user.id, True))
    checks.same('unknown request', world.call('nothing')[0], 404)
    many = [{'op': 'delete', 'id': 'x'}] * 1001
    checks.same('batch ceiling', world.call('export', {'operations': many})[0], 413)


def passwords(checks):
    for feature, policy, wanted in ((False, False, None), (True, True, None),
                                    (True, False, 'DisablePasswordExpiration')):
        world = World()
        world.features(passwordSyncEnabled=feature,
                       cloudPasswordPolicyForPasswordSyncedUsersEnabled=policy)
        user = world.obj(world.add(ADA, lastPasswordChangeTimestamp='20200101000000.0Z'))
        checks.same('password policy %s %s' % (feature, policy),
                    user.props.get('passwordPolicies'), wanted)
        world.tenant.update(world.admin, user, {'passwordPolicies': 'None'})
        world.one(op='update', id=user.id, attributes={'title': 'x'})
        checks.same('... only with a new password', user.props.get('passwordPolicies'), 'None')
        world.tenant.update(world.admin, user, {'lastPasswordChangeDateTime': 'later'})
        checks.same('a cloud reset is no drift', world.rows()[user.id]['attributes'][
            'lastPasswordChangeTimestamp'], '20200101000000.0Z')


def persistence(checks):
    import os
    import tempfile
    world = World()
    result = world.add(ADA, homePhone='1')
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'state.json')
        world.tenant.save(path)
        world.tenant = state.Tenant.load(path)
    checks.same('survives a restart of the tenant',
                world.rows()[result['id']]['attributes']['homePhone'], '1')
    checks.same('... and still matches', world.add(ADA)['id'], result['id'])


GROUPS = (created, other_types, soft_match, soft_match_of_other_types, hard_match,
          deletion_and_undelete, name_taken_while_deleted, authority, quarantine, names, limits,
          proxies, drift_is_visible, references, switched_off, passwords,
          persistence)
