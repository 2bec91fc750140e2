/* SPDX-License-Identifier: BSD-3-Clause */
/* Condition: Sigma's `selection and not 1 of filter_*`.
 *
 *   condition = and { "or" and }         and = not { "and" not }         not = { "not" } term
 *   term      = name | "(" condition ")" | quantity "of" ( "them" | pattern )
 *   quantity  = "all" | "any" | number
 *
 * Idea       one frame for each open parenthesis: the finished ANDs, the AND that grows, and whether the
 *            next term is negated. `and` binds tighter than `or` because `or` closes the growing AND.
 * Bounds     frames are an array, nothing recurses; a number of selections out of many (`2 of sel*`) is
 *            written out, up to COMBINATIONS_MAX; selections are shared, and their predicates are counted
 *            each time, up to PREDICATES_MAX.
 * Not here   aggregation after a `|` (sigma/aggregation.c): it is handed on.
 */
#include "sigma/condition.h"

#include "value/value.h"

struct frame {
    struct node_list ors, ands;
    bool is_negated; /* the next term */
    size_t opened_at;
};

struct parser {
    struct loader *l;
    const struct yaml_node *text;
    struct selections *selections;
    size_t at;         /* of the next byte */
    struct view token; /* empty at the end */
    size_t token_at;
    struct frame frames[CONDITION_DEPTH_MAX];
    size_t depth; /* frames in use */
    size_t predicates;
};

/* --- tokens -------------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void next_token(struct parser *p)
{
    struct view text = p->text->text;

    while (p->at < text.len && is_blank(text.data[p->at]))
        p->at++;
    p->token_at = p->at;
    while (p->at < text.len && !is_blank(text.data[p->at]) &&
           view_find_byte(VIEW("()|"), text.data[p->at]) == VIEW_NOT_FOUND)
        p->at++;
    if (p->at == p->token_at && p->at < text.len)
        p->at++; /* a parenthesis or bar */
    p->token = view_slice(text, p->token_at, p->at);
}

static bool is_token(const struct parser *p, const char *word)
{
    return view_equal_fold(p->token, view_from_string(word));
}

/* Is the token after this one `of`? */
static bool is_before_of(const struct parser *p)
{
    struct parser ahead = *p;
    next_token(&ahead);
    return is_token(&ahead, "of");
}

static struct place here(const struct parser *p)
{
    return yaml_place_in(p->text, p->token_at);
}

static const char *shown_token(struct parser *p)
{
    return loader_shown(p->l, p->token);
}

/* --- terms --------------------------------------------------------------------------------------- */

/* `*` any characters; nothing else is special. Linear: each star is tried once from where it stands. */
static bool matches(struct view pattern, struct view name)
{
    size_t at = 0, in = 0, star = SIZE_MAX, resume = 0;

    while (in < name.len) {
        if (at < pattern.len && pattern.data[at] == '*') {
            star = at++;
            resume = in;
        } else if (at < pattern.len && pattern.data[at] == name.data[in]) {
            at++;
            in++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            in = ++resume;
        } else {
            return false;
        }
    }
    while (at < pattern.len && pattern.data[at] == '*')
        at++;
    return at == pattern.len;
}

static void push_term(struct parser *p, struct node *node)
{
    struct frame *frame = &p->frames[p->depth - 1];

    if (frame->is_negated)
        node = node_not(p->l->arena, node);
    frame->is_negated = false;
    node_list_push(p->l->arena, &frame->ands, node);
}

static void add_term(struct parser *p, struct node *node)
{
    p->predicates += node_predicates(node, PREDICATES_MAX + 1);
    if (p->predicates > PREDICATES_MAX) {
        if (!p->l->is_bad)
            loader_error(p->l, here(p), "rule-size",
                         "put the values into a list document and use `expand`",
                         "the condition asks more than %d values", PREDICATES_MAX);
        return;
    }
    push_term(p, node);
}

static bool take_name(struct parser *p)
{
    const char **names = arena_array(p->l->arena, p->selections->count + 1, sizeof(*names));

    for (size_t i = 0; i < p->selections->count; i++) {
        struct selection *selection = &p->selections->items[i];
        names[i] = (const char *)selection->name.data;
        if (view_equal(selection->name, p->token)) {
            selection->is_used = true;
            add_term(p, selection->node);
            next_token(p);
            return true;
        }
    }
    const char *nearest = nearest_name(p->token, names, p->selections->count);
    if (view_find_byte(p->token, '*') != VIEW_NOT_FOUND)
        loader_error(p->l, here(p), "condition", "write `1 of` or `all of` before it",
                     "the pattern `%s` stands for several selections", shown_token(p));
    else
        loader_error(p->l, here(p), "undefined-selection",
                     loader_did_you_mean(p->l, nearest, "define it under `detection:`"),
                     "there is no selection `%s`", shown_token(p));
    return false;
}

