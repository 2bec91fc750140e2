/* SPDX-License-Identifier: BSD-3-Clause */
/* List feed: entries of a list from a foreign file (STIX, MISP, Zeek, Maltrail, ...). */
#ifndef SHRIKE_SIGMA_LIST_FEED_H
#define SHRIKE_SIGMA_LIST_FEED_H

#include "rule/list.h"
#include "rule/loader.h"

struct list_feed {
    struct loader *l;
    const char *type; /* of the list, as it is written */
    const char *path;
    struct view text;
    const struct yaml_node *format;  /* NULL: told by the content */
    const struct yaml_node *column;  /* of the values, by name or number; NULL: known by its name */
    const struct yaml_node *columns; /* a map: `value`, `note`, ... to names or numbers; or NULL */
    bool is_csv;                     /* without `format` */
    struct place place;              /* of `file` in the list document */
    void *context;
    /* `value` and `entry` live until it returns. */
    void (*add)(void *context, struct view value, const struct list_entry *entry,
                struct place place);
    /* A value of a column that is named in the document and is not of the list's type. */
    void (*fault)(void *context, struct view value, struct place place);
};

/* Whether a file without `format` is one for list_feed_read(): JSON, Zeek intelligence or Maltrail trails. */
bool list_feed_is_one(const char *path, struct view text);
void list_feed_read(const struct list_feed *feed);

#endif
