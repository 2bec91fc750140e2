/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 events: from a transaction's heads and bodies to fields.
 *
 * Views lead into the transaction's blocks; what reads otherwise than it was sent (a decoded target, a
 * host in lower case, joined or unfolded values) goes into the event's text. Only wanted fields are made.
 * Repeated headers are one value, "first, second" (RFC 9110, 5.3; cookies with ";", RFC 9113, 8.2.3), as
 * Suricata has them; Set-Cookie cannot be joined and has several values.
 */
#include <stdio.h>

#include "proto/http1/http1.h"
#include "proto/http1/http1_lines.h"
#include "proto/http1/http1_uri.h"

static void put(struct event *event, enum field_id id, struct view value)
{
    if (value.data != NULL && event_wants(event, id))
        event_add_bytes(event, id, value);
}

static void put_body(struct event *event, enum field_id id, const struct body *body)
{
    struct view part;

    for (unsigned i = 0; (part = body_part(body, i)).len > 0; i++)
        put(event, id, part);
}

static void put_number(struct event *event, enum field_id id, int64_t number)
{
    if (event_wants(event, id))
        event_add_number(event, id, number);
}

static void put_lower(struct event *event, enum field_id id, struct view value)
{
    if (value.data == NULL || !event_wants(event, id))
        return;
    uint8_t *text = event_text(event, value.len);
    if (text == NULL)
        return;
    for (size_t i = 0; i < value.len; i++)
        text[i] = byte_fold(value.data[i]);
    event_add_bytes(event, id, view_make(text, value.len));
}

/* ---- header values -------------------------------------------------------------------------------------- */

static struct view unfolded(struct event *event, struct view value)
{
    if (view_find_byte(value, '\n') == VIEW_NOT_FOUND)
        return value;
    uint8_t *text = event_text(event, value.len);
    if (text == NULL)
        return value;
    size_t len = http_unfold_into(value, text);
    event_text_trim(event, value.len - len);
    return view_make(text, len);
}

/* All values of a header that came more than once, joined. */
static struct view joined(struct event *event, const struct http_head *head, enum http_header_id id)
{
    struct view lines = http_span(head, head->lines);
    struct view separator = id == HEADER_COOKIE ? VIEW("; ") : VIEW(", ");
    size_t at = 0, len = 0, room = lines.len; /* a line is longer than its value and a separator */
    uint8_t *text = event_text(event, room);
    struct http_header header;

    if (text == NULL)
        return http_known(head, id);
    while (http_next_header(lines, &at, &header)) {
        if (http_header_find(header.name) != id)
            continue;
        if (len > 0) {
            memcpy(text + len, separator.data, separator.len);
            len += separator.len;
        }
        len += http_unfold_into(header.value, text + len);
    }
    event_text_trim(event, room - len);
    return view_make(text, len);
}

static struct view header_value(struct event *event, const struct http_head *head,
                                enum http_header_id id)
{
    if (head->repeated & 1u << id)
        return joined(event, head, id);
    return unfolded(event, http_known(head, id));
}

static void put_header(struct event *event, enum field_id field, const struct http_head *head,
                       enum http_header_id id)
{
    if (event_wants(event, field))
        put(event, field, header_value(event, head, id));
}

static void put_names(struct event *event, enum field_id field, const struct http_head *head)
{
    struct view lines = http_span(head, head->lines);
    struct http_header header;
    size_t at = 0;

    if (!event_wants(event, field))
        return;
    for (unsigned i = 0; i < HTTP_HEADERS_MAX && http_next_header(lines, &at, &header); i++) {
        if (header.name.len > 0)
            event_add_bytes(event, field, header.name);
    }
}

/* What http1_lines.c writes of a head. */
static void put_lines(struct event *event, enum field_id text_field, enum field_id names_field,
                      const struct http_head *head, struct view without)
{
    struct view lines = http_span(head, head->lines);
    size_t room = http_lines_room(lines);

    for (unsigned i = 0; i < 2; i++) {
        enum field_id field = i == 0 ? text_field : names_field;
        uint8_t *text = event_wants(event, field) ? event_text(event, room) : NULL;
        if (text == NULL)
            continue;
        size_t len = i == 0 ? http_lines_into(lines, without, text) : http_names_into(lines, text);
        event_text_trim(event, room - len);
        event_add_bytes(event, field, view_make(text, len));
    }
}

