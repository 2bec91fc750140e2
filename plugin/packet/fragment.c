/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments: datagrams put together again, in bounded memory and packet time.
 *
 * Idea       a queue a datagram (addresses, protocol, identification, tunnel), its fragments in a list
 *            sorted by offset, each copied. When the list has no hole and an end, the payload is copied
 *            together once; that buffer lives until fragments_release().
 * Overlap    Linux: a fragment that repeats bytes exactly is ignored, any other overlap and a second end drop
 *            the datagram (net/ipv4/inet_fragment.c since 5.0; RFC 5722 for IPv6); what comes after that begins
 *            anew, as in the kernel, or a clean second sending would be missed. First and windows: bytes that
 *            came first stay. Last: bytes that came last win. IPv6 overlaps always drop the datagram.
 * Bounds     the budget, FRAGMENTS_MAX a datagram, 65,535 bytes, a timeout; when the budget is spent the
 *            oldest datagram goes. Everything given up is counted.
 */
#include "packet/decoder.h"

#include "base/hash.h"

enum { BUCKETS = 4096, FRAGMENTS_MAX = 1024, DATAGRAM_MAX = 65535 };

struct piece {
    struct piece *next; /* by offset */
    uint32_t offset, len;
    uint8_t bytes[];
};

struct datagram_key {
    struct address src, dst;
    uint32_t id, tunnel_id;
    uint8_t ip_proto, ip_version;
    uint16_t vlan;
    uint32_t zero;
};

struct datagram {
    struct datagram *next_in_bucket;
    struct datagram *older, *newer;
    struct datagram_key key;
    int64_t started_us;
    struct piece *pieces;
    uint32_t piece_count;
    uint32_t total;      /* payload length, 0 while the last fragment is missing */
    uint8_t first_proto; /* what the fragment at offset 0 says that follows */
    bool has_first;
};

struct whole {
    struct whole *next;
    size_t len;
    uint8_t bytes[];
};

struct fragments {
    struct budget *budget;
    enum overlap_policy policy;
    int64_t timeout_us;
    struct decode_stats *stats;
    struct hash_key hash_key;
    struct datagram *buckets[BUCKETS];
    struct datagram *oldest, *newest;
    struct whole *wholes; /* handed out since the last release */
};

struct fragments *fragments_new(struct budget *budget, enum overlap_policy policy,
                                int64_t timeout_us, struct decode_stats *stats)
{
    struct fragments *f = memory_new(1, sizeof(*f));
    f->budget = budget;
    f->policy = policy;
    f->timeout_us = timeout_us;
    f->stats = stats;
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
        f->stats->fragment_timeouts++;
        drop_datagram(f, f->oldest);
    }
}

static struct datagram *find_or_add(struct fragments *f, const struct packet *p, uint32_t id)
{
    struct datagram_key key;

