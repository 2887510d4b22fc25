#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that building and testing need, when they are missing; with sudo
# when not root. Services that packages bring are not started.
set -eu -o pipefail

build=(build-essential cmake ninja-build pkg-config git libglib2.0-dev libldap-dev libsasl2-dev
    libsasl2-modules-gssapi-mit libkrb5-dev libcurl4-openssl-dev libcjson-dev libsqlite3-dev
    libssl-dev libzstd-dev libsystemd-dev)
tests=(clang clang-format clang-tidy libclang-rt-14-dev llvm-14 libcmocka-dev samba
    samba-ad-provision samba-dsdb-modules samba-vfs-modules python3 python3-samba python3-ldb
    python3-jsonschema winbind krb5-user ldb-tools ldap-utils slapd openssl curl jq sqlite3 iproute2
    util-linux procps faketime)

missing=()
for package in "${build[@]}" "${tests[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "all packages are there"
    exit 0
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "missing packages: ${missing[*]}; install them as root" >&2
        exit 1
    }
    sudo=(sudo)
fi

# A package's service must not start on a machine that only wants to test.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 755 "$policy"
    trap '"${sudo[@]}" rm -f "$policy"' EXIT
fi
echo "installing: ${missing[*]}"
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"
