# SPDX-License-Identifier: Apache-2.0
"""One synchronization cycle, in the order of the real engine: import from AD, import from Entra,
synchronize, export to Entra (objects, then references, then deletions), export to AD.

Readings chosen where the published text is open:
  - Deletions are exported after additions and updates, so an AD object that was re-created under
    the same name meets its predecessor once.
  - When the deletion threshold is exceeded, Connect exports nothing at all in that cycle and the
    cycle does not count as successful; Cloud Sync holds back the deletions only.  Connect stops
    above the number, Cloud Sync at the number.
  - References to an object whose authority moved to the cloud stay (users and groups alike): it is
    still in the connector space.  Members that sync does not know are left alone.
  - A cycle with refused objects is a successful one ("completed-export-errors").
"""

import anchors
import exported
import flow
import pending
import settings as config
from metaverse import Metaverse, CLIENT_TYPES

LINK_CHUNK = 2000
EVENT_THRESHOLD = 116
STOPPED = 'stopped-deletion-threshold-exceeded'
QUARANTINE = 'quarantine: TooManyDeletes'


class Cycle:
    """options: full, preview, staging, threshold (overrides of one run)."""

    def __init__(self, source, cloud, chosen, state, options):
        self.source, self.cloud, self.state, self.options = source, cloud, state, options
        self.settings, self.waiting = config.applied(chosen, state, options.full)
        self.engine = self.settings['engine']
        self.objects, self.exporting = state['objects'], False
        self.staging = options.staging or self.settings['staging']
        self.report = {'engine': self.engine, 'full': options.full, 'staging': self.staging,
                       'preview': options.preview, 'status': 'success', 'waiting': self.waiting,
                       'imports': {}, 'exports': {}, 'operations': [], 'references': 0,
                       'warnings': [], 'results': {}, 'quarantined': []}

    def run(self):
        """Report of the cycle; the state is changed in place, the caller stores it."""
        tenant = self.cloud.status()
        if not tenant['enabled']:
            raise config.Unusable('directory synchronization is switched off for the tenant')
        self.synchronize()
        outcome = self.plan()
        self.report.update(skipped=outcome.skipped, errors=outcome.errors, events=outcome.events)
        deletes = self.guard(outcome, tenant)
        self.exporting = not (self.staging or self.options.preview)
        self.report['pending'] = self.summary(outcome.changes + deletes)
        if self.exporting and self.report['status'] != STOPPED:
            self.connect(outcome)
            self.export(outcome.changes)
            self.export_references(outcome.frozen)
            self.export(deletes)
            self.write_back()
            self.remember()
            self.report['lastSync'] = self.cloud.complete(self.engine)['lastSync']
            if self.report['errors'] and self.report['status'] == 'success':
                self.report['status'] = 'completed-export-errors'
        else:
            self.report['operations'] = [p.show() for p in outcome.changes + deletes]
        self.state['filtered'] = self.metaverse.filtered
        self.state['applied'] = {k: self.settings[k] for k in config.NEED_FULL}
        self.state['cycles'] += 1
        return self.report

    def synchronize(self):
        """Import from AD and inbound synchronization, by the default rules or by exported ones."""
        context = self.source.context()
        if self.options.rules is None:
            entries, proof = self.source.read()
            self.metaverse = Metaverse(entries, self.settings, context, self.objects)
        else:
            if self.engine != 'connect':
                raise config.Unusable('exported rules are rules of Connect')
            mapped = exported.Mapped(self.options.rules, self.options.map, context)
            self.report['rules'] = mapped.notes
            entries, proof = self.source.read(exported.attribute_names(mapped), exported.FILTER)
            self.metaverse = exported.Exported(entries, mapped, self.settings, context,
                                               self.objects)
        self.count_import(entries, proof)

    def plan(self):
        """Cloud Sync in a full run evaluates everything against the tenant, as Connect does."""
        if self.engine == 'connect' or self.options.full:
            rows, deleted = self.cloud.rows()
            outcome = pending.Connect(self.metaverse, self.objects, rows, self.options.full).plan()
            self.rows = {r['id']: r for r in rows}
        else:
            rows, deleted = self.cloud.rows('links')
            outcome = pending.CloudSync(self.metaverse, self.objects, rows).plan()
            self.rows = None
        self.blocked = {r['id'] for r in rows if r['blockOnPremisesSync']}
        self.report['imports']['entra'] = {'objects': len(rows), 'softDeleted': len(deleted),
                                           'cloudManaged': len(self.blocked)}
        return outcome

    def count_import(self, entries, proof):
        kinds, reasons = {}, {}
        for one in self.metaverse.candidates.values():
            kinds[one.kind] = kinds.get(one.kind, 0) + 1
        for reason in self.metaverse.filtered.values():
            reasons[reason] = reasons.get(reason, 0) + 1
        self.report['imports']['ad'] = dict(proof, read=len(entries), inScope=kinds,
                                            filtered=reasons)

    # -- accidental deletions -------------------------------------------------------------------

    def guard(self, outcome, tenant):
        """Deletions that may be exported; sets the status when the threshold is exceeded."""
        count = len(outcome.deletes)
        limit = self.limit(tenant)
        if limit is None or count < limit or (count == limit and self.engine == 'connect'):
            return outcome.deletes
        self.report['status'] = STOPPED if self.engine == 'connect' else QUARANTINE
        self.report['threshold'] = {'limit': limit, 'pendingDeletes': count}
        outcome.event(EVENT_THRESHOLD, None, '%d deletions pending, the threshold is %d.'
                      % (count, limit))
        for one in outcome.deletes:
            outcome.skipped.append({'dn': one.dn, 'type': CLIENT_TYPES[one.kind],
                                    'reason': 'staged delete (threshold)'})
        return []

    def limit(self, tenant):
        """Number of deletions that is still allowed; None: no check."""
        chosen = self.options.threshold
        if chosen is None:
            chosen = self.settings['threshold']
        if chosen is not None:
            return None if chosen == 'off' else int(chosen)
        rule = tenant['deletionPrevention']
        if rule['synchronizationPreventionType'] == 'disabled':
            return None
        if rule['synchronizationPreventionType'] == 'enabledForPercentage':
            return len(self.objects) * rule['alertThreshold'] // 100
        return rule['alertThreshold']

    def connect(self, outcome):
        """Connections that the import itself made or ended."""
        for guid in outcome.gone:
            self.objects.pop(guid, None)
        for one, obj_id in outcome.joined:
            self.objects[one.guid] = {'kind': one.kind, 'dn': one.dn, 'anchor': one.anchor,
                                      'id': obj_id, 'values': one.values, 'references': {}}

    # -- export to Entra ------------------------------------------------------------------------

    def export(self, changes):
        results = self.cloud.export([p.wire() for p in changes], self.engine)
        again = []
        for one, result in zip(changes, results):
            if result['status'] == 'error' and result['error'] == 'ObjectNotFound' and \
                    self.engine == 'cloudsync' and one.op == 'update':
                again.append(self.as_addition(one.guid))
                continue
            self.settle(one, result)
        if again:
            self.export(again)

    def as_addition(self, guid):
        """The cloud object is gone; the changed AD object is provisioned again."""
        record = self.objects[guid]
        record.pop('id', None)
        record['references'] = {}
        return pending.add(self.metaverse.candidates[guid], 'gone in the cloud')

    def settle(self, one, result):
        """Take the answer to one operation into the state and the report."""
        shown = dict(one.show(), result=result['status'], id=result.get('id') or one.id,
                     action=result.get('action'))
        self.report['operations'].append(shown)
        count = self.report['exports'].setdefault(CLIENT_TYPES[one.kind], {})
        if result['status'] == 'error':
            self.refused(one, result)
            count['errors'] = count.get('errors', 0) + 1
            return
        action = result['action'] if result['status'] == 'success' else 'skipped'
        count[action] = count.get(action, 0) + 1
        if result['status'] == 'skipped':
            self.report['skipped'].append({'dn': one.dn, 'type': CLIENT_TYPES[one.kind],
                                           'reason': result['action']})
        elif one.op == 'delete':
            self.objects.pop(one.guid, None)
        else:
            self.connected(one, result)

    def refused(self, one, result):
        self.report['errors'].append({
            'dn': one.dn, 'type': CLIENT_TYPES[one.kind], 'op': one.op, 'error': result['error'],
            'code': result.get('code'), 'message': result.get('message'), 'id': result.get('id')})
        if one.op == 'add':
            self.hand_over(one.id)
            self.objects[one.guid] = {'kind': one.kind, 'dn': one.dn, 'anchor': one.anchor,
                                      'error': result['error']}
            if one.id:
                self.objects[one.guid]['replaces'] = one.id
        elif one.guid in self.objects:
            self.objects[one.guid]['error'] = result['error']
            if result['error'] == 'DeletingCloudOnlyObjectNotAllowed':
                del self.objects[one.guid]

    def hand_over(self, obj_id):
        """Forget the record of an AD object whose anchor another one has taken."""
        for guid, record in list(self.objects.items()) if obj_id else ():
            if record.get('id') == obj_id and guid not in self.metaverse.candidates:
                del self.objects[guid]

    def connected(self, one, result):
        if one.op == 'add':
            self.hand_over(one.id)
        record = self.objects.setdefault(one.guid, {})
        if one.op == 'add' or not record.get('id'):
            record.update(references={})
        record.update(kind=one.kind, dn=one.dn, anchor=one.anchor, id=result['id'],
                      values=one.values)
        for name in ('error', 'replaces'):
            record.pop(name, None)
        if result.get('quarantined'):
            self.report['quarantined'].append({'dn': one.dn, 'id': result['id'],
                                               'values': result['quarantined']})
        if one.op == 'add' and one.kind == 'device' and result['action'] == 'added':
            record['owner_pending'] = True

    # -- references -----------------------------------------------------------------------------

    def export_references(self, frozen):
        """Second pass: every reference whose target has a cloud object by now."""
        operations, owners = [], []
        for guid, one in self.metaverse.candidates.items():
            record = self.objects.get(guid) or {}
            if not record.get('id') or record['id'] in self.blocked or guid in frozen:
                continue
            wanted = self.wanted_references(one, record)
            before = self.known_references(record)
            for operation in reference_operations(record['id'], wanted, before):
                operations.append(operation)
                owners.append((guid, wanted))
        results = self.cloud.export(operations, self.engine)
        again = []
        for (guid, wanted), operation, result in zip(owners, operations, results):
            one = self.metaverse.candidates[guid]
            if result['status'] == 'error':
                if result['error'] == 'ObjectNotFound' and self.engine == 'cloudsync':
                    again.append(guid)
                else:
                    self.reference_refused(one, operation, result)
                continue
            self.objects[guid]['references'] = wanted
            self.objects[guid].pop('owner_pending', None)
            self.report['references'] += (len(operation.get('set') or ()) +
                                          len(operation.get('add') or ()) +
                                          len(operation.get('remove') or ()))
        if again:
            self.export([self.as_addition(guid) for guid in sorted(set(again))])
            self.export_references(frozen)

    def reference_refused(self, one, operation, result):
        self.report['errors'].append({
            'dn': one.dn, 'type': CLIENT_TYPES[one.kind], 'op': 'references',
            'error': result['error'], 'code': result.get('code'),
            'message': result.get('message'), 'id': operation['id']})

    def wanted_references(self, one, record):
        wanted = {}
        for name, names in one.references.items():
            ids = sorted({self.objects[t]['id'] for t in map(self.metaverse.target, names)
                          if t is not None and self.objects.get(t, {}).get('id')})
            if ids:
                wanted[name] = ids if name in SETS else ids[0]
        if record.get('owner_pending') and one.creator in self.metaverse.by_sid:
            owner = self.objects.get(self.metaverse.by_sid[one.creator]) or {}
            if owner.get('id'):
                wanted['registeredOwner'] = owner['id']
        return wanted

    def known_references(self, record):
        if self.rows is None:
            return record.get('references') or {}
        row = self.rows.get(record['id'])
        return row['references'] if row is not None else {}

    # -- export to AD, and the state ------------------------------------------------------------

    def write_back(self):
        """The anchor of a new user goes into its empty mS-DS-ConsistencyGuid."""
        if self.settings['anchor'] != anchors.CONSISTENCY:
            return
        for one in self.metaverse.candidates.values():
            record = self.objects.get(one.guid) or {}
            if one.kind != 'user' or one.consistency or not record.get('id'):
                continue
            error = self.source.write_consistency_guid(one.dn, anchors.decode(one.anchor))
            if error:
                self.report['warnings'].append('permission-issue: %s: %s' % (one.dn, error))
            else:
                count = self.report['exports'].setdefault('AD', {})
                count['mS-DS-ConsistencyGuid'] = count.get('mS-DS-ConsistencyGuid', 0) + 1

    def remember(self):
        """Names and block flags of everything connected, also where nothing was exported."""
        for guid, one in self.metaverse.candidates.items():
            record = self.objects.get(guid)
            if record is not None:
                record['dn'] = one.dn
                for name in ('blockOnPremisesSync', 'seen'):
                    record.pop(name, None)
                if record.get('id') in self.blocked:
                    record.update(blockOnPremisesSync=True, seen=one.values)

    def summary(self, changes):
        found = {}
        for one in changes:
            kinds = found.setdefault(one.op, {})
            kinds[CLIENT_TYPES[one.kind]] = kinds.get(CLIENT_TYPES[one.kind], 0) + 1
        return found


SETS = frozenset(r.target for rules in flow.CONNECT.values() for r in rules
                 if r.kind == 'references')


def reference_operations(obj_id, wanted, before):
    """Operations that turn the references of one object into the wanted ones."""
    have, want = set(before.get('member') or ()), set(wanted.get('member') or ())
    adding, removing = sorted(want - have), sorted(have - want)
    single = {name: wanted.get(name) for name in set(wanted) | set(before)
              if name != 'member' and wanted.get(name) != before.get(name) and
              (name != 'registeredOwner' or name in wanted)}
    operations = [{'op': 'references', 'id': obj_id, 'set': single}] if single else []
    for at in range(0, max(len(adding), len(removing)), LINK_CHUNK):
        operations.append({'op': 'references', 'id': obj_id,
                           'add': adding[at:at + LINK_CHUNK],
                           'remove': removing[at:at + LINK_CHUNK]})
    return operations
