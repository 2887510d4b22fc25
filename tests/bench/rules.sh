#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that is measured of the sync rules, with a release build that it makes: import, rate of the
# engine, `rules whatif` and `anchors`. Status 1 when something is over its limit.
#
#   tests/bench/rules.sh [EXPORT]     # a folder of Get-ADSyncServerConfiguration
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
export=${1:-../shared/data/connect-contoso}
[ -d "$export" ] || { echo "skip: no exported configuration at $export" && exit 77; }
build=$PWD/build/release
cmake --preset release >/dev/null && cmake --build --preset release -j "$(nproc)" >/dev/null || exit 2
status=0
run() {
    echo "== $1"
    shift
    "$@" 2>/dev/null || status=1
}
run "import of the export, limit 2 s" tests/bench/rules_import.sh "$build/agent/anchorwatch" "$export"
run "all outbound properties of 100,000 users, aim 20,000 objects/s" \
    /usr/bin/python3 tests/bench/rules_rate.py --program "$build/tests/rules_evaluate" --rules "$export"
run "whatif: an OU of 1,000 users among 100,000 objects moves out of scope, limit 1 s" \
    /usr/bin/python3 tests/bench/whatif.py --build "$build"
run "anchors at 10,000 and 100,000 objects a side, limit 20 s" /usr/bin/python3 tests/bench/anchors.py --build "$build"
exit $status
