/* SPDX-License-Identifier: BSD-3-Clause */
/* Body: the bytes of a message body as its reader would see them, up to a limit.
 *
 * Codings    gzip, deflate (zlib or raw, as servers disagree), br; up to BODY_LAYERS_MAX on top of each
 *            other. Decoding stops at `limit` bytes of output, so no input makes it work long.
 * Memory     output, decoder states and windows come from the recycler, hence the parsers' budget. A
 *            decoder takes at most DECODER_BYTES_MAX, and windows above 64 KiB are refused once half the
 *            budget is in use: a few connections that ask for 4 MiB windows do not blind the rest.
 * Faults     what was decoded before a fault is kept, what comes after is dropped. A body that is labelled
 *            gzip and is not, is kept as it stands.
 */
#ifndef SHRIKE_PROTO_BODY_H
#define SHRIKE_PROTO_BODY_H

#include "base/view.h"
#include "proto/recycler.h"

enum { BODY_LAYERS_MAX = 3, BODY_PARTS_MAX = 8 };

enum body_coding { BODY_GZIP, BODY_DEFLATE, BODY_BROTLI };

enum body_result {
    BODY_FINE,
    BODY_BROKEN, /* cannot be decoded (from here on); said once */
    BODY_BOMB,   /* the limit was reached by bytes that decode to over 2048 times their number */
};

struct body_decoder;

struct body {
    struct recycler *recycler;
    uint8_t *bytes;
    size_t size;
    size_t len;
    size_t limit;
    uint64_t taken;                    /* bytes put in */
    uint32_t cuts[BODY_PARTS_MAX - 1]; /* where bytes are missing between those kept */
    uint8_t cut_count;
    struct body_decoder *decoder; /* NULL: as it comes */
    uint8_t result;               /* of the call at hand */
    bool is_stopped;              /* nothing more is kept */
};

/* `codings`: in the order they were applied, at most BODY_LAYERS_MAX. */
void body_init(struct body *body, struct recycler *recycler, size_t limit, const uint8_t *codings,
               size_t count);
/* Gives all memory back. Also right for a zeroed body. */
void body_clear(struct body *body);
enum body_result body_take(struct body *body, struct view bytes);
/* Bytes are missing here: a coded body ends, a plain one goes on in a new part, of which there are at most
 * BODY_PARTS_MAX. Nothing may match across parts. */
void body_gap(struct body *body);
/* No more bytes: what was held back to look at is let go; the decoders are freed. */
void body_end(struct body *body);

/* The kept bytes between two losses, of `index` 0 and up; empty behind the last. */
static inline struct view body_part(const struct body *body, unsigned index)
{
    if (index > body->cut_count || body->bytes == NULL)
        return (struct view){NULL, 0};
    size_t from = index > 0 ? body->cuts[index - 1] : 0;
    size_t to = index < body->cut_count ? body->cuts[index] : body->len;
    return view_make(body->bytes + from, to - from);
}

#endif
