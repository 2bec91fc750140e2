/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams: raw bytes against the groups of stream rules, as they arrive.
 *
 * Idea       each direction of a flow has one state for each group that fits its ports: up to two
 *            Hyperscan streams (whole, and the first 4096 bytes), and one bit for each predicate
 *            hit and each rule fired. A hit is remembered for the life of the direction, so a
 *            rule's parts may come megabytes apart; how the bytes were cut into segments changes
 *            nothing. A hit that is only a gate opens a predicate, which is asked of the bytes around
 *            it (window.c), and counts as hit when it holds.
 * Gaps       what was hit stays hit; the scan begins anew after the gap, so that no match reaches
 *            across, and patterns tied to the stream's start no longer count. What is pending is decided with
 *            what is there.
 * Not        a rule that needs something to be missing is decided when the stream ends.
 * Again      a rule that reads or changes marks, or whose `suppress` counts alerts, is asked at each occurrence of its
 *            values. One that changes marks does so each time it holds, one that counts counts it; else a rule
 *            alerts once.
 * Datagrams  are streams of one piece: one Hyperscan stream a group is kept and reset after each.
 *            A block database of the same patterns saves 14-18 ns a datagram of 100 bytes (59
 *            against 73 ns at 1,000 literals) but doubles compile time and tables: not taken.
 * Memory     states, Hyperscan's streams (by hs_stream_size), bits and hits are all under the
 *            matcher's budget. A direction for which there is no room at its first bytes is not
 *            scanned at all, and its bytes are counted as skipped.
 * States     direction: new -> open (first bytes) -> ended (no more bytes, or the flow is over)
 *                        new -> refused (no room under the budget)
 *            group:     scanning -> done (all rules fired, or only the head was wanted)
 */
#include "match/hits.h"

#include <assert.h>

/* Hyperscan takes the memory of its streams itself: it is booked here. */
static bool budget_book(struct budget *budget, size_t size)
{
    if (budget->limit != 0 && (size > budget->limit || budget->used > budget->limit - size)) {
        budget->refused++;
        return false;
    }
    budget->used += size;
    budget->peak = budget->used > budget->peak ? budget->used : budget->peak;
    return true;
}

/* --- groups --------------------------------------------------------------------------------------
 */

static uint64_t groups_of_port(const struct ruleset *set, uint16_t port)
{
    size_t low = 0;
    size_t high = set->port_group_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->port_groups[middle].port == port)
            return set->port_groups[middle].groups;
        if (set->port_groups[middle].port < port)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static uint64_t groups_of(const struct ruleset *set, const struct flow *flow,
                          enum direction direction)
{
    uint64_t groups = set->any_port_groups;

    if (set->port_group_count > 0)
        groups |= groups_of_port(set, flow->client_port) | groups_of_port(set, flow->server_port);
    return groups & set->direction_groups[direction];
}

bool match_wants_stream(const struct matcher *m, const struct flow *flow, enum direction direction)
{
    return groups_of(m->set, flow, direction) != 0;
}

static void count_scan(struct matcher *m, hs_error_t rc, size_t bytes)
{
    m->stats.scans++;
    m->stats.scan_bytes += bytes;
    if (rc != HS_SUCCESS && rc != HS_SCAN_TERMINATED)
        m->stats.scan_errors++;
}

/* --- rules ---------------------------------------------------------------------------------------
 */

/* What one call of the host brings. */
struct arrival {
    struct flow *flow;
    enum direction direction;
    const struct packet *packet;
    struct view bytes;
    bool is_start, is_end;
};

/* Rules of the group by their number in it. */
static void add_numbers(struct matcher *m, struct group_state *state, struct span numbers)
{
    uint32_t first = m->set->groups[state->group].rules.first;

    for (uint32_t i = 0; i < numbers.count; i++) {
        uint32_t number = m->set->rule_lists[numbers.first + i];
        uint32_t rule = m->set->rule_lists[first + number];
        if (m->rule_seen[rule] == m->generation)
            continue;
        m->rule_seen[rule] = m->generation;
        m->stream_candidates[m->stream_candidate_count++] =
            (struct stream_candidate){rule, number, state};
    }
}

