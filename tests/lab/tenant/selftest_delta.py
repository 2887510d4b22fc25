# SPDX-License-Identifier: Apache-2.0
"""Self test: delta queries.  What is expected is written down by hand from the protocol's pages."""

import urllib.parse

DAY = 86400


def link_of(lab, path):
    """A deltaLink that tells what comes from now on."""
    sign = '&' if '?' in path else '?'
    answer = lab.get('%s%s$deltatoken=latest' % (path, sign))
    lab.same('latest is empty', answer.value, [])
    return answer['@odata.deltaLink']


def walk(lab, link, **headers):
    """(items, next deltaLink) of a whole round; never both links on one page."""
    items = []
    while True:
        answer = lab.get(link, **headers)
        lab.same('page', answer.status, 200)
        items += answer.value
        both = [n for n in ('@odata.nextLink', '@odata.deltaLink') if n in answer.json]
        lab.same('one link on a page', len(both), 1)
        link = answer[both[0]]
        if both[0] == '@odata.deltaLink':
            return items, link


def fault(lab, kind, **more):
    lab.control('POST', 'faults', {'match': '/delta', 'kind': kind, 'count': 1, **more})


def first_round(lab):
    lab.control('POST', 'settings', {'delta_page_size': 7})
    gone = lab.user('delta-gone')
    lab.call('DELETE', 'users/' + gone)
    items, link = walk(lab, 'users/delta?$select=displayName,jobTitle')
    live = {u['id'] for u in lab.all('users?$select=id')}
    lab.same('live objects', {i['id'] for i in items if '@removed' not in i}, live)
    lab.check('a removed one in the first round',
              {'id': gone, '@removed': {'reason': 'changed'}} in items)
    lab.check('only what was selected', all(set(i) <= {'id', 'displayName', 'jobTitle', '@removed'}
                                            for i in items))
    lab.same('nothing happened', walk(lab, link)[0], [])
    lab.refused('token with other options', lab.get(link + '&$select=id'), 400)
    lab.refused('$top', lab.get('users/delta?$top=5'), 400, 'Request_UnsupportedQuery')
    lab.refused('$expand', lab.get('groups/delta?$expand=members'), 400, 'Request_UnsupportedQuery')
    lab.refused('another service', lab.get('users/delta?$select=skills'), 501, 'NotImplemented')
    lab.refused('unknown name', lab.get('users/delta?$select=nothing'), 400)
    for path in ('groups', 'contacts', 'devices', 'applications', 'servicePrincipals'):
        items, _ = walk(lab, path + '/delta')
        lab.same(path, {i['id'] for i in items if '@removed' not in i},
                 {o['id'] for o in lab.all(path + '?$select=id')})
    lab.same('qualified name', lab.get('users/microsoft.graph.delta()?$deltatoken=latest').status,
             200)
    lab.same('no delta', lab.get('identity/conditionalAccess/policies/delta').status, 404)


def properties(lab):
    one, other = lab.user('delta-one', jobTitle='A'), lab.user('delta-two')
    link = link_of(lab, 'users/delta?$select=displayName,jobTitle,department')
    lab.call('PATCH', 'users/' + one, {'jobTitle': 'B'})
    lab.call('PATCH', 'users/' + one, {'jobTitle': 'C'})
    lab.call('PATCH', 'users/' + other, {'city': 'Nowhere'})
    items, after = walk(lab, link)
    lab.same('all selected properties of what changed in a selected one, once', items,
             [{'id': one, 'displayName': 'delta-one', 'jobTitle': 'C'}])
    lab.same('asked again: told again', walk(lab, link)[0], items)
    lab.same('only the change', walk(lab, link, Prefer='return=minimal')[0],
             [{'id': one, 'jobTitle': 'C'}])
    lab.call('PATCH', 'users/' + one, {'jobTitle': None})
    lab.same('cleared is null, never set is absent', walk(lab, after)[0],
             [{'id': one, 'displayName': 'delta-one', 'jobTitle': None}])
    mine = link_of(lab, "users/delta?$select=jobTitle&$filter=id eq '%s'" % other)
    lab.call('PATCH', 'users/' + one, {'jobTitle': 'D'})
    lab.call('PATCH', 'users/' + other, {'jobTitle': 'E'})
    lab.same('filter', walk(lab, mine)[0], [{'id': other, 'jobTitle': 'E'}])
    both = link_of(lab, "directoryObjects/delta?$filter=isof('microsoft.graph.user') or "
                        "isof('microsoft.graph.group')&$select=microsoft.graph.user/jobTitle,"
                        'microsoft.graph.group/description')
    group = lab.synced_group('delta-mixed')
    lab.call('PATCH', 'users/' + one, {'jobTitle': 'F'})
    lab.same('several types', walk(lab, both)[0],
             [{'@odata.type': '#microsoft.graph.group', 'id': group},
              {'@odata.type': '#microsoft.graph.user', 'id': one, 'jobTitle': 'F'}])


