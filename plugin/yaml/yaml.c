/* SPDX-License-Identifier: BSD-3-Clause */
/* YAML: libyaml's events, built into a tree with bounds.
 *
 * Idea       libyaml finds tokens and tells where each begins; what it leaves open is decided here: keys
 *            are scalars and never twice the same, aliases are followed up to a bound, nesting ends at
 *            YAML_DEPTH_MAX, and nothing recurses.
 * Faults     one bad document must not hide the next rule of the file. libyaml cannot go on after a
 *            fault, so reading starts over at the next line that begins with `---`, which can stand
 *            nowhere but between documents.
 * Text       is checked before libyaml sees it: UTF-8, no control characters, a size. So its own
 *            reader never fails, and the place of a wrong byte is exact.
 * Not here   what a document means (rules.c, sigma.c, list.c).
 */
#include "yaml/yaml.h"

#include <yaml.h>

#include "base/hash.h"

struct anchor {
    const char *name;
    struct yaml_node *node;
};

/* A list or map that is still open. */
struct frame {
    struct yaml_node *node;
    struct yaml_node *key; /* map: the key that waits for its value */
    size_t capacity;
};

struct reader {
    const char *file;
    struct diagnostics *diagnostics;
    struct arena *arena; /* of this document */
    unsigned first_line; /* lines of the text before the part that libyaml reads */
    struct view text;    /* that part */
    size_t line_at;      /* where line `line` of it begins */
    unsigned line;
    yaml_parser_t parser;
    struct frame frames[YAML_DEPTH_MAX];
    unsigned depth;
    struct yaml_node *root;
    struct anchor anchors[YAML_ANCHORS_MAX];
    size_t anchor_count;
    size_t node_count;
    size_t aliased_count;
    bool is_bad;       /* this document */
    bool is_abandoned; /* reading must start over */
    unsigned fault_line;
};

/* --- the text ------------------------------------------------------------------------------------ */

/* Length of the UTF-8 character at the front, 0 when it is none (RFC 3629: no overlong forms, no
 * surrogates). */
static size_t character_length(struct view v, uint32_t *out)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = v.data[0];
    size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? first : first & (0xffU >> (len + 1));

    if (len == 0 || first > 0xf4 || v.len < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((v.data[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (v.data[i] & 0x3f);
    }
    if (c < LEAST[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *out = c;
    return len;
}

/* YAML 1.2, production c-printable. */
static bool is_printable(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f) || c == 0x85 ||
           (c >= 0xa0 && c != 0xfffe && c != 0xffff);
}

/* By its byte order mark, or since every other byte of what begins as any rule file does is zero. */
static bool is_utf16(struct view text)
{
    if (view_starts(text, VIEW("\xff\xfe")) || view_starts(text, VIEW("\xfe\xff")))
        return true;
    return text.len >= 4 && (text.data[0] == 0) != (text.data[1] == 0) &&
           (text.data[0] == 0) == (text.data[2] == 0) && (text.data[1] == 0) == (text.data[3] == 0);
}

static bool check_text(const char *file, struct view text, struct diagnostics *diagnostics)
{
    struct place place = {file, 1, 1};

    if (text.len > YAML_SIZE_MAX) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, "file-size", place,
                        "put long lists into a file of their own and name it with `file:`",
                        "the file has %zu bytes; at most %d are read", text.len, YAML_SIZE_MAX);
        return false;
    }
    if (is_utf16(text)) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, "not-utf-8", place,
                        "save it as UTF-8 (`iconv -f UTF-16 -t UTF-8`)",
                        "the file is UTF-16; rule files are UTF-8");
        return false;
    }
    for (size_t at = 0; at < text.len;) {
        uint32_t c = 0;
        size_t len = character_length(view_skip(text, at), &c);
        if (len == 0) {
            diagnostics_add(diagnostics, SEVERITY_ERROR, "not-utf-8", place,
                            "save the file as UTF-8; write other bytes with `hex`",
                            "byte 0x%02x is not UTF-8", text.data[at]);
            return false;
        }
        if (!is_printable(c)) {
            diagnostics_add(diagnostics, SEVERITY_ERROR, "control-character", place,
                            "write it as an escape in double quotes (\"\\x01\") or with `hex`",
                            "control character U+%04X", c);
            return false;
        }
        at += len;
        place.column++;
        if (c == '\n') {
            place.line++;
            place.column = 1;
        }
    }
    return true;
}

/* Where the next line that begins with `---` stands, from line `from` (0 is the first) on and never
 * at the text's own start; text.len when there is none. `line` receives its number. */
