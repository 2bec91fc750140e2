/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of rule/ share: loading a text, and writing a condition as one line. */
#ifndef SHRIKE_TESTS_UNIT_RULE_LOAD_H
#define SHRIKE_TESTS_UNIT_RULE_LOAD_H

#include "unit/test.h"

#include "base/buf.h"
#include "fields/transform.h"
#include "rule/list.h"
#include "sigma/rules.h"

struct loaded {
    struct rules *rules;
    struct diagnostics diagnostics;
    struct buf text;
};

static inline struct loaded load(const char *text)
{
    struct loaded loaded = {.rules = rules_new()};
    diagnostics_init(&loaded.diagnostics);
    buf_init(&loaded.text, 1 << 20);
    rules_load_text(loaded.rules, "test.yml", view_from_string(text), &loaded.diagnostics);
    rules_finish(loaded.rules, &loaded.diagnostics);
    diagnostics_sort(&loaded.diagnostics);
    return loaded;
}

static inline void unload(struct loaded *loaded)
{
    buf_clear(&loaded->text);
    diagnostics_clear(&loaded->diagnostics);
    rules_free(loaded->rules);
}

/* The id of the only fault, or "" when there is none. */
static inline const char *only_fault(const struct loaded *loaded)
{
    return loaded->diagnostics.count == 1   ? loaded->diagnostics.items[0].id
           : loaded->diagnostics.count == 0 ? ""
                                            : "several";
}

static inline void write_bytes(struct buf *out, struct view bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] >= 0x20 && bytes.data[i] < 0x7f)
            buf_byte(out, bytes.data[i]);
        else
            buf_format(out, "{%02x}", bytes.data[i]);
    }
}

/* "[bytes 61 +0<4, not left 3]": one after the other. */
static inline void write_steps(struct buf *out, const struct predicate *p)
{
    static const char *const KINDS[] = {"bytes", "regex", "number", "jump", "left"};
    static const char *const COMPARES[] = {"=", "!=", "<", "<=", ">", ">=", "&", "!&"};

    for (size_t i = 0; i < p->step_count; i++) {
        const struct step *s = &p->steps[i];
        buf_string(out, i > 0 ? ", " : "[");
        buf_format(out, "%s%s", s->is_negated ? "not " : "", KINDS[s->kind]);
        if (s->kind == STEP_BYTES || s->kind == STEP_REGEX) {
            buf_string(out, s->is_cased ? " \"" : " '");
            write_bytes(out, s->bytes);
            buf_byte(out, s->is_cased ? '"' : '\'');
        }
        if (s->kind == STEP_NUMBER || s->kind == STEP_JUMP)
            buf_format(out, " %u%s base %u", s->width, s->is_little ? " little" : "", s->base);
        if (s->kind == STEP_NUMBER)
            buf_format(out, " %s %llu", COMPARES[s->compare], (unsigned long long)s->number);
        if (s->kind == STEP_LEFT)
            buf_format(out, " %llu", (unsigned long long)s->number);
        if (s->is_relative)
            buf_format(out, " +%lld", (long long)s->distance);
        if (s->within != SIZE_MAX)
            buf_format(out, "<%zu", s->within);
        if (s->offsets.is_exact)
            buf_format(out, " at %zu", s->offsets.from);
        else if (s->offsets.from != 0 || s->offsets.to != SIZE_MAX)
            buf_format(out, " in %zu..%zu", s->offsets.from, s->offsets.to);
        if (s->is_at_end)
            buf_text(out, " end");
    }
    buf_byte(out, ']');
}

