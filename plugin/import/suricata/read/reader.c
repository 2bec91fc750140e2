/* SPDX-License-Identifier: BSD-3-Clause */
/* Reader: the options of a rule one after the other, each by the row of its keyword.
 *
 * Buffers    a sticky buffer holds for all contents that follow; a modifier (http_uri) moves the content before it
 *            into its chain, and so does a pcre's flag. Naming a buffer twice goes on with its chain. A transform
 *            (fields/transform.def) behind a buffer makes another of it.
 * Order      the pieces of a chain are in the order in which Suricata inspects them: as they are written.
 */
#include "import/suricata/read/reader.h"

struct chain *reader_chain(struct reader *r, const struct buffer *buffer, transform_list transforms)
{
    struct model *rule = r->rule;

    for (size_t i = 0; i < rule->chain_count; i++) {
        if (rule->chains[i].buffer == buffer && rule->chains[i].transforms == transforms)
            return &rule->chains[i];
    }
    if (rule->chain_count == CHAINS_MAX)
        return NULL;
    struct chain *chain = &rule->chains[rule->chain_count++];
    *chain = (struct chain){.buffer = buffer, .transforms = transforms};
    chain->pieces = arena_array(r->arena, PIECES_MAX, sizeof(*chain->pieces));
    return chain;
}

struct piece *reader_add_piece(struct chain *chain, enum piece_kind kind)
{
    if (chain == NULL || chain->count == PIECES_MAX)
        return NULL;
    struct piece *piece = &chain->pieces[chain->count++];
    *piece = (struct piece){.kind = kind, .multiply = 1};
    return piece;
}

const char *reader_add_ask(struct reader *r, const char *key, const char *value, bool is_negated)
{
    if (r->rule->ask_count == ASKS_MAX)
        return "too many conditions on the packet";
    r->rule->asks[r->rule->ask_count++] = (struct ask){key, value, is_negated, false};
    return NULL;
}

bool reader_number(struct view text, int64_t *out)
{
    bool is_negative = text.len > 0 && text.data[0] == '-';
    uint64_t number = 0;

    if (text.len > 0 && (is_negative || text.data[0] == '+'))
        text = view_skip(text, 1);
    if (view_starts_fold(text, VIEW("0x")) && text.len > 2 && text.len <= 17) {
        for (size_t i = 2; i < text.len; i++) {
            uint8_t c = byte_fold(text.data[i]);
            if (!byte_is_digit(c) && (c < 'a' || c > 'f'))
                return false;
            number = number << 4 | (uint64_t)(byte_is_digit(c) ? c - '0' : c - 'a' + 10);
        }
    } else if (!view_parse_u64(text, &number)) {
        return false;
    }
    if (number > INT64_MAX)
        return false;
    *out = is_negative ? -(int64_t)number : (int64_t)number;
    return true;
}

bool reader_compare(struct view text, enum comparison *compare, uint64_t *number, uint64_t *upper)
{
    static const struct {
        const char *sign;
        enum comparison compare;
    } SIGNS[] = {{">=", IS_GTE}, {"<=", IS_LTE}, {"!=", IS_NE}, {">", IS_GT},
                 {"<", IS_LT},   {"!", IS_NE},   {"=", IS_EQ}};
    size_t middle = view_find(text, VIEW("<>")), skip = 2;

    *compare = IS_EQ;
    *upper = 0;
    if (middle == VIEW_NOT_FOUND) {
        middle = view_find_byte(text, '-');
        skip = 1;
    }
    if (middle != VIEW_NOT_FOUND) {
        *compare = IS_GT;
        return view_parse_u64(view_trim(view_slice(text, 0, middle)), number) &&
               view_parse_u64(view_trim(view_skip(text, middle + skip)), upper);
    }
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
        if (!view_starts(text, view_from_string(SIGNS[i].sign)))
            continue;
        *compare = SIGNS[i].compare;
        text = view_trim(view_skip(text, strlen(SIGNS[i].sign)));
        break;
    }
    return view_parse_u64(text, number) && *number <= INT64_MAX;
}

