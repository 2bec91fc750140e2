/* SPDX-License-Identifier: BSD-3-Clause */
/* The pcapng format (draft-ietf-opsawg-pcapng), read in place.
 *
 *   pcapng   { type(4) length(4) body length(4) }   sections, interfaces, packets; padded to four
 *
 * Files may have interfaces of different link types and snap lengths and several sections; libpcap refuses the
 * first, this reader does not. Sections, interfaces and packets are held whole, up to BLOCK_MAX as in libpcap and
 * Wireshark; any other block (names, statistics, secrets, journals) is stepped over, whatever its length.
 */
#include "capture/file.h"

#include "base/memory.h"

enum {
    BLOCK_HEADER = 8,
    BLOCK_TRAILER = 4,
    BLOCK_MIN = BLOCK_HEADER + BLOCK_TRAILER,
    PACKET_BLOCK_MIN = BLOCK_MIN + 4, /* the shortest that holds a packet */
    SECTION_MIN = 28,
    BLOCK_MAX = 16 * 1024 * 1024,
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_OBSOLETE_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6,
    OPTION_TSRESOL = 9,
    OPTION_TSOFFSET = 14,
};

static const uint64_t MICROSECONDS = 1000000;

/* ---- interfaces ------------------------------------------------------------------------------------------ */

static int64_t time_of(const struct interface *interface, uint32_t high, uint32_t low)
{
    uint64_t ticks = (uint64_t)high << 32 | low, seconds = 0, rest = ticks;

    if (interface->per_second <= UINT64_MAX) {
        seconds = ticks / (uint64_t)interface->per_second;
        rest = ticks % (uint64_t)interface->per_second;
    }
    uint64_t micros = (uint64_t)((unsigned __int128)rest * MICROSECONDS / interface->per_second);
    int64_t whole =
        (int64_t)(seconds % (UINT64_C(1) << 42)) + interface->offset_s % (INT64_C(1) << 42);
    return whole * (int64_t)MICROSECONDS + (int64_t)micros;
}

/* The nanoseconds that time_of() leaves. */
static uint16_t nanoseconds_of(const struct interface *interface, uint32_t high, uint32_t low)
{
    uint64_t ticks = (uint64_t)high << 32 | low;
    uint64_t rest = (uint64_t)(ticks % interface->per_second);

    return (uint16_t)((unsigned __int128)rest * 1000000000 / interface->per_second % 1000);
}

/* if_tsresol: a power of ten, or of two with the high bit. Above 10^38 no number holds it and none is needed: all
 * 2^64 ticks are less than a microsecond. */
static unsigned __int128 resolution(uint8_t option)
{
    enum { TEN_MAX = 38 };
    unsigned __int128 per_second = 1;
    unsigned power = option & 0x7f;

    if (option & 0x80)
        return per_second << power;
    for (unsigned i = 0; i < power && i < TEN_MAX; i++)
        per_second *= 10;
    return per_second;
}

static void read_interface_options(struct capture_file *file, struct interface *interface,
                                   const uint8_t *at, size_t left)
{
    while (left >= 4) {
        uint16_t code = file_u16(file, at), len = file_u16(file, at + 2);
        size_t padded = ((size_t)len + 3) / 4 * 4;
        if (code == 0 || padded > left - 4)
            return;
        if (code == OPTION_TSRESOL && len >= 1)
            interface->per_second = resolution(at[4]);
        if (code == OPTION_TSOFFSET && len >= 8)
            interface->offset_s = (int64_t)file_u64(file, at + 4);
        at += 4 + padded;
        left -= 4 + padded;
    }
}

/* What is wrong, or NULL. */
static const char *add_interface(struct capture_file *file, const uint8_t *body, size_t len)
{
    if (len < 8)
        return "an interface block without a link type";
    if (file->interface_count == INTERFACES_MAX)
        return "a section has more than 65,536 interfaces";
    if ((file->interface_count & (file->interface_count - 1)) == 0) /* full at each power of two */
        file->interfaces =
            memory_resize(file->interfaces, file->interface_count ? file->interface_count * 2 : 1,
                          sizeof(*file->interfaces));
    struct interface *interface = &file->interfaces[file->interface_count++];
    *interface = (struct interface){
        .link_type = file_u16(file, body),
        .snap_length = file_u32(file, body + 4),
        .per_second = MICROSECONDS,
    };
    read_interface_options(file, interface, body + 8, len - 8);
    return NULL;
}

/* ---- packets --------------------------------------------------------------------------------------------- */

/* A simple packet block has no time and no length of its own: the last packet's, and what fits. */
static void read_simple_packet(const struct capture_file *file, const uint8_t *body, size_t len,
                               struct frame *frame)
{
    size_t room = len - 4;
    uint32_t snap_length = file->interfaces[0].snap_length;

    frame->data = body + 4;
    frame->wire_len = file_u32(file, body);
    frame->len = frame->wire_len;
    if (snap_length != 0 && snap_length < frame->len)
        frame->len = snap_length;
    if (room < frame->len)
        frame->len = (uint32_t)room;
    frame->link_type = file->interfaces[0].link_type;
    frame->time_us = file->time_us;
    frame->time_ns = 0;
}

