/* SPDX-License-Identifier: BSD-3-Clause */
/* Decompression of capture files: gzip (several members too) by zlib, zstd by libzstd.
 *
 * What follows a gzip member and does not begin like another is no part of the stream: it is read to its end, counted
 * and passed over, as gzip(1) does. A member that is cut or damaged is a fault. */
#include "capture/source.h"

#include <zlib.h>
#include <zstd.h>

#include "base/memory.h"

enum { WINDOW_LOG_MAX = 27 };

struct decompressor {
    enum compression compression;
    z_stream gzip;
    ZSTD_DStream *zstd;
    uint8_t *input;
    size_t input_len, input_at;
    size_t
        zstd_wants; /* bytes up to the end of the block: what comes before a broken one is given out */
    bool is_input_end, is_between; /* between members or frames: the end may come here */
    bool is_behind;                /* only what is no part of the stream follows */
};

struct decompressor *decompressor_new(enum compression compression)
{
    struct decompressor *d = memory_new(1, sizeof(*d));

    d->compression = compression;
    d->input = memory_new(DECOMPRESSOR_INPUT, 1);
    d->is_between = true;
    if (compression == COMPRESSION_GZIP) {
        if (inflateInit2(&d->gzip, 15 + 16) != Z_OK)
            d->is_input_end = true;
    } else {
        d->zstd = ZSTD_createDStream();
        d->zstd_wants = ZSTD_initDStream(d->zstd);
        ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    }
    return d;
}

void decompressor_free(struct decompressor *d)
{
    if (d == NULL)
        return;
    if (d->compression == COMPRESSION_GZIP)
        inflateEnd(&d->gzip);
    ZSTD_freeDStream(d->zstd);
    memory_free(d->input);
    memory_free(d);
}

void decompressor_feed(struct decompressor *d, struct view bytes)
{
    memcpy(d->input, bytes.data, bytes.len);
    d->input_len = bytes.len;
}

/* More input behind the bytes that are left. 0, or what source_read_stored() gave instead. */
static long refill(struct decompressor *d, struct source *source)
{
    size_t left = d->input_len - d->input_at;

    memmove(d->input, d->input + d->input_at, left);
    d->input_at = 0;
    d->input_len = left;
    long n = source_read_stored(source, d->input + left, DECOMPRESSOR_INPUT - left);
    if (n < 0)
        return n;
    d->is_input_end = n == 0;
    d->input_len += (size_t)n;
    return 0;
}

/* How many bytes have to be there for the next step: between gzip members, those of their magic number. */
static size_t needed(const struct decompressor *d)
{
    return d->compression == COMPRESSION_GZIP && d->is_between && !d->is_behind ? 2 : 1;
}

/* Bytes behind the stream; false when they are a part of it. */
static bool pass_over(struct decompressor *d, struct source *source)
{
    size_t left = d->input_len - d->input_at;

    if (d->compression != COMPRESSION_GZIP || !d->is_between || left == 0)
        return false;
    const uint8_t *magic = d->input + d->input_at;
    d->is_behind |= left < 2 || magic[0] != 0x1f || magic[1] != 0x8b;
    if (!d->is_behind)
        return false;
    source->trailing += left;
    d->input_at = d->input_len;
    return true;
}

/* One step; sets *made. */
static int step_gzip(struct decompressor *d, uint8_t *out, size_t max, size_t *made,
                     struct error *error)
{
    if (d->is_between && inflateReset(&d->gzip) != Z_OK)
        return error_set(error, "gzip: cannot start");
    d->gzip.next_in = d->input + d->input_at;
    d->gzip.avail_in = (uInt)(d->input_len - d->input_at);
    d->gzip.next_out = out;
    d->gzip.avail_out = (uInt)(max < UINT32_MAX ? max : UINT32_MAX);
    uInt room = d->gzip.avail_out;
    int rc = inflate(&d->gzip, Z_NO_FLUSH);
    d->input_at = d->input_len - d->gzip.avail_in;
    *made = room - d->gzip.avail_out;
    d->is_between = rc == Z_STREAM_END;
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
        return error_set(error, "gzip: %s", d->gzip.msg ? d->gzip.msg : "broken data");
    return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libzstd writes through it */
static int step_zstd(struct decompressor *d, uint8_t *out, size_t max, size_t *made,
                     struct error *error)
{
    size_t left = d->input_len - d->input_at, wants = d->zstd_wants > 0 ? d->zstd_wants : 1;
    ZSTD_inBuffer in = {d->input, d->input_at + (left < wants ? left : wants), d->input_at};
    ZSTD_outBuffer to = {out, max, 0};
    size_t rc = ZSTD_decompressStream(d->zstd, &to, &in);

    d->input_at = in.pos;
    *made = to.pos;
    d->is_between = rc == 0;
    d->zstd_wants = rc;
    return ZSTD_isError(rc) ? error_set(error, "zstd: %s", ZSTD_getErrorName(rc)) : 0;
}

long decompressor_read(struct decompressor *d, struct source *source, uint8_t *out, size_t max)
{
    size_t made = 0;

    while (made == 0) {
        if (d->input_len - d->input_at < needed(d) && !d->is_input_end) {
            long why = refill(d, source);
            if (why != 0)
                return why;
            continue;
        }
        if (d->input_at == d->input_len && d->is_input_end) {
            if (d->is_between)
                return 0;
            return error_set(&source->fault, "the compressed data is cut off");
        }
        if (pass_over(d, source))
            continue;
        int rc = d->compression == COMPRESSION_GZIP ? step_gzip(d, out, max, &made, &source->fault)
                                                    : step_zstd(d, out, max, &made, &source->fault);
        if (rc != 0 && made == 0) /* else it fails again at the next call */
            return READ_FAULT;
    }
    return (long)made;
}
