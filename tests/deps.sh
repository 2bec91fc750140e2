#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Installs all that building, testing and linting need from Debian 12's own packages.
set -eu
build="gcc make pkg-config libc6-dev libpcap-dev libhyperscan-dev libyaml-dev zlib1g-dev libzstd-dev
       libbrotli-dev libgnutls28-dev nettle-dev libpcre2-dev libjansson-dev libpsl-dev libidn2-dev"
tests="libcmocka-dev python3 python3-jsonschema python3-yaml tshark wireshark-common jq zstd gzip git file"
lint="clang clang-format clang-tidy cppcheck libclang-rt-14-dev universal-ctags valgrind"
if [ "$(id -u)" -ne 0 ]; then
    echo "make deps installs packages and needs root: sudo make deps" >&2
    exit 1
fi
missing=""
for package in $build $tests $lint; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "all packages are installed"
    exit 0
fi
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $missing
