/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be read only once: pipes and standard input; their order, their pauses, and a host that wants to go. */
#include "unit/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "unit/capture_files.h"

struct writer {
    const char *path;
    struct file_bytes bytes;
};

/* In small pieces, so that the reader finds half a packet. */
static void *write_pipe(void *argument)
{
    struct writer *writer = argument;
    int fd = open(writer->path, O_WRONLY);
    for (size_t at = 0; fd >= 0 && at < writer->bytes.len; at += 5) {
        struct view piece =
            view_slice(view_make(writer->bytes.data, writer->bytes.len), at, at + 5);
        if (write(fd, piece.data, piece.len) != (ssize_t)piece.len)
            break;
    }
    close(fd);
    return NULL;
}

static void a_named_pipe_is_read_as_it_comes(void **state)
{
    struct capture_folder *folder = *state;
    struct writer writer = {0};
    struct captured all;
    pthread_t thread;

    name_file(folder, "pipe");
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    writer.path = folder->file;
    add_pcap(&writer.bytes, 100, "abcdefgh");
    add_bytes(&writer.bytes, VIEW("cut"));
    assert_int_equal(pthread_create(&thread, NULL, write_pipe, &writer), 0);
    capture_one(&all, folder->file);
    pthread_join(thread, NULL);
    assert_string_equal(all.first_bytes, "abcdefgh");
    assert_int_equal(all.progress.bytes_total, 0);
    assert_int_equal(all.fault_count, 0);
    assert_int_equal(all.warning_count, 1);
    assert_about(folder, all.warnings[0], "byte 160: 3 stray byte(s) after the last packet");
    forget_bytes(&writer.bytes);
}

static void standard_input_is_named_by_a_dash(void **state)
{
    struct capture_folder *folder = *state;
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;

    add_letters(&set, folder, "late.pcap", 300, "x");
    add_path(&set, "-");
    add_letters(&set, folder, "early.pcap", 100, "y");
    add_pcap(&f, 200, "ab");
    f.len -= 1;
    write_file(folder, "input.pcap", &f);
    int saved = dup(STDIN_FILENO), fd = open(folder->file, O_RDONLY);
    assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) >= 0);
    read_set(&all, &set);
    if (saved >= 0)
        dup2(saved, STDIN_FILENO);
    close(saved);
    close(fd);
    assert_string_equal(all.first_bytes, "yax");
    assert_int_equal(all.fault_count, 1);
    assert_string_equal(all.faults[0], "standard input: byte 41: the file is cut within a packet");
}

/* ---- order ------------------------------------------------------------------------------------------------- */

static void pipes_are_sorted_among_files(void **state)
{
    static const char *const names[] = {"late.pipe", "early.pipe"};
    static const char *const letters[] = {"xyz", "ab"};
    struct capture_folder *folder = *state;
    struct writer writers[2] = {0};
    struct set set = {.count = 0};
    pthread_t threads[2];
    struct captured all;

    for (size_t i = 0; i < 2; i++) {
        name_file(folder, names[i]);
        assert_int_equal(mkfifo(folder->file, 0600), 0);
        add_path(&set, folder->file);
        writers[i].path = set.paths[i];
        add_pcap(&writers[i].bytes, i == 0 ? 300 : 100, letters[i]);
    }
    add_letters(&set, folder, "middle.pcap", 200, "m");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_pipe, &writers[i]), 0);
    read_set(&all, &set);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        forget_bytes(&writers[i].bytes);
    }
    assert_string_equal(all.first_bytes, "abmxyz");
    assert_int_equal(all.fault_count + all.warning_count, 0);
}

/* ---- pauses ------------------------------------------------------------------------------------------------ */

struct live {
    int writer, stop_fd;
    struct capture *capture;
    struct frame frames[FRAMES_KEPT];
    size_t count;
    struct error error;
};

/* A named pipe with a writer, both in this thread: whatever waits here waits for ever. */
static void open_live(struct live *live, struct capture_folder *folder)
{
    static char path[PATH_ROOM];
    const char *const paths[] = {path};

    name_file(folder, "pipe");
    snprintf(path, sizeof(path), "%s", folder->file);
    assert_int_equal(mkfifo(path, 0600), 0);
    live->stop_fd = eventfd(0, 0);
    const struct capture_options options = {.stop_fd = live->stop_fd};
    live->capture = capture_open_files(paths, 1, &options, &live->error);
    assert_non_null(live->capture);
    live->writer =
        open(path, O_WRONLY); /* the capture has its end open, without waiting for this */
    assert_true(live->writer >= 0);
}

static void send(struct live *live, const struct file_bytes *f, size_t from, size_t to)
{
    assert_int_equal(write(live->writer, f->data + from, to - from), to - from);
}

static enum capture_result next(struct live *live)
{
    return capture_next(live->capture, live->frames, FRAMES_KEPT, &live->count, &live->error);
}

static void what_a_pipe_has_is_given_and_its_pauses_are_told(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct live live = {0};

    open_live(&live, folder);
    add_pcap(&f, 100, "abcd"); /* 24 bytes, then 17 each */
    assert_int_equal(next(&live), CAPTURE_IDLE);
    send(&live, &f, 0, 24 + 17 + 5);
    assert_int_equal(next(&live), CAPTURE_FRAMES);
    assert_int_equal(live.count, 1);
    assert_int_equal(live.frames[0].data[0], 'a');
    assert_int_equal(next(&live), CAPTURE_IDLE);
    send(&live, &f, 24 + 17 + 5, 24 + 3 * 17);
    assert_int_equal(next(&live), CAPTURE_FRAMES);
    assert_int_equal(live.count, 2);
    assert_int_equal(live.frames[1].data[0], 'c');
    send(&live, &f, 24 + 3 * 17, f.len);
    close(live.writer);
    assert_int_equal(next(&live), CAPTURE_FRAMES);
    assert_int_equal(next(&live), CAPTURE_END);
    capture_close(live.capture);
    close(live.stop_fd);
    forget_bytes(&f);
}

static void a_host_that_wants_to_go_is_not_kept_waiting(void **state)
{
    struct capture_folder *folder = *state;
    const uint64_t one = 1;
    struct live live = {0};

    open_live(&live, folder);
    assert_int_equal(next(&live), CAPTURE_IDLE);
    assert_int_equal(write(live.stop_fd, &one, sizeof(one)), sizeof(one));
    assert_int_equal(next(&live), CAPTURE_INTERRUPTED);
    assert_int_equal(next(&live), CAPTURE_INTERRUPTED);
    capture_close(live.capture);
    close(live.writer);
    close(live.stop_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURE_TEST(a_named_pipe_is_read_as_it_comes),
        CAPTURE_TEST(standard_input_is_named_by_a_dash),
        CAPTURE_TEST(pipes_are_sorted_among_files),
        CAPTURE_TEST(what_a_pipe_has_is_given_and_its_pauses_are_told),
        CAPTURE_TEST(a_host_that_wants_to_go_is_not_kept_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
