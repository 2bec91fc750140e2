/* SPDX-License-Identifier: BSD-3-Clause */
/* Worker: read this file to see how a packet becomes an alert.
 *
 *   worker_work()                 a decoded packet
 *     flow_table_packet()         which conversation, which direction            flow/
 *     match_event(PACKET)         rules on single packets                        match/
 *     tcp_packet()                segments in order ...                          tcp/tcp.c
 *       on_data()                 ... bytes of one direction
 *         match_stream_data()     rules on raw bytes, streaming                  match/
 *         proto_stream_data()     protocol parsers                               proto/
 *           on_event()            an HTTP request, a DNS answer, a TLS handshake
 *             match_event()       rules on fields                                match/
 *               on_alert()        to the host, with its position
 *
 * What nobody wants is not done: a direction that neither the matcher nor a parser reads any more is
 * taken out of reassembly (tcp_ignore) and costs a counter from then on.
 */
#include "engine/worker.h"

#include "base/memory.h"
#include "proto/kept.h"

enum { MIB = 1024 * 1024 };

/* Frames from this number on come from this file. */
struct file_start {
    uint64_t number;
    size_t file;
};

struct worker {
    struct worker_options options;
    struct worker_callbacks callbacks;
    const struct ruleset *set;
    struct field_set wanted;
    struct budget flow_budget, reassembly_budget, proto_budget, stream_budget;
    struct flow_table *table;
    struct tcp *tcp;
    struct proto_context proto;
    struct matcher *matcher;   /* NULL: no rules */
    struct event *proto_event; /* filled by parsers */
    struct event *own_event;   /* packet, flow and anomaly events */
    struct position position;
    int64_t now_us;
    bool reads_packets, reads_flows, reads_anomalies; /* by a rule or a log */
    uint64_t logged[EVENT_COUNT];
    uint64_t truncated_events;
    struct file_start *files; /* a few bytes a capture file that this worker's packets are from */
    size_t file_count;
};

int position_compare(const struct position *a, const struct position *b)
{
    const uint64_t left[] = {a->number, a->order, a->start_number, a->flow_id, a->sequence};
    const uint64_t right[] = {b->number, b->order, b->start_number, b->flow_id, b->sequence};
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

/* ---- which file a frame is from ---------------------------------------------------------------------- */

static void note_file(struct worker *worker, const struct packet *packet)
{
    if (worker->file_count > 0 && worker->files[worker->file_count - 1].file == packet->file)
        return;
    if ((worker->file_count & (worker->file_count - 1)) == 0) /* full at each power of two */
        worker->files = memory_resize(
            worker->files, worker->file_count ? worker->file_count * 2 : 1, sizeof(*worker->files));
    worker->files[worker->file_count++] = (struct file_start){packet->number, packet->file};
}

static size_t file_of(const struct worker *worker, uint64_t number)
{
    size_t low = 0, high = worker->file_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (worker->files[middle].number <= number)
            low = middle;
        else
            high = middle;
    }
    return low < worker->file_count ? worker->files[low].file : 0;
}

/* ---- what comes back up ------------------------------------------------------------------------ */

static void on_alert(void *context, const struct alert *alert)
{
    struct worker *worker = context;
    worker->callbacks.alert(worker->callbacks.context, &worker->position, alert);
    worker->position.sequence++;
}

static bool is_logged(const struct worker *worker, const struct event *event)
{
    return worker->options.log[event->type] && event_is_record(event);
}

static void on_event(void *context, struct event *event)
{
    struct worker *worker = context;

    worker->truncated_events += event->truncated != 0;
    if (event->packet == NULL && event->flow != NULL) {
        event->last_number = flow_last_number(event->flow);
        event->last_file = file_of(worker, event->last_number);
    }
    if (is_logged(worker, event)) {
        worker->callbacks.event(worker->callbacks.context, &worker->position, event);
        worker->position.sequence++;
        worker->logged[event->type]++;
    }
    if (worker->matcher != NULL && match_wants_event(worker->matcher, event->type))
        match_event(worker->matcher, event);
}

static void on_anomaly(void *context, struct flow *flow, const struct packet *packet,
                       enum anomaly anomaly)
{
    struct worker *worker = context;
    struct event *event = worker->own_event;

