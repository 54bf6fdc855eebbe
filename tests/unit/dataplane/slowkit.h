/* SPDX-License-Identifier: BSD-3-Clause */
/* slowkit.h - a manager with 192.0.2.1/24 on port 1, and the rings between it and worker 0. For one
 * test file each. */
#ifndef ESPGW_TESTS_SLOWKIT_H
#define ESPGW_TESTS_SLOWKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ring.h>

#include "tests/unit/dataplane/fixture.h"

static struct fixture *f;
static struct rte_ring *ike, *slow, *reply;

static inline void empty(struct rte_ring *r)
{
	void *m;

	while (rte_ring_dequeue(r, &m) == 0)
		rte_pktmbuf_free(m);
}

static inline int setup(void **state)
{
	struct abi_address a = {.generation = 1,
				.port = 1,
				.prefix_len = 24,
				.addr = {.family = 4, .bytes = {192, 0, 2, 1}}};

	(void)state;
	f = fixture_create();
	if (!f)
		return -1;
	ike = f->workers[0]->ike;
	slow = f->workers[0]->slow;
	reply = f->workers[0]->reply;
	fixture_generation(f, ABI_CMD_NET_BEGIN, 1, 1);
	fixture_ask(f, &a, ABI_CMD_ADDRESS, sizeof(a), NULL);
	fixture_generation(f, ABI_CMD_NET_COMMIT, 1, 1);
	empty(reply); /* our address is announced */
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	fixture_free(f);
	return 0;
}

static inline uint64_t drops(enum drop_reason reason)
{
	return f->manager.self.counters->drops[reason];
}

/* IKE of control for 192.0.2.9. */
static inline struct abi_packet datagram(uint32_t len)
{
	struct abi_packet p = {
		.msg = {ABI_PACKET_IKE, (uint16_t)(ABI_PACKET_FIXED + len), 0},
		.src = {.family = 4, .bytes = {192, 0, 2, 1}},
		.dst = {.family = 4, .bytes = {192, 0, 2, 9}},
		.src_port = 500,
		.dst_port = 500,
		.port = ABI_PORT_ANY,
		.data_len = len,
	};

	return p;
}

#endif
