/* SPDX-License-Identifier: BSD-3-Clause */
/* List: the files of a capture, found in folders and put in order of their first packet's time.
 *
 * A plain file is opened to look at its first packet, closed, and opened again when its turn comes. What can be
 * read only once (a pipe, standard input) stays open with that packet still to be read.
 * Of a folder only plain files are taken. One that is no capture by its first bytes nor by its name is passed over
 * with a warning; one that should be a capture and cannot be read is a fault like one that was named.
 */
#ifndef SHRIKE_CAPTURE_LIST_H
#define SHRIKE_CAPTURE_LIST_H

#include "base/file_ids.h"
#include "capture/file.h"

/* Notes on the way that are no fault. */
struct warnings {
    char **texts;
    size_t count;
};

void warnings_add(struct warnings *warnings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void warnings_clear(struct warnings *warnings);

struct entry {
    char *path;
    int64_t first_us;            /* of the first packet; 0 when there is none to be had */
    size_t index;                /* as named, breaks ties */
    uint64_t size;               /* as stored; 0 when unknown */
    struct capture_file *stream; /* open since it was looked at; NULL: to be opened */
    bool is_from_folder;
};

struct file_list {
    struct entry *entries;
    size_t count, capacity;
    uint64_t bytes;          /* of all files of known size */
    struct file_ids folders; /* met below the path at hand: links may lead in circles */
};

/* Adds a file, "-", or the files of a folder. */
void file_list_add(struct file_list *list, const char *path, bool recurse,
                   struct warnings *warnings);

/* Told of each file whose first packet was looked at, with the file still open. */
typedef void file_met_fn(void *context, const struct capture_file *file, const struct frame *frame);

/* Looks at first packets and sorts. With `waits` also those of pipes, whose writers are waited for; a single pipe
 * needs no order. */
void file_list_sort(struct file_list *list, const struct source_room *room, bool waits,
                    file_met_fn *met, void *context, struct warnings *warnings);
void file_list_clear(struct file_list *list);

#endif