    if (!worker->reads_anomalies)
        return;
    enum direction direction = flow && packet ? flow_direction(flow, packet) : TO_SERVER;
    event_begin(event, EVENT_ANOMALY, direction, flow, packet);
    event->time_us = packet ? packet->time_us : worker->now_us;
    event_add_bytes(event, FIELD_ANOMALY_TYPE, view_from_string(anomaly_name(anomaly)));
    event_add_bytes(event, FIELD_ANOMALY_LAYER, view_from_string(anomaly_layer(anomaly)));
    on_event(worker, event);
}

/* ---- bytes of one direction --------------------------------------------------------------------- */

static bool matcher_is_done(const struct worker *worker, const struct flow *flow,
                            enum direction direction)
{
    return worker->matcher == NULL || match_stream_is_done(worker->matcher, flow, direction);
}

static void on_data(void *context, struct flow *flow, enum direction direction, struct view bytes,
                    const struct packet *packet)
{
    struct worker *worker = context;

    if (worker->options.flows_only) {
        tcp_ignore(worker->tcp, flow, direction);
        return;
    }
    if (!matcher_is_done(worker, flow, direction))
        match_stream_data(worker->matcher, flow, direction, bytes, packet);
    if (!proto_is_done(flow, direction))
        proto_stream_data(&worker->proto, flow, direction, bytes, packet);
    if (proto_is_done(flow, direction) && matcher_is_done(worker, flow, direction))
        tcp_ignore(worker->tcp, flow, direction);
}

static void on_gap(void *context, struct flow *flow, enum direction direction, uint64_t missing,
                   const struct packet *packet)
{
    struct worker *worker = context;

    flow->flags |= FLOW_GAP;
    if (!matcher_is_done(worker, flow, direction))
        match_stream_gap(worker->matcher, flow, direction, missing);
    if (!proto_is_done(flow, direction))
        proto_stream_gap(&worker->proto, flow, direction, missing, packet);
}

static void on_stream_end(void *context, struct flow *flow, enum direction direction,
                          const struct packet *packet)
{
    struct worker *worker = context;

    if (worker->matcher != NULL)
        match_stream_end(worker->matcher, flow, direction, packet);
    proto_stream_end(&worker->proto, flow, direction, packet);
}

/* ---- the end of a flow --------------------------------------------------------------------------- */

static void emit_flow(struct worker *worker, struct flow *flow, enum flow_reason reason)
{
    struct event *event = worker->own_event;
    const struct flow_side *up = &flow->side[TO_SERVER], *down = &flow->side[TO_CLIENT];

    event_begin(event, EVENT_FLOW, TO_SERVER, flow, NULL);
    event->time_us = worker->now_us;
    event_add_bytes(event, FIELD_FLOW_STATE, view_from_string(flow_state_name(flow->state)));
    event_add_bytes(event, FIELD_FLOW_REASON, view_from_string(flow_reason_name(reason)));
    if (flow->ip_proto == IP_TCP)
        event_add_number(event, FIELD_FLOW_TCP_FLAGS, up->tcp_flags | down->tcp_flags);
    event_add_number(event, FIELD_FLOW_PAYLOAD_TOSERVER, (int64_t)up->payload);
    event_add_number(event, FIELD_FLOW_PAYLOAD_TOCLIENT, (int64_t)down->payload);
    event_add_number(event, FIELD_FLOW_MIDSTREAM, (flow->flags & FLOW_MIDSTREAM) != 0);
    event_add_number(event, FIELD_FLOW_GAP, (flow->flags & FLOW_GAP) != 0);
    event_add_number(event, FIELD_FLOW_PORT_PROTO_MISMATCH,
                     (flow->flags & FLOW_PROTO_MISMATCH) != 0);
    kept_add(&worker->proto, flow, event);
    on_event(worker, event);
}

