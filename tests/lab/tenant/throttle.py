# SPDX-License-Identifier: Apache-2.0
"""Resource units and quotas.  The cost is always told; refusals only with settings['throttle'].

Quotas run on real time: a frozen tenant clock must not lock a client out for ever.
"""

import collections
import re
import time

from errors import GraphError

COSTS = (  # first match wins; methods other than GET cost 1 unit and 1 write
    (re.compile(r'/(users|applications)$', re.I), 2),
    (re.compile(r'/groups/[^/]+/members$', re.I), 3),
    (re.compile(r'/groups/[^/]+/transitivemembers$', re.I), 5),
    (re.compile(r'/oauth2permissiongrants$', re.I), 2),
    (re.compile(r'/serviceprincipals/[^/]+/approleassignments$', re.I), 2),
    (re.compile(r'/subscribedskus$', re.I), 3),
    (re.compile(r'/(memberof|transitivememberof|ownedobjects)$', re.I), 2),
)
REPORTS = re.compile(r'/auditlogs/', re.I)
CONDITIONAL_ACCESS = re.compile(r'/identity/conditionalaccess/', re.I)
WINDOW, WRITE_WINDOW = 10.0, 150.0
WRITE_QUOTA = 3000
REPORT_QUOTA, REPORT_WINDOW = 5, 10.0


def cost(request):
    """Resource units of one identity request."""
    units = 1
    if request.method == 'GET':
        units = next((n for pattern, n in COSTS if pattern.search(request.path)), 1)
    elif request.path.lower().endswith('/getbyids'):
        units = 5
    if '$select' in request.query:
        units -= 1
    if '$expand' in request.query:
        units += 1
    if request.query.get('$top', '').isdigit() and int(request.query['$top']) < 20:
        units -= 1
    return max(units, 1)


class Window:
    """Sum of what was spent during the last seconds."""

    def __init__(self, seconds):
        self.seconds, self.total, self.spent = seconds, 0, collections.deque()

    def add(self, amount):
        now = time.monotonic()
        while self.spent and self.spent[0][0] <= now - self.seconds:
            self.total -= self.spent.popleft()[1]
        self.spent.append((now, amount))
        self.total += amount

    def wait(self):
        """Seconds until the oldest spending leaves the window."""
        return self.seconds - (time.monotonic() - self.spent[0][0])


class Buckets:
    """All quotas of one tenant; requests that are refused count as well."""

    def __init__(self):
        self.units, self.writes, self.reports = {}, {}, {}
        self.conditional_access = Window(1.0)

    def charge(self, request):
        """Headers for the answer; raises 429."""
        enforce = request.tenant.settings['throttle']
        app = request.caller.service_principal.id
        if CONDITIONAL_ACCESS.search(request.path):
            self.conditional_access.add(1)
            if enforce and self.conditional_access.total > 1:
                raise refusal('ResourceUnitLimitExceeded', {})
            return {}
        if REPORTS.search(request.path):
            window = self.reports.setdefault(app, Window(REPORT_WINDOW))
            window.add(1)
            if enforce and window.total > REPORT_QUOTA:
                raise refusal('ResourceUnitLimitExceeded',
                              {'Retry-After': str(int(window.wait()) + 1)})
            return {}
        return self.charge_identity(request, app, enforce)

    def charge_identity(self, request, app, enforce):
        units, used = cost(request), self.units.setdefault(app, Window(WINDOW))
        used.add(units)
        users = len(request.tenant.order.get('user', ()))
        quota = 3500 if users < 50 else 5000 if users <= 500 else 8000
        headers = {'x-ms-resource-unit': str(units)}
        share = used.total / quota
        if share > 0.8:
            headers['x-ms-throttle-limit-percentage'] = '%.1f' % min(share, 1.8)
        if request.method != 'GET':
            writes = self.writes.setdefault(app, Window(WRITE_WINDOW))
            writes.add(1)
            if enforce and writes.total > WRITE_QUOTA:
                raise refusal('WriteLimitExceeded', {
                    **headers, 'Retry-After': '%.3f' % writes.wait(),
                    'x-ms-throttle-scope': scope(request, 'Write')})
        if enforce and used.total > quota:
            raise refusal('ResourceUnitLimitExceeded', {
                **headers, 'Retry-After': '%.3f' % used.wait(),
                'x-ms-throttle-scope': scope(request, 'ReadWrite')})
        return headers


def scope(request, kind):
    return 'Tenant_Application/%s/%s/%s' % (
        kind, request.caller.service_principal.props['appId'], request.tenant.tenant_id)


def refusal(information, headers):
    return GraphError(429, 'TooManyRequests', 'Please retry again later.',
                      {'x-ms-throttle-information': information, **headers})
