/* SPDX-License-Identifier: BSD-3-Clause */
/* Builder: vectors, the index over bytes, and the blob with its texts. */
#include "compile/builder.h"

#include <assert.h>
#include <stdarg.h>

#include "rule/loader.h"

void *vector_grow(struct vector *vector, size_t count)
{
    assert(vector->size > 0);
    if (vector->count + count > vector->capacity) {
        size_t capacity = vector->capacity ? vector->capacity : 8;
        while (capacity < vector->count + count)
            capacity *= 2;
        vector->rows = memory_resize(vector->rows, capacity, vector->size);
        vector->capacity = capacity;
    }
    void *first = (uint8_t *)vector->rows + vector->count * vector->size;
    vector->count += count;
    return first;
}

uint32_t vector_push(struct vector *vector, const void *row)
{
    assert(vector->count < NO_INDEX);
    memcpy(vector_grow(vector, 1), row, vector->size);
    return (uint32_t)(vector->count - 1);
}

void index_init(struct index *index, struct arena *arena)
{
    *index = (struct index){.arena = arena};
}

void index_clear(struct index *index)
{
    memory_free(index->entries);
    *index = (struct index){.arena = index->arena};
}

static struct index_entry *slot_for(const struct index *index, uint64_t hash, struct view key)
{
    size_t mask = index->capacity - 1;
    size_t at = hash & mask;
    while (index->entries[at].is_used &&
           (index->entries[at].hash != hash || !view_equal(index->entries[at].key, key)))
        at = (at + 1) & mask;
    return &index->entries[at];
}

static void index_double(struct index *index)
{
    struct index old = *index;
    index->capacity = old.capacity ? old.capacity * 2 : 16;
    index->entries = memory_new(index->capacity, sizeof(*index->entries));
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.entries[i].is_used)
            *slot_for(index, old.entries[i].hash, old.entries[i].key) = old.entries[i];
    }
    memory_free(old.entries);
}

uint32_t *index_find(struct index *index, struct view key)
{
    if ((index->count + 1) * 2 > index->capacity)
        index_double(index);
    uint64_t hash = hash_plain(key.data, key.len);
    struct index_entry *entry = slot_for(index, hash, key);
    if (!entry->is_used) {
        *entry = (struct index_entry){hash, arena_copy(index->arena, key), NO_INDEX, true};
        index->count++;
    }
    return &entry->value;
}

const char *builder_shown(struct builder *b, const struct predicate *p)
{
    return text_shown(b->arena, view_from_string(p->text));
}

struct text builder_text(struct builder *b, struct view bytes)
{
    uint32_t *known = index_find(&b->texts, bytes);
    if (*known == NO_INDEX) {
        size_t offset = b->blob.count;
        assert(offset + bytes.len + 1 < NO_INDEX);
        uint8_t *room = vector_grow(&b->blob, bytes.len + 1);
        if (bytes.len > 0)
            memcpy(room, bytes.data, bytes.len);
        room[bytes.len] = '\0';
        *known = (uint32_t)offset;
    }
    return (struct text){*known, (uint32_t)bytes.len};
}

uint32_t builder_string(struct builder *b, const char *text)
{
    return builder_text(b, view_from_string(text ? text : "")).offset;
}

void builder_refuse(struct builder *b, const char *id, struct place place, const char *help,
                    const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    diagnostics_add(b->diagnostics, SEVERITY_ERROR, id, place, help, "%s", text);
    b->has_failed = true;
}
