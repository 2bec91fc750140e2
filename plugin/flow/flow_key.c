/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow key: what the hot path leaves out (flow_key.h has the rest). */
#include "flow/flow_key.h"

#include "base/hash.h"

struct flow_hash_key flow_hash_key_new(void)
{
    struct hash_key seed = hash_key_random();
    uint64_t words[FLOW_KEY_WORDS + 6] = {0};
    struct flow_hash_key key;

    for (uint64_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        words[i] = hash_keyed(seed, &i, sizeof(i));
    memcpy(key.nh, words, sizeof(key.nh));
    const uint64_t *rest = words + FLOW_KEY_WORDS;
    key.high = (uint128)rest[0] << 64 | rest[1];
    key.low = (uint128)rest[2] << 64 | rest[3];
    key.offset = (uint128)rest[4] << 64 | rest[5];
    return key;
}

uint32_t flow_icmp_key(const struct packet *packet, bool is_swapped)
{
    int counterpart = icmp_counterpart(packet->ip_proto, packet->icmp_type);
    uint32_t type = packet->icmp_type;
    const uint32_t is_icmp = UINT32_C(1) << 31; /* never zero */

    if (counterpart < 0)
        return is_icmp | type << 16 | (uint32_t)is_swapped << 8 | packet->icmp_code;
    if ((uint32_t)counterpart < type)
        type = (uint32_t)counterpart;
    return is_icmp | type << 16 | packet->icmp_id;
}
