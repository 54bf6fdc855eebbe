/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forge.h - a peer that knows the keys and lies: opens encrypted messages between the two nodes of
 * a simulation, changes their payloads and closes them again with a HASH that verifies, so that
 * what stands behind authentication meets hostile input too.
 */
#ifndef ESPGW_SIM_FORGE_H
#define ESPGW_SIM_FORGE_H

#include "tests/sim/sim.h"

/* Changes len payload bytes in place; next is the type of the first payload. Returns the new
 * length, at most cap. */
typedef size_t forge_change(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap);

/* Whether the HASH of what is sent verifies; wrong: one bit of it is not as it should be. */
enum forge_hash { FORGE_RIGHT, FORGE_WRONG };

/**
 * Change one encrypted message on its way from a node: main mode 5 and 6, quick mode 1 and 2,
 * informational. data has room for cap bytes. True when it was changed; *len is its new length.
 * False: left alone (not encrypted, or keys not known at this moment).
 */
bool forge_message(struct sim *s, int from, uint8_t *data, size_t *len, size_t cap,
		   forge_change *change, void *ctx);
/** The same, but only one bit of the HASH is changed; quick mode 3 too. */
bool forge_spoil(struct sim *s, int from, uint8_t *data, size_t len);

/** Send an informational or quick mode message of a node to the other, with payloads as given and
 * a HASH(1). False when it has no established SA. */
bool forge_send(struct sim *s, int from, uint8_t exchange, uint32_t msgid, uint8_t next,
		const uint8_t *payloads, size_t len, enum forge_hash hash);

/** A piece of a message, in clear, on the newest SA, established or not. False: there is none. */
bool forge_send_fragment(struct sim *s, int from, uint16_t id, uint8_t number, bool last,
			 const uint8_t *data, size_t len);

#endif
