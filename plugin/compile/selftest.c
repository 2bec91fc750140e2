/* SPDX-License-Identifier: BSD-3-Clause */
/* Self-test: can this machine and this Hyperscan be trusted with rules?
 *
 * Why        Vectorscan 5.4.9 gave wrong answers on AVX-512 machines (negated classes and long
 *            repeats), and a library that loses matches in silence is worse than none. That
 *            version is refused by name; every other one has to answer a table of pattern and
 *            buffer right, in block and in streaming mode, before a rule is compiled.
 */
#include "compile/builder.h"

struct probe {
    const char *pattern;
    unsigned flags;
    const char *prefix; /* the buffer: prefix, `fill` times `filler`, suffix */
    char filler;
    size_t fill;
    const char *suffix;
    bool is_match;
};

enum { DOT = HS_FLAG_DOTALL, NOCASE = HS_FLAG_CASELESS, BUFFER_MAX = 2048 };

static const struct probe PROBES[] = {
    {"\\x47\\x45\\x54", 0, "x", 'y', 100, "GET", true},
    {"\\x47\\x45\\x54", 0, "x", 'y', 100, "get", false},
    {"\\x47\\x45\\x54", NOCASE, "x", 'y', 100, "get", true},
    {"abcdefgh", 0, "abcdefg", 'h', 1, "", true},
    {"abcdefgh", 0, "abcdefg", 'x', 64, "h", false},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, "", 'a', 40, "", true},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, "", 'a', 39, "b", false},
    {"^\\x16\\x03", 0, "\x16\x03", 'z', 5, "", true},
    {"^\\x16\\x03", 0, "z\x16\x03", 'z', 5, "", false},
    {"\\x2e\\x70\\x68\\x70\\z", 0, "/", 'i', 70, ".php", true},
    {"\\x2e\\x70\\x68\\x70\\z", 0, "/.php", 'i', 70, "", false},
    {"^abcd\\z", 0, "abcd", 'x', 0, "", true},
    {"^abcd\\z", 0, "abcd", 'x', 1, "", false},
    {"a[^\\r\\n]*b", 0, "a", 'x', 200, "b", true},
    {"a[^\\r\\n]*b", 0, "a", 'x', 200, "\nb", false},
    {"a[^\\r\\n]*b", 0, "a", 'x', 63, "\rb", false},
    {"a[^\\r\\n]*b", 0, "\ra", 'x', 127, "b", true},
    {"[^\\s]{100}", 0, " ", 'q', 100, " ", true},
    {"[^\\s]{100}", 0, " ", 'q', 99, " ", false},
    {"^[^\\x0a]{501}", 0, "", 'k', 501, "", true},
    {"^[^\\x0a]{501}", 0, "", 'k', 500, "\n", false},
    {"^[^\\x0a]{501}", 0, "\n", 'k', 600, "", false},
    {"[^a-z]{65}", 0, "abc", 'A', 65, "abc", true},
    {"[^a-z]{65}", 0, "abc", 'A', 64, "abc", false},
    {"[0-9a-f]{32}", 0, "x", '7', 32, "x", true},
    {"[0-9a-f]{32}", 0, "x", '7', 31, "x", false},
    {"cmd=.*exec", DOT, "cmd=", '\n', 300, "exec", true},
    {"cmd=.*exec", 0, "cmd=", '\n', 300, "exec", false},
    {"one|two|three", 0, "", '-', 31, "three", true},
    {"one|two|three", 0, "", '-', 31, "thre", false},
    {"^.{16}\\xde\\xad", DOT, "", 'p', 16, "\xde\xad", true},
    {"^.{16}\\xde\\xad", DOT, "", 'p', 17, "\xde\xad", false},
    {"(?i)uSeR[^:]{1,16}:", 0, "user", '-', 16, ":", true},
    {"(?i)uSeR[^:]{1,16}:", 0, "user", '-', 17, ":", false},
};

enum { PROBE_COUNT = sizeof(PROBES) / sizeof(PROBES[0]) };

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
    (void)from, (void)to, (void)flags;
    bool *seen = context;
    seen[id] = true;
    return 0;
}

