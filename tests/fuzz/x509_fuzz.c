/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509: any bytes as a certificate, and as each kind of time. Every text that comes out is read to its end,
 * so that a view into memory given back is found. */
#include "base/hash.h"
#include "proto/tls/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event *event = event_new();
    struct field_set wanted = {0};
    volatile uint64_t sum = 0;
    int64_t seconds;

    field_set_add_event(&wanted, EVENT_TLS);
    event->wanted = &wanted;
    event_begin(event, EVENT_TLS, TO_CLIENT, NULL, NULL);
    event_add_bytes(event, FIELD_TLS_SNI, VIEW("www.example.org"));
    (void)x509_add_fields(event, view_make(data, size));
    for (enum field_id id = field_first(EVENT_TLS); id < field_end(EVENT_TLS); id++) {
        struct value_list list = event_get(event, id);
        for (uint32_t i = 0; i < list.count && field_get(id)->type == TYPE_BYTES; i++)
            sum += hash_plain(list.items[i].bytes.data, list.items[i].bytes.len);
    }
    if (size > 0)
        sum += x509_time_parse(data[0] & 1 ? 23 : 24, view_make(data + 1, size - 1), &seconds);
    event_free(event);
    return 0;
}
