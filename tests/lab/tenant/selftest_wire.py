# SPDX-License-Identifier: Apache-2.0
"""Self test: audit queries, $batch, throttling, faults on the wire, clock, persistence, control."""

import gzip
import http.client
import json
import socket
import time

from selftest import DOMAIN, INITIAL

BAD = 'Request_BadRequest'


def audits(lab):
    user = lab.user('audited')
    for title in ('A', 'B', 'C'):
        lab.call('PATCH', 'users/' + user, {'jobTitle': title})
    url = 'auditLogs/directoryAudits'
    mine = "targetResources/any(t:t/id eq '%s')" % user
    records = lab.get('%s?$filter=%s' % (url, mine)).value
    lab.same('by target', [r['activityDisplayName'] for r in records],
             ['Update user', 'Update user', 'Update user', 'Add user'])
    times = [r['activityDateTime'] for r in records]
    lab.check('newest first, seven digits', times == sorted(times, reverse=True) and
              all(len(t) == 28 and t.endswith('Z') for t in times), times)
    oldest = lab.get('%s?$filter=%s&$orderby=activityDateTime asc' % (url, mine)).value[0]
    lab.same('ascending', oldest['activityDisplayName'], 'Add user')
    middle = times[1]
    found = lab.get('%s?$filter=activityDateTime ge %s and %s' % (url, middle, mine)).value
    lab.same('since', len(found), 2)
    found = lab.get('%s?$filter=activityDateTime le %s and %s' % (url, middle, mine)).value
    lab.same('until', len(found), 3)
    app = records[0]['initiatedBy']['app']['appId']
    for text, least in (("initiatedBy/app/appId eq '%s'" % app, 4),
                        ("activityDisplayName eq 'Add user'", 1),
                        ("startswith(activityDisplayName,'Add')", 1),
                        ("correlationId eq '%s'" % records[0]['correlationId'], 1),
                        ("loggedByService eq 'Core Directory'", 4),
                        ("targetResources/any(t:startswith(t/displayName,'audi'))", 4)):
        answer = lab.get('%s?$filter=%s' % (url, text))
        lab.check(text, answer.status == 200 and len(answer.value) >= least, answer)
    for text in ("result eq 'success'", "category eq 'UserManagement'",
                 'activityDateTime gt 2026-01-01T00:00:00Z', "activityDisplayName ne 'x'",
                 "endswith(activityDisplayName,'x')", "targetResources/any(t:t/type eq 'User')",
                 "activityDateTime eq"):
        lab.check('refused ' + text, lab.get('%s?$filter=%s' % (url, text)).status == 400)
    lab.check('select', lab.get(url + '?$select=id').status == 400)
    lab.same('by id', lab.get('%s/%s' % (url, records[0]['id']))['id'], records[0]['id'])
    page = lab.get('%s?$top=3&$filter=%s' % (url, mine))
    lab.call('PATCH', 'users/' + user, {'jobTitle': 'D'})
    rest = lab.get(page['@odata.nextLink']).value
    lab.same('pages do not shift', [r['id'] for r in rest], [records[3]['id']])
    lab.control('POST', 'settings', {'audit_delay_seconds': 3600, 'audit_retention_days': 7})
    lab.call('PATCH', 'users/' + user, {'jobTitle': 'Late'})
    late = lab.get('%s?$filter=%s' % (url, mine)).value
    lab.check('late record', len(late) == 5 and '"Late"' not in json.dumps(late[0]), late[0])
    lab.control('POST', 'settings', {'token_lifetime_seconds': 90 * 86400})
    lab.tokens.clear()
    lab.token()
    lab.control('POST', 'clock', {'advance_seconds': 3601})
    lab.same('arrived', len(lab.get('%s?$filter=%s' % (url, mine)).value), 6)
    lab.control('POST', 'clock', {'advance_seconds': 7 * 86400})
    lab.same('retention', lab.get('%s?$filter=%s' % (url, mine)).value, [])
    lab.control('DELETE', 'clock')
    lab.tokens.clear()
    lab.call('DELETE', 'users/' + user)


def exported(lab, engine, **operation):
    return lab.control('POST', 'sync/export', {'engine': engine, 'operations': [operation]})[
        'results'][0]