static size_t find_separator(struct view text, unsigned from, unsigned *line)
{
    unsigned number = 0;
    size_t at = 0;

    while (at < text.len) {
        struct view rest = view_skip(text, at);
        if (number >= from && at > 0 && view_starts(rest, VIEW("---")) &&
            (rest.len == 3 || strchr(" \t\r\n", rest.data[3]) != NULL)) {
            *line = number;
            return at;
        }
        size_t end = view_find_byte(rest, '\n');
        if (end == VIEW_NOT_FOUND)
            break;
        at += end + 1;
        number++;
    }
    return text.len;
}

/* --- faults -------------------------------------------------------------------------------------- */

static struct place place_of(const struct reader *r, yaml_mark_t mark)
{
    return (struct place){r->file, r->first_line + (unsigned)mark.line + 1,
                          (unsigned)mark.column + 1};
}

/* The document is lost, and libyaml's position with it. */
static void abandon(struct reader *r, yaml_mark_t mark)
{
    r->is_bad = true;
    r->is_abandoned = true;
    r->fault_line = (unsigned)mark.line;
}

static bool line_has_tab(struct view text, unsigned line)
{
    for (; line > 0 && text.len > 0; line--) {
        size_t end = view_find_byte(text, '\n');
        text = end == VIEW_NOT_FOUND ? view_skip(text, text.len) : view_skip(text, end + 1);
    }
    size_t at = 0;
    while (at < text.len && text.data[at] == ' ')
        at++;
    return at < text.len && text.data[at] == '\t';
}

struct syntax_help {
    const char *problem; /* the beginning of libyaml's sentence */
    const char *help;
};

static const struct syntax_help SYNTAX_HELP[] = {
    {"mapping values are not allowed",
     "put the value into quotes when it holds `: `, or check the indentation"},
    {"did not find expected key",
     "check the indentation and the quotes of this line and the one before"},
    {"did not find expected '-' indicator", "give every item of the list the same indentation"},
    {"could not find expected ':'", "write `key: value`"},
    {"found unexpected end of stream", "the quote is never closed"},
    {"found unexpected document indicator", "the quote is never closed"},
    {"found unknown escape character",
     "use single quotes for values with backslashes: 'C:\\Windows'"},
    {"found character that cannot start any token", "put the value into quotes"},
    {"did not find expected ',' or ']'", "close the list with ] or put a comma between its items"},
    {"did not find expected ',' or '}'", "close the map with } or put a comma between its keys"},
    {"did not find expected alphabetic or numeric character",
     "put a value that begins with * or & into quotes"},
};

static void add_syntax_fault(struct reader *r, struct view text)
{
    const char *problem = r->parser.problem ? r->parser.problem : "cannot be read";
    struct place place = place_of(r, r->parser.problem_mark);
    const char *help = NULL;

    /* an open quote is noticed where the document ends: say where it began */
    if (r->parser.context != NULL && strstr(r->parser.context, "quoted scalar") != NULL &&
        strncmp(problem, "found unexpected", 16) == 0)
        place = place_of(r, r->parser.context_mark);
    abandon(r, r->parser.problem_mark);
    if (line_has_tab(text, (unsigned)r->parser.problem_mark.line)) {
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-tab", place,
                        "indent with spaces, four or two for each level",
                        "a tab in the indentation; YAML allows only spaces there");
        return;
    }
    for (size_t i = 0; i < sizeof(SYNTAX_HELP) / sizeof(SYNTAX_HELP[0]); i++) {
        if (strncmp(problem, SYNTAX_HELP[i].problem, strlen(SYNTAX_HELP[i].problem)) == 0)
            help = SYNTAX_HELP[i].help;
    }
    diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-syntax", place, help, "YAML: %s%s%s",
                    problem, r->parser.context ? " " : "",
                    r->parser.context ? r->parser.context : "");
}

/* --- building ------------------------------------------------------------------------------------ */

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind, yaml_mark_t mark)
{
    struct yaml_node *node = arena_alloc(r->arena, sizeof(*node));
    node->kind = kind;
    node->place = place_of(r, mark);
    node->weight = 1;
    if (++r->node_count > YAML_NODES_MAX && !r->is_abandoned) {
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-size", node->place,
                        "put long lists into a file of their own and name it with `file:`",
                        "the document has more than %d values", YAML_NODES_MAX);
        abandon(r, mark);
    }
    return node;
}

static void grow(struct reader *r, struct frame *frame)
{
    struct yaml_node *node = frame->node;
    size_t capacity = frame->capacity ? frame->capacity * 2 : 4;
    struct yaml_node **items = arena_array(r->arena, capacity, sizeof(struct yaml_node *));
    struct yaml_node **keys = NULL;

    if (node->count > 0)
        memcpy(items, node->items, node->count * sizeof(struct yaml_node *));
    if (node->kind == YAML_MAP) {
        keys = arena_array(r->arena, capacity, sizeof(struct yaml_node *));
        if (node->count > 0)
            memcpy(keys, node->keys, node->count * sizeof(struct yaml_node *));
    }
    node->items = items;
    node->keys = keys;
    frame->capacity = capacity;
}

