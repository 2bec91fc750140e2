/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike check --explain: what a rule compiles to, for people and as JSON. */
#include "compile/explain.h"

#include <string.h>

#include "base/readable.h"
#include "hosts/cli/check.h"
#include "hosts/cli/cli.h"
#include "output/json.h"
#include "rule/list.h"
#include "rule/loader.h"

static const char *const DIRECTIONS[] = {
    [RULE_EITHER] = "either", [RULE_TO_SERVER] = "to_server", [RULE_TO_CLIENT] = "to_client"};
static const char *const SUPPRESSIONS[] = {[SUPPRESS_FIRST] = "the first",
                                           [SUPPRESS_EVERY] = "one in",
                                           [SUPPRESS_AFTER] = "only number",
                                           [SUPPRESS_BEYOND] = "all after number"};
static const char *const NODES[] = {
    [NODE_AND] = "and",       [NODE_OR] = "or",     [NODE_NOT] = "not",
    [NODE_PREDICATE] = "ask", [NODE_TRUE] = "true", [NODE_FALSE] = "false"};
static const char *const OPERATIONS[] = {
    [MATCH_GLOB] = "text",         [MATCH_REGEX] = "regex",   [MATCH_HEX] = "bytes",
    [MATCH_NUMBER] = "number",     [MATCH_PREFIX] = "prefix", [MATCH_DOMAIN] = "domain",
    [MATCH_EXISTS] = "exists",     [MATCH_FIELD] = "field",   [MATCH_LIST] = "list",
    [MATCH_SEQUENCE] = "sequence", [MATCH_MARK] = "mark"};
static const char *const ACTS[] = {
    [MARK_SET] = "set", [MARK_CLEAR] = "clear", [MARK_TOGGLE] = "toggle"};
static const char *const MEASURES[] = {
    [OF_VALUE] = NULL,      [OF_LEN] = "len",   [OF_COUNT] = "count", [OF_ENTROPY] = "entropy",
    [OF_MINUTE] = "minute", [OF_HOUR] = "hour", [OF_DAY] = "day",     [OF_WEEK] = "week",
    [OF_MONTH] = "month",   [OF_YEAR] = "year"};
static const char *const LIST_TYPES[] = {
    [LIST_IP] = "ip",   [LIST_DOMAIN] = "domain", [LIST_URL] = "url",   [LIST_STRING] = "string",
    [LIST_JA3] = "ja3", [LIST_JA4] = "ja4",       [LIST_SHA1] = "sha1", [LIST_SHA256] = "sha256"};

static const char *field_name(enum field_id field)
{
    return field == FIELD_NONE ? "every bytes field" : field_get(field)->name;
}

/* When an event of this rule's is decided. */
static const char *decision(const struct explanation *e)
{
    if (e->rule->event == EVENT_STREAM)
        return e->waits         ? "when the stream ends"
               : e->is_at_start ? "with every packet, as nothing has to be found first"
               : e->is_repeated ? "whenever a pattern is found, as marks may have changed"
                                : "as soon as a pattern is found";
    return e->waits      ? "when the transaction is complete"
           : e->is_again ? "with the request, and again with the answer"
                         : "as soon as the event is there";
}

/* ---- text -------------------------------------------------------------------------------------------- */

static void text_head(struct buf *out, const struct explanation *e)
{
    const struct rule *rule = e->rule;

    buf_text(out, "rule       ");
    readable_add(out, view_from_string(rule->title));
    buf_format(out, "\nplace      ");
    readable_add(out, view_from_string(rule->place.file));
    buf_format(out, ":%u\nid         %s\nsid        %u\nlevel      %s\n", rule->place.line,
               rule->id ? rule->id : "none", rule->sid, level_name(rule->level));
    buf_format(out, "event      %s\ndirection  %s\nports      ", event_type_name(rule->event),
               DIRECTIONS[rule->direction]);
    for (size_t i = 0; i < rule->port_count; i++)
        buf_format(out, "%s%u", i ? ", " : "", rule->ports[i]);
    buf_format(out, "%s\ndecided    %s\n", rule->port_count ? "" : "any", decision(e));
    if (rule->suppress_us > 0) {
        if (rule->suppress_number > 0)
            buf_format(out, "suppress   writes %s %u of each %lld s",
                       SUPPRESSIONS[rule->suppress_kind], rule->suppress_number,
                       (long long)(rule->suppress_us / 1000000));
        else
            buf_format(out, "suppress   writes the first of each %lld s",
                       (long long)(rule->suppress_us / 1000000));
        for (size_t i = 0; i < rule->suppress_by_count; i++)
            buf_format(out, "%s%s", i ? ", " : " by ", field_get(rule->suppress_by[i])->name);
        buf_byte(out, '\n');
    }
}

