/* SPDX-License-Identifier: BSD-3-Clause */
/* Expand: placeholders within a text. */
#ifndef SHRIKE_VALUE_EXPAND_H
#define SHRIKE_VALUE_EXPAND_H

#include "value/value.h"

enum { EXPAND_MAX = 10000 }; /* texts that come of one value */

/* A value of `expand`: `%name%` alone is looked up in its list; a longer text becomes one value for each entry. NULL after an
 * error. */
struct node *expand_node(struct loader *l, const struct question *q,
                         const struct yaml_node *scalar);
/* Once all lists are found: writes the longer texts. Rules with faults lose their condition. */
void expand_finish(struct loader *l);

#endif
