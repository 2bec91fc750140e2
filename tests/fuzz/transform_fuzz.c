/* SPDX-License-Identifier: BSD-3-Clause */
/* Transforms: any bytes through any list of them; no byte is written beyond the room, and a list in one buffer gives what its
 * transforms give one by one.
 *
 * Input: four bytes for the list (a byte each, modulo their number), the value. */
#include "fields/transform.h"

#include <stdlib.h>
#include <string.h>

enum { GUARD = 16 };

/* Room for `value` and `count` transforms, with a guard behind it. */
static uint8_t *room_for(struct view value, size_t count)
{
    size_t size = value.len + count * TRANSFORM_ROOM;
    uint8_t *out = malloc(size + GUARD);

    if (out == NULL)
        abort();
    memset(out + size, 0xa5, GUARD);
    return out;
}

static void check_guard(const uint8_t *out, size_t size, size_t len)
{
    if (len > size)
        abort();
    for (size_t i = 0; i < GUARD; i++) {
        if (out[size + i] != 0xa5)
            abort();
    }
}

static void check(transform_list list, size_t count, struct view value)
{
    uint8_t *at_once = room_for(value, count), *single = NULL;
    size_t len = transform_apply(list, value, at_once);
    struct view rest = value;

    check_guard(at_once, value.len + count * TRANSFORM_ROOM, len);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *next = room_for(rest, 1);
        size_t made = transform_apply(transform_list_get(list, i), rest, next);
        check_guard(next, rest.len + TRANSFORM_ROOM, made);
        rest = view_make(next, made);
        free(single);
        single = next;
    }
    if (!view_equal(rest, view_make(at_once, len)))
        abort();
    free(single);
    free(at_once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    transform_list list = 0;
    size_t count = 0;

    if (size < TRANSFORMS_MAX)
        return 0;
    for (size_t i = 0; i < TRANSFORMS_MAX; i++) {
        enum transform_id id = (enum transform_id)(data[i] % TRANSFORM_COUNT);
        if (id != TRANSFORM_NONE)
            count += transform_list_add(&list, id);
    }
    check(list, count, view_make(data + TRANSFORMS_MAX, size - TRANSFORMS_MAX));
    return 0;
}
