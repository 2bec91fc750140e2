/* SPDX-License-Identifier: BSD-3-Clause */
/* About: who a rule is and how bad what it finds. */
#ifndef SHRIKE_IMPORT_SURICATA_ABOUT_H
#define SHRIKE_IMPORT_SURICATA_ABOUT_H

#include "import/suricata/read/model.h"
#include "yaml/emit.h"

/* title, id, status, dates, references, tags */
void about_emit_head(struct emitter *e, struct arena *arena, const struct model *rule);
/* level */
void about_emit_level(struct emitter *e, const struct model *rule);
/* "Web Application Attack"; "" when the classtype is not known */
const char *about_category(const struct model *rule);

#endif
