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
/* Adds what each filter silenced; the caller frees what comes back when `stats` is not needed any more. */
struct filter_count *summary_filters(const struct pipeline *pipeline, const struct ruleset *set,
                                     struct run_stats *stats);
void summary_print(FILE *out, const struct run_stats *stats, const struct pipeline *pipeline,
                   const struct ruleset *set, double seconds);

#endif
