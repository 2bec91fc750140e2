/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords about a rule: what it is called, where more is told, and how often it alerts. */
#include "import/suricata/read/content.h"
#include "import/suricata/read/reader.h"

enum { METADATA_MAX = 256 };

const char *read_message(struct reader *r, struct view value)
{
    bool is_negated;
    struct view inside;
    const char *fault = content_unquote(value, &inside, &is_negated);

    if (fault != NULL)
        return "msg: an empty value, or quotes that do not close";
    uint8_t *text = arena_alloc(r->arena, inside.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < inside.len; i++) {
        if (inside.data[i] == '\\' && i + 1 < inside.len)
            i++;
        text[len++] = inside.data[i];
    }
    r->rule->message = view_make(text, len);
    return NULL;
}

const char *read_sid(struct reader *r, struct view value)
{
    bool is_sound =
        view_parse_u64(value, &r->rule->sid) && r->rule->sid > 0 && r->rule->sid <= UINT32_MAX;
    return is_sound ? NULL : "sid: not a number between 1 and 4294967295";
}

const char *read_rev(struct reader *r, struct view value)
{
    bool is_sound = view_parse_u64(value, &r->rule->rev) && r->rule->rev <= UINT32_MAX;
    return is_sound ? NULL : "rev: not a number";
}

const char *read_gid(struct reader *r, struct view value)
{
    bool is_sound = view_parse_u64(value, &r->rule->gid) && r->rule->gid <= UINT32_MAX;
    return is_sound ? NULL : "gid: not a number";
}

const char *read_classtype(struct reader *r, struct view value)
{
    r->rule->classtype = value;
    return NULL;
}

const char *read_priority(struct reader *r, struct view value)
{
    bool is_sound = view_parse_u64(value, &r->rule->priority) && r->rule->priority <= 255;
    return is_sound ? NULL : "priority: not a number between 1 and 255";
}

const char *read_reference(struct reader *r, struct view value)
{
    struct pair_text *pair = &r->rule->references[r->rule->reference_count];

    if (!rule_text_part(&value, ',', &pair->name) || value.data == NULL)
        return NULL; /* nothing to point at */
    pair->value = view_trim(value);
    r->rule->reference_count += pair->value.len > 0;
    return NULL;
}

/* "key value, key value" */
const char *read_metadata(struct reader *r, struct view value)
{
    struct model *rule = r->rule;
    struct view part;

    if (rule->metadata == NULL)
        rule->metadata = arena_array(r->arena, METADATA_MAX, sizeof(*rule->metadata));
    while (rule->metadata_count < METADATA_MAX && rule_text_part(&value, ',', &part)) {
        size_t blank = view_find_byte(part, ' ');
        rule->metadata[rule->metadata_count++] = (struct pair_text){
            view_slice(part, 0, blank),
            blank == VIEW_NOT_FOUND ? view_make("", 0) : view_trim(view_skip(part, blank))};
    }
    return NULL;
}

const char *read_noalert(struct reader *r, struct view value)
{
    (void)value;
    r->rule->is_silent = true;
    return NULL;
}

/* --- how often ----------------------------------------------------------------------------------- */

static const char *read_track(struct threshold *t, struct view word)
{
    static const struct {
        const char *name;
        enum track track;
    } WORDS[] = {{"by_src", TRACK_SOURCE},
                 {"by_dst", TRACK_TARGET},
                 {"by_both", TRACK_BOTH},
                 {"by_rule", TRACK_RULE},
                 {"by_flow", TRACK_FLOW}};

    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (view_equal(word, view_from_string(WORDS[i].name))) {
            t->track = WORDS[i].track;
            return NULL;
        }
    }
    return "threshold: track by something else than addresses";
}

static const char *read_kind(struct threshold *t, struct view word)
{
    static const char *const WORDS[][2] = {
        {"limit", "first"}, {"threshold", "every"}, {"both", "after"}};

    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (view_equal(word, view_from_string(WORDS[i][0]))) {
            t->kind = WORDS[i][1];
            return NULL;
        }
    }
    return "threshold: a type that is not limit, threshold or both";
}

static const char *read_limits(struct reader *r, struct view value, struct threshold *t)
{
    struct view part;

    if (r->rule->threshold.track != TRACK_NONE)
        return "two thresholds";
    while (rule_text_part(&value, ',', &part)) {
        size_t blank = view_find_byte(part, ' ');
        struct view name = view_slice(part, 0, blank);
        struct view word =
            blank == VIEW_NOT_FOUND ? view_make("", 0) : view_trim(view_skip(part, blank));
        const char *fault = NULL;
        if (view_equal(name, VIEW("type")))
            fault = read_kind(t, word);
        else if (view_equal(name, VIEW("track")))
            fault = read_track(t, word);
        else if (view_equal(name, VIEW("count")))
            fault = view_parse_u64(word, &t->count) ? NULL : "threshold: a count that is no number";
        else if (view_equal(name, VIEW("seconds")))
            fault =
                view_parse_u64(word, &t->seconds) ? NULL : "threshold: seconds without a number";
        else
            fault = "threshold: an unknown word";
        if (fault != NULL)
            return fault;
    }
    if (t->track == TRACK_NONE || t->kind == NULL || t->count == 0 || t->seconds == 0 ||
        t->count > 1000000 || t->seconds > 10000000)
        return "threshold: a part is missing or out of range";
    r->rule->threshold = *t;
    return NULL;
}

