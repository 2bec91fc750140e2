/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike check: loads and compiles rule files, prints every fault with its place. */
#include <getopt.h>
#include <string.h>

#include "compile/compile.h"
#include "hosts/cli/cli.h"
#include "sigma/rules.h"

static void print_help(void)
{
    puts("usage: shrike check [OPTION]... PATH...\n\n"
         "Loads and compiles rule files (or all .yml and .yaml files under a folder) and reports "
         "every\n"
         "error and warning as file:line:column.\n\n"
         "  -q, --quiet     errors only, no summary\n"
         "      --strict    warnings count as errors\n"
         "  -h, --help\n\n"
         "exit status: 0 nothing wrong, 1 errors found, 2 wrong usage or a path that cannot be "
         "read");
}

static void print_faults(const struct diagnostics *diagnostics, bool is_quiet)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        struct diagnostics one = {.items = &diagnostics->items[i], .count = 1};
        if (!is_quiet || diagnostics->items[i].severity == SEVERITY_ERROR)
            diagnostics_print(&one, stdout);
    }
}

static int compile_and_report(struct rules *rules, struct diagnostics *diagnostics, bool is_quiet,
                              bool is_strict)
{
    struct compile_stats stats = {0};
    struct error error = {0};
    struct ruleset *set = compile_rules(rules, diagnostics, &stats, &error);

    diagnostics_sort(diagnostics);
    print_faults(diagnostics, is_quiet);
    if (set == NULL) {
        message("check", "%s", error.text);
        return STATUS_USAGE;
    }
    char refused[256];
    bool has_refused = rules_describe_refused(rules, refused, sizeof(refused));
    if (!is_quiet)
        printf("%zu file(s), %zu rule(s) loaded, %s%s%zu error(s), %zu warning(s); "
               "%zu pattern(s) in %zu database(s), compiled in %.2f s\n",
               rules->files, ruleset_count(set), refused, has_refused ? ", " : "",
               diagnostics->errors, diagnostics->warnings, stats.patterns, stats.databases,
               stats.seconds);
    ruleset_release(set);
    bool has_failed = diagnostics->errors > 0 || (is_strict && diagnostics->warnings > 0);
    return has_failed ? STATUS_FOUND : STATUS_OK;
}

int check_command(int argc, char **argv)
{
    static const struct option options[] = {{"quiet", no_argument, NULL, 'q'},
                                            {"strict", no_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    bool is_quiet = false, is_strict = false;
    int option, status = STATUS_OK;

    while ((option = getopt_long(argc, argv, "qh", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return STATUS_OK;
        }
        if (option != 'q' && option != 's')
            return usage_error("check", "wrong option");
        is_quiet |= option == 'q';
        is_strict |= option == 's';
    }
    if (optind == argc)
        return usage_error("check", "no rule file given");

    struct rules *rules = rules_new();
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    bool is_unreadable = false;
    for (int i = optind; i < argc; i++)
        is_unreadable |= rules_load(rules, argv[i], &diagnostics) != 0;
    rules_finish(rules, &diagnostics);
    status = compile_and_report(rules, &diagnostics, is_quiet, is_strict);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return is_unreadable ? STATUS_USAGE : status;
}
