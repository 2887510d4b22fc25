# SPDX-License-Identifier: Apache-2.0
"""Collections and single documents that follow one pattern: policies, role schedules, settings,
administrative units and what hangs on other objects.  One row of a table is one of them; what they
hold at first is in catalog_seed.py, what they hold now is tenant.extra['catalog'].

Documents are stored with all their properties.  A key that starts with '+' is not part of the
document: '+rules' is the navigation property rules, shown by $expand=rules or by its own path, and
a list of ids there are directory objects.
"""

import collections
import uuid

import audit as log
import query
import read
import render
from errors import bad_request, not_found
from request import Response

POLICY = 'Policy.Read.All'
ROLE = 'RoleManagement.Read.Directory'
CSA = 'CustomSecAttributeDefinition.Read.All'
SELECT = ('$select',)
LIST = ('$select', '$filter', '$top')
FULL = LIST + ('$expand',)

# path, CSDL type, permission to read, to write (None: not in the lab), query options of the list,
# navigation properties, noun and category of audit records
Row = collections.namedtuple('Row', 'path type read write options navigation noun category')


def row(path, kind, permission, write=None, options=LIST, navigation=(), noun='policy',
        category='Policy'):
    return Row(path, kind, permission, write, options, navigation, noun, category)


def policy(name, kind, **more):
    more.setdefault('permission', POLICY)
    return row('policies/' + name, kind, write='Policy.ReadWrite.ApplicationConfiguration',
               options=FULL, navigation=('appliesTo',), **more)


