/* SPDX-License-Identifier: BSD-3-Clause */
/* Wildcards: text with wildcards, and its encodings.
 *
 * Escapes    (specification 2.1, "Escape Character"), read from the left, two characters at a time:
 *              \*  \?  \\   the second character as it is
 *              \x           both characters: a plain backslash needs no escape
 *            so `\\*` is a backslash and a wildcard, `\\\*` a backslash and a star, and three or four
 *            backslashes are two.
 * base64     encodes three bytes as four characters, so bytes in the middle of a longer value come out
 *            in three ways, by their offset modulo 3. A character that also depends on a neighbour is
 *            cut off: the first 0, 2 or 3 and, when bytes are left over, the last one with the padding.
 * windash    a dash counts where it begins a word (`-enc`, ` /c`), as Windows reads options; one within
 *            a word or a path is left alone.
 */
#include "value/wildcard.h"

#include "base/buf.h"

/* --- wildcards ----------------------------------------------------------------------------------- */

struct maker {
    struct arena *arena;
    struct text text;
    uint8_t *bytes; /* the literal that grows */
    size_t len;
};

static void end_literal(struct maker *m)
{
    if (m->len == 0)
        return;
    m->text.pieces[m->text.count++] =
        (struct glob_piece){.kind = GLOB_LITERAL, .bytes = view_make(m->bytes, m->len)};
    m->bytes += m->len;
    m->len = 0;
}

static void add_wildcard(struct maker *m, enum glob_kind kind)
{
    end_literal(m);
    size_t count = m->text.count;
    if (kind == GLOB_ANY && count > 0 && m->text.pieces[count - 1].kind == GLOB_ANY)
        return;
    m->text.pieces[m->text.count++] = (struct glob_piece){.kind = kind};
}

struct text text_parse(struct arena *arena, struct view value)
{
    struct maker m = {.arena = arena, .bytes = arena_alloc(arena, value.len + 1)};

    size_t wildcards = 0;
    for (size_t i = 0; i < value.len; i++)
        wildcards += value.data[i] == '*' || value.data[i] == '?';
    m.text.pieces = arena_array(arena, wildcards * 2 + 1, sizeof(*m.text.pieces));
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        uint8_t next = i + 1 < value.len ? value.data[i + 1] : 0;
        if (c == '*' || c == '?') {
            add_wildcard(&m, c == '*' ? GLOB_ANY : GLOB_ONE);
            continue;
        }
        if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
            c = next;
            i++;
        }
        m.bytes[m.len++] = c;
    }
    end_literal(&m);
    return m.text;
}

struct text text_from_bytes(struct arena *arena, struct view bytes)
{
    struct text text = {.count = bytes.len > 0};

    text.pieces = arena_array(arena, 1, sizeof(*text.pieces));
    text.pieces[0] = (struct glob_piece){.kind = GLOB_LITERAL, .bytes = bytes};
    return text;
}

bool text_is_literal(const struct text *text, struct view *bytes)
{
    *bytes = view_make("", 0);
    if (text->count == 1 && text->pieces[0].kind == GLOB_LITERAL)
        *bytes = text->pieces[0].bytes;
    return text->count == 0 || bytes->len > 0;
}

bool text_is_any(const struct text *text)
{
    return text->count == 1 && text->pieces[0].kind == GLOB_ANY;
}

struct text text_surround(struct arena *arena, const struct text *text, bool before, bool after)
{
    struct text result = {.pieces = arena_array(arena, text->count + 2, sizeof(*text->pieces))};

    if (before && (text->count == 0 || text->pieces[0].kind != GLOB_ANY))
        result.pieces[result.count++] = (struct glob_piece){.kind = GLOB_ANY};
    for (size_t i = 0; i < text->count; i++)
        result.pieces[result.count++] = text->pieces[i];
    if (after && (result.count == 0 || result.pieces[result.count - 1].kind != GLOB_ANY))
        result.pieces[result.count++] = (struct glob_piece){.kind = GLOB_ANY};
    return result;
}

/* --- UTF-16 -------------------------------------------------------------------------------------- */

/* The UTF-8 character at the front of `v` (RFC 3629, checked when the file was read, but escapes of
 * hex values may have cut one); its length, 0 when it is none. */
