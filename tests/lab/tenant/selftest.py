#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Self test of the local tenant: starts it on a free loopback port and asks it everything.

Prints one line per failed check and a last line with the counts; exit status 1 when any failed.
The checks live in selftest_read.py, selftest_write.py, selftest_wire.py, selftest_delta.py
and selftest_credentials.py.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import csdl  # noqa: E402

SCHEMA = os.path.join(HERE, '..', '..', '..', '..', 'shared', 'data', 'graph-v1.0.csdl')
DOMAIN, INITIAL = 'lab.example.test', 'labexample.onmicrosoft.com'


class Answer:
    """Status, headers, bytes and decoded JSON of one call."""

    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data
        try:
            self.json = json.loads(data) if data else None
        except ValueError:
            self.json = None

    @property
    def code(self):
        return self.json['error']['code'] if self.json and 'error' in self.json else None

    @property
    def message(self):
        return self.json['error']['message'] if self.json and 'error' in self.json else ''

    @property
    def value(self):
        return self.json['value']

    def __getitem__(self, key):
        return self.json[key]

    def __repr__(self):
        return '%d %s' % (self.status, self.data[:300])


class Lab:
    """A running tenant and the counters of the test."""

    def __init__(self, directory):
        self.directory = directory
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.schema = csdl.Schema(SCHEMA) if os.path.exists(SCHEMA) else None
        self.tokens, self.section = {}, ''
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        self.base = 'https://127.0.0.1:%d' % self.port
        self.make_certificate()
        self.process = None

    def make_certificate(self):
        self.cert = os.path.join(self.directory, 'cert.pem')
        self.key_file = os.path.join(self.directory, 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=lab',
                        '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout',
                        self.key_file, '-out', self.cert], check=True, capture_output=True)
        self.tls = ssl.create_default_context(cafile=self.cert)

    def start(self):
        self.state = os.path.join(self.directory, 'state')
        self.log = open(os.path.join(self.directory, 'log'), 'ab')
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, 'main.py'), '--state', self.state, '--listen',
             '127.0.0.1:%d' % self.port, '--cert', self.cert, '--key', self.key_file, '--domain',
             DOMAIN, '--initial-domain', INITIAL], stdout=subprocess.PIPE, stderr=self.log)
        if self.process.stdout.readline() != b'ready\n':
            raise SystemExit('the tenant did not start')
        with open(os.path.join(self.state, 'credentials.json'), encoding='utf-8') as source:
            self.credentials = json.load(source)
        with open(os.path.join(self.state, 'control.key'), encoding='utf-8') as source:
            self.key = source.read()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(20)
        self.process.stdout.close()
        self.log.close()
        return status

    # -- calls ----------------------------------------------------------------------------------

    def raw(self, method, url, body=None, headers=None, timeout=30):
        url = url if url.startswith('https:') else self.base + url
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers = {'Content-Type': 'application/json', **(headers or {})}
        request = urllib.request.Request(url.replace(' ', '%20'), data=body, method=method,
                                         headers=headers or {})
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def control(self, method, path, body=None):
        return self.raw(method, '/_lab/' + path, body, {'X-Lab-Key': self.key})

    def token_call(self, form, headers=None, tenant=None):
        return self.raw('POST', '/%s/oauth2/v2.0/token' % (tenant or self.credentials['tenant_id']),
                        urllib.parse.urlencode(form).encode(), headers)

    def form(self, who='admin', **changes):
        pair = self.credentials[who]
        form = {'client_id': pair['client_id'], 'client_secret': pair['client_secret'],
                'grant_type': 'client_credentials',
                'scope': 'https://graph.microsoft.com/.default', **changes}
        return {k: v for k, v in form.items() if v is not None}

    def token(self, who='admin', fresh=False):
        if fresh or who not in self.tokens:
            self.tokens[who] = self.token_call(self.form(who))['access_token']
        return self.tokens[who]

    def call(self, method, path, body=None, who='admin', as_user=None, **headers):
        """A Graph call; path without a version is v1.0; v1.0 answers go to the schema."""
        if not path.startswith(('/', 'https:')):
            path = '/v1.0/' + path
        sent = {'Authorization': 'Bearer ' + self.token(who),
                **{k.replace('_', '-'): v for k, v in headers.items()}}
        if as_user:
            sent.update({'X-Lab-Act-As-User': as_user, 'X-Lab-Key': self.key})
        answer = self.raw(method, path, body, sent)
        if self.schema and answer.status in (200, 201) and isinstance(answer.json, dict) and \
                '/v1.0/' in answer.json.get('@odata.context', ''):
            self.schema.answer(answer.json)
        return answer

    def get(self, path, **options):
        return self.call('GET', path, **options)

    def all(self, path, **options):
        """Every element over all pages."""
        out, answer = [], self.get(path, **options)
        while True:
            out += answer.value
            if '@odata.nextLink' not in answer.json:
                return out
            answer = self.get(answer['@odata.nextLink'], **options)

    def audits(self, target=None):
        """Audit records about one object, newest first."""
        text = '' if target is None else \
            "?$filter=targetResources/any(t:t/id eq '%s')" % target
        return self.get('auditLogs/directoryAudits' + text).value

    def store(self, obj_type, props, **more):
        """An object as the sync engine writes it."""
        answer = self.control('POST', 'objects', {'type': obj_type, 'props': props, **more})
        assert answer.status == 200, answer
        return answer['id']

    def user(self, name, **props):
        """A new cloud user; its id."""
        answer = self.call('POST', 'users', {
            'accountEnabled': True, 'displayName': name, 'mailNickname': name,
            'userPrincipalName': '%s@%s' % (name, DOMAIN),
            'passwordProfile': {'password': 'Correct-Horse-7'}, **props})
        assert answer.status == 201, answer
        return answer['id']

    def synced_user(self, name, **props):
        return self.store('user', {
            'displayName': name, 'userPrincipalName': '%s@%s' % (name, DOMAIN),
            'mailNickname': name, 'accountEnabled': True, 'userType': 'Member',
            'onPremisesSyncEnabled': True, 'onPremisesLastSyncDateTime': '2026-01-01T00:00:00Z',
            'onPremisesSamAccountName': name, 'onPremisesDomainName': 'ad.example.test',
            'onPremisesDistinguishedName': 'CN=%s,DC=ad,DC=example,DC=test' % name,
            **props}, sync={'anchor': 'anchor-' + name, 'was_synced': True})

    def synced_group(self, name, **props):
        return self.store('group', {
            'displayName': name, 'mailNickname': name, 'mailEnabled': False,
            'securityEnabled': True, 'groupTypes': [], 'onPremisesSyncEnabled': True, **props},
            sync={'anchor': 'anchor-' + name, 'was_synced': True})

    # -- counting -------------------------------------------------------------------------------

    def check(self, what, condition, seen=None):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            tail = '' if seen is None else ' -- %r' % (seen,)
            print('FAIL %s: %s%s' % (self.section, what, tail))

    def same(self, what, seen, wanted):
        self.check(what, seen == wanted, (seen, wanted))

    def refused(self, what, answer, status, code=None, text=''):
        self.check(what, answer.status == status and (code is None or answer.code == code) and
                   text.lower() in answer.message.lower(), answer)


