/* SPDX-License-Identifier: BSD-3-Clause */
/* Correlation: reading the document. What it says of rules is checked when all of them are known
 * (correlation_check.c).
 *
 *   type, rules, timespan       always
 *   group-by, condition, field  as the type needs them (correlation.def)
 *   aliases, generate           may be; `generate` may also stand beside `correlation:`, where Sigma's schema has it
 *
 * Behaviours have parameters of their own: of a known one only the keys that all share are looked at.
 */
#include "sigma/correlation.h"

#include "sigma/sigma.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct correlation_kind KINDS[] = {
#define CONDITION                CORRELATION_CONDITION
#define FIELD                    CORRELATION_FIELD
#define NUMBER                   CORRELATION_NUMBER
#define DECIMAL                  CORRELATION_DECIMAL
#define SEVERAL                  CORRELATION_SEVERAL
#define CORRELATION(name, flags) {name, flags},
#define BEHAVIOUR(name)          {name, CORRELATION_BEHAVIOUR},
#include "sigma/correlation.def"
#undef BEHAVIOUR
#undef CORRELATION
#undef SEVERAL
#undef DECIMAL
#undef NUMBER
#undef FIELD
#undef CONDITION
};

static const char *const KEYS[] = {
#define CORRELATION_KEY(name) name,
#include "sigma/key.def"
};

/* The order is that of the names below. */
static const char *const CONDITION_KEYS[] = {
#define CONDITION_KEY(name) name,
#include "sigma/key.def"
};
enum { GT, GTE, LT, LTE, EQ, NEQ, FIELD_KEY };

static size_t key_in(struct view key, const char *const *names, size_t count)
{
    size_t at = 0;
    while (at < count && !view_equal(key, view_from_string(names[at])))
        at++;
    return at;
}

/* A scalar that outlives its document. */
static const struct yaml_node *keep_scalar(struct loader *l, const struct yaml_node *node)
{
    struct yaml_node *kept = arena_alloc(l->arena, sizeof(*kept));

    *kept = *node;
    kept->text = arena_copy(l->arena, node->text);
    kept->source = view_make(NULL, 0);
    return kept;
}

/* --- parts --------------------------------------------------------------------------------------- */

static const struct correlation_kind *read_type(struct loader *l, const struct yaml_node *node)
{
    const char *names[LENGTH(KINDS)];

    for (size_t i = 0; i < LENGTH(KINDS); i++) {
        names[i] = KINDS[i].name;
        if (node->kind == YAML_SCALAR && view_equal(node->text, view_from_string(names[i])))
            return &KINDS[i];
    }
    loader_error(l, node->place, "correlation-type",
                 loader_did_you_mean(l, nearest_name(node->text, names, LENGTH(KINDS)),
                                     "one of event_count, value_count, temporal, temporal_ordered, "
                                     "value_sum, value_avg, value_percentile"),
                 "there is no type of correlation `%s`", loader_shown(l, node->text));
    return NULL;
}

/* Names of fields: a list or a single one, each once. */
static const struct yaml_node **read_fields(struct loader *l, const struct yaml_node *node,
                                            const char *key, size_t *count)
{
    size_t most = node->kind == YAML_LIST ? node->count : 1;
    const struct yaml_node **fields = arena_array(l->arena, most + 1, sizeof(*fields));

    *count = 0;
    if (node->kind == YAML_MAP || most == 0 || yaml_is_null(node))
        loader_error(l, node->place, "correlation-fields",
                     arena_format(l->arena, "write `%s: [src_ip]`", key), "`%s` names no field",
                     key);
    for (size_t i = 0; node->kind != YAML_MAP && !yaml_is_null(node) && i < most; i++) {
        const struct yaml_node *item = node->kind == YAML_LIST ? node->items[i] : node;
        bool is_again = false;
        if (item->kind != YAML_SCALAR) {
            loader_error(l, item->place, "wrong-kind", NULL, "%s among the fields of `%s`",
                         yaml_kind_name(item->kind), key);
            continue;
        }
        for (size_t k = 0; k < *count; k++)
            is_again |= view_equal(fields[k]->text, item->text);
        if (is_again)
            loader_error(l, item->place, "correlation-fields", "remove it",
                         "`%s` names the field `%s` twice", key, loader_shown(l, item->text));
        else
            fields[(*count)++] = keep_scalar(l, item);
    }
    return fields;
}

static void read_timespan(struct loader *l, const struct yaml_node *node)
{
    int64_t span_us = 0;

    if (node->kind != YAML_SCALAR || !loader_parse_duration(node->text, &span_us) || span_us == 0)
        loader_error(l, node->place, "duration", "write 30s, 10m, 1h or 7d; at most 36500d",
                     "`timespan` has to be a number and one of s, m, h, d; `%s` is not",
                     loader_shown(l, node->text));
}

