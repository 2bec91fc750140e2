/* SPDX-License-Identifier: BSD-3-Clause */
/* IDNA: U-labels become the A-labels that the wire carries; what has none is refused. */
#include "unit/test.h"

#include "base/idna.h"
#include "base/key.h"

/* The A-labels; "" when there are none. */
static const char *mapped(const char *name)
{
    static char out[IDNA_NAME_MAX + 1];
    const char *why = NULL;
    size_t len = idna_map(view_from_string(name), (uint8_t *)out, &why);
    assert_int_equal(len == 0, why != NULL);
    out[len] = '\0';
    return out;
}

static void names_beyond_ascii_have_a_labels(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *labels;
    } ROWS[] = {
        {"münchen.example", "xn--mnchen-3ya.example"},
        {"WWW.MÜNCHEN.Example", "www.xn--mnchen-3ya.example"},
        {"mu\xcc\x88nchen.example", "xn--mnchen-3ya.example"}, /* u and a combining diaeresis */
        {"straße.de", "xn--strae-oqa.de"},                     /* not transitional: not strasse */
        {"_dmarc.münchen.de", "_dmarc.xn--mnchen-3ya.de"},
        {"mü_x.de", "xn--m_x-hoa.de"},
        {"例え.テスト", "xn--r8jz45g.xn--zckzah"},
        {"例え。テスト", "xn--r8jz45g.xn--zckzah"}, /* the ideographic full stop is a dot */
        {"ａ.example", "a.example"},
        {"пример.xn--e1afmkfd", "xn--e1afmkfd.xn--e1afmkfd"},
        {"☃.net", "xn--n3h.net"}, /* not of IDNA 2008, and yet it is there */
        {"💩.la", "xn--ls8h.la"},
        {"münchen.example.", "xn--mnchen-3ya.example."},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        assert_string_equal(mapped(ROWS[i].name), ROWS[i].labels);
}

static void what_has_none_is_told(void **unused)
{
    (void)unused;
    static const char *const ROWS[] = {
        "-ü.de",   "ü-.de",    "\xff.de",  "\xc3",    "mü..de",      ".mü.de",        "a b.mü.de",
        "*.mü.de", "mü.de:80", "mü／x.de", "mü@x.de", "\xc2\xad.de", "xn--aa---ü.de",
    };
    char longest[1100];

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        assert_string_equal(mapped(ROWS[i]), "");
    for (size_t len = 0; len + 2 < sizeof(longest); len += 2)
        memcpy(longest + len, "ü", 3);
    assert_string_equal(mapped(longest), "");
    longest[80] = '\0'; /* a label of forty letters, whose A-label is too long */
    memcpy(longest + 60, ".de", 4);
    assert_string_not_equal(mapped(longest), "");
    const char *why = NULL;
    uint8_t out[IDNA_NAME_MAX];
    assert_int_equal(idna_map(VIEW("\0ü"), out, &why), 0);
    assert_string_equal(why, "it holds a zero byte");
}

static void a_url_has_its_host_mapped(void **unused)
{
    (void)unused;
    static const struct {
        const char *url, *mapped;
    } ROWS[] = {
        {"http://münchen.example/ü?ö", "http://xn--mnchen-3ya.example/ü?ö"},
        {"https://me:pw@münchen.example:8443/x", "https://me:pw@xn--mnchen-3ya.example:8443/x"},
        {"münchen.example", "xn--mnchen-3ya.example"},
        {"ftp://münchen.example./x", "ftp://xn--mnchen-3ya.example./x"},
        {"http://mü／x.de/", ""},
    };
    uint8_t out[512];
    const char *why;

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct view url = idna_map_url(view_from_string(ROWS[i].url), out, &why);
        assert_true(view_equal(url, view_from_string(ROWS[i].mapped)));
    }
    assert_true(view_equal(key_url_host(VIEW("http://[2001:db8::1]:80/")), VIEW("[2001:db8::1")));
    assert_int_equal(key_url_host(VIEW("/x")).len, 0);
}

static void ascii_is_not_foreign(void **unused)
{
    (void)unused;
    assert_false(idna_is_foreign(VIEW("")));
    assert_false(idna_is_foreign(VIEW("xn--mnchen-3ya.example\x7f")));
    assert_true(idna_is_foreign(VIEW("\x80")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_beyond_ascii_have_a_labels),
        cmocka_unit_test(what_has_none_is_told),
        cmocka_unit_test(a_url_has_its_host_mapped),
        cmocka_unit_test(ascii_is_not_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