def provisioning(lab):
    url = 'auditLogs/provisioning'
    before = len(lab.all(url))
    name = 'provisioned@' + DOMAIN
    made = exported(lab, 'cloudsync', op='add', type='User', anchor='cHJvdmlzaW9uZWQtMDAwMQ==',
                    attributes={'userPrincipalName': name, 'displayName': 'P', 'accountEnabled': True})
    exported(lab, 'cloudsync', op='update', id=made['id'], attributes={'title': 'Mate'})
    exported(lab, 'connect', op='update', id=made['id'], attributes={'title': 'Captain'})
    refused = exported(lab, 'cloudsync', op='update', id=made['id'],
                       attributes={'title': 'x' * 2000})
    lab.same('a value that is too long is refused', refused['status'], 'error')
    records = lab.all(url)
    lab.same('Connect leaves no record', len(records), before + 3)
    bad, changed, created = sorted(records, key=lambda r: int(r['id'].rpartition('_')[2]),
                                   reverse=True)[:3]
    lab.same('created', (created['provisioningAction'], created['targetIdentity']['id'],
                         created['sourceIdentity']['id'], created['provisioningStatusInfo']),
             ('create', made['id'], 'cHJvdmlzaW9uZWQtMDAwMQ==',
              {'status': 'success', 'errorInformation': None}))
    lab.same('changed', changed['modifiedProperties'],
             [{'displayName': 'jobTitle', 'oldValue': None, 'newValue': 'Mate'}])
    lab.check('job of Cloud Sync', changed['jobId'].startswith('AD2AADProvisioning.') and
              changed['cycleId'] == created['cycleId'], changed)
    lab.same('failed', (bad['provisioningStatusInfo']['status'], bad['modifiedProperties'],
                        bad['provisioningStatusInfo']['errorInformation']['errorCode']),
             ('failure', [], 'ExceededAllowedLength'))
    lab.control('POST', 'sync/complete', {'engine': 'cloudsync'})
    exported(lab, 'cloudsync', op='delete', id=made['id'])
    last = max(lab.all(url), key=lambda r: int(r['id'].rpartition('_')[2]))
    lab.check('deleted, in another cycle', last['provisioningAction'] == 'delete' and
              last['cycleId'] != created['cycleId'], last)
    for text, status in (('activityDateTime gt 2026-01-01T00:00:00Z', 200),
                         ("contains(targetIdentity/displayName,'P')", 200),
                         ("jobId eq '%s'" % last['jobId'], 200),
                         ('activityDateTime ge 2026-01-01T00:00:00Z', 400),
                         ("startswith(jobId,'A')", 400)):
        lab.same('filter ' + text, lab.get('%s?$filter=%s' % (url, text)).status, status)
    lab.same('none in the future', lab.get(url + '?$filter=activityDateTime gt 2099-01-01T00:00:00Z')
             .value, [])
    lab.same('by id', lab.get('%s/%s' % (url, last['id']))['id'], last['id'])
    lab.same('page', len(lab.get(url + '?$top=2').value), 2)


def batch(lab):
    def step(number, url='/users?$top=1&$select=id', **more):
        return {'id': str(number), 'method': 'GET', 'url': url, **more}

    def send(steps, **headers):
        return lab.call('POST', '$batch', {'requests': steps}, **headers)
    answer = send([step(1), step(2, '/groups/none'), step(3, 'organization')])
    by_id = {r['id']: r for r in answer['responses']}
    lab.same('statuses', {k: r['status'] for k, r in by_id.items()}, {'1': 200, '2': 404, '3': 200})
    lab.check('order differs', [r['id'] for r in answer['responses']] != ['1', '2', '3'])
    lab.same('body', len(by_id['1']['body']['value']), 1)
    lab.same('error body', by_id['2']['body']['error']['code'], 'Request_ResourceNotFound')
    lab.same('twenty', send([step(i) for i in range(20)]).status, 200)
    for what, steps in (('21', [step(i) for i in range(21)]), ('none', []),
                        ('same id', [step('a'), step('A')]), ('no url', [{'id': '1'}]),
                        ('body without header', [step(1, '/users', body={})])):
        lab.same(what, send(steps).status, 400)
    made = send([{'id': 'a', 'method': 'PATCH', 'url': '/users/nobody', 'body': {'city': 'x'},
                  'headers': {'Content-Type': 'application/json'}},
                 step('b', dependsOn=['a']), step('c')])
    by_id = {r['id']: r['status'] for r in made['responses']}
    lab.same('failed dependency', by_id, {'a': 404, 'b': 424, 'c': 200})
    quiet = send([step(1, "/users?$filter=city ne 'x'&$count=true&$select=id&$top=1")])
    loud = send([step(1, "/users?$filter=city ne 'x'&$count=true&$select=id&$top=1",
                      headers={'ConsistencyLevel': 'eventual'})], ConsistencyLevel='eventual')
    lab.same('headers are per step', (quiet['responses'][0]['status'],
                                      loud['responses'][0]['status']), (400, 200))
    lab.control('POST', 'faults', {'match': 'GET /v1.0/organization', 'kind': '429',
                                   'retry_after': '2.128', 'count': 1})
    answer = send([step(1), step(2, '/organization')])
    hit = next(r for r in answer['responses'] if r['id'] == '2')
    lab.same('throttled step', (answer.status, hit['status'], hit['headers']['Retry-After']),
             (200, 429, '2.128'))
    new = send([{'id': '1', 'method': 'POST', 'url': '/groups', 'body': {
        'displayName': 'Batch', 'mailEnabled': False, 'mailNickname': 'batch',
        'securityEnabled': True}, 'headers': {'Content-Type': 'application/json'}}])
    lab.same('write', new['responses'][0]['status'], 201)
    lab.same('delete without body', send([{'id': '1', 'method': 'DELETE', 'url': '/groups/'
                                           + new['responses'][0]['body']['id']}])['responses'][0]
             ['status'], 204)


