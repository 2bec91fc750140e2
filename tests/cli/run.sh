#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The command as a person or a script meets it: exit statuses, broken input, messages, determinism.
# usage: tests/cli/run.sh BUILD-FOLDER
set -u
out=$1
shrike=$out/shrike
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0

# check NAME EXPECTED-STATUS COMMAND... : runs it, keeps stdout in $work/out and stderr in $work/err.
check() {
    name=$1
    expected=$2
    shift 2
    "$@" > "$work/out" 2> "$work/err"
    status=$?
    if [ "$status" -eq "$expected" ]; then
        passed=$((passed + 1))
        echo "ok    cli $name"
    else
        failed=$((failed + 1))
        echo "FAIL  cli $name: status $status, expected $expected"
        sed 's/^/      /' "$work/err" | head -20
    fi
}

# says NAME FILE TEXT : the last command's stdout (out) or stderr (err) holds the text.
says() {
    if grep -qF -- "$3" "$work/$2"; then
        passed=$((passed + 1))
        echo "ok    cli $1"
    else
        failed=$((failed + 1))
        echo "FAIL  cli $1: '$3' is not in its $2:"
        head -5 "$work/$2" | sed 's/^/      /'
    fi
}

covenant=tests/pcaps/covenant.cap

check "no command is wrong usage" 2 "$shrike"
check "help is no error" 0 "$shrike" --help
for command in replay check fields; do
    check "$command --help is no error" 0 "$shrike" $command --help
done
check "an unknown command is wrong usage" 2 "$shrike" fly
says "and is named" err "no command 'fly'"
check "a wrong option is wrong usage" 2 "$shrike" replay --wrong x
check "no capture is wrong usage" 2 "$shrike" replay -S rules/
check "a wrong number is wrong usage" 2 "$shrike" replay --threads many "$covenant"
check "a body limit of nothing is wrong usage" 2 "$shrike" replay --body-limit 0 "$covenant"
says "and is explained" err "expected 1 to 64M"
check "a body limit" 0 "$shrike" replay -q --body-limit 1M --eve /dev/null "$covenant"
check "flow memory that holds no flow is wrong usage" 2 "$shrike" replay -q --memcap-flow 300K --threads 2 "$covenant"
says "with the share of a worker" err "153600 bytes for the flows of a worker"
check "version" 0 "$shrike" version
check "the field table in JSON" 0 "$shrike" fields --format json
cp "$work/out" "$work/fields.json"
check "is JSON" 0 python3 -m json.tool "$work/fields.json"

check "the shipped rules are clean" 0 "$shrike" check --strict rules/
mkdir "$work/empty"
check "a folder without rules is an error" 1 "$shrike" check "$work/empty"
says "that says so" out "there is no rule file"
check "rules that cannot be read are wrong usage" 2 "$shrike" check "$work/none.yml"
printf 'title: x\ndetection:\n  a:\n    http.uri: /x\n  condition: b\nlogsource: {product: shrike, service: http}\n' > "$work/bad.yml"
check "a bad rule is an error" 1 "$shrike" check "$work/bad.yml"
says "with its place" out "bad.yml:5:"
check "replay refuses bad rules" 2 "$shrike" replay -q -S "$work/bad.yml" "$covenant"
check "unless told to go on" 0 "$shrike" replay -q -S "$work/bad.yml" -S rules/ --keep-going --eve "$work/eve.json" "$covenant"
check "and the good ones alert" 0 grep -q 'Covenant' "$work/eve.json"

check "alerts do not fail a run" 0 "$shrike" replay -q -S rules/ --eve /dev/null "$covenant"
check "unless asked to" 1 "$shrike" replay -q --fail-on-alert -S rules/ --eve /dev/null "$covenant"
check "without rules nothing alerts" 0 "$shrike" replay -q --fail-on-alert --eve /dev/null "$covenant"
check "text for people" 0 "$shrike" replay -q -S rules/ -o - "$covenant"
says "names the rule" out "Covenant default HTTP profile"

