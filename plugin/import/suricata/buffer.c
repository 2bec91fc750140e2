/* SPDX-License-Identifier: BSD-3-Clause */
#include "import/suricata/buffer.h"

static const struct buffer BUFFERS[] = {
#define BUFFER(name, alias, modifier, flag, service, request, exact, response, kind)               \
    {name, alias, modifier, flag, service, request, exact, response, BUFFER_##kind},
#include "import/suricata/buffer.def"
#undef BUFFER
};

enum { BUFFER_COUNT = sizeof(BUFFERS) / sizeof(BUFFERS[0]) };

const struct buffer *buffer_sticky(struct view name)
{
    for (size_t i = 0; i < BUFFER_COUNT; i++) {
        if (view_equal(name, view_from_string(BUFFERS[i].name)) ||
            (*BUFFERS[i].alias != '\0' && view_equal(name, view_from_string(BUFFERS[i].alias))))
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
