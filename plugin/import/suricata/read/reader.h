/* SPDX-License-Identifier: BSD-3-Clause */
/* Reader: options into the model. A keyword's reader returns NULL, or why the rule has no equal. */
#ifndef SHRIKE_IMPORT_SURICATA_READ_READER_H
#define SHRIKE_IMPORT_SURICATA_READ_READER_H

#include "import/suricata/read/buffer.h"
#include "import/suricata/read/model.h"

struct reader {
    struct arena *arena;
    struct model *rule;
    struct chain *chain; /* of the buffer that was named last */
    struct piece *piece; /* the last content or pcre; NULL when there is none yet */
    struct chain *piece_chain;
};

typedef const char *keyword_fn(struct reader *r, struct view value);

/* Reads all options; the first refusal stays in the model. */
void reader_read(struct arena *arena, const struct rule_text *text, struct model *out);

/* --- for the readers of keywords ----------------------------------------------------------------- */

/* The chain of a buffer, made when there is none. NULL when there are too many. */
struct chain *reader_chain(struct reader *r, const struct buffer *buffer,
                           transform_list transforms);
/* A piece at a chain's end. NULL when there are too many. */
struct piece *reader_add_piece(struct chain *chain, enum piece_kind kind);
const char *reader_add_ask(struct reader *r, const char *key, const char *value, bool is_negated);

/* "12", "-3", "0x1f" */
bool reader_number(struct view text, int64_t *out);
/* "5", ">5", "<=5", "!5": the comparison and the number; "5<>9" is IS_GT 5 and IS_LT 9, and sets `upper`. */
bool reader_compare(struct view text, enum comparison *compare, uint64_t *number, uint64_t *upper);
const char *reader_compare_suffix(enum comparison compare); /* "|gt"; "" for IS_EQ and IS_NE */

/* Asks "5", ">5", "5<>9" of a field of the packet. */
const char *reader_ask_number(struct reader *r, const char *field, struct view value);

#define KEYWORD(name, reader) keyword_fn reader;
#define NUMBER(name, field)
#include "import/suricata/read/keyword.def"

#endif
