/* SPDX-License-Identifier: BSD-3-Clause */
/* Is it DNS? By content: a port only decides how much doubt is left over. */
#ifndef SHRIKE_PROTO_DNS_DNS_IDENTIFY_H
#define SHRIKE_PROTO_DNS_DNS_IDENTIFY_H

#include "proto/dns/dns_message.h"
#include "proto/proto.h"

/* For struct proto_parser. */
enum identify_result dns_identify(struct view start, enum direction direction,
                                  const struct flow *flow);
/* Does a DNS message with its length prefix begin here? For finding the way again after a gap. */
enum identify_result dns_identify_prefixed(struct view start, const struct flow *flow);

#endif
