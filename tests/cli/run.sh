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

# comes COMMAND... : waits until it holds. Two minutes are for what never comes; a slow machine is no failure.
comes() {
    for _ in $(seq 1200); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}

covenant=tests/pcaps/covenant.cap

check "no command is wrong usage" 2 "$shrike"
check "help is no error" 0 "$shrike" --help
for command in replay check import fields schema; do
    check "$command --help is no error" 0 "$shrike" $command --help
done
for option in $("$shrike" replay --help | sed -n 's/^  .\{4\}\(--[a-z-]*\).*/\1/p'); do
    [ "$option" = --help ] && continue
    check "$option is in the manual" 0 grep -qF -e "$(echo "$option" | sed 's/-/\\-/g')" docs/shrike.1
    check "and in docs/operations.md" 0 grep -qF -e "$option" docs/operations.md
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
check "with aliases one by one, flags and units" 0 jq -e 'map(select(.name == "src_ip"))[0].aliases[0] == "c-ip" and (map(select(.name == "dns.query.entropy"))[0] | .unit | startswith("bits a byte")) and (map(select(.name == "flow.age"))[0].flags == ["late"])' "$work/fields.json"
check "one field, by an alias" 0 "$shrike" fields cs-host
says "with its name" out "http.host"
says "and its flags explained" out "lower case comes in lower case"
check "a field of two events" 0 "$shrike" fields --format json tls.sni
cp "$work/out" "$work/fields.json"
check "is told of both" 0 jq -e 'map(.event) == ["flow", "tls"]' "$work/fields.json"
check "a field that is not there is wrong usage" 2 "$shrike" fields http.hots
says "and the nearest is named" err "did you mean 'http.host'?"
check "nor is an event" 2 "$shrike" fields htpp
says "and the nearest is named" err "did you mean 'http'?"

