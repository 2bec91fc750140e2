/* SPDX-License-Identifier: BSD-3-Clause */
/* Values and modifiers: each of them, down to the predicate that it becomes. */
#include "unit/rule_load.h"

/* The condition of a rule whose only selection has this body (indented by the caller). */
static void expect(const char *service, const char *body, const char *condition)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "title: t\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: high\n"
             "logsource: {product: shrike, service: %s}\ndetection:\n  s:\n    %s\n  condition: s\n"
             "---\nlist: relays\ntype: ip\nvalues: [192.0.2.1]\n",
             service, body);
    struct loaded loaded = load(text);
    if (loaded.diagnostics.errors > 0)
        diagnostics_print(&loaded.diagnostics, stderr);
    assert_string_equal(condition_of(&loaded), condition);
    unload(&loaded);
}

static void expect_fault(const char *service, const char *body, const char *id)
{
    char text[4096];
    snprintf(
        text, sizeof(text),
        "title: t\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: high\n"
        "logsource: {product: shrike, service: %s}\ndetection:\n  s:\n    %s\n  condition: s\n",
        service, body);
    struct loaded loaded = load(text);
    assert_string_equal(only_fault(&loaded), id);
    assert_int_equal(loaded.rules->count, 0);
    unload(&loaded);
}

/* Is it told that the field never has such a number? */
static bool never_matches(const char *service, const char *field, const char *compare, long number)
{
    char text[512];
    bool is_told = false;

    snprintf(text, sizeof(text),
             RULE_HEAD("%s") "detection:\n  s:\n    %s%s: %ld\n  condition: s\n", service, field,
             compare, number);
    struct loaded loaded = load(text);
    assert_int_equal(loaded.rules->count, 1);
    for (size_t i = 0; i < loaded.diagnostics.count; i++)
        is_told |= strcmp(loaded.diagnostics.items[i].id, "never-matches") == 0;
    unload(&loaded);
    return is_told;
}

/* Specification 2.1, "Escape Character". */
static void escapes_follow_the_table_of_sigma(void **state)
{
    (void)state;
    expect("http", "http.uri: 'C:\\Windows'", "http.uri 'C:\\Windows'");
    expect("http", "http.uri: 'C:\\\\Windows'", "http.uri 'C:\\Windows'");
    expect("http", "http.uri: 'a\\*b'", "http.uri 'a*b'");
    expect("http", "http.uri: 'a\\?b'", "http.uri 'a?b'");
    expect("http", "http.uri: 'a\\\\*b'", "http.uri 'a\\<any>b'");
    expect("http", "http.uri: 'a\\\\?b'", "http.uri 'a\\<one>b'");
    expect("http", "http.uri: 'a\\\\\\*b'", "http.uri 'a\\*b'");
    expect("http", "http.uri: 'a\\\\\\b'", "http.uri 'a\\\\b'");
    expect("http", "http.uri: 'a\\\\\\\\b'", "http.uri 'a\\\\b'");
    expect("http", "http.uri: 'a\\'", "http.uri 'a\\'");
}

static void wildcards_become_pieces(void **state)
{
    (void)state;
    expect("http", "http.uri: '/a*b?c'", "http.uri '/a<any>b<one>c'");
    expect("http", "http.uri: 'a**b'", "http.uri 'a<any>b'");
    expect("http", "http.uri: '?*'", "http.uri '<one><any>'");
    expect("http", "http.uri: '*'", "http.uri exists");
}

static void positions_surround_the_value(void **state)
{
    (void)state;
    expect("http", "http.uri|contains: abcd", "http.uri '<any>abcd<any>'");
    expect("http", "http.uri|startswith: abcd", "http.uri 'abcd<any>'");
    expect("http", "http.uri|endswith: abcd", "http.uri '<any>abcd'");
    expect("http", "http.uri|contains: '*abcd'", "http.uri '<any>abcd<any>'");
    expect("http", "http.uri|contains|cased: abcd", "http.uri \"<any>abcd<any>\"");
}

static void lists_are_or_and_all_makes_them_and(void **state)
{
    (void)state;
    expect("http", "http.uri: [a, b]", "(http.uri 'a' or http.uri 'b')");
    expect("http", "http.uri|contains|all: [ab, cd]",
           "(http.uri '<any>ab<any>' and http.uri '<any>cd<any>')");
}

