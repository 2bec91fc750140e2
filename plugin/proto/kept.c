/* SPDX-License-Identifier: BSD-3-Clause */
/* Kept: the last values of fields of HTTP, DNS and TLS events, for rules on the flow that ends.
 *
 * Idea       a rule on flows may read tls.sni or http.user_agent, of an event long gone. For each KEPT field of
 *            fields.def that a loaded rule reads, the values of the latest event that has it lie in a block at the
 *            flow. Rule sets that read none of them cost a comparison an event, and no memory.
 * Last       each field by itself: an answer without a name leaves the name of the one before. An event that comes
 *            again with its answer counts for what the answer brings alone, since other requests may have come
 *            meanwhile.
 * Values     all of a field that may have several, one behind the other: bytes as two bytes of length and
 *            themselves, others as they are. KEPT_BYTES_MAX of each field; a first value that is longer is cut, further
 *            ones that do not fit are left out, and the flow's event then counts as truncated.
 * Memory     blocks of the recycler: the budget of the parsers. When it is spent the field is absent, and the
 *            packet is counted as one that asked for too much.
 */
#include "proto/kept.h"

#include <assert.h>

struct kept {
    struct kept *next;
    uint32_t size; /* of the block */
    uint16_t field;
    uint16_t len; /* of values */
    bool is_cut;
    uint8_t values[];
};

/* Values on their way into a block. */
struct packed {
    uint8_t bytes[KEPT_BYTES_MAX];
    size_t len;
    bool is_cut;
};

void kept_init(struct proto_context *context)
{
    context->kept_count = 0;
    for (enum field_id id = field_first(EVENT_FLOW); id < field_end(EVENT_FLOW); id++) {
        if ((field_get(id)->flags & FIELD_KEPT) == 0 || !field_set_has(context->wanted, id))
            continue;
        assert(field_kept_from(id) != FIELD_NONE);
        uint16_t *pair = context->kept[context->kept_count++];
        pair[0] = (uint16_t)field_kept_from(id);
        pair[1] = (uint16_t)id;
    }
}

/* False when it does not fit. */
static bool pack_bytes(struct packed *packed, struct view bytes)
{
    size_t room = KEPT_BYTES_MAX - packed->len;
    size_t len = bytes.len;

    if (len + 2 > room) {
        if (packed->len > 0)
            return false;
        len = room - 2;
        packed->is_cut = true;
    }
    packed->bytes[packed->len] = (uint8_t)(len >> 8);
    packed->bytes[packed->len + 1] = (uint8_t)len;
    if (len > 0)
        memcpy(packed->bytes + packed->len + 2, bytes.data, len);
    packed->len += len + 2;
    return true;
}

static bool pack_other(struct packed *packed, const union value *value)
{
    if (sizeof(*value) > KEPT_BYTES_MAX - packed->len)
        return false;
    memcpy(packed->bytes + packed->len, value, sizeof(*value));
    packed->len += sizeof(*value);
    return true;
}

static void pack(struct packed *packed, enum field_id field, struct value_list list)
{
    bool is_bytes = field_get(field)->type == TYPE_BYTES;
    bool fits = true;

    packed->len = 0;
    packed->is_cut = false;
    for (uint32_t i = 0; i < list.count && fits; i++)
        fits =
            is_bytes ? pack_bytes(packed, list.items[i].bytes) : pack_other(packed, &list.items[i]);
    packed->is_cut |= !fits;
}

/* The link that leads to the field's block, or the last one. */
static struct kept **find(struct protocol_flow *p, enum field_id field)
{
    struct kept **link = &p->kept;
    while (*link != NULL && (*link)->field != field)
        link = &(*link)->next;
    return link;
}

/* The field's block with room for `len`; NULL when there is no memory: what was kept before is outdated, too. */
static struct kept *block_of(struct proto_context *context, struct protocol_flow *p,
                             enum field_id field, size_t len)
{
    struct kept **link = find(p, field);
    struct kept *kept = *link;
    size_t size = sizeof(*kept) + len;

    if (kept != NULL && size <= kept->size)
        return kept;
    if (kept != NULL) {
        *link = kept->next;
        recycler_put(&context->recycler, kept, kept->size);
    }
    kept = recycler_get(&context->recycler, &size);
    if (kept == NULL)
        return NULL;
    *kept = (struct kept){.next = p->kept, .size = (uint32_t)size, .field = (uint16_t)field};
    p->kept = kept;
    return kept;
}

void kept_take(struct proto_context *context, struct protocol_flow *p, const struct event *event)
{
    struct packed packed;

    for (uint32_t i = 0; i < context->kept_count; i++) {
        enum field_id source = context->kept[i][0], field = context->kept[i][1];
        const struct field *about = field_get(source);
        bool is_news = !event->is_second || about->flags & (FIELD_ANSWER | FIELD_LATE);
        if (about->event != event->type || !is_news || event_get(event, source).count == 0)
            continue;
        pack(&packed, field, event_get(event, source));
        struct kept *kept = block_of(context, p, field, packed.len);
        if (kept == NULL)
            continue;
        memcpy(kept->values, packed.bytes, packed.len);
        kept->len = (uint16_t)packed.len;
        kept->is_cut = packed.is_cut;
    }
}

static void add_values(struct event *event, const struct kept *kept)
{
    bool is_bytes = field_get(kept->field)->type == TYPE_BYTES;
    const uint8_t *at = kept->values, *end = kept->values + kept->len;

    while (at < end && is_bytes) {
        size_t len = (size_t)at[0] << 8 | at[1];
        event_add_bytes(event, kept->field, view_make(at + 2, len));
        at += len + 2;
    }
    for (; at < end; at += sizeof(union value)) {
        union value value;
        memcpy(&value, at, sizeof(value));
        if (field_get(kept->field)->type == TYPE_IP)
            event_add_ip(event, kept->field, &value.ip);
        else
            event_add_number(event, kept->field, value.number);
    }
    event->truncated += kept->is_cut;
}

void kept_add(const struct proto_context *context, const struct flow *flow, struct event *event)
{
    if (context->kept_count == 0 || flow->protocol == NULL)
        return;
    for (const struct kept *kept = flow->protocol->kept; kept != NULL; kept = kept->next)
        add_values(event, kept);
}

void kept_forget(struct protocol_flow *p, struct recycler *recycler)
{
    while (p->kept != NULL) {
        struct kept *next = p->kept->next;
        recycler_put(recycler, p->kept, p->kept->size);
        p->kept = next;
    }
}
