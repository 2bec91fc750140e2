/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole file: an output that stands under its name only when it is finished.
 *
 * What is written goes to a file beside it, ".NAME.PID.part", which takes the name at the end: an old file
 * of that name is whole until then, and a run that fails leaves it alone. A link stays, what it points at
 * is replaced. What is no regular file (standard output, a pipe, a device) is written as it comes.
 */
#ifndef SHRIKE_OUTPUT_WHOLE_FILE_H
#define SHRIKE_OUTPUT_WHOLE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct whole_file {
    FILE *file;
    const char *name;    /* as given, for messages; the caller's */
    char path[PATH_MAX]; /* where it will stand; empty: written as it comes */
    char part[PATH_MAX]; /* where it stands until then */
};

/* Where an output of this name stands or would stand, links followed; -1 with errno when that cannot be
 * said. */
int whole_file_place(const char *name, char path[PATH_MAX]);

/* "-" is standard output. */
int whole_file_open(struct whole_file *whole, const char *name, struct error *error);
/* Closes it and gives it its name; -1 when something was not written: then it is gone. */
int whole_file_close(struct whole_file *whole, struct error *error);
/* Closes it and takes it away, unless it is closed. */
void whole_file_discard(struct whole_file *whole);

#endif