def run(lab):
    import selftest_catalog
    import selftest_credentials
    import selftest_delta
    import selftest_read
    import selftest_recovery
    import selftest_wire
    import selftest_write
    for module in (selftest_credentials, selftest_read, selftest_write, selftest_wire,
                   selftest_delta, selftest_catalog, selftest_recovery):
        for function in module.SECTIONS:
            lab.section = function.__name__
            try:
                function(lab)
            except Exception as error:  # a section that cannot go on is a failure
                import traceback
                traceback.print_exc()
                lab.check('section ended with %r' % error, False)
            lab.control('DELETE', 'faults')
            lab.control('DELETE', 'settings')


def schema_section(lab):
    lab.section = 'schema'
    if lab.schema is None:
        lab.skipped += 1
        print('SKIP schema: %s is absent' % os.path.relpath(SCHEMA))
        return
    for problem in sorted(set(lab.schema.problems)):
        lab.check(problem, False)
    for problem in csdl.compare_tables(lab.schema):
        lab.check(problem, False)
    lab.check('at least 300 objects were compared with the schema', lab.schema.seen >= 300,
              lab.schema.seen)


def main():
    directory = tempfile.mkdtemp(prefix='tenant-selftest-')
    lab = Lab(directory)
    try:
        lab.start()
        run(lab)
        schema_section(lab)
        lab.section = 'shutdown'
        lab.same('exit status after SIGTERM', lab.stop(), 0)
        with open(os.path.join(directory, 'log'), 'rb') as log:
            text = log.read()
        lab.check('nothing on standard error', text == b'', text[-2000:])
    finally:
        if lab.process and lab.process.poll() is None:
            lab.process.kill()
            lab.process.wait()
        shutil.rmtree(directory)
    print('tenant selftest: %d passed, %d failed, %d skipped'
          % (lab.passed, lab.failed, lab.skipped))
    return 1 if lab.failed else 0


if __name__ == '__main__':
    sys.exit(main())
