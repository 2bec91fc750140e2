/* SPDX-License-Identifier: BSD-3-Clause */
/* Sinks: whole lines or nothing, whatever the file system says. */
#include "unit/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "output/sink.h"

static char path[] = "/tmp/shrike-sink-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static size_t read_file(char *out, size_t max)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, out, max);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

static void lines_arrive_whole_and_are_counted(void **state)
{
    (void)state;
    struct sink sink;
    struct error error;
    char text[64];
    assert_int_equal(sink_open(&sink, path, &error), 0);
    sink_line(&sink, VIEW("one\n"));
    sink_line(&sink, VIEW("two\n"));
    assert_int_equal(sink_flush(&sink), 0);
    assert_int_equal(sink.lines, 2);
    assert_int_equal(sink_close(&sink), 0);
    assert_int_equal(read_file(text, sizeof(text)), 8);
    assert_memory_equal(text, "one\ntwo\n", 8);
}

static void a_full_disk_is_reported_and_leaves_no_torn_line(void **state)
{
    (void)state;
    struct sink sink;
    struct error error;
    struct rlimit limit, old;
    char text[64];
    assert_int_equal(sink_open(&sink, path, &error), 0);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = old;
    limit.rlim_cur = 10; /* the second line does not fit */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    sink_line(&sink, VIEW("first\n"));
    sink_line(&sink, VIEW("second\n"));
    int status = sink_flush(&sink);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, -1);
    assert_int_equal(sink.lost_lines, 1);
    assert_int_equal(sink.lines, 1);
    assert_non_null(strstr(sink.first_failure.text, "write failed"));
    sink_line(&sink, VIEW("third\n")); /* there is room again */
    assert_int_equal(sink_close(&sink), -1);
    assert_int_equal(read_file(text, sizeof(text)), 12);
    assert_memory_equal(text, "first\nthird\n", 12);
}

static void a_closed_pipe_ends_the_sink(void **state)
{
    (void)state;
    struct sink sink;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    signal(SIGPIPE, SIG_IGN);
    sink_init(&sink, "pipe", ends[1]);
    close(ends[0]);
    sink_line(&sink, VIEW("lost\n"));
    assert_int_equal(sink_flush(&sink), -1);
    sink_line(&sink, VIEW("lost too\n"));
    assert_int_equal(sink_flush(&sink), -1);
    assert_int_equal(sink.lost_lines, 2);
    assert_int_equal(sink_close(&sink), -1);
    close(ends[1]);
}

static void a_torn_line_that_cannot_be_cut_off_is_ended_later(void **state)
{
    (void)state;
    struct sink sink;
    struct rlimit limit, old;
    char text[64];
    int fd = open(path, O_WRONLY);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = old;
    limit.rlim_cur = 10;
    signal(SIGXFSZ, SIG_IGN);
    sink_init(&sink, "device", fd);
    sink.is_regular = false; /* nothing can be taken back */
    setrlimit(RLIMIT_FSIZE, &limit);
    sink_line(&sink, VIEW("first\n"));
    sink_line(&sink, VIEW("second\n"));
    sink_line(&sink, VIEW("dropped\n"));
    int status = sink_flush(&sink);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, -1);
    assert_int_equal(sink.lost_lines, 1);
    sink_line(&sink, VIEW("next\n"));
    assert_int_equal(sink_flush(&sink), 0);
    assert_int_equal(read_file(text, sizeof(text)), 18);
    assert_memory_equal(text, "first\nsecond\nnext\n", 18);
    sink_close(&sink);
    close(fd);
}

/* Reads to the end, more slowly than a sink retries. */
static void *read_slowly(void *context)
{
    static char got[300000];
    int fd = *(const int *)context;
    size_t len = 0;
    ssize_t n;
    usleep(600000);
    while ((n = read(fd, got + len, sizeof(got) - len)) > 0)
        len += (size_t)n;
    return memchr(got, 'y', len) != NULL && got[len - 1] == '\n' ? (void *)len : NULL;
}

static void a_pipe_that_does_not_block_is_waited_for(void **state)
{
    (void)state;
    struct sink sink;
    static char line[200000];
    pthread_t reader;
    void *read_bytes;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    sink_init(&sink, "pipe", ends[1]);
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, &ends[0]), 0);
    sink_line(&sink, view_make(line, sizeof(line)));
    sink_line(&sink, VIEW("yes\n"));
    assert_int_equal(sink_flush(&sink), 0);
    assert_int_equal(sink.lines, 2);
    sink_close(&sink);
    close(ends[1]);
    pthread_join(reader, &read_bytes);
    assert_int_equal((uintptr_t)read_bytes, sizeof(line) + 4);
    close(ends[0]);
}

static void a_pause_flushes_where_somebody_looks_on(void **state)
{
    (void)state;
    struct sink file, piped;
    struct error error;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    sink_init(&piped, "pipe", ends[1]);
    assert_int_equal(sink_open(&file, path, &error), 0);
    sink_line(&piped, VIEW("line\n"));
    sink_line(&file, VIEW("line\n"));
    sink_pause(&piped);
    sink_pause(&file);
    assert_int_equal(piped.lines, 1);
    assert_int_equal(file.lines, 0);
    sink_close(&file);
    sink_close(&piped);
    close(ends[0]);
    close(ends[1]);
}

static void a_file_that_cannot_be_opened_says_why(void **state)
{
    (void)state;
    struct sink sink;
    struct error error;
    assert_int_equal(sink_open(&sink, "/nonexistent/eve.json", &error), -1);
    assert_string_equal(error.text,
                        "/nonexistent/eve.json: cannot be written: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_arrive_whole_and_are_counted, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_full_disk_is_reported_and_leaves_no_torn_line, make_file,
                                        remove_file),
        cmocka_unit_test(a_closed_pipe_ends_the_sink),
        cmocka_unit_test_setup_teardown(a_torn_line_that_cannot_be_cut_off_is_ended_later,
                                        make_file, remove_file),
        cmocka_unit_test(a_pipe_that_does_not_block_is_waited_for),
        cmocka_unit_test_setup_teardown(a_pause_flushes_where_somebody_looks_on, make_file,
                                        remove_file),
        cmocka_unit_test(a_file_that_cannot_be_opened_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
