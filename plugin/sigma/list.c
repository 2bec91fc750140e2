/* SPDX-License-Identifier: BSD-3-Clause */
/* List: named indicator values, inline or from a file beside the rule file.
 *
 * Files      one value a line, with `#` comments; or CSV (RFC 4180) when `column:` names one or the name
 *            ends in .csv. The file is read whole and kept; values point into it, so a list of millions
 *            costs its bytes and one entry each. Other formats are read by import/ (sigma/list_feed.c): those
 *            that `format:` names, JSON, Zeek intelligence, Maltrail.
 * Faults     a value that does not fit the list's type is told with its own line and left out; the others
 *            are kept. Only the first FAULTS_MAX of a list are told.
 */
#include "sigma/list.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sigma/list_feed.h"

enum { FAULTS_MAX = 20, VALUE_MAX = 8192 };
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
    {"url", LIST_URL, "a URL", "write it without spaces"},
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
    size_t capacity;
    size_t faults;
};

/* --- values -------------------------------------------------------------------------------------- */

/* `digits` hex digits, with or without colons between the bytes; in lower case without colons. */
static bool take_hash(struct loader *l, struct view text, size_t digits, struct view *out)
{
    bool has_colons = text.len == digits / 2 * 3 - 1;
    uint8_t *plain = arena_alloc(l->arena, digits);
    size_t len = 0;

    if (text.len != digits && !has_colons)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (has_colons && i % 3 == 2) {
            if (text.data[i] != ':')
                return false;
        } else if (loader_hex_digit(text.data[i]) < 0) {
            return false;
        } else {
            plain[len++] = byte_fold(text.data[i]);
        }
    }
    *out = view_make(plain, len);
    return len == digits;
}

/* With colons, as tls.cert_fingerprint has it. */
static struct view with_colons(struct loader *l, struct view plain)
{
    uint8_t *form = arena_alloc(l->arena, plain.len / 2 * 3);
    size_t len = 0;

    for (size_t i = 0; i < plain.len; i++) {
        if (i > 0 && i % 2 == 0)
            form[len++] = ':';
        form[len++] = plain.data[i];
    }
    return view_make(form, len);
}

static bool is_domain(struct view name)
{
    if (name.len == 0 || name.len > 254 || name.data[0] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || view_find_byte(VIEW("*?/:@,\""), name.data[i]) != VIEW_NOT_FOUND)
            return false;
    }
    return true;
}

/* JA4: ten characters, then two hashes of twelve hex digits. */
static bool is_ja4(struct view text)
{
    if (text.len != 36 || text.data[10] != '_' || text.data[23] != '_')
        return false;
    for (size_t i = 11; i < text.len; i++) {
        if (i != 23 && loader_hex_digit(text.data[i]) < 0)
            return false;
    }
    return true;
}

static bool has_blank(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ')
            return true;
    }
    return text.len == 0;
}

/* Fills entry->value in the form that the list compares. */
static bool take_value(struct builder *b, struct view text, struct list_entry *entry)
{
    struct view hash;
    unsigned bits;

    entry->value = text;
    if (text.len > VALUE_MAX)
        return false;
    switch (b->type->type) {
    case LIST_IP:
        if (!address_parse_prefix(text, &entry->address, &bits))
            return false;
        entry->prefix_bits = (uint16_t)bits;
        return true;
    case LIST_DOMAIN:
        return is_domain(text);
    case LIST_URL:
        return !has_blank(text);
    case LIST_STRING:
        return text.len > 0;
    case LIST_JA4:
        return is_ja4(text);
    case LIST_JA3:
        return take_hash(b->l, text, 32, &entry->value);
    case LIST_SHA1:
        if (!take_hash(b->l, text, 40, &hash))
            return false;
        entry->value = with_colons(b->l, hash);
        return true;
    case LIST_SHA256:
        return take_hash(b->l, text, 64, &entry->value);
    }
    return false;
}

/* `text` must live as long as the rules; `entry` has what is known of it. */
static void add_known(struct builder *b, struct view text, struct list_entry entry,
                      struct place place)
{
    struct list *list = b->list;