/* After a scan: the rules that new hits, the start or the end may have made true. */
static void add_candidates(struct matcher *m, struct group_state *state,
                           const struct arrival *arrival)
{
    const struct ruleset *set = m->set;
    const struct group_row *row = &set->groups[state->group];
    size_t before = m->stream_candidate_count;

    for (size_t i = 0; i < m->new_hit_count; i++)
        add_numbers(m, state, set->group_predicates[m->new_hits[i]].rules);
    m->stats.candidates += m->stream_candidate_count - before;
    if (arrival->is_start)
        add_numbers(m, state, row->start);
    if (arrival->is_end)
        add_numbers(m, state, row->end);
    if (arrival->bytes.len > 0)
        add_numbers(m, state, row->every);
}

static void judge(struct matcher *m, const struct arrival *arrival,
                  const struct stream_candidate *candidate)
{
    struct group_state *state = candidate->state;
    const struct rule_row *rule = &m->set->rules[candidate->rule];
    uint32_t bit = m->set->groups[state->group].predicates.count + candidate->number;
    bool has_fired = bit_get(state->bits, bit);
    bool counts = (rule->flags & RULE_COUNTS) != 0;
    bool goes_on = rule->marks.count > 0 || counts; /* does something each time: it is never done */

    if ((has_fired && !goes_on) || (!arrival->is_end && (rule->flags & RULE_WAITS)) ||
        !rule_fits(m, rule))
        return;
    bool holds = rule_holds_dated(m, rule);
    if (holds && has_fired && !counts) {
        marks_change(m, rule);
    } else if (holds && hits_have_bits(m, state)) {
        bit_set(state->bits, bit);
        state->fired += !goes_on;
        rule_held(m, candidate->rule);
    }
    if (m->reading != 0)
        set_reading(m, 0);
}

static void add_ends(struct event *event, const struct arrival *arrival)
{
    const struct flow *flow = arrival->flow;
    bool is_up = arrival->direction == TO_SERVER;

    if (event_wants(event, FIELD_STREAM_SRC_IP))
        event_add_ip(event, FIELD_STREAM_SRC_IP, is_up ? &flow->client : &flow->server);
    if (event_wants(event, FIELD_STREAM_DST_IP))
        event_add_ip(event, FIELD_STREAM_DST_IP, is_up ? &flow->server : &flow->client);
}

static void begin_event(struct matcher *m, const struct arrival *arrival)
{
    struct event *event = m->stream_event;

    event->wanted = &m->set->fields;
    event_begin(event, EVENT_STREAM, arrival->direction, arrival->flow, arrival->packet);
    event->time_us = arrival->packet ? arrival->packet->time_us
                     : arrival->flow ? arrival->flow->last_us
                                     : 0;
    if (arrival->flow != NULL)
        add_ends(event, arrival);
    if (arrival->bytes.len > 0)
        event_add_bytes(event, FIELD_STREAM_PAYLOAD, arrival->bytes);
    m->event = event;
}

static int compare_candidates(const void *a, const void *b)
{
    uint32_t left = ((const struct stream_candidate *)a)->rule;
    uint32_t right = ((const struct stream_candidate *)b)->rule;
    return (left > right) - (left < right);
}

/* Before the scans of an arrival. */
static void begin_arrival(struct matcher *m)
{
    next_generation(m);
    if (++m->arrivals == 0) {
        memset(m->hit_seen, 0, m->set->group_predicate_count * sizeof(*m->hit_seen));
        m->arrivals = 1;
    }
    m->stream_candidate_count = 0;
}

