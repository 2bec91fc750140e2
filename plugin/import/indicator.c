/* SPDX-License-Identifier: BSD-3-Clause */
/* Indicator: telling what kind of value a text is, and bringing it into one form.
 *
 * Guess      from the strictest form to the loosest: address, address with port, URL, mail address, hash by its
 *            length, JA4, path, host with path, domain. A word without a dot is none of them.
 * Form       what people write: addresses without blanks; domains without a leading dot and `*.`; URLs as
 *            http.url has them, that is with a path, without fragment and default port, and always http:
 *            what shrike reads in clear has no other scheme. Names of hosts beyond ASCII are written as the wire
 *            carries them (base/idna.h). What counts when they are compared: base/key.h.
 */
#include "import/indicator.h"

#include "base/idna.h"
#include "base/key.h"
#include "base/readable.h"
#include "rule/loader.h"

enum { VALUE_MAX = 4096 };

const struct indicator_row INDICATOR_ROWS[INDICATOR_KINDS] = {
#define INDICATOR(id, name, list, suffix, words, reason)                                           \
    [INDICATOR_##id] = {name, list, suffix, words, reason},
#include "import/indicator.def"
};

const struct indicator_use INDICATOR_USES[] = {
#define USE(kind, service, field, words) {INDICATOR_##kind, service, field, words},
#include "import/indicator.def"
    {INDICATOR_NONE, NULL, NULL, NULL},
};

/* --- names --------------------------------------------------------------------------------------- */

static uint8_t name_byte(uint8_t c)
{
    return c == '_' || c == ' ' ? '-' : byte_fold(c);
}

static bool same_name(struct view a, struct view b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (name_byte(a.data[i]) != name_byte(b.data[i]))
            return false;
    }
    return true;
}

enum indicator_kind indicator_kind_named(struct view name)
{
    static const struct {
        const char *name;
        enum indicator_kind kind;
    } NAMES[] = {
#define TYPE_NAME(name, kind) {name, INDICATOR_##kind},
#include "import/type_name.def"
    };

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (same_name(name, view_from_string(NAMES[i].name)))
            return NAMES[i].kind;
    }
    return INDICATOR_NONE;
}

enum marking marking_named(struct view text)
{
    static const struct {
        const char *word;
        enum marking marking;
    } WORDS[] = {
        {"clear", MARKING_CLEAR}, {"white", MARKING_CLEAR},        {"green", MARKING_GREEN},
        {"amber", MARKING_AMBER}, {"amber+strict", MARKING_AMBER}, {"red", MARKING_RED},
    };

    if (!view_starts_fold(text, VIEW("tlp")))
        return MARKING_NONE;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (view_equal_fold(view_skip(text, 4), view_from_string(WORDS[i].word)))
            return WORDS[i].marking;
    }
    return MARKING_NONE;
}

const char *marking_tag(enum marking marking)
{
    static const char *const TAGS[] = {NULL, "tlp.clear", "tlp.green", "tlp.amber", "tlp.red"};
    return TAGS[marking];
}

/* --- what a text looks like ---------------------------------------------------------------------- */

static bool is_hex(struct view text, size_t digits)
{
    if (text.len != digits)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (loader_hex_digit(text.data[i]) < 0)
            return false;
    }
    return true;
}

/* Letters beyond ASCII may be in a label until it is settled; how long it is then, the mapping says. */
static bool is_label_byte(uint8_t c)
{
    c = byte_fold(c);
    return byte_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c >= 0x80;
}

bool indicator_is_domain(struct view text)
{
    size_t label = 0, label_max = idna_is_foreign(text) ? SIZE_MAX : 63;

    if (text.len == 0 || (text.len > 253 && label_max == 63))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (!is_label_byte(text.data[i]) || ++label > label_max) {
            return false;
        }
    }
    return true;
}

/* A domain of two labels or more whose last is no number: what a text alone has to look like. */
static bool looks_like_domain(struct view text)
{
    size_t dot = VIEW_NOT_FOUND;

    if (text.len > 0 && text.data[text.len - 1] == '.')
        text.len--;
    for (size_t i = 0; i < text.len; i++)
        dot = text.data[i] == '.' ? i : dot;
    if (dot == VIEW_NOT_FOUND || !indicator_is_domain(text))
        return false;
    return !byte_is_digit(text.data[dot + 1]);
}

static bool parse_port(struct view text, uint16_t *out)
{
    uint64_t number;
    if (!view_parse_u64(text, &number) || number == 0 || number > UINT16_MAX)
        return false;
    *out = (uint16_t)number;
    return true;
}

