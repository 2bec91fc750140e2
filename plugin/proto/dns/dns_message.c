/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS messages. Reading is one walk; records of the answer section are remembered by their place, since
 * an event wants the values of one field together. */
#include "proto/dns/dns_message.h"

#include <assert.h>
#include <libpsl.h>
#include <math.h>

/* ---- reading --------------------------------------------------------------------------------------- */

bool dns_header_read(struct cursor *c, struct dns_header *out)
{
    out->id = cursor_u16(c);
    uint16_t flags = out->flags = cursor_u16(c);
    out->is_answer = (flags & 0x8000) != 0;
    out->opcode = flags >> 11 & 15;
    out->has_z = (flags & 0x0040) != 0;
    out->rcode = flags & 15;
    for (int section = 0; section < DNS_SECTIONS; section++)
        out->counts[section] = cursor_u16(c);
    return !c->overrun;
}

bool dns_counts_fit(const struct dns_header *header, size_t len)
{
    size_t records = (size_t)header->counts[DNS_ANSWERS] + header->counts[DNS_AUTHORITIES] +
                     header->counts[DNS_ADDITIONALS];
    return DNS_HEADER_LEN + (size_t)header->counts[DNS_QUESTIONS] * DNS_QUESTION_MIN +
               records * DNS_RECORD_MIN <=
           len;
}

enum dns_fault dns_question_read(struct cursor *c, struct dns_question *out)
{
    enum dns_fault fault = dns_name_read(c, &out->name);

    if (fault == DNS_MALFORMED)
        return fault;
    out->type = cursor_u16(c);
    out->class = cursor_u16(c);
    return c->overrun ? DNS_MALFORMED : fault;
}

static enum dns_fault read_questions(struct cursor *c, struct dns_message *out)
{
    struct dns_question other;
    enum dns_fault first = DNS_FINE;

    out->questions_at = (uint32_t)c->at;
    for (uint16_t i = 0; i < out->header.counts[DNS_QUESTIONS]; i++) {
        enum dns_fault fault = dns_question_read(c, i == 0 ? &out->question : &other);
        if (fault == DNS_MALFORMED)
            return fault;
        out->has_question = true;
        first = dns_fault_first(first, fault);
    }
    return first;
}

bool dns_message_ask(struct dns_message *message, uint16_t index)
{
    struct cursor c = cursor_over(message->bytes);

    if (index >= message->header.counts[DNS_QUESTIONS])
        return false;
    cursor_skip(&c, message->questions_at);
    for (uint16_t i = 0; i <= index; i++) {
        if (dns_question_read(&c, &message->question) == DNS_MALFORMED)
            return false;
    }
    return true;
}

static void keep_answer(struct dns_message *out, const struct dns_record *record)
{
    if (out->answers < DNS_ANSWERS_MAX)
        out->records[out->answers++] = *record;
    else
        out->left_out++;
}

static enum dns_fault read_section(struct cursor *c, struct dns_message *out,
                                   enum dns_section section)
{
    struct dns_record record;
    enum dns_fault first = DNS_FINE;

    for (uint16_t i = 0; i < out->header.counts[section]; i++) {
        enum dns_fault fault = dns_record_read(c, &record);
        if (fault == DNS_MALFORMED)
            return fault;
        first = dns_fault_first(first, fault);
        if (section == DNS_ANSWERS && out->header.is_answer)
            keep_answer(out, &record);
        if (section == DNS_ADDITIONALS && record.type == DNS_OPT) /* RFC 6891 section 6.1.3 */
            out->rcode = (uint16_t)(record.ttl >> 24 << 4 | out->header.rcode);
    }
    return first;
}

enum dns_fault dns_message_read(struct view bytes, struct dns_message *out, bool *is_usable)
{
    struct cursor c = cursor_over(bytes);

    out->bytes = bytes;
    out->has_question = false;
    out->answers = 0;
    out->left_out = 0;
    *is_usable = dns_header_read(&c, &out->header);
    if (!*is_usable)
        return DNS_MALFORMED;
    out->rcode = out->header.rcode;
    enum dns_fault fault = read_questions(&c, out), first = fault;
    *is_usable = fault != DNS_MALFORMED || out->has_question;
    for (enum dns_section section = DNS_ANSWERS; section < DNS_SECTIONS; section++) {
        if (fault == DNS_MALFORMED) /* nobody knows where the next section begins */
            break;
        fault = read_section(&c, out, section);
        first = dns_fault_first(first, fault);
    }
    return first;
}

/* ---- event ----------------------------------------------------------------------------------------- */

/* Thousandths of a bit a byte; equal to the `entropy` modifier of rules over the same bytes, to the order of
 * the additions. Only bytes that occur are visited. */
