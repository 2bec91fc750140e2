/* SPDX-License-Identifier: BSD-3-Clause */
/* Chains: what is asked of one buffer becomes predicates, or a sequence.
 *
 * Apart      pieces of which none counts from another are predicates of their own: exact values, beginnings and
 *            ends are then looked up. In a field of several values one value has to hold all, and a stream
 *            cannot say what it does not hold: there a sequence it is, and wherever a piece counts from another. So it is
 *            for an expression and contents of a stream: the contents tell when the expression is worth asking.
 * Negated    Suricata looks into a buffer that is there; so the field has to exist where nothing else asks it.
 * Transforms to_lowercase and dotprefix are said of the field itself where they can be: a variant (`|url_decode`) has no
 *            literal that could open the rule.
 * Case       Suricata's contents count case unless nocase; a field in lower case has a twin in its own case
 *            (buffer.def), which is asked when letters have to fit.
 */
#include "import/suricata/meaning.h"
#include "import/suricata/read/content.h"

struct asker {
    struct arena *arena;
    struct meaning *m;
    const struct chain *chain;
    const char *field; /* that is asked: the base, or a variant of it */
    const char *base;
    bool is_stream;
    bool is_dotted;   /* dotprefix, said without a variant */
    bool is_folded;   /* all contents are compared without case */
    bool has_yes;     /* something that a value has to have was asked */
    bool has_negated; /* something that it must not have */
    bool has_size_eq; /* its length is known */
    uint64_t size;
};

static bool is_search(const struct piece *piece)
{
    return piece->kind == PIECE_CONTENT || piece->kind == PIECE_REGEX;
}

static size_t count_searches(const struct chain *chain)
{
    size_t count = 0;
    for (size_t i = 0; i < chain->count; i++)
        count += is_search(&chain->pieces[i]);
    return count;
}

/* A distance or within of the first piece counts from the start: offset and depth by another name. */
static void settle_first(struct piece *piece)
{
    if (piece->kind == PIECE_REGEX)
        piece->is_relative = false;
    if (piece->kind != PIECE_CONTENT || (!piece->has_distance && !piece->has_within) ||
        piece->has_offset || piece->has_depth)
        return;
    int64_t begin = piece->has_distance ? piece->distance : 0;
    piece->has_offset = begin > 0;
    piece->offset = begin > 0 ? begin : 0;
    if (piece->has_within) {
        piece->has_depth = true;
        piece->depth = begin + piece->within - piece->offset; /* from the offset on */
    }
    piece->has_distance = piece->has_within = false;
}

/* startswith, or a place with room for one begin only. */
static bool begins(const struct piece *piece)
{
    return piece->is_at_start ||
           (piece->offset == 0 && piece->has_depth && piece->depth == (int64_t)piece->bytes.len);
}

static bool is_placed(const struct piece *piece)
{
    return !begins(piece) && ((piece->has_offset && piece->offset > 0) || piece->has_depth);
}

static bool counts_from_another(const struct piece *piece)
{
    return piece->has_distance || piece->has_within || piece->is_relative ||
           piece->kind == PIECE_LEFT || piece->kind == PIECE_JUMP;
}

static bool needs_case(const struct asker *a, const struct piece *piece)
{
    if (piece->kind == PIECE_REGEX)
        return !piece->is_caseless;
    return piece->kind == PIECE_CONTENT && !piece->is_nocase && !a->is_folded &&
           content_has_letters(piece->bytes);
}

static const char *add(struct asker *a, struct entry entry)
{
    return meaning_add(a->m, entry);
}

static const char *key_of(const struct asker *a, const char *modifiers, bool is_cased,
                          bool is_negated)
{
    return arena_format(a->arena, "%s%s%s%s", a->field, modifiers, is_cased ? "|cased" : "",
                        is_negated ? "|neq" : "");
}

/* --- lengths ------------------------------------------------------------------------------------- */

static const char *add_size(struct asker *a, const struct piece *piece)
{
    static const char *const KEYS[] = {
        [IS_EQ] = "|len",    [IS_NE] = "|len|neq",  [IS_LT] = "|len|lt", [IS_LTE] = "|len|lte",
        [IS_GT] = "|len|gt", [IS_GTE] = "|len|gte", [HAS_BITS] = "|len", [HAS_NO_BITS] = "|len"};
    const char *number = arena_format(a->arena, "%llu", (unsigned long long)piece->number);

    a->has_yes |= piece->compare != IS_NE;
    a->has_negated |= piece->compare == IS_NE;
    return add(a, (struct entry){.form = ENTRY_PLAIN,
                                 .key = key_of(a, KEYS[piece->compare], false, false),
                                 .value = view_from_string(number)});
}

