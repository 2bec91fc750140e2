/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS written by hand, for tests and fuzz targets: lists, extensions, hellos, messages, records. */
#ifndef SHRIKE_TESTS_UNIT_TLS_BYTES_H
#define SHRIKE_TESTS_UNIT_TLS_BYTES_H

#include "base/buf.h"

static inline void put_u16(struct buf *out, unsigned value)
{
    buf_byte(out, (uint8_t)(value >> 8));
    buf_byte(out, (uint8_t)value);
}

static inline void put_u24(struct buf *out, size_t value)
{
    buf_byte(out, (uint8_t)(value >> 16));
    put_u16(out, (unsigned)value);
}

/* Big-endian values of two bytes from hexadecimal text: "1301,c02b". */
static inline void put_hex_list(struct buf *out, const char *text)
{
    unsigned value = 0;
    for (; *text != '\0'; text++) {
        if (*text == ',') {
            put_u16(out, value);
            value = 0;
        } else {
            value = value << 4 | (unsigned)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
        }
    }
    put_u16(out, value);
}

static inline void put_extension(struct buf *out, unsigned type, struct view body)
{
    put_u16(out, type);
    put_u16(out, (unsigned)body.len);
    buf_add(out, body);
}

static inline void put_sni(struct buf *out, struct view name)
{
    put_u16(out, 0);
    put_u16(out, (unsigned)name.len + 5);
    put_u16(out, (unsigned)name.len + 3);
    buf_byte(out, 0);
    put_u16(out, (unsigned)name.len);
    buf_add(out, name);
}

/* The bodies of hellos. `ciphers` and `extensions` as in put_hex_list() and put_extension(). */
static inline void put_client_hello(struct buf *out, unsigned version, struct view ciphers,
                                    struct view extensions)
{
    put_u16(out, version);
    for (int i = 0; i < 32; i++)
        buf_byte(out, (uint8_t)i);
    buf_byte(out, 0);
    put_u16(out, (unsigned)ciphers.len);
    buf_add(out, ciphers);
    put_u16(out, 0x0100);
    if (extensions.len > 0) {
        put_u16(out, (unsigned)extensions.len);
        buf_add(out, extensions);
    }
}

static inline void put_server_hello(struct buf *out, unsigned version, unsigned cipher,
                                    bool is_retry, struct view extensions)
{
    static const uint8_t retry[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                    0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                    0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    put_u16(out, version);
    for (int i = 0; i < 32; i++)
        buf_byte(out, is_retry ? retry[i] : (uint8_t)i);
    buf_byte(out, 0);
    put_u16(out, cipher);
    buf_byte(out, 0);
    if (extensions.len > 0) {
        put_u16(out, (unsigned)extensions.len);
        buf_add(out, extensions);
    }
}

static inline void put_message(struct buf *out, unsigned type, struct view body)
{
    buf_byte(out, (uint8_t)type);
    put_u24(out, body.len);
    buf_add(out, body);
}

/* In records of at most `most` bytes each. */
static inline void put_records(struct buf *out, unsigned type, struct view bytes, size_t most)
{
    for (size_t at = 0; at < bytes.len; at += most) {
        struct view part = view_slice(bytes, at, at + most);
        buf_byte(out, (uint8_t)type);
        put_u16(out, 0x0303);
        put_u16(out, (unsigned)part.len);
        buf_add(out, part);
    }
}

#endif
