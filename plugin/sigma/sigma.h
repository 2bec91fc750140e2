/* SPDX-License-Identifier: BSD-3-Clause */
/* Sigma: a detection document becomes a rule. */
#ifndef SHRIKE_SIGMA_SIGMA_H
#define SHRIKE_SIGMA_SIGMA_H

#include "rule/loader.h"

/* Fills l->rule; l->is_bad and l->refused tell whether it may be kept. */
void sigma_read(struct loader *l, const struct yaml_node *root);
/* What a rule, a filter or a correlation says of itself, into l->rule. */
void sigma_read_metadata(struct loader *l, const struct yaml_node *root);
/* The `shrike:` block (extension.c). */
void extension_read(struct loader *l, const struct yaml_node *node);
/* What is probably a mistake of a sound rule (lint.c). */
void lint_metadata(struct loader *l, const struct yaml_node *root);
void lint_condition(struct loader *l);

#endif
