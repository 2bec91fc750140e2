/* SPDX-License-Identifier: BSD-3-Clause */
/* Readable text: what people are shown of names that others chose (titles of rules, names of files).
 *
 * Valid UTF-8 is kept. What could steer a terminal or turn a line around becomes \xHH, byte by byte:
 * control characters (C0, DEL, C1), line and paragraph separators, directional overrides and isolates
 * (Unicode 15, 2.6 and 23.2), and bytes that are no UTF-8.
 */
#ifndef SHRIKE_BASE_READABLE_H
#define SHRIKE_BASE_READABLE_H

#include <stdio.h>

#include "base/buf.h"

/* Length of the UTF-8 sequence of two to four bytes at the start of a view that is not empty (RFC 3629:
 * shortest form, no surrogates, at most U+10FFFF), or 0. */
size_t utf8_length(struct view v);

void readable_add(struct buf *out, struct view text);
void readable_print(FILE *out, const char *text);

#endif
