/* SPDX-License-Identifier: BSD-3-Clause */
/* The report as SARIF 2.1.0 (OASIS, 2020): what code hosts and editors show beside the lines.
 *
 * One run; each check is a rule of the driver (3.49), each message a result (3.27) that names it by its place there.
 * Columns are characters, as YAML counts them (3.14.17). File names become URI references (RFC 3986, section 4.1):
 * relative to where the command ran, absolute ones with the scheme `file`.
 */
#include <string.h>

#include "hosts/cli/check.h"
#include "output/json.h"
#include "rule/checks.h"

static const char *const LEVELS[] = {"error", "warning", "note"};

static void put_uri(struct buf *out, const char *path)
{
    static const char KEPT[] = "-._~/";
    struct buf uri;

    buf_init(&uri, SIZE_MAX / 2);
    if (path[0] == '/')
        buf_text(&uri, "file://");
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    for (; *path != '\0'; path++) {
        uint8_t c = (uint8_t)*path;
        bool is_letter = (uint8_t)(byte_fold(c) - 'a') < 26;
        if (is_letter || byte_is_digit(c) || strchr(KEPT, c) != NULL)
            buf_byte(&uri, c);
        else
            buf_format(&uri, "%%%02X", c);
    }
    json_put_text(out, "uri", buf_view(&uri));
    buf_clear(&uri);
}

static void put_message(struct buf *out, const char *name, const char *text)
{
    json_put_open(out, name);
    json_put_chars(out, "text", text);
    json_put_close(out);
}

static void put_location(struct buf *out, const struct diagnostic *d)
{
    json_put_open_array(out, "locations");
    json_put_open_item(out);
    json_put_open(out, "physicalLocation");
    json_put_open(out, "artifactLocation");
    put_uri(out, d->file);
    json_put_close(out);
    if (d->line > 0) {
        json_put_open(out, "region");
        json_put_number(out, "startLine", d->line);
        if (d->column > 0)
            json_put_number(out, "startColumn", d->column);
        json_put_close(out);
    }
    json_put_close(out);
    json_put_close(out);
    json_put_close_array(out);
}

static void put_result(struct buf *out, const struct diagnostic *d)
{
    size_t check = check_find(d->id);

    json_put_open_item(out);
    json_put_chars(out, "ruleId", d->id);
    if (check < CHECK_COUNT)
        json_put_number(out, "ruleIndex", check);
    json_put_chars(out, "level", LEVELS[d->severity]);
    put_message(out, "message", d->text);
    if (d->file != NULL)
        put_location(out, d);
    if (d->help != NULL) {
        json_put_open(out, "properties");
        json_put_chars(out, "help", d->help);
        json_put_close(out);
    }
    json_put_close(out);
}

static void put_rule(struct buf *out, const struct check *check)
{
    json_put_open_item(out);
    json_put_chars(out, "id", check->name);
    put_message(out, "shortDescription", check->description);
    json_put_open(out, "defaultConfiguration");
    json_put_chars(out, "level", LEVELS[check->severity]);
    json_put_close(out);
    json_put_close(out);
}

static void put_driver(struct buf *out)
{
    json_put_open(out, "tool");
    json_put_open(out, "driver");
    json_put_chars(out, "name", "shrike check");
    json_put_chars(out, "version", SHRIKE_VERSION);
    json_put_open_array(out, "rules");
    for (size_t i = 0; i < CHECK_COUNT; i++)
        put_rule(out, &CHECKS[i]);
    json_put_close_array(out);
    json_put_close(out);
    json_put_close(out);
}

void check_write_sarif(struct buf *out, const struct check_report *report)
{
    json_put_open_item(out);
    json_put_chars(out, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_put_chars(out, "version", "2.1.0");
    json_put_open_array(out, "runs");
    json_put_open_item(out);
    put_driver(out);
    json_put_chars(out, "columnKind", "unicodeCodePoints");
    json_put_open_array(out, "results");
    for (size_t i = 0; i < report->diagnostics->count; i++) {
        if (check_tells(report, &report->diagnostics->items[i]))
            put_result(out, &report->diagnostics->items[i]);
    }
    json_put_close_array(out);
    json_put_close(out);
    json_put_close_array(out);
    json_put_close(out);
    buf_byte(out, '\n');
}
