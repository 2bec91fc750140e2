/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike check --test: the tests that rules carry.
 *
 * Idea       a test names a capture and how many alerts its rule raises in it, or how often it matches: then what
 *            suppression leaves out and `alert: false` hides counts, too. Each capture is replayed once, with all
 *            rules, however many tests name it; several at a time, each on one thread.
 * Found      a wrong count is an error at the test. A capture that is not there is a warning and counted as skipped,
 *            since captures are often not shipped with the rules. One that is a folder or a pipe fails its tests. A
 *            rule that no test saw alert may never alert at all: a test that was skipped has seen nothing.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "capture/capture.h"
#include "engine/pipeline.h"
#include "hosts/cli/check.h"

enum { RUNNERS_MAX = 16, BATCH_FRAMES = 256 };

/* A capture, and what was found in it. */
struct run {
    const char *path;
    bool is_there;
    uint64_t *alerts;   /* by number in the rule set; NULL when it was not read */
    uint64_t *matches;  /* likewise: how often it was true */
    struct error fault; /* "" when it was whole */
    struct error error; /* no pipeline could be made */
};

struct runs {
    struct ruleset *set;
    struct run *items;
    size_t count;
    atomic_size_t next; /* that nobody has taken yet */
};

/* ---- one capture ------------------------------------------------------------------------------------- */

/* An empty line for each alert: whether it is suppressed is only known when lines are merged. */
static void on_alert(void *context, struct chunk *chunk, const struct position *position,
                     const struct alert *alert)
{
    (void)context;
    (void)chunk_begin(chunk, position, 0);
    chunk_end_alert(chunk, alert, 0);
}

static void read_capture(struct run *run, struct capture *capture, struct pipeline *pipeline)
{
    struct frame frames[BATCH_FRAMES];
    struct error error;
    size_t count;

    for (;;) {
        enum capture_result result = capture_next(capture, frames, BATCH_FRAMES, &count, &error);
        if (result == CAPTURE_END || result == CAPTURE_INTERRUPTED)
            break;
        if (result == CAPTURE_BROKEN && run->fault.text[0] == '\0')
            run->fault = error;
        if (result == CAPTURE_FRAMES)
            pipeline_frames(pipeline, frames, count);
    }
    pipeline_finish(pipeline);
}

static void replay(const struct ruleset *set, struct run *run)
{
    const struct capture_options capture_options = {.filter = NULL};
    const struct pipeline_options options = {.threads = 1};
    const struct pipeline_host host = {.alert = on_alert, .write = line_discard};
    struct capture *capture = NULL;
    struct pipeline *pipeline = NULL;

    struct stat status;

    run->is_there = stat(run->path, &status) == 0;
    if (!run->is_there || !S_ISREG(status.st_mode))
        return;
    capture = capture_open_files(&run->path, 1, &capture_options, &run->error);
    if (capture != NULL)
        pipeline = pipeline_new(set, &options, &host, &run->error);
    if (pipeline != NULL) {
        read_capture(run, capture, pipeline);
        run->alerts = memory_new(ruleset_count(set) + 1, sizeof(*run->alerts));
        run->matches = memory_new(ruleset_count(set) + 1, sizeof(*run->matches));
        for (size_t i = 0; i < ruleset_count(set); i++) {
            run->alerts[i] = pipeline_rule_alerts(pipeline, i);
            run->matches[i] = pipeline_rule_held(pipeline, i);
        }
    }
    pipeline_free(pipeline);
    capture_close(capture);
}

/* ---- all of them ------------------------------------------------------------------------------------- */

static void *runner(void *context)
{
    struct runs *runs = context;
    size_t at;

    while ((at = atomic_fetch_add(&runs->next, 1)) < runs->count)
        replay(runs->set, &runs->items[at]);
    return NULL;
}

