#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The lab checks itself: two labs at once, what the accounts may and may not do, every verb from
# outside and inside, ends in all ways, and that nothing is left behind. As root it does the same
# once more as an unprivileged user.
#
#   selftest.sh                         everything
#   selftest.sh --basic                 one short round (what the unprivileged user runs)
set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/lab
PATH=$PATH:/usr/sbin:/sbin
passed=0 failed=0 skipped=0

ok() {
    passed=$((passed + 1))
    echo "  ok    $1"
}

fail() {
    failed=$((failed + 1))
    echo "  FAIL  $1: ${2:-}" | head -c 600
    echo
}

skip() {
    skipped=$((skipped + 1))
    echo "  skip  $1: $2"
}

# NAME STATUS PATTERN COMMAND...: the command ends so and its output holds the pattern
expect() {
    local name=$1 status=$2 pattern=$3 out got
    shift 3
    out=$("$@" 2>&1 </dev/null)
    got=$?
    if [ "$got" != "$status" ]; then
        fail "$name" "status $got instead of $status: $out"
    elif ! grep -qE -- "$pattern" <<<"$out"; then
        fail "$name" "no '$pattern' in: $out"
    else
        ok "$name"
    fi
}

# NAME WANTED GOT
same() {
    if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "wanted '$2', got '$3'"; fi
}

