/* SPDX-License-Identifier: BSD-3-Clause */
/* Outputs: that none of the files a run writes is one that it reads, or another one that it writes. */
#ifndef SHRIKE_HOSTS_CLI_OUTPUTS_H
#define SHRIKE_HOSTS_CLI_OUTPUTS_H

#include "capture/capture.h"
#include "hosts/cli/replay_options.h"

/* To be asked before any of them is opened, since opening empties it. Returns -1 to go on, else the exit
 * status after a message that names both. */
int outputs_check(const struct replay_options *options, const struct capture *capture);

#endif
