/* SPDX-License-Identifier: BSD-3-Clause */
/* Formats of lines: text, CSV, Maltrail, Zeek intelligence; and telling formats apart. */
#include "unit/import_feed.h"

static void text_is_one_value_a_line(void **state)
{
    (void)state;
    assert_gives(
        "text",
        "# comment\n192.0.2.1\n\n  evil.example  # a relay\r\n; x\n! y\n[Adblock Plus]\n"
        "||bad.example^\n0.0.0.0 hosts.example\n192.0.2.2\t7\nhttp://evil.example/#x\nword\n",
        "ip 192.0.2.1 line=2\ndomain evil.example note=a relay line=4\n"
        "domain bad.example line=8\ndomain hosts.example line=9\nip 192.0.2.2 note=7 line=10\n"
        "url http://evil.example/ line=11\n- of a kind that cannot be told from the value\n");
}

static void a_kind_can_be_told(void **state)
{
    (void)state;
    struct fed fed = feed_options("text", "e7d705a3286e19ea42f587b344ee6865 # tool\n",
                                  (struct feed_input){.kind = INDICATOR_JA3});
    assert_string_equal(fed_text(&fed), "ja3 e7d705a3286e19ea42f587b344ee6865 note=tool\n");
    fed_end(&fed);
    fed = feed_options("text", "Mozilla/4.0 (x; y)\n",
                       (struct feed_input){.kind = INDICATOR_USER_AGENT});
    assert_string_equal(fed_text(&fed), "user-agent Mozilla/4.0 (x; y)\n");
    fed_end(&fed);
}

static void json_is_no_text(void **state)
{
    (void)state;
    struct fed fed = feed_text("text", "{\"a\":1}");
    assert_int_equal(fed.result, -1);
    assert_int_equal(fed.diagnostics.count, 1);
    fed_end(&fed);
}

static void csv_columns_are_known_by_name(void **state)
{
    (void)state;
    assert_gives(
        "csv",
        "value,type,notes\n192.0.2.1,ipaddress,\"a, \"\"b\"\"\"\nevil.example,hostname,\n"
        "x.exe,file,\n",
        "ip 192.0.2.1 note=a, \"b\" line=2\ndomain evil.example line=3\nhost x.exe line=4\n");
    assert_gives("csv",
                 "value;entity_type;description\r\nevil.example;hostname;\"two\nlines\"\r\n"
                 "a.example;hostname;z\r\n",
                 "domain evil.example note=two\nlines line=2\ndomain a.example note=z line=4\n");
    assert_gives("csv",
                 "c2_ip\tfirst_seen\tprotocol\tport\tversion\twatermark\n"
                 "192.0.2.1\t2021/01/15 09:38:42\tHTTPS\t443\t4.0\tNone\n",
                 "endpoint 192.0.2.1 port 443 note=HTTPS, version 4.0 first=1610703522 line=2\n");
    assert_gives(
        "csv", "Application,ja4,ja4s\nx,t13d1516h2_8daaf6152771_e5627efa2ab1,t1_2_3\ny,,\n",
        "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1 note=x line=2\nja4-other t1_2_3 note=x line=2\n");
    assert_gives(
        "csv",
        "ioc,confidence,valid_until,tlp,reference\nevil.example,80%,2027-01-01,amber,https://r\n"
        "b.example,high,,red,\n",
        "domain evil.example ref=https://r confidence=80 tlp.amber until=1798761600 line=2\n"
        "domain b.example confidence=85 tlp.red line=3\n");
}

static void csv_headers_may_stand_later_or_nowhere(void **state)
{
    (void)state;
    assert_gives("csv", "# licence\n# first_seen,dst_ip,dst_port\n2024-01-09,192.0.2.1,443\n",
                 "endpoint 192.0.2.1 port 443 first=1704758400 line=3\n");
    struct fed fed = feed_options(
        "csv", "\"licence\nof two lines\",\nc398c55518355639c5a866c15784f969,\"python\"\n",
        (struct feed_input){.kind = INDICATOR_NONE, .file = "x/ja3.csv"});
    assert_string_equal(fed_text(&fed),
                        "- a record without an indicator\n"
                        "ja3 c398c55518355639c5a866c15784f969 note=python line=3\n");
    fed_end(&fed);
}

static void a_column_can_be_told(void **state)
{
    static const char TEXT[] = "who,where\na.example,b.example\n";
    (void)state;
    struct fed fed = feed_options(
        "csv", TEXT, (struct feed_input){.kind = INDICATOR_NONE, .columns = {"WHERE"}});
    assert_string_equal(fed_text(&fed), "domain b.example line=2\n");
    fed_end(&fed);
    fed = feed_options("csv", "x,b.example\n",
                       (struct feed_input){.kind = INDICATOR_NONE, .columns = {"2"}});
    assert_string_equal(fed_text(&fed), "domain b.example note=x\n");
    fed_end(&fed);
    fed =
        feed_options("csv", TEXT, (struct feed_input){.kind = INDICATOR_NONE, .columns = {"when"}});
    assert_int_equal(fed.result, -1);
    assert_non_null(strstr(fed.diagnostics.items[0].text, "there is no column `when`"));
    fed_end(&fed);
}

