# SPDX-License-Identifier: Apache-2.0
"""From AD objects through the metaverse to the Entra connector space, by exported rules.

Every object is synchronized inbound in the order given: scope, join or projection, flow.  Then
references are resolved, and the outbound rules run.  Nothing is remembered between two runs, so
every object counts as new (what is to be executed once is executed) and the rules that read the
Entra connector space find nothing there.

Readings chosen where the published text is open:
  - Flows to one attribute are evaluated in order of precedence until one contributes; an Error()
    behind the winner is not met.
  - An inbound error ends the synchronization of that object, which is then not in the metaverse.
    An outbound error concerns the export of the whole object; its attribute says error.
  - A second object of one connector that would flow into the same metaverse object is an error, as
    the page says.  Without attribute flow (a foreign security principal) it may join.
  - Several rules with join criteria may be in scope (the shipped outbound rules for groups are);
    they are tried in order of precedence.
  - In the metaverse, a reference is one to a metaverse object, and it is shown as the objectGUID of
    the first object that makes it up.  Out to Entra, only targets provisioned there remain.
  - NULL and IgnoreThisFlow for one attribute: NULL decides (the other flow counts as not there).
  - The inbound rule named for an outbound expression is that of its first source with a value.
"""

import contextlib

from export import clauses, values
from export.configuration import MERGE
from export.functions import many
from export.values import AUTHORITATIVE, IGNORE, EvaluationError, Reference

STAND_IN = 'foreignSecurityPrincipal'
AMBIGUOUS = 'ambiguous: another object of this connector is joined to the metaverse object'


class Link(Reference):
    """A reference that is resolved: target is a metaverse object."""

    def __new__(cls, target):
        one = super().__new__(cls, target.members[0].dn)
        one.target = target
        return one


class Environment:
    """What an expression sees; notes what was used, for the coverage."""

    def __init__(self, lookup, parameters, now, seen):
        self.attribute, self.parameters, self.now = lookup, parameters, now
        self.variables, self.seen = {}, seen

    def parameter(self, name):
        return self.parameters.get(name)

    def branch(self, mark, taken):
        self.seen.branches.add(mark + (taken,))

    @contextlib.contextmanager
    def binding(self, name, value):
        before = dict(self.variables)
        self.variables[name] = value
        try:
            yield
        finally:
            self.variables = before


class Coverage:
    """rules: ids applied; mappings: (rule id, index) with a source; branches: (text, n, taken)."""

    def __init__(self):
        self.rules, self.mappings, self.branches = set(), set(), set()


class Source:
    """An object of a connector space of AD."""

    def __init__(self, document, connector):
        self.id, self.connector = document['id'].lower(), connector
        self.kind, self.dn = document['type'], document['dn']
        self.values = {}
        for name, value in (document.get('attributes') or {}).items():
            if name in connector.selected:
                kind, single = connector.schema.get(name, (values.TEXT, False))
                self.values[name] = values.read(value, kind, single)
        self.selected = connector.selects(self.kind, self.dn)
        self.error, self.rules, self.metaverse = None, [], None
        self.linking = False

    def attribute(self, name):
        return self.dn if name == 'dn' else self.values.get(name)


class Target:
    """An object of the metaverse.  origins: attribute -> inbound rule."""

    def __init__(self, kind):
        self.kind, self.members = kind, []
        self.values, self.origins = {}, {}
        self.cloud, self.error, self.properties = None, None, {}


