/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries: the values of a list, inline or from a file beside the rule file.
 *
 * Files      one value a line, `#` and a note behind it; that is read here, since it is the form of lists of millions:
 *            each value becomes its key (rule/list.c) as the line is passed, and the file is given back. Other formats
 *            are read by import/ (sigma/list_feed.c): those that `format:` names, JSON, Zeek intelligence, Maltrail, CSV.
 * Faults     a value that does not fit the list's type is told with its own line and left out; the others
 *            are kept. Only the first LIST_FAULTS_MAX of a list are told one by one.
 */
#include "sigma/list_entry.h"

#include "base/file.h"
#include "sigma/list.h"
#include "sigma/list_feed.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* --- values -------------------------------------------------------------------------------------- */

static void tell_fault(struct list_builder *b, struct view text, struct place place)
{
    if (b->faults++ >= LIST_FAULTS_MAX)
        return;
    const char *why = list_name_fault(b->list, text);
    loader_error(b->l, place, "list-value", b->kind->help, "`%s` is not %s%s%s",
                 loader_shown(b->l, text), b->kind->wanted,
                 why ? ", since it has no form in ASCII: " : "", why ? why : "");
}

/* `entry` says what is known of it, or is NULL. */
static void add_entry(struct list_builder *b, struct view text, const struct list_entry *entry,
                      struct place place)
{
    if (!list_add(b->list, text, entry)) {
        tell_fault(b, text, place);
        return;
    }
    if (entry != NULL) {
        b->knows_first_seen |= entry->first_seen_s != 0 || entry->valid_from_s != 0;
        b->knows_confidence |= entry->confidence >= 0;
    }
}

static void take_from_feed(void *context, struct view text, const struct list_entry *entry,
                           struct place place)
{
    add_entry(context, text, entry, place);
}

static void fault_from_feed(void *context, struct view text, struct place place)
{
    tell_fault(context, text, place);
}

/* --- inline -------------------------------------------------------------------------------------- */

static const char *const ENTRY_KEYS[] = {
#define ENTRY_KEY(name) name,
#include "sigma/key.def"
};

static bool is_entry_key(struct view key)
{
    for (size_t i = 0; i < LENGTH(ENTRY_KEYS); i++) {
        if (view_equal(key, view_from_string(ENTRY_KEYS[i])))
            return true;
    }
    return false;
}

/* A date of an entry; 0 when it has none. */
static uint32_t entry_date(struct loader *l, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    int64_t time_us = 0;

    if (node == NULL || node->kind != YAML_SCALAR)
        return 0;
    if (!loader_parse_time(node->text, &time_us))
        loader_error(l, node->place, "date", arena_format(l->arena, "write `%s: 2027-01-01`", key),
                     "`%s` is not a date", loader_shown(l, node->text));
    return list_seconds(time_us);
}

/* What a map says of its value; faults are told. */
static struct list_entry entry_known(struct loader *l, const struct yaml_node *map)
{
    const struct yaml_node *confidence = yaml_get(map, "confidence");
    const struct yaml_node *note = yaml_get(map, "note");
    struct list_entry entry = {.confidence = -1};
    int64_t number;

    if (note != NULL && note->kind == YAML_SCALAR && !yaml_is_null(note))
        entry.note = note->text;
    if (confidence != NULL && confidence->kind == YAML_SCALAR) {
        if (loader_parse_number(confidence->text, &number) && number >= 0 &&
            number <= LIST_CONFIDENCE_MAX)
            entry.confidence = (int)number;
        else
            loader_error(l, confidence->place, "confidence", "write `confidence: 80`",
                         "`confidence` has to be a number between 0 and 100");
    }
    entry.first_seen_s = entry_date(l, map, "first_seen");
    entry.valid_from_s = entry_date(l, map, "valid_from");
    entry.valid_until_s = entry_date(l, map, "valid_until");
    if (entry.valid_from_s != 0 && entry.valid_until_s != 0 &&
        entry.valid_until_s <= entry.valid_from_s)
        loader_warn(l, yaml_get(map, "valid_until")->place, "date", "turn the two dates round",
                    "`valid_until` is not after `valid_from`: the entry is never valid");
    return entry;
}

static void check_entry_keys(struct loader *l, const struct yaml_node *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->keys[i];
        if (!is_entry_key(key->text))
            loader_error(l, key->place, "unknown-key",
                         loader_did_you_mean(
                             l, nearest_name(key->text, ENTRY_KEYS, LENGTH(ENTRY_KEYS)),
                             "one of value, note, confidence, first_seen, valid_from, valid_until"),
                         "an entry of a list has no key `%s`", loader_shown(l, key->text));
        else if (map->items[i]->kind != YAML_SCALAR)
            loader_error(l, map->items[i]->place, "wrong-kind", NULL,
                         "`%s` has to be a single value, here is %s", (const char *)key->text.data,
                         yaml_kind_name(map->items[i]->kind));
    }
}

