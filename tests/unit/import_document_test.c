/* SPDX-License-Identifier: BSD-3-Clause */
/* What is imported is written as YAML, and what is written loads as rules without a fault. */
#include "unit/rule_load.h"

#include "import/collection.h"
#include "import/feed.h"
#include "yaml/emit.h"

struct imported {
    struct arena *arena;
    struct tally tally;
    struct buf out;
};

static struct imported import(const char *format, const char *text,
                              struct collection_options options)
{
    struct imported done = {.arena = arena_new()};
    struct diagnostics diagnostics;
    struct collection c;

    diagnostics_init(&diagnostics);
    buf_init(&done.out, 1 << 20);
    collection_init(&c, done.arena, &options, &done.tally);
    struct indicator_sink sink = collection_sink(&c);
    struct feed_input input = {.file = "x.txt",
                               .text = view_from_string(text),
                               .arena = done.arena,
                               .diagnostics = &diagnostics,
                               .kind = INDICATOR_NONE};
    assert_int_equal(feed_find(view_from_string(format))->read(&input, &sink), 0);
    assert_int_equal(collection_write(&c, "x", format, "x.txt", &done.out), 0);
    diagnostics_clear(&diagnostics);
    buf_byte(&done.out, '\0');
    return done;
}

static void forget(struct imported *done)
{
    buf_clear(&done->out);
    arena_free(done->arena);
}

static struct loaded load_imported(const struct imported *done)
{
    struct loaded loaded = load((const char *)done->out.data);
    for (size_t i = 0; i < loaded.diagnostics.count; i++)
        print_message("%u: %s\n", loaded.diagnostics.items[i].line,
                      loaded.diagnostics.items[i].text);
    return loaded;
}

static void a_list_and_a_rule_for_each_event(void **state)
{
    struct imported done = import("text", "evil.example # relay\nb.example\nEVIL.example\n",
                                  (struct collection_options){0});
    (void)state;
    const char *text = (const char *)done.out.data;
    assert_non_null(strstr(text, "list: x_domains\n"));
    assert_non_null(strstr(text, "type: domain\nsource: 'text: x.txt'\nvalues:\n"
                                 "- {value: evil.example, note: relay}\n- b.example\n"));
    assert_non_null(strstr(text,
                           "  listed:\n    dns.query|expand: '%x_domains%'\n  condition: listed\n"
                           "level: medium\n"));
    assert_non_null(strstr(text, "tls.sni|expand: '%x_domains%'"));
    assert_non_null(strstr(text, "http.host|expand: '%x_domains%'"));
    assert_int_equal(done.tally.taken[INDICATOR_DOMAIN], 2);
    assert_string_equal(done.tally.skipped[0].reason, "the same value again");
    forget(&done);
}

