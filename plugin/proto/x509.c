/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509: names as Suricata writes them ("C=US, O=Example, CN=www.example.org", in the certificate's order),
 * serial and fingerprint in hexadecimal with colons. */
#include "proto/x509.h"

#include <gnutls/x509.h>
#include <nettle/sha1.h>

#include "base/buf.h"

enum { NAME_MAX_LEN = 4096, SERIAL_MAX = 64, ALT_NAMES_MAX = 256, ALT_NAME_MAX = 256 };

static void add_text(struct event *event, enum field_id id, struct view text)
{
    uint8_t *copy = event_text(event, text.len);
    if (copy == NULL)
        return;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    event_add_bytes(event, id, view_make(copy, text.len));
}

static void add_colon_hex(struct event *event, enum field_id id, struct view bytes, bool is_upper)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    const char *digits = is_upper ? upper : lower;
    uint8_t *text = bytes.len ? event_text(event, bytes.len * 3 - 1) : NULL;

    if (text == NULL)
        return;
    for (size_t i = 0; i < bytes.len; i++) {
        if (i > 0)
            text[i * 3 - 1] = ':';
        text[i * 3] = (uint8_t)digits[bytes.data[i] >> 4];
        text[i * 3 + 1] = (uint8_t)digits[bytes.data[i] & 15];
    }
    event_add_bytes(event, id, view_make(text, bytes.len * 3 - 1));
}

static void add_fingerprint(struct event *event, struct view der)
{
    struct sha1_ctx sha1;
    uint8_t digest[SHA1_DIGEST_SIZE];

    sha1_init(&sha1);
    sha1_update(&sha1, der.len, der.data);
    sha1_digest(&sha1, sizeof(digest), digest);
    add_colon_hex(event, FIELD_TLS_CERT_FINGERPRINT, view_make(digest, sizeof(digest)), false);
}

/* Appends "C=US, " for each attribute. */
static void put_name(struct buf *out, gnutls_x509_dn_t dn)
{
    gnutls_x509_ava_st ava;

    for (unsigned rdn = 0; gnutls_x509_dn_get_rdn_ava(dn, (int)rdn, 0, &ava) == 0; rdn++) {
        for (unsigned i = 0; gnutls_x509_dn_get_rdn_ava(dn, (int)rdn, (int)i, &ava) == 0; i++) {
            char oid[128];
            if (ava.oid.size >= sizeof(oid))
                continue;
            memcpy(oid, ava.oid.data, ava.oid.size);
            oid[ava.oid.size] = '\0';
            const char *name = gnutls_x509_dn_oid_name(oid, GNUTLS_X509_DN_OID_RETURN_OID);
            if (out->len > 0)
                buf_text(out, ", ");
            buf_string(out, name);
            buf_byte(out, '=');
            buf_bytes(out, ava.value.data, ava.value.size);
        }
    }
}

static void add_name(struct event *event, enum field_id id, gnutls_x509_dn_t dn)
{
    struct buf name;

    buf_init(&name, NAME_MAX_LEN);
    put_name(&name, dn);
    add_text(event, id, buf_view(&name));
    buf_clear(&name);
}

static void add_alt_names(struct event *event, gnutls_x509_crt_t certificate)
{
    for (unsigned i = 0; i < ALT_NAMES_MAX; i++) {
        uint8_t value[ALT_NAME_MAX];
        size_t size = sizeof(value);
        int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, value, &size, NULL);
        if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue;
        if (type < 0)
            return;
        if (type == GNUTLS_SAN_DNSNAME) {
            for (size_t k = 0; k < size; k++)
                value[k] = byte_fold(value[k]);
            add_text(event, FIELD_TLS_SUBJECTALTNAME, view_make(value, size));
        } else if (type == GNUTLS_SAN_IPADDRESS && (size == 4 || size == 16)) {
            struct address address = size == 4 ? address_from_v4(value) : address_from_v6(value);
            char text[ADDRESS_TEXT_MAX];
            add_text(event, FIELD_TLS_SUBJECTALTNAME,
                     view_from_string(address_format(&address, text)));
        }
    }
}

static void add_fields(struct event *event, gnutls_x509_crt_t certificate)
{
    gnutls_x509_dn_t subject, issuer;
    uint8_t serial[SERIAL_MAX];
    size_t serial_len = sizeof(serial);

    if (gnutls_x509_crt_get_subject(certificate, &subject) == 0)
        add_name(event, FIELD_TLS_CERT_SUBJECT, subject);
    if (gnutls_x509_crt_get_issuer(certificate, &issuer) == 0)
        add_name(event, FIELD_TLS_CERT_ISSUER, issuer);
    if (gnutls_x509_crt_get_serial(certificate, serial, &serial_len) == 0)
        add_colon_hex(event, FIELD_TLS_CERT_SERIAL, view_make(serial, serial_len), true);
    time_t begin = gnutls_x509_crt_get_activation_time(certificate);
    time_t end = gnutls_x509_crt_get_expiration_time(certificate);
    if (begin != (time_t)-1)
        event_add_number(event, FIELD_TLS_CERT_NOTBEFORE, (int64_t)begin * 1000000);
    if (end != (time_t)-1)
        event_add_number(event, FIELD_TLS_CERT_NOTAFTER, (int64_t)end * 1000000);
    struct view names[] = {event_bytes(event, FIELD_TLS_CERT_SUBJECT),
                           event_bytes(event, FIELD_TLS_CERT_ISSUER)};
    event_add_number(event, FIELD_TLS_CERT_SELF_SIGNED, view_equal(names[0], names[1]));
    add_alt_names(event, certificate);
}

bool x509_add_fields(struct event *event, struct view der)
{
    gnutls_x509_crt_t certificate;
    const gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der.data, (unsigned)der.len};

    add_fingerprint(event, der);
    if (gnutls_x509_crt_init(&certificate) != 0)
        return false;
    bool is_good = gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) == 0;
    if (is_good)
        add_fields(event, certificate);
    gnutls_x509_crt_deinit(certificate);
    return is_good;
}
