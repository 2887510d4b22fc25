#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One synchronization cycle of the lab, from its domain controller to its tenant.

Exit status: 0 the cycle ran (also with refused objects or a deletion threshold: see the status in
the report), 1 it could not run and changed nothing more, 2 usage or configuration.
"""

import argparse
import fcntl
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import adsource  # noqa: E402
import cloud  # noqa: E402
import cycle  # noqa: E402
import report  # noqa: E402
import settings  # noqa: E402


def threshold(text):
    if text == 'off':
        return text
    if not text.isdigit():
        raise argparse.ArgumentTypeError('a number or off')
    return int(text)


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--dir', required=True, help='the lab')
    parser.add_argument('--full', action='store_true', help='initial cycle: full import and sync')
    parser.add_argument('--engine', choices=('connect', 'cloudsync'), help='for this run')
    parser.add_argument('--staging', action='store_true', help='import and sync, export nothing')
    parser.add_argument('--threshold', type=threshold, metavar='N|off',
                        help='accidental deletion threshold of this run')
    parser.add_argument('--preview', action='store_true', help='show what would be done')
    parser.add_argument('--json', action='store_true', help='print the report as JSON')
    parser.add_argument('--no-audit', action='store_true',
                        help='no audit records in the tenant (for filling a large lab)')
    parser.add_argument('--rules', metavar='DIR', type=os.path.abspath,
                        help='synchronize by an exported Connect configuration')
    parser.add_argument('--map', action='append', nargs=2, metavar=('DN', 'LAB_DN'),
                        help='place in the lab of a DN of --rules (default: domain to domain)')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE',
                        help='store a setting (see settings.py) and run nothing')
    return parser.parse_args(argv)


def run(options):
    store = settings.Store(options.dir)
    if options.set:
        print(json.dumps(store.set(options.set), indent=2))
        return 0
    with open(os.path.join(store.folder, 'lock'), 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        chosen = store.settings()
        if options.engine:
            chosen['engine'] = options.engine
        lab, state = settings.Lab(options.dir), store.state()
        began = time.monotonic()
        one = cycle.Cycle(adsource.Source(lab), cloud.Cloud(lab, not options.no_audit), chosen,
                          state, options)
        try:
            result = one.run()
        except cloud.CloudError:
            if one.exporting:       # what was exported by now must not be forgotten
                store.save(state)
            raise
        if not options.preview:
            store.save(state)
    result['seconds'] = round(time.monotonic() - began, 3)
    print(json.dumps(result, indent=1, ensure_ascii=False) if options.json else
          report.text(result))
    return 0


def main(argv=None):
    options = arguments(argv)
    try:
        return run(options)
    except (adsource.Incomplete, cloud.CloudError) as error:
        print('sync: %s' % error, file=sys.stderr)
        return 1
    except (settings.Unusable, OSError) as error:
        print('sync: %s' % error, file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
