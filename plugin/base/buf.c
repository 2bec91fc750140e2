/* SPDX-License-Identifier: BSD-3-Clause */
/* Buf: growing by doubling up to the maximum, and the few forms of text that every writer needs. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *buf, size_t maximum)
{
    *buf = (struct buf){.maximum = maximum};
}

void buf_clear(struct buf *buf)
{
    memory_free(buf->data);
    buf_init(buf, buf->maximum);
}

bool buf_reserve(struct buf *buf, size_t count)
{
    if (buf->capacity - buf->len >= count)
        return true;
    if (count > buf->maximum || buf->len > buf->maximum - count) {
        buf->is_full = true;
        return false;
    }
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < buf->len + count)
        capacity *= 2;
    if (capacity > buf->maximum)
        capacity = buf->maximum;
    buf->data = memory_resize(buf->data, capacity, 1);
    buf->capacity = capacity;
    return true;
}

void buf_bytes(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !buf_reserve(buf, len))
        return;
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
}

void buf_string(struct buf *buf, const char *text)
{
    buf_bytes(buf, text, strlen(text));
}

void buf_u64(struct buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    buf_bytes(buf, digits + at, sizeof(digits) - at);
}

void buf_i64(struct buf *buf, int64_t number)
{
    if (number < 0)
        buf_byte(buf, '-');
    buf_u64(buf, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void buf_hex(struct buf *buf, struct view bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        buf_byte(buf, (uint8_t)digits[bytes.data[i] >> 4]);
        buf_byte(buf, (uint8_t)digits[bytes.data[i] & 15]);
    }
}

void buf_base64(struct buf *buf, struct view bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? bytes.data[i + 2] : 0;
        buf_byte(buf, (uint8_t)digits[group >> 18]);
        buf_byte(buf, (uint8_t)digits[group >> 12 & 63]);
        buf_byte(buf, left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=');
        buf_byte(buf, left > 2 ? (uint8_t)digits[group & 63] : '=');
    }
}

void buf_format(struct buf *buf, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len > 0)
        buf_bytes(buf, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}
