#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The lab tests itself: what it promises to ordinary tools, two labs at once, and that nothing stays.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/lab
place=$(mktemp -d /tmp/anchorwatch-labtest-XXXXXX)
a=$place/a b=$place/b
passed=0 failed=0 skipped=0

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$place/out" 2>&1; then
        passed=$((passed + 1))
        echo "  ok    $name"
    else
        failed=$((failed + 1))
        echo "  FAIL  $name: $(tail -n 3 "$place/out" | tr '\n' ' ')"
    fi
}
refuse() { # NAME COMMAND...: must fail
    local name=$1
    shift
    check "$name" bash -c '! "$@"' _ "$@"
}
inside() { # LAB SCRIPT
    "$lab" exec --dir "$1" bash -c "$2"
}
service='KRB5_CLIENT_KTNAME=$LAB_KEYTAB KRB5CCNAME=MEMORY:'
search='ldapsearch -Q -Y GSSAPI -N -LLL -o ldif-wrap=no -H $LAB_LDAP_URI -b $LAB_BASE_DN'
trap '"$lab" down --dir "$a" >/dev/null 2>&1; "$lab" down --dir "$b" >/dev/null 2>&1; rm -rf "$place"' EXIT

check "up" "$lab" up --dir "$a"
check "up again says that it is up" bash -c '"$0" up --dir "$1" | grep -q already' "$lab" "$a"
check "a second lab beside it" "$lab" up --dir "$b" --no-tenant --recycle-bin on
check "the service account reads users over Kerberos" inside "$a" \
    "$service $search '(sAMAccountName=karla)' title | grep -q '^title: Engineer'"
check "it reads replication metadata" inside "$a" \
    "$service $search '(sAMAccountName=karla)' replPropertyMetaData | grep -q '^replPropertyMetaData::'"
check "it reads deleted objects" inside "$a" \
    "$service ldapsearch -Q -Y GSSAPI -N -LLL -H \$LAB_LDAP_URI -E '!1.2.840.113556.1.4.417' -s base \
     -b \"CN=Deleted Objects,\$LAB_BASE_DN\" dn | grep -q 'Deleted Objects'"
refuse "it cannot write" inside "$a" \
    "printf 'dn: CN=Karla Kiel,OU=Staff,%s\nchangetype: modify\nreplace: title\ntitle: x\n' \$LAB_BASE_DN |
     $service ldapmodify -Q -Y GSSAPI -N -H \$LAB_LDAP_URI"
check "LDAPS with the lab's CA" inside "$a" \
    "echo \"\$LAB_ADMIN_PASSWORD\" | tr -d '\n' >\$LAB_DIR/pw && ldapsearch -x -LLL -H ldaps://dc1.lab.example.test \
     -D \$LAB_ADMIN_PRINCIPAL -y \$LAB_DIR/pw -s base -b \$LAB_BASE_DN dn"
refuse "a simple bind in clear is refused" inside "$a" \
    "ldapsearch -x -LLL -H \$LAB_LDAP_URI -D \$LAB_ADMIN_PRINCIPAL -y \$LAB_DIR/pw -s base -b \$LAB_BASE_DN dn"
check "an administrator writes" inside "$a" \
    "echo \"\$LAB_ADMIN_PASSWORD\" | kinit \$LAB_ADMIN_PRINCIPAL >/dev/null &&
     printf 'dn: CN=Karla Kiel,OU=Staff,%s\nchangetype: modify\nreplace: title\ntitle: Chief\n' \$LAB_BASE_DN |
     ldapmodify -Q -Y GSSAPI -N -H \$LAB_LDAP_URI"
check "a token and a Graph call with curl" inside "$a" \
    "t=\$(curl -sS --cacert \$LAB_CA_FILE \$LAB_TOKEN_URL -d grant_type=client_credentials -d client_id=\$LAB_ADMIN_CLIENT_ID \
     --data-urlencode client_secret=\$LAB_ADMIN_CLIENT_SECRET -d scope=https://graph.microsoft.com/.default | jq -r .access_token)
     curl -sS --fail --cacert \$LAB_CA_FILE -H \"Authorization: Bearer \$t\" \$LAB_GRAPH_URL/v1.0/organization | jq -e '.value[0].id'"
check "a sync cycle" "$lab" sync --dir "$a"
check "every verb works inside exec" inside "$a" "$lab sync && $lab env | grep -q LAB_BASE_DN && $lab clock"
check "the clock goes forward" bash -c '"$0" clock --dir "$1" +5h && "$0" clock --dir "$1" | grep -qE "\"offset_seconds\":(17999|18000)"' "$lab" "$a"
check "exec passes the exit status on" bash -c '"$0" exec --dir "$1" bash -c "exit 7"; test $? = 7' "$lab" "$a"
check "the names do not resolve outside" bash -c '! getent hosts dc1.lab.example.test'
check "env can be read by a shell" bash -c 'eval "$("$0" env --dir "$1")" && test -f "$ANCHORWATCH_CONF"' "$lab" "$a"
check "secrets are not readable by others" bash -c \
    'test -z "$(find "$1" -maxdepth 1 \( -name "*.keytab" -o -name "*.secret" -o -name "*.conf" -name "anchor*" \) -perm /077)"' _ "$a"
check "the Recycle Bin is on where asked for" inside "$b" \
    "$service ldapsearch -Q -Y GSSAPI -N -LLL -H \$LAB_LDAP_URI -s base -b CN=Partitions,CN=Configuration,\$LAB_BASE_DN \
     msDS-EnabledFeature | grep -q 'Recycle Bin'"
pids="$(cat "$a/pid") $(cat "$b/pid")"
check "down" "$lab" down --dir "$a"
check "down of the other" "$lab" down --dir "$b"
check "nothing is left of them" bash -c 'test ! -e "$1" && test ! -e "$2"' _ "$a" "$b"
for pid in $pids; do
    check "process $pid is gone" bash -c '! test -d "/proc/$0" || grep -q "^State:.Z" "/proc/$0/status"' "$pid"
done
check "down of no lab is no error" "$lab" down --dir "$a"

if [ "$(id -u)" -ne 0 ]; then
    echo "  ok    all of this without root" && passed=$((passed + 1))
elif setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-root-user true 2>/dev/null; then
    free=$(mktemp -d /tmp/anchorwatch-labtest-XXXXXX) && chown 65534:65534 "$free"
    as() {
        (cd / && setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$free" "$@")
    }
    check "up without root" as "$lab" up --dir "$free/lab"
    check "exec without root" as "$lab" exec --dir "$free/lab" bash -c "$service $search '(sAMAccountName=karla)' title"
    check "sync without root" as "$lab" sync --dir "$free/lab"
    check "down without root" as "$lab" down --dir "$free/lab"
    rm -rf "$free"
else
    skipped=$((skipped + 1))
    echo "  skip  without root: user namespaces are not allowed here"
fi
echo "lab: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
