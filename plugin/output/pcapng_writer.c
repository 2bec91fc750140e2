/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng writer: each block is built in memory and written whole. */
#include "output/pcapng_writer.h"

#include <errno.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SNAP_LENGTH = 262144,
    BLOCK_MAX = 1 << 20,
    COMMENT_MAX = 0xfff0, /* an option's length has 16 bits */
};

static void put_u16(struct buf *block, uint16_t number)
{
    const uint8_t bytes[] = {(uint8_t)number, (uint8_t)(number >> 8)};
    buf_bytes(block, bytes, sizeof(bytes));
}

static void put_u32(struct buf *block, uint32_t number)
{
    put_u16(block, (uint16_t)number);
    put_u16(block, (uint16_t)(number >> 16));
}

static void put_padded(struct buf *block, struct view bytes)
{
    buf_add(block, bytes);
    for (size_t i = bytes.len; i % 4 != 0; i++)
        buf_byte(block, 0);
}

static void begin_block(struct buf *block, uint32_t type)
{
    buf_reset(block);
    put_u32(block, type);
    put_u32(block, 0); /* length, set by write_block() */
}

static int write_block(struct pcapng_writer *writer, struct error *error)
{
    struct buf *block = &writer->block;
    uint32_t total = (uint32_t)block->len + 4;

    put_u32(block, total);
    for (size_t i = 0; i < 4; i++)
        block->data[4 + i] = (uint8_t)(total >> 8 * i);
    if (block->is_full || fwrite(block->data, 1, block->len, writer->file) != block->len)
        return error_set(error, "%s: write failed: %s", writer->path, strerror(errno));
    return 0;
}

int pcapng_open(struct pcapng_writer *writer, const char *path, struct error *error)
{
    *writer = (struct pcapng_writer){.path = path, .file = fopen(path, "wbe")};
    if (writer->file == NULL)
        return error_set(error, "%s: cannot be written: %s", path, strerror(errno));
    buf_init(&writer->block, BLOCK_MAX);
    begin_block(&writer->block, BLOCK_SECTION);
    put_u32(&writer->block, BYTE_ORDER_MAGIC);
    put_u16(&writer->block, 1); /* version 1.0 */
    put_u16(&writer->block, 0);
    put_u32(&writer->block, UINT32_MAX); /* section length: not stated */
    put_u32(&writer->block, UINT32_MAX);
    return write_block(writer, error);
}

/* The interface of a link type, described at first use; -1 on failure. */
static int interface_of(struct pcapng_writer *writer, int link_type, struct error *error)
{
    for (size_t i = 0; i < writer->interface_count; i++) {
        if (writer->link_types[i] == link_type)
            return (int)i;
    }
    if (writer->interface_count == PCAPNG_INTERFACES_MAX)
        return error_set(error, "%s: more than %d link types", writer->path, PCAPNG_INTERFACES_MAX);
    begin_block(&writer->block, BLOCK_INTERFACE);
    put_u16(&writer->block, (uint16_t)link_type);
    put_u16(&writer->block, 0);
    put_u32(&writer->block, SNAP_LENGTH);
    if (write_block(writer, error) != 0)
        return -1;
    writer->link_types[writer->interface_count] = link_type;
    return (int)writer->interface_count++;
}

int pcapng_packet(struct pcapng_writer *writer, const struct frame *frame, struct view comment,
                  struct error *error)
{
    struct buf *block = &writer->block;
    int interface = interface_of(writer, frame->link_type, error);
    uint64_t time = (uint64_t)frame->time_us;

    if (interface < 0)
        return -1;
    begin_block(block, BLOCK_PACKET);
    put_u32(block, (uint32_t)interface);
    put_u32(block, (uint32_t)(time >> 32));
    put_u32(block, (uint32_t)time);
    put_u32(block, frame->len);
    put_u32(block, frame->wire_len);
    put_padded(block, view_make(frame->data, frame->len));
    if (comment.len > 0) {
        comment = view_slice(comment, 0, COMMENT_MAX);
        put_u16(block, OPTION_COMMENT);
        put_u16(block, (uint16_t)comment.len);
        put_padded(block, comment);
        put_u16(block, OPTION_END);
        put_u16(block, 0);
    }
    writer->packets++;
    return write_block(writer, error);
}

int pcapng_close(struct pcapng_writer *writer, struct error *error)
{
    int status = 0;
    if (writer->file != NULL && fclose(writer->file) != 0)
        status = error_set(error, "%s: close failed: %s", writer->path, strerror(errno));
    writer->file = NULL;
    buf_clear(&writer->block);
    return status;
}
