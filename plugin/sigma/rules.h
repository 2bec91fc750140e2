/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules: the way in to the readers of documents: files and folders become one set. */
#ifndef SHRIKE_SIGMA_RULES_H
#define SHRIKE_SIGMA_RULES_H

#include "rule/rule.h"

struct rules *rules_new(void);
void rules_free(struct rules *rules); /* accepts NULL */

/* By its name, a file that rules_load() takes of a folder. */
bool rules_is_file(const char *path);

/* Loads a file, or every .yml and .yaml file under a folder in sorted order, unless it was loaded before. All that is
 * wrong goes to `diagnostics`; what is good is kept. Returns -1 only when `path` itself cannot be read. */
int rules_load(struct rules *rules, const char *path, struct diagnostics *diagnostics);
/* One document stream from memory; `name` stands in messages. */
void rules_load_text(struct rules *rules, const char *name, struct view text,
                     struct diagnostics *diagnostics);
/* After the last load: resolves list names, finds duplicate ids, and what only the whole set shows. */
void rules_finish(struct rules *rules, struct diagnostics *diagnostics);
/* After rules_finish(): what sound rules probably got wrong, as warnings and notes. */
void rules_lint(const struct rules *rules, struct diagnostics *diagnostics);

/* What was left out by reason, "2 not for the wire, 1 with correlation", into `out`; false when nothing was. */
bool rules_describe_refused(const struct rules *rules, char *out, size_t size);

#endif