COLLECTIONS = [
    row('directory/administrativeUnits', 'administrativeUnit', 'AdministrativeUnit.Read.All',
        'AdministrativeUnit.ReadWrite.All', FULL, ('members', 'scopedRoleMembers'),
        'administrative unit', 'AdministrativeUnit'),
    row('oauth2PermissionGrants', 'oAuth2PermissionGrant',
        'DelegatedPermissionGrant.Read.All|Directory.Read.All',
        'DelegatedPermissionGrant.ReadWrite.All',
        noun='delegated permission grant', category='ApplicationManagement'),
    row('roleManagement/directory/roleAssignmentSchedules', 'unifiedRoleAssignmentSchedule', ROLE),
    row('roleManagement/directory/roleAssignmentScheduleInstances',
        'unifiedRoleAssignmentScheduleInstance', ROLE),
    row('roleManagement/directory/roleEligibilitySchedules', 'unifiedRoleEligibilitySchedule',
        ROLE),
    row('roleManagement/directory/roleEligibilityScheduleInstances',
        'unifiedRoleEligibilityScheduleInstance', ROLE),
    row('policies/roleManagementPolicies', 'unifiedRoleManagementPolicy',
        'RoleManagementPolicy.Read.Directory', options=FULL,
        navigation=('rules', 'effectiveRules')),
    row('policies/roleManagementPolicyAssignments', 'unifiedRoleManagementPolicyAssignment',
        'RoleManagementPolicy.Read.Directory', options=FULL),
    row('identity/conditionalAccess/authenticationContextClassReferences',
        'authenticationContextClassReference', POLICY, 'Policy.ReadWrite.ConditionalAccess',
        noun='authentication context', category='Policy'),
    row('policies/authenticationStrengthPolicies', 'authenticationStrengthPolicy', POLICY,
        options=FULL, navigation=('combinationConfigurations',)),
    row('identity/conditionalAccess/authenticationStrength/policies',
        'authenticationStrengthPolicy', POLICY, options=FULL,
        navigation=('combinationConfigurations',)),
    policy('activityBasedTimeoutPolicies', 'activityBasedTimeoutPolicy'),
    policy('appManagementPolicies', 'appManagementPolicy'),
    policy('claimsMappingPolicies', 'claimsMappingPolicy'),
    policy('homeRealmDiscoveryPolicies', 'homeRealmDiscoveryPolicy'),
    policy('tokenIssuancePolicies', 'tokenIssuancePolicy'),
    policy('tokenLifetimePolicies', 'tokenLifetimePolicy'),
    policy('featureRolloutPolicies', 'featureRolloutPolicy',
           permission='Directory.Read.All|' + POLICY),
    row('policies/permissionGrantPolicies', 'permissionGrantPolicy', 'Policy.Read.PermissionGrant',
        options=FULL, navigation=('includes', 'excludes')),
    row('policies/crossTenantAccessPolicy/partners', 'crossTenantAccessPolicyConfigurationPartner',
        POLICY, 'Policy.ReadWrite.CrossTenantAccess', FULL, ('identitySynchronization',),
        'partner to cross-tenant access setting', 'CrossTenantAccessSettings'),
    row('groupSettings', 'groupSetting', 'GroupSettings.Read.All|Directory.Read.All',
        'GroupSettings.ReadWrite.All', SELECT, noun='company settings',
        category='DirectoryManagement'),
    row('groupLifecyclePolicies', 'groupLifecyclePolicy', 'Directory.Read.All', options=SELECT),
    row('schemaExtensions', 'schemaExtension', 'Application.Read.All'),
    row('directory/attributeSets', 'attributeSet', CSA, options=('$select', '$top', '$orderby')),
    row('directory/customSecurityAttributeDefinitions', 'customSecurityAttributeDefinition', CSA,
        options=FULL, navigation=('allowedValues',)),
    row('identity/conditionalAccess/templates', 'conditionalAccessTemplate', POLICY),
]
SINGLETONS = [
    row('policies/authenticationFlowsPolicy', 'authenticationFlowsPolicy', POLICY, options=SELECT),
    row('policies/adminConsentRequestPolicy', 'adminConsentRequestPolicy', POLICY, options=SELECT),
    row('policies/defaultAppManagementPolicy', 'tenantAppManagementPolicy', POLICY, options=SELECT),
    row('policies/deviceRegistrationPolicy', 'deviceRegistrationPolicy',
        'Policy.Read.DeviceConfiguration|' + POLICY, options=SELECT),
    row('policies/federatedTokenValidationPolicy', 'federatedTokenValidationPolicy', POLICY,
        options=SELECT),
    row('policies/identitySecurityDefaultsEnforcementPolicy',
        'identitySecurityDefaultsEnforcementPolicy', POLICY,
        'Policy.ReadWrite.SecurityDefaults', SELECT, noun='security defaults'),
    row('policies/ownerlessGroupPolicy', 'ownerlessGroupPolicy', POLICY, options=SELECT),
    row('policies/crossTenantAccessPolicy', 'crossTenantAccessPolicy', POLICY, options=SELECT),
    row('policies/crossTenantAccessPolicy/default', 'crossTenantAccessPolicyConfigurationDefault',
        POLICY, options=SELECT),
]
# parent collection, relation, CSDL type, permission, to write, noun, category
Part = collections.namedtuple('Part', 'parent relation type read write noun category')
PARTS = [
    Part('applications', 'federatedIdentityCredentials', 'federatedIdentityCredential',
         'Application.Read.All', 'Application.ReadWrite.All', 'application',
         'ApplicationManagement'),
    Part('applications', 'extensionProperties', 'extensionProperty', 'Application.Read.All',
         'Application.ReadWrite.All', 'application', 'ApplicationManagement'),
    Part('servicePrincipals', 'delegatedPermissionClassifications',
         'delegatedPermissionClassification', 'Policy.Read.PermissionGrant', None, '', ''),
    Part('groups', 'settings', 'groupSetting', 'GroupSettings.Read.All|Directory.Read.All',
         'GroupSettings.ReadWrite.All', 'group settings', 'GroupManagement'),
    Part('domains', 'federationConfiguration', 'internalDomainFederation', 'Domain.Read.All', None,
         '', ''),
]
# Where deleted documents go that may come back (holders.py)
RECYCLED = {'directory/administrativeUnits': 'directory/deletedItems/administrativeUnits'}
NEEDED_FILTER = {'policies/roleManagementPolicies', 'policies/roleManagementPolicyAssignments'}
# Values a new object has where the request does not name them; None where nothing is said.
STS = {'deletedDateTime': None, 'description': None, 'isOrganizationDefault': False}
STS_POLICIES = ('activityBasedTimeoutPolicy', 'claimsMappingPolicy', 'homeRealmDiscoveryPolicy',
                'tokenIssuancePolicy', 'tokenLifetimePolicy')
