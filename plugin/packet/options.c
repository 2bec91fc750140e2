/* SPDX-License-Identifier: BSD-3-Clause */
/* Options: what IPv4 (RFC 791), IPv6 (RFC 8200) and TCP (RFC 9293) hang onto their headers. Nothing here
 * changes how a packet is read on, with one exception: a packet whose IPv4 options Linux refuses is thrown away, as
 * its bytes would stand before those that hosts take (net/ipv4/ip_options.c; tests/kernel/ip.py asks one). Faults
 * are anomalies, under Suricata's names and on its conditions but for one: ipv4.opt_pad_required, which it raises
 * for every router alert. */
#include "packet/decoder.h"

/* A kind that has a definite form: the lengths it may have, from `min` to `max` in steps, header included. */
struct option_form {
    uint8_t min, max, step;
    bool may_be_empty; /* two bytes are right as well */
    bool is_single;    /* a second one is an anomaly */
};

static bool has_form(const struct option_form *form, uint8_t len)
{
    if (len == 2 && form->may_be_empty)
        return true;
    return len >= form->min && len <= form->max && (len - form->min) % form->step == 0;
}

enum option_step {
    OPTION,
    OPTIONS_END,
    OPTION_LONE,   /* one byte left, which is no option */
    OPTION_BROKEN, /* longer than the list, or too short to be one */
};

/* The next option of a list of kind, length, data; kinds 0 (the end) and 1 (nothing) are single bytes. */
static enum option_step next_option(struct cursor *c, uint8_t *kind, struct view *data)
{
    do {
        if (cursor_left(c) == 0)
            return OPTIONS_END;
        *kind = cursor_u8(c);
    } while (*kind == 1);
    if (*kind == 0)
        return OPTIONS_END;
    if (cursor_left(c) == 0)
        return OPTION_LONE;
    uint8_t len = cursor_u8(c);
    if (len < 2 || (size_t)len - 2 > cursor_left(c))
        return OPTION_BROKEN;
    *data = cursor_view(c, (size_t)len - 2);
    return OPTION;
}

/* Fast open was tried out under the experimental kinds, with a number of its own (RFC 7413, appendix B). */
static uint8_t tcp_kind(uint8_t kind, struct view data)
{
    enum { FAST_OPEN = 34, EXPERIMENT1 = 253, EXPERIMENT2 = 254 };
    bool is_experiment = kind == EXPERIMENT1 || kind == EXPERIMENT2;

    return is_experiment && view_starts(data, VIEW("\xf9\x89")) ? FAST_OPEN : kind;
}

/* What the TCP room reads: timestamps, and how a SYN scales windows (14 at most: RFC 7323, 2.3). */
static void keep_tcp_option(struct packet *p, uint8_t kind, struct view data)
{
    enum { WINDOW_SCALE = 3, TIMESTAMPS = 8, SCALE_MAX = 14 };
    struct cursor c = cursor_over(data);

    if (kind == WINDOW_SCALE && p->tcp_flags & TCP_SYN) {
        uint8_t scale = cursor_u8(&c);
        p->window_scale = (uint8_t)((scale < SCALE_MAX ? scale : SCALE_MAX) + 1);
    }
    if (kind == TIMESTAMPS) {
        p->time_sent = cursor_u32(&c);
        p->time_echoed = cursor_u32(&c);
        p->flags |= PACKET_HAS_TIMES;
    }
}

void read_tcp_options(struct decoder *d, struct packet *p, struct view options)
{
    static const struct option_form forms[256] = {
        [2] = {4, 4, 1, false, true},     /* maximum segment size */
        [3] = {3, 3, 1, false, true},     /* window scale */
        [4] = {2, 2, 1, false, true},     /* selective acknowledgement permitted */
        [5] = {10, 34, 8, true, true},    /* selective acknowledgement */
        [8] = {10, 10, 1, false, true},   /* timestamps */
        [19] = {18, 18, 1, false, false}, /* MD5 (RFC 2385) */
        [29] = {4, 255, 1, false, false}, /* authentication (RFC 5925) */
        [34] = {4, 18, 2, true, true},    /* fast open */
        [253] = {4, 12, 8, false, false}, /* experiments */
        [254] = {4, 12, 8, false, false},
    };
    struct cursor c = cursor_over(options);
    uint64_t seen = 0;
    uint8_t kind = 0;
    struct view data;
    enum option_step step;

    if (options.len == 12 && memcmp(options.data, "\x01\x01\x08\x0a", 4) == 0) {
        keep_tcp_option(p, 8, view_skip(options, 4));
        return; /* timestamps alone: most packets of most flows */
    }
    while ((step = next_option(&c, &kind, &data)) == OPTION) {
        const struct option_form *form = &forms[kind];
        if (form->min == 0)
            continue;
        if (!has_form(form, (uint8_t)(data.len + 2))) {
            decode_anomaly(d, p, ANOMALY_TCP_OPT_INVALID_LEN);
            continue;
        }
        keep_tcp_option(p, kind, data);
        kind = tcp_kind(kind, data);
        if (!forms[kind].is_single)
            continue;
        if (seen & 1ULL << kind) /* single ones are below 64 */
            decode_anomaly(d, p, ANOMALY_TCP_OPT_DUPLICATE);
        seen |= 1ULL << kind;
    }
    if (step == OPTION_BROKEN) {
        decode_anomaly(d, p, ANOMALY_TCP_OPT_INVALID_LEN);
        decode_invalid(d, p); /* of one with a wrong form the others are read */
    }
}

