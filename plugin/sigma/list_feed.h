/* SPDX-License-Identifier: BSD-3-Clause */
/* List feed: entries of a list from a foreign file (STIX, MISP, Zeek, Maltrail, ...). */
#ifndef SHRIKE_SIGMA_LIST_FEED_H
#define SHRIKE_SIGMA_LIST_FEED_H

#include "rule/loader.h"

struct list_feed {
    struct loader *l;
    const char *type; /* of the list, as it is written */
    const char *path;
    struct view text;               /* lives as long as the rules */
    const struct yaml_node *format; /* NULL: told by the content */
    struct place place;             /* of `file` in the list document */
    void *context;
    /* `entry` has note, confidence and valid_until_s; its value is still to be read. */
    void (*add)(void *context, struct view value, struct list_entry entry, struct place place);
};

/* Whether a file without `format` is one for list_feed_read(): JSON, Zeek intelligence or Maltrail trails. */
bool list_feed_is_one(const char *path, struct view text);
void list_feed_read(const struct list_feed *feed);

#endif
