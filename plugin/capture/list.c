/* SPDX-License-Identifier: BSD-3-Clause */
/* List: folders, the first look, and the order. */
#include "capture/list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/memory.h"

enum { FOLDER_DEPTH_MAX = 32 };

/* ---- warnings -------------------------------------------------------------------------------------------- */

void warnings_add(struct warnings *warnings, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    warnings->texts = memory_resize(warnings->texts, warnings->count + 1, sizeof(*warnings->texts));
    warnings->texts[warnings->count++] = memory_copy_string(text);
}

void warnings_clear(struct warnings *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        memory_free(warnings->texts[i]);
    memory_free(warnings->texts);
    *warnings = (struct warnings){0};
}

/* ---- finding ----------------------------------------------------------------------------------------------- */

static void add_entry(struct file_list *list, const char *path, bool is_from_folder)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->entries = memory_resize(list->entries, list->capacity, sizeof(*list->entries));
    }
    list->entries[list->count] = (struct entry){
        .path = memory_copy_string(path), .index = list->count, .is_from_folder = is_from_folder};
    list->count++;
}

struct walk {
    struct file_list *list;
    struct warnings *warnings;
    bool recurse;
};

static void walk_folder(const struct walk *walk, const char *folder, int depth);

/* A name in a folder. What cannot be asked about is kept: opening it says why. */
static void walk_name(const struct walk *walk, const char *path, int depth)
{
    struct stat status;

    if (stat(path, &status) != 0 || S_ISREG(status.st_mode)) {
        add_entry(walk->list, path, true);
    } else if (!S_ISDIR(status.st_mode)) {
        warnings_add(walk->warnings, "%s: not a plain file: passed over", path);
    } else if (walk->recurse && depth >= FOLDER_DEPTH_MAX) {
        warnings_add(walk->warnings, "%s: more than %d folders deep: passed over", path,
                     FOLDER_DEPTH_MAX);
    } else if (walk->recurse) {
        if (file_ids_add(&walk->list->folders, &status))
            walk_folder(walk, path, depth + 1);
        else
            warnings_add(walk->warnings, "%s: a folder that was met before: passed over", path);
    }
}

static void walk_folder(const struct walk *walk, const char *folder, int depth)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    size_t kept = strlen(folder);

    while (kept > 0 && folder[kept - 1] == '/') /* "folder/" gives "folder/file" */
        kept--;
    if (count < 0) { /* opening it says why */
        add_entry(walk->list, folder, false);
        return;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        int len = snprintf(path, sizeof(path), "%.*s/%s", (int)kept, folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof(path))
            walk_name(walk, path, depth);
        memory_free(names[i]);
    }
    memory_free(names);
}

void file_list_add(struct file_list *list, const char *path, bool recurse,
                   struct warnings *warnings)
{
    const struct walk walk = {list, warnings, recurse};
    struct stat status;

    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        add_entry(list, path, false);
        return;
    }
    file_ids_clear(&list->folders);
    file_ids_add(&list->folders, &status);
    walk_folder(&walk, path, 0);
}

/* ---- looking ----------------------------------------------------------------------------------------------- */

/* ".pcap", ".pcapng", ".cap" or ".dmp" as a part of the name; behind it may stand a ring's number
 * ("x.pcap12") and other endings (".gz"). */
static bool is_capture_name(const char *path)
{
    static const char *const endings[] = {".pcapng", ".pcap", ".cap", ".dmp"};
    const char *slash = strrchr(path, '/');

    for (const char *at = slash != NULL ? slash : path; *at != '\0'; at++) {
        for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
            size_t len = strlen(endings[i]);
            if (strncasecmp(at, endings[i], len) == 0 && !isalpha((unsigned char)at[len]))
                return true;
        }
    }
    return false;
}

struct look {
    struct file_list *list;
    const struct source_room *room;
    file_met_fn *met;
    void *context;
    struct warnings *warnings;
    bool waits; /* for pipes too */
};

/* Of an open file; false when it is none of ours. */
static bool look_at_first(const struct look *look, struct entry *entry, struct capture_file *file)
{
    struct frame frame;
    struct error error;

    entry->size = file->source.size;
    if (!file->source.is_regular && !look->waits)
        return true;
    enum file_result result = file_next(file, &frame, &error);
    if (result == FILE_FRAME) {
        entry->first_us = frame.time_us;
        look->met(look->context, file, &frame);
        file_unread(file);
    }
    if (result != FILE_BROKEN || !file->is_foreign || !entry->is_from_folder ||
        is_capture_name(entry->path))
        return true;
    warnings_add(look->warnings, "%s: passed over", error.text);
    return false;
}

/* Faults are found again, and told, when the file's turn comes. */
static bool look_into(const struct look *look, struct entry *entry)
{
    struct capture_file file;
    struct error error;

    if (file_open(&file, entry->path, look->room, &error) != 0)
        return true;
    bool is_kept = look_at_first(look, entry, &file);
    if (is_kept && (!file.source.is_regular || strcmp(entry->path, "-") == 0)) {
        entry->stream = memory_new(1, sizeof(*entry->stream));
        *entry->stream = file;
    } else {
        file_close(&file);
    }
    return is_kept;
}

static int by_time(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->first_us != b->first_us)
        return a->first_us < b->first_us ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

void file_list_sort(struct file_list *list, const struct source_room *room, bool waits,
                    file_met_fn *met, void *context, struct warnings *warnings)
{
    const struct look look = {list, room, met, context, warnings, waits || list->count > 1};
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct entry *entry = &list->entries[i];
        if (look_into(&look, entry)) {
            list->bytes += entry->size;
            list->entries[kept++] = *entry;
        } else {
            memory_free(entry->path);
        }
    }
    list->count = kept;
    if (kept > 1)
        qsort(list->entries, kept, sizeof(*list->entries), by_time);
}

void file_list_clear(struct file_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].stream != NULL)
            file_close(list->entries[i].stream);
        memory_free(list->entries[i].stream);
        memory_free(list->entries[i].path);
    }
    memory_free(list->entries);
    file_ids_clear(&list->folders);
    *list = (struct file_list){0};
}
