/* SPDX-License-Identifier: BSD-3-Clause */
/* IDNA: names beyond ASCII as the wire carries them. People write `münchen.example`, a U-label and a label; DNS, TLS and
 * HTTP carry `xn--mnchen-3ya.example`, its A-labels (RFC 5890). Whatever reads names of people maps them here, once,
 * when rules and lists are loaded; packets are never mapped.
 */
#ifndef SHRIKE_BASE_IDNA_H
#define SHRIKE_BASE_IDNA_H

#include "base/view.h"

enum { IDNA_NAME_MAX = 253 };

/* Does it hold bytes beyond ASCII, so that it has to be mapped? */
bool idna_is_foreign(struct view name);
/* A-labels of a name, or of some whole labels of one, in lower case. Returns their length; 0 when there are none, with
 * the reason (static text) in *why. */
size_t idna_map(struct view name, uint8_t out[IDNA_NAME_MAX], const char **why);
/* The same of a URL's host: the URL with A-labels, in `out`, where there is room for url.len + IDNA_NAME_MAX bytes. Empty
 * when there are none. */
struct view idna_map_url(struct view url, uint8_t *out, const char **why);

#endif
