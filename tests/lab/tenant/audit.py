# SPDX-License-Identifier: Apache-2.0
"""Directory audit records: names, categories, directory-schema property names, value encodings.

A record is made for every write.  Old and new values are strings that hold JSON text, as the real
log has them: an array of one for most scalars, a quoted text for the pseudo properties.
"""

import json

# Graph property -> directory-schema name, where the two differ by more than a capital letter.
SCHEMA_NAMES = {
    'mobilePhone': 'Mobile', 'businessPhones': 'TelephoneNumber',
    'officeLocation': 'PhysicalDeliveryOfficeName', 'otherMails': 'OtherMail',
    'companyName': 'CompanyName', 'groupTypes': 'GroupType', 'visibility': 'IsPublic',
    'onPremisesSyncEnabled': 'DirSyncEnabled', 'onPremisesLastSyncDateTime': 'LastDirSyncTime',
    'onPremisesImmutableId': 'SourceAnchor', 'onPremisesSecurityIdentifier':
    'OnPremiseSecurityIdentifier', 'onPremisesSamAccountName': 'OnPremisesSamAccountName',
    'onPremisesDistinguishedName': 'OnPremisesDistinguishedName', 'onPremisesDomainName':
    'DnsDomainName', 'onPremisesNetBiosName': 'NetBiosName',
    'onPremisesUserPrincipalName': 'OnPremisesUserPrincipalName',
    'onPremisesExtensionAttributes': 'ExtensionAttributes',
    'signInSessionsValidFromDateTime': 'StsRefreshTokensValidFrom',
    'employeeLeaveDateTime': 'EmployeeLeaveDate', 'assignedLicenses': 'AssignedLicense',
    'identifierUris': 'AppIdentifierUri', 'tags': 'ApplicationTag', 'info': 'AppInformationalUrl',
    'appRoleAssignmentRequired': 'ExplicitAccessGrantRequired',
    'servicePrincipalNames': 'ServicePrincipalName', 'faxNumber': 'FacsimileTelephoneNumber',
    'operatingSystem': 'DeviceOSType', 'operatingSystemVersion': 'DeviceOSVersion',
    'trustType': 'DeviceTrustType', 'jobTitle': 'JobTitle',
}

KINDS = {
    'user': ('user', 'UserManagement', 'User'),
    'group': ('group', 'GroupManagement', 'Group'),
    'application': ('application', 'ApplicationManagement', 'Application'),
    'servicePrincipal': ('service principal', 'ApplicationManagement', 'ServicePrincipal'),
    'orgContact': ('contact', 'Contact', 'Contact'),
    'device': ('device', 'Device', 'Device'),
    'conditionalAccessPolicy': ('Conditional Access policy', 'Policy', 'Policy'),
    'namedLocation': ('named location', 'Policy', 'Policy'),
    'authorizationPolicy': ('authorization policy', 'AuthorizationPolicy', 'Policy'),
    'authenticationMethodsPolicy': ('policy', 'ApplicationManagement', 'Policy'),
    'authenticationMethodConfiguration': ('policy', 'ApplicationManagement', 'Policy'),
    'organization': ('organization', 'DirectoryManagement', 'Other'),
    'directoryRole': ('role', 'RoleManagement', 'Role'),
}

OPERATIONS = {'Add': 'Add', 'Update': 'Update', 'Delete': 'Delete', 'Remove': 'Delete',
              'Restore': 'Update', 'Hard': 'Delete', 'Disable': 'Update', 'Enable': 'Update'}

POLICY_DOCUMENT = {'conditionalAccessPolicy': 'ConditionalAccessPolicy',
                   'namedLocation': 'NamedLocation'}


def schema_name(prop):
    return SCHEMA_NAMES.get(prop) or prop[:1].upper() + prop[1:]


def activity(verb, obj_type):
    """('Update', 'user') -> ('Update user', category, operationType, loggedByService)."""
    noun, category, _ = KINDS[obj_type]
    if obj_type == 'servicePrincipal':
        verb = {'Delete': 'Remove', 'Hard Delete': 'Hard delete'}.get(verb, verb)
    if obj_type in ('authenticationMethodsPolicy', 'authenticationMethodConfiguration'):
        return ('Authentication Methods Policy Update', category, 'Update',
                'Authentication Methods')
    service = 'Conditional Access' if obj_type in POLICY_DOCUMENT else 'Core Directory'
    return '%s %s' % (verb, noun), category, OPERATIONS[verb.split()[0]], service


def encode(value):
    """JSON text in the way of the log: every value is in an array; absent is an empty array."""
    if value is None or value == []:
        return '[]'
    return json.dumps(value if isinstance(value, list) else [value], separators=(',', ':'),
                      ensure_ascii=False)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def document(value):
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False)


def modified(name, old, new):
    return {'displayName': name, 'oldValue': old, 'newValue': new}


def property_changes(obj, old, new, skip):
    """modifiedProperties of an update: old and new are dicts over the same changed names."""
    if obj.type in POLICY_DOCUMENT:
        return [modified(POLICY_DOCUMENT[obj.type],
                         document({**obj.props, **old}) if old else None,
                         document({**obj.props, **new}))]
    rows, names = [], []
    for prop in sorted(new):
        if prop in skip:
            continue
        names.append(schema_name(prop))
        rows.append(modified(names[-1], encode(old.get(prop)), encode(new[prop])))
    if not rows:
        return []
    rows.append(modified('Included Updated Properties', None, quoted(', '.join(names))))
    if obj.type == 'user':
        rows.append(modified('TargetId.UserType', None,
                             quoted(obj.props.get('userType') or 'Member')))
    elif obj.type == 'servicePrincipal':
        rows.append(modified('TargetId.ServicePrincipalNames', None,
                             quoted(';'.join(obj.props.get('servicePrincipalNames') or []))))
    return rows


def target(obj, rows=()):
    """One element of targetResources for a directory object."""
    kind = KINDS.get(obj.type, ('', '', 'Other'))[2]
    group_type = None
    if obj.type == 'group':
        group_type = ('unifiedGroups' if 'Unified' in (obj.props.get('groupTypes') or [])
                      else 'azureAD')
    return {'id': obj.id, 'displayName': obj.props.get('displayName'), 'type': kind,
            'userPrincipalName': obj.props.get('userPrincipalName') if obj.type == 'user' else None,
            'groupType': group_type, 'modifiedProperties': list(rows)}


def initiator(actor):
    if actor.kind == 'user':
        return {'app': None,
                'user': {'id': actor.id, 'displayName': actor.display_name,
                         'userPrincipalName': actor.upn, 'ipAddress': '192.0.2.10',
                         'userType': None, 'homeTenantId': None, 'homeTenantName': None}}
    if actor.kind == 'none':
        return {'app': None, 'user': None}
    return {'user': None,
            'app': {'appId': actor.app_id, 'displayName': actor.display_name,
                    'servicePrincipalId': actor.id, 'servicePrincipalName': None}}