static void what_is_written_loads(void **state)
{
    static const struct {
        const char *format, *text;
        size_t rules, lists;
    } ROWS[] = {
        {"text", "evil.example # a: b, {c} 'd' \"e\" \\ #f\n192.0.2.1\n2001:db8::1\n::1/128\n", 4,
         2},
        {"text", "192.0.2.1:443\n192.0.2.1:80\n[2001:db8::1]:443\n", 1, 1},
        {"text", "http://evil.example/%7e?a=*&b=?\n/x*.php\n", 2, 2},
        {"text", "true.example\nnull.\n1e5.example\n0x10.example\n", 3, 1},
        {"csv",
         "value,type,confidence\nevil.example,domain,90\nb.example,domain,10\nc.example,domain,\n",
         9, 3},
        {"csv",
         "ja3,ja3s,ja4\ne7d705a3286e19ea42f587b344ee6865,e7d705a3286e19ea42f587b344ee6866,"
         "t13d1516h2_8daaf6152771_e5627efa2ab1\n",
         3, 3},
        {"csv",
         "value,type\n12345678901234567890123456789e12,ja3\nbad: agent # "
         "x,user-agent\n~,user-agent\n",
         2, 2},
        {"misp", "{\"name\":\"CDN\",\"type\":\"cidr\",\"list\":[\"192.0.2.0/24\"]}", 0, 1},
        {"misp",
         "{\"Event\":{\"info\":\"a\\nb: c\\u0000\",\"Attribute\":[{\"type\":\"domain\",\"value\":"
         "\"a.example\",\"to_ids\":true,\"comment\":\"x\\ty\\u0001\"}]}}",
         3, 1},
        {"stix",
         "{\"objects\":[{\"type\":\"indicator\",\"id\":\"i--1\",\"name\":\"x\",\"pattern\":"
         "\"[url:value LIKE '%/a?b*c_d' AND network-traffic:dst_port NOT IN (1, "
         "2)]\",\"kill_chain_phases\":"
         "[{\"kill_chain_name\":\"mitre-attack\",\"phase_name\":\"command-and-control\"}]}]}",
         1, 0},
        {"stix",
         "{\"objects\":[{\"type\":\"indicator\",\"id\":\"i--2\",\"pattern\":"
         "\"[x509-certificate:validity_not_after < t'2024-01-01T00:00:00Z' AND "
         "x509-certificate:is_self_signed = true AND domain-name:value MATCHES '^a\\\\.b$']\"}]}",
         1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct imported done = import(ROWS[i].format, ROWS[i].text, (struct collection_options){0});
        struct loaded loaded = load_imported(&done);
        if (loaded.diagnostics.count != 0 || loaded.rules->count != ROWS[i].rules)
            print_message("%s\n", (const char *)done.out.data);
        assert_int_equal(loaded.diagnostics.count, 0);
        assert_int_equal(loaded.rules->count, ROWS[i].rules);
        assert_int_equal(loaded.rules->list_count, ROWS[i].lists);
        unload(&loaded);
        forget(&done);
    }
}

/* As entries of lists have; correlations have no such key. */
static void rules_have_the_dates_of_their_indicator(void **state)
{
    static const char TEXT[] =
        "{\"objects\":[{\"type\":\"indicator\",\"id\":\"i--1\",\"valid_from\":\"2024-01-09T11:52:"
        "30.5Z\","
        "\"valid_until\":\"2099-01-01T00:00:00Z\",\"pattern\":"
        "\"[domain-name:value LIKE '%.a.example']\"},"
        "{\"type\":\"indicator\",\"id\":\"i--2\",\"valid_from\":\"2024-01-09T11:52:30Z\","
        "\"pattern\":"
        "\"[domain-name:value LIKE '%.b.example'] AND [domain-name:value LIKE '%.c.example']\"}]}";
    (void)state;
    for (unsigned looks_back = 0; looks_back < 2; looks_back++) {
        struct imported done =
            import("stix", TEXT, (struct collection_options){.looks_back = looks_back});
        struct loaded loaded = load_imported(&done);
        assert_int_equal(loaded.diagnostics.errors, 0);
        assert_int_equal(loaded.rules->count, 5);
        for (size_t i = 0; i < 5; i++) {
            const struct rule *rule = loaded.rules->items[i];
            assert_int_equal(rule->valid_from_us, looks_back ? 0 : 1704801150000000);
            assert_int_equal(rule->valid_until_us, i < 3 ? 4070908800000000 : 0);
        }
        unload(&loaded);
        forget(&done);
    }
}

static void endpoints_are_pairs(void **state)
{
    static const char TEXT[] =
        "ip,port\n192.0.2.1,443\n192.0.2.2,443\n192.0.2.1,80\n192.0.2.0/24,22\n";
    struct imported done = import("csv", TEXT, (struct collection_options){0});
    struct loaded loaded = load_imported(&done);
    (void)state;
    assert_int_equal(loaded.rules->lists[0]->count, 3);
    assert_string_equal(
        condition_of(&loaded),
        "(dst_ip in list x_endpoints and ((dst_port = 22 and dst_ip in 192.0.2.0/120) or "
        "(dst_port = 80 and dst_ip in 192.0.2.1/128) or "
        "(dst_port = 443 and (dst_ip in 192.0.2.1/128 or dst_ip in 192.0.2.2/128))))");
    unload(&loaded);
    forget(&done);
}

static void options_choose(void **state)
{
    static const char TEXT[] = "value,confidence,type\na.example,90,domain\nb.example,20,domain\n"
                               "http://c.example/x,50,url\n";
    struct imported done =
        import("csv", TEXT,
               (struct collection_options){
                   .level = "critical", .min_confidence = 40, .takes_url_hosts = true});
    struct loaded loaded = load_imported(&done);
    (void)state;
    assert_int_equal(done.tally.taken[INDICATOR_DOMAIN], 2);
    assert_int_equal(done.tally.taken[INDICATOR_URL], 1);
    assert_int_equal(done.tally.skipped[0].count, 1);
    assert_string_equal(done.tally.skipped[0].reason, "less sure than --min-confidence");
    for (size_t i = 0; i < loaded.rules->count; i++)
        assert_int_equal(loaded.rules->items[i]->level, LEVEL_CRITICAL);
    unload(&loaded);
    forget(&done);
}

static void correlations_are_written_as_sigma_has_them(void **state)
{
    struct imported done =
        import("stix",
               "{\"objects\":[{\"type\":\"indicator\",\"id\":\"i--1\",\"name\":\"x\",\"pattern\":"
               "\"([domain-name:value = 'a.example'] FOLLOWEDBY [network-traffic:dst_port = 22]) "
               "WITHIN 90 SECONDS\"}]}",
               (struct collection_options){0});
    const char *text = (const char *)done.out.data;
    (void)state;
    assert_non_null(strstr(text, "name: i__1_1\n"));
    assert_non_null(
        strstr(text, "correlation:\n  type: temporal_ordered\n  rules:\n  - i__1_1\n  - i__1_2\n"
                     "  group-by: [src_ip]\n  timespan: 90s\n"));
    assert_non_null(strstr(text, "level: informational"));
    assert_int_equal(done.tally.rules, 2);
    assert_int_equal(done.tally.correlations, 1);
    forget(&done);
}

static void text_is_quoted_where_it_could_be_something_else(void **state)
{
    static const struct {
        const char *text, *expected;
    } ROWS[] = {
        {"word", "word"},
        {"true", "'true'"},
        {"Null", "'Null'"},
        {"~", "'~'"},
        {"", "''"},
        {"12", "'12'"},
        {"1e5", "'1e5'"},
        {"0x1f", "'0x1f'"},
        {"2024-01-01", "'2024-01-01'"},
        {"a: b", "'a: b'"},
        {"a #b", "'a #b'"},
        {"%x%", "'%x%'"},
        {"it's", "it's"},
        {"\x01", "\"\\x01\""},
        {"a\nb", "|-\n  a\n  b"},
        {"\xff", "\xef\xbf\xbd"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"- x", "'- x'"},
    };
    struct buf out;
    (void)state;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        buf_reset(&out);
        struct emitter *e = emit_open(&out);
        emit_document(e);
        emit_map(e, EMIT_BLOCK);
        emit_key(e, "k");
        emit_text(e, view_from_string(ROWS[i].text));
        emit_end(e);
        emit_document_end(e);
        assert_int_equal(emit_close(e), 0);
        buf_byte(&out, '\0');
        char *end = strrchr((char *)out.data, '\n');
        assert_non_null(end);
        *end = '\0';
        const char *value = strstr((const char *)out.data, "k: ");
        assert_non_null(value);
        if (ROWS[i].text[0] != 'a' || ROWS[i].text[1] != '\n')
            assert_string_equal(value + 3, ROWS[i].expected);
    }
    buf_clear(&out);
}

static void what_does_not_fit_is_told(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 64);
    struct emitter *e = emit_open(&out);
    emit_document(e);
    emit_list(e, EMIT_BLOCK);
    for (int i = 0; i < 20000; i++)
        emit_text(e, VIEW("a long line of text"));
    emit_end(e);
    emit_document_end(e);
    assert_int_equal(emit_close(e), -1);
    buf_clear(&out);
    buf_init(&out, 1 << 10);
    e = emit_open(&out);
    emit_end(e); /* out of order */
    assert_int_equal(emit_close(e), -1);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_and_a_rule_for_each_event),
        cmocka_unit_test(what_is_written_loads),
        cmocka_unit_test(rules_have_the_dates_of_their_indicator),
        cmocka_unit_test(endpoints_are_pairs),
        cmocka_unit_test(options_choose),
        cmocka_unit_test(correlations_are_written_as_sigma_has_them),
        cmocka_unit_test(text_is_quoted_where_it_could_be_something_else),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
