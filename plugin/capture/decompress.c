/* SPDX-License-Identifier: BSD-3-Clause */
/* Decompression of capture files: gzip (several members too) by zlib, zstd by libzstd. */
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

/* 0, or what source_read_stored() gave instead of bytes. */
static long refill(struct decompressor *d, struct source *source)
{
    long n = source_read_stored(source, d->input, DECOMPRESSOR_INPUT);

    if (n < 0)
        return n;
    d->is_input_end = n == 0;
    d->input_at = 0;
    d->input_len = (size_t)n;
    return 0;
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
        if (d->input_at == d->input_len && !d->is_input_end) {
            long why = refill(d, source);
            if (why != 0)
                return why;
        }
        if (d->input_at == d->input_len && d->is_input_end) {
            if (d->is_between)
                return 0;
            return error_set(&source->fault, "the compressed data is cut off");
        }
        int rc = d->compression == COMPRESSION_GZIP ? step_gzip(d, out, max, &made, &source->fault)
                                                    : step_zstd(d, out, max, &made, &source->fault);
        if (rc != 0 && made == 0) /* else it fails again at the next call */
            return READ_FAULT;
    }
    return (long)made;
}
