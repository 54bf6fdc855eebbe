/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tables.c - generations of policies and of addresses and routes.
 *
 * A generation is collected record by record, built off the fast path at COMMIT, swapped in with
 * one pointer store, and the old one is freed after a grace period. One that does not fit changes
 * nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/check.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/manager.h"
#include "dataplane/net/dad.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"

static struct abi_policy_status *policy_status(const struct manager *m, uint32_t index)
{
	struct abi_policy_status *all = segment_area(m->s.segment, ABI_AREA_POLICY_STATUS);

	return &all[index];
}

/* The SPD stays NULL until control has said what is to be protected: until then nothing passes it
 * (spd.h), while IKE and ARP, which do not come by it, work. */
int tables_create(struct manager *m, char *err, size_t err_len)
{
	uint32_t status = 0;

	if (policies_create(&m->policies, m->s.segment->own.max_policies) < 0)
		goto fail;
	for (unsigned int i = 0; i < RTE_DIM(m->net.of); i++) {
		struct manager_net_family *n = &m->net.of[i];

		n->addrs = calloc(FIB_MAX_ADDRESSES, sizeof(*n->addrs));
		n->routes = calloc(FIB_MAX_ROUTES, sizeof(*n->routes));
		if (!n->addrs || !n->routes)
			goto fail;
	}
	m->s.tables->fib = fib_build(NULL, 0, NULL, 0, n_ports, SOCKET_ID_ANY, &status);
	if (!m->s.tables->fib)
		goto fail;
	return 0;
fail:
	snprintf(err, err_len, "the first tables cannot be built (status %u): out of memory?",
		 status);
	tables_free(m);
	return -ENOMEM;
}

void tables_free(struct manager *m)
{
	spd_free(m->s.tables->spd);
	fib_free(m->s.tables->fib);
	fib6_free(m->s.tables->fib6);
	m->s.tables->spd = NULL;
	m->s.tables->fib = NULL;
	m->s.tables->fib6 = NULL;
	policies_free(&m->policies);
	for (unsigned int i = 0; i < RTE_DIM(m->net.of); i++) {
		free(m->net.of[i].addrs);
		free(m->net.of[i].routes);
	}
	m->net = (struct manager_net){0};
}

/* --- policies --- */

static void policy_gone(void *ctx, uint32_t index)
{
	struct manager *m = ctx;

	sad_unbind_policy(m->s.tables->sad, index);
	hold_forget(&m->hold, index);
	memset(policy_status(m, index), 0, sizeof(struct abi_policy_status));
	retire_push(&m->retire, (struct retire_item){.kind = RETIRE_POLICY, .value = index});
}

static void write_status(struct manager *m, uint32_t generation)
{
	for (uint32_t i = m->policies.got; i-- > 0;) { /* of several records the first is last */
		struct abi_policy_status *st = policy_status(m, m->policies.index[i]);

		st->generation = generation;
		st->place = i;
		if (st->policy_id != m->policies.records[i].policy_id) {
			st->sa_out = SAD_NONE;
			st->policy_id = m->policies.records[i].policy_id;
		}
	}
}

uint16_t tables_commit_policies(struct manager *m, const struct abi_generation *g, uint32_t *detail)
{
	struct policies *p = &m->policies;
	uint16_t status = policies_check_commit(p, g->generation, g->count);
	uint32_t why = ABI_ERR_INTERNAL;
	struct spd *spd, *old = m->s.tables->spd;

	if (status == ABI_OK)
		status = policies_assign(p, detail);
	/* Every policy of today may go, and the table; the answer to a SYNC must fit behind. */
	if (status == ABI_OK && retire_room(&m->retire) < p->n_live + 2)
		status = ABI_ERR_NO_SPACE;
	if (status != ABI_OK)
		return status;
	spd = spd_build(p->records, p->index, p->got, g->generation, SOCKET_ID_ANY, &why, detail);
	if (!spd)
		return (uint16_t)(why ? why : ABI_ERR_INTERNAL);
	__atomic_store_n(&m->s.tables->spd, spd, __ATOMIC_RELEASE);
	retire_push(&m->retire, (struct retire_item){.kind = RETIRE_SPD, .ptr = old});
	policies_accept(p, policy_gone, m);
	write_status(m, g->generation);
	return ABI_OK;
}

void tables_status(struct manager *m)
{
	for (uint32_t i = 0; i < m->policies.n_live; i++) {
		uint32_t index = m->policies.live[i].index;
		struct abi_policy_status *st = policy_status(m, index);
		const struct sa *sa = sad_lookup_out(m->s.tables->sad, index);

		st->sa_out = sa ? sa->slot : SAD_NONE;
		st->held = m->hold.policies[index].n;
	}
}

/* --- addresses and routes --- */

