#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A check that cannot fail is no check: each is shown a file it must object to, in a scratch tree."""
import os
import shutil
import subprocess
import sys
import tempfile

import lint

LONG = "\n".join(f"    value += {n};" for n in range(130))
BRANCHY = "\n".join(f"    if (value == {n})\n        value++;" for n in range(26))
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

# check -> (path, content) that it must object to
BAD = {
    "layers": ("correlate/bad.c", SPDX + '#include "agent/config.h"\n'),
    "confined": ("graph/bad.c", SPDX + "#include <sqlite3.h>\n"),
    "sizes": ("ldap/bad.c", SPDX + f"int ad_bad(int value)\n{{\n{LONG}\n    return value;\n}}\n"),
    "complexity": ("ldap/bad.c", SPDX + f"int ad_bad(int value)\n{{\n{BRANCHY}\n    return 1;\n}}\n"),
    "python_sizes": ("tests/bad.py", "def bad(value):\n" + LONG + "\n"),
    "banned": ("ldap/bad.c", SPDX + "void ad_bad(char *a)\n{\n    strcpy(a, a);\n}\n"),
    "pure": ("correlate/bad.c", SPDX + "long cor_bad(void)\n{\n    return g_get_real_time();\n}\n"),
    "quiet": ("ldap/bad.c", SPDX + 'void ad_bad(void)\n{\n    printf("x");\n}\n'),
    "sql": ("agent/store/bad.c",
            SPDX + 'char *f(int n)\n{\n    return g_strdup_printf("SELECT a FROM b %d", n);\n}\n'),
    "prefixes": ("ldap/bad.h", SPDX + "#ifndef ANCHORWATCH_LDAP_BAD_H\n#define ANCHORWATCH_LDAP_BAD_H\n"
                 "int wrong_name(void);\n#endif\n"),
    "headers": ("ldap/bad.h", "#ifndef BAD_H\n#define BAD_H\n#endif\n"),
    "markers": ("docs/bad.md", "TO" "DO: later\n"),
    "standalone": ("ldap/bad.h", SPDX + "GPtrArray *ad_bad(void);\n"),
    "format": ("ldap/bad.c", SPDX + "int  ad_bad( void ){return 1;}\n"),
    "forecast_ids": ("docs/forecast.md", "| A1 | only this |\n"),
    "tidy": ("ldap/bad.c", SPDX + "int ad_bad(int v);\nint ad_bad(int v)\n{\n    int *p = 0;\n"
             "    if (v)\n        return *p;\n    return v == v;\n}\n"),
}


def objects(name, path, content):
    """Does the check find fault with the file, and with it only?"""
    place = tempfile.mkdtemp(prefix="anchorwatch-lint-")
    try:
        subprocess.run(["git", "init", "-q", place], check=True)
        shutil.copy(os.path.join(lint.ROOT, ".clang-format"), place)
        shutil.copy(os.path.join(lint.ROOT, ".clang-tidy"), place)
        full = os.path.join(place, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as handle:
            handle.write(content)
        with open(os.path.join(place, "compile_commands.json"), "w", encoding="utf-8") as handle:
            handle.write('[{"directory": "%s", "file": "%s", "command": "cc -c %s"}]'
                         % (place, path, path))
        kept, lint.ROOT = lint.ROOT, place
        os.environ["AW_BUILD"] = place
        try:
            return any(path in finding for finding in lint.CHECKS[name]())
        finally:
            lint.ROOT = kept
            del os.environ["AW_BUILD"]
    finally:
        shutil.rmtree(place)


def main():
    passed = failed = 0
    for name in lint.CHECKS:
        good = name in BAD and objects(name, *BAD[name])
        passed, failed = passed + good, failed + (not good)
        print(f"  {'ok   ' if good else 'FAIL '} {name} objects to what it must")
    print(f"lint-selftest: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
