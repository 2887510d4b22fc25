# SPDX-License-Identifier: Apache-2.0
"""Checks of anchors, attribute flow and scoping against hand-written expectations."""

import anchors
import flow
import scope
from entry import Entry

CONTEXT = {'domain_fqdn': 'corp.example.test', 'domain_netbios': 'CORP',
           'base_dn': 'DC=corp,DC=example,DC=test'}
GUID = '897485c7-81a7-42eb-97c6-37ed73077b1f'
CLASSES = {'user': ['top', 'person', 'organizationalPerson', 'user'],
           'inetOrgPerson': ['top', 'person', 'organizationalPerson', 'user', 'inetOrgPerson'],
           'group': ['top', 'group'], 'contact': ['top', 'person', 'contact'],
           'computer': ['top', 'person', 'organizationalPerson', 'user', 'computer']}
VECTORS = (  # textual GUID, anchor, the wrong big-endian form
    ('00112233-4455-6677-8899-aabbccddeeff', 'MyIRAFVEd2aImaq7zN3u/w==',
     'ABEiM0RVZneImaq7zN3u/w=='),
    (GUID, 'x4V0iaeB60KXxjftcwd7Hw==', 'iXSFx4GnQuuXxjftcwd7Hw=='),
    ('25c2879e-20ed-4e66-83f0-9e20460aedf8', 'nofCJe0gZk6D8J4gRgrt+A==',
     'JcKHniDtTmaD8J4gRgrt+A=='))


def make(kind='user', **values):
    """An entry with what every object has; None removes an attribute."""
    base = {'objectClass': CLASSES[kind], 'cn': 'Ada Test'}
    if kind in ('user', 'inetOrgPerson', 'computer'):
        base.update(sAMAccountName='ada', userAccountControl=512)
    elif kind == 'group':
        base.update(sAMAccountName='ada', groupType=-2147483646)
    base.update(values)
    dn = base.pop('dn', 'CN=Ada Test,OU=Staff,DC=corp,DC=example,DC=test')
    guid = base.pop('guid', GUID)
    return Entry.make(dn, guid, **{k: v for k, v in base.items() if v is not None})


def anchor_vectors(checks):
    for text, anchor, wrong in VECTORS:
        octets = anchors.guid_octets(text)
        checks.same('anchor of ' + text, anchors.encode(octets), anchor)
        checks.true('not big-endian ' + text, anchors.encode(octets) != wrong)
        checks.same('back to text ' + text, anchors.guid_text(anchors.decode(anchor)), text)
    checks.same('connector space name', anchors.cs_name('x4V0iaeB60KXxjftcwd7Hw=='),
                'CN={783456306961654236304B58786A66746377643748773D3D}')
    checks.same('custom anchor is opaque', anchors.decode('E12345'), None)
    checks.same('weight below 60', anchors.check('a' * 59), 'a' * 59)
    for bad in ('a' * 60, '', '+' * 20):
        try:
            anchors.check(bad)
            checks.same('anchor refused', bad, 'refused')
        except anchors.AnchorError:
            checks.passed += 1
    checks.same('SID', anchors.sid_text(bytes.fromhex(
        '010500000000000515000000010000000200000003000000f4010000')), 'S-1-5-21-1-2-3-500')


def anchor_choice(checks):
    other = anchors.guid_octets('00112233-4455-6677-8899-aabbccddeeff')
    mine, copied = 'x4V0iaeB60KXxjftcwd7Hw==', 'MyIRAFVEd2aImaq7zN3u/w=='
    consistency = {'mS_DS_ConsistencyGuid': other}
    rows = (  # kind, attribute chosen, entry values, anchor
        ('user', 'objectGUID', {}, mine), ('user', 'objectGUID', consistency, mine),
        ('user', 'mS-DS-ConsistencyGuid', {}, mine),
        ('user', 'mS-DS-ConsistencyGuid', consistency, copied),
        ('user', 'objectGUID', {'msExchRecipientTypeDetails': 2}, None),
        ('user', 'mS-DS-ConsistencyGuid', {'msExchRecipientTypeDetails': 2, **consistency}, None),
        ('user', 'objectGUID', {'msExchRecipientTypeDetails': 1}, mine),
        ('group', 'mS-DS-ConsistencyGuid', consistency, mine))
    for kind, attribute, values, wanted in rows:
        checks.same('anchor %s %s %s' % (kind, attribute, sorted(values)),
                    anchors.source_anchor(make(kind, **values), kind, attribute), wanted)


def kinds(checks):
    for name, kind in (('user', 'user'), ('inetOrgPerson', 'user'), ('group', 'group'),
                       ('contact', 'contact'), ('computer', 'device')):
        checks.same('kind of ' + name, make(name).kind, kind)
    managed = Entry.make('CN=g', GUID, objectClass=CLASSES['computer'] +
                         ['msDS-GroupManagedServiceAccount'])
    checks.same('managed service account is no type', managed.kind, None)


