# SPDX-License-Identifier: Apache-2.0
"""The Cert functions that the reference defines clearly enough, over a small DER reader.

Not here, because their result is not defined by the page: CertExtensionOids, CertFormat,
CertFriendlyName, CertIssuerOid, CertKeyAlgorithmParams, CertNameInfo, CertPublicKeyParametersOid,
CertSubjectNameOid.  An expression that calls one of them is refused when it is read.
"""

import base64
import binascii
import datetime
import hashlib

from export.values import EvaluationError

NAMES = {'2.5.4.3': 'CN', '2.5.4.6': 'C', '2.5.4.7': 'L', '2.5.4.8': 'S', '2.5.4.10': 'O',
         '2.5.4.11': 'OU', '0.9.2342.19200300.100.1.25': 'DC'}


def element(data, at):
    """(tag, content, end) of the DER element at a position."""
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4:
            raise ValueError('length')
        size, at = int.from_bytes(data[at:at + count], 'big'), at + count
    if at + size > len(data):
        raise ValueError('truncated')
    return tag, data[at:at + size], at + size


def children(data):
    found, at = [], 0
    while at < len(data):
        tag, content, at = element(data, at)
        found.append((tag, content))
    return found


def oid(data):
    parts, number = [], 0
    for octet in data:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            parts.append(number)
            number = 0
    first = min(parts[0] // 40, 2)
    return '.'.join(str(p) for p in [first, parts[0] - 40 * first] + parts[1:])


def name(data):
    """Distinguished name, most specific component first, as .NET shows it."""
    found = []
    for _, relative in children(data):
        for _, pair in children(relative):
            (_, kind), (tag, value) = children(pair)
            kind = oid(kind)
            found.append('%s=%s' % (NAMES.get(kind, 'OID.' + kind), value.decode(
                'utf-16-be' if tag == 30 else 'utf-8', 'replace')))
    return ', '.join(reversed(found))


def moment(tag, data):
    text = data.decode('ascii')
    if tag == 23:
        text = ('20' if int(text[:2]) < 50 else '19') + text
    return datetime.datetime.strptime(text, '%Y%m%d%H%M%SZ').replace(tzinfo=datetime.timezone.utc)


def read(octets):
    _, body, end = element(octets, 0)
    signed = children(body)
    fields = children(signed[0][1])
    version = 1
    if fields[0][0] == 0xA0:
        version = fields.pop(0)[1][-1] + 1
    (_, serial), (_, signature), (_, issuer), (_, validity), (_, subject), (_, key) = fields[:6]
    begin, finish = children(validity)
    return {'version': version, 'serial': serial.lstrip(b'\0').hex().upper(),
            'signature': oid(children(signature)[0][1]), 'issuer': name(issuer),
            'subject': name(subject), 'begin': moment(*begin), 'end': moment(*finish),
            'key': oid(children(children(key)[0][1])[0][1]),
            'thumbprint': hashlib.sha1(octets[:end]).hexdigest().upper()}


def parse(value):
    """What a certificate says (octets or base64 text); None when it is none."""
    try:
        if isinstance(value, str):
            value = base64.b64decode(value, validate=True)
        return read(value) if isinstance(value, bytes) else None
    except (ValueError, IndexError, binascii.Error):
        return None


def field(key):
    def run(_, value):
        if isinstance(value, list):
            return [run(_, v) for v in value]
        if value is None:
            return None
        found = parse(value)
        if found is None:
            raise EvaluationError('not a certificate')
        return found[key]
    return run


TABLE = {'CertHashString': field('thumbprint'), 'CertThumbprint': field('thumbprint'),
         'CertIssuer': field('issuer'), 'CertIssuerDN': field('issuer'),
         'CertSubject': field('subject'), 'CertSubjectNameDN': field('subject'),
         'CertKeyAlgorithm': field('key'), 'CertPublicKeyOid': field('key'),
         'CertSignatureAlgorithmOid': field('signature'), 'CertSerialNumber': field('serial'),
         'CertNotAfter': field('end'), 'CertNotBefore': field('begin'),
         'CertVersion': field('version')}
