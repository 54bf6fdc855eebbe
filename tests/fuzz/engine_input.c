/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine_input.c - reading the input of the engine targets, and a mutator that knows operations:
 * they move, double and go as a whole, so that what follows keeps its meaning.
 */
#include "tests/fuzz/engine_input.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

uint8_t engine_take(struct engine_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->data++;
}

size_t engine_take_bytes(struct engine_input *in, uint8_t *out, size_t cap)
{
	size_t n = engine_take(in);

	n = n < in->left ? n : in->left;
	n = n < cap ? n : cap;
	memcpy(out, in->data, n);
	in->data += n;
	in->left -= n;
	return n;
}

size_t engine_op_size(const uint8_t *data, size_t len)
{
	uint8_t op = data[0];
	size_t fixed = 1, length_at = 0, n;

	if (op < 0x40 || (op >= 0xc0 && op < 0xd0))
		fixed = 1;
	else if (op < 0x60)
		length_at = 1;
	else if (op < 0x80 || (op < 0xa0 && (op & 2) != 0))
		length_at = 2;
	else if (op < 0xc0)
		fixed = 3;
	else if (op < 0xe0)
		length_at = 4;
	else if (op < 0xf0)
		length_at = 3;
	else if (op < 0xf8)
		length_at = 4;
	else
		fixed = 2;
	n = fixed;
	if (length_at != 0)
		n = length_at + 1 + (length_at < len ? data[length_at] : 0);
	return n < len ? n : len;
}

#define MAX_OPS 128

struct ops {
	size_t n, at[MAX_OPS + 1];
};

static void find_ops(struct ops *o, const uint8_t *data, size_t size)
{
	size_t at = 1;

	for (o->n = 0; o->n < MAX_OPS && at < size; at += engine_op_size(data + at, size - at))
		o->at[o->n++] = at;
	o->at[o->n] = at < size ? at : size;
}

static uint32_t draw(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

/* size bytes with cut of them at at replaced by put. */
static size_t splice(uint8_t *data, size_t size, size_t max, size_t at, size_t cut,
		     const uint8_t *put, size_t n)
{
	uint8_t copy[ENGINE_MAX_INPUT];

	if (size - cut + n > max || n > sizeof(copy))
		return size;
	memcpy(copy, put, n); /* it may be of data itself */
	memmove(data + at + n, data + at + cut, size - at - cut);
	memcpy(data + at, copy, n);
	return size - cut + n;
}

/* An operation that means something: its opcode and small arguments. */
static size_t invent(uint8_t *op, unsigned *seed)
{
	static const uint8_t bases[] = {0x00, 0x20, 0x60, 0x80, 0xc0, 0xd0, 0xd0,
					0xd0, 0xe0, 0xe0, 0xe0, 0xf0, 0xf8};
	static const uint8_t types[] = {33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
					47, 48, 53, 1,	2,  4,	5,  8,	10, 11, 12, 13, 20, 21};
	size_t n;

	op[0] = (uint8_t)(bases[draw(seed) % sizeof(bases)] + draw(seed) % 16);
	for (size_t i = 1; i < 24; i++)
		op[i] = (uint8_t)(draw(seed) % 4 == 0 ? types[draw(seed) % sizeof(types)]
						      : draw(seed) % 40);
	n = engine_op_size(op, 24);
	if (op[0] >= 0xe0 && op[0] < 0xf0 && n > 6)
		op[4] = types[draw(seed) % sizeof(types)];
	return n;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* One operation is changed as bytes, the others stay. */
static size_t change_one(uint8_t *data, size_t size, size_t max, size_t at, size_t len)
{
	uint8_t op[ENGINE_MAX_INPUT];
	size_t room = max - (size - len), n;

	if (len > sizeof(op))
		return size;
	memcpy(op, data + at, len);
	n = LLVMFuzzerMutate(op, len, room < sizeof(op) ? room : sizeof(op));
	return n == 0 ? size : splice(data, size, max, at, len, op, n);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	uint8_t op[32];
	struct ops o;
	size_t i, k, len;

	if (max > ENGINE_MAX_INPUT)
		max = ENGINE_MAX_INPUT;
	if (size > max || size < 2 || draw(&seed) % 8 == 0)
		return LLVMFuzzerMutate(data, size < max ? size : max, max);
	find_ops(&o, data, size);
	i = draw(&seed) % o.n;
	k = draw(&seed) % o.n;
	len = o.at[i + 1] - o.at[i];
	switch (draw(&seed) % 8) {
	case 0: /* drop */
		return splice(data, size, max, o.at[i], len, op, 0);
	case 1: /* again, somewhere */
		return splice(data, size, max, o.at[k], 0, data + o.at[i], len);
	case 2:
	case 3: /* a new one */
		return splice(data, size, max, o.at[i], 0, op, invent(op, &seed));
	case 4:
		data[0] = (uint8_t)draw(&seed);
		return size;
	default:
		return change_one(data, size, max, o.at[i], len);
	}
}
