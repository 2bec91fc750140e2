/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords about bytes: contents, expressions, their places, and numbers that stand among them. */
#include "import/suricata/read/content.h"
#include "import/suricata/read/reader.h"

static const char TOO_MANY[] = "too many contents in one buffer";

/* --- contents ------------------------------------------------------------------------------------ */

static const char *add_content(struct reader *r, struct chain *chain, struct view value)
{
    struct view inside;
    bool is_negated;
    const char *fault = content_unquote(value, &inside, &is_negated);
    struct piece *piece = fault == NULL ? reader_add_piece(chain, PIECE_CONTENT) : NULL;

    if (piece == NULL)
        return fault != NULL ? fault : TOO_MANY;
    piece->is_negated = is_negated;
    r->piece = piece;
    r->piece_chain = chain;
    return content_bytes(r->arena, inside, &piece->bytes);
}

const char *read_content(struct reader *r, struct view value)
{
    return add_content(r, r->chain, value);
}

const char *read_uricontent(struct reader *r, struct view value)
{
    return add_content(r, reader_chain(r, buffer_sticky(VIEW("http.uri")), 0), value);
}

const char *read_pcre(struct reader *r, struct view value)
{
    struct view inside;
    bool is_negated;
    char flag = 0;
    struct piece made = {.multiply = 1};
    const char *fault = content_unquote(value, &inside, &is_negated);

    if (fault == NULL)
        fault = content_regex(r->arena, inside, &made, &flag);
    if (fault != NULL)
        return fault;
    if (flag != 0 && r->chain->buffer != NULL && r->chain->buffer != buffer_of_flag(flag))
        return "a modifier while a sticky buffer is set";
    struct chain *chain = flag != 0 ? reader_chain(r, buffer_of_flag(flag), 0) : r->chain;
    if (flag != 0 && buffer_of_flag(flag) == NULL)
        return "pcre with the flag of a buffer that there is not";
    struct piece *piece = reader_add_piece(chain, PIECE_REGEX);
    if (piece == NULL)
        return TOO_MANY;
    *piece = made;
    piece->is_negated = is_negated;
    r->piece = piece;
    r->piece_chain = chain;
    return NULL;
}

static const char *last_content(const struct reader *r)
{
    return r->piece != NULL && r->piece->kind == PIECE_CONTENT
               ? NULL
               : "a place or nocase without a content before it";
}

const char *read_nocase(struct reader *r, struct view value)
{
    const char *fault = last_content(r);
    (void)value;
    if (fault == NULL)
        r->piece->is_nocase = true;
    return fault;
}

const char *read_startswith(struct reader *r, struct view value)
{
    const char *fault = last_content(r);
    (void)value;
    if (fault == NULL)
        r->piece->is_at_start = true;
    return fault;
}

const char *read_endswith(struct reader *r, struct view value)
{
    const char *fault = last_content(r);
    (void)value;
    if (fault == NULL)
        r->piece->is_at_end = true;
    return fault;
}

/* A number of the last content's place; a name is a variable of byte_extract. */
static const char *read_place(struct reader *r, struct view value, int64_t *out, bool *has)
{
    const char *fault = last_content(r);

    if (fault != NULL)
        return fault;
    if (!reader_number(value, out))
        return "a place that is a variable";
    *has = true;
    return *out > -65536 && *out < 65536 ? NULL : "a place beyond 65535";
}

const char *read_offset(struct reader *r, struct view value)
{
    struct piece none = {.offset = 0}, *piece = r->piece != NULL ? r->piece : &none;
    const char *fault = read_place(r, value, &piece->offset, &piece->has_offset);
    return fault == NULL && piece->offset < 0 ? "offset: a negative number" : fault;
}

const char *read_depth(struct reader *r, struct view value)
{
    struct piece none = {.offset = 0}, *piece = r->piece != NULL ? r->piece : &none;
    const char *fault = read_place(r, value, &piece->depth, &piece->has_depth);
    return fault == NULL && piece->depth < (int64_t)piece->bytes.len
               ? "depth: shorter than the content"
               : fault;
}

const char *read_distance(struct reader *r, struct view value)
{
    struct piece none = {.offset = 0}, *piece = r->piece != NULL ? r->piece : &none;
    return read_place(r, value, &piece->distance, &piece->has_distance);
}

const char *read_within(struct reader *r, struct view value)
{
    struct piece none = {.offset = 0}, *piece = r->piece != NULL ? r->piece : &none;
    const char *fault = read_place(r, value, &piece->within, &piece->has_within);
    return fault == NULL && piece->within < (int64_t)piece->bytes.len
               ? "within: shorter than the content"
               : fault;
}

/* --- lengths ------------------------------------------------------------------------------------- */

