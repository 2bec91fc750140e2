/* SPDX-License-Identifier: BSD-3-Clause */
/* File: the pcap format (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), read in place.
 *
 *   pcap     magic(4) version(4) zone(4) sigfigs(4) snaplen(4) linktype(4) { sec usec caplen len data }
 *   pcapng   { type(4) length(4) body length(4) }   sections, interfaces, packets; padded to four
 *
 * pcapng files may have interfaces of different link types and snap lengths and several sections; libpcap
 * refuses the first, this reader does not.
 */
#include "capture/file.h"

#include "base/cursor.h"
#include "base/memory.h"

enum {
    PCAP_HEADER = 24,
    PCAP_RECORD = 16,
    BLOCK_HEADER = 8,
    SECTION_MIN = 28,
    FRAME_MAX = 256 * 1024 * 4, /* some links have frames above libpcap's usual 262,144 */
    BLOCK_MAX = SOURCE_WINDOW / 2 - 16,
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_OBSOLETE_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6,
    OPTION_TSRESOL = 9,
    OPTION_TSOFFSET = 14,
    STRAY_MAX = 15,
};

static const uint64_t MICROSECONDS = 1000000;

static uint32_t get_u32(const struct capture_file *file, const uint8_t *at)
{
    uint32_t number;
    memcpy(&number, at, 4);
    return file->is_swapped ? __builtin_bswap32(number) : number;
}

static uint64_t get_u64(const struct capture_file *file, const uint8_t *at)
{
    uint64_t number;
    memcpy(&number, at, 8);
    return file->is_swapped ? __builtin_bswap64(number) : number;
}

static uint16_t get_u16(const struct capture_file *file, const uint8_t *at)
{
    uint16_t number;
    memcpy(&number, at, 2);
    return file->is_swapped ? __builtin_bswap16(number) : number;
}

static enum file_result broken(const struct capture_file *file, struct error *error,
                               const char *what)
{
    error_set(error, "%s: byte %llu: %s", file->source.name,
              (unsigned long long)source_offset(&file->source),
              file->source.fault.text[0] ? file->source.fault.text : what);
    return FILE_BROKEN;
}

/* ---- opening ---------------------------------------------------------------------------------------- */

static int open_pcap(struct capture_file *file, uint32_t magic, struct error *error)
{
    const uint8_t *head = source_need(&file->source, PCAP_HEADER);

    file->is_swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    file->is_nano = magic == 0xa1b23c4d || magic == 0x4d3cb2a1;
    if (head == NULL) {
        broken(file, error, "the file ends within its header");
        return -1;
    }
    file->snap_length = get_u32(file, head + 16);
    file->link_type = (int)(get_u32(file, head + 20) & 0xffff); /* above: FCS length */
    source_take(&file->source, PCAP_HEADER);
    return 0;
}

/* Neither pcap nor pcapng: says what it is instead where four bytes tell. */
static void explain_foreign(const struct capture_file *file, const uint8_t *head,
                            struct error *error)
{
    static const struct {
        const char *magic, *name, *advice;
    } known[] = {
        {"\xfd\x37zX", "xz", "decompress it first: gzip and zstd are read as they are"},
        {"BZh", "bzip2", "decompress it first: gzip and zstd are read as they are"},
        {"\x04\x22M\x18", "lz4", "decompress it first: gzip and zstd are read as they are"},
        {"PK\3\4", "a zip archive", "unpack it first"},
        {"7z\xbc\xaf", "a 7-zip archive", "unpack it first"},
        {"snoo", "a snoop capture", "convert it to pcapng first"},
        {"GMBU", "a Network Monitor capture", "convert it to pcapng first"},
        {"\x34\xcd\xb2\xa1", "a pcap of Kuznetzov's patched libpcap", "convert it to pcapng first"},
        {"\xa1\xb2\xcd\x34", "a pcap of Kuznetzov's patched libpcap", "convert it to pcapng first"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (memcmp(head, known[i].magic, strlen(known[i].magic)) == 0) {
            error_set(error, "%s: byte 0: this is %s; %s", file->source.name, known[i].name,
                      known[i].advice);
            return;
        }
    }
    error_set(error, "%s: byte 0: not a capture file (it begins with %02x %02x %02x %02x)",
              file->source.name, head[0], head[1], head[2], head[3]);
}

int file_open(struct capture_file *file, const char *path, struct error *error)
{
    uint32_t magic = 0;

    *file = (struct capture_file){0};
    if (source_open(&file->source, path, error) != 0)
        return -1;
    const uint8_t *head = source_need(&file->source, 4);
    if (head != NULL)
        memcpy(&magic, head, 4);
    switch (magic) {
    case 0xa1b2c3d4:
    case 0xd4c3b2a1:
    case 0xa1b23c4d:
    case 0x4d3cb2a1:
        if (open_pcap(file, magic, error) == 0)
            return 0;
        break;
    case BLOCK_SECTION:
        file->is_pcapng = true;
        return 0;
    default:
        if (head == NULL)
            broken(file, error, "the file is empty");
        else
            explain_foreign(file, head, error);
    }
    file_close(file);
    return -1;
}

void file_close(struct capture_file *file)
{
    source_close(&file->source);
    memory_free(file->interfaces);
    file->interfaces = NULL;
}

/* ---- pcap -------------------------------------------------------------------------------------------- */

/* Too few bytes for what must come: an orderly end, stray bytes, or a cut. */
static enum file_result at_end(struct capture_file *file, struct error *error)
{
    size_t left = source_ready(&file->source);

