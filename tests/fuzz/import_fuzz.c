/* SPDX-License-Identifier: BSD-3-Clause */
/* Foreign files: any bytes as a feed. The first byte chooses the format (s STIX, m MISP, z Zeek, t Maltrail,
 * c CSV, x text; any other: told by the content). What is written of it must load without an error: what a
 * stranger's file says never breaks the rule file that it becomes. */
#include <assert.h>

#include "fuzz/load.h"
#include "import/collection.h"
#include "import/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct feed *choose(uint8_t letter, struct view text)
{
    static const struct {
        uint8_t letter;
        const char *name;
    } FORMATS[] = {{'s', "stix"},     {'m', "misp"}, {'z', "zeek-intel"},
                   {'t', "maltrail"}, {'c', "csv"},  {'x', "text"}};

    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        if (FORMATS[i].letter == letter)
            return feed_find(view_from_string(FORMATS[i].name));
    }
    return feed_detect(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = view_skip(view_make(data, size), 1);
    struct collection_options options = {.takes_url_hosts = size > 1 && data[1] % 2 == 0};
    struct tally tally = {.rules = 0};
    struct diagnostics diagnostics;
    struct collection c;
    struct buf out;

    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    diagnostics_init(&diagnostics);
    collection_init(&c, arena, &options, &tally);
    struct indicator_sink sink = collection_sink(&c);
    struct feed_input input = {.file = "fuzz",
                               .text = text,
                               .arena = arena,
                               .diagnostics = &diagnostics,
                               .kind = INDICATOR_NONE};
    (void)choose(data[0], text)->read(&input, &sink);
    buf_init(&out, 1 << 26);
    if (collection_write(&c, "fuzz", "fuzz", "fuzz", &out) == 0)
        assert_loads(&out);
    buf_clear(&out);
    diagnostics_clear(&diagnostics);
    arena_free(arena);
    return 0;
}
