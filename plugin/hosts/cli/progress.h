/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress bar: one line on standard error while a long run lasts, only on a terminal that can take it away again
 * (TERM is not dumb). Drawn by the reader, taken away by whoever writes lines there, in whatever thread. */
#ifndef SHRIKE_HOSTS_CLI_PROGRESS_H
#define SHRIKE_HOSTS_CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
    pthread_mutex_t lock;
    bool is_shown;              /* at all */
    bool is_drawn;              /* stands on the terminal */
    double started, last_drawn; /* seconds of the monotonic clock */
};

struct progress_state {
    uint64_t bytes_read, bytes_total; /* total 0: unknown */
    uint64_t packets, flows, alerts;
};

void progress_start(struct progress *progress, bool is_wanted);
/* Draws at most ten times a second. */
void progress_update(struct progress *progress, const struct progress_state *state);
/* Takes the line away until the next update. */
void progress_hide(struct progress *progress);
/* The same, and it is not drawn before progress_resume(): around writing lines to the terminal. */
void progress_pause(struct progress *progress);
void progress_resume(struct progress *progress);
/* Takes the line away for good. */
void progress_end(struct progress *progress);
double seconds_now(void);

#endif
