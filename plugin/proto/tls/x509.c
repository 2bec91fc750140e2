/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509: a certificate's fields, in the texts that Suricata gives them.
 *
 *   names         "C=US, O=Example, CN=www.example.org" in the certificate's order; values of one relative
 *                 name joined by " + "; attributes by the names of x509_attribute_name()
 *   serial        hexadecimal with colons, upper case; the bytes as they stand
 *   fingerprint   SHA-1 of the DER bytes, hexadecimal with colons, lower case
 *
 * Trust      where the parts of a certificate lie is read here, since TLS libraries use certificates that a
 *            strict reader refuses whole (a notBefore that is no time, an extension that comes twice), and
 *            so do implants. What a name or a list of names says, GnuTLS reads (its memory is its own, a small
 *            multiple of the bytes, and is given back before this returns); lengths and counts taken from it
 *            are bounded here. A certificate that GnuTLS refuses is an anomaly.
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
    TAG_BOOLEAN = 1,
    TAG_INTEGER = 2,
    TAG_OCTET_STRING = 4,
    TAG_OID = 6,
    TAG_SEQUENCE = 0x30,
    TAG_VERSION = 0xa0,
    TAG_ISSUER_ID = 0x81, /* primitive: implicit bit strings */
    TAG_SUBJECT_ID = 0x82,
    TAG_EXTENSIONS = 0xa3,
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

static gnutls_datum_t datum_of(struct view v)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)v.data, (unsigned)v.len};
}

static void put_name_into(struct event *event, enum field_id id, gnutls_x509_dn_t dn)
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

/* `element`: a Name. One longer than NAME_MAX_LEN as text is cut, and counted as such. */
static void add_name(struct event *event, enum field_id id, struct view element)
{
    const gnutls_datum_t datum = datum_of(element);
    gnutls_x509_dn_t dn;

    if (element.len == 0 || !event_wants(event, id) || gnutls_x509_dn_init(&dn) != 0)
        return;
    if (gnutls_x509_dn_import(dn, &datum) == 0)
        put_name_into(event, id, dn);
    gnutls_x509_dn_deinit(dn);
}

/* ---- the rest ----------------------------------------------------------------------------------- */

/* What the alternative names say. */
struct alt_names {
    struct event *event;
    struct view host;   /* that the client asked for; empty when nobody knows */
    bool names_host;    /* one of them is the host */
    bool has_dns_names; /* so the subject's common name does not count */
    bool is_whole;      /* all of them were read */
};

static void take_name(struct alt_names *names, struct view name)
{
    if (event_wants(names->event, FIELD_TLS_SUBJECTALTNAME))
        add_folded(names->event, FIELD_TLS_SUBJECTALTNAME, name);
    names->names_host |= names->host.len > 0 && x509_name_stands_for(name, names->host);
}

static void take_alt_name(struct alt_names *names, unsigned type, struct view name)
{
    if (type == GNUTLS_SAN_DNSNAME) {
        names->has_dns_names = true;
        take_name(names, name);
    } else if (type == GNUTLS_SAN_IPADDRESS && (name.len == 4 || name.len == 16)) {
        struct address address =
            name.len == 4 ? address_from_v4(name.data) : address_from_v6(name.data);
        char text[ADDRESS_TEXT_MAX];
        take_name(names, view_from_string(address_format(&address, text)));
    }
}

/* ---- where things are ----------------------------------------------------------------------------- */

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

/* The same, and where the whole element lies. */
static bool take_whole(struct cursor *c, uint8_t tag, struct view *whole)
{
    size_t from = c->at;
    struct cursor body;

    if (!take_element(c, tag, &body))
        return false;
    *whole = view_make(c->data + from, c->at - from);
    return true;
}

/* Parts of a TBSCertificate (RFC 5280 section 4.1); empty for what was not found. Names are whole elements. */
struct parts {
    struct view serial, issuer, subject, alt_names;
    struct cursor validity;
};

/* The first extension of alternative names: what its octet string holds. */
static struct view find_alt_names(struct cursor extensions)
{
    static const struct view oid = {(const uint8_t *)"\x55\x1d\x11", 3};
    struct cursor list, extension, id, skipped, value;

    if (!take_element(&extensions, TAG_SEQUENCE, &list))
        return (struct view){NULL, 0};
    while (take_element(&list, TAG_SEQUENCE, &extension)) {
        if (!take_element(&extension, TAG_OID, &id) || !view_equal(cursor_rest(&id), oid))
            continue;
        (void)take_element(&extension, TAG_BOOLEAN, &skipped);
        if (take_element(&extension, TAG_OCTET_STRING, &value))
            return cursor_rest(&value);
    }
    return (struct view){NULL, 0};
}

static struct parts find_parts(struct view der)
{
    struct parts parts = {.serial = {NULL, 0}};
    struct cursor c = cursor_over(der), certificate, body, skipped, serial, extensions;

