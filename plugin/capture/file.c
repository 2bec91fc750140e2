/* SPDX-License-Identifier: BSD-3-Clause */
/* File: which format it is, and the pcap format (draft-ietf-opsawg-pcap), read in place.
 *
 *   pcap     magic(4) version(4) zone(4) sigfigs(4) snaplen(4) linktype(4) { sec usec caplen len data }
 *
 * Versions 2.0 to 2.4, as libpcap reads them: before 2.3 the two lengths stand the other way round, and in 2.3
 * some writers did one and some the other, so that the larger is taken for the length on the wire.
 */
#include "capture/file.h"

#include "base/memory.h"

enum {
    PCAP_HEADER = 24,
    PCAP_RECORD = 16,
    FRAME_MAX = 1024 * 1024, /* some links have frames above libpcap's usual 262,144 */
    PCAP_MAJOR = 2,
    PCAP_MINOR = 4,
    BLOCK_SECTION = 0x0a0d0d0a,
};

static const int64_t MICROSECONDS = 1000000;

/* ---- where it ends --------------------------------------------------------------------------------------- */

enum file_result file_broken(const struct capture_file *file, uint64_t offset, struct error *error,
                             const char *what)
{
    error_set(error, "%s: byte %llu: %s", file->source.name, (unsigned long long)offset,
              file->source.fault.text[0] ? file->source.fault.text : what);
    return FILE_BROKEN;
}

enum file_result file_tail(const struct capture_file *file, struct error *error)
{
    size_t left = source_ready(&file->source);

    if (file->source.lack != SOURCE_ENDED)
        return FILE_LATER;
    if (file->source.fault.text[0] != '\0')
        return file_broken(file, source_offset(&file->source), error, "");
    if (left == 0)
        return FILE_END;
    error_set(error, "%s: byte %llu: %zu stray byte(s) after the last packet", file->source.name,
              (unsigned long long)source_offset(&file->source), left);
    return FILE_STRAY;
}

enum file_result file_cut(const struct capture_file *file, uint64_t offset, struct error *error,
                          const char *what)
{
    return file->source.lack != SOURCE_ENDED ? FILE_LATER : file_broken(file, offset, error, what);
}

/* ---- the beginning ------------------------------------------------------------------------------------- */

/* Neither pcap nor pcapng: says what it is instead where four bytes tell. */
static enum file_result explain_foreign(struct capture_file *file, const uint8_t *head,
                                        struct error *error)
{
    static const struct {
        const char *magic, *name, *advice;
        bool is_capture;
    } known[] = {
        {"\xfd\x37zX", "xz", "decompress it first: gzip and zstd are read as they are", false},
        {"BZh", "bzip2", "decompress it first: gzip and zstd are read as they are", false},
        {"\x04\x22M\x18", "lz4", "decompress it first: gzip and zstd are read as they are", false},
        {"PK\3\4", "a zip archive", "unpack it first", false},
        {"7z\xbc\xaf", "a 7-zip archive", "unpack it first", false},
        {"snoo", "a snoop capture", "convert it to pcapng first", true},
        {"GMBU", "a Network Monitor capture", "convert it to pcapng first", true},
        {"\x34\xcd\xb2\xa1", "a pcap of Kuznetzov's patched libpcap", "convert it to pcapng first",
         true},
        {"\xa1\xb2\xcd\x34", "a pcap of Kuznetzov's patched libpcap", "convert it to pcapng first",
         true},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (memcmp(head, known[i].magic, strlen(known[i].magic)) == 0) {
            file->is_foreign = !known[i].is_capture;
            error_set(error, "%s: byte 0: this is %s; %s", file->source.name, known[i].name,
                      known[i].advice);
            return FILE_BROKEN;
        }
    }
    file->is_foreign = true;
    error_set(error, "%s: byte 0: not a capture file (it begins with %02x %02x %02x %02x)",
              file->source.name, head[0], head[1], head[2], head[3]);
    return FILE_BROKEN;
}

static enum file_result begin_pcap(struct capture_file *file, uint32_t magic, struct error *error)
{
    const uint8_t *head = source_need(&file->source, PCAP_HEADER);

