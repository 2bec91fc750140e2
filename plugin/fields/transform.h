/* SPDX-License-Identifier: BSD-3-Clause */
/* Transform: what a value is turned into before a rule looks at it; see transform.def. */
#ifndef SHRIKE_FIELDS_TRANSFORM_H
#define SHRIKE_FIELDS_TRANSFORM_H

#include "base/view.h"

enum transform_id {
    TRANSFORM_NONE,
#define TRANSFORM(id, name, function, description) TRANSFORM_##id,
#include "fields/transform.def"
#undef TRANSFORM
    TRANSFORM_COUNT
};

enum { TRANSFORMS_MAX = 4, TRANSFORM_ROOM = 64 };

/* Up to TRANSFORMS_MAX of them, one behind the other, a byte each from the lowest on; 0: the value as it is. */
typedef uint32_t transform_list;

/* False when there is no room for another. */
bool transform_list_add(transform_list *list, enum transform_id id);
/* The transform at `place`, TRANSFORM_NONE behind the last. */
enum transform_id transform_list_get(transform_list list, unsigned place);

const char *transform_name(enum transform_id id);
enum transform_id transform_find(struct view name); /* TRANSFORM_NONE when there is none */
/* Bytes of a digest; 0 for all others. */
size_t transform_digest_len(enum transform_id id);

/* All of the list into `out`, which has room for the value's bytes and TRANSFORM_ROOM for each transform; `out` is
 * written to only. Returns how many bytes it made. */
size_t transform_apply(transform_list list, struct view value, uint8_t *out);

#endif
