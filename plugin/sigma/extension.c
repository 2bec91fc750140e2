/* SPDX-License-Identifier: BSD-3-Clause */
/* Extension: the `shrike:` block. Unlike Sigma's own keys, a key that is not known here is an error: it is
 * ours, so it can only be misspelt. */
#include "sigma/sigma.h"

#include <time.h>

enum { PORTS_MAX = 1024, TESTS_MAX = 4096, MARKS_MAX = 256 };

static bool is_kind(struct loader *l, const struct yaml_node *node, enum yaml_kind kind,
                    const char *key, const char *help)
{
    if (node->kind == kind)
        return true;
    loader_error(l, node->place, "wrong-kind", help, "`%s` has to be %s, here is %s", key,
                 yaml_kind_name(kind), yaml_kind_name(node->kind));
    return false;
}

static void read_sid(struct loader *l, const struct yaml_node *node)
{
    int64_t number;

    if (node->kind == YAML_SCALAR && loader_parse_number(node->text, &number) && number > 0 &&
        number <= UINT32_MAX)
        l->rule->sid = (uint32_t)number;
    else
        loader_error(l, node->place, "sid", "write `sid: 9000123`",
                     "`sid` has to be a number between 1 and %u", UINT32_MAX);
}

/* Zero is a revision, too. */
static uint32_t read_u32(struct loader *l, const struct yaml_node *node, const char *key)
{
    int64_t number;

    if (node->kind == YAML_SCALAR && loader_parse_number(node->text, &number) && number >= 0 &&
        number <= UINT32_MAX)
        return (uint32_t)number;
    loader_error(l, node->place, "sid", "write a number, as in Suricata's rules",
                 "`%s` has to be a number up to %u", key, UINT32_MAX);
    return 0;
}

static void read_rev(struct loader *l, const struct yaml_node *node)
{
    l->rule->rev = read_u32(l, node, "rev");
}

static void read_gid(struct loader *l, const struct yaml_node *node)
{
    l->rule->gid = read_u32(l, node, "gid");
}

static void read_category(struct loader *l, const struct yaml_node *node)
{
    l->rule->category = loader_string(l, node, "category");
}

static void read_direction(struct loader *l, const struct yaml_node *node)
{
    static const char *const NAMES[] = {"either", "to_server", "to_client"};

    for (size_t i = 0; i < 3; i++) {
        if (node->kind == YAML_SCALAR && view_equal(node->text, view_from_string(NAMES[i]))) {
            l->rule->direction = (enum rule_direction)i;
            if (i == RULE_TO_CLIENT && l->rule->event == EVENT_FLOW)
                loader_warn(l, node->place, "never-matches", "leave `direction` out",
                            "a flow is always `to_server`, so this never matches");
            return;
        }
    }
    loader_error(l, node->place, "direction",
                 loader_did_you_mean(l, nearest_name(node->text, NAMES, 3),
                                     "one of to_server, to_client, either"),
                 "`%s` is no direction", loader_shown(l, node->text));
}

static void read_date(struct loader *l, const struct yaml_node *node, const char *key, int64_t *out)
{
    if (node->kind == YAML_SCALAR && loader_parse_time(node->text, out)) {
        *out = *out > 0 ? *out : 1; /* no packet was before 1970, and 0 says nothing */
        return;
    }
    loader_error(l, node->place, "date", arena_format(l->arena, "write `%s: 2027-01-01`", key),
                 "`%s` is not a date",
                 node->kind == YAML_SCALAR ? loader_shown(l, node->text) : key);
}

static void read_valid_from(struct loader *l, const struct yaml_node *node)
{
    read_date(l, node, "valid_from", &l->rule->valid_from_us);
}

static void read_valid_until(struct loader *l, const struct yaml_node *node)
{
    read_date(l, node, "valid_until", &l->rule->valid_until_us);
}

static bool parse_port(struct view text, int64_t *out)
{
    return loader_parse_number(text, out) && *out >= 0 && *out <= UINT16_MAX;
}