/* "192.0.2.1:443", "[2001:db8::1]:443", "example.com:443". */
static bool split_port(struct view text, struct view *host, uint16_t *port)
{
    size_t colon = VIEW_NOT_FOUND;

    for (size_t i = 0; i < text.len; i++)
        colon = text.data[i] == ':' ? i : colon;
    if (colon == VIEW_NOT_FOUND || colon == 0 || !parse_port(view_skip(text, colon + 1), port))
        return false;
    *host = view_slice(text, 0, colon);
    if (host->data[0] == '[' && host->data[host->len - 1] == ']')
        *host = view_slice(*host, 1, host->len - 1);
    else if (view_find_byte(*host, ':') != VIEW_NOT_FOUND)
        return false;
    return host->len > 0;
}

static bool is_address(struct view text)
{
    struct address address;
    unsigned bits;
    return address_parse_prefix(text, &address, &bits);
}

/* The length of "http://", 0 when there is no scheme. */
static size_t scheme_length(struct view text)
{
    size_t at = view_find(text, VIEW("://"));

    if (at == VIEW_NOT_FOUND || at == 0 || at > 16)
        return 0;
    for (size_t i = 0; i < at; i++) {
        uint8_t c = byte_fold(text.data[i]);
        if (!(c >= 'a' && c <= 'z') && !byte_is_digit(c) && c != '+' && c != '-' && c != '.')
            return 0;
    }
    return at + 3;
}

static bool is_ja4(struct view text)
{
    if (text.len != 36 || text.data[10] != '_' || text.data[23] != '_' ||
        view_find_byte(VIEW("tqd"), text.data[0]) == VIEW_NOT_FOUND)
        return false;
    return is_hex(view_slice(text, 11, 23), 12) && is_hex(view_skip(text, 24), 12);
}

static bool has_blank(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] == 0x7f)
            return true;
    }
    return false;
}

/* A host, perhaps with a port. */
static bool is_authority(struct view text)
{
    uint16_t port;
    struct view host;

    return looks_like_domain(text) || is_address(text) ||
           (split_port(text, &host, &port) && (looks_like_domain(host) || is_address(host)));
}

static enum indicator_kind guess_hash(struct view text)
{
    return is_hex(text, 32)    ? INDICATOR_MD5
           : is_hex(text, 40)  ? INDICATOR_SHA1
           : is_hex(text, 64)  ? INDICATOR_SHA256
           : is_hex(text, 128) ? INDICATOR_SHA512
           : is_ja4(text)      ? INDICATOR_JA4
                               : INDICATOR_NONE;
}

enum indicator_kind indicator_guess(struct view text)
{
    struct view host;
    uint16_t port;
    size_t slash = view_find_byte(text, '/');

    if (text.len == 0 || has_blank(text))
        return INDICATOR_NONE;
    if (is_address(text))
        return INDICATOR_IP;
    if (scheme_length(text) > 0)
        return INDICATOR_URL;
    enum indicator_kind hash = guess_hash(text);
    if (hash != INDICATOR_NONE)
        return hash;
    if (text.data[0] == '/' && text.len > 1)
        return INDICATOR_PATH;
    if (slash != VIEW_NOT_FOUND)
        return is_authority(view_slice(text, 0, slash)) ? INDICATOR_URL : INDICATOR_NONE;
    if (split_port(text, &host, &port))
        return is_address(host)          ? INDICATOR_ENDPOINT
               : looks_like_domain(host) ? INDICATOR_DOMAIN
                                         : INDICATOR_NONE;
    size_t at = view_find_byte(text, '@');
    if (at != VIEW_NOT_FOUND)
        return looks_like_domain(view_skip(text, at + 1)) ? INDICATOR_EMAIL : INDICATOR_NONE;
    if (view_starts(text, VIEW("*.")) && indicator_is_domain(view_skip(text, 2)))
        return INDICATOR_DOMAIN;
    return looks_like_domain(text) ||
                   (text.data[0] == '.' && indicator_is_domain(view_skip(text, 1)))
               ? INDICATOR_DOMAIN
               : INDICATOR_NONE;
}

/* --- one form ------------------------------------------------------------------------------------ */

static const char NO_ASCII[] = "a name beyond ASCII that has no form on the wire (IDNA)";

static const char *settle_domain(struct arena *arena, struct indicator *indicator)
{
    struct view value = indicator->value, host;
    uint8_t labels[IDNA_NAME_MAX];
    const char *why;
    uint16_t port;

    if (split_port(value, &host, &port))
        value = host;
    if (view_starts(value, VIEW("*.")))
        value = view_skip(value, 2);
    else if (view_starts(value, VIEW(".")))
        value = view_skip(value, 1);
    if (value.len > 0 && value.data[value.len - 1] == '.')
        value.len--;
    if (idna_is_foreign(value)) {
        value = key_domain(view_make(labels, idna_map(value, labels, &why)));
        if (value.len == 0)
            return NO_ASCII;
        value = arena_copy(arena, value);
    }
    if (is_address(value)) { /* feeds call both hosts */
        indicator->kind = INDICATOR_IP;
        indicator->value = value;
        return NULL;
    }
    indicator->value = value;
    return indicator_is_domain(value) ? NULL : "not a domain name";
}

