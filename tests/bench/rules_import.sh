#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long the import of a real export takes: rules_import.sh ANCHORWATCH EXPORT. Prints five runs, each
# into a store of its own. The aim is below 2 seconds with a release build.
set -eu
program=$1 export=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
(umask 077 && echo unused >"$place/secret")
cat >"$place/conf" <<END
[store]
path=$place/store.db
[ad lab]
domain=lab.example.test
[entra lab]
tenant_id=11111111-2222-4333-8444-555555555555
client_id=11111111-2222-4333-8444-555555555556
secret_file=$place/secret
END
for run in 1 2 3 4 5; do
    rm -f "$place"/store.db*
    printf 'run %s: ' "$run"
    "$program" -c "$place/conf" rules import "$export" >"$place/out" || [ $? -eq 1 ]
    tail -n 1 "$place/out" | tee -a "$place/times"
done
awk '$1 > 2 { slow = 1 } END { exit slow || NR != 5 }' "$place/times"