/* "8000-8010" or a single port. */
static bool parse_range(struct view text, int64_t *first, int64_t *last)
{
    size_t dash = view_find_byte(text, '-');

    if (!parse_port(view_slice(text, 0, dash), first))
        return false;
    if (dash == VIEW_NOT_FOUND)
        *last = *first;
    else if (!parse_port(view_skip(text, dash + 1), last))
        return false;
    return *first <= *last;
}

static void read_ports(struct loader *l, const struct yaml_node *node)
{
    size_t count = node->kind == YAML_LIST ? node->count : 1;
    uint16_t *ports = arena_array(l->arena, PORTS_MAX, sizeof(*ports));
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item = node->kind == YAML_LIST ? node->items[i] : node;
        int64_t first, last;
        if (item->kind != YAML_SCALAR || !parse_range(item->text, &first, &last)) {
            loader_error(l, item->place, "port", "write `ports: [80, 8000-8010]`",
                         "`%s` is not a port between 0 and 65535", loader_shown(l, item->text));
            return;
        }
        if (used + (size_t)(last - first) + 1 > PORTS_MAX) {
            loader_error(l, item->place, "port", "leave `ports` out and ask for `dst_port|gte`",
                         "more than %d ports", PORTS_MAX);
            return;
        }
        for (int64_t port = first; port <= last; port++)
            ports[used++] = (uint16_t)port;
    }
    if (used == 0)
        loader_error(l, node->place, "port", "drop the key for any port",
                     "the list of ports is empty");
    l->rule->ports = ports;
    l->rule->port_count = used;
}

static void read_suppress_by(struct loader *l, const struct yaml_node *node)
{
    struct rule *rule = l->rule;
    size_t count = node->kind == YAML_LIST ? node->count : 1;
    size_t most = sizeof(rule->suppress_by) / sizeof(rule->suppress_by[0]);

    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item = node->kind == YAML_LIST ? node->items[i] : node;
        if (rule->suppress_by_count == most) {
            loader_error(l, item->place, "suppress", NULL, "`by` takes at most %zu fields", most);
            return;
        }
        enum field_id id =
            item->kind == YAML_SCALAR ? field_find(rule->event, item->text) : FIELD_NONE;
        if (id == FIELD_NONE) {
            const char *nearest =
                item->text.len > 0 ? field_suggest(rule->event, item->text) : NULL;
            loader_error(l, item->place, "unknown-field",
                         loader_did_you_mean(l, nearest, "`shrike fields` lists all names"),
                         "%s events have no field `%s`", event_type_name(rule->event),
                         loader_shown(l, item->text));
            continue;
        }
        if (id == FIELD_FLOW_MARK) {
            loader_error(l, item->place, "suppress", "name a field that has one value",
                         "`by` cannot count by the marks of a flow");
            continue;
        }
        rule->suppress_by[rule->suppress_by_count++] = id;
    }
}

static void read_suppress_for(struct loader *l, const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR || !loader_parse_duration(node->text, &l->rule->suppress_us) ||
        l->rule->suppress_us == 0)
        loader_error(l, node->place, "duration", "write 30s, 10m, 1h or 7d; at most 36500d",
                     "`%s` is not a span of time", loader_shown(l, node->text));
}

/* `first: 3`, `every: 10`, `after: 5`, `beyond: 5`. */
static void read_suppress_number(struct loader *l, const struct yaml_node *key,
                                 const struct yaml_node *node, enum suppress_kind kind)
{
    int64_t number;

    if (l->rule->suppress_number != 0)
        loader_error(l, key->place, "suppress", "write two rules",
                     "`suppress` has one of first, every, after and beyond");
    else if (node->kind != YAML_SCALAR || !loader_parse_number(node->text, &number) || number < 1 ||
             number > 1000000)
        loader_error(l, node->place, "suppress", "write `first: 3`",
                     "`%s` has to be a number between 1 and 1000000", loader_shown(l, key->text));
    else
        l->rule->suppress_number = (uint32_t)number;
    l->rule->suppress_kind = kind;
}

