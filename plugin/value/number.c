/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers: values of number, bool, time and address fields, and numbers measured from any field.
 *
 *   number  in or without quotes, decimal or 0x       bool  true false yes no on off 1 0
 *   time    2026-01-31 or 2026-01-31T12:00:00         ip    a prefix: an address is one of full length,
 *                                                           `10.*` is 10.0.0.0/8
 *   entropy bits a byte as 3.75, kept in thousandths                                     parts of a time: whole numbers
 */
#include "value/value.h"
#include "value/wildcard.h"

/* --- numbers ------------------------------------------------------------------------------------- */

static enum compare compare_of(const struct question *q)
{
    return question_has(q, MODIFIER_LT)    ? COMPARE_LT
           : question_has(q, MODIFIER_LTE) ? COMPARE_LTE
           : question_has(q, MODIFIER_GT)  ? COMPARE_GT
           : question_has(q, MODIFIER_GTE) ? COMPARE_GTE
                                           : COMPARE_EQ;
}

static const char BITS_HELP[] = "write bits a byte, for example 3.75";
static const char BITS_WANTED[] = "a number of bits between 0 and 8";

/* "3.75" bits in thousandths. */
static bool parse_thousandths(struct view text, int64_t *out)
{
    size_t dot = view_find_byte(text, '.');
    struct view rest = dot == VIEW_NOT_FOUND ? view_make("", 0) : view_skip(text, dot + 1);
    uint64_t whole, part = 0;

    if (!view_parse_u64(view_slice(text, 0, dot), &whole) || whole > 8 || rest.len > 3 ||
        (dot != VIEW_NOT_FOUND && !view_parse_u64(rest, &part)))
        return false;
    for (size_t i = rest.len; i < 3; i++)
        part *= 10;
    *out = (int64_t)(whole * 1000 + part);
    return true;
}

static bool parse_typed(const struct yaml_node *scalar, enum field_type type, int64_t *out)
{
    bool is_true;

    switch (type) {
    case TYPE_NUMBER:
        return loader_parse_number(scalar->text, out);
    case TYPE_TIME:
        return loader_parse_time(scalar->text, out);
    case TYPE_BOOL:
        if (!yaml_parse_bool(scalar, &is_true))
            return loader_parse_number(scalar->text, out) && (*out == 0 || *out == 1);
        *out = is_true;
        return true;
    case TYPE_BYTES:
    case TYPE_IP:
        break;
    }
    return false;
}

static const struct {
    enum field_id field;
    int64_t least, most;
} RANGES[] = {
    {FIELD_SRC_PORT, 0, 65535},
    {FIELD_DST_PORT, 0, 65535},
    {FIELD_VLAN, 0, 4095},
    {FIELD_PACKET_IP_TTL, 0, 255},
    {FIELD_PACKET_IP_PROTO, 0, 255},
    {FIELD_PACKET_IP_VERSION, 4, 6},
    {FIELD_PACKET_TCP_FLAGS, 0, 511},
    {FIELD_PACKET_TCP_WINDOW, 0, 65535},
    {FIELD_PACKET_ICMP_TYPE, 0, 255},
    {FIELD_PACKET_ICMP_CODE, 0, 255},
    {FIELD_PACKET_SRC_PORT, 0, 65535},
    {FIELD_PACKET_DST_PORT, 0, 65535},
    {FIELD_PACKET_PAYLOAD_LEN, 0, 65535},
    {FIELD_HTTP_STAT_CODE, 0, 999},
    {FIELD_DNS_RRTYPE_NUM, 0, 65535},
    {FIELD_DNS_ID, 0, 65535},
    {FIELD_DNS_OPCODE, 0, 15},
    {FIELD_DNS_RCODE_NUM, 0, 4095},
    {FIELD_DNS_Z, 0, 7},
    {FIELD_DNS_QUERY_ENTROPY, 0, 8000},
    {FIELD_TLS_CLIENT_VERSION, 0, 65535},
    {FIELD_TLS_CIPHER, 0, 65535},
};

static const char *const MEASURES[] = {
    [OF_VALUE] = "",        [OF_LEN] = "len",   [OF_COUNT] = "count", [OF_ENTROPY] = "entropy",
    [OF_MINUTE] = "minute", [OF_HOUR] = "hour", [OF_DAY] = "day",     [OF_WEEK] = "week",
    [OF_MONTH] = "month",   [OF_YEAR] = "year"};

