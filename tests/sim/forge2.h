/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forge2.h - authentic messages of IKEv2 that no engine would send: what is inside SK is replaced,
 * and protected again with the keys of the SA it belongs to. For IKE SAs whose messages are not
 * fragmented.
 */
#ifndef ESPGW_TEST_FORGE2_H
#define ESPGW_TEST_FORGE2_H

#include "tests/sim/sim.h"

/** Changes the payloads (type of the first in *next), at most cap bytes. Returns how many. */
typedef size_t forge2_change(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap);

/** Change a protected message of node from in place; *len is its length, cap the room. False: it
 * has no SK payload, or nobody has its keys. */
bool forge2_message(struct sim *s, int from, uint8_t *data, size_t *len, size_t cap,
		    forge2_change *change, void *ctx);

/** A request of node from for the other one, on the IKE SA in use, with these payloads. The number
 * it takes is used up. False: no such SA. */
bool forge2_send(struct sim *s, int from, uint8_t exchange, uint8_t next, const uint8_t *payloads,
		 size_t len);

/** The same with a message id that is off by so much, or as an answer; an off of 0 in a request
 * uses the number up. */
bool forge2_send_as(struct sim *s, int from, uint8_t exchange, int off, bool response, uint8_t next,
		    const uint8_t *payloads, size_t len);

/** One fragment (RFC 7383) of the next request, an INFORMATIONAL; its number is not used up. */
bool forge2_send_fragment(struct sim *s, int from, uint16_t number, uint16_t total, uint8_t next,
			  const uint8_t *text, size_t len);

#endif
