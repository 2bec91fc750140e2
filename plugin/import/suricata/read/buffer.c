/* SPDX-License-Identifier: BSD-3-Clause */
#include "import/suricata/read/buffer.h"

static const struct buffer BUFFERS[] = {
#define BUFFER(name, alias, modifier, flag, service, request, exact, response, kind)               \
    {name, alias, modifier, flag, service, request, exact, response, BUFFER_##kind},
#include "import/suricata/read/buffer.def"
#undef BUFFER
};

enum { BUFFER_COUNT = sizeof(BUFFERS) / sizeof(BUFFERS[0]) };

/* Whether `name` is one of the words. */
static bool is_among(struct view name, struct view words)
{
    while (words.len > 0) {
        size_t end = view_find_byte(words, ' ');
        if (view_equal(name, view_slice(words, 0, end)))
            return true;
        words = view_skip(words, end == VIEW_NOT_FOUND ? words.len : end + 1);
    }
    return false;
}

const struct buffer *buffer_sticky(struct view name)
{
    for (size_t i = 0; i < BUFFER_COUNT; i++) {
        if (view_equal(name, view_from_string(BUFFERS[i].name)) ||
            is_among(name, view_from_string(BUFFERS[i].alias)))
            return &BUFFERS[i];
    }
    return NULL;
}

const struct buffer *buffer_modifier(struct view name)
{
    for (size_t i = 0; i < BUFFER_COUNT; i++) {
        if (*BUFFERS[i].modifier != '\0' && view_equal(name, view_from_string(BUFFERS[i].modifier)))
            return &BUFFERS[i];
    }
    return NULL;
}

const struct buffer *buffer_of_flag(char flag)
{
    for (size_t i = 0; i < BUFFER_COUNT; i++) {
        if (flag != 0 && BUFFERS[i].flag == flag)
            return &BUFFERS[i];
    }
    return NULL;
}
