/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: a table of documents by id and by name, for filters and correlations, which name rules.
 *
 * Order      documents may stand in any order, in any file: references are looked up when all were read.
 * Left out   rules that were refused or are wrong are known all the same, so that who names them is told that they were
 *            left out, not that they are misspelt.
 * Twice      a name that two documents have means the first; ids that stand twice are told by rules.c.
 */
#include "sigma/names.h"

#include "base/hash.h"

struct known_names {
    struct known_document *items;
    size_t count, capacity;
    const struct known_document **slots; /* by id and by name; made by names_finish() */
    size_t mask;
};

void names_add(struct loader *l, const struct known_document *document)
{
    struct rules_pending *pending = l->rules->pending;

    if (pending->names == NULL)
        pending->names = arena_alloc(l->rules->arena, sizeof(*pending->names));
    struct known_names *names = pending->names;
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 16;
        struct known_document *items = arena_array(l->rules->arena, capacity, sizeof(*items));
        if (names->count > 0)
            memcpy(items, names->items, names->count * sizeof(*items));
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count++] = *document;
}

static uint64_t hash_of(struct view text)
{
    uint64_t hash = text.len;
    for (size_t i = 0; i < text.len; i++)
        hash = hash_mix(hash ^ byte_fold(text.data[i]));
    return hash;
}

static bool is_called(const struct known_document *document, struct view text)
{
    return (document->id != NULL && view_equal_fold(view_from_string(document->id), text)) ||
           (document->name != NULL && view_equal(view_from_string(document->name), text));
}

/* The slot of the document that is called so, or a free one. */
static const struct known_document **slot_of(const struct known_names *names, struct view text)
{
    size_t at = hash_of(text) & names->mask;

    while (names->slots[at] != NULL && !is_called(names->slots[at], text))
        at = (at + 1) & names->mask;
    return &names->slots[at];
}

void names_finish(struct loader *l)
{
    struct known_names *names = l->rules->pending->names;
    size_t slots = 16;

    if (names == NULL)
        return;
    while (slots < names->count * 4)
        slots *= 2;
    names->slots = arena_array(l->arena, slots, sizeof(struct known_document *));
    names->mask = slots - 1;
    for (size_t i = 0; i < names->count; i++) {
        const struct known_document *document = &names->items[i];
        const struct known_document **by_id =
            document->id ? slot_of(names, view_from_string(document->id)) : NULL;
        if (by_id != NULL && *by_id == NULL)
            *by_id = document;
        const struct known_document **by_name =
            document->name ? slot_of(names, view_from_string(document->name)) : NULL;
        if (by_name != NULL && *by_name != NULL && *by_name != document)
            loader_warn(l, document->place, "duplicate-name", "give one of them another name",
                        "the name `%s` stands already in %s, line %u; it means that document",
                        loader_shown(l, view_from_string(document->name)), (*by_name)->place.file,
                        (*by_name)->place.line);
        else if (by_name != NULL)
            *by_name = document;
    }
}

const struct known_document *names_find(const struct rules *rules, struct view text)
{
    const struct known_names *names = rules->pending->names;

    return names != NULL && text.len > 0 ? *slot_of(names, text) : NULL;
}

const char *names_nearest(const struct rules *rules, struct view text)
{
    const struct known_names *names = rules->pending->names;
    size_t count = 0;

    if (names == NULL)
        return NULL;
    const char **all = arena_array(rules->arena, names->count, sizeof(*all));
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].name != NULL)
            all[count++] = names->items[i].name;
    }
    return nearest_name(text, all, count);
}

struct reference *names_read(struct loader *l, const struct yaml_node *node, const char *what,
                             size_t *count)
{
    bool is_list = node->kind == YAML_LIST;
    size_t most = is_list ? node->count : 1;
    struct reference *references = arena_array(l->arena, most + 1, sizeof(*references));

    *count = 0;
    if (node->kind == YAML_MAP || most == 0 || yaml_is_null(node)) {
        loader_error(l, node->place, "rule-references", "write `rules: [id or name of a rule]`",
                     "the `rules` of %s name none", what);
        return references;
    }
    for (size_t i = 0; i < most; i++) {
        const struct yaml_node *item = is_list ? node->items[i] : node;
        if (item->kind != YAML_SCALAR || item->text.len == 0) {
            loader_error(l, item->place, "rule-references", "write the id or the name of a rule",
                         "%s among the `rules` of %s",
                         item->kind == YAML_SCALAR ? "nothing" : yaml_kind_name(item->kind), what);
            continue;
        }
        bool is_again = false;
        for (size_t k = 0; k < *count; k++)
            is_again |= view_equal_fold(references[k].text, item->text);
        if (is_again)
            loader_error(l, item->place, "rule-references", "remove it",
                         "the rule `%s` is named twice", loader_shown(l, item->text));
        else
            references[(*count)++] =
                (struct reference){arena_copy(l->arena, item->text), item->place};
    }
    return references;
}