static size_t take_character(struct view v, uint32_t *out)
{
    uint8_t first = v.data[0];
    size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? first : first & (0xffU >> (len + 1));

    if (len == 0 || v.len < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((v.data[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (v.data[i] & 0x3f);
    }
    *out = c;
    return len;
}

static void put_unit(uint8_t *out, uint32_t unit, enum utf16 form)
{
    out[form == UTF16_BIG ? 1 : 0] = (uint8_t)unit;
    out[form == UTF16_BIG ? 0 : 1] = (uint8_t)(unit >> 8);
}

static bool encode_utf16(struct arena *arena, struct view bytes, enum utf16 form, struct view *out)
{
    uint8_t *encoded =
        arena_alloc(arena, bytes.len * 2 + 1); /* never more than two for each byte */
    size_t len = 0;

    for (size_t at = 0; at < bytes.len;) {
        uint32_t c = 0;
        size_t step = take_character(view_skip(bytes, at), &c);
        if (step == 0)
            return false;
        at += step;
        if (c >= 0x10000) { /* a pair of surrogates, RFC 2781 */
            put_unit(encoded + len, 0xd800 + ((c - 0x10000) >> 10), form);
            put_unit(encoded + len + 2, 0xdc00 + ((c - 0x10000) & 0x3ff), form);
            len += 4;
        } else {
            put_unit(encoded + len, c, form);
            len += 2;
        }
    }
    *out = view_make(encoded, len);
    return true;
}

bool text_utf16(struct arena *arena, struct text *text, enum utf16 form)
{
    struct text wide = {.pieces = arena_array(arena, text->count * 2 + 1, sizeof(*text->pieces))};

    if (form == UTF16_MARKED)
        wide.pieces[wide.count++] =
            (struct glob_piece){.kind = GLOB_LITERAL, .bytes = VIEW("\xff\xfe")};
    for (size_t i = 0; i < text->count; i++) {
        struct glob_piece piece = text->pieces[i];
        if (piece.kind == GLOB_LITERAL && !encode_utf16(arena, piece.bytes, form, &piece.bytes))
            return false;
        struct glob_piece *last = wide.count > 0 ? &wide.pieces[wide.count - 1] : NULL;
        if (piece.kind == GLOB_LITERAL && last != NULL && last->kind == GLOB_LITERAL) {
            uint8_t *joined = arena_alloc(arena, last->bytes.len + piece.bytes.len);
            memcpy(joined, last->bytes.data, last->bytes.len);
            memcpy(joined + last->bytes.len, piece.bytes.data, piece.bytes.len);
            last->bytes = view_make(joined, last->bytes.len + piece.bytes.len);
            continue;
        }
        wide.pieces[wide.count++] = piece;
        if (piece.kind == GLOB_ONE)
            wide.pieces[wide.count++] = piece;
    }
    *text = wide;
    return true;
}

/* --- base64 -------------------------------------------------------------------------------------- */

struct view text_base64(struct arena *arena, struct view bytes)
{
    struct buf out;

    buf_init(&out, SIZE_MAX / 4);
    buf_base64(&out, bytes);
    struct view kept = arena_copy(arena, buf_view(&out));
    buf_clear(&out);
    return kept;
}

struct view text_base64_shifted(struct arena *arena, struct view bytes, unsigned shift)
{
    static const uint8_t CUT_FIRST[3] = {0, 2, 3};
    static const uint8_t CUT_LAST[3] = {0, 3, 2}; /* by the number of bytes left over */
    uint8_t *shifted = arena_alloc(arena, bytes.len + shift + 1);

    if (bytes.len > 0)
        memcpy(shifted + shift, bytes.data, bytes.len);
    struct view encoded = text_base64(arena, view_make(shifted, bytes.len + shift));
    size_t last = CUT_LAST[(bytes.len + shift) % 3];
    return view_slice(encoded, CUT_FIRST[shift], encoded.len < last ? 0 : encoded.len - last);
}

/* --- windash ------------------------------------------------------------------------------------- */

static const char *const DASHES[] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};
enum { DASH_COUNT = sizeof(DASHES) / sizeof(DASHES[0]) };

static bool is_word(uint8_t c)
{
    return byte_is_digit(c) || (byte_fold(c) >= 'a' && byte_fold(c) <= 'z') || c == '_';
}

/* Length of the dash at `at`, 0 when none begins a word there. */
static size_t dash_length(struct view bytes, size_t at)
{
    for (size_t i = 0; i < DASH_COUNT; i++) {
        struct view dash = view_from_string(DASHES[i]);
        size_t after = at + dash.len;
        if (view_starts(view_skip(bytes, at), dash) && after < bytes.len &&
            is_word(bytes.data[after]) && (at == 0 || !is_word(bytes.data[at - 1])))
            return dash.len;
    }
    return 0;
}

/* The bytes with the n-th dash written as digit n of `number` in base 5 says. */
static struct view write_dashes(struct arena *arena, struct view bytes, size_t number)
{
    uint8_t *out = arena_alloc(arena, bytes.len + (size_t)WINDASH_MAX * 3 + 1);
    size_t len = 0;

    for (size_t at = 0; at < bytes.len;) {
        size_t dash = dash_length(bytes, at);
        if (dash == 0) {
            out[len++] = bytes.data[at++];
            continue;
        }
        struct view form = view_from_string(DASHES[number % DASH_COUNT]);
        memcpy(out + len, form.data, form.len);
        len += form.len;
        at += dash;
        number /= DASH_COUNT;
    }
    return view_make(out, len);
}

struct texts text_windash(struct arena *arena, struct view bytes)
{
    size_t dashes = 0, forms = 1;

    for (size_t at = 0; at < bytes.len; at++)
        dashes += dash_length(bytes, at) > 0;
    if (dashes > WINDASH_MAX)
        return (struct texts){0};
    for (size_t i = 0; i < dashes; i++)
        forms *= DASH_COUNT;
    struct texts texts = {arena_array(arena, forms, sizeof(*texts.items)), forms};
    for (size_t i = 0; i < forms; i++)
        texts.items[i] = text_from_bytes(arena, write_dashes(arena, bytes, i));
    return texts;
}
