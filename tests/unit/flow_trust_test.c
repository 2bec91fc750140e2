/* SPDX-License-Identifier: BSD-3-Clause */
/* Trust: what a host would throw away changes nothing, and what proves a claim decides it. Most
 * cases were once read otherwise than Linux 6.18 reads them (docs/decisions/0008). */
#include "unit/test.h"

#include "flow/tcp_flow.h"
#include "unit/tcp_recorder.h"

#define GOOD "GET /good"
#define EVIL "GET /evil"
enum { LEN = 9 };

static const struct tcp_options linux_options = {.policy = OVERLAP_LINUX};

static int set_up(void **state)
{
    *state = recorder_new(&linux_options, false);
    return 0;
}

static int set_up_open(void **state)
{
    set_up(state);
    recorder_handshake(*state);
    return 0;
}

static int set_up_refusing(void **state)
{
    *state = recorder_new(&linux_options, true);
    return 0;
}

static int tear_down(void **state)
{
    recorder_free(*state);
    return 0;
}

static void up(struct recorder *r, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
    recorder_send(r, TO_SERVER, flags, seq, ack, text);
}

static void down(struct recorder *r, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
    recorder_send(r, TO_CLIENT, flags, seq, ack, text);
}

/* The client's request in a connection whose numbers begin at these. */
static void talk(struct recorder *r, uint32_t client, uint32_t server)
{
    down(r, TCP_SYN | TCP_ACK, server, client + 1, "");
    up(r, TCP_ACK, client + 1, server + 1, "");
    up(r, TCP_ACK, client + 1, server + 1, EVIL);
    down(r, TCP_ACK, server + 1, client + 1 + LEN, "ok");
}

static void assert_flows(const struct recorder *r, uint64_t count)
{
    assert_int_equal(flow_table_stats(r->table)->total, count);
}

/* ---- which SYN ---- */

static void the_syn_ack_says_which_syn_was_taken(void **state)
{
    static const struct {
        uint32_t first, second; /* 0: the one that is taken */
        uint8_t first_flags, second_flags;
    } cases[] = {
        {77000, 0, TCP_SYN, TCP_SYN},           {0, 77000, TCP_SYN, TCP_SYN},
        {77000, 0, TCP_SYN | TCP_FIN, TCP_SYN}, {0, 77000, TCP_SYN, TCP_SYN | TCP_FIN},
        {77000, 0, TCP_SYN, TCP_SYN | TCP_FIN}, {0, 0, TCP_SYN | TCP_FIN, TCP_SYN},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct recorder *r = recorder_new(&linux_options, false);
        up(r, cases[i].first_flags, cases[i].first, 0, "");
        up(r, cases[i].second_flags, cases[i].second, 0, "");
        talk(r, 0, 0);
        assert_bytes(r, TO_SERVER, EVIL);
        assert_flows(r, 1);
        recorder_free(r);
    }
}

static void of_many_syns_any_can_be_the_one(void **state)
{
    struct recorder *r = *state;
    for (uint32_t i = 0; i < 9; i++)
        up(r, TCP_SYN, i == 4 ? 0 : 1000 * i + 7, 0, "");
    talk(r, 0, 0);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void without_a_syn_ack_the_client_says_it(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_SYN, 0, 0, "");
    up(r, TCP_SYN, 90000, 0, GOOD);
    up(r, TCP_ACK, 1, 1, EVIL);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void bytes_in_a_refused_syn_are_not_read(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_SYN, 0, 0, GOOD);
    assert_bytes(r, TO_SERVER, "");
    talk(r, 0, 0);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void bytes_in_a_syn_are_read_as_far_as_taken(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_SYN, 0, 0, "abcdef");
    down(r, TCP_SYN | TCP_ACK, 0, 5, "");
    assert_bytes(r, TO_SERVER, "abcd");
    up(r, TCP_ACK, 5, 1, "xy");
    assert_bytes(r, TO_SERVER, "abcdxy");
}

static void a_syn_in_a_connection_carries_nothing(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_SYN, 0, 0, GOOD);
    down(r, TCP_SYN | TCP_ACK, 0, 1, GOOD);
    up(r, TCP_ACK, 1, 1, EVIL);
    assert_bytes(r, TO_SERVER, EVIL);
    assert_bytes(r, TO_CLIENT, "");
}

