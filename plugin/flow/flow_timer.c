/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow timers: slots, deadlines, and lists in the order that outputs need. */
#include "flow/flow_timer.h"

#include "base/clock.h"

enum { RUNS_MAX = 33 };

static uint32_t timeout_of(const struct flow_timeouts *timeouts, const struct flow *flow)
{
    const uint32_t tcp[] = {timeouts->tcp_new, timeouts->tcp_established, timeouts->tcp_closed};
    const uint32_t udp[] = {timeouts->udp_new, timeouts->udp_established, 0};
    const uint32_t icmp[] = {timeouts->icmp_new, timeouts->icmp_established, 0};
    const uint32_t other[] = {timeouts->other_new, timeouts->other_established, 0};

    assert(flow->state <= FLOW_CLOSED);
    switch (flow->ip_proto) {
    case IP_TCP:
        return tcp[flow->state];
    case IP_UDP:
        return udp[flow->state];
    case IP_ICMP:
    case IP_ICMPV6:
        return icmp[flow->state];
    default:
        return other[flow->state];
    }
}

static int64_t deadline_of(const struct flow_timers *timers, const struct flow *flow)
{
    int64_t wait_us = (int64_t)timeout_of(timers->timeouts, flow) * CLOCK_SECOND_US;
    return clock_after(flow->last_us, wait_us);
}

static uint32_t slot_of(int64_t second)
{
    return (uint32_t)(uint64_t)second % FLOW_SLOTS;
}

/* How many slots after the cursor the flow's deadline lies, within one turn. */
static uint32_t distance_of(const struct flow_timers *timers, const struct flow *flow)
{
    int64_t ahead = clock_second(deadline_of(timers, flow)) - timers->cursor;
    if (ahead < 0)
        return 0;
    return ahead < FLOW_SLOTS ? (uint32_t)ahead : FLOW_SLOTS - 1;
}

void flow_timers_init(struct flow_timers *timers, const struct flow_records *records,
                      const struct flow_timeouts *timeouts, int64_t now_us)
{
    timers->records = records;
    timers->timeouts = timeouts;
    timers->cursor = clock_second(now_us);
    memset(timers->occupied, 0, sizeof(timers->occupied));
    memset(timers->first, 0xff, sizeof(timers->first));
    memset(timers->last, 0xff, sizeof(timers->last));
}

void flow_timers_link(struct flow_timers *timers, uint32_t index)
{
    struct flow *flow = flow_record(timers->records, index);
    uint32_t slot = slot_of(timers->cursor + distance_of(timers, flow));

    flow->timer_slot = slot;
    flow->timer_next = FLOW_NONE;
    flow->timer_prev = timers->last[slot];
    if (flow->timer_prev != FLOW_NONE)
        flow_record(timers->records, flow->timer_prev)->timer_next = index;
    else
        timers->first[slot] = index;
    timers->last[slot] = index;
    timers->occupied[slot / 64] |= UINT64_C(1) << slot % 64;
}

/* A linked record does not store its own index, but its neighbour does. */
static uint32_t index_of(const struct flow_timers *timers, const struct flow *flow)
{
    if (flow->timer_prev == FLOW_NONE)
        return timers->first[flow->timer_slot];
    return flow_record(timers->records, flow->timer_prev)->timer_next;
}

uint32_t flow_timers_unlink(struct flow_timers *timers, struct flow *flow)
{
    uint32_t slot = flow->timer_slot;

    assert(slot < FLOW_SLOTS);
    uint32_t index = index_of(timers, flow);
    if (flow->timer_prev != FLOW_NONE)
        flow_record(timers->records, flow->timer_prev)->timer_next = flow->timer_next;
    else
        timers->first[slot] = flow->timer_next;
    if (flow->timer_next != FLOW_NONE)
        flow_record(timers->records, flow->timer_next)->timer_prev = flow->timer_prev;
    else
        timers->last[slot] = flow->timer_prev;
    if (timers->first[slot] == FLOW_NONE)
        timers->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    flow->timer_slot = FLOW_NO_SLOT;
    return index;
}

void flow_timers_tighten(struct flow_timers *timers, struct flow *flow)
{
    if (flow->timer_slot == FLOW_NO_SLOT)
        return;
    uint32_t now = (flow->timer_slot - slot_of(timers->cursor)) % FLOW_SLOTS;
    if (distance_of(timers, flow) >= now)
        return;
    flow_timers_link(timers, flow_timers_unlink(timers, flow));
}

/* ---- what is due --------------------------------------------------------------------------------- */

/* Takes a slot's list off the wheel. */
static uint32_t take_slot(struct flow_timers *timers, uint32_t slot)
{
    uint32_t first = timers->first[slot];
    timers->first[slot] = timers->last[slot] = FLOW_NONE;
    timers->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    return first;
}

