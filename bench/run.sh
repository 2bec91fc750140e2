#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# shrike against Suricata on the same capture, one thread each, in turn; ratios of CPU time.
# usage: bench/run.sh BUILD-FOLDER [ROUNDS]
# Needs ../shared/corpora for the captures and Suricata 7 on the PATH (../shared/peers/install-suricata.sh).
set -eu
out=$1
rounds=${2:-5}
corpora=../shared/corpora
work=${BENCH_WORK:-build/bench}
if [ ! -d "$corpora" ] || ! command -v suricata > /dev/null; then
    echo "SKIPPED: the bench needs $corpora and suricata"
    exit 0
fi
mkdir -p "$work/log"
[ -f "$work/mix.pcap" ] || python3 bench/mix.py "$corpora" "$work/mix.pcap" 300
[ -f "$work/rules.yml" ] || python3 bench/rules.py 1000 "$work/rules.yml" "$work/suricata.rules"
exec python3 bench/compare.py --shrike "$out/shrike" --capture "$work/mix.pcap" --rounds "$rounds" --work "$work" \
    --rules "$work/rules.yml" --suricata-rules "$work/suricata.rules"