static void on_flow_end(void *context, struct flow *flow, enum flow_reason reason)
{
    struct worker *worker = context;

    /* Evictions happen in the middle of a packet: what they say stands at that packet. */
    struct position saved = worker->position;
    if (reason != FLOW_REASON_EVICTED && worker->position.order == 0) {
        worker->position.start_number = flow->start_number;
        worker->position.flow_id = flow->id;
        worker->position.sequence = 0;
    }
    tcp_finish(worker->tcp, flow);
    proto_flow_close(&worker->proto, flow);
    if (worker->reads_flows)
        emit_flow(worker, flow, reason);
    proto_flow_end(&worker->proto, flow);
    if (worker->matcher != NULL)
        match_flow_end(worker->matcher, flow);
    if (worker->position.order != 0)
        saved.sequence = worker->position.sequence;
    worker->position = saved;
}

/* ---- packets -------------------------------------------------------------------------------------- */

/* Packets are many: only what a rule asks for is filled in. */
static void add_packet_number(struct event *event, enum field_id id, int64_t number)
{
    if (event_wants(event, id))
        event_add_number(event, id, number);
}

static void emit_packet(struct worker *worker, struct flow *flow, const struct packet *packet,
                        enum direction direction)
{
    struct event *event = worker->own_event;

    event_begin(event, EVENT_PACKET, direction, flow, packet);
    event->time_us = packet->time_us;
    add_packet_number(event, FIELD_PACKET_IP_TTL, packet->ttl);
    add_packet_number(event, FIELD_PACKET_IP_PROTO, packet->ip_proto);
    add_packet_number(event, FIELD_PACKET_IP_VERSION, packet->ip_version);
    if (packet->ip_proto == IP_TCP && packet->flags & PACKET_HAS_TRANSPORT) {
        add_packet_number(event, FIELD_PACKET_TCP_FLAGS, packet->tcp_flags);
        add_packet_number(event, FIELD_PACKET_TCP_WINDOW, packet->window);
        add_packet_number(event, FIELD_PACKET_TCP_SEQ, packet->seq);
        add_packet_number(event, FIELD_PACKET_TCP_ACK, packet->ack);
    }
    if ((packet->ip_proto == IP_ICMP || packet->ip_proto == IP_ICMPV6) &&
        packet->flags & PACKET_HAS_TRANSPORT) {
        add_packet_number(event, FIELD_PACKET_ICMP_TYPE, packet->icmp_type);
        add_packet_number(event, FIELD_PACKET_ICMP_CODE, packet->icmp_code);
    }
    if (event_wants(event, FIELD_PACKET_SRC_IP))
        event_add_ip(event, FIELD_PACKET_SRC_IP, &packet->src);
    if (event_wants(event, FIELD_PACKET_DST_IP))
        event_add_ip(event, FIELD_PACKET_DST_IP, &packet->dst);
    add_packet_number(event, FIELD_PACKET_SRC_PORT, packet->src_port);
    add_packet_number(event, FIELD_PACKET_DST_PORT, packet->dst_port);
    if (event_wants(event, FIELD_PACKET_PAYLOAD))
        event_add_bytes(event, FIELD_PACKET_PAYLOAD, packet_payload(packet));
    add_packet_number(event, FIELD_PACKET_PAYLOAD_LEN, packet->payload_len);
    on_event(worker, event);
}

static void work_datagram(struct worker *worker, struct flow *flow, const struct packet *packet,
                          enum direction direction)
{
    flow->side[direction].payload += packet->payload_len;
    if (packet->payload_len == 0)
        return;
    if (worker->matcher != NULL && match_wants_stream(worker->matcher, flow, direction))
        match_datagram(worker->matcher, flow, direction, packet);
    if (packet->ip_proto == IP_UDP && !proto_is_done(flow, direction))
        proto_datagram(&worker->proto, flow, direction, packet);
}

/* A SYN that may begin another flow than the one it is on is told for both. */
static void tell_packet(const struct worker *worker, const struct packet *packet,
                        const struct flow *flow)
{
    const struct flow *claim = flow != NULL ? flow_table_claim(worker->table, flow) : NULL;

    worker->callbacks.packet(worker->callbacks.context, packet, flow);
    if (claim != NULL && flow_last_number(claim) == packet->number)
        worker->callbacks.packet(worker->callbacks.context, packet, claim);
}

