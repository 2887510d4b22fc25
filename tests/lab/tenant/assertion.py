# SPDX-License-Identifier: Apache-2.0
"""Client assertions (RFC 7515, 7517, 7518, 7523): what a token service verifies of one.

RSA is verified with integers, so that the tenant needs the standard library only and shares nothing
with the program whose signatures it judges.
"""

import base64
import binascii
import datetime
import hashlib
import hmac
import json

SKEW_SECONDS = 300
SHA256_INFO = bytes.fromhex('3031300d060960864801650304020105000420')


class Bad(Exception):
    """AADSTS code and text."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


def unbase64url(text):
    if not all(c.isalnum() or c in '-_' for c in text):
        raise ValueError('no base64url')
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


# --- certificates (RFC 5280) --------------------------------------------------------------------

def element(data, at):
    """Tag, start and end of the content of the DER element at a place."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7f
        length, at = int.from_bytes(data[at:at + size], 'big'), at + size
    return tag, at, at + length


def children(data, start, end):
    out = []
    while start < end:
        tag, inner, stop = element(data, start)
        out.append((tag, inner, stop))
        start = stop
    return out


def asn1_time(data, one):
    tag, start, end = one
    text = data[start:end].decode().rstrip('Z')
    if tag == 0x17:  # UTCTime
        text = ('19' if text[:2] >= '50' else '20') + text
    return datetime.datetime.strptime(text, '%Y%m%d%H%M%S').replace(tzinfo=datetime.timezone.utc)


class Certificate:
    def __init__(self, der):
        self.der = der
        body = children(der, *element(der, 0)[1:])[0]
        fields = children(der, *body[1:])
        if fields[0][0] == 0xa0:  # the version
            fields.pop(0)
        dates = children(der, *fields[3][1:])
        self.not_before, self.not_after = (asn1_time(der, one) for one in dates)
        bits = children(der, *fields[5][1:])[1]
        numbers = children(der, *element(der, bits[1] + 1)[1:])
        self.n, self.e = (int.from_bytes(der[a:b], 'big') for _, a, b in numbers[:2])

    def named(self, header):
        """Is this the certificate that a JWT header names?"""
        pairs = (('x5t#S256', hashlib.sha256), ('x5t', hashlib.sha1))
        return any(name in header and
                   hmac.compare_digest(unbase64url(str(header[name])), kind(self.der).digest())
                   for name, kind in pairs)


# --- signatures (RFC 8017) ----------------------------------------------------------------------

def encoded_message(certificate, signature):
    size = (certificate.n.bit_length() + 7) // 8
    if len(signature) != size:
        return None
    return pow(int.from_bytes(signature, 'big'), certificate.e, certificate.n).to_bytes(size, 'big')


def mask(seed, length):
    out, count = b'', 0
    while len(out) < length:
        out += hashlib.sha256(seed + count.to_bytes(4, 'big')).digest()
        count += 1
    return out[:length]


def pkcs1_v15(message, certificate, signature):
    em = encoded_message(certificate, signature)
    tail = b'\x00' + SHA256_INFO + hashlib.sha256(message).digest()
    return em is not None and em == b'\x00\x01' + b'\xff' * (len(em) - len(tail) - 2) + tail


def pss(message, certificate, signature):
    """EMSA-PSS with SHA-256 and a salt of 32 bytes, no other (RFC 7518 3.5)."""
    em = encoded_message(certificate, signature)
    if em is None or em[-1] != 0xbc or em[0] & 0x80:
        return False
    hashed, size = em[-33:-1], len(em) - 33
    masked = em[:size]
    block = bytearray(a ^ b for a, b in zip(masked, mask(hashed, size)))
    block[0] &= 0x7f
    if any(block[:size - 33]) or block[size - 33] != 1:
        return False
    salt = bytes(block[size - 32:])
    again = hashlib.sha256(b'\x00' * 8 + hashlib.sha256(message).digest() + salt).digest()
    return hmac.compare_digest(again, hashed)


ALGORITHMS = {'PS256': pss, 'RS256': pkcs1_v15}


# --- the whole ----------------------------------------------------------------------------------

def split(text):
    try:
        head, claims, signature = text.split('.')
        header, body = json.loads(unbase64url(head)), json.loads(unbase64url(claims))
        if not isinstance(header, dict) or not isinstance(body, dict):
            raise ValueError('no objects')
        return header, body, unbase64url(signature), (head + '.' + claims).encode()
    except (ValueError, binascii.Error):
        raise Bad(50027, 'JWT token is invalid or malformed.') from None


def certificate_of(header, registered):
    """The registered certificate (DER) that the header names."""
    if header.get('typ') != 'JWT' or header.get('alg') not in ALGORITHMS:
        raise Bad(50027, 'JWT token is invalid or malformed: alg or typ.')
    for der in registered:
        certificate = Certificate(der)
        if certificate.named(header):
            return certificate
    raise Bad(700027, 'The certificate with identifier used to sign the client assertion is not '
              'registered on application.')


def check_claims(claims, client_id, audiences, now):
    if claims.get('aud') not in audiences:
        raise Bad(700023, 'Client assertion audience claim does not match Realm issuer.')
    if claims.get('iss') != client_id or claims.get('sub') != client_id:
        raise Bad(700021, "Client assertion application identifier doesn't match 'client_id' "
                  'parameter.')
    nbf, exp = claims.get('nbf'), claims.get('exp')
    if not isinstance(exp, int) or not isinstance(nbf, int) or \
            not nbf - SKEW_SECONDS <= now < exp + SKEW_SECONDS:
        raise Bad(700024, 'Client assertion is not within its valid time range.')
    if not claims.get('jti'):
        raise Bad(50027, 'JWT token is invalid or malformed: jti.')


def verify(text, registered, client_id, audiences, moment, seen):
    """Raise Bad unless the assertion holds; seen is {jti: exp} of those that were used."""
    header, claims, signature, message = split(text)
    certificate = certificate_of(header, registered)
    if not ALGORITHMS[header['alg']](message, certificate, signature):
        raise Bad(50012, 'Client assertion failed signature validation.')
    check_claims(claims, client_id, audiences, moment.timestamp())
    if not certificate.not_before <= moment < certificate.not_after:
        raise Bad(1000502, 'The provided certificate is not within its specified validity window.')
    for old in [j for j, exp in seen.items() if exp + SKEW_SECONDS < moment.timestamp()]:
        del seen[old]
    if claims['jti'] in seen:
        raise Bad(50027, 'JWT token is invalid or malformed: jti was used before.')
    seen[claims['jti']] = claims['exp']
