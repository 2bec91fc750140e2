/* SPDX-License-Identifier: BSD-3-Clause */
/* Bodies: any bytes under any codings; bounds hold and all memory comes back.
 *
 * Input: a byte for the codings (two bits each, 3 ends the list), one for the piece length, the body. */
#include <stdlib.h>

#include "proto/body.h"

enum { LIMIT = 50000 };

static void run(struct view bytes, size_t cut, const uint8_t *codings, size_t count,
                size_t budget_limit)
{
    struct budget budget = {.limit = budget_limit};
    struct recycler recycler;
    struct body body;

    recycler_init(&recycler, &budget);
    body_init(&body, &recycler, LIMIT, codings, count);
    for (size_t at = 0; at < bytes.len; at += cut)
        body_take(&body, view_slice(bytes, at, at + cut));
    body_end(&body);
    if (body.len > LIMIT || body.decoder != NULL)
        abort();
    body_clear(&body);
    if (recycler.live_bytes != 0)
        abort();
    recycler_clear(&recycler);
    if (budget.used != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t codings[BODY_LAYERS_MAX];
    size_t count = 0;

    if (size < 2)
        return 0;
    for (; count < BODY_LAYERS_MAX && (data[0] >> 2 * count & 3) != 3; count++)
        codings[count] = data[0] >> 2 * count & 3;
    struct view bytes = view_make(data + 2, size - 2);
    run(bytes, data[1] + 1u, codings, count, 0);
    run(bytes, data[1] + 1u, codings, count, 64 * 1024);
    return 0;
}
