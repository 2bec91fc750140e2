/* SPDX-License-Identifier: BSD-3-Clause */
/* What `shrike check` found, for people and as one JSON object; and the table of checks. */
#include <string.h>

#include "hosts/cli/check.h"
#include "output/json.h"
#include "rule/checks.h"

static const char *const SEVERITIES[] = {"error", "warning", "note"};

static void summary(const struct check_report *report)
{
    const struct compile_stats *stats = report->stats;
    char refused[256];
    bool has_refused = rules_describe_refused(report->rules, refused, sizeof(refused));

    char filters[64] = "";

    if (report->rules->filter_count > 0)
        snprintf(filters, sizeof(filters), "%zu filter(s), ", report->rules->filter_count);
    printf("%zu file(s), %zu rule(s) loaded, %s%s%s%zu error(s), %zu warning(s); "
           "%zu pattern(s) in %zu database(s), compiled in %.2f s\n",
           report->rules->files, report->loaded, filters, refused, has_refused ? ", " : "",
           report->diagnostics->errors, report->diagnostics->warnings, stats->patterns,
           stats->databases, stats->seconds);
}

static size_t failed_tests(const struct check_report *report)
{
    return report->tests->outcomes[TEST_FAILED] +
           (report->options->is_strict ? report->tests->untested : 0);
}

/* The last line is for scripts. */
static void tests_summary(const struct check_report *report)
{
    const struct test_report *tests = report->tests;

    if (!report->options->is_quiet)
        printf("%zu rule(s), %zu of them untested\n", report->loaded, tests->untested);
    printf("%zu passed, %zu failed, %zu skipped\n", tests->outcomes[TEST_PASSED],
           failed_tests(report), tests->outcomes[TEST_SKIPPED]);
}

void check_write_text(const struct check_report *report)
{
    for (size_t i = 0; i < report->diagnostics->count; i++) {
        struct diagnostics one = {.items = &report->diagnostics->items[i], .count = 1};
        if (check_tells(report, one.items))
            diagnostics_print(&one, stdout);
    }
    if (report->tests != NULL)
        tests_summary(report);
    else if (!report->options->is_quiet)
        summary(report);
}

/* ---- JSON ------------------------------------------------------------------------------------------- */

static void json_message(struct buf *out, const struct diagnostic *d)
{
    json_put_open_item(out);
    json_put_chars(out, "severity", SEVERITIES[d->severity]);
    json_put_chars(out, "id", d->id);
    json_put_chars(out, "file", d->file);
    if (d->line > 0) {
        json_put_number(out, "line", d->line);
        json_put_number(out, "column", d->column);
    }
    json_put_chars(out, "text", d->text);
    json_put_chars(out, "help", d->help);
    json_put_close(out);
}

static void json_tests(struct buf *out, const struct check_report *report)
{
    static const char *const OUTCOMES[] = {
        [TEST_PASSED] = "passed", [TEST_FAILED] = "failed", [TEST_SKIPPED] = "skipped"};
    const struct test_report *tests = report->tests;

    json_put_open(out, "tests");
    json_put_number(out, "passed", tests->outcomes[TEST_PASSED]);
    json_put_number(out, "failed", failed_tests(report));
    json_put_number(out, "skipped", tests->outcomes[TEST_SKIPPED]);
    json_put_number(out, "untested_rules", tests->untested);
    json_put_open_array(out, "results");
    for (size_t i = 0; i < tests->count; i++) {
        const struct test_result *result = &tests->results[i];
        json_put_open_item(out);
        json_put_chars(out, "outcome", OUTCOMES[result->outcome]);
        json_put_chars(out, "rule", result->rule->title);
        json_put_chars(out, "id", result->rule->id);
        json_put_number(out, "sid", result->rule->sid);
        json_put_chars(out, "file", result->test->place.file);
        json_put_number(out, "line", result->test->place.line);
        json_put_chars(out, "pcap", result->path);
        if (result->test->has_alerts)
            json_put_number(out, "expected", result->test->alerts);
        if (result->test->has_matches)
            json_put_number(out, "expected_matches", result->test->matches);
        if (result->outcome != TEST_SKIPPED) {
            json_put_number(out, "alerts", result->alerts);
            json_put_number(out, "matches", result->matches);
        }
        json_put_close(out);
    }
    json_put_close_array(out);
    json_put_close(out);
}

