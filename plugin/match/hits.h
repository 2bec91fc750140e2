/* SPDX-License-Identifier: BSD-3-Clause */
/* Hits: what stream.c and window.c share of hits.c. */
#ifndef SHRIKE_MATCH_HITS_H
#define SHRIKE_MATCH_HITS_H

#include "match/matcher.h"

/* What Hyperscan's callback gets. */
struct stream_scan {
    struct matcher *m;
    struct group_state *state;
    uint64_t base; /* of the scan within the direction */
};

static inline bool bit_get(const uint64_t *bits, uint32_t at)
{
    return bits != NULL && (bits[at / 64] >> at % 64 & 1) != 0;
}

static inline void bit_set(uint64_t *bits, uint32_t at)
{
    bits[at / 64] |= UINT64_C(1) << at % 64;
}

size_t hits_bits_size(const struct group_row *row); /* bytes of a state's bits */
/* Takes the bits when there are none; false when there is no memory. */
bool hits_have_bits(struct matcher *m, struct group_state *state);
/* Hyperscan's callback, with a struct stream_scan: new hits, and predicates that are opened. */
int hits_on_pattern(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context);
/* Keeps the bytes of the scan's new hit `number`; `bytes` have just come. */
void hits_keep(struct matcher *m, struct group_state *state, const struct stream_side *side,
               struct view bytes, size_t number);

#endif