static const char *add_size(struct chain *chain, enum comparison compare, uint64_t number)
{
    struct piece *piece = reader_add_piece(chain, PIECE_SIZE);
    if (piece == NULL)
        return TOO_MANY;
    piece->compare = compare;
    piece->number = number;
    return NULL;
}

static const char *add_sizes(struct chain *chain, struct view value)
{
    enum comparison compare;
    uint64_t number, upper;

    if (!reader_compare(value, &compare, &number, &upper))
        return "a length that is no number";
    const char *fault = add_size(chain, compare, number);
    return fault == NULL && upper > 0 ? add_size(chain, IS_LT, upper) : fault;
}

const char *read_bsize(struct reader *r, struct view value)
{
    if (r->chain->buffer == NULL)
        return "bsize without a buffer";
    return add_sizes(r->chain, value);
}

const char *read_urilen(struct reader *r, struct view value)
{
    struct view number, form = view_make("", 0);

    (void)rule_text_part(&value, ',', &number);
    (void)rule_text_part(&value, ',', &form);
    if (form.len > 0 && !view_equal(form, VIEW("raw")) && !view_equal(form, VIEW("norm")))
        return "urilen: raw or norm was expected";
    const struct buffer *buffer =
        buffer_sticky(view_equal(form, VIEW("raw")) ? VIEW("http.uri.raw") : VIEW("http.uri"));
    return add_sizes(reader_chain(r, buffer, 0), number);
}

/* Nothing more behind a content is the content at the end: so Suricata rewrites it, too. */
static bool ends_content(struct reader *r, bool is_negated, uint64_t number)
{
    if (!is_negated || number != 1 || r->piece == NULL || r->piece->kind != PIECE_CONTENT ||
        r->piece_chain != r->chain)
        return false;
    r->piece->is_at_end = true;
    return true;
}

const char *read_isdataat(struct reader *r, struct view value)
{
    bool is_negated = value.len > 0 && value.data[0] == '!', is_relative = false;
    struct view part;
    uint64_t number;

    if (is_negated)
        value = view_skip(value, 1);
    (void)rule_text_part(&value, ',', &part);
    if (!view_parse_u64(part, &number) || number > 65535)
        return "isdataat: a variable";
    while (rule_text_part(&value, ',', &part)) {
        is_relative |= view_equal(part, VIEW("relative"));
        if (!view_equal(part, VIEW("relative")) && !view_equal(part, VIEW("rawbytes")))
            return "isdataat: an unknown word";
    }
    if (!is_relative)
        return add_size(r->chain, is_negated ? IS_LTE : IS_GT, number);
    if (ends_content(r, is_negated, number))
        return NULL;
    struct piece *piece = reader_add_piece(r->chain, PIECE_LEFT);
    if (piece == NULL)
        return TOO_MANY;
    piece->is_negated = is_negated;
    piece->number = number;
    return NULL;
}

/* --- numbers among the bytes --------------------------------------------------------------------- */

static const char *read_base(struct piece *piece, struct view word)
{
    if (view_equal(word, VIEW("dec")))
        piece->base = 10;
    else if (view_equal(word, VIEW("hex")))
        piece->base = 16;
    else if (view_equal(word, VIEW("oct")))
        piece->base = 8;
    else
        return "an unknown word";
    return NULL;
}

/* What byte_test and byte_jump share behind their numbers. */
static const char *read_number_option(struct piece *piece, struct view word)
{
    int64_t mask;

    if (view_equal(word, VIEW("relative")))
        piece->is_relative = true;
    else if (view_equal(word, VIEW("little")))
        piece->is_little = true;
    else if (view_starts(word, VIEW("bitmask "))) {
        if (!reader_number(view_trim(view_skip(word, 8)), &mask) || mask <= 0)
            return "a bitmask that is no number";
        piece->mask = (uint64_t)mask;
    } else if (view_equal(word, VIEW("dce"))) {
        return "dce";
    } else if (!view_equal(word, VIEW("big")) && !view_equal(word, VIEW("string")) &&
               word.len > 0) {
        return read_base(piece, word);
    }
    return NULL;
}

/* Width and offset, with the chain's last piece for what they mean. */
static const char *finish_number(struct piece *piece, const char *keyword, struct arena *arena,
                                 const char *fault, bool is_string)
{
    if (fault == NULL && is_string && piece->base == 0)
        fault = "a string without its base";
    if (fault == NULL && !is_string && (piece->width > 8 || piece->base != 0))
        fault = "more than 8 bytes";
    if (fault == NULL && piece->width > 23)
        fault = "more than 23 digits";
    if (fault == NULL && !piece->is_relative && piece->offset < 0)
        fault = "a negative offset from the start";
    return fault == NULL ? NULL : arena_format(arena, "%s: %s", keyword, fault);
}