DEFAULTS = {
    **dict.fromkeys(STS_POLICIES, STS),
    'administrativeUnit': {'deletedDateTime': None, 'description': None, 'membershipRule': None,
                           'isMemberManagementRestricted': False, 'membershipType': None,
                           'membershipRuleProcessingState': None, 'visibility': None},
    'oAuth2PermissionGrant': {'principalId': None},
    'federatedIdentityCredential': {'description': None},
    'groupSetting': {'displayName': None},
    'extensionProperty': {'deletedDateTime': None, 'isMultiValued': False,
                          'isSyncedFromOnPremises': False, 'appDisplayName': None},
}
REQUIRED = {**dict.fromkeys(STS_POLICIES, ('definition', 'displayName')),
            'administrativeUnit': ('displayName',),
            'oAuth2PermissionGrant': ('clientId', 'consentType', 'resourceId', 'scope'),
            'groupSetting': ('templateId', 'values'),
            'federatedIdentityCredential': ('name', 'issuer', 'subject', 'audiences'),
            'extensionProperty': ('name', 'dataType', 'targetObjects')}


# -- documents ----------------------------------------------------------------------------------

def stored(tenant, path):
    return tenant.extra.setdefault('catalog', {}).setdefault(path, [])


def key_of(doc):
    return doc.get('id') or doc.get('tenantId')


def plain(doc):
    return {k: v for k, v in doc.items() if not k.startswith('+')}


def value_of(doc, keys):
    value = doc
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def shown(request, one, doc):
    """What of a document the query asks for."""
    out = plain(doc)
    text = request.query.get('$select')
    if text is not None:
        names = [n.strip() for n in text.split(',')]
        for name in names:
            if name not in out:
                raise bad_request("Parsing OData Select and Expand failed: Could not find a "
                                  "property named '%s' on type 'microsoft.graph.%s'."
                                  % (name, one.type))
        out = {n: out[n] for n in names}
    for name in filter(None, request.query.get('$expand', '').split(',')):
        if name not in one.navigation:
            raise bad_request("Parsing OData Select and Expand failed: Could not find a property "
                              "named '%s' on type 'microsoft.graph.%s'." % (name, one.type))
        held = doc.get('+' + name, [])
        if held and isinstance(held[0], str):
            held = [thing(request, key) for key in held][:read.EXPAND_CAP]
        out[name] = held
    return out


def thing(request, key):
    """A directory object inside a mixed list."""
    import json
    return json.loads(render.mixed_text(request, request.tenant.objects[key], {}))


def live(tenant, keys):
    return [tenant.objects[k] for k in keys
            if k in tenant.objects and not tenant.objects[k].deleted_at]


def only(request, options):
    """Refuses what the page of the resource does not list."""
    for name in request.query:
        if name.startswith('$') and name not in options and name != '$skiptoken':
            raise bad_request("The query parameter '%s' is not supported." % name)


def matching(request, one, docs):
    text = request.query.get('$filter')
    if text is None:
        if one.path in NEEDED_FILTER:
            raise bad_request("The request must have a $filter with scopeId and scopeType.")
        return docs
    names = set().union(*(plain(d) for d in docs)) if docs else None

    def check(keys, operator):
        if operator not in ('eq', 'startswith') or (names is not None and keys[0] not in names):
            raise bad_request("Invalid filter clause: '%s' cannot be filtered." % '/'.join(keys))
        return False
    test = query.Filter(text, check, value_of)
    return [d for d in docs if test(d)]


# -- reading ------------------------------------------------------------------------------------

