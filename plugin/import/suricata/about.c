/* SPDX-License-Identifier: BSD-3-Clause */
/* About: what Suricata's rules say of themselves, in Sigma's keys.
 *
 * Level      metadata's signature_severity, else the priority, else the classtype's: 1 high, 2 medium, 3 low.
 * Tags       ATT&CK's tactics and techniques from metadata (mitre_tactic_name, mitre_technique_id).
 * Dates      created_at and updated_at.
 */
#include "import/suricata/about.h"

#include "import/suricata/read/content.h"
#include "import/uuid.h"

static const struct {
    const char *name, *category;
    unsigned priority;
} CLASSTYPES[] = {
#define CLASSTYPE(name, category, priority) {name, category, priority},
#include "import/suricata/classtype.def"
#undef CLASSTYPE
};

static const struct {
    const char *system, *url;
} REFERENCES[] = {
#define REFERENCE(system, url) {system, url},
#include "import/suricata/reference.def"
#undef REFERENCE
};

enum {
    CLASSTYPE_COUNT = sizeof(CLASSTYPES) / sizeof(CLASSTYPES[0]),
    REFERENCE_COUNT = sizeof(REFERENCES) / sizeof(REFERENCES[0])
};

/* Index of the classtype; CLASSTYPE_COUNT when it is not known. */
static size_t classtype_of(const struct model *rule)
{
    size_t at = 0;
    while (at < CLASSTYPE_COUNT &&
           !view_equal_fold(rule->classtype, view_from_string(CLASSTYPES[at].name)))
        at++;
    return at;
}

const char *about_category(const struct model *rule)
{
    size_t at = classtype_of(rule);
    return at < CLASSTYPE_COUNT ? CLASSTYPES[at].category : "";
}

/* Empty when the rule does not say it. */
static struct view metadata_of(const struct model *rule, struct view name)
{
    for (size_t i = 0; i < rule->metadata_count; i++) {
        if (view_equal(rule->metadata[i].name, name))
            return rule->metadata[i].value;
    }
    return view_make("", 0);
}

void about_emit_level(struct emitter *e, const struct model *rule)
{
    static const struct {
        const char *severity, *level;
    } SEVERITIES[] = {{"Critical", "critical"},
                      {"Major", "high"},
                      {"Minor", "medium"},
                      {"Informational", "informational"},
                      {"Audit", "informational"}};
    static const char *const LEVELS[] = {"medium", "high", "medium", "low", "informational"};
    struct view severity = metadata_of(rule, VIEW("signature_severity"));
    size_t type = classtype_of(rule);
    uint64_t priority = rule->priority != 0      ? rule->priority
                        : type < CLASSTYPE_COUNT ? CLASSTYPES[type].priority
                                                 : 3;
    const char *level = LEVELS[priority < 4 ? priority : 4];

    for (size_t i = 0; i < sizeof(SEVERITIES) / sizeof(SEVERITIES[0]); i++) {
        if (view_equal_fold(severity, view_from_string(SEVERITIES[i].severity)))
            level = SEVERITIES[i].level;
    }
    emit_pair(e, "level", view_from_string(level));
}

/* --- references ---------------------------------------------------------------------------------- */

static struct view reference_url(struct arena *arena, const struct pair_text *reference)
{
    const char *front = NULL;

    for (size_t i = 0; i < REFERENCE_COUNT; i++) {
        if (view_equal_fold(reference->name, view_from_string(REFERENCES[i].system)))
            front = REFERENCES[i].url;
    }
    if (view_starts(reference->value, VIEW("http://")) ||
        view_starts(reference->value, VIEW("https://")))
        return reference->value;
    if (front == NULL)
        return view_from_string(arena_format(
            arena, "%.*s %.*s", (int)reference->name.len, (const char *)reference->name.data,
            (int)reference->value.len, (const char *)reference->value.data));
    return view_from_string(arena_format(arena, "%s%.*s", front, (int)reference->value.len,
                                         (const char *)reference->value.data));
}

static void put_references(struct emitter *e, struct arena *arena, const struct model *rule)
{
    if (rule->reference_count == 0)
        return;
    emit_key(e, "references");
    emit_list(e, EMIT_BLOCK);
    for (size_t i = 0; i < rule->reference_count; i++)
        emit_text(e, reference_url(arena, &rule->references[i]));
    emit_end(e);
}

/* --- tags ---------------------------------------------------------------------------------------- */

/* "Command_And_Control" -> "attack.command-and-control" */
static struct view tag_of(struct arena *arena, struct view name)
{
    char *tag = arena_format(arena, "attack.%.*s", (int)name.len, (const char *)name.data);

    for (char *c = tag; *c != '\0'; c++) {
        if (*c == '_' || *c == ' ')
            *c = '-';
        else
            *c = (char)byte_fold((uint8_t)*c);
    }
    return view_from_string(tag);
}

static bool is_tag(const struct pair_text *pair)
{
    return (view_equal(pair->name, VIEW("mitre_tactic_name")) ||
            view_equal(pair->name, VIEW("mitre_technique_id"))) &&
           pair->value.len > 1;
}

static void put_tags(struct emitter *e, struct arena *arena, const struct model *rule)
{
    bool has_begun = false;

    for (size_t i = 0; i < rule->metadata_count; i++) {
        if (!is_tag(&rule->metadata[i]))
            continue;
        if (!has_begun) {
            emit_key(e, "tags");
            emit_list(e, EMIT_FLOW);
        }
        has_begun = true;
        emit_text(e, tag_of(arena, rule->metadata[i].value));
    }
    if (has_begun)
        emit_end(e);
}

/* --- the head ------------------------------------------------------------------------------------ */

/* "2021_05_06" -> 2021-05-06; nothing when it is no date. */
static void put_date(struct emitter *e, struct arena *arena, const char *key, struct view value)
{
    bool is_date = value.len == 10;

    for (size_t i = 0; i < value.len && is_date; i++)
        is_date = i == 4 || i == 7 ? value.data[i] == '_' : byte_is_digit(value.data[i]);
    if (!is_date)
        return;
    char *date = arena_format(arena, "%.10s", (const char *)value.data);
    date[4] = date[7] = '-';
    emit_key(e, key);
    emit_plain(e, view_from_string(date));
}

void about_emit_head(struct emitter *e, struct arena *arena, const struct model *rule)
{
    char uuid[UUID_TEXT_MAX];
    const char *name = arena_format(arena, "suricata/%llu/%llu", (unsigned long long)rule->gid,
                                    (unsigned long long)rule->sid);

    emit_pair(e, "title", rule->message.len > 0 ? rule->message : view_from_string(name));
    emit_key(e, "id");
    emit_plain(e, view_from_string(uuid_of_name(view_from_string(name), uuid)));
    put_references(e, arena, rule);
    put_date(e, arena, "date", metadata_of(rule, VIEW("created_at")));
    put_date(e, arena, "modified", metadata_of(rule, VIEW("updated_at")));
    put_tags(e, arena, rule);
}
