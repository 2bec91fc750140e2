/* SPDX-License-Identifier: BSD-3-Clause */
/* Filter: Sigma's filter documents, exclusions of a site that apply to rules of others.
 *
 * Applies    to the rules that `rules:` names by id or name, or to `any`, as far as the log source fits: what the filter
 *            says of category, product and service has to be what the rule says. `product: shrike` is about events, not
 *            about who logged them: it fits every rule of that event, and without a service every rule there is (then
 *            only the envelope's fields can be asked).
 * Condition  says what is silenced. Converters join it to the rule with `and` and so write it negated (`not selection`);
 *            both forms mean the same exclusion, and which of them it is shows where no selection holds: such an event
 *            is nothing that the filter speaks of, so it is never silenced (detection_read_filter()).
 * Expiry     `expires:` in packet time, as of lists: afterwards it silences nothing, and the linter says so.
 */
#include "sigma/filter.h"

#include <time.h>

#include "sigma/detection.h"
#include "sigma/logsource.h"
#include "sigma/names.h"
#include "sigma/sigma.h"

struct pending_filter {
    struct pending_filter *next;
    struct filter *filter;
    struct reference *rules;
    size_t count;
    bool is_any;
};

/* --- reading ------------------------------------------------------------------------------------- */

static void read_rules(struct loader *l, const struct yaml_node *filter, struct pending_filter *p)
{
    const struct yaml_node *node = yaml_get(filter, "rules");

    if (node == NULL) {
        loader_error(l, filter->place, "rule-references", "write `rules: any`, or ids of rules",
                     "the filter does not say to which `rules` it applies");
        return;
    }
    p->rules = names_read(l, node, "a filter", &p->count);
    p->is_any = p->count == 1 && view_equal_fold(p->rules[0].text, VIEW("any"));
}

static void read_expiry(struct loader *l, const struct yaml_node *root, struct filter *filter)
{
    const struct yaml_node *node = yaml_get(root, "expires");

    if (node == NULL || yaml_is_null(node))
        return;
    if (node->kind != YAML_SCALAR || !loader_parse_time(node->text, &filter->expires_us)) {
        loader_error(l, node->place, "date", "write `expires: 2027-01-01`", "`%s` is not a date",
                     node->kind == YAML_SCALAR ? loader_shown(l, node->text) : "expires");
        return;
    }
    filter->expires = (const char *)arena_copy(l->arena, node->text).data;
    if (filter->expires_us / 1000000 < (int64_t)time(NULL))
        loader_warn(l, node->place, "expired-filter", "give it a later date, or remove it",
                    "the filter has expired: it silences nothing after %s", filter->expires);
}

static void lint_filter(struct loader *l, const struct yaml_node *root)
{
    if (!l->rule->has_title)
        loader_warn(l, root->place, "incomplete-rule", "write `title: ...`",
                    "the filter has no title");
    if (l->rule->description == NULL)
        loader_note(l, root->place, "incomplete-rule",
                    "write `description: ...`: it is shown with what the filter silenced",
                    "the filter gives no reason");
    if (yaml_get(root, "shrike") != NULL)
        loader_warn(l, yaml_get(root, "shrike")->place, "ignored-key", "remove it",
                    "`shrike` has no meaning in a filter");
}

static void keep(struct loader *l, struct pending_filter *pending)
{
    struct pending_filter **end = &l->rules->pending->filters;

    while (*end != NULL)
        end = &(*end)->next;
    *end = pending;
}

/* Keys of the document that stand in `filter` would be taken for selections. */
static void refuse_misplaced(struct loader *l, const struct yaml_node *filter)
{
    static const char *const KEYS[] = {"title", "id",     "description", "expires",
                                       "level", "status", "date",        "author"};

    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        const struct yaml_node *node = yaml_get(filter, KEYS[i]);
        if (node != NULL && node->kind == YAML_SCALAR)
            loader_error(l, node->place, "misplaced-key",
                         "move it to the left, beside `title` and `logsource`",
                         "`%s` stands within `filter`, where it would be a selection", KEYS[i]);
    }
}

void filter_read(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "filter");
    const struct yaml_node *logsource = yaml_get(root, "logsource");
    struct pending_filter *pending = arena_alloc(l->arena, sizeof(*pending));

    pending->filter = arena_alloc(l->arena, sizeof(*pending->filter));
    pending->filter->what = l->rule = arena_alloc(l->arena, sizeof(*l->rule));
    l->rule->place = root->place;
    sigma_read_metadata(l, root);
    lint_filter(l, root);
    read_expiry(l, root, pending->filter);
    if (node->kind != YAML_MAP) {
        loader_error(l, node->place, "wrong-kind", "write rules, a selection and a condition",
                     "`filter` has to be a map, here is %s", yaml_kind_name(node->kind));
        return;
    }
    refuse_misplaced(l, node);
    read_rules(l, node, pending);
    if (logsource == NULL) {
        loader_error(l, root->place, "no-logsource",
                     "write that of the rules, or `logsource: {product: shrike}` for all",
                     "the filter has no `logsource`");
        return;
    }
    if (!logsource_read_filter(l, logsource))
        return;
    detection_read_filter(l, node);
    if (!l->is_bad && l->refused == REFUSAL_NONE)
        keep(l, pending);
    else
        l->rule->condition = NULL;
}