/* ---- FIN and RST ---- */

static void a_fin_that_nobody_acknowledges_ends_nothing(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK | TCP_FIN, 1, 1, "");
    up(r, TCP_ACK, 1, 1, EVIL);
    assert_true(has_anomaly(r, ANOMALY_STREAM_DATA_AFTER_FIN));
    down(r, TCP_ACK, 1, 1 + LEN, "ok");
    assert_bytes(r, TO_SERVER, EVIL);
    assert_bytes(r, TO_CLIENT, "ok");
    assert_int_equal(r->ends[TO_SERVER], 0);
}

static void a_fin_and_a_byte_have_the_same_number(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK | TCP_FIN, 1, 1, "");
    up(r, TCP_ACK, 1, 1, "G");
    down(r, TCP_ACK, 1, 2, "");
    up(r, TCP_ACK, 2, 1, "ET");
    down(r, TCP_ACK, 1, 4, "");
    assert_bytes(r, TO_SERVER, "GET");
}

static void what_follows_a_true_fin_is_not_read(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK | TCP_FIN, 1, 1, EVIL);
    up(r, TCP_ACK, 1 + LEN, 1, GOOD);
    down(r, TCP_ACK, 1, 2 + LEN, "ok");
    recorder_finish(r);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void a_fin_ahead_that_was_none_hides_nothing(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK | TCP_FIN, 4, 1, "");
    up(r, TCP_ACK, 1, 1, EVIL);
    down(r, TCP_ACK, 1, 1 + LEN, "");
    up(r, TCP_ACK, 1 + LEN, 1, GOOD);
    assert_bytes(r, TO_SERVER, EVIL GOOD);
}

static void a_later_fin_takes_the_place_of_one_not_acknowledged(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK | TCP_FIN, 500, 1, "");
    up(r, TCP_ACK | TCP_FIN, 1, 1, EVIL);
    assert_true(has_anomaly(r, ANOMALY_STREAM_FIN1_FIN_WRONG_SEQ));
    down(r, TCP_ACK, 1, 2 + LEN, "");
    assert_int_equal(r->ends[TO_SERVER], 1);
}

static void in_one_direction_who_goes_on_has_not_ended(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_SYN, 0, 0, "");
    up(r, TCP_ACK | TCP_FIN, 1, 1, "");
    up(r, TCP_ACK, 1, 1, EVIL);
    assert_bytes(r, TO_SERVER, EVIL);
    up(r, TCP_ACK | TCP_FIN, 1 + LEN, 1, "");
    recorder_finish(r);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void a_rst_beside_the_expected_number_closes_nothing(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_RST, 500, 0, "");
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
    up(r, TCP_SYN, 70000, 0, "");
    up(r, TCP_ACK, 1, 1, EVIL);
    assert_bytes(r, TO_SERVER, EVIL);
    assert_flows(r, 1);
}

/* ---- acknowledgements and timestamps ---- */

static void a_segment_with_an_impossible_ack_loses(void **state)
{
    const uint32_t acks[] = {2, 900000, (uint32_t)-3000000, 0x70000000};
    (void)state;

    for (size_t i = 0; i < sizeof(acks) / sizeof(acks[0]); i++) {
        for (enum overlap_policy policy = OVERLAP_LINUX; policy <= OVERLAP_WINDOWS; policy++) {
            const struct tcp_options options = {.policy = policy};
            struct recorder *r = recorder_new(&options, false);
            recorder_handshake(r);
            up(r, TCP_ACK, 1, acks[i], GOOD);
            for (int n = 0; n < 3000; n++)
                up(r, TCP_ACK, 1, 1, "");
            up(r, TCP_ACK, 1, 1, EVIL);
            assert_bytes(r, TO_SERVER, EVIL);
            recorder_free(r);
        }
    }
}

static void the_wrong_one_that_comes_second_loses_too(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK, 4, 1, "b");
    up(r, TCP_ACK, 2, 90, "XXXXX");
    up(r, TCP_ACK, 1, 1, "a");
    up(r, TCP_ACK, 2, 1, "ab");
    assert_bytes(r, TO_SERVER, "aabb");
}

