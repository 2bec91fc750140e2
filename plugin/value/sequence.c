/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequence: `sequence:` and `bytes:` of the map form become steps.
 *
 *   payload:
 *     sequence:
 *       - {contains: 'USER ', at: 0}
 *       - {re: '[a-z]{2,8}', distance: 0}          counts from where the step before ended
 *       - {hex: '0d 0a', distance: 0, within: 2}
 *       - {not: true, contains: 'PASS', distance: 0, within: 40}
 *       - {bytes: 2, distance: 0, endian: little, gt: 512}
 *       - {jump: 2, distance: 0, add: 4}           where the next step counts from
 *       - {left: 10}                               so many bytes follow
 *   payload: {bytes: 4, at: 2, gte: 65536}         one step alone
 *
 * Keys       a step has one of the six kinds and keys of its own for it: rows of KEYS say which key goes with
 *            which kinds and where it is kept. Every fault of a step is told.
 */
#include "value/sequence.h"

#include <stdarg.h>

#include "value/wildcard.h"

enum { SEQUENCE_MAX = 64, STEP_WIDTH_MAX = 8, DIGITS_MAX = 23 };

/* Kinds, as bits: which steps a key belongs to. */
enum {
    TEXT = 1,
    HEX = 2,
    RE = 4,
    NUMBER = 8,
    JUMP = 16,
    LEFT = 32,
    SEARCH = TEXT | HEX | RE,
    READ = NUMBER | JUMP,
};

struct reader {
    struct loader *l;
    const struct question *q;
    struct step *step;
    unsigned kind; /* one of the bits; 0 before it is known */
    bool has_failed, has_place, has_distance, has_compare;
};

typedef void read_key_fn(struct reader *r, const struct yaml_node *key,
                         const struct yaml_node *node);

static void fault(struct reader *r, struct place place, const char *id, const char *help,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

static void fault(struct reader *r, struct place place, const char *id, const char *help,
                  const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    loader_error(r->l, place, id, help, "%s", text);
    r->has_failed = true;
}

/* --- numbers ------------------------------------------------------------------------------------- */

/* A whole number within bounds; 0 after a fault. */
static int64_t read_whole(struct reader *r, const struct yaml_node *key,
                          const struct yaml_node *node, int64_t least, int64_t most)
{
    int64_t number = 0;

    if (node->kind == YAML_SCALAR && loader_parse_number(node->text, &number) && number >= least &&
        number <= most)
        return number;
    fault(r, node->place, "step-number", NULL,
          "`%s` has to be a whole number between %lld and %lld", loader_shown(r->l, key->text),
          (long long)least, (long long)most);
    return 0;
}

static void read_at(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->offsets.from = (size_t)read_whole(r, key, node, 0, UINT32_MAX);
    r->step->offsets.is_exact = true;
    r->has_place = true;
}

static void read_from(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->offsets.from = (size_t)read_whole(r, key, node, 0, UINT32_MAX);
    r->has_place = true;
}

static void read_to(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->offsets.to = (size_t)read_whole(r, key, node, 1, UINT32_MAX);
}

static void read_distance(struct reader *r, const struct yaml_node *key,
                          const struct yaml_node *node)
{
    r->step->distance = read_whole(r, key, node, -(int64_t)UINT32_MAX, UINT32_MAX);
    r->step->is_relative = true;
    r->has_distance = true;
}

static void read_within(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->within = (size_t)read_whole(r, key, node, 1, UINT32_MAX);
    r->step->is_relative = true;
}

static void read_multiply(struct reader *r, const struct yaml_node *key,
                          const struct yaml_node *node)
{
    r->step->multiply = (uint32_t)read_whole(r, key, node, 1, 65536);
}

static void read_align(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->align = (uint32_t)read_whole(r, key, node, 2, 64);
}

static void read_add(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->add = read_whole(r, key, node, -65535, 65535);
}

static void read_mask(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->number_mask = (uint64_t)read_whole(r, key, node, 1, INT64_MAX);
}

/* --- words --------------------------------------------------------------------------------------- */

/* Index of a scalar among words, or -1 with a fault. */
static int read_word(struct reader *r, const struct yaml_node *key, const struct yaml_node *node,
                     const char *const *words, size_t count, const char *help)
{
    for (size_t i = 0; i < count; i++) {
        if (node->kind == YAML_SCALAR && view_equal(node->text, view_from_string(words[i])))
            return (int)i;
    }
    fault(r, node->place, "step-word", help, "`%s` cannot be that", loader_shown(r->l, key->text));
    return -1;
}

static bool read_bool(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    static const char *const WORDS[] = {"false", "true"};
    return read_word(r, key, node, WORDS, 2, "write true or false") == 1;
}

static void read_not(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->is_negated = read_bool(r, key, node);
}

static void read_end(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->is_at_end = read_bool(r, key, node);
}

static void read_endian(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    static const char *const WORDS[] = {"big", "little"};
    r->step->is_little = read_word(r, key, node, WORDS, 2, "write big or little") == 1;
}

static void read_base(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    static const char *const WORDS[] = {"binary", "oct", "dec", "hex"};
    static const unsigned BASES[] = {0, 8, 10, 16};
    int word = read_word(r, key, node, WORDS, 4, "write binary, or oct, dec or hex for digits");
    r->step->base = word > 0 ? BASES[word] : 0;
}

static void read_origin(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    static const char *const WORDS[] = {"here", "start", "end"};
    int word = read_word(r, key, node, WORDS, 3, "write here, start or end");
    r->step->origin = word > 0 ? (enum step_origin)word : ORIGIN_HERE;
}

static void read_compare(struct reader *r, const struct yaml_node *key,
                         const struct yaml_node *node)
{
    static const char *const WORDS[] = {"eq", "ne", "lt", "lte", "gt", "gte", "and", "nand"};

    if (r->has_compare)
        fault(r, key->place, "step-compare", "write two steps", "a second comparison, `%s`",
              loader_shown(r->l, key->text));
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (view_equal(key->text, view_from_string(WORDS[i])))
            r->step->compare = (enum step_compare)i;
    }
    r->step->number = (uint64_t)read_whole(r, key, node, 0, INT64_MAX);
    r->has_compare = true;
}

