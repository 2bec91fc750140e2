/* SPDX-License-Identifier: BSD-3-Clause */
/* cmocka with the four headers that it wants before it, in their order. */
#ifndef SHRIKE_TESTS_UNIT_TEST_H
#define SHRIKE_TESTS_UNIT_TEST_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
