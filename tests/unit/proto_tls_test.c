/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: handshakes written by hand, cut at every place, lost, out of turn, and wrong. */
#include "unit/test.h"

#include "proto/tls/tls.h"
#include "unit/certificates.h"
#include "unit/http_feed.h"
#include "unit/tls_bytes.h"

enum { CCS = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23, MOST = 16384 };

/* What both sides say. */
struct talk {
    struct buf to_server, to_client;
};

static struct talk talk_new(void)
{
    struct talk talk;
    buf_init(&talk.to_server, 1024 * 1024);
    buf_init(&talk.to_client, 1024 * 1024);
    return talk;
}

static void talk_free(struct talk *talk)
{
    buf_clear(&talk->to_server);
    buf_clear(&talk->to_client);
}

static void add_message(struct buf *out, unsigned type, struct view body, size_t most)
{
    struct buf message;

    buf_init(&message, 1024 * 1024);
    put_message(&message, type, body);
    put_records(out, HANDSHAKE, buf_view(&message), most);
    buf_clear(&message);
}

/* A hello with a name, two protocols and `padding` bytes of nothing before them. */
static void add_client_hello(struct buf *out, struct view name, size_t padding, bool offers_1_3,
                             size_t most)
{
    static const uint8_t protocols[] = {0,   12,  2,   'h', '2', 8,   'h',
                                        't', 't', 'p', '/', '1', '.', '1'};
    static const uint8_t versions[] = {4, 3, 4, 3, 3}, ciphers[] = {0x13, 0x01, 0xc0, 0x2b};
    struct buf body, extensions, zeros;

    buf_init(&body, 1024 * 1024);
    buf_init(&extensions, 65535);
    buf_init(&zeros, 65535);
    for (size_t i = 0; i < padding; i++)
        buf_byte(&zeros, 0);
    if (padding > 0)
        put_extension(&extensions, 21, buf_view(&zeros));
    if (name.len > 0)
        put_sni(&extensions, name);
    put_extension(&extensions, 16, view_make(protocols, sizeof(protocols)));
    if (offers_1_3)
        put_extension(&extensions, 43, view_make(versions, sizeof(versions)));
    put_client_hello(&body, 0x0303, view_make(ciphers, sizeof(ciphers)), buf_view(&extensions));
    add_message(out, 1, buf_view(&body), most);
    buf_clear(&zeros);
    buf_clear(&extensions);
    buf_clear(&body);
}

static void add_server_hello(struct buf *out, bool is_1_3, bool is_retry, size_t most)
{
    static const uint8_t versions[] = {3, 4}, protocol[] = {0, 3, 2, 'h', '2'};
    struct buf body, extensions;

    buf_init(&body, 65535);
    buf_init(&extensions, 65535);
    if (is_1_3)
        put_extension(&extensions, 43, view_make(versions, sizeof(versions)));
    else
        put_extension(&extensions, 16, view_make(protocol, sizeof(protocol)));
    put_server_hello(&body, 0x0303, is_1_3 ? 0x1301 : 0xc02b, is_retry, buf_view(&extensions));
    add_message(out, 2, buf_view(&body), most);
    buf_clear(&extensions);
    buf_clear(&body);
}

static void add_certificates(struct buf *out, size_t most)
{
    struct buf body;

    buf_init(&body, 65535);
    put_u24(&body, sizeof(CERTIFICATE) + sizeof(ODD_CERTIFICATE) + 6);
    put_u24(&body, sizeof(CERTIFICATE));
    buf_bytes(&body, CERTIFICATE, sizeof(CERTIFICATE));
    put_u24(&body, sizeof(ODD_CERTIFICATE));
    buf_bytes(&body, ODD_CERTIFICATE, sizeof(ODD_CERTIFICATE));
    add_message(out, 11, buf_view(&body), most);
    buf_clear(&body);
}

/* ChangeCipherSpec, and 40 bytes that look random. */
static void add_encrypted(struct buf *out, unsigned type)
{
    uint8_t noise[40];
    const uint8_t one = 1;

    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(0xa5 ^ i * 37);
    put_records(out, CCS, view_make(&one, 1), MOST);
    put_records(out, type, view_make(noise, sizeof(noise)), MOST);
}

static struct talk talk_1_2(size_t most)
{
    struct talk talk = talk_new();
    uint8_t exchange[70] = {65, 4};

    add_client_hello(&talk.to_server, VIEW("WWW.Example.ORG"), 0, false, most);
    add_message(&talk.to_server, 16, view_make(exchange, sizeof(exchange)), most);
    add_encrypted(&talk.to_server, HANDSHAKE);
    add_server_hello(&talk.to_client, false, false, most);
    add_certificates(&talk.to_client, most);
    add_message(&talk.to_client, 12, view_make(exchange, sizeof(exchange)), most);
    add_message(&talk.to_client, 14, VIEW(""), most);
    add_encrypted(&talk.to_client, HANDSHAKE);
    return talk;
}

