/* SPDX-License-Identifier: BSD-3-Clause */
/* The meaning of a STIX pattern.
 *
 *   [a OR b], [a] OR [b]     each by itself: an equality with one kind of value is an indicator, the rest rules
 *   [a AND b]                a rule of the event that has both; names of hosts stand in three events (DNS, TLS,
 *                            HTTP), so such a rule is written three times
 *   [a] REPEATS 5 TIMES      event_count over the rule of a
 *   [a] AND [b]              temporal over the rules of a and b; FOLLOWEDBY: temporal_ordered
 *   [a] AND [a]              two observations of a: event_count, at least 2; so FOLLOWEDBY
 *
 * Form       an observation's comparison is brought into OR of ANDs first, after equalities with one property
 *            that stand under one OR were joined to one IN. At most CONJUNCTIONS_MAX come of it.
 * Whole      an AND of which one part is on no wire is refused whole; of an OR the other parts are kept.
 * Times      a correlation wants a span: WITHIN, else a day. START STOP is about the past and refused.
 */
#include "import/stix/meaning.h"

enum { CONJUNCTIONS_MAX = 256, TESTS_MAX = 24, CHOICES_MAX = 16 };
#define DAY_US (INT64_C(86400) * 1000000)

struct conjunction {
    const struct stix_test *tests[TESTS_MAX];
    size_t count;
};

/* OR of ANDs. */
struct forms {
    struct conjunction *items;
    size_t count;
    bool is_over; /* more than CONJUNCTIONS_MAX, or an AND of more than TESTS_MAX */
};

/* Of a choice only the part that is left out is told. */
static void skip(struct stix_meaning *m, const char *reason)
{
    struct view what = m->part.len > 0 ? m->part : m->about.value;
    m->sink->skip(m->sink->context, reason, what, m->about.place);
}

/* "file:name = 'x' AND ...", the first of its values, as a person would look for it in the pattern. */
static struct view part_text(struct arena *arena, const struct conjunction *c)
{
    static const char *const OPERATORS[] = {
        "=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"};
    const char *text = "";

    for (size_t i = 0; i < c->count; i++) {
        const struct stix_test *test = c->tests[i];
        bool is_single = test->op == STIX_IN && test->count == 1; /* joined from `=` */
        text = arena_format(
            arena, "%s%s%s%.*s:%.*s %s", text, i > 0 ? " AND " : "", test->is_negated ? "NOT " : "",
            (int)test->object.len, (const char *)test->object.data, (int)test->path.len,
            (const char *)test->path.data, OPERATORS[is_single ? STIX_EQ : test->op]);
        if (test->count > 0)
            text = arena_format(arena, "%s '%.*s'%s", text, (int)test->values[0].text.len,
                                (const char *)test->values[0].text.data,
                                test->count > 1 ? ", ..." : "");
    }
    return view_from_string(text);
}

/* --- OR of ANDs ---------------------------------------------------------------------------------- */

static bool is_equality(const struct stix_test *test)
{
    return !test->is_negated && (test->op == STIX_EQ || test->op == STIX_IN);
}

/* Takes the equalities of `node` (an OR) with the property of its child `first` together. */
static const struct stix_test *join_equalities(struct arena *arena, const struct stix_node *node,
                                               size_t first, bool *is_taken)
{
    const struct stix_test *begin = node->children[first]->test;
    struct stix_test *joined = arena_alloc(arena, sizeof(*joined));
    size_t total = 0;

    for (unsigned pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t i = first; i < node->count; i++) {
            const struct stix_test *test = node->children[i]->test;
            if (node->children[i]->kind != STIX_TEST || !is_equality(test) ||
                !view_equal(test->object, begin->object) || !view_equal(test->path, begin->path))
                continue;
            total += pass == 0 ? test->count : 0;
            if (pass == 1)
                memcpy(joined->values + at, test->values, test->count * sizeof(*test->values));
            at += test->count;
            is_taken[i] = true;
        }
        if (pass == 0) {
            *joined = *begin;
            joined->values = arena_array(arena, total, sizeof(*joined->values));
            joined->count = total;
            joined->op = STIX_IN;
        }
    }
    return joined;
}

static void push(struct arena *arena, struct forms *forms, const struct conjunction *conjunction)
{
    if (forms->count == CONJUNCTIONS_MAX) {
        forms->is_over = true;
        return;
    }
    if ((forms->count & (forms->count - 1)) == 0) {
        struct conjunction *items =
            arena_array(arena, forms->count ? forms->count * 2 : 1, sizeof(*items));
        if (forms->count > 0)
            memcpy(items, forms->items, forms->count * sizeof(*items));
        forms->items = items;
    }
    forms->items[forms->count++] = *conjunction;
}

