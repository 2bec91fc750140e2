/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: what a sound rule probably got wrong. Only warnings and notes: the rule is loaded all the same. Here what its
 * document says of it; what it asks is looked at in lint/. */
#include "lint/lint.h"

#include "rule/list.h"
#include "sigma/rules.h"
#include "sigma/sigma.h"

enum { TITLE_MAX = 256, PATTERN_MIN = 4 };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Keys of Sigma 2.1 and ours, of all kinds of documents. */
static const char *const TOP_KEYS[] = {
    "title",   "id",         "name",   "related",     "taxonomy", "status",         "description",
    "license", "references", "author", "date",        "modified", "logsource",      "detection",
    "fields",  "level",      "tags",   "scope",       "shrike",   "falsepositives", "filter",
    "expires", "generate",   "list",   "correlation",
};

static const char *const STATUSES[] = {"stable", "test", "experimental", "deprecated",
                                       "unsupported"};

static const char *const NAMESPACES[] = {"attack",    "car", "cve", "d3fend",
                                         "detection", "stp", "tlp"};

/* attack.mitre.org, Enterprise tactics; Sigma's tags appendix lists those from initial-access on. */
static const char *const TACTICS[] = {
    "reconnaissance",     "resource-development",
    "initial-access",     "execution",
    "persistence",        "privilege-escalation",
    "defense-evasion",    "credential-access",
    "discovery",          "lateral-movement",
    "collection",         "command-and-control",
    "exfiltration",       "impact",
    "defense-impairment", "stealth",
};

static bool is_one_of(struct view name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (view_equal(name, view_from_string(names[i])))
            return true;
    }
    return false;
}

/* RFC 9562, section 4: 8-4-4-4-12. */
static bool is_uuid(struct view id)
{
    if (id.len != 36)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? id.data[i] != '-' : loader_hex_digit(id.data[i]) < 0)
            return false;
    }
    return true;
}

/* t1234, t1234.001, g0128, s0154, ds0001, m1234, a0001. */
static bool is_technique(struct view tag)
{
    size_t letters = view_starts(tag, VIEW("ds")) ? 2 : 1;

    if (tag.len < letters + 4 || view_find_byte(VIEW("tgsdma"), tag.data[0]) == VIEW_NOT_FOUND)
        return false;
    for (size_t i = letters; i < tag.len; i++) {
        if (!byte_is_digit(tag.data[i]) && tag.data[i] != '.')
            return false;
    }
    return true;
}

static void lint_tag(struct loader *l, const struct yaml_node *node)
{
    size_t dot = view_find_byte(node->text, '.');
    struct view space = view_slice(node->text, 0, dot);
    struct view rest = dot == VIEW_NOT_FOUND ? view_make("", 0) : view_skip(node->text, dot + 1);
    const char *shown = loader_shown(l, node->text);

    for (size_t i = 0; i < node->text.len; i++) {
        if (node->text.data[i] <= ' ') {
            loader_warn(l, node->place, "tag", "join words with `-`", "a space in the tag `%s`",
                        shown);
            return;
        }
    }
    if (rest.len == 0 || !is_one_of(space, NAMESPACES, LENGTH(NAMESPACES))) {
        const char *nearest = nearest_name(space, NAMESPACES, LENGTH(NAMESPACES));
        loader_note(l, node->place, "tag",
                    loader_did_you_mean(l, rest.len ? nearest : NULL,
                                        "write attack.t1071 or cve.2021-44228"),
                    "the tag `%s` has no namespace of Sigma", shown);
    } else if (view_equal(space, VIEW("attack")) && !is_technique(rest) &&
               !is_one_of(rest, TACTICS, LENGTH(TACTICS))) {
        const char *nearest = nearest_name(rest, TACTICS, LENGTH(TACTICS));
        loader_warn(l, node->place, "tag",
                    loader_did_you_mean(l, nearest, "write a technique: attack.t1071.001"),
                    "ATT&CK has no tactic `%s`", loader_shown(l, rest));
    }
}

static void lint_tags(struct loader *l, const struct yaml_node *tags)
{
    for (size_t i = 0; tags != NULL && tags->kind == YAML_LIST && i < tags->count; i++) {
        if (tags->items[i]->kind == YAML_SCALAR)
            lint_tag(l, tags->items[i]);
    }
}