static struct talk talk_1_3(bool has_retry, size_t most)
{
    struct talk talk = talk_new();
    const uint8_t one = 1;

    add_client_hello(&talk.to_server, VIEW("first.example.org"), 0, true, most);
    if (has_retry) {
        put_records(&talk.to_server, CCS, view_make(&one, 1), MOST);
        add_client_hello(&talk.to_server, VIEW("second.example.org"), 0, true, most);
        add_server_hello(&talk.to_client, true, true, most);
        put_records(&talk.to_client, CCS, view_make(&one, 1), MOST);
    }
    add_server_hello(&talk.to_client, true, false, most);
    add_encrypted(&talk.to_server, DATA);
    add_encrypted(&talk.to_client, DATA);
    return talk;
}

static struct feed *tls_feed(size_t limit)
{
    struct feed *f = feed_new(limit);
    f->flow.server_port = 443;
    return f;
}

static void feed_pieces(struct feed *f, enum direction direction, const struct buf *bytes,
                        size_t piece)
{
    for (size_t at = 0; at < bytes->len; at += piece)
        feed_bytes(f, direction, view_slice(buf_view(bytes), at, at + piece));
}

static const char *log_of(struct feed *f)
{
    buf_byte(&f->log, '\0');
    f->log.len--;
    return (const char *)f->log.data;
}

static void assert_log(struct feed *f, const char *const *lines, size_t count)
{
    const char *log = log_of(f);

    for (size_t i = 0; i < count; i++) {
        const char *end = strchr(log, '\n');
        if (end == NULL || strncmp(log, lines[i], strlen(lines[i])) != 0)
            fail_msg("line %zu is not '%s':\n%s", i, lines[i], log);
        log = end + 1;
    }
    if (*log != '\0')
        fail_msg("more than was expected:\n%s", log);
}

static void done(struct feed *f)
{
    proto_flow_end(&f->context, &f->flow);
    assert_int_equal(feed_free(f), 0);
}

#define LINES(...)                                                                                 \
    ((const char *const[]){__VA_ARGS__}),                                                          \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

/* ---- whole handshakes --------------------------------------------------------------------------- */

static void a_handshake_of_tls_1_2_makes_two_events(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk.to_server, SIZE_MAX / 2);
    assert_log(f, LINES("tls request 0 [tls.sni=www.example.org] [tls.version=TLS 1.2] "
                        "[tls.client_version=771] [tls.alpn=h2] [tls.alpn=http/1.1] [ja3.hash="));
    assert_true(proto_is_done(&f->flow, TO_SERVER));
    feed_pieces(f, TO_CLIENT, &talk.to_client, SIZE_MAX / 2);
    assert_true(proto_is_done(&f->flow, TO_CLIENT));
    assert_int_equal(f->events, 2);
    assert_non_null(strstr(log_of(f),
                           "tls complete 0 [tls.sni=www.example.org] "
                           "[tls.version=TLS 1.2] [tls.client_version=771] [tls.alpn=h2] "
                           "[tls.alpn=http/1.1] [tls.server_alpn=h2] [tls.cipher=49195] "
                           "[tls.cert_subject=C=DE, O=W\\xc3\\xbcrger AG, "
                           "CN=www.example.org]"));
    assert_non_null(strstr(log_of(f), "[tls.cert_chain_len=2] [tls.cert_self_signed=0]"));
    assert_non_null(strstr(log_of(f), "[ja3s.string=771,49195,16]"));
    done(f);
    talk_free(&talk);
}

static void what_is_kept_is_given_back_with_the_complete_event(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_bytes(f, TO_SERVER, VIEW("\x16")); /* opens nothing yet */
    feed_pieces(f, TO_SERVER,
                &(struct buf){.data = talk.to_server.data + 1, .len = talk.to_server.len - 1}, 100);
    size_t during = f->context.recycler.live_bytes;
    feed_pieces(f, TO_CLIENT, &talk.to_client, 100);
    size_t after = f->context.recycler.live_bytes;
    assert_true(after < during);
    assert_true(after <= 64 + 512 + 256); /* the flow's protocol, its note, an empty parser */
    done(f);
    talk_free(&talk);
}

static void tls_1_3_is_complete_with_its_server_hello(void **state)
{
    (void)state;
    struct talk talk = talk_1_3(false, MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk.to_server, SIZE_MAX / 2);
    feed_pieces(f, TO_CLIENT, &talk.to_client, SIZE_MAX / 2);
    assert_log(f, LINES("tls request 0 [tls.sni=first.example.org] [tls.version=TLS 1.3]",
                        "tls complete 0 [tls.sni=first.example.org] [tls.version=TLS 1.3]"));
    assert_non_null(strstr(log_of(f), "[ja3s.string=771,4865,43]"));
    assert_true(proto_is_done(&f->flow, TO_CLIENT));
    done(f);
    talk_free(&talk);
}