    memset(&key, 0, sizeof(key)); /* it is hashed and compared as bytes */
    key.src = p->src;
    key.dst = p->dst;
    key.id = id;
    key.tunnel_id = p->tunnel_id;
    key.ip_proto = p->ip_version == 4 ? p->ip_proto : 0; /* RFC 8200: IPv6 goes without */
    key.ip_version = p->ip_version;
    key.vlan = p->vlan_count > 0 ? p->vlan[0] : 0;
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

static int insert_piece(struct fragments *f, struct datagram *g, uint32_t offset, struct view bytes)
{
    struct piece *piece = take_memory(f, sizeof(*piece) + bytes.len, g);
    struct piece **link = &g->pieces;

    if (piece == NULL || g->piece_count == FRAGMENTS_MAX) {
        budget_free(f->budget, piece, sizeof(*piece) + bytes.len);
        f->stats->fragment_drops++;
        return -1;
    }
    while (*link != NULL && (*link)->offset < offset)
        link = &(*link)->next;
    piece->next = *link;
    piece->offset = offset;
    piece->len = (uint32_t)bytes.len;
    memcpy(piece->bytes, bytes.data, bytes.len);
    *link = piece;
    g->piece_count++;
    return 0;
}

/* The same bytes at the same place are there already. */
static bool is_repeat(const struct datagram *g, uint32_t offset, struct view bytes)
{
    for (const struct piece *piece = g->pieces; piece != NULL; piece = piece->next) {
        if (piece->offset <= offset && piece->offset + piece->len >= offset + bytes.len)
            return memcmp(piece->bytes + (offset - piece->offset), bytes.data, bytes.len) == 0;
    }
    return false;
}

static bool overlaps(const struct datagram *g, uint32_t offset, size_t len)
{
    for (const struct piece *piece = g->pieces; piece != NULL; piece = piece->next) {
        if (piece->offset < offset + len && offset < piece->offset + piece->len)
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
        while (piece != NULL && piece->offset + piece->len <= at)
            piece = piece->next;
        uint32_t stop = piece != NULL && piece->offset < end ? piece->offset : end;
        if (stop > at && insert_piece(f, g, at, view_slice(bytes, at - offset, stop - offset)) != 0)
            return -1;
        if (piece == NULL || stop == end)
            return 0;
        at = piece->offset + piece->len;
    }
    return 0;
}

/* New bytes win: they are written over the old ones, then the holes are filled. */
static int insert_over(struct fragments *f, struct datagram *g, uint32_t offset, struct view bytes)
{
    uint32_t end = offset + (uint32_t)bytes.len;

    for (struct piece *piece = g->pieces; piece != NULL; piece = piece->next) {
        uint32_t from = piece->offset > offset ? piece->offset : offset;
        uint32_t to = piece->offset + piece->len < end ? piece->offset + piece->len : end;
        if (from < to)
            memcpy(piece->bytes + (from - piece->offset), bytes.data + (from - offset), to - from);
    }
    return insert_holes(f, g, offset, bytes);
}

/* A second end, or bytes beyond the end. */
static bool contradicts_end(const struct datagram *g, uint32_t end, bool has_more)
{
    if (g->total != 0 && (has_more ? end > g->total : end != g->total))
        return true;
    for (const struct piece *piece = g->pieces; piece != NULL && !has_more; piece = piece->next) {
        if (piece->offset + piece->len > end)
            return true;
    }
    return false;
}

/* -1 when the fragment was not taken; the datagram is gone then if it was dropped for overlap. */
static int insert(struct fragments *f, struct datagram *g, uint32_t offset, bool has_more,
                  struct view bytes, enum anomaly *anomaly)
{
    bool is_strict = g->key.ip_version == 6 || f->policy == OVERLAP_LINUX;
    uint32_t end = offset + (uint32_t)bytes.len;
    bool is_forged = is_strict && contradicts_end(g, end, has_more);

    if (!has_more)
        g->total = end;
    if (!is_forged && !overlaps(g, offset, bytes.len))
        return insert_piece(f, g, offset, bytes);
    if (!is_forged && is_repeat(g, offset, bytes))
        return 0;
    f->stats->fragment_overlaps++;
    *anomaly = g->key.ip_version == 4 ? ANOMALY_IPV4_FRAG_OVERLAP : ANOMALY_IPV6_FRAG_OVERLAP;
    if (is_strict) {
        drop_datagram(f, g);
        return -1;
    }
    return f->policy == OVERLAP_LAST ? insert_over(f, g, offset, bytes)
                                     : insert_holes(f, g, offset, bytes);
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

struct view fragments_add(struct fragments *f, struct packet *p, uint32_t id, uint32_t offset,
                          bool has_more, struct view bytes, enum anomaly *anomaly)
{
    const struct view nothing = {NULL, 0};
    bool is_v4 = p->ip_version == 4;

    expire(f, p->time_us);
    size_t odd = has_more ? bytes.len % 8 : 0;
    if (bytes.len == 0 || odd != 0) {
        *anomaly = is_v4 ? ANOMALY_IPV4_FRAG_IGNORED : ANOMALY_IPV6_FRAG_INVALID_LENGTH;
        if (!is_v4 || f->policy != OVERLAP_LINUX || bytes.len == odd)
            return nothing;
        bytes.len -= odd; /* Linux ignores only the odd bytes (net/ipv4/ip_fragment.c) */
    }
    if (offset + bytes.len > DATAGRAM_MAX) {
        *anomaly = is_v4 ? ANOMALY_IPV4_FRAG_PKT_TOO_LARGE : ANOMALY_IPV6_FRAG_PKT_TOO_LARGE;
        return nothing;
    }
    struct datagram *g = find_or_add(f, p, id);
    if (g == NULL) {
        f->stats->fragment_drops++;
        return nothing;
    }
    if (insert(f, g, offset, has_more, bytes, anomaly) != 0)
        return nothing;
    if (offset == 0 && !g->has_first) {
        g->has_first = true;
        g->first_proto = p->ip_proto;
    }
    if (!is_whole(g))
        return nothing;
    p->ip_proto = g->first_proto;
    struct view whole = assemble(f, g);
    drop_datagram(f, g);
    return whole;
}
