/* SPDX-License-Identifier: BSD-3-Clause */
/* sad_shape.c - the manager's part of what an SA looks like outside: selectors, mode, headers. */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_udp.h>

#include "dataplane/arena.h"
#include "dataplane/ipsec/natt.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/net/ip6.h"

#define OUTER_TTL 64u

static bool any_port(const struct abi_range *r)
{
	return r->port_lo == 0 && r->port_hi == UINT16_MAX;
}

/* Those of family 4; how many. */
static uint8_t set_ranges(struct sa_range *out, const struct abi_range *in, unsigned int n)
{
	uint8_t k = 0;

	for (unsigned int i = 0; i < n; i++)
		if (in[i].family == 4)
			out[k++] = (struct sa_range){.lo = sad_addr(in[i].lo),
						     .hi = sad_addr(in[i].hi),
						     .port_lo = in[i].port_lo,
						     .port_hi = in[i].port_hi,
						     .protocol = in[i].protocol,
						     .any_port = any_port(&in[i])};
	return k;
}

/* Those of family 6. */
static uint8_t set_ranges6(struct sa_range6 *out, const struct abi_range *in, unsigned int n)
{
	uint8_t k = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (in[i].family != 6)
			continue;
		out[k] = (struct sa_range6){.port_lo = in[i].port_lo,
					    .port_hi = in[i].port_hi,
					    .protocol = in[i].protocol,
					    .any_port = any_port(&in[i])};
		sa6_load(out[k].lo, in[i].lo);
		sa6_load(out[k].hi, in[i].hi);
		k++;
	}
	return k;
}

/* Addresses alone? Then one selector says everything. */
static bool is_wide(const struct sa_range *r, unsigned int n)
{
	return n == 1 && r->any_port && r->protocol == 0;
}

static void set_narrow(struct sa *sa)
{
	sa->is_narrow = is_wide(sa->local, sa->n_local) && is_wide(sa->remote, sa->n_remote);
	if (sa->is_narrow)
		sa->narrow = (struct sa_narrow){.local_lo = sa->local[0].lo,
						.local_hi = sa->local[0].hi,
						.remote_lo = sa->remote[0].lo,
						.remote_hi = sa->remote[0].hi};
}

static __uint128_t whole(const uint64_t half[2])
{
	return (__uint128_t)half[0] << 64 | half[1];
}

/* Where addresses of the range may differ, are they free to? */
static bool is_prefix(const struct sa_range6 *r)
{
	__uint128_t host = whole(r->lo) ^ whole(r->hi);

	return (host & (host + 1)) == 0 && (whole(r->lo) & host) == 0;
}

/* As it is sent. */
static void set_prefix(uint64_t addr[2], uint64_t mask[2], const struct sa_range6 *r)
{
	for (unsigned int i = 0; i < 2; i++) {
		addr[i] = rte_cpu_to_be_64(r->lo[i]);
		mask[i] = rte_cpu_to_be_64(~(r->lo[i] ^ r->hi[i]));
	}
}

/* Of SAs in tunnel mode that have to do with IPv6 anyway: others may not get a shape by this. */
static void set_narrow6(struct sa *sa)
{
	const struct sa6 *six = sa->six;

	if ((sa->shape & (SA_SHAPE_OUTER6 | SA_SHAPE_INNER6)) == 0 ||
	    (sa->shape & SA_SHAPE_TRANSPORT) || six->n_local != 1 || six->n_remote != 1 ||
	    !sa6_addresses_only(six->local, 1) || !sa6_addresses_only(six->remote, 1) ||
	    !is_prefix(six->local) || !is_prefix(six->remote))
		return;
	set_prefix(sa->narrow6.local, sa->narrow6.local_mask, six->local);
	set_prefix(sa->narrow6.remote, sa->narrow6.remote_mask, six->remote);
	sa->shape |= SA_SHAPE_NARROW6;
}