/* http://HOST/PATH?QUERY as http.url has it. */
static const char *settle_url(struct arena *arena, struct indicator *indicator)
{
    struct view value = indicator->value;
    size_t scheme = scheme_length(value);
    bool is_web = scheme == 0 || view_starts_fold(value, VIEW("http://")) ||
                  view_starts_fold(value, VIEW("https://"));

    if (has_blank(value))
        return "a URL with blanks";
    if (!is_web)
        return "a URL that is not of the web";
    if (idna_is_foreign(key_url_host(value))) {
        const char *why;
        value = idna_map_url(value, arena_alloc(arena, value.len + IDNA_NAME_MAX), &why);
        if (value.len == 0)
            return NO_ASCII;
    }
    struct view rest = view_slice(value, scheme, value.len);
    rest = view_slice(rest, 0, view_find_byte(rest, '#'));
    size_t end = 0;
    while (end < rest.len && view_find_byte(VIEW("/?"), rest.data[end]) == VIEW_NOT_FOUND)
        end++;
    struct view authority = view_slice(rest, 0, end), path = view_skip(rest, end);
    size_t user = view_find_byte(authority, '@');
    if (user != VIEW_NOT_FOUND)
        authority = view_skip(authority, user + 1);
    if (authority.len == 0)
        return "a URL without a host";
    struct view usual = view_starts_fold(value, VIEW("https")) ? VIEW(":443") : VIEW(":80");
    if (view_ends(authority, usual))
        authority = view_slice(authority, 0, authority.len - usual.len);
    bool wants_slash = path.len == 0 || path.data[0] == '?';
    indicator->value = view_from_string(
        arena_format(arena, "http://%.*s%s%.*s", (int)authority.len, (const char *)authority.data,
                     wants_slash ? "/" : "", (int)path.len, (const char *)path.data));
    /* Of what is written: "http://:80:80/" has lost one of its ports here. */
    uint8_t key[VALUE_MAX + 1];
    return key_url(indicator->value, key, sizeof(key)) == 0 ? "a URL without a host" : NULL;
}

static const char *settle_endpoint(struct indicator *indicator)
{
    struct view host;

    if (indicator->port == 0) {
        if (!split_port(indicator->value, &host, &indicator->port))
            return "not an address with a port";
        indicator->value = host;
    }
    return is_address(indicator->value) ? NULL : "not an address with a port";
}

/* Hex digits with or without colons, as many bytes as wanted; 0 for any. */
static const char *settle_hash(struct arena *arena, struct indicator *indicator, size_t digits)
{
    uint8_t *plain = arena_alloc(arena, indicator->value.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < indicator->value.len; i++) {
        uint8_t c = indicator->value.data[i];
        if (c == ':' || c == ' ')
            continue;
        if (loader_hex_digit(c) < 0)
            return "not a hash in hexadecimal";
        plain[len++] = byte_fold(c);
    }
    indicator->value = view_make(plain, len);
    return len == digits ? NULL : "not a hash of its kind's length";
}

/* As tls.cert_serial has it: bytes with colons, upper case. */
static const char *settle_serial(struct arena *arena, struct indicator *indicator)
{
    uint8_t digits[128];
    size_t len = 0;

    for (size_t i = 0; i < indicator->value.len; i++) {
        uint8_t c = indicator->value.data[i];
        if (c == ':' || c == ' ')
            continue;
        if (loader_hex_digit(c) < 0 || len == sizeof(digits))
            return "not a serial number in hexadecimal";
        digits[len++] = c >= 'a' ? (uint8_t)(c - 'a' + 'A') : c;
    }
    if (len == 0)
        return "not a serial number in hexadecimal";
    uint8_t *form = arena_alloc(arena, len / 2 * 3 + 4);
    size_t at = 0;
    if (len % 2 == 1)
        form[at++] = '0';
    for (size_t i = 0; i < len; i++) {
        form[at++] = digits[i];
        if ((len - i) % 2 == 1 && i + 1 < len)
            form[at++] = ':';
    }
    indicator->value = view_make(form, at);
    return NULL;
}

static bool is_utf8(struct view text)
{
    while (text.len > 0) {
        size_t len = text.data[0] < 0x80 ? 1 : utf8_length(text);
        if (len == 0)
            return false;
        text = view_skip(text, len);
    }
    return true;
}