static void after_a_retry_the_first_client_hello_and_the_real_server_hello_count(void **state)
{
    (void)state;
    struct talk talk = talk_1_3(true, MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk.to_server, SIZE_MAX / 2);
    feed_pieces(f, TO_CLIENT, &talk.to_client, SIZE_MAX / 2);
    assert_log(f, LINES("tls request 0 [tls.sni=first.example.org]",
                        "tls complete 0 [tls.sni=first.example.org] [tls.version=TLS 1.3]"));
    assert_non_null(strstr(log_of(f), "[tls.cipher=4865]"));
    done(f);
    talk_free(&talk);
}

static void a_resumed_session_is_complete_without_a_certificate(void **state)
{
    (void)state;
    struct talk talk = talk_new();
    struct feed *f = tls_feed(0);

    add_client_hello(&talk.to_server, VIEW("a.example"), 0, false, MOST);
    add_server_hello(&talk.to_client, false, false, MOST);
    add_encrypted(&talk.to_client, HANDSHAKE);
    feed_pieces(f, TO_SERVER, &talk.to_server, 7);
    feed_pieces(f, TO_CLIENT, &talk.to_client, 7);
    assert_log(f, LINES("tls request 0 [tls.sni=a.example]", "tls complete 0 [tls.sni=a.example]"));
    assert_null(strstr(log_of(f), "tls.cert"));
    assert_true(proto_is_done(&f->flow, TO_CLIENT));
    done(f);
    talk_free(&talk);
}

/* ---- pieces ------------------------------------------------------------------------------------- */

static void assert_same_in_pieces(struct talk *talk, const char *expected, size_t piece)
{
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk->to_server, piece);
    feed_pieces(f, TO_CLIENT, &talk->to_client, piece);
    feed_finish(f);
    if (strcmp(log_of(f), expected) != 0)
        fail_msg("in pieces of %zu:\n%snot:\n%s", piece, log_of(f), expected);
    assert_int_equal(feed_free(f), 0);
}

static void any_split_gives_the_same_events(void **state)
{
    (void)state;
    static const size_t records[] = {1, 3, 5, 41, 100, MOST};

    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        struct talk talks[] = {talk_1_2(records[i]), talk_1_3(false, records[i]),
                               talk_1_3(true, records[i])};
        for (size_t k = 0; k < 3; k++) {
            struct feed *whole = tls_feed(0);
            feed_pieces(whole, TO_SERVER, &talks[k].to_server, SIZE_MAX / 2);
            feed_pieces(whole, TO_CLIENT, &talks[k].to_client, SIZE_MAX / 2);
            feed_finish(whole);
            assert_int_equal(whole->events, 2);
            for (size_t piece = 1; piece < 120; piece++)
                assert_same_in_pieces(&talks[k], log_of(whole), piece);
            assert_int_equal(feed_free(whole), 0);
            talk_free(&talks[k]);
        }
    }
}

static void a_hello_of_many_segments_is_gathered(void **state)
{
    (void)state;
    struct talk talk = talk_new();
    struct feed *f = tls_feed(0);

    add_client_hello(&talk.to_server, VIEW("large.example"), 20000, true, MOST);
    feed_pieces(f, TO_SERVER, &talk.to_server, 1400);
    assert_log(f, LINES("tls request 0 [tls.sni=large.example]"));
    done(f);
    talk_free(&talk);
}

static void memory_grows_with_what_came_not_with_what_was_claimed(void **state)
{
    (void)state;
    static const uint8_t claim[] = {22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xf0, 3, 3, 0, 0, 0, 0, 0};
    struct feed *f = tls_feed(0);

    feed_bytes(f, TO_SERVER, view_make(claim, sizeof(claim)));
    assert_int_equal(proto_of_flow(&f->flow), PROTO_TLS);
    assert_true(f->context.recycler.live_bytes < 1024);
    done(f);
}

static void of_a_message_over_the_limit_the_beginning_is_read(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    f->context.limits.header_bytes = 600; /* one certificate and a part of the other */
    feed_pieces(f, TO_SERVER, &talk.to_server, 100);
    feed_pieces(f, TO_CLIENT, &talk.to_client, 100);
    assert_int_equal(f->events, 2);
    assert_int_equal(f->anomalies[ANOMALY_TLS_CERTIFICATE_INVALID_LENGTH], 0);
    assert_non_null(strstr(log_of(f), "[tls.cert_serial=00:8F:00:FF:01]"));
    assert_non_null(strstr(log_of(f), "[tls.cert_chain_len=1]"));
    done(f);
    talk_free(&talk);
}

/* ---- one side, loss, order ---------------------------------------------------------------------- */

static void a_client_alone_is_an_event_at_the_end(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk.to_server, 50);
    feed_finish(f);
    assert_log(f, LINES("tls request 0 [tls.sni=www.example.org]",
                        "tls complete 0 [tls.sni=www.example.org] [tls.version=TLS 1.2]"));
    assert_int_equal(feed_free(f), 0);
    talk_free(&talk);
}

