/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets: lists of the author, and the keys of gates that are looked up, as hash tables.
 *
 * Idea       open addressing with linear probing at a load of at most a half, 64-bit slots that
 *            hold half the keyed hash and the entry's number; keys lie one after the other in one
 *            array of bytes. From 4,096 entries on a blocked Bloom filter (12 bits a key, one
 *            cache line a question) stands in front, since most look-ups are misses.
 * Keys       text is folded; a domain loses its final dot; an address is masked to its prefix and
 *            followed by the prefix length, so that one table answers for all lengths present.
 */
#include "compile/builder.h"

#include <assert.h>
#include <stdlib.h>

enum { BLOOM_FROM = 4096, BLOOM_BITS = 12, BLOOM_BLOCK_BITS = 512 };

size_t sets_address_key(const struct address *address, unsigned bits, uint8_t out[17])
{
    memset(out, 0, 17);
    memcpy(out, address->bytes, bits / 8);
    if (bits % 8 != 0)
        out[bits / 8] = address->bytes[bits / 8] & (uint8_t)(0xff00U >> bits % 8);
    out[16] = (uint8_t)bits;
    return 17;
}

static size_t power_of_two(size_t least)
{
    size_t size = 8;
    while (size < least)
        size *= 2;
    return size;
}

/* Empties: the arrays of all sets stand in common vectors, so a row keeps offsets. */
static struct set_row begin_set(struct builder *b, enum set_kind kind, size_t count)
{
    size_t slots = power_of_two(count * 2);
    struct set_row row = {.kind = kind,
                          .slot_mask = (uint32_t)(slots - 1),
                          .slots = b->slots.count,
                          .bloom = b->bloom.count / 8,
                          .entries = b->entries.count,
                          .min_len = UINT32_MAX,
                          .name = NO_INDEX,
                          .notes = UINT64_MAX};

    memset(vector_grow(&b->slots, slots), 0, slots * sizeof(uint64_t));
    if (count >= BLOOM_FROM) {
        size_t blocks = power_of_two(count * BLOOM_BITS / BLOOM_BLOCK_BITS);
        memset(vector_grow(&b->bloom, blocks * 8), 0, blocks * 64);
        row.bloom_mask = (uint32_t)(blocks - 1);
        row.has_bloom = 1;
    }
    return row;
}

/* Adds a key; false when it was there. */
static bool add_key(struct builder *b, struct set_row *row, struct view key)
{
    uint64_t hash = hash_keyed(b->set->key, key.data, key.len);
    uint64_t *slots = (uint64_t *)b->slots.rows + row->slots;
    uint32_t at = (uint32_t)hash & row->slot_mask;

    for (; slots[at] != 0; at = (at + 1) & row->slot_mask) {
        if (slots[at] >> 32 != hash >> 32)
            continue;
        const struct set_entry *e = vector_at(&b->entries, row->entries + (uint32_t)slots[at] - 1);
        if (view_equal(view_make((uint8_t *)b->bytes.rows + e->offset, e->len), key))
            return false;
    }
    slots[at] = (hash >> 32) << 32 | ++row->entry_count;
    if (row->has_bloom) {
        uint64_t *blocks = (uint64_t *)b->bloom.rows + row->bloom * 8;
        set_bloom_add(blocks + (size_t)set_bloom_block(row, hash) * 8, hash);
    }
    assert(b->bytes.count + key.len < UINT32_MAX);
    struct set_entry entry = {(uint32_t)b->bytes.count, (uint32_t)key.len};
    vector_push(&b->entries, &entry);
    if (key.len > 0)
        memcpy(vector_grow(&b->bytes, key.len), key.data, key.len);
    row->max_len = entry.len > row->max_len ? entry.len : row->max_len;
    row->min_len = entry.len < row->min_len ? entry.len : row->min_len;
    return true;
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

static uint32_t end_set(struct builder *b, const struct set_row *row)
{
    if (row->kind != SET_ADDRESS && row->kind != SET_NUMBER && row->max_len > b->set->fold_max)
        b->set->fold_max = row->max_len;
    b->stats->sets++;
    b->stats->set_entries += row->entry_count;
    return vector_push(&b->sets, row);
}

uint32_t sets_build(struct builder *b, enum set_kind kind, const struct set_key *keys, size_t count)
{
    struct set_row row = begin_set(b, kind, count);
    for (size_t i = 0; i < count; i++) {
        if (add_key(b, &row, keys[i].bytes) && kind == SET_ADDRESS)
            note_length(&row, keys[i].bytes.data[16]);
    }
    return end_set(b, &row);
}

static struct view entry_key(const struct list *list, const struct list_entry *entry,
                             struct vector *scratch)
{
    scratch->count = 0;
    if (list->type == LIST_IP) {
        uint8_t *key = vector_grow(scratch, 17);
        return view_make(key, sets_address_key(&entry->address, entry->prefix_bits, key));
    }
    struct view value = entry->value;
    if (list->type == LIST_DOMAIN && value.len > 0 && value.data[value.len - 1] == '.')
        value.len--;
    uint8_t *key = vector_grow(scratch, value.len + 1);
    for (size_t i = 0; i < value.len; i++)
        key[i] = byte_fold(value.data[i]);
    return view_make(key, value.len);
}

/* Notes beside the entries, only when there is one. */
static void add_note(struct builder *b, struct set_row *row, const char *note)
{
    if (row->notes == UINT64_MAX) {
        row->notes = b->notes.count;
        uint32_t *none = vector_grow(&b->notes, row->entry_count - 1);
        if (row->entry_count > 1) /* nothing stands before the first note of all */
            memset(none, 0xff, (row->entry_count - 1) * sizeof(*none));
    }
    uint32_t offset = note ? builder_string(b, note) : NO_INDEX;
    vector_push(&b->notes, &offset);
}

uint32_t sets_add_list(struct builder *b, const struct list *list)
{
    uint32_t *known = index_find(&b->list_index, view_make(&list, sizeof(list)));
    if (*known != NO_INDEX)
        return *known;
    static const enum set_kind KINDS[] = {
        [LIST_IP] = SET_ADDRESS,  [LIST_DOMAIN] = SET_DOMAIN, [LIST_URL] = SET_TEXT,
        [LIST_STRING] = SET_TEXT, [LIST_JA3] = SET_TEXT,      [LIST_JA4] = SET_TEXT,
        [LIST_SHA1] = SET_TEXT,   [LIST_SHA256] = SET_TEXT};
    struct set_row row = begin_set(b, KINDS[list->type], list->count);
    struct vector scratch;

    vector_init(&scratch, 1);
    for (size_t i = 0; i < list->count; i++) {
        const struct list_entry *entry = &list->entries[i];
        struct view key = entry_key(list, entry, &scratch);
        if (key.len == 0 || !add_key(b, &row, key))
            continue;
        if (row.kind == SET_ADDRESS)
            note_length(&row, (uint8_t)entry->prefix_bits);
        if (entry->note != NULL || row.notes != UINT64_MAX)
            add_note(b, &row, entry->note);
    }
    memory_free(scratch.rows);
    row.name = builder_string(b, list->name);
    row.expires_us = list->expires_us;
    uint32_t set = end_set(b, &row);
    *index_find(&b->list_index, view_make(&list, sizeof(list))) = set;
    return set;
}