uint16_t tables_net_begin(struct manager *m, const struct abi_generation *g)
{
	struct manager_net *n = &m->net;

	n->open = false;
	if (g->count > RTE_DIM(n->of) * (FIB_MAX_ADDRESSES + FIB_MAX_ROUTES))
		return ABI_ERR_NO_SPACE;
	n->open = true;
	n->generation = g->generation;
	n->count = g->count;
	for (unsigned int i = 0; i < RTE_DIM(n->of); i++)
		n->of[i].n_addrs = n->of[i].n_routes = 0;
	return ABI_OK;
}

static uint32_t net_records(const struct manager_net *n)
{
	uint32_t total = 0;

	for (unsigned int i = 0; i < RTE_DIM(n->of); i++)
		total += n->of[i].n_addrs + n->of[i].n_routes;
	return total;
}

static bool net_expects(const struct manager_net *n, uint32_t generation)
{
	return n->open && generation == n->generation && net_records(n) < n->count;
}

uint16_t tables_net_address(struct manager *m, const struct abi_address *a, uint32_t *detail)
{
	struct manager_net_family *n = &m->net.of[a->addr.family == 6];
	uint16_t status;

	if (!net_expects(&m->net, a->generation))
		return ABI_ERR_SEQUENCE;
	status = check_address(a, n_ports, detail);
	if (status == ABI_OK && n->n_addrs == FIB_MAX_ADDRESSES)
		status = ABI_ERR_NO_SPACE;
	if (status == ABI_OK)
		n->addrs[n->n_addrs++] = *a;
	return status;
}

uint16_t tables_net_route(struct manager *m, const struct abi_route *r, uint32_t *detail)
{
	struct manager_net_family *n = &m->net.of[r->dst.family == 6];
	uint16_t status;

	if (!net_expects(&m->net, r->generation))
		return ABI_ERR_SEQUENCE;
	status = check_route(r, n_ports, detail);
	if (status == ABI_OK && n->n_routes == FIB_MAX_ROUTES)
		status = ABI_ERR_NO_SPACE;
	if (status == ABI_OK)
		n->routes[n->n_routes++] = *r;
	return status;
}

/* The new tables are complete: the workers have them from here on, the old ones go. */
static void publish_net(struct manager *m, struct fib *fib, struct fib6 *fib6)
{
	struct tables *t = m->s.tables;
	struct fib *old = t->fib;
	struct fib6 *old6 = t->fib6;

	__atomic_store_n(&t->fib, fib, __ATOMIC_RELEASE);
	__atomic_store_n(&t->fib6, fib6, __ATOMIC_RELEASE);
	m->neigh_io.fib = fib;
	m->neigh_io.fib6 = fib6;
	retire_push(&m->retire, (struct retire_item){.kind = RETIRE_FIB, .ptr = old});
	if (old6)
		retire_push(&m->retire, (struct retire_item){.kind = RETIRE_FIB6, .ptr = old6});
	neigh_announce(t->neigh, &m->neigh_io);
	dad_update(m->dad, fib6);
	dad_announce(m->dad, &m->neigh_io);
}

uint16_t tables_commit_net(struct manager *m, const struct abi_generation *g)
{
	struct manager_net *n = &m->net;
	const struct manager_net_family *v4 = &n->of[0], *v6 = &n->of[1];
	bool fits = n->open && g->generation == n->generation && g->count == n->count &&
		    net_records(n) == n->count;
	struct fib *fib;
	struct fib6 *fib6;
	uint32_t why = ABI_ERR_INTERNAL;

	n->open = false;
	if (!fits)
		return ABI_ERR_SEQUENCE;
	if (retire_room(&m->retire) < 3)
		return ABI_ERR_NO_SPACE;
	fib = fib_build(v4->addrs, v4->n_addrs, v4->routes, v4->n_routes, n_ports, SOCKET_ID_ANY,
			&why);
	if (!fib)
		return (uint16_t)(why ? why : ABI_ERR_INTERNAL);
	fib6 = fib6_build(v6->addrs, v6->n_addrs, v6->routes, v6->n_routes, n_ports, SOCKET_ID_ANY,
			  &why);
	if (!fib6 && why != ABI_OK) {
		fib_free(fib);
		return (uint16_t)why;
	}
	publish_net(m, fib, fib6);
	return ABI_OK;
}

/* --- after the grace period --- */

void tables_reclaim(struct manager *m, const struct retire_item *item)
{
	struct segment *s = m->s.segment;
	const struct abi_hdr *h = &s->own;
	struct abi_policy_counters *c;

	switch (item->kind) {
	case RETIRE_SPD:
		spd_free(item->ptr);
		break;
	case RETIRE_FIB:
		fib_free(item->ptr);
		break;
	case RETIRE_FIB6:
		fib6_free(item->ptr);
		break;
	case RETIRE_POLICY:
		c = segment_area(s, ABI_AREA_POLICY_COUNTERS);
		for (uint32_t w = 0; w < h->max_workers; w++)
			memset(&c[abi_line(h->max_policies, item->value, w)], 0, sizeof(*c));
		policies_release(&m->policies, item->value);
		break;
	default:
		break;
	}
}
