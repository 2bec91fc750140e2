/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike import suricata: rules of Suricata and Snort 2 become rules in YAML, each whole or not at all. */
#include "hosts/cli/import_suricata.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/readable.h"
#include "hosts/cli/cli.h"
#include "import/suricata/suricata.h"
#include "sigma/list.h"
#include "yaml/yaml.h"

enum { REASON_COUNT_MAX = 1024 };
#define OUTPUT_MAX ((size_t)1 << 30)

struct run {
    struct arena *arena;
    struct diagnostics diagnostics;
    struct suricata_import *import;
    const char *vars;
    bool is_verbose, is_quiet;
    struct reason {
        const char *text;
        uint64_t count;
    } reasons[REASON_COUNT_MAX];
    size_t reason_count;
};

static void print_help(void)
{
    puts("usage: shrike import suricata [OPTION]... FILE.rules... > rules.yml\n\n"
         "Reads rules of Suricata or Snort 2 and writes those that can be said whole; what cannot "
         "is "
         "counted\nby its reason.\n\n"
         "      --vars FILE            address and port groups, as suricata.yaml has them under "
         "vars:\n"
         "                             HOME_NET: \"[192.0.2.0/24]\"\n"
         "  -v, --verbose              name every rule that is left out, with the reason\n"
         "  -q, --quiet                no summary\n"
         "  -h, --help\n\n"
         "exit status: 0 done, 1 nothing to import or a rule is broken, 2 wrong usage or a file "
         "that "
         "cannot be\nread, 4 output was lost");
}

/* --- files --------------------------------------------------------------------------------------- */

/* Into the run's arena; false, and told, when it cannot be read. */
static bool read_file(struct run *run, const char *path, struct view *text)
{
    struct buf bytes;
    const char *why = NULL;

    if (file_read(path, LIST_FILE_MAX, &bytes, &why) != 0) {
        message("import", "%s: cannot be read: %s", path, why);
        return false;
    }
    *text = arena_copy(run->arena, buf_view(&bytes));
    buf_clear(&bytes);
    return true;
}

static int read_all(struct run *run, char **paths, size_t count)
{
    int status = STATUS_OK;
    struct view text;

    if (run->vars != NULL) {
        if (!read_file(run, run->vars, &text))
            return STATUS_USAGE;
        suricata_read_vars(run->import, run->vars, text);
    }
    for (size_t i = 0; i < count; i++) {
        if (read_file(run, paths[i], &text))
            suricata_read(run->import, paths[i], text);
        else
            status = STATUS_USAGE;
    }
    suricata_finish(run->import);
    return status;
}

/* --- the summary --------------------------------------------------------------------------------- */

static void count_reason(struct run *run, const char *text)
{
    size_t at = 0;

    while (at < run->reason_count && strcmp(run->reasons[at].text, text) != 0)
        at++;
    if (at == REASON_COUNT_MAX)
        at--; /* the last one stands for all others */
    if (at == run->reason_count)
        run->reasons[run->reason_count++].text =
            at == REASON_COUNT_MAX - 1 ? "other reasons" : text;
    run->reasons[at].count++;
}

static void on_refused(void *context, uint64_t sid, struct place place, const char *reason)
{
    struct run *run = context;
    struct buf shown;

    count_reason(run, reason);
    if (!run->is_verbose)
        return;
    buf_init(&shown, 4096);
    readable_add(&shown, view_from_string(reason));
    fprintf(stderr, "%s:%u:%u: left out: sid %llu: %.*s\n", place.file, place.line, place.column,
            (unsigned long long)sid, (int)shown.len, (const char *)shown.data);
    buf_clear(&shown);
}

static int compare_reasons(const void *a, const void *b)
{
    const struct reason *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->text, y->text);
}

static void print_summary(struct run *run, size_t files, const struct suricata_tally *tally)
{
    double share = tally->rules > 0 ? 100.0 * (double)tally->taken / (double)tally->rules : 0;

    fprintf(stderr, "%zu file(s), %llu rules, %llu broken\n", files,
            (unsigned long long)tally->rules, (unsigned long long)tally->broken);
    fprintf(stderr, "taken    %9llu  rules, %.1f %%\n", (unsigned long long)tally->taken, share);
    if (tally->lists > 0)
        fprintf(stderr, "taken    %9llu  lists of variables\n", (unsigned long long)tally->lists);
    if (tally->leave_more > 0)
        fprintf(stderr,
                "of them  %9llu  rules that also set xbits or flowint, which no rule here reads\n",
                (unsigned long long)tally->leave_more);
    if (run->reason_count > 0)
        qsort(run->reasons, run->reason_count, sizeof(run->reasons[0]), compare_reasons);
    for (size_t i = 0; i < run->reason_count; i++) {
        fprintf(stderr, "left out %9llu  ", (unsigned long long)run->reasons[i].count);
        readable_print(stderr, run->reasons[i].text);
        fputc('\n', stderr);
    }
}

static int write_output(struct run *run, int status)
{
    struct buf out;

    buf_init(&out, OUTPUT_MAX);
    int result = suricata_write(run->import, &out);
    if (out.len > YAML_SIZE_MAX)
        message("import",
                "the output is larger than the %d MiB that one rule file may have: import fewer "
                "files at a time",
                YAML_SIZE_MAX >> 20);
    if (result != 0 || (out.len > 0 && fwrite(out.data, 1, out.len, stdout) != out.len) ||
        fflush(stdout) != 0)
        status = STATUS_OUTPUT;
    buf_clear(&out);
    return status;
}

static int finish(struct run *run, size_t files, int status)
{
    struct suricata_tally tally = suricata_count(run->import);

    diagnostics_print(&run->diagnostics, stderr);
    suricata_each_refused(run->import, on_refused, run);
    if (!run->is_quiet)
        print_summary(run, files, &tally);
    if (status == STATUS_OK && run->diagnostics.errors > 0)
        status = STATUS_FOUND;
    if (status == STATUS_OK && tally.taken == 0) {
        message("import", "nothing to import");
        status = STATUS_FOUND;
    }
    return write_output(run, status);
}

/* --- the command --------------------------------------------------------------------------------- */

static const struct option OPTIONS[] = {{"vars", required_argument, NULL, 'V'},
                                        {"verbose", no_argument, NULL, 'v'},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};

int import_suricata(int argc, char **argv)
{
    struct run *run = memory_new(1, sizeof(*run));
    int option, status = STATUS_OK;

    while (status == STATUS_OK && (option = getopt_long(argc, argv, "vqh", OPTIONS, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            memory_free(run);
            return STATUS_OK;
        }
        if (option == 'V')
            run->vars = optarg;
        run->is_verbose |= option == 'v';
        run->is_quiet |= option == 'q';
        if (option == '?')
            status = usage_error("import", "wrong option");
    }
    if (status == STATUS_OK && optind == argc)
        status = usage_error("import", "no file given");
    if (status == STATUS_OK) {
        run->arena = arena_new();
        diagnostics_init(&run->diagnostics);
        run->import = suricata_new(&run->diagnostics);
        status = read_all(run, argv + optind, (size_t)(argc - optind));
        status = finish(run, (size_t)(argc - optind), status);
        suricata_free(run->import);
        diagnostics_clear(&run->diagnostics);
        arena_free(run->arena);
    }
    memory_free(run);
    return status;
}