def listing(request, one):
    request.need(one.read)
    return paged(request, one, stored(request.tenant, one.path), one.path)


def paged(request, one, held, context):
    data = {'at': 0}
    if '$skiptoken' in request.query:
        data = query.read_token(request.tenant, request.path.lower(), request.query['$skiptoken'])
        request.query = dict(data['query'])
    only(request, one.options)
    docs = matching(request, one, held)
    top = query.parse_top(request.query.get('$top'), 100, 999)
    if request.page_fault == 'empty_page':
        top = 0
    chunk = docs[data['at']:data['at'] + top]
    body = {'@odata.context': request.context(context + render.context_suffix(request))}
    end = data['at'] + len(chunk)
    if end < len(docs):
        token = {'at': end, 'query': request.query, 'expired': request.page_fault == 'expired_page'}
        body['@odata.nextLink'] = query.next_link(
            request, query.make_token(request.tenant, request.path.lower(), token))
    body['value'] = [shown(request, one, d) for d in chunk]
    return Response(200, body)


def find(request, docs, key):
    for doc in docs:
        if key_of(doc).lower() == key.lower():
            return doc
    raise not_found(key)


def get(request, one, key):
    request.need(one.read)
    only(request, ('$select', '$expand'))
    doc = find(request, stored(request.tenant, one.path), key)
    return Response(200, {'@odata.context': request.context(one.path + '/$entity'),
                          **shown(request, one, doc)})


def singleton(request, one):
    request.need(one.read)
    only(request, one.options)
    docs = stored(request.tenant, one.path)
    if not docs:
        raise not_found(one.path)
    return Response(200, {'@odata.context': request.context(one.path + '/$entity'),
                          **shown(request, one, docs[0])})


def relation(request, one, name, key):
    """A navigation property by its own path: directory objects, documents, or a single one."""
    request.need(one.read)
    doc = find(request, stored(request.tenant, one.path), key)
    held = doc.get('+' + name)
    if name == 'identitySynchronization':
        if not held:
            raise not_found(name)
        return Response(200, {'@odata.context': request.context('%s/$entity' % name), **held})
    if held and not isinstance(held[0], str):
        return Response(200, {'@odata.context': request.context(name), 'value': held})
    read.check_options(request)
    data = read.restore_options(request)
    request.page_data = data
    items, names_of = live(request.tenant, held or []), {}
    return read.page(request, items, lambda o: render.mixed_text(request, o, names_of),
                     'directoryObjects')


# -- parts of other objects -----------------------------------------------------------------------

def parent_of(request, part, key):
    if part.parent == 'domains':
        obj = request.tenant.objects.get(key.lower())
        if obj is None or obj.type != 'domain':
            raise not_found(key)
        return obj
    return read.resolve(request, read.COLLECTIONS[part.parent], key)


def held_parts(tenant, part, obj):
    return stored(tenant, '%s/%s/%s' % (part.parent, obj.id, part.relation))


def part_listing(request, part, key):
    request.need(part.read)
    only(request, ('$select', '$filter', '$top'))
    obj = parent_of(request, part, key)
    return Response(200, {
        '@odata.context': request.context("%s('%s')/%s" % (part.parent, obj.id, part.relation)),
        'value': [shown(request, row('', part.type, ''), d)
                  for d in held_parts(request.tenant, part, obj)]})


def part_get(request, part, key, part_key):
    request.need(part.read)
    obj = parent_of(request, part, key)
    doc = find(request, held_parts(request.tenant, part, obj), part_key)
    return Response(200, {'@odata.context': request.context(
        "%s('%s')/%s/$entity" % (part.parent, obj.id, part.relation)), **plain(doc)})


# -- writing --------------------------------------------------------------------------------------

# Activities that are not a verb and the noun
ACTIVITIES = {
    ('Delete', 'delegated permission grant'): 'Remove delegated permission grant',
    ('Add', 'company settings'): 'Create company settings',
    ('Add', 'group settings'): 'Create group settings',
}


