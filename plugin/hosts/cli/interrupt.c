/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts: the command's only mutable globals. A signal is noted and told through an eventfd, so that it is
 * missed neither between two calls nor by one that waits. */
#include "hosts/cli/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t noted;
static volatile sig_atomic_t event_fd; /* 0: none yet */

static void note(int signal_number)
{
    const uint64_t one = 1;
    int reason = errno;

    noted = signal_number;
    if (event_fd > 0 && write(event_fd, &one, sizeof(one)) < 0)
        event_fd = 0;
    errno = reason;
}

void interrupt_arm(void)
{
    const struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    uint64_t signals;

    if (event_fd <= 0)
        event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    else if (read(event_fd, &signals, sizeof(signals)) < 0)
        signals = 0; /* none was noted */
    noted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int interrupt_signal(void)
{
    return noted;
}

int interrupt_fd(void)
{
    return event_fd > 0 ? event_fd : 0;
}
