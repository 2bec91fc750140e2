/* SPDX-License-Identifier: BSD-3-Clause */
/* Reassembly: from segments to bytes in order.
 *
 * In order   handed on at once, a view into the packet. Also while later bytes wait, unless the
 *            segment reaches into those: then the overlap policy decides (waiting.c).
 * Causes     a segment's acknowledgement says what its sender had read before. While bytes of that are
 *            missing here, the segment is early: an answer whose request is yet to come, as two taps
 *            merged into one capture disorder packets, or as the capture lost it. It is held until
 *            they are handed on or given up, so that consumers see each answer behind what it answers.
 * Doubt      a segment that its receiver would throw away (trust.h) is held in the same way: one without
 *            fault at the same place goes before it, as the receiver would have it.
 * Evidence   what is held goes when its receiver has acknowledged it, and ACK_GRACE packets came without
 *            what it waits for: the receiver took it, so the capture is what lacks something. Where no
 *            acknowledgement was ever seen, the bounds of a one-sided capture let it go (below). Early ones
 *            are not held again until the other side was seen to send more.
 * SYN data   waits until it is known whether the other side took it (opening.c), and so do bytes behind a FIN
 *            that is not acknowledged yet (closing.c).
 * Gaps       missing bytes are given up, and what waits behind them is handed on, when
 *              1. the receiver has acknowledged bytes that wait (so it has all before them), and
 *                 ACK_GRACE more packets of the flow came without the missing ones: two taps
 *                 merged into one capture disorder a few packets;
 *              2. nobody answers, and more than ONE_SIDED_BYTES or ONE_SIDED_PIECES wait;
 *              3. a bound or the budget is reached and nobody answers;
 *              4. the flow ends or is reset.
 *            Nobody answers where no acknowledgement was ever seen, or where we have come ONE_SIDED_AHEAD
 *            beyond the last one. How many packets went unanswered says nothing: a sender can make as
 *            many as it likes that no host answers.
 * Bounds     where the receiver does answer and has not acknowledged beyond the gap, it has no
 *            use for what waits either: at a bound the farthest piece is dropped, not the gap given up.
 *            Otherwise whoever can send 4,096 segments from beyond the window could move us
 *            past bytes that the application is yet to read. The same goes for what is held.
 * Urgent     bytes stay in the stream (as with SO_OOBINLINE, and as Suricata's default is).
 * Ends       bytes that were handed on never change, and nothing is handed on behind a FIN that was
 *            acknowledged (closing.c).
 */
#include "tcp/reassembly.h"

#include "tcp/closing.h"

enum {
    ACK_GRACE = 8,
    RELEASED = UINT8_MAX, /* in acked_beyond: nothing is held until the other side sends more */
    LACKING_MAX =
        1024 * 1024, /* farther ahead an acknowledgement is for no bytes of this capture */
    ONE_SIDED_AHEAD = 1024 * 1024,
    ONE_SIDED_BYTES = 64 * 1024,
    ONE_SIDED_PIECES = 64,
};

static struct tcp_side *side_of(const struct flow *flow, enum direction direction)
{
    return &flow->tcp->side[direction];
}

/* Something moved: what still waits gets its grace again. */
static void calm(struct tcp_side *side)
{
    if (side->acked_beyond != RELEASED)
        side->acked_beyond = 0;
}

static void hand_on(struct tcp *tcp, struct flow *flow, enum direction direction, struct view bytes,
                    const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);

    assert(!(side->flags & SIDE_ENDED));
    side->next += (uint32_t)bytes.len;
    calm(side);
    flow->side[direction].payload += bytes.len;
    if (bytes.len > 0 && !(side->flags & SIDE_IGNORED))
        tcp->sink.data(tcp->sink.context, flow, direction, bytes, packet);
}

