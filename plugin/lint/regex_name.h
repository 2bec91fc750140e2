/* SPDX-License-Identifier: BSD-3-Clause */
/* Names behind regular expressions: `^(www\.)?google\.com$` asks for google.com, whatever else it asks for. */
#ifndef SHRIKE_LINT_REGEX_NAME_H
#define SHRIKE_LINT_REGEX_NAME_H

#include "rule/rule.h"

enum { REGEX_NAMES_MAX = 64 };

/* Names with a dot that the expression spells out and that it matches, alone or whatever label stands before them; in
 * lower case, in the arena. Returns how many. */
size_t regex_names(struct arena *arena, const struct predicate *p,
                   struct view names[REGEX_NAMES_MAX]);

#endif