/* --- predicates ---------------------------------------------------------------------------------- */

static const char *add_regex(struct asker *a, struct view expression, bool is_caseless,
                             const struct piece *piece)
{
    const char *modifiers =
        arena_format(a->arena, "|re%s%s%s", is_caseless ? "|i" : "",
                     piece->is_multiline ? "|m" : "", piece->is_dotall ? "|s" : "");
    return add(a, (struct entry){.form = ENTRY_TEXT,
                                 .key = key_of(a, modifiers, false, piece->is_negated),
                                 .value = expression});
}

static const char *add_sequence(struct asker *a, const struct chain *chain, bool counts_length)
{
    return add(a, (struct entry){.form = ENTRY_SEQUENCE,
                                 .key = a->field,
                                 .chain = chain,
                                 .counts_length = counts_length});
}

/* A chain of this piece alone, for what a key cannot say. */
static const char *add_step(struct asker *a, const struct piece *piece)
{
    struct chain *single = arena_alloc(a->arena, sizeof(*single));

    single->buffer = a->chain->buffer;
    single->pieces = arena_alloc(a->arena, sizeof(*piece));
    single->pieces[single->count++] = *piece;
    return add_sequence(a, single, false);
}

static const char *add_content(struct asker *a, const struct piece *piece)
{
    bool is_nocase = piece->is_nocase || a->is_folded;
    bool is_text = is_nocase && content_has_letters(piece->bytes)
                       ? content_is_text(piece->bytes)
                       : content_is_readable(piece->bytes);
    bool is_whole = begins(piece) && piece->is_at_end;

    if (a->has_size_eq && a->size == piece->bytes.len && !is_placed(piece) && !piece->is_negated)
        is_whole = true;
    if (is_placed(piece) || (!is_text && (is_whole || begins(piece) || piece->is_at_end)))
        return add_step(a, piece);
    if (!is_text && is_nocase && content_has_letters(piece->bytes))
        return add_regex(a, content_as_regex(a->arena, piece->bytes), true,
                         &(struct piece){.is_negated = piece->is_negated, .is_dotall = true});
    if (!is_text)
        return add(a, (struct entry){.form = ENTRY_TEXT,
                                     .key = key_of(a, "|hex", false, piece->is_negated),
                                     .value = content_hex(a->arena, piece->bytes)});
    bool is_cased = !is_nocase && content_has_letters(piece->bytes);
    const char *place = is_whole           ? ""
                        : begins(piece)    ? "|startswith"
                        : piece->is_at_end ? "|endswith"
                                           : "|contains";
    return add(a, (struct entry){.form = ENTRY_TEXT,
                                 .key = key_of(a, place, is_cased, piece->is_negated),
                                 .value = content_escaped(a->arena, piece->bytes)});
}

static const char *add_apart(struct asker *a, const struct piece *piece)
{
    if (piece->kind == PIECE_SIZE)
        return add_size(a, piece);
    a->has_yes |= !piece->is_negated;
    a->has_negated |= piece->is_negated;
    if (piece->kind == PIECE_REGEX)
        return add_regex(a, piece->bytes, piece->is_caseless, piece);
    return piece->kind == PIECE_CONTENT ? add_content(a, piece) : add_step(a, piece);
}

/* --- dotprefix alone: a dot stands before the value ---------------------------------------------- */

static bool is_domain(struct view name)
{
    bool holds =
        name.len > 0 && name.len <= 253 && name.data[0] != '.' && name.data[name.len - 1] != '.';
    for (size_t i = 0; i < name.len && holds; i++)
        holds = byte_is_digit(name.data[i]) || name.data[i] == '-' || name.data[i] == '.' ||
                name.data[i] == '_' ||
                (byte_fold(name.data[i]) >= 'a' && byte_fold(name.data[i]) <= 'z');
    return holds;
}

/* Whether a question to the name without its dot says the same; else a variant is asked. */
static bool is_dotted(const struct chain *chain)
{
    bool holds = chain->transforms == TRANSFORM_DOTPREFIX;

    for (size_t i = 0; i < chain->count && holds; i++) {
        const struct piece *piece = &chain->pieces[i];
        holds = piece->kind == PIECE_CONTENT && !is_placed(piece) && !counts_from_another(piece) &&
                !piece->is_negated && content_is_text(piece->bytes) &&
                (!begins(piece) || (piece->bytes.data[0] == '.' && piece->bytes.len > 1));
    }
    return holds;
}