static void records_that_say_nothing_hide_no_hello(void **state)
{
    static const struct view before[] = {
        {(const uint8_t *)"\x16\x03\x01\x00\x00", 5},
        {(const uint8_t *)"\x14\x03\x03\x00\x01\x01", 6},
        {(const uint8_t *)"\x14\x03\x01\x00\x00", 5},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        struct talk talk = talk_1_2(MOST);
        struct feed *f = tls_feed(0);
        feed_bytes(f, TO_SERVER, before[i]);
        feed_pieces(f, TO_SERVER, &talk.to_server, 50);
        assert_log(f, LINES("tls request 0 [tls.sni=www.example.org]"));
        done(f);
        talk_free(&talk);
    }
}

static void a_hello_that_claims_to_be_longer_is_read_when_no_more_comes(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    const uint8_t *record = talk.to_server.data;
    talk.to_server.data[6] = 1; /* 64 KiB more */
    feed_bytes(f, TO_SERVER, view_make(record, 5 + (size_t)(record[3] << 8 | record[4])));
    assert_int_equal(f->events, 0);
    feed_finish(f);
    assert_int_equal(f->events, 2);
    assert_non_null(strstr(log_of(f), "[tls.sni=www.example.org]"));
    assert_int_equal(f->anomalies[ANOMALY_TLS_HANDSHAKE_INVALID_LENGTH], 1);
    assert_int_equal(feed_free(f), 0);
    talk_free(&talk);
}

static void a_server_alone_is_an_event_at_the_end(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_CLIENT, &talk.to_client, 50);
    assert_int_equal(f->events, 0); /* the client's may still come */
    feed_finish(f);
    assert_log(f, LINES("tls complete 0 [tls.version=TLS 1.2] [tls.server_alpn=h2]"));
    assert_int_equal(feed_free(f), 0);
    talk_free(&talk);
}

static void an_answer_captured_before_its_question_waits_for_it(void **state)
{
    (void)state;
    struct talk talks[] = {talk_1_2(MOST), talk_1_3(false, MOST)};

    for (size_t i = 0; i < 2; i++) {
        struct feed *f = tls_feed(0);
        feed_pieces(f, TO_CLIENT, &talks[i].to_client, 50);
        feed_pieces(f, TO_SERVER, &talks[i].to_server, 50);
        assert_int_equal(f->events, 1);
        assert_memory_equal(log_of(f), "tls complete 0 [tls.sni=", 24);
        assert_non_null(strstr(log_of(f), "[tls.cipher="));
        done(f);
        talk_free(&talks[i]);
    }
}

static void a_gap_ends_its_direction_with_what_is_there(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk.to_server, 50);
    feed_bytes(f, TO_CLIENT, view_slice(buf_view(&talk.to_client), 0, 200));
    feed_gap(f, TO_CLIENT, 300);
    assert_int_equal(f->events, 2);
    assert_non_null(strstr(log_of(f), "[tls.cipher=49195]"));
    assert_null(strstr(log_of(f), "tls.cert"));
    feed_bytes(f, TO_CLIENT, VIEW("whatever comes"));
    done(f);
    talk_free(&talk);
}

static void a_gap_in_the_clients_hello_leaves_the_servers(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_bytes(f, TO_SERVER, view_slice(buf_view(&talk.to_server), 0, 40));
    feed_gap(f, TO_SERVER, 300);
    feed_pieces(f, TO_CLIENT, &talk.to_client, 50);
    assert_log(f, LINES("tls complete 0 [tls.version=TLS 1.2]"));
    done(f);
    talk_free(&talk);
}

static void a_fatal_alert_ends_the_handshake_and_a_warning_does_not(void **state)
{
    (void)state;
    static const uint8_t warning[] = {1, 112}, fatal[] = {2, 40};
    struct talk talk = talk_1_2(MOST);

    for (int is_fatal = 0; is_fatal < 2; is_fatal++) {
        struct feed *f = tls_feed(0);
        struct buf alert;
        buf_init(&alert, 100);
        put_records(&alert, ALERT, view_make(is_fatal ? fatal : warning, 2), MOST);
        feed_pieces(f, TO_SERVER, &talk.to_server, 50);
        feed_pieces(f, TO_CLIENT, &alert, 1);
        assert_int_equal(f->events, is_fatal ? 2 : 1);
        feed_pieces(f, TO_CLIENT, &talk.to_client, 50);
        assert_int_equal(f->events, 2);
        assert_int_equal(strstr(log_of(f), "tls.cert") == NULL, is_fatal);
        done(f);
        buf_clear(&alert);
    }
    talk_free(&talk);
}

static void a_flow_from_its_middle_is_tls_without_an_event(void **state)
{
    (void)state;
    struct talk talk = talk_new();
    struct feed *f = tls_feed(0);

    f->flow.flags |= FLOW_MIDSTREAM;
    add_encrypted(&talk.to_client, DATA);
    struct buf data = {.data = talk.to_client.data + 6, .len = talk.to_client.len - 6};
    feed_pieces(f, TO_CLIENT, &data, 10);
    feed_pieces(f, TO_SERVER, &data, 10);
    assert_int_equal(proto_of_flow(&f->flow), PROTO_TLS);
    assert_true(proto_is_done(&f->flow, TO_SERVER) && proto_is_done(&f->flow, TO_CLIENT));
    feed_finish(f);
    assert_int_equal(f->log.len, 0);
    assert_int_equal(feed_free(f), 0);
    talk_free(&talk);
}

