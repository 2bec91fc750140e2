/* SPDX-License-Identifier: BSD-3-Clause */
/* Plain lists: any bytes as one (import.h). */
#include "fuzz/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_feed(feed_find(VIEW("text")), view_make(data, size));
}
