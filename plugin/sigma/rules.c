/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules: files and folders of documents become one set.
 *
 * Load       each document is read by itself: a list at once, a rule with the lists that it names still to
 *            be found, since they may stand in a later file.
 * Once       a file that several paths or links lead to is read once.
 * Finish     finds the lists, drops rules that name none, and tells rules that share an id or a sid.
 * Kept       whatever is sound. A document that this version or no wire can answer is counted in
 *            `refused`, by reason.
 */
#include "sigma/rules.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "rule/list.h"
#include "sigma/correlation.h"
#include "sigma/filter.h"
#include "sigma/list.h"
#include "sigma/names.h"
#include "sigma/sigma.h"
#include "value/expand.h"

enum { FOLDERS_DEEP_MAX = 16 };

struct rules *rules_new(void)
{
    struct arena *arena = arena_new();
    struct rules *rules = arena_alloc(arena, sizeof(*rules));
    rules->arena = arena;
    rules->pending = arena_alloc(arena, sizeof(*rules->pending));
    return rules;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    lists_clear(rules);
    file_ids_clear(&rules->pending->read);
    arena_free(rules->arena);
}

/* --- documents ----------------------------------------------------------------------------------- */

static void add_rule(struct rules *rules, struct rule *rule)
{
    if (rules->count == rules->pending->capacity) {
        size_t capacity = rules->count ? rules->count * 2 : 16;
        struct rule **items = arena_array(rules->arena, capacity, sizeof(struct rule *));
        if (rules->count > 0)
            memcpy(items, rules->items, rules->count * sizeof(struct rule *));
        rules->items = items;
        rules->pending->capacity = capacity;
    }
    rules->items[rules->count++] = rule;
}

static void read_rule(struct loader *l, const struct yaml_node *root)
{
    struct rules_pending *pending = l->rules->pending;
    struct awaited_list *before = pending->last;

    l->rule = arena_alloc(l->arena, sizeof(*l->rule));
    sigma_read(l, root);
    names_add(
        l, &(struct known_document){
               .id = l->rule->id, .name = l->rule->name, .rule = l->rule, .place = l->rule->place});
    if (!l->is_bad && l->refused == REFUSAL_NONE)
        add_rule(l->rules, l->rule);
    else
        l->rule->condition = NULL;
    if (l->refused != REFUSAL_NONE) { /* its lists need not be found */
        for (struct awaited_list *a = before ? before->next : pending->first; a; a = a->next)
            a->rule = NULL;
    }
}

/* A document is told by the one of these keys that it has. */
static const struct {
    const char *key;
    void (*read)(struct loader *l, const struct yaml_node *root);
} KINDS[] = {
    {"detection", read_rule},
    {"correlation", correlation_read},
    {"filter", filter_read},
    {"list", list_read},
};

enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]) };

/* Collections of the older Sigma: documents that lend each other their keys. What rests on an `action: global` is no
 * rule by itself, so it is left out with it, up to `action: reset`. */
static bool refuse_collection(struct loader *l, const struct yaml_node *root)
{
    static const char HELP[] = "write each rule whole, in one document";
    static const char *const ACTIONS[] = {"global", "reset", "repeat"};
    const struct yaml_node *action = yaml_get(root, "action");
    struct rules_pending *pending = l->rules->pending;

    for (size_t i = 0; action != NULL && action->kind == YAML_SCALAR && i < 3; i++) {
        if (!view_equal(action->text, view_from_string(ACTIONS[i])))
            continue;
        pending->is_collection = i == 0 || (i == 2 && pending->is_collection);
        loader_refuse(l, REFUSAL_LATER, action->place, "unsupported-document", HELP,
                      "rule collections (`action: %s`) are not read: Sigma 2 has none", ACTIONS[i]);
        return true;
    }
    if (pending->is_collection)
        loader_refuse(l, REFUSAL_LATER, root->place, "unsupported-document", HELP,
                      "the document rests on `action: global`, which is not read");
    return pending->is_collection;
}

static void read_document(struct loader *l, const struct yaml_node *root)
{
    size_t kind = KIND_COUNT;

    if (refuse_collection(l, root))
        return;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (yaml_get(root, KINDS[i].key) == NULL)
            continue;
        if (kind < KIND_COUNT) {
            loader_error(l, root->place, "two-documents", "put `---` between them",
                         "`%s` and `%s` in one document", KINDS[kind].key, KINDS[i].key);
            return;
        }
        kind = i;
    }
    if (kind < KIND_COUNT)
        KINDS[kind].read(l, root);
    else
        loader_error(l, root->place, "unknown-document",
                     "a rule has `detection:`, a list of values has `list:`; there are also "
                     "`filter:` and `correlation:`",
                     "the document is neither a rule nor a list");
}

