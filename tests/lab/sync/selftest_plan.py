# SPDX-License-Identifier: Apache-2.0
"""Checks of inbound synchronization and of what a cycle decides to export."""

import anchors
import cycle
import pending
import settings
from metaverse import Metaverse
from selftest_rules import CONTEXT, make

ADA, BOB, CAT = ('%08d-0000-4000-8000-000000000000' % i for i in (1, 2, 3))


def anchor(guid):
    return anchors.encode(anchors.guid_octets(guid))


def world(entries, **chosen):
    return Metaverse(entries, {**settings.DEFAULTS, **chosen}, CONTEXT)


def person(guid, name, **values):
    return make(guid=guid, dn='CN=%s,DC=corp' % name, cn=name, sAMAccountName=name, **values)


def row(guid, obj_id, values, **more):
    """An imported cloud object."""
    return {'id': obj_id, 'type': 'User', 'anchor': anchor(guid), 'attributes': dict(values),
            'references': {}, 'blockOnPremisesSync': False, 'dirSyncEnabled': True, **more}


def record(guid, obj_id, values, **more):
    return {'kind': 'user', 'dn': 'CN=x', 'anchor': anchor(guid), 'id': obj_id,
            'values': dict(values), 'references': {}, **more}


def ops(outcome):
    return [(p.op, p.guid, p.id, p.reason) for p in outcome.changes + outcome.deletes]


def inbound(checks):
    mv = world([person(ADA, 'ada', mail='Same@x.test'), person(BOB, 'MSOL_1'),
                make('contact', guid=CAT, dn='CN=cat,DC=corp', mail='same@x.test')])
    checks.same('in scope', sorted(mv.candidates), [ADA])
    checks.same('contact joins the user with its mail', mv.filtered[CAT],
                'contact joined a user with the same mail')
    mv = world([person(ADA, 'ada', mail='same@x.test'),
                make('contact', guid=CAT, dn='CN=cat,DC=corp', mail='same@x.test')],
               engine='cloudsync')
    checks.same('Cloud Sync does not join', sorted(mv.candidates), [ADA, CAT])
    group = make('group', guid=CAT, dn='CN=g,DC=corp', member=['CN=%d' % i for i in range(4)])
    checks.true('member limit', world([group], memberLimit=3).candidates[CAT].error)
    checks.same('member limit not reached', world([group], memberLimit=4).candidates[CAT].error,
                None)
    shared = {'mS_DS_ConsistencyGuid': anchors.guid_octets(CAT)}
    mv = Metaverse([person(ADA, 'ada', **shared), person(BOB, 'bob', **shared)],
                   {**settings.DEFAULTS, 'anchor': anchors.CONSISTENCY}, CONTEXT, {BOB: {}})
    checks.same('shared anchor: the connected one keeps it',
                [bool(mv.candidates[g].error) for g in (ADA, BOB)], [True, False])
    mv = world([person(ADA, 'ada'), person(BOB, 'bob'),
                make('group', guid=CAT, dn='CN=pilot,DC=corp', member=['CN=ada,DC=corp'])],
               groupFilter='CN=pilot,DC=corp')
    checks.same('pilot group', sorted(mv.candidates), [ADA])


def connect(checks):
    mv = world([person(ADA, 'ada', title='Engineer')])
    values = mv.candidates[ADA].values

    def plan(objects, rows, full=False, metaverse=mv):
        return pending.Connect(metaverse, objects, rows, full).plan()

    checks.same('new object', ops(plan({}, [])), [('add', ADA, None, 'new')])
    done = {ADA: record(ADA, 'id1', values)}
    checks.same('nothing to do', ops(plan(done, [row(ADA, 'id1', values)])), [])
    joined = plan({}, [row(ADA, 'id1', values)])
    checks.same('join by anchor exports nothing', ops(joined), [])
    checks.same('join by anchor connects', [(c.guid, i) for c, i in joined.joined],
                [(ADA, 'id1')])
    drifted = plan(done, [row(ADA, 'id1', {**values, 'accountEnabled': False})])
    checks.same('drift', ops(drifted), [('update', ADA, 'id1', 'drift')])
    checks.same('drift puts the AD value back', drifted.changes[0].attributes,
                {'accountEnabled': True})
    old = {**values, 'title': 'Clerk'}
    changed = plan({ADA: record(ADA, 'id1', old)}, [row(ADA, 'id1', old)])
    checks.same('AD change', (ops(changed)[0][3], changed.changes[0].attributes),
                ('changed in AD', {'title': 'Engineer'}))
    for name, wanted in (('department', {'department': None}), ('usageLocation', None),
                         ('countryCode', None)):
        outcome = plan(done, [row(ADA, 'id1', {**values, name: 'X'})])
        checks.same('no AD value: ' + name,
                    outcome.changes[0].attributes if outcome.changes else None, wanted)
    checks.same('unknown attribute of the cloud stays',
                ops(plan(done, [row(ADA, 'id1', {**values, 'sponsors': 'x'})])), [])
    checks.same('gone in the cloud', ops(plan(done, [])), [('add', ADA, None, 'gone in the cloud')])
    taken = plan(done, [row(ADA, 'id1', {**values, 'department': 'Cloud'}, dirSyncEnabled=None)])
    checks.same('rolled back: taken over', ops(taken), [('update', ADA, 'id1', 'taken over')])
    checks.same('taken over with every value', taken.changes[0].attributes,
                {**values, 'department': None})
    moved = {ADA: dict(record(ADA, 'id1', values), anchor='another')}
    outcome = plan(moved, [row(BOB, 'id1', values)])
    checks.same('changed anchor is an error', (ops(outcome), outcome.errors[0]['message']),
                ([], 'SourceAnchor attribute has changed.'))


