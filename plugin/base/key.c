/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys: see key.h for what counts. Everything is one pass over bounded input, into the caller's room. */
#include "base/key.h"

enum { SCHEME_MAX = 16 };

void key_fold(struct view text, uint8_t *out)
{
    for (size_t i = 0; i < text.len; i++)
        out[i] = byte_fold(text.data[i]);
}

struct view key_domain(struct view name)
{
    if (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    return name;
}

void key_address(const struct address *address, unsigned bits, uint8_t out[KEY_ADDRESS_LEN])
{
    memset(out, 0, KEY_ADDRESS_LEN);
    memcpy(out, address->bytes, bits / 8);
    if (bits % 8 != 0)
        out[bits / 8] = address->bytes[bits / 8] & (uint8_t)(0xff00U >> bits % 8);
    out[16] = (uint8_t)bits;
}

/* Value of a hex digit and 16; 0 for other bytes. */
static const uint8_t DIGITS[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['A'] = 26, ['B'] = 27, ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31,
    ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
};
enum { IS_DIGIT = 16 };

bool key_digest(struct view text, uint8_t *out, size_t bytes)
{
    size_t step = text.len == bytes * 3 - 1 ? 3 : 2;
    uint8_t all = IS_DIGIT, colons = 0;

    if (text.len != bytes * step - (step - 2))
        return false;
    const uint8_t *at = text.data;
    for (size_t i = 0; i < bytes; i++, at += step) {
        uint8_t high = DIGITS[at[0]], low = DIGITS[at[1]];
        all &= high & low;
        out[i] = (uint8_t)(high << 4 | (low & 15));
    }
    for (size_t i = 2; step == 3 && i < text.len; i += 3)
        colons |= text.data[i] ^ ':';
    return all == IS_DIGIT && colons == 0;
}

/* --- URLs ---------------------------------------------------------------------------------------- */

/* Output that remembers when it did not fit. */
struct room {
    uint8_t *out;
    size_t len, max;
    bool is_over;
};

static inline void put(struct room *room, uint8_t byte)
{
    if (room->len < room->max)
        room->out[room->len++] = byte_fold(byte);
    else
        room->is_over = true;
}

static void put_all(struct room *room, struct view text)
{
    for (size_t i = 0; i < text.len; i++)
        put(room, text.data[i]);
}

/* The byte of "%41" when it never needs encoding (RFC 3986, 2.3); 0 when it does or is none. */
static uint8_t needless_escape(struct view text)
{
    if (text.len < 3)
        return 0;
    uint8_t high = DIGITS[text.data[1]], low = DIGITS[text.data[2]];
    if ((high & low & IS_DIGIT) == 0)
        return 0;
    uint8_t byte = (uint8_t)(high << 4 | (low & 15)), folded = byte_fold(byte);
    bool is_free = byte_is_digit(byte) || (folded >= 'a' && folded <= 'z') ||
                   view_find_byte(VIEW("-._~"), byte) != VIEW_NOT_FOUND;
    return is_free ? byte : 0;
}

/* "http"; empty when there is none. */
static struct view scheme_of(struct view text)
{
    size_t at = view_find(view_slice(text, 0, SCHEME_MAX), VIEW("://"));
    return view_slice(text, 0, at == VIEW_NOT_FOUND ? 0 : at);
}

/* What stands before the path, after the scheme. */
static struct view take_authority(struct view *text)
{
    size_t end = 0;

    while (end < text->len && text->data[end] != '/' && text->data[end] != '?' &&
           text->data[end] != '#')
        end++;
    struct view authority = view_slice(*text, 0, end);
    *text = view_skip(*text, end);
    return authority;
}

static struct view without_user(struct view authority)
{
    size_t user = 0;

    for (size_t i = 0; i < authority.len; i++)
        user = authority.data[i] == '@' ? i + 1 : user;
    return view_skip(authority, user);
}

/* Takes "http://" off; what is left is an authority and what follows. */
static struct view take_scheme(struct room *room, struct view *text)
{
    struct view scheme = scheme_of(*text);

    if (scheme.len == 0)
        return scheme;
    *text = view_skip(*text, scheme.len + 3);
    if (!view_equal_fold(scheme, VIEW("http")) && !view_equal_fold(scheme, VIEW("https"))) {
        put_all(room, scheme);
        put_all(room, VIEW("://"));
    }
    return scheme;
}

/* Host, with a port that is not the usual one. */
static struct view without_extras(struct view authority, struct view scheme)
{
    struct view usual = view_equal_fold(scheme, VIEW("https")) ? VIEW(":443") : VIEW(":80");

    authority = without_user(authority);
    if (view_ends(authority, usual))
        authority.len -= usual.len;
    else if (view_ends(authority, VIEW(":")))
        authority.len--;
    return key_domain(authority);
}

size_t key_url(struct view text, uint8_t *out, size_t max)
{
    struct room room = {.max = max};

    room.out = out;
    struct view scheme = take_scheme(&room, &text);
    struct view host = without_extras(take_authority(&text), scheme);
    if (host.len == 0)
        return 0;
    put_all(&room, host);
    if (text.len == 0 || text.data[0] != '/')
        put(&room, '/');
    for (size_t i = 0; i < text.len && text.data[i] != '#' && !room.is_over; i++) {
        uint8_t byte = text.data[i] == '%' ? needless_escape(view_skip(text, i)) : 0;
        put(&room, byte != 0 ? byte : text.data[i]);
        i += byte != 0 ? 2 : 0;
    }
    return room.is_over ? 0 : room.len;
}

struct view key_url_host(struct view text)
{
    struct view scheme = scheme_of(text);

    if (scheme.len > 0)
        text = view_skip(text, scheme.len + 3);
    struct view host = without_user(take_authority(&text));
    if (host.len > 0 && host.data[0] == '[') /* an IPv6 address has colons of its own */
        return view_slice(host, 0, view_find_byte(host, ']'));
    return key_domain(view_slice(host, 0, view_find_byte(host, ':')));
}
