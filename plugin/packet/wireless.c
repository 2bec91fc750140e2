/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE 802.11 and the headers that sniffers put before it: radiotap, PPI, Prism, AVS. Only data frames that are
 * not encrypted hold packets; the others are counted. */
#include "packet/decoder.h"

enum { AGGREGATE_HEADER = 14, LINK_PPI = 192, MORE_FRAGMENTS = 4 };

/* IEEE 802.11 data frames; what is encrypted is only counted. */
/* Several packets in one frame (A-MSDU): addresses, length, LLC, each padded to four bytes. */
static void decode_aggregate(struct decoder *d, struct packet *p, struct view left)
{
    const struct packet blank = *p;

    while (left.len > AGGREGATE_HEADER) {
        size_t len = (size_t)left.data[12] << 8 | left.data[13];
        decode_llc(d, p, view_slice(left, AGGREGATE_HEADER, AGGREGATE_HEADER + len));
        left = view_skip(left, (AGGREGATE_HEADER + len + 3) & ~(size_t)3);
        *p = blank;
    }
}

void decode_80211_as(struct decoder *d, struct packet *p, struct view left, uint8_t control,
                     uint8_t flags, bool is_padded)
{
    d->stats.ieee80211++;
    bool is_data = (control & 0x0c) == 0x08, has_data = !(control & 0x40),
         is_encrypted = flags & 0x40;
    size_t header = (flags & 3) == 3 ? 30 : 24;
    if (control & 0x80) /* QoS, with the HT control field when the order bit is set */
        header += flags & 0x80 ? 6 : 2;
    if (is_padded)
        header = (header + 3) & ~(size_t)3;
    if (!is_data || !has_data || is_encrypted || left.len <= header)
        return;
    size_t qos = (flags & 3) == 3 ? 30 : 24;
    if (flags & MORE_FRAGMENTS) /* the packet goes on in frames that are not joined to this one */
        p->flags |= PACKET_CUT;
    if (control & 0x80 && left.data[qos] & 0x80)
        decode_aggregate(d, p, view_skip(left, header));
    else
        decode_llc(d, p, view_skip(left, header));
}

void decode_80211(struct decoder *d, struct packet *p, struct view left)
{
    if (left.len >= 2)
        decode_80211_as(d, p, left, left.data[0], left.data[1], false);
}

/* A header that says its own length, in little endian at byte 2. */
static struct view skip_sized_header(struct view left)
{
    if (left.len < 4)
        return view_slice(left, 0, 0);
    return view_skip(left, (size_t)left.data[2] | (size_t)left.data[3] << 8);
}

/* Radiotap's flags field (present bit 1) says whether the frame ends in a checksum and is padded. */
void decode_radiotap(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);
    cursor_skip(&c, 4);
    uint32_t present = cursor_u32_le(&c), first = present;
    while (!c.overrun && present & 0x80000000)
        present = cursor_u32_le(&c);
    if (first & 1) { /* TSFT, aligned to eight */
        cursor_skip(&c, (8 - c.at % 8) % 8);
        cursor_skip(&c, 8);
    }
    uint8_t flags = first & 2 ? cursor_u8(&c) : 0;
    struct view inner = skip_sized_header(left);
    if (c.overrun)
        flags = 0;
    if (flags & 0x10 && inner.len >= 4)
        inner.len -= 4;
    if (inner.len >= 2)
        decode_80211_as(d, p, inner, inner.data[0], inner.data[1], (flags & 0x20) != 0);
}

void decode_ppi(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);
    cursor_skip(&c, 4);
    uint32_t link_type = cursor_u32_le(&c);
    struct view inner = skip_sized_header(left);
    if (!c.overrun && link_type != LINK_PPI && inner.len < left.len)
        decode_link(d, p, inner, (int)link_type);
}

/* Prism's header says its length in the capturing host's order, after a message code. */
void decode_prism(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    cursor_skip(&c, 4);
    uint32_t len = cursor_u32(&c);
    if (len > UINT16_MAX)
        len = __builtin_bswap32(len);
    if (!c.overrun)
        decode_80211(d, p, view_skip(left, len));
}

/* AVS: magic and version, then the length, in network order. */
void decode_avs(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    cursor_skip(&c, 4);
    uint32_t len = cursor_u32(&c);
    if (!c.overrun)
        decode_80211(d, p, view_skip(left, len));
}
