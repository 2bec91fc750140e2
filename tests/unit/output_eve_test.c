/* SPDX-License-Identifier: BSD-3-Clause */
/* EVE: what a line says, as another parser (jansson) reads it back. */
#include "unit/test.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output/eve.h"
#include "output/text.h"

struct fixture {
    struct event *event;
    struct field_set wanted;
    struct flow flow;
    struct packet packet;
    struct buf line;
    struct eve_options options;
    bool is_expired, is_early;
};

static struct address address(const char *text)
{
    struct address out;
    assert_true(address_parse(view_from_string(text), &out));
    return out;
}

static const char *file_name(const void *context, size_t file)
{
    (void)context;
    return file == 3 ? "day.pcap" : NULL;
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){
        .event = event_new(),
        .flow =
            {
                .client = address("10.0.0.1"),
                .server = address("192.0.2.7"),
                .client_port = 40000,
                .server_port = 53,
                .ip_proto = IP_UDP,
                .ip_version = 4,
                .id = 123456789,
                .start_us = INT64_C(1700000000000000),
                .last_us = INT64_C(1700000003500000),
                .side = {{.pkts = 2, .bytes = 200}, {.pkts = 1, .bytes = 100}},
            },
        .packet =
            {
                .time_us = INT64_C(1700000001000002),
                .number = 17,
                .src = address("192.0.2.7"),
                .dst = address("10.0.0.1"),
                .src_port = 53,
                .dst_port = 40000,
                .ip_version = 4,
                .ip_proto = IP_UDP,
                .flags = PACKET_HAS_TRANSPORT,
                .file = 3,
                .payload = (const uint8_t *)"ab\"\\\n\x01\xff",
                .payload_len = 7,
            },
        .options = {.community_id = true, .file_name = file_name},
    };
    f.event->wanted = &f.wanted;
    buf_init(&f.line, 1 << 20);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    event_free(f->event);
    buf_clear(&f->line);
    return 0;
}

