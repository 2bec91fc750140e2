/* SPDX-License-Identifier: BSD-3-Clause */
/* Expand: placeholders of Sigma (specification 2.1, "Placeholders").
 *
 * Alone      `%relays%` asks whether the value is in the list; that is a look-up, however long the list is.
 * Within     `/gate/%names%.php`, or with `contains` and its like: one value for each entry, and for each combination where
 *            there are several placeholders; at most EXPAND_MAX. `\%` is a percent sign, and so is one that begins no name.
 * When       lists may stand in later files. So a predicate holds the place, and becomes an OR (of `neq` an AND) of the texts
 *            when all lists are known. Nodes are shared, never copied: whoever has the node sees what it became.
 * Not        what an entry says of itself (dates, confidence) has no place in a text: lists with dates are refused here.
 */
#include "value/expand.h"

#include "base/buf.h"
#include "base/key.h"
#include "rule/list.h"

enum { NAME_MAX_LEN = 255 }; /* of a placeholder within a text */

/* A part of the text: fixed, as the author wrote it, or the entries of a list. */
struct expand_part {
    struct view text;
    struct predicate *member; /* NULL: fixed; its list is found by rules_finish() */
};

struct awaited_text {
    struct awaited_text *next;
    struct rule *rule;
    struct node *node;
    struct question question;
    struct yaml_node scalar;
    struct expand_part *parts;
    size_t count;
};

/* --- reading ------------------------------------------------------------------------------------- */

static bool is_name_byte(uint8_t c)
{
    uint8_t folded = byte_fold(c);
    return byte_is_digit(c) || (folded >= 'a' && folded <= 'z') || c == '_' || c == '-' || c == '.';
}

/* The name of `%name%` at the front of `rest`, which is not empty; empty when none begins there. */
static struct view name_at(struct view rest)
{
    size_t end = 1;

    while (rest.data[0] == '%' && end < rest.len && end <= NAME_MAX_LEN &&
           is_name_byte(rest.data[end]))
        end++;
    bool is_name = end > 1 && end < rest.len && rest.data[end] == '%';
    return is_name ? view_slice(rest, 1, end) : view_make("", 0);
}

/* The name in `%name%`, which may hold what names of lists may; empty when the value is anything else. */
static struct view whole_name(struct view text)
{
    bool is_whole = text.len > 2 && text.data[0] == '%' && text.data[text.len - 1] == '%';
    struct view name = is_whole ? view_slice(text, 1, text.len - 1) : view_make("", 0);
    return view_find_byte(name, '%') == VIEW_NOT_FOUND ? name : view_make("", 0);
}

static struct predicate *await(struct loader *l, const struct question *q,
                               const struct yaml_node *scalar, struct view name, size_t at)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_LIST);

    p->confidence = q->confidence;
    loader_await_list(l, p, (const char *)arena_copy(l->arena, name).data,
                      at > 0 ? yaml_place_in(scalar, at) : scalar->place);
    return p;
}

/* A backslash and what it takes the meaning from. */
static bool is_escape(struct view rest)
{
    return rest.len > 1 && rest.data[0] == '\\' &&
           view_find_byte(VIEW("%*?\\"), rest.data[1]) != VIEW_NOT_FOUND;
}

/* Where the next placeholder begins; text.len when none does. */
static size_t next_placeholder(struct view text, size_t at)
{
    while (at < text.len && name_at(view_skip(text, at)).len == 0)
        at += is_escape(view_skip(text, at)) ? 2 : 1;
    return at;
}

/* `\%` loses its backslash; other escapes are those of wildcards and stay. */
static struct view fixed_text(struct loader *l, struct view text)
{
    uint8_t *out = arena_alloc(l->arena, text.len + 1);
    size_t len = 0;

    for (size_t at = 0; at < text.len; at++) {
        struct view rest = view_skip(text, at);
        bool is_pair = is_escape(rest);
        if (!is_pair || rest.data[1] != '%')
            out[len++] = rest.data[0];
        if (is_pair)
            out[len++] = text.data[++at];
    }
    return view_make(out, len);
}

static void split(struct loader *l, struct awaited_text *awaited)
{
    struct view text = awaited->scalar.text;
    size_t most = 1; /* two signs make a placeholder and, perhaps, a fixed part before it */

    for (size_t i = 0; i < text.len; i++)
        most += text.data[i] == '%';
    awaited->parts = arena_array(l->arena, most, sizeof(*awaited->parts));
    for (size_t at = 0; at < text.len;) {
        struct expand_part *part = &awaited->parts[awaited->count++];
        struct view name = name_at(view_skip(text, at));
        size_t end = name.len > 0 ? at + name.len + 2 : next_placeholder(text, at);
        if (name.len > 0)
            part->member = await(l, &awaited->question, &awaited->scalar, name, at);
        else
            part->text = fixed_text(l, view_slice(text, at, end));
        at = end;
    }
}

