/* SPDX-License-Identifier: BSD-3-Clause */
/* Header lines in one text, as rule authors know them from Suricata's http.header and http.header_names. */
#ifndef SHRIKE_PROTO_HTTP1_HTTP1_LINES_H
#define SHRIKE_PROTO_HTTP1_HTTP1_LINES_H

#include "base/view.h"

/* Copies a value with each fold (RFC 9112, 5.2) as one space; returns the length, at most value.len. */
size_t http_unfold_into(struct view value, uint8_t *out);

/* Room that any of these needs for a head's raw lines. */
size_t http_lines_room(struct view lines);
/* "Name: value" and CRLF for each name, in order of their first appearance: values of a repeated name joined with
 * ", ", folds as one space; without the line that `without` names. Returns the length. */
size_t http_lines_into(struct view lines, struct view without, uint8_t *out);
/* CRLF, then each name once with CRLF, then CRLF; nothing when there is no name. */
size_t http_names_into(struct view lines, uint8_t *out);

#endif
