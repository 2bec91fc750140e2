/* SPDX-License-Identifier: BSD-3-Clause */
/* Alert: what matched, where, and why. Handed to outputs; valid until the callback returns. */
#ifndef SHRIKE_MATCH_ALERT_H
#define SHRIKE_MATCH_ALERT_H

#include "fields/event.h"
#include "flow/flow.h"
#include "match/suppress.h"
#include "packet/packet.h"
#include "ruleset/ruleset.h"

enum { EVIDENCE_MAX = 32, EXCERPT_MAX = 128 };

/* The entry of a list that was hit, with what is said of it. */
struct listed {
    const char *name; /* of the list; NULL: no list was asked */
    struct view entry;
    const char *source, *tlp; /* of the list; NULL when not said, so `note` */
    const char *note;
    int confidence, confidence_given; /* now, and before it decayed; -1 when nobody said */
    int64_t first_seen_us;            /* 0 when nobody said */
    int64_t age_days; /* since then, or since it became valid or the list was made; -1: unknown */
    int64_t valid_from_us; /* when it becomes valid; 0: it is, or was */
    int64_t expired_us;    /* when it or its list expired; 0: it has not */
};

/* One predicate that held. */
struct evidence {
    enum field_id field;     /* the field it read (keywords: the one it was found in) */
    struct view header_name; /* http.header.NAME */
    const char *predicate;   /* as the author wrote it */
    uint64_t offset; /* of the match within the value (streams: within the direction's bytes) */
    bool has_offset;
    struct view excerpt; /* matched bytes, at most EXCERPT_MAX; a number or address as text */
    struct listed list;  /* its entry as text */
};

struct alert {
    const struct rule_info *rule;
    const struct event *event; /* flow and packet are in it; type STREAM for raw bytes */
    const struct evidence *evidence;
    size_t evidence_count;
    size_t evidence_left_out; /* beyond EVIDENCE_MAX */
    const char *const *marks; /* names of the marks that the flow now has */
    size_t mark_count;
    bool is_expired; /* its rule, or entries that it rests on, have expired: see alert_level() */
    bool is_early;   /* or are not valid yet */
    uint64_t suppressed; /* alerts of this rule and key left out since the last one written */
    const struct suppression *suppression; /* still to be asked; NULL: it is to be written */
};

/* What an alert is worth: that of its rule, but informational when only outdated entries made it, or the rule is outdated itself. */
static inline bool alert_is_outdated(const struct alert *alert)
{
    return alert->is_expired || alert->is_early;
}

static inline const char *alert_level(const struct alert *alert)
{
    return alert_is_outdated(alert) ? "informational" : alert->rule->level;
}

static inline unsigned alert_severity(const struct alert *alert)
{
    return alert_is_outdated(alert) ? 4 : alert->rule->severity;
}

struct alert_sink {
    void (*alert)(void *context, const struct alert *alert);
    void *context;
};

#endif
