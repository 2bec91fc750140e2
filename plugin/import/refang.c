/* SPDX-License-Identifier: BSD-3-Clause */
/* Refanging: reports write hxxp://evil[.]example so that nobody clicks; here the dots come back.
 *
 * Known      [.] (.) {.} [dot] (dot) {dot} \. [:] [://] [/] [at] [@] (at), hxxp hxxps hXXp h**p fxp, each in
 *            any case. Text that has none of them is returned as it is, without a copy.
 * Promise    never longer than before.
 */
#include "import/indicator.h"

static const struct {
    const char *fanged, *plain;
} FORMS[] = {
    {"[.]", "."},  {"[dot]", "."}, /* the IN_PATH first */
    {"(.)", "."},  {"{.}", "."},   {"(dot)", "."},   {"{dot}", "."}, {"[.", "."},
    {".]", "."},   {"\\.", "."},   {"[://]", "://"}, {"[:]", ":"},   {"[/]", "/"},
    {"[at]", "@"}, {"(at)", "@"},  {"[@]", "@"},     {"(@)", "@"},
};
/* So many forms mean nothing else in a path, where brackets have a meaning of their own. */
enum { IN_PATH = 2 };

static const struct {
    const char *fanged, *plain;
} SCHEMES[] = {
    {"hxxp", "http"}, {"h**p", "http"}, {"httx", "http"}, {"htxp", "http"},
    {"hxtp", "http"}, {"fxp", "ftp"},   {"meow", "http"},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool is_fanged(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (view_find_byte(VIEW("[({\\"), text.data[i]) != VIEW_NOT_FOUND)
            return true;
    }
    for (size_t i = 0; i < LENGTH(SCHEMES); i++) {
        if (view_starts_fold(text, view_from_string(SCHEMES[i].fanged)))
            return true;
    }
    return false;
}

/* Writes `text` to `out`; returns how much. Its path and query keep what they have but for the first forms. */
static size_t write_plain(struct view text, uint8_t *out)
{
    size_t len = 0, end = 0;

    for (size_t i = 0; i < LENGTH(SCHEMES); i++) {
        struct view fanged = view_from_string(SCHEMES[i].fanged);
        struct view after = view_skip(text, fanged.len);
        bool is_secure = view_starts_fold(after, VIEW("s"));
        after = view_skip(after, is_secure);
        if (!view_starts_fold(text, fanged) ||
            !(view_starts(after, VIEW(":")) || view_starts(after, VIEW("[:"))))
            continue; /* meows.example is a name */
        len = strlen(SCHEMES[i].plain);
        memcpy(out, SCHEMES[i].plain, len);
        if (is_secure)
            out[len++] = 's';
        text = after;
        break;
    }
    for (unsigned slashes = 0; text.len > 0; end = 0) {
        size_t forms = slashes < 3 ? LENGTH(FORMS) : IN_PATH;
        for (size_t i = 0; i < forms && end == 0; i++) {
            struct view fanged = view_from_string(FORMS[i].fanged);
            if (!view_starts_fold(text, fanged))
                continue;
            end = strlen(FORMS[i].plain);
            memcpy(out + len, FORMS[i].plain, end);
            text = view_skip(text, fanged.len);
        }
        if (end == 0) {
            out[len] = text.data[0];
            end = 1;
            text = view_skip(text, 1);
        }
        for (size_t i = 0; i < end; i++)
            slashes += out[len + i] == '/';
        len += end;
    }
    return len;
}

struct view indicator_refang(struct arena *arena, struct view text)
{
    if (!is_fanged(text))
        return text;
    uint8_t *out = arena_alloc(arena, text.len + 8);
    return view_make(out, write_plain(text, out));
}
