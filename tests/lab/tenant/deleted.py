# SPDX-License-Identifier: Apache-2.0
"""directory/deletedItems: list by type, get, permanent deletion, restore with its conflicts."""

import holders
import metadata
import read
import render
import values
import write
from errors import bad_request, not_found, not_unique
from request import Response

TYPES = ('user', 'group', 'application', 'servicePrincipal')
RESTORE = {'user': 'User.DeleteRestore.All|User.ReadWrite.All', 'group': 'Group.ReadWrite.All',
           'application': 'Application.ReadWrite.All',
           'servicePrincipal': 'Application.ReadWrite.All'}


def uncast(request):
    raise bad_request('The type of deleted items must be given as a cast segment, such as '
                      'microsoft.graph.user.')


def get_or_list(request, key):
    if key.lower().startswith('microsoft.graph.'):
        kind = next((t for t in TYPES + ('device', 'administrativeUnit')
                     if t.lower() == key[16:].lower()), None)
        if kind is None:
            raise bad_request("The type '%s' is not supported for deleted items." % key)
        if kind == 'administrativeUnit':
            return holders.bin_listing(request)
        request.need(render.READ[kind])
        return read.collection(request, kind, request.tenant.by_type(kind, deleted=True),
                               read.SEGMENT[kind])
    unit = holders.find_deleted(request.tenant, key)
    if unit:
        return holders.bin_get(request, unit)
    obj = find(request, key)
    request.need(render.READ[obj.type])
    names = render.mixed_names(request, obj.type)
    if '$select' not in request.query and 'deletedDateTime' not in names:
        names += ('deletedDateTime',)
    return Response(200, {'@odata.context': request.context('directoryObjects/$entity'),
                          '@odata.type': render.odata_type(obj), **render.to_dict(obj, names)})


def find(request, key):
    obj = request.tenant.deleted.get(key.lower())
    if obj is None or obj.type not in TYPES:
        raise not_found(key)
    return obj


def purge(request, key):
    unit = holders.find_deleted(request.tenant, key)
    if unit:
        return holders.bin_purge(request, unit)
    obj = find(request, key)
    request.need(RESTORE[obj.type])
    write.guard_privileged(request, obj)
    request.tenant.hard_delete(request.actor, obj)
    return Response(204)


def restore(request, key):
    """200 with the object; a user's UPN or address may have been taken meanwhile."""
    unit = holders.find_deleted(request.tenant, key)
    if unit:
        return holders.bin_restore(request, unit)
    obj = find(request, key)
    request.need(RESTORE[obj.type])
    write.guard_privileged(request, obj)
    body = request.json(required=False)
    for name in body:
        if name not in ('newUserPrincipalName', 'autoReconcileProxyConflict') or \
                obj.type != 'user':
            raise bad_request("Invalid property '%s'." % name)
    upn = None
    if obj.type == 'user':
        upn = restored_upn(request, obj, body.get('newUserPrincipalName'))
        reconcile_proxies(request, obj, body.get('autoReconcileProxyConflict') is True)
    elif obj.type == 'servicePrincipal' and request.tenant.find_app(obj.props['appId'], obj.type):
        raise not_unique('appId')
    request.tenant.restore(request.actor, obj, upn)
    names = metadata.default_names(obj.type, request.version)
    return Response(200, {'@odata.context': request.context('directoryObjects/$entity'),
                          '@odata.type': render.odata_type(obj), **render.to_dict(obj, names)})


def restored_upn(request, obj, wanted):
    tenant = request.tenant
    if wanted is not None:
        values.check_upn(tenant, wanted, obj.id)
        return wanted
    before = obj.sync['upn_before_deletion']
    if tenant.find_upn(before):
        raise not_unique('userPrincipalName')
    return before


def reconcile_proxies(request, obj, drop):
    """Addresses another object took meanwhile: refused, or dropped when the caller says so."""
    tenant = request.tenant
    taken = [a for a in obj.props.get('proxyAddresses') or () if tenant.find_proxy(a)]
    if not taken:
        return
    if not drop:
        raise not_unique('proxyAddresses')
    kept = [a for a in obj.props['proxyAddresses'] if a not in taken]
    tenant.update(request.actor, obj, {'proxyAddresses': kept or None}, audit=False)