/* What a text cannot be asked; told. */
static bool suits_text(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    if (next_placeholder(scalar->text, 0) == scalar->text.len) {
        loader_error(l, scalar->place, "placeholder",
                     "write the name of a list between percent signs: `'%name%'`",
                     "`%s` holds no placeholder", loader_shown(l, scalar->text));
        return false;
    }
    if (question_type(q) != TYPE_BYTES) {
        loader_error(l, scalar->place, "field-type", "write `'%name%'` and nothing else",
                     "`%s` is of type %s; placeholders within a text go with text",
                     field_get(q->field)->name, field_type_name(question_type(q)));
        return false;
    }
    if (!q->confidence.is_asked && !question_has(q, MODIFIER_CIDR))
        return true;
    loader_error(l, scalar->place, "placeholder", "write `'%name%'` and nothing else",
                 "`%s` goes with a list that is looked up, not with a text made of its entries",
                 q->confidence.is_asked ? "confidence" : "cidr");
    return false;
}

static struct node *text_node(struct loader *l, const struct question *q,
                              const struct yaml_node *scalar)
{
    struct awaited_text *awaited = arena_alloc(l->arena, sizeof(*awaited));
    struct rules_pending *pending = l->rules->pending;

    if (!suits_text(l, q, scalar))
        return NULL;
    *awaited = (struct awaited_text){.rule = l->rule, .question = *q, .scalar = *scalar};
    awaited->scalar.text = arena_copy(l->arena, scalar->text);
    awaited->question.modifiers &= ~(UINT64_C(1) << MODIFIER_EXPAND);
    split(l, awaited);
    awaited->node = node_predicate(l->arena, value_predicate(l, q, scalar, MATCH_GLOB));
    awaited->next = pending->texts;
    pending->texts = awaited;
    return awaited->node;
}

struct node *expand_node(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    uint64_t placed = UINT64_C(1) << MODIFIER_CONTAINS | UINT64_C(1) << MODIFIER_STARTSWITH |
                      UINT64_C(1) << MODIFIER_ENDSWITH;
    struct view name = whole_name(scalar->text);

    if (name.len == 0 || (q->modifiers & placed) != 0)
        return text_node(l, q, scalar);
    return node_predicate(l->arena, await(l, q, scalar, name, 0));
}

/* --- entries as text ----------------------------------------------------------------------------- */

static bool add_address(struct view key, struct buf *out)
{
    struct address address = address_from_v6(key.data);
    char text[ADDRESS_TEXT_MAX];

    if (key.data[KEY_ADDRESS_LEN - 1] != 128)
        return false;
    buf_string(out, address_format(&address, text));
    return true;
}

/* As an author would write it; false when the entry is a range of addresses. */
static bool add_entry(const struct list *list, size_t entry, struct buf *out)
{
    struct view key = list_key(list, entry);

    if (list->type == LIST_IP)
        return add_address(key, out);
    if (list_key_len(list->type) > 0) {
        buf_hex(out, key);
        return true;
    }
    for (size_t i = 0; i < key.len; i++) { /* entries have no wildcards */
        if (view_find_byte(VIEW("*?\\"), key.data[i]) != VIEW_NOT_FOUND)
            buf_byte(out, '\\');
        buf_byte(out, key.data[i]);
    }
    return true;
}

static bool has_dates(const struct list *list)
{
    bool is_dated = list->expires_us != 0;

    for (size_t i = 0; i < list->count && !is_dated && list->fact_of.len > 0; i++) {
        struct list_facts facts = list_facts_of(list, i);
        is_dated = facts.valid_from_s != 0 || facts.valid_until_s != 0;
    }
    return is_dated;
}

static bool suits_list(struct loader *l, const struct awaited_text *awaited,
                       const struct list *list)
{
    const char *why = list->type == LIST_URL
                          ? "holds URLs, which are kept without what does not count in them"
                      : has_dates(list) ? "has dates, which are honoured where it is looked up"
                                        : NULL;
    if (why != NULL)
        loader_error(l, awaited->scalar.place, "placeholder",
                     "ask for the list alone: `'%name%'`, without other text or `contains`",
                     "the list `%s` %s, not in a text made of its entries", list->name, why);
    return why == NULL;
}

