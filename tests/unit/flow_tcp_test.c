/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP: states, and what a header may and may not change. */
#include "unit/test.h"

#include "unit/tcp_recorder.h"

static int set_up(void **state)
{
    const struct tcp_options options = {.policy = OVERLAP_LINUX};
    *state = recorder_new(&options, false);
    return 0;
}

static int set_up_refusing(void **state)
{
    const struct tcp_options options = {.policy = OVERLAP_LINUX};
    *state = recorder_new(&options, true);
    return 0;
}

static int tear_down(void **state)
{
    recorder_free(*state);
    return 0;
}

static void a_whole_session_goes_from_new_to_closed(void **state)
{
    struct recorder *r = *state;

    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    assert_int_equal(r->flow->state, FLOW_NEW);
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    assert_int_equal(r->flow->state, FLOW_NEW);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "");
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_PSH, 1, 1, "GET");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 4, "200 OK");
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 4, 7, "");
    assert_int_equal(r->ends[TO_SERVER], 0); /* not acknowledged yet */
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
    recorder_send(r, TO_CLIENT, TCP_ACK | TCP_FIN, 7, 5, "!");
    assert_int_equal(r->ends[TO_SERVER], 1);
    assert_int_equal(r->ends[TO_CLIENT], 0);
    assert_int_equal(r->flow->state, FLOW_CLOSED);
    recorder_send(r, TO_SERVER, TCP_ACK, 5, 9, "");
    assert_int_equal(r->ends[TO_CLIENT], 1);
    assert_bytes(r, TO_SERVER, "GET");
    assert_bytes(r, TO_CLIENT, "200 OK!");
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->flow->side[TO_CLIENT].payload, 7);
    assert_int_equal(tcp_stats(r->tcp)->syn, 1);
    assert_int_equal(tcp_stats(r->tcp)->synack, 1);
    assert_int_equal(tcp_stats(r->tcp)->sessions, 1);
    assert_int_equal(tcp_stats(r->tcp)->midstream, 0);
}

static void a_refused_connection_is_closed(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    struct packet rst = recorder_packet(r, TO_CLIENT, TCP_RST | TCP_ACK, 0, 1, "", 0);
    rst.seq = 0;
    recorder_give(r, &rst);
    assert_int_equal(r->flow->state, FLOW_CLOSED);
    assert_int_equal(r->anomaly_count, 0);
}

static void what_was_on_its_way_when_a_rst_came_is_read(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_RST | TCP_ACK, 1, 1, "");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 1, "403");
    assert_bytes(r, TO_CLIENT, "403");
    assert_int_equal(r->flow->state, FLOW_CLOSED);
    assert_int_equal(r->anomaly_count, 0);
}

static void who_talks_on_has_not_sent_the_rst(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_RST | TCP_ACK, 1, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "GET");
    assert_true(has_anomaly(r, ANOMALY_STREAM_SUSPECTED_RST_INJECT));
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
    assert_bytes(r, TO_SERVER, "GET");
}

/* Resets and a FIN in the server's name before its SYN+ACK. */
static void a_syn_ack_after_a_rst_and_a_fin_opens_the_flow_again(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    struct packet forged = recorder_packet(r, TO_CLIENT, TCP_RST | TCP_ACK, 0, 1, "", 0);
    forged.seq = 0;
    recorder_give(r, &forged);
    forged.tcp_flags = TCP_FIN | TCP_ACK;
    recorder_give(r, &forged);
    recorder_send(r, TO_SERVER, TCP_RST, 1, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "GET");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 4, "200 OK");
    assert_bytes(r, TO_SERVER, "GET");
    assert_bytes(r, TO_CLIENT, "200 OK");
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
}

static void a_rst_far_from_the_window_changes_nothing(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_CLIENT, TCP_RST, 90000000, 0, "");
    assert_true(has_anomaly(r, ANOMALY_STREAM_SUSPECTED_RST_INJECT));
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "still here");
    assert_bytes(r, TO_SERVER, "still here");
    recorder_send(r, TO_CLIENT, TCP_RST, 1, 0, "x");
    assert_true(has_anomaly(r, ANOMALY_STREAM_RST_WITH_DATA));
    assert_int_equal(r->flow->state, FLOW_CLOSED);
    assert_bytes(r, TO_CLIENT, "");
}

static void a_syn_on_a_closed_flow_starts_a_new_stream(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 1, 1, "");
    recorder_send(r, TO_CLIENT, TCP_ACK | TCP_FIN, 1, 2, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 2, 2, "");
    recorder_send(r, TO_SERVER, TCP_SYN, 70000, 0, "");
    assert_int_equal(flow_table_stats(r->table)->total, 2);
    assert_int_equal(r->flow->state, FLOW_NEW);
    assert_int_equal(tcp_stats(r->tcp)->sessions, 2);
}

