/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules of Suricata: what each becomes, by the condition that our loader reads of it. */
#include "unit/rule_load.h"

#include "import/suricata/suricata.h"

struct imported {
    struct buf yaml;
    struct diagnostics diagnostics;
    struct suricata_tally tally;
    char reason[256]; /* of the last rule that was left out */
    struct loaded loaded;
};

static void keep_reason(void *context, uint64_t sid, struct place place, const char *reason)
{
    struct imported *imported = context;
    (void)sid;
    (void)place;
    snprintf(imported->reason, sizeof(imported->reason), "%s", reason);
}

/* With networks any, unless `vars` says otherwise. */
static struct imported import_with(const char *vars, const char *text)
{
    struct imported imported = {.reason = ""};

    buf_init(&imported.yaml, 1 << 20);
    diagnostics_init(&imported.diagnostics);
    struct suricata_import *s = suricata_new(&imported.diagnostics);
    suricata_read_vars(s, "vars.yaml", view_from_string(vars));
    suricata_read(s, "test.rules", view_from_string(text));
    suricata_finish(s);
    assert_int_equal(suricata_write(s, &imported.yaml), 0);
    imported.tally = suricata_count(s);
    suricata_each_refused(s, keep_reason, &imported);
    suricata_free(s);
    buf_byte(&imported.yaml, '\0');
    imported.loaded = load((const char *)imported.yaml.data);
    return imported;
}

static struct imported import(const char *text)
{
    return import_with("HOME_NET: any\nEXTERNAL_NET: any\n", text);
}

static void clear(struct imported *imported)
{
    unload(&imported->loaded);
    diagnostics_clear(&imported->diagnostics);
    buf_clear(&imported->yaml);
}

static bool says(const struct imported *imported, const char *text)
{
    return strstr((const char *)imported->yaml.data, text) != NULL;
}

/* `header` before the parenthesis; a sid is added. */
static void becomes(const char *header, const char *options, const char *condition)
{
    char text[2048];

    snprintf(text, sizeof(text), "alert %s (msg:\"m\"; %s sid:1;)\n", header, options);
    struct imported imported = import(text);
    if (imported.tally.taken != 1 || imported.loaded.diagnostics.errors > 0) {
        diagnostics_print(&imported.loaded.diagnostics, stderr);
        fail_msg("%s: %s", text, imported.reason);
    }
    assert_string_equal(condition_of(&imported.loaded), condition);
    clear(&imported);
}

static void is_left_out(const char *header, const char *options, const char *reason)
{
    char text[2048];

    snprintf(text, sizeof(text), "alert %s (msg:\"m\"; %s sid:1;)\n", header, options);
    struct imported imported = import(text);
    assert_int_equal(imported.tally.taken, 0);
    assert_string_equal(imported.reason, reason);
    clear(&imported);
}

#define HTTP "http any any -> any any"
#define UP   "flow:established,to_server; "
#define DOWN "flow:established,to_client; "

static void contents_become_predicates(void **state)
{
    (void)state;
    becomes(HTTP, UP "http.uri; content:\"/a\";", "http.uri \"<any>/a<any>\"");
    becomes(HTTP, UP "http.uri; content:\"/a\"; nocase;", "http.uri '<any>/a<any>'");
    becomes(HTTP, UP "http.uri; content:\"/a\"; startswith;", "http.uri \"/a<any>\"");
    becomes(HTTP, UP "http.uri; content:\"/a\"; depth:2;", "http.uri \"/a<any>\"");
    becomes(HTTP, UP "http.uri; content:\"/a\"; endswith;", "http.uri \"<any>/a\"");
    becomes(HTTP, UP "http.uri; content:\"/a\"; isdataat:!1,relative;", "http.uri \"<any>/a\"");
    becomes(HTTP, UP "http.uri; content:\"/a\"; bsize:2;", "http.uri \"/a\"");
    becomes(HTTP, UP "http.uri; content:\"/a\"; bsize:>2;",
            "(http.uri \"<any>/a<any>\" and http.uri len > 2)");
    becomes(HTTP, UP "http.uri; content:\"12\"; bsize:2;", "http.uri '12'");
    becomes(HTTP, UP "http.uri; content:\"a*?b|5c|\";", "http.uri \"<any>a*?b\\<any>\"");
    becomes(HTTP, UP "http.uri; content:\"/a\"; offset:1; depth:9;",
            "http.uri [bytes \"/a\" in 1..10]");
    becomes(HTTP, UP "content:\"/a\"; http_uri; nocase;", "http.uri '<any>/a<any>'");
    becomes(HTTP, UP "uricontent:\"/a\";", "http.uri \"<any>/a<any>\"");
}

