/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequence: steps over one value, from the map form. */
#ifndef SHRIKE_VALUE_SEQUENCE_H
#define SHRIKE_VALUE_SEQUENCE_H

#include "value/value.h"

/* `payload: {sequence: [...]}`: the list of steps. NULL after faults. */
struct node *value_sequence(struct loader *l, const struct question *q,
                            const struct yaml_node *list);
/* `payload: {bytes: 2, at: 0, gt: 100}`: one step as a value. NULL after faults. */
struct node *value_step(struct loader *l, const struct question *q, const struct yaml_node *map);

#endif
