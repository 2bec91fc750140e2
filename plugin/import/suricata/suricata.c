/* SPDX-License-Identifier: BSD-3-Clause */
/* Suricata: files of rules, and what their rules say of each other.
 *
 * Whole      a rule is written when all of it has an equal; else it keeps the reason. Each is written at once into
 *            one buffer, and its piece is left out later when the rules together say so.
 * Flowbits   a rule that waits for a bit which only rules without equal would set can never alert, and one
 *            that wants a bit not to be set would alert too often where a setter is missing: both are left out,
 *            and so on until nothing changes. A bit that none of the files sets is another file's matter.
 * Twice      of rules with one gid and sid the highest revision counts, of equal ones the first.
 */
#include "import/suricata/suricata.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "import/suricata/meaning.h"
#include "import/suricata/read/reader.h"
#include "import/suricata/write.h"

#define YAML_MAX ((size_t)1 << 30)

struct item {
    uint64_t sid, gid, rev;
    struct place place; /* of the rule, or of the option without equal */
    const char *reason; /* NULL: it was taken */
    size_t at, len;     /* its document */
    const struct bit *bits;
    size_t bit_count;
    bool leaves_more;
    size_t number; /* in the order of the files */
};

/* A flowbit, and how many rules set it. */
struct mark {
    const char *name;
    size_t setters, taken;
};

struct suricata_import {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct variables *variables;
    struct item *items;
    size_t count, capacity;
    struct buf yaml;
    uint64_t broken;
    struct mark *marks; /* open addressing */
    size_t mark_mask;
};

struct suricata_import *suricata_new(struct diagnostics *diagnostics)
{
    struct suricata_import *s = memory_new(1, sizeof(*s));

    s->arena = arena_new();
    s->diagnostics = diagnostics;
    s->variables = variables_new(s->arena);
    buf_init(&s->yaml, YAML_MAX);
    return s;
}

void suricata_free(struct suricata_import *s)
{
    if (s == NULL)
        return;
    buf_clear(&s->yaml);
    arena_free(s->arena);
    memory_free(s->items);
    memory_free(s);
}

void suricata_read_vars(struct suricata_import *s, const char *file, struct view text)
{
    variables_read(s->variables, file, text, s->diagnostics);
}

/* --- one rule ------------------------------------------------------------------------------------ */

static struct item *add_item(struct suricata_import *s)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 1024;
        s->items = memory_resize(s->items, s->capacity, sizeof(*s->items));
    }
    struct item *item = &s->items[s->count];
    *item = (struct item){.number = s->count++};
    return item;
}

/* The bits outlive the rule's arena. */
static const struct bit *keep_bits(struct arena *arena, const struct model *rule)
{
    struct bit *bits = arena_array(arena, rule->bit_count + 1, sizeof(*bits));

    for (size_t i = 0; i < rule->bit_count; i++) {
        bits[i] = rule->bits[i];
        for (size_t k = 0; k < bits[i].count; k++)
            bits[i].names[k] = arena_string(arena, rule->bits[i].names[k]);
    }
    return bits;
}

static const char *action_fault(struct view action)
{
    static const char *const ALERTING[] = {"alert",     "drop",      "reject",
                                           "rejectsrc", "rejectdst", "rejectboth"};
    for (size_t i = 0; i < sizeof(ALERTING) / sizeof(ALERTING[0]); i++) {
        if (view_equal(action, view_from_string(ALERTING[i])))
            return NULL;
    }
    return "an action that is no alert";
}

/* NULL when it was written. */
static const char *take_rule(struct suricata_import *s, struct arena *arena,
                             const struct rule_text *text, struct item *item)
{
    struct model *rule = arena_alloc(arena, sizeof(*rule));
    struct meaning *meaning = arena_alloc(arena, sizeof(*meaning));
    const char *reason = action_fault(text->action);

    reader_read(arena, text, rule);
    item->sid = rule->sid;
    item->gid = rule->gid;
    item->rev = rule->rev;
    item->bits = keep_bits(s->arena, rule);
    item->bit_count = rule->bit_count;
    if (reason == NULL && rule->refusal != NULL)
        item->place = rule->refusal_place;
    if (reason == NULL)
        reason = rule->refusal;
    if (reason == NULL && rule->sid == 0)
        reason = "no sid";
    if (reason == NULL)
        reason = meaning_find(arena, rule, s->variables, meaning);
    if (reason != NULL)
        return reason;
    item->leaves_more = rule->leaves_more;
    item->at = s->yaml.len;
    if (write_rule(arena, rule, meaning, &s->yaml) != 0)
        return "the output is too large";
    item->len = s->yaml.len - item->at;
    return NULL;
}

void suricata_read(struct suricata_import *s, const char *file, struct view text)
{
    struct rule_text_reader reader;
    const char *name = arena_string(s->arena, file);
    enum rule_text_result result;

    rule_text_begin(&reader, s->arena, name, text);
    do {
        struct arena *arena = arena_new();
        struct rule_text rule;
        reader.arena = arena;
        result = rule_text_next(&reader, &rule, s->diagnostics);
        s->broken += result == RULE_TEXT_BAD;
        if (result == RULE_TEXT_RULE) {
            struct item *item = add_item(s);
            item->place = rule.place;
            const char *reason = take_rule(s, arena, &rule, item);
            if (reason != NULL)
                item->reason = arena_string(s->arena, reason);
        }
        arena_free(arena);
    } while (result != RULE_TEXT_END);
}

