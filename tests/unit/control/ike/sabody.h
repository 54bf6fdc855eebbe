/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sabody.h - proposals and transforms put together byte by byte, on top of bytes.h.
 */
#ifndef ESPGW_TEST_SABODY_H
#define ESPGW_TEST_SABODY_H

#include "control/ike/msg.h"
#include "tests/unit/control/ike/bytes.h"

struct sabody {
	struct bytes b;
	size_t proposal_at, transform_at;
};

static inline void sabody_begin(struct sabody *s)
{
	s->b.len = 0;
}

/** next: 2 when another proposal follows. spi of spi_size zero bytes but the last two, 0x0400. */
static inline void sabody_proposal(struct sabody *s, uint8_t next, uint8_t number, uint8_t protocol,
				   uint8_t spi_size, uint8_t n_transforms)
{
	s->proposal_at = s->b.len;
	bytes_put_n(&s->b, next, 1);
	bytes_put_n(&s->b, 0, 3);
	bytes_put_n(&s->b, number, 1);
	bytes_put_n(&s->b, protocol, 1);
	bytes_put_n(&s->b, spi_size, 1);
	bytes_put_n(&s->b, n_transforms, 1);
	for (size_t i = 0; i < spi_size; i++)
		bytes_put_n(&s->b, i + 2 == spi_size ? 4 : 0, 1);
}

static inline void sabody_transform(struct sabody *s, uint8_t next, uint8_t number, uint8_t id)
{
	s->transform_at = s->b.len;
	bytes_put_n(&s->b, next, 1);
	bytes_put_n(&s->b, 0, 3);
	bytes_put_n(&s->b, number, 1);
	bytes_put_n(&s->b, id, 1);
	bytes_put_n(&s->b, 0, 2);
}

static inline void sabody_attr(struct sabody *s, uint16_t type, uint16_t value)
{
	bytes_put_n(&s->b, 0x8000u | type, 2);
	bytes_put_n(&s->b, value, 2);
}

static inline void sabody_long_attr(struct sabody *s, uint16_t type, const void *data, uint16_t len)
{
	bytes_put_n(&s->b, type, 2);
	bytes_put_n(&s->b, len, 2);
	bytes_put(&s->b, data, len);
}

/** Fill in the length of the last transform, or of the last proposal. */
static inline void sabody_end_transform(struct sabody *s)
{
	bytes_set_n(&s->b, s->transform_at + 2, s->b.len - s->transform_at, 2);
}

static inline void sabody_end_proposal(struct sabody *s)
{
	bytes_set_n(&s->b, s->proposal_at + 2, s->b.len - s->proposal_at, 2);
}

/** One phase 1 transform; 0 leaves an attribute out. */
static inline void sabody_ike(struct sabody *s, uint8_t next, uint8_t number, uint16_t encr,
			      uint16_t bits, uint16_t hash, uint16_t auth, uint16_t group)
{
	sabody_transform(s, next, number, IKE1_TRANSFORM_KEY_IKE);
	if (encr)
		sabody_attr(s, IKE1_P1_ENCR, encr);
	if (hash)
		sabody_attr(s, IKE1_P1_HASH, hash);
	if (auth)
		sabody_attr(s, IKE1_P1_AUTH, auth);
	if (group)
		sabody_attr(s, IKE1_P1_GROUP, group);
	if (bits)
		sabody_attr(s, IKE1_P1_KEY_LENGTH, bits);
	sabody_end_transform(s);
}

/** One ESP transform; 0 leaves an attribute out. */
static inline void sabody_esp(struct sabody *s, uint8_t next, uint8_t number, uint8_t id,
			      uint16_t bits, uint16_t auth, uint16_t encap, uint16_t group)
{
	sabody_transform(s, next, number, id);
	if (encap)
		sabody_attr(s, IKE1_P2_ENCAP, encap);
	if (bits)
		sabody_attr(s, IKE1_P2_KEY_LENGTH, bits);
	if (auth)
		sabody_attr(s, IKE1_P2_AUTH, auth);
	if (group)
		sabody_attr(s, IKE1_P2_GROUP, group);
	sabody_end_transform(s);
}

#endif