/* After all groups were scanned: their rules in the order of the set. */
static void judge_candidates(struct matcher *m, const struct stream_side *side,
                             const struct arrival *arrival)
{
    if (m->stream_candidate_count == 0)
        return;
    if (m->stream_candidate_count > 1)
        qsort(m->stream_candidates, m->stream_candidate_count, sizeof(*m->stream_candidates),
              compare_candidates);
    m->side = side;
    begin_event(m, arrival);
    m->stats.events[EVENT_STREAM]++;
    m->outdated = 0;
    for (size_t i = 0; i < m->stream_candidate_count; i++) {
        if (m->group != m->stream_candidates[i].state)
            next_generation(m); /* the answers were those of another group */
        m->group = m->stream_candidates[i].state;
        judge(m, arrival, &m->stream_candidates[i]);
    }
    m->group = NULL;
    m->event = NULL;
}

/* --- scanning ------------------------------------------------------------------------------------
 */

static void close_stream(struct matcher *m, struct group_state *state, enum stream_part part,
                         struct stream_scan *scan)
{
    hs_stream_t *stream = state->streams[part];

    if (stream == NULL)
        return;
    hs_error_t rc = scan ? hs_close_stream(stream, m->scratch, hits_on_pattern, scan)
                         : hs_close_stream(stream, NULL, NULL, NULL);
    if (rc != HS_SUCCESS && rc != HS_SCAN_TERMINATED)
        m->stats.scan_errors++;
    state->streams[part] = NULL;
    m->budget->used -= m->set->group_databases[state->group].stream_size[part];
    m->stats.streams_open--;
}

static bool open_stream(struct matcher *m, struct group_state *state, enum stream_part part)
{
    const struct group_databases *databases = &m->set->group_databases[state->group];

    if (databases->stream[part] == NULL)
        return true;
    if (!budget_book(m->budget, databases->stream_size[part]))
        return false;
    if (hs_open_stream(databases->stream[part], 0, &state->streams[part]) != HS_SUCCESS) {
        state->streams[part] = NULL;
        m->budget->used -= databases->stream_size[part];
        m->stats.scan_errors++;
        return false;
    }
    if (++m->stats.streams_open > m->stats.streams_peak)
        m->stats.streams_peak = m->stats.streams_open;
    return true;
}

static void free_state(struct matcher *m, struct group_state *state)
{
    close_stream(m, state, PART_WHOLE, NULL);
    close_stream(m, state, PART_HEAD, NULL);
    budget_free(m->budget, state->bits, hits_bits_size(&m->set->groups[state->group]));
    budget_free(m->budget, state->hits, state->hit_capacity * sizeof(*state->hits));
    window_forget(m, state);
    pool_put(&m->groups, state);
}

static void free_side(struct matcher *m, struct stream_side *side)
{
    while (side->groups != NULL) {
        struct group_state *next = side->groups->next;
        free_state(m, side->groups);
        side->groups = next;
    }
    window_clear(m, side);
}

/* States of all groups that fit, in group order; all or none. */
static bool open_side(struct matcher *m, struct stream_side *side, const struct flow *flow,
                      enum direction direction)
{
    uint64_t groups = groups_of(m->set, flow, direction);
    struct group_state **link = &side->groups;
    struct stream_window *window = &side->window;

    for (uint32_t g = 0; groups != 0; g++, groups >>= 1) {
        const struct group_row *row = &m->set->groups[g];
        if ((groups & 1) == 0)
            continue;
        window->keep = row->keep > window->keep ? row->keep : window->keep;
        window->keep_first =
            row->keep_first > window->keep_first ? row->keep_first : window->keep_first;
        struct group_state *state = pool_get(&m->groups);
        if (state == NULL) {
            free_side(m, side);
            return false;
        }
        *state = (struct group_state){.group = g};
        *link = state;
        link = &state->next;
        if (!open_stream(m, state, PART_WHOLE) || !open_stream(m, state, PART_HEAD)) {
            free_side(m, side);
            return false;
        }
        window_begin(m, state, side);
    }
    return true;
}

static void scan_part(struct matcher *m, struct group_state *state, enum stream_part part,
                      struct view bytes, struct stream_scan *scan)
{
    if (state->streams[part] == NULL || bytes.len == 0)
        return;
    assert(bytes.len <= UINT32_MAX);
    hs_error_t rc = hs_scan_stream(state->streams[part], (const char *)bytes.data,
                                   (unsigned)bytes.len, 0, m->scratch, hits_on_pattern, scan);
    count_scan(m, rc, bytes.len);
}