def connect_blocked_and_deleted(checks):
    mv = world([person(ADA, 'ada')])
    values, empty = mv.candidates[ADA].values, world([])
    done = {ADA: record(ADA, 'id1', values)}
    blocked = [row(ADA, 'id1', {}, blockOnPremisesSync=True, dirSyncEnabled=None)]

    def plan(metaverse, objects, rows, full=False):
        return pending.Connect(metaverse, objects, rows, full).plan()

    quiet = plan(mv, done, blocked)
    checks.same('converted: skipped', (ops(quiet), len(quiet.skipped), quiet.events), ([], 1, []))
    changed = plan(mv, {ADA: record(ADA, 'id1', {'title': 'x'})}, blocked)
    checks.same('converted and changed in AD: event', [e['id'] for e in changed.events], [6956])
    checks.same('converted, full cycle: event',
                [e['id'] for e in plan(mv, done, blocked, True).events], [6956])
    gone = plan(empty, done, blocked)
    checks.same('converted and deleted in AD: not deleted',
                (ops(gone), [e['id'] for e in gone.events]), ([], [6956]))
    checks.same('deleted in AD', ops(plan(empty, done, [row(ADA, 'id1', values)])),
                [('delete', ADA, 'id1', 'deleted in AD')])
    vanished = plan(empty, done, [])
    checks.same('deleted on both sides', (ops(vanished), vanished.gone), ([], [ADA]))
    checks.same('never provisioned here: left alone', ops(plan(empty, {}, [row(ADA, 'id1', {})])),
                [])
    out = world([person(ADA, 'ada', adminDescription='User_1')])
    checks.same('out of scope', ops(plan(out, done, [row(ADA, 'id1', values)]))[0][:3],
                ('delete', ADA, 'id1'))
    shared = {'mS_DS_ConsistencyGuid': anchors.guid_octets(ADA)}
    again = world([person(BOB, 'bob', **shared)], anchor=anchors.CONSISTENCY)
    outcome = plan(again, done, [row(ADA, 'id1', values)])
    checks.same('re-created with the same anchor: one addition, no deletion', ops(outcome),
                [('add', BOB, 'id1', 'AD object re-created with the same anchor')])
    waiting = {BOB: {'kind': 'user', 'dn': 'CN=bob', 'anchor': anchor(ADA), 'replaces': 'id1'}}
    checks.same('refused re-creation is tried again',
                ops(plan(again, waiting, [row(ADA, 'id1', values)]))[0][0], 'add')
    checks.same('... and the old object goes when that one goes too',
                ops(plan(empty, waiting, [row(ADA, 'id1', values)]))[0][:3],
                ('delete', BOB, 'id1'))


def cloud_sync(checks):
    mv = world([person(ADA, 'ada', title='Engineer')], engine='cloudsync')
    values = mv.candidates[ADA].values

    def plan(objects, rows, metaverse=mv):
        return pending.CloudSync(metaverse, objects, rows).plan()

    done = {ADA: record(ADA, 'id1', values)}
    checks.same('new object', ops(plan({}, [])), [('add', ADA, None, 'new')])
    checks.same('no look at the cloud', ops(plan(done, [])), [])
    checks.same('drift is not seen', ops(plan(done, [row(ADA, 'id1', {})])), [])
    outcome = plan({ADA: record(ADA, 'id1', {**values, 'title': 'Clerk', 'department': 'D'})}, [])
    checks.same('only what changed in AD', outcome.changes[0].attributes,
                {'title': 'Engineer', 'department': None})
    outcome = plan(done, [row(ADA, 'id1', {}, dirSyncEnabled=None)])
    checks.same('rollback is taken over', (ops(outcome)[0][3], outcome.changes[0].attributes),
                ('taken over', values))
    outcome = plan({ADA: record(ADA, 'id1', {})},
                   [row(ADA, 'id1', {}, dirSyncEnabled=None, blockOnPremisesSync=True)])
    checks.same('converted: skipped with event', (ops(outcome), [e['id'] for e in outcome.events]),
                ([], [6956]))
    checks.same('deleted in AD', ops(plan(done, [], world([], engine='cloudsync'))),
                [('delete', ADA, 'id1', 'deleted in AD')])


