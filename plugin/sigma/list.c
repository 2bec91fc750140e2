/* SPDX-License-Identifier: BSD-3-Clause */
/* List: the document of named indicator values: what it says of itself. Its values are read by list_entry.c. */
#include "sigma/list.h"

#include <time.h>

#include "rule/list.h"
#include "sigma/list_entry.h"

static const struct list_kind TYPES[] = {
#define LIST_TYPE(name, id, wanted, help) {name, LIST_##id, wanted, help},
#include "sigma/list_type.def"
#undef LIST_TYPE
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool key_known(struct view key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (view_equal(key, view_from_string(names[i])))
            return true;
    }
    return false;
}

static const char *const KEYS[] = {
#define LIST_KEY(name) name,
#include "sigma/key.def"
};

static void check_keys(struct loader *l, const struct yaml_node *root)
{
    for (size_t i = 0; i < root->count; i++) {
        const struct yaml_node *key = root->keys[i];
        if (!key_known(key->text, KEYS, LENGTH(KEYS)))
            loader_error(
                l, key->place, "unknown-key",
                loader_did_you_mean(l, nearest_name(key->text, KEYS, LENGTH(KEYS)),
                                    "one of list, type, source, date, expires, decay, values, "
                                    "file, format, column, columns, tlp, tags, description"),
                "a list document has no key `%s`", loader_shown(l, key->text));
    }
}

static const struct list_kind *read_type(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "type");
    const char *names[LENGTH(TYPES)];

    for (size_t i = 0; i < LENGTH(TYPES); i++) {
        names[i] = TYPES[i].name;
        if (node != NULL && node->kind == YAML_SCALAR &&
            view_equal(node->text, view_from_string(names[i])))
            return &TYPES[i];
    }
    const char *all = "one of ip, domain, url, string, ja3, ja4, sha1, sha256";
    if (node == NULL)
        loader_error(l, root->place, "list-type", all, "the list has no `type`");
    else
        loader_error(l, node->place, "list-type",
                     loader_did_you_mean(l, nearest_name(node->text, names, LENGTH(TYPES)), all),
                     "there is no type of list `%s`", loader_shown(l, node->text));
    return NULL;
}

/* A date of the list's own; 0 when there is none. */
static int64_t read_date(struct loader *l, const struct yaml_node *root, const char *key)
{
    const struct yaml_node *node = yaml_get(root, key);
    int64_t time_us = 0;

    if (node == NULL || (node->kind == YAML_SCALAR && loader_parse_time(node->text, &time_us)))
        return time_us;
    loader_error(l, node->place, "date", arena_format(l->arena, "write `%s: 2027-01-01`", key),
                 "`%s` is not a date",
                 node->kind == YAML_SCALAR ? loader_shown(l, node->text) : key);
    return 0;
}

static void read_dates(struct loader *l, const struct yaml_node *root, struct list *list)
{
    const struct yaml_node *decay = yaml_get(root, "decay");

    list->date_us = read_date(l, root, "date");
    list->expires_us = read_date(l, root, "expires");
    if (list->expires_us != 0 && list->expires_us / 1000000 < (int64_t)time(NULL))
        loader_note(l, yaml_get(root, "expires")->place, "expired-list",
                    "ask its source for newer values, or remove it",
                    "the list `%s` has expired; hits are told as informational", list->name);
    if (decay != NULL &&
        (decay->kind != YAML_SCALAR || !loader_parse_duration(decay->text, &list->decay_us) ||
         list->decay_us == 0))
        loader_error(l, decay->place, "decay",
                     "write `decay: 90d`: the span in which confidence halves",
                     "`decay` has to be a span of time");
}

/* The Traffic Light Protocol's word; NULL when it is none. */
static const char *marking_word(const struct yaml_node *node, size_t skipped)
{
    static const char *const WORDS[] = {"clear", "white", "green", "amber", "amber+strict", "red"};

    for (size_t i = 0; node->kind == YAML_SCALAR && i < LENGTH(WORDS); i++) {
        if (view_equal_fold(view_skip(node->text, skipped), view_from_string(WORDS[i])))
            return WORDS[i];
    }
    return NULL;
}

/* How far the list may be passed on: `tlp: green`, or `tags: [tlp.green]` as importers write it. */
static void read_marking(struct loader *l, const struct yaml_node *root, struct list *list)
{
    const struct yaml_node *node = yaml_get(root, "tlp"), *tags = yaml_get(root, "tags");

    for (size_t i = 0; tags != NULL && tags->kind == YAML_LIST && i < tags->count; i++) {
        const struct yaml_node *tag = tags->items[i];
        if (tag->kind == YAML_SCALAR && view_starts_fold(tag->text, VIEW("tlp.")))
            list->tlp = marking_word(tag, VIEW("tlp.").len);
    }
    if (node == NULL)
        return;
    list->tlp = marking_word(node, 0);
    if (list->tlp == NULL)
        loader_error(l, node->place, "tlp", "one of clear, green, amber, amber+strict, red",
                     "`tlp` has to be a marking of the Traffic Light Protocol");
}

