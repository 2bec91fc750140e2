/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: any bytes in both directions, through identification and the parser. They are read twice, whole and in
 * pieces: an unbroken flow must be TLS in both readings or in none, with the same events; then once more with
 * little memory. (Of a flow without its start or with a gap, identification tries segments one by one; and TLS within
 * a foreign protocol is looked for at the start of segments only.)
 * The input: one byte that chooses pieces and budget, the length of the client's part (2), both parts. */
#include <stdlib.h>

#include "proto/identify.h"
#include "unit/http_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct talk {
    struct view part[2];
    bool is_midstream;
    bool has_gap;
};

struct reading {
    enum proto_id id; /* what the flow was taken for */
    bool is_within;   /* TLS was found within something else */
};

static struct reading read_talk(struct feed *f, const struct talk *talk, size_t piece)
{
    f->flow.server_port = 443;
    f->flow.flags = talk->is_midstream ? FLOW_MIDSTREAM : 0;
    for (int direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
        struct view bytes = talk->part[direction];
        for (size_t at = 0; at < bytes.len; at += piece)
            feed_bytes(f, direction, view_slice(bytes, at, at + piece));
        if (talk->has_gap)
            feed_gap(f, direction, 10);
    }
    const struct protocol_flow *protocol = f->flow.protocol;
    const struct reading reading = {proto_of_flow(&f->flow),
                                    protocol != NULL && protocol->restarts > 0};
    feed_finish(f);
    return reading;
}

static void must_be_zero(size_t left)
{
    if (left != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    size_t split = (size_t)data[1] << 8 | data[2];
    struct view bytes = view_make(data + 3, size - 3);
    struct talk talk = {
        .part = {view_slice(bytes, 0, split),
                 view_skip(bytes, split < bytes.len ? split : bytes.len)},
        .is_midstream = data[0] & 1,
        .has_gap = data[0] & 2,
    };
    struct feed *whole = feed_new(0), *pieces = feed_new(0), *poor = feed_new(200 + data[0] * 16u);

    const struct reading one = read_talk(whole, &talk, SIZE_MAX / 2);
    const struct reading many = read_talk(pieces, &talk, 1 + data[0] % 64);
    bool is_comparable = !talk.is_midstream && !talk.has_gap && !one.is_within && !many.is_within;
    if (is_comparable && (one.id == PROTO_TLS) != (many.id == PROTO_TLS))
        abort();
    if (is_comparable && one.id == PROTO_TLS &&
        !view_equal(buf_view(&whole->log), buf_view(&pieces->log)))
        abort();
    read_talk(poor, &talk, 1 + data[0] % 16);
    must_be_zero(feed_free(whole));
    must_be_zero(feed_free(pieces));
    must_be_zero(feed_free(poor));
    return 0;
}
