/* SPDX-License-Identifier: BSD-3-Clause */
/* known.c - hosts with an SA; see known.h. */
#include "dataplane/known.h"

#include <string.h>

#include <rte_jhash.h>

#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"
#include "dataplane/pkt.h"

static uint32_t slot_of(const struct known *k, const uint8_t *addr, uint32_t len)
{
	uint32_t words[4]; /* rte_jhash reads words, and an address on the wire lies anywhere */

	memcpy(words, addr, len);
	return rte_jhash(words, len, k->key) % KNOWN_SLOTS;
}

uint32_t known_slot(const struct known *k, const struct abi_addr *addr)
{
	return k ? slot_of(k, addr->bytes, addr->family == 4 ? 4 : sizeof(addr->bytes)) : 0;
}

bool known_addr(const struct known *k, const uint8_t *addr, uint32_t len)
{
	return !k || __atomic_load_n(&k->sas[slot_of(k, addr, len)], __ATOMIC_RELAXED) != 0;
}

void known_count(struct known *k, uint32_t slot, int n)
{
	if (k)
		__atomic_store_n(&k->sas[slot], k->sas[slot] + (uint32_t)n, __ATOMIC_RELAXED);
}

bool known_source(const struct known *k, const struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	uint8_t addr[4];

	if (meta->flags & PKT_F_IPV6)
		return known_addr(k, pkt_l3(m) + IP6_OFF_SRC, 16);
	ip4_store32(addr, meta->src);
	return known_addr(k, addr, sizeof(addr));
}
