# SPDX-License-Identifier: Apache-2.0
"""Policies: Conditional Access, named locations, authentication methods, authorization."""

import ipaddress
import re

import metadata
import query
import render
import values
from errors import GraphError, bad_request, denied, not_found, unsupported
from request import Response

CA_READ = 'Policy.Read.All|Policy.Read.ConditionalAccess'
METHODS_READ = 'Policy.Read.AuthenticationMethod'
SHOWN_SECTIONS = ('applications', 'users')   # sections of conditions that are never null
AUTHORIZATION = {
    'displayName': 'Authorization Policy',
    'description': 'Used to manage authorization related settings across the company.',
    'allowInvitesFrom': 'everyone', 'allowedToSignUpEmailBasedSubscriptions': True,
    'allowedToUseSSPR': True, 'allowEmailVerifiedUsersToJoinOrganization': False,
    'blockMsolPowerShell': False, 'guestUserRoleId': '10dae51f-b6af-4016-8d66-8c2a99b929b3',
    'defaultUserRolePermissions': {
        'allowedToCreateApps': True, 'allowedToCreateSecurityGroups': True,
        'allowedToCreateTenants': True, 'allowedToReadBitlockerKeysForOwnedDevice': True,
        'allowedToReadOtherUsers': True, 'permissionGrantPoliciesAssigned': [
            'ManagePermissionGrantsForSelf.microsoft-user-default-legacy']}}
GUEST_ROLES = ('a0b1b346-4d3e-4e8b-98f8-753987be4970', '10dae51f-b6af-4016-8d66-8c2a99b929b3',
               '2af84b1e-32c8-42b7-82bc-daa82404023b')
METHODS_POLICY = {
    'displayName': 'Authentication Methods Policy', 'policyVersion': '1.5',
    'description': 'The tenant-wide policy that controls which authentication methods are allowed',
    'lastModifiedDateTime': '2026-01-15T08:00:00Z', 'policyMigrationState': 'migrationComplete',
    'registrationEnforcement': {'authenticationMethodsRegistrationCampaign': {
        'snoozeDurationInDays': 1, 'state': 'default', 'excludeTargets': [], 'includeTargets': [
            {'id': 'all_users', 'targetType': 'group',
             'targetedAuthenticationMethod': 'microsoftAuthenticator'}]}}}
METHOD_PROPERTIES = {   # writable own properties of each configuration type
    'fido2': {'isSelfServiceRegistrationAllowed': 'b', 'isAttestationEnforced': 'b',
              'keyRestrictions': 'fido2KeyRestrictions', 'defaultPasskeyProfile': 's'},
    'microsoftAuthenticator': {'featureSettings': 'microsoftAuthenticatorFeatureSettings',
                               'isSoftwareOathEnabled': 'b'},
    'sms': {}, 'softwareOath': {}, 'voice': {'isOfficePhoneAllowed': 'b'},
    'temporaryAccessPass': {'defaultLength': 'i', 'defaultLifetimeInMinutes': 'i',
                            'isUsableOnce': 'b', 'maximumLifetimeInMinutes': 'i',
                            'minimumLifetimeInMinutes': 'i'},
    'email': {'allowExternalIdToUseEmailOtp': 's'},
}


# -- shared -------------------------------------------------------------------------------------

def ca_write(request):
    """Policy.Read.All and Policy.ReadWrite.ConditionalAccess together."""
    if not (request.may('Policy.Read.All') and request.may('Policy.ReadWrite.ConditionalAccess')):
        raise denied()


def fill(kind, value):
    """A complex value with every field of its type: absent ones null, absent lists empty."""
    out = {k: v for k, v in value.items() if '@' in k}
    for name, inner in metadata.COMPLEX[kind].items():
        one = value.get(name)
        if inner.endswith('[]'):
            out[name] = one or []
        elif isinstance(one, dict) and inner in metadata.COMPLEX:
            out[name] = fill(inner, one)
        else:
            out[name] = one
    return out


def complete(policy):
    """A Conditional Access policy as the service stores it."""
    policy = dict(policy)
    conditions = fill('conditionalAccessConditionSet', policy['conditions'])
    for name in SHOWN_SECTIONS:
        conditions[name] = fill('conditionalAccess' + name[0].upper() + name[1:],
                                conditions[name] or {})
    if not conditions['clientAppTypes']:
        conditions['clientAppTypes'] = ['all']
    policy['conditions'] = conditions
    for name, kind in (('grantControls', 'conditionalAccessGrantControls'),
                       ('sessionControls', 'conditionalAccessSessionControls')):
        if policy.get(name) is not None:
            policy[name] = fill(kind, policy[name])
    return policy


