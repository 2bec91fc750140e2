/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: names that are none of those that their field has, so that they never match.
 *
 * Idea       some fields are names out of a closed set, which stands in the table of whoever makes them: a value is told
 *            when it fits none of them. A number that has no name reads TYPE65280, RCODE31 or 0x7e01.
 */
#include "base/anomaly.h"
#include "lint/lint.h"
#include "lint/pattern.h"
#include "proto/dns/dns_record.h"
#include "proto/proto.h"
#include "proto/tls/tls_hello.h"

enum { VERSIONS_EACH = 32 };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the sets --------------------------------------------------------------------------------------------- */

static const char *const TYPES[] = {
#define DNS_TYPE(number, name, form) name,
#include "proto/dns/dns_type.def"
#undef DNS_TYPE
};

static const char *const CODES[] = {
#define DNS_RCODE(number, name) name,
#include "proto/dns/dns_rcode.def"
#undef DNS_RCODE
};

static const char *const PROTOCOLS[] = {
#define PROTO(id, name, transports, ports, parser) name,
#include "proto/proto.def"
#undef PROTO
    "failed"};

static const char *const DIRECTIONS[] = {"to_server", "to_client"};
static const char *const LAYERS[] = {"decode", "stream", "applayer"};

static const char *type_at(size_t i)
{
    return TYPES[i];
}

static const char *code_at(size_t i)
{
    return CODES[i];
}

static const char *protocol_at(size_t i)
{
    return PROTOCOLS[i];
}

static const char *direction_at(size_t i)
{
    return DIRECTIONS[i];
}

static const char *layer_at(size_t i)
{
    return LAYERS[i];
}

static const char *anomaly_at(size_t i)
{
    return anomaly_name((enum anomaly)(i + 1));
}

static const char *state_at(size_t i)
{
    return flow_state_name((enum flow_state)i);
}

static const char *reason_at(size_t i)
{
    return flow_reason_name((enum flow_reason)i);
}

/* SSL and TLS, and the drafts of TLS 1.3. */
static const char *version_at(size_t i)
{
    static const uint16_t HIGH[] = {0x0000, 0x0300, 0x7f00, 0xfb00};
    return tls_version_name((uint16_t)(HIGH[i / VERSIONS_EACH] + i % VERSIONS_EACH));
}

static bool is_unnamed_type(uint64_t number)
{
    return number <= UINT16_MAX && dns_type_name((uint16_t)number) == NULL;
}

static bool is_unnamed_code(uint64_t number)
{
    return number < 4096 && dns_rcode_name((uint16_t)number) == NULL;
}

static bool is_unnamed_version(uint64_t number)
{
    return number <= UINT16_MAX && tls_version_name((uint16_t)number) == NULL;
}

static const struct closed {
    enum field_id field;
    const char *(*name_at)(size_t i); /* NULL: there is none at i */
    size_t count;
    const char *prefix; /* of numbers; NULL: each has a name */
    bool is_hex;        /* four digits; else decimal */
    bool (*is_unnamed)(uint64_t number);
    const char *what;
} SETS[] = {
    {FIELD_DNS_RRTYPE, type_at, LENGTH(TYPES), "TYPE", false, is_unnamed_type,
     "the name of a record type, or TYPE<n> where it has none"},
    {FIELD_DNS_ANSWER_RRTYPE, type_at, LENGTH(TYPES), "TYPE", false, is_unnamed_type,
     "the name of a record type, or TYPE<n> where it has none"},
    {FIELD_DNS_RCODE, code_at, LENGTH(CODES), "RCODE", false, is_unnamed_code,
     "the name of a response code, or RCODE<n> where it has none"},
    {FIELD_TLS_VERSION, version_at, 4 * VERSIONS_EACH, "0x", true, is_unnamed_version,
     "TLS 1.3, TLS 1.2, TLS 1.1, TLSv1, SSLv3, SSLv2, the name of a draft, or a number as 0x7e01"},
    {FIELD_APP_PROTO, protocol_at, LENGTH(PROTOCOLS), NULL, false, NULL, NULL},
    {FIELD_DIRECTION, direction_at, LENGTH(DIRECTIONS), NULL, false, NULL, NULL},
    {FIELD_FLOW_STATE, state_at, FLOW_CLOSED + 1, NULL, false, NULL, NULL},
    {FIELD_FLOW_REASON, reason_at, FLOW_REASON_SHUTDOWN + 1, NULL, false, NULL, NULL},
    {FIELD_ANOMALY_TYPE, anomaly_at, ANOMALY_COUNT - 1, NULL, false, NULL,
     "the name of an anomaly"},
    {FIELD_ANOMALY_LAYER, layer_at, LENGTH(LAYERS), NULL, false, NULL, NULL},
};

