#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Lists of made-up indicators, one a line: lists.py KIND COUNT [--seed N] > FILE

KIND is domain, ip, url, string, ja3, ja4, sha1 or sha256. All values of a list differ, and the same numbers give the same
bytes on every machine. Addresses are IPv4 (7 of 10), IPv6 (2), and prefixes of both (1), as mixed feeds have them; domains
are 8 to 40 bytes long, 23 on average, as those of public block lists are. `--misses` writes values that are not in the
list of the same seed."""
import argparse
import hashlib
import sys

TLDS = ["com", "net", "org", "info", "top", "xyz", "ru", "cn", "co.uk", "com.br", "online", "site"]
WORDS = ["mail", "update", "cdn", "secure", "login", "static", "api", "news", "cloud", "drive", "photo", "shop",
         "account", "support", "web", "data"]


def mix(number):
    """splitmix64's finaliser: 64 well-mixed bits of a number."""
    mask = (1 << 64) - 1
    number = (number + 0x9E3779B97F4A7C15) & mask
    number = ((number ^ number >> 30) * 0xBF58476D1CE4E5B9) & mask
    number = ((number ^ number >> 27) * 0x94D049BB133111EB) & mask
    return number ^ number >> 31


def domain(bits, number):
    host = "%s%x%s" % (WORDS[bits & 15], number, WORDS[bits >> 4 & 15] if bits >> 8 & 1 else "")
    sub = WORDS[bits >> 9 & 15] + "." if bits >> 13 & 1 else ""
    return "%s%s.%s" % (sub, host, TLDS[(bits >> 16) % len(TLDS)])


def ip(bits, number):
    kind = bits % 10
    if kind < 7:  # every number another address: an odd factor is a permutation of 32 bits
        n = number * 2654435761 & 0xFFFFFFFF
        return "%d.%d.%d.%d" % (n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255)
    if kind < 9:
        return "2001:db8:%x:%x::%x" % (number >> 16, number & 0xFFFF, bits >> 48)
    if bits >> 32 & 1:
        n = number * 2654435761 & 0xFFFFFF
        return "%d.%d.%d.0/24" % (n >> 16, n >> 8 & 255, n & 255)
    return "2a00:%x:%x::/48" % (number >> 16, number & 0xFFFF)


def digest(digits):
    def make(bits, number):
        return hashlib.sha256(b"%d" % bits).hexdigest()[:digits]
    return make


def ja4(bits, number):
    text = hashlib.sha256(b"%d" % bits).hexdigest()
    return "t13d%02d%02dh2_%s_%s" % (bits % 90 + 10, bits % 80 + 10, text[:12], text[12:24])


def url(bits, number):
    return "http://%s/%x/%x.php" % (domain(bits, number), bits >> 40, number)


def string(bits, number):
    return "Mozilla/4.0 (compatible; %x %x)" % (bits >> 32, number)


KINDS = {"domain": domain, "ip": ip, "url": url, "string": string, "ja3": digest(32), "ja4": ja4, "sha1": digest(40),
         "sha256": digest(64)}


def values(kind, count, seed, misses=False):
    make, base = KINDS[kind], (1 << 28 if misses else 0)
    for number in range(base, base + count):
        yield make(mix(seed << 40 | number), number)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    out = []
    for value in values(options.kind, options.count, options.seed, options.misses):
        out.append(value)
        if len(out) == 4096:
            sys.stdout.write("\n".join(out) + "\n")
            out = []
    if out:
        sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
