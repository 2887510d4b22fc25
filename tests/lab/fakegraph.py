#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A small scripted liar that speaks as much Graph as a capture asks for.

    fakegraph.py DIR      writes DIR/ca.pem, prints "ready PORT", serves until killed

The tenant id of the token URL names the scenario, the token carries it on, so one server plays all
of them. Without a scenario's own answer the tenant is small and well: two pages of users, a group
with two members, empty collections.
"""

import gzip
import http.server
import json
import os
import socketserver
import ssl
import struct
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

ALICE = {'id': 'u-alice', 'userPrincipalName': 'alice@example.test', 'displayName': 'Alice',
         'onPremisesSyncEnabled': True, 'jobTitle': None,
         'manager': {'@odata.type': '#microsoft.graph.user', 'id': 'u-bob'}}
BOB = {'id': 'u-bob', 'userPrincipalName': 'bob@example.test', 'displayName': 'Bob'}
CAROL = {'id': 'u-carol', 'userPrincipalName': 'carol@example.test', 'displayName': 'Carol',
         'onPremisesSyncEnabled': None, 'onPremisesImmutableId': 'AAAAAAAAAAAAAAAAAAAAAA=='}
CREW = {'id': 'g-crew', 'displayName': 'Crew', 'onPremisesSyncEnabled': None}
ORGANIZATION = {'id': 't-1', 'displayName': 'Example', 'createdDateTime': '2020-01-01T00:00:00Z',
                'verifiedDomains': [{'name': 'example.test', 'isDefault': True}]}
METHODS = {'id': 'authenticationMethodsPolicy', '@odata.context': 'x',
           'authenticationMethodConfigurations@odata.context': 'x',
           'authenticationMethodConfigurations': [
               {'@odata.type': '#microsoft.graph.smsAuthenticationMethodConfiguration',
                'id': 'Sms', 'state': 'enabled', 'includeTargets@odata.context': 'x',
                'nothing': None}]}
AUTHORIZATION = {'id': 'authorizationPolicy', 'displayName': 'Authorization',
                 'defaultUserRolePermissions': {'allowedToCreateApps': True}}
AUDIT = {'id': 'Directory_1', 'activityDateTime': '2026-01-02T03:04:05.1234567Z',
         'activityDisplayName': 'Update user', 'category': 'UserManagement',
         'initiatedBy': {'user': None, 'app': None},
         'targetResources': [{'id': 'u-alice', 'Type': 'User', 'modifiedProperties': [
             {'displayName': 'Mobile', 'oldValue': '["1"]', 'newValue': 'DirectorySync'}]}]}
SYNC_APP = '6bf85cfa-ac8a-4be5-b5de-425a0d0dc016'
SERVICE = {'id': 's-sync', 'appId': SYNC_APP, 'displayName': 'Synchronization Service',
           'appRoles': [{'id': 'r-1', 'value': 'ADSynchronization.ReadWrite.All'}]}
ENGINE = {'id': 's-engine', 'appId': 'a-engine', 'displayName': 'Own name'}

COUNTS, LOCK = {}, threading.Lock()


def nth(*key):
    """How often this was called with the key, this time included."""
    with LOCK:
        COUNTS[key] = COUNTS.get(key, 0) + 1
        return COUNTS[key]


def error(status, code, headers=None):
    return status, {'error': {'code': code, 'message': 'Scripted refusal.'}}, headers or {}


def page(values, link=None):
    body = {'@odata.context': 'x', 'value': values}
    if link:
        body['@odata.nextLink'] = link
    return 200, body, {}


class Raw:
    """Bytes sent as they are, instead of a JSON answer."""

    def __init__(self, data, status=200, length=None, rate=None, headers=None):
        self.data, self.status, self.rate = data, status, rate
        self.length = len(data) if length is None else length
        self.headers = headers or {'Content-Type': 'application/json'}


# -- scenarios: (path, query, base, scenario) -> answer, or None for the usual one ----------------

def users(path, query, base):
    if path != '/users':
        return None
    if 'page=' in query:
        return page([CAROL])
    return page([ALICE, BOB], base + '/v1.0/users?page=2')


def on_users(answer):
    """A scenario that changes the answer to the first page of users."""
    return lambda path, query, base, name: (
        answer(base, name) if path == '/users' and 'page=' not in query else None)


def on_second(answer):
    return lambda path, query, base, name: (
        answer(base, name) if path == '/users' and 'page=2' in query else None)


def once(status, headers, path='/users'):
    def run(asked, query, base, name):
        if asked == path and nth(name, path) == 1:
            return error(status, 'TooManyRequests', headers)
        return None
    return run


def http_date(seconds):
    return time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + seconds))


# One object of each kind that has relations, and what hangs on it.
SECURITY = {'Engineering': {'@odata.type': '#microsoft.graph.customSecurityAttributeValue',
                            'Level': 3, 'Projects@odata.type': '#Collection(String)',
                            'Projects': ['Anchor']}}
MANY = [{'id': 'u-%d' % n} for n in range(25)]
WIDE = {
    '/groups': [dict(CREW, groupTypes=['Unified']), {'id': 'g-plain', 'displayName': 'Plain'}],
    '/devices': [{'id': 'd-1', 'deviceId': 'd', 'displayName': 'Device'}],
    '/applications': [{'id': 'a-1', 'appId': 'a', 'displayName': 'App', 'keyCredentials': [
        {'keyId': 'k', 'key': 'PRIVATE'}]}],
    '/servicePrincipals': [{'id': 's-1', 'appId': 'a', 'displayName': 'Service'}],
    '/directory/administrativeUnits': [{'id': 'au-1', 'displayName': 'Unit'}],
    '/domains': [{'id': 'fed.example.test', 'authenticationType': 'Federated'},
                 {'id': 'example.test', 'authenticationType': 'Managed'}],
    '/policies/crossTenantAccessPolicy/partners': [{'tenantId': 't-2'}, {'tenantId': 't-3'}],
    '/policies/claimsMappingPolicies': [{'id': 'p-1', 'displayName': 'Claims',
                                         'definition': ['{}']}],
}
PARTS = {
    '/groups/g-crew/settings': [{'id': 'gs-1', 'displayName': 'Group.Unified.Guest'}],
    '/applications/a-1/federatedIdentityCredentials': [{'id': 'f-1', 'name': 'ci'}],
    '/applications/a-1/extensionProperties': [{'id': 'e-1', 'name': 'extension_a_x'}],
    '/servicePrincipals/s-1/appRoleAssignedTo': [{'id': 'r-1', 'principalId': 'u-alice'}],
    '/servicePrincipals/s-1/delegatedPermissionClassifications': [{'id': 'c-1'}],
    '/directory/administrativeUnits/au-1/members': [{'id': 'u-bob'}],
    '/directory/administrativeUnits/au-1/scopedRoleMembers': [{'id': 'sr-1', 'roleId': 'x'}],
    '/domains/fed.example.test/federationConfiguration': [{'id': 'fc-1', 'issuerUri': 'urn:x'}],
    '/policies/claimsMappingPolicies/p-1/appliesTo': [{'id': 's-1'}],
}


def wide(path, query, base, name):
    if path == '/users' and '$expand=sponsors' in query:
        return page([{'id': 'u-alice', 'sponsors': MANY[:20]},
                     {'id': 'u-bob', 'sponsors': [{'id': 'u-alice'}]}, {'id': 'u-carol'}])
    if path == '/users' and '$select=id,customSecurityAttributes' in query:
        return error(403, 'Authorization_RequestDenied') if name == 'wide_refused' else page(
            [{'id': 'u-alice', 'customSecurityAttributes': SECURITY},
             {'id': 'u-bob', 'customSecurityAttributes': None}])
    if path == '/devices' and '$expand=' in query:
        relation = query.partition('$expand=')[2].partition('(')[0]
        return page([{'id': 'd-1', relation: [{'id': 'u-alice'}]}])
    if path == '/users/u-alice/sponsors':
        return page(MANY[20:])
    return page(WIDE[path]) if path in WIDE else None


def wide_step(path, base, name):
    """The relations of one object."""
    if name == 'wide_refused' and path.count('/') > 2 and not path.endswith('owners'):
        return error(403, 'Authorization_RequestDenied')
    if path == '/users/u-alice/sponsors':
        return page(MANY[:20], base + '/v1.0/users/u-alice/sponsors?page=2')
    if path.endswith('/identitySynchronization'):
        return (error(404, 'Request_ResourceNotFound') if 't-3' in path else
                (200, {'tenantId': 't-2', 'displayName': 'Partner'}, {}))
    if path == '/servicePrincipals/s-1':
        return 200, {'id': 's-1', 'customSecurityAttributes': None}, {}
    return page(PARTS.get(path, []))


def batch_item(path, name):
    """Answers inside $batch: a list of (status, body, headers)."""
    if name == 'batch_429' and path.startswith('/groups/g-crew/members') and nth(name, path) == 1:
        return error(429, 'TooManyRequests', {'retry-after': '0.1'})
    if name == 'batch_denied' and '/members' in path:
        return error(403, 'Authorization_RequestDenied')
    if name in ('batch_gone', 'batch_hidden') and '/members' in path:
        return error(404, 'Request_ResourceNotFound')
    if name == 'members_foreign' and '/members' in path:
        return page([{'id': 'u-alice'}], 'https://elsewhere.example.test/v1.0/groups/x')
    return None


CIRCLE = on_second(lambda base, name: page([CAROL], base + '/v1.0/users?page=2'))
HUGE = gzip.compress(b'{"value":["' + b'a' * (80 << 20) + b'"]}', 6)
LOGIN = b'<!DOCTYPE html><html><head><title>Please sign in</title></head><body/></html>'
HTML = {'Content-Type': 'text/html'}

SCENARIOS = {
    'wide': wide, 'wide_refused': wide,
    'loop': CIRCLE,
    'foreign': on_users(lambda base, name: page([ALICE], 'https://elsewhere.example.test/v1.0/u')),
    'port': on_users(lambda base, name: page([ALICE], 'https://localhost:1/v1.0/users?page=2')),
    'at_sign': on_users(lambda base, name: page([ALICE], base + '@elsewhere.example.test/v1.0')),
    'link_number': on_users(lambda base, name: page([ALICE], 7)),
    'empty_page': on_second(lambda base, name: page([], base + '/v1.0/users?page=3')),
    'truncated_once': on_second(lambda base, name: Raw(b'{"value":[{"id":"u-ca')
                                if nth(name, 'cut') == 1 else None),
    'truncated': on_second(lambda base, name: Raw(b'{"value":[{"id":"u-ca')),
    'html': on_users(lambda base, name: Raw(LOGIN, headers=HTML)),
    'not_a_list': on_users(lambda base, name: (200, {'value': {'id': 'u-x'}}, {})),
    'throttled_whole': once(429, {'Retry-After': '1'}),
    'throttled_fraction': once(429, {'Retry-After': '0.25'}),
    'throttled_absent': once(429, {}),
    'throttled_date': once(429, {'Retry-After': http_date(-5)}),
    'throttled_beyond': once(429, {'Retry-After': '3600'}),
    'unavailable_once': once(503, {'Retry-After': '0'}),
    'unavailable': lambda path, query, base, name: Raw(LOGIN, status=503, headers=HTML),
    'drip': on_users(lambda base, name: Raw(b'{' + b' ' * 100000, rate=100)),
    'silent': on_users(lambda base, name: Raw(b'', length=100, rate=1)),
    'huge': on_users(lambda base, name: Raw(HUGE, headers={'Content-Encoding': 'gzip',
                                                           'Content-Type': 'application/json'})),
    'cut_once': on_second(lambda base, name: Raw(b'{"value":[', length=5000)
                          if nth(name, 'cut') == 1 else None),
    'cut': on_second(lambda base, name: Raw(b'{"value":[', length=5000)),
    'redirect': on_users(lambda base, name: Raw(b'', status=302, headers={
        'Location': 'https://elsewhere.example.test/'})),
    'refused_groups': lambda path, query, base, name: (
        error(403, 'Authorization_RequestDenied') if path == '/groups' else None),
    'refused_all': lambda path, query, base, name: error(403, 'Authorization_RequestDenied'),
    'refused_audits': lambda path, query, base, name: (
        error(403, 'Authorization_RequestDenied') if path.startswith('/auditLogs') else None),
    'organization_nulls': lambda path, query, base, name: page(
        [dict(ORGANIZATION, createdDateTime=None)]) if path == '/organization' else None,
    'limited': on_second(lambda base, name: page(
        [{'@odata.type': '#microsoft.graph.user', 'id': 'u-carol', 'userPrincipalName': None}])),
    'duplicate': on_second(lambda base, name: page([dict(ALICE, displayName='Alice again')])),
    'bad_utf8': on_second(lambda base, name: Raw(b'{"value":[{"id":"u-\xff"}]}')),
    'dup_keys': on_second(lambda base, name: Raw(
        b'{"value":[{"id":"u-dora","userPrincipalName":"a","userPrincipalName":"b"}]}')),
    'no_id': on_second(lambda base, name: page([{'userPrincipalName': 'x@example.test'}])),
    'batch_gone': lambda path, query, base, name: (
        error(404, 'Request_ResourceNotFound') if path.startswith('/groups/') else None),
    'sync_role': lambda path, query, base, name: {
        '/servicePrincipals': page([SERVICE, ENGINE]),
        '/servicePrincipals/s-sync/appRoleAssignedTo': page(
            [{'principalId': 's-engine', 'appRoleId': 'r-1', 'principalType': 'ServicePrincipal'}]),
        '/servicePrincipals/s-engine': (200, ENGINE, {})}.get(path),
}

USUAL = {'/organization': page([ORGANIZATION]), '/groups': page([CREW]),
         '/policies/authenticationMethodsPolicy': (200, METHODS, {}),
         '/policies/authorizationPolicy': (200, AUTHORIZATION, {}),
         '/auditLogs/directoryAudits': page([AUDIT]),
         '/directory/onPremisesSynchronization': error(403, 'Authorization_RequestDenied')}

TOKEN_ERRORS = {'wrong_secret': (401, 'invalid_client', 7000215),
                'expired_secret': (401, 'invalid_client', 7000222),
                'unknown_app': (400, 'unauthorized_client', 700016),
                'no_tenant': (400, 'invalid_request', 90002)}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        parts = self.path.strip('/').split('/')
        if self.path.endswith('/oauth2/v2.0/token'):
            return self.answer(self.token(parts[0], urllib.parse.parse_qs(body)))
        return self.answer(self.batch(json.loads(body)))

    def do_GET(self):
        path, _, query = self.path.partition('?')
        name = self.scenario()
        path = path.replace('/v1.0', '', 1)
        if self.token_refused(name, path, query):
            return self.answer(error(401, 'InvalidAuthenticationToken'))
        base = 'https://localhost:%d' % self.server.server_address[1]
        script = SCENARIOS.get(name)
        answer = script(path, query, base, name) if script else None
        return self.answer(answer or users(path, query, base) or USUAL.get(path) or page([]))

    def scenario(self):
        return self.headers.get('Authorization', 'Bearer x.none.0').split('.')[1]

    def token_refused(self, name, path, query):
        number = self.headers.get('Authorization', '').rpartition('.')[2]
        if name == 'always_401':
            return True
        # the first token ends in the middle of the run
        return name == 'expiring' and number == '1' and 'page=2' in query

    def token(self, name, form):
        if name == 'token_html':
            return Raw(LOGIN, headers=HTML)
        if name == 'token_shape':
            return 200, {'access_token': 'a\r\nX-Evil: 1', 'expires_in': 3599}, {}
        if name == 'token_busy' and nth(name, 'token') == 1:
            return 400, {'error': 'temporarily_unavailable', 'error_codes': [90033]}, {}
        if name in TOKEN_ERRORS:
            status, word, code = TOKEN_ERRORS[name]
            return status, {'error': word, 'error_codes': [code], 'error_description':
                            'AADSTS%d: echo %s' % (code, form['client_secret'][0])}, {}
        assert form['grant_type'] == ['client_credentials'], form
        life = 2 if name == 'short_token' else 3599
        return 200, {'token_type': 'Bearer', 'expires_in': life, 'ext_expires_in': life,
                     'access_token': 'tok.%s.%d' % (name, nth(name, 'token'))}, {}

    def batch(self, body):
        name, answers = self.scenario(), []
        for one in body['requests']:
            status, answer, headers = batch_item(one['url'], name) or self.step(one['url'], name)
            answers.append({'id': one['id'], 'status': status, 'headers': headers, 'body': answer})
        if name == 'batch_missing' and nth(name, 'missing') == 1:
            answers.pop()
        return 200, {'responses': list(reversed(answers))}, {}

    def step(self, url, name):
        path = url.partition('?')[0]
        base = 'https://localhost:%d' % self.server.server_address[1]
        if path.endswith('/onPremisesSyncBehavior'):
            if name == 'authority_denied':
                return error(403, 'Authorization_RequestDenied')
            return 200, {'id': 'u-carol', 'isCloudManaged': True}, {}
        if name.startswith('wide') and '/members' not in path.replace('/au-1/members', ''):
            return wide_step(path, base, name)
        if path == '/groups/g-crew/members':
            return page([{'@odata.type': '#microsoft.graph.user', 'id': 'u-alice'}],
                        base + '/v1.0/groups/g-crew/members?page=2')
        return page([])

    def answer(self, answer):
        if isinstance(answer, tuple):
            status, body, headers = answer
            answer = Raw(json.dumps(body).encode(), status,
                         headers=dict({'Content-Type': 'application/json'}, **headers))
        self.send_response(answer.status)
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.send_header('request-id', '00000000-1111-2222-3333-444444444444')
        self.send_header('Content-Length', str(answer.length))
        self.end_headers()
        try:
            self.send_body(answer)
        except OSError:
            self.close_connection = True

    def send_body(self, answer):
        if not answer.rate:
            self.wfile.write(answer.data)
        for at in range(0, len(answer.data), answer.rate or 1) if answer.rate else ():
            self.wfile.write(answer.data[at:at + answer.rate])
            self.wfile.flush()
            time.sleep(1)
        if answer.rate and not answer.data:
            time.sleep(30)
        if answer.length > len(answer.data):
            linger = struct.pack('ii', 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        return self.tls.wrap_socket(connection, server_side=True,
                                    do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        pass


def main():
    directory = sys.argv[1]
    cert, key = os.path.join(directory, 'ca.pem'), os.path.join(directory, 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
                    '-keyout', key, '-out', cert], check=True, stderr=subprocess.DEVNULL)
    server = Server(('127.0.0.1', 0), Handler)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(cert, key)
    print('ready %d' % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
