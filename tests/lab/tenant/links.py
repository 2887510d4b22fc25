# SPDX-License-Identifier: Apache-2.0
"""Links: members, owners, manager, sponsors, app role assignments; reading and $ref writes."""

import json
import urllib.parse

import metadata
import read
import render
import seed
import state
import values
import write
from errors import bad_request, denied, not_found, on_prem_mastered
from request import Response

ZERO = '00000000-0000-0000-0000-000000000000'
ALLOWED = {  # (holder type, link) -> types of the target
    ('group', 'members'): ('user', 'group', 'orgContact', 'device', 'servicePrincipal'),
    ('group', 'owners'): ('user', 'servicePrincipal'),
    ('application', 'owners'): ('user', 'servicePrincipal'),
    ('servicePrincipal', 'owners'): ('user', 'servicePrincipal'),
    ('user', 'sponsors'): ('user', 'group'),
    ('device', 'registeredOwners'): ('user',), ('device', 'registeredUsers'): ('user',),
}
MAX_OWNERS = 100
MAX_BIND = 20
RELATIONS_OF = {t: set(names) for t, names in metadata.RELATIONS.items()}


# -- reading ------------------------------------------------------------------------------------

def relation(request, segment, key, name):
    obj_type = read.COLLECTIONS[segment]
    if name not in RELATIONS_OF[obj_type]:
        raise bad_request("Resource not found for the segment '%s'." % name)
    return read.links(request, segment, key, name)


def relation_cast(request, segment, key, name, cast):
    if not cast.lower().startswith('microsoft.graph.'):
        raise bad_request("Resource not found for the segment '%s'." % cast)
    kind = next((t for t in read.SEGMENT if t.lower() == cast[16:].lower()), None)
    if kind is None or name not in RELATIONS_OF[read.COLLECTIONS[segment]]:
        raise bad_request("The type '%s' is not defined in the model." % cast)
    return read.links(request, segment, key, name, kind)


def directory_object(request, key):
    obj = request.tenant.objects.get(key.lower())
    if obj is None or obj.deleted_at or obj.type not in render.READ:
        raise not_found(key)
    request.need('Directory.Read.All|' + render.READ[obj.type])
    out = {'@odata.context': request.context('directoryObjects/$entity'),
           '@odata.type': render.odata_type(obj)}
    out.update(render.to_dict(obj, render.mixed_names(request, obj.type)))
    return Response(200, out)


def get_by_ids(request):
    body = request.json()
    ids, types = body.get('ids'), body.get('types')
    if not isinstance(ids, list) or not 0 < len(ids) <= 1000:
        raise bad_request('The number of ids must be between 1 and 1000.')
    names_of, found = {}, []
    for one in dict.fromkeys(str(i).lower() for i in ids):
        obj = request.tenant.objects.get(one)
        if obj and not obj.deleted_at and obj.type in render.READ and \
                (not types or obj.type in types):
            found.append(json.loads(render.mixed_text(request, obj, names_of)))
    return Response(200, {'@odata.context': request.context('directoryObjects'), 'value': found})


# -- $ref writes --------------------------------------------------------------------------------

def reference(request, url):
    """The live object an @odata.id points at."""
    if not isinstance(url, str) or not url.startswith('https://'):
        raise bad_request("Invalid URL format specified in payload.")
    parts = [urllib.parse.unquote(p) for p in urllib.parse.urlsplit(url).path.split('/') if p]
    if len(parts) < 3 or parts[-2].lower() not in (
            'directoryobjects', 'users', 'groups', 'devices', 'contacts', 'serviceprincipals'):
        raise bad_request("Invalid URL format specified in payload.")
    obj = request.tenant.objects.get(parts[-1].lower())
    if obj is None or obj.deleted_at or read.hidden(request, obj):
        raise not_found(parts[-1])
    return obj


