/* SPDX-License-Identifier: BSD-3-Clause */
/* UUID version 5: SHA-1 over a name space and a name, cut to 128 bits. The name space was drawn once, for what
 * shrike imports; another one would give every imported rule a new id. */
#include "import/uuid.h"

#include <nettle/sha1.h>
#include <stdio.h>

static const uint8_t NAME_SPACE[16] = {0x3c, 0x0c, 0x2f, 0x5e, 0x6a, 0x1d, 0x4b, 0x77,
                                       0x9d, 0x52, 0xe1, 0x08, 0xb4, 0x6f, 0x23, 0xca};

const char *uuid_of_name(struct view name, char out[UUID_TEXT_MAX])
{
    struct sha1_ctx sha1;
    uint8_t d[SHA1_DIGEST_SIZE];

    sha1_init(&sha1);
    sha1_update(&sha1, sizeof(NAME_SPACE), NAME_SPACE);
    if (name.len > 0)
        sha1_update(&sha1, name.len, name.data);
    sha1_digest(&sha1, sizeof(d), d);
    d[6] = (uint8_t)((d[6] & 0x0f) | 0x50);
    d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
    snprintf(out, UUID_TEXT_MAX,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
             d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14],
             d[15]);
    return out;
}
