/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors and diagnostics: a sentence and a place.
 *
 * struct error        one failure of a call: what is wrong, filled by the callee, printed by the host.
 * struct diagnostics  all that is wrong with people's input (rules, lists): each with file, line and
 *                     column, so that one bad rule never hides another. Text is copied.
 */
#ifndef SHRIKE_BASE_ERROR_H
#define SHRIKE_BASE_ERROR_H

#include <stddef.h>
#include <stdio.h>

struct error {
    char text[512];
};

/* Always returns -1, so that `return error_set(...)` reads well. `error` may be NULL. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct place {
    const char *file; /* lives as long as the diagnostics' owner says; NULL when there is none */
    unsigned line;    /* from 1; 0 when unknown */
    unsigned column;  /* from 1; 0 when unknown */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct diagnostic {
    enum severity severity;
    const char
        *id; /* a stable short name of the check, for example "unknown-field" (static text) */
    char *file;
    unsigned line, column;
    char *text; /* what is wrong, what was expected */
    char *help; /* what to write instead; NULL when there is nothing to say */
};

struct diagnostics {
    struct diagnostic *items;
    size_t count;
    size_t errors;
    size_t warnings;
};

void diagnostics_init(struct diagnostics *diagnostics);
void diagnostics_clear(struct diagnostics *diagnostics);
/* Adds one; `help` may be NULL. Text over 1 KiB is cut. */
void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, const char *id,
                     struct place place, const char *help, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Adds those of `from` that have this id, and clears it. */
void diagnostics_take(struct diagnostics *diagnostics, struct diagnostics *from, const char *id);
/* By file name, line, column, text. */
void diagnostics_sort(struct diagnostics *diagnostics);
/* "file:line:column: error: text [id]" and "  help: ..." */
void diagnostics_print(const struct diagnostics *diagnostics, FILE *out);

#endif