static struct forms forms_of(struct arena *arena, const struct stix_node *node);

static struct forms forms_of_or(struct arena *arena, const struct stix_node *node)
{
    struct forms out = {0};
    bool *is_taken = arena_array(arena, node->count, sizeof(bool));

    for (size_t i = 0; i < node->count && !out.is_over; i++) {
        const struct stix_node *child = node->children[i];
        if (is_taken[i])
            continue;
        if (child->kind == STIX_TEST && is_equality(child->test)) {
            struct conjunction one = {{join_equalities(arena, node, i, is_taken)}, 1};
            push(arena, &out, &one);
            continue;
        }
        struct forms inner = forms_of(arena, child);
        out.is_over |= inner.is_over;
        for (size_t k = 0; k < inner.count; k++)
            push(arena, &out, &inner.items[k]);
    }
    return out;
}

static struct forms cross(struct arena *arena, const struct forms *a, const struct forms *b)
{
    struct forms out = {.is_over = a->is_over || b->is_over};

    for (size_t i = 0; i < a->count && !out.is_over; i++) {
        for (size_t k = 0; k < b->count && !out.is_over; k++) {
            struct conjunction both = a->items[i];
            if (both.count + b->items[k].count > TESTS_MAX) {
                out.is_over = true;
                break;
            }
            memcpy(both.tests + both.count, b->items[k].tests,
                   b->items[k].count * sizeof(both.tests[0]));
            both.count += b->items[k].count;
            push(arena, &out, &both);
        }
    }
    return out;
}

/* Recursion is bounded by the parser's STIX_DEPTH_MAX. */
static struct forms forms_of(struct arena *arena, const struct stix_node *node)
{
    struct forms out = {0};

    if (node->kind == STIX_OR)
        return forms_of_or(arena, node);
    if (node->kind == STIX_TEST) {
        struct conjunction one = {{node->test}, 1};
        push(arena, &out, &one);
        return out;
    }
    for (size_t i = 0; i < node->count && !out.is_over; i++) { /* AND */
        struct forms inner = forms_of(arena, node->children[i]);
        out = i == 0 ? inner : cross(arena, &out, &inner);
    }
    return out;
}

/* --- rules --------------------------------------------------------------------------------------- */

static bool all_have(const struct conjunction *c, const char *service)
{
    for (size_t i = 0; i < c->count; i++) {
        if (!stix_has(c->tests[i], service))
            return false;
    }
    return true;
}

/* The first test that nothing shows; NULL when the fault is that no one event shows them all. */
static const struct stix_test *unshown(const struct conjunction *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (!stix_has(c->tests[i], NULL))
            return c->tests[i];
    }
    return NULL;
}

/* dns.query -> dns_query_1 */
static const char *name_of(struct arena *arena, const char *fields, size_t number)
{
    char *name = arena_format(arena, "%.*s_%zu", (int)strcspn(fields, " "), fields, number + 1);
    for (char *c = name; *c != '\0'; c++) {
        if (*c == '.' || *c == '-')
            *c = '_';
    }
    return name;
}

/* A test that denies also wants its field to be there: STIX compares nothing with nothing (9.5). */
static const char *add_denied(struct arena *arena, struct draft *draft,
                              struct draft_selection selection, const char *condition)
{
    static const struct view TRUE_VALUE = {(const uint8_t *)"true", 4};

    draft->selections[draft->selection_count++] = selection;
    const char *text =
        arena_format(arena, "%s%snot %s", condition, *condition ? " and " : "", selection.name);
    if (strcmp(selection.modifiers, "|exists") == 0)
        return text;
    selection.name = arena_format(arena, "%s_there", selection.name);
    selection.modifiers = "|exists";
    selection.values = &TRUE_VALUE;
    selection.count = 1;
    selection.is_plain = true;
    draft->selections[draft->selection_count++] = selection;
    return arena_format(arena, "%s and %s", text, selection.name);
}

/* Fills the selections and the condition; a reason when it cannot. */
static const char *fill(struct arena *arena, const struct conjunction *c, const char *service,
                        struct draft *draft)
{
    const char *condition = "";
    size_t asked = 0;

