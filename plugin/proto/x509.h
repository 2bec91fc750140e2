/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509: what rules and records read of a server's certificate, by GnuTLS (docs/decisions/0001). */
#ifndef SHRIKE_PROTO_X509_H
#define SHRIKE_PROTO_X509_H

#include "fields/event.h"

/* Adds the TLS_CERT_* and subjectAltName fields of a DER certificate; false when it cannot be parsed (its
 * fingerprint is added all the same). */
bool x509_add_fields(struct event *event, struct view der);

#endif
