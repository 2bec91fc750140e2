/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks: what each message's name stands for, made from checks.def. */
#ifndef SHRIKE_RULE_CHECKS_H
#define SHRIKE_RULE_CHECKS_H

#include <stddef.h>

#include "base/error.h"

struct check {
    const char *name; /* "unknown-field": the `id` of a diagnostic */
    enum severity severity;
    const char *description;
};

extern const struct check CHECKS[];
extern const size_t CHECK_COUNT;

/* Row of a name in CHECKS; CHECK_COUNT when it is no check. */
size_t check_find(const char *name);

#endif
