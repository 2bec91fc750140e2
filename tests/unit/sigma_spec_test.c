/* SPDX-License-Identifier: BSD-3-Clause */
/* The specification's constructs: each one of sigma_spec.def works, or is refused by the check that names it. */
#include "unit/rule_load.h"

#include <ctype.h>

enum { TEXT_MAX = 4096 };

#define HEAD "title: t@id: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3c@level: high@"
#define BODY "detection: {s: {c-uri: /news.php}, condition: s}@"
#define META(line)                                                                                 \
    "level: high@id: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3c@logsource: {category: proxy}@" BODY line \
    "@"
#define SOURCE(text)     HEAD "logsource: " text "@detection: {s: {src_ip: 10.0.0.1}, condition: s}@"
#define DETECT(lines)    HEAD "logsource: {category: proxy}@detection:@  " lines "@"
#define ASK(line)        DETECT("s:@    " line "@  condition: s")
#define FILTER(lines)    "title: t@description: d@logsource: {category: proxy}@filter:@  " lines "@"
#define CORRELATE(lines) HEAD "correlation:@  " lines "@"

static const struct {
    const char *construct, *document, *outcome;
} ROWS[] = {
#define SPEC(construct, document, outcome) {construct, document, outcome},
#include "unit/sigma_spec.def"
#undef SPEC
};

/* What filters and correlations name, and the list that placeholders do. */
static const char OTHERS[] =
    "---@title: r@id: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a@name: the_rule@level: low@"
    "logsource: {category: proxy}@detection: {s: {c-uri|contains: evil}, condition: s}@"
    "---@title: d@id: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3b@name: dns_rule@level: low@"
    "logsource: {category: dns}@detection: {s: {query|contains: evil}, condition: s}@"
    "---@list: names@type: string@values: [a, b]@";

static bool has_check(const struct loaded *loaded, const char *id)
{
    for (size_t i = 0; i < loaded->diagnostics.count; i++) {
        if (strcmp(loaded->diagnostics.items[i].id, id) == 0)
            return true;
    }
    return false;
}

/* Documents that were kept or counted as sound. */
static size_t kept(const struct loaded *loaded)
{
    return loaded->rules->count + loaded->rules->filter_count;
}

static bool is_as_said(size_t row)
{
    const char *outcome = ROWS[row].outcome;
    char text[TEXT_MAX];

    /* a collection ends with its file, so what others name comes before it */
    if (snprintf(text, sizeof(text), "%s---@%s", OTHERS + 4, ROWS[row].document) >= TEXT_MAX)
        fail();
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '@' ? '\n' : *c;
    struct loaded loaded = load(text);
    bool is_good;
    if (outcome[0] == '\0')
        is_good = loaded.diagnostics.count == 0 && kept(&loaded) == 3;
    else if (outcome[0] == '~')
        is_good =
            loaded.diagnostics.errors == 0 && has_check(&loaded, outcome + 1) && kept(&loaded) >= 3;
    else
        is_good = has_check(&loaded, outcome) && kept(&loaded) == 2;
    if (!is_good) {
        fprintf(stderr, "%s: expected '%s', and there were\n", ROWS[row].construct, outcome);
        diagnostics_print(&loaded.diagnostics, stderr);
    }
    unload(&loaded);
    return is_good;
}

static void constructs_work_or_are_refused_by_name(void **state)
{
    (void)state;
    size_t wrong = 0, works = 0, count = sizeof(ROWS) / sizeof(ROWS[0]);

    for (size_t i = 0; i < count; i++) {
        wrong += !is_as_said(i);
        works += ROWS[i].outcome[0] == '\0' || ROWS[i].outcome[0] == '~';
    }
    printf("%zu constructs: %zu work, %zu are refused\n", count, works, count - works);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constructs_work_or_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