/* "!&" turns the operator round. */
static const char *read_operator(struct piece *piece, struct view word)
{
    static const struct {
        const char *sign;
        enum comparison compare, negated;
    } SIGNS[] = {{"<", IS_LT, IS_GTE},  {">", IS_GT, IS_LTE},        {"=", IS_EQ, IS_NE},
                 {"<=", IS_LTE, IS_GT}, {">=", IS_GTE, IS_LT},       {"==", IS_EQ, IS_NE},
                 {"^", IS_NE, IS_EQ},   {"&", HAS_BITS, HAS_NO_BITS}};
    bool is_negated = word.len > 1 && word.data[0] == '!';

    if (is_negated)
        word = view_trim(view_skip(word, 1));
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
        if (!view_equal(word, view_from_string(SIGNS[i].sign)))
            continue;
        piece->compare = is_negated ? SIGNS[i].negated : SIGNS[i].compare;
        return NULL;
    }
    return "an unknown operator";
}

static bool take_number(struct view *value, int64_t *out)
{
    struct view part;
    return rule_text_part(value, ',', &part) && reader_number(part, out);
}

/* width, operator, number, offset, options */
const char *read_byte_test(struct reader *r, struct view value)
{
    struct piece *piece = reader_add_piece(r->chain, PIECE_NUMBER);
    struct view part;
    int64_t width, number;
    bool is_string = view_find(value, VIEW("string")) != VIEW_NOT_FOUND;

    if (piece == NULL)
        return TOO_MANY;
    if (!take_number(&value, &width) || width < 0 || !rule_text_part(&value, ',', &part))
        return "byte_test: a variable for a number";
    const char *fault = read_operator(piece, part);
    if (fault == NULL &&
        (!take_number(&value, &number) || number < 0 || !take_number(&value, &piece->offset)))
        return "byte_test: a variable for a number";
    while (fault == NULL && rule_text_part(&value, ',', &part))
        fault = read_number_option(piece, part);
    if (fault == NULL) {
        piece->width = (uint64_t)width;
        piece->number = (uint64_t)number;
    }
    return finish_number(piece, "byte_test", r->arena, fault, is_string);
}

static const char *read_jump_option(struct piece *piece, struct view word)
{
    int64_t number;

    if (view_equal(word, VIEW("align"))) {
        piece->align = 4;
    } else if (view_equal(word, VIEW("from_beginning"))) {
        piece->origin = JUMP_START;
    } else if (view_equal(word, VIEW("from_end"))) {
        piece->origin = JUMP_END;
    } else if (view_starts(word, VIEW("multiplier "))) {
        if (!reader_number(view_trim(view_skip(word, 11)), &number) || number < 1 || number > 65535)
            return "a multiplier out of range";
        piece->multiply = (uint64_t)number;
    } else if (view_starts(word, VIEW("post_offset "))) {
        if (!reader_number(view_trim(view_skip(word, 12)), &piece->add) || piece->add > 65535 ||
            piece->add < -65535)
            return "a post_offset out of range";
    } else {
        return read_number_option(piece, word);
    }
    return NULL;
}

/* width, offset, options */
const char *read_byte_jump(struct reader *r, struct view value)
{
    struct piece *piece = reader_add_piece(r->chain, PIECE_JUMP);
    struct view part;
    int64_t width;
    const char *fault = NULL;
    bool is_string = view_find(value, VIEW("string")) != VIEW_NOT_FOUND;

    if (piece == NULL)
        return TOO_MANY;
    if (!take_number(&value, &width) || width < 0 || !take_number(&value, &piece->offset))
        return "byte_jump: a variable for a number";
    while (fault == NULL && rule_text_part(&value, ',', &part))
        fault = read_jump_option(piece, part);
    piece->width = (uint64_t)width;
    return finish_number(piece, "byte_jump", r->arena, fault, is_string);
}

/* --- buffers ------------------------------------------------------------------------------------- */

const char *read_pkt_data(struct reader *r, struct view value)
{
    (void)value;
    r->chain = reader_chain(r, NULL, 0);
    r->piece = NULL;
    return NULL;
}

/* The older keywords, which bring their value along. */
static const char *read_certificate(struct reader *r, struct view value, struct view buffer,
                                    bool is_whole)
{
    struct chain *chain = reader_chain(r, buffer_sticky(buffer), 0);
    const char *fault = add_content(r, chain, value);

    if (fault == NULL)
        r->piece->is_at_start = r->piece->is_at_end = r->piece->is_nocase = is_whole;
    return fault;
}

const char *read_tls_subject(struct reader *r, struct view value)
{
    return read_certificate(r, value, VIEW("tls.cert_subject"), false);
}

const char *read_tls_issuer(struct reader *r, struct view value)
{
    return read_certificate(r, value, VIEW("tls.cert_issuer"), false);
}

const char *read_tls_fingerprint(struct reader *r, struct view value)
{
    return read_certificate(r, value, VIEW("tls.cert_fingerprint"), true);
}
