/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffer: Suricata's sticky buffers and the fields that hold the same; see buffer.def. */
#ifndef SHRIKE_IMPORT_SURICATA_READ_BUFFER_H
#define SHRIKE_IMPORT_SURICATA_READ_BUFFER_H

#include "base/view.h"

enum buffer_kind { BUFFER_TEXT, BUFFER_FOLDED, BUFFER_MANY, BUFFER_NUMBER };

struct buffer {
    const char *name, *alias, *modifier;
    char flag;
    const char *service;
    const char *request, *exact, *response; /* "" for none */
    enum buffer_kind kind;
};

/* NULL when it is none. */
const struct buffer *buffer_sticky(struct view name);
const struct buffer *buffer_modifier(struct view name);
const struct buffer *buffer_of_flag(char flag);

#endif