static void take_key(struct reader *r, struct frame *frame, struct yaml_node *key)
{
    frame->key = key;
    if (key->kind != YAML_SCALAR) {
        r->is_bad = true;
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-key", key->place,
                        "write the key as plain text", "%s as a key; keys are names",
                        yaml_kind_name(key->kind));
    } else if (key->is_plain && view_equal(key->text, VIEW("<<"))) {
        r->is_bad = true;
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-merge", key->place,
                        "write the keys out", "the merge key << is not part of YAML 1.2");
    }
}

/* Puts a finished node, or one that was just opened, where it belongs. */
static void place_node(struct reader *r, struct yaml_node *node)
{
    if (r->depth == 0) {
        r->root = node;
        return;
    }
    struct frame *frame = &r->frames[r->depth - 1];
    if (frame->node->kind == YAML_MAP && frame->key == NULL) {
        take_key(r, frame, node);
        return;
    }
    if (frame->node->count == frame->capacity)
        grow(r, frame);
    if (frame->node->kind == YAML_MAP)
        frame->node->keys[frame->node->count] = frame->key;
    frame->node->items[frame->node->count++] = node;
    frame->key = NULL;
}

static void add_anchor(struct reader *r, const yaml_char_t *name, struct yaml_node *node)
{
    if (name == NULL)
        return;
    if (r->anchor_count == YAML_ANCHORS_MAX) {
        r->is_bad = true;
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-anchor", node->place, NULL,
                        "more than %d anchors in one document", YAML_ANCHORS_MAX);
        return;
    }
    r->anchors[r->anchor_count++] =
        (struct anchor){arena_string(r->arena, (const char *)name), node};
}

static void check_tag(struct reader *r, const yaml_char_t *tag, struct place place)
{
    static const char *const KNOWN[] = {"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq",
                                        "tag:yaml.org,2002:map"};

    if (tag == NULL)
        return;
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (strcmp((const char *)tag, KNOWN[i]) == 0)
            return;
    }
    r->is_bad = true;
    diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-tag", place,
                    "write the value without a tag", "the YAML tag %s is not understood",
                    (const char *)tag);
}

static void open_node(struct reader *r, const yaml_event_t *event)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    struct yaml_node *node = new_node(r, is_map ? YAML_MAP : YAML_LIST, event->start_mark);

    check_tag(r, is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag,
              node->place);
    if (r->depth == YAML_DEPTH_MAX) {
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-depth", node->place,
                        "no document of shrike needs more than six levels",
                        "nested more than %d deep", YAML_DEPTH_MAX);
        abandon(r, event->start_mark);
        return;
    }
    place_node(r, node);
    node->weight = 0; /* open: an alias to it would be a cycle */
    add_anchor(r, is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
               node);
    r->frames[r->depth++] = (struct frame){.node = node};
}

static void check_duplicates(struct reader *r, const struct yaml_node *map)
{
    size_t slots = 8;

    while (slots < map->count * 2)
        slots *= 2;
    const struct yaml_node **table = arena_array(r->arena, slots, sizeof(struct yaml_node *));
    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->keys[i];
        size_t at = hash_plain(key->text.data, key->text.len) & (slots - 1);
        while (table[at] != NULL && !view_equal(table[at]->text, key->text))
            at = (at + 1) & (slots - 1);
        if (table[at] == NULL) {
            table[at] = key;
            continue;
        }
        r->is_bad = true;
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "duplicate-key", key->place,
                        "join both into one list, or give one of them another name",
                        "the key `%.*s` stands here a second time; the first is in line %u",
                        (int)(key->text.len > 80 ? 80 : key->text.len),
                        (const char *)key->text.data, table[at]->place.line);
    }
}

static void close_node(struct reader *r)
{
    struct yaml_node *node = r->frames[--r->depth].node;

    node->weight = 1;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->items[i];
        node->weight += item->weight + (node->kind == YAML_MAP);
        if (node->weight > YAML_NODES_MAX)
            node->weight = YAML_NODES_MAX;
        if (item->height >= node->height)
            node->height = item->height + 1;
    }
    if (node->kind == YAML_MAP)
        check_duplicates(r, node);
}

/* The text from a mark on; marks come in order, so lines are counted once. */
static struct view source_at(struct reader *r, yaml_mark_t mark)
{
    while (r->line < mark.line) {
        size_t end = view_find_byte(view_skip(r->text, r->line_at), '\n');
        if (end == VIEW_NOT_FOUND)
            break;
        r->line_at += end + 1;
        r->line++;
    }
    struct view line = view_skip(r->text, r->line_at);
    for (size_t column = 0; column < mark.column && line.len > 0; column++) {
        do
            line = view_skip(line, 1);
        while (line.len > 0 && (line.data[0] & 0xc0) == 0x80); /* columns are characters */
    }
    return line;
}

