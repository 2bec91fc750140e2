/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 heads, read as RFC 9112 has them and as servers and browsers forgive them.
 *
 *   method SP target SP HTTP/1.1 CRLF          HTTP/1.1 SP 200 SP reason CRLF
 *   name: value CRLF                            (2.2: a bare LF ends a line as well)
 *    continued CRLF                             (5.2: obs-fold belongs to the line before)
 *   CRLF
 *
 * Tolerated, each with its fault: tabs and several spaces between the parts of the first line, words between
 * target and version (they are the protocol's: a target ends at its first space, for tshark and Suricata
 * as well), a missing version, a space before the colon, lines without one, octets that are no token in a name.
 * Repeated   the first value counts for framing and Host; other readers get all, joined (http1_event.c).
 * Framing    6.3: Transfer-Encoding before Content-Length before nothing (request) or the connection's
 *            end (response). Whoever sends both wants two readers to disagree: FAULT_LENGTH_AMBIGUOUS.
 */
#include "proto/http1/http1_message.h"

#include "proto/http1/http1_uri.h"

static const struct {
    struct view name;
    enum http_header_id id;
} NAMES[] = {
#define NAME(text, id)                                                                             \
    {                                                                                              \
        {(const uint8_t *)(text), sizeof(text) - 1}, id                                            \
    }
    NAME("host", HEADER_HOST),
    NAME("user-agent", HEADER_USER_AGENT),
    NAME("cookie", HEADER_COOKIE),
    NAME("referer", HEADER_REFERER),
    NAME("accept", HEADER_ACCEPT),
    NAME("accept-language", HEADER_ACCEPT_LANGUAGE),
    NAME("accept-encoding", HEADER_ACCEPT_ENCODING),
    NAME("connection", HEADER_CONNECTION),
    NAME("content-type", HEADER_CONTENT_TYPE),
    NAME("content-length", HEADER_CONTENT_LENGTH),
    NAME("content-encoding", HEADER_CONTENT_ENCODING),
    NAME("transfer-encoding", HEADER_TRANSFER_ENCODING),
    NAME("upgrade", HEADER_UPGRADE),
    NAME("location", HEADER_LOCATION),
    NAME("server", HEADER_SERVER),
    NAME("set-cookie", HEADER_SET_COOKIE),
#undef NAME
};

/* Repeated in honest traffic. */
enum {
    MAY_REPEAT =
        1 << HEADER_SET_COOKIE | 1 << HEADER_COOKIE | 1 << HEADER_CONNECTION | 1 << HEADER_UPGRADE
};

static inline uint32_t fault(enum http_fault id)
{
    return UINT32_C(1) << id;
}

/* Length of the line that begins at `at`, with its LF. */
static size_t line_length(struct view lines, size_t at)
{
    const uint8_t *end = memchr(lines.data + at, '\n', lines.len - at);
    return end != NULL ? (size_t)(end - (lines.data + at)) + 1 : lines.len - at;
}

static bool is_empty_line(struct view line)
{
    return http_trim(line).len == 0 && (line.len == 0 || !byte_is_space(line.data[0]));
}

enum http_header_id http_header_find(struct view name)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (name.len == NAMES[i].name.len && view_equal_fold(name, NAMES[i].name))
            return NAMES[i].id;
    }
    return HEADER_COUNT;
}

/* ---- header lines ------------------------------------------------------------------------------------ */

static uint32_t name_faults(struct view name)
{
    if (name.len == 0)
        return fault(FAULT_HEADER_INVALID);
    for (size_t i = 0; i < name.len; i++) {
        if (!http_is_token(name.data[i]))
            return fault(FAULT_HEADER_INVALID);
    }
    return 0;
}

static void split_header(struct view line, struct http_header *header)
{
    size_t colon = view_find_byte(line, ':');

    *header = (struct http_header){.name = {line.data, 0}, .value = {line.data, 0}};
    if (colon == VIEW_NOT_FOUND) {
        header->faults = fault(FAULT_MISSING_COLON);
        return;
    }
    struct view name = view_slice(line, 0, colon);
    header->name = http_trim(name);
    header->value = http_trim(view_skip(line, colon + 1));
    header->faults = name_faults(name);
    if (view_find_byte(header->value, 0) != VIEW_NOT_FOUND)
        header->faults |= fault(FAULT_HEADER_INVALID);
}

