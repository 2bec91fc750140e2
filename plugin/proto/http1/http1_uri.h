/* SPDX-License-Identifier: BSD-3-Clause */
/* Request targets and hosts: their parts, and the form in which rules compare them. */
#ifndef SHRIKE_PROTO_HTTP1_HTTP1_URI_H
#define SHRIKE_PROTO_HTTP1_HTTP1_URI_H

#include "base/view.h"

/* RFC 9112, 3.2: origin-form "/p?q", absolute-form "http://h/p?q", authority-form "h:1", "*". */
struct http_target {
    struct view authority; /* with user and port; data NULL in origin-form and "*" */
    struct view path;      /* with what follows it, as sent; empty in authority-form */
    bool is_absolute;
};

struct http_target http_target_split(struct view target, bool is_connect);

/* The host alone: without user, port and final dots; IPv6 literals keep their brackets. */
struct view http_host_of(struct view authority);

/* As rules compare it, see http1_uri.c: into `out`, which has room for target.len + 1 bytes. Returns
 * the length; *path_len: how much of it is path. */
size_t http_uri_into(struct view target, bool is_connect, uint8_t *out, size_t *path_len);
/* An escape hides another one: "%2541". */
bool http_uri_is_double(struct view target);

/* What follows the last dot of the last segment; data NULL when there is no dot. */
struct view http_extension_of(struct view path);

#endif
