/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule sets: loading, sharing, releasing. */
#ifndef SHRIKE_RULESET_H
#define SHRIKE_RULESET_H

#include <stddef.h>

#include "shrike/shrike.h"

#ifdef __cplusplus
extern "C" {
#endif

struct shrike_ruleset;

enum shrike_severity { SHRIKE_ERROR, SHRIKE_WARNING, SHRIKE_NOTE };

/* One thing that is wrong with a rule file. */
struct shrike_message {
    enum shrike_severity severity;
    const char *id;        /* stable short name of the check */
    const char *file;      /* NULL when there is none */
    unsigned line, column; /* from 1; 0 when unknown */
    const char *text;
    const char *help; /* what to write instead; NULL when there is nothing to say */
};

typedef void shrike_message_fn(void *context, const struct shrike_message *message);

/* Loads and compiles rule files and folders of them. Every message goes to `on_message` (may be NULL), in
 * order of file and place. Rules with errors are left out; *errors counts the errors (may be NULL).
 * NULL, with `error` set, when nothing can be compiled on this machine or no path could be read.
 * The caller owns one reference. Any thread. Source: Sigma specification 2.1 and docs/language.md. */
SHRIKE_API struct shrike_ruleset *shrike_ruleset_load(const char *const *paths, size_t count,
                                                      shrike_message_fn *on_message, void *context,
                                                      size_t *errors, struct shrike_error *error);
/* Number of rules that can match. Any thread. */
SHRIKE_API size_t shrike_ruleset_count(const struct shrike_ruleset *set);
/* One more owner; returns `set`. Any thread. */
SHRIKE_API struct shrike_ruleset *shrike_ruleset_retain(struct shrike_ruleset *set);
/* One owner less; the last one frees. Accepts NULL. Any thread. */
SHRIKE_API void shrike_ruleset_release(struct shrike_ruleset *set);

#ifdef __cplusplus
}
#endif

#endif
