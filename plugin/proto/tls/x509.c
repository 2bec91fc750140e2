/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509: a certificate's fields, in the texts that Suricata gives them.
 *
 *   names         "C=US, O=Example, CN=www.example.org" in the certificate's order; values of one relative
 *                 name joined by " + "; attributes by the names of x509_attribute_name()
 *   serial        hexadecimal with colons, upper case; the bytes as they stand
 *   fingerprint   SHA-1 of the DER bytes, hexadecimal with colons, lower case
 *
 * Trust      GnuTLS parses (strict DER; its memory is its own, a small multiple of the certificate's length,
 *            and is given back before this returns). Lengths and counts taken from it are bounded here.
 */
#include "proto/tls/x509.h"

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <nettle/sha1.h>

#include "base/buf.h"
#include "base/cursor.h"

enum {
    NAME_MAX_LEN = 4096,
    SERIAL_MAX = 64,
    ALT_NAMES_MAX = 512,
    OID_MAX = 128,
    TAG_INTEGER = 2,
    TAG_SEQUENCE = 0x30,
    TAG_VERSION = 0xa0,
    TAG_BMP_STRING = 30,
};

/* ---- text --------------------------------------------------------------------------------------- */

static void add_folded(struct event *event, enum field_id id, struct view text)
{
    uint8_t *copy = event_text(event, text.len);

    if (copy == NULL)
        return;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = byte_fold(text.data[i]);
    event_add_bytes(event, id, view_make(copy, text.len));
}

static void add_colon_hex(struct event *event, enum field_id id, struct view bytes,
                          const char digits[16])
{
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
    add_colon_hex(event, FIELD_TLS_CERT_FINGERPRINT, view_make(digest, sizeof(digest)),
                  "0123456789abcdef");
}

/* ---- names -------------------------------------------------------------------------------------- */

/* Short names where there are usual ones, else those of the registry that Suricata reads. */
static const char *attribute_name(const char *oid)
{
    static const struct {
        const char *oid, *name;
    } names[] = {
        {"2.5.4.3", "CN"},
        {"2.5.4.6", "C"},
        {"2.5.4.7", "L"},
        {"2.5.4.8", "ST"},
        {"2.5.4.10", "O"},
        {"2.5.4.11", "OU"},
        {"1.2.840.113549.1.9.1", "Email"},
        {"0.9.2342.19200300.100.1.25", "DC"},
        {"2.5.4.4", "surname"},
        {"2.5.4.5", "serialNumber"},
        {"2.5.4.9", "streetAddress"},
        {"2.5.4.12", "title"},
        {"2.5.4.13", "description"},
        {"2.5.4.15", "businessCategory"},
        {"2.5.4.16", "postalAddress"},
        {"2.5.4.17", "postalCode"},
        {"2.5.4.41", "name"},
        {"2.5.4.42", "givenName"},
        {"2.5.4.43", "initials"},
        {"2.5.4.44", "generationQualifier"},
        {"2.5.4.45", "uniqueIdentifier"},
        {"2.5.4.46", "dnQualifier"},
        {"1.3.6.1.4.1.311.60.2.1.1", "msJurisdictionLocality"},
        {"1.3.6.1.4.1.311.60.2.1.2", "msJurisdictionStateOrProvince"},
        {"1.3.6.1.4.1.311.60.2.1.3", "msJurisdictionCountry"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].oid, oid) == 0)
            return names[i].name;
    }
    return NULL;
}

static void put_attribute(struct buf *out, const gnutls_x509_ava_st *ava)
{
    char oid[OID_MAX];
    size_t len = ava->oid.size < sizeof(oid) ? ava->oid.size : sizeof(oid) - 1;

    memcpy(oid, ava->oid.data, len);
    oid[len] = '\0';
    const char *name = attribute_name(oid);
    if (name != NULL)
        buf_string(out, name);
    else
        buf_format(out, "OID(%s)", oid);
}

static void put_utf8(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_byte(out, (uint8_t)code);
    } else if (code < 0x800) {
        buf_byte(out, (uint8_t)(0xc0 | code >> 6));
        buf_byte(out, (uint8_t)(0x80 | (code & 63)));
    } else if (code < 0x10000) {
        buf_byte(out, (uint8_t)(0xe0 | code >> 12));
        buf_byte(out, (uint8_t)(0x80 | (code >> 6 & 63)));
        buf_byte(out, (uint8_t)(0x80 | (code & 63)));
    } else {
        buf_byte(out, (uint8_t)(0xf0 | code >> 18));
        buf_byte(out, (uint8_t)(0x80 | (code >> 12 & 63)));
        buf_byte(out, (uint8_t)(0x80 | (code >> 6 & 63)));
        buf_byte(out, (uint8_t)(0x80 | (code & 63)));
    }
}

