/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows: predicates on raw bytes that a hit alone cannot answer, and what opens them.
 *
 * Idea       a sequence, or an expression that only PCRE2 can follow, is asked of a window: the bytes of a stream around
 *            the place where the scan saw a gate of it (match/window.c). Here is decided which bytes those are, from
 *            the rule alone, so that neither other rules nor the way the bytes were cut into segments change the answer.
 * Reach      the steps are walked once, with the interval in which the cursor may stand:
 *              tied      a step has its place in the stream (`at`, `to`): the first bytes of the stream are
 *                        asked, as many as the steps can touch, STREAM_HEAD_LEN where one has no bound
 *              floating  all places count from the first step: blocks are asked, each half over the next;
 *                        half a block is what the steps can touch, WINDOW_HOP where one has no bound
 *            A predicate of payload.segment is asked of each segment alone.
 * Gates      like those of plan.c, the rarest thing that has to be there: what stands at a place near the stream's
 *            start is best (an anchored pattern costs nothing behind it), then literals of four bytes, then shorter
 *            ones, then Hyperscan's approximation of the expression (HS_FLAG_PREFILTER). What has none is asked of
 *            every block, which is told.
 */
#include "compile/builder.h"

#include <assert.h>

enum { ANCHOR_MAX = 64, ANCHORED_LEN = 32, ANCHOR_BITS = 12, SHORT_MIN = 2, REPEAT_MAX = 1000 };

/* --- expressions that Hyperscan cannot follow ------------------------------------------------------ */

unsigned stream_regex_flags(unsigned regex_flags)
{
    return (regex_flags & REGEX_CASELESS ? (unsigned)HS_FLAG_CASELESS : 0U) |
           (regex_flags & REGEX_MULTILINE ? (unsigned)HS_FLAG_MULTILINE : 0U) |
           (regex_flags & REGEX_DOTALL ? (unsigned)HS_FLAG_DOTALL : 0U);
}

static bool hyperscan_takes(const char *expression, unsigned flags)
{
    hs_database_t *database = NULL;
    hs_compile_error_t *failure = NULL;
    bool is_good =
        hs_compile(expression, flags, HS_MODE_STREAM, NULL, &database, &failure) == HS_SUCCESS;

    hs_free_database(database);
    hs_free_compile_error(failure);
    return is_good;
}

/* A string of the expression; NULL when it holds a NUL. */
static const char *expression_of(struct builder *b, struct view bytes)
{
    bool has_nul = bytes.len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL;
    return has_nul ? NULL : (const char *)arena_copy(b->arena, bytes).data;
}

/* The scan itself can answer it: then it needs no window. */
static bool is_scanned(struct builder *b, const struct predicate *p)
{
    uint8_t *key = arena_alloc(b->arena, p->bytes.len + 1);

    if (p->offsets.from > 0 || p->offsets.is_exact || regex_largest_repeat(p->bytes) > REPEAT_MAX)
        return false;
    if (p->bytes.len > 0)
        memcpy(key, p->bytes.data, p->bytes.len);
    key[p->bytes.len] = (uint8_t)p->regex_flags;
    uint32_t *known = index_find(&b->resolved_index, view_make(key, p->bytes.len + 1));
    if (*known == NO_INDEX) {
        const char *expression = expression_of(b, p->bytes);
        *known =
            expression != NULL && hyperscan_takes(expression, stream_regex_flags(p->regex_flags));
    }
    return *known != 0;
}

static const struct predicate *one_step(struct builder *b, const struct predicate *p)
{
    struct predicate *sequence = arena_alloc(b->arena, sizeof(*sequence));
    struct step *step = arena_alloc(b->arena, sizeof(*step));

    *step = (struct step){.kind = STEP_REGEX,
                          .within = SIZE_MAX,
                          .offsets = p->offsets,
                          .bytes = p->bytes,
                          .regex_flags = p->regex_flags,
                          .multiply = 1,
                          .place = p->place};
    *sequence = *p;
    sequence->op = MATCH_SEQUENCE;
    sequence->bytes = view_make("", 0);
    sequence->offsets = (struct offsets){.to = SIZE_MAX};
    sequence->steps = step;
    sequence->step_count = 1;
    return sequence;
}

