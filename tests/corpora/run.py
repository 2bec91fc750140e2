#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every capture of the corpora to its end: under sanitizers, the same with many threads, a sample under valgrind.

usage: tests/corpora/run.py --sanitized build/asan/shrike --shrike build/release/shrike CAPTURE...

  sanitized   the shipped rules and all logs, two workers: exit status 0 or 3 (a fault of the file), no report
  threads     the output of 1 and of 4 workers is the same, byte for byte
  valgrind    every 40th capture of less than 300 KB: no error, nothing definitely lost
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys

ENDS = (0, 3)
REPORTS = (b"Sanitizer", b"runtime error")
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"]
VALGRIND_EVERY = 40
VALGRIND_BYTES = 300_000


def replay(binary, path, threads, before=(), rules=True):
    command = list(before) + [binary, "replay", "-q", "--eve", "-", "--log", "all", "--threads", str(threads)]
    command += ["-S", "rules/"] if rules else []
    environment = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1")
    return subprocess.run(command + [path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                          timeout=1200)


def fault(done):
    if done.returncode not in ENDS:
        return "exit status %d: %s" % (done.returncode, done.stderr[-400:].decode("latin-1"))
    if any(report in done.stderr for report in REPORTS):
        return done.stderr[-1000:].decode("latin-1")
    return None


def check(arguments, number, path):
    try:
        found = fault(replay(arguments.sanitized, path, 2))
        if found:
            return "sanitized", found
        one, four = (replay(arguments.shrike, path, threads) for threads in (1, 4))
        if fault(one) or one.stdout != four.stdout:
            return "threads", fault(one) or "the output of 1 and of 4 workers differs"
        if number % VALGRIND_EVERY == 0 and os.path.getsize(path) < VALGRIND_BYTES:
            # without rules: Hyperscan's compiler alone would take minutes
            found = fault(replay(arguments.shrike, path, 1, VALGRIND, rules=False))
            if found:
                return "valgrind", found
    except subprocess.TimeoutExpired:
        return "time", "did not end"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sanitized", required=True)
    parser.add_argument("--shrike", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("captures", nargs="+")
    arguments = parser.parse_args()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda item: check(arguments, *item), enumerate(arguments.captures))
        for path, found in zip(arguments.captures, results):
            if found:
                failed += 1
                print("FAIL  corpora %s (%s): %s" % (path, *found), flush=True)
    print("%d passed, %d failed" % (len(arguments.captures) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
