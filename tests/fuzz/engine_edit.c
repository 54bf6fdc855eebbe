/* SPDX-License-Identifier: BSD-3-Clause */
/* engine_edit.c - payload chains taken apart, changed and written again; see engine_input.h. */
#include <string.h>

#include "tests/fuzz/engine_input.h"

#define HEAD 4u /* next payload, critical, length */
#define MAX  24u

struct chain {
	size_t n;
	struct {
		uint8_t type, reserved;
		const uint8_t *body;
		size_t len;
		int says; /* in the length field; -1: what is right */
	} p[MAX + 1];
};

static bool take_apart(struct chain *c, uint8_t next, const uint8_t *data, size_t len)
{
	for (c->n = 0; next != 0 && c->n < MAX; c->n++) {
		size_t n = len >= HEAD ? (size_t)(data[2] << 8 | data[3]) : 0;

		if (n < HEAD || n > len)
			return false;
		c->p[c->n].type = next;
		c->p[c->n].reserved = data[1];
		c->p[c->n].body = data + HEAD;
		c->p[c->n].len = n - HEAD;
		c->p[c->n].says = -1;
		next = data[0];
		data += n;
		len -= n;
	}
	return c->n > 0 && next == 0;
}

static size_t put_chain(const struct chain *c, uint8_t *next, uint8_t *out, size_t cap)
{
	size_t at = 0;

	*next = c->n > 0 ? c->p[0].type : 0;
	for (size_t i = 0; i < c->n; i++) {
		size_t len = c->p[i].len, says;

		if (len > cap - at || cap - at - len < HEAD)
			break;
		says = c->p[i].says >= 0 ? (size_t)c->p[i].says : len + HEAD;
		out[at] = i + 1 < c->n ? c->p[i + 1].type : 0;
		out[at + 1] = c->p[i].reserved;
		out[at + 2] = (uint8_t)(says >> 8);
		out[at + 3] = (uint8_t)says;
		memcpy(out + at + HEAD, c->p[i].body, len);
		at += HEAD + len;
	}
	return at;
}

/* The body of payload k with n bytes from at on instead of cut. */
static void new_body(struct chain *c, size_t k, uint8_t *buf, size_t at, size_t cut,
		     const struct edit *e, size_t n)
{
	size_t len = c->p[k].len;

	at = len == 0 ? 0 : at % (len + 1);
	cut = cut < len - at ? cut : len - at;
	memcpy(buf, c->p[k].body, at);
	memcpy(buf + at, e->bytes, n);
	memcpy(buf + at + n, c->p[k].body + at + cut, len - at - cut);
	c->p[k].body = buf;
	c->p[k].len = len - cut + n;
}

static void apply(struct chain *c, const struct edit *e, uint8_t *buf)
{
	size_t k = e->which % c->n;

	switch (e->kind) {
	case EDIT_DROP:
		memmove(&c->p[k], &c->p[k + 1], (--c->n - k) * sizeof(c->p[0]));
		break;
	case EDIT_TWICE:
		c->p[c->n++] = c->p[k];
		break;
	case EDIT_TYPE:
		c->p[k].type = e->at;
		break;
	case EDIT_CUT:
		c->p[k].len = e->at % (c->p[k].len + 1);
		break;
	case EDIT_INSERT:
		new_body(c, k, buf, e->at, 0, e, e->len);
		break;
	case EDIT_BYTES:
		new_body(c, k, buf, e->at, e->len, e, e->len);
		break;
	case EDIT_SWAP:
		c->p[c->n] = c->p[k];
		c->p[k] = c->p[(k + 1) % c->n];
		c->p[(k + 1) % c->n] = c->p[c->n];
		break;
	case EDIT_ADD:
		c->p[c->n].type = e->at;
		c->p[c->n].reserved = 0;
		c->p[c->n].says = -1;
		c->p[c->n].body = e->bytes;
		c->p[c->n++].len = e->len;
		break;
	case EDIT_LENGTH:
		c->p[k].says = (int)(((c->p[k].len + HEAD) & 0xff00) | e->at);
		break;
	case EDIT_RESERVED:
		c->p[k].reserved = e->at;
		break;
	case EDIT_ALONE:
		c->p[0] = c->p[k];
		c->n = 1;
		break;
	case EDIT_REPLACE:
		c->p[k].body = e->bytes;
		c->p[k].len = e->len;
		break;
	case EDIT_KINDS:
		break;
	}
}

size_t edit_payloads(const struct edit *e, uint8_t *next, uint8_t *data, size_t len, size_t cap)
{
	static uint8_t old[16384], body[16384 + sizeof(e->bytes)];
	struct chain c;

	if (len > sizeof(old))
		return len;
	memcpy(old, data, len);
	if (!take_apart(&c, *next, old, len))
		return len;
	apply(&c, e, body);
	return put_chain(&c, next, data, cap);
}

size_t edit_build(const uint8_t *list, size_t list_len, uint8_t *next, uint8_t *out, size_t cap)
{
	struct chain c = {0};

	while (list_len >= 2 && c.n < MAX) {
		size_t n = list[1] < list_len - 2 ? list[1] : list_len - 2;

		c.p[c.n].type = list[0];
		c.p[c.n].says = -1;
		c.p[c.n].body = list + 2;
		c.p[c.n++].len = n;
		list += 2 + n;
		list_len -= 2 + n;
	}
	return put_chain(&c, next, out, cap);
}
