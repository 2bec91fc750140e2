/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS: what each message says in its event, and what bytes cannot do. */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/dns/dns_identify.h"
#include "proto/proto.h"

extern const struct proto_parser dns_parser;

enum { SEEN_MAX = 512 };

/* What was emitted, copied out of the event. */
struct seen {
    enum direction direction;
    bool is_complete, is_second;
    uint64_t tx;
    int64_t id, type, rcode, rejected, recursion, len, labels, entropy;
    bool has_name;
    char name[256], rrtype[32], rcode_name[32], answers[8192], texts[4096], addresses[512];
    char raw[256], registrable[256];
    uint32_t answer_count, ttl_count, truncated;
};

struct fixture {
    struct budget budget;
    struct field_set wanted;
    struct proto_context context;
    struct flow flow;
    struct packet packet;
    void *state;
    struct seen *seen;
    size_t count;
    enum anomaly anomalies[SEEN_MAX];
    size_t anomaly_count;
};

static void copy_list(const struct event *event, enum field_id id, char *out, size_t size)
{
    struct value_list list = event_get(event, id);
    size_t at = 0;

    for (uint32_t i = 0; i < list.count; i++) {
        char text[ADDRESS_TEXT_MAX];
        struct view v = field_get(id)->type == TYPE_IP
                            ? view_from_string(address_format(&list.items[i].ip, text))
                            : list.items[i].bytes;
        if (at + v.len + 2 > size)
            break;
        if (i > 0)
            out[at++] = '|';
        memcpy(out + at, v.data, v.len);
        at += v.len;
    }
    out[at] = '\0';
}

static void on_event(void *context, struct event *event)
{
    struct fixture *f = context;

    assert_true(f->count < SEEN_MAX);
    struct seen *s = &f->seen[f->count++];
    s->direction = event->direction;
    s->is_complete = event->is_complete;
    s->is_second = event->is_second;
    s->tx = event->tx_id;
    s->id = event_number(event, FIELD_DNS_ID, -1);
    s->type = event_number(event, FIELD_DNS_RRTYPE_NUM, -1);
    s->rcode = event_number(event, FIELD_DNS_RCODE_NUM, -1);
    s->rejected = event_number(event, FIELD_DNS_REJECTED, -1);
    s->recursion = event_number(event, FIELD_DNS_RD, -1) * 2 + event_number(event, FIELD_DNS_RA, 0);
    s->len = event_number(event, FIELD_DNS_QUERY_LEN, -1);
    s->labels = event_number(event, FIELD_DNS_QUERY_LABELS, -1);
    struct view registrable = event_bytes(event, FIELD_DNS_ETLD1);
    snprintf(s->registrable, sizeof(s->registrable), "%.*s", (int)registrable.len,
             registrable.data ? (const char *)registrable.data : "");
    s->entropy = event_number(event, FIELD_DNS_QUERY_ENTROPY, -1);
    s->has_name = event_bytes(event, FIELD_DNS_QUERY).data != NULL;
    copy_list(event, FIELD_DNS_QUERY, s->name, sizeof(s->name));
    copy_list(event, FIELD_DNS_QUERY_RAW, s->raw, sizeof(s->raw));
    copy_list(event, FIELD_DNS_RRTYPE, s->rrtype, sizeof(s->rrtype));
    copy_list(event, FIELD_DNS_RCODE, s->rcode_name, sizeof(s->rcode_name));
    copy_list(event, FIELD_DNS_ANSWER, s->answers, sizeof(s->answers));
    copy_list(event, FIELD_DNS_TXT, s->texts, sizeof(s->texts));
    copy_list(event, FIELD_DNS_ANSWER_IP, s->addresses, sizeof(s->addresses));
    s->answer_count = event_get(event, FIELD_DNS_ANSWER).count;
    s->ttl_count = event_get(event, FIELD_DNS_TTL).count;
    s->truncated = event->truncated;
    assert_int_equal(event->time_us, 77);
}

static void on_anomaly(void *context, struct flow *flow, const struct packet *packet,
                       enum anomaly anomaly)
{
    struct fixture *f = context;
    (void)flow;
    (void)packet;
    assert_true(f->anomaly_count < SEEN_MAX);
    f->anomalies[f->anomaly_count++] = anomaly;
}

