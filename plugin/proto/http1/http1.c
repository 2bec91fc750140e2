/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1: the parser of a connection, both directions.
 *
 *   http1_stage.c          bytes -> heads and bodies, one direction at a time; http1_body.c: its chunks
 *   http1_head.c           what a head's end does to the connection
 *   http1_message.c        what a head says: RFC 9112, and what servers and browsers forgive
 *   http1_identify.c       is it HTTP at all
 *   http1_transaction.c    which answer belongs to which request, and when they are emitted
 *   http1_event.c          transaction -> fields; http1_uri.c: targets and hosts; body.c: codings
 *
 * Events     two a transaction: the request when it is whole (is_complete false), and the request with its
 *            answer when that is whole (true). See http1_transaction.c for what loss makes of this.
 * After HTTP 2xx to CONNECT, and 101 to TLS: proto_restart(), what follows is identified anew. Other
 *            switches (101 to WebSocket, h2c) end the parser without fault.
 * Memory     a connection costs sizeof(struct http) and, for each request under way, what
 *            http1_transaction.c says.
 */
#include "proto/http1/http1.h"

/* A proxy's client begins with CONNECT. */
static bool http_is_connect(struct view start)
{
    return view_starts_fold(start, VIEW("CONNECT "));
}

static enum identify_result http_identify(struct view start, enum direction direction,
                                          const struct flow *flow)
{
    bool has_start = !(flow->flags & (FLOW_MIDSTREAM | FLOW_GAP));

    enum identify_result result = http_looks_like(start, direction);
    if (result == IDENTIFY_MORE && !has_start && !http_begins_message(start, direction))
        return IDENTIFY_NO; /* a body's end, most of the time: the next segment tells */
    if (result != IDENTIFY_NO)
        return result;
    result = http_looks_like(start, direction_reverse(direction));
    return result == IDENTIFY_YES ? IDENTIFY_REVERSED : result;
}

static size_t state_size(void)
{
    size_t size = RECYCLER_LEAST;
    while (size < sizeof(struct http))
        size *= 2;
    return size;
}

static void *http_open(struct proto_context *context)
{
    size_t size = sizeof(struct http);
    struct http *http = recycler_get(&context->recycler, &size);

    if (http != NULL)
        *http = (struct http){.next = NEXT_HTTP};
    return http;
}

/* Bytes enough to tell, and not one message among them. */
static bool is_hopeless(const struct http *http)
{
    return http->messages == 0 &&
           http->sides[TO_SERVER].lost_bytes + http->sides[TO_CLIENT].lost_bytes >
               HTTP_LOST_BYTES_MAX;
}

static enum parse_result http_data(void *state, struct proto_context *context,
                                   enum direction direction, struct view bytes)
{
    struct http *http = state;
    struct http_side *side = &http->sides[direction];

    bytes = http_take(http, context, direction, bytes);
    if (http->next == NEXT_TUNNEL && direction == TO_CLIENT) {
        const struct http_side *client = &http->sides[TO_SERVER];
        proto_restart(context, view_make(client->head, client->head_len), bytes);
        return PARSE_DONE;
    }
    if (side->stage == STAGE_DONE)
        return PARSE_DONE;
    return is_hopeless(http) ? PARSE_BAD : PARSE_MORE;
}

static enum parse_result http_gap(void *state, struct proto_context *context,
                                  enum direction direction, uint64_t missing)
{
    http_take_gap(state, context, direction, missing);
    return PARSE_MORE;
}

static void http_end(void *state, struct proto_context *context, enum direction direction)
{
    http_take_end(state, context, direction);
}

static void http_close(void *state, struct proto_context *context)
{
    struct http *http = state;

    for (int direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
        http_take_end(http, context, direction);
        http_side_clear(&http->sides[direction], context);
    }
    http_flush(http, context);
    recycler_put(&context->recycler, http, state_size());
}

const struct proto_parser http_parser = {
    .identify = http_identify,
    .carries = http_is_connect,
    .open = http_open,
    .data = http_data,
    .gap = http_gap,
    .end = http_end,
    .close = http_close,
};
