# SPDX-License-Identifier: BSD-3-Clause
# Which room may include which: by floor, as docs/architecture.md draws them.
# A parser's room stands within proto/ (proto/tls) and half a floor above it.
BEGIN {
    split("base 0 fields 1 packet 1 yaml 1 capture 2 flow 2 rule 2 tcp 3 value 3 proto 3 import 3 ruleset 3 " \
          "sigma 4 compile 4 match 4 behaviour 5 engine 6 output 6 hosts 7", pairs, " ")
    for (i = 1; i in pairs; i += 2)
        floor[pairs[i]] = pairs[i + 1]
}
function room_of(path,    parts, n) {
    n = split(path, parts, "/")
    if (parts[1] == "proto" && n > 2) {
        floor["proto/" parts[2]] = floor["proto"] + 0.5
        return "proto/" parts[2]
    }
    return parts[1]
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    path = FILENAME
    if (!sub(/^plugin\//, "", path))
        next
    room = room_of(path)
    if (!(room in floor)) {
        printf "%s: the room %s has no floor\n", FILENAME, room
        bad = 1
        nextfile
    }
    included = $0
    sub(/^[^"]*"/, "", included)
    sub(/".*/, "", included)
    included = room_of(included)
    if (included in floor && included != room && floor[included] >= floor[room]) {
        printf "%s:%d: %s (floor %s) includes %s (floor %s)\n", FILENAME, FNR, room, floor[room], \
            included, floor[included]
        bad = 1
    }
}
END { exit bad }