/* Bounds beyond the longest window are none. */
static const struct predicate *shorten(struct builder *b, const struct predicate *p)
{
    bool is_long = false;

    for (size_t i = 0; i < p->step_count; i++)
        is_long |= p->steps[i].within != SIZE_MAX && p->steps[i].within > WINDOW_HOP_MAX;
    if (!is_long)
        return p;
    struct predicate *shorter = arena_alloc(b->arena, sizeof(*shorter));
    *shorter = *p;
    shorter->steps = arena_array(b->arena, p->step_count, sizeof(struct step));
    memcpy(shorter->steps, p->steps, p->step_count * sizeof(struct step));
    for (size_t i = 0; i < p->step_count; i++) {
        if (shorter->steps[i].within > WINDOW_HOP_MAX)
            shorter->steps[i].within = SIZE_MAX;
    }
    return shorter;
}

bool windows_take(const struct predicate *p)
{
    return p->op == MATCH_SEQUENCE || p->field == FIELD_STREAM_PAYLOAD_SEGMENT;
}

const struct predicate *windows_resolve(struct builder *b, const struct predicate *p)
{
    if (p->field == FIELD_STREAM_PAYLOAD_SEGMENT)
        return p;
    if (p->op == MATCH_SEQUENCE)
        return shorten(b, p);
    return p->op != MATCH_REGEX || is_scanned(b, p) ? p : one_step(b, p);
}

/* --- reach ------------------------------------------------------------------------------------------- */

/* What the steps so far can touch. Offsets count from the stream's start when `is_tied` says so of the cursor, else
 * from where the first step begins. */
struct reach {
    int64_t low, high;               /* touched, from the first step's begin */
    int64_t cursor_low, cursor_high; /* where the cursor may stand */
    bool is_cursor_tied, is_bounded;
    bool has_floating, has_tie;
    int64_t tie_low, tie_high; /* touched, from the stream's start */
    int64_t first_to;          /* the least end of a step that has its place there */
};

static void touch(struct reach *r, bool is_tied, int64_t low, int64_t high)
{
    int64_t *least = is_tied ? &r->tie_low : &r->low;
    int64_t *most = is_tied ? &r->tie_high : &r->high;

    low = is_tied && low < 0 ? 0 : low;
    *least = low < *least ? low : *least;
    *most = high > *most ? high : *most;
    if (is_tied)
        r->first_to = !r->has_tie || high < r->first_to ? high : r->first_to;
    r->has_tie |= is_tied;
    r->has_floating |= !is_tied;
    r->is_bounded &= !(r->has_tie && r->has_floating);
}

static void move_cursor(struct reach *r, const struct step *step, bool is_tied, int64_t low,
                        int64_t high)
{
    if (step->is_negated)
        return;
    r->is_cursor_tied = is_tied;
    r->cursor_low = low + (step->kind == STEP_BYTES ? (int64_t)step->bytes.len : 0);
    r->cursor_high = high;
}

/* It may be anywhere: what comes next counts from it. */
static void reach_anywhere(struct reach *r, const struct step *step)
{
    bool is_first = !r->has_tie && !r->has_floating;
    r->is_bounded &= is_first && !step->is_negated && step->kind == STEP_BYTES;
    if (step->is_negated)
        return;
    touch(r, false, 0, (int64_t)step->bytes.len);
    move_cursor(r, step, false, 0, (int64_t)step->bytes.len);
}

static void reach_search(struct reach *r, const struct step *step)
{
    bool is_tied = step->is_relative ? r->is_cursor_tied : true;
    int64_t low = (int64_t)step->offsets.from, high = (int64_t)step_end(step);
    bool is_open = step->is_relative ? step->within == SIZE_MAX : step_end(step) == SIZE_MAX;

    if (is_open && !step->offsets.is_exact) {
        reach_anywhere(r, step);
        return;
    }
    if (is_open) { /* an expression that begins there */
        r->is_bounded = false;
        high = low;
    }
    if (step->is_relative) {
        low = r->cursor_low + step->distance;
        high = r->cursor_high + step->distance + (int64_t)step->within;
    }
    touch(r, is_tied, low, high);
    move_cursor(r, step, is_tied, low, high);
}

static void reach_read(struct reach *r, const struct step *step)
{
    bool is_tied = step->is_relative ? r->is_cursor_tied : true;
    int64_t low = step->is_relative ? r->cursor_low + step->distance : (int64_t)step->offsets.from;
    int64_t high = step->is_relative ? r->cursor_high + step->distance : low;

    touch(r, is_tied, low, high + step->width);
    if (step->kind == STEP_JUMP) { /* nobody knows where to */
        r->is_bounded = false;
        r->is_cursor_tied = false;
        r->cursor_low = r->cursor_high = 0;
    }
}