/* --- kinds --------------------------------------------------------------------------------------- */

static bool read_scalar(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR && node->text.len > 0)
        return true;
    fault(r, node->place, "wrong-kind", "write one value; another one is another step",
          "`%s` of a step has to be a single value", loader_shown(r->l, key->text));
    return false;
}

static void read_contains(struct reader *r, const struct yaml_node *key,
                          const struct yaml_node *node)
{
    if (!read_scalar(r, key, node))
        return;
    struct text text = text_parse(r->l->arena, node->text);
    if (!text_is_literal(&text, &r->step->bytes))
        fault(r, node->place, "step-wildcard",
              "escape it (`\\*`, `\\?`), or write two steps with a distance",
              "a wildcard in a step: %s", loader_shown(r->l, node->text));
    r->step->kind = STEP_BYTES;
}

static void read_hex_bytes(struct reader *r, const struct yaml_node *key,
                           const struct yaml_node *node)
{
    if (!read_scalar(r, key, node))
        return;
    if (!value_parse_hex(r->l, node->text, &r->step->bytes, &r->step->mask))
        fault(r, node->place, "hex-value",
              "write pairs of hex digits, `??` for any byte: `16 03 ?? 00`",
              "`%s` is not a row of bytes in hexadecimal", loader_shown(r->l, node->text));
    r->step->kind = STEP_BYTES;
    r->step->is_cased = true;
}

static void read_re(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    if (!read_scalar(r, key, node))
        return;
    r->step->kind = STEP_REGEX;
    r->step->bytes = arena_copy(r->l->arena, node->text);
    r->has_failed |= !value_check_regex(r->l, node);
}

static void read_number_width(struct reader *r, const struct yaml_node *key,
                              const struct yaml_node *node)
{
    r->step->kind = STEP_NUMBER;
    r->step->width = (unsigned)read_whole(r, key, node, 1, DIGITS_MAX);
}

static void read_jump_width(struct reader *r, const struct yaml_node *key,
                            const struct yaml_node *node)
{
    r->step->kind = STEP_JUMP;
    r->step->width = (unsigned)read_whole(r, key, node, 0, DIGITS_MAX);
}

static void read_left(struct reader *r, const struct yaml_node *key, const struct yaml_node *node)
{
    r->step->kind = STEP_LEFT;
    r->step->is_relative = true;
    r->step->number = (uint64_t)read_whole(r, key, node, 0, UINT32_MAX);
}

