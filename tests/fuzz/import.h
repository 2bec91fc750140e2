/* SPDX-License-Identifier: BSD-3-Clause */
/* Foreign files: any bytes as a feed of a format. What is written of it must load without an error: what a stranger's
 * file says never breaks the rule file that it becomes. One target a format (import_stix_fuzz.c, ...), so that each is
 * fuzzed for as long as one likes, with its own corpus and dictionary; import_fuzz.c tells the format by the content. */
#ifndef SHRIKE_TESTS_FUZZ_IMPORT_H
#define SHRIKE_TESTS_FUZZ_IMPORT_H

#include "fuzz/load.h"
#include "import/collection.h"
#include "import/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The parity of the length says whether the hosts of URLs are taken, too. */
static inline int fuzz_feed(const struct feed *feed, struct view text)
{
    struct collection_options options = {.takes_url_hosts = text.len % 2 == 0};
    struct tally tally = {.rules = 0};
    struct diagnostics diagnostics;
    struct collection c;
    struct buf out;

    struct arena *arena = arena_new();
    diagnostics_init(&diagnostics);
    collection_init(&c, arena, &options, &tally);
    struct indicator_sink sink = collection_sink(&c);
    struct feed_input input = {.file = "fuzz",
                               .text = text,
                               .arena = arena,
                               .diagnostics = &diagnostics,
                               .kind = INDICATOR_NONE};
    (void)feed->read(&input, &sink);
    buf_init(&out, 1 << 26);
    if (collection_write(&c, "fuzz", "fuzz", "fuzz", &out) == 0)
        assert_loads(&out, LOAD_ONLY);
    buf_clear(&out);
    diagnostics_clear(&diagnostics);
    arena_free(arena);
    return 0;
}

#endif