static void neq_is_true_for_none_of_the_values(void **state)
{
    (void)state;
    expect("http", "http.method|neq: GET", "!http.method 'GET'");
    expect("http", "http.method|neq: [GET, POST]", "(!http.method 'GET' and !http.method 'POST')");
    expect("http", "http.stat_code|neq: 200", "!http.stat_code = 200");
    expect("http", "http.uri|base64offset|neq: foobar",
           "(!http.uri \"<any>Zm9vYmFy<any>\" and !http.uri \"<any>Zvb2Jhc<any>\" and "
           "!http.uri \"<any>mb29iYX<any>\")");
}

static void null_and_empty_are_different(void **state)
{
    (void)state;
    expect("http", "http.referer: null", "http.referer absent");
    expect("http", "http.referer: ~", "http.referer absent");
    expect("http", "http.referer: 'null'", "http.referer 'null'");
    expect("http", "http.referer: ''", "http.referer ''");
    expect("http", "http.stat_code: null", "http.stat_code absent");
    expect("http", "http.stat_code: ''", "http.stat_code absent");
    expect("http", "http.referer|exists: true", "http.referer exists");
    expect("http", "http.referer|exists: no", "http.referer absent");
}

static void scalars_of_bytes_fields_are_text_as_written(void **state)
{
    (void)state;
    expect("http", "http.method: yes", "http.method 'yes'");
    expect("http", "http.method: 0x10", "http.method '0x10'");
    expect("http", "http.method: 1e3", "http.method '1e3'");
    expect("http", "http.method: 007", "http.method '007'");
}

static void numbers_may_stand_in_quotes(void **state)
{
    (void)state;
    expect("http", "http.stat_code: 404", "http.stat_code = 404");
    expect("http", "http.stat_code: '404'", "http.stat_code = 404");
    expect("http", "dst_port: 0x1bb", "dst_port = 443");
    expect("http", "http.stat_code: '*'", "http.stat_code exists");
    expect("http", "http.stat_code|lt: 5", "http.stat_code < 5");
    expect("http", "http.stat_code|lte: 5", "http.stat_code <= 5");
    expect("http", "http.stat_code|gt: 5", "http.stat_code > 5");
    expect("http", "http.stat_code|gte: [5, 6]", "(http.stat_code >= 5 or http.stat_code >= 6)");
    expect_fault("http", "http.stat_code: 4*", "number-value");
    expect_fault("http", "http.stat_code: 1.5", "number-value");
}

static void booleans_and_times_have_their_own_forms(void **state)
{
    (void)state;
    expect("flow", "flow.gap: true", "flow.gap = 1");
    expect("flow", "flow.gap: 'No'", "flow.gap = 0");
    expect("flow", "flow.start|gte: 1970-01-02", "flow.start >= 86400000000");
    expect("flow", "flow.start|lt: 2000-03-01T00:00:01Z", "flow.start < 951868801000000");
    expect_fault("flow", "flow.start|lt: 2001-02-29", "number-value");
}

static void addresses_are_prefixes(void **state)
{
    (void)state;
    expect("http", "src_ip: 192.0.2.1", "src_ip in 192.0.2.1/128");
    expect("http", "src_ip: 2001:db8::1", "src_ip in 2001:db8::1/128");
    expect("http", "src_ip|cidr: 10.1.2.3/8", "src_ip in 10.0.0.0/104");
    expect("http", "src_ip|cidr: fe80::/10", "src_ip in fe80::/10");
    expect("http", "src_ip: 10.*", "src_ip in 10.0.0.0/104");
    expect("http", "src_ip: 192.168.7.*", "src_ip in 192.168.7.0/120");
    expect("http", "src_ip|startswith: '172.16.'", "src_ip in 172.16.0.0/112");
    expect("http", "src_ip|startswith: 'fe80:'", "src_ip in fe80::/16");
    expect("http", "http.host|cidr: 10.0.0.0/8", "http.host in 10.0.0.0/104");
    expect_fault("http", "src_ip: 10.0.*.1", "address-value");
    expect_fault("http", "src_ip|startswith: '172.1'", "address-value");
}

static void regexes_carry_their_flags(void **state)
{
    (void)state;
    expect("http", "http.uri|re: '^/[a-z]+\\.php$'", "http.uri /^/[a-z]+\\.php$/");
    expect("http", "http.uri|re|i: abc", "http.uri /abc/i");
    expect("http", "http.uri|re|i|m|s: abc", "http.uri /abc/ims");
}

