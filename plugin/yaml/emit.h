/* SPDX-License-Identifier: BSD-3-Clause */
/* Emit: YAML documents written piece by piece, by libyaml, into a bounded buffer.
 *
 *   emit_document(e);
 *     emit_map(e, EMIT_BLOCK);
 *       emit_key(e, "title"); emit_text(e, title);
 *       emit_key(e, "values"); emit_list(e, EMIT_BLOCK); ... emit_end(e);
 *     emit_end(e);
 *   emit_document_end(e);
 *
 * Text is quoted where YAML or a reader of it could take it for something else than text. Bytes that are no
 * UTF-8 become U+FFFD.
 */
#ifndef SHRIKE_YAML_EMIT_H
#define SHRIKE_YAML_EMIT_H

#include "base/buf.h"

struct emitter;

enum emit_style { EMIT_BLOCK, EMIT_FLOW };

/* Writes to `out`, which must outlive it. */
struct emitter *emit_open(struct buf *out);
/* Ends the stream; -1 when something was lost: `out` is full or the calls were out of order. */
int emit_close(struct emitter *e);

void emit_document(struct emitter *e);
void emit_document_end(struct emitter *e);
void emit_map(struct emitter *e, enum emit_style style);
void emit_list(struct emitter *e, enum emit_style style);
void emit_end(struct emitter *e); /* of the innermost map or list */
void emit_key(struct emitter *e, const char *key);
void emit_text(struct emitter *e, struct view text);
/* As it is, without quotes: numbers, true, false, addresses. */
void emit_plain(struct emitter *e, struct view text);
void emit_number(struct emitter *e, uint64_t number);

/* key: text; nothing when it is empty. */
void emit_pair(struct emitter *e, const char *key, struct view text);

#endif
