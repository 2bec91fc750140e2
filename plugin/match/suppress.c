/* SPDX-License-Identifier: BSD-3-Clause */
/* Suppression: some of the alerts of a rule and key, and a count of the others, window by window.
 *
 * Idea       a table of windows, keyed by rule and the values of the `suppress: by` fields, in
 *            packet time. A window begins with the first alert outside of one; which of its alerts are
 *            written is the rule's kind (the first N, every Nth, the Nth, all after the Nth), and the next one
 *            written carries the count of those that were not.
 * Memory     at most WINDOWS_MAX windows under the matcher's budget. When there is no room the
 *            window that began first goes, in the order of beginning and never by hash, so runs
 *            repeat; its key's next alert is then written early, without a count.
 * Many       matchers that share the work by pairs of hosts each see only some alerts of a key that does not
 *            name both hosts. They leave the question to who merges their alerts (alert->suppression), so
 *            that the answer does not depend on how many there are.
 */
#include "match/suppress.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "ruleset/tables.h"

enum { WINDOWS_FIRST = 64, WINDOWS_MAX = 1 << 16, NONE = -1 };

struct window {
    uint64_t key;
    int64_t begin_us;
    uint64_t left_out;
    uint64_t count; /* of alerts since begin_us */
    int32_t next_in_bucket;
    int32_t older, newer;
    uint32_t rule;
};

/* `capacity` windows and as many buckets; windows [0, count) are in use. */
struct suppressor {
    struct budget *budget;
    struct window *windows;
    int32_t *buckets;
    uint32_t capacity, count;
    int32_t oldest, newest;
};

struct suppressor *suppressor_new(struct budget *budget)
{
    struct suppressor *s = memory_new(1, sizeof(*s));
    s->budget = budget;
    s->oldest = s->newest = NONE;
    return s;
}

static size_t window_bytes(uint32_t capacity)
{
    return capacity * sizeof(struct window);
}

void suppressor_free(struct suppressor *s)
{
    if (s == NULL)
        return;
    budget_free(s->budget, s->windows, window_bytes(s->capacity));
    budget_free(s->budget, s->buckets, s->capacity * sizeof(int32_t));
    memory_free(s);
}

static int32_t *bucket_of(struct suppressor *s, uint64_t key)
{
    return &s->buckets[key & (s->capacity - 1)];
}

/* Doubles; false when the budget or the maximum says no. */
static bool grow(struct suppressor *s)
{
    uint32_t capacity = s->capacity ? s->capacity * 2 : WINDOWS_FIRST;

    if (capacity > WINDOWS_MAX)
        return false;
    int32_t *buckets = budget_alloc(s->budget, capacity * sizeof(*buckets));
    if (buckets == NULL)
        return false;
    struct window *windows =
        budget_resize(s->budget, s->windows, window_bytes(s->capacity), window_bytes(capacity));
    if (windows == NULL) {
        budget_free(s->budget, buckets, capacity * sizeof(*buckets));
        return false;
    }
    budget_free(s->budget, s->buckets, s->capacity * sizeof(*buckets));
    s->windows = windows;
    s->buckets = buckets;
    s->capacity = capacity;
    memset(buckets, 0xff, capacity * sizeof(*buckets));
    for (uint32_t i = 0; i < s->count; i++) {
        int32_t *bucket = bucket_of(s, windows[i].key);
        windows[i].next_in_bucket = *bucket;
        *bucket = (int32_t)i;
    }
    return true;
}

static void unlink_age(struct suppressor *s, int32_t at)
{
    struct window *w = &s->windows[at];
    if (w->older != NONE)
        s->windows[w->older].newer = w->newer;
    else
        s->oldest = w->newer;
    if (w->newer != NONE)
        s->windows[w->newer].older = w->older;
    else
        s->newest = w->older;
}

static void link_newest(struct suppressor *s, int32_t at)
{
    struct window *w = &s->windows[at];
    w->older = s->newest;
    w->newer = NONE;
    if (s->newest != NONE)
        s->windows[s->newest].newer = at;
    else
        s->oldest = at;
    s->newest = at;
}

static void unlink_bucket(struct suppressor *s, int32_t at)
{
    int32_t *link = bucket_of(s, s->windows[at].key);
    while (*link != at)
        link = &s->windows[*link].next_in_bucket;
    *link = s->windows[at].next_in_bucket;
}

/* A free window: a new one, or the oldest's. NONE when there is no memory at all. */
static int32_t take_window(struct suppressor *s)
{
    if (s->count == s->capacity && !grow(s)) {
        if (s->oldest == NONE)
            return NONE;
        int32_t at = s->oldest;
        unlink_age(s, at);
        unlink_bucket(s, at);
        return at;
    }
    return (int32_t)s->count++;
}

static int32_t find(struct suppressor *s, uint64_t key, uint32_t rule)
{
    if (s->capacity == 0)
        return NONE;
    int32_t at = *bucket_of(s, key);
    while (at != NONE && (s->windows[at].key != key || s->windows[at].rule != rule))
        at = s->windows[at].next_in_bucket;
    return at;
}

/* Is alert number `count` of a window one that is written? */
static bool is_chosen(const struct suppression *alert, uint64_t count)
{
    switch ((enum window_kind)alert->kind) {
    case WINDOW_FIRST:
        return count <= alert->number;
    case WINDOW_EVERY:
        return count % alert->number == 0;
    case WINDOW_AFTER:
        return count == alert->number;
    case WINDOW_BEYOND:
        return count > alert->number;
    }
    return true;
}

/* The window that the alert lies in, or a new one, at the end of the list; NONE without memory. */
static int32_t window_of(struct suppressor *s, const struct suppression *alert)
{
    int32_t at = find(s, alert->key, alert->rule);

    if (at != NONE) {
        struct window *w = &s->windows[at];
        int64_t since = clock_since(alert->time_us, w->begin_us);
        /* Captures may be out of order; farther back than a window it is another time. */
        if (since < alert->window_us && since > -alert->window_us)
            return at;
        unlink_age(s, at);
    } else {
        at = take_window(s);
        if (at == NONE)
            return NONE;
        s->windows[at] = (struct window){.key = alert->key, .rule = alert->rule};
        int32_t *bucket = bucket_of(s, alert->key);
        s->windows[at].next_in_bucket = *bucket;
        *bucket = at;
    }
    s->windows[at].begin_us = alert->time_us;
    s->windows[at].count = 0;
    link_newest(s, at);
    return at;
}

bool suppressor_allows(struct suppressor *s, const struct suppression *alert, uint64_t *left_out)
{
    int32_t at = window_of(s, alert);

    *left_out = 0;
    if (at == NONE)
        return true;
    struct window *w = &s->windows[at];
    if (!is_chosen(alert, ++w->count)) {
        w->left_out++;
        return false;
    }
    *left_out = w->left_out;
    w->left_out = 0;
    return true;
}
