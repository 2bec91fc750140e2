#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""JA4 of FoxIO's own captures against the values FoxIO published for them (tshark of Debian 12 has no JA4).

usage: tests/oracle/ja4.py --shrike build/shrike --corpora ../shared/corpora

Every (capture, server name) of ja4_expected.tsv must have exactly the values listed. Ends with
"N passed, N failed, N skipped", one for each capture.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def load_expected():
    expected = collections.defaultdict(lambda: collections.defaultdict(set))
    with open(os.path.join(HERE, "ja4_expected.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                capture, name, ja4 = line.rstrip("\n").split("\t")
                expected[capture][name].add(ja4)
    return expected


def ja4_of(shrike, path):
    """HTTP is asked for as well: a parser that nobody reads does not see the TLS inside CONNECT."""
    found = collections.defaultdict(set)
    output = subprocess.run([shrike, "replay", "-q", "--eve", "-", "--log", "http,tls", path], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300).stdout
    for line in output.splitlines():
        event = json.loads(line)
        if event["event_type"] == "tls":
            found[event["tls"].get("sni", "")].add(event["tls"].get("ja4"))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/shrike")
    parser.add_argument("--corpora", default="../shared/corpora")
    arguments = parser.parse_args()
    passed = failed = skipped = 0
    for capture, names in sorted(load_expected().items()):
        path = os.path.join(arguments.corpora, capture)
        if not os.path.exists(path):
            skipped += 1
            continue
        found = ja4_of(arguments.shrike, path)
        wrong = {name: (sorted(values), sorted(map(str, found[name]))) for name, values in names.items()
                 if found[name] != values}
        failed += bool(wrong)
        passed += not wrong
        for name, (expected, ours) in wrong.items():
            print("FAIL  ja4 %s %s: expected %s, ours %s" % (capture, name or "(no name)", expected, ours))
        if not wrong:
            print("ok    ja4 %s (%d names)" % (capture, len(names)))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