/* Bytes that still belong to payload.head. */
static struct view head_of(const struct stream_side *side, struct view bytes)
{
    if (side->offset >= STREAM_HEAD_LEN)
        return view_slice(bytes, 0, 0);
    return view_slice(bytes, 0, STREAM_HEAD_LEN - (size_t)side->offset);
}

/* Scans what came and finds the new hits. `ends`: what comes behind it. */
static void scan_state(struct matcher *m, struct group_state *state, const struct stream_side *side,
                       const struct arrival *arrival)
{
    struct stream_scan scan = {m, state, side->base};

    m->new_hit_count = 0;
    scan_part(m, state, PART_WHOLE, arrival->bytes, &scan);
    scan_part(m, state, PART_HEAD, head_of(side, arrival->bytes), &scan);
    if (side->offset + arrival->bytes.len >= STREAM_HEAD_LEN)
        close_stream(m, state, PART_HEAD, &scan);
    if (arrival->is_end) {
        close_stream(m, state, PART_WHOLE, &scan);
        close_stream(m, state, PART_HEAD, &scan);
    }
    for (size_t i = 0; i < m->new_hit_count; i++)
        hits_keep(m, state, side, arrival->bytes, i);
    if (m->opened_count > 0 || state->pending_count > 0)
        window_ask(m, state, side, arrival->bytes, arrival->is_end ? ENDS_HERE : ENDS_OPEN);
}

static bool is_spent(const struct matcher *m, const struct group_state *state)
{
    return state->fired == m->set->groups[state->group].rules.count;
}

/* All groups are scanned before any rule is judged: what one of them does to marks is seen by those after it in the
 * set, whatever their groups. */
static void scan_groups(struct matcher *m, const struct stream_side *side,
                        const struct arrival *arrival)
{
    begin_arrival(m);
    for (struct group_state *state = side->groups; state != NULL; state = state->next) {
        if (is_spent(m, state))
            continue;
        scan_state(m, state, side, arrival);
        add_candidates(m, state, arrival);
    }
    judge_candidates(m, side, arrival);
}

static void keep_tail(struct stream_side *side, struct view bytes)
{
    if (bytes.len >= EXCERPT_KEPT) {
        memcpy(side->tail, bytes.data + bytes.len - EXCERPT_KEPT, EXCERPT_KEPT);
        side->tail_len = EXCERPT_KEPT;
        return;
    }
    size_t kept = side->tail_len;
    if (kept + bytes.len > EXCERPT_KEPT)
        kept = EXCERPT_KEPT - bytes.len;
    memmove(side->tail, side->tail + side->tail_len - kept, kept);
    if (bytes.len > 0)
        memcpy(side->tail + kept, bytes.data, bytes.len);
    side->tail_len = (uint8_t)(kept + bytes.len);
}

static struct stream_side *side_of(struct matcher *m, struct flow *flow, enum direction direction)
{
    struct match_flow *match = match_flow_of(m, flow);

    if (match == NULL)
        return NULL;
    struct stream_side *side = &match->sides[direction];
    if (!side->is_open && !side->is_refused) {
        side->is_open = open_side(m, side, flow, direction);
        side->is_refused = !side->is_open;
    }
    return side;
}

void match_stream_data(struct matcher *m, struct flow *flow, enum direction direction,
                       struct view bytes, const struct packet *packet)
{
    if (bytes.len == 0 || groups_of(m->set, flow, direction) == 0)
        return;
    struct stream_side *side = side_of(m, flow, direction);
    if (side == NULL || side->is_refused) {
        m->stats.stream_bytes_skipped += bytes.len;
        return;
    }
    if (side->is_ended)
        return;
    struct arrival arrival = {.flow = flow,
                              .direction = direction,
                              .packet = packet,
                              .bytes = bytes,
                              .is_start = !side->is_started};
    side->is_started = true;
    scan_groups(m, side, &arrival);
    for (struct group_state *state = side->groups; state != NULL; state = state->next) {
        if (is_spent(m, state)) {
            close_stream(m, state, PART_WHOLE, NULL);
            close_stream(m, state, PART_HEAD, NULL);
        }
    }
    keep_tail(side, bytes);
    if (side->window.keep > 0 || side->window.keep_first > 0)
        window_keep(m, side, bytes);
    side->offset += bytes.len;
}