static void add_list(struct loader *l, struct list *list)
{
    struct rules *rules = l->rules;

    for (size_t i = 0; i < rules->list_count; i++) {
        if (strcmp(rules->lists[i]->name, list->name) != 0)
            continue;
        loader_error(l, list->place, "duplicate-list", "give it another name, or join the two",
                     "the list `%s` stands already in %s, line %u", list->name,
                     rules->lists[i]->place.file, rules->lists[i]->place.line);
        return;
    }
    if ((rules->list_count & (rules->list_count - 1)) == 0) { /* full at each power of two */
        struct list **lists = arena_array(l->arena, rules->list_count ? rules->list_count * 2 : 1,
                                          sizeof(struct list *));
        if (rules->list_count > 0)
            memcpy(lists, rules->lists, rules->list_count * sizeof(struct list *));
        rules->lists = lists;
    }
    rules->lists[rules->list_count++] = list;
}

static void check_count(struct list_builder *b, bool has_source)
{
    if (b->faults > LIST_FAULTS_MAX)
        loader_error(b->l, b->list->place, "list-value", b->kind->help,
                     "%zu more values are not %s", b->faults - LIST_FAULTS_MAX, b->kind->wanted);
    if (!has_source)
        loader_error(b->l, b->list->place, "empty-list",
                     "write `values: [...]` or `file: name.txt`", "the list `%s` has no values",
                     b->list->name);
    else if (b->list->count == 0 && b->faults == 0 && !b->l->is_bad)
        loader_warn(b->l, b->list->place, "empty-list", NULL, "the list `%s` has no values",
                    b->list->name);
}

/* A range that leaves no address out makes the whole list one. */
static void check_whole(struct list_builder *b)
{
    for (size_t i = 0; b->list->type == LIST_IP && i < b->list->count; i++) {
        struct view key = list_key(b->list, i);
        struct address address;
        memcpy(address.bytes, key.data, sizeof(address.bytes));
        if (!address_is_whole(&address, key.data[KEY_ADDRESS_LEN - 1]))
            continue;
        loader_warn(b->l, b->list->place, "matches-everything", "write the range that is meant",
                    "entry %zu of the list `%s` is a range in which every %saddress lies", i + 1,
                    b->list->name, key.data[KEY_ADDRESS_LEN - 1] > 0 ? "IPv4 " : "");
        return;
    }
}

static void check_expired(struct list_builder *b)
{
    int64_t now = (int64_t)time(NULL);
    size_t expired = 0, count = b->list->count;

    for (size_t i = 0; b->list->fact_of.len > 0 && i < count; i++) {
        struct list_facts facts = list_facts_of(b->list, i);
        expired += facts.valid_until_s != 0 && facts.valid_until_s < now;
    }
    if (expired == 0)
        return;
    if (expired == count)
        loader_warn(b->l, b->list->place, "expired-list",
                    "ask its source for newer values, or remove it",
                    "every entry of the list `%s` has expired: hits are told as informational",
                    b->list->name);
    else
        loader_note(b->l, b->list->place, "expired-list", "ask its source for newer values",
                    "%zu of %zu entries of the list `%s` have expired", expired, count,
                    b->list->name);
}

static void check_decay(struct list_builder *b, const struct yaml_node *decay)
{
    if (b->list->decay_us == 0 || b->list->count == 0)
        return;
    if (!b->knows_confidence)
        loader_warn(b->l, decay->place, "decay", "give entries a `confidence`",
                    "`decay` halves confidence, and no entry of `%s` has one", b->list->name);
    else if (b->list->date_us == 0 && !b->knows_first_seen)
        loader_warn(b->l, decay->place, "decay", "give the list a `date`, or entries `first_seen`",
                    "it is not known since when the entries of `%s` age", b->list->name);
}

static void check_column(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "columns");
    if (node == NULL)
        node = yaml_get(root, "column");
    if (node != NULL && yaml_get(root, "file") == NULL)
        loader_error(l, node->place, "list-column", "write `file: name.csv`",
                     "there is no file whose columns could be meant");
}

/* The values, from the document and its file. */
static void fill(struct list_builder *b, const struct yaml_node *root)
{
    const struct yaml_node *values = yaml_get(root, "values");
    const struct yaml_node *file = yaml_get(root, "file");

    if (values != NULL)
        list_read_values(b, values);
    if (file != NULL)
        list_read_file(b, root, file);
    list_finish(b->list);
    check_column(b->l, root);
    check_count(b, values != NULL || file != NULL);
    check_whole(b);
    check_expired(b);
    check_decay(b, yaml_get(root, "decay"));
}

void list_read(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "list");
    const char *name = yaml_is_null(node) ? NULL : loader_string(l, node, "list");

    check_keys(l, root);
    const struct list_kind *type = read_type(l, root);
    if (name == NULL || type == NULL) {
        if (name == NULL && !l->is_bad)
            loader_error(l, node->place, "list-name", "write `list: relays`",
                         "the list has no name");
        return;
    }
    struct list_builder b = {.l = l, .list = list_new(l->rules, type->type), .kind = type};
    b.list->name = name;
    b.list->place = node->place;
    if (yaml_get(root, "source") != NULL)
        b.list->source = loader_string(l, yaml_get(root, "source"), "source");
    read_dates(l, root, b.list);
    read_marking(l, root, b.list);
    fill(&b, root);
    add_list(l, b.list);
}
