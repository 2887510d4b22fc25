#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a machine can check (docs/architecture.md, "House rules").

Usage: lint.py [CHECK ...]     run the named checks, or all
       lint.py --list          print their names
Each finding is one line: file:line: text. Exit status 1 when there is any.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Which folders a folder's files may include from (design: one direction only).
LAYERS = {
    "correlate": {"correlate"},
    "ldap": {"ldap", "correlate"},
    "graph": {"graph", "correlate"},
    "agent/store": {"agent/store", "correlate"},
    "agent/rules": {"agent/rules", "correlate"},
    "agent/evidence": {"agent/evidence", "agent/rules", "correlate"},
    "agent": {"agent", "agent/store", "agent/rules", "agent/evidence", "ldap", "graph", "correlate"},
}
# The one folder that may include a third-party library.
CONFINED = {
    r"ldap(_\w+)?\.h|lber\.h|sasl/.*|krb5.*|gssapi.*|resolv\.h|arpa/nameser\.h": "ldap",
    r"curl/.*": "graph",
    r"sqlite3\.h|zstd.*\.h": "agent/store",
    r"systemd/.*": "agent",
    r"libxml/.*": "agent/rules",
}
# libcrypto has one file in each folder that needs it.
CRYPTO = {"agent/store/digest.c", "correlate/rules/functions_certificate.c", "graph/certificate.c"}
BANNED = {
    "strcpy": "g_strlcpy or g_strdup", "strcat": "GString", "strncpy": "g_strlcpy",
    "sprintf": "g_strdup_printf", "vsprintf": "g_strdup_vprintf", "strtok": "g_strsplit",
    "atoi": "g_ascii_strtoll", "atol": "g_ascii_strtoll", "gmtime": "GDateTime",
    "localtime": "GDateTime", "alloca": "the heap", "gets": "fgets", "system": "GSubprocess",
    "popen": "GSubprocess", "strerror": "g_strerror",
}
FUNCTION_LINES, COMPLEXITY, FILE_LINES, LINE_COLUMNS = 120, 25, 1000, 100
PYTHON_FUNCTION_LINES, PYTHON_FILE_LINES = 120, 1000
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def tracked(*suffixes):
    """Files git knows or would add, so that a new file cannot hide."""
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"],
                         capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(f for f in out if f.endswith(suffixes) and os.path.isfile(os.path.join(ROOT, f)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as handle:
        return handle.read()


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_only(text):
    """The text without comments and the insides of strings, every line where it was."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: '""' + " " * (len(m.group()) - 2)
                       if m.group()[0] == '"' else blank(m), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def folder_of(path):
    for folder in sorted(LAYERS, key=len, reverse=True):
        if path.startswith(folder + "/"):
            return folder
    return None


def c_files():
    return [f for f in tracked(".c", ".h") if folder_of(f)]


def check_layers():
    """ldap and graph never see each other or the store; correlate sees itself only."""
    for path in c_files():
        folder = folder_of(path)
        for match in re.finditer(r'^#include "([^"]+)"', read(path), re.M):
            target = folder_of(match.group(1))
            where = f"{path}:{line_of(read(path), match.start())}"
            if target is None:
                yield f'{where}: include "{match.group(1)}" is not qualified from the root'
            elif target not in LAYERS[folder]:
                yield f"{where}: {folder} must not include {target}"


def check_confined():
    """Each third-party library is included by one folder."""
    for path in c_files():
        text = read(path)
        for match in re.finditer(r"^#include <([^>]+)>", text, re.M):
            for pattern, folder in CONFINED.items():
                if re.fullmatch(pattern, match.group(1)) and folder_of(path) != folder:
                    yield f"{path}:{line_of(text, match.start())}: <{match.group(1)}> belongs to {folder}/"
    for path in c_files():
        if "#include <openssl/" in read(path) and path not in CRYPTO:
            yield f"{path}:1: only {', '.join(sorted(CRYPTO))} may include libcrypto"


FUNCTION = re.compile(r"^(?!typedef|struct \w+ \{|enum|union|#)[A-Za-z_][^;{}()]*\b(\w+)\s*\("
                      r"[^;{}]*\)\s*\n?\{\n(.*?)^\}", re.M | re.S)


def functions(path):
    text = code_only(read(path))
    for match in FUNCTION.finditer(text):
        yield match.group(1), line_of(text, match.start()), match.group(2)


def check_sizes():
    """Functions, files and lines stay small enough to read."""
    for path in tracked(".c", ".h"):
        lines = read(path).split("\n")
        if len(lines) > FILE_LINES:
            yield f"{path}:1: {len(lines)} lines, at most {FILE_LINES}"
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS:
                yield f"{path}:{number}: {len(line)} columns, at most {LINE_COLUMNS}"
        for name, number, body in functions(path):
            if body.count("\n") > FUNCTION_LINES:
                yield f"{path}:{number}: {name} has {body.count(chr(10))} lines, at most {FUNCTION_LINES}"


def complexity(body):
    return 1 + len(re.findall(r"\b(?:if|for|while|case)\b|&&|\|\||\?", body))


def check_complexity():
    """1 + branches per function."""
    for path in tracked(".c"):
        for name, number, body in functions(path):
            if complexity(body) > COMPLEXITY:
                yield f"{path}:{number}: {name} has complexity {complexity(body)}, at most {COMPLEXITY}"


def check_python_sizes():
    """The lab's Python keeps the same measure."""
    for path in tracked(".py"):
        lines = read(path).split("\n")
        if len(lines) > PYTHON_FILE_LINES:
            yield f"{path}:1: {len(lines)} lines, at most {PYTHON_FILE_LINES}"
        start, indent = None, 0
        for number, line in enumerate(lines + ["end"], 1):
            depth = len(line) - len(line.lstrip())
            if start and line.strip() and depth <= indent:
                if number - start > PYTHON_FUNCTION_LINES:
                    yield f"{path}:{start}: function of {number - start} lines"
                start = None
            if start is None and re.match(r"\s*(async )?def ", line):
                start, indent = number, depth


def check_banned():
    """Functions that invite overflow, races or lost errors."""
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    for path in tracked(".c", ".h"):
        text = code_only(read(path))
        for match in pattern.finditer(text):
            yield (f"{path}:{line_of(text, match.start())}: {match.group(1)} is banned, use "
                   f"{BANNED[match.group(1)]}")
        if folder_of(path) in ("correlate", "ldap", "graph") and re.search(r"\bgetenv\s*\(", text):
            yield f"{path}:1: libraries do not read the environment"


def check_pure():
    """correlate/ has no network, no disk and no clock of its own."""
    calls = re.compile(r"\b(g_get_real_time|g_get_monotonic_time|time|clock_gettime|fopen|open|"
                       r"socket|g_file_get_contents|g_date_time_new_now\w*)\s*\(")
    for path in tracked(".c"):
        if folder_of(path) == "correlate":
            text = code_only(read(path))
            for match in calls.finditer(text):
                yield f"{path}:{line_of(text, match.start())}: {match.group(1)} in the heart"


def check_quiet():
    """Libraries fill errors; only the top layer prints."""
    calls = re.compile(r"\b(printf|puts|putchar|fprintf|fputs|perror|g_print|g_printerr|g_warning|"
                       r"g_message|g_critical|exit|abort)\s*\(")
    for path in tracked(".c"):
        if folder_of(path) in ("correlate", "ldap", "graph", "agent/store"):
            text = code_only(read(path))
            for match in calls.finditer(text):
                yield f"{path}:{line_of(text, match.start())}: {match.group(1)} in a library"


def check_sql():
    """SQL is never put together by printf; values are bound."""
    words = r"(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|PRAGMA|CREATE|ATTACH)\b"
    call = re.compile(r"(?:printf|g_string_append_printf|mprintf)\s*\([^;]*?\"[^\"]*" + words, re.S)
    for path in c_files():
        text = read(path)
        for match in call.finditer(text):
            yield f"{path}:{line_of(text, match.start())}: SQL built by printf"
        if folder_of(path) != "agent/store" and re.search(r"\"\s*(SELECT .* FROM|INSERT INTO)\b", text):
            yield f"{path}:1: SQL outside agent/store"


def check_prefixes():
    """Non-static functions of a library carry its prefix (headers are the list)."""
    prefixes = {"correlate": "cor_", "ldap": "ad_", "graph": "entra_", "agent/store": "store_"}
    extra = {"correlate": {"ad_error_quark", "entra_error_quark", "store_error_quark",
                           "agent_error_quark"}}
    for path in tracked(".h"):
        folder = folder_of(path)
        if folder not in prefixes:
            continue
        text = code_only(read(path))
        for match in re.finditer(r"^(?:[A-Za-z_][\w\s\*]*?[\s\*])(\w+)\([^;{]*\)[^;{]*;", text, re.M):
            name = match.group(1)
            if not name.startswith(prefixes[folder]) and name not in extra.get(folder, ()):
                yield f"{path}:{line_of(text, match.start())}: {name} lacks the prefix {prefixes[folder]}"


def check_headers():
    """Licence line, guard named after the path, and a comment above what is declared."""
    for path in tracked(".h", ".c"):
        first = read(path).split("\n", 1)[0]
        if "SPDX-License-Identifier: Apache-2.0" not in first:
            yield f"{path}:1: the SPDX line is missing"
    for path in [f for f in tracked(".h") if folder_of(f)]:
        guard = "ANCHORWATCH_" + re.sub(r"\W", "_", path).upper()
        if f"#ifndef {guard}" not in read(path):
            yield f"{path}:1: the include guard must be {guard}"


def check_markers():
    """No left-over markers, no tabs, no trailing white space."""
    for path in tracked(".c", ".h", ".py", ".sh", ".md", ".txt", ".json"):
        for number, line in enumerate(read(path).split("\n"), 1):
            if MARKERS.search(line):
                yield f"{path}:{number}: left-over marker"
            if line != line.rstrip():
                yield f"{path}:{number}: trailing white space"
            if "\t" in line and path.endswith((".c", ".h", ".py")):
                yield f"{path}:{number}: tab"


def check_standalone():
    """Every header compiles by itself."""
    flags = subprocess.run(["pkg-config", "--cflags", "gio-2.0", "ldap", "sqlite3", "libcurl",
                            "libxml-2.0"],
                           capture_output=True, text=True, check=True).stdout.split()
    for path in [f for f in tracked(".h") if folder_of(f)]:
        done = subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra",
                               "-Werror", "-Wno-unused-function", "-I", ROOT, *flags, "-x", "c", "-"],
                              input=f'#include "{path}"\n', capture_output=True, text=True)
        if done.returncode:
            yield f"{path}:1: does not compile alone: {done.stderr.strip().splitlines()[0]}"