def lives(lab):
    user = lab.user('delta-life')
    device = lab.store('device', {'displayName': 'delta-device', 'deviceId': user,
                                  'accountEnabled': True})
    users, devices = link_of(lab, 'users/delta?$select=jobTitle'), link_of(
        lab, 'devices/delta?$select=displayName')
    lab.call('DELETE', 'users/' + user)
    items, users = walk(lab, users)
    lab.same('soft-deleted', items, [{'id': user, '@removed': {'reason': 'changed'}}])
    lab.call('POST', 'directory/deletedItems/%s/restore' % user)
    items, users = walk(lab, users)
    lab.same('restored', items, [{'id': user}])
    lab.call('DELETE', 'users/' + user)
    lab.call('DELETE', 'directory/deletedItems/' + user)
    lab.same('gone', walk(lab, users)[0], [{'id': user, '@removed': {'reason': 'deleted'}}])
    lab.call('DELETE', 'devices/' + device)
    lab.same('a device has no recycle bin', walk(lab, devices)[0],
             [{'id': device, '@removed': {'reason': 'deleted'}}])


def relations(lab):
    lab.control('POST', 'settings', {'delta_slice': 2})
    people = [lab.user('delta-m%d' % n) for n in range(4)]
    group = lab.call('POST', 'groups', {
        'displayName': 'delta-g', 'mailNickname': 'delta-g', 'mailEnabled': False,
        'securityEnabled': True})['id']
    link = link_of(lab, 'groups/delta?$select=displayName,members,owners')
    blind = link_of(lab, 'groups/delta?$select=displayName')
    for one in people:
        lab.call('POST', 'groups/%s/members/$ref' % group,
                 {'@odata.id': '%s/v1.0/directoryObjects/%s' % (lab.base, one)})
    lab.call('POST', 'groups/%s/owners/$ref' % group,
             {'@odata.id': '%s/v1.0/users/%s' % (lab.base, people[0])})
    items, link = walk(lab, link)
    lab.same('the group is repeated for each slice', [set(i) for i in items],
             [{'id', 'displayName', 'members@delta'}] * 2 + [{'id', 'displayName', 'owners@delta'}])
    lab.same('slices', [[m['id'] for m in i['members@delta']] for i in items[:2]],
             [people[:2], people[2:]])
    lab.same('element', items[0]['members@delta'][0],
             {'@odata.type': '#microsoft.graph.user', 'id': people[0]})
    lab.same('not selected, not tracked', walk(lab, blind)[0], [])
    lab.call('DELETE', 'groups/%s/members/%s/$ref' % (group, people[1]))
    lab.call('DELETE', 'users/' + people[2])
    items, link = walk(lab, link)
    lab.same('left and deleted members look alike', items[0]['members@delta'],
             [{'@odata.type': '#microsoft.graph.user', 'id': one, '@removed': {'reason': 'deleted'}}
              for one in (people[1], people[2])])
    users = link_of(lab, 'users/delta?$select=displayName,manager')
    lab.call('PUT', 'users/%s/manager/$ref' % people[0],
             {'@odata.id': '%s/v1.0/users/%s' % (lab.base, people[3])})
    lab.same('manager', walk(lab, users)[0],
             [{'id': people[0], 'displayName': 'delta-m0', 'manager@delta': [
                 {'@odata.type': '#microsoft.graph.user', 'id': people[3]}]}])


