/* SPDX-License-Identifier: BSD-3-Clause */
/* A scene: rules on a bench, one flow, and an event to fill; what tests of the matcher begin and end with. */
#ifndef SHRIKE_TESTS_UNIT_SCENE_H
#define SHRIKE_TESTS_UNIT_SCENE_H

#include "unit/build_rules.h"

struct scene {
    struct bench b;
    struct event *event;
    struct flow flow;
};

static inline void scene_begin(struct scene *s, uint16_t server_port)
{
    bench_begin(&s->b);
    s->event = event_new();
    flow_of(&s->flow, "10.1.2.3", "192.0.2.9", server_port);
}

static inline void scene_end(struct scene *s)
{
    match_flow_end(s->b.matcher, &s->flow);
    assert_int_equal(matcher_stats(s->b.matcher)->streams_open, 0);
    event_free(s->event);
    bench_end(&s->b);
}

/* The alerts that each brings. */
static inline size_t scene_match(struct scene *s)
{
    s->b.alerts = 0;
    match_event(s->b.matcher, s->event);
    return s->b.alerts;
}

static inline size_t scene_send(struct scene *s, enum direction direction, struct view bytes)
{
    s->b.alerts = 0;
    match_stream_data(s->b.matcher, &s->flow, direction, bytes, NULL);
    return s->b.alerts;
}

#endif
