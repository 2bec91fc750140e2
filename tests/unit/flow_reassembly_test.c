/* SPDX-License-Identifier: BSD-3-Clause */
/* Reassembly: every byte once and in order, gaps where they must be, overlaps by policy. */
#include "unit/test.h"

#include "flow/tcp_flow.h"
#include "unit/tcp_recorder.h"

static struct recorder *established(enum overlap_policy policy)
{
    const struct tcp_options options = {.policy = policy};
    struct recorder *r = recorder_new(&options, false);
    recorder_handshake(r);
    return r;
}

static int set_up(void **state)
{
    *state = established(OVERLAP_LINUX);
    return 0;
}

static int tear_down(void **state)
{
    recorder_free(*state);
    return 0;
}

static void up(struct recorder *r, uint32_t seq, const char *text)
{
    recorder_send(r, TO_SERVER, TCP_ACK, seq, 1, text);
}

static void ack(struct recorder *r, uint32_t number)
{
    recorder_send(r, TO_CLIENT, TCP_ACK, 1, number, "");
}

/* ---- order ---- */

static void bytes_in_order_are_not_copied(void **state)
{
    struct recorder *r = *state;
    size_t used = r->budget.used;
    up(r, 1, "abc");
    up(r, 4, "def");
    assert_bytes(r, TO_SERVER, "abcdef");
    assert_int_equal(r->budget.used, used);
    assert_int_equal(r->calls[TO_SERVER], 2);
}

