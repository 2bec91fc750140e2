/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON by hand: members of an object, each with the comma before it.
 *
 * An object is begun with json_put_open(), members are added, json_put_close() ends it. The first member of an
 * object writes no comma: that is told by the byte before it, so there is no state to keep.
 */
#ifndef SHRIKE_OUTPUT_JSON_H
#define SHRIKE_OUTPUT_JSON_H

#include "base/address.h"
#include "base/buf.h"

/* A string with its quotes: valid UTF-8 is kept, control bytes and bytes that are no UTF-8 become
 * \u00XX, so that the text says which byte stood there. */
void json_put_string(struct buf *out, struct view text);
/* Printable ASCII is kept, every other byte becomes '.': Suricata's payload_printable. */
void json_put_printable(struct buf *out, struct view bytes);

/* "name": ready for a value; with a comma when something stands before it. */
void json_put_name(struct buf *out, const char *name);
void json_put_open(struct buf *out, const char *name);       /* "name":{ */
void json_put_open_array(struct buf *out, const char *name); /* "name":[ */
void json_put_item(struct buf *out);                         /* a comma unless first in the array */
void json_put_open_item(struct buf *out);   /* { in an array, or as the whole text */
void json_put_close(struct buf *out);       /* } */
void json_put_close_array(struct buf *out); /* ] */

void json_put_text(struct buf *out, const char *name, struct view text);
void json_put_chars(struct buf *out, const char *name, const char *text); /* left out when NULL */
void json_put_number(struct buf *out, const char *name, uint64_t number);
void json_put_bool(struct buf *out, const char *name, bool value);
void json_put_address(struct buf *out, const char *name, const struct address *address);

#endif
