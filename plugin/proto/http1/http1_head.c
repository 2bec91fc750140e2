/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 heads: what the end of a head means for its connection.
 *
 * A request opens a transaction, an answer finds its own; the head's block moves there. What follows is a body
 * of the length that the head says, another message, or, after an answer that switches, another protocol.
 * The stages that collect heads are in http1_stage.c, what a head says in http1_message.c.
 */
#include "proto/http1/http1.h"
#include "proto/http1/http1_uri.h"

void http_start_body(struct http *http, struct proto_context *context, enum direction direction,
                     const struct http_body_plan *plan)
{
    struct http_side *side = &http->sides[direction];
    bool is_up = direction == TO_SERVER;
    enum field_id field = is_up ? FIELD_HTTP_REQUEST_BODY : FIELD_HTTP_RESPONSE_BODY;
    enum field_id joined = is_up ? FIELD_HTTP_REQUEST : FIELD_HTTP_RESPONSE;

    if (side->transaction != NULL) {
        size_t limit =
            is_up ? context->limits.request_body_bytes : context->limits.response_body_bytes;
        bool is_kept = plan->framing != FRAMING_NONE && (field_set_has(context->wanted, field) ||
                                                         field_set_has(context->wanted, joined));
        body_init(&http_message_of(side->transaction, direction)->body, &context->recycler,
                  is_kept ? limit : 0, plan->codings, plan->coding_count);
    }
    switch (plan->framing) {
    case FRAMING_NONE:
        http_complete_message(http, context, direction);
        break;
    case FRAMING_LENGTH:
        side->stage = STAGE_LENGTH;
        side->left = plan->length;
        break;
    case FRAMING_CHUNKED:
        http_start_chunk(side);
        break;
    case FRAMING_CLOSE:
        side->stage = STAGE_CLOSE;
        break;
    }
}

/* Takes the collected block out of the side. */
static struct http_head take_head(struct http_side *side)
{
    struct http_head head = {
        .block = side->head, .size = (uint32_t)side->head_size, .len = (uint32_t)side->head_len};

    side->head = NULL;
    side->head_size = side->head_len = 0;
    head.faults = side->faults;
    side->faults = 0;
    side->is_overlong = false;
    return head;
}

/* The head's transaction takes it over; without one (the budget is spent) it is let go. */
static void keep_head(struct proto_context *context, struct http_transaction *tx,
                      enum direction direction, const struct http_head *head)
{
    if (tx == NULL) {
        recycler_put(&context->recycler, head->block, head->size);
        return;
    }
    struct http_message *message = http_message_of(tx, direction);
    message->head = *head;
    message->has_begun = true;
}

/* `is_cut`: lines are missing, so nothing is known about a body. */
static void finish_request_head(struct http *http, struct proto_context *context, bool is_cut)
{
    struct http_side *side = &http->sides[TO_SERVER];
    struct http_head head = take_head(side);

    http->messages++;
    http_parse_request_line(&head);
    http_parse_headers(&head, TO_SERVER);
    struct http_body_plan plan = http_request_plan(&head);
    if (is_cut)
        plan.framing = FRAMING_NONE;
    http_raise(side, context, TO_SERVER, head.faults | plan.faults);
    side->transaction = http_ask(http, context);
    keep_head(context, side->transaction, TO_SERVER, &head);
    http_start_body(http, context, TO_SERVER, &plan);
}

/* The answer to CONNECT was no: what the client said meanwhile is HTTP. */
static void resume_held(struct http *http, struct proto_context *context)
{
    struct http_side *side = &http->sides[TO_SERVER];
    uint8_t *held = side->head;
    size_t size = side->head_size, len = side->head_len;

    if (side->stage != STAGE_HELD)
        return;
    side->head = NULL;
    side->head_size = side->head_len = 0;
    side->stage = STAGE_START;
    http_take(http, context, TO_SERVER, view_make(held, len));
    recycler_put(&context->recycler, held, size);
}

/* After an answer that ends HTTP on this connection. */
static void switch_protocol(struct http *http, enum http_next next)
{
    http->next = (uint8_t)next;
    http->sides[TO_SERVER].stage = STAGE_DONE;
    http->sides[TO_CLIENT].stage = STAGE_DONE;
}

/* What an answer does to the connection. Only TLS inside HTTP (RFC 2817) is worth another look; who
 * switches to anything else (WebSocket, h2c) speaks nothing of ours. */
static enum http_next next_after(const struct http_head *head, const struct http_head *request)
{
    if (head->status == 101)
        return view_starts_fold(http_known(head, HEADER_UPGRADE), VIEW("tls")) ? NEXT_TUNNEL
                                                                               : NEXT_FOREIGN;
    if (request != NULL && http_is_method(request, VIEW("CONNECT")) && head->status / 100 == 2)
        return NEXT_TUNNEL;
    return NEXT_HTTP;
}

static void finish_response_head(struct http *http, struct proto_context *context, bool is_cut)
{
    struct http_side *side = &http->sides[TO_CLIENT];
    struct http_head head = take_head(side);

    http->messages++;
    http_parse_response_line(&head);
    http_parse_headers(&head, TO_CLIENT);
    if (head.status / 100 == 1 &&
        head.status != 101) { /* RFC 9110, 15.2: the answer is still to come */
        recycler_put(&context->recycler, head.block, head.size);
        side->stage = STAGE_START;
        return;
    }
    struct http_transaction *tx = http_answer(http, context);
    const struct http_head *request = tx != NULL && tx->is_queued ? &tx->request.head : NULL;
    struct http_body_plan plan = http_response_plan(&head, request);
    enum http_next next = is_cut ? NEXT_HTTP : next_after(&head, request);
    bool is_refused =
        request != NULL && http_is_method(request, VIEW("CONNECT")) && next == NEXT_HTTP;
    if (is_cut || next != NEXT_HTTP)
        plan.framing = FRAMING_NONE;
    http_raise(side, context, TO_CLIENT, head.faults | plan.faults);
    side->transaction = tx;
    keep_head(context, tx, TO_CLIENT, &head);
    http_start_body(http, context, TO_CLIENT, &plan);
    if (next != NEXT_HTTP)
        switch_protocol(http, next);
    else if (is_refused)
        resume_held(http, context);
}

void http_finish_head(struct http *http, struct proto_context *context, enum direction direction,
                      bool is_cut)
{
    if (direction == TO_SERVER)
        finish_request_head(http, context, is_cut);
    else
        finish_response_head(http, context, is_cut);
}
