/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike import: indicators as people publish them become lists and rules in YAML. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "hosts/cli/cli.h"
#include "hosts/cli/import_suricata.h"
#include "import/collection.h"
#include "import/feed.h"
#include "sigma/list.h"
#include "yaml/yaml.h"

enum { NAME_MAX_BYTES = 64 };
#define OUTPUT_MAX ((size_t)1 << 30)

struct run {
    const struct feed *feed; /* NULL: told by each file's content */
    const char *name;        /* of all lists; NULL: each file has its own */
    struct feed_input input; /* the options of readers */
    struct collection_options options;
    struct tally tally;
    struct arena *arena;
    struct diagnostics diagnostics;
    struct buf out;
    const char **names; /* that lists have so far */
    size_t name_count;
    size_t files, broken;
};

static void print_help(void)
{
    puts(
        "usage: shrike import FORMAT [OPTION]... FILE... > rules.yml\n\n"
        "Reads indicators of compromise and writes lists and the rules that use them.\n\nformats:");
    for (const struct feed *feed = FEEDS; feed->name != NULL; feed++)
        printf("  %-11s %s\n", feed->name, feed->description);
    puts("  auto        told by each file's content\n"
         "  suricata    rules of Suricata and Snort 2 (shrike import suricata --help)\n\n"
         "  -n, --name NAME            one set of lists, of this name; else each file has its own\n"
         "  -l, --level LEVEL          level of the rules; else by confidence\n"
         "      --min-confidence N     leave out what is said to be less sure (0 to 100)\n"
         "      --column NAME|N        csv: the column of the values\n"
         "      --type TYPE            kind of values whose kind nobody tells: ip, domain, url, "
         "ja3, ...\n"
         "      --look-back            leave valid_from out: hits in older captures are not only "
         "informational\n"
         "      --url-hosts            take the host of each URL, too\n"
         "      --all                  misp: also what is not meant for detection (to_ids: false)\n"
         "  -v, --verbose              name every value that is left out, with the reason\n"
         "  -q, --quiet                no summary\n"
         "  -h, --help\n\n"
         "exit status: 0 done, 1 nothing to import or a file is broken, 2 wrong usage or a file "
         "that cannot\n"
         "be read, 4 output was lost");
}

/* --- names --------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* feeds/APT turla.txt.gz -> apt_turla */
static char *name_of_file(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = arena_string(arena, slash ? slash + 1 : path);
    char *dot;

    while ((dot = strrchr(name, '.')) != NULL && dot != name && strlen(dot) <= 6)
        *dot = '\0';
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)byte_fold((uint8_t)*c);
        if (!is_word(*c))
            *c = '_';
    }
    if (strlen(name) > NAME_MAX_BYTES)
        name[NAME_MAX_BYTES] = '\0';
    return name;
}

/* The same, with a number when another file has it. */
static const char *free_name(struct run *run, const char *path)
{
    char *base = name_of_file(run->arena, path), *name = base;

    for (size_t i = 0, number = 2; i < run->name_count; i++) {
        if (strcmp(run->names[i], name) != 0)
            continue;
        name = arena_format(run->arena, "%s_%zu", base, number++);
        i = SIZE_MAX; /* from the beginning */
    }
    run->names[run->name_count++] = name;
    return name;
}

/* --- files --------------------------------------------------------------------------------------- */

/* Reads one file into the collection. 1 when the file is broken, 2 when it cannot be read. */
static int read_file(struct run *run, struct collection *c, const char *path,
                     const struct feed **feed)
{
    struct indicator_sink sink = collection_sink(c);
    struct feed_input input = run->input;
    struct buf bytes;
    const char *why = NULL;

    if (file_read(path, LIST_FILE_MAX, &bytes, &why) != 0) {
        message("import", "%s: cannot be read: %s", path, why);
        return 2;
    }
    input.file = path;
    input.arena = c->arena;
    input.text = arena_copy(c->arena, buf_view(&bytes));
    input.diagnostics = &run->diagnostics;
    buf_clear(&bytes);
    if (view_starts(input.text, VIEW("\xef\xbb\xbf"))) /* byte order mark */
        input.text = view_skip(input.text, 3);
    *feed = run->feed ? run->feed : feed_detect(input.text);
    run->files++;
    if ((*feed)->read(&input, &sink) == 0)
        return 0;
    run->broken++;
    return 1;
}

