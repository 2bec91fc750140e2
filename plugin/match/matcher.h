/* SPDX-License-Identifier: BSD-3-Clause */
/* Matcher: what the files of this room share. Hosts see match.h.
 *
 * Generations  everything that is remembered for one event (gates seen, rules seen, answers of
 *              predicates, envelope values) is stamped with the event's generation, so that
 *              nothing is cleared between events; when 2^31 generations are spent all stamps are.
 * Now          `event` and `group` say what is being evaluated: an event, or a stream's group with
 *              the hits so far; `reading` what is left out of it or added. A change of reading is a
 *              new generation.
 */
#ifndef SHRIKE_MATCH_MATCHER_H
#define SHRIKE_MATCH_MATCHER_H

#include "base/pool.h"
#include "match/match.h"
#include "match/suppress.h"
#include "ruleset/tables.h"

enum {
    LOOKUP_MAX = 160,    /* members that one value can hit: prefix lengths, labels */
    ENVELOPE_COUNT = 22, /* fields of EVENT_ANY */
    EXCERPT_KEPT = 64,   /* bytes kept of a stream's hit, and of its tail */
    EVIDENCE_TEXT = 144, /* bytes of an evidence's value and list entry as text */
    START_MAX = 4096,    /* bytes in which the start of a stream's match is looked for */
    RING_CLASSES = 4,    /* sizes of windows: 512 bytes, and each four times the one before */
};

/* Where a predicate held within a value. */
struct place_found {
    uint64_t offset;
    struct view bytes;
    bool has_offset;
    struct listed list; /* its entry as the set has it */
};

/* A hit of a group's predicate, with the bytes, which are gone later. */
struct stream_hit {
    uint32_t predicate; /* row of group_predicates */
    uint32_t len;       /* of excerpt */
    bool has_offset;    /* it is known where the match begins */
    uint64_t offset;    /* of the match, within the direction's bytes */
    uint8_t excerpt[EXCERPT_KEPT];
};

/* A gate of a predicate was seen: it is asked of the blocks around it, those whose bytes are not all there again
 * when more came. */
struct stream_pending {
    uint32_t predicate;   /* row of group_predicates */
    uint32_t tries;       /* of the block that is not complete */
    uint64_t first, last; /* offsets of the first gate's begin, of the last one's end */
    uint64_t next;        /* first block that is not decided */
    uint64_t
        held_to; /* the bytes that were there when it held: what lies in them does not hold again */
    bool is_asleep; /* it held, and waits for another gate */
};

/* One group on one direction of one flow. `bits`: the group's predicates, then its rules (fired).
 */
struct group_state {
    struct group_state *next;
    uint32_t group;
    uint32_t fired; /* rules */
    hs_stream_t *streams[PART_COUNT];
    uint64_t *bits; /* NULL before the first hit */
    struct stream_hit *hits;
    uint32_t hit_count, hit_capacity;
    struct stream_pending *pending;
    uint32_t pending_count, pending_capacity;
};

/* The last bytes of a direction: a ring of 2^n bytes, in which the byte at offset o stands at o modulo 2^n. */
struct stream_window {
    uint8_t *ring;
    uint32_t capacity, len;
    uint32_t keep, keep_first; /* the most that a group of the direction needs (struct group_row) */
    bool is_lost;              /* no memory: nothing of it is confirmed any more */
};

struct stream_side {
    struct group_state *groups;
    uint64_t offset; /* bytes and gaps so far */
    uint64_t base;   /* offset at which the scan last began */
    bool is_open, is_started, is_ended, is_refused;
    uint8_t tail_len;
    uint8_t tail[EXCERPT_KEPT]; /* the last bytes seen */
    struct stream_window window;
};

struct match_flow {
    struct stream_side sides[2];
    uint64_t *marks; /* NULL before the first is set */
};

/* A rule of a group that is to be judged: `number` in the group, `rule` in the set. */
struct stream_candidate {
    uint32_t rule, number;
    struct group_state *state;
};

enum reading {
    READ_FIRST_HALF = 1, /* as before the answer came: its fields are absent */
    READ_EXPIRED = 2,    /* entries that have expired count */
    READ_EARLY = 4,      /* entries that are not valid yet count */
    READ_OUTDATED = READ_EXPIRED | READ_EARLY,
};

struct matcher {
    const struct ruleset *set;
    struct budget *budget;
    struct alert_sink sink;
    uint16_t community_id_seed;
    struct match_stats stats;
    uint64_t *rule_held, *rule_alerts, *rule_suppressed, *filter_silenced;

    /* now */
    const struct event *event;
    struct group_state *group; /* NULL unless a stream is evaluated */
    const struct stream_side *side;
    unsigned reading;  /* READ_* */
    unsigned outdated; /* READ_* in which an entry would count that was hit and does not */
    uint32_t generation;
    uint32_t *gate_seen;      /* generation */
    uint32_t *rule_seen;      /* generation */
    uint32_t *predicate_memo; /* generation << 1 | answer */
    uint32_t *candidates;     /* rules */
    size_t candidate_count;
    uint32_t *gates_hit;
    size_t gate_hit_count;

