/* SPDX-License-Identifier: BSD-3-Clause */
/* Views: bytes that somebody else owns.
 *
 * Idea       everything that shrike says about a packet points into the packet. A view is a pointer
 *            and a length, passed by value; it never owns, never ends in NUL, may hold any byte.
 * Promises   no function here allocates; every comparison is bounded by both lengths.
 * Case       folding is ASCII only (RFC 4343 for names, Sigma for strings): no locale, no tables.
 */
#ifndef SHRIKE_BASE_VIEW_H
#define SHRIKE_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct view {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;
};

#define VIEW_NOT_FOUND SIZE_MAX

/* A view of a string literal, without its NUL. */
#define VIEW(literal) ((struct view){(const uint8_t *)("" literal), sizeof(literal) - 1})

static inline struct view view_make(const void *data, size_t len)
{
    return (struct view){(const uint8_t *)data, len};
}

static inline struct view view_from_string(const char *text)
{
    return view_make(text, strlen(text));
}

/* The bytes [from, to), both clamped to the view. */
static inline struct view view_slice(struct view v, size_t from, size_t to)
{
    if (to > v.len)
        to = v.len;
    if (from >= to)
        return (struct view){v.data, 0};
    return (struct view){v.data + from, to - from};
}

static inline struct view view_skip(struct view v, size_t count)
{
    return view_slice(v, count, v.len);
}

static inline uint8_t byte_fold(uint8_t byte)
{
    return (uint8_t)(byte - 'A') < 26 ? (uint8_t)(byte | 0x20) : byte;
}

static inline bool byte_is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') < 10;
}

static inline bool byte_is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static inline bool view_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal when ASCII case is ignored. */
bool view_equal_fold(struct view a, struct view b);

bool view_starts(struct view v, struct view prefix);
bool view_starts_fold(struct view v, struct view prefix);
bool view_ends(struct view v, struct view suffix);
bool view_ends_fold(struct view v, struct view suffix);

/* Offset of the first occurrence, or VIEW_NOT_FOUND. An empty needle is found at 0. */
size_t view_find(struct view haystack, struct view needle);
size_t view_find_fold(struct view haystack, struct view needle);
size_t view_find_byte(struct view haystack, uint8_t byte);
/* The next line of `rest`, without its end (LF or CR LF), which it loses; false after the last. */
bool view_take_line(struct view *rest, struct view *line);

/* Without spaces and tabs at both ends. */
struct view view_trim(struct view v);

/* Decimal digits only, whole view; false when empty, foreign bytes or above UINT64_MAX. */
bool view_parse_u64(struct view v, uint64_t *out);

/* Lexicographic, then by length; for sorting. */
int view_compare(struct view a, struct view b);

#endif
