#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# make lint: what a reviewer should not have to say. Each check prints its findings; the last line counts.
# A tool or a build that is missing is a failure, never a check less.
set -u
passed=0
failed=0
log=$(mktemp)
scratch=$(mktemp -d)
trap 'rm -rf "$log" "$scratch"' EXIT
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

for tool in gcc g++ ctags clang-format clang-tidy cppcheck nm; do
    command -v "$tool" > /dev/null || echo "$tool is missing: make deps"
done > "$log"
[ -x build/shrike ] || echo "build/shrike is missing: make" >> "$log"
report tools "$(wc -l < "$log")"

# A lower floor never includes a higher one, and rooms of one floor do not include each other.
awk -f tests/lint/floors.awk $sources $headers > "$log" 2>&1
report floors $?

# The check itself: each of these must fail.
status=0
: > "$log"
top=$PWD
mkdir -p "$scratch/plugin/flow"
while read -r include; do
    echo "#include $include" > "$scratch/plugin/flow/x.c"
    if (cd "$scratch" && awk -f "$top/tests/lint/floors.awk" plugin/flow/x.c) > /dev/null 2>&1; then
        echo "passes in flow/: #include $include" >> "$log"
        status=1
    fi
done << 'END'
"engine/worker.h"
<engine/worker.h>
"../engine/worker.h"
<shrike/worker.h>
"tcp/tcp.h"
"worker.h"
END
report "floors notice" $status

# Files that comments name exist, but those of kernels and of libraries.
grep -noE '\b[a-z0-9_]+/[a-z0-9_/]+\.(c|h|def|py|awk|tsv)\b' $sources $headers $(git ls-files 'plugin/*.def') |
    awk -F: '{print $3, $1 ":" $2}' | while read -r path where; do
    case $path in net/* | arpa/* | sys/* | pcap/* | hs/* | nettle/* | gnutls/* | brotli/*) continue ;; esac
    [ -e "$path" ] || [ -e "plugin/$path" ] || [ -e "include/$path" ] || echo "$where: there is no $path"
done > "$log"
report "files that comments name" "$(wc -l < "$log")"

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

python3 tests/gen/positives.py "$scratch/synthetic-c2.pcap" > "$log" 2>&1 &&
    cmp tests/pcaps/synthetic-c2.pcap "$scratch/synthetic-c2.pcap" >> "$log" 2>&1
report "tests/pcaps/synthetic-c2.pcap is current (tests/gen/positives.py)" $?

# Where the corpora are: the tables that are made from them.
lists=../shared/corpora/feeds/benign
: > "$log"
status=0
if [ -d "$lists" ]; then
    for table in popular_name shared_name shared_address; do
        generator=$(echo "${table}s" | sed 's/addresss$/addresses/')
        python3 "tests/gen/$generator.py" "$lists" 2>> "$log" | cmp - "plugin/lint/$table.def" >> "$log" 2>&1 || status=1
    done
    report "plugin/lint/*.def are current (tests/gen)" $status
else
    echo "skip  lint plugin/lint/*.def are current: $lists is missing"
fi

# Sizes: functions over 120 lines and files over 800 fail.
ctags -x --c-kinds=f --fields=+ne --_xformat='%{end} %{line} %N %F' $sources 2> /dev/null |
    awk '$1 - $2 > 120 {print $1 - $2 " lines: " $3 " in " $4; bad = 1} END {exit bad}' > "$log"
report "function length" $?
wc -l $sources $headers | awk '$2 != "total" && $1 > 800 {print; bad = 1} END {exit bad}' > "$log"
report "file length" $?

# Headers that a file pulls in: 25 at most, but for those at the top, which put everything together.
for source in $sources; do
    case $source in plugin/hosts/* | plugin/engine/api.c) continue ;; esac
    # shellcheck disable=SC2086
    count=$(gcc $flags -MM "$source" 2> /dev/null | tr ' \\' '\n\n' | grep -cE '^(plugin|include)/.*\.h$')
    [ "$count" -le 25 ] || echo "$source: $count headers"
done > "$log"
report "headers pulled in" "$(wc -l < "$log")"

clang-format --dry-run -Werror $sources $headers $tests > "$log" 2>&1
report clang-format $?

build/shrike fields --format markdown 2> "$log" | diff -u docs/fields.md - >> "$log"
report "docs/fields.md is current (make docs)" $?
build/shrike check --list-checks --format markdown 2> "$log" | diff -u docs/checks.md - >> "$log"
report "docs/checks.md is current (make docs)" $?
for name in $(sed -n 's/^OPTION([A-Z_]*, "\([^"]*\)".*/\1/p' plugin/hosts/cli/replay_options.def); do
    tr -d '\\' < docs/shrike.1 | grep -q -- "--$name\b" || [ "$name" = help ] || echo "--$name"
done > "$log"
report "docs/shrike.1 has every option" "$(wc -l < "$log")"
nm -D --defined-only build/release/libshrike.so 2> /dev/null | awk '{print $3}' | sort |
    diff -u tests/lint/symbols - > "$log"
report "symbols of the shared library" $?
nm -g --defined-only build/release/libshrike.a 2> /dev/null | awk 'NF == 3 {print $3}' | sort |
    diff -u tests/lint/symbols - > "$log"
report "symbols of the static library" $?

cppcheck --quiet --inline-suppr --error-exitcode=1 --std=c11 --enable=warning,portability \
    --suppressions-list=tests/lint/cppcheck.txt -Iplugin -Iinclude $sources > "$log" 2>&1
report cppcheck $?

status=0
echo "$sources" | xargs -P "$(nproc)" -n 4 sh -c 'clang-tidy --quiet "$@" -- '"$tidy_flags"' $(pkg-config --cflags libpcap libhs) 2>/dev/null' sh > "$log" || status=1
report clang-tidy $status

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
