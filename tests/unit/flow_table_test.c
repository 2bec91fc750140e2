/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow table: who belongs together, who is the client, and when flows end. */
#include "unit/test.h"

#include "flow/flow_table.h"
#include "flow/tcp_flow.h"
#include "unit/flow_packets.h"

enum { CLIENT = 0x0a000001, SERVER = 0x0a000002, ENDED_MAX = 300000 };

struct ended {
    uint64_t start_number;
    uint16_t client_port;
    enum flow_reason reason;
};

struct fixture {
    struct budget budget;
    struct flow_table *table;
    struct tcp_flow tcp;
    struct ended *ended;
    size_t ended_count;
};

static void on_end(void *context, struct flow *flow, enum flow_reason reason)
{
    struct fixture *f = context;
    assert_true(f->ended_count < ENDED_MAX);
    f->ended[f->ended_count++] = (struct ended){flow->start_number, flow->client_port, reason};
    flow->tcp = NULL;
}

static struct fixture *fixture_with_budget(size_t limit)
{
    struct fixture *f = memory_new(1, sizeof(*f));
    f->budget.limit = limit;
    f->ended = memory_new(ENDED_MAX, sizeof(*f->ended));
    const struct flow_table_options options = {.budget = &f->budget};
    f->table = flow_table_new(&options, on_end, f);
    return f;
}

static int set_up(void **state)
{
    *state = fixture_with_budget(0);
    return 0;
}

static void fixture_free(struct fixture *f)
{
    flow_table_finish(f->table);
    flow_table_free(f->table);
    assert_int_equal(f->budget.used, 0);
    memory_free(f->ended);
    memory_free(f);
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct flow *give(struct fixture *f, const struct packet *packet, enum direction *direction)
{
    enum direction unused;
    return flow_table_packet(f->table, packet, direction ? direction : &unused);
}

/* ---- belonging ---- */

static void both_directions_are_one_flow(void **state)
{
    struct fixture *f = *state;
    struct packet query = test_packet(IP_UDP, CLIENT, 40000, SERVER, 53);
    struct packet answer = test_reply(&query);
    enum direction direction;

    struct flow *flow = give(f, &query, &direction);
    assert_non_null(flow);
    assert_int_equal(direction, TO_SERVER);
    assert_int_equal(flow->state, FLOW_NEW);
    answer.wire_len = 100;
    assert_ptr_equal(give(f, &answer, &direction), flow);
    assert_int_equal(direction, TO_CLIENT);
    assert_int_equal(flow->state, FLOW_ESTABLISHED);
    assert_int_equal(flow->side[TO_SERVER].pkts, 1);
    assert_int_equal(flow->side[TO_SERVER].bytes, 60);
    assert_int_equal(flow->side[TO_CLIENT].bytes, 100);
    assert_int_equal(flow_table_stats(f->table)->udp, 1);
    assert_int_equal(flow_table_stats(f->table)->active, 1);
}

static void every_part_of_the_key_makes_another_flow(void **state)
{
    struct fixture *f = *state;
    const struct packet base = test_packet(IP_UDP, CLIENT, 40000, SERVER, 53);
    struct packet variants[10];

    for (size_t i = 0; i < 10; i++)
        variants[i] = base;
    variants[1].src = test_address(CLIENT + 7);
    variants[2].dst = test_address(SERVER + 7);
    variants[3].src_port = 40001;
    variants[4].dst_port = 54;
    variants[5].ip_proto = IP_SCTP;
    variants[6].vlan_count = 1;
    variants[6].vlan[0] = 5;
    variants[7].vlan_count = 2;
    variants[7].vlan[0] = 5;
    variants[7].vlan[1] = 6;
    variants[8].tunnel_id = 9;
    variants[9].ip_version = 6;
    struct flow *flows[10];
    for (size_t i = 0; i < 10; i++) {
        flows[i] = give(f, &variants[i], NULL);
        for (size_t j = 0; j < i; j++) {
            assert_ptr_not_equal(flows[i], flows[j]);
            assert_true(flows[i]->id != flows[j]->id);
        }
    }
    for (size_t i = 0; i < 10; i++) {
        struct packet reply = test_reply(&variants[i]);
        assert_ptr_equal(give(f, &variants[i], NULL), flows[i]);
        assert_ptr_equal(give(f, &reply, NULL), flows[i]);
    }
}

static void all_three_vlans_are_part_of_the_key(void **state)
{
    struct fixture *f = *state;
    struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);

    packet.vlan_count = 3;
    packet.vlan[2] = 7;
    struct flow *flow = give(f, &packet, NULL);
    assert_int_equal(flow->vlan_count, 3);
    packet.vlan[2] = 8;
    struct flow *other = give(f, &packet, NULL);
    assert_ptr_not_equal(other, flow);
    assert_true(other->id != flow->id);
}

