/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of Suricata and Snort 2, a row each: taken whole, and what is written loads; or left out with the reason that
 * names what has no equal. No third case. */
#include "unit/rule_load.h"

#include "compile/compile.h"
#include "import/suricata/suricata.h"
#include "ruleset/ruleset.h"

struct row {
    const char *header, *options;
    const char *reason; /* NULL: it is taken */
};

#define HTTP  "http any any -> any any"
#define TLS   "tls any any -> any any"
#define DNS   "dns any any -> any any"
#define TCP   "tcp any any -> any any"
#define UDP   "udp any any -> any any"
#define UP    "flow:established,to_server; "
#define DOWN  "flow:established,to_client; "
#define URI   UP "http.uri; content:\"abcd\"; "
#define BYTES UP "content:\"abcd\"; "

static const struct row ROWS[] = {
    /* contents and their places */
    {HTTP, URI "nocase;", NULL},
    {HTTP, URI "offset:2; depth:9;", NULL},
    {HTTP, URI "content:\"x\"; distance:1; within:4;", NULL},
    {HTTP, URI "fast_pattern;", NULL},
    {HTTP, URI "fast_pattern:only;", NULL},
    {HTTP, URI "startswith;", NULL},
    {HTTP, URI "endswith;", NULL},
    {HTTP, URI "bsize:4<>9;", NULL},
    {HTTP, URI "isdataat:4;", NULL},
    {HTTP, URI "isdataat:!4,relative;", NULL},
    {HTTP, URI "isdataat:n,relative;", "isdataat: a variable"},
    {HTTP, UP "http.uri; content:!\"abcd\";", NULL},
    {TCP, UP "dsize:>9; content:\"abcd\";", NULL},
    {TCP, BYTES "depth:9;", NULL},
    {TCP, BYTES "depth:n;", "a place that is a variable"},
    {TCP, BYTES "rawbytes;", NULL},
    {TCP, BYTES "isdataat:60000,relative;", "contents of a stream more than 16384 bytes apart"},
    {TCP, UP "isdataat:!20000; content:\"abcd\";",
     "contents of a stream more than 16384 bytes apart"},
    {"tcp-stream any any -> any any", BYTES "offset:60000; depth:9;", NULL},
    {"tcp-stream any any -> any any", BYTES "depth:9; content:\"x\"; offset:60000; depth:9;",
     "contents of a stream more than 16384 bytes apart"},
    {"tcp-stream any any -> any any", BYTES "dsize:9;",
     "a keyword of packets in a rule of streams"},
    /* expressions */
    {HTTP, UP "pcre:\"/^\\/a/U\";", NULL},
    {HTTP, UP "http.uri; pcre:\"/abcd/i\";", NULL},
    {HTTP, URI "pcre:\"/^x/R\";", NULL},
    {HTTP, UP "content:\"abcd\"; http_uri; pcre:\"/^x/UR\";", NULL},
    {HTTP, UP "pcre:\"/abcd/P\";", NULL},
    {HTTP, UP "pcre:\"/abcd/HSUR\";", "pcre with the flags of two buffers"},
    /* numbers among the bytes */
    {UDP, "content:\"abcd\"; byte_test:2,>,9,0,relative,little;", NULL},
    {UDP, "content:\"abcd\"; byte_test:4,>,9,0,relative,string,dec;", NULL},
    {UDP, "content:\"abcd\"; byte_test:2,>,n,0,relative;", "byte_test: a variable for a number"},
    {UDP, "content:\"abcd\"; byte_jump:2,0,relative,align; content:\"x\"; within:1;", NULL},
    {UDP, "content:\"abcd\"; byte_test:2,>,9,0,dce;", "byte_test: dce"},
    {UDP, "content:\"abcd\"; byte_extract:2,0,n,relative;", "keyword byte_extract"},
    {UDP, "content:\"abcd\"; byte_math:bytes 1,offset 0,oper +,rvalue 1,result n;",
     "keyword byte_math"},
    {UDP, "content:\"abcd\"; asn1:oversize_length 9;", "keyword asn1"},
    {HTTP, UP "base64_decode:bytes 9; base64_data; content:\"a\";", "keyword base64_decode"},
    /* buffers: sticky, older, modifiers */
    {HTTP, UP "http.method; content:\"GET\";", NULL},
    {HTTP, UP "content:\"GET\"; http_method;", NULL},
    {HTTP, UP "content:\"a\"; http_header;", NULL},
    {HTTP, UP "http.header.raw; content:\"a\";", NULL},
    {HTTP, UP "content:\"a\"; http_cookie;", NULL},
    {HTTP, UP "content:\"a\"; http_client_body;", NULL},
    {HTTP, UP "content:\"a\"; http_user_agent;", NULL},
    {HTTP, UP "content:\"a\"; http_host;", NULL},
    {HTTP, DOWN "content:\"404\"; http_stat_code;", NULL},
    {HTTP, DOWN "content:\"a\"; http_stat_msg;", NULL},
    {HTTP, DOWN "http.server; content:\"a\";", NULL},
    {HTTP, DOWN "file_data; content:\"a\";", NULL},
    {HTTP, DOWN "file.data; content:\"a\";", NULL},
    {HTTP, DOWN "http.response_body; content:\"a\";", NULL},
    {HTTP, UP "file.name; content:\"a\";", "keyword file.name"},
    {HTTP, UP "filemd5:list;", "keyword filemd5"},
    {HTTP, UP "filemagic:\"PDF\";", "keyword filemagic"},
    {HTTP, UP "uricontent:\"/abcd\";", NULL},
    {HTTP, UP "urilen:>20;", NULL},
    {HTTP, UP "http.uri; content:\"a\"; pkt_data; content:\"b\";",
     "contents of the payload beside those of a buffer"},
    {DNS, "dns.query; content:\"a\";", NULL},
    {DNS, "dns_query; content:\"a\";", NULL},
    {DNS, "dns.opcode:4;", "keyword dns.opcode"},
    {TLS, UP "tls.sni; content:\"a\";", NULL},
    {TLS, DOWN "tls.cert_subject; content:\"a\";", NULL},
    {TLS, DOWN "tls.cert_issuer; content:\"a\";", NULL},
    {TLS, DOWN "tls.cert_serial; content:\"0A\";", NULL},
    {TLS, DOWN "tls.cert_fingerprint; content:\"0a:1b\";", NULL},
    {TLS, DOWN "tls.subject:\"CN=a\";", NULL},
    {TLS, DOWN "tls.version:1.2;", "keyword tls.version"},
    {TLS, UP "ja3.hash; content:\"54328bd36c14bd82ddaa0c04b25ed9ad\";", NULL},
    {TLS, UP "ja3_hash; content:\"54328bd36c14bd82ddaa0c04b25ed9ad\";", NULL},
    {TLS, DOWN "ja3s.hash; content:\"54328bd36c14bd82ddaa0c04b25ed9ad\";", NULL},
    /* transforms */
    {DNS, "dns.query; dotprefix; content:\".a.com\"; endswith;", NULL},
    {HTTP, UP "http.user_agent; to_lowercase; content:\"abc\";", NULL},
    {HTTP, UP "http.uri; strip_whitespace; content:\"a\";", NULL},
    {HTTP, UP "http.uri; compress_whitespace; content:\"a\";", NULL},
    {HTTP, UP "http.uri; url_decode; content:\"a\";", NULL},
    {HTTP, UP "http.uri; to_md5; content:\"a\";", "a part of a digest"},
    {HTTP, UP "http.uri; to_sha1; content:\"a\";", "a part of a digest"},
    {HTTP, UP "http.uri; to_sha256; content:\"a\"; endswith;", NULL},
    {HTTP, UP "http.uri; to_sha256; url_decode; content:\"a\";", "a transform behind a digest"},
    {HTTP, DOWN "file.data; to_sha256; content:\"a\"; endswith;", "the digest of a body"},
    {HTTP, DOWN "http.stat_code; url_decode; content:\"a\";", "a transform of a number"},
    {HTTP, UP "http.header; header_lowercase; content:\"host|3a|\";", NULL},
    {HTTP, UP "http.header; strip_pseudo_headers; content:\"host|3a|\";", NULL},
    {HTTP,
     UP "http.uri; url_decode; url_decode; url_decode; url_decode; url_decode; content:\"a\";",
     "too many transforms"},
    {TCP, "url_decode; content:\"a\";", "a transform without a buffer"},
    {HTTP, UP "http.uri; to_uppercase; content:\"A\";", NULL},
    {HTTP, UP "http.uri; pcrexform:\"a(.)\"; content:\"A\";", "keyword pcrexform"},
    {HTTP, UP "http.uri; xor:\"0a\"; content:\"A\";", "keyword xor"},
    /* flows, and how often */
    {TCP, "flow:established,from_client,only_stream; content:\"abcd\";", NULL},
    {TCP, "flow:stateless; content:\"abcd\";", NULL},
    {TCP, "flow:not_established; content:\"abcd\";", "flow:not_established"},
    {HTTP, URI "flowbits:set,a;", NULL},
    {HTTP, URI "flowbits:set,a; flowbits:noalert;", NULL},
    {HTTP, URI "flowint:a,+,1;", NULL},
    {HTTP, URI "flowint:a,>,1;", "flowint that is asked for"},
    {HTTP, URI "flowint:a,+,b;", "flowint that is asked for"},
    {HTTP, URI "xbits:set,a,track ip_src;", NULL},
    {HTTP, URI "xbits:set,a,track ip_src; noalert;", "a rule that only sets xbits or flowint"},
    {HTTP, URI "xbits:isset,a,track ip_src;",
     "xbits that are asked for: they are an address's, marks a flow's"},
    {HTTP, URI "hostbits:set,a;", NULL},
    {TCP, BYTES "stream_size:server,<,5;", NULL},
    {TCP, BYTES "stream_size:both,<=,5;", NULL},
    {TCP, BYTES "dsize:4; stream_size:both,>,5;", NULL},
    {TCP, BYTES "stream_size:both,>,5;", "stream_size of a stream, but by <"},
    {TCP, BYTES "stream_size:either,>,5;", "stream_size of either side"},
    {HTTP, URI "threshold:type limit, track by_src, count 1, seconds 60;", NULL},
    {HTTP, URI "threshold:type limit, track by_src, count 1;",
     "threshold: a part is missing or out of range"},
    {HTTP, URI "detection_filter:track by_dst, count 5, seconds 60;", NULL},
    {TCP, BYTES "app-layer-protocol:http;", NULL},
    {TCP, BYTES "app-layer-protocol:!tls;", NULL},
    {TCP, BYTES "app-layer-protocol:smtp;", "app-layer-protocol smtp"},
    {HTTP, UP "app-layer-event:http.request_field_missing_colon;", "keyword app-layer-event"},
    {HTTP, URI "lua:a.lua;", "keyword lua"},
    {HTTP, UP "http.uri; dataset:isset,a,type string;", "keyword dataset"},
    /* headers */
    {"icmp any any -> any any", "itype:8; icode:0;", NULL},
    {"ip any any -> any any", "ttl:<9; ip_proto:gre;", NULL},
    {TCP, "flags:S,12; window:512; seq:1; ack:0;", NULL},
    {TCP, "tos:4; flags:S;", "keyword tos"},
    {TCP, "fragbits:M; flags:S;", "keyword fragbits"},
    {TCP, "ipopts:lsrr; flags:S;", "keyword ipopts"},
    {"ip any any -> any any", "geoip:src,XX;", "keyword geoip"},
    /* what a rule says of itself */
    {HTTP, URI "metadata:created_at 2021_01_01; reference:url,a.org; classtype:misc-attack;", NULL},
    {HTTP, URI "gid:3; rev:2; priority:1;", NULL},
    {HTTP, URI "target:src_ip; tag:session,5,packets; logto:\"a\";", NULL},
    /* Snort 2: blanks behind colons, ports as numbers, metadata of its engine */
    {"tcp any any -> any 80",
     "msg: \"m\"; flow: to_server, established; content: \"abcd\"; offset: 1; "
     "metadata: service http, policy balanced-ips drop; reference: cve, 2001-0001;",
     NULL},
    {"tcp any any -> any 80", UP "uricontent: \"/abcd\"; nocase;", NULL},
    {"tcp any any -> any 80", UP "content:\"abcd\"; fwsam:src,5 minutes;", "keyword fwsam"},
    {"tcp any any -> any 80", UP "content:\"abcd\",offset 1;", "a value whose quotes do not close"},
    {TCP, UP "nosuchkeyword:1; content:\"abcd\";", "keyword nosuchkeyword"},
    {TCP, UP "http.nosuchbuffer; content:\"abcd\";", "keyword http.nosuchbuffer"},
    /* protocols without a parser here */
    {"smtp any any -> any any", "content:\"abcd\";", "protocol smtp"},
    {"ftp any any -> any any", "content:\"abcd\";", "protocol ftp"},
    {"smb any any -> any any", "content:\"abcd\";", "protocol smb"},
    {"ssh any any -> any any", "content:\"abcd\";", "protocol ssh"},
    {"nosuch any any -> any any", "content:\"abcd\";", "protocol nosuch"},
};