static void a_syn_ack_with_a_wrong_ack_is_as_if_it_had_not_come(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 777, 5000000, "");
    assert_true(has_anomaly(r, ANOMALY_STREAM_3WHS_SYNACK_WITH_WRONG_ACK));
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 1, "hello");
    assert_bytes(r, TO_CLIENT, "hello");
    assert_int_equal(r->anomaly_count, 1);
}

static void the_client_says_which_syn_ack_it_took(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 40000000, 1, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    assert_true(has_anomaly(r, ANOMALY_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ));
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "");
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 1, "hello");
    assert_bytes(r, TO_CLIENT, "hello");
}

static void a_third_ack_for_something_else_is_an_evasion(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 0, "wrong!");
    assert_true(has_anomaly(r, ANOMALY_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION));
    assert_int_equal(r->flow->state, FLOW_NEW);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "right!");
    assert_bytes(r, TO_SERVER, "right!");
}

static void a_client_that_tries_again_with_another_number_is_followed(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 500000, 0, "");
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "abc");
    assert_bytes(r, TO_SERVER, "abc");
    assert_int_equal(r->anomaly_count, 0);
}

static void syns_in_an_established_flow_change_nothing(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_SERVER, TCP_SYN, 9000, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN, 9000, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 9000, 1, "");
    recorder_send(r, TO_SERVER, TCP_SYN | TCP_ACK, 9000, 1, "");
    const enum anomaly expected[] = {ANOMALY_STREAM_EST_SYN_RESEND,
                                     ANOMALY_STREAM_EST_SYN_RESEND_DIFF_SEQ,
                                     ANOMALY_STREAM_EST_SYN_TOCLIENT,
                                     ANOMALY_STREAM_EST_SYNACK_RESEND,
                                     ANOMALY_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ,
                                     ANOMALY_STREAM_EST_SYNACK_TOSERVER};
    assert_int_equal(r->anomaly_count, 6);
    assert_memory_equal(r->anomalies, expected, sizeof(expected));
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "up");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 3, "down");
    assert_bytes(r, TO_SERVER, "up");
    assert_bytes(r, TO_CLIENT, "down");
}

static void bytes_in_the_syn_count_once(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "early");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 6, "and back");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 9, "early bird");
    assert_bytes(r, TO_SERVER, "early bird");
    assert_bytes(r, TO_CLIENT, "and back");
    assert_int_equal(r->anomaly_count, 0);
}

static void a_simultaneous_open_is_followed(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "a");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 2, "b");
    assert_bytes(r, TO_SERVER, "a");
    assert_bytes(r, TO_CLIENT, "b");
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
}

static void a_missing_syn_ack_does_not_matter(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "GET");
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 4, "OK");
    assert_bytes(r, TO_SERVER, "GET");
    assert_bytes(r, TO_CLIENT, "OK");
}

static void midstream_begins_with_the_first_segment(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_ACK, 400, 900, "middle");
    recorder_send(r, TO_CLIENT, TCP_ACK, 900, 406, "answer");
    recorder_send(r, TO_SERVER, TCP_ACK, 100, 900, "before it");
    assert_bytes(r, TO_SERVER, "middle");
    assert_bytes(r, TO_CLIENT, "answer");
    assert_int_equal(r->flow->state, FLOW_ESTABLISHED);
    assert_true(has_anomaly(r, ANOMALY_STREAM_REASSEMBLY_SEGMENT_BEFORE_BASE_SEQ));
    assert_int_equal(tcp_stats(r->tcp)->midstream, 1);
}

static void midstream_flows_are_ignored_when_refused(void **state)
{
    struct recorder *r = *state;
    recorder_send(r, TO_SERVER, TCP_ACK, 400, 900, "middle");
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 406, 900, "");
    assert_int_equal(r->calls[TO_SERVER], 0);
    assert_int_equal(r->flow->side[TO_SERVER].pkts, 2);
}

static void segments_without_ack_carry_nothing(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_PSH, 1, 0, "inserted");
    recorder_send(r, TO_SERVER, TCP_FIN, 1, 0, "");
    recorder_send(r, TO_SERVER, TCP_PSH | TCP_ACK, 1, 1, "real");
    assert_bytes(r, TO_SERVER, "real");
    struct packet broken = recorder_packet(r, TO_SERVER, TCP_PSH, 5, 0, "x", 1);
    broken.ack = 7;
    recorder_give(r, &broken);
    assert_true(has_anomaly(r, ANOMALY_STREAM_PKT_BROKEN_ACK));
}