static void disorder_waits_and_is_freed(void **state)
{
    struct recorder *r = *state;
    size_t used = r->budget.used;
    up(r, 7, "ghi");
    up(r, 4, "def");
    up(r, 10, "jkl");
    assert_true(r->budget.used > used);
    assert_bytes(r, TO_SERVER, "");
    up(r, 1, "abc");
    assert_bytes(r, TO_SERVER, "abcdefghijkl");
    assert_null(r->flow->tcp->side[TO_SERVER].waiting);
    assert_int_equal(tcp_stats(r->tcp)->segments_out_of_order, 3);
    assert_int_equal(tcp_stats(r->tcp)->segments_waiting_peak, 3);
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

static void retransmissions_are_trimmed(void **state)
{
    struct recorder *r = *state;
    up(r, 1, "abcdef");
    up(r, 1, "abc");
    up(r, 4, "XXXghi"); /* delivered bytes never change */
    up(r, 9, "i");      /* a keep-alive */
    up(r, 9, "");
    up(r, 10, "j"); /* a window probe */
    up(r, 10, "jk");
    assert_bytes(r, TO_SERVER, "abcdefghijk");
    assert_int_equal(tcp_stats(r->tcp)->segments_retransmitted, 4);
}

static void sequence_numbers_wrap(void **state)
{
    struct recorder *r = *state;
    struct packet syn = test_packet(IP_TCP, 9, 1, 8, 2), segment = syn;
    syn.tcp_flags = TCP_SYN;
    syn.seq = UINT32_MAX - 2;
    recorder_give(r, &syn);
    segment.tcp_flags = TCP_ACK;
    segment.payload = (const uint8_t *)"cdef";
    segment.payload_len = 4;
    segment.seq = 0;
    recorder_give(r, &segment);
    segment.payload = (const uint8_t *)"abc";
    segment.payload_len = 3;
    segment.seq = UINT32_MAX - 1;
    recorder_give(r, &segment);
    assert_bytes(r, TO_SERVER, "abcdef");
}

static void bytes_from_beyond_any_window_are_dropped(void **state)
{
    struct recorder *r = *state;
    up(r, 0x50000000, "far");
    assert_true(has_anomaly(r, ANOMALY_STREAM_EST_PACKET_OUT_OF_WINDOW));
    assert_null(r->flow->tcp->side[TO_SERVER].waiting);
}

/* ---- gaps ---- */

static void a_gap_is_given_up_some_packets_after_its_acknowledgement(void **state)
{
    struct recorder *r = *state;
    up(r, 1, "abc");
    up(r, 7, "ghi");
    ack(r, 4);
    for (int i = 0; i < 20; i++)
        ack(r, 4); /* duplicates: the receiver misses it too */
    assert_bytes(r, TO_SERVER, "abc");
    ack(r, 10);
    assert_bytes(r, TO_SERVER, "abc");
    for (int i = 0; i < 8; i++)
        ack(r, 10);
    assert_bytes(r, TO_SERVER, "abcghi");
    assert_int_equal(r->gaps[TO_SERVER], 1);
    assert_int_equal(r->missing[TO_SERVER], 3);
    assert_true(has_anomaly(r, ANOMALY_STREAM_REASSEMBLY_SEQ_GAP));
    assert_int_equal(r->flow->side[TO_SERVER].payload, 9);
}

static void an_acknowledgement_captured_too_early_makes_no_gap(void **state)
{
    struct recorder *r = *state;
    up(r, 4, "def");
    ack(r, 7);
    ack(r, 7);
    up(r, 1, "abc");
    assert_bytes(r, TO_SERVER, "abcdef");
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

static void a_one_sided_capture_goes_on_after_a_loss(void **state)
{
    (void)state;
    const struct tcp_options options = {.policy = OVERLAP_LINUX};
    struct recorder *r = recorder_new(&options, false);
    char text[1001];

    memset(text, 'x', 1000);
    text[1000] = 0;
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    up(r, 1, "abc");
    for (uint32_t i = 0; i < 64; i++)
        up(r, 10 + 1000 * i, text);
    assert_int_equal(r->len[TO_SERVER], 3);
    up(r, 64010, text);
    up(r, 65010, text);
    assert_int_equal(r->len[TO_SERVER], 3 + 66000);
    assert_int_equal(r->missing[TO_SERVER], 6);
    recorder_free(r);
}

/* Packets that no host answers are free of charge: they prove nothing about the capture. */
static void silence_alone_gives_no_gap_up(void **state)
{
    struct recorder *r = *state;

    for (uint32_t i = 0; i < 2000; i++)
        up(r, 1, "");
    for (uint32_t i = 0; i < 200; i++)
        up(r, 40 + 2 * i, "zz");
    assert_int_equal(r->gaps[TO_SERVER], 0);
    up(r, 1, "the truth");
    assert_bytes(r, TO_SERVER, "the truth");
}

static void the_flows_end_hands_out_what_waits(void **state)
{
    struct recorder *r = *state;
    up(r, 4, "def");
    up(r, 10, "jkl");
    ack(r, 20);
    recorder_finish(r);
    assert_bytes(r, TO_SERVER, "defjkl");
    assert_int_equal(r->gaps[TO_SERVER], 3);
    assert_int_equal(r->missing[TO_SERVER], 3 + 3 + 7);
}

static void an_acknowledged_fin_that_was_missed_is_no_gap(void **state)
{
    struct recorder *r = *state;
    up(r, 1, "abc");
    ack(r, 5);
    recorder_finish(r);
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

static void bytes_cut_by_the_snap_length_are_a_gap(void **state)
{
    struct recorder *r = *state;
    struct packet packet = recorder_packet(r, TO_SERVER, TCP_ACK, 1, 1, "abc", 3);
    packet.flags |= PACKET_CUT;
    packet.cut = 5;
    recorder_give(r, &packet);
    up(r, 9, "ijk");
    assert_bytes(r, TO_SERVER, "abcijk");
    assert_int_equal(r->missing[TO_SERVER], 5);
    recorder_give(r, &packet); /* again: nothing new */
    assert_int_equal(r->missing[TO_SERVER], 5);
}

/* ---- bounds ---- */

static void at_the_bound_an_answering_receiver_keeps_the_gap_open(void **state)
{
    struct recorder *r = *state;
    char text[2] = "a";

    ack(r, 1);
    for (uint32_t i = 0; i < 5000; i++) {
        up(r, 3 + 2 * i, text);
        if (i % 100 == 0)
            ack(r, 1);
    }
    assert_int_equal(r->len[TO_SERVER], 0);
    assert_int_equal(tcp_stats(r->tcp)->dropped_segments, 5000 - 4096);
    assert_true(has_anomaly(r, ANOMALY_STREAM_REASSEMBLY_INSERT_LIMIT));
    up(r, 1, "bb");
    assert_bytes(r, TO_SERVER, "bba");
}

static void waiting_bytes_have_a_bound(void **state)
{
    struct recorder *r = *state;
    static char text[60001];

    memset(text, 'x', 60000);
    for (uint32_t i = 0; i < 100; i++) {
        up(r, 2 + 60000 * i, text);
        ack(r, 1);
    }
    assert_true(r->budget.used < 1200 * 1024);
    assert_int_equal(tcp_stats(r->tcp)->dropped_segments, 100 - 1024 * 1024 / 60000);
}

/* Each segment wins all but one byte of the one before it. */
static void what_lost_is_given_back(void **state)
{
    struct recorder *r = *state;
    static char text[60001];

    memset(text, 'x', 60000);
    for (uint32_t i = 0; i < 500; i++)
        up(r, 100000 - i, text);
    assert_true(r->budget.used < 256 * 1024);
    assert_int_equal(tcp_stats(r->tcp)->dropped_segments, 0);
}

static void a_spent_budget_drops_and_counts(void **state)
{
    struct recorder *r = *state;
    r->budget.limit = r->budget.used + 1;
    ack(r, 1);
    up(r, 4, "def");
    assert_true(has_anomaly(r, ANOMALY_STREAM_REASSEMBLY_INSERT_MEMCAP));
    up(r, 1, "abc");
    up(r, 4, "def");
    assert_bytes(r, TO_SERVER, "abcdef");
}

static void without_memory_for_an_overlap_the_first_bytes_stay(void **state)
{
    struct recorder *r = *state;
    up(r, 4, "def");
    up(r, 9, "ij");
    r->budget.limit = r->budget.used;
    up(r, 1, "ABCDEFGHIJKL");
    assert_bytes(r, TO_SERVER, "ABCdefGHijKL");
}

/* ---- nobody reads ---- */

static void an_ignored_direction_is_only_counted(void **state)
{
    struct recorder *r = *state;
    up(r, 4, "def");
    tcp_ignore(r->tcp, r->flow, TO_SERVER);
    assert_null(r->flow->tcp->side[TO_SERVER].waiting);
    up(r, 1, "abc");
    up(r, 100, "x");
    up(r, 4, "def");
    recorder_send(r, TO_SERVER, TCP_ACK | TCP_FIN, 101, 1, "");
    ack(r, 102);
    assert_int_equal(r->len[TO_SERVER], 0);
    assert_int_equal(r->flow->side[TO_SERVER].payload, 100);
    assert_int_equal(r->ends[TO_SERVER], 1);
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

static void the_sink_may_ignore_while_it_is_called(void **state)
{
    struct recorder *r = *state;
    r->ignore_at_first = true;
    up(r, 4, "def");
    up(r, 8, "hij");
    up(r, 1, "abc");
    assert_bytes(r, TO_SERVER, "abc");
    assert_null(r->flow->tcp->side[TO_SERVER].waiting);
}

/* ---- overlaps ---- */

struct overlap_case {
    const char *title;
    uint32_t first_at, second_at;
    const char *first, *second;
    const char *read[4]; /* by enum overlap_policy: linux, first, last, windows */
};

static const struct overlap_case overlap_cases[] = {
    {"starts before, ends inside", 4, 2, "FFFF", "ssss", {"ssssFF", "ssFFFF", "ssssFF", "ssssFF"}},
    {"starts before, covers", 4, 2, "FF", "ssssss", {"ssssss", "ssFFss", "ssssss", "ssssss"}},
    {"same start, ends inside", 2, 2, "FFFF", "ss", {"FFFF", "FFFF", "ssFF", "FFFF"}},
    {"the same", 2, 2, "FFFF", "ssss", {"FFFF", "FFFF", "ssss", "FFFF"}},
    {"same start, ends after", 2, 2, "FF", "ssss", {"ssss", "FFss", "ssss", "FFss"}},
    {"inside", 2, 3, "FFFF", "ss", {"FFFF", "FFFF", "FssF", "FFFF"}},
    {"starts inside, same end", 2, 4, "FFFF", "ss", {"FFFF", "FFFF", "FFss", "FFFF"}},
    {"starts inside, ends after", 2, 4, "FFFF", "ssss", {"FFFFss", "FFFFss", "FFssss", "FFFFss"}},
};

static void policies_choose_as_their_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(overlap_cases) / sizeof(overlap_cases[0]); i++) {
        const struct overlap_case *c = &overlap_cases[i];
        for (enum overlap_policy policy = OVERLAP_LINUX; policy <= OVERLAP_WINDOWS; policy++) {
            struct recorder *r = established(policy);
            char expected[16] = "-";
            up(r, c->first_at, c->first);
            up(r, c->second_at, c->second);
            up(r, 1, "-");
            strncat(expected, c->read[policy], sizeof(expected) - 2);
            if (r->len[TO_SERVER] != strlen(expected) ||
                memcmp(r->bytes[TO_SERVER], expected, strlen(expected)) != 0)
                fail_msg("%s, policy %d: %.*s", c->title, (int)policy, (int)r->len[TO_SERVER],
                         (const char *)r->bytes[TO_SERVER]);
            assert_true(has_anomaly(r, ANOMALY_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
            assert_int_equal(tcp_stats(r->tcp)->overlaps_different, 1);
            recorder_free(r);
        }
    }
}

/* As tcp_data_queue_ofo() does; the first two as Linux 6.18 was seen to do. */
static void linux_compares_runs_of_segments(void **state)
{
    (void)state;
    static const struct {
        uint32_t at[4];
        const char *text[4], *read;
    } cases[] = {
        {{4, 13, 4}, {"BBBBBBBBB", "CCCCCCCCCCCC", "AAAAAAAAAAAAA"}, "BBBBBBBBBCCCCCCCCCCCC"},
        {{6, 4, 7}, {"BBBB", "CC", "AA"}, "CCBBBB"}, /* its place is taken: no run */
        {{4, 6, 8, 4}, {"aa", "bb", "cc", "DDDD"}, "aabbcc"},
        {{4, 6, 8, 4}, {"aa", "bb", "cc", "DDDDDDD"}, "DDDDDDD"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct recorder *r = established(OVERLAP_LINUX);
        char expected[40] = "---";
        for (size_t k = 0; k < 4 && cases[i].text[k] != NULL; k++)
            up(r, cases[i].at[k], cases[i].text[k]);
        up(r, 1, "---");
        assert_bytes(r, TO_SERVER, strcat(expected, cases[i].read));
        recorder_free(r);
    }
}

static void an_in_order_segment_competes_with_what_waits(void **state)
{
    (void)state;
    const char *const read[] = {"sssss", "ssFFs", "sssss", "sssss"};
    for (enum overlap_policy policy = OVERLAP_LINUX; policy <= OVERLAP_WINDOWS; policy++) {
        struct recorder *r = established(policy);
        up(r, 3, "FF");
        up(r, 1, "sssss");
        assert_bytes(r, TO_SERVER, read[policy]);
        recorder_free(r);
    }
}

static void equal_overlaps_are_no_anomaly(void **state)
{
    struct recorder *r = *state;
    up(r, 4, "def");
    up(r, 3, "cdefg");
    up(r, 4, "def");
    up(r, 1, "abcdefg");
    assert_bytes(r, TO_SERVER, "abcdefg");
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(tcp_stats(r->tcp)->overlaps, 3);
}

/* ---- any order, any cut ---- */

struct cut {
    uint32_t from, to;
};

/* Segments that cover [0, len), some twice and with ragged edges, in any order within `window`. */
static size_t make_cuts(struct cut *cuts, size_t max, uint32_t len, uint64_t *state)
{
    size_t count = 0;
    for (uint32_t at = 0; at < len;) {
        uint32_t size = 1 + random_below(state, random_below(state, 4) ? 40 : 600);
        uint32_t to = at + size < len ? at + size : len;
        uint32_t early = random_below(state, 3) ? 0 : random_below(state, at < 300 ? at + 1 : 300);
        assert_true(count + 2 < max);
        cuts[count++] = (struct cut){at - early, to};
        if (random_below(state, 5) == 0)
            cuts[count++] = (struct cut){at, to};
        at = to;
    }
    for (size_t i = 0; i < count; i++) {
        size_t other = i + random_below(state, 60);
        if (other < count) {
            struct cut swap = cuts[i];
            cuts[i] = cuts[other];
            cuts[other] = swap;
        }
    }
    return count;
}

static void same_bytes_in_any_order_are_read_once(void **state)
{
    (void)state;
    enum { LEN = 20000, CUTS = 50000 };
    static uint8_t text[LEN];
    struct cut *cuts = memory_new(CUTS, sizeof(*cuts));

    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct recorder *r = established((enum overlap_policy)(seed % 4));
        uint64_t random = seed;
        for (size_t i = 0; i < LEN; i++)
            text[i] = (uint8_t)random_below(&random, 256);
        size_t count = make_cuts(cuts, CUTS, LEN, &random);
        for (size_t i = 0; i < count; i++) {
            uint32_t from = cuts[i].from;
            struct packet packet =
                recorder_packet(r, TO_SERVER, TCP_ACK, 1 + from, 1, text + from, cuts[i].to - from);
            recorder_give(r, &packet);
            if (random_below(&random, 4) == 0) /* acknowledgements of what was received, at most */
                ack(r, (uint32_t)(1 + r->len[TO_SERVER]));
        }
        assert_int_equal(r->len[TO_SERVER], LEN);
        assert_memory_equal(r->bytes[TO_SERVER], text, LEN);
        assert_int_equal(r->gaps[TO_SERVER], 0);
        assert_int_equal(r->anomaly_count, 0);
        recorder_free(r);
    }
    memory_free(cuts);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(bytes_in_order_are_not_copied),
        T(disorder_waits_and_is_freed),
        T(retransmissions_are_trimmed),
        T(sequence_numbers_wrap),
        T(bytes_from_beyond_any_window_are_dropped),
        T(a_gap_is_given_up_some_packets_after_its_acknowledgement),
        T(an_acknowledgement_captured_too_early_makes_no_gap),
        cmocka_unit_test(a_one_sided_capture_goes_on_after_a_loss),
        T(silence_alone_gives_no_gap_up),
        T(the_flows_end_hands_out_what_waits),
        T(an_acknowledged_fin_that_was_missed_is_no_gap),
        T(bytes_cut_by_the_snap_length_are_a_gap),
        T(at_the_bound_an_answering_receiver_keeps_the_gap_open),
        T(waiting_bytes_have_a_bound),
        T(what_lost_is_given_back),
        T(a_spent_budget_drops_and_counts),
        T(without_memory_for_an_overlap_the_first_bytes_stay),
        T(an_ignored_direction_is_only_counted),
        T(the_sink_may_ignore_while_it_is_called),
        cmocka_unit_test(policies_choose_as_their_table_says),
        cmocka_unit_test(an_in_order_segment_competes_with_what_waits),
        cmocka_unit_test(linux_compares_runs_of_segments),
        T(equal_overlaps_are_no_anomaly),
        cmocka_unit_test(same_bytes_in_any_order_are_read_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
