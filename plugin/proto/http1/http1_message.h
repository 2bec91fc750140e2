/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 messages: from the bytes of a head (first line, header lines, empty line) to what they say.
 *
 * Nothing here keeps state or allocates. A head remembers places in its block, not pointers, so that
 * the block can move to whoever keeps it. See http1_message.c for what is tolerated.
 */
#ifndef SHRIKE_PROTO_HTTP1_HTTP1_MESSAGE_H
#define SHRIKE_PROTO_HTTP1_HTTP1_MESSAGE_H

#include "fields/event.h"
#include "proto/body.h"
#include "proto/proto.h"

enum { HTTP_HEADERS_MAX = 256, HTTP_METHOD_MAX = 64, HTTP_LOOK_BYTES = 512 };

enum http_fault {
#define FAULT(id, request, response) FAULT_##id,
#include "proto/http1/http1_fault.def"
#undef FAULT
    FAULT_COUNT
};

static_assert(FAULT_COUNT <= 32, "faults are bits of a word");

/* Headers that somebody reads by name. */
enum http_header_id {
    HEADER_HOST,
    HEADER_USER_AGENT,
    HEADER_COOKIE,
    HEADER_REFERER,
    HEADER_ACCEPT,
    HEADER_ACCEPT_LANGUAGE,
    HEADER_ACCEPT_ENCODING,
    HEADER_CONNECTION,
    HEADER_CONTENT_TYPE,
    HEADER_CONTENT_LENGTH,
    HEADER_CONTENT_ENCODING,
    HEADER_TRANSFER_ENCODING,
    HEADER_UPGRADE,
    HEADER_LOCATION,
    HEADER_SERVER,
    HEADER_SET_COOKIE,
    HEADER_COUNT
};

/* A place in a head's block. {0, 0}: absent. */
struct span {
    uint32_t at, len;
};

struct http_head {
    uint8_t *block; /* its owner's */
    uint32_t size, len;
    struct span line;                     /* the first one, without its end */
    struct span method, target, protocol; /* method and target: requests */
    struct span reason;                   /* responses */
    struct span lines;                    /* all header lines with their ends */
    struct span known[HEADER_COUNT];      /* first value of each */
    uint32_t repeated;                    /* bit 1 << enum http_header_id: came more than once */
    uint32_t faults;                      /* bit 1 << enum http_fault */
    uint16_t status;                      /* 0: none that can be read */
    uint8_t version;                      /* 9, 10, 11 */
};

enum http_framing { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

/* How a message's body is delimited and coded. */
struct http_body_plan {
    enum http_framing framing;
    uint64_t length;                  /* FRAMING_LENGTH */
    uint8_t codings[BODY_LAYERS_MAX]; /* enum body_coding, in the order they were applied */
    uint8_t coding_count;
    uint32_t faults;
};

/* A header line with its continuation lines. */
struct http_header {
    struct view name;  /* empty when the line has no colon */
    struct view value; /* trimmed; may hold line ends when it is continued */
    uint32_t faults;
};

/* The next header of a block of lines, from *at on; false at its end or at an empty line. */
bool http_next_header(struct view lines, size_t *at, struct http_header *header);

/* Reads the first line of block [0, len), which ends in LF or is cut. False when it is none: *head is
 * then of no use. */
bool http_parse_request_line(struct http_head *head);
bool http_parse_response_line(struct http_head *head);
/* Reads all header lines after it, up to the empty line or the end of the block. */
void http_parse_headers(struct http_head *head, enum direction direction);

/* Whom a request is for, with user and port: the target's authority where it has one, whatever the Host
 * header says (RFC 9112, 3.2.2); data NULL when neither names anybody. */
struct view http_authority(const struct http_head *head);

struct http_body_plan http_request_plan(const struct http_head *head);
/* `request`: NULL when it was not seen. */
struct http_body_plan http_response_plan(const struct http_head *head,
                                         const struct http_head *request);

/* RFC 9110, 5.6.2. */
static inline bool http_is_token(uint8_t byte)
{
    static const uint32_t tokens[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    return (tokens[byte >> 5] >> (byte & 31) & 1) != 0;
}

static inline bool http_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* What parts a first line, with the bytes that servers take for spaces as well. */
static inline bool http_is_gap(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\v' || byte == '\f';
}

/* Without spaces and line ends at both ends. */
static inline struct view http_trim(struct view v)
{
    while (v.len > 0 && http_is_blank(v.data[0]))
        v = view_skip(v, 1);
    while (v.len > 0 && http_is_blank(v.data[v.len - 1]))
        v.len--;
    return v;
}

static inline struct view http_span(const struct http_head *head, struct span span)
{
    if (span.at == 0 && span.len == 0)
        return (struct view){NULL, 0};
    return view_make(head->block + span.at, span.len);
}

static inline struct view http_known(const struct http_head *head, enum http_header_id id)
{
    return http_span(head, head->known[id]);
}

static inline bool http_is_method(const struct http_head *head, struct view method)
{
    return view_equal(http_span(head, head->method), method);
}

/* Which header a name is; HEADER_COUNT when none of those above. */
enum http_header_id http_header_find(struct view name);

/* http1_identify.c: is this the start of an HTTP/1 message of this direction? Looks at the first line, or at
 * HTTP_LOOK_BYTES when it is longer; what it says of those does not change with more bytes. */
enum identify_result http_looks_like(struct view start, enum direction direction);
/* It begins with a method that is known, or as an answer does, and nothing in it says otherwise. */
bool http_begins_message(struct view start, enum direction direction);

#endif
