/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike fields: the field table for people, for tools and for docs/fields.md. */
#include <getopt.h>
#include <string.h>

#include "base/memory.h"
#include "fields/fields.h"
#include "hosts/cli/cli.h"
#include "output/json.h"
#include "rule/loader.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN };

static void print_help(void)
{
    puts("usage: shrike fields [--format text|json|markdown] [EVENT|NAME]\n\n"
         "Lists the fields of EVENT (packet, stream, flow, http, dns, tls, anomaly; `any` for the\n"
         "envelope that every event carries), or of all events; or tells all about the field NAME\n"
         "(its name or an alias: http.host, cs-host, url.domain), in each event that has it.");
}

static const struct {
    unsigned flag;
    const char *name, *meaning;
} FLAGS[] = {
    {FIELD_MULTI, "several",
     "may have several values: a predicate holds when it holds for one of them"},
    {FIELD_LOWER, "lower case", "comes in lower case, whatever stood on the wire"},
    {FIELD_DERIVED, "derived", "computed, and only when a rule or a log asks for it"},
    {FIELD_STREAMING, "streaming",
     "searched while bytes arrive and never whole in memory: patterns alone"},
    {FIELD_ANSWER, "answer",
     "comes with the answer or the flow's end; what asks for its absence waits for that"},
    {FIELD_LATE, "late",
     "has a value before the answer that the answer changes: all that reads it waits"},
    {FIELD_KEPT, "kept",
     "what the flow's last event of that kind said, kept only when a rule on flows reads it"},
    {FIELD_HOSTNAME, "host name",
     "holds names of hosts: what is written beyond ASCII is looked for as A-labels (xn--), too"},
    {FIELD_JOINED, "joined",
     "the bytes of other fields, one behind the other: no keyword searches it"},
};

enum { FLAG_COUNT = sizeof(FLAGS) / sizeof(FLAGS[0]) };

static void flags_into(struct buf *out, unsigned flags)
{
    size_t start = out->len;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if ((flags & FLAGS[i].flag) == 0)
            continue;
        if (out->len > start)
            buf_text(out, ", ");
        buf_string(out, FLAGS[i].name);
    }
}

/* What a number counts, by its name; NULL when it counts nothing. */
static const char *unit_of(const struct field *field)
{
    static const struct {
        const char *part, *unit;
    } UNITS[] = {{"entropy", "bits a byte, 0 to 8, with decimals"},
                 {"bytes_", "bytes"},
                 {"payload_to", "bytes"},
                 {"pkts_", "packets"},
                 {".age", "seconds"},
                 {".ttl", NULL},
                 {".len", "bytes"},
                 {"_len", "bytes"}};

    if (field->type == TYPE_TIME)
        return "time, as 2026-01-31T12:00:00Z";
    for (size_t i = 0; field->type == TYPE_NUMBER && i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (strstr(field->name, UNITS[i].part) != NULL)
            return UNITS[i].unit;
    }
    return NULL;
}

static void text_row(struct buf *out, const struct field *field)
{
    buf_format(out, "  %-28s %-7s %s", field->name, field_type_name(field->type),
               field->description);
    if (field->flags != 0) {
        buf_text(out, " [");
        flags_into(out, field->flags);
        buf_byte(out, ']');
    }
    buf_byte(out, '\n');
}

static void markdown_row(struct buf *out, const struct field *field)
{
    buf_format(out, "| `%s` | %s | ", field->name, field_type_name(field->type));
    flags_into(out, field->flags);
    buf_format(out, " | %s | %s | %s |\n", field->aliases, field->eve, field->description);
}

static void json_words(struct buf *out, const char *name, const char *words)
{
    struct view rest = view_from_string(words);

    json_put_open_array(out, name);
    while (rest.len > 0) {
        size_t end = view_find_byte(rest, ' ');
        json_put_item(out);
        json_put_string(out, view_slice(rest, 0, end));
        rest = end == VIEW_NOT_FOUND ? view_make("", 0) : view_skip(rest, end + 1);
    }
    json_put_close_array(out);
}

static void json_row(struct buf *out, const struct field *field, bool is_first)
{
    buf_string(out, is_first ? "\n{" : ",\n{");
    json_put_chars(out, "event", event_type_name(field->event));
    json_put_chars(out, "name", field->name);
    json_put_chars(out, "type", field_type_name(field->type));
    json_put_chars(out, "unit", unit_of(field));
    json_put_bool(out, "multiple", (field->flags & FIELD_MULTI) != 0);
    json_put_open_array(out, "flags");
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if ((field->flags & FLAGS[i].flag) == 0)
            continue;
        json_put_item(out);
        json_put_string(out, view_from_string(FLAGS[i].name));
    }
    json_put_close_array(out);
    json_words(out, "aliases", field->aliases);
    json_put_chars(out, "eve", field->eve);
    json_put_chars(out, "description", field->description);
    json_put_close(out);
}