static size_t fill_buffer(const struct probe *probe, char *buffer)
{
    size_t prefix = strlen(probe->prefix);
    size_t suffix = strlen(probe->suffix);
    memcpy(buffer, probe->prefix, prefix);
    memset(buffer + prefix, probe->filler, probe->fill);
    memcpy(buffer + prefix + probe->fill, probe->suffix, suffix);
    return prefix + probe->fill + suffix;
}

/* The first probe with the same pattern: neighbours share one. */
static unsigned first_like(unsigned number)
{
    while (number > 0 && PROBES[number - 1].flags == PROBES[number].flags &&
           strcmp(PROBES[number - 1].pattern, PROBES[number].pattern) == 0)
        number--;
    return number;
}

/* All patterns in one database against each buffer; only the probe's own pattern is judged. */
static hs_database_t *build(unsigned mode, struct error *error)
{
    const char *expressions[PROBE_COUNT];
    unsigned flags[PROBE_COUNT];
    unsigned ids[PROBE_COUNT];
    unsigned count = 0;
    hs_database_t *database = NULL;
    hs_compile_error_t *failure = NULL;

    for (unsigned i = 0; i < PROBE_COUNT; i++) {
        if (first_like(i) != i)
            continue;
        expressions[count] = PROBES[i].pattern;
        flags[count] = PROBES[i].flags | HS_FLAG_SINGLEMATCH;
        ids[count++] = i;
    }
    if (hs_compile_multi(expressions, flags, ids, count, mode, NULL, &database, &failure) !=
        HS_SUCCESS) {
        error_set(error, "Hyperscan cannot compile the self-test: %s",
                  failure ? failure->message : "no reason given");
        hs_free_compile_error(failure);
        return NULL;
    }
    return database;
}

static hs_error_t scan(const hs_database_t *database, unsigned mode, hs_scratch_t *scratch,
                       const char *buffer, size_t len, bool *seen)
{
    if (mode == HS_MODE_BLOCK)
        return hs_scan(database, buffer, (unsigned)len, 0, scratch, on_match, seen);
    hs_stream_t *stream = NULL;
    hs_error_t rc = hs_open_stream(database, 0, &stream);
    if (rc != HS_SUCCESS)
        return rc;
    for (size_t at = 0; at < len && rc == HS_SUCCESS; at += 7) {
        size_t step = len - at < 7 ? len - at : 7;
        rc = hs_scan_stream(stream, buffer + at, (unsigned)step, 0, scratch, on_match, seen);
    }
    hs_error_t closed = hs_close_stream(stream, scratch, on_match, seen);
    return rc != HS_SUCCESS ? rc : closed;
}

static int run_mode(unsigned mode, struct error *error)
{
    hs_scratch_t *scratch = NULL;
    char buffer[BUFFER_MAX];
    int result = -1;
    hs_database_t *database = build(mode, error);

    if (database == NULL)
        return -1;
    hs_error_t rc = hs_alloc_scratch(database, &scratch);
    if (rc != HS_SUCCESS) {
        error_set(error, "Hyperscan gives no scratch space (error %d)", rc);
        goto out;
    }
    for (unsigned i = 0; i < PROBE_COUNT; i++) {
        bool seen[PROBE_COUNT] = {false};
        size_t len = fill_buffer(&PROBES[i], buffer);
        rc = scan(database, mode, scratch, buffer, len, seen);
        if (rc != HS_SUCCESS || seen[first_like(i)] != PROBES[i].is_match) {
            error_set(error,
                      "Hyperscan %s gives wrong answers on this machine: pattern %s, buffer %u "
                      "(error %d). Install Intel's Hyperscan 5.4.0 to 5.4.2",
                      hs_version(), PROBES[i].pattern, i, rc);
            goto out;
        }
    }
    result = 0;
out:
    hs_free_scratch(scratch);
    hs_free_database(database);
    return result;
}

int selftest_run(struct error *error)
{
    if (hs_valid_platform() != HS_SUCCESS)
        return error_set(error, "this CPU lacks SSSE3, which Hyperscan needs");
    if (strncmp(hs_version(), "5.4.9", 5) == 0)
        return error_set(error,
                         "the library is Vectorscan %s, which loses matches on AVX-512 machines; "
                         "install Intel's Hyperscan 5.4.0 to 5.4.2 (libhyperscan5)",
                         hs_version());
    if (run_mode(HS_MODE_BLOCK, error) != 0)
        return -1;
    return run_mode(HS_MODE_STREAM, error);
}