    union value envelope[ENVELOPE_COUNT][PACKET_VLAN_MAX];
    uint32_t envelope_seen[ENVELOPE_COUNT];
    uint32_t envelope_count[ENVELOPE_COUNT];
    char community_id[COMMUNITY_ID_MAX];
    char proto_scratch[4];

    hs_scratch_t *scratch; /* NULL when the set has no database */
    pcre2_match_data *regex_data;
    pcre2_match_context *regex_context;
    pcre2_jit_stack *regex_stack;
    uint8_t *fold;              /* set->fold_max bytes */
    union value *header_values; /* EVENT_VALUES_MAX: lines of one header name */
    uint8_t *entry_text;        /* an alert's list entries, as text */

    uint32_t *
        variant_seen; /* generation; one a variant, as the next. NULL when the set has none; see variant.c */
    struct value_list *variant_lists;
    union value *variant_items;
    uint8_t *variant_text;
    size_t variant_item_count, variant_text_len;
    uint32_t variant_generation; /* that these two are of */

    struct pool flows, marks;
    const char **mark_names; /* for alerts: those of a flow */

    /* streams */
    struct event *stream_event;
    struct pool groups;
    struct stream_candidate *stream_candidates; /* one a rule at most */
    size_t stream_candidate_count;
    uint32_t *hit_seen; /* arrival in which it occurred last; one a row of group_predicates */
    uint32_t arrivals;
    uint32_t *new_hits; /* rows of group_predicates */
    uint64_t *new_hit_ends;
    size_t new_hit_count;
    uint8_t *start_bytes;  /* START_MAX bytes, for excerpt.c */
    struct opened *opened; /* predicates of which this scan saw a gate */
    size_t opened_count;
    uint32_t *opened_of;             /* by number of the predicate in its group: 1 + its `opened` */
    struct pool rings[RING_CLASSES]; /* for window.c */
    uint8_t *block;                  /* of a window, in one piece: BLOCK_MAX bytes */
    uint64_t block_from, block_to;   /* which bytes they are; of this arrival */
    size_t places_tried;             /* by the last sequence_ask() */
    struct stream_side datagram_side;
    struct group_state *datagram_groups; /* one a group, reset after each datagram */
    struct suppressor *suppressor;
    struct budget suppress_budget; /* bounded by the suppressor itself */
    bool is_one_of_many;           /* see matcher_share() */
};

/* scan.c: candidates of m->event from its probes. */
void scan_event(struct matcher *m);
/* Adds a rule to the candidates of this generation, once. */
static inline void add_candidate(struct matcher *m, uint32_t rule)
{
    if (m->rule_seen[rule] == m->generation)
        return;
    m->rule_seen[rule] = m->generation;
    m->candidates[m->candidate_count++] = rule;
}

/* match.c */
void next_generation(struct matcher *m);
/* READ_*; answers given so far are forgotten. */
void set_reading(struct matcher *m, unsigned reading);
/* Does the rule hold? When not, it is asked again with entries that have expired, that are not valid yet, and with both;
 * m->reading tells what it took. */
bool rule_holds_dated(struct matcher *m, const struct rule_row *rule);
/* Direction and ports of the rule fit m->event. */
bool rule_fits(const struct matcher *m, const struct rule_row *rule);
/* Everything after "the rule is true": its marks, suppression, evidence, the sink. */
void rule_held(struct matcher *m, uint32_t rule);
void sort_candidates(struct matcher *m);
/* flow->match, made when absent; NULL when the budget is spent. */
struct match_flow *match_flow_of(struct matcher *m, struct flow *flow);

/* marks.c */
void marks_init(struct matcher *m);
void marks_clear(struct matcher *m);
void marks_release(struct matcher *m, struct match_flow *match);
/* Has the flow of m->event this mark? */
bool mark_is_set(const struct matcher *m, uint32_t mark);
/* Does what the rule says to the marks of that flow. */
void marks_change(struct matcher *m, const struct rule_row *rule);
/* Names of that flow's marks, into m->mark_names. */
size_t marks_list(struct matcher *m);

/* lookup.c: members of a set that a value hits, most specific first; at most `max`. */
size_t lookup_value(struct matcher *m, const struct set_row *row, enum field_type type,
                    const union value *value, uint32_t *members, size_t max);

/* member.c: whether one of these members counts at the event's time, for a predicate that may ask how sure it is; `out` (may
 * be NULL) receives it. Adds to m->outdated when one is hit that has expired or is not valid yet. */
bool member_holds(struct matcher *m, const struct predicate_row *p, const struct set_row *row,
                  const uint32_t *members, size_t count, struct listed *out);

