# SPDX-License-Identifier: BSD-3-Clause
# Which room may include which: by floor, as docs/architecture.md draws them.
# A parser's room stands within proto/ (proto/tls) and half a floor above it, lint/ above them, since it tells what values
# they make; the public headers (shrike/) stand
# below those who serve them. A path that goes up (..) or is in angle brackets passes nobody by.
BEGIN {
    split("base 0 fields 1 packet 1 yaml 1 capture 2 flow 2 rule 2 tcp 3 value 3 proto 3 import 3 ruleset 3 lint 3.75 " \
          "sigma 4 compile 4 match 4 shrike 5 behaviour 5 engine 6 output 6 hosts 7", pairs, " ")
    for (i = 1; i in pairs; i += 2)
        floor[pairs[i]] = pairs[i + 1]
}
function room_of(path,    parts, n) {
    n = split(path, parts, "/")
    if (parts[1] == "proto" && n > 2) {
        floor["proto/" parts[2]] = floor["proto"] + 0.5
        return "proto/" parts[2]
    }
    return n > 1 ? parts[1] : ""
}
function fault(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    bad = 1
}
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
    path = FILENAME
    if (!sub(/^(plugin|include)\//, "", path))
        next
    room = room_of(path)
    if (!(room in floor)) {
        fault("the room " room " has no floor")
        nextfile
    }
    is_quoted = $0 ~ /^[ \t]*#[ \t]*include[ \t]*"/
    included = $0
    sub(/^[^"<]*["<]/, "", included)
    sub(/[">].*/, "", included)
    if (included ~ /(^|\/)\.\.?(\/|$)/) {
        fault("an include that goes up or starts here: " included)
        next
    }
    included = room_of(included)
    if (is_quoted && !(included in floor))
        fault("an include that names no room")
    else if (included in floor && included != room && floor[included] >= floor[room])
        fault(room " (floor " floor[room] ") includes " included " (floor " floor[included] ")")
}
END { exit bad }
