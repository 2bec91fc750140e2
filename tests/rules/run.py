#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The tests that rules carry: `shrike: tests:` of every rule, each capture replayed once with all rules.

usage: tests/rules/run.py --shrike build/shrike RULES-FOLDER

A capture that is not there (the corpora are not part of the sources) is skipped and counted. A rule that has no test
where it alerts fails; a capture of a test is named relative to the rule's file.
Ends with "N passed, N failed, N skipped".
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys

TEST = re.compile(r"^\s*- \{pcap: (\S+), alerts: ([0-9]+)\}\s*$")


def rules_of(path):
    """(title, id, [(capture, alerts)]) of each rule document, read by its lines."""
    with open(path, encoding="utf-8") as file:
        for document in re.split(r"(?m)^---\s*$", file.read()):
            title = re.search(r"(?m)^title: (.*)$", document)
            identifier = re.search(r"(?m)^id: (\S+)", document)
            if title and identifier:
                tests = [TEST.match(line) for line in document.splitlines()]
                yield title.group(1), identifier.group(1), [
                    (os.path.normpath(os.path.join(os.path.dirname(path), test.group(1))), int(test.group(2)))
                    for test in tests if test]


def alerts_of(shrike, folder, capture):
    counts = collections.Counter()
    done = subprocess.run([shrike, "replay", "-q", "-S", folder, "--eve", "-", capture],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=600)
    if done.returncode not in (0, 3):  # 3: the capture's own fault
        sys.exit("%s: exit status %d: %s" % (capture, done.returncode, done.stderr.decode()))
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event["event_type"] == "alert":
            counts[event["alert"]["metadata"]["shrike"]["id"]] += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/shrike")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    rules = [rule for name in sorted(os.listdir(arguments.folder)) if name.endswith(".yml")
             for rule in rules_of(os.path.join(arguments.folder, name))]
    captures = sorted({capture for _, _, tests in rules for capture, _ in tests})
    there = [capture for capture in captures if os.path.exists(capture)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(there, pool.map(lambda path: alerts_of(arguments.shrike, arguments.folder, path), there)))
    passed = failed = 0
    for title, identifier, tests in rules:
        for capture, alerts in tests:
            if capture not in found:
                continue
            if found[capture][identifier] == alerts:
                passed += 1
            else:
                failed += 1
                print("FAIL  rule %s: %d alerts in %s, expected %d"
                      % (title, found[capture][identifier], capture, alerts))
        if not any(alerts > 0 for _, alerts in tests):
            failed += 1
            print("FAIL  rule %s: no capture that makes it fire" % title)
    missing = [capture for capture in captures if capture not in found]
    for capture in missing:
        print("SKIPPED rules: there is no %s" % capture)
    print("%d passed, %d failed, %d skipped" % (passed, failed, len(missing)))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
