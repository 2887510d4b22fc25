# SPDX-License-Identifier: Apache-2.0
"""Objects as JSON: default sets, $select, mixed lists, limited information, a cache per object."""

import json

import metadata
from errors import GraphError, bad_request

READ = {'user': 'User.Read.All', 'group': 'GroupMember.Read.All|Group.Read.All',
        'orgContact': 'OrgContact.Read.All', 'device': 'Device.Read.All',
        'application': 'Application.Read.All', 'servicePrincipal': 'Application.Read.All',
        'directoryRole': 'RoleManagement.Read.Directory',
        'appRoleAssignment': 'Application.Read.All|Directory.Read.All'}
NEVER_SHOWN = ('passwordProfile',)


def dumps(value):
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False)


def select_names(request, type_name, single):
    """Names to show, in table order for the default set and in request order otherwise."""
    text = request.query.get('$select')
    if text is None:
        return tuple(metadata.default_names(type_name, request.version))
    table = metadata.properties(type_name, request.version)
    names = []
    for name in (part.strip() for part in text.split(',')):
        if metadata.EXTENSION.match(name):
            names.append(name)
            continue
        row = table.get(name)
        if row is None and name not in metadata.RELATIONS.get(type_name, ()):
            raise bad_request("Parsing OData Select and Expand failed: Could not find a property "
                              "named '%s' on type 'microsoft.graph.%s'." % (name, type_name))
        if row is None or 'N' in row.flags:
            continue
        if 'S' in row.flags and not single:
            raise GraphError(501, 'NotImplemented',
                             'This operation target is not yet supported.')
        if name not in names:
            names.append(name)
    check_special(request, names)
    return tuple(names)


def check_special(request, names):
    """Properties that need a permission of their own or live in another service."""
    if 'signInActivity' in names:
        request.need('AuditLog.Read.All')
    if 'customSecurityAttributes' in names:
        request.need('CustomSecAttributeAssignment.Read.All')
    if 'mailboxSettings' in names:
        request.need('MailboxSettings.Read')
        raise GraphError(404, 'MailboxNotEnabledForRESTAPI',
                         'The mailbox is either inactive, soft-deleted, or is hosted on-premise.')


def to_dict(obj, names, single=False):
    """Plain dict of the named properties; absent ones are null or an empty list."""
    table, props, out = metadata.TYPES[obj.type], obj.props, {}
    for name in names:
        if name == 'id':
            out['id'] = obj.id
        elif name == 'onPremisesObjectIdentifier':
            out[name] = obj.sync.get('object_identifier')
        elif name in props and name not in NEVER_SHOWN:
            out[name] = props[name]
        elif name in table:
            out[name] = table[name].empty
    if out.get('keyCredentials') and not single:
        out['keyCredentials'] = [dict(k, key=None) for k in out['keyCredentials']]
    if out.get('onPremisesExtensionAttributes') is None and \
            'onPremisesExtensionAttributes' in out and obj.type == 'user':
        out['onPremisesExtensionAttributes'] = dict.fromkeys(metadata.S15)
    elif out.get('onPremisesExtensionAttributes'):
        out['onPremisesExtensionAttributes'] = {**dict.fromkeys(metadata.S15),
                                                **out['onPremisesExtensionAttributes']}
    return out


def odata_type(obj):
    return obj.props.get('@odata.type') or '#microsoft.graph.' + obj.type


def to_text(obj, names, annotate=False):
    """JSON text of one element of a list; cached while the object does not change."""
    key, cache = (names, annotate), obj.cache
    if cache is None:
        cache = obj.cache = {}
    text = cache.get(key)
    if text is None:
        head = {'@odata.type': odata_type(obj)} if annotate else {}
        head.update(to_dict(obj, names))
        text = dumps(head)
        if len(cache) > 3:
            cache.clear()
        cache[key] = text
    return text


def mixed_names(request, type_name):
    """Names for one type inside a directoryObject list; a name of another type is skipped."""
    text = request.query.get('$select')
    if text is None:
        return tuple(metadata.default_names(type_name, request.version))
    wanted = [part.strip() for part in text.split(',')]
    table = metadata.properties(type_name, request.version)
    return tuple(n for n in wanted if n in table or metadata.EXTENSION.match(n))


def mixed_text(request, obj, names_of):
    """One element of a list of directory objects; id and type only where rights are short."""
    names = names_of.get(obj.type)
    if names is None:
        names = names_of[obj.type] = mixed_names(request, obj.type)
    if obj.type in READ and not request.may(READ[obj.type]):
        out = {'@odata.type': odata_type(obj)}
        out.update({n: None for n in names})
        out['id'] = obj.id
        return dumps(out)
    return to_text(obj, names, annotate=True)


def context_suffix(request):
    text = request.query.get('$select')
    return '(%s)' % text if text else ''
