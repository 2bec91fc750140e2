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

static void collect(void *context, unsigned sink, struct view line)
{
    (void)sink;
    buf_add(context, line);
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
    chunks_write(list, 3, collect, &out);
    assert_true(view_equal(buf_view(&out), VIEW("abcdef")));
    for (int i = 0; i < 3; i++)
        chunk_clear(&chunks[i]);
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
    chunks_write(list, 1, collect, &out);
    assert_true(view_equal(buf_view(&out), VIEW("new")));
    chunk_clear(&chunk);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_compare_member_by_member),
        cmocka_unit_test(chunks_merge_by_position),
        cmocka_unit_test(a_chunk_is_used_again_after_a_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
