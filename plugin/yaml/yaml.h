/* SPDX-License-Identifier: BSD-3-Clause */
/* YAML: a text becomes, document by document, a tree in which every node knows its line and column.
 *
 * Aliases share the node that they name: the tree is then a graph without cycles. All of it lives in
 * an arena that is freed when the document's callback returns: what is kept must be copied.
 */
#ifndef SHRIKE_YAML_YAML_H
#define SHRIKE_YAML_YAML_H

#include "base/arena.h"
#include "base/error.h"

enum {
    YAML_DEPTH_MAX = 64,
    YAML_SIZE_MAX = 64 << 20, /* bytes of one text */
    YAML_NODES_MAX = 4 << 20, /* nodes of one document */
    YAML_ALIASED_MAX = 10000, /* nodes that the aliases of one document stand for */
    YAML_ANCHORS_MAX = 256,
};

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    bool is_plain; /* a scalar without quotes or tag: only such a one can mean null */
    bool is_quoted;
    bool is_one_line;
    struct place place;
    struct view text; /* scalar; followed by a NUL that is not counted */
    struct view
        source; /* scalar of several lines without quotes: the file from its first byte on */
    struct yaml_node **items; /* list: its items; map: its values */
    struct yaml_node **keys;  /* map: scalars, all different */
    size_t count;
    size_t weight;   /* nodes below and this one, aliases followed */
    unsigned height; /* levels below */
};

typedef void yaml_document_fn(void *context, const struct yaml_node *root);

/* Calls `on_document` for every document that is sound and not empty; faults go to `diagnostics`. After
 * a fault reading goes on at the next `---` line. Returns the number of documents seen. */
size_t yaml_read(const char *file, struct view text, struct diagnostics *diagnostics,
                 yaml_document_fn *on_document, void *context);

/* The value of a key; NULL when the map has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The place of byte `offset` of a scalar's text; its beginning when that is in quotes and of several lines. */
struct place yaml_place_in(const struct yaml_node *scalar, size_t offset);
/* An unquoted null, ~ or nothing. */
bool yaml_is_null(const struct yaml_node *node);
/* true, false, yes, no, on, off in any case; false when it is none of them. */
bool yaml_parse_bool(const struct yaml_node *node, bool *out);
const char *yaml_kind_name(enum yaml_kind kind); /* "a list" */

#endif
