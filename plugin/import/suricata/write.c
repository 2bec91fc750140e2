/* SPDX-License-Identifier: BSD-3-Clause */
/* Write: a rule as a YAML document.
 *
 * Selections  `fields` holds what all has to hold; a key that comes twice goes on in `fields_2`. Ports in several
 *             ranges, alternatives and marks that must not be set are selections of their own. The condition joins
 *             them by `and`; a stream without direction has its header twice, `up_...` and `down_...`, and so has an
 *             arrow both ways, `there_...` and `back_...`.
 */
#include "import/suricata/write.h"

#include "import/suricata/about.h"
#include "import/suricata/ends.h"
#include "import/suricata/read/content.h"
#include "import/suricata/steps.h"

void writer_join(struct writer *w, const char *name)
{
    if (w->condition.len > 0 && w->condition.data[w->condition.len - 1] != '(')
        buf_text(&w->condition, " and ");
    buf_string(&w->condition, name);
}

/* Begins a selection and names it in the condition. */
void writer_begin(struct writer *w, const char *name)
{
    emit_key(w->e, name);
    writer_join(w, name);
}

static void put_plain(struct writer *w, const char *key, struct view value)
{
    struct view rest = value, part;
    bool is_list = view_find_byte(value, ',') != VIEW_NOT_FOUND;

    emit_key(w->e, key);
    if (!is_list) {
        emit_plain(w->e, value);
        return;
    }
    emit_list(w->e, EMIT_FLOW);
    while (rule_text_part(&rest, ',', &part))
        emit_plain(w->e, part);
    emit_end(w->e);
}

/* --- fields -------------------------------------------------------------------------------------- */

static void put_chain(struct writer *w, const struct entry *entry)
{
    const struct chain *chain = entry->chain;
    bool is_folded = chain->buffer != NULL && (chain->buffer->kind == BUFFER_FOLDED ||
                                               chain->transforms == TRANSFORM_TO_LOWERCASE);
    steps_emit(w->e, w->arena, chain, is_folded, entry->counts_length);
}

static void put_entry(struct writer *w, const struct entry *entry)
{
    switch (entry->form) {
    case ENTRY_TEXT:
        emit_key(w->e, entry->key);
        emit_text(w->e, entry->value);
        break;
    case ENTRY_PLAIN:
        put_plain(w, entry->key, entry->value);
        break;
    case ENTRY_SEQUENCE:
        emit_key(w->e, entry->key);
        put_chain(w, entry);
        break;
    case ENTRY_EITHER:
        break;
    }
}

/* In which of the maps the entry stands: the first where its key is free. */
static size_t group_of(const struct meaning *m, size_t index, const size_t *groups)
{
    size_t group = 0;

    for (size_t i = 0; i < index; i++) {
        if (m->entries[i].form != ENTRY_EITHER && groups[i] == group &&
            strcmp(m->entries[i].key, m->entries[index].key) == 0) {
            group++;
            i = SIZE_MAX; /* from the beginning */
        }
    }
    return group;
}

static void put_entries(struct writer *w)
{
    const struct meaning *m = w->m;
    size_t groups[ENTRIES_MAX], most = 0;
    bool has_any = false;

    for (size_t i = 0; i < m->entry_count; i++) {
        groups[i] = group_of(m, i, groups);
        has_any |= m->entries[i].form != ENTRY_EITHER;
        most = groups[i] > most ? groups[i] : most;
    }
    for (size_t group = 0; group <= most && has_any; group++) {
        writer_begin(w, group == 0 ? "fields" : arena_format(w->arena, "fields_%zu", group + 1));
        emit_map(w->e, EMIT_BLOCK);
        for (size_t i = 0; i < m->entry_count; i++) {
            if (groups[i] == group && m->entries[i].form != ENTRY_EITHER)
                put_entry(w, &m->entries[i]);
        }
        emit_end(w->e);
    }
}

