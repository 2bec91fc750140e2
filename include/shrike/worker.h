/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers: packets in, alerts out. */
#ifndef SHRIKE_WORKER_H
#define SHRIKE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shrike/alert.h"
#include "shrike/ruleset.h"
#include "shrike/shrike.h"

#ifdef __cplusplus
extern "C" {
#endif

struct shrike_worker;

/* Called from shrike_worker_packet(), _tick() and _finish(), in the same thread. */
typedef void shrike_alert_fn(void *context, const struct shrike_alert *alert);

struct shrike_worker_options {
    size_t size;               /* sizeof this struct */
    shrike_alert_fn *on_alert; /* required */
    void *context;
    size_t flow_budget_bytes;       /* 0: 512 MiB */
    size_t reassembly_budget_bytes; /* 0: 256 MiB */
    size_t protocol_budget_bytes;   /* 0: 256 MiB */
    size_t stream_budget_bytes;     /* 0: 256 MiB */
    uint16_t community_id_seed;
    bool refuses_midstream; /* TCP flows whose start was not seen are not followed */
};

/* A captured packet. */
struct shrike_packet {
    const uint8_t *data;
    uint32_t len;      /* captured bytes */
    uint32_t wire_len; /* bytes on the wire */
    int64_t time_us;   /* microseconds since 1970 */
    int link_type; /* LINKTYPE_ value, https://www.tcpdump.org/linktypes.html: 1 Ethernet, 101 IP */
};

struct shrike_worker_stats {
    size_t size; /* sizeof this struct, set by the caller */
    uint64_t packets, bytes, malformed;
    uint64_t flows, flows_evicted;
    uint64_t alerts;
    uint64_t scan_bytes;
};

/* Holds a reference to `set` while it lives; without rules (`set` NULL) it counts and never alerts. NULL with
 * `error` set when `options` is NULL or has no callback, or a budget is too small for one flow. */
SHRIKE_API struct shrike_worker *shrike_worker_new(struct shrike_ruleset *set,
                                                   const struct shrike_worker_options *options,
                                                   struct shrike_error *error);
/* Takes a packet; its bytes are not needed after the call. Returns 0, or -1 for an unknown link type. */
SHRIKE_API int shrike_worker_packet(struct shrike_worker *worker,
                                    const struct shrike_packet *packet);
/* The time is `time_us`, although no packet says so: flows whose time is over end, and what waited for their
 * end alerts. For hosts on a quiet line; whoever reads files needs no tick, since packets bring the time. */
SHRIKE_API void shrike_worker_tick(struct shrike_worker *worker, int64_t time_us);
/* Ends all flows: what waited for their end alerts now. The worker can go on afterwards. */
SHRIKE_API void shrike_worker_finish(struct shrike_worker *worker);
SHRIKE_API void shrike_worker_stats(const struct shrike_worker *worker,
                                    struct shrike_worker_stats *out);
/* Accepts NULL. Ends what is still open as shrike_worker_finish() does. */
SHRIKE_API void shrike_worker_free(struct shrike_worker *worker);

#ifdef __cplusplus
}
#endif

#endif
