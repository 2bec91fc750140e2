/* SPDX-License-Identifier: BSD-3-Clause */
/* Header lines in one text.
 *
 * Idea       names are told apart by a walk over the lines before: heads have few (HTTP_HEADERS_MAX at most), and
 *            these texts are made only where a loaded rule asks for them.
 */
#include "proto/http1/http1_lines.h"

#include <string.h>

#include "proto/http1/http1_message.h"

size_t http_unfold_into(struct view value, uint8_t *out)
{
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.data[i];
        if (byte != '\r' && byte != '\n') {
            out[len++] = byte;
            continue;
        }
        while (i + 1 < value.len && (byte_is_space(value.data[i + 1]) ||
                                     value.data[i + 1] == '\r' || value.data[i + 1] == '\n'))
            i++;
        out[len++] = ' ';
    }
    return len;
}

/* Every line may be written with ": ", CRLF and, as one of several, ", " where it had less; and the names
 * stand between two CRLFs more. */
size_t http_lines_room(struct view lines)
{
    return lines.len + (size_t)4 * HTTP_HEADERS_MAX + 4;
}

/* Has none of the lines before `end` this name? */
static bool is_first(struct view lines, size_t end, struct view name)
{
    struct http_header earlier;
    size_t at = 0;

    while (at < end && http_next_header(lines, &at, &earlier)) {
        if (view_equal_fold(earlier.name, name))
            return false;
    }
    return true;
}

static size_t text_into(uint8_t *out, struct view text)
{
    if (text.len > 0)
        memcpy(out, text.data, text.len);
    return text.len;
}

/* The value of this line and of all later ones with its name. */
static size_t values_into(struct view lines, size_t at, const struct http_header *first,
                          uint8_t *out)
{
    size_t len = http_unfold_into(first->value, out);
    struct http_header later;

    for (unsigned i = 0; i < HTTP_HEADERS_MAX && http_next_header(lines, &at, &later); i++) {
        if (!view_equal_fold(later.name, first->name))
            continue;
        len += text_into(out + len, VIEW(", "));
        len += http_unfold_into(later.value, out + len);
    }
    return len;
}

size_t http_lines_into(struct view lines, struct view without, uint8_t *out)
{
    struct http_header header;
    size_t at = 0, len = 0, begin = 0;

    for (unsigned i = 0; i < HTTP_HEADERS_MAX && http_next_header(lines, &at, &header); i++) {
        if (!view_equal_fold(header.name, without) && is_first(lines, begin, header.name)) {
            len += text_into(out + len, header.name);
            len += text_into(out + len, VIEW(": "));
            len += values_into(lines, at, &header, out + len);
            len += text_into(out + len, VIEW("\r\n"));
        }
        begin = at;
    }
    return len;
}

size_t http_names_into(struct view lines, uint8_t *out)
{
    struct http_header header;
    size_t at = 0, len = 0, begin = 0;

    for (unsigned i = 0; i < HTTP_HEADERS_MAX && http_next_header(lines, &at, &header); i++) {
        if (is_first(lines, begin, header.name)) {
            len += len == 0 ? text_into(out, VIEW("\r\n")) : 0;
            len += text_into(out + len, header.name);
            len += text_into(out + len, VIEW("\r\n"));
        }
        begin = at;
    }
    len += len > 0 ? text_into(out + len, VIEW("\r\n")) : 0;
    return len;
}