static void maltrail_trails_keep_their_references(void **state)
{
    struct fed fed =
        feed_text("maltrail", "# Copyright (c) Maltrail developers\n\n# Aliases: apt32, x\n\n"
                              "# Reference: https://one\n# Reference: https://two\n\n"
                              "evil.example\n192.0.2.1:443 # beacon\nhttp://192.0.2.2\n"
                              "http://evil.example:8080/\n\n# Referecne: https://three\n"
                              "evil.example/x.php\n/y.php\n.tk\nhost[0-9]+\\.com\n");
    (void)state;
    assert_string_equal(fed_text(&fed),
                        "domain evil.example ref=https://one line=8\n"
                        "endpoint 192.0.2.1 port 443 note=beacon ref=https://one line=9\n"
                        "ip 192.0.2.2 ref=https://one line=10\n"
                        "domain evil.example ref=https://one line=11\n"
                        "url http://evil.example/x.php ref=https://three line=14\n"
                        "path /y.php ref=https://three line=15\n"
                        "domain tk ref=https://three line=16\n- a regular expression\n");
    assert_int_equal(fed.source.reference_count, 3);
    assert_true(view_equal(fed.source.description, VIEW("Also known as apt32, x.")));
    fed_end(&fed);
}

static void zeek_intelligence_has_its_columns_in_any_order(void **state)
{
    (void)state;
    assert_gives(
        "zeek-intel",
        "#fields\tindicator_type\tindicator\tmeta.source\tmeta.desc\tmeta.url\n"
        "Intel::ADDR\t192.0.2.1\treport\trelay\thttps://r\n"
        "Intel::SUBNET\t198.51.100.0/24\treport\t-\t-\nIntel::DOMAIN\tevil.example\t-\t-\t-\n"
        "Intel::URL\tevil.example/x\t-\t-\t-\nIntel::SOFTWARE\tbad/1.0\t-\t-\t-\n"
        "Intel::CERT_HASH\taa11223344556677889900aabbccddeeff001122\t-\t-\t-\n"
        "Intel::FILE_NAME\tx.exe\t-\t-\t-\nIntel::EMAIL\ta@b.example\t-\t-\t-\n"
        "Intel::NEW\tx\t-\t-\t-\nIntel::ADDR\t192.0.2.9\n",
        "ip 192.0.2.1 note=relay (report) ref=https://r line=2\n"
        "ip 198.51.100.0/24 note=report line=3\ndomain evil.example line=4\n"
        "url http://evil.example/x line=5\nuser-agent bad/1.0 line=6\n"
        "cert-sha1 aa11223344556677889900aabbccddeeff001122 line=7\nhost x.exe line=8\n"
        "email a@b.example line=9\nother x line=10\n"
        "- a line with other columns than #fields names\n");
    assert_gives("zeek-intel",
                 "#fields\tindicator\tindicator_type\tmeta.confidence\n"
                 "a.example\tIntel::DOMAIN\t100\nb.example\tIntel::DOMAIN\t101\n"
                 "c.example\tIntel::DOMAIN\tsure\nd.example\tIntel::DOMAIN\t0\n",
                 "domain a.example confidence=100 line=2\ndomain b.example line=3\n"
                 "domain c.example line=4\ndomain d.example confidence=0 line=5\n");
    struct fed fed = feed_text("zeek-intel", "#fields\tindicator\n");
    assert_int_equal(fed.result, -1);
    fed_end(&fed);
    fed = feed_text("zeek-intel", "192.0.2.1\tIntel::ADDR\n");
    assert_int_equal(fed.result, -1);
    fed_end(&fed);
}

static void content_tells_the_format(void **state)
{
    static const struct {
        const char *text, *format;
    } ROWS[] = {
        {"{\"type\": \"bundle\", \"objects\": []}", "stix"},
        {"{\"Event\": {}}", "misp"},
        {"  {\"response\": [{\"Event\": {}}]}", "misp"},
        {"{\"list\": [], \"matching_attributes\": []}", "misp"},
        {"#fields\tindicator\tindicator_type\n", "zeek-intel"},
        {"# Copyright (c) Maltrail developers\nx.example\n", "maltrail"},
        {"# Reference: https://x\n\nx.example\n", "maltrail"},
        {"value,type\n", "csv"},
        {"\xef\xbb\xbfvalue,type\n", "csv"},
        {"a.example,x\nb.example,y\n", "csv"},
        {"a.example\nb.example\n", "text"},
        {"! Title, of a list\n||a.example^\n", "text"},
        {"", "text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        assert_string_equal(feed_detect(view_from_string(ROWS[i].text))->name, ROWS[i].format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_one_value_a_line),
        cmocka_unit_test(a_kind_can_be_told),
        cmocka_unit_test(json_is_no_text),
        cmocka_unit_test(csv_columns_are_known_by_name),
        cmocka_unit_test(csv_headers_may_stand_later_or_nowhere),
        cmocka_unit_test(a_column_can_be_told),
        cmocka_unit_test(maltrail_trails_keep_their_references),
        cmocka_unit_test(zeek_intelligence_has_its_columns_in_any_order),
        cmocka_unit_test(content_tells_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
