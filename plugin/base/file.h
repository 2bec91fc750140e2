/* SPDX-License-Identifier: BSD-3-Clause */
/* File: a whole regular file as bytes, unpacked when gzip packed it. */
#ifndef SHRIKE_BASE_FILE_H
#define SHRIKE_BASE_FILE_H

#include "base/buf.h"

/* A regular file of at most `max` bytes, once unpacked, into `out`, which the caller clears; -1 and `why` when it cannot be read, and
 * then there is nothing to clear. */
int file_read(const char *path, size_t max, struct buf *out, const char **why);
/* Likewise standard input, to its end, whatever it is. */
int file_read_standard(size_t max, struct buf *out, const char **why);

#endif
