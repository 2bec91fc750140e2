/* SPDX-License-Identifier: BSD-3-Clause */
/* Clock: packet time, microseconds since 1970 as int64_t.
 *
 * A capture can hold any number for a time, and two of them can be farther apart than the type reaches: what
 * is computed of times saturates.
 */
#ifndef SHRIKE_BASE_CLOCK_H
#define SHRIKE_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_SECOND_US = 1000000 };

/* Microseconds from `then` to `now`; negative when time went back. */
static inline int64_t clock_since(int64_t now, int64_t then)
{
    int64_t since;
    if (!__builtin_sub_overflow(now, then, &since))
        return since;
    return now > then ? INT64_MAX : INT64_MIN;
}

static inline int64_t clock_after(int64_t time_us, int64_t wait_us)
{
    int64_t after;
    return __builtin_add_overflow(time_us, wait_us, &after) ? INT64_MAX : after;
}

/* The whole second that a time lies in, rounded down also before 1970. */
static inline int64_t clock_second(int64_t time_us)
{
    return time_us / CLOCK_SECOND_US - (time_us % CLOCK_SECOND_US < 0);
}

#endif
