# SPDX-License-Identifier: Apache-2.0
"""Reading: collections with paging, single objects, links, $count, $expand."""

import json

import metadata
import query
import render
from errors import GraphError, bad_request, not_found, unsupported
from request import Response

COLLECTIONS = {  # path segment -> type
    'users': 'user', 'groups': 'group', 'contacts': 'orgContact', 'devices': 'device',
    'applications': 'application', 'servicePrincipals': 'servicePrincipal',
}
SEGMENT = {v: k for k, v in COLLECTIONS.items()}
PAGE = {'default': 100, 'longest': 999}
OPTIONS = {'$select', '$filter', '$orderby', '$top', '$count', '$expand', '$search', '$skiptoken',
           '$skip', '$format'}
EXPAND_CAP = 20


def check_options(request, allowed=OPTIONS):
    for name in request.query:
        if name.startswith('$') and name not in OPTIONS | {'$deltatoken'}:
            raise bad_request("The query parameter '%s' is not supported." % name)
        if name.startswith('$') and name not in allowed:
            raise unsupported("The query parameter '%s' is not supported for this resource."
                              % name)
    if '$skip' in request.query:
        raise bad_request("'$skip' is not supported by the service.")
    if '$skiptoken' in request.query and len(request.query) > 1:
        raise bad_request('A page token holds all query options; do not combine it with others.')


def resolve(request, type_name, key):
    """A live object by id, or by UPN (users), or by appId='…'; 404 otherwise."""
    tenant, obj = request.tenant, None
    name, _, value = key.partition('=')
    if name in ('appId', 'uniqueName', 'deviceId') and value:
        value = value.strip("'")
        obj = (tenant.find_device(value) if name == 'deviceId'
               else tenant.find_app(value, type_name) if name == 'appId' else None)
    else:
        obj = tenant.objects.get(key.lower()) or tenant.objects.get(key)
        if obj is None and type_name == 'user':
            obj = tenant.find_upn(key)
    if obj is None or obj.type != type_name or obj.deleted_at or hidden(request, obj):
        raise not_found(key)
    return obj


def hidden(request, obj):
    """Just created and not yet replicated."""
    return obj.visible_at is not None and request.tenant.now() < obj.visible_at


def restore_options(request):
    """Query options of the first page come back out of the page token."""
    text = request.query.get('$skiptoken')
    if text is None:
        return {'at': 0, 'last': None, 'first': True}
    data = query.read_token(request.tenant, request.path.lower(), text)
    request.query = dict(data['query'])
    return data


def position(items, data):
    """Where the next page starts although objects came and went meanwhile."""
    at, last = data['at'], data['last']
    if last is None or (0 < at <= len(items) and items[at - 1].id == last):
        return min(at, len(items))
    for index, obj in enumerate(items):
        if obj.id == last:
            return index + 1
    return min(at, len(items))


def page(request, items, text_of, context, default=None, longest=None, count=None):
    """One page of items as a Response; items is the whole list in a stable order."""
    data = request.page_data
    top = query.parse_top(request.query.get('$top'), default or PAGE['default'],
                          longest or PAGE['longest'])
    start = position(items, data)
    if request.page_fault == 'empty_page':
        chunk, end = [], start
    else:
        chunk = items[start:start + top]
        end = start + len(chunk)
    parts = ['"@odata.context":' + render.dumps(request.context(context))]
    if count is not None and data.get('first'):
        parts.append('"@odata.count":%d' % count)
    if end < len(items) or request.page_fault in ('empty_page', 'loop_next', 'foreign_next'):
        token = {'at': end, 'last': items[end - 1].id if end else None, 'query': request.query,
                 'expired': request.page_fault == 'expired_page'}
        if request.page_fault == 'loop_next':
            token.update(at=start, last=data['last'])
        link = query.next_link(request, query.make_token(request.tenant, request.path.lower(),
                                                         token))
        if request.page_fault == 'foreign_next':
            link = link.replace(request.origin, 'https://graph.attacker.example.test', 1)
        parts.append('"@odata.nextLink":' + render.dumps(link))
    parts.append('"value":[' + ','.join(map(text_of, chunk)) + ']')
    return Response(200, ('{' + ','.join(parts) + '}').encode())


def check_advanced(request, advanced):
    if '$count' in request.query and not request.eventual:
        raise unsupported("$count is not currently supported without the request header "
                          "'ConsistencyLevel: eventual'.")
    if advanced and not request.advanced:
        raise unsupported("Unsupported Query. This query requires the request header "
                          "'ConsistencyLevel: eventual' and the query parameter '$count=true'.")
    if advanced and '$expand' in request.query:
        raise unsupported('$expand cannot be combined with advanced queries.')


