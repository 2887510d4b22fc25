# SPDX-License-Identifier: Apache-2.0
"""The lab's own control API under /_lab (never part of the imitated service).

    GET/POST   /_lab/clock      {"now": RFC 3339} | {"offset_seconds": n} | {"advance_seconds": n},
                                with "frozen": true the clock then stands still; DELETE: real time
    GET/POST   /_lab/faults     see faults.py; DELETE /_lab/faults[/{id}]
    GET/DELETE /_lab/requests   log of method, url, status, client, fault, milliseconds,
                                body of a $batch
    GET/POST   /_lab/settings   state.SETTINGS, plus "features", "deletion_prevention", "secrets";
                                DELETE: back to the defaults
    POST       /_lab/jobs/ID    {"jobs": [{"job": …, "schema": …}]} synchronization jobs of a
                                service principal
    POST       /_lab/catalog    {"path": …, "documents": […]} what a collection holds
    POST       /_lab/backup     {"day": YYYY-MM-DD, "changes": […]} what a preview finds
    POST       /_lab/grants     {"client_id": …, "permissions": […]} sets what an app holds
    POST       /_lab/bulk       {"users": n, "groups": n, "members": n} cloud objects without audit
    POST       /_lab/save       write the state file now
    POST       /_lab/recovery   {"objects": [{"id", "props", "add": {link: [ids]}, "remove": …,
                                "gone": true}], "audit": false}: what a recovery job of the service
                                does, without delta records; it is audited unless told otherwise
    GET        /_lab/objects/{id}   everything the tenant knows about one object
    POST       /_lab/objects    {"type", "props", "sync", "links"} made as the sync engine would
    POST       /_lab/objects/{id}   {"props", "sync"} changed as the sync engine would
    any        /_lab/sync/…     provisioning.handle(tenant, method, path, body)

Every call needs the header X-Lab-Key with the text of the control.key file.
"""

import copy
import hmac
import json
import urllib.parse

import catalog
import jobs
import oauth
import permissions
import recovery as backups
import seed
import state
from errors import GraphError
from request import Response

JSON = {'Content-Type': 'application/json'}


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def has_key(app, headers):
    return hmac.compare_digest(headers.get('x-lab-key', '').encode(), app.control_key.encode())


def act_as(app, caller, headers):
    """X-Lab-Act-As-User (UPN or id) with the key: the write is made by that user."""
    name = headers.get('x-lab-act-as-user')
    caller.delegated = False
    if name is None:
        return
    if not has_key(app, headers):
        raise GraphError(403, 'Lab_ControlKey', 'X-Lab-Act-As-User needs X-Lab-Key.')
    user = app.tenant.find_upn(name) or app.tenant.objects.get(name)
    if user is None or user.type != 'user':
        raise GraphError(400, 'Lab_UnknownUser', 'No such user: ' + name)
    caller.actor, caller.delegated = state.Actor.user(user), True


def handle(app, method, url, headers, body):
    try:
        if not has_key(app, headers):
            raise Refused(403, 'X-Lab-Key is missing or wrong')
        data = json.loads(body) if body else {}
        path, _, query = url.partition('?')
        parts = [urllib.parse.unquote(p) for p in path.split('/')[2:] if p]
        options = dict(urllib.parse.parse_qsl(query))
        if parts and parts[0] == 'sync':
            import provisioning
            status, answer = provisioning.handle(app.tenant, method, '/' + '/'.join(parts[1:]),
                                                 data)
            return Response(status, answer, dict(JSON))
        with app.tenant.lock:
            route = ROUTES.get((method, parts[0] if parts else ''))
            if route is None:
                raise Refused(404, 'no such control: %s %s' % (method, path))
            answer = route(app, parts[1:], options if method == 'GET' else data)
        return Response(200, answer, dict(JSON))
    except Refused as error:
        return Response(error.status, {'error': str(error)}, dict(JSON))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Response(400, {'error': '%s: %s' % (type(error).__name__, error)}, dict(JSON))


def clock(app, parts, data):
    if data:
        app.tenant.set_clock(**data)
    return {'now': app.tenant.now().isoformat(), 'offset_seconds': app.tenant.clock_offset,
            'frozen': app.tenant.clock_fixed is not None}


def reset_clock(app, parts, data):
    app.tenant.set_clock(offset_seconds=0, frozen=False)
    return clock(app, parts, {})


def get_faults(app, parts, data):
    return {'faults': app.faults.show()}


def add_fault(app, parts, data):
    many = data if isinstance(data, list) else [data]
    return {'ids': [app.faults.add(one) for one in many]}


def clear_faults(app, parts, data):
    app.faults.clear(int(parts[0]) if parts else None)
    return {'faults': app.faults.show()}


def requests(app, parts, data):
    return {'requests': list(app.requests), 'total': app.request_total}


def clear_requests(app, parts, data):
    app.requests.clear()
    app.request_total = 0
    return {}


def get_settings(app, parts, data):
    tenant = app.tenant
    return {**tenant.settings, 'features': tenant.features,
            'deletion_prevention': tenant.deletion_prevention,
            'sync_configuration': tenant.sync_configuration}