static struct fixture *begin(uint8_t ip_proto)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->seen = calloc(SEEN_MAX, sizeof(*f->seen));
    f->budget.limit = 1 << 20;
    field_set_add_event(&f->wanted, EVENT_DNS);
    f->context = (struct proto_context){
        .budget = &f->budget,
        .event = event_new(),
        .sink = {.emit = on_event, .context = f},
        .wanted = &f->wanted,
        .anomaly = on_anomaly,
        .anomaly_context = f,
        .packet = &f->packet,
        .flow = &f->flow,
    };
    f->context.event->wanted = &f->wanted;
    f->packet.time_us = 77;
    f->flow.ip_proto = ip_proto;
    f->flow.client_port = 40000;
    f->flow.server_port = 53;
    proto_context_init(&f->context);
    f->state = dns_parser.open(&f->context);
    assert_non_null(f->state);
    return f;
}

static void end(struct fixture *f)
{
    dns_parser.close(f->state, &f->context);
    assert_int_equal(f->context.recycler.live_bytes, 0);
    proto_context_clear(&f->context);
    assert_int_equal(f->budget.used, 0);
    event_free(f->context.event);
    free(f->seen);
    free(f);
}

static enum parse_result feed(struct fixture *f, enum direction direction, struct view bytes)
{
    /* A copy of exactly this size, so that the sanitizer sees every byte too many. */
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    memcpy(copy, bytes.data, bytes.len);
    enum parse_result result =
        dns_parser.data(f->state, &f->context, direction, view_make(copy, bytes.len));
    free(copy);
    return result;
}

static bool has_anomaly(const struct fixture *f, enum anomaly anomaly)
{
    for (size_t i = 0; i < f->anomaly_count; i++) {
        if (f->anomalies[i] == anomaly)
            return true;
    }
    return false;
}

/* ---- messages by hand ------------------------------------------------------------------------------ */

static void put16(struct buf *b, unsigned n)
{
    buf_byte(b, (uint8_t)(n >> 8));
    buf_byte(b, (uint8_t)n);
}

static void put32(struct buf *b, uint32_t n)
{
    put16(b, n >> 16);
    put16(b, n & 0xffff);
}

static void put_header(struct buf *b, unsigned id, unsigned flags, unsigned questions,
                       unsigned answers)
{
    put16(b, id);
    put16(b, flags);
    put16(b, questions);
    put16(b, answers);
    put16(b, 0);
    put16(b, 0);
}

/* "www.example" as labels; "" is the root. */
static void put_name(struct buf *b, const char *name)
{
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        buf_byte(b, (uint8_t)len);
        buf_bytes(b, name, len);
        name += len + (name[len] == '.');
    }
    buf_byte(b, 0);
}

static void put_question(struct buf *b, const char *name, unsigned type)
{
    put_name(b, name);
    put16(b, type);
    put16(b, 1);
}

/* A record of the first question's name. */
static void put_record(struct buf *b, unsigned type, const void *data, size_t len)
{
    put16(b, 0xc00c);
    put16(b, type);
    put16(b, 1);
    put32(b, 60);
    put16(b, (unsigned)len);
    buf_bytes(b, data, len);
}

static struct buf query(unsigned id, const char *name, unsigned type)
{
    struct buf b;
    buf_init(&b, 70000);
    put_header(&b, id, 0x0100, 1, 0);
    put_question(&b, name, type);
    return b;
}

static struct buf answer(unsigned id, const char *name, unsigned type, unsigned rcode)
{
    struct buf b;
    buf_init(&b, 70000);
    put_header(&b, id, 0x8180 | rcode, 1, 0);
    put_question(&b, name, type);
    return b;
}

static void give(struct fixture *f, enum direction direction, struct buf *b)
{
    assert_int_equal(feed(f, direction, buf_view(b)), PARSE_MORE);
    buf_clear(b);
}