/* `makes`: the kind that the key gives the step; `goes_with`: the kinds that it belongs to. */
static const struct key {
    const char *name;
    unsigned makes, goes_with;
    read_key_fn *read;
} KEYS[] = {
    {"contains", TEXT, TEXT, read_contains},
    {"hex", HEX, HEX, read_hex_bytes},
    {"re", RE, RE, read_re},
    {"bytes", NUMBER, NUMBER, read_number_width},
    {"jump", JUMP, JUMP, read_jump_width},
    {"left", LEFT, LEFT, read_left},
    {"not", 0, SEARCH | NUMBER | LEFT, read_not},
    {"at", 0, SEARCH | READ, read_at},
    {"from", 0, SEARCH, read_from},
    {"to", 0, SEARCH, read_to},
    {"distance", 0, SEARCH | READ, read_distance},
    {"within", 0, SEARCH, read_within},
    {"end", 0, TEXT | HEX, read_end},
    {"endian", 0, READ, read_endian},
    {"base", 0, READ, read_base},
    {"mask", 0, READ, read_mask},
    {"multiply", 0, JUMP, read_multiply},
    {"align", 0, JUMP, read_align},
    {"add", 0, JUMP, read_add},
    {"origin", 0, JUMP, read_origin},
    {"eq", 0, NUMBER, read_compare},
    {"ne", 0, NUMBER, read_compare},
    {"lt", 0, NUMBER, read_compare},
    {"lte", 0, NUMBER, read_compare},
    {"gt", 0, NUMBER, read_compare},
    {"gte", 0, NUMBER, read_compare},
    {"and", 0, NUMBER, read_compare},
    {"nand", 0, NUMBER, read_compare},
};

enum { KEY_COUNT = sizeof(KEYS) / sizeof(KEYS[0]) };

static const struct key *find_key(struct view name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (view_equal(name, view_from_string(KEYS[i].name)))
            return &KEYS[i];
    }
    return NULL;
}

/* `contains|cased`, `re|i|m|s`. */
static void read_flags(struct reader *r, const struct yaml_node *key, struct view flags,
                       unsigned kind)
{
    while (flags.len > 0) {
        flags = view_skip(flags, 1); /* the bar */
        size_t end = view_find_byte(flags, '|');
        struct view name = view_slice(flags, 0, end);
        if (kind == TEXT && view_equal(name, VIEW("cased")))
            r->step->is_cased = true;
        else if (kind == RE && view_equal(name, VIEW("i")))
            r->step->regex_flags |= REGEX_CASELESS;
        else if (kind == RE && view_equal(name, VIEW("m")))
            r->step->regex_flags |= REGEX_MULTILINE;
        else if (kind == RE && view_equal(name, VIEW("s")))
            r->step->regex_flags |= REGEX_DOTALL;
        else
            fault(r, key->place, "step-modifier",
                  "a step has `contains`, `contains|cased`, `hex` and `re` with i, m, s",
                  "`%s` is no modifier of a step", loader_shown(r->l, name));
        flags = end == VIEW_NOT_FOUND ? view_skip(flags, flags.len) : view_skip(flags, end);
    }
}

/* Which kind of step the map is; 0 after a fault. */
static unsigned kind_of(struct reader *r, const struct yaml_node *map)
{
    unsigned kind = 0;

    for (size_t i = 0; i < map->count; i++) {
        struct view name =
            view_slice(map->keys[i]->text, 0, view_find_byte(map->keys[i]->text, '|'));
        const struct key *key = find_key(name);
        if (key == NULL || key->makes == 0)
            continue;
        if (kind != 0)
            fault(r, map->keys[i]->place, "step-kind", "write two steps",
                  "a step is one thing, and `%s` is a second", key->name);
        kind = key->makes;
    }
    if (kind == 0)
        fault(r, map->place, "step-kind", "write `- {contains: 'USER ', at: 0}`",
              "a step needs one of contains, hex, re, bytes, jump, left");
    return kind;
}

static void read_entry(struct reader *r, const struct yaml_node *key_node,
                       const struct yaml_node *node)
{
    size_t bar = view_find_byte(key_node->text, '|');
    struct view name = view_slice(key_node->text, 0, bar);
    const struct key *key = find_key(name);
    const char *names[KEY_COUNT];

    if (key == NULL) {
        for (size_t i = 0; i < KEY_COUNT; i++)
            names[i] = KEYS[i].name;
        fault(r, key_node->place, "unknown-key",
              loader_did_you_mean(r->l, nearest_name(name, names, KEY_COUNT),
                                  "see \"Sequences\" in docs/language.md"),
              "a step has no key `%s`", loader_shown(r->l, name));
        return;
    }
    if ((key->goes_with & r->kind) == 0) {
        fault(r, key_node->place, "step-key", "see \"Sequences\" in docs/language.md",
              "`%s` does not go with this kind of step", key->name);
        return;
    }
    if (bar != VIEW_NOT_FOUND)
        read_flags(r, key_node, view_skip(key_node->text, bar), key->makes);
    key->read(r, key_node, node);
}