static void base64_encodes_the_value(void **state)
{
    (void)state;
    expect("http", "http.uri|base64: foobar", "http.uri \"Zm9vYmFy\"");
    expect("http", "http.uri|base64|contains: fo", "http.uri \"<any>Zm8=<any>\"");
    expect("http", "http.uri|base64offset|contains: foobar",
           "(http.uri \"<any>Zm9vYmFy<any>\" or http.uri \"<any>Zvb2Jhc<any>\" or "
           "http.uri \"<any>mb29iYX<any>\")");
    expect("http", "http.uri|base64offset: foo",
           "(http.uri \"<any>Zm9v<any>\" or http.uri \"<any>Zvb<any>\" or http.uri "
           "\"<any>mb2<any>\")");
    /* a field in lower case could never hold the capitals */
    expect("dns", "dns.query|base64: foobar", "dns.query 'Zm9vYmFy'");
}

static void utf16_has_three_forms(void **state)
{
    (void)state;
    expect("http", "http.uri|utf16le: cmd", "http.uri 'c{00}m{00}d{00}'");
    expect("http", "http.uri|wide: cmd", "http.uri 'c{00}m{00}d{00}'");
    expect("http", "http.uri|utf16be: cmd", "http.uri '{00}c{00}m{00}d'");
    expect("http", "http.uri|utf16: cmd", "http.uri '{ff}{fe}c{00}m{00}d{00}'");
    expect("http", "http.uri|wide: \"\\U0001F600\"", "http.uri '={d8}{00}{de}'");
    expect("http", "http.uri|wide: 'a?b*'", "http.uri 'a{00}<one><one>b{00}<any>'");
    expect("http", "http.uri|wide|base64: cmd", "http.uri \"YwBtAGQA\"");
}

static void windash_writes_every_dash(void **state)
{
    (void)state;
    expect("http", "http.uri|windash|contains: ' -e'",
           "(http.uri '<any> -e<any>' or http.uri '<any> /e<any>' or "
           "http.uri '<any> {e2}{80}{93}e<any>' or http.uri '<any> {e2}{80}{94}e<any>' or "
           "http.uri '<any> {e2}{80}{95}e<any>')");
    expect("http", "http.uri|contains|windash: a-b", "http.uri '<any>a-b<any>'");
}

static void hex_takes_any_bytes(void **state)
{
    (void)state;
    expect("stream", "payload|hex: '16 03 01'", "payload hex 160301");
    expect("stream", "payload|hex: '1603??01'", "payload hex 16030001&ffff00ff");
    expect("stream", "payload|hex|startswith: '16 03'", "payload hex 1603 at 0");
    expect("stream", "payload|hex|endswith: '0d ?? 0a'", "payload \"<any>{0d}<one>{0a}\"");
}

static void the_map_form_has_offsets(void **state)
{
    (void)state;
    expect("stream", "payload: {hex: '16 03', at: 0}", "payload hex 1603 at 0");
    expect("stream", "payload: [{contains: 'cmd=', from: 20, to: 400}]",
           "payload '<any>cmd=<any>' in 20..400");
    expect("stream", "payload: [{re|i: abcd, within: [0, 64]}, {equals: abcd}]",
           "(payload /abcd/i in 0..64 or payload 'abcd')");
    expect("stream", "payload|contains: [{cased: ab, at: 3}, cd]",
           "(payload \"<any>ab<any>\" at 3 or payload '<any>cd<any>')");
}

static void values_can_be_measured(void **state)
{
    (void)state;
    expect("http", "http.uri|len: 5", "http.uri len = 5");
    expect("http", "http.uri|len|gt: 5", "http.uri len > 5");
    expect("http", "http.header_names|count|gte: 5", "http.header_names count >= 5");
    expect("http", "http.uri|entropy|gt: 3.75", "http.uri entropy > 3750");
    expect("http", "http.uri|entropy|lt: 4", "http.uri entropy < 4000");
    expect("dns", "dns.query.entropy|gte: 3.5", "dns.query.entropy >= 3500");
    expect_fault("http", "http.stat_code|len: 5", "field-type");
}

