/* SPDX-License-Identifier: BSD-3-Clause */
/* Identification: which protocol is it, by content; what a port number would have said.
 *
 * Directions are judged apart: a server that speaks first, or a flow of which only one side was
 * captured, is decided by the side that is there. A row that said no to a direction is not asked again
 * about it. A flow has failed when every row refused both directions; a direction that is refused while
 * the other is silent waits, since the answer may still tell, up to IDENTIFY_ONE_SIDED bytes.
 * Bytes are kept only while a direction's first segment leaves room for doubt.
 */
#include "proto/identify.h"

#define PROTO(id, name, transports, ports, parser) extern const struct proto_parser parser;
#include "proto/proto.def"
#undef PROTO

struct row {
    const char *name;
    unsigned transports;
    const char *ports;
    const struct proto_parser *parser;
};

static const struct row ROWS[PROTO_COUNT] = {
    [PROTO_UNKNOWN] = {"unknown", 0, "", NULL},
    [PROTO_FAILED] = {"failed", 0, "", NULL},
#define PROTO(id, name, transports, ports, parser)                                                 \
    [PROTO_##id] = {name, transports, ports, &parser},
#include "proto/proto.def"
#undef PROTO
};

const char *proto_name(enum proto_id id)
{
    return ROWS[id].name;
}

enum proto_id proto_find(struct view name)
{
    for (enum proto_id id = PROTO_FAILED; id < PROTO_COUNT; id++) {
        if (view_equal(name, view_from_string(ROWS[id].name)))
            return id;
    }
    return PROTO_UNKNOWN;
}

const struct proto_parser *proto_parser_of(enum proto_id id)
{
    assert(id > PROTO_FAILED && id < PROTO_COUNT);
    return ROWS[id].parser;
}

bool proto_has_transport(enum proto_id id, uint8_t ip_proto)
{
    unsigned transport = ip_proto == IP_TCP ? PROTO_TCP : ip_proto == IP_UDP ? PROTO_UDP : 0;
    return (ROWS[id].transports & transport) != 0;
}

static bool lists_port(const char *ports, uint16_t port)
{
    struct view rest = view_from_string(ports);

    while (rest.len > 0) {
        size_t space = view_find_byte(rest, ' ');
        size_t len = space == VIEW_NOT_FOUND ? rest.len : space;
        uint64_t number = 0;
        if (view_parse_u64(view_slice(rest, 0, len), &number) && number == port)
            return true;
        rest = view_skip(rest, len + 1);
    }
    return false;
}

enum proto_id proto_of_port(uint16_t port, uint8_t ip_proto)
{
    for (enum proto_id id = PROTO_FAILED + 1; id < PROTO_COUNT; id++) {
        if (proto_has_transport(id, ip_proto) && lists_port(ROWS[id].ports, port))
            return id;
    }
    return PROTO_UNKNOWN;
}

bool identify_is_mismatch(const struct flow *flow, enum proto_id id)
{
    enum proto_id expected = proto_of_port(flow->server_port, flow->ip_proto);
    return expected != PROTO_UNKNOWN && expected != id;
}

enum proto_id identify_start(struct protocol_flow *p, const struct flow *flow,
                             enum direction direction, struct view start)
{
    bool is_open = false;

    for (enum proto_id id = PROTO_FAILED + 1; id < PROTO_COUNT; id++) {
        if (!proto_has_transport(id, flow->ip_proto) || p->refused[direction] & 1u << id)
            continue;
        enum identify_result result = ROWS[id].parser->identify(start, direction, flow);
        if (result >= IDENTIFY_YES) {
            p->is_reversed = result == IDENTIFY_REVERSED;
            return id;
        }
        if (result == IDENTIFY_MORE && start.len < IDENTIFY_BYTES)
            is_open = true;
        else
            p->refused[direction] |= (uint16_t)(1u << id);
    }
    return is_open ? PROTO_UNKNOWN : PROTO_FAILED;
}

enum proto_id identify_carried(struct protocol_flow *p, const struct flow *flow,
                               enum direction direction, struct view segment)
{
    struct view start = view_slice(segment, 0, IDENTIFY_BYTES);

    for (enum proto_id id = PROTO_FAILED + 1; id < PROTO_COUNT; id++) {
        bool is_out = p->phase == PHASE_WATCHING || p->refused[direction] & 1u << id;
        if (!(ROWS[id].transports & PROTO_CARRIED) || !is_out) /* bytes before were its own */
            continue;
        enum identify_result result = ROWS[id].parser->identify(start, direction, flow);
        if (result >= IDENTIFY_YES) {
            p->is_reversed = result == IDENTIFY_REVERSED;
            return id;
        }
    }
    return PROTO_UNKNOWN;
}

size_t identify_preface(struct view bytes)
{
    static const struct view signature = {(const uint8_t *)"\r\n\r\n\0\r\nQUIT\n", 12};
    enum { V1_MAX = 107, V2_HEADER = 16 };

    if (view_starts(bytes, VIEW("PROXY TCP")) || view_starts(bytes, VIEW("PROXY UNKNOWN"))) {
        size_t end = view_find_byte(view_slice(bytes, 0, V1_MAX), '\n');
        return end == VIEW_NOT_FOUND ? 0 : end + 1;
    }
    if (!view_starts(bytes, signature) || bytes.len < V2_HEADER || bytes.data[12] >> 4 != 2)
        return 0;
    size_t len = V2_HEADER + ((size_t)bytes.data[14] << 8 | bytes.data[15]);
    return len <= bytes.len ? len : 0;
}

bool identify_is_refused(const struct protocol_flow *p, const struct flow *flow,
                         enum direction direction)
{
    for (enum proto_id id = PROTO_FAILED + 1; id < PROTO_COUNT; id++) {
        if (proto_has_transport(id, flow->ip_proto) && !(p->refused[direction] & 1u << id))
            return false;
    }
    return true;
}

void identify_forget(struct protocol_flow *p, struct recycler *recycler, enum direction direction)
{
    recycler_put(recycler, p->start[direction], IDENTIFY_BYTES);
    p->start[direction] = NULL;
    p->start_len[direction] = 0;
}

size_t identify_keep(struct protocol_flow *p, struct recycler *recycler, enum direction direction,
                     struct view bytes)
{
    size_t size = IDENTIFY_BYTES;

    if (p->start[direction] == NULL)
        p->start[direction] = recycler_get(recycler, &size);
    if (p->start[direction] == NULL)
        return 0;
    bytes = view_slice(bytes, 0, (size_t)IDENTIFY_BYTES - p->start_len[direction]);
    if (bytes.len > 0)
        memcpy(p->start[direction] + p->start_len[direction], bytes.data, bytes.len);
    p->start_len[direction] = (uint16_t)(p->start_len[direction] + bytes.len);
    return bytes.len;
}
