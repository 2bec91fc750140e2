/* SPDX-License-Identifier: BSD-3-Clause */
/* Import of Suricata's and Snort 2's rules: a rule becomes one of ours whole, or not at all.
 *
 *   read/                             text -> model
 *     rule_text.c, reader.c           header and options              keyword.def, keyword_*.c   each option
 *     variables.c                     $HOME_NET and groups            buffer.def, content.c      what is looked for, and in what
 *   meaning.c, chain.c                model -> which event, from which side, and its predicates and sequences
 *   write.c, ends.c, steps.c, about.c meaning -> YAML
 *   suricata.c                        files, flowbits, what is left out
 */
#ifndef SHRIKE_IMPORT_SURICATA_H
#define SHRIKE_IMPORT_SURICATA_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct suricata_import;

struct suricata_import *suricata_new(struct diagnostics *diagnostics);
void suricata_free(struct suricata_import *s); /* accepts NULL */

/* Address and port groups, before the first rule: lines `HOME_NET: "[192.0.2.0/24]"`. */
void suricata_read_vars(struct suricata_import *s, const char *file, struct view text);
/* All rules of a file that are not commented out; `text` has to live as long as the import. */
void suricata_read(struct suricata_import *s, const char *file, struct view text);
/* What rules of all files say of each other: flowbits, and rules that come twice. */
void suricata_finish(struct suricata_import *s);
/* The lists, then the rules, in the order of the files. -1 when `out` is full. */
int suricata_write(const struct suricata_import *s, struct buf *out);

struct suricata_tally {
    uint64_t rules;      /* that were read */
    uint64_t taken;      /* whole */
    uint64_t broken;     /* no rules at all, told in the diagnostics */
    uint64_t leave_more; /* taken; set xbits or flowint, too, which no rule here asks for */
    uint64_t lists;
};

struct suricata_tally suricata_count(const struct suricata_import *s);

/* Rules that were left out, one call each in the order of the files; `reason` is the same text for the same reason. */
typedef void suricata_refused_fn(void *context, uint64_t sid, struct place place,
                                 const char *reason);
void suricata_each_refused(const struct suricata_import *s, suricata_refused_fn *call,
                           void *context);

#endif