static void hand_gap(struct tcp *tcp, struct flow *flow, enum direction direction, uint32_t missing,
                     const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);

    if (missing == 0)
        return;
    side->next += missing;
    calm(side);
    flow->side[direction].payload += missing;
    if (side->flags & SIDE_IGNORED)
        return;
    flow->flags |= FLOW_GAP;
    tcp->stats.gaps++;
    tcp->stats.gap_bytes += missing;
    if (packet != NULL)
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_REASSEMBLY_SEQ_GAP);
    tcp->sink.gap(tcp->sink.context, flow, direction, missing, packet);
}

void reassembly_end(struct tcp *tcp, struct flow *flow, enum direction direction,
                    const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);

    if (side->flags & SIDE_ENDED)
        return;
    side->flags |= SIDE_ENDED;
    waiting_drop_all(&tcp->store, &side->waiting);
    tcp->sink.end(tcp->sink.context, flow, direction, packet);
}

/* Bytes from `seq` on without those before `next`. */
static struct view clip(const struct tcp_side *side, uint32_t seq, struct view bytes)
{
    int32_t early = seq_diff(side->next, seq);
    return early > 0 ? view_skip(bytes, (size_t)early) : bytes;
}

/* A segment with `ack` is early: see "Causes". A single byte may be a SYN, a FIN or a keep-alive. */
static bool is_early(const struct flow *flow, enum direction direction, uint32_t ack)
{
    const struct tcp_side *side = side_of(flow, direction);
    const struct tcp_side *other = side_of(flow, direction_reverse(direction));
    int32_t lacking = seq_diff(ack, other->next);

    return lacking > 1 && lacking <= LACKING_MAX && side->acked_beyond != RELEASED &&
           (other->flags & (SIDE_HAS_NEXT | SIDE_ENDED | SIDE_IGNORED)) == SIDE_HAS_NEXT;
}

/* The first waiting piece is next: something else than a gap is in its way. */
static bool is_held(const struct tcp_side *side)
{
    return side->waiting != NULL && seq_diff(waiting_first(side->waiting)->seq, side->next) <= 0;
}

static bool is_first_doubted(const struct flow *flow, enum direction direction)
{
    const struct piece *first = waiting_first(side_of(flow, direction)->waiting);
    struct ack_range range = believed_acks(flow, direction);

    return first->is_stale || !ack_is_within(&range, first->ack);
}

/* At a FIN that its receiver may still acknowledge. */
static bool is_behind_fin(const struct tcp_side *side)
{
    return side->flags & SIDE_HAS_FIN && side->flags & SIDE_HAS_ACK && side->next == side->fin;
}

static bool is_ready(const struct flow *flow, enum direction direction)
{
    const struct tcp_side *side = side_of(flow, direction);

    return is_held(side) && !(side->flags & SIDE_HAS_CLAIM) && !is_behind_fin(side) &&
           !is_first_doubted(flow, direction) &&
           !is_early(flow, direction, waiting_first(side->waiting)->ack);
}

static void hand_first(struct tcp *tcp, struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);
    struct piece piece = waiting_pop(&tcp->store, &side->waiting);

    hand_on(tcp, flow, direction, clip(side, piece.seq, piece_view(&piece)), packet);
    piece_release(&tcp->store, &piece);
}

/* True when something was handed on. The sink may call tcp_ignore(), so the list is read anew each time. */
static bool drain_side(struct tcp *tcp, struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    bool has_moved = false;

    while (is_ready(flow, direction)) {
        hand_first(tcp, flow, direction, packet);
        has_moved = true;
    }
    closing_check_fin(tcp, flow, direction, packet);
    return has_moved;
}

/* Hands on what waits and may go: bytes of one direction set those free that wait for them in the other. */
static void drain(struct tcp *tcp, struct flow *flow, enum direction direction,
                  const struct packet *packet)
{
    enum direction reverse = direction_reverse(direction);
    bool has_moved;

    do {
        has_moved = drain_side(tcp, flow, direction, packet);
        if (side_of(flow, reverse)->waiting != NULL)
            has_moved |= drain_side(tcp, flow, reverse, packet);
    } while (has_moved);
}