finish() {
    echo "lab: $passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

# --- inside a lab: selftest.sh --in-lab ------------------------------------------------------------

search() {
    timeout 30 ldapsearch -Q -LLL -o ldif-wrap=no -Y GSSAPI -N -H "$LAB_LDAP_URI" -b "$LAB_BASE_DN" "$@"
}

modify() {
    timeout 30 ldapmodify -Q -Y GSSAPI -N -H "$LAB_LDAP_URI"
}

count() {
    search -E pr=500/noprompt "$@" dn | grep -c '^dn:'
}

as_service() {
    kinit -k -t "$LAB_KEYTAB" "$LAB_PRINCIPAL"
}

as_admin() {
    kinit "$LAB_ADMIN_PRINCIPAL" <<<"$LAB_ADMIN_PASSWORD" >/dev/null 2>&1
}

# NAME LDIF: the directory must refuse it for lack of rights
refused() {
    local out
    out=$(modify <<<"$2" 2>&1)
    if [ $? = 50 ]; then ok "$1"; else fail "$1" "$out"; fi
}

srv() {
    /usr/bin/python3 - "$1" <<'PY'
import socket, struct, sys
name = b"".join(bytes([len(part)]) + part.encode() for part in sys.argv[1].split(".")) + b"\0"
query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + name + struct.pack(">2H", 33, 1)
with open("/etc/resolv.conf", encoding="utf-8") as conf:
    server = next(line.split()[1] for line in conf if line.startswith("nameserver"))
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.settimeout(5)
link.sendto(query, (server, 53))
answer = link.recv(4096)
print("answers", struct.unpack(">6H", answer[:12])[3], b"dc1" in answer)
PY
}

reads() {
    expect "a ticket from the keytab" 0 '' as_service
    expect "GSSAPI over ldap" 0 '^dn: DC=lab,DC=example,DC=test' search -s base
    expect "GSSAPI over LDAPS, trusted by the lab CA" 0 '^dn: DC=lab' ldapsearch -Q -LLL -Y GSSAPI \
        -o nettimeout=10 -O minssf=0,maxssf=0 -N -H ldaps://dc1.lab.example.test -b "$LAB_BASE_DN" -s base dn
    expect "LDAPS is not trusted without it" 255 "Can't contact" env LDAPTLS_CACERT=/dev/null \
        ldapsearch -Q -Y GSSAPI -o nettimeout=10 -O minssf=0,maxssf=0 -N -H ldaps://dc1.lab.example.test -s base
    expect "no simple bind in clear text" 8 'encryption' ldapsearch -x -H "$LAB_LDAP_URI" \
        -D "$LAB_ADMIN_PRINCIPAL" -w "$LAB_ADMIN_PASSWORD" -b "$LAB_BASE_DN" -s base
    expect "replication metadata is readable" 0 'replPropertyMetaData::' search \
        '(sAMAccountName=ingrid)' replPropertyMetaData
    expect "SRV record of the domain controller" 0 'answers 1 True' \
        srv _ldap._tcp.dc._msdcs.lab.example.test
    same "the keytab is private" 600 "$(stat -c %a "$LAB_KEYTAB")"
    same "the configuration is private" 600 "$(stat -c %a "$ANCHORWATCH_CONF")"
    same "the lab is private" 700 "$(stat -c %a "$LAB_DIR")"
}

seed_is_there() {
    same "20 people" 20 "$(count '(&(employeeID=*)(objectClass=user))')"
    same "one is disabled" 1 \
        "$(count '(&(employeeID=*)(userAccountControl:1.2.840.113556.1.4.803:=2))')"
    same "3 contacts" 3 "$(count '(objectClass=contact)')"
    same "one inetOrgPerson" 1 "$(count '(objectClass=inetOrgPerson)')"
    same "6 groups" 6 "$(search -b "OU=Groups,$LAB_BASE_DN" '(objectClass=group)' dn | grep -c ^dn:)"
    same "nested groups resolve" 1 "$(count "(&(sAMAccountName=vera)(memberOf:1.2.840.113556.1.4.1941:=CN=All Hands,OU=Groups,$LAB_BASE_DN))")"
    local guid subject
    guid=$(search '(cn=QUAY1)' objectGUID | sed -n 's/^objectGUID:: //p' | base64 -d | xxd_guid)
    subject=$(search '(cn=QUAY1)' userCertificate | sed -n 's/^userCertificate:: //p' | base64 -d |
        openssl x509 -inform DER -noout -subject)
    same "a device's certificate bears its GUID" "subject=CN = $guid" "$subject"
}

xxd_guid() {
    /usr/bin/python3 -c 'import sys, uuid
print(uuid.UUID(bytes_le=sys.stdin.buffer.read()))'
}

writes_nothing() {
    as_service
    refused "the service account cannot modify" "dn: CN=Jonas Jolle,OU=Staff,$LAB_BASE_DN
changetype: modify
replace: title
title: Pirate"
    refused "... nor add" "dn: CN=pirate,OU=Staff,$LAB_BASE_DN
changetype: add
objectClass: user
sAMAccountName: pirate"
    refused "... nor delete" "dn: CN=Jonas Jolle,OU=Staff,$LAB_BASE_DN
changetype: delete"
    refused "... nor join a group" "dn: CN=Pilots,OU=Groups,$LAB_BASE_DN
changetype: modify
add: member
member: CN=anchorwatch,OU=Service,$LAB_BASE_DN"
    # the group's Administrators, Account Operators ... : none
    same "... and is in no group of its own accord" 0 \
        "$(search '(sAMAccountName=anchorwatch)' memberOf | grep -c ^memberOf:)"
    # DirSync as the system would need the right to replicate (MS-ADTS 3.1.1.3.4.1.3): not granted
    expect "... and holds no right to replicate" 50 '' timeout 30 ldapsearch -Q -LLL -Y GSSAPI -N \
        -H "$LAB_LDAP_URI" -b "$LAB_BASE_DN" -E '!dirSync=0/0' '(sAMAccountName=ingrid)' dn
}

# What a deletion leaves, seen by whom
deletion() {
    local shown=(-E '!1.2.840.113556.1.4.417' '(&(isDeleted=TRUE)(sAMAccountName=gone))')
    as_admin
    modify >/dev/null <<LDIF
dn: CN=gone,OU=Staff,$LAB_BASE_DN
changetype: add
objectClass: user
sAMAccountName: gone
description: kept by the recycle bin only

dn: CN=gone,OU=Staff,$LAB_BASE_DN
changetype: delete
LDIF
    as_service
    expect "the service account reads deleted objects" 0 'isDeleted: TRUE' search "${shown[@]}"
    same "... with all attributes only where a recycle bin keeps them" "$1" \
        "$(search "${shown[@]}" description | grep -c ^description:)"
    kinit "jonas@LAB.EXAMPLE.TEST" <<<"Synthetic-Pass-1!" >/dev/null 2>&1
    same "an ordinary user does not see it" 0 "$(search "${shown[@]}" dn | grep -c ^dn:)"
}

ordinary_user() {
    as_admin
    local quoted
    quoted=$(printf '"Synthetic-Pass-1!"' | iconv -t UTF-16LE | base64 -w0)
    modify >/dev/null <<LDIF
dn: CN=Jonas Jolle,OU=Staff,$LAB_BASE_DN
changetype: modify
replace: unicodePwd
unicodePwd:: $quoted
LDIF
}

extended_schema() {
    as_admin
    local out dn
    for dn in "CN=Jonas Jolle,OU=Staff" "CN=Pilots,OU=Groups" "CN=Ship Chandler,OU=Contacts"; do
        out=$(modify 2>&1 <<LDIF
dn: $dn,$LAB_BASE_DN
changetype: modify
replace: extensionAttribute15
extensionAttribute15: synthetic
-
replace: msExchHideFromAddressLists
msExchHideFromAddressLists: TRUE
LDIF
        ) && ok "the administrator writes; Exchange attributes on ${dn%%,*}" || fail "the administrator writes; Exchange attributes on ${dn%%,*}" "$out"
    done
}

tenant_answers() {
    local token
    token=$(curl -sS --cacert "$LAB_CA_FILE" "$LAB_TOKEN_URL" -d grant_type=client_credentials \
        -d "client_id=$LAB_ADMIN_CLIENT_ID" --data-urlencode "client_secret=$LAB_ADMIN_CLIENT_SECRET" \
        -d 'scope=https://graph.microsoft.com/.default' | jq -r .access_token)
    same "the agent's secret is private" 600 "$(stat -c %a "$LAB_DIR/agent.secret")"
    expect "the tenant answers with a token" 0 '"displayName"' curl -sS --fail --cacert \
        "$LAB_CA_FILE" -H "Authorization: Bearer $token" "$LAB_GRAPH_URL/v1.0/organization"
    expect "the tenant is not trusted without the lab CA" 60 '' curl -sS "$LAB_GRAPH_URL/"
    expect "sync carries the seed" 0 'success' "$lab" sync --full
    expect "... and then has nothing more to do" 0 'success' "$lab" sync
    same "... 20 people in the cloud" 20 "$(curl -sS --cacert "$LAB_CA_FILE" \
        -H "Authorization: Bearer $token" "$LAB_GRAPH_URL/v1.0/users?\$top=999&\$select=mail,onPremisesSyncEnabled" |
        jq '[.value[] | select(.mail and .onPremisesSyncEnabled)] | length')"
}

