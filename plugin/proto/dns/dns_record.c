/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS records: an interpreter of the forms in dns_type.def, one small function a letter.
 *
 * Every part reads from a cursor whose length ends with the record's data, so no part can read its
 * neighbour's bytes; names alone follow their pointers through the whole message. */
#include "proto/dns/dns_record.h"

#include <time.h>

#include "base/address.h"
#include "proto/dns/dns_svcb.h"

struct type_row {
    uint16_t number;
    const char *name;
    const char *form;
};

static const struct type_row TYPES[] = {
#define DNS_TYPE(number, name, form) {number, name, form},
#include "proto/dns/dns_type.def"
#undef DNS_TYPE
};

static const struct type_row *find_type(uint16_t number)
{
    size_t low = 0, high = sizeof(TYPES) / sizeof(TYPES[0]);

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (TYPES[middle].number == number)
            return &TYPES[middle];
        if (TYPES[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *dns_type_name(uint16_t type)
{
    const struct type_row *row = find_type(type);
    return row ? row->name : NULL;
}

const char *dns_rcode_name(uint16_t rcode)
{
    switch (rcode) {
#define DNS_RCODE(number, name)                                                                    \
    case number:                                                                                   \
        return name;
#include "proto/dns/dns_rcode.def"
#undef DNS_RCODE
    }
    return NULL;
}

enum dns_fault dns_record_read(struct cursor *message, struct dns_record *out)
{
    struct dns_name owner;
    out->name_at = (uint16_t)message->at;
    enum dns_fault fault = dns_name_read(message, &owner);

    if (fault == DNS_MALFORMED)
        return fault;
    out->type = cursor_u16(message);
    out->class = cursor_u16(message);
    out->ttl = cursor_u32(message);
    out->len = cursor_u16(message);
    out->at = (uint16_t)message->at;
    cursor_skip(message, out->len);
    return message->overrun ? DNS_MALFORMED : fault;
}

/* ---- parts of a form ----------------------------------------------------------------------------- */

static void put_type(struct buf *out, uint16_t type)
{
    const char *name = dns_type_name(type);
    if (name != NULL)
        buf_string(out, name);
    else
        buf_format(out, "TYPE%u", type);
}

static void put_address(struct buf *out, struct cursor *c, bool is_v4)
{
    const uint8_t *bytes = cursor_take(c, is_v4 ? 4 : 16);
    char text[ADDRESS_TEXT_MAX];

    if (bytes == NULL)
        return;
    struct address address = is_v4 ? address_from_v4(bytes) : address_from_v6(bytes);
    buf_string(out, address_format(&address, text));
}

static enum dns_fault put_name(struct buf *out, struct cursor *c, struct view message)
{
    struct cursor whole = {.data = message.data, .len = message.len, .at = c->at};
    struct dns_name name;
    enum dns_fault fault = dns_name_read(&whole, &name);

    if (fault == DNS_MALFORMED || whole.at > c->len)
        return DNS_MALFORMED;
    c->at = whole.at;
    if (name.len == 0)
        buf_byte(out, '.');
    else
        buf_add(out, dns_name_view(&name));
    return fault;
}

static void put_quoted(struct buf *out, struct view text)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buf_byte(out, '\\');
        buf_byte(out, text.data[i]);
    }
    buf_byte(out, '"');
}

/* RFC 1035 section 3.3: a length byte, then so many bytes. */
static struct view string_read(struct cursor *c)
{
    return cursor_view(c, cursor_u8(c));
}

static void put_strings(struct buf *out, struct cursor *c, bool is_quoted)
{
    bool is_first = true;

    while (cursor_left(c) > 0) {
        struct view string = string_read(c);
        if (!is_quoted) {
            buf_add(out, string);
            continue;
        }
        if (!is_first)
            buf_byte(out, ' ');
        put_quoted(out, string);
        is_first = false;
    }
}

static void put_date(struct buf *out, uint32_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm parts;
    char text[16];

    if (gmtime_r(&time, &parts) != NULL && strftime(text, sizeof(text), "%Y%m%d%H%M%S", &parts) > 0)
        buf_string(out, text);
}

static void put_salt(struct buf *out, struct cursor *c)
{
    struct view salt = string_read(c);
    if (salt.len == 0)
        buf_byte(out, '-');
    else
        buf_hex(out, salt);
}

/* RFC 4648 section 7 without padding, in lower case. */
static void put_base32hex(struct buf *out, struct view bytes)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | bytes.data[i];
        count += 8;
        for (; count >= 5; count -= 5)
            buf_byte(out, (uint8_t)digits[bits >> (count - 5) & 31]);
    }
    if (count > 0)
        buf_byte(out, (uint8_t)digits[bits << (5 - count) & 31]);
}

