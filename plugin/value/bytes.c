/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes: values of text fields: globs, hex, regular expressions, domains, ranges of addresses.
 *
 * Several    base64offset and windash make several texts of one value; one of them has to match, or, with
 *            neq, none of them may.
 * Case       text is compared without case; `cased`, hex and base64 compare bytes as they are. A field that
 *            the parser hands over in lower case is never compared with capitals without a warning.
 * Names      of hosts beyond ASCII: name.c.
 */
#include "rule/expression.h"
#include "rule/regex.h"
#include "value/name.h"
#include "value/value.h"
#include "value/wildcard.h"

/* --- globs --------------------------------------------------------------------------------------- */

static void push_text(struct texts *texts, struct text text)
{
    texts->items[texts->count++] = text;
}

static bool encode_base64(struct loader *l, const struct yaml_node *scalar, bool is_shifted,
                          const struct text *text, struct texts *out)
{
    struct view bytes;

    if (!text_is_literal(text, &bytes)) {
        loader_error(l, scalar->place, "base64-wildcard", "escape it: `\\*` or `\\?`",
                     "base64 cannot encode a wildcard");
        return false;
    }
    if (!is_shifted) {
        push_text(out, text_from_bytes(l->arena, text_base64(l->arena, bytes)));
        return true;
    }
    for (unsigned shift = 0; shift < 3; shift++) {
        struct view part = text_base64_shifted(l->arena, bytes, shift);
        if (part.len == 0) {
            loader_error(l, scalar->place, "base64-short", "write at least three bytes",
                         "`%s` is too short: at some offset nothing of it stays the same",
                         loader_shown(l, scalar->text));
            return false;
        }
        push_text(out, text_from_bytes(l->arena, part));
    }
    return true;
}

static bool encode_one(struct loader *l, const struct yaml_node *scalar, enum modifier encoding,
                       struct text text, struct texts *out)
{
    if (encoding == MODIFIER_BASE64 || encoding == MODIFIER_BASE64OFFSET)
        return encode_base64(l, scalar, encoding == MODIFIER_BASE64OFFSET, &text, out);
    enum utf16 form = encoding == MODIFIER_UTF16     ? UTF16_MARKED
                      : encoding == MODIFIER_UTF16BE ? UTF16_BIG
                                                     : UTF16_LITTLE;
    if (!text_utf16(l->arena, &text, form)) {
        loader_error(l, scalar->place, "utf16", "encode text first, then base64",
                     "the value is not text, so it has no UTF-16 form");
        return false;
    }
    push_text(out, text);
    return true;
}

static bool apply_windash(struct loader *l, const struct yaml_node *scalar, struct texts *texts)
{
    struct view bytes;

    if (!text_is_literal(&texts->items[0], &bytes)) {
        loader_error(l, scalar->place, "windash-wildcard", "use `contains` in place of wildcards",
                     "`windash` with wildcards in the value");
        return false;
    }
    *texts = text_windash(l->arena, bytes);
    if (texts->count == 0) {
        loader_error(l, scalar->place, "windash-size", "split the value with `contains|all`",
                     "more than %d dashes in one `windash` value", WINDASH_MAX);
        return false;
    }
    return true;
}

static bool encode(struct loader *l, const struct question *q, const struct yaml_node *scalar,
                   struct texts *texts)
{
    if (question_has(q, MODIFIER_WINDASH) && texts->items[0].count > 0 &&
        !apply_windash(l, scalar, texts))
        return false;
    for (size_t e = 0; e < q->encoding_count; e++) {
        struct texts encoded = {arena_array(l->arena, texts->count * 3, sizeof(*texts->items)), 0};
        for (size_t i = 0; i < texts->count; i++) {
            if (!encode_one(l, scalar, q->encodings[e], texts->items[i], &encoded))
                return false;
        }
        *texts = encoded;
    }
    return true;
}

static struct text surround(struct loader *l, const struct question *q, const struct text *text)
{
    bool is_shifted = question_has(q, MODIFIER_BASE64OFFSET);
    bool starts = question_has(q, MODIFIER_STARTSWITH);
    bool ends = question_has(q, MODIFIER_ENDSWITH);
    bool contains = question_has(q, MODIFIER_CONTAINS) ||
                    ((is_shifted || q->field == FIELD_NONE) && !starts && !ends);

