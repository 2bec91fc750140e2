/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1: what the parser keeps of a connection. See http1.c. */
#ifndef SHRIKE_PROTO_HTTP1_HTTP1_H
#define SHRIKE_PROTO_HTTP1_HTTP1_H

#include "proto/http1/http1_message.h"

enum {
    HTTP_PIPELINE_MAX = 1024,        /* requests that wait for their answers */
    HTTP_LOST_LINE_MAX = 8 * 1024,   /* of a line that may be a first line, after bytes were lost */
    HTTP_LOST_BYTES_MAX = 64 * 1024, /* without one message seen: it is not HTTP */
    HTTP_CHUNK_LINE_MAX = 4 * 1024,
};

struct http_message {
    struct http_head head;
    struct body body;
    uint64_t body_bytes; /* as sent, without chunk framing */
    bool has_begun;      /* its head is whole */
    bool is_complete;
};

struct http_transaction {
    struct http_transaction *next; /* younger */
    uint64_t tx_id;
    bool is_queued;  /* has a request */
    bool is_emitted; /* the request was, alone */
    struct http_message request;
    struct http_message response;
};

/* Where a direction stands. */
enum http_stage {
    STAGE_START,      /* between messages: empty lines are skipped */
    STAGE_LINE,       /* in the first line */
    STAGE_BARE_LINE,  /* after a request line without version: do headers follow? */
    STAGE_HEAD,       /* in the header lines */
    STAGE_LENGTH,     /* in a body of `left` bytes */
    STAGE_CLOSE,      /* in a body that ends with the connection */
    STAGE_CHUNK_LINE, /* in a chunk's size and extensions */
    STAGE_CHUNK,      /* in its `left` bytes */
    STAGE_CHUNK_END,  /* at its line end */
    STAGE_TRAILER,
    STAGE_LOST, /* looks for a first line */
    STAGE_HELD, /* after CONNECT: whose bytes they are depends on the answer */
    STAGE_DONE, /* not HTTP any more */
};

/* What follows HTTP on this connection. */
enum http_next { NEXT_HTTP, NEXT_TUNNEL, NEXT_FOREIGN };

struct http_side {
    uint8_t stage;        /* enum http_stage */
    bool is_line_start;   /* STAGE_HEAD, STAGE_TRAILER: only CRs since the last LF */
    bool is_overlong;     /* the head is longer than what is kept of it */
    bool is_line_skipped; /* STAGE_LOST: the rest of this line is no first line */
    bool has_digits;      /* STAGE_CHUNK_LINE */
    bool is_extension;    /* likewise: after the size */
    uint32_t line_len;    /* likewise: bytes of the line so far */
    uint32_t faults;      /* of the next head, noted before it */
    uint32_t bare_len;    /* STAGE_BARE_LINE: length of the first line */
    uint8_t *head;        /* bytes of a head, a lost line, or held ones, as they come */
    size_t head_size;
    size_t head_len;
    uint64_t left;
    uint64_t lost_bytes;
    struct http_transaction *transaction; /* whose message is being read */
    uint32_t raised;                      /* faults of the message at hand that were said */
};

struct http {
    struct http_side sides[2];
    struct http_transaction *oldest, *newest; /* requests without a complete answer */
    uint32_t queued;
    uint32_t answers_skipped; /* answers to come whose requests were given up */
    uint32_t messages;        /* heads read, both directions */
    uint8_t next;             /* enum http_next */
};

static inline struct http_message *http_message_of(struct http_transaction *tx,
                                                   enum direction direction)
{
    return direction == TO_SERVER ? &tx->request : &tx->response;
}

/* ---- http1_stage.c: from bytes to messages ------------------------------------------------------------ */

/* Takes all of `bytes`, which follow each other in this direction. Stops at STAGE_DONE; returns what
 * is left then. */
struct view http_take(struct http *http, struct proto_context *context, enum direction direction,
                      struct view bytes);
void http_take_gap(struct http *http, struct proto_context *context, enum direction direction,
                   uint64_t missing);
/* No more bytes: finishes the message at hand. */
void http_take_end(struct http *http, struct proto_context *context, enum direction direction);
/* Releases what the side has collected. */
void http_side_clear(struct http_side *side, struct proto_context *context);
/* Raises the anomalies of faults that were not raised for this message before. */
void http_raise(struct http_side *side, struct proto_context *context, enum direction direction,
                uint32_t faults);

/* The direction's message is whole; its transaction may be gone after it. */
void http_complete_message(struct http *http, struct proto_context *context,
                           enum direction direction);
/* Looks for a first line from here on. */
void http_go_lost(struct http_side *side, struct proto_context *context, bool is_within_line);

/* ---- http1_head.c: a head is whole, or (is_cut) gets no more lines: then nothing is known about a body --- */

void http_finish_head(struct http *http, struct proto_context *context, enum direction direction,
                      bool is_cut);
void http_start_body(struct http *http, struct proto_context *context, enum direction direction,
                     const struct http_body_plan *plan);

/* ---- http1_body.c: stages of a body; each takes some of `bytes` and returns how many ------------------- */

size_t http_take_counted(struct http *http, struct proto_context *context, enum direction direction,
                         struct view bytes);
size_t http_take_chunk_line(struct http *http, struct proto_context *context,
                            enum direction direction, struct view bytes);
size_t http_take_chunk_end(struct http *http, struct proto_context *context,
                           enum direction direction, struct view bytes);
size_t http_take_trailer(struct http *http, struct proto_context *context, enum direction direction,
                         struct view bytes);
/* Bytes of the body as sent, without chunk framing: counted, decoded, kept. */
void http_take_body(struct http *http, struct proto_context *context, enum direction direction,
                    struct view bytes);
void http_start_chunk(struct http_side *side);
/* Bytes up to and with the next line end, or all. */
struct view http_to_line_end(struct view bytes, bool *is_end);
/* Bytes up to and with an empty line, or all. */
struct view http_to_empty_line(struct http_side *side, struct view bytes, bool *is_end);

/* ---- http1_transaction.c: requests and their answers ---------------------------------------------------- */

/* A new request at the queue's end, with the next number; NULL when the budget is spent. */
struct http_transaction *http_ask(struct http *http, struct proto_context *context);
/* The oldest request whose answer has not begun; NULL: none, or it was given up. */
struct http_transaction *http_next_unanswered(const struct http *http);
/* The transaction that an answer beginning now belongs to, or a new one without request. */
struct http_transaction *http_answer(struct http *http, struct proto_context *context);
/* A message is whole: emits what there is to emit. The transaction may be gone after it. */
void http_complete(struct http *http, struct proto_context *context, struct http_transaction *tx,
                   enum direction direction);
/* Answers were lost: all requests but the last are emitted without theirs. */
void http_skip_answers(struct http *http, struct proto_context *context);
/* Emits all that waits. */
void http_flush(struct http *http, struct proto_context *context);
void http_transaction_free(struct proto_context *context, struct http_transaction *tx);

/* ---- http1_event.c ---------------------------------------------------------------------------------------- */

/* Fills context->event and hands it to the sink. `direction`: whose bytes completed it. */
void http_emit(struct proto_context *context, struct http_transaction *tx, enum direction direction,
               bool is_complete);

#endif
