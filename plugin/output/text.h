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
void text_alert(struct buf *line, const struct text_options *options, const struct alert *alert);

#endif