static void text_validity(struct buf *out, const struct rule *rule)
{
    char text[TIME_TEXT_MAX];

    if (rule->valid_from_us == 0 && rule->valid_until_us == 0)
        return;
    buf_text(out, "valid     ");
    if (loader_time_text(rule->valid_from_us, text))
        buf_format(out, " from %s", text);
    if (loader_time_text(rule->valid_until_us, text))
        buf_format(out, " until %s", text);
    buf_byte(out, '\n');
}

/* What it does when it holds, but for the alert. */
static void text_marks(struct buf *out, const struct rule *rule)
{
    for (enum mark_act act = MARK_SET; act <= MARK_TOGGLE; act++) {
        size_t told = 0;
        for (size_t i = 0; i < rule->mark_count; i++) {
            if (rule->marks[i].act != act)
                continue;
            buf_format(out, told++ == 0 ? "marks      %s " : ", ", ACTS[act]);
            readable_add(out, rule->marks[i].name);
        }
        if (told > 0)
            buf_byte(out, '\n');
    }
    if (rule->is_silent)
        buf_text(out, "alert      none: it holds and says nothing\n");
}

static void text_gate(struct buf *out, const struct explained_gate *gate)
{
    buf_format(out, "  %-8s %s = ", gate->kind, field_name(gate->field));
    readable_add(out, gate->key);
    if (gate->is_scanned)
        buf_format(out, "  (%s, %s)",
                   gate->is_at_start ? gate->is_at_end ? "the whole value" : "at the start"
                   : gate->is_at_end ? "at the end"
                                     : "anywhere",
                   gate->is_cased ? "case counts" : "any case");
    buf_format(out, "\n           %u bits; in a %s of %zu; opens %zu rule(s)\n", gate->bits,
               gate->is_scanned ? "Hyperscan database" : "set", gate->keys, gate->rules);
}

static void text_gates(struct buf *out, const struct explanation *e)
{
    if (e->rule->event == EVENT_STREAM)
        return;
    if (!e->has_gate) {
        buf_format(out, "gates      none: evaluated for every %s event\n",
                   event_type_name(e->rule->event));
        return;
    }
    if (e->gate_count == 0) {
        buf_text(out, "gates      none, and none can open it: it is never true\n");
        return;
    }
    buf_format(out, "gates      %zu, one has to be seen: in about one event of 2^%u\n",
               e->gate_count, e->bits);
    for (size_t i = 0; i < e->gate_count; i++)
        text_gate(out, &e->gates[i]);
}

static void text_patterns(struct buf *out, const struct explanation *e)
{
    if (e->rule->event == EVENT_STREAM)
        buf_format(out, "patterns   %zu, searched in raw bytes as they come\n", e->pattern_count);
    for (size_t i = 0; i < e->pattern_count; i++) {
        const struct explained_pattern *p = &e->patterns[i];
        buf_text(out, "  ");
        readable_add(out, view_from_string(p->expression));
        buf_format(out, "\n           %s; %s of %s", p->flags[0] ? p->flags : "no flags", p->part,
                   p->direction);
        if (p->ports > 0)
            buf_format(out, ", %zu port(s)", p->ports);
        buf_format(out, "; in a Hyperscan database of %zu; asked by %zu rule(s)\n", p->patterns,
                   p->asked_rules);
        if (p->is_exact)
            buf_format(out, "           only at offset %llu\n", (unsigned long long)p->from);
        else if (p->from > 0 || p->to != SIZE_MAX)
            buf_format(out, "           only from offset %llu to %llu\n",
                       (unsigned long long)p->from, (unsigned long long)p->to);
        if (p->is_anchored)
            buf_text(out, "           only where the stream's start was seen\n");
        if (p->is_gate)
            buf_text(out, "           a gate: what it opens is asked of the bytes around it\n");
    }
}

