/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments: datagrams put together again, in bounded memory and packet time.
 *
 * Idea       a queue a datagram (addresses, protocol, identification, VLANs, tunnel), its fragments in a list
 *            sorted by offset, each copied. When the list has no hole and an end, the payload is copied
 *            together once; that buffer lives until fragments_release().
 * Overlap    Linux, and IPv6 whatever the policy, as the kernel does it (net/ipv4/inet_fragment.c,
 *            ip_fragment.c, net/ipv6/reassembly.c; tests/kernel/ip.py asks one): fragments that came in order
 *            make a run, and one that lies wholly within a run is a repetition, ignored whatever its bytes say.
 *            Any other overlap, a second end, bytes beyond the end and a fragment of no bytes drop the
 *            datagram; what comes after that begins anew. First and windows: bytes that came first stay. Last:
 *            bytes that came last win.
 * Whole      is only looked at when a fragment was taken, as in the kernel: a last fragment that only repeats
 *            does not end a datagram.
 * Frames     a sink that wants to know learns which frames spoke to a datagram, ignored ones included.
 * Bounds     the budget, FRAGMENTS_MAX a datagram, 65,535 bytes, a timeout; when the budget is spent the
 *            oldest datagram goes. Everything given up is counted.
 */
#include "packet/decoder.h"

#include "base/hash.h"

enum { NUMBERS_BUDGET = 32 * 1024 * 1024 };
enum { BUCKETS = 4096, FRAGMENTS_MAX = 1024, DATAGRAM_MAX = 65535, IPV4_HEADER = 20 };
static const int64_t FRAGMENT_TIMEOUT_US = 60 * INT64_C(1000000);

struct piece {
    struct piece *next; /* by offset */
    uint32_t offset, len;
    bool begins_run; /* else it was appended to the one before it, which was the last then */
    uint8_t bytes[];
};

struct datagram_key {
    struct address src, dst;
    uint32_t id, tunnel_id;
    uint16_t vlan[PACKET_VLAN_MAX];
    uint8_t ip_proto, ip_version;
};

static_assert(sizeof(struct datagram_key) == 48, "no padding: it is hashed and compared as bytes");

struct datagram {
    struct datagram *next_in_bucket;
    struct datagram *older, *newer;
    struct datagram_key key;
    int64_t started_us;
    struct piece *pieces, *last;
    uint32_t piece_count;
    uint32_t total;        /* payload length, 0 while the last fragment is missing */
    uint32_t first_header; /* bytes before the payload in the frame of the fragment at offset 0 */
    uint8_t first_proto;   /* what that fragment says that follows */
    bool has_first;
    uint32_t frame_count, frame_capacity;
    uint64_t *frames; /* numbers, in order; NULL when nobody asks */
};

struct whole {
    struct whole *next;
    size_t len;
    uint8_t bytes[];
};

struct fragments {
    struct budget *budget;
    struct budget
        numbers; /* for frame numbers; apart, so that asking for them changes nothing else */
    const struct decode_sink *sink;
    struct decode_stats *stats;
    enum overlap_policy policy;
    bool joins_vlans;
    int64_t timeout_us;
    struct hash_key hash_key;
    struct datagram *buckets[BUCKETS];
    struct datagram *oldest, *newest;
    struct whole *wholes; /* handed out since the last release */
};

struct fragments *fragments_new(struct budget *budget, const struct decode_options *options,
                                const struct decode_sink *sink, struct decode_stats *stats)
{
    struct fragments *f = memory_new(1, sizeof(*f));
    f->budget = budget;
    f->numbers.limit = NUMBERS_BUDGET;
    f->sink = sink;
    f->stats = stats;
    f->policy = options->fragment_policy;
    f->joins_vlans = options->joins_vlans;
    f->timeout_us =
        options->fragment_timeout_us ? options->fragment_timeout_us : FRAGMENT_TIMEOUT_US;
    f->hash_key = hash_key_random();
    return f;
}

