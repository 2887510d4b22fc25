# SPDX-License-Identifier: Apache-2.0
"""Checks of what a client sends: known names, types, lengths, read-only, null where refused."""

import base64
import binascii
import re
import uuid

import metadata
import state
from errors import bad_request, not_unique

UPN = re.compile(r"[A-Za-z0-9!#^_~.'+-]+@[A-Za-z0-9.-]+$")
NICKNAME = re.compile(r'[!#-\'*+./0-9=?A-Z^_`a-z{|}~$%&-]+$')
INVALID = 'One or more property values specified are invalid.'
COUNTRY = re.compile(r'[A-Z]{2}$')


def read_only(name):
    return bad_request("Property '%s' is read-only and cannot be set." % name)


def invalid(name):
    return bad_request("Invalid value specified for property '%s' of resource." % name)


def check_body(type_name, body, creating=False, version='v1.0'):
    """Return {name: value} of a POST or PATCH body, or raise the documented refusal."""
    if not isinstance(body, dict):
        raise bad_request('Empty Payload. JSON content expected.')
    table, cleared = metadata.properties(type_name, version), metadata.NOT_CLEARABLE
    values = {}
    for name, value in body.items():
        if name.startswith('@odata.'):
            continue
        row = table.get(name)
        if row is None:
            if metadata.EXTENSION.match(name) and type_name in ('user', 'group', 'device'):
                values[name] = value
                continue
            raise bad_request("Invalid property '%s'." % name)
        if 'R' in row.flags and not ('P' in row.flags and version == 'beta'):
            raise read_only(name)
        if 'C' in row.flags and not creating:
            raise read_only(name)
        if value is None:
            if row.many:
                raise invalid(name)
            if name in cleared.get(type_name, ()):
                raise invalid(name)
        else:
            check_value(row, value)
        values[name] = value
    if creating:
        for name in metadata.REQUIRED.get(type_name, ()):
            if body.get(name) in (None, ''):
                raise bad_request("A value is required for property '%s' of resource '%s'."
                                  % (name, type_name[0].upper() + type_name[1:]))
    return values


def check_value(row, value):
    if row.many:
        if not isinstance(value, list):
            raise invalid(row.name)
        for one in value:
            check_one(row.type, one, row.name)
        return
    check_one(row.type, value, row.name)
    if row.longest and len(value) > row.longest:
        raise bad_request("The value for property '%s' exceeds the maximum length of %d."
                          % (row.name, row.longest))
    if value == '' and row.type == 's':
        raise invalid(row.name)


def is_guid(text):
    try:
        return str(uuid.UUID(text)) == text.lower()
    except (ValueError, AttributeError, TypeError):
        return False


def is_time(text):
    try:
        state.parse_time(text)
        return 'T' in text
    except (ValueError, AttributeError):
        return False


def is_base64(text):
    try:
        base64.b64decode(text, validate=True)
        return True
    except (binascii.Error, ValueError, TypeError):
        return False


SCALARS = {'s': lambda v: isinstance(v, str), 'b': lambda v: isinstance(v, bool),
           'i': lambda v: isinstance(v, int) and not isinstance(v, bool),
           'g': is_guid, 'd': is_time, 'bin': is_base64}


def check_one(kind, value, name):
    """One value of a scalar, enum or complex type; complex types that are not listed are opaque."""
    if kind in SCALARS:
        if not SCALARS[kind](value):
            raise invalid(name)
    elif kind in metadata.ENUMS:
        if value not in metadata.ENUMS[kind]:
            raise invalid(name)
    elif not isinstance(value, dict):
        raise invalid(name)
    elif kind in metadata.COMPLEX:
        fields = metadata.COMPLEX[kind]
        for key, one in value.items():
            if '@' in key:
                continue
            if key not in fields:
                raise bad_request("Invalid property '%s'." % key)
            inner = fields[key]
            if inner.endswith('[]'):
                if not isinstance(one, list):
                    raise invalid(key)
                for item in one:
                    check_one(inner[:-2], item, key)
            elif one is not None:
                check_one(inner, one, key)


def verified_domains(tenant):
    return {d.id.lower() for d in tenant.by_type('domain') if d.props.get('isVerified')}


def check_upn(tenant, upn, own_id=None):
    """Form, verified domain and uniqueness of a userPrincipalName."""
    if not UPN.match(upn) or len(upn.partition('@')[0]) > 64:
        raise bad_request('The specified userPrincipalName is invalid.' if '@' in upn
                          else "Property userPrincipalName is invalid.")
    if upn.rpartition('@')[2].lower() not in verified_domains(tenant):
        raise bad_request('The domain portion of the userPrincipalName property is invalid. '
                          'You must use one of the verified domain names in your organization.')
    holder = tenant.find_upn(upn)
    if holder and holder.id != own_id:
        raise not_unique('userPrincipalName')
    for other in tenant.find_proxy('smtp:' + upn):
        if other.id != own_id:
            raise not_unique('userPrincipalName')


def check_nickname(tenant, nickname, own_id=None, unified=False):
    """Characters, and that nickname@initial-domain is not somebody's address."""
    if not NICKNAME.match(nickname):
        raise invalid('mailNickname')
    address = 'smtp:%s@%s' % (nickname, tenant.initial_domain)
    taken = [o for o in tenant.find_proxy(address) if o.id != own_id]
    if unified:
        taken += [o for o in tenant.find_nickname(nickname) if o.id != own_id and
                  o.type == 'group' and 'Unified' in (o.props.get('groupTypes') or ())]
    if taken:
        raise not_unique('mailNickname')


def check_mail(tenant, mail, own_id=None):
    for other in tenant.find_proxy('smtp:' + mail):
        if other.id != own_id:
            raise not_unique('proxyAddresses')


def check_usage_location(value):
    if value is not None and not COUNTRY.match(value):
        raise invalid('usageLocation')


def check_anchor(tenant, anchor, own_id):
    for other in tenant.find_anchor(anchor, 'user'):
        if other.id != own_id:
            raise not_unique('onPremisesImmutableId')