static void vlans_can_be_left_out_of_the_key(void **state)
{
    struct fixture *f = *state;
    struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);
    const struct flow_table_options options = {.budget = &f->budget, .joins_vlans = true};
    struct flow_table *table = flow_table_new(&options, on_end, f);
    enum direction direction;

    packet.vlan_count = 3;
    packet.vlan[0] = 5;
    packet.vlan[2] = 7;
    struct flow *flow = flow_table_packet(table, &packet, &direction);
    struct packet reply = test_reply(&packet);
    reply.vlan_count = 1;
    reply.vlan[0] = 6;
    assert_ptr_equal(flow_table_packet(table, &reply, &direction), flow);
    assert_int_equal(direction, TO_CLIENT);
    assert_int_equal(flow->vlan[0], 5); /* those of the first packet are told */
    flow_table_finish(table);
    flow_table_free(table);
}

static void the_id_is_the_same_on_every_run(void **state)
{
    struct fixture *f = *state;
    struct packet packet = test_packet(IP_UDP, CLIENT, 40000, SERVER, 53);
    struct flow *flow = give(f, &packet, NULL);

    assert_true(flow->id > 0 && flow->id < UINT64_C(1) << 53);
    struct fixture *other = fixture_with_budget(0);
    assert_true(give(other, &packet, NULL)->id == flow->id);
    fixture_free(other);
}

static void packets_without_transport_have_no_flow(void **state)
{
    struct fixture *f = *state;
    struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);
    packet.flags = PACKET_FRAGMENT;
    assert_null(give(f, &packet, NULL));
    flow_table_prefetch(f->table, &packet);
}

/* ---- ICMP ---- */

static struct packet icmp(uint32_t src, uint32_t dst, uint8_t type, uint16_t id)
{
    struct packet packet = test_packet(IP_ICMP, src, 0, dst, 0);
    packet.icmp_type = type;
    packet.icmp_id = id;
    return packet;
}

static void echo_and_reply_are_one_flow_by_identifier(void **state)
{
    struct fixture *f = *state;
    struct packet echo = icmp(CLIENT, SERVER, 8, 77), reply = icmp(SERVER, CLIENT, 0, 77);
    struct packet other = icmp(CLIENT, SERVER, 8, 78);
    enum direction direction;

    struct flow *flow = give(f, &echo, NULL);
    assert_ptr_equal(give(f, &reply, &direction), flow);
    assert_int_equal(direction, TO_CLIENT);
    assert_int_equal(flow->state, FLOW_ESTABLISHED);
    assert_ptr_not_equal(give(f, &other, NULL), flow);
    assert_int_equal(flow_table_stats(f->table)->icmpv4, 2);
}

static void a_host_that_pings_itself_has_two_directions(void **state)
{
    struct fixture *f = *state;
    struct packet echo = icmp(CLIENT, CLIENT, 8, 0), reply = icmp(CLIENT, CLIENT, 0, 0);
    enum direction direction;

    struct flow *flow = give(f, &echo, &direction);
    assert_int_equal(direction, TO_SERVER);
    assert_ptr_equal(give(f, &reply, &direction), flow);
    assert_int_equal(direction, TO_CLIENT);
}

