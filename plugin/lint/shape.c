/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: values that are not of the shape that all values of their field have, so that they never match.
 *
 * Templates   digests and fingerprints: so many characters, each of its kind (template.c).
 * Lower case  a field that is kept in lower case, and bytes with capitals. (Text is folded, or told when it is read.)
 * Names       transport protocols, and hosts, which are kept without their port. (Other names: closed.c.)
 *
 * Only what is certain is told.
 */
#include <string.h>

#include "lint/lint.h"
#include "lint/template.h"

#define HEX4     "hhhh"
#define HEX12    HEX4 HEX4 HEX4
#define HEX32    HEX12 HEX12 HEX4 HEX4
#define PAIRS5   "hh:hh:hh:hh:hh"
#define BASE64_9 "bbbbbbbbb"

static const struct shape {
    enum field_id field;
    const char *template;
    const char *what;
} SHAPES[] = {
    {FIELD_TLS_JA3_HASH, HEX32, "the 32 hexadecimal digits of an MD5"},
    {FIELD_TLS_JA3S_HASH, HEX32, "the 32 hexadecimal digits of an MD5"},
    {FIELD_TLS_JA4_HASH, "tvvnddddaa_" HEX12 "_" HEX12,
     "of the form t13d1516h2_8daaf6152771_e5627efa2ab1"},
    {FIELD_TLS_CERT_FINGERPRINT, PAIRS5 ":" PAIRS5 ":" PAIRS5 ":" PAIRS5,
     "the 20 bytes of a SHA-1 with colons between them"},
    {FIELD_COMMUNITY_ID, "1:" BASE64_9 BASE64_9 BASE64_9 "=", "1: and the base64 of a SHA-1"},
};

static void tell(struct lint *lint, const struct predicate *p, const char *why)
{
    diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "never-matches", p->place, NULL,
                    "%s: this never matches: %s", lint_shown(lint, p), why);
}

static void lint_template(struct lint *lint, const struct predicate *p, const struct shape *shape)
{
    struct pattern pattern;

    if (pattern_of(p, &pattern) && pattern.from == 0 && pattern.to == SIZE_MAX &&
        !template_fits(shape->template, &pattern))
        tell(lint, p, arena_format(lint->arena, "values are %s", shape->what));
}

static bool is_number(struct view text)
{
    uint64_t number;
    return view_parse_u64(text, &number) && number <= 255;
}

/* What `proto` says; what has no name there is a number. */
static void lint_protocol(struct lint *lint, const struct predicate *p)
{
    static const struct view NAMES[] = {VIEW("tcp"), VIEW("udp"), VIEW("icmp"), VIEW("ipv6-icmp"),
                                        VIEW("sctp")};
    struct view value = p->pieces[0].bytes;
    bool is_known = is_number(value);

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        is_known |= view_equal_fold(value, NAMES[i]);
    if (!is_known)
        tell(lint, p, "a protocol is tcp, udp, icmp, ipv6-icmp, sctp or a number");
}

/* `evil.example:8080`. An IPv6 address in brackets has colons, and so may what is no host at all: one colon, digits. */
static void lint_port(struct lint *lint, const struct predicate *p)
{
    struct view value = p->pieces[0].bytes;
    size_t colon = view_find_byte(value, ':');
    uint64_t port;

    if (colon != VIEW_NOT_FOUND && colon > 0 &&
        view_parse_u64(view_skip(value, colon + 1), &port) && port <= 65535)
        tell(lint, p, "the host is kept without its port; ask for `dst_port` as well");
}

/* Bytes are compared as they are, and the field's are in lower case. */
static void lint_hex(struct lint *lint, const struct predicate *p)
{
    bool is_lower = p->field != FIELD_NONE && (field_get(p->field)->flags & FIELD_LOWER) != 0;

    for (size_t i = 0; is_lower && p->is_cased && i < p->bytes.len; i++) {
        bool counts = p->mask.len == 0 || p->mask.data[i] == 0xff;
        if (counts && p->bytes.data[i] >= 'A' && p->bytes.data[i] <= 'Z') {
            tell(lint, p, "the field is in lower case, and these bytes have a capital");
            return;
        }
    }
}

void lint_shape(struct lint *lint, const struct predicate *p)
{
    enum field_id field = lint_source(p);

    if (p->op == MATCH_HEX)
        lint_hex(lint, p);
    for (size_t i = 0; i < sizeof(SHAPES) / sizeof(SHAPES[0]); i++) {
        if (SHAPES[i].field == field)
            lint_template(lint, p, &SHAPES[i]);
    }
    if (p->op != MATCH_GLOB || p->piece_count != 1 || p->pieces[0].kind != GLOB_LITERAL)
        return;
    if (field == FIELD_PROTO)
        lint_protocol(lint, p);
    else if (field == FIELD_HTTP_HOST)
        lint_port(lint, p);
}
