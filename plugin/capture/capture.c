/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture: many files as one stream.
 *
 * Every file is opened once to learn the time of its first packet, then closed; they are read in that order
 * (standard input, which cannot be read twice, stands where it was named). Filters are compiled by libpcap
 * once a link type.
 */
#include "capture/capture.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "capture/file.h"

enum { FILTERS_MAX = 32, FOLDER_DEPTH_MAX = 32 };

struct entry {
    char *path;
    int64_t first_us;
    size_t index; /* as named, breaks ties */
    uint64_t size;
    bool is_from_folder;
    struct error fault; /* could not be opened */
};

struct filter {
    int link_type;
    bool is_usable; /* else it cannot be said of this link type: nothing passes */
    struct bpf_program program;
};

struct capture {
    struct capture_options options;
    char *filter_text;
    struct entry *entries;
    size_t count, capacity;
    size_t at; /* file at hand */
    struct capture_file file;
    bool is_open;
    uint64_t number;
    struct filter filters[FILTERS_MAX];
    size_t filter_count;
    char **warnings;
    size_t warning_count;
    uint64_t bytes_done, bytes_total;
    int bad_link_type;             /* reported for the file at hand; -1: none */
    struct error pending_fault;    /* to be told at the next call; empty: none */
    struct capture_file *finished; /* mapped files that frames may still point into */
    size_t finished_count;
};

static void warn(struct capture *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(struct capture *c, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    c->warnings = memory_resize(c->warnings, c->warning_count + 1, sizeof(*c->warnings));
    c->warnings[c->warning_count++] = memory_copy_string(text);
}

/* ---- the list of files -------------------------------------------------------------------------------- */

static void add_entry(struct capture *c, const char *path, bool is_from_folder)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 16;
        c->entries = memory_resize(c->entries, c->capacity, sizeof(*c->entries));
    }
    c->entries[c->count] = (struct entry){
        .path = memory_copy_string(path), .index = c->count, .is_from_folder = is_from_folder};
    c->count++;
}

static void add_path(struct capture *c, const char *path, bool is_from_folder, int depth);

static int add_folder(struct capture *c, const char *folder, int depth)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    size_t kept = strlen(folder);

    while (kept > 0 && folder[kept - 1] == '/')
        kept--;

    for (int i = 0; i < count; i++) {
        char path[4096];
        int len = snprintf(path, sizeof(path), "%.*s/%s", (int)kept, folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof(path))
            add_path(c, path, true, depth + 1);
        memory_free(names[i]);
    }
    if (count >= 0)
        memory_free(names);
    return count < 0 ? -1 : 0;
}

static void add_path(struct capture *c, const char *path, bool is_from_folder, int depth)
{
    struct stat status;

    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        add_entry(c, path, is_from_folder);
        return;
    }
    if (depth > 0 && (!c->options.recurse || depth > FOLDER_DEPTH_MAX))
        return;
    if (add_folder(c, path, depth) != 0)
        add_entry(c, path, false); /* opening it says why */
}

/* Reads the time of the first packet; an entry from a folder that is no capture goes, with a warning. */
static bool look_into(struct capture *c, struct entry *entry)
{
    struct capture_file file;
    struct frame frame;
    struct error error;
    struct stat status;

    if (strcmp(entry->path, "-") == 0)
        return true;
    bool is_regular = stat(entry->path, &status) == 0 && S_ISREG(status.st_mode);
    if (!is_regular && stat(entry->path, &status) == 0 && S_ISFIFO(status.st_mode))
        return true;
    if (file_open(&file, entry->path, &entry->fault) != 0) {
        if (!entry->is_from_folder)
            return true;
        warn(c, "%s: not a capture: skipped", entry->path);
        return false;
    }
    entry->size = file.source.size;
    c->bytes_total += entry->size;
    if (file_next(&file, true, &frame, &error) == FILE_FRAME)
        entry->first_us = frame.time_us;
    file_close(&file);
    return true;
}

