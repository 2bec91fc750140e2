/* SPDX-License-Identifier: BSD-3-Clause */
/* Evidence: after a rule is true, what made it so.
 *
 * The condition is walked again, into every child that is true (so a predicate that holds in a
 * branch that does not is no evidence), and each predicate that holds is asked once more, now for
 * the place. What holds because something is missing (`not`, `neq`, null) has no bytes to show and
 * is left out. Only alerts pay for this.
 */
#include "match/matcher.h"

#include <assert.h>

enum { ENTRY_TEXT = 72 }; /* a SHA-256 in hex; an address with its prefix */
static_assert(ENTRY_TEXT * 2 == EVIDENCE_TEXT, "match.c makes room for so much");

struct collector {
    struct matcher *m;
    struct evidence *out;
    uint32_t predicates[EVIDENCE_MAX]; /* one entry each, wherever the condition names it */
    size_t count, left_out;
};

/* Room for one evidence's number or address as text. */
static char *text_room(struct collector *c, bool is_entry)
{
    return (char *)c->m->entry_text + (c->count * 2 + is_entry) * ENTRY_TEXT;
}

static struct view value_text(struct collector *c, enum field_type type, const union value *value)
{
    char *room = text_room(c, false);

    if (type == TYPE_BYTES)
        return value->bytes;
    if (type == TYPE_IP)
        return view_from_string(address_format(&value->ip, room));
    int len = snprintf(room, ENTRY_TEXT, "%lld", (long long)value->number);
    return view_make(room, (size_t)len);
}

static struct view address_text(struct view entry, char *room)
{
    struct address address;

    assert(entry.len == KEY_ADDRESS_LEN);
    memcpy(&address, entry.data, 16);
    address_format(&address, room);
    unsigned bits = entry.data[16];
    if (bits < 128) {
        size_t len = strlen(room);
        bool is_v4 = address_is_v4(&address);
        assert(!is_v4 || bits >= 96); /* what is masked shorter has no longer the form of one */
        snprintf(room + len, ENTRY_TEXT - len, "/%u", is_v4 ? bits - 96 : bits);
    }
    return view_from_string(room);
}

static struct view digest_text(struct view entry, char *room)
{
    static const char DIGITS[] = "0123456789abcdef";

    assert(entry.len * 2 <= ENTRY_TEXT);
    for (size_t i = 0; i < entry.len; i++) {
        room[i * 2] = DIGITS[entry.data[i] >> 4];
        room[i * 2 + 1] = DIGITS[entry.data[i] & 15];
    }
    return view_make(room, entry.len * 2);
}

/* Addresses and digests are kept as bytes. */
static struct view entry_text(struct collector *c, struct view entry, const struct predicate_row *p)
{
    switch ((enum set_kind)c->m->set->sets[p->set].kind) {
    case SET_ADDRESS:
        return address_text(entry, text_room(c, true));
    case SET_DIGEST:
        return digest_text(entry, text_room(c, true));
    case SET_TEXT:
    case SET_DOMAIN:
    case SET_URL:
    case SET_NUMBER:
        break;
    }
    return entry;
}

static void add(struct collector *c, const struct predicate_row *p, enum field_id field,
                const union value *value, const struct place_found *found)
{
    const struct ruleset *set = c->m->set;
    enum field_type type = field_get(field)->type;
    struct view excerpt = found->bytes;

    if (type != TYPE_BYTES)
        excerpt = value_text(c, type, value);
    c->out[c->count] = (struct evidence){
        .field = field,
        .header_name = ruleset_text(set, p->header_name),
        .predicate = ruleset_string(set, p->written),
        .offset = found->offset,
        .has_offset = found->has_offset,
        .excerpt = view_slice(excerpt, 0, EXCERPT_MAX),
        .list = found->list,
    };
    if (p->op == QUERY_LIST)
        c->out[c->count].list.entry = entry_text(c, found->list.entry, p);
    c->count++;
}

