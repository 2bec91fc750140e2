/* SPDX-License-Identifier: BSD-3-Clause */
/* Variables: address and port groups.
 *
 * Groups     "[10.0.0.0/8,!10.1.0.0/16,$DMZ]": what is named, without what is negated, wherever it stands in
 *            nested brackets; a group of negated parts alone takes away from all addresses. So Suricata reads it.
 * Lists      a variable of plain addresses becomes a list document, so that all rules share one table; one
 *            that is made of others (!$HOME_NET) is followed to them. Addresses in a rule stay in the rule.
 * Ports      are a bit each while a group is read: a negation is then nothing special.
 */
#include "import/suricata/read/variables.h"

#include "base/address.h"
#include "import/suricata/read/rule_text.h"

enum { DEPTH_MAX = 16, PORTS = 65536, VARIABLES_MAX = 1024, KNOWN_MAX = 256, KNOWN_LEN_MAX = 128 };

struct variable {
    struct view name, value;
    bool is_list;
};

/* What one text was found to mean: most rules have the same few. */
struct known_text {
    struct view text;
    struct net_set net;
    struct port_set ports;
};

struct known {
    struct known_text items[KNOWN_MAX];
    size_t count;
};

struct net_reader;

struct variables {
    struct arena *arena;
    struct variable items[VARIABLES_MAX];
    size_t count;
    struct net_list lists[VARIABLES_MAX];
    size_t list_count;
    struct known nets, ports;
    struct net_reader *reader;
};

static struct known_text *recall(struct known *known, struct view text)
{
    for (size_t i = 0; i < known->count; i++) {
        if (view_equal(known->items[i].text, text))
            return &known->items[i];
    }
    return NULL;
}

static void remember(struct variables *v, struct known *known, struct known_text item)
{
    if (known->count == KNOWN_MAX || item.text.len > KNOWN_LEN_MAX)
        return;
    item.text = arena_copy(v->arena, item.text);
    known->items[known->count++] = item;
}

static struct variable *find(struct variables *v, struct view name)
{
    for (size_t i = 0; i < v->count; i++) {
        if (view_equal(v->items[i].name, name))
            return &v->items[i];
    }
    return NULL;
}

static void define(struct variables *v, struct view name, struct view value)
{
    struct variable *known = find(v, name);

    if (known == NULL && v->count < VARIABLES_MAX)
        known = &v->items[v->count++];
    if (known != NULL)
        *known = (struct variable){arena_copy(v->arena, name), arena_copy(v->arena, value), false};
}

struct variables *variables_new(struct arena *arena)
{
    static const char *const DEFAULTS[][2] = {
#define VARIABLE(name, value) {name, value},
#include "import/suricata/read/variable.def"
#undef VARIABLE
    };
    struct variables *v = arena_alloc(arena, sizeof(*v));

    v->arena = arena;
    for (size_t i = 0; i < sizeof(DEFAULTS) / sizeof(DEFAULTS[0]); i++)
        define(v, view_from_string(DEFAULTS[i][0]), view_from_string(DEFAULTS[i][1]));
    return v;
}

static bool is_name(struct view text)
{
    bool holds = text.len > 0 && text.len <= NET_NAME_MAX;
    for (size_t i = 0; i < text.len && holds; i++)
        holds = byte_is_digit(text.data[i]) || text.data[i] == '_' ||
                (byte_fold(text.data[i]) >= 'a' && byte_fold(text.data[i]) <= 'z');
    return holds;
}

/* Without quotes and what follows a # behind a blank. */
static struct view plain(struct view value)
{
    size_t comment = view_find(value, VIEW(" #"));

    value = view_trim(view_slice(value, 0, comment));
    if (value.len >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
        value.data[value.len - 1] == value.data[0])
        value = view_slice(value, 1, value.len - 1);
    return view_trim(value);
}

/* The line above variables: `vars:`, `address-groups:`. */
static bool is_section(struct view name, struct view value)
{
    return value.len == 0 && (view_equal(name, VIEW("vars")) || view_ends(name, VIEW("-groups")));
}

void variables_read(struct variables *v, const char *file, struct view text,
                    struct diagnostics *diagnostics)
{
    struct place place = {file, 1, 1};
    struct view line;

    for (; view_take_line(&text, &line); place.line++) {
        line = view_trim(line);
        size_t colon = view_find_byte(line, ':');
        if (line.len == 0 || line.data[0] == '#' || line.data[0] == '%' ||
            view_equal(line, VIEW("---")))
            continue;
        struct view name = view_trim(view_slice(line, 0, colon));
        if (colon != VIEW_NOT_FOUND && is_section(name, plain(view_skip(line, colon + 1))))
            continue;
        if (colon == VIEW_NOT_FOUND || !is_name(name))
            diagnostics_add(diagnostics, SEVERITY_ERROR, "rule-text", place,
                            "write `HOME_NET: \"[192.0.2.0/24]\"`",
                            "a line that gives no variable its value");
        else if (plain(view_skip(line, colon + 1)).len > 0)
            define(v, name, plain(view_skip(line, colon + 1)));
    }
}

