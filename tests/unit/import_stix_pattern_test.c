/* SPDX-License-Identifier: BSD-3-Clause */
/* STIX patterns: what follows the grammar becomes its tree, what does not is told with its character, and what
 * a tree means on the wire. */
#include "unit/import_feed.h"

#include "import/stix/meaning.h"

static void show_test(struct buf *out, const struct stix_test *t)
{
    static const char *const OPS[] = {"=",    "<",       "<=",       ">",          ">=",    "IN",
                                      "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"};
    static const char KINDS[] = "sifbthx";

    buf_format(out, "%s%s %.*s:%.*s", t->is_negated ? "NOT " : "", OPS[t->op], (int)t->object.len,
               (const char *)t->object.data, (int)t->path.len, (const char *)t->path.data);
    for (size_t i = 0; i < t->count; i++)
        buf_format(out, " %c<%.*s>", KINDS[t->values[i].kind], (int)t->values[i].text.len,
                   (const char *)t->values[i].text.data);
}

/* Recursion over the small trees of the tests. */
static void show(struct buf *out, const struct stix_node *node)
{
    static const char *const NAMES[] = {"", "AND", "OR", "FOLLOWEDBY", "OBS"};

    buf_byte(out, '(');
    if (node->kind == STIX_TEST)
        show_test(out, node->test);
    else
        buf_string(out, NAMES[node->kind]);
    for (size_t i = 0; i < node->count; i++) {
        buf_byte(out, ' ');
        show(out, node->children[i]);
    }
    if (node->within_us != 0)
        buf_format(out, " WITHIN %lld", (long long)(node->within_us / 1000));
    if (node->repeats != 0)
        buf_format(out, " REPEATS %llu", (unsigned long long)node->repeats);
    if (node->has_start_stop)
        buf_text(out, " START");
    buf_byte(out, ')');
}

static void parse_into(const char *pattern, struct buf *out)
{
    struct arena *arena = arena_new();
    struct stix_fault fault;
    struct stix_node *root = stix_pattern_parse(arena, view_from_string(pattern), &fault);

    if (root != NULL)
        show(out, root);
    else
        buf_format(out, "%zu: %s", fault.offset, fault.text);
    buf_byte(out, '\0');
    arena_free(arena);
}

struct row {
    const char *pattern, *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct buf out;

    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        buf_reset(&out);
        parse_into(rows[i].pattern, &out);
        if (strcmp((const char *)out.data, rows[i].expected) != 0)
            print_message("the pattern is %s\n", rows[i].pattern);
        assert_string_equal((const char *)out.data, rows[i].expected);
    }
    buf_clear(&out);
}

