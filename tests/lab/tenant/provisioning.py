# SPDX-License-Identifier: Apache-2.0
"""The server side of directory synchronization, as far as the lab needs it.

    GET  /status      domains, features, deletion prevention, whether sync may run
    POST /import      {"after": n, "limit": n, "view": "full" | "links"} -> {"rows", "next"}: every
                      object that sync owns, or did before its authority moved to the cloud; the
                      first page also lists soft-deleted objects with their anchors
    POST /export      {"engine", "audit": bool, "operations": [...]} -> {"results": [...]}
    POST /complete    {"engine"}: the cycle was successful

Operations:
    {"op": "add", "type": "User", "anchor", "attributes": {...}}
    {"op": "update", "id", "attributes": {name: value or null}}
    {"op": "references", "id", "set": {name: id | [id] | null}, "add": [id], "remove": [id]}
    {"op": "delete", "id"}
Result: {"status": "success" | "skipped" | "error", "id", "action", "quarantined", "error", "code",
"message"}.

Only here are on-premises mastered properties written; the Graph routes refuse them.  What an object
is to sync is kept in Obj.sync: anchor, link (sync owns it), sent (what the client sent last, by its
attribute names), shadow (the same by Graph names where the visible side is computed), quarantine.
Switching synchronization off for the tenant (organization.onPremisesSyncEnabled = false) drops
every link; after it is switched on again the first cycle matches by anchor.
"""

import datetime

import provisioning_map as fields
import provisioning_match as matching
import provisioninglog
import values
from provisioning_match import SyncError

PAGE = 2000
MAX_OPERATIONS = 1000
PLACEHOLDER_TRIES = 9000
QUARANTINE_TIMER = datetime.timedelta(hours=1)
SHADOW_NAMES = {'userPrincipalName': 'userPrincipalName', 'proxyAddresses': 'proxyAddresses',
                'mail': 'mail', 'alias': 'mailNickname'}
QUARANTINE_NAMES = {'userPrincipalName': 'UserPrincipalName', 'proxyAddresses': 'ProxyAddress'}


def handle(tenant, method, path, body):
    """(status, JSON) of one request of the sync client."""
    name = path.rsplit('/', 1)[-1]
    route = ROUTES.get((method, name))
    if route is None:
        return 404, {'error': 'no such sync request: %s %s' % (method, path)}
    with tenant.lock:
        tenant.purge()
        if name != 'status' and not enabled(tenant):
            drop_links(tenant)
            return 403, {'error': 'DirSyncNotEnabled', 'message':
                         'Directory synchronization is switched off for the tenant.'}
        return route(Service(tenant), body or {})


def enabled(tenant):
    """Null (never synchronized) and true allow sync; false means it was switched off."""
    return tenant.objects[tenant.tenant_id].props.get('onPremisesSyncEnabled') is not False


def drop_links(tenant):
    for obj in tenant.objects.values():
        if obj.sync.get('link'):
            tenant.set_sync(obj, link=False, sent={}, shadow={})


def status(service, _):
    tenant = service.tenant
    org = tenant.objects[tenant.tenant_id].props
    return 200, {'tenantId': tenant.tenant_id, 'initialDomain': tenant.initial_domain,
                 'verifiedDomains': sorted(service.verified), 'features': tenant.features,
                 'deletionPrevention': tenant.deletion_prevention, 'enabled': enabled(tenant),
                 'lastSync': org.get('onPremisesLastSyncDateTime'), 'now': tenant.timestamp()}


# -- import ---------------------------------------------------------------------------------------

def read_page(service, body):
    """One page of what sync owns, in the order of creation."""
    after, limit = int(body.get('after') or 0), int(body.get('limit') or PAGE)
    links_only = body.get('view') == 'links'
    service.refresh()
    rows, last = [], None
    for obj in service.after(after):
        if matching.is_linked(obj):
            if len(rows) == limit:
                return 200, {'rows': rows, 'next': last}
            rows.append(link_row(obj) if links_only else service.full_row(obj))
            last = obj.seq
    answer = {'rows': rows, 'next': None}
    if not after:
        answer['deleted'] = deleted_rows(service.tenant)
    return 200, answer


def link_row(obj):
    return {'id': obj.id, 'type': fields.CLIENT_TYPES[obj.type],
            'anchor': matching.held_anchor(obj),
            'cloudAnchor': '%s_%s' % (fields.CLIENT_TYPES[obj.type], obj.id),
            'blockOnPremisesSync': bool(obj.sync.get('cloud_managed')),
            'dirSyncEnabled': obj.props.get('onPremisesSyncEnabled')}


