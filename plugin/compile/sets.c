/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets: lists of the author, and the keys of gates that are looked up, as hash tables.
 *
 * Idea       open addressing with linear probing at a load of at most a half, 64-bit slots that
 *            hold half the keyed hash and the entry's number; keys lie one after the other in one
 *            array of bytes, as the list has them. From 4,096 entries on a blocked Bloom filter (12 bits a
 *            key, one cache line a question) stands in front, since most look-ups are misses.
 * Batches    a slot and a Bloom block are a cache miss each, so BATCH keys are hashed and their places fetched
 *            ahead before the first is entered.
 * Twice      a value that stands in a list twice is one entry: the table finds it, and what is said of both is
 *            joined. Its second key stays behind unused, so that entries keep the numbers of the list.
 */
#include "compile/builder.h"

#include <assert.h>
#include <stdlib.h>

#include "rule/list.h"

enum { BLOOM_FROM = 4096, BLOOM_BITS = 12, BLOOM_BLOCK_BITS = 512, BATCH = 16 };

size_t sets_address_key(const struct address *address, unsigned bits, uint8_t out[17])
{
    key_address(address, bits, out);
    return KEY_ADDRESS_LEN;
}

static size_t power_of_two(size_t least)
{
    size_t size = 8;
    while (size < least)
        size *= 2;
    return size;
}

/* --- the table ----------------------------------------------------------------------------------- */

/* Empties: the arrays of all sets stand in common vectors, so a row keeps offsets. */
static struct set_row begin_set(struct builder *b, enum set_kind kind, size_t key_len, size_t count)
{
    size_t slots = power_of_two(count * 2);
    struct set_row row = {.kind = kind,
                          .slot_mask = (uint32_t)(slots - 1),
                          .slots = b->slots.count,
                          .bloom = b->bloom.count / 8,
                          .bytes = b->bytes.count,
                          .ends = b->ends.count,
                          .key_len = (uint32_t)key_len,
                          .min_len = UINT32_MAX,
                          .name = NO_INDEX,
                          .source = NO_INDEX,
                          .tlp = NO_INDEX};

    assert(count < UINT32_MAX / 4);
    memset(vector_grow(&b->slots, slots), 0, slots * sizeof(uint64_t));
    if (count >= BLOOM_FROM) {
        size_t blocks = power_of_two(count * BLOOM_BITS / BLOOM_BLOCK_BITS);
        memset(vector_grow(&b->bloom, blocks * 8), 0, blocks * 64);
        row.bloom_mask = (uint32_t)(blocks - 1);
        row.has_bloom = 1;
    }
    return row;
}

static uint64_t *bloom_block(const struct builder *b, const struct set_row *row, uint64_t hash)
{
    return (uint64_t *)b->bloom.rows + (row->bloom + set_bloom_block(row, hash)) * 8;
}

static struct view key_at(const struct builder *b, const struct set_row *row, uint32_t entry)
{
    const struct ruleset so_far = {.set_bytes = b->bytes.rows, .set_ends = b->ends.rows};
    return set_entry_key(&so_far, row, entry);
}

/* Enters the key of `entry`, whose bytes are in place. Returns the entry that had it already, NO_INDEX when none did. */
static uint32_t enter(const struct builder *b, struct set_row *row, uint64_t hash, uint32_t entry)
{
    uint64_t *slots = (uint64_t *)b->slots.rows + row->slots;
    uint32_t at = (uint32_t)hash & row->slot_mask;
    struct view key = key_at(b, row, entry);

    for (; slots[at] != 0; at = (at + 1) & row->slot_mask) {
        uint32_t other = (uint32_t)slots[at] - 1;
        if (slots[at] >> 32 == hash >> 32 && view_equal(key_at(b, row, other), key))
            return other;
    }
    slots[at] = (hash >> 32) << 32 | (entry + 1);
    if (row->has_bloom)
        set_bloom_add(bloom_block(b, row, hash), hash);
    row->max_len = key.len > row->max_len ? (uint32_t)key.len : row->max_len;
    row->min_len = key.len < row->min_len ? (uint32_t)key.len : row->min_len;
    return NO_INDEX;
}

