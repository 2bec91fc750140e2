/* SPDX-License-Identifier: BSD-3-Clause */
/* Indicators: what a text looks like, refanging, the one form of each kind, times, markings, ids. */
#include "unit/import_feed.h"

#include "import/uuid.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void a_text_tells_its_kind(void **state)
{
    static const struct {
        const char *text;
        enum indicator_kind kind;
    } ROWS[] = {
        {"192.0.2.1", INDICATOR_IP},
        {"192.0.2.0/24", INDICATOR_IP},
        {"2001:db8::1", INDICATOR_IP},
        {"2001:db8::/32", INDICATOR_IP},
        {"192.0.2.1:443", INDICATOR_ENDPOINT},
        {"[2001:db8::1]:443", INDICATOR_ENDPOINT},
        {"192.0.2.1:0", INDICATOR_NONE},
        {"192.0.2.1:65536", INDICATOR_NONE},
        {"192.0.2.300", INDICATOR_NONE},
        {"evil.example", INDICATOR_DOMAIN},
        {"evil.example.", INDICATOR_DOMAIN},
        {"*.evil.example", INDICATOR_DOMAIN},
        {".example", INDICATOR_DOMAIN},
        {"_dmarc.evil.example", INDICATOR_DOMAIN},
        {"xn--80ak6aa92e.com", INDICATOR_DOMAIN},
        {"evil.example:8080", INDICATOR_DOMAIN},
        {"münchen.example", INDICATOR_DOMAIN},
        {"http://münchen.example/x", INDICATOR_URL},
        {"localhost", INDICATOR_NONE},
        {LABEL_63 ".example", INDICATOR_DOMAIN},
        {LABEL_63 "a.example", INDICATOR_NONE}, /* a label has 63 bytes at most */
        {"a..b", INDICATOR_NONE},
        {"two words.example", INDICATOR_NONE},
        {"http://evil.example/x", INDICATOR_URL},
        {"https://192.0.2.1", INDICATOR_URL},
        {"evil.example/x.php", INDICATOR_URL},
        {"192.0.2.1:8080/x", INDICATOR_URL},
        {"a/b", INDICATOR_NONE},
        {"/x.php", INDICATOR_PATH},
        {"/", INDICATOR_NONE},
        {"who@evil.example", INDICATOR_EMAIL},
        {"who@evil", INDICATOR_NONE},
        {"d41d8cd98f00b204e9800998ecf8427e", INDICATOR_MD5},
        {"da39a3ee5e6b4b0d3255bfef95601890afd80709", INDICATOR_SHA1},
        {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", INDICATOR_SHA256},
        {"t13d1516h2_8daaf6152771_e5627efa2ab1", INDICATOR_JA4},
        {"", INDICATOR_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (indicator_guess(view_from_string(ROWS[i].text)) != ROWS[i].kind)
            print_message("the text is %s\n", ROWS[i].text);
        assert_int_equal(indicator_guess(view_from_string(ROWS[i].text)), ROWS[i].kind);
    }
}

static void what_was_made_harmless_is_mended(void **state)
{
    static const struct {
        const char *text, *expected;
    } ROWS[] = {
        {"evil[.]example", "evil.example"},
        {"evil(.)example", "evil.example"},
        {"evil{.}example", "evil.example"},
        {"evil[dot]example", "evil.example"},
        {"evil(DOT)example", "evil.example"},
        {"evil[.example", "evil.example"},
        {"evil\\.example", "evil.example"},
        {"192[.]0[.]2[.]1", "192.0.2.1"},
        {"192.0.2[.]1[:]443", "192.0.2.1:443"},
        {"hxxp://evil.example/x", "http://evil.example/x"},
        {"hXXps://evil[.]example/x", "https://evil.example/x"},
        {"hxxps://evil.example/[.]well-known/a[.]b(.)c?d[]=[e.f]",
         "https://evil.example/.well-known/a.b(.)c?d[]=[e.f]"},
        {"hxxp[://]evil[.]example", "http://evil.example"},
        {"hxxp[:]//evil[.]example", "http://evil.example"},
        {"who[at]evil[.]example", "who@evil.example"},
        {"http://evil.example/a[b](.)c", "http://evil.example/a[b](.)c"},
        {"HXXPS[://]evil[.]example", "https://evil.example"},
        {"meow://evil.example", "http://evil.example"},
        {"fxps://evil.example", "ftps://evil.example"},
        {"hxxpd.example", "hxxpd.example"},
        {"meows.example", "meows.example"}, /* names that begin like a scheme */
        {"hxxps[.]example", "hxxps.example"},
        {"hxxp[.]example", "hxxp.example"},
        {"fxp", "fxp"},
        {"hxxps", "hxxps"},
        {"evil.example", "evil.example"},
        {"[", "["},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct view out = indicator_refang(arena, view_from_string(ROWS[i].text));
        if (!view_equal(out, view_from_string(ROWS[i].expected)))
            print_message("the text is %s, it became %.*s\n", ROWS[i].text, (int)out.len,
                          (const char *)out.data);
        assert_true(view_equal(out, view_from_string(ROWS[i].expected)));
    }
    arena_free(arena);
}

static void a_value_has_one_form(void **state)
{
    static const struct {
        enum indicator_kind kind;
        const char *value, *expected; /* the value, or the reason why it is none */
    } ROWS[] = {
        {INDICATOR_URL, "http://evil.example", "http://evil.example/"},
        {INDICATOR_URL, "https://evil.example:443/x#y", "http://evil.example/x"},
        {INDICATOR_URL, "http://evil.example:80?a=b", "http://evil.example/?a=b"},
        {INDICATOR_URL, "http://evil.example:8080/x", "http://evil.example:8080/x"},
        {INDICATOR_URL, "evil.example/x", "http://evil.example/x"},
        {INDICATOR_URL, "http://who:key@evil.example/x", "http://evil.example/x"},
        {INDICATOR_URL, "ftp://evil.example/x", "a URL that is not of the web"},
        {INDICATOR_URL, "http:///x", "a URL without a host"},
        {INDICATOR_URL, "http://:80:80/x", "a URL without a host"},
        {INDICATOR_URL, "http://evil.example/a b", "a URL with blanks"},
        {INDICATOR_DOMAIN, "*.evil.example", "evil.example"},
        {INDICATOR_DOMAIN, ".evil.example.", "evil.example"},
        {INDICATOR_DOMAIN, "evil.example:8080", "evil.example"},
        {INDICATOR_DOMAIN, "evil example", "not a domain name"},
        {INDICATOR_DOMAIN, "*.MÜNCHEN[.]example.", "xn--mnchen-3ya.example"},
        {INDICATOR_DOMAIN, "münchen.example:8080", "xn--mnchen-3ya.example"},
        {INDICATOR_DOMAIN, "例え。テスト", "xn--r8jz45g.xn--zckzah"},
        {INDICATOR_DOMAIN, "-ü.example", "a name beyond ASCII that has no form on the wire (IDNA)"},
        {INDICATOR_NONE, "münchen.example", "xn--mnchen-3ya.example"},
        {INDICATOR_URL, "hxxps://u@münchen.example:8443/ü#x",
         "http://xn--mnchen-3ya.example:8443/ü"},
        {INDICATOR_URL, "http://-ü.example/",
         "a name beyond ASCII that has no form on the wire (IDNA)"},
        {INDICATOR_DOMAIN, "192.0.2.1", "192.0.2.1"},
        {INDICATOR_IP, "192.0.2", "not an address"},
        {INDICATOR_IP, " 192.0.2.1\t", "192.0.2.1"},
        {INDICATOR_JA3, "E7D705A3286E19EA42F587B344EE6865", "e7d705a3286e19ea42f587b344ee6865"},
        {INDICATOR_JA3, "e7d7", "not a hash of its kind's length"},
        {INDICATOR_CERT_SHA1, "AA:11:22:33:44:55:66:77:88:99:00:aa:bb:cc:dd:ee:ff:00:11:22",
         "aa11223344556677889900aabbccddeeff001122"},
        {INDICATOR_CERT_SERIAL, "4c0b1d", "4C:0B:1D"},
        {INDICATOR_CERT_SERIAL, "f4c0b1d", "0F:4C:0B:1D"},
        {INDICATOR_CERT_SERIAL, "xyz", "not a serial number in hexadecimal"},
        {INDICATOR_PATH, "x", "not a path"},
        {INDICATOR_USER_AGENT, "Mozilla [x](.)", "Mozilla [x](.)"},
        {INDICATOR_STRING, "\xff", "not UTF-8"},
        {INDICATOR_STRING, "\xed\xa0\x80", "not UTF-8"},
        {INDICATOR_STRING, "\xc3", "not UTF-8"},
        {INDICATOR_STRING, "\xc3\xa9", "\xc3\xa9"},
        {INDICATOR_NONE, "word", "of a kind that cannot be told from the value"},
        {INDICATOR_NONE, "  ", "empty"},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct indicator one = {.kind = ROWS[i].kind, .value = view_from_string(ROWS[i].value)};
        const char *reason = indicator_settle(arena, &one);
        struct view out = reason ? view_from_string(reason) : one.value;
        if (!view_equal(out, view_from_string(ROWS[i].expected)))
            print_message("%s became %.*s\n", ROWS[i].value, (int)out.len, (const char *)out.data);
        assert_true(view_equal(out, view_from_string(ROWS[i].expected)));
    }
    arena_free(arena);
}

static void an_address_with_a_port_is_an_endpoint(void **state)
{
    struct arena *arena = arena_new();
    struct indicator one = {.kind = INDICATOR_IP, .value = VIEW("192.0.2.1:8443")};
    (void)state;
    assert_null(indicator_settle(arena, &one));
    assert_int_equal(one.kind, INDICATOR_ENDPOINT);
    assert_int_equal(one.port, 8443);
    assert_true(view_equal(one.value, VIEW("192.0.2.1")));
    arena_free(arena);
}

static void times_have_many_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: no time */
    } ROWS[] = {
        {"2024-01-09", 1704758400},
        {"2024-01-09T11:52:30Z", 1704801150},
        {"2024-01-09T11:52:30.001Z", 1704801150},
        {"2024-01-09T11:52:30.000000Z", 1704801150},
        {"2024-01-09T11:52:30.000000+00:00", 1704801150},
        {"2024-01-09T13:52:30+02:00", 1704801150},
        {"2024-01-09T06:22:30-0530", 1704801150},
        {"2024-01-09 11:52:30", 1704801150},
        {"2024/01/09 11:52:30", 1704801150},
        {"2024-01-09 11:52:30 UTC", 1704801150},
        {"1704801150", 1704801150},
        {"2024-13-09", -1},
        {"2024-01-09T11:52:30+99:00", -1},
        {"yesterday", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        int64_t time = 0;
        bool is_time = indicator_parse_time(view_from_string(ROWS[i].text), &time);
        if (is_time != (ROWS[i].seconds >= 0))
            print_message("the text is %s\n", ROWS[i].text);
        assert_int_equal(is_time, ROWS[i].seconds >= 0);
        if (is_time)
            assert_int_equal(time / 1000000, ROWS[i].seconds);
    }
}

static void names_of_kinds_and_markings(void **state)
{
    (void)state;
    assert_int_equal(indicator_kind_named(VIEW("IP-DST")), INDICATOR_IP);
    assert_int_equal(indicator_kind_named(VIEW("ja3_hash")), INDICATOR_JA3);
    assert_int_equal(indicator_kind_named(VIEW("CERT_HASH")), INDICATOR_CERT_SHA1);
    assert_int_equal(indicator_kind_named(VIEW("nonsense")), INDICATOR_NONE);
    assert_int_equal(marking_named(VIEW("tlp:white")), MARKING_CLEAR);
    assert_int_equal(marking_named(VIEW("TLP:AMBER+STRICT")), MARKING_AMBER);
    assert_int_equal(marking_named(VIEW("tlp:")), MARKING_NONE);
    assert_int_equal(marking_named(VIEW("x")), MARKING_NONE);
    assert_string_equal(marking_tag(MARKING_RED), "tlp.red");
}

static void the_same_name_gives_the_same_id(void **state)
{
    char one[UUID_TEXT_MAX], two[UUID_TEXT_MAX];
    (void)state;
    assert_string_equal(uuid_of_name(VIEW("x"), one), uuid_of_name(VIEW("x"), two));
    assert_string_not_equal(one, uuid_of_name(VIEW("y"), two));
    assert_int_equal(strlen(one), 36);
    assert_int_equal(one[14], '5');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_tells_its_kind),
        cmocka_unit_test(what_was_made_harmless_is_mended),
        cmocka_unit_test(a_value_has_one_form),
        cmocka_unit_test(an_address_with_a_port_is_an_endpoint),
        cmocka_unit_test(times_have_many_forms),
        cmocka_unit_test(names_of_kinds_and_markings),
        cmocka_unit_test(the_same_name_gives_the_same_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
