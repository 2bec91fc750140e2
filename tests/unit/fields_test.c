/* SPDX-License-Identifier: BSD-3-Clause */
/* The field table and events. */
#include "unit/test.h"

#include "fields/event.h"

static void names_are_unique_within_an_event_and_its_envelope(void **state)
{
    (void)state;
    for (enum field_id a = 0; a < FIELD_COUNT; a++) {
        for (enum field_id b = 0; b < a; b++) {
            enum event_type x = field_get(a)->event, y = field_get(b)->event;
            if (x == y || x == EVENT_ANY || y == EVENT_ANY)
                assert_string_not_equal(field_get(a)->name, field_get(b)->name);
        }
    }
}

static void rows_of_an_event_stand_together_and_fit_its_slots(void **state)
{
    (void)state;
    size_t rows = 0;
    for (enum event_type type = EVENT_ANY; type < EVENT_COUNT; type++) {
        size_t count = field_end(type) - field_first(type);
        assert_true(count > 0);
        assert_true(type == EVENT_ANY || count <= EVENT_SLOTS_MAX);
        rows += count;
    }
    assert_int_equal(rows, FIELD_COUNT);
}

static void an_event_begins_at_its_first_field(void **state)
{
    (void)state;
    struct event *event = event_new();
    for (enum event_type type = EVENT_PACKET; type < EVENT_COUNT; type++) {
        event_begin(event, type, TO_SERVER, NULL, NULL);
        assert_int_equal(event->first, field_first(type));
    }
    event_free(event);
}

static void aliases_lead_to_their_field(void **state)
{
    (void)state;
    assert_int_equal(field_find(EVENT_HTTP, VIEW("c-useragent")), FIELD_HTTP_USER_AGENT);
    assert_int_equal(field_find(EVENT_HTTP, VIEW("cs-host")), FIELD_HTTP_HOST);
    assert_int_equal(field_find(EVENT_TLS, VIEW("certificate.serial")), FIELD_TLS_CERT_SERIAL);
    assert_int_equal(field_find(EVENT_DNS, VIEW("id.orig_h")), FIELD_SRC_IP);
    assert_int_equal(field_find(EVENT_DNS, VIEW("http.uri")), FIELD_NONE);
    assert_int_equal(field_find(EVENT_FLOW, VIEW("tls.sni")), FIELD_FLOW_TLS_SNI);
    assert_int_equal(field_find(EVENT_TLS, VIEW("tls.sni")), FIELD_TLS_SNI);
}

static void a_misspelt_name_gets_the_nearest_one(void **state)
{
    (void)state;
    assert_string_equal(field_suggest(EVENT_HTTP, VIEW("http.user-agent")), "http.user_agent");
    assert_string_equal(field_suggest(EVENT_DNS, VIEW("dns.qery")), "dns.query");
    assert_null(field_suggest(EVENT_DNS, VIEW("CommandLine.Hashes")));
    assert_string_equal(field_suggest(EVENT_HTTP, VIEW("http.status")), "http.stat_code");
    assert_string_equal(field_suggest(EVENT_TLS, VIEW("tls.ja3")), "ja3.hash");
    assert_string_equal(field_suggest(EVENT_TLS, VIEW("tls.subject")), "tls.cert_subject");
}

static void an_event_keeps_several_values_and_counts_what_does_not_fit(void **state)
{
    (void)state;
    struct event *event = event_new();
    event_begin(event, EVENT_DNS, TO_SERVER, NULL, NULL);
    assert_null(event_bytes(event, FIELD_DNS_QUERY).data);
    event_add_bytes(event, FIELD_DNS_QUERY, VIEW(""));
    assert_non_null(event_bytes(event, FIELD_DNS_QUERY).data);
    for (int i = 0; i < EVENT_VALUES_MAX; i++)
        event_add_number(event, FIELD_DNS_TTL, i);
    assert_int_equal(event_get(event, FIELD_DNS_TTL).count, EVENT_VALUES_MAX - 1);
    assert_int_equal(event_get(event, FIELD_DNS_TTL).items[7].number, 7);
    assert_int_equal(event->truncated, 1);
    assert_non_null(event_text(event, EVENT_TEXT_MAX));
    assert_null(event_text(event, 1));
    event_text_trim(event, 1);
    assert_non_null(event_text(event, 1));
    event_free(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_within_an_event_and_its_envelope),
        cmocka_unit_test(rows_of_an_event_stand_together_and_fit_its_slots),
        cmocka_unit_test(an_event_begins_at_its_first_field),
        cmocka_unit_test(aliases_lead_to_their_field),
        cmocka_unit_test(a_misspelt_name_gets_the_nearest_one),
        cmocka_unit_test(an_event_keeps_several_values_and_counts_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
