/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 identification: does a direction begin with a request line, or with a status line?
 *
 * A request line is one that names HTTP/0 or HTTP/1 last, whatever its method: tools make methods up. A
 * line without a version needs a method of the table and a path. RTSP, SIP and HTTP/2's preface have
 * the same form and name their own protocol, so they are none.
 */
#include "proto/http1/http1_message.h"

/* RFC 9110, WebDAV and its relatives, UPnP, RPC over HTTP, Exchange. */
static const char *const METHODS[] = {
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "PATCH",
    "QUERY",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "SEARCH",
    "REPORT",
    "CHECKOUT",
    "CHECKIN",
    "UNCHECKOUT",
    "MERGE",
    "MKACTIVITY",
    "MKWORKSPACE",
    "UPDATE",
    "LABEL",
    "ACL",
    "BIND",
    "REBIND",
    "UNBIND",
    "MKCALENDAR",
    "VERSION-CONTROL",
    "BASELINE-CONTROL",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "M-SEARCH",
    "PURGE",
    "SOURCE",
    "LINK",
    "UNLINK",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "CCM_POST",
    "BITS_POST",
    "BPROPFIND",
    "BPROPPATCH",
    "BCOPY",
    "BMOVE",
    "BDELETE",
    "POLL",
    "DEBUG",
    "TRACK",
    "INVALID",
};

static bool is_known_method(struct view method)
{
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        if (view_equal_fold(method, view_from_string(METHODS[i])))
            return true;
    }
    return false;
}

/* What stands last on the line, after a space, says HTTP and a version. Versions above 1 are lies that servers
 * believe; PRI, which tells the truth in HTTP/2's preface, is no known method. */
static bool names_http(struct view line, bool is_known)
{
    size_t last;

    line = http_trim(line);
    for (last = line.len; last > 0 && !http_is_gap(line.data[last - 1]);)
        last--;
    struct view protocol = view_skip(line, last);
    if (last == 0 || !view_starts_fold(protocol, VIEW("HTTP/")) || protocol.len < 6)
        return false;
    uint8_t major = protocol.data[5];
    return major == '0' || major == '1' || (is_known && byte_is_digit(major));
}

/* A method that somebody made up, as methods look. */
static bool is_upper_case(struct view method)
{
    for (size_t i = 0; i < method.len; i++) {
        if (method.data[i] < 'A' || method.data[i] > 'Z')
            return false;
    }
    return method.len > 2;
}

static bool is_printable(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < ' ' && text.data[i] != '\t' && text.data[i] != '\r')
            return false;
    }
    return true;
}

/* A known method, a path and the beginning of "HTTP/": sure enough where a capture's snap length may have
 * taken the rest. */
static bool is_cut_request(struct view line, size_t method)
{
    struct view target = view_skip(line, method + 1);
    size_t space = view_find_byte(target, ' ');

    return space != VIEW_NOT_FOUND && target.data[0] == '/' &&
           view_starts(view_skip(target, space + 1), VIEW("HTT")) &&
           view_starts(VIEW("HTTP/1."), view_slice(view_skip(target, space + 1), 0, 7)) &&
           is_known_method(view_slice(line, 0, method));
}

/* A line that is longer than identification waits for: a method and a target without end. */
static bool is_endless_request(struct view method, struct view target, bool is_known)
{
    bool is_path = target.len > 0 && target.data[0] == '/';

    return view_find_byte(target, ' ') == VIEW_NOT_FOUND &&
           (is_known || (is_path && is_upper_case(method)));
}

/* A whole line names HTTP last; or it is HTTP/0.9, a known method and a path. What a method or a target must
 * not hold is held against a line only when its method is not known. */
static enum identify_result looks_like_request(struct view start, bool is_all)
{
    size_t len = 0, end = view_find_byte(start, '\n');
    struct view line = view_slice(start, 0, end);

    while (len < line.len && http_is_token(line.data[len]))
        len++;
    if (len == 0 || len > HTTP_METHOD_MAX)
        return IDENTIFY_NO;
    if (len == line.len)
        return end == VIEW_NOT_FOUND ? IDENTIFY_MORE : IDENTIFY_NO;
    struct view method = view_slice(line, 0, len), target = http_trim(view_skip(line, len));
    bool is_known = is_known_method(method);
    if (!http_is_gap(line.data[len]) || (!is_known && !is_printable(line)))
        return IDENTIFY_NO;
    if (end == VIEW_NOT_FOUND && !is_all && !is_cut_request(line, len))
        return IDENTIFY_MORE;
    if (end == VIEW_NOT_FOUND)
        return is_cut_request(line, len) || is_endless_request(method, target, is_known)
                   ? IDENTIFY_YES
                   : IDENTIFY_NO;
    if (names_http(line, is_known))
        return IDENTIFY_YES;
    bool is_path = target.len > 0 && target.data[0] == '/';
    return is_known && is_path && view_find_byte(target, ' ') == VIEW_NOT_FOUND ? IDENTIFY_YES
                                                                                : IDENTIFY_NO;
}

static enum identify_result looks_like_response(struct view start)
{
    static const char pattern[] = "HTTP/#.# ###"; /* # any digit */
    enum { PATTERN_LEN = sizeof(pattern) - 1 };

    for (size_t i = 0; i < PATTERN_LEN && i < start.len; i++) {
        uint8_t byte = start.data[i], want = (uint8_t)pattern[i];
        bool fits = want == '#' ? byte_is_digit(byte) : byte_fold(byte) == byte_fold(want);
        if (!fits)
            return IDENTIFY_NO;
    }
    return start.len >= PATTERN_LEN ? IDENTIFY_YES : IDENTIFY_MORE;
}

enum identify_result http_looks_like(struct view start, enum direction direction)
{
    bool is_all = start.len >= HTTP_LOOK_BYTES;

    while (start.len > 0 && http_is_blank(start.data[0]))
        start = view_skip(start, 1);
    if (start.len == 0)
        return is_all ? IDENTIFY_NO : IDENTIFY_MORE;
    return direction == TO_SERVER ? looks_like_request(start, is_all) : looks_like_response(start);
}

bool http_begins_message(struct view start, enum direction direction)
{
    if (direction == TO_CLIENT)
        return looks_like_response(start) != IDENTIFY_NO;
    size_t space = view_find_byte(view_slice(start, 0, HTTP_METHOD_MAX + 1), ' ');
    return space != VIEW_NOT_FOUND && is_known_method(view_slice(start, 0, space)) &&
           looks_like_request(start, start.len >= HTTP_LOOK_BYTES) != IDENTIFY_NO;
}
