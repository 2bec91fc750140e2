/* SPDX-License-Identifier: BSD-3-Clause */
/* Variables: what $HOME_NET and $HTTP_PORTS stand for, and what rule headers make of them. */
#ifndef SHRIKE_IMPORT_SURICATA_READ_VARIABLES_H
#define SHRIKE_IMPORT_SURICATA_READ_VARIABLES_H

#include "base/arena.h"
#include "base/error.h"

struct variables;

/* The definitions of suricata.yaml as it is delivered. */
struct variables *variables_new(struct arena *arena);
/* Lines `NAME: value`, as under `vars:` in suricata.yaml; what else stands there is passed over. Later ones count. */
void variables_read(struct variables *v, const char *file, struct view text,
                    struct diagnostics *diagnostics);

enum { NET_TERMS_MAX = 4096, NET_NAME_MAX = 64 };

/* An address, a prefix, or a variable whose addresses are a list document. */
struct net_term {
    struct view text; /* "192.0.2.0/24" */
    const char *list; /* "home_net"; NULL: an address */
};

/* One of `in` (any address when there are none), and none of `out`. */
struct net_set {
    struct net_term *in, *out;
    size_t in_count, out_count;
};

/* NULL, or why it cannot be said. */
const char *variables_net(struct variables *v, struct view text, struct net_set *out);

/* The variables that became lists so far. */
struct net_list {
    const char *name; /* "home_net" */
    const char *variable;
    const struct view *values;
    size_t count;
};
size_t variables_lists(const struct variables *v, const struct net_list **out);

struct port_range {
    uint16_t first, last;
};

/* Sorted, apart from each other; none: any port. */
struct port_set {
    struct port_range *ranges;
    size_t count;
};

const char *variables_ports(struct variables *v, struct view text, struct port_set *out);

#endif