/* UTF-16, high bytes first; half a pair of surrogates becomes U+FFFD. */
static void put_bmp(struct buf *out, struct view text)
{
    struct cursor c = cursor_over(text);

    while (cursor_left(&c) >= 2) {
        uint32_t code = cursor_u16(&c);
        if (code >> 11 == 0xd800 >> 11) {
            struct cursor ahead = c;
            uint32_t low = cursor_u16(&ahead);
            bool is_pair = code < 0xdc00 && low >> 10 == 0xdc00 >> 10;
            code = is_pair ? 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff)) : 0xfffd;
            if (is_pair)
                c = ahead;
        }
        put_utf8(out, code);
    }
}

/* Values of string types are text; others have no text but their bytes. */
static void put_value(struct buf *out, const gnutls_x509_ava_st *ava)
{
    /* bit 1 << tag: ObjectDescriptor, UTF8, Numeric, Printable, T61, Videotex, IA5, Graphic, Visible,
     * GeneralString */
    enum { STRINGS = 1 << 7 | 1 << 12 | 31 << 18 | 7 << 25 };
    struct view value = view_make(ava->value.data, ava->value.size);

    if (ava->value_tag == TAG_BMP_STRING) {
        put_bmp(out, value);
    } else if (ava->value_tag < 31 && STRINGS >> ava->value_tag & 1) {
        buf_add(out, value);
    } else {
        for (size_t i = 0; i < value.len; i++)
            buf_format(out, "%02X", value.data[i]);
    }
}

static void put_name(struct buf *out, gnutls_x509_dn_t dn)
{
    gnutls_x509_ava_st ava;

    for (int rdn = 0; !out->is_full; rdn++) {
        for (int i = 0; !out->is_full; i++) {
            if (gnutls_x509_dn_get_rdn_ava(dn, rdn, i, &ava) != 0) {
                if (i == 0)
                    return;
                break;
            }
            if (i > 0)
                buf_text(out, " + ");
            else if (rdn > 0)
                buf_text(out, ", ");
            put_attribute(out, &ava);
            buf_byte(out, '=');
            put_value(out, &ava);
        }
    }
}

/* A name longer than NAME_MAX_LEN is cut, and counted as such. */
static void add_name(struct event *event, enum field_id id, gnutls_x509_dn_t dn)
{
    uint8_t *text = event_text(event, NAME_MAX_LEN);
    if (text == NULL)
        return;
    struct buf name = {.data = text, .capacity = NAME_MAX_LEN, .maximum = NAME_MAX_LEN};
    put_name(&name, dn);
    event->truncated += name.is_full;
    event_text_trim(event, NAME_MAX_LEN - name.len);
    event_add_bytes(event, id, buf_view(&name));
}

/* ---- the rest ----------------------------------------------------------------------------------- */

static void add_alt_name(struct event *event, unsigned type, struct view name)
{
    if (type == GNUTLS_SAN_DNSNAME) {
        add_folded(event, FIELD_TLS_SUBJECTALTNAME, name);
    } else if (type == GNUTLS_SAN_IPADDRESS && (name.len == 4 || name.len == 16)) {
        struct address address =
            name.len == 4 ? address_from_v4(name.data) : address_from_v6(name.data);
        char text[ADDRESS_TEXT_MAX];
        add_folded(event, FIELD_TLS_SUBJECTALTNAME,
                   view_from_string(address_format(&address, text)));
    }
}

/* By the extension: gnutls_x509_crt_get_subject_alt_name() parses it anew for each name. */
static void add_alt_names(struct event *event, gnutls_x509_crt_t certificate)
{
    gnutls_datum_t extension, name, oid;
    gnutls_subject_alt_names_t names;
    unsigned type;

    if (gnutls_x509_crt_get_extension_by_oid2(certificate, GNUTLS_X509EXT_OID_SAN, 0, &extension,
                                              NULL) != 0)
        return;
    if (gnutls_subject_alt_names_init(&names) == 0) {
        if (gnutls_x509_ext_import_subject_alt_names(&extension, names, 0) == 0) {
            for (unsigned i = 0; i < ALT_NAMES_MAX; i++) {
                if (gnutls_subject_alt_names_get(names, i, &type, &name, &oid) != 0)
                    break;
                add_alt_name(event, type, view_make(name.data, name.size));
            }
        }
        gnutls_subject_alt_names_deinit(names);
    }
    gnutls_free(extension.data);
}

