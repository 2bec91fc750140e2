/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: what was seen of a handshake, as fields of an event. Text that no message holds as it should read
 * (lower case names, fingerprints) is made in the event's own text; everything else is a view. */
#include <stdio.h>

#include "proto/tls/tls.h"
#include "proto/tls/x509.h"

enum { STRING_MAX = 16 * 1024 }; /* longest JA3 string: some 2,700 values */

/* Without a final dot, as hosts and DNS names are. */
static void add_name(struct proto_context *context, struct view name)
{
    struct event *event = context->event;
    while (name.len > 1 && name.data[name.len - 1] == '.')
        name.len--;
    uint8_t *copy = event_text(event, name.len);

    if (copy == NULL)
        return;
    for (size_t i = 0; i < name.len; i++)
        copy[i] = byte_fold(name.data[i]);
    event_add_bytes(event, FIELD_TLS_SNI_RAW, name);
    event_add_bytes(event, FIELD_TLS_SNI, view_make(copy, name.len));
}

static void add_protocols(struct event *event, struct view list)
{
    struct cursor c = cursor_over(list);

    while (cursor_left(&c) > 0) {
        struct view name = cursor_view(&c, cursor_u8(&c));
        if (!c.overrun)
            event_add_bytes(event, FIELD_TLS_ALPN, name);
    }
}

/* Room in the event's text for a string yet to be written; empty when there is none. */
static struct buf string_begin(struct event *event)
{
    uint8_t *text = event_text(event, STRING_MAX);
    size_t size = text != NULL ? STRING_MAX : 0;
    return (struct buf){.data = text, .capacity = size, .maximum = size};
}

/* A string that did not fit has no hash either: half of one would be another client's. */
static void string_end(struct event *event, const struct buf *string, enum field_id string_field,
                       enum field_id hash_field)
{
    if (string->maximum == 0)
        return;
    event_text_trim(event, string->is_full ? string->maximum : string->maximum - string->len);
    if (string->is_full) {
        event->truncated++;
        return;
    }
    event_add_bytes(event, string_field, buf_view(string));
    uint8_t *hash = event_text(event, JA3_HASH_LEN);
    if (hash == NULL)
        return;
    ja3_hash(buf_view(string), hash);
    event_add_bytes(event, hash_field, view_make(hash, JA3_HASH_LEN));
}

static void add_ja3(struct event *event, const struct tls_client_hello *hello)
{
    if (!event_wants(event, FIELD_TLS_JA3_HASH) && !event_wants(event, FIELD_TLS_JA3_STRING))
        return;
    struct buf string = string_begin(event);
    ja3_string(&string, hello);
    string_end(event, &string, FIELD_TLS_JA3_STRING, FIELD_TLS_JA3_HASH);
}

static void add_ja3s(struct event *event, const struct tls_server_hello *hello)
{
    if (!event_wants(event, FIELD_TLS_JA3S_HASH) && !event_wants(event, FIELD_TLS_JA3S_STRING))
        return;
    struct buf string = string_begin(event);
    ja3s_string(&string, hello);
    string_end(event, &string, FIELD_TLS_JA3S_STRING, FIELD_TLS_JA3S_HASH);
}

static void add_ja4(struct event *event, const struct tls_client_hello *hello)
{
    if (!event_wants(event, FIELD_TLS_JA4_HASH))
        return;
    uint8_t *text = event_text(event, JA4_LEN);
    if (text == NULL)
        return;
    if (ja4_fingerprint(hello, text))
        event_add_bytes(event, FIELD_TLS_JA4_HASH, view_make(text, JA4_LEN));
    else
        event->truncated++;
}

static void add_client(struct proto_context *context, const struct tls_client_hello *hello)
{
    struct event *event = context->event;

    if (hello->sni.len > 0)
        add_name(context, hello->sni);
    event_add_number(event, FIELD_TLS_CLIENT_VERSION, hello->version);
    add_protocols(event, hello->alpn);
    event_add_number(event, FIELD_TLS_ECH, hello->has_ech);
    add_ja3(event, hello);
    add_ja4(event, hello);
}

static void add_server(struct event *event, const struct tls_server_hello *hello)
{
    event_add_number(event, FIELD_TLS_CIPHER, hello->cipher);
    if (hello->alpn.len > 0)
        event_add_bytes(event, FIELD_TLS_SERVER_ALPN, hello->alpn);
    add_ja3s(event, hello);
}

/* A version without a name reads "0x7e01". */
static void add_version(struct event *event, uint16_t version)
{
    const char *name = tls_version_name(version);
    char number[8];

    if (name != NULL) {
        event_add_bytes(event, FIELD_TLS_VERSION, view_from_string(name));
        return;
    }
    size_t len = (size_t)snprintf(number, sizeof(number), "0x%04x", version);
    uint8_t *text = event_text(event, len);
    if (text == NULL)
        return;
    memcpy(text, number, len);
    event_add_bytes(event, FIELD_TLS_VERSION, view_make(text, len));
}

static void add_certificate(struct proto_context *context, const struct tls_handshake *seen)
{
    if (seen->chain_len == 0)
        return;
    struct event *event = context->event;
    struct cursor list = cursor_over(seen->certificates);
    struct view own = cursor_view(&list, cursor_u24(&list));
    event_add_number(event, FIELD_TLS_CERT_CHAIN_LEN, seen->chain_len);
    if (event_wants(event, FIELD_TLS_CERTS)) {
        struct view der = own;
        for (uint32_t i = 0; i < seen->chain_len && !list.overrun; i++) {
            event_add_bytes(event, FIELD_TLS_CERTS, der);
            der = cursor_view(&list, cursor_u24(&list));
        }
    }
    if (!x509_add_fields(event, own))
        proto_anomaly(context, ANOMALY_TLS_INVALID_CERTIFICATE);
}

void tls_add_fields(struct proto_context *context, const struct tls_handshake *seen)
{
    struct event *event = context->event;
    uint16_t version = seen->ssl2_version;

    if (seen->client_hello.len > 0) {
        struct tls_client_hello hello;
        tls_parse_client_hello(seen->client_hello, &hello);
        version = tls_offered_version(&hello);
        add_client(context, &hello);
    } else if (seen->ssl2_version != 0) {
        event_add_number(event, FIELD_TLS_CLIENT_VERSION, seen->ssl2_version);
    }
    if (event->is_complete && seen->server_hello.len > 0) {
        struct tls_server_hello hello;
        tls_parse_server_hello(seen->server_hello, &hello);
        version = hello.version;
        add_server(event, &hello);
    }
    add_version(event, version);
    if (event->is_complete)
        add_certificate(context, seen);
}
