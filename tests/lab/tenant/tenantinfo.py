# SPDX-License-Identifier: Apache-2.0
"""organization, domains, licences, on-premises synchronization, source of authority, roles."""

import base64
import json
import uuid

import audit as log
import metadata
import query
import read
import render
import values
from errors import bad_request, denied, not_found
from request import Response

SOA_PERMISSION = {'user': 'User-OnPremisesSyncBehavior.ReadWrite.All',
                  'group': 'Group-OnPremisesSyncBehavior.ReadWrite.All',
                  'orgContact': 'Contacts-OnPremisesSyncBehavior.ReadWrite.All'}
SOA_CATEGORY = {'user': 'UserManagement', 'group': 'GroupManagement', 'orgContact': 'Contact'}
ALWAYS_SHOWN = ('id', 'displayName', 'verifiedDomains')
PREVENTION = ('disabled', 'enabledForCount', 'enabledForPercentage')


# -- organization, domains, licences ------------------------------------------------------------

def organization_shown(request):
    """With short permissions everything but three properties is null."""
    tenant = request.tenant
    obj = tenant.objects[tenant.tenant_id]
    full = request.may('Organization.Read.All')
    if not full:
        request.need('User.Read.All')
    names = render.select_names(request, 'organization', True)
    out = render.to_dict(obj, names)
    if 'verifiedDomains' in out:
        out['verifiedDomains'] = [
            {'capabilities': 'Email, OfficeCommunicationsOnline', 'isDefault': d.props['isDefault'],
             'isInitial': d.props['isInitial'], 'name': d.id, 'type': d.props['authenticationType']}
            for d in tenant.by_type('domain') if d.props['isVerified']]
    if not full:
        table = metadata.TYPES['organization']
        out = {k: v if k in ALWAYS_SHOWN else table[k].empty for k, v in out.items()}
    elif '$select' not in request.query:
        live = sum(len(v) for v in tenant.order.values())
        out['directorySizeQuota'] = {'used': live + len(tenant.deleted), 'total': 300000}
    return out


def organizations(request):
    return Response(200, {'@odata.context': request.context(
        'organization' + render.context_suffix(request)), 'value': [organization_shown(request)]})


def organization(request, key):
    if key.lower() != request.tenant.tenant_id:
        raise not_found(key)
    return Response(200, {'@odata.context': request.context('organization/$entity'),
                          **organization_shown(request)})


def plain_list(request, obj_type, permission, context):
    """A list that is never paged."""
    request.need(permission)
    names = render.select_names(request, obj_type, False)
    items = [render.to_dict(o, names) for o in request.tenant.by_type(obj_type)]
    return Response(200, {'@odata.context': request.context(context), 'value': items})


def plain_get(request, obj_type, permission, context, key):
    request.need(permission)
    obj = next((o for o in request.tenant.by_type(obj_type) if o.id.lower() == key.lower()), None)
    if obj is None:
        raise not_found(key)
    return Response(200, {'@odata.context': request.context(context + '/$entity'),
                          **render.to_dict(obj, render.select_names(request, obj_type, True))})


# -- on-premises synchronization ----------------------------------------------------------------

def synchronization_shown(request):
    tenant = request.tenant
    configuration = {'accidentalDeletionPrevention': dict(tenant.deletion_prevention)}
    if request.beta:
        more = dict(tenant.sync_configuration)
        classic = tenant.settings['sync_identity'] == 'classic'
        account = (tenant.objects[tenant.extra['sync_user']].props['userPrincipalName']
                   if classic else None)
        configuration.update(more)
        machine = configuration.pop('clientMachineName', None)
        configuration['applicationId'] = None if classic else more.get('applicationId')
        configuration['currentExportData'] = {
            'clientMachineName': machine, 'serviceAccount': account,
            'pendingObjectsAddition': 0, 'pendingObjectsUpdate': 0, 'pendingObjectsDeletion': 0,
            'successfulObjectsProvisioningCount': 0, 'successfulLinksProvisioningCount': 0,
            'totalConnectorSpaceObjects': 0, **configuration.get('currentExportData', {})}
    return {'id': tenant.tenant_id, 'configuration': configuration,
            'features': dict(tenant.features)}


