/* SPDX-License-Identifier: BSD-3-Clause */
/* Content: "ab|0d 0a|c\"d" and "/expression/flags".
 *
 * Escapes    in a content, a backslash takes the meaning of " \ ; : | away. In an expression they are PCRE's.
 * Flags      i m s x A E G and the buffers' letters; x and U are written into the expression, since our language
 *            has i, m and s alone. A holds the expression to its beginning.
 * Bytes      of an expression that are no UTF-8 become \xHH, so that YAML can carry it.
 */
#include "import/suricata/read/content.h"

#include "base/readable.h"
#include "rule/expression.h"

const char *content_unquote(struct view value, struct view *inside, bool *is_negated)
{
    *is_negated = value.len > 0 && value.data[0] == '!';
    if (*is_negated)
        value = view_trim(view_skip(value, 1));
    bool opens = value.len > 0 && value.data[0] == '"';
    bool closes = value.len > 1 && value.data[value.len - 1] == '"';
    *inside = opens && closes ? view_slice(value, 1, value.len - 1) : value;
    if (opens != closes)
        return "a value whose quotes do not close";
    return inside->len == 0 ? "an empty value" : NULL;
}

static int hex_digit(uint8_t c)
{
    c = byte_fold(c);
    return byte_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits between bars, from `at` on; returns where the closing bar is, VIEW_NOT_FOUND when they are wrong. */
static size_t take_hex(struct view text, size_t at, uint8_t *out, size_t *len)
{
    int high = -1;

    for (; at < text.len && text.data[at] != '|'; at++) {
        int digit = hex_digit(text.data[at]);
        if (byte_is_space(text.data[at]))
            continue;
        if (digit < 0)
            return VIEW_NOT_FOUND;
        if (high >= 0)
            out[(*len)++] = (uint8_t)(high << 4 | digit);
        high = high >= 0 ? -1 : digit;
    }
    return at < text.len && high < 0 ? at : VIEW_NOT_FOUND;
}

const char *content_bytes(struct arena *arena, struct view text, struct view *bytes)
{
    uint8_t *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '|') {
            i = take_hex(text, i + 1, out, &len);
            if (i == VIEW_NOT_FOUND)
                return "bytes between bars that are no pairs of hex digits";
            continue;
        }
        if (c == '\\') {
            c = ++i < text.len ? text.data[i] : 0;
            if (c == 0 || view_find_byte(VIEW("\"\\;:|"), c) == VIEW_NOT_FOUND)
                return "a backslash before a character that needs none";
        }
        out[len++] = c;
    }
    *bytes = view_make(out, len);
    return len == 0 ? "an empty content" : NULL;
}

/* --- expressions --------------------------------------------------------------------------------- */

/* What the flags put in front. */
struct inline_flags {
    bool is_extended, is_ungreedy, is_anchored;
};

static const char *read_flag(char flag, struct piece *piece, struct inline_flags *inlined,
                             char *buffer_flag)
{
    static const char BUFFERS[] = "UIPQHDMCSYKWZVBO";

    switch (flag) {
    case 'i':
        piece->is_caseless = true;
        return NULL;
    case 'm':
        piece->is_multiline = true;
        return NULL;
    case 's':
        piece->is_dotall = true;
        return NULL;
    case 'x':
        inlined->is_extended = true;
        return NULL;
    case 'A':
        inlined->is_anchored = true;
        return NULL;
    case 'G':
        inlined->is_ungreedy = true;
        return NULL;
    case 'R':
        piece->is_relative = true;
        return NULL;
    case 'E':
        return "pcre with the flag E";
    default:
        if (flag == 0 || strchr(BUFFERS, flag) == NULL)
            return "pcre with an unknown flag";
        if (*buffer_flag != 0)
            return "pcre with the flags of two buffers";
        if (flag != 'B' && flag != 'O') /* raw bytes; no limit of its own */
            *buffer_flag = flag;
        return NULL;
    }
}

static struct view printable(struct arena *arena, struct view text)
{
    struct buf out;

