/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a certificate deny the name that the client asked for? Certificates are made here; GnuTLS's own check is the oracle. */
#include "unit/test.h"

#include <gnutls/x509.h>
#include <stdio.h>

#include "proto/tls/x509.h"

enum { DER_MAX = 64 * 1024, DAY_S = 86400 };

static gnutls_x509_privkey_t key;

static int make_key(void **state)
{
    (void)state;
    return gnutls_x509_privkey_init(&key) != 0 ||
           gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) != 0;
}

static int free_key(void **state)
{
    (void)state;
    gnutls_x509_privkey_deinit(key);
    return 0;
}

/* Signed by itself. `names` are separated by blanks; digits and dots alone are an address. */
static gnutls_x509_crt_t make_certificate(const char *common_name, const char *names)
{
    gnutls_x509_crt_t crt;
    char list[4096], *rest = list;

    snprintf(list, sizeof(list), "%s", names);
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\1", 1);
    gnutls_x509_crt_set_activation_time(crt, 0);
    gnutls_x509_crt_set_expiration_time(crt, DAY_S);
    assert_int_equal(
        gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "x", 1), 0);
    if (*common_name != '\0')
        assert_int_equal(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
                                                       common_name, (unsigned)strlen(common_name)),
                         0);
    for (char *name = strtok_r(list, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
        bool is_address = strspn(name, "0123456789.") == strlen(name);
        struct address address;
        unsigned bits;
        if (is_address)
            assert_true(address_parse_prefix(view_from_string(name), &address, &bits));
        assert_int_equal(gnutls_x509_crt_set_subject_alt_name(
                             crt, is_address ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
                             is_address ? (const void *)(address.bytes + 12) : name,
                             is_address ? 4 : (unsigned)strlen(name), GNUTLS_FSAN_APPEND),
                         0);
    }
    assert_int_equal(gnutls_x509_crt_set_key(crt, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    return crt;
}

static struct view der_of(gnutls_x509_crt_t crt)
{
    static uint8_t der[DER_MAX];
    size_t len = sizeof(der);

    assert_int_equal(gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_DER, der, &len), 0);
    return view_make(der, len);
}

static bool is_denied_by_gnutls(gnutls_x509_crt_t crt, const char *host)
{
    struct view der = der_of(crt);
    gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der.data, (unsigned)der.len};
    gnutls_x509_crt_t read; /* one that is made has no names before it is read again */

    assert_int_equal(gnutls_x509_crt_init(&read), 0);
    assert_int_equal(gnutls_x509_crt_import(read, &datum, GNUTLS_X509_FMT_DER), 0);
    bool is_denied = gnutls_x509_crt_check_hostname(read, host) == 0;
    gnutls_x509_crt_deinit(read);
    return is_denied;
}

/* 1, 0, or -1 when it is absent. */
static int mismatch_of(gnutls_x509_crt_t crt, const char *host)
{
    struct field_set wanted = {{0}};
    struct event *event = event_new();

    field_set_add(&wanted, FIELD_TLS_CERT_SAN_MISMATCH);
    event->wanted = &wanted;
    event_begin(event, EVENT_TLS, TO_CLIENT, NULL, NULL);
    if (*host != '\0')
        event_add_bytes(event, FIELD_TLS_SNI, view_from_string(host));
    assert_true(x509_add_fields(event, der_of(crt)));
    int result = (int)event_number(event, FIELD_TLS_CERT_SAN_MISMATCH, -1);
    event_free(event);
    return result;
}

static void names_are_compared_as_clients_do(void **state)
{
    static const struct {
        const char *common_name, *names, *host;
        int mismatch;
    } ROWS[] = {
        {"", "www.example.org", "www.example.org", 0},
        {"", "WWW.Example.ORG", "www.example.org", 0},
        {"", "a.example.org www.example.org", "www.example.org", 0},
        {"", "example.org", "www.example.org", 1},
        {"", "www.example.org", "example.org", 1},
        {"", "*.example.org", "www.example.org", 0},
        {"", "*.example.org", "example.org", 1},
        {"", "*.example.org", "a.www.example.org", 1},
        {"", "*.example.org", "www.example.com", 1},
        {"", "*.org", "example.org", 1},
        {"", "*.*.org", "www.example.org", 1},
        {"", "a.*.org", "a.example.org", 1},
        {"", "*", "localhost", 1},
        {"", "xn--mnchen-3ya.example.org", "xn--mnchen-3ya.example.org", 0},
        {"", "*.example.org", "xn--mnchen-3ya.example.org", 0},
        {"www.example.org", "", "www.example.org",
         0}, /* no alternative name: the common one counts */
        {"*.example.org", "", "www.example.org", 0},
        {"localhost", "", "www.example.org", 1},
        {"www.example.org", "other.example.org", "www.example.org", 1},
        {"", "", "www.example.org", 1},
        {"", "192.0.2.1", "192.0.2.1", 0},
        {"", "192.0.2.1", "192.0.2.2", 1},
        {"", "*.0.2.1", "192.0.2.1", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        gnutls_x509_crt_t crt = make_certificate(ROWS[i].common_name, ROWS[i].names);
        int ours = mismatch_of(crt, ROWS[i].host);
        int theirs = is_denied_by_gnutls(crt, ROWS[i].host);
        if (ours != ROWS[i].mismatch || ours != theirs)
            print_message("%s of CN=%s, %s: ours %d, GnuTLS %d\n", ROWS[i].host,
                          ROWS[i].common_name, ROWS[i].names, ours, theirs);
        assert_int_equal(ours, ROWS[i].mismatch);
        assert_int_equal(ours, theirs);
        gnutls_x509_crt_deinit(crt);
    }
}

static void without_a_name_asked_for_nothing_is_said(void **state)
{
    (void)state;
    gnutls_x509_crt_t crt = make_certificate("", "www.example.org");
    assert_int_equal(mismatch_of(crt, ""), -1);
    gnutls_x509_crt_deinit(crt);
}

/* GnuTLS reads more names than are read here: what is not known is not said. */
static void more_names_than_are_read_deny_nothing(void **state)
{
    char names[4096] = "www.example.org";
    size_t len = strlen(names);
    (void)state;
    for (unsigned i = 0; i < 600 && len + 8 < sizeof(names); i++)
        len += (size_t)snprintf(names + len, sizeof(names) - len, " h%u", i);
    gnutls_x509_crt_t crt = make_certificate("", names);
    assert_int_equal(mismatch_of(crt, "www.example.org"), 0);
    assert_int_equal(mismatch_of(crt, "www.example.com"), -1);
    gnutls_x509_crt_deinit(crt);
}

static void a_final_dot_of_a_name_does_not_count(void **state)
{
    (void)state;
    assert_true(x509_name_stands_for(VIEW("www.example.org."), VIEW("www.example.org")));
    assert_true(x509_name_stands_for(VIEW("*.example.org."), VIEW("www.example.org")));
    assert_false(x509_name_stands_for(VIEW("*.example.org"), VIEW(".example.org")));
    assert_false(x509_name_stands_for(VIEW(""), VIEW("www.example.org")));
    assert_false(x509_name_stands_for(VIEW("*."), VIEW("a.")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_compared_as_clients_do),
        cmocka_unit_test(without_a_name_asked_for_nothing_is_said),
        cmocka_unit_test(more_names_than_are_read_deny_nothing),
        cmocka_unit_test(a_final_dot_of_a_name_does_not_count),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
