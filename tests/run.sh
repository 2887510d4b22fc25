#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing, builds under gcc and clang with sanitizers, and runs every suite.
#
#   tests/run.sh            everything
#   tests/run.sh NAME ...   only these suites (tests/run.sh --list prints them)
#
# Each suite ends with a line "... N passed, N failed, N skipped"; a suite that does not say so has
# not run, and that is a failure. The last line adds them up. Logs stay in build/logs.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset ANCHORWATCH_CONF KRB5_CONFIG KRB5CCNAME LAB_DIR
root=$PWD
logs=$root/build/logs

# name | command
suites() {
    cat <<'LIST'
lint|/usr/bin/python3 tests/lint/selftest.py && AW_BUILD=build/clang-asan /usr/bin/python3 tests/lint/run.py
unit-gcc|ctest_suite build/asan
unit-clang|ctest_suite build/clang-asan
tenant|/usr/bin/python3 tests/lab/tenant/selftest.py
sync|/usr/bin/python3 tests/lab/sync/selftest.py
lab|tests/lab/selftest.sh
origins|/usr/bin/python3 tests/scenario/origins.py
verdicts|/usr/bin/python3 tests/scenario/verdicts.py connect
verdicts-cloudsync|/usr/bin/python3 tests/scenario/verdicts.py cloudsync
commands|/usr/bin/python3 tests/scenario/commands.py
kill|/usr/bin/python3 tests/scenario/kill.py
reach|/usr/bin/python3 tests/scenario/reach.py
badinput|/usr/bin/python3 tests/scenario/badinput.py
daemon|/usr/bin/python3 tests/scenario/daemon.py
LIST
}

# ctest in the words of the other suites
ctest_suite() {
    local out=$logs/ctest-$(basename "$1").txt
    ctest --test-dir "$1" -j2 --output-on-failure >"$out" 2>&1
    local status=$?
    cat "$out"
    local total failed skipped
    total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$out")
    failed=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' "$out")
    skipped=$(grep -c '\*\*\*Skipped' "$out")
    [ -n "$total" ] && [ "$total" -gt 0 ] || return 1
    [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
    echo "$1: $((total - failed - skipped)) passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

say() {
    printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"
}

build() {
    for preset in asan clang-asan; do
        say "building $preset"
        if ! { cmake --preset "$preset" && cmake --build --preset "$preset" -j "$(nproc)"; } \
            >"$logs/build-$preset.log" 2>&1; then
            tail -40 "$logs/build-$preset.log"
            echo "build: 0 passed, 1 failed, 0 skipped"
            exit 1
        fi
    done
}

passed=0 failed=0 skipped=0 broken=()

run_suite() {
    local name=$1 command=$2 started=$SECONDS line
    say "suite $name"
    eval "$command" >"$logs/$name.log" 2>&1 </dev/null
    local status=$?
    line=$(grep -E '[0-9]+ passed, [0-9]+ failed' "$logs/$name.log" | tail -n 1)
    local p f s
    p=$(sed -n 's/.*[^0-9]\([0-9]\{1,\}\) passed.*/\1/p' <<<" $line")
    f=$(sed -n 's/.* \([0-9]\{1,\}\) failed.*/\1/p' <<<"$line")
    s=$(sed -n 's/.* \([0-9]\{1,\}\) skipped.*/\1/p' <<<"$line")
    if [ -z "$p" ] || [ $((p + ${f:-0} + ${s:-0})) -eq 0 ]; then
        p=0 f=1
        echo "    the suite did not run:" && tail -n 15 "$logs/$name.log" | sed 's/^/    /'
    elif [ "$status" -ne 0 ] && [ "${f:-0}" -eq 0 ]; then
        f=1
        echo "    exit status $status:" && tail -n 15 "$logs/$name.log" | sed 's/^/    /'
    fi
    passed=$((passed + p)) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
    printf '          %s passed, %s failed, %s skipped in %s s\n' "$p" "${f:-0}" "${s:-0}" \
        "$((SECONDS - started))"
    if [ "${f:-0}" -gt 0 ]; then
        broken+=("$name")
        grep -E '^ *(FAIL|not ok)|\*\*\*Failed' "$logs/$name.log" | head -n 20 | sed 's/^/    /'
    fi
    [ "${s:-0}" -eq 0 ] || grep -iE '^ *skip' "$logs/$name.log" | head -n 5 | sed 's/^/    /'
}

main() {
    if [ "${1:-}" = --list ]; then
        suites | cut -d'|' -f1
        exit 0
    fi
    mkdir -p "$logs"
    say "installing what is missing"
    if ! tests/lab/install.sh >"$logs/install.log" 2>&1; then
        tail -20 "$logs/install.log"
        echo "install: 0 passed, 1 failed, 0 skipped"
        exit 1
    fi
    build
    export ANCHORWATCH=$root/build/asan/agent/anchorwatch
    local wanted=" $* "
    while IFS='|' read -r name command <&3; do
        [ $# -eq 0 ] || [[ $wanted == *" $name "* ]] || continue
        run_suite "$name" "$command"
    done 3< <(suites)
    say "done; logs are in build/logs"
    [ ${#broken[@]} -eq 0 ] || echo "failed: ${broken[*]}"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

main "$@"
