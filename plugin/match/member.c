/* SPDX-License-Identifier: BSD-3-Clause */
/* Member: does the entry that a look-up found count now, and how sure is it?
 *
 * Validity    an entry counts from its `valid_from` until its `valid_until` or the list's `expires`, whichever is first.
 *             Before, it hits as early, which is counted, too; after, it hits as expired (see match.c).
 * Confidence  with `decay` it halves each such span, counted from when the entry was first seen, else from when it
 *             became valid, else from the list's date: confidence * 2^-(age / decay), rounded to the nearest.
 * Several     of the entries that a value hits (a prefix within a prefix, a name under a name) the most specific one that
 *             counts is told; one that has expired only when no other counts, one that is not valid yet after that.
 * Time        is the event's, never the clock's.
 */
#include "match/matcher.h"

#include <math.h>

enum { SECOND_US = 1000000 };
#define DAY_US (INT64_C(86400) * SECOND_US)

static struct set_facts facts_of(const struct ruleset *set, const struct set_row *row,
                                 uint32_t member)
{
    if (!row->has_facts)
        return (struct set_facts){.confidence = -1};
    return set->set_facts[row->facts + set->set_fact_of[row->fact_of + member]];
}

/* When it began to age; 0 when that is not known. */
static int64_t begin_of(const struct set_row *row, const struct set_facts *facts)
{
    uint32_t seen_s = facts->first_seen_s ? facts->first_seen_s : facts->valid_from_s;
    return seen_s ? (int64_t)seen_s * SECOND_US : row->date_us;
}

/* When it ends; 0: never. */
static int64_t end_of(const struct set_row *row, const struct set_facts *facts)
{
    int64_t own_us = (int64_t)facts->valid_until_s * SECOND_US;
    bool is_list_first = row->expires_us != 0 && (own_us == 0 || row->expires_us < own_us);
    return is_list_first ? row->expires_us : own_us;
}

static int confidence_at(const struct set_row *row, const struct set_facts *facts, int64_t now_us)
{
    int64_t begin_us = begin_of(row, facts);

    if (row->decay_us == 0 || facts->confidence <= 0 || begin_us == 0 || now_us <= begin_us)
        return facts->confidence;
    double spans = (double)(now_us - begin_us) / (double)row->decay_us;
    return (int)(facts->confidence * exp2(-spans) + 0.5);
}

static bool is_sure(const struct predicate_row *p, int confidence)
{
    bool is_asked = p->to <= 100;
    return !is_asked || (confidence >= (int)p->from && confidence <= (int)p->to);
}

static void describe(const struct matcher *m, const struct set_row *row, uint32_t member,
                     struct listed *out)
{
    const struct ruleset *set = m->set;
    const struct set_facts facts = facts_of(set, row, member);
    int64_t now_us = m->event->time_us, begin_us = begin_of(row, &facts);
    int64_t end_us = end_of(row, &facts), from_us = (int64_t)facts.valid_from_s * SECOND_US;

    *out = (struct listed){
        .entry = set_entry_key(set, row, member),
        .name = ruleset_string(set, row->name),
        .source = row->source == NO_INDEX ? NULL : ruleset_string(set, row->source),
        .tlp = row->tlp == NO_INDEX ? NULL : ruleset_string(set, row->tlp),
        .note = facts.note == 0 ? NULL : set->set_notes + row->notes + facts.note,
        .confidence = confidence_at(row, &facts, now_us),
        .confidence_given = facts.confidence,
        .first_seen_us = (int64_t)facts.first_seen_s * SECOND_US,
        .age_days = begin_us != 0 && now_us >= begin_us ? (now_us - begin_us) / DAY_US : -1,
        .valid_from_us = now_us < from_us ? from_us : 0,
        .expired_us = end_us != 0 && now_us >= end_us ? end_us : 0,
    };
}

/* In which reading an entry counts; 0: in any. */
static unsigned reading_of(const struct set_row *row, const struct set_facts *facts, int64_t now_us)
{
    int64_t end_us = end_of(row, facts);

    if (now_us / SECOND_US < (int64_t)facts->valid_from_s)
        return READ_EARLY;
    return end_us != 0 && now_us >= end_us ? READ_EXPIRED : 0;
}

/* The first member that counts in the reading; NO_INDEX when none does. */
static uint32_t first_member(const struct matcher *m, const struct predicate_row *p,
                             const struct set_row *row, const uint32_t *members, size_t count,
                             unsigned reading)
{
    int64_t now_us = m->event->time_us;

    for (size_t i = 0; i < count; i++) {
        const struct set_facts facts = facts_of(m->set, row, members[i]);
        if (is_sure(p, confidence_at(row, &facts, now_us)) &&
            reading_of(row, &facts, now_us) == reading)
            return members[i];
    }
    return NO_INDEX;
}

bool member_holds(struct matcher *m, const struct predicate_row *p, const struct set_row *row,
                  const uint32_t *members, size_t count, struct listed *out)
{
    static const unsigned OUTDATED[] = {READ_EXPIRED, READ_EARLY};
    uint32_t found = first_member(m, p, row, members, count, 0);

    for (size_t i = 0; i < 2 && found == NO_INDEX; i++) {
        uint32_t member = first_member(m, p, row, members, count, OUTDATED[i]);
        if (member == NO_INDEX)
            continue;
        m->outdated |= OUTDATED[i];
        m->stats.early_hits += OUTDATED[i] == READ_EARLY && out == NULL && m->reading == 0;
        if (m->reading & OUTDATED[i])
            found = member;
    }
    if (found != NO_INDEX && out != NULL)
        describe(m, row, found, out);
    return found != NO_INDEX;
}