static int64_t entropy(struct view bytes)
{
    uint8_t counts[256] = {0}; /* a name is shorter */
    uint64_t seen[4] = {0};
    double sum = 0;

    assert(bytes.len <= DNS_NAME_TEXT_MAX);
    if (bytes.len == 0)
        return 0;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        counts[byte]++;
        seen[byte / 64] |= UINT64_C(1) << byte % 64;
    }
    for (unsigned word = 0; word < 4; word++) {
        for (uint64_t bits = seen[word]; bits != 0; bits &= bits - 1) {
            double count = counts[word * 64 + (unsigned)__builtin_ctzll(bits)];
            sum += count * log2(count);
        }
    }
    return (int64_t)((log2((double)bytes.len) - sum / (double)bytes.len) * 1000 + 0.5);
}

/* The name of a code, or `prefix` and its number. */
static void add_code(struct event *event, enum field_id id, const char *name, const char *prefix,
                     uint16_t number)
{
    enum { ROOM = 16 };
    if (name != NULL) {
        event_add_bytes(event, id, view_from_string(name));
        return;
    }
    uint8_t *room = event_text(event, ROOM);
    if (room == NULL)
        return;
    struct buf text = {.data = room, .capacity = ROOM, .maximum = ROOM};
    buf_string(&text, prefix);
    buf_u64(&text, number);
    event_text_trim(event, ROOM - text.len);
    event_add_bytes(event, id, buf_view(&text));
}

/* The part of the name that somebody registered. A name of bytes that no text holds has none. */
static void add_registrable(struct event *event, struct view name)
{
    char text[256]; /* names are shorter */
    const psl_ctx_t *list = psl_builtin();

    if (list == NULL || name.len == 0 || name.len >= sizeof(text) ||
        view_find_byte(name, '\0') != VIEW_NOT_FOUND)
        return;
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    const char *domain = psl_registrable_domain(list, text);
    if (domain != NULL)
        event_add_bytes(event, FIELD_DNS_ETLD1, view_skip(name, (size_t)(domain - text)));
}

static void add_question(const struct dns_question *question, struct event *event)
{
    struct view sent = dns_name_view(&question->name), name = sent;
    uint8_t *folded = event_text(event, sent.len);

    if (folded == NULL)
        return;
    for (size_t i = 0; i < sent.len; i++)
        folded[i] = byte_fold(sent.data[i]);
    if (sent.len > 0)
        name = view_make(folded, sent.len);
    event_add_bytes(event, FIELD_DNS_QUERY, name);
    event_add_bytes(event, FIELD_DNS_QUERY_RAW, sent);
    add_code(event, FIELD_DNS_RRTYPE, dns_type_name(question->type), "TYPE", question->type);
    event_add_number(event, FIELD_DNS_RRTYPE_NUM, question->type);
    if (event_wants(event, FIELD_DNS_QUERY_LEN))
        event_add_number(event, FIELD_DNS_QUERY_LEN, (int64_t)name.len);
    if (event_wants(event, FIELD_DNS_QUERY_LABELS))
        event_add_number(event, FIELD_DNS_QUERY_LABELS, question->name.labels);
    if (event_wants(event, FIELD_DNS_QUERY_ENTROPY))
        event_add_number(event, FIELD_DNS_QUERY_ENTROPY, entropy(name));
    if (event_wants(event, FIELD_DNS_ETLD1))
        add_registrable(event, name);
}

static struct view record_data(const struct dns_message *message, const struct dns_record *record)
{
    return view_slice(message->bytes, record->at, (size_t)record->at + record->len);
}

/* A TXT record of one string, or any NULL record, reads as it stands in the message. */
static bool is_in_place(struct view data, const struct dns_record *record)
{
    return record->type == DNS_NULL ||
           (record->type == DNS_TXT && data.len > 0 && data.data[0] == data.len - 1);
}

static enum dns_fault record_text(const struct dns_message *message,
                                  const struct dns_record *record, struct event *event,
                                  struct view *text)
{
    struct view data = record_data(message, record);
    if (is_in_place(data, record)) {
        *text = record->type == DNS_TXT ? view_skip(data, 1) : data;
        return DNS_FINE;
    }
    size_t room = EVENT_TEXT_MAX - event->text_len;
    struct buf out = {.data = event_text(event, room), .capacity = room, .maximum = room};
    enum dns_fault fault = dns_record_text(message->bytes, record, &out);
    if (out.is_full) { /* half a value would lie */
        event_text_trim(event, room);
        event->truncated++;
        *text = (struct view){NULL, 0};
        return fault;
    }
    event_text_trim(event, room - out.len);
    *text = buf_view(&out);
    return fault;
}

static bool is_type(const struct dns_record *record, enum dns_type type)
{
    return record->type == (uint16_t)type;
}

