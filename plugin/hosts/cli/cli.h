/* SPDX-License-Identifier: BSD-3-Clause */
/* The command `shrike`: one file a command, a table of commands in main.c. */
#ifndef SHRIKE_HOSTS_CLI_CLI_H
#define SHRIKE_HOSTS_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses, as the manual page has them. */
enum exit_status {
    STATUS_OK = 0,       /* done; nothing found, or nobody asked */
    STATUS_FOUND = 1,    /* replay --fail-on-alert: alerts; check: errors in rules */
    STATUS_USAGE = 2,    /* wrong options, or rules that cannot be used */
    STATUS_INPUT = 3,    /* a capture could not be read to its end; the others were */
    STATUS_OUTPUT = 4,   /* output was lost */
    STATUS_SIGNAL = 128, /* plus the signal's number: replay was interrupted */
};

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

extern const struct command COMMANDS[]; /* ends with name NULL */

int replay_command(int argc, char **argv);
int check_command(int argc, char **argv);
int import_command(int argc, char **argv);
int fields_command(int argc, char **argv);
int schema_command(int argc, char **argv);
int version_command(int argc, char **argv);

/* "shrike COMMAND: text" on stderr, a line; what names of files and the like hold is made readable first.
 * `command` may be NULL. */
void message(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "shrike NAME: message" and a hint to --help on stderr; returns STATUS_USAGE. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Colours on this stream: a terminal, TERM is not dumb, NO_COLOR is not set (no-color.org). */
bool stream_has_colour(FILE *stream);

#endif
