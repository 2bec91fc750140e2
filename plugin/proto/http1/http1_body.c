/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 bodies: counted ones, and chunks (RFC 9112, 7.1).
 *
 *   size [;extension] CRLF  bytes CRLF  ...  0 CRLF  trailer lines CRLF
 *
 * Spaces around the size and bare LFs are forgiven. A size that is none, or above 2^59, ends the message:
 * whoever sends it wants two readers to disagree about where the next message begins.
 */
#include "proto/http1/http1.h"

/* Bytes up to and with the next line end, or all. */
struct view http_to_line_end(struct view bytes, bool *is_end)
{
    const uint8_t *end = memchr(bytes.data, '\n', bytes.len);
    *is_end = end != NULL;
    return end != NULL ? view_slice(bytes, 0, (size_t)(end - bytes.data) + 1) : bytes;
}

/* Bytes up to and with an empty line, or all. */
struct view http_to_empty_line(struct http_side *side, struct view bytes, bool *is_end)
{
    size_t at = 0;

    *is_end = false;
    while (at < bytes.len) {
        if (side->is_line_start && bytes.data[at] == '\r') {
            at++;
            continue;
        }
        if (side->is_line_start && bytes.data[at] == '\n') {
            *is_end = true;
            return view_slice(bytes, 0, at + 1);
        }
        at += http_to_line_end(view_skip(bytes, at), &side->is_line_start).len;
    }
    return bytes;
}

void http_take_body(struct http *http, struct proto_context *context, enum direction direction,
                    struct view bytes)
{
    struct http_side *side = &http->sides[direction];

    if (side->transaction == NULL)
        return;
    struct http_message *message = http_message_of(side->transaction, direction);
    message->body_bytes += bytes.len;
    enum body_result result = body_take(&message->body, bytes);
    if (result == BODY_BROKEN)
        http_raise(side, context, direction, 1u << FAULT_DECODE);
    else if (result == BODY_BOMB)
        http_raise(side, context, direction, 1u << FAULT_BOMB);
}

void http_start_chunk(struct http_side *side)
{
    side->stage = STAGE_CHUNK_LINE;
    side->left = 0;
    side->line_len = 0;
    side->has_digits = side->is_extension = false;
}

size_t http_take_counted(struct http *http, struct proto_context *context, enum direction direction,
                         struct view bytes)
{
    struct http_side *side = &http->sides[direction];

    if (bytes.len > side->left)
        bytes.len = (size_t)side->left;
    side->left -= bytes.len;
    http_take_body(http, context, direction, bytes);
    if (side->left > 0)
        return bytes.len;
    if (side->stage == STAGE_LENGTH) {
        http_complete_message(http, context, direction);
    } else {
        side->stage = STAGE_CHUNK_END;
        side->line_len = 0;
    }
    return bytes.len;
}

/* The chunks make no sense any more: the message ends here. */
static void break_chunks(struct http *http, struct proto_context *context, enum direction direction)
{
    http_raise(&http->sides[direction], context, direction, 1u << FAULT_CHUNK_LENGTH);
    http_complete_message(http, context, direction);
    http_go_lost(&http->sides[direction], context, true);
}

static int hex_value(uint8_t byte)
{
    if (byte_is_digit(byte))
        return byte - '0';
    byte = byte_fold(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* One byte of a chunk's size line but its end; false when it does not belong there. */
static bool take_chunk_byte(struct http_side *side, uint8_t byte)
{
    int digit = side->is_extension ? -1 : hex_value(byte);

    if (digit >= 0) {
        side->has_digits = true;
        side->left = side->left << 4 | (unsigned)digit;
        return side->left <= INT64_MAX >> 4;
    }
    if (side->is_extension)
        return true;
    if (byte_is_space(byte) || byte == '\r') {
        side->is_extension = side->has_digits;
        return true;
    }
    side->is_extension = byte == ';' && side->has_digits;
    return side->is_extension;
}

size_t http_take_chunk_line(struct http *http, struct proto_context *context,
                            enum direction direction, struct view bytes)
{
    struct http_side *side = &http->sides[direction];

    for (size_t at = 0; at < bytes.len; at++) {
        uint8_t byte = bytes.data[at];
        if (byte != '\n') {
            if (byte == ';')
                http_raise(side, context, direction, 1u << FAULT_CHUNK_EXTENSION);
            if (++side->line_len <= HTTP_CHUNK_LINE_MAX && take_chunk_byte(side, byte))
                continue;
        }
        if (byte != '\n' || !side->has_digits) {
            break_chunks(http, context, direction);
            side->is_line_skipped = byte != '\n';
            return at + 1;
        }
        side->stage = side->left > 0 ? STAGE_CHUNK : STAGE_TRAILER;
        side->is_line_start = true;
        return at + 1;
    }
    return bytes.len;
}

size_t http_take_chunk_end(struct http *http, struct proto_context *context,
                           enum direction direction, struct view bytes)
{
    struct http_side *side = &http->sides[direction];
    bool is_end;

    bytes = http_to_line_end(bytes, &is_end);
    side->line_len += (uint32_t)(bytes.len < HTTP_CHUNK_LINE_MAX ? bytes.len : HTTP_CHUNK_LINE_MAX);
    if (is_end)
        http_start_chunk(side);
    else if (side->line_len >= HTTP_CHUNK_LINE_MAX)
        break_chunks(http, context, direction);
    return bytes.len;
}

size_t http_take_trailer(struct http *http, struct proto_context *context, enum direction direction,
                         struct view bytes)
{
    bool is_end;

    bytes = http_to_empty_line(&http->sides[direction], bytes, &is_end);
    if (is_end)
        http_complete_message(http, context, direction);
    return bytes.len;
}