static void negated_contents_want_the_buffer(void **state)
{
    (void)state;
    becomes(HTTP, UP "http.referer; content:!\"a\";",
            "(!http.referer \"<any>a<any>\" and http.referer exists)");
    becomes(HTTP, UP "http.uri; content:\"a\"; content:!\"b\";",
            "(http.uri \"<any>a<any>\" and !http.uri \"<any>b<any>\")");
}

static void chains_become_sequences(void **state)
{
    (void)state;
    becomes(HTTP, UP "http.uri; content:\"a\"; content:\"b\"; distance:0; within:5;",
            "http.uri [bytes \"a\", bytes \"b\" +0<5]");
    becomes(HTTP, UP "http.uri; content:\"a\"; pcre:\"/^\\d+/Ri\";",
            "http.uri [bytes \"a\", regex '^\\d+' +0]");
    becomes(HTTP, UP "http.request_body; content:\"a\"; content:!\"b\";",
            "http.request_body [bytes \"a\", not bytes \"b\"]");
    becomes(HTTP, UP "http.request_body; content:\"a\"; bsize:4;",
            "http.request_body [left 4 +0, not left 5 +0, bytes \"a\"]");
    becomes("udp any any -> any any",
            "content:\"|ff|SMB\"; depth:4; byte_test:2,!&,4,6,relative,little; "
            "byte_jump:2,1,relative,multiplier 2,post_offset -1; isdataat:9,relative;",
            "(proto 'udp' and payload [bytes \"{ff}SMB\" at 0, number 2 little base 0 !& 4 +6, "
            "jump 2 base 0 +1, left 9 +0])");
}

static void places_count_from_the_start_where_nothing_stands_before(void **state)
{
    (void)state;
    becomes(HTTP, UP "http.uri; content:\"ab\"; within:2;", "http.uri \"ab<any>\"");
    becomes(HTTP, UP "http.uri; content:\"ab\"; distance:3;",
            "http.uri [bytes \"ab\" in 3..18446744073709551615]");
}

static void transforms_become_fields_and_forms(void **state)
{
    (void)state;
    becomes("dns any any -> any any",
            "dns.query; dotprefix; content:\".evil.com\"; nocase; endswith;",
            "dns.query under evil.com");
    becomes("dns any any -> any any", "dns.query; dotprefix; content:\".evil.com\"; endswith;",
            "(dns.query.raw \"<any>.evil.com\" or dns.query.raw \"evil.com\")");
    becomes("dns any any -> any any", "dns.query; content:\"evil\";",
            "dns.query.raw \"<any>evil<any>\"");
    becomes("dns any any -> any any", "dns.query; content:\"evil\"; nocase;",
            "dns.query '<any>evil<any>'");
    becomes(HTTP, UP "http.user_agent; to_lowercase; content:\"curl\";",
            "http.user_agent '<any>curl<any>'");
    becomes(HTTP, UP "http.host; to_lowercase; to_uppercase; content:\"A\";",
            "http.host|to_lowercase|to_uppercase '<any>A<any>'");
    becomes("dns any any -> any any", "dns.query; dotprefix; content:!\".a\"; within:2;",
            "(!dns.query.raw|dotprefix \".a<any>\" and dns.query.raw exists)");
    becomes(HTTP, UP "http.uri; url_decode; content:\"a\"; content:!\"b\"; within:9;",
            "http.uri|url_decode [bytes \"a\", not bytes \"b\" +0<9]");
    becomes(HTTP,
            UP "http.uri; to_md5; content:\"|00 0a 1b 2c 3d 4e 5f 60 71 82 93 a4 b5 c6 d7 e8|\";",
            "http.uri|to_md5 '000a1b2c3d4e5f60718293a4b5c6d7e8'");
}