static void lint_dates(struct loader *l, const struct yaml_node *root)
{
    static const char *const KEYS[] = {"date", "modified"};

    for (size_t i = 0; i < LENGTH(KEYS); i++) {
        const struct yaml_node *node = yaml_get(root, KEYS[i]);
        int64_t time;
        if (node != NULL && node->kind == YAML_SCALAR && !loader_parse_time(node->text, &time))
            loader_warn(l, node->place, "date", "write 2026-01-31", "`%s: %s` is not a date",
                        KEYS[i], loader_shown(l, node->text));
    }
}

static void lint_keys(struct loader *l, const struct yaml_node *root)
{
    for (size_t i = 0; i < root->count; i++) {
        const struct yaml_node *key = root->keys[i];
        if (is_one_of(key->text, TOP_KEYS, LENGTH(TOP_KEYS)))
            continue;
        const char *nearest = nearest_name(key->text, TOP_KEYS, LENGTH(TOP_KEYS));
        if (nearest == NULL || yaml_get(root, nearest) != NULL)
            continue;
        loader_warn(l, key->place, "misspelt-key", loader_did_you_mean(l, nearest, NULL),
                    "Sigma has no key `%s`; it is kept and means nothing",
                    loader_shown(l, key->text));
    }
}

static void lint_related(struct loader *l, const struct yaml_node *related)
{
    static const char *const TYPES[] = {"derived", "obsolete",   "merged", "renamed",
                                        "similar", "correlation"}; /* the last is SigmaHQ's habit */

    for (size_t i = 0; related != NULL && related->kind == YAML_LIST && i < related->count; i++) {
        const struct yaml_node *item = related->items[i];
        const struct yaml_node *type = item->kind == YAML_MAP ? yaml_get(item, "type") : NULL;
        if (type == NULL || type->kind != YAML_SCALAR || yaml_get(item, "id") == NULL)
            loader_warn(l, item->place, "related", "write `- {id: ..., type: derived}`",
                        "a related rule has an id and a type");
        else if (!is_one_of(type->text, TYPES, LENGTH(TYPES)))
            loader_warn(l, type->place, "related",
                        loader_did_you_mean(l, nearest_name(type->text, TYPES, LENGTH(TYPES)),
                                            "one of derived, obsolete, merged, renamed, similar"),
                        "rules are not related by `%s`", loader_shown(l, type->text));
    }
    if (related != NULL && related->kind != YAML_LIST && !yaml_is_null(related))
        loader_warn(l, related->place, "related", "write `- {id: ..., type: derived}`",
                    "`related` has to be a list, here is %s", yaml_kind_name(related->kind));
}

static void lint_status(struct loader *l, const struct yaml_node *status)
{
    if (status == NULL || status->kind != YAML_SCALAR)
        return;
    if (!is_one_of(status->text, STATUSES, LENGTH(STATUSES)))
        loader_warn(
            l, status->place, "status",
            loader_did_you_mean(l, nearest_name(status->text, STATUSES, LENGTH(STATUSES)),
                                "one of stable, test, experimental, deprecated, unsupported"),
            "Sigma has no status `%s`", loader_shown(l, status->text));
    else if (view_equal(status->text, VIEW("unsupported")))
        loader_warn(l, status->place, "status", "do not load it",
                    "its author says that the rule cannot be used as it is");
    else if (view_equal(status->text, VIEW("deprecated")))
        loader_note(l, status->place, "status", "see `related` for the one in its place",
                    "its author has replaced this rule");
}

void lint_metadata(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *id = yaml_get(root, "id");
    const struct yaml_node *scope = yaml_get(root, "scope");
    const struct yaml_node *title = yaml_get(root, "title");

    lint_keys(l, root);
    lint_dates(l, root);
    lint_tags(l, yaml_get(root, "tags"));
    lint_status(l, yaml_get(root, "status"));
    lint_related(l, yaml_get(root, "related"));
    if (scope != NULL)
        loader_note(l, scope->place, "ignored-key", "write a filter for the others",
                    "`scope` names kinds of machines, which no packet shows: the rule is for all");
    if (id != NULL && id->kind == YAML_SCALAR && !yaml_is_null(id) && !is_uuid(id->text))
        loader_warn(l, id->place, "bad-uuid", "`uuidgen` makes one", "`%s` is not a UUID",
                    loader_shown(l, id->text));
    if (title != NULL && title->kind == YAML_SCALAR && title->text.len > TITLE_MAX)
        loader_warn(l, title->place, "long-title", "put the rest into `description`",
                    "the title has %zu bytes; Sigma allows %d", title->text.len, TITLE_MAX);
}

