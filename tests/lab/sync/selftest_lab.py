# SPDX-License-Identifier: Apache-2.0
"""Whole cycles in a running lab: change something on one side, run a cycle, look at the other.

Runs where the lab's names resolve, with the variables of `lab env` set (`lab exec` does both).
Works in OU=SyncTest and in cloud objects of its own, and removes them at the end.
"""

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import anchors
import selftest_lab_export

HERE = os.path.dirname(os.path.abspath(__file__))
PASSWORD_OPTIONAL = 544


class Answer:
    def __init__(self, status, data):
        self.status, self.json = status, json.loads(data) if data else {}

    def get(self, name):
        return self.json.get(name)


class Lab:
    """Both directories and the engine, seen from outside."""

    def __init__(self, directory):
        import ldb
        import samba.param
        from samba.credentials import Credentials, MUST_USE_KERBEROS
        from samba.samdb import SamDB
        self.directory, self.ldb, env = directory, ldb, os.environ
        lp = samba.param.LoadParm()
        lp.load_default()
        lp.set('log level', '0')
        lp.set('interfaces', '127.0.0.0/8')
        credentials = Credentials()
        credentials.guess(lp)
        name, _, realm = env['LAB_ADMIN_PRINCIPAL'].partition('@')
        credentials.set_username(name)
        credentials.set_realm(realm)
        credentials.set_password(env['LAB_ADMIN_PASSWORD'])
        credentials.set_kerberos_state(MUST_USE_KERBEROS)
        self.db = SamDB(url=env['LAB_LDAP_URI'], credentials=credentials, lp=lp)
        self.base = env['LAB_BASE_DN']
        self.ou = 'OU=SyncTest,' + self.base
        self.aside = 'OU=SyncTest,OU=Unsynced,' + self.base
        self.domain = realm.lower()
        self.tls = ssl.create_default_context(cafile=env['LAB_CA_FILE'])
        self.graph_url = env['LAB_GRAPH_URL']
        with open(os.path.join(directory, 'lab.json'), encoding='utf-8') as source:
            self.lab = json.load(source)
        with open(self.lab['tenant_control_key_file'], encoding='utf-8') as source:
            self.key = source.read().strip()
        self.token = self.sign_in()

    # -- Active Directory -----------------------------------------------------------------------

    def add(self, name, cls='user', **values):
        entry = {'dn': 'CN=%s,%s' % (name, self.ou), 'objectClass': cls}
        if cls == 'user':
            entry.update(sAMAccountName=name, displayName=name.title(),
                         userPrincipalName='%s@%s' % (name, self.domain),
                         userAccountControl=str(PASSWORD_OPTIONAL))
        elif cls == 'group':
            entry.update(sAMAccountName=name, groupType='-2147483646')
        elif cls == 'computer':
            entry.update(sAMAccountName=name + '$', userAccountControl='4096')
        entry.update(values)
        self.db.add({k: v for k, v in entry.items() if v is not None})
        return self.dn(name)

    def dn(self, name, where=None):
        return 'CN=%s,%s' % (name, where or self.ou)

    def set(self, name, where=None, **values):
        message = self.ldb.Message(self.ldb.Dn(self.db, self.dn(name, where)))
        for attribute, value in values.items():
            many = value if isinstance(value, list) else [] if value is None else [value]
            message[attribute] = self.ldb.MessageElement(many, self.ldb.FLAG_MOD_REPLACE,
                                                         attribute.replace('_', '-'))
        self.db.modify(message)

    def move(self, name, out=True):
        here, there = (self.ou, self.aside) if out else (self.aside, self.ou)
        self.db.rename(self.dn(name, here), self.dn(name, there))

    def drop(self, name):
        self.db.delete(self.dn(name))

    def guid(self, name, where=None):
        found = self.db.search(self.dn(name, where), self.ldb.SCOPE_BASE, attrs=['objectGUID'])
        return anchors.guid_text(bytes(found[0]['objectGUID'][0]))

    def anchor(self, name):
        return anchors.encode(anchors.guid_octets(self.guid(name)))

    def reanimate(self, guid, name):
        """Undelete a tombstone; False where the domain's recycle bin does not let Samba do it."""
        found = self.db.search('<GUID=%s>' % guid, self.ldb.SCOPE_BASE, attrs=['cn'],
                               controls=['show_deleted:1'])
        message = self.ldb.Message(found[0].dn)
        message['isDeleted'] = self.ldb.MessageElement([], self.ldb.FLAG_MOD_DELETE, 'isDeleted')
        for attribute, value in (('distinguishedName', self.dn(name)), ('userPrincipalName',
                                 '%s@%s' % (name, self.domain)), ('displayName', name.title())):
            message[attribute] = self.ldb.MessageElement([value], self.ldb.FLAG_MOD_REPLACE,
                                                         attribute)
        try:
            self.db.modify(message, controls=['show_deleted:1'])
        except self.ldb.LdbError:
            return False
        return True

    # -- tenant ---------------------------------------------------------------------------------

    def http(self, method, url, body=None, headers=None):
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        request = urllib.request.Request(url, data, {'Content-Type': 'application/json',
                                                     **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls) as answer:
                return Answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read())

    def sign_in(self):
        form = urllib.parse.urlencode({
            'grant_type': 'client_credentials', 'client_id': os.environ['LAB_ADMIN_CLIENT_ID'],
            'client_secret': os.environ['LAB_ADMIN_CLIENT_SECRET'],
            'scope': 'https://graph.microsoft.com/.default'}).encode()
        return self.http('POST', os.environ['LAB_TOKEN_URL'], form, {
            'Content-Type': 'application/x-www-form-urlencoded'}).json['access_token']

    def graph(self, method, path, body=None, version='v1.0'):
        return self.http(method, '%s/%s/%s' % (self.graph_url, version, path), body,
                         {'Authorization': 'Bearer ' + self.token})

    def control(self, method, path, body=None):
        return self.http(method, self.lab['tenant_control_url'] + path, body,
                         {'X-Lab-Key': self.key})

    def shown(self, obj_id):
        """Everything the tenant knows about an object; {} when there is none."""
        answer = self.control('GET', '/objects/' + obj_id)
        return answer.json if answer.status == 200 else {}

    def props(self, obj_id):
        return self.shown(obj_id).get('props') or {}

    def advance(self, seconds):
        """Move the tenant's clock; tokens age with it."""
        self.control('POST', '/clock', {'advance_seconds': seconds})
        self.token = self.sign_in()

    # -- engine ---------------------------------------------------------------------------------

    def sync(self, *options, directory=None):
        done = subprocess.run([sys.executable, os.path.join(HERE, 'main.py'), '--dir',
                               directory or self.directory, '--json', *options],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return json.loads(done.stdout) if '--set' not in options else None

    def cloud_id(self, name, where=None, directory=None):
        path = os.path.join(directory or self.directory, 'sync', 'state.json')
        with open(path, encoding='utf-8') as source:
            record = json.load(source)['objects'].get(self.guid(name, where)) or {}
        return record.get('id')


def of(report, name):
    """Operations of a report that concern one object."""
    return [o for o in report['operations'] if o['dn'].lower().startswith('cn=%s,' % name.lower())]


def first_cycle(checks, lab):
    lab.add('st-boss')
    lab.add('st-ada', title=' Engineer ', department='Old', givenName='Ada', sn='Test',
            mail='st-ada@' + lab.domain, manager=lab.dn('st-boss'), telephoneNumber='+1 555',
            proxyAddresses=['SMTP:st-ada@' + lab.domain, 'smtp:st-ada2@' + lab.domain])
    lab.add('st-off', userAccountControl=str(PASSWORD_OPTIONAL | 2))
    lab.add('st-inner', 'group', member=[lab.dn('st-off')])
    lab.add('st-group', 'group', description='G', member=[lab.dn('st-ada'), lab.dn('st-inner'),
                                                          'CN=Administrator,CN=Users,' + lab.base])
    lab.add('st-list', 'group', groupType='2')
    lab.add('st-contact', 'contact', displayName='C', mail='c@partner.example.test')
    lab.add('st-plain', 'contact', displayName='P')
    lab.add('st-pc', 'computer', userCertificate=b'synthetic', operatingSystem='Windows 11')
    lab.add('st-bare', 'computer')
    report = lab.sync()
    ours = sorted((o['op'], o['type']) for o in report['operations'] if 'CN=st-' in o['dn'])
    checks.same('first cycle adds what is in scope', ours,
                [('add', 'Contact'), ('add', 'Device'), ('add', 'Group'), ('add', 'Group'),
                 ('add', 'User'), ('add', 'User'), ('add', 'User')])
    user = lab.graph('GET', 'users/%s?$select=id,jobTitle,givenName,businessPhones,'
                     'onPremisesSyncEnabled,onPremisesImmutableId,onPremisesSamAccountName,'
                     'onPremisesDistinguishedName,onPremisesDomainName,accountEnabled,mailNickname'
                     % lab.cloud_id('st-ada'))
    wanted = {'jobTitle': 'Engineer', 'givenName': 'Ada', 'businessPhones': ['+1 555'],
              'onPremisesSyncEnabled': True, 'onPremisesImmutableId': lab.anchor('st-ada'),
              'onPremisesSamAccountName': 'st-ada', 'accountEnabled': True,
              'onPremisesDistinguishedName': lab.dn('st-ada'), 'mailNickname': 'st-ada',
              'onPremisesDomainName': lab.domain}
    checks.same('user in Graph', {n: user.get(n) for n in wanted}, wanted)
    checks.same('disabled user is synchronized', lab.props(lab.cloud_id('st-off')).get(
        'accountEnabled'), False)
    checks.same('manager', lab.graph('GET', 'users/%s/manager' % lab.cloud_id('st-ada')).get('id'),
                lab.cloud_id('st-boss'))
    checks.same('members, without the one out of scope',
                sorted(lab.shown(lab.cloud_id('st-group'))['links']['members']),
                sorted([lab.cloud_id('st-ada'), lab.cloud_id('st-inner')]))
    checks.same('device', (lab.props(lab.cloud_id('st-pc')).get('deviceId'),
                           lab.props(lab.cloud_id('st-pc')).get('trustType')),
                (lab.guid('st-pc'), 'ServerAd'))
    again = lab.sync()
    checks.same('second cycle writes nothing', (again['operations'], again['references']), ([], 0))
    audit = lab.graph('GET', 'auditLogs/directoryAudits?$top=999').get('value')
    added = [r for r in audit if r['activityDisplayName'] == 'Add user' and
             r['targetResources'][0]['id'] == lab.cloud_id('st-ada')]
    checks.true('audited as the sync identity', added and added[0]['initiatedBy']['app'] and
                added[0]['initiatedBy']['app']['displayName'].startswith('ConnectSyncProvis'))


def changes_and_drift(checks, lab):
    ada = lab.cloud_id('st-ada')
    checks.same('cloud edits accepted', lab.graph('PATCH', 'users/' + ada, {
        'accountEnabled': False, 'usageLocation': 'FR'}).status, 204)
    report = lab.sync()
    checks.same('drift is put back', [(o['reason'], o['attributes']) for o in of(report, 'st-ada')],
                [('drift', {'accountEnabled': True})])
    checks.same('... and what AD does not have stays',
                (lab.props(ada)['accountEnabled'], lab.props(ada)['usageLocation']), (True, 'FR'))
    lab.set('st-ada', title='Pilot', department=None, manager=None)
    lab.set('st-group', member=[lab.dn('st-boss'), lab.dn('st-inner')], description=None)
    lab.sync()
    props = lab.props(ada)
    checks.same('AD change and AD removal', (props['jobTitle'], props.get('department')),
                ('Pilot', None))
    checks.same('manager removed', lab.shown(ada)['links'].get('manager'), None)
    checks.same('members replaced', sorted(lab.shown(lab.cloud_id('st-group'))['links']['members']),
                sorted([lab.cloud_id('st-boss'), lab.cloud_id('st-inner')]))
    checks.same('description removed', lab.props(lab.cloud_id('st-group')).get('description'), None)
    lab.set('st-ada', title='  Pilot  ')
    checks.same('blanks around a value are no change', of(lab.sync(), 'st-ada'), [])
    lab.set('st-ada', msExchUsageLocation='DE', mailNickname='st-ada')
    lab.sync()
    checks.same('usageLocation of AD wins', lab.props(ada)['usageLocation'], 'DE')
    lab.graph('PATCH', 'users/' + ada, {'usageLocation': 'FR'})
    lab.sync()
    checks.same('... also over a later cloud edit', lab.props(ada)['usageLocation'], 'DE')
    lab.set('st-ada', msExchUsageLocation=None)
    lab.sync()
    checks.same('... and stays when AD loses it', lab.props(ada)['usageLocation'], 'DE')


def deletion_and_return(checks, lab):
    ada, group = lab.cloud_id('st-ada'), lab.cloud_id('st-group')
    lab.set('st-group', member=[lab.dn('st-ada')])
    lab.sync()
    lab.move('st-ada')
    report = lab.sync()
    checks.same('out of scope', [(o['op'], o['reason']) for o in of(report, 'st-ada')],
                [('delete', 'out of scope: container is not selected')])
    checks.same('soft-deleted, unlinked', (lab.shown(ada)['deleted_at'] is not None,
                                           lab.props(ada)['onPremisesSyncEnabled']), (True, False))
    lab.move('st-ada', out=False)
    report = lab.sync()
    checks.same('back in scope: undeleted', [(o['op'], o['action'], o['id'])
                                             for o in of(report, 'st-ada')],
                [('add', 'undeleted', ada)])
    checks.same('member again', list(lab.shown(group)['links']['members']), [ada])
    lab.move('st-group')
    lab.sync()
    checks.same('group is gone for good', lab.shown(group), {})
    lab.move('st-group', out=False)
    lab.sync()
    new = lab.cloud_id('st-group')
    checks.true('group comes back as a new object', new and new != group)
    checks.same('... with its members', list(lab.shown(new)['links']['members']), [ada])
    checks.same('cloud admin deletes the user', lab.graph('DELETE', 'users/' + ada).status, 204)
    report = lab.sync()
    checks.same('the next cycle brings it back',
                [(o['reason'], o['action']) for o in of(report, 'st-ada')],
                [('gone in the cloud', 'undeleted')])
    checks.same('... synchronized', lab.props(ada)['onPremisesSyncEnabled'], True)
    lab.graph('DELETE', 'users/' + ada)
    lab.graph('POST', 'directory/deletedItems/%s/restore' % ada, {})
    lab.sync()
    checks.same('deleted and restored in the cloud between cycles: linked again',
                (lab.props(ada)['onPremisesSyncEnabled'], lab.shown(ada)['deleted_at']),
                (True, None))
    lab.add('st-tomb')
    lab.sync()
    hard = lab.cloud_id('st-tomb')
    lab.graph('DELETE', 'users/' + hard)
    lab.graph('DELETE', 'directory/deletedItems/' + hard)
    report = lab.sync()
    checks.same('purged in the cloud: a new object', [
        (o['action'], o['id'] == hard) for o in of(report, 'st-tomb')], [('added', False)])
    tomb, guid = lab.cloud_id('st-tomb'), lab.guid('st-tomb')
    lab.drop('st-tomb')
    report = lab.sync()
    checks.same('deleted in AD', [(o['op'], o['reason']) for o in of(report, 'st-tomb')],
                [('delete', 'deleted in AD')])
    if lab.reanimate(guid, 'st-tomb'):
        report = lab.sync()
        checks.same('reanimated in AD: undeleted', [(o['action'], o['id'])
                                                    for o in of(report, 'st-tomb')],
                    [('undeleted', tomb)])
        lab.drop('st-tomb')
        lab.sync()


def unlinked(checks, lab):
    lab.add('st-orphan')
    lab.sync()
    orphan = lab.cloud_id('st-orphan')
    lab.move('st-orphan')
    lab.sync()
    checks.same('restored in the cloud', lab.graph(
        'POST', 'directory/deletedItems/%s/restore' % orphan, {}).status, 200)
    report = lab.sync('--full')
    checks.same('unlinked object is left alone', (of(report, 'st-orphan'),
                                                  lab.props(orphan)['onPremisesSyncEnabled']),
                ([], False))
    lab.control('POST', '/settings', {'features': {
        'blockCloudObjectTakeoverThroughHardMatchEnabled': True}})
    lab.move('st-orphan', out=False)
    report = lab.sync()
    checks.same('takeover is blocked', [e['error'] for e in report['errors']
                                        if 'CN=st-orphan' in e['dn']], ['InvalidHardMatch'])
    checks.same('... and told as export error', report['status'], 'completed-export-errors')
    lab.control('POST', '/settings', {'features': {
        'blockCloudObjectTakeoverThroughHardMatchEnabled': False}})
    report = lab.sync()
    checks.same('takeover by hard match', [(o['action'], o['id'])
                                           for o in of(report, 'st-orphan')],
                [('matched-hard', orphan)])
    checks.same('linked again', lab.props(orphan)['onPremisesSyncEnabled'], True)


def threshold(checks, lab):
    for name in ('st-t1', 'st-t2', 'st-t3'):
        lab.add(name)
    lab.sync()
    ids = [lab.cloud_id(n) for n in ('st-t1', 'st-t2')]
    before = lab.graph('GET', 'organization').get('value')[0]['onPremisesLastSyncDateTime']
    lab.advance(60)
    lab.move('st-t1')
    lab.move('st-t2')
    lab.set('st-t3', title='Held')
    report = lab.sync('--threshold', '1')
    checks.same('threshold exceeded', (report['status'], report['threshold'],
                                       [e['id'] for e in report['events']]),
                ('stopped-deletion-threshold-exceeded', {'limit': 1, 'pendingDeletes': 2}, [116]))
    checks.same('nothing was deleted', [lab.shown(i)['deleted_at'] for i in ids], [None, None])
    checks.same('nothing else was exported', lab.props(lab.cloud_id('st-t3')).get('jobTitle'), None)
    checks.same('no successful cycle', lab.graph('GET', 'organization').get('value')[0][
        'onPremisesLastSyncDateTime'], before)
    report = lab.sync('--threshold', '2')
    checks.same('at the threshold it runs', (report['status'], len([
        o for o in report['operations'] if o['op'] == 'delete'])), ('success', 2))
    checks.true('the cycle is stamped', lab.graph('GET', 'organization').get('value')[0][
        'onPremisesLastSyncDateTime'] > before)
    checks.same('the rest followed', lab.props(lab.cloud_id('st-t3')).get('jobTitle'), 'Held')


def authority(checks, lab):
    lab.add('st-soa', title='On-premises', department='D')
    lab.sync()
    soa = lab.cloud_id('st-soa')
    flip = 'users/%s/onPremisesSyncBehavior' % soa
    checks.same('converted', lab.graph('PATCH', flip, {'isCloudManaged': True}).status, 200)
    lab.set('st-soa', title='Changed in AD')
    report = lab.sync()
    checks.same('skipped with event 6956', (of(report, 'st-soa'), [
        e['id'] for e in report['events'] if 'CN=st-soa' in e['dn']]), ([], [6956]))
    checks.same('cloud edit', lab.graph('PATCH', 'users/' + soa, {
        'jobTitle': 'Cloud', 'department': 'Cloud', 'officeLocation': 'Cloud'}).status, 204)
    report = lab.sync()
    checks.same('stays, no second event', (lab.props(soa)['jobTitle'], report['events']),
                ('Cloud', []))
    lab.move('st-soa')
    report = lab.sync()
    checks.same('deletion in AD is ignored', (of(report, 'st-soa'), lab.shown(soa)['deleted_at']),
                ([], None))
    lab.move('st-soa', out=False)
    lab.sync()
    lab.graph('PATCH', flip, {'isCloudManaged': False})
    checks.same('rolled back, not yet taken over', lab.props(soa).get('onPremisesSyncEnabled'),
                None)
    report = lab.sync()
    props = lab.props(soa)
    checks.same('taken over', [o['reason'] for o in of(report, 'st-soa')], ['taken over'])
    checks.same('AD values are back', (props['jobTitle'], props['department'],
                                       props.get('officeLocation'),
                                       props['onPremisesSyncEnabled']),
                ('Changed in AD', 'D', None, True))


def staging_and_preview(checks, lab):
    ada = lab.cloud_id('st-ada')
    lab.set('st-ada', title='Staged')
    for option in ('--staging', '--preview'):
        report = lab.sync(option)
        checks.same(option + ' tells', [o['attributes'] for o in of(report, 'st-ada')],
                    [{'title': 'Staged'}])
        checks.same(option + ' does not write', lab.props(ada)['jobTitle'], 'Pilot')
    lab.sync()
    checks.same('the next cycle writes', lab.props(ada)['jobTitle'], 'Staged')


def cloud_sync(checks, lab):
    def run(*options):
        return lab.sync('--engine', 'cloudsync', *options)

    run()
    ada = lab.cloud_id('st-ada')
    lab.graph('PATCH', 'users/' + ada, {'accountEnabled': False})
    checks.same('Cloud Sync does not see drift', (of(run(), 'st-ada'),
                                                  lab.props(ada)['accountEnabled']), ([], False))
    lab.set('st-ada', title='Cloud Sync')
    report = run()
    checks.same('only the changed attribute flows', [o['attributes']
                                                     for o in of(report, 'st-ada')],
                [{'title': 'Cloud Sync'}])
    checks.same('... drift stays', lab.props(ada)['accountEnabled'], False)
    run('--full')
    checks.same('a full run puts it back', lab.props(ada)['accountEnabled'], True)
    lab.graph('DELETE', 'users/' + ada)
    checks.same('cloud deletion stays', (of(run(), 'st-ada'),
                                         lab.shown(ada)['deleted_at'] is not None), ([], True))
    lab.set('st-ada', title='Woken')
    report = run()
    checks.same('until AD changes', [(o['op'], o['action']) for o in of(report, 'st-ada')],
                [('add', 'undeleted')])
    lab.graph('DELETE', 'users/' + ada)
    lab.set('st-ada', manager=lab.dn('st-boss'))
    run()
    checks.same('a changed reference wakes it too', (
        lab.shown(ada)['deleted_at'], list(lab.shown(ada)['links']['manager'])),
        (None, [lab.cloud_id('st-boss')]))
    device = lab.cloud_id('st-pc')
    lab.graph('DELETE', 'devices/' + device)
    checks.same('deleted device is not re-created', of(run(), 'st-pc'), [])
    lab.set('st-pc', displayName='Woken')
    report = run()
    checks.same('... until AD changes', [(o['op'], o['action']) for o in of(report, 'st-pc')],
                [('add', 'added')])
    lab.add('st-q1')
    run()
    lab.move('st-q1')
    lab.set('st-ada', title='Flows')
    report = run('--threshold', '1')
    checks.same('quarantine at the threshold', (report['status'], lab.props(ada)['jobTitle']),
                ('quarantine: TooManyDeletes', 'Flows'))
    checks.same('released', [o['op'] for o in of(run('--threshold', 'off'), 'st-q1')], ['delete'])


def matching(checks, lab):
    upn = 'st-twin@' + lab.domain
    twin = lab.graph('POST', 'users', {
        'accountEnabled': True, 'displayName': 'Twin', 'mailNickname': 'st-twin',
        'userPrincipalName': upn, 'jobTitle': 'Cloud', 'department': 'Kept',
        'passwordProfile': {'password': 'Synthetic-1!synthetic'}}).get('id')
    lab.add('st-twin', title='AD')
    report = lab.sync()
    props = lab.props(twin)
    checks.same('soft match by UPN', [(o['action'], o['id']) for o in of(report, 'st-twin')],
                [('matched-soft', twin)])
    checks.same('AD wins where it has a value', (props['jobTitle'], props['department']),
                ('AD', 'Kept'))
    checks.same('the kept value survives the next cycle', (of(lab.sync(), 'st-twin'),
                                                           lab.props(twin)['department']),
                ([], 'Kept'))
    old = lab.cloud_id('st-twin')
    lab.drop('st-twin')
    lab.add('st-twin', title='Second')
    report = lab.sync()
    new = lab.cloud_id('st-twin')
    checks.same('re-created in AD: quarantined name, the old one deleted',
                ([q['values'][0]['attribute'] for q in report['quarantined']],
                 lab.shown(old)['deleted_at'] is not None,
                 lab.props(new)['userPrincipalName'].startswith('st-twin+')),
                (['userPrincipalName'], True, True))
    checks.same('told in Graph', lab.props(new)['onPremisesProvisioningErrors'][0][
        'propertyCausingError'], 'UserPrincipalName')
    lab.advance(3700)
    lab.sync()
    checks.same('released an hour later', lab.props(new)['userPrincipalName'], upn)


def containers(checks, lab):
    path = os.path.join(lab.directory, 'sync', 'settings.json')
    held = None
    if os.path.exists(path):
        with open(path, encoding='utf-8') as source:
            held = source.read()
    lab.sync('--set', 'excludedContainers=["OU=Unsynced,%%BASE%%","%s"]' % lab.dn('st-boss'))
    report = lab.sync()
    checks.same('a changed selection waits', (report['waiting'], of(report, 'st-boss')),
                (['excludedContainers'], []))
    report = lab.sync('--full')
    checks.same('for a full cycle', [o['op'] for o in of(report, 'st-boss')], ['delete'])
    if held is None:
        os.unlink(path)
    else:
        with open(path, 'w', encoding='utf-8') as out:
            out.write(held)
    report = lab.sync('--full')
    checks.same('and back', [o['action'] for o in of(report, 'st-boss')], ['undeleted'])


def rebuilt_engine(checks, lab):
    """A second engine without memory, then one with the other anchor, over the test OU only."""
    with tempfile.TemporaryDirectory() as folder:
        again = dict(lab.lab)
        with open(os.path.join(folder, 'lab.json'), 'w', encoding='utf-8') as out:
            json.dump(again, out)
        report = lab.sync('--preview', directory=folder)
        checks.same('an engine without memory joins by anchor', report['pending'], {})
        again.update(connector_account='Administrator',
                     connector_password=os.environ['LAB_ADMIN_PASSWORD'])
        with open(os.path.join(folder, 'lab.json'), 'w', encoding='utf-8') as out:
            json.dump(again, out)
        for text in ('anchor=mS-DS-ConsistencyGuid', 'includedContainers=["%s"]' % lab.ou):
            lab.sync('--set', text, directory=folder)
        lab.add('st-cg')
        lab.sync(directory=folder)
        guid, octets = lab.guid('st-cg'), anchors.guid_octets(lab.guid('st-cg'))
        found = lab.db.search(lab.dn('st-cg'), lab.ldb.SCOPE_BASE, attrs=[anchors.CONSISTENCY])
        checks.same('the anchor is written to mS-DS-ConsistencyGuid',
                    bytes(found[0][anchors.CONSISTENCY][0]), octets)
        cloud = lab.cloud_id('st-cg', directory=folder)
        lab.drop('st-cg')
        lab.add('st-cg', **{anchors.CONSISTENCY: octets})
        report = lab.sync(directory=folder)
        checks.same('re-created with the anchor: hard match refused',
                    [e['error'] for e in report['errors'] if 'CN=st-cg' in e['dn']],
                    ['InvalidHardMatch'])
        checks.same('... and the cloud user stays', lab.shown(cloud)['deleted_at'], None)
        checks.same('identifier cleared', lab.graph('PATCH', 'users/' + cloud, {
            'onPremisesObjectIdentifier': None}, 'beta').status, 204)
        report = lab.sync(directory=folder)
        checks.same('then it matches', [(o['action'], o['id']) for o in of(report, 'st-cg')],
                    [('matched-hard', cloud)])
        checks.same('... and is stamped anew', (lab.shown(cloud)['sync']['object_identifier'],
                                                guid == lab.guid('st-cg')),
                    (lab.guid('st-cg'), False))
        lab.set('st-cg', **{anchors.CONSISTENCY: b'0123456789abcdef'})
        report = lab.sync(directory=folder)
        checks.same('a changed anchor stops the object', [
            e['message'] for e in report['errors'] if 'CN=st-cg' in e['dn']],
            ['SourceAnchor attribute has changed.'])


def incomplete(checks, lab):
    """An import that cannot be finished changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(os.path.join(lab.directory, 'sync'), os.path.join(folder, 'sync'))
        with open(os.path.join(folder, 'lab.json'), 'w', encoding='utf-8') as out:
            json.dump({**lab.lab, 'connector_password': 'wrong'}, out)
        done = subprocess.run([sys.executable, os.path.join(HERE, 'main.py'), '--dir', folder],
                              capture_output=True, text=True)
        checks.same('wrong password', (done.returncode, 'cannot bind' in done.stderr), (1, True))
        with open(os.path.join(folder, 'lab.json'), 'w', encoding='utf-8') as out:
            json.dump({**lab.lab, 'base_dn': 'OU=Nowhere,' + lab.base}, out)
        done = subprocess.run([sys.executable, os.path.join(HERE, 'main.py'), '--dir', folder],
                              capture_output=True, text=True)
        checks.same('missing base', done.returncode, 1)


GROUPS = (first_cycle, changes_and_drift, deletion_and_return, unlinked, threshold, authority,
          staging_and_preview, matching, cloud_sync, containers, rebuilt_engine, incomplete)


def remove(lab):
    for dn in (lab.ou, lab.aside):
        try:
            lab.db.delete(dn, ['tree_delete:1'])
        except lab.ldb.LdbError:
            pass


def run(checks, directory):
    lab = Lab(directory)
    remove(lab)
    for dn in (lab.ou, lab.aside):
        lab.db.add({'dn': dn, 'objectClass': 'organizationalUnit'})
    lab.sync('--threshold', 'off')
    offset = lab.control('GET', '/clock').get('offset_seconds')
    try:
        for function in GROUPS + selftest_lab_export.GROUPS:
            checks.group(function, lab)
    finally:
        remove(lab)
        lab.sync('--threshold', 'off')
        lab.control('POST', '/clock', {'offset_seconds': offset})
