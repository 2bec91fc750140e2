/* SPDX-License-Identifier: BSD-3-Clause */
/* Log source: Sigma's category, product and service, mapped by logsource.def; `product: shrike` names one
 * of our own events as its service. */
#include "sigma/logsource.h"

enum outcome {
    OUTCOME_FLOW,
    OUTCOME_HTTP,
    OUTCOME_DNS,
    OUTCOME_TLS,
    OUTCOME_LATER,
    OUTCOME_HOST,
};

static const struct row {
    const char *category, *product, *service;
    enum outcome outcome;
} ROWS[] = {
#define LOGSOURCE(category, product, service, event) {category, product, service, OUTCOME_##event},
#include "sigma/logsource.def"
#undef LOGSOURCE
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

/* What LANGUAGE calls an event and this version does not have yet. */
static const char *const LATER_EVENTS[] = {"quic", "ssh", "smtp", "ftp",     "smb",     "icmp",
                                           "file", "rdp", "krb5", "dce_rpc", "kerberos"};
enum { LATER_COUNT = sizeof(LATER_EVENTS) / sizeof(LATER_EVENTS[0]) };

static bool fits(const char *pattern, const char *value)
{
    return strcmp(pattern, "*") == 0 ||
           view_equal_fold(view_from_string(pattern), view_from_string(value));
}

static const char *describe(struct loader *l, const struct log_source *source)
{
    const char *const names[] = {"category", "product", "service"};
    const char *const values[] = {source->category, source->product, source->service};
    const char *text = "";

    for (size_t i = 0; i < 3; i++) {
        if (*values[i] != '\0')
            text = arena_format(l->arena, "%s%s%s: %s", text, *text ? ", " : "", names[i],
                                loader_shown(l, view_from_string(values[i])));
    }
    return text;
}

static bool read_native(struct loader *l, const struct yaml_node *node,
                        const struct log_source *source)
{
    const char *names[EVENT_COUNT + LATER_COUNT];
    const struct yaml_node *service = yaml_get(node, "service");
    struct place place = service ? service->place : node->place;
    size_t count = 0;

    for (enum event_type event = EVENT_PACKET; event < EVENT_COUNT; event++) {
        names[count++] = event_type_name(event);
        if (strcmp(source->service, event_type_name(event)) == 0) {
            l->rule->event = event;
            return true;
        }
    }
    for (size_t i = 0; i < LATER_COUNT; i++) {
        names[count++] = LATER_EVENTS[i];
        if (strcmp(source->service, LATER_EVENTS[i]) == 0) {
            loader_refuse(l, REFUSAL_LATER, place, "unsupported-log-source", NULL,
                          "events of type %s come with a later version", LATER_EVENTS[i]);
            return false;
        }
    }
    const char *nearest = nearest_name(view_from_string(source->service), names, count);
    loader_error(
        l, place, "unknown-event",
        loader_did_you_mean(l, nearest, "one of packet, stream, flow, http, dns, tls, anomaly"),
        *source->service ? "there are no events of type `%s`"
                         : "`product: shrike` needs a `service:` that names the events%s",
        loader_shown(l, view_from_string(source->service)));
    return false;
}

/* The first row that fits; ROW_COUNT when none does. */
static size_t find_row(const struct log_source *source)
{
    size_t at = 0;

    while (at < ROW_COUNT &&
           !(fits(ROWS[at].category, source->category) && fits(ROWS[at].product, source->product) &&
             fits(ROWS[at].service, source->service)))
        at++;
    return at;
}

/* The event of a part of the log source by itself; EVENT_COUNT when it names none of ours. */
static enum event_type event_of_part(const struct log_source *part)
{
    static const enum event_type EVENTS[] = {[OUTCOME_FLOW] = EVENT_FLOW,
                                             [OUTCOME_HTTP] = EVENT_HTTP,
                                             [OUTCOME_DNS] = EVENT_DNS,
                                             [OUTCOME_TLS] = EVENT_TLS};
    size_t at = find_row(part);

    if (at < ROW_COUNT && ROWS[at].outcome <= OUTCOME_TLS)
        return EVENTS[ROWS[at].outcome];
    return event_type_find(view_from_string(part->service));
}

/* `{category: proxy, service: dns}`: no log is both. */
static bool is_contradiction(struct loader *l, const struct yaml_node *node,
                             const struct log_source *source)
{
    const struct log_source category = {source->category, "", ""};
    const struct log_source service = {"", source->product, source->service};
    enum event_type left = event_of_part(&category), right = event_of_part(&service);

    if (left == EVENT_COUNT || right == EVENT_COUNT || left == right)
        return false;
    loader_error(l, node->place, "logsource", "drop one of them",
                 "a log source of %s events by its category and of %s events by its %s",
                 event_type_name(left), event_type_name(right),
                 *source->service ? "service" : "product");
    return true;
}

static bool apply(struct loader *l, const struct yaml_node *node, const struct log_source *source)
{
    size_t at = find_row(source);

    if (is_contradiction(l, node, source))
        return false;
    if (at == ROW_COUNT) {
        loader_refuse(
            l, REFUSAL_HOST, node->place, "unsupported-log-source",
            "shrike reads packets: proxy, webserver, dns, firewall, zeek and its own events",
            "no packet shows what this log source logs (%s)", describe(l, source));
        return false;
    }
    switch (ROWS[at].outcome) {
    case OUTCOME_FLOW:
        l->rule->event = EVENT_FLOW;
        return true;
    case OUTCOME_HTTP:
        l->rule->event = EVENT_HTTP;
        return true;
    case OUTCOME_DNS:
        l->rule->event = EVENT_DNS;
        return true;
    case OUTCOME_TLS:
        l->rule->event = EVENT_TLS;
        return true;
    case OUTCOME_LATER:
        loader_refuse(l, REFUSAL_LATER, node->place, "unsupported-log-source", NULL,
                      "events of this log source (%s) come with a later version",
                      describe(l, source));
        return false;
    case OUTCOME_HOST:
        loader_refuse(l, REFUSAL_HOST, node->place, "not-on-the-wire",
                      "leave the rule to a sensor on the host",
                      "only the host logs this (%s): no packet carries it", describe(l, source));
        return false;
    }
    return false;
}

/* NULL when it is no text; "" when it is not there. */
static const char *part(struct loader *l, const struct yaml_node *node, const char *key)
{
    const struct yaml_node *value = yaml_get(node, key);
    if (value == NULL || yaml_is_null(value))
        return "";
    return loader_string(l, value, key);
}

/* Sigma allows any others, which mean nothing to a tool; one that looks like a misspelt key is most likely that. */
static void check_keys(struct loader *l, const struct yaml_node *node)
{
    static const char *const KEYS[] = {"category", "product", "service", "definition"};

    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->keys[i];
        size_t at = 0;
        while (at < 4 && !view_equal(key->text, view_from_string(KEYS[at])))
            at++;
        const char *nearest = at == 4 ? nearest_name(key->text, KEYS, 4) : NULL;
        if (at == 4 && nearest != NULL)
            loader_error(l, key->place, "unknown-key", loader_did_you_mean(l, nearest, NULL),
                         "`logsource` has no key `%s`", loader_shown(l, key->text));
        else if (at == 4)
            loader_warn(l, key->place, "ignored-key",
                        "one of category, product, service, definition",
                        "`%s` of the log source means nothing here", loader_shown(l, key->text));
    }
}