def throttling(lab):
    answer = lab.get('users?$top=5&$select=id')
    lab.same('unit header', answer.headers['x-ms-resource-unit'], '1')
    lab.same('units', lab.get('users').headers['x-ms-resource-unit'], '2')
    group = lab.get('groups').value[0]['id']
    lab.same('member units', lab.get('groups/%s/members' % group).headers['x-ms-resource-unit'],
             '3')
    time.sleep(1.1)
    lab.control('POST', 'settings', {'throttle': True})
    first = lab.get('identity/conditionalAccess/policies')
    second = lab.get('identity/conditionalAccess/namedLocations')
    lab.same('one per second', (first.status, second.status), (200, 429))
    lab.check('no Retry-After', second.headers['Retry-After'] is None and
              second.code == 'TooManyRequests')
    seen = [lab.get('auditLogs/directoryAudits?$top=1') for _ in range(6)]
    lab.check('reports: 5 per 10 s', seen[-1].status == 429 and
              int(seen[-1].headers['Retry-After']) >= 1, seen[-1])
    lab.control('POST', 'settings', {'throttle': False})


def faults(lab):
    for kind in ('429', '500', '502', '503', '504'):
        for retry in ('2', '2.5', None):
            lab.control('POST', 'faults', {'match': 'GET /v1.0/users', 'kind': kind, 'count': 1,
                                           'retry_after': retry})
            answer = lab.get('users')
            lab.same('%s %s' % (kind, retry), (answer.status, answer.headers['Retry-After']),
                     (int(kind), retry))
            lab.check('error body', answer.code is not None)
    lab.same('used up', lab.get('users').status, 200)
    lab.control('POST', 'faults', [{'match': 'users', 'kind': '503', 'html': True, 'count': 1},
                                   {'match': 'users', 'kind': 'html', 'count': 1},
                                   {'match': 'users', 'kind': 'expired_token', 'count': 1}])
    one, two, three = lab.get('users'), lab.get('users'), lab.get('users')
    lab.check('proxy page', one.status == 503 and one.headers['Content-Type'] == 'text/html')
    lab.check('html with 200', two.status == 200 and two.data.startswith(b'<!DOCTYPE'))
    lab.refused('expired token', three, 401, 'InvalidAuthenticationToken')
    lab.control('POST', 'faults', {'match': 'users', 'kind': '500', 'skip': 1, 'count': 1})
    lab.same('skip', [lab.get('users').status for _ in range(3)], [200, 500, 200])
    lab.control('POST', 'faults', {'match': 'oauth2', 'kind': '503', 'count': 1})
    lab.same('token endpoint', lab.token_call(lab.form()).status, 503)
    page = 'users?$top=2&$select=id'
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'empty_page', 'count': 1})
    empty = lab.get(page)
    lab.check('empty page', empty.value == [] and len(lab.get(empty['@odata.nextLink']).value) == 2)
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'loop_next', 'count': 1})
    loop = lab.get(page)
    lab.same('loop', lab.get(loop['@odata.nextLink']).value, loop.value)
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'foreign_next', 'count': 1})
    lab.check('foreign host', not lab.get(page)['@odata.nextLink'].startswith(lab.base))
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'expired_page', 'count': 1})
    lab.refused('expired page', lab.get(lab.get(page)['@odata.nextLink']), 400,
                'Directory_ExpiredPageToken')
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'truncated', 'count': 1})
    cut = lab.get('users')
    lab.check('truncated', cut.status == 200 and cut.json is None and cut.data[:1] == b'{')
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'invalid_utf8', 'count': 1})
    lab.check('invalid UTF-8', b'\xff' in lab.raw('GET', '/v1.0/users', headers={
        'Authorization': 'Bearer ' + lab.token()}).data)
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'huge', 'bytes': 3000000, 'count': 1})
    lab.check('huge', len(lab.get('users').data) > 3000000)
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'unknown', 'count': 1})
    lab.check('unknown members', 'labUnknownProperty' in lab.raw(
        'GET', '/v1.0/users', headers={'Authorization': 'Bearer ' + lab.token()}).value[0])
    lab.control('POST', 'faults', {'match': 'users', 'kind': 'chunked', 'count': 1})
    chunked = lab.get('users')
    lab.check('chunked', chunked.headers['Transfer-Encoding'] == 'chunked' and chunked.json)


