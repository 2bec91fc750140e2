/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS names: one loop over the pieces of a name, each ended by a pointer or by the root's zero. */
#include "proto/dns/dns_name.h"

enum { LABEL_KIND = 0xc0, LABEL_POINTER = 0xc0, POINTER_OFFSET = 0x3fff };

/* Appends a label of `len` bytes; the caller has checked that it fits. */
static void append_label(struct dns_name *out, const uint8_t *label, uint8_t len)
{
    if (out->labels > 0)
        out->text[out->len++] = '.';
    memcpy(out->text + out->len, label, len);
    out->len = (uint8_t)(out->len + len);
    out->labels++;
}

/* Labels from the cursor up to a pointer, whose offset goes to *target, or to the end (SIZE_MAX). In the
 * name's own place labels past the longest name are passed over, so that the cursor comes to stand
 * behind it; elsewhere that would cost time and tell nothing. */
static enum dns_fault read_piece(struct cursor *c, struct dns_name *out, bool is_in_place,
                                 size_t *target)
{
    enum dns_fault fault = DNS_FINE;

    for (;;) {
        uint8_t len = cursor_u8(c);
        if (c->overrun)
            return DNS_MALFORMED;
        if (len == 0) {
            *target = SIZE_MAX;
            return fault;
        }
        if ((len & LABEL_KIND) == LABEL_POINTER) {
            *target = (size_t)(len << 8 | cursor_u8(c)) & POINTER_OFFSET;
            return c->overrun ? DNS_MALFORMED : fault;
        }
        const uint8_t *label = (len & LABEL_KIND) == 0 ? cursor_take(c, len) : NULL;
        if (label == NULL)
            return DNS_MALFORMED;
        if (out->len + (out->labels > 0) + len > DNS_NAME_TEXT_MAX)
            fault = DNS_NAME_TOO_LONG;
        if (fault == DNS_FINE)
            append_label(out, label, len);
        else if (!is_in_place)
            return fault;
    }
}

void dns_name_fold(struct dns_name *name)
{
    for (uint8_t i = 0; i < name->len; i++)
        name->text[i] = byte_fold(name->text[i]);
}

enum dns_fault dns_name_read(struct cursor *message, struct dns_name *out)
{
    struct cursor c = *message;

    out->len = 0;
    out->labels = 0;
    for (unsigned jumps = 0; jumps <= DNS_LABELS_MAX; jumps++) {
        size_t start = c.at, target;
        enum dns_fault fault = read_piece(&c, out, jumps == 0, &target);
        if (jumps == 0)
            *message = c; /* a name ends in its place, wherever the rest of it stands */
        if (fault != DNS_FINE || target == SIZE_MAX)
            return fault;
        if (target >= c.len)
            return DNS_MALFORMED;
        if (target >= start && target < c.at)
            return DNS_NAME_LOOP;
        c.at = target;
    }
    return DNS_TOO_MANY_LABELS;
}
