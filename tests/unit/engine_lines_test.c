/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of several workers come out in order of position. */
#include "unit/test.h"

#include <stdlib.h>

#include "engine/lines.h"

static void say(struct chunk *chunk, struct position position, const char *text)
{
    buf_string(chunk_begin(chunk, &position, 0), text);
    chunk_end(chunk);
}

static void collect(void *context, unsigned sink, struct view line, size_t mark, uint64_t left_out)
{
    struct buf *out = context;

    (void)sink;
    buf_add(out, view_slice(line, 0, left_out > 0 ? mark : line.len));
    if (left_out > 0) {
        buf_u64(out, left_out);
        buf_add(out, view_skip(line, mark));
    }
}

/* Two lines of one alert, as for two sinks. */
static void alert(struct chunk *chunk, uint64_t number, int64_t second, const char *text)
{
    const struct suppression suppression = {7, 10 * 1000000, second * 1000000, 0, 0, 1};
    const struct alert about = {.suppression = &suppression};
    const struct position position = {.number = number};

    for (unsigned sink = 0; sink < 2; sink++) {
        buf_string(chunk_begin(chunk, &position, sink), text);
        chunk_end_alert(chunk, &about, 1);
    }
}

static void positions_compare_member_by_member(void **state)
{
    (void)state;
    const struct position a = {1, 2, 3, 4, 5};
    struct position b = a;
    assert_int_equal(position_compare(&a, &b), 0);
    b.sequence = 6;
    assert_true(position_compare(&a, &b) < 0);
    b = (struct position){1, 1, 9, 9, 9};
    assert_true(position_compare(&a, &b) > 0);
    b = (struct position){UINT64_MAX, 0, 0, 0, 0};
    assert_true(position_compare(&a, &b) < 0);
}

static void chunks_merge_by_position(void **state)
{
    (void)state;
    struct chunk chunks[3];
    struct chunk *list[3];
    struct buf out;
    for (int i = 0; i < 3; i++) {
        chunk_init(&chunks[i]);
        list[i] = &chunks[i];
    }
    say(&chunks[1], (struct position){.number = 1, .order = 1}, "a");
    say(&chunks[0], (struct position){.number = 1, .order = 2}, "b");
    say(&chunks[0], (struct position){.number = 2, .order = 1, .sequence = 0}, "d");
    say(&chunks[0], (struct position){.number = 2, .order = 1, .sequence = 1}, "e");
    say(&chunks[1], (struct position){.number = 2, .order = 0, .start_number = 9}, "c");
    say(&chunks[1], (struct position){.number = UINT64_MAX}, "f");
    buf_init(&out, 100);
    chunks_write(list, 3, &(struct merge){.write = collect, .context = &out});
    assert_true(view_equal(buf_view(&out), VIEW("abcdef")));
    for (int i = 0; i < 3; i++)
        chunk_clear(&chunks[i]);
    buf_clear(&out);
}

static void suppression_across_workers_goes_by_position(void **state)
{
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct suppressor *suppressor = suppressor_new(&budget);
    uint64_t suppressed[1] = {0};
    struct chunk chunks[2];
    struct chunk *list[] = {&chunks[0], &chunks[1]};
    struct buf out;

    buf_init(&out, 100);
    chunk_init(&chunks[0]);
    chunk_init(&chunks[1]);
    alert(&chunks[1], 1, 0, "a)");
    alert(&chunks[0], 2, 4, "b)");
    alert(&chunks[1], 3, 9, "c)");
    alert(&chunks[0], 4, 10, "d)");
    alert(&chunks[0], 5, 12, "e)");
    chunks_write(list, 2, &(struct merge){collect, &out, suppressor, suppressed, NULL});
    assert_true(view_equal(buf_view(&out), VIEW("a)a)d2)d2)")));
    assert_int_equal(suppressed[0], 3);
    chunk_clear(&chunks[0]);
    chunk_clear(&chunks[1]);
    suppressor_free(suppressor);
    assert_int_equal(budget.used, 0);
    buf_clear(&out);
}

static void a_chunk_is_used_again_after_a_reset(void **state)
{
    (void)state;
    struct chunk chunk;
    struct chunk *list[] = {&chunk};
    struct buf out;
    chunk_init(&chunk);
    buf_init(&out, 100);
    say(&chunk, (struct position){.number = 1}, "old");
    chunk_reset(&chunk);
    say(&chunk, (struct position){.number = 1}, "new");
    chunks_write(list, 1, &(struct merge){.write = collect, .context = &out});
    assert_true(view_equal(buf_view(&out), VIEW("new")));
    chunk_clear(&chunk);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_compare_member_by_member),
        cmocka_unit_test(chunks_merge_by_position),
        cmocka_unit_test(suppression_across_workers_goes_by_position),
        cmocka_unit_test(a_chunk_is_used_again_after_a_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
