/* SPDX-License-Identifier: BSD-3-Clause */
/* Detection: what a selection's lists and maps mean.
 *
 *   selection = map              every key has to hold
 *             | list             one item has to hold: a map, or a keyword
 *             | keyword
 *   key       = field|modifiers, or |modifiers for keywords
 *   value     = one, a list (one of them; all of them with `all`), or the map form with offsets
 *
 * Every fault of a selection is told before the rule is given up, and so are the condition's: a selection
 * with a fault takes part as a constant.
 */
#include "sigma/detection.h"

#include "sigma/aggregation.h"
#include "sigma/condition.h"
#include "value/sequence.h"
#include "value/value.h"

/* --- the values of a key ------------------------------------------------------------------------- */

static struct node *list_values(struct loader *l, const struct question *q,
                                const struct yaml_node *list);

/* The map form: a value with its offsets, a sequence, or one step of that. */
static struct node *map_value(struct loader *l, const struct question *q,
                              const struct yaml_node *map)
{
    struct question inner = *q;
    const struct yaml_node *value;
    const struct yaml_node *sequence = yaml_get(map, "sequence");

    if (q->field == FIELD_FLOW_MARK) {
        loader_error(l, map->place, "mark-question", "write `flow.mark: name`",
                     "a mark is asked for by its name alone, not by a map");
        return NULL;
    }
    if (sequence != NULL && map->count > 1) {
        loader_error(l, map->place, "two-values", "write the other keys into the steps",
                     "a sequence stands alone in its map");
        return NULL;
    }
    if (sequence != NULL)
        return value_sequence(l, q, sequence);
    if (yaml_get(map, "bytes") != NULL)
        return value_step(l, q, map);
    if (!question_parse_map(l, map, &inner, &value))
        return NULL;
    if (value->kind == YAML_SCALAR)
        return value_node(l, &inner, value);
    if (value->kind == YAML_LIST)
        return list_values(l, &inner, value);
    loader_error(l, value->place, "wrong-kind", NULL, "a map in a map; a value was expected");
    return NULL;
}

static struct node *item_node(struct loader *l, const struct question *q,
                              const struct yaml_node *item, bool may_be_map)
{
    if (item->kind == YAML_SCALAR) {
        if (yaml_is_null(item))
            loader_warn(l, item->place, "null-in-list",
                        "write a selection of its own for null, or quotes around the word",
                        "null among values: Sigma does not allow it in a list");
        return value_node(l, q, item);
    }
    if (item->kind == YAML_MAP && may_be_map)
        return map_value(l, q, item);
    loader_error(l, item->place, "wrong-kind", "write the values in one list",
                 "%s inside a list of values", yaml_kind_name(item->kind));
    return NULL;
}

static struct node *list_values(struct loader *l, const struct question *q,
                                const struct yaml_node *list)
{
    bool is_and = question_has(q, MODIFIER_ALL) || question_has(q, MODIFIER_NEQ);
    bool is_inner = q->after[0] != '\0'; /* within a map form already */
    struct node_list nodes = {0};

    if (list->count == 0) {
        loader_error(l, list->place, "empty-list", "write a value, or drop the key",
                     "an empty list of values never matches");
        return NULL;
    }
    for (size_t i = 0; i < list->count && l->predicates <= PREDICATES_MAX; i++) {
        struct node *node = item_node(l, q, list->items[i], !is_inner);
        if (node != NULL)
            node_list_push(l->arena, &nodes, node);
    }
    if (nodes.count == 0)
        return NULL;
    return node_join(l->arena, is_and ? NODE_AND : NODE_OR, &nodes);
}

static struct node *values_node(struct loader *l, const struct question *q,
                                const struct yaml_node *value)
{
    if (value->kind == YAML_LIST)
        return list_values(l, q, value);
    if (question_has(q, MODIFIER_ALL))
        loader_warn(l, q->place, "all-single", "drop `all`, or write a list",
                    "`all` with a single value has no meaning");
    return value->kind == YAML_MAP ? map_value(l, q, value) : value_node(l, q, value);
}

/* --- selections ---------------------------------------------------------------------------------- */

