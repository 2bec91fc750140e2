/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: indicators that are names or addresses of many.
 *
 * The commonest false alarm of indicator feeds is a name (or an address) that an attacker used and everybody else uses, too. So
 * it counts when the rule rests on it: on it alone, or on it among alternatives. What is asked besides it (`and`)
 * may well make it a good rule, and is not told; nor are rules of the levels low and informational, which watch
 * rather than accuse. Of a list the first names are shown, and how many there are.
 */
#include <string.h>

#include "lint/lint.h"
#include "lint/regex_name.h"
#include "lint/shared_address.h"
#include "lint/shared_name.h"
#include "rule/list.h"

enum { SHOWN_MAX = 3 };

/* `endswith: .com`: not a name, but a public suffix all the same. */
static bool is_suffix(const struct predicate *p)
{
    return p->piece_count == 2 && p->pieces[1].bytes.len > 0 && p->pieces[1].bytes.data[0] == '.';
}

static const char HELP[] =
    "ask for something else as well: the path, the full name, what comes back";

/* What a name is; *name loses the `www.` before a name that is one of many. */
static const char *name_of_many(struct view *name, bool *is_far)
{
    const char *what = shared_name(*name, is_far);

    if (what != NULL || name->len < 4 || !view_equal_fold(view_slice(*name, 0, 4), VIEW("www.")))
        return what;
    struct view bare = view_skip(*name, 4);
    what = shared_name(bare, is_far);
    if (what != NULL)
        *name = bare;
    return what;
}

/* The name that is all that a glob asks for, however it does so: the whole name, `endswith` or `contains` of it, with the
 * dot before it or without. Empty: another glob, or `startswith`, which asks for more than this name. */
static struct view glob_name(const struct predicate *p)
{
    size_t at = p->piece_count > 1 && p->pieces[0].kind == GLOB_ANY;
    bool has_rest = at + 2 == p->piece_count && p->pieces[at + 1].kind == GLOB_ANY;
    struct view name = view_make("", 0);

    if (at + 1 == p->piece_count || (at == 1 && has_rest))
        name = p->pieces[at].kind == GLOB_LITERAL ? p->pieces[at].bytes : name;
    if (at == 1 && name.len > 0 && name.data[0] == '.')
        name = view_skip(name, 1);
    return name;
}

static void tell_name(struct lint *lint, const struct predicate *p, struct view name,
                      const char *what, bool is_far)
{
    diagnostics_add(lint->diagnostics, is_far ? SEVERITY_NOTE : SEVERITY_WARNING, "shared-name",
                    p->place, HELP, "the rule rests on `%.*s`, which is %s", (int)name.len,
                    (const char *)name.data, what);
}

static void check_name(struct lint *lint, const struct predicate *p)
{
    struct view name = p->op == MATCH_DOMAIN ? p->bytes : glob_name(p);
    bool is_far, has_dot = view_find_byte(name, '.') != VIEW_NOT_FOUND;

    if (p->op == MATCH_GLOB &&
        (!field_holds_names(p->field) || (!has_dot && p->piece_count > 1 && !is_suffix(p))))
        return;
    const char *what = name_of_many(&name, &is_far);
    if (what != NULL)
        tell_name(lint, p, name, what, is_far);
}

/* Of the names that an expression spells out, the first that is everybody's, or else the first that is many's. */
static void check_regex(struct lint *lint, const struct predicate *p)
{
    struct view names[REGEX_NAMES_MAX], found = view_make("", 0);
    const char *told = NULL;
    bool is_told_far = true;

    if (!field_holds_names(p->field) || p->offsets.from != 0 || p->offsets.to != SIZE_MAX)
        return;
    size_t count = regex_names(lint->arena, p, names);
    for (size_t i = 0; i < count && is_told_far; i++) {
        bool is_far = false;
        const char *what = name_of_many(&names[i], &is_far);
        if (what == NULL || (told != NULL && is_far))
            continue;
        told = what;
        is_told_far = is_far;
        found = names[i];
    }
    if (told != NULL)
        tell_name(lint, p, found, told, is_told_far);
}

static void check_address(struct lint *lint, const struct predicate *p)
{
    bool is_rented;
    const char *what = shared_address(&p->address, p->prefix_bits, &is_rented);

    if (what != NULL)
        diagnostics_add(lint->diagnostics, is_rented ? SEVERITY_NOTE : SEVERITY_WARNING,
                        "shared-address", p->place,
                        "ask for something else as well: the name, the path, what comes back",
                        "the rule rests on `%s`, which is %s", p->text, what);
}

static void check_predicate(struct lint *lint, const struct predicate *p)
{
    if (p->is_negated || p->of != OF_VALUE)
        return;
    if (p->op == MATCH_DOMAIN || p->op == MATCH_GLOB)
        check_name(lint, p);
    else if (p->op == MATCH_REGEX)
        check_regex(lint, p);
    else if (p->op == MATCH_PREFIX)
        check_address(lint, p);
}

/* ---- lists ------------------------------------------------------------------------------------------------ */