static void an_encrypted_alert_ends_what_can_be_read(void **state)
{
    (void)state;
    uint8_t noise[26] = {1};
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);
    struct buf alert;

    buf_init(&alert, 100);
    put_records(&alert, ALERT, view_make(noise, sizeof(noise)), MOST);
    feed_pieces(f, TO_SERVER, &talk.to_server, 50);
    feed_pieces(f, TO_CLIENT, &alert, 50);
    assert_true(proto_is_done(&f->flow, TO_CLIENT));
    assert_int_equal(f->events, 2);
    done(f);
    buf_clear(&alert);
    talk_free(&talk);
}

static void the_first_event_says_nothing_of_a_server_that_came_before(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);
    size_t hello_len = 5u + talk.to_client.data[4];

    feed_bytes(f, TO_CLIENT, view_slice(buf_view(&talk.to_client), 0, hello_len));
    feed_pieces(f, TO_SERVER, &talk.to_server, 50);
    assert_log(f, LINES("tls request 0 [tls.sni=www.example.org]"));
    assert_null(strstr(log_of(f), "tls.cipher"));
    feed_bytes(f, TO_CLIENT, view_skip(buf_view(&talk.to_client), hello_len));
    assert_int_equal(f->events, 2);
    assert_non_null(strstr(log_of(f), "[tls.cert_serial="));
    done(f);
    talk_free(&talk);
}

/* ---- SSLv2 -------------------------------------------------------------------------------------- */

/* One cipher, no session, a challenge of 16 bytes. */
static struct view ssl2_hello(uint8_t major, uint8_t minor)
{
    static uint8_t bytes[] = {0x80, 28, 1, 0, 0, 0, 3, 0, 0,  0,  16, 1,  0,  0x80, 1,
                              2,    3,  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,   16};
    bytes[3] = major;
    bytes[4] = minor;
    return view_make(bytes, sizeof(bytes));
}

static void an_ssl2_hello_may_be_answered_in_tls(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    for (size_t piece = 1; piece < 40; piece++) {
        struct feed *f = tls_feed(0);
        struct buf hello = {.data = (uint8_t *)(uintptr_t)ssl2_hello(3, 1).data, .len = 30};
        feed_pieces(f, TO_SERVER, &hello, piece);
        add_encrypted(&talk.to_server, HANDSHAKE);
        feed_pieces(f, TO_CLIENT, &talk.to_client, piece);
        assert_log(f, LINES("tls request 0 [tls.version=TLSv1] [tls.client_version=769]",
                            "tls complete 0 [tls.version=TLS 1.2] [tls.client_version=769]"));
        assert_non_null(strstr(log_of(f), "[tls.cert_serial="));
        done(f);
    }
    talk_free(&talk);
}

static void an_ssl2_hello_answered_in_ssl2_is_ssl2(void **state)
{
    (void)state;
    static const uint8_t answer[] = {0x80, 40, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 16};
    struct feed *f = tls_feed(0);

    feed_bytes(f, TO_SERVER, ssl2_hello(0, 2));
    feed_bytes(f, TO_CLIENT, view_make(answer, sizeof(answer)));
    assert_log(f, LINES("tls request 0 [tls.version=SSLv2] [tls.client_version=2]",
                        "tls complete 0 [tls.version=SSLv2] [tls.client_version=2]"));
    done(f);
}

/* ---- wrong -------------------------------------------------------------------------------------- */

static void a_client_that_meets_no_tls_is_an_event_and_an_anomaly(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk.to_server, 50);
    feed_bytes(f, TO_CLIENT, VIEW("HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_log(f,
               LINES("tls request 0 [tls.sni=www.example.org]", "anomaly tls.invalid_record_type",
                     "tls complete 0 [tls.sni=www.example.org]"));
    done(f);
    talk_free(&talk);
}

static void wrong_records_are_anomalies(void **state)
{
    (void)state;
    static const struct {
        uint8_t header[5];
        enum anomaly anomaly;
    } cases[] = {
        {{19, 3, 3, 0, 4}, ANOMALY_TLS_INVALID_RECORD_TYPE},
        {{25, 3, 3, 0, 4}, ANOMALY_TLS_INVALID_RECORD_TYPE},
        {{22, 2, 0, 0, 4}, ANOMALY_TLS_INVALID_RECORD_VERSION},
        {{22, 3, 3, 0x48, 1}, ANOMALY_TLS_INVALID_RECORD_LENGTH},
    };
    struct talk talk = talk_1_2(MOST);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed *f = tls_feed(0);
        feed_pieces(f, TO_SERVER, &talk.to_server, 50);
        size_t hello_len = 5u + talk.to_client.data[4]; /* the first record */
        feed_bytes(f, TO_CLIENT, view_slice(buf_view(&talk.to_client), 0, hello_len));
        feed_bytes(f, TO_CLIENT, view_make(cases[i].header, 5));
        assert_int_equal(f->anomalies[cases[i].anomaly], 1);
        assert_int_equal(f->events, 2);
        done(f);
    }
    talk_free(&talk);
}

