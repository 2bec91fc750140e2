/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike: finds its command in a table and runs it. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hs/hs.h>
#include <pcap/pcap.h>

#include "base/readable.h"
#include "hosts/cli/cli.h"

const struct command COMMANDS[] = {
    {"replay", replay_command, "match captures against rules and write alerts"},
    {"check", check_command, "check rule files and report all that is wrong with them"},
    {"import", import_command, "turn STIX, MISP, CSV and other indicators into lists and rules"},
    {"fields", fields_command, "list the events and fields that rules can use"},
    {"schema", schema_command, "print a JSON Schema of rule files, for editors"},
    {"version", version_command, "print the version and those of the libraries in use"},
    {NULL, NULL, NULL},
};

static void print_help(FILE *out)
{
    fputs("shrike " SHRIKE_VERSION ": finds camouflaged command-and-control in packets\n\n"
          "usage: shrike COMMAND [OPTION]... [FILE]...\n\ncommands:\n",
          out);
    for (const struct command *command = COMMANDS; command->name != NULL; command++)
        fprintf(out, "  %-9s %s\n", command->name, command->summary);
    fputs("\n`shrike COMMAND --help` lists a command's options.\n", out);
}

static void message_list(const char *command, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void message_list(const char *command, const char *format, va_list args)
{
    char text[2048];

    vsnprintf(text, sizeof(text), format, args);
    fprintf(stderr, "shrike%s%s: ", command != NULL ? " " : "", command != NULL ? command : "");
    readable_print(stderr, text);
    fputc('\n', stderr);
}

void message(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    message_list(command, format, args);
    va_end(args);
}

int usage_error(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    message_list(command, format, args);
    va_end(args);
    fprintf(stderr, "`shrike %s --help` lists the options.\n", command);
    return STATUS_USAGE;
}

bool stream_has_colour(FILE *stream)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    if (no_colour != NULL && no_colour[0] != '\0')
        return false;
    return isatty(fileno(stream)) && term != NULL && strcmp(term, "dumb") != 0;
}

int version_command(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("shrike %s\nHyperscan %s\n%s\n", SHRIKE_VERSION, hs_version(), pcap_lib_version());
    return STATUS_OK;
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return STATUS_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version_command(argc - 1, argv + 1);
    for (const struct command *command = COMMANDS; command->name != NULL; command++) {
        if (strcmp(argv[1], command->name) == 0)
            return command->run(argc - 1, argv + 1);
    }
    message(NULL, "there is no command '%s'", argv[1]);
    fputs("`shrike --help` lists the commands.\n", stderr);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error, counted like any other */
    int status = run_command(argc, argv);

    /* What the commands print themselves; the lines of replay go by their sinks. */
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    message(NULL, "standard output: write failed: %s", strerror(errno));
    return STATUS_OUTPUT;
}
