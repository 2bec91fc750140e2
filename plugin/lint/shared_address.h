/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared addresses: those behind which there are many, and those that are in every network. */
#ifndef SHRIKE_LINT_SHARED_ADDRESS_H
#define SHRIKE_LINT_SHARED_ADDRESS_H

#include "base/address.h"

/* Whose the whole range is, as it stands in a sentence ("Cloudflare's, which stands before many sites"); NULL when it is
 * nobody's of these. *is_rented: or it may be one customer's, for a time. */
const char *shared_address(const struct address *address, unsigned bits, bool *is_rented);
/* What the whole range is set aside for ("private"); NULL when for nothing. */
const char *reserved_address(const struct address *address, unsigned bits);

#endif
