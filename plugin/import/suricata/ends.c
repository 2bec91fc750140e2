/* SPDX-License-Identifier: BSD-3-Clause */
/* Ends: the addresses and ports of a rule's header as selections.
 *
 * One map    holds what fits beside each other: lists of variables or addresses, single ports, one range, or all but
 *            single ones. Lists beside addresses, and several ranges, are selections of their own.
 * Twice      a stream without direction has its header as `up_...` and `down_...`, an arrow both ways as `there_...` and
 *            `back_...`, one of which has to hold.
 */
#include "import/suricata/ends.h"

static bool has_addresses(const struct net_term *terms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (terms[i].list == NULL)
            return true;
    }
    return false;
}

static void put_addresses(struct writer *w, const char *field, const struct net_term *terms,
                          size_t count, const char *suffix)
{
    emit_key(w->e, arena_format(w->arena, "%s|cidr%s", field, suffix));
    if (count > 1)
        emit_list(w->e, EMIT_FLOW);
    for (size_t i = 0; i < count; i++) {
        if (terms[i].list == NULL)
            emit_text(w->e, terms[i].text);
    }
    if (count > 1)
        emit_end(w->e);
}

static void put_lists(struct writer *w, const char *field, const struct net_term *terms,
                      size_t count, const char *suffix)
{
    emit_key(w->e, arena_format(w->arena, "%s|expand%s", field, suffix));
    if (count > 1)
        emit_list(w->e, EMIT_FLOW);
    for (size_t i = 0; i < count; i++) {
        if (terms[i].list != NULL)
            emit_text(w->e, view_from_string(arena_format(w->arena, "%%%s%%", terms[i].list)));
    }
    if (count > 1)
        emit_end(w->e);
}

static bool has_lists(const struct net_term *terms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (terms[i].list != NULL)
            return true;
    }
    return false;
}

/* Both kinds of a side: one of them has to hold, so they are two maps of a list. */
static void put_mixed(struct writer *w, const char *name, const char *field,
                      const struct net_set *set)
{
    writer_begin(w, name);
    emit_list(w->e, EMIT_BLOCK);
    emit_map(w->e, EMIT_BLOCK);
    put_lists(w, field, set->in, set->in_count, "");
    emit_end(w->e);
    emit_map(w->e, EMIT_BLOCK);
    put_addresses(w, field, set->in, set->in_count, "");
    emit_end(w->e);
    emit_end(w->e);
}

static bool is_mixed(const struct net_set *set)
{
    return has_lists(set->in, set->in_count) && has_addresses(set->in, set->in_count);
}

static void put_net(struct writer *w, const char *field, const struct net_set *set)
{
    if (!is_mixed(set) && has_lists(set->in, set->in_count))
        put_lists(w, field, set->in, set->in_count, "");
    if (!is_mixed(set) && has_addresses(set->in, set->in_count))
        put_addresses(w, field, set->in, set->in_count, "");
    if (has_lists(set->out, set->out_count))
        put_lists(w, field, set->out, set->out_count, "|neq");
    if (has_addresses(set->out, set->out_count))
        put_addresses(w, field, set->out, set->out_count, "|neq");
}

static bool is_single(const struct port_range *range)
{
    return range->first == range->last;
}

static bool are_single(const struct port_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!is_single(&set->ranges[i]))
            return false;
    }
    return true;
}

/* All ports but single ones: 0 to 65535 with gaps of one. */
static bool is_complement(const struct port_set *set)
{
    if (set->count < 2 || set->ranges[0].first != 0 ||
        set->ranges[set->count - 1].last != UINT16_MAX)
        return false;
    for (size_t i = 1; i < set->count; i++) {
        if (set->ranges[i].first != set->ranges[i - 1].last + 2)
            return false;
    }
    return true;
}

static void put_numbers(struct writer *w, const struct port_set *set, bool takes_gaps)
{
    bool is_list = set->count - takes_gaps > 1;

    if (is_list)
        emit_list(w->e, EMIT_FLOW);
    for (size_t i = takes_gaps; i < set->count; i++) {
        if (takes_gaps)
            emit_number(w->e, (uint64_t)set->ranges[i].first - 1);
        else if (is_single(&set->ranges[i]))
            emit_number(w->e, set->ranges[i].first);
    }
    if (is_list)
        emit_end(w->e);
}

