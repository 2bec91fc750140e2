/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes: one that attackers cannot steer, one that everybody must compute alike.
 *
 * Keyed      SipHash-1-3 (Aumasson, Bernstein 2012) under a random key of the process, for every
 *            table whose keys come from the network. Its order must never reach an output.
 * Plain      an unkeyed 64-bit mixer (the finaliser of splitmix64 over 8-byte words), for what
 *            must be equal on every run and machine: partition to workers, flow identifiers.
 */
#ifndef SHRIKE_BASE_HASH_H
#define SHRIKE_BASE_HASH_H

#include "base/view.h"

struct hash_key {
    uint64_t k0, k1;
};

/* Random by getrandom(2); the same value in the whole process. */
struct hash_key hash_key_random(void);

uint64_t hash_keyed(struct hash_key key, const void *bytes, size_t len);

static inline uint64_t hash_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t hash_plain(const void *bytes, size_t len);

#endif