/* The first line, then the headers, then an empty line where there are headers. */
static void put_start(struct event *event, enum field_id field, const struct http_head *head)
{
    struct view line = http_span(head, head->line), lines = http_span(head, head->lines);
    size_t room = line.len + http_lines_room(lines) + 4;
    uint8_t *text = line.data != NULL && event_wants(event, field) ? event_text(event, room) : NULL;

    if (text == NULL)
        return;
    memcpy(text, line.data, line.len);
    memcpy(text + line.len, "\r\n", 2);
    size_t len = line.len + 2, headers = http_lines_into(lines, VIEW(""), text + len);
    len += headers;
    if (headers > 0) {
        memcpy(text + len, "\r\n", 2);
        len += 2;
    }
    event_text_trim(event, room - len);
    event_add_bytes(event, field, view_make(text, len));
}

/* The head as sent, then the body: the first part of it, which nothing is missing before. A size stands before a
 * chunk; a compressed body was sent otherwise. */
static void put_joined(struct event *event, enum field_id field, const struct http_message *message,
                       const struct http_body_plan *plan)
{
    const struct http_head *head = &message->head;
    struct view size = plan->framing == FRAMING_CHUNKED ? VIEW("0\r\n") : VIEW("");
    struct view part = body_part(&message->body, 0);

    if (head->block == NULL || !event_wants(event, field))
        return;
    if (plan->coding_count > 0)
        part = view_make("", 0);
    uint8_t *text = event_text(event, head->len + size.len + part.len);
    if (text == NULL)
        return;
    memcpy(text, head->block, head->len);
    memcpy(text + head->len, size.data, size.len);
    if (part.len > 0)
        memcpy(text + head->len + size.len, part.data, part.len);
    event_add_bytes(event, field, view_make(text, head->len + size.len + part.len));
    for (unsigned i = 1; part.len > 0 && (part = body_part(&message->body, i)).len > 0; i++)
        event_add_bytes(event, field, part);
}

static void put_content_len(struct event *event, enum field_id field, const struct http_head *head)
{
    uint64_t length;

    if (view_parse_u64(http_known(head, HEADER_CONTENT_LENGTH), &length) && length <= INT64_MAX)
        put_number(event, field, (int64_t)length);
}

static void put_set_cookies(struct event *event, const struct http_head *head)
{
    struct view lines = http_span(head, head->lines);
    struct http_header header;
    size_t at = 0;

    if (head->known[HEADER_SET_COOKIE].at == 0 || !event_wants(event, FIELD_HTTP_SET_COOKIE))
        return;
    for (unsigned i = 0; i < HTTP_HEADERS_MAX && http_next_header(lines, &at, &header); i++) {
        if (http_header_find(header.name) == HEADER_SET_COOKIE)
            event_add_bytes(event, FIELD_HTTP_SET_COOKIE, unfolded(event, header.value));
    }
}

/* ---- the request ---------------------------------------------------------------------------------------- */

/* The forms of a request's target. */
struct uri_forms {
    struct view target; /* as sent */
    struct view uri;    /* decoded and normalised; data NULL when nobody wants it */
    size_t path_len;    /* of uri */
    struct view url;    /* with scheme and host; data NULL when nobody wants it */
};

static bool wants_uri(const struct event *event)
{
    return event_wants(event, FIELD_HTTP_URI) || event_wants(event, FIELD_HTTP_PATH) ||
           event_wants(event, FIELD_HTTP_QUERY) || event_wants(event, FIELD_HTTP_EXTENSION) ||
           event_wants(event, FIELD_HTTP_URI_ANY);
}

static void make_uri(struct event *event, struct uri_forms *forms, bool is_connect)
{
    struct view target = forms->target;
    uint8_t *text = wants_uri(event) ? event_text(event, target.len + 1) : NULL;

    if (text == NULL)
        return;
    size_t len = http_uri_into(target, is_connect, text, &forms->path_len);
    event_text_trim(event, target.len + 1 - len);
    forms->uri = view_make(text, len);
}

static void put_uri(struct event *event, const struct uri_forms *forms, bool is_connect)
{
    struct view uri = forms->uri, path = view_slice(uri, 0, forms->path_len);

    if (uri.data == NULL)
        return;
    put(event, FIELD_HTTP_URI, uri);
    put(event, FIELD_HTTP_PATH, path);
    if (path.len < uri.len && uri.data[path.len] == '?')
        put(event, FIELD_HTTP_QUERY, view_skip(uri, path.len + 1));
    if (!is_connect)
        put_lower(event, FIELD_HTTP_EXTENSION, http_extension_of(path));
}

/* The address and port that the client turned to, for requests that name no host. */
static size_t endpoint_into(const struct flow *flow, char out[ADDRESS_TEXT_MAX + 16])
{
    char address[ADDRESS_TEXT_MAX];
    bool is_v4 = address_is_v4(&flow->server);
    int len;

    address_format(&flow->server, address);
    if (flow->server_port == 80)
        len = snprintf(out, ADDRESS_TEXT_MAX + 16, is_v4 ? "%s" : "[%s]", address);
    else
        len = snprintf(out, ADDRESS_TEXT_MAX + 16, is_v4 ? "%s:%u" : "[%s]:%u", address,
                       flow->server_port);
    return (size_t)len;
}