static struct reach reach_of(const struct predicate *p)
{
    struct reach r = {.is_cursor_tied = true, .is_bounded = true, .tie_low = INT64_MAX};

    for (size_t i = 0; i < p->step_count; i++) {
        const struct step *step = &p->steps[i];
        if (step->kind == STEP_BYTES || step->kind == STEP_REGEX)
            reach_search(&r, step);
        else if (step->kind == STEP_LEFT)
            touch(&r, r.is_cursor_tied, r.cursor_low, r.cursor_high + (int64_t)step->number);
        else
            reach_read(&r, step);
        r.is_bounded &= !step->is_at_end;
    }
    return r;
}

/* `^` and nothing beside it: it holds at the stream's start alone. */
static bool is_at_start(const struct predicate *p)
{
    const struct step *step = &p->steps[0];
    return p->step_count == 1 && step->kind == STEP_REGEX && !step->is_negated &&
           !step->is_relative && step->bytes.len > 0 && step->bytes.data[0] == '^' &&
           (step->regex_flags & REGEX_MULTILINE) == 0 &&
           view_find_byte(step->bytes, '|') == VIEW_NOT_FOUND;
}

static uint32_t between(int64_t value, int64_t least, int64_t most)
{
    return (uint32_t)(value < least ? least : value > most ? most : value);
}

static void refuse_far(struct builder *b, const struct predicate *p, int64_t span)
{
    builder_refuse(b, "stream-reach", p->place, "split it into two values of the rule",
                   "%s: its steps may lie %lld bytes apart in a stream, of which %d are kept",
                   builder_shown(b, p), (long long)span, WINDOW_HOP_MAX);
}

static bool looks_far(const struct predicate *p)
{
    for (size_t i = 0; i < p->step_count; i++) {
        if (p->steps[i].kind == STEP_LEFT && p->steps[i].number > WINDOW_HOP_MAX)
            return true;
    }
    return false;
}

struct window_row windows_plan(struct builder *b, const struct predicate *p)
{
    struct reach r = reach_of(p);
    int64_t span = r.has_tie ? r.tie_high - r.tie_low : r.high - r.low;

    if (p->field == FIELD_STREAM_PAYLOAD_SEGMENT)
        return (struct window_row){.is_segment = 1};
    if (p->field == FIELD_STREAM_PAYLOAD_HEAD)
        return (struct window_row){.len = STREAM_HEAD_LEN, .is_value = 1};
    if (is_at_start(p))
        return (struct window_row){.len = STREAM_HEAD_LEN};
    if ((r.has_tie && span > WINDOW_HOP_MAX) || looks_far(p)) {
        refuse_far(b, p, span);
        return (struct window_row){.len = STREAM_HEAD_LEN};
    }
    if (r.has_tie && r.first_to <= STREAM_HEAD_LEN) {
        int64_t least = r.is_bounded ? 1 : STREAM_HEAD_LEN;
        return (struct window_row){.len = between(r.tie_high, least, 2 * WINDOW_HOP_MAX)};
    }
    int64_t least = r.is_bounded ? WINDOW_HOP_MIN : WINDOW_HOP;
    struct window_row window = {.hop = between(span, least, WINDOW_HOP_MAX), .last = UINT64_MAX};
    window.len = 2 * window.hop;
    if (r.has_tie)
        window.last = (uint64_t)r.first_to / window.hop;
    return window;
}

/* --- gates ------------------------------------------------------------------------------------------- */

/* Patterns of one step, of which one is there wherever the step holds. */
struct choice {
    struct stream_query *queries;
    size_t count;
    unsigned bits; /* rarity of the weakest */
};

static const char *written(struct builder *b, struct buf *text)
{
    const char *expression = (const char *)arena_copy(b->arena, buf_view(text)).data;
    buf_clear(text);
    return expression;
}

static struct stream_query *add_query(struct builder *b, struct choice *choice, size_t room)
{
    if (choice->queries == NULL)
        choice->queries = arena_array(b->arena, room, sizeof(*choice->queries));
    struct stream_query *query = &choice->queries[choice->count++];
    *query = (struct stream_query){.watch = WATCH_GATE, .to = UINT64_MAX};
    return query;
}

