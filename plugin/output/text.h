/* SPDX-License-Identifier: BSD-3-Clause */
/* Text: an alert for people, one line. */
#ifndef SHRIKE_OUTPUT_TEXT_H
#define SHRIKE_OUTPUT_TEXT_H

#include "base/buf.h"
#include "match/alert.h"

struct text_options {
    bool colour; /* ANSI colours by level */
};

/* time, level, client -> server, title, the strongest evidence; ends with '\n'. The line is complete once
 * text_align() has set its columns. Returns where in the line text_suppressed() can put a count that is known
 * later. */
size_t text_alert(struct buf *line, const struct text_options *options, const struct alert *alert);
void text_suppressed(struct buf *out, uint64_t left_out);

/* Columns as wide as the widest of the lines so far, so that addresses of IPv6 take room only where there are
 * any. All zero at the start; the lines must come in their final order. */
enum { TEXT_COLUMNS = 2 };
struct text_columns {
    size_t widths[TEXT_COLUMNS];
};
/* The line with its columns padded, in `out`, which is emptied first. */
struct view text_align(struct buf *out, struct text_columns *columns, struct view line);

#endif