static struct node *map_node(struct loader *l, const char *label, const struct yaml_node *map)
{
    struct node_list nodes = {0};
    struct question q;

    for (size_t i = 0; i < map->count; i++) {
        if (!question_parse(l, map->keys[i], label, &q))
            continue;
        struct node *node = values_node(l, &q, map->items[i]);
        if (node != NULL)
            node_list_push(l->arena, &nodes, node);
    }
    return node_join(l->arena, NODE_AND, &nodes);
}

static struct node *keyword_node(struct loader *l, const char *label,
                                 const struct yaml_node *scalar)
{
    struct question q = question_keyword(l, scalar->place, label);
    struct node *node = value_node(l, &q, scalar);
    return node ? node : node_constant(l->arena, false);
}

static struct node *list_node(struct loader *l, const char *label, const struct yaml_node *list)
{
    struct node_list nodes = {0};

    for (size_t i = 0; i < list->count && l->predicates <= PREDICATES_MAX; i++) {
        const struct yaml_node *item = list->items[i];
        if (item->kind == YAML_LIST || (item->kind == YAML_MAP && item->count == 0)) {
            loader_error(l, item->place, "wrong-kind", "write `- field: value`",
                         "%s as an item of the selection `%s`",
                         item->kind == YAML_LIST ? "a list" : "an empty map", label);
            continue;
        }
        node_list_push(l->arena, &nodes,
                       item->kind == YAML_MAP ? map_node(l, label, item)
                                              : keyword_node(l, label, item));
    }
    return node_join(l->arena, NODE_OR, &nodes);
}

static struct node *selection_node(struct loader *l, const char *label,
                                   const struct yaml_node *node)
{
    bool is_empty = node->kind == YAML_SCALAR ? yaml_is_null(node) : node->count == 0;

    if (is_empty) {
        loader_error(l, node->place, "empty-selection",
                     "write `field: value` under it, or remove it", "the selection `%s` is empty",
                     label);
        return node_constant(l->arena, false);
    }
    switch (node->kind) {
    case YAML_MAP:
        return map_node(l, label, node);
    case YAML_LIST:
        return list_node(l, label, node);
    case YAML_SCALAR:
        return keyword_node(l, label, node);
    }
    return node_constant(l->arena, false);
}

/* A name that the condition could never write. */
static void check_name(struct loader *l, const struct yaml_node *key)
{
    static const char *const WORDS[] = {"and", "or", "not", "of", "them", "all", "any"};
    bool is_wrong = key->text.len == 0;

    for (size_t i = 0; i < key->text.len; i++)
        is_wrong |= key->text.data[i] <= ' ' ||
                    view_find_byte(VIEW("()|*"), key->text.data[i]) != VIEW_NOT_FOUND;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        is_wrong |= view_equal_fold(key->text, view_from_string(WORDS[i]));
    if (is_wrong)
        loader_error(l, key->place, "selection-name", "use letters, digits and `_`",
                     "`%s` cannot be the name of a selection", loader_shown(l, key->text));
}

/* A document whose conditions are read: a rule or a filter. */
struct body {
    const char *name;         /* "detection" */
    const char *const *extra; /* keys that are no selections; ends with NULL */
    struct selections selections;
    const struct yaml_node *condition;
    struct condition_tail tail;
};

static bool is_selection(const struct body *body, struct view key)
{
    for (size_t i = 0; body->extra[i] != NULL; i++) {
        if (view_equal(key, view_from_string(body->extra[i])))
            return false;
    }
    return true;
}

static void read_selections(struct loader *l, const struct yaml_node *node, struct body *body)
{
    struct selections *selections = &body->selections;

    selections->items = arena_array(l->arena, node->count, sizeof(*selections->items));
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->keys[i];
        if (!is_selection(body, key->text))
            continue;
        check_name(l, key);
        struct selection *selection = &selections->items[selections->count++];
        selection->name = arena_copy(l->arena, key->text);
        selection->place = key->place;
        selection->node = selection_node(l, (const char *)selection->name.data, node->items[i]);
    }
}

