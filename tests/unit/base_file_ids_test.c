/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of files that were met. */
#include "unit/test.h"

#include "base/file_ids.h"

static bool add(struct file_ids *ids, dev_t device, ino_t inode)
{
    struct stat status = {0};
    status.st_dev = device;
    status.st_ino = inode;
    return file_ids_add(ids, &status);
}

static void a_file_is_new_once(void **unused)
{
    (void)unused;
    struct file_ids ids = {0};
    assert_true(add(&ids, 1, 7));
    assert_true(add(&ids, 2, 7)); /* of another disk */
    assert_true(add(&ids, 1, 0));
    assert_true(add(&ids, 0, 0));
    assert_false(add(&ids, 1, 7));
    assert_false(add(&ids, 0, 0));
    file_ids_clear(&ids);
    assert_true(add(&ids, 1, 7));
    file_ids_clear(&ids);
}

static void the_set_grows(void **unused)
{
    (void)unused;
    struct file_ids ids = {0};
    for (ino_t i = 0; i < 10000; i++)
        assert_true(add(&ids, i % 3, i * 8));
    for (ino_t i = 0; i < 10000; i++)
        assert_false(add(&ids, i % 3, i * 8));
    assert_int_equal(ids.count, 10000);
    file_ids_clear(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_new_once),
        cmocka_unit_test(the_set_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
