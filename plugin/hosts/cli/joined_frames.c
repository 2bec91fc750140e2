/* SPDX-License-Identifier: BSD-3-Clause */
/* Joined frames: two lists, one in order as it comes, the other sorted once. */
#include "hosts/cli/joined_frames.h"

#include <stdlib.h>

#include "base/memory.h"

void joined_frames_clear(struct joined_frames *joined)
{
    memory_free(joined->parts);
    memory_free(joined->wanted);
    *joined = (struct joined_frames){0};
}

static size_t grown(size_t capacity)
{
    return capacity ? capacity * 2 : 64;
}

void joined_frames_add(struct joined_frames *joined, uint64_t whole, const uint64_t *frames,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (frames[i] == whole)
            continue;
        if (joined->part_count == JOINED_MAX) {
            joined->left_out++;
            continue;
        }
        if (joined->part_count == joined->part_capacity) {
            joined->part_capacity = grown(joined->part_capacity);
            joined->parts =
                memory_resize(joined->parts, joined->part_capacity, sizeof(*joined->parts));
        }
        joined->parts[joined->part_count++] = (struct joined_part){whole, frames[i]};
    }
}

static size_t first_part(const struct joined_frames *joined, uint64_t whole)
{
    size_t low = 0, high = joined->part_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (joined->parts[middle].whole < whole)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_wanted(struct joined_frames *joined, uint64_t frame)
{
    if (joined->wanted_count == JOINED_MAX) {
        joined->left_out++;
        return;
    }
    if (joined->wanted_count == joined->wanted_capacity) {
        joined->wanted_capacity = grown(joined->wanted_capacity);
        joined->wanted =
            memory_resize(joined->wanted, joined->wanted_capacity, sizeof(*joined->wanted));
    }
    joined->wanted[joined->wanted_count++] = frame;
}

/* Parts come before what they make, so this ends; as deep as fragments lie within fragments. */
static void want(struct joined_frames *joined, uint64_t whole)
{
    for (size_t i = first_part(joined, whole);
         i < joined->part_count && joined->parts[i].whole == whole; i++) {
        add_wanted(joined, joined->parts[i].frame);
        want(joined, joined->parts[i].frame);
    }
}

void joined_frames_want(struct joined_frames *joined, uint64_t whole)
{
    if (whole != joined->last_whole) /* a frame may hold several packets */
        want(joined, whole);
    joined->last_whole = whole;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

void joined_frames_sort(struct joined_frames *joined)
{
    if (joined->wanted_count > 1)
        qsort(joined->wanted, joined->wanted_count, sizeof(*joined->wanted), compare);
}

bool joined_frames_has(const struct joined_frames *joined, uint64_t frame)
{
    return joined->wanted_count > 0 && bsearch(&frame, joined->wanted, joined->wanted_count,
                                               sizeof(*joined->wanted), compare) != NULL;
}