static const char *add_dotted(struct asker *a, const struct piece *piece)
{
    struct view rest = view_skip(piece->bytes, 1);
    bool is_cased = needs_case(a, piece);
    bool is_first = begins(piece);
    bool has_dot = piece->bytes.data[0] == '.';

    a->has_yes = true;
    if (is_first || !has_dot) {
        struct piece plain = *piece;
        plain.bytes = is_first ? rest : piece->bytes;
        plain.is_at_start = is_first;
        plain.has_depth = false;
        return add_content(a, &plain);
    }
    if (piece->is_at_end && !is_cased && is_domain(rest))
        return add(a, (struct entry){.form = ENTRY_TEXT,
                                     .key = key_of(a, "|domain", false, false),
                                     .value = rest});
    return add(a,
               (struct entry){
                   .form = ENTRY_EITHER,
                   .key = key_of(a, piece->is_at_end ? "|endswith" : "|contains", is_cased, false),
                   .value = content_escaped(a->arena, piece->bytes),
                   .other_key = key_of(a, piece->is_at_end ? "" : "|startswith", is_cased, false),
                   .other = content_escaped(a->arena, rest)});
}

/* --- numbers ------------------------------------------------------------------------------------- */

static const char *add_status(struct asker *a, const struct piece *piece)
{
    uint64_t number;

    if (piece->kind != PIECE_CONTENT || !view_parse_u64(piece->bytes, &number) ||
        number > UINT32_MAX || is_placed(piece))
        return NULL;
    return arena_format(a->arena, "%llu", (unsigned long long)number);
}

/* A status code, which has three digits, or the length of a body: as a whole. */
static const char *add_number(struct asker *a)
{
    const struct chain *chain = a->chain;
    const struct piece *piece = &chain->pieces[0];
    static const char UNSAID[] = "a number that is looked into as text";

    if (chain->count != 1 && !(chain->count == 2 && a->has_size_eq))
        return UNSAID;
    if (piece->kind == PIECE_SIZE)
        piece++;
    if (piece->kind == PIECE_NUMBER && piece->width == 0 && piece->base == 10 &&
        piece->offset == 0 && chain->count == 1 && piece->compare < HAS_BITS)
        return add(
            a, (struct entry){.form = ENTRY_PLAIN,
                              .key = arena_format(a->arena, "%s%s%s", a->field,
                                                  (const char *[]){"", "|neq", "|lt", "|lte", "|gt",
                                                                   "|gte"}[piece->compare],
                                                  ""),
                              .value = view_from_string(arena_format(
                                  a->arena, "%llu", (unsigned long long)piece->number))});
    const char *number = add_status(a, piece);
    bool is_code = strcmp(chain->buffer->name, "http.stat_code") == 0 && piece->bytes.len == 3;
    bool is_whole = is_code || (begins(piece) && piece->is_at_end) ||
                    (a->has_size_eq && a->size == piece->bytes.len);
    if (number == NULL || !is_whole || (piece->bytes.data[0] == '0' && piece->bytes.len > 1))
        return UNSAID;
    a->has_yes |= !piece->is_negated;
    a->has_negated |= piece->is_negated;
    return add(a, (struct entry){.form = ENTRY_PLAIN,
                                 .key = key_of(a, "", false, piece->is_negated),
                                 .value = view_from_string(number)});
}

/* --- a whole chain ------------------------------------------------------------------------------- */

/* What no step can say. */
static const char *check_pieces(const struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct piece *piece = &chain->pieces[i];
        bool is_relative = piece->has_distance || piece->has_within;
        if (piece->kind == PIECE_CONTENT && is_relative &&
            (piece->has_offset || piece->has_depth || piece->is_at_start))
            return "a place from the start and from another content";
        if (piece->kind == PIECE_NUMBER && piece->width == 0)
            return "byte_test of 0 bytes";
        if (piece->kind == PIECE_JUMP && piece->width == 0)
            return "byte_jump of 0 bytes";
        if (chain->transforms == TRANSFORM_TO_LOWERCASE && is_search(piece) &&
            (piece->kind == PIECE_REGEX ? !piece->is_caseless
                                        : content_has_upper_case(piece->bytes)))
            return "to_lowercase with capitals";
    }
    return NULL;
}

static int64_t magnitude(int64_t number)
{
    return number < 0 ? -number : number;
}

