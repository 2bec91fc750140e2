/* SPDX-License-Identifier: BSD-3-Clause */
/* Decoder: any frames of any link type. The first byte chooses the link type, the second the options; then
 * frames, each with a length of two bytes before it. Every frame lies in a block of just its size, so that a
 * read beyond it is seen. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packet/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int LINKS[] = {1,   0,   9,   12,  14,  50,  51,  101, 104,
                            105, 108, 113, 127, 192, 228, 229, 239, 276};

struct seen {
    uint64_t sum;
    const struct frame *frame;
};

static void on_packet(void *context, const struct packet *packet)
{
    struct seen *seen = context;

    assert(packet->depth < DECODE_DEPTH_MAX);
    assert(packet->payload_len <= 65535 || packet->payload_len <= seen->frame->len);
    for (uint32_t i = 0; i < packet->payload_len; i++)
        seen->sum += packet->payload[i];
    seen->sum += packet_pair_hash(packet);
}

static void on_anomaly(void *context, const struct packet *packet, enum anomaly anomaly)
{
    struct seen *seen = context;
    assert(anomaly > ANOMALY_NONE && anomaly < ANOMALY_COUNT);
    seen->sum += packet->number;
}

static void on_datagram(void *context, uint64_t number, const uint64_t *frames, size_t count)
{
    const struct seen *seen = context;
    assert(number == seen->frame->number && count > 0 && frames[count - 1] == number);
    for (size_t i = 1; i < count; i++)
        assert(frames[i - 1] <= frames[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {0};
    const struct decode_sink sink = {
        .packet = on_packet, .anomaly = on_anomaly, .context = &seen, .datagram = on_datagram};
    if (size < 2)
        return 0;
    const struct decode_options options = {
        .fragment_policy = (enum overlap_policy)(data[1] & 3),
        .drop_bad_checksums = data[1] & 4,
        .ignore_checksums = data[1] & 8,
        .fragment_budget_bytes = data[1] & 16 ? 20000 : 0,
    };
    struct decoder *decoder = decoder_new(&options, &sink);
    size_t at = 2;
    uint64_t number = 0;
    while (size - at >= 2) {
        size_t len = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        len = len < size - at ? len : size - at;
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, data + at, len);
        at += len;
        number++;
        const struct frame frame = {
            .data = copy,
            .len = (uint32_t)len,
            .wire_len = (uint32_t)len + (data[1] >> 7) * 20U,
            .time_us = (int64_t)number * 1000000,
            .number = number,
            .link_type = LINKS[data[0] % (sizeof(LINKS) / sizeof(LINKS[0]))],
        };
        seen.frame = &frame;
        decoder_frame(decoder, &frame);
        if (number % 3 == 0)
            decoder_release(decoder);
        free(copy);
    }
    decoder_free(decoder);
    return 0;
}