static void keep_reason(void *context, uint64_t sid, struct place place, const char *reason)
{
    (void)sid;
    (void)place;
    snprintf(context, 256, "%s", reason);
}

/* Errors of loading and of compiling. */
static size_t faults_of(struct loaded *loaded)
{
    struct error error;
    struct ruleset *set = compile_rules(loaded->rules, &loaded->diagnostics, NULL, &error);
    size_t faults = loaded->diagnostics.errors + (set == NULL);

    ruleset_release(set);
    return faults;
}

/* Returns whether the row holds; tells why not. */
static bool try_row(const struct row *row)
{
    struct diagnostics diagnostics;
    struct buf yaml;
    char text[1024], reason[256] = "";

    snprintf(text, sizeof(text), "alert %s (%s sid:1;)\n", row->header, row->options);
    buf_init(&yaml, 1 << 20);
    diagnostics_init(&diagnostics);
    struct suricata_import *s = suricata_new(&diagnostics);
    suricata_read(s, "row.rules", view_from_string(text));
    suricata_finish(s);
    assert_int_equal(suricata_write(s, &yaml), 0);
    suricata_each_refused(s, keep_reason, reason);
    bool is_taken = suricata_count(s).taken == 1;
    suricata_free(s);
    buf_byte(&yaml, '\0');
    struct loaded loaded = load((const char *)yaml.data);
    size_t faults = faults_of(&loaded);
    bool holds = row->reason == NULL ? is_taken && faults == 0
                                     : !is_taken && strcmp(reason, row->reason) == 0;
    if (!holds)
        fprintf(stderr, "%s  taken %d, reason \"%s\", %zu errors\n", text, is_taken, reason,
                faults);
    unload(&loaded);
    buf_clear(&yaml);
    diagnostics_clear(&diagnostics);
    return holds;
}

static void each_keyword_is_taken_whole_or_left_out_by_name(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        wrong += !try_row(&ROWS[i]);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keyword_is_taken_whole_or_left_out_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