static void buffers_follow_the_direction(void **state)
{
    (void)state;
    becomes(HTTP, UP "http.header; content:\"a\";", "http.header \"<any>a<any>\"");
    becomes(HTTP, DOWN "http.header; content:\"a\";", "http.response_header \"<any>a<any>\"");
    becomes(HTTP, DOWN "http.stat_code; content:\"200\"; file.data; content:\"a\";",
            "(http.stat_code = 200 and http.response_body \"<any>a<any>\")");
    becomes(HTTP, UP "http.content_len; byte_test:0,>=,100,0,string,dec;",
            "http.content_len >= 100");
    becomes(HTTP, DOWN "file_data; content:\"a\"; pcre:\"/^b/RQ\";",
            "http.response_body [bytes \"a\", regex '^b' +0]");
    is_left_out(HTTP, UP "http.uri; content:\"a\"; http_header;",
                "a modifier while a sticky buffer is set");
    becomes(HTTP, "http.stat_code; content:\"404\";", "http.stat_code = 404");
    is_left_out(HTTP, UP "http.stat_code; content:\"404\";", "http.stat_code in a rule to_server");
    is_left_out(HTTP, "http.header; content:\"a\";", "http.header without a direction");
    is_left_out(HTTP, UP "content:\"a\"; http.uri; content:\"b\";",
                "contents of the payload beside those of a buffer");
}

static void headers_are_turned_round_for_rules_to_the_client(void **state)
{
    (void)state;
    becomes(
        "tls 192.0.2.1 443 -> 10.0.0.0/8 !80", DOWN "tls.cert_subject; content:\"CN=a\";",
        "(tls.cert_subject \"<any>CN=a<any>\" and dst_ip in 192.0.2.1/128 and dst_port = 443 and "
        "src_ip in 10.0.0.0/104 and !src_port = 80)");
    becomes("udp any any -> any [53,5000:5003]",
            "content:\"ab|00|\"; depth:3; content:\"c\"; distance:0;",
            "(proto 'udp' and payload [bytes \"ab{00}\" at 0, bytes \"c\" +0] and "
            "((packet.dst_port >= 5000 and packet.dst_port <= 5003) or packet.dst_port = 53))");
    becomes("tcp any any -> any 25", "content:\"evil bytes\";",
            "(proto 'tcp' and payload \"<any>evil bytes<any>\" and ((direction 'to_server' and "
            "dst_port = 25) or "
            "(direction 'to_client' and src_port = 25)))");
}

static void an_arrow_both_ways_asks_the_header_twice(void **state)
{
    (void)state;
    becomes("tcp 192.0.2.1 any <> any 80", "content:\"abcd\";",
            "(proto 'tcp' and payload \"<any>abcd<any>\" and ((src_ip in 192.0.2.1/128 and "
            "dst_port = 80) or "
            "(dst_ip in 192.0.2.1/128 and src_port = 80)))");
    becomes("tcp any any <> any any", "flow:to_client; content:\"abcd\";",
            "(proto 'tcp' and payload \"<any>abcd<any>\")");
}

