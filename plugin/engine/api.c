/* SPDX-License-Identifier: BSD-3-Clause */
/* The public API: thin clothes over rule/, compile/ and a pipeline of one thread. Public types are the
 * inner ones under another name, or copies of what hosts may see. */
#include <shrike/shrike.h>

#include "base/memory.h"
#include "compile/compile.h"
#include "engine/pipeline.h"
#include "match/alert.h"
#include "sigma/rules.h"

struct shrike_worker {
    struct ruleset *set;
    struct shrike_worker_options options;
    struct pipeline *pipeline;
    uint64_t number;
    uint64_t alerts;
};

const char *shrike_version(void)
{
    return SHRIKE_VERSION;
}

int shrike_abi(void)
{
    return SHRIKE_ABI;
}

static void fail(struct shrike_error *error, const char *text)
{
    if (error != NULL)
        snprintf(error->text, sizeof(error->text), "%s", text);
}

/* ---- rule sets ------------------------------------------------------------------------------------------ */

static struct ruleset *inner_set(struct shrike_ruleset *set)
{
    return (struct ruleset *)(void *)set;
}

static_assert((int)SHRIKE_ERROR == (int)SEVERITY_ERROR &&
                  (int)SHRIKE_WARNING == (int)SEVERITY_WARNING &&
                  (int)SHRIKE_NOTE == (int)SEVERITY_NOTE,
              "the public header names the same severities");

static void hand_messages(const struct diagnostics *diagnostics, shrike_message_fn *on_message,
                          void *context)
{
    for (size_t i = 0; on_message != NULL && i < diagnostics->count; i++) {
        const struct diagnostic *d = &diagnostics->items[i];
        const struct shrike_message message = {
            .severity = (enum shrike_severity)d->severity,
            .id = d->id,
            .file = d->file,
            .line = d->line,
            .column = d->column,
            .text = d->text,
            .help = d->help,
        };
        on_message(context, &message);
    }
}

struct shrike_ruleset *shrike_ruleset_load(const char *const *paths, size_t count,
                                           shrike_message_fn *on_message, void *context,
                                           size_t *errors, struct shrike_error *error)
{
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;
    struct error reason = {"no rule path could be read"};
    struct ruleset *set = NULL;
    size_t readable = 0;

    diagnostics_init(&diagnostics);
    for (size_t i = 0; i < count; i++)
        readable += rules_load(rules, paths[i], &diagnostics) == 0;
    rules_finish(rules, &diagnostics);
    if (readable > 0 || count == 0)
        set = compile_rules(rules, &diagnostics, NULL, &reason);
    diagnostics_sort(&diagnostics);
    hand_messages(&diagnostics, on_message, context);
    if (errors != NULL)
        *errors = diagnostics.errors;
    if (set == NULL)
        fail(error, reason.text);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return (struct shrike_ruleset *)(void *)set;
}

size_t shrike_ruleset_count(const struct shrike_ruleset *set)
{
    return ruleset_count((const struct ruleset *)(const void *)set);
}

struct shrike_ruleset *shrike_ruleset_retain(struct shrike_ruleset *set)
{
    ruleset_retain(inner_set(set));
    return set;
}

void shrike_ruleset_release(struct shrike_ruleset *set)
{
    ruleset_release(inner_set(set));
}

/* ---- alerts ---------------------------------------------------------------------------------------------- */

static const struct alert *inner_alert(const struct shrike_alert *alert)
{
    return (const struct alert *)(const void *)alert;
}

uint32_t shrike_alert_sid(const struct shrike_alert *alert)
{
    return inner_alert(alert)->rule->sid;
}

const char *shrike_alert_rule_id(const struct shrike_alert *alert)
{
    return inner_alert(alert)->rule->id;
}

const char *shrike_alert_title(const struct shrike_alert *alert)
{
    return inner_alert(alert)->rule->title;
}