check "a schema for editors" 0 "$shrike" schema
seeds=tests/fuzz/seeds/rule
check "fits good rules, refuses spoilt ones" 0 python3 tests/cli/rule_schema.py "$shrike" rules/*.yml tests/golden/rules.yml "$seeds/modifiers.yml" "$seeds/packet.yml" "$seeds/filters.yml" "$seeds/correlations.yml" "$seeds/marks.yml" "$seeds/lists.yml" "$seeds/list_entries.yml" "$seeds/names.yml"
sigma=
[ -d ../shared/sigma/rules ] && sigma=../shared/sigma/rules
# shellcheck disable=SC2086
check "what it refuses check tells of, and a key that check does not know it refuses" 0 python3 tests/cli/rule_schema.py --judge "$shrike" rules tests/rules tests/golden/rules.yml $sigma

python3 -c 'print("title: Long\nid: 6f0c3a52-5d1e-4b60-9d1c-8f3d6f2f0077\nstatus: test\ndescription: Long.\nlevel: low\nlogsource: {product: shrike, service: http}\ndetection:\n  a:\n    http.uri|re: " + "a?" * 5000 + "b\n  condition: a")' > "$work/long.yml"
check "an expression whose width is dear to know is not asked for it" 0 timeout 120 "$shrike" check "$work/long.yml"

check "the shipped rules are clean" 0 "$shrike" check --strict rules/
mkdir "$work/empty"
check "a folder without rules is an error" 1 "$shrike" check "$work/empty"
says "that says so" out "there is no rule file"
check "rules that cannot be read are wrong usage" 2 "$shrike" check "$work/none.yml"
printf 'title: x\ndetection:\n  a:\n    http.uri: /x\n  condition: b\nlogsource: {product: shrike, service: http}\n' > "$work/bad.yml"
check "a rule from standard input" 1 sh -c '"$1" check - < "$2"' - "$shrike" "$work/bad.yml"
says "has places, too" out "<stdin>:5:"
check "as SARIF" 1 sh -c '"$1" check --format sarif - < "$2"' - "$shrike" "$work/bad.yml"
cp "$work/out" "$work/check.sarif"
check "that is SARIF" 0 python3 tests/cli/sarif.py "$work/check.sarif"
check "a good one, by a pipe" 0 sh -c 'gzip < rules/camouflage.yml | "$1" check --strict -' - "$shrike"
check "standard input twice is wrong usage" 2 "$shrike" check - -
printf '# to be written\n' > "$work/empty.yml"
check "a file of comments" 1 "$shrike" check --strict "$work/empty.yml"
says "holds no rule" out "empty.yml:1:1: warning: there is no rule in this file [no-rules]"
printf 'title: x\n' | iconv -f UTF-8 -t UTF-16 > "$work/utf16.yml"
check "a file in UTF-16" 1 "$shrike" check "$work/utf16.yml"
says "is told as such" out "utf16.yml:1:1: error: the file is UTF-16"
python3 -c 'print("title: " + "T" * 5000 + "\nid: 5b8f0d1e-0000-4000-8000-000000000001\nlevel: low\nlogsource: {product: shrike, service: http}\ndetection:\n  a: {http.uri|contains: \"" + "*a" * 5000 + "\"}\n  condition: a\n---\ntitle: x\nlogsource: {product: shrike, service: http}\ndetection:\n  a: {http.uri|contains: \"" + "*a" * 5000 + "\"}\n  condition: a")' > "$work/wide.yml"
check "values of 10,000 bytes" 0 "$shrike" check "$work/wide.yml"
says "are quoted" out "*a*a*...\` alone"
cp "$work/out" "$work/wide.out"
check "and do not fill the messages" 0 awk 'length($0) > 300 {exit 1}' "$work/wide.out"
printf 'list: users\ntype: ip\nfile: /etc/passwd\n' > "$work/kind.yml"
check "a list whose file is of another kind" 1 "$shrike" check "$work/kind.yml"
says "tells how many lines there are" out "more values are not an address"
cp "$work/out" "$work/kind.out"
check "and shows but its first three" 0 sh -c '[ "$(grep -c "^/etc/passwd:" "$1")" -eq 3 ]' - "$work/kind.out"
check "a bad rule is an error" 1 "$shrike" check "$work/bad.yml"
says "with its place" out "bad.yml:5:"
check "as JSON" 1 "$shrike" check --format json "$work/bad.yml"
cp "$work/out" "$work/check.json"
check "with its messages" 0 jq -e '.errors == 1 and (.messages | map(select(.severity == "error" and .line == 5)) | length) == 1' "$work/check.json"
check "as SARIF" 1 "$shrike" check --format sarif tests/rules/bad
cp "$work/out" "$work/check.sarif"
check "that is SARIF" 0 python3 tests/cli/sarif.py "$work/check.sarif"
check "check tells its statuses" 0 "$shrike" check --help
says "with that of lost output" out "4 the report could not be written"
check "another format is wrong usage" 2 "$shrike" check --format xml "$work/bad.yml"
check "the table of checks" 0 "$shrike" check --list-checks
says "has the names that messages have" out "unknown-field"
check "every name of the code stands in it" 0 python3 tests/lint/checks.py

# The tests that rules carry.
tested() { # TESTS: a rule that fires on covenant.cap
    printf 'title: t\nid: 5b8f0d1e-0000-4000-8000-000000000001\nlevel: low\nlogsource: {product: shrike, service: http}\ndetection:\n  s: {http.method: POST}\n  condition: s\n' > "$work/t.yml"
    [ -z "$1" ] || printf 'shrike:\n  tests:\n%s\n' "$1" >> "$work/t.yml"
}
cp "$covenant" "$work/c.cap"
posts=$("$shrike" replay -q --log http --eve - "$covenant" 2> /dev/null | grep -c '"http_method":"POST"')
tested "    - {pcap: c.cap, alerts: $posts}"
check "a test that holds" 0 "$shrike" check --test "$work/t.yml"
says "is counted" out "1 passed, 0 failed, 0 skipped"
printf 'title: f\ndescription: d\nlogsource: {product: shrike}\nfilter:\n  rules: any\n  s: {proto: tcp}\n  condition: s\n' > "$work/all.yml"
check "it holds beside a filter that silences the rule" 0 "$shrike" check --test "$work/t.yml" "$work/all.yml"
tested "    - {pcap: c.cap, alerts: 1000}
    - {pcap: none.cap, alerts: 1}"
check "a test that does not hold is an error" 1 "$shrike" check --test "$work/t.yml"
says "at its place" out "t.yml:10:7: error: \`t\` raises $posts alert(s) in \`c.cap\`, expected 1000 [test-failed]"
says "a capture that is missing is told" out "skipped: there is no capture \`none.cap\`"
says "and counted" out "0 passed, 1 failed, 1 skipped"
check "as JSON" 1 "$shrike" check --test --format json "$work/t.yml"
cp "$work/out" "$work/check.json"
check "with what was found" 0 jq -e --argjson n "$posts" '.tests.results[0] | .alerts == $n and .expected == 1000 and .outcome == "failed"' "$work/check.json"
tested "    - {pcap: none.cap, alerts: 1}"
check "a rule whose only capture is missing is not tested" 0 "$shrike" check --test "$work/t.yml"
says "its capture is a warning" out "t.yml:10:7: warning: skipped: there is no capture \`none.cap\` [test-skipped]"
says "so is the rule" out "t.yml:1:1: warning: \`t\` was not tested: its captures are not there [untested]"
says "the summary counts it" out "1 rule(s), 1 of them untested"
says "and its test" out "0 passed, 0 failed, 1 skipped"
check "with --strict it fails" 1 "$shrike" check --test --strict "$work/t.yml"
tested "    - {pcap: c.cap, alerts: $posts}
    - {pcap: none.cap, alerts: 1}"
check "one of two captures is enough to be tested" 0 "$shrike" check --test --format json "$work/t.yml"
cp "$work/out" "$work/check.json"
check "in JSON, too" 0 jq -e '.tests.untested_rules == 0 and .tests.skipped == 1 and .tests.results[1].outcome == "skipped"' "$work/check.json"
tested ""
check "a rule without tests is a warning" 0 "$shrike" check --test "$work/t.yml"
says "that says so" out "\`t\` has no tests [untested]"
check "and an error with --strict" 1 "$shrike" check --test --strict "$work/t.yml"
tested "    - {pcap: c.cap, alerts: 0}"
check "so is one that no test sees alert" 1 "$shrike" check --test --strict "$work/t.yml"
says "that says so, too" out "\`t\` has no test in which it alerts"
mkdir "$work/c.folder"
cp "$covenant" "$work/c.folder/c.cap"
mkfifo "$work/c.pipe"
for what in folder pipe; do
    tested "    - {pcap: c.$what, alerts: 0}"
    check "a test whose capture is a $what" 1 timeout 120 "$shrike" check --test "$work/t.yml"
    says "fails, and says why" out "t.yml:10:7: error: \`c.$what\` is no file: a test names one capture [test-failed]"
    says "and is counted" out "0 passed, 1 failed, 0 skipped"
done
rm "$work/c.pipe"
tested "    - {pcap: c.cap, alerts: 0}"
sed -i "s/service: http/service: stream/; s/{http.method: POST}/{'payload|entropy|gt': 3}/" "$work/t.yml"
check "a test of no alerts, of a rule that does not compile" 1 "$shrike" check --test "$work/t.yml"
says "does not hold" out "0 passed, 1 failed, 0 skipped"

# What a rule becomes.
check "a rule is explained by its title" 0 "$shrike" check --explain "covenant default http profile" rules/
says "with its gate" out "literal  http.cookie"
says "and the order of its condition" out "    http.cookie|contains|all: ASPSESSIONID="
check "by its sid, as JSON" 0 "$shrike" check --explain 267771837 --format json rules/
cp "$work/out" "$work/explain.json"
check "that names gates and fields" 0 jq -e '.gates[0].field == "http.cookie" and .gates[0].opens_rules == 1 and .condition[0].kind == "and"' "$work/explain.json"
check "a rule over raw bytes" 0 "$shrike" check --explain ac21ce72-b0c8-5f77-b5dc-cb3131f57a55 rules/
says "with its patterns" out "DOTALL; payload.head of to_client; in a Hyperscan database of"
cat > "$work/chain.yml" << 'END'
title: chain
logsource: {product: shrike, service: stream}
detection:
  a:
    payload:
      sequence:
        - {contains: 'ping|STRRAT|'}
        - {re: '^[0-9A-F]{8}\|', distance: 0}
        - {contains: 'Not Installed', distance: 0, within: 200}
  b: {payload|re: '(\d)4\1'}
  c: {payload.segment: {sequence: [{contains: 'ping|', at: 0}, {not: true, contains: Linux}]}}
  condition: a and b and c
END
check "a sequence over a stream is explained" 0 "$shrike" check --explain chain "$work/chain.yml"
says "with its bytes" out "asked of blocks of 8192 bytes, each half over the next, where a gate was found"
says "and its gate" out "a gate: what it opens is asked of the bytes around it"
says "a segment" out "asked of each segment alone"
check "as JSON" 0 "$shrike" check --explain chain --format json "$work/chain.yml"
cp "$work/out" "$work/explain.json"
check "too" 0 jq -e '[.windows[] | .of] | sort == ["blocks", "blocks", "segments"]' "$work/explain.json"
check "it alerts" 0 "$shrike" replay -q --no-stats --eve "$work/eve.json" -S "$work/chain.yml" tests/pcaps/strrat.pcap
check "once, with the bytes that it found" 0 jq -es 'length == 1 and
    (.[0].alert.metadata.shrike.evidence | map(select(.field == "payload" and .offset == 7)) | length) == 1' "$work/eve.json"
printf 'title: n\nid: 5b8f0d1e-0000-4000-8000-000000000002\nlevel: low\nlogsource: {product: shrike, service: http}\ndetection:\n  a: {http.method: POST}\n  b: {http.stat_code: 200}\n  c: {dst_ip|expand: "%%dated%%"}\n  condition: a and c and not b\n---\nlist: dated\ntype: ip\nexpires: %s\nvalues: [10.9.9.9]\n' 2019-01-01 > "$work/n.yml"
check "a rule with a list that expires" 0 "$shrike" check --explain n "$work/n.yml"
says "tells the day" out "list       dated: 1 of type ip, until 2019-01-01"
check "as JSON" 0 "$shrike" check --explain n --format json "$work/n.yml"
cp "$work/out" "$work/explain.json"
check "too" 0 jq -e '.lists[0].expires == "2019-01-01"' "$work/explain.json"
check "what a condition excludes waits, what it asks for does not" 0 jq -e '[.condition[] | select(.field == "http.stat_code" or .field == "http.method") | {field, waits}] | sort_by(.field) == [{field: "http.method", waits: false}, {field: "http.stat_code", waits: true}]' "$work/explain.json"
sed -i 's/expires: .*/expires: 2019-01-01T12:30:00Z/' "$work/n.yml"
check "a list that expires within a day" 0 "$shrike" check --explain n "$work/n.yml"
says "tells the time" out "until 2019-01-01T12:30:00Z"
check "a rule that is not there is wrong usage" 2 "$shrike" check --explain "covenant defalt http profile" rules/
says "and the nearest is named" err "did you mean 'Covenant default HTTP profile'?"
check "SARIF is no form of an explanation" 2 "$shrike" check --explain 267771837 --format sarif rules/

