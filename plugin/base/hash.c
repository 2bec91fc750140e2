/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes: SipHash-1-3 as its paper gives it, and the plain mixer. */
#include "base/hash.h"

#include <pthread.h>
#include <sys/random.h>

static struct hash_key process_key;

static void draw_key(void)
{
    if (getrandom(&process_key, sizeof(process_key), 0) != (ssize_t)sizeof(process_key))
        process_key =
            (struct hash_key){UINT64_C(0x736872696b65), (uint64_t)(uintptr_t)&process_key};
}

struct hash_key hash_key_random(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, draw_key);
    return process_key;
}

static inline uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

struct sip {
    uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *s)
{
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->d ^= word;
    sip_round(s);
    s->a ^= word;
}

uint64_t hash_keyed(struct hash_key key, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    struct sip s = {key.k0 ^ UINT64_C(0x736f6d6570736575), key.k1 ^ UINT64_C(0x646f72616e646f6d),
                    key.k0 ^ UINT64_C(0x6c7967656e657261), key.k1 ^ UINT64_C(0x7465646279746573)};
    uint64_t word;
    size_t left = len;

    for (; left >= 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        sip_word(&s, word);
    }
    word = 0;
    if (left > 0)
        memcpy(&word, at, left);
    sip_word(&s, word | (uint64_t)len << 56);
    s.c ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t hash_plain(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t state = hash_mix(len + UINT64_C(0x9e3779b97f4a7c15));
    uint64_t word;

    for (; len >= 8; len -= 8, at += 8) {
        memcpy(&word, at, 8);
        state = hash_mix(state ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    }
    word = 0;
    if (len > 0)
        memcpy(&word, at, len);
    return hash_mix(state ^ word);
}
