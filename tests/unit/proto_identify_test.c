/* SPDX-License-Identifier: BSD-3-Clause */
/* Identification: whose bytes are these, and what the port would have said. */
#include "unit/test.h"

#include "proto/http1/http1_message.h"
#include "unit/http_feed.h"

static struct view hello(void)
{
    static uint8_t bytes[200] = {0x16, 0x03, 0x01, 0x00, 195, 0x01, 0x00, 0x00, 191, 0x03, 0x03};
    return view_make(bytes, sizeof(bytes));
}

static void assert_protocol(struct feed *f, enum proto_id id)
{
    assert_string_equal(proto_name(proto_of_flow(&f->flow)), proto_name(id));
}

static void done(struct feed *f)
{
    feed_finish(f);
    assert_int_equal(feed_free(f), 0);
}

static void first_lines_of_http_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        enum direction direction;
        enum identify_result result;
    } cases[] = {
        {"GET / HTTP/1.1\r\n", TO_SERVER, IDENTIFY_YES},
        {"G", TO_SERVER, IDENTIFY_MORE},
        {"GET /x", TO_SERVER, IDENTIFY_MORE},
        {"GET /x\r\n", TO_SERVER, IDENTIFY_YES},
        {"PROPFIND /dav HTTP/1.1\n", TO_SERVER, IDENTIFY_YES},
        {"MADE-UP x HTTP/1.0\r\n", TO_SERVER, IDENTIFY_YES},
        {"MADE-UP x\r\n", TO_SERVER, IDENTIFY_NO},
        {"\r\nGET / HTTP/1.1\r\n", TO_SERVER, IDENTIFY_YES},
        {"PRI * HTTP/2.0\r\n", TO_SERVER, IDENTIFY_NO},
        {"OPTIONS rtsp://h/ RTSP/1.0\r\n", TO_SERVER, IDENTIFY_NO},
        {"REGISTER sip:h SIP/2.0\r\n", TO_SERVER, IDENTIFY_NO},
        {"EHLO mail.example\r\n", TO_SERVER, IDENTIFY_NO},
        {"SSH-2.0-OpenSSH\r\n", TO_SERVER, IDENTIFY_NO},
        {"GET /\x01\x02", TO_SERVER, IDENTIFY_MORE}, /* servers take it */
        {"GET /\x01\x02 HTTP/1.1\r\n", TO_SERVER, IDENTIFY_YES},
        {"MADE-UP /\x01\x02", TO_SERVER, IDENTIFY_NO},
        {"GET /x HTTP/3.0\r\n", TO_SERVER, IDENTIFY_YES},
        {"MADE-UP x HTTP/3.0\r\n", TO_SERVER, IDENTIFY_NO},
        {"HTTP/1.1 200 OK\r\n", TO_CLIENT, IDENTIFY_YES},
        {"HTTP/1.", TO_CLIENT, IDENTIFY_MORE},
        {"HTTPS", TO_CLIENT, IDENTIFY_NO},
        {"220 mail ESMTP\r\n", TO_CLIENT, IDENTIFY_NO},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view start = view_from_string(cases[i].start);
        if (http_looks_like(start, cases[i].direction) != cases[i].result)
            fail_msg("%s", cases[i].start);
    }
}

static void a_verdict_does_not_change_with_more_bytes(void **state)
{
    (void)state;
    static const char *const texts[] = {"GET /index.html HTTP/1.1\r\nHost: h\r\n",
                                        "GET /index.html JUNK\r\n", "FOO bar baz\r\n",
                                        "HTTP/1.1 200"};
    for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
        struct view text = view_from_string(texts[t]);
        for (int direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
            enum identify_result last = IDENTIFY_MORE;
            for (size_t len = 1; len <= text.len; len++) {
                enum identify_result now =
                    http_looks_like(view_slice(text, 0, len), (enum direction)direction);
                assert_true(last == IDENTIFY_MORE || now == last);
                last = now;
            }
        }
    }
}