/* RFC 4034 section 4.1.2: blocks of (window, length, bits), windows ascending, at most 32 bytes each. */
static void put_bitmap(struct buf *out, struct cursor *c)
{
    bool is_first = true;

    for (int last = -1; cursor_left(c) > 0 && !out->is_full;) {
        int window = cursor_u8(c);
        struct view bits = string_read(c);
        if (window <= last || bits.len == 0 || bits.len > 32) {
            c->overrun = true;
            return;
        }
        last = window;
        for (unsigned i = 0; i < bits.len * 8; i++) {
            if ((bits.data[i / 8] & 0x80 >> i % 8) == 0)
                continue;
            if (!is_first)
                buf_byte(out, ' ');
            is_first = false;
            put_type(out, (uint16_t)((unsigned)window << 8 | i));
        }
    }
}

/* RFC 6742: a locator or node identifier as four groups. */
static void put_groups(struct buf *out, struct cursor *c)
{
    for (int i = 0; i < 4; i++)
        buf_format(out, i > 0 ? ":%04x" : "%04x", cursor_u16(c));
}

static void put_eui(struct buf *out, struct view bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        buf_format(out, i > 0 ? "-%02x" : "%02x", bytes.data[i]);
}

static enum dns_fault put_part(struct buf *out, struct cursor *c, char part, struct view message)
{
    switch (part) {
    case '1':
        buf_u64(out, cursor_u8(c));
        break;
    case '2':
        buf_u64(out, cursor_u16(c));
        break;
    case '4':
        buf_u64(out, cursor_u32(c));
        break;
    case 'a':
    case 'A':
        put_address(out, c, part == 'a');
        break;
    case 'n':
        return put_name(out, c, message);
    case 'y':
        put_type(out, cursor_u16(c));
        break;
    case 't':
        put_date(out, cursor_u32(c));
        break;
    case 'g':
        put_groups(out, c);
        break;
    case 'S':
        put_salt(out, c);
        break;
    case 'H':
        put_base32hex(out, string_read(c));
        break;
    case 'm':
        put_bitmap(out, c);
        break;
    case 'v':
        return dns_svcb_text(c, out);
    case 'x':
        buf_hex(out, cursor_rest(c));
        break;
    case 'b':
        buf_base64(out, cursor_rest(c));
        break;
    case 'e':
        put_eui(out, cursor_rest(c));
        break;
    case 'r':
        buf_add(out, cursor_rest(c));
        break;
    case 'j':
    case 'z':
        put_strings(out, c, part == 'z');
        break;
    case 's':
        put_quoted(out, string_read(c));
        break;
    case 'u':
        buf_add(out, string_read(c));
        break;
    case 'q':
        put_quoted(out, cursor_rest(c));
        break;
    }
    return c->overrun ? DNS_MALFORMED : DNS_FINE;
}

static void put_unknown(struct buf *out, struct view data)
{
    buf_format(out, data.len > 0 ? "\\# %zu " : "\\# %zu", data.len);
    buf_hex(out, data);
}

enum dns_fault dns_record_text(struct view message, const struct dns_record *record,
                               struct buf *out)
{
    const struct type_row *row = find_type(record->type);
    struct view data = view_slice(message, record->at, (size_t)record->at + record->len);
    struct cursor c = {
        .data = message.data, .len = (size_t)record->at + record->len, .at = record->at};
    size_t start = out->len;
    enum dns_fault first = DNS_FINE;

    if (data.len == 0) /* dynamic update (RFC 2136) has such records */
        return DNS_FINE;
    if (row == NULL || row->form[0] == '\0') {
        put_unknown(out, data);
        return DNS_FINE;
    }
    for (const char *part = row->form; *part != '\0'; part++) {
        size_t before = out->len;
        if (part != row->form)
            buf_byte(out, ' ');
        enum dns_fault fault = put_part(out, &c, *part, message);
        if (fault == DNS_MALFORMED) {
            out->len = start;
            put_unknown(out, data);
            return fault;
        }
        first = dns_fault_first(first, fault);
        if (part != row->form && out->len == before + 1)
            out->len = before; /* an empty last part needs no space */
    }
    return dns_fault_first(first, cursor_left(&c) > 0 ? DNS_MALFORMED : DNS_FINE);
}
