/* SPDX-License-Identifier: BSD-3-Clause */
/* Loader: what the readers of one document share, and how they complain.
 *
 * error    the document is wrong: it is not loaded
 * refuse   the document is good, but this version or any network sensor cannot answer it: not loaded,
 *          counted, told as a warning
 * warn     it is loaded, but something in it is probably not what its author wanted
 * note     worth knowing
 */
#ifndef SHRIKE_RULE_LOADER_H
#define SHRIKE_RULE_LOADER_H

#include "base/file_ids.h"
#include "rule/rule.h"
#include "yaml/yaml.h"

struct loader {
    struct rules *rules;
    struct arena *arena; /* rules->arena: what is kept */
    struct diagnostics *diagnostics;
    struct rule *rule; /* being read; NULL in a list document */
    size_t predicates; /* made for the rule so far */
    bool is_bad;
    enum refusal refused;
};

void loader_error(struct loader *l, struct place place, const char *id, const char *help,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
void loader_refuse(struct loader *l, enum refusal why, struct place place, const char *id,
                   const char *help, const char *format, ...) __attribute__((format(printf, 6, 7)));
void loader_warn(struct loader *l, struct place place, const char *id, const char *help,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));
void loader_note(struct loader *l, struct place place, const char *id, const char *help,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Text as it may stand in a message: cut when longer than 72 bytes, without control characters. */
const char *text_shown(struct arena *arena, struct view text);
const char *loader_shown(struct loader *l, struct view text);
/* "did you mean `x`?", or `otherwise` when x is NULL. */
const char *loader_did_you_mean(struct loader *l, const char *nearest, const char *otherwise);

/* The name nearest to a misspelt one, NULL when none is near. */
const char *nearest_name(struct view name, const char *const *names, size_t count);

/* `where` has no such key; told with those that it has. */
void loader_unknown_key(struct loader *l, const struct yaml_node *key, const char *where,
                        const char *const *names, size_t count);

/* A scalar's text, kept; NULL and an error when the node is a list or map. */
const char *loader_string(struct loader *l, const struct yaml_node *node, const char *key);
/* Its value; -1 when it is none. */
int loader_hex_digit(uint8_t c);
/* A whole number, decimal or 0x hexadecimal. False without a message when it is none. */
bool loader_parse_number(struct view text, int64_t *out);
/* 2027-01-01, also with T12:30:00 and an optional Z: microseconds since 1970. */
bool loader_parse_time(struct view text, int64_t *out);
/* The other way round: a day, or with its time in UTC when it is not midnight. False when it is no such time. */
enum { TIME_TEXT_MAX = 40 };
bool loader_time_text(int64_t time_us, char out[TIME_TEXT_MAX]);
/* 30s, 10m, 1h, 7d, 2w, at most 36500d: microseconds. */
bool loader_parse_duration(struct view text, int64_t *out);

/* May the scalar name a mark: 1 to 255 bytes without blanks, control characters and `*`, `?`, `\`? Tells when not. */
bool loader_is_mark(struct loader *l, const struct yaml_node *node);

/* Lists may stand in a later file than the rules that name them: what the end of loading has to look up. */
struct awaited_list {
    struct awaited_list *next;
    struct predicate *predicate;
    struct rule *rule;
    const char *name;
    struct place place;
};

struct awaited_text;        /* value/expand.c */
struct known_names;         /* sigma/names.c */
struct pending_filter;      /* sigma/filter.c */
struct pending_correlation; /* sigma/correlation.c */

struct rules_pending {
    struct awaited_list *first, *last;
    struct awaited_text *texts; /* the last one first */
    size_t capacity;            /* of rules->items */
    bool is_collection;         /* the file at hand began a rule collection (`action: global`) */
    struct known_names *names;
    struct pending_filter *filters; /* in the order of the files; so the next */
    struct pending_correlation *correlations;
    struct file_ids read; /* files, each of which is read once */
};

/* Has rules_finish() look up a list by name for a predicate of the rule being read. */
void loader_await_list(struct loader *l, struct predicate *predicate, const char *name,
                       struct place place);

#endif