def set_settings(app, parts, data):
    tenant, data = app.tenant, dict(data)
    for name in ('features', 'deletion_prevention', 'sync_configuration'):
        values, target = data.pop(name, {}), getattr(tenant, name)
        for key, value in values.items():
            if name != 'sync_configuration' and key not in target:
                raise KeyError(key)
            target[key] = value
    for key, value in data.items():
        if key not in state.SETTINGS:
            raise KeyError(key)
        if type(value) is not type(state.SETTINGS[key]) and not isinstance(value, (int, float)):
            raise TypeError(key)
    tenant.settings.update(data)
    return get_settings(app, parts, {})


def reset_settings(app, parts, data):
    app.tenant.settings = dict(state.SETTINGS)
    app.tenant.features = dict(state.FEATURES)
    app.tenant.deletion_prevention = {'synchronizationPreventionType': 'enabledForCount',
                                      'alertThreshold': 500}
    return get_settings(app, parts, {})


def put_catalog(app, parts, data):
    """For what the service lets nobody write directly, such as role schedules."""
    paths = {one.path for one in catalog.COLLECTIONS + catalog.SINGLETONS}
    if data['path'] not in paths or not all(isinstance(d, dict) and catalog.key_of(d) is not None
                                            for d in data['documents']):
        raise Refused(400, 'path must be of catalog.py, and each document have its key')
    app.tenant.extra['catalog'][data['path']] = data['documents']
    return {'documents': len(data['documents'])}


def put_backup(app, parts, data):
    backups.put(app.tenant, data['day'], data['changes'])
    return {'changes': len(data['changes'])}


def grants(app, parts, data):
    principal = app.tenant.find_app(data['client_id'], 'servicePrincipal')
    if principal is None:
        raise Refused(404, 'no such application')
    if 'permissions' in data:
        unknown = set(data['permissions']) - set(permissions.INCLUDED_IN)
        if unknown:
            raise KeyError(' '.join(sorted(unknown)))
        seed.set_grants(app.tenant, principal, data['permissions'])
    return {'permissions': sorted(oauth.granted_roles(app.tenant, principal))}


def bulk(app, parts, data):
    return seed.bulk(app.tenant, int(data.get('users', 0)), int(data.get('groups', 0)),
                     int(data.get('members', 0)))


def sync_jobs(app, parts, data):
    if app.tenant.objects[parts[0]].type != 'servicePrincipal':
        raise Refused(404, 'no such service principal')
    jobs.put(app.tenant, parts[0], data['jobs'])
    return {}


def save(app, parts, data):
    app.save()
    return {}


def recovery(app, parts, data):
    tenant = app.tenant
    actor = state.Actor('app', None, 'Microsoft Entra Backup and Recovery')
    tenant.feed.blind = True
    try:
        for one in data['objects']:
            recover(tenant, actor, tenant.objects[one['id']], one)
    finally:
        tenant.feed.blind = False
    if data.get('audit', True):
        tenant.audit(actor, 'Recovery job completed', 'Backup and Recovery', 'Update',
                     'Backup and Recovery', [])
    return {}


def recover(tenant, actor, obj, one):
    tenant.update(actor, obj, one.get('props', {}), audit=False)
    for name, ids in one.get('add', {}).items():
        for target in ids:
            tenant.add_link(actor, obj, name, tenant.objects[target], audit=False)
    for name, ids in one.get('remove', {}).items():
        for target in ids:
            tenant.remove_link(actor, obj, name, tenant.objects[target], audit=False)
    if one.get('gone'):
        tenant.hard_delete(actor, obj)


def show(app, parts, data):
    obj = app.tenant.objects.get(parts[0])
    if obj is None:
        raise Refused(404, 'no such object')
    answer = copy.deepcopy(obj.dump())
    answer['anchor'] = obj.anchor
    return answer


def store(app, parts, data):
    tenant = app.tenant
    actor = tenant.sync_actor()
    if parts:
        obj = tenant.objects[parts[0]]
        tenant.update(actor, obj, data.get('props', {}))
    else:
        obj = tenant.create(actor, data['type'], data.get('props', {}), id=data.get('id'),
                            links=data.get('links'))
    tenant.set_sync(obj, **data.get('sync', {}))
    return show(app, [obj.id], {})


ROUTES = {
    ('GET', 'clock'): clock, ('POST', 'clock'): clock, ('DELETE', 'clock'): reset_clock,
    ('GET', 'faults'): get_faults, ('POST', 'faults'): add_fault,
    ('DELETE', 'faults'): clear_faults,
    ('GET', 'requests'): requests, ('DELETE', 'requests'): clear_requests,
    ('GET', 'settings'): get_settings, ('POST', 'settings'): set_settings,
    ('DELETE', 'settings'): reset_settings, ('POST', 'grants'): grants, ('POST', 'bulk'): bulk,
    ('POST', 'recovery'): recovery, ('POST', 'jobs'): sync_jobs, ('POST', 'save'): save,
    ('POST', 'backup'): put_backup, ('POST', 'catalog'): put_catalog,
    ('GET', 'objects'): show, ('POST', 'objects'): store,
}