def need_synchronization(request, permission):
    """Delegated only in the newest permission tables; older ones list application too."""
    if not request.caller.delegated and not request.tenant.settings['onprem_sync_app_only']:
        raise denied()
    request.need(permission)


def synchronizations(request):
    need_synchronization(request, 'OnPremDirectorySynchronization.Read.All')
    return Response(200, {'@odata.context': request.context('directory/onPremisesSynchronization'),
                          'value': [synchronization_shown(request)]})


def synchronization(request, key):
    need_synchronization(request, 'OnPremDirectorySynchronization.Read.All')
    if key.lower() != request.tenant.tenant_id:
        raise not_found(key)
    return Response(200, {'@odata.context': request.context(
        'directory/onPremisesSynchronization/$entity'), **synchronization_shown(request)})


def synchronization_update(request, key):
    need_synchronization(request, 'OnPremDirectorySynchronization.ReadWrite.All')
    tenant = request.tenant
    if key.lower() != tenant.tenant_id:
        raise not_found(key)
    body = request.json()
    features = body.pop('features', None) or {}
    prevention = (body.pop('configuration', None) or {}).get('accidentalDeletionPrevention') or {}
    if [k for k in body if not k.startswith('@odata')]:
        raise bad_request("Invalid property '%s'." % sorted(body)[0])
    for name, value in features.items():
        if name.startswith('@'):
            continue
        if name not in tenant.features or not isinstance(value, bool):
            raise values.invalid(name)
        if name == 'softMatchOnUpnEnabled' and tenant.features[name] and not value:
            raise bad_request('softMatchOnUpnEnabled cannot be turned off once it is on.')
    kind = prevention.get('synchronizationPreventionType',
                          tenant.deletion_prevention['synchronizationPreventionType'])
    limit = prevention.get('alertThreshold', tenant.deletion_prevention['alertThreshold'])
    if kind not in PREVENTION or not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise values.invalid('accidentalDeletionPrevention')
    org = tenant.objects[tenant.tenant_id]
    changed = {k: v for k, v in features.items() if tenant.features.get(k) != v}
    if changed:
        rows = [log.modified(k, log.encode(tenant.features[k]), log.encode(v))
                for k, v in sorted(changed.items())]
        tenant.features.update(changed)
        tenant.audit(request.actor, 'Set DirSync feature', 'DirectoryManagement', 'Update',
                     'Core Directory', [log.target(org, rows)])
    wanted = {'synchronizationPreventionType': kind, 'alertThreshold': limit}
    if wanted != tenant.deletion_prevention:
        rows = [log.modified(k, log.encode(tenant.deletion_prevention[k]), log.encode(wanted[k]))
                for k in sorted(wanted)]
        tenant.deletion_prevention = wanted
        tenant.audit(request.actor, 'Set accidental deletion threshold', 'DirectoryManagement',
                     'Update', 'Core Directory', [log.target(org, rows)])
    return Response(204)


# -- source of authority ------------------------------------------------------------------------

def behavior_get(request, segment, key):
    obj = behavior_object(request, segment, key)
    return Response(200, behavior_shown(request, segment, obj))


def behavior_object(request, segment, key):
    obj_type = read.COLLECTIONS[segment]
    request.need(SOA_PERMISSION[obj_type])
    return read.resolve(request, obj_type, key)


def behavior_shown(request, segment, obj):
    return {'@odata.context': request.context("%s('%s')/onPremisesSyncBehavior/$entity"
                                              % (segment, obj.id)),
            'id': obj.id, 'isCloudManaged': bool(obj.sync.get('cloud_managed'))}


