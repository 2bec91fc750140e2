/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509 and hosts: does a name of a certificate stand for the host that a client asked for? (RFC 6125, 6.4; RFC 9525, 6.3)
 *
 * Equal      label by label, no case, no final dot.
 * Wildcard   `*` is the whole first label of a name and stands for one label. Two labels have to follow, as the libraries of
 *            clients demand: `*.com` names nobody.
 * Common     a subject's CN counts where the certificate has no alternative name of a host, as it did for all until RFC 9525.
 */
#include <gnutls/x509.h>

#include "proto/tls/x509.h"

static struct view without_dot(struct view name)
{
    return view_slice(name, 0, name.len - (name.len > 1 && name.data[name.len - 1] == '.'));
}

static bool is_address(struct view host)
{
    struct address address;
    unsigned bits;
    return address_parse_prefix(host, &address, &bits) &&
           view_find_byte(host, '/') == VIEW_NOT_FOUND;
}

bool x509_name_stands_for(struct view name, struct view host)
{
    name = without_dot(name);
    if (!view_starts(name, VIEW("*.")))
        return view_equal_fold(name, host);
    struct view after = view_skip(name, 2);
    size_t dot = view_find_byte(host, '.');
    bool is_wide = view_find_byte(after, '.') == VIEW_NOT_FOUND ||
                   view_find_byte(after, '*') != VIEW_NOT_FOUND;

    return !is_wide && dot != VIEW_NOT_FOUND && dot > 0 && !is_address(host) &&
           view_equal_fold(after, view_skip(host, dot + 1));
}

/* GnuTLS counts a zero byte at its end. */
static bool is_common_name(const gnutls_datum_t *oid)
{
    return view_equal(view_make(oid->data, strnlen((const char *)oid->data, oid->size)),
                      VIEW("2.5.4.3"));
}

static bool has_common_name(gnutls_x509_dn_t dn, struct view host)
{
    gnutls_x509_ava_st ava;

    for (int rdn = 0;; rdn++) {
        for (int i = 0;; i++) {
            if (gnutls_x509_dn_get_rdn_ava(dn, rdn, i, &ava) != 0) {
                if (i == 0)
                    return false;
                break;
            }
            if (is_common_name(&ava.oid) &&
                x509_name_stands_for(view_make(ava.value.data, ava.value.size), host))
                return true;
        }
    }
}

bool x509_subject_stands_for(struct view subject, struct view host)
{
    const gnutls_datum_t datum = {(unsigned char *)(uintptr_t)subject.data, (unsigned)subject.len};
    gnutls_x509_dn_t dn;

    if (subject.len == 0 || gnutls_x509_dn_init(&dn) != 0)
        return false;
    bool is_it = gnutls_x509_dn_import(dn, &datum) == 0 && has_common_name(dn, host);
    gnutls_x509_dn_deinit(dn);
    return is_it;
}