void reassembly_confirm(struct tcp *tcp, struct flow *flow, enum direction direction,
                        const struct packet *packet, uint32_t end)
{
    struct tcp_side *side = side_of(flow, direction);

    side->flags &= (uint16_t)~SIDE_HAS_CLAIM;
    if (side->waiting == NULL)
        return;
    waiting_cut(&tcp->store, &side->waiting, end);
    drain(tcp, flow, direction, packet);
}

/* The first piece goes whatever it waits for. What it acknowledges was sent, then, though not captured. */
static void release_first(struct tcp *tcp, struct flow *flow, enum direction direction,
                          const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);
    struct tcp_side *other = side_of(flow, direction_reverse(direction));
    const struct piece *first = waiting_first(side->waiting);
    int32_t ahead = seq_diff(first->ack, other->edge);

    if (!first->is_stale && ahead > 0 && ahead <= SEQ_AHEAD_MAX)
        other->edge = first->ack;
    hand_first(tcp, flow, direction, packet);
    side->acked_beyond = RELEASED;
}

/* What the first waiting piece waits for will not come. The piece goes, or is held from now on. */
static void give_up(struct tcp *tcp, struct flow *flow, enum direction direction,
                    const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);
    int32_t missing = seq_diff(waiting_first(side->waiting)->seq, side->next);

    if (missing > 0)
        hand_gap(tcp, flow, direction, (uint32_t)missing, packet);
    else
        release_first(tcp, flow, direction, packet);
    drain(tcp, flow, direction, packet);
}

/* ---- bounds --------------------------------------------------------------------------------------- */

static bool is_one_sided(const struct tcp_side *side)
{
    if (side->flags & SIDE_HAS_CLAIM)
        return false;
    return !(side->flags & SIDE_HAS_ACK) || seq_diff(side->next, side->acked) > ONE_SIDED_AHEAD;
}

static bool holds_more_than(const struct tcp_side *side, uint32_t pieces, uint32_t bytes)
{
    return side->waiting != NULL && (side->waiting->count > pieces || side->waiting->held > bytes);
}

/* The receiver has what waits here. */
static bool is_acked_beyond(const struct tcp_side *side)
{
    return side->waiting != NULL && side->flags & SIDE_HAS_ACK &&
           seq_diff(side->acked, waiting_first(side->waiting)->seq) > 0;
}

/* Frees one piece or more. */
static void make_room(struct tcp *tcp, struct flow *flow, enum direction direction,
                      const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);

    if (is_one_sided(side) || is_acked_beyond(side)) {
        give_up(tcp, flow, direction, packet);
        return;
    }
    waiting_drop_last(&tcp->store, &side->waiting);
    tcp->stats.dropped_segments++;
    tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_REASSEMBLY_INSERT_LIMIT);
}

static void hold_bounds(struct tcp *tcp, struct flow *flow, enum direction direction,
                        const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);

    while (is_one_sided(side) && holds_more_than(side, ONE_SIDED_PIECES, ONE_SIDED_BYTES))
        give_up(tcp, flow, direction, packet);
    while (holds_more_than(side, tcp->segments_max, tcp->waiting_bytes_max))
        make_room(tcp, flow, direction, packet);
}

void reassembly_check_gap(struct tcp *tcp, struct flow *flow, enum direction direction,
                          const struct packet *packet)
{
    enum direction reverse = direction_reverse(direction);
    struct tcp_side *side = side_of(flow, direction);

    if (side->waiting == NULL)
        return;
    if (is_ready(flow, direction)) { /* no longer doubted, or nobody reads the other direction */
        drain(tcp, flow, direction, packet);
        return;
    }
    if (!is_acked_beyond(side))
        return;
    if (side->acked_beyond == RELEASED)
        side->acked_beyond = 0;
    if (side->acked_beyond < ACK_GRACE) {
        side->acked_beyond++;
        return;
    }
    if (!is_held(side)) {
        while (is_acked_beyond(side) && !is_held(side))
            give_up(tcp, flow, direction, packet);
    } else if (is_acked_beyond(side_of(flow, reverse)) && !is_held(side_of(flow, reverse))) {
        give_up(tcp, flow, reverse, packet); /* that gap is what it waits for */
    } else {
        give_up(tcp, flow, direction, packet);
    }
}

