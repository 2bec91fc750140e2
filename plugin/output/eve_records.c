/* SPDX-License-Identifier: BSD-3-Clause */
/* EVE's objects, member by member from the event. Names and forms are those of Suricata 7.0.10. */
#include "output/eve_records.h"

#include <time.h>

static void text_member(struct buf *line, const char *name, const struct event *event,
                        enum field_id id)
{
    struct view text = event_bytes(event, id);
    if (text.data != NULL)
        json_put_text(line, name, text);
}

static void number_member(struct buf *line, const char *name, const struct event *event,
                          enum field_id id)
{
    struct value_list values = event_get(event, id);
    if (values.count > 0)
        json_put_number(line, name, (uint64_t)values.items[0].number);
}

static void text_array(struct buf *line, const char *name, struct value_list values)
{
    if (values.count == 0)
        return;
    json_put_open_array(line, name);
    for (uint32_t i = 0; i < values.count; i++) {
        json_put_item(line);
        json_put_string(line, values.items[i].bytes);
    }
    json_put_close_array(line);
}

/* ---- http ------------------------------------------------------------------------------------------- */

void eve_http(struct buf *line, const struct event *event)
{
    json_put_open(line, "http");
    text_member(line, "hostname", event, FIELD_HTTP_HOST);
    text_member(line, "url", event, FIELD_HTTP_URI_RAW);
    text_member(line, "http_user_agent", event, FIELD_HTTP_USER_AGENT);
    text_member(line, "http_content_type", event, FIELD_HTTP_RESPONSE_CONTENT_TYPE);
    text_member(line, "http_refer", event, FIELD_HTTP_REFERER);
    text_member(line, "http_method", event, FIELD_HTTP_METHOD);
    text_member(line, "protocol", event, FIELD_HTTP_PROTOCOL);
    number_member(line, "status", event, FIELD_HTTP_STAT_CODE);
    text_member(line, "redirect", event, FIELD_HTTP_LOCATION);
    json_put_number(line, "length", (uint64_t)event_number(event, FIELD_HTTP_RESPONSE_BODY_LEN, 0));
    json_put_close(line);
}

/* ---- dns -------------------------------------------------------------------------------------------- */

/* The answers with their types, walked in the records' order; addresses are a list of their own. */
struct dns_walk {
    struct value_list answers, types, addresses;
    uint32_t at, address;
};

static struct dns_walk dns_walk(const struct event *event)
{
    return (struct dns_walk){
        .answers = event_get(event, FIELD_DNS_ANSWER),
        .types = event_get(event, FIELD_DNS_ANSWER_RRTYPE),
        .addresses = event_get(event, FIELD_DNS_ANSWER_IP),
    };
}

/* Has the record at hand an address? Not when its data has another length, told as "\\# LENGTH HEX". */
static bool has_address(const struct dns_walk *walk)
{
    struct view type = walk->types.items[walk->at].bytes;

    return (view_equal(type, VIEW("A")) || view_equal(type, VIEW("AAAA"))) &&
           !view_starts(walk->answers.items[walk->at].bytes, VIEW("\\#")) &&
           walk->address < walk->addresses.count;
}

/* The data of the record at hand as Suricata writes it. */
static void dns_data(struct buf *line, struct dns_walk *walk)
{
    struct view text = walk->answers.items[walk->at].bytes;

    if (view_equal(walk->types.items[walk->at].bytes, VIEW("MX"))) /* without the preference */
        text = view_skip(text, view_find_byte(text, ' ') + 1);
    if (has_address(walk)) {
        buf_byte(line, '"');
        address_write(line, &walk->addresses.items[walk->address++].ip);
        buf_byte(line, '"');
    } else {
        json_put_string(line, text);
    }
}

