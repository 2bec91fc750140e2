/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes: what readers ask of the tree that yaml.c built. */
#include "yaml/yaml.h"

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    struct view name = view_from_string(key);

    if (map == NULL || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (view_equal(map->keys[i]->text, name))
            return map->items[i];
    }
    return NULL;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void move_place(struct place *place, uint8_t c)
{
    if (c == '\n') {
        place->line++;
        place->column = 1;
    } else if ((c & 0xc0) != 0x80) {
        place->column++;
    }
}

/* Folding and indentation change nothing but blanks: the n-th other byte of the text is that of the file. */
static struct place place_in_lines(const struct yaml_node *scalar, size_t offset)
{
    struct place place = scalar->place;
    struct view source = scalar->source;
    size_t before = 0, at = 0;

    for (size_t i = 0; i < offset && i < scalar->text.len; i++)
        before += !is_blank(scalar->text.data[i]);
    if (source.data[0] == '>' ||
        source.data[0] == '|') { /* the line of the indicator is not text */
        while (at < source.len && source.data[at] != '\n')
            move_place(&place, source.data[at++]);
    }
    for (; at < source.len; at++) {
        if (!is_blank(source.data[at]) && before-- == 0)
            return place;
        move_place(&place, source.data[at]);
    }
    return scalar->place;
}

struct place yaml_place_in(const struct yaml_node *scalar, size_t offset)
{
    struct place place = scalar->place;

    if (scalar->source.len > 0 && offset < scalar->text.len)
        return place_in_lines(scalar, offset);
    if (scalar->is_one_line)
        place.column += (unsigned)offset + scalar->is_quoted;
    return place;
}

bool yaml_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->is_plain &&
           (node->text.len == 0 || view_equal(node->text, VIEW("~")) ||
            view_equal(node->text, VIEW("null")) || view_equal(node->text, VIEW("Null")) ||
            view_equal(node->text, VIEW("NULL")));
}

bool yaml_parse_bool(const struct yaml_node *node, bool *out)
{
    static const char *const WORDS[] = {"false", "true", "no", "yes", "off", "on"};

    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (node->kind == YAML_SCALAR && view_equal_fold(node->text, view_from_string(WORDS[i]))) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
    static const char *const NAMES[] = {"a single value", "a list", "a map"};
    return NAMES[kind];
}
