/* SPDX-License-Identifier: BSD-3-Clause */
/* Regex: an expression of PCRE2 token by token, as far as lints have to understand one.
 *
 * An item is a byte, a class, an empty assertion, or a group; what repeats it is told with it, of a group with the token
 * that closes it. What an item of another kind matches (a back reference, a recursion) is not known; an expression that
 * changes how it is read on its way (`(?i)`, `(?x)`, `\Q`, verbs, conditions) is odd, and not read on.
 */
#ifndef SHRIKE_RULE_REGEX_H
#define SHRIKE_RULE_REGEX_H

#include "base/view.h"

enum regex_kind {
    REGEX_END,
    REGEX_BYTE,
    REGEX_CLASS, /* one byte of several */
    REGEX_EMPTY, /* an anchor, a comment, a flag that changes no letters */
    REGEX_OTHER, /* whatever it is */
    REGEX_OPEN,
    REGEX_CLOSE,
    REGEX_BAR,
    REGEX_ODD
};

/* Of REGEX_OPEN. */
enum regex_group { GROUP_PLAIN, GROUP_LOOK, GROUP_LOOK_NOT };

struct regex_token {
    enum regex_kind kind;
    enum regex_group group;
    uint8_t byte;
    bool is_dot;     /* the class `.` */
    bool is_capital; /* a class of nothing but A to Z */
    bool may_be_absent, may_repeat;
};

/* The token at *at, which moves behind it and what repeats it. */
struct regex_token regex_next(struct view expression, size_t *at);

/* Does every match hold a letter from A to Z that no other letter can stand for? */
bool regex_needs_capital(struct view expression);

#endif
