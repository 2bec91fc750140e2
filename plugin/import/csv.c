/* SPDX-License-Identifier: BSD-3-Clause */
/* CSV: records of cells (RFC 4180), also with tabs or semicolons, usually with a header.
 *
 * Separator  the one of , ; and TAB that the first record has most of.
 * Header     the first record in which two cells are names of csv_column.def, or one that names values. What
 *            stands before it (a licence, comments) is passed over. Without a header the first cell that looks
 *            like an indicator is the value, and what is left of the record its note.
 * Several    a record gives one indicator for each of its columns of values (JA4+'s mapping has five).
 * Lenient    a quote within an unquoted cell is kept; an open quote at the end closes there.
 */
#include "import/feed.h"

#include "rule/loader.h"

enum { HEAD_MAX = 4096, CELLS_MAX = 128 };

enum role {
    VALUE,
    TYPE,
    NOTE,
    NAMED,
    PORT,
    REFERENCE,
    ID,
    CONFIDENCE,
    FIRST_SEEN,
    VALID_FROM,
    VALID_UNTIL,
    MARKING,
    NO_ROLE
};

struct column {
    const char *name;
    enum role role;
    enum indicator_kind kind;
};

/* By enum feed_column. */
static const enum role ROLES[] = {
#define FEED_COLUMN(id, name) id,
#include "import/feed_column.def"
};

const char *const FEED_COLUMN_NAMES[] = {
#define FEED_COLUMN(id, name) name,
#include "import/feed_column.def"
};

static const struct column KNOWN[] = {
#define COLUMN(name, role, kind) {name, role, INDICATOR_##kind},
#include "import/csv_column.def"
};

struct reader {
    const struct feed_input *input;
    const struct indicator_sink *sink;
    struct view rest;
    uint8_t separator;
    unsigned line; /* of the record that was read last */
    unsigned next_line;
    struct view cells[CELLS_MAX];
    size_t count;
    struct column columns[CELLS_MAX]; /* of the header */
    size_t column_count;
    bool has_header;
    unsigned met; /* bits by enum feed_column: names given by the user that some record has */
    bool is_ja3;  /* the file's name says so: 32 hex digits are JA3 */
};

/* --- records ------------------------------------------------------------------------------------- */

static uint8_t separator_of(struct view text)
{
    static const uint8_t BYTES[] = {'\t', ',', ';'};
    struct view rest = view_slice(text, 0, HEAD_MAX), line;
    size_t best = 0;
    uint8_t found = 0;

    while (view_take_line(&rest, &line)) {
        if (line.len == 0 || line.data[0] == '#')
            continue;
        for (size_t i = 0; i < sizeof(BYTES); i++) {
            size_t count = 0;
            for (size_t k = 0; k < line.len; k++)
                count += line.data[k] == BYTES[i];
            if (count > best) {
                best = count;
                found = BYTES[i];
            }
        }
        if (best > 0)
            break;
    }
    return found;
}

static struct view quoted_cell(struct reader *r, size_t *end)
{
    struct view rest = r->rest;
    size_t at = 1, doubled = 0;

    for (; at < rest.len; at++) {
        if (rest.data[at] != '"')
            continue;
        if (at + 1 < rest.len && rest.data[at + 1] == '"') {
            at++;
            doubled++;
        } else {
            break;
        }
    }
    struct view cell = view_slice(rest, 1, at);
    *end = at < rest.len ? at + 1 : at;
    if (doubled == 0)
        return cell;
    uint8_t *plain = arena_alloc(r->input->arena, cell.len);
    size_t len = 0;
    for (size_t i = 0; i < cell.len; i++) {
        plain[len++] = cell.data[i];
        i += cell.data[i] == '"';
    }
    return view_make(plain, len);
}

/* The next cell; true when it is the record's last. */
static bool take_cell(struct reader *r, struct view *cell)
{
    size_t at = 0, start = 0;
    bool is_quoted = r->rest.len > 0 && r->rest.data[0] == '"';

    if (is_quoted)
        *cell = quoted_cell(r, &at);
    start = at;
    while (at < r->rest.len && r->rest.data[at] != r->separator && r->rest.data[at] != '\n')
        at++;
    if (!is_quoted)
        *cell = view_slice(r->rest, start, at);
    if (cell->len > 0 && cell->data[cell->len - 1] == '\r')
        cell->len--;
    bool is_last = at == r->rest.len || r->rest.data[at] == '\n';
    for (size_t i = 0; i < at; i++)
        r->next_line += r->rest.data[i] == '\n';
    r->next_line += at < r->rest.len && is_last;
    r->rest = view_skip(r->rest, at < r->rest.len ? at + 1 : at);
    *cell = view_trim(*cell);
    return is_last;
}

