/* SPDX-License-Identifier: BSD-3-Clause */
/* Filter: link types as libpcap knows them, and programs by link type. */
#include "capture/filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "base/memory.h"

enum { PCAP_HEADER = 24, SNAP_LENGTH = 262144 };

struct filter {
    int link_type;
    bool is_swapped;
    char *fault; /* NULL: `program` is good */
    struct bpf_program program;
};

/* A capture without packets; NULL with `error` (PCAP_ERRBUF_SIZE) set. */
static pcap_t *open_empty(int link_type, bool is_swapped, char *error)
{
    uint32_t words[] = {0xa1b2c3d4, 0, 0, 0, SNAP_LENGTH, (uint32_t)link_type};
    uint16_t version[] = {2, 4};
    uint8_t header[PCAP_HEADER];

    if (is_swapped) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            words[i] = __builtin_bswap32(words[i]);
        version[0] = __builtin_bswap16(version[0]);
        version[1] = __builtin_bswap16(version[1]);
    }
    memcpy(header, words, sizeof(header));
    memcpy(header + 4, version, sizeof(version));
    FILE *file = fmemopen(header, sizeof(header), "rb");
    if (file == NULL) {
        snprintf(error, PCAP_ERRBUF_SIZE, "%s", strerror(ENOMEM));
        return NULL;
    }
    pcap_t *pcap = pcap_fopen_offline(file, error); /* reads the header now; owns `file` */
    if (pcap == NULL)
        fclose(file);
    return pcap;
}

const char *link_type_name(int link_type)
{
    char error[PCAP_ERRBUF_SIZE];
    const char *name = NULL;
    pcap_t *pcap = open_empty(link_type, false, error);

    if (pcap != NULL) {
        name = pcap_datalink_val_to_description(pcap_datalink(pcap));
        pcap_close(pcap);
    }
    return name != NULL ? name : "unknown";
}

void filters_init(struct filters *filters, const char *expression)
{
    *filters = (struct filters){.expression = expression};
}

void filters_clear(struct filters *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        if (filters->items[i].fault == NULL)
            pcap_freecode(&filters->items[i].program);
        memory_free(filters->items[i].fault);
    }
    memory_free(filters->items);
    *filters = (struct filters){0};
}

static void compile(struct filter *filter, const char *expression)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = open_empty(filter->link_type, filter->is_swapped, error);

    if (pcap == NULL)
        filter->fault = memory_copy_string(error);
    else if (pcap_compile(pcap, &filter->program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        filter->fault = memory_copy_string(pcap_geterr(pcap));
    if (pcap != NULL)
        pcap_close(pcap);
}

size_t filters_find(struct filters *filters, int link_type, bool is_swapped)
{
    for (size_t i = 0; i < filters->count; i++) {
        if (filters->items[i].link_type == link_type && filters->items[i].is_swapped == is_swapped)
            return i;
    }
    if (filters->count == filters->capacity) {
        filters->capacity = filters->capacity ? filters->capacity * 2 : 8;
        filters->items = memory_resize(filters->items, filters->capacity, sizeof(*filters->items));
    }
    struct filter *filter = &filters->items[filters->count];
    *filter = (struct filter){.link_type = link_type, .is_swapped = is_swapped};
    compile(filter, filters->expression);
    filters->accepted += filter->fault == NULL;
    return filters->count++;
}

const char *filters_fault(const struct filters *filters, size_t number)
{
    return filters->items[number].fault;
}

bool filters_pass(const struct filters *filters, size_t number, const struct frame *frame)
{
    const struct filter *filter = &filters->items[number];
    const struct pcap_pkthdr header = {.caplen = frame->len, .len = frame->wire_len};

    return filter->fault == NULL &&
           pcap_offline_filter(&filter->program, &header, frame->data) != 0;
}