    if (!take_element(&c, TAG_SEQUENCE, &certificate) ||
        !take_element(&certificate, TAG_SEQUENCE, &body))
        return parts;
    (void)take_element(&body, TAG_VERSION, &skipped);
    if (!take_element(&body, TAG_INTEGER, &serial))
        return parts;
    parts.serial = cursor_rest(&serial);
    if (!take_element(&body, TAG_SEQUENCE, &skipped) || /* signature algorithm */
        !take_whole(&body, TAG_SEQUENCE, &parts.issuer) ||
        !take_element(&body, TAG_SEQUENCE, &parts.validity) ||
        !take_whole(&body, TAG_SEQUENCE, &parts.subject) ||
        !take_element(&body, TAG_SEQUENCE, &skipped)) /* public key */
        return parts;
    (void)take_element(&body, TAG_ISSUER_ID, &skipped);
    (void)take_element(&body, TAG_SUBJECT_ID, &skipped);
    if (take_element(&body, TAG_EXTENSIONS, &extensions))
        parts.alt_names = find_alt_names(extensions);
    return parts;
}

/* ---- parts to fields -------------------------------------------------------------------------------- */

static void take_alt_names(struct alt_names *out, struct view extension)
{
    const gnutls_datum_t datum = datum_of(extension);
    gnutls_datum_t name, oid;
    gnutls_subject_alt_names_t names;
    unsigned type, at = 0;

    out->is_whole = extension.len == 0;
    if (extension.len == 0 || gnutls_subject_alt_names_init(&names) != 0)
        return;
    if (gnutls_x509_ext_import_subject_alt_names(&datum, names, 0) == 0) {
        while (at < ALT_NAMES_MAX &&
               gnutls_subject_alt_names_get(names, at, &type, &name, &oid) == 0) {
            take_alt_name(out, type, view_make(name.data, name.size));
            at++;
        }
        out->is_whole = at < ALT_NAMES_MAX;
    }
    gnutls_subject_alt_names_deinit(names);
}

/* The names, and whether they deny the SNI; that is not known where some of them could not be read. */
static void add_alt_names(struct event *event, const struct parts *parts)
{
    struct alt_names names = {.event = event, .host = event_bytes(event, FIELD_TLS_SNI)};

    take_alt_names(&names, parts->alt_names);
    if (names.host.len == 0 || parts->subject.len == 0 ||
        !event_wants(event, FIELD_TLS_CERT_SAN_MISMATCH))
        return;
    bool is_named = names.names_host || (names.is_whole && !names.has_dns_names &&
                                         x509_subject_stands_for(parts->subject, names.host));
    if (is_named || names.is_whole)
        event_add_number(event, FIELD_TLS_CERT_SAN_MISMATCH, !is_named);
}

static void add_validity(struct event *event, struct cursor validity)
{
    static const enum field_id fields[] = {FIELD_TLS_CERT_NOTBEFORE, FIELD_TLS_CERT_NOTAFTER};
    struct cursor text;

    for (size_t i = 0; i < 2; i++) {
        uint8_t tag = cursor_left(&validity) > 0 ? validity.data[validity.at] : 0;
        int64_t seconds;
        if (!take_element(&validity, tag, &text))
            return;
        if (x509_time_parse(tag, cursor_rest(&text), &seconds))
            event_add_number(event, fields[i], seconds * 1000000);
    }
}

static void add_parts(struct event *event, const struct parts *parts)
{
    add_name(event, FIELD_TLS_CERT_SUBJECT, parts->subject);
    add_name(event, FIELD_TLS_CERT_ISSUER, parts->issuer);
    if (parts->serial.len > 0)
        add_colon_hex(event, FIELD_TLS_CERT_SERIAL, view_slice(parts->serial, 0, SERIAL_MAX),
                      "0123456789ABCDEF");
    add_validity(event, parts->validity);
    if (parts->subject.len > 0)
        event_add_number(event, FIELD_TLS_CERT_SELF_SIGNED,
                         view_equal(parts->subject, parts->issuer));
    if (event_wants(event, FIELD_TLS_SUBJECTALTNAME) ||
        event_wants(event, FIELD_TLS_CERT_SAN_MISMATCH))
        add_alt_names(event, parts);
}

static bool is_good(struct view der)
{
    const gnutls_datum_t datum = datum_of(der);
    gnutls_x509_crt_t certificate;

    if (gnutls_x509_crt_init(&certificate) != 0)
        return false;
    int result = gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER);
    gnutls_x509_crt_deinit(certificate);
    return result == 0;
}

/* Does anybody read what only parsing tells? */
static bool is_parsing_wanted(const struct event *event)
{
    static const enum field_id fields[] = {
        FIELD_TLS_CERT_SUBJECT,     FIELD_TLS_CERT_ISSUER,       FIELD_TLS_CERT_SERIAL,
        FIELD_TLS_CERT_NOTAFTER,    FIELD_TLS_CERT_NOTBEFORE,    FIELD_TLS_SUBJECTALTNAME,
        FIELD_TLS_CERT_SELF_SIGNED, FIELD_TLS_CERT_SAN_MISMATCH,
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (event_wants(event, fields[i]))
            return true;
    }
    return false;
}

bool x509_add_fields(struct event *event, struct view der)
{
    if (der.len == 0)
        return false;
    if (event_wants(event, FIELD_TLS_CERT_FINGERPRINT))
        add_fingerprint(event, der);
    if (is_parsing_wanted(event)) {
        struct parts parts = find_parts(der);
        add_parts(event, &parts);
        if (parts.subject.len == 0)
            return false;
    }
    return !event_wants(event, FIELD_ANOMALY_TYPE) || is_good(der);
}
