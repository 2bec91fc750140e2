/* SPDX-License-Identifier: BSD-3-Clause */
/* Content: the values of content and pcre as bytes and expressions. */
#ifndef SHRIKE_IMPORT_SURICATA_READ_CONTENT_H
#define SHRIKE_IMPORT_SURICATA_READ_CONTENT_H

#include "import/suricata/read/model.h"

/* "..", !"..": what stands between the quotes, which may be missing; NULL, or what is wrong. */
const char *content_unquote(struct view value, struct view *inside, bool *is_negated);
/* |0d 0a| and the backslashes become bytes. */
const char *content_bytes(struct arena *arena, struct view text, struct view *bytes);
/* "/expression/flags" into a piece; `buffer_flag`: the letter of a buffer, 0 for none. */
const char *content_regex(struct arena *arena, struct view text, struct piece *piece,
                          char *buffer_flag);

/* Whether the bytes can stand in YAML as text: UTF-8 without NUL. */
bool content_is_text(struct view bytes);
/* Text in which no control character but CR, LF and tab stands. */
bool content_is_readable(struct view bytes);
bool content_has_letters(struct view bytes);
bool content_has_upper_case(struct view bytes);
/* Wildcards and backslashes escaped, as `contains` wants it. */
struct view content_escaped(struct arena *arena, struct view bytes);
/* "0d 0a", "0d0a" */
struct view content_hex(struct arena *arena, struct view bytes);
struct view content_digits(struct arena *arena, struct view bytes);
/* An expression that matches these bytes alone. */
struct view content_as_regex(struct arena *arena, struct view bytes);

#endif