/* One answer of one record with this data; returns its text. */
static const char *text_of(struct fixture *f, unsigned type, const void *data, size_t len)
{
    struct buf b = answer(1, "a.example", type, 0);
    b.data[7] = 1;
    put_record(&b, type, data, len);
    give(f, TO_CLIENT, &b);
    return f->seen[f->count - 1].answers;
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static void a_query_and_its_answer_are_one_transaction(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf q = query(0x1234, "WWW.Example.COM", 1);
    give(f, TO_SERVER, &q);
    struct buf a = answer(0x1234, "www.example.com", 1, 0);
    a.data[7] = 1;
    put_record(&a, 1, "\x5d\xb8\xd8\x22", 4);
    give(f, TO_CLIENT, &a);

    assert_int_equal(f->count, 2);
    assert_int_equal(f->seen[0].direction, TO_SERVER);
    assert_false(f->seen[0].is_complete);
    assert_string_equal(f->seen[0].name, "www.example.com");
    assert_string_equal(f->seen[0].rrtype, "A");
    assert_int_equal(f->seen[0].rcode, -1);
    assert_int_equal(f->seen[0].rejected, -1); /* before the answer nobody knows */
    assert_int_equal(f->seen[1].rejected, 0);
    assert_int_equal(f->seen[1].recursion, 3);
    assert_int_equal(f->seen[1].direction, TO_CLIENT);
    assert_true(f->seen[1].is_complete);
    assert_int_equal(f->seen[1].tx, f->seen[0].tx);
    assert_false(f->seen[0].is_second);
    assert_true(f->seen[1].is_second);
    assert_string_equal(f->seen[1].rcode_name, "NOERROR");
    assert_string_equal(f->seen[1].addresses, "93.184.216.34");
    assert_int_equal(f->anomaly_count, 0);
    end(f);
}

static void answers_out_of_order_find_their_queries(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    for (unsigned i = 0; i < 20; i++) {
        struct buf q = query(i / 2, i % 2 ? "odd.example" : "even.example", 1);
        give(f, TO_SERVER, &q);
    }
    for (unsigned i = 20; i-- > 0;) {
        struct buf a = answer(i / 2, i % 2 ? "odd.example" : "even.example", 1, 3);
        give(f, TO_CLIENT, &a);
        assert_int_equal(f->seen[f->count - 1].tx, f->seen[i].tx);
        assert_string_equal(f->seen[f->count - 1].rcode_name, "NXDOMAIN");
        assert_int_equal(f->seen[f->count - 1].rejected, 1); /* no record of any section */
    }
    end(f);
}

static void an_answer_without_a_query_is_a_transaction_of_its_own(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf a = answer(9, "late.example", 28, 2);
    give(f, TO_SERVER, &a); /* the capture began with it: the flow is the wrong way round */
    struct buf q = query(10, "late.example", 28);
    give(f, TO_CLIENT, &q);
    assert_int_equal(f->seen[0].direction, TO_CLIENT);
    assert_int_equal(f->seen[1].direction, TO_SERVER);
    assert_int_not_equal(f->seen[0].tx, f->seen[1].tx);
    assert_int_equal(f->anomaly_count, 0);
    struct buf odd = query(11, "late.example", 28);
    give(f, TO_SERVER, &odd);
    assert_true(has_anomaly(f, ANOMALY_DNS_NOT_RESPONSE));
    end(f);
}

static void waiting_queries_are_bounded_and_the_oldest_goes(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    for (unsigned i = 0; i < 300; i++) {
        struct buf q = query(i, "x.example", 16);
        give(f, TO_SERVER, &q);
    }
    assert_true(f->budget.used <= 16 * 1024);
    struct buf first = answer(0, "x.example", 16, 0), last = answer(299, "x.example", 16, 0);
    give(f, TO_CLIENT, &first);
    assert_int_equal(f->seen[300].tx, 300);
    give(f, TO_CLIENT, &last);
    assert_int_equal(f->seen[301].tx, 299);
    end(f);
}

/* Where rules wait, a query that stays without an answer is told complete: at the flow's end, and when too many
 * others wait. */
static void a_query_without_an_answer_is_complete_in_the_end(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    f->context.waits = 1u << EVENT_DNS;
    for (unsigned i = 0; i < 258; i++) {
        struct buf q = query(i, i == 0 ? "first.example" : "x.example", 16);
        give(f, TO_SERVER, &q);
    }
    assert_int_equal(f->count, 260); /* two were pushed out */
    assert_int_equal(f->seen[256].tx, 0);
    assert_true(f->seen[256].is_complete && f->seen[256].is_second);
    assert_int_equal(f->seen[256].direction, TO_SERVER);
    assert_string_equal(f->seen[256].name, "first.example");
    assert_int_equal(f->seen[256].rcode, -1);
    struct buf again = query(3, "x.example", 16), a = answer(4, "x.example", 16, 0);
    give(f, TO_SERVER, &again);
    give(f, TO_CLIENT, &a);
    struct seen *seen = f->seen;
    f->seen = calloc(SEEN_MAX, sizeof(*f->seen));
    f->count = 0;
    dns_parser.close(f->state, &f->context);
    assert_int_equal(f->count, 255);
    for (size_t i = 0; i < f->count; i++)
        assert_true(f->seen[i].is_complete && f->seen[i].tx >= 2 && f->seen[i].tx != 4);
    f->state = dns_parser.open(&f->context);
    free(seen);
    end(f);
}

static void the_root_is_an_empty_name(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf q = query(1, "", 2);
    give(f, TO_SERVER, &q);
    assert_true(f->seen[0].has_name);
    assert_string_equal(f->seen[0].name, "");
    assert_int_equal(f->seen[0].labels, 0);
    assert_int_equal(f->seen[0].entropy, 0);
    end(f);
}

static void derived_fields_measure_the_name(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf q = query(1, "ab.cd", 1);
    give(f, TO_SERVER, &q);
    assert_int_equal(f->seen[0].len, 5);
    assert_int_equal(f->seen[0].labels, 2);
    assert_int_equal(f->seen[0].entropy, 2322); /* log2(5) */
    end(f);
}

static void the_registrable_domain_is_the_public_suffix_lists(void **state)
{
    (void)state;
    static const char *const NAMES[][2] = {{"WWW.Example.co.uk", "example.co.uk"},
                                           {"example.com", "example.com"},
                                           {"co.uk", ""},
                                           {"a.user.github.io", "user.github.io"},
                                           {"github.io", ""},
                                           {"host.unlisted-tld", "host.unlisted-tld"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct fixture *f = begin(IP_UDP);
        struct buf q = query(1, NAMES[i][0], 1);
        give(f, TO_SERVER, &q);
        assert_string_equal(f->seen[0].registrable, NAMES[i][1]);
        end(f);
    }
}

static void records_read_as_in_zone_files(void **state)
{
    (void)state;
    static const struct {
        unsigned type;
        const char *data;
        size_t len;
        const char *text;
    } cases[] = {
#define CASE(type, data, text) {type, data, sizeof(data) - 1, text}
        CASE(28, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"),
        CASE(5, "\1B\xc0\x0c", "B.a.example"),
        CASE(15, "\0\x0a\2mx\xc0\x0c", "10 mx.a.example"),
        CASE(16, "\3abc\2de", "abcde"),
        CASE(16, "\3abc", "abc"),
        CASE(6, "\1m\xc0\x0c\1r\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5",
             "m.a.example r.a.example 1 2 3 4 5"),
        CASE(33, "\0\1\0\2\x01\xbb\1s\xc0\x0c", "1 2 443 s.a.example"),
        CASE(35, "\0\1\0\2\1S\7SIP+D2U\0\2_s\0", "1 2 \"S\" \"SIP+D2U\" \"\" _s"),
        CASE(257, "\0\5issueca.example", "0 issue \"ca.example\""),
        CASE(43, "\x12\x34\x08\x02\xab\xcd", "4660 8 2 abcd"),
        CASE(48, "\x01\x01\3\x08Man", "257 3 8 TWFu"),
        CASE(46, "\0\1\x08\2\0\0\0\x3c\x65\x92\0\x80\x65\x92\0\x80\0\7\xc0\x0cMan",
             "A 8 2 60 20240101000000 20240101000000 7 a.example TWFu"),
        CASE(47, "\xc0\x0c\0\2\x40\x01\1\1\x40", "a.example A MX CAA"),
        CASE(50, "\1\0\0\x0a\1\xaa\5\0\0\0\0\x1f\0\1\x40", "1 0 10 aa 0000000v A"),
        CASE(52, "\3\1\1\xab", "3 1 1 ab"),
        CASE(44, "\4\2\xab\xcd", "4 2 abcd"),
        CASE(65, "\0\1\0\0\1\0\3\2h2\0\3\0\2\1\xbb\0\4\0\4\1\2\3\4\x12\x34\0\1\xff",
             "1 . alpn=\"h2\" port=443 ipv4hint=1.2.3.4 key4660=ff"),
        CASE(256, "\0\1\0\2http://x/", "1 2 \"http://x/\""),
        CASE(13, "\3CPU\2OS", "\"CPU\" \"OS\""),
        CASE(108, "\1\2\3\4\5\6", "01-02-03-04-05-06"),
        CASE(10, "VACK!", "VACK!"),
        CASE(65399, "\xde\xad", "\\# 2 dead"),
        CASE(29, "\0", "\\# 1 00"),
        CASE(252, "", ""),
#undef CASE
    };
    struct fixture *f = begin(IP_UDP);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(text_of(f, cases[i].type, cases[i].data, cases[i].len), cases[i].text);
    assert_int_equal(f->anomaly_count, 0);
    end(f);
}

static void data_that_does_not_fit_its_type_is_shown_in_hexadecimal(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    assert_string_equal(text_of(f, 1, "\1\2\3", 3), "\\# 3 010203");
    assert_string_equal(text_of(f, 5,
                                "\x3f"
                                "ab",
                                3),
                        "\\# 3 3f6162");
    assert_string_equal(text_of(f, 16, "\5ab", 3), "\\# 3 056162");
    assert_string_equal(text_of(f, 47, "\0\1\1\x40\0\1\x40", 7), "\\# 7 00010140000140");
    assert_int_equal(f->anomaly_count, 4);
    assert_string_equal(text_of(f, 1, "\1\2\3\4\5", 5), "1.2.3.4"); /* with bytes behind it */
    assert_int_equal(f->anomaly_count, 5);
    assert_true(has_anomaly(f, ANOMALY_DNS_MALFORMED_DATA));
    end(f);
}

static void bad_names_are_named_and_hide_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *owner;
        size_t len;
        enum anomaly anomaly;
    } cases[] = {
        {"\xc0\x1b", 2, ANOMALY_DNS_INFINITE_LOOP},    /* itself */
        {"\1a\xc0\x1b", 4, ANOMALY_DNS_INFINITE_LOOP}, /* its own piece */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *f = begin(IP_UDP);
        struct buf b = answer(1, "a.example", 1, 0); /* 27 bytes */
        b.data[7] = 2;
        buf_bytes(&b, cases[i].owner, cases[i].len);
        buf_bytes(&b, "\0\1\0\1\0\0\0\1\0\4\1\2\3\4", 14);
        put_record(&b, 1, "\5\6\7\x08", 4);
        give(f, TO_CLIENT, &b);
        assert_true(has_anomaly(f, cases[i].anomaly));
        assert_string_equal(f->seen[0].addresses, "1.2.3.4|5.6.7.8");
        end(f);
    }
}

static void names_are_at_most_255_bytes(void **state)
{
    (void)state;
    char longest[256];
    memset(longest, 'x', sizeof(longest));
    longest[63] = longest[127] = longest[191] = '.';
    longest[253] = '\0'; /* 63 + 63 + 63 + 61 and the root: 255 on the wire */
    struct fixture *f = begin(IP_UDP);
    struct buf q = query(1, longest, 1);
    give(f, TO_SERVER, &q);
    assert_string_equal(f->seen[0].name, longest);
    assert_int_equal(f->anomaly_count, 0);
    longest[253] = 'x';
    longest[254] = '\0';
    q = query(2, longest, 1);
    give(f, TO_SERVER, &q);
    assert_true(has_anomaly(f, ANOMALY_DNS_NAME_TOO_LONG));
    assert_int_equal(f->seen[1].len, 191);
    end(f);
}

static void pointers_are_followed_a_bounded_number_of_times(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf b = query(1, "a", 10);
    b.data[11] = 1; /* an additional record that is a chain of pointers */
    buf_bytes(&b, "\0\0\x0a\0\1\0\0\0\0", 9);
    put16(&b, 2000);
    size_t chain = b.len;
    put16(&b, 0xc00c);
    for (size_t i = 1; i < 1000; i++)
        put16(&b, (unsigned)(0xc000 | (chain + 2 * i - 2)));
    b.data[5] = 2; /* and a second question at its end would need all of them */
    struct cursor c = {.data = b.data, .len = b.len, .at = chain + 2 * 126};
    struct dns_name name;
    assert_int_equal(dns_name_read(&c, &name), DNS_FINE);
    c = (struct cursor){.data = b.data, .len = b.len, .at = chain + 2 * 127};
    assert_int_equal(dns_name_read(&c, &name), DNS_TOO_MANY_LABELS);
    assert_int_equal(c.at, chain + 2 * 128);
    buf_clear(&b);
    end(f);
}

static void more_answers_than_an_event_holds_are_counted(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf b = answer(1, "a.example", 1, 0);
    b.data[6] = 1000 >> 8;
    b.data[7] = 1000 & 255;
    for (int i = 0; i < 1000; i++)
        put_record(&b, 1, "\1\2\3\4", 4);
    give(f, TO_CLIENT, &b);
    assert_int_equal(f->seen[0].answer_count, DNS_ANSWERS_MAX);
    assert_int_equal(f->seen[0].ttl_count, DNS_ANSWERS_MAX);
    assert_int_equal(f->seen[0].truncated, 1000 - DNS_ANSWERS_MAX);
    end(f);
}

static void a_cut_message_gives_what_came_before_the_cut(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf b = answer(1, "a.example", 1, 0);
    b.data[7] = 2;
    put_record(&b, 1, "\1\2\3\4", 4);
    put_record(&b, 1, "\5\6\7\x08", 4);
    b.len -= 2;
    give(f, TO_CLIENT, &b);
    assert_string_equal(f->seen[0].addresses, "1.2.3.4");
    assert_int_equal(f->anomaly_count, 1);
    b = answer(1, "a.example", 1, 0);
    b.data[7] = 1;
    f->packet.flags = PACKET_CUT; /* by the capture, not by the sender */
    give(f, TO_CLIENT, &b);
    assert_int_equal(f->anomaly_count, 1);
    end(f);
}

static void edns_gives_the_upper_bits_of_the_response_code(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf b = answer(1, "a.example", 1, 0);
    b.data[11] = 1;
    buf_bytes(&b, "\0\0\x29\x04\xd0\x01\0\0\0\0\0", 11);
    give(f, TO_CLIENT, &b);
    assert_string_equal(f->seen[0].rcode_name, "BADVERS");
    assert_int_equal(f->seen[0].rcode, 16);
    end(f);
}

static void odd_headers_are_anomalies(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf b = query(1, "a", 1);
    b.data[2] = 0x48; /* opcode 9 */
    b.data[3] = 0x40; /* Z */
    give(f, TO_SERVER, &b);
    assert_int_equal(f->count, 1);
    assert_true(has_anomaly(f, ANOMALY_DNS_INVALID_OPCODE));
    assert_true(has_anomaly(f, ANOMALY_DNS_Z_FLAG_SET));
    b = query(1, "a", 1);
    b.data[5] = 2;
    put_question(&b, "b", 1);
    give(f, TO_SERVER, &b);
    assert_true(has_anomaly(f, ANOMALY_DNS_MULTIPLE_QUESTIONS));
    end(f);
}

static void each_question_of_a_query_is_an_event(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf b = query(1, "first.Example", 1);
    b.data[5] = 40;
    for (int i = 1; i < 40; i++)
        put_question(&b, "OTHER.example", 16);
    give(f, TO_SERVER, &b);
    assert_int_equal(f->count, 32); /* at most */
    assert_string_equal(f->seen[0].name, "first.example");
    assert_string_equal(f->seen[0].raw, "first.Example");
    assert_string_equal(f->seen[1].name, "other.example");
    assert_string_equal(f->seen[1].raw, "OTHER.example");
    assert_string_equal(f->seen[1].rrtype, "TXT");
    assert_int_equal(f->seen[0].tx, 0);
    assert_int_equal(f->seen[31].tx, 31);
    end(f);
}

static void an_answer_belongs_to_its_query_whatever_the_case(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_UDP);
    struct buf q = query(1, "wWw.exAmple", 1), a = query(1, "www.example", 1);
    a.data[2] |= 0x80;
    give(f, TO_SERVER, &q);
    give(f, TO_CLIENT, &a);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->seen[0].tx, f->seen[1].tx);
    end(f);
}

