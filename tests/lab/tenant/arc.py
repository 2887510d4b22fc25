# SPDX-License-Identifier: Apache-2.0
"""The agent of an Arc-enabled server on loopback: a challenge that names a key file, then a token.

The token comes from the local tenant, with an application in the place of the machine's identity.
"""

import http.server
import json
import os
import secrets
import threading
import time
import urllib.parse

DIRECTORY = '/var/opt/azcmagent/tokens'
VERSIONS = ('2019-11-01', '2020-06-01')


class Agent:
    """get_token(resource) answers the token endpoint's document. trick changes the challenge:
    'outside', 'suffix', 'large', 'stale' (another content than the agent expects), 'none'."""

    def __init__(self, get_token, directory=DIRECTORY):
        self.get_token, self.directory, self.trick, self.asked = get_token, directory, None, 0
        self.waiting = {}  # content -> path
        os.makedirs(directory, exist_ok=True)
        agent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                agent.answer(self)
        self.front = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = ('http://localhost:%d/metadata/identity/oauth2/token'
                    % self.front.server_address[1])
        threading.Thread(target=self.front.serve_forever, daemon=True).start()

    def stop(self):
        self.front.shutdown()
        self.front.server_close()

    def send(self, handler, status, body, headers=()):
        data = json.dumps(body).encode()
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header('Content-Type', 'application/json')
        handler.send_header('Content-Length', str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def answer(self, handler):
        path, _, query = handler.path.partition('?')
        options = dict(urllib.parse.parse_qsl(query))
        if path != '/metadata/identity/oauth2/token':
            return self.send(handler, 404, {'error': 'not_found'})
        if handler.headers.get('Metadata') != 'true' or 'resource' not in options or \
                options.get('api-version') not in VERSIONS:
            return self.send(handler, 400, {'error': 'invalid_request'})
        self.asked += 1
        proof = handler.headers.get('Authorization')
        if proof is None:
            return self.challenge(handler)
        name = self.waiting.pop(proof.removeprefix('Basic '), None)
        if name is None or not proof.startswith('Basic '):
            return self.send(handler, 401, {'error': 'unauthorized'})
        os.unlink(name)
        token = self.get_token(options['resource'])
        if 'access_token' not in token:
            return self.send(handler, 400, token)
        life = token['expires_in']
        return self.send(handler, 200, {
            'access_token': token['access_token'], 'expires_in': str(life),
            'expires_on': str(int(time.time()) + life), 'resource': options['resource'],
            'token_type': 'Bearer'})

    def challenge(self, handler):
        content = secrets.token_hex(32)
        name = os.path.join(self.directory, secrets.token_hex(8) + '.key')
        if self.trick == 'outside':
            name = '/etc/passwd.key'
        elif self.trick == 'suffix':
            name = os.path.join(self.directory, '..', 'other.key')
        else:
            filler = 'x' * 5000 if self.trick == 'large' else ''
            with open(os.open(name, os.O_WRONLY | os.O_CREAT, 0o640), 'w', encoding='ascii') as out:
                out.write(('wrong' if self.trick == 'stale' else content) + filler + '\n')
            self.waiting[content] = name
        headers = [] if self.trick == 'none' else [('Www-Authenticate', 'Basic realm=' + name)]
        self.send(handler, 401, {'error': 'unauthorized'}, headers)
