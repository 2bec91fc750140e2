/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of lists: the first byte chooses the type, the others are lines `value#note`. What a list takes it gives back: keys of
 * the length of their type, each note and number with its own entry. */
#include <assert.h>

#include "base/idna.h"
#include "rule/list.h"
#include "sigma/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct list_entry entry_of(struct view line, struct view *value)
{
    size_t hash = view_find_byte(line, '#');
    *value = view_slice(line, 0, hash);
    return (struct list_entry){.note = hash == VIEW_NOT_FOUND ? view_make(NULL, 0)
                                                              : view_skip(line, hash + 1),
                               .confidence = (int)(line.len % 102) - 1,
                               .first_seen_s = line.len % 3 == 0 ? line.data[0] : 0};
}

static void check_entry(const struct list *list, size_t at, const struct list_entry *entry)
{
    struct list_facts facts = list_facts_of(list, at);
    struct view key = list_key(list, at);
    size_t len = list_key_len(list->type), noted = entry->note.len;
    const char *note = list_note(list, &facts);

    assert(key.len > 0 && key.len <= LIST_VALUE_MAX + IDNA_NAME_MAX + 1 &&
           (len == 0 || key.len == len));
    assert(facts.confidence == entry->confidence && facts.first_seen_s == entry->first_seen_s);
    noted = noted > 0 ? strnlen((const char *)entry->note.data, noted) : 0;
    noted = noted > LIST_NOTE_MAX ? LIST_NOTE_MAX : noted;
    assert((note == NULL) == (noted == 0));
    assert(note == NULL || (strlen(note) == noted && memcmp(note, entry->note.data, noted) == 0));
}

/* Adds all lines, or compares them with what was added. */
static void walk(struct list *list, struct view text, bool is_check)
{
    size_t at = 0;

    while (text.len > 0) {
        size_t end = view_find_byte(text, '\n');
        struct view line = view_slice(text, 0, end), value;
        text = end == VIEW_NOT_FOUND ? view_skip(text, text.len) : view_skip(text, end + 1);
        if (line.len == 0)
            continue;
        struct list_entry entry = entry_of(line, &value);
        struct list *one = list;
        if (is_check) { /* what was taken is taken again */
            struct rules *rules = rules_new();
            one = list_new(rules, list->type);
            if (list_add(one, value, &entry)) {
                assert(view_equal(list_key(one, 0), list_key(list, at)));
                check_entry(list, at++, &entry);
            }
            rules_free(rules);
        } else {
            (void)list_add(one, value, &entry);
        }
    }
    assert(!is_check || at == list->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct rules *rules = rules_new();
    struct list *list = list_new(rules, (enum list_type)(data[0] % (LIST_SHA256 + 1)));
    walk(list, view_make(data + 1, size - 1), false);
    list_finish(list);
    walk(list, view_make(data + 1, size - 1), true);
    rules_free(rules);
    return 0;
}