def deleted_rows(tenant):
    return [{'id': o.id, 'type': 'User', 'anchor': matching.held_anchor(o),
             'dirSyncEnabled': o.props.get('onPremisesSyncEnabled')}
            for o in tenant.by_type('user', deleted=True) if matching.held_anchor(o)]


class Service:
    """One request: the tenant, the acting identity and values looked up once."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.verified = values.verified_domains(tenant)
        self.actor, self.audit = tenant.sync_actor(), True
        self.now = tenant.timestamp()

    # -- import -------------------------------------------------------------------------------

    def after(self, seq):
        """Live objects of the synchronized types that are newer than seq, by age."""
        found = [o for t in fields.CLIENT_TYPES for o in self.tenant.by_type(t) if o.seq > seq]
        return sorted(found, key=lambda o: o.seq)

    def full_row(self, obj):
        row = link_row(obj)
        rolled_back = row['dirSyncEnabled'] is None and not row['blockOnPremisesSync']
        row['attributes'] = fields.imported(obj, full=rolled_back)
        row['references'] = refs = {}
        if obj.sync.get('identifier_flowed') and obj.sync.get('object_identifier'):
            row['attributes']['onPremisesObjectIdentifier'] = obj.sync['object_identifier']
        else:
            row['attributes'].pop('onPremisesObjectIdentifier', None)
        manager = next((o for o in self.tenant.linked(obj, 'manager')), None)
        if manager is not None and matching.is_linked(manager):
            refs['manager'] = manager.id
        if obj.type == 'group':
            refs['member'] = [o.id for o in self.tenant.members_of(obj) if matching.is_linked(o)]
        refs.update(obj.sync.get('references') or {})
        return row

    def refresh(self):
        """Domain verification changes user names; the hourly timer releases quarantined values."""
        extra, now = self.tenant.extra, self.tenant.now()
        before, extra['sync_domains'] = extra.get('sync_domains'), sorted(self.verified)
        if before is not None and before != extra['sync_domains']:
            for user in self.tenant.by_type('user'):
                if matching.is_linked(user) and not user.sync.get('cloud_managed'):
                    self.apply(user, {'userPrincipalName': user.sync['sent'].get(
                        'userPrincipalName')})
        for obj_id, stamp in list((extra.get('sync_quarantine') or {}).items()):
            if now - datetime.datetime.fromisoformat(stamp) >= QUARANTINE_TIMER:
                self.retry_quarantine(obj_id, now)

    def retry_quarantine(self, obj_id, now):
        obj = self.tenant.objects.get(obj_id)
        waiting = self.tenant.extra['sync_quarantine']
        if obj is None or obj.deleted_at or not obj.sync.get('quarantine'):
            waiting.pop(obj_id, None)
            return
        waiting[obj_id] = now.isoformat()
        names = {q['attribute'] for q in obj.sync['quarantine']}
        self.apply(obj, {n: obj.sync['sent'].get(n) for n in names}, released=True)

    # -- operations ---------------------------------------------------------------------------

    def run(self, operation):
        """Result of one operation; a refusal is a result too."""
        try:
            return OPERATIONS[operation['op']](self, operation)
        except SyncError as error:
            return {'status': 'error', 'error': error.name, 'code': error.code,
                    'message': str(error), 'id': error.id}

    def add(self, operation):
        obj_type = fields.GRAPH_TYPES[operation['type']]
        anchor, sent = operation['anchor'], present(operation['attributes'])
        self.validate(sent)
        try:
            how, target = matching.match(self.tenant, obj_type, anchor, sent)
        except SyncError as error:
            if error.name == 'ExistingAdminRoleConflict':
                error.id = self.create(obj_type, anchor, sent).id
            raise
        if target is None:
            target, action = self.create(obj_type, anchor, sent), 'added'
        else:
            action = self.take_over(target, how, anchor, sent)
        return self.success(target, action)

    def success(self, obj, action):
        answer = {'status': 'success', 'id': obj.id, 'action': action}
        if obj.sync.get('quarantine'):
            answer['quarantined'] = obj.sync['quarantine']
        return answer

    def take_over(self, obj, how, anchor, sent):
        """A matched object becomes (or stays) on-premises mastered."""
        action = 'matched-' + how
        if obj.deleted_at is None and obj.props.get('onPremisesSyncEnabled') is not True:
            self.tenant.set_sync(obj, sent={}, shadow={}, references={})
        plan = self.plan(obj.type, obj, {**(obj.sync.get('sent') or {}), **sent}, sent)
        if obj.deleted_at is not None:
            self.tenant.restore(self.actor, obj, plan['props'].get('userPrincipalName'))
            action = 'undeleted'
        self.tenant.set_sync(obj, anchor=anchor, link=True, was_synced=True)
        self.store(obj, plan, {'onPremisesSyncEnabled': True})
        return action

    def create(self, obj_type, anchor, sent):
        plan = self.plan(obj_type, None, sent, sent)
        props = dict(DEFAULTS[obj_type], **plan['props'])
        props.update(onPremisesSyncEnabled=True, onPremisesLastSyncDateTime=self.now)
        sync = {'anchor': anchor, 'link': True, 'was_synced': True}
        if obj_type == 'user':
            props['onPremisesImmutableId'] = anchor
        obj = self.tenant.create(self.actor, obj_type, present(props), sync=sync, audit=self.audit)
        self.remember(obj, plan)
        return obj

    def update(self, operation):
        obj = self.target(operation)
        if obj.sync.get('cloud_managed'):
            return {'status': 'skipped', 'id': obj.id, 'action': 'source of authority is the cloud'}
        changes = operation['attributes']
        self.validate(present(changes))
        matching.check_identifier(self.tenant, obj, changes)
        self.apply(obj, changes)
        return self.success(obj, 'updated')

    def apply(self, obj, changes, released=False):
        sent = present({**obj.sync['sent'], **changes})
        plan = self.plan(obj.type, obj, sent, changes)
        if released and plan['quarantine'] == (obj.sync.get('quarantine') or []):
            return
        self.store(obj, plan, {'onPremisesSyncEnabled': True})

    def target(self, operation):
        obj = self.tenant.objects.get(operation['id'])
        if obj is None or not matching.is_linked(obj):
            raise SyncError('ObjectNotFound', 'There is no synchronized object with this id.')
        return obj

    def delete(self, operation):
        obj = self.tenant.objects.get(operation['id'])
        if obj is None or obj.deleted_at is not None:
            return {'status': 'success', 'id': operation['id'], 'action': 'already deleted'}
        if obj.sync.get('cloud_managed'):
            return {'status': 'skipped', 'id': obj.id, 'action': 'source of authority is the cloud'}
        if obj.props.get('onPremisesSyncEnabled') is not True:
            raise SyncError('DeletingCloudOnlyObjectNotAllowed',
                            'Delete is not valid for a cloud-only object.', 114)
        if obj.type == 'user':
            self.tenant.soft_delete(self.actor, obj)
            self.tenant.set_sync(obj, link=False)
        else:
            self.tenant.hard_delete(self.actor, obj)
        return {'status': 'success', 'id': operation['id'], 'action': 'deleted'}

    def references(self, operation):
        obj = self.target(operation)
        if obj.sync.get('cloud_managed'):
            return {'status': 'skipped', 'id': obj.id, 'action': 'source of authority is the cloud'}
        others = dict(obj.sync.get('references') or {})
        for name, value in (operation.get('set') or {}).items():
            if name == 'manager':
                self.tenant.set_manager(self.actor, obj, self.live(value), audit=self.audit)
            elif name == 'registeredOwner':
                owner = self.live(value)
                if owner is not None:
                    self.tenant.add_link(self.actor, obj, 'registeredOwners', owner, self.audit)
            else:
                others[name] = value
        for one in operation.get('add') or ():
            member = self.live(one)
            if member is not None:
                self.tenant.add_link(self.actor, obj, 'members', member, self.audit)
        for one in operation.get('remove') or ():
            member = self.tenant.objects.get(one)
            if member is not None:
                self.tenant.remove_link(self.actor, obj, 'members', member, self.audit)
        self.tenant.set_sync(obj, references=present(others))
        self.tenant.update(self.actor, obj, {'onPremisesLastSyncDateTime': self.now}, audit=False)
        return self.success(obj, 'updated')

    def live(self, obj_id):
        obj = self.tenant.objects.get(obj_id) if obj_id else None
        return obj if obj is not None and obj.deleted_at is None else None

    # -- what the directory makes of it ---------------------------------------------------------

    def validate(self, attributes):
        """Length and count limits of the directory."""
        for name, value in attributes.items():
            if name in fields.LIMITS and len(value) > fields.LIMITS[name]:
                raise SyncError('ExceededAllowedLength', '%s is longer than %d characters.'
                                % (name, fields.LIMITS[name]))
            if name in fields.MANY and len(value) > fields.MANY[name]:
                raise SyncError('LargeObject', '%s has more than %d values.'
                                % (name, fields.MANY[name]))
        if len(attributes.get('thumbnailPhoto') or '') * 3 // 4 > fields.PHOTO_BYTES:
            raise SyncError('LargeObject', 'thumbnailPhoto is larger than 100 KB.')

    def plan(self, obj_type, obj, sent, changes):
        """Everything that one write changes, decided before anything is written.

        sent: all that the client has sent by now.  changes: what is new, null for removed."""
        current = obj.props if obj is not None else {}
        props, quarantine = {}, []
        sid = changes.get('onPremiseSecurityIdentifier')
        if sid and any(o is not obj for o in self.tenant.find_sid(sid) if
                       o.type in ('user', 'group') and obj_type in ('user', 'group')):
            raise SyncError('AttributeValueMustBeUnique',
                            'onPremisesSecurityIdentifier is already used.')
        for name, value in changes.items():
            fields.write(obj_type, current, props, name, value)
        nick = current.get('mailNickname')
        if obj_type != 'device':
            nick = self.plan_nickname(obj_type, nick, sent, changes, props)
            self.plan_addresses(obj_type, obj, sent, changes, props, quarantine, nick)
        if obj_type == 'user':
            self.plan_principal(obj, sent, changes, props, quarantine, nick)
            self.plan_password(changes, props)
        if quarantine or current.get('onPremisesProvisioningErrors'):
            props['onPremisesProvisioningErrors'] = [provisioning_error(q)
                                                     for q in quarantine] or None
        if obj_type == 'group' and (obj is None or 'mail' in changes or
                                    'proxyAddresses' in changes):
            props['mailEnabled'] = (matching.primary_smtp(sent.get('proxyAddresses')) is not None or
                                    '@' in (sent.get('mail') or ''))
        return {'props': props, 'quarantine': quarantine, 'sent': sent}

    @staticmethod
    def plan_nickname(obj_type, nick, sent, changes, props):
        """First sync computes it; afterwards only a changed on-premises value counts."""
        if changes.get('alias'):
            nick = changes['alias']
        elif nick is None and (obj_type != 'group' or sent.get('mail') or
                               sent.get('proxyAddresses')):
            nick = matching.nickname(sent)
        if nick is not None:
            props['mailNickname'] = nick
        return nick

    def plan_addresses(self, obj_type, obj, sent, changes, props, quarantine, nick):
        held = quarantined(obj, 'proxyAddresses')
        if 'proxyAddresses' in changes or 'mail' in changes or held:
            wanted = matching.addresses(obj.props if obj is not None else {}, sent, nick,
                                        self.verified, self.tenant.initial_domain)
            kept = []
            for address in wanted or ():
                others = [o for o in self.tenant.find_proxy(address) if o is not obj]
                if not others:
                    kept.append(address)
                    continue
                self.conflict(obj_type, others, 'proxyAddresses', sent)
                quarantine.append(self.quarantined_value(obj, 'proxyAddresses', address))
            if 'proxyAddresses' in changes or held or kept:
                props['proxyAddresses'] = kept or None
            address = matching.mail(sent)
            if address is not None or None in (changes.get('mail', ''),
                                               changes.get('proxyAddresses', '')):
                props['mail'] = address

    def conflict(self, obj_type, others, attribute, sent):
        """Raise where duplicate attribute resiliency does not help."""
        groups = [o for o in others if o.type == 'group']
        if groups and obj_type == 'group':
            raise SyncError('AttributeValueMustBeUnique', 'Two groups with the same address.')
        upn = (sent.get('userPrincipalName') or '').lower()
        if groups and any(a.lower() == 'smtp:' + upn for g in groups
                          for a in g.props.get('proxyAddresses') or ()):
            raise SyncError('AttributeValueMustBeUnique',
                            'User name and address both conflict with one group.')
        flag = ('quarantineUponUpnConflictEnabled' if attribute == 'userPrincipalName' else
                'quarantineUponProxyAddressesConflictEnabled')
        if not self.tenant.features[flag]:
            anchored = any(matching.held_anchor(o) for o in others)
            raise SyncError('InvalidSoftMatch' if anchored else 'AttributeValueMustBeUnique',
                            '%s is already used by another object.' % attribute)

    def plan_principal(self, obj, sent, changes, props, quarantine, nick):
        """The visible name; a conflicting one is quarantined behind a placeholder."""
        held = quarantined(obj, 'userPrincipalName')
        if not (changes.get('userPrincipalName') or held):
            return
        current = obj.props.get('userPrincipalName') if obj is not None else None
        if obj is not None and not held and 'userPrincipalName' in (obj.sync.get('sent') or {}) \
                and obj.props.get('assignedLicenses') and \
                not self.tenant.features['synchronizeUpnForManagedUsersEnabled']:
            return
        wanted = matching.principal(sent['userPrincipalName'], nick, self.verified,
                                    self.tenant.initial_domain)
        holder = self.tenant.find_upn(wanted)
        if holder is None or holder is obj:
            props['userPrincipalName'] = wanted
            return
        self.conflict('user', [holder], 'userPrincipalName', sent)
        quarantine.append(self.quarantined_value(obj, 'userPrincipalName', wanted))
        if current is None or obj.deleted_at is not None:
            props['userPrincipalName'] = self.placeholder(wanted)

    def plan_password(self, changes, props):
        """With password hash sync a new AD password brings its policy along."""
        features = self.tenant.features
        if changes.get('lastPasswordChangeTimestamp') and features['passwordSyncEnabled'] and \
                not features['cloudPasswordPolicyForPasswordSyncedUsersEnabled']:
            props['passwordPolicies'] = 'DisablePasswordExpiration'

    def placeholder(self, upn):
        """prefix+NNNN@initial domain, not used by anybody."""
        for _ in range(PLACEHOLDER_TRIES):
            name = '%s+%04d@%s' % (upn.partition('@')[0], self.tenant.random.randrange(1, 10000),
                                   self.tenant.initial_domain)
            if self.tenant.find_upn(name) is None:
                return name
        raise SyncError('AttributeValueMustBeUnique', 'No free placeholder user name.')

    def quarantined_value(self, obj, attribute, value):
        for one in (obj.sync.get('quarantine') or ()) if obj is not None else ():
            if one['attribute'] == attribute and one['value'] == value:
                return one
        return {'attribute': attribute, 'value': value, 'since': self.now}

    def store(self, obj, plan, extra):
        changes = dict(plan['props'], onPremisesLastSyncDateTime=self.now, **extra)
        self.tenant.update(self.actor, obj, changes, audit=self.audit)
        self.remember(obj, plan)

    def remember(self, obj, plan):
        """What only the sync service knows of the object."""
        sent = plan['sent']
        state = {'sent': sent, 'quarantine': plan['quarantine'],
                 'shadow': {SHADOW_NAMES[n]: sent[n] for n in SHADOW_NAMES if n in sent}}
        if sent.get('onPremisesObjectIdentifier'):
            state['object_identifier'] = sent['onPremisesObjectIdentifier']
            state['identifier_flowed'] = True
        self.tenant.set_sync(obj, **state)
        if plan['quarantine']:
            waiting = self.tenant.extra.setdefault('sync_quarantine', {})
            waiting.setdefault(obj.id, self.tenant.now().isoformat())


def quarantined(obj, attribute):
    return obj is not None and any(q['attribute'] == attribute
                                   for q in obj.sync.get('quarantine') or ())


def provisioning_error(one):
    return {'category': 'PropertyConflict', 'occurredDateTime': one['since'],
            'propertyCausingError': QUARANTINE_NAMES[one['attribute']],
            'value': one['value'].partition(':')[2] or one['value']}


def present(attributes):
    return {k: v for k, v in attributes.items() if v is not None}


DEFAULTS = {'user': {'userType': 'Member', 'accountEnabled': True},
            'group': {'groupTypes': [], 'mailEnabled': False, 'securityEnabled': False},
            'orgContact': {}, 'device': {'accountEnabled': True}}
OPERATIONS = {'add': Service.add, 'update': Service.update, 'references': Service.references,
              'delete': Service.delete}


def export(service, body):
    operations = body['operations']
    if len(operations) > MAX_OPERATIONS:
        return 413, {'error': 'at most %d operations' % MAX_OPERATIONS}
    service.audit = body.get('audit', True)
    logged = body.get('engine') == 'cloudsync' and service.audit
    return 200, {'results': [(logged_run if logged else Service.run)(service, one)
                             for one in operations]}


def props_of(service, key):
    obj = service.tenant.objects.get(key)
    return dict(obj.props) if obj is not None and obj.deleted_at is None else {}


def logged_run(service, operation):
    """Cloud Sync keeps a log of its own, object by object."""
    before = props_of(service, operation.get('id'))
    result = service.run(operation)
    key = result.get('id') or operation.get('id')
    provisioninglog.write(service.tenant, operation, {**result, 'id': key}, before,
                          props_of(service, key))
    return result


def complete(service, body):
    """The last step of a successful cycle."""
    service.tenant.mark_sync_cycle(password=service.tenant.features['passwordSyncEnabled'])
    service.tenant.extra['sync_engine'] = body.get('engine')
    provisioninglog.end_of_cycle(service.tenant)
    return 200, {'lastSync': service.now}


ROUTES = {('GET', 'status'): status, ('POST', 'import'): read_page, ('POST', 'export'): export,
          ('POST', 'complete'): complete}
