/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared addresses: the ranges of shared_address.def (what lies in several kinds is of the first), and what the registries
 * set aside (RFC 6890). */
#include "lint/shared_address.h"

enum { V4_BITS = 96 }; /* of ::ffff:0:0/96 */

enum kind { RESOLVER, CLOUDFLARE, FASTLY, AKAMAI, STACKPATH, AMAZON };

static const char *const WHAT[] = {
    [RESOLVER] = "a public resolver of DNS",
    [CLOUDFLARE] = "Cloudflare's, behind which are the sites of many",
    [FASTLY] = "Fastly's, behind which are the sites of many",
    [AKAMAI] = "Akamai's, which serves the sites of many from it, or rents it out",
    [STACKPATH] = "StackPath's, behind which were the sites of many",
    [AMAZON] = "of Amazon's cloud, which gives it to one customer after another",
};

/* In order; of IPv6 the upper 64 bits. */
struct range {
    uint64_t first, last;
    enum kind kind;
};

static const struct range RANGES4[] = {
#define RANGE4(first, last, kind) {first, last, kind},
#define RANGE6(first, last, kind)
#include "lint/shared_address.def"
#undef RANGE4
#undef RANGE6
};
static const struct range RANGES6[] = {
#define RANGE4(first, last, kind)
#define RANGE6(first, last, kind) {first, last, kind},
#include "lint/shared_address.def"
#undef RANGE4
#undef RANGE6
};

/* Big-endian number of the bytes from..to. */
static uint64_t number_of(const struct address *address, size_t from, size_t to)
{
    uint64_t number = 0;
    for (size_t i = from; i < to; i++)
        number = number << 8 | address->bytes[i];
    return number;
}

/* The range that begins last of those that begin at or before `first`, when it and those that follow without a gap reach
 * to `last`; NULL when there is none. */
static const struct range *range_of(const struct range *ranges, size_t count, uint64_t first,
                                    uint64_t last)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].first <= first)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || first > ranges[low - 1].last)
        return NULL;
    size_t at = low - 1;
    while (at + 1 < count && ranges[at].last < last && ranges[at + 1].first == ranges[at].last + 1)
        at++;
    return ranges[at].last >= last ? &ranges[low - 1] : NULL;
}

/* A prefix as its first and last number; of IPv6 the upper 64 bits. */
struct span {
    bool is_v4;
    uint64_t first, last;
};

static struct span span_of(const struct address *address, unsigned bits)
{
    bool is_v4 = address_is_v4(address) && bits >= V4_BITS;
    unsigned free = is_v4 ? 128 - bits : bits >= 64 ? 0 : 64 - bits;
    uint64_t first = is_v4 ? number_of(address, 12, 16) : number_of(address, 0, 8);
    uint64_t rest = free >= 64 ? UINT64_MAX : (UINT64_C(1) << free) - 1;

    return (struct span){is_v4, first, first | rest};
}

const char *shared_address(const struct address *address, unsigned bits, bool *is_rented)
{
    const struct span span = span_of(address, bits);
    const struct range *range =
        span.is_v4 ? range_of(RANGES4, sizeof(RANGES4) / sizeof(RANGES4[0]), span.first, span.last)
                   : range_of(RANGES6, sizeof(RANGES6) / sizeof(RANGES6[0]), span.first, span.last);

    *is_rented = false;
    if (range == NULL)
        return NULL;
    *is_rented = range->kind == AMAZON || range->kind == AKAMAI;
    return WHAT[range->kind];
}

const char *reserved_address(const struct address *address, unsigned bits)
{
    static const struct {
        bool is_v4;
        uint64_t first, last; /* of IPv6 the upper 64 bits */
        const char *what;
    } RESERVED[] = {
        {true, 0x00000000, 0x00ffffff, "no host's"},
        {true, 0x0a000000, 0x0affffff, "private"},
        {true, 0x64400000, 0x647fffff, "a carrier's own"},
        {true, 0x7f000000, 0x7fffffff, "the host itself"},
        {true, 0xa9fe0000, 0xa9feffff, "of one link"},
        {true, 0xac100000, 0xac1fffff, "private"},
        {true, 0xc0a80000, 0xc0a8ffff, "private"},
        {true, 0xe0000000, 0xefffffff, "multicast"},
        {true, 0xffffffff, 0xffffffff, "everybody's"},
        {false, UINT64_C(0xfc00000000000000), UINT64_C(0xfdffffffffffffff), "private"},
        {false, UINT64_C(0xfe80000000000000), UINT64_C(0xfebfffffffffffff), "of one link"},
        {false, UINT64_C(0xff00000000000000), UINT64_C(0xffffffffffffffff), "multicast"},
    };
    static const struct address LOOPBACK = {{[15] = 1}}, NONE = {{0}};
    const struct span span = span_of(address, bits);

    if (bits == 128 && address_equal(address, &LOOPBACK))
        return "the host itself";
    if (bits == 128 && address_equal(address, &NONE))
        return "no host's";
    for (size_t i = 0; i < sizeof(RESERVED) / sizeof(RESERVED[0]); i++) {
        if (RESERVED[i].is_v4 == span.is_v4 && span.first >= RESERVED[i].first &&
            span.last <= RESERVED[i].last)
            return RESERVED[i].what;
    }
    return NULL;
}
