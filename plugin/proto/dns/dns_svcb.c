/* SPDX-License-Identifier: BSD-3-Clause */
/* Service parameters:  key 16 | length 16 | value ...  Names and forms are RFC 9460's and RFC 9461's
 * (dohpath); a key without a name is keyN with its value in hexadecimal. */
#include "proto/dns/dns_svcb.h"

#include "base/address.h"

enum svcb_key {
    KEY_MANDATORY,
    KEY_ALPN,
    KEY_NO_DEFAULT_ALPN,
    KEY_PORT,
    KEY_IPV4HINT,
    KEY_ECH,
    KEY_IPV6HINT,
    KEY_DOHPATH,
    KEY_OHTTP,
    KEY_NAMED
};

static void put_key(struct buf *out, uint16_t key)
{
    static const char *const names[KEY_NAMED] = {
        "mandatory", "alpn",     "no-default-alpn", "port",  "ipv4hint",
        "ech",       "ipv6hint", "dohpath",         "ohttp",
    };
    if (key < KEY_NAMED)
        buf_string(out, names[key]);
    else
        buf_format(out, "key%u", key);
}

static void put_comma(struct buf *out, const struct cursor *value)
{
    if (value->at > 0)
        buf_byte(out, ',');
}

static void put_keys(struct buf *out, struct cursor *value)
{
    while (cursor_left(value) > 0) {
        put_comma(out, value);
        put_key(out, cursor_u16(value));
    }
}

static void put_protocols(struct buf *out, struct cursor *value)
{
    buf_byte(out, '"');
    while (cursor_left(value) > 0) {
        put_comma(out, value);
        buf_add(out, cursor_view(value, cursor_u8(value)));
    }
    buf_byte(out, '"');
}

static void put_addresses(struct buf *out, struct cursor *value, bool is_v4)
{
    char text[ADDRESS_TEXT_MAX];

    while (cursor_left(value) > 0) {
        put_comma(out, value);
        const uint8_t *bytes = cursor_take(value, is_v4 ? 4 : 16);
        if (bytes == NULL)
            return;
        struct address address = is_v4 ? address_from_v4(bytes) : address_from_v6(bytes);
        buf_string(out, address_format(&address, text));
    }
}

static void put_value(struct buf *out, uint16_t key, struct cursor *value)
{
    switch (key) {
    case KEY_MANDATORY:
        put_keys(out, value);
        break;
    case KEY_ALPN:
        put_protocols(out, value);
        break;
    case KEY_PORT:
        buf_u64(out, cursor_u16(value));
        break;
    case KEY_IPV4HINT:
    case KEY_IPV6HINT:
        put_addresses(out, value, key == KEY_IPV4HINT);
        break;
    case KEY_ECH:
        buf_base64(out, cursor_rest(value));
        break;
    case KEY_DOHPATH:
        buf_byte(out, '"');
        buf_add(out, cursor_rest(value));
        buf_byte(out, '"');
        break;
    default:
        buf_hex(out, cursor_rest(value));
        break;
    }
}

enum dns_fault dns_svcb_text(struct cursor *c, struct buf *out)
{
    for (bool is_first = true; cursor_left(c) > 0; is_first = false) {
        uint16_t key = cursor_u16(c);
        uint16_t len = cursor_u16(c);
        struct cursor value = cursor_sub(c, len);
        if (!is_first)
            buf_byte(out, ' ');
        put_key(out, key);
        if (len > 0) {
            buf_byte(out, '=');
            put_value(out, key, &value);
        }
        if (value.overrun)
            return DNS_MALFORMED;
    }
    return c->overrun ? DNS_MALFORMED : DNS_FINE;
}
