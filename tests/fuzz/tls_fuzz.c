/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: any bytes in both directions, through identification and the parser. They are read twice, whole and in
 * pieces: an unbroken flow must be TLS in both readings or in none, with the same events; then once more with
 * little memory. (Of a flow without its start or with a gap, identification tries segments one by one.)
 * The input: one byte that chooses pieces and budget, the length of the client's part (2), both parts. */
#include <stdlib.h>

#include "unit/http_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct talk {
    struct view part[2];
    bool is_midstream;
    bool has_gap;
};

/* Returns what the flow was taken for. */
static enum proto_id read_talk(struct feed *f, const struct talk *talk, size_t piece)
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
    enum proto_id id = proto_of_flow(&f->flow);
    feed_finish(f);
    return id;
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

    bool is_tls = read_talk(whole, &talk, SIZE_MAX / 2) == PROTO_TLS;
    bool is_tls_in_pieces = read_talk(pieces, &talk, 1 + data[0] % 64) == PROTO_TLS;
    bool is_unbroken = !talk.is_midstream && !talk.has_gap;
    if (is_unbroken && is_tls != is_tls_in_pieces)
        abort();
    if (is_unbroken && is_tls && !view_equal(buf_view(&whole->log), buf_view(&pieces->log)))
        abort();
    read_talk(poor, &talk, 1 + data[0] % 16);
    must_be_zero(feed_free(whole));
    must_be_zero(feed_free(pieces));
    must_be_zero(feed_free(poor));
    return 0;
}