# Broken input: what came before the break is processed, the place is named, the others run.
head -c 20000 "$covenant" > "$work/cut.pcap"
check "a cut capture is an input fault" 3 "$shrike" replay -q -S rules/ --eve "$work/eve.json" "$work/cut.pcap" "$covenant"
says "named with its byte" err "cut.pcap: byte "
check "and the other capture still ran" 0 grep -q "covenant.cap" "$work/eve.json"
: > "$work/empty.pcap"
check "an empty file is an input fault" 3 "$shrike" replay -q --eve /dev/null "$work/empty.pcap"
head -c 4096 /dev/urandom > "$work/noise.pcap"
check "noise is an input fault" 3 "$shrike" replay -q --eve /dev/null "$work/noise.pcap"
check "a missing file is an input fault" 3 "$shrike" replay -q --eve /dev/null "$work/none.pcap"
check "a wrong filter is wrong usage" 2 "$shrike" replay -q -f 'port of call' --eve /dev/null "$covenant"

# Output faults.
check "a full disk is an output fault" 4 "$shrike" replay -q -S rules/ --eve /dev/full "$covenant"
says "with the number of lines" err "lines lost"
check "an output that cannot be made is an output fault" 4 "$shrike" replay -q --eve "$work/no/eve.json" "$covenant"

# The same packets by other roads give the same alerts.
"$shrike" replay -q -S rules/ --eve "$work/plain.json" --log all "$covenant" 2> /dev/null
strip() { sed 's/"pcap_filename":"[^"]*",*//' "$1" > "$1.stripped"; }
strip "$work/plain.json"
gzip -c "$covenant" > "$work/c.pcap.gz"
zstd -q -c "$covenant" > "$work/c.pcap.zst"
for road in gz zst; do
    "$shrike" replay -q -S rules/ --eve "$work/$road.json" --log all "$work/c.pcap.$road" 2> /dev/null
    strip "$work/$road.json"
    check "$road gives the same output" 0 cmp "$work/plain.json.stripped" "$work/$road.json.stripped"
done
"$shrike" replay -q -S rules/ --eve "$work/stdin.json" --log all - < "$covenant" 2> /dev/null
strip "$work/stdin.json"
check "standard input gives the same output" 0 cmp "$work/plain.json.stripped" "$work/stdin.json.stripped"
for threads in 2 3 8; do
    "$shrike" replay -q -S rules/ --threads $threads --eve "$work/t.json" --log all tests/pcaps/ 2> /dev/null
    "$shrike" replay -q -S rules/ --threads 1 --eve "$work/one.json" --log all tests/pcaps/ 2> /dev/null
    check "$threads threads give the same output" 0 cmp "$work/one.json" "$work/t.json"
done

# What is no capture is named.
printf '\3757zXZ\0\0\4' > "$work/x.pcap.xz"
check "an xz file is a broken capture" 3 "$shrike" replay -q "$work/x.pcap.xz"
says "that is named" err "this is xz"

# The same where time jumps by years, hosts are many, and a rule is suppressed for a key that spans workers.
cat > "$work/noisy.yml" << 'RULE'
title: Every request of a host, once in a while
id: 0f6a3a3e-53a6-4a55-8d6e-6b1d1cbb9c11
level: low
logsource: {product: shrike, service: http}
detection:
  a: {http.method|startswith: ['GET', 'POST']}
  condition: a
shrike:
  suppress: {by: [src_ip], for: 90s}
RULE
python3 tests/gen/jumps.py "$work/jumps.pcap" tests/pcaps/covenant.cap tests/pcaps/empire.cap tests/pcaps/web.pcap
for threads in 1 1 2 4 8; do
    "$shrike" replay -q -S rules/ -S "$work/noisy.yml" --threads $threads --eve "$work/jumps.$threads" \
        --log all "$work/jumps.pcap" 2> /dev/null
    [ -f "$work/jumps.first" ] || cp "$work/jumps.$threads" "$work/jumps.first"
    check "time that jumps, $threads threads: the same output" 0 cmp "$work/jumps.first" "$work/jumps.$threads"