def record(request, verb, one, doc, rows=(), about=None):
    operation = {'Add': 'Add', 'Update': 'Update', 'Delete': 'Delete'}[verb]
    name = doc.get('displayName') or doc.get('name') or key_of(doc)
    target = about or {'id': key_of(doc), 'displayName': name, 'type': 'Other',
                       'userPrincipalName': None, 'groupType': None}
    activity = ACTIVITIES.get((verb, one.noun), '%s %s' % (verb, one.noun))
    request.tenant.audit(request.actor, activity, one.category, operation, 'Core Directory', [{
        **target, 'modifiedProperties': list(rows)}])


def made(one, body, others=()):
    """A new document; others of its kind tell which properties there are."""
    doc = dict(DEFAULTS.get(one.type, {}))
    known = set(doc).union(REQUIRED.get(one.type, ()), *(plain(d) for d in others))
    for name in body:
        if not name.startswith('@') and (name not in known or name in ('id', 'deletedDateTime')):
            raise bad_request("Invalid property '%s'." % name)
    if 'tenantId' not in body:  # the key of a partner
        doc['id'] = str(uuid.uuid4())
    for name in REQUIRED.get(one.type, ()):
        if body.get(name) in (None, '', []):
            raise bad_request("Property '%s' is required." % name)
    return {**doc, **{k: v for k, v in body.items() if not k.startswith('@')}}


def rows_of(before, after):
    return [log.modified(log.schema_name(n), log.encode(before.get(n)), log.encode(after.get(n)))
            for n in sorted(set(before) | set(after))
            if not n.startswith('+') and before.get(n) != after.get(n)]


def create(request, one):
    request.need(one.write)
    docs = stored(request.tenant, one.path)
    doc = made(one, request.json(), docs)
    if any(key_of(d) == key_of(doc) for d in docs):
        raise bad_request('Another object with the same value for property %s already exists.'
                          % ('tenantId' if 'tenantId' in doc else 'id'))
    docs.append(doc)
    record(request, 'Add', one, doc, rows_of({}, doc))
    return Response(201, {'@odata.context': request.context(one.path + '/$entity'), **plain(doc)})


def patch(request, one, doc):
    body = request.json()
    for name in body:
        if name not in doc or name in ('id', 'tenantId', 'deletedDateTime'):
            raise bad_request("Invalid property '%s'." % name)
    before = dict(doc)
    doc.update(body)
    if before != doc:
        record(request, 'Update', one, doc, rows_of(before, doc))
    return Response(204)


def update(request, one, key):
    request.need(one.write)
    return patch(request, one, find(request, stored(request.tenant, one.path), key))


def update_singleton(request, one):
    request.need(one.write)
    return patch(request, one, stored(request.tenant, one.path)[0])


def delete(request, one, key):
    request.need(one.write)
    docs = stored(request.tenant, one.path)
    doc = find(request, docs, key)
    docs.remove(doc)
    if one.path in RECYCLED:
        doc['deletedDateTime'] = request.tenant.timestamp()
        stored(request.tenant, RECYCLED[one.path]).append(doc)
    record(request, 'Delete', one, doc)
    return Response(204)


def reference(request, one, name, key, other=None):
    """POST …/$ref {"@odata.id"} and DELETE …/{other}/$ref of a list of directory objects."""
    request.need(one.write)
    doc = find(request, stored(request.tenant, one.path), key)
    held = doc.setdefault('+' + name, [])
    adding = other is None
    if adding:
        other = str(request.json().get('@odata.id', '')).rstrip('/').rpartition('/')[2]
    obj = request.tenant.objects.get(other.lower())
    if obj is None or obj.deleted_at:
        raise not_found(other)
    if adding == (obj.id in held):
        raise (bad_request("One or more added object references already exist for the following "
                           "modified properties: '%s'." % name) if adding else not_found(other))
    (held.append if adding else held.remove)(obj.id)
    activity = ('Add member to %s' if adding else 'Remove member from %s') % one.noun
    request.tenant.audit(request.actor, activity, one.category, 'Assign' if adding else 'Unassign',
                         'Core Directory', [log.target(obj), {
                             'id': key_of(doc), 'displayName': doc.get('displayName'),
                             'type': 'Other', 'userPrincipalName': None, 'groupType': None,
                             'modifiedProperties': []}])
    return Response(204)


