/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates: the texts of their fields, and what broken ones do. */
#include "unit/test.h"

#include <stdlib.h>

#include "proto/tls/x509.h"
#include "unit/certificates.h"

static struct field_set wanted;

static struct event *read_certificate(struct view der, bool *is_good)
{
    struct event *event = event_new();

    memset(&wanted, 0, sizeof(wanted));
    field_set_add_event(&wanted, EVENT_TLS);
    event->wanted = &wanted;
    event_begin(event, EVENT_TLS, TO_CLIENT, NULL, NULL);
    *is_good = x509_add_fields(event, der);
    return event;
}

static void assert_text(const struct event *event, enum field_id id, const char *expected)
{
    struct view text = event_bytes(event, id);
    if (!view_equal(text, view_from_string(expected)))
        fail_msg("%s is '%.*s', not '%s'", field_get(id)->name, (int)text.len,
                 (const char *)text.data, expected);
}

static void a_certificate_has_the_texts_of_suricata(void **state)
{
    (void)state;
    bool is_good;
    struct event *event = read_certificate(view_make(CERTIFICATE, sizeof(CERTIFICATE)), &is_good);

    assert_true(is_good);
    assert_text(event, FIELD_TLS_CERT_SUBJECT, "C=DE, O=W\xc3\xbcrger AG, CN=www.example.org");
    assert_text(event, FIELD_TLS_CERT_ISSUER, "C=DE, O=Example CA, Email=ca@example.org");
    assert_text(event, FIELD_TLS_CERT_SERIAL, "00:8F:00:FF:01");
    assert_text(event, FIELD_TLS_CERT_FINGERPRINT,
                "b9:4e:e5:d8:08:2f:f0:c5:8c:f6:3f:d2:fb:50:07:bf:40:6b:02:d8");
    assert_int_equal(event_number(event, FIELD_TLS_CERT_NOTBEFORE, 0), 1709210096000000);
    assert_int_equal(event_number(event, FIELD_TLS_CERT_NOTAFTER, 0), 2556144000000000);
    assert_int_equal(event_number(event, FIELD_TLS_CERT_SELF_SIGNED, -1), 0);
    event_free(event);
}

static void alternative_names_are_lower_case_names_and_addresses(void **state)
{
    (void)state;
    static const char *const expected[] = {"www.example.org", "*.example.net", "192.0.2.7",
                                           "2001:db8::1"};
    bool is_good;
    struct event *event = read_certificate(view_make(CERTIFICATE, sizeof(CERTIFICATE)), &is_good);
    struct value_list names = event_get(event, FIELD_TLS_SUBJECTALTNAME);

    assert_int_equal(names.count, 4); /* the mail address is none */
    for (uint32_t i = 0; i < names.count; i++)
        assert_true(view_equal(names.items[i].bytes, view_from_string(expected[i])));
    event_free(event);
}

static void unusual_names_and_old_dates_are_told(void **state)
{
    (void)state;
    bool is_good;
    struct event *event =
        read_certificate(view_make(ODD_CERTIFICATE, sizeof(ODD_CERTIFICATE)), &is_good);

    assert_true(is_good);
    assert_text(event, FIELD_TLS_CERT_SUBJECT,
                "CN=two + OU=values, CN=\xc5\xbd\xf0\x9f\x98\x80, serialNumber=5157550, "
                "msJurisdictionCountry=US, OID(2.5.4.97)=VATDE-1");
    assert_int_equal(event_number(event, FIELD_TLS_CERT_SELF_SIGNED, -1), 1);
    assert_int_equal(event_number(event, FIELD_TLS_CERT_NOTBEFORE, 0), -86400000000);
    assert_int_equal(event_number(event, FIELD_TLS_CERT_NOTAFTER, 0), 1000000);
    assert_int_equal(event_get(event, FIELD_TLS_SUBJECTALTNAME).count, 0);
    event_free(event);
}

static void a_certificate_that_is_cut_has_a_fingerprint_only(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(CERTIFICATE); len++) {
        uint8_t *copy = malloc(len + 1); /* of this length, so that reading past it is seen */
        assert_non_null(copy);
        memcpy(copy, CERTIFICATE, len);
        bool is_good;
        struct event *event = read_certificate(view_make(copy, len), &is_good);
        assert_false(is_good);
        assert_int_equal(event_get(event, FIELD_TLS_CERT_SUBJECT).count, 0);
        assert_int_equal(event_get(event, FIELD_TLS_CERT_FINGERPRINT).count, len > 0);
        event_free(event);
        free(copy);
    }
}

static void any_changed_byte_is_survived(void **state)
{
    (void)state;
    uint8_t copy[sizeof(CERTIFICATE)];

    memcpy(copy, CERTIFICATE, sizeof(copy));
    for (size_t i = 0; i < sizeof(copy); i++) {
        bool is_good;
        copy[i] ^= 0xff;
        event_free(read_certificate(view_make(copy, sizeof(copy)), &is_good));
        copy[i] = (uint8_t)(CERTIFICATE[i] + 1);
        event_free(read_certificate(view_make(copy, sizeof(copy)), &is_good));
        copy[i] = CERTIFICATE[i];
    }
}

static void what_nobody_wants_is_not_made(void **state)
{
    (void)state;
    struct event *event = event_new();
    struct view der = view_make(CERTIFICATE, sizeof(CERTIFICATE));

    memset(&wanted, 0, sizeof(wanted));
    field_set_add(&wanted, FIELD_TLS_SNI);
    event->wanted = &wanted;
    event_begin(event, EVENT_TLS, TO_CLIENT, NULL, NULL);
    assert_true(x509_add_fields(event, der));
    assert_int_equal(event->value_count, 0);
    field_set_add(&wanted, FIELD_TLS_CERT_FINGERPRINT);
    assert_true(x509_add_fields(event, der));
    assert_int_equal(event->value_count, 1);
    event_free(event);
}

static void times_of_both_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        int64_t seconds;
    } cases[] = {
        {23, "700101000000Z", 0},
        {23, "491231235959Z", 2524607999},
        {23, "500101000000Z", -631152000},
        {23, "9912312359Z", 946684740},
        {24, "20240229123456Z", 1709210096},
        {24, "20000229000000Z", 951782400},
        {24, "19000301000000Z", -2203891200},
        {24, "00000101000000Z", -62167219200},
        {24, "99991231235959Z", 253402300799},
        {24, "20240101010000+0100", 1704067200},
        {24, "20231231233000-0030", 1704067200},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t seconds = 1;
        assert_true(x509_time_parse(cases[i].tag, view_from_string(cases[i].text), &seconds));
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
    } cases[] = {
        {22, "700101000000Z"},   {23, ""},
        {23, "70010100"},        {23, "701301000000Z"},
        {23, "700100000000Z"},   {23, "7001010x00Z"},
        {24, "70010100000Z"},    {24, "20240101240000Z"},
        {24, "-0240101000000Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t seconds;
        if (x509_time_parse(cases[i].tag, view_from_string(cases[i].text), &seconds))
            fail_msg("'%s'", cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_has_the_texts_of_suricata),
        cmocka_unit_test(alternative_names_are_lower_case_names_and_addresses),
        cmocka_unit_test(unusual_names_and_old_dates_are_told),
        cmocka_unit_test(a_certificate_that_is_cut_has_a_fingerprint_only),
        cmocka_unit_test(any_changed_byte_is_survived),
        cmocka_unit_test(what_nobody_wants_is_not_made),
        cmocka_unit_test(times_of_both_forms_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
