/* SPDX-License-Identifier: BSD-3-Clause */
/* Meaning: a rule as our language can say it: an event, and what its fields have to hold. */
#ifndef SHRIKE_IMPORT_SURICATA_MEANING_H
#define SHRIKE_IMPORT_SURICATA_MEANING_H

#include "import/suricata/read/buffer.h"
#include "import/suricata/read/model.h"

enum { ENTRIES_MAX = 160 };

enum entry_form {
    ENTRY_TEXT,     /* key: text */
    ENTRY_PLAIN,    /* key: number, or several with commas between; true */
    ENTRY_SEQUENCE, /* key: {sequence: the chain} */
    ENTRY_EITHER,   /* key: text, or other_key: other; the chain of either, where there is one */
};

struct entry {
    enum entry_form form;
    const char *key, *other_key;
    struct view value, other;
    const struct chain *chain;
    bool counts_length; /* of the chain: the lengths that are asked are steps, too */
};

/* Which fields a side of the header is asked of. */
struct ends {
    const char *source_ip, *source_port, *target_ip, *target_port;
};

struct meaning {
    const char *service;
    const char *direction; /* "to_server", "to_client"; NULL: either */
    const char *proto, *app_proto;
    struct ends ends;
    struct net_set source, target;
    struct port_set source_port, target_port;
    bool has_ends;     /* an address or a port is asked for */
    bool asks_twice;   /* streams without a direction: the header is asked each way */
    bool is_both_ways; /* <>: either side may be the source */
    bool is_once;      /* Suricata alerts once a flow */
    bool is_either;    /* raw contents hold for the stream from its start, or for one segment */
    struct entry entries[ENTRIES_MAX];
    size_t entry_count;
};

/* NULL, or why the rule has no equal. `out` is overwritten. */
const char *meaning_find(struct arena *arena, const struct model *rule, struct variables *variables,
                         struct meaning *out);

/* --- for chain.c --------------------------------------------------------------------------------- */

const char *meaning_add(struct meaning *m, struct entry entry);
/* The chain asked of `field`. `is_stream`: its bytes come piece by piece. */
const char *meaning_add_chain(struct arena *arena, struct meaning *m, const struct chain *chain,
                              const char *field, bool is_stream);

#endif
