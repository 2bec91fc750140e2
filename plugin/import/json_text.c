/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON text: jansson reads it; before it does, the text's nesting is counted here, since a reader that calls
 * itself must not be led down by its input. */
#include "import/json_text.h"

enum { HEAD_MAX = 64 << 20 };

/* Where the text nests too deep: true and its place. Strings are passed over. */
static bool find_depth(struct view text, struct place *place)
{
    unsigned depth = 0;
    bool is_string = false;
    size_t line_start = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '\n') {
            place->line++;
            line_start = i + 1;
        } else if (is_string) {
            i += c == '\\';
            is_string = c != '"';
        } else if (c == '"') {
            is_string = true;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        } else if ((c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX) {
            place->column = (unsigned)(i - line_start) + 1;
            return true;
        }
    }
    return false;
}

json_t *json_text_load(const struct feed_input *input)
{
    struct place place = {input->file, 1, 1};
    struct view text = input->text;
    json_error_t error;

    if (view_starts(text, VIEW("\xef\xbb\xbf")))
        text = view_skip(text, 3);
    if (text.len > JSON_TEXT_MAX) {
        feed_fault(input, place, NULL, "more than %d MiB of JSON", JSON_TEXT_MAX >> 20);
        return NULL;
    }
    if (find_depth(text, &place)) {
        feed_fault(input, place, NULL, "nested more than %d deep", JSON_DEPTH_MAX);
        return NULL;
    }
    json_t *root =
        json_loadb(text.len ? (const char *)text.data : "", text.len, JSON_ALLOW_NUL, &error);
    if (root == NULL) {
        place.line = error.line > 0 ? (unsigned)error.line : 1;
        place.column = error.column > 0 ? (unsigned)error.column : 1;
        feed_fault(input, place, NULL, "not JSON: %s", error.text);
    }
    return root;
}

struct view json_text_of(struct arena *arena, const json_t *value)
{
    if (json_is_string(value))
        return arena_copy(arena, view_make(json_string_value(value), json_string_length(value)));
    if (json_is_integer(value))
        return view_from_string(arena_format(arena, "%lld", (long long)json_integer_value(value)));
    return view_make("", 0);
}

struct view json_text_string(struct arena *arena, const json_t *object, const char *key)
{
    return json_text_of(arena, json_object_get(object, key));
}

bool json_text_is(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL && strcmp(value, text) == 0;
}

bool json_text_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_boolean(value))
        return json_is_true(value);
    if (json_is_integer(value))
        return json_integer_value(value) != 0;
    if (json_is_string(value))
        return json_text_is(object, key, "1") || json_text_is(object, key, "true");
    return otherwise;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct view skip_blanks(struct view text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = view_skip(text, 1);
    return text;
}

static bool takes(struct view *text, const char *word)
{
    struct view v = view_from_string(word);

    if (!view_starts(*text, VIEW("\"")) || !view_starts(view_skip(*text, 1), v) ||
        !view_starts(view_skip(*text, 1 + v.len), VIEW("\"")))
        return false;
    *text = skip_blanks(view_skip(*text, v.len + 2));
    return true;
}

bool json_text_has(struct view text, const char *key, const char *value)
{
    struct view head = skip_blanks(view_slice(text, 0, HEAD_MAX));

    if (head.len == 0 || (head.data[0] != '{' && head.data[0] != '['))
        return false;
    for (size_t quote; (quote = view_find_byte(head, '"')) != VIEW_NOT_FOUND;) {
        head = view_skip(head, quote);
        struct view at = head;
        head = view_skip(head, 1);
        if (!takes(&at, key) || !view_starts(at, VIEW(":")))
            continue;
        at = skip_blanks(view_skip(at, 1));
        if (value == NULL || takes(&at, value))
            return true;
    }
    return false;
}
