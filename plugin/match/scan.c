/* SPDX-License-Identifier: BSD-3-Clause */
/* Scan: an event's values against the probes of its type; what is hit opens rules.
 *
 * The callback only notes gate numbers: nothing is evaluated before hs_scan() returned, since a
 * scan inside a callback would need a scratch of its own. Every return code is looked at: a scan
 * that fails is counted and its event judged by what the other probes found.
 */
#include "match/matcher.h"

#include <assert.h>

static inline void hit_gate(struct matcher *m, uint32_t gate)
{
    assert(gate < m->set->gate_count);
    if (m->gate_seen[gate] == m->generation)
        return;
    m->gate_seen[gate] = m->generation;
    m->gates_hit[m->gate_hit_count++] = gate;
}

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *context)
{
    (void)from, (void)to, (void)flags;
    hit_gate(context, id);
    return 0;
}

static void scan_bytes(struct matcher *m, const hs_database_t *database, struct view bytes)
{
    if (bytes.len == 0 || bytes.len > UINT32_MAX)
        return; /* no gate literal is empty */
    m->stats.scans++;
    m->stats.scan_bytes += bytes.len;
    hs_error_t rc = hs_scan(database, (const char *)bytes.data, (unsigned)bytes.len, 0, m->scratch,
                            on_literal, m);
    if (rc != HS_SUCCESS && rc != HS_SCAN_TERMINATED)
        m->stats.scan_errors++;
}

static void look_up(struct matcher *m, const struct probe_row *probe, enum field_type type,
                    const union value *value)
{
    uint32_t members[LOOKUP_MAX];
    const struct set_row *set = &m->set->sets[probe->target];
    size_t max = probe->kind == PROBE_LIST ? 1 : LOOKUP_MAX;
    size_t count = lookup_value(m, set, type, value, members, max);

    for (size_t i = 0; i < count; i++)
        hit_gate(m, probe->kind == PROBE_LIST ? probe->gate : probe->gate + members[i]);
}

static void probe_field(struct matcher *m, const struct probe_row *probe, enum field_id field)
{
    enum field_type type = field_get(field)->type;
    struct value_list list =
        field_get(field)->event == EVENT_ANY ? envelope_get(m, field) : event_get(m->event, field);

    for (uint32_t i = 0; i < list.count; i++) {
        if (probe->kind == PROBE_SCAN)
            scan_bytes(m, m->set->databases[probe->target], list.items[i].bytes);
        else
            look_up(m, probe, type, &list.items[i]);
    }
}

/* Keywords: every bytes field of the event. */
static void probe_event(struct matcher *m, const struct probe_row *probe)
{
    enum event_type type = m->event->type;

    for (enum field_id id = m->event->first; id < FIELD_COUNT && field_get(id)->event == type;
         id++) {
        if (field_is_searched(id))
            probe_field(m, probe, id);
    }
}

void scan_event(struct matcher *m)
{
    const struct ruleset *set = m->set;
    const struct event_row *row = &set->events[m->event->type];

    m->gate_hit_count = 0;
    m->candidate_count = 0;
    for (uint32_t i = 0; i < row->probes.count; i++) {
        const struct probe_row *probe = &set->probes[row->probes.first + i];
        if (m->event->is_second && !probe->is_again)
            continue;
        if (probe->field == FIELD_NONE)
            probe_event(m, probe);
        else
            probe_field(m, probe, probe->field);
    }
    for (size_t i = 0; i < m->gate_hit_count; i++) {
        uint32_t gate = m->gates_hit[i];
        for (uint32_t at = set->gate_first[gate]; at < set->gate_first[gate + 1]; at++)
            add_candidate(m, set->gate_rules[at]);
    }
    m->stats.candidates += m->candidate_count;
    for (uint32_t i = 0; i < row->ungated.count; i++)
        add_candidate(m, set->rule_lists[row->ungated.first + i]);
}
