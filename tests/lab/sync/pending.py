# SPDX-License-Identifier: Apache-2.0
"""What a cycle would export: additions, updates and deletions, and why.

Connect compares every object with what the tenant has now, so a change made by another party is
put back.  CloudSync compares with what was exported before and never looks at the tenant's values.
Both are pure: they read the metaverse, the remembered objects and the imported rows.

The remembered object of an objectGUID ("record"):
    kind, dn, anchor, id     id: the cloud object, absent while it could not be created
    values, references       what was exported last (references as cloud ids)
    blockOnPremisesSync      the source of authority is the cloud
    seen                     AD values while it is (they are not exported)
    replaces                 id of the cloud object whose AD object had this anchor before
    error                    last refusal

Readings chosen where the published text is open:
  - A deletion seen in the Entra import is answered with an addition in the same cycle.
  - An attribute without AD value is removed in the cloud when sync owned a value (it was exported
    at some time, or the object just came back from cloud authority); a value that was in the cloud
    before the match stays.
  - An AD object that was re-created with the anchor of the old one is a new object to the service:
    it is sent as an addition (hard match) and the old one is not deleted.
  - Event 6956 is logged for each skipped object whose AD values changed, and in every full cycle.
  - Cloud Sync learns nothing of the cloud but the source of authority, so that a rollback is taken
    over.  An addition that failed is tried again in every cycle.
"""

import flow
from metaverse import CLIENT_TYPES, ORDER

ANCHOR_CHANGED = 'SourceAnchor attribute has changed.'
EVENT_BLOCKED = 6956


class Pending:
    """One object change that waits for export."""

    __slots__ = ('op', 'guid', 'kind', 'dn', 'id', 'anchor', 'attributes', 'values', 'reason')

    def __init__(self, op, guid, kind, dn, reason, **rest):
        self.op, self.guid, self.kind, self.dn, self.reason = op, guid, kind, dn, reason
        self.id, self.anchor = rest.get('id'), rest.get('anchor')
        self.attributes, self.values = rest.get('attributes'), rest.get('values')

    def wire(self):
        if self.op == 'add':
            return {'op': 'add', 'type': CLIENT_TYPES[self.kind], 'anchor': self.anchor,
                    'attributes': self.attributes}
        if self.op == 'update':
            return {'op': 'update', 'id': self.id, 'attributes': self.attributes}
        return {'op': 'delete', 'id': self.id}

    def show(self):
        return {'op': self.op, 'type': CLIENT_TYPES[self.kind], 'dn': self.dn, 'id': self.id,
                'anchor': self.anchor, 'reason': self.reason, 'attributes': self.attributes}


class Outcome:
    """What planning found; exports in the order they are sent."""

    def __init__(self):
        self.changes, self.deletes = [], []
        self.skipped, self.errors, self.events = [], [], []
        self.gone = []           # records whose cloud object vanished and is not wanted
        self.joined = []         # (candidate, cloud id) of connections found by anchor
        self.frozen = set()      # objects in a rule error: nothing of them is exported

    def skip(self, one, text):
        self.skipped.append({'dn': one.dn, 'type': CLIENT_TYPES[one.kind], 'reason': text})

    def rule_error(self, one, message):
        self.frozen.add(one.guid)
        self.errors.append({'dn': one.dn, 'type': CLIENT_TYPES[one.kind], 'op': 'synchronize',
                            'error': 'sync-rule-error', 'code': None, 'message': message,
                            'id': None})

    def event(self, number, dn, text):
        self.events.append({'id': number, 'dn': dn, 'text': text})


def in_order(metaverse):
    return sorted(metaverse.candidates.values(), key=lambda c: (ORDER.index(c.kind), c.guid))


def add(one, reason):
    return Pending('add', one.guid, one.kind, one.dn, reason, anchor=one.anchor,
                   attributes=dict(one.values), values=one.values)


def update(one, obj_id, attributes, reason):
    return Pending('update', one.guid, one.kind, one.dn, reason, id=obj_id, anchor=one.anchor,
                   attributes=attributes, values=one.values)


def differences(one, have, engine):
    """{attribute: wanted value or None} where the cloud side differs from the AD side."""
    changed = {}
    owned = one.owned if one.owned is not None else (
        flow.VALUE_TARGETS[engine][one.kind] - flow.IGNORE_WHEN_EMPTY[one.kind])
    for name, value in one.values.items():
        if have.get(name) != value and not same_set(have.get(name), value):
            changed[name] = value
    for name, value in have.items():
        if name not in one.values and name in owned and value is not None:
            changed[name] = None
    return changed


def same_set(left, right):
    return isinstance(left, list) and isinstance(right, list) and set(left) == set(right)


def skip_blocked(outcome, one, record, always):
    outcome.skip(one, 'source of authority is the cloud')
    if always or record.get('seen', record.get('values')) != one.values:
        outcome.event(EVENT_BLOCKED, one.dn,
                      'Changes are not synchronized: source of authority is the cloud.')


