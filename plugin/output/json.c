/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON by hand: escaping (RFC 8259 section 7) and members. */
#include "output/json.h"

#include "base/readable.h"

/* Bytes that stand for themselves inside a JSON string: printable ASCII but '"' and '\\'. */
static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Is any of eight bytes not plain? Each term sets the top bit of a byte that fails it (Alan Mycroft's test
 * for a zero byte; bytes above the first that fails may be wrong, which only "any" does not mind). */
static bool has_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\', del = word ^ ones * 0x7f;
    uint64_t found =
        word | (word - ones * 0x20) | (quote - ones) | (backslash - ones) | (del - ones);

    return (found & tops) != 0;
}

/* Bytes from the start of the view that stand for themselves. */
static size_t plain_run(struct view v)
{
    size_t at = 0;
    uint64_t word;

    for (; v.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, v.data + at, sizeof(word));
        if (has_special(word))
            break;
    }
    while (at < v.len && is_plain(v.data[at]))
        at++;
    return at;
}

static void escape(struct buf *out, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t code[] = {
        '\\', 'u', '0', '0', (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};

    switch (byte) {
    case '"':
        buf_text(out, "\\\"");
        break;
    case '\\':
        buf_text(out, "\\\\");
        break;
    case '\n':
        buf_text(out, "\\n");
        break;
    case '\r':
        buf_text(out, "\\r");
        break;
    case '\t':
        buf_text(out, "\\t");
        break;
    default:
        buf_bytes(out, code, sizeof(code));
    }
}

void json_put_string(struct buf *out, struct view text)
{
    size_t at = 0;

    buf_byte(out, '"');
    while (at < text.len) {
        size_t run = plain_run(view_skip(text, at));
        buf_bytes(out, text.data + at, run);
        at += run;
        if (at == text.len)
            break;
        size_t wide = text.data[at] >= 0x80 ? utf8_length(view_skip(text, at)) : 0;
        bool is_control = wide == 2 && text.data[at] == 0xc2 && text.data[at + 1] < 0xa0; /* C1 */
        if (wide > 0 && !is_control)
            buf_bytes(out, text.data + at, wide);
        else
            escape(out, text.data[at + is_control]);
        at += wide > 0 ? wide : 1;
    }
    buf_byte(out, '"');
}

void json_put_printable(struct buf *out, struct view bytes)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        if (is_plain(byte))
            buf_byte(out, byte);
        else if (byte == '"' || byte == '\\' || byte == '\r' || byte == '\n' || byte == '\t')
            escape(out, byte);
        else
            buf_byte(out, '.');
    }
    buf_byte(out, '"');
}

static void separate(struct buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '{' && out->data[out->len - 1] != '[')
        buf_byte(out, ',');
}

void json_put_name(struct buf *out, const char *name)
{
    separate(out);
    buf_byte(out, '"');
    buf_string(out, name);
    buf_text(out, "\":");
}

void json_put_open(struct buf *out, const char *name)
{
    json_put_name(out, name);
    buf_byte(out, '{');
}

void json_put_open_array(struct buf *out, const char *name)
{
    json_put_name(out, name);
    buf_byte(out, '[');
}

void json_put_item(struct buf *out)
{
    separate(out);
}

void json_put_open_item(struct buf *out)
{
    separate(out);
    buf_byte(out, '{');
}

void json_put_close(struct buf *out)
{
    buf_byte(out, '}');
}

void json_put_close_array(struct buf *out)
{
    buf_byte(out, ']');
}

void json_put_text(struct buf *out, const char *name, struct view text)
{
    json_put_name(out, name);
    json_put_string(out, text);
}

void json_put_chars(struct buf *out, const char *name, const char *text)
{
    if (text != NULL)
        json_put_text(out, name, view_from_string(text));
}

void json_put_number(struct buf *out, const char *name, uint64_t number)
{
    json_put_name(out, name);
    buf_u64(out, number);
}

void json_put_bool(struct buf *out, const char *name, bool value)
{
    json_put_name(out, name);
    buf_string(out, value ? "true" : "false");
}

void json_put_address(struct buf *out, const char *name, const struct address *address)
{
    json_put_name(out, name);
    buf_byte(out, '"');
    address_write(out, address);
    buf_byte(out, '"');
}