/* ORs all ANDs of `wanted` out of `chosen`, in the order of the alphabet of subsets. */
static struct node *combine(struct parser *p, const struct node_list *chosen, size_t wanted)
{
    struct arena *arena = p->l->arena;
    struct node_list any = {0};
    size_t *pick = arena_array(arena, wanted, sizeof(*pick));

    for (size_t i = 0; i < wanted; i++)
        pick[i] = i;
    while (any.count <= COMBINATIONS_MAX) {
        struct node_list all = {0};
        for (size_t i = 0; i < wanted; i++)
            node_list_push(arena, &all, chosen->items[pick[i]]);
        node_list_push(arena, &any, node_join(arena, NODE_AND, &all));
        size_t at = wanted;
        while (at > 0 && pick[at - 1] == chosen->count - wanted + at - 1)
            at--;
        if (at == 0)
            return node_join(arena, NODE_OR, &any);
        pick[at - 1]++;
        for (; at < wanted; at++)
            pick[at] = pick[at - 1] + 1;
    }
    return NULL;
}

static bool add_quantity(struct parser *p, const struct node_list *chosen, size_t wanted)
{
    struct node *node;

    if (wanted == 1 || wanted == chosen->count) {
        node = node_join(p->l->arena, wanted == 1 ? NODE_OR : NODE_AND, chosen);
    } else {
        size_t sum =
            0; /* combinations repeat their selections: do not build what is refused anyway */
        for (size_t i = 0; i < chosen->count; i++)
            sum += node_predicates(chosen->items[i], PREDICATES_MAX);
        node = sum > PREDICATES_MAX / COMBINATIONS_MAX ? NULL : combine(p, chosen, wanted);
    }
    if (node == NULL) {
        loader_error(p->l, here(p), "condition-size", "write the condition with `and` and `or`",
                     "%zu of %zu selections are too many combinations", wanted, chosen->count);
        return false;
    }
    add_term(p, node);
    next_token(p);
    return true;
}

/* `1 of them`, `all of selection_*`, `2 of sel*`; at the quantity. */
static bool take_quantity(struct parser *p)
{
    struct node_list chosen = {0};
    bool is_all = is_token(p, "all");
    uint64_t wanted = 1;
    struct place place = here(p);

    if (!is_all && !is_token(p, "any") && !view_parse_u64(p->token, &wanted)) {
        loader_error(p->l, place, "condition", "write `1 of`, `all of` or a number",
                     "`%s of` is not a quantity", shown_token(p));
        return false;
    }
    next_token(p); /* of */
    next_token(p);
    bool is_them = is_token(p, "them");
    bool sees_hidden = p->token.len > 0 && p->token.data[0] == '_';
    for (size_t i = 0; i < p->selections->count; i++) {
        struct selection *selection = &p->selections->items[i];
        bool is_hidden = selection->name.len > 0 && selection->name.data[0] == '_';
        if ((is_hidden && !sees_hidden) || (!is_them && !matches(p->token, selection->name)))
            continue;
        selection->is_used = true;
        node_list_push(p->l->arena, &chosen, selection->node);
    }
    if (chosen.count == 0) {
        loader_error(p->l, here(p), "undefined-selection", "write a selection, a pattern or `them`",
                     "no selection fits `%s`", shown_token(p));
        return false;
    }
    if (wanted == 0 || wanted > chosen.count) {
        loader_error(p->l, place, "condition", "write `1 of`, `all of`, or a number of them",
                     "%llu of %zu selection%s that fit%s: it cannot hold",
                     (unsigned long long)wanted, chosen.count, chosen.count == 1 ? "" : "s",
                     chosen.count == 1 ? "s" : "");
        return false;
    }
    return add_quantity(p, &chosen, is_all ? chosen.count : (size_t)wanted);
}

/* --- structure ----------------------------------------------------------------------------------- */

static bool open_frame(struct parser *p)
{
    if (p->depth == CONDITION_DEPTH_MAX) {
        loader_error(p->l, here(p), "condition-depth", "move a part into a selection",
                     "parentheses more than %d deep", CONDITION_DEPTH_MAX);
        return false;
    }
    p->frames[p->depth++] = (struct frame){.opened_at = p->token_at};
    return true;
}

static struct node *finish_frame(struct parser *p)
{
    struct frame *frame = &p->frames[--p->depth];
    struct arena *arena = p->l->arena;

