/* SPDX-License-Identifier: BSD-3-Clause */
/* Detection: selections and the condition that joins them. */
#ifndef SHRIKE_SIGMA_DETECTION_H
#define SHRIKE_SIGMA_DETECTION_H

#include "rule/loader.h"

/* Sets the condition of the rule being read. */
void detection_read(struct loader *l, const struct yaml_node *node);
/* Of `filter:`: the condition of what it silences, however it is written. */
void detection_read_filter(struct loader *l, const struct yaml_node *node);

#endif