def filtered(request, type_name, items, table):
    """Apply $filter, $search and $orderby to a list of Obj."""
    options, advanced = request.query, False
    if '$filter' in options:
        if not options['$filter'].strip():
            raise query.invalid("Empty $filter.")
        test = query.Filter(options['$filter'], query.property_check(table, type_name),
                            query.value_of)
        advanced = test.advanced
        items = [o for o in items if test(o)]
    if '$search' in options:
        if not request.eventual:
            raise unsupported("Request with $search query parameter only works through MSGraph "
                              "with a special request header: 'ConsistencyLevel: eventual'")
        items = [o for o in items if search_test(options['$search'])(o)]
    if '$orderby' in options:
        plain = metadata.PLAIN_ORDER.get(type_name, ())
        order = query.parse_order(options['$orderby'], table)
        advanced = advanced or '$filter' in options or any(n not in plain for n, _ in order)
        for name, descending in reversed(order):
            items = sorted(items, reverse=descending,
                           key=lambda o: str(query.value_of(o, [name]) or '').lower())
    check_advanced(request, advanced)
    return items


def search_test(text):
    words = text.strip().strip('"')
    name, colon, value = words.partition(':')
    if not colon or name not in ('displayName', 'description', 'mail', 'userPrincipalName'):
        raise bad_request('Syntax error: "%s" is not a supported $search clause.' % text)
    value = value.lower()
    return lambda o: any(token.startswith(value) for token in
                         (o.props.get(name) or '').lower().split())


def collection(request, type_name, items, context, single=False, annotate=False):
    """Answer a GET of a homogeneous list of directory objects."""
    check_options(request)
    request.page_data = restore_options(request)
    table = metadata.properties(type_name, request.version)
    names = render.select_names(request, type_name, single)
    items = [o for o in items if not o.visible_at or not hidden(request, o)]
    items = filtered(request, type_name, items, table)
    longest = 500 if 'signInActivity' in names else PAGE['longest']
    count = len(items) if request.advanced else None
    expand = parse_expand(request, type_name)

    def text_of(obj):
        text = render.to_text(obj, names, annotate)
        extra = expansion(request, obj, *expand) if expand else ''
        return '%s%s%s}' % (text[:-1], ',' if len(text) > 2 else '', extra) if extra else text
    return page(request, items, text_of, context + render.context_suffix(request),
                longest=longest, count=count)


def listing(request, segment):
    """GET /users and the like."""
    type_name = COLLECTIONS[segment]
    request.need(render.READ[type_name])
    return collection(request, type_name, request.tenant.order.get(type_name, []), segment)


def count_segment(request, segment):
    """GET /users/$count: plain text, advanced mode only."""
    type_name = COLLECTIONS[segment]
    request.need(render.READ[type_name])
    if not request.eventual:
        raise unsupported("$count is not currently supported without the request header "
                          "'ConsistencyLevel: eventual'.")
    request.query.pop('$count', None)
    items = request.tenant.order.get(type_name, [])
    if '$filter' in request.query:
        table = metadata.properties(type_name, request.version)
        test = query.Filter(request.query['$filter'], query.property_check(table, type_name),
                            query.value_of)
        items = [o for o in items if test(o)]
    return Response(200, str(len(items)).encode(), {'Content-Type': 'text/plain'})


def entity(request, segment, key):
    """GET /users/{id} and the like."""
    type_name = COLLECTIONS[segment]
    request.need(render.READ[type_name])
    obj = resolve(request, type_name, key)
    return single(request, obj, segment)


def single(request, obj, context, annotate=False):
    check_options(request, {'$select', '$expand'})
    names = render.select_names(request, obj.type, True)
    out = {'@odata.context': request.context(context + render.context_suffix(request) +
                                             '/$entity')}
    if annotate:
        out['@odata.type'] = render.odata_type(obj)
    explicit = '$select' in request.query
    out.update(render.to_dict(obj, names, single=explicit))
    expand = parse_expand(request, obj.type)
    if expand:
        out.update(json.loads('{%s}' % expansion(request, obj, *expand)))
    return Response(200, out)


def parse_expand(request, type_name):
    """(relation, selected names or None) of $expand, or None."""
    text = request.query.get('$expand')
    if text is None:
        return None
    name, _, rest = text.partition('(')
    if ',' in name or (rest and ',' in rest.partition(')')[2]):
        raise bad_request('Only one relation can be expanded per request.')
    if name not in metadata.RELATIONS.get(type_name, ()) or name in ('onPremisesSyncBehavior',):
        raise bad_request("Parsing OData Select and Expand failed: Could not find a property named "
                          "'%s' on type 'microsoft.graph.%s'." % (name, type_name))
    chosen = None
    if rest:
        option, _, value = rest.rstrip(')').partition('=')
        if option.strip().lower() != '$select':
            raise unsupported('Only $select is supported inside $expand.')
        chosen = [part.strip() for part in value.split(',')]
    return name, chosen


def expansion(request, obj, name, chosen):
    """JSON text of the expanded relation; more than 20 related objects are silently cut."""
    if name == 'manager':
        found = request.tenant.linked(obj, 'manager')
        return '"manager":' + expanded_text(request, found[0], chosen) if found else ''
    found = related(request, obj, name)[:EXPAND_CAP]
    return '"%s":[%s]' % (name, ','.join(expanded_text(request, o, chosen) for o in found))


