/* SPDX-License-Identifier: BSD-3-Clause */
/* Matcher: its life, whole events, and what happens when a rule is true.
 *
 * Event      probes -> candidates (scan.c) -> condition of each (evaluate.c) -> once? ->
 *            silenced? -> suppressed? -> evidence -> sink. Candidates are judged in the order of the rule set,
 *            so that alerts come out in the same order on every run whatever Hyperscan and the
 *            hashes did first.
 * Once       a transaction comes twice, with the request alone and again with its answer. The second
 *            time only rules are judged that read what the answer brings (RULE_AGAIN), and one that
 *            was true of the request already, which is found out by asking it again without the
 *            answer's fields, is passed over: nothing has to be remembered. (Rules that read marks and the answer
 *            wait for it, since marks may have changed meanwhile.)
 * Marks      what a rule does to the marks of the flow is done before the next one is judged (marks.c).
 * Silenced   a rule that is true and that one of its filters speaks of raises nothing; it is counted by filter.
 * Outdated   entries that have expired or are not valid yet (match/member.c) hit nothing. A rule that is not true is
 *            asked again as if they did, when one was hit: an alert that needs them is told as informational. So is one
 *            of a rule that has expired or is not valid yet itself.
 */
#include "match/match.h"

#include <assert.h>
#include <stdlib.h>

#include "match/matcher.h"

/* PCRE2: about what a megabyte of honest text takes; hostile text stops here. */
enum { MATCH_LIMIT = 200000, DEPTH_LIMIT = 20000, HEAP_LIMIT_KIB = 4096 };
enum { JIT_STACK_FIRST = 32 * 1024, JIT_STACK_MAX = 512 * 1024 };

static void new_regex_state(struct matcher *m)
{
    if (m->set->regex_count == 0)
        return;
    m->regex_data = memory_needed(pcre2_match_data_create(1, NULL));
    m->regex_context = memory_needed(pcre2_match_context_create(NULL));
    m->regex_stack = memory_needed(pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL));
    pcre2_set_match_limit(m->regex_context, MATCH_LIMIT);
    pcre2_set_depth_limit(m->regex_context, DEPTH_LIMIT);
    pcre2_set_heap_limit(m->regex_context, HEAP_LIMIT_KIB);
    pcre2_jit_stack_assign(m->regex_context, NULL, m->regex_stack);
}

static void new_stream_state(struct matcher *m)
{
    const struct ruleset *set = m->set;
    size_t bits = 0;

    for (size_t g = 0; g < set->group_count; g++) {
        size_t here = (size_t)set->groups[g].predicates.count + set->groups[g].rules.count;
        bits = here > bits ? here : bits;
    }
    m->new_hits = memory_new(bits, sizeof(*m->new_hits));
    m->new_hit_ends = memory_new(bits, sizeof(*m->new_hit_ends));
    m->stream_candidates = memory_new(set->rule_count, sizeof(*m->stream_candidates));
    m->hit_seen = memory_new(set->group_predicate_count, sizeof(*m->hit_seen));
    if (set->group_count > 0) {
        m->stream_event = event_new();
        m->start_bytes = memory_new(START_MAX, 1);
    }
    pool_init(&m->groups, m->budget, sizeof(struct group_state));
    windows_new(m, bits);
}

struct matcher *matcher_new(const struct ruleset *set, struct budget *stream_budget,
                            uint16_t community_id_seed, const struct alert_sink *sink,
                            struct error *error)
{
    struct matcher *m = memory_new(1, sizeof(*m));