    return text_surround(l->arena, text, contains || ends, contains || starts);
}

static void warn_never(struct loader *l, const struct question *q, const struct yaml_node *scalar,
                       const struct text *text)
{
    if (!question_has(q, MODIFIER_CASED) || !question_is_lower(q))
        return;
    for (size_t i = 0; i < text->count; i++) {
        struct view bytes = text->pieces[i].bytes;
        for (size_t at = 0; at < bytes.len; at++) {
            if (bytes.data[at] == byte_fold(bytes.data[at]))
                continue;
            loader_warn(l, scalar->place, "never-matches", "write the value in lower case",
                        "`%s` is always in lower case, so this never matches",
                        field_get(q->field)->name);
            return;
        }
    }
}

/* Digits in pairs with colons between, as the TLS parser writes serial numbers and fingerprints; false
 * when `bytes` is no row of hex digits. */
static bool colon_form(struct loader *l, struct view bytes, bool is_upper, struct view *out)
{
    size_t len = 0;

    if (bytes.len == 0 || bytes.len > 128)
        return false;
    size_t odd = bytes.len % 2;
    uint8_t *form = arena_alloc(l->arena, bytes.len * 2 + 2);
    for (size_t i = 0; i < bytes.len + odd; i++) {
        uint8_t c = i < odd ? '0' : byte_fold(bytes.data[i - odd]);
        if (!byte_is_digit(c) && (c < 'a' || c > 'f'))
            return false;
        if (i > 0 && i % 2 == 0)
            form[len++] = ':';
        form[len++] = is_upper && c >= 'a' ? (uint8_t)(c - 32) : c;
    }
    *out = view_make(form, len);
    return true;
}

/* Zeek writes 8BB00EE where our field has 08:BB:00:EE. A number whose highest bit is set has a zero byte in
 * front on the wire (X.690, 8.3), which Zeek leaves out: both forms are looked for. */
static void normalise_hex(struct loader *l, const struct question *q, struct texts *texts)
{
    bool is_serial = q->field == FIELD_TLS_CERT_SERIAL;
    bool is_plain = (q->modifiers & ~(UINT64_C(1) << MODIFIER_ALL | UINT64_C(1) << MODIFIER_NEQ |
                                      UINT64_C(1) << MODIFIER_CASED)) == 0;
    struct view bytes, form;

    if ((!is_serial && q->field != FIELD_TLS_CERT_FINGERPRINT) || !is_plain || q->transforms != 0 ||
        question_has_offsets(q) || !text_is_literal(&texts->items[0], &bytes) ||
        !colon_form(l, bytes, is_serial, &form))
        return;
    struct text *items = arena_array(l->arena, 2, sizeof(*items));
    *texts = (struct texts){items, 1};
    items[0] = text_from_bytes(l->arena, form);
    if (is_serial && form.data[0] >= '8') {
        const char *longer =
            arena_format(l->arena, "00:%.*s", (int)form.len, (const char *)form.data);
        items[texts->count++] = text_from_bytes(l->arena, view_from_string(longer));
    }
}

static bool asks_position(const struct question *q)
{
    return question_has(q, MODIFIER_CONTAINS) || question_has(q, MODIFIER_STARTSWITH) ||
           question_has(q, MODIFIER_ENDSWITH);
}

/* Can the text stand between the offsets? */
static bool fits_offsets(struct loader *l, const struct question *q, const struct yaml_node *scalar,
                         const struct text *text)
{
    size_t least = 0;

    for (size_t i = 0; i < text->count; i++)
        least += text->pieces[i].kind == GLOB_LITERAL ? text->pieces[i].bytes.len
                                                      : text->pieces[i].kind == GLOB_ONE;
    if (q->offsets.to - q->offsets.from >= least)
        return true;
    loader_error(l, scalar->place, "offset", "make the range longer, or the value shorter",
                 "%zu bytes cannot lie between offsets %zu and %zu", least, q->offsets.from,
                 q->offsets.to);
    return false;
}

