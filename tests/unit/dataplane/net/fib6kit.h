/* SPDX-License-Identifier: BSD-3-Clause */
/* fib6kit.h - records of IPv6 addresses and routes, and what a table made of them is to answer. */
#ifndef ESPGW_TESTS_FIB6KIT_H
#define ESPGW_TESTS_FIB6KIT_H

#include "dataplane/net/leg.h"
#include "tests/unit/dataplane/net/netkit6.h"

#define MAX_RECORDS 256u

static struct {
	struct abi_address addrs[MAX_RECORDS];
	struct abi_route routes[MAX_RECORDS];
	uint32_t n_addrs, n_routes;
} net;

static inline int begin(void **state)
{
	net.n_addrs = net.n_routes = 0;
	return kit_begin(state);
}

static inline struct abi_address *address(uint16_t port, const char *addr, uint8_t len)
{
	struct abi_address *a = &net.addrs[net.n_addrs++];

	*a = (struct abi_address){.port = port, .prefix_len = len, .addr = abi6(addr)};
	return a;
}

static inline struct abi_route *route(const char *dst, uint8_t len, const char *gateway,
				      uint16_t port)
{
	struct abi_route *r = &net.routes[net.n_routes++];

	*r = (struct abi_route){.port = port, .prefix_len = len, .distance = 1, .dst = abi6(dst)};
	if (gateway != NULL)
		r->gateway = abi6(gateway);
	return r;
}

static inline void site(void)
{
	address(0, LAN6_US, 64);
	address(1, WAN6_US, 64);
}

static inline struct fib6 *build(uint32_t want)
{
	uint32_t status = 99;
	struct fib6 *f = fib6_build(net.addrs, net.n_addrs, net.routes, net.n_routes, 2,
				    SOCKET_ID_ANY, &status);

	assert_int_equal(status, want);
	assert_true((f != NULL) == (want == ABI_OK));
	return f;
}

/* A record too many is refused, and the rest still fits when it is taken away. */
static inline void refused(uint32_t want)
{
	build(want);
	net.n_addrs = net.n_routes = 0;
	site();
}

static inline struct fib6_hop expect_hop(const struct fib6 *f, const char *dst, int port,
					 const char *next, const char *source)
{
	struct ip6 d = ip6(dst), n = ip6(next), s = ip6(source);
	struct fib6_hop hop;

	assert_true(fib6_lookup(f, d.b, &hop));
	assert_int_equal(hop.kind, FIB_VIA);
	assert_int_equal(hop.port, port);
	assert_memory_equal(hop.next.b, n.b, 16);
	assert_memory_equal(hop.source.b, s.b, 16);
	return hop;
}

static inline void expect(const struct fib6 *f, const char *dst, int port, const char *next,
			  const char *source)
{
	struct ip6 d = ip6(dst);
	struct fib6_hop hop;
	uint32_t handle;

	if (port < 0) {
		assert_false(fib6_lookup(f, d.b, &hop));
		return;
	}
	hop = expect_hop(f, dst, port, next, source);
	fib6_lookup_bulk(f, &d, &handle, 1);
	assert_int_equal(handle, hop.handle);
	assert_true(handle > 0 && handle < 1u << 24);
	assert_ptr_not_equal(fib6_hop_of(f, handle), NULL);
	assert_int_equal(fib6_hop_of(f, handle)->port, port);
}

#endif