static void replay_all(struct runs *runs)
{
    pthread_t threads[RUNNERS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = cores > 1 ? (size_t)cores - 1 : 0; /* this thread runs, too */
    size_t started = 0;

    while (started < wanted && started < RUNNERS_MAX && started + 1 < runs->count &&
           pthread_create(&threads[started], NULL, runner, runs) == 0)
        started++;
    (void)runner(runs);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* A capture's name is relative to the rule's file. */
static const char *path_of(struct rules *rules, const struct rule *rule,
                           const struct rule_test *test)
{
    const char *slash = strrchr(rule->place.file, '/');

    if (test->pcap[0] == '/' || slash == NULL)
        return test->pcap;
    return arena_format(rules->arena, "%.*s/%s", (int)(slash - rule->place.file), rule->place.file,
                        test->pcap);
}

static int compare_runs(const void *a, const void *b)
{
    return strcmp(((const struct run *)a)->path, ((const struct run *)b)->path);
}

static void collect(struct rules *rules, struct test_report *report, struct runs *runs)
{
    size_t most = 0;

    for (size_t i = 0; i < rules->count; i++)
        most += rules->items[i]->test_count;
    report->results = arena_array(rules->arena, most + 1, sizeof(*report->results));
    runs->items = arena_array(rules->arena, most + 1, sizeof(*runs->items));
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = rules->items[i];
        for (size_t t = 0; t < rule->test_count; t++) {
            const struct rule_test *test = &rule->tests[t];
            const char *path = path_of(rules, rule, test);
            report->results[report->count++] =
                (struct test_result){.rule = rule, .test = test, .path = path};
            runs->items[runs->count++].path = path;
        }
    }
    if (runs->count > 1)
        qsort(runs->items, runs->count, sizeof(*runs->items), compare_runs);
    size_t kept = 0;
    for (size_t i = 0; i < runs->count; i++) {
        if (kept == 0 || strcmp(runs->items[kept - 1].path, runs->items[i].path) != 0)
            runs->items[kept++] = runs->items[i];
    }
    runs->count = kept;
}

/* ---- what it means ------------------------------------------------------------------------------------ */

/* Number in the rule set; SIZE_MAX when it could not be compiled. It is sought from `*from` on, which moves along: but for
 * rules with marks both are in one order. */
static size_t number_of(const struct ruleset *set, const struct rule *rule, size_t *from)
{
    size_t count = ruleset_count(set);

    for (size_t n = 0; n < count; n++) {
        size_t i = (*from + n) % count;
        const struct rule_info *info = ruleset_rule(set, i);
        if (info->line == rule->place.line && strcmp(info->file, rule->place.file) == 0) {
            *from = i;
            return i;
        }
    }
    return SIZE_MAX;
}

static void fail(struct test_result *result, struct diagnostics *diagnostics, const char *why)
{
    result->outcome = TEST_FAILED;
    diagnostics_add(diagnostics, SEVERITY_ERROR, "test-failed", result->test->place, NULL, "%s",
                    why);
}

static void fail_count(struct test_result *result, struct diagnostics *diagnostics,
                       const char *does, const char *unit, uint64_t found, uint64_t expected)
{
    char why[512];

    snprintf(why, sizeof(why), "`%s` %s %llu %s in `%s`, expected %llu", result->rule->title, does,
             (unsigned long long)found, unit, result->test->pcap, (unsigned long long)expected);
    fail(result, diagnostics, why);
}

static void judge(struct test_result *result, const struct run *run, size_t number,
                  struct diagnostics *diagnostics)
{
    const struct rule_test *test = result->test;
    char why[512];

    if (!run->is_there) {
        result->outcome = TEST_SKIPPED;
        diagnostics_add(diagnostics, SEVERITY_WARNING, "test-skipped", test->place,
                        "names are relative to the rule's file",
                        "skipped: there is no capture `%s`", test->pcap);
        return;
    }
    if (run->alerts == NULL) {
        snprintf(why, sizeof(why), "`%s` %s", test->pcap,
                 run->error.text[0] != '\0' ? "could not be replayed"
                                            : "is no file: a test names one capture");
        fail(result, diagnostics, why);
        return;
    }
    if (run->fault.text[0] != '\0')
        diagnostics_add(diagnostics, SEVERITY_NOTE, "test-capture", test->place, NULL,
                        "the capture is not whole: %s", run->fault.text);
    result->alerts = number == SIZE_MAX ? 0 : run->alerts[number];
    result->matches = number == SIZE_MAX ? 0 : run->matches[number];
    bool alerts_differ = test->has_alerts && (number == SIZE_MAX || result->alerts != test->alerts);
    bool matches_differ =
        test->has_matches && (number == SIZE_MAX || result->matches != test->matches);
    result->outcome = TEST_PASSED;
    if (alerts_differ)
        fail_count(result, diagnostics, "raises", "alert(s)", result->alerts, test->alerts);
    if (matches_differ)
        fail_count(result, diagnostics, "matches", "time(s)", result->matches, test->matches);
}

/* Which tests of a rule are there to see it alert or match. */
struct sight {
    bool is_asked; /* one says that it does */
    bool is_run;   /* and its capture was there */
};

static struct sight sight_of(const struct rule *rule, const struct test_result *results)
{
    struct sight sight = {false, false};

    for (size_t t = 0; t < rule->test_count; t++) {
        bool is_asked = rule->tests[t].alerts > 0 || rule->tests[t].matches > 0;
        sight.is_asked |= is_asked;
        sight.is_run |= is_asked && results[t].outcome != TEST_SKIPPED;
    }
    return sight;
}

/* Results stand in the order of the rules and of their tests. */
static void tell_untested(const struct rules *rules, struct test_report *report,
                          struct diagnostics *diagnostics)
{
    const struct test_result *results = report->results;

    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = rules->items[i];
        const struct sight sight = sight_of(rule, results);
        results += rule->test_count;
        if (sight.is_run)
            continue;
        report->untested++;
        diagnostics_add(diagnostics, SEVERITY_WARNING, "untested", rule->place,
                        sight.is_asked ? "bring the captures, or name one that is there"
                                       : "write `shrike: {tests: [{pcap: x.pcap, alerts: 1}]}`",
                        sight.is_asked         ? "`%s` was not tested: its captures are not there"
                        : rule->test_count > 0 ? "`%s` has no test in which it alerts or matches"
                                               : "`%s` has no tests",
                        rule->title);
    }
}

int check_run_tests(struct rules *rules, struct ruleset *set, struct diagnostics *diagnostics,
                    struct test_report *report, struct error *error)
{
    struct runs runs = {.set = set};
    size_t from = 0;
    int status = 0;

    *report = (struct test_report){.count = 0};
    collect(rules, report, &runs);
    replay_all(&runs);
    for (size_t i = 0; i < report->count; i++) {
        struct test_result *result = &report->results[i];
        const struct run key = {.path = result->path};
        const struct run *run =
            bsearch(&key, runs.items, runs.count, sizeof(*runs.items), compare_runs);
        if (run->error.text[0] != '\0')
            status = error_set(error, "%s", run->error.text);
        judge(result, run, number_of(set, result->rule, &from), diagnostics);
        report->outcomes[result->outcome]++;
    }
    tell_untested(rules, report, diagnostics);
    for (size_t i = 0; i < runs.count; i++) {
        memory_free(runs.items[i].alerts);
        memory_free(runs.items[i].matches);
    }
    return status;
}