/* ---- TCP -------------------------------------------------------------------------------------------- */

static struct buf prefixed(struct buf message)
{
    struct buf b;
    buf_init(&b, 70000);
    put16(&b, (unsigned)message.len);
    buf_add(&b, buf_view(&message));
    buf_clear(&message);
    return b;
}

static void tcp_messages_come_in_any_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 70; piece++) {
        struct fixture *f = begin(IP_TCP);
        struct buf one = prefixed(query(1, "one.example", 1)),
                   two = prefixed(query(2, "two.example", 1));
        buf_bytes(&one, "\0\0", 2); /* an empty message */
        buf_add(&one, buf_view(&two));
        for (size_t at = 0; at < one.len; at += piece)
            assert_int_equal(feed(f, TO_SERVER, view_slice(buf_view(&one), at, at + piece)),
                             PARSE_MORE);
        assert_int_equal(f->count, 2);
        assert_string_equal(f->seen[0].name, "one.example");
        assert_string_equal(f->seen[1].name, "two.example");
        buf_clear(&one);
        buf_clear(&two);
        end(f);
    }
}

static void memory_follows_what_came_and_not_what_is_promised(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_TCP);
    assert_int_equal(feed(f, TO_SERVER, view_make("\xff\xff\0\1", 4)), PARSE_MORE);
    assert_true(f->budget.used < 4096);
    end(f);
}

