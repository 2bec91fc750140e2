/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and addresses of many: what the tables know, and what they must not. */
#include "unit/test.h"

#include <stdio.h>
#include <string.h>

#include "lint/popular_name.h"
#include "lint/shared_address.h"
#include "lint/shared_name.h"

static void names_are_known_by_their_list(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *what; /* beginning; NULL: nobody's of many */
        bool is_far;
    } ROWS[] = {
        {"google.com", "on Tranco's", false},
        {"GOOGLE.com.", "on Tranco's", false},
        {"www.youtube.com", "on Umbrella's", false},
        {"avsvmcloud.com", "on Cloudflare's", true},
        {"github.io", "a service",
         false}, /* what is behind a name is told before how popular it is */
        {"co.uk", "a public suffix", false},
        {"evil.example", NULL, false},
        {"googlecom", NULL, false},
        {"", NULL, false},
    };

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        bool is_far = true;
        const char *what = shared_name(view_from_string(ROWS[i].name), &is_far);
        if (ROWS[i].what == NULL) {
            assert_null(what);
            continue;
        }
        assert_non_null(what);
        assert_memory_equal(what, ROWS[i].what, strlen(ROWS[i].what));
        assert_int_equal(is_far, ROWS[i].is_far);
    }
}

/* One in 40 million: among these none. */
static void names_of_nobody_are_on_no_list(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 200000; i++) {
        char name[32];
        int len = snprintf(name, sizeof(name), "n%u.invalid", i);
        assert_int_equal(popular_name(view_make(name, (size_t)len)), POPULAR_NONE);
    }
}

static void ranges_end_where_they_end(void **unused)
{
    (void)unused;
    static const struct {
        const char *range, *what;
        bool is_rented;
    } ROWS[] = {
        {"104.16.0.0", "Cloudflare's", false},
        {"104.16.0.0/13", "Cloudflare's", false},
        {"104.27.255.255", "Cloudflare's", false}, /* 104.16.0.0/13 and 104.24.0.0/14 are one */
        {"104.28.0.0", NULL, false},
        {"104.15.255.255", NULL, false},
        {"104.0.0.0/8", NULL, false}, /* more than is theirs */
        {"0.0.0.0/0", NULL, false},
        {"::/0", NULL, false},
        {"0.0.0.0", NULL, false},
        {"255.255.255.255", NULL, false},
        {"8.8.8.8", "a public resolver", false},
        {"8.8.8.9", NULL, false},
        {"151.101.1.1", "Fastly's", false},
        {"2606:4700::1", "Cloudflare's", false},
        {"2606:4700::/32", "Cloudflare's", false},
        {"2606:4700::/31", NULL, false},
        {"2001:4860:4860::8888", "a public resolver", false},
        {"104.110.191.133", "Akamai's", true},
        {"52.203.216.120", "of Amazon's", true},
        {"192.0.2.1", NULL, false},
    };

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct address address;
        unsigned bits;
        bool is_rented;
        assert_true(address_parse_prefix(view_from_string(ROWS[i].range), &address, &bits));
        const char *what = shared_address(&address, bits, &is_rented);
        if (ROWS[i].what == NULL) {
            assert_null(what);
            continue;
        }
        assert_non_null(what);
        assert_memory_equal(what, ROWS[i].what, strlen(ROWS[i].what));
        assert_int_equal(is_rented, ROWS[i].is_rented);
    }
}

static void reserved_ranges_are_known(void **unused)
{
    (void)unused;
    static const struct {
        const char *range, *what;
    } ROWS[] = {
        {"10.0.0.0/8", "private"},
        {"10.255.255.255", "private"},
        {"11.0.0.0", NULL},
        {"8.0.0.0/6", NULL},
        {"172.31.255.255", "private"},
        {"172.32.0.0", NULL},
        {"192.168.0.0/16", "private"},
        {"127.0.0.1", "the host itself"},
        {"::1", "the host itself"},
        {"::", "no host's"},
        {"::2", NULL},
        {"fe80::1", "of one link"},
        {"fd00::/8", "private"},
        {"239.1.2.3", "multicast"},
        {"ff02::1", "multicast"},
        {"255.255.255.255", "everybody's"},
        {"2001:db8::1", NULL},
        {"::/0", NULL},
    };

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct address address;
        unsigned bits;
        assert_true(address_parse_prefix(view_from_string(ROWS[i].range), &address, &bits));
        const char *what = reserved_address(&address, bits);
        if (ROWS[i].what == NULL)
            assert_null(what);
        else
            assert_string_equal(what, ROWS[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_known_by_their_list),
        cmocka_unit_test(names_of_nobody_are_on_no_list),
        cmocka_unit_test(ranges_end_where_they_end),
        cmocka_unit_test(reserved_ranges_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