static void add_addresses(const struct dns_message *message, struct event *event)
{
    for (uint32_t i = 0; i < message->answers; i++) {
        const struct dns_record *record = &message->records[i];
        struct view data = record_data(message, record);
        bool is_v4 = is_type(record, DNS_A) && data.len == 4;
        if (!is_v4 && !(is_type(record, DNS_AAAA) && data.len == 16))
            continue;
        struct address address = is_v4 ? address_from_v4(data.data) : address_from_v6(data.data);
        event_add_ip(event, FIELD_DNS_ANSWER_IP, &address);
    }
}

/* The texts of one type of record, shared with dns.answer. */
static void add_texts(const struct dns_message *message, struct event *event, enum field_id id,
                      enum dns_type type, const struct view texts[DNS_ANSWERS_MAX])
{
    for (uint32_t i = 0; i < message->answers; i++) {
        if (is_type(&message->records[i], type) && texts[i].data != NULL)
            event_add_bytes(event, id, texts[i]);
    }
}

/* Whom the records are about, and their types: as many values as there are answers. */
static void add_owners(const struct dns_message *message, struct event *event)
{
    struct dns_name name;

    for (uint32_t i = 0; i < message->answers; i++)
        add_code(event, FIELD_DNS_ANSWER_RRTYPE, dns_type_name(message->records[i].type), "TYPE",
                 message->records[i].type);
    for (uint32_t i = 0; i < message->answers && event_wants(event, FIELD_DNS_ANSWER_NAME); i++) {
        struct cursor c = cursor_over(message->bytes);
        cursor_skip(&c, message->records[i].name_at);
        dns_name_read(&c, &name);
        uint8_t *text = event_text(event, name.len);
        if (text == NULL)
            return;
        if (name.len > 0)
            memcpy(text, name.text, name.len);
        event_add_bytes(event, FIELD_DNS_ANSWER_NAME, view_make(text, name.len));
    }
}

static enum dns_fault add_answers(const struct dns_message *message, struct event *event)
{
    struct view texts[DNS_ANSWERS_MAX];
    enum dns_fault first = DNS_FINE;

    for (uint32_t i = 0; i < message->answers; i++) {
        enum dns_fault fault = record_text(message, &message->records[i], event, &texts[i]);
        first = dns_fault_first(first, fault);
        if (texts[i].data != NULL)
            event_add_bytes(event, FIELD_DNS_ANSWER, texts[i]);
    }
    add_owners(message, event);
    add_addresses(message, event);
    add_texts(message, event, FIELD_DNS_CNAME, DNS_CNAME, texts);
    add_texts(message, event, FIELD_DNS_TXT, DNS_TXT, texts);
    for (uint32_t i = 0; i < message->answers; i++)
        event_add_number(event, FIELD_DNS_TTL, message->records[i].ttl);
    event->truncated += message->left_out;
    return first;
}

/* RFC 1035, section 4.1.1. */
enum { DNS_BIT_AA = 0x0400, DNS_BIT_TC = 0x0200, DNS_BIT_RD = 0x0100, DNS_BIT_RA = 0x0080 };

/* Zeek's log calls an answer without any record rejected. */
static void add_answer_bits(const struct dns_header *header, struct event *event)
{
    unsigned records = (unsigned)header->counts[DNS_ANSWERS] + header->counts[DNS_AUTHORITIES] +
                       header->counts[DNS_ADDITIONALS];

    event_add_number(event, FIELD_DNS_AA, (header->flags & DNS_BIT_AA) != 0);
    event_add_number(event, FIELD_DNS_TC, (header->flags & DNS_BIT_TC) != 0);
    event_add_number(event, FIELD_DNS_RA, (header->flags & DNS_BIT_RA) != 0);
    event_add_number(event, FIELD_DNS_REJECTED, records == 0);
}

enum dns_fault dns_message_fill(const struct dns_message *message, struct event *event)
{
    const struct dns_header *header = &message->header;

    if (message->has_question)
        add_question(&message->question, event);
    event_add_number(event, FIELD_DNS_ID, header->id);
    event_add_number(event, FIELD_DNS_FLAGS, header->flags);
    event_add_number(event, FIELD_DNS_OPCODE, header->opcode);
    event_add_number(event, FIELD_DNS_Z, header->has_z);
    event_add_number(event, FIELD_DNS_RD, (header->flags & DNS_BIT_RD) != 0);
    if (message->has_question)
        event_add_number(event, FIELD_DNS_QCLASS_NUM, message->question.class);
    if (!header->is_answer)
        return DNS_FINE;
    add_code(event, FIELD_DNS_RCODE, dns_rcode_name(message->rcode), "RCODE", message->rcode);
    event_add_number(event, FIELD_DNS_RCODE_NUM, message->rcode);
    add_answer_bits(header, event);
    return add_answers(message, event);
}
