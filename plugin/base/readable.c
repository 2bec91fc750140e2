/* SPDX-License-Identifier: BSD-3-Clause */
/* Readable text: one character at a time, kept or written as \xHH. */
#include "base/readable.h"

#include <string.h>

size_t utf8_length(struct view v)
{
    uint8_t b = v.data[0];
    size_t len = b >= 0xc2 && b < 0xe0   ? 2
                 : b >= 0xe0 && b < 0xf0 ? 3
                 : b >= 0xf0 && b < 0xf5 ? 4
                                         : 0;

    if (len == 0 || v.len < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((v.data[i] & 0xc0) != 0x80)
            return 0;
    }
    uint8_t second = v.data[1];
    bool is_overlong = (b == 0xe0 && second < 0xa0) || (b == 0xf0 && second < 0x90);
    bool is_surrogate = b == 0xed && second >= 0xa0;
    bool is_beyond = b == 0xf4 && second >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : len;
}

/* Does the sequence steer rather than show? C1 controls; U+2028 to U+202E; U+2066 to U+2069. */
static bool steers(const uint8_t *at, size_t len)
{
    if (len == 2)
        return at[0] == 0xc2 && at[1] < 0xa0;
    if (len != 3 || at[0] != 0xe2)
        return false;
    return (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
           (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

/* Bytes at the start that can be shown as they are; 0: the first one cannot. */
static size_t shown_length(struct view v)
{
    if (v.data[0] < 0x80)
        return v.data[0] >= 0x20 && v.data[0] != 0x7f;
    size_t len = utf8_length(v);
    return steers(v.data, len) ? 0 : len;
}

void readable_add(struct buf *out, struct view text)
{
    static const char digits[] = "0123456789abcdef";

    while (text.len > 0) {
        size_t len = shown_length(text);
        if (len == 0) {
            const uint8_t code[] = {'\\', 'x', (uint8_t)digits[text.data[0] >> 4],
                                    (uint8_t)digits[text.data[0] & 15]};
            buf_bytes(out, code, sizeof(code));
            len = 1;
        } else {
            buf_bytes(out, text.data, len);
        }
        text = view_skip(text, len);
    }
}

void readable_print(FILE *out, const char *text)
{
    struct buf line;

    buf_init(&line, 4 * strlen(text) + 1);
    readable_add(&line, view_from_string(text));
    fwrite(line.data, 1, line.len, out);
    buf_clear(&line);
}