void check_write_json(struct buf *out, const struct check_report *report)
{
    static const char *const REFUSED[REFUSAL_COUNT] = {
        [REFUSAL_HOST] = "host", [REFUSAL_CORRELATION] = "correlation", [REFUSAL_LATER] = "later"};
    const struct diagnostics *diagnostics = report->diagnostics;

    json_put_open_item(out);
    json_put_chars(out, "version", SHRIKE_VERSION);
    json_put_number(out, "files", report->rules->files);
    json_put_number(out, "documents", report->rules->documents);
    json_put_number(out, "rules", report->loaded);
    json_put_number(out, "filters", report->rules->filter_count);
    json_put_open(out, "refused");
    for (unsigned i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++)
        json_put_number(out, REFUSED[i], report->rules->refused[i]);
    json_put_close(out);
    json_put_number(out, "errors", diagnostics->errors);
    json_put_number(out, "warnings", diagnostics->warnings);
    json_put_number(out, "notes", diagnostics->count - diagnostics->errors - diagnostics->warnings);
    json_put_open(out, "compiled");
    json_put_number(out, "patterns", report->stats->patterns);
    json_put_number(out, "databases", report->stats->databases);
    json_put_number(out, "database_bytes", report->stats->database_bytes);
    json_put_number(out, "sets", report->stats->sets);
    json_put_number(out, "set_entries", report->stats->set_entries);
    json_put_number(out, "microseconds", (uint64_t)(report->stats->seconds * 1e6));
    json_put_close(out);
    if (report->tests != NULL)
        json_tests(out, report);
    json_put_open_array(out, "messages");
    for (size_t i = 0; i < diagnostics->count; i++) {
        if (check_tells(report, &diagnostics->items[i]))
            json_message(out, &diagnostics->items[i]);
    }
    json_put_close_array(out);
    json_put_close(out);
    buf_byte(out, '\n');
}

/* ---- the table of checks ----------------------------------------------------------------------------- */

static void list_text(struct buf *out)
{
    for (size_t i = 0; i < CHECK_COUNT; i++)
        buf_format(out, "%-23s %-8s %s\n", CHECKS[i].name, SEVERITIES[CHECKS[i].severity],
                   CHECKS[i].description);
}

static void list_json(struct buf *out)
{
    buf_byte(out, '[');
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        json_put_open_item(out);
        json_put_chars(out, "id", CHECKS[i].name);
        json_put_chars(out, "severity", SEVERITIES[CHECKS[i].severity]);
        json_put_chars(out, "description", CHECKS[i].description);
        json_put_close(out);
    }
    buf_text(out, "]\n");
}

static void list_markdown(struct buf *out)
{
    buf_text(out, "<!-- Generated from plugin/rule/checks.def by `make docs`: do not edit. -->\n"
                  "# What `shrike check` finds\n\n"
                  "The name stands in brackets behind each message (`id` in JSON, `ruleId` in "
                  "SARIF). Errors leave a document out;\n"
                  "the severity here is that of a check's gravest message.\n\n"
                  "| check | severity | |\n|---|---|---|\n");
    for (size_t i = 0; i < CHECK_COUNT; i++)
        buf_format(out, "| `%s` | %s | %s |\n", CHECKS[i].name, SEVERITIES[CHECKS[i].severity],
                   CHECKS[i].description);
}

bool check_list(const char *format)
{
    static const struct {
        const char *name;
        void (*write)(struct buf *out);
    } FORMATS[] = {{"text", list_text}, {"json", list_json}, {"markdown", list_markdown}};

    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        struct buf out;
        if (strcmp(format, FORMATS[i].name) != 0)
            continue;
        buf_init(&out, 1 << 20);
        FORMATS[i].write(&out);
        fwrite(out.data, 1, out.len, stdout);
        buf_clear(&out);
        return true;
    }
    return false;
}
