/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks: who retains one keeps its bytes, nobody waits for nothing, and the pool may go first. */
#include "unit/test.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/block.h"

enum { BLOCK_BYTES = 4096 };

static void a_block_that_nobody_retains_is_taken_again(void **state)
{
    struct block_pool *pool = block_pool_new(BLOCK_BYTES);
    struct block *first = block_take(pool, 10);

    (void)state;
    assert_int_equal(first->capacity, BLOCK_BYTES);
    assert_false(block_is_shared(first));
    block_leave(first);
    struct block *second = block_take(pool, BLOCK_BYTES);
    assert_ptr_equal(first, second);
    struct block *large = block_take(pool, BLOCK_BYTES + 1);
    assert_int_equal(large->capacity, BLOCK_BYTES + 1);
    block_leave(large);
    block_leave(second);
    block_leave(NULL);
    block_pool_close(pool);
    block_pool_close(NULL);
}

static void a_retained_block_keeps_its_bytes(void **state)
{
    struct block_pool *pool = block_pool_new(BLOCK_BYTES);
    struct block *first = block_take(pool, 1);

    (void)state;
    memset(first->bytes, 'a', BLOCK_BYTES);
    block_retain(first);
    assert_true(block_is_shared(first));
    block_leave(first);
    struct block *second = block_take(pool, 1);
    assert_ptr_not_equal(first, second);
    memset(second->bytes, 'b', BLOCK_BYTES);
    assert_int_equal(first->bytes[BLOCK_BYTES - 1], 'a');
    block_leave(second);
    block_pool_close(pool); /* the reader has gone */
    assert_int_equal(first->bytes[0], 'a');
    block_release(first);
}

static void a_block_knows_its_bytes(void **state)
{
    struct block_pool *pool = block_pool_new(BLOCK_BYTES);
    struct block *block = block_take(pool, 1);
    uint8_t other = 0;

    (void)state;
    assert_true(block_holds(block, block->bytes, BLOCK_BYTES));
    assert_true(block_holds(block, block->bytes + BLOCK_BYTES, 0));
    assert_false(block_holds(block, block->bytes, BLOCK_BYTES + 1));
    assert_false(block_holds(block, block->bytes + 1, BLOCK_BYTES));
    assert_false(block_holds(block, &other, 1));
    assert_false(block_holds(block, NULL, 0));
    assert_false(block_holds(NULL, block->bytes, 1));
    block_leave(block);
    block_pool_close(pool);
}

static void *release_soon(void *block)
{
    usleep(20000);
    block_release(block);
    return NULL;
}

static void a_reader_waits_when_too_much_is_retained(void **state)
{
    struct block_pool *pool = block_pool_new(BLOCK_BYTES);
    struct block *large = block_take(pool, POOL_LENT_MAX);
    pthread_t thread;

    (void)state;
    block_retain(large);
    block_leave(large);
    assert_int_equal(pthread_create(&thread, NULL, release_soon, large), 0);
    struct block *next = block_take(pool, 1); /* returns when the other has released */
    pthread_join(thread, NULL);
    block_leave(next);
    block_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_that_nobody_retains_is_taken_again),
        cmocka_unit_test(a_retained_block_keeps_its_bytes),
        cmocka_unit_test(a_block_knows_its_bytes),
        cmocka_unit_test(a_reader_waits_when_too_much_is_retained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