/* Longest literal of a predicate on bytes; SIZE_MAX when length says nothing about its cost. */
static size_t longest_literal(const struct predicate *p)
{
    size_t longest = 0;

    if (p->op == MATCH_HEX)
        return p->bytes.len;
    if (p->op != MATCH_GLOB || p->piece_count < 2) /* an exact value is looked up */
        return SIZE_MAX;
    for (size_t i = 0; i < p->piece_count; i++) {
        if (p->pieces[i].bytes.len > longest)
            longest = p->pieces[i].bytes.len;
    }
    return longest;
}

/* The first of what the condition is true by alone that is so short; NULL when there is none. */
static const struct predicate *find_short(const struct node *node)
{
    const struct predicate *found = NULL;

    if (node->kind == NODE_PREDICATE)
        return longest_literal(node->predicate) < PATTERN_MIN ? node->predicate : NULL;
    for (size_t i = 0; node->kind == NODE_OR && found == NULL && i < node->count; i++)
        found = find_short(node->children[i]);
    return found;
}

void lint_condition(struct loader *l)
{
    const struct predicate *p = find_short(l->rule->condition);

    if (p != NULL)
        loader_note(l, p->place, "short-pattern",
                    "add another value that has to occur, or an offset",
                    "the rule rests on `%s` alone; values under %d bytes occur by chance",
                    loader_shown(l, view_from_string(p->text)), PATTERN_MIN);
}

/* ---- rules that are loaded -------------------------------------------------------------------------- */

/* One message for all that is missing. Without title, id or level a rule is hard to run; the rest is good custom. */
static void lint_missing(struct lint *lint)
{
    const struct rule *rule = lint->rule;
    const struct {
        bool is_missing, is_needed;
        const char *name;
    } wanted[] = {
        {!rule->has_title, true, "title"},
        {rule->id == NULL, true, "id (`uuidgen` makes one)"},
        {!rule->has_level, true, "level (medium is taken)"},
        {rule->tag_count == 0, false, "tags"},
        {rule->reference_count == 0, false, "references"},
        {rule->test_count == 0, false, "tests"},
    };
    const char *all = "";
    bool is_needed = false;

    for (size_t i = 0; i < LENGTH(wanted); i++) {
        if (!wanted[i].is_missing)
            continue;
        all = arena_format(lint->arena, "%s%s%s", all, all[0] ? ", no " : "no ", wanted[i].name);
        is_needed |= wanted[i].is_needed;
    }
    if (all[0] != '\0')
        diagnostics_add(lint->diagnostics, is_needed ? SEVERITY_WARNING : SEVERITY_NOTE,
                        "incomplete-rule", rule->place, NULL, "the rule has %s", all);
}

static void lint_node(struct lint *lint, const struct node *node)
{
    if (node->kind == NODE_PREDICATE)
        lint_value(lint, node->predicate);
    lint_opposite(lint, node);
    for (size_t i = 0; i < node->count; i++)
        lint_node(lint, node->children[i]);
}

static void lint_lists(const struct lint *lint)
{
    for (size_t i = 0; i < lint->rules->list_count; i++) {
        const struct list *list = lint->rules->lists[i];
        if (!list->is_named)
            diagnostics_add(lint->diagnostics, SEVERITY_NOTE, "unused-list", list->place,
                            "ask for it with `expand: '%name%'`, or load it with its rules",
                            "no rule that was loaded names the list `%s`",
                            text_shown(lint->arena, view_from_string(list->name)));
    }
}

void rules_lint(const struct rules *rules, struct diagnostics *diagnostics)
{
    struct lint lint = {.rules = rules, .arena = arena_new(), .diagnostics = diagnostics};

    lint.told_lists = arena_array(lint.arena, rules->list_count + 1, sizeof(*lint.told_lists));
    lint.is_twin = arena_array(lint.arena, rules->count + 1, sizeof(*lint.is_twin));
    for (size_t i = 0; i < rules->count; i++) {
        lint.rule = rules->items[i];
        lint_missing(&lint);
        lint_node(&lint, lint.rule->condition);
        lint_everything(&lint);
        lint_contradictions(&lint, lint.rule->condition);
        lint_names(&lint);
    }
    lint_filters(&lint);
    lint_lists(&lint);
    lint_marks(&lint);
    lint_twins(&lint);
    lint_shadows(&lint);
    arena_free(lint.arena);
}