def holder(request, segment, key, name):
    """The object that carries the link, writable by this caller."""
    obj_type = read.COLLECTIONS[segment]
    if (obj_type, name) not in ALLOWED:
        raise bad_request("Resource not found for the segment '%s'." % name)
    if obj_type == 'group' and name == 'members':
        request.need('GroupMember.ReadWrite.All|Group.ReadWrite.All')
    else:
        request.need(write.WRITE[obj_type])
    obj = read.resolve(request, obj_type, key)
    if obj_type == 'group':
        write.need_group_write(request, obj)
        if name == 'members' and write.is_dynamic(obj.props):
            raise bad_request('Members of a group with dynamic membership cannot be changed '
                              'directly.')
    return obj


def check_target(request, obj, name, target):
    if target.type not in ALLOWED[obj.type, name] or (
            obj.type == 'group' and name == 'members' and write.is_unified(obj.props) and
            target.type != 'user'):
        raise bad_request("The object type of the reference is not valid for property '%s'."
                          % name)
    if target.id == obj.id:
        raise bad_request('A group cannot be a member of itself.')
    if obj.props.get('isAssignableToRole') and target.type == 'group':
        raise bad_request('Groups cannot be nested in a role-assignable group.')
    if target.id in obj.links.get(name, ()):
        raise bad_request("One or more added object references already exist for the following "
                          "modified properties: '%s'." % name)


def check_many(request, obj, name, urls):
    """members@odata.bind: at most 20, all or nothing."""
    if not isinstance(urls, list) or len(urls) > MAX_BIND:
        raise bad_request('At most %d references can be added in one request.' % MAX_BIND)
    if name == 'members' and write.is_dynamic(obj.props):
        raise bad_request('Members of a group with dynamic membership cannot be changed directly.')
    found = [reference(request, url) for url in urls]
    if len({o.id for o in found}) != len(found):
        raise bad_request("One or more added object references already exist for the following "
                          "modified properties: '%s'." % name)
    for target in found:
        check_target(request, obj, name, target)
    return found


def add(request, segment, key, name):
    obj = holder(request, segment, key, name)
    target = reference(request, request.json().get('@odata.id'))
    check_target(request, obj, name, target)
    if name == 'owners' and len(request.tenant.linked(obj, name)) >= MAX_OWNERS:
        raise bad_request('The limit of %d owners is reached.' % MAX_OWNERS)
    request.tenant.add_link(request.actor, obj, name, target)
    return Response(204)


def remove(request, segment, key, name, other):
    obj = holder(request, segment, key, name)
    target = request.tenant.objects.get(other.lower())
    if target is None or target.id not in obj.links.get(name, ()):
        raise not_found(other)
    if name == 'owners' and obj.type == 'group' and write.is_unified(obj.props) and \
            len(request.tenant.linked(obj, name)) == 1:
        raise bad_request('The group must have at least one owner, hence this owner cannot be '
                          'removed.')
    request.tenant.remove_link(request.actor, obj, name, target)
    return Response(204)


def delete_target(request, segment, key, name, other):
    """DELETE without /$ref deletes the object behind the link, when the caller may."""
    obj = read.resolve(request, read.COLLECTIONS[segment], key)
    if other.lower() not in obj.links.get(name, ()):
        raise not_found(other)
    write.delete_object(request, request.tenant.objects[other.lower()])
    return Response(204)


def managed_user(request, key):
    request.need('User.ReadWrite.All')
    user = read.resolve(request, 'user', key)
    if user.on_prem_mastered:
        raise on_prem_mastered()
    return user


def put_manager(request, key):
    user = managed_user(request, key)
    target = reference(request, request.json().get('@odata.id'))
    if target.type not in ('user', 'orgContact') or target.id == user.id:
        raise bad_request("The object type of the reference is not valid for property 'manager'.")
    request.tenant.set_manager(request.actor, user, target)
    return Response(204)


def delete_manager(request, key):
    user = managed_user(request, key)
    if not request.tenant.linked(user, 'manager'):
        raise not_found('manager')
    request.tenant.set_manager(request.actor, user, None)
    return Response(204)