/* As a proxy logs it: the absolute form; a tunnel's authority. */
static void make_url(struct event *event, struct uri_forms *forms, const struct http_head *head,
                     bool is_connect)
{
    struct view target = forms->target, host = http_known(head, HEADER_HOST);
    char endpoint[ADDRESS_TEXT_MAX + 16];

    if (!event_wants(event, FIELD_HTTP_URL) && !event_wants(event, FIELD_HTTP_URI_ANY))
        return;
    if (is_connect || http_target_split(target, false).is_absolute) {
        forms->url = target;
        return;
    }
    if (host.len == 0)
        host = view_make(endpoint, endpoint_into(event->flow, endpoint));
    size_t len = 7 + host.len + target.len;
    uint8_t *text = event_text(event, len);
    if (text == NULL)
        return;
    memcpy(text, "http://", 7);
    memcpy(text + 7, host.data, host.len);
    memcpy(text + 7 + host.len, target.data, target.len);
    forms->url = view_make(text, len);
}

/* A value that http.uri.any does not have yet. */
static void add_form(struct event *event, struct view form)
{
    struct value_list list = event_get(event, FIELD_HTTP_URI_ANY);

    if (form.data == NULL)
        return;
    for (uint32_t i = 0; i < list.count; i++) {
        if (view_equal(list.items[i].bytes, form))
            return;
    }
    event_add_bytes(event, FIELD_HTTP_URI_ANY, form);
}

static struct view after_question_mark(struct view uri)
{
    size_t at = view_find_byte(uri, '?');
    return at == VIEW_NOT_FOUND ? (struct view){NULL, 0} : view_skip(uri, at + 1);
}

/* Proxies log URLs, Apache and Zeek targets as sent, IIS the query by itself; and rules are written after
 * the logs of their authors. */
static void put_any_uri(struct event *event, const struct uri_forms *forms, bool is_connect)
{
    if (!event_wants(event, FIELD_HTTP_URI_ANY))
        return;
    add_form(event, forms->url);
    add_form(event, forms->target);
    if (!is_connect)
        add_form(event, http_target_split(forms->target, false).path);
    add_form(event, forms->uri);
    add_form(event, after_question_mark(forms->target));
    add_form(event, after_question_mark(forms->uri));
}

static void put_target(struct event *event, const struct http_head *head)
{
    struct uri_forms forms = {.target = http_span(head, head->target)};
    bool is_connect = http_is_method(head, VIEW("CONNECT"));

    if (forms.target.data == NULL)
        return;
    make_uri(event, &forms, is_connect);
    make_url(event, &forms, head, is_connect);
    put_uri(event, &forms, is_connect);
    put(event, FIELD_HTTP_URI_RAW, forms.target);
    if (event_wants(event, FIELD_HTTP_URL) && forms.url.data != NULL)
        put(event, FIELD_HTTP_URL, forms.url);
    put_any_uri(event, &forms, is_connect);
}

static void put_host(struct event *event, const struct http_head *head)
{
    struct view host = http_authority(head);

    put(event, FIELD_HTTP_HOST_RAW, http_known(head, HEADER_HOST));
    if (host.data != NULL)
        put_lower(event, FIELD_HTTP_HOST, http_host_of(host));
}

