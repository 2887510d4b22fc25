#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What an exported Connect configuration makes of AD objects, one JSON line each.

evaluate.py --rules DIR [--now RFC3339] [--coverage] < objects.jsonl > results.jsonl

Exit status 1: the input cannot be used; 2: the rules cannot.
"""

import argparse
import datetime
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from export import configuration, engine, values  # noqa: E402


def moment(text):
    found = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rules', required=True, metavar='DIR', help='the exported configuration')
    parser.add_argument('--now', type=moment, metavar='RFC3339', help='what Now() answers')
    parser.add_argument('--coverage', action='store_true', help='what was reached, to stderr')
    parser.add_argument('--join-same-connector', action='store_true',
                        help='let objects of one connector share a metaverse object')
    return parser.parse_args(argv)


def coverage(chosen, found):
    """Lines: rules, mappings and IIF branches reached, and what was not."""
    used = [r for r in chosen.rules if not r.disabled and
            (r.inbound == chosen.connectors[r.connector].is_ad)]
    mappings = {(r.id, at): (r, m) for r in used for at, m in enumerate(r.mappings)
                if m.sources}
    fed = {m.target for r in used if r.inbound for m in r.mappings}
    unfed = {k for k, (r, m) in mappings.items() if not r.inbound and
             not any(n in fed for n in m.sources)}
    yield 'mappings that no object of AD can feed: %d' % len(unfed)
    mappings = {k: v for k, v in mappings.items() if k not in unfed}
    branches = {(m.expression.text, n, taken): r for r in used for m in r.mappings
                if m.expression for n in range(1, m.expression.branches + 1)
                for taken in (True, False)}
    for title, wanted, reached in (
            ('rules', {r.id: r for r in used}, found.rules),
            ('mappings', mappings, found.mappings), ('branches', branches, found.branches)):
        missed = [k for k in wanted if k not in reached]
        yield '%s: %d of %d' % (title, len(wanted) - len(missed), len(wanted))
        for one in missed:
            if title == 'rules':
                yield '  not applied: %s' % wanted[one].name
            elif title == 'mappings':
                yield '  never a source: %s: %s' % (wanted[one][0].name, wanted[one][1].target)
            else:
                yield '  never %s: IIF %d of %s: %s' % (one[2], one[1], branches[one].name, one[0])


def main(argv=None):
    options = arguments(argv)
    try:
        chosen = configuration.Configuration(options.rules)
    except configuration.Malformed as error:
        print('evaluate: %s' % error, file=sys.stderr)
        return 2
    for text in chosen.warnings:
        print('evaluate: the configuration uses %s, which is not modelled' % text,
              file=sys.stderr)
    now = options.now or datetime.datetime.now(datetime.timezone.utc)
    one = engine.Engine(chosen, now, options.join_same_connector, options.coverage)
    try:
        one.load(json.loads(line) for line in sys.stdin if line.strip())
    except (ValueError, KeyError, values.EvaluationError) as error:
        print('evaluate: input: %r' % error, file=sys.stderr)
        return 1
    one.run()
    for source in one.objects:
        print(json.dumps(one.result(source), ensure_ascii=False, sort_keys=True))
    if options.coverage:
        for line in coverage(chosen, one.coverage):
            print(line, file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