    m->set = set;
    m->budget = stream_budget;
    m->sink = *sink;
    m->community_id_seed = community_id_seed;
    m->rule_held = memory_new(set->rule_count, sizeof(*m->rule_held));
    m->rule_alerts = memory_new(set->rule_count, sizeof(*m->rule_alerts));
    m->filter_silenced = memory_new(set->filter_count, sizeof(*m->filter_silenced));
    m->rule_suppressed = memory_new(set->rule_count, sizeof(*m->rule_suppressed));
    m->gate_seen = memory_new(set->gate_count, sizeof(*m->gate_seen));
    m->gates_hit = memory_new(set->gate_count, sizeof(*m->gates_hit));
    m->rule_seen = memory_new(set->rule_count, sizeof(*m->rule_seen));
    m->candidates = memory_new(set->rule_count, sizeof(*m->candidates));
    m->predicate_memo = memory_new(set->predicate_count, sizeof(*m->predicate_memo));
    m->header_values = memory_new(EVENT_VALUES_MAX, sizeof(*m->header_values));
    m->entry_text = memory_new(EVIDENCE_MAX, EVIDENCE_TEXT);
    m->fold = memory_new(set->fold_max + 1, 1);
    variants_new(m);
    pool_init(&m->flows, m->budget, sizeof(struct match_flow));
    marks_init(m);
    new_regex_state(m);
    new_stream_state(m);
    if (set->has_suppress)
        m->suppressor = suppressor_new(&m->suppress_budget);
    if (set->scratch != NULL) {
        hs_error_t rc = hs_clone_scratch(set->scratch, &m->scratch);
        if (rc != HS_SUCCESS) {
            error_set(error, "Hyperscan gives no scratch space (error %d)", rc);
            matcher_free(m);
            return NULL;
        }
    }
    if (datagrams_open(m, error) != 0) {
        matcher_free(m);
        return NULL;
    }
    return m;
}

void matcher_share(struct matcher *m)
{
    m->is_one_of_many = true;
}

void matcher_free(struct matcher *m)
{
    if (m == NULL)
        return;
    datagrams_close(m);
    hs_free_scratch(m->scratch);
    pcre2_match_data_free(m->regex_data);
    pcre2_match_context_free(m->regex_context);
    pcre2_jit_stack_free(m->regex_stack);
    suppressor_free(m->suppressor);
    marks_clear(m);
    pool_clear(&m->flows);
    pool_clear(&m->groups);
    event_free(m->stream_event);
    memory_free(m->hit_seen);
    memory_free(m->stream_candidates);
    memory_free(m->start_bytes);
    windows_free(m);
    memory_free(m->new_hit_ends);
    memory_free(m->new_hits);
    memory_free(m->fold);
    variants_free(m);
    memory_free(m->entry_text);
    memory_free(m->header_values);
    memory_free(m->predicate_memo);
    memory_free(m->candidates);
    memory_free(m->rule_seen);
    memory_free(m->gates_hit);
    memory_free(m->gate_seen);
    memory_free(m->rule_alerts);
    memory_free(m->rule_held);
    memory_free(m->rule_suppressed);
    memory_free(m->filter_silenced);
    memory_free(m);
}

void next_generation(struct matcher *m)
{
    if (++m->generation < UINT32_C(1) << 31)
        return;
    m->generation = 1;
    memset(m->gate_seen, 0, m->set->gate_count * sizeof(*m->gate_seen));
    memset(m->rule_seen, 0, m->set->rule_count * sizeof(*m->rule_seen));
    memset(m->predicate_memo, 0, m->set->predicate_count * sizeof(*m->predicate_memo));
    memset(m->envelope_seen, 0, sizeof(m->envelope_seen));
    if (m->variant_seen != NULL)
        memset(m->variant_seen, 0, m->set->variant_count * sizeof(*m->variant_seen));
    m->variant_generation = 0;
}

struct match_flow *match_flow_of(struct matcher *m, struct flow *flow)
{
    if (flow->match == NULL) {
        struct match_flow *made = pool_get(&m->flows);
        if (made != NULL)
            memset(made, 0, sizeof(*made));
        flow->match = made;
    }
    return flow->match;
}

/* --- alerts --------------------------------------------------------------------------------------
 */

/* Why the alert is worth less than its rule says (READ_OUTDATED): by entries of lists, or by the rule's own dates. */
static unsigned outdated_by(const struct matcher *m, uint32_t rule)
{
    const struct rule_info *info = &m->set->info[rule];
    int64_t now_us = m->event->time_us;
    bool is_expired = info->valid_until_us != 0 && now_us >= info->valid_until_us;
    bool is_early = info->valid_from_us != 0 && now_us < info->valid_from_us;

    return (m->reading & READ_OUTDATED) | (is_expired ? READ_EXPIRED : 0U) |
           (is_early ? READ_EARLY : 0U);
}

