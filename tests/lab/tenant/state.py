# SPDX-License-Identifier: Apache-2.0
"""State of the lab tenant: objects, links, clock, settings, audit log, and how they are stored.

This is the only place that changes objects.  The Graph routes decide whether a request is allowed;
the sync service (provisioning.py) decides what the engine writes; both then call the primitives
below.  The primitives enforce nothing about permissions or on-premises mastery.  They keep the
indexes, write one audit record per change, run the soft-delete clock and bump Obj.rev.

    tenant.lock                      RLock; hold it over read-decide-write
    tenant.now()                     aware UTC datetime of the tenant's settable clock
    tenant.timestamp()               the same as Graph text, '2026-11-23T17:00:00Z'
    tenant.objects                   id -> Obj, live and soft-deleted together

    Obj.id, .type                    'user' 'group' 'orgContact' 'device' 'application' ...
    Obj.props                        Graph properties that have a value (absent = null or [])
    Obj.deleted_at                   None, or the aware datetime of the soft deletion
    Obj.links                        'members' 'owners' 'manager' 'sponsors' ... -> {id: True}
    Obj.sync                         what only the sync service knows (all persisted):
        anchor           base64 source anchor, every synchronized type (users also show it as
                         onPremisesImmutableId; set both through set_sync)
        cloud_managed    source of authority moved to the cloud (isCloudManaged)
        was_synced       the sync service has owned it at some time
        object_identifier  onPremisesObjectIdentifier (textual AD objectGUID)
        shadow           what the engine sent last, by Graph property name
        anything else the sync service wants to keep

    Primitives (actor first: Actor.app / Actor.user / tenant.sync_actor() / tenant.system_actor())
        create(actor, type, props, id=None, sync=None, links=None, audit=True) -> Obj
        update(actor, obj, changes, audit=True)   None clears; returns the names really changed
        set_sync(obj, **values)                   changes Obj.sync and keeps the anchor index
        soft_delete(actor, obj)                   users also lose the UPN (renamed while deleted)
        restore(actor, obj, upn=None)             back from soft delete
        hard_delete(actor, obj)                   live or soft-deleted; links to it disappear
        add_link(actor, obj, name, target) / remove_link(actor, obj, name, target) -> changed?
        set_manager(actor, obj, target or None)   single valued
        audit(actor, activity, category, operation, service, targets, details=(), result='success')
        mark_sync_cycle(when=None, password=False)   organization.onPremisesLastSyncDateTime

    Look-ups (None or an Obj; lists where several are possible)
        by_type(type, deleted=False) -> list in creation order
        find_anchor(anchor, type=None) -> list, live first, soft-deleted included
        find_upn(upn), find_proxy(address) -> live objects that hold it; find_sid(sid) -> list
        find_device(device_id);  members_of(obj) -> [Obj];  parents(obj, link) -> [Obj]
        is_privileged(obj)               holds a directory role that counts as administrative

    tenant.settings                  dict, see SETTINGS; tenant.features (graph.md 6.2 names);
    tenant.deletion_prevention       {'synchronizationPreventionType', 'alertThreshold'}
"""

import base64
import bisect
import datetime
import json
import os
import random
import threading
import uuid

import audit as log
import feed

UTC = datetime.timezone.utc
RETENTION = datetime.timedelta(days=30)
SOFT_DELETABLE = ('user', 'application', 'servicePrincipal', 'conditionalAccessPolicy',
                  'namedLocation')
HAS_CREATED = ('user', 'group', 'application', 'conditionalAccessPolicy', 'namedLocation',
               'appRoleAssignment', 'organization')
HAS_MODIFIED = ('conditionalAccessPolicy', 'namedLocation')
HAS_SID = ('user', 'group')