/* "12", and "0.5" when a fraction may stand there. */
static bool parse_bound(struct view text, bool is_decimal, double *out)
{
    size_t dot = view_find_byte(text, '.');
    struct view rest = dot == VIEW_NOT_FOUND ? view_make("", 0) : view_skip(text, dot + 1);
    uint64_t whole, part = 0;

    if (!view_parse_u64(view_slice(text, 0, dot), &whole))
        return false;
    *out = (double)whole;
    if (dot == VIEW_NOT_FOUND)
        return true;
    if (!is_decimal || rest.len > 15 || !view_parse_u64(rest, &part))
        return false;
    double scale = 1;
    for (size_t i = 0; i < rest.len; i++)
        scale *= 10;
    *out += (double)part / scale;
    return true;
}

/* What the bounds so far leave over. */
struct range {
    double least, most;
    size_t count; /* bounds */
};

static void narrow(struct range *range, size_t key, double number, bool is_decimal)
{
    double step = is_decimal ? 0 : 1; /* whole numbers: more than 5 is 6 or more */

    if ((key == GT || key == GTE || key == EQ) && number + (key == GT ? step : 0) > range->least)
        range->least = number + (key == GT ? step : 0);
    if ((key == LT || key == LTE || key == EQ) && number - (key == LT ? step : 0) < range->most)
        range->most = number - (key == LT ? step : 0);
    range->count++;
}

static void read_condition(struct loader *l, const struct yaml_node *node,
                           struct pending_correlation *c)
{
    bool is_decimal = (c->kind->flags & CORRELATION_DECIMAL) != 0;
    struct range range = {0, 1e300, 0};
    double number;

    if (node->kind != YAML_MAP) {
        loader_error(l, node->place, "correlation-condition", "write `condition: {gte: 10}`",
                     "the `condition` of a correlation has to be a map, here is %s",
                     yaml_kind_name(node->kind));
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->keys[i], *item = node->items[i];
        size_t at = key_in(key->text, CONDITION_KEYS, LENGTH(CONDITION_KEYS));
        if (at == LENGTH(CONDITION_KEYS))
            loader_unknown_key(l, key, "condition", CONDITION_KEYS, LENGTH(CONDITION_KEYS));
        else if (at == FIELD_KEY && !(c->kind->flags & CORRELATION_FIELD))
            loader_error(l, key->place, "correlation-condition", "drop it, or use value_count",
                         "%s counts matches; it has no `field`", c->kind->name);
        else if (at == FIELD_KEY)
            c->fields = read_fields(l, item, "field", &c->field_count);
        else if (item->kind != YAML_SCALAR || !parse_bound(item->text, is_decimal, &number))
            loader_error(l, item->place, "correlation-condition",
                         arena_format(l->arena, "write `%s: 10`", CONDITION_KEYS[at]),
                         "`%s` is not a number that %s can be compared with",
                         loader_shown(l, item->text), c->kind->name);
        else
            narrow(&range, at, number, is_decimal);
    }
    if (l->is_bad)
        return;
    if (range.count == 0)
        loader_error(l, node->place, "correlation-condition", "write `gte: 10`",
                     "the condition compares with no number: gt, gte, lt, lte, eq or neq");
    else if (range.least > range.most)
        loader_error(l, node->place, "correlation-condition", "turn the bounds round",
                     "no number fits all of these bounds");
    if ((c->kind->flags & CORRELATION_FIELD) && yaml_get(node, "field") == NULL)
        loader_error(l, node->place, "correlation-condition", "write `field: http.host`",
                     "%s needs the `field` that it is about", c->kind->name);
    else if ((c->kind->flags & CORRELATION_NUMBER) && c->field_count > 1)
        loader_error(l, node->place, "correlation-condition", "write one correlation for each",
                     "%s is about one `field`", c->kind->name);
}

static void read_alias(struct loader *l, const struct yaml_node *key, const struct yaml_node *map,
                       struct alias *alias)
{
    alias->name = (struct reference){arena_copy(l->arena, key->text), key->place};
    if (map->kind != YAML_MAP || map->count == 0) {
        loader_error(l, map->place, "correlation-alias", "write `alias: {rule_name: field}`",
                     "the alias `%s` names no field of a rule", loader_shown(l, key->text));
        return;
    }
    alias->fields = arena_array(l->arena, map->count, sizeof(*alias->fields));
    for (size_t i = 0; i < map->count; i++) {
        if (map->items[i]->kind != YAML_SCALAR) {
            loader_error(l, map->items[i]->place, "wrong-kind", "write the name of one field",
                         "the alias `%s` has %s for a field", loader_shown(l, key->text),
                         yaml_kind_name(map->items[i]->kind));
            continue;
        }
        alias->fields[alias->count++] =
            (struct alias_field){{arena_copy(l->arena, map->keys[i]->text), map->keys[i]->place},
                                 keep_scalar(l, map->items[i])};
    }
}

