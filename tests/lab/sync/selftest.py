#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Self test of the sync engine: rules and planning, the service side, and with --dir a real lab.

    selftest.py              rules and service, no network
    selftest.py --dir LAB    the same, then whole cycles between the lab's two directories (run it
                             where the lab's addresses resolve); works in an OU of its own

Expectations are written by hand.  Prints failed checks and a last line with the counts; exit status
1 when any check failed.
"""

import argparse
import os
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'tenant')]
sys.dont_write_bytecode = True


class Checks:
    """Counts; every check has a name, a failed one is printed at once."""

    def __init__(self):
        self.passed = self.failed = 0

    def same(self, name, got, wanted):
        if got == wanted:
            self.passed += 1
            return True
        self.failed += 1
        print('FAILED %s\n  got    %r\n  wanted %r' % (name, got, wanted))
        return False

    def true(self, name, value):
        return self.same(name, bool(value), True)

    def group(self, function, *arguments):
        """One group of checks; a crash is a failure of the group, the others still run."""
        try:
            function(self, *arguments)
        except Exception:  # a defect must be counted, whatever it is
            self.failed += 1
            print('FAILED %s\n%s' % (function.__name__, traceback.format_exc()))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--dir', help='a running lab')
    options = parser.parse_args()
    import selftest_export
    import selftest_plan
    import selftest_rules
    import selftest_service
    checks = Checks()
    for module in (selftest_rules, selftest_plan, selftest_service, selftest_export):
        for function in module.GROUPS:
            checks.group(function)
    if options.dir:
        import selftest_lab
        selftest_lab.run(checks, options.dir)
    print('sync selftest: %d passed, %d failed%s' % (checks.passed, checks.failed, '' if options.dir
                                                     else ' (no lab directory: cycles not run)'))
    return 1 if checks.failed else 0


if __name__ == '__main__':
    sys.exit(main())
