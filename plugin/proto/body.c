/* SPDX-License-Identifier: BSD-3-Clause */
/* Body: a chain of decoders, each feeding the next, the last one feeding the kept bytes.
 *
 *   as sent -> layer 0 -> ... -> layer n-1 -> bytes      (layer 0 undoes the coding applied last)
 *
 * feed() calls itself once a layer, so at most BODY_LAYERS_MAX deep. zlib and brotli get their memory
 * through layer_alloc(), which notes each block in the layer: neither library tells a block's size when
 * it frees it, and a layer that is dropped in the middle leaves nothing behind.
 */
#include "proto/body.h"

#include <assert.h>

#include <brotli/decode.h>
#include <zlib.h>

enum {
    OUTPUT_BYTES = 4096,
    LAYER_BLOCKS = 24,
    BIG_BLOCK = 64 * 1024,
    DECODER_BYTES_MAX = 5 * 1024 * 1024, /* brotli's usual window of 4 MiB and its tables */
    BOMB_RATIO = 2048,                   /* Suricata's */
    FIRST_BYTES = 2048,
};

enum layer_kind {
    LAYER_NEW,  /* looks at the first two bytes */
    LAYER_ZLIB, /* inflate in any of its forms */
    LAYER_BROTLI,
    LAYER_PLAIN, /* was not coded after all */
    LAYER_OVER,  /* came to its end, or broke: the rest is dropped */
};

struct layer {
    uint8_t coding; /* enum body_coding */
    uint8_t kind;   /* enum layer_kind */
    uint8_t start[2];
    uint8_t start_len;
    bool is_gzip; /* further members may follow */
    struct recycler *recycler;
    size_t bytes; /* in blocks */
    struct {
        void *memory;
        size_t size;
    } blocks[LAYER_BLOCKS];
    z_stream zlib;
    BrotliDecoderState *brotli;
};

struct body_decoder {
    size_t size;
    size_t count;
    struct layer layers[];
};

static void feed(struct body *body, size_t index, struct view bytes);

/* ---- memory of the libraries ------------------------------------------------------------------------ */

static void *layer_alloc(void *opaque, size_t size)
{
    struct layer *layer = opaque;
    const struct budget *budget = layer->recycler->budget;
    size_t slot = 0;

    while (slot < LAYER_BLOCKS && layer->blocks[slot].memory != NULL)
        slot++;
    if (slot == LAYER_BLOCKS || size > DECODER_BYTES_MAX - layer->bytes)
        return NULL;
    if (size > BIG_BLOCK && budget->limit != 0 && budget->used + size > budget->limit / 2)
        return NULL;
    void *memory = recycler_get(layer->recycler, &size);
    if (memory == NULL)
        return NULL;
    layer->blocks[slot].memory = memory;
    layer->blocks[slot].size = size;
    layer->bytes =
        layer->bytes + size < DECODER_BYTES_MAX ? layer->bytes + size : DECODER_BYTES_MAX;
    return memory;
}

static void layer_free_slot(struct layer *layer, size_t slot)
{
    size_t size = layer->blocks[slot].size;
    recycler_put(layer->recycler, layer->blocks[slot].memory, size);
    layer->blocks[slot].memory = NULL;
    layer->bytes -= size < layer->bytes ? size : layer->bytes;
}

static void layer_free(void *opaque, void *memory)
{
    struct layer *layer = opaque;
    for (size_t slot = 0; memory != NULL && slot < LAYER_BLOCKS; slot++) {
        if (layer->blocks[slot].memory == memory) {
            layer_free_slot(layer, slot);
            return;
        }
    }
}

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    return layer_alloc(opaque, (size_t)items * size);
}

static void zlib_free(voidpf opaque, voidpf memory)
{
    layer_free(opaque, memory);
}

/* All of a layer's memory is in its blocks: neither library needs to be asked to close. */
static void layer_close(struct layer *layer)
{
    for (size_t slot = 0; slot < LAYER_BLOCKS; slot++) {
        if (layer->blocks[slot].memory != NULL)
            layer_free_slot(layer, slot);
    }
    layer->kind = LAYER_OVER;
}

/* ---- the kept bytes ---------------------------------------------------------------------------------- */

static void free_decoder(struct body *body)
{
    struct body_decoder *decoder = body->decoder;

    if (decoder == NULL)
        return;
    for (size_t i = 0; i < decoder->count; i++)
        layer_close(&decoder->layers[i]);
    recycler_put(body->recycler, decoder, decoder->size);
    body->decoder = NULL;
}

