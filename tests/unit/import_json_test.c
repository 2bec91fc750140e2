/* SPDX-License-Identifier: BSD-3-Clause */
/* Formats of JSON: STIX bundles, MISP events and warninglists, and JSON that is none. */
#include "unit/import_feed.h"

#define MISP_EVENT(attributes)                                                                     \
    "{\"Event\":{\"uuid\":\"e\",\"info\":\"Report\",\"Orgc\":{\"name\":\"Us\"},\"Tag\":["          \
    "{\"name\":\"tlp:amber\"},{\"name\":\"misp-galaxy:mitre-attack-pattern=\\\"x - "               \
    "T1071.001\\\"\"}],"                                                                           \
    "\"Attribute\":[" attributes "]}}"

static void misp_attributes_become_indicators(void **state)
{
    (void)state;
    assert_gives(
        "misp",
        MISP_EVENT(
            "{\"type\":\"ip-dst\",\"value\":\"192.0.2.1\",\"to_ids\":true,\"comment\":\"relay\","
            "\"first_seen\":\"2021-06-10T00:00:00.000000+00:00\"},"
            "{\"type\":\"ip-src\",\"value\":\"192.0.2.2\",\"to_ids\":true},"
            "{\"type\":\"domain|ip\",\"value\":\"evil.example|192.0.2.3\",\"to_ids\":\"1\"},"
            "{\"type\":\"ip-dst|port\",\"value\":\"192.0.2.4|443\",\"to_ids\":1},"
            "{\"type\":\"hostname|port\",\"value\":\"a.example|80\",\"to_ids\":true},"
            "{\"type\":\"filename|sha1\",\"value\":\"x|da39a3ee5e6b4b0d3255bfef95601890afd80709\","
            "\"to_ids\":true},"
            "{\"type\":\"url\",\"value\":\"hxxp://evil[.]example/x\",\"to_ids\":true,"
            "\"Tag\":[{\"name\":\"tlp:red\"},{\"name\":\"misp:confidence-level=\\\"usually-"
            "confident\\\"\"}]},"
            "{\"type\":\"user-agent\",\"value\":\"bad/1.0\",\"to_ids\":true},"
            "{\"type\":\"regkey|value\",\"value\":\"a|b\",\"to_ids\":true},"
            "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":false},"
            "{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":true,\"deleted\":true},"
            "{\"type\":\"link\",\"value\":\"https://r\",\"category\":\"External analysis\"},"
            "{\"type\":\"text\",\"value\":\"x\"}"),
        "ip 192.0.2.1 note=relay tlp.amber first=1623283200\nip-source 192.0.2.2 note=Report "
        "tlp.amber\n"
        "domain evil.example note=Report tlp.amber\nip 192.0.2.3 note=Report tlp.amber\n"
        "endpoint 192.0.2.4 port 443 note=Report tlp.amber\ndomain a.example note=Report "
        "tlp.amber\n"
        "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 note=Report tlp.amber\n"
        "url http://evil.example/x note=Report confidence=75 tlp.red\n"
        "user-agent bad/1.0 note=Report tlp.amber\nhost a|b note=Report tlp.amber\n"
        "- not meant for detection (to_ids is false)\n- deleted\n"
        "other https://r note=Report tlp.amber\nother x note=Report tlp.amber\n");
}

static void misp_events_say_where_they_come_from(void **state)
{
    struct fed fed = feed_text(
        "misp",
        MISP_EVENT(
            "{\"type\":\"link\",\"value\":\"https://r\",\"category\":\"External analysis\"}"));
    (void)state;
    assert_true(view_equal(fed.source.title, VIEW("Report")));
    assert_true(view_equal(fed.source.author, VIEW("Us")));
    assert_int_equal(fed.source.reference_count, 1);
    assert_int_equal(fed.source.tag_count, 1);
    assert_true(view_equal(fed.source.tags[0], VIEW("attack.t1071.001")));
    fed_end(&fed);
}

