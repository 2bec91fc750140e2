/* SPDX-License-Identifier: BSD-3-Clause */
/* Bodies: decoding, whatever the cut; bounds; faults. */
#include "unit/test.h"

#include <zlib.h>

#include "proto/body.h"

enum { PLAIN_LEN = 20000, CODED_MAX = 64 * 1024 };

struct coded {
    uint8_t bytes[CODED_MAX];
    size_t len;
};

/* "ab" * 5000 and so on would compress to nothing: a little variety, always the same. */
static struct view plain_text(void)
{
    static uint8_t text[PLAIN_LEN];
    uint32_t x = 1;

    for (size_t i = 0; i < sizeof(text); i++) {
        x = x * 1103515245 + 12345;
        text[i] = (uint8_t)('a' + (x >> 16) % 7);
    }
    return view_make(text, sizeof(text));
}

/* `window_bits`: zlib's way of saying which format. */
static void deflate_into(struct coded *out, struct view text, int window_bits)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)text.data, .avail_in = (uInt)text.len};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = out->bytes + out->len;
    z.avail_out = (uInt)(CODED_MAX - out->len);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}

static struct view view_of(const struct coded *coded)
{
    return view_make(coded->bytes, coded->len);
}

struct decoded {
    struct budget budget;
    struct recycler recycler;
    struct body body;
    enum body_result worst;
};

static struct decoded *decode(struct view bytes, size_t cut, size_t limit, const uint8_t *codings,
                              size_t count)
{
    struct decoded *d = memory_new(1, sizeof(*d));

    recycler_init(&d->recycler, &d->budget);
    body_init(&d->body, &d->recycler, limit, codings, count);
    for (size_t at = 0; at < bytes.len; at += cut) {
        enum body_result result = body_take(&d->body, view_slice(bytes, at, at + cut));
        if (result != BODY_FINE)
            d->worst = result;
    }
    body_end(&d->body);
    return d;
}

static void done(struct decoded *d)
{
    body_clear(&d->body);
    assert_int_equal(d->recycler.live_bytes, 0);
    recycler_clear(&d->recycler);
    assert_int_equal(d->budget.used, 0);
    memory_free(d);
}

static void assert_decodes(struct view bytes, const uint8_t *codings, size_t count, struct view to)
{
    static const size_t cuts[] = {1, 2, 3, 7, 100, 1460, 1 << 20};

    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct decoded *d = decode(bytes, cuts[i], 1 << 20, codings, count);
        assert_int_equal(d->worst, BODY_FINE);
        assert_int_equal(d->body.len, to.len);
        assert_memory_equal(d->body.bytes, to.data, to.len);
        done(d);
    }
}

static const uint8_t GZIP[] = {BODY_GZIP};
static const uint8_t DEFLATE[] = {BODY_DEFLATE};
static const uint8_t BROTLI[] = {BODY_BROTLI};

static void plain_bytes_stay(void **state)
{
    (void)state;
    assert_decodes(plain_text(), NULL, 0, plain_text());
}

static void gzip_is_decoded(void **state)
{
    (void)state;
    struct coded coded = {.len = 0};
    deflate_into(&coded, plain_text(), 16 + MAX_WBITS);
    assert_decodes(view_of(&coded), GZIP, 1, plain_text());
}

static void gzip_members_follow_each_other_and_garbage_ends_them(void **state)
{
    (void)state;
    struct coded coded = {.len = 0};
    deflate_into(&coded, VIEW("first "), 16 + MAX_WBITS);
    deflate_into(&coded, VIEW("second"), 16 + MAX_WBITS);
    memset(coded.bytes + coded.len, 0, 10);
    coded.len += 10;
    assert_decodes(view_of(&coded), GZIP, 1, VIEW("first second"));
}

static void deflate_is_zlib_or_raw(void **state)
{
    (void)state;
    struct coded zlib = {.len = 0}, raw = {.len = 0};
    deflate_into(&zlib, plain_text(), MAX_WBITS);
    deflate_into(&raw, plain_text(), -MAX_WBITS);
    assert_decodes(view_of(&zlib), DEFLATE, 1, plain_text());
    assert_decodes(view_of(&raw), DEFLATE, 1, plain_text());
    assert_decodes(view_of(&zlib), GZIP, 1, plain_text());
}

/* From BrotliEncoderCompress() at quality 11. */
static void brotli_is_decoded(void **state)
{
    (void)state;
    static const uint8_t coded[] = {0x1b, 0x28, 0x00, 0xf8, 0x05, 0x6a, 0x87, 0xd3, 0xfa, 0xed,
                                    0xad, 0x53, 0x44, 0x71, 0x3c, 0xa9, 0x14, 0x61, 0x2a, 0x1e,
                                    0x08, 0xa7, 0xc1, 0xaa, 0xf3, 0xb3, 0x29, 0x01};
    assert_decodes(view_make(coded, sizeof(coded)), BROTLI, 1,
                   VIEW("hello brotli, hello brotli, hello brotli!"));
}

