/* SPDX-License-Identifier: BSD-3-Clause */
/* Matcher: events and streams against a compiled rule set, for one worker.
 *
 * Idea       scan each field's bytes once in its own Hyperscan database (gate literals), look values up
 *            in sets, and run the condition program of only those rules whose gate fired. Candidates
 *            are collected by the callback and confirmed after the scan returned.
 * Streams    raw bytes are scanned as they arrive, by direction and port group; streaming state is
 *            opened only where a rule could match, and closed when none can any more. What the scan alone
 *            cannot answer is asked of a window of the last bytes, kept where such a rule fits.
 * Once       a rule alerts once a transaction for events, once a direction of a flow for streams.
 * Threads    one matcher a worker; the rule set is shared and immutable.
 */
#ifndef SHRIKE_MATCH_MATCH_H
#define SHRIKE_MATCH_MATCH_H

#include "base/memory.h"
#include "match/alert.h"

struct match_stats {
    uint64_t events[EVENT_COUNT]; /* events looked at */
    uint64_t scans, scan_bytes;   /* hs_scan and hs_scan_stream calls */
    uint64_t candidates;          /* gate fired */
    uint64_t alerts, suppressed;
    uint64_t silenced;           /* by filters */
    uint64_t confirm_limit_hits; /* PCRE2 gave up: not confirmed */
    uint64_t variants_left_out;  /* values for whose transforms there was no room */
    uint64_t early_hits;         /* entries of lists met before their `valid_from` */
    uint64_t marks_lost;         /* set, but there was no memory for the flow's row */
    uint64_t held;               /* rules that were true, whether they say so or not */
    uint64_t scan_errors;        /* Hyperscan returned neither success nor terminated */
    uint64_t streams_open, streams_peak, stream_bytes_skipped;
    uint64_t windows_asked; /* blocks of a stream that a predicate was asked of */
    uint64_t windows_lost;  /* times that a predicate could not be asked of one: no memory for it */
};

struct matcher;

/* `community_id_seed` for the community_id field. NULL with `error` set when Hyperscan gives no scratch. */
struct matcher *matcher_new(const struct ruleset *set, struct budget *stream_budget,
                            uint16_t community_id_seed, const struct alert_sink *sink,
                            struct error *error);
void matcher_free(struct matcher *matcher); /* accepts NULL */
/* This matcher sees the events of some pairs of hosts only; others see the rest: alerts whose suppression
 * depends on more than one pair carry alert->suppression, to be asked in the order of all alerts. */
void matcher_share(struct matcher *matcher);

/* Does any rule read this type of event? Then, and only then, must match_event() be called. */
bool match_wants_event(const struct matcher *matcher, enum event_type type);
/* A whole event (all types but STREAM). */
void match_event(struct matcher *matcher, const struct event *event);

/* Does any stream rule fit this flow's ports and direction? Ask once when the flow begins. */
bool match_wants_stream(const struct matcher *matcher, const struct flow *flow,
                        enum direction direction);
/* The next in-order bytes of a TCP direction. */
void match_stream_data(struct matcher *matcher, struct flow *flow, enum direction direction,
                       struct view bytes, const struct packet *packet);
/* Bytes are missing: no match may reach across. */
void match_stream_gap(struct matcher *matcher, struct flow *flow, enum direction direction,
                      uint64_t missing);
/* No more bytes: rules with `not` are decided now. */
void match_stream_end(struct matcher *matcher, struct flow *flow, enum direction direction,
                      const struct packet *packet);
/* True when no stream rule can match this direction any more: the caller need not send bytes. */
bool match_stream_is_done(const struct matcher *matcher, const struct flow *flow,
                          enum direction direction);
/* A UDP datagram (or other payload) as a stream of its own. */
void match_datagram(struct matcher *matcher, struct flow *flow, enum direction direction,
                    const struct packet *packet);
/* Releases flow->match. */
void match_flow_end(struct matcher *matcher, struct flow *flow);

const struct match_stats *matcher_stats(const struct matcher *matcher);
/* Alerts so far of rule number `rule` (index in the rule set). */
uint64_t matcher_rule_alerts(const struct matcher *matcher, size_t rule);
/* How often it was true, whether it says so or not. */
uint64_t matcher_rule_held(const struct matcher *matcher, size_t rule);
/* Alerts of a rule that suppression left out. */
uint64_t matcher_rule_suppressed(const struct matcher *matcher, size_t rule);
/* Alerts that filter number `filter` silenced. */
uint64_t matcher_filter_silenced(const struct matcher *matcher, size_t filter);

#endif
