/* SPDX-License-Identifier: BSD-3-Clause */
/* Value: what the author wrote becomes predicates that fit the field's type.
 *
 * Types      bytes (bytes.c), numbers, bools, times and addresses (number.c); here what all share, and the
 *            values that name something: another field, presence; lists are in expand.c.
 * Absent     null: the field is absent. `*`: it is there. '': it is there and empty; for a type that has
 *            no empty value, absent, as a log of it would show.
 * Bound      PREDICATES_MAX of one rule, told once; the readers of lists stop there.
 */
#include "value/value.h"

#include "value/expand.h"

/* --- predicates ---------------------------------------------------------------------------------- */

struct predicate *value_predicate(struct loader *l, const struct question *q,
                                  const struct yaml_node *scalar, enum predicate_op op)
{
    struct predicate *p = arena_alloc(l->arena, sizeof(*p));

    *p = (struct predicate){
        .op = op,
        .field = q->field,
        .header_name = q->header_name,
        .transforms = q->transforms,
        .is_cased = question_has(q, MODIFIER_CASED),
        .is_negated = question_has(q, MODIFIER_NEQ),
        .offsets = q->offsets,
        .text = arena_format(l->arena, "%s%.*s%s", q->before, (int)scalar->text.len,
                             (const char *)scalar->text.data, q->after),
        .place = scalar->place,
    };
    if (++l->predicates == PREDICATES_MAX + 1)
        loader_error(l, scalar->place, "rule-size",
                     "put the values into a list document and use `expand`",
                     "the rule has more than %d values", PREDICATES_MAX);
    return p;
}

struct node *value_exists(struct loader *l, const struct question *q,
                          const struct yaml_node *scalar, bool wanted)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_EXISTS);
    p->wanted = wanted;
    return node_predicate(l->arena, p);
}

enum field_type question_type(const struct question *q)
{
    return q->field == FIELD_NONE ? TYPE_BYTES : field_get(q->field)->type;
}

bool question_is_lower(const struct question *q)
{
    return q->field != FIELD_NONE && q->transforms == 0 &&
           (field_get(q->field)->flags & FIELD_LOWER) != 0;
}

bool question_has_offsets(const struct question *q)
{
    return q->offsets.from != 0 || q->offsets.to != SIZE_MAX || q->offsets.is_exact;
}

struct node *value_wrong(struct loader *l, const struct yaml_node *scalar, const char *id,
                         const char *help, const char *what)
{
    loader_error(l, scalar->place, id, help, "`%s` is not %s", loader_shown(l, scalar->text), what);
    return NULL;
}

const char *question_compare(const struct question *q)
{
    return question_has(q, MODIFIER_LT)    ? "lt"
           : question_has(q, MODIFIER_LTE) ? "lte"
           : question_has(q, MODIFIER_GT)  ? "gt"
           : question_has(q, MODIFIER_GTE) ? "gte"
                                           : NULL;
}

enum predicate_of question_of(const struct question *q)
{
    static const struct {
        enum modifier modifier;
        enum predicate_of of;
    } MEASURES[] = {
        {MODIFIER_LEN, OF_LEN},       {MODIFIER_COUNT, OF_COUNT}, {MODIFIER_ENTROPY, OF_ENTROPY},
        {MODIFIER_MINUTE, OF_MINUTE}, {MODIFIER_HOUR, OF_HOUR},   {MODIFIER_DAY, OF_DAY},
        {MODIFIER_WEEK, OF_WEEK},     {MODIFIER_MONTH, OF_MONTH}, {MODIFIER_YEAR, OF_YEAR}};

    for (size_t i = 0; i < sizeof(MEASURES) / sizeof(MEASURES[0]); i++) {
        if (question_has(q, MEASURES[i].modifier))
            return MEASURES[i].of;
    }
    return OF_VALUE;
}

/* --- names of other things ----------------------------------------------------------------------- */