static void put_range(struct writer *w, const char *field, const struct port_range *range)
{
    if (range->first > 0) {
        emit_key(w->e, arena_format(w->arena, "%s|gte", field));
        emit_number(w->e, range->first);
    }
    if (range->last < UINT16_MAX) {
        emit_key(w->e, arena_format(w->arena, "%s|lte", field));
        emit_number(w->e, range->last);
    }
}

/* Whether the ports fit into a map beside other keys. */
static bool is_inline(const struct port_set *set)
{
    return set->count == 0 || are_single(set) || set->count == 1 || is_complement(set);
}

static void put_ports(struct writer *w, const char *field, const struct port_set *set)
{
    if (set->count == 0 || !is_inline(set))
        return;
    if (are_single(set)) {
        emit_key(w->e, field);
        put_numbers(w, set, false);
    } else if (set->count == 1) {
        put_range(w, field, &set->ranges[0]);
    } else {
        emit_key(w->e, arena_format(w->arena, "%s|neq", field));
        put_numbers(w, set, true);
    }
}

static void put_port_choice(struct writer *w, const char *name, const char *field,
                            const struct port_set *set)
{
    bool has_single = false;

    if (is_inline(set))
        return;
    writer_begin(w, name);
    emit_list(w->e, EMIT_BLOCK);
    for (size_t i = 0; i < set->count; i++) {
        has_single |= is_single(&set->ranges[i]);
        if (is_single(&set->ranges[i]))
            continue;
        emit_map(w->e, EMIT_FLOW);
        put_range(w, field, &set->ranges[i]);
        emit_end(w->e);
    }
    if (has_single) {
        emit_map(w->e, EMIT_FLOW);
        emit_key(w->e, field);
        put_numbers(w, set, false);
        emit_end(w->e);
    }
    emit_end(w->e);
}

static bool has_inline_ends(const struct meaning *m)
{
    return (m->source.in_count > 0 && !is_mixed(&m->source)) || m->source.out_count > 0 ||
           (m->target.in_count > 0 && !is_mixed(&m->target)) || m->target.out_count > 0 ||
           (m->source_port.count > 0 && is_inline(&m->source_port)) ||
           (m->target_port.count > 0 && is_inline(&m->target_port));
}

/* The header, its sides in these fields. `direction`: asked as well; NULL: no. */
static void put_ends(struct writer *w, const char *prefix, const struct ends *ends,
                     const char *direction)
{
    const struct meaning *m = w->m;

    if (has_inline_ends(m) || direction != NULL) {
        writer_begin(w, arena_format(w->arena, "%sends", prefix));
        emit_map(w->e, EMIT_BLOCK);
        if (direction != NULL)
            emit_pair(w->e, "direction", view_from_string(direction));
        put_net(w, ends->source_ip, &m->source);
        put_ports(w, ends->source_port, &m->source_port);
        put_net(w, ends->target_ip, &m->target);
        put_ports(w, ends->target_port, &m->target_port);
        emit_end(w->e);
    }
    if (is_mixed(&m->source))
        put_mixed(w, arena_format(w->arena, "%ssource", prefix), ends->source_ip, &m->source);
    if (is_mixed(&m->target))
        put_mixed(w, arena_format(w->arena, "%starget", prefix), ends->target_ip, &m->target);
    put_port_choice(w, arena_format(w->arena, "%ssource_port", prefix), ends->source_port,
                    &m->source_port);
    put_port_choice(w, arena_format(w->arena, "%starget_port", prefix), ends->target_port,
                    &m->target_port);
}

void ends_put(struct writer *w)
{
    static const struct ends UP = {"src_ip", "src_port", "dst_ip", "dst_port"};
    static const struct ends DOWN = {"dst_ip", "dst_port", "src_ip", "src_port"};

    const struct ends *ends = &w->m->ends;

    if (!w->m->has_ends)
        return;
    if (w->m->is_both_ways) {
        const struct ends back = {ends->target_ip, ends->target_port, ends->source_ip,
                                  ends->source_port};
        writer_join(w, "((");
        put_ends(w, "there_", ends, NULL);
        buf_text(&w->condition, ") or (");
        put_ends(w, "back_", &back, NULL);
        buf_text(&w->condition, "))");
        return;
    }
    if (!w->m->asks_twice) {
        put_ends(w, "", ends, NULL);
        return;
    }
    writer_join(w, "((");
    put_ends(w, "up_", &UP, "to_server");
    buf_text(&w->condition, ") or (");
    put_ends(w, "down_", &DOWN, "to_client");
    buf_text(&w->condition, "))");
}