static void text_windows(struct buf *out, const struct explanation *e)
{
    if (e->window_count > 0)
        buf_format(out, "windows    %zu, asked of the bytes themselves\n", e->window_count);
    for (size_t i = 0; i < e->window_count; i++) {
        const struct explained_window *w = &e->windows[i];
        buf_text(out, "  ");
        readable_add(out, view_from_string(w->asks));
        buf_text(out, "\n           asked of ");
        if (w->is_segment)
            buf_text(out, "each segment alone");
        else if (w->hop > 0)
            buf_format(out, "blocks of %u bytes, each half over the next", w->len);
        else
            buf_format(out, "the first %u bytes", w->len);
        buf_format(out, "%s\n",
                   w->is_open ? ", of all streams: it has no gate" : ", where a gate was found");
    }
}

static void text_lists(struct buf *out, const struct explanation *e)
{
    for (size_t i = 0; i < e->list_count; i++) {
        const struct list *list = e->lists[i];
        buf_format(out, "list       %s: %zu of type %s", list->name, list->count,
                   LIST_TYPES[list->type]);
        char until[TIME_TEXT_MAX];
        if (loader_time_text(list->expires_us, until))
            buf_format(out, ", until %s", until);
        if (list->source != NULL) {
            buf_text(out, ", from ");
            readable_add(out, view_from_string(list->source));
        }
        buf_byte(out, '\n');
    }
}

static void text_filters(struct buf *out, const struct rule *rule)
{
    for (size_t i = 0; i < rule->filter_count; i++) {
        const struct filter *filter = rule->filters[i];
        buf_text(out, "filter     ");
        readable_add(out, view_from_string(filter->what->title));
        buf_text(out, " (");
        readable_add(out, view_from_string(filter->what->place.file));
        buf_format(out, ":%u)", filter->what->place.line);
        if (filter->expires != NULL) {
            buf_text(out, ", until ");
            readable_add(out, view_from_string(filter->expires));
        }
        buf_byte(out, '\n');
    }
}

static void text_reads(struct buf *out, const struct predicate *p)
{
    buf_format(out, "reads %s", field_name(p->field));
    if (p->header_name.len > 0) {
        buf_text(out, ", the header ");
        readable_add(out, p->header_name);
    }
    if (p->op == MATCH_FIELD)
        buf_format(out, " and %s", field_get(p->other)->name);
}

static void text_node(struct buf *out, const struct explained_node *node)
{
    const struct predicate *p = node->predicate;

    buf_format(out, "  %*s", (int)(node->depth * 2), "");
    if (p == NULL) {
        buf_format(out, "%s  (cost %u)\n", NODES[node->kind], node->cost);
        return;
    }
    readable_add(out, view_from_string(p->text));
    buf_format(out, "\n  %*s", (int)(node->depth * 2 + 4), "");
    if (MEASURES[p->of] != NULL)
        buf_format(out, "%s as ", MEASURES[p->of]);
    buf_format(out, "%s%s; ", OPERATIONS[p->op], p->is_negated ? ", negated" : "");
    text_reads(out, p);
    buf_format(out, "; cost %u%s\n", node->cost,
               node->is_late ? "; waits: what comes later may turn it round" : "");
}

static void text_explain(struct buf *out, const struct explanation *e)
{
    text_head(out, e);
    text_validity(out, e->rule);
    text_marks(out, e->rule);
    if (!e->is_compiled) {
        buf_text(out, "compiled   no: see the errors\n");
        return;
    }
    text_gates(out, e);
    text_patterns(out, e);
    text_windows(out, e);
    text_lists(out, e);
    text_filters(out, e->rule);
    buf_format(out, "condition  in the order of evaluation; cost %u, where 1 compares a number\n",
               e->nodes[0].cost);
    for (size_t i = 0; i < e->node_count; i++)
        text_node(out, &e->nodes[i]);
}

/* ---- JSON -------------------------------------------------------------------------------------------- */

static void json_marks(struct buf *out, const struct rule *rule)
{
    if (rule->mark_count == 0)
        return;
    json_put_open(out, "marks");
    for (enum mark_act act = MARK_SET; act <= MARK_TOGGLE; act++) {
        json_put_open_array(out, ACTS[act]);
        for (size_t i = 0; i < rule->mark_count; i++) {
            if (rule->marks[i].act != act)
                continue;
            json_put_item(out);
            json_put_string(out, rule->marks[i].name);
        }
        json_put_close_array(out);
    }
    json_put_close(out);
}

