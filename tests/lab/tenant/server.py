# SPDX-License-Identifier: Apache-2.0
"""HTTPS front: connections, headers, compression, faults on the wire, the request log."""

import email.utils
import gzip
import http.server
import json
import re
import socket
import ssl
import struct
import sys
import time
import traceback
import uuid

import control
import faults
import oauth
import routes
from errors import GraphError
from request import Request, Response

GRAPH_TYPE = ('application/json;odata.metadata=minimal;odata.streaming=true;'
              'IEEE754Compatible=false;charset=utf-8')
TOKEN_PATH = re.compile(r'/([^/]+)/oauth2/v2\.0/token$')
MAX_BODY = 4 << 20
PROXY_PAGE = (b'<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>The gateway '
              b'could not complete the request</h1></body></html>')


class Closed(Exception):
    """The connection ends here, by order of a fault."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    timeout = 300

    def setup(self):
        self.request.settimeout(20)
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        # The server only knows the socket that TLS took over, so this one is closed here.
        try:
            super().finish()
        finally:
            self.connection.close()

    def log_message(self, *args):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (Closed, ConnectionError, ssl.SSLError, socket.timeout):
            self.close_connection = True

    def parse_request(self):
        if not super().parse_request():
            return False
        method = 'do_' + self.command
        if not hasattr(self, method):
            setattr(self, method, self.answer)
        return True

    # -- one request ----------------------------------------------------------------------------

    def answer(self):
        started = time.monotonic()
        body = self.read_body()
        headers = {k.lower(): v for k, v in self.headers.items()}
        context = {'app': self.server.app, 'headers': headers, 'body': body, 'fault': None,
                   'client': None}
        response = self.dispatch(context)
        if not self.path.startswith('/_lab'):
            self.record(context, response, started)
        self.send(response, headers, context['fault'])

    def record(self, context, response, started):
        batch = context['body'].decode('utf-8', 'replace') if '/$batch' in self.path else None
        self.server.app.log({
            'method': self.command, 'url': self.path, 'status': response.status, 'body': batch,
            'client': context['client'], 'fault': context['fault'] and context['fault']['kind'],
            'milliseconds': round((time.monotonic() - started) * 1000, 1),
            'time': self.server.app.tenant.timestamp()})

    def read_body(self):
        if self.headers.get('Transfer-Encoding', '').lower() == 'chunked':
            parts = []
            while True:
                size = int(self.rfile.readline().split(b';')[0], 16)
                parts.append(self.rfile.read(size))
                self.rfile.readline()
                if size == 0:
                    return b''.join(parts)
        length = int(self.headers.get('Content-Length') or 0)
        if length > MAX_BODY:
            self.close_connection = True
            raise Closed
        return self.rfile.read(length) if length else b''

    def dispatch(self, context):
        app, headers = context['app'], context['headers']
        path = self.path.partition('?')[0]
        if path.startswith('/_lab'):
            return self.control(headers, context['body'])
        fault = context['fault'] = app.take_fault('%s %s' % (self.command, self.path))
        if fault and fault['kind'] in ('close', 'hang'):
            if fault['kind'] == 'hang':
                time.sleep(float(fault.get('seconds', 3600)))
            raise Closed
        token = TOKEN_PATH.match(path)
        try:
            if fault and fault['kind'] in faults.STATUSES:
                raise status_error(fault)
            with app.tenant.lock:
                app.tenant.purge()
                if token:
                    return oauth.token_endpoint(app.tenant, self.command, token.group(1), headers,
                                                context['body'], self.hosts())
                return self.graph(context, fault)
        except GraphError as error:
            return error_response(app.tenant, error, headers)
        except Exception:  # a defect of the lab must look like a defect, and be seen
            traceback.print_exc(file=sys.stderr)
            return error_response(app.tenant, GraphError(500, 'Lab_Defect',
                                                         traceback.format_exc()), headers)

    def control(self, headers, body):
        try:
            return control.handle(self.server.app, self.command, self.path, headers, body)
        except Exception:  # as above
            traceback.print_exc(file=sys.stderr)
            return Response(500, {'error': traceback.format_exc()}, dict(control.JSON))

    def graph(self, context, fault):
        app, headers = context['app'], context['headers']
        if fault and fault['kind'] == 'expired_token':
            raise oauth.unauthorized('Lifetime validation failed, the token is expired.')
        caller = oauth.authenticate(app.tenant, headers)
        context['client'] = caller.service_principal.props['appId']
        control.act_as(app, caller, headers)
        origin = 'https://' + headers.get('host', app.host)
        request = Request(app.tenant, self.command, self.path, headers, context['body'], caller,
                          origin)
        request.page_fault = fault and fault['kind']

        def take_fault(text):
            inner = app.faults.take(text)
            return status_error(inner) if inner and inner['kind'] in faults.STATUSES else None
        request.take_fault, request.buckets = take_fault, app.buckets
        return routes.dispatch(request)

    def hosts(self):
        own = self.server.app.host
        return {'graph.microsoft.com', own, '%s:%d' % (own, self.server.server_address[1]),
                self.headers.get('Host', own)}

    # -- the wire -------------------------------------------------------------------------------

    def send(self, response, headers, fault):
        kind = fault['kind'] if fault else None
        if kind == 'lost_answer':
            raise Closed
        payload = response.encode()
        content_type = response.headers.pop('Content-Type', GRAPH_TYPE)
        if kind == 'html' or (fault and fault.get('html')):
            payload, content_type = PROXY_PAGE, 'text/html'
            response.status = 200 if kind == 'html' else response.status
        elif kind in SPOIL and payload:
            payload = SPOIL[kind](payload, fault)
        lines = {'Date': email.utils.format_datetime(self.server.app.tenant.now(), usegmt=True),
                 'request-id': str(uuid.uuid4()), 'Cache-Control': 'no-cache',
                 'OData-Version': '4.0', 'Strict-Transport-Security': 'max-age=31536000'}
        lines['client-request-id'] = headers.get('client-request-id') or lines['request-id']
        if payload:
            lines['Content-Type'] = content_type
            if 'gzip' in headers.get('accept-encoding', '').lower() and len(payload) > 512:
                payload = gzip.compress(payload, 1)
                lines['Content-Encoding'] = 'gzip'
            lines['Vary'] = 'Accept-Encoding'
        lines.update(response.headers)
        chunked = kind in ('chunked', 'drip') and payload
        if chunked:
            lines['Transfer-Encoding'] = 'chunked'
        elif response.status != 204:
            lines['Content-Length'] = str(len(payload))
        if self.close_connection:
            lines['Connection'] = 'close'
        reason = http.server.BaseHTTPRequestHandler.responses.get(response.status, ('',))[0]
        head = 'HTTP/1.1 %d %s\r\n%s\r\n\r\n' % (
            response.status, reason, '\r\n'.join('%s: %s' % one for one in lines.items()))
        if chunked:
            self.send_chunks(head.encode('latin-1'), payload, kind, fault)
        elif kind == 'reset':
            self.wfile.write(head.encode('latin-1') + payload[:len(payload) // 2])
            self.reset()
        else:
            self.wfile.write(head.encode('latin-1') + payload)
        self.wfile.flush()

    def send_chunks(self, head, payload, kind, fault):
        rate = float(fault.get('bytes_per_second', 200))
        size = max(1, int(rate / 10)) if kind == 'drip' else 997
        self.wfile.write(head)
        if kind == 'drip':
            time.sleep(float(fault.get('delay', 0)))
        for at in range(0, len(payload), size):
            part = payload[at:at + size]
            self.wfile.write(b'%x\r\n%s\r\n' % (len(part), part))
            if kind == 'drip':
                time.sleep(0.1)
        self.wfile.write(b'0\r\n\r\n')

    def reset(self):
        """Send RST in place of a clean shutdown."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        socket.socket(fileno=self.connection.detach()).close()
        raise Closed