static struct datagram **bucket_of(struct fragments *f, const struct datagram_key *key)
{
    return &f->buckets[hash_keyed(f->hash_key, key, sizeof(*key)) % BUCKETS];
}

static void drop_pieces(struct fragments *f, struct datagram *g)
{
    while (g->pieces != NULL) {
        struct piece *next = g->pieces->next;
        budget_free(f->budget, g->pieces, sizeof(struct piece) + g->pieces->len);
        g->pieces = next;
    }
    g->last = NULL;
    g->piece_count = 0;
}

static void drop_datagram(struct fragments *f, struct datagram *g)
{
    struct datagram **link = bucket_of(f, &g->key);

    while (*link != g)
        link = &(*link)->next_in_bucket;
    *link = g->next_in_bucket;
    *(g->older ? &g->older->newer : &f->oldest) = g->newer;
    *(g->newer ? &g->newer->older : &f->newest) = g->older;
    drop_pieces(f, g);
    budget_free(&f->numbers, g->frames, g->frame_capacity * sizeof(*g->frames));
    budget_free(f->budget, g, sizeof(*g));
}

void fragments_release(struct fragments *f)
{
    while (f->wholes != NULL) {
        struct whole *next = f->wholes->next;
        budget_free(f->budget, f->wholes, sizeof(struct whole) + f->wholes->len);
        f->wholes = next;
    }
}

void fragments_free(struct fragments *f)
{
    if (f == NULL)
        return;
    fragments_release(f);
    while (f->oldest != NULL)
        drop_datagram(f, f->oldest);
    memory_free(f);
}

/* Memory for fragments; the oldest datagrams but `keep` make room. */
static void *take_memory(struct fragments *f, size_t size, const struct datagram *keep)
{
    void *memory;

    while ((memory = budget_alloc(f->budget, size)) == NULL) {
        if (f->oldest == NULL || f->oldest == keep)
            return NULL;
        f->stats->fragment_drops += f->oldest->piece_count;
        drop_datagram(f, f->oldest);
    }
    return memory;
}

static void expire(struct fragments *f, int64_t now_us)
{
    while (f->oldest != NULL && now_us - f->oldest->started_us > f->timeout_us) {
        *(f->oldest->key.ip_version == 4 ? &f->stats->fragment_timeouts
                                         : &f->stats->fragment_timeouts6) += 1;
        drop_datagram(f, f->oldest);
    }
}

static struct datagram_key key_of(const struct fragments *f, const struct packet *p, uint32_t id)
{
    struct datagram_key key = {
        .src = p->src,
        .dst = p->dst,
        .id = id,
        .tunnel_id = p->tunnel_id,
        .ip_proto = p->ip_version == 4 ? p->ip_proto : 0, /* RFC 8200: IPv6 goes without */
        .ip_version = p->ip_version,
    };
    for (unsigned i = 0; i < p->vlan_count && !f->joins_vlans; i++)
        key.vlan[i] = p->vlan[i];
    return key;
}

static struct datagram *find_or_add(struct fragments *f, const struct packet *p, uint32_t id)
{
    struct datagram_key key = key_of(f, p, id);

    for (struct datagram *g = *bucket_of(f, &key); g != NULL; g = g->next_in_bucket) {
        if (memcmp(&g->key, &key, sizeof(key)) == 0)
            return g;
    }
    struct datagram *g = take_memory(f, sizeof(*g), NULL);
    if (g == NULL)
        return NULL;
    struct datagram **bucket = bucket_of(f, &key);
    *g = (struct datagram){
        .next_in_bucket = *bucket, .older = f->newest, .key = key, .started_us = p->time_us};
    *bucket = g;
    *(f->newest ? &f->newest->newer : &f->oldest) = g;
    f->newest = g;
    return g;
}

