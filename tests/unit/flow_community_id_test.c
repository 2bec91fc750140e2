/* SPDX-License-Identifier: BSD-3-Clause */
/* Community ID against the specification's baseline (corelight/community-id-spec, baseline/). */
#include "unit/test.h"

#include "base/view.h"
#include "flow/flow.h"

struct baseline {
    uint8_t proto;
    const char *client, *server;
    uint16_t client_port, server_port; /* ICMP: type, and code when it goes one way */
    const char *expected;
};

static const struct baseline rows[] = {
    {58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 135, 0,
     "1:zavyT/cezQr1fmImYCwYnMXbgck="},
    {58, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0,
     "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
    {58, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4,
     "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
    {58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 128, 0,
     "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
    {58, "3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da", 129, 0,
     "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
    {58, "fe80::200:86ff:fe05:80da", "ff02::2", 133, 0, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="},
    {58, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
    {1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {1, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {1, "10.0.0.1", "10.0.0.2", 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
    {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
    {6, "2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887", 25, 63943,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
    {132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
    {132, "192.168.170.56", "192.168.170.8", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
    {6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {46, "10.1.12.1", "10.1.12.2", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
    {46, "10.1.12.2", "10.1.12.1", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
};

static struct flow flow_of(const struct baseline *row)
{
    struct flow flow = {.ip_proto = row->proto};

    assert_true(address_parse(view_from_string(row->client), &flow.client));
    assert_true(address_parse(view_from_string(row->server), &flow.server));
    flow.ip_version = address_is_v4(&flow.client) ? 4 : 6;
    if (row->proto == IP_ICMP || row->proto == IP_ICMPV6) {
        flow.icmp_type = (uint8_t)row->client_port;
        flow.icmp_code = (uint8_t)row->server_port;
    } else {
        flow.client_port = row->client_port;
        flow.server_port = row->server_port;
    }
    return flow;
}

static void identifiers_are_those_of_the_specification(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct flow flow = flow_of(&rows[i]);
        char text[COMMUNITY_ID_MAX];
        assert_int_equal(community_id(&flow, 0, text), strlen(rows[i].expected));
        assert_string_equal(text, rows[i].expected);
    }
}

static void a_seed_changes_every_identifier(void **state)
{
    (void)state;
    struct flow flow = flow_of(&rows[18]);
    char text[COMMUNITY_ID_MAX];
    community_id(&flow, 1, text);
    assert_string_equal(text, "1:Q9We8WO3piVF8yEQBNJF4uiSVrI=");
}

static void counterparts_answer_each_other(void **state)
{
    (void)state;
    for (int type = 0; type < 256; type++) {
        int v4 = icmp_counterpart(IP_ICMP, (uint8_t)type);
        int v6 = icmp_counterpart(IP_ICMPV6, (uint8_t)type);
        if (v4 >= 0)
            assert_int_equal(icmp_counterpart(IP_ICMP, (uint8_t)v4), type);
        if (v6 >= 0)
            assert_int_equal(icmp_counterpart(IP_ICMPV6, (uint8_t)v6), type);
    }
    assert_int_equal(icmp_counterpart(IP_ICMP, 3), -1);
    assert_int_equal(icmp_counterpart(IP_ICMP, 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_are_those_of_the_specification),
        cmocka_unit_test(a_seed_changes_every_identifier),
        cmocka_unit_test(counterparts_answer_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