/* Both ends of each range are values that the field may have, what lies beyond never is; `ip.version` has a least. */
static void numbers_out_of_their_range_never_match(void **state)
{
    (void)state;
    static const struct {
        const char *service, *field;
        long least, most;
    } RANGES[] = {
        {"flow", "src_port", 0, 65535},
        {"flow", "dst_port", 0, 65535},
        {"flow", "vlan", 0, 4095},
        {"packet", "ip.ttl", 0, 255},
        {"packet", "ip.proto", 0, 255},
        {"packet", "ip.version", 4, 6},
        {"packet", "tcp.flags", 0, 511},
        {"packet", "tcp.window", 0, 65535},
        {"packet", "icmp.type", 0, 255},
        {"packet", "icmp.code", 0, 255},
        {"packet", "packet.src_port", 0, 65535},
        {"packet", "packet.dst_port", 0, 65535},
        {"packet", "payload.len", 0, 65535},
        {"http", "http.stat_code", 0, 999},
        {"dns", "dns.rrtype.num", 0, 65535},
        {"dns", "dns.id", 0, 65535},
        {"dns", "dns.opcode", 0, 15},
        {"dns", "dns.rcode.num", 0, 4095},
        {"dns", "dns.z", 0, 7},
        {"dns", "dns.query.entropy", 0, 8},
        {"tls", "tls.client_version", 0, 65535},
        {"tls", "tls.cipher", 0, 65535},
        {"flow", "flow.start|minute", 0, 59},
        {"flow", "flow.start|hour", 0, 23},
        {"flow", "flow.start|day", 1, 31},
        {"flow", "flow.start|week", 1, 53},
        {"flow", "flow.start|month", 1, 12},
        {"flow", "flow.start|year", 0, 9999},
    };

    for (size_t i = 0; i < sizeof(RANGES) / sizeof(RANGES[0]); i++) {
        const char *service = RANGES[i].service, *field = RANGES[i].field;
        bool is_entropy = strcmp(field, "dns.query.entropy") == 0; /* 9 bits are no number */
        assert_false(never_matches(service, field, "", RANGES[i].least));
        assert_false(never_matches(service, field, "", RANGES[i].most));
        assert_false(never_matches(service, field, "|lte", RANGES[i].least));
        assert_false(never_matches(service, field, "|gte", RANGES[i].most));
        assert_false(never_matches(service, field, "|gt", RANGES[i].most - 1));
        assert_false(never_matches(service, field, "|lt", RANGES[i].least + 1));
        assert_true(never_matches(service, field, "|lt", RANGES[i].least));
        assert_true(never_matches(service, field, "|gt", RANGES[i].most));
        if (RANGES[i].least > 0)
            assert_true(never_matches(service, field, "", RANGES[i].least - 1));
        if (!is_entropy)
            assert_true(never_matches(service, field, "", RANGES[i].most + 1));
    }
}

static void a_domain_is_kept_in_lower_case(void **state)
{
    (void)state;
    expect("http", "http.host|domain: DropboxApi.com.", "http.host under dropboxapi.com");
    expect("http", "http.host|domain|neq: a.example", "!http.host under a.example");
}

/* 253 bytes, and the dot at its end that is none of it. */
static void a_domain_may_be_as_long_as_names_are(void **state)
{
    (void)state;
    char name[256], body[512], condition[512];

    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 64 == 63 ? '.' : 'a';
    snprintf(body, sizeof(body), "http.host|domain: %.253s.", name);
    snprintf(condition, sizeof(condition), "http.host under %.253s", name);
    expect("http", body, condition);
    snprintf(body, sizeof(body), "http.host|domain: %.254s", name);
    expect_fault("http", body, "domain-value");
}

/* Plain text is looked for as it is, too: multicast DNS has names in UTF-8. */
static void names_beyond_ascii_become_a_labels(void **state)
{
    (void)state;
    expect("dns", "dns.query|domain: MÜNCHEN.example", "dns.query under xn--mnchen-3ya.example");
    expect("dns", "dns.query|domain: straße.de.", "dns.query under xn--strae-oqa.de");
    expect("tls", "tls.sni: bü.de", "(tls.sni 'b{c3}{bc}.de' or tls.sni 'xn--b-eha.de')");
    expect("http", "http.host|neq: bü.de",
           "(!http.host 'b{c3}{bc}.de' and !http.host 'xn--b-eha.de')");
    expect("http", "http.host.raw: bü.de:80",
           "(http.host.raw 'b{c3}{bc}.de:80' or http.host.raw 'xn--b-eha.de:80')");
    expect("dns", "dns.query|endswith: .bü.de",
           "(dns.query '<any>.b{c3}{bc}.de' or dns.query '<any>.xn--b-eha.de')");
    expect("dns", "dns.query|startswith: bü.",
           "(dns.query 'b{c3}{bc}.<any>' or dns.query 'xn--b-eha.<any>')");
    expect("dns", "dns.query: 'a*.bü.*.bü'",
           "(dns.query 'a<any>.b{c3}{bc}.<any>.b{c3}{bc}' or "
           "dns.query 'a<any>.xn--b-eha.<any>.xn--b-eha')");
    expect("dns", "dns.query|contains: a.bü.b",
           "(dns.query '<any>a.b{c3}{bc}.b<any>' or dns.query '<any>a.xn--b-eha.b<any>')");
    expect("http", "http.user_agent: bü.de", "http.user_agent 'b{c3}{bc}.de'");
    expect("dns", "dns.query|hex: 62c3bc", "dns.query hex 62c3bc");
    expect_fault("dns", "dns.query|domain: -bü.de", "domain-value");
    expect_fault("dns", "dns.query|domain: '*.bü.de'", "domain-value");
    expect_fault("dns", "dns.query: -bü.de", "name-value");
}