    if (file->source.fault.text[0] != '\0')
        return broken(file, error, "");
    if (left == 0)
        return FILE_END;
    if (left <= STRAY_MAX && !file->is_pcapng && left < 8) {
        error_set(error, "%s: byte %llu: %zu stray byte(s) after the last packet",
                  file->source.name, (unsigned long long)source_offset(&file->source), left);
        return FILE_STRAY;
    }
    return broken(file, error, "the file is cut within a packet");
}

static const uint8_t *need(struct capture_file *file, size_t count, bool may_read)
{
    if (!may_read && !file->source.is_mapped && source_ready(&file->source) < count)
        return NULL;
    return source_need(&file->source, count);
}

static enum file_result next_pcap(struct capture_file *file, bool may_read, struct frame *frame,
                                  struct error *error)
{
    const uint8_t *record = need(file, PCAP_RECORD, may_read);

    if (record == NULL)
        return may_read ? at_end(file, error) : FILE_END;
    uint32_t len = get_u32(file, record + 8);
    if (len > FRAME_MAX)
        return broken(file, error, "a packet claims an impossible length");
    record = need(file, PCAP_RECORD + len, may_read);
    if (record == NULL)
        return may_read ? broken(file, error, "the file is cut within a packet") : FILE_END;
    uint32_t fraction = get_u32(file, record + 4);
    frame->time_us = (int64_t)get_u32(file, record) * (int64_t)MICROSECONDS +
                     (file->is_nano ? fraction / 1000 : fraction);
    frame->time_ns = file->is_nano ? (uint16_t)(fraction % 1000) : 0;
    frame->data = record + PCAP_RECORD;
    frame->len = len;
    frame->wire_len = get_u32(file, record + 12);
    frame->link_type = file->link_type;
    if (frame->wire_len < len)
        frame->wire_len = len;
    source_take(&file->source, PCAP_RECORD + len);
    return FILE_FRAME;
}

/* ---- pcapng ------------------------------------------------------------------------------------------ */

static int64_t time_of(const struct interface *interface, uint32_t high, uint32_t low)
{
    uint64_t ticks = (uint64_t)high << 32 | low, per_second = interface->per_second;
    uint64_t seconds = ticks / per_second, rest = ticks % per_second;
    uint64_t micros = (uint64_t)((unsigned __int128)rest * MICROSECONDS / per_second);
    int64_t whole =
        (int64_t)(seconds % (UINT64_C(1) << 42)) + interface->offset_s % (INT64_C(1) << 42);
    return whole * (int64_t)MICROSECONDS + (int64_t)micros;
}

/* The nanoseconds that time_of() leaves. */
static uint16_t nanoseconds_of(const struct interface *interface, uint32_t high, uint32_t low)
{
    uint64_t ticks = (uint64_t)high << 32 | low, rest = ticks % interface->per_second;

    return (uint16_t)((unsigned __int128)rest * 1000000000 / interface->per_second % 1000);
}

static void read_interface_options(struct capture_file *file, struct interface *interface,
                                   const uint8_t *at, size_t left)
{
    while (left >= 4) {
        uint16_t code = get_u16(file, at), len = get_u16(file, at + 2);
        size_t padded = ((size_t)len + 3) / 4 * 4;
        if (code == 0 || padded > left - 4)
            return;
        if (code == OPTION_TSRESOL && len >= 1) {
            uint8_t power = at[4] & 0x7f;
            interface->per_second = 1;
            for (uint8_t i = 0; i < power && interface->per_second < UINT64_C(1000000000000000000);
                 i++)
                interface->per_second *= at[4] & 0x80 ? 2 : 10;
        }
        if (code == OPTION_TSOFFSET && len >= 8)
            interface->offset_s = (int64_t)get_u64(file, at + 4);
        at += 4 + padded;
        left -= 4 + padded;
    }
}

static void add_interface(struct capture_file *file, const uint8_t *body, size_t len)
{
    if (len < 8 || file->interface_count == INTERFACES_MAX)
        return;
    if ((file->interface_count & (file->interface_count - 1)) == 0) /* full at each power of two */
        file->interfaces =
            memory_resize(file->interfaces, file->interface_count ? file->interface_count * 2 : 1,
                          sizeof(*file->interfaces));
    struct interface *interface = &file->interfaces[file->interface_count++];
    *interface = (struct interface){
        .link_type = get_u16(file, body),
        .snap_length = get_u32(file, body + 4),
        .per_second = MICROSECONDS,
    };
    read_interface_options(file, interface, body + 8, len - 8);
}

/* Enhanced, obsolete and simple packet blocks; false when the block is no good. */
static bool read_packet(struct capture_file *file, uint32_t type, const uint8_t *body, size_t len,
                        struct frame *frame)
{
    size_t header = type == BLOCK_SIMPLE_PACKET ? 4 : 20;
    if (len < header)
        return false;
    uint32_t number = type == BLOCK_PACKET            ? get_u32(file, body)
                      : type == BLOCK_OBSOLETE_PACKET ? get_u16(file, body)
                                                      : 0;
    if (number >= file->interface_count)
        return false;
    const struct interface *interface = &file->interfaces[number];
    frame->link_type = interface->link_type;
    frame->data = body + header;
    if (type == BLOCK_SIMPLE_PACKET) { /* no time, and the captured length is what fits */
        frame->wire_len = get_u32(file, body);
        size_t room = len - header;
        uint32_t kept = frame->wire_len;
        if (interface->snap_length != 0 && interface->snap_length < kept)
            kept = interface->snap_length;
        frame->len = kept < room ? kept : (uint32_t)room;
        frame->time_us = 0;
        frame->time_ns = 0;
        return true;
    }
    frame->time_us = time_of(interface, get_u32(file, body + 4), get_u32(file, body + 8));
    frame->time_ns = nanoseconds_of(interface, get_u32(file, body + 4), get_u32(file, body + 8));
    frame->len = get_u32(file, body + 12);
    frame->wire_len = get_u32(file, body + 16);
    if (frame->wire_len < frame->len)
        frame->wire_len = frame->len;
    return frame->len <= len - header;
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

static enum file_result next_pcapng(struct capture_file *file, bool may_read, struct frame *frame,
                                    struct error *error)
{
    for (;;) {
        const uint8_t *block = need(file, BLOCK_HEADER + 4, may_read);
        if (block == NULL)
            return may_read ? at_end(file, error) : FILE_END;
        uint32_t type = get_u32(file, block);
        if (type == BLOCK_SECTION) { /* before its length is read: it says in which byte order */
            const char *fault = begin_section(file, block);
            if (fault != NULL)
                return broken(file, error, fault);
        }
        uint32_t length = get_u32(file, block + 4);
        if (length < BLOCK_HEADER + 4 || length > BLOCK_MAX)
            return broken(file, error, "a block claims an impossible length");
        length = (length + 3) / 4 * 4;
        block = need(file, length, may_read);
        if (block == NULL)
            return may_read ? broken(file, error, "the file is cut within a block") : FILE_END;
        const uint8_t *body = block + BLOCK_HEADER;
        if (type == BLOCK_SECTION && (length < SECTION_MIN || get_u16(file, body + 4) != 1))
            return broken(file, error, "a section of a version other than 1");
        size_t len = length - BLOCK_HEADER - 4;
        bool is_packet =
            type == BLOCK_PACKET || type == BLOCK_OBSOLETE_PACKET || type == BLOCK_SIMPLE_PACKET;
        if (type == BLOCK_INTERFACE)
            add_interface(file, body, len);
        if (is_packet && !read_packet(file, type, body, len, frame))
            return broken(file, error, "a packet block that contradicts itself");
        source_take(&file->source, length);
        if (is_packet)
            return FILE_FRAME;
    }
}

enum file_result file_next(struct capture_file *file, bool may_read, struct frame *frame,
                           struct error *error)
{
    return file->is_pcapng ? next_pcapng(file, may_read, frame, error)
                           : next_pcap(file, may_read, frame, error);
}
