/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow timers: a wheel of one-second slots in packet time.
 *
 *      cursor (second of the last tick)
 *         v
 *   ... [ ] [ a-b ] [ ] [ c ] ...  4096 slots, second modulo 4096; lists in order of linking
 *
 * Lazy       a packet only writes flow->last_us. A flow's real deadline, last_us + timeout(state), is
 *            looked at when its slot comes: later ones move to their slot. So a flow costs one
 *            move a timeout, not one a packet. A state that makes the deadline earlier links anew
 *            at once (flow_timers_tighten).
 * Invariants 1. A linked flow's slot comes at or before the first tick at or after its deadline,
 *               unless packet time ran backwards in between.
 *            2. A flow ends only when its deadline is at or before the tick's time, whatever slot it
 *               was found in: a wrong slot costs a visit, never a wrong end.
 *            3. One tick visits every slot at most once: a jump of years costs one turn.
 * Backwards  a tick that is earlier than the last one moves the cursor back, nothing else.
 */
#ifndef SHRIKE_FLOW_FLOW_TIMER_H
#define SHRIKE_FLOW_FLOW_TIMER_H

#include "flow/flow_records.h"
#include "flow/flow_table.h"

enum { FLOW_SLOTS = 4096 };

struct flow_timers {
    const struct flow_records *records;
    const struct flow_timeouts *timeouts;
    int64_t cursor; /* second */
    uint64_t occupied[FLOW_SLOTS / 64];
    uint32_t first[FLOW_SLOTS], last[FLOW_SLOTS];
};

void flow_timers_init(struct flow_timers *timers, const struct flow_records *records,
                      const struct flow_timeouts *timeouts, int64_t now_us);
void flow_timers_link(struct flow_timers *timers, uint32_t index);
/* Returns the record's index. The flow must be in a slot. */
uint32_t flow_timers_unlink(struct flow_timers *timers, struct flow *flow);
/* Links anew when the deadline is now in an earlier slot; flows in no slot are left alone. */
void flow_timers_tighten(struct flow_timers *timers, struct flow *flow);

/* Unlinks all flows whose deadline is at or before `now_us`; a list through timer_next, in no
 * particular order; FLOW_NONE when there are none. */
uint32_t flow_timers_expire(struct flow_timers *timers, int64_t now_us);
/* The flow whose deadline's second comes first, unlinked; among those of one second the one linked
 * first. FLOW_NONE when the wheel is empty. */
uint32_t flow_timers_nearest(struct flow_timers *timers);
/* Unlinks every flow: a list through timer_next in order of records. */
uint32_t flow_timers_take_all(struct flow_timers *timers);

/* Sorts a list through timer_next by packet number of the flow's start, then by id. */
uint32_t flow_list_sort(const struct flow_records *records, uint32_t first);

#endif