def check_format():
    """clang-format decides, nobody discusses."""
    files = tracked(".c", ".h")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=ROOT,
                          capture_output=True, text=True)
    seen = set()
    for line in done.stderr.splitlines():
        match = re.match(r"([^:]+):(\d+):\d+: error", line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            yield f"{match.group(1)}:{match.group(2)}: not formatted by clang-format"


def check_forecast_ids():
    """Every row id of docs/forecast.md stands in the table and the other way round."""
    wanted = ([f"A{n}" for n in range(1, 25)] + [f"B{n}" for n in range(1, 14)] +
              [f"C{n}" for n in range(1, 16)] + [f"D{n}" for n in range(1, 18)] +
              [f"E{n}" for n in range(1, 9)])
    text = read("docs/forecast.md")
    for row in wanted:
        if not re.search(rf"^\|\s*`?{row}`?\s*\|", text, re.M):
            yield f"docs/forecast.md:1: row {row} is missing"


def check_tidy():
    """clang-tidy over the sources, with the compile commands of a build (needs AW_BUILD)."""
    build = os.environ.get("AW_BUILD", os.path.join(ROOT, "build", "clang-asan"))
    if not os.path.exists(os.path.join(build, "compile_commands.json")):
        yield f"{build}:1: no compile_commands.json; set AW_BUILD"
        return
    files = [f for f in tracked(".c") if folder_of(f)]
    done = subprocess.run(["xargs", "-P", "2", "-n", "4", "clang-tidy", "--quiet", "-p", build],
                          input="\n".join(files), cwd=ROOT, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        match = re.match(rf"{re.escape(ROOT)}/([^:]+:\d+):\d+: (warning|error): (.*)", line)
        if match:
            yield f"{match.group(1)}: {match.group(3)}"


CHECKS = {name[6:]: func for name, func in list(globals().items()) if name.startswith("check_")}


def main(names):
    if names == ["--list"]:
        print("\n".join(CHECKS))
        return 0
    unknown = [n for n in names if n not in CHECKS]
    if unknown:
        print(f"unknown check: {' '.join(unknown)}; --list prints them", file=sys.stderr)
        return 2
    total = 0
    for name in names or CHECKS:
        for finding in CHECKS[name]():
            total += 1
            print(f"{finding} [{name}]")
    print(f"{len(names or CHECKS)} checks, {total} findings")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