def troubles(lab):
    one, other = lab.user('delta-t1'), lab.user('delta-t2')
    path = 'users/delta?$select=jobTitle'

    def change(title):
        for each in (one, other):
            lab.call('PATCH', 'users/' + each, {'jobTitle': title})
    link = link_of(lab, path)
    change('A')
    fault(lab, 'delta_late')
    items, link = walk(lab, link)
    rest, link = walk(lab, link)
    lab.same('late: half now, half in the next round',
             ([i['id'] for i in items], [i['id'] for i in rest]), ([other], [one]))
    change('A2')
    fault(lab, 'delta_late')
    items, link = walk(lab, link)
    lab.call('PATCH', 'users/' + one, {'jobTitle': None})
    rest, link = walk(lab, link)
    lab.same('held back, and changed once more: told once, as it is', (items, rest),
             ([{'id': other, 'jobTitle': 'A2'}], [{'id': one, 'jobTitle': None}]))
    change('B')
    fault(lab, 'delta_replay')
    items, link = walk(lab, link)
    again, link = walk(lab, link)
    lab.same('replayed once', ([i['id'] for i in items], [i['id'] for i in again],
                               walk(lab, link)[0]), ([one, other], [one, other], []))
    change('C')
    fault(lab, 'delta_twice')
    items, link = walk(lab, link)
    lab.same('twice in one round', [i['id'] for i in items], [other, one, one, other])
    change('D')
    fault(lab, 'empty_page')
    page = lab.get(link)
    lab.check('empty page with a next link', page.value == [] and '@odata.nextLink' in page.json)
    lab.same('and then all', len(walk(lab, page['@odata.nextLink'])[0]), 2)
    fault(lab, 'expired_page')
    page = lab.get(link)
    lab.refused('expired page', lab.get(page['@odata.nextLink']), 400, 'Directory_ExpiredPageToken')
    fault(lab, 'delta_gone')
    gone = lab.get(link)
    lab.refused('410', gone, 410, 'resyncRequired')
    lab.check('where to start anew', urllib.parse.parse_qs(urllib.parse.urlsplit(
        gone.headers['Location']).query, keep_blank_values=True) == {'$deltatoken': ['']},
        gone.headers['Location'])
    fault(lab, 'delta_expired')
    lab.refused('expired', lab.get(link), 400, 'syncStateNotFound')
    fault(lab, 'delta_resync')
    lab.refused('resync', lab.get(link), 400, 'resyncRequired')
    lab.same('nothing was lost', len(walk(lab, link)[0]), 2)
    lab.refused('no token', lab.get('users/delta?$deltatoken=abc'), 400)


def lifetimes(lab):
    link = link_of(lab, 'users/delta?$select=jobTitle')
    lab.control('POST', 'settings', {'token_lifetime_seconds': 90 * DAY})
    lab.tokens.clear()
    lab.token()
    lab.control('POST', 'clock', {'advance_seconds': 7 * DAY - 60})
    lab.same('almost seven days', lab.get(link).status, 200)
    lab.control('POST', 'clock', {'advance_seconds': 120})
    lab.refused('seven days', lab.get(link), 400, 'syncStateNotFound')
    lab.control('POST', 'settings', {'delta_token_lifetime_days': 30})
    lab.same('thirty days', lab.get(link).status, 200)
    lab.control('DELETE', 'clock')
    lab.tokens.clear()


def recoveries(lab):
    user = lab.user('delta-recovered')
    link = link_of(lab, 'users/delta?$select=jobTitle')
    answer = lab.control('POST', 'recovery', {'objects': [{'id': user,
                                                           'props': {'jobTitle': 'Recovered'}}]})
    lab.same('recovery', answer.status, 200)
    lab.same('changed', lab.get('users/%s?$select=jobTitle' % user)['jobTitle'], 'Recovered')
    lab.same('without a delta record', walk(lab, link)[0], [])
    lab.same('audited', lab.get('auditLogs/directoryAudits?$top=1').value[0]['category'],
             'Backup and Recovery')


SECTIONS = (first_round, properties, lives, relations, troubles, lifetimes, recoveries)