/* A part of a label has no A-label: it is loaded as it is, and told. */
static void parts_of_labels_beyond_ascii_never_match(void **state)
{
    static const char *const ROWS[][2] = {
        {"dns.query|contains: bü", "dns.query '<any>b{c3}{bc}<any>'"},
        {"dns.query|endswith: bü.de", "dns.query '<any>b{c3}{bc}.de'"},
        {"dns.query|startswith: a.bü", "dns.query 'a.b{c3}{bc}<any>'"},
        {"dns.query|contains: .bü", "dns.query '<any>.b{c3}{bc}<any>'"},
        {"dns.query: 'bü*'", "dns.query 'b{c3}{bc}<any>'"},
        {"dns.query: '?ü.de'", "dns.query '<one>{c3}{bc}.de'"},
        {"dns.query|startswith: '-bü.'", "dns.query '-b{c3}{bc}.<any>'"},
        {"dns.query|re: bü", "dns.query /b{c3}{bc}/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), RULE_HEAD("dns") "detection:\n  s:\n    %s\n  condition: s\n",
                 ROWS[i][0]);
        struct loaded loaded = load(text);
        bool is_told = false;
        for (size_t k = 0; k < loaded.diagnostics.count; k++)
            is_told |= strcmp(loaded.diagnostics.items[k].id, "never-matches") == 0;
        assert_true(is_told);
        assert_string_equal(condition_of(&loaded), ROWS[i][1]);
        unload(&loaded);
    }
}

static void headers_have_names(void **state)
{
    (void)state;
    expect("http", "http.header.X-Token: abc", "http.header.raw.X-Token 'abc'");
    expect("http", "http.response_header.ETag|exists: true",
           "http.response_header.raw.ETag exists");
}

static void marks_are_asked_by_their_names(void **state)
{
    (void)state;
    expect("http", "flow.mark: Stage1", "flow.mark has Stage1");
    expect("stream", "flowbits|neq: stage1", "!flow.mark has stage1");
    expect("packet", "flow.mark|cased: 404", "flow.mark has 404");
}

static void fieldref_compares_two_fields(void **state)
{
    (void)state;
    expect("http", "http.host|fieldref: http.host.raw", "http.host same as http.host.raw");
    expect("http", "src_ip|fieldref|neq: dst_ip", "!src_ip same as dst_ip");
}

static void expand_looks_a_list_up(void **state)
{
    (void)state;
    expect("http", "src_ip|expand: '%relays%'", "src_ip in list relays");
    expect("http", "src_ip|expand|cidr: '%relays%'", "src_ip in list relays");
    expect("http", "src_ip: {expand: '%relays%', confidence|gte: 50}",
           "src_ip in list relays sure 50..100");
    expect("http", "src_ip: {confidence|gt: 50, expand: '%relays%', confidence|lt: 75}",
           "src_ip in list relays sure 51..74");
    expect("http", "src_ip: [{expand: '%relays%', confidence|lte: 0}, 192.0.2.9]",
           "(src_ip in list relays sure 0..0 or src_ip in 192.0.2.9/128)");
}

static void keywords_are_looked_for_in_any_field(void **state)
{
    (void)state;
    expect("http", "- abcd", "any '<any>abcd<any>'");
    expect("http", "'|all': [abcd, efgh]", "(any '<any>abcd<any>' and any '<any>efgh<any>')");
    expect("http", "'|re': 'a+b'", "any /a+b/");
    expect("http", "[abcd, {http.uri: efgh}]", "(any '<any>abcd<any>' or http.uri 'efgh')");
}