check "replay refuses bad rules" 2 "$shrike" replay -q -S "$work/bad.yml" "$covenant"
check "unless told to go on" 0 "$shrike" replay -q -S "$work/bad.yml" -S rules/ --keep-going --eve "$work/eve.json" "$covenant"
check "also where a file is missing" 0 "$shrike" replay -q -S "$work/nosuch.yml" -S rules/ --keep-going --eve - "$covenant"
says "and the others alert" out '"event_type":"alert"'
check "and the good ones alert" 0 grep -q 'Covenant' "$work/eve.json"

# What a rule set loses is said: filters silence and are counted, the rest is left out and counted.
printf 'title: Known proxy\ndescription: scans on purpose\nexpires: 2099-12-31\nlogsource: {product: shrike, service: http}\nfilter:\n  rules: any\n  s: {src_ip|cidr: 0.0.0.0/0}\n  condition: s\n' > "$work/filter.yml"
check "a filter silences" 0 "$shrike" replay -S rules/ -S "$work/filter.yml" --eve "$work/eve.json" "$covenant"
says "and is told with its reason and its end" err "64  silenced by    Known proxy: scans on purpose  (until 2099-12-31)"
says "beside the sum" err "(+64 silenced)"
check "no alert is written" 1 grep -q '"event_type":"alert"' "$work/eve.json"
check "the stats record counts it" 0 jq -se '.[-1].stats.detect | .alerts_silenced == 64 and .filters[0].title == "Known proxy" and .filters[0].silenced == 64 and .filters[0].expires == "2099-12-31"' "$work/eve.json"
check "the same with three threads" 0 "$shrike" replay --threads 3 -S rules/ -S "$work/filter.yml" --eve /dev/null "$covenant"
says "has the same count" err "64  silenced by"
sed 's/2099-12-31/2016-01-01/' "$work/filter.yml" > "$work/old.yml"
check "an expired filter" 0 "$shrike" replay -S rules/ -S "$work/old.yml" --eve "$work/eve.json" "$covenant"
check "silences nothing" 0 jq -se '.[-1].stats.detect | .alerts_silenced == 0 and .alert > 0' "$work/eve.json"
check "and the linter says so" 0 "$shrike" check "$work/old.yml"
says "with its date" out "it silences nothing after 2016-01-01"
check "a rule tells its filters" 0 "$shrike" check --explain "covenant default http profile" rules/ "$work/filter.yml"
says "with their places" out "filter     Known proxy ($work/filter.yml:1), until 2099-12-31"
printf 'title: f\nlogsource: {category: proxy}\nfilter:\n  rules: any\n  s: {src_ip: 10.0.0.256}\n  condition: s\n' > "$work/filter.yml"
check "a filter that is wrong stops a run" 2 "$shrike" replay -q -S "$work/filter.yml" "$covenant"
check "unless told to go on" 0 "$shrike" replay -q -S "$work/filter.yml" --keep-going --eve /dev/null "$covenant"
says "and is told all the same" err "is not an address"
printf 'title: a\nlevel: low\nlogsource: {category: process_creation}\ndetection:\n  s: {Image: a}\n  condition: s\n---\ntitle: b\nname: b\nlevel: low\nlogsource: {category: dns}\ndetection:\n  s: {dns.query: a}\n  condition: s\n---\ntitle: c\ncorrelation: {type: event_count, rules: [b], group-by: [src_ip], timespan: 1h, condition: {gte: 10}}\n' > "$work/host.yml"
check "rules that are left out do not stop a run" 0 "$shrike" replay -S "$work/host.yml" --eve /dev/null "$covenant"
says "but are counted" err "left out of the rules: 1 not for the wire, 1 with correlation"
sed -i 's/rules: \[b\]/rules: [bb]/' "$work/host.yml"
check "a correlation of a rule that is not there is an error" 1 "$shrike" check "$work/host.yml"
says "with its place" out "host.yml:17:42: error: there is no rule \`bb\`"

# Rule files are read once, however many paths lead to them; what a folder passes over is told.
mkdir -p "$work/many/deeper/d.yml"
cp rules/frameworks.yml "$work/many/x.yml"
ln -s x.yml "$work/many/y.yml"
ln "$work/many/x.yml" "$work/many/deeper/z.yml"
check "is read once" 0 "$shrike" check "$work/many" "$work/many/x.yml" "$work/many/deeper"
says "and counted once" out "1 file(s), "
says "with a note for the others in a folder" out "y.yml: note: a file that was read before: passed over [passed-over]"
check "so it is in a run" 0 "$shrike" replay -q -S "$work/many" -S "$work/many/x.yml" --eve /dev/null "$covenant"
ln -s nowhere "$work/many/c.yml"
ln -s .. "$work/many/deeper/up"
mkfifo "$work/many/p.yml"
check "what a folder of rules passes over is no error" 0 timeout 120 "$shrike" check "$work/many"
says "but told: a link that leads nowhere" out "c.yml: warning: cannot be read: No such file or directory: passed over [passed-over]"
says "a pipe" out "p.yml: warning: not a plain file: passed over [passed-over]"
says "a folder with the name of a file" out "d.yml: warning: a folder, and there is no rule file in it: passed over [passed-over]"
says "a folder that was met before" out "deeper/up: warning: a folder that was met before: passed over [passed-over]"
check "a run tells them, too" 0 "$shrike" replay -q -S "$work/many" --eve /dev/null "$covenant"
says "as a warning" err "c.yml: warning: cannot be read"
check "and with --strict they are errors" 1 "$shrike" check --strict "$work/many"

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

check "an output that cannot be made is told before the run" 4 "$shrike" replay --pcap-out "$work/no/x.pcapng" --eve /dev/null "$covenant"
check "without a summary" 1 grep -q "packets/s" "$work/err"
if [ -c /dev/full ]; then
    for command in --help version fields 'replay --help' "check rules/" "check --explain 267771837 rules/"; do
        # shellcheck disable=SC2016
        check "$command to a full disk is an output fault" 4 sh -c '"$0" $1 > /dev/full' "$shrike" "$command"
        says "that says so" err "standard output: write failed"
    done
fi

# The order of statuses: lost output, a broken capture, alerts.
check "output that is lost comes before a broken capture" 4 "$shrike" replay -q -S rules/ --fail-on-alert --eve /dev/full "$work/cut.pcap"
check "and a broken capture before alerts" 3 "$shrike" replay -q -S rules/ --fail-on-alert --eve /dev/null "$work/cut.pcap" "$covenant"

# No output is an input or another output, by whatever name.
cp "$covenant" "$work/in.pcap"
cp rules/frameworks.yml "$work/in.yml"
ln -s in.pcap "$work/soft.pcap"
ln "$work/in.pcap" "$work/hard.pcap"
ln -s new.out "$work/dangling"
refused() {
    check "refused: $*" 2 "$shrike" replay -q -S "$work/in.yml" "$@"
}
for link in in soft hard; do
    refused --eve "$work/$link.pcap" "$work/in.pcap"
    says "and both are named" err "--eve $work/$link.pcap would overwrite the capture $work/in.pcap"
    refused -o "$work/../${work##*/}/$link.pcap" "$work/in.pcap"
    refused --pcap-out "$work/$link.pcap" --eve /dev/null "$work/in.pcap"
