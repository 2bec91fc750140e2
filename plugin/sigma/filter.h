/* SPDX-License-Identifier: BSD-3-Clause */
/* Filter: a document of what a site does not want to hear of. */
#ifndef SHRIKE_SIGMA_FILTER_H
#define SHRIKE_SIGMA_FILTER_H

#include "rule/loader.h"

/* Reads one and keeps it for filters_join(). */
void filter_read(struct loader *l, const struct yaml_node *root);
/* When all documents were read and lists were found: gives each filter to the rules that it names. */
void filters_join(struct loader *l);

#endif
