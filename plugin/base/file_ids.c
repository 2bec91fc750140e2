/* SPDX-License-Identifier: BSD-3-Clause */
/* File ids: a hash table that doubles when it is half full. It grows with the files of folders that the user named,
 * 32 bytes each. */
#include "base/file_ids.h"

#include "base/hash.h"
#include "base/memory.h"

enum { CAPACITY_FIRST = 64 };

struct file_id {
    dev_t device;
    ino_t inode;
    bool is_taken;
};

static struct file_id *find_slot(const struct file_ids *ids, dev_t device, ino_t inode)
{
    size_t at = hash_mix((uint64_t)inode ^ (uint64_t)device << 32) & (ids->capacity - 1);

    while (ids->slots[at].is_taken &&
           (ids->slots[at].device != device || ids->slots[at].inode != inode))
        at = (at + 1) & (ids->capacity - 1);
    return &ids->slots[at];
}

static void grow(struct file_ids *ids)
{
    struct file_ids old = *ids;

    ids->capacity = old.capacity > 0 ? old.capacity * 2 : CAPACITY_FIRST;
    ids->slots = memory_new(ids->capacity, sizeof(*ids->slots));
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].is_taken)
            *find_slot(ids, old.slots[i].device, old.slots[i].inode) = old.slots[i];
    }
    memory_free(old.slots);
}

bool file_ids_add(struct file_ids *ids, const struct stat *status)
{
    if (ids->count * 2 >= ids->capacity)
        grow(ids);
    struct file_id *slot = find_slot(ids, status->st_dev, status->st_ino);
    if (slot->is_taken)
        return false;
    *slot = (struct file_id){status->st_dev, status->st_ino, true};
    ids->count++;
    return true;
}

void file_ids_clear(struct file_ids *ids)
{
    memory_free(ids->slots);
    *ids = (struct file_ids){0};
}