static void warn_unused(struct loader *l, const struct selections *selections)
{
    for (size_t i = 0; i < selections->count; i++) {
        const struct selection *selection = &selections->items[i];
        if (!selection->is_used)
            loader_warn(l, selection->place, "unused-selection",
                        "name it in the condition, or remove it",
                        "the condition never asks for the selection `%s`",
                        loader_shown(l, selection->name));
    }
}

/* The condition over the selections; NULL after an error. */
static struct node *read_body(struct loader *l, const struct yaml_node *node, struct body *body)
{
    if (node->kind != YAML_MAP) {
        loader_error(l, node->place, "wrong-kind", "write selections and a condition under it",
                     "`%s` has to be a map, here is %s", body->name, yaml_kind_name(node->kind));
        return NULL;
    }
    body->condition = yaml_get(node, "condition");
    read_selections(l, node, body);
    if (body->condition == NULL) {
        loader_error(l, node->place, "no-condition", "write `condition: selection`",
                     "`%s` has no `condition`", body->name);
        return NULL;
    }
    if (body->selections.count == 0) {
        loader_error(l, node->place, "empty-selection",
                     "write a selection: `selection: {field: value}`", "`%s` has no selection",
                     body->name);
        return NULL;
    }
    bool was_bad = l->is_bad;
    l->is_bad = false; /* the condition's own faults, apart from those of the selections */
    struct node *joined = condition_parse(l, body->condition, &body->selections, &body->tail);
    if (joined != NULL)
        warn_unused(l, &body->selections);
    l->is_bad |= was_bad;
    return joined;
}

void detection_read(struct loader *l, const struct yaml_node *node)
{
    static const char *const EXTRA[] = {"condition", "timeframe", NULL};
    struct body body = {.name = "detection", .extra = EXTRA};

    l->rule->condition = read_body(l, node, &body);
    if (l->rule->condition != NULL && body.tail.condition != NULL)
        aggregation_read(l, &body.tail, yaml_get(node, "timeframe"));
    for (size_t i = 0; body.tail.condition == NULL && node->kind == YAML_MAP && i < node->count;
         i++) {
        if (view_equal(node->keys[i]->text, VIEW("timeframe")))
            loader_warn(l, node->keys[i]->place, "ignored-key",
                        "a correlation document has a `timespan`",
                        "`timeframe` has no meaning for a single event");
    }
}

/* --- filters ------------------------------------------------------------------------------------- */

/* Recursion is over a tree whose depth condition.c bounds. */
static bool is_true(const struct node *node)
{
    switch (node->kind) {
    case NODE_AND:
    case NODE_OR:
        for (size_t i = 0; i < node->count; i++) {
            if (is_true(node->children[i]) != (node->kind == NODE_AND))
                return node->kind == NODE_OR;
        }
        return node->kind == NODE_AND;
    case NODE_NOT:
        return !is_true(node->children[0]);
    case NODE_TRUE:
        return true;
    case NODE_FALSE:
    case NODE_PREDICATE:
        return false;
    }
    return false;
}

/* Is the condition true where no selection is? */
static bool holds_of_nothing(struct loader *l, const struct body *body)
{
    struct selections none = {.count = body->selections.count};
    struct condition_tail tail;

    none.items = arena_array(l->arena, none.count, sizeof(*none.items));
    for (size_t i = 0; i < none.count; i++) {
        none.items[i] = body->selections.items[i];
        none.items[i].node = node_constant(l->arena, false);
    }
    const struct node *condition = condition_parse(l, body->condition, &none, &tail);
    return condition != NULL && is_true(condition);
}

void detection_read_filter(struct loader *l, const struct yaml_node *node)
{
    static const char *const EXTRA[] = {"condition", "rules", NULL};
    struct body body = {.name = "filter", .extra = EXTRA};
    struct node *condition = read_body(l, node, &body);

    l->rule->condition = condition;
    if (condition == NULL)
        return;
    if (body.tail.condition != NULL)
        loader_error(l, yaml_place_in(body.tail.condition, body.tail.at - 1), "aggregation",
                     "ask for single events", "a filter cannot count events");
    else if (holds_of_nothing(l, &body))
        l->rule->condition = node_not(l->arena, condition);
}