def broken_connections(lab):
    def outcome(kind, **more):
        lab.control('POST', 'faults', {'match': 'GET /v1.0/groups', 'kind': kind, 'count': 1,
                                       **more})
        try:
            return lab.raw('GET', '/v1.0/groups', headers={
                'Authorization': 'Bearer ' + lab.token()}, timeout=1.5).status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
    lab.check('reset', outcome('reset') in ('IncompleteRead', 'ConnectionResetError', 'URLError',
                                            'SSLEOFError'))
    lab.check('close', isinstance(outcome('close'), str))
    lab.check('hang', isinstance(outcome('hang', seconds=2), str))
    start = time.monotonic()
    lab.control('POST', 'faults', {'match': 'groups', 'kind': 'drip', 'bytes_per_second': 4000,
                                   'count': 1})
    answer = lab.get('groups?$select=id,displayName')
    lab.check('drip', answer.json and time.monotonic() - start > 0.15)
    lab.control('POST', 'faults', {'match': 'POST /v1.0/groups', 'kind': 'lost_answer', 'count': 1})
    try:
        lab.call('POST', 'groups', {'displayName': 'Lost', 'mailEnabled': False,
                                    'mailNickname': 'lost', 'securityEnabled': True})
        lab.check('lost answer', False)
    except (OSError, http.client.HTTPException):
        pass
    lab.same('but carried out', len(lab.get("groups?$filter=displayName eq 'Lost'").value), 1)


def transport(lab):
    connection = http.client.HTTPSConnection('127.0.0.1', lab.port, context=lab.tls)
    headers = {'Authorization': 'Bearer ' + lab.token(), 'Accept-Encoding': 'gzip'}
    sockets = set()
    for _ in range(3):
        connection.request('GET', '/v1.0/users', headers=headers)
        sockets.add(connection.sock)
        answer = connection.getresponse()
        data = answer.read()
    lab.same('keep-alive', len(sockets), 1)
    lab.check('gzip', answer.headers['Content-Encoding'] == 'gzip' and
              json.loads(gzip.decompress(data))['value'])
    connection.request('GET', '/v1.0/users?$top=1', headers={**headers, 'Host':
                                                             'GRAPH.lab.example.test'})
    answer = connection.getresponse()
    data = answer.read()
    data = gzip.decompress(data) if answer.headers['Content-Encoding'] == 'gzip' else data
    lab.check('host as requested', json.loads(data)['@odata.nextLink'].startswith(
        'https://GRAPH.lab.example.test/v1.0/'))
    connection.close()
    with socket.create_connection(('127.0.0.1', lab.port)) as idle, \
            socket.create_connection(('127.0.0.1', lab.port)):
        idle.send(b'not TLS')
        lab.same('idle and foreign connections do not block', lab.get('users?$top=1').status, 200)


