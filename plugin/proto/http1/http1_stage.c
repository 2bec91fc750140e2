/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 stages: one direction's bytes to messages.
 *
 *   START -> LINE -> HEAD ->+-> LENGTH ----------------------------------+-> START
 *              |            +-> CLOSE (until end)                        |
 *              v            +-> CHUNK_LINE <-> CHUNK, CHUNK_END -> TRAILER
 *          BARE_LINE        +-> (no body) -------------------------------+
 *   LOST -> LINE            after lost or senseless bytes: the next line that is a first line
 *   HELD                    after CONNECT: until the answer says whose bytes they are
 *
 *
 * Promises   the events do not depend on how the bytes were cut into segments, but after a loss. A head is
 *            collected in one block of at most limits.header_bytes (the rest of it is skipped and said to
 *            be too long), which then moves to its transaction. Bodies are never collected here.
 * Loss       in a body it is counted; in a head what came before it is made an event of (captures with a
 *            short snap length hold nothing else); then LOST. There a segment's start counts as a line's:
 *            bodies need not end in a line end, and who sends a message begins a segment with it.
 */
#include "proto/http1/http1.h"

static const enum anomaly FAULT_ANOMALIES[FAULT_COUNT][2] = {
#define FAULT(id, request, response) [FAULT_##id] = {ANOMALY_##request, ANOMALY_##response},
#include "proto/http1/http1_fault.def"
#undef FAULT
};

enum { FIRST_HEAD_BYTES = 512, HELD_BYTES_MAX = 16 * 1024 };

void http_raise(struct http_side *side, struct proto_context *context, enum direction direction,
                uint32_t faults)
{
    faults &= ~side->raised;
    side->raised |= faults;
    while (faults != 0) {
        int bit = __builtin_ctz(faults);
        faults &= faults - 1;
        if (FAULT_ANOMALIES[bit][direction] != ANOMALY_NONE)
            proto_anomaly(context, FAULT_ANOMALIES[bit][direction]);
    }
}

/* ---- collecting ------------------------------------------------------------------------------------------ */

void http_side_clear(struct http_side *side, struct proto_context *context)
{
    recycler_put(&context->recycler, side->head, side->head_size);
    side->head = NULL;
    side->head_size = side->head_len = 0;
}

/* False when it would be more than `max` or the budget is spent: then what fits is kept. */
static bool collect(struct http_side *side, struct proto_context *context, struct view bytes,
                    size_t max)
{
    struct view fits = view_slice(bytes, 0, max - side->head_len);

    if (side->head_len + fits.len > side->head_size) {
        size_t size = side->head_len + fits.len;
        size = size < FIRST_HEAD_BYTES ? FIRST_HEAD_BYTES : size;
        uint8_t *grown =
            recycler_grow(&context->recycler, side->head, side->head_size, side->head_len, &size);
        if (grown == NULL)
            return false;
        side->head = grown;
        side->head_size = size;
    }
    if (fits.len > 0)
        memcpy(side->head + side->head_len, fits.data, fits.len);
    side->head_len += fits.len;
    return fits.len == bytes.len;
}

/* Collects bytes of a head; those beyond the limit are dropped. */
static void collect_head(struct http_side *side, struct proto_context *context, struct view bytes)
{
    if (side->is_overlong || collect(side, context, bytes, context->limits.header_bytes))
        return;
    side->is_overlong = true;
    side->faults |= 1u << FAULT_TOO_LONG;
}

void http_go_lost(struct http_side *side, struct proto_context *context, bool is_within_line)
{
    http_side_clear(side, context);
    side->stage = STAGE_LOST;
    side->is_line_skipped = is_within_line;
    side->faults = 0;
    side->is_overlong = false;
}

/* ---- a message's end --------------------------------------------------------------------------------------- */

void http_complete_message(struct http *http, struct proto_context *context,
                           enum direction direction)
{
    struct http_side *side = &http->sides[direction];
    struct http_transaction *tx = side->transaction;

    side->transaction = NULL;
    side->stage = STAGE_START;
    if (tx == NULL)
        return;
    if (direction == TO_SERVER && http_is_method(&tx->request.head, VIEW("CONNECT")))
        side->stage = STAGE_HELD;
    http_complete(http, context, tx, direction);
}

/* ---- first lines --------------------------------------------------------------------------------------------- */

