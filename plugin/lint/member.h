/* SPDX-License-Identifier: BSD-3-Clause */
/* Members: does every value that a predicate asks for stand in a list?
 *
 * Idea       a list becomes a table of its entries when it is first asked about. Entries that hold for a time only are left
 *            out, and so are all of a list that expires.
 */
#ifndef SHRIKE_LINT_MEMBER_H
#define SHRIKE_LINT_MEMBER_H

#include "rule/rule.h"

struct members;

struct members *members_new(void);
void members_free(struct members *members); /* accepts NULL */
/* True is a proof. Names, texts and addresses are looked up; of other lists nothing is known. `members` may be NULL. */
bool members_hold(struct members *members, const struct list *list, const struct predicate *p);

#endif
