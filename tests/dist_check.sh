#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Exports HEAD into an empty folder, builds, tests and installs it there, and compiles a host against
# the installed headers and library.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git archive HEAD | tar -x -C "$folder"
cd "$folder"
make -s all
make -s check
make -s install DESTDIR="$folder/root" PREFIX=/usr
test -x root/usr/bin/shrike
root/usr/bin/shrike version
export PKG_CONFIG_PATH="$folder/root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$folder/root"
printf '#include <shrike/shrike.h>\n#include <stdio.h>\nint main(void) { puts(shrike_version()); return 0; }\n' > host.c
# shellcheck disable=SC2046
cc host.c -o host $(pkg-config --cflags --libs shrike)
LD_LIBRARY_PATH="$folder/root/usr/lib" ./host
echo "dist-check: an exported tree builds, tests, installs, and hosts compile against it"
