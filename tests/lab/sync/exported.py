# SPDX-License-Identifier: Apache-2.0
"""The metaverse under an exported Connect configuration instead of the default rules.

The objects of the lab's domain run through export/engine.py; what would be in the Entra connector
space becomes the candidates of the cycle.  The domain of the configuration is mapped onto the lab's
domain, and the cycle says how.

Readings chosen where the published text is open:
  - An object that fails inbound keeps what it has in the cloud: neither exported nor deleted.
  - The rules' own container selection decides; the lab's excluded containers are left out as well.
"""

import datetime

import anchors
import scope
import settings
from export import configuration, engine, values
from metaverse import Candidate, Metaverse

FILTER = ('(|(objectClass=user)(objectClass=contact)(objectClass=group)'
          '(objectClass=foreignSecurityPrincipal)(objectClass=msDS-Device))')
STRUCTURAL = {name.lower(): name for name in (
    'user', 'inetOrgPerson', 'group', 'contact', 'computer', 'foreignSecurityPrincipal',
    'msDS-Device')}
AS_SID, AS_GUID = ('onPremiseSecurityIdentifier',), ('deviceId',)
NOT_SENT = ('dn', 'sourceAnchor', 'registeredOwnerReference')
OWNER = 'registeredOwnerReference'
KINDS = {'inetOrgPerson': 'user', 'computer': 'device'}


class Mapped:
    """A configuration moved into the lab: rewrite(dn) puts the lab's place for a configured one."""

    def __init__(self, folder, pairs, context):
        try:
            self.configuration = configuration.Configuration(folder)
        except configuration.Malformed as error:
            raise settings.Unusable(str(error)) from error
        if len(self.configuration.sources) != 1:
            raise settings.Unusable('%s: the lab has one forest, the configuration %d' % (
                folder, len(self.configuration.sources)))
        self.connector = self.configuration.sources[0]
        self.pairs = [tuple(p) for p in pairs or ()]
        known = {p[0].lower() for p in self.pairs}
        self.pairs += [(p.dn, context['base_dn']) for p in self.connector.partitions
                       if p.selected and p.dn.lower() not in known]
        self.pairs.sort(key=lambda p: -len(p[0]))
        self.notes = ['rules of %s; %s stands for %s' % (folder, to, what)
                      for what, to in self.pairs]
        self.notes += ['the configuration uses %s, which is not modelled' % text
                       for text in self.configuration.warnings]
        for partition in self.connector.partitions:
            for names in (partition.included, partition.excluded):
                names[:] = [self.rewrite(n) for n in names]
            partition.dn = self.rewrite(partition.dn)
            partition.parameters.update(domain(context, 'Domain'))
        self.connector.parameters.update(domain(context, 'Forest'))
        self.notes.append('selected containers: ' + ', '.join(
            n for p in self.connector.partitions if p.selected for n in p.included))

    def rewrite(self, dn):
        for what, to in self.pairs:
            if configuration.inside(dn, what):
                return dn[:len(dn) - len(what)] + to
        return dn


def domain(context, what):
    return {what + '.FQDN': context['domain_fqdn'], what + '.Netbios': context['domain_netbios'],
            what + '.LDAP': context['base_dn']}


def attribute_names(mapped):
    return sorted(mapped.connector.selected | {'objectClass', 'objectGUID', 'objectSid', 'cn',
                                               'isCriticalSystemObject', anchors.CONSISTENCY})


def document(entry, connector):
    """The entry as the engine takes it; None for a class that no connector knows."""
    classes = entry.attrs.get('objectclass')
    kind = STRUCTURAL.get(classes[-1].decode().lower()) if classes else None
    if kind is None:
        return None
    found = {}
    for name in connector.selected:
        octets = entry.attrs.get(name.lower())
        if octets:
            syntax = connector.schema.get(name, (values.TEXT, False))[0]
            found[name] = [one_value(name, o, syntax) for o in octets]
    return {'id': entry.guid, 'connector': None, 'type': kind, 'dn': entry.dn,
            'attributes': {n: v[0] if len(v) == 1 else v for n, v in found.items()}}