static bool parse_line(const struct http_side *side, enum direction direction,
                       struct http_head *head)
{
    *head = (struct http_head){.block = side->head, .len = (uint32_t)side->head_len};
    return direction == TO_SERVER ? http_parse_request_line(head) : http_parse_response_line(head);
}

/* A whole line is collected. */
static void finish_line(struct http_side *side, struct proto_context *context,
                        enum direction direction)
{
    struct http_head head;

    if (side->head_len == 0 || !parse_line(side, direction, &head)) {
        http_raise(side, context, direction, 1u << FAULT_LINE_INVALID);
        http_go_lost(side, context, false);
        return;
    }
    side->stage = STAGE_HEAD;
    side->is_line_start = true;
    if (direction == TO_SERVER && head.protocol.len == 0 && !side->is_overlong) {
        side->stage = STAGE_BARE_LINE;
        side->bare_len = (uint32_t)side->head_len;
    }
}

/* HTTP/0.9, or another protocol: bytes that do not begin with "HTTP/". */
static void take_headless(struct http *http, struct proto_context *context)
{
    struct http_side *side = &http->sides[TO_CLIENT];
    struct http_transaction *tx = http_next_unanswered(http);
    const struct http_body_plan plan = {.framing = FRAMING_CLOSE};

    if (tx == NULL || tx->request.head.version != 9) {
        bool is_within_line = side->head[side->head_len - 1] != '\n';
        http_raise(side, context, TO_CLIENT, 1u << FAULT_LINE_INVALID);
        http_go_lost(side, context, is_within_line);
        return;
    }
    side->transaction = tx;
    tx->response.has_begun = true;
    http_start_body(http, context, TO_CLIENT, &plan);
    http_take_body(http, context, TO_CLIENT, view_make(side->head, side->head_len));
    http_side_clear(side, context);
}

static size_t take_start(struct http_side *side, enum direction direction, struct view bytes)
{
    size_t at = 0;

    while (at < bytes.len && (bytes.data[at] == '\r' || bytes.data[at] == '\n' ||
                              (direction == TO_SERVER && byte_is_space(bytes.data[at])))) {
        if (byte_is_space(bytes.data[at]))
            side->faults |= 1u << FAULT_LEADING_SPACE;
        at++;
    }
    if (at < bytes.len) {
        side->stage = STAGE_LINE;
        side->raised = 0;
    }
    return at;
}

static size_t take_line(struct http *http, struct proto_context *context, enum direction direction,
                        struct view bytes)
{
    struct http_side *side = &http->sides[direction];
    struct view prefix = VIEW("HTTP/");
    bool is_end;

    if (direction == TO_CLIENT && side->head_len < prefix.len)
        bytes = view_slice(bytes, 0, prefix.len - side->head_len);
    bytes = http_to_line_end(bytes, &is_end);
    collect_head(side, context, bytes);
    if (direction == TO_CLIENT && side->head_len > 0 && side->head_len <= prefix.len &&
        !view_equal_fold(view_make(side->head, side->head_len),
                         view_slice(prefix, 0, side->head_len)))
        take_headless(http, context);
    else if (is_end)
        finish_line(side, context, direction);
    return bytes.len;
}

static bool is_header_line(struct view line)
{
    struct http_header header;
    size_t at = 0;
    return http_next_header(line, &at, &header) && header.faults == 0;
}

/* A request line without version was the whole request: what was collected after it begins anew. */
static void finish_bare_request(struct http *http, struct proto_context *context)
{
    struct http_side *side = &http->sides[TO_SERVER];
    size_t size = side->head_len - side->bare_len, len = size;
    uint8_t *line = len > 0 ? recycler_get(&context->recycler, &size) : NULL;

    if (line != NULL)
        memcpy(line, side->head + side->bare_len, len);
    side->head_len = side->bare_len;
    http_finish_head(http, context, TO_SERVER, false);
    if (line == NULL)
        return;
    http_take(http, context, TO_SERVER, view_make(line, len));
    recycler_put(&context->recycler, line, size);
}

