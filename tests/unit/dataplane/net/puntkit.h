/* SPDX-License-Identifier: BSD-3-Clause */
/* puntkit.h - records of IKE as control sends them, into packets. */
#ifndef ESPGW_TESTS_PUNTKIT_H
#define ESPGW_TESTS_PUNTKIT_H

#include "dataplane/net/punt.h"
#include "tests/unit/dataplane/net/netkit.h"

static inline struct abi_packet punt_record(struct abi_addr src, struct abi_addr dst,
					    unsigned int sport, unsigned int dport,
					    const void *data, size_t len, uint16_t flags)
{
	struct abi_packet p = {
		.msg = {.type = ABI_PACKET_IKE, .length = (uint16_t)(ABI_PACKET_FIXED + len)},
		.src = src,
		.dst = dst,
		.src_port = (uint16_t)sport,
		.dst_port = (uint16_t)dport,
		.port = ABI_PORT_ANY,
		.flags = flags,
		.data_len = (uint32_t)len};

	memcpy(p.data, data, len);
	return p;
}

static inline struct rte_mbuf *punt_inject(const struct abi_packet *p)
{
	return punt_to_mbuf(p, kit.h->tables.fib, kit.h->tables.fib6, kit.h->pool);
}

static inline void punt_refused(const struct abi_packet *p)
{
	assert_null(punt_inject(p));
	assert_int_equal(harness_in_use(kit.h), 0);
}

#endif
