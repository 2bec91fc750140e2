/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps: a sequence's steps become rows. Equal rows in a row are the same sequence: the predicate index
 * compares where they stand, so they are looked for before they are added. */
#include "compile/builder.h"

#include <assert.h>

static_assert((int)QUERY_STEP_BYTES == (int)STEP_BYTES &&
                  (int)QUERY_STEP_REGEX == (int)STEP_REGEX &&
                  (int)QUERY_STEP_NUMBER == (int)STEP_NUMBER &&
                  (int)QUERY_STEP_JUMP == (int)STEP_JUMP && (int)QUERY_STEP_LEFT == (int)STEP_LEFT,
              "tables.h and rule.h name the same steps");
static_assert((int)QUERY_STEP_EQ == (int)STEP_EQ && (int)QUERY_STEP_NE == (int)STEP_NE &&
                  (int)QUERY_STEP_LT == (int)STEP_LT && (int)QUERY_STEP_LTE == (int)STEP_LTE &&
                  (int)QUERY_STEP_GT == (int)STEP_GT && (int)QUERY_STEP_GTE == (int)STEP_GTE &&
                  (int)QUERY_STEP_AND == (int)STEP_AND && (int)QUERY_STEP_NAND == (int)STEP_NAND,
              "tables.h and rule.h name the same comparisons of steps");
static_assert((int)QUERY_ORIGIN_HERE == (int)ORIGIN_HERE &&
                  (int)QUERY_ORIGIN_START == (int)ORIGIN_START &&
                  (int)QUERY_ORIGIN_END == (int)ORIGIN_END,
              "tables.h and rule.h name the same origins");

/* Does it hold \z or \Z, which PCRE2 finds at the end of whatever part of a value it is given? */
static bool asks_end(struct view expression)
{
    for (size_t i = 0; i + 1 < expression.len; i++) {
        if (expression.data[i] != '\\')
            continue;
        if (byte_fold(expression.data[++i]) == 'z')
            return true;
    }
    return false;
}

static uint8_t flags_of(const struct step *step, bool has_follower)
{
    bool is_at_end = step->kind == STEP_REGEX ? asks_end(step->bytes)
                                              : step->kind == STEP_BYTES && step->is_at_end;
    unsigned flags =
        (step->is_relative ? STEP_IS_RELATIVE : 0U) | (step->is_negated ? STEP_IS_NEGATED : 0U) |
        (step->is_cased ? STEP_IS_CASED : 0U) | (is_at_end ? STEP_IS_AT_END : 0U) |
        (step->offsets.is_exact ? STEP_IS_EXACT : 0U) | (step->is_little ? STEP_IS_LITTLE : 0U) |
        (has_follower ? STEP_HAS_FOLLOWER : 0U);

    return (uint8_t)flags;
}

static struct text text_of(struct builder *b, const struct step *step)
{
    if (step->is_cased || step->kind != STEP_BYTES)
        return builder_text(b, step->bytes);
    uint8_t *folded = arena_alloc(b->arena, step->bytes.len + 1);
    for (size_t i = 0; i < step->bytes.len; i++)
        folded[i] = byte_fold(step->bytes.data[i]);
    return builder_text(b, view_make(folded, step->bytes.len));
}

static uint32_t regex_of(struct builder *b, const struct predicate *p, const struct step *step)
{
    int code;
    size_t offset;

    if (step->kind != STEP_REGEX)
        return NO_INDEX;
    uint32_t regex = program_regex(b, step->bytes, step->regex_flags, &code, &offset);
    if (regex == NO_INDEX)
        program_regex_failed(b, p, code, offset);
    return regex;
}

uint64_t step_end(const struct step *step)
{
    bool is_fixed = step->offsets.is_exact && step->kind == STEP_BYTES;
    uint64_t end = step->offsets.from + step->bytes.len;
    return is_fixed && end < step->offsets.to ? end : step->offsets.to;
}

static struct step_row row_of(struct builder *b, const struct predicate *p, size_t index)
{
    const struct step *step = &p->steps[index];
    bool has_follower = index + 1 < p->step_count && p->steps[index + 1].is_relative;

    return (struct step_row){
        .kind = (uint8_t)step->kind,
        .flags = flags_of(step, has_follower),
        .width = (uint8_t)step->width,
        .base = (uint8_t)step->base,
        .compare = (uint8_t)step->compare,
        .origin = (uint8_t)step->origin,
        .shift = (uint8_t)(step->number_mask ? __builtin_ctzll(step->number_mask) : 0),
        .regex = regex_of(b, p, step),
        .multiply = step->multiply,
        .align = step->align,
        .bytes = text_of(b, step),
        .mask = builder_text(b, step->mask),
        .distance = step->distance,
        .add = step->add,
        .within = step->within,
        .from = step->offsets.from,
        .to = step_end(step),
        .number = step->number,
        .number_mask = step->number_mask ? step->number_mask : UINT64_MAX,
    };
}

struct span steps_add(struct builder *b, const struct predicate *p)
{
    struct step_row *rows = arena_array(b->arena, p->step_count, sizeof(*rows));

    for (size_t i = 0; i < p->step_count; i++)
        rows[i] = row_of(b, p, i);
    size_t size = p->step_count * sizeof(*rows);
    uint32_t *known = index_find(&b->step_index, view_make(rows, size));
    if (*known == NO_INDEX) {
        *known = (uint32_t)b->steps.count;
        memcpy(vector_grow(&b->steps, p->step_count), rows, size);
    }
    return (struct span){*known, (uint32_t)p->step_count};
}
