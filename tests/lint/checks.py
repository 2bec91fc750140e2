#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every name that the code gives a message stands in plugin/rule/checks.def with a severity that is at least as
grave, every row there is used, and the rows are in alphabetical order without a second of any.

usage: tests/lint/checks.py      (in the folder of the Makefile)
"""
import glob
import re
import sys

TABLE = "plugin/rule/checks.def"
# Which argument is the name, and what severity the function gives.
CALLS = {"loader_error": (2, "ERROR"), "loader_warn": (2, "WARNING"), "loader_note": (2, "NOTE"),
         "loader_refuse": (3, "WARNING"), "builder_refuse": (1, "ERROR"), "value_wrong": (2, "ERROR"),
         "diagnostics_add": (2, None), "fault": (2, "ERROR"), "tell_finds": (4, "NOTE")}
PASS_ON = ["add", "diagnostics_take"]
RANK = {"NOTE": 0, "WARNING": 1, "ERROR": 2}


def arguments(text, at):
    """The arguments of the call whose parenthesis stands at `at`."""
    found, current, depth = [], "", 0
    for token in re.finditer(r'"(?:\\.|[^"\\])*"|.', text[at:], re.S):
        token = token.group(0)
        if token in "([{":
            depth += 1
            if depth == 1:
                continue
        elif token in ")]}":
            depth -= 1
            if depth == 0:
                return found + [current.strip()]
        if token == "," and depth == 1:
            found.append(current.strip())
            current = ""
        else:
            current += token
    return found


def uses():
    """(name, severity, place) of every call that names a check, or a table from which one is taken."""
    for path in sorted(glob.glob("plugin/**/*.c", recursive=True)):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for call in re.finditer(r"\b(%s)\(" % "|".join(CALLS), text):
            position, severity = CALLS[call.group(1)]
            given = arguments(text, call.end() - 1)
            if len(given) <= position:
                continue
            if severity is None:
                severity = given[1].replace("SEVERITY_", "")
            place = "%s:%d" % (path, text.count("\n", 0, call.start()) + 1)
            for name in re.findall(r'"([a-z0-9-]+)"', given[position]):
                yield name, severity, place
            # Whoever passes a name on has to stand among CALLS itself.
            around = re.findall(r"(?m)^[a-z][^;={]*?\b(\w+)\([^;{]*\)\s*\{", text[:call.start()])
            if given[position] == "id" and around and around[-1] not in list(CALLS) + PASS_ON:
                yield "(of %s)" % around[-1], severity, place
        for table in re.finditer(r'\{"[^"]*",\s*"([a-z0-9]+(?:-[a-z0-9]+)+)",\s*"', text):
            if ".id" in text:  # rows of {key, id, help, ...}
                yield table.group(1), "NOTE", path


def main():
    with open(TABLE, encoding="utf-8") as file:
        rows = re.findall(r'(?m)^CHECK\("([^"]+)", ([A-Z]+), "(.+)"\)$', file.read())
    severities = {name: severity for name, severity, _ in rows}
    names = [name for name, _, _ in rows]
    faults = []
    if names != sorted(set(names)):
        faults.append("%s: not in alphabetical order, or a name twice" % TABLE)
    used = set()
    for name, severity, place in uses():
        used.add(name)
        if name not in severities:
            faults.append("%s: [%s] is missing in %s" % (place, name, TABLE))
        elif RANK.get(severity, 0) > RANK[severities[name]]:
            faults.append("%s: [%s] is graver than %s says" % (place, name, TABLE))
    faults += ["%s: nobody uses [%s]" % (TABLE, name) for name in names if name not in used]
    print("\n".join(faults) if faults else "%d checks" % len(names))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
