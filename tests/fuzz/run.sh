#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fuzzes each target for SECONDS, with the words of tests/fuzz/dict/TARGET.dict where there are some; findings land in
# build/fuzz/findings.
# usage: tests/fuzz/run.sh FOLDER-OF-TARGETS SECONDS [TARGET]...
set -eu
folder=$1
seconds=$2
shift 2
findings=build/fuzz/findings
mkdir -p "$findings"
failed=0
passed=0
for target in "$folder"/*_fuzz; do
    name=$(basename "$target" _fuzz)
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    words=tests/fuzz/dict/$name.dict
    if "$target" $([ ! -f "$words" ] || echo "-dict=$words") -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="$findings/$name-" "$corpus" "tests/fuzz/seeds/$name" > "$findings/$name.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$findings/$name.log")
        echo "ok    fuzz $name ($runs executions)"
        passed=$((passed + 1))
    else
        echo "FAIL  fuzz $name: see $findings/$name.log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
