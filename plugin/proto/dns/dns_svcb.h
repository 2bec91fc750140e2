/* SPDX-License-Identifier: BSD-3-Clause */
/* Service parameters of SVCB and HTTPS records (RFC 9460 section 2.2) as text. */
#ifndef SHRIKE_PROTO_DNS_DNS_SVCB_H
#define SHRIKE_PROTO_DNS_DNS_SVCB_H

#include "base/buf.h"
#include "proto/dns/dns_name.h"

/* Writes `key=value key=value` from the cursor to its end. */
enum dns_fault dns_svcb_text(struct cursor *c, struct buf *out);

#endif