/* Flows of the slot that are due are put before `due`; the others go to the slots of their deadlines. */
static uint32_t visit_slot(struct flow_timers *timers, uint32_t slot, int64_t now_us, uint32_t due)
{
    for (uint32_t index = take_slot(timers, slot); index != FLOW_NONE;) {
        struct flow *flow = flow_record(timers->records, index);
        uint32_t next = flow->timer_next;
        if (deadline_of(timers, flow) <= now_us) {
            flow->timer_slot = FLOW_NO_SLOT;
            flow->timer_next = due;
            due = index;
        } else {
            flow_timers_link(timers, index);
        }
        index = next;
    }
    return due;
}

uint32_t flow_timers_expire(struct flow_timers *timers, int64_t now_us)
{
    int64_t now = clock_second(now_us), from = timers->cursor;
    uint32_t due = FLOW_NONE;

    timers->cursor = now;
    if (now < from)
        return FLOW_NONE;
    /* Each of the last FLOW_SLOTS seconds once is every slot once. */
    if (now - from >= FLOW_SLOTS)
        from = now - FLOW_SLOTS + 1;
    for (int64_t second = from; second <= now; second++) {
        uint32_t slot = slot_of(second);
        if (timers->first[slot] != FLOW_NONE)
            due = visit_slot(timers, slot, now_us, due);
    }
    return due;
}

/* The first occupied slot at or after `slot`, going round; FLOW_NO_SLOT when all are empty. */
static uint32_t next_occupied(const struct flow_timers *timers, uint32_t slot)
{
    const uint32_t words = FLOW_SLOTS / 64;
    uint64_t word = timers->occupied[slot / 64] & (UINT64_MAX << slot % 64);

    for (uint32_t i = 0; i <= words; i++) {
        uint32_t at = (slot / 64 + i) % words;
        if (i > 0)
            word = timers->occupied[at];
        if (word != 0)
            return at * 64 + (uint32_t)__builtin_ctzll(word);
    }
    return FLOW_NO_SLOT;
}

uint32_t flow_timers_nearest(struct flow_timers *timers)
{
    for (;;) {
        uint32_t slot = next_occupied(timers, slot_of(timers->cursor));
        if (slot == FLOW_NO_SLOT)
            return FLOW_NONE;
        struct flow *flow = flow_record(timers->records, timers->first[slot]);
        bool is_there = slot_of(timers->cursor + distance_of(timers, flow)) == slot;
        uint32_t index = flow_timers_unlink(timers, flow);
        if (is_there)
            return index;
        flow_timers_link(timers, index);
    }
}

uint32_t flow_timers_take_all(struct flow_timers *timers)
{
    uint32_t first = FLOW_NONE;

    for (uint32_t index = flow_records_end(timers->records); index-- > 0;) {
        struct flow *flow = flow_record(timers->records, index);
        if (flow->timer_slot == FLOW_NO_SLOT)
            continue;
        flow->timer_slot = FLOW_NO_SLOT;
        flow->timer_next = first;
        first = index;
    }
    memset(timers->occupied, 0, sizeof(timers->occupied));
    memset(timers->first, 0xff, sizeof(timers->first));
    memset(timers->last, 0xff, sizeof(timers->last));
    return first;
}

/* ---- order ---------------------------------------------------------------------------------------- */

static bool starts_before(const struct flow *a, const struct flow *b)
{
    if (a->start_number != b->start_number)
        return a->start_number < b->start_number;
    return a->id < b->id;
}

static uint32_t merge(const struct flow_records *records, uint32_t a, uint32_t b)
{
    uint32_t first = FLOW_NONE;
    uint32_t *end = &first;

    while (a != FLOW_NONE && b != FLOW_NONE) {
        uint32_t *less = starts_before(flow_record(records, b), flow_record(records, a)) ? &b : &a;
        *end = *less;
        end = &flow_record(records, *less)->timer_next;
        *less = *end;
    }
    *end = a != FLOW_NONE ? a : b;
    return first;
}

/* Cuts the longest ascending run off the front of *list. */
static uint32_t take_run(const struct flow_records *records, uint32_t *list)
{
    uint32_t first = *list;
    struct flow *at = flow_record(records, first);

    while (at->timer_next != FLOW_NONE) {
        struct flow *next = flow_record(records, at->timer_next);
        if (starts_before(next, at))
            break;
        at = next;
    }
    *list = at->timer_next;
    at->timer_next = FLOW_NONE;
    return first;
}

/* Natural merge sort: no memory, and one pass over what is in order already. Bin i holds 2^i runs. */
uint32_t flow_list_sort(const struct flow_records *records, uint32_t first)
{
    uint32_t bins[RUNS_MAX];
    size_t used = 0;

    while (first != FLOW_NONE) {
        uint32_t run = take_run(records, &first);
        size_t bin = 0;
        while (bin < used && bins[bin] != FLOW_NONE) {
            run = merge(records, bins[bin], run);
            bins[bin++] = FLOW_NONE;
        }
        assert(bin < RUNS_MAX);
        bins[bin] = run;
        if (bin == used)
            used++;
    }
    for (size_t bin = 0; bin < used; bin++)
        first = merge(records, bins[bin], first);
    return first;
}
