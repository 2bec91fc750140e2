/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow index: from a key's hash to record numbers.
 *
 *   bucket (one cache line)   tag x 8 | record x 8 | overflow
 *
 * Idea       linear hashing (Litwin 1980): buckets are split one at a time as entries come, so there
 *            is no moment at which everything is rehashed, no second table beside the first, and
 *            memory grows by 64 KiB. ENTRIES_A_BUCKET on average, 16 bytes an entry.
 * Tags       16 bits of the hash that do not choose the bucket; one SSE2 comparison finds the
 *            candidates, and a record is touched in vain once in 65,536/8 look-ups.
 * Overflow   a full bucket continues in overflow buckets. Splits stop when the budget is spent; chains
 *            then grow with the load, which the budget bounds as well. Overflow buckets themselves are
 *            outside the budget: how many there are depends on the random key, and a flow must never be
 *            refused for that. They are few, at most one for eight flows.
 */
#ifndef SHRIKE_FLOW_FLOW_INDEX_H
#define SHRIKE_FLOW_FLOW_INDEX_H

#ifdef __SSE2__
#    include <emmintrin.h>
#endif

#include "flow/flow_records.h"

enum { BUCKET_SLOTS = 8, SEGMENT_BITS = 10, OVERFLOW_BITS = 6 };

struct bucket {
    uint16_t tags[BUCKET_SLOTS]; /* 0: empty */
    uint32_t records[BUCKET_SLOTS];
    uint32_t overflow; /* number of the overflow bucket plus one; 0: none */
    uint32_t spare[3];
};

static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

struct flow_index {
    const struct flow_records *records;
    struct blocks segments;        /* of 2^SEGMENT_BITS buckets */
    struct blocks overflows;       /* of 2^OVERFLOW_BITS buckets */
    struct budget overflow_memory; /* counts, without a bound */
    uint32_t overflow_free, overflow_used;
    uint32_t buckets; /* in use */
    uint32_t mask;    /* 2^n - 1 with 2^n the least power of two >= buckets */
    uint32_t entries;
};

/* -1 when the budget does not even hold the first buckets. */
int flow_index_init(struct flow_index *index, const struct flow_records *records,
                    struct budget *budget);
void flow_index_clear(struct flow_index *index);
/* -1 when the budget is spent. flow->hash must hold the hash's low half. */
int flow_index_add(struct flow_index *index, uint64_t hash, uint32_t record);
/* The entry must be there. */
void flow_index_remove(struct flow_index *index, uint32_t hash, const struct flow *flow);

static inline uint16_t tag_of(uint64_t hash)
{
    uint16_t tag = (uint16_t)(hash >> 48);
    return tag ? tag : 1;
}

static inline struct bucket *index_bucket(const struct flow_index *index, uint32_t hash)
{
    uint32_t number = hash & index->mask;
    if (number >= index->buckets)
        number &= index->mask >> 1;
    void *segment = index->segments.items[number >> SEGMENT_BITS];
    return (struct bucket *)segment + (number & ((1 << SEGMENT_BITS) - 1));
}

/* The bucket that a reference, not 0, leads to. */
static inline struct bucket *overflow_bucket(const struct flow_index *index, uint32_t reference)
{
    uint32_t number = reference - 1;
    void *block = index->overflows.items[number >> OVERFLOW_BITS];
    return (struct bucket *)block + (number & ((1 << OVERFLOW_BITS) - 1));
}

/* The next bucket of a chain, or NULL. */
static inline struct bucket *bucket_next(const struct flow_index *index,
                                         const struct bucket *bucket)
{
    return bucket->overflow != 0 ? overflow_bucket(index, bucket->overflow) : NULL;
}

/* Bit i of the result: tags[i] is `tag`. */
static inline unsigned bucket_candidates(const struct bucket *bucket, uint16_t tag)
{
#ifdef __SSE2__
    __m128i tags = _mm_load_si128((const __m128i *)(const void *)bucket->tags);
    __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
    unsigned found = 0;
    for (unsigned i = 0; i < BUCKET_SLOTS; i++)
        found |= (unsigned)(bucket->tags[i] == tag) << i;
    return found;
#endif
}

#endif