/* The line as an object; exactly one line. */
static json_t *parse(const struct fixture *f)
{
    json_error_t error;

    assert_false(f->line.is_full);
    assert_true(f->line.len > 0);
    assert_ptr_equal(memchr(f->line.data, '\n', f->line.len), f->line.data + f->line.len - 1);
    json_t *value = json_loadb((const char *)f->line.data, f->line.len,
                               JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    assert_non_null(value);
    assert_true(json_is_object(value));
    return value;
}

/* The member at "a.b.0.c". */
static const json_t *at(const json_t *value, const char *path)
{
    while (value != NULL && *path != '\0') {
        char name[64];
        size_t len = strcspn(path, ".");
        assert_true(len < sizeof(name));
        memcpy(name, path, len);
        name[len] = '\0';
        value = json_is_array(value) ? json_array_get(value, (size_t)(name[0] - '0'))
                                     : json_object_get(value, name);
        path += len + (path[len] == '.');
    }
    return value;
}

static void says(const json_t *value, const char *path, const char *expected)
{
    const json_t *member = at(value, path);
    assert_true(json_is_string(member));
    assert_string_equal(json_string_value(member), expected);
}

static void counts(const json_t *value, const char *path, json_int_t expected)
{
    const json_t *member = at(value, path);
    assert_true(json_is_integer(member));
    assert_int_equal(json_integer_value(member), expected);
}

static void lacks(const json_t *value, const char *path)
{
    assert_null(at(value, path));
}

static void begin(struct fixture *f, enum event_type type, enum direction direction)
{
    event_begin(f->event, type, direction, &f->flow, &f->packet);
    f->event->time_us = f->packet.time_us;
    f->event->tx_id = 5;
}

static void add_dns_answer(struct fixture *f)
{
    struct address v4 = address("192.0.2.99"), v6 = address("2001:db8::1");
    struct view name = VIEW("real.example"), text = VIEW("v=spf1");

    begin(f, EVENT_DNS, TO_CLIENT);
    event_add_bytes(f->event, FIELD_DNS_QUERY_RAW, VIEW("www.example"));
    event_add_bytes(f->event, FIELD_DNS_RRTYPE, VIEW("A"));
    event_add_number(f->event, FIELD_DNS_ID, 4711);
    event_add_number(f->event, FIELD_DNS_OPCODE, 0);
    event_add_number(f->event, FIELD_DNS_Z, 0);
    event_add_bytes(f->event, FIELD_DNS_RCODE, VIEW("NOERROR"));
    event_add_bytes(f->event, FIELD_DNS_ANSWER, name);
    event_add_bytes(f->event, FIELD_DNS_ANSWER, VIEW("192.0.2.99"));
    event_add_bytes(f->event, FIELD_DNS_ANSWER, VIEW("2001:db8::1"));
    event_add_bytes(f->event, FIELD_DNS_ANSWER, text);
    event_add_bytes(f->event, FIELD_DNS_ANSWER, VIEW("10 mail.example"));
    static const char *const types[] = {"CNAME", "A", "AAAA", "TXT", "MX"};
    for (int i = 0; i < 5; i++)
        event_add_bytes(f->event, FIELD_DNS_ANSWER_RRTYPE, view_from_string(types[i]));
    for (int i = 0; i < 5; i++)
        event_add_bytes(f->event, FIELD_DNS_ANSWER_NAME, i == 0 ? VIEW("www.example") : name);
    event_add_number(f->event, FIELD_DNS_FLAGS, 0x8580);
    event_add_ip(f->event, FIELD_DNS_ANSWER_IP, &v4);
    event_add_ip(f->event, FIELD_DNS_ANSWER_IP, &v6);
    event_add_bytes(f->event, FIELD_DNS_CNAME, name);
    event_add_bytes(f->event, FIELD_DNS_TXT, text);
    for (int i = 0; i < 5; i++)
        event_add_number(f->event, FIELD_DNS_TTL, 60 + i);
}

static struct rule_info rule(void)
{
    static const char *const tags[] = {"attack.command_and_control", "attack.t1071.004"};
    static const char *const references[] = {"https://example.org/\"quoted\""};
    return (struct rule_info){
        .gid = 1,
        .sid = 4000000000,
        .rev = 3,
        .severity = 1,
        .level = "high",
        .id = "6a3c5d1e-0000-4000-8000-000000000000",
        .title = "Tunnel in DNS",
        .category = "Command and Control",
        .tags = tags,
        .tag_count = 2,
        .references = references,
        .reference_count = 1,
    };
}

static json_t *alert_line(struct fixture *f, const struct evidence *evidence, size_t count)
{
    struct rule_info info = rule();
    struct alert alert = {.rule = &info,
                          .event = f->event,
                          .evidence = evidence,
                          .evidence_count = count,
                          .is_expired = f->is_expired,
                          .is_early = f->is_early,
                          .evidence_left_out = f->is_expired ? 3 : 0,
                          .suppressed = 2};
    buf_reset(&f->line);
    eve_alert(&f->line, &f->options, &alert);
    return parse(f);
}

static json_t *record_line(struct fixture *f)
{
    buf_reset(&f->line);
    eve_event(&f->line, &f->options, f->event);
    return parse(f);
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static void an_alert_names_its_sender_first(void **state)
{
    struct fixture *f = *state;
    add_dns_answer(f);
    json_t *line = alert_line(f, NULL, 0);

    says(line, "timestamp", "2023-11-14T22:13:21.000002+0000");
    counts(line, "flow_id", 123456789);
    counts(line, "pcap_cnt", 17);
    says(line, "pcap_filename", "day.pcap");
    says(line, "event_type", "alert");
    says(line, "src_ip", "192.0.2.7");
    counts(line, "src_port", 53);
    says(line, "dest_ip", "10.0.0.1");
    counts(line, "dest_port", 40000);
    says(line, "proto", "UDP");
    says(line, "pkt_src", "wire/pcap");
    counts(line, "tx_id", 5);
    says(line, "direction", "to_client");
    says(line, "flow.src_ip", "10.0.0.1");
    counts(line, "flow.pkts_toserver", 2);
    assert_non_null(at(line, "community_id"));
    lacks(line, "icmp_type");
    lacks(line, "payload");
    json_decref(line);
}

static void a_record_names_the_client_first(void **state)
{
    struct fixture *f = *state;
    add_dns_answer(f);
    json_t *line = record_line(f);
    says(line, "event_type", "dns");
    says(line, "src_ip", "10.0.0.1");
    says(line, "dest_ip", "192.0.2.7");
    json_decref(line);

    /* The capture began with the answer: the flow has its sides the wrong way round. */
    f->flow.client = address("192.0.2.7");
    f->flow.server = address("10.0.0.1");
    line = record_line(f);
    says(line, "src_ip", "10.0.0.1");
    json_decref(line);
    line = alert_line(f, NULL, 0);
    says(line, "src_ip", "192.0.2.7");
    json_decref(line);
}

static void bytes_of_a_stream_are_their_senders(void **state)
{
    struct fixture *f = *state;
    f->flow.ip_proto = IP_TCP;
    f->packet.ip_proto =
        IP_TCP; /* an acknowledgement of the server made the client's bytes available */
    begin(f, EVENT_STREAM, TO_SERVER);
    json_t *line = alert_line(f, NULL, 0);
    says(line, "src_ip", "10.0.0.1");
    says(line, "direction", "to_server");
    says(line, "proto", "TCP");
    lacks(line, "tx_id");
    json_decref(line);
}

static void an_alert_says_what_matched(void **state)
{
    struct fixture *f = *state;
    const struct evidence evidence[] = {
        {.field = FIELD_DNS_QUERY,
         .predicate = "dns.query|contains: 'example'",
         .offset = 4,
         .has_offset = true,
         .excerpt = VIEW("example")},
        {.field = FIELD_DNS_TXT, .predicate = "dns.txt|re: x", .excerpt = VIEW("a\"\\\x01\xff")},
        {.field = FIELD_DNS_ANSWER_IP,
         .predicate = "dns.answer.ip: '%bad%'",
         .excerpt = VIEW("192.0.2.99"),
         .list = {.name = "bad",
                  .entry = VIEW("192.0.2.0/24"),
                  .source = "https://example.org/bad",
                  .tlp = "green",
                  .note = "seen in 2026",
                  .confidence = 40,
                  .confidence_given = 80,
                  .first_seen_us = INT64_C(1767225600000000),
                  .age_days = 90}},
    };
    add_dns_answer(f);
    json_t *line = alert_line(f, evidence, 3);

    says(line, "alert.action", "allowed");
    counts(line, "alert.gid", 1);
    counts(line, "alert.signature_id", 4000000000);
    counts(line, "alert.rev", 3);
    says(line, "alert.signature", "Tunnel in DNS");
    says(line, "alert.category", "Command and Control");
    counts(line, "alert.severity", 1);
    says(line, "alert.metadata.shrike.level", "high");
    says(line, "alert.metadata.shrike.tags.1", "attack.t1071.004");
    says(line, "alert.metadata.shrike.references.0", "https://example.org/\"quoted\"");
    counts(line, "alert.metadata.shrike.suppressed", 2);
    says(line, "alert.metadata.shrike.evidence.0.field", "dns.query");
    counts(line, "alert.metadata.shrike.evidence.0.offset", 4);
    says(line, "alert.metadata.shrike.evidence.0.excerpt", "example");
    lacks(line, "alert.metadata.shrike.evidence.0.excerpt_hex");
    says(line, "alert.metadata.shrike.evidence.1.excerpt", "a\"\\\\x01\\xff");
    says(line, "alert.metadata.shrike.evidence.1.excerpt_hex", "61225c01ff");
    says(line, "alert.metadata.shrike.evidence.2.list", "bad");
    says(line, "alert.metadata.shrike.evidence.2.entry", "192.0.2.0/24");
    says(line, "alert.metadata.shrike.evidence.2.source", "https://example.org/bad");
    says(line, "alert.metadata.shrike.evidence.2.tlp", "green");
    says(line, "alert.metadata.shrike.evidence.2.note", "seen in 2026");
    counts(line, "alert.metadata.shrike.evidence.2.confidence", 40);
    counts(line, "alert.metadata.shrike.evidence.2.confidence_given", 80);
    says(line, "alert.metadata.shrike.evidence.2.first_seen", "2026-01-01T00:00:00.000000+0000");
    counts(line, "alert.metadata.shrike.evidence.2.age_days", 90);
    lacks(line, "alert.metadata.shrike.evidence.2.expired");
    json_decref(line);
}

static void an_alert_that_rests_on_an_entry_before_its_validity_is_informational(void **state)
{
    struct fixture *f = *state;
    const struct evidence evidence[] = {{.field = FIELD_DNS_ANSWER_IP,
                                         .predicate = "dns.answer.ip|expand: '%bad%'",
                                         .list = {.entry = VIEW("192.0.2.0/24"),
                                                  .name = "bad",
                                                  .confidence = -1,
                                                  .confidence_given = -1,
                                                  .age_days = -1,
                                                  .valid_from_us = INT64_C(1767225600000000)}}};
    add_dns_answer(f);
    f->is_early = true;
    json_t *line = alert_line(f, evidence, 1);

    f->is_early = false;
    counts(line, "alert.severity", 4);
    says(line, "alert.metadata.shrike.level", "informational");
    lacks(line, "alert.metadata.shrike.expired");
    says(line, "alert.metadata.shrike.evidence.0.valid_from", "2026-01-01T00:00:00.000000+0000");
    lacks(line, "alert.metadata.shrike.evidence.0.expired");
    json_decref(line);
}

static void an_alert_that_rests_on_an_expired_list_is_informational(void **state)
{
    struct fixture *f = *state;
    const struct evidence evidence[] = {{.field = FIELD_DNS_ANSWER_IP,
                                         .predicate = "dns.answer.ip|expand: '%bad%'",
                                         .excerpt = VIEW("192.0.2.99"),
                                         .list = {.entry = VIEW("192.0.2.0/24"),
                                                  .name = "bad",
                                                  .confidence = -1,
                                                  .confidence_given = -1,
                                                  .age_days = -1,
                                                  .expired_us = INT64_C(1767225600000000)}}};
    add_dns_answer(f);
    f->is_expired = true;
    json_t *line = alert_line(f, evidence, 1);

    f->is_expired = false;
    counts(line, "alert.severity", 4);
    says(line, "alert.metadata.shrike.level", "informational");
    says(line, "alert.metadata.shrike.evidence.0.entry", "192.0.2.0/24");
    lacks(line, "alert.metadata.shrike.evidence.0.confidence");
    lacks(line, "alert.metadata.shrike.evidence.0.confidence_given");
    lacks(line, "alert.metadata.shrike.evidence.0.age_days");
    says(line, "alert.metadata.shrike.evidence.0.expired", "2026-01-01T00:00:00.000000+0000");
    counts(line, "alert.metadata.shrike.evidence_left_out", 3);
    json_decref(line);
}

static void a_dns_record_lists_and_groups_its_answers(void **state)
{
    struct fixture *f = *state;
    add_dns_answer(f);
    json_t *line = record_line(f);

    counts(line, "dns.version", 2);
    says(line, "dns.type", "answer");
    says(line, "dns.rrname", "www.example");
    says(line, "dns.rcode", "NOERROR");
    says(line, "dns.flags", "8580");
    lacks(line, "dns.tc");
    says(line, "dns.answers.0.rrname", "www.example");
    says(line, "dns.answers.1.rrname", "real.example");
    says(line, "dns.answers.0.rrtype", "CNAME");
    says(line, "dns.answers.0.rdata", "real.example");
    counts(line, "dns.answers.0.ttl", 60);
    says(line, "dns.answers.1.rrtype", "A");
    says(line, "dns.answers.1.rdata", "192.0.2.99");
    says(line, "dns.answers.2.rrtype", "AAAA");
    says(line, "dns.answers.2.rdata", "2001:0db8:0000:0000:0000:0000:0000:0001");
    says(line, "dns.answers.3.rrtype", "TXT");
    says(line, "dns.answers.4.rrtype", "MX");
    says(line, "dns.answers.4.rdata", "mail.example");
    counts(line, "dns.answers.4.ttl", 64);
    says(line, "dns.grouped.AAAA.0", "2001:0db8:0000:0000:0000:0000:0000:0001");
    says(line, "dns.grouped.TXT.0", "v=spf1");
    says(line, "dns.grouped.MX.0", "mail.example");
    json_decref(line);
}

static void a_dns_alert_has_suricatas_shape(void **state)
{
    struct fixture *f = *state;
    add_dns_answer(f);
    json_t *line = alert_line(f, NULL, 0);
    says(line, "dns.answer.rrname", "www.example");
    lacks(line, "dns.rrname");
    json_decref(line);

    begin(f, EVENT_DNS, TO_SERVER);
    event_add_bytes(f->event, FIELD_DNS_QUERY_RAW, VIEW("\xff\"x"));
    line = alert_line(f, NULL, 0);
    says(line, "dns.query.0.type", "query");
    says(line, "dns.query.0.rrname", "\xc3\xbf\"x"); /* the byte as a character */
    counts(line, "dns.query.0.tx_id", 5);
    json_decref(line);
}

static void payload_comes_on_request(void **state)
{
    struct fixture *f = *state;
    f->options.payload = true;
    f->options.payload_printable = true;
    begin(f, EVENT_PACKET, TO_CLIENT);
    json_t *line = alert_line(f, NULL, 0);
    says(line, "payload", "YWIiXAoB/w==");
    says(line, "payload_printable", "ab\"\\\n..");
    counts(line, "stream", 0);
    json_decref(line);
}

static void icmp_has_type_and_code_and_no_ports(void **state)
{
    struct fixture *f = *state;
    f->flow.ip_proto = IP_ICMP;
    f->flow.client_port = f->flow.server_port = 0;
    f->packet.ip_proto = IP_ICMP;
    f->packet.icmp_type = 3;
    f->packet.icmp_code = 1;
    begin(f, EVENT_PACKET, TO_SERVER);
    json_t *line = alert_line(f, NULL, 0);
    says(line, "proto", "ICMP");
    counts(line, "icmp_type", 3);
    counts(line, "icmp_code", 1);
    lacks(line, "src_port");
    lacks(line, "flow.src_port");
    json_decref(line);
}

static void http_and_tls_have_suricatas_names(void **state)
{
    struct fixture *f = *state;
    f->flow.ip_proto = IP_TCP;
    begin(f, EVENT_HTTP, TO_SERVER);
    event_add_bytes(f->event, FIELD_HTTP_METHOD, VIEW("GET"));
    event_add_bytes(f->event, FIELD_HTTP_URI_RAW, VIEW("/%61?x=1"));
    event_add_bytes(f->event, FIELD_HTTP_HOST, VIEW("www.example"));
    event_add_number(f->event, FIELD_HTTP_STAT_CODE, 200);
    json_t *line = record_line(f);
    says(line, "http.hostname", "www.example");
    says(line, "http.url", "/%61?x=1");
    counts(line, "http.status", 200);
    counts(line, "http.length", 0);
    lacks(line, "http.http_user_agent");
    json_decref(line);

    begin(f, EVENT_TLS, TO_SERVER);
    event_add_bytes(f->event, FIELD_TLS_SNI, VIEW("www.example"));
    event_add_bytes(f->event, FIELD_TLS_JA3_HASH, VIEW("0123456789abcdef0123456789abcdef"));
    event_add_number(f->event, FIELD_TLS_CERT_NOTBEFORE, INT64_C(1709164800000000));
    line = record_line(f);
    says(line, "tls.sni", "www.example");
    says(line, "tls.ja3.hash", "0123456789abcdef0123456789abcdef");
    says(line, "tls.notbefore", "2024-02-29T00:00:00");
    json_decref(line);
}

static void anomalies_are_told_by_layer(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *layer, *name, *event, *app_proto;
    } cases[] = {
        {"decode", "ipv4.pkt_too_small", "decoder.ipv4.pkt_too_small", NULL},
        {"stream", "stream.pkt_invalid_ack", "stream.pkt_invalid_ack", NULL},
        {"applayer", "dns.malformed_data", "malformed_data", "dns"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(f, EVENT_ANOMALY, TO_CLIENT);
        event_add_bytes(f->event, FIELD_ANOMALY_TYPE, view_from_string(cases[i].name));
        event_add_bytes(f->event, FIELD_ANOMALY_LAYER, view_from_string(cases[i].layer));
        json_t *line = record_line(f);
        says(line, "anomaly.type", cases[i].layer);
        says(line, "anomaly.event", cases[i].event);
        if (cases[i].app_proto != NULL)
            says(line, "anomaly.app_proto", cases[i].app_proto);
        else
            lacks(line, "anomaly.app_proto");
        says(line, "src_ip", "192.0.2.7"); /* the packet's sender */
        json_decref(line);
    }
}

static void a_packet_of_no_flow_speaks_for_itself(void **state)
{
    struct fixture *f = *state;
    event_begin(f->event, EVENT_ANOMALY, TO_SERVER, NULL, &f->packet);
    f->packet.vlan[0] = 7;
    f->packet.vlan_count = 1;
    event_add_bytes(f->event, FIELD_ANOMALY_TYPE, VIEW("ipv4.pkt_too_small"));
    event_add_bytes(f->event, FIELD_ANOMALY_LAYER, VIEW("decode"));
    json_t *line = record_line(f);
    says(line, "src_ip", "192.0.2.7");
    counts(line, "vlan.0", 7);
    lacks(line, "flow_id");
    json_decref(line);

    f->packet.ip_version = 0; /* not even IP */
    line = record_line(f);
    lacks(line, "src_ip");
    counts(line, "pcap_cnt", 17);
    json_decref(line);
}

static void a_flow_record_says_how_it_went(void **state)
{
    struct fixture *f = *state;
    f->flow.ip_proto = IP_TCP;
    f->flow.side[TO_SERVER].tcp_flags = TCP_SYN | TCP_ACK;
    f->flow.side[TO_CLIENT].tcp_flags = TCP_SYN | TCP_ACK | TCP_RST;
    event_begin(f->event, EVENT_FLOW, TO_SERVER, &f->flow, NULL);
    event_add_bytes(f->event, FIELD_FLOW_STATE, VIEW("closed"));
    event_add_bytes(f->event, FIELD_FLOW_REASON, VIEW("timeout"));
    json_t *line = record_line(f);
    says(line, "event_type", "flow");
    says(line, "flow.state", "closed");
    says(line, "flow.reason", "timeout");
    says(line, "flow.end", "2023-11-14T22:13:23.500000+0000");
    counts(line, "flow.age", 3);
    says(line, "tcp.tcp_flags", "16");
    says(line, "tcp.tcp_flags_ts", "12");
    assert_true(json_is_true(at(line, "tcp.rst")));
    lacks(line, "pcap_cnt");
    json_decref(line);
}

static void the_stats_record_is_valid_and_parts_add_up(void **state)
{
    struct fixture *f = *state;
    static struct run_stats sum, part;
    part.match.alerts = 3;
    part.flow.total = 10;
    part.proto.transactions[PROTO_DNS] = part.proto.udp_transactions[PROTO_DNS] = 4;
    part.proto.memory_errors[PROTO_DNS] = 3;
    part.proto.udp_memory_errors[PROTO_DNS] = 1;
    part.proto.gap_errors[PROTO_HTTP] = 2;
    part.match.stream_bytes_skipped = 9;
    part.match.marks_lost = 5;
    run_stats_add(&sum, &part);
    run_stats_add(&sum, &part);
    sum.decode.pkts = 100;
    sum.decode.fragments6 = 7;
    sum.decode.reassembled = 2;
    sum.decode.fragment_timeouts6 = 5;
    sum.decode.fragment_drops = 3;
    for (enum anomaly anomaly = ANOMALY_NONE + 1; anomaly < ANOMALY_COUNT; anomaly++)
        sum.decode.anomalies[anomaly] = anomaly; /* every layer once, or the parser refuses */
    sum.last_us = 5000000;
    buf_reset(&f->line);
    eve_stats(&f->line, &f->options, 5000000, &sum);
    json_t *line = parse(f);
    says(line, "event_type", "stats");
    counts(line, "stats.uptime", 5);
    counts(line, "stats.decoder.pkts", 100);
    counts(line, "stats.detect.alert", 6);
    counts(line, "stats.flow.total", 20);
    counts(line, "stats.app_layer.tx.dns_udp", 8);
    counts(line, "stats.app_layer.error.dns_tcp.alloc", 4);
    counts(line, "stats.app_layer.error.dns_udp.alloc", 2);
    counts(line, "stats.app_layer.error.http.gap", 4);
    counts(line, "stats.detect.stream_bytes_skipped", 18);
    counts(line, "stats.detect.marks_lost", 10);
    counts(line, "stats.defrag.ipv4.reassembled", 2);
    counts(line, "stats.defrag.ipv6.fragments", 7);
    counts(line, "stats.defrag.ipv6.timeouts", 5);
    counts(line, "stats.defrag.max_frags_reached", 3);
    counts(line, "stats.decoder.event.ipv4.frag_overlap", ANOMALY_IPV4_FRAG_OVERLAP);
    counts(line, "stats.decoder.event.icmpv4.unknown_code", ANOMALY_ICMPV4_UNKNOWN_CODE);
    json_decref(line);
}

/* Aligned, with a '\0'. */
static const char *text_line(struct fixture *f, struct text_columns *columns,
                             const struct alert *alert)
{
    static char text[1024];
    struct buf aligned;
    buf_init(&aligned, sizeof(text) - 1);
    buf_reset(&f->line);
    text_alert(&f->line, &(struct text_options){.colour = false}, alert);
    struct view line = text_align(&aligned, columns, buf_view(&f->line));
    memcpy(text, line.data, line.len);
    text[line.len] = '\0';
    buf_clear(&aligned);
    return text;
}

static void text_columns_are_as_wide_as_the_widest_so_far(void **state)
{
    struct fixture *f = *state;
    struct rule_info info = rule();
    struct text_columns columns = {0};
    const struct alert alert = {.rule = &info, .event = f->event};
    add_dns_answer(f);
    f->event->flow = NULL;
    const char *narrow = strdup(text_line(f, &columns, &alert));
    f->packet.src = address("2001:db8:1111:2222:3333:4444:5555:6666");
    const char *wide = strdup(text_line(f, &columns, &alert));
    f->packet.src = address("192.0.2.7");
    const char *after = text_line(f, &columns, &alert);
    const char *in_narrow = strstr(narrow, "->"), *in_wide = strstr(wide, "->"),
               *in_after = strstr(after, "->");
    assert_int_equal(in_narrow - narrow, 43 + 21 + 1);
    assert_int_equal(in_wide - wide, 43 + 43 + 1);
    assert_int_equal(in_after - after, in_wide - wide);
    assert_string_equal(in_narrow, in_after);
    free((void *)(uintptr_t)narrow);
    free((void *)(uintptr_t)wide);
}

static void text_shows_a_title_without_its_control_characters(void **state)
{
    struct fixture *f = *state;
    struct rule_info info = rule();
    struct text_columns columns = {0};
    const struct alert alert = {.rule = &info, .event = f->event};
    add_dns_answer(f);
    info.title = "caf\xc3\xa9 \x1b[31m\n\xc2\x9b\xe2\x80\xae\xff";
    const char *line = text_line(f, &columns, &alert);
    assert_non_null(strstr(line, "caf\xc3\xa9 \\x1b[31m\\x0a\\xc2\\x9b\\xe2\\x80\\xae\\xff\n"));
}

static void an_alert_at_a_flows_end_names_its_last_packet(void **state)
{
    struct fixture *f = *state;
    struct rule_info info = rule();
    const struct alert alert = {.rule = &info, .event = f->event};
    event_begin(f->event, EVENT_FLOW, TO_SERVER, &f->flow, NULL);
    f->event->last_number = 17;
    f->event->last_file = 3;
    buf_reset(&f->line);
    eve_alert(&f->line, &f->options, &alert);
    json_t *line = parse(f);
    counts(line, "pcap_cnt", 17);
    says(line, "pcap_filename", "day.pcap");
    json_decref(line);
    buf_reset(&f->line);
    eve_event(&f->line, &f->options, f->event);
    line = parse(f);
    assert_null(json_object_get(line, "pcap_cnt")); /* as Suricata's */
    says(line, "pcap_filename", "day.pcap");
    json_decref(line);
}

static void text_is_one_printable_line(void **state)
{
    struct fixture *f = *state;
    struct rule_info info = rule();
    struct text_columns columns = {0};
    const struct evidence evidence[] = {
        {.field = FIELD_DNS_RRTYPE, .predicate = "", .excerpt = VIEW("A")},
        {.field = FIELD_DNS_QUERY, .predicate = "", .excerpt = VIEW("evil\x1b[2J\n.example")},
    };
    add_dns_answer(f);
    struct alert alert = {
        .rule = &info, .event = f->event, .evidence = evidence, .evidence_count = 2};
    assert_string_equal(
        text_line(f, &columns, &alert),
        "2023-11-14 22:13:21.000002  high           10.0.0.1:40000        <- 192.0.2.7:53    "
        "       Tunnel in DNS  dns.query=\"evil.[2J..example\"\n");
    struct buf small;
    for (size_t size = 0; size < 120; size++) { /* whatever the room, no overrun */
        buf_init(&small, size);
        text_alert(&small, &(struct text_options){.colour = true}, &alert);
        buf_clear(&small);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_alert_names_its_sender_first),
        TEST(a_record_names_the_client_first),
        TEST(bytes_of_a_stream_are_their_senders),
        TEST(an_alert_says_what_matched),
        TEST(an_alert_that_rests_on_an_entry_before_its_validity_is_informational),
        TEST(an_alert_that_rests_on_an_expired_list_is_informational),
        TEST(a_dns_record_lists_and_groups_its_answers),
        TEST(a_dns_alert_has_suricatas_shape),
        TEST(payload_comes_on_request),
        TEST(icmp_has_type_and_code_and_no_ports),
        TEST(http_and_tls_have_suricatas_names),
        TEST(anomalies_are_told_by_layer),
        TEST(a_packet_of_no_flow_speaks_for_itself),
        TEST(a_flow_record_says_how_it_went),
        TEST(the_stats_record_is_valid_and_parts_add_up),
        TEST(an_alert_at_a_flows_end_names_its_last_packet),
        TEST(text_is_one_printable_line),
        TEST(text_columns_are_as_wide_as_the_widest_so_far),
        TEST(text_shows_a_title_without_its_control_characters),
    };
#undef TEST
    return cmocka_run_group_tests_name("output_eve", tests, NULL, NULL);
}