SETTINGS = {
    'sync_identity': 'app',            # or 'classic': which identity the sync engine writes with
    'audit_delay_seconds': 0,          # late arrival of audit records
    'audit_retention_days': 30,        # 7 for a free tenant
    'audit_usage_location': False,     # the real log leaves usageLocation out, by design
    'token_lifetime_seconds': 3599,
    'page_token_lifetime_seconds': 1800,
    'delta_token_lifetime_days': 7,    # 30 before 2020-07
    'delta_page_size': 100,            # items of one page of a round
    'delta_slice': 40,                 # links of one item; the object is repeated for the rest
    'onprem_sync_app_only': False,     # older service: app-only may read onPremisesSynchronization
    'replication_delay_seconds': 0,    # a created object is 404 for that long
    'password_writeback': False,
    'throttle': False,                 # count resource units and refuse above the documented quota
    'backup_id': 'epoch',              # or 'iso': what the id of a backup snapshot encodes
    'backup_totals': False,            # tell totalChangedObjects (documented, never measured)
    'backup_get_by_id': False,         # answer for one snapshot (documented; 404 was measured)
    'backup_paging': 'skiptoken',      # or 'skip': what a next page of changes is asked with
    'backup_stage_seconds': 60,        # how long a preview job stays in each state
    'unlinked_editable': True,         # may a user with onPremisesSyncEnabled=false be edited
}
FEATURES = {
    'allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled': False,
    'blockCloudObjectTakeoverThroughHardMatchEnabled': False,
    'blockSoftMatchEnabled': False, 'bypassDirSyncOverridesEnabled': False,
    'cloudPasswordPolicyForPasswordSyncedUsersEnabled': False,
    'concurrentCredentialUpdateEnabled': False, 'concurrentOrgIdProvisioningEnabled': False,
    'deviceWritebackEnabled': False, 'directoryExtensionsEnabled': False,
    'fopeConflictResolutionEnabled': False, 'groupWriteBackEnabled': False,
    'passwordSyncEnabled': False, 'passwordWritebackEnabled': False,
    'quarantineUponProxyAddressesConflictEnabled': True,
    'quarantineUponUpnConflictEnabled': True, 'softMatchOnUpnEnabled': True,
    'synchronizeUpnForManagedUsersEnabled': True, 'unifiedGroupWritebackEnabled': False,
    'userForcePasswordChangeOnLogonEnabled': False, 'userWritebackEnabled': False,
}
LINK_AUDITS = {  # (type, link) -> noun of 'Add <noun> to <type>', category
    ('group', 'members'): ('member', 'group', 'GroupManagement'),
    ('group', 'owners'): ('owner', 'group', 'GroupManagement'),
    ('application', 'owners'): ('owner', 'application', 'ApplicationManagement'),
    ('servicePrincipal', 'owners'): ('owner', 'service principal', 'ApplicationManagement'),
    ('directoryRole', 'members'): ('member', 'role', 'RoleManagement'),
    ('device', 'registeredOwners'): ('registered owner', 'device', 'Device'),
    ('device', 'registeredUsers'): ('registered users', 'device', 'Device'),
    ('user', 'sponsors'): ('sponsor', 'user', 'UserManagement'),
}


def graph_time(when):
    """Graph text of a datetime, whole seconds."""
    return when.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


def parse_time(text):
    """datetime of RFC 3339 text with 0-7 fractional digits; ValueError otherwise."""
    if text.endswith(('Z', 'z')):
        text = text[:-1] + '+00:00'
    head, dot, tail = text.partition('.')
    if dot:
        digits = len(tail) - len(tail.lstrip('0123456789'))
        text = head + '.' + tail[:digits][:6].ljust(6, '0') + tail[digits:]
    when = datetime.datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def cloud_sid(object_id):
    """The S-1-12-1 security identifier that Entra derives from an object id."""
    raw = uuid.UUID(object_id).bytes_le
    return 'S-1-12-1-' + '-'.join(str(int.from_bytes(raw[i:i + 4], 'little'))
                                  for i in range(0, 16, 4))


class Actor:
    """Who makes a change; becomes initiatedBy of the audit record."""

    def __init__(self, kind, id=None, display_name=None, app_id=None, upn=None, is_sync=False):
        self.kind, self.id, self.display_name = kind, id, display_name
        self.app_id, self.upn, self.is_sync = app_id, upn, is_sync

    @classmethod
    def app(cls, service_principal, is_sync=False):
        props = service_principal.props
        return cls('app', service_principal.id, props.get('displayName'), props.get('appId'),
                   is_sync=is_sync)

    @classmethod
    def user(cls, user, is_sync=False):
        return cls('user', user.id, user.props.get('displayName'),
                   upn=user.props.get('userPrincipalName'), is_sync=is_sync)


