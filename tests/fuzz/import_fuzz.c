/* SPDX-License-Identifier: BSD-3-Clause */
/* Foreign files of which nobody says the format: any bytes, told by their content (import.h). */
#include "fuzz/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = view_make(data, size);

    return fuzz_feed(feed_detect(text), text);
}