static void json_head(struct buf *out, const struct explanation *e)
{
    const struct rule *rule = e->rule;

    json_put_chars(out, "title", rule->title);
    json_put_chars(out, "id", rule->id);
    json_put_number(out, "sid", rule->sid);
    json_put_chars(out, "level", level_name(rule->level));
    json_put_chars(out, "file", rule->place.file);
    json_put_number(out, "line", rule->place.line);
    json_put_chars(out, "event", event_type_name(rule->event));
    json_put_chars(out, "direction", DIRECTIONS[rule->direction]);
    json_put_open_array(out, "ports");
    for (size_t i = 0; i < rule->port_count; i++) {
        json_put_item(out);
        buf_u64(out, rule->ports[i]);
    }
    json_put_close_array(out);
    json_put_bool(out, "alert", !rule->is_silent);
    char date[TIME_TEXT_MAX];
    if (loader_time_text(rule->valid_from_us, date))
        json_put_chars(out, "valid_from", date);
    if (loader_time_text(rule->valid_until_us, date))
        json_put_chars(out, "valid_until", date);
    json_marks(out, rule);
    json_put_bool(out, "compiled", e->is_compiled);
}

static void json_gates(struct buf *out, const struct explanation *e)
{
    json_put_bool(out, "gated", e->has_gate);
    json_put_number(out, "rarity_bits", e->bits);
    json_put_open_array(out, "gates");
    for (size_t i = 0; i < e->gate_count; i++) {
        const struct explained_gate *gate = &e->gates[i];
        json_put_open_item(out);
        json_put_chars(out, "kind", gate->kind);
        json_put_chars(out, "in", gate->is_scanned ? "database" : "set");
        json_put_chars(out, "field", field_name(gate->field));
        json_put_text(out, "key", gate->key);
        json_put_bool(out, "cased", gate->is_cased);
        json_put_bool(out, "at_start", gate->is_at_start);
        json_put_bool(out, "at_end", gate->is_at_end);
        json_put_number(out, "rarity_bits", gate->bits);
        json_put_number(out, "keys", gate->keys);
        json_put_number(out, "opens_rules", gate->rules);
        json_put_close(out);
    }
    json_put_close_array(out);
}

static void json_patterns(struct buf *out, const struct explanation *e)
{
    json_put_open_array(out, "patterns");
    for (size_t i = 0; i < e->pattern_count; i++) {
        const struct explained_pattern *p = &e->patterns[i];
        json_put_open_item(out);
        json_put_chars(out, "expression", p->expression);
        json_put_chars(out, "flags", p->flags);
        json_put_chars(out, "part", p->part);
        json_put_chars(out, "direction", p->direction);
        json_put_number(out, "ports", p->ports);
        json_put_number(out, "database_patterns", p->patterns);
        json_put_number(out, "from", p->from);
        if (p->to != SIZE_MAX)
            json_put_number(out, "to", p->to);
        json_put_bool(out, "exact", p->is_exact);
        json_put_bool(out, "anchored", p->is_anchored);
        json_put_bool(out, "gate", p->is_gate);
        json_put_chars(out, "asks", p->asks);
        json_put_number(out, "asked_by_rules", p->asked_rules);
        json_put_close(out);
    }
    json_put_close_array(out);
}

static void json_windows(struct buf *out, const struct explanation *e)
{
    json_put_open_array(out, "windows");
    for (size_t i = 0; i < e->window_count; i++) {
        const struct explained_window *w = &e->windows[i];
        json_put_open_item(out);
        json_put_chars(out, "asks", w->asks);
        json_put_chars(out, "of", w->is_segment ? "segments" : w->hop > 0 ? "blocks" : "first");
        json_put_number(out, "bytes", w->len);
        json_put_number(out, "hop", w->hop);
        json_put_bool(out, "gated", !w->is_open);
        json_put_close(out);
    }
    json_put_close_array(out);
}