/* A number without room is left out: the datagram is worth more. */
static void note_frame(struct fragments *f, struct datagram *g, uint64_t number)
{
    if (g->frame_count == g->frame_capacity) {
        uint32_t capacity = g->frame_capacity ? g->frame_capacity * 2 : 8;
        uint64_t *frames =
            capacity > FRAGMENTS_MAX
                ? NULL
                : budget_resize(&f->numbers, g->frames, g->frame_capacity * sizeof(*frames),
                                capacity * sizeof(*frames));
        if (frames == NULL)
            return;
        g->frames = frames;
        g->frame_capacity = capacity;
    }
    g->frames[g->frame_count++] = number;
}

static uint32_t end_of(const struct piece *piece)
{
    return piece->offset + piece->len;
}

static int insert_piece(struct fragments *f, struct datagram *g, uint32_t offset, struct view bytes)
{
    struct piece *piece = take_memory(f, sizeof(*piece) + bytes.len, g);
    struct piece **link = &g->pieces;

    if (piece == NULL || g->piece_count == FRAGMENTS_MAX) {
        budget_free(f->budget, piece, sizeof(*piece) + bytes.len);
        f->stats->fragment_drops++;
        return -1;
    }
    if (g->last != NULL && g->last->offset < offset)
        link = &g->last->next;
    while (*link != NULL && (*link)->offset < offset)
        link = &(*link)->next;
    *piece = (struct piece){
        .next = *link,
        .offset = offset,
        .len = (uint32_t)bytes.len,
        .begins_run = g->last == NULL || offset != end_of(g->last),
    };
    memcpy(piece->bytes, bytes.data, bytes.len);
    *link = piece;
    if (piece->next == NULL)
        g->last = piece;
    g->piece_count++;
    return 0;
}

/* The same bytes at the same place are there already. */
static bool is_repeat(const struct datagram *g, uint32_t offset, struct view bytes)
{
    size_t at = 0; /* of `bytes`: found up to here */

    for (const struct piece *piece = g->pieces; piece != NULL && at < bytes.len;
         piece = piece->next) {
        if (end_of(piece) <= offset + at)
            continue;
        if (piece->offset > offset + at)
            return false;
        size_t skip = offset + at - piece->offset, len = piece->len - skip;
        len = len < bytes.len - at ? len : bytes.len - at;
        if (memcmp(piece->bytes + skip, bytes.data + at, len) != 0)
            return false;
        at += len;
    }
    return at == bytes.len;
}

enum fit {
    FIT_FREE,
    FIT_TAKEN, /* all of it, by one run */
    FIT_OVERLAP,
};

/* Where a fragment would come to lie: inet_frag_queue_insert(). */
static enum fit fit_of(const struct datagram *g, uint32_t offset, uint32_t end)
{
    const struct piece *piece = g->pieces;

    if (g->last == NULL || offset >= end_of(g->last))
        return FIT_FREE;
    while (piece != NULL && piece->offset < end) {
        uint32_t run = piece->offset, run_end;
        do {
            run_end = end_of(piece);
            piece = piece->next;
        } while (piece != NULL && !piece->begins_run);
        if (offset < run_end)
            return run <= offset && end <= run_end ? FIT_TAKEN : FIT_OVERLAP;
    }
    return FIT_FREE;
}

static bool overlaps(const struct datagram *g, uint32_t offset, size_t len)
{
    for (const struct piece *piece = g->pieces; piece != NULL; piece = piece->next) {
        if (piece->offset < offset + len && offset < end_of(piece))
            return true;
    }
    return false;
}

/* Old bytes win: only the parts of the new fragment that fill holes are kept. */
static int insert_holes(struct fragments *f, struct datagram *g, uint32_t offset, struct view bytes)
{
    struct piece *piece = g->pieces;
    uint32_t at = offset, end = offset + (uint32_t)bytes.len;

    while (at < end) {
        while (piece != NULL && end_of(piece) <= at)
            piece = piece->next;
        uint32_t stop = piece != NULL && piece->offset < end ? piece->offset : end;
        if (stop > at && insert_piece(f, g, at, view_slice(bytes, at - offset, stop - offset)) != 0)
            return -1;
        if (piece == NULL || stop == end)
            return 0;
        at = end_of(piece);
    }
    return 0;
}