static void errors_in_opposite_ways_are_no_conversation(void **state)
{
    struct fixture *f = *state;
    struct packet there = icmp(CLIENT, SERVER, 3, 0), back = icmp(SERVER, CLIENT, 3, 0);

    struct flow *flow = give(f, &there, NULL);
    assert_ptr_not_equal(give(f, &back, NULL), flow);
    assert_int_equal(flow->state, FLOW_NEW);
    there.icmp_code = 1;
    assert_ptr_not_equal(give(f, &there, NULL), flow);
}

/* ---- who is the client ---- */

static struct packet tcp(uint32_t src, uint16_t src_port, uint32_t dst, uint16_t dst_port,
                         uint8_t flags)
{
    struct packet packet = test_packet(IP_TCP, src, src_port, dst, dst_port);
    packet.tcp_flags = flags;
    return packet;
}

static void the_syn_sender_is_the_client_whatever_the_ports(void **state)
{
    struct packet syn = tcp(SERVER, 80, CLIENT, 50000, TCP_SYN);
    struct flow *flow = give(*state, &syn, NULL);
    assert_int_equal(flow->client_port, 80);
    assert_int_equal(flow->flags & FLOW_MIDSTREAM, 0);
    assert_int_equal(flow->flags & FLOW_IS_SWAPPED, FLOW_IS_SWAPPED);
}

static void a_syn_ack_receiver_is_the_client(void **state)
{
    struct packet synack = tcp(SERVER, 50001, CLIENT, 50000, TCP_SYN | TCP_ACK);
    enum direction direction;
    struct flow *flow = give(*state, &synack, &direction);
    assert_int_equal(flow->client_port, 50000);
    assert_int_equal(direction, TO_CLIENT);
    assert_int_equal(flow->flags & FLOW_MIDSTREAM, FLOW_MIDSTREAM);
}

static void midstream_the_well_known_port_is_the_server(void **state)
{
    struct packet from_server = tcp(SERVER, 80, CLIENT, 50000, TCP_ACK);
    struct packet both_high = tcp(SERVER, 8080, CLIENT, 50000, TCP_ACK);
    enum direction direction;

    assert_int_equal(give(*state, &from_server, &direction)->client_port, 50000);
    assert_int_equal(direction, TO_CLIENT);
    assert_int_equal(give(*state, &both_high, &direction)->client_port, 8080);
    assert_int_equal(direction, TO_SERVER);
}

static void a_dns_answer_seen_first_comes_from_the_server(void **state)
{
    struct packet answer = test_packet(IP_UDP, SERVER, 53, CLIENT, 40000);
    struct packet both_low = test_packet(IP_UDP, SERVER, 123, CLIENT, 123);

    assert_int_equal(give(*state, &answer, NULL)->client_port, 40000);
    assert_true(
        memcmp(&give(*state, &both_low, NULL)->client, &both_low.src, sizeof(both_low.src)) == 0);
}

/* ---- a closed flow and a new SYN ---- */

static void a_new_syn_on_a_closed_flow_begins_another(void **state)
{
    struct fixture *f = *state;
    struct packet syn = tcp(CLIENT, 50000, SERVER, 80, TCP_SYN);
    struct packet ack = tcp(CLIENT, 50000, SERVER, 80, TCP_ACK);

    syn.seq = 5;
    struct flow *flow = give(f, &syn, NULL);
    f->tcp.side[TO_SERVER] = (struct tcp_side){.isn = 5, .flags = SIDE_HAS_NEXT | SIDE_HAS_SYN};
    flow->tcp = &f->tcp;
    flow_set_state(f->table, flow, FLOW_CLOSED);
    assert_ptr_equal(give(f, &ack, NULL), flow); /* late ACKs belong to it */
    assert_ptr_equal(give(f, &syn, NULL), flow); /* so does the same SYN */
    syn.seq = 6;
    syn.number = 9;
    flow = give(f, &syn, NULL);
    assert_int_equal(f->ended_count, 1);
    assert_int_equal(f->ended[0].reason, FLOW_REASON_CLOSED);
    assert_int_equal(flow->start_number, 9);
    assert_int_equal(flow->side[TO_SERVER].pkts, 1);
    assert_int_equal(flow->state, FLOW_NEW);
    assert_int_equal(flow_table_stats(f->table)->closed, 1);
}