done
refused --eve "$work/in.yml" "$work/in.pcap"
mkdir -p "$work/in.rules/more"
cp rules/frameworks.yml "$work/in.rules/more/x.yml"
check "a rule of a folder is no output" 2 "$shrike" replay -q -S "$work/in.rules" --eve "$work/in.rules/more/x.yml" "$work/in.pcap"
says "and is named" err "--eve $work/in.rules/more/x.yml would overwrite the rules $work/in.rules/more/x.yml"
check "another file in it may be one" 0 "$shrike" replay -q -S "$work/in.rules" --eve "$work/in.rules/more/out.json" "$work/in.pcap"
refused --eve "$work/new.out" -o "$work/./new.out" "$work/in.pcap"
says "and both are named" err "--eve $work/new.out and --output $work/./new.out are one file"
refused --eve "$work/dangling" --pcap-out "$work/new.out" "$work/in.pcap"
refused --eve - -o - "$work/in.pcap"
refused --eve - --pcap-out - "$work/in.pcap"
# shellcheck disable=SC2016
check "standard output under two names is one" 2 sh -c '"$0" replay -q --eve - -o /dev/stdout "$1" | cat; "$0" replay -q --eve - -o /dev/stdout "$1" > "$2"' "$shrike" "$covenant" "$work/new.out"
# shellcheck disable=SC2016
check "standard input cannot be an output" 2 sh -c '"$0" replay -q --eve "$1" - < "$1"' "$shrike" "$work/in.pcap"
printf 'a.example\n' > "$work/in.rules/names.txt"
ln -s in.rules/names.txt "$work/names.link"
cp "$work/in.rules/names.txt" "$work/names.kept"
printf 'list: names\ntype: domain\nfile: names.txt\n' > "$work/in.rules/names.yml"
for option in --eve -o --pcap-out; do
    check "a list file of a folder is no output: $option" 2 "$shrike" replay -q -S "$work/in.rules" "$option" "$work/names.link" "$work/in.pcap"
done
says "and is named" err "--pcap-out $work/names.link would overwrite the list $work/in.rules/names.txt"
check "nor that of a rule file" 2 "$shrike" replay -q --keep-going -S "$work/in.rules/names.yml" --eve "$work/in.rules/names.txt" "$work/in.pcap"
check "the list is whole" 0 cmp "$work/in.rules/names.txt" "$work/names.kept"
check "the capture is whole" 0 cmp "$work/in.pcap" "$covenant"
check "and so are the rules" 0 cmp "$work/in.yml" rules/frameworks.yml
check "/dev/null can be named twice" 0 "$shrike" replay -q -S rules/ --eve /dev/null -o /dev/null "$covenant"
rm "$work/hard.pcap" "$work/soft.pcap"

# Options that would do nothing say what they need.
check "logs need somewhere to go" 2 "$shrike" replay -q --log http "$covenant"
says "and are told where" err "add --eve FILE"
check "payloads too" 2 "$shrike" replay -q --payload-printable "$covenant"
says "and are told where" err "--payload-printable adds to the alerts of --eve"
check "no memory at all is wrong usage" 2 "$shrike" replay -q --memcap-streams 0 "$covenant"
for option in --eve --output --pcap-out; do
    check "$option without a name is wrong usage" 2 "$shrike" replay -q "$option" "" "$covenant"
    says "and says what it needs" err "$option '': expected the name of a file, or - for standard output"
done
check "logs of nothing are wrong usage" 2 "$shrike" replay -q --eve /dev/null --log "" "$covenant"
says "and are told what there is" err "expected http, dns, tls, flow, anomaly or all"
check "too little memory for flows" 2 "$shrike" replay -q --memcap-flow 1 "$covenant"
says "is told with its option" err "--memcap-flow"
# shellcheck disable=SC2016
for second in - /dev/stdin; do
    check "standard input twice, as $second, is wrong usage" 2 timeout 120 sh -c 'cat "$2" | "$0" replay -q --eve /dev/null - "$1"' "$shrike" "$second" "$covenant"
    says "that says so" err "standard input is named twice"
done
check "quiet without an output writes the alerts" 0 "$shrike" replay -q -S rules/ "$covenant"
says "to standard output" out "Covenant default HTTP profile"

# What others named does not steer the terminal.
cp "$covenant" "$work/$(printf 'a\033[31m.pcap')"
printf 'title: "a\\e[31m\\nb"\nid: 11111111-1111-4111-8111-111111111403\nlogsource: {product: shrike, service: http}\ndetection: {a: {http.method: GET}, condition: a}\nlevel: high\n' > "$work/escape.yml"
check "a title and a name with control characters" 0 "$shrike" replay -S "$work/escape.yml" "$work/$(printf 'a\033[31m.pcap')"
says "are shown" out 'a\x1b[31m\x0ab'
says "in messages too" err 'a\x1b[31m.pcap: byte'
cat "$work/out" "$work/err" > "$work/shown"
check "without the characters" 1 grep -q "$(printf '\033')" "$work/shown"
rm "$work/$(printf 'a\033[31m.pcap')"

# An interrupted run says so. The packets come by a pipe that stays open.
for ending in INT:130 TERM:143; do
    signal=${ending%:*}
    mkfifo "$work/pipe"
    env --default-signal=INT "$shrike" replay -S rules/ --eve "$work/cut.json" - < "$work/pipe" > /dev/null 2> "$work/cut.err" &
    run=$!
    exec 3> "$work/pipe"
    comes test -e "$work/cut.json" # signals are caught by then
    head -c 50000 "$covenant" >&3
    kill -"$signal" "$run"
    head -c 100000 "$covenant" | tail -c 50000 >&3
    exec 3>&-
    wait "$run"
    check "SIG$signal ends a run with its status" 0 test $? -eq "${ending#*:}"
    check "which says so" 0 grep -q "interrupted after [0-9]* packets" "$work/cut.err"
    check "and writes its last record" 0 grep -q '"event_type":"stats"' "$work/cut.json"
    rm "$work/pipe" "$work/cut.json"
done

# The same packets by other roads give the same alerts.
"$shrike" replay -q -S rules/ --eve "$work/plain.json" --log all "$covenant" 2> /dev/null
strip() { sed 's/"pcap_filename":"[^"]*",*//' "$1" > "$1.stripped"; }
strip "$work/plain.json"
check "a flow with an alert says so" 0 grep -q '"event_type":"flow".*"alerted":true' "$work/plain.json"
check "and one without, too" 0 grep -q '"event_type":"flow".*"alerted":false' "$work/plain.json"
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

# What follows a gzip stream and is no member of it is a warning, as of gzip itself.
(gzip -c "$covenant"; printf 'JUNK') > "$work/stray.pcap.gz"
check "bytes behind a gzip stream" 0 "$shrike" replay -q -S rules/ --eve "$work/gz.json" --log all "$work/stray.pcap.gz"
says "are a warning" err "4 byte(s) after the gzip stream are no part of it: ignored"
strip "$work/gz.json"
check "with all packets" 0 cmp "$work/plain.json.stripped" "$work/gz.json.stripped"
check "also by a pipe" 0 sh -c "cat '$work/stray.pcap.gz' | '$shrike' replay -q --eve /dev/null -"
(gzip -c "$covenant"; printf '\037\213\010\0\0\0') > "$work/stray.pcap.gz"
check "a member that is cut is an input fault" 3 "$shrike" replay -q --eve /dev/null "$work/stray.pcap.gz"