static void without_memory_a_message_is_let_go_and_the_next_is_read(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_TCP);
    f->budget.limit = f->budget.used;
    struct buf one = prefixed(query(1, "one.example", 1)),
               two = prefixed(query(2, "two.example", 1));
    feed(f, TO_SERVER, view_slice(buf_view(&one), 0, 10));
    feed(f, TO_SERVER, view_skip(buf_view(&one), 10));
    feed(f, TO_SERVER, buf_view(&two));
    assert_int_equal(f->count, 1);
    assert_string_equal(f->seen[0].name, "two.example");
    buf_clear(&one);
    buf_clear(&two);
    end(f);
}

static void after_a_gap_the_next_message_is_found(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_TCP);
    struct buf one = prefixed(query(1, "one.example", 1)),
               two = prefixed(query(2, "two.example", 1));
    feed(f, TO_SERVER, view_slice(buf_view(&one), 0, 10));
    dns_parser.gap(f->state, &f->context, TO_SERVER, one.len - 12); /* inside the message */
    feed(f, TO_SERVER, view_skip(buf_view(&one), one.len - 2));
    feed(f, TO_SERVER, buf_view(&two));
    assert_int_equal(f->count, 1);
    dns_parser.gap(f->state, &f->context, TO_SERVER, 1000);
    feed(f, TO_SERVER, view_make("rest of some message", 20));
    assert_int_equal(f->count, 1);
    feed(f, TO_SERVER, buf_view(&two));
    assert_int_equal(f->count, 2);
    assert_int_equal(f->anomaly_count, 0);
    buf_clear(&one);
    buf_clear(&two);
    end(f);
}