/* Sets the log source of the rule being read; false when there is none. */
static bool read_source(struct loader *l, const struct yaml_node *node)
{
    struct log_source *source = &l->rule->source;

    if (node->kind != YAML_MAP) {
        loader_error(l, node->place, "wrong-kind", "write `logsource: {category: proxy}`",
                     "`logsource` has to be a map, here is %s", yaml_kind_name(node->kind));
        return false;
    }
    check_keys(l, node);
    *source = (struct log_source){part(l, node, "category"), part(l, node, "product"),
                                  part(l, node, "service")};
    if (source->category == NULL || source->product == NULL || source->service == NULL)
        return false;
    if (*source->category != '\0' || *source->product != '\0' || *source->service != '\0')
        return true;
    loader_error(l, node->place, "no-logsource",
                 "write `product: shrike` with `service: http`, or a category of Sigma",
                 "`logsource` names no category, product or service");
    return false;
}

static bool find_event(struct loader *l, const struct yaml_node *node)
{
    const struct log_source *source = &l->rule->source;

    if (strcmp(source->product, "shrike") != 0)
        return apply(l, node, source);
    if (*source->category != '\0')
        loader_error(l, yaml_get(node, "category")->place, "logsource", "drop the category",
                     "`product: shrike` names its events by `service:` alone");
    return read_native(l, node, source);
}

bool logsource_read(struct loader *l, const struct yaml_node *node)
{
    return read_source(l, node) && find_event(l, node);
}

bool logsource_read_filter(struct loader *l, const struct yaml_node *node)
{
    if (!read_source(l, node))
        return false;
    const struct log_source *source = &l->rule->source;
    bool is_alone = *source->category == '\0' && *source->service == '\0';
    bool is_of_all = is_alone && (strcmp(source->product, "shrike") == 0 ||
                                  strcmp(source->product, "zeek") == 0);
    bool is_of_network = strcmp(source->category, "network") == 0 && *source->product == '\0' &&
                         *source->service == '\0';
    if (!is_of_all && !is_of_network)
        return find_event(l, node);
    l->rule->event = EVENT_ANY;
    return true;
}