/* An alert that rests on outdated entries must not silence one that does not. */
static uint64_t suppression_key(struct matcher *m, uint32_t rule)
{
    const struct rule_row *row = &m->set->rules[rule];
    const uint32_t begin[2] = {rule, outdated_by(m, rule)};
    uint64_t key = hash_keyed(m->set->key, begin, sizeof(begin));

    for (unsigned i = 0; i < row->suppress_count; i++) {
        enum field_id field = row->suppress_by[i];
        struct value_list list = values_of(m, field, (struct view){NULL, 0});
        uint64_t part[2] = {key, list.count};
        if (list.count > 0 && field_get(field)->type == TYPE_BYTES)
            part[1] = hash_keyed(m->set->key, list.items[0].bytes.data, list.items[0].bytes.len);
        else if (list.count > 0 && field_get(field)->type == TYPE_IP)
            part[1] = hash_keyed(m->set->key, &list.items[0].ip, sizeof(struct address));
        else if (list.count > 0)
            part[1] = hash_keyed(m->set->key, &list.items[0].number, sizeof(int64_t));
        key = hash_keyed(m->set->key, part, sizeof(part));
    }
    return key;
}

/* Names both hosts: all its alerts come from one matcher. */
static bool is_key_of_pair(const struct rule_row *row)
{
    bool has_src = false, has_dst = false;

    for (unsigned i = 0; i < row->suppress_count; i++) {
        has_src |= row->suppress_by[i] == FIELD_SRC_IP;
        has_dst |= row->suppress_by[i] == FIELD_DST_IP;
    }
    return has_src && has_dst;
}

/* Is the alert to be handed on? */
static bool passes_suppression(struct matcher *m, uint32_t rule, struct suppression *suppression,
                               struct alert *alert)
{
    const struct rule_row *row = &m->set->rules[rule];

    if (row->suppress_us == 0)
        return true;
    *suppression =
        (struct suppression){suppression_key(m, rule), row->suppress_us,  m->event->time_us, rule,
                             row->window_kind,         row->window_number};
    if (m->is_one_of_many && !is_key_of_pair(row)) {
        alert->suppression = suppression;
        return true;
    }
    if (suppressor_allows(m->suppressor, suppression, &alert->suppressed))
        return true;
    m->stats.suppressed++;
    m->rule_suppressed[rule]++;
    return false;
}

/* The evidence is of the marks as the rule found them; the alert names those that it leaves. */
void rule_held(struct matcher *m, uint32_t rule)
{
    struct evidence evidence[EVIDENCE_MAX];
    const struct rule_row *row = &m->set->rules[rule];
    struct suppression suppression;
    uint32_t filter = rule_silencer(m, row);
    unsigned outdated = outdated_by(m, rule);

    if (filter != NO_INDEX) {
        m->stats.silenced++;
        m->filter_silenced[filter]++;
        return;
    }
    struct alert alert = {.rule = &m->set->info[rule],
                          .event = m->event,
                          .evidence = evidence,
                          .is_expired = (outdated & READ_EXPIRED) != 0,
                          .is_early = (outdated & READ_EARLY) != 0};
    bool is_told = (row->flags & RULE_SILENT) == 0;

    m->stats.held++;
    m->rule_held[rule]++;
    if (is_told && m->event->flow != NULL) /* suppressed or not */
        m->event->flow->flags |= FLOW_ALERTED;
    is_told = is_told && passes_suppression(m, rule, &suppression, &alert);
    if (is_told)
        collect_evidence(m, row, evidence, &alert);
    if (row->marks.count > 0)
        marks_change(m, row);
    if (!is_told)
        return;
    m->stats.alerts++;
    m->rule_alerts[rule]++;
    alert.marks = m->mark_names;
    alert.mark_count = m->set->mark_count > 0 ? marks_list(m) : 0;
    m->sink.alert(m->sink.context, &alert);
}

static bool has_port(const struct ruleset *set, struct span span, uint16_t port)
{
    for (uint32_t i = 0; i < span.count; i++) {
        if (set->ports[span.first + i] == port)
            return true;
    }
    return false;
}