# What is no capture is named.
printf '\3757zXZ\0\0\4' > "$work/x.pcap.xz"
check "an xz file is a broken capture" 3 "$shrike" replay -q "$work/x.pcap.xz"
says "that is named" err "this is xz"

# Folders: what should be a capture and cannot be read is a fault, what is none is passed over, nothing hangs.
mkdir -p "$work/folder/deeper"
cp "$covenant" "$work/folder/a.cap"
printf '\3757zXZ\0\0\4' > "$work/folder/b.pcap.xz"
echo notes > "$work/folder/notes.txt"
mkfifo "$work/folder/pipe"
ln -s .. "$work/folder/deeper/up"
check "a folder with a capture that cannot be read is an input fault" 3 timeout 120 "$shrike" replay -r -S rules/ --eve "$work/eve.json" "$work/folder"
says "that is named" err "b.pcap.xz: byte 0: this is xz"
says "what is no capture is passed over" err "notes.txt: byte 0: not a capture file"
says "as are pipes" err "pipe: not a plain file"
says "and folders met before" err "deeper/up: a folder that was met before"
check "the others still ran" 0 test "$(grep -c '"event_type":"alert"' "$work/eve.json")" -gt 0
rm "$work/folder/b.pcap.xz" "$work/folder/a.cap" "$work/folder/pipe"
check "a folder without a capture is wrong usage" 2 "$shrike" replay -q "$work/folder"
says "with a reason" err "notes.txt"

# A capture that is emptied while it is read, as a ring of tcpdump's does: no crash.
python3 tests/gen/flows.py 300000 "$work/ring.pcap"
cp "$work/ring.pcap" "$work/ring"
"$shrike" replay -q --threads 2 --eve "$work/ring.json" "$work/ring" 2> "$work/err" &
run=$!
comes test -e "$work/ring.json" # it is read from now on
: > "$work/ring"
wait $run
status=$?
check "a capture that is emptied while it is read does not kill ($status)" 0 test $status -eq 0 -o $status -eq 3

# A live pipe: alerts come while it is quiet, all of them, and a signal ends the run in order.
test_alerts() { test "$(grep -cs '"event_type":"alert"' "$1")" = "$2"; }
whole=$(grep -c '"event_type":"alert"' "$work/plain.json")
for threads in 1 2; do
    rm -f "$work/live" "$work/live.json"
    mkfifo "$work/live"
    (cat "$covenant"; exec sleep 600) > "$work/live" &
    feed=$!
    "$shrike" replay -q --threads $threads -S rules/ --eve "$work/live.json" "$work/live" 2> "$work/err" &
    run=$!
    check "a pause of a pipe, $threads thread(s): what was found is written" 0 comes test_alerts "$work/live.json" "$whole"
    kill -TERM $run
    wait $run
    check "a signal ends the wait in order" 0 test $? -eq 143
    kill $feed 2> /dev/null
    check "with the last record" 0 sh -c "tail -n 1 '$work/live.json' | grep -q '\"event_type\":\"stats\"'"
    check "and the whole run's alerts" 0 test_alerts "$work/live.json" "$whole"
done

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

# The progress bar.
if python3 -c 'import pty; pty.openpty()' 2> "$work/err"; then
    check "the bar fits the terminal" 0 python3 tests/cli/progress.py "$shrike" "$covenant"
else
    echo "SKIPPED: the progress bar: this machine has no pseudo-terminal"
    skipped=$((skipped + 1))
fi

# Packets of alerted flows.
check "packets of alerted flows" 0 "$shrike" replay -q -S rules/ --eve "$work/eve.json" --pcap-out "$work/flows.pcapng" "$covenant"
check "are a capture that alerts again" 1 "$shrike" replay -q --fail-on-alert -S rules/ --eve "$work/again.json" "$work/flows.pcapng"
check "with as many alerts" 0 test "$(grep -c '"event_type":"alert"' "$work/eve.json")" -eq "$(grep -c '"event_type":"alert"' "$work/again.json")"
check "alerts of which two find room" 0 "$shrike" replay -q -S rules/ --eve /dev/null --pcap-out "$work/some.pcapng" --memcap-alerts 64 "$covenant"
says "are counted" err "2 alert(s) found no memory (--memcap-alerts)"
check "standard input cannot be read twice" 2 "$shrike" replay -q --pcap-out "$work/x.pcapng" -
mkfifo "$work/pipe"
check "nor can a pipe" 2 "$shrike" replay -q --pcap-out "$work/x.pcapng" --eve /dev/null "$work/pipe"
rm "$work/pipe"
check "packets to standard output" 0 "$shrike" replay -q -S rules/ --pcap-out - "$covenant"
cp "$work/out" "$work/standard.pcapng"
check "are the same" 0 cmp "$work/standard.pcapng" "$work/flows.pcapng"
check "nothing but the file is left" 1 sh -c "ls -a '$work' | grep -q part"
cat > "$work/packet.yml" << 'RULE'
title: No flow
id: 0f6a3a3e-53a6-4a55-8d6e-6b1d1cbb9c12
level: low
logsource: {product: shrike, service: anomaly}
detection:
  a: {anomaly.type|re: '.'}
  condition: a
RULE
printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0\1\0\0\0\2\0\0\0\20\0\0\0\20\0\0\0aaaaaabbbbbb\10\0E\0' > "$work/short.pcap"
check "an alert without a flow" 0 "$shrike" replay -q -S "$work/packet.yml" --eve /dev/null --pcap-out "$work/short.pcapng" "$work/short.pcap"
check "brings its packet and says why" 0 grep -q "shrike alert [0-9]*: No flow" "$work/short.pcapng"
"$shrike" replay -q -S rules/ --eve "$work/slash.json" tests/pcaps/ 2> /dev/null
check "a folder named with a slash is named with one" 1 grep -q 'pcaps//' "$work/slash.json"

# Flows that end carry where their last packet is; what was suppressed is counted.
printf 'title: f\nid: 11111111-1111-4111-8111-111111111401\nlogsource: {product: shrike, service: flow}\ndetection: {a: {dst_port: 80}, condition: a}\nlevel: high\n' > "$work/flow.yml"
for threads in 1 3; do
    check "an alert about a flow, $threads thread(s)" 0 "$shrike" replay -q --threads $threads -S "$work/flow.yml" --eve - "$covenant"
    says "names its last packet" out '"pcap_cnt":196,"pcap_filename":"tests/pcaps/covenant.cap","event_type":"alert"'
    check "a noisy rule, $threads thread(s)" 0 "$shrike" replay --threads $threads -S "$work/noisy.yml" --eve /dev/null "$covenant"
    says "tells how often it was" err "Every request of a host, once in a while  (+19 suppressed)"
done

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

# Marks: a rule that says nothing marks, another asks.
cat > "$work/marks.yml" << 'END'
title: asks
id: 5b8f0d1e-0000-4000-8000-0000000000a1
level: low
logsource: {product: shrike, service: http}
detection:
  s: {http.method: POST, flow.mark: got}
  condition: s
shrike: {sid: 71}
---
title: marks
id: 5b8f0d1e-0000-4000-8000-0000000000a2
level: low
logsource: {product: shrike, service: http}
detection:
  s: {http.method: GET}
  condition: s