class Obj:
    """One directory object; see the top of this file."""

    __slots__ = ('id', 'type', 'props', 'deleted_at', 'links', 'sync', 'seq', 'rev', 'cache',
                 'visible_at')

    def __init__(self, obj_type, obj_id, seq):
        self.id, self.type, self.seq = obj_id, obj_type, seq
        self.props, self.links, self.sync = {}, {}, {}
        self.deleted_at = self.visible_at = None
        self.rev, self.cache = 0, None

    def touched(self):
        self.rev += 1
        self.cache = None

    @property
    def on_prem_mastered(self):
        """Mastered in AD now: Graph refuses writes of mastered properties."""
        return self.props.get('onPremisesSyncEnabled') is True

    @property
    def anchor(self):
        return self.props.get('onPremisesImmutableId') or self.sync.get('anchor')

    def dump(self):
        return {'id': self.id, 'type': self.type, 'seq': self.seq, 'props': self.props,
                'links': {k: list(v) for k, v in self.links.items() if v}, 'sync': self.sync,
                'deleted_at': self.deleted_at and self.deleted_at.isoformat()}

    @classmethod
    def load(cls, data):
        obj = cls(data['type'], data['id'], data['seq'])
        obj.props, obj.sync = data['props'], data['sync']
        obj.links = {k: dict.fromkeys(v, True) for k, v in data['links'].items()}
        if data['deleted_at']:
            obj.deleted_at = datetime.datetime.fromisoformat(data['deleted_at'])
        return obj


class Index:
    """Keys that must be found quickly: (kind, lower-cased or exact value) -> {id: True}."""

    def __init__(self):
        self.keys = {}

    @staticmethod
    def of(obj):
        props = obj.props
        if obj.anchor:
            yield 'anchor', obj.anchor
        for name in ('userPrincipalName', 'onPremisesSecurityIdentifier', 'securityIdentifier',
                     'deviceId', 'appId', 'mailNickname'):
            if props.get(name):
                yield name, props[name].lower()
        for address in props.get('proxyAddresses') or ():
            yield 'proxy', address.lower()

    def add(self, obj):
        for key in self.of(obj):
            self.keys.setdefault(key, {})[obj.id] = True

    def drop(self, obj):
        for key in self.of(obj):
            ids = self.keys.get(key)
            if ids:
                ids.pop(obj.id, None)
                if not ids:
                    del self.keys[key]

    def ids(self, kind, value):
        return list(self.keys.get((kind, value), ()))