/* One field with all that is known of it. */
static void text_field(struct buf *out, const struct field *field)
{
    const char *unit = unit_of(field);

    buf_format(out, "%s%s\n  event    %s\n  type     %s", out->len ? "\n" : "", field->name,
               field->event == EVENT_ANY ? "every event" : event_type_name(field->event),
               field_type_name(field->type));
    if (unit != NULL)
        buf_format(out, " (%s)", unit);
    buf_format(out, "\n  aliases  %s\n  EVE      %s\n  meaning  %s\n",
               field->aliases[0] ? field->aliases : "none",
               field->eve[0] ? field->eve : "no place of its own", field->description);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (field->flags & FLAGS[i].flag)
            buf_format(out, "  %-8s %s\n", FLAGS[i].name, FLAGS[i].meaning);
    }
}

/* Fields of this name or alias, one an event that has it; false when there is none. */
static bool print_named(struct buf *out, enum format format, struct view name)
{
    bool is_found = false;

    if (format == FORMAT_JSON)
        buf_byte(out, '[');
    for (enum event_type type = EVENT_ANY; type < EVENT_COUNT; type++) {
        enum field_id id = field_find(type, name);
        if (id == FIELD_NONE || field_get(id)->event != type)
            continue;
        if (format == FORMAT_JSON)
            json_row(out, field_get(id), !is_found);
        else
            text_field(out, field_get(id));
        is_found = true;
    }
    if (format == FORMAT_JSON)
        buf_text(out, "\n]\n");
    return is_found;
}

static const char *suggestion(struct view name)
{
    const char *events[EVENT_COUNT];
    size_t count = 0;

    for (enum event_type type = EVENT_PACKET; type < EVENT_COUNT; type++)
        events[count++] = event_type_name(type);
    const char *nearest = nearest_name(name, events, count);
    for (enum event_type type = EVENT_PACKET; type < EVENT_COUNT && nearest == NULL; type++)
        nearest = field_suggest(type, name);
    return nearest;
}

/* What stands in brackets. */
static void legend(struct buf *out, enum format format)
{
    if (format == FORMAT_JSON)
        return;
    buf_string(out, format == FORMAT_TEXT ? "\nin brackets\n" : "\n| | |\n|---|---|\n");
    for (size_t i = 0; i < FLAG_COUNT; i++)
        buf_format(out, format == FORMAT_TEXT ? "  %-11s %s\n" : "| %s | %s |\n", FLAGS[i].name,
                   FLAGS[i].meaning);
}

static void heading(struct buf *out, enum format format, enum event_type type)
{
    const char *name = event_type_name(type);
    if (format == FORMAT_TEXT)
        buf_format(out, "%s%s\n", out->len ? "\n" : "", type == EVENT_ANY ? "every event" : name);
    if (format == FORMAT_MARKDOWN)
        buf_format(
            out,
            "\n## %s\n\n| field | type | | aliases | EVE | meaning |\n|---|---|---|---|---|---|\n",
            type == EVENT_ANY ? "Every event" : name);
}

static void print_fields(struct buf *out, enum format format, enum event_type only)
{
    bool is_first = true;

    if (format == FORMAT_MARKDOWN)
        buf_text(out,
                 "<!-- Generated from plugin/fields/fields.def by `make docs`: do not edit. -->\n"
                 "# Events and fields\n\n"
                 "The third column of each table says how a field comes to be:\n");
    if (format == FORMAT_MARKDOWN)
        legend(out, format);
    if (format == FORMAT_JSON)
        buf_byte(out, '[');
    for (enum event_type type = EVENT_ANY; type < EVENT_COUNT; type++) {
        if (only != EVENT_COUNT && type != only)
            continue;
        heading(out, format, type);
        for (enum field_id id = field_first(type); id < field_end(type); id++) {
            if (format == FORMAT_TEXT)
                text_row(out, field_get(id));
            else if (format == FORMAT_MARKDOWN)
                markdown_row(out, field_get(id));
            else
                json_row(out, field_get(id), is_first);
            is_first = false;
        }
    }
    if (format == FORMAT_JSON)
        buf_text(out, "\n]\n");
    else if (format == FORMAT_TEXT)
        legend(out, format);
}

int fields_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
    enum format format = FORMAT_TEXT;
    int option;

    while ((option = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return STATUS_OK;
        }
        if (option != 'f')
            return usage_error("fields", "wrong option");
        if (strcmp(optarg, "json") == 0)
            format = FORMAT_JSON;
        else if (strcmp(optarg, "markdown") == 0)
            format = FORMAT_MARKDOWN;
        else if (strcmp(optarg, "text") != 0)
            return usage_error("fields", "--format %s: expected text, json or markdown", optarg);
    }
    struct view name = view_from_string(optind < argc ? argv[optind] : "");
    enum event_type only = view_equal(name, VIEW("any")) ? EVENT_ANY : event_type_find(name);
    struct buf out;
    buf_init(&out, 1 << 20);
    if (name.len == 0 || only != EVENT_COUNT) {
        print_fields(&out, format, only);
    } else if (!print_named(&out, format, name)) {
        const char *nearest = suggestion(name);
        buf_clear(&out);
        return usage_error("fields", "there is no event and no field '%s'%s%s%s", argv[optind],
                           nearest ? "; did you mean '" : "", nearest ? nearest : "",
                           nearest ? "'?" : "");
    }
    fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return STATUS_OK;
}
