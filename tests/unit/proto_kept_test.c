/* SPDX-License-Identifier: BSD-3-Clause */
/* What is kept of events for the flow that ends. */
#include "unit/test.h"

#include "unit/http_feed.h"

#include "proto/kept.h"

/* Rules read these fields of the flow; `f->flow` has a protocol with nothing in it. */
static struct feed *feed_of(size_t limit, struct protocol_flow *p, const enum field_id *fields,
                            size_t count)
{
    struct feed *f = feed_new(limit);

    for (size_t i = 0; i < count; i++)
        field_set_add(&f->wanted, fields[i]);
    proto_context_init(&f->context);
    *p = (struct protocol_flow){0};
    f->flow.protocol = p;
    return f;
}

static void done(struct feed *f)
{
    kept_forget(f->flow.protocol, &f->context.recycler);
    f->flow.protocol = NULL;
    assert_int_equal(feed_free(f), 0);
}

static struct event *begin(struct feed *f, enum event_type type, bool is_second)
{
    event_begin(f->context.event, type, TO_SERVER, &f->flow, NULL);
    f->context.event->is_second = is_second;
    return f->context.event;
}

static struct event *flow_event(struct feed *f)
{
    struct event *event = begin(f, EVENT_FLOW, false);
    kept_add(&f->context, &f->flow, event);
    return event;
}

static void request(struct feed *f, const char *host, bool is_second, int64_t status)
{
    struct event *event = begin(f, EVENT_HTTP, is_second);
    event_add_bytes(event, FIELD_HTTP_HOST, view_from_string(host));
    if (status != 0)
        event_add_number(event, FIELD_HTTP_STAT_CODE, status);
    kept_take(&f->context, f->flow.protocol, event);
}

static const enum field_id HOST_AND_CODE[] = {FIELD_FLOW_HTTP_HOST, FIELD_FLOW_HTTP_STAT_CODE};

static void an_answer_does_not_bring_back_its_older_request(void **state)
{
    (void)state;
    struct protocol_flow p;
    struct feed *f = feed_of(0, &p, HOST_AND_CODE, 2);
    request(f, "first", false, 0);
    request(f, "second-and-longer-than-the-block-that-the-first-one-was-put-into.example", false,
            0);
    request(f, "first", true, 404);
    struct event *event = flow_event(f);
    assert_true(view_starts(event_bytes(event, FIELD_FLOW_HTTP_HOST), VIEW("second-and")));
    assert_int_equal(event_number(event, FIELD_FLOW_HTTP_STAT_CODE, 0), 404);
    done(f);
}

static void what_no_rule_reads_takes_no_memory(void **state)
{
    (void)state;
    struct protocol_flow p;
    struct feed *f = feed_of(0, &p, NULL, 0);
    assert_int_equal(f->context.kept_count, 0);
    request(f, "first", false, 200);
    assert_null(p.kept);
    assert_int_equal(f->budget.used, 0);
    assert_int_equal(event_get(flow_event(f), FIELD_FLOW_HTTP_HOST).count, 0);
    done(f);
}

static void several_values_are_kept_in_order(void **state)
{
    (void)state;
    static const enum field_id fields[] = {FIELD_FLOW_DNS_ANSWER_IP, FIELD_FLOW_DNS_CNAME};
    struct protocol_flow p;
    struct feed *f = feed_of(0, &p, fields, 2);
    const struct address one = address_from_v4((const uint8_t[]){192, 0, 2, 1});
    const struct address two = address_from_v4((const uint8_t[]){192, 0, 2, 2});
    struct event *event = begin(f, EVENT_DNS, true);
    event_add_ip(event, FIELD_DNS_ANSWER_IP, &one);
    event_add_ip(event, FIELD_DNS_ANSWER_IP, &two);
    event_add_bytes(event, FIELD_DNS_CNAME, VIEW("a.example"));
    event_add_bytes(event, FIELD_DNS_CNAME, VIEW(""));
    event_add_bytes(event, FIELD_DNS_CNAME, VIEW("b.example"));
    kept_take(&f->context, f->flow.protocol, event);
    event = flow_event(f);
    struct value_list ips = event_get(event, FIELD_FLOW_DNS_ANSWER_IP);
    struct value_list names = event_get(event, FIELD_FLOW_DNS_CNAME);
    assert_int_equal(ips.count, 2);
    assert_memory_equal(&ips.items[1].ip, &two, sizeof(two));
    assert_int_equal(names.count, 3);
    assert_int_equal(names.items[1].bytes.len, 0);
    assert_true(view_equal(names.items[2].bytes, VIEW("b.example")));
    assert_int_equal(event->truncated, 0);
    done(f);
}

static void what_is_too_long_is_cut_and_counted(void **state)
{
    (void)state;
    char name[KEPT_BYTES_MAX + 2];
    struct protocol_flow p;
    struct feed *f = feed_of(0, &p, HOST_AND_CODE, 2);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    request(f, name, false, 0);
    struct event *event = flow_event(f);
    assert_int_equal(event_bytes(event, FIELD_FLOW_HTTP_HOST).len, KEPT_BYTES_MAX - 2);
    assert_int_equal(event->truncated, 1);
    done(f);
}

static void without_memory_the_field_is_absent(void **state)
{
    (void)state;
    struct protocol_flow p;
    struct feed *f = feed_of(16, &p, HOST_AND_CODE, 2);
    request(f, "first", false, 200);
    assert_int_equal(event_get(flow_event(f), FIELD_FLOW_HTTP_HOST).count, 0);
    assert_true(f->context.recycler.refused > 0);
    done(f);
}

static void every_kept_field_has_a_source_of_its_type(void **state)
{
    (void)state;
    for (enum field_id id = field_first(EVENT_FLOW); id < field_end(EVENT_FLOW); id++) {
        if ((field_get(id)->flags & FIELD_KEPT) == 0)
            continue;
        enum field_id source = field_kept_from(id);
        assert_int_not_equal(source, FIELD_NONE);
        assert_int_equal(field_get(source)->type, field_get(id)->type);
        unsigned same = FIELD_MULTI | FIELD_LOWER;
        assert_int_equal(field_get(source)->flags & same, field_get(id)->flags & same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_does_not_bring_back_its_older_request),
        cmocka_unit_test(what_no_rule_reads_takes_no_memory),
        cmocka_unit_test(several_values_are_kept_in_order),
        cmocka_unit_test(what_is_too_long_is_cut_and_counted),
        cmocka_unit_test(without_memory_the_field_is_absent),
        cmocka_unit_test(every_kept_field_has_a_source_of_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
