#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job on a fresh machine: installs what is missing, builds, starts a real Active Directory
# domain and a local Entra tenant, tells a story in both, and lets Anchorwatch explain it.
#
#   tests/lab/demo.sh [--keep]      --keep leaves the lab running and says how to go on
set -eu -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
keep=${1:-}

say() {
    printf '\n\033[1m== %s\033[0m\n' "$*"
}

if [ -z "${AW_DEMO_INSIDE:-}" ]; then
    dir=$(mktemp -d /tmp/anchorwatch-demo-XXXXXX)
    log=$dir.log
    cleanup() {
        if [ "$keep" = --keep ]; then
            echo "the lab is still up: tests/lab/lab exec --dir $dir bash; tests/lab/lab down --dir $dir"
        else
            "$here/lab" down --dir "$dir" >/dev/null 2>&1 || true
            rm -rf "$dir" "$log"
        fi
    }
    trap cleanup EXIT
    say "Setting up: packages, build, domain, tenant"
    step() {
        printf '   %-46s' "$1"
        shift
        local started=$SECONDS
        if ! "$@" >>"$log" 2>&1; then
            echo failed
            tail -30 "$log"
            exit 1
        fi
        echo "$((SECONDS - started)) s"
    }
    step "packages that are missing" "$here/install.sh"
    step "configure" cmake -S "$root" --preset release -B "$root/build/release"
    step "build" cmake --build "$root/build/release" -j "$(nproc)" --target anchorwatch
    step "Samba AD domain and Entra tenant" "$here/lab" up --dir "$dir"
    status=0
    AW_DEMO_INSIDE=1 "$here/lab" exec --dir "$dir" bash "$here/demo.sh" || status=$?
    exit "$status"
fi

# --- inside the lab ---------------------------------------------------------------------------

PATH=$root/build/release/agent:$PATH
export ANCHORWATCH_CONF
echo "$LAB_ADMIN_PASSWORD" | kinit "$LAB_ADMIN_PRINCIPAL" >/dev/null
token=$(curl -sS --cacert "$LAB_CA_FILE" "$LAB_TOKEN_URL" -d grant_type=client_credentials \
    -d "client_id=$LAB_ADMIN_CLIENT_ID" --data-urlencode "client_secret=$LAB_ADMIN_CLIENT_SECRET" \
    -d 'scope=https://graph.microsoft.com/.default' | jq -r .access_token)

run() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@" || printf '\033[2m(exit status %s)\033[0m\n' "$?"
}

# a change in Active Directory, as an administrator would make it
ad() {
    ldapmodify -Q -Y GSSAPI -N -H "$LAB_LDAP_URI" >/dev/null
}

# one Graph call as a named administrator: METHOD PATH [BODY]
graph() {
    local key
    key=$(cat "$LAB_DIR/tenant/control.key")
    curl -sS --fail-with-body --cacert "$LAB_CA_FILE" -X "$1" "$LAB_GRAPH_URL/v1.0$2" \
        -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
        -H "X-Lab-Key: $key" -H 'X-Lab-Act-As-User: helga.admin@labexample.onmicrosoft.com' \
        ${3:+-d "$3"}
}

entra_id() {
    graph GET "/users?\$filter=userPrincipalName%20eq%20'$1@lab.example.test'" | jq -r '.value[0].id'
}

user() {
    ad <<LDIF
dn: CN=$1,OU=Staff,$LAB_BASE_DN
changetype: add
objectClass: user
sAMAccountName: $1
userPrincipalName: $1@lab.example.test
displayName: $2
title: $3
department: Operations

dn: CN=$1,OU=Staff,$LAB_BASE_DN
changetype: modify
replace: userAccountControl
userAccountControl: 544
LDIF
}

say "Five people in Active Directory; the sync engine carries them to Entra"
user ada "Ada Anker" "Engineer"
user bo "Bo Boje" "Engineer"
user cai "Cai Koje" "Mate"
user dana "Dana Deck" "Cook"
user emil "Emil Eiland" "Pilot"
"$here/lab" sync | tail -n 3
graph POST /users '{"accountEnabled":true,"displayName":"Helga Admin","mailNickname":"helga.admin",
  "userPrincipalName":"helga.admin@labexample.onmicrosoft.com",
  "passwordProfile":{"password":"Synthetic-Pass-1!"}}' >/dev/null 2>&1 ||
    curl -sS --cacert "$LAB_CA_FILE" -X POST "$LAB_GRAPH_URL/v1.0/users" \
        -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
        -d '{"accountEnabled":true,"displayName":"Helga Admin","mailNickname":"helga.admin",
  "userPrincipalName":"helga.admin@labexample.onmicrosoft.com",
  "passwordProfile":{"password":"Synthetic-Pass-1!"}}' >/dev/null
ada=$(entra_id ada) bo=$(entra_id bo) cai=$(entra_id cai)

say "The watch begins: can both directories be read? Then a first backup point"
run anchorwatch check
run anchorwatch snapshot

say "Something happens on each side"
echo "   AD     Ada's title becomes \"Captain\" (written twice), and sync carries it"
for title in "First Mate" "Captain"; do
    ad <<LDIF
dn: CN=ada,OU=Staff,$LAB_BASE_DN
changetype: modify
replace: title
title: $title
LDIF
done
echo "   AD     Dana is deleted, and sync deletes her in the cloud"
printf 'dn: CN=dana,OU=Staff,%s\nchangetype: delete\n' "$LAB_BASE_DN" | ad
"$here/lab" sync >/dev/null
echo "   cloud  Helga disables Bo, who is synchronized"
graph PATCH "/users/$bo" '{"accountEnabled":false}'
echo "   cloud  Helga deletes Cai, who is synchronized"
graph DELETE "/users/$cai"
echo "   cloud  Helga moves Emil's source of authority to the cloud and gives him a title there"
emil=$(entra_id emil)
graph PATCH "/users/$emil/onPremisesSyncBehavior" '{"isCloudManaged":true}' >/dev/null
graph PATCH "/users/$emil" '{"jobTitle":"Harbour Pilot"}'
run anchorwatch snapshot

say "What changed, and where did it come from?"
run anchorwatch diff 1 2

say "Where do the two halves disagree?"
run anchorwatch drift

say "The story of one attribute, from the AD write to the cloud"
run anchorwatch explain ada jobTitle

say "Before anyone restores: what would each write in the cloud meet?"
run anchorwatch plan --to 1

say "Sync goes on: was the forecast right?"
"$here/lab" sync | tail -n 3
echo "   Bo is enabled again: $(graph GET "/users/$bo?\$select=accountEnabled" | jq -c .accountEnabled)"
echo "   Cai is back:         $(graph GET "/users/$cai?\$select=userPrincipalName" | jq -r .userPrincipalName)"
echo "   Ada's title by hand: $(graph PATCH "/users/$ada" '{"jobTitle":"Engineer"}' 2>/dev/null | jq -r .error.message)"

say "Ada's account is disabled in AD and in the cloud; then the sync server stops; five hours later"
ad <<LDIF
dn: CN=ada,OU=Staff,$LAB_BASE_DN
changetype: modify
replace: userAccountControl
userAccountControl: 546
LDIF
"$here/lab" sync >/dev/null
"$here/lab" clock +5h >/dev/null
run anchorwatch snapshot
run anchorwatch drift
echo
echo "   Who enables Ada in the cloud now would see it work, until synchronization resumes:"
run anchorwatch plan --to 1 --attributes accountEnabled ada

say "Is the history intact?"
run anchorwatch verify
run anchorwatch snapshots
