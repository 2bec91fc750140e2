/* SPDX-License-Identifier: BSD-3-Clause */
/* Text: aligned columns; what came from the network is written in printable ASCII only, names that the rules'
 * author chose as readable text, so that neither can send the terminal a control sequence.
 *
 * Columns    how wide an endpoint is shows only when lines stand in order, after the workers: text_alert()
 *            writes COLUMN_END where a column of that kind ends, a byte that nothing readable holds, and
 *            text_align() puts blanks in its place.
 */
#include "output/text.h"

#include "base/readable.h"
#include "output/eve_records.h"

enum {
    TIME_COLUMN = 26,
    DATE_LEN = 10,
    ENDPOINT_COLUMN = 21,
    LEVEL_COLUMN = 13,
    EXCERPT_COLUMN = 60,
    COLUMN_END = 0x1f, /* unit separator */
};

static void pad_to(struct buf *line, size_t start, size_t width)
{
    while (line->len - start < width && !line->is_full)
        buf_byte(line, ' ');
}

static void put_endpoint(struct buf *line, const struct address *address, uint16_t port)
{
    char text[ADDRESS_TEXT_MAX];
    bool is_v6 = !address_is_v4(address);

    address_format(address, text);
    buf_format(line, port != 0 && is_v6 ? "[%s]" : "%s", text);
    if (port != 0)
        buf_format(line, ":%u", port);
    buf_byte(line, COLUMN_END);
}

static void put_tuple(struct buf *line, const struct event *event)
{
    const struct flow *flow = event->flow;
    const struct packet *packet = event->packet;

    if (flow != NULL) {
        const struct flow_ends ends = flow_ends(flow, event->is_reversed);
        put_endpoint(line, ends.client, ends.client_port);
        buf_string(line, event->direction == TO_SERVER ? " -> " : " <- ");
        put_endpoint(line, ends.server, ends.server_port);
    } else if (packet != NULL) {
        put_endpoint(line, &packet->src, packet->src_port);
        buf_text(line, " -> ");
        put_endpoint(line, &packet->dst, packet->dst_port);
    }
}

static const char *colour_of(unsigned severity)
{
    static const char *const colours[] = {"", "\033[1;31m", "\033[33m", "\033[36m", "\033[2m"};
    return colours[severity <= 4 ? severity : 0];
}

/* What says most in one line: a hit in a list, else the longest excerpt. NULL when nothing was kept. */
static const struct evidence *strongest(const struct alert *alert)
{
    const struct evidence *best = NULL;

    for (size_t i = 0; i < alert->evidence_count; i++) {
        const struct evidence *one = &alert->evidence[i];
        if (one->list.name != NULL)
            return one;
        if (one->field == FIELD_FLOW_MARK) /* says what rules said before, not what was seen */
            continue;
        if (one->excerpt.len > 0 && (best == NULL || one->excerpt.len > best->excerpt.len))
            best = one;
    }
    return best;
}

static void put_printable(struct buf *line, struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        buf_byte(line, byte >= 0x20 && byte < 0x7f ? byte : '.');
    }
}

static void put_evidence(struct buf *line, const struct evidence *evidence)
{
    struct view shown = view_slice(evidence->excerpt, 0, EXCERPT_COLUMN);

    buf_text(line, "  ");
    if (evidence->field < FIELD_COUNT)
        buf_string(line, field_get(evidence->field)->name);
    if (evidence->header_name.len > 0) {
        buf_byte(line, '.');
        put_printable(line, evidence->header_name);
    }
    buf_text(line, "=\"");
    put_printable(line, shown);
    buf_string(line, shown.len < evidence->excerpt.len ? "...\"" : "\"");
    if (evidence->list.name != NULL) {
        buf_text(line, " in ");
        readable_add(line, view_from_string(evidence->list.name));
    }
}

/* "2026-11-23 10:15:00.000001" */
static void put_time(struct buf *line, int64_t time_us)
{
    size_t start = line->len;

    eve_time(line, time_us); /* "2026-11-23T10:15:00.000001+0000" in quotes */
    if (line->is_full)
        return;
    memmove(line->data + start, line->data + start + 1, TIME_COLUMN);
    line->data[start + DATE_LEN] = ' ';
    line->len = start + TIME_COLUMN;
}

/* Bytes of the column that ends at `end`: back to the blank before it, as no endpoint holds one. */
static size_t column_width(struct view line, size_t end)
{
    size_t width = 0;

    while (width < end && line.data[end - width - 1] != ' ')
        width++;
    return width;
}

struct view text_align(struct buf *out, struct text_columns *columns, struct view line)
{
    buf_reset(out);
    for (size_t i = 0; i < TEXT_COLUMNS; i++) {
        size_t end = view_find_byte(line, COLUMN_END), *widest = &columns->widths[i];
        if (end == VIEW_NOT_FOUND)
            break;
        size_t width = column_width(line, end);
        if (*widest < ENDPOINT_COLUMN)
            *widest = ENDPOINT_COLUMN;
        if (*widest < width)
            *widest = width;
        buf_add(out, view_slice(line, 0, end));
        pad_to(out, out->len - width, *widest);
        line = view_skip(line, end + 1);
    }
    buf_add(out, line);
    return buf_view(out);
}

void text_suppressed(struct buf *out, uint64_t left_out)
{
    buf_format(out, "  (+%llu suppressed)", (unsigned long long)left_out);
}

size_t text_alert(struct buf *line, const struct text_options *options, const struct alert *alert)
{
    const struct rule_info *rule = alert->rule;
    const struct evidence *evidence = strongest(alert);

    const size_t begin = line->len;
    put_time(line, alert->event->time_us);
    buf_text(line, "  ");
    if (options->colour)
        buf_string(line, colour_of(alert_severity(alert)));
    size_t start = line->len;
    buf_string(line, alert_level(alert));
    pad_to(line, start, LEVEL_COLUMN);
    if (options->colour)
        buf_text(line, "\033[0m");
    buf_text(line, "  ");
    put_tuple(line, alert->event);
    buf_text(line, "  ");
    readable_add(line, view_from_string(rule->title));
    if (alert->is_expired)
        buf_text(line, " (expired)");
    if (alert->is_early)
        buf_text(line, " (before its validity)");
    if (evidence != NULL)
        put_evidence(line, evidence);
    if (alert->suppressed > 0)
        text_suppressed(line, alert->suppressed);
    const size_t mark = line->len - begin;
    buf_byte(line, '\n');
    return mark;
}