def one_value(name, octets, kind):
    if kind == values.OCTETS:
        return anchors.encode(octets)
    if name.lower() == 'ms-ds-creatorsid':
        return anchors.sid_text(octets)
    text = octets.decode('utf-8', 'replace')
    return {values.BOOLEAN: lambda: text.upper() == 'TRUE',
            values.NUMBER: lambda: int(text)}.get(kind, lambda: text)()


def sent(name, value):
    """A connector-space value as the service takes it (numbers as text, as LDAP has them)."""
    if isinstance(value, list):
        return sorted(sent(name, v) for v in value)
    if isinstance(value, bytes):
        if name in AS_SID:
            return anchors.sid_text(value)
        return anchors.guid_text(value) if name in AS_GUID else anchors.encode(value)
    return value if isinstance(value, bool) else str(value)


class Exported(Metaverse):
    """The same interface as the metaverse of the default rules."""

    def __init__(self, entries, mapped, chosen, context, connected):
        self.candidates, self.filtered, self.by_dn = {}, {}, {}
        self.schema = mapped.configuration.entra.schema
        self.entries = {e.guid: e for e in entries}
        outside = [dn.replace('%BASE%', context['base_dn'])
                   for dn in chosen['excludedContainers']]
        one = engine.Engine(mapped.configuration, datetime.datetime.now(datetime.timezone.utc))
        taken = []
        for entry in entries:
            shown = document(entry, mapped.connector)
            if shown is None:
                continue
            reason = scope.container_excluded(entry, (), outside)
            if reason:
                self.filtered[entry.guid] = reason
            else:
                taken.append(shown)
        one.load(taken)
        one.run()
        for source in one.objects:
            self.admit_source(source, connected)
        self.refuse_shared_anchors(set(connected))
        self.by_sid = {guid: guid for guid in self.candidates}

    def admit_source(self, source, connected):
        target = source.metaverse
        if source.error:
            record = connected.get(source.id) or {}
            entry = self.entries[source.id]
            kind = record.get('kind') or KINDS.get(source.kind, source.kind)
            if record or kind in ('user', 'group', 'contact', 'device'):
                one = Candidate(entry, kind, record.get('anchor') or anchors.encode(
                    anchors.guid_octets(source.id)))
                one.owned, one.error = frozenset(), source.error
                self.candidates[source.id] = one
            return
        reason = why_not(source)
        if reason:
            self.filtered[source.id] = reason
            return
        self.candidates[source.id] = self.candidate(source, target)

    def candidate(self, source, target):
        name = target.properties['dn']['value']
        one = Candidate(self.entries[source.id], target.cloud,
                        bytes.fromhex(name[4:-1]).decode('utf-8'))
        one.error, one.creator, owned = target.error, None, set()
        for name, found in target.properties.items():
            if found['outcome'] == 'value' and name == OWNER:
                one.creator = engine.shown(found['value'])
            if name in NOT_SENT:
                continue
            if self.schema.get(name, (values.TEXT,))[0] == values.REFERENCE:
                if found['outcome'] == 'value':
                    ids = engine.shown(found['value'])
                    one.references[name] = ids if isinstance(ids, list) else [ids]
            elif found['outcome'] == 'value':
                one.values[name] = sent(name, found['value'])
            else:
                owned.add(name)
        one.owned = frozenset(owned)
        return one

    def target(self, dn):
        """References are the objectGUID of their target here."""
        return dn if dn in self.candidates else None


def why_not(source):
    """Reason why an object has no candidate of its own, or None."""
    target = source.metaverse
    if not source.selected:
        return 'container or object class is not selected'
    if target is None:
        return 'no synchronization rule links the object'
    if target.members[0] is not source:
        return 'joined to ' + target.members[0].dn
    if target.values.get('cloudFiltered') is True:
        return 'cloudFiltered'
    return None if target.cloud else 'no rule provisions the object'
