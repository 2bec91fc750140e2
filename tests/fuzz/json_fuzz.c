/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON: bytes from the network in an alert, in every place that takes them. jansson must read the line
 * back, and where the bytes are ASCII it must read back those bytes. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output/eve.h"
#include "output/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_ascii(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x80)
            return false;
    }
    return true;
}

static void check(const struct buf *line, const char *object, const char *member,
                  struct view expected)
{
    json_error_t error;
    json_t *value = json_loadb((const char *)line->data, line->len, JSON_ALLOW_NUL, &error);

    if (value == NULL || line->is_full || memchr(line->data, '\n', line->len - 1) != NULL)
        abort();
    const json_t *text = json_object_get(json_object_get(value, object), member);
    if (text == NULL)
        abort();
    if (is_ascii(expected) && (json_string_length(text) != expected.len ||
                               memcmp(json_string_value(text), expected.data, expected.len) != 0))
        abort();
    json_decref(value);
}

static void write_alert(struct buf *line, const struct event *event, struct view text)
{
    static const struct rule_info rule = {.gid = 1,
                                          .sid = 1,
                                          .severity = 2,
                                          .level = "medium",
                                          .id = "",
                                          .title = "t",
                                          .category = ""};
    const struct eve_options options = {.payload = true, .payload_printable = true};
    const struct evidence evidence = {
        .field = FIELD_HTTP_HEADER_RAW,
        .header_name = text,
        .predicate = "p",
        .excerpt = view_slice(text, 0, EXCERPT_MAX),
        .list_entry = text,
        .list_name = "l",
    };
    const struct alert alert = {
        .rule = &rule, .event = event, .evidence = &evidence, .evidence_count = 1};

    eve_alert(line, &options, &alert);
    check(line, "http", "hostname", text);
    buf_reset(line);
    text_alert(line, &(struct text_options){.colour = false}, &alert);
    struct text_columns columns = {0};
    struct buf aligned;
    buf_init(&aligned, line->len + 4096);
    struct view shown = text_align(&aligned, &columns, buf_view(line));
    for (size_t i = 0; i + 1 < shown.len; i++) {
        if (shown.data[i] < 0x20 || shown.data[i] >= 0x7f)
            abort();
    }
    buf_clear(&aligned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event *event = event_new();
    struct view text = view_make(data, size);
    struct packet packet = {.ip_version = 4, .payload = data, .payload_len = (uint32_t)size};
    struct buf line;

    buf_init(&line, 64 * size + 4096);
    event_begin(event, EVENT_HTTP, TO_SERVER, NULL, &packet);
    if (size >= 8)
        memcpy(&event->time_us, data, 8);
    event_add_bytes(event, FIELD_HTTP_HOST, text);
    write_alert(&line, event, text);
    event_free(event);
    buf_clear(&line);
    return 0;
}
