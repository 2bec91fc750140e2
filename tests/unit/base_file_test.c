/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files: plain, by gzip, cut, too large, and what is none. */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"

enum { SIZE = 200000 };

static char path[] = "/tmp/shrike-file-XXXXXX";
static uint8_t content[SIZE];

static int make_path(void **unused)
{
    (void)unused;
    int file = mkstemp(path);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 7 + i / 251);
    return file < 0 ? -1 : close(file);
}

static int remove_path(void **unused)
{
    (void)unused;
    return unlink(path);
}

static void put_plain(size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void put_gzip(size_t len)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, content, (unsigned)len), (int)len);
    assert_int_equal(gzclose(file), Z_OK);
}

static void assert_content(size_t len)
{
    struct buf bytes;
    const char *why = NULL;
    assert_int_equal(file_read(path, SIZE, &bytes, &why), 0);
    assert_int_equal(bytes.len, len);
    assert_true(len == 0 || memcmp(bytes.data, content, len) == 0);
    buf_clear(&bytes);
}

static void assert_fault(const char *name, size_t max, const char *expected)
{
    struct buf bytes;
    const char *why = NULL;
    assert_int_equal(file_read(name, max, &bytes, &why), -1);
    assert_string_equal(why, expected);
}

static void a_file_is_read_whole(void **unused)
{
    (void)unused;
    const size_t sizes[] = {0, 1, 2, 65535, 65536, 65537, SIZE};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put_plain(sizes[i]);
        assert_content(sizes[i]);
        put_gzip(sizes[i]);
        assert_content(sizes[i]);
    }
}

static void the_limit_is_of_what_comes_out(void **unused)
{
    (void)unused;
    put_plain(1001);
    assert_fault(path, 1000, "it is too large");
    memset(content, 0, SIZE);
    put_gzip(SIZE);
    assert_fault(path, SIZE - 1, "it is too large");
    assert_content(SIZE);
}

static void a_broken_gzip_stream_gives_nothing(void **unused)
{
    (void)unused;
    uint32_t noise = 1; /* that gzip cannot make small */
    for (size_t i = 0; i < SIZE; i++) {
        noise = noise * 1664525 + 1013904223;
        content[i] = (uint8_t)(noise >> 24);
    }
    put_gzip(SIZE);
    assert_int_equal(truncate(path, 3000), 0);
    assert_fault(path, SIZE, "its gzip stream is cut");
    put_gzip(SIZE);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 200, SEEK_SET), 0);
    for (size_t i = 0; i < 400; i++)
        fputc(0xff, file);
    assert_int_equal(fclose(file), 0);
    assert_fault(path, SIZE, "its gzip stream is damaged");
}

static void what_is_no_file_is_told(void **unused)
{
    (void)unused;
    assert_fault("/tmp", SIZE, "it is not a regular file");
    assert_fault("/nowhere/at/all", SIZE, "No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(the_limit_is_of_what_comes_out),
        cmocka_unit_test(a_broken_gzip_stream_gives_nothing),
        cmocka_unit_test(what_is_no_file_is_told),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