/* The first value of the field that fits. */
static bool add_from_field(struct collector *c, const struct predicate_row *p, enum field_id field)
{
    struct matcher *m = c->m;
    struct value_list list = values_asked(m, p, field);
    bool is_of_all = p->of == QUERY_COUNT || p->op == QUERY_EXISTS;

    for (uint32_t i = 0; i < list.count; i++) {
        struct place_found found = {.offset = 0};
        if (is_of_all && field_get(field)->type == TYPE_BYTES)
            found.bytes = list.items[i].bytes;
        if (is_of_all || value_holds(m, p, field, &list.items[i], &found)) {
            add(c, p, field, &list.items[i], &found);
            return true;
        }
    }
    return false;
}

static void add_keyword(struct collector *c, const struct predicate_row *p)
{
    enum event_type type = c->m->event->type;

    for (enum field_id id = c->m->event->first; id < FIELD_COUNT && field_get(id)->event == type;
         id++) {
        if (field_get(id)->type == TYPE_BYTES && add_from_field(c, p, id))
            return;
    }
}

static void add_stream_hit(struct collector *c, const struct predicate_row *p, uint32_t predicate)
{
    const struct stream_hit *hit = NULL;
    enum field_id field = p->field == FIELD_NONE ? FIELD_STREAM_PAYLOAD : (enum field_id)p->field;
    struct place_found found = {.offset = 0};

    if (!stream_predicate_hit(c->m, predicate, &hit))
        return;
    if (hit != NULL) {
        found.offset = hit->offset;
        found.has_offset = hit->has_offset;
        found.bytes = view_make(hit->excerpt, hit->len);
    }
    add(c, p, field, NULL, &found);
}

static bool is_told(const struct collector *c, uint32_t predicate)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->predicates[i] == predicate)
            return true;
    }
    return false;
}

static void add_predicate(struct collector *c, uint32_t predicate)
{
    const struct predicate_row *p = &c->m->set->predicates[predicate];

    if (p->flags & QUERY_NEGATED || is_told(c, predicate))
        return;
    if (c->count == EVIDENCE_MAX) {
        c->left_out++;
        return;
    }
    c->predicates[c->count] = predicate;
    if (p->op == QUERY_MARK) {
        const struct place_found found = {.bytes = ruleset_text(c->m->set, p->bytes)};
        add(c, p, FIELD_FLOW_MARK, NULL, &found);
        return;
    }
    if (p->flags & QUERY_STREAM)
        add_stream_hit(c, p, predicate);
    else if (p->field == FIELD_NONE)
        add_keyword(c, p);
    else
        add_from_field(c, p, p->field);
}

/* Recursion is over the rule's tree, NODE_DEPTH_MAX deep at most. True when the subtree holds. */
static bool walk(struct collector *c, uint32_t at)
{
    const struct node_row *nodes = c->m->set->nodes;
    size_t before = c->count, left_out_before = c->left_out;
    bool is_and = nodes[at].kind == TREE_AND;
    bool holds = is_and;

    switch ((enum tree_kind)nodes[at].kind) {
    case TREE_PREDICATE:
        holds = predicate_holds(c->m, nodes[at].predicate);
        if (holds)
            add_predicate(c, nodes[at].predicate);
        return holds;
    case TREE_NOT:
        holds = !walk(c, at + 1);
        c->count = before; /* what a `not` rests on is absence */
        c->left_out = left_out_before;
        return holds;
    case TREE_AND:
    case TREE_OR:
        for (uint32_t child = at + 1; child < nodes[at].next; child = nodes[child].next) {
            if (walk(c, child) != is_and)
                holds = !is_and;
        }
        if (!holds) {
            c->count = before;
            c->left_out = left_out_before;
        }
        return holds;
    case TREE_TRUE:
        return true;
    case TREE_FALSE:
        return false;
    }
    return false;
}

void collect_evidence(struct matcher *m, const struct rule_row *rule,
                      struct evidence out[EVIDENCE_MAX], struct alert *alert)
{
    struct collector c = {.m = m, .out = out};
    walk(&c, rule->node);
    alert->evidence_count = c.count;
    alert->evidence_left_out = c.left_out;
}