static int by_time(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->first_us != b->first_us)
        return a->first_us < b->first_us ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static void sort_entries(struct capture *c)
{
    size_t kept = 0;
    bool is_sortable = true;

    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->entries[i].path, "-") == 0)
            is_sortable = false;
        if (look_into(c, &c->entries[i]))
            c->entries[kept++] = c->entries[i];
        else
            memory_free(c->entries[i].path);
    }
    c->count = kept;
    if (is_sortable && c->count > 1)
        qsort(c->entries, c->count, sizeof(*c->entries), by_time);
}

/* ---- filters ------------------------------------------------------------------------------------------ */

static int dlt_of(int link_type)
{
    return link_type == 101 ? DLT_RAW : link_type;
}

static struct filter *filter_for(struct capture *c, int link_type, struct error *error)
{
    for (size_t i = 0; i < c->filter_count; i++) {
        if (c->filters[i].link_type == link_type)
            return &c->filters[i];
    }
    struct filter *filter = &c->filters[c->filter_count];
    pcap_t *dead = pcap_open_dead(dlt_of(link_type), 262144);
    int rc = c->filter_count < FILTERS_MAX && dead != NULL
                 ? pcap_compile(dead, &filter->program, c->filter_text, 1, PCAP_NETMASK_UNKNOWN)
                 : -1;
    if (rc != 0)
        error_set(error, "filter '%s': %s", c->filter_text,
                  dead ? pcap_geterr(dead) : "too many link types");
    if (dead != NULL)
        pcap_close(dead);
    if (rc != 0)
        return NULL;
    filter->link_type = link_type;
    filter->is_usable = true;
    c->filter_count++;
    return filter;
}

