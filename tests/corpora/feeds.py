#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every file of the corpora's feeds through `shrike import`; what it writes must pass `shrike check --strict`, but for
names and addresses of many, which feeds do hold.

usage: tests/corpora/feeds.py --shrike build/release/shrike [--feeds ../shared/corpora/feeds] [FILE...]

Files that end in .gz are unpacked first. A file passes when import ends with 0 and check accepts the output, or
when import ends with 1 because all that was there was left out with reasons, or as NOTHING says.
"""
import argparse
import collections
import gzip
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# Files in which there is nothing for the wire, and what import says of them.
NOTHING = {
    "galaxy_threat-actor.json": "a MISP galaxy",
    "attack_APT31_zirconium_stix20.json": "nothing to import",
    "trisul_ja3fingerprint.json": "JSON that is neither a STIX bundle nor a MISP event",
}

# What is wrong with a feed itself, and rightly told.
OF_THE_FEED = {"shared-name", "shared-address"}


def unpack(path, folder):
    if path.suffix != ".gz":
        return path
    target = pathlib.Path(folder) / path.stem
    target.write_bytes(gzip.decompress(path.read_bytes()))
    return target


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)


def counts(text, word):
    return {name: int(number) for number, name in re.findall(r"^%s +(\d+)  (.+)$" % word, text, re.M)}


def import_and_check(shrike, path, rules):
    """(format, taken, left out, fault)"""
    done = run(shrike, "import", "auto", str(path))
    told = done.stderr.decode("utf-8", "replace")
    taken, left = counts(told, "taken"), counts(told, "left out")
    if done.returncode == 1 and not taken and not done.stdout:
        wanted = NOTHING.get(path.name, "nothing to import" if left else "\0")
        return taken, left, None if wanted in told else told.strip()[-300:]
    if done.returncode != 0:
        return taken, left, "exit status %d: %s" % (done.returncode, told.strip()[-300:])
    rules.write_bytes(done.stdout)
    checked = run(shrike, "check", "--strict", str(rules))
    warned = set(re.findall(r"^\S+: (?:warning|error): .*\[([a-z-]+)\]$", checked.stdout.decode("utf-8", "replace"), re.M))
    if checked.returncode != 0 and not (warned and warned <= OF_THE_FEED):
        return taken, left, "check: " + checked.stdout.decode("utf-8", "replace")[:400]
    again = run(shrike, "import", "auto", str(path))
    if again.stdout != done.stdout:
        return taken, left, "a second import gives another output"
    return taken, left, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", required=True)
    parser.add_argument("--feeds", default="../shared/corpora/feeds")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    root = pathlib.Path(arguments.feeds)
    files = [pathlib.Path(name) for name in arguments.files] or sorted(p for p in root.rglob("*") if p.is_file())
    if not files:
        print("SKIPPED feeds: there is no %s" % root)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    failed = 0
    taken_in_all, left_in_all = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            taken, left, fault = import_and_check(arguments.shrike, unpack(path, folder),
                                                  pathlib.Path(folder) / "rules.yml")
            taken_in_all.update(taken)
            left_in_all.update(left)
            failed += fault is not None
            print("%s %-70s %s | %s" % ("FAIL " if fault else "ok   ",
                                        os.path.join(path.parent.name, path.name),
                                        ", ".join("%d %s" % (n, k) for k, n in taken.items()) or "nothing",
                                        ", ".join("%d %s" % (n, k) for k, n in left.items()) or "-"), flush=True)
            if fault:
                print("      " + fault)
    for what, table in (("taken", taken_in_all), ("left out", left_in_all)):
        for name, number in table.most_common():
            print("%-8s %9d  %s" % (what, number, name))
    print("%d passed, %d failed, 0 skipped" % (len(files) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
