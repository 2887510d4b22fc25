# SPDX-License-Identifier: Apache-2.0
"""Self test: Backup and Recovery: snapshots, preview jobs through their states, changes in pages."""

import base64
import urllib.parse

from selftest import INITIAL
from selftest_read import grant_agent

BASE = 'directory/recovery/snapshots'
ALL_MEMBERS = 'include-unknown-enum-members'


def snapshots(lab):
    grant_agent(lab, ['Directory.Read.All', 'Policy.Read.All'])
    lab.refused('without permission', lab.get(BASE, who='agent'), 403)
    lab.control('POST', 'clock', {'now': '2026-03-10T12:00:00Z', 'frozen': True})
    lab.tokens.clear()
    found = lab.get(BASE).value
    lab.same('a week, newest first', [s['createdDateTime'] for s in found],
             ['2026-03-%02dT22:00:00Z' % day for day in range(9, 2, -1)])
    lab.same('id is seconds', base64.b64decode(found[0]['id']), b'1773093600')
    lab.check('no totals', 'totalChangedObjects' not in found[0])
    lab.refused('not by id', lab.get('%s/%s' % (BASE, quoted(found[0]))), 404, text='not found')
    lab.refused('no such', lab.get(BASE + '/MTIz'), 404, text='available backups')
    lab.control('POST', 'settings', {'backup_id': 'iso', 'backup_totals': True,
                                     'backup_get_by_id': True})
    first = lab.get(BASE).value[0]
    lab.same('as documented', (base64.b64decode(first['id']), first['totalChangedObjects']),
             (b'2026-03-09T22:00:00Z', 0))
    lab.same('by id', lab.get('%s/%s' % (BASE, quoted(first)))['id'], first['id'])


def quoted(one):
    return urllib.parse.quote(one['id'], safe='')


def changes():
    return [{'entityTypeName': 'user', 'id': 'u%d' % n, 'displayName': 'U', 'recoveryAction':
             'update', 'deltaFromCurrent': {'@odata.type': '#microsoft.graph.user', 'city': 'A'},
             'currentState': {'@odata.type': '#microsoft.graph.user', 'city': 'B'}}
            for n in range(150)] + [
        {'entityTypeName': 'organization', 'id': 'o', 'displayName': 'O', 'recoveryAction':
         'update', 'deltaFromCurrent': {}, 'currentState': {}}]


def previews(lab):
    lab.control('POST', 'backup', {'day': '2026-03-09', 'changes': changes()})
    path = '%s/%s/recoveryPreviewJobs' % (BASE, quoted(lab.get(BASE).value[0]))
    lab.refused('app-only', lab.call('POST', path), 403)
    admin = 'admin@' + INITIAL
    lab.refused('no role', lab.call('POST', path, as_user=lab.user('no-backup-role')), 403,
                text='Authorization has been denied')
    made = lab.call('POST', path, as_user=admin)
    lab.same('started', (made.status, made.data), (202, b''))
    job = path + '/' + made.headers['Location'].rpartition('/')[2]
    lab.refused('one at a time', lab.call('POST', path, as_user=admin), 409, text='in progress')
    lab.refused('not yet', lab.get(job + '/getChanges'), 400, text='completed successfully')
    seen = []
    for _ in range(4):
        seen.append((lab.get(job)['status'], lab.get(job, Prefer=ALL_MEMBERS)['status']))
        lab.control('POST', 'clock', {'advance_seconds': 60})
    lab.same('states', seen, [
        ('initialized', 'initialized'), ('unknownFutureValue', 'loadingData'),
        ('unknownFutureValue', 'calculating'), ('successful', 'successful')])
    done = lab.get(job)
    lab.same('counted', (done['totalChangedObjectsCalculated'], done['jobCompletionDateTime']),
             (151, '2026-03-10T12:03:00Z'))
    found = lab.all(job + '/getChanges', Prefer=ALL_MEMBERS)
    lab.same('changes', (len(found), found[-1]['entityTypeName']), (151, 'organization'))
    lab.control('POST', 'settings', {'backup_paging': 'skip'})
    qualified = job + '/microsoft.graph.entraRecoveryServices.getChanges'
    first = lab.get(qualified + '?$top=100')
    lab.check('other paging', '$skip=100' in first['@odata.nextLink'], first['@odata.nextLink'])
    found = lab.all(qualified)
    lab.same('hidden member', (len(found), found[-1]['entityTypeName']),
             (151, 'unknownFutureValue'))
    lab.same('listed', [j['@odata.type'].rpartition('.')[2] for j in
                        lab.get('directory/recovery/jobs').value], ['recoveryPreviewJob'])


def filtered(lab):
    path = '%s/%s/recoveryPreviewJobs' % (BASE, quoted(lab.get(BASE).value[0]))
    admin = 'admin@' + INITIAL
    kind = '#microsoft.graph.entraRecoveryServices.recoveryJobEntityNameAndIdsFilter'
    made = lab.call('POST', path, {'filteringCriteria': {
        '@odata.type': kind, 'filterValues': [{'entityType': 'user', 'entityIds': ['u7']}]}},
        as_user=admin)
    job = made.headers['Location'].rpartition('/')[2]
    lab.control('POST', 'clock', {'advance_seconds': 200})
    lab.same('one object', [c['id'] for c in lab.get('%s/%s/getChanges' % (path, job)).value],
             ['u7'])
    job = lab.call('POST', path, as_user=admin).headers['Location'].rpartition('/')[2]
    lab.same('cancelled', lab.call('POST', 'directory/recovery/jobs/%s/cancel' % job,
                                   as_user=admin).status, 202)
    lab.same('abandoned', lab.get('%s/%s' % (path, job))['status'], 'abandoned')
    lab.control('POST', 'clock', {'advance_seconds': 6 * 86400})
    lab.tokens.clear()
    lab.same('records vanish', lab.get('directory/recovery/jobs').value, [])
    lab.control('DELETE', 'clock')
    lab.tokens.clear()


SECTIONS = (snapshots, previews, filtered)
