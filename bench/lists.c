/* SPDX-License-Identifier: BSD-3-Clause */
/* What one list costs: loads a rule file whose first rule asks a list, and looks up values one a line, in their order.
 *
 * usage: lists RULES HITS MISSES      (files of values that are in the list, and that are not; both shuffled)
 * Prints: seconds to load, seconds to compile, MB at the peak, distinct entries, bytes of the compiled set, bytes of its
 * keys, ns a hit, ns a miss. Values are parsed before the clock starts, and lie in the order in which they are asked: what
 * is measured is the look-up with its cache misses, the best of three passes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "compile/compile.h"
#include "match/match.h"
#include "match/matcher.h"
#include "sigma/list.h"
#include "sigma/rules.h"

struct values {
    union value *items;
    size_t count;
    enum field_type type;
    struct buf text;
};

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static struct values read_values(const char *path, enum set_kind kind)
{
    struct values values = {.type = kind == SET_ADDRESS ? TYPE_IP : TYPE_BYTES};
    const char *why = NULL;

    if (file_read(path, LIST_FILE_MAX, &values.text, &why) != 0) {
        fprintf(stderr, "%s: %s\n", path, why);
        exit(2);
    }
    struct view rest = buf_view(&values.text);
    values.items = memory_new(rest.len / 2 + 1, sizeof(*values.items));
    while (rest.len > 0) {
        size_t end = view_find_byte(rest, '\n');
        struct view line = view_slice(rest, 0, end);
        union value *value = &values.items[values.count++];
        unsigned bits;
        value->bytes = line;
        if (values.type == TYPE_IP && !address_parse_prefix(line, &value->ip, &bits))
            exit(2);
        rest = end == VIEW_NOT_FOUND ? view_skip(rest, rest.len) : view_skip(rest, end + 1);
    }
    return values;
}

/* Nanoseconds a look-up; `hits` receives how many found something. */
static double ask(struct matcher *m, const struct set_row *row, const struct values *values,
                  size_t *hits)
{
    uint32_t members[LOOKUP_MAX];
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);

    *hits = 0;
    for (size_t i = 0; i < values->count; i++)
        *hits += lookup_value(m, row, values->type, &values->items[i], members, 1) > 0;
    return (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9 / (double)values->count;
}

static size_t table_bytes(const struct ruleset *set)
{
    return set->set_slot_count * sizeof(*set->set_slots) +
           set->set_bloom_count * sizeof(*set->set_bloom) +
           set->set_end_count * sizeof(*set->set_ends) +
           set->set_fact_of_count * sizeof(*set->set_fact_of) +
           set->set_fact_count * sizeof(*set->set_facts) + set->set_note_count;
}

/* The peak of this program alone: what getrusage() tells begins with the parent's. */
static double peak_megabytes(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long peak = 0;

    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtoul(line + 6, NULL, 10);
    }
    if (status != NULL)
        fclose(status);
    return (double)peak / 1024;
}

int main(int argc, char **argv)
{
    struct diagnostics diagnostics;
    struct compile_stats stats;
    struct error error = {0};
    struct budget budget = {0};
    struct alert_sink sink = {NULL, NULL};
    size_t hits = 0, false_hits = 0;

    if (argc != 4)
        return 2;
    diagnostics_init(&diagnostics);
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    struct rules *rules = rules_new();
    if (rules_load(rules, argv[1], &diagnostics) != 0)
        return 2;
    rules_finish(rules, &diagnostics);
    double loaded = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    struct ruleset *set = compile_rules(rules, &diagnostics, &stats, &error);
    double compiled = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    if (set == NULL || set->set_count == 0 || diagnostics.errors > 0) {
        diagnostics_print(&diagnostics, stderr);
        return 2;
    }
    double peak = peak_megabytes();
    rules_free(rules);
    struct matcher *m = matcher_new(set, &budget, 0, &sink, &error);
    const struct set_row *row = &set->sets[0];
    struct values in = read_values(argv[2], (enum set_kind)row->kind);
    struct values out = read_values(argv[3], (enum set_kind)row->kind);
    double hit_ns = 1e9, miss_ns = 1e9;
    for (int i = 0; i < 3; i++) {
        hit_ns = fmin(hit_ns, ask(m, row, &in, &hits));
        miss_ns = fmin(miss_ns, ask(m, row, &out, &false_hits));
    }
    printf("%.3f %.3f %.1f %llu %zu %zu %.0f %.0f\n", loaded - start, compiled - loaded, peak,
           (unsigned long long)stats.set_entries, table_bytes(set), set->set_byte_count, hit_ns,
           miss_ns);
    if (hits != in.count || false_hits > out.count / 100) { /* prefixes may hold a miss */
        fprintf(stderr, "%zu of %zu values found, %zu of %zu others\n", hits, in.count, false_hits,
                out.count);
        return 1;
    }
    memory_free(in.items);
    memory_free(out.items);
    buf_clear(&in.text);
    buf_clear(&out.text);
    matcher_free(m);
    ruleset_release(set);
    diagnostics_clear(&diagnostics);
    return 0;
}