static void a_syn_from_the_other_side_turns_the_flow_round(void **state)
{
    struct fixture *f = *state;
    struct packet syn = tcp(CLIENT, 50000, SERVER, 80, TCP_SYN);
    struct packet back = test_reply(&syn);
    enum direction direction;

    flow_set_state(f->table, give(f, &syn, NULL), FLOW_CLOSED);
    struct flow *flow = give(f, &back, &direction);
    assert_int_equal(flow->client_port, 80);
    assert_int_equal(direction, TO_SERVER);
}

/* ---- time ---- */

static void flows_end_at_their_deadline_and_not_before(void **state)
{
    struct fixture *f = *state;
    struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);

    packet.time_us = 1000 * SECOND + 500;
    give(f, &packet, NULL);
    flow_table_tick(f->table, 1030 * SECOND + 499);
    assert_int_equal(f->ended_count, 0);
    flow_table_tick(f->table, 1030 * SECOND + 500);
    assert_int_equal(f->ended_count, 1);
    assert_int_equal(f->ended[0].reason, FLOW_REASON_TIMEOUT);
    assert_int_equal(flow_table_stats(f->table)->active, 0);
}

static void a_packet_puts_the_deadline_off(void **state)
{
    struct fixture *f = *state;
    struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);

    for (int64_t second = 1000; second < 1200; second += 20) {
        packet.time_us = second * SECOND;
        flow_table_tick(f->table, packet.time_us);
        give(f, &packet, NULL);
    }
    assert_int_equal(f->ended_count, 0);
    flow_table_tick(f->table, 1209 * SECOND);
    assert_int_equal(f->ended_count, 0);
    flow_table_tick(f->table, 1210 * SECOND);
    assert_int_equal(f->ended_count, 1);
}

static void a_state_with_a_shorter_timeout_counts_at_once(void **state)
{
    struct fixture *f = *state;
    struct packet syn = tcp(CLIENT, 50000, SERVER, 80, TCP_SYN);

    struct flow *flow = give(f, &syn, NULL);
    flow_set_state(f->table, flow, FLOW_ESTABLISHED);
    flow_table_tick(f->table, syn.time_us + 300 * SECOND); /* moves it to its late slot */
    assert_int_equal(f->ended_count, 0);
    flow_set_state(f->table, flow, FLOW_CLOSED);
    flow_table_tick(f->table, syn.time_us + 301 * SECOND);
    assert_int_equal(f->ended_count, 1);
}

static void flows_of_one_tick_end_in_order_of_their_start(void **state)
{
    struct fixture *f = *state;
    uint32_t random = 1;

    for (uint64_t i = 1; i <= 5000; i++) {
        struct packet packet = test_packet(IP_UDP, CLIENT, (uint16_t)i, SERVER, 2);
        random = random * 1664525 + 1013904223;
        packet.number = i;
        packet.time_us += (int64_t)(random % 1000) * SECOND;
        flow_table_tick(f->table, 1000 * SECOND);
        give(f, &packet, NULL);
    }
    flow_table_tick(f->table, 1500 * SECOND);
    size_t first = f->ended_count;
    assert_true(first > 2000 && first < 3000);
    flow_table_finish(f->table);
    assert_int_equal(f->ended_count, 5000);
    for (size_t i = 1; i < 5000; i++) {
        if (i != first)
            assert_true(f->ended[i - 1].start_number < f->ended[i].start_number);
    }
    assert_int_equal(f->ended[first].reason, FLOW_REASON_SHUTDOWN);
}