/* An http, dns or tls event that comes with its answer holds the request as well: it is of both directions. */
static bool has_side(const struct event *event, enum rule_side side)
{
    bool is_transaction =
        event->type == EVENT_HTTP || event->type == EVENT_DNS || event->type == EVENT_TLS;

    if (side == SIDE_TO_SERVER)
        return event->direction == TO_SERVER || is_transaction;
    return side == SIDE_EITHER || event->direction == TO_CLIENT;
}

bool rule_fits(const struct matcher *m, const struct rule_row *rule)
{
    const struct event *event = m->event;

    if (!has_side(event, (enum rule_side)rule->side))
        return false;
    if (rule->ports.count == 0)
        return true;
    if (event->flow != NULL)
        return has_port(m->set, rule->ports, event->flow->client_port) ||
               has_port(m->set, rule->ports, event->flow->server_port);
    return event->packet != NULL && (has_port(m->set, rule->ports, event->packet->src_port) ||
                                     has_port(m->set, rule->ports, event->packet->dst_port));
}

static int compare_rules(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

void sort_candidates(struct matcher *m)
{
    if (m->candidate_count > 1)
        qsort(m->candidates, m->candidate_count, sizeof(*m->candidates), compare_rules);
}

void set_reading(struct matcher *m, unsigned reading)
{
    m->reading = reading;
    next_generation(m);
}

bool rule_holds_dated(struct matcher *m, const struct rule_row *rule)
{
    static const unsigned READINGS[] = {READ_EXPIRED, READ_EARLY, READ_OUTDATED};
    bool holds = rule_holds(m, rule);

    for (size_t i = 0; i < 3 && !holds; i++) {
        if ((m->outdated & READINGS[i]) != READINGS[i])
            continue;
        set_reading(m, READINGS[i]);
        holds = rule_holds(m, rule);
    }
    return holds;
}

static bool is_true(struct matcher *m, uint32_t number)
{
    const struct rule_row *rule = &m->set->rules[number];
    const struct event *event = m->event;

    assert(rule->event == event->type);
    if ((!event->is_complete && (rule->flags & RULE_WAITS)) ||
        (event->is_second && !(rule->flags & RULE_AGAIN)))
        return false;
    return rule_fits(m, rule) && rule_holds_dated(m, rule);
}

/* Was it true of the first half already? One that waited cannot have been. */
static bool was_reported(struct matcher *m, uint32_t number)
{
    const struct rule_row *rule = &m->set->rules[number];
    unsigned reading = m->reading;

    if (!m->event->is_second || rule->flags & RULE_WAITS)
        return false;
    set_reading(m, reading | READ_FIRST_HALF);
    bool held = rule_holds(m, rule);
    set_reading(m, reading);
    return held;
}

static void judge(struct matcher *m, uint32_t number)
{
    bool holds = is_true(m, number);

    if (holds && !was_reported(m, number))
        rule_held(m, number);
    if (m->reading != 0)
        set_reading(m, 0);
}

bool match_wants_event(const struct matcher *m, enum event_type type)
{
    return m->set->events[type].rules > 0;
}

void match_event(struct matcher *m, const struct event *event)
{
    assert(event->type != EVENT_STREAM && event->type != EVENT_ANY);
    if (m->set->events[event->type].rules == 0)
        return;
    m->stats.events[event->type]++;
    m->event = event;
    m->group = NULL;
    next_generation(m);
    scan_event(m);
    sort_candidates(m);
    m->outdated = 0;
    for (size_t i = 0; i < m->candidate_count; i++)
        judge(m, m->candidates[i]);
    m->event = NULL;
}

const struct match_stats *matcher_stats(const struct matcher *m)
{
    return &m->stats;
}

uint64_t matcher_rule_alerts(const struct matcher *m, size_t rule)
{
    assert(rule < m->set->rule_count);
    return m->rule_alerts[rule];
}

uint64_t matcher_rule_held(const struct matcher *m, size_t rule)
{
    return m->rule_held[rule];
}

uint64_t matcher_rule_suppressed(const struct matcher *m, size_t rule)
{
    return m->rule_suppressed[rule];
}

uint64_t matcher_filter_silenced(const struct matcher *m, size_t filter)
{
    assert(filter < m->set->filter_count);
    return m->filter_silenced[filter];
}