    if (content_is_text(text))
        return text;
    buf_init(&out, text.len * 4 + 1);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x80 || text.data[i] == 0)
            buf_format(&out, "\\x%02x", text.data[i]);
        else
            buf_byte(&out, text.data[i]);
    }
    struct view kept = arena_copy(arena, buf_view(&out));
    buf_clear(&out);
    return kept;
}

const char *content_regex(struct arena *arena, struct view text, struct piece *piece,
                          char *buffer_flag)
{
    struct inline_flags inlined = {false, false, false};
    size_t end = text.len;

    *buffer_flag = 0;
    while (end > 0 && text.data[end - 1] != '/')
        end--;
    if (text.len == 0 || text.data[0] != '/' || end < 2)
        return "a pcre without its two slashes";
    for (size_t i = end; i < text.len; i++) {
        const char *fault = read_flag((char)text.data[i], piece, &inlined, buffer_flag);
        if (fault != NULL)
            return fault;
    }
    struct view inside = printable(arena, view_slice(text, 1, end - 1));
    if (inside.len == 0)
        return "an empty pcre";
    const char *front = inlined.is_extended && inlined.is_ungreedy ? "(?xU)"
                        : inlined.is_extended                      ? "(?x)"
                        : inlined.is_ungreedy                      ? "(?U)"
                                                                   : "";
    const char *back = !inlined.is_anchored  ? ""
                       : inlined.is_extended ? "\n)" /* the newline ends a comment of x */
                                             : ")";
    piece->kind = PIECE_REGEX;
    piece->bytes = inside;
    if (*front != '\0' || inlined.is_anchored)
        piece->bytes =
            view_from_string(arena_format(arena, "%s%s%.*s%s", inlined.is_anchored ? "\\A(?:" : "",
                                          front, (int)inside.len, (const char *)inside.data, back));
    return expression_is_good(piece->bytes, NULL) ? NULL : "a pcre that PCRE2 does not take";
}

/* --- what bytes are ------------------------------------------------------------------------------ */

bool content_is_text(struct view bytes)
{
    while (bytes.len > 0) {
        size_t len = bytes.data[0] < 0x80 ? 1 : utf8_length(bytes);
        if (len == 0 || bytes.data[0] == 0)
            return false;
        bytes = view_skip(bytes, len);
    }
    return true;
}

bool content_is_readable(struct view bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        if (c == 0x7f || (c < ' ' && c != '\r' && c != '\n' && c != '\t'))
            return false;
    }
    return content_is_text(bytes);
}

bool content_has_letters(struct view bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (byte_fold(bytes.data[i]) >= 'a' && byte_fold(bytes.data[i]) <= 'z')
            return true;
    }
    return false;
}

bool content_has_upper_case(struct view bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] != byte_fold(bytes.data[i]))
            return true;
    }
    return false;
}

struct view content_escaped(struct arena *arena, struct view bytes)
{
    uint8_t *out = arena_alloc(arena, bytes.len * 2 + 1);
    size_t len = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        if (view_find_byte(VIEW("*?\\"), bytes.data[i]) != VIEW_NOT_FOUND)
            out[len++] = '\\';
        out[len++] = bytes.data[i];
    }
    return view_make(out, len);
}

static struct view hex_digits(struct arena *arena, struct view bytes, bool is_parted)
{
    static const char DIGITS[] = "0123456789abcdef";
    char *out = arena_alloc(arena, bytes.len * 3 + 1);
    size_t len = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        if (i > 0 && is_parted)
            out[len++] = ' ';
        out[len++] = DIGITS[bytes.data[i] >> 4];
        out[len++] = DIGITS[bytes.data[i] & 15];
    }
    return view_make(out, len);
}

struct view content_hex(struct arena *arena, struct view bytes)
{
    return hex_digits(arena, bytes, true);
}

struct view content_digits(struct arena *arena, struct view bytes)
{
    return hex_digits(arena, bytes, false);
}

struct view content_as_regex(struct arena *arena, struct view bytes)
{
    char *out = arena_alloc(arena, bytes.len * 4 + 1);
    size_t len = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        if (byte_is_digit(c) || (byte_fold(c) >= 'a' && byte_fold(c) <= 'z'))
            out[len++] = (char)c;
        else
            len += (size_t)snprintf(out + len, 5, "\\x%02x", c);
    }
    return view_make(out, len);
}