/* The next part of a group; a bracket within it holds its commas together. */
static bool take_part(struct view *rest, struct view *part)
{
    unsigned depth = 0;
    size_t at = 0;

    if (rest->len == 0)
        return false;
    for (; at < rest->len && (depth > 0 || rest->data[at] != ','); at++) {
        depth += rest->data[at] == '[';
        depth -= rest->data[at] == ']' && depth > 0;
    }
    *part = view_trim(view_slice(*rest, 0, at));
    *rest = view_skip(*rest, at + 1);
    return true;
}

/* Takes the signs off the front. */
static struct view take_signs(struct view text, bool *is_negated)
{
    text = view_trim(text);
    while (text.len > 0 && text.data[0] == '!') {
        *is_negated = !*is_negated;
        text = view_trim(view_skip(text, 1));
    }
    return text;
}

static bool is_group(struct view text)
{
    return text.len >= 2 && text.data[0] == '[' && text.data[text.len - 1] == ']';
}

static const char *unknown(struct variables *v, struct view name)
{
    return arena_format(v->arena, "the variable %.*s is not defined", (int)name.len,
                        (const char *)name.data);
}

/* --- addresses ----------------------------------------------------------------------------------- */

struct net_reader {
    struct variables *v;
    struct net_term in[NET_TERMS_MAX], out[NET_TERMS_MAX];
    size_t in_count, out_count;
    bool is_any; /* `any` stands in it */
};

static const char *add_term(struct net_reader *r, struct net_term term, bool is_negated)
{
    size_t *count = is_negated ? &r->out_count : &r->in_count;

    if (*count == NET_TERMS_MAX)
        return "too many addresses in one group";
    (is_negated ? r->out : r->in)[(*count)++] = term;
    return NULL;
}

static bool is_address(struct view text)
{
    struct address address;
    unsigned bits;
    return address_parse_prefix(text, &address, &bits);
}

/* A variable of plain addresses: its values; NULL when it is anything else. */
static struct view *plain_addresses(struct variables *v, struct view value, size_t *count)
{
    struct view rest = is_group(value) ? view_slice(value, 1, value.len - 1) : value, part;
    struct view *values = arena_array(v->arena, value.len / 2 + 1, sizeof(*values));

    for (*count = 0; take_part(&rest, &part);) {
        if (!is_address(part))
            return NULL;
        values[(*count)++] = part;
    }
    return *count > 0 ? values : NULL;
}

/* The list that a variable is, made when it is first asked for; NULL when it is none. */
static const char *list_of(struct variables *v, struct variable *variable)
{
    char *name = (char *)arena_alloc(v->arena, variable->name.len + 1);
    size_t count;

    for (size_t i = 0; i < variable->name.len; i++)
        name[i] = (char)byte_fold(variable->name.data[i]);
    if (variable->is_list)
        return name;
    struct view *values = plain_addresses(v, variable->value, &count);
    if (values == NULL)
        return NULL;
    variable->is_list = true;
    v->lists[v->list_count++] = (struct net_list){
        name, (const char *)arena_copy(v->arena, variable->name).data, values, count};
    return name;
}

static const char *read_net(struct net_reader *r, struct view text, bool is_negated,
                            unsigned depth);

static const char *read_net_variable(struct net_reader *r, struct view name, bool is_negated,
                                     unsigned depth)
{
    struct variable *variable = find(r->v, name);

    if (variable == NULL)
        return unknown(r->v, name);
    const char *list = list_of(r->v, variable);
    if (list != NULL)
        return add_term(r, (struct net_term){.list = list}, is_negated);
    return read_net(r, variable->value, is_negated, depth);
}

