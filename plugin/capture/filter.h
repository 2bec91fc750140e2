/* SPDX-License-Identifier: BSD-3-Clause */
/* Filter: a BPF expression, compiled by libpcap once for each link type that is met.
 *
 * A file's link type (LINKTYPE_) is not always libpcap's (DLT_), and code for loopback frames depends on the
 * file's byte order. So libpcap is given a file to open: a pcap header in memory with both.
 */
#ifndef SHRIKE_CAPTURE_FILTER_H
#define SHRIKE_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "packet/decode.h"

struct filter; /* for one link type and byte order */

struct filters {
    const char *expression; /* NULL: everything passes */
    struct filter *items;
    size_t count, capacity; /* at most two for each of 65,536 link types */
    size_t accepted;        /* those that the expression can be compiled for */
};

/* `expression` must outlive the filters. */
void filters_init(struct filters *filters, const char *expression);
void filters_clear(struct filters *filters);
/* The number of the filter for a link type; it is compiled at the first time. */
size_t filters_find(struct filters *filters, int link_type, bool is_swapped);
/* Why the expression cannot be compiled for the filter's link type, or NULL. */
const char *filters_fault(const struct filters *filters, size_t number);
/* False also for a filter with a fault. */
bool filters_pass(const struct filters *filters, size_t number, const struct frame *frame);

/* What libpcap calls a link type ("USB with Linux header"), or "unknown". The text is libpcap's. */
const char *link_type_name(int link_type);

#endif