const char *shrike_alert_level(const struct shrike_alert *alert)
{
    return alert_level(inner_alert(alert));
}

unsigned shrike_alert_severity(const struct shrike_alert *alert)
{
    return alert_severity(inner_alert(alert));
}

int64_t shrike_alert_time_us(const struct shrike_alert *alert)
{
    return inner_alert(alert)->event->time_us;
}

void shrike_alert_tuple(const struct shrike_alert *alert, struct shrike_tuple *out)
{
    const struct event *event = inner_alert(alert)->event;
    const struct flow *flow = event->flow;
    const struct packet *packet = event->packet;

    *out = (struct shrike_tuple){0};
    if (flow != NULL) {
        const struct flow_ends ends = flow_ends(flow, event->is_reversed);
        memcpy(out->client, ends.client->bytes, 16);
        memcpy(out->server, ends.server->bytes, 16);
        out->client_port = ends.client_port;
        out->server_port = ends.server_port;
        out->ip_proto = flow->ip_proto;
        out->flow_id = flow->id;
    } else if (packet != NULL) {
        memcpy(out->client, packet->src.bytes, 16);
        memcpy(out->server, packet->dst.bytes, 16);
        out->client_port = packet->src_port;
        out->server_port = packet->dst_port;
        out->ip_proto = packet->ip_proto;
    }
}

size_t shrike_alert_evidence_count(const struct shrike_alert *alert)
{
    return inner_alert(alert)->evidence_count;
}

void shrike_alert_evidence(const struct shrike_alert *alert, size_t index,
                           struct shrike_evidence *out)
{
    const struct evidence *evidence = &inner_alert(alert)->evidence[index];
    *out = (struct shrike_evidence){
        .field = evidence->field < FIELD_COUNT ? field_get(evidence->field)->name : "",
        .predicate = evidence->predicate,
        .offset = evidence->has_offset ? (int64_t)evidence->offset : -1,
        .excerpt = {evidence->excerpt.data, evidence->excerpt.len},
        .list_name = evidence->list.name,
    };
}

int shrike_alert_list_entry(const struct shrike_alert *alert, size_t index,
                            struct shrike_list_entry *out)
{
    const struct listed *listed = &inner_alert(alert)->evidence[index].list;
    const struct shrike_list_entry all = {
        .size = out->size,
        .list = listed->name,
        .entry = {listed->entry.data, listed->entry.len},
        .source = listed->source,
        .tlp = listed->tlp,
        .note = listed->note,
        .confidence = listed->confidence,
        .confidence_given = listed->confidence_given,
        .first_seen_us = listed->first_seen_us,
        .age_days = listed->age_days,
        .valid_from_us = listed->valid_from_us,
        .expired_us = listed->expired_us,
    };

    if (listed->name == NULL)
        return -1;
    memcpy(out, &all, out->size < sizeof(all) ? out->size : sizeof(all));
    return 0;
}

int shrike_alert_is_expired(const struct shrike_alert *alert)
{
    return inner_alert(alert)->is_expired;
}

int shrike_alert_is_early(const struct shrike_alert *alert)
{
    return inner_alert(alert)->is_early;
}

size_t shrike_alert_field(const struct shrike_alert *alert, const char *name,
                          struct shrike_bytes *out, size_t max)
{
    const struct alert *inner = inner_alert(alert);
    const struct event *event = inner->event;
    enum field_id id = field_find(event->type, view_from_string(name));

    if (id == FIELD_FLOW_MARK) {
        for (size_t i = 0; i < inner->mark_count && i < max; i++)
            out[i] =
                (struct shrike_bytes){(const uint8_t *)inner->marks[i], strlen(inner->marks[i])};
        return inner->mark_count;
    }
    if (id == FIELD_NONE || field_get(id)->event != event->type ||
        field_get(id)->type != TYPE_BYTES)
        return 0;
    struct value_list values = event_get(event, id);
    for (size_t i = 0; i < values.count && i < max; i++)
        out[i] = (struct shrike_bytes){values.items[i].bytes.data, values.items[i].bytes.len};
    return values.count;
}