static void time_may_jump_anywhere(void **state)
{
    struct fixture *f = *state;
    const int64_t times[] = {
        1000 * SECOND, INT64_MAX,     INT64_MIN,        0, -5, 50 * 365 * 86400 * SECOND,
        1000 * SECOND, INT64_MAX - 1, -1000000 * SECOND};
    uint16_t port = 1;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        for (size_t j = 0; j < sizeof(times) / sizeof(times[0]); j++) {
            struct packet packet = test_packet(IP_UDP, CLIENT, port++, SERVER, 2);
            packet.time_us = times[i];
            struct flow *flow = give(f, &packet, NULL);
            flow_table_tick(f->table, times[j]);
            packet.time_us = times[j];
            flow = give(f, &packet, NULL);
            flow_set_state(f->table, flow, FLOW_CLOSED);
            flow_set_state(f->table, flow, FLOW_ESTABLISHED);
        }
    }
}

static void a_long_silence_ends_all_and_goes_on(void **state)
{
    struct fixture *f = *state;
    struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);

    give(f, &packet, NULL);
    flow_table_tick(f->table, packet.time_us + 20 * 365 * 86400 * SECOND);
    assert_int_equal(f->ended_count, 1);
    packet.time_us += 20 * 365 * 86400 * SECOND;
    give(f, &packet, NULL);
    flow_table_tick(f->table, packet.time_us + 29 * SECOND);
    assert_int_equal(f->ended_count, 1);
    flow_table_tick(f->table, packet.time_us + 30 * SECOND);
    assert_int_equal(f->ended_count, 2);
}

/* ---- many, and too many ---- */

static struct packet numbered(uint32_t i)
{
    struct packet packet = test_packet(IP_UDP, 0x0b000000 + (i >> 8), (uint16_t)(1000 + i % 256),
                                       SERVER, (uint16_t)(i >> 20 | 1));
    packet.number = i + 1;
    packet.time_us += (int64_t)i;
    return packet;
}

static void the_index_grows_shrinks_and_loses_nothing(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 100000 };

    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            struct packet packet = numbered(i);
            flow_table_prefetch(f->table, &packet);
            assert_int_equal(give(f, &packet, NULL)->side[TO_SERVER].pkts, 1);
        }
        for (uint32_t i = 0; i < COUNT; i++) {
            struct packet packet = numbered(i);
            packet = test_reply(&packet);
            struct flow *flow = give(f, &packet, NULL);
            assert_int_equal(flow->start_number, i + 1);
            assert_int_equal(flow->side[TO_CLIENT].pkts, 1);
        }
        assert_int_equal(flow_table_stats(f->table)->active, COUNT);
        flow_table_finish(f->table);
    }
    assert_int_equal(flow_table_stats(f->table)->total, 2 * COUNT);
    assert_int_equal(flow_table_stats(f->table)->peak, COUNT);
}

static void a_flow_and_its_bucket_share_stay_below_240_bytes(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 200000 };

    for (uint32_t i = 0; i < COUNT; i++) {
        struct packet packet = numbered(i);
        give(f, &packet, NULL);
    }
    assert_true(f->budget.used / COUNT < 240);
    assert_true(f->budget.used / COUNT + sizeof(struct tcp_flow) <= 400);
}

static void a_spent_budget_evicts_the_nearest_deadline(void **state)
{
    (void)state;
    struct fixture *f = fixture_with_budget(512 * 1024);
    struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);

    packet.time_us = 990 * SECOND; /* the first to end */
    give(f, &packet, NULL);
    for (uint32_t i = 0; f->ended_count < 3; i++) {
        assert_true(i < 10000);
        packet = numbered(i);
        packet.time_us = 1000 * SECOND + (int64_t)(i % 7) * SECOND;
        packet.number = 100 + i;
        assert_non_null(give(f, &packet, NULL));
    }
    assert_int_equal(f->ended[0].reason, FLOW_REASON_EVICTED);
    assert_int_equal(f->ended[0].start_number, 1);
    assert_int_equal(f->ended[1].start_number, 100);
    assert_int_equal(f->ended[2].start_number, 107);
    assert_int_equal(flow_table_stats(f->table)->evicted, 3);
    assert_int_equal(flow_table_stats(f->table)->refused, 0);
    assert_true(f->budget.peak <= f->budget.limit);
    fixture_free(f);
}

