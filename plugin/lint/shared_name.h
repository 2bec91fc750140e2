/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared names: domains of which many make use, so that an indicator that is one means nothing. */
#ifndef SHRIKE_LINT_SHARED_NAME_H
#define SHRIKE_LINT_SHARED_NAME_H

#include "base/view.h"

/* What a domain is, as it stands in a sentence ("a URL shortener", "a public suffix", "on Tranco's list of ..."); NULL when it
 * belongs to somebody. Case is ignored, and a dot at the end. *is_far: it is used, but not among the most used. */
const char *shared_name(struct view domain, bool *is_far);
/* Only of public suffixes (of registries and of those who give names to customers). */
const char *shared_suffix(struct view domain);

#endif