def behavior_update(request, segment, key):
    """Flip the source of authority; rolled back objects stay cloud-editable until the next sync."""
    obj = behavior_object(request, segment, key)
    body = request.json()
    for name in body:
        if name not in ('isCloudManaged', 'id') and not name.startswith('@odata'):
            raise bad_request("Invalid property '%s'." % name)
    wanted = body.get('isCloudManaged')
    if not isinstance(wanted, bool):
        raise values.invalid('isCloudManaged')
    tenant, now = request.tenant, bool(obj.sync.get('cloud_managed'))
    if wanted == now:
        return Response(200, behavior_shown(request, segment, obj))
    if wanted and not obj.on_prem_mastered:
        raise bad_request('The source of authority can only be transferred for objects that are '
                          'synchronized from on-premises.')
    tenant.set_sync(obj, cloud_managed=wanted, was_synced=True)
    tenant.update(request.actor, obj, {'onPremisesSyncEnabled': None}, audit=False)
    name = ('Change Source of Authority from AD to cloud' if wanted else
            'Undo changes to Source of Authority from AD DS to cloud')
    rows = [log.modified('IsCloudManaged', log.encode(now), log.encode(wanted)),
            log.modified('Included Updated Properties', None, log.quoted('IsCloudManaged'))]
    tenant.audit(request.actor, name, SOA_CATEGORY[obj.type], 'Update', 'Core Directory',
                 [log.target(obj, rows)])
    return Response(200, behavior_shown(request, segment, obj))


# -- roles --------------------------------------------------------------------------------------

def assignment_id(role, member):
    raw = uuid.UUID(role.props['roleTemplateId']).bytes + uuid.UUID(member.id).bytes
    return base64.urlsafe_b64encode(raw).decode().rstrip('=') + '-1'


def assignments(tenant):
    """[(id, role, member)] of every direct role assignment."""
    return [(assignment_id(role, member), role, member)
            for role in tenant.by_type('directoryRole') for member in tenant.members_of(role)]


def assignment_shown(request, key, role, member):
    out = {'id': key, 'principalId': member.id, 'directoryScopeId': '/',
           'roleDefinitionId': role.props['roleTemplateId']}
    if request.beta:
        out['resourceScope'] = '/'
    expand = request.query.get('$expand')
    if expand == 'principal':
        names = tuple(metadata.default_names(member.type))
        out['principal'] = {'@odata.type': render.odata_type(member),
                            **render.to_dict(member, names)}
    elif expand == 'roleDefinition':
        definition = request.tenant.objects[role.props['roleTemplateId']]
        out['roleDefinition'] = render.to_dict(
            definition, metadata.default_names('unifiedRoleDefinition'))
    elif expand is not None:
        raise bad_request("'$expand=%s' is not supported." % expand)
    return out


def role_assignments(request):
    request.need('RoleManagement.Read.Directory')
    items = [assignment_shown(request, *one) for one in assignments(request.tenant)]
    if '$filter' in request.query:
        def check(keys, operator):
            if keys[0] not in ('principalId', 'roleDefinitionId', 'directoryScopeId') or \
                    operator not in ('eq', 'in'):
                raise bad_request("Invalid filter clause on '%s'." % '/'.join(keys))
            return False
        test = query.Filter(request.query['$filter'], check, lambda o, keys: o.get(keys[0]))
        items = [one for one in items if test(one)]
    return Response(200, {'@odata.context': request.context(
        'roleManagement/directory/roleAssignments'), 'value': items})


def role_assignment(request, key):
    request.need('RoleManagement.Read.Directory')
    for one in assignments(request.tenant):
        if one[0] == key:
            return Response(200, {'@odata.context': request.context(
                'roleManagement/directory/roleAssignments/$entity'),
                **assignment_shown(request, *one)})
    raise not_found(key)


