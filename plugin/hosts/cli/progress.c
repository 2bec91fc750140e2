/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress bar: share done, time left, packets, rate, flows, alerts. The only wall clock of the command: nothing
 * it shows reaches an output. */
#include "hosts/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 24 };

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_start(struct progress *progress, bool is_wanted)
{
    *progress = (struct progress){.is_shown = is_wanted && isatty(STDERR_FILENO)};
    pthread_mutex_init(&progress->lock, NULL);
    progress->started = progress->last_drawn = seconds_now();
}

static void draw_bar(double share)
{
    char bar[BAR_CELLS + 1];
    int full = (int)(share * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "[%s] %3.0f %%  ", bar, share * 100);
}

static void draw(const struct progress_state *state, double spent)
{
    fputs("\r\033[K", stderr);
    if (state->bytes_total > 0) {
        double share = (double)state->bytes_read / (double)state->bytes_total;
        draw_bar(share > 1 ? 1 : share);
        if (share > 0.01)
            fprintf(stderr, "ETA %.0f s  ", spent / share - spent);
    }
    fprintf(stderr, "%.2f M packets  %.0f MB/s  %llu flows  %llu alerts",
            (double)state->packets / 1e6, (double)state->bytes_read / 1e6 / spent,
            (unsigned long long)state->flows, (unsigned long long)state->alerts);
    fflush(stderr);
}

void progress_update(struct progress *progress, const struct progress_state *state)
{
    if (!progress->is_shown)
        return;
    double now = seconds_now(), spent = now - progress->started;
    if (now - progress->last_drawn < 0.1)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->last_drawn = now;
    draw(state, spent);
    progress->is_drawn = true;
    pthread_mutex_unlock(&progress->lock);
}

/* With the lock. */
static void clear(struct progress *progress)
{
    if (progress->is_drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->is_drawn = false;
}

void progress_hide(struct progress *progress)
{
    if (!progress->is_shown)
        return;
    pthread_mutex_lock(&progress->lock);
    clear(progress);
    pthread_mutex_unlock(&progress->lock);
}

void progress_pause(struct progress *progress)
{
    if (!progress->is_shown)
        return;
    pthread_mutex_lock(&progress->lock);
    clear(progress);
}

void progress_resume(struct progress *progress)
{
    if (progress->is_shown)
        pthread_mutex_unlock(&progress->lock);
}

void progress_end(struct progress *progress)
{
    progress_hide(progress);
    progress->is_shown = false;
}