static struct node *text_node(struct loader *l, const struct question *q,
                              const struct yaml_node *scalar)
{
    struct text text = text_parse(l->arena, scalar->text);
    struct texts texts = {&text, 1};
    bool is_encoded = question_has(q, MODIFIER_BASE64) || question_has(q, MODIFIER_BASE64OFFSET);

    if (text_is_any(&text) && !asks_position(q) && !question_has_offsets(q) &&
        q->field != FIELD_NONE && q->encoding_count == 0)
        return value_exists(l, q, scalar, true);
    if (text.count == 0 && (asks_position(q) || q->encoding_count > 0 || q->field == FIELD_NONE)) {
        loader_error(l, scalar->place, "empty-value",
                     "write the text to look for; to ask for an empty field write `field: ''`",
                     "nothing to look for: every value contains the empty text");
        return NULL;
    }
    warn_never(l, q, scalar, &text);
    if (!encode(l, q, scalar, &texts))
        return NULL;
    normalise_hex(l, q, &texts);
    if (!name_add_labels(l, q, scalar, &texts))
        return NULL;
    struct node_list nodes = {0};
    for (size_t i = 0; i < texts.count; i++) {
        if (!fits_offsets(l, q, scalar, &texts.items[i]))
            return NULL;
        struct predicate *p = value_predicate(l, q, scalar, MATCH_GLOB);
        struct text whole = surround(l, q, &texts.items[i]);
        p->pieces = whole.pieces;
        p->piece_count = whole.count;
        p->is_cased |= is_encoded && !question_is_lower(q);
        node_list_push(l->arena, &nodes, node_predicate(l->arena, p));
    }
    return node_join(l->arena, question_has(q, MODIFIER_NEQ) ? NODE_AND : NODE_OR, &nodes);
}

/* --- bytes --------------------------------------------------------------------------------------- */

bool value_parse_hex(struct loader *l, struct view text, struct view *bytes, struct view *mask)
{
    uint8_t *values = arena_alloc(l->arena, text.len / 2 + 1);
    uint8_t *masks = arena_alloc(l->arena, text.len / 2 + 1);
    size_t len = 0;
    bool has_any = false, has_byte = false;

    for (size_t at = 0; at < text.len;) {
        if (byte_is_space(text.data[at]) || text.data[at] == '\n') {
            at++;
            continue;
        }
        if (at + 1 == text.len)
            return false;
        bool is_any = text.data[at] == '?' && text.data[at + 1] == '?';
        int high = loader_hex_digit(text.data[at]), low = loader_hex_digit(text.data[at + 1]);
        if (!is_any && (high < 0 || low < 0))
            return false;
        values[len] = (uint8_t)(is_any ? 0 : high << 4 | low);
        masks[len++] = is_any ? 0 : 0xff;
        has_any |= is_any;
        has_byte |= !is_any;
        at += 2;
    }
    *bytes = view_make(values, len);
    *mask = view_make(masks, has_any ? len : 0);
    return has_byte;
}

/* At the end of the value: as a glob, since an offset counts from the start. */
static void hex_at_end(struct loader *l, struct predicate *p)
{
    struct view mask = p->mask;

    p->op = MATCH_GLOB;
    p->pieces = arena_array(l->arena, p->bytes.len + 1, sizeof(*p->pieces));
    p->pieces[p->piece_count++] = (struct glob_piece){.kind = GLOB_ANY};
    for (size_t i = 0; i < p->bytes.len; i++) {
        struct glob_piece *last = &p->pieces[p->piece_count - 1];
        if (mask.len > 0 && mask.data[i] == 0)
            p->pieces[p->piece_count++] = (struct glob_piece){.kind = GLOB_ONE};
        else if (last->kind == GLOB_LITERAL)
            last->bytes.len++;
        else
            p->pieces[p->piece_count++] =
                (struct glob_piece){.kind = GLOB_LITERAL, .bytes = view_slice(p->bytes, i, i + 1)};
    }
    p->bytes = p->mask = view_make("", 0);
}

static struct node *hex_node(struct loader *l, const struct question *q,
                             const struct yaml_node *scalar)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_HEX);

    if (!value_parse_hex(l, scalar->text, &p->bytes, &p->mask))
        return value_wrong(l, scalar, "hex-value",
                           "write pairs of hex digits, `??` for any byte: `16 03 ?? 00`",
                           "a row of bytes in hexadecimal");
    p->is_cased = true;
    if (p->offsets.to - p->offsets.from < p->bytes.len) {
        loader_error(l, scalar->place, "offset", "make the range longer, or the value shorter",
                     "%zu bytes cannot lie between offsets %zu and %zu", p->bytes.len,
                     p->offsets.from, p->offsets.to);
        return NULL;
    }
    if (question_has(q, MODIFIER_STARTSWITH))
        p->offsets.is_exact = true;
    if (question_has(q, MODIFIER_ENDSWITH))
        hex_at_end(l, p);
    return node_predicate(l->arena, p);
}