bool sad_set_shape(struct sa *sa, const struct abi_sa_add *c, int socket)
{
	bool outer6 = c->local.family == 6;

	sa->mode = c->mode;
	sa->df = c->df;
	sa->dscp = c->dscp;
	sa->shape =
		(uint8_t)((outer6 ? SA_SHAPE_OUTER6 : 0) |
			  (c->mode == ABI_MODE_TRANSPORT ? SA_SHAPE_TRANSPORT : 0) |
			  (c->df != ABI_DF_SET || c->dscp != ABI_DSCP_COPY ? SA_SHAPE_MARKS : 0));
	sa->n_local = set_ranges(sa->local, c->ts_local, c->n_local);
	sa->n_remote = set_ranges(sa->remote, c->ts_remote, c->n_remote);
	set_narrow(sa);
	if (sa->n_local == 0)
		sa->shape |= SA_SHAPE_INNER6;
	if (!outer6 && sa->n_local == c->n_local && sa->n_remote == c->n_remote)
		return true;
	sa->six = arena_zmalloc("sa6", sizeof(*sa->six), 0, socket);
	if (sa->six == NULL)
		return false;
	sa->six->n_local = set_ranges6(sa->six->local, c->ts_local, c->n_local);
	sa->six->n_remote = set_ranges6(sa->six->remote, c->ts_remote, c->n_remote);
	set_narrow6(sa);
	return true;
}

/* The header of RFC 4301 section 5.1.2.1 between fixed ends. */
static void outer_ip4(struct sa_outer *o, uint32_t local, uint32_t remote, uint8_t proto)
{
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = OUTER_TTL,
		.next_proto_id = proto,
		.src_addr = rte_cpu_to_be_32(local),
		.dst_addr = rte_cpu_to_be_32(remote),
	};

	memcpy(o->header, &ip, sizeof(ip));
	o->length = sizeof(ip);
	o->sum = rte_raw_cksum(&ip, sizeof(ip));
	o->remote = remote;
}

/* Section 5.1.2.2. The flow label is the SA's for good, so that routers which spread load by it
 * keep its packets in order, and looks like chance (RFC 6438 section 3). */
static void outer_ip6(struct sa_outer *o, const struct abi_addr *local,
		      const struct abi_addr *remote, uint8_t proto, uint32_t spi)
{
	const struct ip6_template t = {.src = local->bytes,
				       .dst = remote->bytes,
				       .next_header = proto,
				       .hop_limit = OUTER_TTL};

	ip6_write(o->header, &t);
	ip4_store32(o->header, ip4_load32(o->header) | (spi * 0x9e3779b1u) >> 12);
	o->length = IP6_HEADER;
}

void sad_set_endpoint(struct sad *s, struct sa *sa, const struct abi_addr *local,
		      const struct abi_addr *remote, uint16_t local_port, uint16_t remote_port,
		      uint8_t encap)
{
	uint8_t proto = encap == ABI_ENCAP_UDP ? IPPROTO_UDP : IPPROTO_ESP;
	uint32_t l = local->family == 4 ? sad_addr(local->bytes) : 0, r = sad_addr(remote->bytes);
	struct abi_sa_status *st = &s->status[sa->slot];
	struct sa_outer o = {.encap = encap};

	if (local->family == 6)
		outer_ip6(&o, local, remote, proto, sa->spi);
	else
		outer_ip4(&o, l, r, proto);
	if (encap == ABI_ENCAP_UDP) {
		natt_header(o.header + o.length, local_port, remote_port);
		o.length += NATT_HEADER;
	}
	ip4_store32(o.header + o.length, sa->spi);
	o.length += SA_ESP_HEADER;
	sa_outer_write(sa, &o);
	if (sa->direction == ABI_DIR_IN) {
		__atomic_store_n(&sa->endpoint, sa_endpoint(l, encap), __ATOMIC_RELAXED);
		__atomic_store_n(&sa->peer, sa_peer(r, remote_port), __ATOMIC_RELAXED);
		/* Packets from elsewhere are news again. */
		__atomic_store_n(&sa->moved, 0, __ATOMIC_RELAXED);
		sa->moved_told = 0;
		if (sa->shape & SA_SHAPE_OUTER6)
			sa->six->moved_told = sa6_moved_forget(sa->six);
	}
	st->local = *local;
	st->remote = *remote;
	st->local_port = local_port;
	st->remote_port = remote_port;
	st->encap = encap;
}
