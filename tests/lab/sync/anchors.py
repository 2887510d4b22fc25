# SPDX-License-Identifier: Apache-2.0
"""GUIDs, SIDs and source anchors: the encodings that tie both directories together.

AD stores a GUID as 16 octets whose first three fields are little-endian.  The source anchor is the
standard base64 of those octets in stored order, so it is not the base64 of the textual GUID.
"""

import base64
import struct
import uuid

CONSISTENCY, OBJECT_GUID = 'mS-DS-ConsistencyGuid', 'objectGUID'
LINKED_MAILBOX = 2


class AnchorError(Exception):
    """The value cannot be a source anchor."""


def guid_text(octets):
    """Textual GUID of the 16 stored octets."""
    return str(uuid.UUID(bytes_le=bytes(octets)))


def guid_octets(text):
    return uuid.UUID(text).bytes_le


def encode(octets):
    return base64.b64encode(bytes(octets)).decode('ascii')


def decode(anchor):
    """16 octets of a GUID anchor; None for a custom (opaque) anchor."""
    try:
        octets = base64.b64decode(anchor, validate=True)
    except ValueError:
        return None
    return octets if len(octets) == 16 else None


def cs_name(anchor):
    """Distinguished name of the object in the Entra connector space."""
    return 'CN={%s}' % anchor.encode('utf-8').hex().upper()


def sid_text(octets):
    revision, count = octets[0], octets[1]
    authority = int.from_bytes(octets[2:8], 'big')
    parts = struct.unpack('<%dI' % count, octets[8:8 + 4 * count])
    return '-'.join(['S', str(revision), str(authority)] + [str(p) for p in parts])


def source_anchor(entry, kind, attribute):
    """Base64 anchor of an AD entry, or None where the rules contribute none.

    A linked mailbox contributes nothing: the object of the account forest does.  Only users have
    the choice of mS-DS-ConsistencyGuid; every other type is anchored on objectGUID.
    """
    if kind == 'user' and entry.number('msExchRecipientTypeDetails') == LINKED_MAILBOX:
        return None
    if kind == 'user' and attribute == CONSISTENCY:
        octets = entry.raw(CONSISTENCY)
        if octets:
            return encode(octets)
    return encode(guid_octets(entry.guid))


def check(anchor):
    """Refuse what the service cannot store: fewer than 60 characters, other characters count 3."""
    weight = sum(1 if c.isascii() and c.isalnum() else 3 for c in anchor)
    if not anchor or weight >= 60:
        raise AnchorError('source anchor is empty or too long')
    return anchor
