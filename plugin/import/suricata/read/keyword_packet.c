/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords about the headers of a packet. */
#include "base/buf.h"
#include "import/suricata/read/reader.h"

/* Both ends of a range are left out, as Suricata does. */
const char *reader_ask_number(struct reader *r, const char *field, struct view value)
{
    enum comparison compare;
    uint64_t number, upper;

    r->rule->needs_packet = true;
    if (!reader_compare(value, &compare, &number, &upper))
        return arena_format(r->arena, "%s: a value that is no number", field);
    const char *fault = reader_add_ask(
        r, arena_format(r->arena, "%s%s", field, reader_compare_suffix(compare)),
        arena_format(r->arena, "%llu", (unsigned long long)number), compare == IS_NE);
    if (fault != NULL || upper == 0)
        return fault;
    return reader_add_ask(r, arena_format(r->arena, "%s|lt", field),
                          arena_format(r->arena, "%llu", (unsigned long long)upper), false);
}

const char *read_ip_proto(struct reader *r, struct view value)
{
    static const struct {
        const char *name;
        const char *number;
    } NAMES[] = {{"icmp", "1"},  {"igmp", "2"},       {"tcp", "6"},   {"udp", "17"},
                 {"gre", "47"},  {"esp", "50"},       {"ah", "51"},   {"icmp6", "58"},
                 {"ipv6", "41"}, {"ipv6-icmp", "58"}, {"sctp", "132"}};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (view_equal_fold(value, view_from_string(NAMES[i].name)))
            value = view_from_string(NAMES[i].number);
    }
    return reader_ask_number(r, "ip.proto", value);
}

/* --- how much TCP has carried -------------------------------------------------------------------- */

/* "server,<,5" */
const char *read_stream_size(struct reader *r, struct view value)
{
    static const char *const FIELDS[] = {"flow.tcp_size_toserver", "flow.tcp_size_toclient"};
    struct view side, sign, number;
    enum comparison compare;
    uint64_t size, upper;
    const char *fault = NULL;

    (void)rule_text_part(&value, ',', &side);
    (void)rule_text_part(&value, ',', &sign);
    (void)rule_text_part(&value, ',', &number);
    bool is_both = view_equal(side, VIEW("both"));
    bool is_client = view_equal(side, VIEW("client")), is_server = view_equal(side, VIEW("server"));
    const char *text = arena_format(r->arena, "%.*s%.*s", (int)sign.len, (const char *)sign.data,
                                    (int)number.len, (const char *)number.data);
    if (!is_both && !is_client && !is_server)
        return "stream_size of either side";
    if (!reader_compare(view_from_string(text), &compare, &size, &upper) || upper > 0)
        return "stream_size: a comparison and a number were expected";
    r->rule->wants_growth |= compare != IS_LT && compare != IS_LTE;
    for (unsigned i = 0; i < 2 && fault == NULL; i++) {
        if (is_both || is_client == (i == 0))
            fault = reader_add_ask(
                r, arena_format(r->arena, "%s%s", FIELDS[i], reader_compare_suffix(compare)),
                arena_format(r->arena, "%llu", (unsigned long long)size), compare == IS_NE);
    }
    return fault;
}

/* --- TCP flags ----------------------------------------------------------------------------------- */

static bool flag_bits(struct view text, unsigned *bits)
{
    static const char LETTERS[] = "FSRPAUEC"; /* from the lowest bit on */
    static const char OLD[] = "FSRPAU21";

    *bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = text.data[i] >= 'a' ? (unsigned char)(text.data[i] - 32) : text.data[i];
        const char *at = c != 0 ? strchr(LETTERS, c) : NULL;
        const char *old = c != 0 ? strchr(OLD, c) : NULL;
        if (at == NULL && old == NULL && c != '0')
            return false;
        if (c != '0')
            *bits |= 1U << (at != NULL ? at - LETTERS : old - OLD);
    }
    return true;
}

/* 1 and 2 are CWR and ECE: Suricata's 1 is the highest bit. */
static bool flags_hold(unsigned flags, unsigned bits, unsigned ignored, char modifier)
{
    flags &= ~ignored;
    bits &= ~ignored;
    switch (modifier) {
    case '+':
        return (flags & bits) == bits;
    case '*':
        return (flags & bits) != 0;
    case '!':
        return (flags & bits) != bits;
    default:
        return flags == bits;
    }
}

/* Every number of flags that holds, in one list: the field has no masks. */
static const char *flag_numbers(struct arena *arena, unsigned bits, unsigned ignored, char modifier)
{
    struct buf out;

    buf_init(&out, 2048);
    for (unsigned flags = 0; flags < 256; flags++) {
        if (flags_hold(flags, bits, ignored, modifier))
            buf_format(&out, "%s%u", out.len > 0 ? "," : "", flags);
    }
    const char *kept = (const char *)arena_copy(arena, buf_view(&out)).data;
    buf_clear(&out);
    return kept;
}

const char *read_flags(struct reader *r, struct view value)
{
    struct view wanted, ignored = view_make("", 0);
    unsigned bits, ignored_bits;
    char modifier = 0;

    r->rule->needs_packet = true;
    (void)rule_text_part(&value, ',', &wanted);
    (void)rule_text_part(&value, ',', &ignored);
    if (wanted.len > 0 && view_find_byte(VIEW("+*!"), wanted.data[0]) != VIEW_NOT_FOUND) {
        modifier = (char)wanted.data[0];
        wanted = view_trim(view_skip(wanted, 1));
    }
    if (!flag_bits(wanted, &bits) || !flag_bits(ignored, &ignored_bits))
        return "flags: an unknown letter";
    const char *numbers = flag_numbers(r->arena, bits, ignored_bits, modifier);
    return *numbers == '\0' ? "flags that no packet has"
                            : reader_add_ask(r, "tcp.flags", numbers, false);
}

/* --- the application ----------------------------------------------------------------------------- */

const char *read_app_protocol(struct reader *r, struct view value)
{
    static const char *const KNOWN[] = {"http", "dns", "tls", "failed"};
    bool is_negated = value.len > 0 && value.data[0] == '!';

    if (is_negated)
        value = view_trim(view_skip(value, 1));
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (view_equal(value, view_from_string(KNOWN[i])))
            return reader_add_ask(r, "app_proto", KNOWN[i], is_negated);
    }
    return arena_format(r->arena, "app-layer-protocol %.*s", (int)value.len,
                        (const char *)value.data);
}