/* The pointer of a route or timestamp option: where the next host writes, counted from 1. */
static bool is_pointer_right(struct view data, unsigned first, unsigned step)
{
    return data.len > 0 && data.data[0] >= first && (data.data[0] - first) % step == 0 &&
           data.data[0] <= data.len + 3;
}

/* Tags of kind, length, data after a domain of interpretation (FIPS 188): an alignment byte of zero first,
 * but for the free-form tag. */
static bool is_cipso_right(struct view data)
{
    enum { FREE_FORM = 7, KNOWN = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << FREE_FORM };
    struct view tags = view_skip(data, 4);

    while (tags.len > 0) {
        if (tags.len < 4 || tags.data[1] < 4 || tags.data[1] > tags.len || tags.data[0] > FREE_FORM)
            return false;
        if (!(KNOWN & 1 << tags.data[0]) || (tags.data[0] != FREE_FORM && tags.data[2] != 0))
            return false;
        tags = view_skip(tags, tags.data[1]);
    }
    return true;
}

enum {
    IPV4_RECORD_ROUTE = 7,
    IPV4_QUICK_START = 25,
    IPV4_TIMESTAMP = 68,
    IPV4_SECURITY = 130,
    IPV4_LOOSE_ROUTE = 131,
    IPV4_EXTENDED_SECURITY = 133,
    IPV4_CIPSO = 134,
    IPV4_STREAM_ID = 136,
    IPV4_STRICT_ROUTE = 137,
    IPV4_ROUTER_ALERT = 148,
};

static bool is_ipv4_content_right(uint8_t kind, struct view data)
{
    switch (kind) {
    case IPV4_RECORD_ROUTE:
    case IPV4_LOOSE_ROUTE:
    case IPV4_STRICT_ROUTE:
        return is_pointer_right(data, 4, 4);
    case IPV4_TIMESTAMP: { /* flags 1 and 3: an address before each */
        bool has_address = data.len > 1 && ((data.data[1] & 15) == 1 || (data.data[1] & 15) == 3);
        return is_pointer_right(data, 5, has_address ? 8 : 4);
    }
    case IPV4_CIPSO:
        return is_cipso_right(data);
    default:
        return true;
    }
}

static enum anomaly ipv4_option_fault(uint8_t kind, struct view data)
{
    static const struct option_form forms[256] = {
        [IPV4_RECORD_ROUTE] = {3, 255, 1, false, true},
        [IPV4_QUICK_START] = {8, 255, 1, false, true},
        [IPV4_TIMESTAMP] = {5, 255, 1, false, true},
        [IPV4_SECURITY] = {3, 255, 1, false, true},
        [IPV4_LOOSE_ROUTE] = {3, 255, 1, false, true},
        [IPV4_EXTENDED_SECURITY] = {3, 255, 1, false, true},
        [IPV4_CIPSO] = {10, 255, 1, false, true},
        [IPV4_STREAM_ID] = {4, 4, 1, false, true},
        [IPV4_STRICT_ROUTE] = {3, 255, 1, false, true},
        [IPV4_ROUTER_ALERT] = {4, 4, 1, false, true},
    };

    if (forms[kind].min == 0)
        return ANOMALY_IPV4_OPT_INVALID;
    if (!has_form(&forms[kind], (uint8_t)(data.len + 2)))
        return ANOMALY_IPV4_OPT_INVALID_LEN;
    return is_ipv4_content_right(kind, data) ? ANOMALY_NONE : ANOMALY_IPV4_OPT_MALFORMED;
}

/* Options that a packet may have once; a route is loose or strict. */
enum single_option { SINGLE_NONE = 0, SINGLE_RECORD = 1, SINGLE_ROUTE = 2, SINGLE_TIME = 4 };

