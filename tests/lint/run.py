#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every lint check as a test: one line each, and the closing count."""
import sys

import lint


def main():
    passed = failed = 0
    for name, check in lint.CHECKS.items():
        findings = list(check())
        for finding in findings:
            print(f"  {finding}")
        if findings:
            failed += 1
            print(f"  FAIL  {name}: {len(findings)} findings, first {findings[0]}")
        else:
            passed += 1
            print(f"  ok    {name}")
    print(f"lint: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
