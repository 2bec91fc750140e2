/* SPDX-License-Identifier: BSD-3-Clause */
/* Text: an alert for people, one line. */
#ifndef SHRIKE_OUTPUT_TEXT_H
#define SHRIKE_OUTPUT_TEXT_H

#include "base/buf.h"
#include "match/alert.h"

struct text_options {
    bool colour; /* ANSI colours by level */
};

/* time, level, client -> server, title, the strongest evidence; ends with '\n'. */
/* Returns where in the line text_suppressed() can put a count that is known later. */
size_t text_alert(struct buf *line, const struct text_options *options, const struct alert *alert);
void text_suppressed(struct buf *out, uint64_t left_out);

#endif