static void dns_answer_list(struct buf *line, const struct event *event)
{
    struct value_list names = event_get(event, FIELD_DNS_ANSWER_NAME),
                      ttls = event_get(event, FIELD_DNS_TTL);
    struct dns_walk walk = dns_walk(event);

    json_put_open_array(line, "answers");
    for (; walk.at < walk.answers.count; walk.at++) {
        struct view type = walk.types.items[walk.at].bytes;
        json_put_item(line);
        buf_byte(line, '{');
        if (names.count == walk.answers.count)
            json_put_text(line, "rrname", names.items[walk.at].bytes);
        json_put_text(line, "rrtype", type);
        if (ttls.count == walk.answers.count)
            json_put_number(line, "ttl", (uint64_t)ttls.items[walk.at].number);
        json_put_name(line, "rdata");
        dns_data(line, &walk);
        json_put_close(line);
    }
    json_put_close_array(line);
}

static void dns_group(struct buf *line, const struct event *event, struct view type)
{
    bool is_open = false;

    for (struct dns_walk walk = dns_walk(event); walk.at < walk.answers.count; walk.at++) {
        struct view here = walk.types.items[walk.at].bytes;
        if (!view_equal(here, type)) {
            walk.address += has_address(&walk);
            continue;
        }
        if (!is_open)
            json_put_open_array(line, (const char *)type.data);
        is_open = true;
        json_put_item(line);
        dns_data(line, &walk);
    }
    if (is_open)
        json_put_close_array(line);
}

static void dns_answers(struct buf *line, const struct event *event)
{
    static const char *const grouped[] = {"A", "AAAA", "CNAME", "TXT", "NULL", "MX", "NS", "PTR"};
    struct dns_walk walk = dns_walk(event);

    /* Where a text did not fit the event nobody knows whose it was. */
    if (walk.answers.count == 0 || walk.types.count != walk.answers.count)
        return;
    dns_answer_list(line, event);
    json_put_open(line, "grouped");
    for (size_t i = 0; i < sizeof(grouped) / sizeof(grouped[0]); i++)
        dns_group(line, event, view_from_string(grouped[i]));
    json_put_close(line);
}

