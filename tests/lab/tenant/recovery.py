# SPDX-License-Identifier: Apache-2.0
"""Entra Backup and Recovery, as far as a reader needs it: the daily snapshots, preview jobs and
their changes.  What a preview finds is put there by a scenario (control API, /_lab/backup); the
lab keeps no backups and runs no recovery jobs.
"""

import base64
import datetime
import json
import uuid

import catalog
import query
from errors import GraphError, bad_request, denied, not_found
from request import Response

KIND = '#microsoft.graph.entraRecoveryServices.'
SNAPSHOTS = 'directory/recovery/snapshots'
ADMINISTRATORS = ('Entra Backup Administrator', 'Global Administrator')
DAYS, HOUR = 7, 22
STAGES = ('initialized', 'loadingData', 'calculating', 'successful')
LATER_MEMBERS = {'calculating', 'loadingData', 'oAuth2PermissionGrant', 'appRoleAssignment',
                 'organization'}  # shown to who asks for unknown enum members only
RECORD_LIFE = datetime.timedelta(days=5)


def put(tenant, day, changes):
    """Control API: what a preview of the snapshot of this day (YYYY-MM-DD) finds."""
    datetime.date.fromisoformat(day)
    for one in changes:
        if not {'id', 'entityTypeName', 'recoveryAction'} <= set(one):
            raise ValueError('a change has id, entityTypeName and recoveryAction')
    backup(tenant)['changes'][day] = changes


def backup(tenant):
    return tenant.extra.setdefault('backup', {'jobs': [], 'changes': {}})


def known(request, member):
    """A member that is newer than unknownFutureValue hides behind it."""
    asked = 'include-unknown-enum-members' in request.headers.get('prefer', '')
    return member if asked or member not in LATER_MEMBERS else 'unknownFutureValue'


def read_right(request):
    request.need('EntraBackup.Read.All')


# -- snapshots ------------------------------------------------------------------------------------

def times(tenant):
    """When the snapshots that are still there were taken, newest first."""
    now = tenant.now()
    last = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if last > now:
        last -= datetime.timedelta(days=1)
    return [last - datetime.timedelta(days=n) for n in range(DAYS)]


def stamp(when):
    return when.strftime('%Y-%m-%dT%H:%M:%SZ')


def key_of(tenant, when):
    """Documented as the text of the time, measured as seconds."""
    text = stamp(when) if tenant.settings['backup_id'] == 'iso' else str(int(when.timestamp()))
    return base64.b64encode(text.encode()).decode()


def snapshot_shown(tenant, when):
    out = {'@odata.type': KIND + 'snapshot', 'id': key_of(tenant, when),
           'createdDateTime': stamp(when)}
    if tenant.settings['backup_totals']:
        out['totalChangedObjects'] = len(backup(tenant)['changes'].get(stamp(when)[:10], []))
    return out


def find_snapshot(tenant, key):
    for when in times(tenant):
        if key_of(tenant, when) == key:
            return when
    raise GraphError(404, 'NotFound', 'The given value is not a valid timestamp for recovery; it '
                     'must be one of the available backups.')


def listed(request, context, items):
    top = query.parse_top(request.query.get('$top'), 100, 999)
    skip = request.query.get('$skip', '0')
    if '$skiptoken' in request.query:
        skip = query.read_token(request.tenant, request.path.lower(),
                                request.query['$skiptoken'])['skip']
        top = 100
    if not str(skip).isdigit():
        raise bad_request("Invalid $skip value '%s'." % skip)
    end = int(skip) + top
    body = {'@odata.context': request.context(context)}
    if end < len(items):
        link = '%s%s?$skip=%d&$top=%d' % (request.origin, request.path, end, top)
        if request.tenant.settings['backup_paging'] == 'skiptoken':
            link = query.next_link(request, query.make_token(
                request.tenant, request.path.lower(), {'skip': end}))
        body['@odata.nextLink'] = link
    body['value'] = [select(request, one) for one in items[int(skip):end]]
    return Response(200, body)


def select(request, one):
    text = request.query.get('$select')
    names = text and {n.strip() for n in text.split(',')}
    return {k: v for k, v in one.items() if not names or k in names or k.startswith('@')}


def snapshots(request):
    read_right(request)
    catalog.only(request, ('$select', '$top', '$orderby'))
    return listed(request, SNAPSHOTS, [snapshot_shown(request.tenant, one)
                                       for one in times(request.tenant)])


def snapshot(request, key):
    """Measured: 404 for an id that the list has just told."""
    read_right(request)
    when = find_snapshot(request.tenant, key)
    if not request.tenant.settings['backup_get_by_id']:
        raise GraphError(404, 'NotFound', 'Snapshot with identifier %s not found.' % key)
    return Response(200, {'@odata.context': request.context(SNAPSHOTS + '/$entity'),
                          **snapshot_shown(request.tenant, when)})


# -- preview jobs ---------------------------------------------------------------------------------

def jobs_kept(tenant):
    """Records vanish some days after the job ended."""
    held = backup(tenant)['jobs']
    held[:] = [j for j in held if age(tenant, j) < RECORD_LIFE.total_seconds()]
    return held


def age(tenant, job):
    return tenant.now().timestamp() - job['started']