static void what_follows_the_grammar_becomes_its_tree(void **state)
{
    static const struct row ROWS[] = {
        /* literals */
        {"[a:b = 'c']", "(OBS (= a:b s<c>))"},
        {"[a:b='c']", "(OBS (= a:b s<c>))"},
        {"[a:b = '']", "(OBS (= a:b s<>))"},
        {"[a:b = 'it\\'s']", "(OBS (= a:b s<it's>))"},
        {"[a:b = 'c:\\\\x']", "(OBS (= a:b s<c:\\x>))"},
        {"[a:b = '\\\\\\'']", "(OBS (= a:b s<\\'>))"},
        {"[a:b MATCHES '^a\\.b$']", "(OBS (MATCHES a:b s<^a\\.b$>))"},
        {"[a:b = 5]", "(OBS (= a:b i<5>))"},
        {"[a:b = -5]", "(OBS (= a:b i<-5>))"},
        {"[a:b = +5]", "(OBS (= a:b i<+5>))"},
        {"[a:b = 5.25]", "(OBS (= a:b f<5.25>))"},
        {"[a:b > .5]",
         "7: a value was expected: 'text', a number, true, false, t'time', h'hex' or b'base64'"},
        {"[a:b = true]", "(OBS (= a:b b<true>))"},
        {"[a:b != false]", "(OBS (NOT = a:b b<false>))"},
        {"[a:b = t'2024-01-09T11:52:30.001Z']", "(OBS (= a:b t<2024-01-09T11:52:30.001Z>))"},
        {"[a:b = h'ffc3']", "(OBS (= a:b h<ffc3>))"},
        {"[a:b = b'ABI=']", "(OBS (= a:b x<ABI=>))"},
        {"[t:h = 't']", "(OBS (= t:h s<t>))"},
        /* operators */
        {"[a:b == 1]", "(OBS (= a:b i<1>))"},
        {"[a:b <> 1]", "(OBS (NOT = a:b i<1>))"},
        {"[a:b < 1]", "(OBS (< a:b i<1>))"},
        {"[a:b <= 1]", "(OBS (<= a:b i<1>))"},
        {"[a:b >= 1.5]", "(OBS (>= a:b f<1.5>))"},
        {"[a:b > t'2024-01-09T11:52:30Z']", "(OBS (> a:b t<2024-01-09T11:52:30Z>))"},
        {"[a:b IN ('x', 'y', 'z')]", "(OBS (IN a:b s<x> s<y> s<z>))"},
        {"[a:b IN ('x')]", "(OBS (IN a:b s<x>))"},
        {"[a:b IN(1,2)]", "(OBS (IN a:b i<1> i<2>))"},
        {"[a:b NOT IN ('x', 'y')]", "(OBS (NOT IN a:b s<x> s<y>))"},
        {"[a:b LIKE '%.c_m']", "(OBS (LIKE a:b s<%.c_m>))"},
        {"[a:b NOT LIKE 'x']", "(OBS (NOT LIKE a:b s<x>))"},
        {"[a:b NOT MATCHES 'x']", "(OBS (NOT MATCHES a:b s<x>))"},
        {"[a:b NOT = 'x']", "(OBS (NOT = a:b s<x>))"},
        {"[a:b NOT != 'x']", "(OBS (= a:b s<x>))"},
        {"[a:b ISSUBSET '10.0.0.0/8']", "(OBS (ISSUBSET a:b s<10.0.0.0/8>))"},
        {"[a:b ISSUPERSET '10.0.0.1']", "(OBS (ISSUPERSET a:b s<10.0.0.1>))"},
        {"[EXISTS a:b.c]", "(OBS (EXISTS a:b.c))"},
        /* paths */
        {"[x-a-b:c_d = 1]", "(OBS (= x-a-b:c_d i<1>))"},
        {"[file:hashes.'SHA-256' = 'x']", "(OBS (= file:hashes.SHA-256 s<x>))"},
        {"[file:hashes.MD5 = 'x']", "(OBS (= file:hashes.MD5 s<x>))"},
        {"[a:'b c'.d = 1]", "(OBS (= a:b c.d i<1>))"},
        {"[a:b[*].c = 1]", "(OBS (= a:b[*].c i<1>))"},
        {"[a:b[0].c[12] = 1]", "(OBS (= a:b[*].c[*] i<1>))"},
        {"[a:b_ref.c_refs[*].d = 1]", "(OBS (= a:b_ref.c_refs[*].d i<1>))"},
        {"[a:ext.'http-request-ext'.h.'User-Agent' = 'x']",
         "(OBS (= a:ext.http-request-ext.h.User-Agent s<x>))"},
        /* comparisons: AND binds tighter than OR */
        {"[a:b = 1 AND a:c = 2]", "(OBS (AND (= a:b i<1>) (= a:c i<2>)))"},
        {"[a:b = 1 OR a:c = 2 OR a:d = 3]", "(OBS (OR (= a:b i<1>) (= a:c i<2>) (= a:d i<3>)))"},
        {"[a:b = 1 OR a:c = 2 AND a:d = 3]",
         "(OBS (OR (= a:b i<1>) (AND (= a:c i<2>) (= a:d i<3>))))"},
        {"[(a:b = 1 OR a:c = 2) AND a:d = 3]",
         "(OBS (AND (OR (= a:b i<1>) (= a:c i<2>)) (= a:d i<3>)))"},
        {"[((a:b = 1))]", "(OBS (= a:b i<1>))"},
        /* observations: AND binds tighter than OR, OR tighter than FOLLOWEDBY */
        {"[a:b = 1] AND [a:b = 2]", "(AND (OBS (= a:b i<1>)) (OBS (= a:b i<2>)))"},
        {"[a:b = 1] OR [a:b = 2] AND [a:b = 3]",
         "(OR (OBS (= a:b i<1>)) (AND (OBS (= a:b i<2>)) (OBS (= a:b i<3>))))"},
        {"[a:b = 1] FOLLOWEDBY [a:b = 2] OR [a:b = 3]",
         "(FOLLOWEDBY (OBS (= a:b i<1>)) (OR (OBS (= a:b i<2>)) (OBS (= a:b i<3>))))"},
        {"([a:b = 1] FOLLOWEDBY [a:b = 2]) WITHIN 300 SECONDS",
         "(FOLLOWEDBY (OBS (= a:b i<1>)) (OBS (= a:b i<2>)) WITHIN 300000)"},
        {"[a:b = 1] WITHIN 0.5 SECONDS", "(OBS (= a:b i<1>) WITHIN 500)"},
        {"[a:b = 1] REPEATS 5 TIMES WITHIN 1800 SECONDS",
         "(OBS (= a:b i<1>) WITHIN 1800000 REPEATS 5)"},
        {"[a:b = 1] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'",
         "(OBS (= a:b i<1>) START)"},
        {"[a:b = 1] START '2016-06-01T00:00:00Z' STOP '2016-07-01T00:00:00Z'",
         "(OBS (= a:b i<1>) START)"},
        {"[a:b = 1] AND ([a:b = 2] OR [a:b = 3]) REPEATS 2 TIMES",
         "(AND (OBS (= a:b i<1>)) (OR (OBS (= a:b i<2>)) (OBS (= a:b i<3>)) REPEATS 2))"},
        /* blanks and comments */
        {"\t[ a:b\n=\r\n1 ]  ", "(OBS (= a:b i<1>))"},
        {"/* x */ [a:b /* = */ = 1] // y", "(OBS (= a:b i<1>))"},
    };
    (void)state;
    check_rows(ROWS, sizeof(ROWS) / sizeof(ROWS[0]));
}