static void a_stream_of_junk_is_given_up(void **state)
{
    (void)state;
    struct fixture *f = begin(IP_TCP);
    enum parse_result result = PARSE_MORE;
    for (int i = 0; i < 8; i++)
        result = feed(f, TO_SERVER, view_make("\0\3abc", 5));
    assert_int_equal(result, PARSE_BAD);
    assert_int_equal(f->count, 0);
    end(f);
}

/* ---- identification --------------------------------------------------------------------------------- */

static enum identify_result identify(struct view bytes, uint8_t ip_proto, uint16_t port)
{
    const struct flow flow = {.ip_proto = ip_proto, .client_port = 40000, .server_port = port};
    return dns_parser.identify(bytes, TO_SERVER, &flow);
}

static void dns_is_identified_on_any_port(void **state)
{
    (void)state;
    struct buf q = query(7, "www.example.com", 16), t = prefixed(query(7, "www.example.com", 16));
    assert_int_equal(identify(buf_view(&q), IP_UDP, 53), IDENTIFY_YES);
    assert_int_equal(identify(buf_view(&q), IP_UDP, 4444), IDENTIFY_YES);
    assert_int_equal(identify(buf_view(&t), IP_TCP, 4444), IDENTIFY_YES);
    for (size_t len = 0; len < t.len; len++)
        assert_int_equal(identify(view_slice(buf_view(&t), 0, len), IP_TCP, 53), IDENTIFY_MORE);
    for (size_t len = 0; len < q.len; len++)
        assert_int_equal(identify(view_slice(buf_view(&q), 0, len), IP_UDP, 53), IDENTIFY_NO);
    buf_clear(&q);
    buf_clear(&t);
}