/* The prefix lengths of address keys, longest first: the most specific entry answers. */
static void note_length(struct set_row *row, uint8_t bits)
{
    unsigned at = 0;
    while (at < row->length_count && row->lengths[at] > bits)
        at++;
    if (at < row->length_count && row->lengths[at] == bits)
        return;
    memmove(row->lengths + at + 1, row->lengths + at, row->length_count - at);
    row->lengths[at] = bits;
    row->length_count++;
}

static uint32_t end_set(struct builder *b, const struct set_row *row, size_t distinct)
{
    bool is_text = row->kind == SET_TEXT || row->kind == SET_DOMAIN || row->kind == SET_URL;

    if (is_text && row->max_len > b->set->fold_max)
        b->set->fold_max = row->max_len;
    b->stats->sets++;
    b->stats->set_entries += distinct;
    return vector_push(&b->sets, row);
}

static void push_key(struct builder *b, struct set_row *row, struct view key)
{
    if (key.len > 0)
        memcpy(vector_grow(&b->bytes, key.len), key.data, key.len);
    if (row->key_len == 0) {
        assert(b->bytes.count - row->bytes <= UINT32_MAX);
        uint32_t end = (uint32_t)(b->bytes.count - row->bytes);
        vector_push(&b->ends, &end);
    }
}

static size_t key_len_of(enum set_kind kind)
{
    return kind == SET_ADDRESS ? KEY_ADDRESS_LEN : kind == SET_NUMBER ? sizeof(int64_t) : 0;
}

uint32_t sets_build(struct builder *b, enum set_kind kind, const struct set_key *keys, size_t count)
{
    struct set_row row = begin_set(b, kind, key_len_of(kind), count);

    for (size_t i = 0; i < count; i++) {
        size_t bytes = b->bytes.count, ends = b->ends.count;
        push_key(b, &row, keys[i].bytes);
        uint64_t hash = hash_keyed(b->set->key, keys[i].bytes.data, keys[i].bytes.len);
        if (enter(b, &row, hash, row.entry_count) != NO_INDEX) { /* it stands there already */
            b->bytes.count = bytes;
            b->ends.count = ends;
            continue;
        }
        row.entry_count++;
        if (kind == SET_ADDRESS)
            note_length(&row, keys[i].bytes.data[16]);
    }
    return end_set(b, &row, row.entry_count);
}

/* --- what is said of entries --------------------------------------------------------------------- */

static void copy_facts(struct builder *b, struct set_row *row, const struct list *list)
{
    size_t count = list->facts.len / sizeof(struct list_facts);

    if (list->fact_of.len == 0)
        return;
    row->has_facts = 1;
    row->fact_of = b->fact_of.count;
    row->facts = b->facts.count;
    row->notes = b->notes.count;
    memcpy(vector_grow(&b->fact_of, list->count), list->fact_of.data, list->fact_of.len);
    memcpy(vector_grow(&b->notes, list->notes.len), list->notes.data, list->notes.len);
    const struct list_facts *facts = (const struct list_facts *)(const void *)list->facts.data;
    for (size_t i = 0; i < count; i++) {
        struct set_facts kept = {.note = facts[i].note,
                                 .first_seen_s = facts[i].first_seen_s,
                                 .valid_from_s = facts[i].valid_from_s,
                                 .valid_until_s = facts[i].valid_until_s,
                                 .confidence = facts[i].confidence};
        vector_push(&b->facts, &kept);
    }
}

