/* SPDX-License-Identifier: BSD-3-Clause */
/* dpkit.h - control's end of a fake segment on a virtual clock, and what it is told. */
#ifndef ESPGW_TEST_DPKIT_H
#define ESPGW_TEST_DPKIT_H

#include "control/dataplane.h"
#include "fake_segment.h"

#define DPKIT_SEC   1000000000ull
#define DPKIT_START (1000 * DPKIT_SEC)

struct dpkit {
	struct fake_segment f;
	struct dataplane *d;
	uint64_t now;
	unsigned int attached, fresh, detaching, sa_events, acquires, ports, packets, resyncs;
	unsigned int replies;
	int last_rc;
	struct abi_packet packet;
};

/* They count into the struct dpkit. */
extern const struct dataplane_ops dpkit_ops;

/** Per test: a segment, not yet attached; or attached. */
int dpkit_setup(void **state);
int dpkit_setup_attached(void **state);
int dpkit_teardown(void **state);

/** One turn of the loop, a fifth of a second later. */
void dpkit_turn(struct dpkit *x);
/** A command that carries nothing, its answer to dpkit_reply(). */
int dpkit_sync(struct dpkit *x);
void dpkit_reply(void *arg, int rc, const struct abi_ev_reply *r);

#endif
