/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress bar: one line on standard error while a long run lasts, only on a terminal. */
#ifndef SHRIKE_HOSTS_CLI_PROGRESS_H
#define SHRIKE_HOSTS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool is_shown;
    double started, last_drawn; /* seconds of the monotonic clock */
};

struct progress_state {
    uint64_t bytes_read, bytes_total; /* total 0: unknown */
    uint64_t packets, alerts;
};

void progress_start(struct progress *progress, bool is_wanted);
/* Draws at most ten times a second. */
void progress_update(struct progress *progress, const struct progress_state *state);
/* Takes the line away. */
void progress_end(struct progress *progress);
double seconds_now(void);

#endif