static void what_does_not_is_told_with_its_character(void **state)
{
    static const struct row ROWS[] = {
        {"", "0: `[` was expected"},
        {"a:b = 1", "0: `[` was expected"},
        {"[a:b = 1", "8: `]` was expected after a comparison"},
        {"[a:b = 1]]", "9: AND, OR, FOLLOWEDBY or the end was expected"},
        {"[a:b = 1] [a:b = 2]", "10: AND, OR, FOLLOWEDBY or the end was expected"},
        {"[]", "1: a path was expected, for example domain-name:value"},
        {"[a]", "2: `:` was expected after the type of an object"},
        {"[a:]", "3: the name of a property was expected"},
        {"[a:b.]", "5: the name of a property was expected"},
        {"[a:b[x] = 1]", "5: a number or * was expected between brackets"},
        {"[a:b[1 = 1]", "7: `]` was expected after an index"},
        {"[a:b]",
         "4: an operator was expected: = != < <= > >= IN LIKE MATCHES ISSUBSET ISSUPERSET"},
        {"[a:b like 'x']",
         "5: an operator was expected: = != < <= > >= IN LIKE MATCHES ISSUBSET ISSUPERSET"},
        {"[a:b = ]",
         "7: a value was expected: 'text', a number, true, false, t'time', h'hex' or b'base64'"},
        {"[a:b = \"c\"]",
         "7: a value was expected: 'text', a number, true, false, t'time', h'hex' or b'base64'"},
        {"[a:b = 1.2.3]",
         "7: a value was expected: 'text', a number, true, false, t'time', h'hex' or b'base64'"},
        {"[a:b = 'c]", "7: a string without its closing quote"},
        {"[a:b = 'c\\']", "7: a string without its closing quote"},
        {"[a:b LIKE 5]", "10: a text was expected after LIKE"},
        {"[a:b > true]", "11: true and false have no order"},
        {"[a:b IN 'x']", "8: `(` was expected after IN"},
        {"[a:b IN ('x']", "12: `)` was expected after the values of IN"},
        {"[a:b IN ()]",
         "9: a value was expected: 'text', a number, true, false, t'time', h'hex' or b'base64'"},
        {"[a:b = 1 AND]", "12: a path was expected, for example domain-name:value"},
        {"[(a:b = 1]", "9: `)` was expected after a comparison"},
        {"([a:b = 1]", "10: `)` was expected after observations"},
        {"[a:b = 1] AND", "13: `[` was expected"},
        {"[a:b = 1] WITHIN 5", "18: SECONDS was expected after WITHIN and its number"},
        {"[a:b = 1] WITHIN 0 SECONDS",
         "17: a positive number of seconds was expected after WITHIN"},
        {"[a:b = 1] WITHIN x SECONDS",
         "17: a positive number of seconds was expected after WITHIN"},
        {"[a:b = 1] REPEATS 0 TIMES", "18: a positive number was expected after REPEATS"},
        {"[a:b = 1] REPEATS 2", "19: TIMES was expected after REPEATS and its number"},
        {"[a:b = 1] START t'x'", "20: STOP was expected after START and its time"},
        {"[a:b = 1] START 5 STOP 6", "16: a time was expected: t'2024-01-09T11:52:30Z'"},
        {"[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "43: the same qualifier a second time"},
        {"[EXISTS]", "7: a path was expected, for example domain-name:value"},
        {"NOT [a:b = 1]", "0: `[` was expected"},
    };
    (void)state;
    check_rows(ROWS, sizeof(ROWS) / sizeof(ROWS[0]));
}

static void depth_and_size_are_bounded(void **state)
{
    struct arena *arena = arena_new();
    struct stix_fault fault;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 22);
    buf_byte(&text, '[');
    for (int i = 0; i < 65; i++)
        buf_byte(&text, '(');
    assert_null(stix_pattern_parse(arena, buf_view(&text), &fault));
    assert_non_null(strstr(fault.text, "deep"));
    buf_reset(&text);
    buf_text(&text, "[a:b");
    for (int i = 0; i < 200000; i++)
        buf_text(&text, ".b");
    assert_null(stix_pattern_parse(arena, buf_view(&text), &fault));
    assert_non_null(strstr(fault.text, "a path of more than"));
    buf_reset(&text);
    buf_text(&text, "[a:b = 1");
    for (int i = 0; i < 20000; i++)
        buf_text(&text, " OR a:b = 1");
    buf_byte(&text, ']');
    assert_null(stix_pattern_parse(arena, buf_view(&text), &fault));
    assert_non_null(strstr(fault.text, "parts"));
    buf_clear(&text);
    arena_free(arena);
}