const char *reader_compare_suffix(enum comparison compare)
{
    static const char *const SUFFIXES[] = {
        [IS_EQ] = "",    [IS_NE] = "",      [IS_LT] = "|lt", [IS_LTE] = "|lte",
        [IS_GT] = "|gt", [IS_GTE] = "|gte", [HAS_BITS] = "", [HAS_NO_BITS] = ""};
    return SUFFIXES[compare];
}

const char *ignore(struct reader *r, struct view value)
{
    (void)r;
    (void)value;
    return NULL;
}

/* --- keywords ------------------------------------------------------------------------------------ */

static const struct keyword {
    const char *name;
    keyword_fn *read;  /* or */
    const char *field; /* that the keyword compares with a number */
} KEYWORDS[] = {
#define KEYWORD(name, reader) {name, reader, NULL},
#define NUMBER(name, field)   {name, NULL, field},
#include "import/suricata/read/keyword.def"
};

static const struct keyword *find_keyword(struct view name)
{
    for (size_t i = 0; i < sizeof(KEYWORDS) / sizeof(KEYWORDS[0]); i++) {
        if (view_equal(name, view_from_string(KEYWORDS[i].name)))
            return &KEYWORDS[i];
    }
    return NULL;
}

/* The content before it belongs to the modifier's buffer. */
static const char *move_piece(struct reader *r, const struct buffer *buffer)
{
    struct chain *from = r->piece_chain, *to = reader_chain(r, buffer, 0);

    if (r->piece == NULL || from == NULL || from->count == 0 ||
        r->piece != &from->pieces[from->count - 1])
        return "a modifier without a content before it";
    if (r->chain->buffer != NULL)
        return "a modifier while a sticky buffer is set";
    struct piece *piece = reader_add_piece(to, PIECE_CONTENT);
    if (piece == NULL)
        return "too many contents";
    *piece = *r->piece;
    from->count--;
    r->piece = piece;
    r->piece_chain = to;
    return NULL;
}

/* What is looked for from here on is looked for in what becomes of the buffer. */
static const char *add_transform(struct reader *r, enum transform_id id)
{
    if (r->chain->buffer == NULL)
        return "a transform without a buffer";
    transform_list transforms = r->chain->transforms;
    if (!transform_list_add(&transforms, id))
        return "too many transforms";
    r->chain = reader_chain(r, r->chain->buffer, transforms);
    r->piece = NULL;
    return r->chain == NULL ? "too many buffers" : NULL;
}

static const char *read_option(struct reader *r, const struct option_text *option)
{
    const enum transform_id transform = transform_find(option->name);
    const struct keyword *keyword = find_keyword(option->name);
    const struct buffer *sticky = buffer_sticky(option->name);
    const struct buffer *modifier = buffer_modifier(option->name);

    if (keyword != NULL)
        return keyword->read != NULL ? keyword->read(r, option->value)
                                     : reader_ask_number(r, keyword->field, option->value);
    if (sticky != NULL && option->value.len == 0) {
        r->chain = reader_chain(r, sticky, 0);
        r->piece = NULL;
        return r->chain == NULL ? "too many buffers" : NULL;
    }
    if (modifier != NULL && option->value.len == 0)
        return move_piece(r, modifier);
    if (transform != TRANSFORM_NONE && option->value.len == 0)
        return add_transform(r, transform);
    return arena_format(r->arena, "keyword %.*s", (int)option->name.len,
                        (const char *)option->name.data);
}

void reader_read(struct arena *arena, const struct rule_text *text, struct model *out)
{
    struct reader r = {.arena = arena, .rule = out};

    *out = (struct model){.text = text, .rev = 0, .gid = 1};
    out->chains = arena_array(arena, CHAINS_MAX, sizeof(*out->chains));
    out->references = arena_array(arena, text->option_count + 1, sizeof(*out->references));
    r.chain = reader_chain(&r, NULL, 0);
    for (size_t i = 0; i < text->option_count; i++) {
        const char *reason = read_option(&r, &text->options[i]);
        if (reason == NULL || out->refusal != NULL)
            continue;
        out->refusal = reason;
        out->refusal_place = text->options[i].place;
    }
}
