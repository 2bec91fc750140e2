/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509: what rules and records read of a server's certificate, by GnuTLS (docs/decisions/0001). */
#ifndef SHRIKE_PROTO_TLS_X509_H
#define SHRIKE_PROTO_TLS_X509_H

#include "fields/event.h"

/* Adds the TLS_CERT_* and subjectAltName fields of a DER certificate to a TLS event, which has its SNI already, those that
 * somebody wants. False when it cannot be read, or (asked only for the sake of anomalies) when a strict reader refuses it;
 * what could be read of it is added all the same. */
bool x509_add_fields(struct event *event, struct view der);

/* Does a name of a certificate, which may begin with a wildcard, stand for the host? Neither case nor a name's final dot
 * counts; `host` has none. */
bool x509_name_stands_for(struct view name, struct view host);
/* Does a common name of a subject (a whole Name) do so? */
bool x509_subject_stands_for(struct view subject, struct view host);

/* Seconds since 1970 of an ASN.1 UTCTime (tag 23) or GeneralizedTime (tag 24) in its DER form (RFC 5280
 * section 4.1.2.5), seconds and zone left out or not; false when it is none. */
bool x509_time_parse(uint8_t tag, struct view text, int64_t *seconds);

#endif