shrike: {sid: 72, alert: false, marks: {set: [got]}, tests: [{pcap: c.cap, matches: 20}, {pcap: c.cap, matches: 20, alerts: 0}]}
END
check "marks lead from one rule to another" 0 "$shrike" replay -S "$work/marks.yml" --eve "$work/eve.json" "$covenant"
says "who says nothing is counted" err "20  held          marks  (alert: false)"
check "an alert names the marks as Suricata does" 0 jq -se 'map(select(.event_type == "alert")) | length == 1 and .[0].alert.signature_id == 71 and .[0].metadata.flowbits == ["got"]' "$work/eve.json"
{ cat "$work/marks.yml"; printf -- '---\ntitle: not here\nlogsource: {product: shrike, service: http}\nfilter:\n  rules: [5b8f0d1e-0000-4000-8000-0000000000a2]\n  s: {src_ip|cidr: 0.0.0.0/0}\n  condition: s\n'; } > "$work/marks.silent.yml"
check "a rule that a filter silences sets no mark" 0 "$shrike" replay -S "$work/marks.silent.yml" --eve "$work/eve.json" "$covenant"
says "so the other does not hold" err "0 alerts ("
check "tests count what matches without a word" 0 "$shrike" check --test "$work/marks.yml"
says "and pass" out "2 passed, 0 failed, 0 skipped"
sed 's/matches: 20/matches: 3/' "$work/marks.yml" > "$work/marks3.yml"
check "or fail" 1 "$shrike" check --test "$work/marks3.yml"
says "with both numbers" out "\`marks\` matches 20 time(s) in \`c.cap\`, expected 3 [test-failed]"
check "marks are explained" 0 "$shrike" check --explain marks "$work/marks.yml"
says "with what is done" out "marks      set got"
says "and that nothing is said" out "alert      none: it holds and says nothing"
check "as JSON, too" 0 "$shrike" check --explain marks --format json "$work/marks.yml"
cp "$work/out" "$work/check.json"
check "with the names" 0 jq -e '.marks.set == ["got"] and .alert == false' "$work/check.json"
check "a rule of raw bytes with marks" 0 "$shrike" check --explain 1040 tests/oracle/marks/marks.yml
says "is asked again" out "decided    whenever a pattern is found, as marks may have changed"
check "marks without memory" 0 "$shrike" replay -S "$work/marks.yml" --memcap-streams 1K --eve "$work/eve.json" "$covenant"
says "are in the summary" err "20  marks of flows lost (--memcap-streams)"
check "and in the stats record" 0 grep -q '"marks_lost":20' "$work/eve.json"

# The last record of a run.
check "the stats record is last" 0 sh -c "tail -n 1 '$work/eve.json' | grep -q '\"event_type\":\"stats\"'"

# Foreign indicators become rules that check accepts and replay fires.
feeds=tests/fuzz/seeds/import
check "import without a format is wrong usage" 2 "$shrike" import
check "import of an unknown format is wrong usage" 2 "$shrike" import sticks "$work/x"
says "that is named" err "there is no format 'sticks'"
check "import without a file is wrong usage" 2 "$shrike" import stix
check "import of a missing file is wrong usage" 2 "$shrike" import stix "$work/none.json"
check "a level that there is not is wrong usage" 2 "$shrike" import text --level loud "$work/x"
check "a name that is none is wrong usage" 2 "$shrike" import text --name 'a b' "$work/x"
check "a confidence over 100 is wrong usage" 2 "$shrike" import text --min-confidence 101 "$work/x"
for format in stix:unit42 misp:eset maltrail:turla csv:volexity text:made zeek-intel:made; do
    reader=${format%%:*}
    cp "${feeds}_${reader%-intel}/${format#*:}" "$work/feed"
    check "import $reader" 0 "$shrike" import "$reader" "$work/feed"
    cp "$work/out" "$work/imported.yml"
    says "counts what it took" err "taken "
    check "what it wrote can be used" 0 "$shrike" check --format json "$work/imported.yml"
    cp "$work/out" "$work/check.json"
    # Maltrail has the suffix .tk among its names, which is told rightly.
    check "and is clean, but for names of many" 0 jq -e '[.messages[] | select(.severity == "warning" and .id != "shared-name")] == []' "$work/check.json"
    check "import auto" 0 "$shrike" import auto "$work/feed"
    cp "$work/out" "$work/auto.yml"
    check "tells $reader by its content" 0 cmp "$work/auto.yml" "$work/imported.yml"
done
printf 'evil.example # relay\n203.0.113.7:443\nd41d8cd98f00b204e9800998ecf8427e\nword\n' > "$work/list.txt"
check "import says what it left out" 0 "$shrike" import text -v "$work/list.txt"
says "by reason" err "left out         1  the hash of a file: no event carries files"
says "and by line with -v" err "list.txt:4: left out: word: of a kind that cannot be told from the value"
check "several files under one name" 0 "$shrike" import auto --name mine -l high "$work/list.txt" "$work/feed"
cp "$work/out" "$work/imported.yml"
says "are one list" out "list: mine_domains"
check "that is clean" 0 "$shrike" check --strict "$work/imported.yml"
printf 'word\n' > "$work/words.txt"
check "nothing to import is a status of its own" 1 "$shrike" import text "$work/words.txt"
says "that says so" err "nothing to import"
printf '{"Event": {"Attribute": [}}\n' > "$work/broken.json"
check "a broken file is the same" 1 "$shrike" import misp "$work/broken.json" "$work/feed"
says "with its place" err "broken.json:1:26: error: not JSON"
# Rules of Suricata.
cat > "$work/some.rules" << 'END'
alert http $HOME_NET any -> any any (msg:"a page"; flow:established,to_server; http.method; content:"GET"; http.uri; content:"/en-us/"; startswith; sid:4; rev:2; classtype:trojan-activity;)
alert smtp any any -> any any (msg:"mail"; content:"x"; sid:5;)
END
printf 'vars:\n  address-groups:\n    HOME_NET: "[172.16.0.0/12]"\n  port-groups:\n    HTTP_PORTS: "80"\n' > "$work/vars.yaml"
check "import suricata" 0 "$shrike" import suricata -v --vars "$work/vars.yaml" "$work/some.rules"
cp "$work/out" "$work/imported.yml"
says "counts what it took" err "taken            1  rules, 50.0 %"
says "and what it left out" err "left out         1  protocol smtp"
says "and names it" err "some.rules:2:1: left out: sid 5: protocol smtp"
check "what it wrote can be used" 0 "$shrike" check "$work/imported.yml"
check "and fires" 0 "$shrike" replay -q -S "$work/imported.yml" --eve "$work/eve.json" "$covenant"
check "as Suricata would" 0 grep -q '"signature_id":4,"rev":2,"signature":"a page","category":"A Network Trojan was detected"' "$work/eve.json"
printf 'alert tcp any any -> any (sid:1;)\n' > "$work/broken.rules"
check "a broken rule is told" 1 "$shrike" import suricata "$work/broken.rules"
says "with its place" err "broken.rules:1:26: error: the rule's header has fewer than seven words"
check "suricata without a file is wrong usage" 2 "$shrike" import suricata
check "suricata with a missing file is wrong usage" 2 "$shrike" import suricata "$work/none.rules"
check "suricata with another's option is wrong usage" 2 "$shrike" import suricata --url-hosts "$work/some.rules"
check "suricata has a help of its own" 0 "$shrike" import suricata --help
says "that names its options" out "--vars FILE"
# A whole rule set: what is written is used without an error.
et=../shared/corpora/rules/et-open-2025-08
if [ -d "$et" ]; then
    check "import of all of ET Open" 0 "$shrike" import suricata "$et"/*.rules.gz
    cp "$work/out" "$work/et.yml"
    says "takes 95 in a hundred" err "rules, 95."
    check "gives rules that load" 0 "$shrike" check "$work/et.yml"
    says "without an error" out "rule(s) loaded, 0 error(s)"
else
    echo "SKIPPED cli import of ET Open: there is no $et"
    skipped=$((skipped + 1))
fi
check "import to a full disk is an output fault" 4 sh -c "'$shrike' import -q text '$work/list.txt' > /dev/full"
"$shrike" replay -q --log http --eve "$work/http.json" "$covenant"
sed -n 's/.*"event_type":"http".*"dest_ip":"\([^"]*\)".*/\1/p' "$work/http.json" | head -1 > "$work/seen.txt"
check "an address that a capture holds" 0 "$shrike" import -q text "$work/seen.txt"
cp "$work/out" "$work/seen.yml"
check "alerts in it" 1 "$shrike" replay -q --fail-on-alert -S "$work/seen.yml" --eve "$work/eve.json" "$covenant"
printf 'list: relays\ntype: ip\nfile: seen.intel\n---\ntitle: Relay\nid: 0f6a3a3e-53a6-4a55-8d6e-6b1d1cbb9c12\nlevel: high\nlogsource: {product: shrike, service: flow}\ndetection: {a: {dst_ip|expand: "%%relays%%"}, condition: a}\n' > "$work/direct.yml"
printf '#fields\tindicator\tindicator_type\tmeta.source\n%s\tIntel::ADDR\tour report\nx.example\tIntel::DOMAIN\t-\n' "$(cat "$work/seen.txt")" > "$work/seen.intel"
check "a list reads a foreign file itself" 0 "$shrike" check --strict "$work/direct.yml"
says "and counts what it passes over" out "1 taken from $work/seen.intel; passed over: 1 domain"
check "and alerts" 1 "$shrike" replay -q --fail-on-alert -S "$work/direct.yml" --eve "$work/eve.json" "$covenant"
check "with the note of its entry" 0 grep -q 'our report' "$work/eve.json"