static void misp_has_many_wrappers(void **state)
{
    static const char *const FORMS[] = {
        "{\"response\":[{\"Event\":%s}]}",
        "{\"response\":{\"Event\":%s}}",
        "[{\"Event\":%s}]",
        "%s",
    };
    char text[512];
    (void)state;
    for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
        static const char EVENT[] =
            "{\"Attribute\":[{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true}]}";
        const char *mark = strstr(FORMS[i], "%s");
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(mark - FORMS[i]), FORMS[i], EVENT, mark + 2);
        assert_gives("misp", text, "domain a.example\n");
    }
}

static void misp_objects_join_addresses_and_ports(void **state)
{
    (void)state;
    assert_gives(
        "misp",
        "{\"Event\":{\"Object\":[{\"name\":\"ip-port\",\"Attribute\":["
        "{\"type\":\"ip-dst\",\"value\":\"192.0.2.1\",\"to_ids\":true,\"object_relation\":\"ip\"},"
        "{\"type\":\"port\",\"value\":\"443\",\"object_relation\":\"dst-port\"},"
        "{\"type\":\"port\",\"value\":\"8443\",\"object_relation\":\"dst-port\"}]},"
        "{\"name\":\"domain-ip\",\"Attribute\":["
        "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true}]},"
        "{\"name\":\"file\",\"deleted\":true,\"Attribute\":["
        "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true}]}]}}",
        "endpoint 192.0.2.1 port 443\nendpoint 192.0.2.1 port 8443\nother 443\nother 8443\n"
        "domain a.example\n");
}

static void misp_warninglists_are_filters(void **state)
{
    struct fed fed =
        feed_text("misp", "{\"name\":\"CDN\",\"type\":\"cidr\",\"list\":[\"192.0.2.0/24\","
                          "\".a.example\",5]}");
    (void)state;
    assert_string_equal(fed_text(&fed), "ip 192.0.2.0/24\ndomain a.example\n"
                                        "- of a kind that cannot be told from the value\n");
    assert_true(fed.source.is_filter);
    fed_end(&fed);
    assert_gives("misp", "{\"name\":\"x\",\"type\":\"regex\",\"list\":[\"a.*\"]}",
                 "- a part of a value or a regular expression\n");
}