static void a_message_that_cannot_be_is_an_anomaly(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    struct feed *f = tls_feed(0);

    feed_pieces(f, TO_SERVER, &talk.to_server, 50);
    talk.to_client.data[5] = 99;
    feed_pieces(f, TO_CLIENT, &talk.to_client, 50);
    assert_int_equal(f->anomalies[ANOMALY_TLS_INVALID_HANDSHAKE_MESSAGE], 1);
    assert_int_equal(f->events, 2);
    done(f);
    talk_free(&talk);
}

/* A hello whose only extension is a server_name of these bytes. */
static void assert_name_fault(struct view body, enum anomaly anomaly, bool has_name)
{
    static const uint8_t ciphers[] = {0x13, 1};
    struct buf extensions, hello, records;
    struct feed *f = tls_feed(0);

    buf_init(&extensions, 1000);
    buf_init(&hello, 2000);
    buf_init(&records, 3000);
    put_extension(&extensions, 0, body);
    put_client_hello(&hello, 0x303, view_make(ciphers, 2), buf_view(&extensions));
    add_message(&records, 1, buf_view(&hello), MOST);
    feed_pieces(f, TO_SERVER, &records, 1000);
    assert_int_equal(f->anomalies[anomaly], 1);
    assert_int_equal(strstr(log_of(f), "tls.sni") != NULL, has_name);
    done(f);
    buf_clear(&records);
    buf_clear(&hello);
    buf_clear(&extensions);
}

static void a_server_name_that_is_none_is_an_anomaly(void **state)
{
    (void)state;
    uint8_t length[5 + 256] = {1, 3, 0, 1, 0};

    memset(length + 5, 'a', 256);
    assert_name_fault(VIEW("\0\4\1\0\1a"), ANOMALY_TLS_INVALID_SNI_TYPE, false);
    assert_name_fault(VIEW("\0\3\0\0\0"), ANOMALY_TLS_INVALID_SNI_LENGTH, false);
    assert_name_fault(view_make(length, sizeof(length)), ANOMALY_TLS_INVALID_SNI_LENGTH, true);
    assert_name_fault(VIEW("\0\4\0\0\2a"), ANOMALY_TLS_HANDSHAKE_INVALID_LENGTH, false);
}

/* As draft 18 of TLS 1.3 has it: neither session nor compression. */
static void a_server_hello_of_an_old_draft_is_read(void **state)
{
    (void)state;
    static const uint8_t key_share[] = {0, 40, 0, 2, 0, 29};
    struct tls_server_hello parsed;
    struct buf hello;

    buf_init(&hello, 1000);
    put_u16(&hello, 0x7f12);
    for (int i = 0; i < 32; i++)
        buf_byte(&hello, 7);
    put_u16(&hello, 0x1302);
    put_u16(&hello, sizeof(key_share));
    buf_bytes(&hello, key_share, sizeof(key_share));
    assert_true(tls_parse_server_hello(buf_view(&hello), &parsed));
    assert_int_equal(parsed.cipher, 0x1302);
    assert_int_equal(parsed.extensions.len, sizeof(key_share));
    assert_true(tls_is_1_3(parsed.version));
    assert_string_equal(tls_version_name(parsed.version), "TLS 1.3 draft-18");
    buf_clear(&hello);
}

/* A string that is cut would be another client's. */
static void lists_beyond_all_measure_have_no_fingerprint(void **state)
{
    (void)state;
    struct buf ciphers, extensions, hello, records;
    struct feed *f = tls_feed(0);

    buf_init(&ciphers, 65535);
    buf_init(&extensions, 1000);
    buf_init(&hello, 65536);
    buf_init(&records, 65536);
    for (unsigned i = 0; i < 5000; i++)
        put_u16(&ciphers, 0x8000 + i);
    put_sni(&extensions, VIEW("many.example"));
    put_client_hello(&hello, 0x303, buf_view(&ciphers), buf_view(&extensions));
    add_message(&records, 1, buf_view(&hello), MOST);
    feed_pieces(f, TO_SERVER, &records, 1400);
    assert_log(f, LINES("tls request 0 [tls.sni=many.example] [tls.version=TLS 1.2] "
                        "[tls.client_version=771] [tls.ech=0] [tls.sni.raw=many.example]\n"));
    done(f);
    buf_clear(&records);
    buf_clear(&hello);
    buf_clear(&extensions);
    buf_clear(&ciphers);
}

