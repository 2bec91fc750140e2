/* SPDX-License-Identifier: BSD-3-Clause */
/* Literals: how rare one is.
 *
 * Rarity     a gate is worth what it keeps out. Each byte counts the bits of surprise that it has
 *            in HTTP-like traffic (coarse classes; a byte equal to the one before it counts one),
 *            and bytes inside a phrase that every other message holds ("Mozilla/5.0", "www.")
 *            count one.
 *            The rarest part of a literal is looked for within its first PLACES_MAX bytes: any part is a gate.
 */
#include "compile/builder.h"

enum { JUDGED_MAX = 128, PLACES_MAX = 4096 };

/* What nearly all HTTP, DNS, mail and TLS traffic holds; lower case. */
static const char *const COMMON[] = {
    "http://",
    "https://",
    "http/1.1",
    "http/1.0",
    "mozilla/5.0",
    "mozilla/4.0",
    "windows nt",
    "applewebkit",
    "khtml, like gecko",
    "safari/",
    "chrome/",
    "firefox/",
    "gecko/",
    "compatible; ",
    "msie ",
    "macintosh",
    "user-agent: ",
    "content-type",
    "content-length",
    "content-",
    "accept: ",
    "accept-",
    "encoding",
    "language",
    "connection",
    "keep-alive",
    "application/",
    "text/html",
    "text/plain",
    "image/",
    "charset=",
    "utf-8",
    "gzip",
    "deflate",
    "cache-control",
    "no-cache",
    "host: ",
    "referer: ",
    "cookie: ",
    "www.",
    ".com",
    ".net",
    ".org",
    ".php",
    ".html",
    ".htm",
    ".aspx",
    ".asp",
    ".jsp",
    ".js",
    ".css",
    ".png",
    ".gif",
    ".jpg",
    ".exe",
    ".cgi",
    "index",
    "login",
    "admin",
    "script",
    "/api/",
    "/images/",
    "windows",
    "microsoft",
    "google",
    "\r\n",
    "post ",
    "get ",
    "version",
    "x-www-form-urlencoded",
};

static unsigned byte_bits(uint8_t byte, bool is_cased)
{
    if (byte == 0)
        return 2;
    if (byte == 0xff || byte == '\r' || byte == '\n')
        return 4;
    if (memchr("etaoinsr ./-=:&", byte, 15) != NULL)
        return 4;
    if (byte >= 'A' && byte <= 'Z')
        return is_cased ? 6 : 5;
    if ((byte >= 'a' && byte <= 'z') || byte_is_digit(byte))
        return 5;
    return byte >= 0x80 ? 7 : 6;
}

static void mark_common(struct view bytes, uint8_t *is_common)
{
    for (size_t i = 0; i < sizeof(COMMON) / sizeof(COMMON[0]); i++) {
        struct view phrase = view_from_string(COMMON[i]);
        size_t from = 0;
        size_t at;
        while ((at = view_find_fold(view_skip(bytes, from), phrase)) != VIEW_NOT_FOUND) {
            memset(is_common + from + at, 1, phrase.len);
            from += at + 1;
        }
        /* a piece of the phrase is no rarer than the phrase */
        if (bytes.len < phrase.len && view_find_fold(phrase, bytes) != VIEW_NOT_FOUND)
            memset(is_common, 1, bytes.len);
    }
}

unsigned literal_bits(struct view bytes, bool is_cased)
{
    uint8_t is_common[JUDGED_MAX] = {0};
    unsigned bits = 0;

    bytes = view_slice(bytes, 0, JUDGED_MAX);
    mark_common(bytes, is_common);
    for (size_t i = 0; i < bytes.len; i++) {
        bool is_repeat = i > 0 && bytes.data[i] == bytes.data[i - 1];
        bits += is_common[i] || is_repeat ? 1 : byte_bits(bytes.data[i], is_cased);
    }
    return bits;
}

struct view literal_best(struct view bytes, size_t max, bool is_cased)
{
    struct view best = view_slice(bytes, 0, max);
    unsigned most = literal_bits(best, is_cased);

    for (size_t from = 1; from + max <= bytes.len && from < PLACES_MAX; from++) {
        struct view window = view_slice(bytes, from, from + max);
        unsigned bits = literal_bits(window, is_cased);
        if (bits > most) {
            most = bits;
            best = window;
        }
    }
    return best;
}
