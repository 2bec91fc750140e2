/* SPDX-License-Identifier: BSD-3-Clause */
/* List: named indicator values, inline or from a file beside the rule file.
 *
 * Files      one value a line, `#` and a note behind it; that is read here, since it is the form of lists of millions:
 *            each value becomes its key (rule/list.c) as the line is passed, and the file is given back. Other formats
 *            are read by import/ (sigma/list_feed.c): those that `format:` names, JSON, Zeek intelligence, Maltrail, CSV.
 * Faults     a value that does not fit the list's type is told with its own line and left out; the others
 *            are kept. Only the first FAULTS_MAX of a list are told one by one.
 */
#include "sigma/list.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rule/list.h"
#include "sigma/list_feed.h"

enum { FAULTS_MAX = 20 };
#define READ_STEP ((size_t)65536)

struct type {
    const char *name;
    enum list_type type;
    const char *wanted;
    const char *help;
};

static const struct type TYPES[] = {
    {"ip", LIST_IP, "an address or a range of addresses", "write 192.0.2.1 or 2001:db8::/32"},
    {"domain", LIST_DOMAIN, "a domain name",
     "write `example.com`: it stands for all names under it too"},
    {"url", LIST_URL, "a URL", "write a host and a path without spaces: `http://evil.example/a`"},
    {"string", LIST_STRING, "a text", "write at least one byte"},
    {"ja3", LIST_JA3, "a JA3 hash", "write 32 hex digits"},
    {"ja4", LIST_JA4, "a JA4 fingerprint", "write t13d1516h2_8daaf6152771_e5627efa2ab1"},
    {"sha1", LIST_SHA1, "a SHA-1 hash", "write 40 hex digits"},
    {"sha256", LIST_SHA256, "a SHA-256 hash", "write 64 hex digits"},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct builder {
    struct loader *l;
    struct list *list;
    const struct type *type;
    size_t faults;
    bool knows_first_seen, knows_confidence; /* of some entry */
};

static bool key_known(struct view key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (view_equal(key, view_from_string(names[i])))
            return true;
    }
    return false;
}

/* --- values -------------------------------------------------------------------------------------- */

static void tell_fault(struct builder *b, struct view text, struct place place)
{
    if (b->faults++ < FAULTS_MAX)
        loader_error(b->l, place, "list-value", b->type->help, "`%s` is not %s",
                     loader_shown(b->l, text), b->type->wanted);
}

/* `entry` says what is known of it, or is NULL. */
static void add_entry(struct builder *b, struct view text, const struct list_entry *entry,
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

static const char *const ENTRY_KEYS[] = {"value",      "note",       "confidence",
                                         "first_seen", "valid_from", "valid_until"};

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
        if (!key_known(key->text, ENTRY_KEYS, LENGTH(ENTRY_KEYS)))
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

static void add_map_entry(struct builder *b, const struct yaml_node *map)
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

static void read_values(struct builder *b, const struct yaml_node *node)
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

static int read_descriptor(int file, size_t max, struct buf *out, const char **why)
{
    struct stat status;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        *why = "it is not a regular file";
        return -1;
    }
    for (;;) {
        if (!buf_reserve(out, READ_STEP)) {
            *why = "it is too large";
            return -1;
        }
        ssize_t count = read(file, out->data + out->len, out->capacity - out->len);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            *why = strerror(errno);
            return -1;
        }
        if (count == 0)
            break;
        out->len += (size_t)count;
    }
    if (out->len <= max)
        return 0;
    *why = "it is too large";
    return -1;
}

int file_read(const char *path, size_t max, struct buf *out, const char **why)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0) {
        *why = strerror(errno);
        return -1;
    }
    buf_init(out, max + READ_STEP * 2);
    int result = read_descriptor(file, max, out, why);
    close(file);
    if (result != 0)
        buf_clear(out);
    return result;
}

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

static void read_lines(struct builder *b, struct view text, struct place place)
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

