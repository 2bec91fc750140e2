/* SPDX-License-Identifier: BSD-3-Clause */
/* Popular names: the lists of the most used domains. */
#ifndef SHRIKE_LINT_POPULAR_NAME_H
#define SHRIKE_LINT_POPULAR_NAME_H

#include "base/view.h"

/* The first list that has the name: 10,000, 20,000 and 100,000 long. */
enum popular { POPULAR_TRANCO, POPULAR_UMBRELLA, POPULAR_CLOUDFLARE, POPULAR_NONE };

/* `name` is in lower case, without the root's dot. */
enum popular popular_name(struct view name);

#endif