def find(request, obj_type, key, deleted=False):
    obj = request.tenant.objects.get(key)
    if obj is None or obj.type != obj_type or bool(obj.deleted_at) != deleted:
        raise not_found(key)
    return obj


def show(request, obj, context, annotate=False):
    out = {'@odata.context': request.context(context)}
    out.update(shown(request, obj, annotate))
    return out


def shown(request, obj, annotate=False):
    kind = odata_kind(obj)
    names = metadata.default_names(kind, request.version)
    if obj.deleted_at:
        names = names + ['deletedDateTime']
    if '$select' in request.query:
        wanted = request.query['$select'].split(',')
        for name in wanted:
            if name not in metadata.TYPES[obj.type]:
                raise bad_request("Could not find a property named '%s' on type "
                                  "'microsoft.graph.%s'." % (name, kind))
        names = [n for n in wanted if n in metadata.TYPES[kind]]
    head = {'@odata.type': render.odata_type(obj)} if annotate else {}
    head.update(render.to_dict(obj, names))
    return head


def odata_kind(obj):
    return (obj.props.get('@odata.type') or obj.type).rpartition('.')[2]


def policy_list(request, obj_type, items, context, annotate=False):
    """$skip, $top, $count, $filter, $orderby, $select; one page unless $top is given."""
    options = dict(request.query)
    if '$skiptoken' in options:
        raise unsupported("The query parameter '$skiptoken' is not supported.")
    for name in options:
        if name.startswith('$') and name not in ('$skip', '$top', '$count', '$filter', '$orderby',
                                                 '$select'):
            raise unsupported("The query parameter '%s' is not supported." % name)
    table = metadata.TYPES[obj_type]
    if '$filter' in options:
        test = query.Filter(options['$filter'], query.property_check(table, obj_type),
                            query.value_of)
        items = [o for o in items if test(o)]
    for name, descending in reversed(query.parse_order(options['$orderby'], table)
                                     if '$orderby' in options else []):
        items = sorted(items, key=lambda o: str(o.props.get(name) or '').lower(),
                       reverse=descending)
    count = len(items)
    skip = options.get('$skip', '0')
    if not skip.isdigit():
        raise bad_request("Invalid $skip value '%s'." % skip)
    top = query.parse_top(options.get('$top'), 500, 500)
    chunk = items[int(skip):int(skip) + top]
    body = {'@odata.context': request.context(context)}
    if options.get('$count', '').lower() == 'true':
        body['@odata.count'] = count
    if int(skip) + top < count:
        keep = ['%s=%s' % (k, v) for k, v in options.items() if k != '$skip']
        body['@odata.nextLink'] = '%s%s?%s' % (request.origin, request.path, '&'.join(
            keep + ['$skip=%d' % (int(skip) + top)]).replace(' ', '%20').replace("'", '%27'))
    body['value'] = [shown(request, o, annotate) for o in chunk]
    return Response(200, body)


# -- Conditional Access policies ----------------------------------------------------------------

CONTAINERS = {'policies': 'conditionalAccessPolicy', 'namedLocations': 'namedLocation'}


def ca_list(request, container):
    request.need(CA_READ)
    obj_type = CONTAINERS[container]
    return policy_list(request, obj_type, request.tenant.by_type(obj_type),
                       'identity/conditionalAccess/' + container, obj_type == 'namedLocation')


def ca_get(request, container, key):
    request.need(CA_READ)
    obj = find(request, CONTAINERS[container], key)
    return Response(200, show(request, obj, 'identity/conditionalAccess/%s/$entity' % container,
                              obj.type == 'namedLocation'))


def check_references(request, props):
    """Groups, users and locations that a policy names must exist."""
    conditions = props.get('conditions') or {}
    users = conditions.get('users') or {}
    for name in ('includeUsers', 'excludeUsers', 'includeGroups', 'excludeGroups'):
        for one in users.get(name) or ():
            if values.is_guid(one):
                obj = request.tenant.objects.get(one.lower())
                wanted = 'user' if name.endswith('Users') else 'group'
                if obj is None or obj.type != wanted or obj.deleted_at:
                    raise GraphError(400, 'BadRequest', '1007: Invalid %s value: %s does not exist '
                                     'in the directory.' % (name, one))
            elif one not in ('All', 'None', 'GuestsOrExternalUsers') or name.endswith('Groups'):
                raise GraphError(400, 'BadRequest', "1007: Invalid %s value: '%s'." % (name, one))
    locations = conditions.get('locations') or {}
    for name in ('includeLocations', 'excludeLocations'):
        for one in locations.get(name) or ():
            obj = request.tenant.objects.get(one)
            if one not in ('All', 'AllTrusted') and (
                    obj is None or obj.type != 'namedLocation' or obj.deleted_at):
                raise GraphError(400, 'BadRequest', '1040: NetworkNamedLocation with id %s does '
                                 'not exist in the directory.' % one)
    controls = props.get('grantControls')
    if controls and controls.get('operator') not in ('AND', 'OR'):
        raise GraphError(400, 'BadRequest', '1055: grantControls.operator must be AND or OR.')


