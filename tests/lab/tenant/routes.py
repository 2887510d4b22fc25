# SPDX-License-Identifier: Apache-2.0
"""The route table, dispatch, and $batch."""

import json
import uuid

import auditlog
import catalog
import deleted
import delta
import delta_documents
import holders
import jobs
import links
import policies
import provisioninglog
import read
import recovery
import tenantinfo
import write
from errors import GraphError, bad_request
from request import Request, Response

OBJECTS = 'users|groups|contacts|devices|applications|servicePrincipals'
CA = 'identity/conditionalAccess/'
DOMAINS = ('domain', 'Domain.Read.All', 'domains')
SKUS = ('subscribedSku', 'LicenseAssignment.Read.All', 'subscribedSkus')
ROLES = ('directoryRole', 'RoleManagement.Read.Directory', 'directoryRoles')
DEFINITIONS = ('unifiedRoleDefinition', 'RoleManagement.Read.Directory',
               'roleManagement/directory/roleDefinitions')


def fixed(function, *arguments):
    """A route whose first arguments do not come from the path."""
    return lambda request, *rest: function(request, *arguments, *rest)


# method, path, function.  {x} is any segment, a|b a choice; both become arguments in order.
TABLE = [
    ('GET', '(%s)' % OBJECTS, read.listing),
    ('GET', '(%s)/$count' % OBJECTS, read.count_segment),
    ('GET', '(%s)/delta' % OBJECTS, delta.collection),
    ('GET', '(%s)/microsoft.graph.delta' % OBJECTS, delta.collection),
    ('GET', 'directoryObjects/delta', delta.mixed),
    ('GET', 'directoryObjects/microsoft.graph.delta', delta.mixed),
    ('GET', '(%s)/{key}' % OBJECTS, read.entity),
    ('GET', '(users|contacts)/{key}/manager', read.manager),
    ('GET', '(users|groups|contacts)/{key}/onPremisesSyncBehavior', tenantinfo.behavior_get),
    ('PATCH', '(users|groups|contacts)/{key}/onPremisesSyncBehavior', tenantinfo.behavior_update),
    ('GET', '(users|groups|contacts|devices|applications|servicePrincipals)/{key}/(members|owners|'
            'memberOf|transitiveMembers|transitiveMemberOf|directReports|sponsors|ownedObjects|'
            'ownedDevices|registeredDevices|registeredOwners|registeredUsers|appRoleAssignments|'
            'appRoleAssignedTo)', links.relation),
    ('GET', '(groups|users|contacts|devices|servicePrincipals)/{key}/(members|transitiveMembers|'
            'owners|memberOf|transitiveMemberOf)/{cast}', links.relation_cast),
    ('GET', '(groups|applications|servicePrincipals)/{key}/(members|owners)/$ref', read.link_refs),
    ('GET', 'servicePrincipals/{key}/synchronization/jobs', jobs.listing),
    ('GET', 'servicePrincipals/{key}/synchronization/jobs/{id}', jobs.get),
    ('GET', 'servicePrincipals/{key}/synchronization/jobs/{id}/schema', jobs.schema),

    ('POST', '(%s)' % OBJECTS, write.create),
    ('PATCH', '(%s)/{key}' % OBJECTS, write.update),
    ('DELETE', '(%s)/{key}' % OBJECTS, write.delete),
    ('POST', 'users/{key}/assignLicense', tenantinfo.assign_license),
    ('POST', 'users/{key}/revokeSignInSessions', write.revoke_sessions),
    ('PUT', 'users/{key}/manager/$ref', links.put_manager),
    ('DELETE', 'users/{key}/manager/$ref', links.delete_manager),
    ('POST', '(users|groups|applications|servicePrincipals|devices)/{key}/(members|owners|sponsors|'
             'registeredOwners|registeredUsers)/$ref', links.add),
    ('DELETE', '(users|groups|applications|servicePrincipals|devices)/{key}/(members|owners|'
               'sponsors|registeredOwners|registeredUsers)/{other}/$ref', links.remove),
    ('DELETE', '(users|groups|applications|servicePrincipals|devices)/{key}/(members|owners|'
               'sponsors|registeredOwners|registeredUsers)/{other}', links.delete_target),
    ('POST', '(users|groups|servicePrincipals)/{key}/(appRoleAssignments|appRoleAssignedTo)',
     links.assign_role),
    ('DELETE', '(users|groups|servicePrincipals)/{key}/(appRoleAssignments|appRoleAssignedTo)/{id}',
     links.unassign_role),
    ('POST', 'applications/{key}/addPassword', write.add_password),
    ('POST', 'applications/{key}/removePassword', write.remove_password),
    ('GET', 'directoryObjects/{key}', links.directory_object),
    ('POST', 'directoryObjects/getByIds', links.get_by_ids),

    ('GET', 'directory/deletedItems', deleted.uncast),
    ('GET', 'directory/deletedItems/{key}', deleted.get_or_list),
    ('DELETE', 'directory/deletedItems/{key}', deleted.purge),
    ('POST', 'directory/deletedItems/{key}/restore', deleted.restore),

    ('GET', CA + '(policies|namedLocations)', policies.ca_list),
    ('POST', CA + '(policies|namedLocations)', policies.ca_create),
    ('GET', CA + '(policies|namedLocations)/{key}', policies.ca_get),
    ('PATCH', CA + '(policies|namedLocations)/{key}', policies.ca_update),
    ('DELETE', CA + '(policies|namedLocations)/{key}', policies.ca_delete),
    ('GET', CA + 'deletedItems/(policies|namedLocations)', policies.ca_deleted),
    ('GET', CA + 'deletedItems/(policies|namedLocations)/{key}', policies.ca_deleted_get),
    ('DELETE', CA + 'deletedItems/(policies|namedLocations)/{key}', policies.ca_purge),
    ('POST', CA + 'deletedItems/(policies|namedLocations)/{key}/restore', policies.ca_restore),
    ('GET', 'policies/authenticationMethodsPolicy', policies.methods_get),
    ('PATCH', 'policies/authenticationMethodsPolicy', policies.methods_update),
    ('GET', 'policies/authenticationMethodsPolicy/authenticationMethodConfigurations',
     policies.method_list),
    ('GET', 'policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{key}',
     policies.method_get),
    ('PATCH', 'policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{key}',
     policies.method_update),
    ('GET', 'policies/authorizationPolicy', policies.authorization_get),
    ('PATCH', 'policies/authorizationPolicy', policies.authorization_update),
    ('PATCH', 'policies/authorizationPolicy/authorizationPolicy', policies.authorization_update),

    ('GET', 'organization', tenantinfo.organizations),
    ('GET', 'organization/{key}', tenantinfo.organization),
    ('GET', 'domains', fixed(tenantinfo.plain_list, *DOMAINS)),
    ('GET', 'domains/{key}', fixed(tenantinfo.plain_get, *DOMAINS)),
    ('GET', 'subscribedSkus', fixed(tenantinfo.plain_list, *SKUS)),
    ('GET', 'subscribedSkus/{key}', fixed(tenantinfo.plain_get, *SKUS)),
    ('GET', 'directory/onPremisesSynchronization', tenantinfo.synchronizations),
    ('GET', 'directory/onPremisesSynchronization/{key}', tenantinfo.synchronization),
    ('PATCH', 'directory/onPremisesSynchronization/{key}', tenantinfo.synchronization_update),
    ('GET', 'directoryRoles', fixed(tenantinfo.plain_list, *ROLES)),
    ('GET', 'directoryRoles/{key}', fixed(tenantinfo.plain_get, *ROLES)),
    ('GET', 'directoryRoles/{key}/members', tenantinfo.role_members),
    ('GET', 'roleManagement/directory/roleDefinitions', fixed(tenantinfo.plain_list,
                                                              *DEFINITIONS)),
    ('GET', 'roleManagement/directory/roleDefinitions/{key}', fixed(tenantinfo.plain_get,
                                                                    *DEFINITIONS)),
    ('GET', 'roleManagement/directory/roleAssignments', tenantinfo.role_assignments),
    ('POST', 'roleManagement/directory/roleAssignments', tenantinfo.role_assign),
    ('GET', 'roleManagement/directory/roleAssignments/{key}', tenantinfo.role_assignment),
    ('DELETE', 'roleManagement/directory/roleAssignments/{key}', tenantinfo.role_unassign),
    ('GET', 'auditLogs/directoryAudits', fixed(auditlog.listing, auditlog.AUDITS)),
    ('GET', 'auditLogs/directoryAudits/{key}', fixed(auditlog.get, auditlog.AUDITS)),
    ('GET', 'auditLogs/provisioning', fixed(auditlog.listing, provisioninglog.LOG)),
    ('GET', 'auditLogs/provisioning/{key}', fixed(auditlog.get, provisioninglog.LOG)),
] + delta_documents.routes() + catalog.routes() + holders.routes() + recovery.routes()