/* --- all combinations ---------------------------------------------------------------------------- */

/* How many texts there are; 0 when there are too many, or a list does not go with a text; told. */
static size_t combinations(struct loader *l, const struct awaited_text *awaited)
{
    size_t product = 1;

    for (size_t i = 0; i < awaited->count; i++) {
        const struct list *list = awaited->parts[i].member ? awaited->parts[i].member->list : NULL;
        if (list == NULL)
            continue;
        if (!suits_list(l, awaited, list))
            return 0;
        product = list->count <= EXPAND_MAX ? product * list->count : EXPAND_MAX + 1;
        if (product <= EXPAND_MAX)
            continue;
        loader_error(l, awaited->scalar.place, "placeholder",
                     "use shorter lists, or ask for one list alone: `'%name%'`, at any length",
                     "`%s` stands for more than %d texts", loader_shown(l, awaited->scalar.text),
                     EXPAND_MAX);
        return 0;
    }
    return product;
}

/* Number `which` of the texts; the last placeholder changes first. False, and told, when an entry has none. */
static bool write_text(struct loader *l, const struct awaited_text *awaited, size_t which,
                       size_t product, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < awaited->count; i++) {
        const struct expand_part *part = &awaited->parts[i];
        if (part->member == NULL) {
            buf_add(out, part->text);
            continue;
        }
        const struct list *list = part->member->list;
        product /= list->count;
        if (!add_entry(list, which / product, out)) {
            loader_error(l, awaited->scalar.place, "placeholder",
                         "write single addresses, or ask for the list alone: `'%name%'`",
                         "entry %zu of the list `%s` is a range, which no text stands for",
                         which / product + 1, list->name);
            return false;
        }
        which %= product;
    }
    return true;
}

/* What is told of one text would be told of all. */
static struct node *quiet_value(struct loader *l, size_t before, const struct question *q,
                                const struct yaml_node *scalar)
{
    struct diagnostics *told = l->diagnostics, silent;

    if (told->count == before)
        return value_bytes(l, q, scalar);
    diagnostics_init(&silent);
    l->diagnostics = &silent;
    struct node *node = value_bytes(l, q, scalar);
    l->diagnostics = told;
    diagnostics_clear(&silent);
    return node;
}

static void fill(struct loader *l, const struct awaited_text *awaited)
{
    bool is_neq = question_has(&awaited->question, MODIFIER_NEQ);
    size_t product = combinations(l, awaited), before = l->diagnostics->count;
    struct yaml_node scalar = awaited->scalar;
    struct node_list nodes = {0};
    struct buf text;

    buf_init(&text, SIZE_MAX / 4); /* of its parts, each of which is bounded */
    for (size_t i = 0; i < product && !l->is_bad; i++) {
        if (!write_text(l, awaited, i, product, &text))
            break;
        scalar.text = arena_copy(l->arena, buf_view(&text));
        struct node *node = quiet_value(l, before, &awaited->question, &scalar);
        if (node != NULL)
            node_list_push(l->arena, &nodes, node);
    }
    buf_clear(&text);
    *awaited->node = *node_join(l->arena, is_neq ? NODE_AND : NODE_OR, &nodes);
}

static void check_size(struct loader *l, const struct awaited_text *awaited)
{
    if (node_predicates(awaited->rule->condition, PREDICATES_MAX + 1) > PREDICATES_MAX)
        loader_error(l, awaited->scalar.place, "rule-size",
                     "use shorter lists, or ask for one list alone: `'%name%'`, at any length",
                     "the rule has more than %d values", PREDICATES_MAX);
}

void expand_finish(struct loader *l)
{
    struct awaited_text *awaited = l->rules->pending->texts, *turned = NULL;

    while (awaited != NULL) { /* back into the order of the files */
        struct awaited_text *next = awaited->next;
        awaited->next = turned;
        turned = awaited;
        awaited = next;
    }
    for (awaited = turned; awaited != NULL; awaited = awaited->next) {
        struct loader inner = *l;
        inner.rule = awaited->rule;
        if (awaited->rule->condition == NULL) /* refused, wrong, or a list was not found */
            continue;
        fill(&inner, awaited);
        if (!inner.is_bad)
            check_size(&inner, awaited);
        if (inner.is_bad)
            awaited->rule->condition = NULL;
    }
    l->rules->pending->texts = NULL;
}
