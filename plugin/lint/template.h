/* SPDX-License-Identifier: BSD-3-Clause */
/* Templates: values of so many characters, each of its kind. */
#ifndef SHRIKE_LINT_TEMPLATE_H
#define SHRIKE_LINT_TEMPLATE_H

#include "lint/pattern.h"

/* A character of a template stands for one of its kind (see template.c), or for itself. Is there a value of this template
 * that fits the pattern? */
bool template_fits(const char *template, const struct pattern *pattern);

#endif