FLOWS = (  # kind, AD values, Entra attribute, expected (None: no value)
    ('user', {'userAccountControl': 512}, 'accountEnabled', True),
    ('user', {'userAccountControl': 514}, 'accountEnabled', False),
    ('user', {'displayName': 'Ada T.'}, 'displayName', 'Ada T.'),
    ('user', {}, 'displayName', 'Ada Test'),
    ('user', {'displayName': '  spaced  '}, 'displayName', '  spaced  '),
    ('user', {'givenName': '  Ada '}, 'givenName', 'Ada'),
    ('user', {'givenName': '   '}, 'givenName', None),
    ('user', {'sn': 'Test '}, 'surname', 'Test'),
    ('user', {'l': ' Town'}, 'city', 'Town'),
    ('user', {'co': 'Country'}, 'country', 'Country'),
    ('user', {'c': 'DE'}, 'countryLetterCode', 'DE'),
    ('user', {'countryCode': 276}, 'countryCode', '276'),
    ('user', {'st': 'State'}, 'state', 'State'),
    ('user', {'title': ' Engineer '}, 'title', 'Engineer'),
    ('user', {'mobile': ' +1 555'}, 'mobile', '+1 555'),
    ('user', {'mailNickname': ' ada '}, 'alias', ' ada '),
    ('user', {}, 'alias', None),
    ('user', {'description': [' ' + 'd' * 500, 'second']}, 'description', 'd' * 448),
    ('user', {'info': 'i' * 449}, 'info', 'i' * 448),
    ('user', {'description': '   '}, 'description', None),
    ('user', {'url': ['one', 'two']}, 'url', 'one'),
    ('user', {'userPrincipalName': 'ada@other.example.test'}, 'userPrincipalName',
     'ada@other.example.test'),
    ('user', {}, 'userPrincipalName', 'ada@corp.example.test'),
    ('user', {'proxyAddresses': ['smtp:a@x.test ', 'SMTP:b@x.test', 'smtp:A@x.test']},
     'proxyAddresses', ['SMTP:b@x.test', 'smtp:a@x.test']),
    ('user', {'pwdLastSet': 0}, 'lastPasswordChangeTimestamp', '16010101000000.0Z'),
    ('user', {'pwdLastSet': 132223104000000000}, 'lastPasswordChangeTimestamp',
     '20200101000000.0Z'),
    ('user', {}, 'lastPasswordChangeTimestamp', None),
    ('user', {}, 'onPremisesObjectIdentifier', GUID),
    ('user', {}, 'dnsDomainName', 'corp.example.test'),
    ('user', {}, 'netBiosName', 'CORP'),
    ('user', {}, 'onPremisesSamAccountName', 'ada'),
    ('user', {}, 'onPremisesDistinguishedName',
     'CN=Ada Test,OU=Staff,DC=corp,DC=example,DC=test'),
    ('user', {'msExchUsageLocation': 'DE'}, 'usageLocation', None),
    ('user', {'msExchUsageLocation': 'DE', 'mailNickname': 'ada'}, 'usageLocation', 'DE'),
    ('user', {'extensionAttribute7': ' x '}, 'extensionAttribute7', 'x'),
    ('user', {'employeeID': ' 7'}, 'employeeID', ' 7'),
    ('user', {'employeeType': 'Intern'}, 'employeeType', 'Intern'),
    ('user', {'otherTelephone': ['2 ', ' 1']}, 'otherTelephone', ['1', '2']),
    ('user', {'thumbnailPhoto': b'\x00\x01'}, 'thumbnailPhoto', 'AAE='),
    ('user', {'accountExpires': 1}, 'accountExpires', None),
    ('group', {}, 'securityEnabled', True),
    ('group', {'groupType': 2}, 'securityEnabled', False),
    ('group', {'description': ' d '}, 'description', 'd'),
    ('group', {}, 'netBiosName', 'CORP'),
    ('group', {}, 'alias', None),
    ('contact', {}, 'alias', 'Ada Test'),
    ('contact', {'mailNickname': 'adac'}, 'alias', 'adac'),
    ('contact', {'mail': ' a@x.test'}, 'mail', 'a@x.test'),
    ('contact', {}, 'accountEnabled', None),
    ('device', {}, 'deviceId', GUID),
    ('device', {}, 'deviceTrustType', 'ServerAd'),
    ('device', {}, 'displayName', 'Ada Test'),
    ('device', {'operatingSystem': 'Windows 11'}, 'deviceOSType', 'Windows 11'),
    ('device', {'operatingSystemVersion': '10.0'}, 'deviceOSVersion', '10.0'),
    ('device', {'userAccountControl': 4098}, 'accountEnabled', False),
    ('device', {'userCertificate': [b'b', b'a', b'b']}, 'userCertificate', ['YQ==', 'Yg==']),
)


