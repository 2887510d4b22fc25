# SPDX-License-Identifier: Apache-2.0
"""Checks answers against a published Graph schema (CSDL): names, types, null where forbidden."""

import re
import xml.etree.ElementTree as ET

import catalog
import holders

EDM = '{http://docs.oasis-open.org/odata/ns/edm}'
CONTEXTS = {
    'users': 'user', 'groups': 'group', 'contacts': 'orgContact', 'devices': 'device',
    'applications': 'application', 'servicePrincipals': 'servicePrincipal',
    'directoryObjects': 'directoryObject', 'organization': 'organization', 'domains': 'domain',
    'subscribedSkus': 'subscribedSku', 'directoryRoles': 'directoryRole',
    'roleManagement/directory/roleDefinitions': 'unifiedRoleDefinition',
    'roleManagement/directory/roleAssignments': 'unifiedRoleAssignment',
    'identity/conditionalAccess/policies': 'conditionalAccessPolicy',
    'identity/conditionalAccess/namedLocations': 'namedLocation',
    'identity/conditionalAccess/deletedItems/policies': 'conditionalAccessPolicy',
    'identity/conditionalAccess/deletedItems/namedLocations': 'namedLocation',
    'policies/authenticationMethodsPolicy': 'authenticationMethodsPolicy',
    'policies/authenticationMethodsPolicy/authenticationMethodConfigurations':
        'authenticationMethodConfiguration',
    'policies/authorizationPolicy': 'authorizationPolicy',
    'auditLogs/directoryAudits': 'directoryAudit',
    'auditLogs/provisioning': 'provisioningObjectSummary',
    'appRoleAssignments': 'appRoleAssignment',
    'directory/onPremisesSynchronization': 'onPremisesDirectorySynchronization',
    'microsoft.graph.passwordCredential': 'passwordCredential',
}
OTHER_CONTEXTS = {**catalog.contexts(), **holders.contexts()}
OTHER_CONTEXTS.update({
    'changes': 'recoveryChangeObjectBase', 'directory/recovery/snapshots': 'snapshot',
    'directory/recovery/jobs': 'recoveryJobBase',
    'directory/recovery/snapshots/recoveryPreviewJobs': 'recoveryPreviewJob'})
UNTYPED = {'Edm.Boolean', 'Collection'}  # a plain value; addresses of $ref
# Seen on the wire although the schema does not list them.
EXTRA = {('organization', 'directorySizeQuota'), ('userIdentity', 'userType'),
         ('userIdentity', 'homeTenantId'), ('userIdentity', 'homeTenantName'),
         ('auditUserIdentity', 'userType'), ('auditUserIdentity', 'ipAddress')}
PRIMITIVES = {
    'Edm.String': str, 'Edm.Boolean': bool, 'Edm.Int32': int, 'Edm.Int64': int,
    'Edm.Double': (int, float),
    'Edm.Guid': re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    'Edm.DateTimeOffset': re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$'),
    'Edm.Binary': str, 'Edm.Duration': re.compile(r'-?P'), 'Edm.Date': re.compile(r'\d{4}-'),
}