static bool passes(struct capture *c, const struct frame *frame)
{
    struct error why;
    struct pcap_pkthdr header = {.caplen = frame->len, .len = frame->wire_len};

    if (c->filter_text == NULL)
        return true;
    const struct filter *filter = filter_for(c, frame->link_type, &why);
    if (filter == NULL && c->filter_count < FILTERS_MAX) { /* said once a link type */
        warn(c, "link type %d: %s: its frames are passed over", frame->link_type, why.text);
        c->filters[c->filter_count++] = (struct filter){.link_type = frame->link_type};
    }
    return filter != NULL && filter->is_usable &&
           pcap_offline_filter(&filter->program, &header, frame->data) != 0;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

struct capture *capture_open_files(const char *const *paths, size_t count,
                                   const struct capture_options *options, struct error *error)
{
    struct capture *c = memory_new(1, sizeof(*c));

    c->options = *options;
    c->bad_link_type = -1;
    if (options->filter != NULL) {
        c->filter_text = memory_copy_string(options->filter);
        if (filter_for(c, 1, error) == NULL) {
            capture_close(c);
            return NULL;
        }
    }
    for (size_t i = 0; i < count; i++)
        add_path(c, paths[i], false, 0);
    sort_entries(c);
    if (c->count == 0) {
        error_set(error, "there is no capture to read");
        capture_close(c);
        return NULL;
    }
    return c;
}

void capture_close(struct capture *c)
{
    if (c == NULL)
        return;
    if (c->is_open)
        file_close(&c->file);
    for (size_t i = 0; i < c->finished_count; i++)
        file_close(&c->finished[i]);
    for (size_t i = 0; i < c->count; i++)
        memory_free(c->entries[i].path);
    for (size_t i = 0; i < c->filter_count; i++) {
        if (c->filters[i].is_usable)
            pcap_freecode(&c->filters[i].program);
    }
    for (size_t i = 0; i < c->warning_count; i++)
        memory_free(c->warnings[i]);
    memory_free(c->finished);
    memory_free(c->entries);
    memory_free(c->warnings);
    memory_free(c->filter_text);
    memory_free(c);
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static void end_file(struct capture *c)
{
    c->bytes_done += c->entries[c->at].size;
    if (c->file.source.is_mapped) { /* its frames may still be in use */
        c->finished = memory_resize(c->finished, c->finished_count + 1, sizeof(*c->finished));
        c->finished[c->finished_count++] = c->file;
        source_close_descriptor(&c->finished[c->finished_count - 1].source);
    } else {
        file_close(&c->file);
    }
    c->is_open = false;
    c->bad_link_type = -1;
    c->at++;
}

static bool open_next(struct capture *c, struct error *error)
{
    if (c->entries[c->at].fault.text[0] != '\0')
        *error = c->entries[c->at].fault;
    else if (file_open(&c->file, c->entries[c->at].path, error) == 0)
        return c->is_open = true;
    c->at++;
    return false;
}

/* A link type that cannot be decoded is a fault of the file, told once, after the frames at hand; its
 * frames are handed on all the same, for the decoder counts them. */
static void check_link_type(struct capture *c, const struct frame *frame)
{
    struct error why;

    if (frame->link_type == c->bad_link_type || decode_link_check(frame->link_type, &why) == 0)
        return;
    c->bad_link_type = frame->link_type;
    error_set(&c->pending_fault, "%s: byte %llu: %s", c->entries[c->at].path,
              (unsigned long long)source_offset(&c->file.source), why.text);
}

static enum capture_result read_batch(struct capture *c, struct frame *frames, size_t max,
                                      size_t *count, struct error *error)
{
    *count = 0;
    source_slide(&c->file.source);
    if (source_has_shrunk(&c->file.source)) {
        error_set(error, "%s: byte %llu: the file has become shorter", c->entries[c->at].path,
                  (unsigned long long)source_offset(&c->file.source));
        end_file(c);
        return CAPTURE_BROKEN;
    }
    while (*count < max) {
        struct frame *frame = &frames[*count];
        enum file_result result = file_next(&c->file, *count == 0, frame, error);
        if (result == FILE_END && *count > 0)
            return CAPTURE_FRAMES;
        if (result != FILE_FRAME) {
            if (*count > 0) /* it is found again at the next call */
                return CAPTURE_FRAMES;
            if (result == FILE_STRAY)
                warn(c, "%s", error->text);
            end_file(c);
            return result == FILE_BROKEN ? CAPTURE_BROKEN : CAPTURE_END;
        }
        frame->number = ++c->number;
        frame->file = (uint16_t)(c->at < UINT16_MAX ? c->at : UINT16_MAX);
        check_link_type(c, frame);
        if (passes(c, frame))
            (*count)++;
        else if (*count == 0 && c->file.source.at > SOURCE_WINDOW / 4)
            source_slide(&c->file.source); /* the filter keeps nothing: the window must move on */
    }
    return CAPTURE_FRAMES;
}

enum capture_result capture_next(struct capture *c, struct frame *frames, size_t max, size_t *count,
                                 struct error *error)
{
    *count = 0;
    while (c->at < c->count || c->pending_fault.text[0] != '\0') {
        if (c->pending_fault.text[0] != '\0') {
            *error = c->pending_fault;
            c->pending_fault.text[0] = '\0';
            return CAPTURE_BROKEN;
        }
        if (!c->is_open && !open_next(c, error))
            return CAPTURE_BROKEN;
        enum capture_result result = read_batch(c, frames, max, count, error);
        if (result != CAPTURE_END)
            return result;
    }
    return CAPTURE_END;
}

bool capture_is_stable(const struct capture *c)
{
    return c->is_open ? c->file.source.is_mapped : c->finished_count > 0;
}

const char *capture_file_name(const struct capture *c, size_t file)
{
    return file < c->count ? c->entries[file].path : "";
}

struct capture_progress capture_progress(const struct capture *c)
{
    return (struct capture_progress){
        .bytes_read = c->bytes_done + (c->is_open ? c->file.source.stored : 0),
        .bytes_total = c->bytes_total,
        .file = c->at,
        .file_count = c->count,
    };
}

size_t capture_warning_count(const struct capture *c)
{
    return c->warning_count;
}

const char *capture_warning(const struct capture *c, size_t index)
{
    return c->warnings[index];
}
