/* SPDX-License-Identifier: BSD-3-Clause */
/* Write: rules and lists as YAML documents. */
#ifndef SHRIKE_IMPORT_SURICATA_WRITE_H
#define SHRIKE_IMPORT_SURICATA_WRITE_H

#include "base/buf.h"
#include "import/suricata/meaning.h"

/* Appends a document; -1 when `out` is full. `number`: tells rules of one sid apart. */
int write_rule(struct arena *arena, const struct model *rule, const struct meaning *m,
               struct buf *out);
int write_list(struct arena *arena, const struct net_list *list, struct buf *out);

#endif