/* Enhanced, obsolete and simple packet blocks. What is wrong, or NULL. */
static const char *read_packet(struct capture_file *file, uint32_t type, const uint8_t *body,
                               size_t len, struct frame *frame)
{
    static const char CONTRADICTION[] = "a packet block that contradicts itself";
    size_t header = type == BLOCK_SIMPLE_PACKET ? 4 : 20;
    if (len < header)
        return CONTRADICTION;
    uint32_t number = type == BLOCK_PACKET            ? file_u32(file, body)
                      : type == BLOCK_OBSOLETE_PACKET ? file_u16(file, body)
                                                      : 0;
    if (number >= file->interface_count)
        return CONTRADICTION;
    if (type == BLOCK_SIMPLE_PACKET) {
        read_simple_packet(file, body, len, frame);
        return NULL;
    }
    const struct interface *interface = &file->interfaces[number];
    frame->link_type = interface->link_type;
    frame->data = body + header;
    frame->time_us = time_of(interface, file_u32(file, body + 4), file_u32(file, body + 8));
    frame->time_ns = nanoseconds_of(interface, file_u32(file, body + 4), file_u32(file, body + 8));
    frame->len = file_u32(file, body + 12);
    frame->wire_len = file_u32(file, body + 16);
    return frame->len <= len - header ? NULL : CONTRADICTION;
}

/* ---- blocks ---------------------------------------------------------------------------------------------- */

static bool is_packet(uint32_t type)
{
    return type == BLOCK_PACKET || type == BLOCK_OBSOLETE_PACKET || type == BLOCK_SIMPLE_PACKET;
}

static bool is_held(uint32_t type)
{
    return is_packet(type) || type == BLOCK_INTERFACE || type == BLOCK_SECTION;
}

/* A section header sets the byte order of what follows and forgets the interfaces. Returns what is wrong
 * with it, or NULL. */
static const char *begin_section(struct capture_file *file, const uint8_t *block)
{
    uint32_t magic;
    memcpy(&magic, block + 8, 4);
    if (magic != 0x1a2b3c4d && magic != 0x4d3c2b1a)
        return "a section header without its byte-order mark";
    file->is_swapped = magic == 0x4d3c2b1a;
    file->interface_count = 0;
    return NULL;
}

/* Goes on with the block that is stepped over; FILE_FRAME when it is behind us. */
static enum file_result finish_skipped(struct capture_file *file, struct error *error)
{
    struct skipped_block *skipped = &file->skipped;
    const uint8_t *trailer = NULL;

    if (skipped->left > BLOCK_TRAILER)
        skipped->left -= source_skip(&file->source, skipped->left - BLOCK_TRAILER);
    if (skipped->left == BLOCK_TRAILER)
        trailer = source_need(&file->source, BLOCK_TRAILER);
    if (trailer == NULL)
        return file_cut(file, skipped->offset, error, "the file is cut within a block");
    if (file_u32(file, trailer) != skipped->length)
        return file_broken(file, skipped->offset, error, "the two lengths of a block differ");
    source_take(&file->source, BLOCK_TRAILER);
    skipped->left = 0;
    return FILE_FRAME;
}

/* The block at hand, of `padded` bytes; FILE_FRAME when nothing is wrong with it. */
static enum file_result read_block(struct capture_file *file, uint32_t type, uint32_t length,
                                   size_t padded, struct frame *frame, struct error *error)
{
    uint64_t offset = source_offset(&file->source);
    const uint8_t *block = source_need(&file->source, padded);
    const char *fault = NULL;

    if (block == NULL)
        return file_cut(file, offset, error, "the file is cut within a block");
    const uint8_t *body = block + BLOCK_HEADER;
    size_t len = padded - BLOCK_MIN;
    if (file_u32(file, block + padded - BLOCK_TRAILER) != length)
        fault = "the two lengths of a block differ";
    else if (type == BLOCK_SECTION && (padded < SECTION_MIN || file_u16(file, body + 4) != 1))
        fault = "a section of a version other than 1";
    else if (type == BLOCK_INTERFACE)
        fault = add_interface(file, body, len);
    else if (is_packet(type))
        fault = read_packet(file, type, body, len, frame);
    return fault == NULL ? FILE_FRAME : file_broken(file, offset, error, fault);
}

/* Fewer bytes than the shortest packet block: the end, stray bytes, or a last block of twelve bytes. */
static bool is_last_block(const struct capture_file *file)
{
    return file->source.lack == SOURCE_ENDED && source_ready(&file->source) == BLOCK_MIN &&
           file_u32(file, file->source.block->bytes + file->source.at + 4) == BLOCK_MIN;
}

enum file_result pcapng_next(struct capture_file *file, struct frame *frame, struct error *error)
{
    for (;;) {
        enum file_result result = file->skipped.left > 0 ? finish_skipped(file, error) : FILE_FRAME;
        if (result != FILE_FRAME)
            return result;
        const uint8_t *block = source_need(&file->source, PACKET_BLOCK_MIN);
        if (block == NULL && !is_last_block(file))
            return source_offset(&file->source) > 0
                       ? file_tail(file, error)
                       : file_cut(file, 0, error, "the file ends within its header");
        block = file->source.block->bytes + file->source.at;
        uint64_t offset = source_offset(&file->source);
        uint32_t type = file_u32(file, block);
        const char *fault = NULL;
        if (type == BLOCK_SECTION) /* before its length is read: it says in which byte order */
            fault = begin_section(file, block);
        uint32_t length = file_u32(file, block + 4);
        uint64_t padded = ((uint64_t)length + 3) / 4 * 4;
        if (fault == NULL && (length < BLOCK_MIN || (is_held(type) && length > BLOCK_MAX)))
            fault = "a block claims an impossible length";
        if (fault != NULL)
            return file_broken(file, offset, error, fault);
        if (!is_held(type)) {
            file->skipped = (struct skipped_block){offset, padded - BLOCK_HEADER, length};
            source_take(&file->source, BLOCK_HEADER);
            continue;
        }
        result = read_block(file, type, length, (size_t)padded, frame, error);
        if (result != FILE_FRAME)
            return result;
        if (is_packet(type)) {
            file->taken = (size_t)padded;
            return FILE_FRAME; /* file_next() takes it */
        }
        source_take(&file->source, (size_t)padded);
    }
}