static void add_map_entry(struct list_builder *b, const struct yaml_node *map)
{
    const struct yaml_node *value = yaml_get(map, "value");

    check_entry_keys(b->l, map);
    struct list_entry entry = entry_known(b->l, map);
    if (value == NULL || value->kind != YAML_SCALAR)
        loader_error(b->l, map->place, "list-value", "write `{value: 192.0.2.1, note: relay}`",
                     "an entry without `value`");
    else
        add_entry(b, view_trim(value->text), &entry, value->place);
}

void list_read_values(struct list_builder *b, const struct yaml_node *node)
{
    if (node->kind != YAML_LIST) {
        loader_error(b->l, node->place, "wrong-kind", "write `values: [a, b]`",
                     "`values` has to be a list, here is %s", yaml_kind_name(node->kind));
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->items[i];
        if (item->kind == YAML_MAP)
            add_map_entry(b, item);
        else if (item->kind == YAML_SCALAR)
            add_entry(b, view_trim(item->text), NULL, item->place);
        else
            loader_error(b->l, item->place, "wrong-kind", "write the values in one list",
                         "a list inside a list of values");
    }
}

/* --- files --------------------------------------------------------------------------------------- */

/* A path beside the rule file. */
static const char *beside(struct loader *l, const char *rule_file, const char *path)
{
    const char *slash = strrchr(rule_file, '/');
    if (path[0] == '/' || slash == NULL)
        return path;
    return arena_format(l->arena, "%.*s/%s", (int)(slash - rule_file), rule_file, path);
}

/* A comment begins a line or follows a blank; a URL may hold a # itself. What stands before it is left. */
static struct view take_comment(struct view *line)
{
    size_t at = view_find_byte(*line, '#');

    for (; at < line->len; at++) {
        if (line->data[at] != '#' || (at > 0 && !byte_is_space(line->data[at - 1])))
            continue;
        struct view comment = view_trim(view_skip(*line, at + 1));
        *line = view_slice(*line, 0, at);
        return comment;
    }
    return view_make(NULL, 0);
}

static void read_lines(struct list_builder *b, struct view text, struct place place)
{
    struct view line;

    for (place.line = 1; view_take_line(&text, &line); place.line++) {
        struct list_entry entry = {.note = take_comment(&line), .confidence = -1};
        struct view value = view_trim(line);
        if (value.len > 0)
            add_entry(b, value, entry.note.len > 0 ? &entry : NULL, place);
    }
}

static bool ends_in(const char *path, const char *suffix)
{
    return view_ends_fold(view_from_string(path), view_from_string(suffix));
}

static void read_text(struct list_builder *b, const struct yaml_node *root, const char *path,
                      struct view text)
{
    const struct yaml_node *format = yaml_get(root, "format");
    struct list_feed feed = {.l = b->l,
                             .type = b->kind->name,
                             .path = path,
                             .text = text,
                             .format = format,
                             .column = yaml_get(root, "column"),
                             .columns = yaml_get(root, "columns"),
                             .place = yaml_get(root, "file")->place,
                             .context = b,
                             .add = take_from_feed,
                             .fault = fault_from_feed};

    feed.is_csv = format == NULL && (feed.column != NULL || feed.columns != NULL ||
                                     ends_in(path, ".csv") || ends_in(path, ".tsv"));
    if (feed.is_csv || format != NULL || list_feed_is_one(path, text))
        list_feed_read(&feed);
    else
        read_lines(b, text, (struct place){path, 1, 1});
}

static void note_file(struct rules *rules, const char *path)
{
    size_t count = rules->list_file_count;

    if ((count & (count - 1)) == 0) { /* full at each power of two */
        const char **files = arena_array(rules->arena, count ? count * 2 : 1, sizeof(*files));
        if (count > 0)
            memcpy(files, rules->list_files, count * sizeof(*files));
        rules->list_files = files;
    }
    rules->list_files[rules->list_file_count++] = path;
}

void list_read_file(struct list_builder *b, const struct yaml_node *root,
                    const struct yaml_node *node)
{
    struct loader *l = b->l;
    const char *name = loader_string(l, node, "file");
    const char *why = NULL;
    struct buf bytes;

    if (name == NULL)
        return;
    const char *path = beside(l, node->place.file, name);
    note_file(l->rules, path);
    if (file_read(path, LIST_FILE_MAX, &bytes, &why) != 0) {
        loader_error(l, node->place, "list-file", "the path is relative to the rule file",
                     "the list's file cannot be read: %s: %s", why, path);
        return;
    }
    struct view text = buf_view(&bytes);
    if (view_starts(text, VIEW("\xef\xbb\xbf"))) /* byte order mark */
        text = view_skip(text, 3);
    read_text(b, root, path, text);
    buf_clear(&bytes);
}
