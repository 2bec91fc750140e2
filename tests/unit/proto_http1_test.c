/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1: what the events of a conversation say, however its bytes were cut. */
#include "unit/test.h"

#include <stdio.h>

#include "unit/http_feed.h"

#include "proto/kept.h"

/* Conversations are written as pieces: "> " to the server, "< " to the client; the tag is cut off. */
struct talk {
    const char *pieces[24];
};

static void say(struct feed *f, const char *piece)
{
    enum direction direction = piece[0] == '>' ? TO_SERVER : TO_CLIENT;
    feed_bytes(f, direction, view_from_string(piece + 2));
}

static void say_cut(struct feed *f, const char *piece, size_t cut)
{
    enum direction direction = piece[0] == '>' ? TO_SERVER : TO_CLIENT;
    struct view bytes = view_from_string(piece + 2);

    for (size_t at = 0; at < bytes.len; at += cut)
        feed_bytes(f, direction, view_slice(bytes, at, at + cut));
}

static struct feed *hear(const struct talk *talk)
{
    struct feed *f = feed_new(0);
    for (size_t i = 0; talk->pieces[i] != NULL; i++)
        say(f, talk->pieces[i]);
    return f;
}

static const char *log_of(struct feed *f)
{
    buf_byte(&f->log, 0);
    f->log.len--;
    return (const char *)f->log.data;
}

static void assert_said(struct feed *f, const char *text)
{
    if (strstr(log_of(f), text) == NULL)
        fail_msg("'%s' is not in:\n%s", text, log_of(f));
}

static void assert_not_said(struct feed *f, const char *text)
{
    if (strstr(log_of(f), text) != NULL)
        fail_msg("'%s' is in:\n%s", text, log_of(f));
}

static void done(struct feed *f)
{
    assert_int_equal(feed_free(f), 0);
}

static const struct talk SIMPLE = {{
    "> GET /a%20b/../%41.PHP?q=1%2B HTTP/1.1\r\nHost: WWW.Example.COM:8080\r\nUser-Agent: x\r\n"
    "Cookie: a=1\r\nCookie: b=2\r\n\r\n",
    "< HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n"
    "Set-Cookie: a\r\nSet-Cookie: b\r\nServer: s\r\n\r\nhello",
}};

static void a_request_and_its_answer_are_two_events_of_one_transaction(void **state)
{
    (void)state;
    struct feed *f = hear(&SIMPLE);
    assert_int_equal(f->events, 2);
    assert_said(f, "http request 0 [http.method=GET] [http.uri=/A.PHP?q=1+] "
                   "[http.uri.raw=/a%20b/../%41.PHP?q=1%2B] "
                   "[http.url=http://WWW.Example.COM:8080/a%20b/../%41.PHP?q=1%2B] "
                   "[http.uri.any=http://WWW.Example.COM:8080/a%20b/../%41.PHP?q=1%2B] "
                   "[http.uri.any=/a%20b/../%41.PHP?q=1%2B] [http.uri.any=/A.PHP?q=1+] "
                   "[http.uri.any=q=1%2B] [http.uri.any=q=1+] "
                   "[http.path=/A.PHP] [http.query=q=1+] [http.extension=php] "
                   "[http.host=www.example.com] [http.host.raw=WWW.Example.COM:8080] "
                   "[http.user_agent=x] [http.cookie=a=1; b=2]");
    assert_said(f, "http complete 0 [http.method=GET]");
    assert_said(f, "[http.stat_code=200] [http.stat_msg=OK]");
    assert_said(f, "[http.response_content_type=text/html] [http.response_body=hello] "
                   "[http.response_body_len=5] [http.server=s] [http.set_cookie=a] "
                   "[http.set_cookie=b]");
    feed_finish(f);
    assert_int_equal(f->events, 2);
    assert_int_equal(f->context.stats.transactions[PROTO_HTTP], 1);
    done(f);
}

