/* SPDX-License-Identifier: BSD-3-Clause */
/* Members: tables of entries by the hash of their key. match/lookup.c is what they have to agree with. */
#include "lint/member.h"

#include "base/hash.h"
#include "base/key.h"
#include "base/memory.h"
#include "lint/pattern.h"
#include "rule/list.h"

struct table {
    const struct list *list;
    struct table *next;
    uint64_t *slots; /* the upper half of the key's hash, and the entry + 1; 0: free */
    size_t mask;
    bool has_bits[129]; /* of addresses: prefixes of these lengths are there */
};

struct members {
    struct table *first;
};

struct members *members_new(void)
{
    return memory_new(1, sizeof(struct members));
}

void members_free(struct members *members)
{
    while (members != NULL && members->first != NULL) {
        struct table *table = members->first;
        members->first = table->next;
        memory_free(table->slots);
        memory_free(table);
    }
    memory_free(members);
}

/* ---- tables ----------------------------------------------------------------------------------------------- */

#define TAG UINT64_C(0xffffffff00000000)

/* The slot of the key, or the free one where it belongs. */
static uint64_t *slot_of(const struct table *table, struct view key, uint64_t hash)
{
    size_t at = (size_t)hash & table->mask;

    for (; table->slots[at] != 0; at = (at + 1) & table->mask) {
        size_t entry = (size_t)(table->slots[at] & ~TAG) - 1;
        if (((table->slots[at] ^ hash) & TAG) == 0 && view_equal(list_key(table->list, entry), key))
            break;
    }
    return &table->slots[at];
}

static bool has_key(const struct table *table, struct view key)
{
    return *slot_of(table, key, hash_plain(key.data, key.len)) != 0;
}

static void fill(struct table *table)
{
    const struct list *list = table->list;

    for (size_t i = 0; i < list->count && list->expires_us == 0; i++) {
        struct list_facts facts = list_facts_of(list, i);
        struct view key = list_key(list, i);
        if (facts.valid_from_s != 0 || facts.valid_until_s != 0)
            continue;
        uint64_t hash = hash_plain(key.data, key.len);
        *slot_of(table, key, hash) = (hash & TAG) | (i + 1);
        if (list->type == LIST_IP)
            table->has_bits[key.data[KEY_ADDRESS_LEN - 1]] = true;
    }
}

static const struct table *table_of(struct members *members, const struct list *list)
{
    struct table *table = members->first;
    size_t size = 16;

    while (table != NULL && table->list != list)
        table = table->next;
    if (table != NULL)
        return table;
    while (size < list->count * 2)
        size *= 2;
    table = memory_new(1, sizeof(*table));
    *table = (struct table){.list = list, .next = members->first, .mask = size - 1};
    table->slots = memory_new(size, sizeof(*table->slots));
    members->first = table;
    fill(table);
    return table;
}

/* ---- what is asked for ------------------------------------------------------------------------------------ */

/* The bytes at the end of a pattern, all of one that is whole. */
static struct view tail_of(const struct pattern *pattern, uint8_t out[PATTERN_MAX])
{
    size_t begin = pattern->count, len = 0;

    while (begin > 0 && pattern->symbols[begin - 1] < 256)
        begin--;
    for (size_t i = begin; i < pattern->count; i++)
        out[len++] = byte_fold((uint8_t)pattern->symbols[i]);
    return view_make(out, len);
}

/* What stands behind each dot of the name's end is a name that it lies under; all of it only when it begins there. */
static bool has_name_above(const struct table *table, struct view tail, bool is_whole)
{
    if (is_whole && has_key(table, tail))
        return true;
    for (size_t i = 0; i < tail.len; i++) {
        if (tail.data[i] == '.' && has_key(table, view_skip(tail, i + 1)))
            return true;
    }
    return false;
}

static bool holds_name(const struct table *table, const struct predicate *p)
{
    struct pattern pattern;
    uint8_t room[PATTERN_MAX];

    if (p->op == MATCH_DOMAIN)
        return has_name_above(table, p->bytes, true);
    if (!pattern_of(p, &pattern) || !pattern.is_tied_end || pattern.to != SIZE_MAX)
        return false;
    return has_name_above(table, key_domain(tail_of(&pattern, room)), pattern_is_whole(&pattern));
}

static bool holds_text(const struct table *table, const struct predicate *p)
{
    struct pattern pattern;
    uint8_t room[PATTERN_MAX];

    return pattern_of(p, &pattern) && pattern_is_whole(&pattern) &&
           has_key(table, tail_of(&pattern, room));
}

static bool holds_address(const struct table *table, const struct predicate *p)
{
    uint8_t key[KEY_ADDRESS_LEN];

    for (unsigned bits = 0; p->op == MATCH_PREFIX && bits <= p->prefix_bits; bits++) {
        if (!table->has_bits[bits])
            continue;
        key_address(&p->address, bits, key);
        if (has_key(table, view_make(key, sizeof(key))))
            return true;
    }
    return false;
}

bool members_hold(struct members *members, const struct list *list, const struct predicate *p)
{
    if (members == NULL || p->of != OF_VALUE)
        return false;
    switch (list->type) {
    case LIST_DOMAIN:
        return holds_name(table_of(members, list), p);
    case LIST_STRING:
        return holds_text(table_of(members, list), p);
    case LIST_IP:
        return holds_address(table_of(members, list), p);
    case LIST_URL:
    case LIST_JA3:
    case LIST_JA4:
    case LIST_SHA1:
    case LIST_SHA256:
        break;
    }
    return false;
}
