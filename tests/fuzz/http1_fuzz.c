/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1: any conversation, and the same one byte by byte, which must give the same events.
 *
 * After a loss, or senseless bytes, a segment's start counts as a line's, so such conversations are not compared.
 *
 * Input: pieces of (tag, bytes). Tag bit 7: direction, bit 6: that many bytes are lost, bits 0-5: the
 * length, 63: the next two bytes are the length. */
#include <stdlib.h>

#include "unit/http_feed.h"

extern const struct proto_parser http_parser;

struct piece {
    enum direction direction;
    bool is_gap;
    size_t len;
    struct view bytes;
};

static bool next_piece(struct view *input, struct piece *piece)
{
    if (input->len == 0)
        return false;
    uint8_t tag = input->data[0];
    size_t len = tag & 63;
    *input = view_skip(*input, 1);
    if (len == 63 && input->len >= 2) {
        len = (size_t)input->data[0] << 8 | input->data[1];
        *input = view_skip(*input, 2);
    }
    piece->direction = tag & 0x80 ? TO_CLIENT : TO_SERVER;
    piece->is_gap = (tag & 0x40) != 0;
    piece->len = len;
    if (!piece->is_gap) {
        piece->bytes = view_slice(*input, 0, len);
        *input = view_skip(*input, piece->bytes.len);
    }
    return true;
}

/* Through the whole room: identification, dispatch, tunnels. */
static void run_room(struct view input, size_t budget)
{
    struct feed *f = feed_new(budget);
    struct piece piece;

    f->hides_bodies = true;
    while (next_piece(&input, &piece)) {
        if (piece.is_gap)
            feed_gap(f, piece.direction, piece.len);
        else
            feed_bytes(f, piece.direction, piece.bytes);
    }
    feed_finish(f);
    if (feed_free(f) != 0)
        abort();
}

/* The parser alone, until it wants no more. */
static struct feed *run_parser(struct view input, bool is_byte_by_byte)
{
    struct feed *f = feed_new(0);
    struct piece piece;
    bool is_over[2] = {false, false};

    f->hides_bodies = true;
    f->context.flow = &f->flow;
    f->context.packet = &f->packet;
    void *state = http_parser.open(&f->context);
    while (!f->context.is_restarting && next_piece(&input, &piece)) {
        size_t step = is_byte_by_byte ? 1 : piece.bytes.len;
        if (piece.is_gap && piece.len > 0 && !is_over[piece.direction])
            http_parser.gap(state, &f->context, piece.direction, piece.len);
        for (size_t at = 0; !piece.is_gap && at < piece.bytes.len; at += step) {
            if (is_over[piece.direction] || f->context.is_restarting)
                break;
            enum parse_result result = http_parser.data(state, &f->context, piece.direction,
                                                        view_slice(piece.bytes, at, at + step));
            is_over[piece.direction] = result != PARSE_MORE;
        }
    }
    http_parser.close(state, &f->context);
    return f;
}

static bool was_lost(const struct feed *f, struct view input)
{
    struct piece piece;

    while (next_piece(&input, &piece)) {
        if (piece.is_gap)
            return true;
    }
    return f->anomalies[ANOMALY_HTTP_REQUEST_LINE_INVALID] > 0 ||
           f->anomalies[ANOMALY_HTTP_RESPONSE_INVALID_PROTOCOL] > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = view_make(data, size);

    run_room(input, 0);
    run_room(input, 24 * 1024);
    struct feed *whole = run_parser(input, false), *cut = run_parser(input, true);
    bool is_comparable = !was_lost(whole, input) && !was_lost(cut, input);
    if (is_comparable && !view_equal(buf_view(&whole->log), buf_view(&cut->log)))
        abort();
    if (feed_free(whole) != 0 || feed_free(cut) != 0)
        abort();
    return 0;
}
