/* SPDX-License-Identifier: BSD-3-Clause */
/* Correlation: what only all documents together show.
 *
 *   rules    are there, and no correlation rests on itself
 *   fields   of group-by, of the condition and of aliases are fields of every event that the rules look at; those of a
 *            chain (a correlation of correlations) are the fields of the rules at its end
 *   aliases  name rules of this correlation, all of them, and group-by asks for them
 *
 * One that has no fault is counted as not evaluated: this version matches single events.
 */
#include "sigma/correlation.h"

#include "value/question.h"

enum { CHAIN_MAX = 16 };

static unsigned bit_of(enum event_type event)
{
    return 1U << (unsigned)event;
}

bool correlation_field(struct loader *l, const struct yaml_node *key, unsigned events,
                       bool is_number)
{
    struct rule stand_in = {.event = EVENT_ANY};
    struct loader own = *l; /* fields are looked up in the event of a rule */
    bool is_good = true;

    if (view_find_byte(key->text, '|') != VIEW_NOT_FOUND) {
        loader_error(l, key->place, "modifiers", "name the field alone",
                     "`%s` has a modifier; a correlation asks for the value as it is",
                     loader_shown(l, key->text));
        return false;
    }
    own.rule = &stand_in;
    for (enum event_type event = EVENT_PACKET; is_good && event < EVENT_COUNT; event++) {
        struct question q;
        if ((events & bit_of(event)) == 0)
            continue;
        stand_in.event = event;
        is_good = question_parse(&own, key, "", &q);
        enum field_type type = is_good ? field_get(q.field)->type : TYPE_NUMBER;
        if (is_number && type != TYPE_NUMBER) {
            loader_error(&own, key->place, "field-type",
                         "name a field of numbers, or use value_count",
                         "`%s` is of type %s; it can be counted, not added up",
                         loader_shown(l, key->text), field_type_name(type));
            is_good = false;
        }
    }
    l->is_bad = own.is_bad;
    l->refused = own.refused;
    return is_good;
}

/* --- rules --------------------------------------------------------------------------------------- */

static void find_targets(struct loader *l, struct pending_correlation *c)
{
    c->targets = arena_array(l->arena, c->rule_count + 1, sizeof(*c->targets));
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct reference *reference = &c->rules[i];
        c->targets[i] = names_find(l->rules, reference->text);
        if (c->targets[i] == NULL)
            loader_error(l, reference->place, "unknown-rule",
                         loader_did_you_mean(l, names_nearest(l->rules, reference->text),
                                             "load it together with the correlation"),
                         "there is no rule `%s`", loader_shown(l, reference->text));
        else if (c->targets[i]->correlation == NULL &&
                 (c->targets[i]->rule == NULL || c->targets[i]->rule->condition == NULL))
            loader_warn(l, reference->place, "unknown-rule", NULL,
                        "the rule `%s` was left out: the correlation could never see it match",
                        loader_shown(l, reference->text));
    }
}

/* Types of the events that it looks at, a bit each; those of a correlation are known when its chain was checked. */
static unsigned events_of(const struct known_document *document)
{
    if (document == NULL)
        return 0;
    if (document->correlation != NULL)
        return document->correlation->events;
    bool is_kept = document->rule != NULL && document->rule->condition != NULL;
    return is_kept ? bit_of(document->rule->event) : 0;
}

/* Depth first, each once; one that is entered and not left is being walked through. */
static void check_chain(struct loader *l, struct pending_correlation *c, unsigned depth)
{
    if (c->is_left)
        return;
    c->is_entered = true;
    for (size_t i = 0; i < c->rule_count; i++) {
        struct pending_correlation *next = c->targets[i] ? c->targets[i]->correlation : NULL;
        struct place place = c->rules[i].place;
        bool is_cycle = next != NULL && next->is_entered && !next->is_left;
        if (is_cycle || (next != NULL && depth == CHAIN_MAX)) {
            loader_error(l, place, "correlation-chain",
                         is_cycle ? "name a detection rule at the end" : NULL,
                         is_cycle ? "the correlation rests on itself (over `%s`)"
                                  : "the chain of correlations is too long at `%s`",
                         loader_shown(l, c->rules[i].text));
            c->is_bad = true;
        } else if (next != NULL) {
            check_chain(l, next, depth + 1);
        }
        c->events |= events_of(c->targets[i]);
    }
    c->is_left = true;
}

