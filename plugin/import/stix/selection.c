/* SPDX-License-Identifier: BSD-3-Clause */
/* One test of a STIX pattern as a key of a selection: `network-traffic:dst_port IN (80, 81)` is `dst_port: [80, 81]`.
 *
 * Case       STIX compares with case (9.6): `cased`, but for names of hosts and what events hold in lower case.
 * LIKE       % and _ (SQL) are Sigma's * and ?, which are escaped where they stand for themselves.
 * MATCHES    is PCRE and searches, as `re` does; an expression that PCRE2 does not take is refused here.
 * Order      only numbers and times have one.
 */
#include "import/stix/meaning.h"

#include "base/idna.h"
#include "fields/fields.h"
#include "rule/expression.h"

enum form {
    TEXT,
    NAME,
    URL,
    NUMBER,
    ADDRESS,
    BOOL,
    TIME,
    SERIAL,
    SHA1,
    HEX_NUMBER,
    PROTOCOL,
    OBJECT_TYPE
};

struct property {
    const char *object, *path;
    enum indicator_kind kind;
    const char *service, *fields;
    enum form form;
};

static const struct property PROPERTIES[] = {
#define PROPERTY(object, path, kind, service, fields, form)                                        \
    {object, path, INDICATOR_##kind, service, fields, form},
#include "import/stix/property.def"
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const WRONG_VALUE = "a value that the property cannot have";
static const char *const NO_OPERATOR = "an operator that the property's kind does not have";

/* --- properties ---------------------------------------------------------------------------------- */

/* A header's value may be written as a list: User-Agent[0]. */
static struct view path_of(const struct stix_test *test)
{
    struct view path = test->path;
    if (view_find(path, VIEW("request_header")) != VIEW_NOT_FOUND && view_ends(path, VIEW("[*]")))
        path.len -= 3;
    return path;
}

static bool fits(const struct property *property, const struct stix_test *test)
{
    struct view path = path_of(test), known = view_from_string(property->path);

    if (!view_equal(test->object, view_from_string(property->object)))
        return false;
    if (!view_ends(known, VIEW(".NAME")))
        return view_equal_fold(path, known);
    known.len -= 4;
    return view_starts_fold(path, known) && path.len > known.len;
}

static const struct property *find(const struct stix_test *test, const char *service)
{
    for (size_t i = 0; i < LENGTH(PROPERTIES); i++) {
        const struct property *p = &PROPERTIES[i];
        if (fits(p, test) &&
            (service == NULL || strcmp(p->service, "*") == 0 || strcmp(p->service, service) == 0))
            return p;
    }
    return NULL;
}

bool stix_has(const struct stix_test *test, const char *service)
{
    const struct property *property = find(test, service);
    return property != NULL && property->service[0] != '\0';
}

enum indicator_kind stix_kind_of(const struct stix_test *test)
{
    const struct property *property = find(test, NULL);
    return property ? property->kind : INDICATOR_NONE;
}

const char *stix_reason(const struct stix_test *test)
{
    static const struct {
        const char *type, *reason;
    } OBJECTS[] = {
#define OBJECT(type, reason) {type, reason},
#include "import/stix/property.def"
    };
    enum indicator_kind kind = stix_kind_of(test);

    if (kind != INDICATOR_NONE && INDICATOR_ROWS[kind].reason != NULL)
        return INDICATOR_ROWS[kind].reason;
    for (size_t i = 0; i < LENGTH(OBJECTS); i++) {
        if (view_equal(test->object, view_from_string(OBJECTS[i].type)))
            return OBJECTS[i].reason;
    }
    return "an object of nobody's standard that no wire shows";
}

/* --- values -------------------------------------------------------------------------------------- */

/* Sigma's wildcards lose their meaning; with `is_like` % and _ get it. */
static struct view as_glob(struct arena *arena, struct view text, bool is_like)
{
    uint8_t *out = arena_alloc(arena, text.len * 2 + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (is_like && (c == '%' || c == '_')) {
            out[len++] = c == '%' ? '*' : '?';
            continue;
        }
        if (c == '*' || c == '?' || c == '\\')
            out[len++] = '\\';
        out[len++] = c;
    }
    return view_make(out, len);
}

/* http.url is always of http. */
static struct view as_http(struct arena *arena, struct view text)
{
    if (!view_starts_fold(text, VIEW("https:")))
        return text;
    return view_from_string(
        arena_format(arena, "http%.*s", (int)text.len - 5, (const char *)text.data + 5));
}

/* A whole name beyond ASCII has to have A-labels, or no rule could be made of it (value/name.c); a port may follow. */
static bool has_labels(const struct stix_test *test, struct view name)
{
    uint8_t mapped[IDNA_NAME_MAX];
    size_t port = view_find_byte(name, ':');
    const char *why;

    if (test->op == STIX_LIKE && (view_find_byte(name, '%') != VIEW_NOT_FOUND ||
                                  view_find_byte(name, '_') != VIEW_NOT_FOUND))
        return true;
    struct view host = view_slice(name, 0, port == VIEW_NOT_FOUND ? name.len : port);
    if (view_starts(host, VIEW(".")))
        host = view_skip(host, 1);
    if (host.len > 0 && host.data[host.len - 1] == '.')
        host.len--;
    return !idna_is_foreign(host) || idna_map(host, mapped, &why) > 0;
}

static const char *text_value(struct arena *arena, const struct stix_test *test, enum form form,
                              const struct stix_literal *literal, struct view *out)
{
    struct view text = literal->text;

    if (literal->kind != STIX_STRING || text.len == 0 || view_find_byte(text, 0) != VIEW_NOT_FOUND)
        return WRONG_VALUE;
    if (test->op == STIX_MATCHES) {
        *out = text;
        if (text.len > 0 &&
            (view_starts(text, VIEW("https:")) || view_starts(text, VIEW("^https:"))))
            return "a URL that is encrypted on the wire";
        return expression_is_good(text, NULL) ? NULL
                                              : "a regular expression that PCRE does not take";
    }
    if (form == NAME && !has_labels(test, text))
        return "a name beyond ASCII that has no form on the wire (IDNA)";
    if (form == URL)
        text = as_http(arena, text);
    *out = as_glob(arena, text, test->op == STIX_LIKE);
    return NULL;
}

static bool is_number(struct view text)
{
    uint64_t number;
    return view_parse_u64(text, &number) && number <= INT64_MAX;
}

static const char *hex_value(struct arena *arena, struct view text, struct view *out)
{
    uint64_t number = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = byte_fold(text.data[i]);
        bool is_digit = byte_is_digit(c);
        if ((!is_digit && !(c >= 'a' && c <= 'f')) || i == 8)
            return WRONG_VALUE;
        number = number * 16 + (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *out = view_from_string(arena_format(arena, "%llu", (unsigned long long)number));
    return text.len > 0 ? NULL : WRONG_VALUE;
}

/* Through the form that indicators of the kind have. */
static const char *settled(struct arena *arena, enum indicator_kind kind, struct view text,
                           struct view *out)
{
    struct indicator indicator = {.kind = kind, .value = text, .confidence = -1};

    if (indicator_settle(arena, &indicator) != NULL)
        return WRONG_VALUE;
    *out = indicator.value;
    return NULL;
}

static const char *sha1_value(struct arena *arena, struct view text, struct view *out)
{
    struct view plain;
    uint8_t *form = arena_alloc(arena, 60);
    size_t len = 0;

    if (settled(arena, INDICATOR_CERT_SHA1, text, &plain) != NULL)
        return WRONG_VALUE;
    for (size_t i = 0; i < plain.len; i++) {
        if (i > 0 && i % 2 == 0)
            form[len++] = ':';
        form[len++] = plain.data[i];
    }
    *out = view_make(form, len);
    return NULL;
}

static const char *time_value(struct arena *arena, struct view text, struct view *out)
{
    int64_t time;

    if (!indicator_parse_time(text, &time) || text.len < 19)
        return WRONG_VALUE;
    *out =
        view_from_string(arena_format(arena, "%.19sZ", (const char *)arena_copy(arena, text).data));
    return NULL;
}

static const char *value_of(struct arena *arena, const struct stix_test *test, enum form form,
                            const struct stix_literal *literal, struct view *out)
{
    *out = literal->text;
    switch (form) {
    case TEXT:
    case NAME:
    case URL:
        return text_value(arena, test, form, literal, out);
    case NUMBER:
        return literal->kind == STIX_INTEGER && is_number(literal->text) ? NULL : WRONG_VALUE;
    case ADDRESS:
        return settled(arena, INDICATOR_IP, literal->text, out);
    case BOOL:
        return literal->kind == STIX_BOOL ? NULL : WRONG_VALUE;
    case TIME:
        return time_value(arena, literal->text, out);
    case SERIAL:
        return settled(arena, INDICATOR_CERT_SERIAL, literal->text, out);
    case SHA1:
        return sha1_value(arena, literal->text, out);
    case HEX_NUMBER:
        return hex_value(arena, literal->text, out);
    case PROTOCOL:
    case OBJECT_TYPE:
        return literal->kind == STIX_STRING ? NULL : WRONG_VALUE;
    }
    return WRONG_VALUE;
}

/* --- operators ----------------------------------------------------------------------------------- */

static bool has_order(enum form form)
{
    return form == NUMBER || form == TIME;
}

static bool is_text(enum form form)
{
    return form == TEXT || form == NAME || form == URL;
}

static bool may_ask(enum form form, enum stix_op op)
{
    switch (op) {
    case STIX_EQ:
    case STIX_IN:
        return true;
    case STIX_LT:
    case STIX_LTE:
    case STIX_GT:
    case STIX_GTE:
        return has_order(form);
    case STIX_LIKE:
    case STIX_MATCHES:
        return is_text(form);
    case STIX_ISSUBSET:
        return form == ADDRESS;
    case STIX_EXISTS:
        return form != OBJECT_TYPE && form != PROTOCOL;
    case STIX_ISSUPERSET: /* an address on the wire holds no network */
        return false;
    }
    return false;
}

static bool is_lower(const char *service, const char *fields)
{
    struct view first =
        view_slice(view_from_string(fields), 0, view_find_byte(view_from_string(fields), ' '));
    enum field_id id = field_find(event_type_find(view_from_string(service)), first);
    return id != FIELD_NONE && (field_get(id)->flags & FIELD_LOWER) != 0;
}

static const char *modifiers_of(const struct stix_test *test, const struct property *property,
                                const char *service)
{
    static const char *const ORDERS[] = {
        [STIX_LT] = "|lt", [STIX_LTE] = "|lte", [STIX_GT] = "|gt", [STIX_GTE] = "|gte"};

    if (test->op >= STIX_LT && test->op <= STIX_GTE)
        return ORDERS[test->op];
    if (test->op == STIX_MATCHES)
        return "|re";
    if (test->op == STIX_EXISTS)
        return "|exists";
    for (size_t i = 0; i < test->count && property->form == ADDRESS; i++) {
        if (view_find_byte(test->values[i].text, '/') != VIEW_NOT_FOUND)
            return "|cidr";
    }
    bool is_cased = (property->form == TEXT) && !is_lower(service, property->fields);
    return is_cased ? "|cased" : "";
}

/* protocols[*] = 'tcp' asks for proto, 'http' for app_proto; all values must be of one kind. */
static const char *protocol_fields(const struct stix_test *test, struct draft_selection *out)
{
    static const char *const TRANSPORTS[] = {"tcp", "udp", "icmp", "ipv6-icmp", "sctp"};
    static const char *const APPLICATIONS[] = {"http", "dns", "tls"};
    size_t transports = 0, applications = 0;

    for (size_t i = 0; i < test->count; i++) {
        for (size_t k = 0; k < LENGTH(TRANSPORTS); k++)
            transports += view_equal_fold(out->values[i], view_from_string(TRANSPORTS[k]));
        for (size_t k = 0; k < LENGTH(APPLICATIONS); k++)
            applications += view_equal_fold(out->values[i], view_from_string(APPLICATIONS[k]));
    }
    if (transports == test->count || applications == test->count) {
        out->fields = transports == test->count ? "proto" : "app_proto";
        return NULL;
    }
    return "a protocol that no event names";
}

static const char *fields_of(struct arena *arena, const struct property *property,
                             const struct stix_test *test)
{
    struct view path = path_of(test);
    size_t dot = 0;

    if (!view_ends(view_from_string(property->fields), VIEW(".NAME")))
        return property->fields;
    for (size_t i = 0; i < path.len; i++)
        dot = path.data[i] == '.' ? i : dot;
    if (dot + 1 >= path.len)
        return NULL;
    for (size_t i = dot + 1; i < path.len; i++) {
        uint8_t c = path.data[i]; /* of a header's name (RFC 9110, 5.1) in a key of YAML */
        if (!byte_is_digit(c) && !(byte_fold(c) >= 'a' && byte_fold(c) <= 'z') && c != '-' &&
            c != '_')
            return NULL;
    }
    return arena_format(arena, "http.header.%.*s", (int)(path.len - dot - 1),
                        (const char *)path.data + dot + 1);
}

const char *stix_selection(struct arena *arena, const struct stix_test *test, const char *service,
                           struct draft_selection *out)
{
    const struct property *property = find(test, service);

    if (property == NULL || property->service[0] == '\0')
        return stix_reason(test);
    if (!may_ask(property->form, test->op))
        return NO_OPERATOR;
    if (test->op == STIX_EXISTS && strcmp(property->service, "*") == 0)
        return "a test of existence that every event passes";
    size_t count = test->op == STIX_EXISTS ? 1 : test->count;
    struct view *values = arena_array(arena, count, sizeof(*values));
    if (test->op == STIX_EXISTS)
        values[0] = VIEW("true");
    for (size_t i = 0; i < test->count; i++) {
        const char *reason = value_of(arena, test, property->form, &test->values[i], &values[i]);
        if (reason != NULL)
            return reason;
    }
    *out = (struct draft_selection){.fields = fields_of(arena, property, test),
                                    .modifiers = modifiers_of(test, property, service),
                                    .values = values,
                                    .count = count};
    out->is_plain = test->op == STIX_EXISTS || property->form == NUMBER || property->form == BOOL ||
                    property->form == HEX_NUMBER;
    if (out->fields == NULL)
        return stix_reason(test);
    return property->form == PROTOCOL ? protocol_fields(test, out) : NULL;
}