/* Which bytes of a stream the pieces with a place in it touch, and how far those behind them may lead. */
struct reach {
    int64_t low, high, behind;
    bool is_tied, has_moved;
};

static void reach_from_start(struct reach *r, int64_t low, int64_t high)
{
    r->low = r->is_tied && r->low < low ? r->low : low;
    r->high = r->high > high ? r->high : high;
    r->is_tied = true;
}

static void reach_piece(struct reach *r, const struct piece *piece)
{
    int64_t length = (int64_t)piece->bytes.len + (int64_t)piece->width;
    bool is_read = piece->kind == PIECE_NUMBER || piece->kind == PIECE_JUMP;

    if (piece->kind == PIECE_SIZE) {
        reach_from_start(r, 0, (int64_t)piece->number);
    } else if (counts_from_another(piece) && (piece->is_relative || !is_read)) {
        if (!r->has_moved)
            reach_from_start(r, 0, 0);
        r->behind += magnitude(piece->distance) + magnitude(piece->offset) + piece->within +
                     length + (piece->kind == PIECE_LEFT ? (int64_t)piece->number : 0);
    } else if (piece->has_depth || piece->is_at_start || is_read) {
        reach_from_start(r, piece->offset,
                         piece->offset + (piece->has_depth ? piece->depth : length));
    }
    r->has_moved |= !piece->is_negated && (is_search(piece) || piece->kind == PIECE_JUMP);
}

/* Of a stream so many bytes are kept (docs/language.md, "Raw bytes"); what may lie farther apart is not found. */
static const char *check_reach(const struct chain *chain)
{
    enum { STREAM_KEPT = 16384 };
    struct reach r = {.low = 0};
    bool is_far = false;

    for (size_t i = 0; i < chain->count; i++) {
        const struct piece *piece = &chain->pieces[i];
        bool counts_bytes = piece->kind == PIECE_LEFT || piece->kind == PIECE_SIZE;
        is_far |= counts_bytes && piece->number >= STREAM_KEPT;
        reach_piece(&r, piece);
    }
    is_far |= r.is_tied && r.high - r.low + r.behind > STREAM_KEPT;
    return is_far ? "contents of a stream more than 16384 bytes apart" : NULL;
}

static bool needs_sequence(const struct asker *a)
{
    const struct chain *chain = a->chain;
    bool is_many = chain->buffer != NULL && chain->buffer->kind == BUFFER_MANY;
    bool has_negated = false, has_size = false, has_regex = false;

    for (size_t i = 0; i < chain->count; i++) {
        const struct piece *piece = &chain->pieces[i];
        if (counts_from_another(piece))
            return true;
        has_negated |= piece->is_negated;
        has_size |= piece->kind == PIECE_SIZE;
        has_regex |= piece->kind == PIECE_REGEX;
    }
    if (a->is_stream)
        return has_negated || has_size || (has_regex && chain->count > 1);
    return is_many && (chain->count > 1 || has_negated || has_size);
}

static const char *add_whole_sequence(struct asker *a)
{
    bool is_many =
        a->is_stream || (a->chain->buffer != NULL && a->chain->buffer->kind == BUFFER_MANY);

    for (size_t i = 0; i < a->chain->count; i++) {
        const struct piece *piece = &a->chain->pieces[i];
        if (piece->kind != PIECE_SIZE)
            continue;
        const char *fault = is_many && piece->compare == IS_NE ? "a length that is not" : NULL;
        if (fault == NULL && !is_many)
            fault = add_size(a, piece);
        if (fault != NULL)
            return fault;
    }
    return add_sequence(a, a->chain, is_many);
}

/* All of the chain has to lie in the stream as it begins, or in one segment. */
static const char *add_either(struct asker *a)
{
    return add(a, (struct entry){.form = ENTRY_EITHER,
                                 .key = a->field,
                                 .other_key = "payload.segment",
                                 .chain = a->chain,
                                 .counts_length = true});
}