/* --- rules that come twice ----------------------------------------------------------------------- */

static int compare_items(const void *a, const void *b)
{
    const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

    if (x->gid != y->gid)
        return x->gid < y->gid ? -1 : 1;
    if (x->sid != y->sid)
        return x->sid < y->sid ? -1 : 1;
    if (x->rev != y->rev)
        return x->rev > y->rev ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void drop_repeated(struct suricata_import *s)
{
    struct item **order = memory_new(s->count + 1, sizeof(struct item *));

    for (size_t i = 0; i < s->count; i++)
        order[i] = &s->items[i];
    if (s->count > 0)
        qsort(order, s->count, sizeof(struct item *), compare_items);
    for (size_t i = 1; i < s->count; i++) {
        bool is_same = order[i]->sid == order[i - 1]->sid && order[i]->gid == order[i - 1]->gid;
        if (is_same && order[i]->sid != 0)
            order[i]->reason = "the sid of another rule of the same or a higher revision";
    }
    memory_free(order);
}

/* --- flowbits ------------------------------------------------------------------------------------ */

static struct mark *find_mark(struct suricata_import *s, const char *name)
{
    size_t at = (size_t)hash_plain((const uint8_t *)name, strlen(name)) & s->mark_mask;

    while (s->marks[at].name != NULL && strcmp(s->marks[at].name, name) != 0)
        at = (at + 1) & s->mark_mask;
    s->marks[at].name = name;
    return &s->marks[at];
}

static void begin_marks(struct suricata_import *s)
{
    size_t names = 0, size = 16;

    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->items[i].bit_count; k++)
            names += s->items[i].bits[k].count;
    }
    while (size < names * 2)
        size *= 2;
    s->marks = arena_array(s->arena, size, sizeof(*s->marks));
    s->mark_mask = size - 1;
}

static void count_setters(struct suricata_import *s)
{
    for (size_t i = 0; i <= s->mark_mask; i++)
        s->marks[i].setters = s->marks[i].taken = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct item *item = &s->items[i];
        for (size_t k = 0; k < item->bit_count; k++) {
            if (item->bits[k].operation != BIT_SET && item->bits[k].operation != BIT_TOGGLE)
                continue;
            struct mark *mark = find_mark(s, item->bits[k].names[0]);
            mark->setters++;
            mark->taken += item->reason == NULL;
        }
    }
}

static const char *bits_fault(struct suricata_import *s, const struct item *item)
{
    for (size_t k = 0; k < item->bit_count; k++) {
        const struct bit *bit = &item->bits[k];
        size_t setters = 0, taken = 0;
        if (bit->operation < BIT_ISSET)
            continue;
        for (size_t n = 0; n < bit->count; n++) {
            const struct mark *mark = find_mark(s, bit->names[n]);
            setters += mark->setters;
            taken += mark->taken;
        }
        if (bit->operation == BIT_ISSET && setters > 0 && taken == 0)
            return "flowbits: the rules that set the bit have no equal";
        if (bit->operation == BIT_ISNOTSET && taken < setters)
            return "flowbits: a rule that sets the bit has no equal";
    }
    return NULL;
}

static void drop_unset(struct suricata_import *s)
{
    bool has_changed = true;

    begin_marks(s);
    while (has_changed) {
        has_changed = false;
        count_setters(s);
        for (size_t i = 0; i < s->count; i++) {
            struct item *item = &s->items[i];
            if (item->reason != NULL)
                continue;
            item->reason = bits_fault(s, item);
            has_changed |= item->reason != NULL;
        }
    }
}

void suricata_finish(struct suricata_import *s)
{
    drop_repeated(s);
    drop_unset(s);
}

/* --- what comes out ------------------------------------------------------------------------------ */

int suricata_write(const struct suricata_import *s, struct buf *out)
{
    const struct net_list *lists;
    size_t count = variables_lists(s->variables, &lists);

    for (size_t i = 0; i < count; i++) {
        if (write_list(s->arena, &lists[i], out) != 0)
            return -1;
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct item *item = &s->items[i];
        if (item->reason == NULL)
            buf_bytes(out, s->yaml.data + item->at, item->len);
    }
    return out->is_full ? -1 : 0;
}

struct suricata_tally suricata_count(const struct suricata_import *s)
{
    const struct net_list *lists;
    struct suricata_tally tally = {.rules = s->count, .broken = s->broken};

    for (size_t i = 0; i < s->count; i++) {
        tally.taken += s->items[i].reason == NULL;
        tally.leave_more += s->items[i].reason == NULL && s->items[i].leaves_more;
    }
    tally.lists = variables_lists(s->variables, &lists);
    return tally;
}

void suricata_each_refused(const struct suricata_import *s, suricata_refused_fn *call,
                           void *context)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].reason != NULL)
            call(context, s->items[i].sid, s->items[i].place, s->items[i].reason);
    }
}
