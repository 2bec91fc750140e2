#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The corpora: every capture under sanitizers, with many threads and field by field against tshark and anomaly by anomaly
# against Suricata; sequences over streams against its contents, marks of flows against its flowbits; JA4 against the
# values its authors published; names of certificates against OpenSSL; every feed of indicators through import and check.
# usage: tests/oracle/run.sh RELEASE-BUILD ASAN-BUILD
set -u
out=$1
sanitized=$2
corpora=../shared/corpora
if [ ! -d "$corpora" ]; then
    echo "SKIPPED: there is no $corpora"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find "$corpora" -type f \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' -o -name '*.ntar' -o -name '*.dmp' \) |
    LC_ALL=C sort > "$list"
status=0
# xargs would split a list this long in two: each would count for itself.
python3 tests/corpora/run.py --sanitized "$sanitized/shrike" --shrike "$out/shrike" $(cat "$list") || status=1
python3 tests/oracle/compare.py --shrike "$out/shrike" $(cat "$list") || status=1
python3 tests/oracle/anomalies.py --shrike "$out/shrike" --list "$list" || status=1
python3 tests/oracle/streams.py --shrike "$out/shrike" || status=1
# Rules of Suricata, imported, against Suricata itself: over captures of others, then over traffic made from the rules.
work=/tmp/shrike-suricata-rules
rules=$(echo "$corpora"/rules/et-open-2025-08/*.rules.gz)
python3 tests/oracle/suricata_rules.py --shrike "$out/shrike" --host "$out/host/captures_host" --work "$work" \
    --captures "$corpora/c2" --captures "$corpora/benign" --captures "$corpora/protocols" $rules || status=1
if [ -e "$work/all.rules" ]; then
    python3 tests/gen/rule_traffic.py "$work/all.rules" "$work/made.pcap" || status=1
    python3 tests/oracle/suricata_rules.py --shrike "$out/shrike" --host "$out/host/captures_host" --work "$work" \
        --way handshake --captures "$work/made.pcap" $rules || status=1
    # The same bytes, each message cut by two segments: where TCP's contents stand must not hang on that.
    grep '^alert tcp ' "$work/all.rules" > "$work/tcp.rules"
    python3 tests/gen/rule_traffic.py --cut "$work/tcp.rules" "$work/cut.pcap" || status=1
    python3 tests/oracle/suricata_rules.py --shrike "$out/shrike" --host "$out/host/captures_host" --work "$work/cut" \
        --way handshake --captures "$work/cut.pcap" "$work/tcp.rules" || status=1
fi
# Rules for Snort 2 and those of other authors.
others="$corpora/rules/snort-community.rules.gz $corpora/rules/pingback.rules $corpora/rules/sunburst/all-snort.rules"
python3 tests/oracle/suricata_rules.py --shrike "$out/shrike" --host "$out/host/captures_host" --work "$work-others" \
    --captures "$corpora/c2" --captures "$corpora/benign" --captures "$corpora/protocols" $others \
    "$corpora"/rules/hunting/*.rules "$corpora"/rules/abusech-2021/*.rules.gz || status=1
python3 tests/oracle/transforms.py --shrike "$out/shrike" --host "$out/host/captures_host" --work "$work/transforms" || status=1
python3 tests/oracle/ja4.py --shrike "$out/shrike" || status=1
# shellcheck disable=SC2046
python3 tests/oracle/san.py --shrike "$out/shrike" tests/pcaps/*cap \
    $(awk -F'\t' -v corpora="$corpora" '$12 ~ /x509/ {print corpora "/" $1}' "$corpora/MANIFEST.tsv") || status=1
python3 tests/oracle/marks.py --shrike "$out/shrike" tests/pcaps/*cap || status=1
python3 tests/corpora/feeds.py --shrike "$out/shrike" || status=1
python3 tests/corpora/urls.py --shrike "$out/shrike" || status=1
exit $status
