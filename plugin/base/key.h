/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys: the forms in which values of lists are compared. The compiler stores them, the matcher makes the same of what it
 * sees; so what counts as equal is said here alone.
 *
 * Text       folded.
 * Domain     folded, without a final dot.
 * URL        host, port, path and query, folded. What does not count: http or https, a user's name before the host, the
 *            scheme's usual port, a fragment, a final dot of the host, the slash of an empty path, and whether letters,
 *            digits and -._~ are percent-encoded (RFC 3986, 6.2.2 and 6.2.3). Another scheme stays.
 * Digest     the bytes that the hex digits stand for; colons between them do not count.
 * Address    sixteen bytes masked to the prefix, and its length.
 */
#ifndef SHRIKE_BASE_KEY_H
#define SHRIKE_BASE_KEY_H

#include "base/address.h"

enum { KEY_ADDRESS_LEN = 17 };

/* As many bytes as `text` has. */
void key_fold(struct view text, uint8_t *out);
struct view key_domain(struct view name); /* without its final dot, not folded */
/* Returns the key's length, at most `max`; 0 when it is longer or `text` is no URL. Never longer than text.len + 1. */
size_t key_url(struct view text, uint8_t *out, size_t max);
/* The part of `text` that is the URL's host, without user, port and final dot; empty when there is none. */
struct view key_url_host(struct view text);
/* Exactly `bytes` bytes; false when the text is something else. */
bool key_digest(struct view text, uint8_t *out, size_t bytes);
void key_address(const struct address *address, unsigned bits, uint8_t out[KEY_ADDRESS_LEN]);

#endif
