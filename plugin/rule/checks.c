/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks: the table and its look-up. */
#include "rule/checks.h"

#include <string.h>

const struct check CHECKS[] = {
#define CHECK(name, severity, description) {name, SEVERITY_##severity, description},
#include "rule/checks.def"
#undef CHECK
};

const size_t CHECK_COUNT = sizeof(CHECKS) / sizeof(CHECKS[0]);

size_t check_find(const char *name)
{
    size_t at = 0;

    while (at < CHECK_COUNT && strcmp(CHECKS[at].name, name) != 0)
        at++;
    return at;
}