static void read_suppress(struct loader *l, const struct yaml_node *node)
{
    static const char *const NAMES[] = {"first", "every", "after", "beyond", "by", "for"};
    static const char HELP[] = "write `suppress: {by: [src_ip, dst_ip], for: 1h}`";

    if (!is_kind(l, node, YAML_MAP, "suppress", HELP))
        return;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->keys[i];
        const struct yaml_node *value = node->items[i];
        size_t at = 0;
        while (at < 6 && !view_equal(key->text, view_from_string(NAMES[at])))
            at++;
        if (at == 6)
            loader_unknown_key(l, key, "suppress", NAMES, 6);
        else if (at == 4)
            read_suppress_by(l, value);
        else if (at == 5)
            read_suppress_for(l, value);
        else
            read_suppress_number(l, key, value, (enum suppress_kind)at);
    }
    if (yaml_get(node, "for") == NULL)
        loader_error(l, node->place, "suppress", HELP, "`suppress` needs a span of time: `for`");
}

static void read_alert(struct loader *l, const struct yaml_node *node)
{
    bool is_told;

    if (node->kind != YAML_SCALAR || !yaml_parse_bool(node, &is_told))
        loader_error(l, node->place, "wrong-kind", "write `alert: false`",
                     "`alert` has to be true or false");
    else
        l->rule->is_silent = !is_told;
}

/* One name of `set`, `clear` or `toggle`. */
static void read_mark(struct loader *l, const struct yaml_node *node, enum mark_act act)
{
    struct rule *rule = l->rule;

    if (!loader_is_mark(l, node))
        return;
    for (size_t i = 0; i < rule->mark_count; i++) {
        if (view_equal(rule->marks[i].name, node->text)) {
            loader_error(l, node->place, "marks", "name each mark once",
                         "`marks` says two things of the mark `%s`", loader_shown(l, node->text));
            return;
        }
    }
    if (rule->mark_count == MARKS_MAX) {
        loader_error(l, node->place, "marks", NULL, "more than %d marks", MARKS_MAX);
        return;
    }
    rule->marks[rule->mark_count++] =
        (struct mark_change){act, arena_copy(l->arena, node->text), node->place};
}

static void read_marks(struct loader *l, const struct yaml_node *node)
{
    static const char *const NAMES[] = {"set", "clear", "toggle"};
    static const char HELP[] = "write `marks: {set: [stage1], clear: [stage0]}`";
    size_t most = 0;

    if (!is_kind(l, node, YAML_MAP, "marks", HELP))
        return;
    for (size_t i = 0; i < node->count; i++)
        most += node->items[i]->kind == YAML_LIST ? node->items[i]->count : 1;
    l->rule->marks =
        arena_array(l->arena, most < MARKS_MAX ? most + 1 : MARKS_MAX, sizeof(*l->rule->marks));
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *names = node->items[i];
        size_t act = 0;
        while (act < 3 && !view_equal(node->keys[i]->text, view_from_string(NAMES[act])))
            act++;
        if (act == 3) {
            loader_unknown_key(l, node->keys[i], "marks", NAMES, 3);
            continue;
        }
        if (names->kind != YAML_LIST)
            read_mark(l, names, (enum mark_act)act);
        for (size_t n = 0; names->kind == YAML_LIST && n < names->count; n++)
            read_mark(l, names->items[n], (enum mark_act)act);
    }
    if (l->rule->mark_count == 0 && !l->is_bad)
        loader_error(l, node->place, "marks", HELP, "`marks` names no mark");
}

static const char TEST_HELP[] = "write `{pcap: ../tests/pcaps/x.pcap, alerts: 1}`";

static bool read_test_count(struct loader *l, const struct yaml_node *node, const char *key,
                            uint64_t *out)
{
    int64_t number;

    if (node->kind != YAML_SCALAR || !loader_parse_number(node->text, &number) || number < 0) {
        loader_error(l, node->place, "test", TEST_HELP, "`%s` has to be a number", key);
        return false;
    }
    *out = (uint64_t)number;
    return true;
}

