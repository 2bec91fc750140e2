/* SPDX-License-Identifier: BSD-3-Clause */
/* Emit: events for libyaml's emitter. A failure sticks and is told by emit_close(). */
#include "yaml/emit.h"

#include <yaml.h>

#include "base/memory.h"
#include "base/readable.h"

enum { DEEP_MAX = 32 };

struct emitter {
    yaml_emitter_t yaml;
    struct buf *out;
    bool is_map[DEEP_MAX];
    unsigned depth;
    bool has_failed;
};

static int write_bytes(void *context, unsigned char *bytes, size_t len)
{
    struct emitter *e = context;
    buf_bytes(e->out, bytes, len);
    return !e->out->is_full;
}

static void emit(struct emitter *e, yaml_event_t *event, int is_made)
{
    if (e->has_failed) {
        if (is_made)
            yaml_event_delete(event);
        return;
    }
    e->has_failed = !is_made || !yaml_emitter_emit(&e->yaml, event); /* the emitter frees it */
}

struct emitter *emit_open(struct buf *out)
{
    struct emitter *e = memory_new(1, sizeof(*e));
    yaml_event_t event;

    e->out = out;
    e->has_failed = !yaml_emitter_initialize(&e->yaml);
    if (e->has_failed)
        return e;
    yaml_emitter_set_output(&e->yaml, write_bytes, e);
    yaml_emitter_set_unicode(&e->yaml, 1);
    yaml_emitter_set_width(&e->yaml, -1);
    emit(e, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    return e;
}

int emit_close(struct emitter *e)
{
    yaml_event_t event;

    if (e->depth != 0)
        e->has_failed = true;
    emit(e, &event, yaml_stream_end_event_initialize(&event));
    int result = e->has_failed || e->out->is_full ? -1 : 0;
    yaml_emitter_delete(&e->yaml);
    memory_free(e);
    return result;
}

void emit_document(struct emitter *e)
{
    yaml_event_t event;
    emit(e, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0));
}

void emit_document_end(struct emitter *e)
{
    yaml_event_t event;
    emit(e, &event, yaml_document_end_event_initialize(&event, 1));
}

static void push(struct emitter *e, bool is_map)
{
    if (e->depth == DEEP_MAX)
        e->has_failed = true;
    else
        e->is_map[e->depth++] = is_map;
}

void emit_map(struct emitter *e, enum emit_style style)
{
    yaml_event_t event;
    push(e, true);
    emit(e, &event,
         yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                             style == EMIT_FLOW ? YAML_FLOW_MAPPING_STYLE
                                                                : YAML_BLOCK_MAPPING_STYLE));
}

void emit_list(struct emitter *e, enum emit_style style)
{
    yaml_event_t event;
    push(e, false);
    emit(e, &event,
         yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                              style == EMIT_FLOW ? YAML_FLOW_SEQUENCE_STYLE
                                                                 : YAML_BLOCK_SEQUENCE_STYLE));
}

void emit_end(struct emitter *e)
{
    yaml_event_t event;

    if (e->depth == 0) {
        e->has_failed = true;
        return;
    }
    bool is_map = e->is_map[--e->depth];
    emit(e, &event,
         is_map ? yaml_mapping_end_event_initialize(&event)
                : yaml_sequence_end_event_initialize(&event));
}

/* --- scalars ------------------------------------------------------------------------------------- */

static void scalar(struct emitter *e, struct view text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    int is_made = 0;

    if (text.len <= INT32_MAX)
        is_made = yaml_scalar_event_initialize(
            &event, NULL, NULL, (const yaml_char_t *)(text.len ? (const char *)text.data : ""),
            (int)text.len, 1, 1, style);
    emit(e, &event, is_made);
}

/* Words that a reader of YAML 1.1 or 1.2 takes for null, a bool or a number that is none. */
static bool is_reserved(struct view text)
{
    static const char *const WORDS[] = {"null", "~", "true", "false", "yes",  "no",    "on", "off",
                                        "y",    "n", ".inf", "-.inf", ".nan", "+.inf", "=",  "<<"};

    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (view_equal_fold(text, view_from_string(WORDS[i])))
            return true;
    }
    return text.len == 0;
}

/* Whether a reader could take it for a number or a time: digits, and signs and letters of numbers. */
static bool looks_like_number(struct view text)
{
    size_t digits = 0;

    for (size_t i = 0; i < text.len; i++) {
        digits += byte_is_digit(text.data[i]);
        if (!byte_is_digit(text.data[i]) &&
            view_find_byte(VIEW("+-._:eExXoOabcdfABCDFTZ "), text.data[i]) == VIEW_NOT_FOUND)
            return false;
    }
    return digits > 0;
}

/* Bytes that are no UTF-8, and NUL, become U+FFFD. */
static void mend_into(struct buf *out, struct view text)
{
    while (text.len > 0) {
        size_t len = text.data[0] < 0x80 ? 1 : utf8_length(text);
        if (len == 0 || text.data[0] == 0)
            buf_text(out, "\xef\xbf\xbd");
        else
            buf_bytes(out, text.data, len);
        text = view_skip(text, len ? len : 1);
    }
}

void emit_text(struct emitter *e, struct view text)
{
    struct buf mended;
    bool is_plain = !is_reserved(text) && !looks_like_number(text);

    buf_init(&mended, text.len * 3 + 16);
    mend_into(&mended, text);
    scalar(e, buf_view(&mended),
           is_plain ? YAML_ANY_SCALAR_STYLE : YAML_SINGLE_QUOTED_SCALAR_STYLE);
    buf_clear(&mended);
}

void emit_plain(struct emitter *e, struct view text)
{
    scalar(e, text, YAML_PLAIN_SCALAR_STYLE);
}

void emit_key(struct emitter *e, const char *key)
{
    emit_text(e, view_from_string(key));
}

void emit_number(struct emitter *e, uint64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    emit_plain(e, view_make(text, (size_t)len));
}

void emit_pair(struct emitter *e, const char *key, struct view text)
{
    if (text.len == 0)
        return;
    emit_key(e, key);
    emit_text(e, text);
}