def ca_create(request, container):
    ca_write(request)
    body = request.json()
    kind = container_kind(request, container, body)
    props = values.check_body(kind, body, creating=True)
    if kind == 'conditionalAccessPolicy':
        if props.get('grantControls') is None and props.get('sessionControls') is None:
            raise GraphError(400, 'BadRequest', '1032: Either grant controls or session controls '
                             'must be specified in the policy.')
        check_references(request, props)
        props = complete(props)
    else:
        props['@odata.type'] = '#microsoft.graph.' + kind
        check_location(kind, props)
        props.setdefault('isTrusted' if kind == 'ipNamedLocation' else
                         'includeUnknownCountriesAndRegions', False)
        if kind == 'countryNamedLocation':
            props.setdefault('countryLookupMethod', 'clientIpAddress')
    obj = request.tenant.create(request.actor, CONTAINERS[container], props)
    return Response(201, show(request, obj, 'identity/conditionalAccess/%s/$entity' % container,
                              obj.type == 'namedLocation'),
                    {'Location': '%s%s/%s' % (request.origin, request.path, obj.id)})


def container_kind(request, container, body, obj=None):
    """Type to check a body against; named locations say theirs in @odata.type."""
    if container == 'policies':
        return 'conditionalAccessPolicy'
    kind = str(body.get('@odata.type', '')).lstrip('#').rpartition('.')[2]
    if kind not in ('ipNamedLocation', 'countryNamedLocation'):
        raise GraphError(400, 'BadRequest', "The '@odata.type' of a named location must be given.")
    if obj is not None and kind != odata_kind(obj):
        raise GraphError(400, 'BadRequest', 'The type of a named location cannot change.')
    return kind


def check_location(kind, props):
    for one in props.get('ipRanges') or ():
        wanted = {'iPv4CidrRange': 4, 'iPv6CidrRange': 6}.get(
            str(one.get('@odata.type', '')).rpartition('.')[2])
        try:
            network = ipaddress.ip_network(one.get('cidrAddress', ''), strict=False)
        except ValueError:
            network = None
        if wanted is None or network is None or network.version != wanted:
            raise GraphError(400, 'BadRequest', "Invalid IP range: '%s'." % one.get('cidrAddress'))
        one['@odata.type'] = '#' + one['@odata.type'].lstrip('#')
    for one in props.get('countriesAndRegions') or ():
        if not re.fullmatch('[A-Z]{2}', one):
            raise GraphError(400, 'BadRequest', "Invalid country code: '%s'." % one)


def ca_update(request, container, key):
    ca_write(request)
    obj = find(request, CONTAINERS[container], key)
    body = request.json()
    kind = container_kind(request, container, body, obj)
    props = values.check_body(kind, body)
    if kind == 'conditionalAccessPolicy':
        merged = {**obj.props, **props}
        if isinstance(props.get('conditions'), dict):
            merged['conditions'] = {**obj.props['conditions'], **props['conditions']}
        check_references(request, merged)
        merged = complete(merged)
        props = {name: merged.get(name) for name in props}
    else:
        check_location(kind, props)
    request.tenant.update(request.actor, obj, props)
    return Response(204)


def ca_delete(request, container, key):
    ca_write(request)
    obj = find(request, CONTAINERS[container], key)
    if obj.props.get('isTrusted'):
        raise GraphError(400, 'BadRequest', 'A trusted named location cannot be deleted; mark it '
                         'as not trusted first.')
    request.tenant.soft_delete(request.actor, obj)
    return Response(204)


def ca_deleted(request, container):
    request.need(CA_READ)
    obj_type = CONTAINERS[container]
    return policy_list(request, obj_type, request.tenant.by_type(obj_type, deleted=True),
                       'identity/conditionalAccess/deletedItems/' + container,
                       obj_type == 'namedLocation')


def ca_deleted_get(request, container, key):
    request.need(CA_READ)
    obj = find(request, CONTAINERS[container], key, deleted=True)
    return Response(200, show(request, obj,
                              'identity/conditionalAccess/deletedItems/%s/$entity' % container,
                              obj.type == 'namedLocation'))


def ca_restore(request, container, key):
    """200; the documented sample wraps the restored policy in "value"."""
    ca_write(request)
    obj = find(request, CONTAINERS[container], key, deleted=True)
    request.tenant.restore(request.actor, obj)
    return Response(200, {'@odata.context': request.context(
        'identity/conditionalAccess/%s/$entity' % container),
        'value': shown(request, obj, obj.type == 'namedLocation')})