static int write_collection(struct run *run, const struct collection *c, const char *name,
                            const struct feed *feed, const char *origin)
{
    const char *slash = strrchr(origin, '/');

    if (c->count == 0 && c->draft_count == 0)
        return 0;
    return collection_write(c, name, feed->name, slash ? slash + 1 : origin, &run->out);
}

static int import_each(struct run *run, char **paths, size_t count)
{
    int status = 0;

    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_new();
        struct collection c;
        const struct feed *feed = NULL;
        collection_init(&c, arena, &run->options, &run->tally);
        int result = read_file(run, &c, paths[i], &feed);
        if (result != 2 && write_collection(run, &c, free_name(run, paths[i]), feed, paths[i]) != 0)
            result = STATUS_OUTPUT;
        status = result > status ? result : status;
        arena_free(arena);
    }
    return status;
}

static int import_together(struct run *run, char **paths, size_t count)
{
    struct arena *arena = arena_new();
    struct collection c;
    const struct feed *feed = NULL;
    int status = 0;

    collection_init(&c, arena, &run->options, &run->tally);
    for (size_t i = 0; i < count; i++) {
        int result = read_file(run, &c, paths[i], &feed);
        status = result > status ? result : status;
    }
    const char *origin = paths[0];
    if (count > 1) { /* what one of them says of itself is not said of all */
        c.source.id = c.source.title = c.source.author = view_make(NULL, 0);
        origin = arena_format(arena, "%zu files", count);
    }
    if (feed != NULL && write_collection(run, &c, run->name, feed, origin) != 0)
        status = STATUS_OUTPUT;
    arena_free(arena);
    return status;
}

/* --- the summary --------------------------------------------------------------------------------- */

static uint64_t taken_in_all(const struct tally *tally)
{
    uint64_t sum = tally->rules + tally->correlations;
    for (size_t i = 0; i < INDICATOR_KINDS; i++)
        sum += tally->taken[i];
    return sum;
}

static void print_summary(const struct run *run)
{
    const struct tally *tally = &run->tally;

    fprintf(stderr, "%zu file(s), %zu broken\n", run->files, run->broken);
    for (size_t i = 0; i < INDICATOR_KINDS; i++) {
        if (tally->taken[i] > 0)
            fprintf(stderr, "taken    %9llu  %s\n", (unsigned long long)tally->taken[i],
                    INDICATOR_ROWS[i].name);
    }
    if (tally->rules > 0)
        fprintf(stderr, "taken    %9llu  rule of a pattern\n", (unsigned long long)tally->rules);
    if (tally->correlations > 0)
        fprintf(stderr, "taken    %9llu  correlation of a pattern\n",
                (unsigned long long)tally->correlations);
    for (size_t i = 0; i < tally->reason_count; i++)
        fprintf(stderr, "left out %9llu  %s\n", (unsigned long long)tally->skipped[i].count,
                tally->skipped[i].reason);
    if (run->out.len > YAML_SIZE_MAX)
        fprintf(
            stderr,
            "the output is larger than the %d MiB that one rule file may have: import fewer files "
            "at a time, or name the files in list documents (docs/indicators.md)\n",
            YAML_SIZE_MAX >> 20);
}

/* --- the command --------------------------------------------------------------------------------- */

static const struct option OPTIONS[] = {{"name", required_argument, NULL, 'n'},
                                        {"level", required_argument, NULL, 'l'},
                                        {"min-confidence", required_argument, NULL, 'm'},
                                        {"column", required_argument, NULL, 'c'},
                                        {"type", required_argument, NULL, 't'},
                                        {"look-back", no_argument, NULL, 'b'},
                                        {"url-hosts", no_argument, NULL, 'u'},
                                        {"all", no_argument, NULL, 'a'},
                                        {"verbose", no_argument, NULL, 'v'},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};

