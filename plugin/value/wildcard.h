/* SPDX-License-Identifier: BSD-3-Clause */
/* Wildcards: a value with wildcards, and what Sigma's encodings make of it. */
#ifndef SHRIKE_VALUE_WILDCARD_H
#define SHRIKE_VALUE_WILDCARD_H

#include "rule/rule.h"

struct text {
    struct glob_piece *pieces;
    size_t count;
};

/* One value may become several (base64offset, windash), of which one has to match. */
struct texts {
    struct text *items;
    size_t count;
};

enum { WINDASH_MAX = 3 }; /* dashes of one value: five forms each, so 125 values at most */

/* Sigma's wildcards and escapes: `*` any bytes, `?` one; `\*` `\?` `\\` the character itself; any other
 * backslash is a backslash. Adjacent literals are one piece; "" has no piece. */
struct text text_parse(struct arena *arena, struct view value);
struct text text_from_bytes(struct arena *arena, struct view bytes);
/* No wildcard in it; `bytes` receives the literal. */
bool text_is_literal(const struct text *text, struct view *bytes);
/* Nothing but `*`. */
bool text_is_any(const struct text *text);
/* With `*` at the start, the end or both. */
struct text text_surround(struct arena *arena, const struct text *text, bool before, bool after);

enum utf16 { UTF16_LITTLE, UTF16_BIG, UTF16_MARKED }; /* MARKED: byte order mark, little endian */
/* `?` becomes two bytes. False when the text is not UTF-8. */
bool text_utf16(struct arena *arena, struct text *text, enum utf16 form);
struct view text_base64(struct arena *arena, struct view bytes);
/* What stays the same of base64(x + bytes + y) for any x of the length `shift` (0, 1, 2 modulo 3) and
 * any y; empty when nothing does. */
struct view text_base64_shifted(struct arena *arena, struct view bytes, unsigned shift);
/* All forms with each dash that begins a word as - / and the three long dashes; count 0 when there are more
 * than WINDASH_MAX. */
struct texts text_windash(struct arena *arena, struct view bytes);

#endif
