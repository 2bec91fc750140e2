/* SPDX-License-Identifier: BSD-3-Clause */
/* Log source: which event a rule looks at. */
#ifndef SHRIKE_SIGMA_LOGSOURCE_H
#define SHRIKE_SIGMA_LOGSOURCE_H

#include "rule/loader.h"

/* Sets the event of the rule being read; false when it is refused or wrong. */
bool logsource_read(struct loader *l, const struct yaml_node *node);
/* The same for a filter, whose log source may be that of several events: then EVENT_ANY. */
bool logsource_read_filter(struct loader *l, const struct yaml_node *node);

#endif