def part_create(request, part, key):
    request.need(part.write)
    obj = parent_of(request, part, key)
    docs = held_parts(request.tenant, part, obj)
    doc = made(part, request.json(), docs)
    if part.relation == 'extensionProperties':
        doc['name'] = 'extension_%s_%s' % (obj.props['appId'].replace('-', ''), doc['name'])
        doc['appDisplayName'] = obj.props['displayName']
    docs.append(doc)
    verb = 'Add' if part.relation == 'settings' else 'Update'
    record(request, verb, part, doc, rows_of({}, {part.relation: [doc['id']]}), log.target(obj))
    return Response(201, {'@odata.context': request.context(
        "%s('%s')/%s/$entity" % (part.parent, obj.id, part.relation)), **plain(doc)})


def part_delete(request, part, key, part_key):
    request.need(part.write)
    obj = parent_of(request, part, key)
    docs = held_parts(request.tenant, part, obj)
    doc = find(request, docs, part_key)
    docs.remove(doc)
    verb = 'Delete' if part.relation == 'settings' else 'Update'
    record(request, verb, part, doc, rows_of({part.relation: [doc['id']]}, {}), log.target(obj))
    return Response(204)


# -- routes ---------------------------------------------------------------------------------------

def bound(function, *first):
    return lambda request, *rest: function(request, *first, *rest)


def routes():
    """Rows for the route table, from the tables above."""
    table = []
    for one in SINGLETONS:
        table.append(('GET', one.path, bound(singleton, one)))
        if one.write:
            table.append(('PATCH', one.path, bound(update_singleton, one)))
    for one in COLLECTIONS:
        table += [('GET', one.path, bound(listing, one)),
                  ('GET', one.path + '/{key}', bound(get, one))]
        table += [('GET', '%s/{key}/%s' % (one.path, name), bound(relation, one, name))
                  for name in one.navigation]
        if not one.write:
            continue
        table += [('POST', one.path, bound(create, one)),
                  ('PATCH', one.path + '/{key}', bound(update, one)),
                  ('DELETE', one.path + '/{key}', bound(delete, one))]
        # Policies are assigned from the other side (holders.py), except to who tries a feature.
        rollout = one.type == 'featureRolloutPolicy'
        for name in set(one.navigation) & {'members', 'appliesTo' if rollout else ''}:
            table += [('POST', '%s/{key}/%s/$ref' % (one.path, name), bound(reference, one, name)),
                      ('DELETE', '%s/{key}/%s/{other}/$ref' % (one.path, name),
                       bound(reference, one, name))]
    for part in PARTS:
        path = '%s/{key}/%s' % (part.parent, part.relation)
        table += [('GET', path, bound(part_listing, part)),
                  ('GET', path + '/{id}', bound(part_get, part))]
        if part.write:
            table += [('POST', path, bound(part_create, part)),
                      ('DELETE', path + '/{id}', bound(part_delete, part))]
    return table


def contexts():
    """What an @odata.context of these is an answer of, for the comparison with the schema."""
    out = {one.path: one.type for one in COLLECTIONS + SINGLETONS}
    out.update({'%s/%s' % (part.parent, part.relation): part.type for part in PARTS})
    out.update({'rules': 'unifiedRoleManagementPolicyRule', 'allowedValues': 'allowedValue',
                'effectiveRules': 'unifiedRoleManagementPolicyRule',
                'combinationConfigurations': 'authenticationCombinationConfiguration',
                'includes': 'permissionGrantConditionSet',
                'excludes': 'permissionGrantConditionSet',
                'scopedRoleMembers': 'scopedRoleMembership',
                'identitySynchronization': 'crossTenantIdentitySyncPolicyPartner'})
    return out
