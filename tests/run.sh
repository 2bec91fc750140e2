#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs the tests of one build: unit programs, fuzz seeds, golden captures, the rules' own tests, command line, IP
# against this machine's kernel.
# usage: tests/run.sh BUILD-FOLDER [unit|seeds|golden|rules|cli|kernel]...      Ends with "N passed, N failed, N skipped".
set -u
out=$1
shift
kinds=${*:-unit seeds golden rules cli kernel}
passed=0
failed=0
skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# cmocka catches SIGSEGV and would swallow the sanitizer's report.
export ASAN_OPTIONS="handle_segv=2:detect_leaks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

# Adds up the "N passed, N failed, N skipped" line of a script.
add_counts() {
    line=$(tail -n 1 "$log")
    p=$(echo "$line" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1/p')
    f=$(echo "$line" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\2/p')
    s=$(echo "$line" | sed -n 's/.* failed, \([0-9]*\) skipped.*/\1/p')
    if [ -z "$p" ]; then
        failed=$((failed + 1))
        return
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    skipped=$((skipped + ${s:-0}))
}

for kind in $kinds; do
    case $kind in
    unit)
        for program in "$out"/unit/*_test; do
            if "$program" > "$log" 2>&1; then
                count=$(grep -c '^\[       OK \]' "$log")
                passed=$((passed + count))
                echo "ok    $(basename "$program") ($count)"
            else
                failed=$((failed + 1))
                echo "FAIL  $(basename "$program")"
                cat "$log"
            fi
        done
        ;;
    seeds)
        for program in "$out"/replay/*_fuzz; do
            name=$(basename "$program" _fuzz)
            if ls tests/fuzz/seeds/"$name"/* > /dev/null 2>&1 &&
                "$program" tests/fuzz/seeds/"$name"/* > "$log" 2>&1; then
                passed=$((passed + 1))
                echo "ok    seeds of $name: $(tail -n 1 "$log")"
            else
                failed=$((failed + 1))
                echo "FAIL  seeds of $name"
                cat "$log"
            fi
        done
        ;;
    rules)
        "$out/shrike" check --test --strict rules/ > "$log" 2>&1
        cat "$log"
        add_counts
        ;;
    golden)
        sh tests/golden/run.sh "$out" > "$log" 2>&1
        cat "$log"
        add_counts
        ;;
    cli)
        sh tests/cli/run.sh "$out" > "$log" 2>&1
        cat "$log"
        add_counts
        ;;
    kernel)
        python3 tests/kernel/ip.py --shrike "$out/shrike" > "$log" 2>&1
        cat "$log"
        add_counts
        ;;
    *)
        echo "there is no kind of test '$kind'" >&2
        exit 2
        ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
