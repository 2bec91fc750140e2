/* SPDX-License-Identifier: BSD-3-Clause */
/* Buf: growable output with a stated maximum.
 *
 * Writes past the maximum are dropped and `is_full` sticks, so a writer tests once at the end. The
 * memory is kept over buf_reset(), so steady state allocates nothing.
 */
#ifndef SHRIKE_BASE_BUF_H
#define SHRIKE_BASE_BUF_H

#include "base/view.h"

struct buf {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t maximum;
    bool is_full;
};

void buf_init(struct buf *buf, size_t maximum);
void buf_clear(struct buf *buf); /* gives the memory back */

static inline void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->is_full = false;
}

static inline struct view buf_view(const struct buf *buf)
{
    return view_make(buf->data, buf->len);
}

/* Room for `count` more bytes at buf->data + buf->len; false (and is_full) when over the maximum. */
bool buf_reserve(struct buf *buf, size_t count);

static inline void buf_byte(struct buf *buf, uint8_t byte)
{
    if (buf->len < buf->capacity || buf_reserve(buf, 1))
        buf->data[buf->len++] = byte;
}

void buf_bytes(struct buf *buf, const void *bytes, size_t len);

static inline void buf_add(struct buf *buf, struct view v)
{
    buf_bytes(buf, v.data, v.len);
}

/* For string literals: the length is known at compile time. */
#define buf_text(buf, literal) buf_bytes((buf), ("" literal), sizeof(literal) - 1)

void buf_string(struct buf *buf, const char *text);
void buf_u64(struct buf *buf, uint64_t number);
void buf_i64(struct buf *buf, int64_t number);
void buf_hex(struct buf *buf, struct view bytes);
void buf_base64(struct buf *buf, struct view bytes);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