bool http_next_header(struct view lines, size_t *at, struct http_header *header)
{
    size_t from = *at, end = from;

    if (from >= lines.len)
        return false;
    end += line_length(lines, from);
    if (is_empty_line(view_slice(lines, from, end)))
        return false;
    while (end < lines.len && byte_is_space(lines.data[end])) /* obs-fold */
        end += line_length(lines, end);
    *at = end;
    split_header(view_slice(lines, from, end), header);
    return true;
}

static struct span place(const struct http_head *head, struct view v)
{
    return (struct span){(uint32_t)(v.data - head->block), (uint32_t)v.len};
}

static void note_header(struct http_head *head, const struct http_header *header)
{
    enum http_header_id id = http_header_find(header->name);

    if (id == HEADER_COUNT)
        return;
    if (head->known[id].at == 0) {
        head->known[id] = place(head, header->value);
        return;
    }
    head->repeated |= 1u << id;
    if (!(MAY_REPEAT & 1u << id))
        head->faults |= fault(FAULT_REPETITION);
}

struct view http_authority(const struct http_head *head)
{
    bool is_connect = http_is_method(head, VIEW("CONNECT"));
    struct view authority = http_target_split(http_span(head, head->target), is_connect).authority;

    return authority.len > 0 ? authority : http_known(head, HEADER_HOST);
}

static void check_host(struct http_head *head)
{
    struct view host = http_known(head, HEADER_HOST);

    if (host.data == NULL && head->version == 11)
        head->faults |= fault(FAULT_HOST_MISSING);
    struct view named = http_authority(head);
    if (head->repeated & 1u << HEADER_HOST ||
        (host.data != NULL && !view_equal_fold(http_host_of(host), http_host_of(named))))
        head->faults |= fault(FAULT_HOST_AMBIGUOUS);
    for (size_t i = 0; i < host.len; i++) {
        if (host.data[i] <= ' ' || host.data[i] >= 0x7f || strchr("/\\<>@\"", host.data[i]) != NULL)
            head->faults |= fault(FAULT_HOST_INVALID);
    }
}

void http_parse_headers(struct http_head *head, enum direction direction)
{
    struct view block = view_make(head->block, head->len);
    size_t from = line_length(block, 0), at = 0;
    struct view lines = view_skip(block, from);
    struct http_header header;
    unsigned count = 0;

    if (lines.len > 0 && byte_is_space(lines.data[0]))
        head->faults |= fault(FAULT_FOLDING);
    while (http_next_header(lines, &at, &header)) {
        if (++count > HTTP_HEADERS_MAX)
            head->faults |= fault(FAULT_TOO_MANY);
        head->faults |= header.faults;
        note_header(head, &header);
    }
    if (at > 0)
        head->lines = (struct span){(uint32_t)from, (uint32_t)at};
    if (direction == TO_SERVER)
        check_host(head);
}

/* ---- first lines ------------------------------------------------------------------------------------- */

static struct view first_line(struct http_head *head)
{
    struct view line = view_slice(view_make(head->block, head->len), 0,
                                  line_length(view_make(head->block, head->len), 0));