static const char *read_net(struct net_reader *r, struct view text, bool is_negated, unsigned depth)
{
    struct view part;

    text = take_signs(text, &is_negated);
    if (depth > DEPTH_MAX)
        return "address groups too deep in each other";
    if (view_equal_fold(text, VIEW("any"))) {
        if (is_negated)
            return "no address at all: !any";
        r->is_any = true;
        return NULL;
    }
    if (text.len > 1 && text.data[0] == '$')
        return read_net_variable(r, view_skip(text, 1), is_negated, depth + 1);
    if (!is_group(text))
        return is_address(text) ? add_term(r, (struct net_term){.text = text}, is_negated)
                                : "an address that is neither one nor a prefix";
    if (is_negated && view_find_byte(text, '!') != VIEW_NOT_FOUND)
        return "a negated group with negations in it";
    struct view rest = view_slice(text, 1, text.len - 1);
    while (take_part(&rest, &part)) {
        const char *fault = read_net(r, part, is_negated, depth + 1);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static struct net_term *copy_terms(struct arena *arena, const struct net_term *terms, size_t count)
{
    struct net_term *copy = arena_array(arena, count + 1, sizeof(*copy));
    if (count > 0)
        memcpy(copy, terms, count * sizeof(*copy));
    return copy;
}

const char *variables_net(struct variables *v, struct view text, struct net_set *out)
{
    const struct known_text *known = recall(&v->nets, text);

    *out = known != NULL ? known->net : (struct net_set){.in_count = 0};
    if (known != NULL || view_equal(text, VIEW("any")))
        return NULL;
    if (v->reader == NULL)
        v->reader = arena_alloc(v->arena, sizeof(*v->reader));
    struct net_reader *r = v->reader;
    r->v = v;
    r->in_count = r->out_count = 0;
    r->is_any = false;
    const char *fault = read_net(r, text, false, 0);
    if (fault != NULL)
        return fault;
    if (r->is_any)
        r->in_count = 0;
    else if (r->in_count + r->out_count == 0)
        return "an address group without addresses";
    *out = (struct net_set){copy_terms(v->arena, r->in, r->in_count),
                            copy_terms(v->arena, r->out, r->out_count), r->in_count, r->out_count};
    remember(v, &v->nets, (struct known_text){.text = text, .net = *out});
    return NULL;
}

size_t variables_lists(const struct variables *v, const struct net_list **out)
{
    *out = v->lists;
    return v->list_count;
}

/* --- ports --------------------------------------------------------------------------------------- */

struct port_reader {
    struct variables *v;
    uint8_t in[PORTS / 8], out[PORTS / 8];
    bool has_in;
};

static void mark(uint8_t *bits, uint64_t first, uint64_t last)
{
    for (uint64_t port = first; port <= last; port++)
        bits[port / 8] |= (uint8_t)(1U << (port % 8));
}

/* "80", "1024:", ":1023", "6666:7000" */
static const char *read_port_range(struct port_reader *r, struct view text, bool is_negated)
{
    size_t colon = view_find_byte(text, ':');
    struct view low = view_trim(view_slice(text, 0, colon)), high = low;
    uint64_t first = 0, last = PORTS - 1;

    if (colon != VIEW_NOT_FOUND)
        high = view_trim(view_skip(text, colon + 1));
    if ((low.len > 0 && !view_parse_u64(low, &first)) ||
        (high.len > 0 && !view_parse_u64(high, &last)) || low.len + high.len == 0 || first > last ||
        last >= PORTS)
        return "a port that is no number between 0 and 65535";
    mark(is_negated ? r->out : r->in, first, last);
    r->has_in |= !is_negated;
    return NULL;
}

static const char *read_ports(struct port_reader *r, struct view text, bool is_negated,
                              unsigned depth)
{
    struct view part;

    text = take_signs(text, &is_negated);
    if (depth > DEPTH_MAX)
        return "port groups too deep in each other";
    if (view_equal_fold(text, VIEW("any")))
        return is_negated ? "no port at all: !any" : read_port_range(r, VIEW("0:65535"), false);
    if (text.len > 1 && text.data[0] == '$') {
        const struct variable *variable = find(r->v, view_skip(text, 1));
        return variable == NULL ? unknown(r->v, view_skip(text, 1))
                                : read_ports(r, variable->value, is_negated, depth + 1);
    }
    if (!is_group(text))
        return read_port_range(r, text, is_negated);
    if (is_negated && view_find_byte(text, '!') != VIEW_NOT_FOUND)
        return "a negated group with negations in it";
    struct view rest = view_slice(text, 1, text.len - 1);
    while (take_part(&rest, &part)) {
        const char *fault = read_ports(r, part, is_negated, depth + 1);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static bool holds(const struct port_reader *r, unsigned port)
{
    unsigned bit = 1U << (port % 8);
    return (!r->has_in || (r->in[port / 8] & bit) != 0) && (r->out[port / 8] & bit) == 0;
}

static void collect(struct port_reader *r, struct arena *arena, struct port_set *out)
{
    size_t count = 0;

    for (unsigned port = 0; port < PORTS; port++)
        count += holds(r, port) && (port == 0 || !holds(r, port - 1));
    out->ranges = arena_array(arena, count + 1, sizeof(*out->ranges));
    for (unsigned port = 0; port < PORTS; port++) {
        if (!holds(r, port))
            continue;
        if (port == 0 || !holds(r, port - 1))
            out->ranges[out->count++].first = (uint16_t)port;
        out->ranges[out->count - 1].last = (uint16_t)port;
    }
}

const char *variables_ports(struct variables *v, struct view text, struct port_set *out)
{
    struct port_reader r = {.v = v};
    const struct known_text *known = recall(&v->ports, text);

    *out = known != NULL ? known->ports : (struct port_set){.count = 0};
    if (known != NULL || view_equal(text, VIEW("any")))
        return NULL;
    const char *fault = read_ports(&r, text, false, 0);
    if (fault != NULL)
        return fault;
    collect(&r, v->arena, out);
    if (out->count == 0)
        return "a port group without ports";
    if (out->count == 1 && out->ranges[0].first == 0 && out->ranges[0].last == PORTS - 1)
        out->count = 0;
    remember(v, &v->ports, (struct known_text){.text = text, .ports = *out});
    return NULL;
}