/* Predicates that wait for bytes are answered with what is there. */
static void decide_pending(struct matcher *m, const struct stream_side *side,
                           const struct arrival *arrival)
{
    begin_arrival(m);
    for (struct group_state *state = side->groups; state != NULL; state = state->next) {
        if (state->pending_count == 0 || is_spent(m, state))
            continue;
        m->new_hit_count = 0;
        window_ask(m, state, side, arrival->bytes, ENDS_GAP);
        add_candidates(m, state, arrival);
    }
    judge_candidates(m, side, arrival);
}

/* The stream starts over where the bytes go on. */
static void restart(struct matcher *m, struct group_state *state, const struct stream_side *side)
{
    for (enum stream_part part = PART_WHOLE; part < PART_COUNT; part++) {
        if (state->streams[part] == NULL)
            continue;
        if (part == PART_HEAD && side->offset >= STREAM_HEAD_LEN) {
            close_stream(m, state, part, NULL);
            continue;
        }
        hs_error_t rc = hs_reset_stream(state->streams[part], 0, NULL, NULL, NULL);
        if (rc != HS_SUCCESS)
            m->stats.scan_errors++;
    }
}

void match_stream_gap(struct matcher *m, struct flow *flow, enum direction direction,
                      uint64_t missing)
{
    if (missing == 0 || groups_of(m->set, flow, direction) == 0)
        return;
    struct stream_side *side = side_of(m, flow, direction);
    if (side == NULL || side->is_refused || side->is_ended)
        return;
    const struct arrival arrival = {.flow = flow, .direction = direction};
    decide_pending(m, side, &arrival);
    side->offset += missing;
    side->base = side->offset;
    side->tail_len = 0;
    side->window.len = 0;
    for (struct group_state *state = side->groups; state != NULL; state = state->next) {
        restart(m, state, side);
        window_begin(m, state, side);
    }
}

void match_stream_end(struct matcher *m, struct flow *flow, enum direction direction,
                      const struct packet *packet)
{
    struct match_flow *match = flow->match;

    if (match == NULL || !match->sides[direction].is_open || match->sides[direction].is_ended)
        return;
    struct stream_side *side = &match->sides[direction];
    struct arrival arrival = {
        .flow = flow, .direction = direction, .packet = packet, .is_end = true};
    scan_groups(m, side, &arrival);
    free_side(m, side);
    side->is_ended = true;
}

bool match_stream_is_done(const struct matcher *m, const struct flow *flow,
                          enum direction direction)
{
    if (flow->match == NULL || !flow->match->sides[direction].is_open)
        return groups_of(m->set, flow, direction) == 0;
    const struct stream_side *side = &flow->match->sides[direction];
    if (side->is_ended)
        return true;
    for (const struct group_state *state = side->groups; state != NULL; state = state->next) {
        bool is_scanning = state->streams[PART_WHOLE] != NULL || state->streams[PART_HEAD] != NULL;
        const struct group_row *row = &m->set->groups[state->group];
        bool has_end = row->end.count > 0 || row->every.count > 0;
        bool waits = is_scanning || has_end || state->pending_count > 0 || !side->is_started;
        if (!is_spent(m, state) && waits)
            return false;
    }
    return true;
}

/* --- datagrams -----------------------------------------------------------------------------------
 */

int datagrams_open(struct matcher *m, struct error *error)
{
    const struct ruleset *set = m->set;

    m->datagram_groups = memory_new(set->group_count, sizeof(*m->datagram_groups));
    for (uint32_t g = 0; g < set->group_count; g++) {
        struct group_state *state = &m->datagram_groups[g];
        state->group = g;
        state->bits = memory_new(hits_bits_size(&set->groups[g]), 1);
        for (enum stream_part part = PART_WHOLE; part < PART_COUNT; part++) {
            const hs_database_t *database = set->group_databases[g].stream[part];
            if (database == NULL)
                continue;
            hs_error_t rc = hs_open_stream(database, 0, &state->streams[part]);
            if (rc != HS_SUCCESS)
                return error_set(error, "Hyperscan gives no stream (error %d)", rc);
        }
    }
    return 0;
}