static enum single_option single_of(uint8_t kind)
{
    if (kind == IPV4_RECORD_ROUTE)
        return SINGLE_RECORD;
    if (kind == IPV4_LOOSE_ROUTE || kind == IPV4_STRICT_ROUTE)
        return SINGLE_ROUTE;
    return kind == IPV4_TIMESTAMP ? SINGLE_TIME : SINGLE_NONE;
}

/* What Linux throws a packet away for; other kinds it does not look into. A pointer beyond the option means
 * that it is full. */
static bool is_ipv4_option_refused(uint8_t kind, struct view data)
{
    enum { OVERFLOW = 0xf0, WITH_ADDRESS = 1, PRESCRIBED = 3 };
    size_t len = data.len + 2, pointer = data.len > 0 ? data.data[0] : 0;
    unsigned flags = data.len > 1 ? data.data[1] & 15 : 0;

    switch (single_of(kind)) {
    case SINGLE_RECORD:
        return pointer < 4 || (pointer <= len && pointer + 3 > len);
    case SINGLE_ROUTE:
        return pointer < 4;
    case SINGLE_TIME:
        if (data.len < 2 || pointer < 5)
            return true;
        if (pointer <= len)
            return pointer + (flags == WITH_ADDRESS || flags == PRESCRIBED ? 7 : 3) > len;
        return flags != PRESCRIBED && (data.data[1] & OVERFLOW) == OVERFLOW;
    case SINGLE_NONE:
        break;
    }
    return kind == IPV4_ROUTER_ALERT && data.len < 2;
}

bool check_ipv4_options(struct decoder *d, const struct packet *p, struct view options)
{
    struct cursor c = cursor_over(options);
    uint64_t seen[4] = {0};
    unsigned singles = 0;
    bool is_refused = false;
    uint8_t kind = 0;
    struct view data;
    enum option_step step;

    while ((step = next_option(&c, &kind, &data)) == OPTION) {
        uint64_t *word = &seen[kind / 64], bit = 1ULL << kind % 64;
        enum anomaly fault =
            *word & bit ? ANOMALY_IPV4_OPT_DUPLICATE : ipv4_option_fault(kind, data);
        bool is_bad = singles & single_of(kind) || is_ipv4_option_refused(kind, data);
        singles |= single_of(kind);
        is_refused |= is_bad;
        if (fault == ANOMALY_NONE && is_bad)
            fault = ANOMALY_IPV4_OPT_MALFORMED;
        if (fault != ANOMALY_NONE)
            decode_anomaly(d, p, fault);
        else
            *word |= bit;
    }
    if (step == OPTION_BROKEN)
        decode_anomaly(d, p, ANOMALY_IPV4_OPT_INVALID_LEN);
    else if (step == OPTION_LONE)
        decode_anomaly(d, p, ANOMALY_IPV4_OPT_EOL_REQUIRED);
    return step == OPTIONS_END && !is_refused;
}

void check_ipv6_options(struct decoder *d, const struct packet *p, struct view options,
                        bool is_hop_by_hop)
{
    enum { PAD1 = 0, PADN = 1, ROUTER_ALERT = 5, JUMBO = 0xc2, HOME_ADDRESS = 0xc9 };
    static const uint8_t least[256] = {[ROUTER_ALERT] = 2, [JUMBO] = 4, [HOME_ADDRESS] = 16};
    struct cursor c = cursor_over(options);
    bool has_padding = false, has_other = false;

    while (cursor_left(&c) > 0) {
        uint8_t type = cursor_u8(&c);
        bool is_padding = type == PAD1 || type == PADN;
        uint8_t len = type == PAD1 ? 0 : cursor_u8(&c);
        cursor_skip(&c, len);
        if (c.overrun || len < least[type]) {
            decode_anomaly(d, p, ANOMALY_IPV6_EXTHDR_INVALID_OPTLEN);
            break;
        }
        if (type == PADN && len == 0)
            decode_anomaly(d, p, ANOMALY_IPV6_ZERO_LEN_PADN);
        else if (!is_padding && least[type] == 0)
            decode_anomaly(d, p,
                           is_hop_by_hop ? ANOMALY_IPV6_HOPOPTS_UNKNOWN_OPT
                                         : ANOMALY_IPV6_DSTOPTS_UNKNOWN_OPT);
        has_padding |= is_padding;
        has_other |= !is_padding;
    }
    if (has_padding && !has_other)
        decode_anomaly(d, p,
                       is_hop_by_hop ? ANOMALY_IPV6_HOPOPTS_ONLY_PADDING
                                     : ANOMALY_IPV6_DSTOPTS_ONLY_PADDING);
}