/* --- meaning ------------------------------------------------------------------------------------- */

static void check_meanings(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fed fed;
        struct stix_fault fault;
        fed_begin(&fed);
        struct indicator_sink sink = fed_sink(&fed);
        struct stix_node *root =
            stix_pattern_parse(fed.arena, view_from_string(rows[i].pattern), &fault);
        struct stix_meaning meaning = {
            .arena = fed.arena, .sink = &sink, .about = {.confidence = -1}};
        assert_non_null(root);
        stix_meaning_give(&meaning, root);
        if (strcmp(fed_text(&fed), rows[i].expected) != 0)
            print_message("the pattern is %s\n", rows[i].pattern);
        assert_string_equal(fed_text(&fed), rows[i].expected);
        fed_end(&fed);
    }
}

static void equalities_are_indicators(void **state)
{
    static const struct row ROWS[] = {
        {"[domain-name:value = 'Evil.example']", "domain Evil.example\n"},
        {"[domain-name:value IN ('a.example', 'b.example')]",
         "domain a.example\ndomain b.example\n"},
        {"[domain-name:value = 'a.example' OR ipv4-addr:value = '192.0.2.1']",
         "domain a.example\nip 192.0.2.1\n"},
        {"[domain-name:value = 'a.example'] OR [url:value = 'http://b.example/x']",
         "domain a.example\nurl http://b.example/x\n"},
        {"[domain-name:value = 'a[.]example']", "domain a.example\n"},
        {"[ipv6-addr:value = '2001:db8::1']", "ip 2001:db8::1\n"},
        {"[ipv4-addr:value = '198.51.100.0/24']", "ip 198.51.100.0/24\n"},
        {"[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "ip 198.51.100.0/24\n"},
        {"[network-traffic:dst_ref.value = '192.0.2.1']", "ip 192.0.2.1\n"},
        {"[network-traffic:src_ref.value = '192.0.2.1']", "ip-source 192.0.2.1\n"},
        {"[x509-certificate:hashes.'SHA-1' = 'AA11223344556677889900aabbccddeeff001122']",
         "cert-sha1 aa11223344556677889900aabbccddeeff001122\n"},
        {"[x509-certificate:serial_number = '36:f7:d4:32:f4:ab:70:ea:d3:ce:98:6e:ea:99:93:49']",
         "cert-serial 36:F7:D4:32:F4:AB:70:EA:D3:CE:98:6E:EA:99:93:49\n"},
        {"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x y']",
         "user-agent x y\n"},
        {"[domain-name:value = 'domain autuo.xicp.net']", "- not a domain name\n"},
        {"[domain-name:value = 'a.example'] REPEATS 1 TIMES", "domain a.example\n"},
    };
    (void)state;
    check_meanings(ROWS, sizeof(ROWS) / sizeof(ROWS[0]));
}

static void what_one_event_can_say_is_a_rule(void **state)
{
    static const struct row ROWS[] = {
        {"[domain-name:value LIKE '%.evil_.example']",
         "rule dns: dns.query=*.evil?.example (dns_query_1)\n"
         "rule tls: tls.sni=*.evil?.example (tls_sni_1)\n"
         "rule http: http.host=*.evil?.example (http_host_1)\n"},
        {"[url:value MATCHES '/[a-z]{8}\\.php$']",
         "rule http: http.url|re=/[a-z]{8}\\.php$ (http_url_1)\n"},
        {"[url:value LIKE 'https://%/gate*.php']",
         "rule http: http.url=http://*/gate\\*.php (http_url_1)\n"},
        {"[network-traffic:dst_port = 4444]", "rule flow: dst_port=4444 (dst_port_1)\n"},
        {"[network-traffic:dst_port IN (4444, 5555) AND network-traffic:protocols[*] = 'tcp']",
         "rule flow: dst_port=4444,5555 proto=tcp (dst_port_1 and proto_2)\n"},
        {"[network-traffic:protocols[*] = 'http' AND network-traffic:dst_port != 80]",
         "rule flow: app_proto=http dst_port=80 dst_port|exists=true "
         "(app_proto_1 and not dst_port_2 and dst_port_2_there)\n"},
        {"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = "
         "'192.0.2.1' AND "
         "network-traffic:dst_port = 443]",
         "rule flow: dst_ip=192.0.2.1 dst_port=443 (dst_ip_1 and dst_port_2)\n"},
        {"[(ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2') AND "
         "network-traffic:dst_port = 443]",
         "rule flow: dst_ip src_ip=192.0.2.1,192.0.2.2 dst_port=443 (dst_ip_1 and dst_port_2)\n"},
        {"[ipv4-addr:value ISSUBSET '10.0.0.0/8' AND network-traffic:src_byte_count > 1000]",
         "rule flow: dst_ip src_ip|cidr=10.0.0.0/8 flow.bytes_toserver|gt=1000 "
         "(dst_ip_1 and flow_bytes_toserver_2)\n"},
        {"[network-traffic:extensions.'http-request-ext'.request_method = 'POST' AND "
         "network-traffic:extensions.'http-request-ext'.request_value LIKE '/x%']",
         "rule http: http.method|cased=POST http.uri|cased=/x* (http_method_1 and http_uri_2)\n"},
        {"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[0] LIKE "
         "'Mozilla/%']",
         "rule http: http.user_agent|cased=Mozilla/* (http_user_agent_1)\n"},
        {"[network-traffic:extensions.'http-request-ext'.request_header.'X-Id' = 'a' AND "
         "domain-name:value = "
         "'a.example']",
         "rule http: http.header.X-Id|cased=a http.host=a.example (http_header_X_Id_1 and "
         "http_host_2)\n"},
        {"[x509-certificate:issuer = 'CN=WEBMAIL' AND x509-certificate:serial_number = '4c:0b:1d']",
         "rule tls: tls.cert_issuer|cased=CN=WEBMAIL tls.cert_serial=4C:0B:1D "
         "(tls_cert_issuer_1 and tls_cert_serial_2)\n"},
        {"[x509-certificate:is_self_signed = true AND x509-certificate:validity_not_after < "
         "t'2024-01-01T00:00:00.5Z']",
         "rule tls: tls.cert_self_signed=true tls.cert_notafter|lt=2024-01-01T00:00:00Z "
         "(tls_cert_self_signed_1 and tls_cert_notafter_2)\n"},
        {"[EXISTS x509-certificate:subject AND domain-name:value = 'a.example']",
         "rule tls: tls.cert_subject|exists=true tls.sni=a.example (tls_cert_subject_1 and "
         "tls_sni_2)\n"},
        {"[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = "
         "'192.0.2.1']",
         "rule dns: dns.query=a.example dns.answer.ip=192.0.2.1 (dns_query_1 and "
         "dns_answer_ip_2)\n"},
        {"[network-traffic:extensions.'icmp-ext'.icmp_type_hex = '08']",
         "rule packet: icmp.type=8 (icmp_type_1)\n"},
        {"[domain-name:value = 'a.example' OR domain-name:value LIKE 'b%' AND url:value = "
         "'http://c.example/']",
         "domain a.example\nrule http: http.host=b* http.url=http://c.example/ (http_host_1 and "
         "http_url_2)\n"},
    };
    (void)state;
    check_meanings(ROWS, sizeof(ROWS) / sizeof(ROWS[0]));
}

static void joined_observations_are_correlations(void **state)
{
    static const struct row ROWS[] = {
        {"[domain-name:value = 'a.example'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.1'] WITHIN 60 "
         "SECONDS",
         "- WITHIN behind one observation alone: parentheses are missing\n"},
        {"([domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 53]) WITHIN 60 "
         "SECONDS",
         "part flow: dns.query tls.sni http.host=a.example (dns_query_1)\n"
         "part flow: dst_port=53 (dst_port_1)\n"
         "temporal_ordered of 2 rules in 60 s\n"},
        {"[url:value = 'http://a.example/'] AND [x509-certificate:issuer = 'CN=x']",
         "part http: http.url=http://a.example/ (http_url_1)\n"
         "part tls: tls.cert_issuer|cased=CN=x (tls_cert_issuer_1)\n"
         "temporal of 2 rules in 86400 s\n"},
        {"([network-traffic:dst_port = 1] OR [network-traffic:dst_port = 2]) AND "
         "[network-traffic:dst_port = 3]",
         "part flow: dst_port=1 (dst_port_1)\npart flow: dst_port=3 (dst_port_1)\n"
         "temporal of 2 rules in 86400 s\n"
         "part flow: dst_port=2 (dst_port_1)\ntemporal of 2 rules in 86400 s\n"},
        /* the same twice: two observations of it, each rule once */
        {"[network-traffic:dst_port = 1] AND [network-traffic:dst_port = 1]",
         "part flow: dst_port=1 (dst_port_1)\nevent_count of 1 rules in 86400 s gte 2\n"},
        {"([network-traffic:dst_port = 1] FOLLOWEDBY [network-traffic:dst_port = 1] FOLLOWEDBY "
         "[network-traffic:dst_port = 1]) WITHIN 60 SECONDS",
         "part flow: dst_port=1 (dst_port_1)\nevent_count of 1 rules in 60 s gte 3\n"},
        {"[network-traffic:dst_port = 1] AND [network-traffic:dst_port = 1] AND "
         "[network-traffic:dst_port = 2]",
         "- the same observation twice beside others, which no correlation says\n"},
        {"([network-traffic:dst_port = 1] OR [domain-name:value LIKE '%.a']) AND "
         "([network-traffic:dst_port = 1] OR [domain-name:value LIKE '%.a'])",
         "part flow: dst_port=1 (dst_port_1)\nevent_count of 1 rules in 86400 s gte 2\n"
         "part flow: dns.query tls.sni http.host=*.a (dns_query_1)\n"
         "temporal of 2 rules in 86400 s\n"
         "event_count of 1 rules in 86400 s gte 2\n"},
        {"[network-traffic:dst_port = 22] REPEATS 5 TIMES WITHIN 300 SECONDS",
         "part flow: dst_port=22 (dst_port_1)\nevent_count of 1 rules in 300 s gte 5\n"},
        {"[file:name = 'x'] FOLLOWEDBY [network-traffic:dst_port = 22]",
         "- only the host shows it (file, process, registry, ...)\n"},
    };
    (void)state;
    check_meanings(ROWS, sizeof(ROWS) / sizeof(ROWS[0]));
}

static void what_no_wire_shows_is_refused_with_its_reason(void **state)
{
    static const struct row ROWS[] = {
        {"[file:name = 'x.exe']", "- only the host shows it (file, process, registry, ...)\n"},
        {"[process:command_line LIKE '%x%']",
         "- only the host shows it (file, process, registry, ...)\n"},
        {"[file:name = 'x' AND domain-name:value = 'a.example']",
         "- only the host shows it (file, process, registry, ...)\n"},
        {"[file:name = 'x' OR domain-name:value = 'a.example']",
         "- only the host shows it (file, process, registry, ...)\ndomain a.example\n"},
        {"[app:id = 'x']", "- an object of nobody's standard that no wire shows\n"},
        {"[mac-addr:value = '00:00:5e:00:53:01']", "- a property that no event carries\n"},
        {"[network-traffic:is_active = true]", "- a property that no event carries\n"},
        {"[network-traffic:extensions.'http-request-ext'.request_header.'' = 'x']",
         "- a property that no event carries\n"},
        {"[email-message:subject = 'x']", "- a mail address: no event carries mail\n"},
        {"[domain-name:value NOT LIKE '%.example']", "- it only says what is not the case\n"},
        {"[ipv4-addr:value ISSUPERSET '192.0.2.1' AND network-traffic:dst_port = 1]",
         "- an operator that the property's kind does not have\n"},
        {"[ipv4-addr:value LIKE '192.%']",
         "- an operator that the property's kind does not have\n"},
        {"[EXISTS ipv4-addr:value]", "- a test of existence that every event passes\n"},
        {"[EXISTS network-traffic:dst_port]", "- a test of existence that every event passes\n"},
        {"[domain-name:value > 'a']", "- an operator that the property's kind does not have\n"},
        {"[network-traffic:dst_port = 'http']", "- a value that the property cannot have\n"},
        {"[url:value MATCHES '(']", "- a regular expression that PCRE does not take\n"},
        {"[url:value MATCHES '(*UTF)gate']", "- a regular expression that PCRE does not take\n"},
        {"[url:value MATCHES '^https://x']", "- a URL that is encrypted on the wire\n"},
        {"[network-traffic:protocols[*] = 'ipv4']", "- a protocol that no event names\n"},
        {"[x509-certificate:hashes.'SHA-256' = 'x' AND domain-name:value = 'a.example']",
         "- of certificates only the SHA-1 is in the events\n"},
        {"[domain-name:resolves_to_refs[*].value = '192.0.2.1' AND url:value = "
         "'http://a.example/']",
         "- no single event shows all that it asks for\n"},
        {"[url:value = 'http://a.example/'] START t'2016-06-01T00:00:00Z' STOP "
         "t'2016-07-01T00:00:00Z'",
         "- bound to a span of the past (START STOP)\n"},
    };
    (void)state;
    check_meanings(ROWS, sizeof(ROWS) / sizeof(ROWS[0]));
}

static void combinations_are_bounded(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_byte(&text, '[');
    for (int i = 0; i < 12; i++)
        buf_format(&text, "%s(network-traffic:src_port = %d OR network-traffic:dst_port = %d)",
                   i ? " AND " : "", i, i);
    buf_text(&text, "]");
    buf_byte(&text, '\0');
    struct row row = {(const char *)text.data, "- too many combinations of AND and OR\n"};
    check_meanings(&row, 1);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_the_grammar_becomes_its_tree),
        cmocka_unit_test(what_does_not_is_told_with_its_character),
        cmocka_unit_test(depth_and_size_are_bounded),
        cmocka_unit_test(equalities_are_indicators),
        cmocka_unit_test(what_one_event_can_say_is_a_rule),
        cmocka_unit_test(joined_observations_are_correlations),
        cmocka_unit_test(what_no_wire_shows_is_refused_with_its_reason),
        cmocka_unit_test(combinations_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