verbs_inside() {
    expect "env inside" 0 "^LAB_DIR=$LAB_DIR\$" "$lab" env
    expect "exec inside exec" 7 "^$PWD\$" "$lab" exec sh -c 'pwd; exit 7'
    expect "up inside says that it is up" 0 'already up' "$lab" up
    expect "another directory inside is another lab" 2 'no lab is up' "$lab" exec \
        --dir "$LAB_DIR.other" true
}

clock_and_faults() {
    local before after
    before=$("$lab" clock | jq -r .now)
    "$lab" clock +5h >/dev/null
    after=$("$lab" clock | jq -r .now)
    same "the tenant's clock moves" 5 \
        "$((($(date -d "$after" +%s) - $(date -d "$before" +%s)) / 3600))"
    expect "the clock is set" 0 '2031-02-03T04:05' "$lab" clock 2031-02-03T04:05:06Z
    same "the clock is reset" true "$("$lab" clock reset | jq '.offset_seconds | fabs < 1')"
    expect "a wrong time is refused" 1 'lab: 400' "$lab" clock yesterday
    expect "faults are listed" 0 '"faults"' "$lab" fault
    expect "control passes on" 0 '"requests"' "$lab" control GET requests
}

in_lab() {
    same "process 1 is the lab's" "_init" "$(tr '\0' '\n' </proc/1/cmdline | grep -x _init)"
    same "no network but loopback" "lo" "$(ip -o link | awk -F': ' '{print $2}' | paste -sd,)"
    reads
    if [ "$1" = full ]; then
        seed_is_there
        writes_nothing
        extended_schema
        ordinary_user
        deletion 0
        tenant_answers
        clock_and_faults
    fi
    verbs_inside
}

if [ "${1:-}" = --in-lab ]; then
    in_lab "$2"
    finish
fi