/* Is the next element of `c` of this tag? Then `body` is what it holds. */
static bool take_element(struct cursor *c, uint8_t tag, struct cursor *body)
{
    struct cursor ahead = *c;

    if (cursor_u8(&ahead) != tag)
        return false;
    size_t len = cursor_u8(&ahead);
    if (len & 0x80) {
        size_t bytes = len & 0x7f;
        if (bytes < 1 || bytes > 3)
            return false;
        len = 0;
        while (bytes-- > 0)
            len = len << 8 | cursor_u8(&ahead);
    }
    *body = cursor_sub(&ahead, len);
    if (ahead.overrun)
        return false;
    *c = ahead;
    return true;
}

/* The sequence of two times in TBSCertificate (RFC 5280 section 4.1). */
static bool find_validity(struct view der, struct cursor *validity)
{
    struct cursor c = cursor_over(der), certificate, body, skipped;

    if (!take_element(&c, TAG_SEQUENCE, &certificate) ||
        !take_element(&certificate, TAG_SEQUENCE, &body))
        return false;
    (void)take_element(&body, TAG_VERSION, &skipped);
    return take_element(&body, TAG_INTEGER, &skipped) &&
           take_element(&body, TAG_SEQUENCE, &skipped) && /* signature algorithm */
           take_element(&body, TAG_SEQUENCE, &skipped) && /* issuer */
           take_element(&body, TAG_SEQUENCE, validity);
}

static void add_validity(struct event *event, struct view der)
{
    static const enum field_id fields[] = {FIELD_TLS_CERT_NOTBEFORE, FIELD_TLS_CERT_NOTAFTER};
    struct cursor validity, text;

    if (!find_validity(der, &validity))
        return;
    for (size_t i = 0; i < 2; i++) {
        uint8_t tag = cursor_left(&validity) > 0 ? validity.data[validity.at] : 0;
        int64_t seconds;
        if (!take_element(&validity, tag, &text))
            return;
        if (x509_time_parse(tag, cursor_rest(&text), &seconds))
            event_add_number(event, fields[i], seconds * 1000000);
    }
}

static void add_is_self_signed(struct event *event, gnutls_x509_crt_t certificate)
{
    gnutls_datum_t subject, issuer;

    if (gnutls_x509_crt_get_raw_dn(certificate, &subject) != 0)
        return;
    if (gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer) == 0) {
        event_add_number(
            event, FIELD_TLS_CERT_SELF_SIGNED,
            view_equal(view_make(subject.data, subject.size), view_make(issuer.data, issuer.size)));
        gnutls_free(issuer.data);
    }
    gnutls_free(subject.data);
}

static void add_parsed(struct event *event, gnutls_x509_crt_t certificate, struct view der)
{
    gnutls_x509_dn_t subject, issuer;
    uint8_t serial[SERIAL_MAX];
    size_t serial_len = sizeof(serial);

    if (gnutls_x509_crt_get_subject(certificate, &subject) == 0)
        add_name(event, FIELD_TLS_CERT_SUBJECT, subject);
    if (gnutls_x509_crt_get_issuer(certificate, &issuer) == 0)
        add_name(event, FIELD_TLS_CERT_ISSUER, issuer);
    if (gnutls_x509_crt_get_serial(certificate, serial, &serial_len) == 0)
        add_colon_hex(event, FIELD_TLS_CERT_SERIAL, view_make(serial, serial_len),
                      "0123456789ABCDEF");
    add_validity(event, der);
    add_is_self_signed(event, certificate);
    if (event_wants(event, FIELD_TLS_SUBJECTALTNAME))
        add_alt_names(event, certificate);
}

/* Does anybody read what only parsing tells? Anomalies do. */
static bool is_parsing_wanted(const struct event *event)
{
    static const enum field_id fields[] = {
        FIELD_TLS_CERT_SUBJECT,  FIELD_TLS_CERT_ISSUER,      FIELD_TLS_CERT_SERIAL,
        FIELD_TLS_CERT_NOTAFTER, FIELD_TLS_CERT_NOTBEFORE,   FIELD_TLS_SUBJECTALTNAME,
        FIELD_ANOMALY_TYPE,      FIELD_TLS_CERT_SELF_SIGNED,
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (event_wants(event, fields[i]))
            return true;
    }
    return false;
}

bool x509_add_fields(struct event *event, struct view der)
{
    gnutls_x509_crt_t certificate;
    const gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der.data, (unsigned)der.len};

    if (der.len == 0)
        return false;
    if (event_wants(event, FIELD_TLS_CERT_FINGERPRINT))
        add_fingerprint(event, der);
    if (!is_parsing_wanted(event))
        return true;
    if (gnutls_x509_crt_init(&certificate) != 0)
        return false;
    bool is_good = gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) == 0;
    if (is_good)
        add_parsed(event, certificate, der);
    gnutls_x509_crt_deinit(certificate);
    return is_good;
}