static const struct talk TALKS[] = {
    SIMPLE,
    {{"> \r\n\r\nPOST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nGET /2 HTTP/1.1\r\nHost: "
      "h\r\n\r\n",
      "< HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto the "
      "end",
      NULL}},
    {{"> GET /1 HTTP/1.1\nHost: h\nX:\n a\n b\n\nHEAD /2 HTTP/1.1\nHost: h\n\nGET /3 "
      "HTTP/1.1\nHost: h\n\n",
      "< HTTP/1.1 200 OK\nContent-Length: 2\n\nabHTTP/1.1 200 OK\nContent-Length: 99\n\n"
      "HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n",
      NULL}},
    {{"> GET /old\r\n", "< <html>raw</html>", NULL}},
    {{"> GET /noversion\r\nHost: h\r\nUser-Agent: u\r\n\r\n", "< HTTP/1.1 200 OK\r\n\r\nx", NULL}},
    {{"> CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
      "< HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "> GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "< HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", NULL}},
    {{"> GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: "
      "3\r\n\r\nabcGARBAGE\x01\r\n"
      "GET /again HTTP/1.1\r\nHost: h\r\n\r\n",
      "< HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nHTTP/1.1 200 OK\r\n\r\n",
      NULL}},
    {{"> FOO-BAR * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
      "< HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n", "> \x81\x05hello",
      "< \x81\x05hello", NULL}},
    {{"> GET http://abs.example/x?y HTTP/1.0\r\n\r\n",
      "< HTTP/1.0 500 Oops\r\nContent-Type: a\r\n"}},
};

/* The property that everything rests on. */
static void how_the_bytes_are_cut_changes_nothing(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof(TALKS) / sizeof(TALKS[0]); t++) {
        struct feed *whole = hear(&TALKS[t]);
        feed_finish(whole);
        for (size_t cut = 1; cut < 200; cut += cut < 40 ? 1 : 13) {
            struct feed *f = feed_new(0);
            for (size_t i = 0; TALKS[t].pieces[i] != NULL; i++)
                say_cut(f, TALKS[t].pieces[i], cut);
            feed_finish(f);
            assert_string_equal(log_of(f), log_of(whole));
            done(f);
        }
        assert_true(whole->events > 0);
        done(whole);
    }
}

static void chunks_are_taken_apart_and_extensions_noted(void **state)
{
    (void)state;
    struct feed *f = hear(&TALKS[1]);
    feed_finish(f);
    assert_said(f, "[http.request_body=hello0123456789] [http.request_body_len=15]");
    assert_int_equal(f->anomalies[ANOMALY_HTTP_REQUEST_CHUNK_EXTENSION], 1);
    assert_said(f, "http complete 0 [http.method=POST]");
    assert_said(f, "[http.stat_code=204]");
    assert_said(f, "http complete 1 [http.method=GET] [http.uri=/2]");
    assert_said(f, "[http.response_body=to the end] [http.response_body_len=10]");
    done(f);
}

static void answers_meet_pipelined_requests_in_order(void **state)
{
    (void)state;
    struct feed *f = hear(&TALKS[2]);
    assert_int_equal(f->events, 6);
    assert_said(f, "http complete 0 [http.method=GET] [http.uri=/1]");
    assert_said(f, "http complete 1 [http.method=HEAD] [http.uri=/2]");
    assert_said(f, "http complete 2 [http.method=GET] [http.uri=/3]");
    assert_said(f, "[http.stat_code=304]");
    feed_finish(f);
    done(f);
}

static void a_request_without_version_may_have_headers(void **state)
{
    (void)state;
    struct feed *f = hear(&TALKS[4]);
    feed_finish(f);
    assert_said(f, "[http.uri=/noversion]");
    assert_said(f, "[http.user_agent=u]");
    done(f);
}

