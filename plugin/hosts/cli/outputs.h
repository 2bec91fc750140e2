/* SPDX-License-Identifier: BSD-3-Clause */
/* Outputs: that none of the files a run writes is one that it reads, or another one that it writes. */
#ifndef SHRIKE_HOSTS_CLI_OUTPUTS_H
#define SHRIKE_HOSTS_CLI_OUTPUTS_H

#include "capture/capture.h"
#include "hosts/cli/replay_options.h"
#include "rule/rule.h"

/* To be asked before any of them is opened, since opening empties it. Returns -1 to go on, else the exit
 * status after a message that names both. */
int outputs_check(const struct replay_options *options, const struct capture *capture);
/* The same for the files of the rules' lists, as long as the rules are at hand. */
int outputs_check_lists(const struct replay_options *options, const struct rules *rules);

#endif