static void what_is_not_dns_is_not_identified(void **state)
{
    (void)state;
    static const char http[] =
        "GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: curl/7.88.1\r\n\r\n";
    struct buf nbns = query(7, "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 33);
    assert_int_equal(identify(buf_view(&nbns), IP_UDP, 137), IDENTIFY_NO);
    assert_int_equal(identify(view_from_string(http), IP_UDP, 53), IDENTIFY_NO);
    assert_int_equal(identify(view_from_string(http), IP_TCP, 53), IDENTIFY_NO);
    assert_int_equal(identify(view_make("\x16\x03\x01\x02\0\1\0\1\xfc\3\3random", 17), IP_TCP, 53),
                     IDENTIFY_NO);
    struct buf classes = query(7, "a", 1);
    classes.data[classes.len - 1] = 77;
    assert_int_equal(identify(buf_view(&classes), IP_UDP, 4444), IDENTIFY_NO);
    assert_int_equal(identify(buf_view(&classes), IP_UDP, 53), IDENTIFY_YES);
    buf_clear(&nbns);
    buf_clear(&classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_and_its_answer_are_one_transaction),
        cmocka_unit_test(answers_out_of_order_find_their_queries),
        cmocka_unit_test(an_answer_without_a_query_is_a_transaction_of_its_own),
        cmocka_unit_test(waiting_queries_are_bounded_and_the_oldest_goes),
        cmocka_unit_test(a_query_without_an_answer_is_complete_in_the_end),
        cmocka_unit_test(the_root_is_an_empty_name),
        cmocka_unit_test(derived_fields_measure_the_name),
        cmocka_unit_test(the_registrable_domain_is_the_public_suffix_lists),
        cmocka_unit_test(records_read_as_in_zone_files),
        cmocka_unit_test(data_that_does_not_fit_its_type_is_shown_in_hexadecimal),
        cmocka_unit_test(bad_names_are_named_and_hide_nothing),
        cmocka_unit_test(names_are_at_most_255_bytes),
        cmocka_unit_test(pointers_are_followed_a_bounded_number_of_times),
        cmocka_unit_test(more_answers_than_an_event_holds_are_counted),
        cmocka_unit_test(a_cut_message_gives_what_came_before_the_cut),
        cmocka_unit_test(edns_gives_the_upper_bits_of_the_response_code),
        cmocka_unit_test(odd_headers_are_anomalies),
        cmocka_unit_test(tcp_messages_come_in_any_pieces),
        cmocka_unit_test(memory_follows_what_came_and_not_what_is_promised),
        cmocka_unit_test(without_memory_a_message_is_let_go_and_the_next_is_read),
        cmocka_unit_test(after_a_gap_the_next_message_is_found),
        cmocka_unit_test(a_stream_of_junk_is_given_up),
        cmocka_unit_test(dns_is_identified_on_any_port),
        cmocka_unit_test(what_is_not_dns_is_not_identified),
        cmocka_unit_test(each_question_of_a_query_is_an_event),
        cmocka_unit_test(an_answer_belongs_to_its_query_whatever_the_case),
    };
    return cmocka_run_group_tests_name("proto_dns", tests, NULL, NULL);
}