static void content_is_asked_before_the_port(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->flow.server_port = 443;
    feed_bytes(f, TO_SERVER, VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_protocol(f, PROTO_HTTP);
    assert_true(f->flow.flags & FLOW_PROTO_MISMATCH);
    assert_int_equal(f->context.stats.mismatches, 1);
    assert_int_equal(f->anomalies[ANOMALY_APPLAYER_PORT_PROTO_MISMATCH], 1);
    done(f);
}

static void a_port_of_nobody_is_no_mismatch(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->flow.server_port = 4444;
    feed_bytes(f, TO_SERVER, VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_protocol(f, PROTO_HTTP);
    assert_false(f->flow.flags & FLOW_PROTO_MISMATCH);
    done(f);
}

static void tls_is_known_by_its_record(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->flow.server_port = 443;
    for (size_t i = 0; i < hello().len; i++)
        feed_bytes(f, TO_SERVER, view_slice(hello(), i, i + 1));
    assert_protocol(f, PROTO_TLS);
    assert_int_equal(f->context.stats.mismatches, 0);
    done(f);
}

static void a_flow_fails_when_both_sides_are_foreign(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    feed_bytes(f, TO_CLIENT, VIEW("220 mail.example ESMTP ready and willing\r\n"));
    assert_protocol(f, PROTO_UNKNOWN);
    assert_false(proto_is_done(&f->flow, TO_CLIENT));
    feed_bytes(f, TO_SERVER, VIEW("EHLO client.example and some more text\r\n"));
    assert_protocol(f, PROTO_FAILED);
    assert_true(f->flow.flags & FLOW_PROTO_MISMATCH); /* SMTP on port 80 */
    assert_false(proto_is_done(&f->flow, TO_CLIENT)); /* STARTTLS may come */
    uint8_t mail[1000];
    memset(mail, 'm', sizeof(mail));
    for (int i = 0; i < 66; i++)
        feed_bytes(f, TO_SERVER, view_make(mail, sizeof(mail)));
    assert_true(proto_is_done(&f->flow, TO_CLIENT));
    feed_bytes(f, TO_SERVER, hello());
    assert_protocol(f, PROTO_FAILED);
    done(f);
}

static void tls_may_begin_within_a_foreign_protocol(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->flow.server_port = 25;
    feed_bytes(f, TO_CLIENT, VIEW("220 mail.example ESMTP ready and willing\r\n"));
    feed_bytes(f, TO_SERVER, VIEW("STARTTLS and some more text for sure\r\n"));
    feed_bytes(f, TO_CLIENT, VIEW("220 go ahead\r\n"));
    feed_bytes(f, TO_SERVER, view_slice(hello(), 0, 3)); /* too little for a plain yes */
    assert_protocol(f, PROTO_FAILED);
    feed_bytes(f, TO_SERVER, hello());
    assert_protocol(f, PROTO_TLS);
    assert_int_equal(f->context.stats.mismatches, 0);
    done(f);
}

/* A client that dialled out and then serves: what comes through a reverse proxy of an implant. */
static void who_asks_may_be_the_flows_server(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    feed_bytes(f, TO_CLIENT, VIEW("GET /run HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_protocol(f, PROTO_HTTP);
    assert_true(f->context.event->is_reversed);
    assert_int_equal(f->context.event->direction, TO_SERVER);
    feed_bytes(f, TO_SERVER, VIEW("HTTP/1.1 204 No Content\r\n\r\n"));
    assert_int_equal(f->context.event->direction, TO_CLIENT);
    assert_int_equal(f->context.stats.transactions[PROTO_HTTP], 1);
    assert_int_equal(f->context.stats.errors[PROTO_HTTP], 0);
    done(f);
}

static void the_server_may_tell_what_the_client_did_not(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    feed_bytes(f, TO_SERVER, VIEW("\x01\x02 strange client with more than a few bytes"));
    assert_protocol(f, PROTO_UNKNOWN);
    feed_bytes(f, TO_CLIENT, VIEW("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"));
    assert_protocol(f, PROTO_HTTP);
    assert_int_equal(f->events, 1);
    feed_bytes(f, TO_SERVER, VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(f->events, 2);
    done(f);
}

static void a_stale_byte_before_a_midstream_request_is_forgiven(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->flow.flags = FLOW_MIDSTREAM;
    feed_bytes(f, TO_SERVER, VIEW("\0"));
    feed_bytes(f, TO_SERVER, VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_protocol(f, PROTO_HTTP);
    assert_int_equal(f->events, 1);
    done(f);
}

static void what_stays_in_doubt_has_failed_at_the_end(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    feed_bytes(f, TO_SERVER, VIEW("GE"));
    assert_protocol(f, PROTO_UNKNOWN);
    proto_flow_close(&f->context, &f->flow);
    assert_protocol(f, PROTO_FAILED);
    assert_int_equal(f->context.stats.mismatches, 0);
    done(f);
}

static void whatever_the_ports_protocol_refuses_is_a_mismatch(void **state)
{
    static const struct {
        uint16_t port;
        struct view up, down;
        bool is_mismatch;
    } cases[] = {
        {443, {(const uint8_t *)"id=7\n", 5}, {NULL, 0}, true},
        {443, {NULL, 0}, {(const uint8_t *)"\xde\xad\xbe\xef", 4}, true},
        {443, {(const uint8_t *)"\x16\x03\x01\x02", 4}, {NULL, 0}, false}, /* TLS so far */
        {443, {(const uint8_t *)"\x16\x03\x01\x02", 4}, {(const uint8_t *)"no\n", 3}, false},
        {80, {(const uint8_t *)"\x01\x02", 2}, {(const uint8_t *)"\x03", 1}, true},
        {4444, {(const uint8_t *)"\x01\x02", 2}, {(const uint8_t *)"\x03", 1}, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int is_midstream = 0; is_midstream < 2; is_midstream++) {
            struct feed *f = feed_new(0);
            f->flow.server_port = cases[i].port;
            f->flow.flags = is_midstream ? FLOW_MIDSTREAM : 0;
            feed_bytes(f, TO_SERVER, cases[i].up);
            feed_bytes(f, TO_CLIENT, cases[i].down);
            proto_flow_close(&f->context, &f->flow);
            assert_protocol(f, PROTO_FAILED);
            assert_int_equal(f->context.stats.mismatches, cases[i].is_mismatch && !is_midstream);
            done(f);
        }
    }
}

static void what_a_refused_side_said_is_shown_when_the_other_proves_it(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    feed_bytes(f, TO_SERVER, VIEW("G@T /odd HTTP/1.1\r\nHost: h\r\n\r\n"));
    feed_bytes(f, TO_CLIENT, VIEW("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"));
    assert_protocol(f, PROTO_HTTP);
    assert_non_null(strstr((const char *)f->log.data, "[http.stat_code=400]"));
    assert_true(f->anomalies[ANOMALY_HTTP_REQUEST_LINE_INVALID] > 0 ||
                strstr((const char *)f->log.data, "[http.uri=/odd]") != NULL);
    done(f);
}

static void a_load_balancers_preface_is_stepped_over(void **state)
{
    static const struct view prefaces[] = {
        {(const uint8_t *)"PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n", 40},
        {(const uint8_t *)"PROXY UNKNOWN\r\n", 15},
        {(const uint8_t *)"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
                          "abcdefghijkl",
         28},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(prefaces) / sizeof(prefaces[0]); i++) {
        for (int is_alone = 0; is_alone < 2; is_alone++) {
            struct feed *f = feed_new(0);
            struct buf bytes;
            const struct view request = VIEW("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
            buf_init(&bytes, 1024);
            buf_add(&bytes, prefaces[i]);
            if (is_alone) {
                feed_bytes(f, TO_SERVER, prefaces[i]);
                feed_bytes(f, TO_SERVER, request);
            } else {
                buf_add(&bytes, request);
                feed_bytes(f, TO_SERVER, buf_view(&bytes));
            }
            assert_protocol(f, PROTO_HTTP);
            assert_int_equal(f->events, 1);
            assert_int_equal(f->anomalies[ANOMALY_HTTP_REQUEST_LINE_INVALID], 0);
            buf_clear(&bytes);
            done(f);
        }
    }
}

static void a_flow_without_bytes_stays_unknown(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    assert_protocol(f, PROTO_UNKNOWN);
    feed_finish(f);
    assert_int_equal(f->context.stats.flows[PROTO_FAILED], 0);
    assert_int_equal(feed_free(f), 0);
}

static void datagrams_are_judged_one_by_one(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->flow.ip_proto = IP_UDP;
    f->flow.server_port = 53;
    for (int i = 0; i < 8; i++) {
        assert_protocol(f, PROTO_UNKNOWN);
        f->packet.payload = (const uint8_t *)"no dns";
        f->packet.payload_len = 6;
        proto_datagram(&f->context, &f->flow, TO_SERVER, &f->packet);
    }
    assert_protocol(f, PROTO_FAILED);
    assert_true(f->flow.flags & FLOW_PROTO_MISMATCH);
    done(f);
}

static void names_and_ports_come_from_the_table(void **state)
{
    (void)state;
    assert_int_equal(proto_find(VIEW("http")), PROTO_HTTP);
    assert_int_equal(proto_find(VIEW("failed")), PROTO_FAILED);
    assert_int_equal(proto_find(VIEW("gopher")), PROTO_UNKNOWN);
    assert_int_equal(proto_of_port(443, IP_TCP), PROTO_TLS);
    assert_int_equal(proto_of_port(443, IP_UDP), PROTO_UNKNOWN);
    assert_int_equal(proto_of_port(53, IP_UDP), PROTO_DNS);
    assert_int_equal(proto_of_port(44, IP_TCP), PROTO_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_lines_of_http_are_known),
        cmocka_unit_test(a_verdict_does_not_change_with_more_bytes),
        cmocka_unit_test(content_is_asked_before_the_port),
        cmocka_unit_test(a_port_of_nobody_is_no_mismatch),
        cmocka_unit_test(tls_is_known_by_its_record),
        cmocka_unit_test(a_flow_fails_when_both_sides_are_foreign),
        cmocka_unit_test(tls_may_begin_within_a_foreign_protocol),
        cmocka_unit_test(who_asks_may_be_the_flows_server),
        cmocka_unit_test(the_server_may_tell_what_the_client_did_not),
        cmocka_unit_test(a_stale_byte_before_a_midstream_request_is_forgiven),
        cmocka_unit_test(what_stays_in_doubt_has_failed_at_the_end),
        cmocka_unit_test(whatever_the_ports_protocol_refuses_is_a_mismatch),
        cmocka_unit_test(what_a_refused_side_said_is_shown_when_the_other_proves_it),
        cmocka_unit_test(a_load_balancers_preface_is_stepped_over),
        cmocka_unit_test(a_flow_without_bytes_stays_unknown),
        cmocka_unit_test(datagrams_are_judged_one_by_one),
        cmocka_unit_test(names_and_ports_come_from_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
