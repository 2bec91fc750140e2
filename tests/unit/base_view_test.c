/* SPDX-License-Identifier: BSD-3-Clause */
/* Views, cursors, numbers and addresses. */
#include "unit/test.h"

#include "base/address.h"
#include "base/cursor.h"

static void a_slice_stays_inside_its_view(void **state)
{
    (void)state;
    struct view v = VIEW("abcdef");
    assert_true(view_equal(view_slice(v, 2, 4), VIEW("cd")));
    assert_true(view_equal(view_slice(v, 4, 99), VIEW("ef")));
    assert_int_equal(view_slice(v, 5, 2).len, 0);
    assert_int_equal(view_skip(v, 99).len, 0);
}

static void searching_finds_the_first_place(void **state)
{
    (void)state;
    struct view v = VIEW("xAbcabC");
    assert_int_equal(view_find(v, VIEW("abC")), 4);
    assert_int_equal(view_find_fold(v, VIEW("ABC")), 1);
    assert_int_equal(view_find(v, VIEW("")), 0);
    assert_true(view_find_fold(v, VIEW("abcd")) == VIEW_NOT_FOUND);
    assert_true(view_find(VIEW(""), VIEW("a")) == VIEW_NOT_FOUND);
    assert_true(view_find_fold(VIEW(""), VIEW("a")) == VIEW_NOT_FOUND);
    assert_int_equal(view_find_fold(VIEW("ab"), VIEW("B")), 1);
}

static void lines_lose_their_ends_alone(void **state)
{
    struct view rest = VIEW("one\r\n\n\rlast"), line;
    (void)state;
    assert_true(view_take_line(&rest, &line) && view_equal(line, VIEW("one")));
    assert_true(view_take_line(&rest, &line) && line.len == 0);
    assert_true(view_take_line(&rest, &line) && view_equal(line, VIEW("\rlast")));
    assert_false(view_take_line(&rest, &line));
}

static void folding_touches_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(view_equal_fold(VIEW("aZ@["), VIEW("Az@[")));
    assert_false(view_equal_fold(VIEW("@"), VIEW("`")));
    assert_false(view_equal_fold(VIEW("\xc4"), VIEW("\xe4")));
    assert_true(view_starts_fold(VIEW("HTTP/1.1"), VIEW("http")));
    assert_true(view_ends_fold(VIEW("a.EXE"), VIEW(".exe")));
    assert_false(view_ends(VIEW("exe"), VIEW(".exe")));
}

static void numbers_are_whole_or_refused(void **state)
{
    (void)state;
    uint64_t n = 0;
    assert_true(view_parse_u64(VIEW("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_false(view_parse_u64(VIEW("18446744073709551616"), &n));
    assert_false(view_parse_u64(VIEW(""), &n));
    assert_false(view_parse_u64(VIEW("12a"), &n));
}

static void a_cursor_never_reads_past_its_view(void **state)
{
    (void)state;
    struct cursor c = cursor_over(VIEW("\x01\x02\x03\x04\x05"));
    assert_int_equal(cursor_u16(&c), 0x0102);
    assert_int_equal(cursor_u24(&c), 0x030405);
    assert_false(c.overrun);
    assert_int_equal(cursor_u8(&c), 0);
    assert_true(c.overrun);
    assert_int_equal(cursor_left(&c), 0);
    c = cursor_over(VIEW("\x01\x02"));
    struct cursor sub = cursor_sub(&c, 3);
    assert_true(sub.overrun && c.overrun);
    assert_int_equal(cursor_u32(&sub), 0);
}

static void prefixes_clear_host_bits_and_hold_their_addresses(void **state)
{
    (void)state;
    struct address prefix, address;
    unsigned bits = 0;
    assert_true(address_parse_prefix(VIEW("10.1.2.3/9"), &prefix, &bits));
    assert_int_equal(bits, 96 + 9);
    assert_true(address_parse(VIEW("10.127.255.255"), &address));
    assert_true(address_in_prefix(&address, &prefix, bits));
    assert_true(address_parse(VIEW("10.128.0.0"), &address));
    assert_false(address_in_prefix(&address, &prefix, bits));
    assert_true(address_parse_prefix(VIEW("2001:db8::/33"), &prefix, &bits));
    assert_true(address_parse(VIEW("2001:db8:7fff::1"), &address));
    assert_true(address_in_prefix(&address, &prefix, bits));
    assert_true(address_parse_prefix(VIEW("0.0.0.0/0"), &prefix, &bits));
    assert_true(address_parse(VIEW("255.1.2.3"), &address));
    assert_true(address_in_prefix(&address, &prefix, bits));
    assert_true(address_parse(VIEW("::1"), &address));
    assert_false(address_in_prefix(&address, &prefix, bits));
    assert_false(address_parse_prefix(VIEW("10.0.0.0/33"), &prefix, &bits));
    assert_false(address_parse_prefix(VIEW("10.0.0/8"), &prefix, &bits));
}

static void addresses_are_written_as_eve_has_them(void **state)
{
    (void)state;
    struct address address;
    struct buf out;
    buf_init(&out, 100);
    assert_true(address_parse(VIEW("192.168.0.1"), &address));
    address_write(&out, &address);
    buf_byte(&out, ' ');
    assert_true(address_parse(VIEW("fe80::1"), &address));
    address_write(&out, &address);
    assert_true(
        view_equal(buf_view(&out), VIEW("192.168.0.1 fe80:0000:0000:0000:0000:0000:0000:0001")));
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_stays_inside_its_view),
        cmocka_unit_test(searching_finds_the_first_place),
        cmocka_unit_test(lines_lose_their_ends_alone),
        cmocka_unit_test(folding_touches_ascii_letters_only),
        cmocka_unit_test(numbers_are_whole_or_refused),
        cmocka_unit_test(a_cursor_never_reads_past_its_view),
        cmocka_unit_test(prefixes_clear_host_bits_and_hold_their_addresses),
        cmocka_unit_test(addresses_are_written_as_eve_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
