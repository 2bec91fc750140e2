#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# make lint: what a reviewer should not have to say. Each check prints its findings; the last line counts.
set -u
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
sources=$(git ls-files 'plugin/*.c' | sort)
headers=$(git ls-files 'plugin/*.h' 'include/*.h' | sort)
tests=$(git ls-files 'tests/*.c' 'tests/*.h' | sort)
flags="-std=gnu11 -D_GNU_SOURCE -DSHRIKE_VERSION=\"0\" -Iinclude -Iplugin"

# The same once more quoted, for a shell within the shell.
tidy_flags=$(echo "$flags" | sed 's/"/\\"/g')

report() { # name status
    if [ "$2" -eq 0 ]; then
        echo "ok    lint $1"
        passed=$((passed + 1))
    else
        echo "FAIL  lint $1"
        cat "$log"
        failed=$((failed + 1))
    fi
}

# A lower floor never includes a higher one, and rooms of one floor do not include each other.
awk -f tests/lint/floors.awk $sources $headers > "$log" 2>&1
report floors $?

# Every header compiles alone, the public ones in C++ too.
status=0
: > "$log"
for header in $headers; do
    # shellcheck disable=SC2086
    gcc $flags -Wall -Wextra -x c -fsyntax-only "$header" >> "$log" 2>&1 || status=1
    case $header in
    include/*) g++ -Iinclude -x c++ -fsyntax-only "$header" >> "$log" 2>&1 || status=1 ;;
    esac
done
report "headers alone" $status

# Memory only through base/; nothing that cannot be bounded.
grep -nE '\b(malloc|calloc|realloc|reallocarray|free|strdup|strndup)\(' $sources |
    grep -v '^plugin/base/memory.c:' > "$log"
report "malloc outside base" $(($? == 0))
grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|alloca|strtok)\(' $sources $headers > "$log"
report "banned functions" $(($? == 0))
grep -nE 'TODO|FIXME|XXX' $sources $headers > "$log"
report "unfinished" $(($? == 0))

git ls-files | grep -vE '\.(json|md|pcap|pcapng|cap|tsv|gz|zst)$|^LICENSE$|^tests/fuzz/seeds/|^tests/rules/|^tests/pcaps/|^tests/golden/TESTS$|EXPECTED$|symbols$' |
    xargs grep -L 'SPDX-License-Identifier' > "$log"
report "SPDX line" "$(wc -l < "$log")"

# Sizes: functions over 120 lines and files over 800 fail.
ctags -x --c-kinds=f --fields=+ne --_xformat='%{end} %{line} %N %F' $sources 2> /dev/null |
    awk '$1 - $2 > 120 {print $1 - $2 " lines: " $3 " in " $4; bad = 1} END {exit bad}' > "$log"
report "function length" $?
wc -l $sources $headers | awk '$2 != "total" && $1 > 800 {print; bad = 1} END {exit bad}' > "$log"
report "file length" $?

clang-format --dry-run -Werror $sources $headers $tests > "$log" 2>&1
report clang-format $?

if [ -x build/shrike ]; then
    build/shrike fields --format markdown 2> "$log" | diff -u docs/fields.md - >> "$log"
    report "docs/fields.md is current (make docs)" $?
    for name in $(sed -n 's/^OPTION([A-Z_]*, "\([^"]*\)".*/\1/p' plugin/hosts/cli/replay_options.def); do
        tr -d '\\' < docs/shrike.1 | grep -q -- "--$name\b" || [ "$name" = help ] || echo "--$name"
    done > "$log"
    report "docs/shrike.1 has every option" "$(wc -l < "$log")"
    nm -D --defined-only build/release/libshrike.so 2> /dev/null | awk '{print $3}' | sort |
        diff -u tests/lint/symbols - > "$log"
    report "exported symbols" $?
fi

cppcheck --quiet --inline-suppr --error-exitcode=1 --std=c11 --enable=warning,portability \
    --suppressions-list=tests/lint/cppcheck.txt -Iplugin -Iinclude $sources > "$log" 2>&1
report cppcheck $?

status=0
echo "$sources" | xargs -P "$(nproc)" -n 4 sh -c 'clang-tidy --quiet "$@" -- '"$tidy_flags"' $(pkg-config --cflags libpcap libhs) 2>/dev/null' sh > "$log" || status=1
report clang-tidy $status

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
