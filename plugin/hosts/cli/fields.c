/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike fields: the field table for people, for tools and for docs/fields.md. */
#include <getopt.h>
#include <string.h>

#include "base/memory.h"
#include "fields/fields.h"
#include "hosts/cli/cli.h"
#include "output/json.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN };

static void print_help(void)
{
    puts("usage: shrike fields [--format text|json|markdown] [EVENT]\n\n"
         "Lists the fields of EVENT (packet, stream, flow, http, dns, tls, anomaly; `any` for the\n"
         "envelope that every event carries), or of all events.");
}

static void flags_into(struct buf *out, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {{FIELD_MULTI, "several"},
                 {FIELD_LOWER, "lower case"},
                 {FIELD_DERIVED, "derived"},
                 {FIELD_STREAMING, "streaming"},
                 {FIELD_ANSWER, "answer"}};
    size_t start = out->len;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((flags & names[i].flag) == 0)
            continue;
        if (out->len > start)
            buf_text(out, ", ");
        buf_string(out, names[i].name);
    }
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

static void json_member(struct buf *out, const char *name, const char *value)
{
    buf_format(out, ",\"%s\":", name);
    json_put_string(out, view_from_string(value));
}

static void json_row(struct buf *out, const struct field *field, bool is_first)
{
    buf_string(out, is_first ? "\n{\"event\":" : ",\n{\"event\":");
    json_put_string(out, view_from_string(event_type_name(field->event)));
    json_member(out, "name", field->name);
    json_member(out, "type", field_type_name(field->type));
    buf_format(out, ",\"multiple\":%s", field->flags & FIELD_MULTI ? "true" : "false");
    json_member(out, "aliases", field->aliases);
    json_member(out, "eve", field->eve);
    json_member(out, "description", field->description);
    buf_byte(out, '}');
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
                 "# Events and fields\n");
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
}

int fields_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
    enum format format = FORMAT_TEXT;
    enum event_type only = EVENT_COUNT;
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
    if (optind < argc) {
        struct view name = view_from_string(argv[optind]);
        only = view_equal(name, VIEW("any")) ? EVENT_ANY : event_type_find(name);
        if (only == EVENT_COUNT)
            return usage_error("fields", "there is no event '%s'", argv[optind]);
    }
    struct buf out;
    buf_init(&out, 1 << 20);
    print_fields(&out, format, only);
    fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return STATUS_OK;
}
