/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 transactions: which answer belongs to which request.
 *
 *   oldest -> ... -> newest        requests, in the order they were sent (RFC 9112, 9.3.2: so are answers)
 *
 * Events     a request is emitted when it is whole, its answer with it when that is whole; a request
 *            whose answer came earlier is emitted once, with it. At the flow's end all that waits is
 *            emitted with what there is.
 * Loss       without pipelining the queue is empty or holds one request, so pairs cannot slip. After lost
 *            answers only the newest request can still get one (http_skip_answers). Beyond
 *            HTTP_PIPELINE_MAX the oldest unanswered request is emitted as it is, and its answer, when it
 *            comes, is an answer without request.
 * Memory     one block for the transaction; each head and body has one more, moved here from where it
 *            was collected. All come from the recycler.
 */
#include "proto/http1/http1.h"

static struct http_transaction *new_transaction(struct proto_context *context)
{
    size_t size = sizeof(struct http_transaction);
    struct http_transaction *tx = recycler_get(&context->recycler, &size);

    if (tx != NULL)
        *tx = (struct http_transaction){.tx_id = context->flow->next_tx++};
    return tx;
}

static size_t transaction_size(void)
{
    size_t size = RECYCLER_LEAST;
    while (size < sizeof(struct http_transaction))
        size *= 2;
    return size;
}

static void clear_message(struct proto_context *context, struct http_message *message)
{
    recycler_put(&context->recycler, message->head.block, message->head.size);
    body_clear(&message->body);
}

void http_transaction_free(struct proto_context *context, struct http_transaction *tx)
{
    clear_message(context, &tx->request);
    clear_message(context, &tx->response);
    recycler_put(&context->recycler, tx, transaction_size());
}

static void unlink_transaction(struct http *http, struct http_transaction *tx)
{
    struct http_transaction **link = &http->oldest, *older = NULL;

    if (!tx->is_queued)
        return;
    while (*link != tx) {
        older = *link;
        link = &older->next;
    }
    *link = tx->next;
    if (http->newest == tx)
        http->newest = older;
    http->queued--;
}

/* Emits a transaction for the last time and forgets it. */
static void finish(struct http *http, struct proto_context *context, struct http_transaction *tx,
                   enum direction direction)
{
    for (int d = TO_SERVER; d <= TO_CLIENT; d++) {
        if (http->sides[d].transaction == tx)
            http->sides[d].transaction = NULL;
    }
    unlink_transaction(http, tx);
    http_emit(context, tx, direction, true);
    http_transaction_free(context, tx);
}

struct http_transaction *http_next_unanswered(const struct http *http)
{
    struct http_transaction *tx = http->oldest;

    if (http->answers_skipped > 0)
        return NULL;
    while (tx != NULL && tx->response.has_begun)
        tx = tx->next;
    return tx;
}

static void give_up_oldest(struct http *http, struct proto_context *context)
{
    struct http_transaction *tx = http->oldest;

    while (tx != NULL && tx->response.has_begun)
        tx = tx->next;
    if (tx == NULL)
        return;
    http->answers_skipped++;
    finish(http, context, tx, TO_SERVER);
}

struct http_transaction *http_ask(struct http *http, struct proto_context *context)
{
    if (http->queued >= HTTP_PIPELINE_MAX) {
        http_raise(&http->sides[TO_SERVER], context, TO_SERVER, 1u << FAULT_TOO_MANY_REQUESTS);
        give_up_oldest(http, context);
    }
    struct http_transaction *tx = new_transaction(context);
    if (tx == NULL)
        return NULL;
    tx->is_queued = true;
    if (http->newest != NULL)
        http->newest->next = tx;
    else
        http->oldest = tx;
    http->newest = tx;
    http->queued++;
    return tx;
}

struct http_transaction *http_answer(struct http *http, struct proto_context *context)
{
    struct http_transaction *tx = http_next_unanswered(http);

    if (http->answers_skipped > 0)
        http->answers_skipped--;
    if (tx != NULL)
        return tx;
    http_raise(&http->sides[TO_CLIENT], context, TO_CLIENT, 1u << FAULT_UNMATCHED);
    return new_transaction(context);
}

void http_complete(struct http *http, struct proto_context *context, struct http_transaction *tx,
                   enum direction direction)
{
    struct http_message *message = http_message_of(tx, direction);

    body_end(&message->body);
    message->is_complete = true;
    http->sides[direction].transaction = NULL;
    bool is_asked = tx->request.is_complete || !tx->is_queued;
    if (tx->response.is_complete && is_asked)
        finish(http, context, tx, direction);
    else if (direction == TO_SERVER)
        http_emit(context, tx, TO_SERVER, false);
}

void http_skip_answers(struct http *http, struct proto_context *context)
{
    http->answers_skipped = 0;
    while (http->oldest != NULL && http->oldest != http->newest)
        finish(http, context, http->oldest, TO_CLIENT);
}

void http_flush(struct http *http, struct proto_context *context)
{
    struct http_transaction *orphan = http->sides[TO_CLIENT].transaction;

    while (http->oldest != NULL) {
        if (http->oldest == orphan)
            orphan = NULL;
        finish(http, context, http->oldest,
               http->oldest->response.has_begun ? TO_CLIENT : TO_SERVER);
    }
    if (orphan != NULL)
        finish(http, context, orphan, TO_CLIENT);
}