static void of_two_server_names_the_first_counts(void **state)
{
    (void)state;
    static const uint8_t ciphers[] = {0x13, 1};
    struct buf extensions, hello;
    struct tls_client_hello parsed;

    buf_init(&extensions, 1000);
    buf_init(&hello, 2000);
    put_sni(&extensions, VIEW("one.example"));
    put_sni(&extensions, VIEW("two.example"));
    put_client_hello(&hello, 0x303, view_make(ciphers, 2), buf_view(&extensions));
    assert_true(tls_parse_client_hello(buf_view(&hello), &parsed));
    assert_true(view_equal(parsed.sni, VIEW("one.example")));
    assert_int_equal(parsed.faults, TLS_SNI_TWICE);
    buf_clear(&hello);
    buf_clear(&extensions);
}

static void any_budget_is_enough_not_to_leak(void **state)
{
    (void)state;
    struct talk talks[] = {talk_1_2(100), talk_1_3(true, 100)};

    for (size_t limit = 1; limit < 16 * 1024; limit += 61) {
        for (size_t i = 0; i < 2; i++) {
            struct feed *f = tls_feed(limit);
            feed_pieces(f, TO_SERVER, &talks[i].to_server, 90);
            feed_pieces(f, TO_CLIENT, &talks[i].to_client, 90);
            feed_finish(f);
            assert_true(f->events <= 2);
            assert_int_equal(feed_free(f), 0);
        }
    }
    talk_free(&talks[0]);
    talk_free(&talks[1]);
}

/* ---- identification ----------------------------------------------------------------------------- */

