# SPDX-License-Identifier: Apache-2.0
"""Values of the connector spaces and the metaverse, and their JSON forms.

Text is str, Boolean is bool, numbers are int, octets are bytes, references are Reference (the DN
in a connector space, an object of the metaverse elsewhere), multi-values are lists.  None is NULL.

Readings chosen where the published text is open:
  - An empty text is no value: AD cannot store one, and Entra does not keep one.
  - A generalizedTime is text in the connector space, in the form LDAP has (yyyyMMddHHmmss.0Z).
  - mS-DS-CreatorSID is a reference in the connector's schema: it means the object with that SID.
  - A multi-value that flows into a single-valued attribute contributes its first value.
"""

import base64
import binascii
import datetime
import re
import struct
import uuid

BOOLEAN, NUMBER, TEXT, OCTETS, REFERENCE, TIME = range(6)
SYNTAXES = {  # last arc of the syntax OID in the DSML of a connector or of the metaverse
    '7': BOOLEAN, '27': NUMBER, '906': NUMBER, '12': REFERENCE, '1221': REFERENCE,
    '5': OCTETS, '40': OCTETS, '24': TIME, '53': TIME,
}
SID = re.compile(r'^S-1-\d+(-\d+)+$')
GUID = re.compile(r'^\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?$')


class Reference(str):
    """A distinguished name that means an object."""

    __slots__ = ()


class Special:
    """A literal that says what becomes of the flow instead of a value."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


IGNORE = Special('IgnoreThisFlow')
AUTHORITATIVE = Special('AuthoritativeNull')


class EvaluationError(Exception):
    """The expression failed: Error(), a wrong type, an index out of bounds."""


def kind_of(syntax):
    return SYNTAXES.get((syntax or '').rsplit('.', 1)[-1], TEXT)


def sid_octets(text):
    parts = text.split('-')
    subs = [int(p) for p in parts[3:]]
    return (bytes([int(parts[1]), len(subs)]) + int(parts[2]).to_bytes(6, 'big') +
            struct.pack('<%dI' % len(subs), *subs))


def sid_text(octets):
    count = octets[1] if len(octets) >= 8 else -1
    if len(octets) != 8 + 4 * count:
        raise EvaluationError('not a security identifier')
    subs = struct.unpack('<%dI' % count, octets[8:])
    head = ['S', str(octets[0]), str(int.from_bytes(octets[2:8], 'big'))]
    return '-'.join(head + [str(s) for s in subs])


def octets_of(text):
    """Octets from their JSON form: SID text, GUID text or base64."""
    if SID.match(text):
        return sid_octets(text)
    if GUID.match(text):
        return uuid.UUID(text).bytes_le
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode('utf-8')


def ldap_time(text):
    """RFC 3339 -> the text AD has."""
    try:
        moment = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    except ValueError:
        return text
    return moment.astimezone(datetime.timezone.utc).strftime('%Y%m%d%H%M%S.0Z')


def boolean(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ('true', 'false'):
        return value.strip().lower() == 'true'
    if isinstance(value, int):
        return value != 0
    raise EvaluationError('%r is no Boolean' % (value,))


def number(value):
    if isinstance(value, (bool, int)):
        return int(value)
    try:
        return int(str(value).strip())
    except ValueError:
        raise EvaluationError('%r is no number' % (value,)) from None


def text(value):
    if isinstance(value, bool):
        return 'True' if value else 'False'
    if isinstance(value, bytes):
        return base64.b64encode(value).decode('ascii')
    return str(value)


def from_json(value, kind):
    """One value of an input document as the connector space has it."""
    if kind == BOOLEAN:
        return boolean(value)
    if kind == NUMBER:
        return number(value)
    if kind == OCTETS:
        return octets_of(value)
    if kind == REFERENCE:
        return Reference(value)
    return ldap_time(value) if kind == TIME else text(value)


def read(value, kind, single):
    """An attribute of an input document; None when it has no value."""
    many = [from_json(v, kind) for v in (value if isinstance(value, list) else [value])
            if v is not None and v != '']
    if not many:
        return None
    return many[0] if single else many


def coerce(value, kind):
    """One value of an expression in the type of the attribute it flows to."""
    if kind == BOOLEAN:
        return boolean(value)
    if kind == NUMBER:
        return number(value)
    if kind == OCTETS:
        return value if isinstance(value, bytes) else octets_of(text(value))
    if kind == REFERENCE:
        return value if isinstance(value, Reference) else Reference(text(value))
    if isinstance(value, Reference):
        return str(value)
    return text(value)


def fit(value, kind, single):
    """A flow's result in the type of its target; None when nothing is left."""
    if value is None or isinstance(value, Special):
        return value
    many = value if isinstance(value, list) else [value]
    many = [coerce(v, kind) for v in many if v is not None and v != '']
    if not many:
        return None
    return many[0] if single else many


def to_json(value):
    """Arrays sorted, octets as base64."""
    if isinstance(value, list):
        return sorted((to_json(v) for v in value), key=lambda v: (str(type(v)), v))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode('ascii')
    return value
