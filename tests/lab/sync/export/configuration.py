# SPDX-License-Identifier: Apache-2.0
"""The folder that Get-ADSyncServerConfiguration writes: rules, connectors, metaverse.

Any encoding that XML declares or a byte order mark tells is read.  A malformed file is an error
with its name; a folder is read whole or not at all.
"""

import glob
import os
import re
import xml.etree.ElementTree as tree

from export import language, values

DSML = '{http://www.dsml.org/DSML}'
MERGE = ('Merge', 'MergeCaseInsensitive')
LINKS = ('Provision', 'Join', 'StickyJoin')
OPTIONS_ON = {  # what would change the result and is not modelled here
    'Microsoft.OptionalFeature.FilterAAD': 'app and attribute filtering',
    'Microsoft.OptionalFeature.GroupFiltering': 'filtering by a group',
}


class Malformed(Exception):
    """A file of the export cannot be understood; the text names it."""


def parse(path):
    try:
        with open(path, 'rb') as source:
            data = source.read()
        if data[:2] in (b'\xff\xfe', b'\xfe\xff'):
            text = data.decode('utf-16')
            return tree.fromstring(re.sub(r'^\s*<\?xml[^>]*\?>', '', text))
        return tree.fromstring(data[3:] if data[:3] == b'\xef\xbb\xbf' else data)
    except (tree.ParseError, UnicodeDecodeError, OSError) as error:
        raise Malformed('%s: %s' % (path, error)) from error


def guid(text):
    return (text or '').strip().lower()


class Mapping:
    """One attribute flow: direct (source), constant or expression."""

    def __init__(self, element, where):
        self.target = (element.findtext('dest') or '').strip()
        source = element.find('src')
        self.sources = [] if source is None else [a.text.strip() for a in source.findall('attr')]
        text = element.findtext('expression')
        self.expression = None
        self.constant = None
        if text and text.strip():
            try:
                self.expression = language.compile_text(text)
            except language.SyntaxProblem as error:
                raise Malformed('%s: %s: %s' % (where, self.target, error)) from error
            self.sources = self.sources or self.expression.attributes
        elif not self.sources and source is not None:
            self.constant = (source.text or '').strip()
        self.once = (element.get('execute-once') or '').lower() == 'true'
        self.merge = (element.findtext('valueMergeType') or 'Update').strip()
        if not self.target or (self.expression is None and self.constant is None and
                               not self.sources):
            raise Malformed('%s: a mapping without target or source' % where)


class Rule:
    """A synchronization rule; scope and joins are lists of groups of clauses."""

    def __init__(self, path):
        root = parse(path)
        if root.tag != 'synchronizationRule':
            raise Malformed('%s: the root is %s' % (path, root.tag))
        self.id = guid(root.findtext('id'))
        self.name = (root.findtext('name') or '').strip()
        self.inbound = root.findtext('direction') == 'Inbound'
        self.disabled = (root.findtext('disabled') or '').lower() == 'true'
        self.connector = guid(root.findtext('connector'))
        self.source_type = root.findtext('sourceObjectType')
        self.target_type = root.findtext('targetObjectType')
        self.link = root.findtext('linkType')
        try:
            self.precedence = int(root.findtext('precedence'))
        except (TypeError, ValueError):
            raise Malformed('%s: no precedence' % path) from None
        if not self.id or self.link not in LINKS:
            raise Malformed('%s: no id or no link type' % path)
        self.mappings = [Mapping(m, path) for m in root.findall('attribute-mappings/mapping')]
        self.scope = [[(c.findtext('csAttribute'), c.findtext('csOperator'),
                        c.findtext('csValue') or '') for c in group.findall('scope')]
                      for group in root.findall('synchronizationCriteria/conditions')]
        self.joins = [[(c.findtext('csAttribute'), c.findtext('ilmAttribute'),
                        (c.findtext('caseSensitive') or c.get('caseSensitive') or
                         '').lower() == 'true')
                       for c in group.findall('condition')]
                      for group in root.findall('relationshipCriteria/conditions')]


