/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmtu.h - what routers told us about the way to our peers (RFC 4301 section 8.2, RFC 1191, RFC
 * 8201). The manager's alone.
 *
 * Whoever wants to be believed must have seen our packets: the quoted SPI is that of a live
 * outbound SA between just these ends, and the sequence number one that was sent lately. A path
 * only ever gets narrower, not below what every link carries, and after PMTU_LIFE_NS the port's MTU
 * counts again. Kept by peer address, so that a new SA to the same peer starts with it.
 */
#ifndef ESPGW_IPSEC_PMTU_H
#define ESPGW_IPSEC_PMTU_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/net/quote.h"

#define PMTU_MIN4    576u	/* RFC 1191 section 3 allows 68; hosts live with 576 (RFC 1122) */
#define PMTU_MIN6    1280u	/* RFC 8200 section 5 */
#define PMTU_REACH   (1u << 20) /* numbers behind the last one sent that count as lately */
#define PMTU_LIFE_NS 600000000000u /* RFC 1191 section 6.3: ten minutes */
#define PMTU_WAYS    4u
#define PMTU_SETS    256u

struct pmtu;

/** NULL without memory. */
struct pmtu *pmtu_create(void);
void pmtu_free(struct pmtu *p);

/**
 * Somebody says that the quoted packet was too big. path: MTU towards that peer so far. True when
 * it is believed and the path is narrower than that, and known to pmtu_get() from now on. *known,
 * when not NULL: it is believed, narrower or not.
 */
bool pmtu_learn(struct pmtu *p, const struct sad *s, const struct quote *q, uint16_t path,
		uint64_t now, bool *known);

/** What is known of the way to an address (family 4: the first 4 bytes), or path where that is
 * less, or nothing is. */
uint16_t pmtu_get(const struct pmtu *p, uint8_t family, const uint8_t *remote, uint16_t path,
		  uint64_t now);

#endif
