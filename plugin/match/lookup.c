/* SPDX-License-Identifier: BSD-3-Clause */
/* Look-up: which members of a set does a value hit?
 *
 * Text       the folded value itself; one question.
 * Domain     the folded name and every name above it that begins at a label, longest first, at
 *            most as long as the longest member: a hostile name costs no more than an honest one.
 * URL        its key (base/key.h): what does not count is left out on both sides.
 * Digest     its bytes, from hex digits with or without colons.
 * Address    masked to each prefix length that the set has, longest first.
 */
#include "match/matcher.h"

#include <assert.h>

static size_t lookup_text(struct matcher *m, const struct set_row *row, struct view value,
                          uint32_t *members)
{
    if (value.len > row->max_len || value.len < row->min_len)
        return 0;
    assert(row->max_len <= m->set->fold_max);
    for (size_t i = 0; i < value.len; i++)
        m->fold[i] = byte_fold(value.data[i]);
    members[0] = set_find_key(m->set, row, view_make(m->fold, value.len));
    return members[0] != NO_INDEX;
}

static size_t lookup_domain(struct matcher *m, const struct set_row *row, struct view value,
                            uint32_t *members, size_t max)
{
    size_t count = 0;
    bool is_label = true; /* does value begin at one? */

    if (value.len > 0 && value.data[value.len - 1] == '.')
        value.len--;
    if (value.len > row->max_len) {
        size_t cut = value.len - row->max_len;
        is_label = value.data[cut - 1] == '.';
        value = view_skip(value, cut);
    }
    for (size_t i = 0; i < value.len; i++)
        m->fold[i] = byte_fold(value.data[i]);
    for (size_t i = 0; i < value.len && value.len - i >= row->min_len && count < max; i++) {
        if (is_label) {
            uint32_t member = set_find_key(m->set, row, view_make(m->fold + i, value.len - i));
            if (member != NO_INDEX)
                members[count++] = member;
        }
        is_label = m->fold[i] == '.';
    }
    return count;
}

static size_t lookup_url(struct matcher *m, const struct set_row *row, struct view value,
                         uint32_t *members)
{
    size_t len = key_url(value, m->fold, row->max_len);

    assert(row->max_len <= m->set->fold_max);
    if (len == 0)
        return 0;
    members[0] = set_find_key(m->set, row, view_make(m->fold, len));
    return members[0] != NO_INDEX;
}

static size_t lookup_digest(const struct matcher *m, const struct set_row *row, struct view value,
                            uint32_t *members)
{
    uint8_t key[32];

    assert(row->key_len <= sizeof(key));
    if (!key_digest(value, key, row->key_len))
        return 0;
    members[0] = set_find_key(m->set, row, view_make(key, row->key_len));
    return members[0] != NO_INDEX;
}

static size_t lookup_address(const struct matcher *m, const struct set_row *row,
                             const struct address *address, uint32_t *members, size_t max)
{
    size_t count = 0;
    uint8_t key[KEY_ADDRESS_LEN];

    memcpy(key, address, 16);
    for (unsigned i = 0; i < row->length_count && count < max; i++) {
        unsigned bits = row->lengths[i]; /* falling: what is cleared stays cleared */
        if (bits < 128) {
            key[bits / 8] &= (uint8_t)(0xff00U >> bits % 8);
            memset(key + bits / 8 + 1, 0, 15 - bits / 8);
        }
        key[16] = (uint8_t)bits;
        uint32_t member = set_find_key(m->set, row, view_make(key, sizeof(key)));
        if (member != NO_INDEX)
            members[count++] = member;
    }
    return count;
}

size_t lookup_value(struct matcher *m, const struct set_row *row, enum field_type type,
                    const union value *value, uint32_t *members, size_t max)
{
    struct address address;

    switch ((enum set_kind)row->kind) {
    case SET_TEXT:
        return type == TYPE_BYTES ? lookup_text(m, row, value->bytes, members) : 0;
    case SET_DOMAIN:
        return type == TYPE_BYTES ? lookup_domain(m, row, value->bytes, members, max) : 0;
    case SET_URL:
        return type == TYPE_BYTES ? lookup_url(m, row, value->bytes, members) : 0;
    case SET_DIGEST:
        return type == TYPE_BYTES ? lookup_digest(m, row, value->bytes, members) : 0;
    case SET_ADDRESS:
        if (type == TYPE_IP)
            return lookup_address(m, row, &value->ip, members, max);
        if (type == TYPE_BYTES && address_parse(value->bytes, &address))
            return lookup_address(m, row, &address, members, max);
        return 0;
    case SET_NUMBER:
        members[0] = set_find_key(m->set, row, view_make(&value->number, sizeof(value->number)));
        return members[0] != NO_INDEX;
    }
    return 0;
}
