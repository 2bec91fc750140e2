/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture: many files as one stream.
 *
 * A batch ends where the block at hand has no whole frame left: the next call reads on. So frames that were given
 * out stay where they are until then, and nothing is waited for while there is something to give.
 */
#include "capture/capture.h"

#include "base/memory.h"
#include "capture/file.h"
#include "capture/filter.h"
#include "capture/list.h"

enum { TOLD_MAX = 32 };

/* Frames of one link type and byte order, which come in long runs. */
struct link_at_hand {
    int link_type; /* -1: none yet */
    bool is_swapped;
    size_t filter; /* number in `filters` */
};

struct capture {
    struct capture_options options;
    char *expression;
    struct source_room room;
    struct filters filters;
    struct file_list list;
    struct warnings warnings;
    size_t at; /* file at hand */
    struct capture_file file;
    bool is_open;
    bool is_idle; /* said so: now wait */
    uint64_t number;
    uint64_t bytes_done;
    struct link_at_hand link;
    int told[TOLD_MAX]; /* link types of the file at hand whose fault was told */
    size_t told_count;
};

/* ---- life ------------------------------------------------------------------------------------------------ */

/* The filter is tried on all link types that a file begins with. */
static void on_met(void *context, const struct capture_file *file, const struct frame *frame)
{
    struct capture *c = context;

    if (c->expression == NULL)
        return;
    filters_find(&c->filters, frame->link_type, file->is_swapped);
    for (size_t i = 0; i < file->interface_count; i++)
        filters_find(&c->filters, file->interfaces[i].link_type, file->is_swapped);
}

static int check_opened(const struct capture *c, struct error *error)
{
    if (c->list.count == 0 && c->warnings.count == 0)
        return error_set(error, "there is no capture to read");
    if (c->list.count == 0)
        return error_set(error, "there is no capture to read: %s (%zu passed over)",
                         c->warnings.texts[0], c->warnings.count);
    if (c->filters.count > 0 && c->filters.accepted == 0)
        return error_set(error, "filter '%s': %s", c->expression, filters_fault(&c->filters, 0));
    return 0;
}

struct capture *capture_open_files(const char *const *paths, size_t count,
                                   const struct capture_options *options, struct error *error)
{
    struct capture *c = memory_new(1, sizeof(*c));

    c->options = *options;
    c->expression = options->filter != NULL ? memory_copy_string(options->filter) : NULL;
    c->room = (struct source_room){block_pool_new(SOURCE_BLOCK), options->stop_fd};
    c->link.link_type = -1;
    filters_init(&c->filters, c->expression);
    for (size_t i = 0; i < count; i++)
        file_list_add(&c->list, paths[i], options->recurse, &c->warnings);
    file_list_sort(&c->list, &c->room, c->expression != NULL, on_met, c, &c->warnings);
    if (check_opened(c, error) == 0)
        return c;
    capture_close(c);
    return NULL;
}

void capture_close(struct capture *c)
{
    if (c == NULL)
        return;
    if (c->is_open)
        file_close(&c->file);
    file_list_clear(&c->list);
    filters_clear(&c->filters);
    warnings_clear(&c->warnings);
    block_pool_close(c->room.pool);
    memory_free(c->expression);
    memory_free(c);
}

/* ---- link types -------------------------------------------------------------------------------------- */

static bool was_told(const struct capture *c, int link_type)
{
    for (size_t i = 0; i < c->told_count; i++) {
        if (c->told[i] == link_type)
            return true;
    }
    return c->told_count == TOLD_MAX;
}

/* What is wrong with frames of this link type, as a fault of the file at `offset`; false when nothing is. Frames
 * that cannot be decoded are handed on all the same, for the decoder counts them. */
static bool has_fault(const struct capture *c, int link_type, uint64_t offset, struct error *error)
{
    const char *fault = c->expression != NULL ? filters_fault(&c->filters, c->link.filter) : NULL;
    const char *more =
        c->told_count + 1 == TOLD_MAX ? "; further ones of this file are not named" : "";

    if (!decode_link_supported(link_type))
        error_set(error, "%s: byte %llu: link type %d (%s) cannot be decoded%s",
                  c->file.source.name, (unsigned long long)offset, link_type,
                  link_type_name(link_type), more);
    else if (fault != NULL)
        error_set(error, "%s: byte %llu: the filter '%s' cannot be used on link type %d (%s): %s%s",
                  c->file.source.name, (unsigned long long)offset, c->expression, link_type,
                  link_type_name(link_type), fault, more);
    else
        return false;
    return true;
}