static size_t take_bare_line(struct http *http, struct proto_context *context, struct view bytes)
{
    struct http_side *side = &http->sides[TO_SERVER];
    bool is_end;

    bytes = http_to_line_end(bytes, &is_end);
    collect_head(side, context, bytes);
    if (!is_end && !side->is_overlong)
        return bytes.len;
    struct view line = view_make(side->head + side->bare_len, side->head_len - side->bare_len);
    if (view_equal(line, VIEW("\n")) || view_equal(line, VIEW("\r\n"))) {
        http_finish_head(http, context, TO_SERVER, false);
    } else if (is_end && is_header_line(line)) {
        side->stage = STAGE_HEAD;
        side->is_line_start = true;
    } else {
        side->is_overlong = false;
        finish_bare_request(http, context);
    }
    return bytes.len;
}

static size_t take_head_lines(struct http *http, struct proto_context *context,
                              enum direction direction, struct view bytes)
{
    bool is_end;

    bytes = http_to_empty_line(&http->sides[direction], bytes, &is_end);
    collect_head(&http->sides[direction], context, bytes);
    if (is_end)
        http_finish_head(http, context, direction, false);
    return bytes.len;
}

/* A segment begins while a line is skipped, or while one is collected that may be a first line only because
 * it has not ended: is this a better one? */
static void look_again(struct http_side *side, enum direction direction, struct view segment)
{
    struct view line = view_make(side->head, side->head_len);
    bool is_good = line.len > 0 && http_begins_message(line, direction);

    if (is_good || !http_begins_message(segment, direction))
        return;
    side->head_len = 0;
    side->is_line_skipped = false;
}

/* A segment begins. In a line that cannot be a request line, a segment that can begin one does: whatever
 * went before it was no HTTP and had no line end. */
static void begin_segment(struct http_side *side, struct proto_context *context,
                          enum direction direction, struct view segment)
{
    if (side->stage == STAGE_LINE && direction == TO_SERVER && side->head_len > 0 &&
        http_begins_message(segment, direction) &&
        http_looks_like(view_make(side->head, side->head_len), direction) == IDENTIFY_NO) {
        http_raise(side, context, direction, 1u << FAULT_LINE_INVALID);
        http_go_lost(side, context, true);
    }
    if (side->stage == STAGE_LOST)
        look_again(side, direction, segment);
}

/* After lost bytes: the next line that is a first line. */
static size_t take_lost(struct http *http, struct proto_context *context, enum direction direction,
                        struct view bytes)
{
    struct http_side *side = &http->sides[direction];
    bool is_end;

    bytes = http_to_line_end(bytes, &is_end);
    side->lost_bytes += bytes.len;
    if (side->is_line_skipped) {
        side->is_line_skipped = !is_end;
        return bytes.len;
    }
    bool is_kept = collect(side, context, bytes, HTTP_LOST_LINE_MAX);
    enum identify_result result = IDENTIFY_NO;
    if (is_kept)
        result = http_looks_like(view_make(side->head, side->head_len), direction);
    if (result == IDENTIFY_YES && is_end) {
        side->lost_bytes = 0;
        side->raised = 0;
        if (direction == TO_CLIENT)
            http_skip_answers(http, context);
        finish_line(side, context, direction);
    } else if (result == IDENTIFY_NO || is_end) {
        side->head_len = 0;
        side->is_line_skipped = !is_end;
    }
    return bytes.len;
}

/* ---- entry points -------------------------------------------------------------------------------------------------- */

/* Takes some bytes, or none and changes the stage; returns how many. */
static size_t step(struct http *http, struct proto_context *context, enum direction direction,
                   struct view bytes)
{
    struct http_side *side = &http->sides[direction];

    switch ((enum http_stage)side->stage) {
    case STAGE_START:
        return take_start(side, direction, bytes);
    case STAGE_LINE:
        return take_line(http, context, direction, bytes);
    case STAGE_BARE_LINE:
        return take_bare_line(http, context, bytes);
    case STAGE_HEAD:
        return take_head_lines(http, context, direction, bytes);
    case STAGE_LENGTH:
    case STAGE_CHUNK:
        return http_take_counted(http, context, direction, bytes);
    case STAGE_CLOSE:
        http_take_body(http, context, direction, bytes);
        return bytes.len;
    case STAGE_CHUNK_LINE:
        return http_take_chunk_line(http, context, direction, bytes);
    case STAGE_CHUNK_END:
        return http_take_chunk_end(http, context, direction, bytes);
    case STAGE_TRAILER:
        return http_take_trailer(http, context, direction, bytes);
    case STAGE_LOST:
        return take_lost(http, context, direction, bytes);
    case STAGE_HELD:
        (void)collect(side, context, bytes, HELD_BYTES_MAX);
        return bytes.len;
    case STAGE_DONE:
        break;
    }
    return bytes.len;
}