static void put_choices(struct writer *w)
{
    for (size_t i = 0; i < w->m->entry_count; i++) {
        const struct entry *entry = &w->m->entries[i];
        if (entry->form != ENTRY_EITHER)
            continue;
        writer_begin(w, arena_format(w->arena, "either_%u", ++w->counter));
        emit_list(w->e, EMIT_BLOCK);
        for (unsigned k = 0; k < 2; k++) {
            emit_map(w->e, entry->chain != NULL ? EMIT_BLOCK : EMIT_FLOW);
            emit_key(w->e, k == 0 ? entry->key : entry->other_key);
            if (entry->chain != NULL)
                put_chain(w, entry);
            else
                emit_text(w->e, k == 0 ? entry->value : entry->other);
            emit_end(w->e);
        }
        emit_end(w->e);
    }
}

/* --- marks --------------------------------------------------------------------------------------- */

static void put_mark_selections(struct writer *w)
{
    for (size_t i = 0; i < w->rule->bit_count; i++) {
        const struct bit *bit = &w->rule->bits[i];
        if (bit->operation < BIT_ISSET)
            continue;
        const char *name = arena_format(w->arena, "mark_%u", ++w->counter);
        emit_key(w->e, name);
        writer_join(w, bit->operation == BIT_ISSET ? name : arena_format(w->arena, "not %s", name));
        emit_map(w->e, EMIT_BLOCK);
        emit_key(w->e, "flow.mark");
        if (bit->count > 1)
            emit_list(w->e, EMIT_FLOW);
        for (size_t k = 0; k < bit->count; k++)
            emit_text(w->e, content_escaped(w->arena, view_from_string(bit->names[k])));
        if (bit->count > 1)
            emit_end(w->e);
        emit_end(w->e);
    }
}

static bool has_marks(const struct model *rule, enum bit_operation operation)
{
    for (size_t i = 0; i < rule->bit_count; i++) {
        if (rule->bits[i].operation == operation)
            return true;
    }
    return false;
}

/* `marks: {set: [a], clear: [b]}` of the shrike: block. */
static void put_marks(struct writer *w)
{
    static const char *const KEYS[] = {"set", "clear", "toggle"};
    const struct model *rule = w->rule;

    if (!has_marks(rule, BIT_SET) && !has_marks(rule, BIT_UNSET) && !has_marks(rule, BIT_TOGGLE))
        return;
    emit_key(w->e, "marks");
    emit_map(w->e, EMIT_FLOW);
    for (enum bit_operation operation = BIT_SET; operation <= BIT_TOGGLE; operation++) {
        if (!has_marks(rule, operation))
            continue;
        emit_key(w->e, KEYS[operation]);
        emit_list(w->e, EMIT_FLOW);
        for (size_t i = 0; i < rule->bit_count; i++) {
            if (rule->bits[i].operation == operation)
                emit_text(w->e, view_from_string(rule->bits[i].names[0]));
        }
        emit_end(w->e);
    }
    emit_end(w->e);
}

/* --- the shrike: block --------------------------------------------------------------------------- */

static void put_by(struct writer *w, const char *first, const char *second)
{
    emit_key(w->e, "by");
    emit_list(w->e, EMIT_FLOW);
    emit_text(w->e, view_from_string(first));
    if (second != NULL)
        emit_text(w->e, view_from_string(second));
    emit_end(w->e);
}

/* A stream without direction counts by who sends it. */
static void put_track(struct writer *w, const struct threshold *t)
{
    static const struct ends SENDER = {.source_ip = "packet.src_ip", .target_ip = "packet.dst_ip"};
    bool is_sent = w->m->direction == NULL && strcmp(w->m->service, "stream") == 0;
    const struct ends *ends = is_sent ? &SENDER : &w->m->ends;

    switch (t->track) {
    case TRACK_SOURCE:
        put_by(w, ends->source_ip, NULL);
        break;
    case TRACK_TARGET:
        put_by(w, ends->target_ip, NULL);
        break;
    case TRACK_BOTH:
        put_by(w, ends->source_ip, ends->target_ip);
        break;
    case TRACK_FLOW:
        put_by(w, "community_id", NULL);
        break;
    case TRACK_NONE:
    case TRACK_RULE:
        break;
    }
}