/* --- fields -------------------------------------------------------------------------------------- */

static struct alias *find_alias(const struct pending_correlation *c, struct view name)
{
    for (size_t i = 0; i < c->alias_count; i++) {
        if (view_equal(c->aliases[i].name.text, name))
            return &c->aliases[i];
    }
    return NULL;
}

static void check_fields(struct loader *l, struct pending_correlation *c,
                         const struct yaml_node *const *fields, size_t count, bool is_number)
{
    for (size_t i = 0; i < count; i++) {
        struct alias *alias = find_alias(c, fields[i]->text);
        if (alias != NULL)
            alias->is_used = true;
        else
            (void)correlation_field(l, fields[i], c->events, is_number);
    }
}

static bool is_target(const struct pending_correlation *c, const struct known_document *document)
{
    for (size_t i = 0; i < c->rule_count; i++) {
        if (c->targets[i] == document)
            return true;
    }
    return false;
}

static bool has_field_of(const struct loader *l, const struct alias *alias,
                         const struct known_document *document)
{
    for (size_t i = 0; i < alias->count; i++) {
        if (names_find(l->rules, alias->fields[i].rule.text) == document)
            return true;
    }
    return false;
}

static void check_alias(struct loader *l, struct pending_correlation *c, const struct alias *alias)
{
    const char *shown = loader_shown(l, alias->name.text);

    for (size_t i = 0; i < alias->count; i++) {
        const struct alias_field *field = &alias->fields[i];
        const struct known_document *document = names_find(l->rules, field->rule.text);
        if (document == NULL || !is_target(c, document))
            loader_error(l, field->rule.place, "correlation-alias",
                         "name one of the `rules` of this correlation",
                         "the alias `%s` speaks of `%s`, which is none of the rules", shown,
                         loader_shown(l, field->rule.text));
        else
            (void)correlation_field(l, field->field, events_of(document), false);
    }
    for (size_t i = 0; i < c->rule_count; i++) {
        if (c->targets[i] != NULL && !has_field_of(l, alias, c->targets[i]))
            loader_error(l, alias->name.place, "correlation-alias",
                         "write the field for each of the rules",
                         "the alias `%s` has no field of the rule `%s`", shown,
                         loader_shown(l, c->rules[i].text));
    }
    if (!alias->is_used)
        loader_warn(l, alias->name.place, "correlation-alias", "name it in `group-by`",
                    "the alias `%s` is never asked for", shown);
}

/* --- all of them --------------------------------------------------------------------------------- */

static void refuse(struct loader *l, const struct pending_correlation *c)
{
    if (c->kind->flags & CORRELATION_BEHAVIOUR)
        loader_refuse(l, REFUSAL_CORRELATION, c->type_place, "unsupported-document", NULL,
                      "correlations of type `%s` come with a later version", c->kind->name);
    else
        loader_refuse(l, REFUSAL_CORRELATION, c->rule->place, "unsupported-document",
                      "the rules that it names alert by themselves until then",
                      "correlation documents are not evaluated by this version");
}

static void finish(struct loader *shared, struct pending_correlation *c)
{
    struct loader l = *shared;

    l.is_bad = false;
    l.refused = REFUSAL_NONE;
    check_chain(&l, c, 0);
    bool is_number = c->kind != NULL && (c->kind->flags & CORRELATION_NUMBER) != 0;
    check_fields(&l, c, c->group_by, c->group_count, false);
    check_fields(&l, c, c->fields, c->field_count, is_number);
    for (size_t i = 0; i < c->alias_count; i++)
        check_alias(&l, c, &c->aliases[i]);
    if (l.is_bad || c->is_bad)
        return;
    refuse(&l, c);
    l.rules->refused[REFUSAL_CORRELATION]++;
}

void correlations_finish(struct loader *l)
{
    struct loader own = *l;

    for (struct pending_correlation *c = l->rules->pending->correlations; c; c = c->next) {
        own.is_bad = false;
        find_targets(&own, c);
        c->is_bad |= own.is_bad;
    }
    for (struct pending_correlation *c = l->rules->pending->correlations; c; c = c->next)
        finish(l, c);
}