    draft->service = service;
    for (size_t i = 0; i < c->count; i++) {
        struct draft_selection selection;
        const char *reason = stix_selection(arena, c->tests[i], service, &selection);
        if (reason != NULL)
            return reason;
        if (*selection.fields == '\0') /* src_ref.type: the value says the same */
            continue;
        if (draft->selection_count + 2 > DRAFT_SELECTIONS_MAX)
            return "more tests than a rule of ours has";
        selection.name = name_of(arena, selection.fields, draft->selection_count);
        if (c->tests[i]->is_negated) {
            condition = add_denied(arena, draft, selection, condition);
            continue;
        }
        asked++;
        draft->selections[draft->selection_count++] = selection;
        condition =
            arena_format(arena, "%s%s%s", condition, *condition ? " and " : "", selection.name);
    }
    draft->condition = condition;
    return asked > 0 ? NULL : "it only says what is not the case";
}

/* indicator--8d8f.../1 -> indicator__8d8f..._1 */
static const char *name_from_id(struct arena *arena, struct view id)
{
    char *name = arena_format(arena, "%.*s", (int)id.len, (const char *)id.data);

    for (char *c = name; *c != '\0'; c++) {
        bool is_word = byte_is_digit((uint8_t)*c) ||
                       (byte_fold((uint8_t)*c) >= 'a' && byte_fold((uint8_t)*c) <= 'z');
        if (!is_word)
            *c = '_';
    }
    return name;
}

static struct draft *new_draft(struct stix_meaning *m)
{
    struct draft *draft = arena_alloc(m->arena, sizeof(*draft));

    *draft = (struct draft){.about = m->about,
                            .object = name_from_id(m->arena, m->about.id),
                            .title = m->title,
                            .description = m->description,
                            .tags = m->tags,
                            .tag_count = m->tag_count};
    draft->about.id = view_from_string(arena_format(m->arena, "%.*s/%u", (int)m->about.id.len,
                                                    (const char *)m->about.id.data, ++m->parts));
    return draft;
}

static void give_draft(struct stix_meaning *m, const struct draft *draft)
{
    if (m->sink->draft != NULL)
        m->sink->draft(m->sink->context, draft);
    else
        skip(m, "a rule, which a list cannot hold");
}

static void refuse(struct stix_meaning *m, const struct conjunction *c)
{
    const struct stix_test *test = unshown(c);
    skip(m, test ? stix_reason(test) : "no single event shows all that it asks for");
}

static void give_rules(struct stix_meaning *m, const struct conjunction *c)
{
    static const char *const SERVICES[] = {"dns", "tls", "http", "packet", "flow"};
    bool is_any =
        all_have(c, "dns") && all_have(c, "tls") && all_have(c, "http") && all_have(c, "packet");
    const char *reason = NULL;
    size_t given = 0;

    for (size_t i = 0; i < sizeof(SERVICES) / sizeof(SERVICES[0]); i++) {
        bool is_flow = strcmp(SERVICES[i], "flow") == 0;
        if (!all_have(c, SERVICES[i]) || (is_any && !is_flow) || (is_flow && given > 0))
            continue;
        struct draft *draft = new_draft(m);
        reason = fill(m->arena, c, SERVICES[i], draft);
        if (reason != NULL)
            break;
        give_draft(m, draft);
        given++;
    }
    if (reason != NULL)
        skip(m, reason);
    else if (given == 0)
        refuse(m, c);
}

/* --- observations -------------------------------------------------------------------------------- */

static bool is_indicator(const struct conjunction *c)
{
    const struct stix_test *test = c->tests[0];
    enum indicator_kind kind = stix_kind_of(test);

    if (c->count != 1 || kind == INDICATOR_NONE || test->is_negated)
        return false;
    return is_equality(test) || (test->op == STIX_ISSUBSET && kind == INDICATOR_IP);
}

static void give_indicators(struct stix_meaning *m, const struct stix_test *test)
{
    for (size_t i = 0; i < test->count; i++) {
        struct indicator indicator = m->about;
        indicator.kind = stix_kind_of(test);
        indicator.value = test->values[i].text;
        (void)indicator_offer(m->arena, m->sink, indicator);
    }
}

static void give_observation(struct stix_meaning *m, const struct stix_node *node)
{
    struct forms forms = forms_of(m->arena, node->children[0]);

    if (forms.is_over) {
        skip(m, "too many combinations of AND and OR");
        return;
    }
    for (size_t i = 0; i < forms.count; i++) {
        if (m->is_choice || forms.count > 1)
            m->part = part_text(m->arena, &forms.items[i]);
        if (is_indicator(&forms.items[i]))
            give_indicators(m, forms.items[i].tests[0]);
        else
            give_rules(m, &forms.items[i]);
    }
    m->part = view_make("", 0);
}