static struct node *reference_node(struct loader *l, const struct question *q,
                                   const struct yaml_node *scalar)
{
    struct predicate *p = value_predicate(l, q, scalar, MATCH_FIELD);
    const char *name = loader_shown(l, scalar->text);

    p->has_before = question_has(q, MODIFIER_ENDSWITH) || question_has(q, MODIFIER_CONTAINS);
    p->has_after = question_has(q, MODIFIER_STARTSWITH) || question_has(q, MODIFIER_CONTAINS);
    p->other = field_find(l->rule->event, scalar->text);
    if (p->other == FIELD_NONE) {
        const char *nearest = scalar->text.len ? field_suggest(l->rule->event, scalar->text) : NULL;
        loader_error(l, scalar->place, "unknown-field",
                     loader_did_you_mean(l, nearest, "`shrike fields` lists all names"),
                     "%s events have no field `%s`", event_type_name(l->rule->event), name);
        return NULL;
    }
    if (p->other == FIELD_FLOW_MARK) {
        loader_error(l, scalar->place, "mark-question", "write `flow.mark: name`",
                     "marks have no text that a field could be compared with");
        return NULL;
    }
    if (field_get(p->other)->type != question_type(q)) {
        loader_error(l, scalar->place, "field-type", "compare fields of one type",
                     "`%s` is of type %s and `%s` of type %s", field_get(q->field)->name,
                     field_type_name(question_type(q)), field_get(p->other)->name,
                     field_type_name(field_get(p->other)->type));
        return NULL;
    }
    if ((p->has_before || p->has_after) && question_type(q) != TYPE_BYTES) {
        loader_error(l, scalar->place, "field-type", "compare the whole values",
                     "`%s` is of type %s; only bytes hold others", field_get(q->field)->name,
                     field_type_name(question_type(q)));
        return NULL;
    }
    return node_predicate(l->arena, p);
}

static struct node *null_node(struct loader *l, const struct question *q,
                              const struct yaml_node *scalar)
{
    uint64_t harmless = UINT64_C(1) << MODIFIER_ALL | UINT64_C(1) << MODIFIER_NEQ;

    if ((q->modifiers & ~harmless) != 0 || q->field == FIELD_NONE || question_has_offsets(q) ||
        q->transforms != 0) {
        loader_error(l, scalar->place, "null-value", "put it into quotes when the word is meant",
                     "null asks whether a field is absent and goes with no modifier");
        return NULL;
    }
    if (scalar->text.len == 0)
        loader_warn(l, scalar->place, "empty-value", "write null, or '' for an empty value",
                    "nothing after the colon is read as null: the field is absent");
    else if (q->field == FIELD_DNS_RRTYPE)
        loader_warn(l, scalar->place, "null-value", "write 'NULL' in quotes for the record type",
                    "without quotes this asks for a query without a type, which there is not");
    return value_exists(l, q, scalar, false);
}

struct node *value_node(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    bool wanted;

    if (q->field == FIELD_FLOW_MARK)
        return value_mark(l, q, scalar);
    if (question_has(q, MODIFIER_EXISTS)) {
        if (!yaml_parse_bool(scalar, &wanted))
            return value_wrong(l, scalar, "exists-value", "write `exists: true` or `exists: false`",
                               "true or false");
        return value_exists(l, q, scalar, wanted);
    }
    if (yaml_is_null(scalar))
        return null_node(l, q, scalar);
    if (question_has(q, MODIFIER_EXPAND))
        return expand_node(l, q, scalar);
    if (question_has(q, MODIFIER_FIELDREF))
        return reference_node(l, q, scalar);
    if (question_of(q) != OF_VALUE)
        return value_measure(l, q, scalar);
    switch (question_type(q)) {
    case TYPE_BYTES:
        return value_bytes(l, q, scalar);
    case TYPE_NUMBER:
    case TYPE_BOOL:
    case TYPE_TIME:
        return value_number(l, q, scalar);
    case TYPE_IP:
        return value_address(l, q, scalar);
    }
    return NULL;
}
