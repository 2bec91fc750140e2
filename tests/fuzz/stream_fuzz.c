/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams: the same bytes whole and in pieces must raise the same rules, however they are cut.
 *
 * Input      first byte: how many cuts. Then one byte a cut: how long the piece is (times 8 from 64 on); 255: bytes
 *            are missing here. The rest is the stream, in which 0xee and a byte n stand for n times 16 `x`, so
 *            that short inputs reach over the edges of blocks.
 * Checked    the rules that fired; budgets hold, and nothing is kept at the end. Rules that ask of segments are there for
 *            the sanitizers alone. A sequence that was given up (too many places) is not compared. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "match/match.h"
#include "sigma/rules.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

enum { STREAM_MAX = 60000, CUTS_MAX = 64, GAP = 255, SEGMENT_SID = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULE(sid, value)                                                                           \
    "title: r" sid "\nlogsource: {product: shrike, service: stream}\nshrike: {sid: " sid "}\n"     \
    "detection:\n  a: {" value "}\n  condition: a\n"
#define SEQ(steps) "payload: {sequence: [" steps "]}"

static const char *const RULES[] = {
    RULE("1", SEQ("{contains: needle}, {contains: pin, distance: 0, within: 40}")),
    RULE("2",
         SEQ("{contains: ab, distance: 0}, {not: true, contains: cd, distance: -1, within: 8}")),
    RULE("3", SEQ("{contains: abcd}, {contains: abcd, distance: 400, within: 500}")),
    RULE("4", SEQ("{contains: abc}, {not: true, contains: xyz}")),
    RULE("5", SEQ("{hex: '61 ?? 63', at: 2}, {left: 7}")),
    RULE("6", SEQ("{contains: end}, {not: true, left: 3}")),
    RULE("7", SEQ("{jump: 1, at: 0}, {contains: ab, distance: 0, within: 20}")),
    RULE("8", SEQ("{contains: len}, {bytes: 2, distance: 1, gt: 24930}, {jump: 2, distance: 1}, "
                  "{re: '^a+b', distance: 0}")),
    RULE("9", "payload|re: '(a|b)c\\1'"),
    RULE("10", "payload|re: 'user(?!name)[a-z]+;'"),
    RULE("11", SEQ("{re: '^x+a'}, {contains: b, distance: 0, end: true}")),
    RULE("12", "payload.head: {sequence: [{contains: abc, from: 4000}, {left: 0}]}"),
    RULE("13", SEQ("{contains: far, from: 9000}, {re: 'b$', distance: 0, within: 9}")),
    RULE("14", SEQ("{not: true, contains: z, to: 5}, {contains: yes}")),
    RULE("15", "payload|re: 'q.{1500}q'"),
    RULE("16", SEQ("{bytes: 4, at: 1, base: dec, gte: 1000}")),
    RULE("100", "payload.segment: {sequence: [{contains: ab, at: 0}, {left: 2}]}"),
    RULE("101", "payload.segment|re: '^(a+)b\\1$'"),
};

struct bed {
    struct rules *rules;
    struct ruleset *set;
    struct matcher *matcher;
    struct budget budget;
    uint64_t fired;
    uint64_t read; /* sum of the evidence's bytes: all of it can be read */
};

static void on_alert(void *context, const struct alert *alert)
{
    struct bed *bed = context;

    for (size_t i = 0; i < alert->evidence_count; i++) {
        const struct view *shown = &alert->evidence[i].excerpt;
        for (size_t at = 0; at < shown->len; at++)
            bed->read += shown->data[at];
    }
    if (alert->rule->sid < SEGMENT_SID)
        bed->fired |= UINT64_C(1) << alert->rule->sid;
}

static struct bed *bed_new(void)
{
    struct bed *bed = memory_new(1, sizeof(*bed));
    const struct alert_sink sink = {on_alert, bed};
    struct diagnostics diagnostics;
    struct compile_stats stats;
    struct error error;

