#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes plugin/lint/shared_address.def: ranges of addresses behind which there are many.

usage: tests/gen/shared_addresses.py ../shared/corpora/feeds/benign > plugin/lint/shared_address.def

RESOLVER stands here, by hand: the addresses that those who run them publish. The others are facts from MISP's warning
lists (CC0). Ranges that lie within or beside each other become one; of two kinds the first of KINDS has an address.
"""
import ipaddress
import json
import sys

RESOLVERS = """8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220
2001:4860:4860::/64 2606:4700:4700::/64 2620:fe::/64""".split()
KINDS = (("RESOLVER", None), ("CLOUDFLARE", "cloudflare"), ("FASTLY", "fastly"), ("AKAMAI", "akamai"),
         ("STACKPATH", "stackpath"), ("AMAZON", "amazon-aws"))


def ranges(folder, file, version):
    """(first, last) in order; of IPv6 the upper 64 bits, and no range that is narrower."""
    texts = RESOLVERS
    if file is not None:
        with open("%s/%s.json" % (folder, file), encoding="utf-8") as opened:
            texts = json.load(opened)["list"]
    networks = [ipaddress.ip_network(text) for text in texts]
    for network in ipaddress.collapse_addresses(n for n in networks if n.version == version):
        shift = 64 if version == 6 else 0
        if version == 4 or network.prefixlen <= 64:
            yield int(network[0]) >> shift, int(network[-1]) >> shift


def without(taken, first, last):
    """What of first..last no range of `taken` has; `taken` is in order."""
    for begin, end, _ in taken:
        if end < first or begin > last:
            continue
        if begin > first:
            yield first, begin - 1
        first = end + 1
    if first <= last:
        yield first, last


def table(folder, version):
    taken = []
    for kind, file in KINDS:
        new = [(*part, kind) for span in ranges(folder, file, version) for part in without(taken, *span)]
        taken = sorted(taken + new)
    joined = []
    for first, last, kind in taken:
        if joined and joined[-1][1] + 1 == first and joined[-1][2] == kind:
            joined[-1] = (joined[-1][0], last, kind)
        else:
            joined.append((first, last, kind))
    return joined


def main():
    print("""/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of addresses behind which there are many. Written by tests/gen/shared_addresses.py, which tells where the rows
 * come from; in order, and none overlaps another.
 *
 *   RANGE4(first, last, kind)     RANGE6: the upper 64 bits     kind: RESOLVER CLOUDFLARE FASTLY AKAMAI STACKPATH AMAZON
 */""")
    for version, digits in ((4, 8), (6, 16)):
        for first, last, kind in table(sys.argv[1], version):
            print("RANGE%d(0x%0*x, 0x%0*x, %s)" % (version, digits, first, digits, last, kind))


if __name__ == "__main__":
    main()
