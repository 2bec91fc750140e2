/* SPDX-License-Identifier: BSD-3-Clause */
/* libshrike: rules against packets, as a library.
 *
 *   struct shrike_ruleset *set = shrike_ruleset_load(paths, count, NULL, NULL, &error);
 *   struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
 *   shrike_worker_packet(worker, &packet);        (for every packet; alerts come in the callback)
 *   shrike_worker_finish(worker);
 *
 * State      there is none but in these objects; the library prints nothing, never exits on input, and
 *            takes time from packets alone. (Running out of memory at set-up ends the process.)
 * Threads    a rule set is immutable and may be shared by any number of threads; a worker belongs to one
 *            thread at a time.
 * Lifetimes  what a callback is given is valid until it returns.
 * Growth     option structs begin with their size, so that hosts built against an older header go on
 *            working; within one SHRIKE_ABI nothing is removed or changes its meaning.
 */
#ifndef SHRIKE_SHRIKE_H
#define SHRIKE_SHRIKE_H

#define SHRIKE_ABI 0

#if defined(__GNUC__)
#    define SHRIKE_API __attribute__((visibility("default")))
#else
#    define SHRIKE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, for example "0.1.0"; static text. Any thread. */
SHRIKE_API const char *shrike_version(void);
/* The SHRIKE_ABI that the library was built with: a host refuses to run when it is not its own. */
SHRIKE_API int shrike_abi(void);

/* What went wrong, as a sentence; filled by the call that failed. */
struct shrike_error {
    char text[512];
};

#ifdef __cplusplus
}
#endif

#include "shrike/alert.h"
#include "shrike/ruleset.h"
#include "shrike/worker.h"

#endif
