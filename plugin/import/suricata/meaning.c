/* SPDX-License-Identifier: BSD-3-Clause */
/* Meaning: which event a rule looks at, from which side, and what its header asks.
 *
 * Event      a rule with buffers looks at the event that has their fields. One with raw contents looks at a TCP
 *            stream, or at packets where it needs one (dsize, flags, tcp-pkt, no_stream, other protocols). A content
 *            with offset, depth or startswith counts from where Suricata's inspection begins, a packet or
 *            a piece of the stream: here it is asked of the stream from its start, or of each segment (is_either).
 * Sides      our src is always the client, Suricata's the sender. A rule to the client is turned round; a rule on
 *            packets without direction asks the packet's own ends; one on streams is asked both ways, and so is
 *            one with an arrow both ways.
 * Established  Suricata: the handshake was seen. Streams and the events of parsers exist here only where both sides
 *            spoke, or where the capture began later; rules on packets ask that the other side has sent before.
 * Once       Suricata looks at rules of addresses alone once a flow; such packets are suppressed for an hour.
 */
#include "import/suricata/meaning.h"

const char *meaning_add(struct meaning *m, struct entry entry)
{
    if (m->entry_count == ENTRIES_MAX)
        return "too many conditions";
    m->entries[m->entry_count++] = entry;
    return NULL;
}

static const char *add_plain(struct meaning *m, const char *key, const char *value)
{
    return meaning_add(
        m, (struct entry){.form = ENTRY_PLAIN, .key = key, .value = view_from_string(value)});
}

static bool is_protocol(const struct model *rule, const char *name)
{
    return view_equal(rule->text->protocol, view_from_string(name));
}

/* --- which event --------------------------------------------------------------------------------- */

static bool has_raw(const struct model *rule)
{
    return rule->chains[0].count > 0; /* the first chain is the payload's */
}

/* The event of the buffers; NULL when there are none. */
static const char *buffer_service(const struct model *rule, const char **fault)
{
    const char *service = NULL;

    for (size_t i = 1; i < rule->chain_count; i++) {
        const struct chain *chain = &rule->chains[i];
        if (chain->count == 0)
            continue;
        if (service != NULL && strcmp(service, chain->buffer->service) != 0)
            *fault = "buffers of two protocols";
        service = chain->buffer->service;
    }
    return service;
}

static const char *find_buffer_event(struct arena *arena, const struct model *rule,
                                     struct meaning *m)
{
    if (has_raw(rule))
        return "contents of the payload beside those of a buffer";
    if (rule->needs_packet)
        return "a keyword of packets beside a buffer";
    bool is_own = is_protocol(rule, m->service);
    bool is_transport = is_protocol(rule, "tcp") || is_protocol(rule, "ip") ||
                        (is_protocol(rule, "udp") && strcmp(m->service, "dns") == 0);
    if (!is_own && !is_transport)
        return arena_format(arena, "protocol %.*s", (int)rule->text->protocol.len,
                            (const char *)rule->text->protocol.data);
    return NULL;
}

static bool counts_from_start(const struct model *rule)
{
    const struct chain *chain = &rule->chains[0];

    for (size_t i = 0; i < chain->count; i++) {
        const struct piece *piece = &chain->pieces[i];
        if (piece->has_offset || piece->has_depth || piece->is_at_start)
            return true;
    }
    return false;
}

/* tcp and the protocols on it: the stream, or its packets. */
static void find_tcp_event(const struct model *rule, struct meaning *m)
{
    bool needs_packet = rule->needs_packet || (rule->flow & FLOW_NO_STREAM) || !has_raw(rule);

    m->is_either = !needs_packet && !(rule->flow & FLOW_ONLY_STREAM) && counts_from_start(rule);
    m->service = needs_packet ? "packet" : "stream";
}

static const char *find_raw_event(struct arena *arena, const struct model *rule, struct meaning *m)
{
    static const struct {
        const char *name, *proto, *app_proto;
        enum { PACKET, TCP, STREAM } kind;
    } ROWS[] = {{"tcp", "tcp", NULL, TCP},
                {"tcp-pkt", "tcp", NULL, PACKET},
                {"tcp-stream", "tcp", NULL, STREAM},
                {"udp", "udp", NULL, PACKET},
                {"icmp", "icmp", NULL, PACKET},
                {"icmpv4", "icmp", NULL, PACKET},
                {"icmpv6", "ipv6-icmp", NULL, PACKET},
                {"sctp", "sctp", NULL, PACKET},
                {"ip", NULL, NULL, PACKET},
                {"pkthdr", NULL, NULL, PACKET},
                {"http", NULL, "http", TCP},
                {"tls", NULL, "tls", TCP},
                {"dns", NULL, "dns", PACKET}};

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (!is_protocol(rule, ROWS[i].name))
            continue;
        m->proto = ROWS[i].proto;
        m->app_proto = ROWS[i].app_proto;
        m->service = ROWS[i].kind == STREAM ? "stream" : "packet";
        if (ROWS[i].kind == TCP)
            find_tcp_event(rule, m);
        if (ROWS[i].kind == STREAM && rule->needs_packet)
            return "a keyword of packets in a rule of streams";
        return NULL;
    }
    return arena_format(arena, "protocol %.*s", (int)rule->text->protocol.len,
                        (const char *)rule->text->protocol.data);
}

/* --- which way ----------------------------------------------------------------------------------- */