class Schema:
    """The entity, complex and enum types of namespace microsoft.graph."""

    def __init__(self, path):
        self.types, self.enums, self.base, self.open = {}, {}, {}, set()
        for schema in ET.parse(path).getroot().iter(EDM + 'Schema'):
            if schema.get('Namespace') == 'microsoft.graph':
                self.load(schema)
            elif schema.get('Namespace') == 'microsoft.graph.entraRecoveryServices':
                self.load(schema)
                self.open.add('recoveryChangeObjectBase')
        self.problems, self.seen = [], 0

    def load(self, schema):
        for one in schema:
            name = one.get('Name')
            if one.tag == EDM + 'EnumType':
                self.enums[name] = ({m.get('Name') for m in one}, one.get('IsFlags') == 'true')
            elif one.tag in (EDM + 'EntityType', EDM + 'ComplexType'):
                rows = {}
                for part in one:
                    if part.tag in (EDM + 'Property', EDM + 'NavigationProperty'):
                        rows[part.get('Name')] = (part.get('Type'), part.get('Nullable') != 'false',
                                                  part.tag == EDM + 'NavigationProperty')
                self.types[name] = rows
                if one.tag == EDM + 'ComplexType' and one.get('OpenType') == 'true':
                    self.open.add(name)
                self.base[name] = (one.get('BaseType') or '').rpartition('.')[2] or None

    def rows(self, name):
        out = {}
        while name:
            out = {**self.types[name], **out}
            name = self.base[name]
        return out

    def answer(self, body):
        """Check one Graph answer; problems are collected."""
        context = body.get('@odata.context', '') if isinstance(body, dict) else ''
        fragment = context.partition('#')[2]
        name = re.sub(r'\(.*?\)', '', fragment).replace('/$entity', '')
        if fragment.endswith('.recoveryChangeObjectBase)'):
            name = 'changes'
        name = {'onPremisesSyncBehavior': name}.get(name, name)
        if name.endswith('/onPremisesSyncBehavior'):
            type_name = 'onPremisesSyncBehavior'
        elif name.endswith(('/appRoleAssignments', '/appRoleAssignedTo')):
            type_name = 'appRoleAssignment'
        else:
            type_name = CONTEXTS.get(name) or OTHER_CONTEXTS.get(name)
        if name in UNTYPED:
            return
        if type_name is None:
            self.problems.append('nobody knows what type %r is' % name)
            return
        if isinstance(body.get('value'), list):
            for one in body['value']:
                self.value(type_name, one, name)
        elif isinstance(body.get('value'), dict):
            self.value(type_name, body['value'], name)
        else:
            self.value(type_name, body, name)

    def value(self, type_name, value, where):
        self.seen += 1
        real = str(value.get('@odata.type', '')).rpartition('.')[2] or type_name
        if real not in self.types:
            self.problems.append('%s: unknown type %s' % (where, real))
            return
        rows = self.rows(real)
        # "Limited information": a related object that the caller may not read is all null.
        limited = real != type_name and all(
            v is None for k, v in value.items() if k != 'id' and not k.startswith('@'))
        for name, one in value.items():
            if '@' in name or (real, name) in EXTRA or name.startswith('extension_'):
                continue
            if name not in rows and real in self.open:
                continue
            if name not in rows:
                self.problems.append('%s: %s has no property %s' % (where, real, name))
            elif not (limited and one is None):
                self.property(rows[name], one, '%s.%s' % (real, name))

    def property(self, row, value, where):
        kind, nullable, _ = row
        if kind.startswith('Collection('):
            if value is None:
                if not nullable:
                    self.problems.append('%s: null collection' % where)
                return
            if not isinstance(value, list):
                self.problems.append('%s: not a list' % where)
                return
            for one in value:
                self.one(kind[11:-1], one, where)
        elif value is None:
            if not nullable:
                self.problems.append('%s: null is not allowed' % where)
        else:
            self.one(kind, value, where)

    def one(self, kind, value, where):
        test = PRIMITIVES.get(kind)
        name = kind.rpartition('.')[2]
        if test is not None:
            good = (isinstance(value, str) and bool(test.match(value)) if hasattr(test, 'match')
                    else isinstance(value, test) and (kind == 'Edm.Boolean' or
                                                      not isinstance(value, bool)))
            if not good:
                self.problems.append('%s: %r is not %s' % (where, value, kind))
        elif name in self.enums:
            members, flags = self.enums[name]
            parts = value.split(',') if flags and isinstance(value, str) else [value]
            if not set(parts) <= members:
                self.problems.append('%s: %r is not a member of %s' % (where, value, name))
        elif name in self.types:
            if isinstance(value, dict):
                self.value(name, value, where)
            else:
                self.problems.append('%s: not an object' % where)


# -- the tenant's own tables ----------------------------------------------------------------------

CODES = {'s': 'Edm.String', 'b': 'Edm.Boolean', 'i': 'Edm.Int32', 'd': 'Edm.DateTimeOffset',
         'g': 'Edm.Guid', 'bin': 'Edm.Binary'}
# Properties of the schema that the tenant does not imitate.
ABSENT = {
    'user': 'identityParentId',
    'group': 'accessType infoCatalogs isArchived isFavorite organizationId '
             'unseenConversationsCount unseenMessagesCount welcomeMessageEnabled',
    'application': 'authenticationBehaviors logo managerApplications oauth2RequirePostResponse',
}


def compare_tables(schema):
    """Differences between metadata.SPECS and the schema, as lines of text."""
    import metadata
    out = []
    for type_name in metadata.SPECS:
        wanted = {n: row for n, row in schema.rows(type_name).items() if not row[2]}
        table = metadata.properties(type_name)
        known = set(ABSENT.get(type_name, '').split())
        out += ['%s.%s is missing' % (type_name, n)
                for n in sorted(set(wanted) - set(table) - known - {'id'})]
        for name, row in table.items():
            if name == 'id':
                continue
            if name not in wanted:
                out.append('%s.%s is not in the schema' % (type_name, name))
                continue
            kind = wanted[name][0]
            many = kind.startswith('Collection(')
            kind = kind[11:-1] if many else kind
            plain = kind.rpartition('.')[2]
            same = (CODES.get(row.type) == kind or row.type == plain or
                    (row.type == 's' and plain in schema.enums))
            if many != row.many or not same:
                out.append('%s.%s is %s' % (type_name, name, wanted[name][0]))
    return out
