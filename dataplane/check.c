/* SPDX-License-Identifier: BSD-3-Clause */
/* check.c - domains of the records that make up policies, addresses and routes. */
#include "dataplane/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct result {
	uint16_t status;
	uint32_t detail;
};

/* Remember the first violation. */
static void want(struct result *r, bool ok, uint16_t status, size_t offset)
{
	if (ok || r->status != ABI_OK)
		return;
	r->status = status;
	r->detail = (uint32_t)offset;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

static void want_addr(struct result *r, const struct abi_addr *a, bool none_ok, size_t at)
{
	want(r, a->family == 4 || a->family == 6 || (none_ok && a->family == 0), ABI_ERR_FIELD,
	     at + offsetof(struct abi_addr, family));
	want(r, all_zero(a->pad, sizeof(a->pad)), ABI_ERR_FIELD,
	     at + offsetof(struct abi_addr, pad));
	want(r,
	     a->family == 6 ||
		     all_zero(a->bytes + (a->family == 4 ? 4 : 0), a->family == 4 ? 12 : 16),
	     ABI_ERR_FIELD, at + offsetof(struct abi_addr, bytes));
}

static uint8_t prefix_max(const struct abi_addr *a)
{
	return a->family == 6 ? 128 : 32;
}

static void want_range(struct result *r, const struct abi_range *t, size_t at)
{
	want(r, t->family == 4 || t->family == 6, ABI_ERR_FIELD,
	     at + offsetof(struct abi_range, family));
	want(r, t->port_lo <= t->port_hi, ABI_ERR_FIELD, at + offsetof(struct abi_range, port_lo));
	want(r, t->pad == 0, ABI_ERR_FIELD, at + offsetof(struct abi_range, pad));
	want(r, t->family == 6 || all_zero(t->lo + 4, sizeof(t->lo) - 4), ABI_ERR_FIELD,
	     at + offsetof(struct abi_range, lo));
	want(r, t->family == 6 || all_zero(t->hi + 4, sizeof(t->hi) - 4), ABI_ERR_FIELD,
	     at + offsetof(struct abi_range, hi));
	want(r, memcmp(t->lo, t->hi, sizeof(t->lo)) <= 0, ABI_ERR_FIELD,
	     at + offsetof(struct abi_range, lo));
}

uint16_t check_policy(const struct abi_policy *p, uint32_t *detail)
{
	struct result r = {ABI_OK, 0};
	bool protect = p->action == ABI_ACT_PROTECT;

	want(&r, p->policy_id != 0, ABI_ERR_FIELD, offsetof(struct abi_policy, policy_id));
	want(&r, (p->flags & ~ABI_POL_F_ALLOW_CLEAR) == 0, ABI_ERR_FIELD,
	     offsetof(struct abi_policy, flags));
	want(&r, p->action >= ABI_ACT_PROTECT && p->action <= ABI_ACT_BYPASS, ABI_ERR_FIELD,
	     offsetof(struct abi_policy, action));
	want(&r,
	     p->mode == ABI_MODE_TUNNEL || p->mode == ABI_MODE_TRANSPORT ||
		     (!protect && p->mode == 0),
	     ABI_ERR_FIELD, offsetof(struct abi_policy, mode));
	want(&r, p->pad[0] == 0 && p->pad[1] == 0, ABI_ERR_FIELD, offsetof(struct abi_policy, pad));
	want_range(&r, &p->local, offsetof(struct abi_policy, local));
	want_range(&r, &p->remote, offsetof(struct abi_policy, remote));
	want(&r, p->local.family == p->remote.family, ABI_ERR_FIELD,
	     offsetof(struct abi_policy, remote) + offsetof(struct abi_range, family));
	want(&r, p->local.protocol == p->remote.protocol, ABI_ERR_FIELD,
	     offsetof(struct abi_policy, remote) + offsetof(struct abi_range, protocol));
	/* The SA carries the outer addresses; a policy may leave them open. */
	want_addr(&r, &p->tunnel_local, true, offsetof(struct abi_policy, tunnel_local));
	want_addr(&r, &p->tunnel_remote, true, offsetof(struct abi_policy, tunnel_remote));
	*detail = r.detail;
	return r.status;
}

uint16_t check_address(const struct abi_address *a, uint32_t n_ports, uint32_t *detail)
{
	struct result r = {ABI_OK, 0};

	want(&r, a->port < n_ports, ABI_ERR_FIELD, offsetof(struct abi_address, port));
	want(&r, a->pad == 0, ABI_ERR_FIELD, offsetof(struct abi_address, pad));
	want_addr(&r, &a->addr, false, offsetof(struct abi_address, addr));
	want(&r, a->prefix_len >= 1 && a->prefix_len <= prefix_max(&a->addr), ABI_ERR_FIELD,
	     offsetof(struct abi_address, prefix_len));
	*detail = r.detail;
	return r.status;
}

uint16_t check_route(const struct abi_route *rt, uint32_t n_ports, uint32_t *detail)
{
	struct result r = {ABI_OK, 0};
	bool gateway = rt->gateway.family != 0;

	/* Without a gateway the port is all that says where to. */
	want(&r, rt->port < n_ports || (rt->port == ABI_PORT_ANY && gateway), ABI_ERR_FIELD,
	     offsetof(struct abi_route, port));
	want_addr(&r, &rt->dst, false, offsetof(struct abi_route, dst));
	want_addr(&r, &rt->gateway, true, offsetof(struct abi_route, gateway));
	want(&r, !gateway || rt->gateway.family == rt->dst.family, ABI_ERR_FIELD,
	     offsetof(struct abi_route, gateway));
	want(&r, rt->prefix_len <= prefix_max(&rt->dst), ABI_ERR_FIELD,
	     offsetof(struct abi_route, prefix_len));
	*detail = r.detail;
	return r.status;
}