static void read_text(struct builder *b, const struct yaml_node *root, const char *path,
                      struct view text)
{
    const struct yaml_node *format = yaml_get(root, "format");
    struct list_feed feed = {.l = b->l,
                             .type = b->type->name,
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

static void read_file(struct builder *b, const struct yaml_node *root, const struct yaml_node *node)
{
    struct loader *l = b->l;
    const char *name = loader_string(l, node, "file");
    const char *why = NULL;
    struct buf bytes;

    if (name == NULL)
        return;
    const char *path = beside(l, node->place.file, name);
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

/* --- the document -------------------------------------------------------------------------------- */

static const char *const KEYS[] = {
    "list",       "type",   "source", "expires", "decay",  "date",     "values",
    "file",       "format", "column", "columns", "tlp",    "tags",     "description",
    "references", "title",  "id",     "author",  "status", "modified", "license",
};

static void check_keys(struct loader *l, const struct yaml_node *root)
{
    for (size_t i = 0; i < root->count; i++) {
        const struct yaml_node *key = root->keys[i];
        if (!key_known(key->text, KEYS, LENGTH(KEYS)))
            loader_error(
                l, key->place, "unknown-key",
                loader_did_you_mean(l, nearest_name(key->text, KEYS, LENGTH(KEYS)),
                                    "one of list, type, source, date, expires, decay, values, "
                                    "file, format, column, columns, tlp, tags, description"),
                "a list document has no key `%s`", loader_shown(l, key->text));
    }
}

static const struct type *read_type(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "type");
    const char *names[LENGTH(TYPES)];

    for (size_t i = 0; i < LENGTH(TYPES); i++) {
        names[i] = TYPES[i].name;
        if (node != NULL && node->kind == YAML_SCALAR &&
            view_equal(node->text, view_from_string(names[i])))
            return &TYPES[i];
    }
    const char *all = "one of ip, domain, url, string, ja3, ja4, sha1, sha256";
    if (node == NULL)
        loader_error(l, root->place, "list-type", all, "the list has no `type`");
    else
        loader_error(l, node->place, "list-type",
                     loader_did_you_mean(l, nearest_name(node->text, names, LENGTH(TYPES)), all),
                     "there is no type of list `%s`", loader_shown(l, node->text));
    return NULL;
}

/* A date of the list's own; 0 when there is none. */
static int64_t read_date(struct loader *l, const struct yaml_node *root, const char *key)
{
    const struct yaml_node *node = yaml_get(root, key);
    int64_t time_us = 0;

    if (node == NULL || (node->kind == YAML_SCALAR && loader_parse_time(node->text, &time_us)))
        return time_us;
    loader_error(l, node->place, "date", arena_format(l->arena, "write `%s: 2027-01-01`", key),
                 "`%s` is not a date",
                 node->kind == YAML_SCALAR ? loader_shown(l, node->text) : key);
    return 0;
}

static void read_dates(struct loader *l, const struct yaml_node *root, struct list *list)
{
    const struct yaml_node *decay = yaml_get(root, "decay");

    list->date_us = read_date(l, root, "date");
    list->expires_us = read_date(l, root, "expires");
    if (list->expires_us != 0 && list->expires_us / 1000000 < (int64_t)time(NULL))
        loader_note(l, yaml_get(root, "expires")->place, "expired-list",
                    "ask its source for newer values, or remove it",
                    "the list `%s` has expired; hits are told as informational", list->name);
    if (decay != NULL &&
        (decay->kind != YAML_SCALAR || !loader_parse_duration(decay->text, &list->decay_us) ||
         list->decay_us == 0))
        loader_error(l, decay->place, "decay",
                     "write `decay: 90d`: the span in which confidence halves",
                     "`decay` has to be a span of time");
}

/* The Traffic Light Protocol's word; NULL when it is none. */
static const char *marking_word(const struct yaml_node *node, size_t skipped)
{
    static const char *const WORDS[] = {"clear", "white", "green", "amber", "amber+strict", "red"};

    for (size_t i = 0; node->kind == YAML_SCALAR && i < LENGTH(WORDS); i++) {
        if (view_equal_fold(view_skip(node->text, skipped), view_from_string(WORDS[i])))
            return WORDS[i];
    }
    return NULL;
}

/* How far the list may be passed on: `tlp: green`, or `tags: [tlp.green]` as importers write it. */
static void read_marking(struct loader *l, const struct yaml_node *root, struct list *list)
{
    const struct yaml_node *node = yaml_get(root, "tlp"), *tags = yaml_get(root, "tags");

    for (size_t i = 0; tags != NULL && tags->kind == YAML_LIST && i < tags->count; i++) {
        const struct yaml_node *tag = tags->items[i];
        if (tag->kind == YAML_SCALAR && view_starts_fold(tag->text, VIEW("tlp.")))
            list->tlp = marking_word(tag, VIEW("tlp.").len);
    }
    if (node == NULL)
        return;
    list->tlp = marking_word(node, 0);
    if (list->tlp == NULL)
        loader_error(l, node->place, "tlp", "one of clear, green, amber, amber+strict, red",
                     "`tlp` has to be a marking of the Traffic Light Protocol");
}

static void add_list(struct loader *l, struct list *list)
{
    struct rules *rules = l->rules;

    for (size_t i = 0; i < rules->list_count; i++) {
        if (strcmp(rules->lists[i]->name, list->name) != 0)
            continue;
        loader_error(l, list->place, "duplicate-list", "give it another name, or join the two",
                     "the list `%s` stands already in %s, line %u", list->name,
                     rules->lists[i]->place.file, rules->lists[i]->place.line);
        return;
    }
    if ((rules->list_count & (rules->list_count - 1)) == 0) { /* full at each power of two */
        struct list **lists = arena_array(l->arena, rules->list_count ? rules->list_count * 2 : 1,
                                          sizeof(struct list *));
        if (rules->list_count > 0)
            memcpy(lists, rules->lists, rules->list_count * sizeof(struct list *));
        rules->lists = lists;
    }
    rules->lists[rules->list_count++] = list;
}

static void check_count(struct builder *b, bool has_source)
{
    if (b->faults > FAULTS_MAX)
        loader_error(b->l, b->list->place, "list-value", b->type->help,
                     "%zu more values are not %s", b->faults - FAULTS_MAX, b->type->wanted);
    if (!has_source)
        loader_error(b->l, b->list->place, "empty-list",
                     "write `values: [...]` or `file: name.txt`", "the list `%s` has no values",
                     b->list->name);
    else if (b->list->count == 0 && b->faults == 0 && !b->l->is_bad)
        loader_warn(b->l, b->list->place, "empty-list", NULL, "the list `%s` has no values",
                    b->list->name);
}

static void check_decay(struct builder *b, const struct yaml_node *decay)
{
    if (b->list->decay_us == 0 || b->list->count == 0)
        return;
    if (!b->knows_confidence)
        loader_warn(b->l, decay->place, "decay", "give entries a `confidence`",
                    "`decay` halves confidence, and no entry of `%s` has one", b->list->name);
    else if (b->list->date_us == 0 && !b->knows_first_seen)
        loader_warn(b->l, decay->place, "decay", "give the list a `date`, or entries `first_seen`",
                    "it is not known since when the entries of `%s` age", b->list->name);
}

static void check_column(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "columns");
    if (node == NULL)
        node = yaml_get(root, "column");
    if (node != NULL && yaml_get(root, "file") == NULL)
        loader_error(l, node->place, "list-column", "write `file: name.csv`",
                     "there is no file whose columns could be meant");
}

/* The values, from the document and its file. */
static void fill(struct builder *b, const struct yaml_node *root)
{
    const struct yaml_node *values = yaml_get(root, "values");
    const struct yaml_node *file = yaml_get(root, "file");

    if (values != NULL)
        read_values(b, values);
    if (file != NULL)
        read_file(b, root, file);
    list_finish(b->list);
    check_column(b->l, root);
    check_count(b, values != NULL || file != NULL);
    check_decay(b, yaml_get(root, "decay"));
}

void list_read(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "list");
    const char *name = yaml_is_null(node) ? NULL : loader_string(l, node, "list");

    check_keys(l, root);
    const struct type *type = read_type(l, root);
    if (name == NULL || type == NULL) {
        if (name == NULL && !l->is_bad)
            loader_error(l, node->place, "list-name", "write `list: relays`",
                         "the list has no name");
        return;
    }
    struct builder b = {.l = l, .list = list_new(l->rules, type->type), .type = type};
    b.list->name = name;
    b.list->place = node->place;
    if (yaml_get(root, "source") != NULL)
        b.list->source = loader_string(l, yaml_get(root, "source"), "source");
    read_dates(l, root, b.list);
    read_marking(l, root, b.list);
    fill(&b, root);
    add_list(l, b.list);
}