static void put_request_headers(struct event *event, const struct http_head *head)
{
    static const struct {
        enum field_id field;
        enum http_header_id header;
    } fields[] = {
        {FIELD_HTTP_USER_AGENT, HEADER_USER_AGENT},
        {FIELD_HTTP_COOKIE, HEADER_COOKIE},
        {FIELD_HTTP_REFERER, HEADER_REFERER},
        {FIELD_HTTP_ACCEPT, HEADER_ACCEPT},
        {FIELD_HTTP_ACCEPT_LANG, HEADER_ACCEPT_LANGUAGE},
        {FIELD_HTTP_ACCEPT_ENC, HEADER_ACCEPT_ENCODING},
        {FIELD_HTTP_CONNECTION, HEADER_CONNECTION},
        {FIELD_HTTP_CONTENT_TYPE, HEADER_CONTENT_TYPE},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        put_header(event, fields[i].field, head, fields[i].header);
    put_content_len(event, FIELD_HTTP_CONTENT_LEN, head);
    put_lines(event, FIELD_HTTP_HEADER, FIELD_HTTP_HEADER_NAMES_TEXT, head, VIEW("Cookie"));
    put(event, FIELD_HTTP_HEADER_RAW, http_span(head, head->lines));
    put_names(event, FIELD_HTTP_HEADER_NAMES, head);
}

static bool claims_browser(struct view user_agent)
{
    return view_starts(user_agent, VIEW("Mozilla/")) || view_starts(user_agent, VIEW("Opera/"));
}

/* What every browser sends, and programs that take a browser's name forget. */
static void put_bare(struct event *event, const struct http_head *head)
{
    if (!event_wants(event, FIELD_HTTP_BARE))
        return;
    put_number(event, FIELD_HTTP_BARE,
               claims_browser(http_known(head, HEADER_USER_AGENT)) &&
                   http_known(head, HEADER_REFERER).data == NULL &&
                   http_known(head, HEADER_ACCEPT_LANGUAGE).data == NULL &&
                   http_known(head, HEADER_ACCEPT_ENCODING).data == NULL);
}

static void put_request(struct event *event, const struct http_message *request)
{
    const struct http_head *head = &request->head;

    put(event, FIELD_HTTP_METHOD, http_span(head, head->method));
    put_target(event, head);
    put_host(event, head);
    put_request_headers(event, head);
    put(event, FIELD_HTTP_PROTOCOL, http_span(head, head->protocol));
    put(event, FIELD_HTTP_REQUEST_LINE, http_span(head, head->line));
    put_start(event, FIELD_HTTP_START, head);
    put_body(event, FIELD_HTTP_REQUEST_BODY, &request->body);
    put_number(event, FIELD_HTTP_REQUEST_BODY_LEN, (int64_t)request->body_bytes);
    put_bare(event, head);
}

/* ---- the response ---------------------------------------------------------------------------------------- */

static void put_response(struct event *event, const struct http_message *response)
{
    const struct http_head *head = &response->head;
    struct view type = http_known(head, HEADER_CONTENT_TYPE);

    if (head->status != 0)
        put_number(event, FIELD_HTTP_STAT_CODE, head->status);
    put(event, FIELD_HTTP_STAT_MSG, http_span(head, head->reason));
    put(event, FIELD_HTTP_RESPONSE_LINE, http_span(head, head->line));
    put(event, FIELD_HTTP_RESPONSE_PROTOCOL, http_span(head, head->protocol));
    put_start(event, FIELD_HTTP_RESPONSE_START, head);
    put_content_len(event, FIELD_HTTP_RESPONSE_CONTENT_LEN, head);
    put_header(event, FIELD_HTTP_RESPONSE_CONTENT_TYPE_FULL, head, HEADER_CONTENT_TYPE);
    put_lines(event, FIELD_HTTP_RESPONSE_HEADER, FIELD_HTTP_RESPONSE_HEADER_NAMES_TEXT, head,
              VIEW("Set-Cookie"));
    put(event, FIELD_HTTP_RESPONSE_HEADER_RAW, http_span(head, head->lines));
    put_names(event, FIELD_HTTP_RESPONSE_HEADER_NAMES, head);
    if (type.data != NULL)
        put(event, FIELD_HTTP_RESPONSE_CONTENT_TYPE,
            view_trim(view_slice(type, 0, view_find_byte(type, ';'))));
    put_body(event, FIELD_HTTP_RESPONSE_BODY, &response->body);
    put_number(event, FIELD_HTTP_RESPONSE_BODY_LEN, (int64_t)response->body_bytes);
    put_header(event, FIELD_HTTP_LOCATION, head, HEADER_LOCATION);
    put_header(event, FIELD_HTTP_SERVER, head, HEADER_SERVER);
    put_set_cookies(event, head);
}

/* Behind all others: it is the room for made-up text that they can spare. */
static void put_whole(struct event *event, const struct http_transaction *tx, bool is_complete)
{
    const struct http_head *request = tx->request.has_begun ? &tx->request.head : NULL;

    if (request != NULL) {
        const struct http_body_plan plan = http_request_plan(request);
        put_joined(event, FIELD_HTTP_REQUEST, &tx->request, &plan);
    }
    if (is_complete && tx->response.has_begun) {
        const struct http_body_plan plan = http_response_plan(&tx->response.head, request);
        put_joined(event, FIELD_HTTP_RESPONSE, &tx->response, &plan);
    }
}

void http_emit(struct proto_context *context, struct http_transaction *tx, enum direction direction,
               bool is_complete)
{
    struct event *event = context->event;

    event_begin(event, EVENT_HTTP, direction, context->flow, context->packet);
    event->is_complete = is_complete;
    event->is_second = tx->is_emitted;
    tx->is_emitted = true;
    event->tx_id = tx->tx_id;
    event->time_us = context->packet ? context->packet->time_us : context->flow->last_us;
    if (tx->request.has_begun)
        put_request(event, &tx->request);
    if (is_complete && tx->response.has_begun)
        put_response(event, &tx->response);
    put_whole(event, tx, is_complete);
    proto_emit(context, PROTO_HTTP);
}
