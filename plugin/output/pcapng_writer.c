/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng writer: each block is built in memory and written whole. */
#include "output/pcapng_writer.h"

#include <errno.h>
#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_TSRESOL = 9,
    OPTION_TSOFFSET = 14,
    BLOCK_MAX = 1 << 20,
    COMMENT_MAX = 0xfff0, /* an option's length has 16 bits */
};

/* Seconds before 1970 that no time in microseconds comes before. */
static const int64_t FAR_OFFSET_S = -(INT64_MAX / 1000000 + 1);
/* Microseconds from which on nanoseconds do not fit 64 bits. */
static const int64_t NEAR_END_US = (int64_t)(UINT64_MAX / 1000);

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
    if (block->is_full)
        return error_set(error, "%s: a block of more than %d bytes", writer->whole.name, BLOCK_MAX);
    if (fwrite(block->data, 1, block->len, writer->whole.file) != block->len)
        return error_set(error, "%s: write failed: %s", writer->whole.name, strerror(errno));
    return 0;
}

static void put_option(struct buf *block, uint16_t code, struct view value)
{
    put_u16(block, code);
    put_u16(block, (uint16_t)value.len);
    put_padded(block, value);
}

int pcapng_open(struct pcapng_writer *writer, const char *name, struct error *error)
{
    *writer = (struct pcapng_writer){0};
    if (whole_file_open(&writer->whole, name, error) != 0)
        return -1;
    buf_init(&writer->block, BLOCK_MAX);
    begin_block(&writer->block, BLOCK_SECTION);
    put_u32(&writer->block, BYTE_ORDER_MAGIC);
    put_u16(&writer->block, 1); /* version 1.0 */
    put_u16(&writer->block, 0);
    put_u32(&writer->block, UINT32_MAX); /* section length: not stated */
    put_u32(&writer->block, UINT32_MAX);
    return write_block(writer, error);
}

/* How finely the interface counts, and from when. */
static void put_clock(struct buf *block, bool is_far)
{
    const uint8_t power = is_far ? 6 : 9;
    uint8_t offset[8];

    put_option(block, OPTION_TSRESOL, view_make(&power, 1));
    if (is_far) {
        for (size_t i = 0; i < sizeof(offset); i++)
            offset[i] = (uint8_t)((uint64_t)FAR_OFFSET_S >> 8 * i);
        put_option(block, OPTION_TSOFFSET, view_make(offset, sizeof(offset)));
    }
    put_option(block, OPTION_END, view_make(NULL, 0));
}

/* The interface of a link type and kind of time, described at first use; -1 on failure. */
static int interface_of(struct pcapng_writer *writer, int link_type, bool is_far,
                        struct error *error)
{
    for (size_t i = 0; i < writer->interface_count; i++) {
        if (writer->interfaces[i].link_type == link_type && writer->interfaces[i].is_far == is_far)
            return (int)i;
    }
    if (writer->interface_count == PCAPNG_INTERFACES_MAX)
        return error_set(error, "%s: more than %d link types", writer->whole.name,
                         PCAPNG_INTERFACES_MAX);
    begin_block(&writer->block, BLOCK_INTERFACE);
    put_u16(&writer->block, (uint16_t)link_type);
    put_u16(&writer->block, 0);
    put_u32(&writer->block, PCAPNG_FRAME_MAX);
    put_clock(&writer->block, is_far);
    if (write_block(writer, error) != 0)
        return -1;
    writer->interfaces[writer->interface_count] = (struct pcapng_interface){link_type, is_far};
    return (int)writer->interface_count++;
}

/* What the interface's clock shows. */
static uint64_t ticks_of(const struct frame *frame, bool is_far)
{
    if (is_far) /* wraps around zero where it must */
        return (uint64_t)frame->time_us - (uint64_t)FAR_OFFSET_S * 1000000;
    return (uint64_t)frame->time_us * 1000 + frame->time_ns;
}

static void put_comments(struct buf *block, struct view lines)
{
    if (lines.len == 0)
        return;
    while (lines.len > 0) {
        size_t end = view_find_byte(lines, '\n');
        put_option(block, OPTION_COMMENT, view_slice(view_slice(lines, 0, end), 0, COMMENT_MAX));
        lines = end == VIEW_NOT_FOUND ? view_slice(lines, 0, 0) : view_skip(lines, end + 1);
    }
    put_option(block, OPTION_END, view_make(NULL, 0));
}

int pcapng_packet(struct pcapng_writer *writer, const struct frame *frame, struct view comments,
                  struct error *error)
{
    struct buf *block = &writer->block;
    bool is_far = frame->time_us < 0 || frame->time_us >= NEAR_END_US;
    int interface = interface_of(writer, frame->link_type, is_far, error);
    uint64_t ticks = ticks_of(frame, is_far);
    uint32_t len = frame->len < PCAPNG_FRAME_MAX ? frame->len : PCAPNG_FRAME_MAX;

    if (interface < 0)
        return -1;
    begin_block(block, BLOCK_PACKET);
    put_u32(block, (uint32_t)interface);
    put_u32(block, (uint32_t)(ticks >> 32));
    put_u32(block, (uint32_t)ticks);
    put_u32(block, len);
    put_u32(block, frame->wire_len);
    put_padded(block, view_make(frame->data, len));
    put_comments(block, comments);
    writer->packets++;
    writer->cut += len < frame->len;
    return write_block(writer, error);
}

int pcapng_close(struct pcapng_writer *writer, struct error *error)
{
    buf_clear(&writer->block);
    return whole_file_close(&writer->whole, error);
}

void pcapng_discard(struct pcapng_writer *writer)
{
    buf_clear(&writer->block);
    whole_file_discard(&writer->whole);
}