/* --- joining ------------------------------------------------------------------------------------- */

static bool is_same(const char *asked, const char *given)
{
    return *asked == '\0' || view_equal_fold(view_from_string(asked), view_from_string(given));
}

static bool fits(const struct filter *filter, const struct rule *rule)
{
    const struct log_source *asked = &filter->what->source, *given = &rule->source;

    if (filter->what->event != EVENT_ANY && filter->what->event != rule->event)
        return false;
    if (strcmp(asked->product, "shrike") == 0)
        return true;
    return is_same(asked->category, given->category) && is_same(asked->product, given->product) &&
           is_same(asked->service, given->service);
}

/* Raw bytes are gone when a filter could look at them. */
static const struct predicate *find_raw(const struct node *node)
{
    const struct predicate *found = NULL;

    if (node->kind == NODE_PREDICATE) {
        enum field_id field = node->predicate->field;
        bool is_raw = field == FIELD_NONE || field == FIELD_STREAM_PAYLOAD ||
                      field == FIELD_STREAM_PAYLOAD_HEAD;
        return is_raw ? node->predicate : NULL;
    }
    for (size_t i = 0; found == NULL && i < node->count; i++)
        found = find_raw(node->children[i]);
    return found;
}

/* The rules whose place in rules->items this is; filters of a rule stand in the order of the files. */
static void apply(struct loader *l, struct filter *filter, struct rule *rule)
{
    size_t count = rule->filter_count;

    if (count > 0 && rule->filters[count - 1] == filter) /* named by id and by name */
        return;
    if ((count & (count - 1)) == 0) { /* full at each power of two */
        const struct filter **filters =
            arena_array(l->rules->arena, count ? count * 2 : 1, sizeof(*filters));
        if (count > 0)
            memcpy(filters, rule->filters, count * sizeof(*filters));
        rule->filters = filters;
    }
    rule->filters[rule->filter_count++] = filter;
    filter->rule_count++;
}

/* A rule that a filter names; NULL, and told, when there is none that it could silence. */
static struct rule *find_named(struct loader *l, const struct filter *filter,
                               const struct reference *reference)
{
    const struct known_document *found = names_find(l->rules, reference->text);
    const char *shown = loader_shown(l, reference->text);

    if (found == NULL) {
        const char *nearest = names_nearest(l->rules, reference->text);
        loader_warn(l, reference->place, "unknown-rule",
                    loader_did_you_mean(l, nearest, "load it together with the filter"),
                    "there is no rule `%s`: nothing is silenced", shown);
        return NULL;
    }
    if (found->correlation != NULL || found->rule == NULL || found->rule->condition == NULL) {
        loader_note(l, reference->place, "unknown-rule", NULL,
                    "the rule `%s` was left out, so there is nothing to silence", shown);
        return NULL;
    }
    if (!fits(filter, found->rule)) {
        loader_warn(
            l, reference->place, "filter-logsource",
            "write the log source of the rule, or `product: shrike`",
            "the log source of the filter is not that of the rule `%s`: nothing is silenced",
            shown);
        return NULL;
    }
    return found->rule;
}

/* False when it asks a stream's rules for what is not kept. */
static bool can_ask(struct loader *l, const struct pending_filter *pending, const struct rule *rule)
{
    const struct predicate *raw =
        rule->event == EVENT_STREAM ? find_raw(pending->filter->what->condition) : NULL;

    if (raw != NULL)
        loader_error(l, raw->place, "stream-bytes-gone", "write it into the rule: `and not filter`",
                     "%s: a filter cannot ask raw bytes of streams, which are not kept", raw->text);
    return raw == NULL;
}

static void join_any(struct loader *l, const struct pending_filter *pending)
{
    struct filter *filter = pending->filter;

    for (size_t i = 0; i < l->rules->count; i++) {
        struct rule *rule = l->rules->items[i];
        if (!fits(filter, rule))
            continue;
        if (!can_ask(l, pending, rule))
            return;
        apply(l, filter, rule);
    }
    if (filter->rule_count == 0)
        loader_note(l, filter->what->place, "filter-logsource", NULL,
                    "no rule that is loaded has the log source of this filter");
}

static void join_named(struct loader *l, const struct pending_filter *pending)
{
    for (size_t i = 0; i < pending->count; i++) {
        struct rule *rule = find_named(l, pending->filter, &pending->rules[i]);
        if (rule != NULL && can_ask(l, pending, rule))
            apply(l, pending->filter, rule);
    }
}

void filters_join(struct loader *l)
{
    size_t count = 0;

    for (struct pending_filter *p = l->rules->pending->filters; p != NULL; p = p->next)
        count++;
    if (count == 0)
        return;
    l->rules->filters = arena_array(l->rules->arena, count, sizeof(*l->rules->filters));
    l->rules->filter_count = 0;
    for (struct pending_filter *p = l->rules->pending->filters; p != NULL; p = p->next) {
        if (p->filter->what->condition == NULL) /* a list of its was not found */
            continue;
        p->filter->number = (uint32_t)l->rules->filter_count;
        l->rules->filters[l->rules->filter_count++] = p->filter;
        if (p->is_any)
            join_any(l, p);
        else
            join_named(l, p);
    }
}