/* Cells over CELLS_MAX are passed over. False after the last record. */
static bool take_record(struct reader *r)
{
    bool is_last = false;
    struct view cell;

    if (r->rest.len == 0)
        return false;
    r->line = r->next_line;
    for (r->count = 0; !is_last;) {
        is_last = take_cell(r, &cell);
        if (r->count < CELLS_MAX)
            r->cells[r->count++] = cell;
    }
    return true;
}

/* --- the header ---------------------------------------------------------------------------------- */

static bool same_name(struct view cell, const char *name)
{
    struct view known = view_from_string(name);

    if (cell.len != known.len)
        return false;
    for (size_t i = 0; i < cell.len; i++) {
        uint8_t c = cell.data[i] == '_' || cell.data[i] == ' ' ? '-' : byte_fold(cell.data[i]);
        if (c != known.data[i])
            return false;
    }
    return true;
}

static struct column column_named(struct view cell)
{
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (same_name(cell, KNOWN[i].name))
            return KNOWN[i];
    }
    return (struct column){NULL, NO_ROLE, INDICATOR_NONE};
}

/* What the user calls column `at`; FEED_COLUMNS when nothing. */
static enum feed_column column_given(const struct reader *r, size_t at)
{
    enum feed_column given = 0;

    while (given < FEED_COLUMNS &&
           (r->input->columns[given] == NULL ||
            !view_equal_fold(r->cells[at], view_from_string(r->input->columns[given]))))
        given++;
    return given;
}

/* Column `at` by its usual name, but what the user gave another column for. */
static struct column column_usual(const struct reader *r, size_t at)
{
    struct column column = column_named(r->cells[at]);

    for (unsigned i = 0; i < FEED_COLUMNS; i++) {
        if (column.role == ROLES[i] && r->input->columns[i] != NULL)
            column.role = NO_ROLE;
    }
    return column;
}

/* Whether the record names columns; if so they are kept. The names that the user gave count alone. */
static bool read_header(struct reader *r)
{
    size_t known = 0, wanted = 0, found = 0;
    bool has_value = false;

    for (unsigned i = 0; i < FEED_COLUMNS; i++)
        wanted += r->input->columns[i] != NULL;
    for (size_t i = 0; i < r->count; i++) {
        enum feed_column given = column_given(r, i);
        r->columns[i] = column_usual(r, i);
        if (given != FEED_COLUMNS) {
            found++;
            r->met |= 1U << given;
            r->columns[i] = (struct column){FEED_COLUMN_NAMES[given], ROLES[given], r->input->kind};
        }
        has_value |= r->columns[i].role == VALUE;
        known += r->columns[i].role != NO_ROLE;
    }
    r->column_count = r->count;
    if (wanted > 0)
        return has_value && found >= wanted;
    return has_value && (known >= 2 || r->count == 1);
}

/* Without a header columns have numbers, from 1; with that of the value alone the others are its note. False when the
 * user named one, or none. */
static bool number_columns(struct reader *r)
{
    uint64_t numbers[FEED_COLUMNS] = {0};
    unsigned count = 0;

    for (unsigned i = 0; i < FEED_COLUMNS; i++) {
        const char *name = r->input->columns[i];
        if (name == NULL)
            continue;
        if (!view_parse_u64(view_from_string(name), &numbers[i]) || numbers[i] == 0 ||
            numbers[i] > CELLS_MAX)
            return false;
        count++;
    }
    if (numbers[FEED_VALUE] == 0)
        return false;
    for (size_t i = 0; i < CELLS_MAX; i++)
        r->columns[i] = (struct column){"", count == 1 ? NOTE : NO_ROLE, INDICATOR_NONE};
    for (unsigned i = 0; i < FEED_COLUMNS; i++) {
        if (numbers[i] > 0)
            r->columns[numbers[i] - 1] =
                (struct column){FEED_COLUMN_NAMES[i], ROLES[i], r->input->kind};
    }
    r->column_count = CELLS_MAX;
    return true;
}