static bool make_room(struct body *body, size_t len)
{
    size_t size = body->size ? body->size : FIRST_BYTES;

    if (body->len + len <= body->size)
        return true;
    while (size < body->len + len)
        size *= 2;
    uint8_t *grown = recycler_grow(body->recycler, body->bytes, body->size, body->len, &size);
    if (grown == NULL)
        return false;
    body->bytes = grown;
    body->size = size;
    return true;
}

static void keep(struct body *body, struct view bytes)
{
    struct view fits = view_slice(bytes, 0, body->limit - body->len);

    if (body->is_stopped || bytes.len == 0)
        return;
    if (fits.len > 0 && !make_room(body, fits.len)) {
        body->is_stopped = true;
        return;
    }
    if (fits.len > 0)
        memcpy(body->bytes + body->len, fits.data, fits.len);
    body->len += fits.len;
    if (body->len == body->limit) {
        body->is_stopped = true;
        if (body->len / BOMB_RATIO > body->taken)
            body->result = BODY_BOMB;
    }
}

/* ---- decoding ------------------------------------------------------------------------------------------ */

static void layer_break(struct body *body, struct layer *layer)
{
    layer_close(layer);
    if (body->result == BODY_FINE)
        body->result = BODY_BROKEN;
}

static bool is_zlib_header(const uint8_t start[2])
{
    return (start[0] & 0x0f) == 8 && (start[0] << 8 | start[1]) % 31 == 0;
}

static void open_zlib(struct body *body, struct layer *layer, int window_bits)
{
    layer->kind = LAYER_ZLIB;
    layer->zlib = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = layer};
    if (inflateInit2(&layer->zlib, window_bits) != Z_OK)
        layer_break(body, layer);
}

/* Decides by the first two bytes what a layer labelled gzip or deflate is. */
static void open_layer(struct body *body, struct layer *layer)
{
    bool is_gzip = layer->start[0] == 0x1f && layer->start[1] == 0x8b;

    layer->is_gzip = is_gzip;
    if (is_gzip) {
        open_zlib(body, layer, 16 + MAX_WBITS);
    } else if (is_zlib_header(layer->start)) {
        open_zlib(body, layer, MAX_WBITS);
    } else if (layer->coding == BODY_DEFLATE) {
        open_zlib(body, layer, -MAX_WBITS);
    } else {
        layer->kind = LAYER_PLAIN;
        body->result = BODY_BROKEN;
    }
}

static void open_brotli(struct body *body, struct layer *layer)
{
    layer->kind = LAYER_BROTLI;
    layer->brotli = BrotliDecoderCreateInstance(layer_alloc, layer_free, layer);
    if (layer->brotli == NULL)
        layer_break(body, layer);
}

/* One gzip member is over: another may follow, anything else is ignored, as browsers do. True when the
 * layer has come to its end with it. */
static bool is_after_last_member(const struct layer *layer)
{
    const z_stream *z = &layer->zlib;
    return layer->is_gzip && z->total_in == 0 && z->avail_in > 0 && z->next_in[0] != 0x1f;
}

static void end_member(struct layer *layer)
{
    if (!layer->is_gzip || inflateReset(&layer->zlib) != Z_OK || is_after_last_member(layer))
        layer_close(layer);
}

static void feed_zlib(struct body *body, size_t index, struct view bytes)
{
    struct layer *layer = &body->decoder->layers[index];
    uint8_t output[OUTPUT_BYTES];
    z_stream *z = &layer->zlib;

    z->next_in = (z_const Bytef *)(uintptr_t)bytes.data; /* zlib does not write to it */
    z->avail_in = (uInt)bytes.len;
    if (is_after_last_member(layer)) {
        layer_close(layer);
        return;
    }
    do {
        z->next_out = output;
        z->avail_out = sizeof(output);
        int result = inflate(z, Z_NO_FLUSH);
        size_t made = sizeof(output) - z->avail_out;
        feed(body, index + 1, view_make(output, made));
        if (result == Z_STREAM_END)
            end_member(layer);
        else if (result != Z_OK && result != Z_BUF_ERROR)
            layer_break(body, layer);
        else if (made == 0 && (z->avail_in == 0 || result == Z_BUF_ERROR))
            return;
    } while (layer->kind == LAYER_ZLIB && !body->is_stopped &&
             (z->avail_in > 0 || z->avail_out == 0));
}

