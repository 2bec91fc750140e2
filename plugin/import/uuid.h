/* SPDX-License-Identifier: BSD-3-Clause */
/* UUID: names become identifiers that are the same on every run (RFC 9562, 5.5). */
#ifndef SHRIKE_IMPORT_UUID_H
#define SHRIKE_IMPORT_UUID_H

#include "base/view.h"

enum { UUID_TEXT_MAX = 37 }; /* with NUL */

/* Version 5 under a name space of ours; returns out. */
const char *uuid_of_name(struct view name, char out[UUID_TEXT_MAX]);

#endif
