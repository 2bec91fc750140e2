/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow index: adding, removing, splitting. Look-up stands where it is used (flow_table.c). */
#include "flow/flow_index.h"

enum { ENTRIES_A_BUCKET = 4, SEGMENT_BUCKETS = 1 << SEGMENT_BITS };

int flow_index_init(struct flow_index *index, const struct flow_records *records,
                    struct budget *budget)
{
    *index = (struct flow_index){.records = records};
    blocks_init(&index->segments, budget, SEGMENT_BUCKETS * sizeof(struct bucket));
    blocks_init(&index->overflows, &index->overflow_memory,
                ((size_t)1 << OVERFLOW_BITS) * sizeof(struct bucket));
    if (blocks_add(&index->segments) != 0 || blocks_add(&index->overflows) != 0) {
        flow_index_clear(index);
        return -1;
    }
    index->buckets = SEGMENT_BUCKETS;
    index->mask = SEGMENT_BUCKETS - 1;
    return 0;
}

void flow_index_clear(struct flow_index *index)
{
    blocks_clear(&index->segments);
    blocks_clear(&index->overflows);
    index->buckets = index->mask = index->entries = 0;
}

/* A reference to an empty overflow bucket; 0 when the system has no memory. */
static uint32_t take_overflow(struct flow_index *index)
{
    uint32_t reference = index->overflow_free;

    if (reference != 0) {
        struct bucket *bucket = overflow_bucket(index, reference);
        index->overflow_free = bucket->overflow;
        bucket->overflow = 0;
        return reference;
    }
    if (index->overflow_used == index->overflows.count << OVERFLOW_BITS &&
        blocks_add(&index->overflows) != 0)
        return 0;
    return ++index->overflow_used;
}

static int bucket_put(struct flow_index *index, struct bucket *bucket, uint16_t tag,
                      uint32_t record)
{
    for (;;) {
        unsigned empty = bucket_candidates(bucket, 0);
        if (empty != 0) {
            unsigned slot = (unsigned)__builtin_ctz(empty);
            bucket->tags[slot] = tag;
            bucket->records[slot] = record;
            return 0;
        }
        if (bucket->overflow == 0)
            bucket->overflow = take_overflow(index);
        if (bucket->overflow == 0)
            return -1;
        bucket = overflow_bucket(index, bucket->overflow);
    }
}

/* Overflow buckets of a chain that hold nothing any more go back. */
static void trim_chain(struct flow_index *index, struct bucket *bucket)
{
    while (bucket->overflow != 0) {
        uint32_t reference = bucket->overflow;
        struct bucket *next = overflow_bucket(index, reference);
        if (bucket_candidates(next, 0) != (1 << BUCKET_SLOTS) - 1) {
            bucket = next;
            continue;
        }
        bucket->overflow = next->overflow;
        next->overflow = index->overflow_free;
        index->overflow_free = reference;
    }
}

/* Moves the entries that belong into `to` by the new mask. They fit: `to` is empty, and what `from`
 * held in its chain has at most as many full buckets as `to` may need, taken as they are freed. */
static void split_bucket(struct flow_index *index, struct bucket *from, struct bucket *to)
{
    struct bucket *head = from;

    for (; from != NULL; from = bucket_next(index, from)) {
        for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
            if (from->tags[i] == 0)
                continue;
            if (index_bucket(index, flow_record(index->records, from->records[i])->hash) != to)
                continue;
            if (bucket_put(index, to, from->tags[i], from->records[i]) == 0)
                from->tags[i] = 0;
        }
    }
    trim_chain(index, head);
}

/* True when a split of this chain cannot run out of overflow buckets half way. */
static bool can_split(struct flow_index *index, const struct bucket *bucket)
{
    uint32_t chain = 0, first = 0;

    for (; bucket->overflow != 0; bucket = bucket_next(index, bucket))
        chain++;
    while (chain > 0) {
        uint32_t reference = take_overflow(index);
        if (reference == 0)
            break;
        overflow_bucket(index, reference)->overflow = first;
        first = reference;
        chain--;
    }
    while (first != 0) { /* reserved: back to the free list, where bucket_put() finds them */
        struct bucket *reserved = overflow_bucket(index, first);
        uint32_t next = reserved->overflow;
        reserved->overflow = index->overflow_free;
        index->overflow_free = first;
        first = next;
    }
    return chain == 0;
}

static void grow(struct flow_index *index)
{
    uint32_t number = index->buckets;

    if (number == UINT32_C(1) << 30)
        return;
    if (number >> SEGMENT_BITS == index->segments.count && blocks_add(&index->segments) != 0)
        return;
    uint32_t mask = number > index->mask ? index->mask << 1 | 1 : index->mask;
    struct bucket *from = index_bucket(index, number & mask >> 1);
    if (!can_split(index, from))
        return;
    index->mask = mask;
    index->buckets++;
    split_bucket(index, from, index_bucket(index, number));
}

int flow_index_add(struct flow_index *index, uint64_t hash, uint32_t record)
{
    assert(flow_record(index->records, record)->hash == (uint32_t)hash);
    if (bucket_put(index, index_bucket(index, (uint32_t)hash), tag_of(hash), record) != 0)
        return -1;
    index->entries++;
    if (index->entries / ENTRIES_A_BUCKET >= index->buckets)
        grow(index);
    return 0;
}

void flow_index_remove(struct flow_index *index, uint32_t hash, const struct flow *flow)
{
    struct bucket *head = index_bucket(index, hash);

    for (struct bucket *at = head; at != NULL; at = bucket_next(index, at)) {
        for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
            if (at->tags[i] == 0 || flow_record(index->records, at->records[i]) != flow)
                continue;
            at->tags[i] = 0;
            index->entries--;
            if (head->overflow != 0)
                trim_chain(index, head);
            return;
        }
    }
    assert(!"the flow is not in the index");
}
