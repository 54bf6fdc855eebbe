/* SPDX-License-Identifier: BSD-3-Clause */
/* childkit.h - the pairs of SAs of one policy over a fake segment, on a virtual clock. */
#ifndef ESPGW_TEST_CHILDKIT_H
#define ESPGW_TEST_CHILDKIT_H

#include "control/children.h"
#include "fake_segment.h"

#define CHILDKIT_SEC	1000000000ull
#define CHILDKIT_START	(1000 * CHILDKIT_SEC)
#define CHILDKIT_POLICY 0x77u

struct childkit {
	struct fake_segment f;
	struct dataplane *d;
	struct children *c;
	uint64_t now, seed;
	unsigned int results, soft, hard, first, moved;
	int last_rc;
	uint64_t last_token;
	uint8_t limit; /* of the last expiry */
	bool resume;   /* what the gateway does when a fresh dataplane is attached */
	uint32_t known_policy;
	struct abi_addr known_remote;
};

/** Per test: attached to a segment that has no SAs. */
int childkit_setup(void **state);
int childkit_teardown(void **state);

/** One turn of the loop, the dataplane answering in between. Returns how many commands it had. */
unsigned int childkit_turn(struct childkit *x);
/** A pair as the engine gives it, for a test to change; its inbound SPI is taken. */
struct ike_child_sa childkit_child(struct childkit *x, uint64_t token);
/** Install such a pair and take a turn; its record. */
struct sa_pair *childkit_install(struct childkit *x, uint64_t token);
/** An event of type about the SA h arrives. */
void childkit_event(struct childkit *x, const struct sa_half *h, uint64_t cookie, uint16_t type,
		    uint8_t expire);
/** The same for a soft expiry by a limit. */
void childkit_soft(struct childkit *x, const struct sa_half *h, uint64_t cookie, uint8_t limit);
/** A new control over the same segment. */
void childkit_restart_control(struct childkit *x);

#endif