def flows(checks):
    for kind, values, target, wanted in FLOWS:
        entry = make('computer' if kind == 'device' else kind, **values)
        checks.same('flow %s %s' % (kind, sorted(values.items())),
                    flow.values(entry, kind, CONTEXT).get(target), wanted)
    entry = make('computer', dNSHostName='pc.corp.example.test', operatingSystemVersion='10.0')
    found = flow.values(entry, 'device', CONTEXT, 'cloudsync')
    checks.same('Cloud Sync device name', found.get('displayName'), 'pc.corp.example.test')
    checks.same('Cloud Sync has no OS version', found.get('deviceOSVersion'), None)
    checks.same('surrogates are not split', flow.left('a' * 447 + '\U0001F600', 448), 'a' * 447)
    entry = make(manager='CN=Boss,DC=x', authOrig=['CN=a', 'CN=b'])
    checks.same('references', flow.references(entry, 'user'),
                {'manager': ['CN=Boss,DC=x'], 'authOrig': ['CN=a', 'CN=b']})
    checks.same('manager is no value', flow.values(entry, 'user', CONTEXT).get('manager'), None)


SMTP = 'SMTP:a@x.test'
SCOPES = (  # kind, AD values, excluded by Connect, excluded by Cloud Sync
    ('user', {}, False, False),
    ('user', {'userAccountControl': 514}, False, False),
    ('user', {'isCriticalSystemObject': True}, True, True),
    ('user', {'isCriticalSystemObject': False}, True, False),
    ('user', {'sAMAccountName': None}, True, True),
    ('user', {'userAccountControl': None}, True, True),
    ('user', {'sAMAccountName': 'SUPPORT_388945a0'}, True, False),
    ('user', {'mailNickname': 'SystemMailbox{1}'}, True, False),
    ('user', {'sAMAccountName': 'AAD_123'}, True, False),
    ('user', {'sAMAccountName': 'MSOL_123'}, True, False),
    ('user', {'sAMAccountName': 'CAS_{1}'}, True, False),
    ('user', {'sAMAccountName': 'CAS_1'}, False, False),
    ('user', {'mailNickname': 'CAS_{1}'}, True, True),
    ('user', {'mailNickname': 'CAS_1'}, False, True),
    ('user', {'msExchRecipientTypeDetails': 1}, False, False),
    ('user', {'msExchRecipientTypeDetails': 4096}, True, False),
    ('user', {'msExchRecipientTypeDetails': 1 << 29}, True, False),
    ('user', {'msExchRecipientTypeDetails': 1 << 15}, False, False),
    ('user', {'dn': 'CN=Ada\\0ACNF:1-2,DC=x'}, True, True),
    ('user', {'dn': 'CN=Ada,OU=\\0ACNF:1,DC=x'}, False, False),
    ('user', {'adminDescription': 'User_1'}, True, False),
    ('user', {'adminDescription': 'Group_1'}, False, False),
    ('inetOrgPerson', {}, False, False),
    ('group', {}, False, False),
    ('group', {'groupType': 2}, True, True),
    ('group', {'groupType': 2, 'proxyAddresses': SMTP}, False, False),
    ('group', {'groupType': 2, 'proxyAddresses': 'smtp:a@x.test'}, True, True),
    ('group', {'groupType': 2, 'mail': 'a@x.test'}, False, False),
    ('group', {'isCriticalSystemObject': True}, True, True),
    ('group', {'adminDescription': 'Group_1'}, True, False),
    ('group', {'msExchRecipientTypeDetails': 0x40000000}, True, False),
    ('group', {'sAMAccountName': 'MSOL_AD_Sync_RichCoexistence'}, True, False),
    ('contact', {}, True, True),
    ('contact', {'mail': 'a@x.test'}, False, False),
    ('contact', {'proxyAddresses': SMTP}, False, False),
    ('contact', {'mail': 'a@x.test', 'displayName': 'x (MSOL)'}, False, False),
    ('contact', {'mail': 'a@x.test', 'displayName': 'x (MSOL)',
                 'msExchHideFromAddressLists': True}, True, False),
    ('computer', {}, True, True),
    ('computer', {'userCertificate': b'c'}, False, False),
    ('computer', {'userCertificate': b'c', 'isCriticalSystemObject': False}, False, False),
    ('computer', {'userCertificate': b'c', 'isCriticalSystemObject': True}, False, True),
)


def scopes(checks):
    for name, values, connect, cloudsync in SCOPES:
        entry = make(name, **values)
        for engine, wanted in (('connect', connect), ('cloudsync', cloudsync)):
            checks.same('scope %s %s %s' % (engine, name, values),
                        scope.excluded(entry, entry.kind, engine) is not None, wanted)


def containers(checks):
    staff, deep = 'OU=Staff,DC=corp,DC=example,DC=test', 'CN=Ada,OU=In,OU=Staff,DC=corp,' \
        'DC=example,DC=test'
    rows = (([], [], deep, False), ([staff], [], deep, False), ([], [staff], deep, True),
            (['OU=In,' + staff], [staff], deep, False), ([staff], ['OU=In,' + staff], deep, True),
            (['OU=Other,DC=corp,DC=example,DC=test'], [], deep, True),
            ([], ['OU=aff,DC=corp,DC=example,DC=test'], deep, False))
    for included, left_out, dn, wanted in rows:
        checks.same('containers %s %s' % (included, left_out),
                    scope.container_excluded(make(dn=dn), included, left_out) is not None, wanted)


GROUPS = (anchor_vectors, anchor_choice, kinds, flows, scopes, containers)