static void on_document(void *context, const struct yaml_node *root)
{
    struct loader *shared = context;
    struct loader l = *shared;

    if (root->kind != YAML_MAP) {
        loader_error(&l, root->place, "unknown-document", "begin with `title: ...`, one key a line",
                     "a document has to be a map, here is %s", yaml_kind_name(root->kind));
        return;
    }
    read_document(&l, root);
    if (!l.is_bad && l.refused != REFUSAL_NONE)
        l.rules->refused[l.refused]++;
}

void rules_load_text(struct rules *rules, const char *name, struct view text,
                     struct diagnostics *diagnostics)
{
    struct loader l = {.rules = rules, .arena = rules->arena, .diagnostics = diagnostics};
    const char *file = arena_string(rules->arena, name);

    rules->files++;
    rules->pending->is_collection = false;
    size_t errors = diagnostics->errors;
    size_t count = yaml_read(file, text, diagnostics, on_document, &l);
    rules->documents += count;
    if (count == 0 && diagnostics->errors == errors)
        diagnostics_add(diagnostics, SEVERITY_WARNING, "no-rules", (struct place){file, 1, 1},
                        "write a rule, or remove the file", "there is no rule in this file");
}

/* --- files and folders --------------------------------------------------------------------------- */

static void add_unreadable(struct diagnostics *diagnostics, const char *path, const char *why)
{
    diagnostics_add(diagnostics, SEVERITY_ERROR, "cannot-read", (struct place){path, 0, 0},
                    "check the path and its permissions", "cannot be read: %s", why);
}

static int load_file(struct rules *rules, const char *path, struct diagnostics *diagnostics)
{
    struct buf bytes;
    const char *why = NULL;

    if (file_read(path, YAML_SIZE_MAX, &bytes, &why) != 0) {
        add_unreadable(diagnostics, path, why);
        return -1;
    }
    rules_load_text(rules, path, buf_view(&bytes), diagnostics);
    buf_clear(&bytes);
    return 0;
}

static void pass_over(struct diagnostics *diagnostics, const char *path, const char *why)
{
    const struct place place = {path, 0, 0};

    diagnostics_add(diagnostics, SEVERITY_WARNING, "passed-over", place, NULL, "%s: passed over",
                    why);
}

/* A plain file of a folder, unless a link or another folder led to it before. */
static void load_found(struct rules *rules, const char *path, struct diagnostics *diagnostics)
{
    const struct place place = {path, 0, 0};
    struct stat status;

    if (stat(path, &status) == 0 && !file_ids_add(&rules->pending->read, &status))
        diagnostics_add(diagnostics, SEVERITY_NOTE, "passed-over", place, NULL,
                        "a file that was read before: passed over");
    else
        (void)load_file(rules, path, diagnostics);
}

/* Paths found so far; folders are looked into in turn. */
struct paths {
    const char **items;
    unsigned *depths;
    size_t count, capacity;
};

static void add_path(struct paths *paths, const char *path, unsigned depth)
{
    if (paths->count == paths->capacity) {
        paths->capacity = paths->capacity ? paths->capacity * 2 : 64;
        paths->items = memory_resize(paths->items, paths->capacity, sizeof(*paths->items));
        paths->depths = memory_resize(paths->depths, paths->capacity, sizeof(*paths->depths));
    }
    paths->items[paths->count] = path;
    paths->depths[paths->count++] = depth;
}

bool rules_is_file(const char *path)
{
    struct view name = view_from_string(path);
    return view_ends_fold(name, VIEW(".yml")) || view_ends_fold(name, VIEW(".yaml"));
}

struct walk {
    struct rules *rules;
    struct diagnostics *diagnostics;
    struct paths files, folders;
    struct file_ids met; /* folders: links may lead in circles */
};