/* ---- segments ------------------------------------------------------------------------------------- */

/* What the sender of a segment had read; without a word on it, all that was handed on. */
static uint32_t ack_of(const struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    const struct tcp_side *other = side_of(flow, direction_reverse(direction));
    return packet->tcp_flags & TCP_ACK ? packet->ack : other->next;
}

/* Adds to what waits. -1 when the budget is spent. */
static int keep(struct tcp *tcp, struct flow *flow, enum direction direction,
                const struct packet *packet, uint32_t start, uint32_t seq, struct view bytes)
{
    struct tcp_side *side = side_of(flow, direction);
    struct overlap_seen seen = {false, false};
    struct ack_range believed = believed_acks(flow, direction);
    const struct arrival arrival = {
        .start = start,
        .seq = seq,
        .ack = ack_of(flow, direction, packet),
        .is_stale = is_stale(side, packet),
        .bytes = bytes,
    };

    if (waiting_add(&tcp->store, &side->waiting, &arrival, &believed, &seen) != 0)
        return -1;
    tcp->stats.overlaps += seen.any;
    if (side->waiting->count > tcp->stats.segments_waiting_peak)
        tcp->stats.segments_waiting_peak = side->waiting->count;
    if (seen.different) {
        tcp->stats.overlaps_different++;
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
    }
    return 0;
}

static void drop(struct tcp *tcp, struct flow *flow, const struct packet *packet)
{
    tcp->stats.dropped_segments++;
    tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_REASSEMBLY_INSERT_MEMCAP);
}

static void keep_for_later(struct tcp *tcp, struct flow *flow, enum direction direction,
                           const struct packet *packet, uint32_t seq, struct view bytes)
{
    const struct tcp_side *side = side_of(flow, direction);

    tcp->stats.segments_out_of_order++;
    if (keep(tcp, flow, direction, packet, seq, seq, bytes) == 0)
        return;
    /* Perhaps our own list is what fills the budget, and it only waits for a sender not captured. */
    if (side->waiting != NULL && (is_one_sided(side) || is_acked_beyond(side))) {
        give_up(tcp, flow, direction, packet);
        if (!(side->flags & SIDE_ENDED)) {
            reassembly_segment(tcp, flow, direction, packet, seq, bytes, 0);
            return;
        }
    }
    drop(tcp, flow, packet);
}

/* Nothing is held from then on: what is doubted goes, the rest is handed on. */
static void make_way(struct tcp *tcp, struct flow *flow, enum direction direction,
                     const struct packet *packet)
{
    struct tcp_side *side = side_of(flow, direction);

    while (is_held(side)) {
        if (!is_first_doubted(flow, direction)) {
            give_up(tcp, flow, direction, packet);
            continue;
        }
        struct piece piece = waiting_pop(&tcp->store, &side->waiting);
        piece_release(&tcp->store, &piece);
        tcp->stats.dropped_segments++;
    }
}

/* Bytes that begin at `next` and reach into what waits: the policy decides on the common part. Without
 * memory to ask it, what came first stays. */
static void join_waiting(struct tcp *tcp, struct flow *flow, enum direction direction,
                         const struct packet *packet, uint32_t start, struct view bytes)
{
    struct tcp_side *side = side_of(flow, direction);

    if (keep(tcp, flow, direction, packet, start, side->next, bytes) == 0) {
        drain(tcp, flow, direction, packet);
        hold_bounds(tcp, flow, direction, packet);
        return;
    }
    uint32_t seq = side->next;
    while (!(side->flags & SIDE_ENDED)) {
        make_way(tcp, flow, direction, packet);
        struct view left = clip(side, seq, bytes);
        if (left.len == 0)
            break;
        if (side->waiting != NULL) {
            int32_t free_len = seq_diff(waiting_first(side->waiting)->seq, side->next);
            left = view_slice(left, 0, (size_t)free_len);
        }
        hand_on(tcp, flow, direction, left, packet);
        drain(tcp, flow, direction, packet);
    }
}

