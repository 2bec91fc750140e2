/* SPDX-License-Identifier: BSD-3-Clause */
/* Alerts: what matched, where, and why. Everything here is valid during the alert callback only, and is
 * called from it. */
#ifndef SHRIKE_ALERT_H
#define SHRIKE_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "shrike/shrike.h"

#ifdef __cplusplus
extern "C" {
#endif

struct shrike_alert;

/* Bytes that somebody else owns; no NUL at the end. */
struct shrike_bytes {
    const uint8_t *data;
    size_t len;
};

/* The rule. Strings live as long as the rule set. */
SHRIKE_API uint32_t shrike_alert_sid(const struct shrike_alert *alert);
SHRIKE_API const char *
shrike_alert_rule_id(const struct shrike_alert *alert); /* uuid; "" when absent */
SHRIKE_API const char *shrike_alert_title(const struct shrike_alert *alert);
SHRIKE_API const char *shrike_alert_level(const struct shrike_alert *alert); /* "high" */
/* 1 (critical, high) to 4 (informational), as EVE's alert.severity. */
SHRIKE_API unsigned shrike_alert_severity(const struct shrike_alert *alert);

/* Packet time, microseconds since 1970. */
SHRIKE_API int64_t shrike_alert_time_us(const struct shrike_alert *alert);
/* The flow, client first. Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d. */
struct shrike_tuple {
    uint8_t client[16], server[16];
    uint16_t client_port, server_port; /* host order; 0 without ports */
    uint8_t ip_proto;
    uint64_t flow_id; /* as EVE's flow_id; 0 when the alert has no flow */
};
SHRIKE_API void shrike_alert_tuple(const struct shrike_alert *alert, struct shrike_tuple *out);

/* Why: the predicates that held. */
SHRIKE_API size_t shrike_alert_evidence_count(const struct shrike_alert *alert);
struct shrike_evidence {
    const char *field;     /* "http.uri" */
    const char *predicate; /* as the rule's author wrote it */
    int64_t offset;        /* of the match within the value, -1 when it has none */
    struct shrike_bytes excerpt;
    const char *list_name; /* NULL unless a list matched */
};
/* `index` below the count. */
SHRIKE_API void shrike_alert_evidence(const struct shrike_alert *alert, size_t index,
                                      struct shrike_evidence *out);
/* What is known of the entry of a list that made a piece of evidence. Set `size` to sizeof(struct shrike_list_entry)
 * first: members that a later version adds are left alone. Strings that nobody said are NULL. */
struct shrike_list_entry {
    size_t size;
    const char *list;          /* its name */
    struct shrike_bytes entry; /* as text: "192.0.2.0/24" */
    const char *source;        /* of the list, so `tlp` */
    const char *tlp;           /* "amber" */
    const char *note;
    int confidence;        /* 0 to 100 at the alert's time; -1 when nobody said */
    int confidence_given;  /* before it decayed */
    int64_t first_seen_us; /* 0 when nobody said */
    int64_t age_days;      /* -1 when unknown */
    int64_t valid_from_us; /* when it becomes valid; 0: it is, or was */
    int64_t expired_us;    /* when it or its list expired; 0: it has not */
};
/* The entry behind evidence `index`, below the count. 0, or -1 when that rests on no list: `out` is left alone then. */
SHRIKE_API int shrike_alert_list_entry(const struct shrike_alert *alert, size_t index,
                                       struct shrike_list_entry *out);
/* Whether its rule has expired or is not valid yet, or it would not be there without such entries: 1 or 0. Its level is
 * "informational" then, whatever its rule says. */
SHRIKE_API int shrike_alert_is_expired(const struct shrike_alert *alert);
SHRIKE_API int shrike_alert_is_early(const struct shrike_alert *alert);
/* The values of a field of the event, by its name in rules; returns how many there are and fills at most
 * `max` of them. Only fields of bytes, and `flow.mark`: names of the marks that the flow has. */
SHRIKE_API size_t shrike_alert_field(const struct shrike_alert *alert, const char *name,
                                     struct shrike_bytes *out, size_t max);

#ifdef __cplusplus
}
#endif

#endif