static bool is_level(const char *text)
{
    static const char *const LEVELS[] = {"informational", "low", "medium", "high", "critical"};
    for (size_t i = 0; i < 5; i++) {
        if (strcmp(text, LEVELS[i]) == 0)
            return true;
    }
    return false;
}

static bool is_name(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (!is_word((char)byte_fold((uint8_t)text[i])))
            return false;
    }
    return len > 0 && len <= NAME_MAX_BYTES;
}

/* STATUS_OK, or what usage_error() gave. */
static int take_option(struct run *run, int option, bool *is_quiet)
{
    uint64_t number;

    switch (option) {
    case 'n':
        run->name = optarg;
        return is_name(optarg)
                   ? STATUS_OK
                   : usage_error("import", "--name %s: letters, digits, - and _ only", optarg);
    case 'l':
        run->options.level = optarg;
        return is_level(optarg)
                   ? STATUS_OK
                   : usage_error(
                         "import",
                         "--level %s: expected informational, low, medium, high or critical",
                         optarg);
    case 'm':
        if (!view_parse_u64(view_from_string(optarg), &number) || number > 100)
            return usage_error("import", "--min-confidence %s: expected 0 to 100", optarg);
        run->options.min_confidence = (int)number;
        return STATUS_OK;
    case 't':
        run->input.kind = indicator_kind_named(view_from_string(optarg));
        return run->input.kind != INDICATOR_NONE
                   ? STATUS_OK
                   : usage_error("import", "--type %s: there is no such kind of indicator", optarg);
    case 'c':
        run->input.columns[FEED_VALUE] = optarg;
        return STATUS_OK;
    case 'b':
        run->options.looks_back = true;
        return STATUS_OK;
    case 'u':
        run->options.takes_url_hosts = true;
        return STATUS_OK;
    case 'a':
        run->input.takes_all = true;
        return STATUS_OK;
    case 'v':
        run->options.verbose = stderr;
        return STATUS_OK;
    case 'q':
        *is_quiet = true;
        return STATUS_OK;
    default:
        return usage_error("import", "wrong option");
    }
}

static int finish(struct run *run, int status, bool is_quiet)
{
    diagnostics_print(&run->diagnostics, stderr);
    if (!is_quiet)
        print_summary(run);
    if (status == 0 && taken_in_all(&run->tally) == 0) {
        message("import", "nothing to import");
        status = STATUS_FOUND;
    }
    bool is_lost =
        run->out.len > 0 && fwrite(run->out.data, 1, run->out.len, stdout) != run->out.len;
    if (is_lost || fflush(stdout) != 0)
        status = STATUS_OUTPUT;
    return status;
}

int import_command(int argc, char **argv)
{
    struct run run = {.input = {.kind = INDICATOR_NONE}};
    bool is_quiet = false;
    int option, status;

    if (argc > 1 && strcmp(argv[1], "suricata") == 0)
        return import_suricata(argc - 1, argv + 1);
    while ((option = getopt_long(argc, argv, "n:l:vqh", OPTIONS, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return STATUS_OK;
        }
        status = take_option(&run, option, &is_quiet);
        if (status != STATUS_OK)
            return status;
    }
    if (optind == argc)
        return usage_error("import", "no format given");
    const char *format = argv[optind++];
    run.feed = feed_find(view_from_string(format));
    if (run.feed == NULL && strcmp(format, "auto") != 0)
        return usage_error("import", "there is no format '%s'", format);
    if (optind == argc)
        return usage_error("import", "no file given");

    run.arena = arena_new();
    run.names = arena_array(run.arena, (size_t)(argc - optind), sizeof(char *));
    buf_init(&run.out, OUTPUT_MAX);
    diagnostics_init(&run.diagnostics);
    status =
        (run.name ? import_together : import_each)(&run, argv + optind, (size_t)(argc - optind));
    status = finish(&run, status, is_quiet);
    buf_clear(&run.out);
    diagnostics_clear(&run.diagnostics);
    arena_free(run.arena);
    return status;
}