static void tcp_rules_look_at_streams_or_packets(void **state)
{
    struct imported imported = import(
        "alert tcp any any -> any any (flow:to_server; content:\"abcd\"; sid:1;)\n"
        "alert tcp any any -> any any (flow:to_server; content:\"abcd\"; offset:4; sid:2;)\n"
        "alert tcp-pkt any any -> any any (flow:to_server; content:\"abcd\"; sid:3;)\n"
        "alert tcp any any -> any any (flow:to_server; dsize:>9; content:\"abcd\"; sid:4;)\n");
    static const enum event_type EVENTS[] = {EVENT_STREAM, EVENT_STREAM, EVENT_PACKET,
                                             EVENT_PACKET};

    (void)state;
    assert_int_equal(imported.tally.taken, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(imported.loaded.rules->items[i]->event, EVENTS[i]);
    clear(&imported);
}

static void a_place_counts_in_the_stream_or_in_a_segment(void **state)
{
    (void)state;
    becomes("tcp any any -> any any", UP "content:\"ab\"; depth:2; content:!\"c\"; within:9;",
            "(proto 'tcp' and (payload [bytes \"ab\" at 0, not bytes \"c\" +0<9] or "
            "payload.segment [bytes \"ab\" at 0, not bytes \"c\" +0<9]))");
    becomes("tcp any any -> any any", "flow:to_server,only_stream; content:\"ab\"; depth:2;",
            "(proto 'tcp' and payload \"ab<any>\")");
    becomes("tcp any any -> any any", "flow:to_server,no_stream; content:\"ab\"; depth:2;",
            "(proto 'tcp' and direction 'to_server' and payload \"ab<any>\")");
}

static void variables_become_lists(void **state)
{
    struct imported imported = import_with(
        "# ours\nHOME_NET: \"[192.0.2.0/24,198.51.100.7]\"\n",
        "alert dns $HOME_NET any -> $EXTERNAL_NET any (dns.query; content:\"evil\"; sid:1;)\n");

    (void)state;
    assert_int_equal(imported.loaded.diagnostics.errors, 0);
    assert_int_equal(imported.tally.lists, 1);
    assert_true(says(&imported, "list: home_net"));
    assert_string_equal(condition_of(&imported.loaded),
                        "(dns.query.raw \"<any>evil<any>\" and src_ip in list home_net and "
                        "!dst_ip in list home_net)");
    clear(&imported);
}

static void packets_are_asked_for_their_headers(void **state)
{
    (void)state;
    becomes("tcp any any -> any any", "flow:to_server; flags:S,12;",
            "(proto 'tcp' and direction 'to_server' and (tcp.flags = 2 or tcp.flags = 66 or "
            "tcp.flags = 130 or "
            "tcp.flags = 194))");
    becomes("icmp any any -> any any", "itype:8; icode:0; dsize:10<>20;",
            "(proto '<any>icmp' and icmp.type = 8 and icmp.code = 0 and payload.len > 10 and "
            "payload.len < 20)");
    becomes("icmpv6 any any -> any any", "itype:1;", "(proto 'ipv6-icmp' and icmp.type = 1)");
    becomes("udp any any -> any any", "flow:established,to_client; content:\"abc\";",
            "(proto 'udp' and direction 'to_client' and flow.established = 1 and payload "
            "\"<any>abc<any>\")");
}

static void thresholds_become_suppress(void **state)
{
    struct imported imported =
        import("alert tcp any any -> any 22 (flow:to_server; flags:S; "
               "threshold: type both, track by_src, count 5, "
               "seconds 120; sid:1;)\n"
               "alert http any any -> any any (flow:to_client; http.server; "
               "content:\"a\"; threshold:type limit,track "
               "by_src,count 1,seconds 60; sid:2;)\n"
               "alert ip [192.0.2.1,192.0.2.2] any -> any any (sid:3;)\n"
               "alert tcp any any -> any 25 (content:\"ab\"; threshold: type "
               "limit, track by_src, count 3, seconds 9; sid:4;)\n");

    (void)state;
    assert_int_equal(imported.loaded.diagnostics.errors, 0);
    assert_true(says(&imported, "suppress: {by: [src_ip], after: 5, for: 120s}"));
    assert_true(says(&imported, "suppress: {by: [dst_ip], first: 1, for: 60s}"));
    assert_true(says(&imported, "suppress: {by: [community_id], first: 1, for: 3600s}"));
    assert_true(says(&imported, "suppress: {by: [packet.src_ip], first: 3, for: 9s}"));
    clear(&imported);
}

static void what_a_rule_says_of_itself_is_kept(void **state)
{
    struct imported imported =
        import("alert http any any -> any any (msg:\"A \\\"B\\\" \\; C\"; flow:to_server; "
               "http.uri; content:\"/a\"; "
               "reference:url,example.org/a; reference:cve,2021-1; "
               "classtype:web-application-attack; sid:7; rev:3; "
               "metadata:created_at 2021_05_06, signature_severity Critical, mitre_tactic_name "
               "Command_And_Control, mitre_technique_id T1071;)\n");

    (void)state;
    assert_int_equal(imported.loaded.diagnostics.errors, 0);
    const struct rule *rule = imported.loaded.rules->items[0];
    assert_string_equal(rule->title, "A \"B\" ; C");
    assert_int_equal(rule->sid, 7);
    assert_int_equal(rule->rev, 3);
    assert_int_equal(rule->gid, 1);
    assert_int_equal(rule->level, LEVEL_CRITICAL);
    assert_string_equal(rule->category, "Web Application Attack");
    assert_string_equal(rule->date, "2021-05-06");
    assert_string_equal(rule->references[0], "http://example.org/a");
    assert_string_equal(rule->references[1],
                        "http://cve.mitre.org/cgi-bin/cvename.cgi?name=2021-1");
    assert_string_equal(rule->tags[0], "attack.command-and-control");
    assert_string_equal(rule->tags[1], "attack.t1071");
    clear(&imported);
}

static void flowbits_become_marks(void **state)
{
    struct imported imported = import("alert http any any -> any any (flow:to_server; http.uri; "
                                      "content:\"/a\"; flowbits:set,A.b; "
                                      "flowbits:noalert; sid:1;)\n"
                                      "alert http any any -> any any (flow:to_client; file.data; "
                                      "content:\"xyz\"; flowbits:isset,A.b; sid:2;)\n"
                                      "alert http any any -> any any (flow:to_server; http.uri; "
                                      "content:\"/c\"; flowbits:isnotset,A.b; sid:3;)\n");

    (void)state;
    assert_int_equal(imported.tally.taken, 3);
    assert_true(says(&imported, "alert: false\n  marks: {set: [A.b]}"));
    assert_true(says(&imported, "flow.mark: A.b"));
    assert_true(says(&imported, "condition: fields and mark_1"));
    assert_true(says(&imported, "condition: fields and not mark_1"));
    clear(&imported);
}

static void a_rule_whose_bit_cannot_be_set_is_left_out(void **state)
{
    struct imported imported =
        import("alert smtp any any -> any any (content:\"a\"; flowbits:set,A; sid:1;)\n"
               "alert http any any -> any any (flow:to_server; http.uri; content:\"/a\"; "
               "flowbits:isset,A; flowbits:set,B; "
               "sid:2;)\n"
               "alert http any any -> any any (flow:to_server; http.uri; content:\"/b\"; "
               "flowbits:isset,B; sid:3;)\n"
               "alert http any any -> any any (flow:to_server; http.uri; content:\"/c\"; "
               "flowbits:isnotset,A; sid:4;)\n"
               "alert http any any -> any any (flow:to_server; http.uri; content:\"/d\"; "
               "flowbits:isset,C; sid:5;)\n");

    (void)state;
    assert_int_equal(imported.tally.rules, 5);
    assert_int_equal(imported.tally.taken, 1); /* C is for another file to set */
    clear(&imported);
}

static void what_has_no_equal_is_left_out_whole(void **state)
{
    (void)state;
    is_left_out("smtp any any -> any any", "content:\"a\";", "protocol smtp");
    is_left_out(HTTP, UP "http.uri; content:\"a\"; xbits:isset,a,track ip_src;",
                "xbits that are asked for: they are an address's, marks a flow's");
    is_left_out(HTTP, UP "http.uri; content:\"a\"; depth:n;", "a place that is a variable");
    is_left_out(HTTP, UP "http.uri; pcre:\"/a(/\";", "a pcre that PCRE2 does not take");
    is_left_out("tcp $NONE any -> any any", "content:\"abcd\";",
                "the variable NONE is not defined");
    is_left_out("tcp !any any -> any any", "content:\"abcd\";", "no address at all: !any");
}

static void of_rules_with_one_sid_the_highest_revision_counts(void **state)
{
    struct imported imported = import(
        "alert http any any -> any any (flow:to_server; http.uri; content:\"/a\"; sid:1; rev:1;)\n"
        "alert http any any -> any any (flow:to_server; http.uri; content:\"/b\"; sid:1; "
        "rev:2;)\n");

    (void)state;
    assert_int_equal(imported.tally.taken, 1);
    assert_string_equal(condition_of(&imported.loaded), "http.uri \"<any>/b<any>\"");
    clear(&imported);
}

static void broken_text_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
    } CASES[] = {
        {"alert tcp any any -> any (sid:1;)", 1, 26},
        {"\n\nalert tcp any any any any -> 80 (sid:1;)", 3, 22},
        {"alert tcp any any -> any any (sid:1;", 1, 31},
        {"alert tcp any any -> any any (sid:1)", 1, 31},
        {"alert tcp any any -> any any sid:1;", 1, 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct imported imported = import(CASES[i].text);
        assert_int_equal(imported.diagnostics.count, 1);
        assert_int_equal(imported.diagnostics.items[0].line, CASES[i].line);
        assert_int_equal(imported.diagnostics.items[0].column, CASES[i].column);
        assert_int_equal(imported.tally.broken, 1);
        clear(&imported);
    }
}