/* Least and most of what is compared. */
static void range_of(const struct question *q, const struct predicate *p, int64_t *least,
                     int64_t *most)
{
    static const struct {
        int64_t least, most;
    } PARTS[] = {[OF_MINUTE] = {0, 59}, [OF_HOUR] = {0, 23},  [OF_DAY] = {1, 31},
                 [OF_WEEK] = {1, 53},   [OF_MONTH] = {1, 12}, [OF_YEAR] = {0, 9999}};

    *least = 0;
    *most = INT64_MAX;
    for (size_t i = 0; i < sizeof(RANGES) / sizeof(RANGES[0]) && p->of == OF_VALUE; i++) {
        if (RANGES[i].field == q->field) {
            *least = RANGES[i].least;
            *most = RANGES[i].most;
        }
    }
    if (p->of >= OF_MINUTE) {
        *least = PARTS[p->of].least;
        *most = PARTS[p->of].most;
    }
}

/* A bound that lies at the end of the range, or beyond it, keeps nothing out. */
static bool holds_whole(const struct predicate *p, int64_t least, int64_t most)
{
    switch (p->compare) {
    case COMPARE_GTE:
        return p->number <= least;
    case COMPARE_GT:
        return p->number < least;
    case COMPARE_LTE:
        return p->number >= most;
    case COMPARE_LT:
        return p->number > most;
    case COMPARE_EQ:
        break;
    }
    return false;
}

static void warn_range(struct loader *l, const struct question *q, const struct yaml_node *scalar,
                       const struct predicate *p)
{
    int64_t least, most;
    bool is_time = question_type(q) == TYPE_TIME && p->of == OF_VALUE;

    if (q->field == FIELD_NONE || p->op != MATCH_NUMBER || is_time)
        return;
    range_of(q, p, &least, &most);
    bool is_low = p->number < least || (p->compare == COMPARE_LT && p->number == least);
    bool is_high = p->number > most || (p->compare == COMPARE_GT && p->number == most);
    bool is_never = p->compare == COMPARE_EQ                                ? is_low || is_high
                    : p->compare == COMPARE_LT || p->compare == COMPARE_LTE ? is_low
                                                                            : is_high;
    if (holds_whole(p, least, most))
        loader_warn(l, scalar->place, "matches-everything",
                    "ask `exists: true`, or a bound that keeps something out",
                    "%s: every value that there can be lies within this bound", p->text);
    if (!is_never)
        return;
    if (most == INT64_MAX)
        loader_warn(l, scalar->place, "never-matches", NULL,
                    "a number of this kind is never negative, so this never matches");
    else
        loader_warn(l, scalar->place, "never-matches", NULL,
                    "%s`%s` is between %lld and %lld, so this never matches",
                    p->of >= OF_MINUTE ? arena_format(l->arena, "`%s` of ", MEASURES[p->of]) : "",
                    field_get(q->field)->name, (long long)least, (long long)most);
}

/* Is the field of a type that has this? */
static bool has_measure(struct loader *l, const struct question *q, const struct yaml_node *scalar,
                        enum predicate_of of)
{
    enum field_type type = question_type(q);
    bool is_time = of >= OF_MINUTE;

    if (of == OF_COUNT || type == (is_time ? TYPE_TIME : TYPE_BYTES))
        return true;
    loader_error(l, scalar->place, "field-type", "compare the value itself",
                 is_time ? "`%s` is a part of a time; `%s` is of type %s"
                         : "`%s` measures text; `%s` is of type %s",
                 MEASURES[of], field_get(q->field)->name, field_type_name(type));
    return false;
}

struct node *value_measure(struct loader *l, const struct question *q,
                           const struct yaml_node *scalar)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_NUMBER);

    p->of = question_of(q);
    p->compare = compare_of(q);
    if (!has_measure(l, q, scalar, p->of))
        return NULL;
    if (p->of == OF_ENTROPY && !parse_thousandths(scalar->text, &p->number))
        return value_wrong(l, scalar, "number-value", BITS_HELP, BITS_WANTED);
    if (p->of != OF_ENTROPY && !loader_parse_number(scalar->text, &p->number))
        return value_wrong(l, scalar, "number-value", "write a whole number", "a whole number");
    warn_range(l, q, scalar, p);
    return node_predicate(l->arena, p);
}

static bool refuses_text(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    static const enum modifier TEXT_ONLY[] = {
        MODIFIER_RE,       MODIFIER_HEX,        MODIFIER_DOMAIN,  MODIFIER_CIDR,
        MODIFIER_CONTAINS, MODIFIER_STARTSWITH, MODIFIER_ENDSWITH};
    bool is_text = q->encoding_count > 0 || question_has_offsets(q);

    for (size_t i = 0; i < sizeof(TEXT_ONLY) / sizeof(TEXT_ONLY[0]); i++)
        is_text |= question_has(q, TEXT_ONLY[i]);
    if (is_text)
        loader_error(l, scalar->place, "field-type",
                     "write the value, or compare with lt, lte, gt, gte",
                     "`%s` is of type %s; only bytes can be searched", field_get(q->field)->name,
                     field_type_name(question_type(q)));
    return is_text;
}

