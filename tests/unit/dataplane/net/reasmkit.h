/* SPDX-License-Identifier: BSD-3-Clause */
/* reasmkit.h - fragments made by hand and fed to reasm_burst(), and what is expected of it. */
#ifndef ESPGW_TESTS_REASMKIT_H
#define ESPGW_TESTS_REASMKIT_H

#include "dataplane/net/reasm.h"
#include "tests/unit/dataplane/net/netkit.h"

#define TIMEOUT_MS 1000u
#define MS	   1000000ull
#define GRE	   47 /* no ports, so any first piece will do */

/** Fragments given in since reasmkit_start(). */
extern uint64_t fed;
/** Random bytes, the same in every run. */
extern uint8_t some[70000];

/** A fresh table of that many buffers in kit.w, counters at zero. */
void reasmkit_start(uint32_t limit);
/** cmocka group setup and the end of a test. */
int reasmkit_setup(void **state);
int reasmkit_end(void **state);

/** By how much a counter rose. */
uint64_t rise(enum drop_reason why);

/** A fragment from LAN_HOST to FAR_HOST. */
struct frame piece(uint16_t id, unsigned int offset, bool more, const uint8_t *data, size_t len);
/** Feed it, flags added to what parse says; the whole packet, or NULL. */
struct rte_mbuf *feed_frame(const struct frame *f, uint8_t flags);
struct rte_mbuf *feed(uint16_t id, unsigned int offset, bool more, const uint8_t *data, size_t len);

/** m is the packet with that payload, as parse leaves it. Frees it. */
void expect_whole(struct rte_mbuf *m, uint16_t id, const uint8_t *data, size_t len);

/** The same with IPv6: an address of ours in the network of a host that sends us ESP. */
int reasmkit_setup6(void **state);
int reasmkit_teardown6(void **state);
/** next: what the whole carries. */
struct frame piece6(uint32_t id, unsigned int offset, bool more, uint8_t next, const uint8_t *data,
		    size_t len);
struct rte_mbuf *feed6(uint32_t id, unsigned int offset, bool more, const uint8_t *data,
		       size_t len);
/** m is ESP of that payload. Frees it. */
void expect_whole6(struct rte_mbuf *m, const uint8_t *data, size_t len);

#endif