static void read_test(struct loader *l, const struct yaml_node *node)
{
    static const char *const NAMES[] = {"pcap", "alerts", "matches"};
    struct rule_test *test = &l->rule->tests[l->rule->test_count];

    if (!is_kind(l, node, YAML_MAP, "tests", TEST_HELP))
        return;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *key = node->keys[i];
        const struct yaml_node *value = node->items[i];
        if (view_equal(key->text, VIEW("pcap")))
            test->pcap = loader_string(l, value, "pcap");
        else if (view_equal(key->text, VIEW("alerts")))
            test->has_alerts = read_test_count(l, value, "alerts", &test->alerts);
        else if (view_equal(key->text, VIEW("matches")))
            test->has_matches = read_test_count(l, value, "matches", &test->matches);
        else
            loader_unknown_key(l, key, "tests", NAMES, 3);
    }
    if (yaml_get(node, "pcap") == NULL ||
        (yaml_get(node, "alerts") == NULL && yaml_get(node, "matches") == NULL)) {
        loader_error(l, node->place, "test", TEST_HELP,
                     "a test needs `pcap`, and `alerts` or `matches`");
        return;
    }
    test->place = node->place;
    l->rule->test_count++;
}

static void read_tests(struct loader *l, const struct yaml_node *node)
{
    if (!is_kind(l, node, YAML_LIST, "tests", "write `tests: [{pcap: x.pcap, alerts: 1}]`"))
        return;
    if (node->count > TESTS_MAX) {
        loader_error(l, node->place, "test", NULL, "more than %d tests", TESTS_MAX);
        return;
    }
    l->rule->tests = arena_array(l->arena, node->count + 1, sizeof(*l->rule->tests));
    for (size_t i = 0; i < node->count; i++)
        read_test(l, node->items[i]);
}

static const struct {
    const char *name;
    void (*read)(struct loader *l, const struct yaml_node *node);
} KEYS[] = {
#define EXTENSION(name, reader) {name, reader},
#include "sigma/extension.def"
#undef EXTENSION
};

enum { KEY_COUNT = sizeof(KEYS) / sizeof(KEYS[0]) };

static void check_validity(struct loader *l, const struct yaml_node *node)
{
    const struct yaml_node *until = yaml_get(node, "valid_until");
    int64_t until_us = l->rule->valid_until_us;

    if (until == NULL || until_us == 0)
        return;
    if (until_us <= l->rule->valid_from_us)
        loader_warn(l, until->place, "date", "turn the two dates round",
                    "`valid_until` is not after `valid_from`: the rule is never valid");
    else if (until_us / 1000000 < (int64_t)time(NULL))
        loader_note(l, until->place, "expired-rule", "give it a later date, or remove the rule",
                    "the rule has expired: its alerts are told as informational");
}

/* A rule that says nothing has nothing that could be left out, and no test sees it alert. */
static void check_silence(struct loader *l, const struct yaml_node *node)
{
    const struct yaml_node *suppress = yaml_get(node, "suppress");

    if (!l->rule->is_silent)
        return;
    if (suppress != NULL)
        loader_warn(l, suppress->place, "ignored-key", "drop it, or `alert: false`",
                    "`suppress` has no effect on a rule that does not alert");
    for (size_t i = 0; i < l->rule->test_count; i++) {
        if (l->rule->tests[i].has_alerts && l->rule->tests[i].alerts > 0)
            loader_error(l, l->rule->tests[i].place, "test", "write `{pcap: x.pcap, matches: 1}`",
                         "a rule with `alert: false` never alerts; its test counts `matches`");
    }
}

void extension_read(struct loader *l, const struct yaml_node *node)
{
    const char *names[KEY_COUNT];

    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = KEYS[i].name;
    if (!is_kind(l, node, YAML_MAP, "shrike", "write `shrike: {sid: 9000123}`"))
        return;
    for (size_t i = 0; i < node->count; i++) {
        size_t at = 0;
        while (at < KEY_COUNT && !view_equal(node->keys[i]->text, view_from_string(names[at])))
            at++;
        if (at < KEY_COUNT)
            KEYS[at].read(l, node->items[i]);
        else
            loader_unknown_key(l, node->keys[i], "shrike", names, KEY_COUNT);
    }
    check_silence(l, node);
    check_validity(l, node);
}
