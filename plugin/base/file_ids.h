/* SPDX-License-Identifier: BSD-3-Clause */
/* File ids: files and folders that were met, by device and inode, so that links do not lead to one twice. */
#ifndef SHRIKE_BASE_FILE_IDS_H
#define SHRIKE_BASE_FILE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct file_id;

/* All zero is the empty set. */
struct file_ids {
    struct file_id *slots; /* open addressing; a power of two */
    size_t count, capacity;
};

/* False when it was met before. */
bool file_ids_add(struct file_ids *ids, const struct stat *status);
void file_ids_clear(struct file_ids *ids);

#endif
