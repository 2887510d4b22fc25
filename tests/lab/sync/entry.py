# SPDX-License-Identifier: Apache-2.0
"""One Active Directory entry as the engine sees it: attribute names without case, raw octets."""

import anchors

# Structural class -> object kind of the engine.  Anything else (a group managed service account,
# a trust account, a foreign security principal) is no object type of the AD connector.
KINDS = {'user': 'user', 'inetorgperson': 'user', 'group': 'group', 'contact': 'contact',
         'computer': 'device'}


class Entry:
    """attrs: lower-cased name -> list of octet strings, in the order of the server."""

    __slots__ = ('guid', 'dn', 'attrs')

    def __init__(self, dn, attrs):
        self.dn = dn
        self.attrs = {name.lower(): values for name, values in attrs.items() if values}
        self.guid = anchors.guid_text(self.attrs['objectguid'][0])

    @classmethod
    def make(cls, dn, guid, **values):
        """For tests: text, numbers and booleans instead of octets ('_' stands for '-')."""
        attrs = {'objectGUID': [anchors.guid_octets(guid)]}
        for name, value in values.items():
            many = value if isinstance(value, list) else [value]
            attrs[name.replace('_', '-')] = [as_octets(v) for v in many]
        return cls(dn, attrs)

    @property
    def kind(self):
        """Object kind by the most specific class, which AD lists last."""
        classes = self.attrs.get('objectclass')
        return KINDS.get(classes[-1].decode().lower()) if classes else None

    @property
    def rdn(self):
        """First component of the DN, still escaped as LDAP wrote it."""
        at = 0
        while at < len(self.dn) and self.dn[at] != ',':
            at += 2 if self.dn[at] == '\\' else 1
        return self.dn[:at]

    def has(self, name):
        return name.lower() in self.attrs

    def raw(self, name):
        values = self.attrs.get(name.lower())
        return values[0] if values else None

    def raws(self, name):
        return self.attrs.get(name.lower(), [])

    def text(self, name):
        values = self.attrs.get(name.lower())
        return values[0].decode('utf-8', 'replace') if values else None

    def texts(self, name):
        return [v.decode('utf-8', 'replace') for v in self.attrs.get(name.lower(), ())]

    def number(self, name):
        """Integer value; None when absent or no number."""
        values = self.attrs.get(name.lower())
        try:
            return int(values[0]) if values else None
        except ValueError:
            return None

    def true(self, name):
        return self.raw(name) == b'TRUE'


def as_octets(value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b'TRUE' if value else b'FALSE'
    return str(value).encode('utf-8')