# --- outside ---------------------------------------------------------------------------------------

# adds the counts of a part that runs in another process
part() {
    local out line
    out=$(timeout 300 "$@" 2>&1 </dev/null)
    grep -v '^lab: [0-9]* passed' <<<"$out"
    line=$(grep -E '^lab: [0-9]+ passed' <<<"$out" | tail -n 1)
    if [ -z "$line" ]; then
        fail "$*" "ended early"
        return
    fi
    # shellcheck disable=SC2086
    set -- $line
    passed=$((passed + $2)) failed=$((failed + $4)) skipped=$((skipped + $6))
}

# Processes whose command line names the directory
processes_of() {
    local name
    for name in /proc/[0-9]*; do
        tr '\0' ' ' 2>/dev/null <"$name/cmdline" | grep -qF -- "$1" && [ "$name" != "/proc/$$" ] &&
            echo "${name#/proc/}"
    done
}

host_state() {
    ls -lR --time-style=full-iso /run/samba /var/lib/samba /var/log/samba /var/cache/samba \
        /etc/samba 2>/dev/null
    cat /proc/self/mounts /etc/hosts /etc/resolv.conf
}

nothing_left() {
    [ ! -e "$1" ] && ok "$2: the directory is gone" || fail "$2: the directory is gone" "$(ls "$1")"
    same "$2: no process is left" "" "$(processes_of "$1 " | paste -sd' ')"
}

two_labs() {
    local a=$1/a b=$1/b before
    before=$(host_state)
    expect "up" 0 'the lab is up' "$lab" up --dir "$a"
    expect "a second lab beside it, with recycle bin and no tenant" 0 'the lab is up' \
        "$lab" up --dir "$b" --recycle-bin on --no-tenant
    expect "up again says so" 0 'already up' "$lab" up --dir "$a"
    expect "up with other options is refused" 2 'other options' "$lab" up --dir "$a" --objects 9
    # shellcheck disable=SC2016
    expect "env can be read by a shell" 0 "^$a/anchorwatch.conf\$" sh -c \
        'eval "$("$1" env --dir "$2")" && echo "$ANCHORWATCH_CONF"' sh "$lab" "$a"
    expect "the lab's names do not resolve outside" 2 '' getent hosts dc1.lab.example.test
    part "$lab" exec --dir "$a" bash "$here/selftest.sh" --in-lab full
    part "$lab" exec --dir "$b" bash "$here/selftest.sh" --in-recycle
    expect "no tenant: control says so" 2 'no tenant' "$lab" control --dir "$b" GET clock
    same "standard input passes through exec" synthetic \
        "$(echo synthetic | "$lab" exec --dir "$a" cat)"
    expect "signals mean in it what they mean outside" 141 '^y$' "$lab" exec --dir "$a" bash -o \
        pipefail -c 'yes | head -n 1'
    expect "a command that is not there" 127 'not-there' "$lab" exec --dir "$a" not-there
    killed_exec "$a"
    expect "down" 0 '' "$lab" down --dir "$b"
    nothing_left "$b" down
    expect "the other lab lives on" 0 '^dn' "$lab" exec --dir "$a" ldapsearch -x -LLL -H \
        ldap://dc1.lab.example.test -s base -b '' dn
    { "$lab" exec --dir "$a" "$lab" down; } >/dev/null 2>&1
    gone_soon "$a"
    nothing_left "$a" "down from inside"
    expect "down without a lab" 0 'no lab' "$lab" down --dir "$a"
    same "the host is as it was" "$before" "$(host_state)"
}

# a command must not outlive the exec that somebody killed
killed_exec() {
    "$lab" exec --dir "$1" sleep 987654 &
    local pid=$!
    sleep 0.5
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    sleep 0.5
    same "a killed exec takes its command along" "" "$("$lab" exec --dir "$1" pgrep -f '[9]87654')"
}

gone_soon() {
    local _
    for _ in $(seq 100); do
        [ -e "$1" ] || [ -n "$(processes_of "$1 ")" ] || return
        sleep 0.1
    done
}