/* Near the stream's start: `^.{from,to}` and the bytes. */
static void choose_anchored(struct builder *b, const struct step *step, struct choice *choice)
{
    uint64_t end = step_end(step);
    uint64_t first = step->offsets.from, last = end - step->bytes.len;
    struct view bytes = view_slice(step->bytes, 0, ANCHORED_LEN);
    struct buf text;

    if (step->is_relative || end == SIZE_MAX || last > ANCHOR_MAX || first > last)
        return;
    struct stream_query *query = add_query(b, choice, 1);
    buf_init(&text, SIZE_MAX / 2);
    buf_byte(&text, '^');
    if (last > 0)
        buf_format(&text, ".{%u,%u}", (unsigned)first, (unsigned)last);
    for (size_t i = 0; i < bytes.len; i++) {
        if (step->mask.len > 0 && step->mask.data[i] == 0)
            buf_byte(&text, '.');
        else
            expression_escape(&text, view_slice(bytes, i, i + 1));
    }
    query->expression = written(b, &text);
    query->flags = HS_FLAG_DOTALL | (step->is_cased ? 0U : (unsigned)HS_FLAG_CASELESS);
    query->watch |= WATCH_ANCHORED;
    choice->bits = ANCHOR_BITS + literal_bits(bytes, step->is_cased);
}

/* What plan.c finds: literals, most of four bytes or more. */
static void choose_literals(struct builder *b, struct predicate *p, struct choice *choice)
{
    struct node node = {.kind = NODE_PREDICATE, .predicate = p};
    struct gate_plan plan = plan_gates(b, &node);
    struct buf text;

    for (size_t i = 0; plan.is_found && i < plan.gates.count; i++) {
        const struct gate *gate = vector_at(&plan.gates, i);
        if (gate->kind != GATE_LITERAL || gate->key.len < SHORT_MIN) {
            choice->count = 0;
            break;
        }
        struct stream_query *query = add_query(b, choice, plan.gates.count);
        buf_init(&text, SIZE_MAX / 2);
        expression_escape(&text, gate->key);
        query->expression = written(b, &text);
        query->flags = gate->flags & GATE_CASED ? 0 : HS_FLAG_CASELESS;
        query->length = (uint32_t)gate->key.len;
    }
    choice->bits = plan.bits;
    plan_clear(&plan);
}

static void choose_in_step(struct builder *b, const struct step *step, struct choice *choice)
{
    struct predicate one = {.op = step->kind == STEP_REGEX ? MATCH_REGEX : MATCH_HEX,
                            .field = FIELD_STREAM_PAYLOAD,
                            .is_cased = step->is_cased,
                            .bytes = step->bytes,
                            .mask = step->mask,
                            .regex_flags = step->regex_flags,
                            .offsets = {.to = SIZE_MAX}};

    choose_literals(b, &one, choice);
    for (size_t i = 0; i < choice->count && !step->is_relative; i++) {
        choice->queries[i].from = step->kind == STEP_BYTES ? step->offsets.from : 0;
        choice->queries[i].to = step_end(step);
    }
}

/* Two or three bytes are a poor gate, but less than nothing is none. */
static void choose_short(struct builder *b, const struct step *step, struct choice *choice)
{
    struct buf text;

    if (step->kind != STEP_BYTES || step->mask.len > 0 || step->bytes.len < SHORT_MIN)
        return;
    struct stream_query *query = add_query(b, choice, 1);
    buf_init(&text, SIZE_MAX / 2);
    expression_escape(&text, step->bytes);
    query->expression = written(b, &text);
    query->flags = step->is_cased ? 0 : HS_FLAG_CASELESS;
    query->length = (uint32_t)step->bytes.len;
    choice->bits = 1;
}

/* What Hyperscan makes of an expression that it cannot follow: it lets through too much, never too little. */
static void choose_prefilter(struct builder *b, const struct step *step, struct choice *choice)
{
    const char *expression = step->kind == STEP_REGEX ? expression_of(b, step->bytes) : NULL;
    unsigned flags = stream_regex_flags(step->regex_flags) | HS_FLAG_PREFILTER;

    if (expression == NULL || step->is_relative || regex_largest_repeat(step->bytes) > REPEAT_MAX ||
        !hyperscan_takes(expression, flags))
        return;
    struct stream_query *query = add_query(b, choice, 1);
    query->expression = expression;
    query->flags = flags;
    if (regex_is_anchored(step->bytes))
        query->watch |= WATCH_ANCHORED;
}