static void first_bytes_of_tls_are_known(void **state)
{
    (void)state;
    static const struct {
        struct view start;
        bool is_midstream;
        enum identify_result result;
    } cases[] = {
#define BYTES(text) {(const uint8_t *)(text), sizeof(text) - 1}
        {BYTES("\x16\x03\x01\x00\xc3\x01\x00\x00\xbf\x03\x03"), false, IDENTIFY_YES},
        {BYTES("\x16\x03\x01\x00\xc3\x02\x00\x00\x4f\x03\x03"), false, IDENTIFY_REVERSED},
        {BYTES("\x16\x03\x01\x00\xc3\x02\x00\x00\x4f\x7f\x12"), false, IDENTIFY_REVERSED},
        {BYTES("\x16\x03\x01\x00\x01\x01"), false, IDENTIFY_YES}, /* records of one byte */
        {BYTES("\x16\x03\x01\x00\xc3\x01"), false, IDENTIFY_MORE},
        {BYTES("\x16"), false, IDENTIFY_MORE},
        {BYTES("\x16\x02"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x07"), false, IDENTIFY_MORE}, /* libraries do not look there */
        {BYTES("\x16\x03\xff\x00\xc3\x01\x00\x00\xbf\x03\x03"), false, IDENTIFY_YES},
        {BYTES("\x16\x03\xff\x00\xc3\x01\x00\x00\xbf\x04\x04"), false, IDENTIFY_YES},
        {BYTES("\x16\x03\xff\x00\xc3\x01\x00\x00\xbe\x04\x04"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x01\x00\x00\x16\x03\x01\x00\xc3\x01\x00\x00\xbf\x03\x03"), false,
         IDENTIFY_YES},
        {BYTES("\x14\x03\x03\x00\x01\x01\x16\x03\x01\x00\xc3\x01\x00\x00\xbf\x03\x03"), false,
         IDENTIFY_YES},
        {BYTES("\x14\x03\x01\x00\x00\x16\x03\x01\x00\xc3\x01\x00\x00\xbf\x03\x03"), false,
         IDENTIFY_YES},
        {BYTES("\x14\x03\x01\x00\x01"), false, IDENTIFY_MORE},
        {BYTES("\x14\x03\x01\x00\x20\x99"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x01\x00\xc7\x00\x00\x00\x00\x01\x00\x00\xbf\x03\x03"), false,
         IDENTIFY_YES},
        {BYTES("\x16\x03\x01\x00\x00\x01"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x01\xff\xff\x01"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x01\x00\xc3\x0b"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x01\x00\xc3\x0b"), true, IDENTIFY_YES},
        {BYTES("\x16\x03\x01\x00\xc3\x01\x00\x00\x05\x03\x03"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x01\x00\xc3\x01\xff\x00\xbf\x03\x03"), false, IDENTIFY_NO},
        {BYTES("\x16\x03\x01\x00\xc4\x01\x00\x00\xbf\x05\x03"), false, IDENTIFY_NO},
        {BYTES("\x15\x03\x01\x00\x02\x02\x28"), false, IDENTIFY_YES},
        {BYTES("\x15\x03\x01\x02\x02\x02\x28"), false, IDENTIFY_NO},
        {BYTES("\x17\x03\x03\x00\x20\x99"), false, IDENTIFY_NO},
        {BYTES("\x17\x03\x03\x00\x20\x99"), true, IDENTIFY_YES},
        {BYTES("\x80\x1c\x01\x03\x01\x00\x03\x00\x00\x00\x10"), false, IDENTIFY_YES},
        {BYTES("\x80\x1c\x01\x03\x01"), false, IDENTIFY_MORE},
        {BYTES("\x80\x1c\x01\x03\x01\x00\x04\x00\x00\x00\x10"), false, IDENTIFY_NO},
        {BYTES("\x80\x1c\x01\x03\x01\x00\x03\x00\x00\x00\x11"), false, IDENTIFY_NO},
        {BYTES("\x80\x00\x01\x03\x01\x00\x03\x00\x00\x00\x10"), false, IDENTIFY_NO},
        {BYTES("\x80\x1c\x02"), false, IDENTIFY_NO},
        {BYTES("GET / HTTP/1.1\r\n"), false, IDENTIFY_NO},
#undef BYTES
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct flow flow = {.flags = cases[i].is_midstream ? FLOW_MIDSTREAM : 0};
        if (tls_identify(cases[i].start, TO_SERVER, &flow) != cases[i].result)
            fail_msg("case %zu", i);
    }
}

static void a_verdict_on_tls_stays_with_more_bytes(void **state)
{
    (void)state;
    struct talk talk = talk_1_2(MOST);
    const struct flow flow = {.flags = 0};
    struct view starts[] = {buf_view(&talk.to_server), buf_view(&talk.to_client), ssl2_hello(3, 1)};

    for (size_t i = 0; i < 3; i++) {
        enum identify_result last = IDENTIFY_MORE;
        for (size_t len = 1; len <= starts[i].len && len <= 512; len++) {
            enum identify_result now =
                tls_identify(view_slice(starts[i], 0, len), TO_SERVER, &flow);
            assert_true(now != IDENTIFY_NO && (last == IDENTIFY_MORE || now == last));
            last = now;
        }
        assert_int_equal(last, i == 1 ? IDENTIFY_REVERSED : IDENTIFY_YES);
    }
    talk_free(&talk);
}

/* The linter's set of names (lint/closed.c) looks at these numbers alone. */
static void names_of_versions_stand_at_the_begin_of_four_ranges(void **unused)
{
    (void)unused;
    for (unsigned version = 0; version <= UINT16_MAX; version++) {
        unsigned high = version >> 8;
        bool is_looked_at =
            (high == 0 || high == 3 || high == 0x7f || high == 0xfb) && (version & 0xff) < 32;
        assert_true(is_looked_at || tls_version_name((uint16_t)version) == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_of_tls_1_2_makes_two_events),
        cmocka_unit_test(what_is_kept_is_given_back_with_the_complete_event),
        cmocka_unit_test(tls_1_3_is_complete_with_its_server_hello),
        cmocka_unit_test(after_a_retry_the_first_client_hello_and_the_real_server_hello_count),
        cmocka_unit_test(a_resumed_session_is_complete_without_a_certificate),
        cmocka_unit_test(any_split_gives_the_same_events),
        cmocka_unit_test(a_hello_of_many_segments_is_gathered),
        cmocka_unit_test(memory_grows_with_what_came_not_with_what_was_claimed),
        cmocka_unit_test(of_a_message_over_the_limit_the_beginning_is_read),
        cmocka_unit_test(a_client_alone_is_an_event_at_the_end),
        cmocka_unit_test(records_that_say_nothing_hide_no_hello),
        cmocka_unit_test(a_hello_that_claims_to_be_longer_is_read_when_no_more_comes),
        cmocka_unit_test(a_server_alone_is_an_event_at_the_end),
        cmocka_unit_test(an_answer_captured_before_its_question_waits_for_it),
        cmocka_unit_test(a_gap_ends_its_direction_with_what_is_there),
        cmocka_unit_test(a_gap_in_the_clients_hello_leaves_the_servers),
        cmocka_unit_test(a_fatal_alert_ends_the_handshake_and_a_warning_does_not),
        cmocka_unit_test(a_flow_from_its_middle_is_tls_without_an_event),
        cmocka_unit_test(an_encrypted_alert_ends_what_can_be_read),
        cmocka_unit_test(the_first_event_says_nothing_of_a_server_that_came_before),
        cmocka_unit_test(an_ssl2_hello_may_be_answered_in_tls),
        cmocka_unit_test(an_ssl2_hello_answered_in_ssl2_is_ssl2),
        cmocka_unit_test(a_client_that_meets_no_tls_is_an_event_and_an_anomaly),
        cmocka_unit_test(wrong_records_are_anomalies),
        cmocka_unit_test(a_message_that_cannot_be_is_an_anomaly),
        cmocka_unit_test(a_server_name_that_is_none_is_an_anomaly),
        cmocka_unit_test(a_server_hello_of_an_old_draft_is_read),
        cmocka_unit_test(lists_beyond_all_measure_have_no_fingerprint),
        cmocka_unit_test(of_two_server_names_the_first_counts),
        cmocka_unit_test(any_budget_is_enough_not_to_leak),
        cmocka_unit_test(first_bytes_of_tls_are_known),
        cmocka_unit_test(a_verdict_on_tls_stays_with_more_bytes),
        cmocka_unit_test(names_of_versions_stand_at_the_begin_of_four_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
