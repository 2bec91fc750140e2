/* SPDX-License-Identifier: BSD-3-Clause */
/* Every file of tests/rules/bad gives exactly the messages of tests/rules/bad/EXPECTED: their place, severity,
 * sentence (its beginning is enough) and name, and every error says what to write instead or cannot. */
#include "unit/rule_load.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/memory.h"
#include "compile/compile.h"

#ifndef TESTS_DIR
#    define TESTS_DIR "tests"
#endif
#define FOLDER TESTS_DIR "/rules/bad"

enum { FILES_MAX = 256, LINES_MAX = 1024 };

struct expected {
    char *lines[LINES_MAX];
    bool is_seen[LINES_MAX];
    size_t count;
};

static void read_expected(struct expected *expected)
{
    char line[2048];
    FILE *file = fopen(FOLDER "/EXPECTED", "r");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        assert_true(expected->count < LINES_MAX);
        expected->lines[expected->count++] = memory_copy_string(line);
    }
    fclose(file);
}

static size_t list_files(char names[FILES_MAX][256])
{
    size_t count = 0;
    struct dirent *entry;
    DIR *dir = opendir(FOLDER);

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (!view_ends(view_from_string(entry->d_name), VIEW(".yml")))
            continue;
        assert_true(count < FILES_MAX);
        snprintf(names[count++], 256, "%s", entry->d_name);
    }
    closedir(dir);
    return count;
}

/* "name.yml:7:5: error: text [id]": the diagnostic may say more between text and id. */
static bool fits(const char *line, const struct diagnostic *d)
{
    static const char *const SEVERITIES[] = {"error", "warning", "note"};
    char head[2048], id[128];
    const char *name = strrchr(d->file, '/') ? strrchr(d->file, '/') + 1 : d->file;
    const char *bracket = strrchr(line, '[');

    assert_non_null(bracket);
    snprintf(head, sizeof(head), "%s:%u:%u: %s: %s", name, d->line, d->column,
             SEVERITIES[d->severity], d->text);
    snprintf(id, sizeof(id), "[%s]", d->id);
    size_t len = (size_t)(bracket - line);
    while (len > 0 && line[len - 1] == ' ')
        len--;
    return strncmp(head, line, len) == 0 && strcmp(bracket, id) == 0;
}

/* Loads one file by itself; returns how many messages nobody expected. */
static size_t check_file(struct expected *expected, const char *name)
{
    char path[1024];
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;
    size_t surprises = 0;

    diagnostics_init(&diagnostics);
    snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
    assert_int_equal(rules_load(rules, path, &diagnostics), 0);
    rules_finish(rules, &diagnostics);
    rules_lint(rules, &diagnostics);
    ruleset_release(compile_rules(rules, &diagnostics, NULL, NULL));
    diagnostics_sort(&diagnostics);
    assert_true(diagnostics.count > 0);
    for (size_t i = 0; i < diagnostics.count; i++) {
        size_t at = 0;
        assert_true(diagnostics.items[i].line > 0 && diagnostics.items[i].column > 0);
        while (at < expected->count &&
               (expected->is_seen[at] || !fits(expected->lines[at], &diagnostics.items[i])))
            at++;
        if (at < expected->count) {
            expected->is_seen[at] = true;
            continue;
        }
        struct diagnostics one = {.items = &diagnostics.items[i], .count = 1};
        fprintf(stderr, "not expected: ");
        diagnostics_print(&one, stderr);
        surprises++;
    }
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return surprises;
}

static void broken_files_give_the_expected_messages(void **state)
{
    (void)state;
    static char names[FILES_MAX][256];
    static struct expected expected;
    size_t surprises = 0, missing = 0;

    read_expected(&expected);
    size_t count = list_files(names);
    assert_true(count >= 100);
    for (size_t i = 0; i < count; i++)
        surprises += check_file(&expected, names[i]);
    for (size_t i = 0; i < expected.count; i++) {
        if (!expected.is_seen[i]) {
            fprintf(stderr, "missing: %s\n", expected.lines[i]);
            missing++;
        }
        memory_free(expected.lines[i]);
    }
    assert_int_equal(surprises, 0);
    assert_int_equal(missing, 0);
}

/* A folder at once: what is wrong in one file never hides another. */
static void one_broken_file_does_not_hide_another(void **state)
{
    (void)state;
    static char names[FILES_MAX][256];
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;

    diagnostics_init(&diagnostics);
    assert_int_equal(rules_load(rules, FOLDER, &diagnostics), 0);
    assert_int_equal(rules->files, list_files(names));
    rules_finish(rules, &diagnostics);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
}

static void a_path_that_is_not_there_is_a_failure(void **state)
{
    (void)state;
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;

    diagnostics_init(&diagnostics);
    assert_int_equal(rules_load(rules, FOLDER "/no-such-file.yml", &diagnostics), -1);
    assert_int_equal(diagnostics.errors, 1);
    assert_string_equal(diagnostics.items[0].id, "cannot-read");
    assert_int_equal(rules_load(rules, "/dev/null", &diagnostics), -1);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_files_give_the_expected_messages),
        cmocka_unit_test(one_broken_file_does_not_hide_another),
        cmocka_unit_test(a_path_that_is_not_there_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