static void json_lists(struct buf *out, const struct explanation *e)
{
    json_put_open_array(out, "lists");
    for (size_t i = 0; i < e->list_count; i++) {
        json_put_open_item(out);
        json_put_chars(out, "name", e->lists[i]->name);
        json_put_chars(out, "type", LIST_TYPES[e->lists[i]->type]);
        json_put_number(out, "entries", e->lists[i]->count);
        json_put_chars(out, "source", e->lists[i]->source);
        char until[TIME_TEXT_MAX];
        if (loader_time_text(e->lists[i]->expires_us, until))
            json_put_chars(out, "expires", until);
        json_put_close(out);
    }
    json_put_close_array(out);
}

static void json_filters(struct buf *out, const struct rule *rule)
{
    json_put_open_array(out, "filters");
    for (size_t i = 0; i < rule->filter_count; i++) {
        const struct filter *filter = rule->filters[i];
        json_put_open_item(out);
        json_put_chars(out, "title", filter->what->title);
        json_put_chars(out, "file", filter->what->place.file);
        json_put_number(out, "line", filter->what->place.line);
        json_put_chars(out, "expires", filter->expires);
        json_put_close(out);
    }
    json_put_close_array(out);
}

static void json_nodes(struct buf *out, const struct explanation *e)
{
    json_put_open_array(out, "condition");
    for (size_t i = 0; i < e->node_count; i++) {
        const struct explained_node *node = &e->nodes[i];
        const struct predicate *p = node->predicate;
        json_put_open_item(out);
        json_put_number(out, "depth", node->depth);
        json_put_chars(out, "kind", NODES[node->kind]);
        json_put_number(out, "cost", node->cost);
        json_put_bool(out, "waits", node->is_late);
        if (p != NULL) {
            json_put_chars(out, "text", p->text);
            json_put_chars(out, "operation", OPERATIONS[p->op]);
            json_put_chars(out, "of", MEASURES[p->of]);
            json_put_bool(out, "negated", p->is_negated);
            json_put_chars(out, "field", field_name(p->field));
            if (p->op == MATCH_FIELD)
                json_put_chars(out, "other_field", field_get(p->other)->name);
        }
        json_put_close(out);
    }
    json_put_close_array(out);
}

static void json_explain(struct buf *out, const struct explanation *e)
{
    json_put_open_item(out);
    json_head(out, e);
    if (e->is_compiled) {
        json_put_chars(out, "decided", decision(e));
        json_gates(out, e);
        json_patterns(out, e);
        json_windows(out, e);
        json_lists(out, e);
        json_filters(out, e->rule);
        json_nodes(out, e);
    }
    json_put_close(out);
    buf_byte(out, '\n');
}

/* ---- which rule --------------------------------------------------------------------------------------- */

static const struct rule *find_rule(const struct rules *rules, const char *name)
{
    struct view wanted = view_from_string(name);
    uint64_t sid = 0;
    bool is_number = view_parse_u64(wanted, &sid);

    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = rules->items[i];
        if ((is_number && rule->sid == sid) ||
            (rule->id != NULL && view_equal_fold(view_from_string(rule->id), wanted)) ||
            view_equal_fold(view_from_string(rule->title), wanted))
            return rule;
    }
    return NULL;
}

static int tell_unknown(const struct rules *rules, const char *name)
{
    const char **titles = arena_array(rules->arena, rules->count + 1, sizeof(*titles));

    for (size_t i = 0; i < rules->count; i++)
        titles[i] = rules->items[i]->title;
    const char *nearest = nearest_name(view_from_string(name), titles, rules->count);
    if (nearest != NULL)
        message("check", "no rule has the id, sid or title '%s'; did you mean '%s'?", name,
                nearest);
    else
        message("check", "no rule that could be loaded has the id, sid or title '%s'", name);
    return STATUS_USAGE;
}

int check_explain(const struct rules *rules, const struct check_options *options,
                  struct diagnostics *diagnostics)
{
    struct explanation explanation = {.rule = find_rule(rules, options->explain),
                                      .arena = rules->arena};
    struct error error;
    struct buf out;

    if (explanation.rule == NULL)
        return tell_unknown(rules, options->explain);
    if (compile_explain(rules, &explanation, diagnostics, &error) != 0) {
        message("check", "%s", error.text);
        return STATUS_USAGE;
    }
    buf_init(&out, SIZE_MAX / 2);
    if (options->format == CHECK_JSON)
        json_explain(&out, &explanation);
    else
        text_explain(&out, &explanation);
    fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return explanation.is_compiled ? STATUS_OK : STATUS_FOUND;
}
