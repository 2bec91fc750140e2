/* SPDX-License-Identifier: BSD-3-Clause */
/* Popular names: 112,000 names in 32 bits each.
 *
 * Structure  [begins of 4,096 buckets] [words of bucket 0] [words of bucket 1] ...    A name's hash is its bucket (12 bits)
 *            and its word (30 bits), which ends in the number of its list (2 bits). Words of a bucket are in order.
 * Price      what a name is cannot be read back, and of 40 million names that are on no list one is taken for one that is:
 *            a needless message, and nothing else.
 * Not here   how the table is made: tests/gen/popular_names.py.
 */
#include "lint/popular_name.h"

#include <assert.h>

#include "base/hash.h"
#include "lint/popular_name.def"

enum { BUCKET_BITS = 12, WORD_BITS = 30, LIST_BITS = 2, BUCKETS = 1 << BUCKET_BITS };

static const uint32_t BEGINS[] = {POPULAR_BEGINS};
static const uint32_t WORDS[] = {POPULAR_WORDS};

static_assert(sizeof(BEGINS) == (BUCKETS + 1) * sizeof(BEGINS[0]),
              "one begin a bucket, and the end");

enum popular popular_name(struct view name)
{
    uint64_t hash = hash_plain(name.data, name.len);
    size_t bucket = (size_t)(hash >> (64 - BUCKET_BITS));
    uint32_t wanted = (uint32_t)(hash >> (64 - BUCKET_BITS - WORD_BITS)) & ((1U << WORD_BITS) - 1);

    for (size_t i = BEGINS[bucket]; i < BEGINS[bucket + 1]; i++) {
        if (WORDS[i] >> LIST_BITS == wanted)
            return (enum popular)(WORDS[i] & ((1U << LIST_BITS) - 1));
    }
    return POPULAR_NONE;
}
