/* SPDX-License-Identifier: BSD-3-Clause */
/* sa6.h - what an SA needs for IPv6 only: selectors, and a peer that may have moved. Kept apart, so
 * that it takes neither room nor time where there is none. */
#ifndef ESPGW_IPSEC_SA6_H
#define ESPGW_IPSEC_SA6_H

#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/ipsec/sa.h"
#include "dataplane/ipsec/selector.h"

#define SA6_OUTER_LOCAL	 8u /* where the addresses are in an IPv6 header */
#define SA6_OUTER_REMOTE 24u

/** As struct sa_range; addresses are two halves in host order. */
struct sa_range6 {
	uint64_t lo[2];
	uint64_t hi[2];
	uint16_t port_lo;
	uint16_t port_hi;
	uint8_t protocol;
	uint8_t any_port;
	uint8_t pad[2];
};

/** Where verified packets come from. */
struct sa_place6 {
	uint8_t addr[16];
	uint16_t port;
	uint8_t pad[6];
};

struct sa6 {
	uint8_t n_local;
	uint8_t n_remote;
	uint32_t moved_gen; /* odd while a worker writes */
	uint64_t moved[3];  /* inbound: a struct sa_place6 in words; moved_gen 0: none yet */
	struct sa_range6 local[ABI_MAX_SELECTORS];
	struct sa_range6 remote[ABI_MAX_SELECTORS];

	/* The manager's. */
	uint32_t moved_told; /* moved_gen of the last event */
};
_Static_assert(sizeof(struct sa_place6) == 3 * sizeof(uint64_t), "sa_place6 is whole words");

static inline bool sa6_at_least(const uint64_t a[2], const uint64_t b[2])
{
	return a[0] > b[0] || (a[0] == b[0] && a[1] >= b[1]);
}

/** The 16 bytes of an address as two halves. */
static inline void sa6_load(uint64_t out[2], const uint8_t *addr)
{
	memcpy(out, addr, 2 * sizeof(out[0]));
	out[0] = rte_be_to_cpu_64(out[0]);
	out[1] = rte_be_to_cpu_64(out[1]);
}

/** As sa_range_match(); shown: the packet has ports. */
static inline bool sa6_range_match(const struct sa_range6 *r, unsigned int n, const uint8_t *addr,
				   uint8_t proto, uint16_t port, bool shown)
{
	uint64_t a[2];

	sa6_load(a, addr);
	for (unsigned int i = 0; i < n; i++)
		if (sa6_at_least(a, r[i].lo) && sa6_at_least(r[i].hi, a) &&
		    (r[i].protocol == 0 || r[i].protocol == proto) &&
		    (r[i].any_port || (shown && port >= r[i].port_lo && port <= r[i].port_hi)))
			return true;
	return false;
}

/** Do all of them ask for no more than each piece of a packet shows? That is addresses: ports, and
 * behind options for the destination the protocol, are in the first alone (RFC 8200 section 4.5).
 */
static inline bool sa6_addresses_only(const struct sa_range6 *r, unsigned int n)
{
	bool only = true;

	for (unsigned int i = 0; i < n; i++)
		only &= r[i].any_port && r[i].protocol == 0;
	return only;
}

/** May such a packet go through the SA? inbound: the SA's local side is the destination. */
static inline bool sa6_selects(const struct sa *sa, const struct selector6 *s, bool inbound)
{
	const struct sa6 *six = sa->six;

	if (six == NULL)
		return false;
	if (inbound)
		return sa6_range_match(six->remote, six->n_remote, s->src, s->proto, s->src_port,
				       s->ports) &&
		       sa6_range_match(six->local, six->n_local, s->dst, s->proto, s->dst_port,
				       s->ports);
	return sa6_range_match(six->local, six->n_local, s->src, s->proto, s->src_port, s->ports) &&
	       sa6_range_match(six->remote, six->n_remote, s->dst, s->proto, s->dst_port, s->ports);
}

/** Both ends, as they lie in a packet, against selectors of an SA whose shape has
 * SA_SHAPE_NARROW6. */
static inline bool sa6_narrow_match(const struct sa_narrow6 *r, const uint8_t *local,
				    const uint8_t *remote)
{
	uint64_t l[2], m[2];

	memcpy(l, local, sizeof(l));
	memcpy(m, remote, sizeof(m));
	return (((l[0] ^ r->local[0]) & r->local_mask[0]) |
		((l[1] ^ r->local[1]) & r->local_mask[1]) |
		((m[0] ^ r->remote[0]) & r->remote_mask[0]) |
		((m[1] ^ r->remote[1]) & r->remote_mask[1])) == 0;
}

/** Leave word that a verified packet came from there; when another worker does so at this very
 * moment, its word counts. Never waits. */
static inline void sa6_moved_put(struct sa6 *six, const struct sa_place6 *from)
{
	uint32_t gen = __atomic_load_n(&six->moved_gen, __ATOMIC_RELAXED);
	uint64_t word[3];

	if ((gen & 1) != 0 || !__atomic_compare_exchange_n(&six->moved_gen, &gen, gen + 1, false,
							   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	memcpy(word, from, sizeof(word));
	for (unsigned int i = 0; i < 3; i++)
		__atomic_store_n(&six->moved[i], word[i], __ATOMIC_RELEASE);
	__atomic_store_n(&six->moved_gen, gen + 2, __ATOMIC_RELEASE);
}

/** Forget what was left; its generation. What is being written at this very moment stays. */
static inline uint32_t sa6_moved_forget(struct sa6 *six)
{
	const struct sa_place6 nowhere = {0};

	if (__atomic_load_n(&six->moved_gen, __ATOMIC_RELAXED) != 0)
		sa6_moved_put(six, &nowhere);
	return __atomic_load_n(&six->moved_gen, __ATOMIC_RELAXED) & ~1u;
}

/** What was left; its generation, or 0 when there is none or it is being written. */
static inline uint32_t sa6_moved_get(const struct sa6 *six, struct sa_place6 *from)
{
	uint32_t gen = __atomic_load_n(&six->moved_gen, __ATOMIC_ACQUIRE);
	uint64_t word[3];

	for (unsigned int i = 0; i < 3; i++)
		word[i] = __atomic_load_n(&six->moved[i], __ATOMIC_ACQUIRE);
	memcpy(from, word, sizeof(word));
	return (gen & 1) == 0 && __atomic_load_n(&six->moved_gen, __ATOMIC_RELAXED) == gen ? gen
											   : 0;
}

#endif
