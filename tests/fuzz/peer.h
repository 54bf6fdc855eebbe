/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * peer.h - the far end of an SA, for many packets: reference_seal() with keys made ready once. What
 * OpenSSL does to fetch algorithms and expand keys costs several times a packet.
 */
#ifndef ESPGW_FUZZ_PEER_H
#define ESPGW_FUZZ_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "tests/unit/dataplane/ipsec/reference.h"

struct peer;

/** NULL without memory, or when it does not seal as reference_seal() does. */
struct peer *peer_create(const struct reference_suite *s, const uint8_t *encr_key,
			 const uint8_t *integ_key);
void peer_free(struct peer *p);

/** As reference_seal(). */
size_t peer_seal(struct peer *p, const struct reference_esp *e, const uint8_t *payload, size_t len,
		 uint8_t *out);

#endif