static void take_in_order(struct tcp *tcp, struct flow *flow, enum direction direction,
                          const struct packet *packet, uint32_t start, struct view bytes,
                          uint32_t cut)
{
    const struct tcp_side *side = side_of(flow, direction);

    bool must_wait =
        bytes.len > 0 && (side->flags & SIDE_HAS_CLAIM || is_doubted(flow, direction, packet));
    if (must_wait ||
        (bytes.len > 0 && is_early(flow, direction, ack_of(flow, direction, packet)))) {
        if (keep(tcp, flow, direction, packet, start, side->next, bytes) == 0) {
            hold_bounds(tcp, flow, direction, packet);
            return;
        }
        if (must_wait) {
            drop(tcp, flow, packet);
            return;
        }
    }
    if (side->waiting != NULL) {
        int32_t room = seq_diff(waiting_first(side->waiting)->seq, side->next);
        if ((int64_t)bytes.len > room) {
            join_waiting(tcp, flow, direction, packet, start, bytes);
            return;
        }
        if ((int64_t)bytes.len + cut > room)
            cut = (uint32_t)room - (uint32_t)bytes.len;
    }
    hand_on(tcp, flow, direction, bytes, packet);
    if (cut > 0 && !(side->flags & SIDE_ENDED))
        hand_gap(tcp, flow, direction, cut, packet);
    drain(tcp, flow, direction, packet);
}

/* Nobody reads this direction: only how far it came counts. */
static void count_ignored(struct tcp *tcp, struct flow *flow, enum direction direction,
                          const struct packet *packet, uint32_t end)
{
    struct tcp_side *side = side_of(flow, direction);
    int32_t ahead = seq_diff(end, side->next);

    if (ahead > 0) {
        side->next = end;
        flow->side[direction].payload += (uint32_t)ahead;
    }
    closing_check_fin(tcp, flow, direction, packet);
}

/* Entirely before `next`, or beyond what can be. True when nothing is left to do. */
static bool is_refused(struct tcp *tcp, struct flow *flow, const struct tcp_side *side,
                       const struct packet *packet, uint32_t seq, uint32_t end)
{
    if (seq_diff(seq, side->next) > SEQ_AHEAD_MAX) {
        tcp->stats.dropped_segments++;
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_EST_PACKET_OUT_OF_WINDOW);
        return true;
    }
    if (seq_diff(end, side->next) > 0)
        return false;
    if (seq_diff(end, side->isn + 1) <= 0 && !(side->flags & SIDE_HAS_SYN))
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_REASSEMBLY_SEGMENT_BEFORE_BASE_SEQ);
    else
        tcp->stats.segments_retransmitted++;
    return true;
}

/* Keeps the part of a segment that lies behind a FIN, and returns the rest. */
static struct view keep_behind_fin(struct tcp *tcp, struct flow *flow, enum direction direction,
                                   const struct packet *packet, uint32_t seq, struct view bytes)
{
    const struct tcp_side *side = side_of(flow, direction);
    int32_t room = seq_diff(side->fin, seq);
    size_t before = room > 0 ? (size_t)room : 0;
    uint32_t from = room > 0 ? side->fin : seq;

    if (before < bytes.len) {
        keep_for_later(tcp, flow, direction, packet, from, view_skip(bytes, before));
        hold_bounds(tcp, flow, direction, packet);
    }
    return view_slice(bytes, 0, before < bytes.len ? before : bytes.len);
}

