/* SPDX-License-Identifier: BSD-3-Clause */
/* Cursor: checked reads over a view of network bytes.
 *
 * Idea       a read past the end gives zero (or an empty view) and sets `overrun`, which sticks: a
 *            parser reads a whole header without a check between the fields and tests once.
 * Promises   never reads outside the view; numbers leave in host order; after an overrun the
 *            position no longer moves, so loops over cursor_left() end.
 */
#ifndef SHRIKE_BASE_CURSOR_H
#define SHRIKE_BASE_CURSOR_H

#include "base/view.h"

struct cursor {
    const uint8_t *data;
    size_t len;
    size_t at;
    bool overrun;
};

static inline struct cursor cursor_over(struct view v)
{
    return (struct cursor){.data = v.data, .len = v.len};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return c->overrun ? 0 : c->len - c->at;
}

/* The next `count` bytes, or NULL with the flag set. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t count)
{
    if (c->overrun || c->len - c->at < count) {
        c->overrun = true;
        return NULL;
    }
    const uint8_t *bytes = c->data + c->at;
    c->at += count;
    return bytes;
}

static inline void cursor_skip(struct cursor *c, size_t count)
{
    (void)cursor_take(c, count);
}

static inline struct view cursor_view(struct cursor *c, size_t count)
{
    const uint8_t *bytes = cursor_take(c, count);
    return view_make(bytes, bytes ? count : 0);
}

static inline struct view cursor_rest(struct cursor *c)
{
    return cursor_view(c, cursor_left(c));
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *b = cursor_take(c, 1);
    return b ? b[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    const uint8_t *b = cursor_take(c, 2);
    return (uint16_t)(b ? b[0] << 8 | b[1] : 0);
}

static inline uint32_t cursor_u24(struct cursor *c)
{
    const uint8_t *b = cursor_take(c, 3);
    return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    const uint8_t *b = cursor_take(c, 4);
    return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    uint64_t high = cursor_u32(c);
    return high << 32 | cursor_u32(c);
}

static inline uint16_t cursor_u16_le(struct cursor *c)
{
    const uint8_t *b = cursor_take(c, 2);
    return (uint16_t)(b ? b[1] << 8 | b[0] : 0);
}

static inline uint32_t cursor_u32_le(struct cursor *c)
{
    const uint8_t *b = cursor_take(c, 4);
    return b ? (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0] : 0;
}

/* A cursor over the next `count` bytes only (a TLV's body); overrun in both when they are not there. */
static inline struct cursor cursor_sub(struct cursor *c, size_t count)
{
    const uint8_t *bytes = cursor_take(c, count);
    return (struct cursor){.data = bytes, .len = bytes ? count : 0, .overrun = bytes == NULL};
}

#endif