static void what_the_receiver_acknowledges_was_right_after_all(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK, 1, 50, EVIL); /* the capture lacks what it acknowledges */
    for (uint32_t i = 0; i < 10; i++)
        down(r, TCP_ACK, 50 + i, 1 + LEN, "a");
    assert_bytes(r, TO_SERVER, EVIL);
}

static void an_ack_older_than_the_window_is_doubted(void **state)
{
    struct recorder *r = *state;
    struct packet packet;
    static char page[30001];

    memset(page, 'p', 30000);
    up(r, TCP_SYN, 0, 0, "");
    down(r, TCP_SYN | TCP_ACK, 0, 1, "");
    packet = recorder_packet(r, TO_SERVER, TCP_ACK, 1, 1, "", 0);
    packet.window = 8000;
    recorder_give(r, &packet);
    down(r, TCP_ACK, 1, 1, page);
    up(r, TCP_ACK, 1, 30001, "");
    up(r, TCP_ACK, 1, 20000, GOOD);
    assert_true(has_anomaly(r, ANOMALY_STREAM_PKT_INVALID_ACK));
    up(r, TCP_ACK, 1, 30001, EVIL);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void give_at(struct recorder *r, enum direction direction, uint8_t flags, const char *text,
                    uint32_t sent, uint32_t echoed)
{
    uint32_t seq = flags & TCP_SYN ? 0 : 1;
    struct packet packet = recorder_packet(r, direction, flags, seq, 1, text, strlen(text));
    packet.flags |= PACKET_HAS_TIMES;
    packet.time_sent = sent;
    packet.time_echoed = echoed;
    recorder_give(r, &packet);
}

static void a_segment_from_the_past_loses(void **state)
{
    struct recorder *r = *state;
    give_at(r, TO_SERVER, TCP_SYN, "", 1000000, 0);
    give_at(r, TO_CLIENT, TCP_SYN | TCP_ACK, "", 5, 1000000);
    give_at(r, TO_SERVER, TCP_ACK, "", 1000001, 5);
    give_at(r, TO_SERVER, TCP_ACK, GOOD, 5, 5);
    assert_true(has_anomaly(r, ANOMALY_STREAM_PKT_INVALID_TIMESTAMP));
    give_at(r, TO_SERVER, TCP_ACK, EVIL, 1000002, 5);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void a_segment_from_the_future_makes_none_old(void **state)
{
    struct recorder *r = *state;
    give_at(r, TO_SERVER, TCP_SYN, "", 1000, 0);
    give_at(r, TO_CLIENT, TCP_SYN | TCP_ACK, "", 5, 1000);
    give_at(r, TO_SERVER, TCP_ACK, "", 900000, 5); /* its checksum is wrong, say */
    give_at(r, TO_SERVER, TCP_ACK, EVIL, 1001, 5);
    assert_bytes(r, TO_SERVER, EVIL);
}

/* ---- a connection in the place of another ---- */

static void a_missed_close_hides_no_connection(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK, 1, 1, "one");
    up(r, TCP_SYN, 80000, 0, "");
    assert_flows(r, 1);
    talk(r, 80000, 70000);
    assert_flows(r, 2);
    assert_bytes(r, TO_SERVER, "one" EVIL);
    assert_int_equal(r->flow->flags & FLOW_MIDSTREAM, 0);
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

static void of_many_later_syns_any_can_be_the_one(void **state)
{
    struct recorder *r = *state;
    for (uint32_t i = 1; i < 9; i++)
        up(r, TCP_SYN, 80000 * i, 0, "");
    talk(r, 80000 * 3, 70000);
    assert_flows(r, 2);
    assert_bytes(r, TO_SERVER, EVIL);
}

static void the_same_number_after_a_close_is_another_connection(void **state)
{
    struct recorder *r = *state;
    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            down(r, TCP_RST | TCP_ACK, 1, 1, "");
        } else {
            up(r, TCP_ACK | TCP_FIN, 1 + LEN, 70003, "");
            down(r, TCP_ACK | TCP_FIN, 70003, 2 + LEN, "");
            up(r, TCP_ACK, 2 + LEN, 70004, "");
        }
        up(r, TCP_SYN, 0, 0, "");
        talk(r, 0, 70000 * (uint32_t)(i + 1));
        if (i == 0)
            assert_bytes(r, TO_SERVER, EVIL);
        assert_flows(r, 2 + (uint64_t)i);
    }
    assert_bytes(r, TO_SERVER, EVIL EVIL);
}