cp "${feeds}_stix/unit42" "$work/feed"
check "import of what has dates" 0 "$shrike" import -q stix "$work/feed"
says "keeps them" out "valid_from: '20"
check "import for captures that are older" 0 "$shrike" import -q stix --look-back "$work/feed"
check "leaves the first one out" 1 grep -q valid_from "$work/out"
cp "${feeds}_stix/again" "$work/feed"
cat > "$work/choice.json" << 'END'
{"type": "bundle", "id": "bundle--1", "objects": [
 {"type": "indicator", "id": "indicator--1", "pattern": "[ipv4-addr:value = '192.0.2.1' OR file:name = 'x']"},
 {"type": "indicator", "id": "indicator--2", "pattern": "[ipv4-addr:value = '192.0.2.2'] OR [file:name IN ('y', 'z')]"},
 {"type": "indicator", "id": "indicator--3", "pattern": "[ipv4-addr:value = '192.0.2.3' AND file:name = 'v']"}]}
END
check "of a choice in STIX what can be seen is taken" 0 "$shrike" import stix -v "$work/choice.json"
says "and counted" err "taken            2  ip"
says "and the other part named" err "left out: file:name = 'x': only the host"
says "with its first value" err "left out: file:name IN 'y', ...: only the host"
says "of what is one, all of it" err "left out: [ipv4-addr:value = '192.0.2.3' AND file:name = 'v']: only"
check "objects that stand in a bundle twice" 0 "$shrike" import stix "$work/feed"
cp "$work/out" "$work/again.yml"
says "give their rules once" err "left out         3  a rule of the same object again"
check "which can be used" 0 "$shrike" check "$work/again.yml"

# Names beyond ASCII: lists, rules and indicators of every format meet the A-labels on the wire.
python3 tests/cli/names.py "$work/idn.pcap" www.xn--mnchen-3ya.example plain.example büro.local
names() { # rules: the names that alert
    "$shrike" replay -q -S "$1" --eve "$work/eve.json" "$work/idn.pcap" > /dev/null 2>&1
    jq -r 'select(.event_type == "alert") | .dns.query[0].rrname' "$work/eve.json" | sort -u | tr '\n' ' ' > "$work/names.out"
}
rule_head='title: n\nid: 5b8f0d1e-0000-4000-8000-000000000003\nlevel: low\nlogsource: {product: shrike, service: dns}\ndetection:\n'
for value in 'dns.query|domain: MÜNCHEN.example' "dns.query|endswith: '.münchen.example'" 'dns.query: www.münchen.example' "dns.query: '*.münchen.*'" 'dns.query.raw: www.münchen.example' 'dns.query|startswith: www.münchen.'; do
    printf "$rule_head  a: {%s}\n  condition: a\n" "$value" > "$work/idn.yml"
    check "$value" 0 names "$work/idn.yml"
    check "is found as A-labels" 0 grep -qx 'www.xn--mnchen-3ya.example ' "$work/names.out"
done
printf "$rule_head  a: {dns.query: büro.local}\n  condition: a\n" > "$work/idn.yml"
check "a name that is sent in UTF-8" 0 names "$work/idn.yml"
check "is found, too" 0 test -s "$work/names.out"
printf '{"type": "bundle", "id": "bundle--1", "objects": [{"type": "indicator", "id": "indicator--1", "pattern": "[domain-name:value = '"'münchen.example'"']"}, {"type": "indicator", "id": "indicator--2", "pattern": "[domain-name:value = '"'-ü.example'"']"}]}' > "$work/idn.stix"
printf '{"type": "bundle", "id": "bundle--1", "objects": [{"type": "indicator", "id": "indicator--1", "pattern": "[domain-name:value = '"'www.münchen.example'"' AND network-traffic:dst_port = 53]"}]}' > "$work/idn-rule.stix"
printf '{"type": "bundle", "id": "bundle--1", "objects": [{"type": "indicator", "id": "indicator--1", "pattern": "[domain-name:value LIKE '"'%%.münchen.example'"']"}]}' > "$work/idn-like.stix"
printf '{"Event": {"uuid": "5b8f0d1e-0000-4000-8000-000000000004", "info": "x", "Attribute": [{"type": "domain", "value": "münchen.example", "to_ids": true}]}}' > "$work/idn.misp"
printf '#fields\tindicator\tindicator_type\nmünchen.example\tIntel::DOMAIN\n' > "$work/idn.zeek-intel"
printf 'domain,note\nmünchen.example,x\n' > "$work/idn.csv"
printf 'münchen[.]example\n' > "$work/idn.text"
for file in idn.stix idn-rule.stix idn-like.stix idn.misp idn.zeek-intel idn.csv idn.text; do
    check "a name of $file" 0 "$shrike" import -v "${file#*.}" "$work/$file"
    [ "$file" = idn.stix ] && says "one that has no A-labels is left out, with its reason" err "left out: -ü.example: a name beyond ASCII that has no form on the wire (IDNA)"
    cp "$work/out" "$work/idn.yml"
    check "is met" 0 names "$work/idn.yml"
    check "as A-labels" 0 grep -qx 'www.xn--mnchen-3ya.example ' "$work/names.out"
