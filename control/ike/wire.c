/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire.c - bounds-checked reading and writing of big-endian bytes.
 */
#include "control/ike/wire.h"

#include <string.h>

void wire_reader_init(struct wire_reader *r, const uint8_t *buf, size_t len, size_t base)
{
	*r = (struct wire_reader){.buf = buf, .len = len, .base = base};
}

size_t wire_left(const struct wire_reader *r)
{
	return r->error ? 0 : r->len - r->pos;
}

size_t wire_offset(const struct wire_reader *r)
{
	return r->base + r->pos;
}

void wire_fail(struct wire_reader *r, int reason)
{
	if (r->error)
		return;
	r->error = reason;
	r->error_at = wire_offset(r);
}

/* The next len bytes, or NULL after recording the failure. */
static const uint8_t *take(struct wire_reader *r, size_t len)
{
	const uint8_t *p;

	if (len > wire_left(r)) {
		wire_fail(r, WIRE_SHORT);
		return NULL;
	}
	p = r->buf + r->pos;
	r->pos += len;
	return p;
}

static uint64_t get_be(struct wire_reader *r, size_t len)
{
	const uint8_t *p = take(r, len);
	uint64_t v = 0;

	for (size_t i = 0; p && i < len; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t wire_get_u8(struct wire_reader *r)
{
	return (uint8_t)get_be(r, 1);
}

uint16_t wire_get_u16(struct wire_reader *r)
{
	return (uint16_t)get_be(r, 2);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
	return (uint32_t)get_be(r, 4);
}

uint64_t wire_get_u64(struct wire_reader *r)
{
	return get_be(r, 8);
}

struct ike_view wire_get_bytes(struct wire_reader *r, size_t len)
{
	/* Nothing is asked of an empty buffer, whose pointer may be NULL. */
	const uint8_t *p = len ? take(r, len) : NULL;

	return (struct ike_view){p, p ? len : 0};
}

struct ike_view wire_get_rest(struct wire_reader *r)
{
	return wire_get_bytes(r, wire_left(r));
}

void wire_skip(struct wire_reader *r, size_t len)
{
	wire_get_bytes(r, len);
}

struct wire_reader wire_get_sub(struct wire_reader *r, size_t len)
{
	struct wire_reader sub;
	size_t base = wire_offset(r);
	struct ike_view v = wire_get_bytes(r, len);

	wire_reader_init(&sub, v.data, v.len, base);
	if (r->error)
		wire_fail(&sub, r->error);
	return sub;
}

void wire_writer_init(struct wire_writer *w, uint8_t *buf, size_t cap)
{
	*w = (struct wire_writer){.buf = buf, .cap = cap};
}

/* Room for len bytes, or NULL after recording the overflow. */
static uint8_t *room(struct wire_writer *w, size_t len)
{
	uint8_t *p;

	if (w->overflow || len > w->cap - w->pos) {
		w->overflow = true;
		return NULL;
	}
	p = w->buf + w->pos;
	w->pos += len;
	return p;
}

static void store_be(uint8_t *p, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

static void put_be(struct wire_writer *w, uint64_t v, size_t len)
{
	uint8_t *p = room(w, len);

	if (p)
		store_be(p, v, len);
}

void wire_put_u8(struct wire_writer *w, uint8_t v)
{
	put_be(w, v, 1);
}

void wire_put_u16(struct wire_writer *w, uint16_t v)
{
	put_be(w, v, 2);
}

void wire_put_u32(struct wire_writer *w, uint32_t v)
{
	put_be(w, v, 4);
}

void wire_put_u64(struct wire_writer *w, uint64_t v)
{
	put_be(w, v, 8);
}

void wire_put_bytes(struct wire_writer *w, const void *data, size_t len)
{
	uint8_t *p = len ? room(w, len) : NULL;

	if (p)
		memcpy(p, data, len);
}

void wire_put_zero(struct wire_writer *w, size_t len)
{
	uint8_t *p = len ? room(w, len) : NULL;

	if (p)
		memset(p, 0, len);
}

static void patch(struct wire_writer *w, size_t at, uint64_t v, size_t len)
{
	if (at <= w->pos && len <= w->pos - at)
		store_be(w->buf + at, v, len);
}

void wire_patch_u8(struct wire_writer *w, size_t at, uint8_t v)
{
	patch(w, at, v, 1);
}

void wire_patch_u16(struct wire_writer *w, size_t at, uint16_t v)
{
	patch(w, at, v, 2);
}

void wire_patch_u32(struct wire_writer *w, size_t at, uint32_t v)
{
	patch(w, at, v, 4);
}
