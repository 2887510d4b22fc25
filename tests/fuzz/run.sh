#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes one target, or each of them, under clang with ASan and UBSan, and prints what it found.
#
#   tests/fuzz/run.sh [-s SECONDS] [TARGET ...]      # 300 seconds each; TARGET as fuzz_correlate_expression
#
# Starts from a copy of the corpus. Findings are kept in build/fuzz/findings. Ends with one line for each
# target and status 1 when there was a finding.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
seconds=300
if [ "${1:-}" = -s ]; then
    seconds=$2
    shift 2
fi
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz -j "$(nproc)" >/dev/null || exit 2
[ $# -gt 0 ] || set -- $(basename -a -s .c tests/fuzz/fuzz_*.c)
findings=build/fuzz/findings
mkdir -p "$findings"
status=0
for target in "$@"; do
    corpus=$(mktemp -d) && cp -r "tests/fuzz/corpus/$target/." "$corpus" || exit 2
    log=$findings/$target.log
    if "build/fuzz/tests/$target" -max_total_time="$seconds" -max_len=8192 \
        -artifact_prefix="$findings/$target-" "$corpus" >"$log" 2>&1; then
        echo "$target: $(grep '^Done' "$log"), no finding"
    else
        echo "$target: FINDING, see $log"
        status=1
    fi
    rm -rf "$corpus"
done
exit $status