/* ---- does a value fit ------------------------------------------------------------------------------------- */

static bool fits_name(const struct pattern *pattern, const char *name)
{
    struct pattern whole = {
        .to = SIZE_MAX, .is_cased = true, .is_tied_start = true, .is_tied_end = true};

    while (*name != '\0' && whole.count < PATTERN_MAX)
        whole.symbols[whole.count++] = (uint8_t)*name++;
    return pattern_implies(&whole, pattern);
}

/* Its value, -1 when it is no digit of the set's numbers. */
static int digit_of(const struct closed *set, uint16_t symbol)
{
    if (symbol >= '0' && symbol <= '9')
        return symbol - '0';
    symbol = symbol < 256 ? byte_fold((uint8_t)symbol) : symbol;
    return set->is_hex && symbol >= 'a' && symbol <= 'f' ? symbol - 'a' + 10 : -1;
}

/* The prefix and a number that has no name, as it is written. */
static bool is_number(const struct closed *set, const struct pattern *pattern)
{
    size_t len = strlen(set->prefix), digits = pattern->count - len;
    uint64_t number = 0;

    if (pattern->count <= len || digits > 5)
        return false;
    for (size_t i = 0; i < pattern->count; i++) {
        int digit = digit_of(set, pattern->symbols[i]);
        if (i < len ? byte_fold((uint8_t)pattern->symbols[i]) != byte_fold((uint8_t)set->prefix[i])
                    : digit < 0)
            return false;
        if (i >= len)
            number = number * (set->is_hex ? 16 : 10) + (uint64_t)digit;
    }
    return (set->is_hex ? digits == 4 : pattern->symbols[len] != '0') && set->is_unnamed(number);
}

/* Of a part of one nothing is certain: bytes of the prefix and digits will do. */
static bool may_be_of_number(const struct closed *set, const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++) {
        uint16_t symbol = pattern->symbols[i];
        bool is_known = symbol >= 256 || digit_of(set, symbol) >= 0;
        for (const char *c = set->prefix; *c != '\0' && !is_known; c++)
            is_known = byte_fold((uint8_t)*c) == byte_fold((uint8_t)symbol);
        if (!is_known)
            return false;
    }
    return true;
}

/* ---- telling ---------------------------------------------------------------------------------------------- */

/* "new, established, closed" */
static const char *all_names(struct lint *lint, const char *const *names, size_t count)
{
    const char *all = names[0];

    for (size_t i = 1; i < count; i++)
        all = arena_format(lint->arena, "%s, %s", all, names[i]);
    return all;
}

static void tell(struct lint *lint, const struct predicate *p, const struct closed *set)
{
    const char **names = arena_array(lint->arena, set->count, sizeof(*names));
    const char *nearest = NULL;
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (set->name_at(i) != NULL)
            names[count++] = set->name_at(i);
    }
    if (p->piece_count == 1)
        nearest = nearest_name(p->pieces[0].bytes, names, count);
    diagnostics_add(
        lint->diagnostics, SEVERITY_WARNING, "never-matches", p->place,
        nearest != NULL ? arena_format(lint->arena, "did you mean `%s`?", nearest) : NULL,
        "%s: this never matches: values are %s", lint_shown(lint, p),
        set->what != NULL ? set->what
                          : arena_format(lint->arena, "one of %s", all_names(lint, names, count)));
}

static void lint_set(struct lint *lint, const struct predicate *p, const struct closed *set)
{
    struct pattern pattern;
    bool is_known = !pattern_of(p, &pattern) || pattern.from != 0 || pattern.to != SIZE_MAX;

    for (size_t i = 0; i < set->count && !is_known; i++)
        is_known = set->name_at(i) != NULL && fits_name(&pattern, set->name_at(i));
    if (!is_known && set->prefix != NULL)
        is_known =
            pattern_is_whole(&pattern) ? is_number(set, &pattern) : may_be_of_number(set, &pattern);
    if (!is_known)
        tell(lint, p, set);
}

void lint_closed(struct lint *lint, const struct predicate *p)
{
    enum field_id field = lint_source(p);

    if (p->op != MATCH_GLOB && p->op != MATCH_HEX)
        return;
    for (size_t i = 0; i < LENGTH(SETS); i++) {
        if (SETS[i].field == field)
            lint_set(lint, p, &SETS[i]);
    }
}