class Options:
    rules = map = None
    full = preview = staging = False
    threshold = None


def thresholds(checks):
    rule = {'synchronizationPreventionType': 'enabledForCount', 'alertThreshold': 5}
    rows = (  # engine, override, tenant rule, deletions, stopped?
        ('connect', None, rule, 5, False), ('connect', None, rule, 6, True),
        ('cloudsync', None, rule, 4, False), ('cloudsync', None, rule, 5, True),
        ('connect', 'off', rule, 600, False), ('connect', 2, rule, 3, True),
        ('connect', None, dict(rule, synchronizationPreventionType='disabled'), 600, False),
        ('connect', None, dict(rule, synchronizationPreventionType='enabledForPercentage',
                               alertThreshold=10), 3, True),
        ('connect', None, dict(rule, synchronizationPreventionType='enabledForPercentage',
                               alertThreshold=10), 2, False))
    for engine, override, tenant, count, wanted in rows:
        state = {'objects': {str(i): {} for i in range(20)}, 'applied': None}
        one = cycle.Cycle(None, None, {**settings.DEFAULTS, 'engine': engine}, state, Options())
        one.options.threshold = override
        outcome = pending.Outcome()
        outcome.deletes = [pending.Pending('delete', str(i), 'user', 'CN=x', 'r', id='i')
                           for i in range(count)]
        left = one.guard(outcome, {'deletionPrevention': tenant})
        checks.same('threshold %s %s %s %d' % (engine, override, tenant, count),
                    (one.report['status'] != 'success', len(left)),
                    (wanted, 0 if wanted else count))
        Options.threshold = None


def reference_changes(checks):
    found = cycle.reference_operations('g', {'member': ['a', 'b'], 'managedBy': 'm'},
                                       {'member': ['b', 'c'], 'manager': 'x'})
    checks.same('reference differences', found,
                [{'op': 'references', 'id': 'g', 'set': {'managedBy': 'm', 'manager': None}},
                 {'op': 'references', 'id': 'g', 'add': ['a'], 'remove': ['c']}])
    checks.same('no difference', cycle.reference_operations('g', {'member': ['a']},
                                                            {'member': ['a']}), [])
    many = [str(i) for i in range(4500)]
    checks.same('chunks', [len(o['add']) for o in cycle.reference_operations(
        'g', {'member': many}, {})], [2000, 2000, 500])


def device_owner(checks):
    sid = bytes.fromhex('010500000000000515000000010000000200000003000000f4010000')
    mv = world([person(ADA, 'ada', objectSid=sid),
                make('computer', guid=BOB, dn='CN=pc,DC=corp', userCertificate=b'c',
                     mS_DS_CreatorSID=sid)])
    state = {'objects': {ADA: record(ADA, 'id1', {}), BOB: {'id': 'id2', 'owner_pending': True}},
             'applied': None}
    one = cycle.Cycle(None, None, dict(settings.DEFAULTS), state, Options())
    one.metaverse = mv
    device = mv.candidates[BOB]
    checks.same('owner of a new device', one.wanted_references(device, state['objects'][BOB]),
                {'registeredOwner': 'id1'})
    checks.same('sent once only', one.wanted_references(device, {'id': 'id2'}), {})


def waiting_settings(checks):
    base = dict(settings.DEFAULTS)
    narrow = {**base, 'excludedContainers': ['OU=x'], 'threshold': 9}
    checks.same('a container selection waits for a full cycle',
                settings.applied(narrow, {'applied': base}, False),
                ({**base, 'threshold': 9}, ['excludedContainers']))
    checks.same('... which takes it', settings.applied(narrow, {'applied': base}, True),
                (narrow, []))
    checks.same('the first cycle takes it', settings.applied(narrow, {}, False), (narrow, []))
    try:
        settings.applied(base, {'applied': {**base, 'anchor': anchors.CONSISTENCY}}, True)
        checks.same('the anchor cannot go back', 'accepted', 'refused')
    except settings.Unusable:
        checks.passed += 1


GROUPS = (inbound, connect, connect_blocked_and_deleted, cloud_sync, thresholds,
          reference_changes, device_owner, waiting_settings)
