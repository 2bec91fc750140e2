/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors and diagnostics: formatting, a growing list, a stable order. */
#include "base/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/readable.h"

int error_set(struct error *error, const char *format, ...)
{
    va_list args;

    if (error == NULL)
        return -1;
    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return -1;
}

void diagnostics_init(struct diagnostics *diagnostics)
{
    *diagnostics = (struct diagnostics){0};
}

void diagnostics_clear(struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        memory_free(diagnostics->items[i].file);
        memory_free(diagnostics->items[i].text);
        memory_free(diagnostics->items[i].help);
    }
    memory_free(diagnostics->items);
    diagnostics_init(diagnostics);
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, const char *id,
                     struct place place, const char *help, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if ((diagnostics->count & (diagnostics->count - 1)) == 0) { /* full at each power of two */
        size_t capacity = diagnostics->count ? diagnostics->count * 2 : 1;
        diagnostics->items =
            memory_resize(diagnostics->items, capacity, sizeof(*diagnostics->items));
    }
    diagnostics->items[diagnostics->count++] = (struct diagnostic){
        .severity = severity,
        .id = id,
        .file = place.file ? memory_copy_string(place.file) : NULL,
        .line = place.line,
        .column = place.column,
        .text = memory_copy_string(text),
        .help = help ? memory_copy_string(help) : NULL,
    };
    diagnostics->errors += severity == SEVERITY_ERROR;
    diagnostics->warnings += severity == SEVERITY_WARNING;
}

void diagnostics_take(struct diagnostics *diagnostics, struct diagnostics *from, const char *id)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct diagnostic *d = &from->items[i];
        if (strcmp(d->id, id) == 0)
            diagnostics_add(diagnostics, d->severity, d->id,
                            (struct place){d->file, d->line, d->column}, d->help, "%s", d->text);
    }
    diagnostics_clear(from);
}

static int compare(const void *left, const void *right)
{
    const struct diagnostic *a = left, *b = right;
    int order = strcmp(a->file ? a->file : "", b->file ? b->file : "");
    if (order != 0)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return strcmp(a->text, b->text);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
    if (diagnostics->count > 1)
        qsort(diagnostics->items, diagnostics->count, sizeof(*diagnostics->items), compare);
}

void diagnostics_print(const struct diagnostics *diagnostics, FILE *out)
{
    static const char *const names[] = {"error", "warning", "note"};
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *d = &diagnostics->items[i];
        if (d->file != NULL) {
            readable_print(out, d->file);
            fputc(':', out);
        }
        if (d->line > 0)
            fprintf(out, "%u:%u:", d->line, d->column);
        fprintf(out, "%s%s: ", d->file ? " " : "", names[d->severity]);
        readable_print(out, d->text);
        fprintf(out, " [%s]\n", d->id);
        if (d->help != NULL) {
            fputs("  help: ", out);
            readable_print(out, d->help);
            fputc('\n', out);
        }
    }
}
