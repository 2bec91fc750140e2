# SPDX-License-Identifier: BSD-3-Clause
# Which room may include which: by floor, as docs/architecture.md draws them.
BEGIN {
    split("base 0 fields 1 packet 1 capture 2 flow 2 rule 2 proto 3 import 3 ruleset 3 compile 4 match 4 " \
          "behaviour 5 engine 6 output 6 hosts 7", pairs, " ")
    for (i = 1; i in pairs; i += 2)
        floor[pairs[i]] = pairs[i + 1]
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split(FILENAME, parts, "/")
    room = parts[2]
    included = $0
    sub(/^[^"]*"/, "", included)
    sub(/\/.*/, "", included)
    if (FILENAME !~ /^plugin\// || !(included in floor))
        next
    if (included != room && floor[included] >= floor[room]) {
        printf "%s:%d: %s (floor %d) includes %s (floor %d)\n", FILENAME, FNR, room, floor[room], \
            included, floor[included]
        bad = 1
    }
}
END { exit bad }