def schema(root):
    """attribute name -> (kind, single-valued)."""
    found = {}
    for one in root.iter(DSML + 'attribute-type'):
        name = one.findtext(DSML + 'name') or one.get('id')
        found[name] = (values.kind_of(one.findtext(DSML + 'syntax')),
                       one.get('single-value') == 'true')
    return found


class Partition:
    def __init__(self, element):
        self.dn = (element.findtext('name') or '').strip()
        self.selected = element.findtext('selected') == '1'
        self.classes = {c.text for c in element.findall('filter/object-classes/object-class')}
        paths = 'filter/containers/inclusions/inclusion', 'filter/containers/exclusions/exclusion'
        self.included, self.excluded = (
            [(e.text or '').strip() for e in element.findall(path) if (e.text or '').strip()]
            for path in paths)
        self.parameters = parameters(element, 'parameter-values/parameter')


def parameters(element, path):
    return {p.get('name'): (p.text or '').strip() for p in element.findall(path)}


def inside(dn, base):
    dn, base = dn.lower(), base.lower()
    return dn == base or dn.endswith(',' + base)


class Connector:
    """selected: attribute names that the connector holds."""

    def __init__(self, path):
        root = parse(path)
        if root.tag != 'ma-data':
            raise Malformed('%s: the root is %s' % (path, root.tag))
        self.id, self.name = guid(root.findtext('id')), root.findtext('name')
        self.is_ad = root.findtext('category') == 'AD'
        self.schema = schema(root)
        self.selected = {(a.text or '').strip() for a in root.findall('attribute-inclusion/attribute')}
        self.partitions = [Partition(p) for p in root.findall('ma-partition-data/partition')]
        self.parameters = parameters(
            root, 'private-configuration/adma-configuration/parameter-values/parameter')
        self.parameters['Connector.ID'] = self.id

    def partition(self, dn):
        found = [p for p in self.partitions if p.selected and inside(dn, p.dn)]
        return max(found, key=lambda p: len(p.dn)) if found else None

    def selects(self, kind, dn):
        """Whether an object of that class at that place is imported: the deepest container that
        is named decides."""
        partition = self.partition(dn)
        if partition is None or kind not in partition.classes:
            return False
        depth, answer = -1, not partition.included
        for bases, verdict in ((partition.included, True), (partition.excluded, False)):
            for base in bases:
                if inside(dn, base) and len(base) > depth:
                    depth, answer = len(base), verdict
        return answer

    def environment(self, dn):
        partition = self.partition(dn)
        return {**self.parameters, **(partition.parameters if partition else {})}


class Configuration:
    """connectors: id -> Connector; entra: the connector of Entra; metaverse: schema."""

    def __init__(self, folder):
        def files(*names):
            return sorted(glob.glob(os.path.join(folder, *names)))
        self.rules = [Rule(p) for p in files('SynchronizationRules', '*.xml')]
        every = [Connector(p) for p in files('Connectors', '*.xml')]
        if not self.rules or not every:
            raise Malformed('%s: no rules or no connectors' % folder)
        self.connectors = {c.id: c for c in every}
        clouds = [c for c in every if not c.is_ad]
        if len(clouds) != 1:
            raise Malformed('%s: %d connectors to Entra' % (folder, len(clouds)))
        self.entra = clouds[0]
        self.sources = [c for c in every if c.is_ad]
        root = parse(os.path.join(folder, 'GlobalSettings', 'MV.xml'))
        self.metaverse = schema(root)
        self.options = parameters(root, 'mv-data/parameter-values/parameter')
        self.warnings = [text for name, text in OPTIONS_ON.items()
                         if self.options.get(name, '').lower() == 'true']
        self.rules.sort(key=lambda r: (r.precedence, r.id))

    def of(self, connector, inbound, kind=None):
        """Active rules of a connector in order of precedence."""
        return [r for r in self.rules if r.connector == connector and r.inbound == inbound and
                not r.disabled and (kind is None or r.source_type in (kind, '*'))]
