/* SPDX-License-Identifier: BSD-3-Clause */
/* Readable text: names are shown, nothing steers the terminal. */
#include "unit/test.h"

#include <string.h>

#include "base/readable.h"

static const char *shown(const char *text)
{
    static char out[256];
    struct buf buf;
    buf_init(&buf, sizeof(out) - 1);
    readable_add(&buf, view_from_string(text));
    memcpy(out, buf.data, buf.len);
    out[buf.len] = '\0';
    buf_clear(&buf);
    return out;
}

static void readable_text_is_kept(void **state)
{
    (void)state;
    assert_string_equal(shown("plain ~ text"), "plain ~ text");
    assert_string_equal(shown("caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x90\xa6"),
                        "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x90\xa6");
}

static void what_steers_a_terminal_is_written_out(void **state)
{
    (void)state;
    assert_string_equal(shown("a\x1b[31m\r\n\tb\x7f"), "a\\x1b[31m\\x0d\\x0a\\x09"
                                                       "b\\x7f");
    assert_string_equal(shown("\xc2\x9b"
                              "31m"),
                        "\\xc2\\x9b"
                        "31m");
    assert_string_equal(shown("\xc2\xa0"), "\xc2\xa0");
    assert_string_equal(shown("\xe2\x80\xae"
                              "fdp\xe2\x81\xa6"),
                        "\\xe2\\x80\\xae"
                        "fdp\\xe2\\x81\\xa6");
    assert_string_equal(shown("\xe2\x80\xa6"), "\xe2\x80\xa6");
}

static void what_is_no_utf8_is_written_out(void **state)
{
    (void)state;
    assert_string_equal(shown("\xff\xc3"), "\\xff\\xc3");
    assert_string_equal(shown("\xc0\xaf"), "\\xc0\\xaf");
    assert_string_equal(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readable_text_is_kept),
        cmocka_unit_test(what_steers_a_terminal_is_written_out),
        cmocka_unit_test(what_is_no_utf8_is_written_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