def status(tenant, job):
    if job['cancelled']:
        return 'abandoned'
    step = tenant.settings['backup_stage_seconds']
    at = int(age(tenant, job) // step) if step else len(STAGES)
    return STAGES[min(at, len(STAGES) - 1)]


def job_shown(request, job):
    tenant, now = request.tenant, status(request.tenant, job)
    done = now == 'successful'
    ended = job['started'] + (len(STAGES) - 1) * tenant.settings['backup_stage_seconds']
    moment = datetime.datetime.fromtimestamp(ended, datetime.timezone.utc)
    begun = datetime.datetime.fromtimestamp(job['started'], datetime.timezone.utc)
    links = sum(len(v) for c in job['changes'] for n, v in c.get('deltaFromCurrent', {}).items()
                if n.endswith('@delta'))
    return {'@odata.type': KIND + 'recoveryPreviewJob', 'id': job['id'],
            'status': known(request, now), 'targetStateDateTime': job['target'],
            'jobStartDateTime': stamp(begun),
            'jobCompletionDateTime': stamp(moment) if done else None,
            'filteringCriteria': job['criteria'],
            'totalChangedObjectsCalculated': len(job['changes']) if done else None,
            'totalChangedLinksCalculated': links if done else None}


def previews(request, key):
    read_right(request)
    target = stamp(find_snapshot(request.tenant, key))
    return listed(request, "%s('%s')/recoveryPreviewJobs" % (SNAPSHOTS, key),
                  [job_shown(request, j) for j in jobs_kept(request.tenant)
                   if j['target'] == target])


def jobs(request):
    read_right(request)
    catalog.only(request, ('$select', '$top', '$filter', '$orderby'))
    return listed(request, 'directory/recovery/jobs',
                  [job_shown(request, j) for j in jobs_kept(request.tenant)])


def administrator(request):
    """A signed-in user with the role; no application alone may."""
    tenant = request.tenant
    if not request.caller.delegated:
        raise denied()
    roles = [r for r in tenant.by_type('directoryRole')
             if r.props['displayName'] in ADMINISTRATORS]
    if not any(request.actor.id in r.links.get('members', ()) for r in roles):
        raise GraphError(403, 'Forbidden', 'Authorization has been denied for this request.')


def preview_start(request, key):
    administrator(request)
    request.need('EntraBackup.ReadWrite.Preview')
    tenant = request.tenant
    when = find_snapshot(tenant, key)
    criteria = request.json(required=False).get('filteringCriteria')
    wanted = chosen(criteria)
    if any(status(tenant, j) in STAGES[:-1] for j in jobs_kept(tenant)):
        raise GraphError(409, 'Conflict', 'A recovery job is in progress; wait until it ends.')
    changes = backup(tenant)['changes'].get(stamp(when)[:10], [])
    job = {'id': str(uuid.uuid4()), 'target': stamp(when), 'criteria': criteria,
           'cancelled': False, 'started': tenant.now().timestamp(),
           'changes': json.loads(json.dumps([c for c in changes if wanted(c)]))}
    backup(tenant)['jobs'].append(job)
    return Response(202, None, {'Location': '%s/%s/%s/%s/recoveryPreviewJobs/%s' % (
        request.origin, request.version, SNAPSHOTS, key, job['id'])})


def chosen(criteria):
    """A test for a change, from the filter of a job."""
    if criteria is None:
        return lambda change: True
    kind = str(criteria.get('@odata.type', '')).rpartition('.')[2]
    if kind == 'recoveryJobEntityNamesFilter':
        names = set(criteria.get('entityTypes') or ())
        return lambda change: change['entityTypeName'] in names
    if kind == 'recoveryJobEntityNameAndIdsFilter':
        pairs = {(one['entityType'], i) for one in criteria.get('filterValues') or ()
                 for i in one['entityIds']}
        return lambda change: (change['entityTypeName'], change['id']) in pairs
    raise bad_request("The '@odata.type' of filteringCriteria must be that of a filter.")


def find_job(request, job_id, key=None):
    target = key and stamp(find_snapshot(request.tenant, key))
    for job in jobs_kept(request.tenant):
        if job['id'] == job_id and target in (None, job['target']):
            return job
    raise not_found(job_id)


def preview(request, key, job_id):
    read_right(request)
    job = find_job(request, job_id, key)
    return Response(200, {'@odata.context': request.context(
        "%s('%s')/recoveryPreviewJobs/$entity" % (SNAPSHOTS, key)), **job_shown(request, job)})


def changes_of(request, key, job_id):
    read_right(request)
    catalog.only(request, ('$top', '$skip', '$select'))
    job = find_job(request, job_id, key)
    if status(request.tenant, job) != 'successful':
        raise GraphError(400, 'BadRequest', 'The job with identifier %s must have completed '
                         'successfully before enumerating changes.' % job_id)
    items = [{**c, 'entityTypeName': known(request, c['entityTypeName'])} for c in job['changes']]
    return listed(request, 'Collection(microsoft.graph.entraRecoveryServices.'
                  'recoveryChangeObjectBase)', items)


def cancel(request, job_id):
    administrator(request)
    job = find_job(request, job_id)
    if status(request.tenant, job) in STAGES[:-1]:
        job['cancelled'] = True
    return Response(202, None, {'Location': '%s/%s/directory/recovery/jobs/%s' % (
        request.origin, request.version, job_id)})


def routes():
    one = SNAPSHOTS + '/{key}/recoveryPreviewJobs'
    return [('GET', SNAPSHOTS, snapshots), ('GET', SNAPSHOTS + '/{key}', snapshot),
            ('GET', one, previews), ('POST', one, preview_start), ('GET', one + '/{id}', preview),
            ('GET', one + '/{id}/getChanges', changes_of),
            ('GET', one + '/{id}/microsoft.graph.entraRecoveryServices.getChanges', changes_of),
            ('GET', 'directory/recovery/jobs', jobs),
            ('POST', 'directory/recovery/jobs/{id}/cancel', cancel)]