    while (line.len > 0 && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
        line.len--;
    head->line = place(head, line);
    return line;
}

static uint8_t version_of(struct view protocol)
{
    struct view number = view_skip(protocol, 5);

    if (view_equal(number, VIEW("0.9")))
        return 9;
    return view_equal(number, VIEW("1.0")) ? 10 : 11;
}

/* Skips spaces and tabs at *at; the fault is set when it is anything but one space. */
static void skip_delimiter(struct http_head *head, struct view line, size_t *at, enum http_fault id)
{
    size_t from = *at;
    while (*at < line.len && http_is_gap(line.data[*at]))
        (*at)++;
    if (*at != from + 1 || line.data[from] != ' ')
        head->faults |= fault(id);
}

/* Of `rest`, the line behind the method: how long the target is. Other blanks end it where there is no space. */
static size_t target_length(struct view rest)
{
    size_t end = view_find_byte(rest, ' ');

    if (end != VIEW_NOT_FOUND)
        return end;
    for (end = 0; end < rest.len && !http_is_gap(rest.data[end]);)
        end++;
    return end;
}

/* The protocol may be more than one word; framing goes by what stands last. Is that HTTP? */
static bool take_protocol(struct http_head *head, struct view protocol)
{
    struct view word = view_trim(protocol);
    size_t at = word.len;

    while (at > 0 && !http_is_gap(word.data[at - 1]))
        at--;
    if (at > 0)
        head->faults |= fault(FAULT_TARGET_DELIMITER);
    head->protocol = place(head, protocol);
    head->version = version_of(view_skip(word, at));
    return view_starts_fold(view_skip(word, at), VIEW("HTTP/"));
}

/* The end of the line from `at` on: target, then the protocol when there is one. Does it end with HTTP's? */
static bool split_target(struct http_head *head, struct view line, size_t at)
{
    struct view rest = view_skip(line, at);
    struct view target = view_slice(rest, 0, target_length(rest));
    struct view protocol = view_skip(rest, target.len);
    size_t gap = 0;

    while (gap < protocol.len && http_is_gap(protocol.data[gap]))
        gap++;
    protocol = view_skip(protocol, gap);
    head->version = 9;
    bool is_http = protocol.len > 0 && take_protocol(head, protocol);
    bool is_odd = gap > 1 || (gap == 1 && rest.data[target.len] != ' ');
    for (size_t i = 0; i < target.len; i++)
        is_odd |= http_is_gap(target.data[i]);
    if (is_odd)
        head->faults |= fault(FAULT_TARGET_DELIMITER);
    if (http_uri_is_double(target))
        head->faults |= fault(FAULT_DOUBLE_ENCODED);
    head->target = place(head, target);
    return is_http;
}

bool http_parse_request_line(struct http_head *head)
{
    struct view line = first_line(head);
    size_t at = 0;
    bool is_token = true;

    for (; at < line.len && !http_is_gap(line.data[at]); at++) {
        if (line.data[at] < ' ' || line.data[at] >= 0x7f)
            return false;
        is_token &= http_is_token(line.data[at]);
    }
    if (at == 0 || at == line.len)
        return false;
    is_token &= at <= HTTP_METHOD_MAX;
    head->method = (struct span){0, (uint32_t)at};
    skip_delimiter(head, line, &at, FAULT_METHOD_DELIMITER);
    bool is_http = split_target(head, line, at);
    if (!is_token)
        head->faults |= fault(FAULT_LINE_INVALID);
    return head->target.len > 0 && (is_token || is_http);
}

bool http_parse_response_line(struct http_head *head)
{
    struct view line = first_line(head);
    size_t at = 0;

    if (!view_starts_fold(line, VIEW("HTTP/")))
        return false;
    while (at < line.len && !byte_is_space(line.data[at]))
        at++;
    head->protocol = (struct span){0, (uint32_t)at};
    head->version = version_of(view_slice(line, 0, at));
    struct view rest = view_trim(view_skip(line, at));
    unsigned status = 0;
    for (at = 0; at < 3 && at < rest.len && byte_is_digit(rest.data[at]); at++)
        status = status * 10 + (rest.data[at] - '0');
    bool is_status = at == 3 && status >= 100 && (rest.len == 3 || byte_is_space(rest.data[3]));
    if (!is_status)
        head->faults |= fault(FAULT_STATUS_INVALID);
    head->status = is_status ? (uint16_t)status : 0;
    if (is_status && rest.len > 4)
        head->reason = place(head, view_trim(view_skip(rest, 4)));
    return true;
}

/* ---- the body's plan ------------------------------------------------------------------------------------ */

/* The next element of a comma-separated list; false at its end. Empty elements are skipped. */
static bool next_element(struct view *list, struct view *element)
{
    while (list->len > 0) {
        size_t comma = view_find_byte(*list, ',');
        *element = http_trim(view_slice(*list, 0, comma));
        *list = comma == VIEW_NOT_FOUND ? view_skip(*list, list->len) : view_skip(*list, comma + 1);
        if (element->len > 0)
            return true;
    }
    return false;
}

/* "5", and also "5, 5"; the first number counts. */
static void plan_length(const struct http_head *head, struct http_body_plan *plan)
{
    struct view lines = http_span(head, head->lines);
    struct http_header header;
    size_t at = 0;
    unsigned count = 0;

    while (http_next_header(lines, &at, &header)) {
        struct view list = header.value, element;
        if (http_header_find(header.name) != HEADER_CONTENT_LENGTH)
            continue;
        if (header.value.len == 0)
            plan->faults |= fault(FAULT_LENGTH_INVALID);
        while (next_element(&list, &element)) {
            uint64_t length;
            if (!view_parse_u64(element, &length) || length > INT64_MAX) {
                plan->faults |= fault(FAULT_LENGTH_INVALID);
                continue;
            }
            if (count++ == 0) {
                plan->framing = FRAMING_LENGTH;
                plan->length = length;
            } else {
                plan->faults |= fault(FAULT_LENGTH_REPEATED);
            }
        }
    }
    if (plan->framing == FRAMING_LENGTH && plan->length == 0)
        plan->framing = FRAMING_NONE;
}

/* gzip, deflate, br: noted. False for a name that is none of them, nor identity. */
static bool plan_coding(struct http_body_plan *plan, struct view name)
{
    uint8_t coding = BODY_GZIP;

    if (view_equal_fold(name, VIEW("identity")))
        return true;
    if (view_equal_fold(name, VIEW("deflate")))
        coding = BODY_DEFLATE;
    else if (view_equal_fold(name, VIEW("br")))
        coding = BODY_BROTLI;
    else if (!view_equal_fold(name, VIEW("gzip")) && !view_equal_fold(name, VIEW("x-gzip")))
        return false;
    if (plan->coding_count == BODY_LAYERS_MAX) {
        plan->faults |= fault(FAULT_CODING_LAYERS);
        return true;
    }
    plan->codings[plan->coding_count++] = coding;
    return true;
}

/* Content codings are applied first, transfer codings after them. */
static void plan_content_codings(const struct http_head *head, struct http_body_plan *plan)
{
    struct view lines = http_span(head, head->lines), element;
    struct http_header header;
    size_t at = 0;

    if (http_known(head, HEADER_CONTENT_ENCODING).data == NULL)
        return;
    while (http_next_header(lines, &at, &header)) {
        struct view list = header.value;
        if (http_header_find(header.name) != HEADER_CONTENT_ENCODING)
            continue;
        while (next_element(&list, &element)) {
            if (plan_coding(plan, element))
                continue;
            plan->faults |= fault(FAULT_CODING_UNKNOWN);
            plan->coding_count = 0; /* not to be undone: kept as sent */
            return;
        }
    }
    if (plan->faults & fault(FAULT_CODING_LAYERS))
        plan->coding_count = 0;
}

/* True when the body is chunked. */
static bool plan_transfer(const struct http_head *head, struct http_body_plan *plan)
{
    struct view lines = http_span(head, head->lines);
    struct http_header header;
    size_t at = 0;
    bool is_chunked = false;

    while (http_next_header(lines, &at, &header)) {
        struct view list = header.value, element;
        if (http_header_find(header.name) != HEADER_TRANSFER_ENCODING)
            continue;
        while (next_element(&list, &element)) {
            if (view_equal_fold(element, VIEW("chunked")))
                is_chunked = true;
            else if (!plan_coding(plan, element))
                plan->faults |= fault(FAULT_TRANSFER_INVALID);
        }
    }
    if (!is_chunked)
        plan->faults |= fault(FAULT_TRANSFER_INVALID);
    return is_chunked;
}

static struct http_body_plan plan_body(const struct http_head *head, enum http_framing without)
{
    struct http_body_plan plan = {.framing = FRAMING_NONE};
    bool has_length = http_known(head, HEADER_CONTENT_LENGTH).data != NULL;
    bool has_transfer = http_known(head, HEADER_TRANSFER_ENCODING).data != NULL;

