# SPDX-License-Identifier: Apache-2.0
"""GET /auditLogs/directoryAudits and /auditLogs/provisioning: filters of the documented subset,
retention, late arrival.
"""

import collections

import query
from errors import GraphError, bad_request, not_found
from request import Response

LONGEST = 1000
FILTERS = {  # path -> operators
    ('id',): ('eq',), ('activityDateTime',): ('eq', 'ge', 'le'),
    ('activityDisplayName',): ('eq', 'startswith'), ('correlationId',): ('eq',),
    ('loggedByService',): ('eq',),
    ('initiatedBy', 'user', 'id'): ('eq',), ('initiatedBy', 'user', 'displayName'): ('eq',),
    ('initiatedBy', 'user', 'userPrincipalName'): ('eq', 'startswith'),
    ('initiatedBy', 'app', 'appId'): ('eq',), ('initiatedBy', 'app', 'displayName'): ('eq',),
    ('targetResources',): ('any',), ('targetResources', 'id'): ('eq',),
    ('targetResources', 'displayName'): ('eq', 'startswith'),
}
# permission, records with the times they were made and arrive, filters, which of them any property has
Log = collections.namedtuple('Log', 'path permission records filters')


def refused(path):
    return GraphError(400, 'BadRequest', "Invalid filter clause: '%s' cannot be filtered that way."
                      % path)


def checker(log):
    """Refuses what the log cannot filter; what it says of a property without a row is its default."""
    def check(keys, operator):
        allowed = log.filters.get(tuple(keys), log.filters.get('*', ()))
        if operator not in allowed:
            raise refused('/'.join(keys))
        return False
    return check


def value_of(record, keys):
    value = record
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


class AuditFilter(query.Filter):
    """Also refuses 'ne', 'not' and properties inside any() that are not documented."""

    def _comparison(self, path):
        keys = path.split('/')
        if keys[0] in self.variables:
            operator = self._peek()[1].lower()
            self.check([self.variables[keys[0]]] + keys[1:], operator)
        return super()._comparison(path)

    def _function(self, name):
        path = self.tokens[self.at + 1][1] if self.at + 1 < len(self.tokens) else ''
        keys = path.split('/')
        if keys[0] in self.variables:
            self.check([self.variables[keys[0]]] + keys[1:], name)
        return super()._function(name)


def number(record):
    return int(record['id'].rpartition('_')[2])


def visible(request, log):
    """Records that have arrived and are not past retention, newest last."""
    tenant = request.tenant
    now = tenant.now().timestamp()
    oldest = now - float(tenant.settings['audit_retention_days']) * 86400
    return [record for record, made, arrives in log.records(tenant)
            if arrives <= now and made >= oldest]


def listing(request, log):
    request.need(log.permission)
    path = request.path.lower()
    data = {'at': 0}
    if '$skiptoken' in request.query:
        if len(request.query) > 1:
            raise bad_request('A page token holds all query options.')
        data = query.read_token(request.tenant, path, request.query['$skiptoken'])
        request.query = dict(data['query'])
    for name in request.query:
        if name.startswith('$') and name not in ('$filter', '$top', '$orderby'):
            raise bad_request("The query parameter '%s' is not supported." % name)
    items = visible(request, log)
    if 'until' in data:  # later pages do not shift when records arrive meanwhile
        items = [r for r in items if number(r) <= data['until']]
    until = max((number(r) for r in items), default=0)
    if '$filter' in request.query:
        test = AuditFilter(request.query['$filter'], checker(log), value_of)
        if test.advanced:
            raise refused(request.query['$filter'])
        items = [r for r in items if test(r)]
    order = request.query.get('$orderby', 'activityDateTime desc').split()
    if not order or order[0] != 'activityDateTime' or order[1:] not in ([], ['asc'], ['desc']):
        raise bad_request("Invalid $orderby: only activityDateTime is supported.")
    items.sort(key=lambda r: r['activityDateTime'], reverse=order[1:] == ['desc'])
    top = query.parse_top(request.query.get('$top'), LONGEST, LONGEST)
    if request.page_fault == 'empty_page':
        top = 0
    chunk = items[data['at']:data['at'] + top]
    body = {'@odata.context': request.context(log.path)}
    end = data['at'] + len(chunk)
    if end < len(items):
        token = {'at': end, 'query': request.query, 'until': data.get('until', until),
                 'expired': request.page_fault == 'expired_page'}
        body['@odata.nextLink'] = query.next_link(request, query.make_token(request.tenant, path,
                                                                           token))
    body['value'] = chunk
    return Response(200, body)


def get(request, log, key):
    request.need(log.permission)
    for record in visible(request, log):
        if record['id'] == key:
            return Response(200, {'@odata.context': request.context(log.path + '/$entity'),
                                  **record})
    raise not_found(key)


AUDITS = Log('auditLogs/directoryAudits', 'AuditLog.Read.All', lambda tenant: tenant.audits,
             FILTERS)
