/* SPDX-License-Identifier: BSD-3-Clause */
/* Name: `münchen.example` of an author is `xn--mnchen-3ya.example` on the wire (base/idna.h).
 *
 * Whole      a label is mapped as a whole, so a value is when all its labels beyond ASCII are whole: they are between dots,
 *            or at an end of the value where the field's value begins or ends, too. `endswith: .münchen.example` is;
 *            `contains: münchen` is not, since xn--altmnchen-eeb has nothing of xn--mnchen-3ya.
 * Both       plain text may be what somebody saw as it is: multicast DNS has names in UTF-8 (RFC 6762, 16), and programs that
 *            know no better send them. So it is looked for in both forms. `domain` and lists hold names, which are A-labels.
 */
#include "value/name.h"

#include "base/idna.h"

static const char RAW_HELP[] =
    "write the A-labels (`xn--mnchen-3ya`), or whole labels; `hex` asks for bytes as they are";

static void tell_part(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    loader_warn(l, scalar->place, "never-matches", RAW_HELP,
                "names in `%s` are A-labels in ASCII: a part of a label beyond it is found only "
                "where somebody sends UTF-8",
                field_get(q->field)->name);
}

/* --- pieces of a glob ---------------------------------------------------------------------------- */

/* Where a literal of a glob stands in the field's value. */
struct span {
    struct view bytes;
    bool is_first, is_last; /* the value begins, ends with it */
};

/* The whole labels of a literal: from after the first dot, or its begin, to before the last. */
static struct view whole_labels(const struct span *span)
{
    size_t begin = 0, end = view_find_byte(span->bytes, ':'); /* a port may follow */

    end = end == VIEW_NOT_FOUND ? span->bytes.len : end;
    bool is_closed = span->is_last || end < span->bytes.len;
    while (begin < end && span->bytes.data[begin] != '.')
        begin++;
    begin = span->is_first && (begin == end || begin > 0) ? 0 : begin + 1;
    while (!is_closed && end > begin && span->bytes.data[end - 1] != '.')
        end--;
    if (end > begin && span->bytes.data[end - 1] == '.')
        end--;
    return view_slice(span->bytes, begin, end);
}

/* The literal with its labels mapped; false when a part of a label is beyond ASCII, or what is whole has no A-labels:
 * then *why says so. */
static bool map_literal(struct loader *l, const struct span *span, struct view *out,
                        const char **why)
{
    uint8_t mapped[IDNA_NAME_MAX];
    struct view labels = whole_labels(span);
    size_t before = labels.len > 0 ? (size_t)(labels.data - span->bytes.data) : 0;
    struct view after = view_skip(span->bytes, before + labels.len);

    if (labels.len == 0 || idna_is_foreign(view_slice(span->bytes, 0, before)) ||
        idna_is_foreign(after))
        return false;
    size_t len = idna_map(labels, mapped, why);
    if (len == 0)
        return false;
    uint8_t *joined = arena_alloc(l->arena, before + len + after.len + 1);
    memcpy(joined, span->bytes.data, before);
    memcpy(joined + before, mapped, len);
    memcpy(joined + before + len, after.data, after.len);
    *out = view_make(joined, before + len + after.len);
    return true;
}

static bool is_foreign(const struct text *text)
{
    bool is_any = false;

    for (size_t i = 0; i < text->count; i++)
        is_any |= idna_is_foreign(text->pieces[i].bytes);
    return is_any;
}

/* The text with A-labels; false, perhaps with *why, when it has none. */
static bool map_text(struct loader *l, const struct question *q, const struct text *text,
                     struct text *out, const char **why)
{
    bool begins = !question_has(q, MODIFIER_CONTAINS) && !question_has(q, MODIFIER_ENDSWITH);
    bool ends = !question_has(q, MODIFIER_CONTAINS) && !question_has(q, MODIFIER_STARTSWITH);

    *out = (struct text){arena_array(l->arena, text->count, sizeof(*out->pieces)), text->count};
    for (size_t i = 0; i < text->count; i++) {
        struct span span = {text->pieces[i].bytes, begins && i == 0, ends && i + 1 == text->count};
        out->pieces[i] = text->pieces[i];
        if (idna_is_foreign(span.bytes) && !map_literal(l, &span, &out->pieces[i].bytes, why))
            return false;
    }
    return true;
}

/* Asks the value for less than a whole name. */
static bool is_part(const struct question *q, const struct text *text)
{
    return text->count > 1 || question_has(q, MODIFIER_CONTAINS) ||
           question_has(q, MODIFIER_STARTSWITH) || question_has(q, MODIFIER_ENDSWITH);
}

bool name_add_labels(struct loader *l, const struct question *q, const struct yaml_node *scalar,
                     struct texts *texts)
{
    struct text *items = arena_array(l->arena, 2, sizeof(*items));
    const char *why = NULL;

    if (!field_holds_names(q->field) || q->encoding_count > 0 || texts->count != 1 ||
        question_has_offsets(q) || !is_foreign(&texts->items[0]))
        return true;
    items[0] = texts->items[0];
    if (map_text(l, q, &items[0], &items[1], &why)) {
        *texts = (struct texts){items, 2};
        return true;
    }
    if (why == NULL || is_part(q, &items[0])) {
        tell_part(l, q, scalar);
        return true;
    }
    loader_error(l, scalar->place, "name-value",
                 "to look for the bytes as they are, use `contains` or `hex`",
                 "`%s` has no form in ASCII, as names on the wire have: %s",
                 loader_shown(l, scalar->text), why);
    return false;
}

/* --- others -------------------------------------------------------------------------------------- */

void name_check_regex(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    if (field_holds_names(q->field) && idna_is_foreign(scalar->text))
        tell_part(l, q, scalar);
}

struct view name_of_domain(struct loader *l, const struct yaml_node *scalar)
{
    uint8_t mapped[IDNA_NAME_MAX];
    const char *why;

    if (!idna_is_foreign(scalar->text))
        return scalar->text;
    size_t len = idna_map(scalar->text, mapped, &why);
    if (len == 0)
        loader_error(l, scalar->place, "domain-value",
                     "write a name that can be registered, or its A-labels (`xn--...`)",
                     "`%s` is not a domain name, since it has no form in ASCII: %s",
                     loader_shown(l, scalar->text), why);
    return arena_copy(l->arena, view_make(mapped, len));
}
