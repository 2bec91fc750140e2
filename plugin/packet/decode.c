/* SPDX-License-Identifier: BSD-3-Clause */
/* Decoder: its life, and the way in and out of a frame. */
#include "packet/decoder.h"

#include "base/hash.h"

enum { FRAGMENT_BUDGET = 32 * 1024 * 1024 };

struct decoder *decoder_new(const struct decode_options *options, const struct decode_sink *sink)
{
    struct decoder *d = memory_new(1, sizeof(*d));

    d->options = *options;
    d->sink = *sink;
    d->budget.limit =
        options->fragment_budget_bytes ? options->fragment_budget_bytes : FRAGMENT_BUDGET;
    d->fragments = fragments_new(&d->budget, options, &d->sink, &d->stats);
    return d;
}

void decoder_free(struct decoder *d)
{
    if (d == NULL)
        return;
    fragments_free(d->fragments);
    memory_free(d);
}

void decode_anomaly(struct decoder *d, const struct packet *p, enum anomaly anomaly)
{
    d->is_malformed = true;
    if (anomaly_is_invalid(anomaly))
        decode_invalid(d, p);
    d->stats.anomalies[anomaly]++;
    if (d->raised[p->depth] == DECODE_ANOMALIES_MAX) {
        d->stats.anomalies_left_out++;
        return;
    }
    d->raised[p->depth]++;
    d->sink.anomaly(d->sink.context, p, anomaly);
}

bool decode_emit(struct decoder *d, const struct packet *p)
{
    if ((p->flags & PACKET_BAD_CHECKSUM) && d->options.drop_bad_checksums)
        return false;
    d->sink.packet(d->sink.context, p);
    return true;
}

static uint16_t cut_of(const struct frame *frame)
{
    uint32_t cut = frame->wire_len > frame->len ? frame->wire_len - frame->len : 0;
    return (uint16_t)(cut < UINT16_MAX ? cut : UINT16_MAX);
}

void decoder_frame(struct decoder *d, const struct frame *frame)
{
    struct packet p = {
        .time_us = frame->time_us,
        .number = frame->number,
        .frame = frame->data,
        .frame_len = frame->len,
        .wire_len = frame->wire_len,
        .file = frame->file,
        .cut = cut_of(frame),
        .flags = frame->len < frame->wire_len ? PACKET_CUT : 0,
    };

    d->frame = frame;
    d->is_malformed = d->is_invalid = false;
    memset(d->raised, 0, sizeof(d->raised));
    d->stats.pkts++;
    d->stats.bytes += frame->len;
    d->stats.cut_by_snaplen += frame->len < frame->wire_len;
    if (frame->wire_len > d->stats.max_pkt_size)
        d->stats.max_pkt_size = frame->wire_len;
    decode_link(d, &p, view_make(frame->data, frame->len), frame->link_type);
    d->stats.malformed += d->is_malformed;
    d->stats.invalid += d->is_invalid;
}

void decoder_release(struct decoder *d)
{
    fragments_release(d->fragments);
}

const struct decode_stats *decoder_stats(const struct decoder *d)
{
    return &d->stats;
}

uint64_t packet_pair_hash(const struct packet *packet)
{
    const struct address *low = &packet->src, *high = &packet->dst;
    struct address pair[2];

    if (address_compare(low, high) > 0) {
        low = &packet->dst;
        high = &packet->src;
    }
    pair[0] = *low;
    pair[1] = *high;
    return hash_plain(pair, sizeof(pair));
}