    if (head == NULL)
        return file_cut(file, 0, error, "the file ends within its header");
    file->is_swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    file->is_nano = magic == 0xa1b23c4d || magic == 0x4d3cb2a1;
    uint16_t major = file_u16(file, head + 4);
    file->minor = file_u16(file, head + 6);
    if (major != PCAP_MAJOR || file->minor > PCAP_MINOR) {
        error_set(error, "%s: byte 4: pcap version %u.%u: 2.0 to 2.4 can be read",
                  file->source.name, major, file->minor);
        return FILE_BROKEN;
    }
    file->link_type = (int)(file_u32(file, head + 20) & 0xffff); /* above: FCS length */
    source_take(&file->source, PCAP_HEADER);
    file->has_begun = true;
    return FILE_FRAME;
}

/* FILE_FRAME when the file is one that can be read. */
static enum file_result begin(struct capture_file *file, struct error *error)
{
    uint32_t magic;
    const uint8_t *head = source_need(&file->source, 4);

    if (head == NULL) {
        file->is_foreign = file->source.lack == SOURCE_ENDED && file->source.fault.text[0] == '\0';
        return file_cut(file, 0, error,
                        source_ready(&file->source) > 0 ? "the file ends within its header"
                                                        : "the file is empty");
    }
    memcpy(&magic, head, 4);
    switch (magic) {
    case 0xa1b2c3d4:
    case 0xd4c3b2a1:
    case 0xa1b23c4d:
    case 0x4d3cb2a1:
        return begin_pcap(file, magic, error);
    case BLOCK_SECTION:
        file->is_pcapng = file->has_begun = true;
        return FILE_FRAME;
    default:
        return explain_foreign(file, head, error);
    }
}

int file_open(struct capture_file *file, const char *path, const struct source_room *room,
              struct error *error)
{
    *file = (struct capture_file){0};
    return source_open(&file->source, path, room, error);
}

void file_close(struct capture_file *file)
{
    source_close(&file->source);
    memory_free(file->interfaces);
    file->interfaces = NULL;
}

/* ---- pcap -------------------------------------------------------------------------------------------- */

static enum file_result pcap_next(struct capture_file *file, struct frame *frame,
                                  struct error *error)
{
    const uint8_t *record = source_need(&file->source, PCAP_RECORD);

    if (record == NULL)
        return file_tail(file, error);
    uint32_t len = file_u32(file, record + 8), wire_len = file_u32(file, record + 12);
    if (file->minor < 3 || (file->minor == 3 && len > wire_len)) {
        uint32_t other = len;
        len = wire_len;
        wire_len = other;
    }
    uint64_t offset = source_offset(&file->source);
    if (len > FRAME_MAX)
        return file_broken(file, offset, error, "a packet claims an impossible length");
    record = source_need(&file->source, PCAP_RECORD + len);
    if (record == NULL)
        return file_cut(file, offset, error, "the file is cut within a packet");
    uint32_t fraction = file_u32(file, record + 4);
    frame->time_us = (int64_t)file_u32(file, record) * MICROSECONDS +
                     (file->is_nano ? fraction / 1000 : fraction);
    frame->time_ns = file->is_nano ? (uint16_t)(fraction % 1000) : 0;
    frame->data = record + PCAP_RECORD;
    frame->len = len;
    frame->wire_len = wire_len;
    frame->link_type = file->link_type;
    file->taken = PCAP_RECORD + len;
    return FILE_FRAME;
}

/* ---- either -------------------------------------------------------------------------------------------- */

enum file_result file_next(struct capture_file *file, struct frame *frame, struct error *error)
{
    if (!file->has_begun) {
        enum file_result result = begin(file, error);
        if (result != FILE_FRAME)
            return result;
    }
    enum file_result result =
        file->is_pcapng ? pcapng_next(file, frame, error) : pcap_next(file, frame, error);
    if (result == FILE_FRAME) {
        source_take(&file->source, file->taken);
        frame->block = file->source.block;
        file->time_us = frame->time_us;
        if (frame->wire_len < frame->len)
            frame->wire_len = frame->len;
    }
    return result;
}

void file_unread(struct capture_file *file)
{
    file->source.at -= file->taken;
}
