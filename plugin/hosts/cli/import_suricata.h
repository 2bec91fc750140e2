/* SPDX-License-Identifier: BSD-3-Clause */
/* `shrike import suricata`, which has options of its own. */
#ifndef SHRIKE_HOSTS_CLI_IMPORT_SURICATA_H
#define SHRIKE_HOSTS_CLI_IMPORT_SURICATA_H

/* argv[0] is "suricata"; returns the exit status. */
int import_suricata(int argc, char **argv);

#endif
