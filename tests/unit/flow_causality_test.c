/* SPDX-License-Identifier: BSD-3-Clause */
/* Causes: what a segment acknowledges was read before it was sent, so consumers see it before. */
#include "unit/test.h"

#include "unit/tcp_recorder.h"

static struct recorder *conversation(bool has_handshake)
{
    const struct tcp_options options = {.policy = OVERLAP_LINUX};
    struct recorder *r = recorder_new(&options, false);
    if (has_handshake)
        recorder_handshake(r);
    return r;
}

static int set_up(void **state)
{
    *state = conversation(true);
    return 0;
}

static int set_up_midstream(void **state)
{
    *state = conversation(false);
    return 0;
}

static int tear_down(void **state)
{
    recorder_free(*state);
    return 0;
}

static void up(struct recorder *r, uint32_t seq, uint32_t ack, const char *text)
{
    recorder_send(r, TO_SERVER, TCP_ACK, seq, ack, text);
}

static void down(struct recorder *r, uint32_t seq, uint32_t ack, const char *text)
{
    recorder_send(r, TO_CLIENT, TCP_ACK, seq, ack, text);
}

#define assert_story(r, expected)                                                                  \
    do {                                                                                           \
        (r)->story[(r)->story_len] = 0;                                                            \
        assert_string_equal((r)->story, expected);                                                 \
    } while (0)

static void an_answer_waits_for_what_it_answers(void **state)
{
    struct recorder *r = *state;

    down(r, 1, 5, "bbb"); /* captured before "aaaa" */
    assert_story(r, "");
    down(r, 4, 5, "BBB");
    assert_story(r, "");
    up(r, 1, 1, "aaaa");
    assert_story(r, ">aaaa<bbb<BBB");
    assert_int_equal(r->gaps[TO_SERVER] + r->gaps[TO_CLIENT], 0);
}

static void a_lost_request_is_a_gap_before_its_answer_when_a_later_one_shows_it(void **state)
{
    struct recorder *r = *state;

    up(r, 1, 1, "aaaa");
    down(r, 1, 5, "bb");
    /* "cccc" was lost */
    down(r, 3, 9, "dd");
    up(r, 9, 5, "eeee");
    down(r, 5, 13, "ff");
    for (uint32_t i = 0; i < 12; i++)
        up(r, 13, 7, "");
    assert_story(r, ">aaaa<bb>#4<dd>eeee<ff");
}

static void a_lost_answer_is_a_gap_before_the_next_request(void **state)
{
    struct recorder *r = *state;

    up(r, 1, 1, "aaaa");
    /* "bb" was lost */
    up(r, 5, 3, "cccc");
    down(r, 3, 9, "dd");
    up(r, 9, 5, "eeee");
    down(r, 5, 13, "ff");
    for (uint32_t i = 0; i < 12; i++)
        up(r, 13, 7, "");
    assert_story(r, ">aaaa<#2>cccc<dd>eeee<ff");
}

static void an_answer_goes_alone_when_its_request_does_not_come(void **state)
{
    struct recorder *r = *state;

    down(r, 1, 5, "bb");
    for (uint32_t i = 0; i < 12; i++)
        up(r, 5, 3, "");
    assert_story(r, "<bb");
    down(r, 3, 5, "BB"); /* for the same request: it is not held again */
    assert_story(r, "<bb<BB");
    assert_int_equal(r->gaps[TO_SERVER], 0);
    up(r, 1, 1, "aaaa"); /* nothing was given up */
    assert_story(r, "<bb<BB>aaaa");
}

static void at_the_flows_end_causes_still_come_first(void **state)
{
    struct recorder *r = *state;

    up(r, 5, 3, "cc"); /* "aaaa" and "bb" were lost */
    down(r, 3, 7, "dd");
    up(r, 7, 5, "ee");
    recorder_finish(r);
    assert_story(r, ">#4<#2>cc<dd>ee");
}

static void one_side_alone_is_held_to_a_bound(void **state)
{
    struct recorder *r = *state;

    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    for (uint32_t i = 0; i < 100; i++)
        down(r, 1 + 2 * i, 1 + 10 * i, "xy"); /* but for its SYN the client was never captured */
    assert_int_equal(r->len[TO_CLIENT], 2 * 100);
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

/* The server's tap is ahead by more than a round trip: its answers come before any word of the client. */
static void a_tap_that_is_early_from_the_start_leaves_no_trace(void **state)
{
    struct recorder *r = *state;

    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    for (uint32_t i = 0; i < 12; i++)
        down(r, 1 + i, 5, "b");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "");
    up(r, 1, 1, "aaaa");
    down(r, 13, 9, "dd");
    up(r, 5, 13, "cccc");
    assert_story(r, ">aaaa<b<b<b<b<b<b<b<b<b<b<b<b>cccc<dd");
}

