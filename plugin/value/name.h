/* SPDX-License-Identifier: BSD-3-Clause */
/* Name: values of fields that hold names of hosts, where they go beyond ASCII. */
#ifndef SHRIKE_VALUE_NAME_H
#define SHRIKE_VALUE_NAME_H

#include "value/value.h"
#include "value/wildcard.h"

/* The one text that `texts` holds becomes two where it is a name beyond ASCII, or whole labels of one: itself, since some
 * send UTF-8, and its A-labels. A part of a label, which has no such form, is told. False after an error. */
bool name_add_labels(struct loader *l, const struct question *q, const struct yaml_node *scalar,
                     struct texts *texts);
/* Tells when letters beyond ASCII stand in an expression over names. */
void name_check_regex(struct loader *l, const struct question *q, const struct yaml_node *scalar);
/* The value of `domain` with A-labels; empty, and told, when it has none. ASCII stays as it is. */
struct view name_of_domain(struct loader *l, const struct yaml_node *scalar);

#endif