    plan_content_codings(head, &plan);
    if (has_length)
        plan_length(head, &plan);
    if (!has_length || (plan.faults & fault(FAULT_LENGTH_INVALID) && plan.framing == FRAMING_NONE))
        plan.framing = without;
    if (has_transfer && has_length)
        plan.faults |= fault(FAULT_LENGTH_AMBIGUOUS);
    if (has_transfer && plan_transfer(head, &plan))
        plan.framing = FRAMING_CHUNKED;
    return plan;
}

struct http_body_plan http_request_plan(const struct http_head *head)
{
    if (http_is_method(head, VIEW("CONNECT")) || head->version == 9)
        return (struct http_body_plan){.framing = FRAMING_NONE};
    return plan_body(head, FRAMING_NONE);
}

struct http_body_plan http_response_plan(const struct http_head *head,
                                         const struct http_head *request)
{
    struct http_body_plan plan = plan_body(head, FRAMING_CLOSE);

    if (plan.framing == FRAMING_CHUNKED && head->version < 11)
        plan.faults |= fault(FAULT_CHUNKED_OLD);
    if (head->status == 204 || head->status == 304 || (head->status >= 100 && head->status < 200) ||
        (request != NULL && http_is_method(request, VIEW("HEAD"))))
        plan.framing = FRAMING_NONE;
    return plan;
}
