/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps: each piece of a chain is a step (docs/language.md, "Sequences"), in the order of the rule.
 *
 * Lengths    of the whole value come first, where no step has moved: as "so many bytes follow".
 * Bytes      that are no text are hex, or an expression where case does not count.
 */
#include "import/suricata/steps.h"

#include "import/suricata/read/content.h"

static void put_number(struct emitter *e, struct arena *arena, const char *key, int64_t number)
{
    emit_key(e, key);
    emit_plain(e, view_from_string(arena_format(arena, "%lld", (long long)number)));
}

static void put_true(struct emitter *e, const char *key)
{
    emit_key(e, key);
    emit_plain(e, VIEW("true"));
}

/* Where a content or an expression lies. */
static void put_place(struct emitter *e, struct arena *arena, const struct piece *piece)
{
    bool is_relative = piece->has_distance || piece->has_within || piece->is_relative;
    int64_t length = (int64_t)piece->bytes.len;

    if (is_relative) {
        put_number(e, arena, "distance", piece->distance);
        if (piece->has_within)
            put_number(e, arena, "within", piece->within);
    } else if (piece->is_at_start ||
               (piece->has_depth && piece->kind == PIECE_CONTENT && piece->depth == length)) {
        put_number(e, arena, "at", piece->is_at_start ? 0 : piece->offset);
    } else {
        if (piece->offset > 0)
            put_number(e, arena, "from", piece->offset);
        if (piece->has_depth)
            put_number(e, arena, "to", piece->offset + piece->depth);
    }
}

static void put_content(struct emitter *e, struct arena *arena, const struct piece *piece,
                        bool is_folded)
{
    bool has_letters = content_has_letters(piece->bytes);
    bool is_cased = has_letters && !piece->is_nocase && !is_folded;

    bool is_text = is_cased || !has_letters ? content_is_readable(piece->bytes)
                                            : content_is_text(piece->bytes);

    if (is_text) {
        emit_key(e, is_cased ? "contains|cased" : "contains");
        emit_text(e, content_escaped(arena, piece->bytes));
    } else if (is_cased || !has_letters) {
        emit_key(e, "hex");
        emit_text(e, content_hex(arena, piece->bytes));
    } else {
        struct view expression = content_as_regex(arena, piece->bytes);
        emit_key(e, "re|i|s");
        emit_text(e, view_from_string(arena_format(arena, "%.*s%s", (int)expression.len,
                                                   (const char *)expression.data,
                                                   piece->is_at_end ? "\\z" : "")));
        put_place(e, arena, piece);
        return;
    }
    put_place(e, arena, piece);
    if (piece->is_at_end)
        put_true(e, "end");
}

static void put_regex(struct emitter *e, struct arena *arena, const struct piece *piece)
{
    emit_key(e, arena_format(arena, "re%s%s%s", piece->is_caseless ? "|i" : "",
                             piece->is_multiline ? "|m" : "", piece->is_dotall ? "|s" : ""));
    emit_text(e, piece->bytes);
    put_place(e, arena, piece);
}

/* What byte_test and byte_jump share. */
static void put_read(struct emitter *e, struct arena *arena, const struct piece *piece)
{
    put_number(e, arena, piece->is_relative ? "distance" : "at", piece->offset);
    if (piece->is_little && piece->base == 0)
        emit_pair(e, "endian", VIEW("little"));
    if (piece->base != 0)
        emit_pair(e, "base",
                  piece->base == 8    ? VIEW("oct")
                  : piece->base == 10 ? VIEW("dec")
                                      : VIEW("hex"));
    if (piece->mask != 0)
        put_number(e, arena, "mask", (int64_t)piece->mask);
}

static void put_test(struct emitter *e, struct arena *arena, const struct piece *piece)
{
    static const char *const COMPARES[] = {
        [IS_EQ] = "eq", [IS_NE] = "ne",   [IS_LT] = "lt",     [IS_LTE] = "lte",
        [IS_GT] = "gt", [IS_GTE] = "gte", [HAS_BITS] = "and", [HAS_NO_BITS] = "nand"};

    put_number(e, arena, "bytes", (int64_t)piece->width);
    put_read(e, arena, piece);
    put_number(e, arena, COMPARES[piece->compare], (int64_t)piece->number);
}

static void put_jump(struct emitter *e, struct arena *arena, const struct piece *piece)
{
    put_number(e, arena, "jump", (int64_t)piece->width);
    put_read(e, arena, piece);
    if (piece->multiply > 1)
        put_number(e, arena, "multiply", (int64_t)piece->multiply);
    if (piece->align > 0)
        put_number(e, arena, "align", (int64_t)piece->align);
    if (piece->add != 0)
        put_number(e, arena, "add", piece->add);
    if (piece->origin != JUMP_HERE)
        emit_pair(e, "origin", piece->origin == JUMP_START ? VIEW("start") : VIEW("end"));
}

static void put_left(struct emitter *e, struct arena *arena, uint64_t bytes, bool is_negated)
{
    emit_map(e, EMIT_FLOW);
    put_number(e, arena, "left", (int64_t)bytes);
    if (is_negated)
        put_true(e, "not");
    emit_end(e);
}

/* IS_NE was refused (chain.c). */
static void put_size(struct emitter *e, struct arena *arena, const struct piece *piece)
{
    bool is_bounded = piece->compare == IS_EQ || piece->compare == IS_LTE;

    if (piece->compare == IS_EQ || piece->compare == IS_GTE)
        put_left(e, arena, piece->number, false);
    if (piece->compare == IS_GT)
        put_left(e, arena, piece->number + 1, false);
    if (piece->compare == IS_LT || is_bounded)
        put_left(e, arena, piece->number + (is_bounded ? 1 : 0), true);
}

static void put_step(struct emitter *e, struct arena *arena, const struct piece *piece,
                     bool is_folded)
{
    if (piece->kind == PIECE_LEFT) {
        put_left(e, arena, piece->number, piece->is_negated);
        return;
    }
    emit_map(e, EMIT_FLOW);
    if (piece->is_negated)
        put_true(e, "not");
    switch (piece->kind) {
    case PIECE_CONTENT:
        put_content(e, arena, piece, is_folded);
        break;
    case PIECE_REGEX:
        put_regex(e, arena, piece);
        break;
    case PIECE_NUMBER:
        put_test(e, arena, piece);
        break;
    case PIECE_JUMP:
        put_jump(e, arena, piece);
        break;
    case PIECE_LEFT:
    case PIECE_SIZE:
        break;
    }
    emit_end(e);
}

void steps_emit(struct emitter *e, struct arena *arena, const struct chain *chain, bool is_folded,
                bool counts_length)
{
    emit_map(e, EMIT_BLOCK);
    emit_key(e, "sequence");
    emit_list(e, EMIT_BLOCK);
    for (size_t i = 0; i < chain->count && counts_length; i++) {
        if (chain->pieces[i].kind == PIECE_SIZE)
            put_size(e, arena, &chain->pieces[i]);
    }
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->pieces[i].kind != PIECE_SIZE)
            put_step(e, arena, &chain->pieces[i], is_folded);
    }
    emit_end(e);
    emit_end(e);
}
