# SPDX-License-Identifier: Apache-2.0
"""The provisioning log: what a cycle of Cloud Sync did with each object, and GET
/auditLogs/provisioning.  A record says what was written and, of a refused object, why.
"""

import uuid

import audit
import auditlog

TEMPLATE = 'AD2AADProvisioning'
ACTIONS = {'add': 'create', 'update': 'update', 'references': 'update', 'delete': 'delete'}
RESULTS = {'success': 'success', 'error': 'failure', 'skipped': 'skipped'}
# What the directory keeps by itself is no attribute of a mapping.
SILENT = ('onPremisesLastSyncDateTime', 'onPremisesProvisioningErrors')
LOG = auditlog.Log('auditLogs/provisioning', 'ProvisioningLog.Read.All|AuditLog.Read.All',
                   lambda tenant: tenant.extra.get('provisionings', ()),
                   {'*': ('eq', 'contains', 'gt', 'lt')})


def text(value):
    if value is None or isinstance(value, str):
        return value
    return audit.document(value)


def changes(before, after):
    """modifiedProperties: names of the target's attributes, values as plain text."""
    names = sorted(n for n in set(before) | set(after)
                   if n not in SILENT and before.get(n) != after.get(n))
    return [audit.modified(n, text(before.get(n)), text(after.get(n))) for n in names]


def identity(key, name, kind):
    return {'id': key, 'displayName': name, 'identityType': kind, 'details': {}}


def status(result):
    told = {'status': RESULTS[result['status']], 'errorInformation': None}
    if result['status'] != 'success':
        told['errorInformation'] = {
            'errorCode': result.get('error') or 'Skipped', 'errorCategory': 'failure',
            'reason': result.get('message') or result.get('action'), 'additionalDetails': None,
            'recommendedAction': None}
    return told


def write(tenant, operation, result, before, after):
    """One record; before and after are the object's properties."""
    log = tenant.extra.setdefault('provisionings', [])
    now, cycle = tenant.now(), tenant.extra.setdefault('provisioning_cycle', str(uuid.uuid4()))
    job = uuid.uuid5(uuid.NAMESPACE_DNS, tenant.tenant_id).hex
    shown = after or before
    kind = operation.get('type') or 'User'
    log.append(({
        'id': '%s_%d' % (uuid.uuid4(), len(log) + 1),
        'activityDateTime': now.strftime('%Y-%m-%dT%H:%M:%S.%f') + '0Z', 'tenantId': tenant.tenant_id,
        'jobId': '%s.%s' % (TEMPLATE, job), 'cycleId': cycle, 'changeId': str(uuid.uuid4()),
        'durationInMilliseconds': 12, 'provisioningAction': ACTIONS[operation['op']],
        'provisioningStatusInfo': status(result), 'provisioningSteps': [],
        'modifiedProperties': changes(before, after),
        'servicePrincipal': {'id': tenant.extra['sync_sp'], 'displayName': 'lab.example.test'},
        'initiatedBy': {'id': '', 'displayName': 'Azure AD Provisioning Service',
                        'initiatorType': 'system'},
        'sourceSystem': {'id': job, 'displayName': 'Active Directory', 'details': {}},
        'targetSystem': {'id': tenant.tenant_id, 'displayName': 'Microsoft Entra ID',
                         'details': {}},
        'sourceIdentity': identity(operation.get('anchor'), shown.get('displayName'), kind),
        'targetIdentity': identity(result.get('id'), shown.get('displayName'), kind),
    }, now.timestamp(), now.timestamp() + tenant.settings['audit_delay_seconds']))


def end_of_cycle(tenant):
    tenant.extra.pop('provisioning_cycle', None)
