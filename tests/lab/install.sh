#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that building and testing need, when they are missing; with sudo
# when not root. Services that packages bring are neither started now nor at the next boot.
set -eu -o pipefail

build=(build-essential cmake ninja-build pkg-config git libglib2.0-dev libldap-dev libsasl2-dev
    libsasl2-modules-gssapi-mit libkrb5-dev libcurl4-openssl-dev libsqlite3-dev
    libssl-dev libxml2-dev libzstd-dev libsystemd-dev)
tests=(clang clang-format clang-tidy libclang-rt-14-dev llvm-14 libcmocka-dev samba
    samba-ad-provision samba-dsdb-modules samba-vfs-modules python3 python3-samba python3-ldb
    python3-jsonschema winbind krb5-user ldb-tools ldap-utils slapd openssl curl jq sqlite3 iproute2
    util-linux procps faketime)
services=(smbd nmbd winbind samba-ad-dc slapd)

installed() {
    dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

missing=()
for package in "${build[@]}" "${tests[@]}"; do
    installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "all packages are there"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "not a Debian system; needed: ${missing[*]}" >&2
    exit 1
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "missing packages: ${missing[*]}; install them as root" >&2
        exit 1
    }
    sudo=(sudo)
fi

# A server package's services must not run on a machine that only wants to test. One that the
# administrator set up before is left alone.
new=()
if [ -d /run/systemd/system ]; then
    for service in "${services[@]}"; do
        systemctl cat "$service" >/dev/null 2>&1 || new+=("$service")
    done
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${sudo[@]}" rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 755 "$policy"
fi

apt() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
        -o Dpkg::Use-Pty=0 "$@"
}

echo "installing ${#missing[@]} packages: ${missing[*]}"
apt update || echo "the list of packages could not be renewed; trying with the old one" >&2
apt install -y --no-install-recommends "${missing[@]}" >/dev/null
for service in "${new[@]}"; do
    "${sudo[@]}" systemctl disable --quiet "$service" 2>/dev/null || true
done
echo "installed"