/* Told where all faults of a rule are told, and also where the condition never asks; compile/ compiles it. */
bool value_check_regex(struct loader *l, const struct yaml_node *scalar)
{
    struct expression_fault fault;

    if (expression_is_good(scalar->text, &fault))
        return true;
    loader_error(l, yaml_place_in(scalar, fault.offset), "regex",
                 "in single quotes a backslash is one backslash: '\\.php$'",
                 "regular expression: %s at byte %zu of `%s`", fault.reason, fault.offset,
                 loader_shown(l, scalar->text));
    return false;
}

static struct node *regex_node(struct loader *l, const struct question *q,
                               const struct yaml_node *scalar)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_REGEX);

    if (scalar->text.len == 0) {
        loader_error(l, scalar->place, "empty-value", "write an expression, or `exists: true`",
                     "an empty regular expression matches everything");
        return NULL;
    }
    if (!value_check_regex(l, scalar))
        return NULL;
    name_check_regex(l, q, scalar);
    p->bytes = arena_copy(l->arena, scalar->text);
    p->is_cased = !question_has(q, MODIFIER_I);
    p->regex_flags = (question_has(q, MODIFIER_I) ? REGEX_CASELESS : 0U) |
                     (question_has(q, MODIFIER_M) ? REGEX_MULTILINE : 0U) |
                     (question_has(q, MODIFIER_S) ? REGEX_DOTALL : 0U);
    if (question_is_lower(q) && p->is_cased && regex_needs_capital(p->bytes))
        loader_warn(
            l, scalar->place, "never-matches", "write it in lower case, or use `re|i`",
            "`%s` is always in lower case; this expression needs a capital, so it never matches",
            field_get(q->field)->name);
    return node_predicate(l->arena, p);
}

static struct node *domain_node(struct loader *l, const struct question *q,
                                const struct yaml_node *scalar)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_DOMAIN);
    struct view name = name_of_domain(l, scalar);

    if (name.len == 0 && scalar->text.len > 0)
        return NULL;
    uint8_t *lower = arena_alloc(l->arena, name.len + 1);
    if (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    bool is_name = name.len > 0 && name.len <= 253 && name.data[0] != '.';
    for (size_t i = 0; i < name.len && is_name; i++) {
        lower[i] = byte_fold(name.data[i]);
        is_name = lower[i] > ' ' && view_find_byte(VIEW("*?/:@"), lower[i]) == VIEW_NOT_FOUND;
    }
    if (!is_name)
        return value_wrong(l, scalar, "domain-value",
                           "write `example.com`: it stands for all names under it too",
                           "a domain name");
    p->bytes = view_make(lower, name.len);
    return node_predicate(l->arena, p);
}

struct node *value_cidr(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_PREFIX);

    if (!address_parse_prefix(scalar->text, &p->address, &p->prefix_bits))
        return value_wrong(l, scalar, "cidr-value", "write `10.0.0.0/8` or `2001:db8::/32`",
                           "an address or a range of addresses");
    return node_predicate(l->arena, p);
}

struct node *value_bytes(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    const char *compare = question_compare(q);

    if (compare != NULL) {
        loader_error(l, scalar->place, "number-modifier",
                     arena_format(l->arena, "compare a number made of it: `len|%s`, `count|%s`",
                                  compare, compare),
                     "`%s` compares numbers, and `%s` holds text", compare,
                     field_get(q->field)->name);
        return NULL;
    }
    if (question_has(q, MODIFIER_CIDR))
        return value_cidr(l, q, scalar);
    if (question_has(q, MODIFIER_HEX))
        return hex_node(l, q, scalar);
    if (question_has(q, MODIFIER_RE))
        return regex_node(l, q, scalar);
    if (question_has(q, MODIFIER_DOMAIN))
        return domain_node(l, q, scalar);
    return text_node(l, q, scalar);
}