const char *read_threshold(struct reader *r, struct view value)
{
    struct threshold t = {.track = TRACK_NONE};
    return read_limits(r, value, &t);
}

const char *read_detection_filter(struct reader *r, struct view value)
{
    struct threshold t = {.track = TRACK_NONE, .kind = "beyond"};
    return read_limits(r, value, &t);
}

/* --- flow ---------------------------------------------------------------------------------------- */

const char *read_flow(struct reader *r, struct view value)
{
    static const struct {
        const char *name;
        unsigned flag;
    } WORDS[] = {{"to_server", FLOW_TO_SERVER},
                 {"from_client", FLOW_TO_SERVER},
                 {"to_client", FLOW_TO_CLIENT},
                 {"from_server", FLOW_TO_CLIENT},
                 {"established", FLOW_ESTABLISHED},
                 {"stateless", 0},
                 {"only_stream", FLOW_ONLY_STREAM},
                 {"no_stream", FLOW_NO_STREAM},
                 {"no_frag", 0}};
    enum { COUNT = sizeof(WORDS) / sizeof(WORDS[0]) };
    struct view part;

    while (rule_text_part(&value, ',', &part)) {
        size_t at = 0;
        while (at < COUNT && !view_equal_fold(part, view_from_string(WORDS[at].name)))
            at++;
        if (at == COUNT)
            return arena_format(r->arena, "flow:%.*s", (int)part.len, (const char *)part.data);
        r->rule->flow |= WORDS[at].flag;
    }
    if ((r->rule->flow & FLOW_TO_SERVER) && (r->rule->flow & FLOW_TO_CLIENT))
        return "flow: both directions";
    return NULL;
}

/* Could a mark be called that? (loader_is_mark() says what it may not be.) */
static bool is_mark_name(struct view name)
{
    enum { MARK_LEN_MAX = 255 };
    bool is_good = name.len > 0 && name.len <= MARK_LEN_MAX;

    for (size_t i = 0; is_good && i < name.len; i++) {
        uint8_t c = name.data[i];
        is_good = c > ' ' && c < 0x7f && view_find_byte(VIEW("*?\\"), c) == VIEW_NOT_FOUND;
    }
    return is_good;
}

/* Another option of the rule changes the same bit. */
static bool is_changed_twice(const struct model *rule, const struct bit *bit)
{
    for (size_t i = 0; bit->operation < BIT_ISSET && i < rule->bit_count; i++) {
        if (rule->bits[i].operation < BIT_ISSET &&
            strcmp(rule->bits[i].names[0], bit->names[0]) == 0)
            return true;
    }
    return false;
}

/* Bits of hosts and numbers of flows are read by no rule here: what changes one alerts all the same. */
const char *read_xbits(struct reader *r, struct view value)
{
    struct view word;

    if (!rule_text_part(&value, ',', &word) || view_equal(word, VIEW("isset")) ||
        view_equal(word, VIEW("isnotset")))
        return "xbits that are asked for: they are an address's, marks a flow's";
    r->rule->leaves_more = true;
    return NULL;
}

const char *read_flowint(struct reader *r, struct view value)
{
    struct view name, word, number;
    uint64_t added;

    (void)rule_text_part(&value, ',', &name);
    (void)rule_text_part(&value, ',', &word);
    (void)rule_text_part(&value, ',', &number);
    if ((!view_equal(word, VIEW("+")) && !view_equal(word, VIEW("="))) ||
        !view_parse_u64(number, &added))
        return "flowint that is asked for";
    r->rule->leaves_more = true;
    return NULL;
}

const char *read_flowbits(struct reader *r, struct view value)
{
    static const char *const WORDS[] = {"set", "unset", "toggle", "isset", "isnotset"};
    struct view word, name;

    if (!rule_text_part(&value, ',', &word))
        return "flowbits: without a word";
    if (view_equal(word, VIEW("noalert")))
        return read_noalert(r, value);
    if (r->rule->bit_count == BITS_MAX)
        return "too many flowbits";
    struct bit *bit = &r->rule->bits[r->rule->bit_count];
    *bit = (struct bit){.operation = BIT_SET};
    while (bit->operation <= BIT_ISNOTSET &&
           !view_equal(word, view_from_string(WORDS[bit->operation])))
        bit->operation++;
    if (bit->operation > BIT_ISNOTSET)
        return "flowbits: an unknown word";
    while (rule_text_part(&value, '|', &name)) {
        if (bit->count == BIT_NAMES_MAX || name.len == 0)
            return "flowbits: names that are empty or too many";
        if (!is_mark_name(name))
            return "flowbits: a name that no mark can have";
        bit->names[bit->count++] = (const char *)arena_copy(r->arena, name).data;
    }
    if (bit->count == 0 || (bit->count > 1 && bit->operation < BIT_ISSET))
        return "flowbits: one name was expected";
    if (is_changed_twice(r->rule, bit))
        return "flowbits: two changes of one bit";
    r->rule->bit_count++;
    return NULL;
}
