/* SPDX-License-Identifier: BSD-3-Clause */
/* Reuse: the next connection on the same ports has all its packets, and the one before keeps its own. */
#include "unit/test.h"

#include "flow/tcp_flow.h"
#include "unit/tcp_recorder.h"

enum { NEXT = 200000 }; /* numbers of the next connection begin here */

static int set_up(void **state)
{
    *state = recorder_new(&(struct tcp_options){.policy = OVERLAP_LINUX}, false);
    return 0;
}

static int tear_down(void **state)
{
    recorder_free(*state);
    return 0;
}

static void next_connection(struct recorder *r, bool has_synack, unsigned syns)
{
    for (unsigned i = 0; i < syns; i++)
        recorder_send(r, TO_SERVER, TCP_SYN, NEXT, 0, "");
    if (has_synack)
        recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, NEXT, NEXT + 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, NEXT + 1, NEXT + 1, "next");
}

static void assert_flow(const struct recorder *r, uint64_t start, uint32_t to_server,
                        uint32_t to_client, uint8_t flags_to_server)
{
    const struct flow_side *up = &r->flow->side[TO_SERVER], *down = &r->flow->side[TO_CLIENT];

    assert_int_equal(r->flow->start_number, start);
    assert_int_equal(up->pkts, to_server);
    assert_int_equal(up->bytes, 60 * to_server);
    assert_int_equal(down->pkts, to_client);
    assert_int_equal(up->tcp_flags, flags_to_server);
    assert_int_equal(r->flow->flags & (FLOW_SYN_SEEN | FLOW_MIDSTREAM), FLOW_SYN_SEEN);
}

static void after_a_reset_it_begins_at_its_syn(void **state)
{
    struct recorder *r = *state;

    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "old");
    recorder_send(r, TO_SERVER, TCP_RST, 4, 0, "");
    next_connection(r, true, 2);
    assert_flow(r, 6, 3, 1, TCP_SYN | TCP_ACK);
    assert_int_equal(r->ended_pkts, 5);
    assert_bytes(r, TO_SERVER, "oldnext");
}

static void after_fins_it_does_without_its_syn_ack(void **state)
{
    struct recorder *r = *state;

    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_FIN | TCP_ACK, 1, 1, "");
    recorder_send(r, TO_CLIENT, TCP_FIN | TCP_ACK, 1, 2, ""); /* its ACK was lost */
    next_connection(r, false, 1);
    assert_flow(r, 6, 2, 0, TCP_SYN | TCP_ACK);
    assert_int_equal(r->ended_pkts, 5);
    assert_bytes(r, TO_SERVER, "next");
}

static void a_missed_close_takes_no_syn_from_it(void **state)
{
    struct recorder *r = *state;

    recorder_handshake(r);
    next_connection(r, true, 1);
    assert_flow(r, 4, 2, 1, TCP_SYN | TCP_ACK);
    assert_int_equal(r->ended_pkts, 3);
}

static void a_syn_that_nothing_proves_is_the_old_flows(void **state)
{
    struct recorder *r = *state;

    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_RST, 1, 0, ""); /* never arrives, nor does the SYN */
    recorder_send(r, TO_SERVER, TCP_SYN, NEXT, 0, "");
    assert_int_equal(flow_table_claim(r->table, r->flow)->start_number, 5);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "goes on");
    assert_bytes(r, TO_SERVER, "goes on");
    recorder_finish(r);
    assert_int_equal(r->ended_pkts, 6);
    assert_int_equal(flow_table_stats(r->table)->total, 1);
}

/* The SYN's number is chosen so that the old connection's next byte would prove it. */
static void old_bytes_prove_no_syn(void **state)
{
    struct recorder *r = *state;

    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "GET /");
    recorder_send(r, TO_SERVER, TCP_RST, 6, 0, "");
    recorder_send(r, TO_SERVER, TCP_SYN, 5, 0, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 6, 1, "evil");
    assert_bytes(r, TO_SERVER, "GET /evil");
    assert_int_equal(flow_table_stats(r->table)->total, 1);
}

static void a_refused_syn_sent_again_is_one_connection(void **state)
{
    struct recorder *r = *state;

    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_CLIENT, TCP_RST | TCP_ACK, 0, 1, "");
    recorder_handshake(r);
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "in");
    assert_flow(r, 1, 4, 2, TCP_SYN | TCP_ACK);
    assert_bytes(r, TO_SERVER, "in");
}

/* Both hosts open at once: what is claimed is for the sender of the first SYN. */
static void syns_of_both_sides_do_not_mix(void **state)
{
    struct recorder *r = *state;

    recorder_handshake(r);
    recorder_send(r, TO_CLIENT, TCP_SYN, NEXT, 0, "");
    next_connection(r, true, 1);
    assert_int_equal(r->flow->client_port, 50000);
    assert_bytes(r, TO_SERVER, "next");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(after_a_reset_it_begins_at_its_syn),
        T(after_fins_it_does_without_its_syn_ack),
        T(a_missed_close_takes_no_syn_from_it),
        T(a_syn_that_nothing_proves_is_the_old_flows),
        T(old_bytes_prove_no_syn),
        T(a_refused_syn_sent_again_is_one_connection),
        T(syns_of_both_sides_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
