/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: what a sound rule probably got wrong. Only warnings and notes: the rule is loaded all the same. */
#include "sigma/sigma.h"

enum { TITLE_MAX = 256, PATTERN_MIN = 4 };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Keys of Sigma 2.1 and ours. */
static const char *const TOP_KEYS[] = {
    "title",   "id",         "name",   "related", "taxonomy", "status",         "description",
    "license", "references", "author", "date",    "modified", "logsource",      "detection",
    "fields",  "level",      "tags",   "scope",   "shrike",   "falsepositives",
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

static void lint_missing(struct loader *l, const struct yaml_node *root)
{
    static const struct {
        const char *key, *id, *help, *what;
    } WANTED[] = {
        {"title", "no-title", "write `title: what it detects`", "the rule has no title"},
        {"id", "no-id", "write a UUID: `uuidgen` makes one", "the rule has no id"},
        {"level", "no-level", "write `level: high`", "the rule has no level; medium is taken"},
    };

    for (size_t i = 0; i < LENGTH(WANTED); i++) {
        const struct yaml_node *node = yaml_get(root, WANTED[i].key);
        if (node == NULL || yaml_is_null(node))
            loader_warn(l, node ? node->place : root->place, WANTED[i].id, WANTED[i].help, "%s",
                        WANTED[i].what);
    }
}

static void lint_keys(struct loader *l, const struct yaml_node *root)
{
    for (size_t i = 0; i < root->count; i++) {
        const struct yaml_node *key = root->keys[i];
        const char *nearest = nearest_name(key->text, TOP_KEYS, LENGTH(TOP_KEYS));
        if (nearest == NULL || is_one_of(key->text, TOP_KEYS, LENGTH(TOP_KEYS)) ||
            yaml_get(root, nearest) != NULL)
            continue;
        loader_warn(l, key->place, "misspelt-key", loader_did_you_mean(l, nearest, NULL),
                    "Sigma has no key `%s`; it is kept and means nothing",
                    loader_shown(l, key->text));
    }
}

void lint_metadata(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *id = yaml_get(root, "id");
    const struct yaml_node *status = yaml_get(root, "status");
    const struct yaml_node *title = yaml_get(root, "title");

    lint_missing(l, root);
    lint_keys(l, root);
    lint_dates(l, root);
    lint_tags(l, yaml_get(root, "tags"));
    if (id != NULL && id->kind == YAML_SCALAR && !yaml_is_null(id) && !is_uuid(id->text))
        loader_warn(l, id->place, "bad-uuid", "`uuidgen` makes one", "`%s` is not a UUID",
                    loader_shown(l, id->text));
    if (status != NULL && status->kind == YAML_SCALAR &&
        !is_one_of(status->text, STATUSES, LENGTH(STATUSES)))
        loader_warn(
            l, status->place, "status",
            loader_did_you_mean(l, nearest_name(status->text, STATUSES, LENGTH(STATUSES)),
                                "one of stable, test, experimental, deprecated, unsupported"),
            "Sigma has no status `%s`", loader_shown(l, status->text));
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

void lint_condition(struct loader *l)
{
    const struct node *condition = l->rule->condition;

    if (condition->kind != NODE_PREDICATE || longest_literal(condition->predicate) >= PATTERN_MIN)
        return;
    loader_note(l, condition->predicate->place, "short-pattern",
                "add another value that has to occur, or an offset",
                "the rule rests on `%s` alone; values under %d bytes occur by chance",
                condition->predicate->text, PATTERN_MIN);
}
