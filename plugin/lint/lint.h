/* SPDX-License-Identifier: BSD-3-Clause */
/* Lints of rules that are loaded: nothing here keeps one out. Those that look at the document itself run while it is
 * read (sigma/lint.c); these run over the model when all is there, and only for who asks (rules_lint() in sigma/rules.h). */
#ifndef SHRIKE_LINT_LINT_H
#define SHRIKE_LINT_LINT_H

#include "rule/loader.h"
#include "rule/rule.h"

struct lint {
    const struct rules *rules;
    struct arena *arena; /* scratch */
    struct diagnostics *diagnostics;
    const struct rule *rule; /* at hand */
    bool *told_lists;        /* by number: looked through already */
    bool *is_twin;           /* a rule's number: it asks the same as another one, which was told */
};

/* A predicate as a message quotes it. */
static inline const char *lint_shown(const struct lint *lint, const struct predicate *p)
{
    return text_shown(lint->arena, view_from_string(p->text));
}

/* The field that is asked, of a flow's event the one that its values are kept from. */
static inline enum field_id lint_source(const struct predicate *p)
{
    bool is_kept = p->field != FIELD_NONE && (field_get(p->field)->flags & FIELD_KEPT) != 0;
    return is_kept ? field_kept_from(p->field) : p->field;
}

/* value.c: values that match everything or never, and expressions that are dear. */
void lint_value(struct lint *lint, const struct predicate *predicate);
/* opposite.c: conditions that hold of everything or of nothing. */
void lint_opposite(struct lint *lint, const struct node *node);
void lint_everything(struct lint *lint);
void lint_filters(struct lint *lint);
/* shape.c: values of a shape that none of their field has. */
void lint_shape(struct lint *lint, const struct predicate *predicate);
/* closed.c: names that are none of those that their field has. */
void lint_closed(struct lint *lint, const struct predicate *predicate);
/* variant.c: values that what a transform makes never has. */
void lint_variant(struct lint *lint, const struct predicate *predicate);
/* contradiction.c: what excludes each other. */
void lint_contradictions(struct lint *lint, const struct node *node);
/* name.c: a rule that rests on a name of many. */
void lint_names(struct lint *lint);
/* mark.c: marks that only one side names. */
void lint_marks(struct lint *lint);
/* twin.c: rules that ask the same. */
void lint_twins(struct lint *lint);
/* shadow.c: rules that match nothing but what another one matches, too; after the twins. */
void lint_shadows(struct lint *lint);

#endif