static void http_0_9_is_answered_without_a_head(void **state)
{
    (void)state;
    struct feed *f = hear(&TALKS[3]);
    feed_finish(f);
    assert_said(f, "http complete 0 [http.method=GET] [http.uri=/old]");
    assert_said(f, "[http.response_body=<html>raw</html>]");
    assert_not_said(f, "stat_code");
    done(f);
}

static void what_is_inside_a_tunnel_is_identified_anew(void **state)
{
    (void)state;
    const struct talk talk = {{
        "> CONNECT h:8000 HTTP/1.1\r\nHost: h:8000\r\n\r\nGET /ear",
        "< HTTP/1.1 200 Established\r\n\r\n",
        "> ly HTTP/1.1\r\nHost: inner\r\n\r\n",
        "< HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    }};
    struct feed *f = hear(&talk);
    assert_said(f, "http complete 0 [http.method=CONNECT] [http.uri=h:8000] [http.uri.raw=h:8000] "
                   "[http.url=h:8000] [http.uri.any=h:8000] [http.path=h:8000] [http.host=h]");
    assert_said(f, "http complete 1 [http.method=GET] [http.uri=/early]");
    assert_int_equal(f->context.stats.flows[PROTO_HTTP], 2);
    feed_finish(f);
    done(f);
}

static void a_tunnel_of_something_else_stays_http(void **state)
{
    (void)state;
    const struct talk talk = {{
        "> CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n\r\n",
        "< HTTP/1.1 200 Established\r\n\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
        "> SSH-2.0-libssh2_1.11.0 and a comment\r\n",
    }};
    struct feed *f = hear(&talk);
    assert_int_equal(proto_of_flow(&f->flow), PROTO_HTTP);
    assert_int_equal(f->events, 2);
    feed_finish(f);
    done(f);
}

static void tunnels_in_tunnels_come_to_an_end(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    for (int i = 0; i < 10; i++) {
        say(f, "> CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n");
        say(f, "< HTTP/1.1 200 OK\r\n\r\n");
    }
    assert_true(proto_is_done(&f->flow, TO_SERVER));
    feed_finish(f);
    done(f);
}

static void a_request_without_answer_is_complete_at_the_end(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(f->events, 1);
    feed_finish(f);
    assert_int_equal(f->events, 2);
    assert_said(f, "http complete 0 [http.method=GET] [http.uri=/x]");
    done(f);
}

static void an_answer_without_request_is_an_event(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "< HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(f->events, 1);
    assert_int_equal(f->anomalies[ANOMALY_HTTP_UNABLE_TO_MATCH_RESPONSE_TO_REQUEST], 1);
    assert_said(f, "http complete 0 [http.stat_code=404]");
    feed_finish(f);
    done(f);
}

static void a_gap_in_a_body_is_counted(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    say(f, "< HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    feed_gap(f, TO_CLIENT, 6);
    say(f, "< yzHTTP/1.1 200 OK\r\n");
    assert_said(f, "[http.response_body=ab] [http.response_body=yz] [http.response_body_len=10]");
    feed_finish(f);
    done(f);
}

static void after_a_gap_in_a_head_parsing_finds_the_next_message(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> GET /1 HTTP/1.1\r\nHost: h\r\nUser-Ag");
    feed_gap(f, TO_SERVER, 100);
    say(f, "> rest of something\r\n\r\nGET /2 HTTP/1.1\r\nHost: i\r\n\r\n");
    assert_said(f, "http request 0 [http.method=GET] [http.uri=/1]");
    assert_said(f, "http request 1 [http.method=GET] [http.uri=/2]");
    feed_finish(f);
    done(f);
}

static void after_a_lost_answer_the_next_meets_the_last_request(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    feed_gap(f, TO_CLIENT, 500);
    say(f, "> GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    say(f, "< HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n");
    assert_said(f, "http complete 1 [http.method=GET] [http.uri=/2]");
    assert_said(f, "[http.stat_code=302]");
    feed_finish(f);
    done(f);
}

static void after_a_loss_a_segment_may_begin_a_message(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    say(f, "< HTTP/1.1 200 OK\r\nContent-Len");
    feed_gap(f, TO_CLIENT, 50);
    say(f, "< the end of a body without a line end");
    say(f, "> GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    say(f, "< HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n");
    assert_said(f, "http complete 1 [http.method=GET] [http.uri=/2]");
    assert_said(f, "[http.stat_code=404]");
    feed_finish(f);
    done(f);
}

static void after_a_loss_a_method_may_be_split(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> GET /1 HTTP/1.1\r\nHost: h\r\nUser-Ag");
    feed_gap(f, TO_SERVER, 100);
    say(f, "> \r\n\r\nPO");
    say(f, "> ST /2 HTTP/1.1\r\nHost: i\r\n\r\n");
    assert_said(f, "http request 1 [http.method=POST] [http.uri=/2]");
    feed_finish(f);
    done(f);
}

static void a_midstream_request_begins_with_its_segment(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->flow.flags = FLOW_MIDSTREAM;
    say(f, "> tail of a form");
    say(f, "< HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    say(f, "> GET /2 HTTP/1.1\r\nHost: i\r\n\r\n");
    assert_said(f, "[http.method=GET] [http.uri=/2]");
    feed_finish(f);
    done(f);
}

static void odd_request_lines_are_read_as_servers_read_them(void **state)
{
    static const struct {
        const char *line;
        const char *said;
    } cases[] = {
        {"GET /a HTTP/2.0", "[http.method=GET] [http.uri=/a] [http.uri.raw=/a]"},
        {"GET /a\001b HTTP/1.1", "[http.method=GET] [http.uri=/a\\x01b]"},
        {"GET\v/a HTTP/1.1", "[http.method=GET] [http.uri=/a]"},
        {"GET /a\fHTTP/1.1", "[http.method=GET] [http.uri=/a]"},
        {"GET /a\tb HTTP/1.1", "[http.method=GET] [http.uri=/a\\x09b]"},
        {"GET /a b HTTP/1.1", "[http.method=GET] [http.uri=/a] [http.uri.raw=/a]"},
        {"GET /a  b c HTTP/1.1", "[http.protocol=b c HTTP/1.1]"},
        {"GET /a b", "[http.protocol=b]"},
        {"GE:T /a HTTP/1.1", "[http.method=GE:T] [http.uri=/a]"},
        {"\"GET\" /a HTTP/1.1", "[http.method=\"GET\"] [http.uri=/a]"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOP /a HTTP/1.1", "[http.uri=/a]"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        struct feed *f = feed_new(0);
        snprintf(text, sizeof(text), "> %s\r\nHost: h\r\n\r\n", cases[i].line);
        say(f, text);
        say(f, "< HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        assert_said(f, cases[i].said);
        assert_said(f, "[http.stat_code=200]");
        feed_finish(f);
        done(f);
    }
}

static void a_long_target_does_not_hide_a_request(void **state)
{
    char text[800];
    (void)state;

    for (int i = 0; i < 2; i++) {
        struct feed *f = feed_new(0);
        snprintf(text, sizeof(text), "> %s%0700d HTTP/1.1\r\nHost: h\r\n\r\n",
                 i == 0 ? "BEACON /" : "GET ?id=", 1);
        say(f, text);
        assert_said(f, "[http.host=h]");
        feed_finish(f);
        done(f);
    }
}

static void every_header_counts_for_the_frame_however_many_there_are(void **state)
{
    char text[4096];
    size_t len;
    (void)state;

    struct feed *f = feed_new(0);
    len = (size_t)snprintf(text, sizeof(text), "> POST /real HTTP/1.1\r\n");
    for (int i = 0; i < 300; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "X: 1\r\n");
    snprintf(text + len, sizeof(text) - len,
             "Host: h\r\nContent-Length: 21\r\n\r\nGET /fake HTTP/1.1\r\n\r\n");
    say(f, text);
    assert_said(f, "[http.uri=/real]");
    assert_said(f, "[http.host=h]");
    assert_null(strstr((const char *)f->log.data, "[http.uri=/fake]"));
    assert_int_equal(f->anomalies[ANOMALY_HTTP_REQUEST_TOO_MANY_HEADERS], 1);
    feed_finish(f);
    done(f);
}

static void the_target_names_the_host(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> GET http://Evil.example:99/x HTTP/1.1\r\nHost: www.example\r\n\r\n");
    assert_said(f, "[http.host=evil.example] [http.host.raw=www.example]");
    assert_int_equal(f->anomalies[ANOMALY_HTTP_HOST_HEADER_AMBIGUOUS], 1);
    say(f, "> GET http://same.example:80/x HTTP/1.1\r\nHost: Same.example\r\n\r\n");
    assert_said(f, "[http.host=same.example]");
    assert_int_equal(f->anomalies[ANOMALY_HTTP_HOST_HEADER_AMBIGUOUS], 1);
    feed_finish(f);
    done(f);
}

static void many_pipelined_requests_find_their_answers(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    for (int i = 0; i < 400; i++)
        say(f, "> GET /deep HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 400; i++)
        say(f, "< HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(f->events, 2 * 400);
    assert_int_equal(f->anomalies[ANOMALY_HTTP_TOO_MANY_REQUESTS], 0);
    feed_finish(f);
    done(f);
}

static void a_flood_of_requests_is_bounded(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    for (int i = 0; i < 5000; i++)
        say(f, "> GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(f->budget.used < 2 * 1024 * 1024);
    assert_true(f->anomalies[ANOMALY_HTTP_TOO_MANY_REQUESTS] > 0);
    assert_int_equal(f->events, 5000 + 5000 - 1024);
    say(f, "< HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); /* to a request that was given up */
    assert_int_equal(f->events, 5000 + 5000 - 1024 + 1);
    feed_finish(f);
    done(f);
}

static void a_head_beyond_the_limit_is_cut_and_parsing_goes_on(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    f->context.limits.header_bytes = 1000;
    say(f, "> GET /long HTTP/1.1\r\nHost: h\r\nX: ");
    for (int i = 0; i < 100; i++)
        say(f, "> xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    say(f, "> \r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(f->anomalies[ANOMALY_HTTP_REQUEST_FIELD_TOO_LONG], 1);
    assert_said(f, "http request 0 [http.method=GET] [http.uri=/long]");
    assert_said(f, "http request 1 [http.method=GET] [http.uri=/next]");
    feed_finish(f);
    done(f);
}

static void both_lengths_are_an_anomaly_and_chunks_win(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n0\r\n\r\n");
    assert_int_equal(f->anomalies[ANOMALY_HTTP_AMBIGUOUS_BODY_LENGTH_IN_REQUEST], 1);
    assert_said(f, "[http.request_body=abc]");
    feed_finish(f);
    done(f);
}

static void a_spent_budget_loses_events_but_nothing_else(void **state)
{
    (void)state;
    for (size_t limit = 64; limit < 16 * 1024; limit += 64) {
        struct feed *f = feed_new(limit);
        for (size_t i = 0; TALKS[1].pieces[i] != NULL; i++)
            say_cut(f, TALKS[1].pieces[i], 7);
        feed_finish(f);
        done(f);
    }
}

static void a_browser_that_sends_none_of_its_headers_is_bare(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int64_t is_bare;
    } CASES[] = {{"User-Agent: Mozilla/5.0\r\n", 1},
                 {"User-Agent: Mozilla/5.0\r\nAccept-Encoding: gzip\r\n", 0},
                 {"User-Agent: Mozilla/5.0\r\nAccept-Language: de\r\n", 0},
                 {"User-Agent: Mozilla/5.0\r\nReferer: http://h/\r\n", 0},
                 {"User-Agent: curl/8.0\r\n", 0},
                 {"", 0}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct feed *f = feed_new(0);
        field_set_add(&f->wanted, FIELD_FLOW_HTTP_BARE);
        proto_context_init(&f->context);
        struct buf text;
        buf_init(&text, 1024);
        buf_format(&text, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", CASES[i].headers);
        feed_bytes(f, TO_SERVER, buf_view(&text));
        feed_end(f, TO_SERVER);
        proto_flow_close(&f->context, &f->flow);
        event_begin(f->context.event, EVENT_FLOW, TO_SERVER, &f->flow, NULL);
        kept_add(&f->context, &f->flow, f->context.event);
        assert_int_equal(event_number(f->context.event, FIELD_FLOW_HTTP_BARE, -1),
                         CASES[i].is_bare);
        buf_clear(&text);
        proto_flow_end(&f->context, &f->flow);
        done(f);
    }
}

static void the_flows_event_knows_the_last_host(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    field_set_add(&f->wanted, FIELD_FLOW_HTTP_HOST);
    proto_context_init(&f->context);
    say(f, "> GET / HTTP/1.1\r\nHost: first\r\n\r\nGET / HTTP/1.1\r\nHost: Last.Example.\r\n\r\n");
    feed_end(f, TO_SERVER);
    proto_flow_close(&f->context, &f->flow);
    event_begin(f->context.event, EVENT_FLOW, TO_SERVER, &f->flow, NULL);
    kept_add(&f->context, &f->flow, f->context.event);
    assert_true(
        view_equal(event_bytes(f->context.event, FIELD_FLOW_HTTP_HOST), VIEW("last.example")));
    assert_int_equal(proto_of_flow(&f->flow), PROTO_HTTP);
    proto_flow_end(&f->context, &f->flow);
    done(f);
}

static void a_parser_that_nobody_reads_sleeps(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    memset(&f->wanted, 0, sizeof(f->wanted));
    field_set_add(&f->wanted, FIELD_PACKET_PAYLOAD);
    proto_context_init(&f->context);
    say(f, "> GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(proto_of_flow(&f->flow), PROTO_HTTP);
    assert_true(proto_is_done(&f->flow, TO_CLIENT));
    assert_int_equal(f->events, 0);
    feed_finish(f);
    done(f);
}

static void header_texts_are_those_of_suricata(void **state)
{
    (void)state;
    static const struct talk talk = {{
        "> GET / HTTP/1.1\r\nHost:a\r\nX-A:  1 \r\nCookie: c=1\r\nx-a: 2\r\nX-F: one\r\n  "
        "two\r\n\r\n",
        "< HTTP/1.1 200 OK\r\nServer: s\r\nSet-Cookie: k=v\r\nContent-Length: 0\r\n\r\n",
    }};
    struct feed *f = hear(&talk);
    assert_said(f, "[http.header=Host: a\\x0d\\x0aX-A: 1, 2\\x0d\\x0aX-F: one two\\x0d\\x0a]");
    assert_said(f,
                "[http.header_names.text=\\x0d\\x0aHost\\x0d\\x0aX-A\\x0d\\x0aCookie\\x0d\\x0aX-F"
                "\\x0d\\x0a\\x0d\\x0a]");
    assert_said(f, "[http.header.raw=Host:a\\x0d\\x0aX-A:  1 \\x0d\\x0aCookie: c=1\\x0d\\x0a");
    assert_said(f, "[http.response_header=Server: s\\x0d\\x0aContent-Length: 0\\x0d\\x0a]");
    assert_said(f, "[http.response_header_names.text=\\x0d\\x0aServer\\x0d\\x0aSet-Cookie\\x0d\\x0a"
                   "Content-Length\\x0d\\x0a\\x0d\\x0a]");
    feed_finish(f);
    done(f);
}

static void a_message_as_sent_is_its_head_and_a_body_that_is_not_compressed(void **state)
{
    (void)state;
    struct feed *f = feed_new(0);
    say(f, "> POST /1 HTTP/1.1\r\nHost:h\r\nContent-Length: 2\r\n\r\nab");
    say(f, "< HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\n\r\n");
    assert_said(
        f, "[http.request=POST /1 HTTP/1.1\\x0d\\x0aHost:h\\x0d\\x0aContent-Length: 2\\x0d\\x0a"
           "\\x0d\\x0aab]");
    assert_said(
        f, "[http.response=HTTP/1.1 200 OK\\x0d\\x0aTransfer-Encoding: chunked\\x0d\\x0a\\x0d\\x0a"
           "0\\x0d\\x0axy]");
    say(f, "> GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    say(f, "< HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd");
    assert_said(
        f,
        "[http.response=HTTP/1.1 200 OK\\x0d\\x0aContent-Encoding: gzip\\x0d\\x0aContent-Length: 4"
        "\\x0d\\x0a\\x0d\\x0a]");
    say(f, "> GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
    say(f, "< HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    feed_gap(f, TO_CLIENT, 6);
    say(f, "< yz");
    assert_said(f, "\\x0d\\x0a\\x0d\\x0aab] [http.response=yz]");
    feed_finish(f);
    done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_texts_are_those_of_suricata),
        cmocka_unit_test(a_message_as_sent_is_its_head_and_a_body_that_is_not_compressed),
        cmocka_unit_test(a_request_and_its_answer_are_two_events_of_one_transaction),
        cmocka_unit_test(how_the_bytes_are_cut_changes_nothing),
        cmocka_unit_test(chunks_are_taken_apart_and_extensions_noted),
        cmocka_unit_test(answers_meet_pipelined_requests_in_order),
        cmocka_unit_test(a_request_without_version_may_have_headers),
        cmocka_unit_test(http_0_9_is_answered_without_a_head),
        cmocka_unit_test(what_is_inside_a_tunnel_is_identified_anew),
        cmocka_unit_test(a_tunnel_of_something_else_stays_http),
        cmocka_unit_test(tunnels_in_tunnels_come_to_an_end),
        cmocka_unit_test(a_request_without_answer_is_complete_at_the_end),
        cmocka_unit_test(an_answer_without_request_is_an_event),
        cmocka_unit_test(a_gap_in_a_body_is_counted),
        cmocka_unit_test(after_a_gap_in_a_head_parsing_finds_the_next_message),
        cmocka_unit_test(after_a_loss_a_segment_may_begin_a_message),
        cmocka_unit_test(after_a_loss_a_method_may_be_split),
        cmocka_unit_test(a_midstream_request_begins_with_its_segment),
        cmocka_unit_test(after_a_lost_answer_the_next_meets_the_last_request),
        cmocka_unit_test(odd_request_lines_are_read_as_servers_read_them),
        cmocka_unit_test(a_long_target_does_not_hide_a_request),
        cmocka_unit_test(every_header_counts_for_the_frame_however_many_there_are),
        cmocka_unit_test(the_target_names_the_host),
        cmocka_unit_test(many_pipelined_requests_find_their_answers),
        cmocka_unit_test(a_flood_of_requests_is_bounded),
        cmocka_unit_test(a_head_beyond_the_limit_is_cut_and_parsing_goes_on),
        cmocka_unit_test(both_lengths_are_an_anomaly_and_chunks_win),
        cmocka_unit_test(a_spent_budget_loses_events_but_nothing_else),
        cmocka_unit_test(a_browser_that_sends_none_of_its_headers_is_bare),
        cmocka_unit_test(the_flows_event_knows_the_last_host),
        cmocka_unit_test(a_parser_that_nobody_reads_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
