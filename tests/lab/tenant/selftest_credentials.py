# SPDX-License-Identifier: Apache-2.0
"""Self test: client assertions signed by openssl, and each thing that is verified of them."""

import base64
import hashlib
import json
import os
import subprocess
import time
import uuid

JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
PSS = ('-sigopt', 'rsa_padding_mode:pss', '-sigopt')


def url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip('=')


class Signer:
    def __init__(self, lab, name):
        self.lab, self.client = lab, lab.credentials['agent']['client_id']
        self.key, self.cert = (os.path.join(lab.directory, name + end) for end in ('.key', '.crt'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                        '-subj', '/CN=' + name, '-keyout', self.key, '-out', self.cert],
                       check=True, capture_output=True)
        with open(self.cert, encoding='ascii') as source:
            self.der = base64.b64decode(source.read().split('-----')[2])

    def sign(self, message, *options):
        return subprocess.run(['openssl', 'dgst', '-sha256', '-sign', self.key, *options],
                              input=message, capture_output=True, check=True).stdout

    def jwt(self, alg='PS256', header=None, salt='digest', spoil=False, **claims):
        pss = alg == 'PS256'
        digest = hashlib.sha256 if pss else hashlib.sha1
        head = {'alg': alg, 'typ': 'JWT',
                'x5t#S256' if pss else 'x5t': url64(digest(self.der).digest()), **(header or {})}
        now = int(time.time())
        body = {'aud': '%s/%s/oauth2/v2.0/token' % (self.lab.base,
                                                    self.lab.credentials['tenant_id']),
                'iss': self.client, 'sub': self.client, 'jti': str(uuid.uuid4()), 'nbf': now,
                'iat': now, 'exp': now + 600, **claims}
        body = {k: v for k, v in body.items() if v is not None}
        text = '.'.join(url64(json.dumps(part).encode()) for part in (head, body))
        options = PSS + ('rsa_pss_saltlen:' + salt,) if pss else ()
        signature = bytearray(self.sign(text.encode(), *options))
        if spoil:
            signature[5] ^= 1
        return text + '.' + url64(bytes(signature))

    def ask(self, jwt, **changes):
        form = {'client_secret': None, 'client_assertion': jwt,
                'client_assertion_type': JWT_BEARER, **changes}
        return self.lab.token_call(self.lab.form('agent', **form))


def codes(answer):
    return answer.status, (answer.json or {}).get('error_codes')


def register(lab, *signers):
    apps = lab.get("applications?$filter=appId eq '%s'" % lab.credentials['agent']['client_id'])
    answer = lab.call('PATCH', 'applications/' + apps.value[0]['id'], {'keyCredentials': [
        {'type': 'AsymmetricX509Cert', 'usage': 'Verify', 'displayName': 'test',
         'key': base64.b64encode(one.der).decode()} for one in signers]})
    lab.same('certificates are registered', answer.status, 204)


def assertions(lab):
    known, other = Signer(lab, 'known'), Signer(lab, 'other')
    lab.same('nothing registered', codes(known.ask(known.jwt())), (401, [700027]))
    register(lab, known)
    for alg in ('PS256', 'RS256'):
        answer = known.ask(known.jwt(alg))
        lab.same(alg, answer.status, 200)
        lab.check('token serves', lab.raw('GET', '/v1.0/organization', None, {
            'Authorization': 'Bearer ' + answer['access_token']}).status == 200)
    once = known.jwt()
    lab.same('first use', known.ask(once).status, 200)
    lab.same('replay', codes(known.ask(once)), (401, [50027]))
    refused = (
        ('another certificate', other.jwt(), 700027), ('signature', known.jwt(spoil=True), 50012),
        ('salt of another length', known.jwt(salt='20'), 50012),
        ('PKCS#1 named PSS', known.jwt('RS256', header={'alg': 'PS256'}), 50012),
        ('alg none', known.jwt(header={'alg': 'none'}), 50027),
        ('alg HS256', known.jwt(header={'alg': 'HS256'}), 50027),
        ('no typ', known.jwt(header={'typ': None}), 50027),
        ('no thumbprint', known.jwt(header={'x5t#S256': ''}), 700027),
        ('aud', known.jwt(aud='https://login.example.test/x'), 700023),
        ('iss', known.jwt(iss='x'), 700021), ('sub', known.jwt(sub='x'), 700021),
        ('no jti', known.jwt(jti=None), 50027), ('no exp', known.jwt(exp=None), 700024),
        ('ended', known.jwt(nbf=1, exp=int(time.time()) - 600), 700024),
        ('not begun', known.jwt(nbf=int(time.time()) + 900), 700024),
        ('no JWT', 'abc', 50027), ('no JSON', 'YQ.YQ.YQ', 50027))
    for name, jwt, code in refused:
        lab.same('refused: ' + name, codes(known.ask(jwt)), (401, [code]))
    small_skew = known.jwt(nbf=int(time.time()) + 200)
    lab.same('five minutes of skew are taken', known.ask(small_skew).status, 200)
    lab.same('no type of assertion', codes(known.ask(known.jwt(), client_assertion_type=None)),
             (400, [900144]))
    lab.control('POST', 'clock', {'offset_seconds': 5 * 86400})
    late = int(time.time()) + 5 * 86400
    lab.same('the certificate has ended', codes(known.ask(known.jwt(nbf=late, exp=late + 600))),
             (401, [1000502]))
    lab.control('DELETE', 'clock')
    register(lab)


SECTIONS = (assertions,)
