#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Golden tests: each line of TESTS names a capture, rules and options; the EVE lines that come out must
# equal tests/golden/NAME.json, on one thread and on three. --rewrite makes the expected files anew. The command
# must end with status 0 and say nothing on standard error but warnings about the capture.
set -u
out=$1
mode=${2:-check}
passed=0
failed=0
actual=$(mktemp)
threaded=$(mktemp)
said=$(mktemp)
trap 'rm -f "$actual" "$threaded" "$said"' EXIT

# replay THREADS OUTPUT
replay() {
    # shellcheck disable=SC2086
    "$out"/shrike replay -q --eve - --no-stats --threads "$1" $options $rules $captures > "$2" 2> "$said"
    status=$?
    if [ "$status" -ne 0 ] || grep -v '^shrike replay: warning: ' "$said"; then
        echo "FAIL  golden $name: status $status with $1 thread(s)"
        return 1
    fi
}

while IFS='|' read -r name captures rules options; do
    case $name in '' | '#'*) continue ;; esac
    name=$(echo "$name" | tr -d ' ')
    expected=tests/golden/$name.json
    if ! replay 1 "$actual"; then
        failed=$((failed + 1))
        continue
    fi
    if [ "$mode" = --rewrite ]; then
        cp "$actual" "$expected"
        echo "wrote $expected: $(wc -l < "$expected") lines"
        continue
    fi
    if ! replay 3 "$threaded"; then
        failed=$((failed + 1))
    elif ! diff -u "$expected" "$actual"; then
        echo "FAIL  golden $name"
        failed=$((failed + 1))
    elif ! diff -u "$actual" "$threaded"; then
        echo "FAIL  golden $name: other output with three threads"
        failed=$((failed + 1))
    else
        echo "ok    golden $name"
        passed=$((passed + 1))
    fi
done < tests/golden/TESTS
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