def compile_path(path):
    """[(choices or None, is argument)] of the segments of a table row."""
    parts = []
    for segment in path.split('/'):
        if segment.startswith('{'):
            parts.append((None, True))
        else:
            names = segment.strip('()').split('|')
            parts.append(({n.lower(): n for n in names}, len(names) > 1))
    return parts


ROUTES = [(method, compile_path(path), function) for method, path, function in TABLE]


def split_segments(segments):
    """applications(appId='x') is applications/appId='x'."""
    out = []
    for one in segments:
        name, bracket, rest = one.partition('(')
        if rest == ')' and name:
            out.append(name)
        elif bracket and rest.endswith(')') and name:
            out += [name, rest[:-1].strip("'") if '=' not in rest else rest[:-1]]
        else:
            out.append(one)
    return out


def match(parts, segments):
    """Arguments of a route, or None."""
    if len(parts) != len(segments):
        return None
    arguments = []
    for (choices, is_argument), segment in zip(parts, segments):
        if choices is None:
            if segment.startswith('$'):
                return None
            arguments.append(segment)
        elif segment.lower() not in choices:
            return None
        elif is_argument:
            arguments.append(choices[segment.lower()])
    return arguments


def dispatch(request):
    """Find the route and run it."""
    if request.version not in ('v1.0', 'beta'):
        raise GraphError(400, 'BadRequest', 'Invalid version: %s.' % request.version)
    if request.segments == ['$batch']:
        return batch(request)
    charged = request.buckets.charge(request)
    segments, allowed = split_segments(request.segments), []
    for method, parts, function in ROUTES:
        arguments = match(parts, segments)
        if arguments is None:
            continue
        if method == request.method:
            response = function(request, *arguments)
            response.headers.update(charged)
            return response
        allowed.append(method)
    if allowed:
        raise GraphError(405, 'Request_BadRequest',
                         'Specified HTTP method is not allowed for the request target.',
                         {'Allow': ', '.join(allowed)})
    raise GraphError(400, 'BadRequest', "Resource not found for the segment '%s'."
                     % (segments[-1] if segments else ''))