static const char *buffer_direction(const struct model *rule)
{
    const char *direction = NULL;

    for (size_t i = 1; i < rule->chain_count; i++) {
        const struct buffer *buffer = rule->chains[i].buffer;
        if (rule->chains[i].count == 0)
            continue;
        if (*buffer->response == '\0')
            direction = "to_server";
        else if (*buffer->request == '\0')
            direction = "to_client";
    }
    return direction;
}

static void find_direction(const struct model *rule, struct meaning *m)
{
    static const struct ends UP = {"src_ip", "src_port", "dst_ip", "dst_port"};
    static const struct ends DOWN = {"dst_ip", "dst_port", "src_ip", "src_port"};
    static const struct ends PACKET = {"packet.src_ip", "packet.src_port", "packet.dst_ip",
                                       "packet.dst_port"};

    m->direction = rule->flow & FLOW_TO_SERVER   ? "to_server"
                   : rule->flow & FLOW_TO_CLIENT ? "to_client"
                                                 : buffer_direction(rule);
    m->ends = m->direction != NULL && strcmp(m->direction, "to_client") == 0 ? DOWN : UP;
    if (m->direction == NULL && strcmp(m->service, "packet") == 0)
        m->ends = PACKET;
    m->asks_twice = m->direction == NULL && strcmp(m->service, "stream") == 0 && m->has_ends &&
                    !m->is_both_ways;
}

/* --- the header ---------------------------------------------------------------------------------- */

static const char *find_ends(const struct model *rule, struct variables *variables,
                             struct meaning *m)
{
    const struct rule_text *text = rule->text;
    const char *fault = variables_net(variables, text->source, &m->source);

    if (fault == NULL)
        fault = variables_net(variables, text->target, &m->target);
    if (fault == NULL)
        fault = variables_ports(variables, text->source_port, &m->source_port);
    if (fault == NULL)
        fault = variables_ports(variables, text->target_port, &m->target_port);
    m->has_ends = m->source.in_count + m->source.out_count + m->target.in_count +
                      m->target.out_count + m->source_port.count + m->target_port.count >
                  0;
    m->is_both_ways = text->is_both_ways && m->has_ends;
    return fault;
}

/* --- what is asked ------------------------------------------------------------------------------- */

static const char *add_established(const struct model *rule, struct meaning *m)
{
    if (!(rule->flow & FLOW_ESTABLISHED) || strcmp(m->service, "packet") != 0)
        return NULL;
    return add_plain(m, "flow.established", "true");
}

static const char *add_asks(struct arena *arena, const struct model *rule, struct meaning *m)
{
    const char *fault = NULL;

    /* Suricata's icmp is both versions': `icmp` and `ipv6-icmp` here. */
    if (m->proto != NULL)
        fault = add_plain(m, is_protocol(rule, "icmp") ? "proto|endswith" : "proto", m->proto);
    if (m->app_proto != NULL && fault == NULL)
        fault = add_plain(m, "app_proto", m->app_proto);
    if (m->direction != NULL && strcmp(m->service, "packet") == 0 && fault == NULL)
        fault = add_plain(m, "direction", m->direction);
    for (size_t i = 0; i < rule->ask_count && fault == NULL; i++) {
        const struct ask *ask = &rule->asks[i];
        fault = add_plain(m, ask->is_negated ? arena_format(arena, "%s|neq", ask->key) : ask->key,
                          ask->value);
    }
    return fault != NULL ? fault : add_established(rule, m);
}

/* The field of a buffer, on the rule's side. */
static const char *field_of(const struct buffer *buffer, const char *direction)
{
    bool is_down = direction != NULL && strcmp(direction, "to_client") == 0;
    return is_down ? buffer->response : buffer->request;
}

static const char *add_chains(struct arena *arena, const struct model *rule, struct meaning *m)
{
    for (size_t i = 0; i < rule->chain_count; i++) {
        const struct chain *chain = &rule->chains[i];
        const char *field =
            chain->buffer != NULL ? field_of(chain->buffer, m->direction) : "payload";
        if (chain->count == 0)
            continue;
        if (chain->buffer != NULL && m->direction == NULL)
            return arena_format(arena, "%s without a direction", chain->buffer->name);
        if (*field == '\0')
            return arena_format(arena, "%s in a rule %s", chain->buffer->name, m->direction);
        const char *fault =
            meaning_add_chain(arena, m, chain, field, strcmp(m->service, "stream") == 0);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

const char *meaning_find(struct arena *arena, const struct model *rule, struct variables *variables,
                         struct meaning *out)
{
    struct meaning *m = out;
    const char *fault = NULL;

    *m = (struct meaning){.entry_count = 0};
    m->service = buffer_service(rule, &fault);
    if (fault == NULL)
        fault =
            m->service != NULL ? find_buffer_event(arena, rule, m) : find_raw_event(arena, rule, m);
    if (fault == NULL)
        fault = find_ends(rule, variables, m);
    if (fault != NULL)
        return fault;
    find_direction(rule, m);
    fault = add_asks(arena, rule, m);
    if (fault == NULL)
        fault = add_chains(arena, rule, m);
    m->is_once = m->entry_count == 0 && strcmp(m->service, "packet") == 0 &&
                 rule->threshold.track == TRACK_NONE;
    if (fault == NULL && m->entry_count == 0 && !m->has_ends)
        fault = "nothing to look for";
    if (fault == NULL && rule->wants_growth && strcmp(m->service, "stream") == 0)
        fault = "stream_size of a stream, but by <";
    if (fault == NULL && rule->is_silent && rule->leaves_more && rule->bit_count == 0)
        fault = "a rule that only sets xbits or flowint";
    return fault;
}
