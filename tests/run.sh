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

# alone: uses both cores itself; pair: runs beside another one | name | command
suites() {
    cat <<'LIST'
alone|lint|/usr/bin/python3 tests/lint/selftest.py && AW_BUILD=build/clang-asan /usr/bin/python3 tests/lint/run.py
alone|unit-gcc|ctest_suite build/asan
alone|unit-clang|ctest_suite build/clang-asan
pair|tenant|/usr/bin/python3 tests/lab/tenant/selftest.py
pair|clients|/usr/bin/python3 tests/lab/clients/selftest.py
pair|sync|/usr/bin/python3 tests/lab/sync/selftest.py
pair|lab|tests/lab/selftest.sh
pair|origins|/usr/bin/python3 tests/scenario/origins.py
pair|verdicts|/usr/bin/python3 tests/scenario/verdicts.py connect
pair|verdicts-cloudsync|/usr/bin/python3 tests/scenario/verdicts.py cloudsync
pair|commands|/usr/bin/python3 tests/scenario/commands.py
pair|anchors|/usr/bin/python3 tests/scenario/anchors.py
pair|kill|/usr/bin/python3 tests/scenario/kill.py
pair|reach|/usr/bin/python3 tests/scenario/reach.py
pair|replicas|/usr/bin/python3 tests/scenario/replicas.py
pair|equivalence-entra|/usr/bin/python3 tests/scenario/equivalence_entra.py
pair|faults-entra|/usr/bin/python3 tests/scenario/faults_entra.py
pair|badinput|/usr/bin/python3 tests/scenario/badinput.py
pair|credentials|/usr/bin/python3 tests/scenario/credentials.py
pair|governor|/usr/bin/python3 tests/scenario/governor.py
pair|daemon|/usr/bin/python3 tests/scenario/daemon.py
pair|rules|/usr/bin/python3 tests/scenario/rules.py --build build/asan
pair|whatif|/usr/bin/python3 tests/scenario/whatif.py
pair|rules-import|/usr/bin/python3 tests/scenario/rules_import.py
pair|equivalence-ad|/usr/bin/python3 tests/scenario/equivalence_ad.py
pair|equivalence-ad-bin|/usr/bin/python3 tests/scenario/equivalence_ad.py --recycle-bin on
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
    for preset in asan clang-asan release; do
        say "building $preset"
        if ! { cmake --preset "$preset" && cmake --build --preset "$preset" -j "$(nproc)"; } \
            >"$logs/build-$preset.log" 2>&1; then
            tail -40 "$logs/build-$preset.log"
            echo "build: 0 passed, 1 failed, 0 skipped"
            exit 1
        fi
    done
}

# Runs one suite and keeps "passed failed skipped" in its .result. Two run at a time, so what is told of one is
# told at once.
run_suite() {
    local name=$1 command=$2 started=$SECONDS line told=
    say "suite $name"
    eval "$command" >"$logs/$name.log" 2>&1 </dev/null
    local status=$?
    line=$(grep -E '[0-9]+ passed, [0-9]+ failed' "$logs/$name.log" | tail -n 1)
    local p f s
    p=$(sed -n 's/.*[^0-9]\([0-9]\{1,\}\) passed.*/\1/p' <<<" $line")
    f=$(sed -n 's/.* \([0-9]\{1,\}\) failed.*/\1/p' <<<"$line")
    s=$(sed -n 's/.* \([0-9]\{1,\}\) skipped.*/\1/p' <<<"$line")
    f=${f:-0} s=${s:-0}
    if [ -z "$p" ] || [ $((p + f + s)) -eq 0 ]; then
        p=0 f=1
        told=$'\n    the suite did not run:\n'$(tail -n 15 "$logs/$name.log" | sed 's/^/    /')
    elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
        told=$'\n    exit status '$status$':\n'$(tail -n 15 "$logs/$name.log" | sed 's/^/    /')
    fi
    [ "$f" -eq 0 ] || told+=$'\n'$(grep -E '^ *(FAIL|not ok)|\*\*\*Failed' "$logs/$name.log" | head -n 20 | sed 's/^/    /')
    [ "$s" -eq 0 ] || told+=$'\n'$(grep -iE '^ *skip' "$logs/$name.log" | head -n 5 | sed 's/^/    /')
    echo "$p $f $s" >"$logs/$name.result"
    say "  $name: $p passed, $f failed, $s skipped in $((SECONDS - started)) s$told"
}

# Adds up what the named suites left; one without a result has not run.
add_up() {
    local passed=0 failed=0 skipped=0 broken=() name p f s
    for name in "$@"; do
        read -r p f s <"$logs/$name.result" || { p=0 f=1 s=0; }
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        [ "$f" -eq 0 ] || broken+=("$name")
    done
    [ ${#broken[@]} -eq 0 ] || echo "failed: ${broken[*]}"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

main() {
    if [ "${1:-}" = --list ]; then
        suites | cut -d'|' -f2
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
    local wanted=" $* " run=()
    while IFS='|' read -r lane name command <&3; do
        [ $# -eq 0 ] || [[ $wanted == *" $name "* ]] || continue
        rm -f "$logs/$name.result"
        run+=("$name")
        if [ "$lane" = alone ]; then
            wait
            run_suite "$name" "$command"
            continue
        fi
        [ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
        run_suite "$name" "$command" 3<&- &
    done 3< <(suites)
    wait
    say "done; logs are in build/logs"
    add_up "${run[@]}"
}

main "$@"