static void work_packet(struct worker *worker, const struct packet *packet)
{
    enum direction direction = TO_SERVER;
    struct flow *flow = flow_table_packet(worker->table, packet, &direction);

    if (worker->options.flows_only) {
        tell_packet(worker, packet, flow);
        if (flow != NULL && flow->ip_proto == IP_TCP)
            tcp_packet(worker->tcp, flow, packet, direction);
        return;
    }
    if (worker->reads_packets)
        emit_packet(worker, flow, packet, direction);
    if (flow == NULL)
        return;
    if (flow->ip_proto == IP_TCP)
        tcp_packet(worker->tcp, flow, packet, direction);
    else
        work_datagram(worker, flow, packet, direction);
}

void worker_work(struct worker *worker, const struct work *work)
{
    worker->now_us = work->packet.time_us;
    worker->position = (struct position){.number = work->packet.number, .order = work->order};
    note_file(worker, &work->packet);
    if (work->anomaly != ANOMALY_NONE)
        on_anomaly(worker, NULL, &work->packet, work->anomaly);
    else
        work_packet(worker, &work->packet);
}

void worker_prefetch(struct worker *worker, const struct work *work)
{
    if (work->anomaly == ANOMALY_NONE)
        flow_table_prefetch(worker->table, &work->packet);
}

void worker_tick(struct worker *worker, int64_t time_us, uint64_t number)
{
    worker->now_us = time_us;
    worker->position = (struct position){.number = number};
    flow_table_tick(worker->table, time_us);
}

void worker_finish(struct worker *worker, int64_t time_us)
{
    worker->now_us = time_us;
    worker->position = (struct position){.number = UINT64_MAX};
    flow_table_finish(worker->table);
}

/* ---- life ------------------------------------------------------------------------------------------ */

static size_t or_default(size_t bytes, size_t mib)
{
    return bytes != 0 ? bytes : mib * MIB;
}

struct worker_options worker_options_complete(const struct worker_options *options)
{
    struct worker_options all = *options;
    all.flow_budget_bytes = or_default(all.flow_budget_bytes, 512);
    all.reassembly_budget_bytes = or_default(all.reassembly_budget_bytes, 256);
    all.proto_budget_bytes = or_default(all.proto_budget_bytes, 256);
    all.stream_budget_bytes = or_default(all.stream_budget_bytes, 256);
    return all;
}

static bool is_read(const struct worker *worker, enum event_type type)
{
    return worker->options.log[type] ||
           (worker->matcher != NULL && match_wants_event(worker->matcher, type));
}

/* Alerts show the transaction that raised them: all of its fields that cost no computing. */
static void want_plain_fields(struct worker *worker, enum event_type type)
{
    for (enum field_id id = field_first(type); id < field_end(type); id++) {
        if ((field_get(id)->flags & (FIELD_DERIVED | FIELD_KEPT)) == 0)
            field_set_add(&worker->wanted, id);
    }
}

static void want_fields(struct worker *worker)
{
    if (worker->set != NULL)
        field_set_unite(&worker->wanted, ruleset_fields(worker->set));
    for (enum event_type type = EVENT_PACKET; type < EVENT_COUNT; type++) {
        if (worker->options.log[type])
            field_set_add_event(&worker->wanted, type);
        else if (type != EVENT_PACKET && worker->set != NULL && ruleset_wants(worker->set, type))
            want_plain_fields(worker, type);
    }
    field_set_add_sources(&worker->wanted);
}

static void set_up_flows(struct worker *worker)
{
    const struct flow_table_options table_options = {
        .budget = &worker->flow_budget,
        .timeouts = worker->options.timeouts,
        .refuse_midstream = worker->options.refuse_midstream,
        .joins_vlans = worker->options.joins_vlans,
    };
    const struct tcp_options tcp_options = {
        .policy = worker->options.tcp_policy,
        .budget = &worker->reassembly_budget,
    };
    const struct stream_sink stream_sink = {
        .data = on_data,
        .gap = on_gap,
        .end = on_stream_end,
        .anomaly = on_anomaly,
        .context = worker,
    };
    worker->table = flow_table_new(&table_options, on_flow_end, worker);
    worker->tcp = tcp_new(&tcp_options, worker->table, &stream_sink);
}

