# SPDX-License-Identifier: Apache-2.0
"""What the catalog says about one object: policies assigned to an application or service principal,
delegated permission grants of a client or user, and administrative units in the recycle bin.
"""

import audit as log
import catalog
import read
import render
import state
from errors import GraphError, bad_request, not_found
from request import Response

POLICIES = {  # what may be assigned to what
    'applications': 'appManagementPolicies|homeRealmDiscoveryPolicies|tokenIssuancePolicies|'
                    'tokenLifetimePolicies',
    'servicePrincipals': 'appManagementPolicies|claimsMappingPolicies|homeRealmDiscoveryPolicies|'
                         'tokenIssuancePolicies|tokenLifetimePolicies',
}
WRITE = 'Policy.ReadWrite.ApplicationConfiguration'
NOUN = {'application': 'application', 'servicePrincipal': 'service principal'}
GRANTS = {'users': 'principalId', 'servicePrincipals': 'clientId'}
UNITS = 'directory/administrativeUnits'
BIN = catalog.RECYCLED[UNITS]


def answer(request, context, one, docs):
    return Response(200, {'@odata.context': request.context(context),
                          'value': [catalog.shown(request, one, d) for d in docs]})


# -- policies of an application or service principal ----------------------------------------------

def assigned(request, segment, key, name):
    request.need(render.READ[read.COLLECTIONS[segment]])
    catalog.only(request, catalog.SELECT)
    obj = read.resolve(request, read.COLLECTIONS[segment], key)
    one = next(r for r in catalog.COLLECTIONS if r.path == 'policies/' + name)
    docs = [d for d in catalog.stored(request.tenant, one.path)
            if obj.id in d.get('+appliesTo', ())]
    return answer(request, "%s('%s')/%s" % (segment, obj.id, name), one, docs)


def assign(request, segment, key, name, policy_id=None):
    """POST …/$ref and DELETE …/{id}/$ref; an object has one policy of a kind."""
    request.need(WRITE)
    obj = read.resolve(request, read.COLLECTIONS[segment], key)
    adding = policy_id is None
    if adding:
        policy_id = str(request.json().get('@odata.id', '')).rstrip('/').rpartition('/')[2]
    docs = catalog.stored(request.tenant, 'policies/' + name)
    doc = catalog.find(request, docs, policy_id)
    if adding and any(obj.id in d.get('+appliesTo', ()) for d in docs):
        raise bad_request("A conflicting object with one or more of the specified property values "
                          "is present in the directory.")
    held = doc.setdefault('+appliesTo', [])
    if not adding and obj.id not in held:
        raise not_found(policy_id)
    (held.append if adding else held.remove)(obj.id)
    words = 'Add policy to %s' if adding else 'Remove policy from %s'
    other = {'id': doc['id'], 'displayName': doc['displayName'], 'type': 'Policy',
             'userPrincipalName': None, 'groupType': None, 'modifiedProperties': []}
    request.tenant.audit(request.actor, words % NOUN[obj.type], 'ApplicationManagement',
                         'Assign' if adding else 'Unassign', 'Core Directory',
                         [log.target(obj), other])
    return Response(204)


def grants(request, segment, key):
    one = next(r for r in catalog.COLLECTIONS if r.path == 'oauth2PermissionGrants')
    request.need(one.read)
    catalog.only(request, catalog.SELECT)
    obj = read.resolve(request, read.COLLECTIONS[segment], key)
    docs = [d for d in catalog.stored(request.tenant, one.path) if d[GRANTS[segment]] == obj.id]
    return answer(request, one.path, one, docs)


# -- administrative units in the recycle bin ------------------------------------------------------

def deleted_units(tenant):
    """The units that may come back; those past their time go, with a record, as others do."""
    docs, limit = catalog.stored(tenant, BIN), tenant.now() - state.RETENTION
    for doc in [d for d in docs if state.parse_time(d['deletedDateTime']) <= limit]:
        docs.remove(doc)
        tenant.audit(tenant.system_actor(), 'Hard Delete administrative unit', 'AdministrativeUnit',
                     'Delete', 'Core Directory', [unit_target(doc)])
    return docs


def unit_target(doc):
    return {'id': doc['id'], 'displayName': doc['displayName'], 'type': 'Other',
            'userPrincipalName': None, 'groupType': None, 'modifiedProperties': []}


def unit_row():
    return next(r for r in catalog.COLLECTIONS if r.path == UNITS)


def find_deleted(tenant, key):
    return next((d for d in deleted_units(tenant) if d['id'] == key.lower()), None)


def bin_listing(request):
    request.need('AdministrativeUnit.Read.All')
    one = unit_row()._replace(options=catalog.SELECT + ('$top',))
    return catalog.paged(request, one, deleted_units(request.tenant), UNITS)


def bin_get(request, doc):
    request.need('AdministrativeUnit.Read.All')
    return Response(200, {'@odata.context': request.context('directoryObjects/$entity'),
                          '@odata.type': '#microsoft.graph.administrativeUnit',
                          **catalog.shown(request, unit_row(), doc)})


def bin_purge(request, doc):
    """The service keeps a deleted unit for its 30 days whatever one asks."""
    request.need('AdministrativeUnit.ReadWrite.All')
    raise GraphError(400, 'Request_BadRequest',
                     'A deleted administrative unit cannot be deleted permanently.')


def bin_restore(request, doc):
    request.need('AdministrativeUnit.ReadWrite.All')
    catalog.stored(request.tenant, BIN).remove(doc)
    doc['deletedDateTime'] = None
    catalog.stored(request.tenant, UNITS).append(doc)
    request.tenant.audit(request.actor, 'Restore administrative unit', 'AdministrativeUnit',
                         'Update', 'Core Directory', [unit_target(doc)])
    return bin_get(request, doc)


def routes():
    table = [('GET', '(users|servicePrincipals)/{key}/oauth2PermissionGrants', grants)]
    for segment, names in POLICIES.items():
        path = '%s/{key}/(%s)' % (segment, names)
        table += [('GET', path, catalog.bound(assigned, segment)),
                  ('POST', path + '/$ref', catalog.bound(assign, segment)),
                  ('DELETE', path + '/{id}/$ref', catalog.bound(assign, segment))]
    return table


def contexts():
    """See catalog.contexts."""
    kind = {one.path: one.type for one in catalog.COLLECTIONS}
    return {'%s/%s' % (segment, name): kind['policies/' + name]
            for segment, names in POLICIES.items() for name in names.split('|')}