# -- $batch -------------------------------------------------------------------------------------

MAX_BATCH = 20


def check_batch(body):
    items = body.get('requests')
    if not isinstance(items, list) or not items:
        raise GraphError(400, 'BadRequest', 'Invalid batch payload format.')
    if len(items) > MAX_BATCH:
        raise GraphError(400, 'BadRequest', 'Number of batch request steps exceeds the maximum '
                         'value of %d.' % MAX_BATCH)
    seen = set()
    for one in items:
        if not isinstance(one, dict) or not all(isinstance(one.get(k), str) and one[k]
                                                for k in ('id', 'method', 'url')):
            raise GraphError(400, 'BadRequest', 'Invalid batch payload format.')
        if one['id'].lower() in seen:
            raise GraphError(400, 'BadRequest', "Request Id '%s' has to be unique in a batch."
                             % one['id'])
        for earlier in one.get('dependsOn') or ():
            if earlier.lower() not in seen:
                raise GraphError(400, 'BadRequest', "Request step '%s' depends on an unknown step."
                                 % one['id'])
        seen.add(one['id'].lower())
        if one.get('body') is not None and not any(
                k.lower() == 'content-type' for k in one.get('headers') or {}):
            raise GraphError(400, 'BadRequest', 'Write request id : %s does not contain Content-'
                             'Type header or body.' % one['id'])
    return items


def batch(request):
    """Up to 20 requests; answers come in another order than the questions."""
    if request.method != 'POST':
        raise GraphError(405, 'Request_BadRequest', 'Only POST is allowed for $batch.')
    results = {}
    for one in check_batch(request.json()):
        if any(results[d.lower()]['status'] >= 400 for d in one.get('dependsOn') or ()):
            answer = item(one, 424, {}, {'error': {'code': '', 'message': 'Failed Dependency'}})
        else:
            answer = run(request, one)
        results[one['id'].lower()] = answer
    return Response(200, {'responses': list(reversed(results.values()))},
                    {'Content-Type': 'application/json'})


def item(one, status, headers, body):
    answer = {'id': one['id'], 'status': status, 'headers': headers}
    if body is not None:
        answer['body'] = body
    return answer


def run(request, one):
    headers = {k.lower(): str(v) for k, v in (one.get('headers') or {}).items()}
    raw = json.dumps(one['body']).encode() if one.get('body') is not None else b''
    url = '/%s/%s' % (request.version, one['url'].lstrip('/'))
    fault = request.take_fault('%s %s' % (one['method'], url)) if request.take_fault else None
    try:
        if one['url'].lower().startswith(('http:', 'https:', '$batch', '/$batch')):
            raise bad_request('The URL of a batch step must be relative.')
        if fault:
            raise fault
        inner = Request(request.tenant, one['method'].upper(), url, headers, raw, request.caller,
                        request.origin)
        inner.page_fault = None
        inner.take_fault, inner.buckets = None, request.buckets
        response = dispatch(inner)
        body = json.loads(response.encode()) if response.body is not None else None
        return item(one, response.status, {'Content-Type': 'application/json', **response.headers},
                    body)
    except GraphError as error:
        return item(one, error.status, {'Content-Type': 'application/json', **error.headers},
                    {'error': {'code': error.code, 'message': error.message, 'innerError': {
                        'date': request.tenant.timestamp()[:-1], 'request-id': str(uuid.uuid4())}}})