/* The better of two; `is_desperate`: what stands there too often. */
static void choose(struct builder *b, const struct step *step, bool is_desperate,
                   struct choice *best)
{
    struct choice choice = {.count = 0};

    if (step->is_negated || (step->kind != STEP_BYTES && step->kind != STEP_REGEX))
        return;
    if (is_desperate) {
        choose_short(b, step, &choice);
        if (choice.count == 0)
            choose_prefilter(b, step, &choice);
    } else {
        if (step->kind == STEP_BYTES && step->bytes.len > 0)
            choose_anchored(b, step, &choice);
        if (choice.count == 0)
            choose_in_step(b, step, &choice);
    }
    if (choice.count > 0 && (best->count == 0 || choice.bits > best->bits))
        *best = choice;
}

/* Segments may begin anywhere in the stream: places say nothing, and Hyperscan's `^` would be the stream's. */
static struct choice choose_for_segment(struct builder *b, const struct predicate *p)
{
    struct predicate one = *p;
    struct choice choice = {.count = 0};

    choose_literals(b, &one, &choice);
    for (size_t i = 0; i < p->step_count && choice.count == 0; i++) {
        if (!p->steps[i].is_negated)
            choose_short(b, &p->steps[i], &choice);
    }
    return choice;
}

static struct choice choose_for_window(struct builder *b, const struct predicate *p, bool is_moving)
{
    struct choice best = {.count = 0};

    for (size_t i = 0; i < p->step_count; i++)
        choose(b, &p->steps[i], false, &best);
    /* one walk over a stream's first bytes costs less than to search for what is often there */
    for (size_t i = 0; i < p->step_count && best.count == 0 && is_moving; i++)
        choose(b, &p->steps[i], true, &best);
    return best;
}

struct stream_query *windows_gates(struct builder *b, const struct predicate *p,
                                   struct window_row *window, size_t *count)
{
    bool is_first = window->hop == 0 && !window->is_segment;
    struct choice best =
        window->is_segment ? choose_for_segment(b, p) : choose_for_window(b, p, !is_first);

    for (size_t i = 0; i < best.count; i++) {
        struct stream_query *query = &best.queries[i];
        if (is_first && query->to > window->len)
            query->to = window->len;
        bool is_early = (query->flags & HS_FLAG_PREFILTER) == 0 && query->watch & WATCH_ANCHORED;
        query->part = query->to <= STREAM_HEAD_LEN || is_early ? PART_HEAD : PART_WHOLE;
    }
    window->is_open = best.count == 0;
    *count = best.count;
    return best.queries;
}

/* Parts of a stream are asked, too (PCRE2_PARTIAL_HARD), which is compiled apart. */
static void compile_partial(struct builder *b, const struct predicate *p)
{
    int code;
    size_t offset;

    for (size_t i = 0; i < p->step_count; i++) {
        const struct step *step = &p->steps[i];
        if (step->kind != STEP_REGEX)
            continue;
        uint32_t regex = program_regex(b, step->bytes, step->regex_flags, &code, &offset);
        if (regex != NO_INDEX)
            (void)pcre2_jit_compile(*(pcre2_code **)vector_at(&b->regexes, regex),
                                    PCRE2_JIT_PARTIAL_HARD);
    }
}

void windows_check(struct builder *b, const struct predicate *p)
{
    struct window_row window = windows_plan(b, p);
    size_t count;

    if (b->has_failed)
        return;
    compile_partial(b, p);
    (void)windows_gates(b, p, &window, &count);
    if (window.is_segment && !window.is_open)
        return;
    if (window.is_segment)
        diagnostics_add(b->diagnostics, SEVERITY_WARNING, "stream-window", p->place,
                        "add a step of four bytes or more",
                        "%s: nothing tells where to look, so every segment is asked",
                        builder_shown(b, p));
    else if (window.is_open && window.hop > 0)
        diagnostics_add(b->diagnostics, SEVERITY_WARNING, "stream-window", p->place,
                        "add a step of four bytes or more, or one with a place in the stream",
                        "%s: nothing tells where to look, so every block of %u bytes of every "
                        "stream is asked",
                        builder_shown(b, p), window.len);
    else
        diagnostics_add(b->diagnostics, SEVERITY_NOTE, "stream-window", p->place, NULL,
                        "%s: the %s %u bytes of each direction that it may hold of are kept",
                        builder_shown(b, p), window.hop > 0 ? "last" : "first", window.len);
}