# `up` that breaks off, by whatever, leaves nothing or what `down` removes
broken_off() {
    local place=$1/c pid
    "$lab" up --dir "$place" >/dev/null 2>&1 &
    pid=$!
    sleep 2
    expect "a second up while the first is at work" 1 'at work' "$lab" up --dir "$place"
    kill -TERM "$pid"
    wait "$pid"
    same "up ends on SIGTERM" 143 $?
    nothing_left "$place" "up terminated"
    "$lab" up --dir "$place" >/dev/null 2>&1 &
    pid=$!
    sleep 2
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    expect "down of a half-built lab" 0 '' "$lab" down --dir "$place"
    nothing_left "$place" "half-built"
    mkdir "$place" && echo keep >"$place/file"
    expect "a directory that holds something else is not taken" 2 'holds no lab' \
        "$lab" up --dir "$place"
    expect "... nor removed" 0 'no lab' "$lab" down --dir "$place"
    same "... its file is untouched" keep "$(cat "$place/file")"
    # the number of a process that is not the lab's must not be killed
    sleep 600 &
    pid=$!
    echo '{}' >"$place/options.json"
    echo "$pid" >"$place/pid"
    expect "down after a reboot" 0 '' "$lab" down --dir "$place"
    kill -0 "$pid" && ok "... spares a stranger with the same number" ||
        fail "... spares a stranger with the same number"
    kill "$pid"
    wait "$pid" 2>/dev/null
}

loaded() {
    local place=$1/d
    expect "up with 200 more users, synchronized" 0 'the lab is up' "$lab" up --dir "$place" \
        --objects 200
    part "$lab" exec --dir "$place" bash "$here/selftest.sh" --in-loaded
    "$lab" down --dir "$place"
    nothing_left "$place" "loaded"
}

in_loaded() {
    as_service
    same "200 users" 200 "$(count '(&(objectClass=user)(sAMAccountName=load0*))')"
    same "20 groups" 20 "$(count '(sAMAccountName=loadgroup*)')"
    same "20 members in each" 20 "$(search '(sAMAccountName=loadgroup00019)' member | grep -c ^member:)"
    expect "the cycle after it finds nothing to do" 0 'pending": ?\{\}' "$lab" sync --preview --json
}

wrong_use() {
    expect "no verb" 2 'lab up' "$lab"
    expect "--help" 0 'lab up' "$lab" --help
    expect "unknown verb" 2 'known: up' "$lab" sail
    expect "unknown option" 2 'unknown option --sail' "$lab" up --sail
    expect "not a number" 2 'not a number' "$lab" up --objects many
    expect "neither on nor off" 2 'neither' "$lab" up --recycle-bin perhaps
    expect "a directory Samba cannot live in" 2 'plain characters' "$lab" up --dir "/tmp/a b"
    expect "option without a value" 2 'needs a value' "$lab" up --dir
    expect "exec without a lab" 2 'no lab is up' "$lab" exec --dir "$1/none" true
    expect "env without a lab" 2 'no lab' "$lab" env --dir "$1/none"
}

basic() {
    local place=$1/u
    expect "up as user $(id -u)" 0 'the lab is up' "$lab" up --dir "$place"
    part "$lab" exec --dir "$place" bash "$here/selftest.sh" --in-lab basic
    expect "sync" 0 success "$lab" sync --dir "$place" --full
    expect "down" 0 '' "$lab" down --dir "$place"
    nothing_left "$place" "user $(id -u)"
}

case ${1:-} in
--in-recycle)
    ordinary_user
    deletion 1
    finish
    ;;
--in-loaded)
    in_loaded
    finish
    ;;
esac

unset LAB_DIR KRB5_CONFIG KRB5CCNAME
work=$(mktemp -d /tmp/anchorwatch-labtest-XXXXXX)
cleanup() {
    local place
    for place in "$work"/?; do
        [ -e "$place/options.json" ] && "$lab" down --dir "$place" >/dev/null 2>&1
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

if [ "${1:-}" = --basic ]; then
    basic "$work"
    finish
fi
wrong_use "$work"
two_labs "$work"
broken_off "$work"
loaded "$work"
if [ "$(id -u)" -ne 0 ]; then
    ok "all of this as an unprivileged user"
elif setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-root-user true; then
    part setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent \
        bash "$here/selftest.sh" --basic
else
    skip "as an unprivileged user" "user namespaces are not allowed here"
fi
finish
