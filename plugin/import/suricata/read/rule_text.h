/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule text: a Suricata or Snort 2 rule taken apart into its header and options, each with its place. */
#ifndef SHRIKE_IMPORT_SURICATA_READ_RULE_TEXT_H
#define SHRIKE_IMPORT_SURICATA_READ_RULE_TEXT_H

#include "base/arena.h"
#include "base/error.h"

enum { RULE_TEXT_OPTIONS_MAX = 512 };

struct option_text {
    struct view name, value; /* without blanks around; value is empty when there is none */
    struct place place;
};

struct rule_text {
    struct view action, protocol;
    struct view source, source_port, target, target_port;
    bool is_both_ways; /* <> */
    struct option_text *options;
    size_t option_count;
    struct place place;
};

/* Where reading stands in a file. */
struct rule_text_reader {
    struct arena *arena; /* of all that is read */
    const char *file;
    struct view text;
    size_t at;
    struct place place; /* of `at` */
};

enum rule_text_result { RULE_TEXT_END, RULE_TEXT_RULE, RULE_TEXT_BAD };

void rule_text_begin(struct rule_text_reader *r, struct arena *arena, const char *file,
                     struct view text);
/* The next rule that is not commented out. RULE_TEXT_BAD: it is told in `diagnostics`, and the next call goes on
 * behind it. Views lead into the text, or into the arena where a backslash was taken out. */
enum rule_text_result rule_text_next(struct rule_text_reader *r, struct rule_text *out,
                                     struct diagnostics *diagnostics);

/* The next part of a list between `separator`, trimmed; false, and an empty part, after the last. */
bool rule_text_part(struct view *rest, uint8_t separator, struct view *part);

#endif