    diagnostics_init(&diagnostics);
    bed->rules = rules_new();
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
        rules_load_text(bed->rules, "stream.yml", view_from_string(RULES[i]), &diagnostics);
    rules_finish(bed->rules, &diagnostics);
    bed->set = compile_rules(bed->rules, &diagnostics, &stats, &error);
    CHECK(bed->set != NULL && ruleset_count(bed->set) == sizeof(RULES) / sizeof(RULES[0]));
    diagnostics_clear(&diagnostics);
    bed->matcher = matcher_new(bed->set, &bed->budget, 0, &sink, &error);
    CHECK(bed->matcher != NULL);
    return bed;
}

struct input {
    uint8_t *bytes;
    size_t len;
    const uint8_t *cuts;
    size_t cut_count;
};

static void read_input(struct input *in, const uint8_t *data, size_t size)
{
    in->cut_count = size > 0 ? data[0] % CUTS_MAX : 0;
    in->cut_count = in->cut_count + 1 < size ? in->cut_count : 0;
    in->cuts = data + 1;
    for (size_t i = in->cut_count + 1; i < size && in->len + 4096 < STREAM_MAX; i++) {
        if (data[i] != 0xee || i + 1 == size) {
            in->bytes[in->len++] = data[i];
            continue;
        }
        size_t count = (size_t)data[++i] * 16;
        memset(in->bytes + in->len, 'x', count);
        in->len += count;
    }
}

/* A piece in memory of its own, so that reads beyond it are seen. */
static void send(struct bed *bed, struct flow *flow, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = len > 0 ? memory_new(len, 1) : NULL;

    if (len == 0)
        return;
    memcpy(copy, bytes, len);
    match_stream_data(bed->matcher, flow, TO_SERVER, view_make(copy, len), NULL);
    memory_free(copy);
}

/* The rules that fired. Pieces end at cuts, or, when the stream is `whole`, at gaps alone. */
static uint64_t run(struct bed *bed, const struct input *in, bool is_whole)
{
    struct flow flow = {.client_port = 40000, .server_port = 80, .ip_proto = IP_TCP};
    size_t begin = 0, at = 0;

    bed->fired = 0;
    for (size_t i = 0; i < in->cut_count && at < in->len; i++) {
        uint8_t cut = in->cuts[i];
        size_t piece = cut == GAP ? 0 : cut < 64 ? cut : (size_t)cut * 8;
        at = piece < in->len - at ? at + piece : in->len;
        if (is_whole && cut != GAP)
            continue;
        send(bed, &flow, in->bytes + begin, at - begin);
        begin = at;
        if (cut == GAP)
            match_stream_gap(bed->matcher, &flow, TO_SERVER, 100 + i);
    }
    send(bed, &flow, in->bytes + begin, in->len - begin);
    match_stream_end(bed->matcher, &flow, TO_SERVER, NULL);
    match_flow_end(bed->matcher, &flow);
    CHECK(matcher_stats(bed->matcher)->streams_open == 0);
    return bed->fired;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bed *bed; /* compiled once */
    struct input in = {.bytes = memory_new(STREAM_MAX, 1)};

    if (bed == NULL)
        bed = bed_new();
    read_input(&in, data, size);
    uint64_t given_up = matcher_stats(bed->matcher)->confirm_limit_hits;
    uint64_t whole = run(bed, &in, true);
    uint64_t pieces = run(bed, &in, false);
    CHECK(whole == pieces || given_up != matcher_stats(bed->matcher)->confirm_limit_hits);
    bed->budget.limit = bed->budget.used + (size > 1 ? (size_t)data[1] * 256 : 0) + 1;
    (void)run(bed, &in, false);
    CHECK(bed->budget.used <= bed->budget.limit);
    bed->budget.limit = 0;
    memory_free(in.bytes);
    return 0;
}