done
printf "list: names\ntype: domain\nvalues: [a.example, münchen.example, -ü.example]\n---\n$rule_head  a: {dns.query|expand: '%%names%%'}\n  condition: a\n" > "$work/idn.yml"
check "a list with a name that has none" 1 "$shrike" check "$work/idn.yml"
says "says why" out "idn.yml:3:38: error: \`-ü.example\` is not a domain name, since it has no form in ASCII"
check "and what it takes" 0 names "$work/idn.yml"
check "is met" 0 grep -qx 'www.xn--mnchen-3ya.example ' "$work/names.out"

# Rules of patterns have the dates of their indicator, and of its versions the newest counts.
versions() { # modified and what else, of the first version; of the second
    printf '{"objects": [{"type": "indicator", "id": "indicator--1", "modified": "%s", %s, "pattern": "[domain-name:value LIKE '"'%%%%.münchen.example'"']"}, {"type": "indicator", "id": "indicator--1", "modified": "%s", %s, "pattern": "[domain-name:value LIKE '"'%%%%.münchen.example'"']"}]}' "$@" > "$work/dates.stix"
    "$shrike" import -q stix "$work/dates.stix" > "$work/dates.yml" && names "$work/dates.yml"
}
check "a rule whose indicator becomes valid later" 0 versions 2024-02-01T00:00:00Z '"valid_from": "2099-01-01T00:00:00Z"' 2024-01-01T00:00:00Z '"valid_from": "2000-01-01T00:00:00Z"'
check "is informational and early" 0 grep -q '"level":"informational","early":true,"valid_from":"2099-01-01T00:00:00.000000+0000"' "$work/eve.json"
check "and is explained" 0 "$shrike" check --explain "$(sed -n 's/^id: //p' "$work/dates.yml" | head -1)" "$work/dates.yml"
says "with its dates" out "valid      from 2099-01-01"
check "one that has expired" 0 versions 2024-01-01T00:00:00Z '"valid_from": "2000-01-01T00:00:00Z"' 2024-02-01T00:00:00Z '"valid_from": "2000-01-01T00:00:00Z", "valid_until": "2001-01-01T00:00:00Z"'
check "is informational and expired" 0 grep -q '"level":"informational","expired":true,"valid_from":"2000-01-01T00:00:00.000000+0000","valid_until":"2001-01-01T00:00:00.000000+0000"' "$work/eve.json"
check "one that is valid" 0 versions 2024-01-01T00:00:00Z '"valid_until": "2001-01-01T00:00:00Z"' 2024-02-01T00:00:00Z '"valid_from": "2000-01-01T00:00:00Z"'
check "has its level" 0 grep -q '"level":"medium","valid_from"' "$work/eve.json"

# A correlation over all events together, as `count() > n` means it.
printf 'title: Get\nname: get\nid: 0f6a3a3e-53a6-4a55-8d6e-6b1d1cbb9c15\nlevel: low\nlogsource: {product: shrike, service: http}\ndetection: {a: {http.method: GET}, condition: a}\n---\ntitle: Many\nlevel: high\ncorrelation: {type: event_count, rules: [get], group-by: [], timespan: 1h, condition: {gt: 5}}\n' > "$work/all.yml"
check "a correlation without groups" 0 "$shrike" check "$work/all.yml"
says "is read" out "1 with correlation, 0 error(s)"

# Lists at scale, and entries with their dates.
awk 'BEGIN {for (i = 1; i <= 1000000; i++) print (i == 500000 ? "two words" : "h" i ".example")}' > "$work/million.txt"
printf 'list: million\ntype: domain\nfile: million.txt\n---\ntitle: Many\nid: 0f6a3a3e-53a6-4a55-8d6e-6b1d1cbb9c13\nlevel: high\nlogsource: {product: shrike, service: dns}\ndetection: {a: {dns.query|expand: "%%million%%"}, condition: a}\n' > "$work/million.yml"
check "one fault among a million lines" 1 "$shrike" check "$work/million.yml"
says "is told with its line" out "million.txt:500000:1: error: \`two words\` is not a domain name [list-value]"
says "and is the only one" out "1 file(s), 1 rule(s) loaded, 1 error(s), 0 warning(s)"
rm "$work/million.txt"
dated() { # entry, condition: of an address that the capture holds
    printf 'list: relays\ntype: ip\nsource: our report\ntlp: amber\ndate: 2001-01-01\n%s\nvalues:\n- {value: %s, note: relay, %s}\n---\ntitle: Relay\nid: 0f6a3a3e-53a6-4a55-8d6e-6b1d1cbb9c12\nlevel: high\nlogsource: {product: shrike, service: flow}\ndetection: {a: {dst_ip: {expand: "%%relays%%"%s}}, condition: a}\n' "$3" "$(cat "$work/seen.txt")" "$1" "$2" > "$work/dated.yml"
    "$shrike" replay -S "$work/dated.yml" --eve "$work/eve.json" "$covenant"
}
check "an entry that is sure" 0 dated 'confidence: 80, first_seen: 2001-01-01' ', confidence|gte: 80' ''
check "is shown with all that is known" 0 grep -q '"list":"relays","entry":"[0-9.]*","source":"our report","tlp":"amber","note":"relay","confidence":80,"first_seen":"2001-01-01T00:00:00.000000+0000","age_days":[0-9]*}' "$work/eve.json"
check "one that is not sure" 0 dated 'confidence: 79' ', confidence|gte: 80' ''
check "is no hit" 1 grep -q '"event_type":"alert"' "$work/eve.json"
check "one whose confidence has decayed" 0 dated 'confidence: 80' ', confidence|lt: 10' 'decay: 90d'
check "says what it was" 0 grep -q '"confidence":0,"confidence_given":80' "$work/eve.json"
check "one that has expired" 0 dated 'valid_until: 2002-01-01' '' ''
check "is informational" 0 grep -q '"level":"informational","expired":true.*"expired":"2002-01-01T00:00:00.000000+0000"' "$work/eve.json"
check "one that is not valid yet" 0 dated 'valid_from: 2099-01-01' '' ''
says "is counted" err "list entries met before their valid_from"
check "and informational" 0 grep -q '"level":"informational","early":true.*"valid_from":"2099-01-01T00:00:00.000000+0000"' "$work/eve.json"
check "and for people" 0 "$shrike" replay -q -S "$work/dated.yml" "$covenant"
says "it is told, too" out "informational  "
says "with its reason" out "(before its validity)"

# What is established: from the packet behind the handshake on; of a flow taken up midstream, from its second.
printf 'title: Set up\nid: 0f6a3a3e-53a6-4a55-8d6e-6b1d1cbb9c14\nlevel: high\nlogsource: {product: shrike, service: packet}\ndetection: {a: {flow.established: true}, condition: a}\n' > "$work/set_up.yml"
first_set_up() { "$shrike" replay -q "$@" -S "$work/set_up.yml" --eve "$work/eve.json" && grep -o '"pcap_cnt":[0-9]*' "$work/eve.json" | head -1; }
check "packets of a connection" 0 first_set_up tests/pcaps/web.pcap
says "are established behind its handshake" out '"pcap_cnt":4'
check "packets of one whose start is missing" 0 first_set_up tests/pcaps/covenant.cap
says "are so behind the first" out '"pcap_cnt":2'
check "where its streams are not followed" 0 first_set_up --no-midstream tests/pcaps/covenant.cap
check "they are not" 1 grep -q "\"pcap_cnt\":[2-9]," "$work/eve.json"

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
