/* SPDX-License-Identifier: BSD-3-Clause */
/* Ends: the addresses and ports of a rule's header as selections; what writes a rule shares this writer. */
#ifndef SHRIKE_IMPORT_SURICATA_ENDS_H
#define SHRIKE_IMPORT_SURICATA_ENDS_H

#include "base/buf.h"
#include "import/suricata/meaning.h"
#include "yaml/emit.h"

struct writer {
    struct arena *arena;
    struct emitter *e;
    const struct model *rule;
    const struct meaning *m;
    struct buf condition;
    unsigned counter; /* of selections without a name of their own */
};

/* Names a selection in the condition. */
void writer_join(struct writer *w, const char *name);
/* Begins a selection and names it in the condition. */
void writer_begin(struct writer *w, const char *name);

void ends_put(struct writer *w);

#endif