    if (!take_value(b, text, &entry)) {
        if (b->faults++ < FAULTS_MAX)
            loader_error(b->l, place, "list-value", b->type->help, "`%s` is not %s",
                         loader_shown(b->l, text), b->type->wanted);
        return;
    }
    if (list->count == b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 16;
        struct list_entry *entries = arena_array(b->l->arena, capacity, sizeof(*entries));
        if (list->count > 0)
            memcpy(entries, list->entries, list->count * sizeof(*entries));
        list->entries = entries;
        b->capacity = capacity;
    }
    list->entries[list->count++] = entry;
}

static void add_entry(struct builder *b, struct view text, const char *note, struct place place)
{
    add_known(b, text, (struct list_entry){.note = note, .confidence = -1}, place);
}

static void add_from_feed(void *context, struct view text, struct list_entry entry,
                          struct place place)
{
    add_known(context, text, entry, place);
}

/* --- inline -------------------------------------------------------------------------------------- */

static const char *scalar_text(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    return node != NULL && node->kind == YAML_SCALAR ? (const char *)node->text.data : NULL;
}

/* An entry with its own note, confidence and first sight: what an alert shows of it. */
static const char *entry_note(struct loader *l, const struct yaml_node *map)
{
    const char *note = scalar_text(map, "note");
    const char *confidence = scalar_text(map, "confidence");
    const char *first_seen = scalar_text(map, "first_seen");
    const char *text = note ? arena_string(l->arena, note) : "";

    if (first_seen != NULL)
        text = arena_format(l->arena, "%s%sfirst seen %s", text, *text ? ", " : "", first_seen);
    if (confidence != NULL)
        text = arena_format(l->arena, "%s%sconfidence %s", text, *text ? ", " : "", confidence);
    return *text ? text : NULL;
}

/* The entry's own confidence and end; faults in them are told. */
static struct list_entry entry_facts(struct loader *l, const struct yaml_node *map)
{
    const struct yaml_node *confidence = yaml_get(map, "confidence");
    const struct yaml_node *until = yaml_get(map, "valid_until");
    struct list_entry entry = {.note = entry_note(l, map), .confidence = -1};
    int64_t number;

    if (confidence != NULL && confidence->kind == YAML_SCALAR) {
        if (loader_parse_number(confidence->text, &number) && number >= 0 && number <= 100)
            entry.confidence = (int16_t)number;
        else
            loader_error(l, confidence->place, "confidence", "write `confidence: 80`",
                         "`confidence` has to be a number between 0 and 100");
    }
    if (until != NULL && until->kind == YAML_SCALAR) {
        if (loader_parse_time(until->text, &number) && number > 0 && number / 1000000 <= UINT32_MAX)
            entry.valid_until_s = (uint32_t)(number / 1000000);
        else
            loader_error(l, until->place, "date", "write `valid_until: 2027-01-01`",
                         "`%s` is not a date", loader_shown(l, until->text));
    }
    return entry;
}

static void add_map_entry(struct builder *b, const struct yaml_node *map)
{
    static const char *const KEYS[] = {"value", "note", "confidence", "first_seen", "valid_until"};
    const struct yaml_node *value = yaml_get(map, "value");

    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->keys[i];
        size_t at = 0;
        while (at < LENGTH(KEYS) && !view_equal(key->text, view_from_string(KEYS[at])))
            at++;
        if (at == LENGTH(KEYS))
            loader_error(
                b->l, key->place, "unknown-key",
                loader_did_you_mean(b->l, nearest_name(key->text, KEYS, LENGTH(KEYS)),
                                    "one of value, note, confidence, first_seen, valid_until"),
                "an entry of a list has no key `%s`", loader_shown(b->l, key->text));
        else if (map->items[i]->kind != YAML_SCALAR)
            loader_error(b->l, map->items[i]->place, "wrong-kind", NULL,
                         "`%s` has to be a single value, here is %s", KEYS[at],
                         yaml_kind_name(map->items[i]->kind));
        else if (at == 4)
            loader_warn(b->l, key->place, "unsupported-key", "give the list an `expires:`",
                        "`valid_until` of an entry is not evaluated by this version");
    }
    if (value == NULL || value->kind != YAML_SCALAR)
        loader_error(b->l, map->place, "list-value", "write `{value: 192.0.2.1, note: relay}`",
                     "an entry without `value`");
    else
        add_known(b, arena_copy(b->l->arena, view_trim(value->text)), entry_facts(b->l, map),
                  value->place);
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
            add_entry(b, arena_copy(b->l->arena, view_trim(item->text)), NULL, item->place);
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