/* --- correlations -------------------------------------------------------------------------------- */

/* A rule that is part of a correlation; NULL and a reason when there is none. The finished flow is
 * preferred: it has the names of all three events. */
static const char *part_of(struct stix_meaning *m, const struct conjunction *c, struct draft **out)
{
    static const char *const SERVICES[] = {"flow", "tls", "http", "dns", "packet"};

    for (size_t i = 0; i < sizeof(SERVICES) / sizeof(SERVICES[0]); i++) {
        if (!all_have(c, SERVICES[i]))
            continue;
        *out = new_draft(m);
        const char *reason = fill(m->arena, c, SERVICES[i], *out);
        (*out)->is_part = true;
        (*out)->name = name_from_id(m->arena, (*out)->about.id);
        return reason;
    }
    const struct stix_test *test = unshown(c);
    return test ? stix_reason(test) : "no single event shows all that it asks for";
}

static void give_correlation(struct stix_meaning *m, const char *type, struct draft **parts,
                             size_t count, uint64_t at_least, const struct stix_node *node)
{
    struct draft *draft = new_draft(m);

    for (size_t i = 0; i < count; i++)
        draft->rules[i] = parts[i]->name;
    draft->rule_count = count;
    draft->type = type;
    draft->timespan_us = node->within_us ? node->within_us : DAY_US;
    draft->at_least = at_least;
    if (node->within_us == 0)
        draft->description = view_from_string(arena_format(
            m->arena, "%.*s%sThe pattern says no WITHIN: a day was taken.", (int)m->description.len,
            (const char *)m->description.data, m->description.len ? " " : ""));
    give_draft(m, draft);
}

/* The forms of an operand: an observation, or several of them joined by OR. */
static const char *operand_forms(struct arena *arena, const struct stix_node *node,
                                 struct forms *out)
{
    if (node->within_us > 0)
        return "WITHIN behind one observation alone: parentheses are missing";
    if (node->repeats > 0 || node->has_start_stop)
        return "observations joined in a way that no correlation says";
    if (node->kind == STIX_OBSERVATION) {
        *out = forms_of(arena, node->children[0]);
        return out->is_over ? "too many combinations of AND and OR" : NULL;
    }
    if (node->kind != STIX_OR)
        return "observations joined in a way that no correlation says";
    for (size_t i = 0; i < node->count; i++) {
        struct forms inner = {0};
        if (node->children[i]->kind != STIX_OBSERVATION)
            return "observations joined in a way that no correlation says";
        const char *reason = operand_forms(arena, node->children[i], &inner);
        if (reason != NULL)
            return reason;
        for (size_t k = 0; k < inner.count; k++)
            push(arena, out, &inner.items[k]);
    }
    return out->is_over ? "too many combinations of AND and OR" : NULL;
}

/* What came of the choices so far: each rule once, and for AND each set of them. */
struct joined {
    struct draft *parts[CHOICES_MAX * DRAFT_RULES_MAX];
    size_t part_count;
    struct {
        bool has[CHOICES_MAX * DRAFT_RULES_MAX]; /* by part */
    } sets[CHOICES_MAX];
    size_t set_count;
};

static bool same_selection(const struct draft_selection *a, const struct draft_selection *b)
{
    if (strcmp(a->fields, b->fields) != 0 || strcmp(a->modifiers, b->modifiers) != 0 ||
        a->count != b->count || a->is_plain != b->is_plain)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!view_equal(a->values[i], b->values[i]))
            return false;
    }
    return true;
}

/* Selections are named by their fields and places: equal conditions are the same of equal selections. */
static bool same_rule(const struct draft *a, const struct draft *b)
{
    if (strcmp(a->service, b->service) != 0 || strcmp(a->condition, b->condition) != 0 ||
        a->selection_count != b->selection_count)
        return false;
    for (size_t i = 0; i < a->selection_count; i++) {
        if (!same_selection(&a->selections[i], &b->selections[i]))
            return false;
    }
    return true;
}

/* The number of the rule among the parts. */
static size_t part_number(struct joined *joined, struct draft *part)
{
    size_t at = 0;

    while (at < joined->part_count && !same_rule(joined->parts[at], part))
        at++;
    if (at == joined->part_count)
        joined->parts[joined->part_count++] = part;
    return at;
}