void reassembly_segment(struct tcp *tcp, struct flow *flow, enum direction direction,
                        const struct packet *packet, uint32_t seq, struct view bytes, uint32_t cut)
{
    struct tcp_side *side = side_of(flow, direction);
    uint32_t end = seq + (uint32_t)bytes.len + cut;

    assert(side->flags & SIDE_HAS_NEXT);
    if (side->flags & SIDE_ENDED) {
        if (side->flags & SIDE_HAS_FIN && seq_diff(end, side->fin) > 0)
            tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_DATA_AFTER_FIN);
        return;
    }
    if (is_refused(tcp, flow, side, packet, seq, end))
        return;
    if (seq_diff(end, side->edge) > 0) {
        struct tcp_side *other = side_of(flow, direction_reverse(direction));
        side->edge = end;
        if (other->acked_beyond == RELEASED)
            other->acked_beyond = 0;
    }
    if (side->flags & SIDE_IGNORED) {
        count_ignored(tcp, flow, direction, packet, end);
        return;
    }
    if (side->flags & SIDE_HAS_FIN && seq_diff(end, side->fin) > 0) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_DATA_AFTER_FIN);
        if (side->flags & SIDE_HAS_ACK) {
            bytes = keep_behind_fin(tcp, flow, direction, packet, seq, bytes);
            cut = 0;
            end = side->fin;
            if (side->flags & SIDE_ENDED || seq_diff(end, side->next) <= 0)
                return;
        }
    }
    struct view left = clip(side, seq, bytes);
    if (seq_diff(seq, side->next) > 0) {
        if (left.len > 0)
            keep_for_later(tcp, flow, direction, packet, seq, left);
        hold_bounds(tcp, flow, direction, packet);
        return;
    }
    if (seq != side->next)
        tcp->stats.segments_retransmitted++;
    /* A segment cut short may have lost bytes that lie before `next` as well. */
    if (left.len == 0 && cut > 0)
        cut = (uint32_t)seq_diff(end, side->next);
    take_in_order(tcp, flow, direction, packet, seq, left, cut);
}

/* The missing tail. One more than `next` is acknowledged when only a FIN was missed. */
static void flush_tail(struct tcp *tcp, struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    const struct tcp_side *side = side_of(flow, direction);
    int32_t missing = 0;

    if (side->flags & SIDE_ENDED)
        return;
    if (side->flags & SIDE_HAS_NEXT && side->flags & SIDE_HAS_FIN)
        missing = seq_diff(side->fin, side->next);
    else if (side->flags & SIDE_HAS_NEXT && side->flags & SIDE_HAS_CLAIMED &&
             seq_diff(side->claimed, side->next) > 1)
        missing = seq_diff(side->claimed, side->next);
    if (missing > 0 && missing <= SEQ_AHEAD_MAX)
        hand_gap(tcp, flow, direction, (uint32_t)missing, packet);
    reassembly_end(tcp, flow, direction, packet);
}

/* Which direction's gap to give up first: one whose bytes are not early, then; else one that has a gap. */
static enum direction next_to_flush(const struct flow *flow)
{
    for (int pass = 0; pass < 2; pass++) {
        for (enum direction d = TO_SERVER; d <= TO_CLIENT; d++) {
            const struct tcp_side *side = side_of(flow, d);
            if (side->waiting != NULL && !is_held(side) &&
                (pass == 1 || !is_early(flow, d, waiting_first(side->waiting)->ack)))
                return d;
        }
    }
    return side_of(flow, TO_SERVER)->waiting != NULL ? TO_SERVER : TO_CLIENT;
}

void reassembly_flush(struct tcp *tcp, struct flow *flow, const struct packet *packet)
{
    for (enum direction d = TO_SERVER; d <= TO_CLIENT; d++) {
        side_of(flow, d)->flags &= (uint16_t)~SIDE_HAS_CLAIM;
        closing_check_fin(tcp, flow, d, packet);
    }
    while (side_of(flow, TO_SERVER)->waiting != NULL || side_of(flow, TO_CLIENT)->waiting != NULL)
        give_up(tcp, flow, next_to_flush(flow), packet);
    flush_tail(tcp, flow, TO_SERVER, packet);
    flush_tail(tcp, flow, TO_CLIENT, packet);
}
