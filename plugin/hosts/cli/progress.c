/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress bar: share done, time left, packets, rate, flows, alerts. The only wall clock of the command: nothing
 * it shows reaches an output.
 *
 * Width      a line that is longer than the terminal is wide would be broken, and only its last part taken away by the
 *            next one. So parts are left out, those first that say least.
 */
#include "hosts/cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
    const char *term = getenv("TERM");
    bool is_able = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;

    *progress = (struct progress){.is_shown = is_wanted && is_able};
    pthread_mutex_init(&progress->lock, NULL);
    progress->started = progress->last_drawn = seconds_now();
}

enum part { PART_BAR, PART_SHARE, PART_LEFT, PART_PACKETS, PART_RATE, PART_FLOWS, PART_ALERTS };
enum { PARTS = PART_ALERTS + 1, PART_TEXT = 48, WIDTH_UNKNOWN = 80 };

/* Columns of the terminal; the last one stays free, for some wrap as soon as it is written. */
static size_t columns(void)
{
    struct winsize size = {0};

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_UNKNOWN - 1;
    return size.ws_col - 1U;
}

static void write_bar(char *out, double share)
{
    int full = (int)(share * BAR_CELLS);

    *out++ = '[';
    for (int i = 0; i < BAR_CELLS; i++)
        *out++ = i < full ? '#' : '.';
    memcpy(out, "]", 2);
}

static void write_parts(char parts[PARTS][PART_TEXT], const struct progress_state *state,
                        double spent)
{
    if (state->bytes_total > 0) {
        double share = (double)state->bytes_read / (double)state->bytes_total;
        share = share > 1 ? 1 : share;
        write_bar(parts[PART_BAR], share);
        snprintf(parts[PART_SHARE], PART_TEXT, "%3.0f %%", share * 100);
        if (share > 0.01)
            snprintf(parts[PART_LEFT], PART_TEXT, "ETA %.0f s", spent / share - spent);
    }
    snprintf(parts[PART_PACKETS], PART_TEXT, "%.2f M packets", (double)state->packets / 1e6);
    snprintf(parts[PART_RATE], PART_TEXT, "%.0f MB/s", (double)state->bytes_read / 1e6 / spent);
    snprintf(parts[PART_FLOWS], PART_TEXT, "%llu flows", (unsigned long long)state->flows);
    snprintf(parts[PART_ALERTS], PART_TEXT, "%llu alerts", (unsigned long long)state->alerts);
}

static void draw(const struct progress_state *state, double spent)
{
    static const enum part DROPPED[PARTS] = {PART_BAR,    PART_RATE, PART_FLOWS, PART_PACKETS,
                                             PART_ALERTS, PART_LEFT, PART_SHARE};
    char parts[PARTS][PART_TEXT] = {{0}};
    size_t width = 0, room = columns();

    write_parts(parts, state, spent);
    for (size_t i = 0; i < PARTS; i++)
        width += parts[i][0] != '\0' ? strlen(parts[i]) + 2 : 0;
    for (size_t i = 0; i < PARTS && width > room + 2; i++) { /* the last has no gap behind it */
        char *part = parts[DROPPED[i]];
        width -= part[0] != '\0' ? strlen(part) + 2 : 0;
        part[0] = '\0';
    }
    const char *gap = "\r\033[K";
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i][0] == '\0')
            continue;
        fprintf(stderr, "%s%s", gap, parts[i]);
        gap = "  ";
    }
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
