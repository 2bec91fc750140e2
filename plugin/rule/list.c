/* SPDX-License-Identifier: BSD-3-Clause */
/* List: values become keys, one behind the other; what is said of them is kept once.
 *
 * Said again   a feed says the same of thousands of entries. Rows and notes are found again by their hash in two small
 *              tables; where WAYS slots are taken the first is given up, so what was said long ago may be written a
 *              second time, no more.
 */
#include "rule/list.h"

#include <assert.h>

#include "base/hash.h"
#include "base/idna.h"
#include "base/memory.h"

enum { RECENT = 1024, WAYS = 8 }; /* slots of a table, a power of two; those that a hash may take */
enum { MAPPED_MAX = LIST_VALUE_MAX + IDNA_NAME_MAX };

struct list *list_new(struct rules *rules, enum list_type type)
{
    struct list *list = arena_alloc(rules->arena, sizeof(*list));

    list->type = type;
    struct buf *const bufs[] = {&list->keys, &list->ends, &list->fact_of, &list->facts,
                                &list->notes};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_init(bufs[i],
                 SIZE_MAX / 4); /* bounded by the file's: every key is made of its own line */
    list->next = rules->made_lists;
    rules->made_lists = list;
    return list;
}

void lists_clear(struct rules *rules)
{
    for (struct list *list = rules->made_lists; list != NULL; list = list->next) {
        buf_clear(&list->keys);
        buf_clear(&list->ends);
        buf_clear(&list->fact_of);
        buf_clear(&list->facts);
        buf_clear(&list->notes);
        memory_free(list->recent);
        list->recent = NULL;
    }
    rules->made_lists = NULL;
}

uint32_t list_seconds(int64_t time_us)
{
    int64_t seconds = time_us / 1000000;
    return seconds > 0 && seconds <= UINT32_MAX ? (uint32_t)seconds : 0;
}

/* --- values -------------------------------------------------------------------------------------- */

size_t list_key_len(enum list_type type)
{
    switch (type) {
    case LIST_IP:
        return KEY_ADDRESS_LEN;
    case LIST_JA3:
        return 16;
    case LIST_SHA1:
        return 20;
    case LIST_SHA256:
        return 32;
    case LIST_DOMAIN:
    case LIST_URL:
    case LIST_STRING:
    case LIST_JA4:
        return 0;
    }
    return 0;
}

static bool is_domain(struct view name)
{
    static const bool IS_NONE[256] = {['*'] = true, ['?'] = true, ['/'] = true, [':'] = true,
                                      ['@'] = true, [','] = true, ['"'] = true};

    if (name.len == 0 || name.len > 254 || name.data[0] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || IS_NONE[name.data[i]] ||
            (name.data[i] == '.' && name.data[i - 1] == '.')) /* a label is never empty */
            return false;
    }
    return true;
}

static bool is_hex(struct view text)
{
    uint8_t bytes[6];
    return key_digest(text, bytes, sizeof(bytes));
}

/* JA4: ten characters, then two hashes of twelve hex digits. */
static bool is_ja4(struct view text)
{
    return text.len == 36 && text.data[10] == '_' && text.data[23] == '_' &&
           is_hex(view_slice(text, 11, 23)) && is_hex(view_skip(text, 24));
}

static bool has_blank(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ')
            return true;
    }
    return false;
}

/* The key at `out`, which has room for text.len + KEY_ADDRESS_LEN bytes; its length, 0 when the text does not fit. */
static size_t make_key(enum list_type type, struct view text, uint8_t *out)
{
    struct address address;
    unsigned bits;
    size_t len = list_key_len(type);

    switch (type) {
    case LIST_IP:
        if (!address_parse_prefix(text, &address, &bits))
            return 0;
        key_address(&address, bits, out);
        return len;
    case LIST_JA3:
    case LIST_SHA1:
    case LIST_SHA256:
        return key_digest(text, out, len) ? len : 0;
    case LIST_URL:
        return has_blank(text) ? 0 : key_url(text, out, text.len + 1);
    case LIST_DOMAIN:
        if (!is_domain(text))
            return 0;
        text = key_domain(text);
        break;
    case LIST_JA4:
        if (!is_ja4(text))
            return 0;
        break;
    case LIST_STRING:
        break;
    }
    key_fold(text, out);
    return text.len;
}

struct view list_key(const struct list *list, size_t entry)
{
    size_t len = list_key_len(list->type);

    assert(entry < list->count);
    if (len > 0)
        return view_make(list->keys.data + entry * len, len);
    const uint32_t *ends = (const uint32_t *)(const void *)list->ends.data;
    uint32_t begin = entry > 0 ? ends[entry - 1] : 0;
    return view_make(list->keys.data + begin, ends[entry] - begin);
}

/* --- what is said of them ------------------------------------------------------------------------ */

static const struct list_facts NOTHING = {.confidence = -1};

static struct list_facts *facts_at(const struct list *list, uint32_t row)
{
    return (struct list_facts *)(void *)list->facts.data + row;
}

/* The slot of what is equal, else a free one (0), else the one to give up, cleared. */
static uint32_t *find_recent(const struct list *list, uint32_t *table, uint64_t hash,
                             bool (*is_equal)(const struct list *, uint32_t, const void *),
                             const void *wanted)
{
    for (uint64_t i = 0; i < WAYS; i++) {
        uint32_t *slot = &table[(hash + i) & (RECENT - 1)];
        if (*slot == 0 || is_equal(list, *slot, wanted))
            return slot;
    }
    uint32_t *first = &table[hash & (RECENT - 1)];
    *first = 0;
    return first;
}