static void layers_are_undone_last_first(void **state)
{
    (void)state;
    static const uint8_t codings[] = {BODY_GZIP, BODY_DEFLATE, BODY_GZIP};
    struct coded one = {.len = 0}, two = {.len = 0}, three = {.len = 0};
    deflate_into(&one, plain_text(), 16 + MAX_WBITS);
    deflate_into(&two, view_of(&one), MAX_WBITS);
    deflate_into(&three, view_of(&two), 16 + MAX_WBITS);
    assert_decodes(view_of(&three), codings, 3, plain_text());
}

static void what_is_not_gzip_is_kept_as_it_is(void **state)
{
    (void)state;
    struct decoded *d = decode(VIEW("plain after all"), 1, 100, GZIP, 1);
    assert_int_equal(d->worst, BODY_BROKEN);
    assert_true(view_equal(body_part(&d->body, 0), VIEW("plain after all")));
    done(d);
    d = decode(VIEW("x"), 1, 100, GZIP, 1);
    assert_true(view_equal(body_part(&d->body, 0), VIEW("x")));
    done(d);
}

static void what_was_decoded_before_a_fault_is_kept(void **state)
{
    (void)state;
    struct coded coded = {.len = 0};
    deflate_into(&coded, plain_text(), 16 + MAX_WBITS);
    memset(coded.bytes + coded.len / 2, 0xff, 200);
    struct decoded *d = decode(view_of(&coded), 100, 1 << 20, GZIP, 1);
    assert_int_equal(d->worst, BODY_BROKEN);
    assert_true(d->body.len > 1000 && d->body.len < PLAIN_LEN);
    assert_memory_equal(d->body.bytes, plain_text().data, 1000);
    done(d);
}

static void output_stops_at_the_limit(void **state)
{
    (void)state;
    struct coded coded = {.len = 0};
    deflate_into(&coded, plain_text(), 16 + MAX_WBITS);
    struct decoded *d = decode(view_of(&coded), 1 << 20, 1000, GZIP, 1);
    assert_int_equal(d->body.len, 1000);
    assert_int_equal(d->worst, BODY_FINE);
    assert_null(d->body.decoder);
    done(d);
}

static void a_bomb_is_told_and_does_not_go_off(void **state)
{
    (void)state;
    static uint8_t zeros[8 << 20];
    static const uint8_t codings[] = {BODY_GZIP, BODY_GZIP};
    struct coded one = {.len = 0}, two = {.len = 0};
    deflate_into(&one, view_make(zeros, sizeof(zeros)), 16 + MAX_WBITS);
    deflate_into(&two, view_of(&one), 16 + MAX_WBITS);
    struct decoded *d = decode(view_of(&two), 1 << 20, 4 << 20, codings, 2);
    assert_int_equal(d->worst, BODY_BOMB);
    assert_int_equal(d->body.len, 4 << 20);
    done(d);
}

static void a_spent_budget_ends_decoding(void **state)
{
    (void)state;
    struct coded coded = {.len = 0};
    deflate_into(&coded, plain_text(), 16 + MAX_WBITS);
    for (size_t limit = 1024; limit < 200 * 1024; limit += 1024) {
        struct decoded *d = memory_new(1, sizeof(*d));
        d->budget.limit = limit;
        recycler_init(&d->recycler, &d->budget);
        body_init(&d->body, &d->recycler, 1 << 20, GZIP, 1);
        body_take(&d->body, view_of(&coded));
        assert_true(d->body.len <= PLAIN_LEN);
        done(d);
    }
}

static void a_gap_ends_a_coded_body_and_not_a_plain_one(void **state)
{
    (void)state;
    struct coded coded = {.len = 0};
    struct decoded *d = decode(VIEW(""), 1, 100, NULL, 0);
    deflate_into(&coded, VIEW("hello"), 16 + MAX_WBITS);
    body_init(&d->body, &d->recycler, 100, NULL, 0);
    body_take(&d->body, VIEW("ab"));
    body_gap(&d->body);
    body_take(&d->body, VIEW("yz"));
    assert_true(view_equal(body_part(&d->body, 0), VIEW("ab")));
    assert_true(view_equal(body_part(&d->body, 1), VIEW("yz")));
    assert_int_equal(body_part(&d->body, 2).len, 0);
    body_clear(&d->body);
    body_init(&d->body, &d->recycler, 100, GZIP, 1);
    body_take(&d->body, view_slice(view_of(&coded), 0, 10));
    body_gap(&d->body);
    assert_int_equal(body_take(&d->body, view_of(&coded)), BODY_FINE);
    assert_int_equal(d->body.len, 0);
    done(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes_stay),
        cmocka_unit_test(gzip_is_decoded),
        cmocka_unit_test(gzip_members_follow_each_other_and_garbage_ends_them),
        cmocka_unit_test(deflate_is_zlib_or_raw),
        cmocka_unit_test(brotli_is_decoded),
        cmocka_unit_test(layers_are_undone_last_first),
        cmocka_unit_test(what_is_not_gzip_is_kept_as_it_is),
        cmocka_unit_test(what_was_decoded_before_a_fault_is_kept),
        cmocka_unit_test(output_stops_at_the_limit),
        cmocka_unit_test(a_bomb_is_told_and_does_not_go_off),
        cmocka_unit_test(a_spent_budget_ends_decoding),
        cmocka_unit_test(a_gap_ends_a_coded_body_and_not_a_plain_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