class Engine:
    def __init__(self, configuration, now, same_connector=False, covering=False):
        self.configuration, self.now = configuration, now
        self.same_connector, self.covering = same_connector, covering
        self.coverage = Coverage()
        self.objects, self.targets = [], []
        self.by_dn, self.by_sid, self.member_of = {}, {}, {}
        joins = {clause[1] for rule in configuration.rules for group in rule.joins
                 for clause in group}
        self.index = {name: {} for name in joins}

    def connector(self, document):
        wanted = document.get('connector')
        if wanted is None:
            return self.configuration.sources[0]
        return self.configuration.connectors.get(wanted.lower())

    def load(self, documents):
        for document in documents:
            connector = self.connector(document)
            if connector is None or not connector.is_ad:
                raise EvaluationError('unknown connector %s' % document.get('connector'))
            one = Source(document, connector)
            self.objects.append(one)
            self.by_dn[one.dn.lower()] = one
            if one.values.get('objectSid'):
                sid = values.sid_text(one.values['objectSid'])
                if one.kind == STAND_IN:        # has the SID of what it stands for
                    self.by_sid.setdefault(sid, one)
                else:
                    self.by_sid[sid] = one
            for name in many(one.values.get('member')):
                self.member_of.setdefault(name.lower(), set()).add(one.dn.lower())

    def run(self):
        for one in self.objects:
            if one.selected:
                self.inbound(one)
        for target in self.targets:
            self.resolve(target)
        for target in self.targets:
            self.provision(target)
        for target in self.targets:
            if target.cloud:
                self.outbound(target)

    # -- inbound -----------------------------------------------------------------------------------

    def environment(self, one):
        return Environment(one.attribute, one.connector.environment(one.dn), self.now,
                           self.coverage)

    def inbound(self, one):
        environment = self.environment(one)
        groups = self.member_of.get(one.dn.lower(), ())
        one.rules = [r for r in self.configuration.of(one.connector.id, True, one.kind)
                     if clauses.in_scope(r.scope, environment, groups)]
        linking = [r for r in one.rules if r.joins or r.link == 'Provision']
        one.linking = bool(linking)
        target, new = self.find(one, linking), False
        if target is None:
            rule = next((r for r in linking if r.link == 'Provision'), None)
            if rule is None:
                return
            target, new = Target(rule.target_type), True
        elif self.ambiguous(one, target):
            one.error = AMBIGUOUS
            return
        target.members.append(one)
        try:
            self.flow(target)
        except EvaluationError as error:
            one.error = str(error)
            target.members.remove(one)
            if not new:
                self.flow(target)
            return
        one.metaverse = target
        self.coverage.rules.update(r.id for r in one.rules)
        if new:
            self.targets.append(target)
        self.enter(target)

    def ambiguous(self, one, target):
        if self.same_connector or not any(r.mappings for r in one.rules):
            return False
        return any(m.connector is one.connector and any(r.mappings for r in m.rules)
                   for m in target.members)

    def find(self, one, linking):
        """The metaverse object that exactly one of a group's clauses leads to."""
        for rule in linking:
            for group in rule.joins:
                found = self.matches(one, rule.target_type, group)
                if len(found) == 1:
                    return found[0]
        return None

    def matches(self, one, kind, group):
        found = None
        for attribute, name, exact in group:
            hits = []
            for value in many(one.attribute(attribute)):
                for target in self.index[name].get(index_key(value), ()):
                    if (kind in ('*', target.kind) and target not in hits and
                            self.agree(value, target.values.get(name), exact)):
                        hits.append(target)
            found = hits if found is None else [t for t in found if t in hits]
        return found or []

    @staticmethod
    def agree(value, held, exact):
        return any(value == one if exact else index_key(value) == index_key(one)
                   for one in many(held))

    def enter(self, target):
        for name, keys in self.index.items():
            for value in many(target.values.get(name)):
                known = keys.setdefault(index_key(value), [])
                if target not in known:
                    known.append(target)

    def flow(self, target):
        """Everything the joined objects contribute, by precedence over all of them."""
        flows = {}
        for member in target.members:
            environment = self.environment(member)
            for rule in member.rules:
                for at, mapping in enumerate(rule.mappings):
                    flows.setdefault(mapping.target, []).append((rule, at, mapping, environment))
        target.values, target.origins = {}, {}
        for name, candidates in flows.items():
            candidates.sort(key=lambda c: (c[0].precedence, c[0].id, c[1]))
            kind = self.configuration.metaverse.get(name, (values.TEXT, False))
            value, rule, _ = self.decide(name, candidates, kind)
            if value is not None:
                target.values[name], target.origins[name] = value, rule.id

    def decide(self, name, candidates, kind):
        """(value or None, rule, mapping or None): who contributes; no rule: nobody says
        anything."""
        merged, first, null = [], None, None
        if self.covering:
            self.note(candidates)
        for rule, _, mapping, environment in candidates:
            value = values.fit(evaluate(mapping, environment), *kind)
            if value is IGNORE:
                continue
            if value is None:
                null = null or rule
            elif value is AUTHORITATIVE:
                if first is None:
                    return None, rule, None
                break
            elif mapping.merge in MERGE:
                first = first or (rule, mapping)
                merge(merged, many(value), mapping.merge == 'MergeCaseInsensitive')
            elif first is not None:
                raise EvaluationError('%s: some rules merge and some do not' % name)
            else:
                return value, rule, mapping
        if first is not None:
            return (merged[0] if kind[1] else merged,) + first
        return None, null, None

    def note(self, candidates):
        self.coverage.mappings.update(
            (rule.id, at) for rule, at, mapping, environment in candidates
            if any(environment.attribute(n) is not None for n in mapping.sources))

    # -- references --------------------------------------------------------------------------------

    def resolve(self, target):
        for name, value in list(target.values.items()):
            if self.configuration.metaverse.get(name, (values.TEXT,))[0] != values.REFERENCE:
                continue
            links = []
            for reference in many(value):
                found = self.by_dn.get(reference.lower()) or self.by_sid.get(reference)
                link = found and found.metaverse and Link(found.metaverse)
                if link and all(link.target is not known.target for known in links):
                    links.append(link)
            if not links:
                del target.values[name]
            else:
                target.values[name] = links if isinstance(value, list) else links[0]

    # -- outbound ----------------------------------------------------------------------------------

    def outbound_environment(self, target):
        return Environment(target.values.get, self.configuration.entra.parameters, self.now,
                           self.coverage)

    def outbound_rules(self, target):
        environment = self.outbound_environment(target)
        return [r for r in self.configuration.of(self.configuration.entra.id, False, target.kind)
                if clauses.in_scope(r.scope, environment)]

    def provision(self, target):
        for rule in self.outbound_rules(target):
            if rule.link == 'Provision':
                target.cloud = rule.target_type
                return

    def outbound(self, target):
        entra, flows = self.configuration.entra, {}
        environment = self.outbound_environment(target)
        for rule in self.outbound_rules(target):
            if rule.target_type != target.cloud:
                continue
            self.coverage.rules.add(rule.id)
            for at, mapping in enumerate(rule.mappings):
                if mapping.target in entra.selected or mapping.target == 'dn':
                    flows.setdefault(mapping.target, []).append((rule, at, mapping, environment))
        for name, candidates in flows.items():
            kind = entra.schema.get(name, (values.TEXT, True))
            try:
                value, rule, mapping = self.decide(name, candidates, kind)
            except EvaluationError as error:
                target.error = target.error or str(error)
                target.properties[name] = {'outcome': 'error', 'value': None,
                                           'rule': candidates[0][0].id, 'mvRule': None}
                continue
            if rule is not None:
                target.properties[name] = self.outcome(target, value, kind[0], rule, mapping)

    def outcome(self, target, value, kind, rule, mapping):
        if kind == values.REFERENCE and value is not None:
            kept = [v for v in many(value) if isinstance(v, Link) and v.target.cloud]
            value = (kept or None) if isinstance(value, list) else (kept[0] if kept else None)
        if value is None:
            return {'outcome': 'remove', 'value': None, 'rule': rule.id, 'mvRule': None}
        origin = next((target.origins[n] for n in mapping.sources if n in target.origins), None)
        return {'outcome': 'value', 'value': value, 'rule': rule.id, 'mvRule': origin}

    # -- results -----------------------------------------------------------------------------------

    def result(self, one):
        target = one.metaverse
        found = {'id': one.id, 'inScope': bool(one.selected and one.linking), 'metaverse': None,
                 'joinedWith': [], 'cloudType': None, 'cloudFiltered': False,
                 'error': one.error, 'properties': {}}
        if target is not None:
            found.update(
                metaverse={'type': target.kind, 'attributes': {
                    n: shown(v) for n, v in sorted(target.values.items())}},
                joinedWith=sorted(m.id for m in target.members if m is not one),
                cloudType=target.cloud, cloudFiltered=target.values.get('cloudFiltered') is True,
                error=one.error or target.error,
                properties={n: dict(p, value=shown(p['value']))
                            for n, p in sorted(target.properties.items())})
        return found


def evaluate(mapping, environment):
    if mapping.expression is not None:
        return mapping.expression.run(environment)
    if mapping.constant is not None:
        return mapping.constant
    return environment.attribute(mapping.sources[0])


def shown(value):
    if isinstance(value, list):
        return values.to_json([shown(v) for v in value])
    return value.target.members[0].id if isinstance(value, Link) else values.to_json(value)


def index_key(value):
    return value if isinstance(value, bytes) else values.text(value).lower()


def merge(merged, more, without_case):
    def key(value):
        return value.lower() if without_case and isinstance(value, str) else value
    known = {key(v) for v in merged}
    for value in more:
        if key(value) not in known:
            known.add(key(value))
            merged.append(value)