/* The server answers, or no more bytes come: a request line without version was all. */
static void settle_bare_line(struct http *http, struct proto_context *context)
{
    struct http_side *side = &http->sides[TO_SERVER];

    if (side->stage != STAGE_BARE_LINE)
        return;
    side->head_len = side->bare_len;
    http_finish_head(http, context, TO_SERVER, false);
}

struct view http_take(struct http *http, struct proto_context *context, enum direction direction,
                      struct view bytes)
{
    struct http_side *side = &http->sides[direction];

    if (direction == TO_CLIENT)
        settle_bare_line(http, context);
    begin_segment(side, context, direction, bytes);
    while (bytes.len > 0 && side->stage != STAGE_DONE)
        bytes = view_skip(bytes, step(http, context, direction, bytes));
    return bytes;
}

/* The head at hand gets no more lines: what there is of it is a message. */
static void cut_head(struct http *http, struct proto_context *context, enum direction direction,
                     bool is_line_whole)
{
    struct http_side *side = &http->sides[direction];
    struct http_head head;

    while (!is_line_whole && side->head_len > 0 && side->head[side->head_len - 1] != '\n')
        side->head_len--;
    if (side->head_len > 0 && parse_line(side, direction, &head))
        http_finish_head(http, context, direction, true);
    else if (side->head_len > 0)
        http_raise(side, context, direction, 1u << FAULT_LINE_INCOMPLETE);
}

/* "GET /path HTT": what is left of the version is no part of the path. */
static void drop_cut_version(struct http_side *side)
{
    static const char version[] = "HTTP/1.";
    size_t at = side->head_len;

    while (at > 0 && side->head[at - 1] != ' ')
        at--;
    struct view rest = view_make(side->head + at, side->head_len - at);
    if (at > 0 && rest.len < sizeof(version) && view_starts(view_from_string(version), rest))
        side->head_len = at - 1;
}

void http_take_gap(struct http *http, struct proto_context *context, enum direction direction,
                   uint64_t missing)
{
    struct http_side *side = &http->sides[direction];
    bool is_counted = side->stage == STAGE_LENGTH || side->stage == STAGE_CHUNK;

    if (side->stage == STAGE_DONE)
        return;
    if (side->stage == STAGE_HELD) { /* its first bytes are of no use without what is missing */
        http_side_clear(side, context);
        return;
    }
    if (side->stage == STAGE_CLOSE || (is_counted && missing <= side->left)) {
        if (side->transaction != NULL) {
            struct http_message *message = http_message_of(side->transaction, direction);
            message->body_bytes += missing;
            body_gap(&message->body);
        }
        side->left -= is_counted ? missing : 0;
        if (is_counted && side->left == 0)
            http_take_counted(http, context, direction, (struct view){NULL, 0});
        return;
    }
    bool is_cut_request = side->stage == STAGE_LINE && direction == TO_SERVER;
    if (is_cut_request)
        drop_cut_version(side);
    if (side->stage == STAGE_HEAD || side->stage == STAGE_BARE_LINE || is_cut_request)
        cut_head(http, context, direction, is_cut_request);
    else if (side->stage >= STAGE_LENGTH && side->stage <= STAGE_TRAILER)
        http_complete_message(http, context, direction);
    if (side->stage != STAGE_HELD)
        http_go_lost(side, context, false);
}

void http_take_end(struct http *http, struct proto_context *context, enum direction direction)
{
    struct http_side *side = &http->sides[direction];

    switch ((enum http_stage)side->stage) {
    case STAGE_LINE:
    case STAGE_HEAD:
        cut_head(http, context, direction, true);
        break;
    case STAGE_BARE_LINE:
        settle_bare_line(http, context);
        break;
    case STAGE_LENGTH:
    case STAGE_CLOSE:
    case STAGE_CHUNK_LINE:
    case STAGE_CHUNK:
    case STAGE_CHUNK_END:
    case STAGE_TRAILER:
        http_complete_message(http, context, direction);
        break;
    case STAGE_START:
    case STAGE_LOST:
    case STAGE_HELD:
    case STAGE_DONE:
        break;
    }
    side->stage = STAGE_DONE;
}