/* A name in a folder. */
static void walk_name(struct walk *walk, const char *path, unsigned depth)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        pass_over(walk->diagnostics, path,
                  arena_format(walk->rules->arena, "cannot be read: %s", strerror(errno)));
    } else if (S_ISDIR(status.st_mode)) {
        if (depth >= FOLDERS_DEEP_MAX)
            pass_over(walk->diagnostics, path, "more folders deep than are followed");
        else if (!file_ids_add(&walk->met, &status))
            pass_over(walk->diagnostics, path, "a folder that was met before");
        else
            add_path(&walk->folders, path, depth + 1);
    } else if (rules_is_file(path)) {
        if (S_ISREG(status.st_mode))
            add_path(&walk->files, path, depth);
        else
            pass_over(walk->diagnostics, path, "not a plain file");
    }
}

static int walk_folder(struct walk *walk, const char *folder, unsigned depth)
{
    size_t before = walk->files.count + walk->folders.count;
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);

    if (count < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (name[0] != '.')
            walk_name(walk, arena_format(walk->rules->arena, "%s/%s", folder, name), depth);
        memory_free(names[i]);
    }
    memory_free(names);
    if (depth > 0 && rules_is_file(folder) && walk->files.count + walk->folders.count == before)
        pass_over(walk->diagnostics, folder, "a folder, and there is no rule file in it");
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void walk_clear(struct walk *walk)
{
    memory_free(walk->files.items);
    memory_free(walk->files.depths);
    memory_free(walk->folders.items);
    memory_free(walk->folders.depths);
    file_ids_clear(&walk->met);
}

static int load_folder(struct rules *rules, const char *path, const struct stat *status,
                       struct diagnostics *diagnostics)
{
    struct walk walk = {.rules = rules, .diagnostics = diagnostics};
    struct paths *files = &walk.files, *folders = &walk.folders;
    int result = 0;

    file_ids_add(&walk.met, status);
    add_path(folders, path, 0);
    for (size_t i = 0; i < folders->count; i++) {
        if (walk_folder(&walk, folders->items[i], folders->depths[i]) == 0)
            continue;
        add_unreadable(diagnostics, folders->items[i], strerror(errno));
        result = i == 0 ? -1 : result;
    }
    if (files->count == 0 && result == 0)
        diagnostics_add(diagnostics, SEVERITY_ERROR, "no-rules", (struct place){path, 0, 0},
                        "name a folder of .yml or .yaml files, or a file",
                        "there is no rule file in this folder");
    if (files->count > 1)
        qsort(files->items, files->count, sizeof(*files->items), compare_paths);
    for (size_t i = 0; i < files->count; i++)
        load_found(rules, files->items[i], diagnostics);
    walk_clear(&walk);
    return result;
}

int rules_load(struct rules *rules, const char *path, struct diagnostics *diagnostics)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        add_unreadable(diagnostics, path, strerror(errno));
        return -1;
    }
    if (S_ISREG(status.st_mode) && !file_ids_add(&rules->pending->read, &status))
        return 0;
    if (!S_ISDIR(status.st_mode))
        return load_file(rules, path, diagnostics);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return load_folder(rules, arena_format(rules->arena, "%.*s", (int)len, path), &status,
                       diagnostics);
}

/* --- the whole set ------------------------------------------------------------------------------- */

static struct list *find_list(const struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->list_count; i++) {
        if (strcmp(rules->lists[i]->name, name) == 0)
            return rules->lists[i];
    }
    return NULL;
}

static bool suits(const struct list *list, enum field_id field)
{
    enum field_type type = field == FIELD_NONE ? TYPE_BYTES : field_get(field)->type;
    return type == TYPE_BYTES || (type == TYPE_IP && list->type == LIST_IP);
}

/* Finds one list; false when the rule has to go. */
static bool resolve(struct loader *l, struct awaited_list *awaited)
{
    struct rules *rules = l->rules;
    struct list *list = find_list(rules, awaited->name);

    if (list == NULL) {
        const char **names = arena_array(rules->arena, rules->list_count + 1, sizeof(*names));
        for (size_t i = 0; i < rules->list_count; i++)
            names[i] = rules->lists[i]->name;
        const char *nearest =
            nearest_name(view_from_string(awaited->name), names, rules->list_count);
        loader_error(l, awaited->place, "unknown-list",
                     loader_did_you_mean(l, nearest, "write a document with `list:` of that name"),
                     "there is no list `%s`", loader_shown(l, view_from_string(awaited->name)));
        return false;
    }
    if (!suits(list, awaited->predicate->field)) {
        const struct field *field = field_get(awaited->predicate->field);
        loader_error(l, awaited->place, "field-type",
                     "use a list of a type that the field can hold",
                     "the list `%s` cannot be compared with `%s`, which is of type %s", list->name,
                     field->name, field_type_name(field->type));
        return false;
    }
    list->is_named = true;
    awaited->predicate->list = list;
    return true;
}