static const char *add_all_apart(struct asker *a)
{
    const struct chain *chain = a->chain;

    for (size_t i = 0; i < chain->count; i++) {
        const struct piece *piece = &chain->pieces[i];
        bool is_known = piece->kind == PIECE_SIZE && piece->compare == IS_EQ;
        if (is_known && !a->is_dotted && count_searches(chain) == 1 && a->has_size_eq &&
            chain->count == 2) {
            const struct piece *other = &chain->pieces[1 - i];
            if (other->kind == PIECE_CONTENT && other->bytes.len == a->size && !other->is_negated &&
                !is_placed(other) && content_is_readable(other->bytes))
                continue; /* the content is the whole value */
        }
        const char *fault = a->is_dotted ? add_dotted(a, piece) : add_apart(a, piece);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static void look_over(struct asker *a)
{
    const struct chain *chain = a->chain;
    bool is_cased = false;

    a->is_folded = chain->transforms == TRANSFORM_TO_LOWERCASE ||
                   (chain->buffer != NULL && chain->buffer->kind == BUFFER_FOLDED);
    for (size_t i = 0; i < chain->count; i++) {
        const struct piece *piece = &chain->pieces[i];
        is_cased |= needs_case(a, piece);
        if (piece->kind == PIECE_SIZE && piece->compare == IS_EQ) {
            a->has_size_eq = true;
            a->size = piece->number;
        }
    }
    a->is_dotted = is_dotted(chain);
    bool is_variant =
        chain->transforms != 0 && chain->transforms != TRANSFORM_TO_LOWERCASE && !a->is_dotted;
    if ((is_cased || is_variant) && chain->buffer != NULL && *chain->buffer->exact != '\0')
        a->field = chain->buffer->exact;
    a->base = a->field;
    for (unsigned i = 0; is_variant && transform_list_get(chain->transforms, i); i++)
        a->field = arena_format(a->arena, "%s|%s", a->field,
                                transform_name(transform_list_get(chain->transforms, i)));
}

/* --- digests ------------------------------------------------------------------------------------- */

/* The bytes of the digest that a chain asks for, 0 when it asks for none. */
static size_t digest_len(const struct chain *chain)
{
    size_t len = 0;

    for (unsigned i = 0; i < TRANSFORMS_MAX && len == 0; i++)
        len = transform_digest_len(transform_list_get(chain->transforms, i));
    return len;
}

/* Suricata's digests are bytes, ours are hex digits: the whole, its beginning or its end. */
static const char *add_digest(struct asker *a)
{
    const struct chain *chain = a->chain;
    const struct piece *piece = &chain->pieces[0];
    unsigned last = 0;

    while (transform_list_get(chain->transforms, last + 1) != TRANSFORM_NONE)
        last++;
    if (transform_digest_len(transform_list_get(chain->transforms, last)) == 0)
        return "a transform behind a digest";
    if (chain->buffer->kind == BUFFER_MANY && view_ends(view_from_string(a->base), VIEW("_body")))
        return "the digest of a body";
    bool is_whole = piece->bytes.len == digest_len(chain);
    if (chain->count != 1 || piece->kind != PIECE_CONTENT || is_placed(piece) ||
        (!is_whole && begins(piece) == piece->is_at_end))
        return "a part of a digest";
    const char *place = is_whole ? "" : begins(piece) ? "|startswith" : "|endswith";
    a->has_yes = !piece->is_negated;
    a->has_negated = piece->is_negated;
    return add(a, (struct entry){.form = ENTRY_TEXT,
                                 .key = key_of(a, place, false, piece->is_negated),
                                 .value = content_digits(a->arena, piece->bytes)});
}

const char *meaning_add_chain(struct arena *arena, struct meaning *m, const struct chain *chain,
                              const char *field, bool is_stream)
{
    struct chain *settled = arena_alloc(arena, sizeof(*settled));
    struct asker a = {
        .arena = arena, .m = m, .chain = settled, .field = field, .is_stream = is_stream};

    *settled = *chain;
    settled->pieces = arena_array(arena, chain->count, sizeof(*settled->pieces));
    memcpy(settled->pieces, chain->pieces, chain->count * sizeof(*settled->pieces));
    settle_first(&settled->pieces[0]);
    look_over(&a);
    if (chain->buffer != NULL && chain->buffer->kind == BUFFER_NUMBER)
        return chain->transforms == 0 ? add_number(&a) : "a transform of a number";
    const char *fault = check_pieces(settled);
    if (fault == NULL && is_stream)
        fault = check_reach(settled);
    if (fault != NULL)
        return fault;
    if (m->is_either && chain->buffer == NULL)
        return add_either(&a);
    if (digest_len(settled) == 0 && needs_sequence(&a))
        return add_whole_sequence(&a);
    fault = digest_len(settled) > 0 ? add_digest(&a) : add_all_apart(&a);
    if (fault == NULL && a.has_negated && !a.has_yes && chain->buffer != NULL)
        fault = add(&a, (struct entry){.form = ENTRY_PLAIN,
                                       .key = arena_format(arena, "%s|exists", a.base),
                                       .value = VIEW("true")});
    return fault;
}
