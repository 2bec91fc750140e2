/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON: whatever bytes go in, a parser reads the same characters back. */
#include "unit/test.h"

#include <jansson.h>
#include <string.h>

#include "output/eve_records.h"
#include "output/json.h"

static json_t *parse(const struct buf *text)
{
    json_error_t error;
    json_t *value =
        json_loadb((const char *)text->data, text->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    assert_non_null(value);
    return value;
}

static void every_byte_survives_as_a_character(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t text[] = {'a', (uint8_t)byte, 'b'};
        buf_reset(&out);
        json_put_string(&out, view_make(text, 3));
        json_t *value = parse(&out);
        char expected[8];
        size_t len = byte < 0x80 ? 3 : 4;
        if (byte < 0x80)
            memcpy(expected, text, 3);
        else
            memcpy(expected,
                   (char[]){'a', (char)(0xc0 | byte >> 6), (char)(0x80 | (byte & 0x3f)), 'b'}, 4);
        assert_int_equal(json_string_length(value), len);
        assert_memory_equal(json_string_value(value), expected, len);
        json_decref(value);
    }
    buf_clear(&out);
}

static void a_special_byte_is_found_at_every_place(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 400);
    for (size_t len = 1; len <= 40; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned byte = 0; byte < 0x80;
                 byte++) { /* above, a byte would be two characters */
                char text[40];
                memset(text, ' ' + (int)(at + len) % 2, len);
                text[at] = (char)byte;
                buf_reset(&out);
                json_put_string(&out, view_make(text, len));
                bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
                assert_int_equal(out.len == len + 2, is_plain);
                if (byte % 16 == 2 || !is_plain) { /* parsing all of them back takes seconds */
                    json_t *value = parse(&out);
                    assert_int_equal(json_string_length(value), len);
                    assert_memory_equal(json_string_value(value), text, len);
                    json_decref(value);
                }
            }
        }
    }
    buf_clear(&out);
}

static void valid_utf8_is_kept_and_broken_utf8_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"\xc5\x99", "\"\xc5\x99\""},                             /* r with caron */
        {"\xf0\x9f\x90\xa6", "\"\xf0\x9f\x90\xa6\""},             /* four bytes */
        {"\xc0\x80", "\"\\u00c0\\u0080\""},                       /* overlong */
        {"\xe0\x80\x80", "\"\\u00e0\\u0080\\u0080\""},            /* overlong */
        {"\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\""},            /* surrogate */
        {"\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\""}, /* above U+10FFFF */
        {"\xe2\x82", "\"\\u00e2\\u0082\""},                       /* cut */
        {"\"\\\n\r\t\x1b", "\"\\\"\\\\\\n\\r\\t\\u001b\""},
    };
    struct buf out;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_reset(&out);
        json_put_string(&out, view_from_string(cases[i].in));
        assert_int_equal(out.len, strlen(cases[i].out));
        assert_memory_equal(out.data, cases[i].out, out.len);
        json_decref(parse(&out));
    }
    buf_clear(&out);
}

static void members_get_their_commas(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    buf_byte(&out, '{');
    json_put_number(&out, "a", 1);
    json_put_open(&out, "b");
    json_put_close(&out);
    json_put_open_array(&out, "c");
    json_put_item(&out);
    json_put_string(&out, VIEW("x"));
    json_put_item(&out);
    json_put_string(&out, VIEW("{"));
    json_put_close_array(&out);
    json_put_bool(&out, "d", true);
    json_put_chars(&out, "e", NULL);
    json_put_close(&out);
    const char *expected = "{\"a\":1,\"b\":{},\"c\":[\"x\",\"{\"],\"d\":true}";
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.data, expected, out.len);
    buf_clear(&out);
}

static void times_are_written_for_any_year(void **state)
{
    (void)state;
    static const struct {
        int64_t time_us;
        const char *text;
    } cases[] = {
        {0, "\"1970-01-01T00:00:00.000000+0000\""},
        {INT64_C(1709164800000001), "\"2024-02-29T00:00:00.000001+0000\""},
        {INT64_C(4102444799999999), "\"2099-12-31T23:59:59.999999+0000\""},
        {-1, "\"1969-12-31T23:59:59.999999+0000\""},
        {INT64_C(951782400000000), "\"2000-02-29T00:00:00.000000+0000\""},
        {INT64_MIN, "\"0000-12-21T19:59:05.224192+0000\""}, /* years that do not fit are cut off */
        {INT64_MAX, "\"9999-01-10T04:00:54.775807+0000\""},
    };
    struct buf out;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_reset(&out);
        eve_time(&out, cases[i].time_us);
        assert_int_equal(out.len, strlen(cases[i].text));
        assert_memory_equal(out.data, cases[i].text, out.len);
    }
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives_as_a_character),
        cmocka_unit_test(a_special_byte_is_found_at_every_place),
        cmocka_unit_test(valid_utf8_is_kept_and_broken_utf8_is_escaped),
        cmocka_unit_test(members_get_their_commas),
        cmocka_unit_test(times_are_written_for_any_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