static void resolve_lists(struct loader *l)
{
    struct rules_pending *pending = l->rules->pending;

    for (struct awaited_list *a = pending->first; a != NULL; a = a->next) {
        if (a->rule != NULL && resolve(l, a))
            a->rule = NULL;
    }
    for (struct awaited_list *a = pending->first; a != NULL; a = a->next) {
        if (a->rule != NULL)
            a->rule->condition = NULL;
    }
    pending->first = pending->last = NULL;
}

/* A table of the rules by a key of theirs; the slot of a rule with this key, or a free one. */
struct slots {
    struct rule **items;
    size_t mask;
};

static struct slots slots_for(struct rules *rules)
{
    size_t count = 16;
    while (count < rules->count * 2)
        count *= 2;
    return (struct slots){arena_array(rules->arena, count, sizeof(struct rule *)), count - 1};
}

static uint64_t hash_id(const char *id)
{
    uint64_t hash = 0;
    for (; *id != '\0'; id++)
        hash = hash_mix(hash ^ byte_fold((uint8_t)*id));
    return hash;
}

static struct rule **slot_by_id(const struct slots *slots, const char *id)
{
    size_t at = hash_id(id) & slots->mask;
    while (slots->items[at] != NULL &&
           !view_equal_fold(view_from_string(slots->items[at]->id), view_from_string(id)))
        at = (at + 1) & slots->mask;
    return &slots->items[at];
}

static struct rule **slot_by_sid(const struct slots *slots, uint32_t sid)
{
    size_t at = hash_mix(sid) & slots->mask;
    while (slots->items[at] != NULL && slots->items[at]->sid != sid)
        at = (at + 1) & slots->mask;
    return &slots->items[at];
}

static void find_duplicates(struct loader *l)
{
    struct rules *rules = l->rules;
    struct slots ids = slots_for(rules), sids = slots_for(rules);

    for (size_t i = 0; i < rules->count; i++) {
        struct rule *rule = rules->items[i];
        struct rule **by_id = rule->id ? slot_by_id(&ids, rule->id) : NULL;
        if (by_id != NULL && *by_id != NULL) {
            loader_error(l, rule->place, "duplicate-id", "give one of them a new id: `uuidgen`",
                         "the id %s stands already in %s, line %u; this rule is left out",
                         loader_shown(l, view_from_string(rule->id)), (*by_id)->place.file,
                         (*by_id)->place.line);
            rule->condition = NULL;
            continue;
        }
        if (by_id != NULL)
            *by_id = rule;
        struct rule **by_sid = slot_by_sid(&sids, rule->sid);
        if (*by_sid != NULL)
            loader_warn(l, rule->place, "duplicate-sid",
                        "give one of them another `shrike: {sid: ...}`",
                        "the sid %u is also that of the rule in %s, line %u", rule->sid,
                        (*by_sid)->place.file, (*by_sid)->place.line);
        else
            *by_sid = rule;
    }
}

static void drop_lost(struct rules *rules)
{
    size_t kept = 0;
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->items[i]->condition != NULL)
            rules->items[kept++] = rules->items[i];
    }
    rules->count = kept;
}

void rules_finish(struct rules *rules, struct diagnostics *diagnostics)
{
    struct loader l = {.rules = rules, .arena = rules->arena, .diagnostics = diagnostics};

    resolve_lists(&l);
    expand_finish(&l);
    drop_lost(rules);
    find_duplicates(&l);
    drop_lost(rules);
    names_finish(&l);
    filters_join(&l);
    correlations_finish(&l);
}

bool rules_describe_refused(const struct rules *rules, char *out, size_t size)
{
    static const char *const WHAT[REFUSAL_COUNT] = {
        [REFUSAL_HOST] = "not for the wire",
        [REFUSAL_CORRELATION] = "with correlation",
        [REFUSAL_LATER] = "for a later version",
    };
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = REFUSAL_NONE + 1; i < REFUSAL_COUNT && len < size; i++) {
        if (rules->refused[i] > 0)
            len += (size_t)snprintf(out + len, size - len, "%s%zu %s", len > 0 ? ", " : "",
                                    rules->refused[i], WHAT[i]);
    }
    return len > 0;
}