/* The header's bits as Suricata writes them, those that are not set left out. */
static void dns_flags(struct buf *line, const struct event *event)
{
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = {{0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"}, {0x0080, "ra"}};
    const unsigned flags = (unsigned)event_number(event, FIELD_DNS_FLAGS, 0);

    json_put_name(line, "flags");
    buf_format(line, "\"%x\"", flags);
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (flags & bits[i].bit)
            json_put_bool(line, bits[i].name, true);
    }
}

static void dns_message(struct buf *line, const struct event *event, bool is_alert)
{
    bool is_answer = event->direction == TO_CLIENT;

    if (is_answer || !is_alert)
        json_put_number(line, "version", 2);
    json_put_chars(line, "type", is_answer ? "answer" : "query");
    number_member(line, "id", event, FIELD_DNS_ID);
    if (is_answer)
        dns_flags(line, event);
    text_member(line, "rrname", event, FIELD_DNS_QUERY_RAW);
    text_member(line, "rrtype", event, FIELD_DNS_RRTYPE);
    if (is_answer)
        text_member(line, "rcode", event, FIELD_DNS_RCODE);
    if (!is_answer)
        json_put_number(line, "tx_id", event->tx_id);
    number_member(line, "opcode", event, FIELD_DNS_OPCODE);
    if (event_number(event, FIELD_DNS_Z, 0) != 0)
        json_put_bool(line, "z", true);
}

void eve_dns(struct buf *line, const struct event *event, bool is_alert)
{
    bool is_answer = event->direction == TO_CLIENT;

    json_put_open(line, "dns");
    if (!is_alert) {
        dns_message(line, event, false);
        if (is_answer)
            dns_answers(line, event);
    } else if (is_answer) {
        json_put_number(line, "version", 2);
        json_put_open(line, "answer");
        dns_message(line, event, true);
        json_put_close(line);
        dns_answers(line, event);
    } else {
        json_put_number(line, "version", 2);
        json_put_open_array(line, "query");
        json_put_item(line);
        buf_byte(line, '{');
        dns_message(line, event, true);
        json_put_close(line);
        json_put_close_array(line);
    }
    json_put_close(line);
}

/* ---- tls --------------------------------------------------------------------------------------------- */

/* "2014-10-02T00:00:00", without a zone, as Suricata writes certificates' dates. */
static void date_member(struct buf *line, const char *name, const struct event *event,
                        enum field_id id)
{
    struct value_list values = event_get(event, id);
    struct tm parts;
    char text[40];

    if (values.count == 0)
        return;
    time_t seconds = (time_t)(values.items[0].number / 1000000);
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return;
    json_put_chars(line, name, text);
}

static void ja3_member(struct buf *line, const char *name, const struct event *event,
                       enum field_id hash, enum field_id string)
{
    if (event_bytes(event, hash).data == NULL)
        return;
    json_put_open(line, name);
    text_member(line, "hash", event, hash);
    text_member(line, "string", event, string);
    json_put_close(line);
}

void eve_tls(struct buf *line, const struct event *event)
{
    json_put_open(line, "tls");
    text_member(line, "subject", event, FIELD_TLS_CERT_SUBJECT);
    text_member(line, "issuerdn", event, FIELD_TLS_CERT_ISSUER);
    text_member(line, "serial", event, FIELD_TLS_CERT_SERIAL);
    text_member(line, "fingerprint", event, FIELD_TLS_CERT_FINGERPRINT);
    text_member(line, "sni", event, FIELD_TLS_SNI);
    text_member(line, "version", event, FIELD_TLS_VERSION);
    date_member(line, "notbefore", event, FIELD_TLS_CERT_NOTBEFORE);
    date_member(line, "notafter", event, FIELD_TLS_CERT_NOTAFTER);
    text_array(line, "subjectaltname", event_get(event, FIELD_TLS_SUBJECTALTNAME));
    text_array(line, "client_alpns", event_get(event, FIELD_TLS_ALPN));
    text_array(line, "server_alpns", event_get(event, FIELD_TLS_SERVER_ALPN));
    ja3_member(line, "ja3", event, FIELD_TLS_JA3_HASH, FIELD_TLS_JA3_STRING);
    ja3_member(line, "ja3s", event, FIELD_TLS_JA3S_HASH, FIELD_TLS_JA3S_STRING);
    text_member(line, "ja4", event, FIELD_TLS_JA4_HASH);
    json_put_close(line);
}

/* ---- anomaly ----------------------------------------------------------------------------------------- */

/* Of "dns.malformed_data" a parser's anomaly says protocol and event apart; the decoder's have a prefix. */
void eve_anomaly(struct buf *line, const struct event *event)
{
    struct view layer = event_bytes(event, FIELD_ANOMALY_LAYER);
    struct view name = event_bytes(event, FIELD_ANOMALY_TYPE);
    size_t dot = view_find_byte(name, '.');
    bool is_parsers = view_equal(layer, VIEW("applayer")) && dot != VIEW_NOT_FOUND;
    bool has_prefix = view_equal(layer, VIEW("decode")) && !view_starts(name, VIEW("decoder."));

    json_put_open(line, "anomaly");
    if (is_parsers && !view_starts(name, VIEW("applayer.")))
        json_put_text(line, "app_proto", view_slice(name, 0, dot));
    json_put_text(line, "type", layer);
    json_put_name(line, "event");
    buf_byte(line, '"');
    if (has_prefix)
        buf_text(line, "decoder.");
    buf_add(line,
            is_parsers ? view_skip(name, dot + 1) : name); /* from anomaly.def: nothing to escape */
    buf_byte(line, '"');
    if (is_parsers)
        json_put_chars(line, "layer", "proto_parser");
    json_put_close(line);
}

/* ---- flow --------------------------------------------------------------------------------------------- */

static void hex_member(struct buf *line, const char *name, uint8_t flags)
{
    json_put_name(line, name);
    buf_byte(line, '"');
    buf_hex(line, view_make(&flags, 1));
    buf_byte(line, '"');
}

static void eve_tcp(struct buf *line, const struct flow *flow, struct view state)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {{TCP_SYN, "syn"}, {TCP_FIN, "fin"}, {TCP_RST, "rst"}, {TCP_PSH, "psh"},
                 {TCP_ACK, "ack"}, {TCP_URG, "urg"}, {TCP_ECE, "ecn"}, {TCP_CWR, "cwr"}};
    uint8_t up = flow->side[TO_SERVER].tcp_flags, down = flow->side[TO_CLIENT].tcp_flags;

    json_put_open(line, "tcp");
    hex_member(line, "tcp_flags", up | down);
    hex_member(line, "tcp_flags_ts", up);
    hex_member(line, "tcp_flags_tc", down);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((up | down) & names[i].flag)
            json_put_bool(line, names[i].name, true);
    }
    json_put_text(line, "state", state);
    json_put_close(line);
}

