#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two independent readings of an exported Connect configuration, compared result by result.

rules.py --build DIR [--rules DIR] [--count N] [--seed N] [--show N]

Thousands of generated AD objects run through tests/lab/sync/export/evaluate.py and through the
program's own engine (DIR/tests/rules_evaluate), once under the configuration as it is and once
under one that has a second forest (derived from the first), where objects join across forests.
Prints the counts, every kind of disagreement with examples, and the rate of both.

Exit status: 0 no disagreement, 1 disagreements, 77 skipped (no sample or no program).
"""

import argparse
import collections
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
EXPORT = os.path.join(HERE, '..', 'lab', 'sync', 'export')
SAMPLE = os.path.join(HERE, '..', '..', '..', 'shared', 'data', 'connect-contoso')
sys.path.insert(0, EXPORT)
sys.dont_write_bytecode = True

import generate  # noqa: E402

SKIP = 77
FIRST, SECOND = 'OU=CORP,DC=contoso,DC=com', 'OU=CORP,DC=fabrikam,DC=com'
FIRST_ID = '{ae4db4cc-b16b-4eb2-acf5-837ca84e4d7d}'
SECOND_ID = '{3c1f62ac-7a0b-4e49-8fd7-57b3a4c8d3e1}'
LATER = 200         # the precedence of the second forest's rules comes after the first's


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.environ.get('BUILD', 'build'), metavar='DIR')
    parser.add_argument('--rules', default=SAMPLE, metavar='DIR')
    parser.add_argument('--count', type=int, default=3000, help='objects of each run')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--show', type=int, default=2, help='examples of each disagreement')
    return parser.parse_args()


def second_forest(rules, folder):
    """A copy of the configuration in which the AD connector exists twice."""
    shutil.copytree(rules, folder)

    def copy(path, change):
        with open(path, encoding='utf-8-sig') as source:
            text = source.read()
        for old, new in ((FIRST_ID, SECOND_ID), (FIRST_ID.upper(), SECOND_ID.upper()),
                         ('DC=contoso,DC=com', 'DC=fabrikam,DC=com'),
                         ('contoso.com', 'fabrikam.com'), ('CONTOSO', 'FABRIKAM')):
            text = text.replace(old, new)
        name, text = change(text)
        with open(os.path.join(os.path.dirname(path), name), 'w', encoding='utf-8') as out:
            out.write(text)

    def rule(text):
        old = text.partition('<id>')[2].partition('</id>')[0]
        new = '{%s}' % uuid.uuid5(uuid.UUID(SECOND_ID), old)
        number = text.partition('<precedence>')[2].partition('</precedence>')[0]
        text = text.replace(old, new).replace(
            '<precedence>%s<' % number, '<precedence>%d<' % (int(number) + LATER))
        return 'SynchronizationRule_%s.xml' % new, text
    copy(os.path.join(folder, 'Connectors', 'Connector_%s.xml' % FIRST_ID),
         lambda text: ('Connector_%s.xml' % SECOND_ID, text))
    for path in glob.glob(os.path.join(folder, 'SynchronizationRules', '*.xml')):
        with open(path, encoding='utf-8-sig') as source:
            if '<connector>%s</connector>' % FIRST_ID in source.read():
                copy(path, rule)


def run(command, objects):
    """(results, seconds) of one engine over a file of objects."""
    began = time.monotonic()
    with open(objects, 'rb') as source:
        done = subprocess.run(command, stdin=source, capture_output=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit('%s: exit status %d\n%s' % (
            command[0], done.returncode, done.stderr.decode('utf-8', 'replace')[-2000:]))
    return [json.loads(line) for line in done.stdout.splitlines()], seconds


def plain(value):
    """Identifiers without braces and case; arrays sorted."""
    if isinstance(value, list):
        return sorted((plain(v) for v in value), key=json.dumps)
    if isinstance(value, str) and len(value) == 38 and value[0] == '{' and value[-1] == '}':
        return value[1:-1].lower()
    return value


def differences(ours, theirs, direct):
    """(kind, rule, name, ours, theirs) of every place where two results differ. What was computed
    before the rules ended in an error is nobody's result: there the error alone is compared, and
    which inbound rule fed a property only where it is a direct flow of one attribute.
    """
    if ours['error'] and theirs.get('error'):
        return
    nowhere = not ours['metaverse'] and not theirs.get('metaverse')
    for name in ('id', 'inScope', 'joinedWith', 'cloudType', 'cloudFiltered'):
        if nowhere and name == 'inScope':
            continue  # a rule that would join it applies, and nothing is there to be joined
        if plain(ours[name]) != plain(theirs.get(name)):
            yield name, '', '', ours[name], theirs.get(name)
    if bool(ours['error']) != bool(theirs.get('error')):
        yield 'error', '', '', ours['error'], theirs.get('error')
    first, second = ours['metaverse'] or {}, theirs.get('metaverse') or {}
    if first.get('type') != second.get('type'):
        yield 'metaverse type', '', '', first.get('type'), second.get('type')
    first, second = first.get('attributes', {}), second.get('attributes', {})
    for name in sorted(set(first) | set(second)):
        if plain(first.get(name)) != plain(second.get(name)):
            yield 'metaverse', '', name, first.get(name), second.get(name)
    first, second = ours['properties'], theirs.get('properties') or {}
    for name in sorted(set(first) | set(second)):
        one, other = first.get(name, {}), second.get(name, {})
        for part in ('outcome', 'value', 'rule', 'mvRule'):
            if plain(one.get(part)) != plain(other.get(part)):
                if part == 'mvRule' and (one.get('outcome') != 'value' or
                                         (plain(one.get('rule')), name) not in direct):
                    continue
                yield ('property ' + part, plain(one.get('rule') or other.get('rule')), name,
                       one.get(part), other.get(part))
                break


class Comparison:
    """Counts, and examples of each kind of disagreement."""

    def __init__(self, limit, direct):
        self.limit, self.groups, self.direct = limit, collections.OrderedDict(), direct
        self.objects = self.properties = self.differing = 0

    def take(self, document, ours, theirs):
        self.objects += 1
        self.properties += len(ours['properties'])
        found = list(differences(ours, theirs, self.direct))
        self.differing += bool(found)
        for kind, rule, name, one, other in found:
            group = self.groups.setdefault((kind, rule, name), [])
            group.append((document, one, other))

    def show(self, names):
        for (kind, rule, name), found in sorted(self.groups.items(), key=lambda g: -len(g[1])):
            print('%6d  %s %s  %s' % (len(found), kind, name, names.get(rule, rule)))
            for document, one, other in found[:self.limit]:
                print('          %s %s\n            here    %.300r\n            program %.300r'
                      % (document['type'], document['dn'], one, other))


def direct_flows(rules):
    """(rule, target) of every mapping that is one attribute without an expression."""
    found = set()
    for path in glob.glob(os.path.join(rules, 'SynchronizationRules', '*.xml')):
        rule = ElementTree.parse(path).getroot()
        for mapping in rule.iter('mapping'):
            if mapping.find('expression') is None and len(mapping.findall('src/attr')) == 1:
                found.add((plain(rule.findtext('id')), mapping.findtext('dest')))
    return found


def rule_names(rules):
    names = {}
    for path in glob.glob(os.path.join(rules, 'SynchronizationRules', '*.xml')):
        with open(path, encoding='utf-8-sig') as source:
            text = source.read()
        part = {tag: text.partition('<%s>' % tag)[2].partition('</%s>' % tag)[0]
                for tag in ('id', 'name')}
        names[plain(part['id'])] = part['name']
    return names


def compare(title, options, rules, forests, folder):
    documents = generate.generate(options.seed, options.count, forests)
    path = os.path.join(folder, 'objects.jsonl')
    with open(path, 'w', encoding='utf-8') as out:
        out.writelines(json.dumps(d, ensure_ascii=False) + '\n' for d in documents)
    tail = ['--rules', rules, '--now', '2026-11-23T12:00:00Z']
    ours, our_time = run([sys.executable, os.path.join(EXPORT, 'evaluate.py')] + tail, path)
    theirs, their_time = run([program(options)] + tail, path)
    comparison = Comparison(options.show, direct_flows(rules))
    if len(ours) != len(documents) or len(theirs) != len(documents):
        raise SystemExit('%s: %d objects, %d and %d results' % (title, len(documents), len(ours),
                                                                len(theirs)))
    for document, one, other in zip(documents, ours, theirs):
        comparison.take(document, one, other)
    print('%s: %d objects, %d properties, %d objects differ in %d kinds' % (
        title, comparison.objects, comparison.properties, comparison.differing,
        len(comparison.groups)))
    print('  rate: here %.0f objects/s, program %.0f objects/s (with start and reading the rules)'
          % (len(documents) / our_time, len(documents) / their_time))
    comparison.show(rule_names(rules))
    return comparison.differing


def program(options):
    return os.path.join(options.build, 'tests', 'rules_evaluate')


def main():
    options = arguments()
    for path, what in ((options.rules, 'exported configuration'),
                       (program(options), "program's driver")):
        if not os.path.exists(path):
            print('  skip  no %s at %s\nrules: 0 passed, 0 failed, 1 skipped' % (what, path))
            return SKIP
    differing, total = 0, options.count
    with tempfile.TemporaryDirectory(prefix='rules-') as folder:
        differing += compare('one forest', options, options.rules, ((None, FIRST),), folder)
        if os.path.exists(os.path.join(options.rules, 'Connectors',
                                       'Connector_%s.xml' % FIRST_ID)):
            double = os.path.join(folder, 'double')
            second_forest(options.rules, double)
            total += options.count
            differing += compare('two forests', options, double,
                                 ((FIRST_ID, FIRST), (SECOND_ID, SECOND)), folder)
    print('rules: %d passed, %d failed, 0 skipped' % (total - differing, differing))
    return 1 if differing else 0


if __name__ == '__main__':
    sys.exit(main())
