/* SPDX-License-Identifier: BSD-3-Clause */
/* Text: one value a line, as most feeds of addresses and domains come.
 *
 *   203.0.113.7            value; its kind is guessed
 *   evil.example # note    what follows the # is its note
 *   # ; !                  begin a comment line; so does [Adblock Plus]
 *   ||evil.example^        a rule of ad blockers for a domain
 *   0.0.0.0 evil.example   a hosts file: the name counts
 *   203.0.113.7 5          value and a number (IPsum: on how many lists it stands): the rest is its note
 */
#include "import/feed.h"

bool text_detect(struct view text)
{
    (void)text;
    return true;
}

/* A # begins a comment at the line's start or after a blank: URLs have one, too. */
static struct view take_comment(struct view *line)
{
    for (size_t i = 0; i < line->len; i++) {
        if (line->data[i] != '#' || (i > 0 && !byte_is_space(line->data[i - 1])))
            continue;
        struct view comment = view_trim(view_skip(*line, i + 1));
        *line = view_slice(*line, 0, i);
        return comment;
    }
    return view_make(NULL, 0);
}

static size_t first_blank(struct view text)
{
    size_t at = 0;
    while (at < text.len && !byte_is_space(text.data[at]))
        at++;
    return at;
}

static bool is_nowhere(struct view address)
{
    return view_equal(address, VIEW("0.0.0.0")) || view_equal(address, VIEW("127.0.0.1")) ||
           view_equal(address, VIEW("::")) || view_equal(address, VIEW("::1"));
}

static void read_line(const struct feed_input *input, const struct indicator_sink *sink,
                      struct view line, struct place place)
{
    struct indicator indicator = {.kind = input->kind, .confidence = -1, .place = place};

    indicator.note = take_comment(&line);
    line = view_trim(line);
    if (line.len == 0 || view_find_byte(VIEW(";!["), line.data[0]) != VIEW_NOT_FOUND)
        return;
    if (view_starts(line, VIEW("||")) && view_ends(line, VIEW("^")))
        line = view_slice(line, 2, line.len - 1);
    size_t end = first_blank(line);
    struct view rest = view_trim(view_skip(line, end));
    bool is_free = input->kind == INDICATOR_USER_AGENT || input->kind == INDICATOR_STRING;
    if (rest.len > 0 && !is_free) {
        line = view_slice(line, 0, end);
        if (is_nowhere(line))
            line = rest;
        else if (indicator.note.len == 0)
            indicator.note = rest;
    }
    indicator.value = line;
    (void)indicator_offer(input->arena, sink, indicator);
}

static bool is_json(struct view text)
{
    struct view head = view_slice(text, 0, 1), second = view_slice(text, 1, 2);
    return view_equal(head, VIEW("{")) ||
           (view_equal(head, VIEW("[")) &&
            (view_equal(second, VIEW("{")) || view_equal(second, VIEW("\n"))));
}

int text_read(const struct feed_input *input, const struct indicator_sink *sink)
{
    struct view rest = input->text, line;
    struct place place = {input->file, 1, 1};

    if (is_json(rest)) {
        feed_fault(input, place, "export STIX, a MISP event, or one value a line",
                   "JSON that is neither a STIX bundle nor a MISP event or warninglist");
        return -1;
    }
    for (; view_take_line(&rest, &line); place.line++)
        read_line(input, sink, line, place);
    return 0;
}
