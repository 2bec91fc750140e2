/* SPDX-License-Identifier: BSD-3-Clause */
/* List: the values of one list document, kept as they will be looked up.
 *
 * Idea       a value becomes its key (base/key.h) when it is added, behind the key before it, and its text is needed no
 *            more: a list of millions costs its keys and four bytes an entry, digests and addresses their keys alone.
 * Known      what is said of an entry (note, confidence, dates) stands apart, once for all entries of which the same is
 *            said, and only lists in which something is said have the numbers that lead there.
 * Memory     blocks that grow, not the arena; rules_free() gives them back through lists_clear().
 */
#ifndef SHRIKE_RULE_LIST_H
#define SHRIKE_RULE_LIST_H

#include "base/buf.h"
#include "base/key.h"
#include "rule/rule.h"

enum { LIST_VALUE_MAX = 8192, LIST_NOTE_MAX = 8192, LIST_CONFIDENCE_MAX = 100 };

/* What is said of an entry. Dates are seconds since 1970, 0 when nobody said. */
struct list_entry {
    struct view note; /* empty: none; copied */
    int confidence;   /* 0 to 100; -1 when nobody said */
    uint32_t first_seen_s, valid_from_s, valid_until_s;
};

/* The same as it is kept. */
struct list_facts {
    uint32_t note; /* offset into `notes`; 0: none */
    uint32_t first_seen_s, valid_from_s, valid_until_s;
    int32_t confidence;
};

struct list {
    const char *name;
    enum list_type type;
    const char *source, *tlp; /* metadata, NULL when absent */
    int64_t date_us;          /* 0 when absent; so the next ones */
    int64_t expires_us, decay_us;
    struct place place;
    size_t count;

    struct buf keys;
    struct buf ends;    /* uint32_t: where each key ends; empty when all are of one length */
    struct buf fact_of; /* uint32_t an entry: row of `facts`; empty when nothing is said of any */
    struct buf facts;   /* struct list_facts; the first says nothing */
    struct buf notes;   /* strings; the first is empty */
    uint32_t *recent;   /* rows of `facts` and notes by hash: equal ones are found again */
    bool is_named;      /* a rule that was loaded asks for it */
    struct list *next;  /* of all that were made */
};

/* An empty list of `rules`, not yet one of rules->lists. */
struct list *list_new(struct rules *rules, enum list_type type);
void lists_clear(struct rules *rules);

/* Adds a value; `entry` may be NULL. False when it does not fit the list's type. Names beyond ASCII become A-labels. */
bool list_add(struct list *list, struct view text, const struct list_entry *entry);
/* Why a name beyond ASCII was not taken (static text); NULL when it is none, or when there is no more to say. */
const char *list_name_fault(const struct list *list, struct view text);
/* Gives back what the growth of its blocks took too much. */
void list_finish(struct list *list);

size_t list_key_len(enum list_type type); /* of every key; 0: they differ */
struct view list_key(const struct list *list, size_t entry);
/* What is said of it; all zero and confidence -1 when nothing is. */
struct list_facts list_facts_of(const struct list *list, size_t entry);
const char *list_note(const struct list *list, const struct list_facts *facts);

/* Microseconds as seconds; 0 for what is out of reach (before 1970, after 2106: for ever). */
uint32_t list_seconds(int64_t time_us);

#endif
