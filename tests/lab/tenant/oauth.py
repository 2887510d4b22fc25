# SPDX-License-Identifier: Apache-2.0
"""Token endpoint (client credentials with secret or certificate) and the check of bearer tokens.

Tokens are opaque to clients: sealed text that carries the application, the permissions it had when
the token was issued, and the expiry on the tenant's clock.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import urllib.parse
import uuid

import assertion
import permissions
from errors import GraphError
from request import Caller, Response
from state import Actor

GRAPH_APP = '00000003-0000-0000-c000-000000000000'
JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
ASSERTIONS_SEEN = {}  # jti -> exp; lost with the process, as a restarted service would lose it
FILLER = 900  # real tokens are long; clients must not assume otherwise


class Refusal(Exception):
    """error, AADSTS code, text and status of a token error."""

    def __init__(self, error, code, text, status=400):
        super().__init__(text)
        self.error, self.code, self.text, self.status = error, code, text, status


def error_response(tenant, refusal, client_request_id=None):
    trace, correlation = str(uuid.uuid4()), client_request_id or str(uuid.uuid4())
    stamp = tenant.now().strftime('%Y-%m-%d %H:%M:%SZ')
    text = ('AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s'
            % (refusal.code, refusal.text, trace, correlation, stamp))
    return Response(refusal.status, {
        'error': refusal.error, 'error_description': text, 'error_codes': [refusal.code],
        'timestamp': stamp, 'trace_id': trace, 'correlation_id': correlation,
        'error_uri': 'https://login.example.test/error?code=%d' % refusal.code})


def token_endpoint(tenant, method, tenant_name, headers, body, hosts):
    """Answer POST /{tenant}/oauth2/v2.0/token."""
    try:
        if method != 'POST':
            raise Refusal('invalid_request', 900561, "The endpoint only accepts POST requests. "
                          "Received a %s request." % method, 405)
        check_tenant(tenant, tenant_name)
        kind = headers.get('content-type', '').split(';')[0].strip().lower()
        if kind != 'application/x-www-form-urlencoded':
            body = b''
        form = dict(urllib.parse.parse_qsl(body.decode('utf-8', 'replace'),
                                           keep_blank_values=True))
        return grant(tenant, form, headers, hosts)
    except Refusal as refusal:
        return error_response(tenant, refusal, headers.get('client-request-id'))


def check_tenant(tenant, name):
    name = name.lower()
    if name in ('common', 'consumers', 'organizations'):
        raise Refusal('invalid_request', 90124 if name == 'consumers' else 9001023,
                      "The grant type is not supported over the /common or /consumers endpoints. "
                      "Please use the /organizations or tenant-specific endpoint.")
    known = {tenant.tenant_id} | {d.id.lower() for d in tenant.by_type('domain')}
    if name not in known:
        raise Refusal('invalid_request', 90002, "Tenant '%s' not found. Check to make sure you "
                      "have the correct tenant ID and are signing into the correct cloud." % name)


def grant(tenant, form, headers, hosts):
    if 'grant_type' not in form:
        raise Refusal('invalid_request', 900144, "The request body must contain the following "
                      "parameter: 'grant_type'.")
    if form['grant_type'] != 'client_credentials':
        raise Refusal('unsupported_grant_type', 70003,
                      "The app requested an unsupported grant type '%s'." % form['grant_type'])
    client_id, secret = credentials(form, headers)
    if not client_id:
        raise Refusal('invalid_request', 900144, "The request body must contain the following "
                      "parameter: 'client_id'.")
    principal = tenant.find_app(client_id, 'servicePrincipal')
    if principal is None or not knows_credential(tenant, client_id):
        raise Refusal('unauthorized_client', 700016, "Application with identifier '%s' was not "
                      "found in the directory. This can happen if the application has not been "
                      "installed by the administrator of the tenant." % client_id)
    if principal.props.get('accountEnabled') is False:
        raise Refusal('unauthorized_client', 7000112, "Application '%s'(%s) is disabled."
                      % (client_id, principal.props.get('displayName')))
    if secret is None and 'client_assertion' in form:
        check_assertion(tenant, client_id, form, hosts)
    else:
        check_secret(tenant, client_id, secret)
    check_scope(form.get('scope'), hosts)
    lifetime = int(tenant.settings['token_lifetime_seconds'])
    text = issue(tenant, principal, lifetime)
    return Response(200, {'token_type': 'Bearer', 'expires_in': lifetime,
                          'ext_expires_in': lifetime, 'access_token': text})


def credentials(form, headers):
    """client_id and secret of the form, or of HTTP Basic (both parts URL-encoded)."""
    value = headers.get('authorization', '')
    if value.lower().startswith('basic '):
        try:
            name, _, secret = base64.b64decode(value[6:], validate=True).decode().partition(':')
        except (binascii.Error, ValueError):
            raise Refusal('invalid_client', 7000218, 'The Authorization header is malformed.',
                          401) from None
        return urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(secret)
    return form.get('client_id'), form.get('client_secret')


def certificates_of(tenant, client_id):
    """DER of the certificates that the application may sign with."""
    application = tenant.find_app(client_id, 'application')
    rows = (application.props.get('keyCredentials') if application else None) or []
    return [base64.b64decode(row['key']) for row in rows
            if row.get('type') == 'AsymmetricX509Cert' and row.get('usage') == 'Verify'
            and row.get('key')]


def knows_credential(tenant, client_id):
    return client_id.lower() in tenant.secrets or bool(certificates_of(tenant, client_id))


def check_assertion(tenant, client_id, form, hosts):
    if form.get('client_assertion_type') != JWT_BEARER:
        raise Refusal('invalid_request', 900144, "The request body must contain the following "
                      "parameter: 'client_assertion_type'.")
    audiences = {'https://%s/%s/oauth2/v2.0/token' % (host, tenant.tenant_id) for host in hosts}
    try:
        assertion.verify(form['client_assertion'], certificates_of(tenant, client_id), client_id,
                         audiences, tenant.now(), ASSERTIONS_SEEN)
    except assertion.Bad as bad:
        raise Refusal('invalid_client', bad.code, bad.text, 401) from None


def check_secret(tenant, client_id, secret):
    if not secret:
        raise Refusal('invalid_client', 7000218, "The request body must contain the following "
                      "parameter: 'client_assertion' or 'client_secret'.", 401)
    for one in tenant.secrets.get(client_id.lower(), ()):
        if hmac.compare_digest(one['value'].encode(), secret.encode()):
            if one['expires'] <= tenant.now().timestamp():
                raise Refusal('invalid_client', 7000222, "The provided client secret keys for app "
                              "'%s' are expired." % client_id, 401)
            return
    raise Refusal('invalid_client', 7000215, "Invalid client secret provided. Ensure the secret "
                  "being sent in the request is the client secret value, not the client secret "
                  "ID, for a secret added to app '%s'." % client_id, 401)


def check_scope(scope, hosts):
    parts = (scope or '').split()
    if not parts:
        raise Refusal('invalid_request', 900144, "The request body must contain the following "
                      "parameter: 'scope'.")
    if len({p.rsplit('/', 1)[0] for p in parts}) > 1:
        raise Refusal('invalid_scope', 700022, "The provided value for scope '%s' contains more "
                      "than one resource." % scope)
    if not scope.endswith('/.default') or len(parts) > 1:
        raise Refusal('invalid_scope', 70011, "The provided request must include a 'scope' input "
                      "parameter. The provided value for the input parameter 'scope' is not valid. "
                      "The scope %s is not valid." % scope)
    resource = scope[:-len('/.default')]
    if resource not in {'https://' + h for h in hosts} | {GRAPH_APP}:
        raise Refusal('invalid_resource', 500011, "The resource principal named %s was not found "
                      "in the tenant." % resource)


def granted_roles(tenant, principal):
    """Names of the application permissions granted on Microsoft Graph."""
    graph = tenant.find_app(GRAPH_APP, 'servicePrincipal')
    names = {r['id']: r['value'] for r in graph.props['appRoles']}
    return [names[a.props['appRoleId']] for a in tenant.parents(principal, 'principal')
            if a.props['resourceId'] == graph.id and a.props['appRoleId'] in names]


def _seal(tenant, raw):
    return hmac.new(tenant.extra['token_key'].encode(), raw, hashlib.sha256).digest()


def issue(tenant, principal, lifetime):
    raw = json.dumps({'app': principal.props['appId'], 'exp': tenant.now().timestamp() + lifetime,
                      'roles': granted_roles(tenant, principal),
                      'salt': secrets.token_hex(FILLER // 2)}).encode()
    return 'EwB' + base64.urlsafe_b64encode(_seal(tenant, raw) + raw).decode().rstrip('=')


def unauthorized(message):
    return GraphError(401, 'InvalidAuthenticationToken', message,
                      {'WWW-Authenticate': 'Bearer realm="", authorization_uri="https://login.'
                       'example.test/common/oauth2/authorize", client_id="%s"' % GRAPH_APP})


def authenticate(tenant, headers):
    """Caller of a Graph request, or 401."""
    value = headers.get('authorization', '')
    if not value.lower().startswith('bearer '):
        raise unauthorized('Access token is empty.')
    text = value[7:].strip()
    try:
        both = base64.urlsafe_b64decode(text[3:] + '=' * (-len(text[3:]) % 4))
        data = json.loads(both[32:])
    except (binascii.Error, ValueError):
        raise unauthorized('IDX14100: JWT is not well formed, there are no dots (.).') from None
    if not text.startswith('EwB') or not hmac.compare_digest(_seal(tenant, both[32:]), both[:32]):
        raise unauthorized('Access token validation failure. Invalid signature.')
    if data['exp'] <= tenant.now().timestamp():
        raise unauthorized('Lifetime validation failed, the token is expired.')
    principal = tenant.find_app(data['app'], 'servicePrincipal')
    if principal is None:
        raise unauthorized('Access token validation failure. Invalid subject.')
    if principal.props.get('accountEnabled') is False:
        raise GraphError(403, 'Authorization_IdentityDisabled',
                         'The identity of the calling application could not be established.')
    return Caller(principal, frozenset(data['roles']), Actor.app(principal))


def known_roles():
    """appRoles of the Microsoft Graph service principal."""
    return [{'allowedMemberTypes': ['Application'], 'description': value, 'displayName': value,
             'id': permissions.role_id(value), 'isEnabled': True, 'origin': 'Application',
             'value': value} for value in permissions.INCLUDED_IN]
