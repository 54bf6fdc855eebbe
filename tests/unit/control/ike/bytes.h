/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bytes.h - messages put together byte by byte, wrong on purpose where a test wants it, without the
 * builder under test.
 */
#ifndef ESPGW_TEST_BYTES_H
#define ESPGW_TEST_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	uint8_t data[70000];
	size_t len;
	size_t next_at; /* where the next payload's type goes */
};

static inline void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void bytes_put_n(struct bytes *b, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		b->data[b->len++] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

static inline void bytes_set_n(struct bytes *b, size_t at, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		b->data[at + i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

/** A header without payloads; bytes_end() sets its length. */
static inline void bytes_begin(struct bytes *b, uint8_t version, uint8_t exchange, uint8_t flags)
{
	b->len = 0;
	bytes_put_n(b, 0x1122334455667788u, 8);
	bytes_put_n(b, 0x99aabbccddeeff00u, 8);
	b->next_at = b->len;
	bytes_put_n(b, 0, 1);
	bytes_put_n(b, version, 1);
	bytes_put_n(b, exchange, 1);
	bytes_put_n(b, flags, 1);
	bytes_put_n(b, 0xcafe0001u, 4);
	bytes_put_n(b, 0, 4);
}

/** A payload with any length field; the right one is 4 + len. */
static inline void bytes_payload_as(struct bytes *b, uint8_t type, const void *body, size_t len,
				    uint16_t claimed)
{
	b->data[b->next_at] = type;
	b->next_at = b->len;
	bytes_put_n(b, 0, 2);
	bytes_put_n(b, claimed, 2);
	bytes_put(b, body, len);
}

static inline void bytes_payload(struct bytes *b, uint8_t type, const void *body, size_t len)
{
	bytes_payload_as(b, type, body, len, (uint16_t)(4 + len));
}

static inline void bytes_end(struct bytes *b)
{
	bytes_set_n(b, 24, b->len, 4);
}

#endif