def ca_purge(request, container, key):
    ca_write(request)
    request.tenant.hard_delete(request.actor,
                               find(request, CONTAINERS[container], key, deleted=True))
    return Response(204)


# -- authentication methods ---------------------------------------------------------------------

def method_shown(obj):
    out = {'@odata.type': obj.props['@odata.type'], 'id': obj.id}
    out.update({k: v for k, v in obj.props.items() if k != '@odata.type'})
    return out


def methods_get(request):
    request.need(METHODS_READ)
    obj = find(request, 'authenticationMethodsPolicy', 'authenticationMethodsPolicy')
    out = show(request, obj, 'policies/authenticationMethodsPolicy/$entity')
    if '$select' not in request.query:
        out['authenticationMethodConfigurations@odata.context'] = request.context(
            'policies/authenticationMethodsPolicy/authenticationMethodConfigurations')
        out['authenticationMethodConfigurations'] = [
            method_shown(o) for o in
            request.tenant.by_type('authenticationMethodConfiguration')]
    return Response(200, out)


def methods_update(request):
    request.need('Policy.ReadWrite.AuthenticationMethod')
    obj = find(request, 'authenticationMethodsPolicy', 'authenticationMethodsPolicy')
    props = values.check_body('authenticationMethodsPolicy', request.json())
    change_methods(request, obj, props)
    return Response(204)


def change_methods(request, obj, props):
    if request.tenant.update(request.actor, obj, props):
        policy = request.tenant.objects['authenticationMethodsPolicy']
        policy.props['lastModifiedDateTime'] = request.tenant.timestamp()
        policy.touched()


def method_list(request):
    request.need(METHODS_READ)
    items = request.tenant.by_type('authenticationMethodConfiguration')
    return Response(200, {'@odata.context': request.context(
        'policies/authenticationMethodsPolicy/authenticationMethodConfigurations'),
        'value': [method_shown(o) for o in items]})


def method_find(request, key):
    for obj in request.tenant.by_type('authenticationMethodConfiguration'):
        if obj.id.lower() == key.lower():
            return obj
    raise not_found(key)


def method_get(request, key):
    request.need(METHODS_READ)
    out = {'@odata.context': request.context(
        'policies/authenticationMethodsPolicy/authenticationMethodConfigurations/$entity')}
    out.update(method_shown(method_find(request, key)))
    return Response(200, out)


def method_update(request, key):
    request.need('Policy.ReadWrite.AuthenticationMethod')
    obj = method_find(request, key)
    body = request.json()
    wanted = str(body.get('@odata.type', '')).lstrip('#')
    if wanted != obj.props['@odata.type'].lstrip('#'):
        raise bad_request("The '@odata.type' must be given and match the configuration.")
    kind = wanted.rpartition('.')[2].replace('AuthenticationMethodConfiguration', '')
    own, props = METHOD_PROPERTIES[kind], {}
    for name, value in body.items():
        if name.startswith('@odata') or name == 'id':
            continue
        if name == 'state':
            if value not in ('enabled', 'disabled'):
                raise values.invalid('state')
        elif name in ('includeTargets', 'excludeTargets'):
            if not isinstance(value, list) or any(
                    not isinstance(t, dict) or t.get('targetType') not in ('user', 'group') or
                    not t.get('id') for t in value):
                raise values.invalid(name)
        elif name in own:
            if value is not None:
                values.check_one(own[name], value, name)
        else:
            raise bad_request("Invalid property '%s'." % name)
        props[name] = value
    change_methods(request, obj, props)
    return Response(204)


# -- authorization ------------------------------------------------------------------------------

def authorization_get(request):
    request.need('Policy.Read.All')
    obj = find(request, 'authorizationPolicy', 'authorizationPolicy')
    if request.beta:
        return Response(200, {'@odata.context': request.context('policies/authorizationPolicy'),
                              'value': [shown(request, obj)]})
    return Response(200, show(request, obj, 'policies/authorizationPolicy/$entity'))


def authorization_update(request):
    request.need('Policy.ReadWrite.Authorization')
    obj = find(request, 'authorizationPolicy', 'authorizationPolicy')
    props = values.check_body('authorizationPolicy', request.json())
    if props.get('guestUserRoleId') and props['guestUserRoleId'].lower() not in GUEST_ROLES:
        raise values.invalid('guestUserRoleId')
    if isinstance(props.get('defaultUserRolePermissions'), dict):
        props['defaultUserRolePermissions'] = {**obj.props['defaultUserRolePermissions'],
                                               **props['defaultUserRolePermissions']}
    request.tenant.update(request.actor, obj, props)
    return Response(204)