/* Whole seconds; 0 when time ran backward. Unsigned, as a capture may claim any two times. */
static uint64_t seconds_between(int64_t from_us, int64_t to_us)
{
    return to_us > from_us ? ((uint64_t)to_us - (uint64_t)from_us) / 1000000 : 0;
}

void eve_flow(struct buf *line, const struct flow *flow, const struct event *event)
{
    json_put_open(line, "flow");
    json_put_number(line, "pkts_toserver", flow->side[TO_SERVER].pkts);
    json_put_number(line, "pkts_toclient", flow->side[TO_CLIENT].pkts);
    json_put_number(line, "bytes_toserver", flow->side[TO_SERVER].bytes);
    json_put_number(line, "bytes_toclient", flow->side[TO_CLIENT].bytes);
    json_put_name(line, "start");
    eve_time(line, flow->start_us);
    if (event == NULL) {
        json_put_address(line, "src_ip", &flow->client);
        json_put_address(line, "dest_ip", &flow->server);
        if (flow->client_port != 0 || flow->server_port != 0) {
            json_put_number(line, "src_port", flow->client_port);
            json_put_number(line, "dest_port", flow->server_port);
        }
        json_put_close(line);
        return;
    }
    json_put_name(line, "end");
    eve_time(line, flow->last_us);
    json_put_number(line, "age", seconds_between(flow->start_us, flow->last_us));
    text_member(line, "state", event, FIELD_FLOW_STATE);
    text_member(line, "reason", event, FIELD_FLOW_REASON);
    json_put_bool(line, "alerted", (flow->flags & FLOW_ALERTED) != 0);
    json_put_close(line);
    if (flow->ip_proto == IP_TCP)
        eve_tcp(line, flow, event_bytes(event, FIELD_FLOW_STATE));
}

/* Civil date from days since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static void civil_date(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t of_year_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * of_year_era + of_year_era / 4 - of_year_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = of_year_era + era * 400 + (*month <= 2);
}

/* `width` digits and the byte that follows them. */
static uint8_t *put_digits(uint8_t *at, uint64_t number, unsigned width, char next)
{
    for (unsigned i = width; i-- > 0; number /= 10)
        at[i] = (uint8_t)('0' + number % 10);
    at[width] = (uint8_t)next;
    return at + width + 1;
}

void eve_time(struct buf *line, int64_t time_us)
{
    int64_t micro = time_us % 1000000, second = time_us / 1000000;
    if (micro < 0) {
        micro += 1000000;
        second--;
    }
    int64_t days = second / 86400 - (second % 86400 < 0), year;
    unsigned of_day = (unsigned)(second - days * 86400), month, day;
    uint8_t text[40], *at = text;

    civil_date(days, &year, &month, &day);
    /* A capture may hold any 64 bits as its time; the form has room for these years. */
    *at++ = '"';
    at = put_digits(at, (uint64_t)(year < 0 ? 0 : year > 9999 ? 9999 : year), 4, '-');
    at = put_digits(at, month, 2, '-');
    at = put_digits(at, day, 2, 'T');
    at = put_digits(at, of_day / 3600, 2, ':');
    at = put_digits(at, of_day / 60 % 60, 2, ':');
    at = put_digits(at, of_day % 60, 2, '.');
    at = put_digits(at, (uint64_t)micro, 6, '+');
    at = put_digits(at, 0, 4, '"');
    buf_bytes(line, text, (size_t)(at - text));
}