static void broken_json_is_told_with_its_place(void **state)
{
    static const struct {
        const char *format, *text, *fault;
        unsigned line;
    } ROWS[] = {
        {"misp", "{\"Event\":\n{,}}", "not JSON: ", 2},
        {"stix", "{\"type\":\"bundle\",\n\"objects\": [\n", "not JSON: ", 3},
        {"misp", "{\"a\":1}", "neither a MISP event nor a warninglist", 1},
        {"misp", "{\"values\":[]}", "a MISP galaxy", 1},
        {"stix", "{\"a\":1}", "this is not a STIX bundle", 1},
        {"stix", "", "not JSON: ", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct fed fed = feed_text(ROWS[i].format, ROWS[i].text);
        assert_int_equal(fed.result, -1);
        assert_int_equal(fed.diagnostics.count, 1);
        assert_non_null(strstr(fed.diagnostics.items[0].text, ROWS[i].fault));
        assert_int_equal(fed.diagnostics.items[0].line, ROWS[i].line);
        fed_end(&fed);
    }
}

static void deep_json_is_refused_before_it_is_read(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    buf_text(&text, "{\"a\":\"[[[\",\n\"b\":");
    for (int i = 0; i < 100000; i++)
        buf_byte(&text, '[');
    buf_byte(&text, '\0');
    struct fed fed = feed_text("misp", (const char *)text.data);
    assert_int_equal(fed.result, -1);
    assert_non_null(strstr(fed.diagnostics.items[0].text, "nested more than 64 deep"));
    assert_int_equal(fed.diagnostics.items[0].line, 2);
    assert_int_equal(fed.diagnostics.items[0].column, 68);
    fed_end(&fed);
    buf_clear(&text);
}

#define INDICATOR_OBJECT(more)                                                                     \
    "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"valid_from\":\"2024-01-09T11:52:30."        \
    "001Z\"," more "}"
#define BUNDLE(objects) "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[" objects "]}"

static void stix_indicators_keep_what_is_said_of_them(void **state)
{
    (void)state;
    assert_gives(
        "stix",
        BUNDLE(INDICATOR_OBJECT(
            "\"name\":\"Relay\",\"confidence\":90,\"valid_until\":\"2027-01-01T00:00:00Z\","
            "\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\",\"external_references\":[{\"url\":"
            "\"https://r\"}],\"object_marking_refs\":["
            "\"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed\"]")),
        "ip 192.0.2.1 note=Relay ref=https://r confidence=90 tlp.red from=1704801150 "
        "until=1798761600\n");
}

static void stix_markings_are_known(void **state)
{
    static const struct {
        const char *id, *tag;
    } ROWS[] = {
        {"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", " tlp.clear"},
        {"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", " tlp.green"},
        {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", " tlp.amber"},
        {"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", " tlp.red"},
        {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", " tlp.clear"},
        {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", " tlp.red"},
        {"marking-definition--own", " tlp.green"},
        {"marking-definition--unknown", ""},
    };
    char text[1024], expected[128];
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        snprintf(
            text, sizeof(text),
            BUNDLE("{\"type\":\"marking-definition\",\"id\":\"marking-definition--own\","
                   "\"definition\":"
                   "{\"tlp\":\"green\"}}," INDICATOR_OBJECT(
                       "\"pattern\":\"[domain-name:value = 'a.example']\",\"object_marking_refs\":"
                       "[\"%s\"]")),
            ROWS[i].id);
        snprintf(expected, sizeof(expected), "domain a.example%s from=1704801150\n", ROWS[i].tag);
        assert_gives("stix", text, expected);
    }
}

static void stix_relationships_name_the_malware(void **state)
{
    struct fed fed = feed_text(
        "stix",
        BUNDLE(
            "{\"type\":\"relationship\",\"relationship_type\":\"indicates\",\"source_ref\":"
            "\"indicator--1\",\"target_ref\":\"malware--1\"}," INDICATOR_OBJECT(
                "\"name\":\"a.example\",\"pattern\":\"[domain-name:value = 'a.example']\","
                "\"created_by_ref\":\"identity--1\"") ",{\"type\":\"malware\",\"id\":\"malware--"
                                                      "1\","
                                                      "\"name\":\"Bad\"},{\"type\":\"identity\","
                                                      "\"id\":\"identity--1\",\"name\":\"Us\"},"
                                                      "{\"type\":\"report\",\"id\":\"report--1\","
                                                      "\"name\":\"A report\","
                                                      "\"external_references\":[{\"url\":\"https://"
                                                      "r\"},{\"url\":\"https://r\"}]}"));
    (void)state;
    assert_string_equal(fed_text(&fed), "domain a.example note=indicates Bad from=1704801150\n");
    assert_true(view_equal(fed.source.title, VIEW("A report")));
    assert_true(view_equal(fed.source.author, VIEW("Us")));
    assert_int_equal(fed.source.reference_count, 1);
    fed_end(&fed);
}

static void stix_refusals_have_reasons(void **state)
{
    (void)state;
    assert_gives("stix", BUNDLE(INDICATOR_OBJECT("\"revoked\":true,\"pattern\":\"[a:b = 1]\"")),
                 "- revoked\n");
    assert_gives("stix",
                 BUNDLE(INDICATOR_OBJECT("\"pattern_type\":\"snort\",\"pattern\":\"alert\"")),
                 "- a pattern of another language than STIX\n");
    struct fed fed = feed_text("stix", BUNDLE(INDICATOR_OBJECT("\"pattern\":\"[a:b = ]\"")));
    assert_string_equal(fed_text(&fed), "- a pattern that does not follow the grammar of STIX\n");
    assert_int_equal(fed.result, 0);
    assert_int_equal(fed.diagnostics.warnings, 1);
    assert_non_null(
        strstr(fed.diagnostics.items[0].text, "the pattern of indicator--1, character 8: a value"));
    fed_end(&fed);
    assert_gives("stix",
                 BUNDLE("5,null,[],\"x\",{\"type\":5},{\"type\":\"indicator\",\"pattern\":[]}"),
                 "- a pattern that does not follow the grammar of STIX\n");
}

/* Wherever they stand; equal ones all count, as those do that have no time. */
static void of_versions_of_an_object_the_newest_counts(void **state)
{
    static const struct {
        const char *first, *second, *expected;
    } ROWS[] = {
        {"2024-01-09T11:52:30.000Z", "2024-01-09T11:52:31.000Z", "o n"},
        {"2024-01-09T11:52:31.000Z", "2024-01-09T11:52:30.999Z", "n o"},
        {"2024-01-09T11:52:30.001Z", "2024-01-09T11:52:30Z", "n o"},
        {"2024-01-09T11:52:30.1Z", "2024-01-09T11:52:30.09Z", "n o"},
        {"2024-01-09T11:52:30.100000Z", "2024-01-09T11:52:30.1Z", "n n"},
        {"2024-01-09T11:52:30Z", "2024-01-09T11:52:30Z", "n n"},
        {"", "2024-01-09T11:52:30Z", "o n"},
        {"", "", "n n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        char text[1024], expected[256] = "";
        snprintf(text, sizeof(text),
                 BUNDLE("{\"type\":\"indicator\",\"id\":\"indicator--1\",\"modified\":\"%s\","
                        "\"pattern\":\"[domain-name:value = 'a.example']\"},"
                        "{\"type\":\"indicator\",\"id\":\"indicator--2\","
                        "\"pattern\":\"[domain-name:value = 'b.example']\"},"
                        "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"modified\":\"%s\","
                        "\"pattern\":\"[domain-name:value = 'c.example']\"}"),
                 ROWS[i].first, ROWS[i].second);
        snprintf(
            expected, sizeof(expected), "%s\ndomain b.example\n%s\n",
            ROWS[i].expected[0] == 'n' ? "domain a.example" : "- an older version of an indicator",
            ROWS[i].expected[2] == 'n' ? "domain c.example" : "- an older version of an indicator");
        assert_gives("stix", text, expected);
    }
}

/* A version that withdraws the object is one; names and relationships have versions, too. */
static void a_newer_version_may_revoke(void **state)
{
    (void)state;
    assert_gives(
        "stix",
        BUNDLE("{\"type\":\"indicator\",\"id\":\"indicator--1\",\"modified\":"
               "\"2024-01-09T11:52:30Z\",\"pattern\":\"[domain-name:value = 'a.example']\"},"
               "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"modified\":"
               "\"2024-02-09T11:52:30Z\",\"revoked\":true,"
               "\"pattern\":\"[domain-name:value = 'a.example']\"}"),
        "- an older version of an indicator\n- revoked\n");
    assert_gives(
        "stix",
        BUNDLE("{\"type\":\"malware\",\"id\":\"malware--1\",\"name\":\"New\","
               "\"modified\":\"2024-02-09T11:52:30Z\"},"
               "{\"type\":\"malware\",\"id\":\"malware--1\",\"name\":\"Old\","
               "\"modified\":\"2024-01-09T11:52:30Z\"},"
               "{\"type\":\"malware\",\"id\":\"malware--2\",\"name\":\"Wrong\"},"
               "{\"type\":\"relationship\",\"relationship_type\":\"indicates\",\"source_ref\":"
               "\"indicator--1\",\"target_ref\":\"malware--1\"},"
               "{\"type\":\"relationship\",\"relationship_type\":\"indicates\",\"source_ref\":"
               "\"indicator--1\",\"target_ref\":\"malware--2\",\"revoked\":true},"
               "{\"type\":\"indicator\",\"id\":\"indicator--1\","
               "\"pattern\":\"[domain-name:value = 'a.example']\"}"),
        "domain a.example note=indicates New\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misp_attributes_become_indicators),
        cmocka_unit_test(misp_events_say_where_they_come_from),
        cmocka_unit_test(misp_has_many_wrappers),
        cmocka_unit_test(misp_objects_join_addresses_and_ports),
        cmocka_unit_test(misp_warninglists_are_filters),
        cmocka_unit_test(broken_json_is_told_with_its_place),
        cmocka_unit_test(deep_json_is_refused_before_it_is_read),
        cmocka_unit_test(stix_indicators_keep_what_is_said_of_them),
        cmocka_unit_test(stix_markings_are_known),
        cmocka_unit_test(stix_relationships_name_the_malware),
        cmocka_unit_test(stix_refusals_have_reasons),
        cmocka_unit_test(of_versions_of_an_object_the_newest_counts),
        cmocka_unit_test(a_newer_version_may_revoke),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
