# SPDX-License-Identifier: Apache-2.0
"""Application permissions: which exist, which larger one includes which, who starts with what."""

import uuid

# A permission is also satisfied by any of these.
INCLUDED_IN = {
    'User.ReadBasic.All': 'User.Read.All User.ReadWrite.All Directory.Read.All '
                          'Directory.ReadWrite.All',
    'User.Read.All': 'User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All',
    'User.ReadWrite.All': 'Directory.ReadWrite.All',
    'User.EnableDisableAccount.All': 'User.ReadWrite.All Directory.ReadWrite.All',
    'User.DeleteRestore.All': 'User.ReadWrite.All Directory.ReadWrite.All',
    'User-PasswordProfile.ReadWrite.All': 'Directory.ReadWrite.All',
    'GroupMember.Read.All': 'Group.Read.All GroupMember.ReadWrite.All Group.ReadWrite.All '
                            'Directory.Read.All Directory.ReadWrite.All',
    'GroupMember.ReadWrite.All': 'Group.ReadWrite.All Directory.ReadWrite.All',
    'Group.Read.All': 'Group.ReadWrite.All Directory.Read.All Directory.ReadWrite.All',
    'Group.ReadWrite.All': 'Directory.ReadWrite.All',
    'Group.Create': 'Group.ReadWrite.All Directory.ReadWrite.All',
    'OrgContact.Read.All': 'Directory.Read.All Directory.ReadWrite.All',
    'Device.Read.All': 'Device.ReadWrite.All Directory.Read.All Directory.ReadWrite.All',
    'Device.ReadWrite.All': '',
    'Application.Read.All': 'Application.ReadWrite.All Directory.Read.All Directory.ReadWrite.All',
    'Application.ReadWrite.All': 'Directory.ReadWrite.All',
    'AppRoleAssignment.ReadWrite.All': '',
    'Policy.Read.All': 'Policy.Read.ConditionalAccess',
    'Policy.Read.ConditionalAccess': '',
    'Policy.Read.AuthenticationMethod': 'Policy.Read.All Policy.ReadWrite.AuthenticationMethod',
    'Policy.ReadWrite.ConditionalAccess': '',
    'Policy.ReadWrite.AuthenticationMethod': '',
    'Policy.ReadWrite.Authorization': '',
    'Organization.Read.All': 'Organization.ReadWrite.All Directory.Read.All '
                             'Directory.ReadWrite.All',
    'Organization.ReadWrite.All': '',
    'Domain.Read.All': 'Domain.ReadWrite.All Directory.Read.All Directory.ReadWrite.All',
    'Domain.ReadWrite.All': '',
    'LicenseAssignment.ReadWrite.All': 'User.ReadWrite.All Directory.ReadWrite.All',
    'LicenseAssignment.Read.All': 'LicenseAssignment.ReadWrite.All Organization.Read.All '
                                  'Directory.Read.All Directory.ReadWrite.All',
    'RoleManagement.Read.Directory': 'RoleManagement.ReadWrite.Directory RoleManagement.Read.All '
                                     'Directory.Read.All Directory.ReadWrite.All',
    'RoleManagement.Read.All': '',
    'RoleManagement.ReadWrite.Directory': '',
    'AuditLog.Read.All': '',
    'ProvisioningLog.Read.All': '',
    'EntraBackup.Read.All': '',
    'EntraBackup.ReadWrite.Preview': '',
    'AdministrativeUnit.Read.All': 'AdministrativeUnit.ReadWrite.All Directory.Read.All '
                                   'Directory.ReadWrite.All',
    'AdministrativeUnit.ReadWrite.All': 'Directory.ReadWrite.All',
    'GroupSettings.Read.All': 'GroupSettings.ReadWrite.All',
    'GroupSettings.ReadWrite.All': '',
    'CustomSecAttributeDefinition.Read.All': '',
    'CustomSecAttributeAssignment.Read.All': '',
    'Policy.Read.DeviceConfiguration': '',
    'Policy.Read.PermissionGrant': '',
    'Policy.ReadWrite.ApplicationConfiguration': '',
    'Policy.ReadWrite.CrossTenantAccess': '',
    'Policy.ReadWrite.SecurityDefaults': '',
    'RoleEligibilitySchedule.ReadWrite.Directory': '',
    'RoleManagementPolicy.Read.Directory': 'RoleManagement.Read.Directory '
                                           'RoleManagement.ReadWrite.Directory',
    'OnPremDirectorySynchronization.Read.All': 'OnPremDirectorySynchronization.ReadWrite.All',
    'OnPremDirectorySynchronization.ReadWrite.All': '',
    'Synchronization.Read.All': 'Synchronization.ReadWrite.All',
    'Synchronization.ReadWrite.All': '',
    'User-OnPremisesSyncBehavior.ReadWrite.All': '',
    'Group-OnPremisesSyncBehavior.ReadWrite.All': '',
    'Contacts-OnPremisesSyncBehavior.ReadWrite.All': '',
    'DelegatedPermissionGrant.Read.All': 'DelegatedPermissionGrant.ReadWrite.All '
                                         'Directory.Read.All Directory.ReadWrite.All',
    'DelegatedPermissionGrant.ReadWrite.All': '',
    'Directory.Read.All': 'Directory.ReadWrite.All',
    'Directory.ReadWrite.All': '',
    'MailboxSettings.Read': '',
}
# Policy.Read.All does not come with the narrower one; the narrower one suffices for CA only.
INCLUDED_IN['Policy.Read.All'] = ''
INCLUDED_IN['Policy.Read.ConditionalAccess'] = 'Policy.Read.All'
INCLUDED_IN = {name: frozenset(text.split()) | {name} for name, text in INCLUDED_IN.items()}

SOA = ('User-OnPremisesSyncBehavior.ReadWrite.All', 'Group-OnPremisesSyncBehavior.ReadWrite.All',
       'Contacts-OnPremisesSyncBehavior.ReadWrite.All')
# What the reading agent holds.  The service has no read-only permission for the source of
# authority; an administrator who wants to see it must grant these three, so the lab does.
AGENT = ('User.Read.All', 'Group.Read.All', 'OrgContact.Read.All', 'Device.Read.All',
         'Application.Read.All', 'Policy.Read.All', 'Organization.Read.All', 'Domain.Read.All',
         'RoleManagement.Read.Directory', 'AuditLog.Read.All',
         'OnPremDirectorySynchronization.Read.All', 'Synchronization.Read.All',
         'ProvisioningLog.Read.All', 'AdministrativeUnit.Read.All', 'GroupSettings.Read.All',
         'CustomSecAttributeDefinition.Read.All', 'CustomSecAttributeAssignment.Read.All',
         'Policy.Read.DeviceConfiguration', 'Policy.Read.PermissionGrant',
         'RoleManagementPolicy.Read.Directory', 'LicenseAssignment.Read.All',
         'DelegatedPermissionGrant.Read.All') + SOA
ADMIN = tuple(INCLUDED_IN)


def allows(roles, permission):
    """Does any of the granted roles include the permission?  '|' separates alternatives."""
    return any(not roles.isdisjoint(INCLUDED_IN[one]) for one in permission.split('|'))


def role_id(value):
    """Stable id of an app role in the lab."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, 'approle.' + value))