/* True when a fault of the frame's link type is to be told before the frame is given. */
static bool meet_link(struct capture *c, const struct frame *frame, struct error *error)
{
    struct link_at_hand *link = &c->link;

    if (frame->link_type == link->link_type && c->file.is_swapped == link->is_swapped)
        return false;
    if (c->expression != NULL)
        link->filter = filters_find(&c->filters, frame->link_type, c->file.is_swapped);
    uint64_t offset = source_offset(&c->file.source) - c->file.taken;
    if (!was_told(c, frame->link_type) && has_fault(c, frame->link_type, offset, error))
        return true;
    link->link_type = frame->link_type;
    link->is_swapped = c->file.is_swapped;
    return false;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static bool open_next(struct capture *c, struct error *error)
{
    struct entry *entry = &c->list.entries[c->at];

    if (entry->stream != NULL) {
        c->file = *entry->stream;
        memory_free(entry->stream);
        entry->stream = NULL;
        return c->is_open = true;
    }
    if (file_open(&c->file, entry->path, &c->room, error) == 0)
        return c->is_open = true;
    c->at++;
    return false;
}

static void end_file(struct capture *c)
{
    if (c->file.source.trailing > 0)
        warnings_add(&c->warnings,
                     "%s: %llu byte(s) after the gzip stream are no part of it: ignored",
                     c->file.source.name, (unsigned long long)c->file.source.trailing);
    c->bytes_done += c->list.entries[c->at].size;
    file_close(&c->file);
    c->is_open = false;
    c->link.link_type = -1;
    c->told_count = 0;
    c->at++;
}

/* The file at hand gives no frame now. */
static enum capture_result no_frame(struct capture *c, enum file_result result,
                                    const struct error *error)
{
    if (result == FILE_LATER && c->file.source.lack == SOURCE_STOPPED)
        return CAPTURE_INTERRUPTED;
    if (result == FILE_LATER) {
        c->is_idle = true;
        return CAPTURE_IDLE;
    }
    if (result == FILE_STRAY)
        warnings_add(&c->warnings, "%s", error->text);
    end_file(c);
    return result == FILE_BROKEN ? CAPTURE_BROKEN : CAPTURE_END;
}

static enum capture_result read_batch(struct capture *c, struct frame *frames, size_t max,
                                      size_t *count, struct error *error)
{
    while (*count < max) {
        struct frame *frame = &frames[*count];
        enum source_effort effort = c->is_idle ? SOURCE_WAIT : SOURCE_READ;
        c->file.source.effort = *count > 0 ? SOURCE_LOOK : effort;
        enum file_result result = file_next(&c->file, frame, error);
        if (result != FILE_FRAME) /* beside frames it is found again at the next call */
            return *count > 0 ? CAPTURE_FRAMES : no_frame(c, result, error);
        if (meet_link(c, frame, error)) {
            file_unread(&c->file);
            if (*count > 0)
                return CAPTURE_FRAMES;
            c->told[c->told_count++] = frame->link_type;
            return CAPTURE_BROKEN;
        }
        frame->number = ++c->number;
        frame->file = (uint16_t)(c->at < UINT16_MAX ? c->at : UINT16_MAX);
        if (c->expression == NULL || filters_pass(&c->filters, c->link.filter, frame))
            (*count)++;
    }
    return CAPTURE_FRAMES;
}

enum capture_result capture_next(struct capture *c, struct frame *frames, size_t max, size_t *count,
                                 struct error *error)
{
    *count = 0;
    while (c->at < c->list.count) {
        if (!c->is_open && !open_next(c, error))
            return CAPTURE_BROKEN;
        enum capture_result result = read_batch(c, frames, max, count, error);
        if (result == CAPTURE_FRAMES)
            c->is_idle = false;
        if (result != CAPTURE_END)
            return result;
    }
    return CAPTURE_END;
}

const char *capture_file_name(const struct capture *c, size_t file)
{
    return file < c->list.count ? c->list.entries[file].path : "";
}

struct capture_progress capture_progress(const struct capture *c)
{
    return (struct capture_progress){
        .bytes_read = c->bytes_done + (c->is_open ? c->file.source.stored : 0),
        .bytes_total = c->list.bytes,
        .file = c->at,
        .file_count = c->list.count,
    };
}

size_t capture_warning_count(const struct capture *c)
{
    return c->warnings.count;
}

const char *capture_warning(const struct capture *c, size_t index)
{
    return c->warnings.texts[index];
}
