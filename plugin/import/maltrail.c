/* SPDX-License-Identifier: BSD-3-Clause */
/* Maltrail: static trails, one a line, with comments that say where they come from.
 *
 *   # Reference: https://...     holds for the trails below, until the next block of references
 *   # Aliases: apt32, ...        other names of who it is
 *   evil.example                 domain and all names under it; .example for a whole top level
 *   203.0.113.7  203.0.113.7:443 address, address with port
 *   http://evil.example          Maltrail reads a URL without a path as its host; so do we
 *   evil.example/x.php           URL;  /x.php  path on any host
 *
 * Trails that are regular expressions are left out: Maltrail matches them against many things at once.
 */
#include "import/feed.h"

enum { HEAD_MAX = 4096, REFERENCES_MAX = 64 };

bool maltrail_detect(struct view text)
{
    struct view head = view_slice(text, 0, HEAD_MAX);

    if (head.len == 0 || (head.data[0] != '#' && head.data[0] != '\n'))
        return false;
    return view_find(head, VIEW("Maltrail developers")) != VIEW_NOT_FOUND ||
           view_find(head, VIEW("\n# Reference: ")) != VIEW_NOT_FOUND ||
           view_starts(head, VIEW("# Reference: "));
}

struct trails {
    const struct feed_input *input;
    const struct indicator_sink *sink;
    struct view aliases;
    struct view reference; /* the first of the block */
    struct view references[REFERENCES_MAX];
    size_t reference_count;
    bool is_in_references;
};

/* "Reference: https://..." also as it is misspelt there ("Referecne:", "ReferenceL"). */
static void read_comment(struct trails *trails, struct view comment)
{
    size_t url = view_find(comment, VIEW("http"));

    comment = view_trim(comment);
    if (view_starts_fold(comment, VIEW("Aliases:"))) {
        trails->aliases = view_trim(view_skip(comment, 8));
    } else if (view_starts_fold(comment, VIEW("Refer")) && url != VIEW_NOT_FOUND) {
        struct view reference = view_skip(comment, view_find(comment, VIEW("http")));
        size_t end = 0;
        while (end < reference.len && !byte_is_space(reference.data[end]))
            end++;
        reference = view_slice(reference, 0, end);
        if (!trails->is_in_references)
            trails->reference = reference;
        trails->is_in_references = true;
        if (trails->reference_count < REFERENCES_MAX)
            trails->references[trails->reference_count++] = reference;
    }
}

static bool is_regex(struct view trail)
{
    for (size_t i = 0; i < trail.len; i++) {
        if (view_find_byte(VIEW("*+\\[]()|^$"), trail.data[i]) != VIEW_NOT_FOUND)
            return true;
    }
    return false;
}

/* A URL without a path is its host. */
static struct view without_scheme(struct view trail)
{
    size_t at = view_find(trail, VIEW("://"));
    struct view rest = at == VIEW_NOT_FOUND ? trail : view_skip(trail, at + 3);
    size_t slash = view_find_byte(rest, '/');

    if (at == VIEW_NOT_FOUND)
        return trail;
    if (slash != VIEW_NOT_FOUND && slash + 1 < rest.len)
        return trail;
    return view_slice(rest, 0, slash);
}

static void read_trail(struct trails *trails, struct view line, struct place place)
{
    struct indicator indicator = {.kind = INDICATOR_NONE, .confidence = -1, .place = place};
    size_t hash = view_find(line, VIEW(" #"));

    if (hash == VIEW_NOT_FOUND)
        hash = view_find(line, VIEW("\t#"));
    if (hash != VIEW_NOT_FOUND) {
        indicator.note = view_trim(view_skip(line, hash + 2));
        line = view_trim(view_slice(line, 0, hash));
    }
    indicator.reference = trails->reference;
    indicator.value = without_scheme(line);
    bool is_path =
        indicator.value.len > 0 && view_find_byte(indicator.value, '/') != VIEW_NOT_FOUND;
    if (!is_path && is_regex(indicator.value))
        trails->sink->skip(trails->sink->context, "a regular expression", line, place);
    else
        (void)indicator_offer(trails->input->arena, trails->sink, indicator);
}

static void describe(const struct trails *trails)
{
    struct arena *arena = trails->input->arena;
    struct feed_source source = {.author = VIEW("Maltrail developers"),
                                 .reference_count = trails->reference_count};

    if (trails->sink->describe == NULL)
        return;
    if (trails->aliases.len > 0)
        source.description =
            view_from_string(arena_format(arena, "Also known as %.*s.", (int)trails->aliases.len,
                                          (const char *)trails->aliases.data));
    source.references = arena_array(arena, trails->reference_count + 1, sizeof(struct view));
    for (size_t i = 0; i < trails->reference_count; i++)
        source.references[i] = trails->references[i];
    trails->sink->describe(trails->sink->context, &source);
}

int maltrail_read(const struct feed_input *input, const struct indicator_sink *sink)
{
    struct trails trails = {.input = input, .sink = sink};
    struct view rest = input->text, line;
    struct place place = {input->file, 1, 1};

    for (; view_take_line(&rest, &line); place.line++) {
        line = view_trim(line);
        if (line.len == 0)
            continue;
        if (line.data[0] == '#') {
            read_comment(&trails, view_skip(line, 1));
            continue;
        }
        trails.is_in_references = false;
        read_trail(&trails, line, place);
    }
    describe(&trails);
    return 0;
}