def huge(payload, fault):
    size = int(fault.get('bytes', 100 << 20))
    return payload[:-1] + b',"padding":"' + b'x' * size + b'"}'


def invalid_utf8(payload, fault):
    at = payload.find(b'"displayName":"')
    at = at + 15 if at >= 0 else payload.find(b'"') + 1
    return payload[:at] + b'\xff\xfe' + payload[at:]


def unknown(payload, fault):
    body = json.loads(payload)
    for one in body.get('value', [body]) if isinstance(body, dict) else []:
        one['labUnknownProperty'] = {'labUnknownMember': [1, None, 'x'], 'number': 9007199254740993}
        for name in ('state', 'ageGroup', 'trustType'):
            if isinstance(one.get(name), str):
                one[name] = 'unknownFutureValue'
    return json.dumps(body).encode()


SPOIL = {'truncated': lambda p, f: p[:len(p) * 2 // 3], 'huge': huge,
         'invalid_utf8': invalid_utf8, 'unknown': unknown}


def status_error(fault):
    code, message = faults.STATUSES[fault['kind']]
    headers = {}
    if fault.get('retry_after') is not None:
        headers['Retry-After'] = str(fault['retry_after'])
    if fault['kind'] == '429':
        headers['x-ms-throttle-information'] = 'ResourceUnitLimitExceeded'
    return GraphError(int(fault['kind']), code, message, headers)


def error_body(tenant, error, client_request_id):
    inner = {'date': tenant.now().strftime('%Y-%m-%dT%H:%M:%S'), 'request-id': str(uuid.uuid4()),
             'client-request-id': client_request_id or str(uuid.uuid4())}
    if error.status == 429:
        inner = {'code': '429', 'status': '429', 'message': error.message, **inner}
    body = {'code': error.code, 'message': error.message, 'innerError': inner}
    if error.details:
        body['details'] = error.details
    return {'error': body}


def error_response(tenant, error, headers):
    return Response(error.status, error_body(tenant, error, headers.get('client-request-id')),
                    dict(error.headers))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, app, cert, key):
        self.app = app
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self.tls.load_cert_chain(cert, key)
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if not issubclass(kind, (OSError, Closed)):
            traceback.print_exc(file=sys.stderr)