/* Many rules may rest on one list. */
static bool is_first(struct lint *lint, const struct list *list)
{
    size_t at = 0;

    while (at < lint->rules->list_count && lint->rules->lists[at] != list)
        at++;
    bool was_told = lint->told_lists[at];
    lint->told_lists[at] = true;
    return !was_told;
}

/* What is told of the entries of a list in one message: the first of them, and how many there are. */
struct finds {
    const char *shown;
    size_t count;
};

static void add_find(struct lint *lint, struct finds *finds, const char *entry, const char *what)
{
    if (finds->count++ < SHOWN_MAX)
        finds->shown = finds->count == 1
                           ? arena_format(lint->arena, "`%s` (%s)", entry, what)
                           : arena_format(lint->arena, "%s, `%s` (%s)", finds->shown, entry, what);
}

static const char TAKE_OUT[] = "take them out, or ask for something else as well";

static void tell_finds(struct lint *lint, const struct list *list, const struct finds *finds,
                       enum severity severity, const char *id, const char *help)
{
    size_t more = finds->count > SHOWN_MAX ? finds->count - SHOWN_MAX : 0;

    if (finds->count > 0)
        diagnostics_add(lint->diagnostics, severity, id, list->place, help,
                        "a rule rests on the list `%s`, which holds %s%s", list->name, finds->shown,
                        more > 0 ? arena_format(lint->arena, " and %zu more", more) : "");
}

/* The host of a URL's key when nothing but the host is asked for; else empty. */
static struct view bare_host(struct view url)
{
    size_t slash = view_find_byte(url, '/');
    struct view host = view_slice(url, 0, slash == VIEW_NOT_FOUND ? url.len : slash);
    bool is_bare = slash == VIEW_NOT_FOUND || slash + 1 == url.len;

    return is_bare && view_find_byte(host, ':') == VIEW_NOT_FOUND ? host : view_make("", 0);
}

static void check_names(struct lint *lint, const struct list *list)
{
    struct finds near = {.count = 0}, far = {.count = 0};

    for (size_t i = 0; i < list->count; i++) {
        struct view name = list_key(list, i);
        bool is_far;
        if (list->type == LIST_URL)
            name = bare_host(name);
        const char *what = name_of_many(&name, &is_far);
        if (what != NULL)
            add_find(lint, is_far ? &far : &near, (const char *)arena_copy(lint->arena, name).data,
                     what);
    }
    tell_finds(lint, list, &near, SEVERITY_WARNING, "shared-name", TAKE_OUT);
    tell_finds(lint, list, &far, SEVERITY_NOTE, "shared-name", TAKE_OUT);
}

/* `10.0.0.0/8` of a key. */
static const char *range_text(struct lint *lint, const struct address *address, unsigned bits)
{
    char text[ADDRESS_TEXT_MAX];
    unsigned before = address_is_v4(address) && bits >= 96 ? 96 : 0;

    address_format(address, text);
    return bits == 128 ? arena_string(lint->arena, text)
                       : arena_format(lint->arena, "%s/%u", text, bits - before);
}

static void check_addresses(struct lint *lint, const struct list *list)
{
    struct finds shared = {.count = 0}, rented = {.count = 0}, reserved = {.count = 0};

    for (size_t i = 0; i < list->count; i++) {
        struct view key = list_key(list, i);
        struct address address = address_from_v6(key.data);
        unsigned bits = key.data[KEY_ADDRESS_LEN - 1];
        bool is_rented;
        const char *what = shared_address(&address, bits, &is_rented);
        const char *kept = reserved_address(&address, bits);
        if (what != NULL)
            add_find(lint, is_rented ? &rented : &shared, range_text(lint, &address, bits), what);
        else if (kept != NULL)
            add_find(lint, &reserved, range_text(lint, &address, bits), kept);
    }
    tell_finds(lint, list, &shared, SEVERITY_WARNING, "shared-address", TAKE_OUT);
    tell_finds(lint, list, &rented, SEVERITY_NOTE, "shared-address",
               "have it expire, or ask for something else as well");
    tell_finds(lint, list, &reserved, SEVERITY_NOTE, "reserved-address",
               "take them out, unless the list is one of your own addresses");
}

static void check_list(struct lint *lint, const struct predicate *p)
{
    const struct list *list = p->list;
    bool has_names = list->type == LIST_DOMAIN || list->type == LIST_URL ||
                     (list->type == LIST_STRING && field_holds_names(p->field));

    if (p->is_negated || (!has_names && list->type != LIST_IP) || !is_first(lint, list))
        return;
    if (has_names)
        check_names(lint, list);
    else
        check_addresses(lint, list);
}

/* What the condition is true by alone. */
static void walk(struct lint *lint, const struct node *node)
{
    if (node->kind == NODE_PREDICATE && node->predicate->op == MATCH_LIST)
        check_list(lint, node->predicate);
    else if (node->kind == NODE_PREDICATE)
        check_predicate(lint, node->predicate);
    else if (node->kind == NODE_OR) {
        for (size_t i = 0; i < node->count; i++)
            walk(lint, node->children[i]);
    }
}

void lint_names(struct lint *lint)
{
    if (lint->rule->level >= LEVEL_MEDIUM)
        walk(lint, lint->rule->condition);
}