/* One choice: `node->count` rules. Several observations of the same are counted. */
static const char *give_choice(struct stix_meaning *m, const struct stix_node *node,
                               struct draft **chosen, struct joined *joined)
{
    const char *type = node->kind == STIX_AND ? "temporal" : "temporal_ordered";
    size_t known = joined->part_count, distinct = 0;
    bool *has = joined->sets[joined->set_count].has;

    memset(has, 0, sizeof(joined->sets[0].has));
    for (size_t i = 0; i < node->count; i++) {
        size_t number = part_number(joined, chosen[i]);
        chosen[i] = joined->parts[number];
        distinct += !has[number];
        has[number] = true;
    }
    bool is_again = false; /* [b] AND [a] after [a] AND [b] */
    for (size_t i = 0; i < joined->set_count && node->kind == STIX_AND; i++)
        is_again |= memcmp(joined->sets[i].has, has, sizeof(joined->sets[0].has)) == 0;
    if (distinct > 1 && distinct < node->count) {
        joined->part_count = known;
        return "the same observation twice beside others, which no correlation says";
    }
    joined->set_count++;
    for (size_t i = known; i < joined->part_count; i++)
        give_draft(m, joined->parts[i]);
    if (distinct == 1)
        give_correlation(m, "event_count", chosen, 1, node->count, node);
    else if (!is_again)
        give_correlation(m, type, chosen, node->count, 0, node);
    return NULL;
}

/* Each choice of one form an operand is a correlation of its own. */
static void give_choices(struct stix_meaning *m, const struct stix_node *node,
                         const struct forms *operands, size_t choices)
{
    struct joined *joined = arena_alloc(m->arena, sizeof(*joined));
    struct draft *chosen[DRAFT_RULES_MAX];
    const char *reason = NULL, *refused = NULL;

    joined->part_count = joined->set_count = 0;
    for (size_t choice = 0; choice < choices && reason == NULL; choice++) {
        size_t rest = choice;
        for (size_t i = 0; i < node->count && reason == NULL; i++) {
            reason = part_of(m, &operands[i].items[rest % operands[i].count], &chosen[i]);
            rest /= operands[i].count;
        }
        if (reason == NULL) {
            const char *why = give_choice(m, node, chosen, joined);
            refused = why != NULL ? why : refused;
        }
    }
    if (reason != NULL || refused != NULL)
        skip(m, reason != NULL ? reason : refused);
}

static void give_joined(struct stix_meaning *m, const struct stix_node *node)
{
    struct forms operands[DRAFT_RULES_MAX];
    size_t choices = 1;
    const char *reason =
        node->count > DRAFT_RULES_MAX ? "more observations than a correlation has" : NULL;

    for (size_t i = 0; i < node->count && reason == NULL; i++) {
        operands[i] = (struct forms){0};
        reason = operand_forms(m->arena, node->children[i], &operands[i]);
        choices *= operands[i].count;
        if (reason == NULL && choices > CHOICES_MAX)
            reason = "too many combinations of AND and OR";
    }
    if (reason != NULL)
        skip(m, reason);
    else
        give_choices(m, node, operands, choices);
}

static void give_repeated(struct stix_meaning *m, const struct stix_node *node)
{
    struct forms forms = {0};
    struct stix_node bare = *node;
    struct draft *part;

    bare.repeats = 0;
    bare.within_us = 0;
    const char *reason = operand_forms(m->arena, &bare, &forms);
    if (reason == NULL && forms.count > 1)
        reason = "a repeated choice, which no correlation says";
    if (reason == NULL)
        reason = part_of(m, &forms.items[0], &part);
    if (reason != NULL) {
        skip(m, reason);
        return;
    }
    give_draft(m, part);
    give_correlation(m, "event_count", &part, 1, node->repeats, node);
}

void stix_meaning_give(struct stix_meaning *m, const struct stix_node *root)
{
    if (root->has_start_stop) {
        skip(m, "bound to a span of the past (START STOP)");
    } else if (root->repeats > 1) {
        give_repeated(m, root);
    } else if (root->kind == STIX_OBSERVATION) {
        give_observation(m, root);
    } else if (root->kind == STIX_OR) {
        m->is_choice = true;
        for (size_t i = 0; i < root->count; i++)
            stix_meaning_give(m, root->children[i]);
    } else {
        give_joined(m, root);
    }
}