static void certificate_serials_are_compared_with_colons(void **state)
{
    (void)state;
    expect("tls", "tls.cert_serial: 8BB00EE", "tls.cert_serial '08:BB:00:EE'");
    expect("tls", "tls.cert_serial: '08:bb:00:ee'", "tls.cert_serial '08:bb:00:ee'");
    expect("tls", "tls.cert_serial: f1b2",
           "(tls.cert_serial 'F1:B2' or tls.cert_serial '00:F1:B2')");
    expect("tls", "tls.cert_serial: 80b2", /* the highest bit is set from 80 on */
           "(tls.cert_serial '80:B2' or tls.cert_serial '00:80:B2')");
    expect("tls", "tls.cert_serial: 7fb2", "tls.cert_serial '7F:B2'");
    expect("tls", "tls.cert_serial|contains: bb00", "tls.cert_serial '<any>bb00<any>'");
    expect("tls", "tls.cert_fingerprint: DA39", "tls.cert_fingerprint 'da:39'");
}

static void modifiers_that_contradict_are_refused(void **state)
{
    (void)state;
    expect_fault("http", "http.uri|contains|re: a", "modifiers");
    expect_fault("http", "http.uri|lt|gt: 1", "modifiers");
    expect_fault("http", "http.uri|re|base64: a", "modifiers");
    expect_fault("http", "http.uri|cased|domain: a.example", "modifiers");
    expect_fault("http", "http.uri|contains|wide: a", "modifier-order");
    expect_fault("http", "http.uri|: a", "unknown-modifier");
    expect_fault("flow", "flow.start|week|hour: 3", "modifiers");
    expect_fault("flow", "flow.age|hour: 3", "field-type");
}

static void predicates_know_what_the_author_wrote(void **state)
{
    (void)state;
    struct loaded loaded =
        load(RULE_HEAD("http") "detection:\n  s:\n    http.uri|contains: /news.php\n"
                               "  condition: s\n");
    const struct predicate *p = loaded.rules->items[0]->condition->predicate;
    assert_string_equal(p->text, "http.uri|contains: /news.php");
    assert_int_equal(p->place.line, 7);
    assert_int_equal(p->place.column, 24);
    unload(&loaded);
    loaded = load(RULE_HEAD("http") "detection:\n  s:\n    http.uri: {hex: '16', at: 0}\n"
                                    "  condition: s\n");
    assert_string_equal(loaded.rules->items[0]->condition->predicate->text,
                        "http.uri: {hex: 16, at: 0}");
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_follow_the_table_of_sigma),
        cmocka_unit_test(wildcards_become_pieces),
        cmocka_unit_test(positions_surround_the_value),
        cmocka_unit_test(lists_are_or_and_all_makes_them_and),
        cmocka_unit_test(neq_is_true_for_none_of_the_values),
        cmocka_unit_test(null_and_empty_are_different),
        cmocka_unit_test(scalars_of_bytes_fields_are_text_as_written),
        cmocka_unit_test(numbers_may_stand_in_quotes),
        cmocka_unit_test(booleans_and_times_have_their_own_forms),
        cmocka_unit_test(addresses_are_prefixes),
        cmocka_unit_test(regexes_carry_their_flags),
        cmocka_unit_test(base64_encodes_the_value),
        cmocka_unit_test(utf16_has_three_forms),
        cmocka_unit_test(windash_writes_every_dash),
        cmocka_unit_test(hex_takes_any_bytes),
        cmocka_unit_test(the_map_form_has_offsets),
        cmocka_unit_test(values_can_be_measured),
        cmocka_unit_test(numbers_out_of_their_range_never_match),
        cmocka_unit_test(a_domain_is_kept_in_lower_case),
        cmocka_unit_test(a_domain_may_be_as_long_as_names_are),
        cmocka_unit_test(names_beyond_ascii_become_a_labels),
        cmocka_unit_test(parts_of_labels_beyond_ascii_never_match),
        cmocka_unit_test(headers_have_names),
        cmocka_unit_test(marks_are_asked_by_their_names),
        cmocka_unit_test(fieldref_compares_two_fields),
        cmocka_unit_test(expand_looks_a_list_up),
        cmocka_unit_test(keywords_are_looked_for_in_any_field),
        cmocka_unit_test(certificate_serials_are_compared_with_colons),
        cmocka_unit_test(modifiers_that_contradict_are_refused),
        cmocka_unit_test(predicates_know_what_the_author_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