static uint32_t earlier(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Valid as long as one of them is, as sure as the surer, first seen when either was. */
static struct set_facts joined(struct set_facts a, struct set_facts b)
{
    bool is_for_ever = a.valid_until_s == 0 || b.valid_until_s == 0;

    if (!is_for_ever && b.valid_until_s > a.valid_until_s)
        a.valid_until_s = b.valid_until_s;
    if (is_for_ever)
        a.valid_until_s = 0;
    a.valid_from_s = earlier(a.valid_from_s, b.valid_from_s); /* 0: from the beginning */
    if (a.first_seen_s == 0 || b.first_seen_s == 0)
        a.first_seen_s |= b.first_seen_s;
    else
        a.first_seen_s = earlier(a.first_seen_s, b.first_seen_s);
    a.confidence = b.confidence > a.confidence ? b.confidence : a.confidence;
    a.note = a.note != 0 ? a.note : b.note;
    return a;
}

static void join_facts(struct builder *b, const struct set_row *row, uint32_t entry, uint32_t again)
{
    uint32_t *fact_of = (uint32_t *)b->fact_of.rows + row->fact_of;

    if (!row->has_facts || fact_of[entry] == fact_of[again])
        return;
    const struct set_facts *facts = vector_at(&b->facts, row->facts);
    const struct set_facts old = facts[fact_of[entry]];
    const struct set_facts both = joined(old, facts[fact_of[again]]);
    if (memcmp(&both, &old, sizeof(both)) != 0)
        fact_of[entry] = vector_push(&b->facts, &both) - (uint32_t)row->facts;
}

/* --- lists --------------------------------------------------------------------------------------- */

static void copy_keys(struct builder *b, const struct list *list)
{
    memcpy(vector_grow(&b->bytes, list->keys.len), list->keys.data, list->keys.len);
    if (list->ends.len > 0)
        memcpy(vector_grow(&b->ends, list->count), list->ends.data, list->ends.len);
}

/* Enters [first, end) of the list's keys; returns how many are new. */
static size_t enter_batch(struct builder *b, struct set_row *row, uint32_t first, uint32_t end)
{
    uint64_t hashes[BATCH];
    size_t distinct = 0;

    for (uint32_t i = first; i < end; i++) {
        struct view key = key_at(b, row, i);
        uint64_t hash = hashes[i - first] = hash_keyed(b->set->key, key.data, key.len);
        __builtin_prefetch(
            (uint64_t *)b->slots.rows + row->slots + ((uint32_t)hash & row->slot_mask), 1);
        if (row->has_bloom)
            __builtin_prefetch(bloom_block(b, row, hash), 1);
    }
    for (uint32_t i = first; i < end; i++) {
        uint32_t known = enter(b, row, hashes[i - first], i);
        if (known != NO_INDEX) {
            join_facts(b, row, known, i);
            continue;
        }
        distinct++;
        if (row->kind == SET_ADDRESS)
            note_length(row, key_at(b, row, i).data[16]);
    }
    return distinct;
}

static uint32_t optional_string(struct builder *b, const char *text)
{
    return text == NULL ? NO_INDEX : builder_string(b, text);
}

static uint32_t build_list(struct builder *b, const struct list *list)
{
    static const enum set_kind KINDS[] = {
        [LIST_IP] = SET_ADDRESS,  [LIST_DOMAIN] = SET_DOMAIN, [LIST_URL] = SET_URL,
        [LIST_STRING] = SET_TEXT, [LIST_JA3] = SET_DIGEST,    [LIST_JA4] = SET_TEXT,
        [LIST_SHA1] = SET_DIGEST, [LIST_SHA256] = SET_DIGEST};
    struct set_row row = begin_set(b, KINDS[list->type], list_key_len(list->type), list->count);
    uint32_t count = (uint32_t)list->count;
    size_t distinct = 0;

    row.entry_count = count;
    row.name = builder_string(b, list->name);
    row.source = optional_string(b, list->source);
    row.tlp = optional_string(b, list->tlp);
    row.expires_us = list->expires_us;
    row.date_us = list->date_us;
    row.decay_us = list->decay_us;
    if (count > 0)
        copy_keys(b, list);
    copy_facts(b, &row, list);
    for (uint32_t at = 0; at < count; at += BATCH)
        distinct += enter_batch(b, &row, at, count - at > BATCH ? at + BATCH : count);
    return end_set(b, &row, distinct);
}

uint32_t sets_add_list(struct builder *b, const struct list *list)
{
    uint32_t *known = index_find(&b->list_index, view_make(&list, sizeof(list)));

    if (*known == NO_INDEX) {
        uint32_t set = build_list(b, list);
        known = index_find(&b->list_index, view_make(&list, sizeof(list)));
        *known = set;
    }
    return *known;
}
