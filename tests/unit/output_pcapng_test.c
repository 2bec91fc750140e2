/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng writer: what is written, read back by our own reader, and when the file stands. */
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/capture.h"
#include "output/pcapng_writer.h"

static char folder[] = "/tmp/shrike-pcapng-XXXXXX";
static char path[64], other[64];

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/out.pcapng", folder);
    snprintf(other, sizeof(other), "%s/link", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(other);
    return rmdir(folder); /* fails when anything was left behind */
}

static void write_frames(const char *name, const struct frame *frames, size_t count,
                         const char *comments)
{
    struct pcapng_writer writer;
    struct error error;
    assert_int_equal(pcapng_open(&writer, name, &error), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pcapng_packet(&writer, &frames[i], view_from_string(comments), &error), 0);
    assert_int_equal(pcapng_close(&writer, &error), 0);
}

static size_t read_frames(struct frame *frames, size_t max)
{
    const struct capture_options options = {0};
    const char *const paths[] = {path};
    struct error error;
    size_t count = 0;
    struct capture *capture = capture_open_files(paths, 1, &options, &error);
    assert_non_null(capture);
    assert_int_equal(capture_next(capture, frames, max, &count, &error), CAPTURE_FRAMES);
    capture_close(capture);
    return count;
}

static const uint8_t BYTES[PCAPNG_FRAME_MAX + 100];

static struct frame frame_at(int64_t time_us, uint16_t time_ns)
{
    return (struct frame){.data = BYTES,
                          .len = 60,
                          .wire_len = 1500,
                          .time_us = time_us,
                          .time_ns = time_ns,
                          .link_type = 1};
}

static void times_come_back_whole(void **state)
{
    (void)state;
    const struct frame frames[] = {
        frame_at(INT64_C(1700000000123456), 789),
        frame_at(0, 0),
        frame_at(-4750000, 0),                   /* before 1970 */
        frame_at(INT64_C(18446744073709551), 0), /* where nanoseconds end */
        frame_at(INT64_C(99999999999999999), 0),
    };
    struct frame got[8];
    write_frames(path, frames, 5, "");
    assert_int_equal(read_frames(got, 8), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(got[i].time_us, frames[i].time_us);
        assert_int_equal(got[i].time_ns, frames[i].time_ns);
        assert_int_equal(got[i].wire_len, 1500);
    }
}

static void a_frame_that_no_reader_takes_is_cut_and_counted(void **state)
{
    (void)state;
    struct frame frame = frame_at(1, 0), got[1];
    struct pcapng_writer writer;
    struct error error;
    frame.len = frame.wire_len = sizeof(BYTES);
    assert_int_equal(pcapng_open(&writer, path, &error), 0);
    assert_int_equal(pcapng_packet(&writer, &frame, VIEW("why"), &error), 0);
    assert_int_equal(writer.cut, 1);
    assert_int_equal(pcapng_close(&writer, &error), 0);
    assert_int_equal(read_frames(got, 1), 1);
    assert_int_equal(got[0].len, PCAPNG_FRAME_MAX);
    assert_int_equal(got[0].wire_len, sizeof(BYTES));
}

static void each_line_is_a_comment(void **state)
{
    (void)state;
    static const uint8_t options[] = {1,   0,   3,   0,   'o', 'n', 'e', 0, 1, 0, 5, 0,
                                      't', 'h', 'r', 'e', 'e', 0,   0,   0, 0, 0, 0, 0};
    static uint8_t file[1024];
    const struct frame frame = frame_at(1, 0);
    write_frames(path, &frame, 1, "one\nthree");
    FILE *in = fopen(path, "rb");
    size_t len = fread(file, 1, sizeof(file), in);
    fclose(in);
    assert_true(len > sizeof(options) + 4);
    assert_memory_equal(file + len - sizeof(options) - 4, options, sizeof(options));
}

static void a_file_stands_under_its_name_when_it_is_finished(void **state)
{
    (void)state;
    struct pcapng_writer writer;
    struct error error;
    struct stat status;
    FILE *old = fopen(path, "wb");
    fputs("old", old);
    fclose(old);
    assert_int_equal(pcapng_open(&writer, path, &error), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 3);
    pcapng_discard(&writer);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 3);
    assert_int_equal(chmod(path, 0600), 0);
    write_frames(path, NULL, 0, "");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 28); /* a section header */
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_link_stays_and_its_target_is_written(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(symlink("out.pcapng", other), 0);
    write_frames(other, NULL, 0, "");
    assert_int_equal(lstat(other, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 28);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(times_come_back_whole),
        TEST(a_frame_that_no_reader_takes_is_cut_and_counted),
        TEST(each_line_is_a_comment),
        TEST(a_file_stands_under_its_name_when_it_is_finished),
        TEST(a_link_stays_and_its_target_is_written),
    };
#undef TEST
    return cmocka_run_group_tests_name("output_pcapng", tests, NULL, NULL);
}