static inline void write_predicate(struct buf *out, const struct predicate *p)
{
    static const char *const COMPARES[] = {"=", "<", "<=", ">", ">="};
    static const char *const OF[] = {"",      "len ", "count ", "entropy ", "minute ",
                                     "hour ", "day ", "week ",  "month ",   "year "};
    char text[ADDRESS_TEXT_MAX];

    buf_string(out, p->is_negated ? "!" : "");
    buf_string(out, p->field == FIELD_NONE ? "any" : field_get(p->field)->name);
    if (p->header_name.len > 0) {
        buf_byte(out, '.');
        buf_add(out, p->header_name);
    }
    for (unsigned i = 0; transform_list_get(p->transforms, i) != TRANSFORM_NONE; i++)
        buf_format(out, "|%s", transform_name(transform_list_get(p->transforms, i)));
    buf_byte(out, ' ');
    switch (p->op) {
    case MATCH_GLOB:
        buf_byte(out, p->is_cased ? '"' : '\'');
        for (size_t i = 0; i < p->piece_count; i++) {
            if (p->pieces[i].kind == GLOB_LITERAL)
                write_bytes(out, p->pieces[i].bytes);
            else
                buf_string(out, p->pieces[i].kind == GLOB_ANY ? "<any>" : "<one>");
        }
        buf_byte(out, p->is_cased ? '"' : '\'');
        break;
    case MATCH_REGEX:
        buf_byte(out, '/');
        write_bytes(out, p->bytes);
        buf_format(out, "/%s%s%s", p->regex_flags & REGEX_CASELESS ? "i" : "",
                   p->regex_flags & REGEX_MULTILINE ? "m" : "",
                   p->regex_flags & REGEX_DOTALL ? "s" : "");
        break;
    case MATCH_HEX:
        buf_text(out, "hex ");
        buf_hex(out, p->bytes);
        if (p->mask.len > 0) {
            buf_byte(out, '&');
            buf_hex(out, p->mask);
        }
        break;
    case MATCH_NUMBER:
        buf_format(out, "%s%s %lld", OF[p->of], COMPARES[p->compare], (long long)p->number);
        break;
    case MATCH_PREFIX:
        buf_format(out, "in %s/%u", address_format(&p->address, text), p->prefix_bits);
        break;
    case MATCH_DOMAIN:
        buf_text(out, "under ");
        buf_add(out, p->bytes);
        break;
    case MATCH_EXISTS:
        buf_string(out, p->wanted ? "exists" : "absent");
        break;
    case MATCH_FIELD:
        buf_format(out, "%s %s",
                   p->has_before && p->has_after ? "holds"
                   : p->has_before               ? "ends in"
                   : p->has_after                ? "starts with"
                                                 : "same as",
                   field_get(p->other)->name);
        break;
    case MATCH_LIST:
        buf_format(out, "in list %s", p->list->name);
        if (p->confidence.is_asked)
            buf_format(out, " sure %u..%u", p->confidence.from, p->confidence.to);
        break;
    case MATCH_SEQUENCE:
        write_steps(out, p);
        break;
    case MATCH_MARK:
        buf_text(out, "has ");
        write_bytes(out, p->bytes);
        break;
    }
    if (p->offsets.is_exact)
        buf_format(out, " at %zu", p->offsets.from);
    else if (p->offsets.from != 0 || p->offsets.to != SIZE_MAX)
        buf_format(out, " in %zu..%zu", p->offsets.from, p->offsets.to);
}

/* Recursion is over the small trees of the tests. */
static inline void write_node(struct buf *out, const struct node *node)
{
    switch (node->kind) {
    case NODE_PREDICATE:
        write_predicate(out, node->predicate);
        return;
    case NODE_TRUE:
        buf_text(out, "true");
        return;
    case NODE_FALSE:
        buf_text(out, "false");
        return;
    case NODE_NOT:
        buf_text(out, "not ");
        write_node(out, node->children[0]);
        return;
    case NODE_AND:
    case NODE_OR:
        buf_byte(out, '(');
        for (size_t i = 0; i < node->count; i++) {
            if (i > 0)
                buf_string(out, node->kind == NODE_AND ? " and " : " or ");
            write_node(out, node->children[i]);
        }
        buf_byte(out, ')');
        return;
    }
}

/* The condition of the first rule as text; "" when no rule was kept. */
static inline const char *condition_of(struct loaded *loaded)
{
    buf_reset(&loaded->text);
    if (loaded->rules->count > 0)
        write_node(&loaded->text, loaded->rules->items[0]->condition);
    buf_byte(&loaded->text, '\0');
    return (const char *)loaded->text.data;
}

#define RULE_HEAD(service)                                                                         \
    "title: t\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: high\n"                            \
    "logsource: {product: shrike, service: " service "}\n"

#endif