def control(lab):
    for headers in ({}, {'X-Lab-Key': 'wrong'}):
        lab.same('key is needed', lab.raw('GET', '/_lab/clock', headers=headers).status, 403)
    answer = lab.raw('GET', '/v1.0/users', headers={
        'Authorization': 'Bearer ' + lab.token(), 'X-Lab-Act-As-User': 'admin@' + INITIAL})
    lab.refused('acting needs the key', answer, 403)
    lab.same('bad setting', lab.control('POST', 'settings', {'nonsense': 1}).status, 400)
    lab.same('bad fault', lab.control('POST', 'faults', {'kind': 'nonsense'}).status, 400)
    lab.same('bad clock', lab.control('POST', 'clock', {'now': 'soon'}).status, 400)
    lab.token('agent')
    lab.control('DELETE', 'requests')
    lab.get('users?$top=1', who='agent')
    lab.get('nonsense')
    log = lab.control('GET', 'requests')['requests']
    lab.same('request log', [(r['method'], r['url'], r['status']) for r in log],
             [('GET', '/v1.0/users?$top=1', 200), ('GET', '/v1.0/nonsense', 400)])
    lab.same('client', log[0]['client'], lab.credentials['agent']['client_id'])
    lab.check('no secret in the log', lab.credentials['agent']['client_secret'] not in
              json.dumps(log))
    lab.control('POST', 'clock', {'now': '2030-01-02T03:04:05Z', 'frozen': True})
    lab.same('frozen', lab.control('GET', 'clock')['now'], '2030-01-02T03:04:05+00:00')
    lab.control('POST', 'clock', {'advance_seconds': 10})
    lab.same('advanced', lab.control('GET', 'clock')['now'], '2030-01-02T03:04:15+00:00')
    lab.control('POST', 'clock', {'offset_seconds': 0})
    lab.check('real time', abs(lab.control('GET', 'clock')['offset_seconds']) < 1)
    lab.control('POST', 'settings', {'replication_delay_seconds': 1})
    late = lab.user('replicated')
    lab.refused('not yet there', lab.get('users/' + late), 404)
    time.sleep(1.1)
    lab.same('then there', lab.get('users/' + late).status, 200)
    lab.call('DELETE', 'users/' + late)


def persistence(lab):
    before = {
        'users': lab.all('users?$top=999&$select=id,userPrincipalName,onPremisesImmutableId'),
        'groups': lab.all('groups'), 'deleted': lab.all(
            'directory/deletedItems/microsoft.graph.user?$select=id,deletedDateTime'),
        'policies': lab.get('identity/conditionalAccess/policies').value,
        'audits': [r['id'] for r in lab.audits()]}
    group = next(g['id'] for g in before['groups'] if g['displayName'] == 'Cloud Operators')
    members = lab.get('groups/%s/members' % group).value
    synced = lab.synced_user('persistent')
    lab.control('POST', 'objects/' + synced,
                {'sync': {'shadow': {'a': [1]}, 'cloud_managed': True}})
    link = lab.get('users?$top=1')['@odata.nextLink']
    lab.control('POST', 'clock', {'offset_seconds': 120})
    token = lab.token()
    lab.stop()
    lab.start()
    lab.same('token survives', lab.token(), token)
    lab.same('clock survives', round(lab.control('GET', 'clock')['offset_seconds']), 120)
    lab.control('DELETE', 'clock')
    kept = [u for u in lab.all('users?$top=999&$select=id,userPrincipalName,onPremisesImmutableId')
            if u['id'] != synced]
    lab.same('users', kept, before['users'])
    lab.same('groups', lab.all('groups'), before['groups'])
    lab.same('deleted', lab.all('directory/deletedItems/microsoft.graph.user?$select=id,'
                                'deletedDateTime'), before['deleted'])
    lab.same('policies', lab.get('identity/conditionalAccess/policies').value, before['policies'])
    lab.same('members', lab.get('groups/%s/members' % group).value, members)
    ids = [r['id'] for r in lab.audits()]
    lab.check('audits', set(before['audits']) <= set(ids))
    lab.same('page token survives', lab.get(link).status, 200)
    seen = lab.control('GET', 'objects/' + synced)
    lab.same('sync state', (seen['anchor'], seen['sync']['shadow'], seen['sync']['cloud_managed']),
             ('anchor-persistent', {'a': [1]}, True))
    lab.refused('indexes', lab.call('POST', 'users', {
        'accountEnabled': True, 'displayName': 'x', 'mailNickname': 'x', 'userPrincipalName':
        'persistent@' + DOMAIN, 'passwordProfile': {'password': 'Correct-Horse-7'}}), 400, BAD)


SECTIONS = (audits, provisioning, batch, throttling, faults, broken_connections, transport, control, persistence)
