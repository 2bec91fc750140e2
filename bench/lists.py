#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What lists cost, by type and length, as a table for bench/README.md: lists.py BUILD-FOLDER [--counts 10000,...]

Lists are made by tests/gen/lists.py; each figure is the median of ROUNDS runs of bench/lists.c in a process of its own.
Times are CPU time; memory is the peak of the whole process, some 15 MB of it Hyperscan's self-test and libraries."""
import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "gen"))
import lists  # noqa: E402

ROUNDS = 3
QUERIES = 200000
FIELDS = {"domain": ("dns", "dns.query"), "ip": ("flow", "dst_ip"), "url": ("http", "http.url"),
          "string": ("http", "http.user_agent"), "ja3": ("tls", "ja3.hash"), "ja4": ("tls", "ja4.hash"),
          "sha1": ("tls", "tls.cert_fingerprint"), "sha256": ("http", "http.cookie")}


def document(kind, number):
    service, field = FIELDS[kind]
    return ("list: %s\ntype: %s\nfile: %s.txt\n---\ntitle: %s\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b%02d\nlevel: high\n"
            "logsource: {product: shrike, service: %s}\ndetection: {a: {%s|expand: '%%%s%%'}, condition: a}\n" %
            (kind, kind, kind, kind, number, service, field, kind))


def write(path, values):
    with open(path, "w") as out:
        out.write("\n".join(values) + "\n")


def make(folder, kind, count):
    values = list(lists.values(kind, count, 1))
    write(os.path.join(folder, kind + ".txt"), values)
    draw = random.Random(1)
    write(os.path.join(folder, "hits"), draw.sample(values, min(count, QUERIES)))
    misses = list(lists.values(kind, QUERIES, 1, True))
    draw.shuffle(misses)
    write(os.path.join(folder, "misses"), misses)
    with open(os.path.join(folder, kind + ".yml"), "w") as out:
        out.write(document(kind, 1))


def measure(program, folder, rules):
    paths = [os.path.join(folder, name) for name in (rules, "hits", "misses")]
    runs = [list(map(float, subprocess.run([program] + paths, check=True, capture_output=True, text=True).stdout.split()))
            for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*runs)]


def together(shrike, folder, count):
    """All three kinds that the issue names, in one set."""
    kinds = ["domain", "ip", "sha1"]
    for kind in kinds:
        write(os.path.join(folder, kind + ".txt"), lists.values(kind, count, 1))
    with open(os.path.join(folder, "all.yml"), "w") as out:
        out.write("---\n".join(document(kind, i) for i, kind in enumerate(kinds)))
    times, peaks = [], []
    for _ in range(ROUNDS):
        done = subprocess.run(["/usr/bin/time", "-f", "%e %M", shrike, "check", "-q", os.path.join(folder, "all.yml")],
                              check=True, capture_output=True, text=True)
        seconds, peak = done.stderr.split()[-2:]
        times.append(float(seconds))
        peaks.append(float(peak) / 1024)
    print("\n`shrike check` of %d domains, %d addresses and prefixes and %d SHA-1 hashes together: %.2f s, %.0f MB." %
          (count, count, count, statistics.median(times), statistics.median(peaks)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--counts", default="10000,100000,1000000")
    options = parser.parse_args()
    program, shrike = os.path.join(options.build, "bench/lists"), os.path.join(options.build, "shrike")
    counts = [int(count) for count in options.counts.split(",")]
    print("| list | entries | load s | compile s | peak MB | bytes an entry + text | text | ns a hit | ns a miss |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in FIELDS:
            for count in counts:
                make(folder, kind, count)
                load, build, peak, entries, table, text, hit, miss = measure(program, folder, kind + ".yml")
                print("| %s | %d | %.2f | %.2f | %.0f | %.1f | %.1f | %.0f | %.0f |" %
                      (kind, entries, load, build, peak, table / entries, text / entries, hit, miss), flush=True)
        together(shrike, folder, counts[-1])


if __name__ == "__main__":
    main()