static void strays_are_named(void **state)
{
    struct recorder *r = *state;
    struct packet fin = test_packet(IP_TCP, 1, 1, 2, 2);
    struct packet rst = test_packet(IP_TCP, 1, 3, 2, 4);
    struct packet both = test_packet(IP_TCP, 1, 5, 2, 6);
    fin.tcp_flags = TCP_FIN | TCP_ACK;
    rst.tcp_flags = TCP_RST;
    both.tcp_flags = TCP_SYN | TCP_FIN;
    recorder_give(r, &fin);
    recorder_give(r, &rst);
    assert_int_equal(r->flow->state, FLOW_CLOSED);
    r->ends[0] = r->ends[1] = 0;
    recorder_give(r, &both);
    r->ends[0] = r->ends[1] = 0; /* three flows in one recorder */
    assert_true(has_anomaly(r, ANOMALY_STREAM_FIN_BUT_NO_SESSION));
    assert_true(has_anomaly(r, ANOMALY_STREAM_RST_BUT_NO_SESSION));
    assert_true(has_anomaly(r, ANOMALY_STREAM_FIN_SYN));
}

static void a_fin_waits_for_the_bytes_before_it(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 4, 1, "def");
    assert_int_equal(r->ends[TO_SERVER], 0);
    recorder_send(r, TO_SERVER, TCP_ACK, 7, 1, "beyond");
    assert_true(has_anomaly(r, ANOMALY_STREAM_DATA_AFTER_FIN));
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "abc");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 7, "");
    assert_bytes(r, TO_SERVER, "abcdef");
    assert_int_equal(r->ends[TO_SERVER], 0);
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 8, "");
    recorder_finish(r);
    r->is_finished = false;
    assert_bytes(r, TO_SERVER, "abcdef");
}

static void behind_an_acknowledged_fin_nothing_is_read(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 1, 1, "abcdef");
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, 8, "");
    assert_int_equal(r->ends[TO_SERVER], 1);
    recorder_send(r, TO_SERVER, TCP_ACK, 7, 1, "late");
    assert_bytes(r, TO_SERVER, "abcdef");
}

static void a_fin_from_before_what_was_read_is_no_end(void **state)
{
    struct recorder *r = *state;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "abcdef");
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 1, 1, "abc");
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 0x60000000, 1, "");
    assert_true(has_anomaly(r, ANOMALY_STREAM_FIN_OUT_OF_WINDOW));
    recorder_send(r, TO_SERVER, TCP_ACK, 7, 1, "ghi");
    assert_bytes(r, TO_SERVER, "abcdefghi");
    assert_int_equal(r->ends[TO_SERVER], 0);
}

static void without_memory_the_flow_lives_unread(void **state)
{
    struct recorder *r = *state;
    r->budget.limit = 1;
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "abc");
    assert_null(r->flow->tcp);
    assert_int_equal(tcp_stats(r->tcp)->dropped_segments, 4);
    assert_int_equal(r->calls[TO_SERVER], 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_whole_session_goes_from_new_to_closed),
        T(a_refused_connection_is_closed),
        T(what_was_on_its_way_when_a_rst_came_is_read),
        T(who_talks_on_has_not_sent_the_rst),
        T(a_syn_ack_after_a_rst_and_a_fin_opens_the_flow_again),
        T(a_rst_far_from_the_window_changes_nothing),
        T(a_syn_on_a_closed_flow_starts_a_new_stream),
        T(a_syn_ack_with_a_wrong_ack_is_as_if_it_had_not_come),
        T(the_client_says_which_syn_ack_it_took),
        T(a_third_ack_for_something_else_is_an_evasion),
        T(a_client_that_tries_again_with_another_number_is_followed),
        T(syns_in_an_established_flow_change_nothing),
        T(bytes_in_the_syn_count_once),
        T(a_simultaneous_open_is_followed),
        T(a_missing_syn_ack_does_not_matter),
        T(midstream_begins_with_the_first_segment),
        cmocka_unit_test_setup_teardown(midstream_flows_are_ignored_when_refused, set_up_refusing,
                                        tear_down),
        T(segments_without_ack_carry_nothing),
        T(strays_are_named),
        T(a_fin_waits_for_the_bytes_before_it),
        T(behind_an_acknowledged_fin_nothing_is_read),
        T(a_fin_from_before_what_was_read_is_no_end),
        T(without_memory_the_flow_lives_unread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
