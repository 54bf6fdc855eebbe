/* SPDX-License-Identifier: BSD-3-Clause */
/* test_check.c - every field of policy, address and route records, one wrong value at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/check.h"

static const struct abi_policy policy = {
	.policy_id = 1,
	.action = ABI_ACT_PROTECT,
	.mode = ABI_MODE_TUNNEL,
	.flags = ABI_POL_F_ALLOW_CLEAR,
	.local = {.family = 4, .port_hi = 65535, .lo = {10}, .hi = {10, 255, 255, 255}},
	.remote = {.family = 4, .port_hi = 65535, .lo = {11}, .hi = {11, 255, 255, 255}},
	.tunnel_local = {.family = 4, .bytes = {192, 0, 2, 1}},
};

static const struct abi_address address = {
	.port = 1, .prefix_len = 24, .addr = {.family = 4, .bytes = {192, 0, 2, 1}}};

static const struct abi_route route = {.port = ABI_PORT_ANY,
				       .dst = {.family = 4},
				       .gateway = {.family = 4, .bytes = {192, 0, 2, 254}}};

#define REFUSED(type, check, change, want, field)                                                  \
	do {                                                                                       \
		struct type c = good;                                                              \
		uint32_t detail = 0;                                                               \
		change;                                                                            \
		assert_int_equal(check, want);                                                     \
		assert_int_equal(detail, __builtin_offsetof(struct type, field));                  \
	} while (0)

static void policies(void **state)
{
	const struct abi_policy good = policy;
	uint32_t at;

	(void)state;
	assert_int_equal(check_policy(&good, &at), ABI_OK);
#define P(change, want, field) REFUSED(abi_policy, check_policy(&c, &detail), change, want, field)
	P(c.policy_id = 0, ABI_ERR_FIELD, policy_id);
	P(c.flags = 2, ABI_ERR_FIELD, flags);
	P(c.action = 0, ABI_ERR_FIELD, action);
	P(c.action = 4, ABI_ERR_FIELD, action);
	P(c.mode = 0, ABI_ERR_FIELD, mode);
	P(c.mode = 3, ABI_ERR_FIELD, mode);
	P(c.pad[1] = 1, ABI_ERR_FIELD, pad);
	P(c.local.family = 0, ABI_ERR_FIELD, local.family);
	P(c.local.family = 5, ABI_ERR_FIELD, local.family);
	P(c.remote.family = 6, ABI_ERR_FIELD, remote.family);
	P((c.local.port_lo = 2, c.local.port_hi = 1), ABI_ERR_FIELD, local.port_lo);
	P(c.local.pad = 1, ABI_ERR_FIELD, local.pad);
	P(c.local.lo[0] = 11, ABI_ERR_FIELD, local.lo);
	P(c.local.lo[4] = 1, ABI_ERR_FIELD, local.lo);
	P(c.remote.hi[15] = 1, ABI_ERR_FIELD, remote.hi);
	P(c.remote.protocol = 6, ABI_ERR_FIELD, remote.protocol);
	P(c.tunnel_local.family = 1, ABI_ERR_FIELD, tunnel_local.family);
	P(c.tunnel_local.pad[2] = 1, ABI_ERR_FIELD, tunnel_local.pad);
	P(c.tunnel_local.bytes[4] = 1, ABI_ERR_FIELD, tunnel_local.bytes);
	P(c.tunnel_remote.bytes[0] = 1, ABI_ERR_FIELD, tunnel_remote.bytes);
	P(c.tunnel_remote.family = 5, ABI_ERR_FIELD, tunnel_remote.family);
#undef P
}

static void a_tunnels_outside_may_be_of_another_family(void **state)
{
	struct abi_policy p = policy;
	uint32_t at;

	(void)state;
	p.tunnel_local = p.tunnel_remote = (struct abi_addr){.family = 6, .bytes = {0x20, 1}};
	assert_int_equal(check_policy(&p, &at), ABI_OK);
}

static void discard_and_bypass_need_no_mode(void **state)
{
	struct abi_policy p = policy;
	uint32_t at;

	(void)state;
	p.mode = 0;
	p.action = ABI_ACT_DISCARD;
	assert_int_equal(check_policy(&p, &at), ABI_OK);
	p.action = ABI_ACT_BYPASS;
	assert_int_equal(check_policy(&p, &at), ABI_OK);
}

static void addresses(void **state)
{
	const struct abi_address good = address;
	uint32_t at;

	(void)state;
	assert_int_equal(check_address(&good, 2, &at), ABI_OK);
#define A(change, want, field)                                                                     \
	REFUSED(abi_address, check_address(&c, 2, &detail), change, want, field)
	A(c.port = 2, ABI_ERR_FIELD, port);
	A(c.port = ABI_PORT_ANY, ABI_ERR_FIELD, port);
	A(c.pad = 1, ABI_ERR_FIELD, pad);
	A(c.prefix_len = 33, ABI_ERR_FIELD, prefix_len);
	A(c.prefix_len = 0, ABI_ERR_FIELD, prefix_len);
	A(c.addr.family = 0, ABI_ERR_FIELD, addr.family);
	A(c.addr.family = 7, ABI_ERR_FIELD, addr.family);
	A((c.addr.family = 6, c.prefix_len = 129), ABI_ERR_FIELD, prefix_len);
	A((c.addr.family = 6, c.addr.pad[1] = 1), ABI_ERR_FIELD, addr.pad);
#undef A
}

static void addresses_and_routes_of_ipv6(void **state)
{
	struct abi_address a = {.port = 1, .prefix_len = 64, .addr = {6, {0}, {0x20, 1, [15] = 1}}};
	struct abi_route r = {.port = ABI_PORT_ANY,
			      .prefix_len = 48,
			      .dst = {6, {0}, {0x20, 2}},
			      .gateway = {6, {0}, {0x20, 1, [15] = 2}}};
	uint32_t at;

	(void)state;
	assert_int_equal(check_address(&a, 2, &at), ABI_OK);
	a.prefix_len = 128;
	assert_int_equal(check_address(&a, 2, &at), ABI_OK);
	assert_int_equal(check_route(&r, 2, &at), ABI_OK);
	r.prefix_len = 129;
	assert_int_equal(check_route(&r, 2, &at), ABI_ERR_FIELD);
	assert_int_equal(at, offsetof(struct abi_route, prefix_len));
	r.prefix_len = 48;
	r.gateway = (struct abi_addr){4, {0}, {192, 0, 2, 1}};
	assert_int_equal(check_route(&r, 2, &at), ABI_ERR_FIELD);
	assert_int_equal(at, offsetof(struct abi_route, gateway));
}

static void routes(void **state)
{
	const struct abi_route good = route;
	uint32_t at;

	(void)state;
	assert_int_equal(check_route(&good, 2, &at), ABI_OK);
#define R(change, want, field) REFUSED(abi_route, check_route(&c, 2, &detail), change, want, field)
	R(c.port = 2, ABI_ERR_FIELD, port);
	R((c.gateway.family = 0, c.gateway.bytes[0] = 0), ABI_ERR_FIELD, port);
	R(c.dst.family = 0, ABI_ERR_FIELD, dst.family);
	R(c.dst.pad[0] = 1, ABI_ERR_FIELD, dst.pad);
	R(c.gateway.bytes[9] = 1, ABI_ERR_FIELD, gateway.bytes);
	R(c.prefix_len = 33, ABI_ERR_FIELD, prefix_len);
#undef R
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(a_tunnels_outside_may_be_of_another_family),
		cmocka_unit_test(discard_and_bypass_need_no_mode),
		cmocka_unit_test(addresses),
		cmocka_unit_test(routes),
		cmocka_unit_test(addresses_and_routes_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