class Connect:
    """Planning with the cloud's current values."""

    def __init__(self, metaverse, objects, rows, full):
        self.metaverse, self.objects, self.full = metaverse, objects, full
        self.by_id = {r['id']: r for r in rows}
        self.by_anchor = {(r['type'], r['anchor']): r for r in rows if r['anchor']}
        self.owner = {rec['id']: guid for guid, rec in objects.items() if rec.get('id')}
        self.outcome = Outcome()
        self.handed_over = set()

    def plan(self):
        for one in in_order(self.metaverse):
            if one.error:
                self.outcome.rule_error(one, one.error)
                continue
            self.plan_one(one, self.objects.get(one.guid) or {})
        for guid, record in self.objects.items():
            if guid not in self.metaverse.candidates and guid not in self.handed_over:
                self.plan_delete(guid, record)
        return self.outcome

    def plan_one(self, one, record):
        connected = self.by_id.get(record.get('id'))
        if connected is not None and record['anchor'] != one.anchor:
            self.outcome.rule_error(one, ANCHOR_CHANGED)
            return
        row = self.by_anchor.get(one.key)
        if row is None:
            reason = 'gone in the cloud' if record.get('id') else 'new'
            self.outcome.changes.append(add(one, reason))
            return
        holder = self.owner.get(row['id'])
        if holder not in (None, one.guid) or record.get('replaces') == row['id']:
            if holder in self.metaverse.candidates:
                self.outcome.rule_error(one, 'the source anchor is connected to another object')
                return
            self.handed_over.add(holder)
            pending = add(one, 'AD object re-created with the same anchor')
            pending.id = row['id']
            self.outcome.changes.append(pending)
            return
        if record.get('id') != row['id']:
            self.outcome.joined.append((one, row['id']))
        if row['blockOnPremisesSync']:
            skip_blocked(self.outcome, one, record, self.full)
        else:
            self.compare(one, record, row)

    def compare(self, one, record, row):
        changed = differences(one, row['attributes'], 'connect')
        if row['dirSyncEnabled'] is None:
            attributes = {**one.values, **{n: v for n, v in changed.items() if v is None}}
            self.outcome.changes.append(update(one, row['id'], attributes, 'taken over'))
        elif changed:
            before = record.get('values') or {}
            drift = all(before.get(n) == one.values.get(n) for n in changed) and record.get('id')
            self.outcome.changes.append(update(one, row['id'], changed,
                                               'drift' if drift else 'changed in AD'))

    def plan_delete(self, guid, record):
        obj_id = record.get('id') or record.get('replaces')
        row = self.by_id.get(obj_id)
        if row is None:
            self.outcome.gone.append(guid)
        elif row['blockOnPremisesSync']:
            self.outcome.skipped.append({'dn': record['dn'], 'type': row['type'], 'reason':
                                         'deletion skipped: source of authority is the cloud'})
            self.outcome.event(EVENT_BLOCKED, record['dn'],
                               'Deletion is not synchronized: source of authority is the cloud.')
        else:
            self.outcome.deletes.append(deletion(self.metaverse, guid, record, obj_id))


def deletion(metaverse, guid, record, obj_id):
    reason = metaverse.filtered.get(guid)
    return Pending('delete', guid, record['kind'], record['dn'],
                   'out of scope: ' + reason if reason else 'deleted in AD', id=obj_id,
                   anchor=record['anchor'])


class CloudSync:
    """Planning with what was exported before."""

    def __init__(self, metaverse, objects, rows):
        self.metaverse, self.objects = metaverse, objects
        self.links = {r['id']: r for r in rows}
        self.outcome = Outcome()

    def plan(self):
        for one in in_order(self.metaverse):
            if one.error:
                self.outcome.rule_error(one, one.error)
                continue
            self.plan_one(one, self.objects.get(one.guid))
        for guid, record in self.objects.items():
            if guid not in self.metaverse.candidates:
                if record.get('id'):
                    self.outcome.deletes.append(deletion(self.metaverse, guid, record,
                                                         record['id']))
                else:
                    self.outcome.gone.append(guid)
        return self.outcome

    def plan_one(self, one, record):
        if record is None or not record.get('id'):
            self.outcome.changes.append(add(one, 'new'))
            return
        link = self.links.get(record['id'])
        if link is not None and link['blockOnPremisesSync']:
            skip_blocked(self.outcome, one, record, False)
            return
        if link is not None and link['dirSyncEnabled'] is None:
            cleared = {n: None for n in record.get('values') or () if n not in one.values}
            self.outcome.changes.append(update(one, record['id'], {**cleared, **one.values},
                                               'taken over'))
            return
        changed = differences(one, record.get('values') or {}, 'cloudsync')
        if changed:
            self.outcome.changes.append(update(one, record['id'], changed, 'changed in AD'))