static void a_backslash_carries_a_rule_on(void **state)
{
    struct imported imported =
        import("# comment (\nalert http any any -> any any (msg:\"a\"; \\\r\n  flow:to_server; \\\n"
               "  http.uri; content:\"a\\;b\"; sid:1;)\nalert tcp any\n");

    (void)state;
    assert_int_equal(imported.tally.taken, 1);
    assert_int_equal(imported.diagnostics.items[0].line, 5);
    assert_string_equal(condition_of(&imported.loaded), "http.uri \"<any>a;b<any>\"");
    clear(&imported);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_become_predicates),
        cmocka_unit_test(negated_contents_want_the_buffer),
        cmocka_unit_test(chains_become_sequences),
        cmocka_unit_test(places_count_from_the_start_where_nothing_stands_before),
        cmocka_unit_test(transforms_become_fields_and_forms),
        cmocka_unit_test(buffers_follow_the_direction),
        cmocka_unit_test(headers_are_turned_round_for_rules_to_the_client),
        cmocka_unit_test(an_arrow_both_ways_asks_the_header_twice),
        cmocka_unit_test(tcp_rules_look_at_streams_or_packets),
        cmocka_unit_test(a_place_counts_in_the_stream_or_in_a_segment),
        cmocka_unit_test(variables_become_lists),
        cmocka_unit_test(packets_are_asked_for_their_headers),
        cmocka_unit_test(thresholds_become_suppress),
        cmocka_unit_test(what_a_rule_says_of_itself_is_kept),
        cmocka_unit_test(flowbits_become_marks),
        cmocka_unit_test(a_rule_whose_bit_cannot_be_set_is_left_out),
        cmocka_unit_test(what_has_no_equal_is_left_out_whole),
        cmocka_unit_test(of_rules_with_one_sid_the_highest_revision_counts),
        cmocka_unit_test(broken_text_is_told_with_its_place),
        cmocka_unit_test(a_backslash_carries_a_rule_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
