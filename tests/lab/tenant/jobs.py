# SPDX-License-Identifier: Apache-2.0
"""Synchronization jobs of a service principal and their schemas, read only, as far as the lab needs
them: what a scenario put there through the control API is shown.
"""

import read
from errors import bad_request, not_found
from request import Response

PERMISSION = 'Synchronization.Read.All'
# What the service itself gives a job; a scenario brings the rest.
JOB_NAMES = {'id', 'templateId', 'schedule', 'status', 'synchronizationJobSettings'}
SCHEMA_NAMES = {'id', 'version', 'directories', 'synchronizationRules'}


def put(tenant, principal, items):
    """Control API: make these the jobs of a service principal: [{"job": {}, "schema": {}}]."""
    for one in items:
        if set(one['job']) - JOB_NAMES or set(one['schema']) - SCHEMA_NAMES:
            raise ValueError('not a member of a synchronization job or schema')
        if not one['job'].get('id'):
            raise ValueError('a synchronization job needs an id')
    tenant.extra.setdefault('jobs', {})[principal] = items


def jobs_of(request, key):
    request.need(PERMISSION)
    if request.query:
        raise bad_request('Query options are not supported here.')
    obj = read.resolve(request, 'servicePrincipal', key)
    return obj, request.tenant.extra.get('jobs', {}).get(obj.id, [])


def one_of(request, key, job_id):
    obj, items = jobs_of(request, key)
    for one in items:
        if one['job']['id'] == job_id:
            return obj, one
    raise not_found(job_id)


def context(request, obj, rest):
    return {'@odata.context': request.context("servicePrincipals('%s')/synchronization/jobs%s"
                                              % (obj.id, rest))}


def listing(request, key):
    obj, items = jobs_of(request, key)
    return Response(200, {**context(request, obj, ''), 'value': [one['job'] for one in items]})


def get(request, key, job_id):
    obj, one = one_of(request, key, job_id)
    return Response(200, {**context(request, obj, '/$entity'), **one['job']})


def schema(request, key, job_id):
    obj, one = one_of(request, key, job_id)
    return Response(200, {**context(request, obj, "('%s')/schema/$entity" % job_id),
                          **one['schema']})
