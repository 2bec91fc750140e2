/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of `shrike check` share: what was asked, what was found, and the forms it is told in. */
#ifndef SHRIKE_HOSTS_CLI_CHECK_H
#define SHRIKE_HOSTS_CLI_CHECK_H

#include "base/buf.h"
#include "compile/compile.h"
#include "sigma/rules.h"

enum check_format { CHECK_TEXT, CHECK_JSON, CHECK_SARIF };

struct check_options {
    enum check_format format;
    bool is_quiet, is_strict;
    bool is_test;        /* --test */
    const char *explain; /* --explain RULE */
};

/* All that a run found out. */
struct check_report {
    const struct check_options *options;
    const struct rules *rules;
    const struct diagnostics *diagnostics;
    const struct compile_stats *stats;
    size_t loaded;                   /* rules that can match */
    const struct test_report *tests; /* NULL without --test */
};

/* One capture of one rule's tests. */
enum test_outcome { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

struct test_result {
    const struct rule *rule;
    const struct rule_test *test;
    const char *path; /* of the capture, relative to where the command runs */
    enum test_outcome outcome;
    uint64_t alerts, matches; /* 0 when skipped */
};

struct test_report {
    struct test_result *results;
    size_t count;
    size_t outcomes[3]; /* by enum test_outcome */
    size_t untested;    /* rules without a test, or with none in which they alert */
};

/* Whether a diagnostic is told: of --quiet runs errors alone. */
bool check_tells(const struct check_report *report, const struct diagnostic *diagnostic);

/* check_report.c: the whole report, as text or JSON; check_sarif.c: SARIF 2.1.0. */
void check_write_text(const struct check_report *report);
void check_write_json(struct buf *out, const struct check_report *report);
void check_write_sarif(struct buf *out, const struct check_report *report);
/* --list-checks: the table of checks as text, json or markdown; false when the format is another. */
bool check_list(const char *format);

/* check_tests.c: replays the captures of all rules' tests against all rules; what fails and what is missing becomes a
 * diagnostic at its test. Returns -1 with `error` set when a run cannot be made. */
int check_run_tests(struct rules *rules, struct ruleset *set, struct diagnostics *diagnostics,
                    struct test_report *report, struct error *error);

/* check_explain.c: what the rule named so (by id, sid or title) compiles to. Returns the exit status. */
int check_explain(const struct rules *rules, const struct check_options *options,
                  struct diagnostics *diagnostics);

#endif
