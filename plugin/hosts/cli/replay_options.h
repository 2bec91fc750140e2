/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of `shrike replay`: one table, from which parsing and --help are made. */
#ifndef SHRIKE_HOSTS_CLI_REPLAY_OPTIONS_H
#define SHRIKE_HOSTS_CLI_REPLAY_OPTIONS_H

#include "engine/pipeline.h"

enum { RULE_PATHS_MAX = 256 };

struct replay_options {
    const char *rules[RULE_PATHS_MAX];
    size_t rule_count;
    const char *eve;           /* NULL: none */
    const char *text;          /* alerts for people; NULL: none */
    const char *pcap_out;      /* NULL: none */
    size_t alert_budget_bytes; /* for its alerts; 0: 64 MiB */
    const char *filter;
    const char *sensor_name;
    bool recurse, keep_going, quiet, fail_on_alert;
    bool payload, payload_printable;
    bool no_community_id, no_stats;
    struct pipeline_options pipeline;
    char **captures;
    size_t capture_count;
};

/* Fills `options` from the command line. Returns -1 to go on, else the exit status. */
int replay_options_parse(struct replay_options *options, int argc, char **argv);

#endif
