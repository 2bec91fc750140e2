/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON text: foreign JSON within bounds, and its members without a check a line. */
#ifndef SHRIKE_IMPORT_JSON_TEXT_H
#define SHRIKE_IMPORT_JSON_TEXT_H

#include <jansson.h>

#include "import/feed.h"

enum { JSON_TEXT_MAX = 256 << 20, JSON_DEPTH_MAX = 64 };

/* NULL and a fault with line and column when it is no JSON, too large or too deep. The caller gives it back
 * by json_decref(). */
json_t *json_text_load(const struct feed_input *input);

/* A member's text, copied into the arena; empty when there is none or it is no text. Numbers are written out. */
struct view json_text_string(struct arena *arena, const json_t *object, const char *key);
/* The text of a value. */
struct view json_text_of(struct arena *arena, const json_t *value);
/* true, 1, "1", "true"; `otherwise` when there is no such member. */
bool json_text_bool(const json_t *object, const char *key, bool otherwise);
/* Whether a member is this text. */
bool json_text_is(const json_t *object, const char *key, const char *text);

/* Whether `"key"`, perhaps followed by `: "value"`, stands in a text that may be JSON: for telling formats
 * apart without making a tree of it. `value` may be NULL. */
bool json_text_has(struct view text, const char *key, const char *value);

#endif