# -- app role assignments -----------------------------------------------------------------------

def need_assignment_write(request):
    if not (request.may('AppRoleAssignment.ReadWrite.All') and
            request.may('Application.Read.All')):
        raise denied()


def role_rows(one):
    return [state.log.modified('AppRole.Id', None, state.log.quoted(one.props['appRoleId'])),
            state.log.modified('AppRoleAssignment.CreatedDateTime', None,
                               state.log.quoted(one.props['createdDateTime']))]


def role_activity(verb, principal):
    word = 'to' if verb == 'Add' else 'from'
    kind = {'servicePrincipal': 'app role assignment %s service principal' % word,
            'group': 'app role assignment %s group' % word,
            'user': 'app role assignment grant %s user' % word}[principal.type]
    category = {'servicePrincipal': 'ApplicationManagement', 'group': 'GroupManagement',
                'user': 'UserManagement'}[principal.type]
    return '%s %s' % (verb, kind), category


def assign_role(request, segment, key, name):
    need_assignment_write(request)
    tenant, body = request.tenant, request.json()
    here = read.resolve(request, read.COLLECTIONS[segment], key)
    props = values.check_body('appRoleAssignment', body, creating=True)
    for field in ('principalId', 'resourceId', 'appRoleId'):
        if not props.get(field):
            raise bad_request("A value is required for property '%s' of resource "
                              "'AppRoleAssignment'." % field)
    principal = tenant.objects.get(props['principalId'].lower())
    resource = tenant.objects.get(props['resourceId'].lower())
    for one, wanted in ((principal, ('user', 'group', 'servicePrincipal')),
                        (resource, ('servicePrincipal',))):
        if one is None or one.deleted_at or one.type not in wanted:
            raise not_found(props['principalId' if one is principal else 'resourceId'])
    if here.id != (principal.id if name == 'appRoleAssignments' else resource.id):
        raise bad_request('The object of the URL and the object of the body differ.')
    roles = {r['id'].lower(): r for r in resource.props.get('appRoles') or ()}
    role = roles.get(props['appRoleId'].lower())
    member = 'Application' if principal.type == 'servicePrincipal' else 'User'
    if props['appRoleId'] == ZERO:
        if any(r['isEnabled'] and member in r['allowedMemberTypes'] for r in roles.values()):
            raise bad_request('Permission being assigned was not found on application')
    elif role is None or not role['isEnabled'] or member not in role['allowedMemberTypes']:
        raise bad_request('Permission being assigned was not found on application')
    for one in tenant.parents(principal, 'principal'):
        if (one.props['resourceId'], one.props['appRoleId']) == (resource.id, props['appRoleId']):
            raise bad_request('Permission being assigned already exists on the object')
    made = seed.assign_role(tenant, principal, resource, props['appRoleId'])
    activity, category = role_activity('Add', principal)
    tenant.audit(request.actor, activity, category, 'Assign', 'Core Directory',
                 [state.log.target(resource, role_rows(made)), state.log.target(principal)])
    names = metadata.default_names('appRoleAssignment')
    return Response(201, {'@odata.context': request.context('appRoleAssignments/$entity'),
                          **render.to_dict(made, names)})


def unassign_role(request, segment, key, name, assignment):
    need_assignment_write(request)
    tenant = request.tenant
    here = read.resolve(request, read.COLLECTIONS[segment], key)
    one = tenant.objects.get(assignment)
    side = 'principalId' if name == 'appRoleAssignments' else 'resourceId'
    if one is None or one.type != 'appRoleAssignment' or one.props[side] != here.id:
        raise not_found(assignment)
    principal = tenant.objects[one.props['principalId']]
    resource = tenant.objects[one.props['resourceId']]
    activity, category = role_activity('Remove', principal)
    tenant.audit(request.actor, activity, category, 'Unassign', 'Core Directory',
                 [state.log.target(resource, role_rows(one)), state.log.target(principal)])
    tenant.hard_delete(request.actor, one)
    return Response(204)