/* What keys say together. */
static void check_step(struct reader *r, const struct yaml_node *map)
{
    const struct step *step = r->step;
    bool is_search = (r->kind & SEARCH) != 0;

    if (step->offsets.is_exact && step->is_relative)
        fault(r, map->place, "offset", "drop one of them",
              "`at` counts from the value's start and `distance` from the step before");
    if (!is_search && (r->kind & READ) != 0 && !step->offsets.is_exact && !r->has_distance)
        fault(r, map->place, "offset", "write `at: 0`, or `distance: 0`",
              "a number needs its place");
    if (r->kind == NUMBER && !r->has_compare)
        fault(r, map->place, "step-compare", "write `gt: 100`",
              "a number is compared with nothing");
    if ((r->kind & READ) != 0 && step->base == 0 && step->width > STEP_WIDTH_MAX)
        fault(r, map->place, "step-width", "write `base: dec` where digits stand",
              "a binary number has at most 8 bytes");
    if (step->offsets.to <= step->offsets.from)
        fault(r, map->place, "offset", "`to` is the offset after the last byte",
              "the range of offsets is empty");
    else if (step->kind == STEP_BYTES && !r->has_failed &&
             (step->offsets.to - step->offsets.from < step->bytes.len ||
              step->within < step->bytes.len))
        fault(r, map->place, "offset", "make the range longer, or the value shorter",
              "the value does not fit into its range");
}

static bool read_step(struct loader *l, const struct question *q, const struct yaml_node *map,
                      struct step *step)
{
    struct reader r = {.l = l, .q = q, .step = step};

    *step = (struct step){
        .within = SIZE_MAX, .offsets = {.to = SIZE_MAX}, .multiply = 1, .place = map->place};
    if (map->kind != YAML_MAP) {
        loader_error(l, map->place, "wrong-kind", "write `- {contains: 'USER ', at: 0}`",
                     "a step has to be a map, here is %s", yaml_kind_name(map->kind));
        return false;
    }
    r.kind = kind_of(&r, map);
    if (r.has_failed)
        return false;
    for (size_t i = 0; i < map->count; i++)
        read_entry(&r, map->keys[i], map->items[i]);
    check_step(&r, map);
    return !r.has_failed;
}

/* --- predicates ---------------------------------------------------------------------------------- */

static bool suits(struct loader *l, const struct question *q, struct place place)
{
    if (q->modifiers != 0 && q->modifiers != UINT64_C(1) << MODIFIER_NEQ) {
        loader_error(l, place, "modifiers", "write them into the steps",
                     "the key of a sequence has no modifier but `neq`");
        return false;
    }
    if (q->field == FIELD_NONE || question_type(q) != TYPE_BYTES) {
        loader_error(l, place, "field-type", "name a field of bytes",
                     "a sequence is looked for in a field of bytes");
        return false;
    }
    return true;
}

static struct node *make(struct loader *l, const struct question *q, const struct yaml_node *whole,
                         struct step *steps, size_t count)
{
    struct yaml_node shown = *whole;

    shown.text =
        view_from_string(arena_format(l->arena, count == 1 ? "{%zu step}" : "{%zu steps}", count));
    struct predicate *p = value_predicate(l, q, &shown, MATCH_SEQUENCE);
    p->steps = steps;
    p->step_count = count;
    p->is_cased = true;
    return node_predicate(l->arena, p);
}

struct node *value_sequence(struct loader *l, const struct question *q,
                            const struct yaml_node *list)
{
    bool has_failed = false, has_positive = false;

    if (list->kind != YAML_LIST || list->count == 0 || list->count > SEQUENCE_MAX) {
        loader_error(l, list->place, "sequence", "write one map a step, below each other",
                     "a sequence has to be a list of 1 to %d steps", SEQUENCE_MAX);
        return NULL;
    }
    if (!suits(l, q, list->place))
        return NULL;
    struct step *steps = arena_array(l->arena, list->count, sizeof(*steps));
    for (size_t i = 0; i < list->count; i++) {
        has_failed |= !read_step(l, q, list->items[i], &steps[i]);
        has_positive |= !steps[i].is_negated;
    }
    if (!has_failed && !has_positive)
        loader_note(l, list->place, "sequence", NULL,
                    "every step of the sequence is a `not`: any value without them has it");
    return has_failed ? NULL : make(l, q, list, steps, list->count);
}

struct node *value_step(struct loader *l, const struct question *q, const struct yaml_node *map)
{
    struct step *step = arena_alloc(l->arena, sizeof(*step));

    if (!suits(l, q, map->place) || !read_step(l, q, map, step))
        return NULL;
    return make(l, q, map, step, 1);
}
