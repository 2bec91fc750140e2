#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes plugin/lint/popular_name.def: the names of the lists of the most used domains, as hashes.

usage: tests/gen/popular_names.py ../shared/corpora/feeds/benign > plugin/lint/popular_name.def

The names are facts from MISP's warning lists (CC0): Tranco's first 10,000, Umbrella's first 20,000, Cloudflare's first
100,000; each name counts for the first list that has it, in this order. A name without a dot is left out: libpsl knows
it as a public suffix.

A hash is hash_plain() of base/hash.h over the name in lower case. Its upper 12 bits are the bucket, the next 30 and the
number of the list (0 Tranco, 1 Umbrella, 2 Cloudflare) one word; the words of a bucket are in order. 42 bits tell
names apart: of 40 million names that are on no list one is taken for one that is.
"""
import gzip
import json
import sys

LISTS = ("tranco10k", "cisco_top20k", "cloudflare-top100k")
BUCKET_BITS = 12
HASH_BITS = 30
A_LINE = 20
MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15


def mix(x):
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def hash_plain(data):
    state = mix(len(data) + STEP & MASK)
    while len(data) >= 8:
        state = mix(state ^ int.from_bytes(data[:8], "little")) + STEP & MASK
        data = data[8:]
    return mix(state ^ int.from_bytes(data, "little"))


def buckets(folder):
    seen = set()
    found = [[] for _ in range(1 << BUCKET_BITS)]
    for number, name in enumerate(LISTS):
        with gzip.open("%s/%s.json.gz" % (folder, name), "rt", encoding="utf-8") as file:
            names = json.load(file)["list"]
        for name in names:
            name = name.strip(".").lower()
            if "." in name and name not in seen:
                seen.add(name)
                value = hash_plain(name.encode())
                word = value >> 64 - BUCKET_BITS - HASH_BITS & (1 << HASH_BITS) - 1
                found[value >> 64 - BUCKET_BITS].append(word << 2 | number)
    return [sorted(bucket) for bucket in found]



def digits(number, count):
    """In base 64, the least digit first: the characters from `(` to `g`; for two of them that C reads otherwise
    stand `y` (the question mark, of trigraphs) and `z` (the backslash)."""
    return "".join(chr((number >> 6 * at & 63) + 40) for at in range(count)).replace("?", "y").replace("\\", "z")


def rows(kind, numbers, count):
    for at in range(0, len(numbers), A_LINE):
        yield '%s("%s")' % (kind, "".join(digits(number, count) for number in numbers[at:at + A_LINE]))


def text(folder):
    found = buckets(folder)
    begins = [0]
    for bucket in found:
        begins.append(begins[-1] + len(bucket))
    lines = ["""/* SPDX-License-Identifier: BSD-3-Clause */
/* The most used domains, as hashes: written by tests/gen/popular_names.py, which tells how and from what. A row has 20
 * numbers in base 64.
 *
 *   BEGINS(row)    the first word of each bucket, and how many there are in all; 4 digits each
 *   WORDS(row)     30 bits of the hash, 2 bits of the list; 6 digits each
 */"""]
    lines += rows("BEGINS", begins, 4)
    lines += rows("WORDS", [word for bucket in found for word in bucket], 6)
    return "\n".join(lines) + "\n"


def main():
    sys.stdout.write(text(sys.argv[1]))


if __name__ == "__main__":
    main()