/* --- values -------------------------------------------------------------------------------------- */

static void add_note(struct reader *r, struct view *note, const char *name, struct view cell)
{
    if (cell.len == 0 || view_equal(cell, VIEW("None")) || view_equal(cell, VIEW("-")))
        return;
    if (note->len == 0 && *name == '\0') {
        *note = cell;
        return;
    }
    *note = view_from_string(arena_format(r->input->arena, "%.*s%s%s%s%.*s", (int)note->len,
                                          note->len ? (const char *)note->data : "",
                                          note->len ? ", " : "", name, *name ? " " : "",
                                          (int)cell.len, (const char *)cell.data));
}

static int confidence_of(struct view cell)
{
    uint64_t number;

    if (view_ends(cell, VIEW("%")))
        cell.len--;
    if (view_parse_u64(cell, &number) && number <= 100)
        return (int)number;
    return view_equal_fold(cell, VIEW("high"))     ? 85
           : view_equal_fold(cell, VIEW("medium")) ? 50
           : view_equal_fold(cell, VIEW("low"))    ? 15
                                                   : -1;
}

/* What the record says besides the value. */
static void fill(struct reader *r, struct indicator *indicator, struct view *type)
{
    size_t count = r->count < r->column_count ? r->count : r->column_count;
    uint64_t port;

    for (size_t i = 0; i < count; i++) {
        struct view cell = r->cells[i];
        switch (r->columns[i].role) {
        case TYPE:
            *type = cell;
            break;
        case NOTE:
            add_note(r, &indicator->note, "", cell);
            break;
        case NAMED:
            add_note(r, &indicator->note, r->columns[i].name, cell);
            break;
        case PORT:
            if (view_parse_u64(cell, &port) && port > 0 && port <= UINT16_MAX)
                indicator->port = (uint16_t)port;
            break;
        case REFERENCE:
            indicator->reference = cell;
            break;
        case ID:
            indicator->id = cell;
            break;
        case CONFIDENCE:
            indicator->confidence = confidence_of(cell);
            break;
        case FIRST_SEEN:
            (void)indicator_parse_time(cell, &indicator->first_seen_us);
            break;
        case VALID_FROM:
            (void)indicator_parse_time(cell, &indicator->valid_from_us);
            break;
        case VALID_UNTIL:
            (void)indicator_parse_time(cell, &indicator->valid_until_us);
            break;
        case MARKING:
            indicator->marking = marking_named(view_from_string(
                arena_format(r->input->arena, "tlp:%.*s", (int)cell.len, (const char *)cell.data)));
            break;
        case VALUE:
        case NO_ROLE:
            break;
        }
    }
}

static enum indicator_kind guess(const struct reader *r, struct view cell)
{
    enum indicator_kind kind = indicator_guess(indicator_refang(r->input->arena, cell));
    return kind == INDICATOR_MD5 && r->is_ja3 ? INDICATOR_JA3 : kind;
}

static void offer(struct reader *r, struct indicator indicator, struct view type,
                  struct column column)
{
    if (column.kind != INDICATOR_NONE)
        indicator.kind = column.kind;
    else if (type.len > 0)
        indicator.kind = indicator_kind_named(type);
    if (indicator.kind == INDICATOR_NONE)
        indicator.kind = r->input->kind;
    if (indicator.kind == INDICATOR_NONE)
        indicator.kind = guess(r, indicator.value);
    if (indicator.port != 0 && (indicator.kind == INDICATOR_IP || indicator.kind == INDICATOR_NONE))
        indicator.kind = INDICATOR_ENDPOINT;
    if (indicator.kind != INDICATOR_ENDPOINT)
        indicator.port = 0;
    (void)indicator_offer(r->input->arena, r->sink, indicator);
}

static void read_record(struct reader *r)
{
    struct indicator indicator = {
        .kind = INDICATOR_NONE, .confidence = -1, .place = {r->input->file, r->line, 1}};
    struct view type = view_make(NULL, 0);

    fill(r, &indicator, &type);
    for (size_t i = 0; i < r->count && i < r->column_count; i++) {
        if (r->columns[i].role != VALUE || r->cells[i].len == 0)
            continue;
        indicator.value = r->cells[i];
        offer(r, indicator, type, r->columns[i]);
    }
}

