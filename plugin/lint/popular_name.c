/* SPDX-License-Identifier: BSD-3-Clause */
/* Popular names: 112,000 names in 32 bits each, written as six characters (rows of numbers are dear to tools).
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

enum {
    BUCKET_BITS = 12,
    WORD_BITS = 30,
    LIST_BITS = 2,
    BUCKETS = 1 << BUCKET_BITS,
    A_ROW = 20,       /* numbers */
    BEGIN_DIGITS = 4, /* of base 64 */
    WORD_DIGITS = 6
};

static const char BEGIN_ROWS[][A_ROW * BEGIN_DIGITS + 1] = {
#define BEGINS(row) row,
#define WORDS(row)
#include "lint/popular_name.def"
#undef BEGINS
#undef WORDS
};
static const char WORD_ROWS[][A_ROW * WORD_DIGITS + 1] = {
#define BEGINS(row)
#define WORDS(row) row,
#include "lint/popular_name.def"
#undef BEGINS
#undef WORDS
};

static_assert(sizeof(BEGIN_ROWS) / sizeof(BEGIN_ROWS[0]) == BUCKETS / A_ROW + 1,
              "one begin a bucket, and the end");

/* The least digit first, from `(` on; `y` and `z` stand for two characters that C would read otherwise. */
static uint32_t number_at(const char *digits, unsigned count)
{
    uint32_t number = 0;
    for (unsigned i = 0; i < count; i++) {
        int c = digits[i] == 'y' ? '?' : digits[i] == 'z' ? '\\' : digits[i];
        number |= (uint32_t)(c - '(') << 6 * i;
    }
    return number;
}

static uint32_t begin_of(size_t bucket)
{
    return number_at(BEGIN_ROWS[bucket / A_ROW] + bucket % A_ROW * BEGIN_DIGITS, BEGIN_DIGITS);
}

enum popular popular_name(struct view name)
{
    uint64_t hash = hash_plain(name.data, name.len);
    size_t bucket = (size_t)(hash >> (64 - BUCKET_BITS));
    uint32_t wanted = (uint32_t)(hash >> (64 - BUCKET_BITS - WORD_BITS)) & ((1U << WORD_BITS) - 1);
    uint32_t end = begin_of(bucket + 1);

    for (uint32_t i = begin_of(bucket); i < end; i++) {
        uint32_t word = number_at(WORD_ROWS[i / A_ROW] + i % A_ROW * WORD_DIGITS, WORD_DIGITS);
        if (word >> LIST_BITS == wanted)
            return (enum popular)(word & ((1U << LIST_BITS) - 1));
    }
    return POPULAR_NONE;
}