static bool take_line(struct view *rest, struct view *line)
{
    if (rest->len == 0)
        return false;
    size_t end = view_find_byte(*rest, '\n');
    *line = view_slice(*rest, 0, end);
    *rest = end == VIEW_NOT_FOUND ? view_skip(*rest, rest->len) : view_skip(*rest, end + 1);
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* A comment begins a line or follows a blank; a URL may hold a # itself. */
static struct view without_comment(struct view line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] == '#' && (i == 0 || byte_is_space(line.data[i - 1])))
            return view_slice(line, 0, i);
    }
    return line;
}

static void read_lines(struct builder *b, struct view text, struct place place)
{
    struct view line;

    for (place.line = 1; take_line(&text, &line); place.line++) {
        struct view value = view_trim(without_comment(line));
        if (value.len > 0)
            add_entry(b, value, NULL, place);
    }
}

/* The next cell of a record; quotes around it go, doubled ones within become one (RFC 4180, section 2).
 * Cells with quotes are unescaped in place: `rest` lies in memory that the list owns. */
static void take_cell(struct view *rest, uint8_t *bytes, struct view *cell, bool *is_last)
{
    size_t at = 0, len = 0;
    bool is_quoted = rest->len > 0 && rest->data[0] == '"';

    if (!is_quoted) {
        while (at < rest->len && view_find_byte(VIEW(",\r\n"), rest->data[at]) == VIEW_NOT_FOUND)
            at++;
        *cell = view_slice(*rest, 0, at);
    } else {
        for (at = 1; at < rest->len; at++) {
            if (rest->data[at] == '"' && (at + 1 == rest->len || rest->data[at + 1] != '"'))
                break;
            at += rest->data[at] == '"';
            bytes[len++] = rest->data[at];
        }
        *cell = view_make(bytes, len);
        at = at < rest->len ? at + 1 : at;
        while (at < rest->len && view_find_byte(VIEW(",\r\n"), rest->data[at]) == VIEW_NOT_FOUND)
            at++;
    }
    *is_last = at == rest->len || rest->data[at] != ',';
    if (at < rest->len && rest->data[at] == '\r')
        at++;
    if (at < rest->len && rest->data[at] != '\r')
        at++;
    *rest = view_skip(*rest, at);
}

struct csv {
    struct view rest;
    uint8_t *bytes; /* the memory of `rest`, writable */
    const uint8_t *start;
    size_t line;
};

/* The cell number `column` of the next record, or, with SIZE_MAX, the number of the cell that reads
 * `name`. False at the end. */
static bool take_record(struct csv *csv, size_t column, struct view *cell, struct view name,
                        size_t *found)
{
    bool is_last = false;
    const uint8_t *begin = csv->rest.data;

    if (csv->rest.len == 0)
        return false;
    *cell = view_make("", 0);
    for (size_t i = 0; !is_last; i++) {
        struct view one;
        uint8_t *bytes = csv->bytes + (csv->rest.data - csv->start);
        take_cell(&csv->rest, bytes, &one, &is_last);
        if (i == column)
            *cell = one;
        if (column == SIZE_MAX && view_equal_fold(view_trim(one), name))
            *found = i;
    }
    for (const uint8_t *c = begin; c < csv->rest.data; c++)
        csv->line += *c == '\n';
    return true;
}

static void read_csv(struct builder *b, struct csv csv, const struct yaml_node *column,
                     struct place place)
{
    size_t number = 0;
    int64_t given;
    struct view cell = view_make("", 0);

    if (column != NULL && column->kind == YAML_SCALAR &&
        loader_parse_number(column->text, &given) && given >= 1) {
        number = (size_t)given - 1;
    } else if (column != NULL && column->kind == YAML_SCALAR) {
        number = SIZE_MAX;
        (void)take_record(&csv, SIZE_MAX, &cell, column->text, &number);
        if (number == SIZE_MAX) {
            loader_error(b->l, column->place, "list-column",
                         "write its name as the first line has it", "there is no column `%s` in %s",
                         loader_shown(b->l, column->text), place.file);
            return;
        }
    }
    for (;;) {
        place.line = (unsigned)csv.line + 1;
        if (!take_record(&csv, number, &cell, cell, NULL))
            return;
        cell = view_trim(cell);
        if (cell.len > 0 && cell.data[0] != '#')
            add_entry(b, cell, NULL, place);
    }
}

