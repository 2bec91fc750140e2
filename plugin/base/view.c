/* SPDX-License-Identifier: BSD-3-Clause */
/* Views: the functions that are too long for the header. Searching leans on memmem and memchr,
 * which glibc writes in vector code; the folded search looks for either case of the first byte. */
#include "base/view.h"

static bool bytes_equal_fold(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (byte_fold(a[i]) != byte_fold(b[i]))
            return false;
    }
    return true;
}

bool view_equal_fold(struct view a, struct view b)
{
    return a.len == b.len && bytes_equal_fold(a.data, b.data, a.len);
}

bool view_starts(struct view v, struct view prefix)
{
    return v.len >= prefix.len && view_equal(view_slice(v, 0, prefix.len), prefix);
}

bool view_starts_fold(struct view v, struct view prefix)
{
    return v.len >= prefix.len && bytes_equal_fold(v.data, prefix.data, prefix.len);
}

bool view_ends(struct view v, struct view suffix)
{
    return v.len >= suffix.len && view_equal(view_skip(v, v.len - suffix.len), suffix);
}

bool view_ends_fold(struct view v, struct view suffix)
{
    return v.len >= suffix.len && view_equal_fold(view_skip(v, v.len - suffix.len), suffix);
}

size_t view_find_byte(struct view haystack, uint8_t byte)
{
    if (haystack.len == 0)
        return VIEW_NOT_FOUND;
    const uint8_t *hit = memchr(haystack.data, byte, haystack.len);
    return hit ? (size_t)(hit - haystack.data) : VIEW_NOT_FOUND;
}

size_t view_find(struct view haystack, struct view needle)
{
    if (needle.len == 0)
        return 0;
    if (haystack.len < needle.len)
        return VIEW_NOT_FOUND;
    const uint8_t *hit = memmem(haystack.data, haystack.len, needle.data, needle.len);
    return hit ? (size_t)(hit - haystack.data) : VIEW_NOT_FOUND;
}

size_t view_find_fold(struct view haystack, struct view needle)
{
    if (needle.len == 0)
        return 0;
    uint8_t first = byte_fold(needle.data[0]);
    for (size_t i = 0; haystack.len - i >= needle.len && i < haystack.len; i++) {
        if (byte_fold(haystack.data[i]) == first &&
            bytes_equal_fold(haystack.data + i, needle.data, needle.len))
            return i;
    }
    return VIEW_NOT_FOUND;
}

struct view view_trim(struct view v)
{
    while (v.len > 0 && byte_is_space(v.data[0]))
        v = view_skip(v, 1);
    while (v.len > 0 && byte_is_space(v.data[v.len - 1]))
        v.len--;
    return v;
}

bool view_parse_u64(struct view v, uint64_t *out)
{
    uint64_t number = 0;

    if (v.len == 0)
        return false;
    for (size_t i = 0; i < v.len; i++) {
        if (!byte_is_digit(v.data[i]))
            return false;
        uint64_t digit = (uint64_t)(v.data[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

int view_compare(struct view a, struct view b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool view_take_line(struct view *rest, struct view *line)
{
    if (rest->len == 0)
        return false;
    size_t end = view_find_byte(*rest, '\n');
    *line = view_slice(*rest, 0, end);
    *rest = end == VIEW_NOT_FOUND ? view_skip(*rest, rest->len) : view_skip(*rest, end + 1);
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
    return true;
}