static void put_suppress(struct writer *w)
{
    static const struct threshold ONCE = {TRACK_FLOW, "first", 1, 3600};
    const struct threshold *t = w->m->is_once ? &ONCE : &w->rule->threshold;

    if (t->track == TRACK_NONE)
        return;
    emit_key(w->e, "suppress");
    emit_map(w->e, EMIT_FLOW);
    put_track(w, t);
    emit_key(w->e, t->kind);
    emit_number(w->e, t->count);
    emit_key(w->e, "for");
    emit_plain(w->e,
               view_from_string(arena_format(w->arena, "%llus", (unsigned long long)t->seconds)));
    emit_end(w->e);
}

static void put_extension(struct writer *w)
{
    const struct model *rule = w->rule;

    emit_key(w->e, "shrike");
    emit_map(w->e, EMIT_BLOCK);
    emit_key(w->e, "sid");
    emit_number(w->e, rule->sid);
    if (rule->rev > 0) {
        emit_key(w->e, "rev");
        emit_number(w->e, rule->rev);
    }
    if (rule->gid != 1) {
        emit_key(w->e, "gid");
        emit_number(w->e, rule->gid);
    }
    emit_pair(w->e, "category", view_from_string(about_category(rule)));
    if (w->m->direction != NULL && strcmp(w->m->service, "packet") != 0)
        emit_pair(w->e, "direction", view_from_string(w->m->direction));
    if (rule->is_silent) {
        emit_key(w->e, "alert");
        emit_plain(w->e, VIEW("false"));
    }
    put_marks(w);
    put_suppress(w);
    emit_end(w->e);
}

/* --- documents ----------------------------------------------------------------------------------- */

static void put_detection(struct writer *w)
{
    emit_key(w->e, "logsource");
    emit_map(w->e, EMIT_FLOW);
    emit_pair(w->e, "product", VIEW("shrike"));
    emit_pair(w->e, "service", view_from_string(w->m->service));
    emit_end(w->e);
    emit_key(w->e, "detection");
    emit_map(w->e, EMIT_BLOCK);
    put_entries(w);
    put_choices(w);
    ends_put(w);
    put_mark_selections(w);
    emit_pair(w->e, "condition", buf_view(&w->condition));
    emit_end(w->e);
}

int write_rule(struct arena *arena, const struct model *rule, const struct meaning *m,
               struct buf *out)
{
    struct writer w = {.arena = arena, .e = emit_open(out), .rule = rule, .m = m};

    buf_init(&w.condition, 1 << 16);
    emit_document(w.e);
    emit_map(w.e, EMIT_BLOCK);
    about_emit_head(w.e, arena, rule);
    put_detection(&w);
    about_emit_level(w.e, rule);
    put_extension(&w);
    emit_end(w.e);
    emit_document_end(w.e);
    buf_clear(&w.condition);
    return emit_close(w.e);
}

int write_list(struct arena *arena, const struct net_list *list, struct buf *out)
{
    struct emitter *e = emit_open(out);

    emit_document(e);
    emit_map(e, EMIT_BLOCK);
    emit_pair(e, "list", view_from_string(list->name));
    emit_pair(e, "type", VIEW("ip"));
    emit_pair(e, "source",
              view_from_string(arena_format(arena, "the variable %s", list->variable)));
    emit_key(e, "values");
    emit_list(e, EMIT_BLOCK);
    for (size_t i = 0; i < list->count; i++)
        emit_text(e, list->values[i]);
    emit_end(e);
    emit_end(e);
    emit_document_end(e);
    return emit_close(e);
}
