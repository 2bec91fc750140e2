/* SPDX-License-Identifier: BSD-3-Clause */
/* Sigma: the metadata of a rule, and the order in which its parts are read: the log source first, since it
 * names the event whose fields the detection asks for. */
#include "sigma/sigma.h"

#include "base/hash.h"
#include "sigma/detection.h"
#include "sigma/logsource.h"

/* Identifiers of rules that give none: above Suricata's usual ranges, and so many that even 10,000 rules
 * collide with a chance of 1 in 20 only. */
#define SID_FIRST UINT32_C(9000000)
#define SID_COUNT UINT64_C(1000000000)

static const char *text_of(struct loader *l, const struct yaml_node *root, const char *key)
{
    const struct yaml_node *node = yaml_get(root, key);
    return node == NULL || yaml_is_null(node) ? NULL : loader_string(l, node, key);
}

/* A list of texts; a single one counts as a list of one. */
static const char **texts_of(struct loader *l, const struct yaml_node *root, const char *key,
                             size_t *count)
{
    const struct yaml_node *node = yaml_get(root, key);

    *count = 0;
    if (node == NULL || yaml_is_null(node))
        return NULL;
    if (node->kind == YAML_MAP) {
        loader_error(l, node->place, "wrong-kind", "write a list: `- text`",
                     "`%s` has to be a list, here is a map", key);
        return NULL;
    }
    size_t most = node->kind == YAML_LIST ? node->count : 1;
    const char **texts = arena_array(l->arena, most + 1, sizeof(*texts));
    for (size_t i = 0; i < most; i++) {
        const char *text = NULL;
        const struct yaml_node *item = node->kind == YAML_LIST ? node->items[i] : node;
        /* `- a: b` in free text is a map by mistake: Sigma's own rules have it */
        if (item->kind == YAML_MAP && item->count == 1 && item->items[0]->kind == YAML_SCALAR)
            text = arena_format(l->arena, "%s: %s", (const char *)item->keys[0]->text.data,
                                (const char *)item->items[0]->text.data);
        else
            text = loader_string(l, item, key);
        if (text != NULL)
            texts[(*count)++] = text;
    }
    return texts;
}

static void read_level(struct loader *l, const struct yaml_node *root)
{
    static const char *const NAMES[] = {"informational", "low", "medium", "high", "critical"};
    const struct yaml_node *node = yaml_get(root, "level");

    l->rule->level = LEVEL_MEDIUM;
    if (node == NULL || yaml_is_null(node))
        return;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (node->kind == YAML_SCALAR && view_equal_fold(node->text, view_from_string(NAMES[i]))) {
            l->rule->level = (enum level)i;
            l->rule->has_level = true;
            return;
        }
    }
    loader_error(l, node->place, "level",
                 loader_did_you_mean(l, nearest_name(node->text, NAMES, 5),
                                     "one of informational, low, medium, high, critical"),
                 "there is no level `%s`", loader_shown(l, node->text));
}

static uint32_t derived_sid(const struct rule *rule)
{
    const char *name = rule->id ? rule->id : rule->title;
    uint8_t folded[256];
    size_t len = 0;

    for (; name != NULL && name[len] != '\0' && len < sizeof(folded); len++)
        folded[len] = byte_fold((uint8_t)name[len]);
    return SID_FIRST + (uint32_t)(hash_plain(folded, len) % SID_COUNT);
}

/* Names of fields and log sources: those of Sigma, and of the others whose names fields.def has as aliases. */
static void check_taxonomy(struct loader *l, const struct yaml_node *root)
{
    static const char *const KNOWN[] = {"sigma", "shrike", "suricata", "zeek", "ecs"};
    const struct yaml_node *node = yaml_get(root, "taxonomy");

    if (node == NULL || yaml_is_null(node))
        return;
    for (size_t i = 0; node->kind == YAML_SCALAR && i < 5; i++) {
        if (view_equal_fold(node->text, view_from_string(KNOWN[i])))
            return;
    }
    loader_refuse(l, REFUSAL_LATER, node->place, "unsupported-taxonomy",
                  "write the names of Sigma's taxonomy (or zeek, ecs, suricata), and drop the key",
                  "the taxonomy `%s` is not known: what its names mean cannot be told",
                  node->kind == YAML_SCALAR ? loader_shown(l, node->text)
                                            : yaml_kind_name(node->kind));
}

void sigma_read_metadata(struct loader *l, const struct yaml_node *root)
{
    struct rule *rule = l->rule;

    rule->id = text_of(l, root, "id");
    rule->name = text_of(l, root, "name");
    rule->title = text_of(l, root, "title");
    rule->description = text_of(l, root, "description");
    rule->author = text_of(l, root, "author");
    rule->status = text_of(l, root, "status");
    rule->date = text_of(l, root, "date");
    rule->tags = texts_of(l, root, "tags", &rule->tag_count);
    rule->references = texts_of(l, root, "references", &rule->reference_count);
    rule->false_positives = texts_of(l, root, "falsepositives", &rule->false_positive_count);
    rule->has_title = rule->title != NULL;
    if (rule->title == NULL)
        rule->title = rule->id ? rule->id : "rule without a title";
    rule->rev = rule->gid = 1;
    rule->suppress_us = 0;
    read_level(l, root);
    lint_metadata(l, root);
    check_taxonomy(l, root);
}

void sigma_read(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *logsource = yaml_get(root, "logsource");
    const struct yaml_node *extension = yaml_get(root, "shrike");

    l->rule->place = root->place;
    sigma_read_metadata(l, root);
    if (logsource == NULL) {
        loader_error(l, root->place, "no-logsource",
                     "write `logsource: {product: shrike, service: http}`, or a category of Sigma",
                     "the rule has no `logsource`, so it looks at nothing");
        return;
    }
    if (!logsource_read(l, logsource))
        return;
    detection_read(l, yaml_get(root, "detection"));
    if (extension != NULL)
        extension_read(l, extension);
    if (l->rule->sid == 0)
        l->rule->sid = derived_sid(l->rule);
    if (!l->is_bad && l->refused == REFUSAL_NONE)
        lint_condition(l);
}

const char *level_name(enum level level)
{
    static const char *const NAMES[] = {"informational", "low", "medium", "high", "critical"};
    return NAMES[level];
}

unsigned level_severity(enum level level)
{
    switch (level) {
    case LEVEL_CRITICAL:
    case LEVEL_HIGH:
        return 1;
    case LEVEL_MEDIUM:
        return 2;
    case LEVEL_LOW:
        return 3;
    case LEVEL_INFORMATIONAL:
        return 4;
    }
    return 4;
}