static bool ends_in(const char *path, const char *suffix)
{
    return view_ends_fold(view_from_string(path), view_from_string(suffix));
}

static void read_file(struct builder *b, const struct yaml_node *node,
                      const struct yaml_node *column, const struct yaml_node *format)
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
    uint8_t *kept = arena_alloc(l->arena, bytes.len + 1);
    if (bytes.len > 0)
        memcpy(kept, bytes.data, bytes.len);
    struct view text = view_make(kept, bytes.len);
    buf_clear(&bytes);
    if (view_starts(text, VIEW("\xef\xbb\xbf"))) { /* byte order mark */
        text = view_skip(text, 3);
        kept += 3;
    }
    struct place place = {path, 1, 1};
    if (column == NULL && (format != NULL || list_feed_is_one(path, text)))
        list_feed_read(&(struct list_feed){.l = l,
                                           .type = b->type->name,
                                           .path = path,
                                           .text = text,
                                           .format = format,
                                           .place = node->place,
                                           .context = b,
                                           .add = add_from_feed});
    else if (column != NULL || ends_in(path, ".csv"))
        read_csv(b, (struct csv){text, kept, text.data, 0}, column, place);
    else
        read_lines(b, text, place);
}

/* --- the document -------------------------------------------------------------------------------- */

static const char *const KEYS[] = {
    "list",        "type",     "source",  "expires", "values", "file", "column",
    "title",       "id",       "author",  "date",    "status", "tags", "references",
    "description", "modified", "license", "decay",   "format",
};

static void check_keys(struct loader *l, const struct yaml_node *root)
{
    for (size_t i = 0; i < root->count; i++) {
        const struct yaml_node *key = root->keys[i];
        size_t at = 0;
        while (at < LENGTH(KEYS) && !view_equal(key->text, view_from_string(KEYS[at])))
            at++;
        if (at == LENGTH(KEYS))
            loader_error(l, key->place, "unknown-key",
                         loader_did_you_mean(
                             l, nearest_name(key->text, KEYS, LENGTH(KEYS)),
                             "one of list, type, source, expires, values, file, format, column"),
                         "a list document has no key `%s`", loader_shown(l, key->text));
        else if (view_equal(key->text, VIEW("decay")))
            loader_warn(l, key->place, "unsupported-key", "give the list an `expires:`",
                        "`decay` is not evaluated by this version");
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

static void read_expiry(struct loader *l, const struct yaml_node *node, struct list *list)
{
    if (node->kind != YAML_SCALAR || !loader_parse_time(node->text, &list->expires_us)) {
        loader_error(l, node->place, "date", "write `expires: 2027-01-01`", "`%s` is not a date",
                     loader_shown(l, node->text));
        return;
    }
    if (list->expires_us / 1000000 < (int64_t)time(NULL))
        loader_note(l, node->place, "expired-list", "ask its source for newer values, or remove it",
                    "the list `%s` has expired; hits are told as informational", list->name);
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

void list_read(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *name = yaml_get(root, "list");
    const struct yaml_node *values = yaml_get(root, "values");
    const struct yaml_node *file = yaml_get(root, "file");
    const struct yaml_node *expires = yaml_get(root, "expires");
    struct list *list = arena_alloc(l->arena, sizeof(*list));
    struct builder b = {.l = l, .list = list};

    check_keys(l, root);
    list->place = name->place;
    list->name = yaml_is_null(name) ? NULL : loader_string(l, name, "list");
    b.type = read_type(l, root);
    if (list->name == NULL || b.type == NULL) {
        if (list->name == NULL && !l->is_bad)
            loader_error(l, name->place, "list-name", "write `list: relays`",
                         "the list has no name");
        return;
    }
    list->type = b.type->type;
    if (yaml_get(root, "source") != NULL)
        list->source = loader_string(l, yaml_get(root, "source"), "source");
    if (expires != NULL)
        read_expiry(l, expires, list);
    if (values != NULL)
        read_values(&b, values);
    if (file != NULL)
        read_file(&b, file, yaml_get(root, "column"), yaml_get(root, "format"));
    check_count(&b, values != NULL || file != NULL);
    add_list(l, list);
}