static void a_flow_that_was_not_evicted_is_found_at_any_budget(void **state)
{
    (void)state;
    enum { COUNT = 15000 };
    for (size_t limit = 1400000; limit < 3000000; limit += 33331) {
        struct fixture *f = fixture_with_budget(limit);
        bool *is_gone = memory_new(COUNT + 1, sizeof(*is_gone));
        for (uint32_t i = 0; i < COUNT; i++) {
            struct packet packet = numbered(i);
            assert_non_null(give(f, &packet, NULL));
        }
        for (size_t i = 0; i < f->ended_count; i++)
            is_gone[f->ended[i].start_number] = true;
        for (uint32_t i = 0; i < COUNT; i++) {
            struct packet packet = numbered(i);
            if (!is_gone[packet.number])
                assert_int_equal(give(f, &packet, NULL)->start_number, packet.number);
        }
        assert_int_equal(flow_table_stats(f->table)->total, COUNT);
        memory_free(is_gone);
        fixture_free(f);
    }
}

static void a_budget_for_nothing_refuses_and_lives(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 300000; limit += 10007) {
        struct fixture *f = fixture_with_budget(limit);
        struct packet packet = test_packet(IP_UDP, CLIENT, 1, SERVER, 2);
        for (uint32_t i = 0; i < 2000; i++) {
            packet = numbered(i);
            flow_table_prefetch(f->table, &packet);
            give(f, &packet, NULL);
        }
        const struct flow_stats *stats = flow_table_stats(f->table);
        assert_int_equal(stats->total + stats->refused, 2000);
        flow_table_tick(f->table, 2000 * SECOND);
        assert_int_equal(stats->active, 0);
        fixture_free(f);
    }
}

static void names_are_those_of_eve(void **state)
{
    (void)state;
    char scratch[4];
    assert_string_equal(flow_state_name(FLOW_ESTABLISHED), "established");
    assert_string_equal(flow_reason_name(FLOW_REASON_EVICTED), "evicted");
    assert_string_equal(flow_proto_name(IP_ICMPV6, scratch), "IPv6-ICMP");
    assert_string_equal(flow_proto_name(7, scratch), "7");
    assert_string_equal(flow_proto_name(50, scratch), "50");
    assert_string_equal(flow_proto_name(103, scratch), "103");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(both_directions_are_one_flow),
        T(every_part_of_the_key_makes_another_flow),
        T(all_three_vlans_are_part_of_the_key),
        T(vlans_can_be_left_out_of_the_key),
        T(the_id_is_the_same_on_every_run),
        T(packets_without_transport_have_no_flow),
        T(echo_and_reply_are_one_flow_by_identifier),
        T(a_host_that_pings_itself_has_two_directions),
        T(errors_in_opposite_ways_are_no_conversation),
        T(the_syn_sender_is_the_client_whatever_the_ports),
        T(a_syn_ack_receiver_is_the_client),
        T(midstream_the_well_known_port_is_the_server),
        T(a_dns_answer_seen_first_comes_from_the_server),
        T(a_new_syn_on_a_closed_flow_begins_another),
        T(a_syn_from_the_other_side_turns_the_flow_round),
        T(flows_end_at_their_deadline_and_not_before),
        T(a_packet_puts_the_deadline_off),
        T(a_state_with_a_shorter_timeout_counts_at_once),
        T(flows_of_one_tick_end_in_order_of_their_start),
        T(time_may_jump_anywhere),
        T(a_long_silence_ends_all_and_goes_on),
        T(the_index_grows_shrinks_and_loses_nothing),
        T(a_flow_and_its_bucket_share_stay_below_240_bytes),
        cmocka_unit_test(a_spent_budget_evicts_the_nearest_deadline),
        cmocka_unit_test(a_flow_that_was_not_evicted_is_found_at_any_budget),
        cmocka_unit_test(a_budget_for_nothing_refuses_and_lives),
        cmocka_unit_test(names_are_those_of_eve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