static const char *settle_kind(struct arena *arena, struct indicator *indicator)
{
    switch (indicator->kind) {
    case INDICATOR_IP:
    case INDICATOR_IP_SOURCE:
        return is_address(indicator->value) ? NULL : "not an address";
    case INDICATOR_ENDPOINT:
        return settle_endpoint(indicator);
    case INDICATOR_DOMAIN:
        return settle_domain(arena, indicator);
    case INDICATOR_URL:
        return settle_url(arena, indicator);
    case INDICATOR_PATH:
        return indicator->value.data[0] == '/' && !has_blank(indicator->value) ? NULL
                                                                               : "not a path";
    case INDICATOR_JA3:
    case INDICATOR_JA3S:
    case INDICATOR_MD5:
        return settle_hash(arena, indicator, 32);
    case INDICATOR_CERT_SHA1:
    case INDICATOR_SHA1:
        return settle_hash(arena, indicator, 40);
    case INDICATOR_SHA256:
        return settle_hash(arena, indicator, 64);
    case INDICATOR_SHA512:
        return settle_hash(arena, indicator, 128);
    case INDICATOR_JA4:
        return is_ja4(indicator->value) ? NULL : "not a JA4 fingerprint";
    case INDICATOR_CERT_SERIAL:
        return settle_serial(arena, indicator);
    case INDICATOR_USER_AGENT:
    case INDICATOR_STRING:
    case INDICATOR_CERT_OTHER:
    case INDICATOR_JA4_OTHER:
    case INDICATOR_EMAIL:
    case INDICATOR_HOST:
    case INDICATOR_OTHER:
        return NULL;
    case INDICATOR_KINDS:
        break;
    }
    return "of a kind that cannot be told from the value";
}

const char *indicator_settle(struct arena *arena, struct indicator *indicator)
{
    indicator->value = view_trim(indicator->value);
    if (indicator->value.len == 0)
        return "empty";
    if (indicator->value.len > VALUE_MAX)
        return "too long";
    if (!is_utf8(indicator->value))
        return "not UTF-8";
    if (!is_utf8(indicator->note))
        indicator->note = view_make(NULL, 0);
    bool is_free = indicator->kind == INDICATOR_USER_AGENT || indicator->kind == INDICATOR_STRING;
    if (!is_free)
        indicator->value = indicator_refang(arena, indicator->value);
    if (indicator->kind == INDICATOR_NONE)
        indicator->kind = indicator_guess(indicator->value);
    /* feeds call 192.0.2.1:443 an address */
    uint16_t port;
    struct view host;
    if (indicator->kind == INDICATOR_IP && !is_address(indicator->value) &&
        split_port(indicator->value, &host, &port) && is_address(host))
        indicator->kind = INDICATOR_ENDPOINT;
    return settle_kind(arena, indicator);
}

bool indicator_offer(struct arena *arena, const struct indicator_sink *sink,
                     struct indicator indicator)
{
    struct view written = indicator.value;
    const char *reason = indicator_settle(arena, &indicator);

    if (reason != NULL)
        sink->skip(sink->context, reason, written, indicator.place);
    else
        sink->take(sink->context, &indicator);
    return reason == NULL;
}

/* --- times --------------------------------------------------------------------------------------- */

/* "+02:00" or "-0530" as microseconds; false when it is none. */
static bool parse_offset(struct view text, int64_t *out)
{
    uint64_t hours, minutes;
    bool has_colon = text.len == 6 && text.data[3] == ':';

    if ((text.len != 5 && !has_colon) || (text.data[0] != '+' && text.data[0] != '-') ||
        !view_parse_u64(view_slice(text, 1, 3), &hours) ||
        !view_parse_u64(view_skip(text, has_colon ? 4 : 3), &minutes) || hours > 23 || minutes > 59)
        return false;
    int64_t offset = (int64_t)(hours * 60 + minutes) * 60 * 1000000;
    *out = text.data[0] == '-' ? -offset : offset;
    return true;
}

bool indicator_parse_time(struct view text, int64_t *out_us)
{
    int64_t offset = 0;
    uint64_t seconds;

    text = view_trim(text);
    if (view_parse_u64(text, &seconds) && text.len >= 9 && text.len <= 11) {
        *out_us = (int64_t)seconds * 1000000;
        return true;
    }
    if (loader_parse_time(text, out_us))
        return true;
    size_t end = text.len < 19 ? text.len : 19; /* 2024-01-09T11:52:30 */
    struct view rest = view_skip(text, end);
    if (rest.len > 0 && rest.data[0] == '.') {
        size_t digits = 1;
        while (digits < rest.len && byte_is_digit(rest.data[digits]))
            digits++;
        rest = view_skip(rest, digits);
    }
    if (view_equal(rest, VIEW(" UTC")) || view_equal(rest, VIEW("Z")))
        rest = view_skip(rest, rest.len);
    if (rest.len > 0 && !parse_offset(rest, &offset))
        return false;
    if (!loader_parse_time(view_slice(text, 0, end), out_us))
        return false;
    *out_us -= offset;
    return true;
}
