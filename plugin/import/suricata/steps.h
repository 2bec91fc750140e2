/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps: a chain written as the steps of a sequence. */
#ifndef SHRIKE_IMPORT_SURICATA_STEPS_H
#define SHRIKE_IMPORT_SURICATA_STEPS_H

#include "import/suricata/read/model.h"
#include "yaml/emit.h"

/* `is_folded`: contents are compared without case; `counts_length`: the lengths that are asked are steps, too. */
void steps_emit(struct emitter *e, struct arena *arena, const struct chain *chain, bool is_folded,
                bool counts_length);

#endif