static bool is_note(const struct list *list, uint32_t offset, const void *wanted)
{
    const struct view *note = wanted;
    const uint8_t *kept = list->notes.data + offset;
    return note->len < list->notes.len - offset && kept[note->len] == '\0' &&
           memcmp(kept, note->data, note->len) == 0;
}

static bool is_row(const struct list *list, uint32_t row, const void *wanted)
{
    return memcmp(facts_at(list, row), wanted, sizeof(struct list_facts)) == 0;
}

/* Offset of an equal note, or of a new one; at most LIST_NOTE_MAX bytes of it. */
static uint32_t note_offset(struct list *list, struct view note)
{
    if (note.len == 0)
        return 0;
    note = view_slice(note, 0, LIST_NOTE_MAX);
    note.len = strnlen((const char *)note.data, note.len);
    if (note.len == 0 || list->notes.len + note.len >= UINT32_MAX)
        return 0;
    uint64_t hash = hash_plain(note.data, note.len);
    uint32_t *known = find_recent(list, list->recent + RECENT, hash, is_note, &note);
    if (*known == 0) {
        *known = (uint32_t)list->notes.len;
        buf_add(&list->notes, note);
        buf_byte(&list->notes, '\0');
    }
    return *known;
}

/* Row of `facts` that says the same. */
static uint32_t facts_row(struct list *list, const struct list_entry *entry)
{
    struct list_facts facts = {
        .first_seen_s = entry->first_seen_s,
        .valid_from_s = entry->valid_from_s,
        .valid_until_s = entry->valid_until_s,
        .confidence = entry->confidence,
    };

    if (list->recent == NULL) {
        list->recent = memory_new(2 * RECENT, sizeof(*list->recent));
        buf_bytes(&list->facts, &NOTHING, sizeof(NOTHING));
        buf_byte(&list->notes, '\0');
    }
    facts.note = note_offset(list, entry->note);
    uint64_t hash = hash_plain(&facts, sizeof(facts));
    uint32_t *known = find_recent(list, list->recent, hash, is_row, &facts);
    if (*known == 0) {
        *known = (uint32_t)(list->facts.len / sizeof(facts));
        buf_bytes(&list->facts, &facts, sizeof(facts));
    }
    return *known;
}

static bool says_something(const struct list_entry *entry)
{
    return entry->note.len > 0 || entry->confidence >= 0 || entry->first_seen_s != 0 ||
           entry->valid_from_s != 0 || entry->valid_until_s != 0;
}

static void add_facts(struct list *list, const struct list_entry *entry)
{
    bool is_said = entry != NULL && says_something(entry);

    if (!is_said && list->fact_of.len == 0)
        return;
    size_t before = list->count * sizeof(uint32_t);
    if (list->fact_of.len < before && buf_reserve(&list->fact_of, before)) {
        memset(list->fact_of.data, 0, before); /* nothing is said of those before */
        list->fact_of.len = before;
    }
    uint32_t row = is_said ? facts_row(list, entry) : 0;
    buf_bytes(&list->fact_of, &row, sizeof(row));
}

struct list_facts list_facts_of(const struct list *list, size_t entry)
{
    assert(entry < list->count);
    if (list->fact_of.len == 0)
        return NOTHING;
    return *facts_at(list, ((const uint32_t *)(const void *)list->fact_of.data)[entry]);
}

const char *list_note(const struct list *list, const struct list_facts *facts)
{
    return facts->note == 0 ? NULL : (const char *)list->notes.data + facts->note;
}

/* --- entries ------------------------------------------------------------------------------------- */

static bool holds_names(const struct list *list)
{
    return list->type == LIST_DOMAIN || list->type == LIST_URL;
}

/* The name, or the URL, with A-labels; empty when it has none. */
static struct view in_ascii(const struct list *list, struct view text, uint8_t out[MAPPED_MAX],
                            const char **why)
{
    if (list->type == LIST_DOMAIN)
        return view_make(out, idna_map(text, out, why));
    return idna_is_foreign(key_url_host(text)) ? idna_map_url(text, out, why) : text;
}

const char *list_name_fault(const struct list *list, struct view text)
{
    uint8_t mapped[MAPPED_MAX];
    const char *why = NULL;

    if (holds_names(list) && idna_is_foreign(text) && text.len <= LIST_VALUE_MAX)
        (void)in_ascii(list, text, mapped, &why);
    return why;
}

bool list_add(struct list *list, struct view text, const struct list_entry *entry)
{
    uint8_t mapped[MAPPED_MAX];
    const char *why;

    if (text.len == 0 || text.len > LIST_VALUE_MAX)
        return false;
    if (holds_names(list) && idna_is_foreign(text))
        text = in_ascii(list, text, mapped, &why);
    if (text.len == 0 || !buf_reserve(&list->keys, text.len + KEY_ADDRESS_LEN))
        return false;
    size_t len = make_key(list->type, text, list->keys.data + list->keys.len);
    if (len == 0)
        return false;
    list->keys.len += len;
    if (list_key_len(list->type) == 0) {
        assert(list->keys.len <= UINT32_MAX);
        uint32_t end = (uint32_t)list->keys.len;
        buf_bytes(&list->ends, &end, sizeof(end));
    }
    add_facts(list, entry);
    list->count++;
    return true;
}

static void trim(struct buf *buf)
{
    if (buf->capacity == buf->len || buf->len == 0)
        return;
    buf->data = memory_resize(buf->data, buf->len, 1);
    buf->capacity = buf->len;
}

void list_finish(struct list *list)
{
    trim(&list->keys);
    trim(&list->ends);
    trim(&list->fact_of);
    trim(&list->facts);
    trim(&list->notes);
    memory_free(list->recent);
    list->recent = NULL;
}