static void add_scalar(struct reader *r, const yaml_event_t *event)
{
    struct yaml_node *node = new_node(r, YAML_SCALAR, event->start_mark);

    check_tag(r, event->data.scalar.tag, node->place);
    node->is_plain =
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && event->data.scalar.tag == NULL;
    node->is_quoted = event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                      event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    node->is_one_line = event->start_mark.line == event->end_mark.line;
    if (!node->is_one_line && !node->is_quoted && event->data.scalar.anchor == NULL &&
        event->data.scalar.tag == NULL)
        node->source = source_at(r, event->start_mark);
    node->text =
        arena_copy(r->arena, view_make(event->data.scalar.value, event->data.scalar.length));
    add_anchor(r, event->data.scalar.anchor, node);
    place_node(r, node);
}

static void follow_alias(struct reader *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct place place = place_of(r, event->start_mark);
    size_t at = r->anchor_count;

    while (at > 0 && strcmp(r->anchors[at - 1].name, name) != 0)
        at--;
    struct yaml_node *node = at > 0 ? r->anchors[at - 1].node : NULL;
    if (node == NULL || node->weight == 0) {
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-alias", place,
                        "put a value that begins with * into quotes",
                        node ? "the alias *%s stands inside of what it names"
                             : "the alias *%s names no anchor",
                        name);
        abandon(r, event->start_mark);
        return;
    }
    r->aliased_count += node->weight;
    if (r->aliased_count > YAML_ALIASED_MAX || r->depth + node->height >= YAML_DEPTH_MAX) {
        diagnostics_add(r->diagnostics, SEVERITY_ERROR, "yaml-alias", place, "write the values out",
                        "the aliases of this document stand for more than %d values or %d levels",
                        YAML_ALIASED_MAX, YAML_DEPTH_MAX);
        abandon(r, event->start_mark);
        return;
    }
    place_node(r, node);
}

/* --- reading ------------------------------------------------------------------------------------- */

static void begin_document(struct reader *r)
{
    arena_free(r->arena);
    r->arena = arena_new();
    r->depth = 0;
    r->root = NULL;
    r->anchor_count = r->node_count = r->aliased_count = 0;
    r->is_bad = r->is_abandoned = false;
}

static void take_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        open_node(r, event);
        break;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        close_node(r);
        break;
    case YAML_SCALAR_EVENT:
        add_scalar(r, event);
        break;
    case YAML_ALIAS_EVENT:
        follow_alias(r, event);
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

/* Reads `text` to its end or to the first fault that libyaml cannot pass; true at the end. */
static bool read_part(struct reader *r, struct view text, size_t *documents,
                      yaml_document_fn *on_document, void *context)
{
    yaml_event_t event;
    yaml_event_type_t type = YAML_NO_EVENT;

    r->text = text;
    r->line_at = r->line = 0;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, text.data ? text.data : (const uint8_t *)"", text.len);
    while (type != YAML_STREAM_END_EVENT) {
        if (!yaml_parser_parse(&r->parser, &event)) {
            add_syntax_fault(r, text);
            return false;
        }
        type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT) {
            begin_document(r);
            (*documents)++;
        } else {
            take_event(r, &event);
        }
        yaml_event_delete(&event);
        if (r->is_abandoned)
            return false;
        if (type == YAML_DOCUMENT_END_EVENT && !r->is_bad && r->root != NULL &&
            !yaml_is_null(r->root))
            on_document(context, r->root);
    }
    return true;
}

size_t yaml_read(const char *file, struct view text, struct diagnostics *diagnostics,
                 yaml_document_fn *on_document, void *context)
{
    struct reader r = {.file = file, .diagnostics = diagnostics};
    size_t documents = 0;
    bool is_done = false;

    if (view_starts(text, VIEW("\xef\xbb\xbf"))) /* byte order mark */
        text = view_skip(text, 3);
    if (!check_text(file, text, diagnostics))
        return 0;
    while (!is_done) {
        if (!yaml_parser_initialize(&r.parser))
            break;
        r.is_abandoned = false;
        is_done = read_part(&r, text, &documents, on_document, context);
        yaml_parser_delete(&r.parser);
        if (!is_done) {
            unsigned line = 0;
            size_t next = find_separator(text, r.fault_line, &line);
            is_done = next == text.len;
            text = view_skip(text, next);
            r.first_line += line;
        }
    }
    arena_free(r.arena);
    return documents;
}
