/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pack.c - rows in few bytes.
 *
 *   row   = differs, line of each given property (less the row's, zigzag), each value that differs
 *   value = has, then the fields that has names, in the order of enum field
 *
 * Numbers are in groups of seven bits, the lowest first, the eighth bit says that more follow.
 * Pointers are copied as they are. It never leaves the process, so what is read is trusted.
 */
#include "control/model/pack.h"

#include <string.h>

enum field {
	HAS_SET = 1 << 0, /* no field of its own */
	HAS_NUM = 1 << 1,
	HAS_NUM2 = 1 << 2,
	HAS_PREFIX_LEN = 1 << 3,
	HAS_PORT = 1 << 4,
	HAS_LIST = 1 << 5,
	HAS_ADDR4 = 1 << 6,
	HAS_ADDR = 1 << 7,
	HAS_TEXT = 1 << 8,
	HAS_BYTES = 1 << 9,
};

_Static_assert(2 * 10 + 2 + 2 + 3 + 1 + VALUE_MAX_LIST * 3 + sizeof(struct abi_addr) +
			       2 * sizeof(void *) + 10 <=
		       PACK_MAX_VALUE,
	       "every field fits");

static uint8_t *put_num(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static const uint8_t *get_num(const uint8_t *p, uint64_t *v)
{
	unsigned shift = 0;

	for (*v = 0; *p & 0x80; shift += 7)
		*v |= (uint64_t)(*p++ & 0x7f) << shift;
	*v |= (uint64_t)*p++ << shift;
	return p;
}

static uint8_t *put_raw(uint8_t *p, const void *from, size_t len)
{
	memcpy(p, from, len);
	return p + len;
}

static const uint8_t *get_raw(const uint8_t *p, void *to, size_t len)
{
	memcpy(to, p, len);
	return p + len;
}

static bool is_plain4(const struct abi_addr *a)
{
	struct abi_addr plain = {.family = 4};

	memcpy(plain.bytes, a->bytes, 4);
	return memcmp(a, &plain, sizeof(plain)) == 0;
}

static unsigned fields(const struct value *v)
{
	static const struct abi_addr none;
	unsigned has = v->set ? HAS_SET : 0;

	has |= v->num != 0 ? HAS_NUM : 0;
	has |= v->num2 != 0 ? HAS_NUM2 : 0;
	has |= v->prefix_len != 0 ? HAS_PREFIX_LEN : 0;
	has |= v->port != 0 ? HAS_PORT : 0;
	has |= v->n != 0 ? HAS_LIST : 0;
	has |= v->text != NULL ? HAS_TEXT : 0;
	has |= v->bytes != NULL ? HAS_BYTES : 0;
	if (memcmp(&v->addr, &none, sizeof(none)) != 0)
		has |= is_plain4(&v->addr) ? HAS_ADDR4 : HAS_ADDR;
	return has;
}

static uint8_t *put_value(uint8_t *p, const struct value *v)
{
	unsigned has = fields(v);

	p = put_num(p, has);
	p = has & HAS_NUM ? put_num(p, v->num) : p;
	p = has & HAS_NUM2 ? put_num(p, v->num2) : p;
	p = has & HAS_PREFIX_LEN ? put_num(p, v->prefix_len) : p;
	p = has & HAS_PORT ? put_num(p, v->port) : p;
	if (has & HAS_LIST) {
		*p++ = v->n;
		for (unsigned i = 0; i < v->n; i++)
			p = put_num(p, v->list[i]);
	}
	p = has & HAS_ADDR4 ? put_raw(p, v->addr.bytes, 4) : p;
	p = has & HAS_ADDR ? put_raw(p, &v->addr, sizeof(v->addr)) : p;
	p = has & HAS_TEXT ? put_raw(p, &v->text, sizeof(v->text)) : p;
	if (has & HAS_BYTES)
		p = put_num(put_raw(p, &v->bytes, sizeof(v->bytes)), v->len);
	return p;
}

static const uint8_t *get_value(const uint8_t *p, struct value *v)
{
	uint64_t has, num = 0;

	*v = (struct value){0};
	p = get_num(p, &has);
	v->set = (has & HAS_SET) != 0;
	p = has & HAS_NUM ? get_num(p, &v->num) : p;
	p = has & HAS_NUM2 ? get_num(p, &v->num2) : p;
	p = has & HAS_PREFIX_LEN ? get_num(p, &num) : p;
	v->prefix_len = (uint8_t)num;
	num = 0;
	p = has & HAS_PORT ? get_num(p, &num) : p;
	v->port = (uint16_t)num;
	v->n = has & HAS_LIST ? *p++ : 0;
	for (unsigned i = 0; i < v->n; i++) {
		p = get_num(p, &num);
		v->list[i] = (uint16_t)num;
	}
	v->addr.family = has & HAS_ADDR4 ? 4 : 0;
	p = has & HAS_ADDR4 ? get_raw(p, v->addr.bytes, 4) : p;
	p = has & HAS_ADDR ? get_raw(p, &v->addr, sizeof(v->addr)) : p;
	p = has & HAS_TEXT ? get_raw(p, &v->text, sizeof(v->text)) : p;
	if (has & HAS_BYTES) {
		p = get_num(get_raw(p, &v->bytes, sizeof(v->bytes)), &num);
		v->len = (size_t)num;
	}
	return p;
}

static bool same(const struct value *a, const struct value *b)
{
	unsigned has = fields(a);

	return has == fields(b) && a->num == b->num && a->num2 == b->num2 &&
	       a->prefix_len == b->prefix_len && a->port == b->port && a->n == b->n &&
	       memcmp(a->list, b->list, a->n * sizeof(a->list[0])) == 0 &&
	       memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0 && a->text == b->text &&
	       a->bytes == b->bytes && a->len == b->len;
}

/* A difference of lines, so that small ones of either sign are short. */
static uint64_t zigzag(unsigned line, unsigned base)
{
	int64_t d = (int64_t)line - (int64_t)base;

	return d < 0 ? (uint64_t)-d * 2 - 1 : (uint64_t)d * 2;
}

static unsigned unzigzag(uint64_t z, unsigned base)
{
	return z & 1 ? base - (unsigned)((z + 1) / 2) : base + (unsigned)(z / 2);
}

size_t pack_row(const struct value *values, const struct value *presets, size_t n, uint64_t given,
		const unsigned *lines, unsigned base, uint8_t *out)
{
	uint64_t differs = 0;
	uint8_t *p;

	for (size_t i = 0; i < n; i++)
		differs |= (uint64_t)!same(&values[i], &presets[i]) << i;
	p = put_num(out, differs);
	for (size_t i = 0; i < n; i++)
		if (given >> i & 1)
			p = put_num(p, zigzag(lines[i], base));
	for (size_t i = 0; i < n; i++)
		if (differs >> i & 1)
			p = put_value(p, &values[i]);
	return (size_t)(p - out);
}

/* To where the values begin. */
static const uint8_t *get_head(const uint8_t *p, size_t n, uint64_t given, unsigned base,
			       unsigned *lines, uint64_t *differs)
{
	uint64_t z;

	p = get_num(p, differs);
	for (size_t i = 0; i < n; i++) {
		if (!(given >> i & 1))
			continue;
		p = get_num(p, &z);
		if (lines != NULL)
			lines[i] = unzigzag(z, base);
	}
	return p;
}

void pack_open(const uint8_t *in, const struct value *presets, size_t n, uint64_t given,
	       unsigned base, struct value *values, unsigned *lines)
{
	uint64_t differs;
	const uint8_t *p = get_head(in, n, given, base, lines, &differs);

	for (size_t i = 0; i < n; i++) {
		if (differs >> i & 1)
			p = get_value(p, &values[i]);
		else
			values[i] = presets[i];
	}
}

void pack_open_one(const uint8_t *in, const struct value *presets, size_t n, uint64_t given,
		   size_t prop, struct value *value)
{
	uint64_t differs;
	const uint8_t *p = get_head(in, n, given, 0, NULL, &differs);

	*value = presets[prop];
	for (size_t i = 0; i <= prop; i++)
		if (differs >> i & 1)
			p = get_value(p, value);
	if (!(differs >> prop & 1))
		*value = presets[prop];
}