def expanded_text(request, obj, chosen):
    names = (tuple(metadata.default_names(obj.type)) if chosen is None else
             tuple(n for n in chosen if n in metadata.TYPES[obj.type]))
    return render.mixed_text(request, obj, {obj.type: names})


def related(request, obj, name):
    """Live objects of a relation, stored or computed from the other side."""
    tenant = request.tenant
    if name in ('members', 'owners', 'sponsors', 'registeredOwners', 'registeredUsers'):
        return tenant.linked(obj, name)
    if name == 'memberOf':
        return tenant.parents(obj, 'members')
    if name == 'directReports':
        return tenant.parents(obj, 'manager')
    if name == 'ownedObjects':
        return tenant.parents(obj, 'owners')
    if name == 'ownedDevices':
        return tenant.parents(obj, 'registeredOwners')
    if name == 'registeredDevices':
        return tenant.parents(obj, 'registeredUsers')
    if name == 'appRoleAssignments':
        return tenant.parents(obj, 'principal')
    if name == 'appRoleAssignedTo':
        return tenant.parents(obj, 'resource')
    if name in ('transitiveMembers', 'transitiveMemberOf'):
        step = tenant.members_of if name == 'transitiveMembers' else tenant.parents
        found, todo = {}, [obj]
        while todo:
            for other in step(todo.pop()):
                if other.id not in found and other.id != obj.id:
                    found[other.id] = other
                    todo.append(other)
        return sorted(found.values(), key=lambda o: o.seq)
    raise not_found(name)


LINK_PERMISSION = {
    ('group', 'members'): 'GroupMember.Read.All', ('group', 'owners'): 'GroupMember.Read.All',
    ('group', 'transitiveMembers'): 'GroupMember.Read.All',
    ('group', 'memberOf'): 'GroupMember.Read.All',
    ('group', 'transitiveMemberOf'): 'GroupMember.Read.All',
    ('group', 'appRoleAssignments'): 'Group.Read.All|Directory.Read.All',
}


def links(request, segment, key, name, cast=None):
    """GET /groups/{id}/members and other to-many relations."""
    type_name = COLLECTIONS.get(segment, 'directoryRole')
    request.need(LINK_PERMISSION.get((type_name, name), render.READ[type_name]))
    obj = resolve(request, type_name, key)
    check_options(request)
    request.page_data = restore_options(request)
    items = related(request, obj, name)
    if name in ('appRoleAssignments', 'appRoleAssignedTo', 'licenseDetails'):
        names = render.select_names(request, 'appRoleAssignment', False)
        return page(request, items, lambda o: render.to_text(o, names),
                    "%s('%s')/%s" % (segment, obj.id, name))
    if cast:
        check_advanced(request, True)
        items = [o for o in items if o.type.lower() == cast.lower()]
    count = None
    if '$count' in request.query:
        check_advanced(request, False)
        count = len(items)
    if '$filter' in request.query:
        check_advanced(request, True)
        table = metadata.TYPES[cast or 'user']
        test = query.Filter(request.query['$filter'],
                            query.property_check(table, cast or 'user'), query.value_of)
        items = [o for o in items if test(o)]
    names_of = {}
    context = SEGMENT.get(cast, 'directoryObjects') + render.context_suffix(request)
    longest = len(items) + 1 if type_name == 'directoryRole' else PAGE['longest']
    return page(request, items, lambda o: render.mixed_text(request, o, names_of), context,
                default=longest if type_name == 'directoryRole' else None, longest=longest,
                count=count)


def link_refs(request, segment, key, name):
    """GET …/members/$ref: only the addresses."""
    type_name = COLLECTIONS[segment]
    request.need(LINK_PERMISSION.get((type_name, name), render.READ[type_name]))
    obj = resolve(request, type_name, key)
    request.page_data = restore_options(request)

    def text_of(one):
        kind = 'Microsoft.DirectoryServices.' + one.type[0].upper() + one.type[1:]
        return render.dumps({'@odata.id': '%s/v2/%s/directoryObjects/%s/%s' % (
            request.origin, request.tenant.tenant_id, one.id, kind)})
    return page(request, related(request, obj, name), text_of,
                'Collection(microsoft.graph.directoryObject)')


def manager(request, segment, key):
    """GET /users/{id}/manager: 404 when there is none."""
    type_name = COLLECTIONS[segment]
    request.need(render.READ[type_name])
    obj = resolve(request, type_name, key)
    found = request.tenant.linked(obj, 'manager')
    if not found:
        raise GraphError(404, 'Request_ResourceNotFound',
                         "Resource 'manager' does not exist or one of its queried reference-"
                         'property objects are not present.')
    names = render.mixed_names(request, found[0].type)
    out = {'@odata.context': request.context('directoryObjects/$entity'),
           '@odata.type': render.odata_type(found[0])}
    out.update(render.to_dict(found[0], names))
    return Response(200, out)