static void feed_brotli(struct body *body, size_t index, struct view bytes)
{
    struct layer *layer = &body->decoder->layers[index];
    uint8_t output[OUTPUT_BYTES];
    const uint8_t *next = bytes.data;
    size_t left = bytes.len;
    BrotliDecoderResult result;

    do {
        uint8_t *out = output;
        size_t room = sizeof(output);
        result = BrotliDecoderDecompressStream(layer->brotli, &left, &next, &room, &out, NULL);
        feed(body, index + 1, view_make(output, sizeof(output) - room));
    } while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && !body->is_stopped);
    if (result == BROTLI_DECODER_RESULT_ERROR)
        layer_break(body, layer);
    else if (result == BROTLI_DECODER_RESULT_SUCCESS)
        layer_close(layer);
}

/* Collects the two bytes that tell what a new layer is; returns how many of `bytes` it took. */
static size_t feed_new(struct body *body, size_t index, struct view bytes)
{
    struct layer *layer = &body->decoder->layers[index];
    size_t taken = 0;

    while (layer->start_len < 2 && taken < bytes.len)
        layer->start[layer->start_len++] = bytes.data[taken++];
    if (layer->start_len < 2)
        return taken;
    open_layer(body, layer);
    feed(body, index, view_make(layer->start, 2));
    return taken;
}

static void feed(struct body *body, size_t index, struct view bytes)
{
    if (bytes.len == 0 || body->is_stopped)
        return;
    if (body->decoder == NULL || index == body->decoder->count) {
        keep(body, bytes);
        return;
    }
    struct layer *layer = &body->decoder->layers[index];
    if (layer->kind == LAYER_NEW && layer->coding == BODY_BROTLI)
        open_brotli(body, layer);
    else if (layer->kind == LAYER_NEW)
        bytes = view_skip(bytes, feed_new(body, index, bytes));
    if (bytes.len == 0)
        return;
    switch ((enum layer_kind)layer->kind) {
    case LAYER_ZLIB:
        feed_zlib(body, index, bytes);
        break;
    case LAYER_BROTLI:
        feed_brotli(body, index, bytes);
        break;
    case LAYER_PLAIN:
        feed(body, index + 1, bytes);
        break;
    case LAYER_NEW:
    case LAYER_OVER:
        break;
    }
}

/* ---- life ------------------------------------------------------------------------------------------------ */

static struct body_decoder *new_decoder(struct recycler *recycler, const uint8_t *codings,
                                        size_t count)
{
    size_t size = sizeof(struct body_decoder) + count * sizeof(struct layer);
    struct body_decoder *decoder = recycler_get(recycler, &size);

    if (decoder == NULL)
        return NULL;
    *decoder = (struct body_decoder){.size = size, .count = count};
    for (size_t i = 0; i < count; i++)
        decoder->layers[i] = (struct layer){.coding = codings[count - 1 - i], .recycler = recycler};
    return decoder;
}

void body_init(struct body *body, struct recycler *recycler, size_t limit, const uint8_t *codings,
               size_t count)
{
    assert(count <= BODY_LAYERS_MAX);
    *body = (struct body){.recycler = recycler, .limit = limit, .is_stopped = limit == 0};
    if (count == 0 || limit == 0)
        return;
    body->decoder = new_decoder(recycler, codings, count);
    body->is_stopped = body->decoder == NULL;
}

void body_clear(struct body *body)
{
    free_decoder(body);
    if (body->bytes != NULL)
        recycler_put(body->recycler, body->bytes, body->size);
    *body = (struct body){.recycler = body->recycler, .is_stopped = true};
}

enum body_result body_take(struct body *body, struct view bytes)
{
    enum { SLICE = 1 << 20 }; /* zlib counts in 32 bits */

    body->result = BODY_FINE;
    while (bytes.len > 0 && !body->is_stopped) {
        struct view slice = view_slice(bytes, 0, SLICE);
        body->taken += slice.len;
        feed(body, 0, slice);
        bytes = view_skip(bytes, slice.len);
    }
    if (body->is_stopped)
        free_decoder(body);
    return body->result;
}

void body_gap(struct body *body)
{
    size_t part = body->cut_count > 0 ? body->cuts[body->cut_count - 1] : 0;

    if (body->decoder == NULL && body->cut_count < BODY_PARTS_MAX - 1) {
        if (body->len > part)
            body->cuts[body->cut_count++] = (uint32_t)body->len;
        return;
    }
    free_decoder(body);
    body->is_stopped = true;
}

void body_end(struct body *body)
{
    for (size_t i = 0; body->decoder != NULL && i < body->decoder->count; i++) {
        struct layer *layer = &body->decoder->layers[i];
        if (layer->kind == LAYER_NEW && layer->start_len == 1) {
            layer->kind = LAYER_PLAIN;
            feed(body, i, view_make(layer->start, 1));
        }
    }
    free_decoder(body);
    body->is_stopped = true;
}
