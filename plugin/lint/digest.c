/* SPDX-License-Identifier: BSD-3-Clause */
/* Digests: a predicate as the bytes of all that it asks, a condition as the digests of what it joins, in order. */
#include "lint/digest.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/memory.h"

int compare_digests(const void *left, const void *right)
{
    const struct digest *x = left, *y = right;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

struct digest digest_of(struct view bytes, uint64_t seed)
{
    uint64_t a = hash_plain(bytes.data, bytes.len);
    return (struct digest){hash_mix(a ^ seed), hash_mix(a + bytes.len * 31 + seed * 7)};
}

static void put(struct buf *out, const void *bytes, size_t len)
{
    buf_bytes(out, &len, sizeof(len));
    buf_bytes(out, bytes, len);
}

#define PUT(out, member) put((out), &(member), sizeof(member))

static void put_step(struct buf *out, const struct step *step)
{
    PUT(out, step->kind);
    PUT(out, step->is_relative);
    PUT(out, step->is_negated);
    PUT(out, step->is_cased);
    PUT(out, step->is_at_end);
    PUT(out, step->distance);
    PUT(out, step->within);
    PUT(out, step->offsets.from);
    PUT(out, step->offsets.to);
    PUT(out, step->offsets.is_exact);
    put(out, step->bytes.data, step->bytes.len);
    put(out, step->mask.data, step->mask.len);
    PUT(out, step->regex_flags);
    PUT(out, step->width);
    PUT(out, step->base);
    PUT(out, step->is_little);
    PUT(out, step->number_mask);
    PUT(out, step->compare);
    PUT(out, step->number);
    PUT(out, step->multiply);
    PUT(out, step->align);
    PUT(out, step->add);
    PUT(out, step->origin);
}

static struct digest predicate_digest(const struct predicate *p)
{
    struct buf out;

    buf_init(&out, SIZE_MAX / 2);
    PUT(&out, p->op);
    PUT(&out, p->of);
    PUT(&out, p->field);
    put(&out, p->header_name.data, p->header_name.len);
    PUT(&out, p->transforms);
    PUT(&out, p->is_cased);
    PUT(&out, p->is_negated);
    for (size_t i = 0; i < p->piece_count; i++) {
        PUT(&out, p->pieces[i].kind);
        for (size_t at = 0; at < p->pieces[i].bytes.len; at++) {
            uint8_t byte = p->pieces[i].bytes.data[at];
            buf_byte(&out, p->is_cased ? byte : byte_fold(byte));
        }
    }
    put(&out, p->bytes.data, p->bytes.len);
    put(&out, p->mask.data, p->mask.len);
    PUT(&out, p->regex_flags);
    PUT(&out, p->compare);
    PUT(&out, p->number);
    PUT(&out, p->address);
    PUT(&out, p->prefix_bits);
    PUT(&out, p->wanted);
    PUT(&out, p->other);
    PUT(&out, p->has_before);
    PUT(&out, p->has_after);
    PUT(&out, p->list);
    PUT(&out, p->confidence.is_asked);
    PUT(&out, p->confidence.from);
    PUT(&out, p->confidence.to);
    PUT(&out, p->offsets.from);
    PUT(&out, p->offsets.to);
    PUT(&out, p->offsets.is_exact);
    for (size_t i = 0; i < p->step_count; i++)
        put_step(&out, &p->steps[i]);
    struct digest digest = digest_of(buf_view(&out), NODE_PREDICATE);
    buf_clear(&out);
    return digest;
}

struct digest question_digest(const struct predicate *p)
{
    struct predicate question = *p;

    question.is_negated = false;
    question.wanted = p->op == MATCH_EXISTS;
    return predicate_digest(&question);
}

size_t child_digests(const struct node *node, struct digest *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < node->count; i++)
        out[i] = node_digest(node->children[i]);
    if (node->count > 1)
        qsort(out, node->count, sizeof(*out), compare_digests);
    for (size_t i = 0; i < node->count; i++) {
        if (kept == 0 || compare_digests(&out[kept - 1], &out[i]) != 0)
            out[kept++] = out[i];
    }
    return kept;
}

struct digest node_digest(const struct node *node)
{
    if (node->kind == NODE_PREDICATE)
        return predicate_digest(node->predicate);
    struct digest *parts = memory_new(node->count + 1, sizeof(*parts));
    size_t count = child_digests(node, parts);
    struct digest digest = digest_of(view_make(parts, count * sizeof(*parts)), node->kind);
    memory_free(parts);
    return digest;
}
