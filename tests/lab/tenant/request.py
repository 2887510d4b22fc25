# SPDX-License-Identifier: Apache-2.0
"""One Graph request and its answer, independent of the HTTP server (also used inside $batch)."""

import json
import urllib.parse

from errors import bad_request, denied
import permissions


class Request:
    """What a route sees."""

    def __init__(self, tenant, method, url, headers, body, caller, origin):
        self.tenant, self.method, self.headers = tenant, method, headers
        self.raw_body, self.caller, self.origin = body, caller, origin
        path, _, query = url.partition('?')
        self.path = path
        self.query_text = query
        self.query = parse_query(query)
        segments = [urllib.parse.unquote(s) for s in path.split('/') if s]
        self.version = segments[0] if segments else ''
        self.segments = segments[1:]

    @property
    def advanced(self):
        """ConsistencyLevel: eventual and $count=true, as advanced queries need."""
        return self.eventual and self.query.get('$count', '').lower() == 'true'

    @property
    def eventual(self):
        return self.headers.get('consistencylevel', '').lower() == 'eventual'

    @property
    def beta(self):
        return self.version == 'beta'

    @property
    def actor(self):
        return self.caller.actor

    def json(self, required=True):
        """The decoded body; an absent one is {} unless required."""
        if not self.raw_body:
            if required:
                raise bad_request('Empty Payload. JSON content expected.')
            return {}
        kind = self.headers.get('content-type', '').split(';')[0].strip().lower()
        if kind != 'application/json':
            raise bad_request('Write requests (excluding DELETE) must contain the Content-Type '
                              'header declaration.')
        try:
            body = json.loads(self.raw_body)
        except ValueError:
            raise bad_request('Unable to read JSON request payload. Please ensure Content-Type '
                              'header is set and payload is of valid JSON format.') from None
        if not isinstance(body, dict):
            raise bad_request('Unable to read JSON request payload. Please ensure Content-Type '
                              'header is set and payload is of valid JSON format.')
        return body

    def need(self, permission):
        if not permissions.allows(self.caller.roles, permission):
            raise denied()

    def may(self, permission):
        return permissions.allows(self.caller.roles, permission)

    def context(self, what):
        return '%s/%s/$metadata#%s' % (self.origin, self.version, what)


class Response:
    """Status, body (None, a dict, or ready bytes) and headers."""

    def __init__(self, status=200, body=None, headers=None):
        self.status, self.body, self.headers = status, body, headers or {}

    def encode(self):
        if self.body is None:
            return b''
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, separators=(',', ':'), ensure_ascii=False).encode()


NO_CONTENT = 204


def parse_query(text):
    """Query options; system options are found without regard to case, '+' is a space."""
    options = {}
    for part in text.split('&'):
        if not part:
            continue
        name, _, value = part.partition('=')
        name = urllib.parse.unquote_plus(name)
        if name.startswith('$'):
            name = name.lower()
        if name in options:
            raise bad_request("Query option '%s' was specified more than once, but it must be "
                              'specified at most once.' % name)
        options[name] = urllib.parse.unquote_plus(value)
    return options


class Caller:
    """The application behind a token, its permissions, and who appears in the audit log."""

    def __init__(self, service_principal, roles, actor):
        self.service_principal, self.roles, self.actor = service_principal, roles, actor