/* New bytes win: they are written over the old ones, then the holes are filled. */
static int insert_over(struct fragments *f, struct datagram *g, uint32_t offset, struct view bytes)
{
    uint32_t end = offset + (uint32_t)bytes.len;

    for (struct piece *piece = g->pieces; piece != NULL; piece = piece->next) {
        uint32_t from = piece->offset > offset ? piece->offset : offset;
        uint32_t to = end_of(piece) < end ? end_of(piece) : end;
        if (from < to)
            memcpy(piece->bytes + (from - piece->offset), bytes.data + (from - offset), to - from);
    }
    return insert_holes(f, g, offset, bytes);
}

/* A second end, or bytes beyond the end. */
static bool contradicts_end(const struct datagram *g, uint32_t end, bool has_more)
{
    if (g->total != 0)
        return has_more ? end > g->total : end != g->total;
    return !has_more && g->last != NULL && end_of(g->last) > end;
}

enum inserted {
    INSERTED,
    INSERTED_NOTHING, /* ignored, or no memory */
    INSERTED_LAST,    /* the datagram is gone */
};

static enum inserted report_overlap(struct fragments *f, const struct datagram *g,
                                    enum anomaly *anomaly, enum inserted what)
{
    f->stats->fragment_overlaps++;
    *anomaly = g->key.ip_version == 4 ? ANOMALY_IPV4_FRAG_OVERLAP : ANOMALY_IPV6_FRAG_OVERLAP;
    return what;
}

static enum inserted insert_strictly(struct fragments *f, struct datagram *g, uint32_t offset,
                                     bool has_more, struct view bytes, enum anomaly *anomaly)
{
    uint32_t end = offset + (uint32_t)bytes.len;

    if (contradicts_end(g, end, has_more))
        return report_overlap(f, g, anomaly, INSERTED_LAST);
    if (bytes.len == 0)
        return INSERTED_LAST;
    if (!has_more)
        g->total = end;
    enum fit fit = fit_of(g, offset, end);
    if (fit == FIT_OVERLAP)
        return report_overlap(f, g, anomaly, INSERTED_LAST);
    if (fit == FIT_FREE)
        return insert_piece(f, g, offset, bytes) == 0 ? INSERTED : INSERTED_NOTHING;
    return is_repeat(g, offset, bytes) ? INSERTED_NOTHING
                                       : report_overlap(f, g, anomaly, INSERTED_NOTHING);
}

static enum inserted insert_loosely(struct fragments *f, struct datagram *g, uint32_t offset,
                                    bool has_more, struct view bytes, enum anomaly *anomaly)
{
    int status;

    if (!has_more)
        g->total = offset + (uint32_t)bytes.len;
    if (is_repeat(g, offset, bytes))
        return INSERTED;
    if (!overlaps(g, offset, bytes.len))
        return insert_piece(f, g, offset, bytes) == 0 ? INSERTED : INSERTED_NOTHING;
    report_overlap(f, g, anomaly, INSERTED);
    status = f->policy == OVERLAP_LAST ? insert_over(f, g, offset, bytes)
                                       : insert_holes(f, g, offset, bytes);
    return status == 0 ? INSERTED : INSERTED_NOTHING;
}

static bool is_whole(const struct datagram *g)
{
    uint32_t next = 0;
    for (const struct piece *piece = g->pieces; piece != NULL && piece->offset == next;
         piece = piece->next)
        next += piece->len;
    return g->total > 0 && next >= g->total;
}

static struct view assemble(struct fragments *f, struct datagram *g)
{
    struct whole *whole = take_memory(f, sizeof(*whole) + g->total, g);

    if (whole == NULL) {
        f->stats->fragment_drops += g->piece_count;
        return (struct view){NULL, 0};
    }
    whole->next = f->wholes;
    whole->len = g->total;
    f->wholes = whole;
    for (const struct piece *piece = g->pieces; piece != NULL && piece->offset < g->total;
         piece = piece->next) {
        uint32_t room = g->total - piece->offset;
        memcpy(whole->bytes + piece->offset, piece->bytes, piece->len < room ? piece->len : room);
    }
    return view_make(whole->bytes, whole->len);
}