class Tenant:
    """The whole tenant; see the top of this file."""

    def __init__(self, domain, initial_domain, tenant_id=None):
        self.lock = threading.RLock()
        self.domain, self.initial_domain = domain, initial_domain
        self.tenant_id = tenant_id or str(uuid.uuid4())
        self.objects, self.order, self.index = {}, {}, Index()
        self.back = {}                    # target id -> {(source id, link): True}
        self.deleted = {}                 # soft-deleted id -> Obj
        self.audits = []
        self.feed = feed.Feed()           # what delta queries tell, see feed.py
        self.settings, self.features = dict(SETTINGS), dict(FEATURES)
        self.deletion_prevention = {'synchronizationPreventionType': 'enabledForCount',
                                    'alertThreshold': 500}
        self.sync_configuration = {}      # beta parts of onPremisesSynchronization.configuration
        self.secrets = {}                 # appId -> [{'value', 'expires', 'disabled'}]
        self.extra = {}                   # anything other modules must persist
        self.clock_offset, self.clock_fixed = 0.0, None
        self.seq = self.audit_seq = 0
        self.random = random.Random(uuid.UUID(self.tenant_id).int)

    # -- clock ----------------------------------------------------------------------------------

    def now(self):
        if self.clock_fixed:
            return self.clock_fixed
        return datetime.datetime.now(UTC) + datetime.timedelta(seconds=self.clock_offset)

    def timestamp(self):
        return graph_time(self.now())

    def set_clock(self, now=None, offset_seconds=None, advance_seconds=None, frozen=None):
        with self.lock:
            if offset_seconds is not None:
                self.clock_offset, self.clock_fixed = float(offset_seconds), None
            target = parse_time(now) if now is not None else self.now()
            if advance_seconds is not None:
                target += datetime.timedelta(seconds=float(advance_seconds))
            freeze = self.clock_fixed is not None if frozen is None else frozen
            self.clock_offset = (target - datetime.datetime.now(UTC)).total_seconds()
            self.clock_fixed = target if freeze else None
            self.purge()

    def purge(self):
        """Hard delete what has been soft-deleted for 30 days; called before every request."""
        if not self.deleted:
            return
        limit = self.now() - RETENTION
        for obj in [o for o in self.deleted.values() if o.deleted_at <= limit]:
            self.hard_delete(self.system_actor(), obj)

    # -- actors ---------------------------------------------------------------------------------

    def sync_actor(self):
        """The identity the sync engine writes with, by settings['sync_identity']."""
        if self.settings['sync_identity'] == 'classic':
            return Actor.user(self.objects[self.extra['sync_user']], is_sync=True)
        return Actor.app(self.objects[self.extra['sync_sp']], is_sync=True)

    @staticmethod
    def system_actor():
        return Actor('app', None, 'Microsoft Azure AD Internal - Lifecycle')

    # -- look-ups -------------------------------------------------------------------------------

    def by_type(self, obj_type, deleted=False):
        if deleted:
            return sorted((o for o in self.deleted.values() if o.type == obj_type),
                          key=lambda o: o.seq)
        return list(self.order.get(obj_type, ()))

    def _live(self, kind, value):
        found = [self.objects[i] for i in self.index.ids(kind, value)]
        return [o for o in found if o.deleted_at is None]

    def find_anchor(self, anchor, obj_type=None):
        found = [self.objects[i] for i in self.index.ids('anchor', anchor)]
        found = [o for o in found if obj_type in (None, o.type)]
        return sorted(found, key=lambda o: (o.deleted_at is not None, o.seq))

    def find_upn(self, upn):
        return next(iter(self._live('userPrincipalName', upn.lower())), None)

    def find_proxy(self, address):
        return self._live('proxy', address.lower())

    def find_sid(self, sid):
        return self._live('onPremisesSecurityIdentifier', sid.lower())

    def find_nickname(self, nickname):
        return self._live('mailNickname', nickname.lower())

    def find_device(self, device_id):
        return next(iter(self._live('deviceId', device_id.lower())), None)

    def find_app(self, app_id, obj_type):
        return next((o for o in self._live('appId', app_id.lower()) if o.type == obj_type), None)

    def linked(self, obj, name):
        """Live targets of a link, in the order they were added."""
        found = (self.objects.get(i) for i in obj.links.get(name, ()))
        return [o for o in found if o is not None and o.deleted_at is None]

    def members_of(self, obj):
        return self.linked(obj, 'members')

    def parents(self, obj, link='members'):
        found = [self.objects[s] for s, name in self.back.get(obj.id, ()) if name == link]
        return sorted((o for o in found if o.deleted_at is None), key=lambda o: o.seq)

    def is_privileged(self, obj):
        """Direct or by group: holds any directory role (soft-deleted objects keep theirs)."""
        seen, todo = set(), [obj.id]
        while todo:
            for source, name in self.back.get(todo.pop(), ()):
                if name != 'members' or source in seen:
                    continue
                seen.add(source)
                if self.objects[source].type == 'directoryRole':
                    return True
                todo.append(source)
        return False

    # -- primitives -----------------------------------------------------------------------------

    def create(self, actor, obj_type, props, id=None, sync=None, links=None, audit=True):
        with self.lock:
            self.seq += 1
            obj = Obj(obj_type, id or str(uuid.uuid4()), self.seq)
            if obj.id in self.objects:
                raise ValueError('duplicate id ' + obj.id)
            obj.props = {k: v for k, v in props.items() if v is not None}
            if obj_type in HAS_CREATED:
                obj.props.setdefault('createdDateTime', self.timestamp())
            if obj_type in HAS_SID:
                obj.props.setdefault('securityIdentifier', cloud_sid(obj.id))
            obj.sync = dict(sync or {})
            delay = self.settings['replication_delay_seconds']
            if delay:
                obj.visible_at = self.now() + datetime.timedelta(seconds=delay)
            self.objects[obj.id] = obj
            self.order.setdefault(obj_type, []).append(obj)
            self.index.add(obj)
            self.feed.note(obj, feed.CREATED)
            for name, targets in (links or {}).items():
                for one in targets:
                    self._link(obj, name, one)
            if audit and obj_type in log.KINDS:
                changes = {k: v for k, v in obj.props.items() if k != '@odata.type'}
                self._audit_object(actor, 'Add', obj, log.property_changes(obj, {}, changes, ()))
            return obj

    def update(self, actor, obj, changes, audit=True):
        """Returns the sorted names whose value really changed."""
        with self.lock:
            new = {k: v for k, v in changes.items()
                   if (obj.props.get(k) or None) != (v or None) or
                   (isinstance(v, bool) and obj.props.get(k) is not v) or
                   (v is None and isinstance(obj.props.get(k), bool))}
            if not new:
                return []
            old = {k: obj.props.get(k) for k in new}
            for key in new:
                self.feed.note(obj, key)
            self.index.drop(obj)
            for key, value in new.items():
                if value is None:
                    obj.props.pop(key, None)
                else:
                    obj.props[key] = value
            if obj.type in HAS_MODIFIED:
                obj.props['modifiedDateTime'] = self.timestamp()
            self.index.add(obj)
            obj.touched()
            if audit and obj.type in log.KINDS:
                self._audit_update(actor, obj, old, new)
            return sorted(new)

    def set_sync(self, obj, **values):
        """Change Obj.sync; 'anchor' of a user is also shown as onPremisesImmutableId."""
        with self.lock:
            self.index.drop(obj)
            obj.sync.update(values)
            if 'anchor' in values and obj.type == 'user':
                self.feed.note(obj, 'onPremisesImmutableId')
                if values['anchor'] is None:
                    obj.props.pop('onPremisesImmutableId', None)
                else:
                    obj.props['onPremisesImmutableId'] = values['anchor']
            self.index.add(obj)
            obj.touched()

    def soft_delete(self, actor, obj):
        """Keeps id, properties, links; a synchronized object loses its sync flag."""
        with self.lock:
            if obj.deleted_at:
                return
            self._audit_object(actor, 'Delete', obj)
            self.index.drop(obj)
            obj.deleted_at = self.now()
            obj.props['deletedDateTime'] = graph_time(obj.deleted_at)
            if obj.type == 'user':
                obj.sync['upn_before_deletion'] = obj.props['userPrincipalName']
                obj.props['userPrincipalName'] = (obj.id.replace('-', '') +
                                                  obj.props['userPrincipalName'])
            if obj.on_prem_mastered:
                obj.props['onPremisesSyncEnabled'] = False
                obj.sync['was_synced'] = True
            self.index.add(obj)
            obj.touched()
            self._unorder(obj)
            self.deleted[obj.id] = obj
            self._note_life(obj, feed.DELETED)

    def restore(self, actor, obj, upn=None, audit=True):
        with self.lock:
            self.index.drop(obj)
            obj.deleted_at = None
            obj.props.pop('deletedDateTime', None)
            if obj.type == 'user':
                before = obj.sync.pop('upn_before_deletion', None)
                obj.props['userPrincipalName'] = upn or before or obj.props['userPrincipalName']
            self.index.add(obj)
            obj.touched()
            self.deleted.pop(obj.id, None)
            bisect.insort(self.order.setdefault(obj.type, []), obj, key=lambda o: o.seq)
            self._note_life(obj, feed.RESTORED)
            if audit:
                self._audit_object(actor, 'Restore', obj)

    def hard_delete(self, actor, obj):
        """A live object goes at once; the record is 'Delete' then, 'Hard Delete' otherwise."""
        with self.lock:
            verb = 'Hard Delete' if obj.deleted_at or obj.type == 'user' else 'Delete'
            self._audit_object(actor, verb, obj)
            self.index.drop(obj)
            for name in list(obj.links):
                for one in list(obj.links[name]):
                    self._unlink(obj, name, one)
            for source, name in list(self.back.get(obj.id, ())):
                self._unlink(self.objects[source], name, obj.id)
            self.back.pop(obj.id, None)
            self.feed.note(obj, feed.GONE)
            if obj.deleted_at:
                del self.deleted[obj.id]
            else:
                self._unorder(obj)
            del self.objects[obj.id]

    def add_link(self, actor, obj, name, target, audit=True):
        with self.lock:
            if target.id in obj.links.get(name, ()):
                return False
            self._link(obj, name, target.id)
            if audit:
                self._audit_link(actor, 'Add', obj, name, target)
            return True

    def remove_link(self, actor, obj, name, target, audit=True):
        with self.lock:
            if target.id not in obj.links.get(name, ()):
                return False
            self._unlink(obj, name, target.id)
            if audit:
                self._audit_link(actor, 'Remove', obj, name, target)
            return True

    def set_manager(self, actor, obj, target, audit=True):
        with self.lock:
            before = next(iter(obj.links.get('manager', ())), None)
            if before == (target.id if target else None):
                return False
            if before:
                self._unlink(obj, 'manager', before)
            if target:
                self._link(obj, 'manager', target.id)
            if audit and obj.type == 'user':
                rows = [log.modified('Manager', log.encode(before),
                                     log.encode(target and target.id))]
                targets = [log.target(obj, rows)] + ([log.target(target)] if target else [])
                self.audit(actor, 'Set user manager', 'UserManagement', 'Update',
                           'Core Directory', targets)
            return True

    def mark_sync_cycle(self, when=None, password=False):
        org = self.objects[self.tenant_id]
        with self.lock:
            org.props['onPremisesSyncEnabled'] = True
            stamp = graph_time(when or self.now())
            org.props['onPremisesLastSyncDateTime'] = stamp
            if password:
                org.props['onPremisesLastPasswordSyncDateTime'] = stamp
            org.touched()

    # -- audit ----------------------------------------------------------------------------------

    def audit(self, actor, activity, category, operation, service, targets, details=(),
              result='success', reason=''):
        """Append one record; it becomes readable after settings['audit_delay_seconds']."""
        with self.lock:
            self.audit_seq += 1
            now = self.now()
            correlation = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            code = ''.join(self.random.choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
                           for _ in range(5))
            record = {
                'id': 'Directory_%s_%s_%d' % (correlation, code, self.audit_seq),
                'category': category, 'correlationId': correlation, 'result': result,
                'resultReason': reason, 'activityDisplayName': activity,
                'activityDateTime': now.strftime('%Y-%m-%dT%H:%M:%S.%f') + '0Z',
                'loggedByService': service, 'operationType': operation,
                'initiatedBy': log.initiator(actor), 'targetResources': targets,
                'additionalDetails': list(details)}
            visible = now + datetime.timedelta(seconds=self.settings['audit_delay_seconds'])
            self.audits.append((record, now.timestamp(), visible.timestamp()))
            return record

    def _audit_object(self, actor, verb, obj, rows=()):
        if obj.type not in log.KINDS:
            return
        rows = list(rows)
        if actor.is_sync:
            rows.append(log.modified('Action Client Name', None, 'DirectorySync'))
        self.audit(actor, *log.activity(verb, obj.type), [log.target(obj, rows)])

    def _audit_update(self, actor, obj, old, new):
        skip = ['signInActivity', 'approximateLastSignInDateTime']
        if not self.settings['audit_usage_location']:
            skip.append('usageLocation')
        rows = log.property_changes(obj, old, new, skip)
        if not rows:
            return
        self._audit_object(actor, 'Update', obj, rows)
        if obj.type == 'user' and isinstance(new.get('accountEnabled'), bool):
            name = 'Enable account' if new['accountEnabled'] else 'Disable account'
            row = log.modified('AccountEnabled', log.encode(old['accountEnabled']),
                               log.encode(new['accountEnabled']))
            self.audit(actor, name, 'UserManagement', 'Update', 'Core Directory',
                       [log.target(obj, [row])])

    def _audit_link(self, actor, verb, obj, name, target):
        if (obj.type, name) not in LINK_AUDITS:
            return
        noun, holder, category = LINK_AUDITS[obj.type, name]
        label = {'group': 'Group', 'directoryRole': 'Role'}.get(obj.type,
                                                                log.KINDS[obj.type][2])
        values = [(label + '.ObjectID', obj.id), (label + '.DisplayName',
                                                  obj.props.get('displayName'))]
        rows = [log.modified(key, None if verb == 'Add' else log.quoted(value),
                             log.quoted(value) if verb == 'Add' else None)
                for key, value in values]
        if actor.is_sync:
            rows.append(log.modified('Action Client Name', None, 'DirectorySync'))
        word = 'to' if verb == 'Add' else 'from'
        self.audit(actor, '%s %s %s %s' % (verb, noun, word, holder), category,
                   'Assign' if verb == 'Add' else 'Unassign', 'Core Directory',
                   [log.target(target, rows), log.target(obj)])

    # -- plumbing -------------------------------------------------------------------------------

    def _link(self, obj, name, target_id):
        obj.links.setdefault(name, {})[target_id] = True
        self.back.setdefault(target_id, {})[obj.id, name] = True
        self.feed.note(obj, name, target_id)

    def _note_life(self, obj, what):
        """An object that comes or goes also leaves or enters the lists it is in."""
        self.feed.note(obj, what)
        for source, name in self.back.get(obj.id, ()):
            self.feed.note(self.objects[source], name, obj.id)

    def _unlink(self, obj, name, target_id):
        obj.links[name].pop(target_id, None)
        self.feed.note(obj, name, target_id)
        if target_id in self.back:
            self.back[target_id].pop((obj.id, name), None)

    def _unorder(self, obj):
        order = self.order[obj.type]
        at = bisect.bisect_left(order, obj.seq, key=lambda o: o.seq)
        assert order[at] is obj
        del order[at]

    SAVED = ('domain', 'initial_domain', 'tenant_id', 'settings', 'features',
             'deletion_prevention', 'sync_configuration', 'secrets', 'extra',
             'clock_offset', 'seq', 'audit_seq')

    def save(self, path):
        """Write everything to path, atomically."""
        with self.lock:
            data = {name: getattr(self, name) for name in self.SAVED}
            data['clock_fixed'] = self.clock_fixed and self.clock_fixed.isoformat()
            data['objects'] = [o.dump() for o in self.objects.values()]
            data['audits'] = self.audits
            data['feed'] = self.feed.dump()
            with open(path + '.new', 'w', encoding='utf-8', opener=private) as out:
                json.dump(data, out, separators=(',', ':'), ensure_ascii=False)
                out.flush()
                os.fsync(out.fileno())
            os.replace(path + '.new', path)

    @classmethod
    def load(cls, path):
        with open(path, encoding='utf-8') as source:
            data = json.load(source)
        tenant = cls(data['domain'], data['initial_domain'], data['tenant_id'])
        for name in cls.SAVED:
            value = data[name]
            current = getattr(tenant, name)
            setattr(tenant, name, {**current, **value} if name == 'settings' else value)
        if data['clock_fixed']:
            tenant.clock_fixed = datetime.datetime.fromisoformat(data['clock_fixed'])
        for one in data['objects']:
            tenant._adopt(Obj.load(one))
        for order in tenant.order.values():
            order.sort(key=lambda o: o.seq)
        tenant.audits = [tuple(a) for a in data['audits']]
        tenant.feed = feed.Feed(data.get('feed'))
        tenant.random = random.Random(tenant.audit_seq)
        return tenant

    def _adopt(self, obj):
        self.objects[obj.id] = obj
        if obj.deleted_at:
            self.deleted[obj.id] = obj
        else:
            self.order.setdefault(obj.type, []).append(obj)
        self.index.add(obj)
        for name, targets in obj.links.items():
            for one in targets:
                self.back.setdefault(one, {})[obj.id, name] = True


def private(path, flags):
    """Opener for files that nobody else may read."""
    return os.open(path, flags, 0o600)


def anchor_text(guid):
    """Base64 source anchor of a textual GUID (little-endian octets)."""
    return base64.b64encode(uuid.UUID(guid).bytes_le).decode()
