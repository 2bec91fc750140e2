/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts: SIGINT and SIGTERM end what is being done in order, once; the next one ends the process. */
#ifndef SHRIKE_HOSTS_CLI_INTERRUPT_H
#define SHRIKE_HOSTS_CLI_INTERRUPT_H

/* From now on the next signal is noted; blocking calls return with EINTR. What was noted is forgotten. */
void interrupt_arm(void);
/* The signal that was noted, or 0. */
int interrupt_signal(void);
/* Becomes readable with it: for those who wait with poll(). 0 when there is none. */
int interrupt_fd(void);

#endif