struct node *value_number(struct loader *l, const struct question *q,
                          const struct yaml_node *scalar)
{
    static const char *const WANTED[] = {
        [TYPE_NUMBER] = "a whole number",
        [TYPE_BOOL] = "true or false",
        [TYPE_TIME] = "a time",
        [TYPE_BYTES] = "",
        [TYPE_IP] = "",
    };
    static const char *const HELP[] = {
        [TYPE_NUMBER] = "write 443 or 0x1bb; for ranges compare with lt, lte, gt, gte",
        [TYPE_BOOL] = "write true or false",
        [TYPE_TIME] = "write 2026-01-31 or 2026-01-31T12:00:00",
        [TYPE_BYTES] = NULL,
        [TYPE_IP] = NULL,
    };
    enum field_type type = question_type(q);
    struct predicate *p;

    if (refuses_text(l, q, scalar))
        return NULL;
    if (scalar->text.len == 0 || view_equal(scalar->text, VIEW("*")))
        return value_exists(l, q, scalar, scalar->text.len > 0);
    p = value_predicate(l, q, scalar, MATCH_NUMBER);
    p->compare = compare_of(q);
    if (q->field == FIELD_DNS_QUERY_ENTROPY) { /* in bits, as the modifier asks */
        if (!parse_thousandths(scalar->text, &p->number))
            return value_wrong(l, scalar, "number-value", BITS_HELP, BITS_WANTED);
    } else if (!parse_typed(scalar, type, &p->number)) {
        return value_wrong(l, scalar, "number-value", HELP[type], WANTED[type]);
    }
    if (type == TYPE_BOOL && p->compare != COMPARE_EQ) {
        loader_error(l, scalar->place, "field-type", "write `true` or `false` without a comparison",
                     "`%s` is true or false and has no order", field_get(q->field)->name);
        return NULL;
    }
    warn_range(l, q, scalar, p);
    return node_predicate(l->arena, p);
}

/* --- addresses ----------------------------------------------------------------------------------- */

/* "10.1." -> 10.1.0.0/16, "fe80:" -> fe80::/16. */
static bool prefix_of_text(struct view text, struct predicate *p)
{
    char whole[ADDRESS_TEXT_MAX];
    unsigned parts = 0;

    if (text.len == 0 || text.len > 39)
        return false;
    uint8_t separator = text.data[text.len - 1];
    for (size_t i = 0; i < text.len; i++)
        parts += text.data[i] == separator;
    if ((separator != '.' || parts > 3) && (separator != ':' || parts > 7))
        return false;
    memcpy(whole, text.data, text.len);
    if (separator == '.') {
        static const char ZEROS[] = "0.0.0";
        size_t rest = 2 * (4 - (size_t)parts) - 1;
        memcpy(whole + text.len, ZEROS, rest);
        if (!address_parse(view_make(whole, text.len + rest), &p->address))
            return false;
        p->prefix_bits = 96 + 8 * parts;
        return true;
    }
    whole[text.len] = ':';
    if (!address_parse(view_make(whole, text.len + 1), &p->address))
        return false;
    p->prefix_bits = 16 * parts;
    return true;
}

struct node *value_address(struct loader *l, const struct question *q,
                           const struct yaml_node *scalar)
{
    static const char HELP[] = "write 192.0.2.1 or 2001:db8::1, 10.* for a range, or use `cidr`";
    bool starts = question_has(q, MODIFIER_STARTSWITH);
    struct text text = text_parse(l->arena, scalar->text);
    struct question bare = *q;

    bare.modifiers &= ~(UINT64_C(1) << MODIFIER_STARTSWITH | UINT64_C(1) << MODIFIER_CIDR);
    if (refuses_text(l, &bare, scalar))
        return NULL;
    if (question_compare(q) != NULL) {
        loader_error(l, scalar->place, "field-type", "use `cidr` for a range of addresses",
                     "`%s` compares numbers, and `%s` holds addresses", question_compare(q),
                     field_get(q->field)->name);
        return NULL;
    }
    if (question_has(q, MODIFIER_CIDR))
        return value_cidr(l, q, scalar);
    if (text.count == 0 || text_is_any(&text))
        return value_exists(l, q, scalar, text.count > 0);
    struct predicate *p = value_predicate(l, q, scalar, MATCH_PREFIX);
    if (starts)
        text = text_surround(l->arena, &text, false, true);
    bool is_prefix =
        text.count == 2 && text.pieces[0].kind == GLOB_LITERAL && text.pieces[1].kind == GLOB_ANY;
    if (is_prefix ? prefix_of_text(text.pieces[0].bytes, p)
                  : view_find_byte(scalar->text, '/') == VIEW_NOT_FOUND &&
                        address_parse_prefix(scalar->text, &p->address, &p->prefix_bits))
        return node_predicate(l->arena, p);
    return value_wrong(l, scalar, "address-value", HELP, "an address");
}