static void in_one_direction_the_next_segment_shows_it(void **state)
{
    struct recorder *r = *state;
    for (uint32_t i = 0; i < 2; i++) {
        up(r, TCP_SYN, 80000 * i, 0, "");
        up(r, TCP_ACK, 80000 * i + 1, 1, EVIL);
        up(r, TCP_ACK | TCP_FIN, 80000 * i + 1 + LEN, 50, "");
    }
    assert_flows(r, 2);
    assert_bytes(r, TO_SERVER, EVIL EVIL);
    assert_int_equal(r->flow->flags & FLOW_MIDSTREAM, 0);
}

static void a_stray_packet_makes_nothing_midstream(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK, 0x70000000, 1, "");
    up(r, TCP_SYN, 0, 0, "");
    talk(r, 0, 0);
    assert_bytes(r, TO_SERVER, EVIL);
    assert_bytes(r, TO_CLIENT, "ok");
    assert_int_equal(r->flow->flags & FLOW_MIDSTREAM, 0);
}

static void a_syn_ack_captured_before_its_syn_makes_nothing_midstream(void **state)
{
    struct recorder *r = *state;
    down(r, TCP_SYN | TCP_ACK, 0, 1, "");
    up(r, TCP_SYN, 0, 0, "");
    up(r, TCP_ACK, 1, 1, "");
    up(r, TCP_ACK, 1, 1, EVIL);
    assert_bytes(r, TO_SERVER, EVIL);
    assert_int_equal(r->flow->flags & FLOW_MIDSTREAM, 0);
}

static void a_late_syn_makes_nothing_midstream(void **state)
{
    struct recorder *r = *state;
    up(r, TCP_ACK, 1, 1, EVIL);
    up(r, TCP_SYN, 0, 0, "");
    down(r, TCP_SYN | TCP_ACK, 0, 1, "");
    down(r, TCP_ACK, 1, 1 + LEN, "ok");
    assert_flows(r, 1);
    assert_bytes(r, TO_SERVER, EVIL);
    assert_bytes(r, TO_CLIENT, "ok");
    assert_int_equal(r->flow->flags & FLOW_MIDSTREAM, 0);
}

#define T(name)    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define OPEN(name) cmocka_unit_test_setup_teardown(name, set_up_open, tear_down)
#define REFUSING(name)                                                                             \
    {                                                                                              \
        "refusing midstream: " #name, name, set_up_refusing, tear_down, NULL                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_syn_ack_says_which_syn_was_taken),
        T(of_many_syns_any_can_be_the_one),
        T(without_a_syn_ack_the_client_says_it),
        T(bytes_in_a_refused_syn_are_not_read),
        T(bytes_in_a_syn_are_read_as_far_as_taken),
        OPEN(a_syn_in_a_connection_carries_nothing),
        OPEN(a_fin_that_nobody_acknowledges_ends_nothing),
        OPEN(a_fin_and_a_byte_have_the_same_number),
        OPEN(what_follows_a_true_fin_is_not_read),
        OPEN(a_fin_ahead_that_was_none_hides_nothing),
        OPEN(a_later_fin_takes_the_place_of_one_not_acknowledged),
        T(in_one_direction_who_goes_on_has_not_ended),
        OPEN(a_rst_beside_the_expected_number_closes_nothing),
        cmocka_unit_test(a_segment_with_an_impossible_ack_loses),
        OPEN(the_wrong_one_that_comes_second_loses_too),
        OPEN(what_the_receiver_acknowledges_was_right_after_all),
        T(an_ack_older_than_the_window_is_doubted),
        T(a_segment_from_the_past_loses),
        T(a_segment_from_the_future_makes_none_old),
        OPEN(a_missed_close_hides_no_connection),
        OPEN(of_many_later_syns_any_can_be_the_one),
        OPEN(the_same_number_after_a_close_is_another_connection),
        T(in_one_direction_the_next_segment_shows_it),
        T(a_stray_packet_makes_nothing_midstream),
        REFUSING(a_stray_packet_makes_nothing_midstream),
        T(a_syn_ack_captured_before_its_syn_makes_nothing_midstream),
        REFUSING(a_syn_ack_captured_before_its_syn_makes_nothing_midstream),
        T(a_late_syn_makes_nothing_midstream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
