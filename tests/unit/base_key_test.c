/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys: what counts when values of lists are compared, and what does not. */
#include "unit/test.h"

#include "base/key.h"

static const char *url(const char *text)
{
    static char out[256];
    size_t len = key_url(view_from_string(text), (uint8_t *)out, sizeof(out) - 1);
    out[len] = '\0';
    return out;
}

static void urls_are_compared_by_what_a_request_shows(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *key;
    } ROWS[] = {
        {"http://evil.example/a/b.php?c=d", "evil.example/a/b.php?c=d"},
        {"HTTPS://Evil.Example/A", "evil.example/a"},
        {"evil.example/a", "evil.example/a"},
        {"http://evil.example", "evil.example/"},
        {"http://evil.example/", "evil.example/"},
        {"http://evil.example?a", "evil.example/?a"},
        {"http://evil.example:80/a", "evil.example/a"},
        {"https://evil.example:443/a", "evil.example/a"},
        {"https://evil.example:80/a", "evil.example:80/a"},
        {"http://evil.example:8080/a", "evil.example:8080/a"},
        {"http://evil.example:/a", "evil.example/a"},
        {"http://evil.example./a", "evil.example/a"},
        {"http://me:pw@x@evil.example/@a", "evil.example/@a"},
        {"http://evil.example/a#b", "evil.example/a"},
        {"http://evil.example#b", "evil.example/"},
        {"http://evil.example/%7euser/%61%2F%zz%4", "evil.example/~user/a%2f%zz%4"},
        {"http://[2001:db8::1]:80/a", "[2001:db8::1]/a"},
        {"ftp://evil.example/a", "ftp://evil.example/a"},
        {"http://evil.example/a/", "evil.example/a/"},
        {"http://evil.example/?u=http://b", "evil.example/?u=http://b"},
        {"evil.example/?u=http://b", "evil.example/?u=http://b"},
        {"/a", ""},
        {"http://", ""},
        {"http:///a", ""},
        {"", ""},
        {"http://user@/", ""},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        assert_string_equal(url(ROWS[i].text), ROWS[i].key);
}

static void a_url_key_fits_its_room_or_is_none(void **unused)
{
    (void)unused;
    uint8_t out[32];
    struct view text = VIEW("http://evil.example");
    assert_int_equal(key_url(text, out, 13), 13);
    assert_int_equal(key_url(text, out, 12), 0);
    assert_int_equal(key_url(text, out, 0), 0);
    assert_int_equal(key_url(VIEW("x"), out, 2), 2); /* one byte longer than the text */
}

static void digests_have_exactly_their_bytes(void **unused)
{
    (void)unused;
    uint8_t out[4];
    assert_true(key_digest(VIEW("0aFF10c9"), out, 4));
    assert_memory_equal(out, "\x0a\xff\x10\xc9", 4);
    assert_true(key_digest(VIEW("0a:ff:10:C9"), out, 4));
    assert_memory_equal(out, "\x0a\xff\x10\xc9", 4);
    assert_false(key_digest(VIEW("0a:ff10c9"), out, 4));
    assert_false(key_digest(VIEW("0a-ff-10-c9"), out, 4));
    assert_false(key_digest(VIEW("0aff10c"), out, 4));
    assert_false(key_digest(VIEW("0aff10c9aa"), out, 4));
    assert_false(key_digest(VIEW("0aff10g9"), out, 4));
    assert_false(key_digest(VIEW(""), out, 4));
    assert_true(key_digest(VIEW("c9"), out, 1));
}

static void addresses_are_masked_to_their_prefix(void **unused)
{
    (void)unused;
    struct address address;
    uint8_t key[KEY_ADDRESS_LEN];
    assert_true(address_parse(VIEW("10.255.1.2"), &address));
    key_address(&address, 96 + 12, key);
    assert_memory_equal(key + 10, "\xff\xff\x0a\xf0\0\0\x6c", 7);
    key_address(&address, 128, key);
    assert_memory_equal(key, &address, 16);
    key_address(&address, 0, key);
    assert_memory_equal(key, (uint8_t[17]){0}, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_compared_by_what_a_request_shows),
        cmocka_unit_test(a_url_key_fits_its_room_or_is_none),
        cmocka_unit_test(digests_have_exactly_their_bytes),
        cmocka_unit_test(addresses_are_masked_to_their_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