def role_assign(request):
    request.need('RoleManagement.ReadWrite.Directory')
    tenant, body = request.tenant, request.json()
    role = next((r for r in tenant.by_type('directoryRole')
                 if r.props['roleTemplateId'] == body.get('roleDefinitionId')), None)
    member = tenant.objects.get(str(body.get('principalId')))
    if role is None or member is None or member.deleted_at:
        raise not_found(str(body.get('principalId' if role else 'roleDefinitionId')))
    if body.get('directoryScopeId') != '/':
        raise bad_request('Only the directory scope "/" is available.')
    if member.type == 'group' and not member.props.get('isAssignableToRole'):
        raise bad_request('The group is not assignable to a role.')
    if not tenant.add_link(request.actor, role, 'members', member):
        raise bad_request('A conflicting object with one or more of the specified property values '
                          'is present in the directory.')
    return Response(201, {'@odata.context': request.context(
        'roleManagement/directory/roleAssignments/$entity'),
        **assignment_shown(request, assignment_id(role, member), role, member)})


def role_unassign(request, key):
    request.need('RoleManagement.ReadWrite.Directory')
    for one, role, member in assignments(request.tenant):
        if one == key:
            request.tenant.remove_link(request.actor, role, 'members', member)
            return Response(204)
    raise not_found(key)


def role_members(request, key):
    """Legacy directoryRoles/{id}/members: never paged."""
    request.need('RoleManagement.Read.Directory')
    tenant = request.tenant
    role = next((r for r in tenant.by_type('directoryRole')
                 if key in (r.id, "roleTemplateId='%s'" % r.props['roleTemplateId'])), None)
    if role is None:
        raise not_found(key)
    names_of = {}
    items = [json.loads(render.mixed_text(request, o, names_of)) for o in tenant.members_of(role)]
    return Response(200, {'@odata.context': request.context('directoryObjects'), 'value': items})


def assign_license(request, key):
    """POST /users/{id}/assignLicense: usageLocation first, units counted."""
    request.need('LicenseAssignment.ReadWrite.All')
    tenant = request.tenant
    user, body = read.resolve(request, 'user', key), request.json()
    add, remove = body.get('addLicenses'), body.get('removeLicenses')
    if not isinstance(add, list) or not isinstance(remove, list):
        raise bad_request("One or more parameters of the operation 'assignLicense' are missing "
                          'from the request payload.')
    skus = {s.props['skuId']: s for s in tenant.by_type('subscribedSku')}
    held = {one['skuId']: one for one in user.props.get('assignedLicenses', [])}
    if add and not user.props.get('usageLocation'):
        raise bad_request('License assignment cannot be done for user with invalid usage '
                          'location.')
    for sku in remove:
        if sku not in held:
            raise bad_request('User does not have a corresponding license.')
        skus[sku].props['consumedUnits'] -= 1
        del held[sku]
    for one in add:
        values.check_one('assignedLicense', one, 'addLicenses')
        sku = one.get('skuId')
        if sku not in skus:
            raise bad_request('License %s does not correspond to a valid company License.' % sku)
        if sku not in held:
            units = skus[sku].props
            if units['consumedUnits'] >= units['prepaidUnits']['enabled']:
                raise bad_request('Subscription with SKU %s does not have any available licenses.'
                                  % sku)
            units['consumedUnits'] += 1
        held[sku] = {'disabledPlans': one.get('disabledPlans') or [], 'skuId': sku}
    before = user.props.get('assignedLicenses', [])
    after = list(held.values())
    if tenant.update(request.actor, user, {'assignedLicenses': after}, audit=False):
        rows = [log.modified('AssignedLicense', log.encode(before), log.encode(after)),
                log.modified('Included Updated Properties', None, log.quoted('AssignedLicense'))]
        tenant.audit(request.actor, 'Change user license', 'UserManagement', 'Update',
                     'Core Directory', [log.target(user, rows)])
    return Response(200, {'@odata.context': request.context('users/$entity'),
                          **render.to_dict(user, metadata.default_names('user'))})