/* What a fragment's length says against it; `bytes` is shortened where the host does that. False: ignored. */
static bool check_length(const struct fragments *f, const struct packet *p, uint32_t offset,
                         bool has_more, struct view *bytes, enum anomaly *anomaly)
{
    bool is_v4 = p->ip_version == 4, is_linux = f->policy == OVERLAP_LINUX;
    size_t odd = has_more ? bytes->len % 8 : 0;

    if (bytes->len == 0 || odd != 0) {
        *anomaly = is_v4 ? ANOMALY_IPV4_FRAG_IGNORED : ANOMALY_IPV6_FRAG_INVALID_LENGTH;
        if (is_v4 ? !is_linux : odd != 0)
            return false;
        bytes->len -= odd; /* Linux ignores only the odd bytes of IPv4 */
    }
    if (offset + bytes->len <= DATAGRAM_MAX)
        return true;
    *anomaly = is_v4 ? ANOMALY_IPV4_FRAG_PKT_TOO_LARGE : ANOMALY_IPV6_FRAG_PKT_TOO_LARGE;
    return is_v4 && is_linux; /* taken there, and found too large once the datagram is whole */
}

/* The whole payload; an empty view when memory, or a length that no header can state, forbids it. */
static struct view finish(struct fragments *f, struct datagram *g, struct packet *p)
{
    bool is_v4 = g->key.ip_version == 4;

    if (is_v4 && f->policy == OVERLAP_LINUX && g->total > DATAGRAM_MAX - IPV4_HEADER) {
        f->stats->fragment_drops += g->piece_count;
        return (struct view){NULL, 0};
    }
    struct view whole = assemble(f, g);
    if (whole.data == NULL)
        return whole;
    p->ip_proto = g->first_proto;
    p->wire_len = g->first_header + g->total;
    *(is_v4 ? &f->stats->reassembled : &f->stats->reassembled6) += 1;
    if (g->frame_count > 0)
        f->sink->datagram(f->sink->context, p->number, g->frames, g->frame_count);
    return whole;
}

/* Bytes of the frame, or of the packet in a tunnel, that a joined datagram keeps before its payload. */
static uint32_t header_before(const struct packet *p, struct view bytes)
{
    enum { FRAGMENT_HEADER = 8 };
    uint32_t header =
        p->depth == 0 ? (uint32_t)(bytes.data - p->frame) : p->wire_len - (uint32_t)bytes.len;

    return p->ip_version == 6 ? header - FRAGMENT_HEADER : header;
}

struct view fragments_add(struct fragments *f, struct packet *p, uint32_t id, uint32_t offset,
                          bool has_more, struct view bytes, enum anomaly *anomaly)
{
    const struct view nothing = {NULL, 0};
    uint32_t header = header_before(p, bytes);

    expire(f, p->time_us);
    if (!check_length(f, p, offset, has_more, &bytes, anomaly))
        return nothing;
    struct datagram *g = find_or_add(f, p, id);
    if (g == NULL) {
        f->stats->fragment_drops++;
        return nothing;
    }
    if (f->sink->datagram != NULL)
        note_frame(f, g, p->number);
    bool is_strict = p->ip_version == 6 || f->policy == OVERLAP_LINUX;
    enum inserted inserted = is_strict ? insert_strictly(f, g, offset, has_more, bytes, anomaly)
                                       : insert_loosely(f, g, offset, has_more, bytes, anomaly);
    if (inserted == INSERTED_LAST)
        drop_datagram(f, g);
    if (inserted != INSERTED)
        return nothing;
    if (offset == 0 && !g->has_first) {
        g->has_first = true;
        g->first_proto = p->ip_proto;
        g->first_header = header;
    }
    if (!is_whole(g))
        return nothing;
    struct view whole = finish(f, g, p);
    drop_datagram(f, g);
    return whole;
}
