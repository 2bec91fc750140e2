/* SPDX-License-Identifier: BSD-3-Clause */
/* Aggregation: `| count() by src_ip > 10`, as conditions of the older Sigma have it. */
#ifndef SHRIKE_SIGMA_AGGREGATION_H
#define SHRIKE_SIGMA_AGGREGATION_H

#include "sigma/condition.h"

/* Checks it as the correlation that it means, and refuses the rule being read, which this version cannot evaluate.
 * `timeframe` is NULL when there is none. */
void aggregation_read(struct loader *l, const struct condition_tail *tail,
                      const struct yaml_node *timeframe);

#endif
