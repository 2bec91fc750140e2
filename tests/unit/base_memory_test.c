/* SPDX-License-Identifier: BSD-3-Clause */
/* Arena, budget, pool, buf, hash, diagnostics. */
#include "unit/test.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"

static void an_arena_hands_out_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        uint8_t *memory = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    assert_string_equal(arena_format(arena, "%d-%s", 7, "x"), "7-x");
    assert_string_equal((const char *)arena_copy(arena, VIEW("abc")).data, "abc");
    arena_free(arena);
}

static void a_budget_refuses_what_exceeds_it_and_counts(void **state)
{
    (void)state;
    struct budget budget = {.limit = 100};
    void *first = budget_alloc(&budget, 60);
    assert_non_null(first);
    assert_null(budget_alloc(&budget, 41));
    assert_int_equal(budget.refused, 1);
    assert_null(budget_resize(&budget, first, 60, 101));
    first = budget_resize(&budget, first, 60, 100);
    assert_non_null(first);
    assert_int_equal(budget.used, 100);
    first = budget_resize(&budget, first, 100, 10);
    assert_int_equal(budget.used, 10);
    budget_free(&budget, first, 10);
    assert_int_equal(budget.used, 0);
    assert_int_equal(budget.peak, 100);
}

static void a_pool_recycles_and_stops_at_its_budget(void **state)
{
    (void)state;
    struct budget budget = {.limit = 200 * 1024};
    struct pool pool;
    pool_init(&pool, &budget, 1000);
    void *objects[1000];
    size_t count = 0;
    while (count < 1000 && (objects[count] = pool_get(&pool)) != NULL)
        memset(objects[count++], 1, 1000);
    assert_true(count > 100 && count < 205);
    assert_int_equal(pool.live, count);
    void *last = objects[count - 1];
    pool_put(&pool, last);
    assert_ptr_equal(pool_get(&pool), last);
    pool_clear(&pool);
    assert_int_equal(budget.used, 0);
}

static void a_buf_stops_at_its_maximum(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 300);
    for (int i = 0; i < 299; i++)
        buf_byte(&buf, 'a');
    buf_text(&buf, "bc");
    assert_true(buf.is_full);
    assert_int_equal(buf.len, 299);
    buf_reset(&buf);
    buf_u64(&buf, UINT64_MAX);
    buf_i64(&buf, INT64_MIN);
    assert_true(view_equal(buf_view(&buf), VIEW("18446744073709551615-9223372036854775808")));
    buf_reset(&buf);
    buf_base64(&buf, VIEW("a"));
    buf_base64(&buf, VIEW("ab"));
    buf_base64(&buf, VIEW("abc"));
    assert_true(view_equal(buf_view(&buf), VIEW("YQ==YWI=YWJj")));
    buf_clear(&buf);
}

/* Vectors made with the reference code's key 00..0f for SipHash-1-3, as in the Rust core library's tests. */
static void siphash_equals_the_published_vectors(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        UINT64_C(0xabac0158050fc4dc), UINT64_C(0xc9f49bf37d57ca93), UINT64_C(0x82cb9b024dc7d44d),
        UINT64_C(0x8bf80ab8e7ddf7fb), UINT64_C(0xcf75576088d38328), UINT64_C(0xdef9d52f49533b67),
        UINT64_C(0xc50d2b50c59f22a7), UINT64_C(0xd3927d989bb11140), UINT64_C(0x369095118d299a8e),
    };
    const struct hash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t input[9];
    for (uint8_t i = 0; i < sizeof(input); i++) {
        input[i] = i;
        assert_true(hash_keyed(key, input, i) == expected[i]);
    }
}

static void diagnostics_are_sorted_by_place_and_keep_their_text(void **state)
{
    (void)state;
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    for (unsigned i = 0; i < 20; i++) {
        struct place place = {"b.yml", 20 - i, 1};
        diagnostics_add(&diagnostics, i % 2 ? SEVERITY_WARNING : SEVERITY_ERROR, "x", place, NULL,
                        "number %u", i);
    }
    struct place first = {"a.yml", 99, 3};
    diagnostics_add(&diagnostics, SEVERITY_NOTE, "y", first, "do this", "that");
    diagnostics_sort(&diagnostics);
    assert_int_equal(diagnostics.count, 21);
    assert_int_equal(diagnostics.errors, 10);
    assert_int_equal(diagnostics.warnings, 10);
    assert_string_equal(diagnostics.items[0].text, "that");
    assert_string_equal(diagnostics.items[1].text, "number 19");
    assert_int_equal(diagnostics.items[20].line, 20);
    diagnostics_clear(&diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_hands_out_zeroed_aligned_memory),
        cmocka_unit_test(a_budget_refuses_what_exceeds_it_and_counts),
        cmocka_unit_test(a_pool_recycles_and_stops_at_its_budget),
        cmocka_unit_test(a_buf_stops_at_its_maximum),
        cmocka_unit_test(siphash_equals_the_published_vectors),
        cmocka_unit_test(diagnostics_are_sorted_by_place_and_keep_their_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