/* A sender can make them as it likes: only the receiver's word, or the end, makes them true. */
static void who_falls_silent_is_waited_for(void **state)
{
    struct recorder *r = *state;

    for (uint32_t i = 0; i < 40; i++)
        down(r, 1 + 2 * i, 5 + 10 * i, "xy");
    assert_int_equal(r->len[TO_CLIENT], 0);
    recorder_finish(r);
    assert_int_equal(r->len[TO_CLIENT], 2 * 40);
}

static void an_acknowledgement_from_nowhere_delays_but_hides_nothing(void **state)
{
    struct recorder *r = *state;

    up(r, 1, 900000, "aa"); /* the server drops it: it never sent that much */
    up(r, 1, 1, "AA");
    assert_bytes(r, TO_SERVER, "AA");
    for (uint32_t i = 0; i < 12; i++)
        down(r, 1 + i, 3, "b");
    assert_bytes(r, TO_CLIENT, "bbbbbbbbbbbb");
    assert_int_equal(r->len[TO_SERVER], 2);
    assert_int_equal(r->gaps[TO_CLIENT], 0);
}

static void a_keep_alive_first_leaves_no_gap(void **state)
{
    struct recorder *r = *state;

    recorder_send(r, TO_SERVER, TCP_ACK, 100, 50, ""); /* the number of its last byte */
    recorder_send(r, TO_CLIENT, TCP_ACK, 50, 101, "");
    up(r, 101, 50, "aa");
    down(r, 50, 103, "bb");
    assert_story(r, ">aa<bb");
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

static void a_keep_alive_without_answer_leaves_no_gap(void **state)
{
    struct recorder *r = *state;

    recorder_send(r, TO_SERVER, TCP_ACK, 100, 50, "");
    up(r, 101, 50, "aa");
    assert_story(r, ">aa");
    assert_int_equal(r->gaps[TO_SERVER], 0);
}

/* A conversation of requests and answers, its packets out of order by a few: what is handed on is as if they
 * were not. */
static void disorder_of_a_few_packets_leaves_no_trace(void **state)
{
    enum { TURNS = 20, WINDOW = 4 };
    char expected[TURNS * 2 * 4 + 1];
    uint64_t random = 7;
    (void)state;

    for (int round = 0; round < 200; round++) {
        struct recorder *r = conversation(true);
        struct packet packets[TURNS * 2];
        char texts[TURNS * 2][4];
        expected[0] = 0;
        for (uint32_t i = 0; i < TURNS * 2; i++) {
            bool is_up = i % 2 == 0;
            uint32_t up_sent = 1 + 3 * ((i + 1) / 2), down_sent = 1 + 3 * (i / 2);
            snprintf(texts[i], sizeof(texts[i]), "%c%02u", is_up ? 'q' : 'a', i);
            packets[i] = recorder_packet(r, is_up ? TO_SERVER : TO_CLIENT, TCP_ACK,
                                         is_up ? up_sent : down_sent, is_up ? down_sent : up_sent,
                                         texts[i], 3);
            strcat(strcat(expected, is_up ? ">" : "<"), texts[i]);
        }
        for (size_t i = 0; i + WINDOW <= TURNS * 2; i += WINDOW) {
            for (size_t k = WINDOW - 1; k > 0; k--) {
                size_t other = random_below(&random, (uint32_t)k + 1);
                struct packet swap = packets[i + k];
                packets[i + k] = packets[i + other];
                packets[i + other] = swap;
            }
        }
        for (size_t i = 0; i < TURNS * 2; i++)
            recorder_give(r, &packets[i]);
        assert_story(r, expected);
        recorder_free(r);
    }
}

#define T(name)         cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define MIDSTREAM(name) cmocka_unit_test_setup_teardown(name, set_up_midstream, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_answer_waits_for_what_it_answers),
        T(a_lost_request_is_a_gap_before_its_answer_when_a_later_one_shows_it),
        T(a_lost_answer_is_a_gap_before_the_next_request),
        T(an_answer_goes_alone_when_its_request_does_not_come),
        T(at_the_flows_end_causes_still_come_first),
        MIDSTREAM(one_side_alone_is_held_to_a_bound),
        T(a_tap_that_is_early_from_the_start_leaves_no_trace),
        T(who_falls_silent_is_waited_for),
        T(an_acknowledgement_from_nowhere_delays_but_hides_nothing),
        MIDSTREAM(a_keep_alive_first_leaves_no_gap),
        MIDSTREAM(a_keep_alive_without_answer_leaves_no_gap),
        cmocka_unit_test(disorder_of_a_few_packets_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