/* ---- workers --------------------------------------------------------------------------------------------- */

static void on_alert(void *context, struct chunk *chunk, const struct position *position,
                     const struct alert *alert)
{
    struct shrike_worker *worker = context;
    (void)chunk;
    (void)position;
    worker->alerts++;
    worker->options.on_alert(worker->options.context,
                             (const struct shrike_alert *)(const void *)alert);
}

static void on_event(void *context, struct chunk *chunk, const struct position *position,
                     const struct event *event)
{
    (void)context;
    (void)chunk;
    (void)position;
    (void)event;
}

struct shrike_worker *shrike_worker_new(struct shrike_ruleset *set,
                                        const struct shrike_worker_options *options,
                                        struct shrike_error *error)
{
    struct error reason = {"the alert callback is missing"};

    if (options == NULL) {
        fail(error, reason.text);
        return NULL;
    }
    struct shrike_worker *worker = memory_new(1, sizeof(*worker));
    size_t known = options->size < sizeof(*options) ? options->size : sizeof(*options);
    memcpy(&worker->options, options, known);
    worker->set = set != NULL ? ruleset_retain(inner_set(set)) : NULL;
    const struct pipeline_host host = {
        .alert = on_alert, .event = on_event, .write = line_discard, .context = worker};
    const struct pipeline_options pipeline_options = {
        .worker = {
            .flow_budget_bytes = worker->options.flow_budget_bytes,
            .reassembly_budget_bytes = worker->options.reassembly_budget_bytes,
            .proto_budget_bytes = worker->options.protocol_budget_bytes,
            .stream_budget_bytes = worker->options.stream_budget_bytes,
            .community_id_seed = worker->options.community_id_seed,
            .refuse_midstream = worker->options.refuses_midstream,
        }};
    if (worker->options.on_alert != NULL)
        worker->pipeline = pipeline_new(worker->set, &pipeline_options, &host, &reason);
    if (worker->pipeline == NULL) {
        fail(error, reason.text);
        shrike_worker_free(worker);
        return NULL;
    }
    return worker;
}

int shrike_worker_packet(struct shrike_worker *worker, const struct shrike_packet *packet)
{
    const struct frame frame = {
        .data = packet->data,
        .len = packet->len,
        .wire_len = packet->wire_len,
        .time_us = packet->time_us,
        .number = ++worker->number,
        .link_type = packet->link_type,
    };
    if (!decode_link_supported(packet->link_type))
        return -1;
    pipeline_frames(worker->pipeline, &frame, 1);
    return 0;
}

void shrike_worker_tick(struct shrike_worker *worker, int64_t time_us)
{
    pipeline_tick(worker->pipeline, time_us);
}

void shrike_worker_finish(struct shrike_worker *worker)
{
    pipeline_flush(worker->pipeline);
}

void shrike_worker_stats(const struct shrike_worker *worker, struct shrike_worker_stats *out)
{
    const struct pipeline_stats *stats = pipeline_stats(worker->pipeline);
    struct shrike_worker_stats all = {
        .size = out->size,
        .packets = stats->decode.pkts,
        .bytes = stats->decode.bytes,
        .malformed = stats->decode.malformed,
        .flows = stats->workers[0].flow.total,
        .flows_evicted = stats->workers[0].flow.evicted,
        .alerts = worker->alerts,
        .scan_bytes = stats->workers[0].match.scan_bytes,
    };
    memcpy(out, &all, all.size < sizeof(all) ? all.size : sizeof(all));
}

void shrike_worker_free(struct shrike_worker *worker)
{
    if (worker == NULL)
        return;
    pipeline_free(worker->pipeline);
    ruleset_release(worker->set);
    memory_free(worker);
}