/* envelope.c */
struct value_list envelope_get(struct matcher *m, enum field_id field);

/* glob.c */
bool glob_match(const struct ruleset *set, const struct predicate_row *p, struct view value,
                struct place_found *found);
bool hex_match(const struct ruleset *set, const struct predicate_row *p, struct view value,
               struct place_found *found);

/* sequence.c */
/* How a stretch of a value ends; what each means is told there. */
enum stretch_end { ENDS_HERE, ENDS_GAP, ENDS_BLOCK, ENDS_OPEN };
/* A part of a value. */
struct stretch {
    struct view bytes;
    uint64_t begin; /* of the bytes within the value */
    size_t before;  /* so many bytes of the value can be read before them */
    enum stretch_end ends;
    uint64_t beyond; /* only what ends behind this offset counts */
};
enum outcome { OUTCOME_NO, OUTCOME_YES, OUTCOME_MAYBE };
static inline enum outcome outcome_of(bool holds)
{
    return holds ? OUTCOME_YES : OUTCOME_NO;
}
/* `found` (may be NULL) is filled on YES, with bytes of the stretch. */
enum outcome sequence_ask(struct matcher *m, struct span steps, const struct stretch *stretch,
                          struct place_found *found);
bool sequence_match(struct matcher *m, const struct predicate_row *p, struct view value,
                    struct place_found *found);

/* evaluate.c */
bool rule_holds(struct matcher *m, const struct rule_row *rule);
/* The first filter that silences the rule, which is true; NO_INDEX when none does. */
uint32_t rule_silencer(struct matcher *m, const struct rule_row *rule);
bool predicate_holds(struct matcher *m, uint32_t predicate);
/* Values of a field of m->event; for http.header.NAME, of that header. */
struct value_list values_of(struct matcher *m, enum field_id field, struct view header_name);
/* Does this one value answer yes? `found` may be NULL. Negation is the caller's. */
bool value_holds(struct matcher *m, const struct predicate_row *p, enum field_id field,
                 const union value *value, struct place_found *found);

/* What the predicate asks: the field's values, or a variant of them. */
struct value_list values_asked(struct matcher *m, const struct predicate_row *p,
                               enum field_id field);

/* variant.c */
void variants_new(struct matcher *m);
void variants_free(struct matcher *m);
/* Values of a variant of m->event, good until the generation changes. */
struct value_list variant_values(struct matcher *m, uint32_t variant);

/* evidence.c: what held, into `out`, and its counts into `alert`. */
void collect_evidence(struct matcher *m, const struct rule_row *rule,
                      struct evidence out[EVIDENCE_MAX], struct alert *alert);

/* excerpt.c: fills the bytes and the offset of a hit that ends at `end`; `bytes` have just come. */
void stream_excerpt(struct matcher *m, const struct stream_side *side, struct view bytes,
                    uint64_t end, struct stream_hit *hit);

/* window.c */
enum { BLOCK_MAX = 2 * WINDOW_HOP_MAX + 2 };
struct opened {
    uint32_t predicate; /* row of group_predicates */
    uint64_t first, last;
};
void windows_new(struct matcher *m, size_t predicates); /* the most of a group */
void windows_free(struct matcher *m);
/* A direction begins, or begins anew behind a gap: what nothing opens is pending from here on. */
void window_begin(struct matcher *m, struct group_state *state, const struct stream_side *side);
/* From the scan's callback: a gate of a predicate lies in [first, last). */
void window_note(struct matcher *m, const struct group_state *state, uint32_t predicate,
                 uint64_t first, uint64_t last);
/* Asks what this scan opened and what is pending; `bytes` are behind those kept. What holds is added to the new hits. */
void window_ask(struct matcher *m, struct group_state *state, const struct stream_side *side,
                struct view bytes, enum stretch_end ends);
/* The same of a datagram. */
void window_ask_datagram(struct matcher *m, struct group_state *state, struct view bytes);
/* Remembers the bytes that just came, as far as a group needs them. */
void window_keep(struct matcher *m, struct stream_side *side, struct view bytes);
void window_clear(struct matcher *m, struct stream_side *side);
void window_forget(struct matcher *m, struct group_state *state);

/* hits.c */
/* Notes that a predicate of the group holds, and the bytes that show it. */
void stream_add_hit(struct matcher *m, struct group_state *state, uint32_t predicate,
                    const struct place_found *found);
bool stream_was_hit(const struct matcher *m, const struct group_state *state, uint32_t predicate);
/* Was the predicate (row of `predicates`) hit in m->group? */
bool stream_predicate_hit(const struct matcher *m, uint32_t predicate,
                          const struct stream_hit **hit);

/* stream.c */
/* Streams for datagrams, one a database; -1 when Hyperscan gives none. */
int datagrams_open(struct matcher *m, struct error *error);
void datagrams_close(struct matcher *m);
#endif
