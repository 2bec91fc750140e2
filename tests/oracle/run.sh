#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Compares shrike with tshark over the corpora. usage: tests/oracle/run.sh BUILD-FOLDER [SAMPLE]
set -u
out=$1
sample=${2:-1}
corpora=../shared/corpora
if [ ! -d "$corpora" ]; then
    echo "SKIPPED: there is no $corpora"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
find "$corpora" -type f \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' -o -name '*.ntar' -o -name '*.dmp' \) |
    LC_ALL=C sort | xargs python3 tests/oracle/compare.py --shrike "$out/shrike" --sample "$sample"
