/* SPDX-License-Identifier: BSD-3-Clause */
/* Summary: what a run saw and found, for the person at the terminal (standard error). */
#ifndef SHRIKE_HOSTS_CLI_SUMMARY_H
#define SHRIKE_HOSTS_CLI_SUMMARY_H

#include <stdio.h>

#include "engine/pipeline.h"
#include "output/stats.h"
#include "ruleset/ruleset.h"

/* Adds the workers' counters up. */
struct run_stats summary_stats(const struct pipeline_stats *stats);
void summary_print(FILE *out, const struct run_stats *stats, const struct pipeline *pipeline,
                   const struct ruleset *set, double seconds);

#endif
