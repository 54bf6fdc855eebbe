/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire.h - bounds-checked reading and writing of big-endian bytes.
 *
 * A reader keeps its first error with the offset where it happened; every later read returns zero
 * or an empty view, so a parser checks once at its end. Offsets count from the start of the
 * outermost buffer: a sub-reader knows its base. A writer that ran out of room writes nothing more
 * and says so at its end.
 */
#ifndef ESPGW_IKE_WIRE_H
#define ESPGW_IKE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of someone else's buffer. data may be NULL when len is 0. */
struct ike_view {
	const uint8_t *data;
	size_t len;
};

struct wire_reader {
	const uint8_t *buf;
	size_t len, pos;
	size_t base; /* offset of buf[0] in the outermost buffer */
	int error;   /* 0, or the caller's reason of the first failure (WIRE_SHORT by itself) */
	size_t error_at;
};
#define WIRE_SHORT 1 /* a read went past the end */

void wire_reader_init(struct wire_reader *r, const uint8_t *buf, size_t len, size_t base);
size_t wire_left(const struct wire_reader *r);
/** Offset of the next byte in the outermost buffer. */
size_t wire_offset(const struct wire_reader *r);
/** Record a failure at the current offset, unless one is recorded. reason is not 0. */
void wire_fail(struct wire_reader *r, int reason);

uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
struct ike_view wire_get_bytes(struct wire_reader *r, size_t len);
struct ike_view wire_get_rest(struct wire_reader *r);
void wire_skip(struct wire_reader *r, size_t len);
/** A reader over the next len bytes, which r skips. Empty and failed when r has not that many. */
struct wire_reader wire_get_sub(struct wire_reader *r, size_t len);

struct wire_writer {
	uint8_t *buf;
	size_t cap, pos;
	bool overflow;
};

void wire_writer_init(struct wire_writer *w, uint8_t *buf, size_t cap);
void wire_put_u8(struct wire_writer *w, uint8_t v);
void wire_put_u16(struct wire_writer *w, uint16_t v);
void wire_put_u32(struct wire_writer *w, uint32_t v);
void wire_put_u64(struct wire_writer *w, uint64_t v);
void wire_put_bytes(struct wire_writer *w, const void *data, size_t len);
void wire_put_zero(struct wire_writer *w, size_t len);
/** Overwrite what was written before; nothing happens when at is past it. */
void wire_patch_u8(struct wire_writer *w, size_t at, uint8_t v);
void wire_patch_u16(struct wire_writer *w, size_t at, uint16_t v);
void wire_patch_u32(struct wire_writer *w, size_t at, uint32_t v);

#endif