static void set_up_protocols(struct worker *worker)
{
    worker->proto.budget = &worker->proto_budget;
    worker->proto.event = worker->proto_event;
    worker->proto.sink = (struct event_sink){on_event, worker};
    worker->proto.wanted = &worker->wanted;
    worker->proto.limits = worker->options.limits;
    for (enum event_type type = EVENT_PACKET; worker->set != NULL && type < EVENT_COUNT; type++)
        worker->proto.waits |= (uint32_t)ruleset_waits(worker->set, type) << type;
    worker->proto.anomaly = on_anomaly;
    worker->proto.anomaly_context = worker;
    proto_context_init(&worker->proto);
}

struct worker *worker_new(const struct ruleset *set, const struct worker_options *options,
                          const struct worker_callbacks *callbacks, struct error *error)
{
    struct worker *worker = memory_new(1, sizeof(*worker));
    const struct alert_sink alert_sink = {on_alert, worker};

    worker->options = worker_options_complete(options);
    worker->callbacks = *callbacks;
    worker->set = set;
    worker->flow_budget.limit = worker->options.flow_budget_bytes;
    worker->reassembly_budget.limit = worker->options.reassembly_budget_bytes;
    worker->proto_budget.limit = worker->options.proto_budget_bytes;
    worker->stream_budget.limit = worker->options.stream_budget_bytes;
    worker->proto_event = event_new();
    worker->own_event = event_new();
    worker->proto_event->wanted = worker->own_event->wanted = &worker->wanted;
    want_fields(worker);
    set_up_flows(worker);
    set_up_protocols(worker);
    if (!flow_table_is_ready(worker->table)) {
        error_set(error,
                  "%zu bytes for the flows of a worker are too few for a single one "
                  "(--memcap-flow, flow_budget_bytes)",
                  worker->options.flow_budget_bytes);
        worker_free(worker);
        return NULL;
    }
    if (set != NULL && ruleset_count(set) > 0) {
        worker->matcher = matcher_new(set, &worker->stream_budget, options->community_id_seed,
                                      &alert_sink, error);
        if (worker->matcher == NULL) {
            worker_free(worker);
            return NULL;
        }
        if (options->is_one_of_many)
            matcher_share(worker->matcher);
    }
    worker->reads_packets = is_read(worker, EVENT_PACKET);
    worker->reads_flows = is_read(worker, EVENT_FLOW);
    worker->reads_anomalies = is_read(worker, EVENT_ANOMALY);
    return worker;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    tcp_free(worker->tcp);
    flow_table_free(worker->table);
    proto_context_clear(&worker->proto);
    matcher_free(worker->matcher);
    event_free(worker->proto_event);
    event_free(worker->own_event);
    memory_free(worker->files);
    memory_free(worker);
}

void worker_stats(const struct worker *worker, struct worker_stats *out)
{
    *out = (struct worker_stats){
        .flow = *flow_table_stats(worker->table),
        .tcp = *tcp_stats(worker->tcp),
        .proto = worker->proto.stats,
        .truncated_events = worker->truncated_events,
        .flow_memory = worker->flow_budget,
        .reassembly_memory = worker->reassembly_budget,
        .proto_memory = worker->proto_budget,
        .stream_memory = worker->stream_budget,
    };
    if (worker->matcher != NULL)
        out->match = *matcher_stats(worker->matcher);
    memcpy(out->logged, worker->logged, sizeof(out->logged));
}

uint64_t worker_rule_alerts(const struct worker *worker, size_t index)
{
    return worker->matcher != NULL ? matcher_rule_alerts(worker->matcher, index) : 0;
}

uint64_t worker_rule_held(const struct worker *worker, size_t index)
{
    return worker->matcher != NULL ? matcher_rule_held(worker->matcher, index) : 0;
}

uint64_t worker_rule_suppressed(const struct worker *worker, size_t index)
{
    return worker->matcher != NULL ? matcher_rule_suppressed(worker->matcher, index) : 0;
}

uint64_t worker_filter_silenced(const struct worker *worker, size_t index)
{
    return worker->matcher != NULL ? matcher_filter_silenced(worker->matcher, index) : 0;
}

uint64_t worker_flow_count(const struct worker *worker)
{
    return flow_table_stats(worker->table)->total;
}