void datagrams_close(struct matcher *m)
{
    for (size_t g = 0; m->datagram_groups != NULL && g < m->set->group_count; g++) {
        struct group_state *state = &m->datagram_groups[g];
        for (enum stream_part part = PART_WHOLE; part < PART_COUNT; part++) {
            if (state->streams[part] != NULL)
                (void)hs_close_stream(state->streams[part], NULL, NULL, NULL);
        }
        memory_free(state->bits);
    }
    memory_free(m->datagram_groups);
}

/* The reset tells what is tied to the end, and makes the stream ready for the next datagram. */
static void scan_datagram(struct matcher *m, hs_stream_t *stream, struct view bytes,
                          struct stream_scan *scan)
{
    if (stream == NULL)
        return;
    hs_error_t rc = hs_scan_stream(stream, (const char *)bytes.data, (unsigned)bytes.len, 0,
                                   m->scratch, hits_on_pattern, scan);
    count_scan(m, rc, bytes.len);
    rc = hs_reset_stream(stream, 0, m->scratch, hits_on_pattern, scan);
    if (rc != HS_SUCCESS && rc != HS_SCAN_TERMINATED)
        m->stats.scan_errors++;
}

static void scan_datagram_group(struct matcher *m, struct group_state *state,
                                const struct arrival *arrival)
{
    const struct stream_side *side = &m->datagram_side;
    struct stream_scan scan = {m, state, 0};

    m->new_hit_count = 0;
    scan_datagram(m, state->streams[PART_WHOLE], arrival->bytes, &scan);
    scan_datagram(m, state->streams[PART_HEAD], head_of(side, arrival->bytes), &scan);
    for (size_t i = 0; i < m->new_hit_count; i++)
        hits_keep(m, state, side, arrival->bytes, i);
    window_ask_datagram(m, state, arrival->bytes);
    add_candidates(m, state, arrival);
}

/* As before the datagram: only groups with rules to judge have hits and fired rules. */
static void reset_datagram_groups(struct matcher *m)
{
    for (size_t i = 0; i < m->stream_candidate_count; i++) {
        struct group_state *state = m->stream_candidates[i].state;
        memset(state->bits, 0, hits_bits_size(&m->set->groups[state->group]));
        budget_free(m->budget, state->hits, state->hit_capacity * sizeof(*state->hits));
        state->hits = NULL;
        state->fired = state->hit_count = state->hit_capacity = 0;
    }
}

void match_datagram(struct matcher *m, struct flow *flow, enum direction direction,
                    const struct packet *packet)
{
    uint64_t groups = groups_of(m->set, flow, direction);
    struct arrival arrival = {.flow = flow,
                              .direction = direction,
                              .packet = packet,
                              .bytes = packet_payload(packet),
                              .is_start = true,
                              .is_end = true};

    if (arrival.bytes.len == 0)
        return;
    m->datagram_side = (struct stream_side){.is_open = true};
    begin_arrival(m);
    for (uint32_t g = 0; groups != 0; g++, groups >>= 1) {
        if (groups & 1)
            scan_datagram_group(m, &m->datagram_groups[g], &arrival);
    }
    m->datagram_side.offset = arrival.bytes.len;
    judge_candidates(m, &m->datagram_side, &arrival);
    reset_datagram_groups(m);
}

void match_flow_end(struct matcher *m, struct flow *flow)
{
    struct match_flow *match = flow->match;

    if (match == NULL)
        return;
    free_side(m, &match->sides[TO_SERVER]);
    free_side(m, &match->sides[TO_CLIENT]);
    marks_release(m, match);
    pool_put(&m->flows, match);
    flow->match = NULL;
}
