# SPDX-License-Identifier: Apache-2.0
"""Import from Active Directory over LDAP: one complete read of every object type that can sync.

A read either proves that it is complete (every page answered with success, an empty paging cookie,
no open value range) or raises Incomplete.  Deletions are concluded from absence, therefore nothing
may be concluded from a read without that proof.  Container and attribute filtering happen later.
"""

import anchors
import flow
from entry import Entry

PAGE = 1000
FILTER = ('(|(&(objectCategory=person)(|(objectClass=user)(objectClass=contact)))'
          '(objectCategory=group)(objectCategory=computer))')


class Incomplete(Exception):
    """The directory could not be read completely; the cycle must not continue."""


class Source:
    """A bound connection; close it by dropping the object."""

    def __init__(self, lab):
        """lab: settings.Lab (URI, base DN, account, password, CA file)."""
        import ldb
        import samba.param
        from samba.credentials import Credentials, MUST_USE_KERBEROS, DONT_USE_KERBEROS
        from samba.samdb import SamDB
        self.ldb = ldb
        lp = samba.param.LoadParm()
        lp.load_default()
        lp.set('log level', '0')
        lp.set('interfaces', '127.0.0.0/8')    # the library warns when it finds none
        credentials = Credentials()
        credentials.guess(lp)
        secure = lab.ldap_uri.lower().startswith('ldaps:')
        if lab.realm:
            lp.set('realm', lab.realm.upper())
            credentials.set_realm(lab.realm.upper())
        if secure:
            lp.set('tls verify peer', 'ca_only')
            if lab.ca_file:
                lp.set('tls cafile', lab.ca_file)
            credentials.set_bind_dn(lab.bind_dn)
            credentials.set_kerberos_state(DONT_USE_KERBEROS)
        else:
            credentials.set_username(lab.account)
            credentials.set_kerberos_state(MUST_USE_KERBEROS)
        credentials.set_password(lab.password)
        try:
            self.db = SamDB(url=lab.ldap_uri, credentials=credentials, lp=lp)
        except ldb.LdbError as error:
            raise Incomplete('cannot bind to %s: %s' % (lab.ldap_uri, error.args[1])) from error
        root = self.search('', 'base', '(objectClass=*)', ['defaultNamingContext',
                                                          'configurationNamingContext'])[0]
        self.base = lab.base_dn or str(root['defaultNamingContext'][0])
        self.configuration = str(root['configurationNamingContext'][0])

    def search(self, base, scope, expression, attributes, controls=()):
        scopes = {'base': self.ldb.SCOPE_BASE, 'one': self.ldb.SCOPE_ONELEVEL,
                  'sub': self.ldb.SCOPE_SUBTREE}
        try:
            return self.db.search(base=base, scope=scopes[scope], expression=expression,
                                  attrs=attributes, controls=list(controls))
        except self.ldb.LdbError as error:
            raise Incomplete('search of %s failed: %s' % (base, error.args[1])) from error

    def context(self):
        """What rules use as %Domain.FQDN% and %Domain.Netbios%."""
        fqdn = '.'.join(part.split('=', 1)[1] for part in self.base.split(',')
                        if part.upper().startswith('DC='))
        found = self.search('CN=Partitions,' + self.configuration, 'one',
                            '(&(nCName=%s)(nETBIOSName=*))' % self.base, ['nETBIOSName'])
        netbios = str(found[0]['nETBIOSName'][0]) if len(found) else fqdn.split('.')[0].upper()
        return {'domain_fqdn': fqdn, 'domain_netbios': netbios, 'base_dn': self.base}

    def read(self, names=None, wanted=FILTER):
        """Every entry of the domain that could be synchronized, with the proof of completeness.
        With names (for exported rules), every entry the filter finds, of any kind."""
        known, names = names is None, names or flow.source_attributes()
        cookie, entries, pages = '', [], 0
        while True:
            control = 'paged_results:1:%d%s' % (PAGE, ':' + cookie if cookie else '')
            found = self.search(self.base, 'sub', wanted, names, [control])
            pages += 1
            for message in found:
                entries.append(Entry(str(message.dn), self.attributes(message)))
            cookie = paging_cookie(found.controls)
            if not cookie:
                break
        return [e for e in entries if e.kind or not known], {'pages': pages, 'entries': len(entries)}

    def attributes(self, message):
        attrs = {}
        for name in message:
            if name == 'dn':
                continue
            values = [bytes(v) for v in message[name]]
            plain, mark, span = name.partition(';range=')
            if not mark:
                attrs.setdefault(plain, values)
            elif not span.endswith('-*'):
                attrs[plain] = values + self.rest(message.dn, plain, int(span.split('-')[1]) + 1)
            else:
                attrs[plain] = values
        return attrs

    def rest(self, dn, name, start):
        """The values of a ranged attribute from start on."""
        values = []
        while True:
            found = self.search(str(dn), 'base', '(objectClass=*)',
                                ['%s;range=%d-*' % (name, start)])
            ranged = [n for n in found[0] if n.lower().startswith(name.lower() + ';range=')] \
                if len(found) else []
            if not ranged:
                raise Incomplete('values of %s of %s end early' % (name, dn))
            more = [bytes(v) for v in found[0][ranged[0]]]
            values += more
            if ranged[0].endswith('-*'):
                return values
            start += len(more)

    def write_consistency_guid(self, dn, octets):
        """Out to AD - User ImmutableId; returns an error text, or None."""
        message = self.ldb.Message(self.ldb.Dn(self.db, dn))
        message[anchors.CONSISTENCY] = self.ldb.MessageElement(
            octets, self.ldb.FLAG_MOD_REPLACE, anchors.CONSISTENCY)
        try:
            self.db.modify(message)
        except self.ldb.LdbError as error:
            return str(error.args[1])
        return None


def paging_cookie(controls):
    """Cookie of the answer; empty when it was the last page.  A missing control is no proof."""
    for control in controls:
        name, _, rest = str(control).partition(':')
        if name == 'paged_results':
            return rest.partition(':')[2]      # criticality, then the cookie
    raise Incomplete('the server did not answer the paging control')
