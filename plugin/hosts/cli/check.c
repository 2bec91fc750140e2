/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike check: loads and compiles rule files, prints every fault with its place; runs the rules' own tests; shows
 * what a rule becomes. */
#include "hosts/cli/check.h"

#include <getopt.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "hosts/cli/cli.h"
#include "yaml/yaml.h"

static void print_help(void)
{
    puts(
        "usage: shrike check [OPTION]... PATH...\n\n"
        "Loads and compiles rule files (or all .yml and .yaml files under a folder; - for standard "
        "input)\n"
        "and reports every error and warning as file:line:column.\n\n"
        "      --format FORMAT  text, json or sarif (SARIF 2.1.0)\n"
        "  -q, --quiet          errors only, no summary\n"
        "      --strict         warnings count as errors\n"
        "      --test           replay the captures of the rules' own tests (shrike: tests:) "
        "instead,\n"
        "                       and tell which fail and which rules have none\n"
        "      --explain RULE   tell what the rule of this id, sid or title compiles to\n"
        "                       (--format text or json)\n"
        "      --list-checks    print what can be found, one check a line, and stop\n"
        "                       (--format text, json or markdown)\n"
        "  -h, --help\n\n"
        "exit status: 0 nothing wrong, 1 errors found (with --strict: or warnings), 2 wrong usage "
        "or a "
        "path\n"
        "that cannot be read, 4 the report could not be written");
}

bool check_tells(const struct check_report *report, const struct diagnostic *diagnostic)
{
    return !report->options->is_quiet || diagnostic->severity == SEVERITY_ERROR;
}

static void write_report(const struct check_report *report)
{
    struct buf out;

    if (report->options->format == CHECK_TEXT) {
        check_write_text(report);
        return;
    }
    buf_init(&out, SIZE_MAX / 2);
    if (report->options->format == CHECK_JSON)
        check_write_json(&out, report);
    else
        check_write_sarif(&out, report);
    fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
}

/* Only tests are told, but for errors: the rest is what the plain command is for. */
static void keep_errors(struct diagnostics *diagnostics)
{
    size_t kept = 0;

    for (size_t i = 0; i < diagnostics->count; i++) {
        struct diagnostic *d = &diagnostics->items[i];
        if (d->severity == SEVERITY_ERROR) {
            diagnostics->items[kept++] = *d;
            continue;
        }
        memory_free(d->file);
        memory_free(d->text);
        memory_free(d->help);
    }
    diagnostics->count = kept;
    diagnostics->warnings = 0;
}

/* A rule's tests are about the rule; what a site does not want to hear of is not. */
static void drop_filters(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        rules->items[i]->filter_count = 0;
}

static int compile_and_report(struct rules *rules, struct diagnostics *diagnostics,
                              const struct check_options *options)
{
    struct compile_stats stats = {0};
    struct test_report tests = {0};
    struct error error = {0};
    struct ruleset *set = compile_rules(rules, diagnostics, &stats, &error);
    bool is_whole = set != NULL;

    if (is_whole && options->is_test) {
        keep_errors(diagnostics);
        is_whole = check_run_tests(rules, set, diagnostics, &tests, &error) == 0;
    }
    if (!is_whole)
        message("check", "%s", error.text);
    diagnostics_sort(diagnostics);
    const struct check_report report = {.options = options,
                                        .rules = rules,
                                        .diagnostics = diagnostics,
                                        .stats = &stats,
                                        .loaded = set ? ruleset_count(set) : 0,
                                        .tests = options->is_test ? &tests : NULL};
    write_report(&report);
    ruleset_release(set);
    if (!is_whole)
        return STATUS_USAGE;
    bool has_failed = diagnostics->errors > 0 || (options->is_strict && diagnostics->warnings > 0);
    return has_failed ? STATUS_FOUND : STATUS_OK;
}

/* Errors go to stderr: standard output is the explanation alone. */
static int explain(struct rules *rules, struct diagnostics *diagnostics,
                   const struct check_options *options)
{
    int status = check_explain(rules, options, diagnostics);

    keep_errors(diagnostics);
    diagnostics_sort(diagnostics);
    diagnostics_print(diagnostics, stderr);
    return status;
}

/* "-": standard input, a rule file; names in it are relative to the folder at hand. */
static int load(struct rules *rules, const char *path, struct diagnostics *diagnostics)
{
    const char *why = NULL;
    struct buf bytes;

    if (strcmp(path, "-") != 0)
        return rules_load(rules, path, diagnostics);
    if (file_read_standard(YAML_SIZE_MAX, &bytes, &why) != 0) {
        message("check", "standard input cannot be read: %s", why);
        return -1;
    }
    rules_load_text(rules, "<stdin>", buf_view(&bytes), diagnostics);
    buf_clear(&bytes);
    return 0;
}

static int check_paths(char *const *paths, int count, const struct check_options *options)
{
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;
    bool is_unreadable = false;

    diagnostics_init(&diagnostics);
    for (int i = 0; i < count; i++)
        is_unreadable |= load(rules, paths[i], &diagnostics) != 0;
    rules_finish(rules, &diagnostics);
    if (options->is_test)
        drop_filters(rules);
    if (!options->is_test && options->explain == NULL)
        rules_lint(rules, &diagnostics);
    int status = options->explain ? explain(rules, &diagnostics, options)
                                  : compile_and_report(rules, &diagnostics, options);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return is_unreadable ? STATUS_USAGE : status;
}

/* -1 when they can be read. */
static int check_names(char *const *paths, int count)
{
    int standard = 0;

    for (int i = 0; i < count; i++)
        standard += strcmp(paths[i], "-") == 0;
    if (standard > 1)
        return usage_error("check", "standard input is named twice: it can be read once");
    return count > 0 ? -1 : usage_error("check", "no rule file given");
}

/* -1 when there is no such format. */
static int parse_format(const char *text)
{
    static const char *const NAMES[] = {"text", "json", "sarif"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(text, NAMES[i]) == 0)
            return i;
    }
    return -1;
}

int check_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"quiet", no_argument, NULL, 'q'},
        {"strict", no_argument, NULL, 's'},       {"list-checks", no_argument, NULL, 'l'},
        {"test", no_argument, NULL, 't'},         {"explain", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},         {0}};
    struct check_options asked = {.format = CHECK_TEXT};
    const char *format = "text";
    bool is_list = false;
    int option;

    while ((option = getopt_long(argc, argv, "qh", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            print_help();
            return STATUS_OK;
        case 'f':
            format = optarg;
            break;
        case 'q':
            asked.is_quiet = true;
            break;
        case 's':
            asked.is_strict = true;
            break;
        case 't':
            asked.is_test = true;
            break;
        case 'e':
            asked.explain = optarg;
            break;
        case 'l':
            is_list = true;
            break;
        default:
            return usage_error("check", "wrong option");
        }
    }
    if (is_list)
        return check_list(format) ? STATUS_OK
                                  : usage_error("check",
                                                "--list-checks --format %s: expected text, "
                                                "json or markdown",
                                                format);
    if (parse_format(format) < 0)
        return usage_error("check", "--format %s: expected text, json or sarif", format);
    asked.format = (enum check_format)parse_format(format);
    if (asked.explain != NULL && (asked.is_test || asked.format == CHECK_SARIF))
        return usage_error("check", "--explain goes with --format text or json, not with --test");
    int status = check_names(argv + optind, argc - optind);
    return status != -1 ? status : check_paths(argv + optind, argc - optind, &asked);
}