    node_list_push(arena, &frame->ors, node_join(arena, NODE_AND, &frame->ands));
    return node_join(arena, NODE_OR, &frame->ors);
}

/* `not`s, parentheses and a term; afterwards the token is what follows the term. */
static bool take_operand(struct parser *p)
{
    for (;;) {
        if (is_token(p, "not") && !is_before_of(p)) {
            p->frames[p->depth - 1].is_negated ^= true;
            next_token(p);
        } else if (is_token(p, "(")) {
            if (!open_frame(p))
                return false;
            next_token(p);
        } else {
            break;
        }
    }
    if (p->token.len == 0 || is_token(p, ")") || is_token(p, "and") || is_token(p, "or") ||
        is_token(p, "|")) {
        loader_error(p->l, here(p), "condition", "write the name of a selection",
                     p->token.len ? "a selection is missing before `%s`"
                                  : "a selection is missing at the end%s",
                     loader_shown(p->l, p->token));
        return false;
    }
    return is_before_of(p) ? take_quantity(p) : take_name(p);
}

static bool close_frames(struct parser *p)
{
    while (is_token(p, ")")) {
        if (p->depth == 1) {
            loader_error(p->l, here(p), "condition", "remove it, or open one before",
                         "this parenthesis was never opened");
            return false;
        }
        push_term(p, finish_frame(p));
        next_token(p);
    }
    return true;
}

/* Is there an operator, and so another operand? */
static bool take_operator(struct parser *p)
{
    struct frame *frame = &p->frames[p->depth - 1];

    if (is_token(p, "or")) {
        node_list_push(p->l->arena, &frame->ors, node_join(p->l->arena, NODE_AND, &frame->ands));
        frame->ands = (struct node_list){0};
    } else if (!is_token(p, "and")) {
        return false;
    }
    next_token(p);
    return true;
}

static void explain_end(struct parser *p)
{
    if (p->token.len > 0 && is_token(p, "|"))
        loader_error(p->l, here(p), "aggregation", "close the parentheses before it",
                     "an aggregation stands within parentheses");
    else if (p->token.len > 0)
        loader_error(p->l, here(p), "condition", "write `and` or `or` between selections",
                     "`%s` follows a selection without `and` or `or`", shown_token(p));
    else if (p->depth > 1)
        loader_error(p->l, yaml_place_in(p->text, p->frames[p->depth - 1].opened_at), "condition",
                     "close it with `)`", "this parenthesis is never closed");
}

static struct node *parse_one(struct loader *l, const struct yaml_node *text,
                              struct selections *selections, struct condition_tail *tail)
{
    struct parser p = {.l = l, .text = text, .selections = selections, .depth = 1};

    if (text->kind != YAML_SCALAR || yaml_is_null(text)) {
        loader_error(l, text->place, "wrong-kind", "write `condition: selection`",
                     "a condition has to be text, here is %s",
                     text->kind == YAML_SCALAR ? "nothing" : yaml_kind_name(text->kind));
        return NULL;
    }
    next_token(&p);
    do {
        if (!take_operand(&p) || !close_frames(&p) || l->is_bad)
            return NULL;
    } while (take_operator(&p));
    if (is_token(&p, "|") && p.depth == 1) {
        *tail = (struct condition_tail){text, p.at};
        return finish_frame(&p);
    }
    if (p.token.len > 0 || p.depth > 1) {
        explain_end(&p);
        return NULL;
    }
    return finish_frame(&p);
}

struct node *condition_parse(struct loader *l, const struct yaml_node *node,
                             struct selections *selections, struct condition_tail *tail)
{
    struct node_list any = {0};
    size_t predicates = 0;

    *tail = (struct condition_tail){NULL, 0};
    if (node->kind != YAML_LIST)
        return parse_one(l, node, selections, tail);
    if (node->count == 0)
        loader_error(l, node->place, "condition", "write `condition: selection`",
                     "the list of conditions is empty");
    for (size_t i = 0; i < node->count; i++) {
        struct node *one = parse_one(l, node->items[i], selections, tail);
        if (one == NULL)
            return NULL;
        if (tail->condition != NULL) {
            loader_error(l, yaml_place_in(tail->condition, tail->at - 1), "aggregation",
                         "write a rule for each condition",
                         "an aggregation stands in a list of conditions");
            return NULL;
        }
        predicates += node_predicates(one, PREDICATES_MAX + 1);
        if (predicates > PREDICATES_MAX) {
            loader_error(l, node->place, "rule-size", NULL,
                         "the conditions ask more than %d values", PREDICATES_MAX);
            return NULL;
        }
        node_list_push(l->arena, &any, one);
    }
    return any.count > 0 ? node_join(l->arena, NODE_OR, &any) : NULL;
}
