/* SPDX-License-Identifier: BSD-3-Clause */
/* Request targets as rules compare them.
 *
 * http.uri is what a server makes of the target before it looks for the file, since that is what both
 * Suricata's rule authors and people who look for "../../etc" mean; the target as sent is http.uri.raw.
 * What is done was found by asking Suricata 7.0.10 (libhtp, its default "IDS" personality):
 *   absolute-form    scheme and authority are left out: "http://h/p" is "/p"
 *   path             %xx and %u00xx undone, once; backslashes are slashes; "//" is "/"; "." and ".."
 *                    segments are walked
 *   query, fragment  %xx undone, once, and nothing else; "+" stays
 *   malformed %zz    stays; authority-form and "*" stay whole
 * Two differences: libhtp maps other %uxxxx and UTF-8 to the nearest Latin letters, which loses what was
 * sent; here they stay. And the path ends at the first question mark that was sent, not decoded.
 */
#include "proto/http1/http1_uri.h"

static int hex_digit(uint8_t byte)
{
    if (byte_is_digit(byte))
        return byte - '0';
    byte = byte_fold(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The two hexadecimal digits at `at`, or -1. */
static int hex_byte(struct view v, size_t at)
{
    if (at + 2 > v.len)
        return -1;
    int high = hex_digit(v.data[at]), low = hex_digit(v.data[at + 1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The byte at *at, escapes undone; moves *at past it. */
static uint8_t next_byte(struct view v, size_t *at, bool is_path)
{
    size_t from = *at;
    int byte = -1;

    *at = from + 1;
    if (v.data[from] != '%')
        return v.data[from];
    if (is_path && from + 6 <= v.len && byte_fold(v.data[from + 1]) == 'u' &&
        hex_byte(v, from + 2) == 0) {
        byte = hex_byte(v, from + 4);
        *at = byte >= 0 ? from + 6 : from + 1;
    } else {
        byte = hex_byte(v, from + 1);
        *at = byte >= 0 ? from + 3 : from + 1;
    }
    return byte >= 0 ? (uint8_t)byte : '%';
}

/* Takes "." and ".." away after a segment has come to its end; `len` is where it ends. */
static size_t walk_segment(const uint8_t *out, size_t len)
{
    size_t start = len;

    while (start > 0 && out[start - 1] != '/')
        start--;
    if (start == 0) /* no slash before it: nowhere to walk from */
        return len;
    if (len - start == 1 && out[start] == '.')
        return start;
    if (len - start != 2 || out[start] != '.' || out[start + 1] != '.')
        return len;
    if (start == 1)
        return start;
    for (start--; start > 0 && out[start - 1] != '/';)
        start--;
    return start > 0 ? start : 1;
}

static size_t path_into(struct view path, uint8_t *out)
{
    size_t len = 0;

    for (size_t at = 0; at < path.len;) {
        uint8_t byte = next_byte(path, &at, true);
        if (byte == '\\')
            byte = '/';
        if (byte == '/') {
            len = walk_segment(out, len);
            if (len > 0 && out[len - 1] == '/')
                continue;
        }
        out[len++] = byte;
    }
    return walk_segment(out, len);
}

static size_t plain_into(struct view text, uint8_t *out)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len;)
        out[len++] = next_byte(text, &at, false);
    return len;
}

struct http_target http_target_split(struct view target, bool is_connect)
{
    struct http_target parts = {.path = target};

    if (is_connect && target.len > 0 && target.data[0] != '/') {
        parts.authority = target;
        parts.path = view_skip(target, target.len);
        return parts;
    }
    size_t scheme = view_find(view_slice(target, 0, 16), VIEW("://"));
    if (target.len == 0 || target.data[0] == '/' || scheme == VIEW_NOT_FOUND)
        return parts;
    struct view rest = view_skip(target, scheme + 3);
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?' &&
           rest.data[end] != '#')
        end++;
    parts.authority = view_slice(rest, 0, end);
    parts.path = view_skip(rest, end);
    parts.is_absolute = true;
    return parts;
}

struct view http_host_of(struct view authority)
{
    for (size_t at = authority.len; at-- > 0;) {
        if (authority.data[at] == '@') {
            authority = view_skip(authority, at + 1);
            break;
        }
    }
    size_t end = 0;
    if (authority.len > 0 && authority.data[0] == '[') {
        size_t bracket = view_find_byte(authority, ']');
        return view_slice(authority, 0, bracket == VIEW_NOT_FOUND ? authority.len : bracket + 1);
    }
    while (end < authority.len && authority.data[end] != ':')
        end++;
    while (end > 0 && authority.data[end - 1] == '.')
        end--;
    return view_slice(authority, 0, end);
}

size_t http_uri_into(struct view target, bool is_connect, uint8_t *out, size_t *path_len)
{
    struct http_target parts = http_target_split(target, is_connect);
    size_t path = 0, len = 0;

    if (is_connect || view_equal(target, VIEW("*"))) {
        if (target.len > 0)
            memcpy(out, target.data, target.len);
        *path_len = target.len;
        return target.len;
    }
    while (path < parts.path.len && parts.path.data[path] != '?' && parts.path.data[path] != '#')
        path++;
    if (path == 0 && parts.is_absolute)
        out[len++] = '/';
    else
        len = path_into(view_slice(parts.path, 0, path), out);
    *path_len = len;
    return len + plain_into(view_skip(parts.path, path), out + len);
}

bool http_uri_is_double(struct view target)
{
    for (size_t at = 0; at + 5 <= target.len; at++) {
        const uint8_t *next = memchr(target.data + at, '%', target.len - at);
        if (next == NULL)
            return false;
        at = (size_t)(next - target.data);
        if (hex_byte(target, at + 1) == '%' && hex_byte(target, at + 3) >= 0)
            return true;
    }
    return false;
}

struct view http_extension_of(struct view path)
{
    for (size_t at = path.len; at-- > 0 && path.data[at] != '/';) {
        if (path.data[at] == '.')
            return view_skip(path, at + 1);
    }
    return (struct view){NULL, 0};
}