/* A record without a header: the first cell that looks like an indicator. */
static void read_bare(struct reader *r)
{
    struct indicator indicator = {
        .kind = r->input->kind, .confidence = -1, .place = {r->input->file, r->line, 1}};
    size_t at = 0;

    while (at < r->count && guess(r, r->cells[at]) == INDICATOR_NONE)
        at++;
    if (at == r->count) {
        r->sink->skip(r->sink->context, "a record without an indicator",
                      r->count ? r->cells[0] : view_make("", 0), indicator.place);
        return;
    }
    indicator.value = r->cells[at];
    if (indicator.kind == INDICATOR_NONE)
        indicator.kind = guess(r, indicator.value);
    for (size_t i = 0; i < r->count; i++) {
        if (i != at)
            add_note(r, &indicator.note, "", r->cells[i]);
    }
    (void)indicator_offer(r->input->arena, r->sink, indicator);
}

static bool is_comment(const struct reader *r)
{
    return r->count == 0 || (r->count == 1 && r->cells[0].len == 0) ||
           (r->cells[0].len > 0 && r->cells[0].data[0] == '#');
}

/* abuse.ch writes its header behind a #. */
static bool read_commented_header(struct reader *r)
{
    if (r->cells[0].len < 2 || r->cells[0].data[0] != '#')
        return false;
    struct view whole = r->cells[0];
    r->cells[0] = view_trim(view_skip(whole, 1));
    bool is_header = r->count > 1 && read_header(r);
    r->cells[0] = whole;
    return is_header;
}

bool csv_detect(struct view text)
{
    struct arena *arena = arena_new();
    struct feed_input input = {.arena = arena, .kind = INDICATOR_NONE};
    struct reader r = {.input = &input,
                       .rest = view_slice(text, 0, HEAD_MAX),
                       .separator = separator_of(text),
                       .next_line = 1};
    size_t records = 0, values = 0;
    bool found = false;

    for (; r.separator != 0 && !found && take_record(&r) && records < 8;) {
        if (is_comment(&r)) {
            found = read_commented_header(&r);
            continue;
        }
        records++;
        found = r.count > 1 && read_header(&r);
        for (size_t i = 0; i < r.count && r.count > 1; i++)
            values += guess(&r, r.cells[i]) != INDICATOR_NONE;
    }
    arena_free(arena);
    return found || (records > 1 && values >= records - 1 && values > 0);
}

/* The first name given that the file does not have. */
static int tell_missing(const struct reader *r)
{
    const char *name = "value";

    for (unsigned i = FEED_COLUMNS; i-- > 0;) {
        if (r->input->columns[i] != NULL && (r->met >> i & 1) == 0)
            name = r->input->columns[i];
    }
    feed_fault(r->input, (struct place){r->input->file, 1, 1},
               "write its name as the header has it, or its number, from 1",
               "there is no column `%.64s`", name);
    return -1;
}

static bool has_given(const struct feed_input *input)
{
    for (unsigned i = 0; i < FEED_COLUMNS; i++) {
        if (input->columns[i] != NULL)
            return true;
    }
    return false;
}

int csv_read(const struct feed_input *input, const struct indicator_sink *sink)
{
    struct reader r = {.input = input, .sink = sink, .rest = input->text, .next_line = 1};
    size_t bare = 0;

    r.separator = separator_of(input->text);
    if (r.separator == 0)
        r.separator = ',';
    const char *slash = strrchr(input->file, '/');
    r.is_ja3 = view_find_fold(view_from_string(slash ? slash + 1 : input->file), VIEW("ja3")) !=
               VIEW_NOT_FOUND;
    /* once to find the header, which may follow a preamble; then for the values */
    while (!r.has_header && bare < 64 && take_record(&r)) {
        r.has_header = is_comment(&r) ? read_commented_header(&r) : read_header(&r);
        bare++;
    }
    if (!r.has_header) {
        r.rest = input->text;
        r.next_line = 1;
        r.has_header = number_columns(&r);
        if (!r.has_header && has_given(input))
            return tell_missing(&r);
    }
    while (take_record(&r)) {
        if (is_comment(&r))
            continue;
        if (r.has_header)
            read_record(&r);
        else
            read_bare(&r);
    }
    return 0;
}