static void read_aliases(struct loader *l, const struct yaml_node *node,
                         struct pending_correlation *c)
{
    if (node->kind != YAML_MAP) {
        loader_error(l, node->place, "correlation-alias", "write `alias: {rule_name: field}`",
                     "`aliases` has to be a map, here is %s", yaml_kind_name(node->kind));
        return;
    }
    c->aliases = arena_array(l->arena, node->count + 1, sizeof(*c->aliases));
    for (size_t i = 0; i < node->count; i++)
        read_alias(l, node->keys[i], node->items[i], &c->aliases[c->alias_count++]);
}

static void read_generate(struct loader *l, const struct yaml_node *node)
{
    bool unused;

    if (node != NULL && !yaml_parse_bool(node, &unused))
        loader_error(l, node->place, "correlation-generate",
                     "true: the rules alert by themselves as well; false: they do not",
                     "`generate` has to be true or false");
}

/* --- the document -------------------------------------------------------------------------------- */

/* The value of a key that has to be there; NULL and an error when it is not. */
static const struct yaml_node *needed(struct loader *l, const struct yaml_node *map,
                                      const char *key, const char *help)
{
    const struct yaml_node *node = yaml_get(map, key);

    if (node == NULL)
        loader_error(l, map->place, "correlation-key", help, "the correlation has no `%s`", key);
    return node;
}

static void check_keys(struct loader *l, const struct yaml_node *node, bool is_behaviour)
{
    for (size_t i = 0; i < node->count && !is_behaviour; i++) {
        if (key_in(node->keys[i]->text, KEYS, LENGTH(KEYS)) == LENGTH(KEYS))
            loader_unknown_key(l, node->keys[i], "correlation", KEYS, LENGTH(KEYS));
    }
}

static void read_parts(struct loader *l, const struct yaml_node *node,
                       struct pending_correlation *c)
{
    unsigned flags = c->kind ? c->kind->flags : CORRELATION_BEHAVIOUR;
    const struct yaml_node *rules =
        needed(l, node, "rules", "write `rules: [id or name of a rule]`");
    const struct yaml_node *timespan = needed(l, node, "timespan", "write `timespan: 10m`");
    const struct yaml_node *group =
        needed(l, node, "group-by", "write `group-by: [src_ip]`, or `[]` for all events together");
    const struct yaml_node *condition = yaml_get(node, "condition");
    const struct yaml_node *aliases = yaml_get(node, "aliases");

    check_keys(l, node, (flags & CORRELATION_BEHAVIOUR) != 0);
    if (rules != NULL)
        c->rules = names_read(l, rules, "a correlation", &c->rule_count);
    if (timespan != NULL)
        read_timespan(l, timespan);
    bool is_of_all = group != NULL && group->kind == YAML_LIST && group->count == 0; /* one group */
    if (group != NULL && !is_of_all)
        c->group_by = read_fields(l, group, "group-by", &c->group_count);
    if (aliases != NULL)
        read_aliases(l, aliases, c);
    read_generate(l, yaml_get(node, "generate"));
    if (flags & CORRELATION_BEHAVIOUR)
        return;
    if (condition == NULL && (flags & CORRELATION_CONDITION))
        (void)needed(l, node, "condition", "write `condition: {gte: 10}`");
    else if (condition != NULL)
        read_condition(l, condition, c);
    if ((flags & CORRELATION_SEVERAL) && rules != NULL && c->rule_count == 1)
        loader_error(l, rules->place, "rule-references", "name another rule, or use event_count",
                     "%s is about two rules or more, here is one", c->kind->name);
}

void correlation_read(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "correlation");
    struct pending_correlation *c = arena_alloc(l->arena, sizeof(*c));
    struct pending_correlation **end = &l->rules->pending->correlations;

    c->rule = l->rule = arena_alloc(l->arena, sizeof(*l->rule));
    l->rule->place = root->place;
    sigma_read_metadata(l, root);
    if (!l->rule->has_title)
        loader_warn(l, root->place, "incomplete-rule", "write `title: ...`",
                    "the correlation has no title");
    read_generate(l, yaml_get(root, "generate"));
    if (node->kind != YAML_MAP) {
        loader_error(l, node->place, "wrong-kind", "write type, rules, group-by and timespan",
                     "`correlation` has to be a map, here is %s", yaml_kind_name(node->kind));
    } else {
        const struct yaml_node *type = needed(l, node, "type", "write `type: event_count`");
        c->kind = type ? read_type(l, type) : NULL;
        c->type_place = type ? type->place : node->place;
        read_parts(l, node, c);
    }
    c->is_bad = l->is_bad;
    while (*end != NULL)
        end = &(*end)->next;
    *end = c;
    names_add(
        l, &(struct known_document){
               .id = c->rule->id, .name = c->rule->name, .correlation = c, .place = root->place});
}