done
check "with alerts that were suppressed" 0 grep -q '"suppressed":[0-9]' "$work/jumps.first"

# More flows than an epoch has frames, all of which the end of the input ends.
python3 tests/gen/flows.py 20000 "$work/flows.pcap"
"$shrike" replay -q --log flow --eve "$work/flows.1" "$work/flows.pcap"
"$shrike" replay -q --log flow --threads 3 --eve "$work/flows.3" "$work/flows.pcap"
check "many flows at the end, 3 threads: the same output" 0 cmp "$work/flows.1" "$work/flows.3"
check "with every flow" 0 test "$(grep -c '"event_type":"flow"' "$work/flows.3")" -eq 20000

# Packets of alerted flows.
check "packets of alerted flows" 0 "$shrike" replay -q -S rules/ --eve "$work/eve.json" --pcap-out "$work/flows.pcapng" "$covenant"
check "are a capture that alerts again" 1 "$shrike" replay -q --fail-on-alert -S rules/ --eve "$work/again.json" "$work/flows.pcapng"
check "with as many alerts" 0 test "$(grep -c '"event_type":"alert"' "$work/eve.json")" -eq "$(grep -c '"event_type":"alert"' "$work/again.json")"
check "standard input cannot be read twice" 2 "$shrike" replay -q --pcap-out "$work/x.pcapng" -

# All fragments of their datagrams too, whatever carried those, in order.
python3 tests/gen/fragments.py "$work/fragments.pcap"
printf 'title: Mark\nid: 6f0c3a52-5d1e-4b60-9d1c-8f3d6f2f0002\nstatus: test\ndescription: A mark.\nlevel: high\nlogsource: {product: shrike, service: stream}\ndetection:\n  a:\n    payload|contains: EVILMARK\n  condition: a\n' > "$work/mark.yml"
check "fragments of alerted flows" 0 "$shrike" replay -S "$work/mark.yml" --eve "$work/eve.json" --pcap-out "$work/parts.pcapng" "$work/fragments.pcap"
says "are counted in the summary" err "datagrams joined from fragments"
check "and in the stats record" 0 grep -q '"defrag":{"ipv4":{"fragments":12,"reassembled":4,' "$work/eve.json"
check "both datagrams alert" 0 test "$(grep -c '"event_type":"alert"' "$work/eve.json")" -eq 2
check "their packets are a capture" 0 "$shrike" replay -q -S "$work/mark.yml" --eve "$work/again.json" "$work/parts.pcapng"
check "of nine frames" 0 grep -q '"decoder":{"pkts":9,' "$work/again.json"
check "which alerts as often" 0 test "$(grep -c '"event_type":"alert"' "$work/again.json")" -eq 2

# Each direction in a VLAN of its own.
check "a wrong answer about VLANs is wrong usage" 2 "$shrike" replay --vlan-key maybe "$covenant"
says "and says what is right" err "expected yes or no"

# Memory bounds that bite are told of.
check "parsers without memory" 0 "$shrike" replay --log http --memcap-protocols 1K --eve "$work/eve.json" "$covenant"
says "are in the summary" err "packets without memory for parsers (--memcap-protocols)"
check "and in the stats record" 0 grep -Eq '"error":.*"alloc":[1-9]' "$work/eve.json"
check "streams without memory" 0 "$shrike" replay -S rules/ --memcap-streams 1K --eve "$work/eve.json" "$covenant"
says "are in the summary too" err "bytes of streams not scanned (--memcap-streams)"
check "and in the stats record too" 0 grep -q '"stream_bytes_skipped":[1-9]' "$work/eve.json"

# The last record of a run.
check "the stats record is last" 0 sh -c "tail -n 1 '$work/eve.json' | grep -q '\"event_type\":\"stats\"'"

# Every line is what Suricata's own schema describes.
schema=../shared/peers/suricata-eve-schema.json
if [ -f "$schema" ]; then
    check "EVE lines are valid by Suricata's schema" 0 python3 tests/cli/schema.py "$schema" "$work/one.json"
else
    echo "SKIPPED cli schema: there is no $schema"
    skipped=$((skipped + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
